/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * contacts.h - what XMPP servers tell of contacts besides presence: the whole roster, who is blocked
 * (XEP-0191), and what the clients of contacts can do (XEP-0115). Written by the engine.
 */
#ifndef SN_STORE_CONTACTS_H
#define SN_STORE_CONTACTS_H

#include "src/store/people.h"

/* Bare JIDs in the account's roster; of char *. Never NULL. */
GPtrArray *sn_roster_list(SnStore *store, SnId account);

/* When the IM of the account was said that was filed last, however it came; 0: none. */
SnTime sn_im_newest(SnStore *store, SnId account);

/* ---- blocked ---- */

typedef struct {
	SnId account;
	char *account_name;
	char *jid;   /* bare, a domain, or with a resource: as the server has it */
	SnId person; /* whose address it is; 0 */
	char *name;  /* of the person; NULL */
} SnBlocked;
void sn_blocked_free(SnBlocked *blocked);

/* jids: all there are now; NULL: the server has no such list. */
gboolean sn_blocked_set(SnStore *store, SnId account, char *const *jids, GError **error);
GPtrArray *sn_blocked_list(SnStore *store); /* by JID; of SnBlocked */
gboolean sn_is_blocked(SnStore *store, const char *jid); /* by any account */

/* ---- what clients can do ---- */

typedef struct {
	char *name;      /* of the client; NULL */
	char **features; /* sorted */
} SnClientCaps;
void sn_client_caps_free(SnClientCaps *caps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnClientCaps, sn_client_caps_free)

/* fingerprint: "sha-1:..." */
gboolean sn_caps_put(SnStore *store, const char *fingerprint, const char *name,
                     char *const *features, GError **error);
SnClientCaps *sn_caps_get(SnStore *store, const char *fingerprint); /* NULL: not known */
GPtrArray *sn_caps_known(SnStore *store); /* fingerprints, newest first; of char * */

#endif
