/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one place that changes an outbox entry: a row of the machine, what is written with it in one
 * transaction, and then, once that is durable, the effect. */
#include <string.h>

#include "src/base/fault.h"
#include "src/engine/delivery_private.h"

#define NETWORK_RETRY (15 * SN_SECOND) /* a lost line comes back sooner than a person */
#define RECEIPT_WAIT SN_MINUTE         /* after that "sent" is announced instead of "delivered" */

/* A result that could not be written, e.g. because the disk is full. It is about something that
 * did happen outside, so it must not get lost. */
typedef struct {
	SnId entry;
	SnDeliveryEvent event;
	char *what, *detail, *reason, *error_word;
	int step;
} SnUnwritten;

static void unwritten_free(SnUnwritten *result)
{
	g_free(result->what);
	g_free(result->detail);
	g_free(result->reason);
	g_free(result->error_word);
	g_free(result);
}

SnTime sn_delivery_backoff(SnDelivery *self, int attempts, gboolean network)
{
	const SnSettings *settings = sn_delivery_settings(self);
	SnTime longest = MAX(settings->delivery_retry_max, SN_SECOND);
	SnTime pause = MAX(settings->delivery_retry, 1);

	if (network)
		pause = MIN(pause, NETWORK_RETRY);
	for (int i = 0; i < attempts && pause < longest; i++)
		pause *= 2;
	pause = MIN(pause, longest);
	/* A tenth either way, so that many clients do not come back at the same moment. */
	double jitter = g_rand_double_range(self->engine->random, -0.1, 0.1);
	return MAX(1, pause + (SnTime)(jitter * (double)pause));
}

static gboolean tells_of_outside(SnDeliveryEvent event)
{
	return event == SN_DELIVERY_ACCEPTED || event == SN_DELIVERY_STEP ||
	       event == SN_DELIVERY_PERMANENT || event == SN_DELIVERY_UNCERTAIN ||
	       event == SN_DELIVERY_TEMPORARY || event == SN_DELIVERY_SEEN;
}

static void keep_unwritten(SnDelivery *self, SnId entry, SnDeliveryEvent event,
                           const SnFact *fact)
{
	SnUnwritten *result = g_new(SnUnwritten, 1);

	*result = (SnUnwritten){ entry,
		                 event,
		                 g_strdup(fact->what),
		                 g_strdup(fact->detail),
		                 g_strdup(fact->reason),
		                 g_strdup(fact->error_word),
		                 fact->step };
	g_queue_push_tail(&self->unwritten, result);
	if (!g_hash_table_contains(self->jobs, &entry))
		sn_job_unref(sn_job_begin(self, entry, 0)); /* untouched until this is written */
}

void sn_delivery_write_again(SnDelivery *self)
{
	for (guint left = self->unwritten.length; left > 0; left--) {
		SnUnwritten *result = g_queue_pop_head(&self->unwritten);
		SnFact fact = { .what = result->what,
			        .detail = result->detail,
			        .reason = result->reason,
			        .error_word = result->error_word,
			        .step = result->step };
		g_hash_table_remove(self->jobs, &result->entry);
		sn_delivery_apply(self, result->entry, result->event, &fact);
		unwritten_free(result);
	}
}

void sn_delivery_drop_unwritten(SnDelivery *self)
{
	for (SnUnwritten *result; (result = g_queue_pop_head(&self->unwritten));)
		unwritten_free(result);
}

/* ---- what is written ---- */

static SnTime next_try(SnDelivery *self, const SnOutboxEntry *entry, const SnDeliveryStep *step,
                       const SnFact *fact, SnTime expires, int attempts)
{
	SnTime now = sn_delivery_now(self);

	if (step->state == SN_STATE_ASKED)
		return step->effect == SN_EFFECT_QUESTION
			? now + sn_delivery_settings(self)->delivery_ask_timeout
			: entry->next_try;
	if (step->state != SN_STATE_WAITING)
		return 0;
	if (step->effect != SN_EFFECT_SCHEDULE)
		return entry->next_try;
	if (fact->not_before > now)
		return expires > now ? MIN(fact->not_before, expires) : fact->not_before;
	gboolean network = g_strcmp0(fact->error_word, sn_error_word(SN_ERROR_NETWORK)) == 0;
	SnTime time = now + sn_delivery_backoff(self, attempts, network);
	SnTime quiet_end = network ? 0 : sn_delivery_quiet_end(self, entry);
	if (quiet_end > now)
		time = MIN(time, quiet_end); /* no presence will tell of it */
	return expires > now ? MIN(time, expires) : time;
}

