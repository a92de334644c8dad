/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prompt.h"

#include <string.h>

#include "src/text/text.h"

struct sn_prompt {
	char *question, *detail;
	SnChoice *choices;        /* NULL: a line is typed */
	gsize count;
	char *label;
	SnEdit *edit;             /* NULL: a choice is made */
	SnPromptComplete complete;
	GPtrArray *words;         /* completions on show; NULL */
	guint word;               /* which one stands in the line */
	gsize word_start;
	gboolean cycling;
	GPtrArray *history;       /* not owned; NULL */
	int history_at;           /* from the end, 0 = the line being typed */
	char *typed;              /* kept while walking through the history */
	SnPromptDone done;
	gpointer data;
	GDestroyNotify free;
};

static void prompt_free(SnPrompt *prompt)
{
	for (gsize i = 0; i < prompt->count; i++) {
		g_free((char *)prompt->choices[i].label);
		g_free((char *)prompt->choices[i].answer);
	}
	g_free(prompt->choices);
	if (prompt->free)
		prompt->free(prompt->data);
	if (prompt->words)
		g_ptr_array_unref(prompt->words);
	sn_edit_free(prompt->edit);
	g_free(prompt->question);
	g_free(prompt->detail);
	g_free(prompt->label);
	g_free(prompt->typed);
	g_free(prompt);
}

static void finish(SnApp *app, const char *answer)
{
	SnPrompt *prompt = g_steal_pointer(&app->prompt);

	g_assert(prompt);
	g_autofree char *copy = g_strdup(answer);

	sn_app_dirty(app);
	prompt->done(app, copy, prompt->data);
	prompt_free(prompt);
}

void sn_prompt_cancel(SnApp *app)
{
	if (app->prompt)
		finish(app, NULL);
}

void sn_prompt_ask(SnApp *app, const SnAsk *ask)
{
	SnPrompt *prompt = g_new0(SnPrompt, 1);

	g_assert(ask->count > 0 && ask->question && ask->done);
	sn_prompt_cancel(app);
	prompt->question = g_strdup(ask->question);
	prompt->detail = g_strdup(ask->detail);
	prompt->count = ask->count;
	prompt->choices = g_new0(SnChoice, ask->count);
	for (gsize i = 0; i < ask->count; i++)
		prompt->choices[i] = (SnChoice){ ask->choices[i].key, g_strdup(ask->choices[i].label),
			                         g_strdup(ask->choices[i].answer) };
	prompt->done = ask->done;
	prompt->data = ask->data;
	prompt->free = ask->free;
	app->prompt = prompt;
	sn_app_dirty(app);
}

void sn_prompt_line(SnApp *app, const SnAskLine *ask)
{
	SnPrompt *prompt = g_new0(SnPrompt, 1);

	g_assert(ask->label && ask->done);
	sn_prompt_cancel(app);
	g_assert(!app->prompt);
	prompt->label = g_strdup(ask->label);
	prompt->edit = sn_edit_new(FALSE);
	sn_edit_set(prompt->edit, ask->initial);
	prompt->complete = ask->complete;
	prompt->history = ask->history;
	prompt->done = ask->done;
	prompt->data = ask->data;
	prompt->free = ask->free;
	app->prompt = prompt;
	sn_app_dirty(app);
}

static void choice_key(SnApp *app, SnKey key)
{
	SnPrompt *prompt = app->prompt;

	if (key == SN_KEY_ESC || key == (SN_KEY_CTRL | 'c')) {
		finish(app, NULL);
		return;
	}
	for (gsize i = 0; i < prompt->count; i++)
		if (prompt->choices[i].key == key) {
			finish(app, prompt->choices[i].answer);
			return;
		}
	app->bell_rung = TRUE;
}

static void end_completion(SnPrompt *prompt)
{
	if (prompt->words)
		g_ptr_array_unref(prompt->words);
	prompt->words = NULL;
	prompt->cycling = FALSE;
}

/* Length of the beginning that all words share, on a character boundary. */
static gsize common_prefix(const GPtrArray *words)
{
	const char *first = g_ptr_array_index(words, 0);
	gsize length = strlen(first);

	for (guint i = 1; i < words->len; i++) {
		const char *word = g_ptr_array_index(words, i);
		gsize same = 0;
		while (same < length && word[same] == first[same])
			same++;
		length = same;
	}
	while (length > 0 && ((guchar)first[length] & 0xc0) == 0x80)
		length--;
	return length;
}

