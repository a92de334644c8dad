/* SPDX-License-Identifier: GPL-3.0-or-later */
/* im_client.h - drives one IM backend from a test: submits requests, waits for events. */
#ifndef SN_TESTS_LIB_IM_CLIENT_H
#define SN_TESTS_LIB_IM_CLIENT_H

#include "backends/xmpp/im_backend.h"

typedef struct {
	SnIm *im;
	SnQueue *events;
	GQueue seen; /* of SnImEvent: taken from the queue, not yet waited for */
	guint64 last_id;
	char *password;
	guint asked; /* how often the password was asked for */
} ImClient;

typedef gboolean (*ImMatch)(const SnImEvent *event, const void *data);

/* jid, with or without a resource; password copied; ca_file NULL: the system's only. */
ImClient *im_client_new(const char *jid, const char *password, const char *host, guint16 port,
			int tls, const char *ca_file);
void im_client_free(ImClient *client);

/* First event that matches, in order of arrival; others stay for later. The caller's to free;
 * NULL when seconds passed. match NULL: any of the kind. */
SnImEvent *im_client_wait(ImClient *client, int kind, ImMatch match, const void *data, int seconds);
/* The end of a request: DONE, ERROR or CANCELLED. */
SnImEvent *im_client_end(ImClient *client, guint64 id, int seconds);
SnImEvent *im_client_wait_line(ImClient *client, SnLineState state, int seconds);
/* A message with that body. */
SnImEvent *im_client_wait_body(ImClient *client, const char *body, int seconds);
/* Number of events of that kind seen so far and not waited for. */
guint im_client_count(ImClient *client, int kind, ImMatch match, const void *data);
void im_client_forget(ImClient *client);

SnImRequest *im_client_request(ImClient *client, SnImRequestKind kind);
guint64 im_client_submit(ImClient *client, SnImRequest *request); /* takes it; its id */
/* SEND of a chat message with an origin-id; returns the request's id. */
guint64 im_client_send(ImClient *client, const char *to, const char *origin_id, const char *body);
/* TRUE once ONLINE and SYNCED. */
gboolean im_client_ready(ImClient *client, int seconds);

#endif
