/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/reattach.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <utime.h>
#include <string.h>

#include "src/text/text.h"
#include "ui/files.h"

enum { NAME_MAX_BYTES = 200, KEPT_DAYS = 90, KEPT_LOOK = 1000 };

/* ---- the job: bytes to a file of our own ---- */

typedef struct {
	SnApp *app;
	const SnUiHost *host;
	char *dir;              /* where such files lie */
	SnId conversation, message;
	int position;
	gboolean asked;         /* somebody waits for it already */
	char *name, *type, *path;
	GError *error;
} Again;

static void again_free(gpointer data)
{
	Again *again = data;

	g_free(again->dir);
	g_free(again->name);
	g_free(again->type);
	g_free(again->path);
	g_clear_error(&again->error);
	g_free(again);
}

/* The name is the sender's: one component, not hidden, nothing a terminal or a path could mind. */
static char *safe_name(const char *name)
{
	g_autofree char *line = sn_text_clean_line(name, -1);
	g_autofree char *base = g_path_get_basename(line);
	gsize length = strlen(base);

	if (*base == '.' || *base == '/')
		*base = '_';
	if (length > NAME_MAX_BYTES) {
		const char *end = g_utf8_find_prev_char(base, base + NAME_MAX_BYTES);
		length = end ? (gsize)(end - base) : NAME_MAX_BYTES;
	}
	return g_strndup(base, length);
}

/* What nobody can have in a draft any more goes. */
static void tidy(const char *dir)
{
	g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
	gint64 oldest = g_get_real_time() / G_USEC_PER_SEC - KEPT_DAYS * 86400;
	const char *name;

	for (int i = 0; entries && i < KEPT_LOOK && (name = g_dir_read_name(entries)); i++) {
		g_autofree char *inner = g_build_filename(dir, name, NULL);
		g_autoptr(GDir) files = NULL;
		GStatBuf info;
		if (g_stat(inner, &info) != 0 || info.st_mtime > oldest)
			continue;
		files = g_dir_open(inner, 0, NULL);
		for (const char *file; files && (file = g_dir_read_name(files));) {
			g_autofree char *path = g_build_filename(inner, file, NULL);
			g_unlink(path);
		}
		g_rmdir(inner);
	}
}

