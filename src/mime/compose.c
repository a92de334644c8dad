/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/mime/compose_private.h"
#include "src/text/text.h"

static GMimeDataWrapper *wrap_bytes(const void *data, gsize length)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, length);
	GMimeDataWrapper *wrapper =
		g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_object_unref(stream);
	return wrapper;
}

static void set_content(GMimePart *part, const void *data, gsize length,
			GMimeContentEncoding encoding)
{
	GMimeDataWrapper *wrapper = wrap_bytes(data, length);

	g_mime_part_set_content(part, wrapper);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(wrapper);
}

static GMimeObject *text_part(const SnMailCompose *compose)
{
	GMimePart *part = g_mime_part_new_with_type("text", "plain");
	g_autofree char *clean = sn_text_clean(compose->text ? compose->text : "", -1);
	g_autofree char *transcript =
		compose->transcript ? sn_text_clean(compose->transcript, -1) : NULL;
	g_autofree char *all = transcript && *transcript
				       ? g_strconcat(g_strchomp(clean), "\n\n", transcript, NULL)
				       : g_strdup(clean);
	g_autofree char *flowed = sn_mime_flow(all);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "format", "flowed");
	if (compose->transcript_repeats && transcript && *transcript) {
		g_autofree char *digest =
			sn_mime_line_digest(transcript, strcspn(transcript, "\n"));
		g_mime_object_set_header(GMIME_OBJECT(part), SN_HEADER_TRANSCRIPT, digest, NULL);
	}
	set_content(part, flowed, strlen(flowed), GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_part_set_content_encoding(
		part, g_mime_part_get_best_content_encoding(part, GMIME_ENCODING_CONSTRAINT_7BIT));
	return GMIME_OBJECT(part);
}

GMimeObject *sn_mime_text_part(const char *type, const char *subtype, const char *text)
{
	GMimePart *part = g_mime_part_new_with_type(type, subtype);

	if (g_str_equal(type, "text"))
		g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	set_content(part, text, strlen(text), GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_part_set_content_encoding(
		part, g_mime_part_get_best_content_encoding(part, GMIME_ENCODING_CONSTRAINT_7BIT));
	return GMIME_OBJECT(part);
}

static gboolean is_token(const char *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isalnum(text[i]) && !strchr("!#$&^_.+-", text[i]))
			return FALSE;
	return length > 0 && length < 128;
}

static GMimePart *part_of_type(const char *type)
{
	const char *slash = type ? strchr(type, '/') : NULL;

	/* A multipart cannot be a file, and a message must not be encoded as one is. */
	if (!slash || !is_token(type, (gsize)(slash - type)) ||
	    !is_token(slash + 1, strlen(slash + 1)) ||
	    g_ascii_strncasecmp(type, "multipart/", 10) == 0 ||
	    g_ascii_strncasecmp(type, "message/", 8) == 0)
		return g_mime_part_new_with_type("application", "octet-stream");
	g_autofree char *major = g_strndup(type, (gsize)(slash - type));
	return g_mime_part_new_with_type(major, slash + 1);
}

static GMimeObject *email_file(const SnMailFile *file);

static GMimeObject *file_part(const SnMailFile *file)
{
	if (file->type && g_ascii_strcasecmp(file->type, "message/rfc822") == 0)
		return email_file(file);
	GMimePart *part = part_of_type(file->type);
	g_autofree char *name = sn_mime_safe_name(file->name);
	gsize length;
	gconstpointer data = g_bytes_get_data(file->bytes, &length);

	set_content(part, data, length, GMIME_CONTENT_ENCODING_BASE64);
	g_mime_object_set_disposition(GMIME_OBJECT(part), GMIME_DISPOSITION_ATTACHMENT);
	if (name)
		g_mime_part_set_filename(part, name);
	return GMIME_OBJECT(part);
}

/* An email as it is: readers show it as a message, and what it was signed with holds. */
static GMimeObject *email_file(const SnMailFile *file)
{
	GMimePart *part = sn_mime_email_part(file->bytes);
	g_autofree char *name = sn_mime_safe_name(file->name);

	g_mime_object_set_disposition(GMIME_OBJECT(part), GMIME_DISPOSITION_ATTACHMENT);
	if (name)
		g_mime_part_set_filename(part, name);
	return GMIME_OBJECT(part);
}

static void add_owned(GMimeMultipart *multipart, GMimeObject *part)
{
	g_mime_multipart_add(multipart, part);
	g_object_unref(part);
}

/* Both forms of the text, the better one last (RFC 2046 section 5.1.4). */
static GMimeObject *readable_part(const SnMailCompose *compose)
{
	GMimeObject *text = text_part(compose);

	if (!compose->markdown || !compose->text || !*compose->text)
		return text;
	g_autofree char *clean = sn_text_clean(compose->text, -1);
	g_autofree char *transcript =
		compose->transcript ? sn_text_clean(compose->transcript, -1) : NULL;
	g_autofree char *html = sn_mime_markdown_html(clean, transcript);
	GMimeMultipart *both = g_mime_multipart_new_with_subtype("alternative");
	add_owned(both, text);
	add_owned(both, sn_mime_text_part("text", "html", html));
	return GMIME_OBJECT(both);
}

