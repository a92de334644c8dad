/* SPDX-License-Identifier: GPL-3.0-or-later */
/* im_parts.h - what each step of an IM entry says (im_steps.h lists the steps). */
#ifndef SN_ENGINE_IM_PARTS_H
#define SN_ENGINE_IM_PARTS_H

#include "src/engine/delivery_private.h"
#include "src/engine/im_steps.h"

/* The first line of a text that says what was said earlier. */
#define SN_IM_HISTORY_HEAD "Earlier messages:\n"

/* The steps of the entry under the account's limits. Of SnImStep. */
GPtrArray *sn_im_parts_plan(SnDelivery *self, const SnOutboxEntry *entry,
                            const SnEngineAccount *account);
/* Fills bytes, name and type of an UPLOAD request. */
gboolean sn_im_parts_file(SnDelivery *self, const SnOutboxEntry *entry, const SnImStep *step,
                          SnImRequest *request, GError **error);
/* The part of its own message that the attachment of this number is: those that do not go are not
 * counted. 0: none. */
int sn_im_parts_position(const SnOutboxEntry *entry, const SnEngineAccount *account, gint64 number);
/* Uploads of earlier emails that could not be done (their url is SN_IM_LEFT_OUT) go as text only: what
 * the emails still to go leave out because it was in one of those goes with them. */
#define SN_IM_LEFT_OUT "-"
void sn_im_parts_settle(SnDelivery *self, const SnEngineAccount *account, const GPtrArray *steps);
/* The message of a step, without addresses and ids; NULL when it has become empty. */
SnImMessage *sn_im_parts_message(SnDelivery *self, const SnOutboxEntry *entry,
                                 const SnEngineAccount *account, const GPtrArray *steps,
                                 guint index);

/* ---- im_quote.c ---- */

/*
 * Says in a message what it answers: an email by its subject and first line as quoted text and by
 * XEP-0131 headers, an IM by XEP-0461. `first`: the first part of the body, which alone quotes.
 * Returns the text of that part, with a quote of an email in front; caller frees.
 */
char *sn_im_quote(SnDelivery *self, const SnOutboxEntry *entry, SnImMessage *message,
                  const char *text, gboolean first);

#endif
