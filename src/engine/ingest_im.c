/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ingest_im.c - files one IM, with the files, questions and earlier messages it brings. */
#include "src/engine/amends.h"
#include "src/engine/im_parts.h"
#include "src/engine/sync_private.h"

#include <string.h>

#include "src/route/thread.h"
#include "src/store/contacts.h"
#include "src/store/told.h"

enum {
	MAX_FORWARDED = 200,
	MAX_FILES = 50,
	MAX_CHOICES = 8,
};
#define DEFERRED_FOR (10 * SN_MINUTE) /* written that long before it was sent: say so */
#define CLOCK_SKEW SN_DAY             /* a server's stamp that far in the future is wrong */

typedef struct {
	SnEngine *engine;
	SnEngineAccount *account;
	const SnImMessage *im;
	char *from, *to; /* bare, normalised */
	const char *peer;
	gboolean out;
	SnId attach_to; /* the reply that it only brings history for; 0 */
	SnId file_of;   /* the message that it only brings a file of; 0 */
	SnMessage *message;
} Filing;

static char *nick_of(const char *full)
{
	const char *slash = full ? strchr(full, '/') : NULL;

	return slash && slash[1] ? g_strdup(slash + 1) : NULL;
}

static void add_files(Filing *filing)
{
	const GPtrArray *files = filing->im->files;

	for (guint i = 0; files && i < MIN(files->len, MAX_FILES); i++) {
		const SnImFile *file = g_ptr_array_index(files, i);
		if (!file->url)
			continue;
		SnPart *part = g_new0(SnPart, 1);
		part->position = (int)i + 1;
		part->type = g_strdup(file->type ? file->type : "application/octet-stream");
		part->name = g_strdup(file->name);
		part->size = file->size;
		/* what a contact says it is has to show once it is here */
		part->sha256 = filing->out ? g_strdup(file->sha256) : NULL;
		part->promised = filing->out ? NULL : g_strdup(file->sha256);
		part->url = g_strdup(file->url);
		sn_message_add_part(filing->message, part);
	}
}

/* Which message an encrypted text answers stands beside it in the clear, where anybody between the
 * two could have put another one: its quote has to agree. */
static const char *answered_by(SnStore *store, const SnImMessage *im)
{
	SnId id = im->encrypted && im->reply_id ? sn_message_find_origin(store, im->reply_id) : 0;
	g_autoptr(SnMessage) answered = id ? sn_message_get(store, id, SN_MESSAGE_FULL) : NULL;

	return !im->encrypted || (answered && sn_thread_quotes(answered, im->body)) ? im->reply_id
										    : NULL;
}

/* Without what only repeats something else: the quoted fallback, and the URL of the only file. The
 * quote of a message that is not here stays: nothing else says what is answered. */
static char *text_of(SnStore *store, const SnImMessage *im)
{
	const char *reply_id = answered_by(store, im);
	gboolean unknown = im->reply_id ? !reply_id || !sn_message_knows_im(store, reply_id)
			   : im->in_reply_to_mail
				   ? !sn_message_find_mail(store, im->in_reply_to_mail)
				   : FALSE;
	const char *body = im->body_fallback_free && !unknown ? im->body_fallback_free : im->body;

	if (body && im->files && im->files->len == 1) {
		const SnImFile *file = g_ptr_array_index(im->files, 0);
		g_autofree char *bare = g_strstrip(g_strdup(body));
		if (!g_strcmp0(bare, file->url))
			return g_strdup("");
	}
	return g_strdup(body ? body : "");
}

/*
 * An IM that answers an email belongs to the email's thread: its references name the root, or we
 * hold the email. (The store maps a bare <thread> that is the hash of a root.)
 */
static char *thread_of(SnStore *store, const SnImMessage *im)
{
	if (im->references && im->references->len > 0)
		return g_strdup(g_ptr_array_index(im->references, 0));
	if (im->in_reply_to_mail) {
		SnId id = sn_message_find_mail(store, im->in_reply_to_mail);
		g_autoptr(SnMessage) mail = id ? sn_message_get(store, id, 0) : NULL;
		if (mail && mail->thread)
			return g_strdup(mail->thread);
	}
	return g_strdup(im->thread);
}

/* The stanzas of one message have its id, a dot and a number (im_steps.h). */
static SnId first_of(const Filing *filing)
{
	const char *id = filing->message->origin_id;
	const char *dot = id ? strrchr(id, '.') : NULL;

	if (!dot || !dot[1] || strspn(dot + 1, "0123456789") != strlen(dot + 1) ||
	    filing->im->groupchat)
		return 0;
	g_autofree char *first = g_strndup(id, (gsize)(dot - id));
	return sn_message_find_im(filing->engine->store, first, filing->from);
}

