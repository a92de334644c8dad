/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/schedule.h"

#include <string.h>

#include "src/route/plan.h"
#include "src/store/outcome.h"

/* ---- terms ---- */

gboolean sn_terms_wait(const SnTerms *terms)
{
	return terms->send_at || terms->when || terms->then;
}

/* The time it goes at the earliest; 0 = at once. What is not put off goes at any hour. */
static SnTime start_of(const SnTerms *terms, const SnHours *hours, SnTime now)
{
	SnTime wanted = MAX(terms->send_at, now), open = sn_hours_next(hours, wanted, NULL);

	if (open > wanted && (terms->send_at || terms->when))
		return open;
	return terms->send_at > now ? terms->send_at : 0;
}

/* "if Bob is online and not busy, and the account is connected" without the "if"; "" for none. */
static char *conditions(guint when, const char *who)
{
	static const struct {
		guint bit;
		const char *text;
	} words[] = {
#define X(name, word, bit, text) { bit, text },
		SN_WHEN_TABLE(X)
#undef X
	};
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (when & words[i].bit & SN_WHEN_PRESENCE)
			g_string_append_printf(out, out->len ? " and %s%s" : "%s is %s",
			                       out->len ? "" : who, words[i].text);
	if (when & SN_WHEN_NETWORK)
		g_string_append_printf(out, "%sthe account is connected", out->len ? " and " : "");
	return g_string_free(out, FALSE);
}

static const char *outcome(SnRule then, SnChannel channel)
{
	if (then == SN_RULE_FAIL)
		return "it fails";
	return channel == SN_CHANNEL_IM ? "email" : "the email goes all the same";
}

char *sn_terms_text(const SnTerms *terms, const SnHours *hours, SnChannel channel, const char *who,
                    SnTime now)
{
	SnTime start = start_of(terms, hours, now);
	g_autofree char *when = conditions(terms->when, who);
	g_autofree char *at = start ? sn_when_text(start, now, NULL) : NULL;
	g_autofree char *span = terms->within ? sn_span_text(terms->within) : NULL;
	GString *out = g_string_new(NULL);

	if (!sn_terms_wait(terms) && terms->encrypt != SN_ENCRYPT_REQUIRED)
		return g_string_free(out, TRUE);
	g_string_append(out, "will go");
	if (at)
		g_string_append_printf(out, " %s", at);
	if (start > MAX(terms->send_at, now))
		g_string_append(out, " (your working hours)");
	if (*when)
		g_string_append_printf(out, "%s %s", at ? ", if" : " when", when);
	if (!at && !*when)
		g_string_append_printf(out, terms->encrypt == SN_ENCRYPT_REQUIRED
		                                    ? " once it can be encrypted"
		                                    : " when %s is available", who);
	else if (terms->encrypt == SN_ENCRYPT_REQUIRED)
		g_string_append(out, ", once it can be encrypted");
	if (terms->then)
		g_string_append_printf(out, "; else %s", outcome(terms->then, channel));
	if (terms->then && span)
		g_string_append_printf(out, " after %s", span);
	return g_string_free(out, FALSE);
}

void sn_terms_apply(const SnTerms *terms, const SnHours *hours, SnTime now, SnOutboxNew *entry)
{
	SnTime start = start_of(terms, hours, now);

	if (start)
		entry->send_at = start;
	entry->when = terms->when;
	entry->then = terms->then;
	entry->encrypt = terms->encrypt;
	entry->sign = terms->sign;
	entry->expires = terms->within ? MAX(start, now) + terms->within : 0;
	/* with an end of its own there is nothing to decide when the contact is not available */
	if (terms->then && entry->if_unavailable == SN_RULE_DEFAULT)
		entry->if_unavailable = SN_RULE_DEFER;
}

SnTerms sn_terms_of(const SnOutboxEntry *entry, SnTime now)
{
	SnTime start = MAX(entry->send_at, entry->created);

	return (SnTerms){ .send_at = entry->send_at > now ? entry->send_at : 0,
		          .when = entry->when,
		          .then = entry->then,
		          .within = entry->then && entry->expires > start ? entry->expires - start : 0,
		          .encrypt = entry->encrypt,
		          .sign = entry->sign };
}

/* ---- what happens next ---- */

/* "tomorrow 09:00"; of today only the time, after `at`. */
static char *clock_text(SnTime time, SnTime now, const char *at)
{
	g_autofree char *text = sn_when_text(time, now, NULL);
	const char *today = "today ";

	return g_str_has_prefix(text, today) ? g_strconcat(at, text + strlen(today), NULL)
	                                     : g_steal_pointer(&text);
}

