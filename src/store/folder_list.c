/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder_list.c - pages of what lies in a folder, by key. */
#include "src/store/folder_list.h"

#include <string.h>

#include "src/store/private.h"

static const char *const sort_words[] = {
#define X(name, word, meaning) word,
	SN_FOLDER_SORT_TABLE(X)
#undef X
};

const char *sn_folder_sort_word(SnFolderSort sort)
{
	g_assert(sort < G_N_ELEMENTS(sort_words));
	return sort_words[sort];
}

gboolean sn_folder_sort_parse(const char *word, SnFolderSort *sort)
{
	for (gsize i = 0; i < G_N_ELEMENTS(sort_words); i++)
		if (strcmp(sort_words[i], word) == 0) {
			*sort = (SnFolderSort)i;
			return TRUE;
		}
	return FALSE;
}

gboolean sn_folder_sort_is_quick(SnFolderSort sort)
{
	return sort == SN_FOLDER_SORT_DATE || sort == SN_FOLDER_SORT_OLDEST;
}

void sn_folder_row_free(SnFolderRow *row)
{
	if (!row)
		return;
	sn_message_free(row->message);
	g_free(row->who);
	g_free(row->key);
	g_free(row);
}

/* ---- the orders ---- */

/* ?1 folder ?2 key ?3 time ?4 id ?5 limit. The columns: message, flags, key. */
#define LISTED                                                                                  \
	"SELECT l.message, l.flags, NULL FROM location l INDEXED BY location_listed "           \
	"WHERE l.shown_in = ?1 AND ?2 IS NULL AND (l.time, l.message) "
#define TOPS                                                                                    \
	"SELECT l.message, l.flags, NULL FROM location l INDEXED BY location_top "              \
	"WHERE l.shown_in = ?1 AND l.top = 1 AND ?2 IS NULL AND (l.time, l.message) "
#define DOWN "< (?3, ?4) ORDER BY l.time DESC, l.message DESC LIMIT ?5"
#define UP "> (?3, ?4) ORDER BY l.time, l.message LIMIT ?5"

/* The same of a conversation: ?1 is that. */
#define SAID                                                                                    \
	"SELECT m.id, m.flags, NULL FROM message m INDEXED BY message_timeline "                \
	"WHERE m.conversation = ?1 AND m.hidden = 0 AND m.channel = 0 AND ?2 IS NULL "
#define NEWEST_SAID                                                                             \
	"AND NOT EXISTS (SELECT 1 FROM message n INDEXED BY message_thread "                    \
	"WHERE n.thread = m.thread AND (n.time, n.id) > (m.time, m.id) "                        \
	"AND n.conversation = m.conversation AND n.hidden = 0 AND n.channel = 0) "
#define SAID_DOWN "AND (m.time, m.id) < (?3, ?4) ORDER BY m.time DESC, m.id DESC LIMIT ?5"
#define SAID_UP "AND (m.time, m.id) > (?3, ?4) ORDER BY m.time, m.id LIMIT ?5"

/* Keys are texts that sort as the order wants them. */
#define KEYED(expression)                                                                       \
	"SELECT message, flags, key FROM (SELECT l.message, l.flags, l.time, " expression       \
	" AS key FROM location l INDEXED BY location_listed "                                   \
	"JOIN message m ON m.id = l.message JOIN address a ON a.id = m.sender "                 \
	"JOIN person p ON p.id = a.person WHERE l.shown_in = ?1) WHERE (key, time, message) "
#define KEYED_UP "> (?2, ?3, ?4) ORDER BY key, time, message LIMIT ?5"
#define KEYED_DOWN "< (?2, ?3, ?4) ORDER BY key DESC, time DESC, message DESC LIMIT ?5"

#define BY_SENDER "coalesce(fold(coalesce(m.sender_name, p.name)), '')"
/* "Re: Re: x" as "x": what follows the last such mark */
#define BY_SUBJECT "coalesce(fold(bare_subject(m.subject)), '')"
#define BY_SIZE "printf('%020d', m.size)"
#define BY_UNREAD "iif(l.flags & 1, '0', '1')"

