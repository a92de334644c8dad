/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_im.c - roster, presence, archive and live IMs into rows; receipts to delivery.
 *
 * After an absence that stream management could not bridge, the server's archive (XEP-0313) is
 * read from the last id seen. The position moves with live messages only once that is done, so a
 * crash in between leaves no gap.
 */
#include "src/base/fault.h"
#include "src/engine/amends.h"
#include "src/engine/displayed.h"
#include "src/engine/omemo.h"
#include "src/engine/sync_private.h"
#include "src/route/limits.h"
#include "src/store/contacts.h"
#include "src/store/omemo.h"
#include "src/store/own_card.h"
#include "src/store/rooms.h"

#include <string.h>

enum {
	PAGE = 2000,        /* archived messages per request */
	MAX_PAGES = 50,     /* per connection; the rest with the next one */
	VCARD_PAUSE = 2000, /* ms between lookups */
};
#define FIRST_DAYS (14 * SN_DAY)
#define RECENT (5 * SN_MINUTE) /* older ones are no news for the desktop */

/* What was filed and not committed yet. */
typedef struct {
	const SnImMessage *im; /* of an event that is kept */
	SnId id;
	SnAddResult result;
} Filed;

struct sn_im_sync {
	SnEngineAccount *account;
	char *own; /* bare JID */
	gboolean online, synced, has_archive;
	gboolean reading;    /* the archive */
	gboolean caught_up;  /* the position may follow live messages */
	SnTime since;        /* the archive forgot the position: go on from then; 0 */
	gboolean from_start; /* there was no position: the first time */
	int pages;
	GHashTable *told; /* JIDs of the roster told since we are on line; NULL */
	GQueue lookups; /* of char *, JIDs whose vCard to ask for */
	GSource *lookup_timer;
	gboolean looking_up, looks_for_own;
	SnAmends *amends;
	SnDisplayed *displayed;
	gboolean lost;       /* something could not be written: the position stays before it */
	/* several in one transaction: */
	gboolean in_batch;
	char *position;      /* up to which the archive is in it; NULL: as it was */
	GArray *filed;       /* of Filed */
	GPtrArray *kept;     /* of SnImEvent: until what follows from them is done */
};

static void next_lookup(SnImSync *sync);

SnImSync *sn_im_sync_new(SnEngineAccount *account)
{
	SnImSync *sync = g_new0(SnImSync, 1);

	sync->account = account;
	sync->own = sn_address_normalise(SN_CHANNEL_IM, account->config->im.user);
	g_queue_init(&sync->lookups);
	sync->amends = sn_amends_new(account);
	sync->displayed = sn_displayed_new(account);
	sync->filed = g_array_new(FALSE, FALSE, sizeof(Filed));
	sync->kept = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_event_free);
	return sync;
}

void sn_im_sync_free(SnImSync *sync)
{
	if (!sync)
		return;
	g_assert(!sync->in_batch);
	if (sync->lookup_timer) {
		g_source_destroy(sync->lookup_timer);
		g_source_unref(sync->lookup_timer);
	}
	g_array_unref(sync->filed);
	g_ptr_array_unref(sync->kept);
	g_free(sync->position);
	g_clear_pointer(&sync->told, g_hash_table_unref);
	g_queue_clear_full(&sync->lookups, g_free);
	sn_amends_free(sync->amends);
	sn_displayed_free(sync->displayed);
	g_free(sync->own);
	g_free(sync);
}

static void warn(SnImSync *sync, const GError *error)
{
	g_warning("%s: %s", sync->account->config->name, error->message);
}

static void ignore_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
}

static SnImRequest *new_request(SnImSync *sync, SnImRequestKind kind)
{
	return sn_im_request_new(kind, sn_engine_next_id(sync->account->engine));
}

/* ---- messages ---- */

/* May this contact know that we are here? Whoever may see our presence, may. */
static gboolean may_see_us(SnStore *store, SnId address)
{
	SnSubscription subscription = SN_SUB_NONE;

	return sn_roster_get(store, address, NULL, &subscription, NULL) &&
	       (subscription == SN_SUB_FROM || subscription == SN_SUB_BOTH);
}