/* "; else it becomes an email tomorrow 10:00" */
static char *end_text(const SnOutboxEntry *entry, SnTime now)
{
	if (!entry->expires || entry->expires <= now)
		return g_strdup("");
	g_autofree char *at = clock_text(entry->expires, now, "at ");
	const char *how = entry->then == SN_RULE_FAIL             ? "it fails"
	                  : entry->encrypt == SN_ENCRYPT_REQUIRED ? "it fails"
	                  : entry->channel == SN_CHANNEL_IM       ? "it becomes an email"
	                  : entry->then == SN_RULE_MAIL           ? "it goes all the same"
	                                                          : "it fails";
	return g_strdup_printf("; else %s %s", how, at);
}

static char *queued_text(const SnOutboxEntry *entry, const char *who, SnId behind, SnTime now)
{
	g_autofree char *when = conditions(entry->when, who);

	if (entry->send_at > now && entry->send_at - entry->created < SN_MINUTE)
		return g_strdup_printf("Goes in %d s; until then it can be taken back.",
		                       (int)((entry->send_at - now + SN_SECOND - 1) / SN_SECOND));
	if (entry->send_at > now) {
		g_autofree char *at = sn_when_text(entry->send_at, now, NULL), *end = end_text(entry, now);
		return g_strdup_printf("Goes %s%s%s%s.", at, *when ? ", if " : "", when, end);
	}
	if (behind == SN_BEHIND_ANY)
		return g_strdup("Goes right after it.");
	if (behind)
		return g_strdup_printf("Goes when the message before it has gone (entry %" G_GINT64_FORMAT
		                       ").", behind);
	return g_strdup("Goes as soon as the engine looks at it.");
}

static char *waiting_text(const SnOutboxEntry *entry, const char *who, SnTime now)
{
	g_autofree char *when = conditions(entry->when, who), *end = end_text(entry, now);
	g_autofree char *next = entry->next_try > now ? clock_text(entry->next_try, now, "at ") : NULL;

	if (entry->error_word)
		return next ? g_strdup_printf("Is tried again %s, or when the account is connected%s.",
		                              next, end)
		            : g_strdup_printf("Is tried again when the account is connected%s.", end);
	if (entry->encrypt == SN_ENCRYPT_REQUIRED)
		return g_strdup_printf("Goes once it can be encrypted, or when you allow it "
		                       "unencrypted%s.", end);
	if (entry->send_at > now) {
		g_autofree char *at = sn_when_text(entry->send_at, now, NULL);
		return g_strdup_printf("Goes %s%s%s%s.", at, *when ? ", if " : "", when, end);
	}
	g_autofree char *usual = *when ? NULL : g_strdup_printf("%s is available", who);
	return g_strdup_printf("Goes when %s%s%s%s.", *when ? when : usual,
	                       next ? "; looked at again " : "", next ? next : "", end);
}

static char *asked_text(const SnOutboxEntry *entry, const char *who, SnTime now)
{
	if (entry->next_try <= now)
		return g_strdup("Waits for an answer.");
	g_autofree char *until = clock_text(entry->next_try, now, "");
	return g_strdup_printf("Waits for an answer until %s, then until %s is available.", until, who);
}

static char *choosing_text(const SnOutboxEntry *entry, SnTime now)
{
	if (sn_outbox_is_uncertain(entry))
		return g_strdup("Waits for your decision: look again whether it went, say that it has "
		                "arrived, send it again, or cancel it.");
	if (entry->expires <= now)
		return g_strdup("Waits for your decision.");
	g_autofree char *at = clock_text(entry->expires, now, "at ");
	gboolean mail = entry->then == SN_RULE_MAIL && entry->channel == SN_CHANNEL_IM;
	return g_strdup_printf("Waits for your decision; else it %s %s.",
	                       mail ? "becomes an email" : "fails", at);
}

