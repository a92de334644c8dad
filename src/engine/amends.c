/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/amends.h"

#include <string.h>

#include "src/engine/omemo.h"
#include "src/store/amend.h"
#include "src/store/conversation.h"

#define RETRACTED_TEXT "I have taken back an earlier message, but your program does not show that."

struct sn_amends {
	SnEngineAccount *account;
	GHashTable *under_way; /* ids of stanzas that are with the backend */
};

typedef struct {
	SnAmends *amends;
	SnId id;
	char *stanza;
} Job;

SnAmends *sn_amends_new(SnEngineAccount *account)
{
	SnAmends *amends = g_new0(SnAmends, 1);

	amends->account = account;
	amends->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return amends;
}

void sn_amends_free(SnAmends *amends)
{
	if (!amends)
		return;
	g_hash_table_unref(amends->under_way);
	g_free(amends);
}

static gboolean drops_text(const SnEngine *engine)
{
	return !sn_config_settings(engine->config)->im_keep_retracted;
}

/* ---- what comes ---- */

static char *nick_of(const char *full)
{
	const char *slash = full ? strchr(full, '/') : NULL;

	return slash && slash[1] ? g_strdup(slash + 1) : NULL;
}

static SnTime time_of(const SnEngine *engine, const SnImMessage *im)
{
	SnTime now = sn_clock_now(engine->clock);

	return im->time > 0 && im->time < now ? im->time : now;
}

/* Never makes a conversation: of a stranger nothing is here that could be amended. 0 */
static SnId conversation_of(SnStore *store, const SnImMessage *im, const char *peer)
{
	g_autoptr(SnAddress) address = im->groupchat ? NULL
	                                             : sn_address_find(store, SN_CHANNEL_IM, peer);
	g_autoptr(GPtrArray) rooms = im->groupchat ? sn_conversation_find(store, peer) : NULL;

	if (address)
		return sn_conversation_for_person(store, address->person, NULL);
	for (guint i = 0; rooms && i < rooms->len; i++) {
		const SnConversation *one = rooms->pdata[i];
		if (one->kind == SN_CONV_ROOM && g_ascii_strcasecmp(one->key, peer) == 0)
			return one->id;
	}
	return 0;
}

static gboolean note(SnEngineAccount *account, const SnImMessage *im, const char *from,
                     const char *peer, GError **error)
{
	SnEngine *engine = account->engine;
	g_autofree char *nick = im->groupchat && !im->own ? nick_of(im->from) : NULL;
	g_autofree char *signs = im->react_id ? sn_reactions_tidy(im->reactions) : g_strdup("");
	SnAmend amend = {
		.kind = im->react_id ? SN_AMEND_REACTIONS : SN_AMEND_RETRACTION,
		.target = im->react_id ? im->react_id : im->retract_id,
		.account = account->id,
		.conversation = conversation_of(engine->store, im, peer),
		.who = nick,
		.occupant = im->occupant_id,
		.time = time_of(engine, im),
		.text = signs,
		.state = SN_STATE_RECEIVED,
	};

	if (!amend.conversation || (im->groupchat && !nick && !im->own))
		return TRUE;
	amend.sender = sn_address_intern(engine->store, SN_CHANNEL_IM, from, NULL, error);
	return amend.sender &&
	       sn_amend_add(engine->store, &amend, drops_text(engine), NULL, error);
}

gboolean sn_amends_take(SnEngineAccount *account, const SnImMessage *im, gboolean *written)
{
	const char *own = account->config->im.user;
	g_autofree char *from = NULL, *to = NULL;
	g_autoptr(GError) error = NULL;

	*written = TRUE;
	if ((!im->react_id && !im->retract_id) || im->error)
		return FALSE;
	from = sn_address_normalise(SN_CHANNEL_IM, im->from ? im->from : own);
	to = sn_address_normalise(SN_CHANNEL_IM, im->to ? im->to : own);
	if (!from || !to)
		return TRUE;
	gboolean out = !im->groupchat && (im->carbon_sent ||
	                                  sn_config_owns(account->engine->config, SN_CHANNEL_IM, from));
	g_autofree char *self = im->groupchat && im->own ? sn_address_normalise(SN_CHANNEL_IM, own)
	                                                 : NULL;
	if (!note(account, im, self ? self : from, out ? to : from, &error)) {
		g_warning("%s: %s", account->config->name, error->message);
		*written = FALSE;
	}
	return TRUE;
}

gboolean sn_amends_file(SnEngineAccount *account, const SnImMessage *im, const SnMessage *message,
                        GError **error)
{
	SnStore *store = account->engine->store;
	g_autofree char *nick = im->groupchat && !im->own ? nick_of(im->from) : NULL;
	SnAmend amend = {
		.kind = SN_AMEND_CORRECTION,
		.target = im->replace_id,
		.account = account->id,
		.conversation = message->conversation,
		.sender = message->sender,
		.who = nick,
		.time = message->time,
		.row = message->id,
		.state = SN_STATE_RECEIVED,
	};

	if (im->replace_id && im->body &&
	    !sn_amend_add(store, &amend, drops_text(account->engine), NULL, error))
		return FALSE;
	return sn_amend_adopt(store, message, drops_text(account->engine), error);
}

