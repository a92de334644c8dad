/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/delivery_world.h"

#include <string.h>

typedef struct {
	enum { TO_IM, TO_SMTP, TO_IMAP } end;
	gpointer request;
	gpointer reply, data;
	SnImReply im_reply;
	SnSendReply send_reply;
	SnMailReply mail_reply;
	gboolean ready;  /* SMTP: it was said that all but the last word is done */
} Pending;

/* The one world of the running test: the engine's functions know only the engine. */
static Delivery *world_of(SnEngine *engine)
{
	return (Delivery *)engine->setup.backends.imap;
}

static void pending_free(gpointer data)
{
	Pending *pending = data;

	if (pending->end == TO_IM)
		sn_im_request_free(pending->request);
	else if (pending->end == TO_SMTP)
		sn_send_request_free(pending->request);
	else
		sn_mail_request_free(pending->request);
	g_free(pending);
}

/* ---- what the rest of the engine does ---- */

guint64 sn_engine_next_id(SnEngine *engine)
{
	return ++engine->next_request;
}

SnEngineAccount *sn_engine_account_by_id(SnEngine *engine, SnId id)
{
	Delivery *self = world_of(engine);

	return id == self->account.id ? &self->account : NULL;
}

void sn_engine_wake(SnEngine *engine)
{
	world_of(engine)->woken = TRUE;
}

GSource *sn_engine_timer(SnEngine *engine, SnTime after, GSourceOnceFunc callback, gpointer data)
{
	Delivery *self = world_of(engine);

	self->timer = after;
	self->armed_at = self->awake + after;
	self->on_timer = callback;
	self->on_timer_data = data;
	g_clear_pointer(&self->armed, g_source_unref);
	self->armed = g_timeout_source_new(1000000);
	return g_source_ref(self->armed);
}

static void add(SnEngine *engine, Pending value)
{
	Pending *pending = g_new(Pending, 1);

	*pending = value;
	g_queue_push_tail(&world_of(engine)->requests, pending);
}

void sn_engine_mail(SnEngineAccount *account, SnMailRequest *request, SnMailReply reply,
                    gpointer data)
{
	add(account->engine, (Pending){ .end = TO_IMAP,
	                                .request = request,
	                                .mail_reply = reply,
	                                .data = data });
}

void sn_engine_send(SnEngineAccount *account, SnSendRequest *request, SnSendReply reply,
                    gpointer data)
{
	add(account->engine, (Pending){ .end = TO_SMTP,
	                                .request = request,
	                                .send_reply = reply,
	                                .data = data });
}

void sn_engine_proceed(SnEngineAccount *account, guint64 request)
{
	world_of(account->engine)->let_go = request;
}

void sn_engine_stop_sending(SnEngineAccount *account, guint64 request)
{
	world_of(account->engine)->stopped = request;
}

void sn_engine_im(SnEngineAccount *account, SnImRequest *request, SnImReply reply, gpointer data)
{
	add(account->engine,
	    (Pending){ .end = TO_IM, .request = request, .im_reply = reply, .data = data });
}

void sn_engine_notify(SnEngine *engine, SnNotifyKind kind, SnId conversation, const char *title,
                      const char *body)
{
	Delivery *self = world_of(engine);

	self->delivered += kind == SN_NOTIFY_DELIVERED;
	self->failed += kind == SN_NOTIFY_FAILED;
	self->questions += kind == SN_NOTIFY_QUESTION;
	g_free(self->last_title);
	g_free(self->last_body);
	self->last_title = g_strdup(title);
	self->last_body = g_strdup(body);
}

/* ---- the servers ---- */

static void count(Delivery *self, const char *id)
{
	int times = taken(self, id);

	if (self->on_taken)
		self->on_taken(id, self->taken_data);
	g_hash_table_insert(self->taken, g_strdup(id), GINT_TO_POINTER(times + 1));
	g_ptr_array_add(self->arrived, g_strdup(id));
}

static GError *error_of(Fate fate)
{
	switch (fate) {
	case FATE_TAKEN: return NULL;
	case FATE_LOST_AFTER:
	case FATE_LOST_BEFORE:
		return g_error_new(SN_ERROR, SN_ERROR_UNCERTAIN, "The line broke");
	case FATE_TEMPORARY:
		return g_error_new(SN_ERROR, SN_ERROR_TEMPORARY, "451 try again later");
	case FATE_NETWORK: return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "Connection refused");
	case FATE_AUTH: return g_error_new(SN_ERROR, SN_ERROR_AUTH, "Wrong password");
	case FATE_REJECTED:
		return g_error_new(SN_ERROR, SN_ERROR_REJECTED, "550 no such user");
	}
	g_assert_not_reached();
}

