/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guard.h - limits on what an IMAP server may send, checked on the bytes before any parser.
 *
 * The parser behind it has no limit of its own: it recurses per parenthesis and buffers a line
 * for ever. The guard follows quoted strings and literals (RFC 3501 section 4.3), so it costs
 * nothing inside message bodies.
 */
#ifndef SN_BACKENDS_MAIL_GUARD_H
#define SN_BACKENDS_MAIL_GUARD_H

#include <glib.h>

typedef struct {
	gsize max_line;      /* bytes of one response, literals not counted */
	guint64 max_literal; /* bytes of all literals of one response */
	guint max_depth;     /* open parentheses */
	/* state */
	gsize line;
	guint64 literal, literals;
	guint depth;
	gboolean quoted, escaped;
	guint64 number;
	enum { SN_GUARD_TEXT, SN_GUARD_DIGITS, SN_GUARD_CLOSED } brace;
} SnGuard;

void sn_guard_init(SnGuard *guard, gsize max_line, guint64 max_literal, guint max_depth);

/* NULL while all is well, else what the server did wrong (static text); the caller hangs up. */
const char *sn_guard_feed(SnGuard *guard, const char *bytes, gsize length);

#endif
