/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files within one part: in Outlook's winmail.dat (TNEF), or uuencoded between the lines of a text. */
#include <gio/gio.h>
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

enum {
	MAX_FILES = 100,
	MAX_TNEF = 32 * 1024 * 1024,
	MAX_LINES = 1000 * 1000,
};

static void free_file(gpointer data)
{
	SnMimeFile *file = data;

	g_free(file->name);
	g_bytes_unref(file->bytes);
	g_free(file);
}

static GPtrArray *new_files(void)
{
	return g_ptr_array_new_with_free_func(free_file);
}

static void add_file(GPtrArray *files, const char *name, gconstpointer bytes, gsize length)
{
	SnMimeFile *file = g_new0(SnMimeFile, 1);

	file->name = name ? sn_mime_safe_name(name) : NULL;
	if (!file->name)
		file->name = g_strdup_printf("file-%u", files->len + 1);
	file->bytes = g_bytes_new(bytes, length);
	g_ptr_array_add(files, file);
}

char *sn_mime_guess_type(const char *name, GBytes *bytes)
{
	gsize length;
	const guchar *data = g_bytes_get_data(bytes, &length);
	g_autofree char *content = g_content_type_guess(name, data, MIN(length, 4096), NULL);
	char *type = content ? g_content_type_get_mime_type(content) : NULL;

	return type ? type : g_strdup("application/octet-stream");
}

/* ---- TNEF ([MS-OXTNEF]) ----
 * Read here: the library for it writes to the terminal, and gives up on files that others read.
 */

#define TNEF_SIGNATURE 0x223e9f78u
enum {
	ATTACHMENT_LEVEL = 2,
	NEW_FILE = 0x00069002,
	TITLE = 0x00018010,
	CONTENT = 0x0006800f,
	PROPERTIES = 0x00069005,
	MESSAGE_PROPERTIES = 0x00069003,
	BODY = 0x0002800c,
};
/* MAPI: the properties of a file that are looked at, and the types of values. */
enum { LONG_NAME = 0x3707, OBJECT = 0x3701, NAMED = 0x8000 };
/* The text of the message, in the order in which they are preferred. */
enum { TEXT = 0x1000, HTML = 0x1013, RTF = 0x1009 };
enum { TYPE_OBJECT = 0x000d, TYPE_STRING = 0x001e, TYPE_UNICODE = 0x001f, TYPE_BINARY = 0x0102,
       TYPE_MANY = 0x1000 };

typedef struct {
	const guchar *at, *end;
	gboolean bad; /* it ended too early: everything read after that is 0 */
} Bytes;

static const guchar *take(Bytes *bytes, gsize length)
{
	const guchar *found = bytes->at;

	if (bytes->bad || length > (gsize)(bytes->end - bytes->at)) {
		bytes->bad = TRUE;
		return NULL;
	}
	bytes->at += length;
	return found;
}

static guint32 take_number(Bytes *bytes, gsize size)
{
	const guchar *raw = take(bytes, size);
	guint32 number = 0;

	for (gsize i = 0; raw && i < size; i++)
		number |= (guint32)raw[i] << (8 * i);
	return number;
}

/* Values are padded to four bytes. */
static const guchar *take_padded(Bytes *bytes, guint32 length)
{
	const guchar *found = take(bytes, length);

	if (found && length % 4)
		take(bytes, MIN((gsize)(4 - length % 4), (gsize)(bytes->end - bytes->at)));
	return found;
}

typedef struct {
	char *title, *long_name; /* NULL */
	const guchar *content;   /* within the input */
	gsize length;
	const guchar *object;
	gsize object_length;
	/* of the message itself: UTF-8; NULL */
	char *text, *html, *rtf;
} Attached;

