/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outbox.c - queueing a message and reading the outbox. Its way out is in outbox_engine.c. */
#include "src/store/outbox.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/fault.h"
#include "src/base/gio.h"
#include "src/base/ids.h"
#include "src/store/private.h"

#define ATTACHMENT_LIMIT 200
#define HISTORY_LIMIT 10000

void sn_attachment_free(SnAttachment *attachment)
{
	if (!attachment)
		return;
	g_free(attachment->path);
	g_clear_pointer(&attachment->bytes, g_bytes_unref);
	g_free(attachment->name);
	g_free(attachment->type);
	g_free(attachment->sha256);
	g_free(attachment);
}

#define HELD "held:"

char *sn_attachment_held(const SnAttachment *attachment)
{
	g_return_val_if_fail(attachment->sha256 != NULL, NULL);
	return g_strdup_printf(HELD "%s:%s:%s", attachment->sha256,
	                       attachment->type ? attachment->type : "",
	                       attachment->name ? attachment->name : "file");
}

SnAttachment *sn_attachment_from_held(const char *text)
{
	if (!g_str_has_prefix(text, HELD))
		return NULL;
	g_auto(GStrv) parts = g_strsplit(text + strlen(HELD), ":", 3);
	SnAttachment *attachment = g_new0(SnAttachment, 1);
	guint count = g_strv_length(parts);
	attachment->sha256 = g_strdup(count > 0 ? parts[0] : "");
	attachment->type = count > 1 && *parts[1] ? g_strdup(parts[1]) : NULL;
	attachment->name = g_strdup(count > 2 ? parts[2] : "file");
	return attachment;
}

void sn_outbox_entry_free(SnOutboxEntry *entry)
{
	if (!entry)
		return;
	char *strings[] = { entry->reason,    entry->error_word, entry->from,
		            entry->message_id, entry->origin_id, entry->subject,
		            entry->body,      entry->thread,     entry->quick_question };
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	if (entry->recipients)
		g_ptr_array_unref(entry->recipients);
	if (entry->attachments)
		g_ptr_array_unref(entry->attachments);
	if (entry->history)
		g_array_unref(entry->history);
	if (entry->agreed)
		g_array_unref(entry->agreed);
	g_free(entry);
}

void sn_outbox_event_free(SnOutboxEvent *event)
{
	if (!event)
		return;
	g_free(event->what);
	g_free(event->detail);
	g_free(event);
}

/* ---- queueing ---- */

/* One attachment on its way in. */
typedef struct {
	SnPacked *packed;  /* NULL: the bytes are here already, by sha256 */
	char *name, *type, *sha256;
	gint64 size;
} File;

static void file_free(gpointer data)
{
	File *file = data;

	sn_packed_free(file->packed);
	g_free(file->name);
	g_free(file->type);
	g_free(file->sha256);
	g_free(file);
}

static GBytes *read_file(const char *path, GError **error)
{
	struct stat info;
	GError *why = NULL;
	char *data;
	gsize size;

	/* reading a pipe or a device would not end */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "Cannot attach %s: it is not a file.", path);
		return NULL;
	}
	if (g_file_get_contents(path, &data, &size, &why))
		return g_bytes_new_take(data, size);
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "Cannot read the attachment %s: %s.", path,
	            why->message);
	g_error_free(why);
	return NULL;
}

/* What the name and the first bytes say. A type that a reader would take for a part of the message
 * itself is none for a file, but for an email in a file. */
static void guess_type(File *file, GBytes *bytes)
{
	gsize length;
	const guchar *data = g_bytes_get_data(bytes, &length);
	gboolean eml = g_str_has_suffix(file->name, ".eml");
	g_autofree char *content =
		sn_gio()->g_content_type_guess(file->name, data, MIN(length, 4096), NULL);
	g_autofree char *type = eml ? g_strdup("message/rfc822")
	                            : sn_gio()->g_content_type_get_mime_type(content);

	if (!type || (!eml && g_str_has_prefix(type, "message/")) ||
	    g_str_has_prefix(type, "multipart/") || g_str_has_prefix(type, "inode/"))
		return;
	g_free(file->type);
	file->type = g_steal_pointer(&type);
}

