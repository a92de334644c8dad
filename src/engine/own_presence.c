/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/own_presence.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "src/store/wish.h"

/* A client that was killed could not say so. */
static gboolean is_alive(const char *pid)
{
	gint64 number = g_ascii_strtoll(pid, NULL, 10);

	return number > 0 && number <= G_MAXINT32 &&
	       (kill((pid_t)number, 0) == 0 || errno == EPERM);
}

/* "active", "idle MS" or "gone MS" (sn_wish.h) */
static void add_client(SnActivity *all, SnStore *store, const SnWish *wish, SnTime now)
{
	const char *blank = strchr(wish->value, ' ');
	SnTime since = blank ? g_ascii_strtoll(blank + 1, NULL, 10) : 0;
	gboolean alive = is_alive(wish->key);

	if (!alive && since == 0) { /* it died while somebody worked with it: who knows since when */
		g_autofree char *gone = g_strdup_printf("gone %" G_GINT64_FORMAT, now);
		sn_wish_set(store, SN_WISH_ACTIVITY, wish->key, gone, NULL);
		since = now;
	}
	all->looked |= since == 0;
	all->idle_since = all->known ? MAX(all->idle_since, since) : since;
	all->known = TRUE;
}

/* Of clients that are gone only the last says when somebody was there. */
static void forget_gone(SnStore *store, const GPtrArray *wishes, const SnActivity *activity)
{
	for (guint i = 0; i < wishes->len; i++) {
		const SnWish *wish = wishes->pdata[i];
		const char *blank = strchr(wish->value, ' ');
		SnTime since = blank ? g_ascii_strtoll(blank + 1, NULL, 10) : 0;
		if (blank && !is_alive(wish->key) &&
		    (activity->looked || since < activity->idle_since))
			sn_wish_set(store, SN_WISH_ACTIVITY, wish->key, NULL, NULL);
	}
}

SnActivity sn_activity_read(SnStore *store, SnTime now)
{
	g_autoptr(GPtrArray) wishes = sn_wish_list(store, SN_WISH_ACTIVITY);
	SnActivity activity = { 0 };

	for (guint i = 0; i < wishes->len; i++)
		add_client(&activity, store, wishes->pdata[i], now);
	if (activity.looked)
		activity.idle_since = 0;
	activity.idle_since = MIN(activity.idle_since, now);
	forget_gone(store, wishes, &activity);
	return activity;
}

static void look_again(SnOwnShow *own, SnTime when)
{
	if (when > 0 && (own->until == 0 || when < own->until))
		own->until = when;
}

/* The worse of the hours that it is now. */
static void apply_hours(SnOwnShow *own, const SnSettings *settings, SnTime now)
{
	const struct {
		const SnHours *hours;
		SnPresenceShow show;
	} all[] = {
		{ settings->presence_xa_hours, SN_PRESENCE_XA },
		{ settings->presence_dnd_hours, SN_PRESENCE_DND },
		{ settings->presence_away_hours, SN_PRESENCE_AWAY },
	};
	gboolean within = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
		SnTime end = 0;
		if (!all[i].hours || sn_hours_is_none(all[i].hours))
			continue;
		if (!sn_hours_contain(all[i].hours, now, NULL, &end)) {
			look_again(own, sn_hours_next(all[i].hours, now, NULL));
			continue;
		}
		look_again(own, end);
		own->show = MIN(own->show, all[i].show);
		within = TRUE;
	}
	if (within && !own->status && *settings->presence_hours_text)
		own->status = g_strdup(settings->presence_hours_text);
}

static void apply_idleness(SnOwnShow *own, const SnSettings *settings, const SnActivity *activity,
                           SnTime now)
{
	const struct {
		SnTime after;
		SnPresenceShow show;
	} steps[] = {
		{ settings->presence_away_after, SN_PRESENCE_AWAY },
		{ settings->presence_xa_after, SN_PRESENCE_XA },
	};

	if (!activity->known || activity->idle_since == 0)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		SnTime when = activity->idle_since + steps[i].after;
		if (steps[i].after <= 0)
			continue;
		if (now < when) {
			look_again(own, when);
			continue;
		}
		own->show = MIN(own->show, steps[i].show);
		if (settings->presence_tell_idle)
			own->idle_since = activity->idle_since;
	}
}

SnOwnShow sn_own_show(const SnSettings *settings, const char *wish, const SnActivity *activity,
                      SnTime now)
{
	g_auto(GStrv) parts = g_strsplit(wish ? wish : "", "\t", 2);
	SnOwnShow own = { .show = SN_PRESENCE_ONLINE };

	if (parts[0] && (!sn_presence_parse(parts[0], &own.show) || own.show == SN_PRESENCE_UNKNOWN))
		own.show = SN_PRESENCE_ONLINE;
	if (parts[0] && parts[1] && *parts[1])
		own.status = g_strdup(parts[1]);
	/* who says "away" by hand means it; who says "online" or nothing leaves the rest to us */
	if (own.show >= SN_PRESENCE_ONLINE) {
		apply_hours(&own, settings, now);
		apply_idleness(&own, settings, activity, now);
	}
	g_assert(own.show != SN_PRESENCE_UNKNOWN);
	g_assert(own.until == 0 || own.until > now);
	return own;
}
