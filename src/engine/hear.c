/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hear.c - the answer to a question of ours, and what follows from it.
 *
 * It counts from any client of the address that was asked, also when it came to another device of
 * ours. The last one counts as long as the message has not gone. After that the contact is told
 * once what became of it; what is not clearly an answer does nothing, and is only shown.
 */
#include <string.h>

#include "src/engine/delivery_private.h"
#include "src/store/asked.h"
#include "src/store/policy.h"

#define CLOCK_SLACK (5 * SN_MINUTE)
#define LATE SN_DAY /* later than that, words are no answer to a question nobody remembers */

/* ---- obeying ---- */

static const char *answer_word(SnAnswer answer)
{
	switch (sn_answer_plain(answer)) {
	case SN_ANSWER_NOW: return "now";
	case SN_ANSWER_LATER: return "later";
	case SN_ANSWER_MAIL: return "email";
	default: return "nothing";
	}
}

/* May the contact still decide about it? Not over the user's own decision or schedule. */
static gboolean is_open(SnDelivery *self, const SnOutboxEntry *entry)
{
	gboolean scheduled = entry->state == SN_STATE_QUEUED &&
	                     entry->send_at > sn_delivery_now(self);
	gboolean state = entry->state == SN_STATE_ASKED || entry->state == SN_STATE_WAITING ||
	                 entry->state == SN_STATE_QUEUED || entry->state == SN_STATE_CHOOSING;

	return state && !scheduled && entry->request == SN_REQUEST_NONE &&
	       !sn_delivery_is_uncertain(entry) && !sn_delivery_has_begun(self, entry);
}

static gboolean to_mail(SnDelivery *self, const SnOutboxEntry *entry, const char *reason,
                        SnFact *fact)
{
	g_autofree char *why = NULL;

	if (sn_convert_possible(self, entry, &why)) {
		fact->reason = reason;
		return sn_delivery_apply(self, entry->id, SN_DELIVERY_MAIL, fact);
	}
	fact->detail = reason;
	fact->reason = why;
	fact->error_word = sn_error_word(SN_ERROR_NOT_FOUND);
	return sn_delivery_apply(self, entry->id, SN_DELIVERY_NO_MAIL, fact);
}

gboolean sn_delivery_obey(SnDelivery *self, SnId id, SnAnswer answer, const char *who,
                          const char *question, gboolean clear_request)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	g_autofree char *said = g_strdup_printf("%s: %s", who, answer_word(answer));
	g_autofree char *waits = g_strconcat(said, ". It waits", NULL);
	SnFact fact = { .fresh = TRUE, .clear_request = clear_request, .question = question };

	if (!entry || (!clear_request && !is_open(self, entry)))
		return FALSE; /* went along with an earlier one */
	switch (sn_answer_plain(answer)) {
	case SN_ANSWER_NOW:
		fact.detail = said;
		if (!clear_request)
			sn_delivery_send_deferred(self, id, said);
		return sn_delivery_apply(self, id, SN_DELIVERY_SEND, &fact);
	case SN_ANSWER_LATER:
		fact.reason = waits;
		return sn_delivery_apply(self, id, SN_DELIVERY_DEFER, &fact);
	case SN_ANSWER_MAIL: return to_mail(self, entry, said, &fact);
	default: g_assert_not_reached();
	}
}

/*
 * "Later" of somebody who is there all the time: not by the next try, five minutes on. Until the
 * presence changes, or the answer is too old to hold. The same while the answer is awaited.
 */
gboolean sn_delivery_is_put_off(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnAsked) asked =
		entry->quick_question ? sn_asked_get(self->engine->store, entry->quick_question) : NULL;

	if (!asked)
		return FALSE;
	/* what lies in the future was written by a clock that ran ahead, and would hold for too long */
	SnTime now = sn_delivery_now(self);
	gboolean awaited = entry->state == SN_STATE_ASKED && !asked->answered && asked->time <= now;
	gboolean later = sn_answer_plain((SnAnswer)asked->answer) == SN_ANSWER_LATER &&
	                 asked->answered <= now &&
	                 asked->answered + sn_delivery_settings(self)->delivery_ask_again > now;
	g_autoptr(SnPresence) there = sn_presence_best(self->engine->store, asked->address);
	return (awaited && there->since < asked->time) ||
	       (later && there->since < asked->answered);
}

/* ---- too late ---- */

/* What the contact is told when the answer comes too late; NULL: nothing, it is as they want. */
static const char *too_late(const SnOutboxEntry *entry, SnAnswer answer)
{
	switch (entry->state) {
	case SN_STATE_CONVERTED:
		return sn_answer_plain(answer) == SN_ANSWER_MAIL
			       ? NULL
			       : "That message was already sent to you by email.";
	case SN_STATE_SENDING:
	case SN_STATE_ACCEPTED:
	case SN_STATE_DELIVERED:
	case SN_STATE_READ:
		return sn_answer_plain(answer) == SN_ANSWER_NOW ? NULL
		                                                : "That message was already sent.";
	case SN_STATE_CANCELLED: return "I have taken that message back, so nothing will come.";
	default: return NULL;
	}
}

