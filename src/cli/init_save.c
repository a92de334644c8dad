/* SPDX-License-Identifier: GPL-3.0-or-later */
/* init_save.c - tries the account, lets the person mend what does not work, and writes it. */
#include <string.h>

#include "src/cli/accounts_file.h"
#include "src/cli/init_private.h"
#include "src/cli/input.h"
#include "src/text/text.h"

enum { MAX_ROUNDS = 10 };

static void add_line(GString *section, const char *key, const char *value)
{
	if (value && *value)
		g_string_append_printf(section, "%s = %s\n", key, value);
}

static char *compose_from(const SnInit *init)
{
	g_autofree char *quoted = init->name && strpbrk(init->name, ",;:<>()@\"\\.#") ?
		g_strdup_printf("\"%s\"", init->name) : g_strdup(init->name);

	return quoted && *quoted ? g_strdup_printf("%s <%s>", quoted, init->address) :
	                           g_strdup(init->address);
}

static char *compose_section(const SnInit *init)
{
	GString *section = g_string_new(NULL);
	gboolean mail = init->urls[INIT_SOURCE] || init->urls[INIT_OUTGOING];
	g_autofree char *from = mail ? compose_from(init) : NULL;
	const char *ca_file = sn_args_text(init->args, "ca-file");
	g_autofree char *ca_path = ca_file ? g_canonicalize_filename(ca_file, NULL) : NULL;

	g_string_append_printf(section, "[%s]\n", init->account);
	add_line(section, "from", from);
	for (int end = 0; end < INIT_ENDS; end++)
		add_line(section, sn_init_ends[end].key, init->urls[end]);
	add_line(section, "im-host",
	         init->urls[INIT_IM] ? sn_args_text(init->args, "im-host") : NULL);
	add_line(section, "password-command", init->command);
	for (int end = 0; end < INIT_ENDS; end++) {
		g_autofree char *key = g_strconcat(sn_init_ends[end].key, "-password-command", NULL);
		add_line(section, key, init->own_command[end]);
	}
	add_line(section, "oauth2-provider", init->oauth_provider);
	add_line(section, "oauth2-client-id", init->oauth_client);
	add_line(section, "oauth2-client-secret-command", init->oauth_secret_command);
	add_line(section, "ca-file", ca_path);
	return g_string_free(section, FALSE);
}

/* Parses what is to be written, so that no broken file is ever left behind. */
static SnConfig *compose(SnInit *init, char **text)
{
	g_autofree char *section = compose_section(init);
	g_autoptr(GError) error = NULL;

	g_free(*text);
	*text = sn_accounts_merge(init->old, init->account, section);
	SnConfig *config = sn_config_parse_at(*text, NULL, init->context->paths->config, &error);
	if (!config)
		init->code = sn_cli_fail(error);
	return config;
}

/* ---- trying ---- */

typedef struct {
	GError *errors[INIT_ENDS]; /* NULL: it works, or there is none */
} Result;

