/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at what is due, hears clients' requests, and starts again after a crash. */
#include <string.h>

#include "src/engine/delivery_private.h"

#define MAX_ROUNDS 20
#define RECENT_MAX 1000
#define PRESENCE_GRACE (3 * SN_SECOND) /* after login presences still come in */
#define STORAGE_RETRY (30 * SN_SECOND)
#define ILL_MAX 5                      /* the pause doubles that often: to a quarter of an hour */
#define LONGEST_TIMER SN_HOUR
#define EXPIRY_GRACE (15 * SN_MINUTE)  /* for the line to come back after a start or a sleep */

SnTime sn_delivery_now(const SnDelivery *self)
{
	return sn_clock_now(self->engine->clock);
}

const SnSettings *sn_delivery_settings(const SnDelivery *self)
{
	return sn_config_settings(self->engine->config);
}

/* ---- jobs ---- */

void sn_job_unref(SnJob *job)
{
	if (!job || !g_ref_count_dec(&job->refs))
		return;
	g_free(job->text);
	g_free(job);
}

/* One reference is the table's, one the reply's. */
SnJob *sn_job_begin(SnDelivery *self, SnId entry, int step)
{
	SnJob *job = g_new0(SnJob, 1);

	g_assert(entry > 0 && step >= 0);
	g_assert(!g_hash_table_contains(self->jobs, &entry)); /* no entry has two requests under way */
	g_ref_count_init(&job->refs);
	g_ref_count_inc(&job->refs);
	job->delivery = self;
	job->entry = entry;
	job->step = step;
	g_hash_table_insert(self->jobs, g_memdup2(&entry, sizeof entry), job);
	return job;
}

gboolean sn_job_end(SnJob *job)
{
	SnDelivery *self = job->delivery;

	if (!self)
		return FALSE;
	g_hash_table_remove(self->jobs, &job->entry);
	if (self->skipped && !self->ill) {
		self->skipped = FALSE;
		sn_delivery_again(self);
	}
	return TRUE;
}

/* ---- small helpers of all the delivery's files ---- */

gboolean sn_delivery_is_uncertain(const SnOutboxEntry *entry)
{
	return g_strcmp0(entry->error_word, sn_error_word(SN_ERROR_UNCERTAIN)) == 0;
}

char *sn_delivery_time_text(SnTime time)
{
	g_autoptr(GDateTime) local = g_date_time_new_from_unix_local(time / 1000);

	return local ? g_date_time_format(local, "%-d %b %Y %H:%M") : g_strdup("?");
}

const char *sn_delivery_jid(const SnOutboxEntry *entry)
{
	if (entry->channel != SN_CHANNEL_IM || !entry->recipients || entry->recipients->len == 0)
		return NULL;
	return ((SnParty *)entry->recipients->pdata[0])->address;
}

char *sn_delivery_who(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(self->engine->store, entry->conversation);

	return g_strdup(conversation && conversation->title ? conversation->title : "somebody");
}

SnDeliveryEvent sn_delivery_event_for(const GError *error)
{
	static const SnErrorCode permanent[] = { SN_ERROR_REJECTED, SN_ERROR_LIMIT,
		                                 SN_ERROR_INVALID, SN_ERROR_PERMISSION,
		                                 SN_ERROR_NOT_FOUND, SN_ERROR_BUG };

	for (gsize i = 0; i < G_N_ELEMENTS(permanent); i++)
		if (g_error_matches(error, SN_ERROR, (int)permanent[i]))
			return SN_DELIVERY_PERMANENT;
	if (g_error_matches(error, SN_ERROR, SN_ERROR_UNCERTAIN) ||
	    g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED))
		return SN_DELIVERY_UNCERTAIN;
	/* Also wrong passwords and certificates: the user repairs the account, then it goes. */
	return SN_DELIVERY_TEMPORARY;
}

static char *memo_key(SnId entry, const char *name)
{
	return g_strdup_printf("outbox.%" G_GINT64_FORMAT ".%s", entry, name);
}

char *sn_delivery_memo(SnDelivery *self, SnId entry, const char *name)
{
	g_autofree char *key = memo_key(entry, name);

	return sn_store_get(self->engine->store, key);
}

gboolean sn_delivery_set_memo(SnDelivery *self, SnId entry, const char *name, const char *value)
{
	g_autofree char *key = memo_key(entry, name);
	g_autoptr(GError) error = NULL;

	if (sn_store_set(self->engine->store, key, value, &error))
		return TRUE;
	g_warning("The outbox could not be written: %s", error->message);
	return FALSE;
}

