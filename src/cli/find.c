/* SPDX-License-Identifier: GPL-3.0-or-later */
/* find.c - from what a person types to the one row that is meant. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/store/rooms.h"

enum { MAX_NAMED = 8 };

char *sn_cli_address(const char *text, int *channel)
{
	static const struct {
		const char *prefix;
		int channel;
	} prefixes[] = { { "mailto:", SN_CHANNEL_MAIL }, { "mail:", SN_CHANNEL_MAIL },
		         { "xmpp:", SN_CHANNEL_IM },     { "im:", SN_CHANNEL_IM } };

	*channel = -1;
	for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
		if (g_ascii_strncasecmp(text, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0) {
			text += strlen(prefixes[i].prefix);
			*channel = prefixes[i].channel;
			break;
		}
	/* a URI's query is none of the address; and xmpp://account@host/ is not written by hand */
	g_autofree char *bare = *channel >= 0 ? g_strndup(text, strcspn(text, "?")) : g_strdup(text);
	g_autofree char *plain = *channel >= 0 ? g_uri_unescape_string(bare, NULL) :
	                                         g_strdup(bare);
	if (!plain)
		return NULL;
	return sn_address_normalise(*channel == SN_CHANNEL_IM ? SN_CHANNEL_IM : SN_CHANNEL_MAIL,
	                            plain);
}

SnId sn_cli_id(const char *text)
{
	g_autofree char *word = g_strstrip(g_strdup(text));
	guint64 id = 0;

	if (!g_ascii_string_to_unsigned(g_str_has_prefix(word, "id:") ? word + 3 : word, 10, 1,
	                                G_MAXINT64, &id, NULL))
		return 0;
	return (SnId)id;
}

SnId sn_cli_message(SnStore *store, const char *text)
{
	g_autofree char *bare = g_str_has_prefix(text, "<") && g_str_has_suffix(text, ">")
	                                ? g_strndup(text + 1, strlen(text) - 2)
	                                : g_strdup(text);
	SnId id = sn_cli_id(bare);
	g_autoptr(SnMessage) message = NULL;

	if (!id)
		id = sn_message_find_mail(store, bare);
	message = id ? sn_message_get(store, id, 0) : NULL;
	return message ? id : 0;
}

static void name_conversations(const char *who, const GPtrArray *found)
{
	sn_cli_failf(SN_EXIT_NOT_FOUND, "'%s' fits %u conversations; use one of these:", who,
	             found->len);
	for (guint i = 0; i < MIN(found->len, MAX_NAMED); i++) {
		const SnConversation *one = found->pdata[i];
		fprintf(stderr, "  id:%" G_GINT64_FORMAT "  %s\n", one->id, one->title);
	}
}

static void name_people(const char *who, const GPtrArray *found)
{
	sn_cli_failf(SN_EXIT_NOT_FOUND, "'%s' fits %u people; use one of these:", who, found->len);
	for (guint i = 0; i < MIN(found->len, MAX_NAMED); i++) {
		const SnPerson *one = found->pdata[i];
		fprintf(stderr, "  id:%" G_GINT64_FORMAT "  %s\n", one->id, one->name);
	}
}

/* The person of exactly this address on that channel; 0. */
static SnId person_of(SnStore *store, SnChannel channel, const char *value)
{
	g_autofree char *normal = sn_address_normalise(channel, value);
	g_autoptr(SnAddress) address = normal ? sn_address_find(store, channel, normal) : NULL;

	return address ? address->person : 0;
}

SnId sn_cli_find_person(SnStore *store, const char *who, int *code)
{
	int channel;
	g_autofree char *address = sn_cli_address(who, &channel);
	SnId exact = channel >= 0 && address ? person_of(store, (SnChannel)channel, address) : 0;
	g_autoptr(GPtrArray) found = NULL;

	if (exact)
		return exact;
	if (channel < 0)
		found = sn_person_find(store, who);
	if (found && found->len == 1)
		return ((SnPerson *)found->pdata[0])->id;
	*code = SN_EXIT_NOT_FOUND;
	if (found && found->len > 1)
		name_people(who, found);
	else
		sn_cli_failf(SN_EXIT_NOT_FOUND, "nobody is known as '%s'; 'sennit people' lists all", who);
	return 0;
}

static SnId conversation_of(SnStore *store, SnId person)
{
	return person ? sn_conversation_for_person(store, person, NULL) : 0;
}

/* By name, part of a name, or id. */
static SnId find_named(SnStore *store, const char *who, int *code)
{
	g_autoptr(GPtrArray) found = sn_conversation_find(store, who);

	*code = SN_EXIT_NOT_FOUND;
	if (found && found->len == 1)
		return ((SnConversation *)found->pdata[0])->id;
	if (found && found->len > 1) {
		name_conversations(who, found);
		return 0;
	}
	/* somebody one never wrote with has no conversation yet */
	g_autoptr(GPtrArray) people = sn_person_find(store, who);
	if (people && people->len > 1) {
		name_people(who, people);
		return 0;
	}
	SnId id = people && people->len ? conversation_of(store, ((SnPerson *)people->pdata[0])->id) : 0;
	if (!id)
		sn_cli_failf(SN_EXIT_NOT_FOUND, "no conversation with '%s'; 'sennit list' lists all", who);
	return id;
}

GArray *sn_cli_find_conversations(SnStore *store, const char *who, int *code)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	int channel;
	g_autofree char *address = sn_cli_address(who, &channel);
	g_autoptr(SnRoom) room = address && channel != SN_CHANNEL_MAIL
	                                 ? sn_room_find(store, 0, address)
	                                 : NULL;

	if (room) { /* its address is nobody's */
		g_array_append_val(ids, room->conversation);
		return ids;
	}
	for (int i = SN_CHANNEL_MAIL; address && i <= SN_CHANNEL_IM; i++) {
		SnId id = channel >= 0 && channel != i ? 0 :
		          conversation_of(store, person_of(store, (SnChannel)i, address));
		if (id && (!ids->len || g_array_index(ids, SnId, 0) != id))
			g_array_append_val(ids, id);
	}
	if (!ids->len && channel < 0) {
		SnId id = find_named(store, who, code);
		if (id)
			g_array_append_val(ids, id);
	} else if (!ids->len) {
		*code = sn_cli_failf(SN_EXIT_NOT_FOUND, "no conversation with '%s'", who);
	}
	return ids;
}

SnId sn_cli_find_conversation(SnStore *store, const char *who, int *code)
{
	g_autoptr(GArray) ids = sn_cli_find_conversations(store, who, code);

	if (ids->len < 2)
		return ids->len ? g_array_index(ids, SnId, 0) : 0;
	*code = sn_cli_failf(SN_EXIT_NOT_FOUND, "'%s' is an email and an IM address of two people; write "
	                     "mailto:%s or xmpp:%s", who, who, who);
	return 0;
}
