/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail_types.c - requests and events of the mail backends; in the core, because engine and
 * backends are modules that do not link to each other. */
#include "backends/mail/mail_backend.h"

SnMailRequest *sn_mail_request_new(SnMailRequestKind kind, guint64 id)
{
	SnMailRequest *request = g_new0(SnMailRequest, 1);

	g_assert(id > 0);
	request->kind = kind;
	request->id = id;
	return request;
}

void sn_mail_request_free(SnMailRequest *request)
{
	if (!request)
		return;
	g_free(request->folder);
	g_free(request->target);
	g_free(request->path);
	g_clear_pointer(&request->uids, g_array_unref);
	g_clear_pointer(&request->raw, g_bytes_unref);
	g_free(request->message_id);
	g_free(request->set_keywords);
	g_free(request->clear_keywords);
	g_free(request->set_labels);
	g_free(request->clear_labels);
	g_clear_pointer(&request->known, g_array_unref);
	g_clear_pointer(&request->known_flags, g_array_unref);
	g_clear_pointer(&request->known_keywords, g_ptr_array_unref);
	g_clear_pointer(&request->known_names, g_ptr_array_unref);
	g_clear_pointer(&request->only, g_ptr_array_unref);
	g_free(request);
}

SnMailEvent *sn_mail_event_new(int kind, guint64 id, gpointer owner)
{
	SnMailEvent *event = g_new0(SnMailEvent, 1);

	event->kind = kind;
	event->id = id;
	event->owner = owner;
	return event;
}

void sn_mail_event_free(SnMailEvent *event)
{
	if (!event)
		return;
	g_clear_error(&event->error);
	g_free(event->folder);
	g_free(event->role);
	g_free(event->mailbox_id);
	g_free(event->base);
	g_free(event->directory);
	g_free(event->labels);
	g_clear_pointer(&event->raw, g_bytes_unref);
	g_free(event->name);
	g_free(event->keywords);
	g_clear_pointer(&event->uids, g_array_unref);
	g_clear_pointer(&event->names, g_ptr_array_unref);
	g_clear_pointer(&event->part_sizes, g_array_unref);
	g_free(event);
}

SnSendRequest *sn_send_request_new(guint64 id)
{
	SnSendRequest *request = g_new0(SnSendRequest, 1);

	g_assert(id > 0);
	request->id = id;
	request->to = g_ptr_array_new_with_free_func(g_free);
	return request;
}

void sn_send_request_free(SnSendRequest *request)
{
	if (!request)
		return;
	g_free(request->from);
	g_clear_pointer(&request->to, g_ptr_array_unref);
	g_clear_pointer(&request->raw, g_bytes_unref);
	g_free(request->envelope_id);
	g_free(request);
}

SnSendEvent *sn_send_event_new(int kind, guint64 id, gpointer owner)
{
	SnSendEvent *event = g_new0(SnSendEvent, 1);

	event->kind = kind;
	event->id = id;
	event->owner = owner;
	return event;
}

void sn_send_event_free(SnSendEvent *event)
{
	if (!event)
		return;
	g_clear_error(&event->error);
	g_free(event->reply);
	g_clear_pointer(&event->rejected, g_ptr_array_unref);
	g_free(event);
}
