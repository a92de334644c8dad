/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * picture.c - sennit-picture: shows one picture in the terminal, by libchafa: with the graphics of kitty
 * or sixels where the terminal has them, in coloured characters otherwise.
 *
 * A program of its own, since decoders of pictures are where hostile files do their harm: it holds no
 * password, no message and no connection, has limits on bytes, pixels, memory and time, and can change
 * nothing, run nothing and reach nobody (confine.h). Whatever becomes of it, the client goes on.
 */
#include <chafa.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "backends/picture/confine.h"

enum {
	MAX_BYTES = 64 << 20,
	MAX_PIXELS = 50 * 1000 * 1000, /* as the file says, before anything is decoded */
	MAX_SECONDS = 10,              /* of the processor */
	CHUNK = 64 << 10,
	CELL_WIDTH = 10, CELL_HEIGHT = 20, /* pixels, where the terminal does not tell */
};
#define MAX_MEMORY ((rlim_t)1 << 30)

typedef struct {
	int columns, rows, cell_width, cell_height;
	int shown_width, shown_height; /* pixels it is decoded to */
	int width, height;             /* its own; 0 not known yet */
	gboolean too_large;
} Frame;

static int complain(const char *text)
{
	fprintf(stderr, "sennit-picture: %s\n", text);
	return 1;
}

static void limit(int resource, rlim_t most)
{
	struct rlimit limit = { most, most };

	setrlimit(resource, &limit);
}

/* With sanitizers the address space is vast from the start, and they look at the process in the end. */
static void set_limits(void)
{
	limit(RLIMIT_CPU, MAX_SECONDS);
	limit(RLIMIT_CORE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	limit(RLIMIT_AS, MAX_MEMORY);
	sn_confine(); /* where the kernel can: the limits hold in any case */
#endif
}

/* ---- decoding ---- */

/* The decoder is told to make it no larger than it is shown: most then never unpack it whole. */
static void size_told(GdkPixbufLoader *loader, int width, int height, gpointer data)
{
	Frame *frame = data;
	double scale;

	frame->width = width;
	frame->height = height;
	if (width < 1 || height < 1 || (gint64)width * height > MAX_PIXELS) {
		frame->too_large = TRUE;
		gdk_pixbuf_loader_set_size(loader, 0, 0); /* which no decoder takes: it ends here */
		return;
	}
	scale = MIN(1.0, MIN((double)frame->columns * frame->cell_width / width,
	                     (double)frame->rows * frame->cell_height / height));
	frame->shown_width = MAX(1, (int)(width * scale));
	frame->shown_height = MAX(1, (int)(height * scale));
	gdk_pixbuf_loader_set_size(loader, frame->shown_width, frame->shown_height);
}

static GdkPixbuf *decode(const guchar *bytes, gsize length, Frame *frame)
{
	g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new();
	gboolean ok = TRUE;

	g_signal_connect(loader, "size-prepared", G_CALLBACK(size_told), frame);
	for (gsize at = 0; ok && at < length && !frame->too_large; at += CHUNK)
		ok = gdk_pixbuf_loader_write(loader, bytes + at, MIN(CHUNK, length - at), NULL);
	ok = gdk_pixbuf_loader_close(loader, NULL) && ok && !frame->too_large;
	GdkPixbuf *pixbuf = ok ? gdk_pixbuf_loader_get_pixbuf(loader) : NULL;
	return pixbuf ? gdk_pixbuf_apply_embedded_orientation(pixbuf) : NULL;
}

static guchar *read_file(const char *path, gsize *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat info;
	guchar *bytes = NULL;
	gsize got = 0;

	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
	    info.st_size <= MAX_BYTES) {
		bytes = g_malloc((gsize)info.st_size);
		while (got < (gsize)info.st_size) {
			ssize_t n = read(fd, bytes + got, (gsize)info.st_size - got);
			if (n <= 0)
				break;
			got += (gsize)n;
		}
	}
	if (fd >= 0)
		close(fd);
	*length = got;
	return bytes;
}

/* ---- showing ---- */

/* What the terminal can, or what was asked for. */
static ChafaPixelMode pixel_mode(const char *wanted, ChafaTermInfo *terminal)
{
	if (wanted)
		return strcmp(wanted, "kitty") == 0   ? CHAFA_PIXEL_MODE_KITTY
		       : strcmp(wanted, "sixel") == 0 ? CHAFA_PIXEL_MODE_SIXELS
		                                      : CHAFA_PIXEL_MODE_SYMBOLS;
	if (chafa_term_info_have_seq(terminal, CHAFA_TERM_SEQ_BEGIN_KITTY_IMMEDIATE_IMAGE_V1))
		return CHAFA_PIXEL_MODE_KITTY;
	return chafa_term_info_have_seq(terminal, CHAFA_TERM_SEQ_BEGIN_SIXELS) ? CHAFA_PIXEL_MODE_SIXELS
	                                                                      : CHAFA_PIXEL_MODE_SYMBOLS;
}

