/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_init.c - sennit init: an address in, a tested account out. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/accounts_file.h"
#include "src/cli/cli_private.h"
#include "src/cli/input.h"
#include "src/cli/srv.h"
#include "src/text/text.h"

enum { DNS_TIMEOUT = 8000 };

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
	{ "ca-file", 0, SN_OPT_FILE, "FILE", "certificates to trust besides the system's" },
	{ "no-test", 0, SN_OPT_FLAG, NULL, "save without trying to log in" },
	{ "replace", 0, SN_OPT_FLAG, NULL, "write over an account of the same name" },
	SN_OPTION_END,
};

typedef struct {
	SnCliContext *context;
	const SnArgs *args;
	gboolean ask;        /* a person sits there */
	char *address, *name, *account, *source, *outgoing, *im, *password_command, *password;
	char *path, *old;    /* accounts.conf and its text; old NULL = none */
	int code;
} Init;

static gboolean give_up(Init *init, int code)
{
	init->code = code;
	return FALSE;
}

/* The option's value, else the person's answer, else the fallback. */
static char *option_or_ask(Init *init, const char *option, const char *question,
                           const char *fallback)
{
	const char *given = sn_args_text(init->args, option);

	if (given)
		return g_strdup(given);
	return init->ask ? sn_input_ask(question, fallback) : g_strdup(fallback);
}

static gboolean find_identity(Init *init)
{
	g_autofree char *typed = option_or_ask(init, "address", "Your address (name@domain)", NULL);
	g_autofree char *name = NULL;
	const char *real = g_get_real_name();

	if (!typed)
		return give_up(init, sn_cli_failf(SN_EXIT_USAGE, "an address is needed: --address ADDRESS"));
	if (!sn_mailbox_parse(typed, &name, &init->address))
		return give_up(init, sn_cli_failf(SN_EXIT_INPUT, "'%s' is no address", typed));
	if (!name && strcmp(real, "Unknown") != 0 && strcmp(real, "root") != 0)
		name = g_strdup(real);
	init->name = option_or_ask(init, "name", "Your name", name ? name : "");
	const char *domain = strrchr(init->address, '@') + 1;
	g_autofree char *label = g_strndup(domain, strcspn(domain, "."));
	init->account = option_or_ask(init, "account", "A name for this account", label);
	if (!init->name || !init->account)
		return give_up(init, sn_cli_failf(SN_EXIT_FAILED, "nothing was saved"));
	if (!*init->account || strpbrk(init->account, "[]\n\r#"))
		return give_up(init, sn_cli_failf(SN_EXIT_INPUT, "'%s' cannot name an account",
		                                  init->account));
	if (sn_accounts_has(init->old, init->account) && !sn_args_flag(init->args, "replace") &&
	    !(init->ask && sn_input_yes("There is an account of that name. Replace it?", FALSE)))
		return give_up(init, sn_cli_failf(SN_EXIT_USAGE, "there is an account [%s] already; use "
		                                  "--replace or another --account", init->account));
	return TRUE;
}

static gboolean valid_end(const char *key, const char *url)
{
	g_autoptr(GError) error = NULL;
	SnEndpoint endpoint;

	if (!sn_endpoint_parse(url, &endpoint, &error)) {
		sn_cli_failf(SN_EXIT_INPUT, "%s: %s", key, error->message);
		return FALSE;
	}
	sn_endpoint_clear(&endpoint);
	return TRUE;
}

/* One end's URL: given, found, or asked for. An empty answer leaves the end out. */
static gboolean find_end(Init *init, const char *key, const char *question, const char *found,
                         char **url)
{
	do {
		g_free(*url);
		*url = option_or_ask(init, key, question, found ? found : "");
		if (!*url)
			return give_up(init, sn_cli_failf(SN_EXIT_FAILED, "nothing was saved"));
		if (!**url)
			g_clear_pointer(url, g_free);
		if (!*url || valid_end(key, *url))
			return TRUE;
	} while (init->ask && !sn_args_text(init->args, key));
	return give_up(init, SN_EXIT_INPUT);
}

