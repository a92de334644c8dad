/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wishes.c - fulfils what clients want besides messages: presence, contacts, fetching. */
#include "src/store/wish.h"

#include <string.h>

#include "src/engine/own_presence.h"
#include "src/engine/sync_private.h"
#include "src/store/contacts.h"
#include "src/store/policy.h"
#include "src/store/own_card.h"

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

static void show_presence(SnEngineAccount *account, const SnOwnShow *own)
{
	SnImRequest *request = new_im(account, SN_IM_REQ_PRESENCE);

	request->show = g_strdup(sn_presence_word(own->show));
	request->status = g_strdup(own->status);
	request->idle_since = own->idle_since;
	sn_engine_im(account, request, log_reply, NULL);
}

/* While something is to go when its recipient appears, the server must not hold that back. */
static gboolean waits_for_somebody(SnEngine *engine)
{
	g_autoptr(GPtrArray) open = sn_outbox_list(engine->store, SN_OUTBOX_OPEN, 0, 1, 0);

	return open && open->len > 0;
}

static void tell_whether_looked_at(SnEngineAccount *account, const SnActivity *activity)
{
	SnAccountCore *core = account->core;
	gboolean away = activity->known && !activity->looked && !waits_for_somebody(account->engine);

	if (core->told_away == away)
		return;
	core->told_away = away;
	SnImRequest *request = new_im(account, SN_IM_REQ_ACTIVE);
	request->active = !away;
	sn_engine_im(account, request, log_reply, NULL);
}

static void look_again(gpointer data)
{
	SnEngine *engine = data;

	g_clear_pointer(&engine->core->presence_source, g_source_unref);
	sn_engine_wake(engine);
}

static void arm_presence(SnEngine *engine, SnTime until)
{
	SnEngineCore *core = engine->core;

	if (core->presence_source) {
		g_source_destroy(core->presence_source);
		g_clear_pointer(&core->presence_source, g_source_unref);
	}
	if (until)
		core->presence_source = sn_engine_timer(
			engine, until - sn_clock_now(engine->clock), look_again, engine);
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
static SnTime apply_standing(SnEngineAccount *account, const SnActivity *activity)
{
	SnAccountCore *core = account->core;
	SnEngine *engine = account->engine;
	g_autofree char *presence = standing(account, SN_WISH_PRESENCE);
	g_autofree char *reach = standing(account, SN_WISH_REACH);

	if (!account->im_online)
		return 0;
	SnOwnShow own = sn_own_show(sn_config_settings(engine->config), presence, activity,
	                            sn_clock_now(engine->clock));
	g_autofree char *told = g_strdup_printf("%d\t%s\t%" G_GINT64_FORMAT, own.show,
	                                        own.status ? own.status : "", own.idle_since);
	/* a session begins as plainly on line */
	gboolean plain = own.show == SN_PRESENCE_ONLINE && !own.status && !presence;
	if (core->presence_told ? strcmp(told, core->presence_told) != 0 : !plain) {
		show_presence(account, &own);
		g_free(core->presence_told);
		core->presence_told = g_steal_pointer(&told);
	}
	g_free(own.status);
	tell_whether_looked_at(account, activity);
	if (reach && g_strcmp0(reach, core->reach_told)) {
		publish_reach(account, reach);
		g_free(core->reach_told);
		core->reach_told = g_strdup(reach);
	}
	return own.until;
}

static void apply_all_standing(SnEngine *engine)
{
	SnActivity activity = sn_activity_read(engine->store, sn_clock_now(engine->clock));
	SnTime first = 0;

	for (guint i = 0; i < engine->accounts->len; i++) {
		SnTime until = apply_standing(g_ptr_array_index(engine->accounts, i), &activity);
		if (until && (!first || until < first))
			first = until;
	}
	arm_presence(engine, first);
}

static void tell_known_caps(SnEngineAccount *account)
{
	SnImRequest *request = new_im(account, SN_IM_REQ_CAPS);
	g_autoptr(GPtrArray) known = sn_caps_known(account->engine->store);

	if (known->len == 0) {
		sn_im_request_free(request);
		return;
	}
	g_ptr_array_add(known, NULL);
	request->uris = (char **)g_ptr_array_steal(known, NULL);
	sn_engine_im(account, request, log_reply, NULL);
}

void sn_wishes_im_online(SnEngineAccount *account)
{
	/* a new session knows nothing of an earlier presence; what is published is compared with what
	 * the server holds, which may have lost it */
	g_clear_pointer(&account->core->presence_told, g_free);
	g_clear_pointer(&account->core->reach_told, g_free);
	tell_known_caps(account);
	apply_all_standing(account->engine);
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
	g_autofree char *blocked = sn_wish_as_answer(SN_WISH_CONTACT, jid, "block");
	const char *const values[] = { accept, refuse, blocked, NULL };
	const char *const labels[] = { "Yes", "No", "Block", NULL };
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

/* The list is the server's, so each account has one of its own. */
static void submit_all(SnEngine *engine, SnImRequestKind kind, const char *jid)
{
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *one = g_ptr_array_index(engine->accounts, i);
		if (one->im_online)
			submit_contact(one, kind, jid);
	}
}

/* Refused as well: who is let in again later is not seen by that. */
static void block(SnEngine *engine, const char *jid)
{
	submit_all(engine, SN_IM_REQ_UNSUBSCRIBED, jid);
	submit_all(engine, SN_IM_REQ_BLOCK, jid);
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
		submit_contact(account, SN_IM_REQ_UNSUBSCRIBED, jid);
	} else if (jid && g_str_equal(wish->value, "block")) {
		block(engine, jid);
	} else if (jid && g_str_equal(wish->value, "unblock")) {
		submit_all(engine, SN_IM_REQ_UNBLOCK, jid);
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
		gboolean here = part->path && g_file_test(part->path, G_FILE_TEST_EXISTS);
		if (part->url && !here && (g_str_has_prefix(part->url, "https:") ||
		                           g_str_has_prefix(part->url, "aesgcm:")))
			sn_files_fetch_part(account, message->id, part, FETCH_MAX);
	}
}

