/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * private_store.c - XEP-0223: small texts kept with our own account, for our own clients only.
 *
 * Nothing is published before the server has told that only we can read the node: publish-options
 * are a wish that an older server ignores. So the node is made and looked at first, the options go
 * along as preconditions (XEP-0060 section 7.1.5), and the node is looked at again afterwards; if it
 * turns out to be open, it is deleted.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS_OWNER "http://jabber.org/protocol/pubsub#owner"
#define NS_OPTIONS "http://jabber.org/protocol/pubsub#publish-options"
#define NS_CONFIG "http://jabber.org/protocol/pubsub#node_config"
#define NS_TEXT "sennit:text:1"
#define MAX_ITEMS 1000 /* of one node */
#define MANY_ITEMS "255" /* where a server does not know "max" */

/* Clients tell each other about this one, and that of displayed.c. */
static const char *const features[] = { SN_PRIVATE_PEOPLE "+notify", NULL };

static gboolean is_displayed(const char *node)
{
	return strcmp(node, SN_PRIVATE_DISPLAYED) == 0;
}

typedef enum { LOOK_BEFORE, MAKE, LOOK_MADE, CLOSE, LOOK_CLOSED, PUBLISH, LOOK_AFTER, TAKE_BACK } Step;

typedef struct {
	guint64 job;
	Step step;
	gboolean few; /* "max" items were refused */
} Walk;

static void go(SnIm *im, SnXmppJob *job, Step step, gboolean few);

/* ---- forms ---- */

static void add_config(xmpp_stanza_t *parent, const char *node, const char *form_type, gboolean few)
{
	xmpp_stanza_t *form = sn_xml_child(parent, "x", SN_NS_FORM);

	sn_xml_set(form, "type", "submit");
	sn_xml_field(form, "FORM_TYPE", form_type);
	sn_xml_field(form, "pubsub#persist_items", "true");
	sn_xml_field(form, "pubsub#access_model", "whitelist");
	sn_xml_field(form, "pubsub#max_items", few ? MANY_ITEMS : "max");
	if (is_displayed(node)) /* XEP-0490 section 3.1 */
		sn_xml_field(form, "pubsub#send_last_published_item", "never");
}

static gboolean field_says(xmpp_stanza_t *form, const char *var, const char *one, const char *other)
{
	xmpp_stanza_t *field = sn_xml_find(form, "field", SN_NS_FORM);

	for (int looked = 0; field && looked < SN_XML_MAX_ITEMS;
	     field = sn_xml_next(xmpp_stanza_get_next(field), "field", SN_NS_FORM), looked++) {
		if (g_strcmp0(sn_xml_raw(field, "var"), var) != 0)
			continue;
		g_autofree char *value = sn_xml_line(sn_xml_find(field, "value", SN_NS_FORM));
		return g_strcmp0(value, one) == 0 || (other && g_strcmp0(value, other) == 0);
	}
	return FALSE;
}

/* Only what says so in so many words is private. */
static gboolean is_private(xmpp_stanza_t *answer)
{
	xmpp_stanza_t *form = sn_xml_find(
		sn_xml_find(sn_xml_find(answer, "pubsub", NS_OWNER), "configure", NS_OWNER), "x",
		SN_NS_FORM);

	return form && field_says(form, "pubsub#access_model", "whitelist", NULL) &&
	       field_says(form, "pubsub#persist_items", "1", "true");
}

/* ---- the steps of publishing ---- */

static xmpp_stanza_t *ask_config(SnIm *im, const char *node)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", NULL);

	sn_xml_set(sn_xml_child(sn_xml_child(iq, "pubsub", NS_OWNER), "configure", NULL), "node", node);
	return iq;
}

static xmpp_stanza_t *make_node(SnIm *im, const char *node, gboolean few)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *pubsub = sn_xml_child(iq, "pubsub", SN_NS_PUBSUB);

	sn_xml_set(sn_xml_child(pubsub, "create", NULL), "node", node);
	add_config(sn_xml_child(pubsub, "configure", NULL), node, NS_CONFIG, few);
	return iq;
}

static xmpp_stanza_t *close_node(SnIm *im, const char *node, gboolean few)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *configure =
		sn_xml_child(sn_xml_child(iq, "pubsub", NS_OWNER), "configure", NULL);

	sn_xml_set(configure, "node", node);
	add_config(configure, node, NS_CONFIG, few);
	return iq;
}

