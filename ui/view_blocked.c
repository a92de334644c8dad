/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom the IM servers keep away (XEP-0191); Enter lets one in again, after a question. */
#include "src/store/contacts.h"
#include "src/store/wish.h"
#include "src/text/text.h"
#include "ui/prompt.h"
#include "ui/view.h"

enum { NAME_COLUMN = 34, ACCOUNT_COLUMN = 60 };

static void cell(SnPage *page, int column, int next, SnObject object, const char *text)
{
	g_autofree char *clean = sn_text_clean_line(text ? text : "", -1);
	g_autofree char *shown = sn_text_fit(clean, next - column - 1);

	sn_page_tab(page, column);
	sn_page_add(page, object, shown);
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) all = sn_blocked_list(app->store);

	for (guint i = 0; i < all->len; i++) {
		const SnBlocked *one = all->pdata[i];
		sn_page_line(view->page, (gint64)i + 1, NULL);
		cell(view->page, 1, NAME_COLUMN, SN_OBJ_DEFAULT, one->jid);
		cell(view->page, NAME_COLUMN, ACCOUNT_COLUMN, SN_OBJ_FAINT, one->name);
		cell(view->page, ACCOUNT_COLUMN, MAX(view->columns, ACCOUNT_COLUMN + 2), SN_OBJ_FAINT,
		     one->account_name);
	}
	if (all->len > 0) {
		sn_page_line(view->page, 0, NULL);
		sn_page_note(view->page, "Their messages do not reach you, and they see you as offline. "
		                         "Enter lets one in again.");
	}
}

static void answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (!answer || !g_str_equal(answer, "yes"))
		return;
	if (!sn_wish_set(app->store, SN_WISH_CONTACT, data, "unblock", &error))
		sn_app_error(app, error);
	else
		sn_app_say(app, SN_OBJ_SUCCESS, "%s may write to you again.", (const char *)data);
}

static void activate(SnApp *app, SnView *view)
{
	static const SnChoice choices[] = { { 'y', "let them in again", "yes" },
		                            { 'n', "leave it", "no" } };
	g_autoptr(GPtrArray) all = sn_blocked_list(app->store);
	gint64 row = sn_page_selected(view->page);

	if (row < 1 || row > all->len)
		return;
	const SnBlocked *one = all->pdata[row - 1];
	g_autofree char *text = g_strdup_printf("Unblock %s?", one->jid);
	SnAsk ask = { .question = text, .choices = choices, .count = G_N_ELEMENTS(choices),
		      .done = answered, .data = g_strdup(one->jid), .free = g_free };
	sn_prompt_ask(app, &ask);
}

const SnViewOps sn_view_blocked = {
	.name = "blocked",
	.title = "Blocked",
	.empty = "Nobody is blocked. :block keeps the person of this conversation away.",
	.fill = fill,
	.activate = activate,
};
