/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.h - folder names: as people read them, as IMAP wants them, and what they are for. */
#ifndef SN_BACKENDS_MAIL_NAMES_H
#define SN_BACKENDS_MAIL_NAMES_H

#include <glib.h>

#define SN_NAME_OTHER_SLASH "\xe2\x88\x95" /* U+2215 DIVISION SLASH */

/*
 * Modified UTF-7 (RFC 3501 section 5.1.3) with the server's delimiter, from and to UTF-8 with '/'.
 * A '/' that is not a delimiter is written U+2215, and back. NULL when the name is not valid or
 * holds control characters. delimiter 0: a server without hierarchy.
 */
char *sn_name_from_wire(const char *wire, char delimiter);
char *sn_name_to_wire(const char *name, char delimiter);
/* The same where names are UTF-8 on the wire as well (RFC 6855, RFC 9051). */
char *sn_name_from_utf8(const char *wire, char delimiter);
char *sn_name_to_utf8(const char *name, char delimiter);

/* A role of mail_backend.h for an attribute such as "\\Sent" (RFC 6154) or NULL; static. */
const char *sn_role_of_attribute(const char *attribute);
/* A guess for servers without attributes: "Sent Items" is "sent"; NULL; static. */
const char *sn_role_of_name(const char *name);

#endif
