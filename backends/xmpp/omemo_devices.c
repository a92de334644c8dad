/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omemo_devices.c - XEP-0384 0.3: lists of devices and their bundles, in nodes that anybody may
 * read, so that people who are no contacts of each other can write to each other encrypted.
 */
#include "backends/xmpp/xmpp_private.h"

#define NS "eu.siacs.conversations.axolotl"
#define NODE_LIST NS ".devicelist"
#define NODE_BUNDLE NS ".bundles:"
#define NS_OWNER "http://jabber.org/protocol/pubsub#owner"
#define FORM_OPTIONS "http://jabber.org/protocol/pubsub#publish-options"
#define FORM_CONFIG "http://jabber.org/protocol/pubsub#node_config"
#define ITEM "current"

static const char *const features[] = { NODE_LIST "+notify", NULL };

/* ---- lists ---- */

/* Of guint32, each once; the item of a list, or NULL. */
static GArray *read_list(xmpp_stanza_t *list)
{
	GArray *devices = g_array_new(FALSE, FALSE, sizeof(guint32));
	xmpp_stanza_t *device = sn_xml_find(list, "device", NS);

	for (int looked = 0; device && looked < SN_XML_MAX_ITEMS; looked++) {
		gint64 number = sn_xml_attr_number(device, "id", 0);
		guint32 id = number > 0 && number <= G_MAXINT32 ? (guint32)number : 0;
		for (guint i = 0; i < devices->len; i++)
			if (g_array_index(devices, guint32, i) == id)
				id = 0;
		if (id && devices->len < SN_OMEMO_MAX_DEVICES)
			g_array_append_val(devices, id);
		device = sn_xml_next(xmpp_stanza_get_next(device), "device", NS);
	}
	return devices;
}

static void push_list(SnIm *im, const char *jid, xmpp_stanza_t *list, guint64 id)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_DEVICES, id);

	event->jid = sn_jid_bare(jid);
	event->devices = read_list(list);
	sn_xmpp_push(im, event);
}

/* The newest item comes last. */
static xmpp_stanza_t *last_item(xmpp_stanza_t *items, const char *ns)
{
	xmpp_stanza_t *last = NULL, *item = sn_xml_find(items, "item", ns);

	for (int looked = 0; item && looked < SN_XML_MAX_ITEMS; looked++) {
		last = item;
		item = sn_xml_next(xmpp_stanza_get_next(item), "item", ns);
	}
	return last;
}

/* Only somebody's own account speaks of that account's devices. */
static gboolean take_list(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *event = sn_xml_find(stanza, "event", SN_NS_PUBSUB_EVENT);
	xmpp_stanza_t *about = sn_xml_find(event, "items", SN_NS_PUBSUB_EVENT);
	g_autofree char *from = sn_xml_attr(stanza, "from");

	if (!about)
		about = sn_xml_find(event, "delete", SN_NS_PUBSUB_EVENT);
	if (!about)
		about = sn_xml_find(event, "purge", SN_NS_PUBSUB_EVENT);
	if (g_strcmp0(sn_xml_raw(about, "node"), NODE_LIST) != 0)
		return FALSE;
	if (from && sn_jid_resource(from))
		return TRUE;
	xmpp_stanza_t *item = last_item(about, SN_NS_PUBSUB_EVENT);
	push_list(im, from ? from : im->jid, sn_xml_find(item, "list", NS), 0);
	return TRUE;
}

static xmpp_stanza_t *items_query(SnIm *im, const char *to, const char *node)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", to);
	xmpp_stanza_t *items = sn_xml_child(sn_xml_child(iq, "pubsub", SN_NS_PUBSUB), "items", NULL);

	sn_xml_set(items, "node", node);
	sn_xml_set(items, "max_items", "1");
	return iq;
}

static xmpp_stanza_t *item_in(xmpp_stanza_t *answer)
{
	xmpp_stanza_t *pubsub = sn_xml_find(answer, "pubsub", SN_NS_PUBSUB);

	return last_item(sn_xml_find(pubsub, "items", SN_NS_PUBSUB), SN_NS_PUBSUB);
}