static void send_receipt(SnImSync *sync, const SnImMessage *im, SnId sender)
{
	SnEngine *engine = sync->account->engine;

	if (!im->want_receipt || !im->id || im->groupchat || im->archived || im->carbon_received ||
	    !sn_config_settings(engine->config)->im_receipts || !may_see_us(engine->store, sender))
		return;
	SnImRequest *request = new_request(sync, SN_IM_REQ_SEND);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(im->from);
	request->message->receipt_id = g_strdup(im->id);
	request->message->store_hint = TRUE; /* its sender may be away by now */
	sn_engine_im(sync->account, request, ignore_reply, NULL);
}

/* Read on another device of the user's. */
static void read_elsewhere(SnImSync *sync, const SnImMessage *im)
{
	SnStore *store = sync->account->engine->store;
	g_autofree char *peer = im->to ? sn_address_normalise(SN_CHANNEL_IM, im->to) : NULL;
	SnId id = peer ? sn_message_find_im(store, im->displayed_id, peer) : 0;
	g_autoptr(SnMessage) message = id ? sn_message_get(store, id, 0) : NULL;

	if (message)
		sn_conversation_mark_read(store, message->conversation, id, NULL);
}

/* Receipts, markers and errors: about messages, not messages. TRUE when it was one. */
static gboolean take_notice(SnImSync *sync, const SnImMessage *im)
{
	SnEngineAccount *account = sync->account;
	SnDelivery *delivery = account->engine->delivery;
	g_autofree char *from =
		im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : g_strdup(sync->own);
	const char *id = im->displayed_id ? im->displayed_id : im->receipt_id;

	if (!from)
		return TRUE;
	if (im->error) {
		if (im->id)
			sn_delivery_im_error(delivery, account, from, im->id, im->error_condition,
			                     im->error_text);
		return TRUE;
	}
	if (!id)
		return FALSE;
	if (!im->carbon_sent && !g_str_equal(from, sync->own))
		sn_delivery_receipt(delivery, account, from, id, im->displayed_id != NULL);
	else if (im->displayed_id)
		read_elsewhere(sync, im);
	return TRUE;
}

static gboolean has_content(const SnImMessage *im)
{
	return (im->body && *im->body) || (im->files && im->files->len > 0) ||
	       (im->forwarded && im->forwarded->len > 0);
}

/* A file that goes with a message was handed over to that. */
static gboolean has_parts(SnStore *store, SnId id)
{
	g_autoptr(SnMessage) message = sn_message_get(store, id, SN_MESSAGE_FULL);

	return message && message->parts && message->parts->len > 0;
}

static void after_filing(SnImSync *sync, const SnImMessage *im, SnId id, SnAddResult result)
{
	SnEngineAccount *account = sync->account;
	SnEngine *engine = account->engine;
	g_autoptr(SnMessage) message = sn_message_get(engine->store, id, 0);

	if (!message)
		return;
	sn_transcripts_look(account->core->transcripts);
	sn_displayed_filed(sync->displayed, message);
	if (message->direction == SN_OUT) {
		sn_delivery_seen(engine->delivery, SN_CHANNEL_IM, message->origin_id);
		if (result == SN_ADDED && !im->groupchat)
			sn_own_question_elsewhere(account, message, im);
		if (result == SN_ADDED && message->attached) /* what another device sent along */
			sn_files_fetch(account, id);
		return;
	}
	if (!(im->e2e & SN_E2E_CLOSED) || !im->sealed) /* what cannot be read has not arrived */
		send_receipt(sync, im, message->sender);
	/* a correction that has found its message is no news of its own */
	if (result == SN_DUPLICATE || (im->replace_id && message->attached))
		return;
	sn_fault(ANSWER_FILED);
	sn_delivery_answer(engine->delivery, account, id, im);
	sn_own_question_answer(account, message);
	if (!im->groupchat)
		sn_files_fetch(account, has_parts(engine->store, id) ? id : message->attached);
	if (sn_clock_now(engine->clock) - message->time >= RECENT)
		return;
	sn_notifier_incoming(engine->core->notifier, id);
	if (engine->core->book && !im->groupchat)
		sn_book_ask(engine->core->book, message->sender);
}

