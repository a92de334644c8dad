/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mail.h - reading a raw email (RFC 5322, MIME) into what the store and the screen need.
 *
 * All input is hostile. Limits: message 64 MiB, 1,000 parts, 100 levels, a header 32 KiB; what is
 * beyond is left out and said in `notice`, never an error. Text is clean (sn_text_clean()).
 * Threads: any thread with at least 8 MiB of stack, objects stay in it. Call sn_mime_init() once.
 *
 * Written and read: Jabber-ID (RFC 7259); Sennit-Origin-ID, the origin-id of an IM that became this
 * email; Sennit-In-Reply-To, that of the IM that it answers (In-Reply-To names emails only);
 * Sennit-Chat, on a transcript of IMs. History is a multipart/digest below the top-level multipart/mixed with the
 * Content-Description "Earlier messages": emails as message/rfc822 with a Content-Digest of their
 * bytes (message/global in base64 where lines are too long for mail transport), IMs as message/cpim.
 */
#ifndef SN_MIME_MAIL_H
#define SN_MIME_MAIL_H

#include <glib.h>

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/mime/autocrypt.h"

void sn_mime_init(void);

typedef enum {
	SN_MAIL_FROM,
	SN_MAIL_TO,
	SN_MAIL_CC,
	SN_MAIL_BCC,
	SN_MAIL_REPLY_TO,
	/* read only: */
	SN_MAIL_DELIVERED, /* Delivered-To, X-Original-To, Envelope-To */
	SN_MAIL_LIST_POST, /* RFC 2369: the mailto: address */
	SN_MAIL_FOLLOWUP,  /* Mail-Followup-To */
} SnMailRole;

typedef struct {
	SnMailRole role;
	char *address; /* as written, angle brackets off; never NULL */
	char *name;    /* decoded; NULL */
} SnMailAddress;

#define SN_MAIL_INSIDE 1024

typedef struct {
	int position;      /* of the leaves in depth-first order (a message/rfc822 is one), from 1;
	                    * stable for the same bytes; carried history is not listed. The k-th
	                    * file within leaf p (winmail.dat, uuencode): k * SN_MAIL_INSIDE + p */
	int depth;
	char *type;        /* "text/plain", lower case */
	char *name;        /* decoded file name, base name only, no control characters; NULL */
	char *content_id;  /* NULL */
	gint64 size;       /* decoded */
	char *sha256;      /* of the decoded bytes of an attachment, hex; NULL */
	gboolean is_inline;   /* part of the shown text or a cid image */
	gboolean is_attachment;
} SnMailPart;

/* A file that an earlier IM came with: where it lies, and how to know it. */
typedef struct {
	char *url, *name, *type, *sha256; /* NULL where not known; sha256: 64 hex digits */
	gint64 size;                      /* -1 unknown */
} SnMailCarriedFile;
void sn_mail_carried_file_free(SnMailCarriedFile *file);

/* An earlier message that travelled along (DESIGN section 5). */
typedef struct {
	GBytes *rfc822;    /* an email, byte for byte (parse it for its facts); NULL for an IM.
	                    * Bcc lines are taken out when it is written */
	char *from, *to;   /* IM (message/cpim, RFC 3862): addresses without "im:" */
	char *from_name;   /* NULL */
	SnTime time;
	char *text;
	char *id;          /* origin-id, from our header in the cpim part; NULL */
	GPtrArray *files;  /* IM: of SnMailCarriedFile, from our headers; NULL */
} SnMailCarried;
void sn_mail_carried_free(SnMailCarried *carried);

/*
 * What a delivery report says of one recipient (RFC 3464), an MDN (RFC 8098), or an email that came
 * back in a form of its own. A claim: only what names a message of ours and one of its recipients
 * counts, and of delivery only when it came from a mail system (SnMail.from_daemon).
 */