static void result_clear(Result *result)
{
	for (int end = 0; end < INIT_ENDS; end++)
		g_clear_error(&result->errors[end]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, result_clear)

static gboolean try_end(SnInit *init, const char *title, const SnEndpoint *endpoint, GError **error)
{
	g_autofree char *text = NULL;
	const SnCliServices *services = &init->context->services;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return TRUE;
	printf("Testing %s ... ", title);
	fflush(stdout);
	if (services->probe(endpoint, &text, services->data, error)) {
		printf("ok%s%s\n", text && *text ? ": " : "", text && *text ? text : "");
		return TRUE;
	}
	g_autofree char *why = sn_text_clean_line((*error)->message, -1);
	printf("failed: %s\n", why);
	return FALSE;
}

static gboolean try_account(SnInit *init, const SnAccount *account, Result *result)
{
	const SnEndpoint *ends[] = { &account->source, &account->outgoing, &account->im };
	gboolean ok = TRUE;

	if (sn_args_flag(init->args, "no-test"))
		return TRUE;
	init->code = SN_EXIT_DONE;
	for (int end = 0; end < INIT_ENDS; end++) {
		if (try_end(init, sn_init_ends[end].title, ends[end], &result->errors[end]))
			continue;
		ok = FALSE;
		if (!init->code)
			init->code = (int)sn_exit_for_error(result->errors[end]);
	}
	return ok;
}

/* ---- mending ---- */

static gboolean is_refused(const Result *result, int end)
{
	return g_error_matches(result->errors[end], SN_ERROR, SN_ERROR_AUTH);
}

/* A new password: for all ends where all were refused, else for those alone. */
static gboolean mend_passwords(SnInit *init, const Result *result)
{
	gboolean works = FALSE, changed = FALSE;

	if (!init->typed)
		return FALSE; /* a command's affair */
	for (int end = 0; end < INIT_ENDS; end++)
		works |= init->urls[end] && !is_refused(result, end);
	if (!works) {
		char *typed = sn_input_secret("The password again (empty: leave it)");
		if (!typed || !*typed) {
			g_free(typed);
			return FALSE;
		}
		sn_secret_free(init->password);
		g_clear_pointer(&init->command, g_free);
		init->password = typed;
		return TRUE;
	}
	for (int end = 0; end < INIT_ENDS; end++) {
		if (!is_refused(result, end))
			continue;
		g_autofree char *question = g_strdup_printf(
			"Another password for %s (not shown; empty: leave it)", sn_init_ends[end].title);
		char *typed = sn_input_secret(question);
		if (typed && *typed) {
			sn_secret_free(init->own_password[end]);
			init->own_password[end] = g_steal_pointer(&typed);
			changed = TRUE;
		}
		g_free(typed);
	}
	return changed;
}

/* Other servers for those that cannot be reached, and other login names for those refused. */
static gboolean mend_servers(SnInit *init, const Result *result)
{
	gboolean changed = FALSE;

	for (int end = 0; end < INIT_ENDS; end++) {
		if (!result->errors[end] || sn_args_text(init->args, sn_init_ends[end].key))
			continue;
		g_autofree char *before = g_strdup(init->urls[end]);
		if (!sn_init_ask_end(init, end, before))
			return FALSE;
		changed |= g_strcmp0(before, init->urls[end]) != 0;
	}
	return changed;
}

/* TRUE: something was changed, try again. */
static gboolean mend(SnInit *init, const Result *result)
{
	return init->ask && (mend_passwords(init, result) || mend_servers(init, result));
}

/* ---- all of it ---- */

static gboolean write_file(SnInit *init, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (!sn_accounts_write(init->path, text, &error))
		return sn_init_give_up(init, sn_cli_fail(error));
	printf("Saved the account '%s' in %s.%s\n", init->account, init->path,
	       init->context->welcome ? "" : " Type 'sennit' to begin.");
	init->code = SN_EXIT_DONE;
	return TRUE;
}

static gboolean round_of(SnInit *init, char **text, gboolean *again)
{
	g_auto(Result) result = { 0 };
	g_autoptr(SnConfig) config = compose(init, text);
	const SnAccount *account =
		config ? sn_config_account_named(config, init->account) : NULL;

	if (!account || !sn_init_keep_passwords(init, account))
		return FALSE;
	/* one that went to a file: the section says so now */
	g_autoptr(SnConfig) kept = compose(init, text);
	account = kept ? sn_config_account_named(kept, init->account) : NULL;
	if (!account || !sn_init_log_in(init, account))
		return FALSE;
	if (try_account(init, account, &result))
		return TRUE;
	*again = mend(init, &result);
	if (*again || (init->ask && sn_input_yes("Save it all the same?", FALSE)))
		return TRUE;
	sn_init_drop_passwords(init, account);
	sn_cli_failf(SN_EXIT_FAILED, "nothing was saved; --no-test saves without testing");
	return FALSE;
}

gboolean sn_init_save(SnInit *init)
{
	g_autofree char *text = NULL;
	gboolean again = TRUE;

	for (int i = 0; again && i < MAX_ROUNDS; i++) {
		again = FALSE;
		if (!round_of(init, &text, &again))
			return FALSE;
	}
	return write_file(init, text);
}
