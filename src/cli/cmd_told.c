/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_told.c - sennit told: what others told of earlier messages, and taking it away. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/cli/input.h"
#include "src/store/told.h"
#include "src/text/text.h"

extern const SnCliVerb sn_cmd_told;

static const SnCliOption options[] = {
	{ "yes", 'y', SN_OPT_FLAG, NULL, "remove without asking" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static const SnCliSub subs[] = {
	{ "show", "ID", "who told of message ID, and in which words where they differ" },
	{ "brought", "ID", "the earlier messages that came along with message ID" },
	{ "remove", "ID|WHO", "remove what came along with message ID, or with all of WHO" },
	{ NULL, NULL, NULL },
};

/* ---- show ---- */

static SnJson *told_json(const SnTold *told)
{
	SnJson *object = sn_json_object();
	g_autofree char *words = sn_differs_words(told->differs);
	g_auto(GStrv) differs = g_strsplit(words, ", ", -1);

	sn_json_int(object, "by", told->by);
	sn_json_text(object, "by_name", told->by_name);
	sn_json_time(object, "by_time", told->by_time);
	sn_json_bool(object, "agrees", told->differs == 0);
	if (!told->differs)
		return object;
	SnJson *array = sn_json_array(object, "differs");
	for (char **word = differs; *word; word++)
		sn_json_append_text(array, *word);
	sn_json_text(object, "from", told->sender);
	sn_json_time(object, "time", told->time);
	sn_json_text(object, "subject", told->subject);
	sn_json_text(object, "body", told->text);
	return object;
}

static void print_told(const SnTold *told)
{
	g_autofree char *when = sn_out_time(told->by_time);
	g_autofree char *name = sn_text_clean_line(told->by_self ? "you" : told->by_name, -1);
	g_autofree char *words = sn_differs_words(told->differs);

	printf("%s  %s (id:%" G_GINT64_FORMAT "): %s%s\n", when, name, told->by,
	       told->differs ? "another " : "agrees with what is here", words);
	if (told->differs & SN_DIFFERS_SENDER)
		printf("From: %s\n", told->sender ? told->sender : "?");
	if (told->differs & SN_DIFFERS_TIME) {
		g_autofree char *time = sn_out_time(told->time);
		printf("Date: %s\n", time);
	}
	if (told->differs & SN_DIFFERS_SUBJECT) {
		g_autofree char *subject =
			sn_text_clean_line(told->subject ? told->subject : "", -1);
		printf("Subject: %s\n", subject);
	}
	if (told->differs & SN_DIFFERS_TEXT) {
		sn_out_text(told->text ? told->text : "");
		putchar('\n');
	}
}

static int show(SnStore *store, SnId id, gboolean json)
{
	g_autoptr(GPtrArray) all = sn_message_told(store, id);
	SnJsonList list;

	if (json)
		sn_json_begin(&list);
	for (guint i = 0; i < all->len; i++) {
		if (json)
			sn_json_item(&list, told_json(all->pdata[i]));
		else
			print_told(all->pdata[i]);
	}
	if (json)
		sn_json_end(&list);
	return SN_EXIT_DONE;
}

static int brought(SnStore *store, SnId id, gboolean json)
{
	static const char *const titles[] = { "id", "time", "via", "from", "here", "text", NULL };
	g_autoptr(GPtrArray) all = sn_message_carried(store, id, SN_MESSAGE_FULL);
	SnTable *table = json ? NULL : sn_table_new(titles);
	SnJsonList list;

	if (json)
		sn_json_begin(&list);
	for (guint i = 0; all && i < all->len; i++) {
		const SnMessage *message = all->pdata[i];
		if (json) {
			sn_json_item(&list, sn_json_message(message));
			continue;
		}
		g_autofree char *when = sn_out_time(message->time);
		sn_table_cellf(table, SN_FAINT, "%" G_GINT64_FORMAT, message->id);
		sn_table_cell(table, SN_FAINT, when);
		sn_table_cell(table, SN_PLAIN, sn_channel_word(message->channel));
		sn_table_cell(table, SN_PLAIN, message->sender_name);
		sn_table_cell(table, SN_FAINT, message->carried ? "as told" : "received");
		sn_table_cell(table, SN_PLAIN, message->subject ? message->subject : message->preview);
	}
	if (json)
		sn_json_end(&list);
	else
		sn_table_print(table);
	return SN_EXIT_DONE;
}

/* ---- remove ---- */

static gboolean agreed(const SnArgs *args, int count)
{
	g_autofree char *question = count == 1
		? g_strdup("Remove 1 message that is here only because it was told")
		: g_strdup_printf("Remove %d messages that are here only because they were told",
		                  count);

	return count == 0 || sn_args_flag(args, "yes") || sn_input_yes(question, FALSE);
}

static int removed(int count)
{
	printf("%d removed\n", count);
	return SN_EXIT_DONE;
}

static int remove_by(SnStore *store, SnId id, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	int count = 0;

	if (!agreed(args, sn_carried_count(store, id)))
		return sn_cli_failf(SN_EXIT_FAILED, "nothing was removed");
	return sn_carried_remove(store, id, &count, &error) ? removed(count) : sn_cli_fail(error);
}

static int remove_person(SnStore *store, const char *who, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	int count = 0, code = SN_EXIT_FAILED;
	SnId person = sn_cli_find_person(store, who, &code);

	if (!person)
		return code;
	if (!agreed(args, sn_carried_count_person(store, person)))
		return sn_cli_failf(SN_EXIT_FAILED, "nothing was removed");
	return sn_carried_remove_person(store, person, &count, &error) ? removed(count)
	                                                               : sn_cli_fail(error);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *sub = sn_args_get(args, 0), *what = sn_args_get(args, 1);
	SnId id = sn_cli_id(what);
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	if (!id && strcmp(sub, "remove") == 0)
		return remove_person(store, what, args);
	g_autoptr(SnMessage) message = id ? sn_message_get(store, id, 0) : NULL;
	if (!message)
		return sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no message %s", what);
	if (strcmp(sub, "remove") == 0)
		return remove_by(store, id, args);
	return strcmp(sub, "show") == 0 ? show(store, id, sn_args_flag(args, "json"))
	                                : brought(store, id, sn_args_flag(args, "json"));
}

const SnCliVerb sn_cmd_told = {
	.name = "told",
	.arguments = "show|brought|remove ID|WHO",
	.meaning = "earlier messages that came along with others: what they say, and removing them",
	.text = "ID is a message as 'sennit show' prints it. Removing takes away what is here only "
		"because it was told; own copies stay. 'sennit search is:carried' finds all of it.",
	.options = options,
	.subs = subs,
	.min = 2,
	.max = 2,
	.run = run,
};
