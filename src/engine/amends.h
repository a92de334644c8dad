/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amends.h - corrections, reactions and retractions between the wire and the store (amend.h).
 *
 * What is sent twice says the same twice, so that after any break it is sent again by the same id
 * until the server has it. What the server refuses is not tried again, and says so below the message.
 */
#ifndef SN_ENGINE_AMENDS_H
#define SN_ENGINE_AMENDS_H

#include "src/engine/sync_private.h"

typedef struct sn_amends SnAmends;
SnAmends *sn_amends_new(SnEngineAccount *account);
void sn_amends_free(SnAmends *amends);
/* A client has queued one, or the line is up: sends what has to go. */
void sn_amends_look(SnAmends *amends);

/* TRUE: it is a reaction or a retraction, which is noted; or it could not be written, and says so. */
gboolean sn_amends_take(SnEngineAccount *account, const SnImMessage *im, gboolean *written);

/*
 * Within the transaction that filed the message: it corrects an earlier one (sender: of the row; nick
 * in a room, else NULL), or an amendment of it has waited.
 */
gboolean sn_amends_file(SnEngineAccount *account, const SnImMessage *im, const SnMessage *message,
                        GError **error);

#endif