/* History and files that went along with a message of ours: its row stands for them. */
static gboolean is_own_part(SnImSync *sync, const SnImMessage *im)
{
	SnDelivery *delivery = sync->account->engine->delivery;
	const char *id = im->origin_id ? im->origin_id : im->id;
	g_autofree char *from = im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : NULL;

	if (im->groupchat || (from && !g_str_equal(from, sync->own)) ||
	    !sn_delivery_is_part(delivery, id))
		return FALSE;
	sn_delivery_seen(delivery, SN_CHANNEL_IM, id);
	return TRUE;
}

/* ---- encrypted ones (omemo.h) ---- */

static char *sender_of(SnImSync *sync, const SnImMessage *im)
{
	return im->from ? sn_address_normalise(SN_CHANNEL_IM, im->from) : g_strdup(sync->own);
}

/* It was opened before, or written here: the text is in the row that it has. */
static gboolean take_known_text(SnImSync *sync, SnImMessage *im, const char *from)
{
	SnStore *store = sync->account->engine->store;
	const char *id = im->origin_id ? im->origin_id : im->id;
	SnId row = id ? sn_message_find_im(store, id, from) : 0;
	g_autoptr(SnMessage) known = row ? sn_message_get(store, row, SN_MESSAGE_FULL) : NULL;

	if (!known)
		return FALSE;
	g_clear_pointer(&im->fallback, g_array_unref);
	sn_im_message_set_body(im, known->body && *known->body ? known->body : " ");
	return TRUE;
}

/* FALSE: nothing of it is to be filed; with an error it could not be written. */
static gboolean open_sealed(SnImSync *sync, SnImMessage *im, GError **error)
{
	g_autofree char *from = sender_of(sync, im);

	if (!from || !sync->account->omemo)
		return FALSE;
	switch (sn_omemo_open(sync->account->omemo, im, from, error)) {
	case SN_OMEMO_OPENED: return TRUE;
	case SN_OMEMO_KNOWN: return take_known_text(sync, im, from);
	case SN_OMEMO_NOTHING:
	case SN_OMEMO_AGAIN: break;
	}
	return FALSE;
}

/* What says of itself that it is encrypted, and what is not although that is usual here. */
static void mark_clear(SnImSync *sync, SnImMessage *im)
{
	SnStore *store = sync->account->engine->store;
	gboolean out = im->carbon_sent;
	g_autofree char *from = sender_of(sync, im);
	g_autofree char *to = im->to ? sn_address_normalise(SN_CHANNEL_IM, im->to) : NULL;

	out = out || g_strcmp0(from, sync->own) == 0;
	const char *peer = out ? to : from;
	if (im->locked)
		im->e2e = SN_E2E_CLOSED_BY(SN_E2E_WHY_OTHER_WAY);
	else if (!im->groupchat && !im->encrypted && peer &&
	         sn_omemo_was_used(store, sync->account->id, peer))
		im->e2e = SN_E2E_CLEAR;
}

/* Within one transaction what opens it and the text: a crash leaves both or none of it. */
static gboolean file_message(SnImSync *sync, SnImMessage *im, SnId *id, SnAddResult *result,
                             GError **error)
{
	SnEngine *engine = sync->account->engine;
	g_autoptr(GError) own_error = NULL;

	if (!im->sealed) {
		mark_clear(sync, im);
		return sn_ingest_im(engine, sync->account, im, id, result, error);
	}
	if (!sn_store_begin(engine->store, error))
		return FALSE;
	gboolean file = open_sealed(sync, im, &own_error);
	gboolean done = !own_error && (!file || sn_ingest_im(engine, sync->account, im, id, result,
	                                                     &own_error));
	if (!done) {
		sn_store_rollback(engine->store);
		g_propagate_error(error, g_steal_pointer(&own_error));
		return FALSE;
	}
	return sn_store_commit(engine->store, error);
}

/* The archive goes on behind it, unless there is a gap. */
static void seen(SnImSync *sync, const SnImMessage *im)
{
	if (!sync->caught_up || !im->stanza_id || im->groupchat)
		return;
	if (sync->in_batch) {
		g_free(sync->position);
		sync->position = g_strdup(im->stanza_id);
	} else {
		sn_archive_set(sync->account->engine->store, sync->account->id, sync->own, im->stanza_id,
		               NULL);
	}
}

