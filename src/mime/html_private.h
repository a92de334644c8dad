/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html_private.h - between the three steps from HTML to text: tame, parse, render. */
#ifndef SN_MIME_HTML_PRIVATE_H
#define SN_MIME_HTML_PRIVATE_H

#include <glib.h>
#include <gumbo.h>

/*
 * HTML that the parser can take without harm: no comments, scripts and styles, no elements nested
 * deeper than a few hundred, every '<' in it the start of a tag. Text and attributes are kept.
 */
GString *sn_html_tame(const char *html, gsize length);

/* Text of a parsed document. Walks without recursion. */
char *sn_html_render(const GumboNode *root, int *remote_images);

/* The text between the tags of tamed HTML, for what the parser could not be given. */
char *sn_html_strip(const char *tamed, gsize length);

#endif
