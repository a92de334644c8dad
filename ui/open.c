/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Other programs: for a file of a message, for a link, and at the end of a pipe. Which one is chosen on
 * the worker, since that may run commands (test= of mailcap); it runs on the terminal, on the desktop, or
 * on the worker when what it prints is shown here.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/gio.h"
#include "src/config/mailcap.h"
#include "src/text/text.h"
#include "ui/files.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/view.h"

enum { VIEW_SECONDS = 60, PIPE_SECONDS = 600, SNIFF = 4096 };

static gboolean on_a_desktop(void)
{
	const char *wayland = g_getenv("WAYLAND_DISPLAY"), *x11 = g_getenv("DISPLAY");

	return (wayland && *wayland) || (x11 && *x11);
}

/* ---- files for other programs ---- */

static void remove_dir(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		g_unlink(file);
	}
	g_rmdir(path);
}

/* Of clients that are no more: they could not tidy up. */
static void remove_stale(const char *base)
{
	g_autoptr(GDir) dir = g_dir_open(base, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		pid_t pid = atoi(name);
		g_autofree char *path = g_build_filename(base, name, NULL);
		if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
			remove_dir(path);
	}
}

/* A directory of this client alone, below the runtime directory (which is the user's alone). */
static const char *opened_dir(SnApp *app, GError **error)
{
	g_autofree char *base = g_build_filename(app->setup->paths->runtime, "open", NULL);
	g_autofree char *path = g_strdup_printf("%s/%ld-XXXXXX", base, (long)getpid());

	if (app->opened_dir)
		return app->opened_dir;
	g_mkdir_with_parents(base, 0700);
	remove_stale(base);
	if (g_mkdtemp_full(path, 0700))
		app->opened_dir = g_steal_pointer(&path);
	else
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "No file can be written into %s: %s.", base,
		            g_strerror(errno));
	return app->opened_dir;
}

void sn_files_tidy(SnApp *app)
{
	if (app->opened_dir)
		remove_dir(app->opened_dir);
	g_clear_pointer(&app->opened_dir, g_free);
}

/* ---- which program ---- */

typedef struct {
	SnApp *app;
	const gint *stop;
	const SnUiHost *host;
	GPtrArray *openers;   /* of sennit.conf */
	char *dir;
	char *name, *type;
	GBytes *bytes;
	SnId message;
	int position;
	char **parameters;    /* of its Content-Type; NULL: none, or not looked at yet */
	gboolean here;        /* to be shown as text */
	/* by the worker: */
	char *path;
	char **argv;          /* what shows it; NULL: nothing that is known of */
	char *program;        /* its first word, for people */
	gboolean needs_terminal;
	char *text;           /* to show; NULL */
	GError *error;
} Open;

static void open_free(gpointer data)
{
	Open *open = data;

	g_ptr_array_unref(open->openers);
	g_free(open->dir);
	g_free(open->name);
	g_free(open->type);
	g_bytes_unref(open->bytes);
	g_strfreev(open->parameters);
	g_free(open->path);
	g_strfreev(open->argv);
	g_free(open->program);
	g_free(open->text);
	g_clear_error(&open->error);
	g_free(open);
}

/* "" or a type that only says "bytes": what the name and the bytes look like. */
static char *known_type(const char *type, const char *name, GBytes *bytes)
{
	char *lower = g_ascii_strdown(type, -1);
	gsize length;
	const guchar *data = g_bytes_get_data(bytes, &length);

	if (*lower && strcmp(lower, "application/octet-stream") != 0)
		return lower;
	g_autofree char *guess = sn_gio()->g_content_type_guess(name, data, MIN(length, SNIFF), NULL);
	char *mime = sn_gio()->g_content_type_get_mime_type(guess);
	if (!mime)
		return lower;
	g_free(lower);
	return mime;
}