static void ask(SnIm *im, xmpp_stanza_t *iq, SnIqAnswer answer, const SnXmppJob *job)
{
	sn_iq_ask(im, iq, answer, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

static void list_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (!answer && error->code != SN_ERROR_NOT_FOUND) {
		sn_xmpp_fail(im, job, g_error_copy(error));
		return;
	}
	push_list(im, job->request->jid ? job->request->jid : im->jid,
		  answer ? sn_xml_find(item_in(answer), "list", NS) : NULL, job->request->id);
	sn_xmpp_done(im, job, NULL);
}

static void start_get_list(SnIm *im, SnXmppJob *job)
{
	ask(im, items_query(im, job->request->jid, NODE_LIST), list_came, job);
}

/* ---- bundles ---- */

static GBytes *bytes_in(xmpp_stanza_t *parent, const char *name)
{
	return sn_xml_bytes(sn_xml_find(parent, name, NS), SN_OMEMO_MAX_KEY);
}

static SnOmemoBundle *read_bundle(xmpp_stanza_t *from)
{
	SnOmemoBundle *bundle = sn_omemo_bundle_new();
	xmpp_stanza_t *signed_key = sn_xml_find(from, "signedPreKeyPublic", NS);
	xmpp_stanza_t *prekey = sn_xml_find(sn_xml_find(from, "prekeys", NS), "preKeyPublic", NS);

	bundle->signed_id = (guint32)CLAMP(sn_xml_attr_number(signed_key, "signedPreKeyId", 0), 0,
					   G_MAXINT32);
	bundle->signed_key = sn_xml_bytes(signed_key, SN_OMEMO_MAX_KEY);
	bundle->signature = bytes_in(from, "signedPreKeySignature");
	bundle->identity = bytes_in(from, "identityKey");
	for (int looked = 0; prekey && looked < SN_OMEMO_MAX_PREKEYS; looked++) {
		gint64 id = sn_xml_attr_number(prekey, "preKeyId", -1);
		GBytes *key = id >= 0 && id <= G_MAXINT32 ? sn_xml_bytes(prekey, SN_OMEMO_MAX_KEY) : NULL;
		if (key)
			sn_omemo_bundle_add(bundle, (guint32)id, key);
		prekey = sn_xml_next(xmpp_stanza_get_next(prekey), "preKeyPublic", NS);
	}
	return bundle;
}

static void bundle_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (!answer) {
		sn_xmpp_fail(im, job, g_error_copy(error));
		return;
	}
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_BUNDLE, job->request->id);
	event->bundle = read_bundle(sn_xml_find(item_in(answer), "bundle", NS));
	if (!sn_omemo_bundle_is_whole(event->bundle)) {
		sn_im_event_free(event);
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_INVALID,
					 "Device %u of %s publishes no usable keys.", job->request->device,
					 job->request->jid ? job->request->jid : im->jid));
		return;
	}
	event->jid = g_strdup(job->request->jid ? job->request->jid : im->jid);
	event->device = job->request->device;
	sn_xmpp_push(im, event);
	sn_xmpp_done(im, job, NULL);
}

static void start_get_bundle(SnIm *im, SnXmppJob *job)
{
	g_autofree char *node = g_strdup_printf(NODE_BUNDLE "%u", job->request->device);

	ask(im, items_query(im, job->request->jid, node), bundle_came, job);
}

/* ---- publishing ---- */

static char *node_of(const SnImRequest *request)
{
	return request->kind == SN_IM_REQ_DEVICES_PUT
		       ? g_strdup(NODE_LIST)
		       : g_strdup_printf(NODE_BUNDLE "%u", request->device);
}

static void write_list(xmpp_stanza_t *item, const GArray *devices)
{
	xmpp_stanza_t *list = sn_xml_child(item, "list", NS);

	for (guint i = 0; i < devices->len; i++)
		sn_xml_set_number(sn_xml_child(list, "device", NULL), "id",
				  g_array_index(devices, guint32, i));
}

