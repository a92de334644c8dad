/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bounce.c - emails that came back in a form of their own, not as a report (RFC 3464).
 *
 * Anybody can write such words, so only what a mail system sent is looked at: the null sender, or
 * where the last server recorded none, the address of a mailer daemon. Which message it speaks of
 * is taken from the copy of it that such an email returns; whether that is one of ours, and went to
 * that recipient, is for the engine to say.
 */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

#define MAX_TEXT (256 * 1024) /* that far the words are looked for */
#define MAX_BOUNCED 100
#define MAX_DIAGNOSTIC 600

/* ---- who sent it ---- */

static gboolean is_daemon_name(const char *address)
{
	static const char *const names[] = { "mailer-daemon", "postmaster",   "mail-daemon",
					     "mailerdaemon",  "daemon",       "postoffice",
					     "mailer daemon", "mdaemon",      "bounce-notification",
					     "mailsystem",    "double-bounce" };
	g_autofree char *local = g_ascii_strdown(address, (gssize)strcspn(address, "@"));

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_str_equal(local, names[i]))
			return TRUE;
	return g_str_has_prefix(local, "microsoftexchange");
}

char *sn_mime_return_path(GMimeMessage *message)
{
	const char *path = g_mime_object_get_header(GMIME_OBJECT(message), "Return-Path");

	if (!path)
		return NULL;
	g_autofree char *clean = sn_text_clean_line(path, -1);
	g_strstrip(clean);
	const char *open = strchr(clean, '<');
	const char *address = open ? open + 1 : clean;
	return g_strndup(address, strcspn(address, "> "));
}

gboolean sn_mime_from_daemon(const SnMail *mail, GMimeMessage *message)
{
	if (mail->return_path)
		return !*mail->return_path || is_daemon_name(mail->return_path);
	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		if (address->role == SN_MAIL_FROM)
			return is_daemon_name(address->address);
	}
	const char *from = g_mime_object_get_header(GMIME_OBJECT(message), "From");
	return from && strstr(from, "<>");
}

/* ---- the known shapes ---- */

/* One line is what is certain about each: the words all of its mails have, what they mean, and the
 * line behind which a copy of the message begins. */
static const struct {
	SnReportKind kind;
	const char *says; /* lower case */
	const char *copy; /* NULL: none, or as a part */
} shapes[] = {
	/* Those that only warn come first: their other words are the same. */
	{ SN_REPORT_DELAYED, "has not yet been delivered to", "this is a copy of" },
	{ SN_REPORT_DELAYED, "this is a warning message only", "original message" },
	{ SN_REPORT_DELAYED, "had transient non-fatal errors", "message follows" },
	{ SN_REPORT_DELAYED, "delivery to the following recipient has been delayed", "original message" },
	{ SN_REPORT_DELAYED, "could not be delivered for the past", "message follows" },
	/* qmail, and those that write its format (QSBMF) */
	{ SN_REPORT_FAILED, "this is the qmail-send program", "below this line is a copy" },
	{ SN_REPORT_FAILED, "i'm afraid i wasn't able to deliver your message",
	  "below this line is a copy" },
	{ SN_REPORT_FAILED, "unable to deliver your message to the following",
	  "below this line is a copy" },
	{ SN_REPORT_FAILED, "unable to deliver the following message", "original message" },
	/* Exim */
	{ SN_REPORT_FAILED, "the following address(es) failed", "this is a copy of" },
	{ SN_REPORT_FAILED, "could not be delivered to one or more of its recipients",
	  "this is a copy of" },
	{ SN_REPORT_FAILED, "could not be delivered to all of its recipients", "this is a copy of" },
	/* sendmail, and those that write like it */
	{ SN_REPORT_FAILED, "addresses had permanent", "message follows" },
	{ SN_REPORT_FAILED, "following addresses had delivery", "message follows" },
	{ SN_REPORT_FAILED, "----- transcript of session follows -----", "message follows" },
	/* Gmail and Google Groups */
	{ SN_REPORT_FAILED, "following recipient failed permanently", "original message" },
	{ SN_REPORT_FAILED, "following recipients failed permanently", "original message" },
	{ SN_REPORT_FAILED, "your message wasn't delivered to", NULL },
	{ SN_REPORT_FAILED, "we're writing to let you know that the group you tried to contact",
	  "original message" },
	/* Exchange before it wrote reports, Domino, Notes */
	{ SN_REPORT_FAILED, "did not reach the following recipient", NULL },
	{ SN_REPORT_FAILED, "delivery has failed to these recipients", "original message headers" },
	{ SN_REPORT_FAILED, "was not delivered to:", NULL },
	{ SN_REPORT_FAILED, "message returned below could not be delivered", "message follows" },
	{ SN_REPORT_FAILED, "error occurred while trying to deliver the mail to", NULL },
	{ SN_REPORT_FAILED, "that you attempted to send to the following address could not be delivered",
	  NULL },
	/* others that are met: Postfix in plain text, OpenSMTPD, DragonFly, GMX, Zoho, IMail, Yahoo */
	{ SN_REPORT_FAILED, "could not be delivered to one or more recipients", "undelivered message" },
	{ SN_REPORT_FAILED, "a message that you sent could not be delivered", "this is a copy" },
	{ SN_REPORT_FAILED, "below is a copy of the original message", "copy of the original message" },
	{ SN_REPORT_FAILED, "this is the dragonfly mail agent", "headers follow" },
	{ SN_REPORT_FAILED, "this message was created automatically by mail delivery software",
	  "header" },
	{ SN_REPORT_FAILED, "could not be delivered to the following recipient", "original message" },
	{ SN_REPORT_FAILED, "unable to deliver message to", "original message follows" },
	{ SN_REPORT_FAILED, "sorry, we were unable to deliver your message", "copy of the message" },
	{ SN_REPORT_FAILED, "delivery failed to the following recipient", "original message" },
};

