/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mailbox.c - what a mailbox does not allow: it is full, or a folder of it can only be read. The user is
 * told once, and not again before something has changed.
 */
#include "src/engine/sync_private.h"
#include "src/text/text.h"

#define ASK_AGAIN (10 * SN_MINUTE) /* however much comes in */

void sn_engine_say(SnEngine *engine, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (!sn_store_set(engine->store, "ui.say", text, &error))
		g_warning("%s", error->message);
}

static int percent(gint64 used, gint64 limit)
{
	g_assert(limit > 0);
	return (int)MIN(used / (limit / 100 + (limit < 100)), 999);
}

void sn_mailbox_take_quota(SnEngineAccount *account, const SnMailEvent *event)
{
	SnEngine *engine = account->engine;
	gint64 used = 0, limit = 0;
	g_autoptr(GError) error = NULL;
	gboolean known = sn_account_quota(engine->store, account->id, &used, &limit);
	gboolean warned = known && percent(used, limit) >= SN_QUOTA_WARN;
	int now = event->total > 0 ? percent(event->done, event->total) : 0;

	if (!sn_account_set_quota(engine->store, account->id, event->done, event->total, &error)) {
		g_warning("%s", error->message);
		return;
	}
	if (used != event->done || limit != event->total)
		sn_engine_touched(engine);
	if (now < SN_QUOTA_WARN || warned)
		return;
	g_autofree char *in_use = sn_text_size(event->done);
	g_autofree char *all = sn_text_size(event->total);
	g_autofree char *title =
		g_strdup_printf("The mailbox of %s is %d %% full", account->config->name, now);
	g_autofree char *body = g_strdup_printf(
		"%s of %s are in use. Once it is full, no more email comes in.", in_use, all);
	g_autofree char *said = g_strdup_printf("%s. %s", title, body);
	sn_engine_notify(engine, SN_NOTIFY_FAILED, 0, title, body);
	sn_engine_say(engine, said);
}

static void quota_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	if (event->kind == SN_MAIL_EV_QUOTA)
		sn_mailbox_take_quota(account, event);
	else if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
}

static void ask_quota(SnEngineAccount *account)
{
	SnEngine *engine = account->engine;

	account->core->quota_asked = sn_clock_now(engine->clock);
	if (account->config->source.kind == SN_ENDPOINT_IMAP)
		sn_engine_mail(account,
		               sn_mail_request_new(SN_MAIL_REQ_QUOTA, sn_engine_next_id(engine)),
		               quota_reply, NULL);
}

void sn_mailbox_grew(SnEngineAccount *account)
{
	SnTime now = sn_clock_now(account->engine->clock);
	SnTime asked = account->core->quota_asked;

	/* a clock that was set back must not silence it for good */
	if (now - asked >= ASK_AGAIN || asked > now)
		ask_quota(account);
}

void sn_mailbox_full(SnEngineAccount *account, const GError *error)
{
	SnAccountCore *core = account->core;

	ask_quota(account);
	if (core->told_full)
		return;
	core->told_full = TRUE;
	g_autofree char *said = g_strdup_printf(
		"%s Nothing is lost: it is tried again until there is room.", error->message);
	g_autofree char *title = g_strdup_printf("%s takes no more", account->config->name);
	sn_engine_notify(account->engine, SN_NOTIFY_FAILED, 0, title, said);
	sn_engine_say(account->engine, said);
}

void sn_mailbox_has_room(SnEngineAccount *account)
{
	account->core->told_full = FALSE;
}

void sn_mailbox_refused(SnEngineAccount *account, const GError *error)
{
	SnAccountCore *core = account->core;
	g_autofree char *said = NULL;

	if (!core->refusals)
		core->refusals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!g_hash_table_add(core->refusals, g_strdup(error->message)))
		return;
	said = g_strdup_printf("%s What was changed here is as it was before.", error->message);
	sn_engine_notify(account->engine, SN_NOTIFY_FAILED, 0, "An email could not be changed", said);
	sn_engine_say(account->engine, said);
}
