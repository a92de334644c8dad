/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal through ncurses: the only file that includes it. */
#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/error.h"
#include "ui/links.h"
#include "ui/term.h"
#include "ui/theme.h"

enum {
	CODE_PASTE_BEGIN = 0x6000,
	CODE_PASTE_END,
	CODE_FOCUS_IN,
	CODE_FOCUS_OUT,
	CODE_WITH_MODIFIER, /* + 8 * index of key + modifier bits */
};
enum { PASTE_MAX = 1024 * 1024, COPY_MAX = 74 * 1024 };

typedef struct {
	SnTerm base;
	SCREEN *screen;
	int wake_fd;          /* eventfd that the signal handler writes to */
	GHashTable *pairs;    /* fg << 32 | bg -> pair */
	int next_pair;
	int colours;          /* 0: none */
	gboolean mouse;
	gboolean links;       /* the terminal is one of those that know OSC 8, or skip it */
	SnGrid *drawn;        /* what was shown last; NULL: draw everything */
	struct sigaction old_winch, old_term, old_hup;
} CursesTerm;

/* A signal handler has nowhere else to find its fd and what it must tell. */
static volatile sig_atomic_t signal_wake_fd = -1, signal_winch, signal_quit;

static void on_signal(int number)
{
	int saved = errno;
	guint64 one = 1;

	if (number == SIGWINCH)
		signal_winch = 1;
	else
		signal_quit = 1;
	if (signal_wake_fd >= 0 && write(signal_wake_fd, &one, sizeof one) < 0)
		errno = 0;
	errno = saved;
}

/* What the terminal was like before, for the handler of a crash. */
static struct termios crash_termios;

/* A crash must not leave the terminal unusable; only calls that a handler may make. */
static void on_crash(int number)
{
	static const char back[] = "\033[?1000l\033[?1002l\033[?1006l\033[?2004l\033[?1004l\033[?1049l"
				   "\033[?25h\033[0m\r\n";

	if (write(STDOUT_FILENO, back, sizeof back - 1) < 0)
		errno = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &crash_termios);
	raise(number); /* SA_RESETHAND: now with its own effect */
}

