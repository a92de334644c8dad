/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format=flowed, RFC 3676. */
#include "src/text/text.h"

#include <string.h>

#include "src/text/text_private.h"

typedef struct {
	GString *out;
	gboolean delsp;
	gboolean begun;
	gboolean open; /* the last line was flowed: the next one of the same depth goes on */
	gsize depth;
} Unflow;

static void begin_line(Unflow *flow, gsize depth, gboolean stuffed_quote)
{
	if (flow->begun)
		g_string_append_c(flow->out, '\n');
	flow->begun = TRUE;
	for (gsize i = 0; i < depth; i++)
		g_string_append_c(flow->out, '>');
	if (depth > 0 && stuffed_quote)
		g_string_append_c(flow->out, ' ');
	flow->depth = depth;
}

static void add_line(Unflow *flow, const char *text, gsize length)
{
	gsize depth = 0;

	while (depth < length && text[depth] == '>')
		depth++;
	text += depth;
	length -= depth;
	if (length > 0 && *text == ' ') { /* space-stuffing */
		text++;
		length--;
	}
	gboolean signature = length == 3 && memcmp(text, "-- ", 3) == 0;
	if (!flow->open || depth != flow->depth || signature || !flow->begun)
		begin_line(flow, depth, length > 0);
	gboolean flowed = length > 0 && text[length - 1] == ' ' && !signature;
	if (flowed && flow->delsp)
		length--;
	g_string_append_len(flow->out, text, (gssize)length);
	flow->open = flowed;
}

char *sn_text_unflow(const char *body, gboolean delsp)
{
	gsize length = strlen(body), at = 0;
	Unflow flow = { .out = g_string_sized_new(length + 1), .delsp = delsp };
	SnSpan line;

	while (sn_text_next_line(body, length, &at, &line)) {
		gsize end = line.end;
		g_assert(line.start <= end && end <= length);
		if (end > line.start && body[end - 1] == '\r')
			end--;
		add_line(&flow, body + line.start, end - line.start);
	}
	if (length > 0 && body[length - 1] == '\n')
		g_string_append_c(flow.out, '\n');
	return g_string_free(flow.out, FALSE);
}
