/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "src/store/outbox.h"
#include "src/store/wish.h"
#include "src/text/text.h"
#include "ui/secure.h"
#include "ui/view.h"

enum { ROW_BASE = 1 << 20, NAME_TRIES = 1000, WHOLE_COLUMNS = 60,
       WAITING_MAX = 20 };
#define WAIT_FOR (2 * SN_MINUTE) /* later it would come as a surprise */

gint64 sn_files_row(int position)
{
	return ROW_BASE + position;
}

int sn_files_position(gint64 row)
{
	return row >= ROW_BASE && row < 2 * ROW_BASE ? (int)(row - ROW_BASE) : -1;
}

/* ---- fetching, on the worker ---- */

typedef struct {
	SnApp *app;
	const SnUiHost *host;
	SnId message;
	int position;
	SnPartUse use;
	gpointer data;
	GDestroyNotify free;
	char *name, *type;
	GBytes *bytes;
	GError *error;
	SnTime until; /* it has been asked for; used when it comes before this; 0 not yet */
	SnTime looked; /* refresh of the store that this look came after */
} Fetch;

static void fetch_free(gpointer data)
{
	Fetch *fetch = data;

	if (fetch->free)
		fetch->free(fetch->data);
	g_free(fetch->name);
	g_free(fetch->type);
	g_clear_pointer(&fetch->bytes, g_bytes_unref);
	g_clear_error(&fetch->error);
	g_free(fetch);
}

gboolean sn_files_is_here(const SnMessage *message, const SnPart *part)
{
	return message->channel != SN_CHANNEL_MAIL || part->sha256 || part->path || part->url;
}

static const SnPart *find_part(const SnMessage *message, int position)
{
	for (guint i = 0; message && message->parts && i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		if (part->position == position)
			return part;
	}
	return NULL;
}

/* Where the bytes are: a file saved before, what was queued, or the raw email. */
static GBytes *part_bytes(const SnUiHost *host, SnStore *store, const SnMessage *message,
                          const SnPart *part, GError **error)
{
	g_autoptr(GBytes) raw = NULL;
	GBytes *kept;
	char *content;
	gsize length;

	if (part->path && g_file_get_contents(part->path, &content, &length, NULL))
		return g_bytes_new_take(content, length);
	if (part->sha256) {
		kept = sn_outbox_attachment_bytes(store, part->sha256, NULL);
		if (kept)
			return kept;
	}
	raw = message->channel == SN_CHANNEL_MAIL ? sn_message_raw(store, message->id, NULL) : NULL;
	/* of a larger one the parser sees only the beginning; the file comes by itself */
	if (raw && g_bytes_get_size(raw) <= SN_WISH_WHOLE_MAX && host->part_bytes)
		return host->part_bytes(raw, part->position, host->data, error);
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The file is not here%s%s.",
	            part->url ? ", but at " : " yet", part->url ? part->url : "");
	return NULL;
}

/* The email as it is. */
static GBytes *whole(SnStore *store, const SnMessage *message, char **name, char **type,
                     GError **error)
{
	g_autofree char *subject = sn_text_clean_line(message->subject ? message->subject : "", -1);
	g_autofree char *fit = sn_text_fit(*subject ? subject : "message", WHOLE_COLUMNS);

	*name = g_strconcat(g_strdelimit(fit, "/\\:", '-'), ".eml", NULL);
	*type = g_strdup("message/rfc822");
	return sn_message_raw(store, message->id, error);
}

/* A node of the tree of parts: what it is called, and its bytes. */
static GBytes *node_bytes(const SnUiHost *host, SnStore *store, const SnMessage *message, int position,
                          char **name, char **type, GError **error)
{
	g_autoptr(GBytes) raw = sn_message_raw(store, message->id, error);
	g_autoptr(GPtrArray) nodes = raw && host->part_tree ? host->part_tree(raw, host->data) : NULL;
	guint number = (guint)(position - SN_PART_NODE);

	if (raw && (!nodes || number < 1 || number > nodes->len))
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The message has no such part.");
	if (!nodes || number < 1 || number > nodes->len)
		return NULL;
	const SnPartNode *node = nodes->pdata[number - 1];
	g_assert((guint)node->number == number);
	*name = node->name ? g_strdup(node->name) : g_strdup_printf("part-%u", number);
	*type = g_strdup(node->type);
	return host->part_bytes(raw, position, host->data, error);
}

