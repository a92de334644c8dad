/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_show.c - sennit show WHO: a timeline. sennit search QUERY: messages. */
#include <string.h>

#include "src/base/omemo.h"
#include "src/cli/opened.h"
#include "src/store/told.h"
#include "src/text/text.h"

enum { DEFAULT_LIMIT = 100, PAGE = 200 };

extern const SnCliVerb sn_cmd_show, sn_cmd_search;

static const SnCliOption show_options[] = {
	{ "limit", 'n', SN_OPT_NUMBER, "N", "the newest N messages (100); 0 = all" },
	{ "before", 0, SN_OPT_TEXT, "TIME", "only messages before TIME: a date, or 3d, 2h ago" },
	{ "message", 'm', SN_OPT_NUMBER, "ID",
	  "print one message instead: the one with this id, as 'sennit search' shows it" },
	{ "raw", 0, SN_OPT_NUMBER, "ID", "print the message with this id as it came, instead" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static const SnCliOption search_options[] = {
	{ "limit", 'n', SN_OPT_NUMBER, "N", "at most N messages (100); 0 = all" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static void print_attachments(const SnMessage *message)
{
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (part->inline_)
			continue;
		g_autofree char *name = sn_text_clean_line(part->name ? part->name : part->type, -1);
		g_autofree char *size = part->size >= 0 ? sn_text_size(part->size) : g_strdup("?");
		printf("  [%s, %s]\n", name, size);
	}
}

/* Of an IM only what was opened here: what it says of itself is its sender's word. */
static gboolean is_encrypted(const SnMessage *message)
{
	return message->channel == SN_CHANNEL_MAIL || message->carried
	               ? message->encrypted
	               : (message->secure & SN_E2E_OPENED) != 0;
}

/* One message as people read it: a head line, then its text, in from the edge, so that no text can
 * pass for the head of another message, or for a mark. opened: NULL. */
static void print_message(const SnMessage *message, const SnOpened *opened)
{
	gboolean colour = sn_out_colour(stdout);
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_local(message->time / 1000);
	g_autofree char *when = at ? g_date_time_format(at, "%Y-%m-%d %H:%M") : g_strdup("");
	const char *sender = message->sender_name ? message->sender_name : message->sender_value;
	g_autofree char *name = sn_text_clean_line(sender ? sender : "", -1);
	g_autofree char *subject = message->subject ? sn_text_clean_line(message->subject, -1) : NULL;

	printf("%s%s  %s  %s%s%s%s  (id:%" G_GINT64_FORMAT ")%s%s\n", colour ? "\033[1m" : "", when,
	       message->channel == SN_CHANNEL_IM ? "IM" : "email", name,
	       message->direction == SN_OUT ? " -> " : "",
	       message->direction == SN_OUT ? sn_state_word(message->state) : "", colour ? "\033[0m" : "",
	       message->id,
	       message->carried                                      ? " [told by the sender]"
	       : message->contradicted & ~(guint)SN_DIFFERS_TELLER ? " [told otherwise by others]"
	                                                             : "",
	       is_encrypted(message) ? " [encrypted]" : "");
	sn_cli_print_e2e(message);
	if (subject && *subject)
		printf("Subject: %s\n", subject);
	if (opened)
		sn_cli_print_opened(opened);
	if (!opened || !opened->parts->len) {
		sn_cli_print_text(message->body);
		print_attachments(message);
	}
	if (message->notice) {
		g_autofree char *notice = sn_text_clean_line(message->notice, -1);
		printf("  (%s)\n", notice);
	}
	putchar('\n');
}

static SnMessage *message_of(SnStore *store, SnId id, guint what)
{
	SnMessage *message = sn_message_get(store, id, what);

	if (!message)
		sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no message %" G_GINT64_FORMAT, id);
	return message;
}

static int show_raw(SnStore *store, SnId id)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnMessage) message = message_of(store, id, 0);

	if (!message)
		return SN_EXIT_NOT_FOUND;
	g_autoptr(GBytes) raw = sn_message_raw(store, id, &error);
	if (!raw)
		return sn_cli_fail(error);
	gsize size;
	const void *bytes = g_bytes_get_data(raw, &size);
	fwrite(bytes, 1, size, stdout);
	return SN_EXIT_DONE;
}

/* Adds the newest `limit` messages before the time, newest first. */
static void collect(SnStore *store, SnId conversation, SnTime before, gint64 limit, GPtrArray *all)
{
	guint first = all->len;
	SnTime time = before;
	SnId id = before ? 1 : 0;

	for (;;) {
		gint64 left = limit ? limit - (all->len - first) : PAGE;
		if (left <= 0)
			break;
		int want = (int)MIN(left, PAGE);
		g_autoptr(GPtrArray) page = sn_message_page(store, conversation, time, id, FALSE, want,
		                                            SN_MESSAGE_FULL);
		if (!page || !page->len)
			break;
		gboolean last = page->len < (guint)want;
		time = ((SnMessage *)page->pdata[0])->time;
		id = ((SnMessage *)page->pdata[0])->id;
		g_ptr_array_set_free_func(page, NULL);
		for (guint i = page->len; i-- > 0;)
			g_ptr_array_add(all, page->pdata[i]);
		if (last)
			break;
	}
}

static int newest_first(gconstpointer one, gconstpointer two)
{
	const SnMessage *a = *(SnMessage *const *)one, *b = *(SnMessage *const *)two;

	if (a->time != b->time)
		return a->time < b->time ? 1 : -1;
	return a->id < b->id ? 1 : a->id > b->id ? -1 : 0;
}

/* Of SnMessage, newest first. */
static GPtrArray *timeline(SnStore *store, const GArray *conversations, SnTime before, gint64 limit)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	for (guint i = 0; i < conversations->len; i++)
		collect(store, g_array_index(conversations, SnId, i), before, limit, all);
	if (conversations->len > 1)
		g_ptr_array_sort(all, newest_first);
	if (limit && all->len > limit)
		g_ptr_array_set_size(all, (int)limit);
	return all;
}