static void do_fetch(SnEngine *engine, const SnWish *wish)
{
	char *end;
	SnId id = g_ascii_strtoll(wish->key, &end, 10);
	gint64 position = *end == '-' ? g_ascii_strtoll(end + 1, NULL, 10) : 0;
	gboolean one = position > 0 && position < G_MAXINT;
	g_autoptr(SnMessage) message = sn_message_get(engine->store, id, SN_MESSAGE_FULL);

	if (message && message->channel == SN_CHANNEL_IM)
		fetch_files(engine, message);
	else if (message && one && !sn_mail_fetch_file(engine, message, (int)position))
		return; /* when its account is on line */
	else if (message && !one && !sn_mail_fetch_whole(engine, message))
		return;
	forget(engine, SN_WISH_FETCH, wish->key);
}

/* ---- the user's own vCard ---- */

static void card_is_due(gpointer data)
{
	SnEngineAccount *account = data;

	g_clear_pointer(&account->core->card_timer, g_source_unref);
	sn_engine_wake(account->engine);
}

/* A server that cannot take it now is asked less and less often. */
static void card_later(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;
	SnTime wait = MIN(SN_MINUTE << MIN(core->card_tries, 6), SN_HOUR);

	core->card_tries++;
	core->card_after = sn_clock_now(account->engine->clock) + wait;
	if (core->card_timer) {
		g_source_destroy(core->card_timer);
		g_source_unref(core->card_timer);
	}
	core->card_timer = sn_engine_timer(account->engine, wait, card_is_due, account);
}

static void card_written(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	g_autofree char *text = data;
	const char *name = account->config->name;
	SnStore *store = account->engine->store;
	g_autofree char *wanted = sn_wish_get(store, SN_WISH_CARD, name);
	gboolean later = event->kind == SN_EVENT_CANCELLED ||
	                 (event->kind == SN_EVENT_ERROR && (event->error->code == SN_ERROR_NETWORK ||
	                                                    event->error->code == SN_ERROR_TEMPORARY));

	account->core->card_goes = FALSE;
	if (event->kind == SN_EVENT_ERROR)
		g_warning("%s: your vCard was not written: %s", name, event->error->message);
	if (event->kind == SN_EVENT_DONE)
		sn_own_card_is(store, name, text, NULL);
	if (event->kind == SN_EVENT_ERROR && later)
		card_later(account);
	else
		account->core->card_tries = 0;
	if (!later && !g_strcmp0(wanted, text)) /* else the user has changed it again */
		forget(account->engine, SN_WISH_CARD, name);
}

static void do_card(SnEngine *engine, const SnWish *wish)
{
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		if (!g_str_equal(wish->key, account->config->name) || !account->im_online ||
		    account->core->card_goes ||
		    sn_clock_now(engine->clock) < account->core->card_after)
			continue;
		SnImRequest *request = new_im(account, SN_IM_REQ_VCARD_PUT);
		request->text = g_strdup(wish->value);
		account->core->card_goes = TRUE;
		sn_engine_im(account, request, card_written, g_strdup(wish->value));
	}
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
		{ SN_WISH_CARD, do_card },
		{ SN_WISH_CONTACT, do_contact },
		{ SN_WISH_FETCH, do_fetch },
		{ SN_WISH_MDN, do_mdn },
		{ SN_WISH_RECONNECT, do_reconnect },
	};

	apply_all_standing(engine);
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(GPtrArray) wishes = sn_wish_list(engine->store, kinds[i].kind);
		for (guint j = 0; j < wishes->len; j++)
			kinds[i].fulfil(engine, g_ptr_array_index(wishes, j));
	}
}
