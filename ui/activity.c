/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/activity.h"

#include <unistd.h>

#include "src/store/wish.h"

#define IDLE_AFTER (2 * SN_MINUTE) /* nobody reads a screen that long without a key */

/* value NULL with since 0 */
static void tell(SnApp *app, const char *word, SnTime since)
{
	g_autofree char *pid = g_strdup_printf("%ld", (long)getpid());
	g_autofree char *value = since ? g_strdup_printf("%s %" G_GINT64_FORMAT, word, since)
	                               : g_strdup(word);
	g_autoptr(GError) error = NULL;

	if (!sn_wish_set(app->store, SN_WISH_ACTIVITY, pid, value, &error))
		g_info("%s", error->message);
}

/* One timer for all keys: each only notes its time. */
static void arm(SnApp *app)
{
	sn_app_set_timer(app, SN_TIMER_IDLE, app->touched + IDLE_AFTER);
}

void sn_activity_begin(SnApp *app)
{
	app->touched = sn_app_now(app);
	app->told_idle = FALSE;
	tell(app, "active", 0);
	arm(app);
}

void sn_activity_touched(SnApp *app)
{
	app->touched = sn_app_now(app);
	if (!app->told_idle)
		return;
	app->told_idle = FALSE;
	tell(app, "active", 0);
	arm(app);
}

static void tell_idle(SnApp *app)
{
	g_assert(app->touched > 0);
	app->told_idle = TRUE;
	sn_app_set_timer(app, SN_TIMER_IDLE, 0);
	tell(app, "idle", app->touched);
}

void sn_activity_unfocused(SnApp *app)
{
	if (!app->told_idle)
		tell_idle(app);
}

void sn_activity_timer(SnApp *app)
{
	if (sn_app_now(app) - app->touched >= IDLE_AFTER)
		tell_idle(app);
	else
		arm(app);
}

void sn_activity_end(SnApp *app)
{
	tell(app, "gone", app->touched);
}
