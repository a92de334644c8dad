/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/smtp_session.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backends/mail/auth.h"
#include "src/base/fault.h"

#define MAX_LINE 4096 /* RFC 5321 says 512; some servers talk more */
#define MAX_LINES 200 /* of one reply */
#define MAX_ADDRESS 320
#define DATA_TIMEOUT_MS (10 * 60 * 1000) /* RFC 5321 section 4.5.3.2.6: after the final dot */
#define CHUNK 65536

struct sn_smtp {
	const SnLink *link; /* borrowed */
	SnStream *stream;
	char buffer[8192];
	gsize start, end; /* what is unread in buffer */
	int code;
	GString *text; /* the last reply's lines without codes, joined by one space */
	/* what EHLO offered */
	gboolean starttls, size, dsn, eightbit, utf8, pipelining;
	gint64 max_size;   /* 0: not told */
	char **mechanisms; /* NULL: no AUTH */
};

/* ---- lines and replies ---- */

/* Without CRLF into line; FALSE: the stream is dead. */
static gboolean read_line(SnSmtp *smtp, GString *line)
{
	g_string_truncate(line, 0);
	for (;;) {
		if (smtp->start == smtp->end) {
			gssize got =
				sn_stream_read(smtp->stream, smtp->buffer, sizeof smtp->buffer);
			if (got <= 0)
				return FALSE;
			smtp->start = 0;
			smtp->end = (gsize)got;
		}
		char c = smtp->buffer[smtp->start++];
		if (c == '\n')
			break;
		if (line->len >= MAX_LINE) {
			sn_stream_fail(smtp->stream, SN_ERROR_NETWORK,
				       "%s sent a line without end; the connection was closed.",
				       smtp->link->spec.host);
			return FALSE;
		}
		g_string_append_c(line, c);
	}
	if (line->len > 0 && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	return TRUE;
}

typedef void (*OnLine)(SnSmtp *smtp, const char *text);

/* Reads one reply of any number of lines; FALSE: the stream is dead. */
static gboolean read_reply(SnSmtp *smtp, OnLine on_line)
{
	g_autoptr(GString) line = g_string_new(NULL);

	g_string_truncate(smtp->text, 0);
	for (guint lines = 0; lines < MAX_LINES; lines++) {
		if (!read_line(smtp, line))
			return FALSE;
		const char *s = line->str;
		if (!g_ascii_isdigit(s[0]) || !g_ascii_isdigit(s[1]) || !g_ascii_isdigit(s[2]) ||
		    (s[3] != ' ' && s[3] != '-' && s[3] != '\0'))
			break;
		smtp->code = atoi(s);
		const char *text = s[3] ? s + 4 : "";
		if (smtp->text->len < MAX_LINE)
			g_string_append_printf(smtp->text, "%s%s", smtp->text->len ? " " : "",
					       text);
		if (on_line)
			on_line(smtp, text);
		if (s[3] != '-')
			return TRUE;
	}
	sn_stream_fail(smtp->stream, SN_ERROR_NETWORK,
		       "%s sent something that is not SMTP; the connection was closed.",
		       smtp->link->spec.host);
	return FALSE;
}

static gboolean write_text(SnSmtp *smtp, const char *text)
{
	return sn_stream_write(smtp->stream, text, strlen(text));
}

/* Sends a line (CRLF is added) and reads the reply. */
static gboolean command(SnSmtp *smtp, OnLine on_line, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean command(SnSmtp *smtp, OnLine on_line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *line = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_assert(!strpbrk(line, "\r\n"));
	g_autofree char *full = g_strconcat(line, "\r\n", NULL);
	return write_text(smtp, full) && read_reply(smtp, on_line);
}

static SnErrorCode code_class(int code)
{
	switch (code) {
	case 530:
	case 534:
	case 535:
	case 538: return SN_ERROR_AUTH;
	case 552: return SN_ERROR_LIMIT;
	default: return code / 100 == 4 ? SN_ERROR_TEMPORARY : SN_ERROR_REJECTED;
	}
}

/* The server's words with their code: "550 5.1.1 No such user". */
static char *full_reply(SnSmtp *smtp)
{
	g_autofree char *quoted = sn_link_quote_reply(smtp->text->str);

	return g_strdup_printf("%d %s", smtp->code, quoted);
}

static gboolean refuse(SnSmtp *smtp, GError **error, const char *what)
{
	if (sn_stream_error(smtp->stream))
		return sn_stream_give_error(smtp->stream, error);
	g_autofree char *reply = full_reply(smtp);
	g_set_error(error, SN_ERROR, code_class(smtp->code), "%s: %s says \"%s\".", what,
		    smtp->link->spec.host, reply);
	return FALSE;
}

/* ---- opening ---- */

static void note_extension(SnSmtp *smtp, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 40);
	const char *name = words[0] ? words[0] : "";

	smtp->starttls |= g_ascii_strcasecmp(name, "STARTTLS") == 0;
	smtp->dsn |= g_ascii_strcasecmp(name, "DSN") == 0;
	smtp->eightbit |= g_ascii_strcasecmp(name, "8BITMIME") == 0;
	smtp->utf8 |= g_ascii_strcasecmp(name, "SMTPUTF8") == 0;
	smtp->pipelining |= g_ascii_strcasecmp(name, "PIPELINING") == 0;
	if (g_ascii_strcasecmp(name, "SIZE") == 0) {
		smtp->size = TRUE;
		smtp->max_size = words[1] ? g_ascii_strtoll(words[1], NULL, 10) : 0;
	} else if (g_ascii_strcasecmp(name, "AUTH") == 0 && !smtp->mechanisms) {
		g_autofree char *upper = g_ascii_strup(strlen(text) > 5 ? text + 5 : "", -1);
		smtp->mechanisms = g_strsplit(upper, " ", 40);
	}
}

/* RFC 5321 section 4.1.3 lets a client without a name give its address, and no more is told. */
static char *own_name(SnSmtp *smtp)
{
	struct sockaddr_storage own = { 0 };
	socklen_t length = sizeof own;
	char text[INET6_ADDRSTRLEN];

	if (sn_stream_is_loopback(smtp->stream) ||
	    getsockname(sn_stream_fd(smtp->stream), (struct sockaddr *)&own, &length) < 0)
		return g_strdup("localhost");
	if (own.ss_family == AF_INET &&
	    inet_ntop(AF_INET, &((struct sockaddr_in *)&own)->sin_addr, text, sizeof text))
		return g_strdup_printf("[%s]", text);
	if (own.ss_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&own)->sin6_addr, text, sizeof text))
		return g_strdup_printf("[IPv6:%s]", text);
	return g_strdup("localhost");
}

