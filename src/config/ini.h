/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ini.h - reads the INI files that people write, and remembers the line of everything so that an
 * error can point at it (GKeyFile does not).
 *
 *   [section]
 *   key = value          # a comment: '#' at the start of a line, or after a blank
 *
 * A '#' between quotes begins no comment; the quotes stay part of the value (sn_ini_unquote()).
 */
#ifndef SN_CONFIG_INI_H
#define SN_CONFIG_INI_H

#include <glib.h>

#include "src/base/error.h"

typedef struct {
	char *key, *value; /* trimmed */
	int line;          /* from 1 */
} SnIniEntry;

typedef struct {
	char *name;         /* "" for what stands before the first section */
	int line;
	GPtrArray *entries; /* of SnIniEntry, in order */
} SnIniSection;

/*
 * What is wrong in the files, gathered so that several mistakes are told at once. The text given
 * to the user holds the first five.
 */
typedef struct {
	GPtrArray *lines; /* of char *: "FILE:LINE: ..." */
} SnProblems;
SnProblems *sn_problems_new(void);
void sn_problems_free(SnProblems *problems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnProblems, sn_problems_free)
/* line 0: about the whole file. */
void sn_problems_add(SnProblems *problems, const char *file, int line, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
/* FALSE and SN_ERROR_CONFIG when there are any. */
gboolean sn_problems_check(const SnProblems *problems, GError **error);
/* "; did you mean 'x'? Allowed: a b c" (or just the list); caller frees. */
char *sn_problems_hint(const char *word, const char *const *allowed);

/* Of SnIniSection, in order; never NULL. What cannot be read is added to `problems`. */
GPtrArray *sn_ini_parse(const char *text, const char *file, SnProblems *problems);

/* The value without the double quotes around it, with \n \t \" \\ resolved; a value that is not
 * quoted as a whole is copied as it is. Caller frees. */
char *sn_ini_unquote(const char *value);

#endif
