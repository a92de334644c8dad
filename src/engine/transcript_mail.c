/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transcript_mail.c - a day's IMs with one contact as an email that any program shows, and back.
 *
 * The text is for people. What counts for sennit is the digest of message/cpim below it: another
 * machine of the user's files these IMs as if it had received them itself, by their origin-ids. It
 * believes them because they lie in the folder that accounts.conf names, where only the user writes;
 * even so none may be of another day or between others than the two.
 */
#include "src/engine/history_files.h"
#include "src/engine/transcript_private.h"

#include <string.h>

#define LONGEST_TEXT (256 * 1024) /* of one IM */

static char *day_words(SnTime day)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(day / SN_SECOND);

	return g_date_time_format(date, "%-d %B %Y");
}

static char *day_digits(SnTime day)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(day / SN_SECOND);

	return g_date_time_format(date, "%Y-%m-%d");
}

char *sn_transcript_key(const SnAccount *account, const char *contact, SnTime day)
{
	const char *own = account->im.user, *domain = strchr(own, '@');
	g_autofree char *digits = day_digits(day);
	g_autofree char *all = g_strdup_printf("%s\n%s\n%s", own, contact, digits);
	g_autofree char *lower = g_ascii_strdown(all, -1);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, lower, -1);

	hash[32] = '\0';
	return g_strdup_printf("chat.%s.%s@%s", digits, hash, domain ? domain + 1 : own);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *sorted_once(GPtrArray *ids)
{
	g_ptr_array_sort(ids, by_text);
	for (guint i = ids->len; i > 1; i--)
		if (g_str_equal(ids->pdata[i - 1], ids->pdata[i - 2]))
			g_ptr_array_remove_index(ids, i - 1);
	return ids;
}

GPtrArray *sn_transcript_ids(const GPtrArray *messages)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < messages->len; i++)
		g_ptr_array_add(ids, g_strdup(((SnMessage *)messages->pdata[i])->origin_id));
	return sorted_once(ids);
}

/* ---- to people ---- */

typedef struct {
	SnEngineAccount *account;
	const char *contact;
	char *contact_name, *mail; /* NULL: no confirmed email address */
} Sides;

static void sides_clear(Sides *sides)
{
	g_free(sides->contact_name);
	g_free(sides->mail);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sides, sides_clear)

static void look_up(Sides *sides, SnId peer)
{
	SnStore *store = sides->account->engine->store;
	g_autoptr(SnAddress) address = sn_address_get(store, peer);
	g_autoptr(SnPerson) person = address ? sn_person_get(store, address->person) : NULL;
	g_autoptr(GPtrArray) all = person ? sn_person_addresses(store, person->id) : NULL;

	sides->contact_name = g_strdup(person ? person->name : sides->contact);
	for (guint i = 0; all && i < all->len && !sides->mail; i++) {
		const SnAddress *one = all->pdata[i];
		if (one->channel == SN_CHANNEL_MAIL && one->confirmed)
			sides->mail = g_strdup(one->value);
	}
}

static const char *name_of(const Sides *sides, const SnMessage *message)
{
	const SnAccount *config = sides->account->config;

	if (message->direction == SN_IN)
		return sides->contact_name;
	return config->from_name ? config->from_name : config->im.user;
}

static void append_said(GString *text, const Sides *sides, const SnMessage *message)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(message->time / SN_SECOND);
	g_autofree char *clock = g_date_time_format(when, "%H:%M");
	g_auto(GStrv) lines = g_strsplit(message->body ? message->body : "", "\n", -1);

	g_string_append_printf(text, "%s  %s: %s\n", clock, name_of(sides, message),
	                       lines[0] ? lines[0] : "");
	for (char **line = lines[0] ? lines + 1 : lines; *line; line++)
		g_string_append_printf(text, "       %s\n", *line);
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		gboolean open = part->url && g_str_has_prefix(part->url, "https:");
		g_string_append_printf(text, "       file %s%s%s\n", part->name ? part->name : "",
		                       open ? " " : "", open ? part->url : "");
	}
}

