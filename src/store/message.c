/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message.c - the structures of a message, and reading messages. */
#include "src/store/message.h"

#include "src/store/outcome.h"
#include "src/store/private.h"

static void party_free(gpointer data)
{
	SnParty *party = data;

	g_free(party->address);
	g_free(party->name);
	g_free(party);
}

void sn_part_free(SnPart *part)
{
	if (!part)
		return;
	g_free(part->type);
	g_free(part->name);
	g_free(part->sha256);
	g_free(part->promised);
	g_free(part->fault);
	g_free(part->url);
	g_free(part->path);
	g_free(part);
}

SnMessage *sn_message_new(void)
{
	return g_new0(SnMessage, 1);
}

void sn_message_free(SnMessage *message)
{
	if (!message)
		return;
	char *strings[] = { message->sender_value, message->sender_name, message->subject,
		            message->preview,      message->message_id,  message->origin_id,
		            message->stanza_id,    message->in_reply_to, message->thread,
		            message->list_id,      message->authentication, message->notice,
		            message->body,         message->tags,        message->occupant };
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	sn_packed_free(message->packed);
	sn_ready_free(message->ready);
	if (message->parties)
		g_ptr_array_unref(message->parties);
	if (message->parts)
		g_ptr_array_unref(message->parts);
	g_free(message);
}

void sn_message_add_party(SnMessage *message, SnRole role, const char *address, const char *name)
{
	SnParty *party = g_new0(SnParty, 1);

	party->role = role;
	party->address = g_strdup(address);
	party->name = g_strdup(name);
	if (!message->parties)
		message->parties = g_ptr_array_new_with_free_func(party_free);
	g_ptr_array_add(message->parties, party);
}

void sn_message_add_part(SnMessage *message, SnPart *part)
{
	if (!message->parts)
		message->parts = g_ptr_array_new_with_free_func((GDestroyNotify)sn_part_free);
	g_ptr_array_add(message->parts, part);
}

/* ---- reading ---- */

#define COLUMNS                                                                                 \
	"m.id, m.conversation, m.account, m.channel, m.direction, m.time, m.sender, a.value, "  \
	"coalesce(m.sender_name, p.name), m.subject, m.preview, m.state, m.flags, "             \
	"m.message_id, m.origin_id, m.stanza_id, m.in_reply_to, m.thread, m.reply_to, "         \
	"m.encrypted, m.carried, m.secure, m.carried_by, m.outbox, m.size, m.attachments, "   \
	"m.list_id, m.authentication, m.notice, m.contradicted, m.brought, m.attached, m.about, " \
	"m.tags, m.bulk, m.occupant, m.mention, m.amended "
#define JOINS "JOIN address a ON a.id = m.sender JOIN person p ON p.id = a.person "

static SnMessage *read_row(SnSql *query)
{
	SnMessage *m = sn_message_new();

	m->id = sn_sql_int(query, 0);
	m->conversation = sn_sql_int(query, 1);
	m->account = sn_sql_int(query, 2);
	m->channel = (SnChannel)sn_sql_int(query, 3);
	m->direction = (SnDirection)sn_sql_int(query, 4);
	m->time = sn_sql_int(query, 5);
	m->sender = sn_sql_int(query, 6);
	m->sender_value = sn_sql_text(query, 7);
	m->sender_name = sn_sql_text(query, 8);
	m->subject = sn_sql_text(query, 9);
	m->preview = sn_sql_text(query, 10);
	m->state = (SnState)sn_sql_int(query, 11);
	m->flags = (guint)sn_sql_int(query, 12);
	m->message_id = sn_sql_text(query, 13);
	m->origin_id = sn_sql_text(query, 14);
	m->stanza_id = sn_sql_text(query, 15);
	m->in_reply_to = sn_sql_text(query, 16);
	m->thread = sn_sql_text(query, 17);
	m->reply_to = sn_sql_int(query, 18);
	m->encrypted = sn_sql_int(query, 19) != 0;
	m->carried = sn_sql_int(query, 20) != 0;
	m->secure = (guint)sn_sql_int(query, 21);
	m->carried_by = sn_sql_int(query, 22);
	m->outbox = sn_sql_int(query, 23);
	m->size = sn_sql_int(query, 24);
	m->attachments = (int)sn_sql_int(query, 25);
	m->list_id = sn_sql_text(query, 26);
	m->authentication = sn_sql_text(query, 27);
	m->notice = sn_sql_text(query, 28);
	m->contradicted = (guint)sn_sql_int(query, 29);
	m->brought = (int)sn_sql_int(query, 30);
	m->attached = sn_sql_int(query, 31);
	m->about = sn_sql_int(query, 32);
	m->tags = sn_sql_text(query, 33);
	m->bulk = (SnBulk)sn_sql_int(query, 34);
	m->occupant = sn_sql_text(query, 35);
	m->mention = sn_sql_int(query, 36) != 0;
	m->amended = (guint)sn_sql_int(query, 37);
	return m;
}

