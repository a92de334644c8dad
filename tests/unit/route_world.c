/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/route_world.h"

#include <glib/gstdio.h>
#include <string.h>

static const char accounts[] = "[home]\n"
			       "from = Alice Liddell <alice@example.test>\n"
			       "aliases = alias@example.test\n"
			       "source = imaps://alice@mail.example.test\n"
			       "outgoing = smtps://alice@mail.example.test\n"
			       "im = xmpp://alice@example.test\n"
			       "password-command = echo secret\n";

static SnTime world_now(gpointer data)
{
	return ((World *)data)->now;
}

static void open_store(World *world)
{
	g_autoptr(GError) error = NULL;

	world->store = sn_store_open(world->path, SN_STORE_ENGINE, &error);
	if (!world->store)
		g_error("%s", error->message);
	static const char *const mails[] = { "alice@example.test", "alias@example.test", NULL };
	SnOwnAccount own = { "home", mails, "alice@example.test" };
	if (!sn_own_accounts_set(world->store, &own, 1, &error))
		g_error("%s", error->message);
	world->home = sn_account_find(world->store, "home");
}

static World *make_world(const char *settings)
{
	World *world = g_new0(World, 1);
	g_autoptr(GError) error = NULL;

	world->dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	world->path = g_build_filename(world->dir, "sennit.db", NULL);
	/* Near the real time, because rows that the store itself makes carry that. */
	world->now = g_get_real_time() / 1000;
	world->clock = (SnClock){ world_now, world };
	world->config = sn_config_parse(accounts, settings, &error);
	if (!world->config)
		g_error("%s", error->message);
	return world;
}

World *world_new(const char *settings)
{
	World *world = make_world(settings);

	open_store(world);
	return world;
}

static void move_file(const char *from, const char *to, const char *name)
{
	g_autofree char *source = g_build_filename(from, name, NULL);
	g_autofree char *target = g_build_filename(to, name, NULL);

	if (g_rename(source, target) != 0 && g_file_test(source, G_FILE_TEST_EXISTS))
		g_error("%s cannot be moved", source);
}

World *world_from(const char *settings, const char *from, SnTime now)
{
	World *world = make_world(settings);

	world->now = now;
	move_file(from, world->dir, "sennit.db");
	move_file(from, world->dir, "sennit.db-wal");
	open_store(world);
	return world;
}

void world_reopen(World *world)
{
	sn_store_close(world->store);
	open_store(world);
}

void world_free(World *world)
{
	sn_store_close(world->store);
	sn_config_unref(world->config);
	GDir *dir = g_dir_open(world->dir, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *path = g_build_filename(world->dir, name, NULL);
		g_unlink(path);
	}
	g_dir_close(dir);
	g_rmdir(world->dir);
	g_free(world->dir);
	g_free(world->path);
	g_free(world);
}

SnId world_person_of(World *world, SnChannel channel, const char *address)
{
	g_autoptr(SnAddress) found = sn_address_find(world->store, channel, address);

	return found ? found->person : 0;
}

SnId world_bob(World *world)
{
	SnId mail = sn_address_intern(world->store, SN_CHANNEL_MAIL, BOB_MAIL, "Bob", NULL);
	SnId im = sn_address_intern(world->store, SN_CHANNEL_IM, BOB_IM, NULL, NULL);
	SnId bob = world_person_of(world, SN_CHANNEL_MAIL, BOB_MAIL);
	g_autoptr(GError) error = NULL;

	g_assert(mail && im && bob);
	if (!sn_link_add(world->store, im, bob, SN_LINK_USER, TRUE, NULL, &error))
		g_error("%s", error->message);
	sn_person_set_name(world->store, bob, "Bob", NULL);
	return sn_conversation_for_person(world->store, bob, NULL);
}

