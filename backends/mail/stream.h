/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.h - one connection to a server: sockets that never block for ever, TLS that is checked.
 *
 * Every wait polls the socket and a cancel fd that another thread can raise. After the first
 * failure the stream is dead: all calls fail with the same error. One thread at a time.
 */
#ifndef SN_BACKENDS_MAIL_STREAM_H
#define SN_BACKENDS_MAIL_STREAM_H

#include "backends/mail/guard.h"
#include "src/base/error.h"

typedef struct sn_stream SnStream;

/* Certificate authorities, read once (it takes long) and used by any number of streams: those of
 * the system and those of ca_file (may be NULL). NULL with CONFIG. Any thread. */
typedef struct sn_trust SnTrust;
SnTrust *sn_trust_new(const char *ca_file, GError **error);
void sn_trust_free(SnTrust *trust); /* NULL is fine; streams keep what they need */

/* cancel_fd: readable = give up with SN_ERROR_CANCELLED; stays the caller's. */
SnStream *sn_stream_new(int cancel_fd);
void sn_stream_free(SnStream *stream); /* NULL is fine */

/* Tries each address of the host until one answers. Errors: NETWORK, CANCELLED. */
gboolean sn_stream_connect(SnStream *stream, const char *host, guint16 port, int timeout_ms,
                           GError **error);

/*
 * TLS 1.2 or later, now or after STARTTLS; refuses unless the certificate chain leads to an
 * authority of trust and is valid for host (RFC 9525: DNS names and addresses, wildcards only for
 * a whole left-most label). Errors: TLS with the exact reason, NETWORK, CANCELLED.
 */
gboolean sn_stream_start_tls(SnStream *stream, const char *host, const SnTrust *trust,
                             int timeout_ms, GError **error);

/* From now on both sides compress (RFC 4978). All that came in before must have been read. */
gboolean sn_stream_start_deflate(SnStream *stream, GError **error);

/* Checks what is read from now on (as it is after decompression); see guard.h. */
void sn_stream_set_guard(SnStream *stream, const SnGuard *guard);
/* How long one read or write may wait for the peer. */
void sn_stream_set_timeout(SnStream *stream, int timeout_ms);

/* At least one byte, at most size; -1 on failure (also at the end of the stream). */
gssize sn_stream_read(SnStream *stream, void *buffer, gsize size);
/* All of it. */
gboolean sn_stream_write(SnStream *stream, const void *bytes, gsize length);

/* TRUE when read would not have to wait, or the peer has hung up. */
gboolean sn_stream_has_data(SnStream *stream);
int sn_stream_fd(SnStream *stream);
/* The address it is connected to is of this machine. */
gboolean sn_stream_is_loopback(SnStream *stream);

/* The first failure; NULL while alive. Owned by the stream. */
const GError *sn_stream_error(SnStream *stream);
/* Marks it dead for a reason found by the caller (protocol violations). */
void sn_stream_fail(SnStream *stream, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Copies the failure into error; FALSE for the caller's convenience. */
gboolean sn_stream_give_error(SnStream *stream, GError **error);

/* TLS writes to sockets without a flag against SIGPIPE: every thread that uses streams calls it. */
void sn_stream_thread_init(void);

#endif
