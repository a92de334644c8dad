/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/omemo_private.h"

#include "src/omemo/crypto.h"

enum {
	PREKEYS = 100,
	MAX_PREKEY_ID = 0xffff00, /* ids begin again at 1 after that */
	SIGNED_DAYS = 30,
};

SnTime sn_omemo_now(const SnOmemo *self)
{
	return sn_clock_now(self->account->engine->clock);
}

SnStore *sn_omemo_store(const SnOmemo *self)
{
	return self->account->engine->store;
}

gboolean sn_omemo_works(const SnOmemo *self)
{
	return self && self->vault && self->device &&
	       sn_config_settings(self->account->engine->config)->im_omemo;
}

/* ---- what the ratchet remembers: sealed rows ---- */

static char *place_of(const SnOmemo *self, SnRatchetKind kind, const char *jid, guint32 id)
{
	return g_strdup_printf("%" G_GINT64_FORMAT " %d %s %u", self->account->id, (int)kind, jid, id);
}

static GBytes *load(SnRatchetKind kind, const char *jid, guint32 id, gpointer data)
{
	SnOmemo *self = data;
	g_autofree char *place = place_of(self, kind, jid, id);
	g_autoptr(GBytes) sealed =
		sn_omemo_secret_get(sn_omemo_store(self), self->account->id, (int)kind, jid, id);

	return sealed ? sn_vault_unseal(self->vault, sealed, place) : NULL;
}

static gboolean kept(gboolean done, GError *error)
{
	g_autoptr(GError) own = error;

	if (!done)
		g_warning("Keys could not be written: %s", own ? own->message : "");
	return done;
}

static gboolean save(SnRatchetKind kind, const char *jid, guint32 id, GBytes *secret, gpointer data)
{
	SnOmemo *self = data;
	g_autofree char *place = place_of(self, kind, jid, id);
	g_autoptr(GBytes) sealed = sn_vault_seal(self->vault, secret, place);
	GError *error = NULL;
	gboolean done = sn_omemo_secret_set(sn_omemo_store(self), self->account->id, (int)kind, jid, id,
	                                    sealed, &error);

	return kept(done, error);
}

static gboolean forget(SnRatchetKind kind, const char *jid, guint32 id, gpointer data)
{
	SnOmemo *self = data;
	GError *error = NULL;
	gboolean done = sn_omemo_secret_remove(sn_omemo_store(self), self->account->id, (int)kind, jid,
	                                       id, &error);

	return kept(done, error);
}

static gboolean identity(const char *jid, guint32 device, GBytes *key, gpointer data)
{
	SnOmemo *self = data;
	GError *error = NULL;
	gboolean done = sn_omemo_identity_set(sn_omemo_store(self), self->account->id, jid, device, key,
	                                      sn_omemo_now(self), &error);

	return kept(done, error);
}

static gboolean used(guint32 prekey, gpointer data)
{
	SnOmemo *self = data;
	GError *error = NULL;
	gboolean done = sn_omemo_secret_use(sn_omemo_store(self), self->account->id, SN_RATCHET_PREKEY,
	                                    prekey, &error);

	self->refill = TRUE;
	return kept(done, error);
}

static guint32 registration(gpointer data)
{
	SnOmemo *self = data;
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(sn_omemo_store(self), self->account->id);

	return own ? own->registration : 1;
}

static const SnRatchetStore rows = { load, save, forget, identity, used, registration };

/* ---- the own device ---- */

