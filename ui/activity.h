/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * activity.h - tells the engine whether somebody works with this client (SN_WISH_ACTIVITY): for the
 * presence that contacts see, and for what the server may hold back. Written when that changes only.
 */
#ifndef SN_UI_ACTIVITY_H
#define SN_UI_ACTIVITY_H

#include "ui/app.h"

void sn_activity_begin(SnApp *app);
/* A key, the mouse, pasted text; or the terminal came into focus. */
void sn_activity_touched(SnApp *app);
/* The user went to another window: it may be held back what they do not see. */
void sn_activity_unfocused(SnApp *app);
void sn_activity_timer(SnApp *app); /* SN_TIMER_IDLE is over */
void sn_activity_end(SnApp *app);

#endif
