/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.c - asks the user's address-book-cmd about who wrote, and for names that are being typed.
 *
 * The command gets one address and prints "address<Tab>name" lines. Addresses that it prints under
 * the same name as the one asked for are the same person, because the user's address book says so.
 * Asked for a word, it tells whom there is to write to, and nothing about who is who: two people may
 * have one name. Whatever else it prints, does, or fails to do is ignored: it may hang, flood, or
 * crash.
 */
#include "src/engine/sync_private.h"

#include <gio/gio.h>
#include <string.h>

#include "src/store/cards.h"
#include "src/store/wish.h"
#include "src/text/text.h"

enum {
	MAX_OUTPUT = 64 << 10,
	MAX_LINES = 100,
	PATIENCE = 10 * 1000,
	MAX_WAITING = 200,
	MAX_WORD = 200,
};

typedef struct {
	char *what;    /* an address, or a word */
	gboolean word;
} Question;

struct sn_book {
	SnEngine *engine;
	GQueue waiting; /* of Question */
	gboolean running;
	GCancellable *cancel;
	GSource *patience;
};

typedef struct {
	SnBook *book;
	Question *question;
	GSubprocess *process;
	GByteArray *output;
	guint8 buffer[4096];
} Query;

static void ask_next(SnBook *book);

static void question_free(gpointer data)
{
	Question *question = data;

	g_free(question->what);
	g_free(question);
}

/* ---- what it prints ---- */

typedef struct {
	SnChannel channel;
	char *value;
	const char *name;
} Line;

/* "xmpp:bob@example.org\tBob", "bob@example.org\tBob". */
static gboolean read_line(char *text, Line *line)
{
	char *tab = strchr(text, '\t');

	line->channel = SN_CHANNEL_MAIL;
	line->name = "";
	if (tab) {
		*tab = '\0';
		line->name = tab + 1;
		tab = strchr(tab + 1, '\t');
		if (tab)
			*tab = '\0';
	}
	if (!g_ascii_strncasecmp(text, "xmpp:", 5)) {
		line->channel = SN_CHANNEL_IM;
		text += 5;
	} else if (!g_ascii_strncasecmp(text, "mailto:", 7)) {
		text += 7;
	}
	line->value = sn_address_normalise(line->channel, text);
	return line->value != NULL;
}

static void line_clear(gpointer data)
{
	g_free(((Line *)data)->value);
}

/* At most MAX_LINES lines of `output`, which they point into. */
static GArray *read_lines(char *output)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
	char *next = output;

	g_array_set_clear_func(lines, line_clear);
	for (int i = 0; next && i < MAX_LINES; i++) {
		char *text = next, *end = strchr(text, '\n');
		Line line;
		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		g_strchomp(text);
		if (read_line(text, &line))
			g_array_append_val(lines, line);
	}
	return lines;
}

/* One card for each address that was asked about; an answer without it takes the card back. */
static void take_answer(SnBook *book, const char *asked, const GArray *lines)
{
	g_autoptr(GPtrArray) mails = g_ptr_array_new(), jids = g_ptr_array_new();
	g_autofree char *origin = g_strconcat("book:", asked, "\t", NULL);
	const char *name = NULL;
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < lines->len && !name; i++)
		if (g_ascii_strcasecmp(g_array_index(lines, Line, i).value, asked) == 0)
			name = g_array_index(lines, Line, i).name;
	for (guint i = 0; name && *name && i < lines->len; i++) {
		const Line *line = &g_array_index(lines, Line, i);
		if (g_strcmp0(line->name, name) == 0)
			g_ptr_array_add(line->channel == SN_CHANNEL_MAIL ? mails : jids, line->value);
	}
	SnCard card = { .origin = origin, .name = name, .evidence = "address-book-cmd" };
	gboolean several = mails->len + jids->len > 1;
	g_ptr_array_add(mails, NULL);
	g_ptr_array_add(jids, NULL);
	card.mails = (char **)mails->pdata;
	card.jids = (char **)jids->pdata;
	if (!sn_cards_replace(book->engine->store, SN_LINK_ADDRESS_BOOK, origin, &card, several, NULL,
	                      &error))
		g_info("address-book-cmd: %s", error->message);
}

/* Whom there is to write to. */
static void take_names(SnBook *book, const GArray *lines)
{
	SnStore *store = book->engine->store;

	if (!sn_store_begin(store, NULL))
		return;
	for (guint i = 0; i < lines->len; i++) {
		const Line *line = &g_array_index(lines, Line, i);
		sn_address_intern(store, line->channel, line->value, line->name, NULL);
	}
	sn_store_commit(store, NULL);
}

static void take_output(SnBook *book, const Question *question, const GByteArray *bytes)
{
	g_autofree char *output =
		sn_text_clean((const char *)bytes->data, (gssize)bytes->len); /* tabs stay */
	g_autoptr(GArray) lines = read_lines(output);

	if (question->word)
		take_names(book, lines);
	else
		take_answer(book, question->what, lines);
}

/* ---- running it ---- */

static void end_query(Query *query, gboolean whole)
{
	SnBook *book = query->book;

	g_subprocess_force_exit(query->process); /* it may have closed its output and live on */
	if (book->patience) {
		g_source_destroy(book->patience);
		g_clear_pointer(&book->patience, g_source_unref);
		g_cancellable_reset(book->cancel);
		if (whole)
			take_output(book, query->question, query->output);
		book->running = FALSE;
		ask_next(book);
	} else { /* the book is being freed; see sn_book_free() */
		book->running = FALSE;
	}
	g_object_unref(query->process);
	g_byte_array_unref(query->output);
	question_free(query->question);
	g_free(query);
}

