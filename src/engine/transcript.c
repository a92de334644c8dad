/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transcript.c - keeps transcripts of IM conversations in a folder of the mail server.
 *
 * A day with a contact is due when nothing was said for a while. Then the folder is synced, and what
 * lies in it for that day is compared with what was said:
 *
 *   one version has it all       the day is done; versions that hold no more are deleted
 *   none has                     a new version with everything is appended; then from the start
 *
 * A version is deleted only while another that holds all of it lies in the folder. Nothing of this
 * is remembered but that the day is due, so it can end at any point and begin again, here or on
 * another machine of the user's; two that write at once end with one version, the oldest of those
 * that have it all.
 */
#include "src/engine/transcript_private.h"

#include <string.h>

#define AFTER_ERROR (5 * SN_MINUTE)
#define AFTER_REFUSAL SN_HOUR
#define MAX_TRIES 3 /* versions that did not turn up; then the server does something else with them */
#define MAX_SCANS 20

struct sn_transcripts {
	SnEngineAccount *account;
	GSource *timer;
	SnTranscriptDay day; /* being worked on */
	gboolean busy;       /* a request is under way */
	gboolean looked;     /* the folder was synced for this day */
	gboolean may_be_new; /* the folder was written to, and was not on the list */
};

static void look_again(gpointer data)
{
	SnTranscripts *self = data;

	g_clear_pointer(&self->timer, g_source_unref);
	sn_transcripts_look(self);
}

static void stop_timer(SnTranscripts *self)
{
	if (!self->timer)
		return;
	g_source_destroy(self->timer);
	g_clear_pointer(&self->timer, g_source_unref);
}

SnTranscripts *sn_transcripts_new(SnEngineAccount *account)
{
	SnTranscripts *self = g_new0(SnTranscripts, 1);

	self->account = account;
	return self;
}

void sn_transcripts_free(SnTranscripts *self)
{
	if (!self)
		return;
	stop_timer(self);
	g_free(self);
}

static const char *folder_of(const SnTranscripts *self)
{
	const SnAccount *config = self->account->config;
	gboolean can = config->chat_folder && *config->chat_folder && config->from_address &&
	               config->im.kind == SN_ENDPOINT_XMPP &&
	               config->source.kind != SN_ENDPOINT_NONE;

	return can ? config->chat_folder : NULL;
}

static void arm(SnTranscripts *self, SnTime due)
{
	SnEngine *engine = self->account->engine;

	stop_timer(self);
	self->timer = sn_engine_timer(engine, MAX(due - sn_clock_now(engine->clock), 1),
	                              look_again, self);
}

static void warn(const SnTranscripts *self, const GError *error)
{
	g_warning("%s: the transcript of a conversation was not written: %s",
	          self->account->config->name, error->message);
}

/* ---- the end of a day's work ---- */

static void later(SnTranscripts *self, SnTime pause, int tries)
{
	g_autoptr(GError) error = NULL;
	SnTime due = sn_clock_now(self->account->engine->clock) + pause;

	self->looked = FALSE;
	if (!sn_transcript_later(self->account->engine->store, &self->day, due, tries, &error))
		warn(self, error);
}

static void done(SnTranscripts *self)
{
	g_autoptr(GError) error = NULL;

	self->looked = FALSE;
	if (!sn_transcript_done(self->account->engine->store, &self->day, &error))
		warn(self, error);
	sn_engine_wake(self->account->engine); /* the next one */
}

static void failed(SnTranscripts *self, const GError *error)
{
	gboolean transient = !error || sn_error_is_transient(error) ||
	                     g_error_matches(error, SN_ERROR, SN_ERROR_CANCELLED);

	if (error && !transient)
		warn(self, error);
	SnTime pause = transient ? AFTER_ERROR : AFTER_REFUSAL;
	later(self, pause, self->day.tries);
	arm(self, sn_clock_now(self->account->engine->clock) + pause); /* nothing else may come by then */
}

/* ---- comparing ---- */

