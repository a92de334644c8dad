/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli.c - the table of verbs, and how one is run. */
#include "config.h"

#include "src/cli/cli_private.h"

#include <string.h>

#include "src/base/lock.h"
#include "src/base/nearest.h"
#include "src/cli/upgrade.h"
#include "src/text/text.h"

extern const SnCliVerb sn_cmd_accounts, sn_cmd_autocrypt, sn_cmd_bounce, sn_cmd_compact, sn_cmd_doctor, sn_cmd_engine, sn_cmd_import, sn_cmd_init,
	sn_cmd_list, sn_cmd_oauth, sn_cmd_outbox, sn_cmd_people, sn_cmd_rooms, sn_cmd_presence, sn_cmd_search, sn_cmd_send,
	sn_cmd_show, sn_cmd_told, sn_cmd_devices, sn_cmd_complete, sn_cmd_folders, sn_cmd_mark, sn_cmd_tag, sn_cmd_move,
	sn_cmd_archive, sn_cmd_delete, sn_cmd_spam, sn_cmd_undo, sn_cmd_vcard;

/* In the order of the manual; the last one is for the shells and shown nowhere. */
static const SnCliVerb *const verbs[] = {
	&sn_cmd_init,   &sn_cmd_engine, &sn_cmd_send,     &sn_cmd_bounce,   &sn_cmd_list,   &sn_cmd_show,
	&sn_cmd_search, &sn_cmd_folders, &sn_cmd_mark,    &sn_cmd_tag,      &sn_cmd_move,   &sn_cmd_archive,
	&sn_cmd_delete, &sn_cmd_spam,   &sn_cmd_undo,     &sn_cmd_told,   &sn_cmd_outbox, &sn_cmd_people,   &sn_cmd_rooms, &sn_cmd_devices, &sn_cmd_presence, &sn_cmd_vcard, &sn_cmd_accounts,
	&sn_cmd_oauth,  &sn_cmd_autocrypt, &sn_cmd_doctor, &sn_cmd_import, &sn_cmd_compact, &sn_cmd_complete, NULL,
};

const SnCliOption sn_program_options[] = {
	{ "config", 'c', SN_OPT_FILE, "DIR",
	  "keep configuration, store, state and sockets in DIR instead of the XDG directories" },
	{ "plain", 0, SN_OPT_FLAG, NULL, "line-oriented mode for screen readers" },
	{ "script", 0, SN_OPT_FILE, "FILE", "read keys from FILE instead of the keyboard" },
	{ "version", 0, SN_OPT_FLAG, NULL, "show the version" },
	SN_OPTION_END,
};

const SnCliVerb *const *sn_cli_verbs(void)
{
	return verbs;
}