void sn_delivery_forget_memos(SnDelivery *self, SnId entry)
{
	g_autofree char *steps = sn_delivery_memo(self, entry, "steps");

	g_autofree char *sealed = sn_delivery_memo(self, entry, "sealed");

	if (steps)
		sn_delivery_set_memo(self, entry, "steps", NULL);
	if (sealed)
		sn_delivery_set_memo(self, entry, "sealed", NULL);
}

void sn_delivery_again(SnDelivery *self)
{
	self->again = TRUE;
	if (!self->looking)
		sn_engine_wake(self->engine);
}

/* ---- looking ---- */

static gint by_id(gconstpointer a, gconstpointer b)
{
	SnId one = *(const SnId *)a, two = *(const SnId *)b;

	return one < two ? -1 : one > two;
}

void sn_delivery_look_at(SnDelivery *self, SnId id)
{
	if (g_hash_table_contains(self->jobs, &id)) {
		self->skipped = TRUE;
		return;
	}
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	if (!entry)
		return;
	if (entry->state == SN_STATE_SENDING)
		sn_delivery_check(self, id);
	else if (entry->request == SN_REQUEST_SEND && !sn_seal_known(self, entry))
		return; /* looked at again once that is known */
	else if (entry->request != SN_REQUEST_NONE)
		sn_delivery_request(self, entry);
	else if (entry->state == SN_STATE_CHOOSING)
		sn_delivery_overdue(self, entry);
	else if (sn_machine_step(entry->state, SN_DELIVERY_DUE).effect == SN_EFFECT_PLAN)
		sn_delivery_plan(self, id);
}

static void announce_late(SnDelivery *self)
{
	g_autoptr(GArray) late = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnTime now = sn_delivery_now(self);
	GHashTableIter iter;
	gpointer id, until;

	g_hash_table_iter_init(&iter, self->announces);
	while (g_hash_table_iter_next(&iter, &id, &until))
		if (*(SnTime *)until <= now)
			g_array_append_val(late, *(SnId *)id);
	for (guint i = 0; i < late->len; i++)
		sn_delivery_announce(self, g_array_index(late, SnId, i), FALSE);
}

static void on_timer(gpointer data)
{
	SnDelivery *self = data;

	g_clear_pointer(&self->timer, g_source_unref);
	/* with a look at the clock before: this timer stood still while the machine slept */
	sn_engine_wake(self->engine);
}

static SnTime earliest(SnTime one, SnTime two)
{
	return one && (!two || one < two) ? one : two;
}

static SnTime earliest_of(GHashTable *times, SnTime after)
{
	GHashTableIter iter;
	gpointer time;
	SnTime first = 0;

	g_hash_table_iter_init(&iter, times);
	while (g_hash_table_iter_next(&iter, NULL, &time))
		if (*(SnTime *)time > after)
			first = earliest(*(SnTime *)time, first);
	return first;
}

void sn_delivery_set_timer(SnDelivery *self)
{
	SnTime now = sn_delivery_now(self);
	/* What became due since the last look has not been seen yet. */
	SnTime next = sn_outbox_next_due(self->engine->store, self->last_look);

	next = earliest(earliest_of(self->announces, self->last_look), next);
	next = earliest(earliest_of(self->settling, self->last_look), next);
	if (self->woke_until > self->last_look)
		next = earliest(self->woke_until, next);
	if (self->grace > self->last_look)
		next = earliest(self->grace, next);
	if (now < self->last_look)
		next = now; /* the clock was set back */
	if (self->unwell || self->skipped || !g_queue_is_empty(&self->unwritten))
		next = earliest(now + (STORAGE_RETRY << MIN(self->ill, ILL_MAX)), next);
	if (self->timer) {
		g_source_destroy(self->timer);
		g_clear_pointer(&self->timer, g_source_unref);
	}
	if (next)
		self->timer = sn_engine_timer(self->engine,
		                              CLAMP(next - now, 1, LONGEST_TIMER), on_timer, self);
}

static void cap_times(GHashTable *times, SnTime latest)
{
	GHashTableIter iter;
	gpointer time;

	g_hash_table_iter_init(&iter, times);
	while (g_hash_table_iter_next(&iter, NULL, &time))
		*(SnTime *)time = MIN(*(SnTime *)time, latest);
}

