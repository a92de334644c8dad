/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_presence.c - sennit presence: what the user's contacts see of them (RFC 6121 section 4.7), and
 * how else they can reach them (XEP-0152). */
#include "src/cli/cli_private.h"
#include "src/route/reach.h"
#include "src/store/wish.h"

extern const SnCliVerb sn_cmd_presence;

static const SnCliOption options[] = {
	{ "account", 'a', SN_OPT_TEXT, "NAME", "only this account" },
	{ "reach", 'r', SN_OPT_TEXT, "URI...", "tell your contacts how you prefer to be reached when you are away: mailto:, xmpp: or tel:, best first" },
	{ "no-reach", 0, SN_OPT_FLAG, NULL, "tell them no longer" },
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
	g_autofree char *reach = sn_wish_get(store, SN_WISH_REACH, account);
	if (reach && *reach)
		printf("when away: %s\n", reach);
	return SN_EXIT_DONE;
}

/* Only those who may see the presence are told. */
static int publish(SnStore *store, const char *account, const char *text)
{
	g_auto(GStrv) words = g_strsplit_set(text, " ,\t", -1);
	g_autoptr(GString) uris = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	for (char **word = words; *word; word++) {
		g_autofree char *uri = **word ? sn_reach_uri(*word, &error) : NULL;
		if (error)
			return sn_cli_failf(SN_EXIT_INPUT, "%s", error->message);
		if (uri)
			g_string_append_printf(uris, "%s%s", uris->len ? " " : "", uri);
	}
	return sn_wish_set(store, SN_WISH_REACH, account, uris->str, &error) ? (int)SN_EXIT_DONE :
	                                                                      sn_cli_fail(error);
}

static void say_if_nobody_acts(SnCliContext *context)
{
	if (!sn_cli_engine_runs(context))
		fputs("noted; no engine is running: start sennit or sennit engine\n", stderr);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *account = sn_args_text(args, "account");
	g_autoptr(GError) error = NULL;
	SnPresenceShow word = SN_PRESENCE_ONLINE;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	if (account && !sn_config_account_named(context->config, account))
		return sn_cli_failf(SN_EXIT_USAGE, "There is no account '%s'.", account);
	const char *reach = sn_args_flag(args, "no-reach") ? "" : sn_args_text(args, "reach");
	if (reach) {
		code = publish(store, account ? account : "", reach);
		if (code == SN_EXIT_DONE && sn_args_count(args) == 0)
			say_if_nobody_acts(context);
		if (code != SN_EXIT_DONE || sn_args_count(args) == 0)
			return code;
	}
	if (sn_args_count(args) == 0)
		return show(store, account ? account : "");
	/* as the hours and the idleness of sennit.conf say */
	gboolean by_itself = g_str_equal(sn_args_get(args, 0), "auto");
	if (!by_itself &&
	    (!sn_presence_parse(sn_args_get(args, 0), &word) || word == SN_PRESENCE_UNKNOWN))
		return sn_cli_failf(SN_EXIT_USAGE,
		                    "'%s' is no presence: auto, online, chat, away, xa, dnd or offline.",
		                    sn_args_get(args, 0));
	g_autofree char *text = sn_args_join(args, 1);
	g_strdelimit(text, "\t\n\r", ' ');
	g_autofree char *wish = g_strdup_printf("%s\t%s", by_itself ? "auto" : sn_presence_word(word),
	                                        text);
	if (!sn_wish_set(store, SN_WISH_PRESENCE, account ? account : "", wish, &error))
		return sn_cli_fail(error);
	say_if_nobody_acts(context);
	return SN_EXIT_DONE;
}

const SnCliVerb sn_cmd_presence = {
	.name = "presence",
	.arguments = "[auto|online|chat|away|xa|dnd|offline [TEXT]]",
	.meaning = "show or set what your contacts see of you",
	.options = options,
	.min = 0,
	.max = -1,
	.run = run,
};