typedef enum {
	SN_REPORT_NONE,
	SN_REPORT_DELIVERED,
	SN_REPORT_DELAYED,
	SN_REPORT_FAILED,
	SN_REPORT_RELAYED,
	SN_REPORT_DISPLAYED, /* the MDNs */
	SN_REPORT_DELETED,   /* without being read */
	SN_REPORT_DENIED,    /* does not want to say */
} SnReportKind;
typedef struct {
	SnReportKind kind;
	char *recipient;    /* the one we wrote on the envelope where it is said, else final; NULL */
	char *final_recipient; /* where it went in the end, when it is another; NULL */
	char *message_id;   /* of the message reported on, from its headers or ENVID; NULL */
	char *envelope_id;  /* NULL */
	char *diagnostic;   /* the server's words; NULL */
	char *status;       /* RFC 3463, "5.1.1"; NULL */
} SnMailReport;
/* "the mailbox is full (5.2.2)"; both may be NULL. Caller frees. */
char *sn_mail_status_words(const char *status, const char *diagnostic);

/* Who wrote it: somebody, or nobody in person. The rules are in bulk.c. Numbers as of SnBulk. */
typedef enum { SN_MAIL_PERSONAL, SN_MAIL_NEWSLETTER, SN_MAIL_NOTICE } SnMailBulk;

typedef struct {
	GPtrArray *addresses;  /* of SnMailAddress */
	char *subject;         /* decoded; NULL */
	SnTime date;           /* 0 when missing or absurd */
	char *message_id;      /* without brackets; NULL */
	char *in_reply_to;     /* first real id; NULL */
	GPtrArray *references; /* of char *, oldest first */
	char *list_id;         /* RFC 2919, the part in brackets; NULL */
	char *jabber_id;       /* RFC 7259; bare JID, NULL */
	char *auto_submitted;  /* RFC 3834; NULL */
	SnMailBulk bulk;
	char *return_path;     /* the envelope's sender as the last server recorded it; "" the null
	                        * sender; NULL not recorded */
	char *read_receipt_to; /* Disposition-Notification-To (RFC 8098); NULL, also when several */
	gboolean from_daemon;  /* the null sender; without Return-Path: the name of a mail system */
	char *authentication;  /* of the server named in the parse options; NULL */
	char *chat_origin_id;  /* of an IM that became this email (our X-less header); NULL */
	char *chat_in_reply_to; /* of the IM that this email answers; NULL */
	char *chat;            /* value of Sennit-Chat: a transcript; "OWN CONTACT DAY"; NULL */
	SnAutocrypt *autocrypt; /* the one valid header about the sender's own address; NULL */
	gboolean tells_key;    /* whether it has one says something of the sender: From is one address, and
	                        * it is no report (Autocrypt section 2.3) */
	char *text;            /* readable body; "" when there is none */
	gssize own_length;     /* bytes of it before a transcript that only repeats `carried`; -1: all */
	gboolean text_from_html;
	int remote_images;     /* counted, never fetched */
	int trackers;          /* of them those that nobody could see */
	gboolean encrypted;    /* PGP/MIME or S/MIME encrypted outside */
	guint secure;          /* SnSecure (opened.h): what can be verified or opened */
	GPtrArray *parts;      /* of SnMailPart */
	GPtrArray *carried;    /* of SnMailCarried; empty when none */
	GPtrArray *reports;    /* of SnMailReport */
	char *notice;          /* what was repaired or left out; NULL */
} SnMail;
void sn_mail_free(SnMail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnMail, sn_mail_free)

typedef struct {
	const char *authserv_id; /* whose Authentication-Results count; NULL: none */
	/* Names and domains of other servers of the user's, which the email comes through after that one;
	 * NULL-terminated; NULL: none. */
	const char *const *own_servers;
} SnMailOptions;

/* Always gives something for non-empty input. SN_ERROR_INVALID only for empty input. */
SnMail *sn_mail_parse(GBytes *raw, const SnMailOptions *options, GError **error);

/* Decoded bytes of one part (SN_ERROR_NOT_FOUND). */
GBytes *sn_mail_part_bytes(GBytes *raw, int position, GError **error);

/* The messages that are attached to a message, one below the other, as text to read, with those that
 * are attached to them; NULL when there are none. Caller frees. */
char *sn_mail_attached_text(GBytes *raw);

/* Only the header block, unfolded and decoded, for "full headers". Caller frees. */
char *sn_mail_headers_text(GBytes *raw);

typedef struct {
	int remote;   /* pictures that would be fetched from somewhere; they never are */
	int trackers; /* of them those too small to be seen, or hidden */
} SnHtmlImages;
/* HTML (any charset declared in it; UTF-8 assumed) to text with links as footnotes [1]. What is
 * hidden or too small to be seen is left out. images: NULL. Caller frees. */
