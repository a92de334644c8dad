/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search.c - the full-text index. Questions to it are in search_ask.c.
 *
 * unicode61 cuts words at blanks, which Chinese, Japanese and Korean text has few of. Their runs
 * are written as overlapping pairs, "abcd" as "ab bc cd d", and asked for as a phrase of pairs, so
 * that any part of a run is found.
 */
#include <string.h>

#include "src/store/private.h"
#include "src/text/passage.h"
#include "src/text/text.h"

#define INDEX_LIMIT (256 * 1024) /* bytes of one message's text that can be found */

/* One run of such a script. In a question that ends with it the last character is not a word. */
static void append_pairs(GString *out, const char *run, const char *end, gboolean *prefix)
{
	gboolean single = g_utf8_next_char(run) == end;

	g_string_append_c(out, ' ');
	while (run < end) {
		const char *next = g_utf8_next_char(run);
		const char *stop = next < end ? g_utf8_next_char(next) : next;
		if (prefix && next == end && !*end && !single)
			break;
		g_string_append_len(out, run, stop - run);
		g_string_append_c(out, ' ');
		run = next;
	}
	if (prefix && !*end)
		*prefix = single;
}

char *sn_search_fold(const char *text, gboolean *prefix)
{
	if (!text || sn_text_is_ascii(text, strlen(text)))
		return NULL;
	g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
	if (!normal)
		return NULL;
	GString *out = g_string_sized_new(strlen(normal) + 16);
	const char *c = normal;
	while (*c) {
		const char *run = c;
		while (*c && sn_text_is_unspaced(g_utf8_get_char(c)))
			c = g_utf8_next_char(c);
		if (c > run)
			append_pairs(out, run, c, prefix);
		const char *plain = c;
		while (*c && !sn_text_is_unspaced(g_utf8_get_char(c)))
			c = g_utf8_next_char(c);
		g_string_append_len(out, plain, c - plain);
	}
	return g_string_free(out, FALSE);
}

/* ---- one message's words ---- */

#define WAITING_LIMIT 500 /* messages whose words are kept in memory */

typedef struct {
	SnId message;
	gboolean remove;
	char *subject, *body, *people, *files; /* NULL: none */
} Words;

static char *folded(char *text)
{
	char *fold = sn_search_fold(text, NULL);

	if (!fold)
		return text;
	g_free(text);
	return fold;
}

char *sn_search_words(const char *text)
{
	gboolean whole = !text || strnlen(text, INDEX_LIMIT + 1) <= INDEX_LIMIT;

	if (whole)
		return sn_search_fold(text, NULL);
	return folded(sn_tidy(text, INDEX_LIMIT));
}

static void append_tidy(GString *out, const char *text)
{
	g_autofree char *tidy = sn_tidy(text, SN_LINE_LIMIT);

	if (tidy && *tidy)
		g_string_append_printf(out, "%s ", tidy);
}

static char *people_of(SnStore *store, const SnMessage *message)
{
	GString *text = g_string_new(NULL);
	/* The row as written: a message that was read has the person's name filled in. */
	SnSql *query = sn_sql(store,
	                      "SELECT a.value, m.sender_name FROM message m "
	                      "JOIN address a ON a.id = m.sender WHERE m.id = ?1",
	                      V(message->id));

	if (sn_sql_row(query)) {
		append_tidy(text, sn_sql_peek(query, 0));
		append_tidy(text, sn_sql_peek(query, 1));
	}
	sn_sql_drop(query);
	for (guint i = 0; message->parties && i < MIN(message->parties->len, SN_PARTY_LIMIT); i++) {
		const SnParty *party = message->parties->pdata[i];
		append_tidy(text, party->address);
		append_tidy(text, party->name);
	}
	return g_string_free(text, FALSE);
}

static char *files_of(const SnMessage *message)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; message->parts && i < MIN(message->parts->len, SN_PART_LIMIT); i++)
		append_tidy(text, ((const SnPart *)message->parts->pdata[i])->name);
	return g_string_free(text, FALSE);
}

static void words_free(gpointer data)
{
	Words *words = data;

	g_free(words->subject);
	g_free(words->body);
	g_free(words->people);
	g_free(words->files);
	g_free(words);
}

static gboolean write_words(SnStore *store, const Words *w, GError **error)
{
	if (!w->remove)
		return sn_run(store, error,
		              "INSERT INTO search (rowid, subject, body, people, files) "
		              "VALUES (?1, ?2, ?3, ?4, ?5)",
		              V(w->message), V(w->subject), V(w->body), V(w->people),
		              V(w->files));
	/* A contentless index forgets a row only when told the very text it was given. */
	return sn_run(store, error,
	              "INSERT INTO search (search, rowid, subject, body, people, files) "
	              "VALUES ('delete', ?1, ?2, ?3, ?4, ?5)",
	              V(w->message), V(w->subject), V(w->body), V(w->people), V(w->files));
}

gboolean sn_search_commit(SnStore *store, GError **error)
{
	GPtrArray *waiting = store->unindexed;

	for (guint i = 0; waiting && i < waiting->len; i++)
		if (!write_words(store, waiting->pdata[i], error))
			return FALSE;
	sn_search_rollback(store, 0);
	return TRUE;
}

/*
 * A long transaction must not gather words without end. They are written where only the outermost
 * transaction is left to take them back, so that no inner one can undo words of before it began.
 */
gboolean sn_search_make_room(SnStore *store, GError **error)
{
	return !store->unindexed || store->unindexed->len < WAITING_LIMIT ||
	       sn_search_commit(store, error);
}

void sn_search_rollback(SnStore *store, guint length)
{
	if (store->unindexed && store->unindexed->len > length)
		g_ptr_array_set_size(store->unindexed, (gint)length);
}

static void enqueue(SnStore *store, const SnMessage *message, gboolean remove)
{
	Words *words = g_new0(Words, 1);

	g_assert(store->depth > 0);
	if (!store->unindexed)
		store->unindexed = g_ptr_array_new_with_free_func(words_free);
	words->message = message->id;
	words->remove = remove;
	words->subject = folded(g_strdup(message->subject));
	words->body = sn_ready_words(message);
	if (!words->body)
		words->body = g_strdup(message->body ? message->body : "");
	words->people = folded(people_of(store, message));
	words->files = folded(files_of(message));
	g_ptr_array_add(store->unindexed, words);
}

void sn_search_put(SnStore *store, const SnMessage *message)
{
	enqueue(store, message, FALSE);
}

void sn_search_remove(SnStore *store, const SnMessage *message)
{
	enqueue(store, message, TRUE);
}

/* ---- SQL ---- */

/* fold(text): for comparing parts of names whatever their case. */
static void sql_fold(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	if (!text)
		return;
	if (sn_text_is_ascii(text, strlen(text))) {
		sqlite3_result_text(context, g_ascii_strdown(text, -1), -1, g_free);
		return;
	}
	/* the database may be damaged */
	if (!g_utf8_validate(text, -1, NULL)) {
		sqlite3_result_null(context);
		return;
	}
	char *folded_text = g_utf8_casefold(text, -1);
	sqlite3_result_text(context, folded_text, -1, g_free);
}

gboolean sn_search_functions(SnStore *store, GError **error)
{
	int code = sqlite3_create_function_v2(store->db, "fold", 1,
	                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
	                                      NULL, sql_fold, NULL, NULL, NULL);

	return code == SQLITE_OK ? TRUE : sn_store_fail(store, code, error);
}
