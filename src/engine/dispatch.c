/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dispatch.c - requests to an account's backends, their answers, and what comes by itself; how each
 * end is doing, as status rows.
 */
#include "src/engine/sync_private.h"

#include <glib-unix.h>

#include "src/store/place.h"

enum {
	BURST = 8, /* events of a queue before others get their turn */
	/* The longest write transaction; and the longest as long as nobody else wants to write and no
	 * IM waits to be read: a commit costs as much as many emails. */
	BATCH_US = 20 * 1000,
	LONG_BATCH_US = 150 * 1000,
};

typedef struct {
	SnEnd end;
	union {
		SnMailReply mail;
		SnSendReply send;
		SnImReply im;
	} call;
	gpointer data;
} Reply;

static gboolean is_last(int kind)
{
	return kind == SN_EVENT_DONE || kind == SN_EVENT_ERROR || kind == SN_EVENT_CANCELLED;
}

static void remember_reply(SnEngineAccount *account, guint64 id, const Reply *reply)
{
	guint64 *key = g_new(guint64, 1);

	g_assert(id > 0);
	*key = id;
	g_hash_table_insert(account->core->replies, key, g_memdup2(reply, sizeof *reply));
}

/* FALSE when nobody waits for it. A reply is forgotten before its last call, which may start new
 * requests. */
static gboolean find_reply(SnEngineAccount *account, SnEnd end, guint64 id, int kind, Reply *reply)
{
	Reply *found = id ? g_hash_table_lookup(account->core->replies, &id) : NULL;

	if (!found || found->end != end)
		return FALSE;
	*reply = *found;
	if (is_last(kind))
		g_hash_table_remove(account->core->replies, &id);
	return TRUE;
}

/* ---- requests ---- */

static GError *no_such_end(const SnEngineAccount *account, const char *what)
{
	return g_error_new(SN_ERROR, SN_ERROR_UNAVAILABLE,
	                   "The account \"%s\" has no working %s; see its lines in accounts.conf.",
	                   account->config->name, what);
}

/* A Maildir knows names; which those are of numbers, the store knows. */
static void say_names(SnEngineAccount *account, SnMailRequest *request)
{
	SnStore *store = account->engine->store;
	gboolean search = request->kind == SN_MAIL_REQ_SEARCH_ID;

	if (account->config->source.kind != SN_ENDPOINT_MAILDIR || !request->folder || request->known ||
	    (!search && (!request->uids || request->uids->len == 0)))
		return;
	SnPlaces places = search ? sn_places_all(store, account->id, request->folder)
				 : sn_places_numbered(store, account->id, request->folder, request->uids);
	request->known = places.uids;
	request->known_names = places.names;
	request->known_flags = places.flags;
}

void sn_engine_mail(SnEngineAccount *account, SnMailRequest *request, SnMailReply reply,
                    gpointer data)
{
	Reply entry = { SN_END_SOURCE, { .mail = reply }, data };

	if (!request->id)
		request->id = sn_engine_next_id(account->engine);
	remember_reply(account, request->id, &entry);
	say_names(account, request);
	if (account->source) {
		account->source_ops->submit(account->source, request);
		return;
	}
	SnParsed *parsed = g_new0(SnParsed, 1);
	parsed->event = sn_mail_event_new(SN_EVENT_ERROR, request->id, account);
	parsed->event->error = no_such_end(account, "source of email");
	sn_mail_request_free(request);
	if (!sn_queue_push_urgent(account->core->mail_out, parsed, 0))
		sn_parsed_free(parsed); /* the account is ending: it will be cancelled */
}

void sn_engine_send(SnEngineAccount *account, SnSendRequest *request, SnSendReply reply,
                    gpointer data)
{
	Reply entry = { SN_END_OUTGOING, { .send = reply }, data };

	if (!request->id)
		request->id = sn_engine_next_id(account->engine);
	remember_reply(account, request->id, &entry);
	if (account->transport) {
		account->transport_ops->submit(account->transport, request);
		return;
	}
	SnSendEvent *event = sn_send_event_new(SN_EVENT_ERROR, request->id, account);
	event->error = no_such_end(account, "way to send email");
	sn_send_request_free(request);
	if (!sn_queue_push_urgent(account->core->send_events, event, 0))
		sn_send_event_free(event);
}

void sn_engine_proceed(SnEngineAccount *account, guint64 request)
{
	if (account->transport)
		account->transport_ops->proceed(account->transport, request);
}

void sn_engine_stop_sending(SnEngineAccount *account, guint64 request)
{
	if (account->transport)
		account->transport_ops->cancel(account->transport, request);
}

