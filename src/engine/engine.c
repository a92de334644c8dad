/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c - the thread: it owns the store's big writes and talks to backends through queues.
 *
 * It sleeps in one poll() over the bell, the backends' queues and at most a few one-shot timers;
 * nothing here runs periodically.
 */
#include "src/engine/autocrypt.h"
#include "src/engine/crypto.h"
#include "src/engine/drafts.h"
#include "src/engine/oauth.h"
#include "src/engine/omemo.h"
#include "src/engine/sealing.h"
#include "src/engine/sync_private.h"
#include "src/store/files.h"
#include "src/mime/seal.h"
#include "src/mime/secure.h"
#include "src/mime/unsubscribe.h"
#include "src/mime/tree.h"

#include <glib-unix.h>

enum {
	TRY_AGAIN = 20 * 1000,   /* ms, while the store cannot be written */
	DURABLE_AFTER = 1000,    /* ms without a write: a quiet moment for fsync */
	DURABLE_AT_LAST = 30000, /* but not later than that */
};

typedef struct {
	GSourceOnceFunc callback;
	gpointer data;
} Once;

static gboolean fire_once(gpointer data)
{
	const Once *once = data;

	once->callback(once->data);
	return G_SOURCE_REMOVE;
}

GSource *sn_engine_timer(SnEngine *engine, SnTime after, GSourceOnceFunc callback, gpointer data)
{
	GSource *source = g_timeout_source_new((guint)CLAMP(after, 0, (SnTime)G_MAXUINT));
	Once *once = g_new(Once, 1);

	*once = (Once){ callback, data };
	g_source_set_callback(source, fire_once, once, g_free);
	g_source_attach(source, engine->context);
	return source;
}

guint64 sn_engine_next_id(SnEngine *engine)
{
	return ++engine->next_request;
}

SnEngineAccount *sn_engine_account_by_id(SnEngine *engine, SnId account)
{
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *one = g_ptr_array_index(engine->accounts, i);
		if (one->id == account)
			return one;
	}
	return NULL;
}

static gboolean account_has(const SnAccount *config, SnChannel channel, const char *address)
{
	g_autofree char *own = NULL;

	if (channel == SN_CHANNEL_IM) {
		own = config->im.user ? sn_address_normalise(channel, config->im.user) : NULL;
		return own && g_str_equal(own, address);
	}
	if (config->from_address)
		own = sn_address_normalise(channel, config->from_address);
	if (own && g_str_equal(own, address))
		return TRUE;
	for (char **alias = config->aliases; alias && *alias; alias++) {
		g_autofree char *other = sn_address_normalise(channel, *alias);
		if (other && g_str_equal(other, address))
			return TRUE;
	}
	return FALSE;
}

gboolean sn_config_owns(const SnConfig *config, SnChannel channel, const char *normalised)
{
	for (gsize i = 0; normalised && i < sn_config_account_count(config); i++) {
		if (account_has(sn_config_account(config, i), channel, normalised))
			return TRUE;
	}
	return FALSE;
}

static void arm_durable(SnEngine *engine, gint64 after_ms);

/* Flushing waits for the disk, and so would a message that comes in meanwhile; so it is left to
 * moments in which nothing is written. What goes out is made durable by delivery itself. */
static void become_durable(gpointer data)
{
	SnEngine *engine = data;
	SnEngineCore *core = engine->core;
	g_autoptr(GError) error = NULL;
	gint64 now = g_get_monotonic_time() / 1000;

	g_clear_pointer(&core->durable_source, g_source_unref);
	if (now - core->last_write < DURABLE_AFTER && now - core->first_write < DURABLE_AT_LAST) {
		arm_durable(engine, DURABLE_AFTER - (now - core->last_write));
		return;
	}
	if (!sn_store_sync(engine->store, &error))
		g_warning("%s", error->message);
}

static void arm_durable(SnEngine *engine, gint64 after_ms)
{
	engine->core->durable_source = sn_engine_timer(engine, after_ms, become_durable, engine);
}

