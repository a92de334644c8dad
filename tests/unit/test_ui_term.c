/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real terminal code on a pseudo terminal: what keys become, and what reaches the screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/ui_desk.h"
#include "ui/term.h"

enum { DEADLINE_MS = 10000 };

typedef struct {
	int terminal;   /* our end of the pseudo terminal */
	int reports;    /* lines from the child */
	pid_t child;
	GString *screen; /* everything the child wrote to its terminal */
	GString *lines;
} Desk;

/* ---- the child: shows a grid, reports inputs ---- */

static void report(FILE *out, const SnInput *input)
{
	g_autoptr(GString) key = g_string_new(NULL);

	switch (input->kind) {
	case SN_INPUT_KEY:
		sn_key_format(input->key, key);
		fprintf(out, "key %s\n", key->str);
		break;
	case SN_INPUT_PASTE: fprintf(out, "paste %s\n", input->text); break;
	case SN_INPUT_MOUSE: fprintf(out, "mouse %d %d %d\n", (int)input->button, input->x, input->y); break;
	case SN_INPUT_RESIZE: fprintf(out, "resize\n"); break;
	case SN_INPUT_FOCUS: fprintf(out, "focus %s\n", input->focused ? "in" : "out"); break;
	case SN_INPUT_QUIT: fprintf(out, "quit\n"); break;
	}
	fflush(out);
}

static void draw_something(SnTerm *term)
{
	SnStyle style = { SN_COLOUR_RGB(0xff0000), SN_COLOUR_DEFAULT, SN_ATTR_BOLD };
	SnGrid *grid;
	int cols, rows;

	term->size(term, &cols, &rows);
	grid = sn_grid_new(cols, rows);
	sn_grid_text(grid, 0, 0, cols, style, "Hello \346\235\216 Cafe\314\201 \033[2J", -1);
	sn_grid_link(grid, 0, 0, 5, "https://example.org/a b\033x");
	term->draw(term, grid);
	sn_grid_free(grid);
}

static void run_child(int fd)
{
	g_autoptr(GError) error = NULL;
	FILE *out = fdopen(fd, "w");
	SnTerm *term = sn_term_curses_new(TRUE, &error);
	gboolean quit = FALSE;

	if (!term) {
		fprintf(out, "failed %s\n", error->message);
		fflush(out);
		_exit(1);
	}
	draw_something(term);
	fprintf(out, "ready %d\n", term->colours(term));
	fflush(out);
	while (!quit) {
		struct pollfd fds[] = { { term->fd(term), POLLIN, 0 },
			                { term->signal_fd(term), POLLIN, 0 } };
		SnInput input;
		poll(fds, 2, DEADLINE_MS);
		while (!quit && term->read(term, &input)) {
			report(out, &input);
			if (input.kind == SN_INPUT_RESIZE)
				draw_something(term);
			if (input.kind == SN_INPUT_KEY && input.key == 'C')
				term->copy(term, "to the clipboard");
			quit = input.kind == SN_INPUT_QUIT ||
			       (input.kind == SN_INPUT_KEY && input.key == 'Q');
			g_free(input.text);
		}
	}
	term->free(term);
	_exit(0);
}

/* ---- the parent ---- */

static void pump(Desk *desk, int wait)
{
	struct pollfd fds[] = { { desk->terminal, POLLIN, 0 }, { desk->reports, POLLIN, 0 } };
	GString *into[] = { desk->screen, desk->lines };
	char buffer[4096];

	if (poll(fds, 2, wait) <= 0)
		return;
	for (int i = 0; i < 2; i++) {
		ssize_t got = fds[i].revents ? read(fds[i].fd, buffer, sizeof buffer) : 0;
		if (got > 0)
			g_string_append_len(into[i], buffer, got);
	}
}

/* Waits until the child has reported this; forgets the reports up to it. */
static void expect(Desk *desk, const char *text)
{
	gint64 deadline = g_get_monotonic_time() + DEADLINE_MS * 1000;
	char *found;

	while (!(found = strstr(desk->lines->str, text))) {
		if (g_get_monotonic_time() > deadline)
			fail_msg("no '%s' in: %s", text, desk->lines->str);
		pump(desk, 50);
	}
	g_string_erase(desk->lines, 0, found + (gssize)strlen(text) - desk->lines->str);
}

