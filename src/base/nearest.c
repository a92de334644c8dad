/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/nearest.h"

#include <string.h>

enum { MAX_WORD = 64, MIN_PREFIX = 2 };

guint sn_edit_distance(const char *one, const char *two)
{
	gsize rows = strlen(one), columns = strlen(two);
	guint before[MAX_WORD + 1], last[MAX_WORD + 1] = { 0 }, now[MAX_WORD + 1];

	if (rows > MAX_WORD || columns > MAX_WORD)
		return G_MAXUINT;
	for (gsize j = 0; j <= columns; j++)
		now[j] = (guint)j;
	for (gsize i = 1; i <= rows; i++) {
		memcpy(before, last, sizeof last);
		memcpy(last, now, sizeof now);
		now[0] = (guint)i;
		for (gsize j = 1; j <= columns; j++) {
			char a = g_ascii_tolower(one[i - 1]), b = g_ascii_tolower(two[j - 1]);
			guint best = last[j - 1] + (a != b);

			best = MIN(best, last[j] + 1);
			best = MIN(best, now[j - 1] + 1);
			if (i > 1 && j > 1 && a == g_ascii_tolower(two[j - 2]) &&
			    g_ascii_tolower(one[i - 2]) == b)
				best = MIN(best, before[j - 2] + 1);
			now[j] = best;
		}
	}
	return now[columns];
}

const char *sn_nearest(const char *word, const char *const *words)
{
	const char *best = NULL, *prefixed = NULL;
	guint best_distance = G_MAXUINT;

	for (; *words; words++) {
		guint distance = sn_edit_distance(word, *words);
		gsize longer = MAX(strlen(word), strlen(*words));

		if (distance < best_distance && distance <= MAX(1, longer / 3)) {
			best = *words;
			best_distance = distance;
		}
		if (!prefixed && strlen(word) >= MIN_PREFIX &&
		    g_ascii_strncasecmp(*words, word, strlen(word)) == 0)
			prefixed = *words;
	}
	return best ? best : prefixed;
}
