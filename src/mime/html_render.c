/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/mime/html_private.h"
#include "src/mime/mime_private.h"
#include "src/text/text.h"

#define MAX_LISTS 20
#define MAX_QUOTES 20
#define MAX_LINKS 1000
#define SHORT_CELL 60 /* bytes: longer ones are paragraphs in a layout, not data */

/* What a block leaves free before and after it. */
typedef enum { INLINE, LINE, PARAGRAPH } Gap;
static const struct {
	GumboTag tag;
	Gap gap;
} blocks[] = {
	{ GUMBO_TAG_P, PARAGRAPH },
	{ GUMBO_TAG_DIV, LINE },
	{ GUMBO_TAG_UL, LINE },
	{ GUMBO_TAG_OL, LINE },
	{ GUMBO_TAG_DL, PARAGRAPH },
	{ GUMBO_TAG_LI, LINE },
	{ GUMBO_TAG_DT, LINE },
	{ GUMBO_TAG_DD, LINE },
	{ GUMBO_TAG_H1, PARAGRAPH },
	{ GUMBO_TAG_H2, PARAGRAPH },
	{ GUMBO_TAG_H3, PARAGRAPH },
	{ GUMBO_TAG_H4, PARAGRAPH },
	{ GUMBO_TAG_H5, PARAGRAPH },
	{ GUMBO_TAG_H6, PARAGRAPH },
	{ GUMBO_TAG_BLOCKQUOTE, PARAGRAPH },
	{ GUMBO_TAG_PRE, PARAGRAPH },
	{ GUMBO_TAG_TABLE, PARAGRAPH },
	{ GUMBO_TAG_TR, LINE },
	{ GUMBO_TAG_CAPTION, LINE },
	{ GUMBO_TAG_HR, LINE },
	{ GUMBO_TAG_CENTER, LINE },
	{ GUMBO_TAG_SECTION, LINE },
	{ GUMBO_TAG_ARTICLE, LINE },
	{ GUMBO_TAG_HEADER, LINE },
	{ GUMBO_TAG_FOOTER, LINE },
	{ GUMBO_TAG_ASIDE, LINE },
	{ GUMBO_TAG_NAV, LINE },
	{ GUMBO_TAG_MAIN, LINE },
	{ GUMBO_TAG_ADDRESS, LINE },
	{ GUMBO_TAG_FIGURE, PARAGRAPH },
	{ GUMBO_TAG_FIGCAPTION, LINE },
	{ GUMBO_TAG_FIELDSET, LINE },
	{ GUMBO_TAG_DETAILS, LINE },
	{ GUMBO_TAG_SUMMARY, LINE },
};

typedef struct {
	gboolean ordered;
	int number;
} List;

typedef struct {
	GString *out;
	int breaks;     /* newlines before the next text */
	gboolean space; /* a blank before the next text */
	gboolean cell;  /* a gap between cells before the next text */
	int quotes, indent, pre;
	int last_quotes;  /* of the line that was begun last */
	int extra_quotes; /* open ones beyond MAX_QUOTES */
	List lists[MAX_LISTS];
	int list_depth;
	char marker[16]; /* of the list item that begins */
	GPtrArray *links;
	gsize link_start; /* where the text of the link begins in `out` */
	gsize cell_start;
	int remote_images;
} Render;

static const char *attribute(const GumboNode *node, const char *name)
{
	const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);

	return found ? found->value : NULL;
}

static Gap gap_of(GumboTag tag)
{
	for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++)
		if (blocks[i].tag == tag)
			return blocks[i].gap;
	return INLINE;
}

/* ---- what is hidden ---- */

static gboolean is_zero(const char *value)
{
	gsize digits = strspn(value, "0.");

	return digits > 0 && !g_ascii_isdigit(value[digits]);
}

static gboolean hides(const char *property, const char *value)
{
	if (strcmp(property, "display") == 0)
		return g_str_has_prefix(value, "none");
	if (strcmp(property, "visibility") == 0)
		return g_str_has_prefix(value, "hidden") || g_str_has_prefix(value, "collapse");
	if (strcmp(property, "mso-hide") == 0)
		return g_str_has_prefix(value, "all");
	return (strcmp(property, "font-size") == 0 || strcmp(property, "max-height") == 0 ||
		strcmp(property, "opacity") == 0) &&
	       is_zero(value);
}

