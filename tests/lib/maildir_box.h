/* SPDX-License-Identifier: GPL-3.0-or-later */
/* maildir_box.h - a Maildir in a throw-away directory, with a source on it. */
#ifndef SN_TESTS_LIB_MAILDIR_BOX_H
#define SN_TESTS_LIB_MAILDIR_BOX_H

#include "tests/lib/mail_desk.h"

typedef struct {
	char *root;
	SnMailDesk *desk;
} SnBox;
/* with_inbox: the root itself is a folder. */
SnBox sn_box_open(gboolean with_inbox);
void sn_box_close(SnBox *box); /* removes the directory */

void sn_make_maildir(const char *path);
/* A file ("cur/name:2,S") with the Message-ID <id@example.test>, `age` seconds old. */
void sn_box_put(const char *root, const char *file, const char *id, int age);
gboolean sn_box_has(const char *root, const char *file);

/* What a caller keeps: numbers and names. */
typedef struct {
	GArray *uids;
	GPtrArray *names;
	guint32 uidnext;
	GArray *flags; /* NULL: the desk is told none. Otherwise of guint */
} SnMemory;
SnMemory sn_memory_new(void);
void sn_memory_free(SnMemory *memory);
/* Syncs and remembers what came, like the engine; the request's id. */
guint64 sn_box_sync(SnMailDesk *desk, const char *folder, SnMemory *memory);
GArray *sn_one_uid(guint32 uid);

#endif
