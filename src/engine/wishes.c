/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wishes.c - fulfils what clients want besides messages: presence, contacts, fetching. */
#include "src/store/wish.h"

#include <string.h>

#include "src/engine/sync_private.h"
#include "src/store/policy.h"

#define FETCH_MAX ((gint64)1 << 30)
#define MAX_LOOKED_UP 50 /* contacts whose published wishes are looked at when we come on line */

static void log_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
}

static SnImRequest *new_im(SnEngineAccount *account, SnImRequestKind kind)
{
	return sn_im_request_new(kind, sn_engine_next_id(account->engine));
}

static void forget(SnEngine *engine, SnWishKind kind, const char *key)
{
	g_autoptr(GError) error = NULL;

	if (!sn_wish_set(engine->store, kind, key, NULL, &error))
		g_warning("%s", error->message);
}

/* The standing wish of the account, else that for all. */
static char *standing(SnEngineAccount *account, SnWishKind kind)
{
	char *own = sn_wish_get(account->engine->store, kind, account->config->name);

	return own ? own : sn_wish_get(account->engine->store, kind, "");
}

/* ---- presence and reachability ---- */

static void show_presence(SnEngineAccount *account, const char *wish)
{
	SnImRequest *request = new_im(account, SN_IM_REQ_PRESENCE);
	g_auto(GStrv) parts = g_strsplit(wish, "\t", 2);

	request->show = g_strdup(parts[0] && *parts[0] ? parts[0] : "online");
	request->status = parts[0] ? g_strdup(parts[1]) : NULL;
	sn_engine_im(account, request, log_reply, NULL);
}

static void publish_reach(SnEngineAccount *account, const char *wish)
{
	SnImRequest *request = new_im(account, SN_IM_REQ_REACH);

	request->uris = g_strsplit_set(wish, " ", 10);
	if (!*wish)
		request->uris[0] = NULL;
	sn_engine_im(account, request, log_reply, NULL);
}

/* What was told to the server last is remembered, so that a bell for something else sends nothing.
 */
static void apply_standing(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;
	g_autofree char *presence = standing(account, SN_WISH_PRESENCE);
	g_autofree char *reach = standing(account, SN_WISH_REACH);

	if (!account->im_online)
		return;
	if (presence && g_strcmp0(presence, core->presence_told)) {
		show_presence(account, presence);
		g_free(core->presence_told);
		core->presence_told = g_strdup(presence);
	}
	if (reach && g_strcmp0(reach, core->reach_told)) {
		publish_reach(account, reach);
		g_free(core->reach_told);
		core->reach_told = g_strdup(reach);
	}
}

void sn_wishes_im_online(SnEngineAccount *account)
{
	/* a new session knows nothing of an earlier presence; what is published is compared with what
	 * the server holds, which may have lost it */
	g_clear_pointer(&account->core->presence_told, g_free);
	g_clear_pointer(&account->core->reach_told, g_free);
	apply_standing(account);
}

static void reach_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_IM_EV_REACH && event->jid)
		sn_map_reach(account->engine->store, event->jid, event->uris);
	log_reply(account, event, data);
}

/* What contacts took back while we were not there is told by nobody, so those are asked for. */
void sn_wishes_im_synced(SnEngineAccount *account)
{
	g_autoptr(GArray) ids =
		sn_contact_wishes_published(account->engine->store, account->id);

	for (guint i = 0; i < MIN(ids->len, MAX_LOOKED_UP); i++) {
		g_autoptr(SnAddress) address =
			sn_address_get(account->engine->store, g_array_index(ids, SnId, i));
		if (!address)
			continue;
		SnImRequest *request = new_im(account, SN_IM_REQ_REACH_GET);
		request->jid = g_strdup(address->value);
		sn_engine_im(account, request, reach_reply, NULL);
	}
}

/* ---- contacts ---- */

gboolean sn_contact_request(SnEngineAccount *account, const char *jid, const char *words,
                            GError **error)
{
	SnStore *store = account->engine->store;
	g_autoptr(SnMessage) message = sn_message_new();
	g_autofree char *accept = sn_wish_as_answer(SN_WISH_CONTACT, jid, "accept");
	g_autofree char *refuse = sn_wish_as_answer(SN_WISH_CONTACT, jid, "refuse");
	const char *const values[] = { accept, refuse, NULL };
	const char *const labels[] = { "Yes", "No", NULL };
	SnAddResult result;

	message->account = account->id;
	message->channel = SN_CHANNEL_IM;
	message->state = SN_STATE_RECEIVED;
	message->time = sn_clock_now(account->engine->clock);
	message->origin_id = g_strdup_printf("wish:contact:%s", jid);
	message->body = g_strdup_printf("%s asks to see when you are online.%s%s", jid,
	                                words && *words ? "\n" : "", words ? words : "");
	message->notice = g_strdup("contact request");
	if (!sn_store_begin(store, error))
		return FALSE;
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, jid, NULL, error);
	gboolean good = message->sender != 0;
	if (good) {
		sn_message_add_party(message, SN_ROLE_FROM, jid, NULL);
		sn_message_add_party(message, SN_ROLE_TO, account->config->im.user, NULL);
		good = sn_message_add(store, message, NULL, NULL, &result, error);
	}
	/* asked before and not answered yet: once is enough */
	if (good && result == SN_ADDED)
		good = sn_question_add(store, message->conversation, message->id, message->body,
		                       values, labels, error) != 0;
	if (!good) {
		sn_store_rollback(store);
		return FALSE;
	}
	if (!sn_store_commit(store, error))
		return FALSE;
	if (result == SN_ADDED)
		sn_engine_notify(account->engine, SN_NOTIFY_QUESTION, message->conversation, jid,
		                 message->body);
	return TRUE;
}