/* Things that belong to an accepted message: the copy in Sent, the mark on what it answers. */
static gboolean write_finish(SnDelivery *self, const SnOutboxEntry *entry, GError **error)
{
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	const SnAccount *config = account ? account->config : NULL;

	/* what was only sent on has the Message-ID of another email: its copy would be that one */
	if (entry->channel == SN_CHANNEL_MAIL && !entry->resend && config && config->copy_to && *config->copy_to &&
	    config->source.kind != SN_ENDPOINT_NONE &&
	    !sn_action_append(self->engine->store, entry->message, entry->account,
	                      config->copy_to, SN_FLAG_SEEN, error))
		return FALSE;
	if (entry->reply_to) {
		g_autoptr(SnMessage) answered =
			sn_message_get(self->engine->store, entry->reply_to, 0);
		if (answered && answered->channel == SN_CHANNEL_MAIL && !answered->carried &&
		    answered->direction == SN_IN &&
		    !sn_message_change_flags(self->engine->store, answered->id,
		                             SN_FLAG_ANSWERED, 0, error))
			return FALSE;
	}
	return TRUE;
}

/* The count of tries starts anew when it waits for something else than before. */
static gboolean begins_anew(const SnOutboxEntry *entry, SnDeliveryEvent event)
{
	gboolean deferred = entry->state == SN_STATE_WAITING && !entry->error_word;

	return (event == SN_DELIVERY_DEFER && !deferred) ||
	       (event == SN_DELIVERY_NO_LINE && deferred);
}

/* It had come to an end, and something else turned out. */
static gboolean is_late(SnState before)
{
	return before == SN_STATE_FAILED || before == SN_STATE_CONVERTED ||
	       before == SN_STATE_CANCELLED;
}

static gboolean has_event(SnDelivery *self, SnId id, const char *what)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->engine->store, id);

	for (guint i = 0; events && i < events->len; i++)
		if (strcmp(((SnOutboxEvent *)events->pdata[i])->what, what) == 0)
			return TRUE;
	return FALSE;
}

static gboolean wants_telling(SnDelivery *self, const SnOutboxEntry *entry)
{
	return is_late(entry->state) ||
	       (entry->announce && !has_event(self, entry->id, "announced"));
}

/* What holds of every entry that is still open, whatever happens to it (docs/delivery.md). */
static void check_change(const SnOutboxEntry *entry, SnDeliveryEvent event,
                         const SnDeliveryStep *step, const SnOutboxChange *change)
{
	gboolean kept = change->state == SN_STATE_WAITING || step->effect == SN_EFFECT_HOLD;

	/* it ends at some time, and is looked at before */
	g_assert(!kept || change->expires || entry->expires);
	g_assert(step->effect != SN_EFFECT_SCHEDULE || change->next_try > 0);
	/* it is held behind an earlier one only, and only while it is in the queue */
	g_assert(!change->behind ||
	         (change->state == SN_STATE_QUEUED && change->behind < entry->id));
	g_assert((step->effect == SN_EFFECT_HOLD) == (change->behind != 0));
	/* whoever asks the user, says about what */
	g_assert(step->effect != SN_EFFECT_TELL_USER || change->reason);
	/* of what nobody can know it is said that nobody does: it is not sent again by itself */
	g_assert(event != SN_DELIVERY_CANNOT_KNOW ||
	         g_strcmp0(change->error_word, sn_error_word(SN_ERROR_UNCERTAIN)) == 0);
}