static gboolean is_hidden(const GumboNode *node)
{
	const char *style = attribute(node, "style");

	if (attribute(node, "hidden"))
		return TRUE;
	if (!style || !strpbrk(style, ":"))
		return FALSE;
	g_autofree char *lower = g_ascii_strdown(style, (gssize)strnlen(style, 4096));
	g_auto(GStrv) declarations = g_strsplit(lower, ";", 100);
	for (gsize i = 0; declarations[i]; i++) {
		char *colon = strchr(declarations[i], ':');
		if (!colon)
			continue;
		*colon = '\0';
		if (hides(g_strstrip(declarations[i]), g_strstrip(colon + 1)))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_remote(const char *url)
{
	return url && (g_ascii_strncasecmp(url, "http:", 5) == 0 ||
		       g_ascii_strncasecmp(url, "https:", 6) == 0 || g_str_has_prefix(url, "//"));
}

/* ---- text ---- */

static void want_break(Render *render, int count)
{
	render->breaks = MAX(render->breaks, count);
	render->space = render->cell = FALSE;
}

/* Before any text: the newlines, quote marks, indentation and blanks that are due. */
static void begin_text(Render *render)
{
	GString *out = render->out;

	if (render->breaks || out->len == 0) {
		for (int i = 0; i < render->breaks && out->len > 0; i++) {
			g_string_append_c(out, '\n');
			if (i + 1 < render->breaks)
				for (int n = 0; n < MIN(render->quotes, render->last_quotes); n++)
					g_string_append_c(out, '>');
		}
		render->last_quotes = render->quotes;
		for (int n = 0; n < render->quotes; n++)
			g_string_append(out, n + 1 < render->quotes ? ">" : "> ");
		int marker = (int)strlen(render->marker);
		for (int n = marker ? sn_text_width(render->marker) : 0; n < render->indent; n++)
			g_string_append_c(out, ' ');
		g_string_append(out, render->marker);
		render->marker[0] = '\0';
	} else if (render->cell) {
		g_string_append(out, "  ");
	} else if (render->space) {
		g_string_append_c(out, ' ');
	}
	render->breaks = 0;
	render->space = render->cell = FALSE;
}

static void put_word(Render *render, const char *text, gsize length)
{
	if (length == 0 || render->out->len > SN_MIME_MAX_TEXT)
		return;
	begin_text(render);
	g_string_append_len(render->out, text, (gssize)length);
}

static void put_pre(Render *render, const char *text)
{
	while (*text) {
		gsize length = strcspn(text, "\n");
		put_word(render, text, length);
		text += length;
		if (*text == '\n') {
			render->breaks++;
			text++;
		}
	}
}

static void put_text(Render *render, const char *text)
{
	if (render->pre) {
		put_pre(render, text);
		return;
	}
	while (*text) {
		gsize blanks = strspn(text, " \t\n\r\f");
		if (blanks && !render->breaks && render->out->len > 0)
			render->space = TRUE;
		text += blanks;
		gsize word = strcspn(text, " \t\n\r\f");
		put_word(render, text, word);
		text += word;
	}
}

/* ---- elements ---- */

static void open_list_item(Render *render)
{
	List *list = render->list_depth > 0 && render->list_depth <= MAX_LISTS
			     ? &render->lists[render->list_depth - 1]
			     : NULL;

	if (list && list->ordered)
		g_snprintf(render->marker, sizeof render->marker, "%d. ", ++list->number);
	else
		g_snprintf(render->marker, sizeof render->marker, "\xe2\x80\xa2 ");
}

static void open_list(Render *render, const GumboNode *node)
{
	const char *start = attribute(node, "start");

	if (render->list_depth == 0)
		want_break(render, 2);
	if (render->list_depth < MAX_LISTS) {
		List list = { node->v.element.tag == GUMBO_TAG_OL, 0 };
		if (start)
			list.number = (int)CLAMP(g_ascii_strtoll(start, NULL, 10), 0, 100000) - 1;
		render->lists[render->list_depth] = list;
		render->indent += 3;
	}
	render->list_depth++;
}

static void close_list(Render *render)
{
	g_assert(render->list_depth > 0);
	if (--render->list_depth < MAX_LISTS)
		render->indent -= 3;
	if (render->list_depth == 0)
		want_break(render, 2);
}

static void put_image(Render *render, const GumboNode *node)
{
	const char *alt = attribute(node, "alt");

	if (is_remote(attribute(node, "src")))
		render->remote_images++;
	if (!alt || !*alt)
		return;
	g_autofree char *clean = sn_text_clean_line(alt, -1);
	put_text(render, clean);
}

static void put_rule(Render *render)
{
	want_break(render, 1);
	put_word(render, "----------------------------------------", 40);
	want_break(render, 1);
}

static void open_cell(Render *render)
{
	gboolean first = render->breaks > 0 || render->out->len == 0;

	render->space = FALSE;
	render->cell = !first;
	render->cell_start = render->out->len;
}

/* Word and others put a paragraph into every cell: a short one stays on the row's line. */
static void close_cell(Render *render)
{
	const char *text = render->out->str + MIN(render->cell_start, render->out->len);

	while (*text == '\n')
		text++;
	if (*text && strlen(text) < SHORT_CELL && !strchr(text, '\n')) {
		render->breaks = 0;
		render->cell = TRUE;
	}
}

/* Nothing to add when the text of a link is its address. */
static gboolean says_the_same(const char *text, const char *url)
{
	const char *bare = strstr(url, "://");
	gsize length;

	if (g_ascii_strncasecmp(url, "mailto:", 7) == 0)
		bare = url + 7;
	else if (g_ascii_strncasecmp(url, "tel:", 4) == 0)
		return TRUE;
	else
		bare = bare ? bare + 3 : url;
	while (*text == ' ' || *text == '\n')
		text++;
	if (strcmp(text, url) == 0)
		return TRUE;
	length = strlen(bare);
	if (length > 0 && bare[length - 1] == '/')
		length--;
	return strncmp(text, bare, length) == 0 &&
	       (text[length] == '\0' || strcmp(text + length, "/") == 0);
}

static guint link_number(Render *render, const char *url)
{
	for (guint i = 0; i < render->links->len; i++)
		if (strcmp(render->links->pdata[i], url) == 0)
			return i + 1;
	if (render->links->len >= MAX_LINKS)
		return 0;
	g_ptr_array_add(render->links, g_strdup(url));
	return render->links->len;
}

static void close_link(Render *render, const GumboNode *node)
{
	static const char *const schemes[] = { "http:", "https:", "mailto:", "ftp:",   "xmpp:",
					       "ftps:", "sip:",   "geo:",    "magnet:" };
	const char *href = attribute(node, "href");
	gboolean known = FALSE;

	if (!href || render->link_start >= render->out->len)
		return;
	g_autofree char *url = sn_text_clean_line(href, (gssize)strnlen(href, 8192));
	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
		known = known || g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])) == 0;
	if (!known || says_the_same(render->out->str + render->link_start, url))
		return;
	g_strdelimit(url, " ", '+');
	guint number = link_number(render, url);
	if (number == 0)
		return;
	g_autofree char *note = g_strdup_printf("[%u]", number);
	gboolean space = render->space;
	int breaks = render->breaks;
	render->breaks = 0;
	render->space = TRUE;
	put_word(render, note, strlen(note));
	render->space = space;
	render->breaks = breaks;
}