void sn_engine_touched(SnEngine *engine)
{
	SnEngineCore *core = engine->core;

	core->last_write = g_get_monotonic_time() / 1000;
	if (core->durable_source)
		return;
	core->first_write = core->last_write;
	arm_durable(engine, DURABLE_AFTER);
}

/* ---- when the store cannot be written ---- */

static void watch_trouble(SnEngine *engine);

static void try_again(gpointer data)
{
	SnEngine *engine = data;
	g_autofree char *now = sn_time_format(sn_clock_now(engine->clock));

	g_clear_pointer(&engine->core->trouble_source, g_source_unref);
	sn_store_set(engine->store, "tried", now, NULL);
	if (sn_store_trouble(engine->store) == SN_TROUBLE_NONE)
		sn_engine_wake(engine); /* what was to be done meanwhile */
	watch_trouble(engine);
}

static void watch_trouble(SnEngine *engine)
{
	SnTrouble trouble = sn_store_trouble(engine->store);

	if (trouble != SN_TROUBLE_NONE && trouble != SN_TROUBLE_DAMAGED && !engine->core->trouble_source)
		engine->core->trouble_source = sn_engine_timer(engine, TRY_AGAIN, try_again, engine);
}

/* ---- intents ---- */

static gboolean look(gpointer data)
{
	SnEngine *engine = data;

	g_clear_pointer(&engine->core->look_source, g_source_unref);
	sn_engine_look_at_clock(engine);
	sn_delivery_look(engine->delivery);
	sn_wishes_look(engine);
	sn_map_sync_look(engine->core->map_sync);
	sn_book_look(engine);
	sn_mdn_look(engine);
	sn_leaver_look(engine->core->leaver);
	if (engine->core->drafts)
		sn_drafts_look(engine->core->drafts);
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		if (account->core->actions)
			sn_actions_look(account->core->actions);
		if (account->core->transcripts)
			sn_transcripts_look(account->core->transcripts);
		if (account->core->im)
			sn_im_sync_look(account->core->im);
	}
	sn_engine_check_settled(engine);
	return G_SOURCE_REMOVE;
}

void sn_engine_wake(SnEngine *engine)
{
	SnEngineCore *core = engine->core;

	if (core->look_source || core->closing)
		return;
	core->look_source = g_idle_source_new();
	g_source_set_priority(core->look_source, G_PRIORITY_DEFAULT);
	g_source_set_callback(core->look_source, look, engine, NULL);
	g_source_attach(core->look_source, engine->context);
}

static gboolean bell_rang(gint fd, GIOCondition condition, gpointer data)
{
	SnEngine *engine = data;

	sn_bell_answer(engine->core->bell);
	/* Own commits ring too: they are no news. */
	if (sn_store_changed(engine->store)) {
		sn_engine_wake(engine);
		sn_engine_touched(engine);
	}
	return G_SOURCE_CONTINUE;
}

/* ---- settling ---- */

/* An entry whose undo window is about to end still belongs to "deliver what is due". */
enum { SETTLE_AHEAD = 10 * 1000 };

static gboolean settled(SnEngine *engine, const GError **error)
{
	*error = NULL;
	if (engine->core->look_source || (engine->core->drafts && !sn_drafts_settled(engine->core->drafts)))
		return FALSE;
	for (guint i = 0; i < engine->accounts->len; i++) {
		const GError *problem = NULL;
		if (!sn_account_settled(g_ptr_array_index(engine->accounts, i), &problem))
			return FALSE;
		if (problem && !*error)
			*error = problem;
	}
	g_autoptr(GArray) due =
		sn_outbox_due(engine->store, sn_clock_now(engine->clock) + SETTLE_AHEAD);
	/* What cannot be sent because its account is down does not hold up the end. */
	return !due || due->len == 0 || *error;
}

