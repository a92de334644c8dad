/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_add.c - the single way in: find the record this message already has, or make one.
 *
 * Two records are the same message when their ids *and* their senders agree, because anybody can
 * write somebody else's Message-ID. Records told by others live in the conversation of who told
 * them and give way to the live message; they never change one.
 */
#include <string.h>

#include "src/base/ids.h"
#include "src/store/draft_copy.h"
#include "src/store/suggest.h"
#include "src/store/private.h"

#define UNKNOWN_SENDER "unknown-sender@sennit.invalid"
#define REUSED_ID SN_HOUR /* some clients count their ids from 1 again at each start */

typedef struct {
	SnId id;
	SnId conversation;
	gboolean carried;
	gboolean has_raw;
	SnId outbox;
} Record;

/* ---- cleaning what came in ---- */

static void tidy(char **text, gsize limit)
{
	char *clean = sn_tidy(*text, limit);

	g_free(*text);
	*text = clean;
}

static void tidy_id(char **text)
{
	tidy(text, SN_ID_LIMIT);
	if (*text && !*g_strstrip(*text))
		g_clear_pointer(text, g_free);
}

void sn_message_tidy(SnMessage *message)
{
	tidy(&message->subject, SN_LINE_LIMIT);
	tidy(&message->authentication, SN_LINE_LIMIT);
	tidy(&message->notice, SN_LINE_LIMIT);
	tidy(&message->body, SN_TEXT_LIMIT);
}

static gboolean prepare(SnStore *store, SnMessage *message, GError **error)
{
	if (!sn_message_ready(message)) {
		sn_message_tidy(message);
		sn_message_fill_preview(message);
	}
	tidy(&message->sender_name, SN_LINE_LIMIT);
	tidy_id(&message->message_id);
	tidy_id(&message->origin_id);
	tidy_id(&message->stanza_id);
	tidy_id(&message->in_reply_to);
	tidy_id(&message->thread);
	tidy_id(&message->list_id);
	message->time = CLAMP(message->time, 0, G_MAXINT64 - 1);
	if (!message->carried)
		message->carried_by = 0;
	if (!message->sender)
		message->sender = sn_address_make(store, message->channel, UNKNOWN_SENDER,
		                                  "Unknown sender", SN_NAME_OWN, error);
	if (message->sender && !sn_address_person(store, message->sender)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such sender.");
		return FALSE;
	}
	return message->sender != 0;
}

/* ---- finding the record ---- */

static gboolean take_record(SnSql *query, Record *record)
{
	gboolean found = sn_sql_row(query);

	if (found) {
		record->id = sn_sql_int(query, 0);
		record->conversation = sn_sql_int(query, 1);
		record->carried = sn_sql_int(query, 2) != 0;
		record->has_raw = sn_sql_int(query, 3) != 0;
		record->outbox = sn_sql_int(query, 4);
	}
	sn_sql_drop(query);
	return found;
}

#define RECORD "SELECT id, conversation, carried, raw IS NOT NULL, outbox FROM message "
/* Live records count everywhere, told ones in their own conversation only. */
#define IN_SCOPE "AND (carried = 0 OR conversation = ?3) ORDER BY carried, id LIMIT 1"
/* No index of the sender, which SQLite thinks as good as one of an id: with each line of somebody
 * who writes much it would take longer to see that the next one is new. */
#define BY_SENDER "AND +sender = ?2 "

static gboolean find_live_mail(SnStore *store, const SnMessage *m, SnId conversation, SnId raw,
                               Record *record)
{
	/* most are new: to be told so costs less than to have none put in order */
	if (m->message_id)
		return sn_one(store, "SELECT 1 FROM message WHERE message_id = ?1 LIMIT 1",
		              V(m->message_id)) &&
		       take_record(sn_sql(store,
		                          RECORD "WHERE message_id = ?1 AND channel = 0 "
		                                 BY_SENDER IN_SCOPE,
		                          V(m->message_id), V(m->sender), V(conversation)),
		                   record);
	return raw && take_record(sn_sql(store,
	                                 RECORD "WHERE raw = ?1 AND channel = 0 "
	                                        BY_SENDER IN_SCOPE,
	                                 V(raw), V(m->sender), V(conversation)),
	                          record);
}

