/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/omemo/ratchet.h"

#include <key_helper.h>
#include <protocol.h>
#include <session_builder.h>
#include <session_cipher.h>
#include <string.h>

#include "src/omemo/crypto.h"
#include "src/omemo/provider.h"

#define FORM 3 /* of sessions and messages, in XEP-0384 0.3 */
#define NOT_KEPT (SG_ERR_MINIMUM - 1) /* of our callbacks: what is here could not be read or written */

struct sn_ratchet {
	const SnRatchetStore *store;
	gpointer data;
	signal_context *context;
	signal_protocol_store_context *keep;
};

G_DEFINE_QUARK(sn-ratchet-error-quark, sn_ratchet_error)

/* ---- what the library remembers ---- */

static char *name_of(const signal_protocol_address *address)
{
	return g_strndup(address->name, address->name_len);
}

static signal_buffer *buffer_of(GBytes *bytes)
{
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);

	return signal_buffer_create(data, size);
}

/* 1 found, 0 none, negative: no memory. Takes bytes. */
static int give(signal_buffer **out, GBytes *bytes)
{
	if (!bytes)
		return 0;
	*out = buffer_of(bytes);
	g_bytes_unref(bytes);
	return *out ? 1 : SG_ERR_NOMEM;
}

static int save(SnRatchet *self, SnRatchetKind kind, const char *jid, guint32 id,
                const uint8_t *record, size_t length)
{
	g_autoptr(GBytes) bytes = sn_crypto_secret(g_memdup2(record, length), length);

	return self->store->save(kind, jid, id, bytes, self->data) ? SG_SUCCESS : NOT_KEPT;
}

static gboolean contains(SnRatchet *self, SnRatchetKind kind, const char *jid, guint32 id)
{
	g_autoptr(GBytes) bytes = self->store->load(kind, jid, id, self->data);

	return bytes != NULL;
}

static int load_session(signal_buffer **record, signal_buffer **user,
                        const signal_protocol_address *address, void *data)
{
	SnRatchet *self = data;
	g_autofree char *jid = name_of(address);

	return give(record, self->store->load(SN_RATCHET_SESSION, jid, (guint32)address->device_id,
	                                      self->data));
}

static int sub_devices(signal_int_list **sessions, const char *name, size_t length, void *data)
{
	*sessions = signal_int_list_alloc(); /* only asked for by clients of another protocol */
	return *sessions ? 0 : SG_ERR_NOMEM;
}

static int store_session(const signal_protocol_address *address, uint8_t *record, size_t length,
                         uint8_t *user, size_t user_length, void *data)
{
	g_autofree char *jid = name_of(address);

	return save(data, SN_RATCHET_SESSION, jid, (guint32)address->device_id, record, length);
}

static int contains_session(const signal_protocol_address *address, void *data)
{
	g_autofree char *jid = name_of(address);

	return contains(data, SN_RATCHET_SESSION, jid, (guint32)address->device_id);
}

static int delete_session(const signal_protocol_address *address, void *data)
{
	SnRatchet *self = data;
	g_autofree char *jid = name_of(address);

	return self->store->remove(SN_RATCHET_SESSION, jid, (guint32)address->device_id, self->data)
	               ? 1
	               : NOT_KEPT;
}

static int delete_sessions(const char *name, size_t length, void *data)
{
	return SG_ERR_UNKNOWN; /* never asked for */
}

static int load_prekey(signal_buffer **record, uint32_t id, void *data)
{
	SnRatchet *self = data;
	int found = give(record, self->store->load(SN_RATCHET_PREKEY, "", id, self->data));

	return found == 1 ? SG_SUCCESS : found < 0 ? found : SG_ERR_INVALID_KEY_ID;
}

static int store_prekey(uint32_t id, uint8_t *record, size_t length, void *data)
{
	return save(data, SN_RATCHET_PREKEY, "", id, record, length);
}

static int contains_prekey(uint32_t id, void *data)
{
	return contains(data, SN_RATCHET_PREKEY, "", id);
}

static int used_prekey(uint32_t id, void *data)
{
	SnRatchet *self = data;

	return !self->store->used || self->store->used(id, self->data) ? SG_SUCCESS : NOT_KEPT;
}

