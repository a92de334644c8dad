/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What programs get wrong in a header so that the parser would lose a part of the message: no empty
 * line below it, or one of blanks; fields that stand there twice; separators that are not those that
 * were announced; encoded words that are cut in the wrong place. Only the header of the message and
 * those of its own parts are looked at: what is carried in it stays as it was, byte for byte.
 */
#include <string.h>

#include "src/mime/mime_private.h"

#define MAX_FIELDS 2000
#define MAX_BOUNDARY 200

typedef struct {
	gsize from, to;
	char *with;
} Edit;

typedef struct {
	const char *data;
	gsize length;
	GArray *edits;
} Mender;

typedef struct {
	gsize start, end; /* with its folded lines */
	gsize name;       /* length */
} HeaderField;

static void replace(Mender *mend, gsize from, gsize to, const char *with)
{
	Edit edit = { from, to, g_strdup(with) };

	g_assert(from <= to && to <= mend->length);
	g_array_append_val(mend->edits, edit);
}

static gsize line_end(const Mender *mend, gsize at)
{
	const char *newline = memchr(mend->data + at, '\n', mend->length - at);

	return newline ? (gsize)(newline - mend->data) + 1 : mend->length;
}

static gboolean is_blank_char(char c)
{
	return c == ' ' || c == '\t';
}

/* Nothing but blanks; *empty: not even those. */
static gboolean is_blank_line(const Mender *mend, gsize at, gboolean *empty)
{
	gsize end = line_end(mend, at), i = at;

	while (i < end && strchr(" \t\r\n", mend->data[i]))
		i++;
	*empty = at < mend->length && strchr("\r\n", mend->data[at]);
	return i == end;
}

/* The length of the name of a field, 0 if the line does not begin one. */
static gsize field_name(const Mender *mend, gsize at)
{
	gsize i = at;

	while (i < mend->length && mend->data[i] > 32 && mend->data[i] < 127 && mend->data[i] != ':')
		i++;
	gsize name = i - at;
	while (i < mend->length && is_blank_char(mend->data[i]))
		i++;
	return i < mend->length && mend->data[i] == ':' ? name : 0;
}

