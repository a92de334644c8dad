/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli_desk.h - runs verbs of the command line on a profile of their own: text in, text out, exit
 * code. The store is a TmpStore's; what would need the engine's modules is counted or scripted.
 */
#ifndef SN_TESTS_CLI_DESK_H
#define SN_TESTS_CLI_DESK_H

#include <jansson.h>

#include "src/cli/cli.h"
#include "tests/lib/tmpstore.h"

typedef struct {
	TmpStore *tmp;
	SnCliContext context;
	char *out, *err;      /* of the last run */
	/* what the services do */
	int engine_runs, probes;
	SnErrorCode probe_error; /* 0 = every end works */
	const char *probe_fails; /* only this scheme of endpoint: "imap"; NULL = all */
	gboolean no_vcards;      /* the vCard module is missing */
	const char *web_url, *web_page; /* what addresses with this in them give; NULL: nothing */
} CliDesk;

/* With one account "home" of alice@example.test: source, outgoing and im. */
int cli_desk_setup(void **state);
int cli_desk_teardown(void **state);

/* cli_desk_run(desk, "text for stdin", "send", "--to", "bob", NULL): the exit code. input NULL: "" */
int cli_desk_run(CliDesk *desk, const char *input, const char *verb, ...) G_GNUC_NULL_TERMINATED;
/* The last output as JSON: an array, every object on a line of its own. Free with json_decref(). */
json_t *cli_desk_json(const CliDesk *desk);
/* Writes a file of the profile's configuration directory (0600). */
void cli_desk_write(CliDesk *desk, const char *name, const char *text);
char *cli_desk_read(CliDesk *desk, const char *name); /* NULL when it is not there */
/* The files of the configuration are read again at the next verb. */
void cli_desk_forget(CliDesk *desk);
gboolean cli_desk_said(const CliDesk *desk, const char *part); /* in stderr */

#endif