static Fate take(Delivery *self, Fate *next)
{
	Fate fate = *next;

	if (fate != FATE_TAKEN && self->fate_lasts > 0)
		self->fate_lasts--;
	else
		*next = FATE_TAKEN;
	return fate;
}

static gboolean arrives(Fate fate)
{
	return fate == FATE_TAKEN || fate == FATE_LOST_AFTER;
}

static void answer_smtp(Delivery *self, Pending *pending, SnSendEvent *event)
{
	if (pending->send_reply)
		pending->send_reply(&self->account, event, pending->data);
	sn_send_event_free(event);
}

/* The server has all but the final dot. FALSE: it was not let go, and that was its end. */
static gboolean smtp_may_end(Delivery *self, Pending *pending)
{
	SnSendRequest *request = pending->request;

	if (!request->confirm || pending->ready)
		return TRUE;
	SnSendEvent *event = sn_send_event_new(SN_SEND_EV_READY, request->id, NULL);
	event->dsn = self->dsn;
	pending->ready = TRUE;
	answer_smtp(self, pending, event);
	if (self->let_go == request->id)
		return TRUE;
	g_assert(self->stopped == request->id); /* nothing is left hanging */
	answer_smtp(self, pending, sn_send_event_new(SN_EVENT_CANCELLED, request->id, NULL));
	return FALSE;
}

/* What fails before the text, or in the middle of it, never comes to the last word. */
static gboolean fails_early(Fate fate)
{
	return fate == FATE_NETWORK || fate == FATE_AUTH;
}

/* RFC 1870: before anything was taken. */
static void refuse_large(Delivery *self, Pending *pending)
{
	SnSendRequest *request = pending->request;
	SnSendEvent *event = sn_send_event_new(SN_EVENT_ERROR, request->id, NULL);

	event->error = g_error_new(SN_ERROR, SN_ERROR_LIMIT, "The message has %u bytes; %d are taken",
	                           (guint)g_bytes_get_size(request->raw), (int)self->mail_max);
	event->max_size = self->mail_told ? self->mail_told++ : self->mail_max;
	self->refused++;
	answer_smtp(self, pending, event);
}

static void serve_smtp(Delivery *self, Pending *pending)
{
	SnSendRequest *request = pending->request;
	Fate fate = self->next_mail;

	if (self->mail_max && (gint64)g_bytes_get_size(request->raw) > self->mail_max) {
		refuse_large(self, pending);
		return;
	}
	if (!fails_early(fate) && !smtp_may_end(self, pending))
		return;
	fate = take(self, &self->next_mail);
	SnSendEvent *event = sn_send_event_new(
		fate == FATE_TAKEN ? SN_EVENT_DONE : SN_EVENT_ERROR, request->id, NULL);

	if (arrives(fate)) {
		GString *to = g_string_new(NULL);
		for (guint i = 0; i < request->to->len; i++)
			g_string_append_printf(to, "%s%s", i ? " " : "",
			                       (char *)request->to->pdata[i]);
		g_ptr_array_add(self->mails, g_bytes_ref(request->raw));
		g_ptr_array_add(self->envelopes, g_string_free(to, FALSE));
		count(self, request->envelope_id);
	}
	if (fate == FATE_TAKEN && pending->send_reply)
		g_hash_table_add(self->answered, g_strdup(request->envelope_id));
	event->error = error_of(fate);
	event->reply = g_strdup("250 queued");
	event->max_size = self->mail_max;
	event->dsn = self->dsn;
	self->notify = request->notify;
	answer_smtp(self, pending, event);
}

static void serve_imap(Delivery *self, Pending *pending)
{
	SnMailRequest *request = pending->request;
	SnMailEvent *event = sn_mail_event_new(SN_EVENT_DONE, request->id, NULL);

	gboolean copy = self->sent_has ||
	                (self->sent_keeps && taken(self, request->message_id) > 0);
	event->uid = request->kind == SN_MAIL_REQ_SEARCH_ID && copy ? 7 : 0;
	if (pending->mail_reply)
		pending->mail_reply(&self->account, event, pending->data);
	sn_mail_event_free(event);
}

static void serve_upload(Delivery *self, const SnImRequest *request, SnImEvent *event)
{
	Fate fate = take(self, &self->next_upload);

	if (fate == FATE_TAKEN) {
		event->url = g_strdup_printf("https://files.example/%u/%s", self->uploads->len,
		                             "file");
		g_ptr_array_add(self->uploads, g_strdup(request->name));
		g_ptr_array_add(self->uploaded, g_bytes_ref(request->bytes));
		return;
	}
	event->kind = SN_EVENT_ERROR;
	event->error = error_of(fate);
}

