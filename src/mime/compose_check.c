/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing that a caller gives may end a header line early. */
#include <string.h>

#include "src/mime/compose_private.h"

static gboolean fail(GError **error, const char *field, const char *why)
{
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "The message cannot be written: %s %s.",
		    field, why);
	return FALSE;
}

/* One line of UTF-8 without control characters; NULL is fine. */
static gboolean check_line(const char *field, const char *value, GError **error)
{
	if (!value)
		return TRUE;
	if (!g_utf8_validate(value, -1, NULL))
		return fail(error, field, "is not valid UTF-8");
	for (const char *at = value; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		if (c == '\n' || c == '\r')
			return fail(error, field, "contains a line break");
		if (g_unichar_iscntrl(c) && c != '\t')
			return fail(error, field, "contains a control character");
	}
	return TRUE;
}

/* RFC 5322 addr-spec, with UTF-8 (RFC 6532); blanks and specials only within quotes. */
static gboolean check_address(const char *field, const char *address, GError **error)
{
	if (!address || !*address)
		return fail(error, field, "is missing");
	if (!check_line(field, address, error))
		return FALSE;
	const char *at = strrchr(address, '@');
	if (!at || at == address || !at[1])
		return fail(error, field, "is not an email address");
	gboolean quoted = address[0] == '"' && at - address > 1 && at[-1] == '"';
	for (const char *c = address; *c; c++)
		if (strchr(" \t()<>[]:;,\\\"", *c) && !(quoted && c < at) &&
		    !(c > at && strchr("[]:", *c)))
			return fail(error, field, "is not an email address");
	return TRUE;
}

gboolean sn_mime_check_address(const char *field, const char *address, GError **error)
{
	return check_address(field, address, error);
}

/* Between angle brackets: no blanks, no brackets. */
static gboolean check_id(const char *field, const char *id, GError **error)
{
	if (!id)
		return TRUE;
	if (!*id)
		return fail(error, field, "is empty");
	if (!check_line(field, id, error))
		return FALSE;
	if (strpbrk(id, " \t<>") || strlen(id) > 900)
		return fail(error, field, "is not a message id");
	return TRUE;
}

static gboolean check_addresses(const SnMailCompose *compose, GError **error)
{
	static const char *const fields[] = { "From", "To", "Cc", "Bcc", "Reply-To" };

	for (guint i = 0; compose->addresses && i < compose->addresses->len; i++) {
		const SnMailAddress *address = compose->addresses->pdata[i];
		g_assert(address->role <= SN_MAIL_REPLY_TO);
		if (!check_address(fields[address->role], address->address, error) ||
		    !check_line(fields[address->role], address->name, error))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_mime_check_compose(const SnMailCompose *compose, GError **error)
{
	if (!compose->message_id)
		return fail(error, "Message-ID", "is missing");
	if (!check_address("From", compose->from_address, error) ||
	    !check_line("From", compose->from_name, error) || !check_addresses(compose, error) ||
	    !check_line("Subject", compose->subject, error) ||
	    !check_id("Message-ID", compose->message_id, error) ||
	    !check_id("In-Reply-To", compose->in_reply_to, error) ||
	    !check_line(SN_HEADER_JABBER_ID, compose->jabber_id, error) ||
	    !check_line("To", compose->to_group, error) ||
	    !check_line(SN_HEADER_CHAT, compose->chat, error) ||
	    !check_line("Auto-Submitted", compose->auto_submitted, error) ||
	    !check_id(SN_HEADER_ORIGIN_ID, compose->chat_origin_id, error) ||
	    !check_id(SN_HEADER_ANSWERED_ID, compose->chat_in_reply_to, error))
		return FALSE;
	for (guint i = 0; compose->references && i < compose->references->len; i++)
		if (!check_id("References", compose->references->pdata[i], error))
			return FALSE;
	for (guint i = 0; compose->files && i < compose->files->len; i++) {
		const SnMailFile *file = compose->files->pdata[i];
		if (!check_line("the name of a file", file->name, error))
			return FALSE;
	}
	return TRUE;
}
