/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history that travels in an email: emails byte for byte, IMs as message/cpim, and before them
 * a transcript that any mail client shows. A file that is not wanted, goes along already, or is too
 * large is taken out of its email; an email that does not fit at all is in the transcript only.
 */
#include <string.h>

#include "src/engine/history_files.h"
#include "src/route/history.h"

/* The end of the header field that begins at `start`, its continuation lines included. */
static gsize field_end(const char *data, gsize start, gsize size)
{
	gsize at = start;

	do {
		const char *newline = memchr(data + at, '\n', size - at);
		at = newline ? (gsize)(newline - data) + 1 : size;
	} while (at < size && (data[at] == ' ' || data[at] == '\t'));
	return at;
}

GBytes *sn_history_strip_bcc(GBytes *raw)
{
	static const char *const fields[] = { "bcc:", "resent-bcc:" };
	gsize size, at = 0;
	const char *data = g_bytes_get_data(raw, &size);
	GByteArray *kept = g_byte_array_sized_new((guint)MIN(size, G_MAXUINT));

	while (at < size && data[at] != '\n' && data[at] != '\r') {
		gsize end = field_end(data, at, size);
		gboolean secret = FALSE;
		for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
			gsize length = strlen(fields[i]);
			secret |= end - at >= length &&
			          g_ascii_strncasecmp(data + at, fields[i], length) == 0;
		}
		/* "Bcc :" is allowed by the obsolete syntax (RFC 5322 section 4.5). */
		secret |= end - at > 4 && g_ascii_strncasecmp(data + at, "bcc", 3) == 0 &&
		          (data[at + 3] == ' ' || data[at + 3] == '\t');
		if (!secret)
			g_byte_array_append(kept, (const guint8 *)data + at, (guint)(end - at));
		at = end;
	}
	g_byte_array_append(kept, (const guint8 *)data + at, (guint)(size - at));
	return g_byte_array_free_to_bytes(kept);
}

static const char *other_party(const SnMessage *message)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if (party->role == SN_ROLE_TO)
			return party->address;
	}
	return NULL;
}

GPtrArray *sn_history_carry_files(const SnMessage *message)
{
	GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_mail_carried_file_free);

	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		gboolean open = part->url && g_str_has_prefix(part->url, "https:");
		SnMailCarriedFile *file = g_new0(SnMailCarriedFile, 1);
		*file = (SnMailCarriedFile){ .url = open ? g_strdup(part->url) : NULL,
			                     .name = g_strdup(part->name),
			                     .type = g_strdup(part->type),
			                     .sha256 = g_strdup(part->sha256),
			                     .size = part->size };
		g_ptr_array_add(files, file);
	}
	return files;
}

static SnMailCarried *carry_im(SnDelivery *self, const SnMessage *message)
{
	SnMailCarried *carried = g_new0(SnMailCarried, 1);
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, message->account);
	const char *to = other_party(message);

	if (!to && account)
		to = account->config->im.user;
	carried->from = g_strdup(message->sender_value);
	carried->from_name = g_strdup(message->sender_name);
	carried->to = g_strdup(to ? to : "");
	carried->time = message->time;
	carried->text = g_strdup(message->body ? message->body : "");
	carried->id = g_strdup(message->origin_id);
	carried->files = sn_history_carry_files(message);
	return carried;
}

/* Names of the files of a message; NULL-terminated. */
static char **file_names(const SnMessage *message)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		/* a file of an IM is where its address leads; one with a key in it stays here */
		gboolean open = part->url && g_str_has_prefix(part->url, "http");
		const char *name = part->name ? part->name : part->url ? "file" : NULL;
		if (!part->inline_ && name)
			g_ptr_array_add(names, open ? g_strdup_printf("%s <%s>", name, part->url)
			                            : g_strdup(name));
	}
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