static GBytes *make_raw(const Said *said, const char *from, const char *to, const char *id)
{
	GString *raw = g_string_new(NULL);

	g_string_append_printf(raw, "From: %s\r\nTo: %s\r\nBcc: secret@example.test\r\n", from, to);
	g_string_append_printf(raw, "Subject: %s\r\nMessage-ID: <%s>\r\n",
	                       said->subject ? said->subject : "", id);
	if (said->in_reply_to)
		g_string_append_printf(raw, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n",
		                       said->in_reply_to, said->in_reply_to);
	g_string_append_printf(raw, "Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n\r\n%s\r\n",
	                       said->body ? said->body : "");
	for (gint64 i = 0; i < said->attachment_size; i += 64)
		g_string_append(raw, "attachment attachment attachment attachment attachment 12345\r\n");
	return g_string_free_to_bytes(raw);
}

SnId world_say(World *world, const Said *said)
{
	gboolean mail = said->channel == SN_CHANNEL_MAIL, out = said->direction == SN_OUT;
	const char *bob = mail ? BOB_MAIL : BOB_IM, *alice = "alice@example.test";
	const char *from = said->from ? said->from : out ? alice : bob;
	const char *to = said->to ? said->to : out ? bob : alice;
	g_autoptr(SnMessage) message = sn_message_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) raw = NULL;
	SnAddResult result;

	world->serial++;
	message->account = world->home;
	message->channel = said->channel;
	message->direction = said->direction;
	message->time = said->time ? said->time : world->now + world->serial * SN_SECOND - SN_HOUR;
	message->sender = sn_address_intern(world->store, said->channel, from, NULL, NULL);
	message->state = said->state ? said->state : out ? SN_STATE_ACCEPTED : SN_STATE_RECEIVED;
	message->subject = g_strdup(said->subject);
	message->body = g_strdup(said->body ? said->body : "");
	g_autofree char *id =
		said->id ? g_strdup(said->id)
		         : g_strdup_printf("made-%d%s", world->serial, mail ? "@example.test" : "");
	if (mail) {
		message->message_id = g_strdup(id);
		raw = said->raw ? g_bytes_new(said->raw, strlen(said->raw))
		                : make_raw(said, from, to, id);
		message->size = (gint64)g_bytes_get_size(raw);
	} else {
		message->origin_id = g_strdup(id);
	}
	message->thread = g_strdup(said->thread ? said->thread : mail ? id : NULL);
	message->in_reply_to = g_strdup(said->in_reply_to);
	message->list_id = g_strdup(said->list_id);
	message->encrypted = said->encrypted;
	message->carried = said->carried;
	message->carried_by = said->carried_by;
	sn_message_add_party(message, SN_ROLE_FROM, from, NULL);
	sn_message_add_party(message, SN_ROLE_TO, to, NULL);
	if (said->cc)
		sn_message_add_party(message, SN_ROLE_CC, said->cc, NULL);
	if (said->reply_to)
		sn_message_add_party(message, SN_ROLE_REPLY_TO, said->reply_to, NULL);
	if (said->attachment) {
		SnPart *part = g_new0(SnPart, 1);
		part->position = 2;
		part->name = g_strdup(said->attachment);
		part->type = g_strdup("application/octet-stream");
		part->size = said->attachment_size;
		sn_message_add_part(message, part);
		message->attachments = 1;
		message->size += said->attachment_size;
	}
	if (!sn_message_add(world->store, message, said->room, raw, &result, &error))
		g_error("%s", error->message);
	return message->id;
}

void world_presence(World *world, const char *jid, SnPresenceShow show, SnTime since)
{
	g_autoptr(GError) error = NULL;
	SnPresence presence = {
		.address = sn_address_intern(world->store, SN_CHANNEL_IM, jid, NULL, NULL),
		.resource = (char *)"phone",
		.show = show,
		.since = since ? since : world->now,
	};

	if (!sn_presence_set(world->store, world->home, &presence, &error))
		g_error("%s", error->message);
}

void world_roster(World *world, const char *jid, SnSubscription subscription)
{
	g_autoptr(GError) error = NULL;

	if (!sn_roster_set(world->store, world->home, jid, NULL, subscription, FALSE, &error))
		g_error("%s", error->message);
}

void world_line(World *world, SnStatusKind kind)
{
	SnStatus status = { .account = (char *)"home", .end = (char *)"im", .kind = kind };

	sn_status_set(world->store, &status, NULL);
}
