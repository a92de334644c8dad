/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/secure.h"

#include <stdio.h>
#include <string.h>

#include "src/store/peer.h"
#include "ui/timeline_private.h"
#include "ui/view.h"

enum { CACHE_MAX = 200 }; /* messages; then it is begun anew */
#define CACHE_BYTES ((gsize)64 * 1024 * 1024) /* or as much text and files of them */

struct sn_secure_cache {
	GHashTable *found;   /* message id -> SnOpened */
	gsize bytes;         /* of what is in it */
	GHashTable *pending; /* set of message ids */
	GHashTable *missing; /* the same: their bytes are not here, as far as is known */
};

SnSecureCache *sn_secure_cache_new(SnApp *app)
{
	SnSecureCache *cache = g_new0(SnSecureCache, 1);


	cache->found = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
	                                     (GDestroyNotify)sn_opened_free);
	cache->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	cache->missing = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	return cache;
}

void sn_secure_cache_free(SnSecureCache *cache)
{
	if (!cache)
		return;
	g_hash_table_unref(cache->found);
	g_hash_table_unref(cache->pending);
	g_hash_table_unref(cache->missing);
	g_free(cache);
}

/* ---- on the worker ---- */

typedef struct {
	SnApp *app;
	const SnUiHost *host;
	SnId message;
	SnOpened *opened;
} Look;

static void look_free(gpointer data)
{
	Look *look = data;

	sn_opened_free(look->opened);
	g_free(look);
}

static void look_run(SnStore *store, gpointer data)
{
	Look *look = data;
	g_autoptr(GBytes) raw = store ? sn_message_raw(store, look->message, NULL) : NULL;

	look->opened = raw ? look->host->open_mail(store, raw, FALSE, FALSE, look->host->data) : NULL;
}

static void fill_anew(SnApp *app)
{
	sn_timeline_stale(app->timeline);
	for (guint i = 0; i < app->views->len; i++)
		sn_view_stale(g_ptr_array_index(app->views, i));
	sn_app_dirty(app);
}

/* What it says of the keys of others is noted, as if it had been read when it came. */
static void keep_gossip(SnApp *app, SnId id, const SnOpened *opened)
{
	g_autoptr(SnMessage) message = opened->gossip->len && app->settings->crypto_autocrypt
		? sn_message_get(app->store, id, 0) : NULL;
	GError *error = NULL;

	for (guint i = 0; message && message->direction == SN_IN && !error && i < opened->gossip->len;
	     i++) {
		const SnOpenedKey *key = opened->gossip->pdata[i];
		g_autofree char *address = sn_address_normalise(SN_CHANNEL_MAIL, key->address);
		if (address && !sn_address_is_own(app->store, SN_CHANNEL_MAIL, address))
			sn_peer_gossip(app->store, address, MIN(message->time, sn_app_now(app)),
			               key->key, key->fingerprint, &error);
	}
	sn_app_error(app, error);
}

static gsize size_of(const SnOpened *opened)
{
	gsize size = 0;

	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = opened->parts->pdata[i];
		size += strlen(part->text);
		for (guint j = 0; j < part->files->len; j++)
			size += g_bytes_get_size(((SnOpenedFile *)part->files->pdata[j])->bytes);
	}
	return size;
}

static void keep(SnApp *app, SnId message, SnOpened *opened)
{
	SnSecureCache *cache = app->secure;
	gsize size = size_of(opened);

	keep_gossip(app, message, opened);
	if (g_hash_table_size(cache->found) >= CACHE_MAX || cache->bytes + size > CACHE_BYTES) {
		g_hash_table_remove_all(cache->found);
		cache->bytes = 0;
	}
	cache->bytes += size;
	g_hash_table_insert(app->secure->found, g_memdup2(&message, sizeof message), opened);
	fill_anew(app);
}

static void look_done(gpointer data)
{
	Look *look = data;

	g_hash_table_remove(look->app->secure->pending, &look->message);
	/* without its bytes there is nothing to verify: it is asked again once they are here */
	if (look->opened) {
		keep(look->app, look->message, g_steal_pointer(&look->opened));
	} else {
		g_hash_table_add(look->app->secure->missing,
		                 g_memdup2(&look->message, sizeof look->message));
		fill_anew(look->app);
	}
}

static gboolean can_look(SnApp *app, const SnMessage *message)
{
	return message->secure && message->channel == SN_CHANNEL_MAIL && app->setup->host.open_mail;
}

