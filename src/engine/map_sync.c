/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * map_sync.c - what the user decided about people, exchanged between the user's own devices.
 *
 * Each device keeps items of its own in one private node of the account ([general] sync-map), each
 * item a chunk of its facts (src/store/facts.h), and reads those of the others. An item has one
 * writer, so nothing is ever written over; what the items say together does not depend on the order
 * in which they are read. What the server holds is looked at anew with each session, so that a node
 * that was emptied is filled again.
 */
#include <string.h>

#include "src/engine/sync_private.h"
#include "src/store/facts.h"

enum {
	MAX_TEXT = 256 << 10, /* of an item of another device */
	MAX_LINES = 5000,
	MAX_DEVICE = 40,
	OVERHEAD = 1000,      /* of the stanza around an item */
	SMALLEST_STANZA = 10000,
};

#define HEADING "sennit people 1\n"

struct sn_map_sync {
	SnEngine *engine;
	char *account;     /* its name */
	gboolean ready;    /* the items were read in this session */
	gboolean busy;     /* one is on its way to the server */
	gboolean blocked;  /* until the next session: the server does not do it */
	GHashTable *there; /* own items seen while reading; NULL: not reading */
};

/* ---- text of an item: "CLOCK KEY VALUE", percent-escaped; without value: taken back ---- */

static char *escaped(const char *text)
{
	return g_uri_escape_string(text, ":@", FALSE);
}

char *sn_map_sync_write(const GPtrArray *facts)
{
	GString *text = g_string_new(HEADING);

	for (guint i = 0; i < facts->len; i++) {
		const SnFact *fact = facts->pdata[i];
		g_autofree char *key = escaped(fact->key);
		g_autofree char *value = fact->value ? escaped(fact->value) : NULL;
		g_string_append_printf(text, "%" G_GINT64_FORMAT " %s%s%s\n", fact->clock, key,
		                       value ? " " : "", value ? value : "");
	}
	return g_string_free(text, FALSE);
}

GPtrArray *sn_map_sync_read(const char *text)
{
	GPtrArray *facts = g_ptr_array_new_with_free_func((GDestroyNotify)sn_fact_free);

	if (!g_str_has_prefix(text, HEADING) || strnlen(text, MAX_TEXT + 1) > MAX_TEXT)
		return facts; /* of a newer version, which this one cannot read */
	g_auto(GStrv) lines = g_strsplit(text + strlen(HEADING), "\n", MAX_LINES);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 4);
		guint count = g_strv_length(words);
		SnFact *fact;
		if (count < 2 || count > 3)
			continue;
		fact = g_new0(SnFact, 1);
		fact->clock = g_ascii_strtoll(words[0], NULL, 10);
		fact->key = g_uri_unescape_string(words[1], NULL);
		fact->value = count == 3 ? g_uri_unescape_string(words[2], NULL) : NULL;
		if (fact->key && (count == 2 || fact->value))
			g_ptr_array_add(facts, fact);
		else
			sn_fact_free(fact);
	}
	return facts;
}

/* ---- what the server is known to have ---- */

static char *sent_key(const SnMapSync *sync, int chunk)
{
	return g_strdup_printf("map-sent %s %d", sync->account, chunk);
}

