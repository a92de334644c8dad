/* SPDX-License-Identifier: GPL-3.0-or-later */
/* private.h - what the files of src/store share beyond their public headers. */
#ifndef SN_STORE_PRIVATE_H
#define SN_STORE_PRIVATE_H

#include "src/store/outbox.h"
#include "src/store/statement.h"
#include "src/store/sync.h"
#include "src/store/told.h"
#include "src/store/triage.h"

#define SN_TEXT_LIMIT (16 * 1024 * 1024) /* bytes of a body */
#define SN_LINE_LIMIT 2000               /* bytes of a subject, a name, a reason */
#define SN_ID_LIMIT 1000                 /* bytes of a Message-ID, an origin-id, a thread key */
#define SN_PARTY_LIMIT 2000              /* parties of one message */
#define SN_PART_LIMIT 1000               /* parts of one message */

/* store.c: opens store->path, which is there, with flags of SQLite's; of the functions for SQL it has those
 * of search.c. */
#define SN_BUSY_MS 5000
gboolean sn_store_attach(SnStore *store, int flags, GError **error);

/*
 * checkpoint.c: after a commit of the engine: the log goes into the database once it has grown, by a thread
 * of its own; until that has done what was asked; that the thread ends. All on the thread of the store.
 */
typedef struct sn_carrier SnCarrier;
void sn_checkpoint(SnStore *store);
void sn_checkpoint_wait(SnStore *store);
void sn_checkpoint_end(SnStore *store);

/* How much a display name is worth; native.name_rank and person.name_rank. */
typedef enum {
	SN_NAME_ADDRESS,
	SN_NAME_TOLD,   /* others wrote it into a To: */
	SN_NAME_OWN,    /* the sender's own From: */
	SN_NAME_ROSTER, /* or one of the user's cards */
	SN_NAME_USER,
} SnNameRank;

/* people.c */
SnId sn_address_make(SnStore *store, SnChannel channel, const char *value, const char *name,
                     SnNameRank rank, GError **error);
SnId sn_address_person(SnStore *store, SnId address); /* 0 */
gboolean sn_address_name_seen(SnStore *store, SnId address, const char *name, SnNameRank rank,
                              GError **error);
SnId sn_person_self(SnStore *store, GError **error); /* made when missing */

/* conversation.c */
SnId sn_conversation_make(SnStore *store, SnConversationKind kind, const char *key,
                          const char *title, SnId person, gboolean opened, GError **error);
SnId sn_conversation_of_person(SnStore *store, SnId person, gboolean opened, GError **error);
gboolean sn_conversation_title(SnStore *store, SnId id, const char *title, GError **error);
gboolean sn_conversation_retitle(SnStore *store, SnId person, const char *name, GError **error);
gboolean sn_conversation_add_member(SnStore *store, SnId conversation, SnId address,
                                    GError **error);

/* presence.c */
gboolean sn_presence_refresh_person(SnStore *store, SnId person, GError **error);

/* message_place.c: where a message belongs. peer: the address that files it with a person; 0. */
gboolean sn_message_place(SnStore *store, const SnMessage *message, const char *room_jid,
                          SnId *conversation, SnId *peer, GError **error);

/*
 * told.c: ties a carried message to the record here that it tells of (which may be its own), with
 * what differs; a live message that came after what was told of it; the same where what was told is
 * another record, which goes; what has to be done before a message is deleted.
 */
gboolean sn_told_tie(SnStore *store, const SnMessage *told, SnId told_raw, SnId message,
                     GError **error);
gboolean sn_told_confirm(SnStore *store, const SnMessage *told, SnId told_raw,
                         const SnMessage *live, SnId live_raw, GError **error);
gboolean sn_told_absorb(SnStore *store, const SnMessage *live, SnId raw, GError **error);
gboolean sn_told_forget(SnStore *store, SnId id, GError **error);
/* A conversation has become one of several, or parts: of rows that were told with the same id and words
 * one is shown. */
gboolean sn_told_join(SnStore *store, SnId conversation, GError **error);
/* With the same id: are they the same IM? Without: the record of the same line; 0. */
gboolean sn_told_same_im(const SnMessage *known, const SnMessage *told);
SnId sn_told_find_line(SnStore *store, const SnMessage *m, SnId conversation);

/* message.c: the row of a query, of SN_LINE_COLUMNS, as SN_MESSAGE_LINE says. sender: of the row before, zero
 * at first; many have the same. */
#define SN_LINE_COLUMNS                                                                         \
	"m.id, m.conversation, m.channel, m.time, m.sender, m.sender_name, m.subject, m.preview "
typedef struct {
	SnId id;
	char *value, *name;
} SnSender;
void sn_sender_clear(SnSender *sender);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SnSender, sn_sender_clear)
SnMessage *sn_message_line(SnStore *store, SnSql *row, SnSender *sender);

/* message.c: ends the query. error NULL: what went wrong is logged, the rows so far returned. */
GPtrArray *sn_message_rows(SnStore *store, SnSql *query, guint what, GError **error);

