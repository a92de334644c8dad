/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conversation.c - the rows of the list. Counters and last message are kept by the triggers. */
#include "src/store/conversation.h"

#include <string.h>

#include "src/store/map.h"
#include "src/store/names.h"
#include "src/store/private.h"

#define FIND_LIMIT 100

void sn_conversation_free(SnConversation *conversation)
{
	if (!conversation)
		return;
	g_free(conversation->key);
	g_free(conversation->title);
	g_free(conversation->preview);
	g_free(conversation);
}

#define COLUMNS                                                                                 \
	"id, kind, key, title, person, last_message, last_time, channel, last_direction, "      \
	"last_state, preview, unread, attention, pending, muted, pinned, archived, reply_mode, " \
	"has_draft, presence, coalesce(bulk_set, max(bulk, 0)), bulk_set IS NOT NULL, mentions"

static SnConversation *read_row(SnSql *query)
{
	SnConversation *row = g_new0(SnConversation, 1);

	row->id = sn_sql_int(query, 0);
	row->kind = (SnConversationKind)sn_sql_int(query, 1);
	row->key = sn_sql_text(query, 2);
	row->title = sn_sql_text(query, 3);
	row->person = sn_sql_int(query, 4);
	row->last_message = sn_sql_int(query, 5);
	row->last_time = sn_sql_int(query, 6);
	row->channel = (SnChannel)sn_sql_int(query, 7);
	row->last_direction = (SnDirection)sn_sql_int(query, 8);
	row->last_state = (SnState)sn_sql_int(query, 9);
	row->preview = sn_sql_text(query, 10);
	row->unread = (int)sn_sql_int(query, 11);
	row->attention = (int)sn_sql_int(query, 12);
	row->pending = (int)sn_sql_int(query, 13);
	row->muted = sn_sql_int(query, 14) != 0;
	row->pinned = sn_sql_int(query, 15) != 0;
	row->archived = sn_sql_int(query, 16) != 0;
	row->reply_mode = (SnReplyMode)sn_sql_int(query, 17);
	row->has_draft = sn_sql_int(query, 18) != 0;
	row->presence = (SnPresenceShow)sn_sql_int(query, 19);
	row->bulk = (SnBulk)sn_sql_int(query, 20);
	row->bulk_set = sn_sql_int(query, 21) != 0;
	row->mentions = (int)sn_sql_int(query, 22);
	return row;
}

static GPtrArray *read_rows(SnSql *query)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_conversation_free);

	while (sn_sql_row(query))
		g_ptr_array_add(rows, read_row(query));
	sn_sql_drop(query);
	return rows;
}

static const char *const bulk_words[] = { "person", "newsletter", "notice" };

const char *sn_bulk_word(SnBulk bulk)
{
	g_assert(bulk < G_N_ELEMENTS(bulk_words));
	return bulk_words[bulk];
}

gboolean sn_bulk_parse(const char *word, SnBulk *bulk)
{
	for (gsize i = 0; i < G_N_ELEMENTS(bulk_words); i++)
		if (strcmp(bulk_words[i], word) == 0) {
			*bulk = (SnBulk)i;
			return TRUE;
		}
	return FALSE;
}

/* ---- reading ---- */

#define LIST                                                                                    \
	"SELECT " COLUMNS " FROM conversation INDEXED BY conversation_list "                    \
	"WHERE shelf = ?1 AND (pinned, needs, last_time, id) < (?2, ?3, ?4, ?5) "
#define LIST_ORDER "ORDER BY pinned DESC, needs DESC, last_time DESC, id DESC LIMIT ?6"
#define HAS_PART(n)                                                                             \
	"(instr(fold(title), " n ") OR EXISTS (SELECT 1 FROM address a "                        \
	"WHERE a.person = conversation.person AND instr(fold(a.value), " n ")) "                \
	"OR EXISTS (SELECT 1 FROM member m JOIN address a ON a.id = m.address "                 \
	"WHERE m.conversation = conversation.id AND instr(fold(a.value), " n "))) "

/* Those that have a part of a name (?7), from the rows that may have it (by ?8). */
#define NAMED                                                                                   \
	SN_NAMES_FOUND("?8") "SELECT " COLUMNS " FROM conversation NOT INDEXED "                \
	"WHERE id IN (SELECT conversation FROM found) AND shelf = ?1 "                          \
	"AND (pinned, needs, last_time, id) < (?2, ?3, ?4, ?5) "