const SnOpened *sn_secure_look(SnApp *app, const SnMessage *message)
{
	g_assert(message->id > 0);
	if (!can_look(app, message))
		return NULL;
	const SnOpened *opened = g_hash_table_lookup(app->secure->found, &message->id);
	if (!opened && !g_hash_table_contains(app->secure->missing, &message->id) &&
	    g_hash_table_add(app->secure->pending, g_memdup2(&message->id, sizeof message->id))) {
		Look *look = g_new0(Look, 1);
		*look = (Look){ .app = app, .host = &app->setup->host, .message = message->id };
		sn_worker_run(app->worker, &(SnJob){ look_run, look_done, look_free, look });
	}
	return opened;
}

void sn_secure_refresh(SnApp *app)
{
	g_hash_table_remove_all(app->secure->missing);
}

const char *sn_secure_pending(SnApp *app, const SnMessage *message)
{
	if (!can_look(app, message) || g_hash_table_contains(app->secure->found, &message->id))
		return NULL;
	if (!g_hash_table_contains(app->secure->pending, &message->id))
		return "not checked: its source is not here";
	return message->secure & SN_SECURE_ENCRYPTED ? "encrypted, being opened" : "signed, being checked";
}

/* An email waits because the key it is to be signed with is locked: it goes on right after. */
static gboolean unlock_own(SnApp *app, const SnMessage *message, GError **error)
{
	app->term->suspend(app->term);
	gboolean done = app->setup->host.unlock_key(message->sender_value, app->setup->host.data, error);
	app->term->resume(app->term);
	sn_app_dirty(app);
	return done && sn_outbox_request(app->store, message->outbox, SN_REQUEST_SEND, error);
}

/* The user wants what came encrypted to be searched for, also what only the passphrase opened. As when
 * it is filed: not what lies beside other parts. */
static gboolean keep_text(SnApp *app, const SnMessage *message, const SnOpened *opened, GError **error)
{
	const char *subject = opened->subject ? opened->subject : message->subject;

	if (!app->settings->crypto_index_decrypted || !opened->encrypted || opened->parts->len != 1)
		return TRUE;
	g_autofree char *text = sn_opened_text(opened);
	if (!sn_store_begin(app->store, error))
		return FALSE;
	if (sn_message_set_text(app->store, message->id, subject, text, error))
		return sn_store_commit(app->store, error);
	sn_store_rollback(app->store);
	return FALSE;
}

gboolean sn_secure_unlock(SnApp *app, SnId id, GError **error)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, id, 0);
	if (message && message->outbox && message->state == SN_STATE_WAITING &&
	    message->sender_value && app->setup->host.unlock_key)
		return unlock_own(app, message, error);
	g_autoptr(GBytes) raw = message && can_look(app, message)
	                                ? sn_message_raw(app->store, id, error) : NULL;

	if (!message || !can_look(app, message)) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_INVALID,
		                    "Nothing in this message is signed or encrypted.");
		return FALSE;
	}
	if (!raw)
		return FALSE;
	/* pinentry draws on the terminal itself: the screen cannot be there at the same time */
	app->term->suspend(app->term);
	SnOpened *opened = app->setup->host.open_mail(app->store, raw, TRUE, TRUE, app->setup->host.data);
	app->term->resume(app->term);
	if (!opened) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "The message cannot be opened.");
		return FALSE;
	}
	gboolean kept = keep_text(app, message, opened, error);
	keep(app, id, opened);
	return kept;
}

const char *sn_secure_mark(int alarm, SnObject *object)
{
	static const struct {
		const char *mark;
		SnObject object;
	} marks[] = { { "  ..", SN_OBJ_FAINT },
		      { "", SN_OBJ_FAINT },
		      { "  ok", SN_OBJ_SUCCESS },
		      { "   ?", SN_OBJ_WARNING },
		      { "  !!", SN_OBJ_ERROR } };

	g_assert(alarm >= -1 && alarm + 1 < (int)G_N_ELEMENTS(marks));
	*object = marks[alarm + 1].object;
	return marks[alarm + 1].mark;
}

GPtrArray *sn_secure_files(const SnOpened *opened)
{
	GPtrArray *files = g_ptr_array_new();

	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = g_ptr_array_index(opened->parts, i);
		g_ptr_array_extend(files, part->files, NULL, NULL);
	}
	return files;
}

const SnOpenedFile *sn_secure_file(SnApp *app, SnId message, int position)
{
	const SnOpened *opened = g_hash_table_lookup(app->secure->found, &message);
	g_autoptr(GPtrArray) files = opened && position >= SN_SECURE_FILES ? sn_secure_files(opened) : NULL;
	guint at = (guint)(position - SN_SECURE_FILES);

	return files && at < files->len ? g_ptr_array_index(files, at) : NULL;
}
