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
	GHashTable *hidden; /* names that the style sheets hide */
	GArray *fonts;      /* of Font: the elements that say one, innermost last */
	gboolean link_image;
	gsize link_start; /* where the text of the link begins in `out` */
	gsize cell_start;
	SnHtmlImages images;
} Render;

typedef struct {
	const GumboNode *node;
	SnHtmlFont font;
} Font;

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

/* ---- what is not shown ---- */

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
		g_string_append_c(out, SN_HTML_CELL_GAP);
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

static gboolean is_tiny(const Render *render)
{
	return render->fonts->len &&
	       g_array_index(render->fonts, Font, render->fonts->len - 1).font == SN_HTML_FONT_TINY;
}

static void put_text(Render *render, const char *text)
{
	if (is_tiny(render))
		return;
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

static void count_image(Render *render, const GumboNode *node, gboolean unseen)
{
	if (!is_remote(attribute(node, "src")))
		return;
	render->images.remote++;
	render->images.trackers += unseen;
}

static void put_image(Render *render, const GumboNode *node)
{
	const char *alt = attribute(node, "alt");
	gboolean tiny = sn_html_is_tiny_image(node);

	count_image(render, node, tiny);
	if (!alt || !*alt) {
		render->link_image = render->link_image || !tiny;
		return;
	}
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

/* The address of a link that leads somewhere else than its text says; NULL. Caller frees. */
static char *link_target(const GumboNode *node)
{
	static const char *const schemes[] = { "http:", "https:", "mailto:", "ftp:",   "xmpp:",
					       "ftps:", "sip:",   "geo:",    "magnet:" };
	const char *href = attribute(node, "href");

	if (!href)
		return NULL;
	char *url = sn_text_clean_line(href, (gssize)strnlen(href, 8192));
	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			return g_strdelimit(url, " ", '+');
	g_free(url);
	return NULL;
}

static void close_link(Render *render, const GumboNode *node)
{
	g_autofree char *url = link_target(node);
	guint before = render->links->len;

	if (!url)
		return;
	gboolean empty = render->link_start >= render->out->len;
	if (empty && !render->link_image)
		return;
	if (!empty && says_the_same(render->out->str + render->link_start, url))
		return;
	guint number = link_number(render, url);
	if (number == 0)
		return;
	/* A picture without words: once for each place it leads to. */
	if (empty && render->links->len == before)
		return;
	if (empty)
		put_word(render, "(picture)", 9);
	g_autofree char *note = g_strdup_printf("[%u]", number);
	gboolean space = render->space;
	int breaks = render->breaks;
	render->breaks = 0;
	render->space = TRUE;
	put_word(render, note, strlen(note));
	render->space = space;
	render->breaks = breaks;
}

/* Layouts take the space between pictures away with letters of no size, and give text its own. */
static void push_font(Render *render, const GumboNode *node)
{
	Font font = { node, sn_html_font(node) };

	if (font.font != SN_HTML_FONT_AS_BEFORE)
		g_array_append_val(render->fonts, font);
}

static void pop_font(Render *render, const GumboNode *node)
{
	guint count = render->fonts->len;

	if (count && g_array_index(render->fonts, Font, count - 1).node == node)
		g_array_set_size(render->fonts, count - 1);
}

/* FALSE: nothing below this element is shown. */
static gboolean open_element(Render *render, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;

	if (tag == GUMBO_TAG_HEAD || tag == GUMBO_TAG_INPUT ||
	    sn_html_is_hidden(node, render->hidden)) {
		if (tag == GUMBO_TAG_IMG)
			count_image(render, node, TRUE);
		return FALSE;
	}
	if (is_remote(attribute(node, "background")))
		render->images.remote++;
	push_font(render, node);
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
	case GUMBO_TAG_A:
		render->link_start = render->out->len;
		render->link_image = FALSE;
		break;
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
	pop_font(render, node);
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

char *sn_html_render(const GumboNode *root, GHashTable *hidden, SnHtmlImages *images)
{
	Render render = { .out = g_string_new(NULL),
			  .links = g_ptr_array_new_with_free_func(g_free),
			  .fonts = g_array_new(FALSE, FALSE, sizeof(Font)),
			  .hidden = hidden };

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
	*images = render.images;
	g_autofree char *aligned = sn_html_align(render.out->str);
	/* Character references may have brought in what is no character. */
	g_autofree char *clean = sn_text_clean(aligned, -1);
	char *text = tidy(clean);
	g_string_free(render.out, TRUE);
	g_ptr_array_unref(render.links);
	g_array_unref(render.fonts);
	return text;
}
