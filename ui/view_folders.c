/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail folders; Enter searches one. */
#include "src/store/sync.h"
#include "ui/view.h"

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) folders = sn_folder_list(app->store, 0);
	SnId account = 0;

	for (guint i = 0; folders && i < folders->len; i++) {
		const SnFolder *folder = g_ptr_array_index(folders, i);
		if (folder->account != account) {
			g_autofree char *name = sn_account_name(app->store, folder->account);
			account = folder->account;
			sn_page_heading(view->page, name ? name : "?");
		}
		sn_page_line(view->page, folder->id, NULL);
		sn_page_addf(view->page, folder->unread ? SN_OBJ_LIST_UNREAD : SN_OBJ_DEFAULT, "   %s",
		             folder->name);
		if (folder->role)
			sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", folder->role);
		if (folder->unread) {
			g_autofree char *count = g_strdup_printf("%d of %d", folder->unread, folder->total);
			sn_page_right(view->page, SN_OBJ_LIST_COUNT, count);
		} else {
			g_autofree char *count = g_strdup_printf("%d", folder->total);
			sn_page_right(view->page, SN_OBJ_FAINT, count);
		}
	}
}

static void activate(SnApp *app, SnView *view)
{
	g_autoptr(SnFolder) folder = sn_folder_get(app->store, sn_page_selected(view->page));
	g_autofree char *query = NULL;

	if (!folder)
		return;
	query = g_strdup_printf("in:\"%s\"", folder->name);
	sn_view_open(app, &sn_view_search, query, 0);
}

const SnViewOps sn_view_folders = {
	.name = "folders",
	.title = "Folders",
	.empty = "No mail folders yet. They appear when the first account was synchronised.",
	.fill = fill,
	.activate = activate,
};