static void submit_contact(SnEngineAccount *account, SnImRequestKind kind, const char *jid)
{
	SnImRequest *request = new_im(account, kind);

	request->jid = g_strdup(jid);
	sn_engine_im(account, request, log_reply, NULL);
}

/* The account whose roster has the contact, else the first that is on line. */
static SnEngineAccount *account_for(SnEngine *engine, const char *jid)
{
	g_autoptr(SnAddress) address = sn_address_find(engine->store, SN_CHANNEL_IM, jid);
	SnId id = 0;

	if (address && sn_roster_get(engine->store, address->id, &id, NULL, NULL)) {
		SnEngineAccount *one = sn_engine_account_by_id(engine, id);
		return one && one->im_online ? one : NULL;
	}
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *one = g_ptr_array_index(engine->accounts, i);
		if (one->im_online)
			return one;
	}
	return NULL;
}

static void do_contact(SnEngine *engine, const SnWish *wish)
{
	g_autofree char *jid = sn_address_normalise(SN_CHANNEL_IM, wish->key);
	SnEngineAccount *account = jid ? account_for(engine, jid) : NULL;

	if (jid && !account)
		return; /* when it is on line */
	if (jid && g_str_equal(wish->value, "accept")) {
		submit_contact(account, SN_IM_REQ_SUBSCRIBED, jid);
		submit_contact(account, SN_IM_REQ_SUBSCRIBE, jid);
	} else if (jid && g_str_equal(wish->value, "refuse")) {
		submit_contact(account, SN_IM_REQ_UNSUBSCRIBE, jid);
	} else if (jid && g_str_equal(wish->value, "request")) {
		submit_contact(account, SN_IM_REQ_ROSTER_SET, jid);
		submit_contact(account, SN_IM_REQ_SUBSCRIBE, jid);
	} else if (jid && g_str_equal(wish->value, "remove")) {
		submit_contact(account, SN_IM_REQ_ROSTER_REMOVE, jid);
	}
	forget(engine, SN_WISH_CONTACT, wish->key);
}

/* ---- fetching ---- */

static void fetch_files(SnEngine *engine, const SnMessage *message)
{
	SnEngineAccount *account = sn_engine_account_by_id(engine, message->account);

	for (guint i = 0; account && message->parts && i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		if (part->url && !part->path && g_str_has_prefix(part->url, "https:"))
			sn_files_fetch_part(account, message->id, part, FETCH_MAX);
	}
}

static void do_fetch(SnEngine *engine, const SnWish *wish)
{
	SnId id = g_ascii_strtoll(wish->key, NULL, 10);
	g_autoptr(SnMessage) message = sn_message_get(engine->store, id, SN_MESSAGE_FULL);

	if (message && message->channel == SN_CHANNEL_IM)
		fetch_files(engine, message);
	else if (message && !sn_mail_fetch_whole(engine, message))
		return; /* when its account is on line */
	forget(engine, SN_WISH_FETCH, wish->key);
}

/* ---- connections ---- */

static void do_mdn(SnEngine *engine, const SnWish *wish)
{
	sn_mdn_answer(engine, wish->key, wish->value);
	forget(engine, SN_WISH_MDN, wish->key);
}

static void do_reconnect(SnEngine *engine, const SnWish *wish)
{
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		if (*wish->key && !g_str_equal(wish->key, account->config->name))
			continue;
		if (account->source && !account->source_online)
			account->source_ops->reconnect(account->source);
		if (account->im && !account->im_online)
			account->im_ops->reconnect(account->im);
		if (account->source_online)
			sn_mail_sync_all(account->core->mail);
	}
	forget(engine, SN_WISH_RECONNECT, wish->key);
}

void sn_wishes_look(SnEngine *engine)
{
	static const struct {
		SnWishKind kind;
		void (*fulfil)(SnEngine *engine, const SnWish *wish);
	} kinds[] = {
		{ SN_WISH_CONTACT, do_contact },
		{ SN_WISH_FETCH, do_fetch },
		{ SN_WISH_MDN, do_mdn },
		{ SN_WISH_RECONNECT, do_reconnect },
	};

	for (guint i = 0; i < engine->accounts->len; i++)
		apply_standing(g_ptr_array_index(engine->accounts, i));
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(GPtrArray) wishes = sn_wish_list(engine->store, kinds[i].kind);
		for (guint j = 0; j < wishes->len; j++)
			kinds[i].fulfil(engine, g_ptr_array_index(wishes, j));
	}
}
