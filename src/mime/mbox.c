/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mailbox files (RFC 4155), as mboxo and mboxrd write them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/mime/mime_private.h"

/* ">From " and ">>From ": one '>' was put there by whoever wrote the file. */
static gboolean is_escaped_from(const char *line, gsize length)
{
	gsize marks = 0;

	while (marks < length && line[marks] == '>')
		marks++;
	return marks > 0 && length - marks >= 5 && memcmp(line + marks, "From ", 5) == 0;
}

typedef struct {
	SnMboxCallback callback;
	gpointer data;
	GByteArray *message; /* NULL before the first separator */
} Splitter;

/* FALSE: the callback wants no more. */
static gboolean finish(Splitter *splitter)
{
	if (!splitter->message)
		return TRUE;
	GByteArray *message = g_steal_pointer(&splitter->message);
	/* The blank line before the next separator belongs to the file, not to the message. */
	if (message->len >= 2 && memcmp(message->data + message->len - 2, "\n\n", 2) == 0)
		g_byte_array_set_size(message, message->len - 1);
	else if (message->len >= 4 && memcmp(message->data + message->len - 4, "\r\n\r\n", 4) == 0)
		g_byte_array_set_size(message, message->len - 2);
	g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(message);
	return g_bytes_get_size(bytes) == 0 || splitter->callback(bytes, splitter->data);
}

/* Netscape wrote no empty line before "From - Mon Apr 22 18:36:56 1996", or "From - ". */
static gboolean is_netscape(const char *line, gsize length)
{
	if (length < 7 || length > 40 || memcmp(line, "From - ", 7) != 0)
		return FALSE;
	return length <= 9 || (length >= 31 && line[20] == ':' && line[23] == ':');
}

static gboolean add_line(Splitter *splitter, const char *line, gsize length, gboolean after_blank)
{
	if ((after_blank && length >= 5 && memcmp(line, "From ", 5) == 0) ||
	    is_netscape(line, length)) {
		if (!finish(splitter))
			return FALSE;
		splitter->message = g_byte_array_new();
		return TRUE;
	}
	if (!splitter->message || splitter->message->len + length > SN_MIME_MAX_MESSAGE)
		return TRUE;
	gboolean escaped = is_escaped_from(line, length);
	g_byte_array_append(splitter->message, (const guint8 *)line + escaped,
			    (guint)(length - escaped));
	return TRUE;
}

gboolean sn_mbox_read(const char *path, SnMboxCallback callback, gpointer data, GError **error)
{
	Splitter splitter = { .callback = callback, .data = data };
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	gboolean after_blank = TRUE, more = TRUE, first = TRUE, ok = FALSE;

	if (!file) {
		g_set_error(error, SN_ERROR,
			    errno == ENOENT ? SN_ERROR_NOT_FOUND : SN_ERROR_PERMISSION,
			    "Cannot open %s: %s", path, g_strerror(errno));
		return FALSE;
	}
	while (more && (length = getline(&line, &room, file)) > 0) {
		if (first && (length < 5 || memcmp(line, "From ", 5) != 0)) {
			g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
				    "%s is no mailbox file: it does not begin with \"From \".",
				    path);
			goto out;
		}
		first = FALSE;
		more = add_line(&splitter, line, (gsize)length, after_blank);
		after_blank = line[0] == '\n' || (line[0] == '\r' && line[1] == '\n');
	}
	if (ferror(file)) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot read %s: %s", path,
			    g_strerror(errno));
		goto out;
	}
	if (more)
		finish(&splitter);
	ok = TRUE;
out:
	g_clear_pointer(&splitter.message, g_byte_array_unref);
	free(line);
	fclose(file);
	return ok;
}