static char *text_for_people(const Sides *sides, const GPtrArray *messages, SnTime day)
{
	GString *text = g_string_new(NULL);
	g_autoptr(GDateTime) first = g_date_time_new_from_unix_local(
		((SnMessage *)messages->pdata[0])->time / SN_SECOND);
	g_autofree char *zone = g_date_time_format(first, "UTC%:z");
	g_autofree char *words = day_words(day);

	g_string_append_printf(text, "IM conversation of %s and %s, %s (times: %s).\n\n",
	                       sides->account->config->im.user, sides->contact, words, zone);
	for (guint i = 0; i < messages->len; i++)
		append_said(text, sides, messages->pdata[i]);
	return g_string_free(text, FALSE);
}

/* ---- to machines ---- */

static SnMailCarried *carry(const Sides *sides, const SnMessage *message)
{
	SnMailCarried *carried = g_new0(SnMailCarried, 1);
	const char *own = sides->account->config->im.user;
	gboolean in = message->direction == SN_IN;
	const char *body = message->body ? message->body : "";

	carried->from = g_strdup(in ? sides->contact : own);
	carried->to = g_strdup(in ? own : sides->contact);
	carried->time = message->time;
	carried->text = g_utf8_make_valid(body, (gssize)MIN(strlen(body), LONGEST_TEXT));
	carried->id = g_strdup(message->origin_id);
	carried->files = sn_history_carry_files(message);
	return carried;
}

GBytes *sn_transcript_compose(SnEngineAccount *account, const SnTranscriptDay *day,
                              const char *contact, const GPtrArray *messages, GError **error)
{
	g_auto(Sides) sides = { .account = account, .contact = contact };
	g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func((GDestroyNotify)sn_mail_carried_free);
	g_autoptr(GPtrArray) to = g_ptr_array_new();
	const SnAccount *config = account->config;

	g_assert(messages->len > 0);
	look_up(&sides, day->peer);
	for (guint i = 0; i < messages->len; i++)
		g_ptr_array_add(history, carry(&sides, messages->pdata[i]));
	g_autofree char *words = day_words(day->day), *digits = day_digits(day->day);
	g_autofree char *subject = g_strdup_printf("Chat with %s, %s", sides.contact_name, words);
	g_autofree char *text = text_for_people(&sides, messages, day->day);
	g_autofree char *key = sn_transcript_key(config, contact, day->day);
	g_autofree char *chat = g_strdup_printf("%s %s %s", config->im.user, contact, digits);
	g_autofree char *group = g_strdup_printf("%s (%s)", sides.contact_name, contact);
	SnMailAddress address = { SN_MAIL_TO, sides.mail, sides.contact_name };
	if (sides.mail)
		g_ptr_array_add(to, &address);
	SnMailCompose mail = {
		.from_address = config->from_address,
		.from_name = config->from_name,
		.addresses = to,
		.to_group = sides.mail ? NULL : group,
		.subject = subject,
		.date = ((SnMessage *)messages->pdata[messages->len - 1])->time,
		.message_id = key,
		.chat = chat,
		.text = text,
		.history = history,
	};
	return sn_mail_compose(&mail, error);
}

/* ---- back ---- */

typedef struct {
	char *own, *contact;
	SnTime day;
} Chat;

static void chat_clear(Chat *chat)
{
	g_free(chat->own);
	g_free(chat->contact);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chat, chat_clear)

static gboolean read_chat(const SnAccount *account, const char *value, Chat *chat)
{
	g_auto(GStrv) words = g_strsplit(value, " ", 4);

	if (g_strv_length(words) != 3)
		return FALSE;
	g_autofree char *start = g_strdup_printf("%sT00:00:00Z", words[2]);
	chat->own = sn_address_normalise(SN_CHANNEL_IM, words[0]);
	chat->contact = sn_address_normalise(SN_CHANNEL_IM, words[1]);
	chat->day = strlen(words[2]) == 10 ? sn_time_parse(start, NULL) : 0;
	g_autofree char *mine = account->im.user
	                                ? sn_address_normalise(SN_CHANNEL_IM, account->im.user)
	                                : NULL;
	return chat->own && chat->contact && chat->day > 0 && g_strcmp0(mine, chat->own) == 0 &&
	       !g_str_equal(chat->own, chat->contact);
}

