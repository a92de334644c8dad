/* SPDX-License-Identifier: GPL-3.0-or-later */
/* told.c - the ties between messages and those who told of them. The rules are in told.h. */
#include "src/store/told.h"

#include <string.h>

#include "src/store/private.h"

#define TOLD_LIMIT (64 * 1024)   /* bytes kept of a text that differs */
#define REMOVE_AT_MOST 100000    /* ties looked at by one removal */
#define STRONG_ID 16             /* characters: an id that nobody uses twice by accident */
#define SAME_LINE (2 * SN_MINUTE) /* clocks of two sides that saw the same IM */

void sn_told_free(SnTold *told)
{
	if (!told)
		return;
	g_free(told->by_name);
	g_free(told->sender);
	g_free(told->subject);
	g_free(told->text);
	g_free(told);
}

char *sn_differs_words(guint differs)
{
	static const struct {
		SnDiffers bit;
		const char *word;
	} words[] = { { SN_DIFFERS_TEXT, "text" },
		      { SN_DIFFERS_SENDER, "sender" },
		      { SN_DIFFERS_TIME, "date" },
		      { SN_DIFFERS_SUBJECT, "subject" },
		      { SN_DIFFERS_TELLER, "earlier message" } };
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (differs & words[i].bit)
			g_string_append_printf(text, "%s%s", text->len ? ", " : "", words[i].word);
	return g_string_free(text, FALSE);
}

/* ---- comparing ---- */

/* What came through other hands has other blanks and line ends, and is still the same text. */
static gboolean same_letters(const char *a, const char *b, gboolean beginning)
{
	a = a ? a : "";
	b = b ? b : "";
	for (;;) {
		while (g_ascii_isspace(*a))
			a++;
		while (g_ascii_isspace(*b))
			b++;
		if (!*a || *a != *b)
			break;
		a++;
		b++;
	}
	return !*a && (beginning || !*b);
}

static const char *after_headers(const char *data, gsize *length)
{
	for (gsize i = 0; i + 1 < *length; i++) {
		if (data[i] != '\n')
			continue;
		gsize next = i + 1 + (data[i + 1] == '\r' && i + 2 < *length);
		if (data[next] == '\n') {
			*length -= next + 1;
			return data + next + 1;
		}
	}
	*length = 0;
	return data;
}

/* The same bytes below the headers, whatever ends their lines. */
static gboolean same_bytes(GBytes *one, GBytes *two)
{
	gsize a_left, b_left;
	const char *a = g_bytes_get_data(one, &a_left), *b = g_bytes_get_data(two, &b_left);

	a = after_headers(a, &a_left);
	b = after_headers(b, &b_left);
	while (a_left || b_left) {
		if (a_left && *a == '\r')
			a++, a_left--;
		else if (b_left && *b == '\r')
			b++, b_left--;
		else if (a_left && b_left && *a == *b)
			a++, a_left--, b++, b_left--;
		else
			break;
	}
	while (a_left && g_ascii_isspace(*a))
		a++, a_left--;
	while (b_left && g_ascii_isspace(*b))
		b++, b_left--;
	return !a_left && !b_left;
}

static gboolean same_text(SnStore *store, const SnMessage *known, SnId known_raw,
                          const SnMessage *told, SnId told_raw)
{
	if (known_raw && told_raw) {
		g_autoptr(GBytes) ours = sn_blob_get(store, known_raw, NULL);
		g_autoptr(GBytes) theirs = sn_blob_get(store, told_raw, NULL);
		if (ours && theirs && same_bytes(ours, theirs))
			return TRUE;
	}
	/* without its bytes, only the beginning of an email may be here */
	gboolean partial = known->channel == SN_CHANNEL_MAIL && !known_raw;
	return same_letters(known->body, told->body, partial);
}

/* An own message goes out some time after it was written; the other side knows only the former. */
static gboolean same_time(const SnMessage *known, const SnMessage *told)
{
	SnTime skew = known->channel == SN_CHANNEL_MAIL ? 10 * SN_MINUTE : SN_DAY;
	SnTime later = told->time - known->time;

	if (later >= -skew && later <= skew)
		return TRUE;
	if (known->outbox)
		return later > 0;
	/* an IM that waited says itself when it was written */
	return known->notice && g_str_has_prefix(known->notice, "written ") && later < 0;
}

