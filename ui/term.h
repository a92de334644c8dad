/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * term.h - a terminal: shows grids, reads keys. Two implementations: term_curses.c, the only file
 * that knows curses, and term_script.c, which keeps the screen in memory and is driven by a file
 * of keys. Everything runs on the UI thread.
 */
#ifndef SN_UI_TERM_H
#define SN_UI_TERM_H

#include "src/base/clock.h"
#include "ui/grid.h"
#include "ui/keys.h"

typedef enum {
	SN_INPUT_KEY,
	SN_INPUT_PASTE,  /* text */
	SN_INPUT_MOUSE,  /* x, y, button */
	SN_INPUT_RESIZE,
	SN_INPUT_FOCUS,  /* focused */
	SN_INPUT_QUIT,   /* the terminal is gone, or a polite signal */
} SnInputKind;

typedef enum { SN_MOUSE_LEFT, SN_MOUSE_DOUBLE, SN_MOUSE_WHEEL_UP, SN_MOUSE_WHEEL_DOWN } SnMouse;

typedef struct {
	SnInputKind kind;
	SnKey key;
	char *text;       /* owned by the receiver */
	int x, y;
	SnMouse button;
	gboolean focused;
} SnInput;

typedef struct sn_term SnTerm;
struct sn_term {
	/* Becomes readable when read() may have something; -1: never, ask when idle (a script). */
	int (*fd)(SnTerm *term);
	/* Second fd to poll for signals (resize, termination); -1 none. */
	int (*signal_fd)(SnTerm *term);
	void (*size)(SnTerm *term, int *cols, int *rows);
	/* Number of colours: 0, 8, 16, 256 or 1 << 24. */
	int (*colours)(SnTerm *term);
	/* The next input if there is one; never blocks. A script answers only when it is idle. */
	gboolean (*read)(SnTerm *term, SnInput *input);
	/* How long a script still waits for the screen to change, ms; -1 not at all. */
	int (*patience)(SnTerm *term);
	void (*draw)(SnTerm *term, const SnGrid *grid);
	/* Gives the terminal back to run another program, and takes it again. */
	void (*suspend)(SnTerm *term);
	void (*resume)(SnTerm *term);
	/* Clipboard (OSC 52), title, bell: best effort, NULL text clears. */
	void (*copy)(SnTerm *term, const char *text);
	void (*title)(SnTerm *term, const char *text);
	void (*beep)(SnTerm *term);
	void (*set_mouse)(SnTerm *term, gboolean on);
	/* Restores the terminal. */
	void (*free)(SnTerm *term);
	/* The clock a script sets, so that screens can be compared; NULL the wall clock. */
	const SnClock *clock;
	/* FALSE: only ASCII can be shown. */
	gboolean utf8;
};

SnTerm *sn_term_curses_new(gboolean mouse, GError **error);
/* Reads `path`. out: where dumps without a file name go (stdout). */
SnTerm *sn_term_script_new(const char *path, GError **error);
/* 0 when every expectation of the script held. */
int sn_term_script_result(SnTerm *term);

#endif