static void serve_stanza(Delivery *self, SnImRequest *request, SnImEvent *event, gboolean heard)
{
	Fate fate = take(self, &self->next_im);

	if (fate == FATE_TAKEN && heard)
		g_hash_table_add(self->answered, g_strdup(request->message->id));
	if (arrives(fate)) {
		count(self, request->message->id);
		g_ptr_array_add(self->stanzas, g_steal_pointer(&request->message));
	}
	if (fate != FATE_TAKEN) {
		event->kind = SN_EVENT_ERROR;
		event->error = error_of(fate);
	}
}

static void serve_im(Delivery *self, Pending *pending)
{
	SnImRequest *request = pending->request;
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);

	switch (request->kind) {
	case SN_IM_REQ_SEND: serve_stanza(self, request, event, pending->im_reply != NULL); break;
	case SN_IM_REQ_UPLOAD: serve_upload(self, request, event); break;
	case SN_IM_REQ_PROBE: self->probes++; break;
	case SN_IM_REQ_ARCHIVE_FIND:
		if (!self->archive) {
			event->kind = SN_EVENT_ERROR;
			event->error =
				g_error_new(SN_ERROR, SN_ERROR_UNAVAILABLE, "There is no archive");
		}
		event->found = taken(self, request->origin_id) > 0;
		break;
	default: break;
	}
	if (pending->im_reply)
		pending->im_reply(&self->account, event, pending->data);
	sn_im_event_free(event);
}

static void serve(Delivery *self, Pending *pending)
{
	if (pending->end == TO_IM)
		serve_im(self, pending);
	else if (pending->end == TO_SMTP)
		serve_smtp(self, pending);
	else
		serve_imap(self, pending);
	pending_free(pending);
}

gboolean pump_one(Delivery *self)
{
	Pending *pending = g_queue_pop_head(&self->requests);

	if (pending)
		serve(self, pending);
	return pending != NULL;
}

void take_without_answer(Delivery *self)
{
	Pending *pending = g_queue_pop_head(&self->requests);

	if (!pending)
		return;
	if (pending->end == TO_SMTP && !smtp_may_end(self, pending)) {
		pending_free(pending);
		return;
	}
	if (pending->data)
		sn_job_unref(pending->data);
	pending->data = NULL;
	pending->im_reply = NULL;
	pending->send_reply = NULL;
	pending->mail_reply = NULL;
	serve(self, pending);
}

gboolean hand_over(Delivery *self)
{
	Pending *pending = g_queue_peek_head(&self->requests);

	return pending && pending->end == TO_SMTP && smtp_may_end(self, pending);
}

void pump(Delivery *self)
{
	int bound = 10000;

	while (pump_one(self))
		g_assert(bound-- > 0);
}

/* What is sealed is sealed on a thread. */
static void wait_for_gpg(Delivery *self)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

	while (self->engine.delivery->sealing > 0) {
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(500);
		g_assert(g_get_monotonic_time() < deadline);
	}
}

void settle(Delivery *self)
{
	int bound = 1000;

	do {
		self->woken = FALSE;
		sn_delivery_look(self->engine.delivery);
		pump(self);
		wait_for_gpg(self);
		g_assert(bound-- > 0);
	} while (self->woken || !g_queue_is_empty(&self->requests));
}

void later(Delivery *self, SnTime by)
{
	for (SnTime end = self->world->now + by; self->world->now < end;) {
		self->world->now = MIN(end, self->world->now + SN_HOUR);
		settle(self);
	}
}

void asleep(Delivery *self, SnTime by)
{
	self->world->now += by;
	settle(self);
}

/* ---- by its own timer ---- */

SnTime alarm_at(Delivery *self)
{
	return self->armed && !g_source_is_destroyed(self->armed) ? MAX(self->armed_at, 1) : 0;
}

gboolean work(Delivery *self)
{
	int bound = 1000;

	while (self->woken || !g_queue_is_empty(&self->requests)) {
		if (bound-- <= 0)
			return FALSE;
		if (self->woken) {
			self->woken = FALSE;
			sn_delivery_look(self->engine.delivery);
		}
		pump(self);
	}
	return TRUE;
}

static void ring(Delivery *self)
{
	g_clear_pointer(&self->armed, g_source_unref);
	self->on_timer(self->on_timer_data);
}