static guint compare(SnStore *store, const SnMessage *known, SnId known_raw,
                     const SnMessage *told, SnId told_raw)
{
	guint differs = 0;

	if (known->sender != told->sender)
		differs |= SN_DIFFERS_SENDER;
	if (!same_letters(known->subject, told->subject, FALSE))
		differs |= SN_DIFFERS_SUBJECT;
	if (!same_time(known, told))
		differs |= SN_DIFFERS_TIME;
	if (!same_text(store, known, known_raw, told, told_raw))
		differs |= SN_DIFFERS_TEXT;
	return differs;
}

/* ---- ties ---- */

static gboolean refresh_counts(SnStore *store, SnId by, SnId message, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET brought = (SELECT count(*) FROM carried "
	              "WHERE by_message = ?1), contradicted = (contradicted & ~?2) | iif(EXISTS "
	              "(SELECT 1 FROM carried WHERE by_message = ?1 AND differs <> 0), ?2, 0) "
	              "WHERE id = ?1",
	              V(by), V(SN_DIFFERS_TELLER)) &&
	       sn_run(store, error,
	              "UPDATE message SET contradicted = (contradicted & ?2) "
	              "| coalesce((SELECT max(differs & 1) | max(differs & 2) | max(differs & 4) "
	              "| max(differs & 8) FROM carried WHERE message = ?1), 0) WHERE id = ?1",
	              V(message), V(SN_DIFFERS_TELLER));
}

/* The first telling that differs stands; one that agrees gives way to it. */
static gboolean tie(SnStore *store, SnId by, const SnMessage *told, SnId message, guint differs,
                    GError **error)
{
	if (!by || by == message)
		return TRUE; /* nothing brings itself along */
	g_autofree char *sender =
		differs ? sn_one_text(store, "SELECT value FROM address WHERE id = ?1",
	                              V(told->sender))
			: NULL;
	g_autofree char *text = differs ? sn_tidy(told->body ? told->body : "", TOLD_LIMIT) : NULL;
	return sn_run(store, error,
	              "INSERT INTO carried (by_message, message, differs, told_sender, told_time, "
	              "told_subject, told_text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
	              "ON CONFLICT (by_message, message) DO UPDATE SET differs = ?3, "
	              "told_sender = ?4, told_time = ?5, told_subject = ?6, told_text = ?7 "
	              "WHERE differs = 0 AND ?3 <> 0",
	              V(by), V(message), V(differs), V(sender),
	              V(differs ? told->time : (SnTime)0), V(differs ? told->subject : NULL),
	              V(text)) &&
	       refresh_counts(store, by, message, error);
}

gboolean sn_told_tie(SnStore *store, const SnMessage *told, SnId told_raw, SnId message,
                     GError **error)
{
	guint differs = 0;

	g_assert(told->carried);
	if (told->carried_by && told->id != message) {
		g_autoptr(SnMessage) known = sn_message_get(store, message, SN_MESSAGE_FULL);
		SnId raw = sn_one(store, "SELECT coalesce(raw, 0) FROM message WHERE id = ?1",
		                  V(message));
		differs = compare(store, known, raw, told, told_raw);
	}
	return tie(store, told->carried_by, told, message, differs, error);
}

/* A teller who had contradicted the first one may have been right. */
static gboolean judge_again(SnStore *store, const SnTold *one, const SnMessage *live,
                            SnId live_raw, GError **error)
{
	g_autoptr(SnMessage) said = sn_message_new();

	said->channel = live->channel;
	said->sender = sn_one(store, "SELECT id FROM address WHERE channel = ?1 AND value = ?2",
	                      V(live->channel), V(one->sender));
	said->time = one->time;
	said->subject = g_strdup(one->subject);
	said->body = g_strdup(one->text);
	return tie(store, one->by, said, live->id, compare(store, live, live_raw, said, 0),
	           error);
}

