/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drafts.h - keeps drafts in the Drafts folder of their account (RFC 6154), where other programs can
 * continue them: a while after the last letter a new version is put there, then the one
 * before is taken away; one that was sent or thrown away goes. What is to go encrypted is put there
 * encrypted for the user alone, or not at all. What cannot be done now is done later: the store says
 * what is due. Engine thread.
 */
#ifndef SN_ENGINE_DRAFTS_H
#define SN_ENGINE_DRAFTS_H

#include "src/engine/engine_private.h"

typedef struct sn_drafts SnDrafts;
SnDrafts *sn_drafts_new(SnEngine *engine);
void sn_drafts_free(SnDrafts *drafts); /* NULL is fine */
void sn_drafts_look(SnDrafts *drafts);
/* A folder was read to its end. NULL is fine. */
void sn_drafts_synced(SnDrafts *drafts);
/* FALSE while something is on its way. */
gboolean sn_drafts_settled(const SnDrafts *drafts);

/* drafts_mail.c: the draft as an email, Bcc and all; from: of the plan. */
GBytes *sn_draft_compose(SnEngine *engine, const SnDraft *draft, const SnPlan *plan,
                         const char *message_id, GError **error);

/* Who gets it besides, as typed so far: of SnParty. */
GPtrArray *sn_draft_copies(const SnDraft *draft);

#endif