static void expect_on_screen(Desk *desk, const char *text)
{
	gint64 deadline = g_get_monotonic_time() + DEADLINE_MS * 1000;

	while (!strstr(desk->screen->str, text)) {
		if (g_get_monotonic_time() > deadline) {
			g_autofree char *seen = g_strescape(desk->screen->str, NULL);
			fail_msg("the terminal did not get '%s': %s", text, seen);
		}
		pump(desk, 50);
	}
}

static void send_text(Desk *desk, const char *text)
{
	assert_int_equal(write(desk->terminal, text, strlen(text)), (ssize_t)strlen(text));
}

static Desk *start(const char *terminal, const char *locale)
{
	Desk *desk = g_new0(Desk, 1);
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int fds[2];

	desk->screen = g_string_new(NULL);
	desk->lines = g_string_new(NULL);
	assert_int_equal(pipe(fds), 0);
	desk->child = forkpty(&desk->terminal, NULL, NULL, &size);
	assert_true(desk->child >= 0);
	if (desk->child == 0) {
		close(fds[0]);
		g_setenv("TERM", terminal, TRUE);
		g_setenv("LC_ALL", locale, TRUE);
		g_unsetenv("NO_COLOR");
		run_child(fds[1]);
	}
	close(fds[1]);
	desk->reports = fds[0];
	return desk;
}

/* The child's exit code, when it was told to end. */
static int finish(Desk *desk)
{
	gint64 deadline = g_get_monotonic_time() + DEADLINE_MS * 1000;
	int status = 0;

	while (waitpid(desk->child, &status, WNOHANG) == 0) {
		if (g_get_monotonic_time() > deadline) {
			kill(desk->child, SIGKILL);
			fail_msg("the child does not end");
		}
		pump(desk, 20);
	}
	pump(desk, 0);
	close(desk->terminal);
	close(desk->reports);
	g_string_free(desk->screen, TRUE);
	g_string_free(desk->lines, TRUE);
	g_free(desk);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void keys_are_recognised(void **state)
{
	static const struct {
		const char *sent, *report;
	} keys[] = {
		{ "a", "key a\n" },           { "\303\266", "key \303\266\n" },
		{ "\r", "key <Enter>\n" },    { "\t", "key <Tab>\n" },
		{ "\177", "key <Backspace>\n" }, { "\001", "key <C-a>\n" },
		{ "\033OA", "key <Up>\n" },   { "\033OD", "key <Left>\n" },
		{ "\033[5~", "key <PgUp>\n" }, { "\033[Z", "key <S-Tab>\n" },
		{ "\033[3~", "key <Delete>\n" }, { "\0331", "key <A-1>\n" },
		{ "\033[1;5D", "key <C-Left>\n" }, { "\033[1;3C", "key <A-Right>\n" },
		{ "\033\r", "key <A-Enter>\n" }, { "\033OP", "key <F1>\n" },
		{ "\033", "key <Esc>\n" },    { "\n", "key <C-j>\n" },
	};
	Desk *desk = start("xterm-256color", "C.UTF-8");

	expect(desk, "ready 256");
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		send_text(desk, keys[i].sent);
		expect(desk, keys[i].report);
	}
	send_text(desk, "Q");
	assert_int_equal(finish(desk), 0);
}

static void a_paste_comes_in_one_piece(void **state)
{
	Desk *desk = start("xterm-256color", "C.UTF-8");

	expect(desk, "ready");
	send_text(desk, "\033[200~two\rlines Q\033[201~x");
	expect(desk, "paste two\nlines Q\n");
	expect(desk, "key x\n");
	/* without an end it ends by itself */
	send_text(desk, "\033[200~cut off");
	expect(desk, "paste cut off\n");
	send_text(desk, "Q");
	assert_int_equal(finish(desk), 0);
}

static void mouse_focus_and_resize(void **state)
{
	Desk *desk = start("xterm-256color", "C.UTF-8");
	struct winsize size = { .ws_row = 30, .ws_col = 100 };

	expect(desk, "ready");
	send_text(desk, "\033[I");
	expect(desk, "focus in\n");
	send_text(desk, "\033[O");
	expect(desk, "focus out\n");
	send_text(desk, "\033[<64;5;6M");
	expect(desk, "mouse 2 4 5\n");
	send_text(desk, "\033[<65;5;6M");
	expect(desk, "mouse 3 4 5\n");
	assert_int_equal(ioctl(desk->terminal, TIOCSWINSZ, &size), 0);
	expect(desk, "resize\n");
	send_text(desk, "Q");
	assert_int_equal(finish(desk), 0);
}

