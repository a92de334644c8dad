/* SPDX-License-Identifier: GPL-3.0-or-later */
/* upload.c - XEP-0363: puts a file on the server's upload service, and gets files. Each transfer
 * has a thread of its own (backends/http). */
#include "backends/xmpp/xmpp_private.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "backends/http/http.h"
#include "src/base/fault.h"

#define MAX_HEADERS 3
#define PROGRESS_US (250 * 1000)
#define MAX_UPLOAD ((gint64)1024 * 1024 * 1024)

static const char *const features[] = { NULL };

/* Owned by the worker thread while it runs, else by whoever holds the pointer. */
typedef struct {
	guint64 id;
	SnQueue *inbox, *events;
	gpointer owner;
	gboolean upload;
	char *url, *get_url, *path, *type, *ca_file;
	char *headers[MAX_HEADERS + 1];
	GBytes *bytes;
	gint64 max_size;
	GCancellable *cancellable;
	gint64 last_progress;
	/* result */
	GError *error;
	gint64 size;
	char *sha256, *found_type;
} Transfer;

static void transfer_free(gpointer data)
{
	Transfer *transfer = data;

	sn_queue_unref(transfer->inbox);
	sn_queue_unref(transfer->events);
	g_free(transfer->url);
	g_free(transfer->get_url);
	g_free(transfer->path);
	g_free(transfer->type);
	g_free(transfer->ca_file);
	for (int i = 0; i < MAX_HEADERS; i++)
		g_free(transfer->headers[i]);
	g_clear_pointer(&transfer->bytes, g_bytes_unref);
	g_object_unref(transfer->cancellable);
	g_clear_error(&transfer->error);
	g_free(transfer->sha256);
	g_free(transfer->found_type);
	g_free(transfer);
}

static Transfer *transfer_new(SnIm *im, SnXmppJob *job)
{
	Transfer *transfer = g_new0(Transfer, 1);

	transfer->id = job->request->id;
	transfer->inbox = sn_queue_ref(im->inbox);
	transfer->events = sn_queue_ref(im->events);
	transfer->owner = im->owner;
	transfer->ca_file = g_strdup(im->ca_file);
	transfer->path = g_strdup(job->request->path);
	transfer->type = g_strdup(job->request->type);
	transfer->max_size = job->request->max_size;
	transfer->cancellable = g_cancellable_new();
	return transfer;
}

/* ---- the worker ---- */

static void progress(gint64 done, gint64 total, gpointer data)
{
	Transfer *transfer = data;
	gint64 now = g_get_monotonic_time();

	if (now - transfer->last_progress < PROGRESS_US ||
	    g_cancellable_is_cancelled(transfer->cancellable))
		return;
	transfer->last_progress = now;
	SnImEvent *event = sn_im_event_new(SN_IM_EV_PROGRESS, transfer->id, transfer->owner);
	event->done = done;
	event->total = total;
	if (!sn_queue_push_urgent(transfer->events, event, 1))
		sn_im_event_free(event);
}

static void transferred(SnIm *im, gpointer data)
{
	Transfer *transfer = data;
	SnXmppJob *job = sn_xmpp_job(im, transfer->id);

	if (job && transfer->error) {
		sn_xmpp_fail(im, job, g_steal_pointer(&transfer->error));
	} else if (job) {
		SnImEvent *event = sn_xmpp_event(im, SN_EVENT_DONE, transfer->id);
		event->url = g_strdup(transfer->upload ? transfer->get_url : transfer->url);
		event->size = transfer->size;
		event->sha256 = g_steal_pointer(&transfer->sha256);
		event->type = g_steal_pointer(&transfer->found_type);
		sn_xmpp_done(im, job, event);
	}
	transfer_free(transfer);
}

static gpointer transfer_thread(gpointer data)
{
	Transfer *transfer = data;
	SnHttpJob job = {
		.url = transfer->url,
		.ca_file = transfer->ca_file,
		.headers = (const char *const *)transfer->headers,
		.progress = progress,
		.data = transfer,
		.cancel = transfer->cancellable,
		.max_size = transfer->max_size,
	};

	if (transfer->upload) {
		transfer->size = (gint64)g_bytes_get_size(transfer->bytes);
		transfer->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, transfer->bytes);
		sn_http_ops.put(&job, transfer->bytes, transfer->type, &transfer->error);
		sn_fault(UPLOAD_PUT);
	} else {
		sn_http_ops.get(&job, transfer->path, &transfer->size, &transfer->sha256,
				&transfer->found_type, &transfer->error);
	}
	sn_xmpp_post(transfer->inbox, transferred, transfer, transfer_free);
	return NULL;
}

/* What the job keeps: the means to stop the worker. */
static void stop_transfer(SnIm *im, SnXmppJob *job)
{
	g_cancellable_cancel(job->state);
}

static void run_transfer(SnXmppJob *job, Transfer *transfer)
{
	if (job->state)
		job->free_state(job->state);
	job->state = g_object_ref(transfer->cancellable);
	job->free_state = g_object_unref;
	job->cancel = stop_transfer;
	g_thread_unref(g_thread_new("transfer", transfer_thread, transfer));
}

static void start_download(SnIm *im, SnXmppJob *job)
{
	if (!job->request->url || !job->request->path) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_INVALID,
					 "A download needs an address and a file."));
		return;
	}
	Transfer *transfer = transfer_new(im, job);
	transfer->url = g_strdup(job->request->url);
	run_transfer(job, transfer);
}

/* ---- the slot ---- */

