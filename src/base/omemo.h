/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo.h - what OMEMO (XEP-0384 0.3, eu.siacs.conversations.axolotl) puts on the wire, without
 * XML and without cryptography: the XMPP backend reads and writes it, src/omemo makes and opens it.
 *
 * Ownership: structs own what they hold. Threads: each belongs to whom it was given.
 */
#ifndef SN_BASE_OMEMO_H
#define SN_BASE_OMEMO_H

#include <glib.h>

/* Limits on what others send. */
enum {
	SN_OMEMO_MAX_DEVICES = 64,   /* of one address */
	SN_OMEMO_MAX_KEYS = 1000,    /* in one message */
	SN_OMEMO_MAX_PREKEYS = 500,  /* in one bundle */
	SN_OMEMO_MAX_KEY = 4096,     /* bytes of one key, encrypted or public */
	SN_OMEMO_MAX_PAYLOAD = 4 << 20,
};

/* What stands in place of the text for clients that cannot open it. */
#define SN_OMEMO_FALLBACK \
	"I sent you an OMEMO encrypted message but your client doesn't seem to support that."

typedef struct {
	guint32 id;
	GBytes *key; /* public, 33 bytes with its type */
} SnOmemoPrekey;

/* What a device publishes so that others can begin a session with it. */
typedef struct {
	guint32 signed_id;
	GBytes *signed_key, *signature, *identity;
	GPtrArray *prekeys; /* of SnOmemoPrekey */
} SnOmemoBundle;
SnOmemoBundle *sn_omemo_bundle_new(void);
void sn_omemo_bundle_free(SnOmemoBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOmemoBundle, sn_omemo_bundle_free)
void sn_omemo_bundle_add(SnOmemoBundle *bundle, guint32 id, GBytes *key); /* takes key */
/* It has all that a session needs. */
gboolean sn_omemo_bundle_is_whole(const SnOmemoBundle *bundle);

/* The key of a message, encrypted for one device. */
typedef struct {
	guint32 device;
	gboolean prekey; /* it begins a session */
	GBytes *data;
} SnOmemoKey;
SnOmemoKey *sn_omemo_key_new(guint32 device, gboolean prekey, GBytes *data); /* takes data */
void sn_omemo_key_free(SnOmemoKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOmemoKey, sn_omemo_key_free)

/* One encrypted message; payload NULL: it only carries keys. */
typedef struct {
	guint32 sender;  /* device */
	GPtrArray *keys; /* of SnOmemoKey */
	GBytes *iv, *payload;
} SnOmemoSealed;
SnOmemoSealed *sn_omemo_sealed_new(guint32 sender);
void sn_omemo_sealed_free(SnOmemoSealed *sealed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOmemoSealed, sn_omemo_sealed_free)
/* The one for this device; NULL. */
const SnOmemoKey *sn_omemo_sealed_key(const SnOmemoSealed *sealed, guint32 device);

/* How the public key of a device is shown: 64 hex digits in groups of eight, without the byte for its
 * type. NULL when it is no such key. Caller frees. */
char *sn_omemo_fingerprint(GBytes *identity);

#endif
