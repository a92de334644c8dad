/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Ask them": the contact gets a short question in plain words, with quick responses (XEP-0439) for
 * clients that know them, and decides. Several messages that wait for one contact share a question:
 * they name it (quick_question), and whatever becomes of it becomes of all of them.
 *
 * Nobody is asked again within delivery.ask-again: the last answer holds until then. What the
 * answer means is in answers.c, what it does in hear.c.
 */
#include <string.h>

#include "src/base/fault.h"
#include "src/base/ids.h"
#include "src/engine/delivery_private.h"
#include "src/store/asked.h"

#define CLOCK_SLACK (5 * SN_MINUTE)
#define QUESTION "I have a message for you. Is now a good time? Reply now, later or email."

static SnAddress *address_of(SnDelivery *self, const SnOutboxEntry *entry)
{
	const char *jid = sn_delivery_jid(entry);

	return jid ? sn_address_find(self->engine->store, SN_CHANNEL_IM, jid) : NULL;
}

/* Another entry to the same contact whose question stands; the caller's. NULL. */
static char *open_question(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GArray) open = sn_outbox_open_in(self->engine->store, entry->conversation);

	for (guint i = open->len; i > 0; i--) {
		SnId id = g_array_index(open, SnId, i - 1);
		g_autoptr(SnOutboxEntry) other = sn_outbox_get(self->engine->store, id, 0);
		if (other && other->state == SN_STATE_ASKED && id != entry->id &&
		    other->account == entry->account && other->quick_question)
			return g_strdup(other->quick_question);
	}
	return NULL;
}

/* An earlier question to the person, within the time in which nobody is asked again; NULL. */
static SnAsked *recent(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnAddress) address = address_of(self, entry);
	SnAsked *asked =
		address ? sn_asked_person(self->engine->store, address->person) : NULL;
	SnTime since = asked ? MAX(asked->time, asked->answered) : 0;

	if (asked &&
	    since + sn_delivery_settings(self)->delivery_ask_again > sn_delivery_now(self) &&
	    since <= sn_delivery_now(self) + CLOCK_SLACK)
		return asked;
	sn_asked_free(asked);
	return NULL;
}

static void defer(SnDelivery *self, const SnOutboxEntry *entry, const char *reason,
                  gboolean clear_request)
{
	SnFact fact = { .reason = reason, .clear_request = clear_request };

	sn_delivery_apply(self, entry->id, SN_DELIVERY_DEFER, &fact);
}

/* The contact was asked not long ago: what was said then holds; silence means later. */
static void follow_earlier(SnDelivery *self, const SnOutboxEntry *entry, const SnAsked *asked,
                           const char *who, gboolean clear_request)
{
	g_autofree char *time =
		sn_delivery_time_text(asked->answered ? asked->answered : asked->time);
	g_autofree char *reason = NULL;

	if (!asked->answered || asked->answer == SN_ANSWER_NONE) {
		reason = g_strdup_printf("%s was asked on %s and has not answered", who, time);
		defer(self, entry, reason, clear_request);
		return;
	}
	reason = g_strdup_printf("%s answered on %s", who, time);
	sn_delivery_obey(self, entry->id, (SnAnswer)asked->answer, reason, asked->question,
	                 clear_request);
}

/* Why the contact cannot be asked now; NULL when he can. Caller frees. */
static char *cannot_ask(SnDelivery *self, const SnOutboxEntry *entry, const char *who)
{
	g_autoptr(SnAddress) address = address_of(self, entry);
	g_autoptr(SnWhereabouts) there =
		address ? sn_whereabouts(self->engine->store, self->engine->config, 0, address->id,
	                                 self->engine->clock)
			: NULL;

	if (there && there->show == SN_PRESENCE_OFFLINE)
		return g_strdup_printf("%s is offline and cannot be asked", who);
	if (there && there->quiet)
		return g_strdup_printf("%s is not to be disturbed now and is not asked (%s)", who,
		                       there->origin);
	return NULL;
}

