/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Did the step of an entry found in `sending` happen? An IM is looked up in the archive by its
 * origin-id (XEP-0359) and sent again, under the same ids, only when it is not there. For an email
 * there is no such place: a copy in Sent proves that it went, its absence proves nothing, so the
 * user decides.
 */
#include <string.h>

#include "src/engine/delivery_private.h"

#define CLOCK_SLACK (10 * SN_MINUTE)

static void found(SnDelivery *self, SnJob *job)
{
	sn_delivery_step_done(self, job->entry, job->step, "found on the server");
}

static void missing(SnDelivery *self, SnJob *job)
{
	SnFact fact = { .detail = "the server does not have it: sending it again" };

	sn_delivery_apply(self, job->entry, SN_DELIVERY_MISSING, &fact);
}

static void cannot_know(SnDelivery *self, SnId entry, const char *detail)
{
	SnFact fact = {
		.detail = detail,
		.reason = "The connection broke before the server answered. This message may have "
			  "been sent: send it again, or cancel it",
		.error_word = sn_error_word(SN_ERROR_UNCERTAIN),
	};

	sn_delivery_apply(self, entry, SN_DELIVERY_CANNOT_KNOW, &fact);
}

static void archive_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE && event->found)
			found(self, job);
		else if (event->kind == SN_EVENT_DONE)
			missing(self, job);
		else if (event->kind == SN_EVENT_ERROR && !sn_error_is_transient(event->error) &&
		         !g_error_matches(event->error, SN_ERROR, SN_ERROR_UNCERTAIN))
			cannot_know(self, job->entry, event->error->message);
		/* else: the line went again; looked at when it is back */
	}
	sn_job_unref(job);
}

static void check_im(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account)
{
	g_autofree char *id = sn_delivery_step_id(self, entry);

	if (!account->im || !account->im_online)
		return; /* sn_delivery_account_online() comes back to it */
	if (!id) {
		/* An upload leaves nothing that the contact sees: it is simply done again. */
		SnFact fact = { .detail = "an upload begins again" };
		sn_delivery_apply(self, entry->id, SN_DELIVERY_MISSING, &fact);
		return;
	}
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(self->engine->store, entry->conversation);
	if (conversation && conversation->kind == SN_CONV_ROOM) {
		cannot_know(self, entry->id, "a room's archive belongs to the room");
		return;
	}
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_ARCHIVE_FIND, sn_engine_next_id(self->engine));
	request->with = g_strdup(sn_delivery_jid(entry));
	request->origin_id = g_steal_pointer(&id);
	request->start = entry->created - CLOCK_SLACK;
	sn_engine_im(account, request, archive_reply, sn_job_begin(self, entry->id, entry->step));
}

static void sent_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE && event->uid)
			found(self, job);
		else if (event->kind == SN_EVENT_DONE ||
		         (event->kind == SN_EVENT_ERROR && !sn_error_is_transient(event->error)))
			cannot_know(self, job->entry, "no copy in Sent");
	}
	sn_job_unref(job);
}

static void check_mail(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account)
{
	g_autoptr(SnFolder) sent =
		sn_folder_by_role(self->engine->store, account->id, "sent");

	if (!account->source || !sent || !entry->message_id) {
		cannot_know(self, entry->id, "there is no Sent folder to look in");
		return;
	}
	if (!account->source_online)
		return;
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_SEARCH_ID, sn_engine_next_id(self->engine));
	request->folder = g_strdup(sent->name);
	request->message_id = g_strdup(entry->message_id);
	sn_engine_mail(account, request, sent_reply, sn_job_begin(self, entry->id, entry->step));
}

void sn_delivery_check(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);

	if (!entry || entry->state != SN_STATE_SENDING || g_hash_table_contains(self->jobs, &id))
		return;
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	if (!account)
		cannot_know(self, id, "its account is not configured any more");
	else if (entry->channel == SN_CHANNEL_IM)
		check_im(self, entry, account);
	else
		check_mail(self, entry, account);
}
