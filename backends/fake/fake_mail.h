/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_mail.h - mail accounts in memory for tests, and backends that always fail politely.
 *
 * An account is known by the user name of its link (or the path, for a Maildir or a sendmail
 * command). The source serves its folders with all rules of mail_backend.h: numbers, validity,
 * modification numbers, watching. What a fake transport accepts lands in the INBOX of each
 * recipient whose address is the user name of an account that was put into or opened before.
 * All functions: any thread. Accounts come into being when first named.
 */
#ifndef SN_BACKENDS_FAKE_FAKE_MAIL_H
#define SN_BACKENDS_FAKE_FAKE_MAIL_H

#include "backends/mail/mail_backend.h"

extern const SnMailSourceOps sn_fake_mail_ops;
extern const SnMailTransportOps sn_fake_send_ops;

/* Never on line: LINE(OFFLINE) with NETWORK at once and at each reconnect(); every request ends
 * in ERROR with the same. */
extern const SnMailSourceOps sn_failing_mail_ops;
extern const SnMailTransportOps sn_failing_send_ops;

/* Forgets all accounts; between tests, when no backend lives. */
void sn_fake_mail_reset(void);

/* ---- the server's side of a mailbox ---- */
/* Stores raw bytes (made with it when the folder is missing); the number. Watchers are told. */
guint32 sn_fake_mail_put(const char *user, const char *folder, const char *raw, guint flags);
void sn_fake_mail_remove(const char *user, const char *folder, guint32 uid);
void sn_fake_mail_set_flags(const char *user, const char *folder, guint32 uid, guint flags);
/* Keywords, with blanks between; of the index-th message, caller frees. */
void sn_fake_mail_set_keywords(const char *user, const char *folder, guint32 uid,
                               const char *keywords);
char *sn_fake_mail_keywords(const char *user, const char *folder, guint index);
/* All numbers become void, as when a server's mailbox was rebuilt. */
void sn_fake_mail_new_validity(const char *user, const char *folder);
/* The folder is deleted or renamed; the sources say that folders changed. */
void sn_fake_mail_move_folder(const char *user, const char *folder, const char *new_name);
guint sn_fake_mail_count(const char *user, const char *folder);
/* The index-th message, oldest first; NULL; g_bytes_unref() it. flags, uid may be NULL. */
GBytes *sn_fake_mail_get(const char *user, const char *folder, guint index, guint *flags,
                         guint32 *uid);

/* How full the mailbox says to be, in octets; limit 0: it has no quota. */
void sn_fake_mail_set_quota(const char *user, gint64 used, gint64 limit);

/* ---- faults ---- */
/* The next `times` requests of the kind (-1: any) end in ERROR of this code. */
void sn_fake_mail_fail(const char *user, int kind, SnErrorCode code, guint times);
/* OFFLINE (with an error of this code) until ONLINE: requests wait meanwhile. */
void sn_fake_mail_line(const char *user, SnLineState state, SnErrorCode code);
/* How many requests of the kind (-1: any) were submitted so far; of reconnect(): kind -2. */
guint sn_fake_mail_requests(const char *user, int kind);

/* ---- the transport ---- */
/* The next `times` messages end in ERROR of this code; delivered: although it did arrive (what
 * UNCERTAIN may mean). */
void sn_fake_send_fail(const char *user, SnErrorCode code, guint times, gboolean delivered);
/* Accepted messages so far; with the index-th one's bytes (NULL; g_bytes_unref() it). */
guint sn_fake_send_count(const char *user);
GBytes *sn_fake_send_get(const char *user, guint index);

#endif
