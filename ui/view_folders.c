/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mail folders of each account as a tree, those with a use of their own first; then the searches
 * that have a name. */
#include <string.h>

#include "src/store/sync.h"
#include "src/text/text.h"
#include "ui/view.h"

/* In the order in which they stand; the words are those of RFC 6154. */
static const struct {
	const char *role, *mark, *label;
} uses[] = {
	{ "inbox", "\342\226\274", "inbox" },   { "drafts", "\342\234\216", "drafts" },
	{ "sent", "\342\206\222", "sent" },     { "archive", "\342\226\244", "archive" },
	{ "junk", "!", "spam" },                { "trash", "\303\227", "deleted" },
};

static int use_of(const SnFolder *folder)
{
	for (gsize i = 0; folder->role && i < G_N_ELEMENTS(uses); i++)
		if (strcmp(uses[i].role, folder->role) == 0)
			return (int)i;
	return (int)G_N_ELEMENTS(uses);
}

/* "A/B" stands right after "A", whatever characters names have. */
static int by_name(const char *a, const char *b)
{
	g_auto(GStrv) one = g_strsplit(a, "/", 0), two = g_strsplit(b, "/", 0);
	guint i = 0;

	for (; one[i] && two[i]; i++) {
		int order = g_utf8_collate(one[i], two[i]);
		if (order)
			return order;
	}
	return (one[i] != NULL) - (two[i] != NULL);
}

static gint by_place(gconstpointer a, gconstpointer b)
{
	const SnFolder *one = *(SnFolder *const *)a, *two = *(SnFolder *const *)b;
	int uses_order = use_of(one) - use_of(two);

	if (one->account != two->account)
		return one->account < two->account ? -1 : 1;
	return uses_order ? uses_order : by_name(one->name, two->name);
}

/* A folder that holds others and no emails has no row of its own: then its name is said here. */
static gboolean has_parent(const GPtrArray *folders, guint index, const char *name)
{
	const SnFolder *own = g_ptr_array_index(folders, index);
	const char *slash = strrchr(name, '/');

	for (guint i = 0; slash && i < folders->len; i++) {
		const SnFolder *other = g_ptr_array_index(folders, i);
		if (other->account == own->account && use_of(other) == use_of(own) &&
		    strlen(other->name) == (gsize)(slash - name) &&
		    strncmp(other->name, name, (gsize)(slash - name)) == 0)
			return TRUE;
	}
	return FALSE;
}

static int depth_of(const GPtrArray *folders, guint index, const char **shown)
{
	g_autofree char *name =
		g_strdup(((const SnFolder *)g_ptr_array_index(folders, index))->name);
	int depth = 0;

	*shown = ((const SnFolder *)g_ptr_array_index(folders, index))->name;
	if (has_parent(folders, index, name))
		*shown = strrchr(*shown, '/') + 1;
	while (has_parent(folders, index, name)) {
		*strrchr(name, '/') = '\0';
		depth++;
	}
	return depth;
}

static void add_counts(SnPage *page, const SnFolder *folder)
{
	g_autofree char *count = NULL;

	if (folder->uidnext == 0 && folder->total == 0)
		count = g_strdup("not fetched");
	else if (folder->unread)
		count = g_strdup_printf("%d unread of %d", folder->unread, folder->total);
	else
		count = g_strdup_printf("%d", folder->total);
	sn_page_right(page, folder->unread ? SN_OBJ_LIST_COUNT : SN_OBJ_FAINT, count);
}

/* Selected by -1, -2, ...: ids of folders are above 0. */
static void fill_searches(SnApp *app, SnPage *page)
{
	const GPtrArray *searches = app->settings->searches;

	if (searches->len)
		sn_page_heading(page, "Searches");
	for (guint i = 0; i < searches->len; i++) {
		const SnNamedSearch *search = g_ptr_array_index(searches, i);
		sn_page_line(page, -1 - (gint64)i, NULL);
		sn_page_add(page, SN_OBJ_FAINT, "   /");
		sn_page_tab(page, 5);
		sn_page_add(page, SN_OBJ_DEFAULT, search->name);
		sn_page_addf(page, SN_OBJ_FAINT, "  %s", search->query);
	}
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) folders = sn_folder_list(app->store, 0);
	SnId account = 0;

	if (folders)
		g_ptr_array_sort(folders, by_place);
	for (guint i = 0; folders && i < folders->len; i++) {
		const SnFolder *folder = g_ptr_array_index(folders, i);
		int use = use_of(folder);
		const char *shown;
		int depth = depth_of(folders, i, &shown);
		g_autofree char *clean = sn_text_clean_line(shown, -1);
		if (folder->account != account) {
			g_autofree char *name = sn_account_name(app->store, folder->account);
			account = folder->account;
			sn_page_heading(view->page, name ? name : "?");
		}
		sn_page_line(view->page, folder->id, NULL);
		sn_page_addf(view->page, SN_OBJ_FAINT, "   %s",
		             use < (int)G_N_ELEMENTS(uses) ? uses[use].mark : " ");
		sn_page_tab(view->page, 5 + 2 * depth);
		sn_page_add(view->page, folder->unread ? SN_OBJ_LIST_UNREAD : SN_OBJ_DEFAULT, clean);
		if (use < (int)G_N_ELEMENTS(uses) && g_ascii_strcasecmp(uses[use].label, clean) != 0)
			sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", uses[use].label);
		add_counts(view->page, folder);
	}
	fill_searches(app, view->page);
}

static void activate(SnApp *app, SnView *view)
{
	gint64 id = sn_page_selected(view->page);
	const GPtrArray *searches = app->settings->searches;

	if (id > 0)
		sn_view_open(app, &sn_view_index, NULL, id);
	else if (id < 0 && -id <= (gint64)searches->len)
		sn_view_open(app, &sn_view_search,
		             ((const SnNamedSearch *)searches->pdata[-1 - id])->query, 0);
}

static char *note(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) folders = sn_folder_list(app->store, 0);
	int unread = 0;

	for (guint i = 0; folders && i < folders->len; i++) {
		const SnFolder *folder = g_ptr_array_index(folders, i);
		unread += use_of(folder) < 4 || !folder->role ? folder->unread : 0;
	}
	return unread ? g_strdup_printf("%d unread", unread) : NULL;
}

const SnViewOps sn_view_folders = {
	.name = "folders",
	.title = "Folders",
	.empty = "No mail folders yet. They appear when the first account was synchronised.",
	.fill = fill,
	.activate = activate,
	.note = note,
};
