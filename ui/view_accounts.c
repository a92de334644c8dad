/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: how each end is doing, and how far the synchronisation is. */
#include <string.h>

#include "src/base/lock.h"
#include "src/store/people.h"
#include "src/store/sync.h"
#include "src/store/wish.h"
#include "src/text/text.h"
#include "ui/view.h"
#include "ui/words.h"

static const struct {
	const char *end, *label;
} ends[] = {
	{ "source", "Incoming mail" },
	{ "outgoing", "Outgoing mail" },
	{ "im", "IM" },
};

static const char *end_label(const char *end)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
		if (strcmp(ends[i].end, end) == 0)
			return ends[i].label;
	return end;
}

static SnObject kind_object(SnStatusKind kind)
{
	switch (kind) {
	case SN_STATUS_ONLINE: return SN_OBJ_SUCCESS;
	case SN_STATUS_SYNCING:
	case SN_STATUS_CONNECTING: return SN_OBJ_STATE_PENDING;
	case SN_STATUS_RETRYING: return SN_OBJ_WARNING;
	case SN_STATUS_ERROR: return SN_OBJ_ERROR;
	default: return SN_OBJ_FAINT;
	}
}

static const char *kind_words(SnStatusKind kind)
{
	switch (kind) {
	case SN_STATUS_ONLINE: return "connected";
	case SN_STATUS_SYNCING: return "synchronising";
	case SN_STATUS_CONNECTING: return "connecting";
	case SN_STATUS_RETRYING: return "not connected";
	case SN_STATUS_ERROR: return "needs you";
	default: return "off";
	}
}

/* [#####.....] 40 % (400 of 1000) */
static void add_progress(SnPage *page, const SnStatus *status)
{
	char bar[21] = "....................";
	int filled = (int)CLAMP(status->done * 20 / status->total, 0, 20);

	memset(bar, '#', (gsize)filled);
	sn_page_addf(page, SN_OBJ_STATE_PENDING, "  [%s] %d %%", bar,
	             (int)(status->done * 100 / status->total));
	sn_page_addf(page, SN_OBJ_FAINT, "  %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT, status->done,
	             status->total);
}

static void fill_status(SnApp *app, SnView *view, const SnStatus *status, gint64 id)
{
	SnTime now = sn_app_now(app);

	sn_page_line(view->page, id, NULL);
	sn_page_addf(view->page, SN_OBJ_DEFAULT, "   %-15s", end_label(status->end));
	sn_page_add(view->page, kind_object(status->kind), kind_words(status->kind));
	if (status->kind == SN_STATUS_SYNCING && status->total > 0)
		add_progress(view->page, status);
	if (status->kind == SN_STATUS_RETRYING && status->next_try > now) {
		g_autofree char *when = sn_words_relative(status->next_try, now);
		sn_page_addf(view->page, SN_OBJ_FAINT, ", next try %s", when);
	}
	if (status->detail && *status->detail)
		sn_page_wrap(view->page, id, NULL, 18, sn_theme_style(app->theme, SN_OBJ_FAINT),
		             status->detail);
}

/* How full the mailbox is, and what waits because of that or for another reason. */
static void fill_mailbox(SnApp *app, SnView *view, const char *name, gint64 *line)
{
	SnId account = sn_account_find(app->store, name);
	gint64 used, limit;
	g_autofree char *why = NULL;
	int stuck = sn_action_stuck(app->store, account, &why);

	if (sn_account_quota(app->store, account, &used, &limit)) {
		g_autofree char *all = sn_text_size(limit);
		int percent = (int)MIN((double)used * 100 / (double)limit, 999);
		sn_page_line(view->page, ++*line, NULL);
		sn_page_addf(view->page, SN_OBJ_DEFAULT, "   %-15s", "Mail quota");
		sn_page_addf(view->page, percent >= SN_QUOTA_WARN ? SN_OBJ_WARNING : SN_OBJ_DEFAULT,
		             "%d %% of %s", percent, all);
	}
	if (!stuck)
		return;
	sn_page_line(view->page, ++*line, NULL);
	sn_page_addf(view->page, SN_OBJ_DEFAULT, "   %-15s", "Waiting");
	sn_page_addf(view->page, SN_OBJ_WARNING, "%d %s of emails", stuck,
	             stuck == 1 ? "change" : "changes");
	sn_page_wrap(view->page, *line, NULL, 18, sn_theme_style(app->theme, SN_OBJ_FAINT), why);
}