static void the_screen_gets_text_colours_and_links(void **state)
{
	Desk *desk = start("xterm-256color", "C.UTF-8");

	expect(desk, "ready");
	expect_on_screen(desk, "Hello \346\235\216 Cafe\314\201");
	expect_on_screen(desk, "38;5;196");
	/* the link, with nothing in its target that could end it early */
	expect_on_screen(desk, "\033]8;;https://example.org/a%20b%1Bx\033\\");
	expect_on_screen(desk, "\033[?2004h");
	send_text(desk, "C");
	expect_on_screen(desk, "\033]52;c;dG8gdGhlIGNsaXBib2FyZA==");
	send_text(desk, "Q");
	expect_on_screen(desk, "\033[?2004l");
	assert_null(strstr(desk->screen->str, "\302\264\033[2J"));
	assert_int_equal(finish(desk), 0);
}

static void plainer_terminals_get_less(void **state)
{
	Desk *console = start("linux", "C.UTF-8"), *ascii, *mono;

	expect(console, "ready 8");
	send_text(console, "Q");
	assert_null(strstr(console->screen->str, "\033]8;"));
	assert_null(strstr(console->screen->str, "\033]0;"));
	assert_int_equal(finish(console), 0);

	ascii = start("xterm-256color", "C");
	expect(ascii, "ready");
	expect_on_screen(ascii, "Hello ?");
	send_text(ascii, "Q");
	assert_int_equal(finish(ascii), 0);

	g_setenv("NO_COLOR", "1", TRUE);
	mono = start("vt100", "C.UTF-8");
	expect(mono, "ready 0");
	send_text(mono, "Q");
	assert_int_equal(finish(mono), 0);
	g_unsetenv("NO_COLOR");
}

static void a_polite_signal_ends_it(void **state)
{
	Desk *desk = start("xterm-256color", "C.UTF-8");

	expect(desk, "ready");
	kill(desk->child, SIGTERM);
	expect(desk, "quit\n");
	assert_int_equal(finish(desk), 0);
}

static void a_crash_gives_the_terminal_back(void **state)
{
	Desk *desk = start("xterm-256color", "C.UTF-8");

	expect(desk, "ready");
	kill(desk->child, SIGABRT);
	expect_on_screen(desk, "\033[?1049l");
	assert_int_equal(finish(desk), -1);
}

static void an_unknown_terminal_is_named(void **state)
{
	Desk *desk = start("no-such-terminal", "C.UTF-8");

	expect(desk, "failed The terminal type 'no-such-terminal'");
	assert_int_equal(finish(desk), 1);
}

/* ---- the line-oriented client ---- */

static void speak(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void plain_mode_speaks_in_lines(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_STORY, NULL);
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;
	g_autoptr(GString) said = g_string_new(NULL);
	int to[2], from[2], status;
	char buffer[4096];
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close(to[1]);
		close(from[0]);
		desk->setup.plain = TRUE;
		exit(sn_ui_run(&desk->setup, NULL));
	}
	close(to[0]);
	close(from[1]);
	speak(to[1], "list bob\nopen 1\nsay On my way\nfrobnicate\nopen nobody-here\n");
	speak(to[1], "open dora@example.test\nsay Are you back?\nquit\n");
	while ((got = read(from[0], buffer, sizeof buffer)) > 0)
		g_string_append_len(said, buffer, got);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_non_null(strstr(said->str, "1. Bob Ropewalk, IM"));
	assert_non_null(strstr(said->str, "And the kettle is on"));
	assert_non_null(strstr(said->str, "Queued: IM to bob@example.test"));
	assert_non_null(strstr(said->str, "list [WORD]"));
	assert_non_null(strstr(said->str, "Nobody here is called 'nobody-here'"));
	assert_non_null(strstr(said->str, "Not sent"));
	assert_null(strchr(said->str, '\033'));
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_string_equal(entry->body, "On my way");
	close(to[1]);
	close(from[0]);
	ui_desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_recognised),
		cmocka_unit_test(a_paste_comes_in_one_piece),
		cmocka_unit_test(mouse_focus_and_resize),
		cmocka_unit_test(the_screen_gets_text_colours_and_links),
		cmocka_unit_test(plainer_terminals_get_less),
		cmocka_unit_test(a_polite_signal_ends_it),
		cmocka_unit_test(a_crash_gives_the_terminal_back),
		cmocka_unit_test(an_unknown_terminal_is_named),
		cmocka_unit_test(plain_mode_speaks_in_lines),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