/* XEP-0363 section 4: only these three headers, and no line breaks in them. */
static void take_headers(Transfer *transfer, xmpp_stanza_t *put)
{
	static const char *const allowed[] = { "Authorization", "Cookie", "Expires" };
	int count = 0, looked = 0;

	for (xmpp_stanza_t *header = sn_xml_find(put, "header", SN_NS_UPLOAD);
	     header && count < MAX_HEADERS && looked < SN_XML_MAX_ITEMS; looked++) {
		g_autofree char *name = sn_xml_attr(header, "name");
		g_autofree char *value = sn_xml_line(header);
		for (gsize i = 0; name && value && i < G_N_ELEMENTS(allowed); i++)
			if (g_ascii_strcasecmp(name, allowed[i]) == 0)
				transfer->headers[count++] =
					g_strdup_printf("%s: %s", allowed[i], value);
		header = sn_xml_next(xmpp_stanza_get_next(header), "header", SN_NS_UPLOAD);
	}
}

static void slot_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	Transfer *waiting = data;
	SnXmppJob *job = sn_xmpp_job(im, waiting->id);
	xmpp_stanza_t *slot = answer ? sn_xml_find(answer, "slot", SN_NS_UPLOAD) : NULL;
	xmpp_stanza_t *put = sn_xml_find(slot, "put", SN_NS_UPLOAD);
	g_autofree char *put_url = sn_xml_attr(put, "url");
	g_autofree char *get_url = sn_xml_attr(sn_xml_find(slot, "get", SN_NS_UPLOAD), "url");

	if (!job)
		return;
	if (error) {
		sn_xmpp_fail(im, job, g_error_copy(error));
		return;
	}
	if (!put_url || !get_url) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_REJECTED,
					 "%s offers no place for the file.", im->upload_service));
		return;
	}
	Transfer *transfer = transfer_new(im, job);
	transfer->upload = TRUE;
	transfer->bytes = g_bytes_ref(waiting->bytes);
	transfer->url = g_steal_pointer(&put_url);
	transfer->get_url = g_steal_pointer(&get_url);
	take_headers(transfer, put);
	sn_fault(UPLOAD_SLOT);
	run_transfer(job, transfer);
}

static GError *too_large(SnIm *im, gint64 size, gint64 limit)
{
	return g_error_new(SN_ERROR, SN_ERROR_LIMIT,
			   "The file has %" G_GINT64_FORMAT " bytes; %s takes %" G_GINT64_FORMAT
			   ".",
			   size, im->upload_service, limit);
}

/* What to send. Read, not mapped: a mapped file that shrinks meanwhile would kill the process. */
static GBytes *bytes_of(SnIm *im, const SnImRequest *request, gint64 limit, GError **error)
{
	g_autoptr(GError) cause = NULL;
	char *data = NULL;
	gsize length = 0;
	GStatBuf info;

	if (request->bytes) {
		gint64 size = (gint64)g_bytes_get_size(request->bytes);
		if (size <= limit)
			return g_bytes_ref(request->bytes);
		g_propagate_error(error, too_large(im, size, limit));
		return NULL;
	}
	if (request->path && g_stat(request->path, &info) == 0 && info.st_size > limit) {
		g_propagate_error(error, too_large(im, info.st_size, limit));
		return NULL;
	}
	if (!request->path || !g_file_get_contents(request->path, &data, &length, &cause)) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
			    "Cannot read the file to send: %s.",
			    cause ? cause->message : "it has no name");
		return NULL;
	}
	return g_bytes_new_take(data, length);
}

static char *name_of(const SnImRequest *request)
{
	if (request->name)
		return g_path_get_basename(request->name);
	return request->path ? g_path_get_basename(request->path) : g_strdup("file");
}

static void start_upload(SnIm *im, SnXmppJob *job)
{
	GError *error = NULL;
	g_autoptr(GBytes) bytes = NULL;
	gint64 limit = im->upload_max > 0 ? im->upload_max : MAX_UPLOAD;

	if (im->starting > 0 && !im->upload_service) {
		/* the service is still being looked for */
		sn_xmpp_wait_again(im, job);
		return;
	}
	if (!im->upload_service)
		error = g_error_new(SN_ERROR, SN_ERROR_UNAVAILABLE, "%s has no upload service.",
				    im->domain);
	else
		bytes = bytes_of(im, job->request, limit, &error);
	if (error) {
		sn_xmpp_fail(im, job, error);
		return;
	}
	g_autofree char *name = name_of(job->request);
	xmpp_stanza_t *iq = sn_iq_new(im, "get", im->upload_service);
	xmpp_stanza_t *request = sn_xml_child(iq, "request", SN_NS_UPLOAD);
	sn_xml_set(request, "filename", name);
	sn_xml_set_number(request, "size", (gint64)g_bytes_get_size(bytes));
	sn_xml_set(request, "content-type", job->request->type);
	Transfer *waiting = transfer_new(im, job);
	waiting->bytes = g_steal_pointer(&bytes);
	sn_iq_ask(im, iq, slot_came, waiting, transfer_free);
}

const SnXmppExtension sn_ext_upload = {
	.name = "upload",
	.claims = SN_XMPP_CLAIMS(
		{ "0363", "1.1.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp:a_file_goes_up_and_comes_down", NULL }),
	.features = features,
	.starts = { { SN_IM_REQ_UPLOAD, TRUE, start_upload },
		    { SN_IM_REQ_DOWNLOAD, FALSE, start_download } },
};
