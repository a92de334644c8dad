/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A terminal in memory, driven by a script. The next step is taken only when the program is idle,
 * so scripts need no pauses. One step a line:
 *
 *     size COLS ROWS     keys KEYS (notation of binds.conf)     text TEXT (typed)
 *     paste TEXT         clock RFC3339 | +2m                    focus in|out
 *     click X Y          wheel up|down X Y
 *     expect TEXT        waits until the screen shows it        absent TEXT   until it does not
 *     dump [FILE]        the screen as text                     attrs [FILE]  its style classes
 *     # comment
 *
 * Dumps without a file name are appended to $SENNIT_SCREEN_DUMP where that is set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/text/text.h"
#include "ui/term.h"

enum { PATIENCE_MS = 15000 };

typedef struct {
	SnTerm base;
	char **lines;
	guint line;
	GArray *keys;       /* of SnKey still to be given */
	guint next_key;
	SnGrid *screen;     /* copy of what was drawn last */
	char *shown;        /* the same as text */
	int cols, rows;
	SnClock clock;
	SnTime now;         /* 0: the wall clock */
	gint64 deadline;    /* monotonic us: an expectation waits until then; 0 none */
	const char *dump_path; /* where dumps without a file name are appended; NULL: stdout */
	int failures;
} ScriptTerm;

static int script_fd(SnTerm *base)
{
	return -1;
}

static void script_size(SnTerm *base, int *cols, int *rows)
{
	*cols = ((ScriptTerm *)base)->cols;
	*rows = ((ScriptTerm *)base)->rows;
}

static int script_colours(SnTerm *base)
{
	return 256;
}

static SnTime script_now(gpointer data)
{
	ScriptTerm *term = data;

	return term->now ? term->now : sn_clock_now(NULL);
}

static void write_out(ScriptTerm *term, const char *file, char *text)
{
	g_autoptr(GError) error = NULL;

	if (!*file && term->dump_path) {
		FILE *out = fopen(term->dump_path, "a");
		if (out) {
			fprintf(out, "==== line %u, %d x %d\n%s", term->line, term->cols, term->rows, text);
			fclose(out);
		} else {
			term->failures++;
		}
	} else if (!*file)
		fputs(text, stdout);
	else if (!g_file_set_contents(file, text, -1, &error)) {
		fprintf(stderr, "%s\n", error->message);
		term->failures++;
	}
	fflush(stdout);
	g_free(text);
}

static gboolean complain(ScriptTerm *term, const char *what)
{
	fprintf(stderr, "script line %u: %s\n%s", term->line, what, term->shown ? term->shown : "");
	term->failures++;
	return FALSE;
}

/* TRUE while it still has to wait. */
static gboolean waits(ScriptTerm *term, const char *text, gboolean wanted)
{
	gboolean found = term->shown && strstr(term->shown, text);

	if (found == wanted) {
		term->deadline = 0;
		return FALSE;
	}
	if (!term->deadline)
		term->deadline = g_get_monotonic_time() + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
	if (g_get_monotonic_time() < term->deadline)
		return TRUE;
	term->deadline = 0;
	complain(term, wanted ? "this did not appear:" : "this did not go away:");
	fprintf(stderr, "  %s\n", text);
	return FALSE;
}

static void set_clock(ScriptTerm *term, const char *text)
{
	SnTime time = *text == '+' ? 0 : sn_time_parse(text, NULL);

	if (*text == '+') {
		/* "+2m": what lies that far back, mirrored */
		SnTime now = script_now(term), back = sn_time_parse(text + 1, &term->clock);
		time = back ? now + (now - back) : 0;
	}
	if (time)
		term->now = time;
	else
		complain(term, "no such time");
}

static gboolean take_keys(ScriptTerm *term, const char *text)
{
	g_autoptr(GError) error = NULL;
	GArray *keys = sn_keys_parse(text, &error);

	if (!keys)
		return complain(term, error->message);
	g_array_unref(term->keys);
	term->keys = keys;
	term->next_key = 0;
	return TRUE;
}

static void take_text(ScriptTerm *term, const char *text)
{
	g_array_set_size(term->keys, 0);
	for (; *text; text = g_utf8_next_char(text)) {
		SnKey key = g_utf8_get_char(text);
		g_array_append_val(term->keys, key);
	}
	term->next_key = 0;
}

static gboolean take_mouse(ScriptTerm *term, const char *word, const char *rest, SnInput *input)
{
	input->kind = SN_INPUT_MOUSE;
	input->button = SN_MOUSE_LEFT;
	if (strcmp(word, "wheel") == 0) {
		input->button = g_str_has_prefix(rest, "up") ? SN_MOUSE_WHEEL_UP : SN_MOUSE_WHEEL_DOWN;
		rest += strcspn(rest, " ");
	}
	if (sscanf(rest, "%d %d", &input->x, &input->y) != 2)
		return complain(term, "two numbers are wanted");
	return TRUE;
}

typedef enum { STEP_NEXT, STEP_INPUT, STEP_WAIT } Step;

