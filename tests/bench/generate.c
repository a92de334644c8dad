/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generate store FILE COUNT [SEED [START]] - a new store with COUNT made-up messages, seven emails to
 * three IMs; generate maildir DIRECTORY COUNT [SEED [START]] - a Maildir with COUNT made-up emails.
 * Of a Maildir START is the number of seconds since 1970 before which everything lies (now).
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/fill.h"
#include "tests/bench/fill_maildir.h"

static gboolean generate_store(const char *path, guint count, guint32 seed, GError **error)
{
	SnStore *store = sn_store_open(path, SN_STORE_ENGINE, error);
	gboolean ok = store && fill_store(store, count, seed, error);

	sn_store_close(store);
	return ok;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gboolean store = argc > 3 && g_str_equal(argv[1], "store");
	gboolean maildir = argc > 3 && g_str_equal(argv[1], "maildir");
	gint64 count = argc > 3 ? g_ascii_strtoll(argv[3], NULL, 10) : 0;
	guint32 seed = argc > 4 ? (guint32)g_ascii_strtoull(argv[4], NULL, 10) : 1;
	gint64 start = argc > 5 ? g_ascii_strtoll(argv[5], NULL, 10) * G_USEC_PER_SEC :
				  g_get_real_time();

	if (store == maildir || count < 1 || count > 10000000) {
		fprintf(stderr, "usage: generate store|maildir PATH COUNT [SEED [START]]\n");
		return 2;
	}
	gboolean ok = store ? generate_store(argv[2], (guint)count, seed, &error) :
			      fill_maildir(argv[2], (guint)count, seed, start, &error);
	if (!ok)
		fprintf(stderr, "%s\n", error->message);
	return ok ? 0 : 1;
}
