/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - puts the layers together: with modules.c the only place that knows them all. */
#include "config.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/lock.h"
#include "src/cli/cli.h"
#include "src/cli/upgrade.h"
#include "src/config/rest.h"
#include "src/host.h"
#include "src/log.h"
#include "src/modules.h"
#include "src/service.h"
#include "ui/ui.h"

enum { ONCE_TIMEOUT = 10 * 60 * 1000, PROBE_TIMEOUT = 20 * 1000 };

/* ---- what the verbs need of the engine ---- */

/* The service manager is told too: it takes an engine that is not ready after a while for dead. */
static gboolean tell_upgrade(const SnStoreUpgrade *upgrade, gpointer data)
{
	const SnStoreWatch *watch = sn_upgrade_line_watch(data);
	g_autofree char *text = upgrade->from ? sn_upgrade_text(upgrade) : g_strdup("waiting");
	g_autofree char *state = g_strdup_printf(
		"EXTEND_TIMEOUT_USEC=60000000\nSTATUS=New format of the database: %s.", text);

	sn_service_notify(state);
	return watch->told(upgrade, watch->data);
}

static void end_upgrade(gpointer data)
{
	const SnStoreWatch *watch = sn_upgrade_line_watch(data);

	watch->ended(watch->data);
}

/* Where nothing has happened since the last one there is nothing to start an engine for. */
static gboolean is_at_rest(const SnPaths *paths)
{
	return sn_rest_holds(paths, NULL) && !sn_lock_holder(paths->lock_path);
}

static gboolean run_once(const SnEngineOps *ops, SnCliContext *context, const SnStoreWatch *watch,
                         GError **error)
{
	g_autofree char *module = sn_modules_engine_path();
	g_autofree char *before = sn_rest_look(context->paths, context->config, module, NULL);
	SnEngineSetup setup = {
		.paths = context->paths, .config = context->config, .backends = sn_modules_backends,
		.watch = watch
	};
	SnEngine *engine = ops->start(&setup, error);
	gboolean ok = engine && ops->settle(engine, ONCE_TIMEOUT, error);
	gboolean mine = engine != NULL;
	g_autofree char *mark = ops->stop_at_rest(&engine);
	g_autofree char *now = ok ? sn_rest_look(context->paths, context->config, module, NULL) : NULL;

	if (mine)
		sn_rest_write(context->paths, before, now, mark, NULL);
	return ok;
}

static gboolean engine_run(SnEngineHow how, gpointer data, GError **error)
{
	SnCliContext *context = data;
	if (how == SN_ENGINE_ONCE && is_at_rest(context->paths))
		return TRUE;
	const SnEngineOps *ops = sn_modules_engine(error);
	g_autoptr(SnUpgradeLine) line = sn_upgrade_line_new(stderr, SN_UPGRADE_SILENT_MS);
	const SnStoreWatch watch = { tell_upgrade, end_upgrade, line };
	SnService service = {
		.ops = ops,
		.paths = context->paths,
		.config = &context->config,
		.backends = sn_modules_backends,
		.watch = &watch,
		.wait = how == SN_ENGINE_WAIT,
	};

	if (!ops)
		return FALSE;
	sn_log_open(context->paths->log_path, TRUE);
	return how == SN_ENGINE_ONCE ? run_once(ops, context, &watch, error) : sn_service_run(&service, error);
}

static gboolean import(SnStore *store, const char *path, gint64 *added, gint64 *known,
                       gint64 *failed, void (*progress)(gint64, gpointer), gpointer progress_data,
                       gpointer data, GError **error)
{
	SnCliContext *context = data;
	const SnEngineOps *ops = sn_modules_engine(error);

	return ops && ops->import(store, context->config, path, added, known, failed, progress,
	                          progress_data, error);
}

static gboolean probe(const SnEndpoint *endpoint, char **text, gpointer data, GError **error)
{
	const SnEngineOps *ops = sn_modules_engine(error);

	return ops && ops->probe(&sn_modules_backends, endpoint, PROBE_TIMEOUT, text, error);
}

static GPtrArray *vcards(const char *text, const char *file, int *bad, gpointer data,
                         GError **error)
{
	return sn_modules_vcards(text, file, bad, error);
}

