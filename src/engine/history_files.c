/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/history_files.h"

#include <string.h>

#include "src/text/text.h"

#define SMALL 10000   /* below, a file once more costs less than an email that was changed */
#define GROWTH(n) ((n) / 3 * 4 + (n) / 50) /* base64 with its line ends */
#define NOTE_SIZE 600 /* of what stands in the place of a file */

/* A file that goes along, to compare others with. */
typedef struct {
	SnId message;  /* 0: of the entry itself */
	int position;
	gint64 size;
	char *sha256;  /* NULL: not computed yet */
} Going;

static void going_clear(gpointer data)
{
	g_free(((Going *)data)->sha256);
}

void sn_email_files_free(SnEmailFiles *files)
{
	if (!files)
		return;
	g_array_unref(files->left);
	g_free(files);
}

/* ---- comparing ---- */

static char *hash_of(SnDelivery *self, SnId message, int position)
{
	g_autoptr(GBytes) raw = sn_message_raw(self->engine->store, message, NULL);
	g_autoptr(GBytes) bytes = raw ? sn_mail_part_bytes(raw, position, NULL) : NULL;

	return bytes ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes) : NULL;
}

/* One that goes along already and has the same bytes; NULL. *sha256: of the part, when computed. */
static const Going *find_same(SnDelivery *self, GArray *going, SnId message, const SnPart *part,
                              char **sha256)
{
	for (guint i = 0; i < going->len; i++) {
		Going *one = &g_array_index(going, Going, i);
		if (one->size != part->size)
			continue;
		if (!*sha256)
			*sha256 = hash_of(self, message, part->position);
		if (!one->sha256)
			one->sha256 = hash_of(self, one->message, one->position);
		if (*sha256 && g_strcmp0(one->sha256, *sha256) == 0)
			return one;
	}
	return NULL;
}

static GArray *attached(const SnOutboxEntry *entry)
{
	GArray *going = g_array_new(FALSE, FALSE, sizeof(Going));

	g_array_set_clear_func(going, going_clear);
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++) {
		const SnAttachment *file = entry->attachments->pdata[i];
		Going one = { .size = file->size, .sha256 = g_strdup(file->sha256) };
		g_array_append_val(going, one);
	}
	return going;
}

/* ---- deciding ---- */

static void leave_out(SnEmailFiles *files, const SnPart *part, SnLeftWhy why, SnId with)
{
	SnLeftOut left = { part->position, why, with, part->size };

	g_array_append_val(files->left, left);
	files->size -= GROWTH(MAX(part->size, 0));
	files->size = MAX(files->size, 0) + NOTE_SIZE;
}

static gboolean is_left_out(const SnEmailFiles *files, int position)
{
	for (guint i = 0; i < files->left->len; i++)
		if (g_array_index(files->left, SnLeftOut, i).position == position)
			return TRUE;
	return FALSE;
}

/* What the entry's choice and other emails say of one file. */
static void judge_part(SnDelivery *self, const SnOutboxEntry *entry, SnEmailFiles *files,
                       const SnPart *part, GArray *going)
{
	g_autofree char *sha256 = NULL;
	const Going *same;

	if (!entry->history_attachments) {
		leave_out(files, part, SN_LEFT_UNWANTED, 0);
		return;
	}
	same = part->size >= SMALL ? find_same(self, going, files->message, part, &sha256) : NULL;
	if (same) {
		leave_out(files, part, SN_LEFT_SAME, same->message);
		return;
	}
	Going one = { files->message, part->position, part->size, g_steal_pointer(&sha256) };
	g_array_append_val(going, one);
}

static const SnPart *largest_part(const SnMessage *message, const SnEmailFiles *files)
{
	const SnPart *largest = NULL;

	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (!part->inline_ && part->size > NOTE_SIZE &&
		    !is_left_out(files, part->position) &&
		    (!largest || part->size > largest->size))
			largest = part;
	}
	return largest;
}

gboolean sn_email_files_shrink(SnDelivery *self, SnEmailFiles *files)
{
	g_autoptr(SnMessage) message =
		sn_message_get(self->engine->store, files->message, SN_MESSAGE_FULL);
	const SnPart *part = message && !message->encrypted ? largest_part(message, files) : NULL;

	if (part)
		leave_out(files, part, SN_LEFT_LARGE, 0);
	return part != NULL;
}

