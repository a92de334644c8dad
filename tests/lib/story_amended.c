/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A talk with Greta in which things are put right, liked and taken back, and one with Hugo who styles
 * his texts and sends files. */
#include "src/store/amend.h"
#include "src/store/files.h"
#include "tests/lib/story.h"

#define GRETA "greta@example.test"
#define ALICE "alice@example.test"

typedef struct {
	SnStore *store;
	SnId conversation, greta;
	SnTime now;
} Talk;

static SnId say(Talk *talk, SnDirection direction, const char *id, const char *text)
{
	g_autoptr(SnMessage) message = sn_message_new();
	gboolean in = direction == SN_IN;

	message->account = sn_account_find(talk->store, "home");
	message->channel = SN_CHANNEL_IM;
	message->direction = direction;
	message->state = in ? SN_STATE_RECEIVED : SN_STATE_READ;
	message->flags = SN_FLAG_SEEN;
	message->time = talk->now += 2 * SN_MINUTE;
	message->sender = in ? talk->greta
	                     : sn_address_intern(talk->store, SN_CHANNEL_IM, ALICE, NULL, NULL);
	message->origin_id = g_strdup(id);
	message->body = g_strdup(text);
	sn_message_add_party(message, SN_ROLE_FROM, in ? GRETA : ALICE, in ? "Greta Hawser" : NULL);
	sn_message_add_party(message, SN_ROLE_TO, in ? ALICE : GRETA, NULL);
	if (!sn_message_add(talk->store, message, NULL, NULL, NULL, NULL))
		g_error("story: %s cannot be added", id);
	talk->conversation = message->conversation;
	return message->id;
}

static void amend(Talk *talk, SnAmendKind kind, const char *target, SnId sender, const char *text,
                  SnId row)
{
	SnAmend one = { .kind = kind, .target = (char *)target, .conversation = talk->conversation,
		        .account = sn_account_find(talk->store, "home"), .sender = sender,
		        .time = talk->now, .text = (char *)text, .row = row };

	if (!sn_amend_add(talk->store, &one, FALSE, NULL, NULL))
		g_error("story: %s cannot be amended", target);
}

static void correct(Talk *talk, const char *target, const char *id, const char *text)
{
	amend(talk, SN_AMEND_CORRECTION, target, talk->greta, NULL, say(talk, SN_IN, id, text));
}

void story_fill_amended(SnStore *store)
{
	Talk talk = { .store = store, .now = STORY_NOW - SN_HOUR };
	SnId alice = sn_address_intern(store, SN_CHANNEL_IM, ALICE, NULL, NULL);

	talk.greta = sn_address_intern(store, SN_CHANNEL_IM, GRETA, "Greta Hawser", NULL);
	say(&talk, SN_IN, "g1", "The regatta starts at ten.");
	correct(&talk, "g1", "g1b", "The regatta starts at eleven.");
	correct(&talk, "g1", "g1c", "The regatta starts at eleven, at the north pier.");
	say(&talk, SN_OUT, "a1", "I bring the sandwiches.");
	amend(&talk, SN_AMEND_REACTIONS, "a1", talk.greta, "👍 ❤️", 0);
	say(&talk, SN_IN, "g2", "Your brother sails like a duck.");
	amend(&talk, SN_AMEND_RETRACTION, "g2", talk.greta, NULL, 0);
	say(&talk, SN_IN, "g3", "I mean: *gracefully*.");
	amend(&talk, SN_AMEND_REACTIONS, "g3", talk.greta, "😂", 0);
	amend(&talk, SN_AMEND_REACTIONS, "g3", alice, "😂", 0);
	say(&talk, SN_OUT, "a2", "edited 10:00; 1 earlier text");
}

/* ---- Hugo ---- */

#define HUGO "hugo@example.test"