GBytes *sn_files_read(const SnUiHost *host, SnStore *store, SnId id, int position, char **name,
                      char **type, GError **error)
{
	g_autoptr(SnMessage) message = store ? sn_message_get(store, id, SN_MESSAGE_FULL) : NULL;
	const SnPart *part = find_part(message, position);

	if (message && position == 0 && message->channel == SN_CHANNEL_MAIL)
		return whole(store, message, name, type, error);
	if (message && position > SN_PART_NODE)
		return node_bytes(host, store, message, position, name, type, error);
	if (!part) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such file.");
		return NULL;
	}
	*name = part->name ? g_path_get_basename(part->name)
	                   : g_strdup_printf("part-%d", part->position);
	*type = g_strdup(part->type ? part->type : "application/octet-stream");
	return part_bytes(host, store, message, part, error);
}

static void fetch_run(SnStore *store, gpointer data)
{
	Fetch *fetch = data;

	fetch->bytes = sn_files_read(fetch->host, store, fetch->message, fetch->position,
	                             &fetch->name, &fetch->type, &fetch->error);
}

/* The rest of a large email, or a file that lies elsewhere, comes when it is asked for. */
gboolean sn_files_ask_for(SnStore *store, SnId message, int position)
{
	return sn_wish_file(store, message, position < SN_PART_NODE ? position : 0, NULL);
}

static void fetch_done(gpointer data);

static void look_for(Fetch *fetch)
{
	fetch->looked = fetch->app->refreshed;
	sn_worker_run(fetch->app->worker, &(SnJob){ fetch_run, fetch_done, fetch_free, fetch });
}

/* Keeps what was wanted for when the store has it; takes the use and its data. */
static void wait_for(Fetch *fetch)
{
	SnApp *app = fetch->app;
	Fetch *again = g_new0(Fetch, 1);

	*again = (Fetch){ .app = app, .host = fetch->host, .message = fetch->message,
		          .position = fetch->position, .use = fetch->use,
		          .data = g_steal_pointer(&fetch->data), .free = fetch->free,
		          .until = fetch->until };
	fetch->free = NULL;
	if (fetch->looked != app->refreshed) {
		look_for(again); /* it may have come while the worker looked */
		return;
	}
	if (!app->awaited)
		app->awaited = g_ptr_array_new_with_free_func(fetch_free);
	if (app->awaited->len >= WAITING_MAX)
		g_ptr_array_remove_index(app->awaited, 0);
	g_ptr_array_add(app->awaited, again);
}

void sn_files_refresh(SnApp *app)
{
	g_autoptr(GPtrArray) awaited = g_steal_pointer(&app->awaited);

	while (awaited && awaited->len > 0)
		look_for(g_ptr_array_steal_index(awaited, 0));
}

static void fetch_done(gpointer data)
{
	Fetch *fetch = data;
	SnApp *app = fetch->app;

	sn_app_dirty(app);
	if (fetch->bytes) {
		fetch->use(app, fetch->name, fetch->type, fetch->bytes, fetch->data);
	} else if (!fetch->name || !g_error_matches(fetch->error, SN_ERROR, SN_ERROR_NOT_FOUND)) {
		if (fetch->error)
			sn_app_say(app, SN_OBJ_ERROR, "%s", fetch->error->message);
	} else if (fetch->until) {
		if (sn_app_now(app) < fetch->until)
			wait_for(fetch);
	} else if (sn_files_ask_for(app->store, fetch->message, fetch->position)) {
		fetch->until = sn_app_now(app) + WAIT_FOR;
		wait_for(fetch);
		sn_app_say(app, SN_OBJ_SUCCESS, "The file is being fetched.");
	}
}

void sn_part_fetch(SnApp *app, SnId message, int position, SnPartUse use, gpointer data,
                   GDestroyNotify free)
{
	Fetch *fetch = g_new0(Fetch, 1);

	g_assert(message > 0 && position >= 0 && use);
	const SnOpenedFile *within = sn_secure_file(app, message, position);
	if (within) { /* it is here, and nowhere else */
		use(app, within->name ? within->name : "file", within->type ? within->type : "", within->bytes,
		    data);
		if (free)
			free(data);
		g_free(fetch);
		return;
	}
	*fetch = (Fetch){ .app = app, .host = &app->setup->host, .message = message,
		          .position = position, .use = use, .data = data, .free = free };
	look_for(fetch);
}

