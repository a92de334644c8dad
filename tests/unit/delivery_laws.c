/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold whatever happens to messages. */
#include <string.h>

#include "src/store/statement.h"
#include "tests/unit/delivery_life.h"

#define LONGEST_TIMER SN_HOUR

/* The journal of all, for who wants to know how it came. */
static void show_journal(Life *life)
{
	for (guint i = 0; i < life->watched->len; i++) {
		const Watched *one = &g_array_index(life->watched, Watched, i);
		g_autoptr(GPtrArray) events = sn_outbox_events(life->delivery->world->store, one->id);
		for (guint j = 0; j < events->len; j++) {
			const SnOutboxEvent *event = events->pdata[j];
			g_autofree char *time = sn_time_format(event->time);
			g_printerr("# %" G_GINT64_FORMAT " %s %s %s\n", one->id, time, event->what,
			           event->detail ? event->detail : "");
		}
	}
}

static void broken(Life *life, const SnOutboxEntry *entry, const char *what)
{
	const Watched *one = life_watched(life, entry->id);

	if (life->broken)
		return;
	life->broken = g_strdup_printf(
		"entry %" G_GINT64_FORMAT " (%s, %s%s%s; taken %d times) %s", entry->id,
		sn_channel_word(entry->channel), sn_state_word(entry->state),
		entry->reason ? ": " : "", entry->reason ? entry->reason : "",
		taken(life->delivery, one->wire), what);
	if (g_getenv("SENNIT_SEED"))
		show_journal(life);
}

static gboolean is_open(SnState state)
{
	return state == SN_STATE_QUEUED || state == SN_STATE_SENDING || state == SN_STATE_WAITING ||
	       state == SN_STATE_ASKED || state == SN_STATE_CHOOSING;
}

/* ---- never twice, never after the end, never for nothing ---- */

static void check_count(Life *life, const SnOutboxEntry *entry, Watched *one)
{
	int times = taken(life->delivery, one->wire);
	gboolean ended = entry->state == SN_STATE_CANCELLED || entry->state == SN_STATE_CONVERTED ||
	                 entry->state == SN_STATE_FAILED;
	gboolean gone = entry->state == SN_STATE_ACCEPTED || entry->state == SN_STATE_DELIVERED ||
	                entry->state == SN_STATE_READ;

	if (times > 1 && !one->resent)
		broken(life, entry, "went twice");
	if (times > 0 && one->taken_back)
		broken(life, entry, "went although it was cancelled");
	if (gone && times == 0 && !one->claimed)
		broken(life, entry, "is said to have gone");
	if (sn_outbox_is_uncertain(entry) && !one->resent &&
	    g_hash_table_contains(life->delivery->answered, one->wire))
		broken(life, entry, "is said to be uncertain, and the server has said that it went");
	if (!ended) {
		one->at_end = -1;
		return;
	}
	if (one->at_end < 0)
		one->at_end = times;
	if (times > one->at_end)
		broken(life, entry, "went after its end");
}

/* ---- never stuck ---- */

static void check_held(Life *life, const SnOutboxEntry *entry)
{
	const Watched *first = life_watched(life, entry->behind);

	if (!first || first->id >= entry->id || !is_open(state_of(life->delivery, first->id)))
		broken(life, entry, "is held behind one that is no longer there");
	if (!entry->expires)
		broken(life, entry, "is held without an end");
}

static void check_next_step(Life *life, const SnOutboxEntry *entry)
{
	Delivery *self = life->delivery;
	SnTime alarm = alarm_at(self);
	gboolean busy = g_hash_table_contains(self->engine.delivery->jobs, &entry->id);
	gboolean off = !self->account.im_online;

	if (!is_open(entry->state))
		return;
	if (!entry->reason && (entry->state == SN_STATE_WAITING || entry->state == SN_STATE_ASKED ||
	                       entry->state == SN_STATE_CHOOSING || entry->behind))
		broken(life, entry, "is kept back without a reason");
	if (entry->state == SN_STATE_CHOOSING || busy ||
	    (entry->state == SN_STATE_SENDING && off))
		return;
	if (entry->behind) {
		check_held(life, entry);
		return;
	}
	if (entry->state == SN_STATE_WAITING && !entry->expires)
		broken(life, entry, "waits without an end");
	if (self->woken)
		return;
	if (!alarm || alarm > self->awake + LONGEST_TIMER)
		broken(life, entry, "has no next step: no timer is set");
}

/* ---- what the journal says (its ids are one sequence over all entries) ---- */

