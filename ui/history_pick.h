/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history_pick.h - the rows one can pick earlier messages from. They are read on the worker, a page
 * at a time; marking changes no row, so that totals follow at once.
 */
#ifndef SN_UI_HISTORY_PICK_H
#define SN_UI_HISTORY_PICK_H

#include "ui/composer.h"
#include "ui/view.h"

typedef struct sn_pick SnPick;

SnPick *sn_pick_new(SnApp *app, SnView *view);
void sn_pick_free(SnPick *pick);
/* Newest first; of SnHistoryRow. Judged anew when recipients, yeses or messages have changed. */
const GPtrArray *sn_pick_rows(SnPick *pick);
const SnHistoryRow *sn_pick_row(SnPick *pick, SnId id); /* NULL */
gboolean sn_pick_reading(const SnPick *pick);
/* All of the conversation that can be picked from is there. */
gboolean sn_pick_complete(const SnPick *pick);
/* Reads further back, when there is more. */
void sn_pick_more(SnPick *pick);

/* What is chosen now: of the hand, or of the spec. */
gboolean sn_pick_marked(SnPick *pick, SnId id);
/* Bytes of all that is marked and may travel, and whether some of it is not among the rows. */
gint64 sn_pick_size(SnPick *pick, int *mails, int *ims, int *files);
/* Marks or unmarks by hand: what was chosen otherwise is the start. Only what may travel. */
void sn_pick_set(SnPick *pick, SnId id, gboolean marked);
/* The rows from one to the other, both included. The number that may not travel. */
int sn_pick_set_range(SnPick *pick, SnId from, SnId to, gboolean marked);
/* The row where a range began; 0. */
SnId sn_pick_anchor(const SnPick *pick);
void sn_pick_set_anchor(SnPick *pick, SnId id);

#endif