/* The bytes now; the file may be gone when the message goes. */
static gboolean fill_file(SnStore *store, File *file, const SnAttachment *from, GError **error)
{
	if (from->path || from->bytes) {
		g_autoptr(GBytes) bytes =
			from->bytes ? g_bytes_ref(from->bytes) : read_file(from->path, error);
		if (!bytes || !(file->packed = sn_blob_pack(store, bytes, error)))
			return FALSE;
		if (!from->type)
			guess_type(file, bytes);
		file->sha256 = g_strdup(sn_packed_sha256(file->packed));
		file->size = sn_packed_size(file->packed);
		return TRUE;
	}
	if (!from->sha256) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "The attachment %s names no file.",
		            file->name);
		return FALSE;
	}
	/* of an entry that is converted: here already */
	file->sha256 = g_strdup(from->sha256);
	file->size = sn_one(store, "SELECT coalesce(max(size), -1) FROM blob WHERE sha256 = ?1",
	                    V(from->sha256));
	if (file->size >= 0)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The attachment %s is no longer here.",
	            file->name);
	return FALSE;
}

GPtrArray *sn_outbox_read_files(SnStore *store, const SnOutboxNew *new, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);

	if (new->attachments && new->attachments->len > ATTACHMENT_LIMIT) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
		            "A message takes at most %d attachments.", ATTACHMENT_LIMIT);
		return NULL;
	}
	for (guint i = 0; new->attachments && i < new->attachments->len; i++) {
		const SnAttachment *from = new->attachments->pdata[i];
		const char *name = from->name ? from->name : from->path ? from->path : "file";
		g_autofree char *base = g_path_get_basename(name);
		File *file = g_new0(File, 1);
		file->name = sn_tidy(base, SN_LINE_LIMIT);
		file->type = g_strdup(from->type ? from->type : "application/octet-stream");
		g_ptr_array_add(files, file);
		if (!fill_file(store, file, from, error))
			return NULL;
	}
	return g_steal_pointer(&files);
}

static void fill_thread(SnStore *store, const SnOutboxNew *new, SnMessage *m)
{
	m->reply_to = new->reply_to;
	m->in_reply_to = sn_one_text(store,
	                             "SELECT iif(channel = 0, message_id, "
	                             "coalesce(origin_id, stanza_id)) FROM message WHERE id = ?1",
	                             V(new->reply_to));
	m->thread = new->thread ? g_strdup(new->thread) :
	                          sn_one_text(store, "SELECT thread FROM message WHERE id = ?1",
	                                      V(new->reply_to));
	if (!m->thread)
		m->thread = g_strdup(m->message_id ? m->message_id : m->origin_id);
}

static SnMessage *timeline_row(SnStore *store, const SnOutboxNew *new, const GPtrArray *files,
                               GError **error)
{
	SnMessage *m = sn_message_new();

	m->conversation = new->conversation;
	m->account = new->account;
	m->channel = new->channel;
	m->direction = SN_OUT;
	m->time = sn_now(store);
	m->sender = sn_address_make(store, new->channel, new->from, NULL, SN_NAME_TOLD, error);
	m->subject = sn_tidy(new->subject, SN_LINE_LIMIT);
	m->body = sn_tidy(new->body, SN_TEXT_LIMIT);
	m->size = (gint64)strlen(m->body);
	m->state = new->state;
	m->notice = sn_tidy(new->notice, SN_LINE_LIMIT);
	m->flags = SN_FLAG_SEEN;
	if (new->channel == SN_CHANNEL_MAIL)
		m->message_id = sn_id_message(new->from);
	else
		m->origin_id = sn_id_origin();
	fill_thread(store, new, m);
	sn_message_add_party(m, SN_ROLE_FROM, new->from, NULL);
	for (guint i = 0; i < new->recipients->len; i++) {
		const SnParty *party = new->recipients->pdata[i];
		g_autofree char *address = sn_address_normalise(new->channel, party->address);
		sn_message_add_party(m, party->role, address, party->name);
	}
	for (guint i = 0; i < files->len; i++) {
		const File *file = files->pdata[i];
		SnPart *part = g_new0(SnPart, 1);
		part->position = (int)i + 1;
		part->name = g_strdup(file->name);
		part->type = g_strdup(file->type);
		part->sha256 = g_strdup(file->sha256);
		part->size = file->size;
		m->size += file->size;
		sn_message_add_part(m, part);
	}
	return m;
}

