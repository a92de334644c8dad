/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Character sets as they are declared, and as they are. */
#include <errno.h>
#include <string.h>
#include <uchardet.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

enum { MIN_TO_GUESS = 8, MAX_TO_GUESS = 256 * 1024 }; /* bytes beyond ASCII; bytes */

/* What people declare, and the superset that they mean (as browsers read it). */
static const struct {
	const char *declared, *meant;
} supersets[] = {
	{ "us-ascii", "windows-1252" },
	{ "ascii", "windows-1252" },
	{ "ansi_x3.4-1968", "windows-1252" },
	{ "iso-8859-1", "windows-1252" },
	{ "iso8859-1", "windows-1252" },
	{ "latin1", "windows-1252" },
	{ "cp-1252", "windows-1252" },
	{ "windows1252", "windows-1252" },
	{ "iso-8859-9", "windows-1254" },
	{ "iso-8859-11", "windows-874" },
	{ "iso-8859-8-i", "iso-8859-8" },
	{ "iso-8859-8-e", "iso-8859-8" },
	{ "gb2312", "gb18030" },
	{ "gbk", "gb18030" },
	{ "x-gbk", "gb18030" },
	{ "ks_c_5601-1987", "cp949" },
	{ "ks_c_5601", "cp949" },
	{ "euc-kr", "cp949" },
	{ "shift-jis", "cp932" },
	{ "x-sjis", "cp932" },
	{ "sjis", "cp932" },
	{ "utf8", "utf-8" },
	{ "unicode-1-1-utf-7", "utf-7" },
	{ "unicode", "utf-16" },
	{ "iso-2022-jp", "iso-2022-jp-3" },
	{ "big5", "big5-hkscs" },
	{ "x-euc-tw", "euc-tw" },
	{ "x-mac-roman", "macintosh" },
	{ "x-user-defined", "windows-1252" },
	{ "koi8-r", "koi8-r" },
	{ "koi8-u", "koi8-u" },
	{ "windows-1251", "windows-1251" },
	{ "cp-1251", "windows-1251" },
	{ "windows-1250", "windows-1250" },
	{ "iso-8859-2", "iso-8859-2" },
	{ "iso-8859-5", "iso-8859-5" },
	{ "iso-8859-15", "iso-8859-15" },
};

/* "koi8_r" is koi8-r. */
static gboolean same_name(const char *one, const char *two)
{
	while (*one && (g_ascii_tolower(*one) == g_ascii_tolower(*two) || (*one == '_' && *two == '-'))) {
		one++;
		two++;
	}
	return *one == *two;
}

const char *sn_mime_charset(const char *declared)
{
	for (gsize i = 0; i < G_N_ELEMENTS(supersets); i++)
		if (same_name(declared, supersets[i].declared))
			return supersets[i].meant;
	return declared;
}

/* These use bytes below 0x80 for other things than ASCII. */
static gboolean is_stateful(const char *charset)
{
	static const char *const prefixes[] = { "iso-2022", "hz",  "utf-7",  "utf-16", "utf-32",
						"ucs-",     "ibm", "ebcdic", "unicode" };

	for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
		if (g_ascii_strncasecmp(charset, prefixes[i], strlen(prefixes[i])) == 0)
			return TRUE;
	return FALSE;
}

/* How many bytes to pass over that mean nothing: ISO 2022 has pairs while an escape says so. */
static gsize unit_at(const char *start, const char *at, const char *charset)
{
	if (g_ascii_strncasecmp(charset, "iso-2022", 8) != 0)
		return 1;
	while (at > start && at[-1] != '\x1b')
		at--;
	return at > start && *at == '$' ? 2 : 1;
}

/* Converts what can be converted; *bad counts the bytes that could not. NULL: unknown charset. */
static char *convert(const char *data, gsize length, const char *charset, gsize *bad)
{
	GIConv iconv = g_iconv_open("UTF-8", charset);
	char buffer[4096];

	*bad = 0;
	if (iconv == (GIConv)-1)
		return NULL;
	GString *out = g_string_sized_new(length + length / 2 + 1);
	char *in = (char *)(guintptr)data;
	gboolean stateful = is_stateful(charset);
	while (length > 0) {
		char *to = buffer;
		gsize room = sizeof buffer;
		gsize done = g_iconv(iconv, &in, &length, &to, &room);
		int reason = errno;

		g_string_append_len(out, buffer, (gssize)(to - buffer));
		if (done != (gsize)-1 || reason == E2BIG)
			continue;
		g_string_append(out, "\xef\xbf\xbd");
		++*bad;
		gsize unit = MIN(unit_at(data, in, charset), length);
		in += unit;
		length -= unit;
		if (!stateful) /* the state is what the next bytes mean */
			g_iconv(iconv, NULL, NULL, NULL, NULL);
	}
	g_iconv_close(iconv);
	return g_string_free(out, FALSE);
}