/* One with text and without files that comes after the reply repeats the history as text; some of
 * it may be said here only. */
static gboolean follows_reply(const Filing *filing)
{
	return !(filing->im->files && filing->im->files->len) && first_of(filing) != 0;
}

/* A file that goes with a message is announced in a stanza of its own: its body is the address. */
static SnId file_of(const Filing *filing)
{
	const SnImMessage *im = filing->im;
	gboolean bare = im->files && im->files->len == 1 && !im->attach_to &&
	                !(im->forwarded && im->forwarded->len) && !*filing->message->body;

	return bare ? first_of(filing) : 0;
}

/* XEP-0367: it is here for the sake of a reply of the same sender. */
static SnId attached_to(const Filing *filing)
{
	const SnImMessage *im = filing->im;

	if (!im->attach_to || im->groupchat || !g_strcmp0(im->attach_to, im->origin_id))
		return 0;
	return sn_message_find_im(filing->engine->store, im->attach_to, filing->from);
}

static gboolean repeats_history(const Filing *filing)
{
	const SnImMessage *im = filing->im;
	gboolean brings = (im->files && im->files->len) || (im->forwarded && im->forwarded->len);

	if (im->part_of)
		return FALSE;
	/* the mark stands in the clear: it must not fold away what its sender has just said */
	if (im->encrypted && !(im->body && g_str_has_prefix(im->body, SN_IM_HISTORY_HEAD)))
		return FALSE;
	return filing->attach_to ? !brings : follows_reply(filing);
}

static char *notice_of(const Filing *filing, SnTime time)
{
	const SnImMessage *im = filing->im;

	if (repeats_history(filing))
		return g_strdup(SN_NOTICE_HISTORY);
	if (im->replace_id)
		return g_strdup("corrects an earlier message");
	if (!im->written || im->written > time || time - im->written < DEFERRED_FOR)
		return NULL;
	g_autoptr(GDateTime) written = g_date_time_new_from_unix_local(im->written / 1000);
	g_autofree char *text = written ? g_date_time_format(written, "%Y-%m-%d %H:%M") : NULL;
	return text ? g_strdup_printf("written %s", text) : NULL;
}

/* Ids of this form are our own questions' (wish.h): a contact must not be able to make one. */
static char *id_of(const SnImMessage *im)
{
	const char *id = im->origin_id ? im->origin_id : im->id;

	return id && !g_str_has_prefix(id, "wish:") ? g_strdup(id) : NULL;
}

/* A message that says it comes from the future would stay the newest for as long. */
static SnTime time_of(const Filing *filing)
{
	SnTime now = sn_clock_now(filing->engine->clock), time = filing->im->time;

	if (time <= 0 || time > now + CLOCK_SKEW)
		return now;
	/* Archives stamp whole seconds: what follows on another message in one did not come before it. */
	if (filing->im->archived && time % SN_SECOND == 0 && !filing->account->im_newest)
		filing->account->im_newest = sn_im_newest(filing->engine->store, filing->account->id);
	if (filing->im->archived && time % SN_SECOND == 0 && filing->account->im_newest > time &&
	    filing->account->im_newest < time + SN_SECOND)
		return filing->account->im_newest;
	return time;
}

static gboolean fill(Filing *filing, GError **error)
{
	SnEngine *engine = filing->engine;
	const SnImMessage *im = filing->im;
	SnMessage *message = filing->message;
	gboolean in_room = im->groupchat || im->room_private;
	g_autofree char *nick = in_room && !filing->out ? nick_of(im->from) : NULL;

	message->account = filing->account->id;
	message->channel = SN_CHANNEL_IM;
	message->direction = filing->out ? SN_OUT : SN_IN;
	message->state = filing->out ? SN_STATE_ACCEPTED : SN_STATE_RECEIVED;
	message->time = time_of(filing);
	message->sender =
		sn_address_intern(engine->store, SN_CHANNEL_IM, filing->from, NULL, error);
	if (!message->sender)
		return FALSE;
	message->sender_name = g_strdup(nick);
	sn_message_add_party(message, SN_ROLE_FROM, filing->from, nick);
	sn_message_add_party(message, SN_ROLE_TO, filing->to, NULL);
	message->subject = g_strdup(im->subject);
	message->origin_id = id_of(im);
	message->stanza_id = g_strdup(im->stanza_id ? im->stanza_id : im->archive_id);
	message->in_reply_to = g_strdup(im->in_reply_to_mail ? im->in_reply_to_mail
							     : answered_by(engine->store, im));
	message->thread = thread_of(engine->store, im);
	message->encrypted = im->encrypted;
	message->secure = im->e2e;
	filing->attach_to = attached_to(filing);
	message->notice = notice_of(filing, message->time);
	message->body = text_of(engine->store, im);
	message->size = (gint64)strlen(message->body);
	if (filing->out || (im->groupchat && filing->account->core->rooms &&
	                    sn_rooms_is_old(filing->account->core->rooms, im)))
		message->flags = SN_FLAG_SEEN;
	if (im->unstyled)
		message->flags |= SN_FLAG_UNSTYLED;
	add_files(filing);
	filing->file_of = file_of(filing);
	return TRUE;
}

