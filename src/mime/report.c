/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delivery reports (RFC 3464) and disposition notifications (RFC 8098). */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

#define MAX_RECIPIENTS 1000
#define MAX_REPORT (1024 * 1024)

static const struct {
	const char *action;
	SnReportKind kind;
} actions[] = {
	{ "failed", SN_REPORT_FAILED },       { "delayed", SN_REPORT_DELAYED },
	{ "delivered", SN_REPORT_DELIVERED }, { "relayed", SN_REPORT_RELAYED },
	{ "expanded", SN_REPORT_RELAYED },
};

/* The value of a field in a group of header lines, unfolded and clean; NULL. */
static char *field(const char *group, const char *name)
{
	gsize length = strlen(name);

	for (const char *line = group; line && *line; line = strchr(line, '\n'), line += !!line) {
		if (g_ascii_strncasecmp(line, name, length) != 0)
			continue;
		const char *colon = line + length + strspn(line + length, " \t");
		if (*colon != ':')
			continue;
		const char *end = line;
		do
			end = strchr(end, '\n');
		while (end && (*++end == ' ' || *end == '\t'));
		g_autofree char *value =
			end ? g_strndup(colon + 1, (gsize)(end - colon) - 1) : g_strdup(colon + 1);
		char *clean = sn_text_clean_line(value, -1);
		if (*clean)
			return clean;
		g_free(clean);
	}
	return NULL;
}

/* Without the type: "rfc822; bob@example.test", "smtp; 550 no such user". */
static char *typed_field(const char *group, const char *name)
{
	g_autofree char *value = field(group, name);
	const char *semicolon = value ? strchr(value, ';') : NULL;

	if (!value)
		return NULL;
	char *text = g_strstrip(g_strdup(semicolon ? semicolon + 1 : value));
	gsize length = strlen(text);
	if (length > 2 && text[0] == '<' && text[length - 1] == '>') {
		text[length - 1] = '\0';
		memmove(text, text + 1, length - 1);
	}
	return text;
}

static char *id_field(const char *group, const char *name)
{
	g_autofree char *value = field(group, name);

	return value ? g_mime_utils_decode_message_id(value) : NULL;
}

static SnReportKind kind_of_action(const char *action, const char *status)
{
	for (gsize i = 0; action && i < G_N_ELEMENTS(actions); i++)
		if (g_ascii_strncasecmp(action, actions[i].action, strlen(actions[i].action)) == 0)
			return actions[i].kind;
	/* Some leave out what is required, but not why. */
	if (!action && status)
		return *status == '5'   ? SN_REPORT_FAILED
		       : *status == '4' ? SN_REPORT_DELAYED
		                        : SN_REPORT_DELIVERED;
	return SN_REPORT_NONE;
}

static void add_report(SnMail *mail, const char *message_group, const char *group)
{
	g_autofree char *action = field(group, "Action");
	g_autofree char *status_field = field(group, "Status");
	g_autofree char *status = sn_mime_find_status(status_field);
	g_autofree char *final = typed_field(group, "Final-Recipient");
	SnReportKind kind = kind_of_action(action, status);

	if (kind == SN_REPORT_NONE || mail->reports->len >= MAX_RECIPIENTS)
		return;
	SnMailReport *report = g_new0(SnMailReport, 1);
	report->kind = kind;
	/* The original one is what we wrote on the envelope. */
	report->recipient = typed_field(group, "Original-Recipient");
	if (!report->recipient)
		report->recipient = g_steal_pointer(&final);
	else if (g_strcmp0(report->recipient, final) != 0)
		report->final_recipient = g_steal_pointer(&final);
	report->envelope_id = field(message_group, "Original-Envelope-Id");
	report->diagnostic = typed_field(group, "Diagnostic-Code");
	if (!report->diagnostic)
		report->diagnostic = g_strdup(status_field);
	report->status = g_steal_pointer(&status);
	g_ptr_array_add(mail->reports, report);
}

/* Groups of fields with blank lines between; the first is about the message. */
static void read_delivery_status(SnMail *mail, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *group = g_string_new(NULL);
	g_autofree char *message_group = NULL;

	for (gsize i = 0;; i++) {
		gboolean blank = !lines[i] || strspn(lines[i], " \t") == strlen(lines[i]);
		if (!blank) {
			g_string_append_printf(group, "%s\n", lines[i]);
		} else if (group->len) {
			if (!message_group)
				message_group = g_strdup(group->str);
			/* Some write no blank line between the two: then it is both. */
			add_report(mail, message_group, group->str);
			g_string_truncate(group, 0);
		}
		if (!lines[i])
			break;
	}
	g_string_free(group, TRUE);
}

