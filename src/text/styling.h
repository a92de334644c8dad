/* SPDX-License-Identifier: GPL-3.0-or-later */
/* styling.h - Message Styling (XEP-0393): which parts of a text are strong, code and so on. The text
 * itself never changes: its marks stay in it. Pure and reentrant. */
#ifndef SN_TEXT_STYLING_H
#define SN_TEXT_STYLING_H

#include <glib.h>

typedef enum {
	SN_STYLED_STRONG = 1 << 0,   /* *strong* */
	SN_STYLED_EMPHASIS = 1 << 1, /* _emphasis_ */
	SN_STYLED_STRUCK = 1 << 2,   /* ~struck~ */
	SN_STYLED_CODE = 1 << 3,     /* `code`, and lines between ``` */
	SN_STYLED_MARK = 1 << 4,     /* a mark that says so; beside what it says */
} SnStyled;

typedef struct {
	gsize start, end; /* bytes, whole characters of one line or of one block of code */
	guint styles;     /* SnStyled, never 0 */
} SnStyledRun;

/*
 * The parts that have a style, in order, none touching another of the same styles. text: valid
 * UTF-8. A text that is longer than SN_STYLED_BYTES has none; neither has what comes after the
 * SN_STYLED_RUNS-th or is quoted deeper than SN_STYLED_DEPTH. Takes time in proportion to the length.
 */
enum { SN_STYLED_BYTES = 64 << 10, SN_STYLED_RUNS = 4096, SN_STYLED_DEPTH = 8 };
GArray *sn_text_styling(const char *text);

#endif
