/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake_mail_private.h - the accounts in memory. Everything but lock() needs the lock held. */
#ifndef SN_BACKENDS_FAKE_FAKE_MAIL_PRIVATE_H
#define SN_BACKENDS_FAKE_FAKE_MAIL_PRIVATE_H

#include "backends/mail/mail_backend.h"

typedef struct {
	guint32 uid;
	guint flags;
	SnTime time;
	guint64 modseq;
	GBytes *raw;
	char *keywords; /* NULL: none */
} FakeMessage;

typedef struct {
	char *name;
	const char *role; /* static; NULL */
	guint32 uidvalidity, uidnext;
	GPtrArray *messages; /* of FakeMessage, by uid */
	gboolean watched;
} FakeFolder;

typedef struct {
	int kind; /* -1: any */
	SnErrorCode code;
	guint times;
	gboolean delivered;
} FakeFault;

typedef struct fake_source FakeSource;
typedef struct fake_transport FakeTransport;

typedef struct {
	char *user;
	GPtrArray *folders; /* of FakeFolder */
	guint64 modseq;
	FakeFault fault, send_fault;
	guint requests[SN_MAIL_REQ_QUOTA + 1], reconnects;
	gint64 quota_used, quota_limit;
	gboolean offline;
	SnErrorCode offline_code;
	GPtrArray *sources;    /* of FakeSource, living, not owned */
	GPtrArray *transports; /* of FakeTransport, living, not owned */
	GPtrArray *sent;       /* of GBytes */
} FakeAccount;

FakeAccount *sn_fake_account_lock(const char *user); /* finds or makes it; locks */
FakeAccount *sn_fake_account_find(const char *user); /* NULL */
void sn_fake_account_unlock(void);
FakeAccount *sn_fake_account_new(const char *user);
void sn_fake_account_free(gpointer account);

FakeFolder *sn_fake_folder(FakeAccount *account, const char *name, gboolean make);
FakeMessage *sn_fake_folder_find(FakeFolder *folder, guint32 uid); /* NULL */
guint32 sn_fake_folder_add(FakeAccount *account, FakeFolder *folder, GBytes *raw, guint flags,
                           SnTime time);
void sn_fake_folder_remove(FakeAccount *account, FakeFolder *folder, guint32 uid);
void sn_fake_folder_flags(FakeAccount *account, FakeFolder *folder, guint32 uid, guint set,
                          guint clear);

/* fake_mail_source.c: CHANGED to every source of the account when the folder is watched. */
void sn_fake_source_changed(FakeSource *source, const char *folder);
void sn_fake_source_folders(FakeSource *source);

#endif