static gboolean greet(SnSmtp *smtp, GError **error)
{
	g_autofree char *name = own_name(smtp);

	smtp->starttls = smtp->size = smtp->dsn = smtp->eightbit = FALSE;
	smtp->utf8 = smtp->pipelining = FALSE;
	smtp->max_size = 0;
	g_clear_pointer(&smtp->mechanisms, g_strfreev);
	if (!command(smtp, note_extension, "EHLO %s", name) || smtp->code != 250)
		return refuse(smtp, error, "The greeting was refused");
	return TRUE;
}

static gboolean secure(SnSmtp *smtp, GError **error)
{
	const SnLinkSpec *spec = &smtp->link->spec;

	if (!smtp->starttls) {
		g_set_error(error, SN_ERROR, SN_ERROR_TLS,
			    "%s does not offer STARTTLS, so nothing was sent.", spec->host);
		return FALSE;
	}
	if (!command(smtp, NULL, "STARTTLS"))
		return sn_stream_give_error(smtp->stream, error);
	if (smtp->code != 220) {
		g_autofree char *reply = full_reply(smtp);
		g_set_error(error, SN_ERROR, SN_ERROR_TLS, "%s refused STARTTLS: \"%s\".",
			    spec->host, reply);
		return FALSE;
	}
	/* not protected, whoever sent it: an injection (CVE-2011-0411) */
	if (smtp->start != smtp->end) {
		sn_stream_fail(smtp->stream, SN_ERROR_TLS,
			       "%s sent data before encryption began; the connection was closed.",
			       spec->host);
		return sn_stream_give_error(smtp->stream, error);
	}
	return sn_link_secure(smtp->link, smtp->stream, error) && greet(smtp, error);
}

