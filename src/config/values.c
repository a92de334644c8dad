/* SPDX-License-Identifier: GPL-3.0-or-later */
/* values.c - what a value of the configuration may look like. */
#include <string.h>

#include "src/config/config_private.h"

#define MAX_BYTES ((gint64)1 << 50)

gboolean sn_duration_parse(const char *text, SnTime *value)
{
	static const struct {
		const char *unit;
		SnTime length;
	} units[] = { { "ms", 1 },       { "s", SN_SECOND }, { "m", SN_MINUTE },
		      { "h", SN_HOUR },  { "d", SN_DAY },    { "w", 7 * SN_DAY } };
	SnTime sum = 0;

	if (!*text)
		return FALSE;
	while (*text) {
		char *end;
		gint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoll(text, &end, 10) : -1;
		gsize i = 0;

		if (number < 0 || number > 1000000000)
			return FALSE;
		gsize length = 0;
		while (g_ascii_isalpha(end[length]))
			length++;
		if (number == 0 && length == 0 && text[1] == '\0')
			i = 0; /* a plain 0 needs no unit */
		else
			while (i < G_N_ELEMENTS(units) &&
			       (strlen(units[i].unit) != length ||
			        strncmp(units[i].unit, end, length) != 0))
				i++;
		if (i == G_N_ELEMENTS(units))
			return FALSE;
		sum += number * units[i].length;
		text = end + length;
	}
	if (sum > 3650 * SN_DAY)
		return FALSE;
	*value = sum;
	return TRUE;
}

gboolean sn_bytes_parse(const char *text, gint64 *value)
{
	static const char units[] = "kMGT";
	char *end;
	gint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoll(text, &end, 10) : -1;

	if (number < 0 || number > MAX_BYTES)
		return FALSE;
	if (*end) {
		const char *unit = strchr(units, *end == 'K' ? 'k' : *end == 'm' ? 'M' : *end);
		if (!unit || !*unit || (end[1] && strcmp(end + 1, "B") != 0 && strcmp(end + 1, "iB") != 0))
			return FALSE;
		for (gssize i = 0; i <= unit - units && number <= MAX_BYTES; i++)
			number *= 1024;
	}
	if (number > MAX_BYTES)
		return FALSE;
	*value = number;
	return TRUE;
}

char *sn_path_expand(const char *path, const char *dir)
{
	if (!*path)
		return NULL;
	if (path[0] == '~' && path[1] == '/')
		return g_build_filename(g_get_home_dir(), path + 2, NULL);
	return g_canonicalize_filename(path, dir);
}

gboolean sn_mailbox_parse(const char *text, char **name, char **address)
{
	g_autofree char *copy = g_strstrip(g_strdup(text));
	char *open = strrchr(copy, '<'), *spec = copy;
	gsize length = strlen(copy);

	if (open && copy[length - 1] == '>') {
		copy[length - 1] = '\0';
		*open = '\0';
		spec = open + 1;
	}
	const char *at = strrchr(spec, '@');
	if (!at || at == spec || !at[1] || strpbrk(spec, " \t<>,;\"()\\") || at[1] == '.' ||
	    strlen(spec) > 320)
		return FALSE;
	for (const char *c = spec; *c; c++)
		if (g_ascii_iscntrl(*c))
			return FALSE;
	g_autofree char *domain = g_utf8_strdown(at + 1, -1);
	*address = g_strdup_printf("%.*s@%s", (int)(at - spec), spec, domain);
	g_autofree char *plain = open ? sn_ini_unquote(g_strstrip(copy)) : NULL;
	*name = plain && *plain ? g_steal_pointer(&plain) : NULL;
	return TRUE;
}
