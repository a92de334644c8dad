/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/question.h"

#include "src/store/message.h"
#include "src/store/wish.h"

static SnId queue(SnStore *store, const SnMessage *asked, const SnAccount *account,
                  const char *value, const char *by_rule, SnTime send_at, GError **error)
{
	SnParty party = { SN_ROLE_TO, asked->sender_value, asked->sender_name };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autofree char *notice = by_rule ? g_strdup_printf("answered by %s", by_rule) : NULL;
	SnOutboxNew entry = {
		.conversation = asked->conversation,
		.account = asked->account,
		.channel = SN_CHANNEL_IM,
		.from = account->im.user,
		.recipients = recipients,
		.body = value,
		.reply_to = asked->id,
		.if_unavailable = SN_RULE_SEND,
		.send_at = send_at,
		.state = SN_STATE_QUEUED,
		.notice = notice,
	};

	g_ptr_array_add(recipients, &party);
	return sn_outbox_queue(store, &entry, FALSE, error);
}

SnId sn_question_reply(SnStore *store, const SnConfig *config, const SnQuestion *question,
                       const char *value, const char *by_rule, SnTime send_at, GError **error)
{
	g_autoptr(SnMessage) asked = sn_message_get(store, question->message, SN_MESSAGE_FULL);
	g_autofree char *name = asked ? sn_account_name(store, asked->account) : NULL;
	const SnAccount *account = name ? sn_config_account_named(config, name) : NULL;

	if (!account || account->im.kind != SN_ENDPOINT_XMPP || !asked->sender_value) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
		            "The account that was asked has no IM address in accounts.conf.");
		return 0;
	}
	if (!sn_store_begin(store, error))
		return 0;
	SnId entry = queue(store, asked, account, value, by_rule, send_at, error);
	if (!entry ||
	    !sn_question_answered(store, question->id, value, by_rule ? entry : 0, error)) {
		sn_store_rollback(store);
		return 0;
	}
	return sn_store_commit(store, error) ? entry : 0;
}

gboolean sn_question_user_is_away(SnStore *store, const char *account)
{
	SnPresenceShow show;

	return sn_wish_presence(store, account, &show, NULL) && show < SN_PRESENCE_ONLINE;
}