char *sn_history_transcript(const GPtrArray *messages, gsize longest)
{
	g_autofree SnTranscriptLine *lines = g_new0(SnTranscriptLine, messages->len + 1);
	g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) name_lists =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *message = messages->pdata[i];
		const char *text = message->body ? message->body : "";
		if (longest && strlen(text) > longest) {
			const char *end = g_utf8_find_prev_char(text, text + longest);
			char *cut = g_strdup_printf("%.*s\n[...]", end ? (int)(end - text) : 0, text);
			g_ptr_array_add(owned, cut);
			text = cut;
		}
		char **files = file_names(message);
		g_ptr_array_add(name_lists, files);
		lines[i] = (SnTranscriptLine){
			.time = message->time,
			.name = message->sender_name,
			.address = message->sender_value ? message->sender_value : "",
			.subject = message->subject,
			.channel = message->channel == SN_CHANNEL_MAIL ? "email" : "IM",
			.text = text,
			.files = (const char *const *)files,
		};
	}
	return sn_transcript_format(lines, messages->len);
}

/* ---- what may travel ---- */

/* Tried again and again, it leaves out the same each time: said once. */
static void note_left_out(SnDelivery *self, SnId entry, const char *words)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->engine->store, entry);

	for (guint i = 0; events && i < events->len; i++) {
		const SnOutboxEvent *event = events->pdata[i];
		if (strcmp(event->what, "left out") == 0 && g_strcmp0(event->detail, words) == 0)
			return;
	}
	sn_outbox_note(self->engine->store, entry, "left out", words, NULL);
}

static void say_not_allowed(SnDelivery *self, SnId entry, guint gone, guint taken,
                            const char *why)
{
	g_autofree char *words =
		g_strdup_printf("%u earlier message%s: %s%s%s", gone + taken,
	                        gone + taken == 1 ? "" : "s", why ? why : "",
	                        why && gone ? "; " : "", gone ? "no longer here" : "");

	g_assert(gone + taken > 0);
	note_left_out(self, entry, words);
}

GPtrArray *sn_history_allowed(SnDelivery *self, const SnOutboxEntry *entry, const GArray *ids,
                              guint *left_out)
{
	GPtrArray *messages = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	SnHistoryRequest request = { .conversation = entry->conversation,
		                     .agreed = entry->agreed,
		                     .recipients = entry->recipients,
		                     .encrypted = entry->channel == SN_CHANNEL_IM
			                                  ? sn_delivery_is_sealed(self, entry)
			                                  : entry->encrypt == SN_ENCRYPT_REQUIRED };
	g_autofree char *why = NULL;
	guint gone = 0;

	for (guint i = 0; ids && i < ids->len; i++) {
		SnMessage *message = sn_message_get(self->engine->store,
		                                    g_array_index(ids, SnId, i), SN_MESSAGE_FULL);
		if (message)
			g_ptr_array_add(messages, message);
		else
			gone++;
	}
	guint taken = messages->len
		? sn_history_judge(self->engine->store, &request, messages, &why)
		: 0;
	if (gone + taken)
		say_not_allowed(self, entry->id, gone, taken, why);
	if (left_out)
		*left_out = gone + taken;
	return messages;
}

char *sn_history_left_out_line(guint count)
{
	return count == 1 ? g_strdup("(1 earlier message left out)")
	                  : g_strdup_printf("(%u earlier messages left out)", count);
}

GPtrArray *sn_history_messages(SnDelivery *self, const SnOutboxEntry *entry, guint *left_out)
{
	return sn_history_allowed(self, entry, entry->history, left_out);
}

/* ---- fitting into what the server takes ---- */

#define SHORT_TEXT 2000 /* of one message, where the whole transcript is too long */
#define MAX_IM_FILE (64 << 20)

typedef struct {
	SnDelivery *delivery;
	const SnOutboxEntry *entry;
	GPtrArray *messages; /* of SnMessage, oldest first */
	GPtrArray *emails;   /* of SnEmailFiles: those that go as emails */
	gint64 room;         /* bytes for all of it */
	int only_text;       /* emails that go as text alone, because they are too large */
	int large_files;     /* files left out because they are */
	guint not_allowed;   /* messages chosen before that may not travel any more */
} Fit;

static gint64 size_of_ims(const Fit *fit)
{
	gint64 size = 0;

	for (guint i = 0; i < fit->messages->len; i++) {
		const SnMessage *message = fit->messages->pdata[i];
		if (message->channel == SN_CHANNEL_IM)
			size += 600 + (message->body ? (gint64)strlen(message->body) * 7 / 5 : 0);
	}
	return size;
}

