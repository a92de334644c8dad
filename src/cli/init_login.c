/* SPDX-License-Identifier: GPL-3.0-or-later */
/* init_login.c - how the account logs in, and where its secrets go. */
#include <string.h>

#include "src/cli/accounts_file.h"
#include "src/cli/init_private.h"
#include "src/cli/input.h"
#include "src/cli/oauth_tell.h"
#include "src/config/oauth2.h"

/* ---- OAuth2 ---- */

/* Mail servers that are known to take no passwords, and whose they are. */
static const struct {
	const char *host, *provider;
} hosts[] = {
	{ "imap.gmail.com", "google" },
	{ "smtp.gmail.com", "google" },
	{ "outlook.office365.com", "microsoft" },
	{ "smtp.office365.com", "microsoft" },
	{ "smtp-mail.outlook.com", "microsoft" },
};

static const char *provider_of(const SnInit *init)
{
	for (int end = INIT_SOURCE; end <= INIT_OUTGOING; end++)
		for (gsize i = 0; init->urls[end] && i < G_N_ELEMENTS(hosts); i++) {
			const char *at = strrchr(init->urls[end], '@');
			if (at && g_str_has_prefix(at + 1, hosts[i].host))
				return hosts[i].provider;
		}
	return NULL;
}

/* FALSE: given up. The client id stays NULL when passwords are to be used. */
static gboolean ask_oauth(SnInit *init)
{
	const char *known = provider_of(init);
	const SnOauth2Provider *provider = sn_oauth2_provider(known);

	if (!known && !init->wants_oauth && !sn_args_text(init->args, "oauth2-client-id"))
		return TRUE;
	if (init->ask && !sn_args_text(init->args, "oauth2-client-id"))
		printf("\nThese mail servers want OAuth 2.0 instead of a password. For that sennit needs a "
		       "client id,\nwhich you get once%s%s.\n", provider ? " at " : " from your provider",
		       provider ? provider->client_help : "");
	init->oauth_client = sn_init_option(init, "oauth2-client-id",
	                                    "Client id (empty: try a password)", "");
	if (!init->oauth_client || !*init->oauth_client) {
		g_clear_pointer(&init->oauth_client, g_free);
		return TRUE;
	}
	init->oauth_provider = sn_args_text(init->args, "oauth2-provider") || !known ?
		sn_init_option(init, "oauth2-provider",
		               "Provider (google, microsoft or the https:// address of the issuer)", "") :
		g_strdup(known);
	if (!init->oauth_provider || !*init->oauth_provider)
		return sn_init_give_up(init, sn_cli_failf(SN_EXIT_USAGE, "--oauth2-client-id needs an "
		                                          "--oauth2-provider"));
	if (init->ask && strcmp(init->oauth_provider, "google") == 0)
		init->oauth_secret_command = sn_input_ask(
			"Command that prints the client secret, such as: pass show google-client", "");
	return TRUE;
}

gboolean sn_init_log_in(SnInit *init, const SnAccount *account)
{
	const SnCliServices *services = &init->context->services;
	const SnOauth2 *oauth2 = account->source.oauth2 ? account->source.oauth2 :
	                                                  account->outgoing.oauth2;
	g_autoptr(GError) error = NULL;

	if (!oauth2 || init->logged_in || !init->ask)
		return TRUE;
	init->logged_in = services->oauth_login(oauth2, FALSE, sn_oauth_tell, NULL, services->data,
	                                        &error);
	return init->logged_in || sn_init_give_up(init, sn_cli_fail(error));
}

/* ---- passwords ---- */

static gboolean is_server(const char *url)
{
	return url && !g_str_has_prefix(url, "maildir:") && strstr(url, "://");
}

static gboolean needs_password(const SnInit *init)
{
	gboolean mail = is_server(init->urls[INIT_SOURCE]) || is_server(init->urls[INIT_OUTGOING]);

	return init->urls[INIT_IM] || (mail && !init->oauth_client);
}

gboolean sn_init_find_login(SnInit *init)
{
	const char *given = sn_args_text(init->args, "password-command");
	g_autofree char *question = g_strdup_printf(
		"Password of %s (not shown; empty: a command prints it)", init->address);

	if (!ask_oauth(init))
		return FALSE;
	if (given || !init->ask || !needs_password(init)) {
		init->command = given && *given ? g_strdup(given) : NULL;
		return TRUE;
	}
	init->password = sn_input_secret(question);
	if (init->password && !*init->password)
		g_clear_pointer(&init->password, g_free);
	init->typed = init->password != NULL;
	if (!init->password)
		init->command = sn_input_ask("Command that prints it, such as: pass show mail", NULL);
	if (init->password || (init->command && *init->command))
		return TRUE;
	return sn_init_give_up(init, sn_cli_failf(SN_EXIT_FAILED, "nothing was saved"));
}

/* Without a secret service: a file that only the user can read. end -1: for all of them. */
static gboolean keep_in_file(SnInit *init, int end)
{
	char **password = end < 0 ? &init->password : &init->own_password[end];
	char **command = end < 0 ? &init->command : &init->own_command[end];
	g_autofree char *name = g_strdup_printf("%s%s%s.password", init->account, end < 0 ? "" : ".",
	                                        end < 0 ? "" : sn_init_ends[end].key);
	g_strdelimit(name, "/ ", '_');
	g_autofree char *path = g_build_filename(init->context->paths->config, name, NULL);
	g_autofree char *question = g_strdup_printf(
		"Keep it in %s, which only you can read?", path);
	g_autoptr(GError) error = NULL;

	if (!sn_input_yes(question, FALSE))
		return sn_init_give_up(init, sn_cli_failf(SN_EXIT_AUTH, "nothing was saved; a "
		                       "password-command such as 'pass show %s' needs no secret service",
		                       init->account));
	g_autofree char *line = g_strconcat(*password, "\n", NULL);
	gboolean ok = sn_accounts_write(path, line, &error);
	explicit_bzero(line, strlen(line));
	if (!ok)
		return sn_init_give_up(init, sn_cli_fail(error));
	g_autofree char *quoted = g_shell_quote(path);
	g_free(*command);
	*command = g_strdup_printf("cat %s", quoted);
	sn_secret_free(g_steal_pointer(password));
	return TRUE;
}

static const SnEndpoint *end_of(const SnAccount *account, int end)
{
	return end == INIT_SOURCE ? &account->source :
	       end == INIT_OUTGOING ? &account->outgoing : &account->im;
}

gboolean sn_init_keep_passwords(SnInit *init, const SnAccount *account)
{
	for (int end = 0; end < INIT_ENDS; end++) {
		const SnEndpoint *endpoint = end_of(account, end);
		const char *own = init->own_password[end], *password = own ? own : init->password;
		g_autoptr(GError) error = NULL;
		if (!password || !endpoint->host || !endpoint->user || endpoint->oauth2 ||
		    sn_secret_store(endpoint, password, &error))
			continue;
		printf("%s\n", error->message);
		if (!keep_in_file(init, own ? end : -1))
			return FALSE;
	}
	return TRUE;
}

void sn_init_drop_passwords(const SnInit *init, const SnAccount *account)
{
	for (int end = 0; end < INIT_ENDS; end++)
		if (end_of(account, end)->host && (init->password || init->own_password[end]))
			sn_secret_forget(end_of(account, end));
}