static int load_signed(signal_buffer **record, uint32_t id, void *data)
{
	SnRatchet *self = data;
	int found = give(record, self->store->load(SN_RATCHET_SIGNED, "", id, self->data));

	return found == 1 ? SG_SUCCESS : found < 0 ? found : SG_ERR_INVALID_KEY_ID;
}

static int store_signed(uint32_t id, uint8_t *record, size_t length, void *data)
{
	return save(data, SN_RATCHET_SIGNED, "", id, record, length);
}

static int contains_signed(uint32_t id, void *data)
{
	return contains(data, SN_RATCHET_SIGNED, "", id);
}

static int remove_signed(uint32_t id, void *data)
{
	SnRatchet *self = data;

	return self->store->remove(SN_RATCHET_SIGNED, "", id, self->data) ? SG_SUCCESS : NOT_KEPT;
}

static ratchet_identity_key_pair *own_pair(SnRatchet *self)
{
	g_autoptr(GBytes) bytes = self->store->load(SN_RATCHET_OWN, "", 0, self->data);
	ratchet_identity_key_pair *pair = NULL;
	gsize size = 0;
	const guint8 *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (data && ratchet_identity_key_pair_deserialize(&pair, data, size, self->context) < 0)
		return NULL;
	return pair;
}

static int own_keys(signal_buffer **public, signal_buffer **private, void *data)
{
	ratchet_identity_key_pair *pair = own_pair(data);
	int result;

	if (!pair)
		return NOT_KEPT;
	result = ec_public_key_serialize(public, ratchet_identity_key_pair_get_public(pair));
	if (result >= 0)
		result = ec_private_key_serialize(private, ratchet_identity_key_pair_get_private(pair));
	SIGNAL_UNREF(pair);
	return result < 0 ? result : SG_SUCCESS;
}

static int own_registration(void *data, uint32_t *id)
{
	SnRatchet *self = data;

	*id = self->store->registration ? self->store->registration(self->data) : 1;
	return SG_SUCCESS;
}

static int save_identity(const signal_protocol_address *address, uint8_t *key, size_t length,
                         void *data)
{
	SnRatchet *self = data;
	g_autofree char *jid = name_of(address);
	g_autoptr(GBytes) bytes = key ? g_bytes_new(key, length) : NULL;

	if (!bytes)
		return SG_SUCCESS;
	return self->store->identity(jid, (guint32)address->device_id, bytes, self->data)
	               ? SG_SUCCESS
	               : NOT_KEPT;
}

static int let_through(const signal_protocol_address *address, uint8_t *key, size_t length,
                       void *data)
{
	return 1;
}

static void set_stores(SnRatchet *self)
{
	const signal_protocol_session_store sessions = {
		.load_session_func = load_session,
		.get_sub_device_sessions_func = sub_devices,
		.store_session_func = store_session,
		.contains_session_func = contains_session,
		.delete_session_func = delete_session,
		.delete_all_sessions_func = delete_sessions,
		.user_data = self,
	};
	const signal_protocol_pre_key_store prekeys = {
		.load_pre_key = load_prekey,
		.store_pre_key = store_prekey,
		.contains_pre_key = contains_prekey,
		.remove_pre_key = used_prekey,
		.user_data = self,
	};
	const signal_protocol_signed_pre_key_store signed_keys = {
		.load_signed_pre_key = load_signed,
		.store_signed_pre_key = store_signed,
		.contains_signed_pre_key = contains_signed,
		.remove_signed_pre_key = remove_signed,
		.user_data = self,
	};
	const signal_protocol_identity_key_store identities = {
		.get_identity_key_pair = own_keys,
		.get_local_registration_id = own_registration,
		.save_identity = save_identity,
		.is_trusted_identity = let_through,
		.user_data = self,
	};

	signal_protocol_store_context_set_session_store(self->keep, &sessions);
	signal_protocol_store_context_set_pre_key_store(self->keep, &prekeys);
	signal_protocol_store_context_set_signed_pre_key_store(self->keep, &signed_keys);
	signal_protocol_store_context_set_identity_key_store(self->keep, &identities);
}

SnRatchet *sn_ratchet_new(const SnRatchetStore *store, gpointer data)
{
	SnRatchet *self = g_new0(SnRatchet, 1);
	int result;

	g_assert(store->load && store->save && store->remove && store->identity);
	self->store = store;
	self->data = data;
	result = signal_context_create(&self->context, self);
	g_assert(result == 0);
	/* no log: what it says may have to do with keys; no locks: one thread */
	result = signal_context_set_crypto_provider(self->context, &sn_omemo_provider);
	g_assert(result == 0);
	result = signal_protocol_store_context_create(&self->keep, self->context);
	g_assert(result == 0);
	set_stores(self);
	return self;
}

