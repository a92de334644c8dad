/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * binds.h - which keys run which command, by context. The built-in table is data; binds.conf lays
 * its lines over it:
 *
 *     [timeline]
 *     r = :reply<Enter>        the notation of aerc; ":" and "<Enter>" may be left out
 *     <C-d> =                  takes a binding away
 *
 * Contexts: global, list, timeline, compose (with compose-im, compose-mail), view (with one for
 * each view: outbox, person, ...), command, prompt.
 */
#ifndef SN_UI_BINDS_H
#define SN_UI_BINDS_H

#include "ui/keys.h"

typedef struct {
	const char *context, *keys, *command, *meaning; /* meaning: for help and manual */
} SnDefaultBind;
extern const SnDefaultBind sn_default_binds[]; /* ends with a NULL context */

typedef struct sn_binds SnBinds;

/* The built-in table. */
SnBinds *sn_binds_new(void);
void sn_binds_free(SnBinds *binds); /* NULL is fine */
/* Lays a file's text over it. SN_ERROR_CONFIG names `origin` and the line; nothing is changed then. */
gboolean sn_binds_parse(SnBinds *binds, const char *text, const char *origin, GError **error);

typedef enum { SN_BIND_NONE, SN_BIND_PREFIX, SN_BIND_FOUND } SnBindResult;
/* contexts: first one wins, NULL-terminated. command: owned by the binds. */
SnBindResult sn_binds_lookup(const SnBinds *binds, const char *const *contexts, const SnKey *keys,
                             gsize count, const char **command);
/* The shortest keys that run this command there, as sn_keys_label(); NULL. Caller frees. */
char *sn_binds_keys_of(const SnBinds *binds, const char *const *contexts, const char *command);

typedef void (*SnBindVisit)(const char *context, const char *keys, const char *command,
                            const char *meaning, gpointer data);
/* All bindings, by context in the order of the built-in table. */
void sn_binds_each(const SnBinds *binds, SnBindVisit visit, gpointer data);

#endif
