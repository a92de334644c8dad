/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * thread.h - the thread a message belongs to, on both channels.
 *
 * An email's thread key is the Message-ID of its root; an IM that answers an email carries the hash
 * of it as <thread> (sn_id_thread()). Both spellings are looked up here, so that an answer folds
 * under what it answers on whichever channel it came.
 */
#ifndef SN_ROUTE_THREAD_H
#define SN_ROUTE_THREAD_H

#include "src/store/message.h"

/* Oldest first, the message itself included; never NULL. what: as of sn_message_get(). */
GPtrArray *sn_thread_messages(SnStore *store, const SnMessage *message, int limit, guint what);

/*
 * The IMs that belong together with `message` by time: back from it until a pause of two hours.
 * Most clients set no <thread>, so this is what "the thread" of an IM is. Oldest first.
 */
GPtrArray *sn_thread_session(SnStore *store, const SnMessage *message, int limit, guint what);

/*
 * The newest email of the thread that was really exchanged: what In-Reply-To may name and whose
 * subject counts. NULL when the thread holds no email. Caller frees.
 */
SnMessage *sn_thread_email(SnStore *store, const SnMessage *message);

/*
 * The message that this filed IM answers although it does not say so: the one whose text it quotes at
 * its head (any client), or the last one of ours in the thread of an email whose id the client sent
 * back. 0 when it cannot be seen.
 */
SnId sn_thread_answered(SnStore *store, const SnMessage *message);

/* The body quotes this message at its head, and says something below. */
gboolean sn_thread_quotes(const SnMessage *message, const char *body);
/* Of a body that names this email at its head ("> Email of 14 Nov 2026 10:00: Subject" and its
 * first line): what follows. NULL: it does not. */
const char *sn_thread_after_name(const SnMessage *mail, const char *body);

/* The message a reply without a named one answers: the newest from the other side that came by
 * itself, else the newest at all; NULL in an empty conversation. Caller frees. */
SnMessage *sn_thread_newest(SnStore *store, SnId conversation);

#endif