static void raw_write(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

/* Bracketed paste and focus reports: terminals that do not know them ignore them. */
static void extras(const CursesTerm *term, gboolean on)
{
	raw_write(on ? "\033[?2004h\033[?1004h" : "\033[?2004l\033[?1004l");
	mousemask(on && term->mouse ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED |
	                                      BUTTON4_PRESSED | BUTTON5_PRESSED
	                            : 0,
	          NULL);
}

static int curses_fd(SnTerm *base)
{
	return STDIN_FILENO;
}

static int curses_signal_fd(SnTerm *base)
{
	return ((CursesTerm *)base)->wake_fd;
}

static void curses_size(SnTerm *base, int *cols, int *rows)
{
	getmaxyx(stdscr, *rows, *cols);
	*cols = CLAMP(*cols, 1, 1000);
	*rows = CLAMP(*rows, 1, 1000);
}

static int curses_colours(SnTerm *base)
{
	return ((CursesTerm *)base)->colours;
}

static int count_colours(void)
{
	const char *no = g_getenv("NO_COLOR");

	return (no && *no) || !has_colors() ? 0 : COLORS;
}

static void curses_set_mouse(SnTerm *base, gboolean on)
{
	CursesTerm *term = (CursesTerm *)base;

	term->mouse = on;
	extras(term, TRUE);
}

/* ---- reading ---- */

static const struct {
	int code;
	SnKey key;
} curses_keys[] = {
	{ KEY_UP, SN_KEY_UP },         { KEY_DOWN, SN_KEY_DOWN },   { KEY_LEFT, SN_KEY_LEFT },
	{ KEY_RIGHT, SN_KEY_RIGHT },   { KEY_HOME, SN_KEY_HOME },   { KEY_END, SN_KEY_END },
	{ KEY_PPAGE, SN_KEY_PGUP },    { KEY_NPAGE, SN_KEY_PGDN },  { KEY_DC, SN_KEY_DELETE },
	{ KEY_IC, SN_KEY_INSERT },     { KEY_ENTER, SN_KEY_ENTER }, { KEY_BACKSPACE, SN_KEY_BACKSPACE },
	{ KEY_BTAB, SN_KEY_SHIFT | SN_KEY_TAB },
	{ KEY_SR, SN_KEY_SHIFT | SN_KEY_UP },
	{ KEY_SF, SN_KEY_SHIFT | SN_KEY_DOWN },
	{ KEY_SLEFT, SN_KEY_SHIFT | SN_KEY_LEFT },
	{ KEY_SRIGHT, SN_KEY_SHIFT | SN_KEY_RIGHT },
};

/* xterm's CSI 1 ; modifier letter, which terminfo has no fixed codes for. */
static const struct {
	char letter;
	SnKey key;
} modified_keys[] = {
	{ 'A', SN_KEY_UP },   { 'B', SN_KEY_DOWN }, { 'C', SN_KEY_RIGHT },
	{ 'D', SN_KEY_LEFT }, { 'H', SN_KEY_HOME }, { 'F', SN_KEY_END },
};

static void define_keys(void)
{
	define_key("\033[200~", CODE_PASTE_BEGIN);
	define_key("\033[201~", CODE_PASTE_END);
	define_key("\033[I", CODE_FOCUS_IN);
	define_key("\033[O", CODE_FOCUS_OUT);
	for (guint i = 0; i < G_N_ELEMENTS(modified_keys); i++)
		for (guint modifier = 2; modifier <= 8; modifier++) {
			char sequence[16];
			g_snprintf(sequence, sizeof sequence, "\033[1;%u%c", modifier,
			           modified_keys[i].letter);
			define_key(sequence, CODE_WITH_MODIFIER + (int)(8 * i + modifier - 1));
		}
}

static SnKey key_of_code(int code)
{
	if (code >= CODE_WITH_MODIFIER &&
	    code < CODE_WITH_MODIFIER + (int)(8 * G_N_ELEMENTS(modified_keys))) {
		int bits = (code - CODE_WITH_MODIFIER) % 8;
		SnKey key = modified_keys[(code - CODE_WITH_MODIFIER) / 8].key;
		return key | (bits & 1 ? SN_KEY_SHIFT : 0) | (bits & 2 ? SN_KEY_ALT : 0) |
		       (bits & 4 ? SN_KEY_CTRL : 0);
	}
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return SN_KEY_F1 + (SnKey)(code - KEY_F(1));
	for (gsize i = 0; i < G_N_ELEMENTS(curses_keys); i++)
		if (curses_keys[i].code == code)
			return curses_keys[i].key;
	return 0;
}

static SnKey key_of_char(wint_t c)
{
	switch (c) {
	case '\r': return SN_KEY_ENTER;
	case '\t': return SN_KEY_TAB;
	case 0x1b: return SN_KEY_ESC;
	case 0x7f: return SN_KEY_BACKSPACE;
	case 0: return SN_KEY_CTRL | ' ';
	default: break;
	}
	if (c < 27)
		return SN_KEY_CTRL | (SnKey)(c + 'a' - 1);
	if (c < 0x20)
		return SN_KEY_CTRL | (SnKey)(c + '@');
	return (SnKey)c;
}

static gboolean read_paste(SnInput *input)
{
	GString *text = g_string_new(NULL);
	wint_t c;
	int kind, misses = 0;

	/* the end mark may come late: wait for it a little, but never for ever */
	wtimeout(stdscr, 200);
	while (misses < 5) {
		kind = get_wch(&c);
		if (kind == ERR)
			misses++;
		else if (kind == KEY_CODE_YES && c == CODE_PASTE_END)
			break;
		else if (kind == OK && text->len < PASTE_MAX)
			g_string_append_unichar(text, c == '\r' ? '\n' : (gunichar)c);
	}
	wtimeout(stdscr, 0);
	input->kind = SN_INPUT_PASTE;
	input->text = g_string_free(text, FALSE);
	return TRUE;
}

static gboolean read_mouse(SnInput *input)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return FALSE;
	input->kind = SN_INPUT_MOUSE;
	input->x = event.x;
	input->y = event.y;
	if (event.bstate & BUTTON4_PRESSED)
		input->button = SN_MOUSE_WHEEL_UP;
	else if (event.bstate & BUTTON5_PRESSED)
		input->button = SN_MOUSE_WHEEL_DOWN;
	else if (event.bstate & BUTTON1_DOUBLE_CLICKED)
		input->button = SN_MOUSE_DOUBLE;
	else
		input->button = SN_MOUSE_LEFT;
	return TRUE;
}

