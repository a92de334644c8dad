/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_session.h"

#include <stdlib.h>
#include <string.h>

#include "backends/mail/imap_talk.h"
#include "backends/mail/names.h"

#define MAX_LINE (4 << 20) /* 100,000 numbers of a SEARCH answer are below 1.1 MB */
#define MAX_LITERAL ((guint64)256 << 20)
#define MAX_DEPTH 100
#define STREAM_BUFFER 32768
#define MAX_CAPABILITIES 500

/* ---- our stream as libetpan's ---- */

static ssize_t low_read(mailstream_low *low, void *buffer, size_t size)
{
	return sn_stream_read(low->data, buffer, size);
}

static ssize_t low_write(mailstream_low *low, const void *bytes, size_t length)
{
	return sn_stream_write(low->data, bytes, length) ? (ssize_t)length : -1;
}

static int low_close(mailstream_low *low)
{
	return 0; /* free() closes */
}

static int low_fd(mailstream_low *low)
{
	return sn_stream_fd(low->data);
}

static void low_free(mailstream_low *low)
{
	sn_stream_free(low->data);
	free(low->identifier);
	free(low);
}

static void low_cancel(mailstream_low *low)
{
}

static struct mailstream_cancel *low_get_cancel(mailstream_low *low)
{
	return NULL;
}

static carray *low_certificates(mailstream_low *low)
{
	return NULL;
}

static mailstream *wrap(SnStream *stream)
{
	/* never written to, but the type wants it so */
	static mailstream_low_driver driver = {
		.mailstream_read = low_read,
		.mailstream_write = low_write,
		.mailstream_close = low_close,
		.mailstream_get_fd = low_fd,
		.mailstream_free = low_free,
		.mailstream_cancel = low_cancel,
		.mailstream_get_cancel = low_get_cancel,
		.mailstream_get_certificate_chain = low_certificates,
	};
	mailstream_low *low = mailstream_low_new(stream, &driver);

	g_assert(low);
	mailstream *wrapped = mailstream_new(low, STREAM_BUFFER);
	g_assert(wrapped);
	return wrapped;
}

/* ---- errors ---- */

/* The response codes of RFC 5530 that change what the caller can do. */
SnErrorCode sn_imap_code_of(const char *code)
{
	static const struct {
		const char *word;
		SnErrorCode code;
	} table[] = {
		{ "UNAVAILABLE", SN_ERROR_TEMPORARY }, { "INUSE", SN_ERROR_TEMPORARY },
		{ "SERVERBUG", SN_ERROR_TEMPORARY },   { "NOPERM", SN_ERROR_PERMISSION },
		{ "OVERQUOTA", SN_ERROR_LIMIT },       { "TOOBIG", SN_ERROR_LIMIT },
		{ "LIMIT", SN_ERROR_LIMIT },           { "ALREADYEXISTS", SN_ERROR_EXISTS },
		{ "NONEXISTENT", SN_ERROR_NOT_FOUND }, { "TRYCREATE", SN_ERROR_NOT_FOUND },
		{ "CANNOT", SN_ERROR_INVALID },        { "AUTHENTICATIONFAILED", SN_ERROR_AUTH },
		{ "EXPIRED", SN_ERROR_AUTH },
	};

	for (gsize i = 0; code && i < G_N_ELEMENTS(table); i++)
		if (g_ascii_strcasecmp(code, table[i].word) == 0)
			return table[i].code;
	return SN_ERROR_REJECTED;
}

static gboolean is_broken(int result)
{
	switch (result) {
	case MAILIMAP_ERROR_BAD_STATE:
	case MAILIMAP_ERROR_STREAM:
	case MAILIMAP_ERROR_PARSE:
	case MAILIMAP_ERROR_CONNECTION_REFUSED:
	case MAILIMAP_ERROR_MEMORY:
	case MAILIMAP_ERROR_FATAL:
	case MAILIMAP_ERROR_PROTOCOL:
	case MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION:
	case MAILIMAP_ERROR_SSL:
	case MAILIMAP_ERROR_NEEDS_MORE_DATA: return TRUE;
	default: return FALSE;
	}
}

