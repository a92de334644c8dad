/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_accounts.c - sennit accounts: each end, and how it is. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/store/people.h"
#include "src/store/sync.h"
#include "src/text/text.h"

extern const SnCliVerb sn_cmd_accounts;

static const SnCliOption options[] = {
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static const SnStatus *status_of(const GPtrArray *all, const char *account, const char *end)
{
	for (guint i = 0; all && i < all->len; i++) {
		const SnStatus *status = all->pdata[i];
		if (g_strcmp0(status->account, account) == 0 && g_strcmp0(status->end, end) == 0)
			return status;
	}
	return NULL;
}

typedef struct {
	SnTable *table;   /* NULL: JSON */
	SnJsonList list;
	const GPtrArray *statuses;
	gboolean engine;
	SnStore *store;
} Output;

/* "mail quota 93 % of 2 GB", before the detail if there is one; caller frees. */
static char *with_quota(const char *detail, gint64 used, gint64 limit)
{
	if (limit == 0)
		return g_strdup(detail);
	g_autofree char *all = sn_text_size(limit);
	return g_strdup_printf("mail quota %d %% of %s%s%s",
	                       (int)MIN((double)used * 100 / (double)limit, 999), all,
	                       detail ? ", " : "", detail ? detail : "");
}

static void print_end(Output *output, const SnAccount *account, const char *end,
                      const SnEndpoint *endpoint)
{
	const SnStatus *status = status_of(output->statuses, account->name, end);
	SnStatusKind kind = status && output->engine ? status->kind : SN_STATUS_OFF;
	g_autofree char *url = sn_endpoint_format(endpoint);
	const char *detail = status ? status->detail : NULL;
	gint64 used = 0, limit = 0;

	if (strcmp(end, "source") == 0)
		sn_account_quota(output->store, sn_account_find(output->store, account->name), &used, &limit);
	const char *word = account->enabled ? sn_status_word(kind) : "disabled";

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	if (!output->table) {
		SnJson *object = sn_json_object();
		sn_json_text(object, "account", account->name);
		sn_json_text(object, "end", end);
		sn_json_text(object, "address", strcmp(end, "im") == 0 ? endpoint->user :
		                                account->from_address);
		sn_json_text(object, "url", url);
		sn_json_text(object, "state", word);
		sn_json_text(object, "detail", detail);
		sn_json_text(object, "error", status ? status->error_word : NULL);
		if (status && status->total) {
			sn_json_int(object, "done", status->done);
			sn_json_int(object, "total", status->total);
		}
		if (limit) {
			sn_json_int(object, "quota_used", used);
			sn_json_int(object, "quota_limit", limit);
		}
		sn_json_time(object, "since", status ? status->since : 0);
		sn_json_time(object, "next", status ? status->next_try : 0);
		sn_json_item(&output->list, object);
		return;
	}
	sn_table_cell(output->table, SN_STRONG, account->name);
	sn_table_cell(output->table, SN_PLAIN, end);
	sn_table_cell(output->table, kind == SN_STATUS_ERROR ? SN_BAD :
	              kind == SN_STATUS_ONLINE ? SN_GOOD : SN_PLAIN, word);
	sn_table_cell(output->table, SN_PLAIN, url);
	g_autofree char *full = with_quota(detail, used, limit);
	detail = full;
	if (status && status->total && kind == SN_STATUS_SYNCING)
		sn_table_cellf(output->table, SN_FAINT, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT "%s%s",
		               status->done, status->total, detail ? ", " : "", detail ? detail : "");
	else
		sn_table_cell(output->table, SN_FAINT, detail);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	static const char *const titles[] = { "account", "end", "state", "where", "detail", NULL };
	gboolean json = sn_args_flag(args, "json");
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	g_autoptr(GPtrArray) statuses = sn_status_list(store);
	Output output = { json ? NULL : sn_table_new(titles), { 0 }, statuses,
		          sn_cli_engine_runs(context), store };
	if (json)
		sn_json_begin(&output.list);
	for (gsize i = 0; i < sn_config_account_count(context->config); i++) {
		const SnAccount *account = sn_config_account(context->config, i);
		print_end(&output, account, "source", &account->source);
		print_end(&output, account, "outgoing", &account->outgoing);
		print_end(&output, account, "im", &account->im);
	}
	if (json)
		sn_json_end(&output.list);
	else
		sn_table_print(output.table);
	const char *trouble = sn_trouble_text(sn_store_trouble(store));
	if (trouble && output.engine) /* what one that ended has left may be over */
		fprintf(stderr, "%s\n", trouble);
	if (!sn_config_account_count(context->config))
		fputs("no account is set up yet; 'sennit init' does that\n", stderr);
	else if (!output.engine)
		fputs("no engine is running: start sennit or sennit engine\n", stderr);
	return SN_EXIT_DONE;
}

const SnCliVerb sn_cmd_accounts = {
	.name = "accounts",
	.arguments = "",
	.meaning = "show the accounts, and whether their servers are reached",
	.options = options,
	.reads = TRUE,
	.run = run,
};
