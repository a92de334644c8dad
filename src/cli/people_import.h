/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people_import.h - vCard files into the address map, and out of it. */
#ifndef SN_CLI_PEOPLE_IMPORT_H
#define SN_CLI_PEOPLE_IMPORT_H

#include "src/cli/cli_private.h"

/* args: "import", then files or directories of .vcf files. Exit codes. */
int sn_people_import(SnCliContext *context, SnStore *store, const SnArgs *args);
/* args: "export", then WHO or nothing (everybody); options vcard and into. */
int sn_people_export(SnCliContext *context, SnStore *store, const SnArgs *args);

#endif