static gboolean find_servers(Init *init)
{
	const char *domain = strrchr(init->address, '@') + 1;
	const char *login = sn_args_text(init->args, "login");
	gboolean mail = !sn_args_flag(init->args, "no-mail"), im = !sn_args_flag(init->args, "no-im");
	gboolean needed = (mail && (!sn_args_text(init->args, "source") ||
	                            !sn_args_text(init->args, "outgoing"))) ||
	                  (im && !sn_args_text(init->args, "im"));
	SnServers servers = { 0 };
	gboolean ok = TRUE;

	if (needed) {
		printf("Looking for the servers of %s ...\n", domain);
		fflush(stdout);
		sn_servers_find(domain, login ? login : init->address, DNS_TIMEOUT, &servers);
	}
	/* without a person to ask, a server of somebody else is not taken on the word of the DNS */
	if (servers.foreign && !init->ask && mail && needed) {
		sn_cli_failf(SN_EXIT_USAGE, "the DNS names servers outside %s: source %s, outgoing %s\n"
		             "if they are right, give them as --source and --outgoing", domain,
		             servers.source ? servers.source : "-", servers.outgoing ? servers.outgoing : "-");
		sn_servers_clear(&servers);
		return give_up(init, SN_EXIT_USAGE);
	}
	if (servers.foreign && init->ask)
		printf("These servers lie outside %s; check that they are your provider's.\n", domain);
	if (mail)
		ok = find_end(init, "source", "Incoming email (imaps://you@host; empty: none)",
		              servers.source, &init->source) &&
		     find_end(init, "outgoing", "Outgoing email (smtps://you@host; empty: none)",
		              servers.outgoing, &init->outgoing);
	if (ok && im)
		ok = find_end(init, "im", "IM (xmpp://you@domain; empty: none)", servers.im, &init->im);
	sn_servers_clear(&servers);
	if (ok && !init->source && !init->outgoing && !init->im)
		return give_up(init, sn_cli_failf(SN_EXIT_USAGE, "no server was found for %s; give --source, "
		                                  "--outgoing or --im", domain));
	return ok;
}

static gboolean needs_password(const char *url)
{
	return url && !g_str_has_prefix(url, "maildir:") && strstr(url, "://");
}

static gboolean find_password(Init *init)
{
	if (!needs_password(init->source) && !needs_password(init->outgoing) && !init->im)
		return TRUE;
	init->password_command = option_or_ask(
		init, "password-command",
		"Command that prints the password (empty: type the password)", "");
	if (init->password_command && !*init->password_command)
		g_clear_pointer(&init->password_command, g_free);
	if (!init->password_command && init->ask)
		init->password = sn_input_secret("Password");
	return TRUE;
}

static void add_line(GString *section, const char *key, const char *value)
{
	if (value && *value)
		g_string_append_printf(section, "%s = %s\n", key, value);
}

static char *compose_section(const Init *init)
{
	GString *section = g_string_new(NULL);
	gboolean mail = init->source || init->outgoing;
	g_autofree char *quoted = init->name && strpbrk(init->name, ",;:<>()@\"\\.#") ?
		g_strdup_printf("\"%s\"", init->name) : g_strdup(init->name);
	g_autofree char *from = quoted && *quoted ?
		g_strdup_printf("%s <%s>", quoted, init->address) : g_strdup(init->address);
	const char *ca_file = sn_args_text(init->args, "ca-file");
	g_autofree char *ca_path = ca_file ? g_canonicalize_filename(ca_file, NULL) : NULL;

	g_string_append_printf(section, "[%s]\n", init->account);
	add_line(section, "from", mail ? from : NULL);
	add_line(section, "source", init->source);
	add_line(section, "outgoing", init->outgoing);
	add_line(section, "im", init->im);
	add_line(section, "im-host", init->im ? sn_args_text(init->args, "im-host") : NULL);
	add_line(section, "password-command", init->password_command);
	add_line(section, "ca-file", ca_path);
	return g_string_free(section, FALSE);
}

/* Without a secret service: a file that only the user can read. */
static gboolean keep_in_file(Init *init)
{
	g_autofree char *name = g_strdup_printf("%s.password", init->account);
	g_strdelimit(name, "/ ", '_');
	g_autofree char *path = g_build_filename(init->context->paths->config, name, NULL);
	g_autofree char *question = g_strdup_printf(
		"Keep it in %s, which only you can read?", path);
	g_autoptr(GError) error = NULL;

	if (!sn_input_yes(question, FALSE))
		return give_up(init, sn_cli_failf(SN_EXIT_AUTH, "nothing was saved; a password-command such "
		                                  "as 'pass show %s' needs no secret service",
		                                  init->account));
	g_autofree char *line = g_strconcat(init->password, "\n", NULL);
	gboolean ok = sn_accounts_write(path, line, &error);
	explicit_bzero(line, strlen(line));
	if (!ok)
		return give_up(init, sn_cli_fail(error));
	g_autofree char *quoted = g_shell_quote(path);
	init->password_command = g_strdup_printf("cat %s", quoted);
	return TRUE;
}

