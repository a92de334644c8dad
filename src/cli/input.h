/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input.h - text from stdin, from the editor, and answers at a terminal. */
#ifndef SN_CLI_INPUT_H
#define SN_CLI_INPUT_H

#include "src/cli/cli.h"

/* All of stdin: UTF-8, at most 1 MiB, without the blank lines at its end. SN_ERROR_INVALID,
 * SN_ERROR_LIMIT. Caller frees. */
char *sn_input_text(GError **error);
/* The text after the user edited it; SN_ERROR_CANCELLED when the editor failed or left nothing. */
char *sn_input_editor(SnCliContext *context, const char *text, GError **error);
/* Asks at the terminal; `fallback` (NULL: none) for an empty answer. NULL at the end of input. */
char *sn_input_ask(const char *question, const char *fallback);
/* The same without echo; free with sn_secret_free(). */
char *sn_input_secret(const char *question);
gboolean sn_input_yes(const char *question, gboolean fallback);

#endif