static gboolean check_settled(gpointer data)
{
	SnEngine *engine = data;
	SnEngineCore *core = engine->core;
	const GError *error = NULL;

	g_clear_pointer(&core->settle_source, g_source_unref);
	watch_trouble(engine);
	gboolean now = settled(engine, &error);
	g_mutex_lock(&core->lock_state);
	core->settled = now;
	g_clear_error(&core->settle_error);
	if (now && error)
		core->settle_error = g_error_copy(error);
	g_cond_broadcast(&core->changed);
	g_mutex_unlock(&core->lock_state);
	return G_SOURCE_REMOVE;
}

void sn_engine_check_settled(SnEngine *engine)
{
	SnEngineCore *core = engine->core;

	if (core->settle_source)
		return;
	core->settle_source = g_idle_source_new();
	g_source_set_callback(core->settle_source, check_settled, engine, NULL);
	g_source_attach(core->settle_source, engine->context);
}

static gboolean ask_settled(gpointer data)
{
	sn_engine_check_settled(data);
	return G_SOURCE_REMOVE;
}

gboolean sn_engine_settle(SnEngine *engine, int timeout_ms, GError **error)
{
	SnEngineCore *core = engine->core;
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	gboolean in_time = TRUE, done;

	g_mutex_lock(&core->lock_state);
	core->settled = FALSE;
	g_main_context_invoke_full(engine->context, G_PRIORITY_LOW, ask_settled, engine, NULL);
	while (!core->settled && in_time)
		in_time = g_cond_wait_until(&core->changed, &core->lock_state, end);
	done = core->settled && !core->settle_error;
	if (!core->settled)
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		            "Not everything was synced and delivered within %d seconds.",
		            timeout_ms / 1000);
	else if (core->settle_error)
		g_propagate_error(error, g_error_copy(core->settle_error));
	g_mutex_unlock(&core->lock_state);
	return done;
}

/* ---- start and stop ---- */

static gboolean open_parts(SnEngine *engine, GError **error)
{
	SnEngineCore *core = engine->core;

	engine->store = sn_store_open_watched(engine->setup.paths->store_path, SN_STORE_ENGINE,
	                                      engine->setup.watch, error);
	if (!engine->store || !sn_status_reset(engine->store, error) ||
	    !sn_presence_forget_all(engine->store, FALSE, error) ||
	    !sn_part_none_under_way(engine->store, error) ||
	    !sn_config_declare(engine->config, engine->store, error))
		return FALSE;
	core->bell = sn_bell_open(sn_store_bell_path(engine->store), error);
	if (!core->bell || !sn_bell_listen(core->bell, error))
		return FALSE;
	core->bell_source = g_unix_fd_source_new(sn_bell_fd(core->bell), G_IO_IN);
	g_source_set_callback(core->bell_source, (GSourceFunc)(void (*)(void))bell_rang, engine,
	                      NULL);
	g_source_attach(core->bell_source, engine->context);
	return TRUE;
}

static void start_accounts(SnEngine *engine)
{
	for (gsize i = 0; i < sn_config_account_count(engine->config); i++) {
		const SnAccount *config = sn_config_account(engine->config, i);
		if (config->enabled)
			sn_account_start(engine, config);
	}
}