static SnJson *message_json(const SnMessage *message, const SnOpened *opened)
{
	SnJson *object = sn_json_message(message);

	if (opened)
		sn_cli_json_opened(object, opened);
	else
		sn_cli_json_e2e(object, message);
	return object;
}

/* In this order, as people read them or as JSON. */
static void print_messages(SnCliContext *context, SnStore *store, GPtrArray *messages, gboolean json)
{
	SnJsonList list;

	if (json)
		sn_json_begin(&list);
	for (guint i = 0; i < messages->len; i++) {
		g_autoptr(SnOpened) opened = sn_cli_open(context, store, messages->pdata[i]);
		if (json)
			sn_json_item(&list, message_json(messages->pdata[i], opened));
		else
			print_message(messages->pdata[i], opened);
	}
	if (json)
		sn_json_end(&list);
}

static int show_message(SnCliContext *context, SnStore *store, SnId id, gboolean json)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	SnMessage *message = message_of(store, id, SN_MESSAGE_FULL);

	if (!message)
		return SN_EXIT_NOT_FOUND;
	g_ptr_array_add(one, message);
	print_messages(context, store, one, json);
	return SN_EXIT_DONE;
}

static int run_show(SnCliContext *context, const SnArgs *args)
{
	const char *before_text = sn_args_text(args, "before");
	SnTime before = before_text ? sn_time_parse(before_text, NULL) : 0;
	gboolean json = sn_args_flag(args, "json");
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	if (sn_args_text(args, "raw"))
		return show_raw(store, sn_args_number(args, "raw", 0));
	if (sn_args_text(args, "message"))
		return show_message(context, store, sn_args_number(args, "message", 0), json);
	if (!sn_args_get(args, 0))
		return sn_cli_failf(SN_EXIT_USAGE, "'show' needs WHO; see: sennit show --help");
	if (before_text && !before)
		return sn_cli_failf(SN_EXIT_USAGE, "'%s' is no time: write 2026-11-02, yesterday, 3d or 2h",
		                    before_text);
	g_autoptr(GArray) found = sn_cli_find_conversations(store, sn_args_get(args, 0), &code);
	if (!found->len)
		return code;
	g_autoptr(GPtrArray) all = timeline(store, found, before,
	                                    sn_args_number(args, "limit", DEFAULT_LIMIT));
	for (guint i = 0; i < all->len / 2; i++) { /* the oldest first */
		gpointer newer = all->pdata[i];
		all->pdata[i] = all->pdata[all->len - 1 - i];
		all->pdata[all->len - 1 - i] = newer;
	}
	print_messages(context, store, all, json);
	return SN_EXIT_DONE;
}

