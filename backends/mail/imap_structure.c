/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_structure.h"

#include <string.h>

void sn_imap_part_free(SnImapPart *part)
{
	if (!part)
		return;
	g_free(part->section);
	g_free(part->boundary);
	if (part->children)
		g_ptr_array_unref(part->children);
	g_free(part);
}

/* ---- reading ---- */

typedef struct {
	guint leaves;
} Count;

static SnImapPart *read_part(const SnWord *word, const char *section, guint depth, Count *count);

static gboolean is_word(const SnWord *word, const char *text)
{
	const char *own = sn_word_text(word);

	return own && g_ascii_strcasecmp(own, text) == 0;
}

/* Of what cannot be one, nothing is built: it would not be found again. */
static gboolean is_boundary(const char *text)
{
	gsize length = text ? strlen(text) : 0;

	if (length == 0 || length > 200)
		return FALSE;
	for (const char *c = text; *c; c++)
		if (!g_ascii_isprint(*c))
			return FALSE;
	return TRUE;
}

/* (part)(part)... "mixed" ("boundary" "x") ... */
static SnImapPart *read_multipart(const SnWord *word, const char *section, guint depth,
				  Count *count)
{
	g_autoptr(SnImapPart) part = g_new0(SnImapPart, 1);
	guint at = 0;

	part->section = g_strdup(section);
	part->children = g_ptr_array_new_with_free_func((GDestroyNotify)sn_imap_part_free);
	for (const SnWord *item; (item = sn_word_at(word->items, at)) && item->items; at++) {
		g_autofree char *below = section ? g_strdup_printf("%s.%u", section, at + 1)
						 : g_strdup_printf("%u", at + 1);
		SnImapPart *child = read_part(item, below, depth + 1, count);
		if (!child)
			return NULL;
		g_ptr_array_add(part->children, child);
	}
	const SnWord *parameters = sn_word_at(word->items, at + 1);
	const char *boundary =
		sn_word_text(sn_word_value(parameters ? parameters->items : NULL, "boundary"));
	if (!is_boundary(boundary))
		return NULL;
	part->boundary = g_strdup(boundary);
	return g_steal_pointer(&part);
}

/* "text" "plain" (parameters) id description "base64" 1234 ... */
static SnImapPart *read_leaf(const SnWord *word, const char *section, Count *count)
{
	const SnWord *type = sn_word_at(word->items, 0);

	if (!sn_word_text(type) || ++count->leaves > SN_IMAP_MAX_LEAVES)
		return NULL;
	SnImapPart *part = g_new0(SnImapPart, 1);
	guint64 size = sn_word_number(sn_word_at(word->items, 6));
	part->section = g_strdup(section);
	part->is_text = is_word(type, "text");
	part->is_message = section && is_word(type, "message") &&
			   is_word(sn_word_at(word->items, 1), "rfc822");
	part->size = (gint64)MIN(size, G_MAXUINT32);
	/* four characters are three octets, and a line of 76 has two more */
	if (is_word(sn_word_at(word->items, 5), "base64"))
		part->encoding = SN_BASE64;
	else if (is_word(sn_word_at(word->items, 5), "quoted-printable"))
		part->encoding = SN_QUOTED_PRINTABLE;
	part->decoded = part->encoding == SN_BASE64 ? part->size * 57 / 78 : part->size;
	return part;
}

static SnImapPart *read_part(const SnWord *word, const char *section, guint depth, Count *count)
{
	const SnWord *first = word ? sn_word_at(word->items, 0) : NULL;

	if (!first || depth > SN_IMAP_MAX_NESTING)
		return NULL;
	return first->items ? read_multipart(word, section, depth, count)
			    : read_leaf(word, section, count);
}

SnImapPart *sn_imap_structure(const SnWord *word)
{
	Count count = { 0 };

	return read_part(word, NULL, 0, &count);
}

static const SnImapPart *find_leaf(const SnImapPart *part, guint *left)
{
	const SnImapPart *found = NULL;

	if (!part->children)
		return --*left == 0 ? part : NULL;
	for (guint i = 0; i < part->children->len && !found && *left > 0; i++)
		found = find_leaf(g_ptr_array_index(part->children, i), left);
	return found;
}

const SnImapPart *sn_imap_structure_leaf(const SnImapPart *root, guint position)
{
	return position > 0 ? find_leaf(root, &position) : NULL;
}

/* ---- decoding ---- */

/* "=41" is a character, "=" at the end of a line is nothing; what is neither stays as it is. */
static void take_quoted(SnDecoder *decoder, GByteArray *plain, char c)
{
	guint8 byte = (guint8)c;

	if (decoder->holding == 0 && c != '=') {
		g_byte_array_append(plain, &byte, 1);
		return;
	}
	g_assert(decoder->holding < sizeof decoder->held);
	decoder->held[decoder->holding++] = c;
	const char *held = decoder->held;
	if (decoder->holding == 1 || (decoder->holding == 2 && (c == '\r' || g_ascii_isxdigit(c))))
		return;
	if (decoder->holding == 2 && c == '\n') {
		decoder->holding = 0;
	} else if (decoder->holding == 3 && g_ascii_isxdigit(held[1]) && g_ascii_isxdigit(c)) {
		byte = (guint8)(g_ascii_xdigit_value(held[1]) << 4 | g_ascii_xdigit_value(c));
		g_byte_array_append(plain, &byte, 1);
		decoder->holding = 0;
	} else if (decoder->holding == 3 && held[1] == '\r' && c == '\n') {
		decoder->holding = 0;
	} else {
		guint count = decoder->holding - 1;
		decoder->holding = 0;
		g_byte_array_append(plain, (const guint8 *)held, count);
		take_quoted(decoder, plain, c);
	}
}