static gboolean holds(const GPtrArray *all, const GPtrArray *some)
{
	guint at = 0;

	/* both sorted */
	for (guint i = 0; i < some->len; i++) {
		while (at < all->len && strcmp(all->pdata[at], some->pdata[i]) < 0)
			at++;
		if (at == all->len || strcmp(all->pdata[at], some->pdata[i]) != 0)
			return FALSE;
	}
	return TRUE;
}

/* The oldest version that has everything; NULL. */
static const SnTranscript *complete_one(const GPtrArray *versions, const GPtrArray *said)
{
	for (guint i = 0; i < versions->len; i++) {
		const SnTranscript *one = versions->pdata[i];
		gboolean complete = one->ids && holds(one->ids, said);
		for (guint j = 0; complete && j < versions->len; j++) {
			const SnTranscript *other = versions->pdata[j];
			complete = !other->ids || holds(one->ids, other->ids);
		}
		if (complete)
			return one;
	}
	return NULL;
}

static gboolean is_unreadable(const GPtrArray *versions)
{
	for (guint i = 0; i < versions->len; i++)
		if (!((SnTranscript *)versions->pdata[i])->ids)
			return TRUE;
	return FALSE;
}

/* ---- deleting what another version holds ---- */

static void delete_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	SnTranscripts *self = data;

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	self->busy = FALSE;
	if (event->kind != SN_EVENT_DONE) {
		failed(self, event->error);
		return;
	}
	sn_mail_sync_folder(account->core->mail, folder_of(self));
	done(self);
}

static void delete_others(SnTranscripts *self, const GPtrArray *versions, const SnTranscript *kept)
{
	SnEngine *engine = self->account->engine;
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < versions->len; i++) {
		const SnTranscript *one = versions->pdata[i];
		g_assert(one == kept || !one->ids || holds(kept->ids, one->ids));
		if (one != kept && one->ids)
			g_array_append_val(uids, one->uid);
	}
	if (!uids->len) {
		done(self);
		return;
	}
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_DELETE, sn_engine_next_id(engine));
	request->folder = g_strdup(folder_of(self));
	request->uids = g_steal_pointer(&uids);
	self->busy = TRUE;
	sn_engine_mail(self->account, request, delete_reply, self);
}

/* ---- writing a new version ---- */

static void append_reply(SnEngineAccount *account, const SnMailEvent *event, gpointer data)
{
	SnTranscripts *self = data;
	gboolean uncertain = event->error && g_error_matches(event->error, SN_ERROR,
	                                                     SN_ERROR_UNCERTAIN);

	if (event->kind > SN_EVENT_CANCELLED)
		return;
	self->busy = FALSE;
	if (event->kind != SN_EVENT_DONE && !uncertain) {
		failed(self, event->error);
		return;
	}
	/* Whatever the answer said: what lies in the folder decides. */
	later(self, 0, self->day.tries + 1);
	if (self->may_be_new)
		sn_mail_sync_list(account->core->mail);
	self->may_be_new = FALSE;
	sn_engine_wake(account->engine);
}

static void append(SnTranscripts *self, const char *contact, const GPtrArray *messages)
{
	SnEngine *engine = self->account->engine;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) raw =
		sn_transcript_compose(self->account, &self->day, contact, messages, &error);

	if (!raw) {
		failed(self, error);
		return;
	}
	SnMailRequest *request =
		sn_mail_request_new(SN_MAIL_REQ_APPEND, sn_engine_next_id(engine));
	request->folder = g_strdup(folder_of(self));
	request->raw = g_bytes_ref(raw);
	request->flags = SN_MAIL_SEEN;
	request->time = ((SnMessage *)messages->pdata[messages->len - 1])->time;
	self->busy = TRUE;
	self->may_be_new = !sn_mail_sync_has(self->account->core->mail, folder_of(self));
	sn_engine_mail(self->account, request, append_reply, self);
}

/* ---- one day ---- */

