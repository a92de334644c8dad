/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_oauth.c - sennit oauth: logging in at a mail provider that wants OAuth 2.0. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/cli/oauth_tell.h"
#include "src/config/oauth2.h"
#include "src/store/wish.h"
#include "src/text/text.h"

extern const SnCliVerb sn_cmd_oauth;

static const SnCliOption options[] = {
	{ "browser", 0, SN_OPT_FLAG, NULL,
	  "log in by a browser on this machine, also where a code could be typed elsewhere" },
	SN_OPTION_END,
};

static const SnCliSub subs[] = {
	{ "login", "ACCOUNT", "log in: shows an address to open, and the code to type there" },
	{ "token", "ACCOUNT", "print an access token, for other programs" },
	{ "forget", "ACCOUNT", "remove the login from the secret service" },
	{ NULL, NULL, NULL },
};

/* The end that has it; NULL. */
static const SnEndpoint *end_of(const SnAccount *account)
{
	return account->source.oauth2 ? &account->source :
	       account->outgoing.oauth2 ? &account->outgoing : NULL;
}

/* The account named, or the only one that uses OAuth2. NULL after saying why not. */
static const SnAccount *find_account(const SnConfig *config, const char *name, int *code)
{
	const SnAccount *found = name ? sn_config_account_named(config, name) : NULL;
	guint count = 0;

	for (gsize i = 0; !name && i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		if (!end_of(account))
			continue;
		count++;
		found = account;
	}
	if (count > 1)
		*code = sn_cli_failf(SN_EXIT_USAGE, "several accounts use OAuth2; name one");
	else if (name && !found)
		*code = sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no account [%s]", name);
	else if (!found)
		*code = sn_cli_failf(SN_EXIT_USAGE, "no account has an oauth2-provider; see "
		                     "sennit-accounts(5)");
	else if (!end_of(found))
		*code = sn_cli_failf(SN_EXIT_USAGE, "the account [%s] has no oauth2-provider; see "
		                     "sennit-accounts(5)", name);
	else
		return found;
	return NULL;
}

void sn_oauth_tell(const SnOauth2Prompt *prompt, gpointer data)
{
	g_autofree char *url = sn_text_clean_line(prompt->url, -1);
	g_autofree char *code = prompt->code ? sn_text_clean_line(prompt->code, -1) : NULL;
	g_autofree char *whole = prompt->whole_url ? sn_text_clean_line(prompt->whole_url, -1) : NULL;

	if (code) {
		printf("Open this page in a browser, on any device:\n\n    %s\n\n"
		       "and type this code there:\n\n    %s\n\n", url, code);
		if (whole && strcmp(whole, url) != 0)
			printf("This address has the code in it already:\n\n    %s\n\n", whole);
	} else {
		printf("Open this page in a browser on this machine:\n\n    %s\n\n", url);
	}
	printf("Waiting for up to %d minute%s; ^C ends it.\n", MAX(prompt->seconds / 60, 1),
	       prompt->seconds / 60 > 1 ? "s" : "");
	fflush(stdout);
}

/* An engine that gave up for want of this login tries again. */
static int reconnect(SnCliContext *context)
{
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	return sn_wish_set(store, SN_WISH_RECONNECT, "", "", &error) ? SN_EXIT_DONE :
	                                                               sn_cli_fail(error);
}

static int login(SnCliContext *context, const SnEndpoint *end, const SnArgs *args)
{
	const SnCliServices *services = &context->services;
	g_autoptr(GError) error = NULL;

	if (!services->oauth_login(end->oauth2, sn_args_flag(args, "browser"), sn_oauth_tell, NULL,
	                           services->data, &error))
		return sn_cli_fail(error);
	printf("Logged in as %s.\n", end->oauth2->user);
	return sn_cli_engine_runs(context) ? reconnect(context) : SN_EXIT_DONE;
}

static int print_token(SnCliContext *context, const SnEndpoint *end)
{
	const SnCliServices *services = &context->services;
	g_autoptr(GError) error = NULL;
	char *token = services->oauth_token(end->oauth2, services->data, &error);

	if (!token)
		return sn_cli_fail(error);
	puts(token);
	sn_secret_free(token);
	return SN_EXIT_DONE;
}

static int forget(const SnEndpoint *end)
{
	g_autoptr(GError) error = NULL;

	if (!sn_oauth2_forget(end->oauth2, &error))
		return sn_cli_fail(error);
	printf("The login of %s is forgotten here. What the provider still knows of it is removed on its "
	       "own pages.\n", end->oauth2->user);
	return SN_EXIT_DONE;
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *what = sn_args_get(args, 0);
	int code = SN_EXIT_FAILED;
	const SnConfig *config = sn_cli_config(context, &code);
	const SnAccount *account = config ? find_account(config, sn_args_get(args, 1), &code) : NULL;

	if (!account)
		return code;
	if (strcmp(what, "login") == 0)
		return login(context, end_of(account), args);
	return strcmp(what, "token") == 0 ? print_token(context, end_of(account)) :
	                                    forget(end_of(account));
}

const SnCliVerb sn_cmd_oauth = {
	.name = "oauth",
	.arguments = "WORD [ACCOUNT]",
	.meaning = "log in at a mail provider that wants OAuth 2.0",
	.text = "For accounts with an oauth2-provider (see sennit-accounts(5)). The refresh token goes to "
		"the desktop's secret service, or to the account's oauth2-store-command.",
	.options = options,
	.subs = subs,
	.min = 1,
	.max = 2,
	.run = run,
};
