/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_list.c - sennit list: the conversations, as the client's left side has them. */
#include "src/cli/cli_private.h"

enum { DEFAULT_LIMIT = 100, PAGE = 100 };

extern const SnCliVerb sn_cmd_list;

static const SnCliOption options[] = {
	{ "unread", 'u', SN_OPT_FLAG, NULL, "only those with unread messages" },
	{ "archived", 0, SN_OPT_FLAG, NULL, "the archived ones instead" },
	{ "newsletters", 0, SN_OPT_FLAG, NULL, "newsletters and notices instead" },
	{ "limit", 'n', SN_OPT_NUMBER, "N", "at most N conversations (100); 0 = all" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static void print_json(SnStore *store, const SnConversation *one, SnJsonList *list)
{
	g_autoptr(GPtrArray) members = sn_conversation_members(store, one->id);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	SnJson *object = sn_json_object();

	sn_json_int(object, "id", one->id);
	sn_json_text(object, "kind", sn_conversation_kind_word(one->kind));
	sn_json_text(object, "name", one->title);
	if (one->last_message)
		sn_json_text(object, "channel", sn_channel_word(one->channel));
	sn_json_int(object, "unread", one->unread);
	sn_json_time(object, "last_time", one->last_time);
	sn_json_text(object, "preview", one->preview);
	SnJson *addresses = sn_json_array(object, "addresses");
	for (guint i = 0; members && i < members->len; i++) {
		const SnAddress *address = members->pdata[i];
		/* the same text may be an email address and a JID */
		if (g_hash_table_add(seen, address->value))
			sn_json_append_text(addresses, address->value);
	}
	if (one->person)
		sn_json_int(object, "person", one->person);
	if (one->kind == SN_CONV_PERSON)
		sn_json_text(object, "presence", sn_presence_word(one->presence));
	sn_json_text(object, "mode", sn_reply_mode_word(one->reply_mode));
	sn_json_int(object, "pending", one->pending);
	sn_json_int(object, "attention", one->attention);
	if (one->bulk)
		sn_json_text(object, "bulk", sn_bulk_word(one->bulk));
	sn_json_bool(object, "muted", one->muted);
	sn_json_bool(object, "pinned", one->pinned);
	sn_json_bool(object, "archived", one->archived);
	sn_json_bool(object, "draft", one->has_draft);
	sn_json_item(list, object);
}

static void print_row(SnTable *table, const SnConversation *one)
{
	g_autofree char *when = sn_out_time(one->last_time);

	sn_table_cellf(table, SN_FAINT, "%" G_GINT64_FORMAT, one->id);
	sn_table_cell(table, SN_FAINT, when);
	sn_table_cell(table, SN_PLAIN, one->last_message ? sn_channel_word(one->channel) : "");
	sn_table_cellf(table, SN_STRONG, one->unread ? "%d" : "%.0d", one->unread);
	sn_table_cell(table, one->attention ? SN_BAD : one->unread ? SN_STRONG : SN_PLAIN, one->title);
	sn_table_cellf(table, SN_FAINT, "%s%s%s", one->attention ? "(needs you) " : "",
	               one->has_draft ? "(draft) " : "", one->preview ? one->preview : "");
}

static int run(SnCliContext *context, const SnArgs *args)
{
	static const char *const titles[] = { "id", "last", "via", "new", "name", "preview", NULL };
	gboolean json = sn_args_flag(args, "json"), unread = sn_args_flag(args, "unread");
	gint64 limit = sn_args_number(args, "limit", DEFAULT_LIMIT), shown = 0;
	g_autoptr(GPtrArray) page = NULL, before = NULL;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);
	SnShelf shelf = sn_args_flag(args, "newsletters") ? SN_SHELF_BULK :
	                sn_args_flag(args, "archived")    ? SN_SHELF_ARCHIVED :
	                                                    SN_SHELF_LIST;

	if (!store)
		return code;
	SnTable *table = json ? NULL : sn_table_new(titles);
	SnJsonList list;
	if (json)
		sn_json_begin(&list);
	do {
		const SnConversation *after = page && page->len ? page->pdata[page->len - 1] : NULL;
		GPtrArray *next = sn_conversation_page(store, after, shelf,
		                                       sn_args_get(args, 0), PAGE);
		g_clear_pointer(&before, g_ptr_array_unref);
		before = page;
		page = next;
		for (guint i = 0; page && i < page->len && (!limit || shown < limit); i++) {
			const SnConversation *one = page->pdata[i];
			if (unread && !one->unread)
				continue;
			shown++;
			if (json)
				print_json(store, one, &list);
			else
				print_row(table, one);
		}
	} while (page && page->len == PAGE && (!limit || shown < limit));
	if (json)
		sn_json_end(&list);
	else
		sn_table_print(table);
	return SN_EXIT_DONE;
}

const SnCliVerb sn_cmd_list = {
	.name = "list",
	.arguments = "[TEXT]",
	.meaning = "list the conversations, pinned and most recent first",
	.text = "With TEXT, those whose title or address holds it.",
	.options = options,
	.max = 1,
	.reads = TRUE,
	.run = run,
};
