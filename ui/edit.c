/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/edit.h"

#include <string.h>

#include "src/text/text.h"

SnEdit *sn_edit_new(gboolean multiline)
{
	SnEdit *edit = g_new0(SnEdit, 1);

	edit->text = g_string_new(NULL);
	edit->killed = g_string_new(NULL);
	edit->multiline = multiline;
	edit->columns = 72;
	return edit;
}

void sn_edit_free(SnEdit *edit)
{
	if (!edit)
		return;
	g_string_free(edit->text, TRUE);
	g_string_free(edit->killed, TRUE);
	g_free(edit);
}

void sn_edit_set(SnEdit *edit, const char *text)
{
	g_string_truncate(edit->text, 0);
	edit->cursor = 0;
	edit->top = 0;
	edit->changes++;
	if (text && *text)
		sn_edit_insert(edit, text);
}

void sn_edit_replace(SnEdit *edit, gsize start, gsize end, const char *text)
{
	gsize length = strlen(text);

	g_assert(start <= end && end <= edit->text->len);
	if (edit->text->len - (end - start) + length > SN_EDIT_MAX)
		return;
	g_string_erase(edit->text, (gssize)start, (gssize)(end - start));
	g_string_insert_len(edit->text, (gssize)start, text, (gssize)length);
	edit->cursor = start + length;
	edit->changes++;
	g_assert(edit->cursor <= edit->text->len && edit->text->len <= SN_EDIT_MAX);
}

void sn_edit_insert(SnEdit *edit, const char *text)
{
	g_autofree char *clean = sn_text_clean(text, -1);

	if (!edit->multiline)
		g_strdelimit(clean, "\n\t", ' ');
	sn_edit_replace(edit, edit->cursor, edit->cursor, clean);
}

static gsize next_cluster(const SnEdit *edit, gsize at)
{
	gsize bytes = 1;

	if (at >= edit->text->len)
		return edit->text->len;
	if (edit->text->str[at] != '\n')
		sn_text_cluster(edit->text->str + at, &bytes);
	return MIN(at + MAX(bytes, 1), edit->text->len);
}

/* Clusters can only be found forwards: from the beginning of the line. */
static gsize previous_cluster(const SnEdit *edit, gsize at)
{
	gsize start = at, next;

	if (at == 0)
		return 0;
	if (edit->text->str[at - 1] == '\n')
		return at - 1;
	while (start > 0 && edit->text->str[start - 1] != '\n')
		start--;
	while ((next = next_cluster(edit, start)) < at)
		start = next;
	return start;
}

static gboolean word_byte(const SnEdit *edit, gsize at)
{
	return g_unichar_isalnum(g_utf8_get_char(edit->text->str + at));
}

static gsize word_left(const SnEdit *edit, gsize at)
{
	while (at > 0 && !word_byte(edit, previous_cluster(edit, at)))
		at = previous_cluster(edit, at);
	while (at > 0 && word_byte(edit, previous_cluster(edit, at)))
		at = previous_cluster(edit, at);
	return at;
}

static gsize word_right(const SnEdit *edit, gsize at)
{
	while (at < edit->text->len && !word_byte(edit, at))
		at = next_cluster(edit, at);
	while (at < edit->text->len && word_byte(edit, at))
		at = next_cluster(edit, at);
	return at;
}

/* C-w takes back to a blank, as in a shell. */
static gsize blank_left(const SnEdit *edit, gsize at)
{
	const char *text = edit->text->str;

	while (at > 0 && g_ascii_isspace(text[at - 1]))
		at--;
	while (at > 0 && !g_ascii_isspace(text[at - 1]))
		at--;
	return at;
}

static gsize line_start(const SnEdit *edit, gsize at)
{
	while (at > 0 && edit->text->str[at - 1] != '\n')
		at--;
	return at;
}

static gsize line_end(const SnEdit *edit, gsize at)
{
	while (at < edit->text->len && edit->text->str[at] != '\n')
		at++;
	return at;
}

static void erase(SnEdit *edit, gsize start, gsize end, gboolean keep)
{
	if (start == end)
		return;
	if (keep) {
		g_string_truncate(edit->killed, 0);
		g_string_append_len(edit->killed, edit->text->str + start, (gssize)(end - start));
	}
	sn_edit_replace(edit, start, end, "");
}

