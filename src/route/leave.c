/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/leave.h"

#include "src/base/unsubscribe.h"
#include "src/route/plan.h"

static SnPlan *plan_for(SnStore *store, const SnConfig *config, const SnMessage *message,
                        const char *address, GError **error)
{
	SnPlanRequest request = {
		.conversation = message->conversation,
		.reply_to = message->id, /* it goes from where it came to */
		.mode = SN_MODE_MAIL,
		.address = address,
	};
	SnPlan *plan = sn_plan_reply(store, config, &request, NULL);

	if (plan->status != SN_PLAN_IMPOSSIBLE)
		return plan;
	g_set_error_literal(error, SN_ERROR, SN_ERROR_CONFIG, plan->text);
	sn_plan_free(plan);
	return NULL;
}

SnId sn_leave_by_mail(SnStore *store, const SnConfig *config, const SnMessage *message, const char *name,
                      const char *mailto, SnTime now, SnTime send_at, GError **error)
{
	g_autofree char *address = NULL, *subject = NULL, *body = NULL;
	g_autofree char *key = sn_leave_key(message);
	g_autoptr(SnMessage) parties = sn_message_new();

	if (!key || !sn_unsubscribe_mailto(mailto, &address, &subject, &body)) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_INVALID,
		                    "This email does not say to which address to write.");
		return 0;
	}
	g_autoptr(SnPlan) plan = plan_for(store, config, message, address, error);
	if (!plan)
		return 0;
	sn_message_add_party(parties, SN_ROLE_TO, address, NULL);
	SnOutboxNew mail = {
		.conversation = message->conversation,
		.account = plan->account,
		.channel = SN_CHANNEL_MAIL,
		.from = plan->from,
		.recipients = parties->parties,
		.subject = subject,
		.body = body,
		.send_at = send_at,
		.read_receipt = SN_READ_RECEIPT_NO,
		.state = SN_STATE_QUEUED,
		.notice = "asks to be unsubscribed",
	};
	SnLeave leave = {
		.list = key,
		.name = (char *)name,
		.state = SN_LEAVE_MAILED,
		.target = address,
		.account = plan->account,
		.message = message->id,
		.time = now,
	};
	return sn_leave_mail(store, &leave, &mail, error);
}