/*
 * message_thread.c: fills reply_to and thread of a message that is about to be written; makes those
 * that answer it its answers, once it is; lets a message without a thread join its answer's.
 */
gboolean sn_thread_join(SnStore *store, SnMessage *m, GError **error);
gboolean sn_thread_adopt(SnStore *store, const SnMessage *m, GError **error);
gboolean sn_thread_founded(SnStore *store, SnId answer, SnId parent, GError **error);

/* pack.c: NULL where compression does not pay. packer may be NULL. */
char *sn_pack(SnPacker *packer, gconstpointer bytes, gsize size, gsize *length);

/* body.c: the text of a message, which lies in the table as body_text(text, packed). */
gboolean sn_body_write(SnStore *store, const SnMessage *message, GError **error);
gboolean sn_body_functions(SnStore *store, GError **error);
const SnReady *sn_message_ready(const SnMessage *message); /* NULL: nothing, or of another text */
char *sn_ready_words(const SnMessage *message); /* sn_search_words() of its body */
void sn_ready_free(SnReady *ready);

/* message_add.c: valid texts of bounded length. */
void sn_message_tidy(SnMessage *message);

/* message_write.c */
void sn_message_fill_preview(SnMessage *message);
gboolean sn_message_insert(SnStore *store, SnMessage *message, SnId peer, SnId raw,
                           GError **error);
gboolean sn_message_rewrite(SnStore *store, SnMessage *message, SnId peer, SnId raw,
                            GError **error);
gboolean sn_message_delete(SnStore *store, SnId id, GError **error);

/*
 * search.c: the words of one message. Text must be what was indexed when it is taken out. FTS5
 * writes out all it has gathered at every savepoint, so changes wait for the outermost commit.
 */
void sn_search_put(SnStore *store, const SnMessage *message);
void sn_search_remove(SnStore *store, const SnMessage *message);
gboolean sn_search_commit(SnStore *store, GError **error);    /* writes what waits */
gboolean sn_search_make_room(SnStore *store, GError **error); /* the same, when it is much */
void sn_search_rollback(SnStore *store, guint length);     /* forgets all but the first */
/* Text as the index wants it (search.c). NULL: as it is. prefix: for a question instead; set when
 * its last word is only the beginning of one. */
char *sn_search_fold(const char *text, gboolean *prefix);
/* What of a text is indexed, so. NULL: all, as it is. */
char *sn_search_words(const char *text);
/* SQL functions of this store: fold(text). */
gboolean sn_search_functions(SnStore *store, GError **error);
/* folder_list.c: bare_subject(text). */
gboolean sn_folder_functions(SnStore *store, GError **error);

/*
 * raw.c: bytes kept once, by content. Packing takes time and is done before the transaction;
 * keeping is done within. The reference is counted by the row that names it.
 */
SnPacked *sn_blob_pack(SnStore *store, GBytes *bytes, GError **error);
const char *sn_packed_sha256(const SnPacked *packed);
gint64 sn_packed_size(const SnPacked *packed);
SnId sn_blob_keep(SnStore *store, const SnPacked *packed, GError **error);
GBytes *sn_blob_get(SnStore *store, SnId blob, GError **error);

/* outbox.c: an entry's attachments, read before the transaction; its rows, within. 0 on error. */
GPtrArray *sn_outbox_read_files(SnStore *store, const SnOutboxNew *entry, GError **error);
SnId sn_outbox_insert(SnStore *store, const SnOutboxNew *entry, const GPtrArray *files,
                      GError **error);
/* outbox_change.c */
gboolean sn_outbox_journal(SnStore *store, SnId id, const char *what, const char *detail,
                           GError **error);
/* Of message.about, besides ids of messages (outcome.h, transcript.h). */
enum { SN_ABOUT_UNHEARD = -1, SN_ABOUT_STRAY = -2, SN_ABOUT_TRANSCRIPT = -3 };

/* outcome.c: within a transaction. again: the next try goes only to those who failed. */
gboolean sn_outcome_write(SnStore *store, SnId entry, const char *address, SnFate fate,
                          const char *text, GError **error);
gboolean sn_outcome_again(SnStore *store, SnId entry, GError **error);

/* location.c: recomputes flags and visibility of a message from where it lies. removed: it has
 * just lost a place, and is not to be seen when that was the last. */
gboolean sn_message_settle(SnStore *store, SnId message, gboolean removed, GError **error);
gboolean sn_message_purge(SnStore *store, GError **error);

/* triage.c: sn_triage_do() within a transaction. */
gboolean sn_triage_one(SnStore *store, SnId change, SnId message, SnId folder, const SnTriage *what,
                       GError **error);
/* actions.c: location.target of what is deleted for good; in whose list a place stands from now on.
 * target: role or name of a folder, which may be the place's own; NULL: it stays. */
#define SN_GONE "\\Deleted"
#define SN_GONE_SQL "'\\Deleted'"
gboolean sn_location_aim(SnStore *store, SnId folder, guint32 uid, const char *target,
                         GError **error);

#endif
