/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of links below a text that was HTML, and all web addresses of a text. */
#include <stdlib.h>
#include <string.h>

#include "src/text/text_private.h"

enum { MAX_LINKS = 1000 };

/* The number of "[12] https://...", 0 if the line is none. */
static guint number_of(const char *line, gsize length)
{
	char *end;

	if (length < 6 || line[0] != '[' || !g_ascii_isdigit(line[1]))
		return 0;
	unsigned long number = strtoul(line + 1, &end, 10);
	gsize digits = (gsize)(end - line);
	if (number > MAX_LINKS || digits + 2 >= length || memcmp(end, "] ", 2) != 0 ||
	    memchr(end + 2, ' ', length - digits - 2) || !memchr(end + 2, ':', length - digits - 2))
		return 0;
	return (guint)number;
}

gsize sn_text_footnotes(const char *body, guint *count)
{
	gsize length = strlen(body), end = length;
	guint expected = 0;

	*count = 0;
	while (end > 0 && g_ascii_isspace(body[end - 1]))
		end--;
	while (end > 0) {
		gsize start = end;
		while (start > 0 && body[start - 1] != '\n')
			start--;
		guint number = number_of(body + start, end - start);
		if (number == 0 || (expected && number != expected))
			break;
		if (!expected)
			*count = number;
		expected = number - 1;
		if (expected == 0)
			return start;
		end = start - 1;
	}
	*count = 0;
	return length;
}
