/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_bounce.c - sennit bounce: an email goes on to somebody else as it is. */
#include "src/cli/cli_private.h"
#include "src/cli/wait.h"
#include "src/route/resend.h"

extern const SnCliVerb sn_cmd_bounce;

static const SnCliOption options[] = {
	{ "wait", 'w', SN_OPT_NUMBER, "SECONDS", "wait until it arrived, failed, or SECONDS passed" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static int report(SnCliContext *context, SnStore *store, const SnArgs *args, SnId id)
{
	gboolean json = sn_args_flag(args, "json");
	gint64 seconds = sn_args_number(args, "wait", 0);

	if (!json)
		printf("%" G_GINT64_FORMAT "\n", id);
	fflush(stdout);
	if (!sn_cli_engine_runs(context))
		fputs("queued; no engine is running: start sennit or sennit engine\n", stderr);
	if (seconds)
		return sn_wait_entry(store, id, seconds, json);
	g_autoptr(SnOutboxEntry) entry = json ? sn_outbox_get(store, id, SN_OUTBOX_FULL) : NULL;
	if (entry) {
		SnJsonList list;
		sn_json_begin(&list);
		sn_json_item(&list, sn_json_entry(store, entry));
		sn_json_end(&list);
	}
	return SN_EXIT_DONE;
}

static int run(SnCliContext *context, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) list = g_string_new(NULL);
	int code = SN_EXIT_FAILED;

	for (guint i = 1; i < sn_args_count(args); i++)
		g_string_append_printf(list, "%s,", sn_args_get(args, i));
	g_auto(GStrv) to = sn_resend_addresses(list->str, &error);
	if (!to)
		return sn_cli_fail(error);
	SnStore *store = sn_cli_store(context, &code);
	if (!store)
		return code;
	SnResend resend = { .message = sn_cli_message(store, sn_args_get(args, 0)),
		            .to = (const char *const *)to };
	if (!resend.message)
		return sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no message '%s'", sn_args_get(args, 0));
	SnId id = sn_resend(store, context->config, &resend, &error);
	if (!id)
		return sn_cli_fail(error);
	return sn_cli_durable(store, &code) ? report(context, store, args, id) : code;
}

const SnCliVerb sn_cmd_bounce = {
	.name = "bounce",
	.arguments = "ID ADDRESS...",
	.meaning = "send an email on to somebody else as it is",
	.text = "The email keeps its author, its text and its signatures; Resent- fields say who sent it "
		"on (RFC 5322). ID is the message's number or its Message-ID. No copy goes to Sent. Prints the "
		"number of the outbox entry.",
	.options = options,
	.min = 2,
	.max = -1,
	.run = run,
};
