/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accounts_file.h - writing a section of accounts.conf and leaving the rest as people wrote it. */
#ifndef SN_CLI_ACCOUNTS_FILE_H
#define SN_CLI_ACCOUNTS_FILE_H

#include <glib.h>

/*
 * The text with section [name] replaced by (or, where there is none, followed by) `section`, which
 * begins with its "[name]" line. Comments and other sections stay byte for byte; of the section
 * that is replaced, comment lines in front of the next section stay too. Caller frees.
 */
char *sn_accounts_merge(const char *text, const char *name, const char *section);
gboolean sn_accounts_has(const char *text, const char *name);

/* Writes 0600, by way of a file beside it that is renamed. */
gboolean sn_accounts_write(const char *path, const char *text, GError **error);

#endif