/* The first Tab fills in what is certain, further ones walk through the words. */
static void complete(SnApp *app, int step)
{
	SnPrompt *prompt = app->prompt;
	SnEdit *edit = prompt->edit;
	g_autofree char *head = NULL;

	if (!prompt->complete)
		return;
	if (!prompt->words) {
		gsize length;
		head = g_strndup(edit->text->str, edit->cursor);
		prompt->words = prompt->complete(app, head, &prompt->word_start);
		if (prompt->words->len == 0) {
			end_completion(prompt);
			app->bell_rung = TRUE;
			return;
		}
		/* the next key offers the first, also after what all have in common */
		prompt->word = step > 0 ? prompt->words->len - 1 : MIN(1, prompt->words->len - 1);
		length = common_prefix(prompt->words);
		if (prompt->words->len == 1 || length > edit->cursor - prompt->word_start) {
			g_autofree char *part =
				g_strndup(g_ptr_array_index(prompt->words, 0), length);
			sn_edit_replace(edit, prompt->word_start, edit->cursor, part);
			if (prompt->words->len == 1) {
				if (!g_str_has_suffix(part, "/"))
					sn_edit_insert(edit, " ");
				end_completion(prompt);
			}
			return;
		}
	}
	g_assert(prompt->words->len > 0 && prompt->word_start <= edit->cursor);
	prompt->word = (prompt->word + prompt->words->len + (guint)step) % prompt->words->len;
	prompt->cycling = TRUE;
	sn_edit_replace(edit, prompt->word_start, edit->cursor,
	                g_ptr_array_index(prompt->words, prompt->word));
}

static void walk_history(SnApp *app, int step)
{
	SnPrompt *prompt = app->prompt;
	GPtrArray *history = prompt->history;
	int at = prompt->history_at + step, count = history ? (int)history->len : 0;

	if (!history || at < 0 || at > count)
		return;
	if (prompt->history_at == 0) {
		g_free(prompt->typed);
		prompt->typed = g_strdup(prompt->edit->text->str);
	}
	prompt->history_at = at;
	sn_edit_set(prompt->edit,
	            at ? g_ptr_array_index(history, count - at) : prompt->typed);
}

static void line_key(SnApp *app, SnKey key)
{
	SnPrompt *prompt = app->prompt;

	if (key == SN_KEY_TAB || key == (SN_KEY_SHIFT | SN_KEY_TAB)) {
		complete(app, key == SN_KEY_TAB ? 1 : -1);
		return;
	}
	if (key == SN_KEY_ESC && prompt->words) {
		end_completion(prompt);
		return;
	}
	end_completion(prompt);
	if (key == SN_KEY_ESC || key == (SN_KEY_CTRL | 'c') || key == (SN_KEY_CTRL | 'g') ||
	    (key == SN_KEY_BACKSPACE && prompt->edit->text->len == 0))
		finish(app, NULL);
	else if (key == SN_KEY_ENTER || key == (SN_KEY_CTRL | 'j'))
		finish(app, prompt->edit->text->str);
	else if (key == SN_KEY_UP || key == (SN_KEY_CTRL | 'p'))
		walk_history(app, 1);
	else if (key == SN_KEY_DOWN || key == (SN_KEY_CTRL | 'n'))
		walk_history(app, -1);
	else
		sn_edit_key(prompt->edit, key);
}

void sn_prompt_key(SnApp *app, SnKey key)
{
	sn_app_dirty(app);
	if (app->prompt->choices)
		choice_key(app, key);
	else
		line_key(app, key);
}

void sn_prompt_paste(SnApp *app, const char *text)
{
	if (!app->prompt->edit)
		return;
	end_completion(app->prompt);
	sn_edit_insert(app->prompt->edit, text);
	sn_app_dirty(app);
}

static int wrapped_rows(const char *text, int columns)
{
	int rows = 0;
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	for (char **line = lines; line && *line; line++) {
		g_autoptr(GArray) spans = sn_text_wrap(*line, MAX(columns, 8));
		rows += (int)spans->len;
	}
	return rows;
}

int sn_prompt_rows(SnApp *app, int columns)
{
	SnPrompt *prompt = app->prompt;

	if (!prompt)
		return 0;
	if (prompt->words)
		return MIN((int)prompt->words->len, 8);
	if (!prompt->choices)
		return 0;
	return 1 + wrapped_rows(prompt->question, columns - 2) +
	       wrapped_rows(prompt->detail, columns - 2) + (int)prompt->count;
}