gboolean sn_transcript_is_one(const SnAccount *account, const SnPrepared *prepared)
{
	g_auto(Chat) chat = { 0 };

	return prepared->mail && prepared->mail->chat && prepared->mail->message_id &&
	       read_chat(account, prepared->mail->chat, &chat);
}

static gboolean is_within(const Chat *chat, const SnMailCarried *one, gboolean *out)
{
	g_autofree char *from = one->from ? sn_address_normalise(SN_CHANNEL_IM, one->from) : NULL;
	g_autofree char *to = one->to ? sn_address_normalise(SN_CHANNEL_IM, one->to) : NULL;

	*out = g_strcmp0(from, chat->own) == 0;
	return one->id && *one->id && !one->rfc822 && one->time >= chat->day &&
	       one->time < chat->day + SN_DAY &&
	       ((*out && g_strcmp0(to, chat->contact) == 0) ||
	        (g_strcmp0(from, chat->contact) == 0 && g_strcmp0(to, chat->own) == 0));
}

static void add_files(SnMessage *message, const SnMailCarried *one)
{
	for (guint i = 0; one->files && i < one->files->len; i++) {
		const SnMailCarriedFile *file = one->files->pdata[i];
		SnPart *part = g_new0(SnPart, 1);
		part->position = (int)i + 1;
		part->name = g_strdup(file->name);
		part->type = g_strdup(file->type ? file->type : "application/octet-stream");
		part->size = file->size;
		part->url = g_strdup(file->url);
		sn_message_add_part(message, part);
	}
}

/* As if it had been received here; what is known already stays as it is. */
static gboolean file_one(SnStore *store, SnId account, const Chat *chat, const SnMailCarried *one,
                         gboolean out, gboolean old, GError **error)
{
	g_autoptr(SnMessage) message = sn_message_new();
	const char *from = out ? chat->own : chat->contact, *to = out ? chat->contact : chat->own;
	SnAddResult result;

	message->account = account;
	message->channel = SN_CHANNEL_IM;
	message->direction = out ? SN_OUT : SN_IN;
	message->state = out ? SN_STATE_ACCEPTED : SN_STATE_RECEIVED;
	message->time = one->time;
	message->flags = out || old ? SN_FLAG_SEEN : 0;
	message->origin_id = g_strdup(one->id);
	message->body = g_strdup(one->text ? one->text : "");
	message->size = (gint64)strlen(message->body);
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, from, NULL, error);
	sn_message_add_party(message, SN_ROLE_FROM, from, NULL);
	sn_message_add_party(message, SN_ROLE_TO, to, NULL);
	add_files(message, one);
	return message->sender && sn_message_add(store, message, NULL, NULL, &result, error);
}

static GPtrArray *merge(SnStore *store, SnId account, const Chat *chat, const SnMail *mail,
                        gboolean old, GError **error)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < mail->carried->len; i++) {
		const SnMailCarried *one = mail->carried->pdata[i];
		gboolean out;
		if (!is_within(chat, one, &out))
			continue;
		if (!file_one(store, account, chat, one, out, old, error))
			return NULL;
		g_ptr_array_add(ids, g_strdup(one->id));
	}
	return sorted_once(g_steal_pointer(&ids));
}

gboolean sn_transcript_file(SnStore *store, const SnAccount *account, const SnPrepared *prepared,
                            const SnPlace *place, SnId message, GError **error)
{
	g_auto(Chat) chat = { 0 };
	const SnMail *mail = prepared->mail;
	g_autoptr(GPtrArray) ids = NULL;

	if (!read_chat(account, mail->chat, &chat))
		g_assert_not_reached(); /* sn_transcript_is_one() */
	/* Of a large one only the text is here: then nobody knows what it lacks. */
	if (!place->partial)
		ids = merge(store, place->account, &chat, mail, place->quiet, error);
	if (!place->partial && !ids)
		return FALSE;
	return sn_transcript_hide(store, message, error) &&
	       sn_transcript_set(store, place->folder, place->uid, mail->message_id, ids, error);
}
