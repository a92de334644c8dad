/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raw.c - bytes that are kept once: raw emails and attachments on their way out. Named by their
 * SHA-256, compressed where that pays; of an email in a Maildir only the name, for the bytes stay
 * there. References are counted by triggers.
 */
#include <string.h>
#include <zstd.h>

#include "src/store/private.h"
#include "src/store/raw_file.h"

#define WORTH 64          /* bytes below which nothing is compressed */
#define SIZE_LIMIT (512 * 1024 * 1024)

enum { PLAIN, ZSTD, IN_PLACE };

struct sn_packed {
	GBytes *plain;
	char *sha256;
	char *packed; /* NULL: better plain, or not packed yet */
	gboolean in_place;
	gsize length;
};

static void compress(SnPacked *p, SnPacker *packer)
{
	gsize size;
	gconstpointer plain = g_bytes_get_data(p->plain, &size);

	if (size >= WORTH)
		p->packed = sn_pack(packer, plain, size, &p->length);
}

static SnId find_blob(SnStore *store, const char *sha256)
{
	return sn_one(store, "SELECT id FROM blob WHERE sha256 = ?1", V(sha256));
}

/* One whose bytes are here, not in a file that may go. */
static SnId find_bytes(SnStore *store, const char *sha256)
{
	return sn_one(store, "SELECT id FROM blob WHERE sha256 = ?1 AND codec <> ?2", V(sha256),
	              V(IN_PLACE));
}

static SnPacked *name_bytes(GBytes *bytes, const char *sha256, GError **error)
{
	gsize size = g_bytes_get_size(bytes);

	if (size > SIZE_LIMIT) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
		            "A file of %" G_GSIZE_FORMAT " MB is too big; the limit is %d MB.",
		            size >> 20, SIZE_LIMIT >> 20);
		return NULL;
	}
	SnPacked *p = g_new0(SnPacked, 1);
	p->plain = g_bytes_ref(bytes);
	p->sha256 = sha256 ? g_strdup(sha256)
	                   : g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	g_assert(strlen(p->sha256) == 64);
	return p;
}

SnPacked *sn_blob_pack(SnStore *store, GBytes *bytes, GError **error)
{
	SnPacked *p = name_bytes(bytes, NULL, error);

	if (p && !find_bytes(store, p->sha256))
		compress(p, NULL);
	return p;
}

SnPacked *sn_packed_new(GBytes *bytes, const char *sha256, SnPacker *packer, gboolean in_place,
                        GError **error)
{
	SnPacked *p = name_bytes(bytes, sha256, error);

	if (!p)
		return NULL;
	p->in_place = in_place;
	if (!in_place)
		compress(p, packer);
	return p;
}

void sn_packed_free(SnPacked *packed)
{
	if (!packed)
		return;
	g_bytes_unref(packed->plain);
	g_free(packed->sha256);
	g_free(packed->packed);
	g_free(packed);
}

const char *sn_packed_sha256(const SnPacked *packed)
{
	return packed->sha256;
}

gint64 sn_packed_size(const SnPacked *packed)
{
	return (gint64)g_bytes_get_size(packed->plain);
}

SnId sn_blob_keep(SnStore *store, const SnPacked *p, GError **error)
{
	SnId id = find_blob(store, p->sha256);
	gsize size;
	gconstpointer plain = g_bytes_get_data(p->plain, &size);
	SnValue data = p->in_place ? sn_value_blob("", 0)
	               : p->packed ? sn_value_blob(p->packed, p->length)
	                           : sn_value_blob(plain, size);
	int codec = p->in_place ? IN_PLACE : p->packed ? ZSTD : PLAIN;

	g_assert(store->depth > 0);
	if (id) /* what somebody needs to have here stays when the file goes */
		return p->in_place || sn_run(store, error,
		                             "UPDATE blob SET codec = ?2, data = ?3 "
		                             "WHERE id = ?1 AND codec = ?4",
		                             V(id), V(codec), data, V(IN_PLACE))
		               ? id
		               : 0;
	if (!sn_run(store, error,
	            "INSERT INTO blob (sha256, size, codec, data) VALUES (?1, ?2, ?3, ?4)",
	            V(p->sha256), V((gint64)size), V(codec), data))
		return 0;
	return sn_last_id(store);
}

