/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive.c - XEP-0313: pages through our own archive, oldest first. Results count only if they
 * come from our own account and name a query of ours.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define PAGE 250 /* servers that want less give less; some look through all they have for each page */
#define MAX_MESSAGES 100000
#define MAX_BACKLOG 500 /* events not taken yet: ask for no more until they are */
#define BACKLOG_WAIT_MS 50

static const char *const features[] = { NULL };

/* One ARCHIVE or ARCHIVE_FIND request. */
typedef struct {
	char *query_id;
	char *last_id; /* where the next page begins */
	char *last_seen; /* id of the last result; NULL */
	guint count, in_page;
	gboolean found;
	gboolean from_start; /* by time: the archive forgot the message to begin after */
} Walk;

/* What a timer or an answer needs to find its job again. */
typedef struct {
	SnIm *im;
	guint64 job;
} Reference;

static void ask_page(SnIm *im, SnXmppJob *job);

static void walk_free(gpointer data)
{
	Walk *walk = data;

	g_free(walk->query_id);
	g_free(walk->last_id);
	g_free(walk->last_seen);
	g_free(walk);
}

static Reference *reference_new(SnIm *im, SnXmppJob *job)
{
	Reference *reference = g_new(Reference, 1);

	*reference = (Reference){ im, job->request->id };
	return reference;
}

static void end_walk(SnIm *im, SnXmppJob *job, gboolean complete)
{
	Walk *walk = job->state;
	SnImEvent *event = sn_xmpp_event(im, SN_EVENT_DONE, job->request->id);

	event->complete = complete;
	event->found = walk->found;
	event->last_id = g_strdup(walk->last_id ? walk->last_id : job->request->after_id);
	event->done = walk->count;
	sn_xmpp_done(im, job, event);
}

static gboolean next_page(gpointer data)
{
	Reference *reference = data;
	SnXmppJob *job = sn_xmpp_job(reference->im, reference->job);

	if (job && !sn_xmpp_is_online(reference->im))
		sn_xmpp_fail(reference->im, job,
			     g_error_new(SN_ERROR, SN_ERROR_NETWORK, "The line was cut."));
	else if (job && sn_queue_length(reference->im->events) > MAX_BACKLOG)
		return G_SOURCE_CONTINUE;
	else if (job)
		ask_page(reference->im, job);
	return G_SOURCE_REMOVE;
}

static void plan_page(SnIm *im, SnXmppJob *job)
{
	if (sn_queue_length(im->events) <= MAX_BACKLOG) {
		ask_page(im, job);
		return;
	}
	g_autoptr(GSource) timer = g_timeout_source_new(BACKLOG_WAIT_MS);
	g_source_set_callback(timer, next_page, reference_new(im, job), g_free);
	g_source_attach(timer, im->context);
}

static void page_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, ((Reference *)data)->job);
	xmpp_stanza_t *fin = answer ? sn_xml_find(answer, "fin", SN_NS_MAM) : NULL;

	if (!job)
		return;
	Walk *walk = job->state;
	if (error && error->code == SN_ERROR_NOT_FOUND && !walk->from_start && walk->count == 0 &&
	    job->request->start) {
		/* The archive forgot the message to begin after: go by time. */
		walk->from_start = TRUE;
		ask_page(im, job);
		return;
	}
	if (!answer) {
		sn_xmpp_fail(im, job, g_error_copy(error));
		return;
	}
	const char *complete = sn_xml_raw(fin, "complete");
	gboolean all = g_strcmp0(complete, "true") == 0 || g_strcmp0(complete, "1") == 0;
	g_autofree char *last =
		sn_xml_line(sn_xml_find(sn_xml_find(fin, "set", SN_NS_RSM), "last", SN_NS_RSM));
	if (!last && walk->in_page > 0) /* a server that forgets to say it */
		last = g_strdup(walk->last_seen);
	/* Some servers send an empty set, none at all, or the same page for ever. */
	gboolean moved = walk->in_page > 0 && last && g_strcmp0(last, walk->last_id) != 0;
	if (last) {
		g_free(walk->last_id);
		walk->last_id = g_steal_pointer(&last);
	}
	guint max = job->request->max_messages;
	if (walk->found || all || !moved || job->request->newest)
		end_walk(im, job, all || walk->in_page == 0);
	else if (walk->count >= (max ? MIN(max, MAX_MESSAGES) : MAX_MESSAGES))
		end_walk(im, job, FALSE);
	else
		plan_page(im, job);
}

