/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reading.h - how far our reading of the collected messages agrees with what others read in them.
 * Figures are counted under a folder and a name; those recorded in docs/reading-figures.txt must not
 * become worse.
 */
#ifndef SN_TESTS_CORPUS_READING_H
#define SN_TESTS_CORPUS_READING_H

#include <glib.h>
#include <jansson.h>

#include "src/mime/mail.h"

/* Path below the collections; caller frees. */
char *reading_path(const char *folder, const char *file);
gboolean reading_is_there(void);
/* Parsed, or NULL when the file is absent or empty. */
SnMail *reading_mail(const char *folder, const char *file);
/* The names in a folder that end so, sorted. Of char *. */
GPtrArray *reading_files(const char *folder, const char *ending);

/*
 * One comparison. What disagrees is printed with both sides, unless it is among those that were
 * looked at and found to be right here (tests/corpus/known.txt); those are counted apart.
 */
void reading_compare(const char *folder, const char *figure, const char *file, gboolean agrees,
                     const char *ours, const char *theirs);
/* Plain sums; `good` of `total`. */
void reading_sum(const char *folder, const char *figure, int good, int total);

/* The share of the words of `wanted` that are in `found`, in percent. */
int reading_words(const char *wanted, const char *found, int *common, int *total);

void reading_with_peer(void);     /* peer.c: Python's email package, every folder */
void reading_with_expected(void); /* expected.c: the results that came with the collections */
void reading_replies(void);       /* replies.c: quotes and signatures, line by line */

#endif