/* Something that is said of another message: what could not be written is found again. */
static gboolean take_amend(SnImSync *sync, const SnImMessage *im)
{
	gboolean written = TRUE;

	if (!sn_amends_take(sync->account, im, &written))
		return FALSE;
	sync->caught_up = sync->caught_up && written;
	seen(sync, im);
	return TRUE;
}

/* One that waited in the archive, or came to another client of the user's. */
static gboolean take_invitation(SnImSync *sync, const SnImMessage *im)
{
	g_autofree char *from = sender_of(sync, im);

	if (!im->invitation || im->carbon_sent || !from || g_str_equal(from, sync->own) ||
	    !sync->account->core->rooms)
		return FALSE;
	sn_rooms_invited(sync->account->core->rooms, im->invitation, im->time);
	seen(sync, im);
	return TRUE;
}

static gboolean is_of_room(SnImSync *sync, const char *jid)
{
	g_autofree char *bare = jid && strchr(jid, '/') ? sn_address_normalise(SN_CHANNEL_IM, jid) : NULL;
	g_autoptr(SnRoom) room = bare ? sn_room_find(sync->account->engine->store, sync->account->id, bare)
	                              : NULL;

	return room != NULL;
}

/* The archive is read before the rooms are joined: until then only the store knows which they are. */
static void know_private(SnImSync *sync, SnImMessage *im)
{
	if (im->room_marked && !im->error && !im->room_private)
		im->room_private = is_of_room(sync, im->from) || is_of_room(sync, im->to);
}

/* Once it is committed. */
static void filed(SnImSync *sync, const Filed *one)
{
	if (one->im->groupchat && sync->account->core->rooms)
		sn_rooms_filed(sync->account->core->rooms, one->im);
	if (one->id)
		after_filing(sync, one->im, one->id, one->result);
	if (one->im->sealed && sync->account->omemo)
		sn_omemo_settle(sync->account->omemo, sync->caught_up || !sync->has_archive);
}

/* What could not be stored must be found again in the archive. */
static void storage_failed(SnImSync *sync)
{
	sync->caught_up = FALSE;
	sync->lost = TRUE;
}

static void take_message(SnImSync *sync, SnImMessage *im)
{
	g_autoptr(GError) error = NULL;
	SnAddResult result = SN_ADDED;
	SnId id = 0;

	if (im->retracts && sync->account->core->rooms) {
		sn_rooms_retract(sync->account->core->rooms, im);
		return;
	}
	if (take_invitation(sync, im))
		return;
	know_private(sync, im);
	if (take_notice(sync, im) || take_amend(sync, im) ||
	    !(im->sealed || has_content(im)) || is_own_part(sync, im))
		return;
	if (!file_message(sync, im, &id, &result, &error)) {
		warn(sync, error);
		if (error->code == SN_ERROR_STORAGE || error->code == SN_ERROR_BUSY)
			storage_failed(sync);
		return;
	}
	Filed one = { im, id, result };
	seen(sync, im);
	if (sync->in_batch)
		g_array_append_val(sync->filed, one);
	else
		filed(sync, &one);
}

void sn_im_sync_message(SnImSync *sync, SnImMessage *im)
{
	take_message(sync, im);
}

/* ---- many at once: one transaction, and what follows from them when it is committed ---- */

gboolean sn_im_sync_joins(SnImSync *sync, const SnImEvent *event)
{
	const SnImMessage *im = sync && event->kind == SN_IM_EV_MESSAGE ? event->message : NULL;

	/* only texts and files: all else changes more than rows, or says something about a message */
	if (!im || !(im->sealed || has_content(im)) || im->error || im->receipt_id || im->displayed_id ||
	    im->retracts || im->react_id || im->retract_id || im->invitation)
		return FALSE;
	return !sn_delivery_is_part(sync->account->engine->delivery,
	                            im->origin_id ? im->origin_id : im->id);
}

gboolean sn_im_sync_begin(SnImSync *sync)
{
	g_autoptr(GError) error = NULL;

	if (sync->in_batch)
		return TRUE;
	g_assert(!sync->filed->len && !sync->kept->len && !sync->position);
	sync->in_batch = sn_store_begin(sync->account->engine->store, &error);
	if (!sync->in_batch)
		warn(sync, error); /* each by itself tries again, and says what is to be read again */
	return sync->in_batch;
}