static void ask_page(SnIm *im, SnXmppJob *job)
{
	Walk *walk = job->state;
	const SnImRequest *request = job->request;
	const char *after = walk->last_id || walk->from_start ? walk->last_id : request->after_id;
	guint page = PAGE;

	if (request->max_messages && request->max_messages - walk->count < page)
		page = request->max_messages - walk->count;
	xmpp_stanza_t *iq = sn_iq_new(im, "set", request->jid);
	xmpp_stanza_t *query = sn_xml_child(iq, "query", SN_NS_MAM);
	sn_xml_set(query, "queryid", walk->query_id);
	xmpp_stanza_t *form = sn_xml_child(query, "x", SN_NS_FORM);
	sn_xml_set(form, "type", "submit");
	sn_xml_field(form, "FORM_TYPE", SN_NS_MAM);
	sn_xml_field(form, "with", request->with);
	if (request->start) {
		g_autofree char *start = sn_time_format(request->start);
		sn_xml_field(form, "start", start);
	}
	xmpp_stanza_t *set = sn_xml_child(query, "set", SN_NS_RSM);
	g_autofree char *max = g_strdup_printf("%u", page);
	sn_xml_child_text(set, "max", NULL, max);
	if (request->newest)
		sn_xml_child(set, "before", NULL);
	else if (after)
		sn_xml_child_text(set, "after", NULL, after);
	walk->in_page = 0;
	sn_iq_ask(im, iq, page_came, reference_new(im, job), g_free);
}

static void start_walk(SnIm *im, SnXmppJob *job)
{
	Walk *walk = g_new0(Walk, 1);

	walk->query_id = g_strdup_printf("m%" G_GUINT64_FORMAT "-%08x", job->request->id,
					 g_rand_int(im->random));
	job->state = walk;
	job->free_state = walk_free;
	ask_page(im, job);
}

/* ---- results ---- */

static SnXmppJob *job_of_query(SnIm *im, const char *query_id)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, im->jobs);
	while (query_id && g_hash_table_iter_next(&iter, NULL, &value)) {
		SnXmppJob *job = value;
		if ((job->request->kind == SN_IM_REQ_ARCHIVE ||
		     job->request->kind == SN_IM_REQ_ARCHIVE_FIND) &&
		    job->state && strcmp(((Walk *)job->state)->query_id, query_id) == 0)
			return job;
	}
	return NULL;
}

static const char *whose(SnIm *im, const SnXmppJob *job)
{
	return job->request->jid ? job->request->jid : im->jid;
}

static gboolean take_result(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *result = sn_xml_find(stanza, "result", SN_NS_MAM);
	const char *from = sn_xml_raw(stanza, "from");
	SnTime time;

	if (!result)
		return FALSE;
	SnXmppJob *job = job_of_query(im, sn_xml_raw(result, "queryid"));
	if (!job || (from ? strcmp(from, whose(im, job)) != 0 : job->request->jid != NULL))
		return TRUE;
	Walk *walk = job->state;
	SnXmppReading reading = sn_session_reading(im);
	SnImMessage *message = sn_xmpp_read_message(&reading, sn_forward_inner(result, &time));
	walk->in_page++;
	walk->count++;
	g_free(walk->last_seen);
	walk->last_seen = sn_xml_attr(result, "id");
	if (!message)
		return TRUE;
	message->archived = TRUE;
	if (job->request->jid && !sn_jid_same_bare(message->from, job->request->jid)) {
		sn_im_message_free(message); /* a room's archive holds what was said there */
		return TRUE;
	}
	sn_rooms_complete(im, message);
	if (job->request->kind == SN_IM_REQ_ARCHIVE_FIND) {
		const char *id = job->request->origin_id;
		/* in a room nobody else can have known the id before it was there */
		gboolean ours = job->request->jid || sn_jid_same_bare(message->from, im->jid);
		walk->found |=
			ours && id &&
			(g_strcmp0(message->origin_id, id) == 0 || g_strcmp0(message->id, id) == 0);
		sn_im_message_free(message);
		return TRUE;
	}
	message->archive_id = sn_xml_attr(result, "id");
	if (!message->stanza_id)
		message->stanza_id = g_strdup(message->archive_id);
	if (time)
		message->time = time;
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_MESSAGE, job->request->id);
	event->message = message;
	sn_xmpp_push(im, event);
	return TRUE;
}

const SnXmppExtension sn_ext_archive = {
	.name = "archive",
	.claims = SN_XMPP_CLAIMS(
		{ "0313", "1.1.3", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp:the_archive_fills_a_gap", NULL },
		{ "0059", "1.0", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/integration/test_xmpp:the_archive_fills_a_gap", "as far as the archive needs it" }),
	.features = features,
	.message = take_result,
	.starts = { { SN_IM_REQ_ARCHIVE, TRUE, start_walk },
		    { SN_IM_REQ_ARCHIVE_FIND, TRUE, start_walk } },
};
