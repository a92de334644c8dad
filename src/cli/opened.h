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

/* ---- IMs ---- */

/* How it went or came: "encrypted, a device was left out"; static, NULL: nothing is known, or it is
 * no IM. Never what it says of itself. */
const char *sn_cli_e2e_words(const SnMessage *message);
/* On a line with its mark, as of emails, where it is not as it should be. */
void sn_cli_print_e2e(const SnMessage *message);
/* The words for an IM of the outbox; NULL also while it has not gone. odd: only where it is not as
 * it should be. */
const char *sn_cli_entry_e2e(SnStore *store, const SnOutboxEntry *entry, gboolean odd);
/* Adds "security" to an object of the message. */
void sn_cli_json_e2e(SnJson *object, const SnMessage *message);

#endif