/* FALSE: nothing below this element is shown. */
static gboolean open_element(Render *render, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;

	if (tag == GUMBO_TAG_HEAD || tag == GUMBO_TAG_INPUT || is_hidden(node)) {
		if (tag == GUMBO_TAG_IMG && is_remote(attribute(node, "src")))
			render->remote_images++;
		return FALSE;
	}
	if (is_remote(attribute(node, "background")))
		render->remote_images++;
	Gap gap = gap_of(tag);
	/* A block at the start of a table's cell stays on the line of the row. */
	if (gap != INLINE && !render->cell)
		want_break(render, gap == PARAGRAPH ? 2 : 1);
	switch (tag) {
	case GUMBO_TAG_BR:
		render->breaks++;
		render->space = FALSE;
		break;
	case GUMBO_TAG_HR: put_rule(render); break;
	case GUMBO_TAG_IMG: put_image(render, node); break;
	case GUMBO_TAG_A: render->link_start = render->out->len; break;
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL: open_list(render, node); break;
	case GUMBO_TAG_LI: open_list_item(render); break;
	case GUMBO_TAG_DD: render->indent += 2; break;
	case GUMBO_TAG_TD:
	case GUMBO_TAG_TH: open_cell(render); break;
	case GUMBO_TAG_PRE: render->pre++; break;
	case GUMBO_TAG_BLOCKQUOTE:
		if (render->quotes < MAX_QUOTES)
			render->quotes++;
		else
			render->extra_quotes++;
		break;
	default: break;
	}
	return TRUE;
}