gboolean sn_imap_check(SnImapSession *session, int result, GError **error, const char *doing, ...)
{
	if (result == MAILIMAP_NO_ERROR && !sn_stream_error(session->stream))
		return TRUE;
	if (is_broken(result))
		sn_stream_fail(session->stream, SN_ERROR_NETWORK,
			       "%s sent something that is not IMAP; the connection was closed.",
			       session->link->spec.host);
	if (sn_stream_error(session->stream))
		return sn_stream_give_error(session->stream, error);
	va_list arguments;
	va_start(arguments, doing);
	g_autofree char *what = g_strdup_vprintf(doing, arguments);
	va_end(arguments);
	const struct mailimap_response_info *info = session->imap->imap_response_info;
	g_autofree char *quoted = sn_link_quote_reply(session->imap->imap_response);
	g_set_error(error, SN_ERROR, sn_imap_code_of(info ? info->rsp_atom : NULL), "%s: %s says \"%s\".",
		    what, session->link->spec.host, quoted);
	return FALSE;
}

gboolean sn_imap_session_is_dead(SnImapSession *session)
{
	return sn_stream_error(session->stream) != NULL;
}

/* ---- opening ---- */

static void ignore_progress(size_t current, size_t maximum, void *context)
{
}

/* ---- what the server can do ---- */

gboolean sn_imap_has(SnImapSession *session, const char *capability)
{
	return session->capabilities && g_hash_table_contains(session->capabilities, capability);
}

static void forget_capabilities(SnImapSession *session)
{
	g_clear_pointer(&session->capabilities, g_hash_table_unref);
}

static void note_capability(SnImapSession *session, const char *name)
{
	if (!session->capabilities)
		session->capabilities =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (g_hash_table_size(session->capabilities) < MAX_CAPABILITIES)
		g_hash_table_add(session->capabilities, g_ascii_strup(name, -1));
}

void sn_imap_note_capabilities(SnImapSession *session, const GPtrArray *words)
{
	forget_capabilities(session);
	session->capabilities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < words->len; i++) {
		const char *name = sn_word_text(sn_word_at(words, i));
		if (name)
			note_capability(session, name);
	}
}

/* Those of the greeting, which libetpan reads. */
static void note_greeting(SnImapSession *session)
{
	const struct mailimap_connection_info *info = session->imap->imap_connection_info;

	if (!info || !info->imap_capability)
		return;
	for (clistiter *i = clist_begin(info->imap_capability->cap_list); i; i = clist_next(i)) {
		const struct mailimap_capability *one = clist_content(i);
		g_autofree char *mechanism =
			one->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE
				? g_strconcat("AUTH=", one->cap_data.cap_auth_type, NULL)
				: NULL;
		note_capability(session, mechanism ? mechanism : one->cap_data.cap_name);
	}
}

static void hear_capabilities(const SnImapLine *line, gpointer data)
{
	if (strcmp(line->kind, "CAPABILITY") == 0)
		sn_imap_note_capabilities(data, line->words);
}

/* Unless they came by themselves. */
static gboolean ask_capabilities(SnImapSession *session, GError **error)
{
	if (!session->capabilities &&
	    !sn_imap_say(session, "CAPABILITY", hear_capabilities, session, error,
			 "The server does not say what it can do"))
		return FALSE;
	if (!session->capabilities)
		note_capability(session, "IMAP4REV1");
	return TRUE;
}

static gboolean starttls(SnImapSession *session, gboolean authenticated, GError **error)
{
	const SnLinkSpec *spec = &session->link->spec;

	/* A greeting that says "you are logged in" leaves no way to start TLS (RFC 3501 6.2.1). */
	if (authenticated || !sn_imap_has(session, "STARTTLS")) {
		g_set_error(error, SN_ERROR, SN_ERROR_TLS,
			    "%s does not offer STARTTLS, so no password was sent.", spec->host);
		return FALSE;
	}
	int result = mailimap_starttls(session->imap);
	/* whatever is there already was not protected: an injection (CVE-2020-15953) */
	if (!sn_stream_error(session->stream) && session->imap->imap_stream->read_buffer_len > 0) {
		sn_stream_fail(session->stream, SN_ERROR_TLS,
			       "%s sent data before encryption began; the connection was closed.",
			       spec->host);
		return sn_stream_give_error(session->stream, error);
	}
	if (result == MAILIMAP_ERROR_STARTTLS) {
		g_autofree char *reply = sn_link_quote_reply(session->imap->imap_response);
		g_set_error(error, SN_ERROR, SN_ERROR_TLS, "%s refused STARTTLS: \"%s\".",
			    spec->host, reply);
		return FALSE;
	}
	forget_capabilities(session); /* those were anybody's words */
	return sn_imap_check(session, result, error, "STARTTLS failed") &&
	       sn_link_secure(session->link, session->stream, error) &&
	       ask_capabilities(session, error);
}

