/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The notification that an email was displayed (RFC 8098). */
#include <string.h>

#include "src/mime/compose_private.h"
#include "src/text/text.h"

static char *words_for_people(const SnMailDisplayed *displayed)
{
	g_autoptr(GDateTime) date =
		g_date_time_new_from_unix_local(displayed->original_date / SN_SECOND);
	g_autofree char *when =
		date && displayed->original_date ? g_date_time_format(date, "%-d %B %Y, %H:%M") : NULL;
	g_autofree char *subject =
		sn_text_clean_line(displayed->original_subject ? displayed->original_subject : "", -1);

	return g_strdup_printf("Your email%s%s%s%s%s was displayed.\r\n\r\n"
	                       "This does not mean that it was read or understood.\r\n",
	                       *subject ? " \"" : "", subject, *subject ? "\"" : "",
	                       when ? " of " : "", when ? when : "");
}

static char *words_for_programs(const SnMailDisplayed *displayed)
{
	GString *text = g_string_new("Reporting-UA: sennit\r\n");

	g_string_append_printf(text, "Final-Recipient: rfc822;%s\r\n", displayed->from_address);
	if (displayed->original_id)
		g_string_append_printf(text, "Original-Message-ID: <%s>\r\n",
		                       displayed->original_id);
	g_string_append_printf(text, "Disposition: %s; displayed\r\n",
	                       displayed->automatic ? "automatic-action/MDN-sent-automatically"
	                                            : "manual-action/MDN-sent-manually");
	return g_string_free(text, FALSE);
}

static void add(GMimeMultipart *report, GMimeObject *part)
{
	g_mime_multipart_add(report, part);
	g_object_unref(part);
}

static void set_headers(GMimeMessage *message, const SnMailDisplayed *displayed)
{
	g_autofree char *clean = sn_text_clean_line(
		displayed->original_subject ? displayed->original_subject : "", -1);
	g_autofree char *subject = g_strdup_printf("Read: %s", clean);
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(
		(displayed->date ? displayed->date : sn_clock_now(NULL)) / SN_SECOND);

	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, displayed->from_name,
	                           displayed->from_address);
	g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, NULL, displayed->to);
	g_mime_message_set_subject(message, subject, "utf-8");
	g_mime_message_set_date(message, date);
	g_mime_message_set_message_id(message, displayed->message_id);
	/* Nobody's machine shall answer it. */
	g_mime_object_set_header(GMIME_OBJECT(message), "Auto-Submitted", "auto-replied", NULL);
	if (!displayed->original_id)
		return;
	g_autofree char *id = g_strdup_printf("<%s>", displayed->original_id);
	g_mime_object_set_header(GMIME_OBJECT(message), "In-Reply-To", id, NULL);
	g_mime_object_set_header(GMIME_OBJECT(message), "References", id, NULL);
}

GBytes *sn_mail_compose_displayed(const SnMailDisplayed *displayed, GError **error)
{
	const SnMailCompose checked = { .from_address = displayed->from_address,
		                        .from_name = displayed->from_name,
		                        .message_id = displayed->message_id,
		                        .in_reply_to = displayed->original_id };

	if (!sn_mime_check_compose(&checked, error) ||
	    !sn_mime_check_address("To", displayed->to, error))
		return NULL;
	g_autofree char *words = words_for_people(displayed);
	g_autofree char *fields = words_for_programs(displayed);
	GMimeMessage *message = g_mime_message_new(TRUE);
	GMimeMultipart *report = g_mime_multipart_new_with_subtype("report");

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(report), "report-type",
	                                         "disposition-notification");
	add(report, sn_mime_text_part("text", "plain", words));
	add(report, sn_mime_text_part("message", "disposition-notification", fields));
	set_headers(message, displayed);
	g_mime_message_set_mime_part(message, GMIME_OBJECT(report));
	g_object_unref(report);
	GBytes *bytes = sn_mime_write_message(message);
	g_object_unref(message);
	return bytes;
}