void sn_engine_im(SnEngineAccount *account, SnImRequest *request, SnImReply reply, gpointer data)
{
	Reply entry = { SN_END_IM, { .im = reply }, data };

	if (!request->id)
		request->id = sn_engine_next_id(account->engine);
	remember_reply(account, request->id, &entry);
	if (account->im) {
		account->im_ops->submit(account->im, request);
		return;
	}
	SnImEvent *event = sn_im_event_new(SN_EVENT_ERROR, request->id, account);
	event->error = no_such_end(account, "IM address");
	sn_im_request_free(request);
	if (!sn_queue_push_urgent(account->core->im_events, event, 0))
		sn_im_event_free(event);
}

void sn_account_read_mail(SnEngineAccount *account, GBytes *raw, SnMailReply reply, gpointer data)
{
	Reply entry = { SN_END_SOURCE, { .mail = reply }, data };
	guint64 id = sn_engine_next_id(account->engine);
	SnMailEvent *event = sn_mail_event_new(SN_MAIL_EV_MESSAGE, id, account);

	remember_reply(account, id, &entry);
	event->raw = g_bytes_ref(raw);
	sn_queue_push_urgent(account->core->mail_in, event, 0);
	sn_queue_push_urgent(account->core->mail_in, sn_mail_event_new(SN_EVENT_DONE, id, account),
	                     0);
}

/* ---- status rows ---- */

static const char *const end_words[SN_END_COUNT] = { "source", "outgoing", "im" };

const char *sn_end_word(SnEnd end)
{
	return end_words[end];
}

void sn_account_status(SnEngineAccount *account, SnEnd end, SnStatusKind kind, const GError *error,
                       SnTime next_try)
{
	SnAccountCore *core = account->core;
	g_autoptr(GError) problem = NULL;
	SnStatus status = {
		.account = (char *)account->config->name,
		.end = (char *)end_words[end],
		.kind = kind,
		.detail = error ? error->message : NULL,
		.error_word = error && error->domain == SN_ERROR
		                      ? (char *)sn_error_word((SnErrorCode)error->code)
		                      : NULL,
		.since = sn_clock_now(account->engine->clock),
		.next_try = next_try,
	};

	core->kinds[end] = kind;
	if (error != core->errors[end]) {
		g_clear_error(&core->errors[end]);
		core->errors[end] = error ? g_error_copy(error) : NULL;
		status.detail = error ? core->errors[end]->message : NULL;
	}
	if (!sn_status_set(account->engine->store, &status, &problem))
		g_warning("%s", problem->message);
	sn_engine_check_settled(account->engine);
}

void sn_account_progress(SnEngineAccount *account, SnEnd end, const char *detail, gint64 done,
                         gint64 total)
{
	SnStatus status = {
		.account = (char *)account->config->name,
		.end = (char *)end_words[end],
		.kind = SN_STATUS_SYNCING,
		.detail = (char *)detail,
		.done = done,
		.total = total,
		.since = sn_clock_now(account->engine->clock),
	};

	account->core->kinds[end] = SN_STATUS_SYNCING;
	sn_status_set(account->engine->store, &status, NULL);
}

/* A line that is lost says when it will be tried again; one that needs the user says what for. */
static void line_status(SnEngineAccount *account, SnEnd end, SnLineState line, const GError *error,
                        SnTime next_try)
{
	SnStatusKind kind = SN_STATUS_OFF;

	switch (line) {
	case SN_LINE_CONNECTING:
		/* keep the reason of the last failure in sight while trying again */
		if (account->core->errors[end])
			return;
		kind = SN_STATUS_CONNECTING;
		break;
	case SN_LINE_ONLINE: kind = SN_STATUS_ONLINE; break;
	case SN_LINE_OFFLINE:
		kind = next_try || (error && sn_error_is_transient(error)) ? SN_STATUS_RETRYING
		                                                           : SN_STATUS_ERROR;
		break;
	}
	if (error)
		g_info("%s (%s): %s", account->config->name, end_words[end], error->message);
	sn_account_status(account, end, kind, line == SN_LINE_ONLINE ? NULL : error, next_try);
}

gboolean sn_account_settled(const SnEngineAccount *account, const GError **error)
{
	const SnAccountCore *core = account->core;
	gboolean source_down = core->errors[SN_END_SOURCE] != NULL;
	gboolean im_down = core->errors[SN_END_IM] != NULL;

	*error = source_down ? core->errors[SN_END_SOURCE] : core->errors[SN_END_IM];
	if (core->mail && !source_down &&
	    !(sn_mail_sync_settled(core->mail) && sn_actions_settled(core->actions) &&
	      sn_transcripts_settled(core->transcripts)))
		return FALSE;
	return !core->im || im_down || sn_im_sync_settled(core->im);
}

