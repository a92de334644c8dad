/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo.h - end-to-end encryption of IMs: devices and how far they are trusted, own devices, and the
 * sealed secrets (src/omemo/vault.h), which have to change in one transaction with the messages.
 */
#ifndef SN_STORE_OMEMO_H
#define SN_STORE_OMEMO_H

#include "src/store/store.h"

/* ---- what the user wants with an address ---- */

typedef enum {
	SN_OMEMO_AUTO, /* encrypted where the contact's devices allow; once it was, never in the clear
	                * without a word of the user */
	SN_OMEMO_OFF,
	SN_OMEMO_ALWAYS, /* never in the clear */
} SnOmemoMode;
const char *sn_omemo_mode_word(SnOmemoMode mode); /* "auto" "off" "always" */
gboolean sn_omemo_mode_parse(const char *word, SnOmemoMode *mode);
SnOmemoMode sn_omemo_mode(SnStore *store, const char *jid);
gboolean sn_omemo_set_mode(SnStore *store, const char *jid, SnOmemoMode mode, GError **error);

/* ---- devices of contacts, and of the user ---- */

typedef enum {
	SN_TRUST_BLIND,    /* seen first while nothing of this person was verified: used */
	SN_TRUST_NEW,      /* came after the user had verified one: not used until the user says so */
	SN_TRUST_VERIFIED, /* the user has compared it */
	SN_TRUST_NO,       /* the user wants nothing to do with it */
} SnTrust;
const char *sn_trust_word(SnTrust trust); /* "trusted" "new" "verified" "distrusted" */
gboolean sn_trust_used(SnTrust trust);    /* may messages be encrypted for it? */

typedef struct {
	SnId id, account;
	char *jid;
	guint32 device;
	GBytes *identity;   /* public key; NULL: not seen yet */
	SnTrust trust;
	char *name;         /* by the user; NULL */
	SnTime first_seen, last_seen; /* last_seen: a message of it came; 0 never */
	gboolean listed;    /* its owner publishes it now */
	gboolean changed;   /* its key is another one than it was */
	gboolean session;   /* there is one with it */
	SnTime failed;      /* its bundle could not be had or used then; 0 */
	SnTime healed;      /* a broken session was begun anew then; 0 */
} SnOmemoDevice;
void sn_omemo_device_free(SnOmemoDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOmemoDevice, sn_omemo_device_free)
/* It can be encrypted for: published, and used. */
gboolean sn_omemo_device_counts(const SnOmemoDevice *device);

/* Of SnOmemoDevice: those of an address, as this account knows them; published ones first, by first
 * sight. account 0: of any. */
GPtrArray *sn_omemo_devices(SnStore *store, SnId account, const char *jid);
SnOmemoDevice *sn_omemo_device_find(SnStore *store, SnId account, const char *jid, guint32 device);
SnOmemoDevice *sn_omemo_device_get(SnStore *store, SnId id);
/* What the owner publishes now. A device that is not known is made: trusted blindly unless one of
 * the address was verified. */
gboolean sn_omemo_list_set(SnStore *store, SnId account, const char *jid, const GArray *devices,
                           SnTime now, GError **error);
/* When the list of this address was seen last; 0 never. */
SnTime sn_omemo_list_time(SnStore *store, SnId account, const char *jid);
/* It is to be asked for again before it is used. */
gboolean sn_omemo_list_forget(SnStore *store, SnId account, const char *jid, GError **error);
/* The key of a device: the first one, or another one than before, which begins its trust anew. */
gboolean sn_omemo_identity_set(SnStore *store, SnId account, const char *jid, guint32 device,
                               GBytes *identity, SnTime now, GError **error);
gboolean sn_omemo_device_seen(SnStore *store, SnId id, SnTime now, GError **error);
gboolean sn_omemo_device_failed(SnStore *store, SnId id, SnTime when, GError **error); /* 0: no more */
gboolean sn_omemo_device_healed(SnStore *store, SnId id, SnTime when, GError **error);
/* By the user. Verifying one makes blindly trusted ones of the address no less trusted. */
gboolean sn_omemo_set_trust(SnStore *store, SnId id, SnTrust trust, GError **error);
gboolean sn_omemo_set_name(SnStore *store, SnId id, const char *name, GError **error); /* NULL none */
/* Messages to this address went encrypted before: they do not go in the clear by themselves. */
gboolean sn_omemo_was_used(SnStore *store, SnId account, const char *jid);
gboolean sn_omemo_set_used(SnStore *store, SnId account, const char *jid, gboolean used,
                           GError **error);

/* What the composer and the command line have to say beforehand. */
typedef struct {
	SnOmemoMode mode;
	gboolean known;      /* the contact's list was seen */
	guint devices;       /* that it would be encrypted for */
	guint left_out;      /* published, but not used: new or distrusted */
	guint verified;      /* of devices */
	gboolean used;       /* it was encrypted before */
	gboolean own;        /* this account has a device of its own */
} SnOmemoOutlook;
SnOmemoOutlook sn_omemo_outlook(SnStore *store, SnId account, const char *jid);
/* It would go encrypted, or not at all. */
gboolean sn_omemo_outlook_encrypts(const SnOmemoOutlook *outlook);

/* ---- the own device of an account ---- */

typedef struct {
	guint32 device, registration;
	GBytes *identity;    /* public */
	guint32 signed_id;
	SnTime signed_since;
	guint32 next_prekey;
	gboolean published;  /* the server has the bundle as it is now */
} SnOmemoOwn;
void sn_omemo_own_free(SnOmemoOwn *own);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnOmemoOwn, sn_omemo_own_free)
SnOmemoOwn *sn_omemo_own_get(SnStore *store, SnId account); /* NULL: none */
gboolean sn_omemo_own_set(SnStore *store, SnId account, const SnOmemoOwn *own, GError **error);
gboolean sn_omemo_own_published(SnStore *store, SnId account, gboolean published, GError **error);
/* The device and every secret of the account; what is known of others' devices stays. */
gboolean sn_omemo_own_remove(SnStore *store, SnId account, GError **error);

/* ---- sealed secrets ---- */

/* kind: as SnRatchetKind. */
GBytes *sn_omemo_secret_get(SnStore *store, SnId account, int kind, const char *jid, guint32 id);
gboolean sn_omemo_secret_set(SnStore *store, SnId account, int kind, const char *jid, guint32 id,
                             GBytes *sealed, GError **error);
gboolean sn_omemo_secret_remove(SnStore *store, SnId account, int kind, const char *jid, guint32 id,
                                GError **error);
/* It must not be given out again, but what is on its way may still need it. */
gboolean sn_omemo_secret_use(SnStore *store, SnId account, int kind, guint32 id, GError **error);
/* Ids (guint32) of those not used, in order. */
GArray *sn_omemo_secret_ids(SnStore *store, SnId account, int kind);
/* Those used go, and of those signed all but the newest two. */
gboolean sn_omemo_secret_tidy(SnStore *store, SnId account, int prekeys, int signed_keys,
                              GError **error);

#endif