static GMimeObject *body(const SnMailCompose *compose)
{
	guint files = compose->files ? compose->files->len : 0;
	guint history = compose->history ? compose->history->len : 0;
	GMimeObject *text = readable_part(compose);

	if (files == 0 && history == 0)
		return text;
	GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");
	add_owned(mixed, text);
	for (guint i = 0; i < files; i++)
		add_owned(mixed, file_part(compose->files->pdata[i]));
	if (history > 0)
		add_owned(mixed, sn_mime_history_part(compose->history));
	return GMIME_OBJECT(mixed);
}

static void add_addresses(GMimeMessage *message, const SnMailCompose *compose)
{
	static const GMimeAddressType types[] = {
		[SN_MAIL_FROM] = GMIME_ADDRESS_TYPE_FROM,
		[SN_MAIL_TO] = GMIME_ADDRESS_TYPE_TO,
		[SN_MAIL_CC] = GMIME_ADDRESS_TYPE_CC,
		[SN_MAIL_BCC] = GMIME_ADDRESS_TYPE_BCC,
		[SN_MAIL_REPLY_TO] = GMIME_ADDRESS_TYPE_REPLY_TO,
	};

	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, compose->from_name,
				   compose->from_address);
	for (guint i = 0; compose->addresses && i < compose->addresses->len; i++) {
		const SnMailAddress *address = compose->addresses->pdata[i];
		/* Bcc is for the envelope only. */
		if ((address->role == SN_MAIL_BCC && !compose->keep_bcc) || address->role == SN_MAIL_FROM)
			continue;
		g_mime_message_add_mailbox(message, types[address->role], address->name,
					   address->address);
	}
	if (!compose->to_group)
		return;
	/* An empty group (RFC 5322 section 3.4): named, and nobody can answer to it by mistake. */
	InternetAddress *group = internet_address_group_new(compose->to_group);
	internet_address_list_add(g_mime_message_get_to(message), group);
	g_object_unref(group);
}

static void set_header(GMimeMessage *message, const char *name, const char *value)
{
	if (value && *value)
		g_mime_object_set_header(GMIME_OBJECT(message), name, value, "utf-8");
}

static void set_threading(GMimeMessage *message, const SnMailCompose *compose)
{
	GString *references = g_string_new(NULL);

	for (guint i = 0; compose->references && i < compose->references->len; i++)
		g_string_append_printf(references, "%s<%s>", i ? " " : "",
				       (const char *)compose->references->pdata[i]);
	if (compose->in_reply_to) {
		g_autofree char *id = g_strdup_printf("<%s>", compose->in_reply_to);
		set_header(message, "In-Reply-To", id);
		if (!strstr(references->str, id))
			g_string_append_printf(references, "%s%s", references->len ? " " : "", id);
	}
	set_header(message, "References", references->str);
	g_string_free(references, TRUE);
}

GBytes *sn_mime_write_message(GMimeMessage *message)
{
	GMimeFormatOptions *format = g_mime_format_options_new();
	GMimeStream *stream = g_mime_stream_mem_new();

	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
	g_mime_format_options_free(format);
	GByteArray *array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_object_unref(stream);
	return g_byte_array_free_to_bytes(array);
}

void sn_mime_set_envelope(GMimeMessage *message, const SnMailCompose *compose)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(
		(compose->date ? compose->date : sn_clock_now(NULL)) / SN_SECOND);

	add_addresses(message, compose);
	g_mime_message_set_date(message, date);
	g_mime_message_set_message_id(message, compose->message_id);
}

GBytes *sn_mail_compose(const SnMailCompose *compose, GError **error)
{
	if (!sn_mime_check_compose(compose, error))
		return NULL;
	GMimeMessage *message = g_mime_message_new(TRUE);

	sn_mime_set_envelope(message, compose);
	g_mime_message_set_subject(message, compose->subject ? compose->subject : "", "utf-8");
	set_threading(message, compose);
	set_header(message, SN_HEADER_JABBER_ID, compose->jabber_id);
	set_header(message, "Auto-Submitted", compose->auto_submitted);
	set_header(message, SN_HEADER_CHAT, compose->chat);
	if (compose->ask_read_receipt)
		set_header(message, "Disposition-Notification-To", compose->from_address);
	set_header(message, SN_HEADER_ORIGIN_ID, compose->chat_origin_id);
	set_header(message, SN_HEADER_ANSWERED_ID, compose->chat_in_reply_to);
	GMimeObject *content = body(compose);
	g_mime_message_set_mime_part(message, content);
	g_object_unref(content);
	GBytes *bytes = sn_mime_write_message(message);
	g_object_unref(message);
	return bytes;
}
