/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox_change.c - an entry's way out. Every change compares the state it expects, and writes the
 * new one, the message's, and the journal in one transaction.
 */
#include <string.h>

#include "src/base/fault.h"
#include "src/store/private.h"

#define REPLACED_BY "by " /* "by entry 7" */

gboolean sn_outbox_journal(SnStore *store, SnId id, const char *what, const char *detail,
                           GError **error)
{
	g_autofree char *tidy = sn_tidy(detail, SN_LINE_LIMIT);

	return sn_run(store, error,
	              "INSERT INTO outbox_event (outbox, time, what, detail) VALUES (?1, ?2, ?3, ?4)",
	              V(id), V(sn_now(store)), V(what), V(tidy));
}

static gboolean no_such(GError **error)
{
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such entry in the outbox.");
	return FALSE;
}

/* The state, or -1 with an error when there is no such entry. */
static int state_of(SnStore *store, SnId id, GError **error)
{
	SnSql *query = sn_sql(store, "SELECT state FROM outbox WHERE id = ?1", V(id));
	int state = sn_sql_row(query) ? (int)sn_sql_int(query, 0) : -1;

	if (sn_sql_end(query, error) && state < 0)
		no_such(error);
	return state;
}

static gboolean too_late(int state, GError **error)
{
	static const char *const words[] = {
		[SN_STATE_SENDING] = "the message is being sent",
		[SN_STATE_ACCEPTED] = "the message has gone",
		[SN_STATE_DELIVERED] = "the message has arrived",
		[SN_STATE_READ] = "the message has been read",
		[SN_STATE_CONVERTED] = "the message has become an email",
		[SN_STATE_FAILED] = "the message has failed",
		[SN_STATE_CANCELLED] = "the message was cancelled",
	};
	const char *how = (gsize)state < G_N_ELEMENTS(words) ? words[state] : NULL;

	g_set_error(error, SN_ERROR, SN_ERROR_EXISTS, "It is too late for that: %s.",
	            how ? how : sn_state_word((SnState)state));
	return FALSE;
}

/* Another one was made of it (sn_outbox_replace()): FALSE with an error that names it. */
static gboolean is_its_own(SnStore *store, SnId id, GError **error)
{
	g_autofree char *by = sn_one_text(store,
	                                  "SELECT detail FROM outbox_event WHERE outbox = ?1 AND "
	                                  "what = 'replaced' ORDER BY id DESC LIMIT 1",
	                                  V(id));

	if (!by)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_EXISTS, "It is too late for that: the message goes as %s.",
	            g_str_has_prefix(by, REPLACED_BY) ? by + strlen(REPLACED_BY) : by);
	return FALSE;
}

/* ---- what a client may ask ---- */

#define S(name) (1u << SN_STATE_##name)
#define NOT_GONE (S(QUEUED) | S(CHOOSING) | S(WAITING) | S(ASKED))

static const guint allowed[] = {
	[SN_REQUEST_NONE] = ~0u,
	[SN_REQUEST_SEND] = NOT_GONE,
	[SN_REQUEST_CANCEL] = NOT_GONE | S(SENDING) | S(FAILED),
	[SN_REQUEST_CONVERT] = NOT_GONE | S(FAILED),
	[SN_REQUEST_DEFER] = NOT_GONE,
	[SN_REQUEST_ASK_THEM] = NOT_GONE,
	[SN_REQUEST_RETRY] = NOT_GONE | S(FAILED),
	[SN_REQUEST_CHECK] = S(CHOOSING),
	[SN_REQUEST_ARRIVED] = S(CHOOSING),
};
G_STATIC_ASSERT(G_N_ELEMENTS(allowed) == SN_REQUEST_LAST + 1);

gboolean sn_outbox_is_uncertain(const SnOutboxEntry *entry)
{
	return entry->state == SN_STATE_CHOOSING &&
	       g_strcmp0(entry->error_word, sn_error_word(SN_ERROR_UNCERTAIN)) == 0;
}

/* Only what nobody is sure about can be looked up, or be said to have arrived; and it is not made
 * to wait, because then it would go again by itself. */
static gboolean makes_sense(SnStore *store, SnId id, SnOutboxRequest what, GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, 0);
	gboolean uncertain = entry && sn_outbox_is_uncertain(entry);
	gboolean settles = what == SN_REQUEST_CHECK || what == SN_REQUEST_ARRIVED;
	gboolean waits = what == SN_REQUEST_DEFER || what == SN_REQUEST_ASK_THEM;

	if (uncertain ? !waits : !settles)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
	            uncertain ? "The message may have gone already. Look it up again, send it again, "
	                        "or cancel it."
	                      : "It is known what became of this message: it has not been sent.");
	return FALSE;
}

