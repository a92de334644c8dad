/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An email without some of its files, for when they travel already, may not, or are too large. A
 * small text stands in the place of each and says what was there and why it is not; headers, text
 * and threading stay, so that the email is still itself to whoever files it.
 */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

typedef struct {
	GMimeObject *object;
	GMimeMultipart *parent; /* NULL: it is all of the message */
	int index, position;
} Spot;

static gboolean note_leaf(const SnMimeLeaf *leaf, gpointer data)
{
	Spot spot = { leaf->object, leaf->parent, leaf->index, leaf->position };

	g_array_append_val((GArray *)data, spot);
	return TRUE;
}

static const Spot *spot_at(const GArray *spots, int position)
{
	for (guint i = 0; i < spots->len; i++)
		if (g_array_index(spots, Spot, i).position == position)
			return &g_array_index(spots, Spot, i);
	return NULL;
}

static GBytes *bytes_of(const SnMimeMessage *message, const Spot *spot)
{
	SnMimeLeaf leaf = { .object = spot->object, .parent = spot->parent, .index = spot->index,
		            .position = spot->position };
	gsize length;

	if (GMIME_IS_MESSAGE_PART(spot->object))
		return sn_mime_embedded_bytes(message, &leaf);
	if (!GMIME_IS_PART(spot->object))
		return NULL;
	char *content = sn_mime_decode(GMIME_PART(spot->object), &length);
	return g_bytes_new_take(content, length);
}

/* "tides.pdf.txt", whose text says what was there. As a file, so that it is no part of what the
 * email itself says. */
static GMimeObject *placeholder(const SnMailPart *part, const char *sha256, const char *why)
{
	GMimePart *text = g_mime_part_new_with_type("text", "plain");
	const char *name = part->name ? part->name : "file";
	g_autofree char *file = g_strdup_printf("%s.txt", name);
	g_autofree char *size = sn_text_size(MAX(part->size, 0));
	g_autofree char *line = g_strdup_printf("%s (%s, %s) is left out here: %s.\nSHA-256: %s\n",
	                                        name, part->type ? part->type : "file", size, why,
	                                        sha256);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(line, strlen(line));
	GMimeDataWrapper *wrapper =
		g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(text), "charset", "utf-8");
	g_mime_object_set_disposition(GMIME_OBJECT(text), GMIME_DISPOSITION_ATTACHMENT);
	g_mime_part_set_filename(text, file);
	g_mime_part_set_content(text, wrapper);
	g_mime_part_set_content_encoding(
		text, g_mime_part_get_best_content_encoding(text, GMIME_ENCODING_CONSTRAINT_7BIT));
	g_object_unref(wrapper);
	g_object_unref(stream);
	return GMIME_OBJECT(text);
}

/* A multipart/signed around a part that changed would only say "bad signature". */
static void unsign(GMimeMessage *message)
{
	GMimeObject *root = g_mime_message_get_mime_part(message);

	if (!GMIME_IS_MULTIPART_SIGNED(root))
		return;
	GMimeObject *first = g_mime_multipart_get_count(GMIME_MULTIPART(root)) > 0
		? g_object_ref(g_mime_multipart_get_part(GMIME_MULTIPART(root), 0))
		: NULL;
	if (first) {
		g_mime_message_set_mime_part(message, first);
		g_object_unref(first);
	}
}

static void put(GMimeMessage *message, const Spot *spot, GMimeObject *part)
{
	if (!spot->parent) {
		g_mime_message_set_mime_part(message, part);
	} else {
		GMimeObject *old = g_mime_multipart_replace(spot->parent, spot->index, part);
		g_clear_object(&old);
	}
}

/* One kind of line end, also after the last line: else it could not travel as it stands. */
static GBytes *even(const GByteArray *from)
{
	GByteArray *to = g_byte_array_sized_new(from->len + 64);

	for (guint i = 0; i < from->len; i++) {
		if (from->data[i] == '\n' && (i == 0 || from->data[i - 1] != '\r'))
			g_byte_array_append(to, (const guint8 *)"\r", 1);
		g_byte_array_append(to, from->data + i, 1);
	}
	if (to->len == 0 || to->data[to->len - 1] != '\n')
		g_byte_array_append(to, (const guint8 *)"\r\n", 2);
	return g_byte_array_free_to_bytes(to);
}

static GBytes *write_out(GMimeMessage *message)
{
	GMimeStream *stream = g_mime_stream_mem_new();
	GMimeFormatOptions *format = g_mime_format_options_clone(NULL);

	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_object_set_header(GMIME_OBJECT(message), SN_HEADER_REDUCED, "files left out", NULL);
	g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
	g_mime_format_options_free(format);
	GBytes *bytes = even(g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream)));
	g_object_unref(stream);
	return bytes;
}

GBytes *sn_mail_reduce(GBytes *raw, SnMailLeaveOut why, gpointer data)
{
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
	g_autoptr(SnMimeMessage) message = mail ? sn_mime_open(raw, NULL) : NULL;
	g_autoptr(GArray) spots = g_array_new(FALSE, FALSE, sizeof(Spot));
	int replaced = 0;

	if (!message || mail->encrypted)
		return NULL;
	sn_mime_each_leaf(message->message, note_leaf, spots);
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		const Spot *spot = part->is_attachment ? spot_at(spots, part->position) : NULL;
		g_autoptr(GBytes) bytes = spot ? bytes_of(message, spot) : NULL;
		if (!bytes)
			continue;
		g_autofree char *sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
		SnMailInside inside = { part->position, part->name, part->type, part->size,
			                sha256 };
		g_autofree char *reason = why(&inside, data);
		if (!reason)
			continue;
		GMimeObject *text = placeholder(part, sha256, reason);
		put(message->message, spot, text);
		g_object_unref(text);
		replaced++;
	}
	if (!replaced)
		return NULL;
	unsign(message->message);
	return write_out(message->message);
}