static gboolean write_change(SnDelivery *self, const SnOutboxEntry *entry, SnDeliveryEvent event,
                             const SnDeliveryStep *step, const SnFact *fact, GError **error)
{
	gboolean schedule = step->effect == SN_EFFECT_SCHEDULE;
	int attempts = fact->fresh || begins_anew(entry, event) ? 0 : entry->attempts;
	SnTime expires = fact->expires ? fact->expires : entry->expires;

	gboolean kept = step->state == SN_STATE_WAITING || step->effect == SN_EFFECT_HOLD;
	/* from when it was to go: a message for next month is not old next month */
	if (kept && !expires)
		expires = MAX(entry->created, entry->send_at) +
		          sn_delivery_settings(self)->delivery_expire;
	SnOutboxChange change = {
		.state = step->state,
		.what = fact->what ? fact->what
		                   : event == SN_DELIVERY_READY ? "sending"
		                                                : sn_delivery_event_word(event),
		.detail = fact->detail ? fact->detail : fact->reason,
		.reason = fact->reason,
		.error_word = fact->error_word,
		.next_try = next_try(self, entry, step, fact, expires, attempts),
		.attempts = schedule ? attempts + 1 : fact->fresh ? 0 : -1,
		/* The steps of a question are not those of the message. */
		.step = fact->step                                  ? fact->step - 1
		        : entry->state == SN_STATE_ASKED &&
		                          step->state != SN_STATE_ASKED ? 0
		                                                        : -1,
		.expires = expires == entry->expires ? 0 : expires,
		.quick_question = fact->question,
		.clear_request = fact->clear_request,
		.behind = fact->behind,
		.party = fact->party,
		.fate = fact->fate,
		.fate_text = fact->fate_text,
		.tell = step->effect == SN_EFFECT_TELL_FAILURE ||
		        (step->effect == SN_EFFECT_ANNOUNCE && wants_telling(self, entry)),
		.at_once = event == SN_DELIVERY_SEND,
	};
	check_change(entry, event, step, &change);
	if (step->effect == SN_EFFECT_CONVERT)
		return sn_convert(self, entry, fact->reason, error);
	if (!sn_outbox_change(self->engine->store, entry->id, entry->state, &change, error))
		return FALSE;
	return step->effect != SN_EFFECT_FINISH || write_finish(self, entry, error);
}

/* ---- effects ---- */

static void tell(SnDelivery *self, const SnOutboxEntry *entry, SnNotifyKind kind,
                 const char *format, const char *body)
{
	g_autofree char *who = sn_delivery_who(self, entry);
	g_autofree char *title = g_strdup_printf("%s %s", format, who);

	sn_engine_notify(self->engine, kind, entry->conversation, title, body);
}

static const char *what_it_is(const SnOutboxEntry *entry)
{
	return entry->subject && *entry->subject ? entry->subject : entry->body;
}

/* The journal remembers that it was announced: a report may come days and many starts later. */
void sn_delivery_announce(SnDelivery *self, SnId id, gboolean arrived)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);

	g_hash_table_remove(self->announces, &id);
	if (!entry || !entry->announce || has_event(self, id, "announced"))
		return;
	tell(self, entry, SN_NOTIFY_DELIVERED, arrived ? "Delivered to" : "Sent to",
	     what_it_is(entry));
	sn_outbox_told(self->engine->store, id, "announced", arrived ? "delivered" : "sent", NULL);
}

/* What nobody expected any more is always told. */
static void tell_late(SnDelivery *self, const SnOutboxEntry *entry, SnState before)
{
	static const char *const titles[] = {
		[SN_STATE_FAILED] = "Delivered after all to",
		[SN_STATE_CANCELLED] = "Delivered before it was cancelled, to",
		[SN_STATE_CONVERTED] = "Delivered by IM as well, to",
	};

	g_assert((gsize)before < G_N_ELEMENTS(titles) && titles[before]);
	g_hash_table_remove(self->announces, &entry->id);
	tell(self, entry, SN_NOTIFY_DELIVERED, titles[before], what_it_is(entry));
	sn_outbox_told(self->engine->store, entry->id, "told", "delivered late", NULL);
}

static void tell_failure(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_hash_table_remove(self->announces, &entry->id);
	tell(self, entry, SN_NOTIFY_FAILED, "Not delivered to", entry->reason ? entry->reason : "");
	sn_outbox_told(self->engine->store, entry->id, "told", "failed", NULL);
}

void sn_delivery_tell_untold(SnDelivery *self)
{
	g_autoptr(GArray) untold = sn_outbox_untold(self->engine->store);

	for (guint i = 0; i < untold->len; i++) {
		SnId id = g_array_index(untold, SnId, i);
		g_autoptr(SnOutboxEntry) entry =
			sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
		if (!entry)
			continue; /* could not be read: told with the next start */
		if (entry->state == SN_STATE_FAILED)
			tell_failure(self, entry);
		else if (is_late(entry->state))
			tell_late(self, entry, entry->state);
		else
			tell_late(self, entry, SN_STATE_FAILED);
	}
}

