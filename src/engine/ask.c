/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Ask them": the contact gets a short question in plain words, with quick responses (XEP-0439) for
 * clients that know them, and decides. An answer counts only from the address that was asked. A
 * contact with several waiting messages is asked once, and the answer is for all of them.
 */
#include <string.h>

#include "src/engine/delivery_private.h"

#define ANSWER_MAX 60 /* longer texts are conversation, not an answer */
#define CLOCK_SLACK (5 * SN_MINUTE)
#define QUESTION "I have a message for you. Is now a good time? Reply now, later or email."

/* ---- answers ---- */

static const struct {
	const char *words;
	SnAnswer answer;
} answers[] = {
	{ "now", SN_ANSWER_NOW },
	{ "yes", SN_ANSWER_NOW },
	{ "ok", SN_ANSWER_NOW },
	{ "okay", SN_ANSWER_NOW },
	{ "sure", SN_ANSWER_NOW },
	{ "go ahead", SN_ANSWER_NOW },
	{ "send it", SN_ANSWER_NOW },
	{ "send now", SN_ANSWER_NOW },
	{ "yes now", SN_ANSWER_NOW },
	{ "later", SN_ANSWER_LATER },
	{ "no", SN_ANSWER_LATER },
	{ "not now", SN_ANSWER_LATER },
	{ "no later", SN_ANSWER_LATER },
	{ "busy", SN_ANSWER_LATER },
	{ "email", SN_ANSWER_MAIL },
	{ "mail", SN_ANSWER_MAIL },
	{ "by email", SN_ANSWER_MAIL },
	{ "by mail", SN_ANSWER_MAIL },
	{ "email me", SN_ANSWER_MAIL },
	{ "mail me", SN_ANSWER_MAIL },
	{ "send email", SN_ANSWER_MAIL },
	{ "send an email", SN_ANSWER_MAIL },
	{ "always email", SN_ANSWER_ALWAYS_MAIL },
	{ "always mail", SN_ANSWER_ALWAYS_MAIL },
	{ "always by email", SN_ANSWER_ALWAYS_MAIL },
	{ "always email me", SN_ANSWER_ALWAYS_MAIL },
	{ "email always", SN_ANSWER_ALWAYS_MAIL },
	{ "always later", SN_ANSWER_ALWAYS_LATER },
	{ "always now", SN_ANSWER_ALWAYS_NOW },
};

/* Lower case, no punctuation, "e-mail" as "email", no "please" and "thanks", single blanks. */
static char *plain_words(const char *text)
{
	static const char *const polite[] = { "please", "pls", "thanks", "thank", "you", "it" };
	g_autofree char *lower = g_utf8_strdown(text, -1);
	GString *letters = g_string_new(NULL);

	for (const char *c = lower; *c; c = g_utf8_next_char(c)) {
		gunichar letter = g_utf8_get_char(c);
		if (g_unichar_isalnum(letter))
			g_string_append_unichar(letters, letter);
		else if (letter != '-' && letter != '\'')
			g_string_append_c(letters, ' ');
	}
	g_auto(GStrv) words = g_strsplit(letters->str, " ", -1);
	g_string_truncate(letters, 0);
	for (char **word = words; *word; word++) {
		gboolean skip = !**word;
		/* "it" matters in "send it" only. */
		for (gsize i = 0; i < G_N_ELEMENTS(polite); i++)
			skip |= strcmp(*word, polite[i]) == 0 &&
			        !(strcmp(*word, "it") == 0 && letters->len);
		if (!skip)
			g_string_append_printf(letters, "%s%s", letters->len ? " " : "", *word);
	}
	return g_string_free(letters, FALSE);
}

SnAnswer sn_answer_parse(const char *text)
{
	if (!text || strlen(text) > ANSWER_MAX || !g_utf8_validate(text, -1, NULL))
		return SN_ANSWER_NONE;
	g_autofree char *plain = plain_words(text);
	for (gsize i = 0; i < G_N_ELEMENTS(answers); i++)
		if (strcmp(plain, answers[i].words) == 0)
			return answers[i].answer;
	return SN_ANSWER_NONE;
}

