/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_session.h - one logged-in IMAP connection (RFC 3501, 9051): libetpan's parser over our own
 * stream. One thread. After SN_ERROR_NETWORK, TLS or CANCELLED it is dead and only to be freed.
 */
#ifndef SN_BACKENDS_MAIL_IMAP_SESSION_H
#define SN_BACKENDS_MAIL_IMAP_SESSION_H

#include <libetpan/libetpan.h>

#include "backends/mail/imap_words.h"
#include "backends/mail/link.h"

typedef struct sn_imap_listing SnImapListing;

enum { SN_IMAP_SHORT_LITERAL = 4096 }; /* LITERAL- (RFC 7888) */

typedef struct {
	const SnLink *link; /* borrowed */
	SnStream *stream;   /* owned by imap's stream once connected */
	mailimap *imap;
	GHashTable *capabilities; /* upper case, as told last; NULL: not told yet */
	gboolean condstore, qresync, uidplus, move, idle, notify, special_use;
	gboolean literal_plus, literal_minus, esearch, list_status;
	gboolean labels;          /* Gmail's: X-GM-EXT-1 */
	gboolean utf8;            /* names are UTF-8 (RFC 6855), else modified UTF-7 */
	SnImapListing *listing;   /* came along with the login; NULL */
	gboolean delimiter_known;
	char delimiter; /* 0: flat */
	/* the selected folder as of its SELECT; NULL */
	char *selected;
	guint32 uidvalidity, uidnext, exists;
	guint64 highestmodseq; /* 0: the folder has none */
	gboolean read_only;
	GPtrArray *keywords;   /* of char *: in use in it, as it tells; NULL not told */
	GPtrArray *permanent;  /* of char *: flags that can be changed; NULL: not told, so all can */
	char *mailbox_id;      /* RFC 8474; NULL */
} SnImapSession;

/* Connects, secures, logs in, learns what the server can. cancel_fd as in stream.h. list: the folders
 * are going to be listed first, and may be so in a round trip that is needed anyway. */
SnImapSession *sn_imap_session_open(const SnLink *link, int cancel_fd, gboolean list, GError **error);
/* Says LOGOUT when it can without waiting; NULL is fine. */
void sn_imap_session_free(SnImapSession *session);
gboolean sn_imap_session_is_dead(SnImapSession *session);

/* The libetpan call in `result` went well? doing: "The folder X could not be opened". */
gboolean sn_imap_check(SnImapSession *session, int result, GError **error, const char *doing, ...)
	G_GNUC_PRINTF(4, 5);

/* "UIDPLUS", "AUTH=PLAIN": what the server said that it can do. */
gboolean sn_imap_has(SnImapSession *session, const char *capability);
/* words: those of a CAPABILITY response or code. */
void sn_imap_note_capabilities(SnImapSession *session, const GPtrArray *words);
/* What the caller can do about a NO with this response code (RFC 5530; NULL: none). */
SnErrorCode sn_imap_code_of(const char *code);

/* Wire name of a folder; NULL with INVALID. Asks for the delimiter when it has to. */
char *sn_imap_wire_name(SnImapSession *session, const char *folder, GError **error);
/* The folder's name on the wire, as a quoted string. */
char *sn_imap_quoted_name(SnImapSession *session, const char *folder, GError **error);
/* The name that people see, of one on the wire; NULL when it is none. */
char *sn_imap_seen_name(SnImapSession *session, const char *wire);

/* ---- imap_select.c ---- */

/* SELECTs the folder unless it is selected; again = anew in any case (fresh counts). */
gboolean sn_imap_select(SnImapSession *session, const char *folder, gboolean again,
                        GError **error);
/*
 * SELECTs anew, and on a server with QRESYNC (RFC 7162) hears in the same round trip what changed
 * since: FETCH and VANISHED. That only holds when its uidvalidity is still that one.
 */
gboolean sn_imap_select_since(SnImapSession *session, const char *folder, guint32 uidvalidity,
                              guint64 modseq, void (*hear)(const SnImapLine *line, gpointer data),
                              gpointer data, GError **error);

/* Whether the selected folder lets this flag ("\\Seen", "work") be changed. */
gboolean sn_imap_may_change(const SnImapSession *session, const char *flag);

/* What libetpan exports but does not declare. */
int mailimap_send_current_tag(mailimap *session);
char *mailimap_read_line(mailimap *session);

/* imap_login.c: authenticates with the best the server offers. */
gboolean sn_imap_login(SnImapSession *session, GError **error);

#endif