static char *digest(const char *text)
{
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static void set_state(SnMapSync *sync, const GError *error)
{
	SnStore *store = sync->engine->store;
	g_autofree char *known = sn_store_get(store, "map-sync-state");
	g_autofree char *state =
		error ? g_strdup_printf("%s: %s", sync->account, error->message)
		      : g_strdup_printf("%s: in step", sync->account);

	if (g_strcmp0(known, state))
		sn_store_set(store, "map-sync-state", state, NULL);
}

static SnEngineAccount *account_of(const SnMapSync *sync)
{
	SnId id = sn_account_find(sync->engine->store, sync->account);
	SnEngineAccount *account = id ? sn_engine_account_by_id(sync->engine, id) : NULL;

	return account && account->im_online ? account : NULL;
}

/* ---- publishing ---- */

typedef struct {
	SnEngine *engine;
	char *key; /* under which the digest is remembered */
	char *digest;
} Sent;

static void sent_free(Sent *sent)
{
	g_free(sent->key);
	g_free(sent->digest);
	g_free(sent);
}

static void put_ended(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	Sent *sent = data;
	SnMapSync *sync = sent->engine->core->map_sync;

	if (event->kind != SN_EVENT_DONE && event->kind != SN_EVENT_ERROR &&
	    event->kind != SN_EVENT_CANCELLED)
		return;
	if (sync) {
		sync->busy = FALSE;
		if (event->kind == SN_EVENT_DONE) {
			sn_store_set(sync->engine->store, sent->key, sent->digest, NULL);
			set_state(sync, NULL);
			sn_map_sync_look(sync);
		} else {
			sync->ready = FALSE;
			sync->blocked = event->kind == SN_EVENT_ERROR;
			if (event->kind == SN_EVENT_ERROR) {
				g_warning("sync-map: %s", event->error->message);
				set_state(sync, event->error);
			}
		}
	}
	sent_free(sent);
}

/* Chunks that hold something, and those that did when they were sent. */
static gboolean is_chunk(const SnMapSync *sync, int chunk)
{
	g_autofree char *key = sent_key(sync, chunk);
	g_autofree char *known = sn_store_get(sync->engine->store, key);

	return known || chunk <= sn_facts_chunks(sync->engine->store);
}

/* FALSE: there is nothing to do for this chunk. */
static gboolean put_chunk(SnMapSync *sync, SnEngineAccount *account, int chunk)
{
	SnStore *store = sync->engine->store;
	g_autoptr(GPtrArray) facts = sn_facts_chunk(store, chunk);
	g_autofree char *text = sn_map_sync_write(facts), *key = sent_key(sync, chunk);
	g_autofree char *known = sn_store_get(store, key), *now = digest(text);
	g_autofree char *device = sn_facts_device(store, NULL);
	gsize room = account->stanza_max ? account->stanza_max : SMALLEST_STANZA;

	if (!device || g_strcmp0(known, now) == 0)
		return FALSE;
	if (strlen(text) + OVERHEAD > room) {
		g_autoptr(GError) error = g_error_new(SN_ERROR, SN_ERROR_LIMIT,
		                                      "The server takes stanzas of %d bytes, which is "
		                                      "too little for the list of people.",
		                                      (int)room);
		set_state(sync, error);
		return FALSE;
	}
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_PRIVATE_PUT, sn_engine_next_id(sync->engine));
	Sent *sent = g_new0(Sent, 1);
	request->node = g_strdup(SN_PRIVATE_PEOPLE);
	request->item = g_strdup_printf("%s.%d", device, chunk);
	request->text = g_steal_pointer(&text);
	sent->engine = sync->engine;
	sent->key = g_steal_pointer(&key);
	sent->digest = g_steal_pointer(&now);
	sync->busy = TRUE;
	sn_engine_im(account, request, put_ended, sent);
	return TRUE;
}

void sn_map_sync_look(SnMapSync *sync)
{
	SnEngineAccount *account = sync ? account_of(sync) : NULL;

	if (!account || !sync->ready || sync->busy || sync->blocked)
		return;
	for (int chunk = 1; is_chunk(sync, chunk); chunk++)
		if (put_chunk(sync, account, chunk))
			return;
}

/* ---- reading ---- */

/* "3f21c0ffee12.4": which device, which chunk of its facts. */
static char *device_of(const char *item, int *chunk)
{
	const char *dot = strrchr(item, '.');
	char *device;

	if (!dot || dot == item || dot - item > MAX_DEVICE)
		return NULL;
	*chunk = (int)CLAMP(g_ascii_strtoll(dot + 1, NULL, 10), 0, G_MAXINT);
	device = g_strndup(item, (gsize)(dot - item));
	if (*chunk > 0 && strspn(device, "0123456789abcdef") == strlen(device))
		return device;
	g_free(device);
	return NULL;
}

/* An item of our own: is it what we would send? Another than that is sent again. */
static void compare_own(SnMapSync *sync, int chunk, const char *text)
{
	SnStore *store = sync->engine->store;
	g_autoptr(GPtrArray) facts = sn_facts_chunk(store, chunk);
	g_autofree char *own = sn_map_sync_write(facts), *key = sent_key(sync, chunk);
	g_autofree char *now = digest(own), *known = sn_store_get(store, key);
	gboolean same = strcmp(own, text) == 0;

	if (sync->there)
		g_hash_table_add(sync->there, GINT_TO_POINTER(chunk));
	if (g_strcmp0(known, same ? now : NULL))
		sn_store_set(store, key, same ? now : NULL, NULL);
}