/* Forward first, then backward. `down`: the forward statement goes towards smaller keys. */
typedef struct {
	gboolean down;
	SnSql *(*start)(SnStore *store, gboolean down, const SnFolderOrder *order, const char *key,
	                SnTime time, SnId id, int limit);
} Order;

#define STARTER(name, downward, upward)                                                         \
	static SnSql *name(SnStore *store, gboolean down, const SnFolderOrder *order,           \
	                   const char *key, SnTime time, SnId id, int limit)                    \
	{                                                                                       \
		SnId place = order->folder ? order->folder : order->conversation;                \
		return down ? sn_sql(store, downward, V(place), V(key), V(time), V(id), V(limit)) : \
		              sn_sql(store, upward, V(place), V(key), V(time), V(id), V(limit)); \
	}
STARTER(start_listed, LISTED DOWN, LISTED UP)
STARTER(start_tops, TOPS DOWN, TOPS UP)
STARTER(start_said, SAID SAID_DOWN, SAID SAID_UP)
STARTER(start_said_tops, SAID NEWEST_SAID SAID_DOWN, SAID NEWEST_SAID SAID_UP)
STARTER(start_sender, KEYED(BY_SENDER) KEYED_DOWN, KEYED(BY_SENDER) KEYED_UP)
STARTER(start_subject, KEYED(BY_SUBJECT) KEYED_DOWN, KEYED(BY_SUBJECT) KEYED_UP)
STARTER(start_size, KEYED(BY_SIZE) KEYED_DOWN, KEYED(BY_SIZE) KEYED_UP)
STARTER(start_unread, KEYED(BY_UNREAD) KEYED_DOWN, KEYED(BY_UNREAD) KEYED_UP)

static const Order orders[] = {
	[SN_FOLDER_SORT_DATE] = { TRUE, start_listed },
	[SN_FOLDER_SORT_OLDEST] = { FALSE, start_listed },
	[SN_FOLDER_SORT_SENDER] = { FALSE, start_sender },
	[SN_FOLDER_SORT_SUBJECT] = { FALSE, start_subject },
	[SN_FOLDER_SORT_SIZE] = { TRUE, start_size },
	[SN_FOLDER_SORT_UNREAD] = { TRUE, start_unread },
};
G_STATIC_ASSERT(G_N_ELEMENTS(orders) == G_N_ELEMENTS(sort_words));

/* bare_subject(text): without the marks of answers and forwards before it. */
static const char *skip_mark(const char *subject)
{
	static const char *const words[] = { "re",  "aw", "sv",  "vs", "antw",
		                             "odp", "rif", "fwd", "fw", "wg" };

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		const char *rest = subject + strlen(words[i]);
		if (g_ascii_strncasecmp(subject, words[i], strlen(words[i])) != 0)
			continue;
		if (*rest == '[' && rest[1 + strspn(rest + 1, "0123456789")] == ']')
			rest += strspn(rest + 1, "0123456789") + 2;
		if (*rest == ':')
			return rest + 1 + strspn(rest + 1, " \t");
	}
	return NULL;
}

