/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/amend.h"

#include <string.h>

#include "src/base/ids.h"
#include "src/store/conversation.h"
#include "src/store/private.h"
#include "src/text/text.h"

enum {
	EARLIER_TEXT = 4,  /* message.hidden */
	MOST_WAITING = 500, /* in one conversation, for messages that are not here */
	MOST_TEXTS = 50,    /* of one message; later corrections stand for themselves */
	SIGN_BYTES = 64,    /* of one reaction: the longest families have 41 */
};
#define CLOCK_SLACK (5 * SN_MINUTE)

void sn_amend_free(SnAmend *amend)
{
	if (!amend)
		return;
	g_free(amend->target);
	g_free(amend->who);
	g_free(amend->text);
	g_free(amend->name);
	g_free(amend->stanza);
	g_free(amend->error);
	g_free(amend);
}

/* ---- reactions ---- */

/* One cluster that takes room and is no letter, digit or blank: it cannot be read as words. */
static gboolean is_sign(const char *text)
{
	gsize bytes = 0;
	gunichar first = g_utf8_get_char(text);
	int width = sn_text_cluster(text, &bytes);

	if (!bytes || text[bytes] || bytes > SIGN_BYTES || width < 1)
		return FALSE;
	/* digits are the beginning of keycaps */
	return !g_unichar_isalpha(first) && (!g_unichar_isdigit(first) || bytes > 1) &&
	       !g_unichar_isspace(first) && !g_unichar_iscntrl(first) &&
	       (first >= 0x80 || bytes > 1 || strchr("+-!?*", (int)first));
}

char *sn_reactions_tidy(char *const *reactions)
{
	g_autoptr(GPtrArray) signs = g_ptr_array_new_with_free_func(g_free);

	for (; reactions && *reactions && signs->len < SN_REACTIONS_MAX; reactions++) {
		g_autofree char *sign = sn_text_clean_line(*reactions, -1);
		if (is_sign(g_strstrip(sign)) &&
		    !g_ptr_array_find_with_equal_func(signs, sign, g_str_equal, NULL))
			g_ptr_array_add(signs, g_steal_pointer(&sign));
	}
	g_ptr_array_add(signs, NULL);
	return g_strjoinv(" ", (char **)signs->pdata);
}

/* ---- the message it is about ---- */

static gboolean is_author(SnStore *store, const SnAmend *amend, const SnMessage *message)
{
	g_autofree char *nick = NULL, *occupant = NULL;

	if (message->carried || message->channel != SN_CHANNEL_IM ||
	    message->sender != amend->sender)
		return FALSE;
	if (!amend->who || message->direction == SN_OUT)
		return TRUE;
	/* a nick can be somebody else's by now */
	occupant = amend->row ? sn_one_text(store, "SELECT occupant FROM message WHERE id = ?1",
	                                    V(amend->row))
	                      : g_strdup(amend->occupant);
	if (message->occupant || occupant)
		return g_strcmp0(message->occupant, occupant) == 0;
	nick = sn_one_text(store, "SELECT sender_name FROM message WHERE id = ?1", V(message->id));
	return g_strcmp0(nick, amend->who) == 0;
}

static gboolean is_in_time(const SnAmend *amend, const SnMessage *message)
{
	return amend->time >= message->time - CLOCK_SLACK &&
	       amend->time <= message->time + SN_AMEND_LATE;
}

/* Whoever can only write in the clear does not change what came encrypted. */
static gboolean is_as_closed(SnStore *store, const SnAmend *amend, const SnMessage *message)
{
	return !message->encrypted ||
	       sn_one(store, "SELECT encrypted FROM message WHERE id = ?1", V(amend->row));
}

static gboolean may(SnStore *store, const SnAmend *amend, const SnMessage *message)
{
	if (message->id == amend->row || message->conversation != amend->conversation)
		return FALSE;
	switch (amend->kind) {
	case SN_AMEND_REACTIONS: return !message->carried;
	case SN_AMEND_RETRACTION: return is_author(store, amend, message);
	case SN_AMEND_CORRECTION:
		return is_author(store, amend, message) && is_in_time(amend, message) &&
		       is_as_closed(store, amend, message) &&
		       !(message->amended & SN_AMENDED_RETRACTED);
	}
	g_assert_not_reached();
}

