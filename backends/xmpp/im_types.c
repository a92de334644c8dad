/* SPDX-License-Identifier: GPL-3.0-or-later */
/* im_types.c - requests, events and messages of the IM backends; in the core, because engine and
 * backends are modules that do not link to each other. */
#include "backends/xmpp/im_backend.h"

#include <string.h>

void sn_im_file_free(SnImFile *file)
{
	if (!file)
		return;
	g_free(file->url);
	g_free(file->name);
	g_free(file->type);
	g_free(file->sha256);
	g_free(file);
}

SnImMessage *sn_im_message_new(void)
{
	return g_new0(SnImMessage, 1);
}

void sn_im_message_free(SnImMessage *message)
{
	if (!message)
		return;
	char **strings[] = {
		&message->from, &message->to, &message->id, &message->origin_id, &message->stanza_id,
		&message->archive_id, &message->body, &message->body_fallback_free, &message->subject,
		&message->thread, &message->error_condition, &message->error_text, &message->receipt_id,
		&message->displayed_id, &message->reply_id, &message->reply_to, &message->quote,
		&message->in_reply_to_mail, &message->chat_state, &message->replace_id,
		&message->attach_to,  &message->note, &message->part_of, &message->occupant_id,
		&message->real_jid, &message->retracts, &message->retracted_by,
		&message->retract_reason,
		&message->locked,
		&message->react_id, &message->retract_id,
	};
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(*strings[i]);
	g_clear_pointer(&message->references, g_ptr_array_unref);
	g_clear_pointer(&message->files, g_ptr_array_unref);
	g_clear_pointer(&message->forwarded, g_ptr_array_unref);
	g_strfreev(message->response_values);
	g_strfreev(message->response_labels);
	sn_omemo_sealed_free(message->sealed);
	sn_im_invitation_free(message->invitation);
	g_clear_pointer(&message->fallback, g_array_unref);
	g_strfreev(message->reactions);
	g_free(message);
}

static gboolean is_fallback(const SnImMessage *message, gint64 position)
{
	for (guint i = 0; i < message->fallback->len; i++) {
		const SnImRange *range = &g_array_index(message->fallback, SnImRange, i);
		if (position >= range->start && position < range->end)
			return TRUE;
	}
	return FALSE;
}

/* What nothing but the server vouches for must not hide anything of an encrypted text that its
 * sender may have meant to say: only a quote at its head and the line about its time at its end. */
static gboolean may_hide(const char *body, const char *start, const char *end)
{
	if (*end == '\0' && g_str_has_prefix(start, "\n(written ") && end[-1] == ')')
		return !memchr(start + 1, '\n', (gsize)(end - start - 1));
	if (start != body || start == end || (end[-1] != '\n' && *end))
		return FALSE;
	for (const char *line = start; line < end; line += strcspn(line, "\n") + 1)
		if (*line != '>' && *line != '\n')
			return FALSE;
	return TRUE;
}

/* The end of what is fallback from here on; position: of `p` in characters, moved with it. */
static const char *skip_fallback(const SnImMessage *message, const char *p, gint64 *position)
{
	for (; *p && is_fallback(message, *position); ++*position)
		p = g_utf8_next_char(p);
	return p;
}

void sn_im_message_set_body(SnImMessage *message, const char *body)
{
	gint64 position = 0;

	g_free(message->body);
	message->body = g_strdup(body);
	g_clear_pointer(&message->body_fallback_free, g_free);
	if (!body || !message->fallback)
		return;
	GString *rest = g_string_sized_new(strlen(body));
	for (const char *p = body; *p;) {
		const char *end = skip_fallback(message, p, &position);
		if (end != p && message->sealed && !may_hide(body, p, end))
			g_string_append_len(rest, p, end - p);
		p = end;
		if (!*p)
			break;
		g_string_append_len(rest, p, g_utf8_next_char(p) - p);
		p = g_utf8_next_char(p);
		position++;
	}
	if (strcmp(rest->str, body) != 0)
		message->body_fallback_free = g_string_free(rest, FALSE);
	else
		g_string_free(rest, TRUE);
}

SnImRequest *sn_im_request_new(SnImRequestKind kind, guint64 id)
{
	SnImRequest *request = g_new0(SnImRequest, 1);

	g_assert(id > 0);
	request->kind = kind;
	request->id = id;
	return request;
}

void sn_im_request_free(SnImRequest *request)
{
	if (!request)
		return;
	char **strings[] = {
		&request->jid, &request->name, &request->nick, &request->show, &request->status,
		&request->after_id, &request->with, &request->origin_id, &request->path, &request->type,
		&request->url, &request->node, &request->item, &request->text,
	};
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(*strings[i]);
	sn_im_message_free(request->message);
	g_clear_pointer(&request->bytes, g_bytes_unref);
	g_strfreev(request->uris);
	if (request->password)
		explicit_bzero(request->password, strlen(request->password));
	g_free(request->password);
	g_clear_pointer(&request->fields, g_ptr_array_unref);
	sn_im_bookmark_free(request->bookmark);
	g_clear_pointer(&request->devices, g_array_unref);
	sn_omemo_bundle_free(request->bundle);
	g_free(request);
}

SnImEvent *sn_im_event_new(int kind, guint64 id, gpointer owner)
{
	SnImEvent *event = g_new0(SnImEvent, 1);

	event->kind = kind;
	event->id = id;
	event->owner = owner;
	return event;
}

void sn_im_event_free(SnImEvent *event)
{
	if (!event)
		return;
	char **strings[] = {
		&event->jid, &event->name, &event->show, &event->status, &event->subscription,
		&event->url, &event->sha256, &event->type, &event->last_id, &event->node,
		&event->item, &event->text,
	};
	for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(*strings[i]);
	g_clear_error(&event->error);
	sn_im_message_free(event->message);
	g_strfreev(event->mails);
	g_strfreev(event->jids);
	g_strfreev(event->uris);
	g_clear_pointer(&event->occupants, g_ptr_array_unref);
	g_clear_pointer(&event->fields, g_ptr_array_unref);
	g_clear_pointer(&event->bookmarks, g_ptr_array_unref);
	g_clear_pointer(&event->devices, g_array_unref);
	sn_omemo_bundle_free(event->bundle);
	g_free(event);
}