/*
 * What is told of an email is told of the record with its Message-ID, also where it names another
 * sender: in its own conversation, and of what the user sent. Elsewhere the id may be borrowed.
 */
static gboolean find_mail(SnStore *store, const SnMessage *m, SnId conversation, SnId raw,
                          Record *record)
{
	if (find_live_mail(store, m, conversation, raw, record))
		return TRUE;
	return m->carried && m->message_id &&
	       take_record(sn_sql(store,
	                          RECORD "WHERE message_id = ?1 AND channel = 0 "
	                                 "AND (conversation = ?2 OR carried = 0 AND direction = 1) "
	                                 "ORDER BY carried, id LIMIT 1",
	                          V(m->message_id), V(conversation)),
	                   record);
}

/*
 * In a room: an own message is known by its id alone, which only we can have sent as ourselves. What
 * others said also by who, unless the room gave both an id; and history that came without any by
 * nick, time and words.
 */
static gboolean find_room_im(SnStore *store, const SnMessage *m, SnId conversation,
                             Record *record)
{
	if (m->origin_id &&
	    take_record(sn_sql(store,
	                       RECORD "WHERE origin_id = ?1 AND channel = 1 AND conversation = ?2 "
	                              "AND direction = ?3 AND (direction = 1 OR (sender_name IS ?4 "
	                              "AND (stanza_id IS NULL OR ?5 IS NULL))) "
	                              "ORDER BY carried, id LIMIT 1",
	                       V(m->origin_id), V(conversation), V(m->direction), V(m->sender_name),
	                       V(m->stanza_id)),
	                record))
		return TRUE;
	return m->sender_name && m->body && !m->stanza_id &&
	       take_record(sn_sql(store,
	                          RECORD "WHERE conversation = ?1 AND hidden = 0 AND time = ?2 "
	                                 "AND sender_name = ?3 AND (SELECT body_text(text, packed) FROM body "
	                                 "WHERE body.message = message.id) = ?4 LIMIT 1",
	                          V(conversation), V(m->time), V(m->sender_name), V(m->body)),
	                   record);
}

static gboolean read_record(SnStore *store, SnId id, Record *record)
{
	return id && take_record(sn_sql(store, RECORD "WHERE id = ?1", V(id)), record);
}

/* Of which record a told IM tells. */
static gboolean find_told_im(SnStore *store, const SnMessage *m, SnId conversation,
                             Record *record)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	if (m->origin_id)
		sn_sql_ids(sn_sql(store,
		                  "SELECT id FROM message WHERE origin_id = ?1 AND channel = 1 "
		                  "AND (conversation = ?3 OR carried = 0 AND sender = ?2) "
		                  "ORDER BY carried, sender <> ?2, id LIMIT 20",
		                  V(m->origin_id), V(m->sender), V(conversation)),
		           ids);
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(SnMessage) known =
			sn_message_get(store, g_array_index(ids, SnId, i), SN_MESSAGE_FULL);
		if (sn_told_same_im(known, m))
			return read_record(store, known->id, record);
	}
	return read_record(store, sn_told_find_line(store, m, conversation), record);
}

static gboolean find_im(SnStore *store, const SnMessage *m, SnId conversation, gboolean room,
                        Record *record)
{
	if (m->carried)
		return find_told_im(store, m, conversation, record);
	if (m->stanza_id &&
	    take_record(sn_sql(store,
	                       RECORD "WHERE stanza_id = ?1 AND account = ?2 AND channel = 1 "
	                              "AND carried = 0 AND (?3 = 0 OR conversation = ?3) LIMIT 1",
	                       V(m->stanza_id), V(m->account), V(room ? conversation : 0)),
	                record))
		return TRUE;
	if (room)
		return find_room_im(store, m, conversation, record);
	if (m->origin_id &&
	    take_record(sn_sql(store,
	                       RECORD
	                       "WHERE origin_id = ?1 AND channel = 1 " BY_SENDER
	                       "AND NOT ((coalesce(stanza_id <> ?4, 0) AND account = ?5) "
	                       "OR (abs(time - ?6) > ?7 AND coalesce((SELECT body_text(text, packed) "
	                       "FROM body WHERE body.message = message.id) <> ?8, 0))) " IN_SCOPE,
	                       V(m->origin_id), V(m->sender), V(conversation), V(m->stanza_id),
	                       V(m->account), V(m->time), V(REUSED_ID), V(m->body)),
	                record))
		return TRUE;
	return read_record(store, sn_told_find_line(store, m, conversation), record);
}

