/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_vcard.c - sennit vcard: the user's own vCard on the XMPP server (XEP-0054, XEP-0292). */
#include <string.h>

#include "src/base/card.h"
#include "src/cli/cli_private.h"
#include "src/cli/input.h"
#include "src/store/own_card.h"

extern const SnCliVerb sn_cmd_vcard;

static const SnCliOption options[] = {
	{ "account", 'a', SN_OPT_TEXT, "NAME", "the vCard of this account; else of the first one with an IM address" },
	{ "edit", 'e', SN_OPT_FLAG, NULL, "change it with your editor" },
	{ "set", 0, SN_OPT_FLAG, NULL, "take its lines from stdin" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static int show(const char *account, const char *text, gboolean json)
{
	g_autoptr(GPtrArray) lines = sn_card_parse(text, NULL);
	SnJsonList list;

	if (!json) {
		sn_out_text(text);
		return SN_EXIT_DONE;
	}
	SnJson *object = sn_json_object();
	sn_json_text(object, "account", account);
	const char *last = NULL;
	SnJson *values = NULL;
	for (guint i = 0; lines && i < lines->len; i++) {
		const SnCardLine *line = lines->pdata[i];
		if (g_strcmp0(last, line->key) != 0)
			values = sn_json_array(object, line->key);
		last = line->key;
		sn_json_append_text(values, line->value);
	}
	sn_json_begin(&list);
	sn_json_item(&list, object);
	sn_json_end(&list);
	return SN_EXIT_DONE;
}

static int set(SnCliContext *context, SnStore *store, const char *account, char *text, GError *failure)
{
	g_autoptr(GError) error = failure;

	if (!text)
		return sn_cli_fail(error);
	if (!sn_own_card_want(store, account, text, &error))
		return error->code == SN_ERROR_INVALID || error->code == SN_ERROR_LIMIT
		               ? sn_cli_failf(SN_EXIT_INPUT, "%s", error->message)
		               : sn_cli_fail(error);
	if (!sn_cli_engine_runs(context))
		fputs("noted; no engine is running: start sennit or sennit engine\n", stderr);
	return SN_EXIT_DONE;
}

static const char *account_of(SnCliContext *context, const char *wanted)
{
	for (gsize i = 0; i < sn_config_account_count(context->config); i++) {
		const SnAccount *account = sn_config_account(context->config, i);
		if (account->im.user && (!wanted || g_str_equal(account->name, wanted)))
			return account->name;
	}
	return NULL;
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *wanted = sn_args_text(args, "account");
	g_autofree char *given = NULL;
	GError *error = NULL;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	const char *account = account_of(context, wanted);
	if (!account)
		return wanted ? sn_cli_failf(SN_EXIT_USAGE, "There is no account '%s' with an IM address.", wanted)
		              : sn_cli_failf(SN_EXIT_USAGE, "No account has an IM address.");
	g_autofree char *now = sn_own_card(store, account);
	if (sn_args_flag(args, "set")) {
		given = sn_input_text(&error);
	} else if (!now) { /* what is changed unseen is lost */
		return sn_cli_failf(SN_EXIT_FAILED, "Your vCard was not read yet: that happens when %s is on line.",
		                    account);
	} else if (sn_args_flag(args, "edit")) {
		g_autofree char *hint = sn_card_hint();
		g_autofree char *text = g_strconcat(hint, now, NULL);
		given = sn_input_editor(context, text, &error);
	} else {
		return show(account, now, sn_args_flag(args, "json"));
	}
	return set(context, store, account, given, error);
}

const SnCliVerb sn_cmd_vcard = {
	.name = "vcard",
	.arguments = "",
	.meaning = "show or change your own vCard on the XMPP server, which anybody can read",
	.text = "Lines of it: name, nickname, email, phone, xmpp, web, organisation, title, note; as in "
		"\"name: Alice Liddell\". What else is in it (a picture, an address) stays as it is. It is "
		"shown as it was when it was last read, once a day.",
	.options = options,
	.min = 0,
	.max = 0,
	.run = run,
};