static void read_on(Query *query);

static void came(GObject *source, GAsyncResult *result, gpointer data)
{
	Query *query = data;
	g_autoptr(GError) error = NULL;
	gssize count = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);

	if (count > 0 && query->output->len + (gsize)count <= MAX_OUTPUT) {
		g_byte_array_append(query->output, query->buffer, (guint)count);
		read_on(query);
		return;
	}
	if (count != 0)
		g_info("address-book-cmd: %s", error ? error->message : "it prints without end");
	end_query(query, count == 0);
}

static void read_on(Query *query)
{
	g_input_stream_read_async(g_subprocess_get_stdout_pipe(query->process), query->buffer,
	                          sizeof query->buffer, G_PRIORITY_DEFAULT, query->book->cancel, came,
	                          query);
}

static void lose_patience(gpointer data)
{
	g_cancellable_cancel(((SnBook *)data)->cancel);
}

/* The words of the command with %s replaced, or with what is asked as one more word; no shell sees
 * any of it. */
static char **command_for(const char *command, const char *what, GError **error)
{
	g_auto(GStrv) argv = NULL;
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	if (!g_shell_parse_argv(command, NULL, &argv, error))
		return NULL;
	for (char **word = argv; *word; word++) {
		g_auto(GStrv) parts = g_strsplit(*word, "%s", -1);
		g_ptr_array_add(words, g_strjoinv(what, parts));
	}
	if (!strstr(command, "%s"))
		g_ptr_array_add(words, g_strdup(what));
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_steal(words, NULL);
}

static void ask(SnBook *book, Question *question)
{
	const char *command = sn_config_settings(book->engine->config)->general_address_book_cmd;
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) argv = command_for(command, question->what, &error);
	GSubprocess *process = argv ? g_subprocess_newv((const char *const *)argv,
	                                                G_SUBPROCESS_FLAGS_STDOUT_PIPE |
	                                                        G_SUBPROCESS_FLAGS_STDERR_SILENCE,
	                                                &error)
	                            : NULL;

	if (!process) {
		g_info("address-book-cmd: %s", error->message);
		question_free(question);
		return;
	}
	Query *query = g_new0(Query, 1);
	query->book = book;
	query->question = question;
	query->process = process;
	query->output = g_byte_array_new();
	book->running = TRUE;
	book->patience = sn_engine_timer(book->engine, PATIENCE, lose_patience, book);
	read_on(query);
}

static void ask_next(SnBook *book)
{
	Question *question;

	while (!book->running && (question = g_queue_pop_head(&book->waiting)))
		ask(book, question);
}

static void queue(SnBook *book, const char *what, gboolean word)
{
	/* it must not be taken for an option */
	if (*what == '-' || !*what || g_queue_get_length(&book->waiting) >= MAX_WAITING)
		return;
	Question *question = g_new0(Question, 1);
	question->what = g_strdup(what);
	question->word = word;
	/* somebody waits for a word */
	if (word)
		g_queue_push_head(&book->waiting, question);
	else
		g_queue_push_tail(&book->waiting, question);
	ask_next(book);
}

SnBook *sn_book_new(SnEngine *engine)
{
	const char *command = sn_config_settings(engine->config)->general_address_book_cmd;

	if (!command || !*command)
		return NULL;
	SnBook *book = g_new0(SnBook, 1);
	book->engine = engine;
	book->cancel = g_cancellable_new();
	g_queue_init(&book->waiting);
	return book;
}

void sn_book_ask(SnBook *book, SnId id)
{
	SnEngine *engine = book->engine;
	g_autoptr(SnAddress) address = sn_address_get(engine->store, id);

	if (!address)
		return;
	g_autofree char *key = g_strconcat("book-asked ", address->value, NULL);
	g_autofree char *last = sn_store_get(engine->store, key);
	SnTime now = sn_clock_now(engine->clock);
	if (last && now - g_ascii_strtoll(last, NULL, 10) < SN_DAY)
		return;
	g_autofree char *stamp = g_strdup_printf("%" G_GINT64_FORMAT, now);
	sn_store_set(engine->store, key, stamp, NULL);
	queue(book, address->value, FALSE);
}

void sn_book_look(SnEngine *engine)
{
	g_autoptr(GPtrArray) wishes = sn_wish_list(engine->store, SN_WISH_BOOK);

	for (guint i = 0; i < wishes->len; i++) {
		const SnWish *wish = wishes->pdata[i];
		sn_wish_set(engine->store, SN_WISH_BOOK, wish->key, NULL, NULL);
		if (engine->core->book && strlen(wish->key) <= MAX_WORD)
			queue(engine->core->book, wish->key, TRUE);
	}
}

void sn_book_free(SnBook *book)
{
	if (!book)
		return;
	if (book->patience) {
		g_source_destroy(book->patience);
		g_clear_pointer(&book->patience, g_source_unref);
	}
	g_cancellable_cancel(book->cancel);
	/* the answer to the cancellation comes by the loop; it still names the book */
	while (book->running)
		g_main_context_iteration(book->engine->context, TRUE);
	g_queue_clear_full(&book->waiting, question_free);
	g_object_unref(book->cancel);
	g_free(book);
}
