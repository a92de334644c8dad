/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Character sets as they are declared, and as they are. */
#include <errno.h>
#include <string.h>

#include "src/mime/mime_private.h"

/* What people declare, and the superset that they mean (as browsers read it). */
static const struct {
	const char *declared, *meant;
} supersets[] = {
	{ "us-ascii", "windows-1252" },
	{ "ascii", "windows-1252" },
	{ "ansi_x3.4-1968", "windows-1252" },
	{ "iso-8859-1", "windows-1252" },
	{ "iso8859-1", "windows-1252" },
	{ "iso_8859-1", "windows-1252" },
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
	{ "shift_jis", "cp932" },
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
};

static const char *superset(const char *charset)
{
	for (gsize i = 0; i < G_N_ELEMENTS(supersets); i++)
		if (g_ascii_strcasecmp(charset, supersets[i].declared) == 0)
			return supersets[i].meant;
	return charset;
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

static gboolean is_ascii(const char *data, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if ((guchar)data[i] >= 0x80)
			return FALSE;
	return TRUE;
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
		in++;
		length--;
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

char *sn_mime_to_utf8(const char *data, gsize length, const char *charset, gboolean *repaired)
{
	const char *meant = charset && *charset ? superset(charset) : "utf-8";
	gsize bad = 0;

	if (!is_stateful(meant) && memchr(data, '\0', length)) {
		g_autofree char *copy = g_malloc(length);
		gsize kept = 0;
		for (gsize i = 0; i < length; i++)
			if (data[i] != '\0')
				copy[kept++] = data[i];
		return sn_mime_to_utf8(copy, kept, charset, repaired);
	}
	if (!is_stateful(meant) && is_ascii(data, length))
		return g_strndup(data, length);
	if (g_ascii_strcasecmp(meant, "utf-8") == 0 || strcmp(meant, "windows-1252") == 0) {
		/* What is valid UTF-8 by accident is rarer than a wrong declaration of Latin-1. */
		if (g_utf8_validate_len(data, length, NULL)) {
			*repaired = *repaired || strcmp(meant, "windows-1252") == 0;
			return g_strndup(data, length);
		}
		if (strcmp(meant, "windows-1252") == 0)
			return from_windows_1252(data, length);
	}
	char *text = convert(data, length, meant, &bad);
	if (text && bad == 0)
		return text;
	*repaired = TRUE;
	if (g_utf8_validate_len(data, length, NULL)) {
		g_free(text);
		return g_strndup(data, length);
	}
	/* A few damaged characters do not make another charset of it. */
	if (text && bad * 20 <= length)
		return text;
	g_free(text);
	return from_windows_1252(data, length);
}