/* Index of the shape whose words stand in it, blanks and line ends being one; -1. */
static int find_shape(const char *flat)
{
	for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++)
		if (strstr(flat, shapes[i].says))
			return (int)i;
	return -1;
}

/* Lower case, runs of white space as one blank. */
static char *flatten(const char *text)
{
	GString *flat = g_string_sized_new(strlen(text));

	for (const char *at = text; *at; at++) {
		gboolean blank = g_ascii_isspace(*at);
		if (!blank)
			g_string_append_c(flat, g_ascii_tolower(*at));
		else if (flat->len && flat->str[flat->len - 1] != ' ')
			g_string_append_c(flat, ' ');
	}
	return g_string_free(flat, FALSE);
}

/* ---- the copy ---- */

/* The line behind which the copy begins; NULL. */
static char **find_copy(char **lines, const char *marker)
{
	for (; marker && *lines; lines++) {
		g_autofree char *lower = g_ascii_strdown(*lines, -1);
		if (strstr(lower, marker))
			return lines;
	}
	return NULL;
}

/* Message-ID: as written in a text, perhaps quoted. The first one is the copy's own. */
static char *id_in_lines(char **lines)
{
	for (int i = 0; lines && *lines && i < 2000; lines++, i++) {
		const char *line = *lines + strspn(*lines, "> \t");
		if (g_ascii_strncasecmp(line, "Message-ID:", 11) != 0)
			continue;
		const char *value = line + 11;
		/* A long one stands on the next line. */
		if (!strchr(value, '<') && lines[1] && g_ascii_isspace(*lines[1]))
			value = lines[1];
		g_autofree char *id = g_mime_utils_decode_message_id(value);
		return id ? sn_text_clean_line(id, -1) : NULL;
	}
	return NULL;
}

/* ---- who did not get it ---- */

/* "<bob@example.test>:", "bob@example.test (no such user)": an address at the beginning. */
static char *address_at(const char *line)
{
	line += strspn(line, " \t*-:");
	gboolean open = *line == '<';
	line += open;
	gsize length = strcspn(line, open ? "> \t" : " \t:<>(),;[");
	const char *at = memchr(line, '@', length);

	if (!at || at == line || length > 320 || (open && line[length] != '>') ||
	    !memchr(at, '.', (gsize)(line + length - at)) || line[length - 1] == '.')
		return NULL;
	return g_strndup(line, length);
}

static gboolean is_known(const SnMail *mail, const char *address)
{
	for (guint i = 0; i < mail->reports->len; i++) {
		const SnMailReport *report = mail->reports->pdata[i];
		if (report->recipient && g_ascii_strcasecmp(report->recipient, address) == 0)
			return TRUE;
	}
	return FALSE;
}

static SnMailReport *add(SnMail *mail, SnReportKind kind, const char *recipient)
{
	if (mail->reports->len >= MAX_BOUNCED || (recipient && is_known(mail, recipient)))
		return NULL;
	SnMailReport *report = g_new0(SnMailReport, 1);
	report->kind = kind;
	report->recipient = recipient ? sn_text_clean_line(recipient, -1) : NULL;
	g_ptr_array_add(mail->reports, report);
	return report;
}

