/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_private.h - how the files of the engine share one engine. Everything here runs on the
 * engine thread unless it says otherwise.
 *
 * engine.c   the thread: loop, bell, timers, start, stop, reload
 * account.c  an account's ends: backends, their events, status rows
 * sync_*.c   mail folders, IM roster, archive -> rows; offline actions -> requests
 * ingest_*.c one message -> rows (MIME on a worker thread, then the store)
 * map.c      address map evidence (Jabber-ID, vCards, replies over the other channel)
 * delivery.c outbox entries through the state machine (machine.c), mail and IM senders
 */
#ifndef SN_ENGINE_ENGINE_PRIVATE_H
#define SN_ENGINE_ENGINE_PRIVATE_H

#include "src/engine/engine.h"
#include "src/route/plan.h"
#include "src/store/outbox.h"
#include "src/store/sync.h"

typedef struct sn_delivery SnDelivery;
typedef struct sn_engine_account SnEngineAccount;

/* One configured account while the engine runs. */
struct sn_engine_account {
	SnEngine *engine;
	const SnAccount *config;   /* of the engine's config */
	SnId id;                   /* store's account row */
	SnMailSource *source;      /* NULL */
	const SnMailSourceOps *source_ops;
	SnMailTransport *transport; /* NULL */
	const SnMailTransportOps *transport_ops;
	SnIm *im;                  /* NULL */
	const SnImOps *im_ops;
	gboolean source_online, im_online;
	gboolean im_features;      /* what follows is told by the server, in this session */
	gint64 upload_max;         /* 0 = no upload service */
	gsize stanza_max;
	SnTime im_newest;          /* time of the IM that was filed last; 0: look it up */
	struct sn_omemo *omemo;    /* omemo.h; NULL: no IM end */
	struct sn_account_core *core; /* account.c's and sync_*.c's own (sync_private.h) */
};

struct sn_engine {
	SnEngineSetup setup;
	SnConfig *config;
	const SnClock *clock;
	GMainContext *context;
	SnStore *store;            /* role ENGINE */
	GPtrArray *accounts;       /* of SnEngineAccount */
	SnDelivery *delivery;
	SnDesktop *desktop;        /* NULL */
	const SnDesktopOps *desktop_ops;
	GRand *random;
	struct sn_vault *vault;    /* keys of the encryption of IMs; NULL: vault_error says why */
	char *vault_error;
	guint64 next_request;      /* ids of backend requests */
	struct sn_engine_core *core; /* engine.c's own */
};

/* Look at all intents soon: for those the engine itself wrote (its own commits do not wake it). */
void sn_engine_wake(SnEngine *engine);
/* A one-shot timer on the engine's context; g_source_destroy() and g_source_unref() to end it. */
GSource *sn_engine_timer(SnEngine *engine, SnTime after, GSourceOnceFunc callback, gpointer data);

guint64 sn_engine_next_id(SnEngine *engine);
SnEngineAccount *sn_engine_account_by_id(SnEngine *engine, SnId account); /* NULL */

/*
 * Requests to backends with a callback for their end: the callback gets every event with the id,
 * the last one being DONE, ERROR or CANCELLED; then it is dropped. Events stay the dispatcher's.
 */
typedef void (*SnMailReply)(SnEngineAccount *account, const SnMailEvent *event, gpointer data);
typedef void (*SnSendReply)(SnEngineAccount *account, const SnSendEvent *event, gpointer data);
typedef void (*SnImReply)(SnEngineAccount *account, const SnImEvent *event, gpointer data);
void sn_engine_mail(SnEngineAccount *account, SnMailRequest *request, SnMailReply reply,
                    gpointer data);
void sn_engine_send(SnEngineAccount *account, SnSendRequest *request, SnSendReply reply,
                    gpointer data);
/* Lets go, or stops, what the transport said is READY (mail_backend.h). */
void sn_engine_proceed(SnEngineAccount *account, guint64 request);
void sn_engine_stop_sending(SnEngineAccount *account, guint64 request);
void sn_engine_im(SnEngineAccount *account, SnImRequest *request, SnImReply reply, gpointer data);

