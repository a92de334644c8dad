/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An outbox entry as stanzas and uploads, one step at a time (im_steps.h says which). */
#include <string.h>

#include "src/base/ids.h"
#include "src/base/fault.h"
#include "src/engine/delivery_private.h"
#include "src/engine/im_parts.h"
#include "src/engine/im_steps.h"
#include "src/engine/omemo.h"
#include "src/omemo/payload.h"
#include "src/store/files.h"
#include "src/store/omemo.h"

/* ---- the list of steps ---- */

static GPtrArray *load_steps(SnDelivery *self, SnId entry)
{
	g_autofree char *text = sn_delivery_memo(self, entry, "steps");

	return text ? sn_im_steps_parse(text) : NULL;
}

static gboolean save_steps(SnDelivery *self, SnId entry, const GPtrArray *steps)
{
	g_autofree char *text = sn_im_steps_format(steps);

	return sn_delivery_set_memo(self, entry, "steps", text);
}

/* A file that was uploaded in the clear does not go with an encrypted message, nor the other way round. */
static gboolean is_as_sealed(const char *url, gboolean sealed)
{
	return strcmp(url, SN_IM_LEFT_OUT) == 0 || g_str_has_prefix(url, "aesgcm:") == sealed;
}

/* Uploads that were done before are not done again; without the files that they went without. */
static void keep_urls(GPtrArray *steps, const GPtrArray *old, gboolean sealed)
{
	for (guint i = 0; i < steps->len; i++) {
		SnImStep *step = steps->pdata[i];
		const SnImStep *before =
			step->kind == SN_IM_STEP_UPLOAD ? sn_im_steps_upload(old, step) : NULL;
		if (!before || !before->url || !is_as_sealed(before->url, sealed))
			continue;
		g_free(step->left);
		step->url = g_strdup(before->url);
		step->left = g_strdup(before->left);
	}
}

/* The entry may have been edited and the server's limits may have changed as long as the contact
 * has seen nothing of it; from then on the list stays as it is. */
static GPtrArray *current_steps(SnDelivery *self, SnOutboxEntry *entry,
                                const SnEngineAccount *account)
{
	GPtrArray *old = load_steps(self, entry->id);

	if (old && entry->step > (int)sn_im_steps_first_visible(old))
		return old;
	GPtrArray *steps = sn_im_parts_plan(self, entry, account);
	if (old) {
		keep_urls(steps, old, sn_delivery_is_sealed(self, entry));
		g_ptr_array_unref(old);
		sn_im_parts_settle(self, account, steps);
	}
	entry->step = MIN(entry->step, (int)sn_im_steps_first_visible(steps));
	for (int i = entry->step - 1; i >= 0; i--) /* one of those before has to be done again */
		if (!((SnImStep *)steps->pdata[i])->url)
			entry->step = i;
	if (!save_steps(self, entry->id, steps))
		g_clear_pointer(&steps, g_ptr_array_unref);
	return steps;
}

/* Within the transaction that writes `sending`: the list has to be durable with it. Without it the
 * same number could mean another stanza after a power cut. */
gboolean sn_delivery_prepare_im(SnDelivery *self, SnOutboxEntry *entry, GError **error)
{
	const SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	int step = entry->step;

	if (!account || entry->recipients->len != 1)
		return TRUE; /* refused when it is to be sent */
	g_autoptr(GPtrArray) steps = current_steps(self, entry, account);
	entry->step = step;
	if (!steps)
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE,
		            "the parts of the message could not be written");
	return steps != NULL;
}

gboolean sn_delivery_has_begun(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GPtrArray) steps =
		entry->channel == SN_CHANNEL_IM && entry->step > 0 ? load_steps(self, entry->id) : NULL;

	return steps && entry->state != SN_STATE_ASKED &&
	       entry->step > (int)sn_im_steps_first_visible(steps);
}

char *sn_delivery_step_id(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GPtrArray) steps = load_steps(self, entry->id);

	/* Without a list nothing was submitted yet; the main id then is as good as any. */
	if (!steps || entry->step < 0 || (guint)entry->step >= steps->len)
		return g_strdup(entry->origin_id);
	return sn_im_step_id(steps, (guint)entry->step, entry->origin_id);
}

gboolean sn_delivery_is_last_step(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GPtrArray) steps =
		entry->channel == SN_CHANNEL_IM ? load_steps(self, entry->id) : NULL;

	return entry->channel == SN_CHANNEL_MAIL ||
	       (steps && (guint)entry->step + 1 >= steps->len);
}

void sn_delivery_step_done(SnDelivery *self, SnId id, int step, const char *detail)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);

	g_assert(step >= 0);
	if (!entry || entry->state != SN_STATE_SENDING || entry->step != step)
		return;
	gboolean last = sn_delivery_is_last_step(self, entry);
	SnFact fact = { .detail = detail, .step = step + 2 };
	sn_delivery_apply(self, id, last ? SN_DELIVERY_ACCEPTED : SN_DELIVERY_STEP, &fact);
}