static GBytes *damaged(SnId id, GError **error)
{
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE,
	            "The stored bytes %" G_GINT64_FORMAT " are damaged. Run \"sennit doctor\".", id);
	return NULL;
}

static GBytes *unpack(SnId id, gconstpointer data, gsize length, gint64 size, GError **error)
{
	if (size < 0 || size > SIZE_LIMIT)
		return damaged(id, error);
	char *plain = g_try_malloc((gsize)size + 1);
	if (!plain) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE,
		            "There is not enough memory for %" G_GINT64_FORMAT " MB.", size >> 20);
		return NULL;
	}
	gsize got = ZSTD_decompress(plain, (gsize)size, data, length);
	if (ZSTD_isError(got) || got != (gsize)size) {
		g_free(plain);
		return damaged(id, error);
	}
	return g_bytes_new_take(plain, (gsize)size);
}

/* Each place where an email with these bytes lies. */
static GBytes *read_in_place(SnStore *store, SnId blob, gint64 size, const char *sha256,
                             GError **error)
{
	SnSql *query = sn_sql(store,
	                      "SELECT f.directory, l.name FROM message m "
	                      "JOIN location l ON l.message = m.id JOIN folder f ON f.id = l.folder "
	                      "WHERE m.raw = ?1 AND f.directory IS NOT NULL AND l.name IS NOT NULL",
	                      V(blob));
	GBytes *bytes = NULL;

	while (!bytes && sn_sql_row(query)) {
		g_autofree char *directory = sn_sql_text(query, 0);
		g_autofree char *name = sn_sql_text(query, 1);
		bytes = sn_raw_file_read(directory, name, size, sha256);
	}
	if (sn_sql_end(query, bytes ? NULL : error) && !bytes)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "The message's file is no longer in its Maildir.");
	return bytes;
}

GBytes *sn_blob_get(SnStore *store, SnId blob, GError **error)
{
	SnSql *query = sn_sql(store, "SELECT codec, size, data, sha256 FROM blob WHERE id = ?1",
	                      V(blob));
	GBytes *bytes = NULL;
	gboolean found = sn_sql_row(query);

	if (found) {
		g_autoptr(GBytes) data = sn_sql_blob(query, 2);
		gsize length;
		gconstpointer start = g_bytes_get_data(data, &length);
		g_autofree char *sha256 = sn_sql_text(query, 3);
		if (sn_sql_int(query, 0) == PLAIN)
			bytes = g_bytes_ref(data);
		else if (sn_sql_int(query, 0) == IN_PLACE)
			bytes = read_in_place(store, blob, sn_sql_int(query, 1), sha256, error);
		else
			bytes = unpack(blob, start, length, sn_sql_int(query, 1), error);
	}
	if (!sn_sql_end(query, bytes || found ? NULL : error))
		return bytes;
	if (!found)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The bytes are not here.");
	return bytes;
}

GBytes *sn_message_raw(SnStore *store, SnId id, GError **error)
{
	SnId raw = sn_one(store, "SELECT coalesce(raw, 0) FROM message WHERE id = ?1", V(id));

	if (raw)
		return sn_blob_get(store, raw, error);
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
	            "The message's original text is not on this machine.");
	return NULL;
}

gboolean sn_message_set_raw(SnStore *store, SnId id, GBytes *raw, GError **error)
{
	g_autoptr(SnPacked) packed = sn_blob_pack(store, raw, error);

	if (!packed || !sn_store_begin(store, error))
		return FALSE;
	SnId blob = sn_blob_keep(store, packed, error);
	gboolean ok = blob && sn_run(store, error,
	                             "UPDATE message SET raw = ?2, size = ?3 WHERE id = ?1", V(id),
	                             V(blob), V(sn_packed_size(packed)));
	if (ok && sn_changes(store) == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such message.");
		ok = FALSE;
	}
	return sn_store_finish(store, ok, error);
}

gint64 sn_outbox_attachment_size(SnStore *store, const char *sha256)
{
	return sn_one(store, "SELECT coalesce(max(size), -1) FROM blob WHERE sha256 = ?1", V(sha256));
}

GBytes *sn_outbox_attachment_bytes(SnStore *store, const char *sha256, GError **error)
{
	SnId blob = find_blob(store, sha256);

	if (blob)
		return sn_blob_get(store, blob, error);
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The attachment's bytes are not here.");
	return NULL;
}
