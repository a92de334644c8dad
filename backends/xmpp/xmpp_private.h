/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xmpp_private.h - how the files of the XMPP backend share one account.
 *
 * xmpp.c     the interface, the account's thread, jobs (requests on their way)
 * line.c     connecting, the loop around the library, losing the line, back-off
 * dial.c     helper thread of one attempt: password, DNS, TCP; guards the log-in against stalling
 * wire.c     what only the library's log tells: why a log-in failed, what was written
 * sm.c       XEP-0198: which stanza the server has
 * session.c  what happens after log-in until SYNCED
 * iq.c       queries and their answers
 *
 * The account's thread owns everything below but what says otherwise. It runs a GMainContext; the
 * library is called from there only.
 */
#ifndef SN_BACKENDS_XMPP_XMPP_PRIVATE_H
#define SN_BACKENDS_XMPP_XMPP_PRIVATE_H

#include <pthread.h>

#include "backends/xmpp/xmpp_extensions.h"

#define SN_NS_CARBONS "urn:xmpp:carbons:2"
#define SN_NS_DELAY "urn:xmpp:delay"
#define SN_NS_FORWARD "urn:xmpp:forward:0"
#define SN_NS_MAM "urn:xmpp:mam:2"
#define SN_NS_SID "urn:xmpp:sid:0"
#define SN_NS_FORM "jabber:x:data"
#define SN_NS_RSM "http://jabber.org/protocol/rsm"
#define SN_NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define SN_NS_PUBSUB_EVENT "http://jabber.org/protocol/pubsub#event"
#define SN_NS_UPLOAD "urn:xmpp:http:upload:0"
#define SN_NS_MUC "http://jabber.org/protocol/muc"
#define SN_NS_OOB "jabber:x:oob"

typedef struct sn_caps SnCaps; /* caps.c */

/* A request on its way. */
struct sn_xmpp_job {
	SnImRequest *request;
	const SnXmppStart *start;
	gboolean started;
	gpointer state; /* of the extension; NULL */
	GDestroyNotify free_state;
	void (*cancel)(SnIm *im, SnXmppJob *job); /* NULL: just forget it */
};

/* ---- dial.c ---- */
typedef struct sn_dial SnDial;

/* What a helper thread found out. */
typedef struct {
	GError *error; /* NULL: reached */
	char *secret;  /* NULL unless it was asked for; wiped by sn_dial_outcome_free() */
	char *address; /* numeric */
	char *where;   /* "example.test (127.0.0.1:5222)", for messages */
	guint16 port;
	gboolean direct_tls;
} SnDialOutcome;

/* ---- wire.c ---- */
typedef struct {
	xmpp_log_t log;
	char *certificate; /* why it was refused */
	char *failure;     /* condition of the last SASL failure */
	char *failure_text;
	gboolean no_tls, no_mechanism, tls_failed, tls_broken, tls_cut, sent_seen;
	gboolean csi_offered;
	gboolean sm_offered, sm_failed, stream_closed;
	gboolean resumed;
	gint64 resumed_h; /* -1 unknown; also that of <failed/> */
	gsize stanza_max;
} SnWire;

/* ---- sm.c ---- */
typedef struct {
	GQueue flight; /* of Flight: sent and not acked, oldest first */
	guint32 acked; /* stanzas of this session the server has */
	gboolean enabled, resumable;
	gboolean skewed;   /* the library counts wrong from here: do not resume again */
	gboolean ping_out; /* without XEP-0198: a ping that stands for an ack is on its way */
} SnSm;

typedef enum { SN_PHASE_OFFLINE, SN_PHASE_DIALLING, SN_PHASE_LOGIN, SN_PHASE_ONLINE } SnPhase;

struct sn_im {
	/* fixed */
	char *jid, *domain, *resource;
	char *connect_host, *ca_file;
	guint16 port;
	int tls;
	SnSecretSource secret_source;
	SnQueue *events, *inbox;
	gpointer owner;
	pthread_t thread;

	/* shared, under lock: a second descriptor of the socket, so that any thread may shut it
	 * down without racing the library's close() */
	GMutex lock;
	int socket;
	gboolean stopping;

	gint sleeps, sleeps_for; /* atomic: how often the thread slept, and now at most how long, ms;
	                          * -1: until something happens */

	/* the thread's */
	GMainContext *context;
	gboolean ended;
	GHashTable *jobs; /* id -> SnXmppJob */
	GQueue waiting;   /* of SnXmppJob, not owned: need the line */
	GRand *random;