static SnTime presence_grace(const SnDelivery *self)
{
	return self->engine->setup.grace ? self->engine->setup.grace : PRESENCE_GRACE;
}

/* The clock was set back: what should have been tried soon would wait for long. */
static void repair_clock(SnDelivery *self, SnTime now)
{
	SnTime longest = 2 * sn_delivery_settings(self)->delivery_retry_max;
	g_autoptr(GError) error = NULL;

	self->clock_wrong = !sn_outbox_clock_back(self->engine->store, now, longest, &error);
	if (self->clock_wrong)
		sn_delivery_is_unwell(self, error);
	cap_times(self->settling, now + presence_grace(self));
	cap_times(self->announces, now + SN_MINUTE);
	self->grace = MIN(self->grace, now + EXPIRY_GRACE);
}

/* A timer fires within the hour, so a longer gap was a sleep, or a clock that jumped. What expired
 * in it gets its chance first: the line and the presences have to come back. */
static void mind_the_clock(SnDelivery *self, SnTime now)
{
	if (now < self->last_look || self->clock_wrong)
		repair_clock(self, now);
	if (!self->last_look || now > self->last_look + 2 * LONGEST_TIMER)
		self->grace = now + EXPIRY_GRACE;
	self->last_look = now;
}

/* ---- what others tell ---- */

static gboolean waits_for_line(const SnOutboxEntry *entry)
{
	return entry->state == SN_STATE_WAITING &&
	       g_strcmp0(entry->error_word, sn_error_word(SN_ERROR_NETWORK)) == 0;
}

static void go_on(SnDelivery *self, SnId id)
{
	if (g_hash_table_contains(self->jobs, &id))
		return;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);
	if (entry && waits_for_line(entry))
		sn_delivery_plan(self, id);
}

/* The line has been up for a while: contacts that have not shown themselves are not there. */
static void end_settling(SnDelivery *self)
{
	SnTime now = sn_delivery_now(self);
	GHashTableIter iter;
	gpointer account, until;
	g_autoptr(GArray) settled = g_array_new(FALSE, FALSE, sizeof(SnId));

	g_hash_table_iter_init(&iter, self->settling);
	while (g_hash_table_iter_next(&iter, &account, &until)) {
		if (*(SnTime *)until > now)
			continue;
		g_array_append_val(settled, *(SnId *)account);
		g_hash_table_iter_remove(&iter);
	}
	for (guint i = 0; i < settled->len; i++) {
		g_autoptr(GArray) stopped =
			sn_outbox_stopped(self->engine->store, g_array_index(settled, SnId, i),
		                          SN_CHANNEL_IM);
		for (guint j = 0; j < stopped->len; j++)
			go_on(self, g_array_index(stopped, SnId, j));
	}
}

void sn_delivery_account_online(SnDelivery *self, SnEngineAccount *account, SnChannel channel)
{
	g_autoptr(GArray) stopped = sn_outbox_stopped(self->engine->store, account->id, channel);

	if (channel == SN_CHANNEL_IM) {
		SnTime *until = g_new(SnTime, 1);
		*until = sn_delivery_now(self) + presence_grace(self);
		g_hash_table_insert(self->settling, g_memdup2(&account->id, sizeof(SnId)), until);
	}
	for (guint i = 0; i < stopped->len; i++) {
		SnId id = g_array_index(stopped, SnId, i);
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);
		if (!entry || g_hash_table_contains(self->jobs, &id))
			continue;
		if (entry->state == SN_STATE_SENDING)
			sn_delivery_check(self, id);
		else if (entry->state == SN_STATE_WAITING || entry->state == SN_STATE_ASKED)
			sn_delivery_plan(self, id);
	}
	sn_delivery_set_timer(self);
}

