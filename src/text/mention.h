/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mention.h - does a text speak of somebody? */
#ifndef SN_TEXT_MENTION_H
#define SN_TEXT_MENTION_H

#include <glib.h>

/*
 * Where `word` stands in text as a word of its own, whatever the case: start and end in bytes. from:
 * where to begin to look. FALSE when it does not. word NULL or empty: FALSE.
 */
gboolean sn_text_find_word(const char *text, const char *word, gsize from, gsize *start, gsize *end);
gboolean sn_text_mentions(const char *text, const char *word);
/* Any of several words with commas between; NULL: none. */
gboolean sn_text_mentions_any(const char *text, const char *words);

#endif
