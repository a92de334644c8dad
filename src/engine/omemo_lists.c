/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/engine/delivery_private.h"
#include "src/engine/omemo_private.h"

enum {
	MAX_REPAIRS = 5,     /* of the own list in one session: another client may think otherwise */
	MAX_LISTS = 5000,    /* remembered in one session */
};
#define FAILED_FOR SN_HOUR /* a device that could not be begun with is let be for as long */
#define LIST_HOLDS SN_MINUTE /* one that lets nothing go is not asked for again before */
#define NONE_HOLDS (10 * SN_MINUTE) /* nor one of somebody who reads in the clear meanwhile */
#define HEALED_FOR SN_HOUR /* a session is begun anew not more often */

char *sn_omemo_place(const char *jid, guint32 device)
{
	return g_strdup_printf("%s/%u", jid, device);
}

gboolean sn_omemo_place_read(const char *place, char **jid, guint32 *device)
{
	const char *slash = strrchr(place, '/');

	if (!slash)
		return FALSE;
	*jid = g_strndup(place, (gsize)(slash - place));
	*device = (guint32)g_ascii_strtoull(slash + 1, NULL, 10);
	return *device != 0;
}

static void warn(SnOmemo *self, const GError *error)
{
	g_warning("%s: %s", self->account->config->name, error->message);
}

void sn_omemo_look_at_waiting(SnOmemo *self)
{
	SnDelivery *delivery = self->account->engine->delivery;
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, self->waiting);
	while (g_hash_table_iter_next(&iter, &id, NULL))
		g_ptr_array_add(ids, g_memdup2(id, sizeof(SnId)));
	g_hash_table_remove_all(self->waiting);
	for (guint i = 0; i < ids->len; i++)
		sn_delivery_plan_open(delivery, *(SnId *)ids->pdata[i]);
}

/* ---- lists ---- */

static void remember_list(SnOmemo *self, const char *jid, int what)
{
	SnTime now = sn_omemo_now(self);

	if (g_hash_table_size(self->lists) >= MAX_LISTS) {
		g_hash_table_remove_all(self->lists);
		g_hash_table_remove_all(self->heard);
	}
	g_hash_table_replace(self->lists, g_strdup(jid), GINT_TO_POINTER(what));
	g_hash_table_replace(self->heard, g_strdup(jid), g_memdup2(&now, sizeof now));
}

void sn_omemo_doubt_list(SnOmemo *self, const char *jid, gboolean must)
{
	const SnTime *heard = g_hash_table_lookup(self->heard, jid);
	SnTime now = sn_omemo_now(self), holds = must ? LIST_HOLDS : NONE_HOLDS;

	if (GPOINTER_TO_INT(g_hash_table_lookup(self->lists, jid)) != SN_LIST_ASKED && heard &&
	    (*heard <= now - holds || *heard > now))
		g_hash_table_remove(self->lists, jid);
}

/* A server need not tell us of the first device of somebody who just logged in: ejabberd tells only
 * those whose presence the session that publishes has seen by then. Cheap, because a contact can make
 * presences come often: it is asked again when a message is about to go. */
void sn_omemo_came(SnOmemo *self, const char *jid)
{
	SnTime *heard = g_hash_table_lookup(self->heard, jid);

	if (heard)
		*heard = 0;
}

static void list_written(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
}

static void bundle_checked(SnEngineAccount *account, const SnImEvent *event, gpointer data);

/* The server may have lost it, or another client may have taken it away. */
static void check_bundle(SnOmemo *self)
{
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_BUNDLE_GET,
	                                         sn_engine_next_id(self->account->engine));

	request->device = self->device;
	sn_engine_im(self->account, request, bundle_checked, NULL);
}

static void bundle_checked(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnOmemo *self = account->omemo;
	gboolean gone = event->kind == SN_EVENT_ERROR &&
	                (event->error->code == SN_ERROR_NOT_FOUND || event->error->code == SN_ERROR_INVALID);

	if (!self || (event->kind != SN_IM_EV_BUNDLE && !gone))
		return;
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(sn_omemo_store(self), account->id);
	if (!own || !own->published)
		return;
	if (gone || own->signed_id != event->bundle->signed_id ||
	    !g_bytes_equal(own->identity, event->bundle->identity))
		sn_omemo_unpublished(self);
}

