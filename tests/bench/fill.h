/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fill.h - fills a store with made-up emails and IMs, the same for the same seed. */
#ifndef SN_TESTS_BENCH_FILL_H
#define SN_TESTS_BENCH_FILL_H

#include "src/store/message.h"

/*
 * `total` messages of made.h, seven emails to three IMs, on account "bench"; the newest a few
 * minutes old. In batches like those of a first sync.
 */
gboolean fill_store(SnStore *store, guint total, guint32 seed, GError **error);

/* The same, briefer, and all of it exchanged with one person, person0@mail.test; besides, the oldest
 * message of all is somebody else's. */
gboolean fill_person(SnStore *store, guint total, guint32 seed, GError **error);

/* The lines of an IM log (fill_log.h), on the same account, from and to the same people. */
gboolean fill_store_log(SnStore *store, const char *path, GError **error);

#endif
