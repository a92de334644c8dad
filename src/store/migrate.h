/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrate.h - private to src/store: how a database of an older format becomes one of the newest.
 *
 * A format is made out of the one before by steps, each of which is one transaction, or many where it
 * walks over the rows of a large table. How far it is stands in the database, written by the same
 * transactions, so that whatever ends it (Ctrl-C, kill -9, a full disk, a power cut) leaves a sound
 * database, and the next start goes on from there. Between two formats user_version is a number that
 * every sennit takes for that of a newer one. Nobody else has the database open meanwhile, whatever
 * program it is: SQLite's exclusive mode sees to that.
 */
#ifndef SN_STORE_MIGRATE_H
#define SN_STORE_MIGRATE_H

#include "src/store/statement.h"

typedef struct {
	const char *sql;  /* statements; NULL ends the table of steps */
	const char *what; /* what is being made, for the line of progress; NULL: short */
	const char *over; /* table with an id whose rows are read; NULL: short */
	gboolean ranges;  /* again and again, for the rows ?1 < id AND id <= ?2 of `over` */
	int weight;       /* what a row of it costs, against those of other steps */
} SnStep;

#define SN_STEP_SHORT(sql) { sql, NULL, NULL, FALSE, 0 }
#define SN_STEP_WHOLE(over, weight, what, sql) { sql, what, over, FALSE, weight }
#define SN_STEP_RANGES(over, weight, what, sql) { sql, what, over, TRUE, weight }
#define SN_STEP_END { NULL, NULL, NULL, FALSE, 0 }

typedef struct {
	const SnStep *steps;
	gint64 room; /* bytes by which the file may grow for each message */
} SnNextFormat;

typedef struct {
	int version;
	const char *schema;      /* makes it from nothing */
	const SnNextFormat *formats; /* formats[i] turns version i + 1 into i + 2 */
	/* for tests; 0: the usual */
	gint64 range;  /* rows of a transaction */
	int log_pages; /* when the log goes into the database */
	int patience;  /* ms to wait until others have closed it */
} SnShape;

/* migrate_steps.c: the newest one. */
extern const SnShape sn_store_shape;

typedef enum {
	SN_FIT_NEWEST,
	SN_FIT_EMPTY,   /* nothing in it yet */
	SN_FIT_OLDER,   /* or on its way */
	SN_FIT_HELD,    /* somebody else has it for himself alone */
	SN_FIT_REFUSED, /* newer, or it cannot be read: with an error */
} SnFit;

/* One pragma, and no lock when it is of the newest format. */
SnFit sn_store_fit(SnStore *store, const SnShape *shape, GError **error);
/* Makes an empty one, unless somebody else did meanwhile. */
gboolean sn_store_found(SnStore *store, const SnShape *shape, GError **error);
/* Brings the database at `path`, which nobody here has open, to the shape. watch NULL: no word. */
gboolean sn_store_reshape(const char *path, const SnShape *shape, const SnStoreWatch *watch,
                          GError **error);

/* store.c: a connection, whatever the format is; and what has to be set before it is used. */
SnStore *sn_store_connect(const char *path, SnStoreRole role, GError **error);
gboolean sn_store_settle(SnStore *store, GError **error);

#endif