/* A correction may name another one of the same message: then that message is meant. */
static SnMessage *find_message(SnStore *store, const SnAmend *amend)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT iif(hidden = ?3, attached, id) FROM message WHERE origin_id = ?1 "
	                  "AND channel = 1 AND conversation = ?2 UNION ALL "
	                  "SELECT id FROM message WHERE stanza_id = ?1 AND channel = 1 "
	                  "AND conversation = ?2 LIMIT 20",
	                  V(amend->target), V(amend->conversation), V(EARLIER_TEXT)),
	           ids);
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(SnMessage) message =
			sn_message_get(store, g_array_index(ids, SnId, i), SN_MESSAGE_FULL);
		if (message && may(store, amend, message))
			return g_steal_pointer(&message);
	}
	return NULL;
}

/* ---- applying ---- */

static gboolean note_amended(SnStore *store, SnId message, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET amended = "
	              "EXISTS (SELECT 1 FROM amend WHERE message = ?1 AND kind = 0 AND row <> 0) "
	              "| 2 * EXISTS (SELECT 1 FROM amend WHERE message = ?1 AND kind = 1 AND text <> '') "
	              "| 4 * EXISTS (SELECT 1 FROM amend WHERE message = ?1 AND kind = 2) WHERE id = ?1",
	              V(message));
}

static gboolean set_text(SnStore *store, SnId id, const char *text, GError **error)
{
	g_autoptr(SnMessage) message = sn_message_get(store, id, SN_MESSAGE_FULL);

	g_assert(message);
	return g_strcmp0(message->body ? message->body : "", text) == 0 ||
	       sn_message_set_text(store, id, message->subject, text, error);
}

/* Rows that already correct the message, in order, without this one. */
static void rows_of(SnStore *store, SnId message, SnId without, GArray *rows)
{
	sn_sql_ids(sn_sql(store,
	                  "SELECT row FROM amend WHERE message = ?1 AND kind = 0 AND row <> 0 "
	                  "AND row <> ?2 ORDER BY time, row",
	                  V(message), V(without)),
	           rows);
}

/*
 * The texts in order are those of the rows and then the message's own: each row has what it
 * replaced. One that comes between others takes its place among them.
 */
static gboolean put_text(SnStore *store, const SnAmend *amend, const SnMessage *message,
                         GError **error)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(SnMessage) brought = sn_message_get(store, amend->row, SN_MESSAGE_FULL);
	guint before = (guint)sn_one(store,
	                             "SELECT count(*) FROM amend WHERE message = ?1 AND kind = 0 "
	                             "AND row <> 0 AND row <> ?2 AND (time, row) < (?3, ?2)",
	                             V(message->id), V(amend->row), V(amend->time));
	gboolean ok = TRUE;

	g_assert(brought && brought->id != message->id);
	rows_of(store, message->id, amend->row, rows);
	for (guint i = 0; i < rows->len; i++) {
		g_autoptr(SnMessage) one =
			sn_message_get(store, g_array_index(rows, SnId, i), SN_MESSAGE_FULL);
		g_ptr_array_add(texts, g_strdup(one && one->body ? one->body : ""));
	}
	g_ptr_array_add(texts, g_strdup(message->body ? message->body : ""));
	g_assert(before <= rows->len && texts->len == rows->len + 1);
	g_array_insert_val(rows, before, amend->row);
	g_ptr_array_insert(texts, (gint)before + 1, g_strdup(brought->body ? brought->body : ""));
	for (guint i = 0; ok && i < rows->len; i++)
		ok = set_text(store, g_array_index(rows, SnId, i), texts->pdata[i], error);
	return ok && set_text(store, message->id, texts->pdata[rows->len], error);
}

