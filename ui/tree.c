/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/tree.h"

#define BRANCH "\342\224\234\342\224\200" /* ├─ */
#define LAST "\342\224\224\342\224\200"   /* └─ */
#define TRUNK "\342\224\202 "             /* │  */

typedef struct {
	GArray *out;         /* of SnTreeRow */
	GArray **children;   /* of guint, by index; NULL: none */
	gboolean *placed;
} Tree;

static void clear_row(gpointer data)
{
	g_free(((SnTreeRow *)data)->branch);
}

static void place(Tree *tree, guint index, const char *trunk, const char *own, int depth)
{
	SnTreeRow row = { index, g_strconcat(trunk, own, NULL) };
	const GArray *children = tree->children[index];
	g_autofree char *below = NULL;

	g_assert(!tree->placed[index]);
	tree->placed[index] = TRUE;
	g_array_append_val(tree->out, row);
	if (!children)
		return;
	/* deeper ones stand at the last level */
	below = depth == 0 || depth >= SN_TREE_DEEPEST
	                ? g_strdup(trunk)
	                : g_strconcat(trunk, g_str_equal(own, BRANCH) ? TRUNK : "  ", NULL);
	for (guint i = 0; i < children->len; i++)
		place(tree, g_array_index(children, guint, i), below,
		      i + 1 < children->len ? BRANCH : LAST, depth + 1);
}

static void add_child(Tree *tree, guint parent, guint child)
{
	if (!tree->children[parent])
		tree->children[parent] = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_append_val(tree->children[parent], child);
}

/* Whether `index` stands above `other` in what was tied so far. */
static gboolean is_above(const int *parents, guint index, guint other)
{
	for (int at = (int)other; at >= 0; at = parents[at])
		if (at == (int)index)
			return TRUE;
	return FALSE;
}

GArray *sn_tree_order(const GPtrArray *messages)
{
	guint count = messages->len;
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autofree GArray **children = g_new0(GArray *, count + 1);
	g_autofree gboolean *placed = g_new0(gboolean, count + 1);
	g_autofree int *parents = g_new0(int, count + 1);
	Tree tree = { g_array_new(FALSE, FALSE, sizeof(SnTreeRow)), children, placed };

	g_array_set_clear_func(tree.out, clear_row);
	for (guint i = 0; i < count; i++) {
		g_hash_table_insert(by_id, &((SnMessage *)messages->pdata[i])->id, GUINT_TO_POINTER(i + 1));
		parents[i] = -1;
	}
	for (guint i = 1; i < count; i++) {
		const SnMessage *message = messages->pdata[i];
		guint found = GPOINTER_TO_UINT(g_hash_table_lookup(by_id, &message->reply_to));
		guint parent = found && !is_above(parents, i, found - 1) ? found - 1 : 0;
		parents[i] = (int)parent;
		add_child(&tree, parent, i);
	}
	if (count)
		place(&tree, 0, "", "", 0);
	g_assert(tree.out->len == count);
	for (guint i = 0; i < count; i++)
		if (children[i])
			g_array_unref(children[i]);
	return tree.out;
}