static char *vcard_format(const SnVcard *card, int version, gpointer data, GError **error)
{
	return sn_modules_vcard_format(card, (SnVcardVersion)version, error);
}

static char *vcard_complete(const char *text, const SnVcard *card, gboolean *found, gpointer data,
                            GError **error)
{
	return sn_modules_vcard_complete(text, card, found, error);
}

static GBytes *part_bytes(GBytes *raw, int position, gpointer data, GError **error)
{
	const SnEngineOps *ops = sn_modules_engine(error);

	return ops ? ops->part_bytes(raw, position, error) : NULL;
}

static gboolean oauth_login(const SnOauth2 *oauth2, gboolean browser, SnOauth2Tell tell,
                            gpointer tell_data, gpointer data, GError **error)
{
	const SnEngineOps *ops = sn_modules_engine(error);

	return ops && ops->oauth_login(&sn_modules_backends, oauth2, browser, tell, tell_data, error);
}

static char *oauth_token(const SnOauth2 *oauth2, gpointer data, GError **error)
{
	const SnEngineOps *ops = sn_modules_engine(error);

	return ops ? ops->oauth_token(&sn_modules_backends, oauth2, error) : NULL;
}

static SnOpened *open_mail(SnStore *store, GBytes *raw, gboolean may_ask, gpointer data)
{
	SnCliContext *context = data;
	const SnEngineOps *ops = sn_modules_engine(NULL);

	return ops ? ops->open_mail(store, raw, context->config, may_ask, FALSE) : NULL;
}

static gboolean set_up_key(SnStore *store, const SnKeyAsk *ask, SnKeyChosen *chosen, gpointer data,
                           GError **error)
{
	SnCliContext *context = data;
	const SnEngineOps *ops = sn_modules_engine(error);

	return ops && ops->set_up_key(store, context->config, ask, chosen, error);
}

static GString *web_get(const char *url, const char *ca_file, int seconds, gpointer data,
                        GError **error)
{
	const SnHttpOps *ops = sn_modules_http(error);
	SnHttpJob job = { .url = url, .ca_file = ca_file, .seconds = seconds };
	int status = 0;
	GString *answer = ops ? ops->ask(&job, NULL, &status, error) : NULL;

	if (!answer || status == 200)
		return answer;
	g_string_free(answer, TRUE); /* no secret is in it */
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "%s: status %d", url, status);
	return NULL;
}

/* ---- the process ---- */

static void set_up_process(void)
{
	const struct rlimit none = { 0, 0 };
	/* each is a file: those of money, paper and the like are left */
	static const int categories[] = { LC_CTYPE, LC_MESSAGES, LC_TIME, LC_NUMERIC, LC_COLLATE };

	for (gsize i = 0; i < G_N_ELEMENTS(categories); i++)
		setlocale(categories[i], "");
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	/* passwords are in memory: no core files, and no other process may look, unless a developer
	 * says so. The leak sanitizer has to look. */
#ifdef __SANITIZE_ADDRESS__
	const gboolean debug = TRUE;
#else
	const gboolean debug = g_getenv("SENNIT_DEBUG") != NULL;
#endif
	if (!debug) {
		setrlimit(RLIMIT_CORE, &none);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	}
}

static int complain(const GError *error)
{
	g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

	for (gsize i = 0; lines[i]; i++)
		fprintf(stderr, "sennit: %s\n", lines[i]);
	return (int)sn_exit_for_error(error);
}

static int run_in(const SnProgramArgs *program, SnPaths *paths, gboolean welcome, int argc,
                  char **argv)
{
	SnCliContext context = {
		.welcome = welcome,
		.dir = program->dir,
		.paths = paths,
		.services = { engine_run, import, probe, vcards, vcard_format,
			      vcard_complete, part_bytes, NULL, oauth_login, oauth_token,
			      open_mail, set_up_key, web_get },
	};

	context.services.data = &context;
	int code = sn_cli_run(&context, argc, argv);
	sn_cli_context_clear(&context);
	return code;
}

static int run_verb(const SnProgramArgs *program, SnPaths *paths, int argc, char **argv)
{
	return run_in(program, paths, FALSE, argc, argv);
}

static int run_client(const SnProgramArgs *program, SnPaths *paths, const char *open);