static gboolean apply_correction(SnStore *store, const SnAmend *amend, const SnMessage *message,
                                 GError **error)
{
	return put_text(store, amend, message, error) &&
	       sn_run(store, error,
	              "UPDATE message SET hidden = ?3, attached = ?2, notice = NULL, "
	              "flags = flags | ?4 WHERE id = ?1",
	              V(amend->row), V(message->id), V(EARLIER_TEXT), V(SN_FLAG_SEEN));
}

static gboolean drop_texts(SnStore *store, SnId message, GError **error)
{
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(SnId));
	gboolean ok = set_text(store, message, "", error);

	rows_of(store, message, 0, rows);
	for (guint i = 0; ok && i < rows->len; i++)
		ok = set_text(store, g_array_index(rows, SnId, i), "", error);
	return ok;
}

/* The list of conversations shows no text that its sender wants gone. */
static gboolean apply_retraction(SnStore *store, const SnMessage *message, gboolean drop_text,
                                 GError **error)
{
	/* that it is taken back is said in the clear, and by whom the server says */
	return (!drop_text || message->encrypted || drop_texts(store, message->id, error)) &&
	       sn_run(store, error,
	              "UPDATE message SET preview = 'taken back', flags = flags | ?2 WHERE id = ?1",
	              V(message->id), V(SN_FLAG_SEEN));
}

static gboolean apply(SnStore *store, SnId id, const SnAmend *amend, const SnMessage *message,
                      gboolean drop_text, GError **error)
{
	gboolean ok = sn_run(store, error, "UPDATE amend SET message = ?2 WHERE id = ?1", V(id),
	                     V(message->id));

	if (ok && amend->kind == SN_AMEND_CORRECTION)
		ok = apply_correction(store, amend, message, error);
	else if (ok && amend->kind == SN_AMEND_RETRACTION)
		ok = apply_retraction(store, message, drop_text, error);
	return ok && note_amended(store, message->id, error);
}

/* ---- noting ---- */

/* What the same person said before of the same message, if this takes its place; 0. */
static SnId find_same(SnStore *store, const SnAmend *amend, SnId message)
{
	if (amend->kind == SN_AMEND_CORRECTION)
		return sn_one(store, "SELECT id FROM amend WHERE row = ?1 AND row <> 0 LIMIT 1",
		              V(amend->row));
	return sn_one(store,
	              "SELECT id FROM amend WHERE target = ?1 AND kind = ?2 AND sender = ?3 "
	              "AND who IS ?4 AND conversation = ?5 AND (message = 0 OR message = ?6) LIMIT 1",
	              V(amend->target), V(amend->kind), V(amend->sender), V(amend->who),
	              V(amend->conversation), V(message));
}

/* Reactions by another of the message's ids. */
static SnId find_reactions(SnStore *store, const SnAmend *amend, SnId message)
{
	return sn_one(store,
	              "SELECT id FROM amend WHERE message = ?1 AND ?1 <> 0 AND kind = ?2 "
	              "AND sender = ?3 AND who IS ?4 LIMIT 1",
	              V(message), V(amend->kind), V(amend->sender), V(amend->who));
}