static gboolean make_device(SnOmemo *self, GError **error)
{
	SnOmemoOwn own = { .device = sn_crypto_random_number(G_MAXINT32),
		           .registration = sn_crypto_random_number(16380),
		           .signed_id = 1,
		           .signed_since = sn_omemo_now(self),
		           .next_prekey = PREKEYS + 1 };
	SnStore *store = sn_omemo_store(self);
	gboolean done;

	if (!sn_store_begin(store, error))
		return FALSE;
	done = sn_omemo_own_remove(store, self->account->id, error);
	own.identity = done ? sn_ratchet_make_identity(self->ratchet) : NULL;
	done = own.identity && sn_ratchet_make_signed(self->ratchet, 1, own.signed_since) &&
	       sn_ratchet_make_prekeys(self->ratchet, 1, PREKEYS) &&
	       sn_omemo_own_set(store, self->account->id, &own, error);
	if (own.identity)
		g_bytes_unref(own.identity);
	if (!done) {
		sn_store_rollback(store);
		return FALSE;
	}
	if (!sn_store_commit(store, error))
		return FALSE;
	self->device = own.device;
	return TRUE;
}

/* The one that is kept, if its secrets can still be read. */
static gboolean find_device(SnOmemo *self)
{
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(sn_omemo_store(self), self->account->id);
	g_autoptr(GBytes) secret = own ? load(SN_RATCHET_OWN, "", 0, self) : NULL;

	if (own && !secret)
		g_warning("%s: the keys of this device cannot be read any more; it gets new ones, and "
		          "your contacts will see another fingerprint.",
		          self->account->config->name);
	self->device = secret ? own->device : 0;
	return self->device != 0;
}

SnOmemo *sn_omemo_new(SnEngineAccount *account, const SnVault *vault, const char *why)
{
	SnOmemo *self = g_new0(SnOmemo, 1);

	self->account = account;
	self->own = sn_address_normalise(SN_CHANNEL_IM, account->config->im.user);
	self->vault = self->own ? vault : NULL;
	self->why = g_strdup(why);
	self->ratchet = sn_ratchet_new(&rows, self);
	self->lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->heard = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->bundles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->broken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->unanswered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	if (self->vault)
		find_device(self);
	return self;
}

void sn_omemo_free(SnOmemo *self)
{
	if (!self)
		return;
	sn_ratchet_free(self->ratchet);
	g_hash_table_unref(self->lists);
	g_hash_table_unref(self->heard);
	g_hash_table_unref(self->bundles);
	g_hash_table_unref(self->broken);
	g_hash_table_unref(self->unanswered);
	g_hash_table_unref(self->waiting);
	g_free(self->own);
	g_free(self->why);
	g_free(self);
}

void sn_engine_open_vault(SnEngine *engine)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;

	if (engine->vault || engine->vault_error)
		return;
	path = g_build_filename(engine->setup.paths->data, "omemo.key", NULL);
	engine->vault = sn_vault_open(path, NULL, &error);
	if (engine->vault)
		return;
	g_warning("%s IMs cannot be encrypted.", error->message);
	engine->vault_error = g_strdup(error->message);
}

/* ---- keys that are used up or old ---- */

static gboolean refill(SnOmemo *self, SnOmemoOwn *own, gboolean *changed)
{
	g_autoptr(GArray) left =
		sn_omemo_secret_ids(sn_omemo_store(self), self->account->id, SN_RATCHET_PREKEY);
	guint missing = left->len < PREKEYS ? PREKEYS - left->len : 0;

	if (!missing)
		return TRUE;
	if (own->next_prekey + missing > MAX_PREKEY_ID)
		own->next_prekey = 1;
	*changed = TRUE;
	own->next_prekey += missing;
	return sn_ratchet_make_prekeys(self->ratchet, own->next_prekey - missing, missing);
}

static gboolean rotate(SnOmemo *self, SnOmemoOwn *own, gboolean *changed)
{
	SnTime now = sn_omemo_now(self);

	if (own->signed_since > now - SIGNED_DAYS * SN_DAY && own->signed_since <= now + SN_DAY)
		return TRUE;
	*changed = TRUE;
	own->signed_id++;
	own->signed_since = now;
	return sn_ratchet_make_signed(self->ratchet, own->signed_id, now);
}

