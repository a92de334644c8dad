/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/forward.h"

#include <string.h>

#include "src/text/text.h"

#define NAME_COLUMNS 60

static void file_free(gpointer data)
{
	SnForwardFile *file = data;

	g_free(file->name);
	g_free(file->type);
	g_free(file);
}

void sn_forward_free(SnForward *forward)
{
	if (!forward)
		return;
	g_free(forward->subject);
	g_free(forward->text);
	g_ptr_array_unref(forward->files);
	g_array_unref(forward->messages);
	g_free(forward);
}

/* ---- text ---- */

static char *time_text(SnTime time)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time / SN_SECOND);

	return date ? g_date_time_format(date, "%Y-%m-%d %H:%M (UTC%:z)") : g_strdup("unknown");
}

static void append_party(GString *out, const char *name, const char *address)
{
	g_autofree char *clean = name ? sn_text_clean_line(name, -1) : NULL;

	if (clean && *clean && strcmp(clean, address) != 0)
		g_string_append_printf(out, "%s <%s>", clean, address);
	else
		g_string_append(out, address);
}

static void append_parties(GString *out, const char *field, const SnMessage *message, SnRole role)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if (party->role != role)
			continue;
		g_string_append(list, list->len ? ", " : "");
		append_party(list, party->name, party->address);
	}
	if (list->len)
		g_string_append_printf(out, "%s: %s\n", field, list->str);
}

/* A separator line that other programs write and fold, then what a reader wants to know of it. */
static void append_mail(GString *out, const SnMessage *mail)
{
	g_autofree char *time = time_text(mail->time);
	g_autofree char *subject = sn_text_clean_line(mail->subject ? mail->subject : "", -1);

	g_string_append(out, "---------- Forwarded message ----------\nFrom: ");
	append_party(out, mail->sender_name, mail->sender_value ? mail->sender_value : "unknown");
	g_string_append_printf(out, "\nDate: %s\nSubject: %s\n", time, subject);
	append_parties(out, "To", mail, SN_ROLE_TO);
	append_parties(out, "Cc", mail, SN_ROLE_CC);
	g_string_append_printf(out, "\n%s\n", mail->body ? mail->body : "");
}

static void append_im(GString *out, const SnMessage *im)
{
	g_autofree char *time = time_text(im->time);
	g_auto(GStrv) lines = g_strsplit(im->body ? im->body : "", "\n", -1);
	const char *address = im->sender_value ? im->sender_value : "unknown";

	g_string_append_printf(out, "On %s, ", time);
	append_party(out, im->sender_name, address);
	g_string_append(out, " wrote by IM:\n");
	for (char **line = lines; *line; line++)
		if (**line || line[1])
			g_string_append_printf(out, ">%s%s\n", **line && **line != '>' ? " " : "", *line);
}

/* ---- subject ---- */

/* "Fwd:" as mail programs of several languages write it. */
static gboolean is_forwarded(const char *subject)
{
	static const char *const words[] = { "fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "vb:" };

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strncasecmp(subject, words[i], strlen(words[i])) == 0)
			return TRUE;
	return FALSE;
}

/* Of the first email; of IMs alone, whose they are. */
static void set_subject(SnForward *forward, const SnMessage *message)
{
	g_autofree char *subject = NULL;

	if (message->channel == SN_CHANNEL_MAIL && forward->mails > 1)
		return;
	if (message->channel == SN_CHANNEL_IM && forward->subject)
		return;
	if (message->channel == SN_CHANNEL_IM)
		subject = g_strdup_printf("IM from %s", message->sender_name ? message->sender_name
		                                        : message->sender_value ? message->sender_value
		                                                                : "unknown");
	else
		subject = sn_text_clean_line(message->subject ? message->subject : "", -1);
	g_free(forward->subject);
	forward->subject = is_forwarded(subject) ? g_steal_pointer(&subject)
	                                         : g_strdup_printf("Fwd: %s", subject);
}

/* ---- files ---- */

static void add_file(SnForward *forward, SnId message, int position, const char *name,
                     const char *type)
{
	SnForwardFile *file = g_new0(SnForwardFile, 1);

	g_assert(message && position >= 0);
	*file = (SnForwardFile){ message, position, g_strdup(name), g_strdup(type) };
	g_ptr_array_add(forward->files, file);
}

/* "Rope for Sunday.eml" */
static void add_whole(SnForward *forward, const SnMessage *mail)
{
	g_autofree char *subject = sn_text_clean_line(mail->subject ? mail->subject : "", -1);
	g_autofree char *fit = sn_text_fit(*subject ? subject : "message", NAME_COLUMNS);
	g_autofree char *name = g_strconcat(g_strdelimit(fit, "/\\:", '-'), ".eml", NULL);

	add_file(forward, mail->id, 0, name, "message/rfc822");
}

static void add_parts(SnForward *forward, const SnMessage *message)
{
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (!part->inline_)
			add_file(forward, message->id, part->position, part->name, part->type);
	}
}

/* ---- all of it ---- */

static void add_message(SnForward *forward, GString *text, const SnMessage *message, gboolean whole)
{
	gboolean mail = message->channel == SN_CHANNEL_MAIL;

	forward->mails += mail;
	forward->encrypted |= message->encrypted;
	set_subject(forward, message);
	g_array_append_val(forward->messages, message->id);
	if (mail && whole) {
		add_whole(forward, message);
		return;
	}
	if (text->len)
		g_string_append_c(text, '\n');
	if (mail)
		append_mail(text, message);
	else
		append_im(text, message);
	add_parts(forward, message);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const SnMessage *one = *(SnMessage *const *)a, *two = *(SnMessage *const *)b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	return one->id < two->id ? -1 : one->id > two->id;
}

SnForward *sn_forward_make(SnStore *store, const GArray *ids, gboolean whole, GError **error)
{
	g_autoptr(GPtrArray) messages =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	g_autoptr(GString) text = g_string_new(NULL);

	if (ids->len > SN_FORWARD_MAX) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "At most %d messages can be forwarded at once.",
		            SN_FORWARD_MAX);
		return NULL;
	}
	for (guint i = 0; i < ids->len; i++) {
		SnMessage *message =
			sn_message_get(store, g_array_index(ids, SnId, i), SN_MESSAGE_FULL);
		if (message)
			g_ptr_array_add(messages, message);
	}
	if (messages->len == 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no message to forward.");
		return NULL;
	}
	g_ptr_array_sort(messages, by_time);
	SnForward *forward = g_new0(SnForward, 1);
	forward->files = g_ptr_array_new_with_free_func(file_free);
	forward->messages = g_array_new(FALSE, FALSE, sizeof(SnId));
	for (guint i = 0; i < messages->len; i++) {
		const SnMessage *before = i ? messages->pdata[i - 1] : NULL;
		const SnMessage *message = messages->pdata[i];
		if (!before || before->id != message->id)
			add_message(forward, text, message, whole);
	}
	forward->text = g_strdup(text->str);
	g_assert(forward->subject);
	return forward;
}

gboolean sn_forward_done(SnStore *store, const GArray *ids, GError **error)
{
	for (guint i = 0; ids && i < ids->len; i++) {
		SnId id = g_array_index(ids, SnId, i);
		g_autoptr(SnMessage) message = sn_message_get(store, id, 0);
		if (message && message->channel == SN_CHANNEL_MAIL &&
		    !sn_message_change_flags(store, id, SN_FLAG_FORWARDED, 0, error))
			return FALSE;
	}
	return TRUE;
}