static void drop_source(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static void drop_sources(SnEngine *engine)
{
	SnEngineCore *core = engine->core;

	drop_source(&core->look_source);
	drop_source(&core->settle_source);
	drop_source(&core->presence_source);
	drop_source(&core->durable_source);
	drop_source(&core->bell_source);
	drop_source(&core->trouble_source);
	sn_engine_leave_clock(engine);
}

static void close_parts(SnEngine *engine)
{
	SnEngineCore *core = engine->core;
	const GError *problem = NULL;
	gboolean rests = core->mark_wanted && engine->store && settled(engine, &problem) && !problem;

	core->closing = TRUE;
	sn_accounts_stop(engine, engine->accounts);
	/* a part that waits for its thread turns the loop, in which nobody may ask for those that are gone */
	drop_sources(engine);
	g_clear_pointer(&engine->delivery, sn_delivery_free);
	g_clear_pointer(&core->vcards, sn_vcards_free);
	g_clear_pointer(&core->drafts, sn_drafts_free);
	g_clear_pointer(&core->map_sync, sn_map_sync_free);
	g_clear_pointer(&core->book, sn_book_free);
	g_clear_pointer(&core->leaver, sn_leaver_free);
	g_clear_pointer(&core->notifier, sn_notifier_free);
	drop_sources(engine); /* what was written last has armed one again */
	g_clear_pointer(&core->bell, sn_bell_free);
	if (engine->store) {
		sn_status_reset(engine->store, NULL);
		sn_presence_forget_all(engine->store, TRUE, NULL);
		sn_store_sync(engine->store, NULL);
		core->mark = rests ? sn_store_rest(engine->store) : NULL;
	}
	g_clear_pointer(&engine->store, sn_store_close);
}

static void report_phase(SnEngineCore *core, SnPhase phase, GError *error)
{
	g_mutex_lock(&core->lock_state);
	core->phase = phase;
	core->error = error;
	g_cond_broadcast(&core->changed);
	g_mutex_unlock(&core->lock_state);
}

static gpointer engine_main(gpointer data)
{
	SnEngine *engine = data;
	SnEngineCore *core = engine->core;
	GError *error = NULL;

	g_main_context_push_thread_default(engine->context);
	if (open_parts(engine, &error)) {
		core->notifier = sn_notifier_new(engine);
		core->book = sn_book_new(engine);
		core->leaver = sn_leaver_new(engine);
		core->vcards = sn_vcards_new(engine);
		core->drafts = sn_drafts_new(engine);
		core->map_sync = sn_map_sync_new(engine);
		engine->delivery = sn_delivery_new(engine);
		start_accounts(engine);
		sn_engine_watch_clock(engine);
		sn_delivery_recover(engine->delivery);
		sn_mdn_start(engine);
		report_phase(core, SN_PHASE_RUNNING, NULL);
		sn_engine_wake(engine);
		g_main_loop_run(core->loop);
		close_parts(engine);
	} else {
		close_parts(engine);
		report_phase(core, SN_PHASE_FAILED, error);
	}
	g_main_context_pop_thread_default(engine->context);
	return NULL;
}

static SnEngine *engine_new(const SnEngineSetup *setup, SnLock *lock)
{
	SnEngine *engine = g_new0(SnEngine, 1);
	SnEngineCore *core = g_new0(SnEngineCore, 1);

	engine->setup = *setup;
	engine->config = sn_config_ref(setup->config);
	engine->clock = setup->clock ? setup->clock : sn_clock_system();
	engine->context = g_main_context_new();
	engine->accounts = g_ptr_array_new();
	engine->random =
		setup->random_seed ? g_rand_new_with_seed(setup->random_seed) : g_rand_new();
	engine->core = core;
	core->lock = lock;
	core->clock_fd = -1;
	core->loop = g_main_loop_new(engine->context, FALSE);
	g_mutex_init(&core->lock_state);
	g_cond_init(&core->changed);
	return engine;
}

static void engine_free(SnEngine *engine)
{
	SnEngineCore *core = engine->core;

	g_assert(engine->accounts->len == 0);
	sn_lock_release(core->lock);
	g_main_loop_unref(core->loop);
	g_mutex_clear(&core->lock_state);
	g_cond_clear(&core->changed);
	g_clear_error(&core->error);
	g_clear_error(&core->settle_error);
	g_free(core);
	g_ptr_array_unref(engine->accounts);
	g_main_context_unref(engine->context);
	g_rand_free(engine->random);
	sn_vault_free(engine->vault);
	g_free(engine->vault_error);
	sn_config_unref(engine->config);
	g_free(engine);
}

SnEngine *sn_engine_start(const SnEngineSetup *setup, GError **error)
{
	SnLock *lock = sn_lock_take(setup->paths->lock_path, error);

	if (!lock)
		return NULL;
	sn_mime_init();
	SnEngine *engine = engine_new(setup, lock);
	SnEngineCore *core = engine->core;
	core->thread = g_thread_new("sennit-engine", engine_main, engine);
	g_mutex_lock(&core->lock_state);
	while (core->phase == SN_PHASE_STARTING)
		g_cond_wait(&core->changed, &core->lock_state);
	SnPhase phase = core->phase;
	g_mutex_unlock(&core->lock_state);
	if (phase == SN_PHASE_RUNNING)
		return engine;
	g_thread_join(core->thread);
	g_propagate_error(error, g_steal_pointer(&core->error));
	engine_free(engine);
	return NULL;
}

static gboolean quit(gpointer data)
{
	g_main_loop_quit(((SnEngine *)data)->core->loop);
	return G_SOURCE_REMOVE;
}

static char *stop(SnEngine **engine, gboolean mark)
{
	if (!engine || !*engine)
		return NULL;
	SnEngine *one = g_steal_pointer(engine);
	one->core->mark_wanted = mark;
	g_main_context_invoke(one->context, quit, one);
	g_thread_join(one->core->thread);
	char *rest = g_steal_pointer(&one->core->mark);
	engine_free(one);
	return rest;
}

void sn_engine_stop(SnEngine **engine)
{
	stop(engine, FALSE);
}

char *sn_engine_stop_at_rest(SnEngine **engine)
{
	return stop(engine, TRUE);
}

/* ---- reload ---- */

typedef struct {
	SnEngine *engine;
	SnConfig *config;
} Reload;

static void reload_free(gpointer data)
{
	Reload *reload = data;

	sn_config_unref(reload->config);
	g_free(reload);
}

/* Accounts whose connections did not change keep them; only their settings are looked at anew. */
static void restart_map_sync(SnEngine *engine)
{
	g_clear_pointer(&engine->core->map_sync, sn_map_sync_free);
	engine->core->map_sync = sn_map_sync_new(engine);
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		if (account->im_online)
			sn_map_sync_synced(engine->core->map_sync, account);
	}
}