/* ---- writing ---- */

static gboolean touch(SnStore *store, const SnMessage *m, SnId peer, GError **error)
{
	if (m->carried)
		return TRUE;
	if (!sn_suggest_written(store, m, error))
		return FALSE;
	/* what somebody is called in a room is no name of the room */
	if (m->channel == SN_CHANNEL_MAIL && m->direction == SN_IN && m->sender_name &&
	    !sn_address_name_seen(store, m->sender, m->sender_name, SN_NAME_OWN, error))
		return FALSE;
	if (peer && !sn_run(store, error,
	                    "UPDATE address SET last_used = ?2 WHERE id = ?1 AND last_used < ?2",
	                    V(peer), V(m->time)))
		return FALSE;
	/* something new to read brings a conversation back from the archive */
	return m->direction == SN_OUT || (m->flags & SN_FLAG_SEEN) ||
	       sn_run(store, error,
	              "UPDATE conversation SET archived = 0 WHERE id = ?1 AND archived AND NOT muted",
	              V(m->conversation));
}

/* What was told of a live message before it came gives way to it, wherever it was told. */
static gboolean insert(SnStore *store, SnMessage *m, SnId peer, SnId raw, GError **error)
{
	if (!sn_thread_join(store, m, error))
		return FALSE;
	/* a ticket system may answer what the user wrote: that is for the user */
	if (m->bulk && m->reply_to &&
	    sn_one(store, "SELECT direction FROM message WHERE id = ?1", V(m->reply_to)))
		m->bulk = SN_BULK_NONE;
	if (!sn_message_insert(store, m, peer, raw, error))
		return FALSE;
	if (m->carried ? !sn_told_tie(store, m, raw, m->id, error) :
	                 !sn_told_absorb(store, m, raw, error))
		return FALSE;
	return sn_thread_adopt(store, m, error) && touch(store, m, peer, error);
}

/* The live message takes the place of what was told about it. */
static gboolean upgrade(SnStore *store, SnMessage *m, const Record *record, SnId peer, SnId raw,
                        GError **error)
{
	g_autoptr(SnMessage) told = sn_message_get(store, record->id, SN_MESSAGE_FULL);
	SnId told_raw = sn_one(store, "SELECT coalesce(raw, 0) FROM message WHERE id = ?1",
	                       V(record->id));

	m->id = record->id;
	return sn_told_confirm(store, told, told_raw, m, raw, error) &&
	       sn_thread_join(store, m, error) && sn_message_rewrite(store, m, peer, raw, error) &&
	       sn_told_absorb(store, m, raw, error) && sn_thread_adopt(store, m, error) &&
	       touch(store, m, peer, error);
}

/* The text came with the first copy only in part, or as something of our own. */
static gboolean refresh(SnStore *store, const SnMessage *m, SnId id, SnId raw, GError **error)
{
	g_autoptr(SnMessage) known = sn_message_get(store, id, SN_MESSAGE_FULL);
	GPtrArray *parties = known->parties, *parts = known->parts;
	char *body = known->body;

	SnId peer = sn_one(store, "SELECT coalesce(peer, 0) FROM message WHERE id = ?1", V(id));
	known->size = m->size;
	if (m->parties)
		known->parties = m->parties;
	if (m->parts)
		known->parts = m->parts;
	if (m->body && *m->body)
		known->body = m->body;
	g_autofree char *name = sn_one_text(store, "SELECT sender_name FROM message WHERE id = ?1",
	                                    V(id));
	g_free(known->sender_name); /* reading fills it with the person's */
	known->sender_name = g_steal_pointer(&name);
	if (m->flags & SN_FLAG_DRAFT) { /* which may say anything by now */
		g_free(known->subject);
		known->subject = g_strdup(m->subject);
		known->body = m->body;
		known->attachments = m->attachments;
		g_clear_pointer(&known->preview, g_free);
	}
	gboolean ok = sn_message_rewrite(store, known, peer, raw, error);
	known->parties = parties;
	known->parts = parts;
	known->body = body;
	return ok;
}

/*
 * A draft that another program has saved again under the Message-ID that it had, as neomutt does: what
 * it says now counts.
 */
