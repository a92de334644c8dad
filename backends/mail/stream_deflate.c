/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_deflate.c - what is sent is compressed, and what comes in is (RFC 4978, raw RFC 1951). */
#include <string.h>
#include <zlib.h>

#include "backends/mail/stream_private.h"

#define CHUNK 16384

struct sn_deflate {
	z_stream in, out;
	guint8 raw[CHUNK];   /* as received, what `in` has not taken yet */
	guint8 plain[CHUNK]; /* inflated, not read yet: from at to end */
	gsize at, end;
	gboolean more;       /* `in` may have more without new input */
};

gboolean sn_stream_start_deflate(SnStream *stream, GError **error)
{
	SnDeflate *deflate = g_new0(SnDeflate, 1);

	g_assert(!stream->deflate);
	if (inflateInit2(&deflate->in, -MAX_WBITS) != Z_OK ||
	    deflateInit2(&deflate->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		g_error("zlib cannot be used.");
	stream->deflate = deflate;
	return !stream->error || sn_stream_give_error(stream, error);
}

void sn_stream_deflate_free(SnStream *stream)
{
	if (!stream->deflate)
		return;
	inflateEnd(&stream->deflate->in);
	deflateEnd(&stream->deflate->out);
	g_clear_pointer(&stream->deflate, g_free);
}

/* Inflates what is there into `plain`, which is empty. */
static gboolean inflate_some(SnStream *stream)
{
	SnDeflate *deflate = stream->deflate;
	z_stream *in = &deflate->in;

	g_assert(deflate->at == deflate->end);
	in->next_out = deflate->plain;
	in->avail_out = CHUNK;
	int result = inflate(in, Z_SYNC_FLUSH);
	deflate->at = 0;
	deflate->end = CHUNK - in->avail_out;
	deflate->more = in->avail_out == 0;
	if (result == Z_OK || result == Z_BUF_ERROR)
		return TRUE;
	if (result == Z_STREAM_END)
		sn_stream_fail(stream, SN_ERROR_NETWORK, "%s closed the connection.", stream->host);
	else
		sn_stream_fail(stream, SN_ERROR_NETWORK,
			       "%s sent data that cannot be decompressed; the connection was "
			       "closed.",
			       stream->host);
	return deflate->end > 0;
}

gboolean sn_stream_inflate_more(SnStream *stream)
{
	SnDeflate *deflate = stream->deflate;

	while (deflate->at == deflate->end) {
		if (!deflate->more && deflate->in.avail_in == 0) {
			gssize got = sn_stream_read_raw(stream, deflate->raw, sizeof deflate->raw);
			if (got <= 0)
				return FALSE;
			deflate->in.next_in = deflate->raw;
			deflate->in.avail_in = (uInt)got;
		}
		if (!inflate_some(stream))
			return FALSE;
	}
	return TRUE;
}

gssize sn_stream_inflate_read(SnStream *stream, void *buffer, gsize size)
{
	SnDeflate *deflate = stream->deflate;

	if (!sn_stream_inflate_more(stream))
		return -1;
	gsize length = MIN(size, deflate->end - deflate->at);
	memcpy(buffer, deflate->plain + deflate->at, length);
	deflate->at += length;
	return (gssize)length;
}

gboolean sn_stream_deflate_write(SnStream *stream, const void *bytes, gsize length)
{
	z_stream *out = &stream->deflate->out;
	guint8 packed[CHUNK];

	g_assert(length <= G_MAXUINT32);
	out->next_in = (Bytef *)bytes;
	out->avail_in = (uInt)length;
	do {
		out->next_out = packed;
		out->avail_out = sizeof packed;
		/* the server waits for whole commands */
		int result = deflate(out, Z_SYNC_FLUSH);
		g_assert(result == Z_OK || result == Z_BUF_ERROR);
		if (!sn_stream_write_raw(stream, packed, sizeof packed - out->avail_out))
			return FALSE;
	} while (out->avail_out == 0);
	return TRUE;
}
