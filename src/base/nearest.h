/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.h - "did you mean": the word of a list that is nearest to a mistyped one. */
#ifndef SN_BASE_NEAREST_H
#define SN_BASE_NEAREST_H

#include <glib.h>

/*
 * Edit distance with transpositions (optimal string alignment), ASCII letters without case; words
 * longer than 64 bytes are G_MAXUINT away from everything.
 */
guint sn_edit_distance(const char *one, const char *two);

/*
 * The nearest of `words` (NULL-terminated) if it is near enough to be what was meant: at most a
 * third of the longer word differs, or one begins with the other. NULL when none is; not owned.
 */
const char *sn_nearest(const char *word, const char *const *words);

#endif
