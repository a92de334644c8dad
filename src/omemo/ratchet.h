/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ratchet.h - one own device: its keys, its bundle, and sessions with other devices (X3DH and the
 * double ratchet, by libomemo-c). Keeps nothing itself: what has to be remembered goes to the
 * callbacks at once, so that the caller's transaction decides whether it happened.
 *
 * Trust is not decided here: every identity is let through and told of. Threads: one at a time.
 */
#ifndef SN_OMEMO_RATCHET_H
#define SN_OMEMO_RATCHET_H

#include "src/base/clock.h"
#include "src/base/omemo.h"

typedef enum {
	SN_RATCHET_OWN,     /* the identity key pair; jid "", id 0 */
	SN_RATCHET_SESSION, /* jid, id: device */
	SN_RATCHET_PREKEY,  /* jid "", id */
	SN_RATCHET_SIGNED,  /* jid "", id */
} SnRatchetKind;

/* All but `used` required. FALSE: it could not be written. */
typedef struct {
	GBytes *(*load)(SnRatchetKind kind, const char *jid, guint32 id, gpointer data); /* NULL: none */
	gboolean (*save)(SnRatchetKind kind, const char *jid, guint32 id, GBytes *secret, gpointer data);
	gboolean (*remove)(SnRatchetKind kind, const char *jid, guint32 id, gpointer data);
	/* This is the identity key of that device. */
	gboolean (*identity)(const char *jid, guint32 device, GBytes *key, gpointer data);
	/* A session was begun with this prekey of ours: nobody else may get it. */
	gboolean (*used)(guint32 prekey, gpointer data);
	guint32 (*registration)(gpointer data);
} SnRatchetStore;

/* Why a key could not be opened. */
#define SN_RATCHET_ERROR (sn_ratchet_error_quark())
GQuark sn_ratchet_error_quark(void);
typedef enum {
	SN_RATCHET_ERROR_DUPLICATE,  /* it was opened before */
	SN_RATCHET_ERROR_NO_SESSION, /* there is none with this device */
	SN_RATCHET_ERROR_NO_PREKEY,  /* it was begun with a key that is gone */
	SN_RATCHET_ERROR_BROKEN,     /* damaged, or the sessions do not fit each other any more */
	SN_RATCHET_ERROR_STORAGE,    /* what is here could not be read or written */
} SnRatchetErrorCode;

typedef struct sn_ratchet SnRatchet;

/* store: static; data: outlives it. */
SnRatchet *sn_ratchet_new(const SnRatchetStore *store, gpointer data);
void sn_ratchet_free(SnRatchet *ratchet); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnRatchet, sn_ratchet_free)

/* ---- the own device ---- */
/* A new identity key pair, saved. Its public half; NULL: not saved. */
GBytes *sn_ratchet_make_identity(SnRatchet *ratchet);
gboolean sn_ratchet_make_signed(SnRatchet *ratchet, guint32 id, SnTime now);
/* count prekeys with the ids first, first + 1 ... */
gboolean sn_ratchet_make_prekeys(SnRatchet *ratchet, guint32 first, guint count);
/* What is to be published; prekeys: of guint32. NULL: a key is missing. */
SnOmemoBundle *sn_ratchet_bundle(SnRatchet *ratchet, guint32 signed_id, const GArray *prekeys);

/* ---- sessions ---- */
gboolean sn_ratchet_has_session(SnRatchet *ratchet, const char *jid, guint32 device);
/* From what the device publishes, with one of its prekeys by chance. FALSE: its bundle is not sound
 * (a wrong signature, keys that are none). An earlier session is kept aside. */
gboolean sn_ratchet_begin(SnRatchet *ratchet, const char *jid, guint32 device,
                          const SnOmemoBundle *bundle, GError **error);
/* NULL: no session, or it could not be saved. */
SnOmemoKey *sn_ratchet_encrypt(SnRatchet *ratchet, const char *jid, guint32 device, GBytes *key,
                               GError **error);
/* The key within (secret); NULL with SN_RATCHET_ERROR. *counter: how many came before it in its
 * chain; NULL ok. */
GBytes *sn_ratchet_decrypt(SnRatchet *ratchet, const char *jid, guint32 device,
                           const SnOmemoKey *key, guint32 *counter, GError **error);

#endif
