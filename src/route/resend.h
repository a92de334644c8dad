/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resend.h - an email that goes on to somebody else as it is, with Resent- fields that say who sent
 * it on (RFC 5322 section 3.6.6). It stays signed by whom it was signed, and answers go to its author.
 */
#ifndef SN_ROUTE_RESEND_H
#define SN_ROUTE_RESEND_H

#include "src/config/config.h"
#include "src/store/outbox.h"

typedef struct {
	SnId message;
	const char *const *to; /* addresses as typed, NULL-terminated; at least one */
	SnTime send_at;        /* 0: at once */
} SnResend;

/* "bob@x, Carol <carol@y>" as such a list; SN_ERROR_INVALID names what is no address. */
char **sn_resend_addresses(const char *text, GError **error);

/*
 * Queues it; the entry's id. 0 with SN_ERROR_INVALID (an IM, no address), SN_ERROR_CONFIG (no account
 * can send it), or SN_ERROR_TEMPORARY: only a part of it is here, and the rest was asked for.
 */
SnId sn_resend(SnStore *store, const SnConfig *config, const SnResend *resend, GError **error);

#endif