/* Text is read here, whatever prints it; a program may still be better for HTML and the like. */
static gboolean is_ours(const char *type)
{
	return strcmp(type, "text/plain") == 0 || strcmp(type, "text/calendar") == 0 ||
	       g_str_has_prefix(type, "message/");
}

/* The file gets its name when an entry wants it so. */
static gboolean write_for(Open *open, const SnMailcapEntry *entry)
{
	g_autofree char *name = sn_mailcap_name(entry ? entry->nametemplate : NULL, open->name);

	if (open->path && entry && entry->nametemplate) {
		g_unlink(open->path);
		g_clear_pointer(&open->path, g_free);
	}
	if (!open->path)
		open->path = sn_files_write(open->dir, name, open->bytes, &open->error);
	return open->path != NULL;
}

static SnMailcapFile file_of(const Open *open)
{
	return (SnMailcapFile){ open->path, open->type, (const char *const *)open->parameters };
}

static gboolean entry_counts(Open *open, const SnMailcapEntry *entry)
{
	if (!sn_mailcap_fits(entry, open->type) || (open->here && !entry->copious) ||
	    !write_for(open, entry))
		return FALSE;
	SnMailcapFile file = file_of(open);
	g_auto(GStrv) test = entry->test ? sn_mailcap_argv(entry->test, &file) : NULL;
	return !test || sn_run_test((const char *const *)test, open->stop);
}

static const SnMailcapEntry *choose(Open *open, GPtrArray *entries)
{
	for (guint i = 0; i < entries->len && !open->error; i++)
		if (entry_counts(open, entries->pdata[i]))
			return entries->pdata[i];
	return NULL;
}

static void read_here(Open *open)
{
	const char *charset = NULL;

	for (char **one = open->parameters; one && one[0] && one[1]; one += 2)
		if (g_ascii_strcasecmp(one[0], "charset") == 0)
			charset = one[1];
	open->text = open->host->part_text
	                     ? open->host->part_text(open->bytes, open->type, charset, open->host->data)
	                     : NULL;
}

/* They are in the email only. */
static void read_parameters(Open *open, SnStore *store)
{
	g_autoptr(GBytes) raw = store ? sn_message_raw(store, open->message, NULL) : NULL;
	g_autoptr(GPtrArray) nodes =
		raw && open->host->part_tree ? open->host->part_tree(raw, open->host->data) : NULL;

	for (guint i = 0; nodes && i < nodes->len && !open->parameters; i++) {
		const SnPartNode *node = nodes->pdata[i];
		if ((open->position > 0 && open->position == node->position) ||
		    open->position == SN_PART_NODE + node->number)
			open->parameters = g_strdupv(node->parameters);
	}
}

static void open_run(SnStore *store, gpointer data)
{
	Open *open = data;

	read_parameters(open, store);
	g_autoptr(GPtrArray) mailcap = sn_mailcap_load();
	const SnMailcapEntry *entry = choose(open, open->openers);

	if (!entry && open->here && is_ours(open->type))
		read_here(open);
	if (!entry && !open->text)
		entry = choose(open, mailcap);
	if (entry) {
		SnMailcapFile file = file_of(open);
		open->argv = sn_mailcap_argv(entry->command, &file);
		open->program = g_strndup(entry->command, strcspn(entry->command, " \t;|&"));
		open->needs_terminal = entry->needs_terminal;
	}
	if (entry && entry->copious && !open->error)
		open->text = sn_run_capture((const char *const *)open->argv, NULL, VIEW_SECONDS, open->stop,
		                            &open->error);
	if (!entry && open->here && !open->text && !open->error)
		read_here(open);
	if (!entry && !open->here && !open->error)
		write_for(open, NULL);
	if (open->path && (open->here || open->text || open->error))
		g_unlink(open->path);
}

/* ---- and what becomes of it ---- */

static void run_here(Open *open)
{
	GError *error = NULL;
	int status = 0;

	if (sn_app_run(open->app, (const char *const *)open->argv, &status, &error) && status != 0)
		sn_app_say(open->app, SN_OBJ_ERROR, "%s failed.", open->program);
	sn_app_error(open->app, error);
	g_unlink(open->path);
}

