/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp_session.h - one submission connection (RFC 5321, 6409, 3207, 4954, 1870, 3461, 6531). */
#ifndef SN_BACKENDS_MAIL_SMTP_SESSION_H
#define SN_BACKENDS_MAIL_SMTP_SESSION_H

#include "backends/mail/link.h"
#include "backends/mail/mail_backend.h"

typedef struct sn_smtp SnSmtp;

/* Connects, secures, greets, logs in. Errors: NETWORK, TLS, AUTH, TEMPORARY, REJECTED, CANCELLED. */
SnSmtp *sn_smtp_open(const SnLink *link, int cancel_fd, GError **error);
/* Says QUIT when it can without waiting; NULL is fine. */
void sn_smtp_free(SnSmtp *smtp);
gboolean sn_smtp_is_dead(SnSmtp *smtp);

/* The caller's say while a message is sent. */
typedef struct {
	/* Right before the text: FALSE = CANCELLED. */
	gboolean (*go_on)(gpointer data);
	/* Right before the final dot, which is all that is missing. May block. FALSE with an error:
	 * the connection is dropped, nothing was sent. NULL: go on. */
	gboolean (*may_end)(const SnSendEvent *event, gpointer data, GError **error);
	gpointer data;
} SnSmtpSay;

/*
 * One message to all of its recipients or to none. event: gets reply, rejected, dsn. Errors as for
 * SnSendRequest. After an error the session can be used again unless it is dead.
 */
gboolean sn_smtp_send(SnSmtp *smtp, const SnSendRequest *request, SnSendEvent *event,
                      const SnSmtpSay *say, GError **error);

/* Checks an envelope address: no control characters, spaces or brackets, not too long. */
gboolean sn_smtp_address_is_safe(const char *address);

#endif
