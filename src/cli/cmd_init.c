/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_init.c - sennit init: an address in, a tested account out. */
#include <string.h>
#include <unistd.h>

#include "src/cli/accounts_file.h"
#include "src/cli/discover.h"
#include "src/cli/init_private.h"
#include "src/cli/input.h"
#include "src/cli/local_mail.h"
#include "src/text/text.h"

enum { SEARCH_TIMEOUT = 8000, MAX_OFFERS = 4 };

extern const SnCliVerb sn_cmd_init;

static const SnCliOption options[] = {
	{ "address", 'a', SN_OPT_TEXT, "ADDRESS", "your email (and IM) address" },
	{ "name", 'n', SN_OPT_TEXT, "NAME", "your name as others see it" },
	{ "account", 0, SN_OPT_TEXT, "NAME", "what to call the account; without it, by the domain" },
	{ "login", 0, SN_OPT_TEXT, "USER", "login name of the mail server, where it is not the address" },
	{ "source", 0, SN_OPT_TEXT, "URL", "where email comes from (see sennit-accounts(5))" },
	{ "outgoing", 0, SN_OPT_TEXT, "URL", "where email goes" },
	{ "im", 0, SN_OPT_TEXT, "URL", "the IM address" },
	{ "im-host", 0, SN_OPT_TEXT, "HOST[:PORT]", "connect there for IM instead of asking the DNS" },
	{ "no-mail", 0, SN_OPT_FLAG, NULL, "an account for IM alone" },
	{ "no-im", 0, SN_OPT_FLAG, NULL, "an account for email alone" },
	{ "password-command", 'p', SN_OPT_TEXT, "COMMAND", "prints the password, such as: pass show home" },
	{ "oauth2-client-id", 0, SN_OPT_TEXT, "ID", "log in for email by OAuth 2.0, with this client id" },
	{ "oauth2-provider", 0, SN_OPT_TEXT, "NAME", "google, microsoft or the https:// address of an issuer" },
	{ "ca-file", 0, SN_OPT_FILE, "FILE", "certificates to trust besides the system's" },
	{ "no-test", 0, SN_OPT_FLAG, NULL, "save without trying to log in" },
	{ "replace", 0, SN_OPT_FLAG, NULL, "write over an account of the same name" },
	SN_OPTION_END,
};

const SnInitEnd sn_init_ends[INIT_ENDS] = {
	{ "source", "incoming email",
	  "Server of incoming email (its name, a URL like imaps://you@host, or the path of a Maildir; empty: none)" },
	{ "outgoing", "outgoing email",
	  "Server of outgoing email (its name, or a URL like smtps://you@host; empty: none)" },
	{ "im", "IM", "IM address (you@domain; empty: none)" },
};

gboolean sn_init_give_up(SnInit *init, int code)
{
	init->code = code;
	return FALSE;
}

char *sn_init_option(SnInit *init, const char *option, const char *question, const char *fallback)
{
	const char *given = sn_args_text(init->args, option);

	if (given)
		return g_strdup(given);
	return init->ask ? sn_input_ask(question, fallback) : g_strdup(fallback);
}

static gboolean nothing_saved(SnInit *init)
{
	return sn_init_give_up(init, sn_cli_failf(SN_EXIT_FAILED, "nothing was saved"));
}

/* ---- who ---- */

static gboolean find_address(SnInit *init)
{
	const char *real = g_get_real_name();
	gboolean fixed = sn_args_text(init->args, "address") || !init->ask;

	for (;;) {
		g_autofree char *name = NULL;
		g_autofree char *typed =
			sn_init_option(init, "address", "Your address (name@domain)", NULL);
		if (!typed)
			return sn_init_give_up(init, init->ask ? sn_cli_failf(SN_EXIT_FAILED, "nothing was saved") :
			                       sn_cli_failf(SN_EXIT_USAGE,
			                                    "an address is needed: --address ADDRESS"));
		if (sn_mailbox_parse(typed, &name, &init->address)) {
			if (!name && strcmp(real, "Unknown") != 0 && strcmp(real, "root") != 0)
				name = g_strdup(real);
			init->name = sn_init_option(init, "name", "Your name, as others see it",
			                            name ? name : "");
			return init->name || nothing_saved(init);
		}
		int code = sn_cli_failf(SN_EXIT_INPUT, "'%s' is no address", typed);
		if (fixed)
			return sn_init_give_up(init, code);
	}
}

