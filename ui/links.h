/* SPDX-License-Identifier: GPL-3.0-or-later */
/* links.h - web addresses in text, and OSC 8 sequences that make them clickable. Pure. */
#ifndef SN_UI_LINKS_H
#define SN_UI_LINKS_H

#include "ui/grid.h"

/*
 * The next address at or after `from`: http, https, mailto and xmpp only; closing brackets and
 * punctuation at its end belong to the sentence. FALSE when there is none.
 */
gboolean sn_link_find(const char *text, gsize from, gsize *start, gsize *end);

/*
 * What a terminal needs to show the grid's links: each run drawn again over itself, between OSC 8
 * sequences, with cursor and attributes kept. Only rows that differ from `before` (NULL: all).
 * colour: how a colour is said to this terminal ("38;5;110" for the foreground); NULL: none.
 * "" when there is nothing to say. Caller frees.
 */
typedef void (*SnLinkColour)(guint32 colour, gboolean background, GString *out, gpointer data);
char *sn_links_sequences(const SnGrid *grid, const SnGrid *before, SnLinkColour colour, gpointer data);

#endif