void sn_delivery_ask_them(SnDelivery *self, const SnOutboxEntry *entry, const char *presence,
                          const char *because, gboolean clear_request)
{
	g_autofree char *who = sn_delivery_who(self, entry);
	g_autofree char *cannot = cannot_ask(self, entry, who);

	if (cannot) {
		defer(self, entry, cannot, clear_request);
		return;
	}
	g_autofree char *earlier = open_question(self, entry);
	g_autoptr(SnAsked) asked = earlier ? NULL : recent(self, entry);
	if (asked) {
		follow_earlier(self, entry, asked, who, clear_request);
		return;
	}
	g_autofree char *id = earlier ? NULL : sn_id_origin();
	g_autofree char *reason = g_strconcat(presence, because ? " (" : "",
	                                      because ? because : "", because ? ")" : "", NULL);
	SnFact fact = { .reason = reason,
		        .clear_request = clear_request,
		        .question = earlier ? earlier : id,
		        .step = 1 };
	sn_delivery_apply(self, entry->id, SN_DELIVERY_ASK_THEM, &fact);
}

/* ---- the message that asks ---- */

static SnImMessage *question(const SnOutboxEntry *entry)
{
	static const char *const values[] = { "now", "later", "email", NULL };
	static const char *const labels[] = { "Now", "Later", "Email", NULL };
	SnImMessage *message = sn_im_message_new();

	message->to = g_strdup(sn_delivery_jid(entry));
	message->id = g_strdup(entry->quick_question);
	message->origin_id = g_strdup(entry->quick_question);
	message->body = g_strdup(QUESTION);
	message->response_values = g_strdupv((char **)values);
	message->response_labels = g_strdupv((char **)labels);
	message->store_hint = TRUE;
	return message;
}

/* The question stands in the timeline, so that the answer below it makes sense. */
static void file_question(SnDelivery *self, const SnOutboxEntry *entry, SnTime when)
{
	SnStore *store = self->engine->store;
	g_autoptr(SnMessage) row = sn_message_new();
	g_autoptr(GError) error = NULL;

	row->account = entry->account;
	row->channel = SN_CHANNEL_IM;
	row->direction = SN_OUT;
	row->time = when;
	row->sender = sn_address_intern(store, SN_CHANNEL_IM, entry->from, NULL, &error);
	row->state = SN_STATE_ACCEPTED;
	row->origin_id = g_strdup(entry->quick_question);
	row->body = g_strdup(QUESTION);
	row->notice = g_strdup("asked by the rules of delivery");
	sn_message_add_party(row, SN_ROLE_FROM, entry->from, NULL);
	sn_message_add_party(row, SN_ROLE_TO, sn_delivery_jid(entry), NULL);
	SnAddResult result;
	if (!row->sender || !sn_message_add(store, row, NULL, NULL, &result, &error))
		g_warning("The question could not be filed: %s", error->message);
}

/* The entries of the question go on to wait for the answer. */
static void step_on(SnDelivery *self, const char *question_id)
{
	g_autoptr(GArray) ids = sn_asked_entries(self->engine->store, question_id);

	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(
			self->engine->store, g_array_index(ids, SnId, i), SN_OUTBOX_FULL);
		if (!entry || entry->state != SN_STATE_ASKED || entry->step > 0)
			continue;
		SnFact fact = { .what = "asked",
			        .detail = sn_delivery_jid(entry),
			        .reason = entry->reason,
			        .step = 2 };
		sn_delivery_apply(self, entry->id, SN_DELIVERY_STEP, &fact);
	}
}

/* When the entry came into this state; for what is found to have happened before a stop. */
static SnTime asked_at(SnDelivery *self, SnId id)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->engine->store, id);

	for (guint i = events ? events->len : 0; i > 0; i--) {
		const SnOutboxEvent *event = events->pdata[i - 1];
		if (strcmp(event->what, sn_delivery_event_word(SN_DELIVERY_ASK_THEM)) == 0)
			return event->time;
	}
	return sn_delivery_now(self);
}

/* The server has it; also when the entry was taken back meanwhile, the contact will read it. */
static void asked(SnDelivery *self, SnId id, SnTime when)
{
	SnStore *store = self->engine->store;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, SN_OUTBOX_FULL);
	g_autoptr(SnAddress) address = entry ? address_of(self, entry) : NULL;
	g_autoptr(SnAsked) known = entry ? sn_asked_get(store, entry->quick_question) : NULL;
	g_autoptr(GError) error = NULL;

	if (!entry || !address)
		return;
	if (!known) {
		if (!sn_asked_add(store, entry->quick_question, entry->account, address->id,
		                  when, &error))
			g_warning("The question could not be noted: %s", error->message);
		file_question(self, entry, when);
	}
	step_on(self, entry->quick_question);
}

