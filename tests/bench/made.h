/* SPDX-License-Identifier: GPL-3.0-or-later */
/* made.h - made-up correspondence, the same for the same seed: who writes, when, what. */
#ifndef SN_TESTS_BENCH_MADE_H
#define SN_TESTS_BENCH_MADE_H

#include <glib.h>

#define MADE_ME "me@example.test"

typedef struct Made Made;

/* One message. Strings are owned by it. */
typedef struct {
	gboolean im;
	int who;            /* the correspondent, 0 to made_people() - 1 */
	int copy;           /* emails only: somebody else whom it goes to as well, or -1 */
	gboolean out;       /* from MADE_ME to the correspondent */
	gboolean unread;    /* among the newest */
	gint64 age;         /* microseconds before the newest */
	char *id;           /* Message-ID or origin-id, without brackets */
	char *in_reply_to;  /* or NULL */
	char *subject;      /* emails only; UTF-8, one line */
	char *body;         /* UTF-8, lines end with LF */
	char *list_id;      /* or NULL */
	char *file;         /* name of an attachment, or NULL */
	guint file_size;    /* bytes */
} MadeMessage;

/*
 * Correspondents write as often as Zipf's law says, in threads, in several scripts, now and then on
 * a list, to two people, or with an attachment; words are as frequent as words are. The oldest message
 * comes first. `brief`: an email has a paragraph, not a page, and a small file.
 */
Made *made_new(guint total, guint32 seed, gboolean brief);
void made_free(Made *made);

/* How many correspondents so many messages have: 400, and one in fifty where there are more. */
int made_people(guint total);

/* The next message; of every ten, seven are emails. FALSE after the last. Free what is in it. */
gboolean made_next(Made *made, MadeMessage *message);
void made_message_clear(MadeMessage *message);

/* person7@mail.test or person7@chat.test */
char *made_address(int who, gboolean im);

#endif
