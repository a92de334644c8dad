/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/omemo.h"

#define KEY_TYPE 5 /* of a Curve25519 key, before its 32 bytes */
#define KEY_SIZE 33
#define GROUP 4    /* bytes shown together */

static void prekey_free(gpointer data)
{
	SnOmemoPrekey *prekey = data;

	g_bytes_unref(prekey->key);
	g_free(prekey);
}

SnOmemoBundle *sn_omemo_bundle_new(void)
{
	SnOmemoBundle *bundle = g_new0(SnOmemoBundle, 1);

	bundle->prekeys = g_ptr_array_new_with_free_func(prekey_free);
	return bundle;
}

void sn_omemo_bundle_free(SnOmemoBundle *bundle)
{
	if (!bundle)
		return;
	g_clear_pointer(&bundle->signed_key, g_bytes_unref);
	g_clear_pointer(&bundle->signature, g_bytes_unref);
	g_clear_pointer(&bundle->identity, g_bytes_unref);
	g_ptr_array_unref(bundle->prekeys);
	g_free(bundle);
}

void sn_omemo_bundle_add(SnOmemoBundle *bundle, guint32 id, GBytes *key)
{
	SnOmemoPrekey *prekey = g_new0(SnOmemoPrekey, 1);

	g_assert(key);
	prekey->id = id;
	prekey->key = key;
	g_ptr_array_add(bundle->prekeys, prekey);
}

gboolean sn_omemo_bundle_is_whole(const SnOmemoBundle *bundle)
{
	return bundle && bundle->signed_key && bundle->signature && bundle->identity &&
	       bundle->prekeys->len > 0;
}

SnOmemoKey *sn_omemo_key_new(guint32 device, gboolean prekey, GBytes *data)
{
	SnOmemoKey *key = g_new0(SnOmemoKey, 1);

	g_assert(data);
	*key = (SnOmemoKey){ device, prekey, data };
	return key;
}

void sn_omemo_key_free(SnOmemoKey *key)
{
	if (!key)
		return;
	g_bytes_unref(key->data);
	g_free(key);
}

SnOmemoSealed *sn_omemo_sealed_new(guint32 sender)
{
	SnOmemoSealed *sealed = g_new0(SnOmemoSealed, 1);

	sealed->sender = sender;
	sealed->keys = g_ptr_array_new_with_free_func((GDestroyNotify)sn_omemo_key_free);
	return sealed;
}

void sn_omemo_sealed_free(SnOmemoSealed *sealed)
{
	if (!sealed)
		return;
	g_ptr_array_unref(sealed->keys);
	g_clear_pointer(&sealed->iv, g_bytes_unref);
	g_clear_pointer(&sealed->payload, g_bytes_unref);
	g_free(sealed);
}

const SnOmemoKey *sn_omemo_sealed_key(const SnOmemoSealed *sealed, guint32 device)
{
	for (guint i = 0; i < sealed->keys->len; i++) {
		const SnOmemoKey *key = sealed->keys->pdata[i];
		if (key->device == device)
			return key;
	}
	return NULL;
}

const char *sn_e2e_closed_words(guint secure)
{
	static const char *const words[] = {
#define X(name, words) "This message could not be opened: " words,
		SN_E2E_WHY_TABLE(X)
#undef X
	};
	SnE2eWhy why = SN_E2E_WHY(secure);

	return words[(guint)why < SN_E2E_WHY_COUNT ? why : SN_E2E_WHY_UNKNOWN];
}

const char *sn_e2e_words(guint secure, gboolean out)
{
	if (secure & SN_E2E_CLOSED)
		return "could not be opened";
	if (secure & SN_E2E_CLEAR)
		return "not encrypted";
	if (secure & SN_E2E_NEW)
		return "encrypted, from a device you have not verified";
	if (secure & SN_E2E_LEFT_OUT)
		return "encrypted, a device was left out";
	return NULL;
}

int sn_e2e_alarm(guint secure)
{
	if (secure & SN_E2E_CLOSED)
		return 3;
	if (secure & (SN_E2E_CLEAR | SN_E2E_NEW | SN_E2E_LEFT_OUT))
		return 2;
	return secure & SN_E2E_OPENED ? 1 : 0;
}

char *sn_omemo_fingerprint(GBytes *identity)
{
	gsize size = 0;
	const guint8 *bytes = identity ? g_bytes_get_data(identity, &size) : NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	if (size != KEY_SIZE || bytes[0] != KEY_TYPE)
		return NULL;
	for (gsize i = 1; i < size; i++)
		g_string_append_printf(text, "%s%02x", i > 1 && i % GROUP == 1 ? " " : "", bytes[i]);
	return g_strdup(text->str);
}