/* sql: a literal, whose statement the store keeps. */
static gint64 number(Life *life, const char *sql, SnId id, gint64 event)
{
	const SnValue values[] = { { SN_VALUE_NONE, 0, NULL }, sn_value_int(id), sn_value_int(event) };

	return sn_sql_one(life->delivery->world->store, sql, values, strstr(sql, "?2") ? 2 : 1);
}

#define BEFORE "FROM outbox_event WHERE outbox = ?1 AND id < ?2 "

typedef enum { STOOD_NOWHERE, STOOD_IN_THE_WAY, STOOD_BACK, STOOD_ASIDE } Stood;

/* Where an entry stood before that event: on its way, kept back, or ended and out of the way. */
static Stood stood(Life *life, SnId id, gint64 before)
{
	return (Stood)number(
		life,
		"SELECT CASE WHEN what IN ('refused', 'cancel', 'accepted', 'permanent', "
		"'cannot-know', 'seen', 'receipt', 'displayed', 'bounce', 'converted', 'expired') "
		"THEN 3 WHEN what IN ('no-line', 'defer', 'put-off', 'temporary', 'ask-them', "
		"'asked') THEN 2 ELSE 1 END " BEFORE
		"AND what IN ('refused', 'cancel', 'accepted', 'permanent', 'cannot-know', 'seen', "
		"'receipt', 'displayed', 'bounce', 'converted', 'expired', 'no-line', 'defer', "
		"'put-off', 'temporary', 'ask-them', 'asked', 'queued', 'sending', 'need-choice', "
		"'no-mail', 'appeared', 'send', 'retry', 'missing', 'behind') "
		"ORDER BY id DESC LIMIT 1",
		id, before);
}

/* ---- never without a pause ---- */

#define AT_ONCE 6 /* several lines that come and go at one moment are no haste */

static void check_pauses(Life *life, const SnOutboxEntry *entry)
{
	gint64 tries = number(life,
	                      "SELECT max(n) FROM (SELECT count(*) AS n FROM outbox_event WHERE "
	                      "outbox = ?1 AND what = 'temporary' GROUP BY time)",
	                      entry->id, 0);

	if (tries > AT_ONCE)
		broken(life, entry, "is tried again without a pause");
}

/* ---- the order ---- */

static gboolean may_pass(Life *life, const SnOutboxEntry *entry, gint64 sending)
{
	gboolean told = number(life, "SELECT 1 " BEFORE "AND what = 'send'", entry->id, sending) != 0;
	SnTime then = number(life, "SELECT time " BEFORE "ORDER BY id DESC LIMIT 1", entry->id,
	                     sending + 1);

	return told || entry->if_unavailable == SN_RULE_SEND ||
	       (entry->expires && entry->expires <= then);
}

static gboolean goes_before(const SnOutboxEntry *first, const SnOutboxEntry *entry)
{
	SnTime soon = MAX(entry->send_at, entry->created) + SN_MINUTE;

	return first->id < entry->id && first->conversation == entry->conversation &&
	       (first->channel == entry->channel || g_strcmp0(first->thread, entry->thread) == 0) &&
	       first->send_at <= soon && !(first->when & ~entry->when);
}

static void check_order(Life *life, const SnOutboxEntry *entry)
{
	gint64 sending = number(life,
	                        "SELECT max(id) FROM outbox_event WHERE outbox = ?1 AND "
	                        "what = 'sending'",
	                        entry->id, 0);

	if (taken(life->delivery, life_watched(life, entry->id)->wire) > 1 ||
	    may_pass(life, entry, sending))
		return;
	for (guint i = 0; i < life->watched->len; i++) {
		const Watched *other = &g_array_index(life->watched, Watched, i);
		g_autoptr(SnOutboxEntry) first = entry_of(life->delivery, other->id);
		if (!goes_before(first, entry) || taken(life->delivery, other->wire) > 0)
			continue;
		if (stood(life, first->id, sending) != STOOD_ASIDE)
			broken(life, entry, "passed an earlier one");
	}
}

/* ---- what arrives is what was written last ---- */

static gboolean stanza_says(const SnImMessage *stanza, const char *body)
{
	return g_str_has_prefix(stanza->body ? stanza->body : "", body);
}

