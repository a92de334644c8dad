/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * receipt.h - that an email was read (RFC 8098): asked of others, and told to others who ask. Nothing
 * is ever told without the user's consent, and nothing is told twice.
 */
#ifndef SN_STORE_RECEIPT_H
#define SN_STORE_RECEIPT_H

#include "src/store/store.h"

/* Whether an email asks for it: as [mail] request-mdn says, or as the user said for this one. */
typedef enum { SN_READ_RECEIPT_DEFAULT, SN_READ_RECEIPT_YES, SN_READ_RECEIPT_NO } SnReadReceipt;

/* Which reports of delivery the mail systems on the way are asked for (RFC 3461). */
#define SN_REPORTS_TABLE(X)                                                                     \
	X(DEFAULT, "default")   /* as the account says */                                       \
	X(ALL, "all")           /* success, failure and delay */                                \
	X(FAILURES, "failures") /* failure and delay: what any mail system tells by itself */   \
	X(NONE, "none")         /* not even of failure */
typedef enum {
#define X(name, word) SN_REPORTS_##name,
	SN_REPORTS_TABLE(X)
#undef X
} SnReports;
const char *sn_reports_word(SnReports reports);
gboolean sn_reports_parse(const char *word, SnReports *reports);

/* Who is told. X(name, word, meaning) */
#define SN_MDN_RULE_TABLE(X)                                                                    \
	X(NEVER, "never", "nobody")                                                             \
	X(ASK, "ask", "whom you allow, by one key, among people you know")                      \
	X(ALWAYS_KNOWN, "always-known", "people you have written to, once you have read it")
typedef enum {
#define X(name, word, meaning) SN_MDN_##name,
	SN_MDN_RULE_TABLE(X)
#undef X
} SnMdnRule;

/* What became of the request of an email that was received. */
typedef enum {
	SN_MDN_NONE,     /* it asks for nothing, or for nothing that may be answered */
	SN_MDN_WANTED,   /* nobody has decided yet */
	SN_MDN_TOLD,     /* also when nobody can tell whether it went: never twice */
	SN_MDN_AGREED,   /* to be sent */
	SN_MDN_SENDING,
	SN_MDN_DECLINED,
} SnMdnState;

typedef struct {
	SnId message;
	SnId account;
	char *to;      /* who asks */
} SnMdnRequest;
void sn_mdn_request_free(SnMdnRequest *request);

/* The email asks for it, and may be answered. */
gboolean sn_mdn_want(SnStore *store, SnId message, const char *to, GError **error);
SnMdnState sn_mdn_state(SnStore *store, SnId message);
/* Only when it is in the state `from`; else nothing changes and *changed is FALSE. */
gboolean sn_mdn_change(SnStore *store, SnId message, SnMdnState from, SnMdnState to,
                       gboolean *changed, GError **error);
/* WANTED and read by now, or AGREED; oldest first, at most 50. Of SnMdnRequest. */
GPtrArray *sn_mdn_read(SnStore *store);
GPtrArray *sn_mdn_agreed(SnStore *store);
/* Start-up: what was being sent may have gone. */
gboolean sn_mdn_recover(SnStore *store, GError **error);
/* Has the user ever written to this address's person? */
gboolean sn_mdn_is_known(SnStore *store, SnId address);

#endif
