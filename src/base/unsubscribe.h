/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unsubscribe.h - how an email says that its list can be left (RFC 2369, RFC 8058). Made by
 * src/mime/unsubscribe.c, asked about by the client. Nothing of it was looked up anywhere.
 */
#ifndef SN_BASE_UNSUBSCRIBE_H
#define SN_BASE_UNSUBSCRIBE_H

#include <glib.h>

/* What is posted to leave a list, and nothing else (RFC 8058 section 3.1). */
#define SN_UNSUBSCRIBE_FORM "List-Unsubscribe=One-Click"

/* Whether a signature that our own server verified (DKIM) covers both header fields, so that nobody on
 * the way wrote them. */
typedef enum {
	SN_COVER_UNKNOWN, /* no server's word for it */
	SN_COVER_YES,
	SN_COVER_NO,
} SnCover;

typedef struct {
	char *post;   /* https: URI that takes the form; NULL: one click is not offered */
	char *page;   /* https: or http: URI to open in a browser, also what `post` is; NULL */
	char *mailto; /* NULL */
	SnCover cover;
} SnUnsubscribe;
void sn_unsubscribe_free(SnUnsubscribe *offer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnUnsubscribe, sn_unsubscribe_free)

/* The host (and port, unless it is the usual one) that an https: or http: URI leads to, as it is to be
 * shown; NULL when it hides that: no host, a user name before it, or letters beyond ASCII. */
char *sn_unsubscribe_host(const char *uri);

/* A mailto: URI (RFC 6068) of one address; of its fields only subject and body are read. FALSE when
 * it is none. Each is to be freed; subject and body are "unsubscribe" where nothing is said. */
gboolean sn_unsubscribe_mailto(const char *uri, char **address, char **subject, char **body);

#endif