/* One directory for each content, so that a file attached twice lies here once. */
static char *keep(Again *again, GBytes *bytes)
{
	g_autofree char *sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	g_autofree char *name = safe_name(again->name);
	g_autofree char *dir = g_build_filename(again->dir, sha256, NULL);
	g_autofree char *path = g_build_filename(dir, name, NULL);
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	GStatBuf info;

	/* What is attached once more is as new as what is fetched: its days begin again, before anybody
	 * tidies up. */
	if (g_utime(dir, NULL) != 0 && errno != ENOENT)
		g_warning("The time of %s cannot be set: %s", dir, g_strerror(errno));
	tidy(again->dir);
	if (g_lstat(path, &info) == 0 && S_ISREG(info.st_mode) && (gsize)info.st_size == length)
		return g_steal_pointer(&path);
	if (g_mkdir_with_parents(dir, 0700) != 0) {
		g_set_error(&again->error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be made.", dir);
		return NULL;
	}
	if (!g_file_set_contents_full(path, data ? data : "", (gssize)length,
	                              G_FILE_SET_CONTENTS_CONSISTENT, 0600, &again->error))
		return NULL;
	return g_steal_pointer(&path);
}

static void again_run(SnStore *store, gpointer data)
{
	Again *again = data;
	g_autoptr(GBytes) bytes =
		sn_files_read(again->host, store, again->message, again->position, &again->name,
	                      &again->type, &again->error);

	if (bytes)
		again->path = keep(again, bytes);
}

/* ---- the draft ---- */

void sn_awaited_free(SnAwaited *awaited)
{
	g_free(awaited->name);
	g_free(awaited);
}

const SnAwaited *sn_reattach_awaited(const SnComposer *composer)
{
	for (guint i = 0; composer->awaited && i < composer->awaited->len; i++) {
		const SnAwaited *one = g_ptr_array_index(composer->awaited, i);
		if (one->conversation == composer->conversation)
			return one;
	}
	return NULL;
}

static void await(SnApp *app, const Again *again)
{
	SnComposer *composer = app->composer;
	SnAwaited *awaited = g_new0(SnAwaited, 1);

	*awaited = (SnAwaited){ again->conversation, again->message, again->position,
		                g_strdup(again->name) };
	if (!composer->awaited)
		composer->awaited =
			g_ptr_array_new_with_free_func((GDestroyNotify)sn_awaited_free);
	g_ptr_array_add(composer->awaited, awaited);
}

static void no_longer(SnComposer *composer, const Again *again)
{
	for (guint i = composer->awaited ? composer->awaited->len : 0; i > 0; i--) {
		const SnAwaited *one = g_ptr_array_index(composer->awaited, i - 1);
		if (one->message == again->message && one->position == again->position &&
		    one->conversation == again->conversation)
			g_ptr_array_remove_index(composer->awaited, i - 1);
	}
}

/* Into the draft of a conversation that is not open now. */
static gboolean attach_elsewhere(SnApp *app, const Again *again, GError **error)
{
	g_autoptr(SnDraft) draft = sn_draft_load(app->store, again->conversation);

	if (!draft)
		draft = sn_draft_new(again->conversation);
	if (!draft->attachments)
		draft->attachments = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(draft->attachments, g_strdup(again->path));
	draft->updated = sn_app_now(app);
	return sn_draft_save(app->store, draft, error);
}

static void attach(SnApp *app, const Again *again)
{
	GError *error = NULL;
	gboolean here = app->composer->conversation == again->conversation;
	gboolean ok = here ? sn_composer_attach(app->composer, again->path, &error)
	                   : attach_elsewhere(app, again, &error);

	if (ok)
		sn_app_say(app, SN_OBJ_SUCCESS, "Attached %s.", again->name);
	else
		sn_app_error(app, error);
}

static gboolean is_elsewhere(const Again *again)
{
	return again->name && g_error_matches(again->error, SN_ERROR, SN_ERROR_NOT_FOUND);
}

static void again_done(gpointer data)
{
	Again *again = data;
	SnApp *app = again->app;

	sn_app_dirty(app);
	if (again->path) {
		no_longer(app->composer, again);
		attach(app, again);
	} else if (is_elsewhere(again) && !again->asked) {
		if (!sn_files_ask_for(app->store, again->message, again->position))
			return;
		await(app, again);
		sn_app_say(app, SN_OBJ_DEFAULT, "%s is being fetched, and attached when it is here.",
		           again->name);
	} else if (!is_elsewhere(again)) {
		no_longer(app->composer, again);
		sn_app_say(app, SN_OBJ_ERROR, "%s", again->error->message);
	}
}

static void start(SnApp *app, const SnAwaited *what, gboolean asked)
{
	Again *again = g_new0(Again, 1);

	*again = (Again){ .app = app,
		          .host = &app->setup->host,
		          .dir = g_build_filename(app->setup->paths->data, "files", "again", NULL),
		          .conversation = what->conversation,
		          .message = what->message,
		          .position = what->position,
		          .asked = asked };
	sn_worker_run(app->worker, &(SnJob){ again_run, again_done, again_free, again });
}

void sn_reattach(SnApp *app, SnId message, int position)
{
	SnAwaited what = { app->composer->conversation, message, position, NULL };

	g_assert(what.conversation && message && position >= 0);
	start(app, &what, FALSE);
}

void sn_reattach_look(SnApp *app)
{
	const GPtrArray *awaited = app->composer->awaited;

	for (guint i = 0; awaited && i < awaited->len; i++)
		start(app, g_ptr_array_index(awaited, i), TRUE);
}
