/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carried.c - files earlier messages that travelled along with another one.
 *
 * They are what the carrier's sender tells, no more: never live, never unread, never a reason to
 * change a record of our own, and no source of names. What the user was no party to is not history
 * between the two, and is left where it is, inside the message that brought it.
 */
#include "src/engine/sync_private.h"

#include <string.h>

#include "src/route/thread.h"
#include "src/store/told.h"

enum { MAX_FILES = 50 };
#define SKEW (5 * SN_MINUTE)                    /* clocks that differ */
#define EARLIEST ((SnTime)315532800 * SN_SECOND) /* 1980: no email or IM is older */

gboolean sn_carried_is_ours(const SnConfig *config, const SnMessage *message)
{
	const GPtrArray *parties = message->parties;

	for (guint i = 0; parties && i < parties->len; i++) {
		const SnParty *party = g_ptr_array_index(parties, i);
		if (party->role < SN_ROLE_REPLY_TO &&
		    sn_config_owns(config, message->channel, party->address))
			return TRUE;
	}
	return FALSE;
}

/* ---- when ---- */

static char *date_words(SnTime time)
{
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(time / SN_SECOND);

	return date ? g_date_time_format(date, "%Y-%m-%d %H:%M") : g_strdup("?");
}

static void add_notice(SnMessage *message, const char *line)
{
	char *joined = message->notice ? g_strconcat(message->notice, "; ", line, NULL)
	                               : g_strdup(line);

	g_free(message->notice);
	message->notice = joined;
}

/* A message is older than what brings it; one that says otherwise must not stand at the end of the
 * timeline for years, nor at its beginning for ever. */
static void place_in_time(SnMessage *message, SnTime carried)
{
	g_autofree char *date = date_words(message->time), *line = NULL;

	if (!message->time)
		line = g_strdup("has no date");
	else if (message->time < EARLIEST)
		line = g_strdup_printf("is dated %s, which cannot be", date);
	else if (message->time > carried + SKEW)
		line = g_strdup_printf("is dated %s, after the message that brought it", date);
	else
		return;
	message->time = carried;
	add_notice(message, line);
}

/* ---- filing ---- */

/* The names that a teller gives to others are shown with what he tells, and learned nowhere. */
static gboolean set_sender(SnStore *store, SnMessage *message, const char *address,
                           const char *name, GError **error)
{
	message->sender = sn_address_intern(store, message->channel, address, NULL, error);
	g_free(message->sender_name);
	message->sender_name = g_strdup(name);
	return message->sender != 0;
}

static gboolean file(SnStore *store, SnMessage *message, const SnMessage *by, GBytes *raw,
                     GError **error)
{
	SnAddResult result;

	message->carried = TRUE;
	message->carried_by = by->id;
	message->flags = SN_FLAG_SEEN;
	place_in_time(message, by->time);
	return sn_message_add(store, message, NULL, raw, &result, error);
}

/* Is there an own record of it that says the same? */
static gboolean agrees_with_ours(SnStore *store, const SnMessage *told, SnId by)
{
	g_autoptr(SnMessage) known = sn_message_get(store, told->id, 0);
	g_autoptr(GPtrArray) tellers = sn_message_told(store, told->id);

	if (!known || known->carried)
		return FALSE;
	for (guint i = 0; i < tellers->len; i++) {
		const SnTold *one = g_ptr_array_index(tellers, i);
		if (one->by == by)
			return one->differs == 0;
	}
	return FALSE;
}

/* Nothing beside an encrypted text says which email it answers, and the one that it names may come
 * with it. */
static gboolean answer_it(SnStore *store, SnMessage *by, const SnMessage *mail, GError **error)
{
	return by->channel != SN_CHANNEL_IM || !by->encrypted || by->reply_to ||
	       !sn_thread_quotes(mail, by->body) || sn_answers_im(store, by, mail->id, error);
}

SnId sn_file_carried_mail(SnStore *store, const SnConfig *config, SnPrepared *prepared,
                          SnId carried_by, GError **error)
{
	SnMessage *message = prepared->message;
	g_autoptr(SnMessage) by = sn_message_get(store, carried_by, SN_MESSAGE_FULL);

	if (!by || !prepared->mail || !prepared->sender || !sn_carried_is_ours(config, message))
		return 0;
	if (!set_sender(store, message, prepared->sender, prepared->sender_name, error) ||
	    !file(store, message, by, prepared->raw, error) ||
	    !answer_it(store, by, message, error))
		return 0;
	if (by->channel == SN_CHANNEL_IM && by->direction == SN_IN)
		sn_map_carried_mail(store, config, message, by->sender,
		                    agrees_with_ours(store, message, by->id));
	return message->id;
}

static void add_file(SnMessage *message, const char *url, const char *name, const char *type,
                     const char *sha256, gint64 size)
{
	SnPart *part = g_new0(SnPart, 1);

	part->position = message->parts ? (int)message->parts->len + 1 : 1;
	part->type = g_strdup(type ? type : "application/octet-stream");
	part->name = g_strdup(name);
	part->size = size;
	part->sha256 = g_strdup(sha256);
	part->url = g_strdup(url);
	sn_message_add_part(message, part);
}

/* As they are told: nothing is fetched before the user asks for it. */
static void add_files(SnMessage *message, const SnCarriedIm *im)
{
	for (guint i = 0; im->mail_files && i < MIN(im->mail_files->len, MAX_FILES); i++) {
		const SnMailCarriedFile *file = g_ptr_array_index(im->mail_files, i);
		add_file(message, file->url, file->name, file->type, file->sha256, file->size);
	}
	for (guint i = 0; im->im_files && i < MIN(im->im_files->len, MAX_FILES); i++) {
		const SnImFile *file = g_ptr_array_index(im->im_files, i);
		add_file(message, file->url, file->name, file->type, file->sha256, file->size);
	}
}

SnId sn_file_carried_im(SnStore *store, const SnConfig *config, const SnCarriedIm *im,
                        SnId carried_by, GError **error)
{
	g_autofree char *sender = sn_address_normalise(SN_CHANNEL_IM, im->from);
	g_autofree char *recipient = sn_address_normalise(SN_CHANNEL_IM, im->to);
	g_autoptr(SnMessage) message = sn_message_new();
	g_autoptr(SnMessage) by = sn_message_get(store, carried_by, 0);

	if (!by || !sender || !recipient || !im->text)
		return 0;
	message->channel = SN_CHANNEL_IM;
	sn_message_add_party(message, SN_ROLE_FROM, sender, im->from_name);
	sn_message_add_party(message, SN_ROLE_TO, recipient, NULL);
	if (!sn_carried_is_ours(config, message) ||
	    !set_sender(store, message, sender, im->from_name, error))
		return 0;
	gboolean own = sn_config_owns(config, SN_CHANNEL_IM, sender);
	message->direction = own ? SN_OUT : SN_IN;
	message->state = own ? SN_STATE_ACCEPTED : SN_STATE_RECEIVED;
	message->time = im->time;
	/* see id_of() in ingest_im.c */
	if (im->origin_id && !g_str_has_prefix(im->origin_id, "wish:"))
		message->origin_id = g_strdup(im->origin_id);
	message->body = g_strdup(im->text);
	add_files(message, im);
	message->size = (gint64)strlen(im->text);
	return file(store, message, by, NULL, error) ? message->id : 0;
}
