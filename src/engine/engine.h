/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - syncs and delivers: turns intents in the store into traffic and traffic into rows.
 *
 * One engine for a profile (engine.lock). It runs on a thread of its own with its own GMainContext,
 * below it one thread per account and backend, and workers for MIME. It talks to clients through
 * the store only.
 */
#ifndef SN_ENGINE_ENGINE_H
#define SN_ENGINE_ENGINE_H

#include "backends/desktop/desktop.h"
#include "backends/http/http.h"
#include "backends/mail/mail_backend.h"
#include "backends/xmpp/im_backend.h"
#include "src/base/opened.h"
#include "src/base/unsubscribe.h"
#include "src/config/config.h"
#include "src/config/oauth2.h"
#include "src/route/outlook.h"

/* The backends to use, by the caller (main.c, a test with fakes). NULL members: none. Each is
 * called the first time it is needed, on the engine thread (main.c loads a module then). */
typedef struct {
	const SnMailSourceOps *(*imap)(GError **error);
	const SnMailSourceOps *(*maildir)(GError **error);
	const SnMailTransportOps *(*smtp)(GError **error);
	const SnMailTransportOps *(*sendmail)(GError **error);
	const SnImOps *(*im)(GError **error);
	const SnDesktopOps *(*desktop)(GError **error);
	/* vCard files: of SnVcard (src/vcard/vcard.h); lives in a module of its own */
	GPtrArray *(*vcards)(const char *text, const char *file, int *bad);
	const SnHttpOps *(*http)(GError **error); /* on the thread that needs it */
} SnEngineBackends;

typedef struct {
	SnPaths *paths;            /* copied as needed; must outlive the engine */
	SnConfig *config;          /* a reference is taken */
	SnEngineBackends backends;
	const SnClock *clock;      /* NULL = the wall clock */
	guint32 random_seed;       /* for jitter; 0 = random */
	int grace;                 /* ms that presences are waited for after a log-in, and the user
	                            * before a rule answers for them; 0 = as long as each needs */
	const SnStoreWatch *watch; /* told of a migration of the store, during the start only; NULL */
} SnEngineSetup;

typedef struct sn_engine SnEngine;

/* Takes the lock and starts. NULL with SN_ERROR_BUSY when another engine runs. */
SnEngine *sn_engine_start(const SnEngineSetup *setup, GError **error);
/* New configuration: accounts are started, stopped or reconnected as needed. Any thread. */
void sn_engine_reload(SnEngine *engine, SnConfig *config);
/* Ends everything within three seconds and releases the lock; NULL is fine. */
void sn_engine_stop(SnEngine **engine);
/* The same; the mark of its store (sn_store_rest()) when nothing was left to do, else NULL. */
char *sn_engine_stop_at_rest(SnEngine **engine);
/*
 * For `sennit engine --once`: waits until every account has synced once and nothing is due, or
 * timeout_ms passed. TRUE when all went well; else the first account's error.
 */
gboolean sn_engine_settle(SnEngine *engine, int timeout_ms, GError **error);

/* Reads emails (Maildir, mbox, .eml or a directory of them) into the store. Counts; NULL ok. */
gboolean sn_engine_import(SnStore *store, const SnConfig *config, const char *path, gint64 *added,
                          gint64 *known, gint64 *failed,
                          void (*progress)(gint64 done, gpointer data), gpointer data,
                          GError **error);

/* Tries one end of an account for `sennit doctor` and `init`: connect, verify, log in, log out. */
gboolean sn_engine_probe(const SnEngineBackends *backends, const SnEndpoint *endpoint,
                         int timeout_ms, char **text, GError **error);

/* What engine.so exports: the one symbol main.c looks up. */
typedef struct {
	SnEngine *(*start)(const SnEngineSetup *setup, GError **error);
	void (*reload)(SnEngine *engine, SnConfig *config);
	void (*stop)(SnEngine **engine);
	char *(*stop_at_rest)(SnEngine **engine);
	gboolean (*settle)(SnEngine *engine, int timeout_ms, GError **error);
	gboolean (*import)(SnStore *store, const SnConfig *config, const char *path, gint64 *added,
	                   gint64 *known, gint64 *failed,
	                   void (*progress)(gint64 done, gpointer data), gpointer data,
	                   GError **error);
	gboolean (*probe)(const SnEngineBackends *backends, const SnEndpoint *endpoint,
	                  int timeout_ms, char **text, GError **error);
	/* For the client's message view: sn_mail_part_bytes(), sn_mail_headers_text(). Any thread. */
	GBytes *(*part_bytes)(GBytes *raw, int position, GError **error);
	char *(*headers_text)(GBytes *raw);
	char *(*attached_text)(GBytes *raw); /* sn_mail_attached_text() */
	SnUnsubscribe *(*unsubscribe)(GBytes *raw, const char *authentication); /* sn_mail_unsubscribe() */
	GPtrArray *(*part_tree)(GBytes *raw); /* sn_mail_tree() */
	char *(*part_text)(GBytes *bytes, const char *type, const char *charset); /* sn_mail_part_text() */
	/* sn_seal_unlock(): may use the terminal, which has to be free. */
	gboolean (*unlock_key)(const char *address, const SnConfig *config, GError **error);
	/* What is signed and encrypted of an email (sn_mail_open()). Any thread but the screen's. */
	/* store: where keys are that came by email; NULL none. */
	SnOpened *(*open_mail)(SnStore *store, GBytes *raw, const SnConfig *config, gboolean may_ask,
	                       gboolean all_parts);
	/* What would happen to an email if it were sent now. Any thread but the screen's. Never NULL. */
	SnOutlook *(*outlook)(SnStore *store, const SnConfig *config, const SnOutlookAsk *ask);
	/* sn_autocrypt_set_up(). Any thread but the screen's. */
	gboolean (*set_up_key)(SnStore *store, const SnConfig *config, const SnKeyAsk *ask,
	                       SnKeyChosen *chosen, GError **error);
	/* As in src/engine/oauth.h. Block. */
	gboolean (*oauth_login)(const SnEngineBackends *backends, const SnOauth2 *config,
	                        gboolean browser, SnOauth2Tell tell, gpointer data, GError **error);
	char *(*oauth_token)(const SnEngineBackends *backends, const SnOauth2 *config,
	                     GError **error);
	/* Calls pong on the engine's thread when it is free: a sign of life. */
	void (*ping)(SnEngine *engine, void (*pong)(gpointer data), gpointer data);
} SnEngineOps;
extern const SnEngineOps sn_engine_ops;

#endif