/* No heading ("Technical report:"), no line of dashes. */
static gboolean has_words(const char *line)
{
	gsize length = strlen(line);
	gboolean letters = FALSE, numbers = strpbrk(line, "0123456789") != NULL;

	for (const char *at = line; *at; at++)
		letters = letters || g_ascii_isalnum(*at) || (*at & 0x80);
	return letters && (numbers || line[length - 1] != ':') && line[0] != '-' && line[0] != '=';
}

static gboolean has_code(const char *line)
{
	g_autofree char *status = sn_mime_find_status(line);
	const char *digits = line + strspn(line, " \t<");

	return status || ((*digits == '5' || *digits == '4') && g_ascii_isdigit(digits[1]) &&
	                  g_ascii_isdigit(digits[2]) && strchr(" -", digits[3]));
}

/* The first paragraph about one recipient; where it has no code, also the first line that has. */
static char *diagnostic_of(char **lines, char **end, const char *rest_of_line)
{
	GString *text = g_string_new(rest_of_line + strspn(rest_of_line, " \t:>)([]-"));
	gboolean over = FALSE;

	for (; *lines && lines != end && text->len < MAX_DIAGNOSTIC; lines++) {
		g_autofree char *other = address_at(*lines);
		g_autofree char *line = g_strstrip(g_strdup(*lines));
		if (other)
			break;
		over = over || (!*line && text->len);
		if (over && has_code(text->str))
			break;
		if (has_words(line) && (!over || has_code(line)))
			g_string_append_printf(text, "%s%s", text->len ? " " : "", line);
	}
	if (text->len > MAX_DIAGNOSTIC)
		g_string_truncate(text, MAX_DIAGNOSTIC);
	g_autofree char *raw = g_string_free(text, FALSE);
	g_autofree char *valid = g_utf8_make_valid(raw, -1);
	char *clean = sn_text_clean_line(valid, -1);
	if (!*clean)
		g_clear_pointer(&clean, g_free);
	return clean;
}

static void add_listed(SnMail *mail, SnReportKind kind, char **lines, char **end)
{
	for (; *lines && lines != end; lines++) {
		g_autofree char *address = address_at(*lines);
		SnMailReport *report = address ? add(mail, kind, address) : NULL;
		if (!report)
			continue;
		const char *rest = strstr(*lines, address) + strlen(address);
		report->diagnostic = diagnostic_of(lines + 1, end, rest);
		report->status = sn_mime_find_status(report->diagnostic);
	}
}

/* Exim and Gmail name them in the header as well. */
static void add_from_header(SnMail *mail, SnReportKind kind, GMimeMessage *message)
{
	const char *value =
		g_mime_object_get_header(GMIME_OBJECT(message), "X-Failed-Recipients");
	g_auto(GStrv) names = g_strsplit(value ? value : "", ",", MAX_BOUNCED);

	for (char **name = names; *name; name++) {
		g_autofree char *address = address_at(*name);
		if (address)
			add(mail, kind, address);
	}
}

/* ---- all of it ---- */

void sn_mime_read_bounce(SnMail *mail, const SnMimeMessage *message, const char *returned_id)
{
	if (!mail->from_daemon || mail->reports->len || mail->list_id)
		return;
	g_autofree char *text = g_strndup(mail->text, MAX_TEXT);
	g_autofree char *flat = flatten(text);
	int shape = find_shape(flat);
	SnReportKind kind = shape < 0 ? SN_REPORT_FAILED : shapes[shape].kind;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	char **copy = shape < 0 ? NULL : find_copy(lines, shapes[shape].copy);
	/* A copy names its own recipients, which did not all fail. */
	if (shape >= 0)
		add_listed(mail, kind, lines, copy);
	/* Whatever the language of the text, this field has one meaning. */
	add_from_header(mail, kind, message->message);
	if (!mail->reports->len && shape >= 0)
		add(mail, kind, NULL);
	g_autofree char *quoted = returned_id ? NULL : id_in_lines(copy ? copy : lines);
	const char *id = returned_id ? returned_id : quoted ? quoted : mail->in_reply_to;
	for (guint i = 0; i < mail->reports->len; i++) {
		SnMailReport *report = mail->reports->pdata[i];
		report->message_id = g_strdup(id);
	}
}
