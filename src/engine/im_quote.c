/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/base/ids.h"
#include "src/engine/im_parts.h"
#include "src/route/thread.h"
#include "src/text/text.h"

#define QUOTE_COLUMNS 200
#define LOOK_BACK 50

/* The <thread> of a conversation thread: a hash of the root Message-ID, or what it always was. */
static char *thread_id(const char *thread)
{
	return strchr(thread, '@') ? sn_id_thread(thread) : g_strdup(thread);
}

/* Chat goes on line by line; only an answer to something further up needs a quote. */
static gboolean is_newest(SnDelivery *self, const SnOutboxEntry *entry, const SnMessage *answered)
{
	g_autoptr(GPtrArray) later =
		sn_message_page(self->engine->store, answered->conversation, answered->time,
	                        answered->id, TRUE, LOOK_BACK, 0);

	for (guint i = 0; later && i < later->len; i++) {
		const SnMessage *message = later->pdata[i];
		if (message->id != answered->id && message->id != entry->message &&
		    !message->carried)
			return FALSE;
	}
	return TRUE;
}

/* An email is quoted once: by the first IM that answers it. */
static gboolean was_quoted(SnDelivery *self, const SnOutboxEntry *entry, const SnMessage *answered)
{
	g_autoptr(GPtrArray) later =
		sn_message_page(self->engine->store, answered->conversation, answered->time,
	                        answered->id, TRUE, LOOK_BACK, 0);

	for (guint i = 0; later && i < later->len; i++) {
		const SnMessage *message = later->pdata[i];
		if (message->channel == SN_CHANNEL_IM && message->direction == SN_OUT &&
		    message->reply_to == answered->id && message->id < entry->message &&
		    message->state != SN_STATE_CANCELLED && message->state != SN_STATE_CONVERTED &&
		    message->state != SN_STATE_FAILED)
			return TRUE;
	}
	return FALSE;
}

/* What came encrypted is named, and not repeated in the open. */
static char *quote_mail(const SnMessage *mail)
{
	g_autofree char *time = sn_delivery_time_text(mail->time);
	if (mail->encrypted)
		return g_strdup_printf("> Encrypted email of %s\n", time);
	g_autofree char *preview = sn_text_preview(mail->body ? mail->body : "");
	g_autofree char *first = sn_text_fit(preview, QUOTE_COLUMNS);
	g_autofree char *subject = sn_text_clean_line(mail->subject ? mail->subject : "", -1);

	return g_strdup_printf("> Email of %s: %s\n%s%s%s", time,
	                       *subject ? subject : "(no subject)", *first ? "> " : "", first,
	                       *first ? "\n" : "");
}

static char *quote_im(const SnMessage *im)
{
	g_autofree char *preview = sn_text_preview(im->body ? im->body : "");
	g_autofree char *first = sn_text_fit(preview, QUOTE_COLUMNS);

	return *first ? g_strdup_printf("> %s\n", first) : NULL;
}

static void answer_im(SnDelivery *self, const SnOutboxEntry *entry, const SnMessage *answered,
                      SnImMessage *message)
{
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(self->engine->store, entry->conversation);
	gboolean room = conversation && conversation->kind == SN_CONV_ROOM;
	/* XEP-0461 section 3.1: in a room the id is the one the room gave. */
	const char *id = room ? answered->stanza_id : answered->origin_id;

	if (!id || !answered->sender_value || is_newest(self, entry, answered))
		return;
	message->reply_id = g_strdup(id);
	message->reply_to = g_strdup(answered->sender_value);
	/* what came encrypted is not repeated in the open */
	message->quote = answered->encrypted && !sn_delivery_is_sealed(self, entry) ? NULL
	                                                                            : quote_im(answered);
}

static void answer_mail(SnDelivery *self, const SnMessage *mail, SnImMessage *message)
{
	message->in_reply_to_mail = g_strdup(mail->message_id);
	message->references = g_ptr_array_new_with_free_func(g_free);
	if (mail->thread && strchr(mail->thread, '@') &&
	    g_strcmp0(mail->thread, mail->message_id) != 0)
		g_ptr_array_add(message->references, g_strdup(mail->thread));
	if (mail->message_id)
		g_ptr_array_add(message->references, g_strdup(mail->message_id));
}

char *sn_im_quote(SnDelivery *self, const SnOutboxEntry *entry, SnImMessage *message,
                  const char *text, gboolean first)
{
	g_autoptr(SnMessage) answered =
		entry->reply_to
			? sn_message_get(self->engine->store, entry->reply_to, SN_MESSAGE_FULL)
			: NULL;

	if (entry->thread)
		message->thread = thread_id(entry->thread);
	if (!answered || !first)
		return g_strdup(text);
	if (answered->channel == SN_CHANNEL_IM) {
		answer_im(self, entry, answered, message);
		return g_strdup(text);
	}
	answer_mail(self, answered, message);
	if (was_quoted(self, entry, answered))
		return g_strdup(text);
	g_autofree char *quote = quote_mail(answered);
	message->quote = g_strconcat(quote, "\n", NULL);
	return g_strdup(text);
}
