/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_im.h - an IM backend that does what a test says, and one that always fails politely.
 *
 * The scripted one is found by the bare JID it was created for. It keeps every request for
 * sn_fake_im_take(); a script may answer them, else they stay open until the test answers. It
 * holds the contract: a second end for one request is an assertion, and destroy() cancels what is
 * open. All functions: any thread.
 */
#ifndef SN_BACKENDS_FAKE_FAKE_IM_H
#define SN_BACKENDS_FAKE_FAKE_IM_H

#include "backends/xmpp/im_backend.h"

extern const SnImOps sn_fake_im_ops;

/* Never online: LINE(OFFLINE) with SN_ERROR_NETWORK at once and at each reconnect(); every request
 * ends in ERROR with the same. */
extern const SnImOps sn_failing_im_ops;

/*
 * Called for each request on the thread that submits it. May end the request with
 * sn_fake_im_done() or sn_fake_im_error(), now or later, and push other events.
 */
typedef void (*SnFakeImScript)(SnIm *im, const SnImRequest *request, gpointer data);

/* For the backend of this bare JID, whether it exists already or not. script NULL: none.
 * `online`: whether create() reports ONLINE, FEATURES and SYNCED by itself (the default). */
void sn_fake_im_prepare(const char *jid, SnFakeImScript script, gpointer data, gboolean online);
/* Whether there is a place for OMEMO devices and bundles: else (the default) what asks for them ends
 * in ERROR at once, without script and without being kept. Until sn_fake_im_reset(). */
void sn_fake_im_devices(gboolean kept);
/* Forgets all preparations; between tests. */
void sn_fake_im_reset(void);
/* A script that ends each request in DONE at once. */
void sn_fake_im_accept(SnIm *im, const SnImRequest *request, gpointer data);

/* The living backend of that JID; waits up to timeout_ms for its creation; NULL. */
SnIm *sn_fake_im_find(const char *jid, int timeout_ms);
/* How often reconnect() was called. */
guint sn_fake_im_reconnects(SnIm *im);

/* The oldest request of the kind not taken yet (kind -1: of any kind), waits up to timeout_ms;
 * NULL. The caller's to free; its id is what the functions below want. */
SnImRequest *sn_fake_im_take(SnIm *im, int kind, int timeout_ms);

void sn_fake_im_done(SnIm *im, guint64 id);
void sn_fake_im_error(SnIm *im, guint64 id, SnErrorCode code, const char *text);
/* Any event; takes it and fills in the owner. DONE, ERROR and CANCELLED end the request. */
void sn_fake_im_push(SnIm *im, SnImEvent *event);
/* LINE event; with OFFLINE an error of this code (-1: none). ONLINE adds FEATURES and SYNCED. */
void sn_fake_im_line(SnIm *im, SnLineState state, int code, gboolean resumed);
/* A live message as a contact's client would send it; strings are copied. */
void sn_fake_im_message(SnIm *im, const char *from, const char *id, const char *body);
void sn_fake_im_presence(SnIm *im, const char *full_jid, const char *show, const char *status);

#endif
