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
#define FEW_HITS 12     /* of words, for each answer: all are read, and put in order */
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
	guint what;
	SnMessageVisit visit;
	gpointer data;
} Ask;

/* Which messages, or already what a line shows of them. */
static void begin_select(Question *q, const Ask *ask)
{
	g_string_append(q->sql, ask->what == SN_MESSAGE_LINE ? "SELECT " SN_LINE_COLUMNS : "SELECT m.id ");
}

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
	begin_select(q, ask);
	add(q, "FROM search s CROSS JOIN message m ON m.id = s.rowid WHERE s.search MATCH ? ",
	    V(ask->query->match));
	add_conditions(q, ask->query, TRUE);
	newest_first(q, ask);
}

/* names: they may stand on messages of their own too. */
static void by_sender(Question *q, const Ask *ask, gboolean names)
{
	begin_select(q, ask);
	if (names) {
		g_string_append(q->sql, "FROM (");
		add_sent_by(q, ask->query->from);
		g_string_append(q->sql, ") h CROSS JOIN message m ON m.id = h.id WHERE 1 ");
	} else {
		add(q, "FROM message m INDEXED BY message_sender WHERE m.sender IN " SENDERS,
		    V(folded(q, ask->query->from)));
	}
	add_conditions(q, ask->query, FALSE);
	newest_first(q, ask);
}

static void by_folder(Question *q, const Ask *ask)
{
	begin_select(q, ask);
	add(q, "FROM location l INDEXED BY location_listed "
	       "CROSS JOIN message m ON m.id = l.message WHERE l.shown_in = ? ", V(ask->query->folder));
	add_conditions(q, ask->query, TRUE);
	add_order(q, ask, "AND (l.time, l.message) < (?, ?) ",
	          "ORDER BY l.time DESC, l.message DESC LIMIT ?", ask->limit);
}

static void by_time(Question *q, const Ask *ask)
{
	const SnQuery *query = ask->query;

	begin_select(q, ask);
	g_string_append(q->sql, query->is_carried /* few among many */
	                                ? "FROM message m INDEXED BY message_carried WHERE 1 "
	                                : "FROM message m INDEXED BY message_time WHERE 1 ");
	add_conditions(q, query, TRUE);
	newest_first(q, ask);
}

static SnMessage *read_one(const Ask *ask, SnId id)
{
	return sn_message_get(ask->store, id, ask->what == SN_MESSAGE_LINE ? 0 : ask->what);
}

static gboolean show(const Ask *ask, const GArray *ids)
{
	gboolean more = TRUE;

	for (guint i = 0; i < ids->len && more; i++) {
		SnMessage *message = read_one(ask, g_array_index(ids, SnId, i));
		more = !message || ask->visit(message, ask->data);
	}
	return TRUE;
}

/* Line by line: each is read once, in the order of the answer. */
static gboolean show_lines(const Ask *ask, const Question *q, GError **error)
{
	SnSql *hits = sn_sql_once(ask->store, q->sql->str, q->values, q->count);
	g_auto(SnSender) sender = { 0 };
	gboolean more = TRUE;

	while (more && sn_sql_row(hits))
		more = ask->visit(sn_message_line(ask->store, hits, &sender), ask->data);
	return sn_sql_end(hits, error);
}

static gboolean answer(const Ask *ask, const Question *q, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	if (ask->what == SN_MESSAGE_LINE)
		return show_lines(ask, q, error);
	SnSql *hits = sn_sql_once(ask->store, q->sql->str, q->values, q->count);
	while (sn_sql_row(hits)) {
		SnId id = sn_sql_int(hits, 0);
		g_array_append_val(ids, id);
	}
	return sn_sql_end(hits, error) && show(ask, ids);
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

/* The ids of the newest `size` messages in order, and the oldest of them. */
static GArray *window(const Ask *ask, gint64 size, Hit *oldest)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_auto(Question) q = {
		.sql = g_string_new("SELECT id, time FROM message INDEXED BY message_time ")
	};

	add_order(&q, ask, "WHERE (time, id) < (?, ?) ", "ORDER BY time DESC, id DESC LIMIT ?", size);
	SnSql *newest = sn_sql_once(ask->store, q.sql->str, q.values, q.count);
	while (sn_sql_row(newest)) {
		SnId id = sn_sql_int(newest, 0);
		*oldest = (Hit){ sn_sql_int(newest, 1), id };
		g_array_append_val(ids, id);
	}
	sn_sql_drop(newest);
	g_array_sort(ids, smaller_id_first);
	return ids;
}