static void transpose(SnEdit *edit)
{
	gsize middle = edit->cursor, left, right;
	g_autofree char *swapped = NULL;

	if (middle == edit->text->len)
		middle = previous_cluster(edit, middle);
	left = previous_cluster(edit, middle);
	right = next_cluster(edit, middle);
	if (left == middle || middle == right || memchr(edit->text->str + left, '\n', right - left))
		return;
	swapped = g_strdup_printf("%.*s%.*s", (int)(right - middle), edit->text->str + middle,
	                          (int)(middle - left), edit->text->str + left);
	sn_edit_replace(edit, left, right, swapped);
}

/* M-u, M-l, M-c: the word to the right in upper or lower case, or capitalised. */
static void change_case(SnEdit *edit, char how)
{
	gsize start = edit->cursor, end = word_right(edit, start), first;
	g_autofree char *head = NULL, *tail = NULL, *both = NULL;

	while (start < end && !word_byte(edit, start))
		start = next_cluster(edit, start);
	first = start < end ? next_cluster(edit, start) : end;
	head = how == 'l' ? g_utf8_strdown(edit->text->str + start, (gssize)(first - start))
	                  : g_utf8_strup(edit->text->str + start, (gssize)(first - start));
	tail = how == 'u' ? g_utf8_strup(edit->text->str + first, (gssize)(end - first))
	                  : g_utf8_strdown(edit->text->str + first, (gssize)(end - first));
	both = g_strconcat(head, tail, NULL);
	sn_edit_replace(edit, start, end, both);
}

typedef enum {
	EDIT_LEFT, EDIT_RIGHT, EDIT_WORD_LEFT, EDIT_WORD_RIGHT, EDIT_HOME, EDIT_END, EDIT_UP, EDIT_DOWN,
	EDIT_TOP, EDIT_BOTTOM, EDIT_BACKSPACE, EDIT_DELETE, EDIT_KILL_END, EDIT_KILL_START, EDIT_KILL_BLANK,
	EDIT_KILL_WORD_LEFT, EDIT_KILL_WORD_RIGHT, EDIT_YANK, EDIT_TRANSPOSE, EDIT_UPCASE, EDIT_DOWNCASE,
	EDIT_CAPITALISE,
} Action;

static const struct {
	SnKey key;
	Action action;
} actions[] = {
	{ SN_KEY_CTRL | 'b', EDIT_LEFT },
	{ SN_KEY_LEFT, EDIT_LEFT },
	{ SN_KEY_CTRL | 'f', EDIT_RIGHT },
	{ SN_KEY_RIGHT, EDIT_RIGHT },
	{ SN_KEY_ALT | 'b', EDIT_WORD_LEFT },
	{ SN_KEY_CTRL | SN_KEY_LEFT, EDIT_WORD_LEFT },
	{ SN_KEY_ALT | 'f', EDIT_WORD_RIGHT },
	{ SN_KEY_CTRL | SN_KEY_RIGHT, EDIT_WORD_RIGHT },
	{ SN_KEY_CTRL | 'a', EDIT_HOME },
	{ SN_KEY_HOME, EDIT_HOME },
	{ SN_KEY_CTRL | 'e', EDIT_END },
	{ SN_KEY_END, EDIT_END },
	{ SN_KEY_UP, EDIT_UP },
	{ SN_KEY_CTRL | 'p', EDIT_UP },
	{ SN_KEY_DOWN, EDIT_DOWN },
	{ SN_KEY_CTRL | 'n', EDIT_DOWN },
	{ SN_KEY_ALT | '<', EDIT_TOP },
	{ SN_KEY_CTRL | SN_KEY_HOME, EDIT_TOP },
	{ SN_KEY_ALT | '>', EDIT_BOTTOM },
	{ SN_KEY_CTRL | SN_KEY_END, EDIT_BOTTOM },
	{ SN_KEY_BACKSPACE, EDIT_BACKSPACE },
	{ SN_KEY_CTRL | 'h', EDIT_BACKSPACE },
	{ SN_KEY_DELETE, EDIT_DELETE },
	{ SN_KEY_CTRL | 'd', EDIT_DELETE },
	{ SN_KEY_CTRL | 'k', EDIT_KILL_END },
	{ SN_KEY_CTRL | 'u', EDIT_KILL_START },
	{ SN_KEY_CTRL | 'w', EDIT_KILL_BLANK },
	{ SN_KEY_ALT | SN_KEY_BACKSPACE, EDIT_KILL_WORD_LEFT },
	{ SN_KEY_ALT | 'd', EDIT_KILL_WORD_RIGHT },
	{ SN_KEY_CTRL | 'y', EDIT_YANK },
	{ SN_KEY_CTRL | 't', EDIT_TRANSPOSE },
	{ SN_KEY_ALT | 'u', EDIT_UPCASE },
	{ SN_KEY_ALT | 'l', EDIT_DOWNCASE },
	{ SN_KEY_ALT | 'c', EDIT_CAPITALISE },
};

