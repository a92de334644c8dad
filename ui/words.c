/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/words.h"

#include <string.h>
#include <time.h>

#include "src/route/schedule.h"
#include "src/text/text.h"

enum { SHOWN = 60 }; /* columns of what is answered */

/* Not GDateTime: it looks up /etc/localtime each time, and the screen is full of times. */
static struct tm local(SnTime time)
{
	time_t seconds = (time_t)(time / 1000);
	struct tm parts = { 0 };

	localtime_r(&seconds, &parts);
	return parts;
}

static char *format(SnTime time, const char *pattern)
{
	struct tm parts = local(time);
	char text[200];
	gsize length;

	/* the pattern of ui.timestamps is the user's own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	length = strftime(text, sizeof text, pattern, &parts);
#pragma GCC diagnostic pop
	return g_utf8_make_valid(text, (gssize)length);
}

/* Days from the day of a to the day of b. */
static gint64 days_between(SnTime a, SnTime b)
{
	struct tm from = local(a), to = local(b);
	GDate first, second;

	g_date_clear(&first, 1);
	g_date_clear(&second, 1);
	g_date_set_dmy(&first, (GDateDay)from.tm_mday, (GDateMonth)(from.tm_mon + 1),
	               (GDateYear)(from.tm_year + 1900));
	g_date_set_dmy(&second, (GDateDay)to.tm_mday, (GDateMonth)(to.tm_mon + 1),
	               (GDateYear)(to.tm_year + 1900));
	return g_date_days_between(&first, &second);
}

static gboolean same_year(SnTime a, SnTime b)
{
	return local(a).tm_year == local(b).tm_year;
}

gboolean sn_words_same_day(SnTime a, SnTime b)
{
	return days_between(a, b) == 0;
}

char *sn_words_when(SnTime time, SnTime now)
{
	gint64 days = days_between(time, now);

	if (time <= 0)
		return g_strdup("");
	if (days == 0)
		return format(time, "%H:%M");
	if (days > 0 && days < 7)
		return format(time, "%a");
	return format(time, same_year(time, now) ? "%-d %b" : "%m/%Y");
}

char *sn_words_day(SnTime time, SnTime now)
{
	gint64 days = days_between(time, now);

	if (days == 0)
		return g_strdup("Today");
	if (days == 1)
		return g_strdup("Yesterday");
	return format(time, same_year(time, now) ? "%A %-d %B" : "%A %-d %B %Y");
}

char *sn_words_time(SnTime time, const char *pattern)
{
	return format(time, pattern);
}

char *sn_words_full(SnTime time)
{
	return format(time, "%A %-d %B %Y, %H:%M");
}

static char *span_words(SnTime span)
{
	if (span < SN_MINUTE)
		return g_strdup_printf("%d s", (int)(span / SN_SECOND));
	if (span < 2 * SN_HOUR)
		return g_strdup_printf("%d min", (int)((span + SN_MINUTE / 2) / SN_MINUTE));
	if (span < 2 * SN_DAY)
		return g_strdup_printf("%d h", (int)((span + SN_HOUR / 2) / SN_HOUR));
	return g_strdup_printf("%d days", (int)((span + SN_DAY / 2) / SN_DAY));
}

char *sn_words_relative(SnTime time, SnTime now)
{
	SnTime span = time > now ? time - now : now - time;

	g_assert(span >= 0);
	g_autofree char *words = span_words(span);

	if (span < SN_SECOND)
		return g_strdup("now");
	return time > now ? g_strdup_printf("in %s", words) : g_strdup_printf("%s ago", words);
}

static const struct {
	const char *mark, *word;
	SnObject object;
} presences[] = {
	[SN_PRESENCE_UNKNOWN] = { "", "presence unknown", SN_OBJ_FAINT },
	[SN_PRESENCE_OFFLINE] = { "\342\227\213", "offline", SN_OBJ_PRESENCE_OFFLINE },
	[SN_PRESENCE_XA] = { "\342\227\220", "extended away", SN_OBJ_PRESENCE_AWAY },
	[SN_PRESENCE_DND] = { "\342\212\226", "do not disturb", SN_OBJ_PRESENCE_DND },
	[SN_PRESENCE_AWAY] = { "\342\227\220", "away", SN_OBJ_PRESENCE_AWAY },
	[SN_PRESENCE_ONLINE] = { "\342\227\217", "online", SN_OBJ_PRESENCE_ONLINE },
	[SN_PRESENCE_CHAT] = { "\342\227\217", "online, free to talk", SN_OBJ_PRESENCE_ONLINE },
};

const char *sn_words_presence_mark(SnPresenceShow show, SnObject *object)
{
	g_assert((gsize)show < G_N_ELEMENTS(presences));
	*object = presences[show].object;
	return presences[show].mark;
}

const char *sn_words_presence(SnPresenceShow show)
{
	g_assert((gsize)show < G_N_ELEMENTS(presences));
	return presences[show].word;
}

const char *sn_words_channel(SnChannel channel)
{
	return channel == SN_CHANNEL_MAIL ? "email" : "IM";
}

const char *sn_words_sender(const SnMessage *message)
{
	if (message->direction == SN_OUT)
		return "You";
	if (message->sender_name && *message->sender_name)
		return message->sender_name;
	return message->sender_value ? message->sender_value : "?";
}

char *sn_words_answers(const SnMessage *answered, SnTime now)
{
	const char *text = answered->subject && *answered->subject ? answered->subject
	                   : answered->preview                      ? answered->preview
	                                                            : "";
	g_autofree char *line = sn_text_clean_line(text, -1), *what = sn_text_fit(line, SHOWN);
	g_autofree char *name = sn_text_clean_line(sn_words_sender(answered), -1);
	g_autofree char *whose = answered->direction == SN_OUT ? g_strdup("your")
	                                                       : g_strdup_printf("%s's", name);
	g_autofree char *when = sn_words_when(answered->time, now);

	return g_strdup_printf("\342\206\263 to %s %s, %s%s%s", whose, sn_words_channel(answered->channel),
	                       when, *what ? ": " : "", what);
}

static const struct {
	const char *mark, *word;
	SnObject object;
} states[] = {
	[SN_STATE_RECEIVED] = { "", "", SN_OBJ_FAINT },
	[SN_STATE_DRAFT] = { "", "draft", SN_OBJ_LIST_DRAFT },
	[SN_STATE_QUEUED] = { "\302\267", "queued", SN_OBJ_STATE_PENDING },
	[SN_STATE_CHOOSING] = { "!", "needs your decision", SN_OBJ_STATE_FAILED },
	[SN_STATE_SENDING] = { "\342\206\222", "sending", SN_OBJ_STATE_PENDING },
	[SN_STATE_ACCEPTED] = { "\342\234\223", "sent", SN_OBJ_STATE_SENT },
	[SN_STATE_DELIVERED] = { "\342\234\223\342\234\223", "delivered", SN_OBJ_STATE_DELIVERED },
	[SN_STATE_READ] = { "\342\234\223\342\234\223", "read", SN_OBJ_STATE_READ },
	[SN_STATE_WAITING] = { "\342\227\213", "waiting", SN_OBJ_STATE_WAITING },
	[SN_STATE_ASKED] = { "?", "asked", SN_OBJ_STATE_WAITING },
	[SN_STATE_CONVERTED] = { "\342\206\222", "sent as email", SN_OBJ_STATE_SENT },
	[SN_STATE_FAILED] = { "\342\234\227", "failed", SN_OBJ_STATE_FAILED },
	[SN_STATE_CANCELLED] = { "\342\234\227", "cancelled", SN_OBJ_FAINT },
};

const char *sn_words_state_mark(SnState state)
{
	g_assert((gsize)state < G_N_ELEMENTS(states));
	return states[state].mark;
}

const char *sn_words_state(SnState state)
{
	g_assert((gsize)state < G_N_ELEMENTS(states));
	return states[state].word;
}

SnObject sn_words_state_object(SnState state)
{
	g_assert((gsize)state < G_N_ELEMENTS(states));
	return states[state].object;
}

char *sn_words_entry(const SnOutboxEntry *entry, SnTime now)
{
	const char *word = sn_words_state(entry->state);
	/* a reason that begins with the same words says it all */
	gboolean again = *word && entry->reason && g_str_has_prefix(entry->reason, word);
	GString *out = g_string_new(again ? entry->reason : word);

	if (!again && entry->reason && *entry->reason && entry->state != SN_STATE_CONVERTED)
		g_string_append_printf(out, ": %s", entry->reason);
	/* a reason may be a whole sentence of a server; here others follow it */
	if (out->len && out->str[out->len - 1] == '.')
		g_string_truncate(out, out->len - 1);
	if (entry->request == SN_REQUEST_CANCEL && entry->state != SN_STATE_SENDING) {
		g_string_append(out, ", being taken back");
	} else if (entry->state == SN_STATE_QUEUED && entry->send_at > entry->created + SN_MINUTE &&
	           entry->send_at > now) {
		g_autofree char *when = sn_when_text(entry->send_at, now, NULL);
		g_string_append_printf(out, ", goes %s", when);
	}
	if (entry->next_try > now &&
	    (entry->state == SN_STATE_WAITING || entry->state == SN_STATE_QUEUED)) {
		g_autofree char *when = sn_words_relative(entry->next_try, now);
		g_string_append_printf(out, ", next try %s", when);
	}
	return g_string_free(out, FALSE);
}

char *sn_words_next(SnStore *store, const SnOutboxEntry *entry, SnTime now)
{
	g_autoptr(SnOutboxEntry) email =
		entry->converted_to ? sn_outbox_get(store, entry->converted_to, 0) : NULL;

	if (email && entry->state == SN_STATE_CONVERTED)
		return g_strdup_printf("It became an email, which is %s.",
		                       email->state == SN_STATE_CHOOSING ? "waiting for your decision"
		                                                         : sn_words_state(email->state));
	return sn_entry_next(store, entry, entry->behind ? SN_BEHIND_ANY : 0, now);
}

/* Words of the machine (src/engine/machine.h) and of the store, as its reader would say them. */
const char *sn_words_event(const char *what)
{
	static const struct {
		const char *what, *words;
	} events[] = {
		{ "choosing", "you have to decide" },
		{ "need-choice", "you have to decide" },
		{ "behind", "behind an earlier one" },
		{ "hand-over", "with the server" },
		{ "no-line", "not connected" },
		{ "defer", "waits" },
		{ "waiting", "waits" },
		{ "looked", "looked at again" },
		{ "retry", "tried again" },
		{ "ask-them", "asked" },
		{ "appeared", "there again" },
		{ "send", "to be sent now" },
		{ "mail", "becomes an email" },
		{ "no-mail", "no email possible" },
		{ "step", "one step done" },
		{ "accepted", "accepted by the server" },
		{ "temporary", "refused for now" },
		{ "permanent", "refused" },
		{ "uncertain", "the line broke" },
		{ "missing", "the server has it not" },
		{ "cannot-know", "nobody can tell" },
		{ "seen", "a copy turned up" },
		{ "receipt", "arrived" },
		{ "displayed", "read" },
		{ "bounce", "came back" },
		{ "expired", "waited too long" },
		{ "cancel", "cancelled" },
		{ "request", "asked for" },
		{ "converted", "became an email" },
		{ "replaced", "written anew" },
		{ "rescheduled", "put off" },
		{ "announced", "you were told" },
		{ "told", "you were told" },
		{ "late-error", "error, too late" },
		{ "part-receipt", "a part arrived" },
		{ "relayed", "passed on" },
		{ "deleted", "deleted unread" },
		{ "denied", "won't say if read" },
		{ "put-off", "put off" },
		{ "encrypt", "not encrypted yet" },
		{ "plain", "may go unencrypted" },
		{ "refused", "cannot go" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(events); i++)
		if (strcmp(events[i].what, what) == 0)
			return events[i].words;
	return what;
}

const char *sn_words_rule(SnRule rule)
{
	switch (rule) {
	case SN_RULE_ASK: return "ask me";
	case SN_RULE_DEFER: return "wait until they are available";
	case SN_RULE_MAIL: return "send an email instead";
	case SN_RULE_SEND: return "send anyway";
	case SN_RULE_ASK_THEM: return "ask them";
	case SN_RULE_FAIL: return "give up";
	default: return "as the account says";
	}
}

char *sn_words_conflict(const SnConflict *conflict)
{
	const char *claimed = conflict->claimed ? conflict->claimed : "somebody else";

	if (conflict->source == SN_LINK_USER)
		return g_strdup_printf("%s and %s: one, says one of your devices; not, says another",
		                       conflict->address, claimed);
	return g_strdup_printf("%s belongs to %s, says %s%s", conflict->address, claimed,
	                       conflict->evidence ? conflict->evidence
	                                          : sn_words_source(conflict->source),
	                       conflict->overruled ? "; you or a stronger source say otherwise" : "");
}

const char *sn_words_wish(SnRule wish)
{
	switch (wish) {
	case SN_RULE_MAIL: return "an email";
	case SN_RULE_DEFER: return "to wait until they are available";
	case SN_RULE_SEND: return "to be sent an IM anyway";
	default: return "to be asked";
	}
}

const char *sn_words_source(SnLinkSource source)
{
	switch (source) {
	case SN_LINK_USER: return "you typed or confirmed it";
	case SN_LINK_VCARD: return "from your vCard file";
	case SN_LINK_ADDRESS_BOOK: return "from your address book";
	case SN_LINK_CROSS_REPLY: return "answered from there";
	case SN_LINK_XMPP_VCARD: return "from their IM profile";
	case SN_LINK_JABBER_ID: return "named in an email's header";
	case SN_LINK_SIGNED_TEXT: return "named in a message";
	case SN_LINK_SEEN: return "seen in a message";
	case SN_LINK_EQUAL: return "the same address on the other channel";
	}
	return "";
}