GPtrArray *sn_conversation_page(SnStore *store, const SnConversation *after, SnShelf shelf,
                                const char *filter, int limit)
{
	/* Before the first row stands a pinned one, in need, at the end of time. */
	gboolean pinned = after ? after->pinned : TRUE, needs = after ? after->attention > 0 : TRUE;
	SnTime time = after ? after->last_time : G_MAXINT64;
	SnId id = after ? after->id : G_MAXINT64;

	if (!filter || !*filter)
		return read_rows(sn_sql(store, LIST LIST_ORDER, V(shelf),
		                        V(pinned ? 1 : 0), V(needs ? 1 : 0), V(time), V(id),
		                        V(limit)));
	g_autofree char *valid = sn_tidy(filter, SN_LINE_LIMIT);
	g_autofree char *part = g_utf8_casefold(valid, -1);
	const char *rare = sn_names_rare(store, part);
	if (rare)
		return read_rows(sn_sql(store, NAMED "AND " HAS_PART("?7") LIST_ORDER, V(shelf),
		                        V(pinned ? 1 : 0), V(needs ? 1 : 0), V(time), V(id), V(limit),
		                        V(part), V(rare)));
	return read_rows(sn_sql(store, LIST "AND " HAS_PART("?7") LIST_ORDER, V(shelf),
	                        V(pinned ? 1 : 0), V(needs ? 1 : 0), V(time), V(id), V(limit),
	                        V(part)));
}

GPtrArray *sn_conversation_page_before(SnStore *store, const SnConversation *before, SnShelf shelf, int limit)
{
	gboolean pinned = before && before->pinned, needs = before && before->attention > 0;
	SnTime time = before ? before->last_time : G_MININT64;
	SnId id = before ? before->id : G_MININT64;
	GPtrArray *rows = read_rows(sn_sql(
		store,
		"SELECT " COLUMNS " FROM conversation INDEXED BY conversation_list "
		"WHERE shelf = ?1 AND (pinned, needs, last_time, id) > (?2, ?3, ?4, ?5) "
		"ORDER BY pinned, needs, last_time, id LIMIT ?6",
		V(shelf), V(pinned ? 1 : 0), V(needs ? 1 : 0), V(time), V(id), V(limit)));

	for (guint i = 0; i < rows->len / 2; i++) {
		gpointer first = rows->pdata[i];
		rows->pdata[i] = rows->pdata[rows->len - 1 - i];
		rows->pdata[rows->len - 1 - i] = first;
	}
	return rows;
}

/* Few have something new: they are sorted, and not looked for among all. */
SnId sn_conversation_next_unread(SnStore *store, const SnConversation *after, SnShelf shelf)
{
	gboolean pinned = after ? after->pinned : TRUE, needs = after ? after->attention > 0 : TRUE;
	SnTime time = after ? after->last_time : G_MAXINT64;
	SnId id = after ? after->id : G_MAXINT64;

	return sn_one(store,
	              "SELECT id FROM (SELECT id, pinned, needs, last_time, shelf FROM conversation "
	              "INDEXED BY conversation_unread WHERE unread > 0 AND NOT muted UNION "
	              "SELECT id, pinned, needs, last_time, shelf FROM conversation "
	              "INDEXED BY conversation_needs WHERE attention > 0) "
	              "WHERE shelf = ?1 AND (pinned, needs, last_time, id) < (?2, ?3, ?4, ?5) "
	              "ORDER BY pinned DESC, needs DESC, last_time DESC, id DESC LIMIT 1",
	              V(shelf), V(pinned ? 1 : 0), V(needs ? 1 : 0), V(time), V(id));
}

SnConversation *sn_conversation_get(SnStore *store, SnId id)
{
	SnSql *query = sn_sql(store,
	                      "SELECT " COLUMNS " FROM conversation WHERE id = coalesce((SELECT heir "
	                      "FROM shell WHERE conversation = ?1), ?1)",
	                      V(id));
	SnConversation *row = sn_sql_row(query) ? read_row(query) : NULL;

	sn_sql_drop(query);
	return row;
}

static GPtrArray *find_by_address(SnStore *store, const char *who)
{
	g_autofree char *mail = sn_address_normalise(SN_CHANNEL_MAIL, who);
	g_autofree char *im = sn_address_normalise(SN_CHANNEL_IM, who);

	return read_rows(sn_sql(store,
	                        "SELECT " COLUMNS " FROM conversation WHERE person IN ("
	                        "SELECT person FROM address WHERE (channel = 0 AND value = ?1) "
	                        "OR (channel = 1 AND value = ?2)) "
	                        "OR (kind > 1 AND key IN (lower(?3), ?2)) "
	                        "ORDER BY kind, last_time DESC LIMIT 100",
	                        V(mail), V(im), V(who)));
}