void sn_delivery_expect_receipt(SnDelivery *self, SnId id)
{
	if (has_event(self, id, "announced"))
		return;
	SnTime *until = g_new(SnTime, 1);
	*until = sn_delivery_now(self) + RECEIPT_WAIT;
	g_hash_table_insert(self->announces, g_memdup2(&id, sizeof id), until);
}

/* What was remembered while the last steps were still under way: a receipt may be faster. */
static void settle_early_receipt(SnDelivery *self, SnId id)
{
	SnFact fact = { 0 };

	if (has_event(self, id, "displayed"))
		sn_delivery_apply(self, id, SN_DELIVERY_DISPLAYED, &fact);
	else if (has_event(self, id, "receipt"))
		sn_delivery_apply(self, id, SN_DELIVERY_RECEIPT, &fact);
}

static void finish(SnDelivery *self, const SnOutboxEntry *entry)
{
	if (entry->announce)
		sn_delivery_expect_receipt(self, entry->id);
	sn_delivery_forget_memos(self, entry->id);
	settle_early_receipt(self, entry->id);
	sn_delivery_again(self);
	sn_engine_wake(self->engine); /* the Sent copy is an action of the syncing half */
}

/* A wrong password or certificate keeps everything of the account back until the user acts. */
static void tell_if_user_must_act(SnDelivery *self, const SnOutboxEntry *entry)
{
	gboolean must = g_strcmp0(entry->error_word, sn_error_word(SN_ERROR_AUTH)) == 0 ||
	                g_strcmp0(entry->error_word, sn_error_word(SN_ERROR_TLS)) == 0;

	if (must && entry->attempts == 1)
		tell(self, entry, SN_NOTIFY_FAILED, "Not sent yet to",
		     entry->reason ? entry->reason : "");
}

static void do_effect(SnDelivery *self, const SnOutboxEntry *before, SnDeliveryEffect effect)
{
	g_autoptr(SnOutboxEntry) entry =
		sn_outbox_get(self->engine->store, before->id, SN_OUTBOX_FULL);

	if (!entry)
		return;
	if (entry->request != SN_REQUEST_NONE || sn_outbox_lets_pass(before->state, entry->state))
		sn_delivery_again(self);
	switch (effect) {
	case SN_EFFECT_NONE:
		if (entry->state == SN_STATE_CANCELLED)
			sn_delivery_forget_memos(self, entry->id);
		break;
	case SN_EFFECT_HOLD:
	case SN_EFFECT_NOTE:
	case SN_EFFECT_COUNT: break;
	case SN_EFFECT_PLAN: sn_delivery_plan(self, entry->id); break;
	case SN_EFFECT_TRANSMIT:
	case SN_EFFECT_NEXT_STEP:
		g_assert(entry->state == SN_STATE_SENDING && !entry->behind);
		if (entry->channel == SN_CHANNEL_MAIL)
			sn_delivery_send_mail(self, entry);
		else
			sn_delivery_send_im(self, entry);
		break;
	case SN_EFFECT_RELEASE: sn_delivery_release(self, entry); break;
	case SN_EFFECT_CHECK: sn_delivery_check(self, entry->id); break;
	case SN_EFFECT_SCHEDULE:
		tell_if_user_must_act(self, entry);
		if (entry->expires <= sn_delivery_now(self))
			sn_delivery_again(self); /* and was over before */
		sn_delivery_probe(self, entry->id);
		break;
	case SN_EFFECT_QUESTION: sn_delivery_ask(self, entry->id, FALSE); break;
	case SN_EFFECT_CONVERT:
		g_assert(entry->state == SN_STATE_CONVERTED && entry->converted_to > entry->id);
		sn_delivery_again(self);
		break;
	case SN_EFFECT_TELL_USER:
		/* A prompt right after the user's own key needs no notification besides. */
		if (before->state != SN_STATE_QUEUED)
			tell(self, entry, SN_NOTIFY_QUESTION, "Decide about the message to",
			     entry->reason ? entry->reason : "");
		break;
	case SN_EFFECT_FINISH: finish(self, entry); break;
	case SN_EFFECT_ANNOUNCE:
		if (is_late(before->state))
			tell_late(self, entry, before->state);
		else
			sn_delivery_announce(self, entry->id, TRUE);
		break;
	case SN_EFFECT_TELL_FAILURE:
		tell_failure(self, entry);
		sn_delivery_again(self); /* the next one to the same person may go now */
		break;
	}
}