static gboolean act(SnEdit *edit, Action action)
{
	gsize at = edit->cursor, end = line_end(edit, at);

	switch (action) {
	case EDIT_LEFT: edit->cursor = previous_cluster(edit, at); break;
	case EDIT_RIGHT: edit->cursor = next_cluster(edit, at); break;
	case EDIT_WORD_LEFT: edit->cursor = word_left(edit, at); break;
	case EDIT_WORD_RIGHT: edit->cursor = word_right(edit, at); break;
	case EDIT_HOME: edit->cursor = line_start(edit, at); break;
	case EDIT_END: edit->cursor = end; break;
	case EDIT_UP: return sn_edit_up(edit);
	case EDIT_DOWN: return sn_edit_down(edit);
	case EDIT_TOP: edit->cursor = 0; break;
	case EDIT_BOTTOM: edit->cursor = edit->text->len; break;
	case EDIT_BACKSPACE: erase(edit, previous_cluster(edit, at), at, FALSE); break;
	case EDIT_DELETE: erase(edit, at, next_cluster(edit, at), FALSE); break;
	case EDIT_KILL_END: erase(edit, at, end > at ? end : next_cluster(edit, at), TRUE); break;
	case EDIT_KILL_START: erase(edit, line_start(edit, at), at, TRUE); break;
	case EDIT_KILL_BLANK: erase(edit, blank_left(edit, at), at, TRUE); break;
	case EDIT_KILL_WORD_LEFT: erase(edit, word_left(edit, at), at, TRUE); break;
	case EDIT_KILL_WORD_RIGHT: erase(edit, at, word_right(edit, at), TRUE); break;
	case EDIT_YANK: sn_edit_insert(edit, edit->killed->str); break;
	case EDIT_TRANSPOSE: transpose(edit); break;
	case EDIT_UPCASE: change_case(edit, 'u'); break;
	case EDIT_DOWNCASE: change_case(edit, 'l'); break;
	case EDIT_CAPITALISE: change_case(edit, 'c'); break;
	}
	return TRUE;
}

gboolean sn_edit_key(SnEdit *edit, SnKey key)
{
	char text[8] = "";

	if (sn_key_is_text(key)) {
		text[g_unichar_to_utf8(key, text)] = 0;
		sn_edit_insert(edit, text);
		return TRUE;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
		if (actions[i].key == key)
			return act(edit, actions[i].action);
	return FALSE;
}

/* The visual lines: of SnSpan into the whole text. */
static GArray *visual_lines(const SnEdit *edit, int columns)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(SnSpan));
	gsize start = 0;

	for (;;) {
		gsize end = line_end(edit, start);
		g_autofree char *paragraph = g_strndup(edit->text->str + start, end - start);
		g_autoptr(GArray) spans = sn_text_wrap(paragraph, MAX(columns, 1));

		for (guint i = 0; i < spans->len; i++) {
			SnSpan span = g_array_index(spans, SnSpan, i);
			span.start += start;
			/* blanks at a break stay on the line they follow: the cursor needs a place */
			span.end = i + 1 < spans->len ? start + g_array_index(spans, SnSpan, i + 1).start
			                              : end;
			g_array_append_val(lines, span);
		}
		g_assert(lines->len > 0);
		if (end >= edit->text->len)
			return lines;
		start = end + 1;
	}
}

