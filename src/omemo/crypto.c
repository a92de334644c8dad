/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/omemo/crypto.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

typedef struct {
	gpointer bytes;
	gsize length;
} Secret;

void sn_crypto_random(gpointer bytes, gsize length)
{
	g_assert(length <= INT_MAX);
	if (RAND_bytes(bytes, (int)length) != 1)
		g_error("The system gives no random numbers.");
}

guint32 sn_crypto_random_number(guint32 most)
{
	guint32 number, limit;

	g_assert(most > 0);
	limit = G_MAXUINT32 - G_MAXUINT32 % most; /* so that each is as likely */
	do
		sn_crypto_random(&number, sizeof number);
	while (number >= limit);
	return number % most + 1;
}

static void secret_free(gpointer data)
{
	Secret *secret = data;

	explicit_bzero(secret->bytes, secret->length);
	g_free(secret->bytes);
	g_free(secret);
}

GBytes *sn_crypto_secret(gpointer bytes, gsize length)
{
	Secret *secret = g_new(Secret, 1);

	*secret = (Secret){ bytes, length };
	return g_bytes_new_with_free_func(bytes, length, secret_free, secret);
}

static const EVP_CIPHER *cipher_for(GBytes *key)
{
	switch (g_bytes_get_size(key)) {
	case 16: return EVP_aes_128_gcm();
	case 32: return EVP_aes_256_gcm();
	default: return NULL;
	}
}

/* A context with key and IV set and `extra` authenticated; NULL. */
static EVP_CIPHER_CTX *begin(GBytes *key, const guint8 *iv, gsize iv_length, const char *extra,
                             int seal)
{
	const EVP_CIPHER *cipher = cipher_for(key);
	EVP_CIPHER_CTX *context = cipher && iv_length > 0 && iv_length <= 64 ? EVP_CIPHER_CTX_new() : NULL;
	int length;

	if (context &&
	    EVP_CipherInit_ex(context, cipher, NULL, NULL, NULL, seal) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_IVLEN, (int)iv_length, NULL) == 1 &&
	    EVP_CipherInit_ex(context, NULL, NULL, g_bytes_get_data(key, NULL), iv, seal) == 1 &&
	    (!extra || EVP_CipherUpdate(context, NULL, &length, (const guint8 *)extra,
	                                (int)strlen(extra)) == 1))
		return context;
	EVP_CIPHER_CTX_free(context);
	return NULL;
}

GBytes *sn_gcm_seal(GBytes *key, const guint8 *iv, gsize iv_length, GBytes *plain,
                    const char *extra)
{
	EVP_CIPHER_CTX *context = begin(key, iv, iv_length, extra, 1);
	gsize size;
	const guint8 *in = g_bytes_get_data(plain, &size);
	int length = 0, rest = 0;

	g_assert(context && size <= INT_MAX - SN_GCM_TAG); /* own key, own IV: only a bug can be wrong */
	guint8 *out = g_malloc(size + SN_GCM_TAG);
	gboolean done = (size == 0 || EVP_EncryptUpdate(context, out, &length, in, (int)size) == 1) &&
	                EVP_EncryptFinal_ex(context, out + length, &rest) == 1 &&
	                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SN_GCM_TAG, out + size) == 1;
	EVP_CIPHER_CTX_free(context);
	g_assert(done && (gsize)(length + rest) == size);
	return g_bytes_new_take(out, size + SN_GCM_TAG);
}

GBytes *sn_gcm_open(GBytes *key, const guint8 *iv, gsize iv_length, GBytes *sealed,
                    const char *extra)
{
	gsize whole;
	const guint8 *in = g_bytes_get_data(sealed, &whole);
	int length = 0, rest = 0;

	if (whole < SN_GCM_TAG || whole > INT_MAX)
		return NULL;
	EVP_CIPHER_CTX *context = begin(key, iv, iv_length, extra, 0);
	gsize size = whole - SN_GCM_TAG;
	guint8 tag[SN_GCM_TAG], *out = g_malloc(size + 1);
	memcpy(tag, in + size, sizeof tag);
	gboolean good =
		context && (size == 0 || EVP_DecryptUpdate(context, out, &length, in, (int)size) == 1) &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
		EVP_DecryptFinal_ex(context, out + length, &rest) == 1;
	EVP_CIPHER_CTX_free(context);
	GBytes *plain = sn_crypto_secret(out, size);
	if (good)
		return plain;
	g_bytes_unref(plain);
	return NULL;
}