void sn_ratchet_free(SnRatchet *self)
{
	if (!self)
		return;
	signal_protocol_store_context_destroy(self->keep);
	signal_context_destroy(self->context);
	g_free(self);
}

/* ---- the own device ---- */

/* Takes the buffer, which holds a secret. */
static gboolean save_buffer(SnRatchet *self, SnRatchetKind kind, guint32 id, signal_buffer *buffer)
{
	gboolean done = save(self, kind, "", id, signal_buffer_data(buffer), signal_buffer_len(buffer)) ==
	                SG_SUCCESS;

	signal_buffer_bzero_free(buffer);
	return done;
}

static GBytes *public_bytes(const ec_public_key *key)
{
	signal_buffer *buffer = NULL;

	if (!key || ec_public_key_serialize(&buffer, key) < 0)
		return NULL;
	GBytes *bytes = g_bytes_new(signal_buffer_data(buffer), signal_buffer_len(buffer));
	signal_buffer_free(buffer);
	return bytes;
}

GBytes *sn_ratchet_make_identity(SnRatchet *self)
{
	ratchet_identity_key_pair *pair = NULL;
	signal_buffer *buffer = NULL;
	GBytes *public = NULL;

	if (signal_protocol_key_helper_generate_identity_key_pair(&pair, self->context) < 0)
		return NULL;
	if (ratchet_identity_key_pair_serialize(&buffer, pair) >= 0 &&
	    save_buffer(self, SN_RATCHET_OWN, 0, buffer))
		public = public_bytes(ratchet_identity_key_pair_get_public(pair));
	SIGNAL_UNREF(pair);
	return public;
}

gboolean sn_ratchet_make_signed(SnRatchet *self, guint32 id, SnTime now)
{
	ratchet_identity_key_pair *pair = own_pair(self);
	session_signed_pre_key *key = NULL;
	signal_buffer *buffer = NULL;
	gboolean done = FALSE;

	if (pair &&
	    signal_protocol_key_helper_generate_signed_pre_key(&key, pair, id, (uint64_t)now,
	                                                       self->context) >= 0 &&
	    session_signed_pre_key_serialize(&buffer, key) >= 0)
		done = save_buffer(self, SN_RATCHET_SIGNED, id, buffer);
	SIGNAL_UNREF(key);
	SIGNAL_UNREF(pair);
	return done;
}

gboolean sn_ratchet_make_prekeys(SnRatchet *self, guint32 first, guint count)
{
	signal_protocol_key_helper_pre_key_list_node *head = NULL;
	gboolean done = TRUE;

	g_assert(first > 0 && first + count <= PRE_KEY_MEDIUM_MAX_VALUE);
	if (signal_protocol_key_helper_generate_pre_keys(&head, first, count, self->context) < 0)
		return FALSE;
	for (const signal_protocol_key_helper_pre_key_list_node *node = head; node && done;
	     node = signal_protocol_key_helper_key_list_next(node)) {
		session_pre_key *key = signal_protocol_key_helper_key_list_element(node);
		signal_buffer *buffer = NULL;
		done = session_pre_key_serialize(&buffer, key) >= 0 &&
		       save_buffer(self, SN_RATCHET_PREKEY, session_pre_key_get_id(key), buffer);
	}
	signal_protocol_key_helper_key_list_free(head);
	return done;
}

static gboolean add_prekey(SnRatchet *self, SnOmemoBundle *bundle, guint32 id)
{
	g_autoptr(GBytes) record = self->store->load(SN_RATCHET_PREKEY, "", id, self->data);
	session_pre_key *key = NULL;
	gsize size = 0;
	const guint8 *data = record ? g_bytes_get_data(record, &size) : NULL;

	if (!data || session_pre_key_deserialize(&key, data, size, self->context) < 0)
		return FALSE;
	GBytes *public = public_bytes(ec_key_pair_get_public(session_pre_key_get_key_pair(key)));
	SIGNAL_UNREF(key);
	if (public)
		sn_omemo_bundle_add(bundle, id, public);
	return public != NULL;
}

