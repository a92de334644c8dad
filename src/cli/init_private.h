/* SPDX-License-Identifier: GPL-3.0-or-later */
/* init_private.h - between cmd_init.c (who and where), init_login.c (how to log in) and init_save.c
 * (what is written, and whether it works). */
#ifndef SN_CLI_INIT_PRIVATE_H
#define SN_CLI_INIT_PRIVATE_H

#include "src/cli/cli_private.h"

enum { INIT_SOURCE, INIT_OUTGOING, INIT_IM, INIT_ENDS };

typedef struct {
	SnCliContext *context;
	const SnArgs *args;
	gboolean ask;            /* a person sits there */
	char *address, *name, *account;
	char *urls[INIT_ENDS];   /* NULL: none */
	gboolean wants_oauth;    /* the servers said that they take no passwords */
	/* how to log in; NULL: not in this way */
	char *command, *password;
	gboolean typed;          /* a command, if any, only prints what was typed */
	char *own_command[INIT_ENDS], *own_password[INIT_ENDS]; /* of one end alone */
	char *oauth_provider, *oauth_client, *oauth_secret_command;
	gboolean logged_in;      /* with OAuth2 */
	char *path, *old;        /* accounts.conf and its text; old NULL = none */
	int code;
} SnInit;

typedef struct {
	const char *key, *title, *question;
} SnInitEnd;
extern const SnInitEnd sn_init_ends[INIT_ENDS];

/* FALSE, with the exit code noted. */
gboolean sn_init_give_up(SnInit *init, int code);
/* The option's value, else the person's answer, else the fallback. NULL: no answer. */
char *sn_init_option(SnInit *init, const char *option, const char *question, const char *fallback);
/* Asks for an end until the answer can be one; empty: none. FALSE: given up. */
gboolean sn_init_ask_end(SnInit *init, int end, const char *fallback);

/* Password, command or OAuth2. */
gboolean sn_init_find_login(SnInit *init);
/* Where the passwords of this round go; a file only with the person's consent. */
gboolean sn_init_keep_passwords(SnInit *init, const SnAccount *account);
/* Removes them again. */
void sn_init_drop_passwords(const SnInit *init, const SnAccount *account);
/* Once, where OAuth2 is used. */
gboolean sn_init_log_in(SnInit *init, const SnAccount *account);

/* Writes the section when all ends work, or the person says so. */
gboolean sn_init_save(SnInit *init);

#endif
