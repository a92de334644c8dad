/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * body.c - the texts of messages: compressed in the store where that pays, and made ready to be filed
 * on a thread that writes to no store.
 */
#include <string.h>
#include <zstd.h>

#include "src/store/private.h"

#define WORTH 200 /* bytes below which a text stays as it is */

struct sn_ready {
	char *body;   /* what was made ready, to know it again */
	char *packed; /* compressed; NULL: better as it is */
	gsize length;
	char *words;  /* as the search index wants it; NULL: as it is */
};

/* ---- packing ---- */

static char *pack(SnPacker *packer, const char *text, gsize *length)
{
	gsize size = text ? strlen(text) : 0;

	return size >= WORTH && size <= SN_TEXT_LIMIT ? sn_pack(packer, text, size, length) : NULL;
}

gboolean sn_body_write(SnStore *store, const SnMessage *message, GError **error)
{
	const SnReady *ready = sn_message_ready(message);
	gsize length = ready ? ready->length : 0;
	g_autofree char *own = ready ? NULL : pack(NULL, message->body, &length);
	const char *packed = ready ? ready->packed : own;

	g_assert(message->body);
	return sn_run(store, error,
	              "INSERT INTO body (message, text, packed) VALUES (?1, ?2, ?3) "
	              "ON CONFLICT (message) DO UPDATE SET text = ?2, packed = ?3",
	              V(message->id), packed ? V("") : V(message->body),
	              packed ? sn_value_blob(packed, length) : V((const char *)NULL));
}

/* body_text(text, packed): what was written. */
static void sql_body_text(sqlite3_context *context, int count, sqlite3_value **values)
{
	int length = sqlite3_value_bytes(values[1]);
	const void *packed = sqlite3_value_blob(values[1]);

	g_assert(count == 2);
	if (sqlite3_value_type(values[1]) != SQLITE_BLOB) {
		sqlite3_result_value(context, values[0]);
		return;
	}
	unsigned long long size = ZSTD_getFrameContentSize(packed, (gsize)length);
	char *text = size <= SN_TEXT_LIMIT ? g_try_malloc(size + 1) : NULL;
	gsize got = text ? ZSTD_decompressDCtx(sqlite3_user_data(context), text, size, packed,
	                                       (gsize)length)
	                 : 0;
	if (!text || ZSTD_isError(got) || got != size) {
		g_free(text);
		sqlite3_result_error_code(context, SQLITE_CORRUPT);
		return;
	}
	text[size] = '\0';
	sqlite3_result_text(context, text, (int)size, g_free);
}

static void free_reader(gpointer reader)
{
	ZSTD_freeDCtx(reader);
}

gboolean sn_body_functions(SnStore *store, GError **error)
{
	int code = sqlite3_create_function_v2(store->db, "body_text", 2,
	                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
	                                      ZSTD_createDCtx(), sql_body_text, NULL, NULL,
	                                      free_reader);

	return code == SQLITE_OK ? TRUE : sn_store_fail(store, code, error);
}

/* ---- made ready ---- */

void sn_ready_free(SnReady *ready)
{
	if (!ready)
		return;
	g_free(ready->body);
	g_free(ready->packed);
	g_free(ready->words);
	g_free(ready);
}

void sn_message_make_ready(SnMessage *message, SnPacker *packer)
{
	g_clear_pointer(&message->ready, sn_ready_free);
	if (!message->body)
		return;
	sn_message_tidy(message);
	sn_message_fill_preview(message);
	SnReady *ready = g_new0(SnReady, 1);
	ready->body = g_strdup(message->body);
	ready->packed = pack(packer, message->body, &ready->length);
	ready->words = sn_search_words(message->body);
	message->ready = ready;
}

const SnReady *sn_message_ready(const SnMessage *message)
{
	const SnReady *ready = message->ready;

	return ready && g_strcmp0(ready->body, message->body) == 0 ? ready : NULL;
}

char *sn_ready_words(const SnMessage *message)
{
	const SnReady *ready = sn_message_ready(message);

	return ready ? g_strdup(ready->words) : sn_search_words(message->body);
}
