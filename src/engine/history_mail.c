/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history that travels in an email: emails byte for byte, IMs as message/cpim, and before them
 * a transcript that any mail client shows. Without attachments, an email that has some is in the
 * transcript only: to send it changed would not be to send it.
 */
#include <string.h>

#include "src/engine/delivery_private.h"

static void carried_free(gpointer data)
{
	SnMailCarried *carried = data;

	if (carried->rfc822)
		g_bytes_unref(carried->rfc822);
	g_free(carried->from);
	g_free(carried->to);
	g_free(carried->from_name);
	g_free(carried->text);
	g_free(carried->id);
	g_free(carried);
}

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
	return carried;
}

static SnMailCarried *carry_mail(SnDelivery *self, const SnOutboxEntry *entry,
                                 const SnMessage *message)
{
	g_autoptr(GBytes) raw = NULL;

	if (message->attachments > 0 && !entry->history_attachments)
		return NULL;
	raw = sn_message_raw(self->engine->store, message->id, NULL);
	if (!raw)
		return NULL;
	SnMailCarried *carried = g_new0(SnMailCarried, 1);
	carried->rfc822 = sn_history_strip_bcc(raw);
	carried->time = message->time;
	return carried;
}

/* Names of the files of a message; NULL-terminated. */
static const char **file_names(const SnMessage *message)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (!part->inline_ && part->name)
			g_ptr_array_add(names, part->name);
	}
	g_ptr_array_add(names, NULL);
	return (const char **)g_ptr_array_free(names, FALSE);
}

char *sn_history_transcript(const GPtrArray *messages, gsize longest)
{
	g_autofree SnTranscriptLine *lines = g_new0(SnTranscriptLine, messages->len + 1);
	g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *message = messages->pdata[i];
		const char *text = message->body ? message->body : "";
		if (longest && strlen(text) > longest) {
			const char *end = g_utf8_find_prev_char(text, text + longest);
			char *cut = g_strdup_printf("%.*s\n[...]", end ? (int)(end - text) : 0, text);
			g_ptr_array_add(owned, cut);
			text = cut;
		}
		const char **files = file_names(message);
		g_ptr_array_add(owned, files);
		lines[i] = (SnTranscriptLine){
			.time = message->time,
			.name = message->sender_name,
			.address = message->sender_value ? message->sender_value : "",
			.subject = message->subject,
			.channel = message->channel == SN_CHANNEL_MAIL ? "email" : "IM",
			.text = text,
			.files = files,
		};
	}
	return sn_transcript_format(lines, messages->len);
}

GPtrArray *sn_history_messages(SnDelivery *self, const SnOutboxEntry *entry)
{
	GPtrArray *messages = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	for (guint i = 0; entry->history && i < entry->history->len; i++) {
		SnMessage *message = sn_message_get(self->engine->store,
		                                    g_array_index(entry->history, SnId, i),
		                                    SN_MESSAGE_FULL);
		if (message)
			g_ptr_array_add(messages, message);
	}
	return messages;
}

GPtrArray *sn_history_mail(SnDelivery *self, const SnOutboxEntry *entry, char **transcript)
{
	GPtrArray *history = g_ptr_array_new_with_free_func(carried_free);
	g_autoptr(GPtrArray) messages = sn_history_messages(self, entry);

	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *message = messages->pdata[i];
		SnMailCarried *carried = message->channel == SN_CHANNEL_MAIL
			? carry_mail(self, entry, message)
			: carry_im(self, message);
		if (carried)
			g_ptr_array_add(history, carried);
	}
	*transcript = messages->len ? sn_history_transcript(messages, 0) : NULL;
	return history;
}