/* Windows-1252 as browsers read it: every byte has a meaning. */
static char *from_windows_1252(const char *data, gsize length)
{
	gsize bad;
	char *text = convert(data, length, "windows-1252", &bad);

	g_assert(text);
	return text;
}

/* Japanese mail of old: all of it ASCII, but for what stands between escapes. */
static gboolean has_escapes(const char *data, gsize length)
{
	return memmem(data, length, "\x1b$", 2) != NULL;
}

static gsize count_high(const char *data, gsize length)
{
	gsize count = 0;

	for (gsize i = 0; i < length; i++)
		count += (guchar)data[i] >= 0x80;
	return count;
}

/* What the bytes look like; NULL when there are too few to tell, or when it does not convert. */
static char *guess(const char *data, gsize length)
{
	uchardet_t detector;
	gsize bad;

	if (count_high(data, length) < MIN_TO_GUESS)
		return NULL;
	detector = uchardet_new();
	uchardet_handle_data(detector, data, MIN(length, MAX_TO_GUESS));
	uchardet_data_end(detector);
	const char *name = uchardet_get_charset(detector);
	char *text = *name ? convert(data, length, sn_mime_charset(name), &bad) : NULL;
	uchardet_delete(detector);
	if (text && bad > 0)
		g_clear_pointer(&text, g_free);
	return text;
}

/* Several bytes a character: text in these may look like UTF-8 by accident. */
static gboolean is_multibyte(const char *charset)
{
	static const char *const names[] = { "gb18030", "cp949", "cp932", "big5-hkscs", "euc-jp",
		                             "euc-tw" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(charset, names[i]) == 0)
			return TRUE;
	return FALSE;
}

static char *without_nul(const char *data, gsize length, gsize *kept)
{
	char *copy = g_malloc(length + 1);

	*kept = 0;
	for (gsize i = 0; i < length; i++)
		if (data[i] != '\0')
			copy[(*kept)++] = data[i];
	copy[*kept] = '\0';
	return copy;
}

/* What is not as it was declared, or was not declared. */
static char *repair(const char *data, gsize length, const char *charset)
{
	gsize bad = 0;
	char *text = charset ? convert(data, length, charset, &bad) : NULL;

	if (text && bad == 0)
		return text;
	/* Escapes are valid UTF-8, too. */
	if (g_utf8_validate_len(data, length, NULL) && !(text && has_escapes(data, length))) {
		g_free(text);
		return g_strndup(data, length);
	}
	/* A few damaged characters do not make another charset of it. */
	if (text && bad * (is_stateful(charset) ? 4 : 20) <= length)
		return text;
	g_free(text);
	text = guess(data, length);
	return text ? text : from_windows_1252(data, length);
}

char *sn_mime_to_utf8(const char *data, gsize length, const char *charset, gboolean *repaired)
{
	const char *meant = charset && *charset ? sn_mime_charset(charset) : NULL;
	gsize bad = 0, kept;

	if (meant && is_stateful(meant)) {
		char *text = convert(data, length, meant, &bad);
		if (text && bad == 0)
			return text;
		g_free(text);
		*repaired = TRUE;
		return repair(data, length, meant);
	}
	if (memchr(data, '\0', length)) {
		g_autofree char *copy = without_nul(data, length, &kept);
		return sn_mime_to_utf8(copy, kept, charset, repaired);
	}
	if (sn_text_is_ascii(data, length)) {
		if (!has_escapes(data, length))
			return g_strndup(data, length);
		*repaired = TRUE;
		return repair(data, length, "iso-2022-jp-3");
	}
	/* What is valid UTF-8 by accident is rarer than a wrong declaration. */
	if (!(meant && is_multibyte(meant)) && g_utf8_validate_len(data, length, NULL)) {
		*repaired = *repaired || (meant && g_ascii_strcasecmp(meant, "utf-8") != 0);
		return g_strndup(data, length);
	}
	char *text = meant ? convert(data, length, meant, &bad) : NULL;
	if (text && bad == 0)
		return text;
	g_free(text);
	*repaired = TRUE;
	return repair(data, length, meant);
}