gboolean sn_im_sync_keep(SnImSync *sync, SnImEvent *event)
{
	if (!sync || !sync->in_batch)
		return FALSE;
	g_ptr_array_add(sync->kept, event);
	return TRUE;
}

/* The position in the archive moves with what it stands behind, or not at all. */
static gboolean commit_batch(SnImSync *sync, GError **error)
{
	SnStore *store = sync->account->engine->store;

	if (sync->position && !sync->lost &&
	    !sn_archive_set(store, sync->account->id, sync->own, sync->position, error)) {
		sn_store_rollback(store);
		return FALSE;
	}
	return sn_store_commit(store, error);
}

void sn_im_sync_end(SnImSync *sync)
{
	g_autoptr(GError) error = NULL;

	if (!sync || !sync->in_batch)
		return;
	gboolean committed = commit_batch(sync, &error);
	sync->in_batch = FALSE;
	g_clear_pointer(&sync->position, g_free);
	if (!committed) {
		warn(sync, error);
		storage_failed(sync);
	}
	for (guint i = 0; committed && i < sync->filed->len; i++)
		filed(sync, &g_array_index(sync->filed, Filed, i));
	g_array_set_size(sync->filed, 0);
	g_ptr_array_set_size(sync->kept, 0);
}

/* ---- the archive ---- */

static void read_archive(SnImSync *sync);

static void archive_done(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	g_autoptr(GError) error = NULL;
	gboolean more = !event->complete && event->last_id && ++sync->pages < MAX_PAGES;

	if (sync->lost) { /* with the next connection it is asked again from before that */
		sync->reading = FALSE;
		sn_engine_check_settled(engine);
		return;
	}
	if (event->last_id &&
	    !sn_archive_set(engine->store, sync->account->id, sync->own, event->last_id, &error))
		warn(sync, error);
	if (more && sync->online) {
		read_archive(sync);
		return;
	}
	sync->reading = FALSE;
	sync->caught_up = event->complete;
	if (sync->account->omemo)
		sn_omemo_settle(sync->account->omemo, sync->caught_up);
	if (!sync->online)
		return; /* the last page was still to be filed when the line went */
	sn_account_status(sync->account, SN_END_IM, SN_STATUS_ONLINE, NULL, 0);
	sn_im_sync_look(sync);
}

static void archive_failed(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	gboolean expired = event->error &&
	                   g_error_matches(event->error, SN_ERROR, SN_ERROR_NOT_FOUND) &&
	                   !sync->from_start;

	sync->reading = FALSE;
	if (expired) {
		/* the archive no longer knows the position: by time, from before what is here */
		SnTime newest = sn_im_newest(engine->store, sync->account->id);
		sync->since = sn_clock_now(engine->clock) - FIRST_DAYS;
		if (newest)
			sync->since = MIN(sync->since, newest - SN_DAY);
		sn_archive_set(engine->store, sync->account->id, sync->own, NULL, NULL);
		sync->pages = 0;
		read_archive(sync);
		return;
	}
	if (event->error && sync->online)
		warn(sync, event->error);
	/* with the next connection it is asked again from where it stands */
	sn_engine_check_settled(engine);
}

static void archive_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnImSync *sync = data;

	switch (event->kind) {
	case SN_IM_EV_MESSAGE:
		if (!event->message)
			break;
		take_message(sync, event->message);
		if (sync->in_batch && event->message->archive_id) {
			g_free(sync->position);
			sync->position = g_strdup(event->message->archive_id);
		}
		break;
	case SN_EVENT_DONE: archive_done(sync, event); break;
	case SN_EVENT_ERROR:
	case SN_EVENT_CANCELLED: archive_failed(sync, event); break;
	}
}

static void read_archive(SnImSync *sync)
{
	SnEngine *engine = sync->account->engine;
	SnImRequest *request = new_request(sync, SN_IM_REQ_ARCHIVE);

	request->after_id = sn_archive_get(engine->store, sync->account->id, sync->own);
	request->max_messages = PAGE;
	sync->from_start = !request->after_id;
	if (sync->from_start)
		request->start = sync->since ? sync->since
		                             : sn_clock_now(engine->clock) - FIRST_DAYS;
	sync->reading = TRUE;
	sync->caught_up = sync->lost = FALSE;
	sn_account_progress(sync->account, SN_END_IM, "Reading the archive.",
	                    (gint64)sync->pages * PAGE, 0);
	sn_engine_im(sync->account, request, archive_reply, sync);
}

