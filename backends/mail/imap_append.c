/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap_append.c - stores a message, in one round trip where the server lets us (RFC 7888). */
#include <string.h>
#include <time.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"

/* " \"14-Nov-2023 22:13:20 +0000\"", or nothing. */
static void add_date(GString *command, SnTime time_ms)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(time_ms / SN_SECOND);
	struct tm tm;

	if (time_ms > 0 && gmtime_r(&seconds, &tm))
		g_string_append_printf(command, " \"%02d-%s-%04d %02d:%02d:%02d +0000\"", tm.tm_mday,
				       months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
				       tm.tm_sec);
}

char *sn_imap_flag_words(guint flags)
{
	static const struct {
		guint bit;
		const char *name;
	} table[] = {
		{ SN_MAIL_SEEN, "\\Seen" },       { SN_MAIL_ANSWERED, "\\Answered" },
		{ SN_MAIL_FLAGGED, "\\Flagged" }, { SN_MAIL_DELETED, "\\Deleted" },
		{ SN_MAIL_DRAFT, "\\Draft" },     { SN_MAIL_FORWARDED, "$Forwarded" },
		{ SN_MAIL_MDN_SENT, "$MDNSent" },
	};
	g_autoptr(GString) words = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (flags & table[i].bit)
			g_string_append_printf(words, "%s%s", words->len ? " " : "", table[i].name);
	return g_string_free(g_steal_pointer(&words), FALSE);
}

/* Lines end in CR LF, as RFC 5322 wants them; a reference when they do already. */
static GBytes *with_line_ends(GBytes *raw)
{
	gsize length, bare = 0;
	const char *bytes = g_bytes_get_data(raw, &length);

	for (gsize i = 0; i < length; i++)
		bare += (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')) ||
			(bytes[i] == '\r' && (i + 1 == length || bytes[i + 1] != '\n'));
	if (bare == 0)
		return g_bytes_ref(raw);
	GByteArray *fixed = g_byte_array_sized_new((guint)(length + bare));
	for (gsize i = 0; i < length; i++) {
		gboolean pair = bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n';
		if (bytes[i] != '\r' && bytes[i] != '\n') {
			g_byte_array_append(fixed, (const guint8 *)&bytes[i], 1);
			continue;
		}
		g_byte_array_append(fixed, (const guint8 *)"\r\n", 2);
		i += pair;
	}
	g_assert(fixed->len == length + bare);
	return g_byte_array_free_to_bytes(fixed);
}

/* Its header needs more than ASCII: a server that was told UTF8=ACCEPT wants that said. */
static gboolean has_utf8_header(GBytes *raw)
{
	gsize length;
	const char *bytes = g_bytes_get_data(raw, &length);
	const char *end = g_strstr_len(bytes, (gssize)length, "\r\n\r\n");

	for (const char *c = bytes; c < (end ? end : bytes + length); c++)
		if (*c & 0x80)
			return TRUE;
	return FALSE;
}

static gboolean append_once(SnImap *imap, SnMailRequest *request, GBytes *raw, SnMailEvent *done,
			    GError **error)
{
	SnImapSession *session = imap->session;
	g_autofree char *quoted = sn_imap_quoted_name(session, request->folder, error);

	if (!quoted)
		return FALSE;
	g_autoptr(GString) text = g_string_new("APPEND ");
	g_string_append(text, quoted);
	g_autofree char *flags = sn_imap_flag_words(request->flags);
	if (*flags)
		g_string_append_printf(text, " (%s)", flags);
	add_date(text, request->time);
	g_string_append_c(text, ' ');
	SnImapCommand command = { .text = text->str,
				  .literal = raw,
				  .utf8 = session->utf8 && has_utf8_header(raw) };
	gboolean good = sn_imap_talk(session, &command, 1, error);
	if (!good)
		sn_imap_make_uncertain(error, "the message was stored");
	good = good && sn_imap_agreed(session, &command, error,
				      "The message could not be stored in %s", request->folder);
	if (good && !g_strcmp0(command.code, "APPENDUID")) {
		done->uidvalidity = (guint32)sn_word_number(sn_word_at(command.words, 0));
		done->uid = (guint32)sn_word_number(sn_word_at(command.words, 1));
	}
	sn_imap_command_clear(&command);
	return good;
}

gboolean sn_imap_serve_append(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			      GError **error)
{
	g_autoptr(GError) first = NULL;

	if (!request->raw || g_bytes_get_size(request->raw) == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
			    "An empty message cannot be stored.");
		return FALSE;
	}
	g_autoptr(GBytes) raw = with_line_ends(request->raw);
	if (append_once(imap, request, raw, done, &first))
		return TRUE;
	/* TRYCREATE: there is no such folder yet */
	if (sn_imap_session_is_dead(imap->session) ||
	    !g_error_matches(first, SN_ERROR, SN_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&first));
		return FALSE;
	}
	return sn_imap_need_folder(imap->session, request->folder, error) &&
	       append_once(imap, request, raw, done, error);
}
