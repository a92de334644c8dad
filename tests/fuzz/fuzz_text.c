/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/text/styling.h"
#include "src/text/text.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_name = "text";

static void check_line(char *line)
{
	g_autoptr(GArray) lines = sn_text_wrap(line, 20);
	g_autofree char *padded = sn_text_pad(line, 20);

	g_assert_cmpint(sn_text_width(padded), ==, 20);
	for (guint i = 0; i < lines->len; i++) {
		SnSpan span = g_array_index(lines, SnSpan, i);
		g_autofree char *part = g_strndup(line + span.start, span.end - span.start);
		g_assert_cmpint(sn_text_width(part), <=, 20);
		g_assert_true(g_utf8_validate(part, -1, NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *clean = sn_text_clean((const char *)data, (gssize)size);
	g_autofree char *again = sn_text_clean(clean, -1);
	g_autofree char *one_line = sn_text_clean_line((const char *)data, (gssize)size);
	g_autofree char *unflowed = sn_text_unflow(clean, size % 2);
	g_autofree char *preview = sn_text_preview(clean);
	g_autoptr(GArray) blocks = sn_text_blocks(clean);
	gsize at = 0;

	g_assert_cmpstr(clean, ==, again);
	g_assert_true(g_utf8_validate(unflowed, -1, NULL));
	g_assert_cmpuint(strlen(preview), <=, 200);
	for (guint i = 0; i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		g_assert_cmpuint(block->start, ==, at);
		at = block->end;
	}
	g_assert_cmpuint(at, ==, strlen(clean));
	g_autoptr(GArray) runs = sn_text_styling(clean);
	for (guint i = at = 0; i < runs->len; i++) {
		const SnStyledRun *run = &g_array_index(runs, SnStyledRun, i);
		g_assert_cmpuint(run->start, >=, at);
		g_assert_cmpuint(run->end, >, run->start);
		g_assert_cmpuint(run->styles, !=, 0);
		at = run->end;
	}
	g_assert_cmpuint(at, <=, strlen(clean));
	check_line(one_line);
	return 0;
}
