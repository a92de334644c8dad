/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h - what counts as not available, and what happens then, from the widest to the narrowest:
 * [delivery] of sennit.conf, the account in accounts.conf, the person. The narrowest that says
 * something wins, for each setting by itself. `origin` tells people which one that was.
 */
#ifndef SN_ROUTE_POLICY_H
#define SN_ROUTE_POLICY_H

#include "src/config/config.h"

typedef struct {
	guint not_available; /* 1 << SnPresenceShow */
	char *shows_origin;  /* "your rule for Bob"; NULL: the settings */
	SnHours *quiet;      /* NULL: no quiet hours */
	char *quiet_origin;  /* never NULL with quiet */
	char *zone;          /* NULL: here */
} SnPolicy;
void sn_policy_free(SnPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnPolicy, sn_policy_free)
/* person, account: 0 = none in particular. Never NULL. */
SnPolicy *sn_policy_for(SnStore *store, const SnConfig *config, SnId person, SnId account);

/* How the person's availability questions are answered, and who says so (caller frees). */
SnQuestionRule sn_policy_questions(SnStore *store, const SnConfig *config, SnId person,
                                   char **origin);

/* ---- a person's own settings, as `sennit people rule WHO KEY=VALUE` and :rule take them ---- */

typedef struct {
	const char *key, *values, *meaning;
} SnPolicyKey;
const SnPolicyKey *sn_policy_key(gsize index); /* NULL after the last */
/*
 * "defer", "wish=mail", "quiet-hours=22:00-07:00". SN_ERROR_INVALID says what is wrong and what is
 * possible. A word without '=' is a rule. The value "default" takes a setting back; "wish=none"
 * also refuses what the contact asked for.
 */
gboolean sn_policy_set(SnStore *store, SnId person, const char *assignment, GError **error);
/* The value that is set for the person, as sn_policy_set() takes it; NULL: none. Caller frees. */
char *sn_policy_get(SnStore *store, SnId person, const char *key);

#endif
