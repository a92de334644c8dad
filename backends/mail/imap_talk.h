/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_talk.h - commands that are written and answers that are read here, on the same stream as
 * libetpan's: what it does not know, gets wrong, or needs more round trips for.
 */
#ifndef SN_BACKENDS_MAIL_IMAP_TALK_H
#define SN_BACKENDS_MAIL_IMAP_TALK_H

#include "backends/mail/imap_session.h"
#include "backends/mail/imap_words.h"

/* An untagged answer; never one of another command's than this one's, as far as servers answer in
 * order. What comes unasked is heard as well. */
typedef void (*SnImapHear)(const SnImapLine *line, gpointer data);

typedef struct {
	const char *text; /* without tag and line end */
	GBytes *literal;  /* follows text, which then ends before the "{"; NULL */
	gboolean utf8;    /* ... as the data of an APPEND with headers in UTF-8 (RFC 6855) */
	SnImapHear hear;  /* NULL */
	gpointer data;
	/* the answer */
	char *kind;       /* "OK", "NO", "BAD"; NULL: none came */
	char *code;       /* NULL */
	GPtrArray *words; /* of the code */
	char *reply;      /* its words for people */
} SnImapCommand;
void sn_imap_command_clear(SnImapCommand *command); /* what the answer filled in */

/*
 * Says all commands in one go and reads their answers. FALSE: the line broke. What the server thinks
 * of each command is in it.
 */
gboolean sn_imap_talk(SnImapSession *session, SnImapCommand *commands, guint count, GError **error);

/* TRUE when the answer was OK; else an error that begins with doing, as of sn_imap_check(). */
gboolean sn_imap_agreed(SnImapSession *session, const SnImapCommand *command, GError **error,
                        const char *doing, ...) G_GNUC_PRINTF(4, 5);

/* One command, talked and agreed. */
gboolean sn_imap_say(SnImapSession *session, const char *text, SnImapHear hear, gpointer data,
                     GError **error, const char *doing);

/* SELECTs anew, and says some commands about that folder in the same round trip. TRUE: it is open; what
 * the server thinks of each of them is in it. */
gboolean sn_imap_select_and(SnImapSession *session, const char *folder, SnImapCommand *more,
                            guint count, GError **error);

/* ---- imap_folders.c: the list of folders, once it was asked for ---- */
enum { SN_IMAP_LISTING_COMMANDS = 2 };
SnImapListing *sn_imap_listing_new(SnImapSession *session);
void sn_imap_listing_free(SnImapListing *listing); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnImapListing, sn_imap_listing_free)
/* Fills in how many commands; the first has to go well. They are valid as long as the listing. */
guint sn_imap_listing_commands(SnImapListing *listing, SnImapCommand *commands);

/* The next response of the server, literals included; NULL: the line broke, or what came is no
 * IMAP. */
SnImapLine *sn_imap_read(SnImapSession *session);
/* Sends a tagged command without waiting; the tag is session->imap->imap_tag. */
gboolean sn_imap_send(SnImapSession *session, const char *text);

#endif