static SnId send_file(Talk *talk, SnDirection direction, const char *id, const char *name, gint64 size,
                      const char *url)
{
	g_autoptr(SnMessage) message = sn_message_new();
	SnPart *part = g_new0(SnPart, 1);
	gboolean in = direction == SN_IN;

	message->account = sn_account_find(talk->store, "home");
	message->channel = SN_CHANNEL_IM;
	message->direction = direction;
	message->state = in ? SN_STATE_RECEIVED : SN_STATE_ACCEPTED;
	message->flags = SN_FLAG_SEEN;
	message->time = talk->now += 2 * SN_MINUTE;
	message->sender = in ? talk->greta
	                     : sn_address_intern(talk->store, SN_CHANNEL_IM, ALICE, NULL, NULL);
	message->origin_id = g_strdup(id);
	message->body = g_strdup(in ? NULL : name); /* as it goes */
	sn_message_add_party(message, SN_ROLE_FROM, in ? HUGO : ALICE, in ? "Hugo Capstan" : NULL);
	sn_message_add_party(message, SN_ROLE_TO, in ? ALICE : HUGO, NULL);
	part->position = 1;
	part->name = g_strdup(name);
	part->type = g_strdup("image/png");
	part->size = size;
	part->url = g_strdup(url);
	sn_message_add_part(message, part);
	if (!sn_message_add(talk->store, message, NULL, NULL, NULL, NULL))
		g_error("story: %s cannot be added", id);
	return message->id;
}

static SnId say_hugo(Talk *talk, const char *id, const char *text, const char *answered, guint flags)
{
	g_autoptr(SnMessage) message = sn_message_new();

	message->account = sn_account_find(talk->store, "home");
	message->channel = SN_CHANNEL_IM;
	message->state = SN_STATE_RECEIVED;
	message->flags = SN_FLAG_SEEN | flags;
	message->time = talk->now += 2 * SN_MINUTE;
	message->sender = talk->greta;
	message->origin_id = g_strdup(id);
	message->in_reply_to = g_strdup(answered);
	message->body = g_strdup(text);
	sn_message_add_party(message, SN_ROLE_FROM, HUGO, "Hugo Capstan");
	sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	if (!sn_message_add(talk->store, message, NULL, NULL, NULL, NULL))
		g_error("story: %s cannot be added", id);
	return message->id;
}

void story_fill_files(SnStore *store)
{
	Talk talk = { .store = store, .now = STORY_NOW - 2 * SN_HOUR };
	int percent = -1;

	talk.greta = sn_address_intern(store, SN_CHANNEL_IM, HUGO, "Hugo Capstan", NULL);
	say_hugo(&talk, "h1", "The winch is *stuck* again, _not_ the rope.", NULL, 0);
	say_hugo(&talk, "h2", "I ran this:\n```\nwinch --free *all*\n```\n> and it said\n> *no*", NULL,
	         0);
	say_hugo(&talk, "h3", "Type it as it is: *all*", NULL, SN_FLAG_UNSTYLED);
	say_hugo(&talk, "h4", "It was the rope after all.", "h1", 0);
	send_file(&talk, SN_IN, "h5", "winch.png", 240000, "https://files.example/winch.png");
	SnId rope = send_file(&talk, SN_IN, "h6", "rope.png", 1800000, "https://files.example/rope.png");
	SnId film = send_file(&talk, SN_IN, "h7", "film.mkv", 90000000, "https://files.example/film.mkv");
	SnId plan = send_file(&talk, SN_OUT, "a9", "plan.pdf", 600000, NULL);
	SnId knot = send_file(&talk, SN_IN, "h8", "knot.png", 52000, "https://files.example/knot.png");
	sn_part_set_file(store, knot, 1, "/nowhere/knot.png", NULL, 52000, NULL);
	sn_part_stopped(store, rope, 1, "It is not the file that was announced: its hash differs.", NULL);
	sn_part_progress(store, film, 1, 36000000, 90000000, &percent, NULL);
	percent = -1;
	sn_part_progress(store, plan, 1, 450000, 600000, &percent, NULL);
}