static void check_text(Life *life, const SnOutboxEntry *entry, const Watched *one)
{
	Delivery *self = life->delivery;
	gboolean right = FALSE;

	for (guint i = 0; i < self->stanzas->len; i++) {
		const SnImMessage *stanza = self->stanzas->pdata[i];
		right |= g_strcmp0(stanza->id, one->wire) == 0 && stanza_says(stanza, one->body);
	}
	for (guint i = 0; i < self->mails->len && entry->channel == SN_CHANNEL_MAIL; i++) {
		gsize size;
		const char *raw = g_bytes_get_data(self->mails->pdata[i], &size);
		g_autofree char *line = g_strndup(one->body, strcspn(one->body, "\n"));
		right |= g_strstr_len(raw, (gssize)size, line) != NULL &&
		         g_strstr_len(raw, (gssize)size, one->wire) != NULL;
	}
	if (!right)
		broken(life, entry, "arrived with another text than was written");
}

static void judge_arrivals(Life *life)
{
	Delivery *self = life->delivery;

	for (; life->judged < self->arrived->len; life->judged++) {
		const char *wire = self->arrived->pdata[life->judged];
		for (guint i = 0; i < life->watched->len; i++) {
			const Watched *one = &g_array_index(life->watched, Watched, i);
			if (strcmp(one->wire, wire) != 0)
				continue;
			g_autoptr(SnOutboxEntry) entry = entry_of(self, one->id);
			check_order(life, entry);
			check_text(life, entry, one);
		}
	}
}

/* ---- one email for all that waits ---- */

static guint times_in(const char *text, const char *part)
{
	guint times = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		times++;
	return times;
}

/* A "send" since then has taken the time away that it had. */
static SnTime time_at(Life *life, const SnOutboxEntry *im, const Watched *one, gint64 made)
{
	gboolean told = number(life,
	                       "SELECT 1 FROM outbox_event WHERE outbox = ?1 AND id > ?2 "
	                       "AND what = 'send'",
	                       im->id, made) != 0;

	return told ? one->send_at : im->send_at;
}

static void check_gathered(Life *life, const SnOutboxEntry *mail)
{
	gint64 made = number(life, "SELECT min(id) FROM outbox_event WHERE outbox = ?1", mail->id, 0);
	SnTime then = number(life, "SELECT min(time) FROM outbox_event WHERE outbox = ?1", mail->id, 0);

	for (guint i = 0; i < life->watched->len; i++) {
		const Watched *one = &g_array_index(life->watched, Watched, i);
		g_autoptr(SnOutboxEntry) im = entry_of(life->delivery, one->id);
		if (im->conversation != mail->conversation || im->channel != SN_CHANNEL_IM ||
		    im->id > mail->id)
			continue;
		if (im->converted_to == mail->id) {
			if (times_in(mail->body, one->body) != 1 &&
			    !has_note(life->delivery, mail->id, "edited"))
				broken(life, im, "is not in its email exactly once");
			continue;
		}
		gboolean taken_back = number(life, "SELECT 1 " BEFORE "AND what = 'request' AND "
		                             "detail = 'cancel'", im->id, made) != 0;
		gboolean has_terms = im->when || time_at(life, im, one, made) > then + SN_MINUTE;
		if (!has_terms && !taken_back && stood(life, im->id, made) == STOOD_BACK)
			broken(life, im, "waited, and was left behind by an email");
	}
}

static void check_conversion(Life *life, const SnOutboxEntry *entry)
{
	if (entry->state == SN_STATE_CONVERTED &&
	    (!entry->converted_to || !life_watched(life, entry->converted_to)))
		broken(life, entry, "was converted into nothing");
	if (entry->converted_from)
		check_gathered(life, entry);
}

/* ---- all of them ---- */

void laws_check(Life *life)
{
	g_autoptr(GPtrArray) all =
		sn_outbox_list(life->delivery->world->store, SN_OUTBOX_ALL, 0, 1000, 0);

	if (all->len != life->watched->len && !life->broken)
		life->broken = g_strdup_printf("there are %u messages instead of %u", all->len,
		                               life->watched->len);
	judge_arrivals(life);
	for (guint i = 0; i < all->len; i++) {
		const SnOutboxEntry *entry = all->pdata[i];
		Watched *one = life_watched(life, entry->id);
		if (!one)
			continue;
		check_count(life, entry, one);
		check_next_step(life, entry);
		check_pauses(life, entry);
		if (taken(life->delivery, one->wire) > 0 && !one->resent)
			check_text(life, entry, one);
		check_conversion(life, entry);
	}
}

void laws_check_end(Life *life)
{
	for (guint i = 0; i < life->watched->len; i++) {
		const Watched *one = &g_array_index(life->watched, Watched, i);
		g_autoptr(SnOutboxEntry) entry = entry_of(life->delivery, one->id);
		if (is_open(entry->state))
			broken(life, entry, "never came to an end");
	}
}
