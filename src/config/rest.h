/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rest.h - whether an engine that is to run once would find anything to do.
 *
 * Mail in directories, and no other account: then what there is to do follows from files, and one
 * that found nothing left to do writes down how they were (engine.rest beside the database). As long
 * as each is as it was, the next need not start: that is a few calls of stat(), whatever the number
 * of emails. Files are those of the configuration, the directories of the mail, the engine's own
 * module, and the database, which stands for all that people did (rest.c in src/store).
 *
 * A directory that was changed within the last seconds may change again at the same time of its clock:
 * it is not written down as it is.
 */
#ifndef SN_CONFIG_REST_H
#define SN_CONFIG_REST_H

#include "src/config/config.h"

/* How all of it is now, but the database; module: a file that stands for the program. NULL: a profile
 * like this never rests, or not yet. To be asked before the engine looks, and after. clock: NULL, here
 * and below. */
char *sn_rest_look(const SnPaths *paths, const SnConfig *config, const char *module,
                   const SnClock *clock);
/* mark: of sn_store_rest(). What was before and what is now must be the same, else nothing is written. */
void sn_rest_write(const SnPaths *paths, const char *before, const char *now, const char *mark,
                   const SnClock *clock);
/* Whether all is still as it was written, for this configuration, and that is not long ago. */
gboolean sn_rest_holds(const SnPaths *paths, const SnClock *clock);

#endif
