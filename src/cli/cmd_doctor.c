/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_doctor.c - sennit doctor: what is right, what is not, and what to do about it. */
#include <gio/gio.h>
#include <langinfo.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/lock.h"
#include "src/cli/cli_private.h"
#include "src/text/text.h"

enum { BUS_TIMEOUT = 3000 };

extern const SnCliVerb sn_cmd_doctor;

static const SnCliOption options[] = {
	{ "offline", 0, SN_OPT_FLAG, NULL, "do not connect to any server" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

typedef enum { OK, NOTE, PROBLEM } Verdict;

typedef struct {
	SnCliContext *context;
	gboolean json, colour, offline;
	SnJsonList list;
	int problems, code; /* code of the first problem */
} Doctor;

static void say(Doctor *doctor, Verdict verdict, SnExit code, const char *what, const char *format,
                ...) G_GNUC_PRINTF(5, 6);
static void say(Doctor *doctor, Verdict verdict, SnExit code, const char *what, const char *format,
                ...)
{
	static const char *const words[] = { "ok", "note", "problem" };
	static const char *const colours[] = { "\033[32m", "\033[33m", "\033[31m" };
	va_list args;

	va_start(args, format);
	g_autofree char *raw = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *text = sn_text_clean_line(raw, -1);
	if (verdict == PROBLEM && !doctor->problems++)
		doctor->code = code;
	if (doctor->json) {
		SnJson *object = sn_json_object();
		sn_json_text(object, "check", what);
		sn_json_text(object, "verdict", words[verdict]);
		sn_json_text(object, "text", text);
		sn_json_item(&doctor->list, object);
		return;
	}
	printf("%s%-8s%s %-20s %s\n", doctor->colour ? colours[verdict] : "", words[verdict],
	       doctor->colour ? "\033[0m" : "", what, text);
	fflush(stdout);
}

static void check_directories(Doctor *doctor)
{
	const SnPaths *paths = doctor->context->paths;
	const char *dirs[] = { paths->config, paths->data, paths->state, paths->runtime };
	struct stat status;

	for (gsize i = 0; i < G_N_ELEMENTS(dirs); i++) {
		if (stat(dirs[i], &status) != 0)
			say(doctor, PROBLEM, SN_EXIT_FAILED, "directories", "%s is gone", dirs[i]);
		else if (status.st_uid != geteuid())
			say(doctor, PROBLEM, SN_EXIT_FAILED, "directories", "%s belongs to somebody else",
			    dirs[i]);
		else if (status.st_mode & 077)
			say(doctor, i == 0 ? NOTE : PROBLEM, SN_EXIT_FAILED, "directories",
			    "%s is open to others (mode %04o); type: chmod 700 %s", dirs[i],
			    status.st_mode & 07777, dirs[i]);
		else
			say(doctor, OK, SN_EXIT_DONE, "directories", "%s", dirs[i]);
	}
}

static void check_config(Doctor *doctor)
{
	SnCliContext *context = doctor->context;
	g_autoptr(GError) error = NULL;

	if (!context->config)
		context->config = sn_config_load(context->paths, &error);
	if (!context->config) {
		g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
		for (gsize i = 0; lines[i]; i++)
			say(doctor, PROBLEM, SN_EXIT_USAGE, "configuration", "%s", lines[i]);
		return;
	}
	gsize count = sn_config_account_count(context->config);
	const SnSettings *settings = sn_config_settings(context->config);
	if (!count)
		say(doctor, PROBLEM, SN_EXIT_USAGE, "configuration",
		    "no account is set up; 'sennit init' does that");
	else
		say(doctor, OK, SN_EXIT_DONE, "configuration", "%zu account%s", count,
		    count == 1 ? "" : "s");
	if (*settings->general_vdir && !g_file_test(settings->general_vdir, G_FILE_TEST_IS_DIR))
		say(doctor, PROBLEM, SN_EXIT_USAGE, "vdir", "there is no directory %s",
		    settings->general_vdir);
}

static void check_store(Doctor *doctor)
{
	const char *path = doctor->context->paths->store_path;
	g_autoptr(GError) error = NULL;
	g_autofree char *report = NULL;
	struct stat status;

	if (stat(path, &status) != 0) {
		say(doctor, NOTE, SN_EXIT_DONE, "store", "%s is not there yet", path);
		return;
	}
	if (status.st_mode & 077)
		say(doctor, PROBLEM, SN_EXIT_FAILED, "store", "%s is open to others; type: chmod 600 %s",
		    path, path);
	SnStore *store = sn_store_open(path, SN_STORE_CLIENT, &error);
	gboolean sound = store && sn_store_check(store, &report, &error);
	if (sound)
		say(doctor, OK, SN_EXIT_DONE, "store", "%s is sound", path);
	else
		say(doctor, PROBLEM, SN_EXIT_FAILED, "store", "%s: %s", path,
		    error ? error->message : report ? report : "damaged");
	sn_store_close(store);
}

static void check_engine(Doctor *doctor)
{
	int pid = sn_lock_holder(doctor->context->paths->lock_path);

	if (pid)
		say(doctor, OK, SN_EXIT_DONE, "engine", "runs as process %d", pid);
	else
		say(doctor, NOTE, SN_EXIT_DONE, "engine", "is not running: start sennit or sennit engine");
}

static void check_end(Doctor *doctor, const SnAccount *account, const char *end,
                      const SnEndpoint *endpoint)
{
	const SnCliServices *services = &doctor->context->services;
	g_autofree char *what = g_strdup_printf("%s %s", account->name, end);
	g_autofree char *url = sn_endpoint_format(endpoint);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	if (!account->enabled) {
		say(doctor, NOTE, SN_EXIT_DONE, what, "%s: the account is not enabled", url);
		return;
	}
	if (doctor->offline) {
		say(doctor, NOTE, SN_EXIT_DONE, what, "%s: not tried", url);
		return;
	}
	if (services->probe(endpoint, &text, services->data, &error))
		say(doctor, OK, SN_EXIT_DONE, what, "%s%s%s", url, text && *text ? ": " : "",
		    text ? text : "");
	else
		say(doctor, PROBLEM, sn_exit_for_error(error), what, "%s: %s", url, error->message);
}

static void check_accounts(Doctor *doctor)
{
	const SnConfig *config = doctor->context->config;

	for (gsize i = 0; config && i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		check_end(doctor, account, "source", &account->source);
		check_end(doctor, account, "outgoing", &account->outgoing);
		check_end(doctor, account, "im", &account->im);
	}
}

/* TRUE when the bus says so; both calls have a time limit. */
static gboolean bus_knows(GDBusConnection *bus, const char *method, const char *name)
{
	g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
		bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
		strcmp(method, "NameHasOwner") == 0 ? g_variant_new("(s)", name) : NULL, NULL,
		G_DBUS_CALL_FLAGS_NONE, BUS_TIMEOUT, NULL, NULL);

	if (!answer)
		return FALSE;
	if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(b)"))) {
		gboolean owned;
		g_variant_get(answer, "(b)", &owned);
		return owned;
	}
	if (!g_variant_is_of_type(answer, G_VARIANT_TYPE("(as)")))
		return FALSE;
	g_autoptr(GVariant) list = g_variant_get_child_value(answer, 0);
	g_autofree const char **names = g_variant_get_strv(list, NULL);
	return g_strv_contains(names, name);
}

