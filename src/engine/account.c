/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - an account's ends: makes the backends, takes their events, answers requests.
 *
 * Every account has queues of its own, so that a slow or hostile server holds up nobody else, and
 * nothing is left pointing at an account that is gone.
 */
#include "src/engine/sync_private.h"

#include <glib-unix.h>

enum {
	BATCH_US = 20 * 1000, /* longest write transaction: a client's intent must not wait longer */
	BURST = 8,
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

void sn_engine_mail(SnEngineAccount *account, SnMailRequest *request, SnMailReply reply,
                    gpointer data)
{
	Reply entry = { SN_END_SOURCE, { .mail = reply }, data };

	if (!request->id)
		request->id = sn_engine_next_id(account->engine);
	remember_reply(account, request->id, &entry);
	if (account->source) {
		account->source_ops->submit(account->source, request);
		return;
	}
	SnParsed *parsed = g_new0(SnParsed, 1);
	parsed->event = sn_mail_event_new(SN_EVENT_ERROR, request->id, account);
	parsed->event->error = no_such_end(account, "source of email");
	sn_mail_request_free(request);
	sn_queue_push_urgent(account->core->mail_out, parsed, 0);
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
	sn_queue_push_urgent(account->core->send_events, event, 0);
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
	sn_queue_push_urgent(account->core->im_events, event, 0);
}

void sn_account_read_mail(SnEngineAccount *account, GBytes *raw, SnMailReply reply, gpointer data)
{
	Reply entry = { SN_END_SOURCE, { .mail = reply }, data };
	guint64 id = sn_engine_next_id(account->engine);
	SnMailEvent *event = sn_mail_event_new(SN_MAIL_EV_MESSAGE, id, account);

	remember_reply(account, id, &entry);
	event->raw = g_bytes_ref(raw);
	sn_queue_push_urgent(account->core->mail_in, event, 0);
	sn_queue_push_urgent(account->core->mail_in, sn_mail_event_new(SN_EVENT_DONE, id, account), 0);
}

/* ---- status rows ---- */

static const char *const end_words[SN_END_COUNT] = { "source", "outgoing", "im" };

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
		.error_word = error && error->domain == SN_ERROR ?
		              (char *)sn_error_word((SnErrorCode)error->code) : NULL,
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
		kind = next_try || (error && sn_error_is_transient(error)) ? SN_STATUS_RETRYING :
		                                                              SN_STATUS_ERROR;
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
	    !(sn_mail_sync_settled(core->mail) && sn_actions_settled(core->actions)))
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
		sn_actions_look(account->core->actions);
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
	sn_mail_sync_storage_failed(core->mail, error);
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
		sn_mail_sync_storage_failed(core->mail, error);
}

static gboolean mail_ready(gint fd, GIOCondition condition, gpointer data)
{
	SnEngineAccount *account = data;
	SnAccountCore *core = account->core;
	gint64 end = g_get_monotonic_time() + BATCH_US;
	SnParsed *parsed;

	while ((parsed = sn_queue_take(core->mail_out))) {
		if (joins_batch(parsed->event))
			batch_begin(account);
		else
			batch_end(account);
		if (core->in_batch || !joins_batch(parsed->event))
			mail_event(account, parsed);
		sn_parsed_free(parsed);
		if (core->batch_failed || g_get_monotonic_time() >= end)
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
	line_status(account, SN_END_IM, event->line, event->error, event->next_try);
	sn_im_sync_line(account->core->im, event->line);
	if (news)
		sn_delivery_account_online(account->engine->delivery, account, SN_CHANNEL_IM);
}

static void im_event(gpointer item, gpointer data)
{
	SnEngineAccount *account = data;
	SnImEvent *event = item;
	Reply reply;

	if (event->kind == SN_EVENT_LINE)
		im_line(account, event);
	else if (find_reply(account, SN_END_IM, event->id, event->kind, &reply))
		reply.call.im(account, event, reply.data);
	else if (event->id == 0)
		sn_im_sync_event(account->core->im, event);
	sn_im_event_free(event);
	sn_engine_touched(account->engine);
	sn_engine_check_settled(account->engine);
}

/* ---- secrets: asked for on the backend's thread ---- */

struct sn_end_secret {
	SnEndpoint endpoint;
};

static char *secret_get(gpointer data, gboolean want_token, GError **error)
{
	SnEndSecret *secret = data;
	SnEndpoint endpoint = secret->endpoint;

	if (want_token) {
		if (!endpoint.oauth2_command) {
			g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
			            "%s asks for an access token, and there is no oauth2-command.",
			            endpoint.host ? endpoint.host : "The server");
			return NULL;
		}
		endpoint.password_command = endpoint.oauth2_command;
	}
	return sn_secret_get(&endpoint, error);
}

static void secret_free(SnEndSecret *secret)
{
	if (!secret)
		return;
	sn_endpoint_clear(&secret->endpoint);
	g_free(secret);
}