static gboolean hits_in(const Ask *ask, SnId first, SnId last, Hit oldest, GArray *hits,
                        GError **error)
{
	g_auto(Question) q = { .sql = g_string_new(NULL) };

	add(&q, "SELECT m.id, m.time FROM search s CROSS JOIN message m ON m.id = s.rowid "
	        "WHERE s.search MATCH ? ", V(ask->query->match));
	add(&q, "AND s.rowid BETWEEN ? ", V(first));
	add(&q, "AND ? ", V(last));
	/* of several at the same time the window may hold only some, and not the nearest of the others */
	add(&q, "AND (m.time, m.id) >= (?, ?) ", V(oldest.time));
	bind(&q, V(oldest.id));
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
	Hit oldest = { 0, 0 };
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

static gint64 count_all(const Ask *ask)
{
	return sn_one(ask->store, "SELECT seq FROM sqlite_sequence WHERE name = 'message'");
}

/* How many messages have the words, counted to `most`. */
static gint64 count_hits(const Ask *ask, gint64 most)
{
	return sn_one(ask->store,
	              "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ?1 LIMIT ?2)",
	              V(ask->query->match), V(most));
}

/*
 * How many of the newest messages to look at for words that are in so many of all that this is less
 * than to look at every hit; 0: the words are rarer.
 */
static gint64 common_window(const Ask *ask)
{
	gint64 total = count_all(ask), enough = 1;

	/* among `total` messages every total/hits-th has the words */
	while (enough * enough < 4 * ask->limit * total)
		enough *= 2;
	if (enough > total)
		return 0;
	/* twice as many as it takes when they are spread evenly */
	return count_hits(ask, enough) < enough ? 0 : 2 * ask->limit * (total / enough + 1);
}

static gboolean find_words(const Ask *ask, Question *q, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	gint64 few = (gint64)FEW_HITS * ask->limit;

	if (count_hits(ask, few) == few) {
		if (!by_window(ask, 4 * ask->limit, ids, error))
			return FALSE;
		gint64 size = ids->len ? 0 : common_window(ask);
		if (size && !by_window(ask, size, ids, error))
			return FALSE;
	}
	if (ids->len)
		return show(ask, ids);
	by_hits(q, ask);
	return answer(ask, q, error);
}

static gint64 ask_number(const Ask *ask, const Question *q)
{
	SnSql *query = sn_sql_once(ask->store, q->sql->str, q->values, q->count);
	gint64 number = sn_sql_row(query) ? sn_sql_int(query, 0) : 0;

	sn_sql_drop(query);
	return number;
}

static gboolean stands_on_messages(const Ask *ask)
{
	g_auto(Question) q = { .sql = g_string_new("SELECT EXISTS ") };

	add(&q, NAMES, V(folded(&q, ask->query->from)));
	return ask_number(ask, &q) != 0;
}

/* What few have written is read and put in order. So is all where nearly all is asked for: then there is
 * nothing to be counted. Else who wrote most is found sooner by going down the newest. */
static void choose_by_sender(Question *q, const Ask *ask)
{
	g_auto(Question) sent = { .sql = g_string_new("SELECT count(*) FROM (SELECT 1 FROM (") };
	gint64 many = MAX(RARE, 10 * (gint64)ask->limit);

	add_sent_by(&sent, ask->query->from);
	add(&sent, ") LIMIT ?)", V(many));
	if (many >= count_all(ask) || ask_number(ask, &sent) < many)
		by_sender(q, ask, stands_on_messages(ask));
	else
		by_time(q, ask);
}

static gboolean find(const Ask *ask, GError **error)
{
	const SnQuery *query = ask->query;
	g_auto(Question) q = { .sql = g_string_new(NULL) };

	if (is_words_only(query) && ask->limit <= FEW_ASKED)
		return find_words(ask, &q, error);
	if (query->match)
		by_hits(&q, ask);
	else if (query->folder)
		by_folder(&q, ask);
	else if (query->from && !query->is_carried)
		choose_by_sender(&q, ask);
	else
		by_time(&q, ask);
	return answer(ask, &q, error);
}

gboolean sn_message_search_each(SnStore *store, const SnQuery *query, SnTime before_time,
                                SnId before_id, int limit, guint what, SnMessageVisit visit,
                                gpointer data, GError **error)
{
	gboolean first = !before_time && !before_id;
	const Ask ask = {
		.store = store, .query = query, .time = first ? G_MAXINT64 : before_time,
		.id = first ? G_MAXINT64 : before_id, .limit = limit, .what = what, .visit = visit,
		.data = data,
	};

	g_assert(limit > 0);
	return find(&ask, error);
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
