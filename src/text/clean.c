/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/text.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

/* UAX 15 calls text with at most 30 combining marks in a row stream-safe; more are an attack. */
#define MAX_MARKS 30

#define REPLACEMENT 0xfffd

static inline gboolean is_plain(guchar byte)
{
	return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\t';
}

/* Most of most texts are printable ASCII, which is passed over eight bytes at a time. */
#define EACH(byte) (G_GUINT64_CONSTANT(0x0101010101010101) * (byte))

static inline guint64 eight_bytes(const guchar *bytes)
{
	guint64 word;

	memcpy(&word, bytes, sizeof word);
	return word;
}

static inline gboolean are_ascii(guint64 word)
{
	return (word & EACH(0x80)) == 0;
}

/* All of them 0x20 to 0x7e: adding 1 to a larger ASCII byte, or taking 0x20 from a smaller one, would
 * set its highest bit; neither carries into the next. */
static inline gboolean are_printable(guint64 word)
{
	return are_ascii(word) && are_ascii(word + EACH(0x01)) &&
	       (((word | EACH(0x80)) - EACH(0x20)) & EACH(0x80)) == EACH(0x80);
}

/* The end of the plain bytes that begin at `at`. */
static gsize plain_end(const guchar *bytes, gsize at, gsize length)
{
	for (;;) {
		while (length - at >= 8 && are_printable(eight_bytes(bytes + at)))
			at += 8;
		gsize stop = MIN(at + 8, length);
		while (at < stop && is_plain(bytes[at]))
			at++;
		if (at < stop || at == length)
			return at;
	}
}

gboolean sn_text_is_ascii(const char *text, gsize length)
{
	const guchar *bytes = (const guchar *)text;
	gsize at = 0;

	while (length - at >= 8 && are_ascii(eight_bytes(bytes + at)))
		at += 8;
	while (at < length && bytes[at] < 0x80)
		at++;
	return at == length;
}

static inline gboolean is_noncharacter(ucs4_t c)
{
	return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* Invisible characters that change how others are shown: they are a way to disguise text. */
static gboolean is_dropped(ucs4_t c)
{
	switch (c) {
	case 0x00ad: /* soft hyphen: terminals disagree whether it is shown */
	case 0x061c: /* bidi marks, embeddings, overrides, isolates */
	case 0x200e:
	case 0x200f:
	case 0x202a ... 0x202e:
	case 0x2066 ... 0x2069:
	case 0x206a ... 0x206f: /* deprecated format characters */
	case 0xfeff:            /* byte order mark */
	case 0xfff9 ... 0xfffb: /* interlinear annotation */ return TRUE;
	default: return c < 0x20 || (c >= 0x7f && c < 0xa0);
	}
}

static void append_codepoint(GString *out, ucs4_t c, int *marks)
{
	if (is_noncharacter(c))
		c = REPLACEMENT;
	if (c >= 0x300 &&
	    uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Me)) {
		if (++*marks > MAX_MARKS)
			return;
	} else {
		*marks = 0;
	}
	uint8_t bytes[6];
	int length = u8_uctomb(bytes, c, sizeof bytes);
	g_assert(length > 0);
	g_string_append_len(out, (const char *)bytes, length);
}

/* The character at `bytes`, which is not plain ASCII; returns the bytes it took. */
static gsize clean_one(GString *out, const guchar *bytes, gsize length, int *marks)
{
	if (*bytes == '\r') {
		g_string_append_c(out, '\n');
		*marks = 0;
		return length > 1 && bytes[1] == '\n' ? 2 : 1;
	}
	if (*bytes < 0x80)
		return 1;
	ucs4_t c;
	int used = u8_mbtouc(&c, bytes, length);
	g_assert(used > 0);
	if (c == 0x85 || c == 0x2028 || c == 0x2029) { /* next line, line and paragraph separator */
		g_string_append_c(out, '\n');
		*marks = 0;
	} else if (!is_dropped(c)) {
		append_codepoint(out, c, marks);
	}
	return (gsize)used;
}

char *sn_text_clean(const char *text, gssize signed_length)
{
	const guchar *bytes = (const guchar *)text;
	gsize length = signed_length < 0 ? strlen(text) : (gsize)signed_length;
	GString *out = g_string_sized_new(length + 1);
	int marks = 0;

	for (gsize i = 0; i < length;) {
		gsize run = plain_end(bytes, i, length);
		if (run > i) {
			g_string_append_len(out, text + i, (gssize)(run - i));
			marks = 0;
			i = run;
		} else {
			i += clean_one(out, bytes + i, length - i, &marks);
		}
	}
	return g_string_free(out, FALSE);
}

/* Plain letters in one line, as most lines are: nothing is to be done. */
static gboolean is_clean_line(const char *bytes, gsize length)
{
	gsize i = 0;

	while (i < length && bytes[i] >= 0x20 && bytes[i] < 0x7f)
		i++;
	return i == length;
}

char *sn_text_clean_line(const char *bytes, gssize signed_length)
{
	gsize length = signed_length < 0 ? strlen(bytes) : (gsize)signed_length;

	if (is_clean_line(bytes, length))
		return g_strstrip(g_strndup(bytes, length));
	char *text = sn_text_clean(bytes, (gssize)length);
	char *to = text;

	/* A run of blanks with a newline or tab in it is a folding and becomes one space; plain
	 * spaces may be meant, as in a file name. */
	for (const char *from = text; *from;) {
		gsize blanks = strspn(from, " \t\n");
		if (blanks && strcspn(from, "\t\n") < blanks) {
			*to++ = ' ';
			from += blanks;
		} else {
			gsize plain = blanks ? blanks : strcspn(from, " \t\n");
			memmove(to, from, plain);
			to += plain;
			from += plain;
		}
	}
	*to = '\0';
	return g_strstrip(text);
}