#define BY_NAME "SELECT " COLUMNS " FROM conversation NOT INDEXED WHERE "
#define FOUND SN_NAMES_FOUND("?3") BY_NAME "id IN (SELECT conversation FROM found) AND "
#define BY_NAME_ORDER                                                                           \
	"AND id NOT IN (SELECT conversation FROM shell) ORDER BY shelf, last_time DESC LIMIT ?2"

/* Who is called just that, else who has it as a part of a name. */
static GPtrArray *find_by_name(SnStore *store, const char *part)
{
	const char *rare = sn_names_rare(store, part);
	GPtrArray *rows = read_rows(
		rare ? sn_sql(store, FOUND "fold(title) = ?1 " BY_NAME_ORDER, V(part), V(FIND_LIMIT),
		              V(rare))
		     : sn_sql(store, BY_NAME "fold(title) = ?1 " BY_NAME_ORDER, V(part), V(FIND_LIMIT)));

	if (rows->len || !*part)
		return rows;
	g_ptr_array_unref(rows);
	return read_rows(
		rare ? sn_sql(store, FOUND HAS_PART("?1") BY_NAME_ORDER, V(part), V(FIND_LIMIT), V(rare))
		     : sn_sql(store, BY_NAME HAS_PART("?1") BY_NAME_ORDER, V(part), V(FIND_LIMIT)));
}

GPtrArray *sn_conversation_find(SnStore *store, const char *who)
{
	if (g_str_has_prefix(who, "id:"))
		return read_rows(sn_sql(store,
		                        "SELECT " COLUMNS " FROM conversation WHERE id = coalesce("
		                        "(SELECT heir FROM shell WHERE conversation = ?1), ?1)",
		                        V(g_ascii_strtoll(who + 3, NULL, 10))));
	GPtrArray *rows = find_by_address(store, who);
	if (rows->len)
		return rows;
	g_ptr_array_unref(rows);
	g_autofree char *valid = sn_tidy(who, SN_LINE_LIMIT);
	g_autofree char *part = g_utf8_casefold(valid, -1);
	return find_by_name(store, part);
}

GPtrArray *sn_conversation_members(SnStore *store, SnId id)
{
	g_autoptr(SnConversation) row = sn_conversation_get(store, id);
	GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)sn_address_free);
	SnSql *query;

	if (!row)
		return members;
	if (row->person)
		query = sn_sql(store,
		               "SELECT id FROM address WHERE person = ?1 ORDER BY last_used DESC, id",
		               V(row->person));
	else
		query = sn_sql(store,
		               "SELECT address FROM member WHERE conversation = ?1 ORDER BY address",
		               V(id));
	while (sn_sql_row(query)) {
		SnAddress *address = sn_address_get(store, sn_sql_int(query, 0));
		if (address)
			g_ptr_array_add(members, address);
	}
	sn_sql_drop(query);
	return members;
}

void sn_conversation_totals(SnStore *store, int *unread, int *attention, int *pending)
{
	*unread = (int)sn_one(store, "SELECT sum(unread) FROM conversation WHERE unread > 0");
	*attention = (int)sn_one(store, "SELECT count(*) FROM conversation WHERE attention > 0");
	*pending = (int)sn_one(store, "SELECT sum(pending) FROM conversation WHERE pending > 0");
}

/* ---- making ---- */

SnId sn_conversation_make(SnStore *store, SnConversationKind kind, const char *key,
                          const char *title, SnId person, gboolean opened, GError **error)
{
	SnId id = sn_one(store, "SELECT id FROM conversation WHERE kind = ?1 AND key = ?2", V(kind),
	                 V(key));

	if (id) {
		if (opened && !sn_run(store, error,
		                      "UPDATE conversation SET opened = 1 WHERE id = ?1 AND opened = 0",
		                      V(id)))
			return 0;
		return id;
	}
	if (!sn_run(store, error,
	            "INSERT INTO conversation (kind, key, title, person, opened) "
	            "VALUES (?1, ?2, ?3, nullif(?4, 0), ?5)",
	            V(kind), V(key), V(title), V(person), V(opened ? 1 : 0)))
		return 0;
	id = sn_last_id(store);
	return sn_names_put(store, id, title, error) ? id : 0;
}

