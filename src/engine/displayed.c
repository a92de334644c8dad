/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * displayed.c - what other clients of the user have read is read here too, and the other way round.
 *
 * What they tell comes before the archive is read, so that messages which are not here yet are
 * remembered by their stanza-id until they are filed. Nothing is kept over a restart: all is asked
 * for again with each new session.
 */
#include "src/engine/displayed.h"

#include <string.h>

#include "src/store/conversation.h"

enum { MAX_PENDING = 2000 };

struct sn_displayed {
	SnEngineAccount *account;
	GHashTable *pending; /* stanza-ids that are not here, -> the chat's bare JID */
	GHashTable *told;    /* bare JID -> stanza-id that the node holds, as far as known */
	GArray *untold;      /* of SnId: read here, but the line went before the node had it */
	gboolean known;      /* what the node holds was told in this session */
	gboolean refused;    /* the server keeps no such node: not again in this session */
};

SnDisplayed *sn_displayed_new(SnEngineAccount *account)
{
	SnDisplayed *displayed = g_new0(SnDisplayed, 1);

	displayed->account = account;
	displayed->untold = g_array_new(FALSE, FALSE, sizeof(SnId));
	displayed->pending = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	displayed->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return displayed;
}

void sn_displayed_free(SnDisplayed *displayed)
{
	if (!displayed)
		return;
	g_hash_table_unref(displayed->pending);
	g_hash_table_unref(displayed->told);
	g_array_unref(displayed->untold);
	g_free(displayed);
}

/* ---- what the others have read ---- */

/* The chat that a message is filed in, as its item is named; NULL: none that is told of. */
static char *chat_of(SnDisplayed *displayed, const SnMessage *message)
{
	SnStore *store = displayed->account->engine->store;
	g_autoptr(SnConversation) conversation = sn_conversation_get(store, message->conversation);

	if (!conversation || message->channel != SN_CHANNEL_IM || message->carried)
		return NULL;
	if (conversation->kind == SN_CONV_ROOM) /* not what one of its people says in private */
		return conversation->key && !strchr(conversation->key, '/') ? g_strdup(conversation->key)
		                                                            : NULL;
	return message->direction == SN_IN ? g_strdup(message->sender_value) : NULL;
}

/* Of an own message nothing tells here whom it went to: the id alone has to do. */
static gboolean is_of(SnDisplayed *displayed, const SnMessage *message, const char *chat)
{
	g_autofree char *own = chat_of(displayed, message);

	return own ? strcmp(own, chat) == 0 : message->direction == SN_OUT;
}

static void read_up_to(SnDisplayed *displayed, const SnMessage *message)
{
	g_autoptr(GError) error = NULL;

	if (!sn_conversation_mark_read(displayed->account->engine->store, message->conversation,
	                               message->id, &error))
		g_warning("%s", error->message);
}

void sn_displayed_event(SnDisplayed *displayed, const SnImEvent *event)
{
	SnEngineAccount *account = displayed->account;

	if (g_strcmp0(event->node, SN_PRIVATE_DISPLAYED) || !event->item)
		return;
	g_autofree char *chat = sn_address_normalise(SN_CHANNEL_IM, event->item);
	if (!chat)
		return;
	if (!event->text) {
		g_hash_table_remove(displayed->told, chat);
		return;
	}
	if (g_hash_table_size(displayed->told) < MAX_PENDING)
		g_hash_table_replace(displayed->told, g_strdup(chat), g_strdup(event->text));
	SnId id = sn_message_find_stanza(account->engine->store, account->id, event->text);
	g_autoptr(SnMessage) message = id ? sn_message_get(account->engine->store, id, 0) : NULL;
	if (message && is_of(displayed, message, chat))
		read_up_to(displayed, message);
	else if (!message && g_hash_table_size(displayed->pending) < MAX_PENDING)
		g_hash_table_replace(displayed->pending, g_strdup(event->text),
		                     g_steal_pointer(&chat));
}

