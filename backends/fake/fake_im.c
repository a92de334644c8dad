/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/fake/fake_im.h"

#define FAKE_UPLOAD_MAX (1024 * 1024)
#define FAKE_STANZA_MAX (256 * 1024)

/* What a test asked for before, or while, the backend of `jid` lives. */
typedef struct {
	SnFakeImScript script;
	gpointer data;
	gboolean online;
} Preparation;

struct sn_im {
	char *jid;
	SnQueue *events;
	gpointer owner;
	GHashTable *open; /* of guint64 *: requests without an end yet */
	GQueue requests;  /* of SnImRequest: not taken by the test yet */
	guint reconnects;
	gboolean failing;
};

/* The interface has no place for a test's pointer, hence this one registry. */
static GMutex registry_lock;
static GCond registry_changed;
static gboolean keeps_devices;
static GHashTable *preparations; /* jid -> Preparation */
static GPtrArray *living;        /* of SnIm, not owned */

/* ---- registry; each caller holds the lock ---- */

static Preparation *prepared(const char *jid)
{
	return preparations ? g_hash_table_lookup(preparations, jid) : NULL;
}

static SnIm *find(const char *jid)
{
	for (guint i = 0; living && i < living->len; i++) {
		SnIm *im = g_ptr_array_index(living, i);
		if (strcmp(im->jid, jid) == 0)
			return im;
	}
	return NULL;
}

void sn_fake_im_prepare(const char *jid, SnFakeImScript script, gpointer data, gboolean online)
{
	Preparation *preparation = g_new0(Preparation, 1);

	*preparation = (Preparation){ script, data, online };
	g_mutex_lock(&registry_lock);
	if (!preparations)
		preparations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_replace(preparations, g_strdup(jid), preparation);
	g_mutex_unlock(&registry_lock);
}

void sn_fake_im_reset(void)
{
	g_mutex_lock(&registry_lock);
	g_clear_pointer(&preparations, g_hash_table_unref);
	keeps_devices = FALSE;
	g_mutex_unlock(&registry_lock);
}

void sn_fake_im_devices(gboolean kept)
{
	g_mutex_lock(&registry_lock);
	keeps_devices = kept;
	g_mutex_unlock(&registry_lock);
}

/* Waits on the registry until `end` (monotonic); FALSE when that passed. */
static gboolean wait_changed(gint64 end)
{
	return g_cond_wait_until(&registry_changed, &registry_lock, end);
}

SnIm *sn_fake_im_find(const char *jid, int timeout_ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	SnIm *im;

	g_mutex_lock(&registry_lock);
	while (!(im = find(jid)) && wait_changed(end))
		;
	g_mutex_unlock(&registry_lock);
	return im;
}

guint sn_fake_im_reconnects(SnIm *im)
{
	g_mutex_lock(&registry_lock);
	guint count = im->reconnects;
	g_mutex_unlock(&registry_lock);
	return count;
}

static SnImRequest *take(SnIm *im, int kind)
{
	for (GList *link = im->requests.head; link; link = link->next) {
		SnImRequest *request = link->data;
		if (kind < 0 || (int)request->kind == kind) {
			g_queue_delete_link(&im->requests, link);
			return request;
		}
	}
	return NULL;
}

SnImRequest *sn_fake_im_take(SnIm *im, int kind, int timeout_ms)
{
	gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	SnImRequest *request;

	g_mutex_lock(&registry_lock);
	while (!(request = take(im, kind)) && wait_changed(end))
		;
	g_mutex_unlock(&registry_lock);
	return request;
}

/* ---- events ---- */

void sn_fake_im_push(SnIm *im, SnImEvent *event)
{
	event->owner = im->owner;
	if (event->kind == SN_EVENT_DONE || event->kind == SN_EVENT_ERROR ||
	    event->kind == SN_EVENT_CANCELLED) {
		g_mutex_lock(&registry_lock);
		gboolean was_open = g_hash_table_remove(im->open, &event->id);
		g_mutex_unlock(&registry_lock);
		g_assert(was_open); /* exactly one end for each request */
	}
	if (!sn_queue_push_urgent(im->events, event, 0))
		sn_im_event_free(event);
}

void sn_fake_im_done(SnIm *im, guint64 id)
{
	sn_fake_im_push(im, sn_im_event_new(SN_EVENT_DONE, id, im->owner));
}

void sn_fake_im_error(SnIm *im, guint64 id, SnErrorCode code, const char *text)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_ERROR, id, im->owner);

	event->error = g_error_new_literal(SN_ERROR, code, text);
	sn_fake_im_push(im, event);
}

void sn_fake_im_line(SnIm *im, SnLineState state, int code, gboolean resumed)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_LINE, 0, im->owner);

	event->line = state;
	if (state == SN_LINE_OFFLINE && code >= 0)
		event->error = g_error_new(SN_ERROR, code, "The line of %s is cut.", im->jid);
	sn_fake_im_push(im, event);
	if (state != SN_LINE_ONLINE)
		return;
	event = sn_im_event_new(SN_IM_EV_FEATURES, 0, im->owner);
	event->upload_max = FAKE_UPLOAD_MAX;
	event->stanza_max = FAKE_STANZA_MAX;
	event->has_archive = event->has_carbons = TRUE;
	sn_fake_im_push(im, event);
	event = sn_im_event_new(SN_IM_EV_SYNCED, 0, im->owner);
	event->resumed = resumed;
	sn_fake_im_push(im, event);
}