static gboolean insert(SnStore *store, const SnAmend *amend, SnId message, GError **error)
{
	g_autofree char *text = sn_tidy(amend->text ? amend->text : "", SN_TEXT_LIMIT);

	return sn_run(store, error,
	              "INSERT INTO amend (kind, message, conversation, account, target, sender, who, "
	              "time, text, row, state, stanza) "
	              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	              V(amend->kind), V(message), V(amend->conversation), V(amend->account),
	              V(amend->target), V(amend->sender), V(amend->who), V(amend->time), V(text),
	              V(amend->row), V(amend->state), V(amend->stanza)) &&
	       (message || /* a stranger must not fill the store with what never finds its message */
	        sn_run(store, error,
	               "DELETE FROM amend WHERE message = 0 AND conversation = ?1 AND row = 0 AND id <= "
	               "(SELECT id FROM amend WHERE message = 0 AND conversation = ?1 AND row = 0 "
	               "ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	               V(amend->conversation), V(MOST_WAITING)));
}

static gboolean replace(SnStore *store, SnId id, const SnAmend *amend, GError **error)
{
	return sn_run(store, error,
	              "UPDATE amend SET text = ?2, time = ?3, state = ?4, stanza = ?5, error = NULL "
	              "WHERE id = ?1 AND time <= ?3",
	              V(id), V(amend->text ? amend->text : ""), V(amend->time), V(amend->state),
	              V(amend->stanza));
}

static gboolean is_too_many(SnStore *store, const SnAmend *amend, SnId message)
{
	return amend->kind == SN_AMEND_CORRECTION &&
	       sn_one(store, "SELECT count(*) FROM amend WHERE message = ?1 AND kind = 0",
	              V(message)) >= MOST_TEXTS;
}

static gboolean add(SnStore *store, const SnAmend *amend, gboolean drop_text, gboolean *applied,
                    GError **error)
{
	g_autoptr(SnMessage) message = find_message(store, amend);
	SnId found = message ? message->id : 0;
	SnId same = find_same(store, amend, found);

	if (!same && amend->kind == SN_AMEND_REACTIONS)
		same = find_reactions(store, amend, found);
	if (same && amend->kind == SN_AMEND_CORRECTION)
		return TRUE; /* it was noted when it came first */
	if (message && is_too_many(store, amend, found))
		return TRUE;
	gboolean ok = same ? replace(store, same, amend, error)
	                   : insert(store, amend, found, error);
	SnId id = same ? same : sn_last_id(store);
	if (!ok || !message)
		return ok;
	*applied = TRUE;
	return apply(store, id, amend, message, drop_text, error);
}

gboolean sn_amend_add(SnStore *store, const SnAmend *amend, gboolean drop_text, gboolean *applied,
                      GError **error)
{
	gboolean done = FALSE;

	g_assert(amend->target && amend->conversation && amend->sender);
	g_assert(amend->kind != SN_AMEND_CORRECTION || amend->row);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = strlen(amend->target) > SN_ID_LIMIT ||
	              add(store, amend, drop_text, &done, error);
	if (applied)
		*applied = ok && done;
	return sn_store_finish(store, ok, error);
}

/* ---- reading ---- */

#define COLUMNS                                                                                 \
	"n.id, n.kind, n.message, n.conversation, n.account, n.target, n.sender, n.who, n.time, " \
	"n.text, n.row, n.state, n.stanza, n.error, coalesce(n.who, p.name), p.is_self "
#define FROM                                                                                    \
	"FROM amend n JOIN address a ON a.id = n.sender JOIN person p ON p.id = a.person "

static SnAmend *read_row(SnSql *query)
{
	SnAmend *amend = g_new0(SnAmend, 1);

	amend->id = sn_sql_int(query, 0);
	amend->kind = (SnAmendKind)sn_sql_int(query, 1);
	amend->message = sn_sql_int(query, 2);
	amend->conversation = sn_sql_int(query, 3);
	amend->account = sn_sql_int(query, 4);
	amend->target = sn_sql_text(query, 5);
	amend->sender = sn_sql_int(query, 6);
	amend->who = sn_sql_text(query, 7);
	amend->time = sn_sql_int(query, 8);
	amend->text = sn_sql_text(query, 9);
	amend->row = sn_sql_int(query, 10);
	amend->state = (SnState)sn_sql_int(query, 11);
	amend->stanza = sn_sql_text(query, 12);
	amend->error = sn_sql_text(query, 13);
	amend->name = sn_sql_text(query, 14);
	amend->own = sn_sql_int(query, 15) != 0 || amend->state != SN_STATE_RECEIVED;
	return amend;
}

static GPtrArray *read_all(SnSql *query)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_amend_free);

	while (sn_sql_row(query))
		g_ptr_array_add(all, read_row(query));
	sn_sql_drop(query);
	return all;
}