/* ---- asking ---- */

char *sn_delivery_open_question(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GArray) open = sn_outbox_open_in(self->engine->store, entry->conversation);

	for (guint i = open->len; i > 0; i--) {
		SnId id = g_array_index(open, SnId, i - 1);
		g_autoptr(SnOutboxEntry) other = sn_outbox_get(self->engine->store, id, 0);
		if (other && other->state == SN_STATE_ASKED && id != entry->id &&
		    other->account == entry->account && other->quick_question && other->step > 0)
			return g_strdup(other->quick_question);
	}
	return NULL;
}

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
static void file_question(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnStore *store = self->engine->store;
	g_autoptr(SnMessage) row = sn_message_new();
	g_autoptr(GError) error = NULL;

	row->account = entry->account;
	row->channel = SN_CHANNEL_IM;
	row->direction = SN_OUT;
	row->time = sn_delivery_now(self);
	row->sender = sn_address_intern(store, SN_CHANNEL_IM, entry->from, NULL, &error);
	row->state = SN_STATE_ACCEPTED;
	row->origin_id = g_strdup(entry->quick_question);
	row->body = g_strdup(QUESTION);
	sn_message_add_party(row, SN_ROLE_FROM, entry->from, NULL);
	sn_message_add_party(row, SN_ROLE_TO, sn_delivery_jid(entry), NULL);
	SnAddResult result;
	if (!row->sender || !sn_message_add(store, row, NULL, NULL, &result, &error))
		g_warning("The question could not be filed: %s", error->message);
}

static void asked(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);

	if (!entry || entry->state != SN_STATE_ASKED || entry->step > 0)
		return;
	SnFact fact = {
		.what = "asked", .detail = sn_delivery_jid(entry), .reason = entry->reason, .step = 2
	};
	if (sn_delivery_apply(self, id, SN_DELIVERY_STEP, &fact))
		file_question(self, entry);
}

static void question_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE) {
			asked(self, job->entry);
		} else if (event->kind == SN_EVENT_ERROR &&
		           sn_delivery_event_for(event->error) == SN_DELIVERY_PERMANENT) {
			SnFact fact = {
				.reason = event->error->message,
				.error_word = sn_error_word((SnErrorCode)event->error->code),
			};
			sn_delivery_apply(self, job->entry, SN_DELIVERY_NEED_CHOICE, &fact);
		}
		/* else: asked again when the line is back, after a look into the archive */
	}
	sn_job_unref(job);
}

static void send_question(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account)
{
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_SEND, sn_engine_next_id(self->engine));

	request->message = question(entry);
	sn_engine_im(account, request, question_reply, sn_job_begin(self, entry->id, 0));
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
		if (event->kind == SN_EVENT_DONE && event->found)
			asked(self, job->entry);
		else if (!gone && entry && entry->state == SN_STATE_ASKED && entry->step == 0)
			send_question(self, entry, account);
	}
	sn_job_unref(job);
}

/* again: it may have been sent before. A question that arrives twice would puzzle. */
void sn_delivery_ask(SnDelivery *self, SnId id, gboolean again)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	SnEngineAccount *account =
		entry ? sn_engine_account_by_id(self->engine, entry->account) : NULL;

	if (!account || !account->im || !account->im_online || entry->state != SN_STATE_ASKED ||
	    entry->step > 0 || !entry->quick_question || g_hash_table_contains(self->jobs, &id))
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

/* ---- hearing the answer ---- */

