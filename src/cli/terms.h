/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terms.h - the options of a verb that say when a message goes, and how. */
#ifndef SN_CLI_TERMS_H
#define SN_CLI_TERMS_H

#include "src/cli/cli_private.h"
#include "src/route/schedule.h"

#define SN_OPTIONS_TERMS                                                                        \
	{ "after", 0, SN_OPT_TEXT, "TIME",                                                      \
	  "not before: 2h, 14:30, 'tomorrow 9:00', 'mon 9:00', 2026-11-23T09:00:00+01:00" },    \
	{ "at", 0, SN_OPT_TEXT, "TIME", "the same" },                                           \
	{ "when", 0, SN_OPT_LIST, "online,available,not-dnd,network",                           \
	  "wait until the contact is that, or the account connected; several: all at once" },   \
	{ "then", 0, SN_OPT_TEXT, "mail|fail", "what happens when that did not come true" },    \
	{ "within", 0, SN_OPT_TEXT, "DURATION",                                                 \
	  "how long to wait for it, like 2h; then it becomes an email, or as --then says" }

/* Reads them. FALSE after printing what is wrong, with *code set. */
gboolean sn_cli_terms(const SnArgs *args, SnTerms *terms, int *code);
/* TRUE when one of them was given. */
gboolean sn_cli_has_terms(const SnArgs *args);

#endif