static xmpp_stanza_t *publish(SnIm *im, const SnImRequest *request, gboolean few)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *pubsub = sn_xml_child(iq, "pubsub", SN_NS_PUBSUB);
	xmpp_stanza_t *publish = sn_xml_child(pubsub, "publish", NULL);
	xmpp_stanza_t *item = sn_xml_child(publish, "item", NULL);

	sn_xml_set(publish, "node", request->node);
	sn_xml_set(item, "id", request->item);
	if (is_displayed(request->node))
		sn_displayed_write(im, item, request);
	else
		sn_xml_child_text(item, "text", NS_TEXT, request->text);
	add_config(sn_xml_child(pubsub, "publish-options", NULL), request->node, NS_OPTIONS,
		   few);
	return iq;
}

static xmpp_stanza_t *delete_node(SnIm *im, const char *node)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);

	sn_xml_set(sn_xml_child(sn_xml_child(iq, "pubsub", NS_OWNER), "delete", NULL), "node", node);
	return iq;
}

static void refuse_open(SnIm *im, SnXmppJob *job)
{
	sn_xmpp_fail(im, job,
		     g_error_new(SN_ERROR, SN_ERROR_PERMISSION,
				 "%s does not keep \"%s\" to ourselves; nothing is left there.",
				 im->domain, job->request->node));
}

/* The server has spoken, and not only fallen silent. */
static gboolean has_refused(const GError *error)
{
	return error->code != SN_ERROR_NETWORK && error->code != SN_ERROR_TEMPORARY &&
	       error->code != SN_ERROR_CANCELLED;
}

static void no_store(SnIm *im, SnXmppJob *job, const GError *error)
{
	if (!has_refused(error))
		sn_xmpp_fail(im, job, g_error_copy(error));
	else
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_UNAVAILABLE,
					 "%s keeps no private texts for its users: %s", im->domain,
					 error->message));
}

/* What a server that knows no "max" answers is not the same everywhere. */
static gboolean may_be_max(const GError *error)
{
	return error->code == SN_ERROR_LIMIT || error->code == SN_ERROR_REJECTED ||
	       error->code == SN_ERROR_EXISTS || error->code == SN_ERROR_INVALID;
}

static void looked(SnIm *im, SnXmppJob *job, const Walk *walk, xmpp_stanza_t *answer,
		   const GError *error)
{
	gboolean good = answer && is_private(answer);

	switch (walk->step) {
	case LOOK_BEFORE:
		if (error && error->code != SN_ERROR_NOT_FOUND)
			no_store(im, job, error);
		else
			go(im, job, error ? MAKE : good ? PUBLISH : CLOSE, FALSE);
		break;
	case LOOK_MADE: go(im, job, good ? PUBLISH : CLOSE, walk->few); break;
	case LOOK_CLOSED:
		if (good)
			go(im, job, PUBLISH, walk->few);
		else
			refuse_open(im, job);
		break;
	default:
		if (good)
			sn_xmpp_done(im, job, NULL);
		else if (error && !has_refused(error))
			sn_xmpp_fail(im, job, g_error_copy(error)); /* the next time looks again */
		else
			go(im, job, TAKE_BACK, FALSE);
		break;
	}
}

static void answered(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	const Walk *walk = data;
	SnXmppJob *job = sn_xmpp_job(im, walk->job);

	if (!job)
		return;
	if (error && !walk->few && may_be_max(error) &&
	    (walk->step == MAKE || walk->step == CLOSE || walk->step == PUBLISH)) {
		go(im, job, walk->step, TRUE);
		return;
	}
	switch (walk->step) {
	case MAKE:
		if (error && error->code == SN_ERROR_EXISTS) /* another device was faster */
			go(im, job, LOOK_MADE, FALSE);
		else if (error)
			no_store(im, job, error);
		else
			go(im, job, LOOK_MADE, walk->few);
		break;
	case CLOSE: go(im, job, LOOK_CLOSED, walk->few); break;
	case PUBLISH:
		if (error)
			sn_xmpp_fail(im, job, g_error_copy(error));
		else
			go(im, job, LOOK_AFTER, walk->few);
		break;
	case TAKE_BACK: refuse_open(im, job); break;
	default: looked(im, job, walk, answer, error); break;
	}
}

