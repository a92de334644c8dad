/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * theme.h - colours and attributes by object (ui/objects.h), from text:
 *
 *     # comment
 *     colour.NAME = #5f87af           names for use below
 *     OBJECT.fg = NAME | 0..255 | #rrggbb | red | bright-red | default
 *     OBJECT.bg = the same
 *     OBJECT.bold|dim|italic|underline|reverse = true | false
 *     names.lightness = 0..100        brightness of the colours of names (XEP-0392)
 *     names.colours = true | false
 *
 * OBJECT may hold * and ?. Later lines win.
 */
#ifndef SN_UI_THEME_H
#define SN_UI_THEME_H

#include "ui/grid.h"
#include "ui/objects.h"

typedef struct sn_theme SnTheme;

/* SN_ERROR_CONFIG names `origin`, the line, and the nearest right word. */
SnTheme *sn_theme_parse(const char *text, const char *origin, GError **error);
void sn_theme_free(SnTheme *theme); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnTheme, sn_theme_free)

/* The theme that needs no file. */
SnTheme *sn_theme_builtin(void);
extern const char sn_theme_builtin_text[];
/*
 * Looks for NAME.theme in the directories (NULL-terminated, NULL entries end the list).
 * SN_ERROR_NOT_FOUND says which themes there are.
 */
SnTheme *sn_theme_load(const char *name, const char *const *dirs, GError **error);
/* Names of all themes in the directories, sorted, NULL-terminated; g_strfreev(). */
char **sn_theme_list(const char *const *dirs);

/* The style of an object: what it leaves open comes from "default". */
SnStyle sn_theme_style(const SnTheme *theme, SnObject object);
/* `under` with what the object sets laid over it. */
SnStyle sn_theme_over(const SnTheme *theme, SnStyle under, SnObject object);
/* The colour of a name (XEP-0392), SENDER where names have none. */
SnStyle sn_theme_name(const SnTheme *theme, const char *name);

/* XEP-0392 section 5: the angle of a name, and HSLuv to 0xrrggbb. */
double sn_hue_angle(const char *name);
guint32 sn_hsluv(double hue, double saturation, double lightness);
/* Nearest of the 256 (cube and greys) or 16 colours. */
guint8 sn_colour_256(guint32 rgb);
guint8 sn_colour_16(guint32 rgb);

#endif