static void line_synced(SnImSync *sync, const SnImEvent *event)
{
	if (!sync->online)
		return; /* said of a line that has gone meanwhile */
	sync->synced = TRUE;
	if (event->resumed && sync->account->omemo)
		sn_omemo_resumed(sync->account->omemo);
	if (event->resumed && sync->caught_up) {
		sn_engine_check_settled(sync->account->engine);
		return;
	}
	sync->pages = 0;
	if (!event->resumed) {
		sn_displayed_synced(sync->displayed);
		g_queue_push_tail(&sync->lookups, g_strdup(sync->own));
	}
	if (!event->resumed)
		sn_wishes_im_synced(sync->account);
	if (!event->resumed && sync->account->omemo)
		sn_omemo_synced(sync->account->omemo);
	if (sync->has_archive)
		read_archive(sync);
}

/* ---- roster and presence ---- */

static SnSubscription subscription_of(const char *word)
{
	static const struct {
		const char *word;
		SnSubscription subscription;
	} words[] = {
		{ "to", SN_SUB_TO },
		{ "from", SN_SUB_FROM },
		{ "both", SN_SUB_BOTH },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (!g_strcmp0(words[i].word, word))
			return words[i].subscription;
	return SN_SUB_NONE;
}

static void take_roster(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	g_autoptr(GError) error = NULL;
	gboolean done;

	if (!jid)
		return;
	if (event->removed)
		done = sn_roster_remove(engine->store, sync->account->id, jid, &error);
	else
		done = sn_roster_set(engine->store, sync->account->id, jid, event->name,
		                     subscription_of(event->subscription), event->ask, &error);
	if (!done) {
		warn(sync, error);
		return;
	}
	if (event->removed)
		return;
	if (sync->told)
		g_hash_table_add(sync->told, g_strdup(jid));
	sn_map_contact(engine->store, jid);
	g_queue_push_tail(&sync->lookups, g_steal_pointer(&jid));
	next_lookup(sync);
}

/* Who was removed while we were away is told of by nobody: he is not in it any more. */
static void roster_ends(SnImSync *sync)
{
	SnStore *store = sync->account->engine->store;
	g_autoptr(GPtrArray) before = sn_roster_list(store, sync->account->id);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; sync->told && i < before->len; i++)
		if (!g_hash_table_contains(sync->told, before->pdata[i]) &&
		    !sn_roster_remove(store, sync->account->id, before->pdata[i], &error)) {
			warn(sync, error);
			break;
		}
	g_clear_pointer(&sync->told, g_hash_table_unref);
}

static void take_blocked(SnImSync *sync, const SnImEvent *event)
{
	g_autoptr(GError) error = NULL;

	if (!sn_blocked_set(sync->account->engine->store, sync->account->id, event->uris, &error))
		warn(sync, error);
}

static void take_caps(SnImSync *sync, const SnImEvent *event)
{
	g_autoptr(GError) error = NULL;

	if (event->item && event->uris &&
	    !sn_caps_put(sync->account->engine->store, event->item, event->name, event->uris,
	                 &error))
		warn(sync, error);
}

static void take_presence(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	g_autoptr(SnAddress) address =
		jid ? sn_address_find(engine->store, SN_CHANNEL_IM, jid) : NULL;
	g_autoptr(GError) error = NULL;
	const char *slash = event->jid ? strchr(event->jid, '/') : NULL;
	SnPresence presence = {
		.resource = (char *)(slash ? slash + 1 : ""),
		.status = event->status,
		.priority = event->priority,
		.since = event->time ? event->time : sn_clock_now(engine->clock),
		.idle = event->idle_since,
		.caps = event->item,
	};

	/* presence of strangers tells nothing and must not fill the store */
	if (!address || g_str_equal(jid, sync->own))
		return;
	if (!event->show || !sn_presence_parse(event->show, &presence.show))
		presence.show = SN_PRESENCE_ONLINE;
	presence.address = address->id;
	if (!sn_presence_set(engine->store, sync->account->id, &presence, &error))
		warn(sync, error);
	if (sync->account->omemo && presence.show != SN_PRESENCE_OFFLINE)
		sn_omemo_came(sync->account->omemo, jid);
	sn_delivery_presence(engine->delivery, address->id);
}

