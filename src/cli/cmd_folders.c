/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_folders.c - sennit folders: the mail folders of the accounts, and what lies in one. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/store/folder_list.h"

extern const SnCliVerb sn_cmd_folders;

enum { DEFAULT_LIMIT = 100, PAGE = 100 };

static const SnCliOption options[] = {
	{ "limit", 'n', SN_OPT_NUMBER, "N", "at most N emails (100); 0 = all" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static void print_folder(SnStore *store, const SnFolder *folder, SnTable *table, SnJsonList *list)
{
	g_autofree char *account = sn_account_name(store, folder->account);

	if (table) {
		sn_table_cell(table, SN_FAINT, account);
		sn_table_cell(table, SN_FAINT, folder->role);
		sn_table_cellf(table, SN_STRONG, folder->unread ? "%d" : "%.0d", folder->unread);
		sn_table_cellf(table, SN_PLAIN, "%d", folder->total);
		sn_table_cell(table, folder->unread ? SN_STRONG : SN_PLAIN, folder->name);
		return;
	}
	SnJson *object = sn_json_object();
	sn_json_text(object, "account", account);
	sn_json_text(object, "name", folder->name);
	sn_json_text(object, "role", folder->role);
	sn_json_int(object, "unread", folder->unread);
	sn_json_int(object, "total", folder->total);
	sn_json_item(list, object);
}

static int list_folders(SnStore *store, gboolean json)
{
	static const char *const titles[] = { "account", "use", "new", "all", "name", NULL };
	g_autoptr(GPtrArray) folders = sn_folder_list(store, 0);
	SnTable *table = json ? NULL : sn_table_new(titles);
	SnJsonList list;

	if (json)
		sn_json_begin(&list);
	for (guint i = 0; folders && i < folders->len; i++)
		print_folder(store, folders->pdata[i], table, &list);
	if (json)
		sn_json_end(&list);
	else
		sn_table_print(table);
	return SN_EXIT_DONE;
}

/* By name, "account:name", or use. 0 after printing what is wrong. */
static SnId find_folder(SnStore *store, const char *wanted, int *code)
{
	g_autoptr(GPtrArray) folders = sn_folder_list(store, 0);
	SnId found = 0;
	int count = 0;

	for (guint i = 0; folders && i < folders->len; i++) {
		const SnFolder *folder = folders->pdata[i];
		g_autofree char *account = sn_account_name(store, folder->account);
		g_autofree char *full = g_strdup_printf("%s:%s", account, folder->name);
		if (strcmp(full, wanted) == 0)
			return folder->id;
		if (strcmp(folder->name, wanted) == 0 || g_strcmp0(folder->role, wanted) == 0) {
			found = folder->id;
			count++;
		}
	}
	if (count == 1)
		return found;
	*code = count ? sn_cli_failf(SN_EXIT_INPUT,
	                             "several accounts have a folder '%s': write ACCOUNT:%s", wanted, wanted) :
	                sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no folder '%s'", wanted);
	return 0;
}

static void print_email(const SnFolderRow *row, SnTable *table, SnJsonList *list)
{
	const SnMessage *message = row->message;

	if (!table) {
		sn_json_item(list, sn_json_message(message));
		return;
	}
	g_autofree char *when = sn_out_time(message->time);
	sn_table_cellf(table, SN_FAINT, "%" G_GINT64_FORMAT, message->id);
	sn_table_cellf(table, SN_STRONG, "%s%s", row->flags & SN_FLAG_SEEN ? "" : "N",
	               row->flags & SN_FLAG_FLAGGED ? "!" : "");
	sn_table_cell(table, SN_FAINT, when);
	sn_table_cell(table, SN_PLAIN, row->who);
	sn_table_cell(table, row->flags & SN_FLAG_SEEN ? SN_PLAIN : SN_STRONG,
	              message->subject ? message->subject : "(no subject)");
}

static int list_emails(SnStore *store, SnId folder, gint64 limit, gboolean json)
{
	static const char *const titles[] = { "id", "", "time", "who", "subject", NULL };
	const SnFolderOrder order = { .folder = folder, .sort = SN_FOLDER_SORT_DATE };
	SnTable *table = json ? NULL : sn_table_new(titles);
	g_autoptr(GPtrArray) page = NULL;
	g_autoptr(GError) error = NULL;
	SnJsonList list;
	gint64 shown = 0;

	if (json)
		sn_json_begin(&list);
	do {
		g_autoptr(GPtrArray) before = g_steal_pointer(&page);
		page = sn_folder_rows(store, &order,
		                      before && before->len ? before->pdata[before->len - 1] : NULL,
		                      FALSE, PAGE, &error);
		for (guint i = 0; page && i < page->len && (!limit || shown < limit); i++, shown++)
			print_email(page->pdata[i], table, &list);
	} while (page && page->len == PAGE && (!limit || shown < limit));
	if (json)
		sn_json_end(&list);
	else
		sn_table_print(table);
	return page ? SN_EXIT_DONE : sn_cli_fail(error);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	gboolean json = sn_args_flag(args, "json");
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);
	SnId folder;

	if (!store)
		return code;
	if (sn_args_count(args) == 0)
		return list_folders(store, json);
	folder = find_folder(store, sn_args_get(args, 0), &code);
	return folder ? list_emails(store, folder, sn_args_number(args, "limit", DEFAULT_LIMIT), json) : code;
}

const SnCliVerb sn_cmd_folders = {
	.name = "folders",
	.arguments = "[FOLDER]",
	.meaning = "list the mail folders, or the emails in one of them",
	.text = "FOLDER is a name, ACCOUNT:NAME, or a use: inbox, archive, sent, junk, trash. Emails are listed "
		"newest first; N stands for unread, ! for flagged.",
	.options = options,
	.max = 1,
	.reads = TRUE,
	.run = run,
};
