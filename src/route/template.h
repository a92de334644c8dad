/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template.h - texts that are written again and again: files in the directory templates/ of the
 * configuration. A first line "Subject: ..." and an empty one below it make the subject. {{name}} and
 * the like stand for facts; what is none of them stays as it is.
 */
#ifndef SN_ROUTE_TEMPLATE_H
#define SN_ROUTE_TEMPLATE_H

#include "src/base/clock.h"
#include "src/config/config.h"

#define SN_TEMPLATE_MAX (64 * 1024) /* bytes */

/* What the words stand for; NULL is nothing. */
typedef struct {
	const char *name;      /* {{name}}, and its first word {{first-name}} */
	const char *address;   /* {{address}} */
	const char *subject;   /* {{subject}}: of what is answered */
	const char *from;      /* {{from}}: who writes, {{from-address}} */
	const char *from_address;
	SnTime now;            /* {{date}} 2026-11-22, {{time}} 10:30, {{weekday}} Sunday */
} SnTemplateFacts;

typedef struct {
	char *subject; /* NULL: it says none */
	char *text;
} SnTemplate;
void sn_template_free(SnTemplate *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnTemplate, sn_template_free)

/* SN_ERROR_NOT_FOUND names the directory, SN_ERROR_INVALID says what is wrong with the file. */
SnTemplate *sn_template_load(const SnPaths *paths, const char *name, const SnTemplateFacts *facts,
                             GError **error);
/* Names, sorted; g_strfreev(). Never NULL. */
char **sn_template_names(const SnPaths *paths);

#endif