/* ---- writing ---- */

static gboolean write_new(const char *path, GBytes *bytes, GError **error)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	int fd = g_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	gboolean ok = fd >= 0;
	int why = errno;

	while (ok && length > 0) {
		ssize_t wrote = write(fd, data, length);
		if (wrote < 0 && errno == EINTR)
			continue;
		ok = wrote > 0;
		why = errno;
		if (ok) {
			data += wrote;
			length -= (gsize)wrote;
		}
	}
	if (fd >= 0 && close(fd) < 0 && ok) {
		ok = FALSE;
		why = errno;
	}
	if (fd >= 0 && !ok)
		g_unlink(path); /* half a file looks like one */
	if (!ok)
		g_set_error(error, SN_ERROR, why == EEXIST ? SN_ERROR_EXISTS : SN_ERROR_STORAGE,
		            "%s cannot be written: %s.", path, g_strerror(why));
	return ok;
}

char *sn_files_write(const char *dir, const char *name, GBytes *bytes, GError **error)
{
	g_autofree char *base = g_path_get_basename(name);
	const char *dot;
	gsize stem;

	if (*base == '.' || *base == '/')
		*base = '_';
	dot = strrchr(base, '.');
	stem = dot && dot != base ? (gsize)(dot - base) : strlen(base);
	for (int n = 0; n < NAME_TRIES; n++) {
		g_autofree char *number = n ? g_strdup_printf("-%d", n) : g_strdup("");
		g_autofree char *file =
			g_strdup_printf("%.*s%s%s", (int)stem, base, number, base + stem);
		g_autofree char *path = g_build_filename(dir, file, NULL);
		g_autoptr(GError) local = NULL;
		if (write_new(path, bytes, &local))
			return g_steal_pointer(&path);
		if (!g_error_matches(local, SN_ERROR, SN_ERROR_EXISTS)) {
			g_propagate_error(error, g_steal_pointer(&local));
			return NULL;
		}
	}
	g_set_error(error, SN_ERROR, SN_ERROR_EXISTS, "There are too many files named %s.", base);
	return NULL;
}

typedef struct {
	SnId message;
	int position;
	char *argument;
} Wanted;

static Wanted *wanted_new(SnId message, int position, const char *argument)
{
	Wanted *wanted = g_new0(Wanted, 1);

	*wanted = (Wanted){ message, position, g_strdup(argument) };
	return wanted;
}

static void wanted_free(gpointer data)
{
	Wanted *wanted = data;

	g_free(wanted->argument);
	g_free(wanted);
}

static void save_bytes(SnApp *app, const char *name, const char *type, GBytes *bytes, gpointer data)
{
	Wanted *wanted = data;
	GError *error = NULL;
	g_autofree char *path = NULL, *size = sn_text_size((gint64)g_bytes_get_size(bytes));
	const char *dir = *app->settings->general_download_dir ? app->settings->general_download_dir
	                                                       : app->setup->paths->download;

	if (wanted->argument && g_file_test(wanted->argument, G_FILE_TEST_IS_DIR)) {
		path = sn_files_write(wanted->argument, name, bytes, &error);
	} else if (wanted->argument) {
		path = write_new(wanted->argument, bytes, &error) ? g_strdup(wanted->argument) : NULL;
	} else {
		g_mkdir_with_parents(dir, 0700);
		path = sn_files_write(dir, name, bytes, &error);
	}
	if (!path) {
		sn_app_error(app, error);
		return;
	}
	sn_part_set_file(app->store, wanted->message, wanted->position, path, NULL,
	                 (gint64)g_bytes_get_size(bytes), NULL);
	app->stale = TRUE;
	sn_app_say(app, SN_OBJ_SUCCESS, "Saved %s to %s.", size, path);
}

void sn_files_save(SnApp *app, SnId message, int position, const char *path)
{
	sn_part_fetch(app, message, position, save_bytes, wanted_new(message, position, path),
	              wanted_free);
}
