/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a message with GMime, and walking over its parts. */
#include <string.h>

#include "src/mime/mime_private.h"

void sn_mime_init(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		static const char *fallback[] = { "utf-8", "windows-1252", NULL };
		g_mime_init();
		g_mime_parser_options_set_fallback_charsets(g_mime_parser_options_get_default(),
							    fallback);
		g_once_init_leave(&once, 1);
	}
}

void sn_mime_note(GString *notice, const char *sentence)
{
	if (!notice || strstr(notice->str, sentence))
		return;
	if (notice->len)
		g_string_append_c(notice, ' ');
	g_string_append(notice, sentence);
}

static GMimeMessage *construct(GByteArray *array)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

/* A byte array over bytes that somebody else owns; see sn_mime_close(). */
static GByteArray *wrap(GBytes *bytes)
{
	gsize length;
	gconstpointer data = g_bytes_get_data(bytes, &length);

	return g_byte_array_new_take((guint8 *)(guintptr)data, length);
}

static void unwrap(GByteArray *array)
{
	g_byte_array_steal(array, NULL);
	g_byte_array_unref(array);
}

SnMimeMessage *sn_mime_open(GBytes *raw, GString *notice)
{
	SnMimeMessage *opened = g_new0(SnMimeMessage, 1);

	g_assert(raw);
	g_autoptr(GBytes) limited = sn_mime_limit(raw, notice);
	opened->bytes = sn_mime_mend(limited, notice);
	opened->array = wrap(opened->bytes);
	opened->message = construct(opened->array);
	if (!opened->message) {
		/* No header at all: an empty one makes all of it the body. */
		gsize length;
		gconstpointer data = g_bytes_get_data(opened->bytes, &length);
		GByteArray *copy = g_byte_array_sized_new((guint)length + 1);

		g_byte_array_append(copy, (const guint8 *)"\n", 1);
		g_byte_array_append(copy, data, (guint)length);
		unwrap(opened->array);
		g_bytes_unref(opened->bytes);
		opened->bytes = g_byte_array_free_to_bytes(copy);
		opened->array = wrap(opened->bytes);
		opened->message = construct(opened->array);
		sn_mime_note(notice, "The message has no header.");
	}
	if (!opened->message) /* one byte, or nothing but blank lines */
		opened->message = g_mime_message_new(FALSE);
	return opened;
}

void sn_mime_close(SnMimeMessage *opened)
{
	if (!opened)
		return;
	g_assert(opened->message && opened->array);
	g_object_unref(opened->message);
	unwrap(opened->array);
	g_bytes_unref(opened->bytes);
	g_free(opened);
}

gboolean sn_mime_is_history(GMimeMultipart *multipart)
{
	GMimeObject *object = GMIME_OBJECT(multipart);
	const char *description = g_mime_object_get_header(object, "Content-Description");

	return g_mime_content_type_is_type(g_mime_object_get_content_type(object), "multipart",
					   "digest") &&
	       g_strcmp0(description, SN_HISTORY_DESCRIPTION) == 0;
}

typedef struct {
	SnMimeLeafCallback callback;
	gpointer data;
	int position;
	gboolean cut;
} Walk;