/* The tellers of the record `told` are tellers of the live message. */
static gboolean move_ties(SnStore *store, const SnMessage *told, guint differs,
                          const SnMessage *live, SnId live_raw, GError **error)
{
	g_autoptr(GPtrArray) tellings = sn_message_told(store, told->id);

	if (!sn_run(store, error, "DELETE FROM carried WHERE message = ?1", V(told->id)))
		return FALSE;
	for (guint i = 0; i < tellings->len; i++) {
		const SnTold *one = g_ptr_array_index(tellings, i);
		if (one->differs ? !judge_again(store, one, live, live_raw, error) :
		                   !tie(store, one->by, told, live->id, differs, error))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_told_confirm(SnStore *store, const SnMessage *told, SnId told_raw,
                         const SnMessage *live, SnId live_raw, GError **error)
{
	g_assert(told->carried && !live->carried);
	guint differs = compare(store, live, live_raw, told, told_raw);

	return move_ties(store, told, differs, live, live_raw, error);
}

static gboolean absorb_one(SnStore *store, SnId id, const SnMessage *live, SnId raw, GError **error)
{
	g_autoptr(SnMessage) told = sn_message_get(store, id, SN_MESSAGE_FULL);
	SnId told_raw = sn_one(store, "SELECT coalesce(raw, 0) FROM message WHERE id = ?1", V(id));

	if (told->channel == SN_CHANNEL_IM && !sn_told_same_im(live, told))
		return TRUE;
	return sn_told_confirm(store, told, told_raw, live, raw, error) &&
	       sn_message_delete(store, id, error);
}

gboolean sn_told_absorb(SnStore *store, const SnMessage *live, SnId raw, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	g_assert(live->id && !live->carried);
	if (live->message_id)
		sn_sql_ids(sn_sql(store,
		                  "SELECT id FROM message WHERE message_id = ?1 AND carried = 1 "
		                  "AND channel = 0 AND id <> ?2 AND (sender = ?3 OR conversation = ?4)",
		                  V(live->message_id), V(live->id), V(live->sender),
		                  V(live->conversation)),
		           ids);
	if (live->origin_id)
		sn_sql_ids(sn_sql(store,
		                  "SELECT id FROM message WHERE origin_id = ?1 AND carried = 1 "
		                  "AND channel = 1 AND id <> ?2 AND (sender = ?3 OR conversation = ?4)",
		                  V(live->origin_id), V(live->id), V(live->sender),
		                  V(live->conversation)),
		           ids);
	for (guint i = 0; i < ids->len; i++)
		if (!absorb_one(store, g_array_index(ids, SnId, i), live, raw, error))
			return FALSE;
	return TRUE;
}

/* ---- is it the same IM? ---- */

/*
 * Some clients count their ids from 1 again at each start, and everybody may write somebody else's
 * id: a short one has to come with the same text or about the same time, another sender with an id
 * that cannot have been meant for another message, or with the very same text.
 */
gboolean sn_told_same_im(const SnMessage *known, const SnMessage *told)
{
	gboolean strong = known->origin_id && strlen(known->origin_id) >= STRONG_ID;
	gboolean text = same_letters(known->body, told->body, FALSE);
	SnTime apart = ABS(known->time - told->time);

	g_assert(known->channel == SN_CHANNEL_IM && told->channel == SN_CHANNEL_IM);
	if (known->sender != told->sender)
		return strong || (text && apart <= SN_HOUR);
	return strong || text || apart <= SN_HOUR;
}

#define LINE(index)                                                                             \
	"SELECT m.id, m.time, (SELECT body_text(text, packed) FROM body "                        \
	"WHERE message = m.id) "                                                                \
	"FROM message m INDEXED BY " index " WHERE m.conversation = ?1 "                        \
	"AND m.hidden = 0 AND m.time BETWEEN ?2 AND ?3 AND m.channel = 1 "                      \
	"AND m.sender = ?4 AND (?5 IS NULL OR m.origin_id IS NULL) "                            \
	"AND (m.time = ?7 OR NOT EXISTS (SELECT 1 "                                             \
	"FROM carried c WHERE c.by_message = ?6 AND c.message = m.id)) "
#define ABOUT(m, conversation)                                                                  \
	V(conversation), V((m)->time - SAME_LINE), V((m)->time + SAME_LINE), V((m)->sender),    \
		V((m)->origin_id), V((m)->carried_by), V((m)->time)

/* By its sender, its text and about its time, where one of the two has no id. Nobody tells the same
 * line twice in one breath: two of them were said. */
SnId sn_told_find_line(SnStore *store, const SnMessage *m, SnId conversation)
{
	SnId best = 0;
	SnTime nearest = SAME_LINE + 1;
	/* What came by itself is only looked for among what was told: of a busy day there are thousands
	 * of lines about its time, and hardly any of those. */
	SnSql *query =
		m->carried ? sn_sql(store, LINE("message_timeline") "LIMIT 200", ABOUT(m, conversation))
			   : sn_sql(store, LINE("message_carried") "AND m.carried = 1 LIMIT 200",
	                            ABOUT(m, conversation));

	while (sn_sql_row(query)) {
		SnTime apart = ABS(sn_sql_int(query, 1) - m->time);
		if (apart < nearest && same_letters(sn_sql_peek(query, 2), m->body, FALSE)) {
			best = sn_sql_int(query, 0);
			nearest = apart;
		}
	}
	sn_sql_drop(query);
	return best;
}

/* ---- twins ---- */

/*
 * Two people who were told apart, or one person on two channels, told the same: each a row of its own
 * in its own conversation. When the two become one conversation the first row stands for both, and
 * the other is hidden, for as long as that lasts. Rows that say different things both stay.
 */
#define TWIN 3 /* message.hidden */

static gboolean says_the_same(SnStore *store, SnId first, SnId second)
{
	g_autoptr(SnMessage) one = sn_message_get(store, first, SN_MESSAGE_FULL);
	g_autoptr(SnMessage) two = sn_message_get(store, second, SN_MESSAGE_FULL);

	g_assert(one && two && one->carried && two->carried);
	return one->channel == two->channel && one->attachments == two->attachments &&
	       (one->channel == SN_CHANNEL_MAIL || sn_told_same_im(one, two)) &&
	       compare(store, one, 0, two, 0) == 0;
}

#define PAIRS(key, channel)                                                                     \
	"SELECT min(f.id), m.id FROM message m CROSS JOIN message f ON f." key " = m." key " "  \
	"AND f.conversation = ?1 AND f.carried = 1 AND f.hidden = 0 AND f.channel = " channel " " \
	"AND f.id < m.id WHERE m.conversation = ?1 AND m.carried = 1 AND m.hidden = 0 "         \
	"AND m.channel = " channel " GROUP BY m.id"

/* Each with the first row of its id in the conversation; of SnId, in pairs. */
static GArray *find_twins(SnStore *store, SnId conversation)
{
	GArray *pairs = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnSql *query = sn_sql(store,
	                      PAIRS("message_id", "0") " UNION ALL " PAIRS("origin_id", "1")
	                      " LIMIT ?2",
	                      V(conversation), V(REMOVE_AT_MOST));

	while (sn_sql_row(query))
		for (int column = 0; column < 2; column++) {
			SnId id = sn_sql_int(query, column);
			g_array_append_val(pairs, id);
		}
	sn_sql_drop(query);
	return pairs;
}

gboolean sn_told_join(SnStore *store, SnId conversation, GError **error)
{
	if (!sn_run(store, error,
	            "UPDATE message SET hidden = 0 WHERE conversation = ?1 AND hidden = ?2",
	            V(conversation), V(TWIN)))
		return FALSE;
	g_autoptr(GArray) pairs = find_twins(store, conversation);
	for (guint i = 0; i < pairs->len; i += 2) {
		SnId first = g_array_index(pairs, SnId, i), second = g_array_index(pairs, SnId, i + 1);
		g_assert(first < second);
		if (says_the_same(store, first, second) &&
		    !sn_run(store, error, "UPDATE message SET hidden = ?2 WHERE id = ?1", V(second),
		            V(TWIN)))
			return FALSE;
	}
	return TRUE;
}

/* ---- reading ---- */

/* ?1: itself, and the hidden rows that it stands for. */
#define TWINS(key, channel)                                                                     \
	"SELECT t.id FROM message m JOIN message t ON t." key " = m." key " AND t.hidden = 3 "  \
	"AND t.conversation = m.conversation AND t.channel = " channel " WHERE m.id = ?1 "      \
	"AND m.channel = " channel " AND m.id = (SELECT min(f.id) FROM message f WHERE f." key  \
	" = m." key " AND f.conversation = m.conversation AND f.carried = 1 AND f.hidden = 0 "  \
	"AND f.channel = " channel ")"
#define ITSELF_AND_TWINS                                                                        \
	"(SELECT ?1 UNION " TWINS("message_id", "0") " UNION " TWINS("origin_id", "1") ")"

GPtrArray *sn_message_told(SnStore *store, SnId message)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_told_free);
	SnSql *query = sn_sql(store,
	                      "SELECT c.by_message, coalesce(b.sender_name, p.name), "
	                      "b.direction = 1, b.time, c.differs, c.told_sender, c.told_time, "
	                      "c.told_subject, c.told_text FROM carried c "
	                      "JOIN message b ON b.id = c.by_message "
	                      "JOIN address a ON a.id = b.sender JOIN person p ON p.id = a.person "
	                      "WHERE c.message IN " ITSELF_AND_TWINS " ORDER BY b.time, b.id LIMIT 1000",
	                      V(message));

	while (sn_sql_row(query)) {
		SnTold *told = g_new0(SnTold, 1);
		told->by = sn_sql_int(query, 0);
		told->by_name = sn_sql_text(query, 1);
		told->by_self = sn_sql_int(query, 2) != 0;
		told->by_time = sn_sql_int(query, 3);
		told->differs = (guint)sn_sql_int(query, 4);
		told->sender = sn_sql_text(query, 5);
		told->time = sn_sql_int(query, 6);
		told->subject = sn_sql_text(query, 7);
		told->text = sn_sql_text(query, 8);
		g_ptr_array_add(all, told);
	}
	sn_sql_drop(query);
	return all;
}

