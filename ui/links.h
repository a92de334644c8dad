/* SPDX-License-Identifier: GPL-3.0-or-later */
/* links.h - web addresses in text, and OSC 8 sequences that make them clickable. Pure. */
#ifndef SN_UI_LINKS_H
#define SN_UI_LINKS_H

#include "ui/grid.h"

/*
 * The next address at or after `from`: http, https, mailto and xmpp only; closing brackets and
 * punctuation at its end belong to the sentence. What is longer than any address is none, nor is what
 * stands in it. FALSE when there is none.
 */
gboolean sn_link_find(const char *text, gsize from, gsize *start, gsize *end);

/* The addresses of a text in their order, looked for once, however many pieces of it are asked about. */
typedef struct {
	const char *text;
	gsize start, end; /* of the one found last; 0 at first */
	gboolean over;
} SnLinkWalk;
/* Moves on to the first that ends behind `from`, which never becomes less. FALSE: there is none. */
gboolean sn_link_walk(SnLinkWalk *walk, gsize from);

/*
 * What a terminal needs to show the grid's links: each run drawn again over itself, between OSC 8
 * sequences, with cursor and attributes kept. Only rows that differ from `before` (NULL: all).
 * colour: how a colour is said to this terminal ("38;5;110" for the foreground); NULL: none.
 * "" when there is nothing to say. Caller frees.
 */
typedef void (*SnLinkColour)(guint32 colour, gboolean background, GString *out, gpointer data);
char *sn_links_sequences(const SnGrid *grid, const SnGrid *before, SnLinkColour colour, gpointer data);

/*
 * What a reader should know of an address before it is opened: it leads to another host than it seems to,
 * or than the text that it stands behind (NULL: none) names. NULL: nothing; caller frees.
 */
char *sn_link_warning(const char *url, const char *text);
/* The word of a text that the footnote with this number stands behind; caller frees; NULL. */
char *sn_link_text(const char *body, guint number);

struct sn_app;
/* view_links.c: the links of a text: those numbered below it, by their numbers, then the others that
 * stand in it, each once. Of char *. */
GPtrArray *sn_links_of(const char *body);
/* With the browser; mailto: and xmpp: begin a message. Errors are said. */
void sn_links_open(struct sn_app *app, const char *url);

#endif