void sn_fake_im_message(SnIm *im, const char *from, const char *id, const char *body)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, im->owner);

	event->message = sn_im_message_new();
	event->message->from = g_strdup(from);
	event->message->to = g_strdup(im->jid);
	event->message->id = g_strdup(id);
	event->message->origin_id = g_strdup(id);
	event->message->body = g_strdup(body);
	sn_fake_im_push(im, event);
}

void sn_fake_im_presence(SnIm *im, const char *full_jid, const char *show, const char *status)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_PRESENCE, 0, im->owner);

	event->jid = g_strdup(full_jid);
	event->show = g_strdup(show);
	event->status = g_strdup(status);
	sn_fake_im_push(im, event);
}

void sn_fake_im_accept(SnIm *im, const SnImRequest *request, gpointer data)
{
	sn_fake_im_done(im, request->id);
}

/* ---- the interface ---- */

static SnIm *create(const SnLinkSpec *link, SnQueue *events, gpointer owner, gboolean failing)
{
	SnIm *im = g_new0(SnIm, 1);

	im->jid = g_strdup(link->user);
	im->events = sn_queue_ref(events);
	im->owner = owner;
	im->failing = failing;
	im->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_queue_init(&im->requests);
	g_mutex_lock(&registry_lock);
	if (!living)
		living = g_ptr_array_new();
	g_ptr_array_add(living, im);
	Preparation *preparation = prepared(im->jid);
	gboolean online = !failing && (!preparation || preparation->online);
	g_cond_broadcast(&registry_changed);
	g_mutex_unlock(&registry_lock);
	sn_fake_im_line(im, SN_LINE_CONNECTING, -1, FALSE);
	if (online)
		sn_fake_im_line(im, SN_LINE_ONLINE, -1, FALSE);
	if (failing)
		sn_fake_im_line(im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	return im;
}

static SnIm *fake_create(const SnLinkSpec *link, SnQueue *events, gpointer owner, GError **error)
{
	return create(link, events, owner, FALSE);
}

static SnIm *failing_create(const SnLinkSpec *link, SnQueue *events, gpointer owner, GError **error)
{
	return create(link, events, owner, TRUE);
}

static void fake_submit(SnIm *im, SnImRequest *request)
{
	Preparation script = { NULL, NULL, FALSE };

	g_mutex_lock(&registry_lock);
	g_assert(request->id > 0 && !g_hash_table_contains(im->open, &request->id));
	g_hash_table_add(im->open, g_memdup2(&request->id, sizeof request->id));
	if (prepared(im->jid))
		script = *prepared(im->jid);
	gboolean refused = request->kind >= SN_IM_REQ_DEVICES_GET &&
	                   request->kind <= SN_IM_REQ_BUNDLE_PUT && !keeps_devices;
	g_mutex_unlock(&registry_lock);
	if (refused) {
		sn_fake_im_error(im, request->id, SN_ERROR_UNAVAILABLE, "No devices are kept here.");
		sn_im_request_free(request);
		return;
	}
	/* The script first: once in the queue the request is the test's, which may free it. */
	if (im->failing)
		sn_fake_im_error(im, request->id, SN_ERROR_NETWORK, "This line never works.");
	else if (script.script)
		script.script(im, request, script.data);
	g_mutex_lock(&registry_lock);
	g_queue_push_tail(&im->requests, request);
	g_cond_broadcast(&registry_changed);
	g_mutex_unlock(&registry_lock);
}

static void fake_cancel(SnIm *im, guint64 id)
{
	g_mutex_lock(&registry_lock);
	gboolean is_open = g_hash_table_contains(im->open, &id);
	g_mutex_unlock(&registry_lock);
	if (is_open)
		sn_fake_im_push(im, sn_im_event_new(SN_EVENT_CANCELLED, id, im->owner));
}

static void fake_reconnect(SnIm *im)
{
	g_mutex_lock(&registry_lock);
	im->reconnects++;
	g_mutex_unlock(&registry_lock);
	if (im->failing)
		sn_fake_im_line(im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
}

static void fake_destroy(SnIm **place)
{
	SnIm *im = *place;

	*place = NULL;
	if (!im)
		return;
	g_mutex_lock(&registry_lock);
	g_ptr_array_remove(living, im);
	g_autoptr(GList) open = g_hash_table_get_keys(im->open);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint64));
	for (GList *link = open; link; link = link->next)
		g_array_append_vals(ids, link->data, 1);
	if (living->len == 0)
		g_clear_pointer(&living, g_ptr_array_unref);
	g_mutex_unlock(&registry_lock);
	for (guint i = 0; i < ids->len; i++)
		fake_cancel(im, g_array_index(ids, guint64, i));
	g_queue_clear_full(&im->requests, (GDestroyNotify)sn_im_request_free);
	g_hash_table_unref(im->open);
	sn_queue_unref(im->events);
	g_free(im->jid);
	g_free(im);
}

const SnImOps sn_fake_im_ops = {
	.name = "fake",
	.create = fake_create,
	.submit = fake_submit,
	.cancel = fake_cancel,
	.reconnect = fake_reconnect,
	.destroy = fake_destroy,
};

const SnImOps sn_failing_im_ops = {
	.name = "failing",
	.create = failing_create,
	.submit = fake_submit,
	.cancel = fake_cancel,
	.reconnect = fake_reconnect,
	.destroy = fake_destroy,
};