static gboolean find_account_name(SnInit *init)
{
	const char *domain = strrchr(init->address, '@') + 1;
	const char *given = sn_args_text(init->args, "account");
	gboolean replace = sn_args_flag(init->args, "replace");

	init->account = given ? g_strdup(given) : g_strndup(domain, strcspn(domain, "."));
	/* a name is only asked for when the obvious one is taken */
	while (init->ask && !replace && init->account && sn_accounts_has(init->old, init->account)) {
		printf("There is an account called '%s' already.\n", init->account);
		if (sn_input_yes("Replace it?", FALSE))
			replace = TRUE;
		else {
			g_free(init->account);
			init->account = sn_input_ask("What to call the new one", NULL);
		}
	}
	if (!init->account)
		return nothing_saved(init);
	if (!*init->account || strpbrk(init->account, "[]\n\r#"))
		return sn_init_give_up(init, sn_cli_failf(SN_EXIT_INPUT, "'%s' cannot name an account",
		                                          init->account));
	if (!replace && sn_accounts_has(init->old, init->account))
		return sn_init_give_up(init, sn_cli_failf(SN_EXIT_USAGE, "there is an account [%s] already; "
		                                          "use --replace or another --account",
		                                          init->account));
	return TRUE;
}

/* ---- where ---- */

static const char *login_of(const SnInit *init)
{
	const char *login = sn_args_text(init->args, "login");

	return login ? login : init->address;
}

/* What a person types for an end, as a URL: "mail.example.org" is enough. */
static char *whole_url(const SnInit *init, int end, const char *typed)
{
	static const char *const schemes[] = { "imaps", "smtps", "xmpp" };
	g_autofree char *host = NULL;
	guint16 port = 0;

	if (!*typed || strstr(typed, "://"))
		return g_strdup(typed);
	if (end == INIT_SOURCE && (typed[0] == '/' || g_str_has_prefix(typed, "~/"))) {
		g_autofree char *path = g_uri_escape_string(typed, "/~+@:", TRUE);
		return g_strconcat("maildir://", path, NULL);
	}
	if (strpbrk(typed, " /"))
		return g_strdup(typed);
	if (end == INIT_IM)
		return g_strconcat("xmpp://", typed, NULL);
	if (!strchr(typed, '.') || strchr(typed, '@') || !sn_host_port_parse(typed, &host, &port, NULL))
		return g_strdup(typed);
	/* the usual ports of STARTTLS say what is meant */
	if (end == INIT_SOURCE && port == 143)
		return sn_server_url("imap+starttls", login_of(init), host, port);
	if (end == INIT_OUTGOING && port == 587)
		return sn_server_url("smtp+starttls", login_of(init), host, port);
	return sn_server_url(schemes[end], login_of(init), host, port);
}

static gboolean valid_end(int end, const char *url)
{
	g_autoptr(GError) error = NULL;
	SnEndpoint endpoint;

	if (!sn_endpoint_parse(url, &endpoint, &error)) {
		sn_cli_failf(SN_EXIT_INPUT, "%s: %s", sn_init_ends[end].key, error->message);
		return FALSE;
	}
	/* a command only sends */
	gboolean ok = end == INIT_OUTGOING || endpoint.kind != SN_ENDPOINT_SENDMAIL;
	if (!ok)
		sn_cli_failf(SN_EXIT_INPUT, "'%s' is no server, URL or path", url);
	sn_endpoint_clear(&endpoint);
	return ok;
}