/* ---- events ---- */

static void mail_line(SnEngineAccount *account, const SnMailEvent *event)
{
	gboolean online = event->line == SN_LINE_ONLINE;
	gboolean news = online && !account->source_online;

	account->source_online = online;
	line_status(account, SN_END_SOURCE, event->line, event->error, event->next_try);
	sn_mail_sync_line(account->core->mail, event->line);
	if (news) {
		sn_delivery_account_online(account->engine->delivery, account, SN_CHANNEL_MAIL);
		sn_engine_wake(account->engine); /* intents that waited for the line */
	}
}

static void mail_event(SnEngineAccount *account, SnParsed *parsed)
{
	SnMailEvent *event = parsed->event;
	Reply reply;

	account->core->prepared = parsed->prepared;
	if (event->kind == SN_EVENT_LINE)
		mail_line(account, event);
	else if (find_reply(account, SN_END_SOURCE, event->id, event->kind, &reply))
		reply.call.mail(account, event, reply.data);
	else if (event->id == 0)
		sn_mail_sync_event(account->core->mail, event);
	account->core->prepared = NULL;
}

/* Events of a sync that only write rows share one transaction. */
static gboolean joins_batch(const SnMailEvent *event)
{
	return event->kind == SN_MAIL_EV_MESSAGE || event->kind == SN_MAIL_EV_FLAGS ||
	       event->kind == SN_MAIL_EV_GONE;
}

static void storage_failed(SnEngineAccount *account, const GError *error)
{
	if (account->core->mail)
		sn_mail_sync_storage_failed(account->core->mail, error);
	else
		g_warning("%s: %s", account->config->name, error->message);
}

static void batch_end(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;
	SnStore *store = account->engine->store;
	g_autoptr(GError) error = NULL;

	if (!core->in_batch)
		return;
	core->in_batch = FALSE;
	if (core->batch_failed) {
		sn_store_rollback(store);
		sn_after_clear(core->after);
		return;
	}
	if (sn_store_commit(store, &error)) {
		sn_after_run(core->after);
		sn_engine_touched(account->engine);
		return;
	}
	sn_after_clear(core->after);
	storage_failed(account, error);
}

static void batch_begin(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;
	g_autoptr(GError) error = NULL;

	if (core->in_batch)
		return;
	core->batch_failed = FALSE;
	core->in_batch = sn_store_begin(account->engine->store, &error);
	if (!core->in_batch)
		storage_failed(account, error);
}

static gboolean somebody_waits(SnEngine *engine)
{
	for (guint i = 0; i < engine->accounts->len; i++) {
		const SnEngineAccount *account = engine->accounts->pdata[i];
		if (account->core->im_events &&
		    sn_queue_length(account->core->im_events) > 0)
			return TRUE;
	}
	return sn_store_is_wanted(engine->store);
}

static gboolean mail_ready(gint fd, GIOCondition condition, gpointer data)
{
	SnEngineAccount *account = data;
	SnAccountCore *core = account->core;
	gint64 begun = g_get_monotonic_time();
	SnParsed *parsed;

	while ((parsed = sn_queue_take(core->mail_out))) {
		if (joins_batch(parsed->event))
			batch_begin(account);
		else
			batch_end(account);
		if (core->in_batch || !joins_batch(parsed->event))
			mail_event(account, parsed);
		sn_parsed_free(parsed);
		gint64 taken = g_get_monotonic_time() - begun;
		if (core->batch_failed || taken >= LONG_BATCH_US ||
		    (taken >= BATCH_US && somebody_waits(account->engine)))
			break;
	}
	batch_end(account);
	return G_SOURCE_CONTINUE;
}

static void send_event(gpointer item, gpointer data)
{
	SnEngineAccount *account = data;
	SnSendEvent *event = item;
	Reply reply;

	if (event->kind == SN_EVENT_LINE)
		line_status(account, SN_END_OUTGOING, event->line, event->error, event->next_try);
	else if (find_reply(account, SN_END_OUTGOING, event->id, event->kind, &reply))
		reply.call.send(account, event, reply.data);
	sn_send_event_free(event);
	sn_engine_touched(account->engine);
	sn_engine_check_settled(account->engine);
}

static void im_line(SnEngineAccount *account, const SnImEvent *event)
{
	gboolean online = event->line == SN_LINE_ONLINE;
	gboolean news = online && !account->im_online;

	account->im_online = online;
	if (news)
		account->core->card_after = 0; /* a new connection may be luckier */
	line_status(account, SN_END_IM, event->line, event->error, event->next_try);
	sn_im_sync_line(account->core->im, event->line);
	if (news) {
		sn_delivery_account_online(account->engine->delivery, account, SN_CHANNEL_IM);
		sn_engine_wake(account->engine);
	}
}