gboolean pass(Delivery *self, SnTime by)
{
	SnTime end = self->awake + by;
	SnTime bound = 5000 + by / (20 * SN_SECOND); /* a full disk is tried again that often */

	for (SnTime at; (at = alarm_at(self)) && at <= end;) {
		if (bound-- <= 0)
			return FALSE;
		self->world->now += MAX(at - self->awake, 0);
		self->awake = MAX(at, self->awake);
		ring(self);
		if (!work(self))
			return FALSE;
	}
	self->world->now += end - self->awake;
	self->awake = end;
	return TRUE;
}

/* ---- life ---- */

static void start(Delivery *self, gboolean online)
{
	self->engine.store = self->world->store;
	/* also what the start itself writes */
	sn_store_set_clock(self->world->store, &self->world->clock);
	self->account.id = self->world->home;
	self->account.im_online = self->account.source_online = online;
	self->account.im_features = online;
	self->engine.delivery = sn_delivery_new(&self->engine);
	if (!online)
		sn_presence_forget(self->world->store, self->world->home, NULL);
	sn_delivery_recover(self->engine.delivery);
}

static Delivery *make(World *world)
{
	Delivery *self = g_new0(Delivery, 1);

	sn_mime_init();
	self->world = world;
	self->engine.setup.backends.imap = (gpointer)self;
	self->engine.config = self->world->config;
	self->engine.clock = &self->world->clock;
	self->engine.random = g_rand_new_with_seed(7);
	self->account.engine = &self->engine;
	self->account.config = sn_config_account_named(self->world->config, "home");
	self->account.source = (gpointer)self; /* only whether they are there counts */
	self->account.transport = (gpointer)self;
	self->account.im = (gpointer)self;
	self->account.upload_max = -1;
	self->account.stanza_max = 262144;
	self->archive = TRUE;
	self->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->stanzas = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	self->mails = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	self->envelopes = g_ptr_array_new_with_free_func(g_free);
	self->uploads = g_ptr_array_new_with_free_func(g_free);
	self->uploaded = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	self->arrived = g_ptr_array_new_with_free_func(g_free);
	self->answered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&self->requests);
	return self;
}

Delivery *delivery_from(const char *settings, const char *from, SnTime now, GHashTable *taken)
{
	Delivery *self = make(world_from(settings, from, now));
	GHashTableIter iter;
	gpointer id, times;

	g_hash_table_iter_init(&iter, taken);
	while (g_hash_table_iter_next(&iter, &id, &times))
		g_hash_table_insert(self->taken, g_strdup(id), times);
	start(self, FALSE);
	return self;
}

Delivery *delivery_new(const char *settings)
{
	Delivery *self = make(world_new(settings));

	world_bob(self->world);
	sn_folder_intern(self->world->store, self->world->home, "Sent", "sent", NULL);
	world_roster(self->world, BOB_IM, SN_SUB_BOTH);
	world_presence(self->world, BOB_IM, SN_PRESENCE_ONLINE, 0);
	start(self, TRUE);
	return self;
}

/* A job whose answer never comes is dropped with its delivery; the reference of the reply is the
 * process's that died. */
static void forget_requests(Delivery *self)
{
	for (Pending *pending; (pending = g_queue_pop_head(&self->requests));) {
		if (pending->data)
			sn_job_unref(pending->data);
		pending_free(pending);
	}
}

void crash(Delivery *self, gboolean online)
{
	sn_delivery_free(self->engine.delivery);
	forget_requests(self);
	g_hash_table_remove_all(self->answered);
	world_reopen(self->world);
	start(self, online);
}

void delivery_free(Delivery *self)
{
	sn_delivery_free(self->engine.delivery);
	forget_requests(self);
	g_rand_free(self->engine.random);
	g_hash_table_unref(self->taken);
	g_ptr_array_unref(self->stanzas);
	g_ptr_array_unref(self->mails);
	g_ptr_array_unref(self->envelopes);
	g_ptr_array_unref(self->uploads);
	g_ptr_array_unref(self->uploaded);
	g_ptr_array_unref(self->arrived);
	g_hash_table_unref(self->answered);
	g_clear_pointer(&self->armed, g_source_unref);
	g_free(self->last_title);
	g_free(self->last_body);
	world_free(self->world);
	g_free(self);
}

void go_offline(Delivery *self)
{
	self->account.im_online = self->account.source_online = FALSE;
	self->account.im_features = FALSE;
	sn_presence_forget(self->world->store, self->world->home, NULL);
}

void go_online(Delivery *self)
{
	self->account.im_online = self->account.source_online = self->account.im_features = TRUE;
	sn_delivery_account_online(self->engine.delivery, &self->account, SN_CHANNEL_IM);
	sn_delivery_account_online(self->engine.delivery, &self->account, SN_CHANNEL_MAIL);
	settle(self);
}