void sn_delivery_arrived(SnDelivery *self, SnId id, const char *detail)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);

	if (!entry || (entry->state == SN_STATE_CHOOSING && !sn_delivery_is_uncertain(entry)))
		return;
	if (entry->state != SN_STATE_CHOOSING) {
		sn_delivery_step_done(self, id, entry->step, detail);
		return;
	}
	gboolean last = sn_delivery_is_last_step(self, entry);
	SnFact fact = { .detail = detail, .step = entry->step + 2, .clear_request = TRUE };
	sn_delivery_apply(self, id, last ? SN_DELIVERY_SEEN : SN_DELIVERY_STEP, &fact);
}

/* ---- the answers ---- */

static void report_error(SnDelivery *self, const SnJob *job, const SnImEvent *event)
{
	if (event->kind == SN_EVENT_CANCELLED) {
		sn_delivery_again(self); /* the account stops: checked when it is back */
		return;
	}
	SnDeliveryEvent what = sn_delivery_event_for(event->error);
	SnFact fact = { .reason = event->error->message,
		        .error_word = sn_error_word((SnErrorCode)event->error->code) };
	sn_delivery_apply(self, job->entry, what, &fact);
}

static void stanza_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnJob *job = data;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE)
			sn_delivery_step_done(job->delivery, job->entry, job->step, NULL);
		else
			report_error(job->delivery, job, event);
	}
	sn_job_unref(job);
}

static gboolean is_url(const char *url)
{
	return url && g_utf8_validate(url, -1, NULL) && !strpbrk(url, " \t\r\n") &&
	       (g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://"));
}

/* An earlier email that cannot be uploaded is left out; a file of the message itself never is. */
static void upload_ended(SnJob *job, const SnImEvent *event)
{
	SnDelivery *self = job->delivery;
	g_autoptr(GPtrArray) steps = load_steps(self, job->entry);
	SnImStep *step = steps && (guint)job->step < steps->len ? steps->pdata[job->step] : NULL;
	g_autofree char *locked = job->text ? sn_file_locked_address(event->url, job->text) : NULL;
	const char *url = job->text ? locked : event->url;
	gboolean done = event->kind == SN_EVENT_DONE && is_url(event->url) && url;

	if (event->kind == SN_EVENT_CANCELLED)
		sn_delivery_again(self);
	if (event->kind == SN_EVENT_CANCELLED || !step || step->kind != SN_IM_STEP_UPLOAD)
		return;
	if (!done && event->kind == SN_EVENT_DONE) {
		SnFact fact = { .reason = "The server gave no usable address for the file",
			        .error_word = sn_error_word(SN_ERROR_REJECTED) };
		if (step->source == 'a') {
			sn_delivery_apply(self, job->entry, SN_DELIVERY_PERMANENT, &fact);
			return;
		}
	} else if (!done) {
		SnDeliveryEvent what = sn_delivery_event_for(event->error);
		if (g_error_matches(event->error, SN_ERROR, SN_ERROR_UNAVAILABLE))
			what = SN_DELIVERY_PERMANENT; /* the service is gone */
		SnFact fact = { .reason = event->error->message,
			        .error_word = sn_error_word((SnErrorCode)event->error->code) };
		/* Nobody sees an upload, so an uncertain one is simply done again. */
		if (what == SN_DELIVERY_UNCERTAIN)
			what = SN_DELIVERY_TEMPORARY;
		if (step->source == 'a' || what == SN_DELIVERY_TEMPORARY) {
			sn_delivery_apply(self, job->entry, what, &fact);
			return;
		}
	}
	g_free(step->url);
	step->url = g_strdup(done ? url : SN_IM_LEFT_OUT);
	gboolean kept = save_steps(self, job->entry, steps);
	sn_fault(UPLOAD_NOTED);
	if (kept)
		sn_delivery_step_done(self, job->entry, job->step, done ? "uploaded" : "left out");
}

static void show_progress(SnJob *job, const SnImEvent *event)
{
	SnStore *store = job->delivery && job->message ? job->delivery->engine->store : NULL;

	if (store && event->kind == SN_IM_EV_PROGRESS)
		sn_part_progress(store, job->message, job->position, event->done, event->total,
		                 &job->percent, NULL);
	else if (store && event->kind <= SN_EVENT_CANCELLED)
		sn_part_stopped(store, job->message, job->position, NULL, NULL);
}

static void upload_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnJob *job = data;

	show_progress(job, event);
	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (sn_job_end(job))
		upload_ended(job, event);
	sn_job_unref(job);
}

/* ---- doing a step ---- */

/* What the server gets says nothing; the key travels in the message. */
static void lock_file(SnImRequest *request, SnJob *job)
{
	g_autoptr(GBytes) plain = request->bytes;

	request->bytes = sn_file_seal(plain, &job->text);
	g_free(request->type);
	request->type = g_strdup("application/octet-stream");
}

