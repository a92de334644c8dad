/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * displayed.h - how far the user has read each chat, kept alike on all clients of one account
 * (XEP-0490). One for each account with an IM end. Engine thread.
 */
#ifndef SN_ENGINE_DISPLAYED_H
#define SN_ENGINE_DISPLAYED_H

#include "src/engine/engine_private.h"

typedef struct sn_displayed SnDisplayed;

SnDisplayed *sn_displayed_new(SnEngineAccount *account);
void sn_displayed_free(SnDisplayed *displayed); /* NULL is fine */
/* A new session: asks how far the others have read. */
void sn_displayed_synced(SnDisplayed *displayed);
/* Another client of ours has read (SN_IM_EV_PRIVATE of its node; others are left alone). */
void sn_displayed_event(SnDisplayed *displayed, const SnImEvent *event);
/* It was filed: what another client has read of it may have been told before. */
void sn_displayed_filed(SnDisplayed *displayed, const SnMessage *message);
/* The user has read it here, and all before it. Tells nothing twice, and never goes back behind what
 * another client has read. */
void sn_displayed_tell(SnDisplayed *displayed, const SnMessage *message);
/* The archive has been read: tells what the last session could not. */
void sn_displayed_look(SnDisplayed *displayed);

#endif