static char *utf8_of(const guchar *text, gsize length, guint type)
{
	gboolean repaired = FALSE;

	if (type == TYPE_UNICODE) {
		char *utf8 = sn_mime_to_utf8((const char *)text, length, "utf-16le", &repaired);
		return utf8; /* ends at the NUL that ends the name */
	}
	return sn_mime_to_utf8((const char *)text, strnlen((const char *)text, length), NULL, &repaired);
}

static char *rtf_of(const guchar *value, gsize length)
{
	g_autoptr(GString) rtf = sn_rtf_unpack(value, length);
	gboolean html = FALSE;
	char *text = rtf ? sn_rtf_text(rtf->str, rtf->len, &html) : NULL;

	if (!html)
		return text;
	g_autofree char *source = text;
	return sn_html_to_text(source, strlen(source), NULL);
}

static char *html_of(const guchar *value, gsize length, guint type)
{
	gboolean repaired = FALSE;
	g_autofree char *charset = type == TYPE_BINARY
	                                   ? sn_mime_html_charset((const char *)value, length) : NULL;
	g_autofree char *source =
		type == TYPE_BINARY ? sn_mime_to_utf8((const char *)value, length, charset, &repaired)
	                            : utf8_of(value, length, type);

	return sn_html_to_text(source, strlen(source), NULL);
}

/* The first of each. */
static void take_text(Attached *file, const guchar *value, gsize length, guint type, guint id)
{
	gboolean words = type == TYPE_STRING || type == TYPE_UNICODE;

	length = MIN(length, SN_MIME_MAX_TEXT);
	if (id == TEXT && words && !file->text)
		file->text = utf8_of(value, length, type);
	else if (id == HTML && (words || type == TYPE_BINARY) && !file->html)
		file->html = html_of(value, length, type);
	else if (id == RTF && type == TYPE_BINARY && !file->rtf)
		file->rtf = rtf_of(value, length);
}

static void forget_text(Attached *file)
{
	g_clear_pointer(&file->text, g_free);
	g_clear_pointer(&file->html, g_free);
	g_clear_pointer(&file->rtf, g_free);
}

static gboolean says(const char *text)
{
	return text && text[strspn(text, " \t\r\n")];
}

/* The one that is preferred of those that say something; NULL. */
static char *best_text(const Attached *message)
{
	const char *texts[] = { message->text, message->html, message->rtf };

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		if (says(texts[i]))
			return g_strdup(texts[i]);
	return NULL;
}

static void take_value(Bytes *bytes, guint type, guint id, Attached *file)
{
	guint32 length = take_number(bytes, 4);
	const guchar *value = take_padded(bytes, length);

	if (!value || length == 0)
		return;
	if (id == LONG_NAME && (type == TYPE_STRING || type == TYPE_UNICODE)) {
		g_free(file->long_name);
		file->long_name = utf8_of(value, length, type);
	} else if (id == OBJECT) {
		/* An object of OLE begins with an id of 16 bytes. */
		gsize skip = type == TYPE_OBJECT ? MIN(length, 16) : 0;
		file->object = value + skip;
		file->object_length = length - skip;
	} else {
		take_text(file, value, length, type, id);
	}
}

/* Bytes of a value of fixed size, with what it is padded by; 0: of variable size. */
static gsize fixed_size(guint type)
{
	static const struct {
		guint type;
		gsize size;
	} sizes[] = { { 0x0001, 0 + 4 }, { 0x0002, 4 }, { 0x0003, 4 }, { 0x0004, 4 }, { 0x0005, 8 },
		      { 0x0006, 8 },     { 0x0007, 8 }, { 0x000a, 4 }, { 0x000b, 4 }, { 0x0014, 8 },
		      { 0x0040, 8 },     { 0x0048, 16 } };

	for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
		if (sizes[i].type == type)
			return sizes[i].size;
	return 0;
}

static void skip_property_name(Bytes *bytes)
{
	take(bytes, 16);
	if (take_number(bytes, 4) == 0)
		take(bytes, 4);
	else
		take_padded(bytes, take_number(bytes, 4));
}

