/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message_write.c - the rows of one message: written, rewritten, deleted. */
#include "src/store/private.h"

#include "src/text/text.h"

static int listed_parts(const SnMessage *message)
{
	int count = 0;

	for (guint i = 0; message->parts && i < message->parts->len; i++)
		count += !((const SnPart *)message->parts->pdata[i])->inline_;
	return count;
}

static gboolean write_parties(SnStore *store, const SnMessage *message, GError **error)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		g_autofree char *name = sn_tidy(party->name, SN_LINE_LIMIT);
		g_autofree char *address = sn_tidy(party->address, SN_LINE_LIMIT);
		if (i >= SN_PARTY_LIMIT)
			break;
		if (!sn_run(store, error,
		            "INSERT INTO party (message, seq, role, address, name) "
		            "VALUES (?1, ?2, ?3, ?4, ?5)",
		            V(message->id), V(i), V(party->role), V(address ? address : ""),
		            V(name)))
			return FALSE;
	}
	return TRUE;
}

static gboolean write_parts(SnStore *store, const SnMessage *message, GError **error)
{
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		g_autofree char *name = sn_tidy(part->name, SN_LINE_LIMIT);
		g_autofree char *type = sn_tidy(part->type, SN_LINE_LIMIT);
		if (i >= SN_PART_LIMIT)
			break;
		if (!sn_run(store, error,
		            "INSERT OR IGNORE INTO part (message, position, type, name, size, "
		            "sha256, url, path, inline) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		            V(message->id), V(part->position), V(type), V(name), V(part->size),
		            V(part->sha256), V(part->url), V(part->path),
		            V(part->inline_ ? 1 : 0)) ||
		    (part->promised &&
		     !sn_run(store, error,
		             "INSERT OR IGNORE INTO transfer (message, position, promised) "
		             "VALUES (?1, ?2, ?3)",
		             V(message->id), V(part->position), V(part->promised))))
			return FALSE;
	}
	return TRUE;
}

static gboolean write_details(SnStore *store, const SnMessage *message, GError **error)
{
	if (message->body && *message->body && !sn_body_write(store, message, error))
		return FALSE;
	sn_search_put(store, message);
	return write_parties(store, message, error) && write_parts(store, message, error);
}

void sn_message_fill_preview(SnMessage *message)
{
	g_free(message->preview);
	message->preview = message->body ? sn_text_preview(message->body) : NULL;
	if ((!message->preview || !*message->preview) && message->subject) {
		g_free(message->preview);
		message->preview = sn_text_clean_line(message->subject, -1);
	}
	if ((!message->preview || !*message->preview) && message->parts && message->parts->len) {
		const SnPart *part = message->parts->pdata[0];
		g_autofree char *name = sn_text_clean_line(part->name ? part->name : "", -1);
		g_free(message->preview);
		message->preview = *name ? g_strconcat("file ", name, NULL) : g_strdup("a file");
	}
	message->attachments = listed_parts(message);
}

/* ?1 to ?25 of both statements below. */
#define MESSAGE_VALUES(m)                                                                       \
	V((m)->conversation), V((m)->account), V((m)->channel), V((m)->direction), V((m)->time), \
		V((m)->sender), V((m)->sender_name), V(peer), V((m)->subject), V((m)->preview), \
		V((m)->state), V((m)->flags), V((m)->message_id), V((m)->origin_id),            \
		V((m)->stanza_id), V((m)->in_reply_to), V((m)->thread), V((m)->encrypted ? 1 : 0), \
		V((m)->carried ? 1 : 0), V((m)->secure), V((m)->carried_by),          \
		V((m)->size), V((m)->attachments), V((m)->list_id), V((m)->authentication),     \
		V((m)->notice), V(raw), V((m)->outbox), V((m)->reply_to),       \
		V((m)->bulk)

gboolean sn_message_insert(SnStore *store, SnMessage *message, SnId peer, SnId raw,
                           GError **error)
{
	g_assert(message->conversation && message->sender);
	if (!sn_message_ready(message))
		sn_message_fill_preview(message);
	if (!sn_run(store, error,
	            "INSERT INTO message (conversation, account, channel, direction, time, sender, "
	            "sender_name, peer, subject, preview, state, flags, message_id, origin_id, "
	            "stanza_id, in_reply_to, thread, encrypted, carried, secure, carried_by, size, "
	            "attachments, list_id, authentication, notice, raw, outbox, reply_to, "
	            "bulk) VALUES "
	            "(?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0), ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
	            "?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, nullif(?27, 0), ?28, ?29, "
	            "?30)",
	            MESSAGE_VALUES(message)))
		return FALSE;
	message->id = sn_last_id(store);
	return (!message->reply_to || !message->thread ||
	        sn_thread_founded(store, message->id, message->reply_to, error)) &&
	       write_details(store, message, error);
}

static gboolean clear_details(SnStore *store, SnId id, GError **error)
{
	g_autoptr(SnMessage) before = sn_message_get(store, id, SN_MESSAGE_FULL);

	g_assert(before);
	sn_search_remove(store, before);
	return sn_run(store, error, "DELETE FROM body WHERE message = ?1", V(id)) &&
	       sn_run(store, error, "DELETE FROM party WHERE message = ?1", V(id)) &&
	       sn_run(store, error, "DELETE FROM part WHERE message = ?1", V(id));
}