static void check_desktop(Doctor *doctor)
{
	static const char *const name = "org.freedesktop.Notifications";
	g_autofree char *socket = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);
	g_autoptr(GError) error = NULL;

	if (!g_getenv("DBUS_SESSION_BUS_ADDRESS") && !g_file_test(socket, G_FILE_TEST_EXISTS)) {
		say(doctor, NOTE, SN_EXIT_DONE, "desktop",
		    "no D-Bus session: no notifications and no secret service");
		return;
	}
	g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (!bus)
		say(doctor, NOTE, SN_EXIT_DONE, "desktop", "the D-Bus session cannot be reached: %s",
		    error->message);
	else if (bus_knows(bus, "NameHasOwner", name) || bus_knows(bus, "ListActivatableNames", name))
		say(doctor, OK, SN_EXIT_DONE, "desktop", "notifications are shown");
	else
		say(doctor, NOTE, SN_EXIT_DONE, "desktop",
		    "a D-Bus session, but no notification daemon such as dunst or mako");
}

static void check_terminal(Doctor *doctor)
{
	const char *codeset = nl_langinfo(CODESET), *term = g_getenv("TERM");

	if (g_ascii_strcasecmp(codeset, "UTF-8") != 0)
		say(doctor, PROBLEM, SN_EXIT_FAILED, "terminal",
		    "the locale's character set is %s; set LANG or LC_ALL to a UTF-8 locale such as C.UTF-8",
		    codeset);
	else if (!term || !*term || strcmp(term, "dumb") == 0)
		say(doctor, NOTE, SN_EXIT_DONE, "terminal", "TERM is %s; the client needs a terminal",
		    term && *term ? term : "not set");
	else
		say(doctor, OK, SN_EXIT_DONE, "terminal", "%s, %s", term, codeset);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	Doctor doctor = {
		.context = context,
		.json = sn_args_flag(args, "json"),
		.offline = sn_args_flag(args, "offline"),
		.colour = sn_out_colour(stdout),
	};

	if (doctor.json)
		sn_json_begin(&doctor.list);
	check_directories(&doctor);
	check_config(&doctor);
	check_store(&doctor);
	check_engine(&doctor);
	check_accounts(&doctor);
	check_desktop(&doctor);
	check_terminal(&doctor);
	if (doctor.json)
		sn_json_end(&doctor.list);
	return doctor.code;
}

const SnCliVerb sn_cmd_doctor = {
	.name = "doctor",
	.arguments = "",
	.meaning = "check configuration, store, servers, desktop and terminal",
	.text = "Prints a line for each check: ok, note, or problem with what to do. The exit code is that "
		"of the first problem.",
	.options = options,
	.run = run,
};
