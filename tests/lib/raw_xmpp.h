/* SPDX-License-Identifier: GPL-3.0-or-later */
/* raw_xmpp.h - another client, which sends what a well-behaved one would not. */
#ifndef SN_TESTS_LIB_RAW_XMPP_H
#define SN_TESTS_LIB_RAW_XMPP_H

#include <glib.h>

/*
 * Logs in at 127.0.0.1:port, sends the stanza given as XML text, waits until the server has
 * answered a ping sent after it, and leaves. FALSE when that takes too long.
 */
gboolean raw_xmpp_send(const char *jid, const char *password, guint16 port, const char *ca_file,
		       const char *stanza);

/* Logs in, sends the stanza and waits for the answer with that id; its text, the caller's to free,
 * or NULL when none comes. */
char *raw_xmpp_ask(const char *jid, const char *password, guint16 port, const char *ca_file,
		   const char *stanza, const char *id);

#endif