/* Is this line, which is no field, the first of the body? It is, if no field follows it. */
static gboolean begins_body(const Mender *mend, gsize at)
{
	gboolean empty;

	for (int lines = 0; at < mend->length && lines < MAX_FIELDS; at = line_end(mend, at), lines++) {
		if (mend->data[at] == '-' && at + 1 < mend->length && mend->data[at + 1] == '-')
			return TRUE;
		if (is_blank_line(mend, at, &empty))
			return TRUE;
		if (field_name(mend, at))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_separator(const Mender *mend, gsize at, const char *boundary)
{
	gsize length = strlen(boundary), end = line_end(mend, at);

	return end - at >= length + 2 && mend->data[at] == '-' && mend->data[at + 1] == '-' &&
	       memcmp(mend->data + at + 2, boundary, length) == 0;
}

/* Reads the fields of the header at `at` and makes it end in an empty line; gives where it ends. */
static gsize mend_block(Mender *mend, gsize at, const char *boundary, GArray *fields)
{
	while (at < mend->length && !(boundary && is_separator(mend, at, boundary))) {
		gsize end = line_end(mend, at), name = field_name(mend, at);
		gboolean empty;

		if (is_blank_line(mend, at, &empty)) {
			if (empty)
				return end;
			/* Of blanks: an old way to fold, if fields go on; else the end. */
			gboolean ends = end < mend->length && !field_name(mend, end) &&
			                !is_blank_char(mend->data[end]);
			replace(mend, at, end, ends ? "\n" : "");
			if (ends)
				return end;
		} else if (name && fields->len < MAX_FIELDS) {
			HeaderField field = { at, end, name };
			g_array_append_val(fields, field);
		} else if (is_blank_char(mend->data[at])) {
			if (fields->len)
				g_array_index(fields, HeaderField, fields->len - 1).end = end;
		} else if (!name && begins_body(mend, at)) {
			replace(mend, at, at, "\n");
			return at;
		}
		at = end;
	}
	return at;
}

static gboolean is_named(const Mender *mend, const HeaderField *field, const char *name)
{
	return field->name == strlen(name) &&
	       g_ascii_strncasecmp(mend->data + field->start, name, field->name) == 0;
}

static const HeaderField *find_field(const Mender *mend, GArray *fields, const char *name)
{
	for (guint i = 0; i < fields->len; i++)
		if (is_named(mend, &g_array_index(fields, HeaderField, i), name))
			return &g_array_index(fields, HeaderField, i);
	return NULL;
}

/* ---- encoded words (RFC 2047) ---- */

typedef struct {
	const char *start, *end; /* of "=?charset?B?text?=" */
	const char *charset, *text;
	gsize charset_length, text_length;
	char encoding;
} Word;

static gboolean read_word(const char *at, const char *end, Word *word)
{
	if (end - at < 8 || at[0] != '=' || at[1] != '?')
		return FALSE;
	const char *one = memchr(at + 2, '?', (gsize)(end - at - 2));
	if (!one || one == at + 2 || one - at > 60 || end - one < 5 || one[2] != '?')
		return FALSE;
	const char *close = g_strstr_len(one + 3, end - one - 3, "?=");
	if (!close || memchr(one + 3, '\n', (gsize)(close - one - 3)))
		return FALSE;
	*word = (Word){ at, close + 2, at + 2, one + 3, (gsize)(one - at) - 2,
		        (gsize)(close - one) - 3, g_ascii_toupper(one[1]) };
	return word->encoding == 'B' || word->encoding == 'Q';
}

/* What the word is called among those who convert it: no language (RFC 2231), no underscore. */
static char *charset_of(const Word *word)
{
	gsize length = word->charset_length;
	const char *star = memchr(word->charset, '*', length);
	g_autofree char *name = g_strndup(word->charset, star ? (gsize)(star - word->charset) : length);

	return g_strdup(sn_mime_charset(name));
}

static gboolean same_kind(const Word *one, const Word *two)
{
	return one->encoding == 'B' && two->encoding == 'B' &&
	       one->charset_length == two->charset_length &&
	       g_ascii_strncasecmp(one->charset, two->charset, one->charset_length) == 0;
}

static void decode_into(GByteArray *bytes, const Word *word)
{
	g_autofree guchar *decoded = g_malloc(word->text_length + 4);
	int state = 0;
	guint save = 0;

	g_byte_array_append(bytes, decoded,
	                    (guint)g_base64_decode_step(word->text, word->text_length, decoded, &state,
	                                                &save));
}

/* A run of words of one kind as one word; returns where it ends. */
static const char *join_words(const Word *first, const char *end, GString *out)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree char *charset = charset_of(first);
	Word word = *first, next;

	if (first->encoding == 'Q') {
		g_string_append_printf(out, "=?%s?Q?%.*s?=", charset, (int)first->text_length,
		                       first->text);
		return first->end;
	}
	for (;;) {
		const char *at = word.end;
		decode_into(bytes, &word);
		while (at < end && strchr(" \t\r\n", *at))
			at++;
		if (!read_word(at, end, &next) || !same_kind(first, &next))
			break;
		word = next;
	}
	g_autofree char *encoded = g_base64_encode(bytes->data, bytes->len);
	g_string_append_printf(out, "=?%s?B?%s?=", charset, encoded);
	return word.end;
}

/* The parser stops at padding within a run of words, and knows fewer names of character sets. */
static gboolean needs_joining(const char *at, const char *end)
{
	gboolean padded = FALSE;
	Word word;

	for (; at < end; at++) {
		if (!read_word(at, end, &word))
			continue;
		if (padded || memchr(word.charset, '_', word.charset_length) ||
		    memchr(word.charset, '*', word.charset_length))
			return TRUE;
		padded = word.text_length && word.text[word.text_length - 1] == '=';
		at = word.end - 1;
	}
	return FALSE;
}

static void mend_words(Mender *mend, const HeaderField *field)
{
	const char *at = mend->data + field->start, *end = mend->data + field->end;
	Word word;

	if (field->end - field->start > SN_MIME_MAX_HEADER || !needs_joining(at, end))
		return;
	g_autoptr(GString) out = g_string_new(NULL);
	while (at < end)
		if (read_word(at, end, &word))
			at = join_words(&word, end, out);
		else
			g_string_append_c(out, *at++);
	replace(mend, field->start, field->end, out->str);
}

/* ---- the separators of the parts ---- */

/* The value of boundary=, unfolded; NULL. */
static char *declared_boundary(const char *value, gsize length)
{
	g_autofree char *text = g_strndup(value, length);
	g_autofree char *lower = g_ascii_strdown(text, -1);
	const char *found = strstr(lower, "boundary");

	if (!found)
		return NULL;
	const char *at = text + (found - lower) + strlen("boundary");
	while (is_blank_char(*at))
		at++;
	if (*at++ != '=')
		return NULL;
	while (is_blank_char(*at))
		at++;
	if (*at == '"')
		return g_strndup(at + 1, strcspn(at + 1, "\""));
	return g_strndup(at, strcspn(at, "; \t\r\n"));
}

/* What stands between the parts in truth: a line of dashes above a field of a part; NULL. */
static char *real_boundary(const Mender *mend, gsize body)
{
	for (gsize at = body, end; at < mend->length; at = end) {
		end = line_end(mend, at);
		if (end - at < 4 || end - at > MAX_BOUNDARY || mend->data[at] != '-' ||
		    mend->data[at + 1] != '-' || end + 8 > mend->length ||
		    g_ascii_strncasecmp(mend->data + end, "Content-", 8) != 0)
			continue;
		g_autofree char *line = g_strndup(mend->data + at + 2, end - at - 2);
		g_strchomp(line);
		if (*line && !strpbrk(line, "\"\\"))
			return g_steal_pointer(&line);
	}
	return NULL;
}

static gboolean has_separator(const Mender *mend, gsize body, const char *boundary)
{
	for (gsize at = body; at < mend->length; at = line_end(mend, at))
		if (is_separator(mend, at, boundary))
			return TRUE;
	return FALSE;
}

/* What Content-Type is to say; NULL: what it says. *boundary becomes the one that counts. */
static char *right_type(const Mender *mend, const HeaderField *field, gsize body, char **boundary)
{
	const char *value = mend->data + field->start + field->name;
	gsize length = field->end - field->start - field->name;
	const char *slash = memchr(value, '/', MIN(length, 40));

	*boundary = NULL;
	while (length && (is_blank_char(*value) || *value == ':')) {
		value++;
		length--;
	}
	if (length < 10 || g_ascii_strncasecmp(value, "multipart", 9) != 0 || !slash)
		return NULL;
	*boundary = declared_boundary(value, length);
	if (*boundary && **boundary && has_separator(mend, body, *boundary))
		return NULL;
	g_clear_pointer(boundary, g_free);
	*boundary = real_boundary(mend, body);
	if (*boundary) {
		const char *subtype = slash + 1, *end = value + length;
		int letters = 0;
		while (subtype + letters < end && letters < 40 &&
		       (g_ascii_isalpha(subtype[letters]) || subtype[letters] == '-'))
			letters++;
		return g_strdup_printf("Content-Type: multipart/%.*s; boundary=\"%s\"\n",
		                       letters ? letters : 5, letters ? subtype : "mixed", *boundary);
	}
	for (gsize at = body; at < mend->length; at++)
		if (!g_ascii_isspace(mend->data[at]))
			return g_strdup("Content-Type: text/plain\n");
	return NULL;
}

/* ---- the whole ---- */

static gboolean is_second(const Mender *mend, GArray *fields, const HeaderField *field)
{
	static const char *const once[] = { "Content-Type", "Content-Transfer-Encoding", "Subject",
		                            "Date", "Message-ID" };

	for (gsize i = 0; i < G_N_ELEMENTS(once); i++)
		if (is_named(mend, field, once[i]))
			return find_field(mend, fields, once[i]) != field;
	return FALSE;
}

static gboolean has_words(const Mender *mend, const HeaderField *field)
{
	static const char *const names[] = { "Subject", "From", "To", "Cc", "Reply-To",
		                             "Content-Type", "Content-Disposition" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (is_named(mend, field, names[i]))
			return g_strstr_len(mend->data + field->start, (gssize)(field->end - field->start),
			                    "=?") != NULL;
	return FALSE;
}

static void mend_fields(Mender *mend, GArray *fields, const HeaderField *type, const char *new_type)
{
	for (guint i = 0; i < fields->len; i++) {
		const HeaderField *field = &g_array_index(fields, HeaderField, i);
		if (is_second(mend, fields, field))
			replace(mend, field->start, field->end, "");
		else if (field == type && new_type)
			replace(mend, field->start, field->end, new_type);
		else if (has_words(mend, field))
			mend_words(mend, field);
	}
}

/* Returns where the body begins. *boundary: NULL for the header of the whole, and set by it. */
static gsize mend_header(Mender *mend, gsize at, char **boundary, GString *notice)
{
	g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(HeaderField));
	gboolean top = !*boundary;
	gsize body = mend_block(mend, at, *boundary, fields);
	const HeaderField *type = find_field(mend, fields, "Content-Type");
	g_autofree char *new_type = NULL;

	if (top && type)
		new_type = right_type(mend, type, body, boundary);
	if (new_type)
		sn_mime_note(notice, "The separators of its parts were wrong or missing.");
	mend_fields(mend, fields, type, new_type);
	g_assert(body >= at && body <= mend->length);
	return body;
}

static int by_place(gconstpointer a, gconstpointer b)
{
	const Edit *one = a, *two = b;

	return one->from < two->from ? -1 : one->from > two->from;
}

static GBytes *apply(const Mender *mend)
{
	GByteArray *out = g_byte_array_sized_new((guint)mend->length + 64);
	gsize copied = 0;

	g_array_sort(mend->edits, by_place);
	for (guint i = 0; i < mend->edits->len; i++) {
		const Edit *edit = &g_array_index(mend->edits, Edit, i);
		if (edit->from < copied)
			continue; /* within what has been replaced */
		g_byte_array_append(out, (const guint8 *)mend->data + copied,
		                    (guint)(edit->from - copied));
		g_byte_array_append(out, (const guint8 *)edit->with, (guint)strlen(edit->with));
		copied = edit->to;
	}
	g_byte_array_append(out, (const guint8 *)mend->data + copied, (guint)(mend->length - copied));
	return g_byte_array_free_to_bytes(out);
}

static void clear_edit(gpointer data)
{
	g_free(((Edit *)data)->with);
}

GBytes *sn_mime_mend(GBytes *bytes, GString *notice)
{
	g_autoptr(GArray) edits = g_array_new(FALSE, FALSE, sizeof(Edit));
	g_autofree char *boundary = NULL;
	Mender mend = { .edits = edits };
	gsize at = 0;

	g_array_set_clear_func(edits, clear_edit);
	mend.data = g_bytes_get_data(bytes, &mend.length);
	while (at < mend.length && is_blank_char(mend.data[at]))
		at++;
	if (at > 0 && field_name(&mend, at))
		replace(&mend, 0, at, "");
	else
		at = 0;
	if (at == 0 && mend.length > 0 && !field_name(&mend, 0))
		return g_bytes_ref(bytes); /* no header at all */
	at = mend_header(&mend, at, &boundary, notice);
	while (boundary && at < mend.length) {
		gsize end = line_end(&mend, at);
		at = is_separator(&mend, at, boundary) ? mend_header(&mend, end, &boundary, notice) : end;
	}
	return edits->len ? apply(&mend) : g_bytes_ref(bytes);
}
