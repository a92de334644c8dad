/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route_world.h - a small profile for tests: alice's store and accounts, a clock that stands still
 * until it is moved, and messages to and from bob. */
#ifndef ROUTE_WORLD_H
#define ROUTE_WORLD_H

#include "src/config/config.h"
#include "src/store/conversation.h"
#include "src/store/message.h"
#include "src/store/outbox.h"
#include "src/store/sync.h"

typedef struct {
	char *dir, *path;
	SnStore *store;
	SnConfig *config;
	SnClock clock;
	SnTime now;
	SnId home;          /* the account's row */
	int serial;
} World;

#define BOB_MAIL "bob@work.example"
#define BOB_IM "bob@example.org"

/* settings: text of sennit.conf; NULL. */
World *world_new(const char *settings);
/* With what lies in the directory `from` as its database; the clock stands at `now`. */
World *world_from(const char *settings, const char *from, SnTime now);
void world_free(World *world);
/* Closes the store as a crash would leave it, and opens it again. */
void world_reopen(World *world);

/* Bob, with both addresses confirmed; his conversation. */
SnId world_bob(World *world);
SnId world_person_of(World *world, SnChannel channel, const char *address);

typedef struct {
	SnChannel channel;
	SnDirection direction;
	const char *from, *to, *cc, *reply_to; /* NULL: bob and alice by direction */
	const char *subject, *body, *id, *thread, *in_reply_to, *list_id, *room;
	SnTime time;     /* 0: now, a second after the one before */
	SnState state;   /* 0: received, or accepted when out */
	gboolean encrypted, carried;
	SnId carried_by;
	const char *attachment; /* name */
	gint64 attachment_size;
	const char *raw; /* NULL: made for emails */
} Said;
/* Files it; returns the message's id. */
SnId world_say(World *world, const Said *said);
void world_presence(World *world, const char *jid, SnPresenceShow show, SnTime since);
void world_roster(World *world, const char *jid, SnSubscription subscription);
void world_line(World *world, SnStatusKind kind);

#endif