/* ---- subscription requests ---- */

static void take_subscription(SnImSync *sync, const SnImEvent *event)
{
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	g_autoptr(GError) error = NULL;

	/* "subscribed" and the like change the roster, which is told of by itself */
	if (!jid || (event->name && !g_str_equal(event->name, "subscribe")))
		return;
	if (!sn_contact_request(sync->account, jid, event->status, &error))
		warn(sync, error);
}

/* ---- vCards of contacts: once a day each, one after the other ---- */

static gboolean asked_today(SnEngine *engine, const char *key)
{
	g_autofree char *last = sn_store_get(engine->store, key);

	return last && sn_clock_now(engine->clock) - g_ascii_strtoll(last, NULL, 10) < SN_DAY;
}

static void lookup_again(gpointer data)
{
	SnImSync *sync = data;

	g_clear_pointer(&sync->lookup_timer, g_source_unref);
	next_lookup(sync);
}

static void take_vcard(SnImSync *sync, const SnImEvent *event)
{
	SnEngineAccount *account = sync->account;

	if (!event->jid)
		return;
	if (g_str_equal(event->jid, sync->own))
		sn_own_card_is(account->engine->store, account->config->name,
		               event->text ? event->text : "", NULL);
	else
		sn_map_vcard(account->engine->store, event->jid, event->name, event->mails,
		             event->jids);
}

static void lookup_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnImSync *sync = data;

	switch (event->kind) {
	case SN_IM_EV_VCARD: take_vcard(sync, event); break;
	case SN_EVENT_DONE:
	case SN_EVENT_ERROR:
		if (sync->looks_for_own && event->error && event->error->code == SN_ERROR_NOT_FOUND)
			sn_own_card_is(account->engine->store, account->config->name, "", NULL);
		sync->looking_up = FALSE;
		if (!sync->lookup_timer && !g_queue_is_empty(&sync->lookups))
			sync->lookup_timer =
				sn_engine_timer(account->engine, VCARD_PAUSE, lookup_again, sync);
		break;
	case SN_EVENT_CANCELLED: sync->looking_up = FALSE; break;
	}
}

static void next_lookup(SnImSync *sync)
{
	SnEngine *engine = sync->account->engine;
	g_autofree char *jid = NULL, *key = NULL, *now = NULL;

	if (!sync->online || !sync->synced || sync->looking_up || sync->lookup_timer)
		return;
	while ((jid = g_queue_pop_head(&sync->lookups))) {
		key = g_strconcat("vcard-asked ", jid, NULL);
		if (!asked_today(engine, key))
			break;
		g_clear_pointer(&key, g_free);
		g_clear_pointer(&jid, g_free);
	}
	if (!jid)
		return;
	now = g_strdup_printf("%" G_GINT64_FORMAT, sn_clock_now(engine->clock));
	sn_store_set(engine->store, key, now, NULL);
	SnImRequest *request = new_request(sync, SN_IM_REQ_VCARD);
	request->jid = g_steal_pointer(&jid);
	sync->looks_for_own = g_str_equal(request->jid, sync->own);
	sync->looking_up = TRUE;
	sn_engine_im(sync->account, request, lookup_reply, sync);
}

/* ---- what the user read here ---- */

/* XEP-0333: the newest read message stands for all before it. */
static void send_displayed(SnImSync *sync, const SnMessage *message)
{
	SnEngine *engine = sync->account->engine;

	if (sn_rooms_displayed(sync->account, message))
		return;
	if (!message->origin_id || message->direction != SN_IN ||
	    !sn_config_settings(engine->config)->im_markers ||
	    !may_see_us(engine->store, message->sender))
		return;
	SnImRequest *request = new_request(sync, SN_IM_REQ_SEND);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(message->sender_value);
	request->message->displayed_id = g_strdup(message->origin_id);
	request->message->store_hint = TRUE;
	sn_engine_im(sync->account, request, ignore_reply, NULL);
}