static guint line_of_cursor(const SnEdit *edit, const GArray *lines)
{
	guint line = 0;

	while (line + 1 < lines->len && g_array_index(lines, SnSpan, line + 1).start <= edit->cursor)
		line++;
	return line;
}

static int column_of_cursor(const SnEdit *edit, const SnSpan *span)
{
	g_autofree char *before =
		g_strndup(edit->text->str + span->start, edit->cursor - span->start);

	g_strdelimit(before, "\t", ' ');
	return sn_text_width(before);
}

static gsize offset_at(const SnEdit *edit, const SnSpan *span, int column)
{
	gsize at = span->start, bytes;
	int x = 0;

	while (at < span->end) {
		int width = MAX(sn_text_cluster(edit->text->str + at, &bytes), 0);
		if (x + width > column)
			break;
		x += width;
		at = next_cluster(edit, at);
	}
	return at;
}

static gboolean move_line(SnEdit *edit, int step)
{
	g_autoptr(GArray) lines = visual_lines(edit, edit->columns);
	guint line = line_of_cursor(edit, lines);
	int column = column_of_cursor(edit, &g_array_index(lines, SnSpan, line));

	if ((step < 0 && line == 0) || (step > 0 && line + 1 >= lines->len))
		return FALSE;
	line = (guint)((int)line + step);
	g_assert(line < lines->len);
	edit->cursor = offset_at(edit, &g_array_index(lines, SnSpan, line), column);
	return TRUE;
}

gboolean sn_edit_up(SnEdit *edit)
{
	return move_line(edit, -1);
}

gboolean sn_edit_down(SnEdit *edit)
{
	return move_line(edit, 1);
}

int sn_edit_height(const SnEdit *edit, int columns)
{
	g_autoptr(GArray) lines = edit->multiline ? visual_lines(edit, columns) : NULL;

	return lines ? (int)lines->len : 1;
}

/* One line that scrolls sideways. */
static void draw_single(SnEdit *edit, SnGrid *grid, SnRect rect, SnStyle style, gboolean focus)
{
	SnSpan all = { 0, edit->text->len };
	int x = column_of_cursor(edit, &all), skip = MAX(0, x - rect.cols + 1);
	gsize start = skip ? offset_at(edit, &all, skip) : 0;

	sn_grid_text(grid, rect.x, rect.y, rect.cols, style, edit->text->str + start, -1);
	if (focus) {
		grid->cursor_x = rect.x + MIN(x - skip, rect.cols - 1);
		grid->cursor_y = rect.y;
		grid->cursor_typing = TRUE;
	}
}

void sn_edit_draw(SnEdit *edit, SnGrid *grid, SnRect rect, SnStyle style, gboolean focus)
{
	g_autoptr(GArray) lines = NULL;
	guint at;

	if (rect.cols < 1 || rect.rows < 1)
		return;
	sn_grid_fill(grid, rect, style);
	edit->columns = rect.cols;
	if (!edit->multiline) {
		draw_single(edit, grid, rect, style, focus);
		return;
	}
	lines = visual_lines(edit, rect.cols);
	at = line_of_cursor(edit, lines);
	edit->top = CLAMP(edit->top, (int)at - rect.rows + 1, (int)at);
	edit->top = MAX(0, MIN(edit->top, (int)lines->len - rect.rows));
	for (int y = 0; y < rect.rows && edit->top + y < (int)lines->len; y++) {
		SnSpan *span = &g_array_index(lines, SnSpan, edit->top + y);
		sn_grid_text(grid, rect.x, rect.y + y, rect.cols, style,
		             edit->text->str + span->start, (gssize)(span->end - span->start));
	}
	if (focus) {
		int x = column_of_cursor(edit, &g_array_index(lines, SnSpan, at));
		grid->cursor_x = rect.x + MIN(x, rect.cols - 1);
		grid->cursor_y = rect.y + (int)at - edit->top;
		grid->cursor_typing = TRUE;
	}
}
