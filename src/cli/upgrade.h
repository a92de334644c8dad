/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upgrade.h - tells how far the migration of the database to a new format is, and lets it be stopped:
 * on a terminal in one line that is written anew, elsewhere in a line now and then.
 *
 * What takes less than half a second is not mentioned. While it goes on, SIGINT, SIGTERM and SIGHUP stop
 * it and do nothing else. Main thread, before any other is started.
 */
#ifndef SN_CLI_UPGRADE_H
#define SN_CLI_UPGRADE_H

#include <stdio.h>

#include "src/store/store.h"

typedef struct sn_upgrade_line SnUpgradeLine;

/* out is kept; silent_ms: how long it may take without a word. Costs nothing until there is something
 * to tell. */
SnUpgradeLine *sn_upgrade_line_new(FILE *out, int silent_ms);
void sn_upgrade_line_free(SnUpgradeLine *line); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnUpgradeLine, sn_upgrade_line_free)

enum { SN_UPGRADE_SILENT_MS = 500 };

/* For sn_store_open_watched(); as long as the line lives. */
const SnStoreWatch *sn_upgrade_line_watch(SnUpgradeLine *line);

/* "43%, about 12 s left: the lists of folders, 430,000 of 1,000,000"; caller frees. */
char *sn_upgrade_text(const SnStoreUpgrade *upgrade);

#endif