static gint64 size_of_emails(const Fit *fit)
{
	gint64 size = 0;

	for (guint i = 0; i < fit->emails->len; i++)
		size += ((SnEmailFiles *)fit->emails->pdata[i])->size;
	return size;
}

static SnEmailFiles *largest_email(const Fit *fit)
{
	SnEmailFiles *largest = NULL;

	for (guint i = 0; i < fit->emails->len; i++) {
		SnEmailFiles *email = fit->emails->pdata[i];
		if (!largest || email->size > largest->size)
			largest = email;
	}
	return largest;
}

static int count_large(const Fit *fit)
{
	int count = 0;

	for (guint i = 0; i < fit->emails->len; i++) {
		const GArray *left = ((SnEmailFiles *)fit->emails->pdata[i])->left;
		for (guint j = 0; j < left->len; j++)
			count += g_array_index(left, SnLeftOut, j).why == SN_LEFT_LARGE;
	}
	return count;
}

/* First the largest files go, then the oldest emails become text alone. */
static void fit_emails(Fit *fit, gint64 taken)
{
	gboolean fits = size_of_emails(fit) + taken <= fit->room;
	SnEmailFiles *largest;

	while (size_of_emails(fit) + taken > fit->room && (largest = largest_email(fit)) &&
	       sn_email_files_shrink(fit->delivery, largest))
		continue;
	while (size_of_emails(fit) + taken > fit->room && fit->emails->len > 0) {
		g_ptr_array_remove_index(fit->emails, 0);
		fit->only_text++;
	}
	/* there is no room for a file that had its place in one of these */
	if (!fits)
		sn_email_files_settle(fit->delivery, fit->emails, 0, 0);
	fit->large_files = count_large(fit);
}

/* The transcript in half of the room: whole, else each message cut, else the newest of them. */
static char *fit_transcript(const Fit *fit)
{
	gsize room = (gsize)MIN(fit->room / 2, G_MAXINT32);
	char *text = sn_history_transcript(fit->messages, 0);
	guint from = 0;

	if (strlen(text) * 7 / 5 <= room)
		return text;
	while (from < fit->messages->len) {
		g_autoptr(GPtrArray) newest = g_ptr_array_new();
		for (guint i = from; i < fit->messages->len; i++)
			g_ptr_array_add(newest, fit->messages->pdata[i]);
		g_free(text);
		text = sn_history_transcript(newest, SHORT_TEXT);
		if (strlen(text) * 7 / 5 <= room)
			break;
		from += (fit->messages->len - from + 1) / 2;
	}
	if (from == 0)
		return text;
	g_autofree char *cut = text;
	return g_strdup_printf("%s\n(%u older ones left out: too long for this email)\n",
	                       from < fit->messages->len ? cut : "", from);
}

/* What was left out, for the reader below the transcript and for the sender in the journal. */
static char *left_out_words(const Fit *fit)
{
	GString *words = g_string_new(NULL);

	if (fit->large_files)
		g_string_append_printf(words, "%d file%s of earlier emails", fit->large_files,
		                       fit->large_files == 1 ? "" : "s");
	if (fit->only_text)
		g_string_append_printf(words, "%sthe originals of %d earlier email%s",
		                       words->len ? ", " : "", fit->only_text,
		                       fit->only_text == 1 ? "" : "s");
	return g_string_free(words, words->len == 0);
}

static void append_line(char **transcript, const char *line)
{
	char *text = g_strdup_printf("%s\n%s\n", *transcript, line);

	g_free(*transcript);
	*transcript = text;
}

static void say_left_out(const Fit *fit, char **transcript)
{
	g_autofree char *words = left_out_words(fit);

	if (fit->not_allowed) {
		g_autofree char *line = sn_history_left_out_line(fit->not_allowed);
		append_line(transcript, line);
	}
	if (!words)
		return;
	g_autofree char *line =
		g_strdup_printf("(Left out, too large for the mail server: %s.)", words);
	append_line(transcript, line);
	note_left_out(fit->delivery, fit->entry->id, words);
}