static void sql_bare_subject(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	if (!text)
		return;
	for (const char *next; (next = skip_mark(text));)
		text = next;
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

gboolean sn_folder_functions(SnStore *store, GError **error)
{
	int code = sqlite3_create_function_v2(store->db, "bare_subject", 1,
	                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
	                                      NULL, sql_bare_subject, NULL, NULL, NULL);

	return code == SQLITE_OK ? TRUE : sn_store_fail(store, code, error);
}

/* ---- rows ---- */

static char *who_of(SnStore *store, const SnMessage *message)
{
	char *to = NULL;

	if (message->direction == SN_OUT)
		to = sn_one_text(store,
		                 "SELECT coalesce(name, address) FROM party WHERE message = ?1 "
		                 "AND role = 1 ORDER BY seq LIMIT 1",
		                 V(message->id));
	if (to)
		return to;
	return g_strdup(message->sender_name && *message->sender_name ? message->sender_name :
	                                                                message->sender_value);
}

static SnSql *count_in_folder(SnStore *store, SnId folder, const char *thread)
{
	return sn_sql(store,
	              "SELECT count(*), sum(unseen) FROM (SELECT l.flags & 1 = 0 AS unseen "
	              "FROM message m INDEXED BY message_thread CROSS JOIN location l "
	              "INDEXED BY location_message WHERE m.thread = ?1 AND l.message = m.id "
	              "AND l.shown_in = ?2 GROUP BY m.id LIMIT ?3)",
	              V(thread), V(folder), V(SN_FOLDER_COUNT));
}

static SnSql *count_said(SnStore *store, SnId conversation, const char *thread)
{
	return sn_sql(store,
	              "SELECT count(*), sum(unread) FROM (SELECT unread FROM message "
	              "INDEXED BY message_thread WHERE thread = ?1 AND conversation = ?2 "
	              "AND hidden = 0 AND channel = 0 LIMIT ?3)",
	              V(thread), V(conversation), V(SN_FOLDER_COUNT));
}

static void count_thread(SnStore *store, const SnFolderOrder *order, SnFolderRow *row)
{
	SnSql *query = order->folder ? count_in_folder(store, order->folder, row->message->thread)
	                             : count_said(store, order->conversation, row->message->thread);

	if (sn_sql_row(query)) {
		row->count = (int)sn_sql_int(query, 0);
		row->unread = (int)sn_sql_int(query, 1);
	}
	sn_sql_drop(query);
}

static SnFolderRow *make_row(SnStore *store, SnId message, guint flags, char *key)
{
	SnFolderRow *row = g_new0(SnFolderRow, 1);

	row->message = sn_message_get(store, message, 0);
	row->flags = flags;
	row->key = key;
	row->count = 1;
	row->unread = !(flags & SN_FLAG_SEEN);
	if (row->message) {
		row->who = who_of(store, row->message);
		return row;
	}
	sn_folder_row_free(row);
	return NULL;
}

/* One email twice in a folder is one row: the places stand beside each other. */
static gboolean is_again(const GPtrArray *rows, SnId message)
{
	return rows->len > 0 &&
	       ((const SnFolderRow *)rows->pdata[rows->len - 1])->message->id == message;
}

static void free_row(gpointer row)
{
	sn_folder_row_free(row);
}

static GPtrArray *read_rows(SnStore *store, SnSql *query, GError **error)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(free_row);

	while (sn_sql_row(query)) {
		SnId message = sn_sql_int(query, 0);
		SnFolderRow *row = is_again(rows, message) ?
		                           NULL :
		                           make_row(store, message, (guint)sn_sql_int(query, 1),
		                                    sn_sql_text(query, 2));
		if (row)
			g_ptr_array_add(rows, row);
	}
	if (sn_sql_end(query, error))
		return rows;
	g_ptr_array_unref(rows);
	return NULL;
}

static void reverse(GPtrArray *rows)
{
	for (guint i = 0; i < rows->len / 2; i++) {
		gpointer first = rows->pdata[i];
		rows->pdata[i] = rows->pdata[rows->len - 1 - i];
		rows->pdata[rows->len - 1 - i] = first;
	}
}

