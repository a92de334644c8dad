/* SPDX-License-Identifier: GPL-3.0-or-later */
/* triage.h - runs what the user does to emails over any number of them, a few at a time between keys,
 * as one change that can be undone at once. */
#ifndef SN_UI_TRIAGE_H
#define SN_UI_TRIAGE_H

#include "src/store/triage.h"
#include "ui/app.h"

/*
 * ids: of SnId, taken. folder: as of sn_triage_do(). said: what it is called when it is done, "3
 * emails %s"; strings are copied. One at a time: FALSE with an error while another is running.
 */
gboolean sn_triage_run(SnApp *app, GArray *ids, SnId folder, const SnTriage *what, const char *said,
                       GError **error);
/* The next few; called by the loop. */
void sn_triage_turn(SnApp *app);
/* All that is left, before the program ends. */
void sn_triage_finish(SnApp *app);
/* Takes the newest change back and says so. */
gboolean sn_triage_take_back(SnApp *app, GError **error);

#endif