static gboolean retype(SnStore *store, const SnMessage *m, const Record *record, SnId raw, GError **error)
{
	if (!raw || !record->has_raw || record->outbox || !(m->flags & SN_FLAG_DRAFT) || !m->message_id ||
	    sn_one(store, "SELECT raw FROM message WHERE id = ?1", V(record->id)) == raw)
		return TRUE;
	return refresh(store, m, record->id, raw, error) &&
	       sn_draft_copy_overtaken(store, m->message_id, error);
}

/* A copy that came back from a mailing list tells that the message belongs there. */
static gboolean move_to_list(SnStore *store, const SnMessage *m, const Record *record, SnId list,
                             GError **error)
{
	if (!m->list_id || record->conversation == list ||
	    sn_one(store, "SELECT kind FROM conversation WHERE id = ?1",
	           V(record->conversation)) == SN_CONV_LIST)
		return TRUE;
	return sn_run(store, error,
	              "UPDATE message SET conversation = ?2, peer = NULL, list_id = ?3 WHERE id = ?1",
	              V(record->id), V(list), V(m->list_id));
}

static gboolean merge(SnStore *store, SnMessage *m, const Record *record, SnId natural, SnId raw,
                      GError **error)
{
	if (m->carried) {
		gboolean tied = sn_told_tie(store, m, raw, record->id, error);
		m->id = record->id;
		return tied;
	}
	m->id = record->id;
	if (raw && !record->has_raw && !record->outbox && !refresh(store, m, m->id, raw, error))
		return FALSE;
	if (!retype(store, m, record, raw, error))
		return FALSE;
	/* Flags of an email are those of the places it lies in (location.c). */
	return sn_run(store, error,
	              "UPDATE message SET account = iif(account = 0, ?2, account), "
	              "stanza_id = coalesce(stanza_id, ?3), flags = iif(EXISTS (SELECT 1 "
	              "FROM location WHERE message = ?1), flags, flags | ?4), "
	              "authentication = coalesce(authentication, ?5) WHERE id = ?1 AND "
	              "(account = 0 OR stanza_id IS NOT ?3 OR flags | ?4 <> flags "
	              "OR authentication IS NULL)",
	              V(m->id), V(m->account), V(m->stanza_id), V(m->flags),
	              V(m->authentication)) &&
	       move_to_list(store, m, record, natural, error);
}

static gboolean add(SnStore *store, SnMessage *m, const char *room_jid, const SnPacked *raw,
                    SnAddResult *result, GError **error)
{
	Record record = { 0 };
	SnId natural, peer, blob = 0;

	if (!prepare(store, m, error) ||
	    !sn_message_place(store, m, room_jid, &natural, &peer, error))
		return FALSE;
	if (raw && !(blob = sn_blob_keep(store, raw, error)))
		return FALSE;
	if (raw)
		m->size = sn_packed_size(raw);
	gboolean found = m->channel == SN_CHANNEL_MAIL ?
	                         find_mail(store, m, natural, blob, &record) :
	                         find_im(store, m, natural, room_jid != NULL, &record);
	m->conversation = natural;
	if (!found) {
		*result = SN_ADDED;
		return insert(store, m, peer, blob, error);
	}
	if (record.carried && !m->carried) {
		*result = SN_UPGRADED;
		return upgrade(store, m, &record, peer, blob, error);
	}
	*result = SN_DUPLICATE;
	if (!merge(store, m, &record, natural, blob, error))
		return FALSE;
	m->conversation =
		sn_one(store, "SELECT conversation FROM message WHERE id = ?1", V(m->id));
	return !blob || sn_run(store, error, "DELETE FROM blob WHERE id = ?1 AND refs <= 0", V(blob));
}

gboolean sn_message_add(SnStore *store, SnMessage *message, const char *room_jid, GBytes *raw,
                        SnAddResult *result, GError **error)
{
	SnAddResult what = SN_ADDED;
	g_return_val_if_fail(message != NULL, FALSE);
	g_autoptr(SnPacked) own = raw && !message->packed ? sn_blob_pack(store, raw, error) : NULL;
	const SnPacked *packed = raw && message->packed ? message->packed : own;

	if ((raw && !packed) || !sn_store_begin(store, error))
		return FALSE;
	gboolean ok = add(store, message, room_jid, packed, &what, error);
	if (result)
		*result = what;
	return sn_store_finish(store, ok, error);
}