static gboolean greet(SnImapSession *session, GError **error)
{
	SnGuard guard;

	sn_guard_init(&guard, MAX_LINE, MAX_LITERAL, MAX_DEPTH);
	sn_stream_set_guard(session->stream, &guard);
	sn_stream_set_timeout(session->stream, SN_PEER_TIMEOUT_MS);
	session->imap = mailimap_new(0, NULL);
	g_assert(session->imap);
	/* without a progress function the handler of fetched messages is never called */
	mailimap_set_progress_callback(session->imap, ignore_progress, ignore_progress, NULL);
	int result = mailimap_connect(session->imap, wrap(session->stream));
	gboolean authenticated = result == MAILIMAP_NO_ERROR_AUTHENTICATED;
	if (authenticated || result == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		result = MAILIMAP_NO_ERROR;
	if (!sn_imap_check(session, result, error, "The server refuses the connection"))
		return FALSE;
	note_greeting(session);
	if (!ask_capabilities(session, error))
		return FALSE;
	if (session->link->spec.tls == SN_LINK_STARTTLS && !starttls(session, authenticated, error))
		return FALSE;
	if (authenticated)
		return TRUE;
	/* more is offered to those who are logged in; some say so with their OK */
	g_autoptr(GHashTable) before = g_steal_pointer(&session->capabilities);
	session->capabilities = g_hash_table_ref(before);
	if (!sn_imap_login(session, error))
		return FALSE;
	if (session->capabilities == before)
		forget_capabilities(session);
	return TRUE;
}

/* ENABLE (RFC 5161) tells what it did; what it does not name stays off. */
static void hear_enabled(const SnImapLine *line, gpointer data)
{
	SnImapSession *session = data;

	if (strcmp(line->kind, "ENABLED") != 0)
		return;
	for (guint i = 0; i < line->words->len; i++) {
		const char *name = sn_word_text(sn_word_at(line->words, i));
		if (name && g_ascii_strcasecmp(name, "QRESYNC") == 0)
			session->qresync = TRUE;
		else if (name && g_ascii_strcasecmp(name, "UTF8=ACCEPT") == 0)
			session->utf8 = TRUE;
	}
}

/* On this machine it would only cost time. */
static gboolean is_worth_compressing(SnImapSession *session)
{
	return session->link->spec.compress || !sn_stream_is_loopback(session->stream);
}

static gboolean begin_compression(SnImapSession *session, GError **error)
{
	if (session->imap->imap_stream->read_buffer_len > 0)
		sn_stream_fail(session->stream, SN_ERROR_NETWORK,
			       "%s sent data before compression began; the connection was closed.",
			       session->link->spec.host);
	return sn_stream_start_deflate(session->stream, error);
}

/* With one round trip for all; that one of them is refused hurts nobody. */
static gboolean set_up(SnImapSession *session, gboolean list, GError **error)
{
	SnImapCommand commands[3 + SN_IMAP_LISTING_COMMANDS] = { 0 };
	SnImapCommand *compress = NULL, *listed = NULL;
	guint count = 0;
	gboolean deflate = sn_imap_has(session, "COMPRESS=DEFLATE") && is_worth_compressing(session);
	gboolean qresync = sn_imap_has(session, "QRESYNC");
	/* without it a server may change messages whose headers are UTF-8, or hide them */
	gboolean utf8 = sn_imap_has(session, "UTF8=ACCEPT");

	if (sn_imap_has(session, "ENABLE") && (qresync || utf8))
		commands[count++] = (SnImapCommand){
			.text = !utf8     ? "ENABLE QRESYNC"
				: qresync ? "ENABLE QRESYNC UTF8=ACCEPT"
					  : "ENABLE UTF8=ACCEPT",
			.hear = hear_enabled,
			.data = session,
		};
	/* some servers refuse to open a folder for clients that do not say their name */
	if (sn_imap_has(session, "ID"))
		commands[count++] = (SnImapCommand){ .text = "ID (\"name\" \"sennit\")" };
	if (list && (count > 0 || deflate)) {
		session->listing = sn_imap_listing_new(session);
		listed = &commands[count];
		count += sn_imap_listing_commands(session->listing, listed);
	}
	/* the last, as nothing may follow it before its answer (RFC 4978) */
	if (deflate) {
		compress = &commands[count++];
		compress->text = "COMPRESS DEFLATE";
	}
	if (count == 0)
		return TRUE;
	gboolean good = sn_imap_talk(session, commands, count, error);
	if (good && compress && !g_strcmp0(compress->kind, "OK"))
		good = begin_compression(session, error);
	if (listed && g_strcmp0(listed->kind, "OK") != 0)
		g_clear_pointer(&session->listing, sn_imap_listing_free);
	for (guint i = 0; i < count; i++)
		sn_imap_command_clear(&commands[i]);
	return good;
}

static gboolean learn(SnImapSession *session, gboolean list, GError **error)
{
	if (!ask_capabilities(session, error))
		return FALSE;
	session->condstore = sn_imap_has(session, "CONDSTORE") || sn_imap_has(session, "QRESYNC");
	session->uidplus = sn_imap_has(session, "UIDPLUS");
	session->move = sn_imap_has(session, "MOVE");
	session->idle = sn_imap_has(session, "IDLE");
	session->notify = sn_imap_has(session, "NOTIFY");
	session->special_use = sn_imap_has(session, "SPECIAL-USE");
	session->literal_plus = sn_imap_has(session, "LITERAL+");
	session->literal_minus = sn_imap_has(session, "LITERAL-") ||
				 sn_imap_has(session, "IMAP4REV2");
	session->esearch = sn_imap_has(session, "ESEARCH");
	session->list_status = sn_imap_has(session, "LIST-STATUS");
	session->labels = sn_imap_has(session, "X-GM-EXT-1");
	return set_up(session, list, error);
}

SnImapSession *sn_imap_session_open(const SnLink *link, int cancel_fd, gboolean list, GError **error)
{
	SnStream *stream = sn_link_open(link, cancel_fd, error);

	if (!stream)
		return NULL;
	SnImapSession *session = g_new0(SnImapSession, 1);
	session->link = link;
	session->stream = stream;
	if (greet(session, error) && learn(session, list, error))
		return session;
	sn_imap_session_free(session);
	return NULL;
}

void sn_imap_session_free(SnImapSession *session)
{
	if (!session)
		return;
	if (!sn_imap_session_is_dead(session) && session->imap->imap_stream)
		sn_stream_write(session->stream, "BYE LOGOUT\r\n", 12); /* BYE is the tag */
	/* with the stream closed mailimap_free() does not wait for a farewell */
	if (session->imap->imap_stream) {
		mailstream_close(session->imap->imap_stream);
		session->imap->imap_stream = NULL;
	}
	mailimap_free(session->imap);
	sn_imap_listing_free(session->listing);
	forget_capabilities(session);
	g_free(session->selected);
	g_free(session->mailbox_id);
	g_clear_pointer(&session->permanent, g_ptr_array_unref);
	g_clear_pointer(&session->keywords, g_ptr_array_unref);
	g_free(session);
}

/* ---- names ---- */

static void hear_delimiter(const SnImapLine *line, gpointer data)
{
	SnImapSession *session = data;
	const char *delimiter = sn_word_text(sn_word_at(line->words, 1));

	if (strcmp(line->kind, "LIST") == 0) {
		session->delimiter = delimiter ? *delimiter : '\0';
		session->delimiter_known = TRUE;
	}
}

char *sn_imap_wire_name(SnImapSession *session, const char *folder, GError **error)
{
	/* the delimiter is asked for only where it matters, and told by every LIST */
	gboolean plain = !folder || !(strchr(folder, '/') || strstr(folder, SN_NAME_OTHER_SLASH));

	if (!plain && !session->delimiter_known &&
	    !sn_imap_say(session, "LIST \"\" \"\"", hear_delimiter, session, error,
			 "The folders cannot be listed"))
		return NULL;
	char *wire = session->utf8 ? sn_name_to_utf8(folder, session->delimiter)
				   : sn_name_to_wire(folder, session->delimiter);
	if (!wire)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s cannot be the name of a folder.",
			    folder ? folder : "Nothing");
	return wire;
}

char *sn_imap_quoted_name(SnImapSession *session, const char *folder, GError **error)
{
	g_autofree char *wire = sn_imap_wire_name(session, folder, error);

	return wire ? sn_imap_quote(wire) : NULL;
}

char *sn_imap_seen_name(SnImapSession *session, const char *wire)
{
	return session->utf8 ? sn_name_from_utf8(wire, session->delimiter)
			     : sn_name_from_wire(wire, session->delimiter);
}