static void read_properties(Bytes bytes, Attached *file)
{
	guint32 count = take_number(&bytes, 4);

	for (guint32 i = 0; i < count && !bytes.bad; i++) {
		guint type = take_number(&bytes, 2), id = take_number(&bytes, 2);
		gsize size = fixed_size(type & ~(guint)TYPE_MANY);
		if (id >= NAMED)
			skip_property_name(&bytes);
		guint32 values = type & TYPE_MANY || size == 0 ? take_number(&bytes, 4) : 1;
		for (guint32 n = 0; n < values && !bytes.bad; n++) {
			if (size)
				take(&bytes, size);
			else
				take_value(&bytes, type & ~(guint)TYPE_MANY, id, file);
		}
	}
}

/* Adds the file that was read, if there is one, and forgets it. */
static void finish_file(GPtrArray *files, Attached *file)
{
	/* Beside an object there is a picture of it, or a few bytes of no use. */
	gboolean object = file->object && file->object_length > file->length;
	const guchar *content = object ? file->object : file->content;
	gsize length = object ? file->object_length : file->length;

	if (content && files->len < MAX_FILES)
		add_file(files, file->long_name ? file->long_name : file->title, content, length);
	g_free(file->title);
	g_free(file->long_name);
	forget_text(file); /* a file has none */
	*file = (Attached){ 0 };
}

static void read_attribute(GPtrArray *files, Attached *file, guint32 id, const guchar *value,
                           gsize length)
{
	switch (id) {
	case NEW_FILE: finish_file(files, file); break;
	case TITLE:
		g_free(file->title);
		file->title = utf8_of(value, length, TYPE_STRING);
		break;
	case CONTENT:
		if (file->content) /* some leave out what begins a file */
			finish_file(files, file);
		file->content = value;
		file->length = length;
		break;
	case PROPERTIES: read_properties((Bytes){ value, value + length, FALSE }, file); break;
	default: break;
	}
}

/* A damaged end does not make the beginning worthless. */
GPtrArray *sn_mime_unpack_tnef(const char *data, gsize length, char **text)
{
	GPtrArray *files = new_files();
	Bytes bytes = { (const guchar *)data, (const guchar *)data + MIN(length, MAX_TNEF), FALSE };
	Attached file = { 0 }, message = { 0 };

	*text = NULL;
	if (take_number(&bytes, 4) != TNEF_SIGNATURE)
		return files;
	take(&bytes, 2);
	while (bytes.at < bytes.end && !bytes.bad) {
		guint level = take_number(&bytes, 1);
		guint32 id = take_number(&bytes, 4), size = take_number(&bytes, 4);
		const guchar *value = take(&bytes, size);
		if (!value)
			break;
		take(&bytes, 2); /* a checksum */
		if (level == ATTACHMENT_LEVEL)
			read_attribute(files, &file, id, value, size);
		else if (id == BODY && !*text && size)
			*text = utf8_of(value, size, TYPE_STRING);
		else if (id == MESSAGE_PROPERTIES)
			read_properties((Bytes){ value, value + size, FALSE }, &message);
	}
	finish_file(files, &file);
	if (!says(*text)) {
		g_free(*text);
		*text = best_text(&message);
	}
	g_free(message.long_name);
	forget_text(&message);
	g_assert(files->len <= MAX_FILES);
	return files;
}

/* ---- uuencode ---- */

static gsize next_line(const char *text, gsize length, gsize at)
{
	const char *newline = memchr(text + at, '\n', length - at);

	return newline ? (gsize)(newline - text) + 1 : length;
}