static void read_parties(SnStore *store, SnMessage *message)
{
	SnSql *query = sn_sql(store,
	                      "SELECT role, address, name FROM party WHERE message = ?1 ORDER BY seq",
	                      V(message->id));

	message->parties = g_ptr_array_new_with_free_func(party_free);
	while (sn_sql_row(query))
		sn_message_add_party(message, (SnRole)sn_sql_int(query, 0), sn_sql_peek(query, 1),
		                     sn_sql_peek(query, 2));
	sn_sql_drop(query);
}

static void read_parts(SnStore *store, SnMessage *message)
{
	SnSql *query = sn_sql(store,
	                      "SELECT position, type, name, size, sha256, url, path, inline, "
	                      "promised, coalesce(done, 0), coalesce(total, 0), fault "
	                      "FROM part LEFT JOIN transfer USING (message, position) "
	                      "WHERE message = ?1 ORDER BY position",
	                      V(message->id));

	message->parts = g_ptr_array_new_with_free_func((GDestroyNotify)sn_part_free);
	while (sn_sql_row(query)) {
		SnPart *part = g_new0(SnPart, 1);
		part->position = (int)sn_sql_int(query, 0);
		part->type = sn_sql_text(query, 1);
		part->name = sn_sql_text(query, 2);
		part->size = sn_sql_int(query, 3);
		part->sha256 = sn_sql_text(query, 4);
		part->url = sn_sql_text(query, 5);
		part->path = sn_sql_text(query, 6);
		part->inline_ = sn_sql_int(query, 7) != 0;
		part->promised = sn_sql_text(query, 8);
		part->done = sn_sql_int(query, 9);
		part->total = sn_sql_int(query, 10);
		part->fault = sn_sql_text(query, 11);
		g_ptr_array_add(message->parts, part);
	}
	sn_sql_drop(query);
}

static void read_rest(SnStore *store, SnMessage *message, guint what)
{
	if (!(what & SN_MESSAGE_FULL))
		return;
	message->body =
		sn_one_text(store, "SELECT body_text(text, packed) FROM body WHERE message = ?1", V(message->id));
	if (!message->body)
		message->body = g_strdup("");
	read_parties(store, message);
	read_parts(store, message);
}

GPtrArray *sn_message_rows(SnStore *store, SnSql *query, guint what, GError **error)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	while (sn_sql_row(query)) {
		SnMessage *message = read_row(query);
		read_rest(store, message, what);
		g_ptr_array_add(rows, message);
	}
	if (!error) {
		sn_sql_drop(query);
	} else if (!sn_sql_end(query, error)) {
		g_ptr_array_unref(rows);
		return NULL;
	}
	return rows;
}

SnMessage *sn_message_get(SnStore *store, SnId id, guint what)
{
	SnSql *query =
		sn_sql(store, "SELECT " COLUMNS "FROM message m " JOINS "WHERE m.id = ?1", V(id));
	SnMessage *message = sn_sql_row(query) ? read_row(query) : NULL;

	sn_sql_drop(query);
	if (message)
		read_rest(store, message, what);
	return message;
}