/* ---- login ---- */

static gboolean login_refused(SnSmtp *smtp, GError **error)
{
	g_autofree char *reply = full_reply(smtp);

	g_set_error(error, SN_ERROR, smtp->code / 100 == 4 ? SN_ERROR_TEMPORARY : SN_ERROR_AUTH,
		    "%s refused the login of %s: \"%s\".", smtp->link->spec.host,
		    smtp->link->spec.user, reply);
	return FALSE;
}

static gboolean send_answer(SnSmtp *smtp, SnAuth *auth, const char *challenge, gboolean initial)
{
	char *answer = sn_auth_step(auth, challenge);
	/* RFC 4954: an empty initial response is written "=" */
	const char *text = !answer ? "*" : initial && !*answer ? "=" : answer;
	gboolean sent = write_text(smtp, text) && write_text(smtp, "\r\n");

	sn_auth_free_answer(answer);
	return sent && read_reply(smtp, NULL);
}

static gboolean authenticate(SnSmtp *smtp, SnAuth *auth, GError **error)
{
	const char *mechanism = sn_auth_mechanism(auth);
	gboolean alive;

	if (sn_auth_has_initial(auth))
		alive = write_text(smtp, "AUTH ") && write_text(smtp, mechanism) &&
			write_text(smtp, " ") && send_answer(smtp, auth, NULL, TRUE);
	else
		alive = command(smtp, NULL, "AUTH %s", mechanism);
	for (guint turns = 0; alive && smtp->code == 334 && turns < 20; turns++) {
		g_autofree char *challenge = g_strdup(smtp->text->str);
		alive = send_answer(smtp, auth, challenge, FALSE);
	}
	if (!alive)
		return sn_stream_give_error(smtp->stream, error);
	if (smtp->code != 235)
		return login_refused(smtp, error);
	if (sn_auth_confirm(auth))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		    "%s could not prove that it knows the password of %s.", smtp->link->spec.host,
		    smtp->link->spec.user);
	return FALSE;
}

static gboolean try_secret(SnSmtp *smtp, const char *secret, GError **error)
{
	const SnLinkSpec *spec = &smtp->link->spec;
	static const char *const nothing[] = { NULL };
	const char *const *offered =
		smtp->mechanisms ? (const char *const *)smtp->mechanisms : nothing;
	SnAuth *auth =
		sn_auth_new(offered, spec->host, spec->port, spec->user, secret, spec->oauth2);

	if (!auth) {
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
			    "%s offers no way to log in that this account can use.", spec->host);
		return FALSE;
	}
	gboolean done = authenticate(smtp, auth, error);
	sn_auth_free(auth);
	return done;
}

static gboolean login(SnSmtp *smtp, GError **error)
{
	char *secret = sn_link_get_secret(smtp->link, error);
	g_autoptr(GError) failed = NULL;

	if (!secret)
		return FALSE;
	gboolean done = try_secret(smtp, secret, &failed);
	gboolean again = !done && sn_link_try_another(smtp->link, secret, failed);
	sn_link_free_secret(smtp->link, secret);
	if (!again) {
		if (!done)
			g_propagate_error(error, g_steal_pointer(&failed));
		return done;
	}
	secret = sn_link_get_secret(smtp->link, error);
	done = secret && try_secret(smtp, secret, error);
	sn_link_free_secret(smtp->link, secret);
	return done;
}

