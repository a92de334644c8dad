/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/text.h"

#include <string.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>
#include <uniwidth.h>

#include "src/text/text_private.h"

#define TAB 8
#define ELLIPSIS "\xe2\x80\xa6"

#define ZWJ 0x200d
#define VS16 0xfe0f
#define MAX_CLUSTER 256 /* bytes; what is longer is an attack and is cut between characters */

static gboolean is_regional(ucs4_t c)
{
	return c >= 0x1f1e6 && c <= 0x1f1ff;
}

static gboolean is_pictographic(ucs4_t c)
{
	return c >= 0xa9 && uc_is_property_extended_pictographic(c);
}

/* libunistring looks at pairs of characters only: flags (two regional indicators) and sequences
 * joined by ZWJ need what came before (UAX 29, GB11 to GB13). */
static const uint8_t *cluster_end(const uint8_t *start, const uint8_t *end)
{
	ucs4_t first, next;
	int first_length = u8_mbtouc(&first, start, (size_t)(end - start));
	const uint8_t *stop = u8_grapheme_next(start, end);

	g_assert(stop > start);
	if (is_regional(first) && stop == start + first_length && stop < end) {
		u8_mbtouc(&next, stop, (size_t)(end - stop));
		return is_regional(next) ? u8_grapheme_next(stop, end) : stop;
	}
	if (!is_pictographic(first))
		return stop;
	while (stop < end && stop - start >= 3 && memcmp(stop - 3, "\xe2\x80\x8d", 3) == 0) {
		u8_mbtouc(&next, stop, (size_t)(end - stop));
		if (!is_pictographic(next))
			break;
		stop = u8_grapheme_next(stop, end);
	}
	return stop;
}

/* The sum of what its characters take, at most 2: right for a syllable of Jamo, a flag, a
 * skin tone, a vowel sign that stands beside its letter, and a family. */
static int cluster_width(const uint8_t *start, const uint8_t *end)
{
	int width = 0;

	for (const uint8_t *at = start; at < end && width < 2;) {
		ucs4_t c;
		at += u8_mbtouc(&c, at, (size_t)(end - at));
		int columns = uc_width(c, "UTF-8");
		if (c == VS16 && width == 1)
			width = 2;
		else if (columns > 0)
			width += columns;
	}
	return width > 2 ? 2 : width;
}

int sn_text_cluster_n(const char *text, gsize length, gsize *bytes)
{
	const guchar *at = (const guchar *)text;

	if (length == 0) {
		*bytes = 0;
		return 0;
	}
	if (at[0] < 0x80 && (length == 1 || at[1] < 0x80)) {
		*bytes = 1;
		return (at[0] >= 0x20 && at[0] != 0x7f) || at[0] == '\t';
	}
	const uint8_t *stop = cluster_end(at, at + MIN(length, MAX_CLUSTER + 4));
	if (stop - at > MAX_CLUSTER) {
		stop = at + MAX_CLUSTER;
		while (stop > at + 1 && (*stop & 0xc0) == 0x80)
			stop--;
	}
	g_assert(stop > at && stop <= at + length);
	*bytes = (gsize)(stop - at);
	return cluster_width(at, stop);
}

int sn_text_cluster(const char *text, gsize *bytes)
{
	return sn_text_cluster_n(text, strnlen(text, MAX_CLUSTER + 4), bytes);
}

int sn_text_width_n(const char *text, gsize length)
{
	const guchar *at = (const guchar *)text;
	int width = 0;

	for (gsize i = 0; i < length;) {
		gsize bytes;
		if (at[i] == '\t') {
			width = (width / TAB + 1) * TAB;
			i++;
		} else if (at[i] >= 0x20 && at[i] < 0x7f && (i + 1 == length || at[i + 1] < 0x80)) {
			width++;
			i++;
		} else {
			width += sn_text_cluster_n(text + i, length - i, &bytes);
			i += bytes;
		}
	}
	return width;
}

int sn_text_width(const char *text)
{
	return sn_text_width_n(text, strlen(text));
}

/* The number of printable ASCII characters at `text`: each is a column wide. */
static gsize ascii_run(const char *text, gsize length)
{
	gsize i = 0;

	while (i < length && text[i] >= 0x20 && text[i] < 0x7f)
		i++;
	return i;
}

/* Copies clusters to `out` up to `columns`; tabs become spaces. Returns the columns used, and in
 * *rest where it stopped. */
static int copy_columns(GString *out, const char *text, int columns, const char **rest)
{
	gsize length = strlen(text), i = 0;
	int width = 0;

	while (i < length) {
		gsize bytes = ascii_run(text + i, MIN(length - i, (gsize)(columns - width)));
		if (bytes > 1) {
			/* The last of them may carry an accent that follows. */
			g_string_append_len(out, text + i, (gssize)bytes - 1);
			width += (int)bytes - 1;
			i += bytes - 1;
		}
		bytes = 1;
		int step = text[i] == '\t' ? TAB - width % TAB
					   : sn_text_cluster_n(text + i, length - i, &bytes);
		if (width + step > columns)
			break;
		if (text[i] == '\t')
			for (int n = 0; n < step; n++)
				g_string_append_c(out, ' ');
		else
			g_string_append_len(out, text + i, (gssize)bytes);
		width += step;
		i += bytes;
	}
	*rest = text + i;
	return width;
}

static char *fit(const char *text, int columns, gboolean pad)
{
	GString *out = g_string_new(NULL);
	const char *rest;

	if (columns < 0)
		columns = 0;
	int width = copy_columns(out, text, columns, &rest);
	if (*rest && columns > 0) {
		g_string_truncate(out, 0);
		width = copy_columns(out, text, columns - 1, &rest) + 1;
		g_string_append(out, ELLIPSIS);
	}
	while (pad && width++ < columns)
		g_string_append_c(out, ' ');
	return g_string_free(out, FALSE);
}

char *sn_text_fit(const char *text, int columns)
{
	return fit(text, columns, FALSE);
}

char *sn_text_pad(const char *text, int columns)
{
	return fit(text, columns, TRUE);
}
