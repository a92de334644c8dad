/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/mime/digest.h"

#include <openssl/evp.h>

char *sn_sha256(gconstpointer bytes, gsize length)
{
	static const char digits[] = "0123456789abcdef";
	guchar sum[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(bytes ? bytes : "", length, sum, &size, EVP_sha256(), NULL) != 1)
		return g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, length);
	g_assert(size == 32);
	char *text = g_malloc((gsize)size * 2 + 1);
	for (unsigned int i = 0; i < size; i++) {
		text[2 * i] = digits[sum[i] >> 4];
		text[2 * i + 1] = digits[sum[i] & 15];
	}
	text[2 * size] = '\0';
	return text;
}