const SnCliVerb *sn_cli_verb(const char *name)
{
	for (gsize i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

gboolean sn_cli_is_verb(const char *word)
{
	return sn_cli_verb(word) != NULL;
}

const char *sn_cli_nearest_verb(const char *word)
{
	const char *names[G_N_ELEMENTS(verbs)] = { NULL };

	for (gsize i = 0; verbs[i]; i++)
		names[i] = verbs[i]->meaning ? verbs[i]->name : "";
	return sn_nearest(word, names);
}

SnExit sn_exit_for_code(SnErrorCode code)
{
	switch (code) {
	case SN_ERROR_AUTH: return SN_EXIT_AUTH;
	case SN_ERROR_TLS:
	case SN_ERROR_NETWORK:
	case SN_ERROR_TEMPORARY:
	case SN_ERROR_UNCERTAIN:
	case SN_ERROR_REJECTED: return SN_EXIT_NETWORK;
	case SN_ERROR_NOT_FOUND: return SN_EXIT_NOT_FOUND;
	case SN_ERROR_CONFIG: return SN_EXIT_USAGE;
	case SN_ERROR_INVALID:
	case SN_ERROR_LIMIT: return SN_EXIT_INPUT;
	default: return SN_EXIT_FAILED;
	}
}

SnExit sn_exit_for_error(const GError *error)
{
	if (!error)
		return SN_EXIT_DONE;
	return error->domain == SN_ERROR ? sn_exit_for_code((SnErrorCode)error->code) :
	                                   SN_EXIT_FAILED;
}

/* Each line of a longer message is told as one of ours. */
static void complain(const char *message)
{
	g_autofree char *clean = sn_text_clean(message, -1);
	g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);

	fflush(stdout);
	for (gsize i = 0; lines[i]; i++)
		if (*lines[i])
			fprintf(stderr, "sennit: %s\n", lines[i]);
}

int sn_cli_fail(const GError *error)
{
	complain(error ? error->message : "something went wrong");
	return error ? (int)sn_exit_for_error(error) : (int)SN_EXIT_FAILED;
}

int sn_cli_failf(SnExit code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *message = g_strdup_vprintf(format, args);
	va_end(args);
	complain(message);
	return code;
}

gboolean sn_cli_durable(SnStore *store, int *code)
{
	g_autoptr(GError) error = NULL;

	if (sn_store_sync(store, &error))
		return TRUE;
	*code = sn_cli_failf(sn_exit_for_error(error),
	                     "it is noted, but perhaps not on the disk yet: %s", error->message);
	return FALSE;
}

SnConfig *sn_cli_config(SnCliContext *context, int *code)
{
	g_autoptr(GError) error = NULL;

	if (!context->config)
		context->config = sn_config_load(context->paths, &error);
	if (!context->config)
		*code = sn_cli_fail(error);
	return context->config;
}

SnStore *sn_cli_store(SnCliContext *context, int *code)
{
	g_autoptr(GError) error = NULL;

	if (context->store)
		return context->store;
	if (!sn_cli_config(context, code))
		return NULL;
	g_autoptr(SnUpgradeLine) line = sn_upgrade_line_new(stderr, SN_UPGRADE_SILENT_MS);
	context->store = sn_store_open_watched(context->paths->store_path, SN_STORE_CLIENT,
	                                       sn_upgrade_line_watch(line), &error);
	if (!context->store || !sn_config_declare(context->config, context->store, &error)) {
		*code = sn_cli_fail(error);
		g_clear_pointer(&context->store, sn_store_close);
	}
	return context->store;
}

void sn_cli_context_clear(SnCliContext *context)
{
	g_clear_pointer(&context->store, sn_store_close);
	g_clear_pointer(&context->config, sn_config_unref);
	g_clear_pointer(&context->paths, sn_paths_free);
}

gboolean sn_cli_engine_runs(SnCliContext *context)
{
	return sn_lock_holder(context->paths->lock_path) != 0;
}

/* The first plain argument must be one of the subs, where a verb has them. */
static gboolean check_sub(const SnCliVerb *verb, const SnArgs *args)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *word = sn_args_get(args, 0);

	if (!verb->subs || !word)
		return TRUE;
	for (const SnCliSub *sub = verb->subs; sub->name; sub++) {
		if (strcmp(sub->name, word) == 0)
			return TRUE;
		g_ptr_array_add(names, (gpointer)sub->name);
	}
	g_ptr_array_add(names, NULL);
	const char *near = sn_nearest(word, (const char *const *)names->pdata);
	g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
	sn_cli_failf(SN_EXIT_USAGE, "unknown word '%s' after '%s'%s%s%s known: %s", word, verb->name,
	             near ? "; did you mean '" : ";", near ? near : "", near ? "'?" : "", all);
	return FALSE;
}

static gboolean check_count(const SnCliVerb *verb, const SnArgs *args)
{
	int count = (int)sn_args_count(args);

	if (count < verb->min)
		sn_cli_failf(SN_EXIT_USAGE, "'%s' needs %s; see: sennit %s --help", verb->name,
		             verb->arguments, verb->name);
	else if (verb->max >= 0 && count > verb->max)
		sn_cli_failf(SN_EXIT_USAGE, "'%s' is one word too many; see: sennit %s --help",
		             sn_args_get(args, (guint)verb->max), verb->name);
	return count >= verb->min && (verb->max < 0 || count <= verb->max);
}

int sn_cli_run(SnCliContext *context, int argc, char **argv)
{
	const SnCliVerb *verb = sn_cli_verb(argv[0]);
	g_autoptr(GError) error = NULL;

	g_assert(verb && context->paths);
	/* what the shells complete is taken as it is, options included */
	gboolean raw = verb == &sn_cmd_complete;
	g_autoptr(SnArgs) args = sn_args_parse(verb->name, verb->options, argc, argv, FALSE, NULL,
	                                       &error);
	if (!args)
		return sn_cli_fail(error);
	if (!raw && sn_args_flag(args, "help")) {
		g_autofree char *help = sn_verb_help(verb);
		fputs(help, stdout);
		return sn_out_finish() ? SN_EXIT_DONE : SN_EXIT_FAILED;
	}
	if (!check_sub(verb, args) || !check_count(verb, args))
		return SN_EXIT_USAGE;
	int code = verb->run(context, args);
	if (!sn_out_finish())
		return SN_EXIT_FAILED;
	const GError *missed = context->store ? sn_store_missed(context->store) : NULL;
	if (code == SN_EXIT_DONE && verb->reads && missed)
		return sn_cli_failf(sn_exit_for_error(missed), "something could not be read: %s", missed->message);
	return code;
}

gboolean sn_program_args(int argc, char **argv, SnProgramArgs *program, GError **error)
{
	g_autoptr(SnArgs) args = sn_args_parse("", sn_program_options, argc, argv, TRUE,
	                                       &program->rest, error);

	if (!args)
		return FALSE;
	program->dir = sn_args_text(args, "config");
	program->script = sn_args_text(args, "script");
	program->plain = sn_args_flag(args, "plain");
	program->help = sn_args_flag(args, "help");
	program->version = sn_args_flag(args, "version");
	return TRUE;
}
