/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options.h - the one table of sennit.conf; included by config.h only. */
#ifndef SN_CONFIG_OPTIONS_H
#define SN_CONFIG_OPTIONS_H

#include <glib.h>

#include "src/base/hours.h"
#include "src/store/policy.h"
#include "src/store/receipt.h"
#include "src/store/rooms.h"

/* types: BOOL (true/false), INT, TIME (30s 5m 2h 7d -> ms), SIZE (64k 25M -> bytes), STRING,
 * PATH (absolute or ~/..., expanded; "" stays "")
 * HOURS (hours.h)
 * ZONE (a name like Europe/Berlin; "" = here), ANSWER (SnQuestionRule)
 * MDN (SnMdnRule), TELL (SnRoomTell)
 * RULE (ask defer mail send ask-them), SHOWS (list of presence words -> bit mask), HISTORY */
#define SN_OPTION_TABLE(X)                                                                        \
	X(general, theme, STRING, "default-dark", "theme file below themes/, without .theme")       \
	X(general, editor, STRING, "", "program for C-e; empty: $VISUAL, $EDITOR, vi")              \
	X(general, download_dir, PATH, "", "where attachments are saved; empty: the XDG download directory") \
	X(general, address_book_cmd, STRING, "", "prints 'address<Tab>name' lines for an address or a part of a name, %s") \
	X(general, vdir, PATH, "", "directory of vCard files, read in place")                      \
	X(general, sync_map, STRING, "", "account whose XMPP server keeps people, names and rules for your other devices; empty: none") \
	X(delivery, not_available, SHOWS, "offline,xa,dnd", "presences that count as not available") \
	X(delivery, quiet_hours, HOURS, "none", "contacts count as not available then, like 22:00-07:00, weekends") \
	X(delivery, time_zone, ZONE, "", "time zone of the quiet hours, like Europe/Berlin; empty: yours") \
	X(delivery, if_unavailable, RULE, "ask", "what then: ask defer mail send ask-them")         \
	X(delivery, retry, TIME, "5m", "first retry of a deferred message; backs off")              \
	X(delivery, retry_max, TIME, "1h", "longest time between retries")                          \
	X(delivery, expire, TIME, "7d", "after that a deferred message becomes an email, or fails") \
	X(delivery, ask_timeout, TIME, "30m", "how long to wait for an answer to 'ask them'")       \
	X(delivery, ask_again, TIME, "1h", "a contact is not asked again within this time; the last answer holds") \
	X(delivery, undo_mail, TIME, "5s", "an email can be taken back for this long")              \
	X(delivery, undo_im, TIME, "0s", "an IM can be taken back for this long")                   \
	X(delivery, working_hours, HOURS, "none", "deferred and scheduled messages go only then, like mon-fri 08:00-18:00; none: at any time") \
	X(delivery, answer_questions, ANSWER, "ask", "availability questions of others: ask now later mail later-when-away mail-when-away ignore") \
	X(history, on_switch, HISTORY, "thread", "history sent when a reply changes channel: none thread all last:N") \
	X(history, otherwise, HISTORY, "none", "history sent with other replies")                   \
	X(history, attachments, BOOL, "true", "original attachments travel with history")           \
	X(history, max_size, SIZE, "10M", "largest history that is attached")                       \
	X(mail, full_size, SIZE, "2M", "of larger messages only the text is fetched, and files when they are opened") \
	X(mail, watch_lines, INT, "4", "folders that are watched with a connection each (IDLE), on servers without NOTIFY") \
	X(mail, poll, TIME, "5m", "how often folders are looked at that the server tells nothing about") \
	X(mail, jabber_id, BOOL, "true", "write Jabber-ID: (RFC 7259) into outgoing email")         \
	X(mail, attachment_words, STRING, "attach*, enclosed, anbei, angehängt, anhang, beigefügt, ci-joint*, pièce jointe, pièces jointes, adjunt*, allegat*, bijlage*, bijgevoegd, bifog*, vedlagt, vedhæft*, załącz*, příloh*, liittee*, mellékel*, вложен*, прикреп*, 添付, 附件", "a new text with one of these and no file asks before it is sent; * is any ending, empty never asks") \
	X(mail, markdown, BOOL, "false", "make an HTML alternative of each email, its text being markdown; the text goes as it was typed") \
	X(mail, signature_in_replies, BOOL, "true", "the signature goes below answers too, not only below new email") \
	X(mail, server_drafts, BOOL, "true", "keep drafts of email in the Drafts folder of the account too, for your other programs") \
	X(mail, request_mdn, BOOL, "false", "ask recipients to say when they have read an email (RFC 8098)") \
	X(mail, answer_mdn, MDN, "ask", "tell senders who ask that you have read their email: never ask always-known") \
	X(crypto, gnupg_home, PATH, "", "directory of the keys for OpenPGP and S/MIME; empty: where gpg looks by itself") \
	X(crypto, index_decrypted, BOOL, "false", "the text of encrypted email is kept in the clear here, and can be searched for") \
	X(crypto, hide_subject, BOOL, "true", "the subject of what goes encrypted is within only (RFC 9788)") \
	X(crypto, autocrypt, BOOL, "true", "take keys from the email that you get (Autocrypt), and write yours into what you send once 'sennit autocrypt setup' has chosen one") \
	X(crypto, prefer_encrypt, BOOL, "false", "say with your key that you prefer encryption (prefer-encrypt=mutual): with those who say so too it is on by itself") \
	X(im, receipts, BOOL, "true", "answer XEP-0184 receipt requests of known contacts")         \
	X(im, markers, BOOL, "true", "send XEP-0333 displayed markers")                             \
	X(im, omemo, BOOL, "true", "IMs are encrypted end to end (OMEMO) where the contact's devices allow") \
	X(im, keep_retracted, BOOL, "true", "keep the text of what its sender took back, folded; else it is removed here too") \
	X(im, transcript_idle, TIME, "10m", "a transcript is written when nothing was said for this long") \
	X(im, transcript_encrypted, BOOL, "false", "end-to-end encrypted IMs are written into transcripts too, in the open") \
	X(im, download_max, SIZE, "20M", "files up to this size are fetched by themselves")         \
	X(presence, away_after, TIME, "15m", "your contacts see you as away when no client was touched for this long; 0s: never") \
	X(presence, xa_after, TIME, "0s", "... and as away for long; 0s: never")                    \
	X(presence, tell_idle, BOOL, "true", "say then since when (XEP-0319)")                      \
	X(presence, away_hours, HOURS, "none", "shown as away then, like mon-fri 18:00-08:00, weekends") \
	X(presence, dnd_hours, HOURS, "none", "shown as do not disturb then")                       \
	X(presence, xa_hours, HOURS, "none", "shown as away for long then")                         \
	X(presence, hours_text, STRING, "", "status text in these hours")                           \
	X(notify, incoming, BOOL, "true", "desktop notification for new messages")                  \
	X(notify, delivered, BOOL, "true", "... when a deferred, converted or cross-channel message arrived") \
	X(notify, failed, BOOL, "true", "... when a message failed")                                \
	X(notify, rooms, TELL, "mentions", "of what is said in rooms: all mentions nothing")        \
	X(notify, keywords, STRING, "", "words that count as a mention in rooms, like your nick, with commas between") \
	X(notify, preview, BOOL, "true", "show the text of messages in notifications")              \
	X(ui, mouse, BOOL, "true", "mouse in the terminal")                                         \
	X(ui, list_width, INT, "32", "columns of the conversation list")                            \
	X(ui, styling, BOOL, "true", "show *strong*, _emphasis_, ~struck~ and `code` of IMs as such (XEP-0393); the marks stay") \
	X(ui, timestamps, STRING, "%H:%M", "strftime format of times in the timeline")