char *sn_entry_next_text(const SnOutboxEntry *entry, const char *who, SnId behind, SnTime now)
{
	if (entry->request == SN_REQUEST_CANCEL && entry->state != SN_STATE_SENDING)
		return g_strdup("Is being taken back.");
	switch (entry->state) {
	case SN_STATE_QUEUED: return queued_text(entry, who, behind, now);
	case SN_STATE_WAITING: return waiting_text(entry, who, now);
	case SN_STATE_CHOOSING: return choosing_text(entry, now);
	case SN_STATE_ASKED: return asked_text(entry, who, now);
	case SN_STATE_SENDING:
		if (entry->channel == SN_CHANNEL_MAIL)
			return g_strdup(entry->step > 0
			                        ? "Is being sent: the server has all of it, and has "
			                          "not answered yet. It is too late to change it."
			                        : "Is being sent. It can be cancelled until the "
			                          "server has all of it.");
		return entry->step > 0
			? g_strdup_printf("Is being sent: step %d is done. It is too late to change it.",
		                          entry->step)
			: g_strdup("Is being sent. It is too late to change it.");
	case SN_STATE_ACCEPTED:
		return g_strdup("The server has it; a report that it arrived may follow.");
	case SN_STATE_DELIVERED: return g_strdup("It has arrived. Nothing more to do.");
	case SN_STATE_READ: return g_strdup("It has been read. Nothing more to do.");
	case SN_STATE_CONVERTED:
		return g_strdup_printf("It became an email, entry %" G_GINT64_FORMAT ".",
		                       entry->converted_to);
	case SN_STATE_FAILED:
		return g_strdup(entry->channel == SN_CHANNEL_IM
		                        ? "Nothing more happens until you retry or edit it, send it as "
		                          "email, or dismiss it."
		                        : "Nothing more happens until you retry, edit or dismiss it.");
	default: return g_strdup("Nothing more happens.");
	}
}

char *sn_entry_next(SnStore *store, const SnOutboxEntry *entry, SnId behind, SnTime now)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(store, entry->conversation);
	g_autoptr(GPtrArray) outcomes =
		entry->state == SN_STATE_ACCEPTED ? sn_outcome_list(store, entry->id) : NULL;
	gboolean reported = outcomes && outcomes->len;

	for (guint i = 0; reported && i < outcomes->len; i++)
		reported = ((const SnOutcome *)outcomes->pdata[i])->fate >= SN_FATE_RELAYED;
	if (reported)
		return g_strdup("It was passed on, and no more reports come from there. Nothing more "
		                "to do.");
	return sn_entry_next_text(entry,
	                          conversation && conversation->title ? conversation->title
	                                                              : "the contact",
	                          behind, now);
}

SnTime sn_entry_next_time(const SnOutboxEntry *entry)
{
	if (entry->state == SN_STATE_QUEUED)
		return entry->send_at;
	return entry->next_try;
}

/* ---- the other channel ---- */

static SnOutboxNew other_message(const SnOutboxEntry *old, const SnPlan *plan, const char *subject,
                                 SnTime now)
{
	SnTerms terms = sn_terms_of(old, now);
	SnOutboxNew new = {
		.conversation = old->conversation,
		.account = plan->account,
		.channel = plan->channel,
		.from = plan->from,
		.recipients = plan->recipients,
		.subject = subject,
		.body = old->body ? old->body : "",
		.reply_to = old->reply_to,
		.attachments = old->attachments && old->attachments->len ? old->attachments : NULL,
		.history = old->history && old->history->len ? old->history : NULL,
		.agreed = old->agreed,
		.history_attachments = old->history_attachments,
		.if_unavailable = old->if_unavailable,
		.announce = TRUE,
		.state = SN_STATE_QUEUED,
		.send_at = terms.send_at,
		.when = terms.when,
		.then = terms.then,
		.expires = terms.within ? old->expires : 0,
		.encrypt = terms.encrypt,
		.sign = terms.sign,
	};

	return new;
}

static gboolean has_copies(const SnOutboxEntry *entry)
{
	return entry->recipients && entry->recipients->len > 1;
}

SnId sn_entry_switch(SnStore *store, const SnConfig *config, SnId id, const SnClock *clock,
                     GError **error)
{
	g_autoptr(SnOutboxEntry) old = sn_outbox_get(store, id, SN_OUTBOX_FULL);
	g_autofree char *subject = NULL;

	if (!old) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such entry in the outbox.");
		return 0;
	}
	if (old->resend) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "An email that is sent on as it is can only go by email.");
		return 0;
	}
	if (has_copies(old)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "It goes to several people, and an IM goes to one: edit it instead.");
		return 0;
	}
	SnPlanRequest request = { .conversation = old->conversation,
		                  .reply_to = old->reply_to,
		                  .mode = old->channel == SN_CHANNEL_IM ? SN_MODE_MAIL : SN_MODE_IM };
	g_autoptr(SnPlan) plan = sn_plan_reply(store, config, &request, clock);
	if (plan->status != SN_PLAN_READY && plan->status != SN_PLAN_NEED_CHOICE) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "%s.", plan->text);
		return 0;
	}
	if (plan->channel == SN_CHANNEL_MAIL)
		subject = old->subject ? g_strdup(old->subject)
		                       : sn_plan_subject(store, old->conversation, old->reply_to,
		                                         old->body);
	SnOutboxNew new = other_message(old, plan, subject, sn_clock_now(clock));
	return sn_outbox_replace(store, id, &new, error);
}
