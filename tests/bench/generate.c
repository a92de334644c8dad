/* SPDX-License-Identifier: GPL-3.0-or-later */
/* generate STORE COUNT [SEED] - a new store with COUNT made-up messages, seven emails to three IMs. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/fill.h"

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gint64 count = argc > 2 ? g_ascii_strtoll(argv[2], NULL, 10) : 0;
	guint32 seed = argc > 3 ? (guint32)g_ascii_strtoull(argv[3], NULL, 10) : 1;

	if (count < 1 || count > 10000000) {
		fprintf(stderr, "usage: generate STORE COUNT [SEED]\n");
		return 2;
	}
	SnStore *store = sn_store_open(argv[1], SN_STORE_ENGINE, &error);
	guint ims = (guint)(count * 3 / 10);
	gboolean ok = store && fill_store(store, (guint)count - ims, ims, seed, &error);
	sn_store_close(store);
	if (!ok)
		fprintf(stderr, "%s\n", error->message);
	return ok ? 0 : 1;
}