void sn_sender_clear(SnSender *sender)
{
	g_clear_pointer(&sender->value, g_free);
	g_clear_pointer(&sender->name, g_free);
	sender->id = 0;
}

static void look_up_sender(SnStore *store, SnId id, SnSender *sender)
{
	SnSql *query = sn_sql(store, "SELECT a.value, p.name FROM address a JOIN person p ON p.id = a.person "
	                      "WHERE a.id = ?1", V(id));

	sn_sender_clear(sender);
	if (sn_sql_row(query)) {
		sender->id = id;
		sender->value = sn_sql_text(query, 0);
		sender->name = sn_sql_text(query, 1);
	}
	sn_sql_drop(query);
}

SnMessage *sn_message_line(SnStore *store, SnSql *row, SnSender *sender)
{
	SnMessage *m = sn_message_new();

	m->id = sn_sql_int(row, 0);
	m->conversation = sn_sql_int(row, 1);
	m->channel = (SnChannel)sn_sql_int(row, 2);
	m->time = sn_sql_int(row, 3);
	m->sender = sn_sql_int(row, 4);
	m->sender_name = sn_sql_text(row, 5);
	m->subject = sn_sql_text(row, 6);
	m->preview = sn_sql_text(row, 7);
	if (m->sender != sender->id)
		look_up_sender(store, m->sender, sender);
	m->sender_value = g_strdup(sender->value);
	if (!m->sender_name)
		m->sender_name = g_strdup(sender->name);
	return m;
}

static void reverse(GPtrArray *rows)
{
	for (guint i = 0; i < rows->len / 2; i++) {
		gpointer first = rows->pdata[i];
		rows->pdata[i] = rows->pdata[rows->len - 1 - i];
		rows->pdata[rows->len - 1 - i] = first;
	}
}

#define TIMELINE                                                                                \
	"SELECT " COLUMNS "FROM message m INDEXED BY message_timeline CROSS " JOINS             \
	"WHERE m.conversation = ?1 AND m.hidden = 0 AND (m.time, m.id) "

GPtrArray *sn_message_page(SnStore *store, SnId conversation, SnTime anchor_time, SnId anchor_id,
                           gboolean forward, int limit, guint what)
{
	if (forward)
		return sn_message_rows(store,
		                       sn_sql(store, TIMELINE "> (?2, ?3) ORDER BY m.time, m.id LIMIT ?4",
		                              V(conversation), V(anchor_time), V(anchor_id), V(limit)),
		                       what, NULL);
	if (!anchor_time && !anchor_id)
		anchor_time = anchor_id = G_MAXINT64;
	GPtrArray *rows = sn_message_rows(
		store,
		sn_sql(store, TIMELINE "< (?2, ?3) ORDER BY m.time DESC, m.id DESC LIMIT ?4",
	               V(conversation), V(anchor_time), V(anchor_id), V(limit)),
		what, NULL);
	reverse(rows);
	return rows;
}

GPtrArray *sn_message_thread(SnStore *store, const char *thread, int limit, guint what)
{
	g_autofree char *alias =
		sn_one_text(store, "SELECT thread FROM thread_alias WHERE alias = ?1", V(thread));

	return sn_message_rows(store,
	                       sn_sql(store,
	                              "SELECT " COLUMNS "FROM message m INDEXED BY message_thread "
	                              "CROSS " JOINS "WHERE m.thread = ?1 AND m.hidden = 0 "
	                              "ORDER BY m.time, m.id LIMIT ?2",
	                              V(alias ? alias : thread), V(limit)),
	                       what, NULL);
}

GPtrArray *sn_message_carried(SnStore *store, SnId by, guint what)
{
	return sn_message_rows(store,
	                       sn_sql(store,
	                              "SELECT " COLUMNS "FROM carried c JOIN message m "
	                              "ON m.id = c.message " JOINS "WHERE c.by_message = ?1 "
	                              "ORDER BY m.time, m.id",
	                              V(by)),
	                       what, NULL);
}

