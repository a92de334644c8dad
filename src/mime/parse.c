/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/mime/tree.h"
#include "src/text/text.h"

static void free_address(gpointer data)
{
	SnMailAddress *address = data;

	g_free(address->address);
	g_free(address->name);
	g_free(address);
}

static void free_part(gpointer data)
{
	SnMailPart *part = data;

	g_free(part->type);
	g_free(part->name);
	g_free(part->content_id);
	g_free(part->sha256);
	g_free(part);
}

static void free_carried(gpointer data)
{
	sn_mail_carried_free(data);
}

static void free_report(gpointer data)
{
	SnMailReport *report = data;

	g_free(report->recipient);
	g_free(report->message_id);
	g_free(report->envelope_id);
	g_free(report->diagnostic);
	g_free(report->final_recipient);
	g_free(report->status);
	g_free(report);
}

void sn_mail_free(SnMail *mail)
{
	if (!mail)
		return;
	g_ptr_array_unref(mail->addresses);
	g_ptr_array_unref(mail->references);
	g_ptr_array_unref(mail->parts);
	g_ptr_array_unref(mail->carried);
	g_ptr_array_unref(mail->reports);
	g_free(mail->subject);
	g_free(mail->message_id);
	g_free(mail->in_reply_to);
	g_free(mail->list_id);
	g_free(mail->jabber_id);
	g_free(mail->auto_submitted);
	g_free(mail->authentication);
	g_free(mail->chat_origin_id);
	sn_autocrypt_free(mail->autocrypt);
	g_free(mail->chat_in_reply_to);
	g_free(mail->text);
	g_free(mail->return_path);
	g_free(mail->chat);
	g_free(mail->read_receipt_to);
	g_free(mail->notice);
	g_free(mail);
}

/* A mail system says of which message it speaks by returning it, or by answering it. */
static void read_what_came_back(SnMail *mail, const SnMimeMessage *message)
{
	GMimeObject *root = g_mime_message_get_mime_part(message->message);

	if (!mail->from_daemon || !root)
		return;
	g_autofree char *id = sn_mime_returned_id(root);
	sn_mime_read_bounce(mail, message, id);
	for (guint i = 0; i < mail->reports->len; i++) {
		SnMailReport *report = mail->reports->pdata[i];
		if (!report->message_id)
			report->message_id = g_strdup(id ? id : mail->in_reply_to);
	}
}

SnMail *sn_mail_parse(GBytes *raw, const SnMailOptions *options, GError **error)
{
	if (g_bytes_get_size(raw) == 0) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_INVALID, "The message is empty.");
		return NULL;
	}
	GString *notice = g_string_new(NULL);
	g_autoptr(SnMimeMessage) message = sn_mime_open(raw, notice);
	SnMail *mail = g_new0(SnMail, 1);

	mail->addresses = g_ptr_array_new_with_free_func(free_address);
	mail->references = g_ptr_array_new_with_free_func(g_free);
	mail->parts = g_ptr_array_new_with_free_func(free_part);
	mail->carried = g_ptr_array_new_with_free_func(free_carried);
	mail->reports = g_ptr_array_new_with_free_func(free_report);
	sn_mime_read_headers(mail, message->message, options);
	mail->return_path = sn_mime_return_path(message->message);
	mail->from_daemon = sn_mime_from_daemon(mail, message->message);
	sn_mime_read_parts(mail, message, notice);
	read_what_came_back(mail, message);
	mail->bulk = sn_mime_bulk(mail, GMIME_OBJECT(message->message));
	mail->secure = sn_mime_secure_kind(g_mime_message_get_mime_part(message->message), mail->text);
	mail->notice = g_string_free(notice, notice->len == 0);
	g_assert(mail->text);
	return mail;
}

typedef struct {
	const SnMimeMessage *message;
	int wanted;
	GBytes *bytes;
} Search;

/* The k-th file within a leaf; NULL. */
static GBytes *file_inside(GMimePart *part, int k)
{
	g_autofree char *rest = NULL;
	gsize length;

	sn_mime_repair_type(GMIME_OBJECT(part)); /* as when it was listed */
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	g_autofree char *content = sn_mime_decode(part, &length), *text = NULL;
	g_autoptr(GPtrArray) files = NULL;
	gboolean repaired;

	if (g_mime_content_type_is_type(type, "text", "*")) {
		text = sn_mime_to_utf8(content, MIN(length, SN_MIME_MAX_TEXT),
		                       g_mime_content_type_get_parameter(type, "charset"), &repaired);
		files = sn_mime_unpack_uu(text, strlen(text), &rest);
	} else {
		files = sn_mime_unpack_tnef(content, length, &rest);
	}
	if (k < 1 || k > (int)files->len)
		return NULL;
	return g_bytes_ref(((SnMimeFile *)files->pdata[k - 1])->bytes);
}

static gboolean match_leaf(const SnMimeLeaf *leaf, gpointer data)
{
	Search *search = data;

	if (leaf->position != search->wanted % SN_MAIL_INSIDE)
		return TRUE;
	if (search->wanted >= SN_MAIL_INSIDE) {
		if (GMIME_IS_PART(leaf->object))
			search->bytes = file_inside(GMIME_PART(leaf->object),
			                            search->wanted / SN_MAIL_INSIDE);
	} else if (GMIME_IS_MESSAGE_PART(leaf->object)) {
		search->bytes = sn_mime_embedded_bytes(search->message, leaf);
	} else if (GMIME_IS_PART(leaf->object)) {
		gsize length;
		char *content = sn_mime_decode(GMIME_PART(leaf->object), &length);
		search->bytes = g_bytes_new_take(content, length);
	}
	return FALSE;
}

GBytes *sn_mail_part_bytes(GBytes *raw, int position, GError **error)
{
	g_autoptr(SnMimeMessage) message = sn_mime_open(raw, NULL);
	Search search = { .message = message, .wanted = position };

	if (position > SN_PART_NODE)
		search.bytes = sn_mail_node_bytes(raw, position - SN_PART_NODE);
	else
		sn_mime_each_leaf(message->message, match_leaf, &search);
	if (!search.bytes) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The message has no part %d.",
			    position);
		return NULL;
	}
	/* Bytes that refer to the message would keep all of it; and it may be cut input. */
	gsize length;
	gconstpointer data = g_bytes_get_data(search.bytes, &length);
	GBytes *copy = g_bytes_new(data, length);
	g_bytes_unref(search.bytes);
	return copy;
}

char *sn_mail_headers_text(GBytes *raw)
{
	g_autoptr(SnMimeMessage) message = sn_mime_open(raw, NULL);
	GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message->message));
	GMimeObject *root = g_mime_message_get_mime_part(message->message);
	GString *out = g_string_new(NULL);

	/* GMime keeps the MIME fields of the header with the body. */
	for (int half = 0; half < 2; half++) {
		if (half == 1)
			headers = root ? g_mime_object_get_header_list(root) : NULL;
		for (int i = 0; headers && i < g_mime_header_list_get_count(headers); i++) {
			GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
			const char *value = g_mime_header_get_value(header);
			g_autofree char *name =
				sn_text_clean_line(g_mime_header_get_name(header), -1);
			g_autofree char *clean = sn_text_clean_line(value ? value : "", -1);
			g_string_append_printf(out, "%s: %s\n", name, clean);
		}
	}
	return g_string_free(out, FALSE);
}
