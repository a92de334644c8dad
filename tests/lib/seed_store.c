/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seed_store DIR [MANY]: makes a profile below DIR with a story in it, to look at screens. */
#include <stdio.h>
#include <stdlib.h>

#include <glib/gstdio.h>

#include "src/config/config.h"
#include "tests/lib/story.h"

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnPaths) paths = argc > 1 ? sn_paths_new(argv[1], &error) : NULL;
	g_autoptr(SnConfig) config = NULL;
	g_autofree char *file = NULL;
	SnStore *store;

	if (!paths) {
		fprintf(stderr, "usage: seed_store DIR [MANY]\n");
		return 2;
	}
	file = g_build_filename(paths->config, "accounts.conf", NULL);
	if (!g_file_set_contents_full(file, story_accounts, -1, 0, 0600, &error))
		g_error("%s", error->message);
	config = sn_config_load(paths, &error);
	store = config ? sn_store_open(paths->store_path, SN_STORE_ENGINE, &error) : NULL;
	if (!store || !sn_config_declare(config, store, &error))
		g_error("%s", error->message);
	story_fill(store);
	if (argc > 2)
		story_fill_many(store, atoi(argv[2]));
	sn_store_close(store);
	return 0;
}