static SnLinkSpec link_of(const SnEndpoint *endpoint, SnEndSecret *secret)
{
	SnLinkSpec link = {
		.host = endpoint->host,
		.connect_host = endpoint->connect_host,
		.port = endpoint->port,
		.tls = endpoint->tls == SN_TLS_DIRECT  ? SN_LINK_TLS :
		       endpoint->tls == SN_TLS_START ? SN_LINK_STARTTLS : SN_LINK_PLAIN,
		.user = endpoint->user,
		.ca_file = endpoint->ca_file,
		.oauth2 = endpoint->oauth2_command != NULL,
		.secret = { secret_get, sn_secret_free, secret },
	};
	return link;
}

static SnEndSecret *keep_secret(SnEngineAccount *account, SnEnd end, const SnEndpoint *endpoint)
{
	SnEndSecret *secret = g_new0(SnEndSecret, 1);

	sn_endpoint_copy(&secret->endpoint, endpoint);
	account->core->secrets[end] = secret;
	return secret;
}

/* ---- starting ---- */

static void end_failed(SnEngineAccount *account, SnEnd end, GError *error)
{
	g_autoptr(GError) own = error;

	if (!own)
		own = g_error_new_literal(SN_ERROR, SN_ERROR_UNAVAILABLE,
		                          "This program was built without what this address needs.");
	g_info("%s (%s): %s", account->config->name, end_words[end], own->message);
	sn_account_status(account, end, SN_STATUS_ERROR, own, 0);
}

static void start_source(SnEngineAccount *account)
{
	const SnEndpoint *endpoint = &account->config->source;
	const SnEngineBackends *backends = &account->engine->setup.backends;
	SnAccountCore *core = account->core;
	GError *error = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	const SnMailSourceOps *(*load)(GError **) =
		endpoint->kind == SN_ENDPOINT_MAILDIR ? backends->maildir : backends->imap;
	SnLinkSpec link = link_of(endpoint, keep_secret(account, SN_END_SOURCE, endpoint));
	core->mail = sn_mail_sync_new(account);
	core->actions = sn_actions_new(account);
	sn_account_status(account, SN_END_SOURCE, SN_STATUS_CONNECTING, NULL, 0);
	account->source_ops = load ? load(&error) : NULL;
	if (account->source_ops)
		account->source = account->source_ops->create(&link, endpoint->path, core->mail_in,
		                                              account, &error);
	if (!account->source)
		end_failed(account, SN_END_SOURCE, error);
}

static void start_outgoing(SnEngineAccount *account)
{
	const SnEndpoint *endpoint = &account->config->outgoing;
	const SnEngineBackends *backends = &account->engine->setup.backends;
	GError *error = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	const SnMailTransportOps *(*load)(GError **) =
		endpoint->kind == SN_ENDPOINT_SENDMAIL ? backends->sendmail : backends->smtp;
	SnLinkSpec link = link_of(endpoint, keep_secret(account, SN_END_OUTGOING, endpoint));
	account->transport_ops = load ? load(&error) : NULL;
	if (account->transport_ops)
		account->transport = account->transport_ops->create(
			&link, endpoint->path, account->core->send_events, account, &error);
	if (!account->transport)
		end_failed(account, SN_END_OUTGOING, error);
	else /* it connects when there is something to send */
		sn_account_status(account, SN_END_OUTGOING, SN_STATUS_ONLINE, NULL, 0);
}

static void start_im(SnEngineAccount *account)
{
	const SnEndpoint *endpoint = &account->config->im;
	const SnEngineBackends *backends = &account->engine->setup.backends;
	GError *error = NULL;

	if (endpoint->kind == SN_ENDPOINT_NONE)
		return;
	SnLinkSpec link = link_of(endpoint, keep_secret(account, SN_END_IM, endpoint));
	account->core->im = sn_im_sync_new(account);
	sn_account_status(account, SN_END_IM, SN_STATUS_CONNECTING, NULL, 0);
	account->im_ops = backends->im ? backends->im(&error) : NULL;
	if (account->im_ops)
		account->im = account->im_ops->create(&link, account->core->im_events, account,
		                                      &error);
	if (!account->im)
		end_failed(account, SN_END_IM, error);
}

static SnAccountCore *core_new(SnEngineAccount *account)
{
	GMainContext *context = account->engine->context;
	SnAccountCore *core = g_new0(SnAccountCore, 1);

	core->mail_in = sn_queue_new((GDestroyNotify)sn_mail_event_free, SN_PIPE_WEIGHT);
	core->mail_out = sn_queue_new((GDestroyNotify)sn_parsed_free, SN_PIPE_WEIGHT);
	core->send_events = sn_queue_new((GDestroyNotify)sn_send_event_free, 0);
	core->im_events = sn_queue_new((GDestroyNotify)sn_im_event_free, SN_PIPE_WEIGHT);
	core->mail_source = g_unix_fd_source_new(sn_queue_fd(core->mail_out), G_IO_IN);
	g_source_set_callback(core->mail_source, (GSourceFunc)(void (*)(void))mail_ready, account,
	                      NULL);
	g_source_attach(core->mail_source, context);
	core->send_source = sn_queue_source(core->send_events, context, BURST, send_event, account);
	core->im_source = sn_queue_source(core->im_events, context, BURST, im_event, account);
	core->replies = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	core->after = sn_after_new(account->engine);
	core->pipe = sn_mail_pipe_new(account->engine->config, account->config->name,
	                              core->mail_in, core->mail_out);
	return core;
}