/* The user has taken it back, and nothing of it is out yet: nothing else happens with it. */
static gboolean cancel_wins(const SnOutboxEntry *entry, SnDeliveryEvent event)
{
	gboolean from_outside = event == SN_DELIVERY_SEEN || event == SN_DELIVERY_RECEIPT ||
	                        event == SN_DELIVERY_DISPLAYED || event == SN_DELIVERY_BOUNCE;

	return entry->request == SN_REQUEST_CANCEL && !from_outside &&
	       sn_machine_step(entry->state, SN_DELIVERY_CANCEL).known;
}

/*
 * It could go, and the user has asked for something before that and was not heard yet. "Now" is done
 * with it, and must not be heard later of a message that may have gone; anything else comes first.
 */
static gboolean is_asked_otherwise(const SnOutboxEntry *entry, SnDeliveryEvent event)
{
	return event == SN_DELIVERY_READY && entry->request != SN_REQUEST_NONE &&
	       entry->request != SN_REQUEST_SEND && entry->request != SN_REQUEST_RETRY;
}

/* Under the write lock, so that a client's cancel cannot come between reading and changing. */
static gboolean write_step(SnDelivery *self, SnId id, SnDeliveryEvent event, const SnFact *fact,
                           SnOutboxEntry **before, SnDeliveryStep *step, GError **error)
{
	static const SnFact cancel = { .detail = "by you", .clear_request = TRUE };
	SnStore *store = self->engine->store;

	sn_fault_of(CHANGE_BEGIN, sn_delivery_event_word(event));
	if (!sn_store_begin(store, error))
		return FALSE;
	SnOutboxEntry *entry = *before = sn_outbox_get(store, id, SN_OUTBOX_FULL);
	if (entry && cancel_wins(entry, event)) {
		event = SN_DELIVERY_CANCEL;
		fact = &cancel;
	}
	if (entry && is_asked_otherwise(entry, event)) {
		sn_store_rollback(store);
		sn_delivery_again(self);
		return TRUE;
	}
	if (entry)
		*step = sn_machine_step(entry->state, event);
	if (!step->known) {
		sn_store_rollback(store);
		return TRUE;
	}
	SnFact goes_now = *fact;
	if (event == SN_DELIVERY_READY) {
		goes_now.clear_request = TRUE;
		fact = &goes_now;
	}
	gboolean goes = event == SN_DELIVERY_READY && entry->channel == SN_CHANNEL_IM;
	if (!write_change(self, entry, event, step, fact, error) ||
	    (goes && !sn_delivery_prepare_im(self, entry, error))) {
		sn_store_rollback(store);
		return FALSE;
	}
	sn_fault_of(CHANGE_WRITTEN, sn_delivery_event_word(event));
	return sn_store_commit(store, error);
}

void sn_delivery_is_unwell(SnDelivery *self, const GError *error)
{
	g_warning("The outbox could not be written: %s", error->message);
	self->unwell = TRUE;
	if (!self->looking)
		sn_delivery_set_timer(self);
}

gboolean sn_delivery_apply(SnDelivery *self, SnId id, SnDeliveryEvent event, const SnFact *fact)
{
	g_autoptr(SnOutboxEntry) entry = NULL;
	g_autoptr(GError) error = NULL;
	SnDeliveryStep step = { SN_STATE_FAILED, SN_EFFECT_NONE, FALSE };

	if (!write_step(self, id, event, fact, &entry, &step, &error)) {
		sn_delivery_is_unwell(self, error);
		if (tells_of_outside(event))
			keep_unwritten(self, id, event, fact);
		return FALSE;
	}
	if (step.known)
		sn_fault_of(CHANGE_COMMITTED, sn_delivery_event_word(event));
	gboolean goes_out = step.effect == SN_EFFECT_TRANSMIT ||
	                    step.effect == SN_EFFECT_NEXT_STEP ||
	                    step.effect == SN_EFFECT_RELEASE ||
	                    step.effect == SN_EFFECT_QUESTION;
	if (step.known && goes_out && !sn_store_sync(self->engine->store, &error)) {
		/* Perhaps not durable, so it is not sent now; the next look checks it. */
		sn_delivery_is_unwell(self, error);
	} else if (step.known) {
		if (goes_out)
			sn_fault_of(CHANGE_DURABLE, sn_delivery_event_word(event));
		do_effect(self, entry, step.effect);
	}
	return step.known;
}
