/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * auth.h - the client's side of SASL (RFC 4422), without knowing whether IMAP or SMTP carries it.
 *
 * SCRAM (RFC 5802, 7677) comes from Cyrus SASL where its plugins are installed; PLAIN (RFC 4616),
 * LOGIN, XOAUTH2 and OAUTHBEARER (RFC 7628) are one line each and need nothing.
 */
#ifndef SN_BACKENDS_MAIL_AUTH_H
#define SN_BACKENDS_MAIL_AUTH_H

#include <glib.h>

typedef struct sn_auth SnAuth;

/*
 * The best mechanism of those the server offers (upper case, NULL-terminated): SCRAM-SHA-256,
 * SCRAM-SHA-1, PLAIN, LOGIN; with a token only OAUTHBEARER, XOAUTH2.
 * Copies the secret. NULL when nothing fits.
 */
SnAuth *sn_auth_new(const char *const *offered, const char *host,
                    guint16 port, const char *user, const char *secret, gboolean token);
void sn_auth_free(SnAuth *auth); /* wipes; NULL is fine */

const char *sn_auth_mechanism(SnAuth *auth);
/* The mechanism lets the client speak first. */
gboolean sn_auth_has_initial(SnAuth *auth);

/*
 * The next answer in base64 to the server's challenge in base64 (NULL or "" for the first).
 * NULL when the exchange must end (bad challenge, the server could not prove that it knows the
 * password). Wipe and free with sn_auth_free_answer().
 */
char *sn_auth_step(SnAuth *auth, const char *challenge);
void sn_auth_free_answer(char *answer);

/* The server said yes: FALSE when it has not proved what the mechanism wants proved (SCRAM). */
gboolean sn_auth_confirm(SnAuth *auth);

#endif
