/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rest.c - whether anything happened in the database, told from its files alone.
 *
 * With its log in the database and nobody writing, every later commit shows: it makes the log grow,
 * or was carried into the database, which is then of a later time. Times go on in steps, so a mark is
 * only given when the step of the last change is over.
 */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/store/private.h"

enum { STEPS = 50 }; /* ms for the clock of the file system to go on */

/* How the database is; NULL when its log holds something. */
static char *look(const char *path, struct timespec *changed)
{
	g_autofree char *wal = g_strconcat(path, "-wal", NULL);
	struct stat info, log;

	if (stat(path, &info) != 0 || (stat(wal, &log) == 0 ? log.st_size != 0 : errno != ENOENT))
		return NULL;
	*changed = info.st_mtim;
	return g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT
	                       ".%09ld:%" G_GINT64_FORMAT ".%09ld",
	                       (guint64)info.st_ino, (gint64)info.st_size, (gint64)info.st_mtim.tv_sec,
	                       info.st_mtim.tv_nsec, (gint64)info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

static gboolean is_over(struct timespec step)
{
	struct timespec now;

	for (int i = 0; i < STEPS; i++) {
		/* the clock that files are stamped with */
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (now.tv_sec > step.tv_sec || (now.tv_sec == step.tv_sec && now.tv_nsec > step.tv_nsec))
			return TRUE;
		g_usleep(1000);
	}
	return FALSE;
}

/* What the engine does when its time has come, or as soon as it can. */
static gboolean waits_for_something(SnStore *store)
{
	return sn_one(store,
	              "SELECT EXISTS (SELECT 1 FROM outbox WHERE open = 1) "
	              "OR EXISTS (SELECT 1 FROM action) OR EXISTS (SELECT 1 FROM transcript_day) "
	              "OR EXISTS (SELECT 1 FROM unsubscribed WHERE state = 0) "
	              "OR EXISTS (SELECT 1 FROM draft_stale) "
	              "OR EXISTS (SELECT 1 FROM amend WHERE state = 2) "
	              /* of a Maildir: not all in it was told */
	              "OR EXISTS (SELECT 1 FROM folder WHERE directory IS NOT NULL AND uidvalidity <> 0 "
	              "AND highestmodseq = 0)") != 0;
}

static char *mark_of(SnStore *store)
{
	struct timespec changed;

	sn_checkpoint_wait(store);
	if (sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
	            SQLITE_OK ||
	    !sn_exec(store, "BEGIN IMMEDIATE", NULL))
		return NULL;
	/* until the end of this nobody else writes */
	gboolean quiet = !sn_store_changed(store) && !waits_for_something(store);
	g_autofree char *mark = quiet ? look(store->path, &changed) : NULL;
	gboolean good = mark && is_over(changed);
	sn_exec(store, "ROLLBACK", NULL);
	return good ? g_steal_pointer(&mark) : NULL;
}

char *sn_store_rest(SnStore *store)
{
	int patience = store->patience;

	g_assert(store->depth == 0 && store->role == SN_STORE_ENGINE);
	store->patience = 0; /* whoever is at it now will have changed something */
	char *mark = mark_of(store);
	store->patience = patience;
	return mark;
}

gboolean sn_store_rests(const char *path, const char *mark)
{
	struct timespec changed;
	g_autofree char *now = look(path, &changed);

	return now && g_str_equal(now, mark);
}
