/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine_clock.c - a machine that slept, and a clock that was set. */
#include <glib-unix.h>
#include <unistd.h>

#include "src/engine/sync_private.h"

enum { SLEPT = 10 * 1000 };

/* A connection that was up before a sleep may be dead, and no timer tells: those of the backends
 * stood still too. What came due meanwhile goes after the connections were looked at. */
void sn_engine_look_at_clock(SnEngine *engine)
{
	SnTime jump = sn_clock_jump(&engine->core->clock_watch, engine->clock);

	if (jump == 0)
		return;
	g_message("The clock went %s by %" G_GINT64_FORMAT " s: the machine slept, or it was set.",
	          jump > 0 ? "forward" : "back", ABS(jump) / SN_SECOND);
	if (jump < SLEPT)
		return; /* set back, or a little: the delivery looks at its times itself */
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(engine->accounts, i);
		if (account->source)
			account->source_ops->reconnect(account->source);
		if (account->im)
			account->im_ops->reconnect(account->im);
	}
	sn_delivery_woke(engine->delivery);
}

static gboolean clock_was_set(gint fd, GIOCondition condition, gpointer data)
{
	SnEngine *engine = data;

	if (!sn_clock_alarm_arm(fd))
		return G_SOURCE_REMOVE;
	sn_engine_wake(engine);
	return G_SOURCE_CONTINUE;
}

void sn_engine_watch_clock(SnEngine *engine)
{
	SnEngineCore *core = engine->core;

	sn_clock_watch(&core->clock_watch, engine->clock);
	core->clock_fd = sn_clock_alarm_new();
	if (!sn_clock_alarm_arm(core->clock_fd))
		return; /* noticed whenever something else is looked at */
	core->clock_source = g_unix_fd_source_new(core->clock_fd, G_IO_IN);
	g_source_set_callback(core->clock_source, (GSourceFunc)(void (*)(void))clock_was_set, engine,
	                      NULL);
	g_source_attach(core->clock_source, engine->context);
}

void sn_engine_leave_clock(SnEngine *engine)
{
	SnEngineCore *core = engine->core;

	if (core->clock_source)
		g_source_destroy(core->clock_source);
	g_clear_pointer(&core->clock_source, g_source_unref);
	if (core->clock_fd >= 0)
		close(core->clock_fd);
	core->clock_fd = -1;
}
