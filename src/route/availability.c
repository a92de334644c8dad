/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is available under the user's policy, and what is to happen when somebody is not. */
#include <string.h>

#include "src/route/plan.h"
#include "src/route/policy.h"

/* "5 min"; NULL below a minute or when the time is not known. Caller frees. */
static char *duration(SnTime since, const SnClock *clock)
{
	SnTime age = since > 0 ? sn_clock_now(clock) - since : 0;

	if (age < SN_MINUTE)
		return NULL;
	if (age < SN_HOUR)
		return g_strdup_printf("%d min", (int)(age / SN_MINUTE));
	if (age < 2 * SN_DAY)
		return g_strdup_printf("%d h", (int)(age / SN_HOUR));
	return g_strdup_printf("%d days", (int)MIN(age / SN_DAY, 9999));
}

static const char *show_text(SnPresenceShow show)
{
	switch (show) {
	case SN_PRESENCE_UNKNOWN: return "presence unknown";
	case SN_PRESENCE_OFFLINE: return "offline";
	case SN_PRESENCE_XA: return "extended away";
	case SN_PRESENCE_DND: return "do not disturb";
	case SN_PRESENCE_AWAY: return "away";
	case SN_PRESENCE_ONLINE: return "online";
	case SN_PRESENCE_CHAT: return "free to chat";
	}
	g_assert_not_reached();
}

void sn_whereabouts_free(SnWhereabouts *self)
{
	if (!self)
		return;
	g_free(self->value);
	g_free(self->resource);
	g_free(self->status);
	g_free(self->origin);
	g_free(self->text);
	g_free(self);
}

/* ", seen online 3 h ago", where that says more than the presence does. */
static char *seen_text(const SnPresenceRow *row, const SnClock *clock)
{
	gboolean told = row->show > SN_PRESENCE_OFFLINE ||
	                (row->show == SN_PRESENCE_OFFLINE && row->since);
	g_autofree char *age = told ? NULL : duration(row->seen, clock);

	return age ? g_strdup_printf(", seen online %s ago", age) : g_strdup("");
}

/* "online for 5 min", "presence unknown since 14:02: home is not connected" */
static char *row_text(const SnPresenceRow *row, const SnPolicy *policy, const SnClock *clock)
{
	g_autofree char *seen = seen_text(row, clock);
	g_autofree char *age = row->show ? duration(row->since, clock) : NULL;

	if (row->show != SN_PRESENCE_UNKNOWN)
		return g_strconcat(show_text(row->show), age ? " for " : "", age ? age : "",
		                   row->show > SN_PRESENCE_OFFLINE && row->priority < 0
		                           ? ", but with a client that takes no messages"
		                           : "",
		                   seen, NULL);
	switch (row->why) {
	case SN_PRESENCE_REQUESTED:
		return g_strconcat("presence unknown: asked for, no answer yet", seen, NULL);
	case SN_PRESENCE_NO_LINE: {
		g_autofree char *time =
			row->since ? sn_zone_clock(row->since, sn_clock_now(clock), NULL) : NULL;
		return g_strconcat("presence unknown", time ? " since " : "", time ? time : "", ": ",
		                   row->account_name ? row->account_name : "the account",
		                   " is not connected", seen, NULL);
	}
	case SN_PRESENCE_TOLD:
	case SN_PRESENCE_NOT_SUBSCRIBED: break;
	}
	return g_strconcat("presence unknown", seen, NULL);
}

/* Quiet hours count whatever the presence; what is unknown otherwise stays unknown. */
static void judge(SnWhereabouts *self, const SnPolicy *policy, const SnClock *clock)
{
	SnTime now = sn_clock_now(clock);

	self->quiet = policy->quiet &&
	              sn_hours_contain(policy->quiet, now, policy->zone, &self->until);
	if (self->quiet) {
		self->availability = SN_NOT_AVAILABLE;
		self->origin = g_strdup(policy->quiet_origin);
	} else if (self->show == SN_PRESENCE_UNKNOWN) {
		self->availability = SN_AVAILABILITY_UNKNOWN;
	} else if (policy->not_available & (1u << self->show)) {
		self->availability = SN_NOT_AVAILABLE;
		self->origin = g_strdup(policy->shows_origin);
	} else {
		/* RFC 6121 section 8.5.2.1.1: such a client gets nothing sent to the bare JID */
		self->availability = self->priority < 0 ? SN_NOT_AVAILABLE : SN_AVAILABLE;
	}
}

static char *judged_text(const SnWhereabouts *self, const char *presence, const SnPolicy *policy,
                         const SnClock *clock)
{
	if (self->quiet) {
		g_autofree char *end =
			self->until ? sn_zone_clock(self->until, sn_clock_now(clock), NULL) : NULL;
		return g_strconcat(presence, ", quiet hours", end ? " until " : "",
		                   end ? end : "", " (", self->origin, ")", NULL);
	}
	if (self->availability == SN_NOT_AVAILABLE && self->origin)
		return g_strconcat(presence, ", not available by ", self->origin, NULL);
	return g_strdup(presence);
}

