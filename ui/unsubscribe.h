/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unsubscribe.h - leaving mailing lists: what is known of it, for those who show messages. */
#ifndef SN_UI_UNSUBSCRIBE_H
#define SN_UI_UNSUBSCRIBE_H

#include "ui/app.h"

/* What a message of a list is shown with: that it was left, is being left, or writes although it was left.
 * NULL: nothing. Caller frees. object: how it looks. */
char *sn_unsubscribe_note(SnApp *app, const SnMessage *message, SnObject *object);
/* The store changed: the answer that the user waits for may be here, and is said. */
void sn_unsubscribe_refresh(SnApp *app);

#endif