/* It can never be asked: the user decides about all that waited for it. */
static void refused(SnDelivery *self, SnId id, const GError *error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);
	g_autoptr(GArray) ids =
		entry ? sn_asked_entries(self->engine->store, entry->quick_question) : NULL;
	SnFact fact = { .reason = error->message,
		        .error_word = sn_error_word((SnErrorCode)error->code) };

	for (guint i = 0; ids && i < ids->len; i++) {
		g_autoptr(SnOutboxEntry) one =
			sn_outbox_get(self->engine->store, g_array_index(ids, SnId, i), 0);
		if (one && one->state == SN_STATE_ASKED)
			sn_delivery_apply(self, one->id, SN_DELIVERY_NEED_CHOICE, &fact);
	}
}

static void question_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE) {
			asked(self, job->entry, job->begun);
			sn_delivery_hear_early(self, job->entry, job->before);
		} else if (event->kind == SN_EVENT_ERROR &&
		           sn_delivery_event_for(event->error) == SN_DELIVERY_PERMANENT)
			refused(self, job->entry, event->error);
		/* else: asked again when the line is back, after a look into the archive */
	}
	sn_job_unref(job);
}

static void send_question(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account)
{
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_SEND, sn_engine_next_id(self->engine));

	SnJob *job = sn_job_begin(self, entry->id, 0);

	job->begun = sn_delivery_now(self);
	job->before = sn_message_last(self->engine->store);
	request->message = question(entry);
	sn_engine_im(account, request, question_reply, job);
	sn_fault_of(SUBMITTED, "question");
}

static void lookup_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (sn_job_end(job)) {
		g_autoptr(SnOutboxEntry) entry =
			sn_outbox_get(self->engine->store, job->entry, SN_OUTBOX_FULL);
		gboolean gone = event->kind == SN_EVENT_CANCELLED ||
		                (event->kind == SN_EVENT_ERROR &&
		                 sn_error_is_transient(event->error));
		if (event->kind == SN_EVENT_DONE && event->found) {
			asked(self, job->entry, asked_at(self, job->entry));
			sn_delivery_hear_missed(self); /* it may have been answered since */
		} else if (!gone && entry && entry->state == SN_STATE_ASKED && entry->step == 0)
			send_question(self, entry, account);
	}
	sn_job_unref(job);
}

/* Another entry of this question has a request under way: its end is for all of them. */
static gboolean is_under_way(SnDelivery *self, const char *question_id)
{
	g_autoptr(GArray) ids = sn_asked_entries(self->engine->store, question_id);

	for (guint i = 0; i < ids->len; i++)
		if (g_hash_table_contains(self->jobs, &g_array_index(ids, SnId, i)))
			return TRUE;
	return FALSE;
}

/* again: it may have been sent before. A question that arrives twice would puzzle. */
void sn_delivery_ask(SnDelivery *self, SnId id, gboolean again)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	SnEngineAccount *account =
		entry ? sn_engine_account_by_id(self->engine, entry->account) : NULL;

	if (!entry || entry->state != SN_STATE_ASKED || entry->step > 0 || !entry->quick_question)
		return;
	g_autoptr(SnAsked) known = sn_asked_get(self->engine->store, entry->quick_question);
	if (known) {
		step_on(self, entry->quick_question);
		return;
	}
	if (!account || !account->im || !account->im_online ||
	    is_under_way(self, entry->quick_question))
		return;
	if (!again) {
		send_question(self, entry, account);
		return;
	}
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_ARCHIVE_FIND, sn_engine_next_id(self->engine));
	request->with = g_strdup(sn_delivery_jid(entry));
	request->origin_id = g_strdup(entry->quick_question);
	request->start = entry->created - CLOCK_SLACK;
	sn_engine_im(account, request, lookup_reply, sn_job_begin(self, id, 0));
}
