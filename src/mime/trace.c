/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the own mail server found of a sender (RFC 8601). Anybody can write such a field into an email. The
 * server takes out those that bear its name, if it adds any itself; what counts here are those that stand
 * where it adds them: above the Received line of the server that sent the email to it. A server that adds
 * none, and takes none out, leaves room for a forged one directly below its own Received line; nothing in the
 * email tells that from Gmail's, and so `sennit doctor` looks how many emails have such a field at all.
 */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

/* Past blanks and (nested) comments of RFC 5322. */
static const char *skip_comments(const char *text)
{
	int depth = 0;

	for (; *text; text++) {
		if (*text == '(')
			depth++;
		else if (*text == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !g_ascii_isspace(*text))
			break;
		else if (*text == '\\' && text[1])
			text++;
	}
	return text;
}

/* What stands behind the authserv-id if it is the one we believe; else NULL. */
static const char *results_of(const char *value, const char *authserv_id)
{
	const char *text = skip_comments(value);
	gboolean quoted = *text == '"';
	gsize length = strlen(authserv_id);

	text += quoted;
	if (g_ascii_strncasecmp(text, authserv_id, length) != 0)
		return NULL;
	text += length;
	if (quoted && *text++ != '"')
		return NULL;
	if (*text && !strchr("; \t\r\n(", *text))
		return NULL;
	text = skip_comments(text);
	while (g_ascii_isdigit(*text)) /* version */
		text++;
	text = skip_comments(text);
	return *text == ';' ? text + 1 : *text ? NULL : text;
}

/* ---- whose Received line it is ---- */

/* The word behind "from" or "by" of a Received field, comments left out; NULL. */
static char *host_of(const char *value, const char *which)
{
	gsize length = strlen(which);

	for (const char *at = skip_comments(value); *at && *at != ';';) {
		gsize word = strcspn(at, " \t\r\n(;");
		gboolean found = word == length && g_ascii_strncasecmp(at, which, word) == 0;
		at = skip_comments(at + word);
		if (found)
			return *at ? g_strndup(at, strcspn(at, " \t\r\n(;")) : NULL;
		if (word == 0 && *at && *at != ';')
			at++;
	}
	return NULL;
}

/* "mx1.example.org" and "mail.example.org" are of one house; so are the names of the configuration. */
static gboolean is_below(const char *host, const char *domain)
{
	gsize length = strlen(domain), all = strlen(host);

	return length > 0 && all >= length && g_ascii_strcasecmp(host + all - length, domain) == 0 &&
	       (all == length || host[all - length - 1] == '.');
}

static gboolean is_ours(const char *host, const SnMailOptions *options)
{
	const char *dot = strchr(options->authserv_id, '.');
	/* the name without its first label, if that is more than "org" */
	const char *house = dot && strchr(dot + 1, '.') ? dot + 1 : options->authserv_id;

	if (is_below(host, house))
		return TRUE;
	for (const char *const *own = options->own_servers; own && *own; own++)
		if (is_below(host, *own))
			return TRUE;
	return FALSE;
}

typedef enum { HOP_INSIDE, HOP_BORDER, HOP_FOREIGN } Hop;

static Hop hop_of(const char *value, const SnMailOptions *options)
{
	g_autofree char *from = host_of(value, "from"), *by = host_of(value, "by");

	if (!from) /* from one program of a server to the next */
		return HOP_INSIDE;
	if (!by || !is_ours(by, options))
		return HOP_FOREIGN;
	return is_ours(from, options) ? HOP_INSIDE : HOP_BORDER;
}

char *sn_mime_authentication(GMimeHeaderList *headers, const SnMailOptions *options)
{
	g_autoptr(GString) found = g_string_new(NULL);
	gboolean beyond = FALSE; /* the next Received line is of somebody else */

	g_assert(options->authserv_id);
	for (int i = 0; i < g_mime_header_list_get_count(headers); i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		const char *name = g_mime_header_get_name(header), *value = g_mime_header_get_value(header);
		if (g_ascii_strcasecmp(name, "Received") == 0) {
			Hop hop = hop_of(value ? value : "", options);
			if (beyond || found->len || hop == HOP_FOREIGN)
				break;
			beyond = hop == HOP_BORDER;
		}
		if (g_ascii_strcasecmp(name, "Authentication-Results") != 0 || !value)
			continue;
		const char *results = results_of(value, options->authserv_id);
		g_autofree char *clean = results ? sn_text_clean_line(results, -1) : NULL;
		if (clean && *g_strstrip(clean))
			g_string_append_printf(found, "%s%s", found->len ? "; " : "", clean);
	}
	return found->len ? g_strdup(found->str) : NULL;
}
