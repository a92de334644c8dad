/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/thread.h"

#include <string.h>

#include "src/base/ids.h"

#define SESSION_GAP (2 * SN_HOUR)
#define LOOK_BACK 200 /* messages of the conversation searched for the root of a hashed thread */
#define QUOTE_BACK 100      /* and for what is quoted */
#define QUOTE_LINES 50
#define QUOTE_CERTAIN 12    /* bytes: a quote that long is no accident */
#define QUOTE_SEARCHED 20000
#define QUOTE_EMAIL "Email of " /* how we name one, with its time and subject (im_quote.c) */
#define QUOTE_TIME 40           /* bytes of that time */

static gint by_time(gconstpointer a, gconstpointer b)
{
	const SnMessage *one = *(SnMessage *const *)a, *two = *(SnMessage *const *)b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	return one->id < two->id ? -1 : one->id > two->id;
}

static gboolean holds(const GPtrArray *messages, SnId id)
{
	for (guint i = 0; i < messages->len; i++)
		if (((SnMessage *)messages->pdata[i])->id == id)
			return TRUE;
	return FALSE;
}

static void add_thread(SnStore *store, GPtrArray *into, const char *key, int limit, guint what)
{
	g_autoptr(GPtrArray) found = sn_message_thread(store, key, limit, what);

	while (found && found->len > 0) {
		SnMessage *message = g_ptr_array_steal_index(found, found->len - 1);
		if (holds(into, message->id))
			sn_message_free(message);
		else
			g_ptr_array_add(into, message);
	}
}

static gboolean is_hash(const char *key)
{
	return strlen(key) == 24 && strspn(key, "0123456789abcdef") == 24;
}

static gboolean hashes_to(const char *id, const char *key)
{
	g_autofree char *hash = id ? sn_id_thread(id) : NULL;

	return g_strcmp0(hash, key) == 0;
}

/* The thread of the conversation's emails that `key` is the hash of, by the Message-ID of its root
 * or of one of them (what one side takes for the root, the other may know more of); NULL. */
static char *root_of_hash(SnStore *store, SnId conversation, const char *key)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(store, conversation, 0, 0, FALSE, LOOK_BACK, 0);

	for (guint i = page ? page->len : 0; i > 0; i--) {
		const SnMessage *message = page->pdata[i - 1];
		if (message->channel != SN_CHANNEL_MAIL || !message->thread)
			continue;
		if (hashes_to(message->thread, key) || hashes_to(message->message_id, key))
			return g_strdup(message->thread);
	}
	return NULL;
}

GPtrArray *sn_thread_messages(SnStore *store, const SnMessage *message, int limit, guint what)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	g_assert(message && limit > 0);
	if (message->thread) {
		add_thread(store, all, message->thread, limit, what);
		g_autofree char *other =
			is_hash(message->thread)
				? root_of_hash(store, message->conversation, message->thread)
				: sn_id_thread(message->thread);
		if (other)
			add_thread(store, all, other, limit, what);
	}
	if (!holds(all, message->id)) {
		SnMessage *self = sn_message_get(store, message->id, what);
		if (self)
			g_ptr_array_add(all, self);
	}
	g_ptr_array_sort(all, by_time);
	if (all->len > (guint)limit)
		g_ptr_array_remove_range(all, 0, all->len - limit);
	return all;
}

GPtrArray *sn_thread_session(SnStore *store, const SnMessage *message, int limit, guint what)
{
	GPtrArray *session = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	g_autoptr(GPtrArray) page =
		sn_message_page(store, message->conversation, message->time, message->id, FALSE,
	                        limit, what);
	SnTime time = message->time;
	guint first = page ? page->len : 0;

	g_assert(message->channel == SN_CHANNEL_IM);
	while (first > 0) {
		const SnMessage *earlier = page->pdata[first - 1];
		if (time - earlier->time > SESSION_GAP)
			break;
		if (earlier->channel == SN_CHANNEL_IM)
			time = earlier->time;
		first--;
	}
	for (guint i = first; page && i < page->len; i++) {
		const SnMessage *earlier = page->pdata[i];
		if (earlier->channel == SN_CHANNEL_IM && earlier->id != message->id) {
			SnMessage *copy = sn_message_get(store, earlier->id, what);
			if (copy)
				g_ptr_array_add(session, copy);
		}
	}
	SnMessage *self = sn_message_get(store, message->id, what);
	if (self)
		g_ptr_array_add(session, self);
	return session;
}

SnMessage *sn_thread_email(SnStore *store, const SnMessage *message)
{
	if (message->channel == SN_CHANNEL_MAIL)
		return sn_message_get(store, message->id, 0);
	g_autoptr(GPtrArray) thread = sn_thread_messages(store, message, 100, 0);
	for (guint i = thread->len; i > 0; i--) {
		const SnMessage *one = thread->pdata[i - 1];
		gboolean exchanged = one->direction == SN_IN || one->state == SN_STATE_ACCEPTED ||
		                     one->state == SN_STATE_DELIVERED ||
		                     one->state == SN_STATE_READ;
		if (one->channel == SN_CHANNEL_MAIL && one->message_id && !one->carried &&
		    exchanged)
			return sn_message_get(store, one->id, 0);
	}
	return NULL;
}

/* ---- what plain clients leave to be seen ---- */

