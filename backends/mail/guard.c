/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/guard.h"

void sn_guard_init(SnGuard *guard, gsize max_line, guint64 max_literal, guint max_depth)
{
	g_assert(max_line > 0 && max_depth > 0);
	*guard = (SnGuard){ .max_line = max_line,
			    .max_literal = max_literal,
			    .max_depth = max_depth };
}

/* "{123}" or "{123+}" counts as a literal only right before the end of the line. */
static void follow_brace(SnGuard *guard, char c)
{
	if (c == '{') {
		guard->brace = SN_GUARD_DIGITS;
		guard->number = 0;
	} else if (guard->brace == SN_GUARD_DIGITS && g_ascii_isdigit(c)) {
		/* saturates far above any limit instead of wrapping round */
		if (guard->number < G_MAXUINT64 / 16)
			guard->number = guard->number * 10 + (guint64)(c - '0');
	} else if (guard->brace == SN_GUARD_DIGITS && c == '}') {
		guard->brace = SN_GUARD_CLOSED;
	} else if (!(guard->brace == SN_GUARD_DIGITS && c == '+')) {
		guard->brace = SN_GUARD_TEXT;
	}
}

static const char *end_line(SnGuard *guard)
{
	if (guard->brace == SN_GUARD_CLOSED) {
		guard->literal = guard->number;
		guard->literals += guard->number;
		if (guard->literals > guard->max_literal)
			return "sent more data in one answer than is allowed";
	} else {
		guard->line = 0;
		guard->literals = 0;
		guard->depth = 0;
	}
	guard->brace = SN_GUARD_TEXT;
	guard->quoted = guard->escaped = FALSE;
	return NULL;
}

static const char *follow(SnGuard *guard, char c)
{
	if (++guard->line > guard->max_line)
		return "sent a line without end";
	if (c == '\n')
		return end_line(guard);
	if (c == '\r')
		return NULL;
	if (guard->quoted) {
		if (guard->escaped)
			guard->escaped = FALSE;
		else if (c == '\\')
			guard->escaped = TRUE;
		else if (c == '"')
			guard->quoted = FALSE;
		return NULL;
	}
	follow_brace(guard, c);
	if (c == '"')
		guard->quoted = TRUE;
	else if (c == '(' && ++guard->depth > guard->max_depth)
		return "sent an answer that is nested too deeply";
	else if (c == ')' && guard->depth > 0)
		guard->depth--;
	return NULL;
}

const char *sn_guard_feed(SnGuard *guard, const char *bytes, gsize length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		if (guard->literal > 0) {
			guint64 skip = MIN(guard->literal, (guint64)(end - bytes));
			guard->literal -= skip;
			bytes += skip;
			continue;
		}
		const char *wrong = follow(guard, *bytes++);
		if (wrong)
			return wrong;
	}
	return NULL;
}