/* ---- what goes ---- */

static const char *party(const SnMessage *message, SnRole role)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *one = message->parties->pdata[i];
		if (one->role == role)
			return one->address;
	}
	return NULL;
}

static SnImMessage *make(SnEngine *engine, const SnAmend *amend, const SnMessage *message)
{
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(engine->store, message->conversation);
	gboolean room = conversation && conversation->kind == SN_CONV_ROOM;
	const char *to = room                           ? conversation->key
	                 : message->direction == SN_OUT ? party(message, SN_ROLE_TO)
	                                                : message->sender_value;
	SnImMessage *im = to ? sn_im_message_new() : NULL;

	if (!im)
		return NULL;
	im->to = g_strdup(to);
	im->groupchat = room;
	im->id = g_strdup(amend->stanza);
	im->origin_id = g_strdup(amend->stanza);
	switch (amend->kind) {
	case SN_AMEND_CORRECTION:
		im->replace_id = g_strdup(amend->target);
		im->body = g_strdup(amend->text);
		break;
	case SN_AMEND_REACTIONS:
		im->react_id = g_strdup(amend->target);
		im->reactions = g_strsplit(amend->text, " ", SN_REACTIONS_MAX); /* of "": none */
		im->store_hint = TRUE;
		break;
	case SN_AMEND_RETRACTION:
		im->retract_id = g_strdup(amend->target);
		im->body = g_strdup(RETRACTED_TEXT);
		im->store_hint = TRUE;
		break;
	}
	return im;
}

/* With the next line, or the next look, it is sent again. */
static gboolean is_passing(const GError *error)
{
	return error->code == SN_ERROR_NETWORK || error->code == SN_ERROR_UNCERTAIN ||
	       error->code == SN_ERROR_TEMPORARY || error->code == SN_ERROR_BUSY;
}

static void sent(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	Job *job = data;
	g_autoptr(GError) error = NULL;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	g_hash_table_remove(job->amends->under_way, job->stanza);
	gboolean failed = event->kind == SN_EVENT_ERROR && !is_passing(event->error);
	if ((event->kind == SN_EVENT_DONE || failed) &&
	    !sn_amend_sent(account->engine->store, job->id, job->stanza,
	                   failed ? event->error->message : NULL, &error))
		g_warning("%s: %s", account->config->name, error->message);
	g_free(job->stanza);
	g_free(job);
}

static void refuse(SnAmends *amends, const SnAmend *amend, const char *why)
{
	g_autoptr(GError) error = NULL;

	if (!sn_amend_sent(amends->account->engine->store, amend->id, amend->stanza, why, &error))
		g_warning("%s", error->message);
}

/* A text that was closed to the server is not opened to it by another one. FALSE: it does not go, or not
 * now. */
static gboolean seal(SnAmends *amends, const SnAmend *amend, SnImMessage *im)
{
	SnEngineAccount *account = amends->account;
	g_autofree char *why = NULL;
	g_autoptr(GError) error = NULL;
	guint e2e = 0;

	/* says nothing of what was in it; of a reaction the user was told before */
	if (amend->kind != SN_AMEND_CORRECTION)
		return TRUE;
	if (im->groupchat || !account->omemo) {
		refuse(amends, amend, "The message was encrypted, and this would not be.");
		return FALSE;
	}
	switch (sn_omemo_can(account->omemo, im->to, TRUE, &why)) {
	case SN_OMEMO_SOON: return FALSE; /* looked at again with the next news of devices */
	case SN_OMEMO_CLEAR:
	case SN_OMEMO_CANNOT:
		refuse(amends, amend, why ? why : "It cannot be encrypted now.");
		return FALSE;
	case SN_OMEMO_READY: break;
	}
	if (sn_omemo_seal(account->omemo, im, &e2e, &error))
		return TRUE;
	refuse(amends, amend, error->message);
	return FALSE;
}

static void send_one(SnAmends *amends, const SnAmend *amend)
{
	SnEngine *engine = amends->account->engine;
	g_autoptr(SnMessage) message =
		sn_message_get(engine->store, amend->message, SN_MESSAGE_FULL);
	SnImMessage *im = message ? make(engine, amend, message) : NULL;

	if (!im) {
		refuse(amends, amend, "Nobody is known to whom it could go.");
		return;
	}
	if (message->encrypted && !seal(amends, amend, im)) {
		sn_im_message_free(im);
		return;
	}
	Job *job = g_new0(Job, 1);
	*job = (Job){ amends, amend->id, g_strdup(amend->stanza) };
	g_hash_table_add(amends->under_way, g_strdup(amend->stanza));
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_SEND, sn_engine_next_id(engine));
	request->message = im;
	sn_engine_im(amends->account, request, sent, job);
}

void sn_amends_look(SnAmends *amends)
{
	SnEngineAccount *account = amends->account;

	if (!account->im_online)
		return;
	g_autoptr(GPtrArray) due = sn_amend_due(account->engine->store, account->id);
	for (guint i = 0; i < due->len; i++) {
		const SnAmend *amend = due->pdata[i];
		if (!g_hash_table_contains(amends->under_way, amend->stanza))
			send_one(amends, amend);
	}
}
