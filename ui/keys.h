/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys.h - keys as numbers, and as people write them: a <C-x> <A-1> <Tab> <space> <F5>. */
#ifndef SN_UI_KEYS_H
#define SN_UI_KEYS_H

#include <glib.h>

/* A key: a Unicode character, or one of these, with modifiers above. Control letters are the
 * lower-case letter with SN_KEY_CTRL; shift is kept only where the character does not say it. */
typedef guint32 SnKey;

#define SN_KEY_CTRL 0x40000000u
#define SN_KEY_ALT 0x20000000u
#define SN_KEY_SHIFT 0x10000000u
#define SN_KEY_CODE(key) ((key)&0x0fffffffu)

/*   name      code offset  notation */
#define SN_KEY_TABLE(X)                                                                       \
	X(ENTER, 0, "Enter")                                                                     \
	X(TAB, 1, "Tab")                                                                         \
	X(ESC, 2, "Esc")                                                                         \
	X(BACKSPACE, 3, "Backspace")                                                             \
	X(DELETE, 4, "Delete")                                                                   \
	X(INSERT, 5, "Insert")                                                                   \
	X(UP, 6, "Up")                                                                           \
	X(DOWN, 7, "Down")                                                                       \
	X(LEFT, 8, "Left")                                                                       \
	X(RIGHT, 9, "Right")                                                                     \
	X(HOME, 10, "Home")                                                                      \
	X(END, 11, "End")                                                                        \
	X(PGUP, 12, "PgUp")                                                                      \
	X(PGDN, 13, "PgDn")                                                                      \
	X(F1, 14, "F1")                                                                          \
	X(F2, 15, "F2")                                                                          \
	X(F3, 16, "F3")                                                                          \
	X(F4, 17, "F4")                                                                          \
	X(F5, 18, "F5")                                                                          \
	X(F6, 19, "F6")                                                                          \
	X(F7, 20, "F7")                                                                          \
	X(F8, 21, "F8")                                                                          \
	X(F9, 22, "F9")                                                                          \
	X(F10, 23, "F10")                                                                        \
	X(F11, 24, "F11")                                                                        \
	X(F12, 25, "F12")

enum {
#define X(name, offset, text) SN_KEY_##name = 0x01000000 + (offset),
	SN_KEY_TABLE(X)
#undef X
};

/* TRUE for a key that stands for text by itself. */
gboolean sn_key_is_text(SnKey key);

/* "gg", "<C-x>s", "<A-1>" to keys. FALSE with SN_ERROR_INVALID naming the part that is wrong. Of
 * SnKey; never empty. */
GArray *sn_keys_parse(const char *text, GError **error);
/* One key in that notation, appended. */
void sn_key_format(SnKey key, GString *out);
char *sn_keys_format(const SnKey *keys, gsize count); /* caller frees */
/* The same for the eye: "C-t", "Alt-Enter", "gg". Caller frees. */
char *sn_keys_label(const SnKey *keys, gsize count);

#endif