void sn_account_start(SnEngine *engine, const SnAccount *config)
{
	SnEngineAccount *account = g_new0(SnEngineAccount, 1);

	account->engine = engine;
	account->config = config;
	account->id = sn_account_find(engine->store, config->name);
	if (!account->id) {
		g_warning("The store does not know the account \"%s\".", config->name);
		g_free(account);
		return;
	}
	account->core = core_new(account);
	g_ptr_array_add(engine->accounts, account);
	start_source(account);
	start_outgoing(account);
	start_im(account);
}

/* ---- stopping ---- */

static gpointer destroy_source(gpointer data)
{
	SnEngineAccount *account = data;
	account->source_ops->destroy(&account->source);
	return NULL;
}

static gpointer destroy_transport(gpointer data)
{
	SnEngineAccount *account = data;
	account->transport_ops->destroy(&account->transport);
	return NULL;
}

static gpointer destroy_im(gpointer data)
{
	SnEngineAccount *account = data;
	account->im_ops->destroy(&account->im);
	return NULL;
}

static void begin_destroy(GPtrArray *threads, SnEngineAccount *account)
{
	/* The pipe goes first: a backend that waits for room in it would not hear of its end. */
	g_clear_pointer(&account->core->pipe, sn_mail_pipe_free);
	sn_queue_close(account->core->im_events);
	if (account->source)
		g_ptr_array_add(threads, g_thread_new("stop-mail", destroy_source, account));
	if (account->transport)
		g_ptr_array_add(threads, g_thread_new("stop-send", destroy_transport, account));
	if (account->im)
		g_ptr_array_add(threads, g_thread_new("stop-im", destroy_im, account));
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

static void account_free(SnEngineAccount *account)
{
	SnAccountCore *core = account->core;

	drop_source(core->mail_source);
	drop_source(core->send_source);
	drop_source(core->im_source);
	hear_out(account);
	g_clear_pointer(&core->mail, sn_mail_sync_free);
	g_clear_pointer(&core->actions, sn_actions_free);
	g_clear_pointer(&core->im, sn_im_sync_free);
	sn_queue_unref(core->mail_in);
	sn_queue_unref(core->mail_out);
	sn_queue_unref(core->send_events);
	sn_queue_unref(core->im_events);
	g_hash_table_unref(core->replies);
	sn_after_free(core->after);
	for (int end = 0; end < SN_END_COUNT; end++) {
		secret_free(core->secrets[end]);
		g_clear_error(&core->errors[end]);
	}
	g_free(core->presence_told);
	g_free(core->reach_told);
	g_free(core);
	g_free(account);
}

void sn_accounts_stop(SnEngine *engine, GPtrArray *accounts)
{
	g_autoptr(GPtrArray) threads = g_ptr_array_new();
	g_autoptr(GPtrArray) ending = g_ptr_array_copy(accounts, NULL, NULL);

	for (guint i = 0; i < ending->len; i++)
		begin_destroy(threads, g_ptr_array_index(ending, i));
	for (guint i = 0; i < threads->len; i++)
		g_thread_join(g_ptr_array_index(threads, i));
	for (guint i = 0; i < ending->len; i++) {
		SnEngineAccount *account = g_ptr_array_index(ending, i);
		account->source_online = account->im_online = FALSE;
		if (account->core->im)
			sn_presence_forget(engine->store, account->id, NULL);
		for (int end = 0; end < SN_END_COUNT; end++)
			sn_account_status(account, end, SN_STATUS_OFF, NULL, 0);
		account_free(account);
		g_ptr_array_remove(engine->accounts, account);
	}
}

/* ---- comparing, for reload ---- */

static gboolean same_command(char **one, char **two)
{
	if (!one || !two)
		return one == two;
	return g_strv_equal((const char *const *)one, (const char *const *)two);
}

static gboolean same_endpoint(const SnEndpoint *one, const SnEndpoint *two)
{
	return one->kind == two->kind && one->tls == two->tls && one->port == two->port &&
	       !g_strcmp0(one->user, two->user) && !g_strcmp0(one->host, two->host) &&
	       !g_strcmp0(one->connect_host, two->connect_host) &&
	       !g_strcmp0(one->path, two->path) && !g_strcmp0(one->ca_file, two->ca_file) &&
	       same_command(one->password_command, two->password_command) &&
	       same_command(one->oauth2_command, two->oauth2_command);
}

gboolean sn_account_same(const SnAccount *one, const SnAccount *two)
{
	return same_endpoint(&one->source, &two->source) &&
	       same_endpoint(&one->outgoing, &two->outgoing) && same_endpoint(&one->im, &two->im) &&
	       same_command(one->folders, two->folders);
}
