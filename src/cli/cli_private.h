/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_private.h - between the files of src/cli: tables of verbs and options, output, look-ups. */
#ifndef SN_CLI_CLI_PRIVATE_H
#define SN_CLI_CLI_PRIVATE_H

#include <stdio.h>

#include "src/cli/cli.h"
#include "src/store/conversation.h"
#include "src/store/message.h"
#include "src/store/outbox.h"
#include "src/store/store.h"

/* ---- tables ---- */

typedef enum {
	SN_OPT_FLAG,
	SN_OPT_TEXT,
	SN_OPT_LIST,   /* may be given several times */
	SN_OPT_NUMBER, /* 0 to 1,000,000,000 */
	SN_OPT_FILE,   /* TEXT that completes to a file */
	SN_OPT_FILES,  /* LIST that completes to files */
} SnOptionKind;

typedef struct {
	const char *name; /* without "--" */
	char letter;      /* 0 = none */
	SnOptionKind kind;
	const char *argument; /* "WHO"; NULL for flags. "a|b|c": only these words are right */
	const char *meaning;
} SnCliOption;

typedef struct {
	const char *name, *arguments, *meaning;
} SnCliSub; /* e.g. `outbox cancel` */

typedef struct sn_args SnArgs;

typedef struct {
	const char *name;
	const char *arguments; /* as shown after the options; "" */
	const char *meaning;   /* one line */
	const char *text;      /* more for --help and the manual; NULL */
	const SnCliOption *options; /* ended by a NULL name */
	const SnCliSub *subs;       /* ended by a NULL name; NULL */
	int min, max;          /* number of arguments; max -1 = no bound */
	gboolean reads;        /* only shows: with a query that failed it has failed */
	int (*run)(SnCliContext *context, const SnArgs *args);
} SnCliVerb;

extern const SnCliOption sn_program_options[];
/* NULL-terminated. */
const SnCliVerb *const *sn_cli_verbs(void);
const SnCliVerb *sn_cli_verb(const char *name); /* NULL */
char *sn_verb_help(const SnCliVerb *verb);

/* Options that several verbs have. */
#define SN_OPTION_JSON { "json", 0, SN_OPT_FLAG, NULL, "print one JSON object a line" }
#define SN_OPTION_END { NULL, 0, SN_OPT_FLAG, NULL, NULL }

/* ---- arguments of one call ---- */

/* argv[0] is the verb. stop_early: leave everything from the first argument on alone (*rest). */
SnArgs *sn_args_parse(const char *verb, const SnCliOption *options, int argc, char **argv,
                      gboolean stop_early, int *rest, GError **error);
void sn_args_free(SnArgs *args);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnArgs, sn_args_free)
gboolean sn_args_flag(const SnArgs *args, const char *name);
const char *sn_args_text(const SnArgs *args, const char *name);        /* NULL when not given */
const char *const *sn_args_list(const SnArgs *args, const char *name); /* never NULL */
gint64 sn_args_number(const SnArgs *args, const char *name, gint64 fallback);
guint sn_args_count(const SnArgs *args);                 /* plain arguments */
const char *sn_args_get(const SnArgs *args, guint index); /* NULL beyond the last */
/* All plain arguments from `index` on, joined by blanks; caller frees. */
char *sn_args_join(const SnArgs *args, guint index);

/* ---- what verbs work on: NULL and a printed error when it cannot be had ---- */

SnConfig *sn_cli_config(SnCliContext *context, int *code);
/* Opened as a client, with the accounts declared. */
SnStore *sn_cli_store(SnCliContext *context, int *code);

/* What the user is told is done outlasts a power cut. FALSE and a printed error when it is not
 * certain that it reached the disk. */
gboolean sn_cli_durable(SnStore *store, int *code);

/* Prints "sennit: MESSAGE" and returns the exit code for it. */
int sn_cli_fail(const GError *error);
int sn_cli_failf(SnExit code, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "mail:x" "mailto:x" "im:x" "xmpp:x" or x alone: the address without prefix, *channel -1 when none
 * was named. NULL when it is no address. Caller frees. */
char *sn_cli_address(const char *text, int *channel);
/* The one conversation or person meant; 0 after printing what is wrong, with *code set. */
SnId sn_cli_find_conversation(SnStore *store, const char *who, int *code);
/* The same, but an address that is one person's email and (as far as is known) another's IM address
 * gives both conversations. Of SnId; empty after printing what is wrong. */
GArray *sn_cli_find_conversations(SnStore *store, const char *who, int *code);
SnId sn_cli_find_person(SnStore *store, const char *who, int *code);
/* A row id ("12", "id:12"); 0 when it is none. */
SnId sn_cli_id(const char *text);
/* A message's number, or its Message-ID with or without brackets; 0 when there is none. */
SnId sn_cli_message(SnStore *store, const char *text);
/* TRUE when an engine runs for the profile. */
gboolean sn_cli_engine_runs(SnCliContext *context);

/* ---- output for people: aligned columns, cleaned text ---- */

typedef struct sn_table SnTable;
typedef enum { SN_PLAIN, SN_STRONG, SN_FAINT, SN_GOOD, SN_BAD } SnShade;
/* The last column is cut to the terminal's width, if there is a terminal. titles: NULL-terminated. */
SnTable *sn_table_new(const char *const *titles);
/* NULL = empty cell. */
void sn_table_cell(SnTable *table, SnShade shade, const char *text);
void sn_table_cellf(SnTable *table, SnShade shade, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Prints and frees. */
void sn_table_print(SnTable *table);
void sn_table_free(SnTable *table); /* unprinted; NULL is fine */
gboolean sn_out_colour(FILE *file);
/* Control characters cleaned, newlines kept. */
void sn_out_text(const char *text);
/* "14:05", "Fri 14:05", "2026-11-02": as short as it stays clear; caller frees. */
char *sn_out_time(SnTime time);
/* Ends output: FALSE when it could not be written (disk full, closed pipe). */
gboolean sn_out_finish(void);

/* ---- output for programs ---- */

/* An array of objects, each on a line of its own. */
typedef struct json_t SnJson;
typedef struct {
	gint64 count;
} SnJsonList;
void sn_json_begin(SnJsonList *list);
void sn_json_item(SnJsonList *list, SnJson *object); /* takes it */
void sn_json_end(SnJsonList *list);
SnJson *sn_json_object(void);
/* Nothing is added for NULL, 0 times, and empty lists: absent facts are left out. */
void sn_json_text(SnJson *object, const char *key, const char *text);
void sn_json_int(SnJson *object, const char *key, gint64 value);
void sn_json_bool(SnJson *object, const char *key, gboolean value);
void sn_json_time(SnJson *object, const char *key, SnTime time);
SnJson *sn_json_array(SnJson *object, const char *key); /* added; borrowed */
void sn_json_put(SnJson *object, const char *key, SnJson *value); /* takes it */
void sn_json_drop(SnJson *object, const char *key);
void sn_json_append_text(SnJson *array, const char *text);
void sn_json_append(SnJson *array, SnJson *object); /* takes it */
SnJson *sn_json_message(const SnMessage *message);
SnJson *sn_json_entry(SnStore *store, const SnOutboxEntry *entry);
/* What happens next with it, a sentence; caller frees. */
char *sn_cli_entry_next(SnStore *store, const SnOutboxEntry *entry);
/* "bob@x, carol@y" of the entry's TO, or all recipients; caller frees. */
char *sn_entry_to(const SnOutboxEntry *entry);

#endif
