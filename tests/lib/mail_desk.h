/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail_desk.h - drives one mail backend from a test: give requests, collect events in order. */
#ifndef SN_TESTS_LIB_MAIL_DESK_H
#define SN_TESTS_LIB_MAIL_DESK_H

#include "backends/mail/mail_backend.h"

typedef struct {
	SnQueue *queue;
	const SnMailSourceOps *ops;
	SnMailSource *source;
	GPtrArray *past; /* of SnMailEvent: every event so far, in order */
	guint64 next_id;
} SnMailDesk;

/* secret: the password, or NULL for none; lives as long as the desk. */
SnLinkSpec sn_test_link(const char *host, guint16 port, int tls, const char *user,
                        const char *secret, const char *ca_file);

SnMailDesk *sn_mail_desk_new(const SnMailSourceOps *ops, const SnLinkSpec *link, const char *path);
void sn_mail_desk_free(SnMailDesk *desk);

SnMailRequest *sn_mail_desk_request(SnMailDesk *desk, SnMailRequestKind kind, const char *folder);
/* Collects until the request has ended; its last event (owned by desk) or NULL after `seconds`. */
const SnMailEvent *sn_mail_desk_end(SnMailDesk *desk, guint64 id, int seconds);
/* Submits and waits for the end. Asserts that it comes. */
const SnMailEvent *sn_mail_desk_run(SnMailDesk *desk, SnMailRequest *request);
/* Collects until a line event of that state comes; NULL after `seconds`. Only new ones count. */
const SnMailEvent *sn_mail_desk_line(SnMailDesk *desk, SnLineState state, int seconds);
/* Collects until an event of the kind (and folder, unless NULL) comes after `from` in past. */
const SnMailEvent *sn_mail_desk_next(SnMailDesk *desk, guint from, int kind, const char *folder,
                                     int seconds);
/* The index-th event of a kind with that request id; NULL. */
const SnMailEvent *sn_mail_desk_event(SnMailDesk *desk, guint64 id, int kind, guint index);
guint sn_mail_desk_count(SnMailDesk *desk, guint64 id, int kind);

/* The same for a transport: submits (or probes when NULL) and waits; free with
 * sn_send_event_free(). */
SnSendEvent *sn_test_send(const SnMailTransportOps *ops, const SnLinkSpec *link,
                          const char *command, SnSendRequest *request);
SnSendRequest *sn_test_message(const char *from, const char *const *to, const char *text);

#endif
