/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All parts of an email as a tree, those of attached messages too: to read, open, save and pipe each. */
#include <string.h>

#include "src/text/text.h"
#include "ui/files.h"
#include "ui/view_job.h"

/* Read on the worker. */
typedef struct {
	const SnUiHost *host;
	SnId message;
	GPtrArray *nodes; /* of SnPartNode; NULL: the email is not here, or not whole */
} Parts;

static void parts_free(gpointer data)
{
	Parts *parts = data;

	g_clear_pointer(&parts->nodes, g_ptr_array_unref);
	g_free(parts);
}

static void parts_run(SnStore *store, gpointer data)
{
	Parts *parts = data;
	g_autoptr(GBytes) raw = store ? sn_message_raw(store, parts->message, NULL) : NULL;

	if (raw && parts->host->part_tree)
		parts->nodes = parts->host->part_tree(raw, parts->host->data);
}

static const SnViewJobOps parts_ops = { parts_run, NULL, parts_free };

static void read_parts(SnApp *app, SnView *view)
{
	Parts *parts = g_new0(Parts, 1);

	parts->host = &app->setup->host;
	parts->message = view->subject;
	view->data = sn_view_job_start(app, view, &parts_ops, parts);
}

static gboolean open_view(SnApp *app, SnView *view, GError **error)
{
	read_parts(app, view);
	return TRUE;
}

static void close_view(SnApp *app, SnView *view)
{
	sn_view_job_drop(g_steal_pointer(&view->data));
}

/* What was on the server may have come. */
static void stale(SnApp *app, SnView *view)
{
	const Parts *parts = sn_view_job_data(view->data);

	if (!parts || parts->nodes)
		return;
	sn_view_job_drop(g_steal_pointer(&view->data));
	read_parts(app, view);
}

/* The last of its siblings, so that the line from their parent ends there. */
static gboolean is_last(const GPtrArray *nodes, guint index)
{
	const SnPartNode *node = nodes->pdata[index];

	for (guint i = index + 1; i < nodes->len; i++) {
		const SnPartNode *next = nodes->pdata[i];
		if (next->depth <= node->depth)
			return next->depth < node->depth;
	}
	return TRUE;
}

/* Lines of the levels that go on below; bounded by the width. */
static void add_branch(SnView *view, const GPtrArray *nodes, guint index, GArray *open)
{
	const SnPartNode *node = nodes->pdata[index];
	gboolean last = is_last(nodes, index);
	int from = MAX(1, node->depth - sn_page_columns(view->page) / 6);

	g_array_set_size(open, (guint)node->depth + 1);
	g_array_index(open, gboolean, node->depth) = !last;
	if (from > 1)
		sn_page_add(view->page, SN_OBJ_FAINT, "… ");
	for (int level = from; level < node->depth; level++)
		sn_page_add(view->page, SN_OBJ_FAINT, g_array_index(open, gboolean, level) ? "│ " : "  ");
	if (node->depth > 0)
		sn_page_add(view->page, SN_OBJ_FAINT, last ? "└ " : "├ ");
}

static void add_mark(SnView *view, const SnPartNode *node)
{
	if (node->is_encrypted)
		sn_page_add(view->page, SN_OBJ_WARNING, "  encrypted");
	if (node->is_signed)
		sn_page_add(view->page, SN_OBJ_FAINT, "  with a signature");
}

static void fill_node(SnView *view, const GPtrArray *nodes, guint index, GArray *open)
{
	const SnPartNode *node = nodes->pdata[index];
	g_autofree char *size = sn_text_size(node->size);

	sn_page_line(view->page, sn_files_row(SN_PART_NODE + node->number), (gpointer)node);
	sn_page_add(view->page, SN_OBJ_DEFAULT, " ");
	add_branch(view, nodes, index, open);
	sn_page_add(view->page, node->group ? SN_OBJ_FAINT : SN_OBJ_DEFAULT, node->type);
	if (node->name)
		sn_page_addf(view->page, SN_OBJ_ATTACHMENT, "  %s", node->name);
	add_mark(view, node);
	if (node->disposition && strcmp(node->disposition, "inline") != 0)
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", node->disposition);
	if (node->charset)
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", node->charset);
	if (node->encoding && !node->group)
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", node->encoding);
	sn_page_right(view->page, SN_OBJ_LIST_TIME, size);
}

/* The email is not whole here: what the server said of its parts. */
static void fill_known(SnApp *app, SnView *view)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, view->subject, SN_MESSAGE_FULL);

	for (guint i = 0; message && message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		g_autofree char *size = part->size >= 0 ? sn_text_size(part->size) : g_strdup("?");
		sn_page_line(view->page, sn_files_row(part->position), NULL);
		sn_page_addf(view->page, SN_OBJ_DEFAULT, " %s", part->type ? part->type : "");
		if (part->name)
			sn_page_addf(view->page, SN_OBJ_ATTACHMENT, "  %s", part->name);
		if (!sn_files_is_here(message, part))
			sn_page_add(view->page, SN_OBJ_WARNING, "  not fetched");
		sn_page_right(view->page, SN_OBJ_LIST_TIME, size);
	}
}

static void fill(SnApp *app, SnView *view)
{
	const Parts *parts = sn_view_job_data(view->data);
	g_autoptr(GArray) open = g_array_new(FALSE, TRUE, sizeof(gboolean));

	if (!parts)
		sn_page_note(view->page, "Reading ...");
	else if (!parts->nodes)
		fill_known(app, view);
	for (guint i = 0; parts && parts->nodes && i < parts->nodes->len; i++)
		fill_node(view, parts->nodes, i, open);
}

/* Text and messages are read here; for all else there are programs. */
static void activate(SnApp *app, SnView *view)
{
	const SnPartNode *node = sn_page_data(view->page);
	int position = sn_files_position(sn_page_selected(view->page));

	if (position < 0)
		return;
	if (node && (node->group || node->message || g_str_has_prefix(node->type, "text/") ||
	             g_str_has_prefix(node->type, "message/")))
		sn_files_view(app, view->subject, position, NULL);
	else
		sn_files_open(app, view->subject, position, NULL);
}

static gint64 message_of(SnApp *app, SnView *view)
{
	return view->subject;
}

static char *note(SnApp *app, SnView *view)
{
	const Parts *parts = sn_view_job_data(view->data);

	if (!parts || !parts->nodes)
		return g_strdup("");
	return g_strdup_printf(parts->nodes->len == 1 ? "%u part" : "%u parts", parts->nodes->len);
}

const SnViewOps sn_view_parts = {
	.name = "parts",
	.title = "Parts",
	.empty = "This message has no parts that are known.",
	.open = open_view,
	.close = close_view,
	.fill = fill,
	.stale = stale,
	.activate = activate,
	.message = message_of,
	.note = note,
};