static gboolean read_signals(CursesTerm *term, SnInput *input)
{
	struct winsize size;
	guint64 count;

	if (read(term->wake_fd, &count, sizeof count) < 0 && !signal_winch && !signal_quit)
		return FALSE;
	if (signal_quit) {
		signal_quit = 0;
		input->kind = SN_INPUT_QUIT;
		return TRUE;
	}
	if (!signal_winch)
		return FALSE;
	signal_winch = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	input->kind = SN_INPUT_RESIZE;
	return TRUE;
}

static gboolean read_code(wint_t code, SnInput *input)
{
	switch (code) {
	case KEY_RESIZE: input->kind = SN_INPUT_RESIZE; return TRUE;
	case KEY_MOUSE: return read_mouse(input);
	case CODE_PASTE_BEGIN: return read_paste(input);
	case CODE_FOCUS_IN:
	case CODE_FOCUS_OUT:
		input->kind = SN_INPUT_FOCUS;
		input->focused = code == CODE_FOCUS_IN;
		return TRUE;
	default: break;
	}
	input->kind = SN_INPUT_KEY;
	input->key = key_of_code((int)code);
	return input->key != 0;
}

static gboolean curses_read(SnTerm *base, SnInput *input)
{
	CursesTerm *term = (CursesTerm *)base;
	wint_t c, second;
	int kind;

	memset(input, 0, sizeof *input);
	if (read_signals(term, input)) {
		g_clear_pointer(&term->drawn, sn_grid_free); /* a resize lets curses forget cells */
		return TRUE;
	}
	for (int tries = 0; tries < 64; tries++) {
		kind = get_wch(&c);
		if (kind == ERR)
			return FALSE;
		if (kind == KEY_CODE_YES) {
			if (c == KEY_RESIZE)
				g_clear_pointer(&term->drawn, sn_grid_free);
			if (read_code(c, input))
				return TRUE;
			continue;
		}
		input->kind = SN_INPUT_KEY;
		input->key = key_of_char(c);
		if (c != 0x1b)
			return TRUE;
		/* Alt sends Esc first */
		kind = get_wch(&second);
		if (kind == OK)
			input->key = SN_KEY_ALT | key_of_char(second);
		else if (kind == KEY_CODE_YES && key_of_code((int)second))
			input->key = SN_KEY_ALT | key_of_code((int)second);
		return TRUE;
	}
	return FALSE;
}

static int curses_patience(SnTerm *base)
{
	return -1;
}

/* ---- drawing ---- */

static int terminal_colour(guint32 colour)
{
	guint32 value = SN_COLOUR_VALUE(colour);

	switch (SN_COLOUR_KIND(colour)) {
	case 0: return -1;
	case 1:
		if ((int)value < COLORS)
			return (int)value;
		return COLORS >= 8 ? (int)value % 8 : -1;
	default: break;
	}
	if (COLORS > 256 && COLORS >= 1 << 24) /* direct colour: 0 to 7 are still the palette */
		return value < 8 ? 0 : (int)value;
	if (COLORS >= 256)
		return sn_colour_256(value);
	if (COLORS >= 16)
		return sn_colour_16(value);
	return sn_colour_16(value) % 8;
}

static int pair_of(CursesTerm *term, const SnStyle *style)
{
	gint64 key;
	gpointer known;
	int fg, bg;

	if (curses_colours(&term->base) < 8)
		return 0;
	fg = terminal_colour(style->fg);
	bg = terminal_colour(style->bg);
	if (fg < 0 && bg < 0)
		return 0;
	key = (gint64)((guint64)(guint32)fg << 32 | (guint32)bg);
	known = g_hash_table_lookup(term->pairs, &key);
	if (known)
		return GPOINTER_TO_INT(known);
	if (term->next_pair >= MIN(COLOR_PAIRS, 32000) || init_extended_pair(term->next_pair, fg, bg) != OK)
		return 0;
	g_hash_table_insert(term->pairs, g_memdup2(&key, sizeof key), GINT_TO_POINTER(term->next_pair));
	return term->next_pair++;
}

static attr_t attrs_of(const SnStyle *style)
{
	static const struct {
		guint32 ours;
		attr_t theirs;
	} table[] = {
		{ SN_ATTR_BOLD, A_BOLD },           { SN_ATTR_DIM, A_DIM },
		{ SN_ATTR_ITALIC, A_ITALIC },       { SN_ATTR_UNDERLINE, A_UNDERLINE },
		{ SN_ATTR_REVERSE, A_REVERSE },
	};
	attr_t attrs = A_NORMAL;

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (style->attrs & table[i].ours)
			attrs |= table[i].theirs;
	return attrs;
}

