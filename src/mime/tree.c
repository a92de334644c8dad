/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/mime/tree.h"

#include <gio/gio.h>
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

enum { MAX_NODES = 1000, MAX_LEVELS = 20, MAX_PARAMETERS = 20, WORD_COLUMNS = 60 };
/* Attached messages are parsed again on each level. */
#define MAX_PARSED (256 * 1024 * 1024)

typedef struct {
	GPtrArray *nodes; /* of SnPartNode; NULL when only one is wanted */
	int wanted;       /* 0: all */
	GBytes *found;
	int number;       /* of the last node */
	gsize parsed;
} Tree;

/* Where in which message. */
typedef struct {
	const SnMimeMessage *message;
	int level;        /* of messages within messages */
	int leaves;       /* so far */
} Place;

static void node_free(gpointer data)
{
	SnPartNode *node = data;

	g_free(node->type);
	g_free(node->name);
	g_free(node->disposition);
	g_free(node->encoding);
	g_free(node->charset);
	g_strfreev(node->parameters);
	g_free(node);
}

static gboolean is_type(GMimeObject *object, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

/* ---- what a node says of itself ---- */

/* A word of a header, if it is one. */
static char *word(const char *value)
{
	g_autofree char *clean = value ? sn_text_clean_line(value, -1) : NULL;
	g_autofree char *fit = clean ? sn_text_fit(clean, WORD_COLUMNS) : NULL;

	return fit && *fit ? g_ascii_strdown(fit, -1) : NULL;
}

static char **parameters_of(GMimeObject *object)
{
	GMimeParamList *list = g_mime_content_type_get_parameters(g_mime_object_get_content_type(object));
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();
	int count = list ? g_mime_param_list_length(list) : 0;

	for (int i = 0; i < MIN(count, MAX_PARAMETERS); i++) {
		GMimeParam *parameter = g_mime_param_list_get_parameter_at(list, i);
		const char *value = g_mime_param_get_value(parameter);
		g_strv_builder_add(all, g_mime_param_get_name(parameter));
		g_strv_builder_add(all, value ? value : "");
	}
	return g_strv_builder_end(all);
}

static char *name_of(GMimeObject *object)
{
	const char *name = g_mime_object_get_content_disposition_parameter(object, "filename");

	if (!name || !*name)
		name = g_mime_object_get_content_type_parameter(object, "name");
	if ((!name || !*name) && GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		const char *subject = inner ? g_mime_message_get_subject(inner) : NULL;
		g_autofree char *file = subject && *subject ? g_strconcat(subject, ".eml", NULL) : NULL;
		return file ? sn_mime_safe_name(file) : NULL;
	}
	g_autofree char *decoded = name && *name ? g_mime_utils_header_decode_text(NULL, name) : NULL;
	return decoded ? sn_mime_safe_name(decoded) : NULL;
}

static void mark_secure(SnPartNode *node, GMimeObject *object)
{
	SnCmsKind kind = sn_mime_cms_kind(object);

	node->is_signed = is_type(object, "multipart", "signed") || kind == SN_CMS_SIGNED;
	node->is_encrypted = is_type(object, "multipart", "encrypted") || kind == SN_CMS_ENVELOPED;
}

static SnPartNode *node_new(GMimeObject *object, int number, int depth)
{
	SnPartNode *node = g_new0(SnPartNode, 1);
	g_autofree char *type =
		g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
	const char *encoding = g_mime_object_get_header(object, "Content-Transfer-Encoding");

	node->number = number;
	node->depth = depth;
	node->type = word(type);
	if (!node->type)
		node->type = g_strdup("text/plain");
	node->name = name_of(object);
	node->disposition = word(g_mime_object_get_disposition(object));
	node->encoding = word(encoding);
	node->charset = word(g_mime_object_get_content_type_parameter(object, "charset"));
	node->parameters = parameters_of(object);
	mark_secure(node, object);
	return node;
}

/* ---- the walk ---- */

static void walk_message(Tree *tree, GBytes *raw, int depth, int level);

static gboolean is_over(const Tree *tree)
{
	return tree->found || tree->number >= MAX_NODES;
}

/* The next node: listed, or the one that is wanted. Takes bytes (may be NULL). */
static SnPartNode *next_node(Tree *tree, GMimeObject *object, int depth, GBytes *bytes)
{
	SnPartNode *node = NULL;

	tree->number++;
	g_assert(tree->number <= MAX_NODES);
	if (tree->nodes) {
		node = node_new(object, tree->number, depth);
		node->size = bytes ? (gint64)g_bytes_get_size(bytes) : 0;
		g_ptr_array_add(tree->nodes, node);
	} else if (tree->number == tree->wanted && bytes) {
		tree->found = g_bytes_ref(bytes);
	}
	if (bytes)
		g_bytes_unref(bytes);
	return node;
}

static void add_file(Tree *tree, const SnMimeFile *file, int depth, int position)
{
	SnPartNode *node;

	tree->number++;
	if (!tree->nodes) {
		if (tree->number == tree->wanted)
			tree->found = g_bytes_ref(file->bytes);
		return;
	}
	node = g_new0(SnPartNode, 1);
	*node = (SnPartNode){ .number = tree->number, .depth = depth, .position = position,
		              .type = sn_mime_guess_type(file->name, file->bytes),
		              .name = g_strdup(file->name), .parameters = g_new0(char *, 1),
		              .size = (gint64)g_bytes_get_size(file->bytes) };
	g_ptr_array_add(tree->nodes, node);
}

/* Files within one part: of Outlook, and uuencoded ones. */
static void walk_inside(Tree *tree, GMimeObject *object, GBytes *bytes, int depth, int position)
{
	g_autoptr(GPtrArray) files = NULL;
	g_autofree char *rest = NULL, *text = NULL;
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	gboolean repaired;

	if (is_type(object, "application", "ms-tnef") || is_type(object, "application", "vnd.ms-tnef")) {
		files = sn_mime_unpack_tnef(data ? data : "", length, &rest);
	} else if (is_type(object, "text", "plain") && length) {
		text = sn_mime_to_utf8(data, MIN(length, SN_MIME_MAX_TEXT),
		                       g_mime_object_get_content_type_parameter(object, "charset"),
		                       &repaired);
		files = sn_mime_unpack_uu(text, strlen(text), &rest);
	}
	for (guint i = 0; files && i < files->len && !is_over(tree); i++)
		add_file(tree, files->pdata[i], depth,
		         position ? (int)(i + 1) * SN_MAIL_INSIDE + position : 0);
}

static void walk_leaf(Tree *tree, Place *place, const SnMimeLeaf *leaf, int depth)
{
	int position = ++place->leaves <= SN_MIME_MAX_PARTS && !place->level ? place->leaves : 0;
	gboolean message = GMIME_IS_MESSAGE_PART(leaf->object);
	g_autoptr(GBytes) bytes = NULL;
	SnPartNode *node;

	sn_mime_repair_type(leaf->object);
	if (message) {
		bytes = sn_mime_embedded_bytes(place->message, leaf);
	} else if (GMIME_IS_PART(leaf->object)) {
		gsize length;
		char *content = sn_mime_decode(GMIME_PART(leaf->object), &length);
		bytes = g_bytes_new_take(content, length);
	}
	node = next_node(tree, leaf->object, depth, bytes ? g_bytes_ref(bytes) : NULL);
	if (node) {
		node->position = position;
		node->message = message;
	}
	if (message && place->level < MAX_LEVELS)
		walk_message(tree, bytes, depth + 1, place->level + 1);
	else if (bytes && !is_over(tree))
		walk_inside(tree, leaf->object, bytes, depth + 1, position);
}

static GBytes *as_it_stands(GMimeObject *object)
{
	char *text = g_mime_object_to_string(object, NULL);

	return text ? g_bytes_new_take(text, strlen(text)) : NULL;
}

/* Recursion is bounded by SN_MIME_MAX_DEPTH. */
static void walk_object(Tree *tree, Place *place, SnMimeLeaf *leaf, int depth)
{
	if (is_over(tree))
		return;
	if (!GMIME_IS_MULTIPART(leaf->object)) {
		walk_leaf(tree, place, leaf, depth);
		return;
	}
	GMimeMultipart *multipart = GMIME_MULTIPART(leaf->object);
	SnMimeLeaf child = { .parent = multipart, .depth = leaf->depth + 1 };
	gboolean wanted = tree->number + 1 == tree->wanted;
	SnPartNode *node =
		next_node(tree, leaf->object, depth, wanted ? as_it_stands(leaf->object) : NULL);
	if (node)
		node->group = TRUE;
	if (leaf->depth >= SN_MIME_MAX_DEPTH)
		return;
	for (int i = 0; i < g_mime_multipart_get_count(multipart) && !is_over(tree); i++) {
		child.object = g_mime_multipart_get_part(multipart, i);
		child.index = i;
		walk_object(tree, place, &child, depth + 1);
	}
}

static void walk_message(Tree *tree, GBytes *raw, int depth, int level)
{
	g_assert(level <= MAX_LEVELS);
	tree->parsed += g_bytes_get_size(raw);
	if (tree->parsed > MAX_PARSED || is_over(tree))
		return;
	g_autoptr(SnMimeMessage) message = sn_mime_open(raw, NULL);
	Place place = { .message = message, .level = level };
	SnMimeLeaf root = { .object = g_mime_message_get_mime_part(message->message) };
	if (root.object)
		walk_object(tree, &place, &root, depth);
}

/* What is in a group is its size. */
static void sum_up(GPtrArray *nodes)
{
	for (guint i = nodes->len; i-- > 0;) {
		SnPartNode *node = nodes->pdata[i];
		for (guint j = i + 1; node->group && j < nodes->len; j++) {
			const SnPartNode *below = nodes->pdata[j];
			if (below->depth <= node->depth)
				break;
			if (below->depth == node->depth + 1)
				node->size += below->size;
		}
	}
}

GPtrArray *sn_mail_tree(GBytes *raw)
{
	Tree tree = { .nodes = g_ptr_array_new_with_free_func(node_free) };

	walk_message(&tree, raw, 0, 0);
	sum_up(tree.nodes);
	return tree.nodes;
}

GBytes *sn_mail_node_bytes(GBytes *raw, int number)
{
	Tree tree = { .wanted = number };

	if (number < 1)
		return NULL;
	walk_message(&tree, raw, 0, 0);
	return tree.found;
}

/* ---- as text ---- */

static gboolean is_text(const char *type)
{
	g_autofree char *content = NULL;

	if (g_str_has_prefix(type, "text/") || g_str_has_prefix(type, "message/"))
		return TRUE;
	content = g_content_type_from_mime_type(type);
	return content && g_content_type_is_a(content, "text/plain");
}

char *sn_mail_part_text(GBytes *bytes, const char *type, const char *charset)
{
	gboolean message = strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0 ||
	                   g_str_has_prefix(type, "multipart/");
	gboolean repaired;
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	if (message)
		return sn_mime_show(bytes);
	if (!is_text(type) && strcmp(type, "application/ics") != 0)
		return NULL;
	gboolean html = strcmp(type, "text/html") == 0 || strcmp(type, "application/xhtml+xml") == 0;
	g_autofree char *sniffed = html && !charset && length ? sn_mime_html_charset(data, length) : NULL;
	g_autofree char *text = sn_mime_to_utf8(data ? data : "", MIN(length, SN_MIME_MAX_TEXT),
	                                        charset ? charset : sniffed, &repaired);
	char *read = NULL;
	if (html)
		read = sn_html_to_text(text, strlen(text), NULL);
	else if (strcmp(type, "text/calendar") == 0 || strcmp(type, "application/ics") == 0)
		read = sn_mime_read_invitation(text, strlen(text));
	return read ? read : sn_text_clean(text, -1);
}
