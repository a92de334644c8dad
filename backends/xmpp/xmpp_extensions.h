/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xmpp_extensions.h - what one extension is: a file of backends/xmpp/ that fills one of these, and
 * a line in the table of xmpp_extensions.c. All callbacks: optional, on the account's thread.
 */
#ifndef SN_BACKENDS_XMPP_XMPP_EXTENSIONS_H
#define SN_BACKENDS_XMPP_XMPP_EXTENSIONS_H

#include <strophe.h>

#include "backends/xmpp/im_backend.h"
#include "backends/xmpp/xml.h"

typedef struct sn_xmpp_job SnXmppJob;

/* What reading a message depends on; so that it needs no connection. */
typedef struct {
	const char *own_jid;      /* bare */
	gboolean trust_stanza_id; /* our server says that it strips forged ones (XEP-0359) */
	gboolean (*is_room)(const char *bare_jid, gpointer data); /* NULL: none */
	gpointer data;
	int depth; /* of forwarding; 0 = a message of its own */
} SnXmppReading;

/* How one kind of request begins. */
typedef struct {
	SnImRequestKind kind;
	gboolean needs_line; /* waits until the line is up */
	/* Owns nothing: the job lives until sn_xmpp_done() or sn_xmpp_fail(). */
	void (*start)(SnIm *im, SnXmppJob *job);
} SnXmppStart;

#define SN_XMPP_MAX_STARTS 8

/* How much of a XEP is there, in the words of XEP-0453. */
#define SN_XMPP_STATUS_TABLE(X) X(COMPLETE, "complete") X(PARTIAL, "partial")
typedef enum {
#define X(name, word) SN_XMPP_##name,
	SN_XMPP_STATUS_TABLE(X)
#undef X
} SnXmppStatus;

/* What docs/sennit.doap says of one XEP (XEP-0453). */
typedef struct {
	const char *xep;     /* "0184" */
	const char *version; /* the one followed */
	SnXmppStatus status;
	const char *since; /* first release of sennit with it */
	/* "tests/unit/test_x:function", which proves it; the document's test sees that it exists */
	const char *test;
	const char *note; /* what is left out; NULL. Never NULL for PARTIAL */
} SnXmppClaim;

/* For the field of that name: SN_XMPP_CLAIMS({ "0184", ... }, { ... }) */
#define SN_XMPP_CLAIMS(...) \
	(const SnXmppClaim[]) { __VA_ARGS__, { NULL, NULL, SN_XMPP_COMPLETE, NULL, NULL, NULL } }

typedef struct {
	const char *name;
	const SnXmppClaim *claims;   /* ends with xep NULL; NULL: an RFC's, or not of the XMPP itself */
	const char *const *features; /* disco#info, NULL-terminated */
	/* Takes what it knows from a received message into `message`. */
	void (*read)(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message);
	gboolean in_clear; /* what it writes tells of the content: nothing of it beside an encrypted text */
	/* Puts what it knows of `message` into the stanza to be sent. */
	void (*write)(const SnXmppReading *reading, const SnImMessage *message,
		      xmpp_stanza_t *stanza);
	/* Looks at a live message before it is read; TRUE: it was of this extension, go no further.
	 */
	gboolean (*message)(SnIm *im, xmpp_stanza_t *stanza);
	gboolean (*presence)(SnIm *im, xmpp_stanza_t *stanza);
	/* An iq get or set with this child; TRUE: answered. */
	gboolean (*iq)(SnIm *im, xmpp_stanza_t *iq, xmpp_stanza_t *child);
	void (*online)(SnIm *im);               /* a new session, not resumed */
	SnXmppStart starts[SN_XMPP_MAX_STARTS]; /* ends with start NULL */
} SnXmppExtension;

/* NULL-terminated; reading and writing go through it in this order. */
extern const SnXmppExtension *const sn_xmpp_extensions[];

/* What other parts of the program do of a XEP; ends with xep NULL. */
extern const SnXmppClaim sn_xmpp_other_claims[];
const char *sn_xmpp_status_word(SnXmppStatus status);

/* The one that answers this kind of request; never NULL for a valid kind. */
const SnXmppStart *sn_xmpp_start_of(SnImRequestKind kind);

/* One message stanza with everything the extensions find in it; NULL when it is none. */
SnImMessage *sn_xmpp_read_message(const SnXmppReading *reading, xmpp_stanza_t *stanza);
/* omemo.c: Is there an encrypted text in it? Then nothing beside it makes it anything else. */
gboolean sn_omemo_seals(xmpp_stanza_t *stanza);
/* Once all is read: forgets what was said in the clear beside such a text. */
void sn_omemo_drop_clear(xmpp_stanza_t *stanza, SnImMessage *message);
/* The stanza to send. Caller releases. */
xmpp_stanza_t *sn_xmpp_write_message(xmpp_ctx_t *ctx, const SnXmppReading *reading,
				     const SnImMessage *message);

#endif