static const struct {
	gunichar c;
	wchar_t ascii;
} ascii_table[] = {
	{ 0x2500, L'-' }, { 0x2502, L'|' }, { 0x258c, L'>' }, { 0x25cf, L'*' }, { 0x25d0, L'~' },
	{ 0x25cb, L'o' }, { 0x2296, L'!' }, { 0x2026, L'.' }, { 0x2713, L'v' }, { 0x2717, L'x' },
	{ 0x00b7, L'.' }, { 0x2192, L'>' }, { 0x25b8, L'>' }, { 0x21b3, L'+' }, { 0x2014, L'-' },
	{ 0x2018, L'\'' }, { 0x2019, L'\'' }, { 0x201c, L'"' }, { 0x201d, L'"' }, { 0x2022, L'*' },
};

/* What is put where a cell's text cannot be: its width must stay. */
static wchar_t stand_in(const CursesTerm *term, gunichar c)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ascii_table); i++)
		if (ascii_table[i].c == c)
			return ascii_table[i].ascii;
	return L'?';
}

/* Draws one cell; the C library's idea of its width has to agree with ours, or columns would break. */
static void draw_cell(CursesTerm *term, int x, int y, const SnCell *cell)
{
	wchar_t wide[CCHARW_MAX + 1] = L" ";
	cchar_t out;
	int length = 0;

	if (cell->width == 0)
		return;
	for (const char *p = cell->text; *p && length < CCHARW_MAX; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (length > 0 && wcwidth((wchar_t)c) != 0)
			break;
		wide[length++] = (wchar_t)c;
	}
	wide[MAX(length, 1)] = 0;
	if (wcwidth(wide[0]) != cell->width || (!term->base.utf8 && wide[0] > 126)) {
		wide[0] = stand_in(term, (gunichar)wide[0]);
		wide[1] = 0;
	}
	if (setcchar(&out, wide, attrs_of(&cell->style), 0, (int[]){ pair_of(term, &cell->style) }) != OK)
		return;
	mvadd_wch(y, x, &out);
	if (cell->width == 2 && wcwidth(wide[0]) == 1) {
		wide[0] = L' ';
		wide[1] = 0;
		if (setcchar(&out, wide, attrs_of(&cell->style), 0,
		             (int[]){ pair_of(term, &cell->style) }) == OK)
			mvadd_wch(y, x + 1, &out);
	}
}

static void say_colour(guint32 colour, gboolean background, GString *out, gpointer data)
{
	int index = curses_colours(data) >= 8 ? terminal_colour(colour) : -1;

	if (index >= 0 && index < 256)
		g_string_append_printf(out, ";%d;5;%d", background ? 48 : 38, index);
}

/* Links are laid over what curses drew: it has no notion of them. The same characters in the same
 * cells, so that its idea of the screen stays right. */
static void draw_links(CursesTerm *term, const SnGrid *grid)
{
	g_autofree char *sequences = NULL;

	if (!term->links)
		return;
	sequences = sn_links_sequences(grid, term->drawn, say_colour, &term->base);
	if (*sequences)
		raw_write(sequences);
}

static void curses_draw(SnTerm *base, const SnGrid *grid)
{
	CursesTerm *term = (CursesTerm *)base;
	gboolean all = !term->drawn || term->drawn->cols != grid->cols ||
	               term->drawn->rows != grid->rows;
	int cols, rows;

	curses_size(base, &cols, &rows);
	for (int y = 0; y < MIN(rows, grid->rows); y++) {
		const SnCell *row = sn_grid_at(grid, 0, y);
		gsize size = (gsize)grid->cols * sizeof *row;
		if (!all && memcmp(row, sn_grid_at(term->drawn, 0, y), size) == 0)
			continue;
		for (int x = 0; x < MIN(cols, grid->cols); x++)
			if (all || memcmp(&row[x], sn_grid_at(term->drawn, x, y), sizeof *row) != 0)
				draw_cell(term, x, y, &row[x]);
	}
	move(CLAMP(grid->cursor_y, 0, rows - 1), CLAMP(grid->cursor_x, 0, cols - 1));
	refresh();
	draw_links(term, grid);
	if (!term->drawn)
		term->drawn = sn_grid_new(grid->cols, grid->rows);
	sn_grid_copy(term->drawn, grid);
}

