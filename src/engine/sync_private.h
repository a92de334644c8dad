/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_private.h - what the syncing half of the engine shares: engine.c, account.c, sync_*.c,
 * ingest_*.c and their neighbours. Engine thread unless said otherwise.
 */
#ifndef SN_ENGINE_SYNC_PRIVATE_H
#define SN_ENGINE_SYNC_PRIVATE_H

#include "src/base/bell.h"
#include "src/base/lock.h"
#include "src/engine/engine_private.h"
#include "src/mime/mail.h"

/* ---- engine.c ---- */

typedef struct sn_notifier SnNotifier;
typedef struct sn_vcards SnVcards;
typedef struct sn_book SnBook;
typedef struct sn_map_sync SnMapSync;
typedef struct sn_leaver SnLeaver;

typedef enum { SN_PHASE_STARTING, SN_PHASE_RUNNING, SN_PHASE_FAILED } SnPhase;

typedef struct sn_engine_core {
	SnLock *lock;
	GThread *thread;
	GMainLoop *loop;
	SnBell *bell;
	GSource *presence_source; /* own presence changes then; NULL */
	GSource *bell_source, *look_source, *durable_source, *settle_source, *clock_source;
	GSource *trouble_source;  /* tries to write again; NULL */
	gboolean closing;         /* nothing is looked at any more */
	int clock_fd;             /* readable when the clock was set or the machine woke; -1 */
	SnClockWatch clock_watch;
	gint64 first_write, last_write; /* monotonic ms, since the last fsync */
	SnNotifier *notifier;
	SnVcards *vcards; /* NULL: no vdir */
	SnBook *book;     /* NULL: no address-book-cmd */
	struct sn_drafts *drafts;
	SnMapSync *map_sync; /* NULL: no sync-map */
	SnLeaver *leaver;
	gboolean telling;  /* mdn.c: one is on its way */
	SnTime tell_after; /* ... and none before */
	/* shared with the threads that start, settle and stop */
	GMutex lock_state;
	GCond changed;
	SnPhase phase;
	GError *error;          /* FAILED: why */
	gboolean settled;
	GError *settle_error;
	gboolean mark_wanted; /* set before the thread is told to end */
	char *mark;           /* made by the thread as its last */
} SnEngineCore;

/* Something was written: make it durable in the next quiet moment. */
void sn_engine_touched(SnEngine *engine);
/* Something came to an end: whoever waits in sn_engine_settle() may be done. */
void sn_engine_check_settled(SnEngine *engine);

/* ---- ingest ---- */

/* A raw email read into rows that need no store; made on any thread with a large stack. */
typedef struct sn_prepared SnPrepared;
struct sn_prepared {
	SnMail *mail;        /* NULL when it could not be read */
	SnMessage *message;  /* all but sender, account, flags */
	char *sender, *sender_name; /* normalised; NULL when there is no usable From */
	GPtrArray *carried;  /* of SnPrepared, or NULL; a carried one carries nothing itself */
	GBytes *raw;         /* NULL for a carried IM */
};
SnPrepared *sn_prepare_mail(const SnConfig *config, const SnAccount *account, GBytes *raw,
                            SnTime received);
void sn_prepared_free(SnPrepared *prepared);

/* What has to happen after the rows are committed. */
typedef struct {
	SnEngine *engine; /* NULL: import */
	GPtrArray *steps; /* of closures */
} SnAfter;
SnAfter *sn_after_new(SnEngine *engine);
void sn_after_free(SnAfter *after);
void sn_after_run(SnAfter *after);   /* and forgets them */
void sn_after_clear(SnAfter *after); /* rolled back */
void sn_after_seen(SnAfter *after, SnChannel channel, const char *id);
/* old: it lay there before this sync began. */
void sn_after_report(SnAfter *after, const SnPrepared *prepared, SnId message, gboolean old);
void sn_after_incoming(SnAfter *after, SnId message);
void sn_after_evidence(SnAfter *after, SnId address);

typedef struct {
	SnId account, folder; /* folder 0: none */
	guint32 uid;
	const char *name;     /* Maildir; NULL */
	const char *role;     /* of the folder; NULL */
	guint flags;
	const char *keywords; /* NULL: not told */
	SnTime received;
	gboolean partial;     /* raw is not all of it */
	const GArray *part_sizes; /* of SnMailEvent; NULL */
	gboolean completes;   /* what was partial is whole now */
	gboolean quiet;       /* no notification: first sync, import */
	const SnAccount *chats; /* the folder holds transcripts of this account; NULL */
} SnPlace;
gboolean sn_file_mail(SnStore *store, const SnConfig *config, SnAfter *after,
                      SnPrepared *prepared, const SnPlace *place, SnId *message,
                      SnAddResult *result, GError **error);
