/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.c - compression with zstd, and what of it can be used again. */
#include <zstd.h>

#include "src/store/private.h"

/* To set up the tables takes longer than to compress a text; of what is larger they would be large
 * themselves, and are not kept. */
#define KEEP (32 * 1024)
#define LEVEL 1 /* of a text of 2 KB the third level saves a hundredth more, and takes a third longer */

struct sn_packer {
	ZSTD_CCtx *tables;
};

SnPacker *sn_packer_new(void)
{
	SnPacker *packer = g_new0(SnPacker, 1);

	packer->tables = ZSTD_createCCtx();
	return packer;
}

void sn_packer_free(SnPacker *packer)
{
	if (!packer)
		return;
	ZSTD_freeCCtx(packer->tables);
	g_free(packer);
}

char *sn_pack(SnPacker *packer, gconstpointer bytes, gsize size, gsize *length)
{
	gsize bound = ZSTD_compressBound(size);
	char *packed = g_try_malloc(bound);

	if (!packed)
		return NULL;
	if (packer && packer->tables && size <= KEEP)
		*length = ZSTD_compressCCtx(packer->tables, packed, bound, bytes, size, LEVEL);
	else
		*length = ZSTD_compress(packed, bound, bytes, size, size <= KEEP ? LEVEL : 3);
	if (!ZSTD_isError(*length) && *length < size)
		return packed;
	g_free(packed);
	return NULL;
}
