/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fill.h - fills a store with made-up emails and IMs, the same for the same seed. */
#ifndef SN_TESTS_BENCH_FILL_H
#define SN_TESTS_BENCH_FILL_H

#include "src/store/message.h"

/*
 * `mails` emails and `ims` IMs between me@example.test (account "bench") and correspondents who
 * write as often as Zipf's law says; the newest a minute old. Threads, several scripts, a list, a
 * few attachments; of the newest some are unread. In batches like those of a first sync.
 */
gboolean fill_store(SnStore *store, guint mails, guint ims, guint32 seed, GError **error);

#endif
