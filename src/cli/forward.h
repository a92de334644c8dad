/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forward.h - what `send --forward` passes on. */
#ifndef SN_CLI_FORWARD_H
#define SN_CLI_FORWARD_H

#include "src/cli/cli_private.h"
#include "src/route/forward.h"

/* Of --forward and --as; NULL after printing what is wrong, with *code set. */
SnForward *sn_cli_forward(SnStore *store, const SnArgs *args, int *code);
/* Adds its files to `list` (of SnAttachment). FALSE as above: also when one of them has still to be
 * fetched, which was asked for then. */
gboolean sn_cli_forward_files(SnCliContext *context, SnStore *store, const SnForward *forward,
                              GPtrArray *list, int *code);

#endif