/* ---- taking it away ---- */

/* ?1 is a message, ?2 a person; the other is 0. */
#define TELLERS                                                                                 \
	"(SELECT ?1 AS id WHERE ?1 <> 0 UNION SELECT m.id FROM message m "                      \
	"JOIN address a ON a.id = m.sender WHERE ?2 <> 0 AND a.person = ?2 AND m.brought > 0 "  \
	"UNION SELECT m.id FROM message m JOIN conversation v ON v.id = m.conversation "        \
	"WHERE ?2 <> 0 AND v.person = ?2 AND m.brought > 0)"

static int count(SnStore *store, SnId by, SnId person)
{
	return (int)sn_one(store,
	                   "SELECT count(DISTINCT m.id) FROM carried c "
	                   "JOIN message m ON m.id = c.message WHERE m.carried = 1 "
	                   "AND c.by_message IN " TELLERS " AND NOT EXISTS (SELECT 1 FROM carried o "
	                   "WHERE o.message = m.id AND o.by_message NOT IN " TELLERS ")",
	                   V(by), V(person));
}

int sn_carried_count(SnStore *store, SnId by)
{
	return count(store, by, 0);
}

int sn_carried_count_person(SnStore *store, SnId person)
{
	return count(store, 0, person);
}

/* The tie is gone: the message goes too, unless somebody else told of it or it is our own. */
static gboolean untold(SnStore *store, SnId message, SnId by, int *removed, GError **error)
{
	if (!sn_one(store, "SELECT carried FROM message WHERE id = ?1", V(message)))
		return refresh_counts(store, by, message, error);
	SnId other = sn_one(store,
	                    "SELECT by_message FROM carried WHERE message = ?1 "
	                    "ORDER BY by_message LIMIT 1",
	                    V(message));
	if (!other) {
		SnId conversation = sn_one(store, "SELECT conversation FROM message WHERE id = ?1",
		                           V(message));
		*removed += 1;
		/* a twin that somebody else told of comes into sight again */
		return sn_message_delete(store, message, error) &&
		       sn_told_join(store, conversation, error);
	}
	return sn_run(store, error,
	              "UPDATE message SET carried_by = ?2 WHERE id = ?1 AND carried_by = ?3",
	              V(message), V(other), V(by)) &&
	       refresh_counts(store, by, message, error);
}