static void take_item(SnMapSync *sync, const char *item, const char *text)
{
	SnStore *store = sync->engine->store;
	int chunk = 0;
	g_autofree char *device = device_of(item, &chunk), *own = sn_facts_device(store, NULL);
	g_autoptr(GPtrArray) facts = sn_map_sync_read(text);
	g_autoptr(GError) error = NULL;
	guint news = 0;

	if (!device || !own)
		return;
	if (!sn_facts_take(store, device, facts, &news, &error))
		g_warning("sync-map: %s", error->message);
	else if (news)
		g_info("sync-map: %u news of %s.", news, device);
	if (strcmp(device, own) == 0)
		compare_own(sync, chunk, text);
}

/* Own chunks that the server does not have any more are sent again. */
static void forget_lost(SnMapSync *sync)
{
	for (int chunk = 1; is_chunk(sync, chunk); chunk++) {
		g_autofree char *key = sent_key(sync, chunk);
		g_autofree char *known = sn_store_get(sync->engine->store, key);
		if (known && !g_hash_table_contains(sync->there, GINT_TO_POINTER(chunk)))
			sn_store_set(sync->engine->store, key, NULL, NULL);
	}
}

static void get_ended(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnMapSync *sync = ((SnEngine *)data)->core->map_sync;

	if (!sync)
		return;
	if (event->kind == SN_IM_EV_PRIVATE) {
		if (event->item && event->text)
			take_item(sync, event->item, event->text);
		return;
	}
	if (event->kind == SN_EVENT_DONE && sync->there) {
		forget_lost(sync);
		sync->ready = TRUE;
		set_state(sync, NULL);
	} else if (event->kind == SN_EVENT_ERROR) {
		g_warning("sync-map: %s", event->error->message);
		set_state(sync, event->error);
	}
	g_clear_pointer(&sync->there, g_hash_table_unref);
	sn_map_sync_look(sync);
	sn_engine_wake(sync->engine);
}

static gboolean is_ours(const SnMapSync *sync, const SnEngineAccount *account)
{
	return sync && g_strcmp0(account->config->name, sync->account) == 0;
}

void sn_map_sync_synced(SnMapSync *sync, SnEngineAccount *account)
{
	if (!is_ours(sync, account) || sync->there)
		return;
	sync->ready = sync->blocked = FALSE;
	sync->there = g_hash_table_new(NULL, NULL);
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_PRIVATE_GET, sn_engine_next_id(sync->engine));
	request->node = g_strdup(SN_PRIVATE_PEOPLE);
	sn_engine_im(account, request, get_ended, sync->engine);
}

void sn_map_sync_event(SnMapSync *sync, SnEngineAccount *account, const SnImEvent *event)
{
	if (!is_ours(sync, account) || g_strcmp0(event->node, SN_PRIVATE_PEOPLE) || !event->item ||
	    !event->text)
		return;
	take_item(sync, event->item, event->text);
	sn_engine_wake(sync->engine);
}

/* ---- life ---- */

SnMapSync *sn_map_sync_new(SnEngine *engine)
{
	const char *account = sn_config_settings(engine->config)->general_sync_map;

	if (!account || !*account) {
		sn_store_set(engine->store, "map-sync-state", NULL, NULL);
		return NULL;
	}
	SnMapSync *sync = g_new0(SnMapSync, 1);
	sync->engine = engine;
	sync->account = g_strdup(account);
	if (!sn_account_find(engine->store, account)) {
		g_autoptr(GError) error =
			g_error_new(SN_ERROR, SN_ERROR_CONFIG,
		                    "There is no account of this name; see sync-map in sennit.conf.");
		g_warning("sync-map: %s", error->message);
		set_state(sync, error);
	}
	return sync;
}

void sn_map_sync_free(SnMapSync *sync)
{
	if (!sync)
		return;
	g_clear_pointer(&sync->there, g_hash_table_unref);
	g_free(sync->account);
	g_free(sync);
}
