/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tmpstore.h - a store in a directory of its own for one test, and short ways to fill it. */
#ifndef SN_TESTS_TMPSTORE_H
#define SN_TESTS_TMPSTORE_H

#include "src/store/outbox.h"
#include "src/store/sync.h"

typedef struct {
	char *directory;
	char *path;
	SnStore *store;     /* role ENGINE */
	SnId account;       /* "home": alice@example.test on both channels */
	SnTime now;         /* what the clock says; tests move it */
	SnClock clock;
} TmpStore;

TmpStore *tmpstore_new(void);
void tmpstore_free(TmpStore *tmp);
/* Closes and opens again, as after a crash of the program. */
void tmpstore_reopen(TmpStore *tmp);
/* One more connection. */
SnStore *tmpstore_open(TmpStore *tmp, SnStoreRole role);

/* cmocka setup and teardown with a TmpStore in *state. */
int tmpstore_setup(void **state);
int tmpstore_teardown(void **state);

SnId tmpstore_address(TmpStore *tmp, SnChannel channel, const char *value, const char *name);

/*
 * One message between alice@example.test and `other`. The time is tmp->now, which moves on by a
 * minute. id: Message-ID or origin-id; NULL makes one up. Returns its id.
 */
SnId tmpstore_mail(TmpStore *tmp, SnDirection direction, const char *other, const char *id,
                   const char *subject, const char *body);
SnId tmpstore_im(TmpStore *tmp, SnDirection direction, const char *other, const char *id,
                 const char *body);
/* The same, not yet added. */
SnMessage *tmpstore_mail_new(TmpStore *tmp, SnDirection direction, const char *other,
                             const char *id, const char *subject, const char *body);
SnMessage *tmpstore_im_new(TmpStore *tmp, SnDirection direction, const char *other,
                           const char *id, const char *body);

/* A new entry to `to` in the conversation; strings are kept by reference. Free the recipients. */
SnOutboxNew tmpstore_entry(TmpStore *tmp, SnId conversation, SnChannel channel, const char *to,
                           const char *body);

#endif
