/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Made-up correspondence, the same for the same seed and start:
 *
 *   generate store FILE COUNT [SEED]                  a store with COUNT messages, seven emails to
 *                                                     three IMs
 *   generate person FILE COUNT [SEED]                 the same, briefer, with a single correspondent
 *   generate maildir DIRECTORY COUNT [SEED [START]]   a Maildir with COUNT emails of some 16 KB
 *   generate brief DIRECTORY COUNT [SEED [START]]     the same of some 2 KB, for large numbers
 *   generate log FILE COUNT [SEED [START]]            a log of COUNT IMs with the people of that Maildir
 *   generate talk FILE LOG                            the lines of a log filed in a store
 *
 * START is the number of seconds since 1970 before which everything lies (now).
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/fill.h"
#include "tests/bench/fill_log.h"
#include "tests/bench/fill_maildir.h"

typedef struct {
	const char *path;
	guint count;
	guint32 seed;
	gint64 start; /* microseconds since 1970 */
	const char *log;
} Order;

typedef gboolean (*Make)(const Order *order, GError **error);

static gboolean make_store(const Order *order, GError **error)
{
	SnStore *store = sn_store_open(order->path, SN_STORE_ENGINE, error);
	gboolean ok = store && fill_store(store, order->count, order->seed, error);

	sn_store_close(store);
	return ok;
}

static gboolean make_person(const Order *order, GError **error)
{
	SnStore *store = sn_store_open(order->path, SN_STORE_ENGINE, error);
	gboolean ok = store && fill_person(store, order->count, order->seed, error);

	sn_store_close(store);
	return ok;
}

static gboolean make_talk(const Order *order, GError **error)
{
	SnStore *store = sn_store_open(order->path, SN_STORE_ENGINE, error);
	gboolean ok = store && fill_store_log(store, order->log, error);

	sn_store_close(store);
	return ok;
}

static gboolean make_maildir(const Order *order, GError **error)
{
	return fill_maildir(order->path, order->count, order->seed, order->start, FALSE, error);
}

static gboolean make_brief(const Order *order, GError **error)
{
	return fill_maildir(order->path, order->count, order->seed, order->start, TRUE, error);
}

static gboolean make_log(const Order *order, GError **error)
{
	return fill_log(order->path, order->count, order->seed, order->start, error);
}

static const struct {
	const char *name;
	Make make;
	gboolean counted;
} kinds[] = {
	{ "store", make_store, TRUE },   { "person", make_person, TRUE },
	{ "maildir", make_maildir, TRUE },
	{ "brief", make_brief, TRUE }, { "log", make_log, TRUE },
	{ "talk", make_talk, FALSE },
};

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gint64 count = argc > 3 ? g_ascii_strtoll(argv[3], NULL, 10) : 0;
	Order order = { .path = argc > 3 ? argv[2] : NULL, .log = argc > 3 ? argv[3] : NULL,
		        .count = (guint)CLAMP(count, 0, 10000000),
		        .seed = argc > 4 ? (guint32)g_ascii_strtoull(argv[4], NULL, 10) : 1,
		        .start = argc > 5 ? g_ascii_strtoll(argv[5], NULL, 10) * G_USEC_PER_SEC :
					    g_get_real_time() };

	for (gsize i = 0; argc > 3 && i < G_N_ELEMENTS(kinds); i++) {
		if (!g_str_equal(argv[1], kinds[i].name) ||
		    (kinds[i].counted && (count < 1 || count != order.count)))
			continue;
		if (kinds[i].make(&order, &error))
			return 0;
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	fprintf(stderr, "usage: generate store|person|maildir|brief|log PATH COUNT [SEED [START]]\n"
	                "       generate talk STORE LOG\n");
	return 2;
}
