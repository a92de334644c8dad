/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search_ask.c - questions to the search index and to the messages.
 *
 * A question becomes SQL that has the conditions it needs and no others: to prepare all that could be
 * asked takes longer than most answers. What comes from people is bound, never written.
 *
 * Some ways lead to the newest answers: from the hits of the index (few of them), from the messages of
 * a sender (few again), from the newest messages when words are frequent, or down the messages by time
 * until enough qualify.
 */
#include "src/store/private.h"

#define CONDITIONS 32
#define RARE 2000      /* messages of one sender that are quickly looked at */
#define FEW_ASKED 250  /* answers for which it pays to look at the newest messages first */

typedef struct {
	GString *sql;
	SnValue values[CONDITIONS + 1]; /* from 1 on, as SQLite counts */
	gsize count;
	char *owned[8];
	gsize owned_count;
} Question;

static void question_clear(Question *q)
{
	g_string_free(q->sql, TRUE);
	for (gsize i = 0; i < q->owned_count; i++)
		g_free(q->owned[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Question, question_clear)

/* One value for each "?" of what is added. */
static void bind(Question *q, SnValue value)
{
	g_assert(q->count < CONDITIONS);
	q->values[++q->count] = value;
}

static void add(Question *q, const char *sql, SnValue value)
{
	g_string_append(q->sql, sql);
	bind(q, value);
}

/* For comparing without regard to case; NULL stays NULL. */
static const char *folded(Question *q, const char *text)
{
	char *fold = g_utf8_casefold(text, -1);

	g_assert(q->owned_count < G_N_ELEMENTS(q->owned));
	q->owned[q->owned_count++] = fold;
	return fold;
}

/* ---- who wrote ---- */

#define SENDERS                                                                                 \
	"(SELECT a.id FROM address a JOIN person p ON p.id = a.person "                         \
	"WHERE instr(fold(a.value || ' ' || p.name), ?)) "
/* Each name that stands on a message of its own once, by jumping from one to the next. */
#define NAMES                                                                                   \
	"(WITH RECURSIVE names (name) AS (SELECT min(sender_name) FROM message "                \
	"INDEXED BY message_sender_name WHERE sender_name IS NOT NULL UNION ALL "               \
	"SELECT (SELECT min(sender_name) FROM message INDEXED BY message_sender_name "          \
	"WHERE sender_name > names.name) FROM names WHERE names.name IS NOT NULL) "             \
	"SELECT name FROM names WHERE instr(fold(name), ?)) "

static void add_from(Question *q, const char *from)
{
	const char *fold = folded(q, from);

	add(q, "AND (m.sender IN " SENDERS, V(fold));
	add(q, "OR instr(fold(m.sender_name), ?)) ", V(fold));
}

/* The messages of senders that qualify, all of them. */
static void add_sent_by(Question *q, const char *from)
{
	const char *fold = folded(q, from);

	add(q, "SELECT id FROM message INDEXED BY message_sender WHERE sender IN " SENDERS, V(fold));
	add(q, "UNION SELECT id FROM message INDEXED BY message_sender_name "
	       "WHERE sender_name IS NOT NULL AND sender_name IN " NAMES, V(fold));
}

/* ---- the conditions ---- */

static void add_tag(Question *q, const char *tag)
{
	g_autofree char *word = g_strdup_printf(" %s ", tag);

	add(q, "AND instr(' ' || fold(m.tags) || ' ', ?) ", V(folded(q, word)));
}

static void add_in(Question *q, const char *in)
{
	const char *fold = folded(q, in);

	add(q, "AND EXISTS (SELECT 1 FROM location l JOIN folder f ON f.id = l.folder "
	       "WHERE l.message = m.id AND (fold(f.name) = ? ", V(fold));
	add(q, "OR f.role = ?)) ", V(fold));
}

static void add_kind(Question *q, const SnQuery *query)
{
	g_string_append(q->sql, "AND EXISTS (SELECT 1 FROM conversation c WHERE c.id = m.conversation ");
	if (query->kind >= 0)
		add(q, "AND c.kind = ? ", V(query->kind));
	add(q, "AND max(coalesce(c.bulk_set, c.bulk), 0) = ?) ", V((int)query->bulk));
}

static void add_flags(Question *q, const SnQuery *query)
{
	if (query->is_earlier)
		g_string_append(q->sql, "AND m.hidden = 4 ");
	else if (query->in || query->folder)
		g_string_append(q->sql, "AND m.hidden <> 4 ");
	else
		g_string_append(q->sql, "AND m.hidden NOT IN (1, 3, 4) ");
	if (query->has_attachment)
		g_string_append(q->sql, "AND m.attachments > 0 ");
	if (query->is_unread)
		g_string_append(q->sql, "AND m.unread = 1 ");
	if (query->is_flagged)
		g_string_append(q->sql, "AND m.flags & 4 ");
	if (query->is_carried)
		g_string_append(q->sql, "AND m.carried = 1 ");
}

/* What is not asked by the way to the messages. The dearest come last. */
static void add_conditions(Question *q, const SnQuery *query, gboolean from)
{
	add_flags(q, query);
	if (query->conversation)
		add(q, "AND m.conversation = ? ", V(query->conversation));
	if (query->channel >= 0)
		add(q, "AND m.channel = ? ", V(query->channel));
	if (query->after)
		add(q, "AND m.time >= ? ", V(query->after));
	if (query->before)
		add(q, "AND m.time < ? ", V(query->before));
	if (query->folder)
		add(q, "AND EXISTS (SELECT 1 FROM location o WHERE o.message = m.id AND o.shown_in = ?) ",
		    V(query->folder));
	if (query->by_kind)
		add_kind(q, query);
	if (query->from && from)
		add_from(q, query->from);
	if (query->subject)
		add(q, "AND instr(fold(m.subject), ?) ", V(folded(q, query->subject)));
	if (query->tag)
		add_tag(q, query->tag);
	if (query->to)
		add(q, "AND EXISTS (SELECT 1 FROM party t WHERE t.message = m.id AND t.role BETWEEN 1 AND 3 "
		       "AND instr(fold(t.address || ' ' || coalesce(t.name, '')), ?)) ",
		    V(folded(q, query->to)));
	if (query->in)
		add_in(q, query->in);
	if (query->without)
		add(q, "AND m.id NOT IN (SELECT rowid FROM search WHERE search MATCH ?) ",
		    V(query->without));
}

/* ---- the ways ---- */

typedef struct {
	SnStore *store;
	const SnQuery *query;
	SnTime time; /* of what was shown last, and its id; the greatest: nothing was */
	SnId id;
	int limit;
} Ask;

static void add_order(Question *q, const Ask *ask, const char *below, const char *order,
                      gint64 limit)
{
	if (ask->time != G_MAXINT64) {
		add(q, below, V(ask->time));
		bind(q, V(ask->id));
	}
	add(q, order, V(limit));
}

static void newest_first(Question *q, const Ask *ask)
{
	add_order(q, ask, "AND (m.time, m.id) < (?, ?) ", "ORDER BY m.time DESC, m.id DESC LIMIT ?",
	          ask->limit);
}

static void by_hits(Question *q, const Ask *ask)
{
	add(q, "SELECT m.id FROM search s CROSS JOIN message m ON m.id = s.rowid WHERE s.search MATCH ? ",
	    V(ask->query->match));
	add_conditions(q, ask->query, TRUE);
	newest_first(q, ask);
}

static void by_sender(Question *q, const Ask *ask)
{
	g_string_append(q->sql, "SELECT m.id FROM (");
	add_sent_by(q, ask->query->from);
	g_string_append(q->sql, ") h CROSS JOIN message m ON m.id = h.id WHERE 1 ");
	add_conditions(q, ask->query, FALSE);
	newest_first(q, ask);
}

static void by_folder(Question *q, const Ask *ask)
{
	add(q, "SELECT m.id FROM location l INDEXED BY location_listed "
	       "CROSS JOIN message m ON m.id = l.message WHERE l.shown_in = ? ", V(ask->query->folder));
	add_conditions(q, ask->query, TRUE);
	add_order(q, ask, "AND (l.time, l.message) < (?, ?) ",
	          "ORDER BY l.time DESC, l.message DESC LIMIT ?", ask->limit);
}

static void by_time(Question *q, const Ask *ask)
{
	const SnQuery *query = ask->query;

	g_string_append(q->sql, query->is_carried /* few among many */
	                                ? "SELECT m.id FROM message m INDEXED BY message_carried WHERE 1 "
	                                : "SELECT m.id FROM message m INDEXED BY message_time WHERE 1 ");
	add_conditions(q, query, TRUE);
	newest_first(q, ask);
}

static gboolean collect(const Ask *ask, const Question *q, GArray *ids, GError **error)
{
	SnSql *hits = sn_sql_once(ask->store, q->sql->str, q->values, q->count);

	while (sn_sql_row(hits)) {
		SnId id = sn_sql_int(hits, 0);
		g_array_append_val(ids, id);
	}
	return sn_sql_end(hits, error);
}

/* ---- words that are frequent ---- */

/*
 * The newest messages are looked at, a window of them: their ids lie close together, as messages are
 * stored in the order of time or against it, so few questions to the index about a span of ids tell
 * which of them have the words.
 */
enum { SPANS = 8, GAP = 64 };

typedef struct {
	SnTime time;
	SnId id;
} Hit;

static int newest_hit_first(gconstpointer one, gconstpointer two)
{
	const Hit *a = one, *b = two;

	if (a->time != b->time)
		return a->time < b->time ? 1 : -1;
	return a->id < b->id ? 1 : a->id > b->id ? -1 : 0;
}

static int smaller_id_first(gconstpointer one, gconstpointer two)
{
	const SnId *a = one, *b = two;

	return *a < *b ? -1 : *a > *b;
}

/* The ids of the newest `size` messages in order, and the time of the oldest of them. */
static GArray *window(const Ask *ask, gint64 size, SnTime *oldest)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_auto(Question) q = {
		.sql = g_string_new("SELECT id, time FROM message INDEXED BY message_time ")
	};

	add_order(&q, ask, "WHERE (time, id) < (?, ?) ", "ORDER BY time DESC, id DESC LIMIT ?", size);
	SnSql *newest = sn_sql_once(ask->store, q.sql->str, q.values, q.count);
	while (sn_sql_row(newest)) {
		SnId id = sn_sql_int(newest, 0);
		*oldest = sn_sql_int(newest, 1);
		g_array_append_val(ids, id);
	}
	sn_sql_drop(newest);
	g_array_sort(ids, smaller_id_first);
	return ids;
}

static gboolean hits_in(const Ask *ask, SnId first, SnId last, SnTime oldest, GArray *hits,
                        GError **error)
{
	g_auto(Question) q = { .sql = g_string_new(NULL) };

	add(&q, "SELECT m.id, m.time FROM search s CROSS JOIN message m ON m.id = s.rowid "
	        "WHERE s.search MATCH ? ", V(ask->query->match));
	add(&q, "AND s.rowid BETWEEN ? ", V(first));
	add(&q, "AND ? ", V(last));
	add(&q, "AND m.time >= ? ", V(oldest));
	add_conditions(&q, ask->query, TRUE);
	if (ask->time != G_MAXINT64) {
		add(&q, "AND (m.time, m.id) < (?, ?) ", V(ask->time));
		bind(&q, V(ask->id));
	}
	SnSql *rows = sn_sql_once(ask->store, q.sql->str, q.values, q.count);
	while (sn_sql_row(rows)) {
		Hit hit = { sn_sql_int(rows, 1), sn_sql_int(rows, 0) };
		g_array_append_val(hits, hit);
	}
	return sn_sql_end(rows, error);
}

/* Leaves `ids` empty when the window does not have enough hits, or is spread over too many spans. */
static gboolean by_window(const Ask *ask, gint64 size, GArray *ids, GError **error)
{
	SnTime oldest = 0;
	g_autoptr(GArray) near = window(ask, size, &oldest);
	g_autoptr(GArray) hits = g_array_new(FALSE, FALSE, sizeof(Hit));
	guint begin = 0;

	for (guint i = 1, spans = 0; i <= near->len; i++) {
		const SnId *id = &g_array_index(near, SnId, i - 1);
		if (i < near->len && id[1] - id[0] <= GAP)
			continue;
		if (++spans > SPANS)
			return TRUE;
		if (!hits_in(ask, g_array_index(near, SnId, begin), *id, oldest, hits, error))
			return FALSE;
		begin = i;
	}
	g_array_sort(hits, newest_hit_first);
	if (hits->len < (guint)ask->limit)
		return TRUE;
	for (int i = 0; i < ask->limit; i++)
		g_array_append_val(ids, g_array_index(hits, Hit, i).id);
	return TRUE;
}

/* ---- which way ---- */

/* Whether all that is asked is said by the words: then every hit qualifies. */
static gboolean is_words_only(const SnQuery *q)
{
	return q->match && !q->folder && !q->tag && !q->conversation && q->channel < 0 && !q->from &&
	       !q->to && !q->subject && !q->in && !q->has_attachment && !q->is_unread &&
	       !q->is_flagged && !q->is_carried && !q->is_earlier && !q->by_kind && !q->before;
}

/*
 * How many of the newest messages to look at for words that are in so many of all that this is less
 * than to look at every hit; 0: the words are rarer.
 */
static gint64 common_window(const Ask *ask)
{
	SnStore *store = ask->store;
	gint64 total = sn_one(store, "SELECT seq FROM sqlite_sequence WHERE name = 'message'");
	gint64 enough = 1;

	/* among `total` messages every total/hits-th has the words */
	while (enough * enough < 4 * ask->limit * total)
		enough *= 2;
	if (enough > total)
		return 0;
	gint64 hits = sn_one(store,
	                     "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ?1 LIMIT ?2)",
	                     V(ask->query->match), V(enough));
	/* twice as many as it takes when they are spread evenly */
	return hits < enough ? 0 : 2 * ask->limit * (total / enough + 1);
}

/* A sender of most messages is found sooner by going down the newest. */
static gboolean is_rare_sender(const Ask *ask)
{
	const SnQuery *query = ask->query;
	g_auto(Question) q = { .sql = g_string_new("SELECT count(*) FROM (SELECT 1 FROM (") };
	gint64 many = MAX(RARE, 10 * (gint64)ask->limit);

	if (!query->from || query->folder || query->is_carried)
		return FALSE;
	add_sent_by(&q, query->from);
	add(&q, ") LIMIT ?)", V(many));
	SnSql *counted = sn_sql_once(ask->store, q.sql->str, q.values, q.count);
	gint64 count = sn_sql_row(counted) ? sn_sql_int(counted, 0) : 0;
	sn_sql_drop(counted);
	return count < many;
}

static gboolean find(const Ask *ask, GArray *ids, GError **error)
{
	const SnQuery *query = ask->query;
	g_auto(Question) q = { .sql = g_string_new(NULL) };

	if (is_words_only(query) && ask->limit <= FEW_ASKED) {
		if (!by_window(ask, 4 * ask->limit, ids, error))
			return FALSE;
		gint64 size = ids->len ? 0 : common_window(ask);
		if (size && !by_window(ask, size, ids, error))
			return FALSE;
		if (ids->len)
			return TRUE;
	}
	if (query->match)
		by_hits(&q, ask);
	else if (query->folder)
		by_folder(&q, ask);
	else if (is_rare_sender(ask))
		by_sender(&q, ask);
	else
		by_time(&q, ask);
	return collect(ask, &q, ids, error);
}

gboolean sn_message_search_each(SnStore *store, const SnQuery *query, SnTime before_time,
                                SnId before_id, int limit, guint what, SnMessageVisit visit,
                                gpointer data, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	gboolean first = !before_time && !before_id;
	Ask ask = { store, query, first ? G_MAXINT64 : before_time, first ? G_MAXINT64 : before_id,
		    limit };

	g_assert(limit > 0);
	if (!find(&ask, ids, error))
		return FALSE;
	for (guint i = 0; i < ids->len; i++) {
		SnMessage *message = sn_message_get(store, g_array_index(ids, SnId, i), what);
		if (message && !visit(message, data))
			break;
	}
	return TRUE;
}

static gboolean keep(SnMessage *message, gpointer rows)
{
	g_ptr_array_add(rows, message);
	return TRUE;
}

GPtrArray *sn_message_search(SnStore *store, const SnQuery *query, SnTime before_time,
                             SnId before_id, int limit, guint what, GError **error)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	if (sn_message_search_each(store, query, before_time, before_id, limit, what, keep, rows, error))
		return rows;
	g_ptr_array_unref(rows);
	return NULL;
}