SnSmtp *sn_smtp_open(const SnLink *link, int cancel_fd, GError **error)
{
	SnStream *stream = sn_link_open(link, cancel_fd, error);

	if (!stream)
		return NULL;
	SnSmtp *smtp = g_new0(SnSmtp, 1);
	smtp->link = link;
	smtp->stream = stream;
	smtp->text = g_string_new(NULL);
	sn_stream_set_timeout(stream, SN_PEER_TIMEOUT_MS);
	gboolean good = read_reply(smtp, NULL) && smtp->code == 220;
	if (!good)
		refuse(smtp, error, "The connection was refused");
	good = good && greet(smtp, error);
	if (good && link->spec.tls == SN_LINK_STARTTLS)
		good = secure(smtp, error);
	if (good && login(smtp, error))
		return smtp;
	sn_smtp_free(smtp);
	return NULL;
}

void sn_smtp_free(SnSmtp *smtp)
{
	if (!smtp)
		return;
	if (!sn_smtp_is_dead(smtp))
		write_text(smtp, "QUIT\r\n");
	sn_stream_free(smtp->stream);
	g_string_free(smtp->text, TRUE);
	g_strfreev(smtp->mechanisms);
	g_free(smtp);
}

gboolean sn_smtp_is_dead(SnSmtp *smtp)
{
	return sn_stream_error(smtp->stream) != NULL;
}

/* ---- sending ---- */

gboolean sn_smtp_address_is_safe(const char *address)
{
	gsize length = address ? strlen(address) : 0;

	if (length == 0 || length > MAX_ADDRESS || !g_utf8_validate(address, -1, NULL))
		return FALSE;
	for (const unsigned char *c = (const unsigned char *)address; *c; c++)
		if (*c <= ' ' || *c == 0x7f || *c == '<' || *c == '>')
			return FALSE;
	return strrchr(address, '@') != NULL;
}

/* Characters of an ENVID or ORCPT that must be written +XX (RFC 3461 section 4). */
static char *xtext(const char *text)
{
	GString *out = g_string_new(NULL);

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c > ' ' && *c < 0x7f && *c != '+' && *c != '=')
			g_string_append_c(out, (char)*c);
		else
			g_string_append_printf(out, "+%02X", *c);
	}
	return g_string_free(out, FALSE);
}

/* What a message needs from the server. */
typedef struct {
	gint64 size; /* as sent */
	gboolean eightbit, utf8;
} Needs;

static Needs find_needs(const SnSendRequest *request)
{
	gsize length = 0;
	const char *raw = g_bytes_get_data(request->raw, &length);
	Needs needs = { .utf8 = !g_str_is_ascii(request->from) };
	gboolean header = TRUE;

	for (guint i = 0; i < request->to->len; i++)
		needs.utf8 |= !g_str_is_ascii(g_ptr_array_index(request->to, i));
	for (gsize i = 0; i < length; i++) {
		needs.size++;
		if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r'))
			needs.size++;
		if (raw[i] == '\n' && i + 1 < length && (raw[i + 1] == '\n' || raw[i + 1] == '\r'))
			header = FALSE;
		if ((unsigned char)raw[i] >= 0x80) {
			needs.eightbit = TRUE;
			needs.utf8 |= header;
		}
	}
	if (length > 0 && raw[length - 1] != '\n')
		needs.size += 2;
	return needs;
}

static gboolean check_request(SnSmtp *smtp, const SnSendRequest *request, const Needs *needs,
			      GError **error)
{
	const char *host = smtp->link->spec.host;

	if (*request->from && !sn_smtp_address_is_safe(request->from)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "The sender is not an address.");
		return FALSE;
	}
	for (guint i = 0; i < request->to->len; i++) {
		if (sn_smtp_address_is_safe(g_ptr_array_index(request->to, i)))
			continue;
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "Recipient %u is not an address.",
			    i + 1);
		return FALSE;
	}
	if (request->to->len == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "There is no recipient.");
		return FALSE;
	}
	if (needs->utf8 && !smtp->utf8) {
		g_set_error(error, SN_ERROR, SN_ERROR_REJECTED,
			    "%s cannot send to or from addresses with other than ASCII characters.",
			    host);
		return FALSE;
	}
	if (smtp->max_size > 0 && needs->size > smtp->max_size) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
			    "The message has %" G_GINT64_FORMAT
			    " bytes; %s takes at most %" G_GINT64_FORMAT ".",
			    needs->size, host, smtp->max_size);
		return FALSE;
	}
	return TRUE;
}

