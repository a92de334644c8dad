/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_talk.h"

#include <stdlib.h>
#include <string.h>

#define MAX_RESPONSE (16 << 20) /* of those that are read as a whole: none holds a message */
#define MAX_LITERALS 2000
#define MAX_STRAY 10000 /* untagged answers that nobody asked for, to one command */

void sn_imap_command_clear(SnImapCommand *command)
{
	g_clear_pointer(&command->kind, g_free);
	g_clear_pointer(&command->code, g_free);
	g_clear_pointer(&command->reply, g_free);
	g_clear_pointer(&command->words, g_ptr_array_unref);
}

/* ---- reading ---- */

static void not_imap(SnImapSession *session)
{
	sn_stream_fail(session->stream, SN_ERROR_NETWORK,
		       "%s sent something that is not IMAP; the connection was closed.",
		       session->link->spec.host);
}

/* One line onto text, its line end left out. */
static gboolean read_line(SnImapSession *session, GString *text)
{
	MMAPString *buffer = session->imap->imap_stream_buffer;

	if (mmap_string_set_size(buffer, 0) == NULL)
		return FALSE;
	const char *line = mailstream_read_line(session->imap->imap_stream, buffer);
	if (!line || buffer->len == 0)
		return FALSE;
	gsize length = buffer->len;
	while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	g_string_append_len(text, line, (gssize)length);
	return TRUE;
}

/* The line end that read_line() left out, and the literal's bytes. */
static gboolean read_literal(SnImapSession *session, GString *text, gsize length)
{
	if (text->len + length > MAX_RESPONSE)
		return FALSE;
	g_string_append(text, "\r\n");
	gsize begin = text->len;
	g_string_set_size(text, begin + length);
	for (gsize done = 0; done < length;) {
		ssize_t got = mailstream_read(session->imap->imap_stream, text->str + begin + done,
					      length - done);
		if (got <= 0)
			return FALSE;
		done += (gsize)got;
	}
	return TRUE;
}

/* "* OK see {5}" is said to people. */
static gboolean may_have_literals(const GString *text)
{
	static const char *const statuses[] = { "* OK", "* NO", "* BAD", "* BYE" };

	for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (g_ascii_strncasecmp(text->str, statuses[i], strlen(statuses[i])) == 0)
			return FALSE;
	return text->str[0] == '*';
}

SnImapLine *sn_imap_read(SnImapSession *session)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint literals = 0; literals < MAX_LITERALS; literals++) {
		if (!read_line(session, text) || text->len > MAX_RESPONSE)
			break;
		gint64 length = may_have_literals(text)
					? sn_imap_literal_length(text->str, text->len)
					: -1;
		if (length < 0) {
			SnImapLine *line = sn_imap_line_parse(text->str, text->len);
			if (!line)
				break;
			return line;
		}
		if (length > MAX_RESPONSE || !read_literal(session, text, (gsize)length))
			break;
	}
	not_imap(session); /* unless the stream knows better */
	return NULL;
}

/* ---- writing ---- */

gboolean sn_imap_send(SnImapSession *session, const char *text)
{
	mailimap *imap = session->imap;

	return mailimap_send_current_tag(imap) == MAILIMAP_NO_ERROR &&
	       mailstream_write(imap->imap_stream, text, strlen(text)) >= 0 &&
	       mailstream_write(imap->imap_stream, "\r\n", 2) >= 0 &&
	       mailstream_flush(imap->imap_stream) >= 0;
}

typedef struct {
	SnImapSession *session;
	SnImapCommand *commands;
	guint count, done; /* commands before done have their answer */
	int first_tag;
	guint stray;
} Talk;

/* Servers may run commands side by side; of what they tell, only ESEARCH says which it answers. */
static SnImapCommand *command_of(Talk *talk, const SnImapLine *line)
{
	const SnWord *first = sn_word_at(line->words, 0);
	const char *tag = strcmp(line->kind, "ESEARCH") == 0 && first && first->items
				  ? sn_word_text(sn_word_value(first->items, "TAG"))
				  : NULL;
	gint64 index = tag ? g_ascii_strtoll(tag, NULL, 10) - talk->first_tag : -1;

	return &talk->commands[index >= talk->done && index < talk->count ? index : talk->done];
}

static void hear(Talk *talk, const SnImapLine *line)
{
	SnImapCommand *command = command_of(talk, line);

	if (strcmp(line->kind, "BYE") == 0) {
		g_autofree char *quoted = sn_link_quote_reply(line->text);
		sn_stream_fail(talk->session->stream, SN_ERROR_NETWORK, "%s hung up: \"%s\".",
			       talk->session->link->spec.host, quoted);
		return;
	}
	if (command->hear)
		command->hear(line, command->data);
	else if (++talk->stray > MAX_STRAY)
		not_imap(talk->session);
}