static xmpp_stanza_t *write_key(xmpp_stanza_t *parent, const char *name, GBytes *key)
{
	gsize size;
	const guint8 *data = g_bytes_get_data(key, &size);
	g_autofree char *text = g_base64_encode(data, size);

	return sn_xml_child_text(parent, name, NULL, text);
}

static void write_bundle(xmpp_stanza_t *item, const SnOmemoBundle *bundle)
{
	xmpp_stanza_t *to = sn_xml_child(item, "bundle", NS);

	sn_xml_set_number(write_key(to, "signedPreKeyPublic", bundle->signed_key), "signedPreKeyId",
			  bundle->signed_id);
	write_key(to, "signedPreKeySignature", bundle->signature);
	write_key(to, "identityKey", bundle->identity);
	xmpp_stanza_t *prekeys = sn_xml_child(to, "prekeys", NULL);
	for (guint i = 0; i < bundle->prekeys->len; i++) {
		const SnOmemoPrekey *prekey = bundle->prekeys->pdata[i];
		sn_xml_set_number(write_key(prekeys, "preKeyPublic", prekey->key), "preKeyId",
				  prekey->id);
	}
}

static void add_form(xmpp_stanza_t *parent, const char *type)
{
	xmpp_stanza_t *form = sn_xml_child(parent, "x", SN_NS_FORM);

	sn_xml_set(form, "type", "submit");
	sn_xml_field(form, "FORM_TYPE", type);
	sn_xml_field(form, "pubsub#access_model", "open");
	sn_xml_field(form, "pubsub#persist_items", "true");
}

static xmpp_stanza_t *publication(SnIm *im, const SnImRequest *request, gboolean with_options)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *pubsub = sn_xml_child(iq, "pubsub", SN_NS_PUBSUB);
	xmpp_stanza_t *publish = sn_xml_child(pubsub, "publish", NULL);
	xmpp_stanza_t *item = sn_xml_child(publish, "item", NULL);
	g_autofree char *node = node_of(request);

	sn_xml_set(publish, "node", node);
	sn_xml_set(item, "id", ITEM);
	if (request->kind == SN_IM_REQ_DEVICES_PUT)
		write_list(item, request->devices);
	else
		write_bundle(item, request->bundle);
	if (with_options)
		add_form(sn_xml_child(pubsub, "publish-options", NULL), FORM_OPTIONS);
	return iq;
}

static void published(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (answer)
		sn_xmpp_done(im, job, NULL);
	else
		sn_xmpp_fail(im, job, g_error_copy(error));
}

/* A node that cannot be opened to all is still of use to those it is open to. */
static void configured(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (job)
		ask(im, publication(im, job->request, FALSE), published, job);
}

/* The node is there, and not as it should be (XEP-0060 section 7.1.5): another client made it. */
static void tried(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (answer || error->code != SN_ERROR_EXISTS) {
		published(im, answer, error, data);
		return;
	}
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *configure =
		sn_xml_child(sn_xml_child(iq, "pubsub", NS_OWNER), "configure", NULL);
	g_autofree char *node = node_of(job->request);
	sn_xml_set(configure, "node", node);
	add_form(configure, FORM_CONFIG);
	ask(im, iq, configured, job);
}

static void start_put(SnIm *im, SnXmppJob *job)
{
	const SnImRequest *request = job->request;

	g_assert(request->kind == SN_IM_REQ_DEVICES_PUT ? request->devices != NULL
							: request->bundle != NULL);
	ask(im, publication(im, request, TRUE), tried, job);
}

const SnXmppExtension sn_ext_omemo_devices = {
	.name = "OMEMO devices",
	.features = features,
	.message = take_list,
	.starts = { { SN_IM_REQ_DEVICES_GET, TRUE, start_get_list },
		    { SN_IM_REQ_DEVICES_PUT, TRUE, start_put },
		    { SN_IM_REQ_BUNDLE_GET, TRUE, start_get_bundle },
		    { SN_IM_REQ_BUNDLE_PUT, TRUE, start_put } },
};
