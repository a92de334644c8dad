/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unsubscribe.h - reads List-Unsubscribe and List-Unsubscribe-Post. Threads as of mail.h. */
#ifndef SN_MIME_UNSUBSCRIBE_H
#define SN_MIME_UNSUBSCRIBE_H

#include "src/base/unsubscribe.h"

/*
 * How the list of a raw email can be left. authentication: SnMail.authentication, what the own server
 * found (NULL: it said nothing). NULL: the email does not say. Of several URIs of a kind the first
 * counts, which the sender likes best (RFC 2369 section 2).
 */
SnUnsubscribe *sn_mail_unsubscribe(GBytes *raw, const char *authentication);

#endif
