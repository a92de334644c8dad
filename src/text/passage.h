/* SPDX-License-Identifier: GPL-3.0-or-later */
/* passage.h - where a text says what was searched for */
#ifndef SN_TEXT_PASSAGE_H
#define SN_TEXT_PASSAGE_H

#include <glib.h>

/* A letter of Chinese, Japanese or Korean, which are written without blanks between words. */
gboolean sn_text_is_unspaced(gunichar letter);

/*
 * Finds `sought` within bytes from..to of text as the search index compares: whole words, whatever
 * their case and accents; blanks of a phrase match any blanks; "wor*" is the beginning of a word.
 * Chinese, Japanese and Korean text has no words: there any part is found. Start and end in bytes.
 * text is UTF-8; sought NULL, empty or without a letter: FALSE.
 */
gboolean sn_text_find_sought(const char *text, gsize from, gsize to, const char *sought,
                             gsize *start, gsize *end);

/*
 * The surroundings of the first place where one of `sought` stands: a line of at most `bytes` bytes,
 * cleaned for the screen, "..." where something was left out. NULL: none of them stands there.
 * sought: NULL-terminated. Caller frees.
 */
char *sn_text_passage(const char *text, const char *const *sought, gsize bytes);

#endif