/* Is it one of the addresses of the configuration? Any thread. */
gboolean sn_config_owns(const SnConfig *config, SnChannel channel, const char *normalised);
/* History is what was exchanged with the user: is the user a party of it? Any thread. */
gboolean sn_carried_is_ours(const SnConfig *config, const SnMessage *message);
/* Adds to the notice of a carrier what of its history was left out. Any thread. */
void sn_carried_say(SnMessage *carrier, guint not_ours, guint too_many);
/*
 * Files what the message `carried_by` brought along. The row that holds it now (an own one, if there
 * is); 0 when it was none of ours, or with an error.
 */
SnId sn_file_carried_mail(SnStore *store, const SnConfig *config, SnPrepared *prepared,
                          SnId carried_by, GError **error);
typedef struct {
	const char *from, *from_name, *to, *text, *origin_id; /* from_name, origin_id: NULL */
	SnTime time;
	const GPtrArray *mail_files; /* of SnMailCarriedFile; NULL */
	const GPtrArray *im_files;   /* of SnImFile; NULL */
} SnCarriedIm;
SnId sn_file_carried_im(SnStore *store, const SnConfig *config, const SnCarriedIm *im,
                        SnId carried_by, GError **error);

/* ---- the pipe: events of a mail source, read by a parser thread, to the engine ---- */

typedef struct {
	SnMailEvent *event;
	SnPrepared *prepared; /* of a MESSAGE with raw; NULL */
} SnParsed;
void sn_parsed_free(SnParsed *parsed);
typedef struct sn_mail_pipe SnMailPipe;
/* in: of SnMailEvent, as given to the backend. out: of SnParsed, in the same order. */
SnMailPipe *sn_mail_pipe_new(SnConfig *config, const char *account, SnQueue *in, SnQueue *out);
/* From the next email on. */
void sn_mail_pipe_set_config(SnMailPipe *pipe, SnConfig *config);
/* Closes both queues, and ends the thread after the message it works on. */
void sn_mail_pipe_free(SnMailPipe *pipe);
enum { SN_PIPE_WEIGHT = 4 << 20, SN_PIPE_STACK = 32 << 20 };

/* ---- account.c ---- */

typedef enum { SN_END_SOURCE, SN_END_OUTGOING, SN_END_IM, SN_END_COUNT } SnEnd;

typedef struct sn_mail_sync SnMailSync;
typedef struct sn_im_sync SnImSync;
typedef struct sn_actions SnActions;
typedef struct sn_transcripts SnTranscripts;
typedef struct sn_end_secret SnEndSecret;
typedef struct sn_rooms SnRooms;

typedef struct sn_account_core {
	SnQueue *mail_in, *mail_out; /* of SnMailEvent, of SnParsed */
	SnQueue *send_events, *im_events;
	GSource *mail_source, *send_source, *im_source;
	SnMailPipe *pipe;
	GHashTable *replies;         /* request id -> reply */
	SnPrepared *prepared;        /* of the MESSAGE being dispatched; NULL */
	SnAfter *after;
	SnMailSync *mail;
	SnImSync *im;
	SnActions *actions;
	SnTranscripts *transcripts;
	SnRooms *rooms;
	SnEndSecret *secrets[SN_END_COUNT];
	struct sn_oauth *oauth;      /* NULL: none of the ends gets tokens by itself */
	SnStatusKind kinds[SN_END_COUNT];
	GError *errors[SN_END_COUNT]; /* the last one while the end is down */
	gboolean in_batch;            /* a transaction of the batch is open */
	gboolean batch_failed;
	SnTime quota_asked;
	gboolean told_full;           /* mailbox.c: that nothing more can be stored */
	GHashTable *refusals;         /* and which refusals; NULL */
	GHashTable *fetching;         /* files.c: places of files that are on their way; NULL */
	char *presence_told, *reach_told; /* what the server was told; NULL */
	gboolean card_goes; /* the user's vCard is being written */
	int card_tries;     /* ... in vain so far */
	SnTime card_after;  /* ... and not before then */
	GSource *card_timer; /* NULL */
	gboolean told_away; /* ... that nobody looks at the screen */
} SnAccountCore;

