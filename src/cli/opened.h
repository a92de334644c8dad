/* SPDX-License-Identifier: GPL-3.0-or-later */
/* opened.h - signed and encrypted email on the command line, verified and opened as on the screen. */
#ifndef SN_CLI_OPENED_H
#define SN_CLI_OPENED_H

#include "src/cli/cli_private.h"

/* What is signed and encrypted of a message; NULL: nothing, or its bytes are not here. Nobody is
 * asked for a passphrase. */
SnOpened *sn_cli_open(SnCliContext *context, SnStore *store, const SnMessage *message);
/* "ok  encrypted, signed by Bob <bob@example.test>", at the left edge; then what is within, in from
 * it, where no text reaches the edge. */
void sn_cli_print_opened(const SnOpened *opened);
/* A text, each line of it two blanks in: at the left edge stands only what is not of the message. */
void sn_cli_print_text(const char *text);
/* Adds "security", and puts what is within in the place of "body" and "attachments". */
void sn_cli_json_opened(SnJson *message, const SnOpened *opened);

#endif