static gboolean keep_password(Init *init, const SnAccount *account)
{
	const SnEndpoint *ends[] = { &account->source, &account->outgoing, &account->im };
	g_autoptr(GError) error = NULL;

	if (!init->password)
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (!ends[i]->host || !ends[i]->user)
			continue;
		if (sn_secret_store(ends[i], init->password, &error))
			continue;
		printf("%s\n", error->message);
		return keep_in_file(init);
	}
	return TRUE;
}

static gboolean test_end(Init *init, const char *name, const SnEndpoint *endpoint)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return TRUE;
	printf("Testing %s ... ", name);
	fflush(stdout);
	if (init->context->services.probe(endpoint, &text, init->context->services.data, &error)) {
		printf("ok%s%s\n", text && *text ? ": " : "", text && *text ? text : "");
		return TRUE;
	}
	g_autofree char *why = sn_text_clean_line(error->message, -1);
	printf("failed: %s\n", why);
	if (!init->code)
		init->code = (int)sn_exit_for_error(error);
	return FALSE;
}

static gboolean test_account(Init *init, const SnAccount *account)
{
	gboolean ok;

	if (sn_args_flag(init->args, "no-test"))
		return TRUE;
	init->code = 0;
	ok = test_end(init, "incoming email", &account->source);
	ok = test_end(init, "outgoing email", &account->outgoing) && ok;
	ok = test_end(init, "IM", &account->im) && ok;
	if (ok || (init->ask && sn_input_yes("Save it all the same?", FALSE)))
		return TRUE;
	sn_cli_failf(SN_EXIT_FAILED, "nothing was saved; --no-test saves without testing");
	return FALSE;
}

/* Parses what is to be written, so that no broken file is ever left behind. */
static SnConfig *check_text(Init *init, const char *text)
{
	g_autoptr(GError) error = NULL;
	SnConfig *config = sn_config_parse_at(text, NULL, init->context->paths->config, &error);

	if (!config)
		init->code = sn_cli_fail(error);
	return config;
}

static gboolean save(Init *init)
{
	g_autofree char *section = compose_section(init);
	g_autofree char *text = sn_accounts_merge(init->old, init->account, section);
	g_autoptr(SnConfig) config = check_text(init, text);
	g_autoptr(GError) error = NULL;

	if (!config)
		return FALSE;
	const SnAccount *account = sn_config_account_named(config, init->account);
	g_assert(account);
	if (!keep_password(init, account))
		return FALSE;
	if (init->password && init->password_command) {
		/* it went to a file: the section says so now */
		sn_secret_free(g_steal_pointer(&init->password));
		return save(init);
	}
	if (!test_account(init, account))
		return FALSE;
	if (!sn_accounts_write(init->path, text, &error))
		return give_up(init, sn_cli_fail(error));
	printf("Saved the account '%s' in %s. Type 'sennit' to begin.\n", init->account, init->path);
	init->code = SN_EXIT_DONE;
	return TRUE;
}

static int run(SnCliContext *context, const SnArgs *args)
{
	Init init = { .context = context, .args = args };

	init.ask = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	init.path = g_build_filename(context->paths->config, "accounts.conf", NULL);
	if (!g_file_get_contents(init.path, &init.old, NULL, NULL))
		init.old = NULL;
	/* a file that is wrong already is for the person to mend, not for us to add to */
	g_autoptr(SnConfig) before = init.old ? check_text(&init, init.old) : NULL;
	if (!init.old || before)
		(void)(find_identity(&init) && find_servers(&init) && find_password(&init) &&
		       save(&init));
	g_free(init.address);
	g_free(init.name);
	g_free(init.account);
	g_free(init.source);
	g_free(init.outgoing);
	g_free(init.im);
	g_free(init.password_command);
	sn_secret_free(init.password);
	g_free(init.path);
	sn_secret_free(init.old);
	return init.code;
}

const SnCliVerb sn_cmd_init = {
	.name = "init",
	.arguments = "",
	.meaning = "set up an account: finds the servers, tests them, saves",
	.text = "Asks for what the options leave open when it runs at a terminal; without one, the "
		"options must say all that the DNS does not. A password that is typed goes to the "
		"desktop's secret service.",
	.options = options,
	.run = run,
};
