/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html_private.h - between the three steps from HTML to text: tame, parse, render. */
#ifndef SN_MIME_HTML_PRIVATE_H
#define SN_MIME_HTML_PRIVATE_H

#include <glib.h>
#include <gumbo.h>

#include "src/mime/mail.h"

/*
 * HTML that the parser can take without harm: no comments, scripts and styles, no elements nested
 * deeper than a few hundred, every '<' in it the start of a tag. Text and attributes are kept.
 */
GString *sn_html_tame(const char *html, gsize length);

/* Classes (".name") and ids ("#name") that the style sheets of a document hide; a set. */
GHashTable *sn_html_hidden_names(const char *html, gsize length);
/* Nothing below this element is to be seen. names: as above. */
gboolean sn_html_is_hidden(const GumboNode *node, GHashTable *names);
/* The size of the letters in an element, until one within says otherwise. */
typedef enum { SN_HTML_FONT_AS_BEFORE, SN_HTML_FONT_TINY, SN_HTML_FONT_READABLE } SnHtmlFont;
SnHtmlFont sn_html_font(const GumboNode *node);
/* A picture that nobody sees: a tracker, or a spacer. */
gboolean sn_html_is_tiny_image(const GumboNode *node);

/* Cells of a row that stand side by side have this between them, until they are lined up. */
#define SN_HTML_CELL_GAP '\x01'
/* Lines up the rows that follow each other, where they fit a screen. */
char *sn_html_align(const char *text);

/* Text of a parsed document. Walks without recursion. */
char *sn_html_render(const GumboNode *root, GHashTable *hidden, SnHtmlImages *images);

/* The text between the tags of tamed HTML, for what the parser could not be given. */
char *sn_html_strip(const char *tamed, gsize length);

#endif
