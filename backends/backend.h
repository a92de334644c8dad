/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend.h - what every backend has in common.
 *
 * A backend is a thread (or a few) around one library and one account's end. It gets owned
 * requests and gives owned events through an SnQueue. It never asks the user, never touches the
 * store, never blocks its caller.
 *
 *   - submit() takes a request and returns at once. Every request ends in exactly one
 *     SN_EVENT_DONE, SN_EVENT_ERROR or SN_EVENT_CANCELLED that carries its id; other events with the
 *     same id may come before it. Ids are the caller's, > 0, and unique for the backend's life.
 *   - Events that answer nothing (new mail, presence, a lost line) carry id 0.
 *   - The backend reconnects by itself with back-off and jitter (1 s to 5 min) and reports each
 *     change as SN_EVENT_LINE. While off line, requests wait if they can, else end in ERROR with a
 *     transient code. After SN_ERROR_AUTH or SN_ERROR_TLS it tries again only on reconnect().
 *   - destroy() ends all threads within two seconds, whatever the network does; requests still
 *     open end in CANCELLED, and then the queue gets nothing more from it.
 *
 * Implementations: the real ones, a scripted fake and an always-failing one (backends/fake/).
 */
#ifndef SN_BACKENDS_BACKEND_H
#define SN_BACKENDS_BACKEND_H

#include <glib.h>

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/queue.h"

typedef enum { SN_LINE_CONNECTING, SN_LINE_ONLINE, SN_LINE_OFFLINE } SnLineState;

/* How a backend gets its password or OAuth2 token: called on a thread of the backend's, may block
 * (runs a command). A call under way when destroy() comes is not waited for: data and functions
 * must outlive it. NULL with SN_ERROR_AUTH. Free with sn_secret_free() semantics: wiped. */
typedef struct {
	char *(*get)(gpointer data, gboolean want_token, GError **error);
	void (*free)(char *secret);
	gpointer data;
	/* The server refused this token: may get() give another one? Then it is tried once more. NULL:
	 * no. Any thread of the backend's. */
	gboolean (*refused)(gpointer data, const char *token);
} SnSecretSource;

/* Where and how to connect; the backend copies what it needs. Mirrors SnEndpoint of src/config
 * without depending on it. */
typedef struct {
	const char *host;         /* name the certificate must match */
	const char *connect_host; /* where to connect; NULL = host (XMPP: by SRV) */
	guint16 port;             /* 0 = default of the protocol and TLS kind */
	enum { SN_LINK_TLS, SN_LINK_STARTTLS, SN_LINK_PLAIN /* loopback only, refused otherwise */ } tls;
	const char *user;
	const char *ca_file;      /* besides the system's; NULL */
	gboolean oauth2;
	SnTime poll;       /* mail source: how often to look at what nobody tells about; 0: 5 min */
	guint watch_lines; /* IMAP: connections that watch a folder each; 0: a few */
	gboolean compress; /* IMAP: also to this machine, where it makes nothing faster */
	/* XMPP: the same at each start, so that a new session ends the one that a killed process left
	 * behind, with whatever is still on its way in there; NULL: made up */
	const char *resource;
	SnSecretSource secret;
} SnLinkSpec;

/* Fields common to all events; the first member of each backend's event struct. */
typedef enum {
	SN_EVENT_DONE,
	SN_EVENT_ERROR,
	SN_EVENT_CANCELLED,
	SN_EVENT_LINE,
	SN_EVENT_OWN, /* 16 and up: the backend's own kinds */
} SnEventKind;

#endif