static void print_found(SnTable *table, const SnMessage *message)
{
	g_autofree char *when = sn_out_time(message->time);

	sn_table_cellf(table, SN_FAINT, "%" G_GINT64_FORMAT, message->id);
	sn_table_cell(table, SN_FAINT, when);
	sn_table_cell(table, SN_PLAIN, sn_channel_word(message->channel));
	sn_table_cell(table, SN_PLAIN, message->sender_name ? message->sender_name :
	                               message->sender_value);
	g_autofree char *text = g_strconcat(message->subject ? message->subject : "",
	                                    message->subject && message->preview ? " - " : "",
	                                    message->preview ? message->preview : "", NULL);
	sn_table_cell(table, SN_PLAIN, text);
}

typedef struct {
	SnCliContext *context;
	SnStore *store;
	SnTable *table; /* NULL: JSON */
	SnJsonList list;
} Found;

static gboolean take_found(SnMessage *taken, gpointer data)
{
	g_autoptr(SnMessage) message = taken;
	Found *found = data;

	if (found->table) {
		print_found(found->table, message);
		return TRUE;
	}
	g_autoptr(SnOpened) opened = sn_cli_open(found->context, found->store, message);
	sn_json_item(&found->list, message_json(message, opened));
	return TRUE;
}

/* All of it in one question: the next page of an answer costs as much as the first. */
static gboolean find(SnStore *store, const SnQuery *query, int limit, Found *found, GError **error)
{
	found->store = store;
	return sn_message_search_each(store, query, 0, 0, limit, found->table ? SN_MESSAGE_LINE : SN_MESSAGE_FULL,
	                              take_found, found, error);
}

static SnTable *new_table(void)
{
	static const char *const titles[] = { "id", "time", "via", "from", "text", NULL };

	return sn_table_new(titles);
}

/* By a store that knows no more than this takes. NULL: it has to be asked as a whole. */
static SnTable *find_narrowly(SnCliContext *context, const SnQuery *query, int limit)
{
	Found found = { .context = context, .table = new_table() };
	SnStore *store = sn_store_open_narrow(context->paths->store_path, query);

	if (!store || !find(store, query, limit, &found, NULL) || sn_store_missed(store))
		g_clear_pointer(&found.table, sn_table_free);
	sn_store_close(store);
	return found.table;
}

static int find_wholly(SnCliContext *context, const SnQuery *query, int limit, gboolean json)
{
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	Found found = { .context = context, .table = json ? NULL : new_table() };
	if (json)
		sn_json_begin(&found.list);
	find(store, query, limit, &found, &error);
	if (json)
		sn_json_end(&found.list);
	else
		sn_table_print(found.table);
	return error ? sn_cli_fail(error) : (int)SN_EXIT_DONE;
}

static int run_search(SnCliContext *context, const SnArgs *args)
{
	g_autofree char *text = sn_args_join(args, 0);
	g_autoptr(GError) error = NULL;
	gint64 number = sn_args_number(args, "limit", DEFAULT_LIMIT);
	int limit = number && number < G_MAXINT ? (int)number : G_MAXINT, code = SN_EXIT_FAILED;
	gboolean json = sn_args_flag(args, "json");

	if (!sn_cli_config(context, &code))
		return code;
	g_autoptr(SnQuery) query = sn_query_parse(text, NULL, &error);
	if (!query) {
		sn_cli_fail(error);
		return SN_EXIT_USAGE;
	}
	SnTable *table = json ? NULL : find_narrowly(context, query, limit);
	if (!table)
		return find_wholly(context, query, limit, json);
	sn_table_print(table);
	return SN_EXIT_DONE;
}

const SnCliVerb sn_cmd_show = {
	.name = "show",
	.arguments = "WHO",
	.meaning = "show the timeline of a conversation, emails and IMs in one",
	.text = "WHO is a name, an address, or id:N as 'sennit list' shows it.",
	.options = show_options,
	.max = 1,
	.reads = TRUE,
	.run = run_show,
};

const SnCliVerb sn_cmd_search = {
	.name = "search",
	.arguments = "QUERY...",
	.meaning = "find messages in all conversations, newest first",
	.text = "QUERY holds words, \"phrases\", word* and -word, and besides from: to: subject: via:mail "
		"via:im has:attachment before: after: in:FOLDER kind:person, group, list, room, newsletter or notice, is:unread is:flagged is:carried "
		"is:earlier (texts that were corrected since). Put "
		"-- before a query that begins with '-'.",
	.options = search_options,
	.min = 1,
	.max = -1,
	.reads = TRUE,
	.run = run_search,
};