static void open_done(gpointer data)
{
	Open *open = data;
	SnApp *app = open->app;
	g_autofree char *xdg = on_a_desktop() ? g_find_program_in_path("xdg-open") : NULL;
	const char *xdg_argv[] = { xdg, open->path, NULL };
	GError *error = g_steal_pointer(&open->error);

	sn_app_dirty(app);
	if (error) {
		sn_app_error(app, error);
	} else if (open->text) {
		sn_view_open(app, &sn_view_text, open->text, 0);
	} else if (open->here) {
		sn_app_say(app, SN_OBJ_ERROR, "No program is known that shows %s as text.", open->type);
	} else if (open->argv && (open->needs_terminal || !on_a_desktop())) {
		run_here(open);
	} else if (open->argv || xdg) {
		if (sn_run_apart(open->argv ? (const char *const *)open->argv : xdg_argv, &error))
			sn_app_say(app, SN_OBJ_SUCCESS, "Opened with %s.",
			           open->argv ? open->program : "xdg-open");
		sn_app_error(app, error);
	} else {
		sn_app_say(app, SN_OBJ_ERROR,
		           "No program is known for %s: name one in ~/.mailcap, or in [open] of sennit.conf.",
		           open->type);
		g_unlink(open->path);
	}
}

typedef struct {
	SnId message;
	int position;
	gboolean here;
	char *name, *type;
	GBytes *bytes;
} Request;

static void request_free(gpointer data)
{
	Request *request = data;

	g_free(request->name);
	g_free(request->type);
	g_clear_pointer(&request->bytes, g_bytes_unref);
	g_free(request);
}

static void start(SnApp *app, const Request *request)
{
	GError *error = NULL;
	const char *dir = opened_dir(app, &error);
	Open *open;

	if (!dir) {
		sn_app_error(app, error);
		return;
	}
	open = g_new0(Open, 1);
	*open = (Open){ .app = app, .stop = sn_worker_stop(app->worker), .host = &app->setup->host,
		        .openers = g_ptr_array_ref(app->settings->open), .dir = g_strdup(dir),
		        .name = g_strdup(request->name),
		        .type = known_type(request->type, request->name, request->bytes),
		        .bytes = g_bytes_ref(request->bytes), .message = request->message,
		        .position = request->position, .here = request->here };
	sn_worker_run(app->worker, &(SnJob){ open_run, open_done, open_free, open });
}

/* ---- what should not be opened without a thought ---- */

static gboolean is_program_type(const char *type)
{
	static const char *const programs[] = {
		"application/x-executable", "application/x-sharedlib", "application/x-pie-executable",
		"application/x-shellscript", "application/x-csh", "application/x-desktop",
		"application/x-ms-dos-executable", "application/x-msdownload", "application/x-msi",
		"application/vnd.microsoft.portable-executable", "application/x-bat",
		"application/x-ms-shortcut", "application/x-java-archive", "application/java-archive",
		"application/x-java-jnlp-file", "application/vnd.appimage",
		"application/x-iso9660-appimage", "application/vnd.debian.binary-package",
		"application/x-debian-package", "application/vnd.flatpak.ref", "application/x-rpm",
		"application/x-sh", "application/x-perl", "application/x-php", "application/x-ruby",
		"application/javascript", "text/javascript", "application/hta", "text/x-python",
		"text/x-python3", "text/vbscript", "application/x-mswinurl",
	};
	g_autofree char *content = sn_gio()->g_content_type_from_mime_type(type);

	for (gsize i = 0; i < G_N_ELEMENTS(programs); i++)
		if (g_ascii_strcasecmp(type, programs[i]) == 0 ||
		    (content && sn_gio()->g_content_type_is_a(content, programs[i])))
			return TRUE;
	return FALSE;
}