/* What is left out for its size no longer stands in for the same file elsewhere. */
static void forget_going(GArray *going, SnId message, int position)
{
	for (guint i = going->len; i > 0; i--) {
		const Going *one = &g_array_index(going, Going, i - 1);
		if (one->message == message && one->position == position)
			g_array_remove_index(going, i - 1);
	}
}

static SnEmailFiles *judge_email(SnDelivery *self, const SnOutboxEntry *entry,
                                 const SnMessage *message, gint64 size, gint64 largest,
                                 GArray *going)
{
	SnEmailFiles *files = g_new0(SnEmailFiles, 1);

	files->message = message->id;
	files->size = size;
	files->left = g_array_new(FALSE, FALSE, sizeof(SnLeftOut));
	/* what is encrypted is whole or not at all */
	for (guint i = 0; !message->encrypted && message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (!part->inline_)
			judge_part(self, entry, files, part, going);
	}
	while (files->size > largest && sn_email_files_shrink(self, files)) {
		const SnLeftOut *last =
			&g_array_index(files->left, SnLeftOut, files->left->len - 1);
		forget_going(going, message->id, last->position);
	}
	return files;
}

GPtrArray *sn_history_files(SnDelivery *self, const SnOutboxEntry *entry,
                            const GPtrArray *messages, gint64 largest)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_email_files_free);
	g_autoptr(GArray) going = attached(entry);

	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *message = messages->pdata[i];
		if (message->channel != SN_CHANNEL_MAIL)
			continue;
		g_autoptr(GBytes) raw = sn_message_raw(self->engine->store, message->id, NULL);
		if (raw)
			g_ptr_array_add(all, judge_email(self, entry, message,
			                                 (gint64)sn_mail_carried_size(raw),
			                                 largest, going));
	}
	return all;
}

/* ---- when some do not go ---- */

static gboolean carries(SnDelivery *self, const SnEmailFiles *files, gint64 size,
                        const char *sha256)
{
	g_autoptr(SnMessage) message =
		sn_message_get(self->engine->store, files->message, SN_MESSAGE_FULL);

	for (guint i = 0; message && message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (part->inline_ || part->size != size || is_left_out(files, part->position))
			continue;
		g_autofree char *own = hash_of(self, files->message, part->position);
		if (g_strcmp0(own, sha256) == 0)
			return TRUE;
	}
	return FALSE;
}

static const SnEmailFiles *carrier(SnDelivery *self, const GPtrArray *emails,
                                   const SnEmailFiles *files, int position)
{
	g_autofree char *sha256 = hash_of(self, files->message, position);
	g_autoptr(GBytes) raw = sn_message_raw(self->engine->store, files->message, NULL);
	g_autoptr(GBytes) bytes = raw ? sn_mail_part_bytes(raw, position, NULL) : NULL;

	for (guint i = 0; bytes && i < emails->len; i++)
		if (carries(self, emails->pdata[i], (gint64)g_bytes_get_size(bytes), sha256))
			return emails->pdata[i];
	return NULL;
}

static gboolean has_room(SnDelivery *self, const SnEmailFiles *files, gint64 largest)
{
	g_autoptr(GBytes) bytes = sn_history_email(self, files->message, files->left, NULL);

	return bytes && (gint64)g_bytes_get_size(bytes) <= largest;
}

/* TRUE when the file goes with this email now, so that it is not left out any more. */
static gboolean settle_one(SnDelivery *self, const GPtrArray *emails, SnEmailFiles *files,
                           guint index, gint64 largest)
{
	SnLeftOut left = g_array_index(files->left, SnLeftOut, index);
	const SnEmailFiles *other;

	if (left.why != SN_LEFT_SAME || !left.with)
		return FALSE;
	other = carrier(self, emails, files, left.position);
	g_assert(other != files);
	g_array_remove_index(files->left, index);
	if (!other && has_room(self, files, largest))
		return TRUE;
	left.why = other ? SN_LEFT_SAME : SN_LEFT_LARGE;
	left.with = other ? other->message : 0;
	g_array_insert_val(files->left, index, left);
	return FALSE;
}