static gboolean say_mail(SnSmtp *smtp, const SnSendRequest *request, const Needs *needs,
			 gboolean dsn)
{
	g_autoptr(GString) line = g_string_new(NULL);

	g_string_printf(line, "MAIL FROM:<%s>", request->from);
	if (smtp->size)
		g_string_append_printf(line, " SIZE=%" G_GINT64_FORMAT, needs->size);
	if (needs->eightbit && smtp->eightbit)
		g_string_append(line, " BODY=8BITMIME");
	if (needs->utf8)
		g_string_append(line, " SMTPUTF8");
	if (dsn) {
		g_string_append(line, " RET=HDRS");
		if (request->envelope_id && *request->envelope_id &&
		    strlen(request->envelope_id) <= 100) {
			g_autofree char *id = xtext(request->envelope_id);
			g_string_append_printf(line, " ENVID=%s", id);
		}
	}
	return command(smtp, NULL, "%s", line->str);
}

static gboolean say_rcpt(SnSmtp *smtp, const SnSendRequest *request, const char *to)
{
	static const char *const notify[] = { "SUCCESS,FAILURE,DELAY", "FAILURE,DELAY", "NEVER" };

	g_assert(request->notify < G_N_ELEMENTS(notify));
	if (!request->dsn || !smtp->dsn)
		return command(smtp, NULL, "RCPT TO:<%s>", to);
	if (!g_str_is_ascii(to))
		return command(smtp, NULL, "RCPT TO:<%s> NOTIFY=%s", to, notify[request->notify]);
	g_autofree char *original = xtext(to);
	return command(smtp, NULL, "RCPT TO:<%s> NOTIFY=%s ORCPT=rfc822;%s", to,
		       notify[request->notify], original);
}

/* All recipients are asked, so that the caller learns of every refusal at once. */
static gboolean say_all_rcpt(SnSmtp *smtp, const SnSendRequest *request, SnSendEvent *event,
			     GError **error)
{
	int worst = 0;
	g_autofree char *worst_reply = NULL;

	for (guint i = 0; i < request->to->len; i++) {
		const char *to = g_ptr_array_index(request->to, i);
		if (!say_rcpt(smtp, request, to))
			return sn_stream_give_error(smtp->stream, error);
		if (smtp->code / 100 == 2)
			continue;
		char *reply = full_reply(smtp);
		if (!event->rejected)
			event->rejected = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(event->rejected, g_strdup_printf("%s: %s", to, reply));
		/* one refusal for good outweighs any number of temporary ones */
		if (smtp->code > worst) {
			worst = smtp->code;
			g_free(worst_reply);
			worst_reply = g_steal_pointer(&reply);
		}
		g_free(reply);
	}
	if (worst == 0) {
		sn_fault(SMTP_RCPT);
		return TRUE;
	}
	g_set_error(error, SN_ERROR, code_class(worst),
		    "%u of %u recipients refused, nothing was sent: %s says \"%s\".",
		    event->rejected->len, request->to->len, smtp->link->spec.host, worst_reply);
	g_free(event->reply);
	event->reply = g_steal_pointer(&worst_reply);
	return FALSE;
}