static Step take_step(ScriptTerm *term, const char *word, const char *rest, SnInput *input)
{
	if (strcmp(word, "keys") == 0) {
		take_keys(term, rest);
	} else if (strcmp(word, "text") == 0) {
		take_text(term, rest);
	} else if (strcmp(word, "expect") == 0 || strcmp(word, "absent") == 0) {
		if (waits(term, rest, *word == 'e')) {
			term->line--;
			return STEP_WAIT;
		}
	} else if (strcmp(word, "clock") == 0) {
		set_clock(term, rest);
		input->kind = SN_INPUT_RESIZE; /* times on the screen change */
		return STEP_INPUT;
	} else if (strcmp(word, "size") == 0) {
		if (sscanf(rest, "%d %d", &term->cols, &term->rows) != 2 || term->cols < 1 ||
		    term->cols > 1000 || term->rows < 1 || term->rows > 1000)
			complain(term, "a size is two numbers");
		input->kind = SN_INPUT_RESIZE;
		return STEP_INPUT;
	} else if (strcmp(word, "paste") == 0) {
		input->kind = SN_INPUT_PASTE;
		input->text = g_strcompress(rest);
		return STEP_INPUT;
	} else if (strcmp(word, "focus") == 0) {
		input->kind = SN_INPUT_FOCUS;
		input->focused = strcmp(rest, "in") == 0;
		return STEP_INPUT;
	} else if (strcmp(word, "click") == 0 || strcmp(word, "wheel") == 0) {
		if (take_mouse(term, word, rest, input))
			return STEP_INPUT;
	} else if (strcmp(word, "dump") == 0) {
		write_out(term, rest, g_strdup(term->shown));
	} else if (strcmp(word, "attrs") == 0) {
		write_out(term, rest, sn_grid_dump_attrs(term->screen));
	} else {
		complain(term, "no such step");
	}
	return STEP_NEXT;
}

static gboolean script_read(SnTerm *base, SnInput *input)
{
	ScriptTerm *term = (ScriptTerm *)base;

	for (;;) {
		g_autofree char *line = NULL;
		char *rest;
		Step step;

		memset(input, 0, sizeof *input);
		if (term->next_key < term->keys->len) {
			input->kind = SN_INPUT_KEY;
			input->key = g_array_index(term->keys, SnKey, term->next_key++);
			return TRUE;
		}
		if (!term->lines[term->line]) {
			input->kind = SN_INPUT_QUIT;
			return TRUE;
		}
		line = g_strdup(g_strchug(term->lines[term->line++]));
		if (!*line || *line == '#')
			continue;
		rest = line + strcspn(line, " ");
		if (*rest)
			*rest++ = 0;
		step = take_step(term, line, rest, input);
		if (step != STEP_NEXT)
			return step == STEP_INPUT;
	}
}

static int script_patience(SnTerm *base)
{
	ScriptTerm *term = (ScriptTerm *)base;
	gint64 left = (term->deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;

	return term->deadline ? (int)MAX(left, 0) + 1 : -1;
}

static void script_draw(SnTerm *base, const SnGrid *grid)
{
	ScriptTerm *term = (ScriptTerm *)base;

	sn_grid_copy(term->screen, grid);
	g_free(term->shown);
	term->shown = sn_grid_dump(grid);
}

static void script_nothing(SnTerm *base)
{
}

static void script_text(SnTerm *base, const char *text)
{
}

static void script_set_mouse(SnTerm *base, gboolean on)
{
}

static void script_free(SnTerm *base)
{
	ScriptTerm *term = (ScriptTerm *)base;

	sn_grid_free(term->screen);
	g_array_unref(term->keys);
	g_strfreev(term->lines);
	g_free(term->shown);
	g_free(term);
}

int sn_term_script_result(SnTerm *base)
{
	return ((ScriptTerm *)base)->failures ? 1 : 0;
}

/* A script that begins with a time begins at that time: the first screen shows it too. */
static void start_clock(ScriptTerm *term)
{
	char **line = term->lines;

	while (*line && (**line == '#' || !**line))
		line++;
	if (*line && g_str_has_prefix(*line, "clock "))
		set_clock(term, *line + strlen("clock "));
}

SnTerm *sn_term_script_new(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	ScriptTerm *term;

	if (!g_file_get_contents(path, &text, NULL, error))
		return NULL;
	term = g_new0(ScriptTerm, 1);
	term->lines = g_strsplit(text, "\n", -1);
	term->keys = g_array_new(FALSE, FALSE, sizeof(SnKey));
	term->dump_path = g_getenv("SENNIT_SCREEN_DUMP");
	term->cols = 80;
	term->rows = 24;
	term->screen = sn_grid_new(80, 24);
	term->clock = (SnClock){ script_now, term };
	term->base = (SnTerm){
		.fd = script_fd,
		.signal_fd = script_fd,
		.size = script_size,
		.colours = script_colours,
		.read = script_read,
		.patience = script_patience,
		.draw = script_draw,
		.suspend = script_nothing,
		.resume = script_nothing,
		.copy = script_text,
		.title = script_text,
		.beep = script_nothing,
		.set_mouse = script_set_mouse,
		.free = script_free,
		.clock = &term->clock,
		.utf8 = TRUE,
	};
	start_clock(term);
	return &term->base;
}
