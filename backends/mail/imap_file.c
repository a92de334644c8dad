/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_file.c - one file of an email that is too large to be held in memory: fetched in pieces, decoded
 * as they come, and written to the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/imap_structure.h"
#include "backends/mail/imap_talk.h"

#define PIECE (1 << 20)                   /* octets per round trip, as they are encoded */
#define MOST ((gint64)2 << 30)            /* of one file, as it is encoded */

typedef struct {
	SnImap *imap;
	SnMailRequest *request;
	guint32 uid;
	SnImapPart *root;       /* what the email is made of */
	const SnImapPart *leaf; /* the file */
	GBytes *piece;          /* that came last; NULL */
	SnDecoder decoder;
	gint64 offset, written;
	int fd;
} Getting;

static const SnWord *pairs_for(const Getting *getting, const SnImapLine *line)
{
	const SnWord *pairs = sn_word_at(line->words, 0);

	return strcmp(line->kind, "FETCH") == 0 && pairs && pairs->items &&
			       sn_word_number(sn_word_value(pairs->items, "UID")) == getting->uid
		       ? pairs
		       : NULL;
}

static void hear_structure(const SnImapLine *line, gpointer data)
{
	Getting *getting = data;
	const SnWord *pairs = pairs_for(getting, line);
	const SnWord *structure = pairs ? sn_word_value(pairs->items, "BODYSTRUCTURE") : NULL;

	if (structure && !getting->root)
		getting->root = sn_imap_structure(structure);
}

static gboolean find_file(Getting *getting, GError **error)
{
	g_autofree char *command = g_strdup_printf("UID FETCH %u (UID BODYSTRUCTURE)", getting->uid);

	if (!sn_imap_say(getting->imap->session, command, hear_structure, getting, error,
			 "The parts of the email could not be fetched"))
		return FALSE;
	getting->leaf = getting->root ? sn_imap_structure_leaf(getting->root,
							       (guint)getting->request->part)
				      : NULL;
	if (!getting->leaf)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The email in %s has no such file now.",
			    getting->request->folder);
	else if (getting->leaf->size > MOST)
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "The file is larger than 2 GB.");
	else
		return TRUE;
	return FALSE;
}

static void hear_piece(const SnImapLine *line, gpointer data)
{
	Getting *getting = data;
	const SnWord *pairs = pairs_for(getting, line);
	const char *section = getting->leaf->section ? getting->leaf->section : "TEXT";
	g_autofree char *name =
		g_strdup_printf("BODY[%s]<%" G_GINT64_FORMAT ">", section, getting->offset);
	const SnWord *bytes = pairs ? sn_word_value(pairs->items, name) : NULL;

	if (bytes && bytes->text && !getting->piece)
		getting->piece = g_bytes_new(bytes->text, MIN(bytes->length, PIECE));
}

static gboolean write_all(Getting *getting, const guint8 *bytes, gsize length, GError **error)
{
	while (length > 0) {
		ssize_t wrote = write(getting->fd, bytes, length);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be written: %s.",
				    getting->request->path, g_strerror(errno));
			return FALSE;
		}
		bytes += wrote;
		length -= (gsize)wrote;
		getting->written += wrote;
	}
	return TRUE;
}

/* FALSE without error: that was the last. */
static gboolean take_piece(Getting *getting, GError **error)
{
	const char *section = getting->leaf->section ? getting->leaf->section : "TEXT";
	g_autofree char *command =
		g_strdup_printf("UID FETCH %u (UID BODY.PEEK[%s]<%" G_GINT64_FORMAT ".%d>)",
				getting->uid, section, getting->offset, PIECE);

	if (!sn_imap_say(getting->imap->session, command, hear_piece, getting, error,
			 "The file could not be fetched"))
		return FALSE;
	g_autoptr(GBytes) piece = g_steal_pointer(&getting->piece);
	gsize length = piece ? g_bytes_get_size(piece) : 0;
	if (length == 0)
		return FALSE;
	g_autoptr(GByteArray) plain =
		sn_decode(&getting->decoder, g_bytes_get_data(piece, NULL), length);
	getting->offset += (gint64)length;
	return write_all(getting, plain->data, plain->len, error) && length == PIECE &&
	       getting->offset < MOST;
}

static void report_progress(const Getting *getting)
{
	SnImap *imap = getting->imap;
	SnMailEvent *event = sn_report_event(&imap->report, SN_MAIL_EV_PROGRESS, getting->request->id);

	event->folder = g_strdup(getting->request->folder);
	event->done = getting->offset;
	event->total = MAX(getting->leaf->size, getting->offset);
	sn_report_mail(&imap->report, event, 1);
}

static gboolean fetch_file(Getting *getting, GError **error)
{
	GError *failed = NULL;

	getting->decoder.encoding = getting->leaf->encoding;
	while (take_piece(getting, &failed)) {
		report_progress(getting);
		if (sn_inbox_cancelled(getting->imap->inbox, getting->request->id)) {
			g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
			return FALSE;
		}
	}
	if (!failed && getting->offset < getting->leaf->size)
		g_set_error(&failed, SN_ERROR, SN_ERROR_TEMPORARY, "The server sent only a part of the file.");
	if (failed)
		g_propagate_error(error, failed);
	return failed == NULL;
}

gboolean sn_imap_fetch_file(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	Getting getting = { .imap = imap, .request = request, .fd = -1 };

	g_assert(request->path && request->part > 0);
	if (!request->uids || request->uids->len != 1) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "A file is one of one email.");
		return FALSE;
	}
	getting.uid = sn_uid_at(request->uids, 0);
	gboolean good = find_file(&getting, error);
	if (good) {
		getting.fd = g_open(request->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (getting.fd < 0)
			g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be written: %s.",
				    request->path, g_strerror(errno));
		good = getting.fd >= 0 && fetch_file(&getting, error);
	}
	if (getting.fd >= 0 && close(getting.fd) != 0 && good) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be written: %s.", request->path,
			    g_strerror(errno));
		good = FALSE;
	}
	if (getting.fd >= 0 && !good)
		g_unlink(request->path);
	done->size = getting.written;
	sn_imap_part_free(getting.root);
	return good;
}