gboolean sn_outbox_may(SnState state, SnOutboxRequest what)
{
	g_assert((gsize)what < G_N_ELEMENTS(allowed));
	return (allowed[what] & (1u << state)) != 0;
}

static gboolean request(SnStore *store, SnId id, SnOutboxRequest what, GError **error)
{
	int state = state_of(store, id, error);

	if (state < 0 || (what != SN_REQUEST_CANCEL && !is_its_own(store, id, error)))
		return FALSE;
	if (!(allowed[what] & (1u << state)))
		return too_late(state, error);
	if (!makes_sense(store, id, what, error))
		return FALSE;
	return sn_run(store, error, "UPDATE outbox SET request = ?2 WHERE id = ?1", V(id), V(what)) &&
	       sn_outbox_journal(store, id, "request", sn_outbox_request_word(what), error);
}

gboolean sn_outbox_request(SnStore *store, SnId id, SnOutboxRequest what, GError **error)
{
	g_assert((gsize)what < G_N_ELEMENTS(allowed));
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, request(store, id, what, error), error);
}

static gboolean has_begun(const SnOutboxEntry *entry)
{
	/* A question's steps are its own, and an email begins anew at each try. */
	return entry->channel == SN_CHANNEL_IM && entry->step > 0 && entry->state != SN_STATE_ASKED;
}

/* What may have arrived must not read otherwise here. */
static gboolean is_whole(const SnOutboxEntry *entry, GError **error)
{
	gboolean uncertain = sn_outbox_is_uncertain(entry);

	if (!uncertain && !has_begun(entry))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_EXISTS, "It is too late for that: %s.",
	            uncertain ? "the message may have gone already"
	                      : "a part of the message has gone already");
	return FALSE;
}

static gboolean edit(SnStore *store, SnId id, const char *subject, const char *body,
                     GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, 0);

	if (!entry)
		return no_such(error);
	if (!is_its_own(store, id, error))
		return FALSE;
	if (!(NOT_GONE & (1u << entry->state)))
		return too_late((int)entry->state, error);
	if (entry->resend) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "An email that is sent on goes as it is; it can be cancelled.");
		return FALSE;
	}
	if (!is_whole(entry, error))
		return FALSE;
	g_autofree char *clean_subject = sn_tidy(subject, SN_LINE_LIMIT);
	g_autofree char *clean_body = sn_tidy(body, SN_TEXT_LIMIT);
	if (!sn_run(store, error, "UPDATE outbox SET subject = ?2, body = ?3 WHERE id = ?1", V(id),
	            V(clean_subject), V(clean_body)))
		return FALSE;
	return sn_message_set_text(store, entry->message, clean_subject, clean_body, error) &&
	       sn_outbox_journal(store, id, "edited", NULL, error);
}

gboolean sn_outbox_edit(SnStore *store, SnId id, const char *subject, const char *body,
                        GError **error)
{
	g_return_val_if_fail(body != NULL, FALSE);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, edit(store, id, subject, body, error), error);
}

gboolean sn_outbox_dismiss(SnStore *store, SnId id, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = state_of(store, id, error) >= 0 &&
	              sn_run(store, error,
	                     "UPDATE outbox SET dismissed = 1 WHERE id = ?1 AND state = 11", V(id));
	return sn_store_finish(store, ok, error);
}

static gboolean reschedule(SnStore *store, SnId id, SnTime send_at, guint when, SnRule then,
                           SnTime expires, GError **error)
{
	g_autofree char *words = sn_when_words(when);
	g_autofree char *at = send_at ? sn_time_format(send_at) : g_strdup("now");
	g_autofree char *detail = g_strdup_printf("%s%s%s", at, when ? ", when " : "", words);

	return request(store, id, SN_REQUEST_DEFER, error) &&
	       sn_run(store, error,
	              "UPDATE outbox SET send_at = ?2, conditions = ?3, otherwise = ?4, expires = ?5 "
	              "WHERE id = ?1",
	              V(id), V(send_at), V(when), V(then), V(expires)) &&
	       sn_outbox_journal(store, id, "rescheduled", detail, error);
}

gboolean sn_outbox_reschedule(SnStore *store, SnId id, SnTime send_at, guint when, SnRule then,
                              SnTime expires, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, reschedule(store, id, send_at, when, then, expires, error),
	                       error);
}