/* The first account, and then the client with it. Takes the paths. */
static int set_up_and_open(const SnProgramArgs *program, SnPaths *paths)
{
	char *init[] = { (char *)"init", NULL };
	g_autoptr(GError) error = NULL;
	int code = run_in(program, paths, TRUE, 1, init);

	if (code != SN_EXIT_DONE)
		return code;
	paths = sn_paths_new(program->dir, &error);
	return paths ? run_client(program, paths, NULL) : complain(error);
}

/* Without an account there is nothing to show: offer to set one up. */
static int welcome(const SnProgramArgs *program, SnPaths *paths)
{
	char answer[16] = "";

	fprintf(stderr, "Welcome to sennit. No account is set up yet:\n%s/accounts.conf is missing or "
	        "empty.\n", paths->config);
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		printf("Set one up now? It takes your address and a minute. [Y/n] ");
		fflush(stdout);
		if (fgets(answer, sizeof answer, stdin) && strchr("\nyY", answer[0]))
			return set_up_and_open(program, paths);
	}
	fprintf(stderr, "'sennit%s%s init' sets one up; 'man sennit-accounts' tells how to write it "
	        "yourself.\n", program->dir ? " -c " : "", program->dir ? program->dir : "");
	sn_paths_free(paths);
	return SN_EXIT_USAGE;
}

static int run_client(const SnProgramArgs *program, SnPaths *paths, const char *open)
{
	g_autoptr(GError) error = NULL;
	SnConfig *config = sn_config_load(paths, &error);

	if (!config) {
		sn_paths_free(paths);
		return complain(error);
	}
	if (!sn_config_account_count(config)) {
		sn_config_unref(config);
		return welcome(program, paths);
	}
	SnUiRun *run_ui = sn_modules_ui(&error);
	if (!run_ui) {
		sn_config_unref(config);
		sn_paths_free(paths);
		return complain(error);
	}
	SnHost *host = sn_host_new(paths, config);
	g_autofree char *picture = sn_modules_picture();
	/* the messages of libraries go into the log, which is standard error from here on */
	g_autoptr(SnUpgradeLine) line = sn_upgrade_line_new(stdout, SN_UPGRADE_SILENT_MS);
	SnUiSetup setup = {
		.watch = sn_upgrade_line_watch(line),
		.paths = paths,
		.config = config,
		.open = open,
		.script = program->script,
		.plain = program->plain,
		.picture = picture,
		.host = sn_host_callbacks(host),
	};
	SnLog *log = sn_log_open(paths->log_path, FALSE);
	sn_log_take_stderr(log);
	int code = run_ui(&setup, &error);
	sn_host_free(host);
	sn_log_give_back_stderr(log);
	if (error)
		code = complain(error);
	sn_config_unref(config);
	sn_paths_free(paths);
	return code;
}

/* A word that is no verb names somebody, but a mistyped verb should not open the client. */
static const char *mistyped_verb(const char *word)
{
	return strpbrk(word, "@: ") || strchr(word, '.') ? NULL : sn_cli_nearest_verb(word);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	SnProgramArgs program;

	set_up_process();
	if (!sn_program_args(argc, argv, &program, &error))
		return complain(error);
	if (program.help || program.version) {
		g_autofree char *help = program.help ? sn_program_help() : NULL;
		fputs(help ? help : PACKAGE_STRING "\n", stdout);
		return fflush(stdout) == 0 ? SN_EXIT_DONE : SN_EXIT_FAILED;
	}
	const char *word = program.rest < argc ? argv[program.rest] : NULL;
	const char *meant = word && !sn_cli_is_verb(word) ? mistyped_verb(word) : NULL;
	if (meant) {
		fprintf(stderr, "sennit: unknown verb '%s'; did you mean '%s'? A person of that name is "
		        "opened by address or id:N\n", word, meant);
		return SN_EXIT_USAGE;
	}
	if (word && !sn_cli_is_verb(word) && argc - program.rest > 1) {
		fprintf(stderr, "sennit: unknown verb '%s'; see: sennit --help\n", word);
		return SN_EXIT_USAGE;
	}
	SnPaths *paths = sn_paths_new(program.dir, &error);
	if (!paths)
		return complain(error);
	if (word && sn_cli_is_verb(word))
		return run_verb(&program, paths, argc - program.rest, argv + program.rest);
	return run_client(&program, paths, word);
}
