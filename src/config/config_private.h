/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config_private.h - between the files of src/config. */
#ifndef SN_CONFIG_CONFIG_PRIVATE_H
#define SN_CONFIG_CONFIG_PRIVATE_H

#include "src/config/config.h"
#include "src/config/ini.h"

/* Of SnAccount. dir: relative paths are below it; NULL = the current directory. */
GPtrArray *sn_accounts_read(const char *text, const char *file, const char *dir,
                            SnProblems *problems);

/* Defaults, then what `text` says. */
SnSettings *sn_settings_read(const char *text, const char *file, SnProblems *problems);
void sn_settings_free(SnSettings *settings);

/* "~/x" and relative paths made absolute; NULL for "". Caller frees. */
char *sn_path_expand(const char *path, const char *dir);

/* The words of if-unavailable; FALSE when `word` is none of them. */
gboolean sn_rule_from_file(const char *word, SnRule *rule);
extern const char *const sn_rule_file_words[];

#endif