void sn_account_start(SnEngine *engine, const SnAccount *config);
/* Ends these accounts at the same time, so that stopping many takes no longer than stopping one. */
void sn_accounts_stop(SnEngine *engine, GPtrArray *accounts);
/* The same connections under a new configuration. */
void sn_account_reconfigure(SnEngineAccount *account, SnConfig *config, const SnAccount *now);
/* TRUE when both describe the same connections. */
gboolean sn_account_same(const SnAccount *one, const SnAccount *two);

/* ---- dispatch.c ---- */

/* Begins to take the events of the account's queues. */
void sn_dispatch_attach(SnEngineAccount *account);
/* Takes what is left in them, and cancels the requests that nobody answered. */
void sn_dispatch_detach(SnEngineAccount *account);
const char *sn_end_word(SnEnd end); /* "source" ... */
/* error: NULL. next_try 0: not by itself. */
void sn_account_status(SnEngineAccount *account, SnEnd end, SnStatusKind kind, const GError *error,
                       SnTime next_try);
void sn_account_progress(SnEngineAccount *account, SnEnd end, const char *detail, gint64 done,
                         gint64 total);
/* Reads a raw email on the parser thread: one MESSAGE with core->prepared, then DONE. */
void sn_account_read_mail(SnEngineAccount *account, GBytes *raw, SnMailReply reply, gpointer data);
gboolean sn_account_settled(const SnEngineAccount *account, const GError **error);

/* ---- sync_mail.c ---- */
SnMailSync *sn_mail_sync_new(SnEngineAccount *account);
void sn_mail_sync_free(SnMailSync *sync);
void sn_mail_sync_line(SnMailSync *sync, SnLineState line);
/* An event that answers no request. */
void sn_mail_sync_event(SnMailSync *sync, const SnMailEvent *event);
/* The batch could not be written: what is under way has to be done again. */
void sn_mail_sync_storage_failed(SnMailSync *sync, const GError *error);
gboolean sn_mail_sync_settled(const SnMailSync *sync);
/* Look at every folder now. */
void sn_mail_sync_all(SnMailSync *sync);
/* Look at this folder now. */
void sn_mail_sync_folder(SnMailSync *sync, const char *name);
/* Gets an email of which only a part is here. FALSE: not now. */
gboolean sn_mail_fetch_whole(SnEngine *engine, const SnMessage *message);
/* Gets one file of it, into a file of the profile. FALSE: not now. */
gboolean sn_mail_fetch_file(SnEngine *engine, const SnMessage *message, int position);
/* The name of the folder in which the emails lie that stand in this one: another one for labels. */
char *sn_mail_folder_of(SnStore *store, SnId folder, guint32 *uidvalidity); /* NULL: there is none */
/* Is it a folder of labelled emails, as a label or as what holds them? */
gboolean sn_mail_sync_has_label(SnMailSync *sync, const char *name);
/* The name of the account's folder with this role (or itself a name); NULL when there is none. */
char *sn_mail_folder_name(SnEngineAccount *account, const char *target);

/* Looks for folders that are new on the server. */
void sn_mail_sync_list(SnMailSync *sync);
/* Is it one of those that are synced? */
gboolean sn_mail_sync_has(SnMailSync *sync, const char *name);
/* All that was in it when it was asked for last is here; TRUE also when the server has no such
 * folder. */
gboolean sn_mail_sync_is_fresh(SnMailSync *sync, const char *name);

/* ---- transcript.c, transcript_mail.c ---- */
SnTranscripts *sn_transcripts_new(SnEngineAccount *account);
void sn_transcripts_free(SnTranscripts *transcripts);
/* Something was said, the line is up, or a folder was synced. */
void sn_transcripts_look(SnTranscripts *transcripts);
gboolean sn_transcripts_settled(const SnTranscripts *transcripts);
/* An email of the chat folder: is it a transcript of this account? */
gboolean sn_transcript_is_one(const SnAccount *account, const SnPrepared *prepared);
/* Files the IMs in it. message: its row; within the transaction that made it. */
gboolean sn_transcript_file(SnStore *store, const SnAccount *account, const SnPrepared *prepared,
                            const SnPlace *place, SnId message, GError **error);

/* ---- mailbox.c: what a mailbox does not allow ---- */
/* A client shows the text and forgets it; when none runs, the next one does. */
void sn_engine_say(SnEngine *engine, const char *text);
void sn_mailbox_take_quota(SnEngineAccount *account, const SnMailEvent *event);
/* Something came in: asks how full it is, from time to time. */
void sn_mailbox_grew(SnEngineAccount *account);
/* Something could not be stored for want of room; something could. */
void sn_mailbox_full(SnEngineAccount *account, const GError *error);
void sn_mailbox_has_room(SnEngineAccount *account);
/* A change was refused for good, and put back. */
void sn_mailbox_refused(SnEngineAccount *account, const GError *error);