static gboolean reload(gpointer data)
{
	Reload *job = data;
	SnEngine *engine = job->engine;
	SnConfig *config = job->config;
	g_autoptr(GPtrArray) gone = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	if (!sn_config_declare(config, engine->store, &error)) {
		g_warning("%s", error->message);
		return G_SOURCE_REMOVE;
	}
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		const SnAccount *now = sn_config_account_named(config, account->config->name);
		if (!now || !now->enabled || !sn_account_same(account->config, now))
			g_ptr_array_add(gone, account);
		else
			sn_account_reconfigure(account, config, now);
	}
	sn_accounts_stop(engine, gone);
	SnConfig *old = engine->config;
	engine->config = sn_config_ref(config);
	for (gsize i = 0; i < sn_config_account_count(config); i++) {
		const SnAccount *one = sn_config_account(config, i);
		SnId id = sn_account_find(engine->store, one->name);
		if (one->enabled && !sn_engine_account_by_id(engine, id))
			sn_account_start(engine, one);
	}
	sn_config_unref(old);
	g_clear_pointer(&engine->core->vcards, sn_vcards_free);
	g_clear_pointer(&engine->core->book, sn_book_free);
	engine->core->book = sn_book_new(engine);
	engine->core->vcards = sn_vcards_new(engine);
	restart_map_sync(engine);
	sn_engine_wake(engine);
	return G_SOURCE_REMOVE;
}

void sn_engine_reload(SnEngine *engine, SnConfig *config)
{
	Reload *job = g_new0(Reload, 1);

	job->engine = engine;
	job->config = sn_config_ref(config);
	g_main_context_invoke_full(engine->context, G_PRIORITY_DEFAULT, reload, job, reload_free);
}

/* The engine of this process may not have begun, so MIME may not be ready. */
static GBytes *part_bytes(GBytes *raw, int position, GError **error)
{
	sn_mime_init();
	return sn_mail_part_bytes(raw, position, error);
}