GPtrArray *sn_message_reports(SnStore *store, SnId about, guint what)
{
	return sn_message_rows(store,
	                       sn_sql(store,
	                              "SELECT " COLUMNS "FROM message m " JOINS "WHERE m.about = ?1 "
	                              "AND m.about <> 0 AND m.hidden = 2 ORDER BY m.time, m.id",
	                              V(about)),
	                       what, NULL);
}

GPtrArray *sn_folder_page(SnStore *store, SnId folder, SnTime before_time, SnId before_id,
                          int limit, guint what)
{
	if (!before_time && !before_id)
		before_time = before_id = G_MAXINT64;
	return sn_message_rows(store,
	                       sn_sql(store,
	                              "SELECT " COLUMNS "FROM location l INDEXED BY location_listed "
	                              "CROSS JOIN message m ON m.id = l.message " JOINS
	                              "WHERE l.shown_in = ?1 AND (l.time, l.message) < (?2, ?3) "
	                              "ORDER BY l.time DESC, l.message DESC LIMIT ?4",
	                              V(folder), V(before_time), V(before_id), V(limit)),
	                       what, NULL);
}

/* ---- finding ---- */

SnId sn_message_find_mail(SnStore *store, const char *message_id)
{
	/* A live record before one that was told, the first known before later ones. */
	return sn_one(store,
	              "SELECT id FROM message WHERE message_id = ?1 AND channel = 0 "
	              "ORDER BY carried, id LIMIT 1",
	              V(message_id));
}

SnId sn_message_last(SnStore *store)
{
	return sn_one(store, "SELECT max(id) FROM message");
}

SnId sn_message_find_im(SnStore *store, const char *origin_id, const char *sender)
{
	g_autofree char *normal = sn_address_normalise(SN_CHANNEL_IM, sender);

	/* by the id, not by all that the sender wrote */
	return sn_one(store,
	              "SELECT m.id FROM message m JOIN address a ON a.id = +m.sender "
	              "WHERE m.origin_id = ?1 AND m.channel = 1 AND a.channel = 1 AND a.value = ?2 "
	              "ORDER BY m.carried, m.id LIMIT 1",
	              V(origin_id), V(normal));
}

gboolean sn_message_knows_im(SnStore *store, const char *id)
{
	return sn_one(store,
	              "SELECT EXISTS (SELECT 1 FROM message WHERE origin_id = ?1) "
	              "OR EXISTS (SELECT 1 FROM message WHERE stanza_id = ?1)",
	              V(id)) != 0;
}

SnId sn_message_find_origin(SnStore *store, const char *origin_id)
{
	return sn_one(store,
	              "SELECT iif(count(*) = 1, max(id), 0) FROM message WHERE origin_id = ?1 "
	              "AND channel = 1 AND carried = 0",
	              V(origin_id));
}

SnId sn_message_find_stanza(SnStore *store, SnId account, const char *stanza_id)
{
	return sn_one(store,
	              "SELECT id FROM message WHERE stanza_id = ?1 AND account = ?2 "
	              "AND carried = 0 LIMIT 1",
	              V(stanza_id), V(account));
}

void sn_message_checked(SnStore *store, SnId account, int limit, int *all, int *checked)
{
	SnSql *query = sn_sql(store,
	                      "SELECT count(*), count(authentication) FROM (SELECT authentication FROM message "
	                      "WHERE account = ?1 AND channel = ?2 AND direction = ?3 AND carried = 0 "
	                      "AND attached = 0 ORDER BY time DESC, id DESC LIMIT ?4)",
	                      V(account), V(SN_CHANNEL_MAIL), V(SN_IN), V(limit));

	*all = *checked = 0;
	if (sn_sql_row(query)) {
		*all = (int)sn_sql_int(query, 0);
		*checked = (int)sn_sql_int(query, 1);
	}
	sn_sql_drop(query);
	g_assert(*checked <= *all);
}