gboolean sn_message_rewrite(SnStore *store, SnMessage *message, SnId peer, SnId raw,
                            GError **error)
{
	g_assert(message->id && message->conversation && message->sender);
	if (!clear_details(store, message->id, error))
		return FALSE;
	if (!sn_message_ready(message))
		sn_message_fill_preview(message);
	return sn_run(store, error,
	              "UPDATE message SET conversation = ?1, account = ?2, channel = ?3, "
	              "direction = ?4, time = ?5, sender = ?6, sender_name = ?7, "
	              "peer = nullif(?8, 0), subject = ?9, preview = ?10, state = ?11, flags = ?12, "
	              "message_id = ?13, origin_id = ?14, stanza_id = ?15, in_reply_to = ?16, "
	              "thread = ?17, encrypted = ?18, carried = ?19, secure = ?20, "
	              "carried_by = ?21, size = ?22, attachments = ?23, list_id = ?24, "
	              "authentication = ?25, notice = ?26, raw = nullif(?27, 0), outbox = ?28, "
	              "reply_to = ?29, bulk = ?30 WHERE id = ?31",
	              MESSAGE_VALUES(message), V(message->id)) &&
	       write_details(store, message, error);
}

gboolean sn_message_delete(SnStore *store, SnId id, GError **error)
{
	return sn_told_forget(store, id, error) && clear_details(store, id, error) &&
	       sn_run(store, error, "UPDATE message SET reply_to = 0 WHERE reply_to = ?1 "
	                            "AND in_reply_to IN (SELECT message_id FROM message WHERE id = ?1 "
	                            "UNION ALL SELECT origin_id FROM message WHERE id = ?1)",
	              V(id)) &&
	       /* while its thread is still known, for the one that comes next in the list */
	       sn_run(store, error, "DELETE FROM location WHERE message = ?1", V(id)) &&
	       sn_run(store, error, "DELETE FROM message WHERE id = ?1", V(id));
}

gboolean sn_part_set_file(SnStore *store, SnId message, int position, const char *path,
                          const char *sha256, gint64 size, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE part SET path = coalesce(?3, path), "
	                     "sha256 = coalesce(?4, sha256), size = iif(?5 < 0, size, ?5) "
	                     "WHERE message = ?1 AND position = ?2",
	                     V(message), V(position), V(path), V(sha256), V(size));
	if (ok && sn_changes(store) == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such attachment.");
		ok = FALSE;
	}
	ok = ok && sn_run(store, error,
	                  "UPDATE transfer SET done = 0, total = 0, fault = NULL "
	                  "WHERE message = ?1 AND position = ?2",
	                  V(message), V(position));
	return sn_store_finish(store, ok, error);
}

static gboolean move_parts(SnStore *store, SnId from, SnId to, GError **error)
{
	return sn_run(store, error,
	              "UPDATE part SET message = ?2, position = position + (SELECT "
	              "coalesce(max(position), 0) FROM part WHERE message = ?2) WHERE message = ?1",
	              V(from), V(to)) &&
	       sn_run(store, error,
	              "UPDATE message SET attachments = (SELECT count(*) FROM part p "
	              "WHERE p.message = message.id AND NOT inline) WHERE id IN (?1, ?2)",
	              V(from), V(to));
}

gboolean sn_message_give_parts(SnStore *store, SnId from, SnId to, GError **error)
{
	SnId ids[] = { from, to };

	g_assert(from && to && from != to);
	if (!sn_store_begin(store, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_autoptr(SnMessage) before = sn_message_get(store, ids[i], SN_MESSAGE_FULL);
		g_assert(before);
		sn_search_remove(store, before);
	}
	gboolean ok = move_parts(store, from, to, error);
	for (gsize i = 0; ok && i < G_N_ELEMENTS(ids); i++) {
		g_autoptr(SnMessage) after = sn_message_get(store, ids[i], SN_MESSAGE_FULL);
		sn_search_put(store, after);
	}
	return sn_store_finish(store, ok, error);
}

static void replace(char **text, const char *with)
{
	g_free(*text);
	*text = g_strdup(with);
}

gboolean sn_message_set_text(SnStore *store, SnId id, const char *subject, const char *body,
                             GError **error)
{
	g_autoptr(SnMessage) m = sn_message_get(store, id, SN_MESSAGE_FULL);

	g_assert(m);
	sn_search_remove(store, m);
	replace(&m->subject, subject);
	replace(&m->body, body);
	sn_message_fill_preview(m);
	sn_search_put(store, m);
	return sn_run(store, error, "UPDATE message SET subject = ?2, preview = ?3 WHERE id = ?1",
	              V(id), V(m->subject), V(m->preview)) &&
	       sn_body_write(store, m, error);
}

/* How far a message got; a late receipt for less changes nothing. */
static int progress(SnState state)
{
	switch (state) {
	case SN_STATE_ACCEPTED: return 1;
	case SN_STATE_DELIVERED: return 2;
	case SN_STATE_READ: return 3;
	default: return 0;
	}
}

gboolean sn_message_set_state(SnStore *store, SnId id, SnState state, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	SnSql *query = sn_sql(store, "SELECT state FROM message WHERE id = ?1", V(id));
	int known = sn_sql_row(query) ? (int)sn_sql_int(query, 0) : -1;
	gboolean ok = sn_sql_end(query, error);
	if (ok && known < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such message.");
		ok = FALSE;
	}
	if (ok && (!progress(state) || progress(state) > progress((SnState)known)))
		ok = sn_run(store, error,
		            "UPDATE message SET state = ?2 WHERE id = ?1 AND state <> ?2", V(id),
		            V(state));
	return sn_store_finish(store, ok, error);
}

gboolean sn_message_set_secure(SnStore *store, SnId id, guint secure, GError **error)
{
	return sn_run(store, error, "UPDATE message SET secure = ?2, encrypted = ?3 WHERE id = ?1", V(id),
	              V(secure), V(secure & SN_SECURE_ENCRYPTED ? 1 : 0));
}
