/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people_rule.h - the availability of a person on the command line: what is known, and the rules. */
#ifndef SN_CLI_PEOPLE_RULE_H
#define SN_CLI_PEOPLE_RULE_H

#include "src/cli/cli_private.h"

/* `people rule WHO [RULE | KEY=VALUE ...]`: shows or sets; all or nothing. An exit code. */
int sn_people_rule(SnStore *store, SnId person, const SnArgs *args);
/* For `people show WHO`: where the person can be reached now, what each client says, rules, wishes. */
void sn_people_print_availability(SnStore *store, const SnConfig *config, SnId person);
/* The same as members of the person's object. */
void sn_people_json_availability(SnStore *store, const SnConfig *config, SnId person,
                                 SnJson *object);

#endif
