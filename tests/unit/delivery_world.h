/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_world.h - the delivery with the real store, and servers that do what a test says.
 *
 * It stands in for the rest of the engine. A request waits until pump() lets the servers answer it;
 * a crash forgets everything but the database. What the servers took is counted for each id, so
 * that a message that went twice, or never, shows.
 */
#ifndef DELIVERY_WORLD_H
#define DELIVERY_WORLD_H

#include "src/engine/delivery_private.h"
#include "tests/unit/route_world.h"

/* What becomes of the next thing that is sent. */
typedef enum {
	FATE_TAKEN,       /* and acknowledged */
	FATE_LOST_AFTER,  /* the server has it, the line broke before it said so */
	FATE_LOST_BEFORE, /* the line broke before the server had it */
	FATE_TEMPORARY,   /* refused for now */
	FATE_NETWORK,     /* no connection */
	FATE_REJECTED,    /* refused for good */
	FATE_AUTH,        /* wrong password */
} Fate;

typedef struct {
	World *world;
	SnEngine engine;
	SnEngineAccount account;
	GQueue requests;      /* of Pending, not answered yet */
	void (*on_taken)(const char *id, gpointer data); /* NULL */
	gpointer taken_data;
	GHashTable *taken;    /* id of a stanza or Message-ID -> how often the server took it */
	GPtrArray *stanzas;   /* of SnImMessage the server took, in order */
	GPtrArray *mails;     /* of GBytes the server took, in order */
	GPtrArray *envelopes; /* of char *: recipients of each, joined by blanks */
	GPtrArray *uploads;   /* of char *: names */
	GPtrArray *uploaded;  /* of GBytes: what they hold */
	gint64 mail_max;      /* the SMTP server takes no more; 0 = anything, and tells nothing */
	gint64 mail_told;     /* but says that it takes this much; 0 = it says the truth */
	int refused;          /* how often an email was too large */
	Fate next_im, next_mail, next_upload;
	int fate_lasts;       /* how often besides */
	gboolean archive;     /* the server has one */
	gboolean dsn;         /* the SMTP server promises reports */
	SnNotifyWhen notify;  /* ... of what was asked for last */
	gboolean sent_has;    /* a SEARCH_ID in Sent finds it */
	gboolean sent_keeps;  /* and of what was taken, by itself */
	int probes, delivered, failed, questions;
	char *last_title, *last_body;
	gboolean woken;
	guint64 let_go, stopped; /* requests the transport was told to let go, or to stop */
	SnTime timer;         /* next timer asked for, ms from now; 0 = none */
	SnTime awake;         /* how long the machine was awake; timers count by this, not by the clock */
	GSource *armed;       /* the last timer asked for; perhaps destroyed by now */
	SnTime armed_at;      /* in time awake */
	GSourceOnceFunc on_timer;
	gpointer on_timer_data;
	GHashTable *answered; /* ids of what a server has said it took to the engine that still runs */
	GPtrArray *arrived;   /* of char *: ids of what the servers took, in order */
} Delivery;

/* settings: of sennit.conf, NULL. On line, presence of bob known and online. */
Delivery *delivery_new(const char *settings);
/* The same with the database in the directory `from`; off line. taken: what the servers have
 * (id -> how often), as the table below. */
Delivery *delivery_from(const char *settings, const char *from, SnTime now, GHashTable *taken);
void delivery_free(Delivery *self);

/* Lets the servers answer until nothing is open. */
void pump(Delivery *self);
/* Only the next; FALSE when none is open. */
gboolean pump_one(Delivery *self);
/* The server takes the next stanza or email, and nobody hears of it. */
void take_without_answer(Delivery *self);
/* The next request is an email, and the server gets all of it but the final dot; that may follow. */
gboolean hand_over(Delivery *self);
/* The engine looks, the servers answer, until nothing changes. */
void settle(Delivery *self);
/* Time passes, and the engine looks on its way. */
void later(Delivery *self, SnTime by);
/* The same, but nobody looks until it is over. */
void asleep(Delivery *self, SnTime by);
/* The time awake when the engine looks by itself; 0 = never. */
SnTime alarm_at(Delivery *self);
/* As the real engine: it looks when it was woken, and servers answer, until nothing changes. FALSE:
 * it never comes to rest. */
gboolean work(Delivery *self);
/* Time passes, awake, and the engine looks only when its timer fires. FALSE: no rest. */
gboolean pass(Delivery *self, SnTime by);
/* kill -9 and a new start; off line unless online. Open requests are never answered. */
void crash(Delivery *self, gboolean online);
void go_offline(Delivery *self);
void go_online(Delivery *self);
/* The line is up, but the server has not told yet which files it takes. */
void log_in(Delivery *self);
/* Bob's presence changes, as the server tells it. */
void bob_is(Delivery *self, SnPresenceShow show);
/* Bob says something by IM; TRUE when it was an answer. */
gboolean bob_says(Delivery *self, const char *text);

SnId queue_im(Delivery *self, const char *body);
SnId queue_mail(Delivery *self, const char *body);
/* With a file of 4 bytes, "menu.txt". */
SnId queue_im_with_file(Delivery *self, const char *body);
/* With everything; conversation, account, from, recipients are filled in when absent. */
SnId queue_new(Delivery *self, SnOutboxNew *entry, const char *to);

SnState state_of(Delivery *self, SnId entry);
/* Caller frees. */
SnOutboxEntry *entry_of(Delivery *self, SnId entry);
char *reason_of(Delivery *self, SnId entry);
gboolean has_note(Delivery *self, SnId entry, const char *what);
void ask_for(Delivery *self, SnId entry, SnOutboxRequest request);
int taken(Delivery *self, const char *id);
/* Stanzas with this body. */
int taken_body(Delivery *self, const char *body);
guint open_requests(Delivery *self);

/* A mail system (or, of reading, the recipient) says this of a message. */
void sn_delivery_report(SnDelivery *delivery, const char *message_id, const char *envelope_id,
                        int kind, const char *recipient, const char *diagnostic);

#endif