/* Who files it with a person: the first recipient, where the conversation is that person's. */
static gboolean find_peer(SnStore *store, const SnOutboxNew *new, SnId *peer, GError **error)
{
	SnId person = sn_one(store, "SELECT person FROM conversation WHERE id = ?1",
	                     V(new->conversation));

	*peer = 0;
	for (guint i = 0; person && i < new->recipients->len; i++) {
		const SnParty *party = new->recipients->pdata[i];
		SnId id = sn_address_make(store, new->channel, party->address, party->name,
		                          SN_NAME_TOLD, error);
		if (!id)
			return FALSE;
		if (!*peer && sn_address_person(store, id) == person)
			*peer = id;
	}
	/* sent to an address that is not (yet) of the person: it stays where it was written */
	if (person && !*peer)
		*peer = sn_one(store,
		               "SELECT id FROM address WHERE person = ?1 ORDER BY id LIMIT 1",
		               V(person));
	return TRUE;
}

static gboolean is_agreed(const SnOutboxNew *new, SnId message)
{
	for (guint i = 0; new->agreed && i < new->agreed->len; i++)
		if (g_array_index(new->agreed, SnId, i) == message)
			return TRUE;
	return FALSE;
}

static gboolean write_history(SnStore *store, const SnOutboxNew *new, SnId id, GError **error)
{
	for (guint i = 0; new->history && i < MIN(new->history->len, HISTORY_LIMIT); i++) {
		SnId message = g_array_index(new->history, SnId, i);
		if (!sn_run(store, error,
		            "INSERT INTO outbox_history (outbox, seq, message, agreed) "
		            "VALUES (?1, ?2, ?3, ?4)",
		            V(id), V(i), V(message), V(is_agreed(new, message) ? 1 : 0)))
			return FALSE;
	}
	return TRUE;
}

static gboolean write_lists(SnStore *store, SnId id, const SnOutboxNew *new,
                            const GPtrArray *files, GError **error)
{
	for (guint i = 0; i < new->recipients->len; i++) {
		const SnParty *party = new->recipients->pdata[i];
		g_autofree char *address = sn_address_normalise(new->channel, party->address);
		if (!sn_run(store, error,
		            "INSERT INTO outbox_recipient (outbox, seq, role, address, name) "
		            "VALUES (?1, ?2, ?3, ?4, ?5)",
		            V(id), V(i), V(party->role), V(address), V(party->name)))
			return FALSE;
	}
	for (guint i = 0; i < files->len; i++) {
		const File *file = files->pdata[i];
		if (file->packed && !sn_blob_keep(store, file->packed, error))
			return FALSE;
		if (!sn_run(store, error,
		            "INSERT INTO outbox_attachment (outbox, seq, name, type, blob) "
		            "VALUES (?1, ?2, ?3, ?4, (SELECT id FROM blob WHERE sha256 = ?5))",
		            V(id), V(i), V(file->name), V(file->type), V(file->sha256)))
			return FALSE;
	}
	return write_history(store, new, id, error);
}

