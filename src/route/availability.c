/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is available under the user's policy, and what is to happen when somebody is not. */
#include <string.h>

#include "src/route/plan.h"

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

SnAvailability sn_plan_availability(SnStore *store, const SnConfig *config, SnId address,
                                    const SnClock *clock, SnPresenceShow *show, char **text)
{
	g_autoptr(SnPresence) presence = sn_presence_best(store, address);
	guint counts_as_away = sn_config_settings(config)->delivery_not_available;

	g_assert(presence);
	if (show)
		*show = presence->show;
	if (text) {
		g_autofree char *age = presence->show == SN_PRESENCE_UNKNOWN
			? NULL
			: duration(presence->since, clock);
		*text = g_strconcat(show_text(presence->show), age ? " for " : "", age ? age : "",
		                    NULL);
	}
	if (presence->show == SN_PRESENCE_UNKNOWN)
		return SN_AVAILABILITY_UNKNOWN;
	return counts_as_away & (1u << presence->show) ? SN_NOT_AVAILABLE : SN_AVAILABLE;
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