gboolean sn_init_ask_end(SnInit *init, int end, const char *fallback)
{
	const SnInitEnd *about = &sn_init_ends[end];

	do {
		g_autofree char *typed =
			sn_init_option(init, about->key, about->question, fallback ? fallback : "");
		g_clear_pointer(&init->urls[end], g_free);
		if (!typed)
			return nothing_saved(init);
		g_autofree char *url = whole_url(init, end, typed);
		if (!*url)
			return TRUE;
		if (valid_end(end, url)) {
			init->urls[end] = g_steal_pointer(&url);
			return TRUE;
		}
	} while (init->ask && !sn_args_text(init->args, about->key));
	return sn_init_give_up(init, SN_EXIT_INPUT);
}

static gboolean is_wanted(const SnInit *init, int end)
{
	return !sn_args_flag(init->args, end == INIT_IM ? "no-im" : "no-mail");
}

static gboolean must_search(const SnInit *init)
{
	for (int end = 0; end < INIT_ENDS; end++)
		if (is_wanted(init, end) && !init->urls[end] &&
		    !sn_args_text(init->args, sn_init_ends[end].key))
			return TRUE;
	return FALSE;
}

static void show_found(const SnInit *init, char *const *found, const SnServers *servers)
{
	const char *domain = strrchr(init->address, '@') + 1;

	putchar('\n');
	for (int end = 0; end < INIT_ENDS; end++)
		if (is_wanted(init, end) && !init->urls[end]) {
			g_autofree char *url = sn_text_clean_line(found[end] ? found[end] : "not found", -1);
			printf("  %-15s %s\n", sn_init_ends[end].title, url);
		}
	putchar('\n');
	if (servers->web)
		printf("The mail servers are named by %s, whose certificate is good.\n", servers->web);
	else if (servers->foreign)
		printf("The DNS names mail servers outside %s, and nothing proves that it may: check that\n"
		       "they are your provider's.\n", domain);
}

/* Takes what was found if the person agrees, and asks for the rest. */
static gboolean agree(SnInit *init, const SnServers *servers)
{
	char *const found[] = { servers->source, servers->outgoing, servers->im };
	gboolean any = FALSE, use = FALSE;

	for (int end = 0; end < INIT_ENDS; end++)
		any |= is_wanted(init, end) && !init->urls[end] && found[end];
	if (any && init->ask) {
		show_found(init, found, servers);
		use = sn_input_yes("Use these?", !servers->foreign);
	} else if (init->ask && must_search(init)) {
		printf("No server was found%s.\n", servers->dns_failed ?
		       ": the DNS does not answer. Is this machine online?" : "");
	}
	for (int end = 0; end < INIT_ENDS; end++) {
		if (!is_wanted(init, end) || init->urls[end])
			continue;
		if ((use || !init->ask) && found[end] && !sn_args_text(init->args, sn_init_ends[end].key))
			init->urls[end] = g_strdup(found[end]);
		else if (!sn_init_ask_end(init, end, found[end]))
			return FALSE;
	}
	return TRUE;
}

/* Whoever has mbsync fetch their email, and msmtp send it, needs no server for it here. */
static void offer_local(SnInit *init)
{
	const char *home = g_get_home_dir();
	gboolean open = init->ask && is_wanted(init, INIT_SOURCE);
	g_autoptr(GPtrArray) maildirs = open && !sn_args_text(init->args, "source") ?
		sn_local_maildirs(home, init->address) : g_ptr_array_new();
	g_autofree char *sender = open && !sn_args_text(init->args, "outgoing") ?
		sn_local_sender(home) : NULL;

	for (guint i = 0; i < maildirs->len && i < MAX_OFFERS && !init->urls[INIT_SOURCE]; i++) {
		g_autofree char *shown = sn_text_clean_line(maildirs->pdata[i], -1);
		g_autofree char *question =
			g_strdup_printf("Email is kept in %s. Read it there?", shown);
		if (sn_input_yes(question, TRUE))
			init->urls[INIT_SOURCE] = whole_url(init, INIT_SOURCE, maildirs->pdata[i]);
	}
	if (sender && init->urls[INIT_SOURCE] &&
	    sn_input_yes("Send email with msmtp, as it is set up here?", TRUE))
		init->urls[INIT_OUTGOING] = g_steal_pointer(&sender);
}

