/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reach.c - XEP-0152: how else somebody can be reached (mailto:), published through PEP. */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS "urn:xmpp:reach:0"
#define ITEM "current"
#define MAX_URIS 16

static const char *const features[] = { NS, NS "+notify", NULL };

static gboolean take_reach(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *event_element = sn_xml_find(stanza, "event", SN_NS_PUBSUB_EVENT);
	xmpp_stanza_t *items = sn_xml_find(event_element, "items", SN_NS_PUBSUB_EVENT);
	g_autofree char *from = sn_xml_attr(stanza, "from");

	if (!event_element)
		return FALSE;
	if (!from || g_strcmp0(sn_xml_raw(items, "node"), NS) != 0)
		return TRUE; /* other people's nodes: not asked for */
	g_autoptr(GPtrArray) uris = g_ptr_array_new_with_free_func(g_free);
	xmpp_stanza_t *reach =
		sn_xml_find(sn_xml_find(items, "item", SN_NS_PUBSUB_EVENT), "reach", NS);
	for (xmpp_stanza_t *addr = sn_xml_find(reach, "addr", NS); addr && uris->len < MAX_URIS;
	     addr = sn_xml_next(xmpp_stanza_get_next(addr), "addr", NS)) {
		char *uri = sn_xml_attr(addr, "uri");
		g_autofree char *scheme = uri ? g_uri_parse_scheme(uri) : NULL;
		if (scheme)
			g_ptr_array_add(uris, uri);
		else
			g_free(uri);
	}
	g_ptr_array_add(uris, NULL);
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_REACH, 0);
	event->jid = sn_jid_bare(from);
	event->uris = (char **)g_ptr_array_steal(uris, NULL);
	sn_xmpp_push(im, event);
	return TRUE;
}

static void published(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);
	char **uris = job ? job->request->uris : NULL;

	if (!job)
		return;
	/* Nothing there to take back is as good. */
	if (answer || (!(uris && *uris) && error->code == SN_ERROR_NOT_FOUND))
		sn_xmpp_done(im, job, NULL);
	else
		sn_xmpp_fail(im, job, g_error_copy(error));
}

static void start_reach(SnIm *im, SnXmppJob *job)
{
	char **uris = job->request->uris;
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *pubsub = sn_xml_child(iq, "pubsub", SN_NS_PUBSUB);

	if (uris && *uris) {
		xmpp_stanza_t *publish = sn_xml_child(pubsub, "publish", NULL);
		xmpp_stanza_t *item = sn_xml_child(publish, "item", NULL);
		xmpp_stanza_t *reach = sn_xml_child(item, "reach", NS);
		sn_xml_set(publish, "node", NS);
		sn_xml_set(item, "id", ITEM);
		for (int i = 0; uris[i] && i < MAX_URIS; i++)
			sn_xml_set(sn_xml_child(reach, "addr", NULL), "uri", uris[i]);
	} else {
		xmpp_stanza_t *retract = sn_xml_child(pubsub, "retract", NULL);
		sn_xml_set(retract, "node", NS);
		sn_xml_set(retract, "notify", "true");
		sn_xml_set(sn_xml_child(retract, "item", NULL), "id", ITEM);
	}
	sn_iq_ask(im, iq, published, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

const SnXmppExtension sn_ext_reach = {
	.name = "reachability",
	.xep = "0152",
	.version = "1.0",
	.features = features,
	.message = take_reach,
	.starts = { { SN_IM_REQ_REACH, TRUE, start_reach } },
};