GByteArray *sn_decode(SnDecoder *decoder, const char *bytes, gsize length)
{
	GByteArray *plain = g_byte_array_new();

	g_assert(length < G_MAXINT / 4);
	if (decoder->encoding == SN_BASE64) {
		g_byte_array_set_size(plain, (guint)(length / 4 * 3 + 6));
		gsize count = g_base64_decode_step(bytes, length, plain->data, &decoder->state,
						   &decoder->save);
		g_byte_array_set_size(plain, (guint)count);
	} else if (decoder->encoding == SN_QUOTED_PRINTABLE) {
		for (gsize i = 0; i < length; i++)
			take_quoted(decoder, plain, bytes[i]);
	} else {
		g_byte_array_append(plain, (const guint8 *)bytes, (guint)length);
	}
	return plain;
}

/* ---- choosing ---- */

static void choose(SnImapPart *part, gboolean text, gint64 small, guint *left)
{
	for (guint i = 0; part->children && i < part->children->len; i++)
		choose(g_ptr_array_index(part->children, i), text, small, left);
	if (part->children || part->wanted || *left == 0)
		return;
	if (text ? part->is_text : part->size <= small) {
		part->wanted = TRUE;
		(*left)--;
	}
}

void sn_imap_structure_choose(SnImapPart *root, gint64 small, guint count)
{
	choose(root, TRUE, small, &count);
	choose(root, FALSE, small, &count);
}

/* What names the part's content in a command. */
static char *content_name(const SnImapPart *part)
{
	return g_strdup(part->section ? part->section : "TEXT");
}

static void add_items(GString *items, const SnImapPart *part, guint most)
{
	g_autofree char *name = content_name(part);

	if (part->section)
		g_string_append_printf(items, " BODY.PEEK[%s.MIME]", part->section);
	else
		g_string_append(items, " BODY.PEEK[HEADER]");
	if (part->wanted)
		g_string_append_printf(items, " BODY.PEEK[%s]<0.%u>", name, most);
	else if (part->is_message)
		g_string_append_printf(items, " BODY.PEEK[%s.HEADER]<0.%u>", name, most);
	for (guint i = 0; part->children && i < part->children->len; i++)
		add_items(items, g_ptr_array_index(part->children, i), most);
}

char *sn_imap_structure_items(const SnImapPart *root, guint most)
{
	GString *items = g_string_new("UID FLAGS INTERNALDATE RFC822.SIZE");

	add_items(items, root, most);
	return g_string_free(items, FALSE);
}

/* ---- building ---- */

static const SnWord *header_of(const SnImapPart *part, const GPtrArray *pairs)
{
	g_autofree char *name = part->section ? g_strdup_printf("BODY[%s.MIME]", part->section)
					      : g_strdup("BODY[HEADER]");

	return sn_word_value(pairs, name);
}

static void add_bytes(GByteArray *raw, const char *bytes, gsize length)
{
	g_byte_array_append(raw, (const guint8 *)bytes, (guint)length);
}

static void add_word(GByteArray *raw, const SnWord *word)
{
	if (sn_word_text(word))
		add_bytes(raw, word->text, word->length);
}

static void add_content(GByteArray *raw, const SnImapPart *part, const GPtrArray *pairs)
{
	g_autofree char *section = content_name(part);
	g_autofree char *name = g_strdup_printf("BODY[%s%s]<0>", section,
						part->wanted ? "" : ".HEADER");

	if (!part->children) {
		if (part->wanted || part->is_message)
			add_word(raw, sn_word_value(pairs, name));
		return;
	}
	for (guint i = 0; i < part->children->len; i++) {
		const SnImapPart *child = g_ptr_array_index(part->children, i);
		const SnWord *header = header_of(child, pairs);
		add_bytes(raw, "\r\n--", 4);
		add_bytes(raw, part->boundary, strlen(part->boundary));
		add_bytes(raw, "\r\n", 2);
		add_word(raw, header);
		/* servers differ in whether the empty line belongs to it */
		if (!header || header->length < 4 ||
		    memcmp(header->text + header->length - 4, "\r\n\r\n", 4) != 0)
			add_bytes(raw, "\r\n", 2);
		add_content(raw, child, pairs);
	}
	add_bytes(raw, "\r\n--", 4);
	add_bytes(raw, part->boundary, strlen(part->boundary));
	add_bytes(raw, "--\r\n", 4);
}

GBytes *sn_imap_structure_build(const SnImapPart *root, const GPtrArray *pairs)
{
	const SnWord *header = header_of(root, pairs);

	if (!header || header->length == 0)
		return NULL;
	GByteArray *raw = g_byte_array_new();
	add_word(raw, header);
	add_content(raw, root, pairs);
	return g_byte_array_free_to_bytes(raw);
}

static void add_missing(GArray *sizes, const SnImapPart *part, guint most)
{
	gint64 size = part->wanted && part->size <= (gint64)most ? -1 : part->decoded;

	for (guint i = 0; part->children && i < part->children->len; i++)
		add_missing(sizes, g_ptr_array_index(part->children, i), most);
	if (!part->children)
		g_array_append_val(sizes, size);
}

GArray *sn_imap_structure_missing(const SnImapPart *root, guint most)
{
	GArray *sizes = g_array_new(FALSE, FALSE, sizeof(gint64));

	add_missing(sizes, root, most);
	g_assert(sizes->len <= SN_IMAP_MAX_LEAVES);
	return sizes;
}