static SnOpened *open_mail(SnStore *store, GBytes *raw, const SnConfig *config, gboolean may_ask,
                           gboolean all_parts)
{
	SnGpg gpg = sn_engine_gpg(config);

	sn_mime_init();
	g_autofree char *sender_key = sn_autocrypt_bring_key(store, config, &gpg, raw);
	gpg.may_ask = may_ask;
	gpg.sender_key = sender_key;
	return sn_mail_open(raw, &gpg, all_parts);
}

static SnOutlook *outlook(SnStore *store, const SnConfig *config, const SnOutlookAsk *ask)
{
	SnSealAsk seal = { .account = sn_config_account_named(config, ask->account), .from = ask->from,
		           .recipients = ask->recipients, .encrypt = ask->encrypt, .sign = ask->sign };

	sn_mime_init();
	if (!seal.account)
		return g_new0(SnOutlook, 1);
	g_autoptr(SnSealWish) wish = sn_seal_wish_new(store, config, &seal);
	return sn_seal_outlook(wish);
}

static gboolean set_up_key(SnStore *store, const SnConfig *config, const SnKeyAsk *ask,
                           SnKeyChosen *chosen, GError **error)
{
	sn_mime_init();
	return sn_autocrypt_set_up(store, config, ask, chosen, error);
}

static gboolean unlock_key(const char *address, const SnConfig *config, GError **error)
{
	SnGpg gpg = sn_engine_gpg(config);

	return sn_seal_unlock(&gpg, address, error);
}

static char *headers_text(GBytes *raw)
{
	sn_mime_init();
	return sn_mail_headers_text(raw);
}

static char *attached_text(GBytes *raw)
{
	sn_mime_init();
	return sn_mail_attached_text(raw);
}

static SnUnsubscribe *unsubscribe(GBytes *raw, const char *authentication)
{
	sn_mime_init();
	return sn_mail_unsubscribe(raw, authentication);
}

static GPtrArray *part_tree(GBytes *raw)
{
	sn_mime_init();
	return sn_mail_tree(raw);
}

static char *part_text(GBytes *bytes, const char *type, const char *charset)
{
	sn_mime_init();
	return sn_mail_part_text(bytes, type, charset);
}

typedef struct {
	void (*pong)(gpointer data);
	gpointer data;
} Ping;

static gboolean answer_ping(gpointer data)
{
	const Ping *ping = data;

	ping->pong(ping->data);
	return G_SOURCE_REMOVE;
}

static void ping(SnEngine *engine, void (*pong)(gpointer data), gpointer data)
{
	Ping *ping = g_new(Ping, 1);

	*ping = (Ping){ pong, data };
	g_main_context_invoke_full(engine->context, G_PRIORITY_DEFAULT, answer_ping, ping, g_free);
}

static gboolean oauth_login(const SnEngineBackends *backends, const SnOauth2 *config,
                            gboolean browser, SnOauth2Tell tell, gpointer data, GError **error)
{
	SnOauth *oauth = sn_oauth_new(config, backends->http);
	gboolean done = sn_oauth_login(oauth, browser, tell, data, error);

	sn_oauth_free(oauth);
	return done;
}

static char *oauth_token(const SnEngineBackends *backends, const SnOauth2 *config, GError **error)
{
	SnOauth *oauth = sn_oauth_new(config, backends->http);
	char *token = sn_oauth_token(oauth, error);

	sn_oauth_free(oauth);
	return token;
}

const SnEngineOps sn_engine_ops = {
	.start = sn_engine_start,
	.reload = sn_engine_reload,
	.stop = sn_engine_stop,
	.stop_at_rest = sn_engine_stop_at_rest,
	.settle = sn_engine_settle,
	.import = sn_engine_import,
	.probe = sn_engine_probe,
	.part_bytes = part_bytes,
	.headers_text = headers_text,
	.attached_text = attached_text,
	.unsubscribe = unsubscribe,
	.part_tree = part_tree,
	.part_text = part_text,
	.open_mail = open_mail,
	.outlook = outlook,
	.set_up_key = set_up_key,
	.unlock_key = unlock_key,
	.oauth_login = oauth_login,
	.oauth_token = oauth_token,
	.ping = ping,
};