/* CRLF line ends, and a dot before a dot that begins a line (RFC 5321 section 4.5.2). */
static gboolean write_message(SnSmtp *smtp, GBytes *raw)
{
	gsize length = 0;
	const char *bytes = g_bytes_get_data(raw, &length);
	g_autoptr(GString) out = g_string_sized_new(CHUNK + 8);
	char last = '\n';

	for (gsize i = 0; i < length; i++) {
		char c = bytes[i];
		if (last == '\n' && c == '.')
			g_string_append_c(out, '.');
		if (c == '\n' && last != '\r')
			g_string_append_c(out, '\r');
		/* a lone CR would be a line end to some and not to others */
		if (c != '\r' || (i + 1 < length && bytes[i + 1] == '\n'))
			g_string_append_c(out, c);
		last = c == '\r' && !(i + 1 < length && bytes[i + 1] == '\n') ? ' ' : c;
		if (out->len >= CHUNK) {
			if (!sn_stream_write(smtp->stream, out->str, out->len))
				return FALSE;
			sn_fault(SMTP_HALF);
			g_string_truncate(out, 0);
		}
	}
	if (last != '\n')
		g_string_append(out, "\r\n");
	return sn_stream_write(smtp->stream, out->str, out->len);
}

/* From the final dot on it is the server's word alone that tells what happened. */
static gboolean finish_data(SnSmtp *smtp, SnSendEvent *event, GError **error)
{
	sn_stream_set_timeout(smtp->stream, DATA_TIMEOUT_MS);
	gboolean answered = write_text(smtp, ".\r\n");
	sn_fault(SMTP_DOT);
	answered = answered && read_reply(smtp, NULL);
	sn_fault(SMTP_ANSWERED);
	sn_stream_set_timeout(smtp->stream, SN_PEER_TIMEOUT_MS);
	if (!answered) {
		g_set_error(
			error, SN_ERROR, SN_ERROR_UNCERTAIN,
			"The connection to %s broke after the message was sent and before it was "
			"answered; it may have been accepted.",
			smtp->link->spec.host);
		return FALSE;
	}
	event->reply = full_reply(smtp);
	return smtp->code / 100 == 2 || refuse(smtp, error, "The message was refused");
}

/* Without the dot the server forgets the message when the line goes down. */
static gboolean may_end(SnSmtp *smtp, const SnSendEvent *event, const SnSmtpSay *say,
			GError **error)
{
	GError *cause = NULL;

	if (!say->may_end || say->may_end(event, say->data, &cause))
		return TRUE;
	sn_stream_fail(smtp->stream, cause->code, "%s", cause->message);
	g_propagate_error(error, cause);
	return FALSE;
}

static gboolean send_data(SnSmtp *smtp, const SnSendRequest *request, SnSendEvent *event,
			  const SnSmtpSay *say, GError **error)
{
	if (!say->go_on(say->data)) {
		g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
		return FALSE;
	}
	if (!command(smtp, NULL, "DATA") || smtp->code != 354)
		return refuse(smtp, error, "The message was refused");
	sn_fault(SMTP_DATA);
	/* a break before the final dot means that nothing was accepted */
	if (!write_message(smtp, request->raw))
		return sn_stream_give_error(smtp->stream, error);
	sn_fault(SMTP_TEXT);
	if (!may_end(smtp, event, say, error))
		return FALSE;
	sn_fault(SMTP_RELEASED);
	return finish_data(smtp, event, error);
}

gboolean sn_smtp_send(SnSmtp *smtp, const SnSendRequest *request, SnSendEvent *event,
		      const SnSmtpSay *say, GError **error)
{
	Needs needs = find_needs(request);
	gboolean good;

	event->max_size = smtp->max_size;
	good = check_request(smtp, request, &needs, error);
	if (!good)
		return FALSE;
	event->dsn = request->dsn && smtp->dsn && request->notify == SN_NOTIFY_ALL;
	good = say_mail(smtp, request, &needs, request->dsn && smtp->dsn) && smtp->code / 100 == 2;
	if (!good)
		refuse(smtp, error, "The sender was refused");
	else
		sn_fault(SMTP_MAIL);
	good = good && say_all_rcpt(smtp, request, event, error) &&
	       send_data(smtp, request, event, say, error);
	if (!good && !sn_smtp_is_dead(smtp) && (!command(smtp, NULL, "RSET") || smtp->code != 250))
		sn_stream_fail(smtp->stream, SN_ERROR_NETWORK, "%s refused to begin anew.",
			       smtp->link->spec.host);
	return good;
}