void sn_email_files_settle(SnDelivery *self, const GPtrArray *emails, guint from, gint64 largest)
{
	g_assert(from <= emails->len);
	for (guint i = from; i < emails->len; i++) {
		SnEmailFiles *files = emails->pdata[i];
		for (guint j = 0; j < files->left->len;)
			j += settle_one(self, emails, files, j, largest) ? 0 : 1;
	}
}

/* ---- as text ---- */

char *sn_email_files_format(const SnEmailFiles *files)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < files->left->len; i++) {
		const SnLeftOut *left = &g_array_index(files->left, SnLeftOut, i);
		g_string_append_printf(text, "%s%d=%c%" G_GINT64_FORMAT, i ? "," : "",
		                       left->position, (char)left->why, left->with);
	}
	return g_string_free(text, text->len == 0);
}

static gboolean parse_one(const char *word, SnLeftOut *left)
{
	char *end;

	*left = (SnLeftOut){ .position = (int)g_ascii_strtoll(word, &end, 10) };
	if (left->position <= 0 || *end != '=' || !end[1] || !strchr("nsl", end[1]))
		return FALSE;
	left->why = (SnLeftWhy)end[1];
	return g_ascii_string_to_signed(end + 2, 10, 0, G_MAXINT64, &left->with, NULL);
}

GArray *sn_email_files_parse(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, ",", 1001);
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(SnLeftOut));

	for (char **word = words; *word; word++) {
		SnLeftOut left;
		if (!parse_one(*word, &left))
			return NULL;
		g_array_append_val(all, left);
	}
	return all->len ? g_steal_pointer(&all) : NULL;
}

/* ---- writing ---- */

typedef struct {
	SnDelivery *delivery;
	const GArray *left;
} Leaving;

static char *same_words(SnDelivery *self, SnId with)
{
	g_autoptr(SnMessage) message = with ? sn_message_get(self->engine->store, with, 0) : NULL;
	g_autofree char *time = message ? sn_delivery_time_text(message->time) : NULL;
	g_autofree char *subject =
		message && message->subject ? sn_text_clean_line(message->subject, -1) : NULL;

	if (!message)
		return g_strdup("the same file is attached to this message");
	return g_strdup_printf("the same file is in the email of %s%s%s%s", time,
	                       subject ? ", \"" : "", subject ? subject : "", subject ? "\"" : "");
}

static char *why_left(const SnMailInside *inside, gpointer data)
{
	const Leaving *leaving = data;

	for (guint i = 0; i < leaving->left->len; i++) {
		const SnLeftOut *left = &g_array_index(leaving->left, SnLeftOut, i);
		if (left->position != inside->position)
			continue;
		switch (left->why) {
		case SN_LEFT_UNWANTED: return g_strdup("earlier messages were sent without files");
		case SN_LEFT_SAME: return same_words(leaving->delivery, left->with);
		case SN_LEFT_LARGE: return g_strdup("it is larger than what the server takes");
		}
	}
	return NULL;
}

/* A file once more does no harm; one that is not wanted or not taken does. */
static gboolean may_go_whole(const GArray *left)
{
	for (guint i = 0; i < left->len; i++)
		if (g_array_index(left, SnLeftOut, i).why != SN_LEFT_SAME)
			return FALSE;
	return TRUE;
}

GBytes *sn_history_email(SnDelivery *self, SnId message, const GArray *left, GError **error)
{
	g_autoptr(GBytes) raw = sn_message_raw(self->engine->store, message, error);
	g_autoptr(GBytes) open = raw ? sn_history_strip_bcc(raw) : NULL;
	Leaving leaving = { self, left };

	if (!open || !left || left->len == 0)
		return g_steal_pointer(&open);
	GBytes *reduced = sn_mail_reduce(open, why_left, &leaving);
	if (reduced || may_go_whole(left))
		return reduced ? reduced : g_steal_pointer(&open);
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
	            "The files of an earlier email cannot be taken out");
	return NULL;
}
