/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xmpp_script.h - an XMPP server in a thread that says what a test wants: archives, rosters and floods
 * that no real server would send. Without TLS, on loopback; one client at a time, any password.
 */
#ifndef SN_TESTS_LIB_XMPP_SCRIPT_H
#define SN_TESTS_LIB_XMPP_SCRIPT_H

#include <glib.h>

typedef struct xmpp_script XmppScript;

/*
 * For each stanza after the log-in, on the server's thread. id: its id attribute, or "". TRUE: it was
 * dealt with. Else the server answers as a plain one would: features with an archive, an empty
 * roster, and an error for what it does not know.
 */
typedef gboolean (*XmppScriptTake)(XmppScript *script, const char *stanza, const char *id,
				   gpointer data);

XmppScript *xmpp_script_new(XmppScriptTake take, gpointer data);
void xmpp_script_free(XmppScript *script);
guint16 xmpp_script_port(XmppScript *script);
/* Offers SCRAM from now on, and breaks off so many log-ins once they have begun. Before anybody logs in. */
void xmpp_script_break_off(XmppScript *script, int count);
/* How many are left. */
int xmpp_script_left(XmppScript *script);
/* XML to the client; from take() only. */
void xmpp_script_say(XmppScript *script, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The text between `before` and the next quote; NULL. Caller frees. */
char *xmpp_script_part(const char *stanza, const char *before);

#endif
