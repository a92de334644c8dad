/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reattach.h - a file of an earlier message is attached to the present draft, on either channel. Its
 * bytes come from the store; what lies elsewhere is fetched once, kept, and attached when it is here.
 */
#ifndef SN_UI_REATTACH_H
#define SN_UI_REATTACH_H

#include "ui/composer.h"

/* A file that is being fetched for a draft. */
typedef struct {
	SnId conversation, message;
	int position;
	char *name;
} SnAwaited;
void sn_awaited_free(SnAwaited *awaited);

void sn_reattach(SnApp *app, SnId message, int position);
/* The store changed: what was waited for may be here. */
void sn_reattach_look(SnApp *app);
/* The first file the draft still waits for; NULL. */
const SnAwaited *sn_reattach_awaited(const SnComposer *composer);

#endif
