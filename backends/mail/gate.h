/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate.h - the point of no return of a message: the transport's thread stops there, says READY and
 * waits until its owner has written down that the message may go from now on.
 */
#ifndef SN_BACKENDS_MAIL_GATE_H
#define SN_BACKENDS_MAIL_GATE_H

#include "backends/mail/report.h"

typedef struct {
	GMutex lock;
	GCond changed;
	guint64 ready, open; /* the request that waits, the one that may go; 0: none */
} SnGate;

void sn_gate_init(SnGate *gate);
void sn_gate_clear(SnGate *gate);

/*
 * The transport's thread. TRUE: it may go. FALSE with CANCELLED (cancel or stop, see
 * sn_inbox_cancelled()) or TEMPORARY (nobody answered within timeout_ms); it may not go then, and
 * a late sn_gate_open() changes nothing.
 */
gboolean sn_gate_wait(SnGate *gate, SnReport *report, guint64 id, gboolean dsn, int timeout_ms,
                      GError **error);

/* Any thread. Ignored unless the request waits. */
void sn_gate_open(SnGate *gate, guint64 id);
/* Any thread: the inbox was told to cancel or to stop; look at it. */
void sn_gate_poke(SnGate *gate);

#endif