static SnId write_entry(SnStore *store, const SnOutboxNew *new, const SnMessage *m, GError **error)
{
	g_autofree char *reason = sn_tidy(new->reason, SN_LINE_LIMIT);
	const SnParty *first = new->recipients->pdata[0];
	g_autofree char *jid = new->channel == SN_CHANNEL_IM
		? sn_address_normalise(SN_CHANNEL_IM, first->address)
		: NULL;

	if (!sn_run(store, error,
	            "INSERT INTO outbox (conversation, message, account, channel, state, reason, "
	            "if_unavailable, created, expires, send_at, sender, message_id, origin_id, "
	            "subject, body, reply_to, thread, converted_from, announce, "
	            "history_attachments, conditions, otherwise, encrypt, jid, read_receipt, resend, format, sign, "
	            "reports) "
	            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
	            "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
	            V(new->conversation), V(m->id), V(new->account), V(new->channel), V(new->state),
	            V(reason), V(new->if_unavailable), V(m->time), V(new->expires), V(new->send_at),
	            V(new->from), V(m->message_id), V(m->origin_id), V(m->subject), V(m->body),
	            V(new->reply_to), V(m->thread), V(new->converted_from),
	            V(new->announce ? 1 : 0), V(new->history_attachments ? 1 : 0), V(new->when),
	            V(new->then), V(new->encrypt), V(jid), V(new->read_receipt), V(new->resend),
	            V(new->format), V(new->sign), V(new->reports)))
		return 0;
	SnId id = sn_last_id(store);
	if (!sn_run(store, error, "UPDATE message SET outbox = ?2 WHERE id = ?1", V(m->id), V(id)) ||
	    !sn_outbox_journal(store, id, sn_state_word(new->state), reason, error))
		return 0;
	return id;
}

static gboolean check_new(SnStore *store, const SnOutboxNew *new, GError **error)
{
	g_return_val_if_fail(new->from && new->body && new->recipients, FALSE);
	if (new->recipients->len == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "The message has no recipient.");
		return FALSE;
	}
	if (new->recipients->len > SN_PARTY_LIMIT) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
		            "A message takes at most %d recipients.", SN_PARTY_LIMIT);
		return FALSE;
	}
	for (guint i = 0; i < new->recipients->len; i++) {
		const SnParty *party = new->recipients->pdata[i];
		g_autofree char *normal = sn_address_normalise(new->channel, party->address);
		if (normal)
			continue;
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "\"%s\" is not an address.",
		            party->address ? party->address : "");
		return FALSE;
	}
	if (!sn_one(store, "SELECT 1 FROM conversation WHERE id = ?1", V(new->conversation)) ||
	    !sn_one(store, "SELECT 1 FROM account WHERE id = ?1", V(new->account))) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "There is no such conversation or account.");
		return FALSE;
	}
	return TRUE;
}

SnId sn_outbox_insert(SnStore *store, const SnOutboxNew *new, const GPtrArray *files,
                      GError **error)
{
	g_assert(store->depth > 0);
	if (!check_new(store, new, error))
		return 0;
	g_autoptr(SnMessage) m = timeline_row(store, new, files, error);
	SnId peer;
	if (!m->sender || !find_peer(store, new, &peer, error) ||
	    !sn_message_insert(store, m, peer, 0, error))
		return 0;
	SnId id = write_entry(store, new, m, error);
	return id && write_lists(store, id, new, files, error) ? id : 0;
}

SnId sn_outbox_queue(SnStore *store, const SnOutboxNew *entry, gboolean clear_draft,
                     GError **error)
{
	g_autoptr(GPtrArray) files = sn_outbox_read_files(store, entry, error);

	if (!files || !sn_store_begin(store, error))
		return 0;
	SnId id = sn_outbox_insert(store, entry, files, error);
	gboolean ok = id && (!clear_draft || sn_draft_delete(store, entry->conversation, error));
	sn_fault(QUEUE_WRITTEN);
	ok = sn_store_finish(store, ok, error);
	sn_fault(QUEUE_COMMITTED);
	return ok ? id : 0;
}