/* Only what was set by hand: who left it to sennit knows the hours they wrote down. */
static void fill_presence(SnApp *app, SnView *view, const char *name, gint64 *line)
{
	g_autofree char *text = NULL;
	SnPresenceShow show;
	SnObject object;

	if (!sn_wish_presence(app->store, name, &show, &text))
		return;
	sn_words_presence_mark(show, &object);
	sn_page_line(view->page, ++*line, NULL);
	sn_page_addf(view->page, SN_OBJ_DEFAULT, "   %-15s", "Seen as");
	sn_page_add(view->page, object, sn_words_presence(show));
	if (text)
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", text);
}

static const SnStatus *status_of(const GPtrArray *statuses, const char *account, const char *end)
{
	for (guint i = 0; statuses && i < statuses->len; i++) {
		const SnStatus *status = g_ptr_array_index(statuses, i);
		if (!g_strcmp0(status->account, account) && strcmp(status->end, end) == 0)
			return status;
	}
	return NULL;
}

/* What the account does not have, and so cannot do. */
static void fill_missing(SnView *view, gsize end)
{
	sn_page_line(view->page, 0, NULL);
	sn_page_addf(view->page, SN_OBJ_FAINT, "   %-15snone: \"%s = ...\" in accounts.conf adds it",
	             ends[end].label, ends[end].end);
}

G_STATIC_ASSERT(G_N_ELEMENTS(ends) == 3);

static void fill_account(SnApp *app, SnView *view, const SnAccount *account, GPtrArray *statuses,
                         gint64 *id)
{
	const char *mail = account->from_address, *im = account->im.user;
	const SnEndpoint *const all[] = { &account->source, &account->outgoing, &account->im };
	gboolean any = FALSE, both = mail && im && strcmp(mail, im) != 0;

	sn_page_line(view->page, 0, NULL);
	sn_page_line(view->page, 0, NULL);
	sn_page_addf(view->page, SN_OBJ_LIST_UNREAD, " %s", account->name);
	sn_page_addf(view->page, SN_OBJ_FAINT, "  %s%s%s", mail ? mail : im ? im : "",
	             both ? ", " : "", both ? im : "");
	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		const SnStatus *status = status_of(statuses, account->name, ends[i].end);
		if (all[i]->kind == SN_ENDPOINT_NONE) {
			fill_missing(view, i);
			continue;
		}
		if (status)
			fill_status(app, view, status, ++*id);
		if (status && all[i] == &account->source)
			fill_mailbox(app, view, account->name, id);
		any |= status != NULL;
	}
	if (im)
		fill_presence(app, view, account->name, id);
	if (!any)
		sn_page_note(view->page, "  Not started yet.");
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) statuses = sn_status_list(app->store);
	gint64 id = 0;

	for (gsize i = 0; i < sn_config_account_count(app->config); i++)
		fill_account(app, view, sn_config_account(app->config, i), statuses, &id);
}

static char *note(SnApp *app, SnView *view)
{
	int holder = sn_lock_holder(app->setup->paths->lock_path);

	return holder ? g_strdup_printf("engine runs (process %d)", holder)
	              : g_strdup("no engine runs");
}

const SnViewOps sn_view_accounts = {
	.name = "accounts",
	.title = "Accounts",
	.empty = "No account yet. Quit with q and run: sennit init",
	.fill = fill,
	.note = note,
};