static const SnEmailFiles *email_of(const Fit *fit, SnId message)
{
	for (guint i = 0; i < fit->emails->len; i++) {
		const SnEmailFiles *email = fit->emails->pdata[i];
		if (email->message == message)
			return email;
	}
	return NULL;
}

static SnMailCarried *carry_mail(const Fit *fit, const SnMessage *message)
{
	const SnEmailFiles *email = email_of(fit, message->id);
	g_autoptr(GBytes) raw =
		email ? sn_history_email(fit->delivery, message->id, email->left, NULL) : NULL;

	if (!raw)
		return NULL;
	SnMailCarried *carried = g_new0(SnMailCarried, 1);
	carried->rfc822 = g_steal_pointer(&raw);
	carried->time = message->time;
	return carried;
}

/* ---- files of earlier IMs ---- */

/* The bytes, when they are here: what was sent by us, or was fetched before. */
static GBytes *im_file_bytes(const Fit *fit, const SnPart *part)
{
	char *data;
	gsize length;

	if (part->sha256) {
		GBytes *kept = sn_outbox_attachment_bytes(fit->delivery->engine->store,
		                                          part->sha256, NULL);
		if (kept)
			return kept;
	}
	if (part->path && part->size <= MAX_IM_FILE &&
	    g_file_get_contents(part->path, &data, &length, NULL))
		return g_bytes_new_take(data, length);
	return NULL;
}

static gboolean has_bytes(const GPtrArray *files, GBytes *bytes)
{
	for (guint i = 0; i < files->len; i++)
		if (g_bytes_equal(((SnMailFile *)files->pdata[i])->bytes, bytes))
			return TRUE;
	return FALSE;
}

/* Each once, as long as there is room: the transcript says where the others are. */
static void add_im_files(Fit *fit, const SnMessage *message, GPtrArray *files)
{
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		gboolean email = g_strcmp0(part->type, "message/rfc822") == 0;
		g_autoptr(GBytes) bytes = email ? NULL : im_file_bytes(fit, part);
		gint64 size = bytes ? (gint64)g_bytes_get_size(bytes) * 7 / 5 + 400 : 0;
		if (!bytes || size > fit->room || has_bytes(files, bytes))
			continue;
		SnMailFile *file = g_new0(SnMailFile, 1);
		file->name = g_strdup(part->name ? part->name : "file");
		file->type = g_strdup(part->type ? part->type : "application/octet-stream");
		file->bytes = g_steal_pointer(&bytes);
		g_ptr_array_add(files, file);
		fit->room -= size;
	}
}

GPtrArray *sn_history_mail(SnDelivery *self, const SnOutboxEntry *entry, gint64 room,
                           char **transcript, GPtrArray *im_files)
{
	GPtrArray *history = g_ptr_array_new_with_free_func((GDestroyNotify)sn_mail_carried_free);
	guint not_allowed;
	g_autoptr(GPtrArray) messages = sn_history_messages(self, entry, &not_allowed);
	Fit fit = { .delivery = self,
		    .entry = entry,
		    .messages = messages,
		    .room = room,
		    .not_allowed = not_allowed };

	*transcript = NULL;
	if (messages->len == 0)
		return history;
	fit.emails = sn_history_files(self, entry, messages, room);
	*transcript = fit_transcript(&fit);
	fit_emails(&fit, (gint64)strlen(*transcript) * 7 / 5 + size_of_ims(&fit));
	say_left_out(&fit, transcript);
	fit.room -= MIN(fit.room, (gint64)strlen(*transcript) * 7 / 5 + size_of_ims(&fit) +
	                                  size_of_emails(&fit));
	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *message = messages->pdata[i];
		SnMailCarried *carried = message->channel == SN_CHANNEL_MAIL
			? carry_mail(&fit, message)
			: carry_im(self, message);
		if (carried)
			g_ptr_array_add(history, carried);
		if (message->channel == SN_CHANNEL_IM && entry->history_attachments &&
		    !message->encrypted)
			add_im_files(&fit, message, im_files);
	}
	g_ptr_array_unref(fit.emails);
	return history;
}