/* One short IM, once for each question, so that two programs cannot go on telling each other. */
static void tell(SnDelivery *self, const SnOutboxEntry *entry, const SnAsked *asked,
                 const char *text)
{
	g_autoptr(GError) error = NULL;
	SnOutboxNew new = {
		.conversation = entry->conversation,
		.account = entry->account,
		.channel = SN_CHANNEL_IM,
		.from = entry->from,
		.recipients = entry->recipients,
		.body = text,
		.if_unavailable = SN_RULE_SEND,
		.state = SN_STATE_QUEUED,
	};

	if (asked->told)
		return;
	if (!sn_asked_told(self->engine->store, asked->question, &error) ||
	    !sn_outbox_queue(self->engine->store, &new, FALSE, &error))
		g_warning("The contact could not be told that it is too late: %s", error->message);
}

static void tell_too_late(SnDelivery *self, const SnAsked *asked, const GArray *ids,
                          SnAnswer answer)
{
	for (guint i = ids->len; i > 0; i--) {
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(
			self->engine->store, g_array_index(ids, SnId, i - 1), SN_OUTBOX_FULL);
		const char *text = entry ? too_late(entry, answer) : NULL;
		if (text) {
			tell(self, entry, asked, text);
			return;
		}
	}
}

/* ---- hearing ---- */

static void remember_wish(SnDelivery *self, const SnAsked *asked, SnAnswer answer)
{
	SnRule wish = answer == SN_ANSWER_ALWAYS_MAIL    ? SN_RULE_MAIL
	              : answer == SN_ANSWER_ALWAYS_LATER ? SN_RULE_DEFER
	              : answer == SN_ANSWER_ALWAYS_NOW   ? SN_RULE_SEND
	                                                 : SN_RULE_DEFAULT;
	g_autoptr(GError) error = NULL;

	if (wish != SN_RULE_DEFAULT && !sn_contact_wish_set(self->engine->store, asked->address,
	                                                    SN_WISHED_ANSWER, wish, NULL, &error))
		g_warning("The wish of a contact could not be kept: %s", error->message);
}

/* Is the question still so near that a mere "ok" belongs to it? */
static gboolean is_at_hand(SnDelivery *self, const SnAsked *asked)
{
	SnTime timeout = sn_delivery_settings(self)->delivery_ask_timeout;

	return !asked->answered && asked->time + timeout >= sn_delivery_now(self) &&
	       sn_asked_is_last(self->engine->store, asked);
}

/* The question that this may be the answer to; NULL. */
static SnAsked *question_of(SnDelivery *self, const SnEngineAccount *account, SnId address,
                            const SnImMessage *im)
{
	SnStore *store = self->engine->store;
	SnTime now = sn_delivery_now(self), said = im->time ? im->time : now;
	/* An answer to something else, by the client's own word, is none to the question. */
	g_autoptr(SnAsked) asked = im->reply_id ? sn_asked_get(store, im->reply_id)
	                                        : sn_asked_newest(store, account->id, address);

	if (!asked || asked->account != account->id || asked->address != address ||
	    said < asked->time - CLOCK_SLACK || said > asked->time + LATE + CLOCK_SLACK)
		return NULL;
	return g_steal_pointer(&asked);
}

static SnAnswer read_answer(SnDelivery *self, const SnAsked *asked, const SnImMessage *im)
{
	gboolean weak = FALSE;
	SnAnswer answer =
		sn_answer_read(im->body_fallback_free ? im->body_fallback_free : im->body, &weak);

	return weak && !im->reply_id && !is_at_hand(self, asked) ? SN_ANSWER_NONE : answer;
}

/* Which entries the contact may decide about; the rest of the question's have gone. */
static gboolean any_open(SnDelivery *self, const GArray *ids)
{
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(
			self->engine->store, g_array_index(ids, SnId, i), SN_OUTBOX_FULL);
		if (entry && is_open(self, entry))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_from_contact(const SnImMessage *im)
{
	/* a message with quick responses asks for itself; one of ours by carbon answers nothing */
	return im->from && !im->groupchat && !im->error && !im->carbon_sent && !im->response_values;
}

gboolean sn_delivery_answer(SnDelivery *self, SnEngineAccount *account, SnId message,
                            const SnImMessage *im)
{
	SnStore *store = self->engine->store;
	g_autofree char *bare =
		is_from_contact(im) ? sn_address_normalise(SN_CHANNEL_IM, im->from) : NULL;
	g_autoptr(SnAddress) address = bare ? sn_address_find(store, SN_CHANNEL_IM, bare) : NULL;
	/* hardly anybody was asked: that is found out sooner than what a text means */
	g_autoptr(SnAsked) asked = address ? question_of(self, account, address->id, im) : NULL;
	SnAnswer answer = asked ? read_answer(self, asked, im) : SN_ANSWER_NONE;

	if (answer == SN_ANSWER_NONE)
		return FALSE;
	g_autoptr(GArray) ids = sn_asked_entries(store, asked->question);
	g_autoptr(SnPerson) person = sn_person_get(store, address->person);
	g_autofree char *who = g_strdup_printf("%s answered", person ? person->name : bare);
	gboolean open = any_open(self, ids);
	if (open || answer != sn_answer_plain(answer))
		sn_asked_answered(store, asked->question, (int)answer, sn_delivery_now(self), NULL);
	remember_wish(self, asked, answer);
	for (guint i = 0; i < ids->len; i++)
		sn_delivery_obey(self, g_array_index(ids, SnId, i), answer, who, NULL, FALSE);
	if (!open)
		tell_too_late(self, asked, ids, answer);
	sn_delivery_again(self);
	return open;
}