static void im_event(SnImEvent *event, SnEngineAccount *account)
{
	Reply reply;

	if (event->kind == SN_EVENT_LINE)
		im_line(account, event);
	else if (find_reply(account, SN_END_IM, event->id, event->kind, &reply)) {
		if (reply.call.im) /* of a presence that was asked for nobody wants to know the end */
			reply.call.im(account, event, reply.data);
	} else if (event->id == 0)
		sn_im_sync_event(account->core->im, event);
	if (!sn_im_sync_keep(account->core->im, event))
		sn_im_event_free(event);
	sn_engine_touched(account->engine);
	sn_engine_check_settled(account->engine);
}

/* Many at once wait for one commit, but not for long: others want to write too. */
static gboolean im_ready(gint fd, GIOCondition condition, gpointer data)
{
	SnEngineAccount *account = data;
	SnAccountCore *core = account->core;
	gint64 begun = g_get_monotonic_time();
	SnImEvent *event;
	guint alone = 0;

	while (alone < BURST && g_get_monotonic_time() - begun < BATCH_US &&
	       (event = sn_queue_take(core->im_events))) {
		if (sn_im_sync_joins(core->im, event)) {
			sn_im_sync_begin(core->im);
		} else {
			sn_im_sync_end(core->im);
			alone++;
		}
		im_event(event, account);
	}
	sn_im_sync_end(core->im);
	return sn_queue_is_closed(core->im_events) && !sn_queue_length(core->im_events)
	               ? G_SOURCE_REMOVE
	               : G_SOURCE_CONTINUE;
}

/* ---- attaching and detaching ---- */

void sn_dispatch_attach(SnEngineAccount *account)
{
	GMainContext *context = account->engine->context;
	SnAccountCore *core = account->core;

	core->replies = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	core->mail_source = g_unix_fd_source_new(sn_queue_fd(core->mail_out), G_IO_IN);
	g_source_set_callback(core->mail_source, (GSourceFunc)(void (*)(void))mail_ready, account,
	                      NULL);
	g_source_attach(core->mail_source, context);
	core->send_source = sn_queue_source(core->send_events, context, BURST, send_event, account);
	core->im_source = g_unix_fd_source_new(sn_queue_fd(core->im_events), G_IO_IN);
	g_source_set_callback(core->im_source, (GSourceFunc)(void (*)(void))im_ready, account, NULL);
	g_source_attach(core->im_source, context);
}

static void cancel_reply(SnEngineAccount *account, guint64 id, const Reply *reply)
{
	switch (reply->end) {
	case SN_END_SOURCE: {
		SnMailEvent *event = sn_mail_event_new(SN_EVENT_CANCELLED, id, account);
		reply->call.mail(account, event, reply->data);
		sn_mail_event_free(event);
		break;
	}
	case SN_END_OUTGOING: {
		SnSendEvent *event = sn_send_event_new(SN_EVENT_CANCELLED, id, account);
		reply->call.send(account, event, reply->data);
		sn_send_event_free(event);
		break;
	}
	default: {
		SnImEvent *event = sn_im_event_new(SN_EVENT_CANCELLED, id, account);
		reply->call.im(account, event, reply->data);
		sn_im_event_free(event);
	}
	}
}

/* What a backend said with its last breath may be that a message was accepted: hear it out. */
static void hear_out(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;
	gpointer item;

	while ((item = sn_queue_take(core->send_events)))
		send_event(item, account);
	while ((item = sn_queue_take(core->im_events)))
		im_event(item, account);
	while ((item = sn_queue_take(core->mail_out))) {
		SnParsed *parsed = item;
		if (is_last(parsed->event->kind))
			mail_event(account, parsed);
		sn_parsed_free(parsed);
	}
	/* Bounded: a callback that answers its cancellation with a new request gets no answer. */
	g_autoptr(GHashTable) open = g_steal_pointer(&core->replies);
	core->replies = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	GHashTableIter iter;
	gpointer key, value;
	g_hash_table_iter_init(&iter, open);
	while (g_hash_table_iter_next(&iter, &key, &value))
		cancel_reply(account, *(guint64 *)key, value);
}

static void drop_source(GSource *source)
{
	g_source_destroy(source);
	g_source_unref(source);
}

void sn_dispatch_detach(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;

	drop_source(core->mail_source);
	drop_source(core->send_source);
	drop_source(core->im_source);
	hear_out(account);
	g_clear_pointer(&core->replies, g_hash_table_unref);
}