	/* line.c */
	SnPhase phase;
	xmpp_mem_t memory; /* of the library: wiped when freed, for it holds the password */
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;         /* NULL unless logging in or online */
	xmpp_sm_state_t *sm_state; /* to resume with; NULL */
	SnDial *dial;              /* NULL unless dialling or logging in */
	SnDialOutcome *target;     /* the attempt's; NULL */
	char *secret;              /* kept for the next attempt; wiped */
	GSource *pump, *retry;     /* retry NULL unless waiting for the next attempt */
	gpointer fd_tag;
	int fd;
	gboolean turned_down, was_resuming, leaving, active;
	GError *loss;   /* told by the library, not yet dealt with; NULL */
	guint failures; /* attempts in a row */
	guint refusals; /* log-ins in a row that the server broke off */
	gint64 online_since, lost_since,
		last_heard; /* monotonic, us; lost_since 0: none in flight */
	GError *last_error; /* why it is off line */
	GSource *ping;

	SnWire wire;
	SnSm sm;

	/* iq.c */
	GHashTable *queries; /* id -> Query */
	GSource *query_timer;
	guint64 next_query;

	/* session.c */
	char *show, *status; /* wanted presence */
	SnTime idle_since;   /* goes with it; 0 */
	gboolean looked_away; /* csi.c: nobody looks */
	GHashTable *blocked; /* blocking.c; NULL: not told yet */
	gboolean has_blocking;
	SnCaps *caps;        /* caps.c; NULL */
	guint starting;      /* answers still missing before SYNCED */
	gboolean presence_sent, has_archive, has_carbons, trust_stanza_id, roster_done, own_done;
	char *upload_service;
	gint64 upload_max;
	GHashTable *present; /* full JIDs that are available, with what they told */
	GHashTable *rooms;   /* bare JID -> SnMucRoom (rooms_private.h) */
	GSource *room_timer; /* NULL without a room */
	GHashTable *bookmarks; /* bare JID -> extensions as text; NULL */

	/* reach.c */
	char **reach;           /* published; NULL */
	GHashTable *reach_told; /* full JIDs that say it in their presence; NULL */
};

/* ---- reach.c ---- */
/* The element for our presence or item, when something is published. */
void sn_reach_write(SnIm *im, xmpp_stanza_t *parent);

/* ---- displayed.c: items of SN_PRIVATE_DISPLAYED ---- */
void sn_displayed_write(SnIm *im, xmpp_stanza_t *item, const SnImRequest *request);
char *sn_displayed_read(SnIm *im, xmpp_stanza_t *item); /* stanza-id; NULL: it makes no sense */

/* ---- presence.c ---- */
GHashTable *sn_presence_table(void);
/* The session was resumed: tells again who is there. */
void sn_presence_repeat(SnIm *im);

/* ---- xmpp.c ---- */
SnImEvent *sn_xmpp_event(SnIm *im, int kind, guint64 id);
/* Takes it. May block while the consumer is behind, unless we are stopping. */
void sn_xmpp_push(SnIm *im, SnImEvent *event);
SnXmppJob *sn_xmpp_job(SnIm *im, guint64 id); /* NULL: ended meanwhile */
/* Ends a job in DONE (event NULL: a bare one; takes it) or ERROR (takes error). Frees the job. */
void sn_xmpp_done(SnIm *im, SnXmppJob *job, SnImEvent *event);
void sn_xmpp_fail(SnIm *im, SnXmppJob *job, GError *error);
void sn_xmpp_fail_all_waiting(SnIm *im, const GError *error);
void sn_xmpp_start_waiting(SnIm *im);
/* Puts a started job back among those that wait for the line, oldest first. */
void sn_xmpp_wait_again(SnIm *im, SnXmppJob *job);
/* From a worker thread to the account's: run(im, data) there, or free(data) if it is gone. */
typedef void (*SnXmppTask)(SnIm *im, gpointer data);
void sn_xmpp_post(SnQueue *inbox, SnXmppTask run, gpointer data, GDestroyNotify free_data);
GSource *sn_xmpp_timer(SnIm *im, guint ms, GSourceFunc call);
void sn_xmpp_timer_clear(GSource **timer);
char *sn_xmpp_made_up_resource(void); /* caller frees */
gboolean sn_xmpp_stopping(SnIm *im);

/* ---- line.c ---- */
void sn_line_init(SnIm *im);
void sn_line_finish(SnIm *im);
void sn_line_start(SnIm *im); /* an attempt, now */
void sn_line_reconnect(SnIm *im);
void sn_line_leave(SnIm *im); /* says goodbye; ends with im->ended */
/* Cuts the line; the loop notices. Any thread. */
void sn_line_cut(SnIm *im);
/* Sends a stanza (takes it). job: ends in DONE when the server has it; 0: nobody waits. */
void sn_xmpp_send(SnIm *im, xmpp_stanza_t *stanza, guint64 job);
/* The same for what is no stanza (`nonza`, XML): it goes with the stanza as one piece. */
void sn_xmpp_send_with(SnIm *im, xmpp_stanza_t *stanza, const char *nonza);
void sn_line_is_online(SnIm *im, gboolean resumed);
gboolean sn_xmpp_is_online(SnIm *im);