/* By what it says it is, by its name, or by what is in it: a program may look at either. */
static gboolean is_program(const Request *request)
{
	gsize length;
	const guchar *data = g_bytes_get_data(request->bytes, &length);
	const SnGio *gio = sn_gio();
	g_autofree char *by_name = gio->g_content_type_guess(request->name, NULL, 0, NULL);
	g_autofree char *by_bytes = gio->g_content_type_guess(NULL, data, MIN(length, SNIFF), NULL);

	return is_program_type(request->type) || is_program_type(by_name) ||
	       (length > 0 && is_program_type(by_bytes));
}

static void program_answered(SnApp *app, const char *answer, gpointer data)
{
	const Request *request = data;

	if (g_strcmp0(answer, "open") == 0)
		start(app, request);
	else if (g_strcmp0(answer, "save") == 0)
		sn_files_save(app, request->message, request->position, NULL);
}

static void ask_about_program(SnApp *app, Request *request)
{
	static const SnChoice choices[] = {
		{ 's', "save it", "save" },
		{ 'o', "open it all the same", "open" },
	};
	g_autofree char *name = sn_text_clean_line(request->name, -1);
	g_autofree char *question = g_strdup_printf("%s is a program, or can be run as one. Opening it "
	                                            "may do anything that you can do.", name);

	sn_prompt_ask(app, &(SnAsk){ .question = question, .choices = choices,
	                             .count = G_N_ELEMENTS(choices), .done = program_answered,
	                             .data = request, .free = request_free });
}

static void use_bytes(SnApp *app, const char *name, const char *type, GBytes *bytes, gpointer data)
{
	const Request *wanted = data;
	Request *request = g_new0(Request, 1);

	*request = (Request){ .message = wanted->message, .position = wanted->position,
		              .here = wanted->here, .name = g_strdup(name), .type = g_strdup(type),
		              .bytes = g_bytes_ref(bytes) };
	if (!request->here && is_program(request)) {
		ask_about_program(app, request);
		return;
	}
	start(app, request);
	request_free(request);
}

/* ---- a picture, in the terminal ---- */

static void use_picture(SnApp *app, const char *name, const char *type, GBytes *bytes, gpointer data)
{
	g_autofree char *known = known_type(type, name, bytes);
	GError *error = NULL;
	const char *dir = opened_dir(app, &error);
	/* whatever its sender calls it */
	g_autofree char *path = dir ? sn_files_write(dir, "picture", bytes, &error) : NULL;
	const char *argv[] = { app->setup->picture, "--wait", path, NULL };
	int status = 0;

	if (path && !g_str_has_prefix(known, "image/"))
		sn_app_say(app, SN_OBJ_ERROR, "That is no picture but %s.", known);
	else if (path && sn_app_run(app, argv, &status, &error) && status != 0)
		sn_app_say(app, SN_OBJ_ERROR, "It cannot be shown: no picture, a damaged one, or too large.");
	sn_app_error(app, error);
	if (path)
		g_unlink(path);
}

void sn_files_picture(SnApp *app, SnId message, int position, const char *unused)
{
	if (app->setup->picture)
		sn_part_fetch(app, message, position, use_picture, NULL, NULL);
	else
		sn_app_say(app, SN_OBJ_ERROR, "This terminal shows no pictures.");
}

static void fetch_to_open(SnApp *app, SnId message, int position, gboolean here)
{
	Request *request = g_new0(Request, 1);

	*request = (Request){ .message = message, .position = position, .here = here };
	sn_part_fetch(app, message, position, use_bytes, request, request_free);
}

void sn_files_open(SnApp *app, SnId message, int position, const char *unused)
{
	fetch_to_open(app, message, position, FALSE);
}

void sn_files_view(SnApp *app, SnId message, int position, const char *unused)
{
	fetch_to_open(app, message, position, TRUE);
}

/* ---- links ---- */

/* A browser as $BROWSER names it: words, one of which may hold %s. NULL: it is not installed, or the link
 * would stand within a script. */