void sn_delivery_presence(SnDelivery *self, SnId address)
{
	g_autoptr(GArray) open = sn_outbox_open_for(self->engine->store, address);

	for (guint i = 0; open && i < open->len; i++) {
		SnId id = g_array_index(open, SnId, i);
		g_autoptr(SnOutboxEntry) entry =
			sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
		g_autofree char *text = NULL;
		if (!entry || g_hash_table_contains(self->jobs, &id))
			continue;
		gboolean there = sn_delivery_availability(self, entry, NULL, &text) == SN_AVAILABLE;
		if (entry->when & SN_WHEN_PRESENCE)
			there = sn_delivery_terms_presence(self, entry, NULL);
		if (!there || sn_delivery_is_put_off(self, entry))
			continue;
		if (waits_for_line(entry))
			sn_delivery_plan(self, id);
		if (entry->error_word ||
		    (entry->state == SN_STATE_WAITING && !sn_delivery_terms(self, entry, FALSE)))
			continue;
		g_autofree char *who = sn_delivery_who(self, entry);
		g_autofree char *detail = g_strdup_printf("%s is %s", who, text);
		SnFact fact = { .detail = detail, .fresh = TRUE };
		if (!sn_delivery_apply(self, id, SN_DELIVERY_APPEARED, &fact) &&
		    entry->state == SN_STATE_QUEUED)
			sn_delivery_look_at(self, id);
	}
	sn_delivery_set_timer(self);
}

/* A line that lives brings what it kept within this time, and a session that is resumed too. */
#define WAKE_GRACE (10 * SN_SECOND)

void sn_delivery_woke(SnDelivery *self)
{
	SnTime now = sn_delivery_now(self);

	self->woke_until = now + WAKE_GRACE;
	self->grace = MAX(self->grace, now + EXPIRY_GRACE);
}

gboolean sn_delivery_has_grace(SnDelivery *self, const SnOutboxEntry *entry)
{
	return self->grace > sn_delivery_now(self) && entry->expires <= self->grace - EXPIRY_GRACE;
}

gboolean sn_delivery_is_waking(SnDelivery *self, const SnOutboxEntry *entry)
{
	return self->woke_until > sn_delivery_now(self) &&
	       entry->created < self->woke_until - WAKE_GRACE;
}

/* ---- the look ---- */

void sn_delivery_look(SnDelivery *self)
{
	if (self->looking) {
		self->again = TRUE;
		return;
	}
	SnTime now = sn_delivery_now(self);
	g_assert(now > 0);
	self->looking = TRUE;
	self->ill = self->unwell ? self->ill + 1 : 0;
	self->unwell = self->skipped = FALSE;
	mind_the_clock(self, now);
	self->again = TRUE;
	for (int round = 0; self->again && round < MAX_ROUNDS; round++) {
		self->again = FALSE;
		sn_delivery_write_again(self);
		end_settling(self);
		g_autoptr(GArray) due = sn_outbox_due(self->engine->store, now);
		if (due)
			g_array_sort(due, by_id);
		for (guint i = 0; due && i < due->len; i++)
			sn_delivery_look_at(self, g_array_index(due, SnId, i));
	}
	announce_late(self);
	self->looking = FALSE;
	sn_delivery_set_timer(self);
}

/* ---- life ---- */

SnDelivery *sn_delivery_new(SnEngine *engine)
{
	SnDelivery *self = g_new0(SnDelivery, 1);

	self->engine = engine;
	self->jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
	                                   (GDestroyNotify)sn_job_unref);
	self->settling = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	self->keys = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	self->announces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	g_queue_init(&self->unwritten);
	return self;
}

void sn_delivery_free(SnDelivery *self)
{
	GHashTableIter iter;
	gpointer job;

	if (!self)
		return;
	g_hash_table_iter_init(&iter, self->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &job))
		((SnJob *)job)->delivery = NULL;
	if (self->timer) {
		g_source_destroy(self->timer);
		g_source_unref(self->timer);
	}
	sn_delivery_drop_unwritten(self);
	g_hash_table_unref(self->jobs);
	g_hash_table_unref(self->settling);
	g_hash_table_unref(self->announces);
	g_hash_table_unref(self->keys);
	g_free(self);
}

/* Entries in `sending` have no request under way yet, so sn_delivery_look() checks each of them
 * before anything else goes to the same person. */
void sn_delivery_recover(SnDelivery *self)
{
	g_autoptr(GPtrArray) entries =
		sn_outbox_list(self->engine->store, SN_OUTBOX_ALL, 0, RECENT_MAX, 0);

	for (guint i = 0; entries && i < entries->len; i++) {
		const SnOutboxEntry *entry = entries->pdata[i];
		if (entry->announce && entry->state == SN_STATE_ACCEPTED)
			sn_delivery_expect_receipt(self, entry->id);
	}
	sn_delivery_tell_untold(self);
	sn_delivery_hear_again(self);
	sn_delivery_hear_missed(self);
	repair_clock(self, sn_delivery_now(self));
	sn_delivery_look(self);
}