/* ---- the rest ---- */

static void curses_suspend(SnTerm *base)
{
	extras((CursesTerm *)base, FALSE);
	endwin();
}

static void curses_resume(SnTerm *base)
{
	signal_winch = 1; /* it may have been resized meanwhile */
	refresh();
	g_clear_pointer(&((CursesTerm *)base)->drawn, sn_grid_free);
	clearok(stdscr, TRUE);
	extras((CursesTerm *)base, TRUE);
}

static void curses_copy(SnTerm *base, const char *text)
{
	gsize length = MIN(strlen(text), COPY_MAX);
	g_autofree char *encoded = g_base64_encode((const guchar *)text, length);
	g_autofree char *sequence = g_strdup_printf("\033]52;c;%s\a", encoded);

	raw_write(sequence);
}

/* Consoles print what they do not know, or stop reading at it. */
static gboolean takes_sequences(void)
{
	const char *name = g_getenv("TERM");

	return name && !g_str_has_prefix(name, "linux") && !g_str_has_prefix(name, "vt") &&
	       !g_str_has_prefix(name, "dumb") && !g_str_has_prefix(name, "ansi");
}

static void curses_title(SnTerm *base, const char *text)
{
	g_autofree char *sequence = NULL;

	if (!takes_sequences())
		return;
	sequence = g_strdup_printf("\033]0;%s\a", text ? text : "");
	raw_write(sequence);
}

static void curses_beep(SnTerm *base)
{
	beep();
}

static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

static void catch_signals(CursesTerm *term)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction crash = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER };

	signal_wake_fd = term->wake_fd;
	sigemptyset(&action.sa_mask);
	sigaction(SIGWINCH, &action, &term->old_winch);
	sigaction(SIGTERM, &action, &term->old_term);
	sigaction(SIGHUP, &action, &term->old_hup);
	for (gsize i = 0; i < G_N_ELEMENTS(crashes); i++)
		sigaction(crashes[i], &crash, NULL);
}

static void curses_free(SnTerm *base)
{
	CursesTerm *term = (CursesTerm *)base;

	sigaction(SIGWINCH, &term->old_winch, NULL);
	sigaction(SIGTERM, &term->old_term, NULL);
	sigaction(SIGHUP, &term->old_hup, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(crashes); i++)
		signal(crashes[i], SIG_DFL);
	signal_wake_fd = -1;
	extras(term, FALSE);
	curses_title(base, NULL);
	endwin();
	delscreen(term->screen);
	g_hash_table_unref(term->pairs);
	sn_grid_free(term->drawn);
	close(term->wake_fd);
	g_free(term);
}

static void begin_screen(void)
{
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	intrflush(stdscr, FALSE);
	typeahead(-1); /* a screen goes out in one piece, not piecewise between looks for a key */
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	define_keys();
}

SnTerm *sn_term_curses_new(gboolean mouse, GError **error)
{
	CursesTerm *term;
	SCREEN *screen;

	setlocale(LC_ALL, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		            "The client needs a terminal. For scripts there are 'sennit list', 'show' "
		            "and 'send'.");
		return NULL;
	}
	tcgetattr(STDIN_FILENO, &crash_termios);
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		            "The terminal type '%s' is not known here. Set TERM, for example to xterm.",
		            g_getenv("TERM") ? g_getenv("TERM") : "");
		return NULL;
	}
	term = g_new0(CursesTerm, 1);
	term->screen = screen;
	term->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	term->pairs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	term->next_pair = 1;
	term->mouse = mouse;
	term->links = takes_sequences();
	term->base = (SnTerm){
		.fd = curses_fd,
		.signal_fd = curses_signal_fd,
		.size = curses_size,
		.colours = curses_colours,
		.read = curses_read,
		.patience = curses_patience,
		.draw = curses_draw,
		.suspend = curses_suspend,
		.resume = curses_resume,
		.copy = curses_copy,
		.title = curses_title,
		.beep = curses_beep,
		.set_mouse = curses_set_mouse,
		.free = curses_free,
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	begin_screen();
	term->colours = count_colours();
	catch_signals(term);
	extras(term, TRUE);
	return &term->base;
}