/* A part that went, or a step of it that is remembered, cannot be taken back. */
static SnOutboxEntry *take_back(SnStore *store, SnId id, GError **error)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, SN_OUTBOX_FULL);

	if (!entry) {
		no_such(error);
		return NULL;
	}
	if (!is_its_own(store, id, error))
		return NULL;
	guint state = 1u << entry->state;
	if (state & (NOT_GONE | S(FAILED)) && !is_whole(entry, error))
		return NULL;
	if (!(state & (NOT_GONE | S(FAILED) | S(CANCELLED)))) {
		too_late((int)entry->state, error);
		return NULL;
	}
	if ((!(state & S(CANCELLED)) && !request(store, id, SN_REQUEST_CANCEL, error)) ||
	    !sn_run(store, error, "UPDATE message SET hidden = 1 WHERE id = ?1", V(entry->message)))
		return NULL;
	return g_steal_pointer(&entry);
}

SnOutboxEntry *sn_outbox_take_back(SnStore *store, SnId id, GError **error)
{
	if (!sn_store_begin(store, error))
		return NULL;
	SnOutboxEntry *entry = take_back(store, id, error);
	if (sn_store_finish(store, entry != NULL, error))
		return entry;
	sn_outbox_entry_free(entry);
	return NULL;
}

static SnId replace(SnStore *store, SnId id, const SnOutboxNew *new, const GPtrArray *files,
                    GError **error)
{
	g_autoptr(SnOutboxEntry) old = take_back(store, id, error);
	SnId other = old ? sn_outbox_insert(store, new, files, error) : 0;

	if (!other)
		return 0;
	g_autofree char *detail = g_strdup_printf(REPLACED_BY "entry %" G_GINT64_FORMAT, other);
	return sn_outbox_journal(store, id, "replaced", detail, error) ? other : 0;
}

SnId sn_outbox_replace(SnStore *store, SnId id, const SnOutboxNew *new, GError **error)
{
	g_autoptr(GPtrArray) files = sn_outbox_read_files(store, new, error);

	if (!files || !sn_store_begin(store, error))
		return 0;
	SnId other = replace(store, id, new, files, error);
	return sn_store_finish(store, other != 0, error) ? other : 0;
}

static gboolean allow_plain(SnStore *store, SnId id, GError **error)
{
	int state = state_of(store, id, error);

	if (state < 0)
		return FALSE;
	if (!((NOT_GONE | S(FAILED)) & (1u << state)))
		return too_late(state, error);
	return sn_run(store, error, "UPDATE outbox SET encrypt = 0 WHERE id = ?1", V(id)) &&
	       sn_outbox_journal(store, id, "plain", "you allowed it to go unencrypted", error);
}

gboolean sn_outbox_allow_plain(SnStore *store, SnId id, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, allow_plain(store, id, error), error);
}

gboolean sn_outbox_is_plain(SnStore *store, SnId id)
{
	return sn_one(store, "SELECT 1 FROM outbox_event WHERE outbox = ?1 AND what = 'plain'", V(id)) != 0;
}

/* ---- the engine's side ---- */

static gboolean change_row(SnStore *store, SnId id, SnState from, const SnOutboxChange *c,
                           GError **error)
{
	g_autofree char *reason = sn_tidy(c->reason, SN_LINE_LIMIT);

	return sn_run(store, error,
	              "UPDATE outbox SET state = ?3, reason = ?4, error_word = ?5, next_try = ?6, "
	              "attempts = iif(?7 < 0, attempts, ?7), step = iif(?8 < 0, step, ?8), "
	              "expires = iif(?9 = 0, expires, ?9), "
	              "quick_question = coalesce(?10, quick_question), "
	              "request = iif(?11, 0, request), dismissed = 0, behind = ?12, "
	              "untold = untold | ?13, send_at = iif(?14, 0, send_at) "
	              "WHERE id = ?1 AND state = ?2",
	              V(id), V(from), V(c->state), V(reason), V(c->error_word), V(c->next_try),
	              V(c->attempts), V(c->step), V(c->expires), V(c->quick_question),
	              V(c->clear_request ? 1 : 0), V(c->behind), V(c->tell ? 1 : 0),
	              V(c->at_once ? 1 : 0));
}

gboolean sn_outbox_lets_pass(SnState from, SnState to)
{
	guint stands = S(CHOOSING) | S(WAITING) | S(ASKED), moves = S(QUEUED) | S(SENDING);

	return (1u << from & (stands | moves)) &&
	       (!(1u << to & (stands | moves)) || (1u << from & moves && 1u << to & stands));
}

