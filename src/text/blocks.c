/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/text.h"

#include <string.h>

#include "src/text/text_private.h"

typedef struct {
	const char *body;
	SnSpan *lines;
	gsize count;
	gsize last_mark; /* the last line with a quote mark + 1; 0 without any */
	GArray *blocks;
} Cut;

static gsize line_length(const Cut *cut, gsize i)
{
	return cut->lines[i].end - cut->lines[i].start;
}

static const char *line_text(const Cut *cut, gsize i)
{
	return cut->body + cut->lines[i].start;
}

static gboolean is_blank(const Cut *cut, gsize i)
{
	const char *text = line_text(cut, i);

	for (gsize n = 0; n < line_length(cut, i); n++)
		if (text[n] != ' ' && text[n] != '\t')
			return FALSE;
	return TRUE;
}

/* The number of '>' a line starts with, blanks between them allowed. */
static int mark_depth(const Cut *cut, gsize i)
{
	const char *text = line_text(cut, i);
	gsize length = line_length(cut, i), n = 0;
	int depth = 0;

	/* ">From " is how mailboxes escape a line of text. */
	if (length > 6 && memcmp(text, ">From ", 6) == 0)
		return 0;
	while (n < length &&
	       (text[n] == '>' || (text[n] == ' ' && n + 1 < length && text[n + 1] == '>'))) {
		if (text[n] == '>')
			depth++;
		n++;
	}
	return depth;
}

/* "-- " and, where the blank was stripped, "--" with little below it. */
static gboolean is_signature_start(const Cut *cut, gsize i)
{
	const char *text = line_text(cut, i);
	gsize length = line_length(cut, i);

	if (length == 3 && memcmp(text, "-- ", 3) == 0)
		return TRUE;
	if (length != 2 || memcmp(text, "--", 2) != 0)
		return FALSE;
	for (gsize n = i + 1; n < cut->count; n++)
		if (n - i > 12 ||
		    (line_length(cut, n) == 2 && memcmp(line_text(cut, n), "--", 2) == 0))
			return FALSE;
	return TRUE;
}

static void add_block(Cut *cut, SnBlockKind kind, int depth, gsize from, gsize to)
{
	SnBlock *last = cut->blocks->len
				? &g_array_index(cut->blocks, SnBlock, cut->blocks->len - 1)
				: NULL;
	gsize end = to < cut->count ? cut->lines[to].start : strlen(cut->body);

	g_assert(to > from);
	if (last && last->kind == kind && (kind != SN_BLOCK_QUOTE || last->depth == depth)) {
		last->end = end;
		return;
	}
	SnBlock block = { kind, depth, cut->lines[from].start, end };
	g_array_append_val(cut->blocks, block);
}

static gsize skip_blanks(const Cut *cut, gsize i)
{
	while (i < cut->count && is_blank(cut, i))
		i++;
	return i;
}

/*
 * An attribution at line i and what it introduces; returns the line after both, or i. Lines with
 * marks are the quote. Without any mark in all the rest, a program that quotes without marks wrote
 * a strong attribution, and the rest is the quote.
 */
static gsize cut_attribution(Cut *cut, gsize i)
{
	gsize used;
	SnAttribution found = sn_text_attribution(cut->body, cut->lines + i, cut->count - i, &used);

	if (found == SN_NO_ATTRIBUTION)
		return i;
	gsize next = skip_blanks(cut, i + used);
	gboolean marked = next < cut->count && mark_depth(cut, next) > 0;
	gboolean open_ended = found == SN_STRONG_ATTRIBUTION && cut->last_mark <= i;
	if (!marked && !open_ended)
		return i;
	add_block(cut, SN_BLOCK_ATTRIBUTION, 0, i, next);
	if (marked || next >= cut->count)
		return next;
	add_block(cut, SN_BLOCK_QUOTE, 1, next, cut->count);
	return cut->count;
}

/* A separator or header block at line i quotes all below it; returns the line after, or i. */
static gsize cut_separator(Cut *cut, gsize i)
{
	gsize top = i;

	if (sn_text_is_separator(line_text(cut, i), line_length(cut, i)))
		top = i + 1;
	else if (line_length(cut, i) >= 20 && strspn(line_text(cut, i), "_") >= line_length(cut, i))
		top = i + 1; /* Outlook's rule, only with a header block below it */
	gsize header = skip_blanks(cut, top);
	gsize fields = header < cut->count ? sn_text_header_block(cut->body, cut->lines + header,
								  cut->count - header)
					   : 0;
	if (fields == 0) {
		if (top == i || line_text(cut, i)[0] == '_')
			return i;
		header = i + 1;
	}
	add_block(cut, SN_BLOCK_ATTRIBUTION, 0, i, header + fields);
	if (header + fields < cut->count)
		add_block(cut, SN_BLOCK_QUOTE, 1, header + fields, cut->count);
	return cut->count;
}

static gsize cut_signature(Cut *cut, gsize i)
{
	gsize end = i + 1;

	while (end < cut->count && mark_depth(cut, end) == 0 && !is_signature_start(cut, end)) {
		gsize used;
		if (sn_text_attribution(cut->body, cut->lines + end, cut->count - end, &used) ==
			    SN_STRONG_ATTRIBUTION ||
		    sn_text_is_separator(line_text(cut, end), line_length(cut, end)) ||
		    sn_text_header_block(cut->body, cut->lines + end, cut->count - end))
			break;
		end++;
	}
	add_block(cut, SN_BLOCK_SIGNATURE, 0, i, end);
	return end;
}

static gsize cut_one(Cut *cut, gsize i)
{
	int depth = mark_depth(cut, i);

	if (depth > 0) {
		add_block(cut, SN_BLOCK_QUOTE, depth, i, i + 1);
		return i + 1;
	}
	if (is_signature_start(cut, i))
		return cut_signature(cut, i);
	gsize next = cut_attribution(cut, i);
	if (next == i)
		next = cut_separator(cut, i);
	if (next == i) {
		add_block(cut, SN_BLOCK_TEXT, 0, i, i + 1);
		next = i + 1;
	}
	return next;
}

GArray *sn_text_blocks(const char *body)
{
	g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(SnSpan));
	gsize length = strlen(body), at = 0;
	Cut cut = { .body = body };
	SnSpan line;

	cut.blocks = g_array_new(FALSE, FALSE, sizeof(SnBlock));
	while (sn_text_next_line(body, length, &at, &line))
		g_array_append_val(lines, line);
	cut.lines = (SnSpan *)(void *)lines->data;
	cut.count = lines->len;
	for (gsize i = cut.count; i > 0 && !cut.last_mark; i--)
		if (mark_depth(&cut, i - 1) > 0)
			cut.last_mark = i;
	for (gsize i = 0; i < cut.count;) {
		gsize next = cut_one(&cut, i);
		g_assert(next > i && next <= cut.count);
		i = next;
	}
	return cut.blocks;
}