void sn_im_sync_look(SnImSync *sync)
{
	SnEngine *engine = sync->account->engine;

	if (!sync->online || !sync->synced)
		return;
	sn_rooms_take_wishes(sync->account->core->rooms);
	/* what another client has read further on may still be on its way out of the archive */
	g_autoptr(GPtrArray) reads =
		sync->reading ? NULL : sn_action_reads(engine->store, sync->account->id);
	for (guint i = 0; reads && i < reads->len; i++) {
		const SnAction *action = g_ptr_array_index(reads, i);
		g_autoptr(SnMessage) message = sn_message_get(engine->store, action->message, 0);
		if (message) {
			send_displayed(sync, message);
			sn_displayed_tell(sync->displayed, message);
		}
		sn_action_done(engine->store, action->id, NULL);
	}
	if (!sync->reading)
		sn_displayed_look(sync->displayed);
	sn_amends_look(sync->amends);
}

/* ---- called by account.c ---- */

void sn_im_sync_line(SnImSync *sync, SnLineState line)
{
	SnEngine *engine = sync->account->engine;
	gboolean online = line == SN_LINE_ONLINE;

	if (sync->online && !online)
		sn_presence_forget(engine->store, sync->account->id, NULL);
	if (!online)
		sync->synced = FALSE;
	if (online && !sync->online) {
		g_clear_pointer(&sync->told, g_hash_table_unref);
		sync->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	}
	sync->online = online;
	if (!online && sync->account->omemo)
		sn_omemo_offline(sync->account->omemo);
	sync->account->im_features = FALSE;
	sn_rooms_line(sync->account->core->rooms, online);
	if (online)
		sn_wishes_im_online(sync->account);
}

static void take_features(SnImSync *sync, const SnImEvent *event)
{
	sync->account->upload_max = event->upload_max < 0 ? G_MAXINT64 : event->upload_max;
	sync->account->stanza_max = event->stanza_max;
	sync->has_archive = event->has_archive;
	SnLimits limits = { .upload = sync->account->upload_max,
		            .stanza = event->stanza_max ? (gint64)event->stanza_max
		                                        : SN_LIMIT_UNKNOWN,
		            .mail = SN_LIMIT_UNKNOWN };
	g_autoptr(GError) error = NULL;
	if (!sn_limits_set(sync->account->engine->store, sync->account->config->name, &limits,
	                   &error))
		g_warning("%s", error->message);
	sync->account->im_features = TRUE;
	/* what goes along with files waited for this */
	sn_delivery_account_online(sync->account->engine->delivery, sync->account, SN_CHANNEL_IM);
	sn_engine_wake(sync->account->engine);
}

void sn_im_sync_event(SnImSync *sync, const SnImEvent *event)
{
	if (sn_rooms_event(sync->account->core->rooms, event))
		return;
	switch (event->kind) {
	case SN_IM_EV_MESSAGE:
		if (event->message)
			take_message(sync, event->message);
		break;
	case SN_IM_EV_PRESENCE: take_presence(sync, event); break;
	case SN_IM_EV_ROSTER: take_roster(sync, event); break;
	case SN_IM_EV_ROSTER_END: roster_ends(sync); break;
	case SN_IM_EV_BLOCKED: take_blocked(sync, event); break;
	case SN_IM_EV_CAPS: take_caps(sync, event); break;
	case SN_IM_EV_SUBSCRIPTION: take_subscription(sync, event); break;
	case SN_IM_EV_VCARD: take_vcard(sync, event); break;
	case SN_IM_EV_REACH:
		if (event->jid)
			sn_map_reach(sync->account->engine->store, event->jid, event->uris);
		break;
	case SN_IM_EV_PRIVATE:
		sn_displayed_event(sync->displayed, event);
		sn_map_sync_event(sync->account->engine->core->map_sync, sync->account, event);
		break;
	case SN_IM_EV_DEVICES:
		if (sync->account->omemo)
			sn_omemo_event(sync->account->omemo, event);
		break;
	case SN_IM_EV_FEATURES: take_features(sync, event); break;
	case SN_IM_EV_SYNCED:
		line_synced(sync, event);
		sn_rooms_synced(sync->account->core->rooms, event->resumed);
		next_lookup(sync);
		sn_map_sync_synced(sync->account->engine->core->map_sync, sync->account);
		sn_im_sync_look(sync);
		break;
	}
}

gboolean sn_im_sync_settled(const SnImSync *sync)
{
	return sync->online && sync->synced && !sync->reading;
}