static ChafaCanvasMode colours(ChafaTermInfo *terminal)
{
	if (g_getenv("NO_COLOR") && *g_getenv("NO_COLOR"))
		return CHAFA_CANVAS_MODE_FGBG;
	if (chafa_term_info_have_seq(terminal, CHAFA_TERM_SEQ_SET_COLOR_FGBG_DIRECT))
		return CHAFA_CANVAS_MODE_TRUECOLOR;
	return chafa_term_info_have_seq(terminal, CHAFA_TERM_SEQ_SET_COLOR_FGBG_256)
	               ? CHAFA_CANVAS_MODE_INDEXED_240
	               : CHAFA_CANVAS_MODE_INDEXED_16;
}

static void print(GdkPixbuf *pixbuf, const Frame *frame, const char *wanted)
{
	g_auto(GStrv) environment = g_get_environ();
	ChafaTermInfo *terminal = chafa_term_db_detect(chafa_term_db_get_default(), environment);
	ChafaCanvasConfig *config = chafa_canvas_config_new();
	ChafaSymbolMap *symbols = chafa_symbol_map_new();
	int columns = frame->columns, rows = frame->rows;
	gboolean alpha = gdk_pixbuf_get_has_alpha(pixbuf);

	chafa_calc_canvas_geometry(gdk_pixbuf_get_width(pixbuf), gdk_pixbuf_get_height(pixbuf), &columns,
	                           &rows, (float)frame->cell_width / (float)frame->cell_height, FALSE,
	                           FALSE);
	chafa_symbol_map_add_by_tags(symbols, CHAFA_SYMBOL_TAG_BLOCK | CHAFA_SYMBOL_TAG_BORDER |
	                                              CHAFA_SYMBOL_TAG_SPACE);
	chafa_canvas_config_set_symbol_map(config, symbols);
	chafa_canvas_config_set_geometry(config, MAX(columns, 1), MAX(rows, 1));
	chafa_canvas_config_set_cell_geometry(config, frame->cell_width, frame->cell_height);
	chafa_canvas_config_set_pixel_mode(config, pixel_mode(wanted, terminal));
	chafa_canvas_config_set_canvas_mode(config, colours(terminal));
	ChafaCanvas *canvas = chafa_canvas_new(config);
	chafa_canvas_draw_all_pixels(canvas,
	                             alpha ? CHAFA_PIXEL_RGBA8_UNASSOCIATED : CHAFA_PIXEL_RGB8,
	                             gdk_pixbuf_read_pixels(pixbuf), gdk_pixbuf_get_width(pixbuf),
	                             gdk_pixbuf_get_height(pixbuf), gdk_pixbuf_get_rowstride(pixbuf));
	if (wanted) { /* its sequences, whatever terminal this is */
		ChafaTermInfo *all = chafa_term_db_get_fallback_info(chafa_term_db_get_default());
		chafa_term_info_supplement(terminal, all);
		chafa_term_info_unref(all);
	}
	GString *out = chafa_canvas_print(canvas, terminal);
	fwrite(out->str, 1, out->len, stdout);
	putchar('\n');
	g_string_free(out, TRUE);
	chafa_canvas_unref(canvas);
	chafa_canvas_config_unref(config);
	chafa_symbol_map_unref(symbols);
	chafa_term_info_unref(terminal);
}

static void wait_for_key(const Frame *frame)
{
	struct termios before, raw;
	char key;

	printf("%d x %d pixels. Any key goes back.", frame->width, frame->height);
	fflush(stdout);
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return;
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	if (read(STDIN_FILENO, &key, 1) < 0)
		perror("sennit-picture");
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

/* The last two lines are for what is said below. */
static void look_at_terminal(Frame *frame)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2 || size.ws_row < 4)
		return;
	frame->columns = MIN(size.ws_col, 1000);
	frame->rows = MIN(size.ws_row - 2, 500);
	if (size.ws_xpixel / size.ws_col >= 2 && size.ws_ypixel / size.ws_row >= 2) {
		frame->cell_width = MIN(size.ws_xpixel / size.ws_col, 100);
		frame->cell_height = MIN(size.ws_ypixel / size.ws_row, 200);
	}
}

/* sennit-picture [--wait] [--kitty | --sixel | --symbols] FILE */
int main(int argc, char **argv)
{
	Frame frame = { .columns = 80, .rows = 22, .cell_width = CELL_WIDTH, .cell_height = CELL_HEIGHT };
	const char *wanted = NULL, *path = NULL;
	gboolean wait = FALSE;
	gsize length;

	setlocale(LC_ALL, "");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--wait") == 0)
			wait = TRUE;
		else if (strcmp(argv[i], "--kitty") == 0 || strcmp(argv[i], "--sixel") == 0 ||
		         strcmp(argv[i], "--symbols") == 0)
			wanted = argv[i] + 2;
		else
			path = argv[i];
	}
	if (!path)
		return complain("it needs the name of a file.");
	look_at_terminal(&frame);
	set_limits();
	g_autofree guchar *bytes = read_file(path, &length);
	if (!bytes)
		return complain("the file cannot be read, or is larger than 64 MB.");
	g_autoptr(GdkPixbuf) pixbuf = decode(bytes, length, &frame);
	if (!pixbuf)
		return complain(frame.too_large ? "the picture has more than 50 million pixels."
		                                : "that is no picture, or a damaged one.");
	if (wait) /* an empty screen, and the cursor at its beginning */
		fputs("\033[2J\033[H", stdout);
	print(pixbuf, &frame, wanted);
	if (wait)
		wait_for_key(&frame);
	return 0;
}