/* Those who got it get nothing twice when it is tried again for the others. */
static gboolean change_parties(SnStore *store, SnId id, SnState from, const SnOutboxChange *c,
                               GError **error)
{
	if (c->party && !sn_outcome_write(store, id, c->party, c->fate, c->fate_text, error))
		return FALSE;
	return from != SN_STATE_FAILED || c->state != SN_STATE_QUEUED ||
	       sn_outcome_again(store, id, error);
}

static gboolean change(SnStore *store, SnId id, SnState from, const SnOutboxChange *c,
                       GError **error)
{
	g_assert(c->what && *c->what);
	g_assert(c->state != SN_STATE_DRAFT && c->behind < id);
	if (!change_row(store, id, from, c, error))
		return FALSE;
	if (sn_changes(store) == 0) {
		int state = state_of(store, id, error);
		if (state >= 0)
			g_set_error(error, SN_ERROR, SN_ERROR_EXISTS,
			            "The message is %s by now, not %s.",
			            sn_state_word((SnState)state), sn_state_word(from));
		return FALSE;
	}
	if (sn_outbox_lets_pass(from, c->state) &&
	    !sn_run(store, error, "UPDATE outbox SET behind = 0 WHERE behind <> 0 AND behind = ?1",
	            V(id)))
		return FALSE;
	return sn_run(store, error,
	              "UPDATE message SET state = ?2 WHERE id = (SELECT message FROM outbox "
	              "WHERE id = ?1) AND state <> ?2",
	              V(id), V(c->state)) &&
	       sn_outbox_journal(store, id, c->what, c->detail, error) &&
	       change_parties(store, id, from, c, error);
}

gboolean sn_outbox_change(SnStore *store, SnId id, SnState from, const SnOutboxChange *c,
                          GError **error)
{
	g_return_val_if_fail(c->what != NULL, FALSE);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, change(store, id, from, c, error), error);
}

gboolean sn_outbox_note(SnStore *store, SnId id, const char *what, const char *detail,
                        GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = state_of(store, id, error) >= 0 &&
	              sn_outbox_journal(store, id, what, detail, error);
	return sn_store_finish(store, ok, error);
}

static gboolean convert_one(SnStore *store, SnId id, SnId into, GError **error)
{
	g_autofree char *detail = g_strdup_printf("entry %" G_GINT64_FORMAT, into);
	SnOutboxChange c = { .state = SN_STATE_CONVERTED, .what = "converted", .detail = detail,
		             .reason = "sent as email instead", .attempts = -1, .step = -1,
		             .clear_request = TRUE };
	int state = state_of(store, id, error);

	if (state < 0)
		return FALSE;
	if (!((NOT_GONE | S(FAILED) | S(SENDING)) & (1u << state)))
		return too_late(state, error);
	return change(store, id, (SnState)state, &c, error) &&
	       sn_run(store, error, "UPDATE outbox SET converted_to = ?2 WHERE id = ?1", V(id),
	              V(into));
}

SnId sn_outbox_convert(SnStore *store, const SnId *ids, gsize count, const SnOutboxNew *mail,
                       GError **error)
{
	g_return_val_if_fail(count > 0, 0);
	SnOutboxNew new = *mail;
	g_autoptr(GPtrArray) files = sn_outbox_read_files(store, mail, error);

	if (!new.converted_from)
		new.converted_from = ids[0];
	if (!files || !sn_store_begin(store, error))
		return 0;
	SnId into = sn_outbox_insert(store, &new, files, error);
	gboolean ok = into != 0;
	sn_fault(CONVERT_QUEUED);
	for (gsize i = 0; i < count && ok; i++)
		ok = convert_one(store, ids[i], into, error);
	sn_fault(CONVERT_MARKED);
	return sn_store_finish(store, ok, error) ? into : 0;
}

SnId sn_outbox_find_origin(SnStore *store, const char *origin_id)
{
	return sn_one(store, "SELECT id FROM outbox WHERE origin_id = ?1", V(origin_id));
}

SnId sn_outbox_find_message_id(SnStore *store, const char *message_id)
{
	return sn_one(store, "SELECT id FROM outbox WHERE message_id = ?1", V(message_id));
}

SnId sn_outbox_find_question(SnStore *store, const char *question_id)
{
	return sn_one(store,
	              "SELECT id FROM outbox WHERE quick_question = ?1 ORDER BY id DESC LIMIT 1",
	              V(question_id));
}