/* ---- reading ---- */

#define COLUMNS                                                                                 \
	"id, conversation, message, account, channel, state, reason, error_word, request, "     \
	"if_unavailable, created, next_try, expires, send_at, attempts, sender, message_id, "   \
	"origin_id, subject, body, reply_to, thread, converted_to, converted_from, "            \
	"quick_question, step, announce, history_attachments, conditions, otherwise, encrypt, "  \
	"behind, read_receipt, resend, format, sign, reports"

static SnOutboxEntry *read_row(SnSql *query)
{
	SnOutboxEntry *e = g_new0(SnOutboxEntry, 1);

	e->id = sn_sql_int(query, 0);
	e->conversation = sn_sql_int(query, 1);
	e->message = sn_sql_int(query, 2);
	e->account = sn_sql_int(query, 3);
	e->channel = (SnChannel)sn_sql_int(query, 4);
	e->state = (SnState)sn_sql_int(query, 5);
	e->reason = sn_sql_text(query, 6);
	e->error_word = sn_sql_text(query, 7);
	e->request = (SnOutboxRequest)sn_sql_int(query, 8);
	e->if_unavailable = (SnRule)sn_sql_int(query, 9);
	e->created = sn_sql_int(query, 10);
	e->next_try = sn_sql_int(query, 11);
	e->expires = sn_sql_int(query, 12);
	e->send_at = sn_sql_int(query, 13);
	e->attempts = (int)sn_sql_int(query, 14);
	e->from = sn_sql_text(query, 15);
	e->message_id = sn_sql_text(query, 16);
	e->origin_id = sn_sql_text(query, 17);
	e->subject = sn_sql_text(query, 18);
	e->body = sn_sql_text(query, 19);
	e->reply_to = sn_sql_int(query, 20);
	e->thread = sn_sql_text(query, 21);
	e->converted_to = sn_sql_int(query, 22);
	e->converted_from = sn_sql_int(query, 23);
	e->quick_question = sn_sql_text(query, 24);
	e->step = (int)sn_sql_int(query, 25);
	e->announce = sn_sql_int(query, 26) != 0;
	e->history_attachments = sn_sql_int(query, 27) != 0;
	e->when = (guint)sn_sql_int(query, 28);
	e->then = (SnRule)sn_sql_int(query, 29);
	e->encrypt = (SnEncrypt)sn_sql_int(query, 30);
	e->behind = sn_sql_int(query, 31);
	e->read_receipt = (SnReadReceipt)sn_sql_int(query, 32);
	e->resend = sn_sql_int(query, 33);
	e->format = (SnFormat)sn_sql_int(query, 34);
	e->sign = (SnSign)sn_sql_int(query, 35);
	e->reports = (SnReports)sn_sql_int(query, 36);
	return e;
}

static void read_recipients(SnStore *store, SnOutboxEntry *entry)
{
	g_autoptr(SnMessage) collector = sn_message_new();
	SnSql *query = sn_sql(store,
	                      "SELECT role, address, name FROM outbox_recipient WHERE outbox = ?1 "
	                      "ORDER BY seq",
	                      V(entry->id));

	while (sn_sql_row(query))
		sn_message_add_party(collector, (SnRole)sn_sql_int(query, 0),
		                     sn_sql_peek(query, 1), sn_sql_peek(query, 2));
	sn_sql_drop(query);
	entry->recipients = collector->parties ? g_ptr_array_ref(collector->parties) :
	                                         g_ptr_array_new();
}