/* Recursion is bounded by SN_MIME_MAX_DEPTH. FALSE: stop. */
static gboolean walk(Walk *state, SnMimeLeaf *leaf)
{
	if (!GMIME_IS_MULTIPART(leaf->object)) {
		if (state->position >= SN_MIME_MAX_PARTS) {
			state->cut = TRUE;
			return FALSE;
		}
		leaf->position = ++state->position;
		return state->callback(leaf, state->data);
	}
	GMimeMultipart *multipart = GMIME_MULTIPART(leaf->object);
	GMimeContentType *type = g_mime_object_get_content_type(leaf->object);
	if (leaf->depth >= SN_MIME_MAX_DEPTH) {
		state->cut = TRUE;
		return TRUE;
	}
	SnMimeLeaf child = { .parent = multipart, .depth = leaf->depth + 1 };
	child.in_related = g_mime_content_type_is_type(type, "multipart", "related");
	child.in_alternative = g_mime_content_type_is_type(type, "multipart", "alternative") ||
			       (leaf->in_alternative && child.in_related);
	/* Only where we put it ourselves: below the top. */
	child.in_history = leaf->depth == 1 && sn_mime_is_history(multipart);
	for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
		child.object = g_mime_multipart_get_part(multipart, i);
		child.index = i;
		if (!walk(state, &child))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_mime_each_leaf(GMimeMessage *message, SnMimeLeafCallback callback, gpointer data)
{
	Walk state = { .callback = callback, .data = data };
	SnMimeLeaf root = { .object = g_mime_message_get_mime_part(message) };

	if (root.object)
		walk(&state, &root);
	return !state.cut;
}

/* The bytes of a part as they stand in the message, without a copy where that is possible. */
static const char *raw_content(GMimePart *part, gsize *length, GByteArray **copy)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *stream = wrapper ? g_mime_data_wrapper_get_stream(wrapper) : NULL;

	*copy = NULL;
	*length = 0;
	if (!stream)
		return "";
	if (GMIME_IS_STREAM_MEM(stream)) {
		GByteArray *array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
		gint64 start = stream->bound_start;
		gint64 end = stream->bound_end < 0 ? (gint64)array->len : stream->bound_end;
		if (start <= end && end <= (gint64)array->len) {
			*length = (gsize)(end - start);
			return (const char *)array->data + start;
		}
	}
	GMimeStream *memory = g_mime_stream_mem_new();
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(memory), FALSE);
	g_mime_stream_reset(stream);
	g_mime_stream_write_to_stream(stream, memory);
	*copy = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
	g_object_unref(memory);
	*length = (*copy)->len;
	return (const char *)(*copy)->data;
}

static void free_array(GByteArray *array)
{
	if (array)
		g_byte_array_unref(array);
}

/* Words with blanks between them are text, whatever encoding they are said to have. */
static gboolean is_no_base64(const char *raw, gsize length)
{
	gsize odd = 0, seen = 0;

	/* The beginning: a list may have put its footer below. */
	for (gsize i = 0; i < length && seen < 400; i++) {
		if (raw[i] == '\r' || raw[i] == '\n')
			continue;
		seen++;
		odd += raw[i] == ' ' ? i + 1 < length && g_ascii_isalnum(raw[i + 1])
		                     : !g_ascii_isalnum(raw[i]) && !strchr("+/=\t", raw[i]);
	}
	return odd * 20 > seen;
}

static GMimeContentEncoding encoding_of(GMimeDataWrapper *wrapper, const char *raw, gsize length)
{
	GMimeContentEncoding encoding = wrapper ? g_mime_data_wrapper_get_encoding(wrapper)
	                                        : GMIME_CONTENT_ENCODING_DEFAULT;

	return encoding == GMIME_CONTENT_ENCODING_BASE64 && is_no_base64(raw, length)
	               ? GMIME_CONTENT_ENCODING_DEFAULT
	               : encoding;
}

char *sn_mime_decode(GMimePart *part, gsize *length)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GByteArray *copy;
	gsize raw_length;
	const char *raw = raw_content(part, &raw_length, &copy);
	GMimeContentEncoding encoding = encoding_of(wrapper, raw, raw_length);
	char *out;

	if (encoding == GMIME_CONTENT_ENCODING_UUENCODE) {
		GMimeStream *memory = g_mime_stream_mem_new();
		g_mime_data_wrapper_write_to_stream(wrapper, memory);
		GByteArray *array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
		*length = array->len;
		out = g_malloc(*length + 1);
		memcpy(out, array->data ? (const char *)array->data : "", *length);
		g_object_unref(memory);
	} else if (encoding == GMIME_CONTENT_ENCODING_BASE64 ||
		   encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE) {
		GMimeEncoding state;
		g_mime_encoding_init_decode(&state, encoding);
		out = g_malloc(g_mime_encoding_outlen(&state, raw_length) + 1);
		*length = g_mime_encoding_flush(&state, raw, raw_length, out);
	} else {
		*length = raw_length;
		out = g_malloc(raw_length + 1);
		memcpy(out, raw, raw_length);
	}
	free_array(copy);
	out[*length] = '\0';
	return out;
}

