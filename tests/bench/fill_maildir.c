/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/fill_maildir.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "tests/bench/made.h"

#define HTML_ONE_IN 3

static gboolean is_ascii(const char *text)
{
	for (; *text; text++)
		if ((guchar)*text >= 0x80)
			return FALSE;
	return TRUE;
}

static void add_base64(GString *raw, const guchar *data, gsize length)
{
	g_autofree char *encoded = g_base64_encode(data, length);

	for (const char *at = encoded; *at; at += MIN(strlen(at), 76)) {
		g_string_append_len(raw, at, (gssize)MIN(strlen(at), 76));
		g_string_append_c(raw, '\n');
	}
}

/* RFC 2047 where it must be, a word at a time. */
static void add_subject(GString *raw, const char *subject)
{
	g_auto(GStrv) parts = g_strsplit(subject, " ", -1);

	g_string_append(raw, "Subject:");
	for (char **part = parts; *part; part++) {
		g_autofree char *encoded =
			g_base64_encode((const guchar *)*part, strlen(*part));
		if (is_ascii(*part))
			g_string_append_printf(raw, " %s", *part);
		else
			g_string_append_printf(raw, "\n =?utf-8?B?%s?=", encoded);
	}
	g_string_append_c(raw, '\n');
}

static void add_headers(GString *raw, const MadeMessage *m, gint64 now)
{
	g_autofree char *other = made_address(m->who, FALSE);
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc((now - m->age) / G_USEC_PER_SEC);
	g_autofree char *date = g_date_time_format(when, "%a, %d %b %Y %H:%M:%S +0000");
	g_autofree char *person = g_strdup_printf("Person %d <%s>", m->who, other);

	g_string_append_printf(raw, "Return-Path: <%s>\n", m->out ? MADE_ME : other);
	for (int hop = 3; hop > 0; hop--)
		g_string_append_printf(raw,
		                       "Received: from hop%d.mail.test (hop%d.mail.test [192.0.2.%d])\n"
		                       "\tby hop%d.example.test with ESMTPS id %s; %s\n",
		                       hop, hop, hop, hop - 1, m->id, date);
	g_string_append_printf(raw, "From: %s\nTo: %s\nDate: %s\nMessage-ID: <%s>\n",
	                       m->out ? MADE_ME : person, m->out ? person : MADE_ME, date, m->id);
	if (m->copy >= 0) {
		g_autofree char *copy = made_address(m->copy, FALSE);
		g_string_append_printf(raw, "Cc: Person %d <%s>\n", m->copy, copy);
	}
	if (m->in_reply_to)
		g_string_append_printf(raw, "In-Reply-To: <%s>\nReferences: <%s>\n", m->in_reply_to,
		                       m->in_reply_to);
	if (m->list_id)
		g_string_append_printf(raw, "List-Id: <%s>\n", m->list_id);
	add_subject(raw, m->subject);
	g_string_append(raw, "MIME-Version: 1.0\n");
}

static void add_text(GString *raw, const MadeMessage *m, gboolean html)
{
	if (!html) {
		g_string_append_printf(raw, "Content-Type: text/plain; charset=utf-8\n"
		                            "Content-Transfer-Encoding: 8bit\n\n%s\n", m->body);
		return;
	}
	g_auto(GStrv) lines = g_strsplit(m->body, "\n", -1);
	g_autofree char *broken = g_strjoinv("<br>\n", lines);
	g_string_append_printf(raw,
	                       "Content-Type: multipart/alternative; boundary=\"alt\"\n\n--alt\n"
	                       "Content-Type: text/plain; charset=utf-8\n"
	                       "Content-Transfer-Encoding: 8bit\n\n%s\n--alt\n"
	                       "Content-Type: text/html; charset=utf-8\n"
	                       "Content-Transfer-Encoding: 8bit\n\n"
	                       "<html><body><div>%s</div></body></html>\n--alt--\n",
	                       m->body, broken);
}

static void add_file(GString *raw, const MadeMessage *m, GRand *random)
{
	g_autofree guchar *data = g_malloc(m->file_size + 1);

	for (guint i = 0; i < m->file_size; i++)
		data[i] = (guchar)g_rand_int(random);
	g_string_append_printf(raw,
	                       "--mix\nContent-Type: application/pdf; name=\"%s\"\n"
	                       "Content-Disposition: attachment; filename=\"%s\"\n"
	                       "Content-Transfer-Encoding: base64\n\n", m->file, m->file);
	add_base64(raw, data, m->file_size);
	g_string_append(raw, "--mix--\n");
}

static gboolean write_one(const char *directory, const MadeMessage *m, guint number, gint64 now,
                          GRand *random, GError **error)
{
	g_autoptr(GString) raw = g_string_new(NULL);
	gboolean html = g_rand_int_range(random, 0, HTML_ONE_IN) == 0;

	add_headers(raw, m, now);
	if (m->file)
		g_string_append(raw, "Content-Type: multipart/mixed; boundary=\"mix\"\n\n--mix\n");
	add_text(raw, m, html);
	if (m->file)
		add_file(raw, m, random);
	g_autofree char *name = g_strdup_printf(
		"%s/cur/%" G_GINT64_FORMAT ".M%uP1.bench:2,%s", directory,
		(now - m->age) / G_USEC_PER_SEC, number, m->unread ? "" : "S");
	return g_file_set_contents_full(name, raw->str, (gssize)raw->len, G_FILE_SET_CONTENTS_NONE,
	                                0600, error);
}

gboolean fill_maildir(const char *directory, guint emails, guint32 seed, gint64 newest, gboolean brief,
                      GError **error)
{
	static const char *const subs[] = { "cur", "new", "tmp" };
	/* of ten messages seven are emails: enough of them, and the rest is not asked for */
	Made *made = made_new(emails / 7 * 10 + 10, seed, brief);
	GRand *random = g_rand_new_with_seed(seed + 1);
	MadeMessage m;
	guint written = 0;
	gboolean good = TRUE;

	for (gsize i = 0; i < G_N_ELEMENTS(subs); i++) {
		g_autofree char *path = g_build_filename(directory, subs[i], NULL);
		if (g_mkdir_with_parents(path, 0700) < 0) {
			g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			            "%s could not be made.", path);
			good = FALSE;
		}
	}
	while (good && written < emails && made_next(made, &m)) {
		if (!m.im)
			good = write_one(directory, &m, written++, newest, random, error);
		made_message_clear(&m);
	}
	g_rand_free(random);
	made_free(made);
	g_assert(!good || written == emails);
	return good;
}