static void send_upload(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account,
                        const SnImStep *step)
{
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_UPLOAD, sn_engine_next_id(self->engine));
	g_autoptr(GError) error = NULL;

	if (step->url) { /* done by an earlier try */
		sn_im_request_free(request);
		sn_delivery_step_done(self, entry->id, entry->step, "uploaded before");
		return;
	}
	if (!sn_im_parts_file(self, entry, step, request, &error)) {
		SnFact fact = { .reason = error->message,
			        .error_word = sn_error_word((SnErrorCode)error->code) };
		sn_im_request_free(request);
		sn_delivery_apply(self, entry->id, SN_DELIVERY_PERMANENT, &fact);
		return;
	}
	SnJob *job = sn_job_begin(self, entry->id, entry->step);
	if (step->source == 'a') { /* a file of the message itself is its part of that number */
		job->message = entry->message;
		job->position = sn_im_parts_position(entry, account, step->number);
		job->percent = -1;
	}
	if (sn_delivery_is_sealed(self, entry))
		lock_file(request, job);
	sn_engine_im(account, request, upload_reply, job);
	sn_fault_of(SUBMITTED, "upload");
}

static void not_now(SnDelivery *self, SnId entry, SnDeliveryEvent event, const char *reason,
                    SnErrorCode code)
{
	SnFact fact = { .reason = reason, .error_word = sn_error_word(code) };

	sn_delivery_apply(self, entry, event, &fact);
}

/* The timeline says how it went, and where it is not usual that it went in the clear. */
static void note_sealed(SnDelivery *self, const SnOutboxEntry *entry, guint e2e)
{
	g_autoptr(GError) error = NULL;

	if (entry->message &&
	    !sn_message_set_secure(self->engine->store, entry->message, e2e, &error))
		g_warning("%s", error->message);
}

/* FALSE: it does not go now, and the entry is told why. Never in the clear what was decided to be
 * encrypted. */
static gboolean seal_stanza(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account,
                            SnImMessage *message)
{
	const char *jid = sn_delivery_jid(entry);
	g_autoptr(GError) error = NULL;
	guint e2e = 0;

	if (!sn_delivery_is_sealed(self, entry)) {
		g_assert(entry->encrypt != SN_ENCRYPT_REQUIRED);
		if (!message->groupchat && sn_omemo_was_used(self->engine->store, account->id, jid))
			note_sealed(self, entry, SN_E2E_CLEAR);
		return TRUE;
	}
	if (account->omemo && sn_omemo_seal(account->omemo, message, &e2e, &error)) {
		note_sealed(self, entry, e2e);
		return TRUE;
	}
	not_now(self, entry->id, SN_DELIVERY_TEMPORARY,
	        error ? error->message : "Encryption is switched off", SN_ERROR_UNAVAILABLE);
	return FALSE;
}

static void send_stanza(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account,
                        const GPtrArray *steps)
{
	g_autofree char *id = sn_im_step_id(steps, (guint)entry->step, entry->origin_id);
	g_assert(id && entry->origin_id); /* without an id it could not be looked up after a crash */
	SnImMessage *message =
		sn_im_parts_message(self, entry, account, steps, (guint)entry->step);

	if (!message) { /* nothing left to say in this step */
		sn_delivery_step_done(self, entry->id, entry->step, "left out");
		return;
	}
	if (!message->to)
		message->to = g_strdup(sn_delivery_jid(entry));
	if (!seal_stanza(self, entry, account, message)) {
		sn_im_message_free(message);
		return;
	}
	message->id = g_strdup(id);
	message->origin_id = g_steal_pointer(&id);
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_SEND, sn_engine_next_id(self->engine));
	request->message = message;
	sn_engine_im(account, request, stanza_reply, sn_job_begin(self, entry->id, entry->step));
	sn_fault_of(SUBMITTED, "im");
}

void sn_delivery_send_im(SnDelivery *self, const SnOutboxEntry *given)
{
	g_autoptr(SnOutboxEntry) entry =
		sn_outbox_get(self->engine->store, given->id, SN_OUTBOX_FULL);
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, given->account);

	if (!entry || entry->state != SN_STATE_SENDING)
		return;
	if (entry->recipients->len != 1) {
		not_now(self, entry->id, SN_DELIVERY_PERMANENT, "An IM goes to one address",
		        SN_ERROR_INVALID);
		return;
	}
	if (!account || !account->im || !account->im_online) {
		not_now(self, entry->id, SN_DELIVERY_TEMPORARY, "The account is not connected",
		        SN_ERROR_NETWORK);
		return;
	}
	int step = entry->step;
	g_autoptr(GPtrArray) steps = current_steps(self, entry, account);
	if (!steps) {
		not_now(self, entry->id, SN_DELIVERY_TEMPORARY, "The store could not be written",
		        SN_ERROR_STORAGE);
		return;
	}
	if (step != entry->step) { /* fewer uploads than before: begin with the right one */
		SnFact fact = { .step = entry->step + 1 };
		sn_delivery_apply(self, entry->id, SN_DELIVERY_STEP, &fact);
		return;
	}
	if ((guint)entry->step >= steps->len) {
		SnFact fact = { 0 };
		sn_delivery_apply(self, entry->id, SN_DELIVERY_ACCEPTED, &fact);
		return;
	}
	const SnImStep *now = steps->pdata[entry->step];
	if (now->kind == SN_IM_STEP_UPLOAD)
		send_upload(self, entry, account, now);
	else
		send_stanza(self, entry, account, steps);
}