static void go(SnIm *im, SnXmppJob *job, Step step, gboolean few)
{
	const SnImRequest *request = job->request;
	Walk walk = { request->id, step, few };
	xmpp_stanza_t *iq = NULL;

	switch (step) {
	case LOOK_BEFORE:
	case LOOK_MADE:
	case LOOK_CLOSED:
	case LOOK_AFTER: iq = ask_config(im, request->node); break;
	case MAKE: iq = make_node(im, request->node, few); break;
	case CLOSE: iq = close_node(im, request->node, few); break;
	case PUBLISH: iq = publish(im, request, few); break;
	case TAKE_BACK: iq = delete_node(im, request->node); break;
	}
	g_assert(iq);
	sn_iq_ask(im, iq, answered, g_memdup2(&walk, sizeof walk), g_free);
}

static void start_put(SnIm *im, SnXmppJob *job)
{
	const SnImRequest *request = job->request;

	if (!request->node || !request->item || !request->text) {
		sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_INVALID, "What is to be kept?"));
		return;
	}
	go(im, job, LOOK_BEFORE, FALSE);
}

/* ---- reading ---- */

static void push_item(SnIm *im, const char *node, xmpp_stanza_t *item, gboolean gone, guint64 id)
{
	g_autofree char *name = sn_xml_attr(item, "id");
	g_autofree char *text = is_displayed(node)
					? sn_displayed_read(im, item)
					: sn_xml_text(sn_xml_find(item, "text", NS_TEXT));

	if (!name || (!text && !gone))
		return;
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_PRIVATE, id);
	event->node = g_strdup(node);
	event->item = g_steal_pointer(&name);
	event->text = gone ? NULL : g_steal_pointer(&text);
	sn_xmpp_push(im, event);
}

static void push_items(SnIm *im, const char *node, xmpp_stanza_t *items, const char *ns, guint64 id)
{
	xmpp_stanza_t *item = sn_xml_next(xmpp_stanza_get_children(items), NULL, ns);

	for (int looked = 0; item && looked < MAX_ITEMS;
	     item = sn_xml_next(xmpp_stanza_get_next(item), NULL, ns), looked++) {
		const char *name = xmpp_stanza_get_name(item);
		if (g_strcmp0(name, "item") == 0 || g_strcmp0(name, "retract") == 0)
			push_item(im, node, item, *name == 'r', id);
	}
}

/* Only our own account speaks about our own node. */
static gboolean take_event(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *items = sn_xml_find(sn_xml_find(stanza, "event", SN_NS_PUBSUB_EVENT), "items",
					   SN_NS_PUBSUB_EVENT);
	g_autofree char *from = sn_xml_attr(stanza, "from");

	const char *node = sn_xml_raw(items, "node");
	if (!node || (strcmp(node, SN_PRIVATE_PEOPLE) != 0 && !is_displayed(node)))
		return FALSE;
	if (!from || strcmp(from, im->jid) == 0)
		push_items(im, node, items, SN_NS_PUBSUB_EVENT, 0);
	return TRUE;
}

static void items_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (error && error->code != SN_ERROR_NOT_FOUND) {
		no_store(im, job, error);
		return;
	}
	xmpp_stanza_t *items = sn_xml_find(sn_xml_find(answer, "pubsub", SN_NS_PUBSUB), "items",
					   SN_NS_PUBSUB);
	if (items)
		push_items(im, job->request->node, items, SN_NS_PUBSUB, job->request->id);
	sn_xmpp_done(im, job, NULL);
}

static void start_get(SnIm *im, SnXmppJob *job)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", NULL);

	if (!job->request->node) {
		sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_INVALID, "Which node?"));
		return;
	}
	sn_xml_set(sn_xml_child(sn_xml_child(iq, "pubsub", SN_NS_PUBSUB), "items", NULL), "node",
		   job->request->node);
	sn_iq_ask(im, iq, items_came, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

const SnXmppExtension sn_ext_private_store = {
	.name = "private texts",
	.claims = SN_XMPP_CLAIMS(
		{ "0223", "1.1.1", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_map_live:our_clients_read_it_and_nobody_else", NULL }),
	.features = features,
	.message = take_event,
	.starts = { { SN_IM_REQ_PRIVATE_GET, TRUE, start_get },
		    { SN_IM_REQ_PRIVATE_PUT, TRUE, start_put } },
};