static void read_attachments(SnStore *store, SnOutboxEntry *entry)
{
	SnSql *query = sn_sql(store,
	                      "SELECT o.name, o.type, b.sha256, b.size FROM outbox_attachment o "
	                      "JOIN blob b ON b.id = o.blob WHERE o.outbox = ?1 ORDER BY o.seq",
	                      V(entry->id));

	entry->attachments = g_ptr_array_new_with_free_func((GDestroyNotify)sn_attachment_free);
	while (sn_sql_row(query)) {
		SnAttachment *attachment = g_new0(SnAttachment, 1);
		attachment->name = sn_sql_text(query, 0);
		attachment->type = sn_sql_text(query, 1);
		attachment->sha256 = sn_sql_text(query, 2);
		attachment->size = sn_sql_int(query, 3);
		g_ptr_array_add(entry->attachments, attachment);
	}
	sn_sql_drop(query);
}

static void read_rest(SnStore *store, SnOutboxEntry *entry, guint what)
{
	if (!(what & SN_OUTBOX_FULL))
		return;
	read_recipients(store, entry);
	read_attachments(store, entry);
	entry->history = g_array_new(FALSE, FALSE, sizeof(SnId));
	sn_sql_ids(sn_sql(store, "SELECT message FROM outbox_history WHERE outbox = ?1 ORDER BY seq",
	                  V(entry->id)),
	           entry->history);
	entry->agreed = g_array_new(FALSE, FALSE, sizeof(SnId));
	sn_sql_ids(sn_sql(store,
	                  "SELECT message FROM outbox_history WHERE outbox = ?1 AND agreed = 1 "
	                  "ORDER BY seq",
	                  V(entry->id)),
	           entry->agreed);
}

SnOutboxEntry *sn_outbox_get(SnStore *store, SnId id, guint what)
{
	SnSql *query = sn_sql(store, "SELECT " COLUMNS " FROM outbox WHERE id = ?1", V(id));
	SnOutboxEntry *entry = sn_sql_row(query) ? read_row(query) : NULL;

	sn_sql_drop(query);
	if (entry)
		read_rest(store, entry, what);
	return entry;
}

#define PAGE "AND id < ?1 ORDER BY id DESC LIMIT ?2"

static SnSql *ask(SnStore *store, SnOutboxFilter filter, SnId before, int limit)
{
	switch (filter) {
	case SN_OUTBOX_OPEN:
		return sn_sql(store, "SELECT " COLUMNS " FROM outbox WHERE open = 1 " PAGE,
		              V(before), V(limit));
	case SN_OUTBOX_ATTENTION:
		return sn_sql(store, "SELECT " COLUMNS " FROM outbox WHERE needs = 1 " PAGE,
		              V(before), V(limit));
	default:
		return sn_sql(store, "SELECT " COLUMNS " FROM outbox WHERE id > 0 " PAGE,
		              V(before), V(limit));
	}
}

GPtrArray *sn_outbox_list(SnStore *store, SnOutboxFilter filter, SnId before_id, int limit,
                          guint what)
{
	GPtrArray *entries =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_outbox_entry_free);
	SnSql *query = ask(store, filter, before_id ? before_id : G_MAXINT64, limit);

	while (sn_sql_row(query)) {
		SnOutboxEntry *entry = read_row(query);
		read_rest(store, entry, what);
		g_ptr_array_add(entries, entry);
	}
	sn_sql_drop(query);
	return entries;
}

GPtrArray *sn_outbox_events(SnStore *store, SnId id)
{
	GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)sn_outbox_event_free);
	SnSql *query = sn_sql(store,
	                      "SELECT time, what, detail FROM outbox_event WHERE outbox = ?1 "
	                      "ORDER BY id",
	                      V(id));

	while (sn_sql_row(query)) {
		SnOutboxEvent *event = g_new0(SnOutboxEvent, 1);
		event->time = sn_sql_int(query, 0);
		event->what = sn_sql_text(query, 1);
		event->detail = sn_sql_text(query, 2);
		g_ptr_array_add(events, event);
	}
	sn_sql_drop(query);
	return events;
}
