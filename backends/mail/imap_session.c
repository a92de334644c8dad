/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_session.h"

#include <stdlib.h>
#include <string.h>

#include "backends/mail/names.h"

#define MAX_LINE (4 << 20) /* 100,000 numbers of a SEARCH answer are below 1.1 MB */
#define MAX_LITERAL ((guint64)256 << 20)
#define MAX_DEPTH 100
#define STREAM_BUFFER 32768

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
static SnErrorCode code_of(const char *word)
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

	for (gsize i = 0; word && i < G_N_ELEMENTS(table); i++)
		if (g_ascii_strcasecmp(word, table[i].word) == 0)
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
	g_set_error(error, SN_ERROR, code_of(info ? info->rsp_atom : NULL), "%s: %s says \"%s\".",
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

static gboolean ask_capabilities(SnImapSession *session, GError **error)
{
	struct mailimap_capability_data *data = NULL;
	int result = mailimap_capability(session->imap, &data);

	if (data)
		mailimap_capability_data_free(data); /* the session keeps its own copy */
	return sn_imap_check(session, result, error, "The server does not say what it can do");
}

static gboolean starttls(SnImapSession *session, gboolean authenticated, GError **error)
{
	const SnLinkSpec *spec = &session->link->spec;

	/* A greeting that says "you are logged in" leaves no way to start TLS (RFC 3501 6.2.1). */
	if (authenticated || !mailimap_has_extension(session->imap, "STARTTLS")) {
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
	if (!sn_imap_check(session, result, error, "The server refuses the connection") ||
	    !ask_capabilities(session, error))
		return FALSE;
	if (session->link->spec.tls == SN_LINK_STARTTLS && !starttls(session, authenticated, error))
		return FALSE;
	return authenticated || sn_imap_login(session, error);
}

static gboolean enable_qresync(SnImapSession *session, GError **error)
{
	struct mailimap_capability_data *wanted, *given = NULL;
	clist *list = clist_new();

	g_assert(list);
	clist_append(list,
		     mailimap_capability_new(MAILIMAP_CAPABILITY_NAME, NULL, strdup("QRESYNC")));
	wanted = mailimap_capability_data_new(list);
	int result = mailimap_enable(session->imap, wanted, &given);
	mailimap_capability_data_free(wanted);
	if (given)
		mailimap_capability_data_free(given);
	return sn_imap_check(session, result, error, "QRESYNC was refused");
}

static gboolean learn(SnImapSession *session, GError **error)
{
	mailimap *imap = session->imap;
	clist *list = NULL;

	if (!ask_capabilities(session, error))
		return FALSE;
	session->condstore = mailimap_has_extension(imap, "CONDSTORE") ||
			     mailimap_has_extension(imap, "QRESYNC");
	session->qresync =
		mailimap_has_extension(imap, "QRESYNC") && mailimap_has_extension(imap, "ENABLE");
	session->uidplus = mailimap_has_extension(imap, "UIDPLUS");
	session->move = mailimap_has_extension(imap, "MOVE");
	session->idle = mailimap_has_extension(imap, "IDLE");
	session->notify = mailimap_has_extension(imap, "NOTIFY");
	session->special_use = mailimap_has_extension(imap, "SPECIAL-USE");
	if (session->qresync && !enable_qresync(session, error)) {
		if (sn_imap_session_is_dead(session))
			return FALSE;
		g_clear_error(error);
		session->qresync = FALSE;
	}
	int result = mailimap_list(imap, "", "", &list);
	if (result == MAILIMAP_NO_ERROR && list && clist_begin(list)) {
		struct mailimap_mailbox_list *root = clist_content(clist_begin(list));
		session->delimiter = root->mb_delimiter;
	}
	if (list)
		mailimap_list_result_free(list);
	return sn_imap_check(session, result, error, "The folders cannot be listed");
}

SnImapSession *sn_imap_session_open(const SnLink *link, int cancel_fd, GError **error)
{
	SnStream *stream = sn_link_open(link, cancel_fd, error);

	if (!stream)
		return NULL;
	SnImapSession *session = g_new0(SnImapSession, 1);
	session->link = link;
	session->stream = stream;
	if (greet(session, error) && learn(session, error))
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
	g_free(session->selected);
	g_free(session);
}

char *sn_imap_wire_name(SnImapSession *session, const char *folder, GError **error)
{
	char *wire = sn_name_to_wire(folder, session->delimiter);

	if (!wire)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s cannot be the name of a folder.",
			    folder ? folder : "Nothing");
	return wire;
}

/* Many servers refuse to open a folder without saying why (RFC 5530 NONEXISTENT). */
static gboolean folder_is_missing(SnImapSession *session, const char *wire)
{
	clist *list = NULL;
	int result = mailimap_list(session->imap, "", wire, &list);
	gboolean missing = result == MAILIMAP_NO_ERROR && (!list || clist_isempty(list));

	if (list)
		mailimap_list_result_free(list);
	return missing && sn_imap_check(session, result, NULL, "LIST");
}

gboolean sn_imap_select(SnImapSession *session, const char *folder, gboolean again, GError **error)
{
	uint64_t modseq = 0;

	if (!again && g_strcmp0(session->selected, folder) == 0)
		return TRUE;
	g_autofree char *wire = sn_imap_wire_name(session, folder, error);
	if (!wire)
		return FALSE;
	g_clear_pointer(&session->selected, g_free);
	int result = session->condstore ? mailimap_select_condstore(session->imap, wire, &modseq)
					: mailimap_select(session->imap, wire);
	g_autoptr(GError) refusal = NULL;
	if (!sn_imap_check(session, result, &refusal, "The folder %s cannot be opened", folder)) {
		if (!sn_imap_session_is_dead(session) && folder_is_missing(session, wire))
			refusal->code = SN_ERROR_NOT_FOUND;
		g_propagate_error(error, g_steal_pointer(&refusal));
		return FALSE;
	}
	const struct mailimap_selection_info *info = session->imap->imap_selection_info;
	g_assert(info);
	session->uidvalidity = info->sel_uidvalidity;
	session->uidnext = info->sel_uidnext;
	session->exists = info->sel_exists;
	session->highestmodseq = modseq;
	session->selected = g_strdup(folder);
	return TRUE;
}
