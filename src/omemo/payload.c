/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/omemo/payload.h"

#include <glib/gstdio.h>
#include <string.h>

#include "src/base/error.h"
#include "src/omemo/crypto.h"

enum {
	KEY = 16,
	FILE_KEY = 32,
	MAX_IV = 16, /* older clients send 16 */
};
#define SCHEME "aesgcm://"

static GBytes *random_key(gsize length)
{
	guint8 *key = g_malloc(length);

	sn_crypto_random(key, length);
	return sn_crypto_secret(key, length);
}

static GBytes *random_iv(void)
{
	guint8 *iv = g_malloc(SN_GCM_IV);

	sn_crypto_random(iv, SN_GCM_IV);
	return g_bytes_new_take(iv, SN_GCM_IV);
}

static GBytes *joined(GBytes *key, const guint8 *tag)
{
	guint8 *both = g_malloc(KEY + SN_GCM_TAG);

	memcpy(both, g_bytes_get_data(key, NULL), KEY);
	memcpy(both + KEY, tag, SN_GCM_TAG);
	return sn_crypto_secret(both, KEY + SN_GCM_TAG);
}

GBytes *sn_payload_seal(SnOmemoSealed *sealed, const char *text)
{
	g_autoptr(GBytes) key = random_key(KEY), plain = g_bytes_new_static(text, strlen(text));
	gsize size;

	g_assert(!sealed->iv && !sealed->payload);
	sealed->iv = random_iv();
	g_autoptr(GBytes) whole = sn_gcm_seal(key, g_bytes_get_data(sealed->iv, NULL), SN_GCM_IV, plain,
	                                      NULL);
	const guint8 *bytes = g_bytes_get_data(whole, &size);
	sealed->payload = g_bytes_new(bytes, size - SN_GCM_TAG);
	return joined(key, bytes + size - SN_GCM_TAG);
}

GBytes *sn_payload_empty(SnOmemoSealed *sealed)
{
	g_assert(!sealed->iv && !sealed->payload);
	sealed->iv = random_iv();
	return random_key(KEY + SN_GCM_TAG);
}

/* Before 2017 the tag stood behind the payload, and the key came alone. */
char *sn_payload_open(const SnOmemoSealed *sealed, GBytes *key)
{
	gsize size, iv_size;
	const guint8 *bytes = g_bytes_get_data(key, &size);

	if (!sealed->payload || !sealed->iv || (size != KEY && size != KEY + SN_GCM_TAG))
		return NULL;
	g_autoptr(GBytes) bare = g_bytes_new_from_bytes(key, 0, KEY);
	g_autoptr(GByteArray) whole = g_byte_array_new();
	const guint8 *iv = g_bytes_get_data(sealed->iv, &iv_size);
	if (iv_size > MAX_IV)
		return NULL;
	g_byte_array_append(whole, g_bytes_get_data(sealed->payload, NULL),
	                    (guint)g_bytes_get_size(sealed->payload));
	g_byte_array_append(whole, bytes + KEY, (guint)(size - KEY));
	g_autoptr(GBytes) all = g_byte_array_free_to_bytes(g_steal_pointer(&whole));
	g_autoptr(GBytes) plain = sn_gcm_open(bare, iv, iv_size, all, NULL);
	gsize length = 0;
	const char *text = plain ? g_bytes_get_data(plain, &length) : NULL;
	if (!plain || memchr(text, '\0', length) || !g_utf8_validate(text, (gssize)length, NULL))
		return NULL;
	return g_strndup(text, length);
}

/* ---- files ---- */

static void append_hex(GString *text, GBytes *bytes)
{
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);

	for (gsize i = 0; i < size; i++)
		g_string_append_printf(text, "%02x", data[i]);
}

GBytes *sn_file_seal(GBytes *plain, char **fragment)
{
	g_autoptr(GBytes) key = random_key(FILE_KEY), iv = random_iv();
	GString *text = g_string_new(NULL);

	append_hex(text, iv);
	append_hex(text, key);
	*fragment = g_string_free(text, FALSE);
	return sn_gcm_seal(key, g_bytes_get_data(iv, NULL), SN_GCM_IV, plain, NULL);
}

/* IV of 12 or 16 bytes, then the key. */
static gboolean read_fragment(const char *fragment, guint8 iv[MAX_IV], gsize *iv_size, GBytes **key)
{
	gsize digits = fragment ? strlen(fragment) : 0, bytes = digits / 2;
	guint8 all[MAX_IV + FILE_KEY];

	if (digits % 2 || (bytes != FILE_KEY + SN_GCM_IV && bytes != FILE_KEY + MAX_IV) ||
	    strspn(fragment, "0123456789abcdefABCDEF") != digits)
		return FALSE;
	for (gsize i = 0; i < bytes; i++)
		all[i] = (guint8)(g_ascii_xdigit_value(fragment[2 * i]) << 4 |
		                  g_ascii_xdigit_value(fragment[2 * i + 1]));
	*iv_size = bytes - FILE_KEY;
	memcpy(iv, all, *iv_size);
	*key = sn_crypto_secret(g_memdup2(all + *iv_size, FILE_KEY), FILE_KEY);
	explicit_bzero(all, sizeof all);
	return TRUE;
}

gboolean sn_file_open(const char *from, const char *to, const char *fragment, gint64 most,
                      GError **error)
{
	g_autoptr(GBytes) key = NULL;
	guint8 iv[MAX_IV];
	gsize iv_size, length;
	char *data = NULL;
	GStatBuf info;

	if (!read_fragment(fragment, iv, &iv_size, &key)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "The address of the file has no usable key.");
		return FALSE;
	}
	if (g_stat(from, &info) == 0 && info.st_size > most + SN_GCM_TAG) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "The file is larger than it may be.");
		return FALSE;
	}
	if (!g_file_get_contents(from, &data, &length, NULL)) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "The file that came cannot be read.");
		return FALSE;
	}
	g_autoptr(GBytes) sealed = g_bytes_new_take(data, length);
	g_autoptr(GBytes) plain = sn_gcm_open(key, iv, iv_size, sealed, NULL);
	if (!plain) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "The file is not what was sent: it was damaged or changed on the way.");
		return FALSE;
	}
	g_autoptr(GError) cause = NULL;
	if (g_file_set_contents_full(to, g_bytes_get_data(plain, NULL), (gssize)g_bytes_get_size(plain),
	                             G_FILE_SET_CONTENTS_CONSISTENT, 0600, &cause))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s", cause->message);
	return FALSE;
}

char *sn_file_address(const char *url, char **fragment)
{
	const char *mark = url ? strchr(url, '#') : NULL;

	if (fragment)
		*fragment = NULL;
	if (!mark || !g_str_has_prefix(url, SCHEME))
		return NULL;
	g_autofree char *place = g_strndup(url + strlen(SCHEME), (gsize)(mark - url) - strlen(SCHEME));
	if (!*place)
		return NULL;
	if (fragment)
		*fragment = g_strdup(mark + 1);
	return g_strconcat("https://", place, NULL);
}

char *sn_file_locked_address(const char *url, const char *fragment)
{
	const char *place = url && g_str_has_prefix(url, "https://") ? url + strlen("https://") : NULL;

	return place ? g_strconcat(SCHEME, place, "#", fragment, NULL) : NULL;
}
