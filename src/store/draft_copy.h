/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draft_copy.h - which version of a draft lies in the Drafts folder of which account, and what lies
 * there that is to go. Each version has a Message-ID of its own; the new one is put there before the
 * old one is taken away, and what a crash left over is known by its id.
 */
#ifndef SN_STORE_DRAFT_COPY_H
#define SN_STORE_DRAFT_COPY_H

#include "src/store/store.h"

/* A draft, a copy, or both. */
typedef struct {
	SnId conversation;
	SnTime drafted;   /* when it was changed last; 0: there is no draft any more */
	SnId account;     /* whose server has the copy; 0 none */
	char *message_id; /* of the version that lies there; NULL */
	char *next_id;    /* of the one that is being put there; NULL */
	SnTime updated;   /* SnDraft.updated of the version there */
	guint32 uid;      /* of that version; 0 unknown */
} SnDraftCopy;
void sn_draft_copy_free(SnDraftCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnDraftCopy, sn_draft_copy_free)

/* Those whose copy is not what the draft says now. Of SnDraftCopy. */
GPtrArray *sn_draft_copy_due(SnStore *store);
SnDraftCopy *sn_draft_copy_get(SnStore *store, SnId conversation); /* NULL: neither */

/*
 * Before raw is sent to the server. What an earlier try may have left there is to go. Of `next` counts:
 * conversation, account, next_id, and updated, which is that of what is sent.
 */
gboolean sn_draft_copy_begin(SnStore *store, const SnDraftCopy *next, GBytes *raw, GError **error);
/* It is there, under this UID (RFC 4315; 0 unknown): the version before is to go. */
gboolean sn_draft_copy_done(SnStore *store, SnId conversation, guint32 uid, GError **error);
/*
 * An email lies in a folder of the account. When it has the Message-ID of a copy, but is neither at its
 * place nor the text that was put there, another program has saved it: as of sn_draft_copy_overtaken().
 * In the caller's transaction.
 */
gboolean sn_draft_copy_seen(SnStore *store, SnId account, const char *message_id, guint32 uid,
                            GBytes *raw, GError **error);
/* Nobody knows whether it is there. */
gboolean sn_draft_copy_failed(SnStore *store, SnId conversation, GError **error);
/* All of it is to go: the draft was sent, thrown away, or goes by IM now. */
gboolean sn_draft_copy_drop(SnStore *store, SnId conversation, GError **error);
/* The draft goes on from that email in Drafts, which another program put there: it is replaced. */
gboolean sn_draft_copy_adopt(SnStore *store, SnId conversation, SnId account,
                             const char *message_id, GError **error);
/*
 * Another program saved the copy with this Message-ID again: it is no longer ours to take away. A draft
 * here that says what the copy said is overtaken by it and goes; one that was typed on stays, and gets
 * a copy of its own. In the caller's transaction.
 */
gboolean sn_draft_copy_overtaken(SnStore *store, const char *message_id, GError **error);
/* The conversation whose draft that is; 0. */
SnId sn_draft_copy_find(SnStore *store, const char *message_id);

typedef struct {
	char *message_id;
	guint32 uid; /* only this one is ours; 0: whichever has that id */
} SnDraftStale;
void sn_draft_stale_free(SnDraftStale *stale);

/* What is to be taken out of the account's Drafts; of SnDraftStale. */
GPtrArray *sn_draft_stale_list(SnStore *store, SnId account);
gboolean sn_draft_stale_done(SnStore *store, SnId account, const char *message_id, GError **error);

#endif
