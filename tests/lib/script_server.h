/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script_server.h - a server on loopback that says what a test wants, right or wrong.
 *
 * A script is lines joined by '\n', one step each:
 *   S text      sends text and CRLF; $T stands for the first word (the tag) of the last line read
 *   R text      sends text as it is; \r \n \0 and \\ are understood
 *   C part      reads a line, which must contain part (else the connection ends, see failures)
 *   *           reads lines for ever, answering each with "TAG OK done" (IMAP)
 *   L n         reads n bytes
 *   F n c       sends the character c n times
 *   W           waits until sn_script_server_go() is called
 *   X           closes the connection (also at the end of the script)
 *   H           hangs: says nothing more, reads nothing, until the server is freed
 * The n-th connection runs the n-th script; the last one is for all that follow.
 */
#ifndef SN_TESTS_LIB_SCRIPT_SERVER_H
#define SN_TESTS_LIB_SCRIPT_SERVER_H

#include <glib.h>

typedef struct sn_script_server SnScriptServer;

/* scripts: NULL-terminated; must outlive the server. */
SnScriptServer *sn_script_server_new(const char *const *scripts);
void sn_script_server_free(SnScriptServer *server);
guint16 sn_script_server_port(SnScriptServer *server);
void sn_script_server_go(SnScriptServer *server); /* lets one W step, now or later, go on */
guint sn_script_server_connections(SnScriptServer *server);
/* What clients said that no C step wanted, and all lines read, for messages; caller frees. */
guint sn_script_server_failures(SnScriptServer *server);
char *sn_script_server_heard(SnScriptServer *server);

#endif
