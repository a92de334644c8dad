/* SPDX-License-Identifier: GPL-3.0-or-later */
/* omemo_peer.h - a device that encrypts and keeps everything in memory. Failures end the test. */
#ifndef SN_TESTS_LIB_OMEMO_PEER_H
#define SN_TESTS_LIB_OMEMO_PEER_H

#include "src/omemo/ratchet.h"

typedef struct {
	const char *jid;
	guint32 id;
	GHashTable *kept;       /* place -> GBytes */
	GHashTable *identities; /* "jid/device" -> GBytes */
	GArray *used;           /* of guint32: prekeys that a session was begun with */
	gboolean full;          /* nothing can be written */
	SnRatchet *ratchet;
	GArray *prekeys;        /* of guint32: 1 to 5 */
} OmemoPeer;

OmemoPeer *omemo_peer_new(const char *jid, guint32 id);
void omemo_peer_free(OmemoPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OmemoPeer, omemo_peer_free)
/* What it would publish. */
SnOmemoBundle *omemo_peer_bundle(OmemoPeer *peer);
/* Begins a session with the device that publishes this. */
void omemo_peer_begin(OmemoPeer *peer, const char *jid, guint32 device, const SnOmemoBundle *bundle);
/* A text (NULL: only a key) for that device, with which it has a session. */
SnOmemoSealed *omemo_peer_seal(OmemoPeer *peer, const char *jid, guint32 device, const char *text);
/* NULL: it cannot be opened, and error says why, or there is no text in it. */
char *omemo_peer_open(OmemoPeer *peer, const char *from, const SnOmemoSealed *sealed, GError **error);
/* It has forgotten this of what it kept. */
void omemo_peer_forget(OmemoPeer *peer, SnRatchetKind kind, const char *jid, guint32 id);

#endif