static gboolean add_signed(SnRatchet *self, SnOmemoBundle *bundle, guint32 id)
{
	g_autoptr(GBytes) record = self->store->load(SN_RATCHET_SIGNED, "", id, self->data);
	session_signed_pre_key *key = NULL;
	gsize size = 0;
	const guint8 *data = record ? g_bytes_get_data(record, &size) : NULL;

	if (!data || session_signed_pre_key_deserialize(&key, data, size, self->context) < 0)
		return FALSE;
	bundle->signed_id = id;
	bundle->signed_key =
		public_bytes(ec_key_pair_get_public(session_signed_pre_key_get_key_pair(key)));
	bundle->signature = g_bytes_new(session_signed_pre_key_get_signature(key),
	                                session_signed_pre_key_get_signature_len(key));
	SIGNAL_UNREF(key);
	return bundle->signed_key != NULL;
}

SnOmemoBundle *sn_ratchet_bundle(SnRatchet *self, guint32 signed_id, const GArray *prekeys)
{
	g_autoptr(SnOmemoBundle) bundle = sn_omemo_bundle_new();
	ratchet_identity_key_pair *pair = own_pair(self);

	if (!pair)
		return NULL;
	bundle->identity = public_bytes(ratchet_identity_key_pair_get_public(pair));
	SIGNAL_UNREF(pair);
	if (!add_signed(self, bundle, signed_id))
		return NULL;
	for (guint i = 0; i < prekeys->len; i++)
		if (!add_prekey(self, bundle, g_array_index(prekeys, guint32, i)))
			return NULL;
	return sn_omemo_bundle_is_whole(bundle) ? g_steal_pointer(&bundle) : NULL;
}

/* ---- sessions ---- */

static signal_protocol_address address_of(const char *jid, guint32 device)
{
	return (signal_protocol_address){ jid, strlen(jid), (int32_t)device };
}

static gboolean fail(GError **error, int code)
{
	SnRatchetErrorCode kind = SN_RATCHET_ERROR_BROKEN;

	switch (code) {
	case SG_ERR_DUPLICATE_MESSAGE: kind = SN_RATCHET_ERROR_DUPLICATE; break;
	case SG_ERR_NO_SESSION: kind = SN_RATCHET_ERROR_NO_SESSION; break;
	case SG_ERR_INVALID_KEY_ID: kind = SN_RATCHET_ERROR_NO_PREKEY; break;
	case NOT_KEPT:
	case SG_ERR_NOMEM: kind = SN_RATCHET_ERROR_STORAGE; break;
	}
	g_set_error(error, SN_RATCHET_ERROR, (int)kind, "error %d of the encryption", code);
	return FALSE;
}

gboolean sn_ratchet_has_session(SnRatchet *self, const char *jid, guint32 device)
{
	return contains(self, SN_RATCHET_SESSION, jid, device);
}

static ec_public_key *decode(SnRatchet *self, GBytes *bytes)
{
	ec_public_key *key = NULL;
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);

	/* 33 bytes only: of 32 the library would think another curve */
	return size == 33 && curve_decode_point(&key, data, size, self->context) >= 0 ? key : NULL;
}

static int make_bundle(SnRatchet *self, guint32 device, const SnOmemoBundle *from,
                       session_pre_key_bundle **bundle)
{
	const SnOmemoPrekey *prekey =
		from->prekeys->pdata[sn_crypto_random_number(from->prekeys->len) - 1];
	ec_public_key *one_time = decode(self, prekey->key);
	ec_public_key *signed_key = decode(self, from->signed_key);
	ec_public_key *identity = decode(self, from->identity);
	int result = SG_ERR_INVALID_KEY;

	/* the library reads 64 bytes, however many there are */
	if (one_time && signed_key && identity &&
	    g_bytes_get_size(from->signature) == CURVE_SIGNATURE_LEN)
		result = session_pre_key_bundle_create(
			bundle, 1, (int)device, prekey->id, one_time, from->signed_id, signed_key,
			g_bytes_get_data(from->signature, NULL), g_bytes_get_size(from->signature), identity);
	SIGNAL_UNREF(one_time);
	SIGNAL_UNREF(signed_key);
	SIGNAL_UNREF(identity);
	return result;
}