/* ---- omemo.c, called by the others ---- */
/* Opens the key file of the profile, once. */
void sn_engine_open_vault(SnEngine *engine);

/* ---- delivery.c, called by the others ---- */
SnDelivery *sn_delivery_new(SnEngine *engine);
void sn_delivery_free(SnDelivery *delivery);
/* Bell rang, or a timer: look at what is due. Sets its own next timer. */
void sn_delivery_look(SnDelivery *delivery);
/* The machine slept: presences are those of before for a moment. */
void sn_delivery_woke(SnDelivery *delivery);
/* Start-up: entries found in `sending` are checked (archive, Sent) before anything is sent. */
void sn_delivery_recover(SnDelivery *delivery);
void sn_delivery_account_online(SnDelivery *delivery, SnEngineAccount *account, SnChannel channel);
void sn_delivery_presence(SnDelivery *delivery, SnId address);
/* What this entry waited for may be there: looks at it again, if it has not gone. */
void sn_delivery_plan_open(SnDelivery *delivery, SnId entry);
/* Receipt or marker for one of our messages. from: bare JID it must have been sent to. */
void sn_delivery_receipt(SnDelivery *delivery, SnEngineAccount *account, const char *from,
                         const char *id, gboolean displayed);
/* An error stanza for one of our messages. */
void sn_delivery_im_error(SnDelivery *delivery, SnEngineAccount *account, const char *from,
                          const char *id, const char *condition, const char *text);
/* An IM from a contact: TRUE when it answered an availability question (still filed as message). */
gboolean sn_delivery_answer(SnDelivery *delivery, SnEngineAccount *account, SnId message,
                            const SnImMessage *im);
/* An email that says what became of others. */
typedef struct {
	SnId message;         /* as what it is filed */
	const char *from;     /* NULL */
	gboolean from_daemon; /* SnMail */
	gboolean old;         /* it lay in the mailbox before: no news for the desktop */
} SnHeard;
/*
 * reports: of SnMailReport. The message it is about, below which it is folded; 0 when it is none of ours: then
 * it stays a message to be read.
 */
SnId sn_delivery_hear(SnDelivery *delivery, const GPtrArray *reports, const SnHeard *heard);
/* What was filed, and could not be heard before the engine ended. */
void sn_delivery_hear_again(SnDelivery *delivery);
/* One of our own messages was seen in Sent, archive or by carbon: settles `sending`. */
void sn_delivery_seen(SnDelivery *delivery, SnChannel channel, const char *id);
/* TRUE when the stanza is a further part of a message of ours (history, file), which the timeline
 * shows as one message already: seen, but not filed. */
gboolean sn_delivery_is_part(SnDelivery *delivery, const char *id);

/* ---- ingest, called by sync and import ---- */
/* Files one raw email. location: folder 0 = none. Parses on the calling thread. */
gboolean sn_ingest_mail(SnStore *store, const SnConfig *config, SnEngine *engine /* NULL: import */,
                        SnId account, SnId folder, guint32 uid, const char *name, guint flags,
                        SnTime received, GBytes *raw, SnId *message, SnAddResult *result,
                        GError **error);
/* Files one IM with the carried messages it forwards. */
gboolean sn_ingest_im(SnEngine *engine, SnEngineAccount *account, const SnImMessage *im,
                      SnId *message, SnAddResult *result, GError **error);
/* An IM answers that message, as its text shows; the quote of an encrypted one that names an email
 * as we do has then done its duty and goes. Its body is loaded. In the caller's transaction. */
gboolean sn_answers_im(SnStore *store, SnMessage *message, SnId answered, GError **error);
/* message: just filed from `im`. When it is one of the stanzas of a long text and all of them are
 * here from this sender, they become one message. In the caller's transaction. */
gboolean sn_join_im(SnStore *store, const SnImMessage *im, const char *sender,
                    const SnMessage *message, GError **error);

/* ---- notifications ---- */
void sn_engine_notify(SnEngine *engine, SnNotifyKind kind, SnId conversation, const char *title,
                      const char *body);

#endif
