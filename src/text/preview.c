/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/text.h"

#include <string.h>
#include <unictype.h>

#include "src/text/text_private.h"

#define PREVIEW_BYTES 200

/* Newsletters pad their first line with invisible characters to push the rest out of the preview.
 */
static gboolean is_filler(gunichar c)
{
	switch (c) {
	case 0x00a0: /* no-break and other wide blanks */
	case 0x034f:
	case 0x2000 ... 0x200c:
	case 0x2060 ... 0x2064:
	case 0x3000:
	case 0x3164:
	case 0xffa0: return TRUE;
	default: return FALSE;
	}
}

/* Letters and signs of ASCII, of which nothing is to be known but where they end. */
static gsize plain_run(const char *text, const char *end)
{
	gsize length = 0;

	while (text + length < end && length < PREVIEW_BYTES && text[length] > ' ' && text[length] < 0x7f)
		length++;
	return length;
}

/* Appends to `out` what is to be read of a line; blanks become one space. */
static void append_line(GString *out, const char *text, gsize length)
{
	const char *end = text + length;
	gboolean blank = out->len > 0, joiner_wanted = FALSE;

	for (const char *at = text; at < end && out->len < PREVIEW_BYTES;) {
		gsize plain = plain_run(at, end);
		if (plain) {
			if (blank && out->len > 0)
				g_string_append_c(out, ' ');
			g_string_append_len(out, at, (gssize)plain);
			blank = joiner_wanted = FALSE;
			at += plain;
			continue;
		}
		gsize bytes = (gsize)(g_utf8_next_char(at) - at);
		gunichar c = g_utf8_get_char(at);
		/* ZWNJ is meant where it stands between letters, as in Persian. */
		gboolean letter = c >= 0x80 && g_unichar_isalpha(c);
		if (c == 0x200c && joiner_wanted && at + bytes < end &&
		    g_unichar_isalpha(g_utf8_get_char(at + bytes))) {
			g_string_append_len(out, at, (gssize)bytes);
		} else if (c <= ' ' || is_filler(c)) {
			blank = blank || c != 0x200c;
		} else {
			if (blank && out->len > 0)
				g_string_append_c(out, ' ');
			blank = FALSE;
			g_string_append_len(out, at, (gssize)bytes);
		}
		joiner_wanted = letter;
		at += bytes;
	}
}

/* Lines made of dashes, stars and the like say nothing. */
static gboolean says_something(const char *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (g_ascii_isalnum(text[i]) || (guchar)text[i] >= 0x80)
			return TRUE;
	return FALSE;
}

static void append_text(GString *out, const char *body, const SnBlock *block)
{
	gsize at = block->start;
	SnSpan line;

	while (out->len < PREVIEW_BYTES && sn_text_next_line(body, block->end, &at, &line))
		if (says_something(body + line.start, line.end - line.start))
			append_line(out, body + line.start, line.end - line.start);
}

char *sn_text_preview(const char *body)
{
	g_autofree char *clean = sn_text_clean(body, (gssize)strnlen(body, 16384));
	g_autoptr(GArray) blocks = sn_text_blocks(clean);
	GString *out = g_string_new(NULL);

	/* Somebody who only forwards or quotes: then the quote is what there is to say. */
	for (int quotes = 0; quotes < 2 && out->len == 0; quotes++)
		for (guint i = 0; i < blocks->len && out->len < PREVIEW_BYTES; i++) {
			const SnBlock *block = &g_array_index(blocks, SnBlock, i);
			if (block->kind == (quotes ? SN_BLOCK_QUOTE : SN_BLOCK_TEXT))
				append_text(out, clean, block);
		}
	g_assert(g_utf8_validate(out->str, (gssize)out->len, NULL));
	if (out->len > PREVIEW_BYTES) {
		gsize end = PREVIEW_BYTES;
		while (end > 0 && ((guchar)out->str[end] & 0xc0) == 0x80)
			end--;
		g_string_truncate(out, end);
	}
	return g_strchomp(g_string_free(out, FALSE));
}

char *sn_text_size(gint64 bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = (double)MAX(bytes, 0);
	gsize unit = 0;

	/* 999.5 kB would be shown as "1000 kB". */
	while (value >= 999.5 && unit + 1 < G_N_ELEMENTS(units)) {
		value /= 1000;
		unit++;
	}
	return g_strdup_printf(unit > 0 && value < 9.95 ? "%.1f %s" : "%.0f %s", value,
			       units[unit]);
}