/* "begin 644 NAME"; the name, NULL when it is none. */
static char *begin_name(const char *line, gsize length)
{
	gsize digits = 0;

	while (length && strchr("\r\n ", line[length - 1]))
		length--;
	if (length < 11 || memcmp(line, "begin ", 6) != 0)
		return NULL;
	while (digits < 4 && line[6 + digits] >= '0' && line[6 + digits] <= '7')
		digits++;
	if (digits < 3 || line[6 + digits] != ' ' || length <= 7 + digits)
		return NULL;
	return g_strndup(line + 7 + digits, length - 7 - digits);
}

/* A line of data says how many bytes it holds, and holds no more than that. */
static gboolean is_data(const char *line, gsize length)
{
	while (length && strchr("\r\n", line[length - 1]))
		length--;
	if (length == 0 || line[0] < ' ' || line[0] > '`')
		return FALSE;
	gsize bytes = (gsize)(line[0] - ' ') & 63, digits = (bytes + 2) / 3 * 4;
	/* blanks at its end may be lost, and one character may be a checksum */
	if (length > digits + 2)
		return FALSE;
	for (gsize i = 1; i < length; i++)
		if (line[i] < ' ' || line[i] > '`')
			return FALSE;
	return TRUE;
}

/* The end of the block that begins at `at`, or 0. */
static gsize block_end(const char *text, gsize length, gsize at)
{
	gsize line = next_line(text, length, at);

	for (int lines = 0; line < length && lines < MAX_LINES; lines++) {
		gsize end = next_line(text, length, line);
		if (end - line >= 3 && memcmp(text + line, "end", 3) == 0 &&
		    strspn(text + line + 3, "\r \t") >= end - line - 3 - (text[end - 1] == '\n'))
			return lines > 0 ? end : 0;
		if (!is_data(text + line, end - line))
			return 0;
		line = end;
	}
	return 0;
}

static void decode_line(GByteArray *out, const char *line, gsize length)
{
	gsize bytes = (gsize)(line[0] - ' ') & 63;

	for (gsize i = 1; bytes > 0; i += 4) {
		guint32 group = 0;
		/* Blanks at the end may be lost: they were zeros. */
		for (gsize n = 0; n < 4; n++)
			group = group << 6 | (i + n < length ? (guint32)(line[i + n] - ' ') & 63 : 0);
		guint8 three[3] = { (guint8)(group >> 16), (guint8)(group >> 8), (guint8)group };
		g_byte_array_append(out, three, (guint)MIN(bytes, 3));
		bytes -= MIN(bytes, 3);
	}
}

/* The lines between the first and the last one; all are data. */
static void decode_block(GPtrArray *files, const char *name, const char *text, gsize length)
{
	g_autoptr(GByteArray) out = g_byte_array_new();

	for (gsize at = next_line(text, length, 0), end; at < length; at = end) {
		end = next_line(text, length, at);
		gsize line = end - at;
		while (line && strchr("\r\n", text[at + line - 1]))
			line--;
		if (end < length && line)
			decode_line(out, text + at, line);
	}
	add_file(files, name, out->data ? (gconstpointer)out->data : "", out->len);
}

GPtrArray *sn_mime_unpack_uu(const char *text, gsize length, char **rest)
{
	GPtrArray *files = new_files();
	GString *out = NULL;
	gsize copied = 0;

	for (gsize at = 0, end; at < length && files->len < MAX_FILES; at = end) {
		end = next_line(text, length, at);
		g_autofree char *name = text[at] == 'b' ? begin_name(text + at, end - at) : NULL;
		gsize stop = name ? block_end(text, length, at) : 0;
		if (stop == 0)
			continue;
		decode_block(files, name, text + at, stop - at);
		if (!out)
			out = g_string_sized_new(length);
		const SnMimeFile *file = files->pdata[files->len - 1];
		g_string_append_len(out, text + copied, (gssize)(at - copied));
		g_string_append_printf(out, "[%s]\n", file->name);
		copied = end = stop;
	}
	if (out)
		g_string_append_len(out, text + copied, (gssize)(length - copied));
	*rest = out ? g_string_free(out, FALSE) : NULL;
	return files;
}
