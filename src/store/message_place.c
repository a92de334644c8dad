/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_place.c - into which conversation a message belongs.
 *
 * A room, a mailing list, else the other people on it: none but the user is a note to self, one
 * is that person, more are a group. What was told along with another message stays beside that
 * message, so that nobody's history can write into somebody else's conversation.
 */
#include <string.h>

#include "src/store/map.h"
#include "src/store/private.h"
#include "src/store/rooms.h"

#define KEY_LIMIT 1000 /* bytes; longer ones are named by their hash */
#define TITLE_NAMES 4

static void append_once(GArray *ids, SnId id)
{
	for (guint i = 0; i < ids->len; i++)
		if (g_array_index(ids, SnId, i) == id)
			return;
	g_array_append_val(ids, id);
}

static gboolean counts(const SnMessage *message, const SnParty *party)
{
	if (message->channel == SN_CHANNEL_IM)
		return message->direction == SN_OUT && party->role == SN_ROLE_TO;
	return party->role == SN_ROLE_TO || party->role == SN_ROLE_CC ||
	       (party->role == SN_ROLE_BCC && message->direction == SN_OUT);
}

static gboolean is_own(SnStore *store, SnId address)
{
	return sn_one(store,
	              "SELECT 1 FROM address a JOIN own_address o ON o.channel = a.channel "
	              "AND o.value = a.value WHERE a.id = ?1",
	              V(address)) != 0;
}

/* Addresses on the message that are not the user's; the sender first, each once. */
static GArray *others(SnStore *store, const SnMessage *message)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	if (!is_own(store, message->sender))
		append_once(ids, message->sender);
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if (!counts(message, party) ||
		    sn_address_is_own(store, message->channel, party->address))
			continue;
		/* what is no address ("undisclosed-recipients:;") is nobody */
		SnId id = sn_address_make(store, message->channel, party->address, party->name,
		                          SN_NAME_TOLD, NULL);
		if (id)
			append_once(ids, id);
	}
	return ids;
}

static gboolean one_person(SnStore *store, const GArray *ids)
{
	SnId person = sn_address_person(store, g_array_index(ids, SnId, 0));

	for (guint i = 1; i < ids->len; i++)
		if (sn_address_person(store, g_array_index(ids, SnId, i)) != person)
			return FALSE;
	return TRUE;
}

static int compare_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *group_key(GPtrArray *values)
{
	g_autoptr(GString) key = g_string_new(NULL);

	g_ptr_array_sort(values, compare_text);
	for (guint i = 0; i < values->len; i++)
		g_string_append_printf(key, "%s%s", i ? " " : "", (char *)values->pdata[i]);
	if (key->len > KEY_LIMIT)
		return g_compute_checksum_for_string(G_CHECKSUM_SHA256, key->str, -1);
	return g_strdup(key->str);
}

static SnId group(SnStore *store, const GArray *ids, GError **error)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) title = g_string_new(NULL);

	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(SnAddress) address = sn_address_get(store, g_array_index(ids, SnId, i));
		g_autoptr(SnPerson) person = sn_person_get(store, address->person);
		g_ptr_array_add(values, g_ascii_strdown(address->value, -1));
		if (i < TITLE_NAMES)
			g_string_append_printf(title, "%s%s", i ? ", " : "", person->name);
	}
	if (ids->len > TITLE_NAMES)
		g_string_append_printf(title, " and %u more", ids->len - TITLE_NAMES);
	g_autofree char *key = group_key(values);
	SnId id = sn_conversation_make(store, SN_CONV_GROUP, key, title->str, 0, FALSE, error);
	for (guint i = 0; id && i < ids->len; i++)
		if (!sn_conversation_add_member(store, id, g_array_index(ids, SnId, i), error))
			return 0;
	return id;
}

/* All of them are one person: a group that is shown with that person, until they part. */
static gboolean place_with_one(SnStore *store, SnId group, const GArray *ids, SnId *conversation,
                               SnId *peer, GError **error)
{
	SnId person = sn_address_person(store, g_array_index(ids, SnId, 0));

	*conversation = sn_conversation_of_person(store, person, FALSE, error);
	*peer = -group;
	return *conversation && sn_shell_give(store, group, *conversation, error);
}

static gboolean place_with_people(SnStore *store, const SnMessage *message, SnId *conversation,
                                  SnId *peer, GError **error)
{
	g_autoptr(GArray) ids = others(store, message);

	if (ids->len > 1) {
		*conversation = group(store, ids, error);
		return *conversation &&
		       (!one_person(store, ids) ||
		        place_with_one(store, *conversation, ids, conversation, peer, error));
	}
	*peer = ids->len ? g_array_index(ids, SnId, 0) : message->sender;
	*conversation = sn_conversation_of_person(store, sn_address_person(store, *peer), FALSE,
	                                          error);
	return *conversation != 0;
}

static gboolean place_beside(SnStore *store, SnId carrier, SnId *conversation, SnId *peer,
                             GError **error)
{
	SnSql *query = sn_sql(store,
	                      "SELECT conversation, coalesce(peer, 0) FROM message WHERE id = ?1",
	                      V(carrier));

	if (sn_sql_row(query)) {
		*conversation = sn_sql_int(query, 0);
		*peer = sn_sql_int(query, 1);
	}
	if (!sn_sql_end(query, error))
		return FALSE;
	if (!*conversation)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "The message that brought this one is not here.");
	return *conversation != 0;
}

gboolean sn_message_place(SnStore *store, const SnMessage *message, const char *room_jid,
                          SnId *conversation, SnId *peer, GError **error)
{
	*conversation = *peer = 0;
	if (message->carried && message->carried_by)
		return place_beside(store, message->carried_by, conversation, peer, error);
	if (room_jid) {
		const char *nick = sn_room_private_nick(room_jid);
		g_autofree char *room = sn_address_normalise(SN_CHANNEL_IM, room_jid);
		g_autofree char *key = room && nick ? g_strdup_printf("%s/%s", room, nick)
		                                    : g_strdup(room);
		g_autofree char *title =
			room && nick ? g_strdup_printf("%s (private, in %.*s)", nick,
		                                       (int)strcspn(room, "@"), room)
				     : g_strdup(key);
		if (!key) {
			g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
			            "That is not the address of a room.");
			return FALSE;
		}
		*conversation = sn_conversation_make(store, SN_CONV_ROOM, key, title, 0, FALSE, error);
		return *conversation != 0;
	}
	if (message->list_id && *message->list_id) {
		g_autofree char *key = g_ascii_strdown(message->list_id, -1);
		/* "rope-makers.lists.example.org": people call it by its first label */
		gsize label = strcspn(message->list_id, ".");
		g_autofree char *title = g_strndup(message->list_id, label);
		*conversation = sn_conversation_make(store, SN_CONV_LIST, key,
		                                     label ? title : message->list_id, 0, FALSE, error);
		return *conversation &&
		       sn_conversation_add_member(store, *conversation, message->sender, error);
	}
	return place_with_people(store, message, conversation, peer, error);
}