static char **browser_argv(const char *browser, const char *url)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
	gboolean placed = FALSE;

	if (!g_shell_parse_argv(browser, NULL, &words, NULL))
		return NULL;
	g_autofree char *found = g_find_program_in_path(words[0]);
	if (!found)
		return NULL;
	for (char **word = words; *word; word++) {
		if (strstr(*word, "%s") && strpbrk(*word, " \t\n;|&`$()"))
			return NULL;
		g_autoptr(GString) one = g_string_new(*word);
		placed |= strstr(*word, "%s") != NULL;
		g_string_replace(one, "%s", url, 0);
		g_strv_builder_add(argv, one->str);
	}
	if (!placed)
		g_strv_builder_add(argv, url);
	return g_strv_builder_end(argv);
}

static gboolean is_for_terminal(const char *program)
{
	static const char *const names[] = { "www-browser", "w3m", "lynx", "elinks", "links", "links2", NULL };
	g_autofree char *base = g_path_get_basename(program);

	return g_strv_contains(names, base);
}

static gboolean browse_with(SnApp *app, char **argv, GError **error)
{
	int status;

	if (on_a_desktop() && !is_for_terminal(argv[0])) {
		if (!sn_run_apart((const char *const *)argv, error))
			return FALSE;
		sn_app_say(app, SN_OBJ_SUCCESS, "Opened with %s.", argv[0]);
		return TRUE;
	}
	return sn_app_run(app, (const char *const *)argv, &status, error);
}

gboolean sn_files_browse(SnApp *app, const char *url, GError **error)
{
	const char *given = g_getenv("BROWSER");
	g_autofree char *all = g_strconcat(given ? given : "", on_a_desktop() ? ":xdg-open" : "",
	                                   ":www-browser:w3m:lynx:elinks:links", NULL);
	g_auto(GStrv) browsers = g_strsplit(all, ":", -1);

	g_assert(g_ascii_isalpha(*url)); /* never an option */
	for (char **browser = browsers; *browser; browser++) {
		g_auto(GStrv) argv = **browser ? browser_argv(*browser, url) : NULL;
		if (argv)
			return browse_with(app, argv, error);
	}
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "There is no browser: set BROWSER. The link is %s",
	            url);
	return FALSE;
}

/* ---- piping ---- */

typedef struct {
	SnApp *app;
	const gint *stop;
	char *command;
	GBytes *input;
	char *output;
	GError *error;
} Pipe;

static void pipe_free(gpointer data)
{
	Pipe *pipe = data;

	g_free(pipe->command);
	g_bytes_unref(pipe->input);
	g_free(pipe->output);
	g_clear_error(&pipe->error);
	g_free(pipe);
}

static void pipe_run(SnStore *store, gpointer data)
{
	Pipe *pipe = data;
	const char *const argv[] = { "/bin/sh", "-c", pipe->command, NULL };

	pipe->output = sn_run_capture(argv, pipe->input, PIPE_SECONDS, pipe->stop, &pipe->error);
}

static void pipe_done(gpointer data)
{
	Pipe *pipe = data;

	if (pipe->error)
		sn_app_say(pipe->app, SN_OBJ_ERROR, "%s", pipe->error->message);
	else
		sn_view_open(pipe->app, &sn_view_text, pipe->output, 0);
}

static void pipe_bytes(SnApp *app, const char *name, const char *type, GBytes *bytes, gpointer data)
{
	Pipe *pipe = g_new0(Pipe, 1);

	*pipe = (Pipe){ .app = app, .stop = sn_worker_stop(app->worker), .command = g_strdup(data),
		        .input = g_bytes_ref(bytes) };
	sn_worker_run(app->worker, &(SnJob){ pipe_run, pipe_done, pipe_free, pipe });
}

void sn_files_pipe(SnApp *app, SnId message, int position, const char *command)
{
	sn_part_fetch(app, message, position, pipe_bytes, g_strdup(command), g_free);
}