void sn_displayed_filed(SnDisplayed *displayed, const SnMessage *message)
{
	const char *chat =
		message->stanza_id ? g_hash_table_lookup(displayed->pending, message->stanza_id) : NULL;

	if (!chat)
		return;
	if (is_of(displayed, message, chat))
		read_up_to(displayed, message);
	g_hash_table_remove(displayed->pending, message->stanza_id);
}

void sn_displayed_look(SnDisplayed *displayed)
{
	if (!displayed->known || displayed->untold->len == 0)
		return;
	g_autoptr(GArray) untold = g_steal_pointer(&displayed->untold);
	displayed->untold = g_array_new(FALSE, FALSE, sizeof(SnId));
	for (guint i = 0; i < untold->len; i++) {
		SnStore *store = displayed->account->engine->store;
		g_autoptr(SnMessage) message = sn_message_get(store, g_array_index(untold, SnId, i), 0);
		if (message)
			sn_displayed_tell(displayed, message);
	}
}

static void asked(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_IM_EV_PRIVATE)
		sn_displayed_event(data, event);
	else if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
	if (event->kind != SN_EVENT_DONE)
		return;
	((SnDisplayed *)data)->known = TRUE;
	sn_engine_wake(account->engine); /* what was not told yet */
}

void sn_displayed_synced(SnDisplayed *displayed)
{
	SnEngineAccount *account = displayed->account;
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_PRIVATE_GET, sn_engine_next_id(account->engine));

	displayed->refused = displayed->known = FALSE;
	g_hash_table_remove_all(displayed->pending);
	g_hash_table_remove_all(displayed->told);
	request->node = g_strdup(SN_PRIVATE_DISPLAYED);
	sn_engine_im(account, request, asked, displayed);
}

/* ---- what was read here ---- */

typedef struct {
	SnDisplayed *displayed;
	SnId message;
} Telling;

static void told(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	g_autofree Telling *telling = data;
	SnDisplayed *displayed = telling->displayed;

	if (event->kind != SN_EVENT_ERROR)
		return;
	if ((event->error->code == SN_ERROR_NETWORK || event->error->code == SN_ERROR_TEMPORARY) &&
	    displayed->untold->len < MAX_PENDING)
		g_array_append_val(displayed->untold, telling->message);
	/* a node that others can read would tell them whom the user talks to */
	displayed->refused = event->error->code == SN_ERROR_PERMISSION ||
	                     event->error->code == SN_ERROR_UNAVAILABLE;
	g_info("%s: %s", account->config->name, event->error->message);
}

/* The node holds this message of the chat, or one that came after it: another client has read on. */
static gboolean is_told(SnDisplayed *displayed, const char *chat, const SnMessage *message)
{
	SnStore *store = displayed->account->engine->store;
	const char *held = g_hash_table_lookup(displayed->told, chat);

	if (!held || strcmp(held, message->stanza_id) == 0)
		return held != NULL;
	SnId id = sn_message_find_stanza(store, displayed->account->id, held);
	g_autoptr(SnMessage) known = id ? sn_message_get(store, id, 0) : NULL;
	return known && known->conversation == message->conversation &&
	       (known->time > message->time ||
	        (known->time == message->time && known->id > message->id));
}

void sn_displayed_tell(SnDisplayed *displayed, const SnMessage *message)
{
	SnEngineAccount *account = displayed->account;
	g_autofree char *chat = chat_of(displayed, message);

	if (!chat || !message->stanza_id || displayed->refused || is_told(displayed, chat, message))
		return;
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(account->engine->store, message->conversation);
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_PRIVATE_PUT, sn_engine_next_id(account->engine));
	request->node = g_strdup(SN_PRIVATE_DISPLAYED);
	request->item = g_strdup(chat);
	request->text = g_strdup(message->stanza_id);
	request->with = conversation->kind == SN_CONV_ROOM ? g_strdup(chat) : NULL;
	if (g_hash_table_size(displayed->told) < MAX_PENDING)
		g_hash_table_replace(displayed->told, g_steal_pointer(&chat),
		                     g_strdup(message->stanza_id));
	Telling *telling = g_new0(Telling, 1);
	*telling = (Telling){ displayed, message->id };
	sn_engine_im(account, request, told, telling);
}