#define SN_OPTION_FIELD_BOOL(section, key) gboolean section##_##key;
#define SN_OPTION_FIELD_INT(section, key) int section##_##key;
#define SN_OPTION_FIELD_TIME(section, key) SnTime section##_##key;
#define SN_OPTION_FIELD_SIZE(section, key) gint64 section##_##key;
#define SN_OPTION_FIELD_STRING(section, key) char *section##_##key;
#define SN_OPTION_FIELD_PATH(section, key) char *section##_##key;
#define SN_OPTION_FIELD_HOURS(section, key) SnHours *section##_##key;
#define SN_OPTION_FIELD_RULE(section, key) SnRule section##_##key;
#define SN_OPTION_FIELD_SHOWS(section, key) guint section##_##key; /* 1 << SnPresenceShow */
#define SN_OPTION_FIELD_ZONE(section, key) char *section##_##key;
#define SN_OPTION_FIELD_ANSWER(section, key) SnQuestionRule section##_##key;
#define SN_OPTION_FIELD_TELL(section, key) SnRoomTell section##_##key;
#define SN_OPTION_FIELD_MDN(section, key) SnMdnRule section##_##key;
#define SN_OPTION_FIELD_HISTORY(section, key) char *section##_##key;

/* A search that has a name, listed with the folders. */
typedef struct {
	char *name, *query;
} SnNamedSearch;

/* e.g. settings->delivery_retry. Keys are written with '-' in the file: retry-max. */
typedef struct {
#define X(section, key, type, fallback, meaning) SN_OPTION_FIELD_##type(section, key)
	SN_OPTION_TABLE(X)
#undef X
	GPtrArray *open; /* of SnMailcapEntry (mailcap.h): the section [open], in order; never NULL */
	GPtrArray *searches; /* of SnNamedSearch: the section [searches], in order; never NULL */
} SnSettings;

#endif
