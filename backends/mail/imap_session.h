/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_session.h - one logged-in IMAP connection (RFC 3501, 9051): libetpan's parser over our own
 * stream. One thread. After SN_ERROR_NETWORK, TLS or CANCELLED it is dead and only to be freed.
 */
#ifndef SN_BACKENDS_MAIL_IMAP_SESSION_H
#define SN_BACKENDS_MAIL_IMAP_SESSION_H

#include <libetpan/libetpan.h>

#include "backends/mail/link.h"

typedef struct {
	const SnLink *link; /* borrowed */
	SnStream *stream;   /* owned by imap's stream once connected */
	mailimap *imap;
	gboolean condstore, qresync, uidplus, move, idle, notify, special_use;
	char delimiter; /* 0: flat */
	/* the selected folder as of its SELECT; NULL */
	char *selected;
	guint32 uidvalidity, uidnext, exists;
	guint64 highestmodseq;
} SnImapSession;

/* Connects, secures, logs in, learns what the server can. cancel_fd as in stream.h. */
SnImapSession *sn_imap_session_open(const SnLink *link, int cancel_fd, GError **error);
/* Says LOGOUT when it can without waiting; NULL is fine. */
void sn_imap_session_free(SnImapSession *session);
gboolean sn_imap_session_is_dead(SnImapSession *session);

/* The libetpan call in `result` went well? doing: "The folder X could not be opened". */
gboolean sn_imap_check(SnImapSession *session, int result, GError **error, const char *doing, ...)
	G_GNUC_PRINTF(4, 5);

/* Wire name of a folder; NULL with INVALID. */
char *sn_imap_wire_name(SnImapSession *session, const char *folder, GError **error);

/* SELECTs the folder unless it is selected; again = anew in any case (fresh counts). */
gboolean sn_imap_select(SnImapSession *session, const char *folder, gboolean again,
                        GError **error);

/* What libetpan exports but does not declare. */
int mailimap_send_current_tag(mailimap *session);
char *mailimap_read_line(mailimap *session);

/* imap_login.c: authenticates with the best the server offers. */
gboolean sn_imap_login(SnImapSession *session, GError **error);

#endif