static gboolean forget(SnStore *store, SnId by, int *removed, GError **error)
{
	g_autoptr(GArray) brought = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store, "SELECT message FROM carried WHERE by_message = ?1 LIMIT ?2", V(by),
	                  V(REMOVE_AT_MOST)),
	           brought);
	if (brought->len == 0)
		return TRUE;
	if (!sn_run(store, error, "DELETE FROM carried WHERE by_message = ?1", V(by)))
		return FALSE;
	for (guint i = 0; i < brought->len; i++)
		if (!untold(store, g_array_index(brought, SnId, i), by, removed, error))
			return FALSE;
	return refresh_counts(store, by, 0, error);
}

gboolean sn_told_forget(SnStore *store, SnId id, GError **error)
{
	g_autoptr(GArray) tellers = g_array_new(FALSE, FALSE, sizeof(SnId));
	int removed = 0;

	sn_sql_ids(sn_sql(store, "SELECT by_message FROM carried WHERE message = ?1", V(id)),
	           tellers);
	if (tellers->len > 0 &&
	    !sn_run(store, error, "DELETE FROM carried WHERE message = ?1", V(id)))
		return FALSE;
	for (guint i = 0; i < tellers->len; i++)
		if (!refresh_counts(store, g_array_index(tellers, SnId, i), 0, error))
			return FALSE;
	return forget(store, id, &removed, error);
}