static SnWhereabouts *from_row(SnStore *store, const SnConfig *config, SnId person,
                               const SnPresenceRow *row, const SnClock *clock)
{
	SnWhereabouts *self = g_new0(SnWhereabouts, 1);
	g_autoptr(SnPolicy) policy = sn_policy_for(store, config, person, row->account);
	g_autofree char *presence = row_text(row, policy, clock);

	*self = (SnWhereabouts){ .address = row->address,
		                 .value = g_strdup(row->value),
		                 .account = row->account,
		                 .show = row->show,
		                 .why = row->why,
		                 .resource = g_strdup(row->resource),
		                 .status = g_strdup(row->status),
		                 .priority = row->priority,
		                 .since = row->since,
		                 .seen = row->seen };
	judge(self, policy, clock);
	self->text = judged_text(self, presence, policy, clock);
	return self;
}

/* Rows of one account and address: the first says how it is there, by priority. */
static gboolean is_first(const GPtrArray *rows, guint index)
{
	const SnPresenceRow *row = rows->pdata[index];

	for (guint i = 0; i < index; i++) {
		const SnPresenceRow *before = rows->pdata[i];
		if (before->address == row->address && before->account == row->account)
			return FALSE;
	}
	return TRUE;
}

/* Known comes before unknown: a presence that is never told is no reason to hope. */
static int worth(SnAvailability availability)
{
	return availability == SN_AVAILABLE ? 2 : availability == SN_NOT_AVAILABLE ? 1 : 0;
}

SnWhereabouts *sn_whereabouts(SnStore *store, const SnConfig *config, SnId person, SnId address,
                              const SnClock *clock)
{
	g_autoptr(GPtrArray) rows = sn_presence_rows(store, person, address);
	SnWhereabouts *best = NULL;
	const SnPresenceRow *best_row = NULL;

	if (!person && address) {
		g_autoptr(SnAddress) known = sn_address_get(store, address);
		person = known ? known->person : 0;
	}
	for (guint i = 0; i < rows->len; i++) {
		if (!is_first(rows, i))
			continue;
		SnWhereabouts *one = from_row(store, config, person, rows->pdata[i], clock);
		int gain = best ? worth(one->availability) - worth(best->availability) : 1;
		if (gain > 0 || (gain == 0 && sn_presence_row_better(rows->pdata[i], best_row))) {
			sn_whereabouts_free(best);
			best = g_steal_pointer(&one);
			best_row = rows->pdata[i];
		}
		sn_whereabouts_free(one);
	}
	if (best)
		return best;
	best = g_new0(SnWhereabouts, 1);
	best->availability = SN_AVAILABILITY_UNKNOWN;
	best->why = SN_PRESENCE_NOT_SUBSCRIBED;
	best->resource = g_strdup("");
	best->text = g_strdup("presence unknown");
	return best;
}

SnAvailability sn_plan_availability(SnStore *store, const SnConfig *config, SnId address,
                                    const SnClock *clock, SnPresenceShow *show, char **text)
{
	g_autoptr(SnWhereabouts) there = sn_whereabouts(store, config, 0, address, clock);

	g_assert(there && there->text);
	if (show)
		*show = there->show;
	if (text)
		*text = g_steal_pointer(&there->text);
	return there->availability;
}

SnRule sn_plan_rule(SnStore *store, const SnConfig *config, SnId person, SnId account,
                    char **origin)
{
	g_autoptr(SnPerson) who = person ? sn_person_get(store, person) : NULL;
	g_autofree char *name = account ? sn_account_name(store, account) : NULL;
	const SnAccount *sender = name ? sn_config_account_named(config, name) : NULL;
	char *unused = NULL;

	if (!origin)
		origin = &unused;
	*origin = NULL;
	if (who && who->wish != SN_RULE_DEFAULT) {
		*origin = who->wish_origin
			? g_strdup_printf("%s asked for it, %s", who->name, who->wish_origin)
			: g_strdup_printf("%s asked for it", who->name);
		g_free(unused);
		return who->wish;
	}
	if (who && who->rule != SN_RULE_DEFAULT) {
		*origin = g_strdup_printf("your rule for %s", who->name);
		g_free(unused);
		return who->rule;
	}
	if (sender && sender->if_unavailable != SN_RULE_DEFAULT) {
		*origin = g_strdup_printf("your rule for the account %s", sender->name);
		g_free(unused);
		return sender->if_unavailable;
	}
	SnRule rule = sn_config_settings(config)->delivery_if_unavailable;
	if (rule == SN_RULE_DEFAULT || rule == SN_RULE_ASK)
		return SN_RULE_ASK;
	*origin = g_strdup("your rule for everybody");
	g_free(unused);
	return rule;
}
