/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/omemo_peer.h"

#include "src/omemo/payload.h"

static char *place_of(SnRatchetKind kind, const char *jid, guint32 id)
{
	return g_strdup_printf("%d %s %u", (int)kind, jid, id);
}

static GBytes *load(SnRatchetKind kind, const char *jid, guint32 id, gpointer data)
{
	OmemoPeer *peer = data;
	g_autofree char *place = place_of(kind, jid, id);
	GBytes *bytes = g_hash_table_lookup(peer->kept, place);

	return bytes ? g_bytes_ref(bytes) : NULL;
}

static gboolean save(SnRatchetKind kind, const char *jid, guint32 id, GBytes *secret, gpointer data)
{
	OmemoPeer *peer = data;

	if (peer->full)
		return FALSE;
	g_hash_table_replace(peer->kept, place_of(kind, jid, id), g_bytes_ref(secret));
	return TRUE;
}

static gboolean removed(SnRatchetKind kind, const char *jid, guint32 id, gpointer data)
{
	OmemoPeer *peer = data;
	g_autofree char *place = place_of(kind, jid, id);

	g_hash_table_remove(peer->kept, place);
	return TRUE;
}

static gboolean identity(const char *jid, guint32 id, GBytes *key, gpointer data)
{
	OmemoPeer *peer = data;

	g_hash_table_replace(peer->identities, g_strdup_printf("%s/%u", jid, id), g_bytes_ref(key));
	return TRUE;
}

static gboolean used(guint32 prekey, gpointer data)
{
	OmemoPeer *peer = data;

	g_array_append_val(peer->used, prekey);
	return TRUE;
}

static const SnRatchetStore memory = { .load = load, .save = save, .remove = removed,
	                               .identity = identity, .used = used };

OmemoPeer *omemo_peer_new(const char *jid, guint32 id)
{
	OmemoPeer *peer = g_new0(OmemoPeer, 1);

	peer->jid = jid;
	peer->id = id;
	peer->kept =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	peer->identities =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	peer->used = g_array_new(FALSE, FALSE, sizeof(guint32));
	peer->prekeys = g_array_new(FALSE, FALSE, sizeof(guint32));
	peer->ratchet = sn_ratchet_new(&memory, peer);
	g_autoptr(GBytes) public = sn_ratchet_make_identity(peer->ratchet);
	g_assert_nonnull(public);
	g_assert_cmpuint(g_bytes_get_size(public), ==, 33);
	g_assert_true(sn_ratchet_make_signed(peer->ratchet, 1, 1000));
	g_assert_true(sn_ratchet_make_prekeys(peer->ratchet, 1, 5));
	for (guint32 i = 1; i <= 5; i++)
		g_array_append_val(peer->prekeys, i);
	return peer;
}

void omemo_peer_free(OmemoPeer *peer)
{
	sn_ratchet_free(peer->ratchet);
	g_hash_table_unref(peer->kept);
	g_hash_table_unref(peer->identities);
	g_array_unref(peer->used);
	g_array_unref(peer->prekeys);
	g_free(peer);
}

SnOmemoBundle *omemo_peer_bundle(OmemoPeer *peer)
{
	SnOmemoBundle *bundle = sn_ratchet_bundle(peer->ratchet, 1, peer->prekeys);

	g_assert_nonnull(bundle);
	return bundle;
}

void omemo_peer_begin(OmemoPeer *peer, const char *jid, guint32 device, const SnOmemoBundle *bundle)
{
	g_autoptr(GError) error = NULL;

	sn_ratchet_begin(peer->ratchet, jid, device, bundle, &error);
	g_assert_no_error(error);
}

SnOmemoSealed *omemo_peer_seal(OmemoPeer *peer, const char *jid, guint32 device, const char *text)
{
	SnOmemoSealed *sealed = sn_omemo_sealed_new(peer->id);
	g_autoptr(GBytes) key = text ? sn_payload_seal(sealed, text) : sn_payload_empty(sealed);
	g_autoptr(GError) error = NULL;
	SnOmemoKey *locked = sn_ratchet_encrypt(peer->ratchet, jid, device, key, &error);

	g_assert_no_error(error);
	g_ptr_array_add(sealed->keys, locked);
	return sealed;
}

char *omemo_peer_open(OmemoPeer *peer, const char *from, const SnOmemoSealed *sealed, GError **error)
{
	const SnOmemoKey *key = sn_omemo_sealed_key(sealed, peer->id);

	g_assert_nonnull(key);
	g_autoptr(GBytes) opened =
		sn_ratchet_decrypt(peer->ratchet, from, sealed->sender, key, NULL, error);
	return opened ? sn_payload_open(sealed, opened) : NULL;
}

void omemo_peer_forget(OmemoPeer *peer, SnRatchetKind kind, const char *jid, guint32 id)
{
	removed(kind, jid, id, peer);
}