static gboolean remove_all(SnStore *store, SnId by, SnId person, int *removed, GError **error)
{
	g_autoptr(GArray) tellers = g_array_new(FALSE, FALSE, sizeof(SnId));
	int own;

	removed = removed ? removed : &own;
	*removed = 0;
	if (!sn_store_begin(store, error))
		return FALSE;
	sn_sql_ids(sn_sql(store, "SELECT id FROM " TELLERS " LIMIT ?3", V(by), V(person),
	                  V(REMOVE_AT_MOST)),
	           tellers);
	gboolean ok = TRUE;
	for (guint i = 0; ok && i < tellers->len; i++)
		ok = forget(store, g_array_index(tellers, SnId, i), removed, error);
	return sn_store_finish(store, ok, error);
}

gboolean sn_carried_remove(SnStore *store, SnId by, int *removed, GError **error)
{
	return remove_all(store, by, 0, removed, error);
}

gboolean sn_carried_remove_person(SnStore *store, SnId person, int *removed, GError **error)
{
	return remove_all(store, 0, person, removed, error);
}

/* ---- what only brought it ---- */

GPtrArray *sn_message_attached(SnStore *store, SnId to, guint what)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	sn_sql_ids(sn_sql(store,
	                  "SELECT id FROM message WHERE attached = ?1 AND attached <> 0 "
	                  "ORDER BY time, id LIMIT 1000",
	                  V(to)),
	           ids);
	for (guint i = 0; i < ids->len; i++) {
		SnMessage *message = sn_message_get(store, g_array_index(ids, SnId, i), what);
		if (message)
			g_ptr_array_add(all, message);
	}
	return all;
}

gboolean sn_message_attach(SnStore *store, SnId id, SnId to, gboolean filed, GError **error)
{
	g_assert(id && to && id != to);
	return sn_run(store, error,
	              "UPDATE message SET attached = ?2, hidden = max(hidden, ?3), "
	              "flags = flags | ?4 WHERE id = ?1",
	              V(id), V(to), V(filed ? 1 : 0), V(SN_FLAG_SEEN)) &&
	       sn_run(store, error,
	              "UPDATE message SET hidden = 1 WHERE attached = ?1 AND attached <> 0 "
	              "AND hidden = 0 AND notice = ?2 AND EXISTS (SELECT 1 FROM message o "
	              "WHERE o.attached = ?1 AND o.attached <> 0 AND o.notice IS NOT ?2) "
	              "AND NOT EXISTS (SELECT 1 FROM message o WHERE o.attached = ?1 "
	              "AND o.attached <> 0 AND o.notice IS NOT ?2 AND o.hidden = 0)",
	              V(to), V(SN_NOTICE_HISTORY));
}
