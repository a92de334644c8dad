/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_im_contacts.c - the roster, who is there, who asks to be let in, and the vCards of contacts.
 */
#include "src/engine/omemo.h"
#include "src/engine/sync_im_private.h"
#include "src/store/contacts.h"
#include "src/store/own_card.h"

#include <string.h>

enum { VCARD_PAUSE = 2000 }; /* ms between lookups */

/* ---- roster and presence ---- */

static SnSubscription subscription_of(const char *word)
{
	static const struct {
		const char *word;
		SnSubscription subscription;
	} words[] = {
		{ "to", SN_SUB_TO },
		{ "from", SN_SUB_FROM },
		{ "both", SN_SUB_BOTH },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (!g_strcmp0(words[i].word, word))
			return words[i].subscription;
	return SN_SUB_NONE;
}

static void take_roster(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	g_autoptr(GError) error = NULL;
	gboolean done;

	if (!jid)
		return;
	if (event->removed)
		done = sn_roster_remove(engine->store, sync->account->id, jid, &error);
	else
		done = sn_roster_set(engine->store, sync->account->id, jid, event->name,
		                     subscription_of(event->subscription), event->ask, &error);
	if (!done) {
		sn_im_sync_warn(sync, error);
		return;
	}
	if (event->removed)
		return;
	if (sync->told)
		g_hash_table_add(sync->told, g_strdup(jid));
	sn_map_contact(engine->store, jid);
	g_queue_push_tail(&sync->lookups, g_steal_pointer(&jid));
	sn_im_contacts_look_up(sync);
}

/* Who was removed while we were away is told of by nobody: he is not in it any more. */
static void roster_ends(SnImSync *sync)
{
	SnStore *store = sync->account->engine->store;
	g_autoptr(GPtrArray) before = sn_roster_list(store, sync->account->id);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; sync->told && i < before->len; i++)
		if (!g_hash_table_contains(sync->told, before->pdata[i]) &&
		    !sn_roster_remove(store, sync->account->id, before->pdata[i], &error)) {
			sn_im_sync_warn(sync, error);
			break;
		}
	g_clear_pointer(&sync->told, g_hash_table_unref);
}

static void take_blocked(SnImSync *sync, const SnImEvent *event)
{
	g_autoptr(GError) error = NULL;

	if (!sn_blocked_set(sync->account->engine->store, sync->account->id, event->uris, &error))
		sn_im_sync_warn(sync, error);
}

static void take_caps(SnImSync *sync, const SnImEvent *event)
{
	g_autoptr(GError) error = NULL;

	if (event->item && event->uris &&
	    !sn_caps_put(sync->account->engine->store, event->item, event->name, event->uris,
	                 &error))
		sn_im_sync_warn(sync, error);
}

static void take_presence(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	g_autoptr(SnAddress) address =
		jid ? sn_address_find(engine->store, SN_CHANNEL_IM, jid) : NULL;
	g_autoptr(GError) error = NULL;
	const char *slash = event->jid ? strchr(event->jid, '/') : NULL;
	SnPresence presence = {
		.resource = (char *)(slash ? slash + 1 : ""),
		.status = event->status,
		.priority = event->priority,
		.since = event->time ? event->time : sn_clock_now(engine->clock),
		.idle = event->idle_since,
		.caps = event->item,
	};

	/* presence of strangers tells nothing and must not fill the store */
	if (!address || g_str_equal(jid, sync->own))
		return;
	if (!event->show || !sn_presence_parse(event->show, &presence.show))
		presence.show = SN_PRESENCE_ONLINE;
	presence.address = address->id;
	if (!sn_presence_set(engine->store, sync->account->id, &presence, &error))
		sn_im_sync_warn(sync, error);
	if (sync->account->omemo && presence.show != SN_PRESENCE_OFFLINE)
		sn_omemo_came(sync->account->omemo, jid);
	sn_delivery_presence(engine->delivery, address->id);
}

/* ---- subscription requests ---- */

static void take_subscription(SnImSync *sync, const SnImEvent *event)
{
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	g_autoptr(GError) error = NULL;

	/* "subscribed" and the like change the roster, which is told of by itself */
	if (!jid || (event->name && !g_str_equal(event->name, "subscribe")))
		return;
	if (!sn_contact_request(sync->account, jid, event->status, &error))
		sn_im_sync_warn(sync, error);
}

