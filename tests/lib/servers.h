/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * servers.h - real servers for integration tests (tests/servers/servers), one set for each test
 * program, and plain ways to look at them from outside.
 */
#ifndef SN_TESTS_LIB_SERVERS_H
#define SN_TESTS_LIB_SERVERS_H

#include <glib.h>

typedef struct {
	char *dir;      /* throw-away directory */
	char *ca_file;
	guint16 imap, imaps, lmtp, smtp, smtps, xmpp, xmpps, https;
	char *mail_dir; /* mail_dir/alice/Maildir ... */
} SnServers;

/*
 * Starts the named ones ("dovecot postfix prosody"). cert: "good", "wrongname", "expired",
 * "unknown"; NULL = good. NULL when one is not installed or does not start; `why` says it (free it):
 * a test then skips aloud, or fails when SENNIT_REQUIRE_SERVERS is set (./check sets it).
 */
SnServers *sn_servers_start(const char *names, const char *cert, char **why);
void sn_servers_stop(SnServers *servers); /* all; removes the directory; NULL is fine */

/* Stops, starts one of them again with the same ports and data. */
gboolean sn_servers_stop_one(SnServers *servers, const char *name);
gboolean sn_servers_restart_one(SnServers *servers, const char *name);

/* Delivers raw bytes into a user's INBOX by LMTP, as a mail server would. */
gboolean sn_servers_deliver(SnServers *servers, const char *user, const char *raw, gsize length);
/* Number of messages in the user's folder ("" = INBOX, "Sent") as the files on disk say. */
int sn_servers_count(SnServers *servers, const char *user, const char *folder);

/* For a cmocka group set-up: prints the reason, returns 0 with *servers NULL to skip, -1 to fail. */
int sn_servers_setup(SnServers **servers, const char *names);

/* Waits until condition() holds, running the default main context meanwhile; FALSE after seconds. */
gboolean sn_wait_until(gboolean (*condition)(gpointer data), gpointer data, int seconds);

#endif
