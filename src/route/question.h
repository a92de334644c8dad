/* SPDX-License-Identifier: GPL-3.0-or-later */
/* question.h - the user's answers to questions of contacts (XEP-0439). */
#ifndef SN_ROUTE_QUESTION_H
#define SN_ROUTE_QUESTION_H

#include "src/config/config.h"
#include "src/store/outbox.h"

/*
 * Queues the answer as an IM to whoever asked, from the address that was asked, and closes the
 * question, in one transaction. It goes whatever the presence of the contact: an answer is never
 * itself held up, asked about or turned into an email. by_rule: "your rule for Bob", said in the
 * timeline; NULL: the user's own. Returns the entry; 0 on error.
 */
SnId sn_question_reply(SnStore *store, const SnConfig *config, const SnQuestion *question,
                       const char *value, const char *by_rule, SnTime send_at, GError **error);

/* The user's own presence, as wished for the account, is away, xa, dnd or offline. */
gboolean sn_question_user_is_away(SnStore *store, const char *account);

#endif