static void append_folded(GString *out, const char *line, gsize length)
{
	for (gsize i = 0; i < length; i++) {
		gboolean blank = g_ascii_isspace(line[i]);
		if (!blank)
			g_string_append_c(out, line[i]);
		else if (out->len && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
	if (out->len && out->str[out->len - 1] != ' ')
		g_string_append_c(out, ' ');
}

/* The lines quoted at the head of a body, in one; *rest: what follows. */
static char *head_quote(const char *body, const char **rest)
{
	GString *quote = g_string_new(NULL);
	int lines = 0;

	while (*body == '>' && lines++ < QUOTE_LINES) {
		gsize length = strcspn(body, "\n");
		append_folded(quote, body + 1, length - 1);
		body += length + (body[length] == '\n');
	}
	*rest = body;
	g_strchomp(quote->str);
	quote->len = strlen(quote->str);
	/* a long one is cut with dots by some */
	if (g_str_has_suffix(quote->str, "\u2026"))
		g_string_truncate(quote, quote->len - strlen("\u2026"));
	else if (g_str_has_suffix(quote->str, "..."))
		g_string_truncate(quote, quote->len - 3);
	return g_string_free(quote, FALSE);
}

/* What follows on the subject in a quote that names this email as we do; NULL: it names none, or
 * another one. */
static const char *after_title(const SnMessage *mail, const char *quote)
{
	g_autoptr(GString) title = g_string_new(": ");
	const char *subject = mail->subject ? mail->subject : "", *at;

	if (mail->channel != SN_CHANNEL_MAIL || !g_str_has_prefix(quote, QUOTE_EMAIL))
		return NULL;
	append_folded(title, subject, strlen(subject));
	if (strcmp(title->str, ": ") == 0)
		g_string_append(title, "(no subject)");
	g_strchomp(title->str);
	at = strstr(quote, title->str);
	if (!at || at - quote > (gssize)strlen(QUOTE_EMAIL) + QUOTE_TIME)
		return NULL;
	at += strlen(title->str);
	return *at == ' ' ? at + 1 : *at ? NULL : at;
}

/* A short quote has to be all that was said; of a longer one a part will do. */
static gboolean is_quoted(const SnMessage *message, const char *quote)
{
	const char *said = message->body ? message->body : "";
	const char *first = after_title(message, quote);
	g_autofree char *own_quote = head_quote(said, &said);
	g_autoptr(GString) text = g_string_new(NULL);

	append_folded(text, said, MIN(strlen(said), QUOTE_SEARCHED));
	g_strchomp(text->str);
	if (first)
		return strstr(text->str, first) != NULL;
	return strcmp(text->str, quote) == 0 ||
	       (strlen(quote) >= QUOTE_CERTAIN && strstr(text->str, quote));
}

gboolean sn_thread_quotes(const SnMessage *message, const char *body)
{
	const char *rest;
	g_autofree char *quote = body ? head_quote(body, &rest) : NULL;

	return quote && *quote && *rest && is_quoted(message, quote);
}

const char *sn_thread_after_name(const SnMessage *mail, const char *body)
{
	const char *rest;
	g_autofree char *quote = head_quote(body, &rest);

	return !after_title(mail, quote) ? NULL : *rest == '\n' ? rest + 1 : rest;
}

static SnId find_quoted(SnStore *store, const SnMessage *message)
{
	const char *rest;
	g_autofree char *quote = message->body ? head_quote(message->body, &rest) : NULL;

	if (!quote || !*quote || !*rest)
		return 0;
	g_autoptr(GPtrArray) page = sn_message_page(store, message->conversation, message->time,
	                                            message->id, FALSE, QUOTE_BACK, SN_MESSAGE_FULL);
	for (guint i = page ? page->len : 0; i > 0; i--) {
		const SnMessage *earlier = page->pdata[i - 1];
		if (!earlier->carried && is_quoted(earlier, quote))
			return earlier->id;
	}
	return 0;
}

/* The newest of ours before it in the thread, if that holds an email: else it is just a chat. */
static SnId last_of_thread(SnStore *store, const SnMessage *message)
{
	g_autofree char *root = is_hash(message->thread)
		? root_of_hash(store, message->conversation, message->thread)
		: g_strdup(message->thread);
	g_autoptr(GPtrArray) thread =
		root ? sn_message_thread(store, root, LOOK_BACK, 0) : NULL;
	gboolean email = FALSE;
	SnId last = 0;

	for (guint i = 0; thread && i < thread->len; i++) {
		const SnMessage *one = thread->pdata[i];
		if (one->carried || one->id == message->id ||
		    one->conversation != message->conversation || one->time > message->time)
			continue;
		email |= one->channel == SN_CHANNEL_MAIL;
		if (one->direction != message->direction || !last)
			last = one->id;
	}
	return email ? last : 0;
}

SnId sn_thread_answered(SnStore *store, const SnMessage *message)
{
	g_assert(message->id && message->channel == SN_CHANNEL_IM);
	SnId quoted = find_quoted(store, message);

	return quoted || !message->thread ? quoted : last_of_thread(store, message);
}

SnMessage *sn_thread_newest(SnStore *store, SnId conversation)
{
	g_autoptr(GPtrArray) page = sn_message_page(store, conversation, 0, 0, FALSE, 50, 0);

	for (guint i = page ? page->len : 0; i > 0; i--) {
		const SnMessage *message = page->pdata[i - 1];
		if (message->direction == SN_IN && !message->carried)
			return sn_message_get(store, message->id, SN_MESSAGE_FULL);
	}
	for (guint i = page ? page->len : 0; i > 0; i--) {
		const SnMessage *message = page->pdata[i - 1];
		if (!message->carried && message->state != SN_STATE_DRAFT)
			return sn_message_get(store, message->id, SN_MESSAGE_FULL);
	}
	return NULL;
}
