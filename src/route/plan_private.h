/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_private.h - shared by the files that make a plan. */
#ifndef SN_ROUTE_PLAN_PRIVATE_H
#define SN_ROUTE_PLAN_PRIVATE_H

#include "src/route/plan.h"

/* What one plan is made from. */
typedef struct {
	SnStore *store;
	const SnConfig *config;
	const SnPlanRequest *request;
	const SnClock *clock;
	SnConversation *conversation;
	SnMessage *answered;  /* with its parties; NULL */
	SnId person;          /* whom the reply goes to, when it is one person; 0 */
	GPtrArray *addresses; /* of SnAddress: the person's, best first; never NULL */
	const SnAddress *im;  /* of them: where an IM goes; NULL */
	char *instead;        /* ", as bob@example.org is offline": why not to the usual one; NULL */
} SnPlanner;

/* ---- plan_account.c ---- */

/* The account that sends on this channel; NULL when none can. address: the contact's; 0. */
const SnAccount *sn_plan_account(const SnPlanner *self, SnChannel channel, SnId address);
/* Whom the user writes an email as: as chosen, else who was written to, else the account's own. */
const SnIdentity *sn_plan_identity(const SnPlanner *self, const SnAccount *account);
/* FALSE when the engine says that the IM end of the account is not on line. */
gboolean sn_plan_connected(const SnPlanner *self, const char *account);

/* ---- plan_recipients.c ---- */

/* The person's best confirmed address: the one the message answered came from, else the last used;
 * for IM another one when only that is available now. */
const SnAddress *sn_plan_confirmed(const SnPlanner *self, SnChannel channel);
/* Chooses self->im; when the addresses are known. */
void sn_plan_choose_im(SnPlanner *self);
/* Fills recipients, or candidates and the status NEED_ADDRESS or NEED_CONFIRM. Returns the id of
 * the one address when it goes to one known address, else 0. */
SnId sn_plan_recipients(const SnPlanner *self, SnPlan *plan);

/* ---- plan_text.c ---- */

/* Sets plan->text. presence: "away for 2 h", NULL for email. mail: address an unavailable
 * person's message would become an email to; NULL. */
void sn_plan_describe(const SnPlanner *self, SnPlan *plan, const char *presence, const char *mail);

/* plan_keys.c: encryption and signature of an email, with words for them at the end of the text. */
void sn_plan_mail_encryption(SnStore *store, const SnConfig *config, const SnPlanRequest *request,
                             SnPlan *plan);

#endif