SnId sn_conversation_of_person(SnStore *store, SnId whose, gboolean opened, GError **error)
{
	SnId person = sn_person_current(store, whose);
	SnId id = sn_one(store,
	                 "SELECT id FROM conversation WHERE person = ?1 AND opened >= ?2",
	                 V(person), V(opened ? 1 : 0));

	if (id)
		return id;
	g_autoptr(SnPerson) row = sn_person_get(store, person);
	if (!row) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such person.");
		return 0;
	}
	g_autofree char *key = g_strdup_printf("p:%" G_GINT64_FORMAT, person);
	id = sn_conversation_make(store, SN_CONV_PERSON, key,
	                          row->is_self ? "Note to self" : row->name, person, opened, error);
	return id && sn_presence_refresh_person(store, person, error) ? id : 0;
}

SnId sn_conversation_for_person(SnStore *store, SnId person, GError **error)
{
	if (!sn_store_begin(store, error))
		return 0;
	SnId id = sn_conversation_of_person(store, person, TRUE, error);
	return sn_store_finish(store, id != 0, error) ? id : 0;
}

gboolean sn_conversation_title(SnStore *store, SnId id, const char *title, GError **error)
{
	if (!sn_run(store, error, "UPDATE conversation SET title = ?2 WHERE id = ?1 AND title <> ?2",
	            V(id), V(title)))
		return FALSE;
	return sn_changes(store) == 0 || sn_names_put(store, id, title, error);
}

SnId sn_conversation_for_room(SnStore *store, const char *jid, const char *title, GError **error)
{
	g_autofree char *key = sn_address_normalise(SN_CHANNEL_IM, jid);
	g_autofree char *tidy = sn_tidy(title, SN_LINE_LIMIT);

	if (!key) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "That is not the address of a room.");
		return 0;
	}
	if (!sn_store_begin(store, error))
		return 0;
	SnId id = sn_conversation_make(store, SN_CONV_ROOM, key, tidy ? tidy : key, 0, TRUE, error);
	gboolean ok = id && (!tidy || sn_conversation_title(store, id, tidy, error));
	return sn_store_finish(store, ok, error) ? id : 0;
}

gboolean sn_conversation_add_member(SnStore *store, SnId conversation, SnId address,
                                    GError **error)
{
	return sn_run(store, error,
	              "INSERT OR IGNORE INTO member (conversation, address) VALUES (?1, ?2)",
	              V(conversation), V(address));
}

gboolean sn_conversation_retitle(SnStore *store, SnId person, const char *name, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	gboolean ok = TRUE;

	sn_sql_ids(sn_sql(store,
	                  "SELECT id FROM conversation WHERE person = ?1 AND title <> ?2 "
	                  "AND NOT (SELECT is_self FROM person WHERE id = ?1)",
	                  V(person), V(name)),
	           ids);
	for (guint i = 0; ok && i < ids->len; i++)
		ok = sn_conversation_title(store, g_array_index(ids, SnId, i), name, error);
	return ok;
}

/* ---- what the user sets ---- */

static gboolean must_change(SnStore *store, gboolean ok, GError **error)
{
	if (ok && sn_changes(store) == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such conversation.");
		return FALSE;
	}
	return ok;
}

gboolean sn_conversation_set_mode(SnStore *store, SnId id, SnReplyMode mode, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "UPDATE conversation SET reply_mode = ?2 WHERE id = ?1",
	                     V(id), V(mode));
	return sn_store_finish(store, must_change(store, ok, error), error);
}

gboolean sn_conversation_set_bulk(SnStore *store, SnId id, gboolean set, SnBulk bulk, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE conversation SET bulk_set = iif(?2, ?3, NULL) WHERE id = ?1", V(id),
	                     V(set ? 1 : 0), V(bulk));
	return sn_store_finish(store, must_change(store, ok, error), error);
}

int sn_conversation_bulk_unread(SnStore *store)
{
	return (int)sn_one(store, "SELECT count(*) FROM conversation INDEXED BY conversation_unread "
	                          "WHERE unread > 0 AND shelf = 3 AND NOT muted");
}

gboolean sn_conversation_set_flags(SnStore *store, SnId id, gboolean muted, gboolean pinned,
                                   gboolean archived, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE conversation SET muted = ?2, pinned = ?3, archived = ?4 "
	                     "WHERE id = ?1",
	                     V(id), V(muted ? 1 : 0), V(pinned ? 1 : 0), V(archived ? 1 : 0));
	return sn_store_finish(store, must_change(store, ok, error), error);
}