void log_in(Delivery *self)
{
	self->account.im_online = TRUE;
	self->account.upload_max = 0; /* as the engine has it before it was told */
	sn_delivery_account_online(self->engine.delivery, &self->account, SN_CHANNEL_IM);
	settle(self);
}

void bob_is(Delivery *self, SnPresenceShow show)
{
	g_autoptr(SnAddress) bob = sn_address_find(self->world->store, SN_CHANNEL_IM, BOB_IM);

	world_presence(self->world, BOB_IM, show, 0);
	sn_delivery_presence(self->engine.delivery, bob->id);
	settle(self);
}

gboolean bob_says(Delivery *self, const char *text)
{
	SnImMessage *im = sn_im_message_new();

	im->from = g_strdup(BOB_IM "/phone");
	im->to = g_strdup("alice@example.test");
	im->body = g_strdup(text);
	gboolean answer = sn_delivery_answer(self->engine.delivery, &self->account, 0, im);
	sn_im_message_free(im);
	settle(self);
	return answer;
}

/* ---- entries ---- */

SnId queue_new(Delivery *self, SnOutboxNew *entry, const char *to)
{
	SnParty party = { SN_ROLE_TO, (char *)to, NULL };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(recipients, &party);
	if (!entry->recipients)
		entry->recipients = recipients;
	if (!entry->conversation)
		entry->conversation = sn_conversation_for_person(
			self->world->store, world_person_of(self->world, SN_CHANNEL_IM, BOB_IM),
			NULL);
	entry->account = self->world->home;
	entry->from = "alice@example.test";
	SnId id = sn_outbox_queue(self->world->store, entry, FALSE, &error);
	if (entry->recipients == recipients)
		entry->recipients = NULL;
	if (!id)
		g_error("%s", error->message);
	return id;
}

SnId queue_im(Delivery *self, const char *body)
{
	SnOutboxNew entry = { .channel = SN_CHANNEL_IM, .body = body, .state = SN_STATE_QUEUED };

	return queue_new(self, &entry, BOB_IM);
}

SnId queue_im_with_file(Delivery *self, const char *body)
{
	g_autofree char *path = g_build_filename(self->world->dir, "menu.txt", NULL);
	SnAttachment file = { .path = path, .name = (char *)"menu.txt", .type = (char *)"text/plain" };
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = body,
		            .attachments = files,
		            .state = SN_STATE_QUEUED };

	g_assert(g_file_set_contents(path, "soup", -1, NULL));
	g_ptr_array_add(files, &file);
	return queue_new(self, &new, BOB_IM);
}

SnId queue_mail(Delivery *self, const char *body)
{
	SnOutboxNew entry = { .channel = SN_CHANNEL_MAIL,
		              .subject = "Test",
		              .body = body,
		              .state = SN_STATE_QUEUED };

	return queue_new(self, &entry, BOB_MAIL);
}

SnOutboxEntry *entry_of(Delivery *self, SnId id)
{
	SnOutboxEntry *entry = sn_outbox_get(self->world->store, id, SN_OUTBOX_FULL);

	g_assert(entry);
	return entry;
}

SnState state_of(Delivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);

	return entry->state;
}

char *reason_of(Delivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);

	return g_strdup(entry->reason ? entry->reason : "");
}

gboolean has_note(Delivery *self, SnId id, const char *what)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->world->store, id);

	for (guint i = 0; i < events->len; i++)
		if (strcmp(((SnOutboxEvent *)events->pdata[i])->what, what) == 0)
			return TRUE;
	return FALSE;
}

void ask_for(Delivery *self, SnId id, SnOutboxRequest request)
{
	g_autoptr(GError) error = NULL;

	if (!sn_outbox_request(self->world->store, id, request, &error))
		g_error("%s", error->message);
	settle(self);
}

int taken(Delivery *self, const char *id)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(self->taken, id));
}

int taken_body(Delivery *self, const char *body)
{
	int times = 0;

	for (guint i = 0; i < self->stanzas->len; i++)
		times += g_strcmp0(((SnImMessage *)self->stanzas->pdata[i])->body, body) == 0;
	return times;
}

guint open_requests(Delivery *self)
{
	return self->requests.length;
}

void sn_delivery_report(SnDelivery *delivery, const char *message_id, const char *envelope_id,
                        int kind, const char *recipient, const char *diagnostic)
{
	SnClaim claim = { .kind = kind,
		          .message_id = message_id,
		          .envelope_id = envelope_id,
		          .recipient = recipient,
		          .diagnostic = diagnostic,
		          .from_daemon = TRUE };
	SnId about;

	sn_delivery_claim(delivery, &claim, &about);
}