/* Our own list has to have this device in it. */
static void repair(SnOmemo *self, const GArray *devices)
{
	SnImRequest *request;

	for (guint i = 0; i < devices->len; i++)
		if (g_array_index(devices, guint32, i) == self->device)
			return;
	if (self->repairs++ >= MAX_REPAIRS)
		return;
	request = sn_im_request_new(SN_IM_REQ_DEVICES_PUT, sn_engine_next_id(self->account->engine));
	request->devices = g_array_new(FALSE, FALSE, sizeof(guint32));
	if (devices->len) {
		guint from = devices->len < SN_OMEMO_MAX_DEVICES ? 0 : 1;
		g_array_append_vals(request->devices, &g_array_index(devices, guint32, from),
		                    devices->len - from);
	}
	g_array_append_val(request->devices, self->device);
	sn_engine_im(self->account, request, list_written, NULL);
}

static void take_list(SnOmemo *self, const char *jid, const GArray *devices)
{
	g_autoptr(GError) error = NULL;

	if (!sn_omemo_list_set(sn_omemo_store(self), self->account->id, jid, devices,
	                       sn_omemo_now(self), &error)) {
		warn(self, error);
		return;
	}
	remember_list(self, jid, SN_LIST_SEEN);
	if (strcmp(jid, self->own) == 0) {
		repair(self, devices);
		if (!self->own_known)
			check_bundle(self);
		self->own_known = TRUE;
	}
	sn_omemo_look_at_waiting(self);
}

void sn_omemo_event(SnOmemo *self, const SnImEvent *event)
{
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;

	/* what comes before the session is whole is asked for again then */
	if (event->kind == SN_IM_EV_DEVICES && jid && event->devices && sn_omemo_works(self))
		take_list(self, jid, event->devices);
}

static void list_came(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnOmemo *self = account->omemo;
	g_autofree char *jid = event->kind <= SN_EVENT_CANCELLED ? data : NULL;

	if (!self)
		return;
	if (event->kind == SN_IM_EV_DEVICES && event->devices) {
		take_list(self, data, event->devices);
		return;
	}
	if (!jid || GPOINTER_TO_INT(g_hash_table_lookup(self->lists, jid)) != SN_LIST_ASKED)
		return;
	if (event->kind == SN_EVENT_CANCELLED) {
		g_hash_table_remove(self->lists, jid);
		return;
	}
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: devices of %s: %s", account->config->name, jid, event->error->message);
	remember_list(self, jid, SN_LIST_FAILED);
	sn_omemo_look_at_waiting(self);
}

int sn_omemo_want_list(SnOmemo *self, const char *jid)
{
	int known = GPOINTER_TO_INT(g_hash_table_lookup(self->lists, jid));

	if (known || !self->synced)
		return known ? known : SN_LIST_FAILED;
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_DEVICES_GET,
	                                         sn_engine_next_id(self->account->engine));
	if (strcmp(jid, self->own) != 0)
		request->jid = g_strdup(jid);
	remember_list(self, jid, SN_LIST_ASKED);
	sn_engine_im(self->account, request, list_came, g_strdup(jid));
	return SN_LIST_ASKED;
}

/* ---- bundles and sessions ---- */

typedef struct {
	char *jid;
	guint32 device;
	gboolean heal; /* the device is told, by a message without text */
	gboolean begun;
} Begin;

static void begin_free(Begin *begin)
{
	g_free(begin->jid);
	g_free(begin);
}

static void failed(SnOmemo *self, const Begin *begin, const char *why)
{
	g_autoptr(SnOmemoDevice) device =
		sn_omemo_device_find(sn_omemo_store(self), self->account->id, begin->jid, begin->device);

	g_info("%s: no session with device %u of %s: %s", self->account->config->name, begin->device,
	       begin->jid, why);
	if (device)
		sn_omemo_device_failed(sn_omemo_store(self), device->id, sn_omemo_now(self), NULL);
}

