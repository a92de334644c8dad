/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTML alternative of a text in markdown (CommonMark). The text itself goes as it was typed; the
 * alternative has no raw HTML, no addresses of images from elsewhere that a reader would fetch, and
 * only links that are safe to follow: cmark's safe mode leaves the rest out.
 */
#include <cmark.h>
#include <stdlib.h>
#include <string.h>

#include "src/mime/compose_private.h"

/* A line typed is a line shown; what is no UTF-8 is made so. */
#define OPTIONS (CMARK_OPT_HARDBREAKS | CMARK_OPT_VALIDATE_UTF8)

/* Where the signature begins: "-- " below text would read as a heading. NULL. */
static const char *signature_of(const char *text)
{
	const char *found = NULL;

	for (const char *at = text; (at = strstr(at, "-- \n")); at += 4)
		if (at == text || at[-1] == '\n')
			found = at;
	return found;
}

/* Images become links: nothing in an email of ours makes its reader fetch something. */
static void tame_images(cmark_node *document)
{
	cmark_iter *iter = cmark_iter_new(document);
	cmark_event_type event;

	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(iter);
		if (event != CMARK_EVENT_EXIT || cmark_node_get_type(node) != CMARK_NODE_IMAGE)
			continue;
		cmark_node *link = cmark_node_new(CMARK_NODE_LINK), *child;
		cmark_node_set_url(link, cmark_node_get_url(node));
		while ((child = cmark_node_first_child(node)))
			cmark_node_append_child(link, child);
		/* the iterator stands behind this one already */
		if (cmark_node_replace(node, link))
			cmark_node_free(node);
		else
			cmark_node_free(link);
	}
	cmark_iter_free(iter);
}

static char *markdown_to_html(const char *text, gsize length)
{
	cmark_node *document = cmark_parse_document(text, length, OPTIONS);
	char *made, *html;

	tame_images(document);
	made = cmark_render_html(document, OPTIONS);
	html = g_strdup(made);
	free(made);
	cmark_node_free(document);
	return html;
}

/* Text with its lines and blanks as they are. */
static void append_plain(GString *out, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);

	g_string_append_printf(out, "<pre style=\"white-space: pre-wrap\">%s</pre>\n", escaped);
}

char *sn_mime_markdown_html(const char *text, const char *transcript)
{
	const char *signature = signature_of(text);
	gsize length = signature ? (gsize)(signature - text) : strlen(text);
	g_autofree char *html = markdown_to_html(text, length);
	GString *out = g_string_new("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n");

	g_string_append(out, html);
	if (signature)
		append_plain(out, signature);
	if (transcript && *transcript) {
		g_string_append(out, "<hr>\n");
		append_plain(out, transcript);
	}
	g_string_append(out, "</body></html>\n");
	return g_string_free(out, FALSE);
}