/* With those an earlier version holds, also when they would not be written now (encrypted). */
static GPtrArray *said_that_day(SnTranscripts *self, const GPtrArray *versions)
{
	SnEngine *engine = self->account->engine;
	gboolean encrypted = sn_config_settings(engine->config)->im_transcript_encrypted;
	g_autoptr(GPtrArray) all = sn_transcript_messages(engine->store, &self->day, TRUE,
	                                                  SN_TRANSCRIPT_MAX);
	GPtrArray *said = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	while (all->len) {
		g_autoptr(SnMessage) one = g_ptr_array_steal_index(all, 0);
		gboolean wanted = encrypted || !one->encrypted;
		for (guint i = 0; !wanted && i < versions->len; i++) {
			const SnTranscript *version = versions->pdata[i];
			for (guint j = 0; version->ids && !wanted && j < version->ids->len; j++)
				wanted = g_str_equal(version->ids->pdata[j], one->origin_id);
		}
		if (wanted)
			g_ptr_array_add(said, g_steal_pointer(&one));
	}
	return said;
}

static void compare(SnTranscripts *self)
{
	SnEngineAccount *account = self->account;
	SnStore *store = account->engine->store;
	g_autoptr(SnAddress) contact = sn_address_get(store, self->day.peer);
	SnId folder = sn_folder_intern(store, account->id, folder_of(self), NULL, NULL);

	if (!contact || !folder) {
		done(self);
		return;
	}
	g_autofree char *key = sn_transcript_key(account->config, contact->value, self->day.day);
	g_autoptr(GPtrArray) versions = sn_transcript_list(store, folder, key);
	g_autoptr(GPtrArray) messages = said_that_day(self, versions);
	g_autoptr(GPtrArray) said = sn_transcript_ids(messages);
	const SnTranscript *kept = complete_one(versions, said);

	if (kept) {
		delete_others(self, versions, kept);
	} else if (!said->len || is_unreadable(versions) || self->day.tries >= MAX_TRIES) {
		if (said->len)
			g_warning("%s: the transcript of %s cannot be kept up in %s.",
			          account->config->name, contact->value, folder_of(self));
		done(self);
	} else {
		append(self, contact->value, messages);
	}
}

/* ---- looking ---- */

static void scan(SnTranscripts *self)
{
	SnEngine *engine = self->account->engine;
	SnTime idle = sn_config_settings(engine->config)->im_transcript_idle;
	g_autoptr(GError) error = NULL;
	gboolean more = TRUE;

	for (int i = 0; more && i < MAX_SCANS; i++)
		if (!sn_transcript_scan(engine->store, self->account->id, idle, &more, &error)) {
			warn(self, error);
			return;
		}
	if (more)
		sn_engine_wake(engine);
}

void sn_transcripts_look(SnTranscripts *self)
{
	SnTranscriptDay day;

	if (!self || !folder_of(self) || self->busy)
		return;
	SnEngineAccount *account = self->account;
	SnStore *store = account->engine->store;
	scan(self);
	if (!account->source_online || !sn_transcript_next(store, account->id, &day))
		return;
	if (day.due > sn_clock_now(account->engine->clock)) {
		arm(self, day.due);
		return;
	}
	if (self->looked && (day.peer != self->day.peer || day.day != self->day.day))
		self->looked = FALSE;
	self->day = day;
	/* What another machine wrote has to be here before anything is written: one look of its own. */
	if (!self->looked) {
		self->looked = TRUE;
		sn_mail_sync_folder(account->core->mail, folder_of(self));
	}
	if (sn_mail_sync_is_fresh(account->core->mail, folder_of(self)))
		compare(self);
}

gboolean sn_transcripts_settled(const SnTranscripts *self)
{
	SnTranscriptDay day;

	return !folder_of(self) ||
	       (!self->busy &&
	        !(sn_transcript_next(self->account->engine->store, self->account->id, &day) &&
	          day.due <= sn_clock_now(self->account->engine->clock)));
}
