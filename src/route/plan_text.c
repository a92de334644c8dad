/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one line that says what will happen. */
#include <string.h>

#include "src/route/plan_private.h"

static char *day(SnTime time)
{
	g_autoptr(GDateTime) local = time > 0 ? g_date_time_new_from_unix_local(time / 1000) : NULL;

	return local ? g_date_time_format(local, "%-d %b") : NULL;
}

/* Where a candidate comes from, for people. */
static char *claim(const SnAddress *address)
{
	static const char *const sources[] = {
		[SN_LINK_USER] = "typed",
		[SN_LINK_VCARD] = "in a vCard file",
		[SN_LINK_ADDRESS_BOOK] = "in the address book",
		[SN_LINK_CROSS_REPLY] = "an answer over the other channel",
		[SN_LINK_XMPP_VCARD] = "in the contact's XMPP vCard",
		[SN_LINK_JABBER_ID] = "Jabber-ID in a message",
		[SN_LINK_SIGNED_TEXT] = "named in a message",
		[SN_LINK_EQUAL] = "the same address on the other channel",
	};
	g_autofree char *date = day(address->first_seen);
	gboolean dated = date && (address->source == SN_LINK_JABBER_ID ||
	                          address->source == SN_LINK_SIGNED_TEXT ||
	                          address->source == SN_LINK_CROSS_REPLY);

	g_assert((gsize)address->source < G_N_ELEMENTS(sources));
	return g_strconcat(sources[address->source], dated ? " of " : "", dated ? date : "", NULL);
}

static char *recipients_text(const GPtrArray *recipients)
{
	GString *text = g_string_new(NULL);
	guint shown = recipients->len > 3 ? 2 : recipients->len;

	for (guint i = 0; i < shown; i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "",
		                       ((SnParty *)recipients->pdata[i])->address);
	if (recipients->len > shown)
		g_string_append_printf(text, " and %u others", recipients->len - shown);
	return g_string_free(text, FALSE);
}

static char *consequence(const SnPlan *plan, const char *mail)
{
	if (plan->availability != SN_NOT_AVAILABLE)
		return NULL;
	switch (plan->action) {
	case SN_RULE_DEFAULT:
	case SN_RULE_ASK: return g_strdup("choose what to do");
	case SN_RULE_DEFER: return g_strdup("will wait");
	case SN_RULE_MAIL: return g_strdup_printf("will become an email to %s", mail);
	case SN_RULE_SEND: return g_strdup("will be sent anyway");
	case SN_RULE_ASK_THEM: return g_strdup("will be asked first");
	case SN_RULE_FAIL: return g_strdup("will not be sent");
	}
	g_assert_not_reached();
}

static char *who(const SnPlanner *self)
{
	g_autoptr(SnPerson) person =
		self->person ? sn_person_get(self->store, self->person) : NULL;

	return g_strdup(person ? person->name : self->conversation->title);
}

/* Why an automatic reply leaves the channel of the conversation: nobody wonders about that. */
static char *why_email(const SnPlanner *self, const SnPlan *plan)
{
	const SnAddress *im = plan->channel == SN_CHANNEL_MAIL && plan->switched &&
	                              self->request->mode == SN_MODE_AUTO
	                              ? sn_plan_confirmed(self, SN_CHANNEL_IM)
	                              : NULL;
	g_autofree char *presence = NULL;

	if (!im || sn_plan_availability(self->store, self->config, im->id, self->clock, NULL,
	                                &presence) != SN_NOT_AVAILABLE || !presence)
		return g_strdup("");
	return g_strdup_printf(", as %s is %s", im->value, presence);
}

void sn_plan_describe(const SnPlanner *self, SnPlan *plan, const char *presence, const char *mail)
{
	const char *channel = plan->channel == SN_CHANNEL_IM ? "IM" : "Email";

	g_assert(!plan->text);
	if (plan->status == SN_PLAN_NEED_ADDRESS) {
		g_autofree char *name = who(self);
		plan->text = self->request->address
			? g_strdup_printf("\"%s\" is not an %s address: type another one",
		                          self->request->address,
		                          plan->channel == SN_CHANNEL_IM ? "IM" : "email")
			: g_strdup_printf("No %s address known for %s: type one",
		                          plan->channel == SN_CHANNEL_IM ? "IM" : "email", name);
		return;
	}
	if (plan->status == SN_PLAN_NEED_CONFIRM) {
		const SnAddress *best = plan->candidates->pdata[0];
		g_autofree char *source = claim(best);
		plan->text = g_strdup_printf("%s is unconfirmed (%s): confirm first", best->value,
		                             source);
		return;
	}
	g_autofree char *to = recipients_text(plan->recipients);
	g_autofree char *then = consequence(plan, mail);
	gboolean elsewhere = self->instead && plan->channel == SN_CHANNEL_IM && plan->recipients->len &&
	                     strcmp(((SnParty *)plan->recipients->pdata[0])->address,
	                            self->im->value) == 0;
	g_autofree char *why = elsewhere ? g_strdup(self->instead) : why_email(self, plan);
	gboolean because = then && plan->action_origin;
	plan->text = g_strconcat(channel, " to ", to, presence ? ", " : "", presence ? presence : "",
	                         why, then ? ": " : "", then ? then : "", because ? " (" : "",
	                         because ? plan->action_origin : "", because ? ")" : "", NULL);
}