static gboolean renew(SnOmemo *self, GError **error)
{
	SnStore *store = sn_omemo_store(self);
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(store, self->account->id);
	gboolean changed = FALSE, done;

	if (!own || !sn_store_begin(store, error))
		return FALSE;
	done = rotate(self, own, &changed) && refill(self, own, &changed) &&
	       sn_omemo_secret_tidy(store, self->account->id, SN_RATCHET_PREKEY, SN_RATCHET_SIGNED,
	                            error);
	if (done && changed) {
		own->published = FALSE;
		done = sn_omemo_own_set(store, self->account->id, own, error);
	}
	if (!done) {
		sn_store_rollback(store);
		return FALSE;
	}
	return sn_store_commit(store, error);
}

/* ---- publishing ---- */

static void bundle_sent(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnOmemo *self = account->omemo;
	g_autoptr(GError) error = NULL;
	const guint32 *signed_id = data;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (self)
		self->publishing = FALSE;
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
	if (self && event->kind == SN_EVENT_DONE) {
		g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(sn_omemo_store(self), account->id);
		/* keys that were used or made meanwhile are not in it */
		if (own && own->signed_id == *signed_id && !self->refill &&
		    !sn_omemo_own_published(sn_omemo_store(self), account->id, TRUE, &error))
			g_warning("%s", error->message);
		if (self->refill && self->live)
			sn_omemo_look_after_keys(self);
	}
	g_free(data);
}

static void publish(SnOmemo *self)
{
	SnEngineAccount *account = self->account;
	SnStore *store = sn_omemo_store(self);
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(store, account->id);
	g_autoptr(GArray) ids = sn_omemo_secret_ids(store, account->id, SN_RATCHET_PREKEY);
	g_autoptr(GError) error = NULL;

	if (!own || own->published || self->publishing || !self->synced)
		return;
	SnOmemoBundle *bundle = sn_ratchet_bundle(self->ratchet, own->signed_id, ids);
	if (!bundle) {
		g_warning("%s: the keys of this device are damaged.", account->config->name);
		return;
	}
	/* whoever gets one of these keys will use it: they have to be here after a power cut, too */
	if (!sn_store_sync(store, &error)) {
		g_warning("%s", error->message);
		sn_omemo_bundle_free(bundle);
		return;
	}
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_BUNDLE_PUT, sn_engine_next_id(account->engine));
	request->device = own->device;
	request->bundle = bundle;
	self->publishing = TRUE;
	self->refill = FALSE;
	sn_engine_im(account, request, bundle_sent, g_memdup2(&own->signed_id, sizeof(guint32)));
}

void sn_omemo_unpublished(SnOmemo *self)
{
	g_autoptr(GError) error = NULL;

	if (!sn_omemo_own_published(sn_omemo_store(self), self->account->id, FALSE, &error))
		g_warning("%s", error->message);
	publish(self);
}

void sn_omemo_look_after_keys(SnOmemo *self)
{
	g_autoptr(GError) error = NULL;

	if (!sn_omemo_works(self))
		return;
	if (renew(self, &error))
		publish(self);
	else if (error)
		g_warning("%s", error->message);
}

/* With the keys that are missing. */
static void begin(SnOmemo *self)
{
	g_autoptr(GError) error = NULL;

	if (!self->vault || !sn_config_settings(self->account->engine->config)->im_omemo)
		return;
	if (!self->device && !make_device(self, &error)) {
		g_warning("%s: no keys could be made: %s", self->account->config->name,
		          error ? error->message : "they could not be written.");
		return;
	}
	self->synced = TRUE;
	self->own_known = self->publishing = FALSE;
	self->repairs = 0;
	g_hash_table_remove_all(self->lists);
	sn_omemo_look_after_keys(self);
	sn_omemo_want_list(self, self->own);
}

void sn_omemo_synced(SnOmemo *self)
{
	begin(self);
	self->begun = TRUE;
	sn_omemo_look_at_waiting(self);
}

void sn_omemo_resumed(SnOmemo *self)
{
	self->synced = sn_omemo_works(self);
	self->begun = TRUE;
	sn_omemo_look_at_waiting(self);
}

void sn_omemo_offline(SnOmemo *self)
{
	self->begun = self->synced = FALSE;
}