GPtrArray *sn_amend_list(SnStore *store, SnId message)
{
	GPtrArray *all = read_all(sn_sql(store,
	                                 "SELECT " COLUMNS FROM "WHERE n.message = ?1 "
	                                 "AND (n.kind <> 1 OR n.text <> '') "
	                                 "ORDER BY n.time, n.row, n.id LIMIT 500",
	                                 V(message)));

	for (guint i = 0; i < all->len; i++) {
		SnAmend *amend = all->pdata[i];
		if (amend->kind != SN_AMEND_CORRECTION)
			continue;
		g_free(amend->text);
		amend->text = sn_one_text(store, "SELECT body_text(text, packed) FROM body WHERE message = ?1",
		                          V(amend->row));
	}
	return all;
}

char *sn_amend_own_reactions(SnStore *store, SnId message)
{
	return sn_one_text(store,
	                   "SELECT text FROM amend WHERE message = ?1 AND kind = 1 AND text <> '' "
	                   "AND (state <> 0 OR sender IN (SELECT a.id FROM address a JOIN person p "
	                   "ON p.id = a.person WHERE p.is_self)) LIMIT 1",
	                   V(message));
}

/* ---- what waited ---- */

gboolean sn_amend_adopt(SnStore *store, const SnMessage *message, gboolean drop_text,
                        GError **error)
{
	gboolean ok = TRUE;

	if (message->channel != SN_CHANNEL_IM || (!message->origin_id && !message->stanza_id))
		return TRUE;
	g_autoptr(GPtrArray) waiting =
		read_all(sn_sql(store,
	                        "SELECT " COLUMNS FROM "WHERE n.message = 0 AND n.target IN (?1, ?2) "
	                        "AND n.conversation = ?3 ORDER BY n.time, n.row, n.id LIMIT 100",
	                        V(message->origin_id), V(message->stanza_id),
	                        V(message->conversation)));
	for (guint i = 0; ok && i < waiting->len; i++) {
		const SnAmend *amend = waiting->pdata[i];
		g_autoptr(SnMessage) now = sn_message_get(store, message->id, SN_MESSAGE_FULL);
		if (now && may(store, amend, now))
			ok = apply(store, amend->id, amend, now, drop_text, error);
	}
	return ok;
}

/* ---- own ones ---- */

static gboolean has_gone(const SnMessage *message)
{
	return message->direction == SN_IN || message->state == SN_STATE_ACCEPTED ||
	       message->state == SN_STATE_DELIVERED || message->state == SN_STATE_READ;
}

const char *sn_amend_refusal(const SnMessage *message, SnAmendKind kind, SnTime now)
{
	gboolean text = kind == SN_AMEND_CORRECTION;

	if (message->channel != SN_CHANNEL_IM)
		return text ? "An email cannot be changed once it went."
		       : kind == SN_AMEND_RETRACTION
			       ? "An email cannot be taken back once it went."
			       : "Reactions go to IMs; answer the email with r.";
	if (message->carried)
		return "It was only told by somebody, and is not here itself.";
	if (!message->origin_id && !message->stanza_id)
		return "It has no id by which others could know it.";
	if (kind != SN_AMEND_REACTIONS && message->direction != SN_OUT)
		return text ? "Only messages of your own can be corrected."
		            : "Only messages of your own can be taken back.";
	if (message->amended & SN_AMENDED_RETRACTED)
		return "It was taken back.";
	if (!has_gone(message))
		return "It has not gone: change it in the outbox with e, or cancel it with x.";
	if (text && now > message->time + SN_AMEND_LATE)
		return "It is older than a day: write what is right as a new message.";
	return NULL;
}