/* ---- dial.c ---- */
SnDial *sn_dial_new(SnIm *im, gboolean want_secret);
/* The log-in came to its end: no more guarding. */
void sn_dial_over(SnDial *dial);
gboolean sn_dial_expired(SnDial *dial);
void sn_dial_free(SnDial *dial); /* cancels; joins unless the thread hangs in the password source */
void sn_dial_outcome_free(SnDialOutcome *outcome);
void sn_line_dialled(SnIm *im, SnDial *dial, SnDialOutcome *outcome); /* line.c */

/* ---- wire.c ---- */
void sn_wire_init(SnIm *im);
/* The account of this thread: two callbacks of the library carry no pointer. */
SnIm *sn_wire_current(void);
void sn_wire_reset(SnIm *im);
int sn_wire_certfail(const xmpp_tlscert_t *certificate, const char *const reason);
/* Why a log-in did not work. */
GError *sn_wire_error(SnIm *im, int error, const xmpp_stream_error_t *stream);

/* ---- sm.c ---- */
void sn_sm_new_session(SnIm *im, gboolean enabled);
void sn_sm_resumed(SnIm *im);
void sn_sm_sent(SnIm *im, xmpp_stanza_t *stanza, guint64 job);
void sn_sm_written(SnIm *im); /* the oldest unwritten one is on the wire */
void sn_sm_acked(SnIm *im, guint32 h);
void sn_sm_lost(SnIm *im);              /* line is down: what was never written waits again */
void sn_sm_give_up(SnIm *im, gint64 h); /* not resumed: the rest is uncertain; h -1 unknown */
gboolean sn_sm_waits(SnIm *im);         /* something is in flight */
void sn_sm_forget_job(SnIm *im, guint64 job);

/* ---- iq.c ---- */
/* answer NULL: error says why (owned by the caller). */
typedef void (*SnIqAnswer)(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data);
/* Sends an iq (takes it; sets id). data is freed after the one call of answer. */
void sn_iq_ask(SnIm *im, xmpp_stanza_t *iq, SnIqAnswer answer, gpointer data,
	       GDestroyNotify free_data);
xmpp_stanza_t *sn_iq_new(SnIm *im, const char *type, const char *to);
void sn_iq_take(SnIm *im, xmpp_stanza_t *iq); /* every iq that comes in */
void sn_iq_fail_all(SnIm *im, const GError *error);
void sn_iq_reply(SnIm *im, xmpp_stanza_t *iq, xmpp_stanza_t *child); /* takes child; NULL ok */
GError *sn_iq_error(xmpp_stanza_t *answer, const char *what);

/* ---- session.c ---- */
void sn_session_start(SnIm *im);
void sn_session_resumed(SnIm *im);
void sn_session_lost(SnIm *im);
/* A query of the start-up has its answer: SYNCED follows the last. */
void sn_session_hold(SnIm *im);
void sn_session_release(SnIm *im);
void sn_session_presence(SnIm *im); /* sends what is wanted */
void sn_session_take_message(SnIm *im, xmpp_stanza_t *stanza);
void sn_session_take_presence(SnIm *im, xmpp_stanza_t *stanza);
void sn_session_deliver(SnIm *im, SnImMessage *message); /* takes it */
SnXmppReading sn_session_reading(SnIm *im);

/* ---- extensions used by others ---- */
char *sn_caps_hash(void); /* XEP-0115 */
/* The fingerprint that an answer to disco#info makes; NULL: ill-formed, or an unknown algorithm. */
char *sn_caps_verify(xmpp_stanza_t *query, const char *algorithm);
/* What a presence tells, "sha-1:..."; NULL. */
char *sn_caps_key(xmpp_stanza_t *presence);
void sn_caps_free(SnCaps *caps); /* NULL is fine */
/* The session was resumed. */
void sn_csi_again(SnIm *im);
gboolean sn_room_knows(SnIm *im, const char *bare_jid);
void sn_rooms_rejoin(SnIm *im);
GHashTable *sn_rooms_table(void);
/* A timer as long as there is a room. */
void sn_rooms_watch(SnIm *im);
/* Asks every room whether we are still in. */
void sn_rooms_check(SnIm *im);
/* What only the room's state tells of a message that was read: whose it is. */
void sn_rooms_complete(SnIm *im, SnImMessage *message);
/* The message inside a <forwarded/> child, and its time; NULL. */
xmpp_stanza_t *sn_forward_inner(xmpp_stanza_t *parent, SnTime *time);
/* The file with this address among the message's, added when new; NULL: too many. */
SnImFile *sn_oob_file(SnImMessage *message, const char *url);

#endif