/* ---- actions.c ---- */
SnActions *sn_actions_new(SnEngineAccount *account);
void sn_actions_free(SnActions *actions);
void sn_actions_look(SnActions *actions);
gboolean sn_actions_settled(const SnActions *actions);

/* ---- sync_im.c ---- */
SnImSync *sn_im_sync_new(SnEngineAccount *account);
void sn_im_sync_free(SnImSync *sync);
void sn_im_sync_line(SnImSync *sync, SnLineState line);
void sn_im_sync_event(SnImSync *sync, const SnImEvent *event);
/* Intents of clients: what was read here. */
void sn_im_sync_look(SnImSync *sync);
gboolean sn_im_sync_settled(const SnImSync *sync);

/*
 * Events that may share a transaction, so that many IMs at once wait for one commit: TRUE of those whose
 * filing changes rows only. Between begin and end the event is given away with keep(); receipts,
 * notifications and all that others hear of follow after the commit. FALSE: there is no transaction.
 * sync NULL: an account without IM.
 */
gboolean sn_im_sync_joins(SnImSync *sync, const SnImEvent *event);
gboolean sn_im_sync_begin(SnImSync *sync);
gboolean sn_im_sync_keep(SnImSync *sync, SnImEvent *event);
void sn_im_sync_end(SnImSync *sync);

/* Files an IM, in the transaction under way or one of its own. Also one of a room's archive. */
void sn_im_sync_message(SnImSync *sync, SnImMessage *im);

/* ---- rooms.c; more in rooms.h ---- */
SnRooms *sn_rooms_new(SnEngineAccount *account);
void sn_rooms_free(SnRooms *rooms);
void sn_rooms_line(SnRooms *rooms, gboolean online);
void sn_rooms_synced(SnRooms *rooms, gboolean resumed);
/* TRUE: it was about a room. */
gboolean sn_rooms_event(SnRooms *rooms, const SnImEvent *event);
void sn_rooms_take_wishes(SnRooms *rooms);
/* It was said before the user ever came: nothing new. */
gboolean sn_rooms_is_old(const SnRooms *rooms, const SnImMessage *im);
void sn_rooms_filed(SnRooms *rooms, const SnImMessage *im);
/* Within the transaction that files a message of a room: who said it, and does it speak to the user? */
gboolean sn_rooms_said(SnEngineAccount *account, const SnImMessage *im, const SnMessage *message,
                       GError **error);
/* A message that the user has read: when it is of a room, whoever may know is told. TRUE: it was. */
gboolean sn_rooms_displayed(SnEngineAccount *account, const SnMessage *message);
/* The room says that moderators took something back. */
void sn_rooms_retract(SnRooms *rooms, const SnImMessage *im);
/* Somebody invites the user. time: as it came late; 0: now. Asked once, however often it comes. */
void sn_rooms_invited(SnRooms *rooms, const SnImInvitation *invitation, SnTime time);
/* By what the user wants to be told of in rooms; TRUE outside of them. */
gboolean sn_rooms_is_news(SnEngine *engine, const SnMessage *message);

/* A request to see our presence becomes a question to the user. words: NULL. */
gboolean sn_contact_request(SnEngineAccount *account, const char *jid, const char *words,
                            GError **error);

/* ---- own_answers.c ---- */
/* It asks for the user's time, and by the rule for its sender that is not even shown as a prompt. */
gboolean sn_own_question_ignored(const SnEngine *engine, SnId sender, char *const *values);
/* Marks a question that offers now, later and email. */
gboolean sn_own_question_note(SnStore *store, SnId question, char *const *values, GError **error);
/* A message that may ask for the user's time: a rule may answer it. */
void sn_own_question_answer(SnEngineAccount *account, const SnMessage *message);
/* A message of the user's from another device: it may answer what is asked here. */
void sn_own_question_elsewhere(SnEngineAccount *account, const SnMessage *message,
                               const SnImMessage *im);

/* ---- wishes.c ---- */
void sn_wishes_look(SnEngine *engine);
void sn_wishes_im_online(SnEngineAccount *account);
/* The roster is there, in a session that begins anew. */
void sn_wishes_im_synced(SnEngineAccount *account);

