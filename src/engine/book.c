/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.c - asks the user's address-book-cmd about who wrote.
 *
 * The command gets one address and prints "address<Tab>name" lines. Addresses that it prints under
 * the same name as the one asked for are the same person, because the user's address book says so.
 * Whatever else it prints, does, or fails to do is ignored: it may hang, flood, or crash.
 */
#include "src/engine/sync_private.h"

#include <gio/gio.h>
#include <string.h>

#include "src/store/cards.h"

enum {
	MAX_OUTPUT = 64 << 10,
	MAX_LINES = 100,
	PATIENCE = 10 * 1000,
	MAX_WAITING = 200,
};

struct sn_book {
	SnEngine *engine;
	GQueue waiting; /* of char *, addresses */
	gboolean running;
	GCancellable *cancel;
	GSource *patience;
};

typedef struct {
	SnBook *book; /* NULL once the book is gone */
	char *asked;
	GSubprocess *process;
} Query;

static void ask_next(SnBook *book);

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

/* One card for each address that was asked about; an answer without it takes the card back. */
static void take_answer(SnBook *book, const char *asked, char *output)
{
	SnStore *store = book->engine->store;
	g_auto(GStrv) texts = g_strsplit(output, "\n", MAX_LINES);
	g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(Line));
	g_autoptr(GPtrArray) mails = g_ptr_array_new(), jids = g_ptr_array_new();
	g_autofree char *origin = g_strconcat("book:", asked, "\t", NULL);
	const char *name = NULL;
	g_autoptr(GError) error = NULL;

	g_array_set_clear_func(lines, line_clear);
	for (char **text = texts; *text; text++) {
		Line line;
		if (!read_line(*text, &line))
			continue;
		g_array_append_val(lines, line);
		if (g_ascii_strcasecmp(line.value, asked) == 0 && !name)
			name = line.name;
	}
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
	if (!sn_cards_replace(store, SN_LINK_ADDRESS_BOOK, origin, &card, several, NULL, &error))
		g_info("address-book-cmd: %s", error->message);
}

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
	Query *query = data;
	SnBook *book = query->book;
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;
	gboolean done =
		g_subprocess_communicate_utf8_finish(query->process, result, &output, NULL, &error);

	if (!done)
		g_subprocess_force_exit(query->process);
	if (g_cancellable_is_cancelled(book->cancel) && !book->patience) {
		/* the book is being freed; see sn_book_free() */
		book->running = FALSE;
	} else {
		g_source_destroy(book->patience);
		g_clear_pointer(&book->patience, g_source_unref);
		g_cancellable_reset(book->cancel);
		if (!done)
			g_info("address-book-cmd: %s", error->message);
		else if (output && strlen(output) <= MAX_OUTPUT)
			take_answer(book, query->asked, output);
		book->running = FALSE;
		ask_next(book);
	}
	g_object_unref(query->process);
	g_free(query->asked);
	g_free(query);
}

static void lose_patience(gpointer data)
{
	g_cancellable_cancel(((SnBook *)data)->cancel);
}

/* The words of the command with %s replaced; no shell sees the address. */
static char **command_for(const char *command, const char *address, GError **error)
{
	char **argv = NULL;

	if (!g_shell_parse_argv(command, NULL, &argv, error))
		return NULL;
	for (char **word = argv; *word; word++) {
		g_auto(GStrv) parts = g_strsplit(*word, "%s", -1);
		g_free(*word);
		*word = g_strjoinv(address, parts);
	}
	return argv;
}

static void ask(SnBook *book, char *address)
{
	const char *command = sn_config_settings(book->engine->config)->general_address_book_cmd;
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) argv = command_for(command, address, &error);
	GSubprocess *process = argv ? g_subprocess_newv((const char *const *)argv,
	                                                G_SUBPROCESS_FLAGS_STDOUT_PIPE |
	                                                        G_SUBPROCESS_FLAGS_STDERR_SILENCE,
	                                                &error)
	                            : NULL;

	if (!process) {
		g_info("address-book-cmd: %s", error->message);
		g_free(address);
		return;
	}
	Query *query = g_new0(Query, 1);
	query->book = book;
	query->asked = address;
	query->process = process;
	book->running = TRUE;
	book->patience = sn_engine_timer(book->engine, PATIENCE, lose_patience, book);
	g_subprocess_communicate_utf8_async(process, NULL, book->cancel, answered, query);
}

static void ask_next(SnBook *book)
{
	char *address;

	while (!book->running && (address = g_queue_pop_head(&book->waiting)))
		ask(book, address);
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

	if (!address || g_queue_get_length(&book->waiting) >= MAX_WAITING ||
	    address->value[0] == '-') /* it must not be taken for an option */
		return;
	g_autofree char *key = g_strconcat("book-asked ", address->value, NULL);
	g_autofree char *last = sn_store_get(engine->store, key);
	SnTime now = sn_clock_now(engine->clock);
	if (last && now - g_ascii_strtoll(last, NULL, 10) < SN_DAY)
		return;
	g_autofree char *stamp = g_strdup_printf("%" G_GINT64_FORMAT, now);
	sn_store_set(engine->store, key, stamp, NULL);
	g_queue_push_tail(&book->waiting, g_strdup(address->value));
	ask_next(book);
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
	g_queue_clear_full(&book->waiting, g_free);
	g_object_unref(book->cancel);
	g_free(book);
}
