/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing format=flowed (RFC 3676 section 4), and readable transcripts. */
#include <string.h>

#include "src/mime/compose_private.h"
#include "src/text/text.h"

#define FLOW_COLUMNS 76

/* Where to break: after the last blank that keeps the line within FLOW_COLUMNS, else after the
 * first blank; the length when there is none. Breaks are at blanks only, because whoever joins the
 * lines again gets exactly the blank back. */
static gsize break_after(const char *text, gsize length, int columns)
{
	gsize best = length;
	int width = 0;

	for (gsize i = 0; i < length;) {
		gsize bytes;
		width += sn_text_cluster(text + i, &bytes);
		i += bytes;
		if (width > columns && best < length)
			return best;
		/* A line of blanks only, or one that ends here, gains nothing. */
		if (text[i - 1] == ' ' && i < length && text[i] != ' ')
			best = i;
	}
	return width > columns ? best : length;
}

static void append_line(GString *out, const char *prefix, const char *text, gsize length)
{
	g_string_append(out, prefix);
	/* Space-stuffing: what a reader, or a mailbox file, would take for something else. */
	if (length > 0 && (*prefix || *text == ' ' || *text == '>' ||
			   (length >= 5 && memcmp(text, "From ", 5) == 0)))
		g_string_append_c(out, ' ');
	g_string_append_len(out, text, (gssize)length);
	g_string_append_c(out, '\n');
}

static void flow_line(GString *out, const char *line, gsize length)
{
	g_autofree char *prefix = NULL;
	gsize marks = strspn(line, ">");

	/* Quoted lines keep their marks; "> " after them is one form of writing the same. */
	prefix = g_strndup(line, MIN(marks, length));
	line += strlen(prefix);
	length -= strlen(prefix);
	if (*prefix && length > 0 && *line == ' ') {
		line++;
		length--;
	}
	gboolean signature = !*prefix && length == 3 && memcmp(line, "-- ", 3) == 0;
	/* A blank at the end would mean that the paragraph goes on. */
	while (!signature && length > 0 && line[length - 1] == ' ')
		length--;
	int columns = FLOW_COLUMNS - (int)strlen(prefix) - 1;
	do {
		gsize part = signature ? length : break_after(line, length, MAX(columns, 20));
		g_assert(part <= length && (part > 0 || length == 0));
		append_line(out, prefix, line, part);
		line += part;
		length -= part;
	} while (length > 0);
}

char *sn_mime_flow(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		gsize length = strcspn(text, "\n");
		flow_line(out, text, length);
		text += length + (text[length] == '\n');
	}
	return g_string_free(out, FALSE);
}

static void append_quoted(GString *out, const char *text)
{
	while (*text) {
		gsize length = strcspn(text, "\n");
		g_string_append(out, length > 0 && *text != '>' ? "> " : ">");
		g_string_append_len(out, text, (gssize)length);
		g_string_append_c(out, '\n');
		text += length + (text[length] == '\n');
	}
}

/* "On Sun, 22 Nov 2026 10:05 +0000, Alice <alice@example.test> wrote (email, "Lunch"):" */
static void append_attribution(GString *out, const SnTranscriptLine *line)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(line->time / SN_SECOND);
	g_autofree char *when =
		date && line->time ? g_date_time_format(date, "%Y-%m-%d %H:%M %z") : NULL;
	g_autofree char *name = line->name ? sn_text_clean_line(line->name, -1) : NULL;
	g_autofree char *address = sn_text_clean_line(line->address ? line->address : "", -1);

	if (when)
		g_string_append_printf(out, "On %s, ", when);
	if (name && *name && *address)
		g_string_append_printf(out, "%s <%s>", name, address);
	else
		g_string_append(out, name && *name ? name : address);
	g_string_append_printf(out, " wrote (%s", line->channel);
	if (line->subject && *line->subject) {
		g_autofree char *subject = sn_text_clean_line(line->subject, -1);
		g_string_append_printf(out, ", \"%s\"", subject);
	}
	g_string_append(out, "):\n");
}

char *sn_transcript_format(const SnTranscriptLine *lines, gsize count)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < count; i++) {
		g_autofree char *text = sn_text_clean(lines[i].text ? lines[i].text : "", -1);
		if (i)
			g_string_append_c(out, '\n');
		append_attribution(out, &lines[i]);
		g_strchomp(text);
		append_quoted(out, text);
		for (const char *const *file = lines[i].files; file && *file; file++) {
			g_autofree char *name = sn_text_clean_line(*file, -1);
			g_string_append_printf(out, "> [attached: %s]\n", name);
		}
	}
	return g_string_free(out, FALSE);
}
