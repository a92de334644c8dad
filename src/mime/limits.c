/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input is cut before it is parsed, because the parser recurses over what a header holds, keeps
 * lists that it searches from the start, and allocates for every part.
 */
#include <string.h>

#include "src/mime/mime_private.h"

#define MAX_COLONS 500 /* in an address header: each may open a group within a group */
#define MAX_BOUNDARIES 1000

typedef struct {
	const char *data;
	gsize length;
	GByteArray *out; /* NULL while nothing had to be cut */
	gsize copied;    /* input before this is in `out` */
} Cutter;

/* Headers whose value the parser takes apart, wherever in the message they stand. */
static gboolean is_parsed_header(const char *line, gsize length)
{
	static const char *const names[] = {
		"To:",         "Cc:",          "Bcc:",     "From:",       "Sender:",
		"Reply-To:",   "Resent-",      "Content-", "References:", "In-Reply-To:",
		"Message-ID:", "Disposition-", "Date:",    "Autocrypt",   "Received:",
		"Subject:",    "Return-",
	};

	if (!strchr("tcbfsridmauTCBFSRIDMAU", *line))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		if ((*names[i] ^ *line) & ~0x20) /* most differ in the first letter, and case is one bit */
			continue;
		gsize name = strlen(names[i]);
		if (length >= name && g_ascii_strncasecmp(line, names[i], name) == 0)
			return TRUE;
	}
	return FALSE;
}

static gsize line_end(const Cutter *cut, gsize at)
{
	const char *newline = memchr(cut->data + at, '\n', cut->length - at);

	return newline ? (gsize)(newline - cut->data) + 1 : cut->length;
}

/* The end of a header with its folded lines. */
static gsize header_end(const Cutter *cut, gsize at)
{
	gsize end = line_end(cut, at);

	while (end < cut->length && (cut->data[end] == ' ' || cut->data[end] == '\t'))
		end = line_end(cut, end);
	return end;
}

/* How much of a header may stay. */
static gsize allowed(const char *header, gsize length)
{
	gsize keep = MIN(length, SN_MIME_MAX_HEADER);
	int colons = 0;

	if (length < MAX_COLONS)
		return length;
	for (gsize i = 0; i < keep; i++)
		if (header[i] == ':' && ++colons > MAX_COLONS)
			return i;
	return keep;
}

static void leave_out(Cutter *cut, gsize from, gsize to)
{
	g_assert(cut->copied <= from && from < to && to <= cut->length);
	if (!cut->out)
		cut->out = g_byte_array_sized_new((guint)cut->length);
	g_byte_array_append(cut->out, (const guint8 *)cut->data + cut->copied,
			    (guint)(from - cut->copied));
	g_byte_array_append(cut->out, (const guint8 *)"\n", 1);
	cut->copied = to;
}

/* The values of all boundary parameters, wherever they stand. */
static GHashTable *declared_boundaries(const Cutter *cut)
{
	GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *end = cut->data + cut->length;

	for (const char *at = cut->data; (at = memchr(at, '=', (gsize)(end - at))); at++) {
		if (at - cut->data < 8 || g_ascii_strncasecmp(at - 8, "boundary", 8) != 0)
			continue;
		const char *value = at + 1;
		gboolean quoted = value < end && *value == '"';
		value += quoted;
		gsize length = 0;
		while (value + length < end && length < 998 &&
		       !strchr(quoted ? "\"\r\n" : "; \t\r\n", value[length]))
			length++;
		g_hash_table_add(found, g_strndup(value, length));
		if (g_hash_table_size(found) > MAX_BOUNDARIES)
			break;
	}
	return found;
}

/* Where the 1,001st part begins, or the length. */
static gsize parts_end(const Cutter *cut)
{
	g_autoptr(GHashTable) boundaries = declared_boundaries(cut);
	int parts = 0;

	for (gsize at = 0, end; at < cut->length; at = end) {
		end = line_end(cut, at);
		if (end - at < 3 || cut->data[at] != '-' || cut->data[at + 1] != '-')
			continue;
		g_autofree char *line = g_strndup(cut->data + at + 2, MIN(end - at - 2, 1000));
		g_strchomp(line);
		if (g_hash_table_contains(boundaries, line) && ++parts > SN_MIME_MAX_PARTS)
			return at;
	}
	return cut->length;
}

GBytes *sn_mime_limit(GBytes *raw, GString *notice)
{
	Cutter cut = { 0 };
	gsize full;
	int dashes = 0;

	cut.data = g_bytes_get_data(raw, &full);
	cut.length = MIN(full, SN_MIME_MAX_MESSAGE);
	if (cut.length < full)
		sn_mime_note(notice, "The message is larger than 64 MB and was cut.");
	/* The line that mailboxes put before a message is no header. */
	if (cut.length > 6 && memcmp(cut.data, "From ", 5) == 0)
		cut.copied = line_end(&cut, 0);
	gsize start = cut.copied;
	gboolean in_top_header = TRUE;

	for (gsize at = start, end; at < cut.length; at = end) {
		end = line_end(&cut, at);
		char first = cut.data[at];
		if (first == '\n' || first == '\r')
			in_top_header = FALSE;
		else if (first == '-' && cut.data[MIN(at + 1, cut.length - 1)] == '-')
			dashes++;
		else if (in_top_header || is_parsed_header(cut.data + at, end - at)) {
			end = header_end(&cut, at);
			gsize keep = allowed(cut.data + at, end - at);
			if (keep < end - at && is_parsed_header(cut.data + at, end - at)) {
				leave_out(&cut, at + keep, end);
				sn_mime_note(notice, "A header was too long and was cut.");
			} else if (in_top_header && end - at > SN_MIME_MAX_HEADER) {
				leave_out(&cut, at + SN_MIME_MAX_HEADER, end);
				sn_mime_note(notice, "A header was too long and was cut.");
			}
		}
	}
	gsize stop = dashes > SN_MIME_MAX_PARTS ? parts_end(&cut) : cut.length;
	if (stop < cut.length) {
		sn_mime_note(notice,
			     "The message has more than 1,000 parts; the rest was left out.");
		cut.length = MAX(stop, cut.copied);
	}
	if (!cut.out)
		return start == 0 && cut.length == full
			       ? g_bytes_ref(raw)
			       : g_bytes_new_from_bytes(raw, start, cut.length - start);
	g_byte_array_append(cut.out, (const guint8 *)cut.data + cut.copied,
			    (guint)(cut.length - cut.copied));
	return g_byte_array_free_to_bytes(cut.out);
}