/* The identity key is told of within, and is written with the session. */
static void begin_session(SnOmemo *self, Begin *begin, const SnOmemoBundle *bundle)
{
	SnStore *store = sn_omemo_store(self);
	g_autoptr(GError) error = NULL;

	if (!sn_store_begin(store, &error)) {
		warn(self, error);
		return;
	}
	if (!sn_ratchet_begin(self->ratchet, begin->jid, begin->device, bundle, &error)) {
		sn_store_rollback(store);
		failed(self, begin, error->message);
		return;
	}
	g_autoptr(SnOmemoDevice) device =
		sn_omemo_device_find(store, self->account->id, begin->jid, begin->device);
	if (device && device->failed)
		sn_omemo_device_failed(store, device->id, 0, NULL);
	if (!sn_store_commit(store, &error))
		warn(self, error);
	else
		begin->begun = TRUE;
}

static void bundle_came(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnOmemo *self = account->omemo;
	Begin *begin = data;

	if (self && event->kind == SN_IM_EV_BUNDLE && event->bundle) {
		begin_session(self, begin, event->bundle);
		return;
	}
	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (self) {
		g_autofree char *place = sn_omemo_place(begin->jid, begin->device);
		g_hash_table_remove(self->bundles, place);
		/* that we are off line says nothing of the device */
		if (event->kind == SN_EVENT_ERROR && event->error->code != SN_ERROR_NETWORK)
			failed(self, begin, event->error->message);
		if (begin->begun && begin->heal)
			sn_omemo_send_empty(self, begin->jid, begin->device);
		if (event->kind != SN_EVENT_CANCELLED && g_hash_table_size(self->bundles) == 0)
			sn_omemo_look_at_waiting(self);
	}
	begin_free(begin);
}

static void ask_for_bundle(SnOmemo *self, const char *jid, guint32 device, gboolean heal)
{
	g_autofree char *place = sn_omemo_place(jid, device);
	Begin *begin;

	if (!self->synced || !g_hash_table_add(self->bundles, g_strdup(place)))
		return;
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_BUNDLE_GET,
	                                         sn_engine_next_id(self->account->engine));
	request->jid = strcmp(jid, self->own) == 0 ? NULL : g_strdup(jid);
	request->device = device;
	begin = g_new0(Begin, 1);
	*begin = (Begin){ g_strdup(jid), device, heal, FALSE };
	sn_engine_im(self->account, request, bundle_came, begin);
}

gboolean sn_omemo_want_sessions(SnOmemo *self, const GPtrArray *devices)
{
	SnTime now = sn_omemo_now(self);
	gboolean asked = FALSE;

	for (guint i = 0; i < devices->len; i++) {
		const SnOmemoDevice *device = devices->pdata[i];
		gboolean own = device->device == self->device && strcmp(device->jid, self->own) == 0;
		gboolean lately = device->failed && device->failed > now - FAILED_FOR && device->failed <= now;
		if (own || device->session || !sn_omemo_device_counts(device) || lately)
			continue;
		ask_for_bundle(self, device->jid, device->device, FALSE);
		asked = asked || self->synced;
	}
	return asked;
}

void sn_omemo_heal(SnOmemo *self, const char *jid, guint32 number)
{
	g_autoptr(SnOmemoDevice) device =
		sn_omemo_device_find(sn_omemo_store(self), self->account->id, jid, number);
	SnTime now = sn_omemo_now(self);

	/* with somebody who sends nothing but broken messages it must not go on and on */
	if (!device || device->trust == SN_TRUST_NO ||
	    (device->healed > now - HEALED_FOR && device->healed <= now))
		return;
	if (sn_omemo_device_healed(sn_omemo_store(self), device->id, now, NULL))
		ask_for_bundle(self, jid, number, TRUE);
}