static void obey(SnDelivery *self, SnId id, SnAnswer answer, const char *who)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	g_autofree char *reason = NULL, *why = NULL;
	SnFact fact = { .fresh = TRUE };

	if (!entry || entry->state != SN_STATE_ASKED)
		return; /* went along with an earlier one */
	switch (answer) {
	case SN_ANSWER_NONE: return;
	case SN_ANSWER_NOW:
	case SN_ANSWER_ALWAYS_NOW:
		reason = g_strdup_printf("%s answered: now", who);
		fact.detail = reason;
		sn_delivery_apply(self, id, SN_DELIVERY_SEND, &fact);
		return;
	case SN_ANSWER_LATER:
	case SN_ANSWER_ALWAYS_LATER:
		reason = g_strdup_printf("%s answered: later. It waits", who);
		fact.reason = reason;
		sn_delivery_apply(self, id, SN_DELIVERY_DEFER, &fact);
		return;
	case SN_ANSWER_MAIL:
	case SN_ANSWER_ALWAYS_MAIL:
		reason = g_strdup_printf("%s answered: email", who);
		if (sn_convert_possible(self, entry, &why)) {
			fact.reason = reason;
			sn_delivery_apply(self, id, SN_DELIVERY_MAIL, &fact);
			return;
		}
		fact.detail = reason;
		fact.reason = why;
		fact.error_word = sn_error_word(SN_ERROR_NOT_FOUND);
		sn_delivery_apply(self, id, SN_DELIVERY_NO_MAIL, &fact);
		return;
	}
}

static void remember_wish(SnDelivery *self, SnId person, SnAnswer answer)
{
	SnRule wish = answer == SN_ANSWER_ALWAYS_MAIL    ? SN_RULE_MAIL
	              : answer == SN_ANSWER_ALWAYS_LATER ? SN_RULE_DEFER
	              : answer == SN_ANSWER_ALWAYS_NOW   ? SN_RULE_SEND
	                                                 : SN_RULE_DEFAULT;
	g_autofree char *time = sn_delivery_time_text(sn_delivery_now(self));
	g_autofree char *origin = g_strdup_printf("answer of %s", time);
	g_autoptr(GError) error = NULL;

	if (wish != SN_RULE_DEFAULT && person &&
	    !sn_person_set_wish(self->engine->store, person, wish, origin, &error))
		g_warning("The wish of a contact could not be kept: %s", error->message);
}

/* Asked entries of this account to this address, whose question was out before the answer. */
static GArray *entries_asked(SnDelivery *self, const SnEngineAccount *account, SnId address,
                             const SnImMessage *im)
{
	g_autoptr(GArray) open = sn_outbox_open_for(self->engine->store, address);
	GArray *asked_ones = g_array_new(FALSE, FALSE, sizeof(SnId));

	for (guint i = 0; open && i < open->len; i++) {
		SnId id = g_array_index(open, SnId, i);
		g_autoptr(SnOutboxEntry) entry =
			sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
		gboolean asked_one = entry && entry->state == SN_STATE_ASKED &&
		                     entry->account == account->id && entry->quick_question;
		if (asked_one && (!im->time || im->time >= entry->created - CLOCK_SLACK))
			g_array_append_val(asked_ones, id);
	}
	return asked_ones;
}

gboolean sn_delivery_answer(SnDelivery *self, SnEngineAccount *account, SnId message,
                            const SnImMessage *im)
{
	const char *text = im->body_fallback_free ? im->body_fallback_free : im->body;
	SnAnswer answer = sn_answer_parse(text);
	g_autofree char *bare = im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : NULL;

	if (answer == SN_ANSWER_NONE || !bare || im->groupchat || im->error || im->carbon_sent)
		return FALSE;
	g_autoptr(SnAddress) address = sn_address_find(self->engine->store, SN_CHANNEL_IM, bare);
	if (!address)
		return FALSE;
	g_autoptr(GArray) ids = entries_asked(self, account, address->id, im);
	g_autoptr(SnPerson) person = sn_person_get(self->engine->store, address->person);
	if (ids->len == 0)
		return FALSE;
	remember_wish(self, address->person, answer);
	for (guint i = 0; i < ids->len; i++)
		obey(self, g_array_index(ids, SnId, i), answer, person ? person->name : bare);
	sn_delivery_again(self);
	return TRUE;
}