static void close_element(Render *render, const GumboNode *node)
{
	switch (node->v.element.tag) {
	case GUMBO_TAG_A: close_link(render, node); break;
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL: close_list(render); break;
	case GUMBO_TAG_LI: render->marker[0] = '\0'; break;
	case GUMBO_TAG_DD: render->indent -= 2; break;
	case GUMBO_TAG_PRE: render->pre--; break;
	case GUMBO_TAG_BLOCKQUOTE:
		if (render->extra_quotes > 0)
			render->extra_quotes--;
		else
			render->quotes--;
		break;
	default: break;
	}
	Gap gap = gap_of(node->v.element.tag);
	if (gap != INLINE)
		want_break(render, gap == PARAGRAPH ? 2 : 1);
	if (node->v.element.tag == GUMBO_TAG_TD || node->v.element.tag == GUMBO_TAG_TH)
		close_cell(render);
}

/* The node after this one in document order, closing what ends in between; NULL at the end. */
static const GumboNode *next_node(Render *render, const GumboNode *root, const GumboNode *node,
				  gboolean enter)
{
	if (enter && node->type == GUMBO_NODE_ELEMENT) {
		if (node->v.element.children.length > 0)
			return node->v.element.children.data[0];
		close_element(render, node);
	}
	while (node != root) {
		const GumboNode *parent = node->parent;
		const GumboVector *siblings = &parent->v.element.children;
		if (node->index_within_parent + 1 < siblings->length)
			return siblings->data[node->index_within_parent + 1];
		close_element(render, parent);
		node = parent;
	}
	return NULL;
}

/* Newsletters are full of lines with nothing but blanks; one empty line says as much. */
static char *tidy(const char *text)
{
	GString *out = g_string_new(NULL);
	gboolean blank = FALSE;

	while (*text) {
		gsize length = strcspn(text, "\n"), visible = 0;
		gboolean empty = TRUE;
		for (gsize i = 0; i < length;) {
			gsize bytes = (gsize)(g_utf8_next_char(text + i) - (text + i));
			gunichar c = g_utf8_get_char(text + i);
			if (!g_unichar_isspace(c) && !g_unichar_iszerowidth(c) && c != 0x034f &&
			    c != 0x2007) {
				visible = i + bytes;
				empty = empty && c == '>';
			}
			i += bytes;
		}
		if (!empty || (!blank && out->len > 0)) {
			g_string_append_len(out, text, (gssize)visible);
			g_string_append_c(out, '\n');
		}
		blank = empty;
		text += length + (text[length] == '\n');
	}
	return g_string_free(out, FALSE);
}

static void put_footnotes(Render *render)
{
	for (guint i = 0; i < render->links->len; i++)
		g_string_append_printf(render->out, "%s[%u] %s", i ? "\n" : "\n\n", i + 1,
				       (const char *)render->links->pdata[i]);
}

char *sn_html_render(const GumboNode *root, int *remote_images)
{
	Render render = { .out = g_string_new(NULL),
			  .links = g_ptr_array_new_with_free_func(g_free) };

	for (const GumboNode *node = root; node;) {
		gboolean enter = TRUE;
		if (node->type == GUMBO_NODE_ELEMENT) {
			enter = open_element(&render, node);
		} else if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
			   node->type == GUMBO_NODE_CDATA) {
			put_text(&render, node->v.text.text);
		}
		node = next_node(&render, root, node, enter);
	}
	g_assert(render.list_depth == 0 && render.quotes == 0 && render.pre == 0);
	put_footnotes(&render);
	*remote_images = render.remote_images;
	/* Character references may have brought in what is no character. */
	g_autofree char *clean = sn_text_clean(render.out->str, (gssize)render.out->len);
	char *text = tidy(clean);
	g_string_free(render.out, TRUE);
	g_ptr_array_unref(render.links);
	return text;
}
