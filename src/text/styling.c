/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks first (XEP-0393 section 5), line by line: a quote is its lines without their first '>', and
 * holds blocks itself. Then the spans of each line (section 6), which are matched lazily from the
 * left. A span holds no span of its own kind, so they nest four deep at most; and where one kind of
 * mark finds no end, no later one does: that keeps the time in proportion to the length.
 */
#include "src/text/styling.h"

#include <string.h>

#include "src/text/text.h"

#define FENCE "```"

static const struct {
	char mark;
	guint style;
} kinds[] = {
	{ '*', SN_STYLED_STRONG },
	{ '_', SN_STYLED_EMPHASIS },
	{ '~', SN_STYLED_STRUCK },
	{ '`', SN_STYLED_CODE },
};

typedef struct {
	const char *text;
	GArray *runs;
} Parse;

static void add_run(Parse *parse, gsize start, gsize end, guint styles)
{
	SnStyledRun *last = parse->runs->len
	                            ? &g_array_index(parse->runs, SnStyledRun, parse->runs->len - 1)
	                            : NULL;
	SnStyledRun run = { start, end, styles };

	g_assert(!last || start >= last->end);
	if (!styles || start == end)
		return;
	if (last && last->end == start && last->styles == styles)
		last->end = end;
	else if (parse->runs->len < SN_STYLED_RUNS)
		g_array_append_val(parse->runs, run);
}

/* ---- spans ---- */

static gboolean blank_before(const char *text, gsize from, gsize at)
{
	const char *before = g_utf8_find_prev_char(text + from, text + at);

	return before && g_unichar_isspace(g_utf8_get_char(before));
}

static gboolean may_begin(const char *text, gsize from, gsize at, gsize to)
{
	return (at == from || blank_before(text, from, at)) && at + 1 < to &&
	       !g_unichar_isspace(g_utf8_get_char(text + at + 1));
}

/* The mark that ends the span; 0: none does. Between them is something besides such marks. */
static gsize find_end(const char *text, gsize at, gsize to)
{
	gboolean something = FALSE;

	for (gsize end = at + 1; end < to; end++) {
		if (text[end] != text[at])
			something = TRUE;
		else if (something && !blank_before(text, at, end))
			return end;
	}
	return 0;
}

static int kind_of(char c)
{
	for (int kind = 0; kind < (int)G_N_ELEMENTS(kinds); kind++)
		if (kinds[kind].mark == c)
			return kind;
	return -1;
}

static void parse_spans(Parse *parse, gsize from, gsize to, guint styles)
{
	gboolean endless[G_N_ELEMENTS(kinds)] = { FALSE };
	const char *text = parse->text;
	gsize plain = from;

	g_assert(from <= to && !(styles & SN_STYLED_CODE));
	for (gsize at = from; at < to;) {
		int kind = kind_of(text[at]);
		gsize end = 0;
		if (kind >= 0 && !endless[kind] && !(styles & kinds[kind].style) &&
		    may_begin(text, from, at, to)) {
			end = find_end(text, at, to);
			endless[kind] = end == 0;
		}
		if (!end) {
			at++;
			continue;
		}
		guint inner = styles | kinds[kind].style;
		add_run(parse, plain, at, styles);
		add_run(parse, at, at + 1, inner | SN_STYLED_MARK);
		if (inner & SN_STYLED_CODE)
			add_run(parse, at + 1, end, inner);
		else
			parse_spans(parse, at + 1, end, inner);
		add_run(parse, end, end + 1, inner | SN_STYLED_MARK);
		plain = at = end + 1;
	}
	add_run(parse, plain, to, styles);
}

/* ---- blocks ---- */

static gboolean begins(const Parse *parse, const SnSpan *line, const char *what)
{
	gsize length = strlen(what);

	return line->end - line->start >= length &&
	       memcmp(parse->text + line->start, what, length) == 0;
}

/* Returns the line after the block. */
static gsize parse_code(Parse *parse, const SnSpan *lines, gsize at, gsize count)
{
	guint mark = SN_STYLED_CODE | SN_STYLED_MARK;

	add_run(parse, lines[at].start, lines[at].end, mark);
	for (at++; at < count; at++) {
		if (begins(parse, &lines[at], FENCE) && lines[at].end - lines[at].start == strlen(FENCE)) {
			add_run(parse, lines[at].start, lines[at].end, mark);
			return at + 1;
		}
		add_run(parse, lines[at].start, lines[at].end, SN_STYLED_CODE);
	}
	return at;
}

static void parse_blocks(Parse *parse, SnSpan *lines, gsize count, int depth)
{
	for (gsize at = 0; at < count;) {
		gsize end = at;
		if (begins(parse, &lines[at], FENCE)) {
			at = parse_code(parse, lines, at, count);
			continue;
		}
		for (; end < count && begins(parse, &lines[end], ">"); end++) {
			lines[end].start++; /* nobody looks at it again with the mark */
			if (begins(parse, &lines[end], " ") || begins(parse, &lines[end], "\t"))
				lines[end].start++;
		}
		if (end == at) {
			parse_spans(parse, lines[at].start, lines[at].end, 0);
			at++;
			continue;
		}
		if (depth < SN_STYLED_DEPTH)
			parse_blocks(parse, lines + at, end - at, depth + 1);
		at = end;
	}
}

GArray *sn_text_styling(const char *text)
{
	Parse parse = { text, g_array_new(FALSE, FALSE, sizeof(SnStyledRun)) };
	g_autoptr(GArray) lines = NULL;
	gsize length = strlen(text);

	if (length > SN_STYLED_BYTES || !strpbrk(text, "*_~`") || !g_utf8_validate(text, -1, NULL))
		return parse.runs;
	lines = g_array_new(FALSE, FALSE, sizeof(SnSpan));
	for (gsize at = 0; at <= length;) {
		SnSpan line = { at, at + strcspn(text + at, "\n") };
		g_array_append_val(lines, line);
		at = line.end + 1;
	}
	parse_blocks(&parse, (SnSpan *)(void *)lines->data, lines->len, 0);
	return parse.runs;
}
