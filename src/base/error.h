/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error.h - the one error vocabulary, classed by what the caller can do about it.
 *
 * Every fallible function of sennit takes a GError ** last and sets an error of the domain
 * SN_ERROR with one of these codes. Backends translate their library's errors at their edge and
 * put the server's own words into the message. The message is a full sentence for a person: what
 * failed, where, and what to do. It never contains a secret.
 */
#ifndef SN_BASE_ERROR_H
#define SN_BASE_ERROR_H

#include <glib.h>

/*        name          word (JSON, log)  what the caller can do */
#define SN_ERROR_TABLE(X)                                                                     \
	X(TEMPORARY, "temporary")      /* try again later, unchanged                        */ \
	X(AUTH, "auth")                /* ask the user for other credentials                */ \
	X(TLS, "tls")                  /* certificate or handshake: never go on in the clear */ \
	X(NETWORK, "network")          /* no route, refused, dropped: reconnect with back-off */ \
	X(PERMISSION, "permission")    /* the peer or the file system forbids it            */ \
	X(NOT_FOUND, "not-found")      /* no such thing                                     */ \
	X(EXISTS, "exists")            /* it is there already                               */ \
	X(LIMIT, "limit")              /* too big, too deep, too many: make it smaller      */ \
	X(INVALID, "invalid")          /* bad input: say where                              */ \
	X(REJECTED, "rejected")        /* the peer refused for good (SMTP 5xx, stanza error) */ \
	X(UNCERTAIN, "uncertain")      /* it may have happened: check before doing it again */ \
	X(CANCELLED, "cancelled")      /* the caller asked for that                         */ \
	X(UNAVAILABLE, "unavailable")  /* not supported or not configured here              */ \
	X(BUSY, "busy")                /* somebody else holds it                            */ \
	X(STORAGE, "storage")          /* disk full, I/O error, damaged database            */ \
	X(CONFIG, "config")            /* the configuration is wrong: file and line in text */ \
	X(BUG, "bug")                  /* an invariant of ours broke                        */

typedef enum {
#define X(name, word) SN_ERROR_##name,
	SN_ERROR_TABLE(X)
#undef X
} SnErrorCode;

#define SN_ERROR (sn_error_quark())
GQuark sn_error_quark(void);

/* The word of a code, for JSON and logs; static. */
const char *sn_error_word(SnErrorCode code);

/* The code whose word this is, or SN_ERROR_BUG. */
SnErrorCode sn_error_from_word(const char *word);

/* True for errors that a later, unchanged try may overcome (TEMPORARY, NETWORK, BUSY). */
gboolean sn_error_is_transient(const GError *error);

#endif
