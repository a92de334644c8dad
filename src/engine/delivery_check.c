/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Did the step of an entry found in `sending` happen? An IM is looked up in the archive by its
 * origin-id (XEP-0359) and sent again, under the same ids, only when it is not there. An email that
 * was not handed over yet is sent again; of one that was, a copy in Sent proves that it went, but
 * its absence proves nothing, so the user decides, and can have it looked up again (then the entry
 * stays in `choosing` meanwhile, where it can be cancelled).
 */
#include <string.h>

#include "src/base/fault.h"
#include "src/engine/delivery_private.h"
#include "src/store/outcome.h"
#include "src/store/rooms.h"

#define CLOCK_SLACK (10 * SN_MINUTE)

static void found(SnDelivery *self, SnJob *job)
{
	sn_delivery_arrived(self, job->entry, "found on the server");
}

static void missing(SnDelivery *self, SnId entry, const char *detail, int step)
{
	SnFact fact = { .detail = detail, .step = step };

	sn_delivery_apply(self, entry, SN_DELIVERY_MISSING, &fact);
}

/* When the email was handed over last; promised: the server said that a report would come. 0 */
static SnTime handed_over(SnDelivery *self, SnId entry, gboolean *promised)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->engine->store, entry);

	*promised = FALSE;
	for (guint i = events ? events->len : 0; i > 0; i--) {
		const SnOutboxEvent *event = events->pdata[i - 1];
		if (strcmp(event->what, sn_delivery_event_word(SN_DELIVERY_HAND_OVER)) != 0)
			continue;
		*promised = event->detail != NULL;
		return event->time;
	}
	return 0;
}

/* A report about it came since then, so a server had it; it can come before it was looked up. */
static gboolean is_reported(SnDelivery *self, SnId entry, SnTime since)
{
	g_autoptr(GPtrArray) outcomes = sn_outcome_list(self->engine->store, entry);
	gboolean reported = FALSE;

	for (guint i = 0; since && i < outcomes->len; i++) {
		const SnOutcome *one = outcomes->pdata[i];
		reported |= one->time >= since && one->fate >= SN_FATE_DELAYED &&
		            one->fate <= SN_FATE_READ;
	}
	return reported;
}

static void cannot_know(SnDelivery *self, SnId id, const char *detail)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);
	gboolean mail = entry && entry->channel == SN_CHANNEL_MAIL, promised = FALSE;
	SnTime since = mail ? handed_over(self, id, &promised) : 0;

	if (is_reported(self, id, since)) {
		sn_delivery_arrived(self, id, "a report says that it went");
		return;
	}
	const char *hope =
		!mail ? ""
		: promised
			? ". If it was, a report of delivery comes within minutes and settles it"
			: ". A copy in Sent, an answer or an error report would tell";
	g_autofree char *reason = g_strdup_printf(
		"It may have been sent: the server's answer was lost, and %s%s", detail, hope);
	SnFact fact = {
		.detail = detail,
		.reason = reason,
		.error_word = sn_error_word(SN_ERROR_UNCERTAIN),
	};

	sn_delivery_apply(self, id, SN_DELIVERY_CANNOT_KNOW, &fact);
}

/* The line went again. What is in `sending` is looked at when it is back; a user who wanted it
 * looked up is told. */
static void not_now(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);

	if (entry && entry->state == SN_STATE_CHOOSING)
		cannot_know(self, id, "the account is not connected, so nothing was looked up");
}

static void archive_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	sn_fault_of(CHECK_ANSWERED, "im");
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE && event->found)
			found(self, job);
		else if (event->kind == SN_EVENT_DONE)
			missing(self, job->entry, "the server does not have it: sending it again",
			        0);
		else if (event->kind == SN_EVENT_ERROR && !sn_error_is_transient(event->error) &&
		         !g_error_matches(event->error, SN_ERROR, SN_ERROR_UNCERTAIN))
			cannot_know(self, job->entry, "the server has no archive to look it up in");
		else
			not_now(self, job->entry);
	}
	sn_job_unref(job);
}

static void check_im(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account)
{
	g_autofree char *id = sn_delivery_step_id(self, entry);

	if (!account->im || !account->im_online || !sn_delivery_knows_limits(entry, account)) {
		not_now(self, entry->id); /* sn_delivery_account_online() comes back to it */
		return;
	}
	if (!id) {
		/* An upload leaves nothing that the contact sees: it is simply done again. */
		missing(self, entry->id, "an upload begins again", 0);
		return;
	}
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(self->engine->store, entry->conversation);
	g_autoptr(SnRoom) room = conversation && conversation->kind == SN_CONV_ROOM &&
	                                         !sn_room_private_nick(conversation->key)
	                                 ? sn_room_get(self->engine->store, conversation->id)
	                                 : NULL;
	if (room && room->state != SN_ROOM_IN) {
		not_now(self, entry->id); /* looked at again once it is joined */
		return;
	}
	if (room && !(room->features & SN_ROOM_HAS_ARCHIVE)) {
		cannot_know(self, entry->id, "the room keeps no archive to look it up in");
		return;
	}
	g_assert(entry->state == SN_STATE_SENDING || sn_delivery_is_uncertain(entry));
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_ARCHIVE_FIND, sn_engine_next_id(self->engine));
	if (room)
		request->jid = g_strdup(room->jid);
	else
		request->with = g_strdup(sn_delivery_jid(entry));
	request->origin_id = g_steal_pointer(&id);
	request->start = entry->created - CLOCK_SLACK;
	sn_engine_im(account, request, archive_reply, sn_job_begin(self, entry->id, entry->step));
	sn_fault_of(CHECK_SUBMITTED, "im");
}

static void sent_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	sn_fault_of(CHECK_ANSWERED, "mail");
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE && event->uid)
			found(self, job);
		else if (event->kind == SN_EVENT_DONE ||
		         (event->kind == SN_EVENT_ERROR && !sn_error_is_transient(event->error)))
			cannot_know(self, job->entry, "there is no copy in Sent");
		else
			not_now(self, job->entry);
	}
	sn_job_unref(job);
}

static void check_mail(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account)
{
	g_autoptr(SnFolder) sent =
		sn_folder_by_role(self->engine->store, account->id, "sent");

	if (entry->step < SN_STEP_HANDED_OVER) {
		missing(self, entry->id, "it was not handed over yet: sending it again", 1);
		return;
	}
	if (!account->source || !sent || !entry->message_id) {
		cannot_know(self, entry->id, "there is no Sent folder to look in");
		return;
	}
	if (!account->source_online) {
		not_now(self, entry->id);
		return;
	}
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_SEARCH_ID, sn_engine_next_id(self->engine));
	request->folder = g_strdup(sent->name);
	request->message_id = g_strdup(entry->message_id);
	sn_engine_mail(account, request, sent_reply, sn_job_begin(self, entry->id, entry->step));
	sn_fault_of(CHECK_SUBMITTED, "mail");
}

void sn_delivery_check(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);

	if (!entry || g_hash_table_contains(self->jobs, &id) ||
	    !(entry->state == SN_STATE_SENDING ||
	      (entry->state == SN_STATE_CHOOSING && sn_delivery_is_uncertain(entry))))
		return;
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	if (!account)
		cannot_know(self, id, "its account is not configured any more");
	else if (entry->channel == SN_CHANNEL_IM)
		check_im(self, entry, account);
	else
		check_mail(self, entry, account);
}
