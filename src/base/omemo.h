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

/*
 * How an IM went or came: of message.secure, besides SN_SECURE_ENCRYPTED (opened.h), which is set
 * for all that was sealed and opened here. Never from what a message says of itself.
 */
typedef enum {
	SN_E2E_OPENED = 1 << 8,    /* sealed by its sender's device, and opened here; or sealed here */
	SN_E2E_VERIFIED = 1 << 9,  /* the user has compared the keys of all devices concerned */
	SN_E2E_NEW = 1 << 10,      /* from a device that is not trusted */
	SN_E2E_LEFT_OUT = 1 << 11, /* not sealed for every device of the recipient */
	SN_E2E_CLEAR = 1 << 12,    /* in the clear, where it is not usual any more */
	SN_E2E_CLOSED = 1 << 13,   /* it could not be opened: SN_E2E_WHY() */
} SnE2e;

/* X(NAME, words after "This message could not be opened: ") */
#define SN_E2E_WHY_TABLE(X)                                                              \
	X(UNKNOWN, "nobody knows why.")                                                  \
	X(NOT_FOR_US, "it was not encrypted for this device.")                           \
	X(NO_SESSION, "this device has lost the keys for it. They are being renewed; "   \
	              "ask for it again.")                                               \
	X(BROKEN, "the keys do not fit each other any more. They are being renewed; "    \
	          "ask for it again.")                                                   \
	X(DAMAGED, "it was damaged or changed on the way.")                              \
	X(ROOM, "encrypted rooms are not supported yet.")                                \
	X(OFF, "encryption is switched off here.")                                       \
	X(OWN, "you sent it from here, but its text is not here any more.")              \
	X(OTHER_WAY, "it is encrypted in a way that this program does not know.")
typedef enum {
#define X(name, words) SN_E2E_WHY_##name,
	SN_E2E_WHY_TABLE(X)
#undef X
	SN_E2E_WHY_COUNT
} SnE2eWhy;
#define SN_E2E_CLOSED_BY(why) ((guint)SN_E2E_CLOSED | (guint)(why) << 16)
#define SN_E2E_WHY(secure) ((SnE2eWhy)((secure) >> 16 & 0xff))

/* "This message could not be opened: ..."; static. */
const char *sn_e2e_closed_words(guint secure);
/* What there is to know besides that it is encrypted, in few words; static, NULL: nothing. */
const char *sn_e2e_words(guint secure, gboolean out);
/* As sn_opened_alarm(): 0 nothing is known, 1 all is well, 2 something to know, 3 wrong. */
int sn_e2e_alarm(guint secure);

/* How the public key of a device is shown: 64 hex digits in groups of eight, without the byte for its
 * type. NULL when it is no such key. Caller frees. */
char *sn_omemo_fingerprint(GBytes *identity);

#endif
