/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_presence.c - sennit presence: what the user's contacts see of them (RFC 6121 section 4.7). */
#include "src/cli/cli_private.h"
#include "src/store/wish.h"

extern const SnCliVerb sn_cmd_presence;

static const SnCliOption options[] = {
	{ "account", 'a', SN_OPT_TEXT, "NAME", "only this account" },
	SN_OPTION_END,
};

static int show(SnStore *store, const char *account)
{
	g_autofree char *wish = sn_wish_get(store, SN_WISH_PRESENCE, account);
	g_auto(GStrv) parts = g_strsplit(wish ? wish : "online", "\t", 2);

	fputs(parts[0], stdout);
	if (parts[1] && *parts[1]) {
		fputs("  ", stdout);
		sn_out_text(parts[1]);
	}
	putchar('\n');
	return SN_EXIT_DONE;
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *account = sn_args_text(args, "account");
	g_autoptr(GError) error = NULL;
	SnPresenceShow word;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	if (account && !sn_config_account_named(context->config, account))
		return sn_cli_failf(SN_EXIT_USAGE, "There is no account '%s'.", account);
	if (sn_args_count(args) == 0)
		return show(store, account ? account : "");
	if (!sn_presence_parse(sn_args_get(args, 0), &word) || word == SN_PRESENCE_UNKNOWN)
		return sn_cli_failf(SN_EXIT_USAGE,
		                    "'%s' is no presence: online, chat, away, xa, dnd or offline.",
		                    sn_args_get(args, 0));
	g_autofree char *text = sn_args_join(args, 1);
	g_strdelimit(text, "\t\n\r", ' ');
	g_autofree char *wish = g_strdup_printf("%s\t%s", sn_presence_word(word), text);
	if (!sn_wish_set(store, SN_WISH_PRESENCE, account ? account : "", wish, &error))
		return sn_cli_fail(error);
	if (!sn_cli_engine_runs(context))
		fputs("noted; no engine is running: start sennit or sennit engine\n", stderr);
	return SN_EXIT_DONE;
}

const SnCliVerb sn_cmd_presence = {
	.name = "presence",
	.arguments = "[online|chat|away|xa|dnd|offline [TEXT]]",
	.meaning = "show or set what your contacts see of you",
	.options = options,
	.min = 0,
	.max = -1,
	.run = run,
};