/* A tagged line: whose, and what it says. Tags of nobody are passed over. */
static void take_answer(Talk *talk, SnImapLine *line)
{
	gint64 index = g_ascii_strtoll(line->tag, NULL, 10) - talk->first_tag;

	if (index < talk->done || index >= talk->count) {
		if (++talk->stray > MAX_STRAY)
			not_imap(talk->session);
		return;
	}
	SnImapCommand *command = &talk->commands[index];
	if (!command->kind) {
		command->kind = g_steal_pointer(&line->kind);
		command->code = g_steal_pointer(&line->code);
		command->reply = g_steal_pointer(&line->text);
		command->words = g_ptr_array_ref(line->words);
	}
	while (talk->done < talk->count && talk->commands[talk->done].kind)
		talk->done++;
}

/* Reads until the command has its answer, or (continuation) may send its literal. */
static gboolean listen_to(Talk *talk, guint until, gboolean continuation)
{
	while (talk->done <= until) {
		g_autoptr(SnImapLine) line = sn_imap_read(talk->session);
		if (!line)
			return FALSE;
		if (strcmp(line->tag, "+") == 0 && continuation)
			return TRUE;
		if (strcmp(line->tag, "*") == 0)
			hear(talk, line);
		else if (strcmp(line->tag, "+") != 0)
			take_answer(talk, line);
		if (sn_imap_session_is_dead(talk->session))
			return FALSE;
	}
	return TRUE;
}

/* "{12+}" sends the bytes along (RFC 7888), "{12}" waits for leave to do so. */
static gboolean send_literal(Talk *talk, guint index)
{
	SnImapSession *session = talk->session;
	mailstream *stream = session->imap->imap_stream;
	gsize length;
	const char *bytes = g_bytes_get_data(talk->commands[index].literal, &length);
	gboolean at_once = session->literal_plus ||
			   (session->literal_minus && length <= SN_IMAP_SHORT_LITERAL);
	gboolean utf8 = talk->commands[index].utf8;
	g_autofree char *head = g_strdup_printf("%s{%" G_GSIZE_FORMAT "%s}\r\n", utf8 ? "UTF8 (~" : "",
						length, at_once ? "+" : "");

	if (mailstream_write(stream, head, strlen(head)) < 0)
		return FALSE;
	if (!at_once) {
		if (mailstream_flush(stream) < 0 || !listen_to(talk, index, TRUE))
			return FALSE;
		if (talk->done > index)
			return TRUE; /* refused before the bytes went out */
	}
	return mailstream_write(stream, bytes, length) >= 0 &&
	       mailstream_write(stream, utf8 ? ")\r\n" : "\r\n", utf8 ? 3 : 2) >= 0;
}

static gboolean send_all(Talk *talk)
{
	mailimap *imap = talk->session->imap;

	for (guint i = 0; i < talk->count; i++) {
		const SnImapCommand *command = &talk->commands[i];
		if (mailimap_send_current_tag(imap) != MAILIMAP_NO_ERROR)
			return FALSE;
		if (i == 0)
			talk->first_tag = imap->imap_tag;
		g_assert(imap->imap_tag == talk->first_tag + (int)i);
		if (mailstream_write(imap->imap_stream, command->text, strlen(command->text)) < 0)
			return FALSE;
		if (command->literal ? !send_literal(talk, i)
				     : mailstream_write(imap->imap_stream, "\r\n", 2) < 0)
			return FALSE;
	}
	return mailstream_flush(imap->imap_stream) >= 0;
}

gboolean sn_imap_talk(SnImapSession *session, SnImapCommand *commands, guint count, GError **error)
{
	Talk talk = { .session = session, .commands = commands, .count = count };

	g_assert(count > 0 && !commands[0].kind);
	if (!sn_imap_session_is_dead(session)) {
		if (!send_all(&talk))
			sn_stream_fail(session->stream, SN_ERROR_NETWORK, "%s closed the connection.",
				       session->link->spec.host);
		else if (listen_to(&talk, count - 1, FALSE))
			return TRUE;
	}
	return sn_stream_give_error(session->stream, error);
}

gboolean sn_imap_agreed(SnImapSession *session, const SnImapCommand *command, GError **error,
			const char *doing, ...)
{
	if (!g_strcmp0(command->kind, "OK"))
		return TRUE;
	va_list arguments;
	va_start(arguments, doing);
	g_autofree char *what = g_strdup_vprintf(doing, arguments);
	va_end(arguments);
	g_autofree char *quoted = sn_link_quote_reply(command->reply);
	g_set_error(error, SN_ERROR, sn_imap_code_of(command->code), "%s: %s says \"%s\".", what,
		    session->link->spec.host, quoted);
	return FALSE;
}

gboolean sn_imap_say(SnImapSession *session, const char *text, SnImapHear hear_line, gpointer data,
		     GError **error, const char *doing)
{
	SnImapCommand command = { .text = text, .hear = hear_line, .data = data };
	gboolean good = sn_imap_talk(session, &command, 1, error) &&
			sn_imap_agreed(session, &command, error, "%s", doing);

	sn_imap_command_clear(&command);
	return good;
}
