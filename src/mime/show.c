/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message that is attached to another, to be read in place: and what is attached to that, too. */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

enum { MAX_NESTED = 5, MAX_SHOWN = 256 * 1024, MAX_ATTACHED = 50 };

static void add_addresses(GString *out, const SnMail *mail, SnMailRole role, const char *label)
{
	GString *list = g_string_new(NULL);

	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		if (address->role != role)
			continue;
		g_string_append(list, list->len ? ", " : "");
		if (address->name)
			g_string_append_printf(list, "%s <%s>", address->name, address->address);
		else
			g_string_append(list, address->address);
	}
	if (list->len)
		g_string_append_printf(out, "%-9s%s\n", label, list->str);
	g_string_free(list, TRUE);
}

static void add_date(GString *out, SnTime time)
{
	g_autoptr(GDateTime) date =
		time ? g_date_time_new_from_unix_local(time / SN_SECOND) : NULL;
	g_autofree char *text = date ? g_date_time_format(date, "%A %-d %B %Y, %H:%M") : NULL;

	if (text)
		g_string_append_printf(out, "%-9s%s\n", "Date:", text);
}

static void add_files(GString *out, const SnMail *mail)
{
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		g_autofree char *size = sn_text_size(part->size);
		if (part->is_attachment)
			g_string_append_printf(out, "%-9s%s  %s\n", "File:",
			                       part->name ? part->name : part->type, size);
	}
}

/* Each line with two blanks before it: where the inner message ends is plain to see. */
static void add_indented(GString *out, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		if (**line || line[1])
			g_string_append_printf(out, "%s%s\n", **line ? "  " : "", *line);
}

static char *show(GBytes *raw, int depth);

static void add_attached(GString *out, GBytes *raw, const SnMail *mail, int depth)
{
	int count = 0;

	for (guint i = 0; i < mail->parts->len && count < MAX_ATTACHED; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		if (strcmp(part->type, "message/rfc822") != 0 || out->len > MAX_SHOWN)
			continue;
		g_autoptr(GBytes) inner = sn_mail_part_bytes(raw, part->position, NULL);
		g_autofree char *text = inner ? show(inner, depth + 1) : NULL;
		count++;
		if (!text)
			continue;
		g_string_append_printf(out, "\nAttached message: %s\n\n", part->name);
		add_indented(out, text);
	}
}

static char *show(GBytes *raw, int depth)
{
	g_autoptr(SnMail) mail = depth < MAX_NESTED ? sn_mail_parse(raw, NULL, NULL) : NULL;
	GString *out;

	if (!mail)
		return NULL;
	out = g_string_new(NULL);
	add_addresses(out, mail, SN_MAIL_FROM, "From:");
	add_addresses(out, mail, SN_MAIL_TO, "To:");
	add_addresses(out, mail, SN_MAIL_CC, "Cc:");
	add_date(out, mail->date);
	if (mail->subject)
		g_string_append_printf(out, "%-9s%s\n", "Subject:", mail->subject);
	add_files(out, mail);
	if (mail->encrypted)
		g_string_append(out, "\nThis message is encrypted.\n");
	else
		g_string_append_printf(out, "\n%.*s\n", MAX_SHOWN, *mail->text ? mail->text : "(no text)");
	add_attached(out, raw, mail, depth);
	return g_string_free(out, FALSE);
}

char *sn_mime_show(GBytes *raw)
{
	g_autofree char *text = show(raw, 0);

	return text ? sn_text_clean(text, -1) : NULL;
}

char *sn_mail_attached_text(GBytes *raw)
{
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
	GString *out = g_string_new(NULL);

	if (mail)
		add_attached(out, raw, mail, 0);
	if (out->len == 0) {
		g_string_free(out, TRUE);
		return NULL;
	}
	g_autofree char *text = g_string_free(out, FALSE);
	/* A cut in the middle of a letter. */
	return sn_text_clean(g_strchug(text), -1);
}