static gboolean is_text(const SnImMessage *one)
{
	return one->from && one->to && one->body && !one->groupchat;
}

static gboolean is_ours(const Filing *filing, const SnImMessage *one)
{
	const SnConfig *config = filing->engine->config;
	g_autofree char *from = sn_address_normalise(SN_CHANNEL_IM, one->from);
	g_autofree char *to = sn_address_normalise(SN_CHANNEL_IM, one->to);

	return sn_config_owns(config, SN_CHANNEL_IM, from) ||
	       sn_config_owns(config, SN_CHANNEL_IM, to);
}

static void say_left_out(Filing *filing)
{
	const GPtrArray *forwarded = filing->im->forwarded;
	guint not_ours = 0;

	for (guint i = 0; forwarded && i < MIN(forwarded->len, MAX_FORWARDED); i++) {
		const SnImMessage *one = g_ptr_array_index(forwarded, i);
		not_ours += is_text(one) && !is_ours(filing, one);
	}
	if (not_ours)
		sn_carried_say(filing->message, not_ours, 0);
}

/* all: nothing of it is in this stanza only. */
static gboolean file_forwarded(Filing *filing, gboolean *all, GError **error)
{
	const GPtrArray *forwarded = filing->im->forwarded;
	SnEngine *engine = filing->engine;
	SnId by = filing->attach_to ? filing->attach_to : filing->message->id;
	g_autoptr(GError) own_error = NULL;

	*all = forwarded && forwarded->len > 0 && forwarded->len <= MAX_FORWARDED;
	for (guint i = 0; forwarded && i < MIN(forwarded->len, MAX_FORWARDED); i++) {
		const SnImMessage *one = g_ptr_array_index(forwarded, i);
		g_autofree char *text = is_text(one) ? text_of(engine->store, one) : NULL;
		SnCarriedIm im = {
			.from = one->from,
			.to = one->to,
			.text = text,
			.origin_id = one->origin_id ? one->origin_id : one->id,
			.time = one->time,
			.im_files = one->files,
		};
		SnId filed = text ? sn_file_carried_im(engine->store, engine->config, &im, by,
		                                       &own_error)
		                  : 0;
		*all = *all && filed;
		if (own_error) {
			g_propagate_error(error, g_steal_pointer(&own_error));
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean file_history(Filing *filing, GError **error)
{
	gboolean all;

	return file_forwarded(filing, &all, error) &&
	       (!filing->attach_to || sn_message_attach(filing->engine->store, filing->message->id,
	                                                filing->attach_to, all, error));
}

/* The file stands with the text; the stanza is kept to be known when it comes again. */
static gboolean join_message(Filing *filing, GError **error)
{
	SnStore *store = filing->engine->store;

	return !filing->file_of ||
	       (sn_message_give_parts(store, filing->message->id, filing->file_of, error) &&
	        sn_message_attach(store, filing->message->id, filing->file_of, TRUE, error));
}

gboolean sn_answers_im(SnStore *store, SnMessage *message, SnId answered, GError **error)
{
	g_autoptr(SnMessage) asked =
		message->encrypted ? sn_message_get(store, answered, SN_MESSAGE_FULL) : NULL;
	const char *rest =
		asked && message->body ? sn_thread_after_name(asked, message->body) : NULL;

	if (!sn_message_set_answered(store, message->id, answered, error))
		return FALSE;
	message->reply_to = answered;
	return !rest || !*rest ||
	       sn_message_set_text(store, message->id, message->subject, rest, error);
}

/* Most clients do not say what is answered, but quote it, or keep the thread that it came with. */
static gboolean find_answered(Filing *filing, GError **error)
{
	SnStore *store = filing->engine->store;
	SnMessage *message = filing->message;
	SnId answered = message->reply_to || message->in_reply_to || filing->im->groupchat ||
	                                filing->im->room_private ||
	                                filing->attach_to || filing->file_of
	                        ? 0
	                        : sn_thread_answered(store, message);

	return !answered || sn_answers_im(store, message, answered, error);
}

/* A question of the contact that one key answers (XEP-0439). */
static gboolean ask_user(Filing *filing, GError **error)
{
	const SnImMessage *im = filing->im;
	const char *values[MAX_CHOICES + 1] = { NULL }, *labels[MAX_CHOICES + 1] = { NULL };
	guint count = im->response_values ? g_strv_length(im->response_values) : 0;

	if (!count || filing->out || im->groupchat)
		return TRUE;
	count = MIN(count, MAX_CHOICES);
	for (guint i = 0; i < count; i++) {
		values[i] = im->response_values[i];
		labels[i] = im->response_labels && im->response_labels[i] ? im->response_labels[i]
		                                                          : values[i];
	}
	if (sn_own_question_ignored(filing->engine, filing->message->sender, (char *const *)values))
		return TRUE;
	SnId question = sn_question_add(filing->engine->store, filing->message->conversation,
	                                filing->message->id, filing->message->body, values, labels,
	                                error);
	return question && sn_own_question_note(filing->engine->store, question,
	                                        (char *const *)values, error);
}

/* The room, or one of its people in private; NULL: neither. */
static char *room_of(const Filing *filing)
{
	const SnImMessage *im = filing->im;

	if (im->groupchat)
		return sn_address_normalise(SN_CHANNEL_IM, im->from);
	return im->room_private ? g_strdup(filing->out ? im->to : im->from) : NULL;
}

static gboolean file(Filing *filing, SnAddResult *result, GError **error)
{
	SnStore *store = filing->engine->store;
	g_autofree char *room = room_of(filing);

	if (!fill(filing, error))
		return FALSE;
	say_left_out(filing);
	if (!sn_message_add(store, filing->message, room, NULL, result, error))
		return FALSE;
	/* what it brought is already here, or is not for us to say anew */
	if (*result == SN_DUPLICATE)
		return TRUE;
	filing->account->im_newest = filing->message->time;
	if (room && !sn_rooms_said(filing->account, filing->im, filing->message, error))
		return FALSE;
	if (!filing->out && !room)
		sn_map_im(store, filing->im, filing->message->sender);
	return file_history(filing, error) && join_message(filing, error) &&
	       find_answered(filing, error) &&
	       sn_join_im(store, filing->im, filing->from, filing->message, error) &&
	       sn_amends_file(filing->account, filing->im, filing->message, error) &&
	       ask_user(filing, error);
}

static gboolean look_at_addresses(Filing *filing)
{
	const SnImMessage *im = filing->im;
	const char *own = filing->account->config->im.user;

	filing->from = sn_address_normalise(SN_CHANNEL_IM, im->from ? im->from : own);
	filing->to = sn_address_normalise(SN_CHANNEL_IM, im->to ? im->to : own);
	if (!filing->from || !filing->to)
		return FALSE;
	filing->out = im->groupchat
	                      ? im->own
	                      : im->carbon_sent || sn_config_owns(filing->engine->config,
	                                                          SN_CHANNEL_IM, filing->from);
	if (im->groupchat && im->own) { /* the room says it again: it was the user */
		g_free(filing->to);
		filing->to = g_steal_pointer(&filing->from);
		filing->from = sn_address_normalise(SN_CHANNEL_IM, own);
	}
	filing->peer = filing->out ? filing->to : filing->from;
	return TRUE;
}

gboolean sn_ingest_im(SnEngine *engine, SnEngineAccount *account, const SnImMessage *im,
                      SnId *message, SnAddResult *result, GError **error)
{
	Filing filing = { .engine = engine, .account = account, .im = im };
	gboolean done = FALSE;

	if (!look_at_addresses(&filing)) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_INVALID,
		                    "An IM without a usable sender or recipient was left out.");
	} else if (sn_store_begin(engine->store, error)) {
		filing.message = sn_message_new();
		done = file(&filing, result, error);
		if (!done)
			sn_store_rollback(engine->store);
		else
			done = sn_store_commit(engine->store, error);
		if (done && message)
			*message = filing.message->id;
	}
	sn_message_free(filing.message);
	g_free(filing.from);
	g_free(filing.to);
	return done;
}