/* The row that a correction is, until it is applied. */
static SnId add_row(SnStore *store, const SnMessage *message, const char *text, const char *stanza,
                    SnTime now, GError **error)
{
	SnMessage row = {
		.conversation = message->conversation,
		.account = message->account,
		.channel = SN_CHANNEL_IM,
		.direction = SN_OUT,
		.time = now,
		.sender = message->sender,
		.state = SN_STATE_ACCEPTED,
		.flags = SN_FLAG_SEEN,
		.origin_id = (char *)stanza,
		.encrypted = message->encrypted,
		.secure = message->secure,
		.body = (char *)text,
		.parties = message->parties,
	};
	SnId peer = sn_one(store, "SELECT coalesce(peer, 0) FROM message WHERE id = ?1",
	                   V(message->id));
	gboolean ok = sn_message_insert(store, &row, peer, 0, error);

	g_free(row.preview);
	return ok ? row.id : 0;
}

/* In a room everybody knows a message by the id that the room gave it. */
static const char *target_of(SnStore *store, const SnMessage *message, SnAmendKind kind)
{
	gboolean room = sn_one(store, "SELECT kind FROM conversation WHERE id = ?1",
	                       V(message->conversation)) == SN_CONV_ROOM;

	if (room && kind != SN_AMEND_CORRECTION && message->stanza_id)
		return message->stanza_id;
	return message->origin_id ? message->origin_id : message->stanza_id;
}

static SnId own_sender(SnStore *store, const SnMessage *message)
{
	if (message->direction == SN_OUT)
		return message->sender;
	g_autofree char *own = sn_one_text(store,
	                                   "SELECT value FROM own_address WHERE channel = 1 "
	                                   "AND account = ?1 ORDER BY value LIMIT 1",
	                                   V(message->account));
	return own ? sn_address_intern(store, SN_CHANNEL_IM, own, NULL, NULL) : 0;
}

static gboolean queue(SnStore *store, const SnMessage *message, SnAmendKind kind, const char *text,
                      gboolean drop_text, GError **error)
{
	g_autofree char *stanza = sn_id_origin();
	SnAmend amend = {
		.kind = kind,
		.conversation = message->conversation,
		.account = message->account,
		.target = (char *)target_of(store, message, kind),
		.sender = own_sender(store, message),
		.time = MAX(sn_now(store), message->time),
		.text = (char *)text,
		.state = SN_STATE_QUEUED,
		.stanza = stanza,
	};
	gboolean applied = FALSE;

	if (!amend.sender || !amend.account) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "There is no account any more to send it from.");
		return FALSE;
	}
	if (kind == SN_AMEND_CORRECTION &&
	    !(amend.row = add_row(store, message, text, stanza, amend.time, error)))
		return FALSE;
	if (!sn_amend_add(store, &amend, drop_text, &applied, error))
		return FALSE;
	if (!applied)
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "It was changed too many times already.");
	return applied;
}

gboolean sn_amend_queue(SnStore *store, SnId id, SnAmendKind kind, const char *text,
                        gboolean drop_text, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	g_autoptr(SnMessage) message = sn_message_get(store, id, SN_MESSAGE_FULL);
	const char *why = message ? sn_amend_refusal(message, kind, sn_now(store))
	                          : "There is no such message.";
	if (why)
		g_set_error_literal(error, SN_ERROR, SN_ERROR_INVALID, why);
	gboolean ok = !why && queue(store, message, kind, text, drop_text, error);
	return sn_store_finish(store, ok, error);
}

GPtrArray *sn_amend_due(SnStore *store, SnId account)
{
	return read_all(sn_sql(store,
	                       "SELECT " COLUMNS FROM "WHERE n.state = ?2 AND n.account = ?1 "
	                       "ORDER BY n.id LIMIT 100",
	                       V(account), V(SN_STATE_QUEUED)));
}

gboolean sn_amend_sent(SnStore *store, SnId id, const char *stanza, const char *error_text,
                       GError **error)
{
	g_assert(stanza);
	if (!sn_store_begin(store, error)) /* whose end rings the bell */
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE amend SET state = ?3, error = ?4, "
	                     "text = iif(kind = 0 AND ?4 IS NULL, '', text) "
	                     "WHERE id = ?1 AND stanza = ?2",
	                     V(id), V(stanza), V(error_text ? SN_STATE_FAILED : SN_STATE_ACCEPTED),
	                     V(error_text));
	return sn_store_finish(store, ok, error);
}