/* As the decoder counts: a last group that is neither full nor padded gives nothing. */
static gint64 base64_size(const char *raw, gsize length)
{
	gint64 digits = 0;
	gsize i;

	for (i = 0; i < length && raw[i] != '='; i++)
		digits += g_ascii_isalnum(raw[i]) || raw[i] == '+' || raw[i] == '/';
	gint64 rest = digits % 4;
	return digits / 4 * 3 + (i < length && rest > 1 ? rest - 1 : 0);
}

/* Line ends count as one byte, as they do on disk, so that CRLF and LF make no difference. */
static gint64 plain_size(const char *raw, gsize length)
{
	gint64 size = (gint64)length;

	for (const char *at = raw, *end = raw + length;
	     at < end && (at = memchr(at, '\r', (gsize)(end - at))); at++)
		if (at + 1 < end && at[1] == '\n')
			size--;
	return size;
}

gint64 sn_mime_decoded_size(GMimePart *part)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GByteArray *copy;
	gsize length;

	if (!wrapper)
		return 0;
	const char *raw = raw_content(part, &length, &copy);
	gint64 size;
	switch (encoding_of(wrapper, raw, length)) {
	case GMIME_CONTENT_ENCODING_BASE64: size = base64_size(raw, length); break;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
	case GMIME_CONTENT_ENCODING_UUENCODE: {
		gsize decoded_length;
		g_autofree char *decoded = sn_mime_decode(part, &decoded_length);
		size = plain_size(decoded, decoded_length);
		break;
	}
	default: size = plain_size(raw, length);
	}
	free_array(copy);
	return size;
}

static gboolean is_boundary(const char *line, gsize length, const char *boundary)
{
	gsize dashes = strlen(boundary);

	if (length < dashes + 2 || line[0] != '-' || line[1] != '-' ||
	    memcmp(line + 2, boundary, dashes) != 0)
		return FALSE;
	const char *at = line + 2 + dashes, *end = line + length;
	if (end - at >= 2 && at[0] == '-' && at[1] == '-')
		at += 2;
	while (at < end && g_ascii_isspace(*at))
		at++;
	return at == end;
}

/* Where the body of the index-th part between lines of this boundary lies. */
static gboolean find_part(const char *data, gsize length, const char *boundary, int index,
			  gsize *from, gsize *to)
{
	int seen = -1;
	const char *end = data + length, *part = NULL;

	for (const char *at = data; at < end;) {
		const char *newline = memchr(at, '\n', (gsize)(end - at));
		const char *next = newline ? newline + 1 : end;
		if (is_boundary(at, (gsize)(next - at), boundary)) {
			if (seen == index) {
				*from = (gsize)(part - data);
				*to = (gsize)(at - data) - 1;
				if (*to > *from && data[*to - 1] == '\r')
					--*to;
				return TRUE;
			}
			part = next;
			seen++;
		}
		at = next;
	}
	return FALSE;
}

GBytes *sn_mime_embedded_bytes(const SnMimeMessage *message, const SnMimeLeaf *leaf)
{
	const char *boundary = leaf->parent ? g_mime_multipart_get_boundary(leaf->parent) : NULL;
	gsize length, from, to;
	const char *data = g_bytes_get_data(message->bytes, &length);

	if (boundary && find_part(data, length, boundary, leaf->index, &from, &to)) {
		/* Past the part's own header. */
		for (gsize at = from; at < to;) {
			const char *newline = memchr(data + at, '\n', to - at);
			if (!newline)
				break;
			gsize next = (gsize)(newline - data) + 1;
			if (next - at == 1 || (next - at == 2 && data[at] == '\r'))
				return g_bytes_new_from_bytes(message->bytes, next, to - next);
			at = next;
		}
	}
	GMimeMessage *inner =
		GMIME_IS_MESSAGE_PART(leaf->object)
			? g_mime_message_part_get_message(GMIME_MESSAGE_PART(leaf->object))
			: NULL;
	g_autofree char *text = inner ? g_mime_object_to_string(GMIME_OBJECT(inner), NULL) : NULL;
	return g_bytes_new(text ? text : "", text ? strlen(text) : 0);
}
