/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/omemo/provider.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/core_names.h>

#include "src/omemo/crypto.h"

enum { SHA256_SIZE = 32, SHA512_SIZE = 64 };

static int give_random(uint8_t *data, size_t length, void *unused)
{
	sn_crypto_random(data, length);
	return SG_SUCCESS;
}

/* ---- HMAC-SHA256 ---- */

static int hmac_begin(void **context, const uint8_t *key, size_t length, void *unused)
{
	EVP_MAC *kind = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = kind ? EVP_MAC_CTX_new(kind) : NULL;
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	static const uint8_t none[1]; /* an empty key has an address all the same */

	EVP_MAC_free(kind);
	if (!mac || EVP_MAC_init(mac, length ? key : none, length, parameters) != 1) {
		EVP_MAC_CTX_free(mac);
		return SG_ERR_UNKNOWN;
	}
	*context = mac;
	return SG_SUCCESS;
}

static int hmac_add(void *context, const uint8_t *data, size_t length, void *unused)
{
	return EVP_MAC_update(context, data, length) == 1 ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

static int hmac_end(void *context, signal_buffer **output, void *unused)
{
	uint8_t bytes[SHA256_SIZE];
	size_t length = 0;

	if (EVP_MAC_final(context, bytes, &length, sizeof bytes) != 1 || length != sizeof bytes)
		return SG_ERR_UNKNOWN;
	*output = signal_buffer_create(bytes, sizeof bytes);
	return *output ? SG_SUCCESS : SG_ERR_NOMEM;
}

static void hmac_free(void *context, void *unused)
{
	EVP_MAC_CTX_free(context);
}

/* ---- SHA-512 ---- */

static int sha512_begin(void **context, void *unused)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (!digest || EVP_DigestInit_ex(digest, EVP_sha512(), NULL) != 1) {
		EVP_MD_CTX_free(digest);
		return SG_ERR_UNKNOWN;
	}
	*context = digest;
	return SG_SUCCESS;
}

static int sha512_add(void *context, const uint8_t *data, size_t length, void *unused)
{
	return EVP_DigestUpdate(context, data, length) == 1 ? SG_SUCCESS : SG_ERR_UNKNOWN;
}

/* The library goes on with the same context. */
static int sha512_end(void *context, signal_buffer **output, void *unused)
{
	uint8_t bytes[SHA512_SIZE];
	unsigned int length = 0;

	if (EVP_DigestFinal_ex(context, bytes, &length) != 1 || length != sizeof bytes ||
	    EVP_DigestInit_ex(context, EVP_sha512(), NULL) != 1)
		return SG_ERR_UNKNOWN;
	*output = signal_buffer_create(bytes, sizeof bytes);
	return *output ? SG_SUCCESS : SG_ERR_NOMEM;
}

static void sha512_free(void *context, void *unused)
{
	EVP_MD_CTX_free(context);
}

/* ---- AES ---- */

static const EVP_CIPHER *cipher_for(int cipher, size_t key)
{
	gboolean cbc = cipher == SG_CIPHER_AES_CBC_PKCS5;

	if (!cbc && cipher != SG_CIPHER_AES_CTR_NOPADDING)
		return NULL;
	switch (key) {
	case 16: return cbc ? EVP_aes_128_cbc() : EVP_aes_128_ctr();
	case 24: return cbc ? EVP_aes_192_cbc() : EVP_aes_192_ctr();
	case 32: return cbc ? EVP_aes_256_cbc() : EVP_aes_256_ctr();
	default: return NULL;
	}
}

typedef struct {
	int cipher, seal;
	const uint8_t *key, *iv, *in;
	size_t key_length, iv_length, length;
} Job;

static int run_cipher(const Job *job, signal_buffer **output)
{
	const EVP_CIPHER *cipher = cipher_for(job->cipher, job->key_length);
	int length = 0, rest = 0, result = SG_ERR_UNKNOWN;

	if (!cipher || job->iv_length != 16 || job->length > INT_MAX - 64)
		return SG_ERR_INVAL;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t *out = g_malloc(job->length + 32);
	if (context &&
	    EVP_CipherInit_ex(context, cipher, NULL, job->key, job->iv, job->seal) == 1 &&
	    EVP_CIPHER_CTX_set_padding(context, job->cipher == SG_CIPHER_AES_CBC_PKCS5) == 1 &&
	    EVP_CipherUpdate(context, out, &length, job->in, (int)job->length) == 1 &&
	    EVP_CipherFinal_ex(context, out + length, &rest) == 1) {
		*output = signal_buffer_create(out, (size_t)(length + rest));
		result = *output ? SG_SUCCESS : SG_ERR_NOMEM;
	}
	EVP_CIPHER_CTX_free(context);
	explicit_bzero(out, job->length + 32);
	g_free(out);
	return result;
}

static int seal(signal_buffer **output, int cipher, const uint8_t *key, size_t key_length,
                const uint8_t *iv, size_t iv_length, const uint8_t *in, size_t length, void *unused)
{
	Job job = { cipher, 1, key, iv, in, key_length, iv_length, length };

	return run_cipher(&job, output);
}

static int unseal(signal_buffer **output, int cipher, const uint8_t *key, size_t key_length,
                  const uint8_t *iv, size_t iv_length, const uint8_t *in, size_t length, void *unused)
{
	Job job = { cipher, 0, key, iv, in, key_length, iv_length, length };

	return run_cipher(&job, output);
}

const signal_crypto_provider sn_omemo_provider = {
	.random_func = give_random,
	.hmac_sha256_init_func = hmac_begin,
	.hmac_sha256_update_func = hmac_add,
	.hmac_sha256_final_func = hmac_end,
	.hmac_sha256_cleanup_func = hmac_free,
	.sha512_digest_init_func = sha512_begin,
	.sha512_digest_update_func = sha512_add,
	.sha512_digest_final_func = sha512_end,
	.sha512_digest_cleanup_func = sha512_free,
	.encrypt_func = seal,
	.decrypt_func = unseal,
};