/* "manual-action/MDN-sent-manually; displayed/error" (RFC 8098 section 3.2.6) */
static SnReportKind kind_of_disposition(const char *disposition)
{
	static const struct {
		const char *type;
		SnReportKind kind;
	} types[] = {
		{ "displayed", SN_REPORT_DISPLAYED },
		{ "deleted", SN_REPORT_DELETED },
		{ "denied", SN_REPORT_DENIED },
	};
	const char *type = disposition ? strrchr(disposition, ';') : NULL;

	/* Without a mode it is no disposition, but old programs leave it out. */
	type = type ? type + 1 : disposition;
	while (type && *type == ' ')
		type++;
	for (gsize i = 0; type && i < G_N_ELEMENTS(types); i++) {
		gsize length = strlen(types[i].type);
		if (g_ascii_strncasecmp(type, types[i].type, length) == 0 &&
		    !g_ascii_isalpha(type[length]))
			return types[i].kind;
	}
	return SN_REPORT_NONE; /* dispatched, processed: nobody has seen it */
}

static void read_disposition(SnMail *mail, const char *text)
{
	g_autofree char *disposition = field(text, "Disposition");
	SnReportKind kind = kind_of_disposition(disposition);

	if (kind == SN_REPORT_NONE || mail->reports->len >= MAX_RECIPIENTS)
		return;
	SnMailReport *report = g_new0(SnMailReport, 1);
	report->kind = kind;
	report->recipient = typed_field(text, "Original-Recipient");
	if (!report->recipient)
		report->recipient = typed_field(text, "Final-Recipient");
	else
		report->final_recipient = typed_field(text, "Final-Recipient");
	report->message_id = id_field(text, "Original-Message-ID");
	g_ptr_array_add(mail->reports, report);
}

static char *clean_content(GMimePart *part)
{
	gsize length;
	g_autofree char *content = sn_mime_decode(part, &length);

	return sn_text_clean(content, (gssize)MIN(length, MAX_REPORT));
}

/* The Message-ID of the message reported on, from the copy of it or of its header. */
static char *returned_id(GMimeObject *object)
{
	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		const char *id = inner ? g_mime_message_get_message_id(inner) : NULL;
		return id ? sn_text_clean_line(id, -1) : NULL;
	}
	GMimeContentType *type = g_mime_object_get_content_type(object);
	if (!GMIME_IS_PART(object) ||
	    !(g_mime_content_type_is_type(type, "text", "rfc822-headers") ||
	      g_mime_content_type_is_type(type, "message", "*")))
		return NULL;
	g_autofree char *text = clean_content(GMIME_PART(object));
	return id_field(text, "Message-ID");
}

char *sn_mime_returned_id(GMimeObject *root)
{
	char *id = NULL;

	if (!GMIME_IS_MULTIPART(root))
		return NULL; /* the mail itself */
	int count = MIN(g_mime_multipart_get_count(GMIME_MULTIPART(root)), 10);
	for (int i = 0; !id && i < count; i++) {
		GMimeObject *object = g_mime_multipart_get_part(GMIME_MULTIPART(root), i);
		/* One level down: what a list or a scanner has wrapped. */
		if (!GMIME_IS_MULTIPART(object)) {
			id = returned_id(object);
			continue;
		}
		int inner = MIN(g_mime_multipart_get_count(GMIME_MULTIPART(object)), 10);
		for (int j = 0; !id && j < inner; j++)
			id = returned_id(g_mime_multipart_get_part(GMIME_MULTIPART(object), j));
	}
	return id;
}

void sn_mime_read_report(SnMail *mail, GMimeMultipart *multipart)
{
	int count = MIN(g_mime_multipart_get_count(multipart), 10);
	g_autofree char *id = NULL;

	for (int i = 0; i < count; i++) {
		GMimeObject *object = g_mime_multipart_get_part(multipart, i);
		GMimeContentType *type = g_mime_object_get_content_type(object);
		gboolean delivery =
			g_mime_content_type_is_type(type, "message", "delivery-status") ||
			g_mime_content_type_is_type(type, "message", "global-delivery-status");
		gboolean disposition =
			g_mime_content_type_is_type(type, "message", "disposition-notification") ||
			g_mime_content_type_is_type(type, "message",
						    "global-disposition-notification");

		if (GMIME_IS_PART(object) && (delivery || disposition)) {
			g_autofree char *text = clean_content(GMIME_PART(object));
			if (delivery)
				read_delivery_status(mail, text);
			else
				read_disposition(mail, text);
		} else if (i > 0 && !id) {
			id = returned_id(object);
		}
	}
	for (guint i = 0; id && i < mail->reports->len; i++) {
		SnMailReport *report = mail->reports->pdata[i];
		if (!report->message_id)
			report->message_id = g_strdup(id);
	}
}
