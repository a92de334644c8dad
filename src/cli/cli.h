/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli.h - the command line verbs. One verb = one file cmd_*.c and one line in the table of cli.c.
 * Verbs read rows and write intents like the client does; what needs the engine's code comes
 * through SnCliServices, which main.c fills.
 */
#ifndef SN_CLI_CLI_H
#define SN_CLI_CLI_H

#include "src/config/config.h"
#include "src/base/opened.h"
#include "src/config/oauth2.h"
#include "src/route/outlook.h"

/* Exit codes (DESIGN section 11); the table in the manual is generated from this one. */
#define SN_EXIT_TABLE(X)                                                                      \
	X(DONE, 0, "done")                                                                       \
	X(FAILED, 1, "failed")                                                                   \
	X(USAGE, 2, "wrong usage or configuration")                                              \
	X(NOT_FOUND, 3, "no such person, message or entry")                                      \
	X(AUTH, 4, "authentication failed")                                                      \
	X(NETWORK, 5, "network or server error")                                                 \
	X(WAITING, 6, "waiting: deferred, or a decision is needed")                              \
	X(INPUT, 7, "bad input")
typedef enum {
#define X(name, code, meaning) SN_EXIT_##name = code,
	SN_EXIT_TABLE(X)
#undef X
} SnExit;
SnExit sn_exit_for_error(const GError *error);
SnExit sn_exit_for_code(SnErrorCode code);

typedef struct sn_vcard SnVcard; /* src/vcard/vcard.h */

typedef enum {
	SN_ENGINE_ONCE,    /* until everything is synced and delivered */
	SN_ENGINE_SERVICE, /* until SIGINT or SIGTERM */
	SN_ENGINE_WAIT,    /* the same, after the engine of a client has ended, if one runs */
} SnEngineHow;

typedef struct {
	/* All may be slow (they load modules); NULL members do not happen. */
	gboolean (*engine_run)(SnEngineHow how, gpointer data, GError **error);
	gboolean (*import)(SnStore *store, const char *path, gint64 *added, gint64 *known,
	                   gint64 *failed, void (*progress)(gint64, gpointer), gpointer progress_data,
	                   gpointer data, GError **error);
	gboolean (*probe)(const SnEndpoint *endpoint, char **text, gpointer data, GError **error);
	/* Of SnVcard; NULL with error when the module cannot be loaded. */
	GPtrArray *(*vcards)(const char *text, const char *file, int *bad, gpointer data,
	                     GError **error);
	/* As sn_vcard_format() and sn_vcard_complete(). */
	char *(*vcard_format)(const SnVcard *card, int version, gpointer data, GError **error);
	char *(*vcard_complete)(const char *text, const SnVcard *card, gboolean *found, gpointer data,
	                        GError **error);
	/* As sn_mail_part_bytes(). */
	GBytes *(*part_bytes)(GBytes *raw, int position, gpointer data, GError **error);
	gpointer data;
	/* As in src/engine/oauth.h. */
	gboolean (*oauth_login)(const SnOauth2 *oauth2, gboolean browser, SnOauth2Tell tell,
	                        gpointer tell_data, gpointer data, GError **error);
	char *(*oauth_token)(const SnOauth2 *oauth2, gpointer data, GError **error);
	/* As SnEngineOps.open_mail, and .set_up_key. */
	SnOpened *(*open_mail)(SnStore *store, GBytes *raw, gboolean may_ask, gpointer data);
	gboolean (*set_up_key)(SnStore *store, const SnKeyAsk *ask, SnKeyChosen *chosen, gpointer data,
	                       GError **error);
	/* A page by https, at most 256 KiB; NULL when there is none. Any thread. */
	GString *(*web_get)(const char *url, const char *ca_file, int seconds, gpointer data,
	                    GError **error);
} SnCliServices;

typedef struct {
	const char *dir;       /* -c DIR; NULL */
	SnPaths *paths;
	SnConfig *config;      /* NULL until sn_cli_config(), which every verb that needs it calls */
	SnStore *store;        /* opened on demand by sn_cli_store() */
	SnCliServices services;
	gboolean welcome;      /* the client opens afterwards by itself */
} SnCliContext;

/* What stands before the verb. Strings belong to argv. */
typedef struct {
	const char *dir;     /* -c DIR; NULL */
	const char *script;  /* --script FILE; NULL */
	gboolean plain, help, version;
	int rest;            /* index in argv of the first other word; argc when there is none */
} SnProgramArgs;
/* SN_ERROR_CONFIG: unknown option, with the nearest right one. */
gboolean sn_program_args(int argc, char **argv, SnProgramArgs *args, GError **error);
/* The text of `sennit --help`; caller frees. */
char *sn_program_help(void);

/* Runs argv[0] = verb. Errors are printed to stderr as "sennit: ..."; the exit code is returned.
 * What the verb opened in the context is closed by the caller with sn_cli_context_clear(). */
int sn_cli_run(SnCliContext *context, int argc, char **argv);
gboolean sn_cli_is_verb(const char *word);
/* The verb that a mistyped word may have meant; NULL. */
const char *sn_cli_nearest_verb(const char *word);
/* Frees paths, config and store. */
void sn_cli_context_clear(SnCliContext *context);

#endif