/* Without a person to ask, a server of somebody else is not taken on the word of the DNS. */
static gboolean refuse_foreign(SnInit *init, const SnServers *servers)
{
	gboolean given = sn_args_text(init->args, "source") && sn_args_text(init->args, "outgoing");

	if (!servers->foreign || init->ask || given || !is_wanted(init, INIT_SOURCE))
		return TRUE;
	return sn_init_give_up(
		init, sn_cli_failf(SN_EXIT_USAGE,
	                           "the DNS names servers outside %s: source %s, outgoing %s\n"
	                           "if they are right, give them as --source and --outgoing",
	                           strrchr(init->address, '@') + 1,
	                           servers->source ? servers->source : "-",
	                           servers->outgoing ? servers->outgoing : "-"));
}

static gboolean find_servers(SnInit *init)
{
	const char *domain = strrchr(init->address, '@') + 1;
	SnServers servers = { 0 };

	offer_local(init);
	if (must_search(init)) {
		printf("Looking for the servers of %s ...\n", domain);
		fflush(stdout);
		sn_discover(&init->context->services, init->address, sn_args_text(init->args, "login"),
		            sn_args_text(init->args, "ca-file"), SEARCH_TIMEOUT, &servers);
	}
	init->wants_oauth = servers.wants_oauth;
	gboolean ok = refuse_foreign(init, &servers) && agree(init, &servers);
	sn_servers_clear(&servers);
	if (ok && !init->urls[INIT_SOURCE] && !init->urls[INIT_OUTGOING] && !init->urls[INIT_IM])
		return sn_init_give_up(init, sn_cli_failf(SN_EXIT_USAGE, "no server was found for %s; give "
		                                          "--source, --outgoing or --im", domain));
	return ok;
}

/* ---- all of it ---- */

/* A file that is wrong already is for the person to mend, not for us to add to. */
static gboolean read_old(SnInit *init)
{
	g_autoptr(GError) error = NULL;

	if (!g_file_get_contents(init->path, &init->old, NULL, NULL)) {
		init->old = NULL;
		return TRUE;
	}
	g_autoptr(SnConfig) config =
		sn_config_parse_at(init->old, NULL, init->context->paths->config, &error);
	return config || sn_init_give_up(init, sn_cli_fail(error));
}

static void clear(SnInit *init)
{
	g_free(init->address);
	g_free(init->name);
	g_free(init->account);
	g_free(init->command);
	sn_secret_free(init->password);
	for (int end = 0; end < INIT_ENDS; end++) {
		g_free(init->urls[end]);
		g_free(init->own_command[end]);
		sn_secret_free(init->own_password[end]);
	}
	g_free(init->oauth_provider);
	g_free(init->oauth_client);
	g_free(init->oauth_secret_command);
	g_free(init->path);
	sn_secret_free(init->old);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	SnInit init = { .context = context, .args = args };

	init.ask = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	init.path = g_build_filename(context->paths->config, "accounts.conf", NULL);
	(void)(read_old(&init) && find_address(&init) && find_account_name(&init) &&
	       find_servers(&init) && sn_init_find_login(&init) && sn_init_save(&init));
	clear(&init);
	return init.code;
}

const SnCliVerb sn_cmd_init = {
	.name = "init",
	.arguments = "",
	.meaning = "set up an account: finds the servers, tests them, saves",
	.text = "Asks for what the options leave open when it runs at a terminal; without one, the "
		"options must say all that the domain does not. Servers are found by the domain's own "
		"autoconfig file, over https, and by its DNS; nobody else is asked. A Maildir that mbsync, "
		"notmuch or another program keeps here is offered first. Each is tried by "
		"logging in before anything is saved. A password that is typed goes to the desktop's "
		"secret service.",
	.options = options,
	.run = run,
};