gboolean sn_ratchet_begin(SnRatchet *self, const char *jid, guint32 device,
                          const SnOmemoBundle *from, GError **error)
{
	signal_protocol_address address = address_of(jid, device);
	session_pre_key_bundle *bundle = NULL;
	session_builder *builder = NULL;
	int result = sn_omemo_bundle_is_whole(from) ? make_bundle(self, device, from, &bundle)
	                                            : SG_ERR_INVALID_KEY;

	if (result >= 0)
		result = session_builder_create(&builder, self->keep, &address, self->context);
	if (result >= 0) {
		session_builder_set_version(builder, FORM);
		result = session_builder_process_pre_key_bundle(builder, bundle);
	}
	if (builder)
		session_builder_free(builder);
	SIGNAL_UNREF(bundle);
	return result >= 0 || fail(error, result);
}

SnOmemoKey *sn_ratchet_encrypt(SnRatchet *self, const char *jid, guint32 device, GBytes *key,
                               GError **error)
{
	signal_protocol_address address = address_of(jid, device);
	session_cipher *cipher = NULL;
	ciphertext_message *message = NULL;
	SnOmemoKey *made = NULL;
	gsize size;
	const guint8 *data = g_bytes_get_data(key, &size);
	int result = contains_session(&address, self) ? SG_SUCCESS : SG_ERR_NO_SESSION;

	if (result >= 0)
		result = session_cipher_create(&cipher, self->keep, &address, self->context);
	if (result >= 0) {
		session_cipher_set_version(cipher, FORM);
		result = session_cipher_encrypt(cipher, data, size, &message);
	}
	if (result >= 0) {
		signal_buffer *text = ciphertext_message_get_serialized(message);
		made = sn_omemo_key_new(device, ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE,
		                        g_bytes_new(signal_buffer_data(text), signal_buffer_len(text)));
	} else {
		fail(error, result);
	}
	SIGNAL_UNREF(message);
	if (cipher)
		session_cipher_free(cipher);
	return made;
}

static int open_first(SnRatchet *self, session_cipher *cipher, GBytes *data, guint32 *counter,
                      signal_buffer **plain)
{
	pre_key_signal_message *message = NULL;
	gsize size;
	const guint8 *bytes = g_bytes_get_data(data, &size);
	int result = pre_key_signal_message_deserialize(&message, bytes, size, self->context);

	if (result >= 0) {
		*counter = signal_message_get_counter(pre_key_signal_message_get_signal_message(message));
		result = session_cipher_decrypt_pre_key_signal_message(cipher, message, NULL, plain);
	}
	SIGNAL_UNREF(message);
	return result;
}

static int open_next(SnRatchet *self, session_cipher *cipher, GBytes *data, guint32 *counter,
                     signal_buffer **plain)
{
	signal_message *message = NULL;
	gsize size;
	const guint8 *bytes = g_bytes_get_data(data, &size);
	int result = signal_message_deserialize(&message, bytes, size, self->context);

	if (result >= 0) {
		*counter = signal_message_get_counter(message);
		result = session_cipher_decrypt_signal_message(cipher, message, NULL, plain);
	}
	SIGNAL_UNREF(message);
	return result;
}

GBytes *sn_ratchet_decrypt(SnRatchet *self, const char *jid, guint32 device, const SnOmemoKey *key,
                           guint32 *counter, GError **error)
{
	signal_protocol_address address = address_of(jid, device);
	session_cipher *cipher = NULL;
	signal_buffer *plain = NULL;
	guint32 number = 0;
	GBytes *opened = NULL;
	int result = key->prekey || contains_session(&address, self) ? SG_SUCCESS : SG_ERR_NO_SESSION;

	if (result >= 0)
		result = session_cipher_create(&cipher, self->keep, &address, self->context);
	if (result >= 0) {
		session_cipher_set_version(cipher, FORM);
		result = key->prekey ? open_first(self, cipher, key->data, &number, &plain)
		                     : open_next(self, cipher, key->data, &number, &plain);
	}
	if (cipher)
		session_cipher_free(cipher);
	if (result < 0) {
		fail(error, result);
	} else {
		gsize size = signal_buffer_len(plain);
		opened = sn_crypto_secret(g_memdup2(signal_buffer_data(plain), size), size);
	}
	if (plain)
		signal_buffer_bzero_free(plain);
	if (counter)
		*counter = number;
	return opened;
}
