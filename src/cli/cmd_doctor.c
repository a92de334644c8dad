/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_doctor.c - sennit doctor: what is right, what is not, and what to do about it. */
#include <langinfo.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/base/disk.h"
#include "src/base/gio.h"
#include "src/base/lock.h"
#include "src/cli/doctor_private.h"
#include "src/cli/upgrade.h"
#include "src/text/text.h"

enum { BUS_TIMEOUT = 3000, DISK_LEAST = 100 * 1000 * 1000 };

extern const SnCliVerb sn_cmd_doctor;

static const SnCliOption options[] = {
	{ "offline", 0, SN_OPT_FLAG, NULL, "do not connect to any server" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

void sn_doctor_advise(SnDoctor *doctor, const char *format, ...)
{
	va_list args;

	g_free(doctor->advice);
	va_start(args, format);
	doctor->advice = g_strdup_vprintf(format, args);
	va_end(args);
}

void sn_doctor_say(SnDoctor *doctor, SnVerdict verdict, int code, const char *what,
                   const char *format, ...)
{
	static const char *const words[] = { "ok", "note", "problem" };
	static const char *const colours[] = { "\033[32m", "\033[33m", "\033[31m" };
	g_autofree char *advice = g_steal_pointer(&doctor->advice);
	va_list args;

	va_start(args, format);
	g_autofree char *raw = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *text = sn_text_clean_line(raw, -1);
	if (verdict == SN_DOCTOR_PROBLEM && !doctor->problems++)
		doctor->code = code;
	if (doctor->json) {
		SnJson *object = sn_json_object();
		sn_json_text(object, "check", what);
		sn_json_text(object, "verdict", words[verdict]);
		sn_json_text(object, "text", text);
		sn_json_text(object, "advice", advice);
		sn_json_item(&doctor->list, object);
		return;
	}
	printf("%s%-8s%s %-20s %s\n", doctor->colour ? colours[verdict] : "", words[verdict],
	       doctor->colour ? "\033[0m" : "", what, text);
	if (advice)
		printf("%-8s %-20s -> %s\n", "", "", advice);
	fflush(stdout);
}

/* ---- files ---- */

static void check_directory(SnDoctor *doctor, const char *dir, gboolean secret)
{
	SnVerdict if_open = secret ? SN_DOCTOR_PROBLEM : SN_DOCTOR_NOTE;
	struct stat status;

	if (stat(dir, &status) != 0) {
		sn_doctor_advise(doctor, "it is made anew when sennit starts");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "directories", "%s is gone", dir);
	} else if (status.st_uid != geteuid()) {
		sn_doctor_advise(doctor, "chown it, or name another directory with -c");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "directories",
		              "%s belongs to somebody else", dir);
	} else if (status.st_mode & 077) {
		sn_doctor_advise(doctor, "type: chmod 700 %s", dir);
		sn_doctor_say(doctor, if_open, SN_EXIT_FAILED, "directories",
		              "%s is open to others (mode %04o)", dir, status.st_mode & 07777);
	} else {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "directories", "%s", dir);
	}
}

static void check_directories(SnDoctor *doctor)
{
	const SnPaths *paths = doctor->context->paths;

	check_directory(doctor, paths->config, FALSE);
	check_directory(doctor, paths->data, TRUE);
	check_directory(doctor, paths->state, TRUE);
	check_directory(doctor, paths->runtime, TRUE);
}

static void check_disk(SnDoctor *doctor)
{
	const char *dir = doctor->context->paths->data;
	struct statvfs disk;

	if (statvfs(dir, &disk) != 0)
		return;
	const char *network = sn_disk_network(dir);
	if (network) {
		sn_doctor_advise(doctor, "run sennit on one machine at a time, or set XDG_DATA_HOME to a directory of "
		                 "this machine: two machines at once damage the store");
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "disk", "%s is on %s, which other machines may "
		              "have too", dir, network);
	}
	guint64 left = (guint64)disk.f_bavail * disk.f_frsize;
	g_autofree char *size = g_format_size(left);
	if (left < DISK_LEAST) {
		sn_doctor_advise(doctor, "make room: nothing can be received without it");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "disk", "only %s left for %s", size,
		              dir);
	} else {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "disk", "%s left", size);
	}
}

/* ---- configuration ---- */

static void check_editor(SnDoctor *doctor, const SnSettings *settings)
{
	const char *editor = settings->general_editor, *visual = g_getenv("VISUAL");
	g_auto(GStrv) argv = NULL;

	if (!editor || !*editor)
		editor = visual && *visual ? visual : g_getenv("EDITOR");
	if (!editor || !*editor)
		editor = "vi";
	g_autofree char *path = g_shell_parse_argv(editor, NULL, &argv, NULL) ?
		g_find_program_in_path(argv[0]) : NULL;
	if (path)
		return;
	sn_doctor_advise(doctor, "set general.editor in sennit.conf, or EDITOR; the composer works "
	                 "without");
	sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "editor", "there is no program '%s'", editor);
}

static void check_config(SnDoctor *doctor)
{
	SnCliContext *context = doctor->context;
	g_autoptr(GError) error = NULL;

	if (!context->config)
		context->config = sn_config_load(context->paths, &error);
	if (!context->config) {
		g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
		for (gsize i = 0; lines[i]; i++)
			sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_USAGE, "configuration", "%s",
			              lines[i]);
		return;
	}
	gsize count = sn_config_account_count(context->config);
	const SnSettings *settings = sn_config_settings(context->config);
	if (!count) {
		sn_doctor_advise(doctor, "type: sennit init");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_USAGE, "configuration",
		              "no account is set up");
	} else {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "configuration", "%zu account%s", count,
		              count == 1 ? "" : "s");
	}
	check_editor(doctor, settings);
	if (*settings->general_vdir && !g_file_test(settings->general_vdir, G_FILE_TEST_IS_DIR)) {
		sn_doctor_advise(doctor, "make it, or change general.vdir in sennit.conf");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_USAGE, "vdir", "there is no directory %s",
		              settings->general_vdir);
	}
}