/* ---- map.c ---- */
/* Evidence in an email that was received by itself. */
void sn_map_mail(SnStore *store, const SnConfig *config, const SnMail *mail, SnId sender,
                 SnId message);
/* Evidence in an IM: it answers an email of ours. */
void sn_map_im(SnStore *store, const SnImMessage *im, SnId sender);
/* A contact's published vCard. */
void sn_map_vcard(SnStore *store, const char *jid, const char *name, char *const *mails,
                  char *const *jids);
/* An email from `sender` brought an IM along: if it is one that we hold, both ends know it. */
void sn_map_carried_im(SnStore *store, const SnConfig *config, const SnMailCarried *carried,
                       SnId sender);
/* An IM from `sender` brought an email along; agrees: we hold it and it is the same. */
void sn_map_carried_mail(SnStore *store, const SnConfig *config, const SnMessage *mail, SnId sender,
                         gboolean agrees);
/* An email from `sender` names the IM that it answers, which is one that we hold. */
void sn_map_answered_im(SnStore *store, const SnConfig *config, SnId im, SnId sender);
/* A contact of the roster, and what it says how it can be reached (XEP-0152). */
void sn_map_contact(SnStore *store, const char *jid);
void sn_map_reach(SnStore *store, const char *jid, char *const *uris);

/* ---- vcards.c, book.c: what the user says of addresses ---- */
SnVcards *sn_vcards_new(SnEngine *engine); /* NULL: none configured */
void sn_vcards_free(SnVcards *vcards);
SnBook *sn_book_new(SnEngine *engine); /* NULL: none configured */
void sn_book_free(SnBook *book);
/* Asks address-book-cmd about this address, unless it was asked today. */
void sn_book_ask(SnBook *book, SnId address);
/* Words that clients want completed. */
void sn_book_look(SnEngine *engine);

/* ---- mdn.c ---- */
/* Within the transaction that files an email: does its sender ask to be told that it was read? */
gboolean sn_mdn_file(SnStore *store, const SnConfig *config, const SnPrepared *prepared,
                     SnId sender, GError **error);
/* The user's answer: value "yes" or "no". */
void sn_mdn_answer(SnEngine *engine, const char *message, const char *value);
void sn_mdn_start(SnEngine *engine);
void sn_mdn_look(SnEngine *engine);

/* ---- unsubscribe.c: leaves lists for the user ---- */
SnLeaver *sn_leaver_new(SnEngine *engine);
void sn_leaver_free(SnLeaver *leaver); /* waits for the request under way, which is cut off */
void sn_leaver_look(SnLeaver *leaver);

/* ---- map_sync.c: the user's other devices ---- */
SnMapSync *sn_map_sync_new(SnEngine *engine); /* NULL: none configured */
void sn_map_sync_free(SnMapSync *sync);
/* All of these: sync NULL is fine. A new session; news of the private node; something changed here. */
void sn_map_sync_synced(SnMapSync *sync, SnEngineAccount *account);
void sn_map_sync_event(SnMapSync *sync, SnEngineAccount *account, const SnImEvent *event);
void sn_map_sync_look(SnMapSync *sync);
/* The text of an item, and what is in one: of SnFact; whatever is malformed is left out. */
char *sn_map_sync_write(const GPtrArray *facts);
GPtrArray *sn_map_sync_read(const char *text);

/* ---- engine_clock.c ---- */
/* Hears of a sleep and of a clock that was set, by itself and at each look; until left. */
void sn_engine_watch_clock(SnEngine *engine);
void sn_engine_look_at_clock(SnEngine *engine);
void sn_engine_leave_clock(SnEngine *engine);

/* ---- notify.c ---- */
SnNotifier *sn_notifier_new(SnEngine *engine);
void sn_notifier_free(SnNotifier *notifier);
void sn_notifier_incoming(SnNotifier *notifier, SnId message);

/* ---- files.c ---- */
/* Fetches the files of an IM that lie elsewhere, when the contact is known and they are small. */
void sn_files_fetch(SnEngineAccount *account, SnId message);
/* Where the bytes of a part lie that are not in the database; makes the directory. Caller frees. */
char *sn_files_place(SnEngine *engine, SnId message, int position);
/* FALSE: what belongs in this place is on its way already, and a second one would spoil it. */
gboolean sn_files_begin(SnEngineAccount *account, const char *path);
void sn_files_end(SnEngineAccount *account, const char *path);
void sn_files_fetch_part(SnEngineAccount *account, SnId message, const SnPart *part,
                         gint64 max_size);

#endif
