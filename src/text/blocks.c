/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/text/text.h"

#include <string.h>

#include "src/text/text_private.h"

enum { MAX_PREFIX = 12, MAX_INDENT = 8, MAX_SIGNATURE = 40 };

typedef struct {
	const char *body;
	SnSpan *lines;
	gsize count;
	gsize end;       /* bytes of the body without the list of links */
	gsize last_mark; /* the last line with what may be a quote mark + 1; 0 without any */
	char prefix[MAX_PREFIX + 1]; /* of quoted lines in this body, when it is none of '>'; "" */
	gboolean has_text;   /* there is new text already: it stands above what it answers */
	gboolean interposed; /* it stands below, or between: nothing is a quote to the end */
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

/* Blanks at the start of a line; lists of HTML are indented with all they hold. */
static gsize indent_of(const Cut *cut, gsize i)
{
	gsize n = 0;

	while (n < line_length(cut, i) && n < MAX_INDENT && line_text(cut, i)[n] == ' ')
		n++;
	return n;
}

static gboolean has_prefix(const Cut *cut, gsize i, const char *prefix)
{
	gsize length = strlen(prefix);

	return length && line_length(cut, i) >= length &&
	       memcmp(line_text(cut, i), prefix, length) == 0;
}

/* The number of '>' a line starts with, blanks between them allowed. */
static int mark_depth(const Cut *cut, gsize i)
{
	const char *text = line_text(cut, i);
	gsize length = line_length(cut, i), n = indent_of(cut, i);
	int depth = 0;

	/* ">From " is how mailboxes escape a line of text. */
	if (length > 6 && memcmp(text, ">From ", 6) == 0)
		return 0;
	if (n > 4)
		return 0;
	while (n < length &&
	       (text[n] == '>' || (text[n] == ' ' && n + 1 < length && text[n + 1] == '>'))) {
		if (text[n] == '>')
			depth++;
		n++;
	}
	if (depth == 0 && has_prefix(cut, i, cut->prefix))
		return 1;
	return depth;
}

/* "BM> ", "| ": may be a mark of somebody's program, thus new text may stand below it. */
static gboolean looks_marked(const Cut *cut, gsize i)
{
	const char *text = line_text(cut, i) + indent_of(cut, i);
	gsize length = line_length(cut, i) - indent_of(cut, i), n = 0;

	while (n < length && n < 4 && g_ascii_isalpha(text[n]))
		n++;
	return n < length && (text[n] == '>' || text[n] == '|');
}

static gboolean all_are(const char *text, gsize length, const char *one)
{
	gsize size = strlen(one);

	for (gsize n = 0; n < length; n += size)
		if (length - n < size || memcmp(text + n, one, size) != 0)
			return FALSE;
	return length > 0;
}

/* "-- " and, where the blank was stripped, "--" with little below it; a long dash with less. */
static gboolean is_signature_start(const Cut *cut, gsize i)
{
	const char *text = line_text(cut, i);
	gsize length = line_length(cut, i);

	if (length == 3 && memcmp(text, "-- ", 3) == 0)
		return TRUE;
	if (all_are(text, length, "\xe2\x80\x94")) {
		for (gsize n = i + 1; n < cut->count; n++)
			if (n - i > 6 || line_length(cut, n) > 60)
				return FALSE;
		return i + 1 < cut->count;
	}
	if (length != 2 || memcmp(text, "--", 2) != 0)
		return FALSE;
	for (gsize n = i + 1; n < cut->count; n++)
		if (n - i > 12 ||
		    (line_length(cut, n) == 2 && memcmp(line_text(cut, n), "--", 2) == 0))
			return FALSE;
	return TRUE;
}

/* What programs of lists put below: a rule, "NAME mailing list", and where to find it. */
static gboolean is_list_footer(const Cut *cut, gsize i)
{
	if (!all_are(line_text(cut, i), line_length(cut, i), "_") || line_length(cut, i) < 2 ||
	    i + 1 >= cut->count || cut->count - i > 8)
		return FALSE;
	return g_strstr_len(line_text(cut, i + 1), (gssize)line_length(cut, i + 1), "mailing list") !=
	       NULL;
}

static void add_block(Cut *cut, SnBlockKind kind, int depth, gsize from, gsize to)
{
	SnBlock *last = cut->blocks->len
				? &g_array_index(cut->blocks, SnBlock, cut->blocks->len - 1)
				: NULL;
	gsize end = to < cut->count ? cut->lines[to].start : cut->end;

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

/* What stands before each of the quoted lines that begin at line i, if it is no '>'; "" if nothing. */
static void learn_prefix(const Cut *cut, gsize i, gboolean strong, char prefix[MAX_PREFIX + 1])
{
	const char *text = line_text(cut, i);
	gsize length = line_length(cut, i), start = indent_of(cut, i), n = start, letters = 0;

	prefix[0] = '\0';
	while (n < length && letters < 4 && g_ascii_isalpha(text[n])) {
		n++;
		letters++;
	}
	if (letters && (n >= length || text[n] != '>'))
		return;
	if (n < length && strchr(">|#:)", text[n])) {
		n++;
	} else {
		while (n < length && n < start + 3 && g_ascii_ispunct(text[n]))
			n++;
		/* "- " and "* " are lists, and so on: a mark of several characters ends in a bracket. */
		if (n < start + 2 || !strchr("])}>|:", text[n - 1]))
			return;
	}
	gsize bytes = MIN(n, MAX_PREFIX);
	memcpy(prefix, text, bytes);
	prefix[bytes] = '\0';
	gboolean again = i + 1 < cut->count && has_prefix(cut, i + 1, prefix);
	gboolean sure = strong && (n - start > 1 || text[start] == '|');
	if (!again && !sure)
		prefix[0] = '\0';
}

/* The end of the lines from i on that have the prefix, with the empty ones between them. */
static gsize prefixed_end(const Cut *cut, gsize i, const char *prefix)
{
	gsize end = i;

	for (gsize n = i; n < cut->count && (has_prefix(cut, n, prefix) || is_blank(cut, n)); n++)
		if (has_prefix(cut, n, prefix))
			end = n + 1;
	return end;
}

/*
 * An attribution at line i and what it introduces; returns the line after both, or i. Lines with
 * marks are the quote, whatever the mark. Without any mark in all the rest, a program that quotes
 * without marks wrote a strong attribution, and the rest is the quote: if there is new text above.
 */
static gsize cut_attribution(Cut *cut, gsize i)
{
	gsize used;
	SnAttribution found = sn_text_attribution(cut->body, cut->lines + i, cut->count - i, &used);
	char prefix[MAX_PREFIX + 1] = "";

	if (found == SN_NO_ATTRIBUTION)
		return i;
	gsize next = skip_blanks(cut, i + used);
	gboolean strong = found == SN_STRONG_ATTRIBUTION;
	gboolean marked = next < cut->count && mark_depth(cut, next) > 0;
	if (!marked && next < cut->count)
		learn_prefix(cut, next, strong, prefix);
	gboolean open_ended = strong && cut->last_mark <= i && cut->has_text && !cut->interposed;
	if (!marked && !*prefix && !open_ended) {
		cut->interposed = cut->interposed || (strong && !cut->has_text);
		return i;
	}
	add_block(cut, SN_BLOCK_ATTRIBUTION, 0, i, next);
	if (*prefix) {
		gsize end = prefixed_end(cut, next, prefix);
		add_block(cut, SN_BLOCK_QUOTE, 1, next, end);
		/* These may stand before lines of text as well. */
		if (!strchr("#:)", prefix[strlen(prefix) - 1]))
			g_strlcpy(cut->prefix, prefix, sizeof cut->prefix);
		return end;
	}
	if (marked || next >= cut->count)
		return next;
	add_block(cut, SN_BLOCK_QUOTE, 1, next, cut->count);
	return cut->count;
}

/* A line of nothing but dashes or underscores, as some put above a header. */
static gboolean is_rule(const Cut *cut, gsize i)
{
	const char *text = line_text(cut, i) + indent_of(cut, i);
	gsize length = line_length(cut, i) - indent_of(cut, i);

	return length >= 20 && (all_are(text, length, "_") || all_are(text, length, "-"));
}

/* Where the quoted message that begins at line i ends; its header was indented so far. */
static gsize forwarded_end(const Cut *cut, gsize i, gsize indent)
{
	for (gsize n = i; n < cut->count; n++) {
		if (sn_text_ends_forwarded(line_text(cut, n), line_length(cut, n)))
			return n + 1;
		if (indent >= 2 && !is_blank(cut, n) && indent_of(cut, n) < indent)
			return n;
	}
	return cut->count;
}

static gsize least_indent(const Cut *cut, gsize from, gsize to)
{
	gsize least = MAX_INDENT;

	for (gsize n = from; n < to; n++)
		if (!is_blank(cut, n))
			least = MIN(least, indent_of(cut, n));
	return least;
}

/*
 * A separator or header block at line i quotes all below it; returns the line after, or i. If marks
 * begin right below, only what has them is quoted. Without text above it is what the message is for.
 */
static gsize cut_separator(Cut *cut, gsize i)
{
	gboolean separator = sn_text_is_separator(line_text(cut, i), line_length(cut, i));
	gsize top = i + (separator || is_rule(cut, i)), header = skip_blanks(cut, top);
	gsize fields = header < cut->count ? sn_text_header_block(cut->body, cut->lines + header,
								  cut->count - header, separator)
					   : 0;

	/* A header alone is one where nothing stands right above it. */
	if (top == i && header == i && i > 0 && !is_blank(cut, i - 1))
		fields = 0;
	if (fields == 0) {
		if (!separator)
			return i;
		header = i + 1;
	}
	gsize next = skip_blanks(cut, header + fields);
	/* A header that is cut off: its rest, then marks. */
	gboolean marked = (next < cut->count && mark_depth(cut, next) > 0) ||
	                  (next + 1 < cut->count && mark_depth(cut, next + 1) > 0);
	if (!cut->has_text || cut->interposed) {
		add_block(cut, SN_BLOCK_TEXT, 0, i, header + fields);
		return header + fields;
	}
	add_block(cut, SN_BLOCK_ATTRIBUTION, 0, i, header + fields);
	if (marked || header + fields >= cut->count)
		return header + fields;
	gsize end = forwarded_end(cut, header + fields,
	                          least_indent(cut, i, header + fields));
	/* Nothing is quoted where the line right below is indented less. */
	if (end > header + fields)
		add_block(cut, SN_BLOCK_QUOTE, 1, header + fields, end);
	return end;
}

/* Returns i where it goes on for so long that it is none. */
static gsize cut_signature(Cut *cut, gsize i)
{
	gsize end = i + 1;

	while (end < cut->count && mark_depth(cut, end) == 0 && !is_signature_start(cut, end)) {
		gsize used;
		if (sn_text_attribution(cut->body, cut->lines + end, cut->count - end, &used) ==
			    SN_STRONG_ATTRIBUTION ||
		    sn_text_is_separator(line_text(cut, end), line_length(cut, end)) ||
		    sn_text_header_block(cut->body, cut->lines + end, cut->count - end, FALSE))
			break;
		end++;
	}
	if (end - i > MAX_SIGNATURE)
		return i;
	add_block(cut, SN_BLOCK_SIGNATURE, 0, i, end);
	return end;
}

static gsize cut_one(Cut *cut, gsize i)
{
	int depth = mark_depth(cut, i);
	gsize next = i;

	if (depth > 0) {
		add_block(cut, SN_BLOCK_QUOTE, depth, i, i + 1);
		return i + 1;
	}
	/* Without anything above it is no signature. */
	if ((cut->has_text || cut->blocks->len > 1) &&
	    (is_signature_start(cut, i) || is_list_footer(cut, i)))
		next = cut_signature(cut, i);
	if (next == i)
		next = cut_attribution(cut, i);
	if (next == i)
		next = cut_separator(cut, i);
	if (next == i) {
		add_block(cut, SN_BLOCK_TEXT, 0, i, i + 1);
		cut->has_text = cut->has_text || !is_blank(cut, i);
		next = i + 1;
	}
	return next;
}

GArray *sn_text_blocks(const char *body)
{
	g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(SnSpan));
	guint links;
	gsize length = sn_text_footnotes(body, &links), at = 0;
	Cut cut = { .body = body, .end = length };
	SnSpan line;

	cut.blocks = g_array_new(FALSE, FALSE, sizeof(SnBlock));
	while (sn_text_next_line(body, length, &at, &line))
		g_array_append_val(lines, line);
	cut.lines = (SnSpan *)(void *)lines->data;
	cut.count = lines->len;
	for (gsize i = cut.count; i > 0 && !cut.last_mark; i--)
		if (looks_marked(&cut, i - 1))
			cut.last_mark = i;
	for (gsize i = 0; i < cut.count;) {
		gsize next = cut_one(&cut, i);
		g_assert(next > i && next <= cut.count);
		i = next;
	}
	if (links) {
		SnBlock block = { SN_BLOCK_LINKS, 0, length, strlen(body) };
		g_array_append_val(cut.blocks, block);
	}
	return cut.blocks;
}
