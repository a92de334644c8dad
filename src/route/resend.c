/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/resend.h"

#include <string.h>

#include "src/route/plan.h"
#include "src/store/wish.h"
#include "src/text/text.h"

char **sn_resend_addresses(const char *text, GError **error)
{
	g_auto(GStrv) items = g_strsplit_set(text, ",;", -1);
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	gsize count = 0;

	for (char **item = items; *item; item++) {
		g_autofree char *name = NULL, *address = NULL;
		if (!*g_strstrip(*item))
			continue;
		if (!sn_mailbox_parse(*item, &name, &address)) {
			g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "'%s' is no email address.", *item);
			return NULL;
		}
		g_strv_builder_add(list, address);
		count++;
	}
	if (count)
		return g_strv_builder_end(list);
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "To which email address?");
	return NULL;
}

/* The rest of a large email is fetched when somebody wants it. */
static gboolean is_whole(SnStore *store, const SnMessage *message, GError **error)
{
	g_autoptr(GBytes) raw = sn_message_raw(store, message->id, NULL);
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, message->id);

	if (raw)
		return TRUE;
	if (sn_wish_set(store, SN_WISH_FETCH, key, "", error))
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		            "The whole email is not here yet. It is being fetched; try again in a moment.");
	return FALSE;
}

static SnMessage *find_email(SnStore *store, SnId id, GError **error)
{
	g_autoptr(SnMessage) message = sn_message_get(store, id, SN_MESSAGE_FULL);

	if (!message)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such message.");
	else if (message->channel != SN_CHANNEL_MAIL)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "Only an email can be sent on as it is; an IM can be forwarded.");
	else if (is_whole(store, message, error))
		return g_steal_pointer(&message);
	return NULL;
}

static GPtrArray *parties(const char *const *to)
{
	g_autoptr(SnMessage) collector = sn_message_new();

	for (; *to; to++)
		sn_message_add_party(collector, SN_ROLE_TO, *to, NULL);
	return g_ptr_array_ref(collector->parties);
}

/* Where it shows: with the first of those who get it. */
static SnId conversation_with(SnStore *store, const char *value, GError **error)
{
	g_autofree char *normal = sn_address_normalise(SN_CHANNEL_MAIL, value);

	if (!normal) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "'%s' is no email address.", value);
		return 0;
	}
	SnId id = sn_address_intern(store, SN_CHANNEL_MAIL, normal, NULL, error);
	g_autoptr(SnAddress) address = id ? sn_address_get(store, id) : NULL;
	return address ? sn_conversation_for_person(store, address->person, error) : 0;
}

static char *notice_for(const SnMessage *message)
{
	g_autofree char *who = sn_text_clean_line(
		message->sender_name ? message->sender_name
		                     : message->sender_value ? message->sender_value : "somebody", -1);

	return g_strdup_printf("sent on as it is; %s wrote it", who);
}

SnId sn_resend(SnStore *store, const SnConfig *config, const SnResend *resend, GError **error)
{
	g_autoptr(SnMessage) message = find_email(store, resend->message, error);

	g_assert(resend->to && resend->to[0]);
	if (!message)
		return 0;
	SnPlanRequest request = {
		.conversation = conversation_with(store, resend->to[0], error),
		.reply_to = message->id, /* it goes from where it came to */
		.mode = SN_MODE_MAIL,
		.address = resend->to[0],
	};
	if (!request.conversation)
		return 0;
	g_autoptr(SnPlan) plan = sn_plan_reply(store, config, &request, NULL);
	if (plan->status == SN_PLAN_IMPOSSIBLE) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_CONFIG, plan->text);
		return 0;
	}
	g_autoptr(GPtrArray) recipients = parties(resend->to);
	g_autofree char *notice = notice_for(message);
	SnOutboxNew entry = {
		.conversation = request.conversation,
		.account = plan->account,
		.channel = SN_CHANNEL_MAIL,
		.from = plan->from,
		.recipients = recipients,
		.subject = message->subject,
		.body = message->body ? message->body : "",
		.send_at = resend->send_at,
		.read_receipt = SN_READ_RECEIPT_NO,
		.state = SN_STATE_QUEUED,
		.notice = notice,
		.resend = message->id,
	};
	return sn_outbox_queue(store, &entry, FALSE, error);
}