/* What is in the store alone must not be thrown away for a full disk. */
static void advise_store(SnDoctor *doctor, const GError *error)
{
	switch (error ? sn_trouble_of(error) : SN_TROUBLE_DAMAGED) {
	case SN_TROUBLE_NONE: break; /* it says itself what to do */
	case SN_TROUBLE_FULL:
		sn_doctor_advise(doctor, "make room; it is as sound as it was");
		break;
	case SN_TROUBLE_DISK:
		sn_doctor_advise(doctor, "copy it to another disk first, then see what the system's log says of this one");
		break;
	case SN_TROUBLE_READ_ONLY: sn_doctor_advise(doctor, "make it writable"); break;
	case SN_TROUBLE_DAMAGED:
		sn_doctor_advise(doctor, "copy it first, or take yesterday's copy back. Put aside, it is made anew of "
		                 "what the servers have, but drafts, what waits in the outbox, links of "
		                 "addresses and IMs without an archive are in it alone");
		break;
	}
}

static void check_store(SnDoctor *doctor)
{
	const char *path = doctor->context->paths->store_path;
	g_autoptr(GError) error = NULL;
	g_autofree char *report = NULL;
	struct stat status;

	if (stat(path, &status) != 0) {
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "store", "%s is not there yet", path);
		return;
	}
	if (status.st_mode & 077) {
		sn_doctor_advise(doctor, "type: chmod 600 %s", path);
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "store", "%s is open to others",
		              path);
	}
	g_autoptr(SnUpgradeLine) line = sn_upgrade_line_new(stderr, SN_UPGRADE_SILENT_MS);
	SnStore *store = sn_store_open_watched(path, SN_STORE_CLIENT, sn_upgrade_line_watch(line),
	                                       &error);
	gboolean sound = store && sn_store_check(store, &report, &error);
	if (sound) {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "store", "%s is sound", path);
	} else {
		advise_store(doctor, error);
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "store", "%s: %s", path,
		              error ? error->message : report ? report : "damaged");
	}
	sn_store_close(store);
}

static void check_engine(SnDoctor *doctor)
{
	int pid = sn_lock_holder(doctor->context->paths->lock_path);

	if (pid) {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "engine", "runs as process %d", pid);
		return;
	}
	sn_doctor_advise(doctor, "start sennit, or sennit engine");
	sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "engine", "is not running");
}

/* ---- desktop and terminal ---- */

/* TRUE when the bus says so; both calls have a time limit. */
static gboolean bus_knows(GDBusConnection *bus, const char *method, const char *name)
{
	g_autoptr(GVariant) answer = sn_gio()->g_dbus_connection_call_sync(
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

static void check_desktop(SnDoctor *doctor)
{
	static const char *const name = "org.freedesktop.Notifications";
	g_autofree char *socket = g_build_filename(g_get_user_runtime_dir(), "bus", NULL);
	g_autoptr(GError) error = NULL;

	if (!g_getenv("DBUS_SESSION_BUS_ADDRESS") && !g_file_test(socket, G_FILE_TEST_EXISTS)) {
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "desktop",
		              "no D-Bus session: no notifications");
		return;
	}
	sn_gio_auto GDBusConnection *bus = sn_gio()->g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (!bus) {
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "desktop",
		              "the D-Bus session cannot be reached: %s", error->message);
	} else if (bus_knows(bus, "NameHasOwner", name) ||
	           bus_knows(bus, "ListActivatableNames", name)) {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "desktop", "notifications are shown");
	} else {
		sn_doctor_advise(doctor, "start one, such as dunst or mako");
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "desktop",
		              "a D-Bus session, but no notification daemon");
	}
}

static void check_terminal(SnDoctor *doctor)
{
	const char *codeset = nl_langinfo(CODESET), *term = g_getenv("TERM");

	if (g_ascii_strcasecmp(codeset, "UTF-8") != 0) {
		sn_doctor_advise(doctor, "set LANG or LC_ALL to a UTF-8 locale such as C.UTF-8");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "terminal",
		              "the locale's character set is %s", codeset);
	} else if (!term || !*term || strcmp(term, "dumb") == 0) {
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "terminal",
		              "TERM is %s; the client needs a terminal", term && *term ? term : "not set");
	} else {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, "terminal", "%s, %s", term, codeset);
	}
}

static int run(SnCliContext *context, const SnArgs *args)
{
	SnDoctor doctor = {
		.context = context,
		.json = sn_args_flag(args, "json"),
		.offline = sn_args_flag(args, "offline"),
		.colour = sn_out_colour(stdout),
	};

	if (doctor.json)
		sn_json_begin(&doctor.list);
	check_directories(&doctor);
	check_config(&doctor);
	check_disk(&doctor);
	check_store(&doctor);
	check_engine(&doctor);
	sn_doctor_encryption(&doctor);
	sn_doctor_accounts(&doctor);
	sn_doctor_secret_service(&doctor);
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
	.text = "Prints a line for each check: ok, note or problem, and below it what to do. It looks at "
		"directories, disk, configuration, store, engine and the keys for encrypted IMs, logs in to every server as the "
		"client would, and looks at the secret service, the desktop and the terminal. The exit "
		"code is that of the first problem.",
	.options = options,
	.run = run,
};
