/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/names.h"

#include <string.h>

static gboolean has_control(const char *text)
{
	for (; *text; text = g_utf8_next_char(text))
		if (g_unichar_iscntrl(g_utf8_get_char(text)))
			return TRUE;
	return FALSE;
}

static char *replace(const char *text, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(text, from, -1);

	return g_strjoinv(to, parts);
}

/* Exchanges the delimiter for '/' or back, keeping what was the other one apart. */
static char *change_delimiter(const char *name, char from, char to)
{
	const char old[2] = { from, '\0' }, new[2] = { to, '\0' };

	if (from == to)
		return g_strdup(name);
	if (to == '/') {
		g_autofree char *kept = replace(name, "/", SN_NAME_OTHER_SLASH);
		return from ? replace(kept, old, new) : g_steal_pointer(&kept);
	}
	g_autofree char *changed = to ? replace(name, old, new) : g_strdup(name);
	return replace(changed, SN_NAME_OTHER_SLASH, "/");
}

static char *seen_name(const char *text, char delimiter)
{
	if (!text || !*text || has_control(text))
		return NULL;
	if (g_ascii_strcasecmp(text, "INBOX") == 0)
		return g_strdup("INBOX");
	return change_delimiter(text, delimiter, '/');
}

char *sn_name_from_wire(const char *wire, char delimiter)
{
	g_autofree char *text = g_convert(wire, -1, "UTF-8", "UTF-7-IMAP", NULL, NULL, NULL);

	if (!text) /* servers that speak UTF-8 unasked */
		return sn_name_from_utf8(wire, delimiter);
	return seen_name(text, delimiter);
}

char *sn_name_from_utf8(const char *wire, char delimiter)
{
	return g_utf8_validate(wire, -1, NULL) ? seen_name(wire, delimiter) : NULL;
}

char *sn_name_to_utf8(const char *name, char delimiter)
{
	if (!name || !*name || !g_utf8_validate(name, -1, NULL) || has_control(name))
		return NULL;
	return change_delimiter(name, '/', delimiter);
}

char *sn_name_to_wire(const char *name, char delimiter)
{
	g_autofree char *changed = sn_name_to_utf8(name, delimiter);

	return changed ? g_convert(changed, -1, "UTF-7-IMAP", "UTF-8", NULL, NULL, NULL) : NULL;
}

const char *sn_role_of_attribute(const char *attribute)
{
	static const char *const roles[][2] = {
		{ "Sent", "sent" }, { "Drafts", "drafts" },   { "Trash", "trash" },
		{ "Junk", "junk" }, { "Archive", "archive" }, { "Inbox", "inbox" },
		{ "Spam", "junk" }, { "AllMail", "archive" }, { "All", "archive" },
	};

	if (*attribute == '\\')
		attribute++;
	for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
		if (g_ascii_strcasecmp(attribute, roles[i][0]) == 0)
			return roles[i][1];
	return NULL;
}

const char *sn_role_of_name(const char *name)
{
	static const char *const roles[][2] = {
		{ "Sent", "sent" },
		{ "Sent Items", "sent" },
		{ "Sent Messages", "sent" },
		{ "Sent Mail", "sent" },
		{ "Drafts", "drafts" },
		{ "Draft", "drafts" },
		{ "Trash", "trash" },
		{ "Deleted Items", "trash" },
		{ "Deleted Messages", "trash" },
		{ "Junk", "junk" },
		{ "Junk E-mail", "junk" },
		{ "Spam", "junk" },
		{ "Archive", "archive" },
		{ "Archives", "archive" },
	};
	const char *last = strrchr(name, '/');

	if (g_ascii_strcasecmp(name, "INBOX") == 0)
		return "inbox";
	/* deeper ones are the user's own */
	if (last && g_ascii_strncasecmp(name, "INBOX/", 6) != 0)
		return NULL;
	if (last && last != name + 5)
		return NULL;
	last = last ? last + 1 : name;
	for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
		if (g_ascii_strcasecmp(last, roles[i][0]) == 0)
			return roles[i][1];
	return NULL;
}