char *sn_html_to_text(const char *html, gsize length, SnHtmlImages *images);

/* ---- writing ---- */

typedef struct {
	char *name, *type;
	GBytes *bytes;
} SnMailFile;

typedef struct {
	const char *from_address, *from_name;
	GPtrArray *addresses;       /* of SnMailAddress: TO CC BCC REPLY_TO; Bcc is not written */
	gboolean keep_bcc;          /* a draft: Bcc is written */
	const char *subject;
	SnTime date;
	const char *message_id;     /* without brackets; required */
	const char *in_reply_to;    /* NULL */
	GPtrArray *references;      /* of char *; NULL */
	const char *jabber_id;      /* NULL */
	const char *auto_submitted; /* NULL */
	const char *chat_origin_id, *chat_in_reply_to; /* NULL */
	const char *chat;           /* Sennit-Chat; NULL */
	const char *to_group;       /* To: somebody without an email address, by name; NULL */
	gboolean ask_read_receipt;  /* RFC 8098, of everybody, to from_address */
	const char *text;           /* the new text; lines are sent format=flowed */
	gboolean markdown;          /* with an HTML alternative made of the text */
	const char *transcript;     /* readable history, below the text; NULL */
	gboolean transcript_repeats; /* all that it says is in `history` too */
	GPtrArray *files;           /* of SnMailFile; NULL */
	GPtrArray *history;         /* of SnMailCarried: multipart/digest after the text; NULL */
} SnMailCompose;

/* RFC 5322 bytes with CRLF. Header injection is impossible (SN_ERROR_INVALID names the field). */
GBytes *sn_mail_compose(const SnMailCompose *compose, GError **error);

/* The email as it is, below Resent- fields: of compose the addresses (of TO and CC; BCC is for the
 * envelope only), date and message_id are used. Bcc, Return-Path and Delivered-To are taken out. */
GBytes *sn_mail_resend(GBytes *raw, const SnMailCompose *compose, GError **error);

/* "The message was displayed" (RFC 8098): to whom asked for it. */
typedef struct {
	const char *from_address, *from_name, *to;
	SnTime date;
	const char *message_id;     /* of the notification */
	const char *original_id;    /* of what was displayed; NULL */
	const char *original_subject; /* NULL */
	SnTime original_date;
	gboolean automatic;         /* a rule of the user's sends it, not the user */
} SnMailDisplayed;
GBytes *sn_mail_compose_displayed(const SnMailDisplayed *displayed, GError **error);

/* A readable transcript: a line with date and name for each message, then its text. Caller frees. */
typedef struct {
	SnTime time;
	const char *name, *address, *subject; /* name, subject: NULL */
	const char *channel;                  /* "email" or "IM" */
	const char *text;
	const char *const *files;             /* names; NULL */
} SnTranscriptLine;
char *sn_transcript_format(const SnTranscriptLine *lines, gsize count);

/* A file within an email. */
typedef struct {
	int position;            /* as of SnMailPart */
	const char *name, *type; /* NULL */
	gint64 size;
	const char *sha256;
} SnMailInside;
/* Why a file is left out, some words that end a sentence; NULL keeps it. Caller frees. */
typedef char *(*SnMailLeaveOut)(const SnMailInside *file, gpointer data);
/*
 * The email with a small text (NAME.txt, an attachment) in the place of each file that is left out,
 * and a header field Sennit-Reduced: its bytes are no longer those that were sent, its facts and its
 * readable text are. NULL: nothing was left out, the email is encrypted, or cannot be read.
 */
GBytes *sn_mail_reduce(GBytes *raw, SnMailLeaveOut why, gpointer data);
/* Bytes an email takes up as a carried one in another. */
gsize sn_mail_carried_size(GBytes *rfc822);

/* Splits an mbox (RFC 4155, mboxo and mboxrd) file by calling back with each message. */
typedef gboolean (*SnMboxCallback)(GBytes *raw, gpointer data); /* FALSE stops */
gboolean sn_mbox_read(const char *path, SnMboxCallback callback, gpointer data, GError **error);

#endif