GPtrArray *sn_folder_rows(SnStore *store, const SnFolderOrder *order, const SnFolderRow *anchor,
                          gboolean backward, int limit, GError **error)
{
	gboolean by_thread = order->threads && order->sort == SN_FOLDER_SORT_DATE;
	gboolean quick = sn_folder_sort_is_quick(order->sort);
	const Order *one = &orders[order->sort];
	Order said = { one->down, start_said };
	gboolean down = one->down != backward;
	/* before the first stands nothing, after the last what no text is greater than */
	const char *key = quick ? NULL : anchor ? anchor->key : down ? "\364\217\277\277" : "";
	SnTime time = anchor ? anchor->message->time : down ? G_MAXINT64 : G_MININT64;
	SnId id = anchor ? anchor->message->id : down ? G_MAXINT64 : G_MININT64;

	g_assert((order->folder != 0) != (order->conversation != 0));
	g_assert(order->folder || quick);
	if (order->conversation)
		one = &said;
	SnSql *query = !by_thread     ? one->start(store, down, order, key, time, id, limit) :
		       order->folder ? start_tops(store, down, order, key, time, id, limit) :
				       start_said_tops(store, down, order, key, time, id, limit);
	GPtrArray *rows = read_rows(store, query, error);
	if (rows && backward)
		reverse(rows);
	for (guint i = 0; rows && by_thread && i < rows->len; i++) {
		SnFolderRow *row = rows->pdata[i];
		if (row->message->thread)
			count_thread(store, order, row);
	}
	return rows;
}

SnFolderRow *sn_folder_row(SnStore *store, SnId folder, SnId message)
{
	SnSql *query = sn_sql(store,
	                      "SELECT flags FROM location WHERE message = ?1 AND shown_in = ?2 "
	                      "LIMIT 1",
	                      V(message), V(folder));
	SnFolderRow *row = sn_sql_row(query) ?
	                           make_row(store, message, (guint)sn_sql_int(query, 0), NULL) :
	                           NULL;

	sn_sql_drop(query);
	return row;
}

GPtrArray *sn_folder_search(SnStore *store, const SnQuery *query, const SnFolderRow *after,
                            int limit, GError **error)
{
	g_autoptr(GPtrArray) found =
		sn_message_search(store, query, after ? after->message->time : 0,
	                          after ? after->message->id : 0, limit, 0, error);
	GPtrArray *rows = found ? g_ptr_array_new_with_free_func(free_row) : NULL;

	g_assert(query->folder || query->conversation);
	for (guint i = 0; found && i < found->len; i++) {
		const SnMessage *one = found->pdata[i];
		SnFolderRow *row = query->folder ? sn_folder_row(store, query->folder, one->id) :
				   one->channel == SN_CHANNEL_MAIL ?
						   make_row(store, one->id, one->flags, NULL) :
						   NULL;
		if (row)
			g_ptr_array_add(rows, row);
	}
	return rows;
}

static GPtrArray *said_in_thread(SnStore *store, SnId conversation, const SnMessage *member, int limit)
{
	/* of no thread: itself only */
	return read_rows(store,
	                 sn_sql(store,
	                        "SELECT id, flags, NULL FROM message WHERE id = ?1 AND ?2 IS NULL "
	                        "UNION ALL SELECT * FROM (SELECT id, flags, NULL FROM message "
	                        "INDEXED BY message_thread WHERE thread = ?2 AND conversation = ?3 "
	                        "AND hidden = 0 AND channel = 0 ORDER BY time, id LIMIT ?4)",
	                        V(member->id), V(member->thread), V(conversation), V(limit)),
	                 NULL);
}

GPtrArray *sn_folder_thread(SnStore *store, const SnFolderOrder *order, const SnMessage *member,
                            int limit)
{
	SnId folder = order->folder;

	if (!folder)
		return said_in_thread(store, order->conversation, member, limit);
	if (!member->thread)
		return read_rows(store,
		                 sn_sql(store,
		                        "SELECT message, flags, NULL FROM location WHERE message = ?1 "
		                        "AND shown_in = ?2 LIMIT 1",
		                        V(member->id), V(folder)),
		                 NULL);
	return read_rows(store,
	                 sn_sql(store,
	                        "SELECT m.id, l.flags, NULL FROM message m INDEXED BY message_thread "
	                        "CROSS JOIN location l INDEXED BY location_message "
	                        "WHERE m.thread = ?1 AND l.message = m.id AND l.shown_in = ?2 "
	                        "ORDER BY m.time, m.id LIMIT ?3",
	                        V(member->thread), V(folder), V(limit)),
	                 NULL);
}
