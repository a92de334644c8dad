/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A MIME entity as the bytes it is: what is verified has to be what is shown. */
#include <string.h>

#include "src/mime/secure_private.h"

enum { CHILDREN_MAX = 100 };

/* Past the empty line; the length when there is none. */
static gsize find_body(const char *data, gsize length)
{
	for (gsize at = 0; at < length;) {
		const char *newline = memchr(data + at, '\n', length - at);
		gsize next = newline ? (gsize)(newline - data) + 1 : length;
		if (next - at == 1 || (next - at == 2 && data[at] == '\r'))
			return next;
		at = next;
	}
	return length;
}

SnEntity *sn_entity_new(GBytes *bytes)
{
	SnEntity *entity = g_new0(SnEntity, 1);
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	entity->bytes = g_bytes_ref(bytes);
	entity->body = find_body(data ? data : "", length);
	g_autoptr(GBytes) header = g_bytes_new_from_bytes(bytes, 0, entity->body);
	entity->header = sn_mime_open(header, NULL);
	entity->object = g_mime_message_get_mime_part(entity->header->message);
	entity->type = entity->object ? g_mime_object_get_content_type(entity->object) : NULL;
	g_assert(entity->body <= length);
	return entity;
}

void sn_entity_free(SnEntity *entity)
{
	if (!entity)
		return;
	sn_mime_close(entity->header);
	g_bytes_unref(entity->bytes);
	g_free(entity);
}

gboolean sn_entity_is(const SnEntity *entity, const char *type, const char *subtype)
{
	if (!entity->type)
		return g_str_equal(type, "text") && g_str_equal(subtype, "plain");
	return g_mime_content_type_is_type(entity->type, type, subtype);
}

const char *sn_entity_parameter(const SnEntity *entity, const char *name)
{
	return entity->type ? g_mime_content_type_get_parameter(entity->type, name) : NULL;
}

/* 0 no boundary, 1 a part begins, 2 the end. */
static int boundary_at(const char *line, gsize length, const char *boundary)
{
	gsize dashes = strlen(boundary);
	gboolean last;

	if (length < dashes + 2 || line[0] != '-' || line[1] != '-' ||
	    memcmp(line + 2, boundary, dashes) != 0)
		return 0;
	line += dashes + 2;
	length -= dashes + 2;
	last = length >= 2 && line[0] == '-' && line[1] == '-';
	for (gsize i = last ? 2 : 0; i < length; i++)
		if (!g_ascii_isspace(line[i]))
			return 0;
	return last ? 2 : 1;
}

GPtrArray *sn_entity_children(const SnEntity *entity)
{
	GPtrArray *children = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	const char *boundary = sn_entity_parameter(entity, "boundary");
	gsize length, start = 0;
	const char *data = g_bytes_get_data(entity->bytes, &length);
	gboolean within = FALSE;

	if (!boundary || !*boundary)
		return children;
	for (gsize at = entity->body; at <= length && children->len < CHILDREN_MAX;) {
		const char *newline = at < length ? memchr(data + at, '\n', length - at) : NULL;
		gsize next = newline ? (gsize)(newline - data) + 1 : length;
		int what = at == length ? 2 : boundary_at(data + at, next - at, boundary);
		if (what && within) {
			/* the line end before a boundary belongs to the boundary */
			gsize end = at == length ? at : at > start ? at - 1 : at;
			if (end > start && at != length && data[end - 1] == '\r')
				end--;
			g_ptr_array_add(children,
			                g_bytes_new_from_bytes(entity->bytes, start, end - start));
		}
		if (what) {
			start = next;
			within = what == 1;
		}
		if (what == 2 || at == length)
			break;
		at = next;
	}
	return children;
}

GBytes *sn_entity_content(const SnEntity *entity)
{
	gsize length;
	const char *data = g_bytes_get_data(entity->bytes, &length);
	GMimeContentEncoding encoding =
		entity->object && GMIME_IS_PART(entity->object)
			? g_mime_part_get_content_encoding(GMIME_PART(entity->object))
			: GMIME_CONTENT_ENCODING_DEFAULT;

	length -= entity->body;
	data += entity->body;
	if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
	    encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
		return g_bytes_new_from_bytes(entity->bytes, entity->body, length);
	GMimeEncoding state;
	g_mime_encoding_init_decode(&state, encoding);
	char *out = g_malloc(g_mime_encoding_outlen(&state, length) + 1);
	gsize size = g_mime_encoding_flush(&state, data, length, out);
	return g_bytes_new_take(out, size);
}

GBytes *sn_bytes_crlf(GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	gsize bare = 0;

	for (gsize i = 0; i < length; i++)
		bare += data[i] == '\n' && (i == 0 || data[i - 1] != '\r');
	if (!bare)
		return g_bytes_ref(bytes);
	char *out = g_malloc(length + bare);
	gsize to = 0;
	for (gsize i = 0; i < length; i++) {
		if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
			out[to++] = '\r';
		out[to++] = data[i];
	}
	g_assert(to == length + bare);
	return g_bytes_new_take(out, to);
}