static int draw_wrapped(SnApp *app, SnRect rect, SnStyle style, const char *text)
{
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
	int y = 0;

	for (char **line = lines; line && *line; line++) {
		g_autoptr(GArray) spans = sn_text_wrap(*line, MAX(rect.cols, 8));
		for (guint i = 0; i < spans->len && y < rect.rows; i++, y++) {
			SnSpan span = g_array_index(spans, SnSpan, i);
			sn_grid_text(app->grid, rect.x, rect.y + y, rect.cols, style,
			             *line + span.start, (gssize)(span.end - span.start));
		}
	}
	return y;
}

static void draw_choices(SnApp *app, SnRect panel)
{
	SnPrompt *prompt = app->prompt;
	SnStyle plain = sn_theme_style(app->theme, SN_OBJ_DEFAULT);
	SnStyle key_style = sn_theme_style(app->theme, SN_OBJ_PROMPT_KEY);
	SnRect inner = { panel.x + 1, panel.y + 1, panel.cols - 2, panel.rows - 1 };
	int y;

	sn_grid_fill(app->grid, panel, plain);
	sn_grid_repeat(app->grid, panel.x, panel.y, panel.cols,
	               sn_theme_style(app->theme, SN_OBJ_BORDER), "\342\224\200");
	y = draw_wrapped(app, inner, sn_theme_style(app->theme, SN_OBJ_PROMPT), prompt->question);
	y += draw_wrapped(app, (SnRect){ inner.x, inner.y + y, inner.cols, inner.rows - y },
	                  sn_theme_style(app->theme, SN_OBJ_FAINT), prompt->detail);
	for (gsize i = 0; i < prompt->count && y < inner.rows; i++, y++) {
		g_autofree char *name = sn_keys_label(&prompt->choices[i].key, 1);
		sn_grid_text(app->grid, inner.x + 1, inner.y + y, 6, key_style, name, -1);
		sn_grid_fit(app->grid, inner.x + 8, inner.y + y, inner.cols - 8, plain,
		            prompt->choices[i].label);
	}
}

static void draw_words(SnApp *app, SnRect panel)
{
	SnPrompt *prompt = app->prompt;
	guint first = 0;

	sn_grid_fill(app->grid, panel, sn_theme_style(app->theme, SN_OBJ_BAR));
	if (prompt->cycling && prompt->word >= (guint)panel.rows)
		first = prompt->word - (guint)panel.rows + 1;
	for (int y = 0; y < panel.rows && first + (guint)y < prompt->words->len; y++) {
		gboolean here = prompt->cycling && first + (guint)y == prompt->word;
		SnStyle style = sn_theme_style(app->theme, SN_OBJ_BAR);
		if (here)
			style = sn_theme_over(app->theme, style, SN_OBJ_SELECTED);
		sn_grid_fill(app->grid, (SnRect){ panel.x, panel.y + y, panel.cols, 1 }, style);
		sn_grid_fit(app->grid, panel.x + 2, panel.y + y, panel.cols - 2, style,
		            g_ptr_array_index(prompt->words, first + (guint)y));
	}
}

void sn_prompt_draw(SnApp *app, SnRect panel, SnRect bar)
{
	SnPrompt *prompt = app->prompt;
	SnStyle style = sn_theme_style(app->theme, SN_OBJ_INPUT);
	int width;

	if (prompt->choices) {
		draw_choices(app, panel);
		sn_grid_fill(app->grid, bar, sn_theme_style(app->theme, SN_OBJ_BAR));
		sn_grid_fit(app->grid, bar.x + 1, bar.y, bar.cols - 1,
		            sn_theme_style(app->theme, SN_OBJ_BAR),
		            "Press one of these keys; Esc goes back.");
		app->grid->cursor_x = panel.x + 2;
		app->grid->cursor_y = panel.y + panel.rows - (int)prompt->count;
		return;
	}
	if (prompt->words)
		draw_words(app, panel);
	sn_grid_fill(app->grid, bar, style);
	width = sn_grid_fit(app->grid, bar.x, bar.y, bar.cols - 10,
	                    sn_theme_over(app->theme, style, SN_OBJ_PROMPT), prompt->label);
	sn_edit_draw(prompt->edit, app->grid, (SnRect){ bar.x + width, bar.y, bar.cols - width, 1 },
	             style, TRUE);
}