/* ---- vCards of contacts: once a day each, one after the other ---- */

static gboolean asked_today(SnEngine *engine, const char *key)
{
	g_autofree char *last = sn_store_get(engine->store, key);

	return last && sn_clock_now(engine->clock) - g_ascii_strtoll(last, NULL, 10) < SN_DAY;
}

static void lookup_again(gpointer data)
{
	SnImSync *sync = data;

	g_clear_pointer(&sync->lookup_timer, g_source_unref);
	sn_im_contacts_look_up(sync);
}

static void take_vcard(SnImSync *sync, const SnImEvent *event)
{
	SnEngineAccount *account = sync->account;

	if (!event->jid)
		return;
	if (g_str_equal(event->jid, sync->own))
		sn_own_card_is(account->engine->store, account->config->name,
		               event->text ? event->text : "", NULL);
	else
		sn_map_vcard(account->engine->store, event->jid, event->name, event->mails,
		             event->jids);
}

static void lookup_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnImSync *sync = data;

	switch (event->kind) {
	case SN_IM_EV_VCARD: take_vcard(sync, event); break;
	case SN_EVENT_DONE:
	case SN_EVENT_ERROR:
		if (sync->looks_for_own && event->error && event->error->code == SN_ERROR_NOT_FOUND)
			sn_own_card_is(account->engine->store, account->config->name, "", NULL);
		sync->looking_up = FALSE;
		if (!sync->lookup_timer && !g_queue_is_empty(&sync->lookups))
			sync->lookup_timer =
				sn_engine_timer(account->engine, VCARD_PAUSE, lookup_again, sync);
		break;
	case SN_EVENT_CANCELLED: sync->looking_up = FALSE; break;
	}
}

void sn_im_contacts_look_up(SnImSync *sync)
{
	SnEngine *engine = sync->account->engine;
	g_autofree char *jid = NULL, *key = NULL, *now = NULL;

	if (!sync->online || !sync->synced || sync->looking_up || sync->lookup_timer)
		return;
	while ((jid = g_queue_pop_head(&sync->lookups))) {
		key = g_strconcat("vcard-asked ", jid, NULL);
		if (!asked_today(engine, key))
			break;
		g_clear_pointer(&key, g_free);
		g_clear_pointer(&jid, g_free);
	}
	if (!jid)
		return;
	now = g_strdup_printf("%" G_GINT64_FORMAT, sn_clock_now(engine->clock));
	sn_store_set(engine->store, key, now, NULL);
	SnImRequest *request = sn_im_sync_request(sync, SN_IM_REQ_VCARD);
	request->jid = g_steal_pointer(&jid);
	sync->looks_for_own = g_str_equal(request->jid, sync->own);
	sync->looking_up = TRUE;
	sn_engine_im(sync->account, request, lookup_reply, sync);
}

gboolean sn_im_contacts_event(SnImSync *sync, const SnImEvent *event)
{
	switch (event->kind) {
	case SN_IM_EV_PRESENCE: take_presence(sync, event); return TRUE;
	case SN_IM_EV_ROSTER: take_roster(sync, event); return TRUE;
	case SN_IM_EV_ROSTER_END: roster_ends(sync); return TRUE;
	case SN_IM_EV_BLOCKED: take_blocked(sync, event); return TRUE;
	case SN_IM_EV_CAPS: take_caps(sync, event); return TRUE;
	case SN_IM_EV_SUBSCRIPTION: take_subscription(sync, event); return TRUE;
	case SN_IM_EV_VCARD: take_vcard(sync, event); return TRUE;
	case SN_IM_EV_REACH:
		if (event->jid)
			sn_map_reach(sync->account->engine->store, event->jid, event->uris);
		return TRUE;
	}
	return FALSE;
}

void sn_im_contacts_begin(SnImSync *sync)
{
	g_clear_pointer(&sync->told, g_hash_table_unref);
	sync->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void sn_im_contacts_clear(SnImSync *sync)
{
	if (sync->lookup_timer) {
		g_source_destroy(sync->lookup_timer);
		g_source_unref(sync->lookup_timer);
	}
	g_clear_pointer(&sync->told, g_hash_table_unref);
	g_queue_clear_full(&sync->lookups, g_free);
}
