/* SPDX-License-Identifier: GPL-3.0-or-later */
/* roster.c - RFC 6121 section 2: the contacts; and section 3: who may see whose presence. */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define MAX_CONTACTS 20000

static const char *const features[] = { NULL };
static const char *const subscriptions[] = { "none", "to", "from", "both", "remove" };

static void push_item(SnIm *im, xmpp_stanza_t *item)
{
	g_autofree char *raw = sn_xml_attr(item, "jid");
	g_autofree char *jid = sn_jid_normalise(raw);
	const char *subscription = sn_xml_raw(item, "subscription");
	const char *known = "none";

	if (!jid)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(subscriptions); i++)
		if (g_strcmp0(subscription, subscriptions[i]) == 0)
			known = subscriptions[i];
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROSTER, 0);
	event->jid = g_steal_pointer(&jid);
	event->name = sn_xml_attr(item, "name");
	event->removed = strcmp(known, "remove") == 0;
	event->subscription = g_strdup(event->removed ? "none" : known);
	event->ask = g_strcmp0(sn_xml_raw(item, "ask"), "subscribe") == 0;
	sn_xmpp_push(im, event);
}

static void push_items(SnIm *im, xmpp_stanza_t *query)
{
	xmpp_stanza_t *item = sn_xml_find(query, "item", XMPP_NS_ROSTER);

	for (int count = 0; item && count < MAX_CONTACTS; count++) {
		push_item(im, item);
		item = sn_xml_next(xmpp_stanza_get_next(item), "item", XMPP_NS_ROSTER);
	}
}

static gboolean take_push(SnIm *im, xmpp_stanza_t *iq, xmpp_stanza_t *child)
{
	const char *from = sn_xml_raw(iq, "from");

	if (!sn_xml_is(child, "query", XMPP_NS_ROSTER))
		return FALSE;
	/* RFC 6121 section 2.1.6: only our own account may change the roster. */
	if (g_strcmp0(xmpp_stanza_get_type(iq), "set") != 0 || (from && strcmp(from, im->jid) != 0))
		return FALSE;
	push_items(im, child);
	sn_iq_reply(im, iq, NULL);
	return TRUE;
}

static void roster_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	push_items(im, answer ? sn_xml_find(answer, "query", XMPP_NS_ROSTER) : NULL);
	if (answer && sn_xml_find(answer, "query", XMPP_NS_ROSTER))
		sn_xmpp_push(im, sn_xmpp_event(im, SN_IM_EV_ROSTER_END, 0));
	im->roster_done = TRUE;
	sn_session_presence(im);
	sn_session_release(im);
}

static void ask_roster(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", NULL);

	sn_xml_child(iq, "query", XMPP_NS_ROSTER);
	sn_session_hold(im);
	sn_iq_ask(im, iq, roster_came, NULL, NULL);
}

/* ---- requests ---- */

static void changed(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (job && answer)
		sn_xmpp_done(im, job, NULL);
	else if (job)
		sn_xmpp_fail(im, job, g_error_copy(error));
}

static void start_change(SnIm *im, SnXmppJob *job)
{
	const SnImRequest *request = job->request;
	g_autofree char *jid = sn_jid_normalise(request->jid);

	if (!jid) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_INVALID, "\"%s\" is no XMPP address.",
					 request->jid ? request->jid : ""));
		return;
	}
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *item = sn_xml_child(sn_xml_child(iq, "query", XMPP_NS_ROSTER), "item", NULL);
	sn_xml_set(item, "jid", jid);
	if (request->kind == SN_IM_REQ_ROSTER_REMOVE)
		sn_xml_set(item, "subscription", "remove");
	else
		sn_xml_set(item, "name", request->name);
	sn_iq_ask(im, iq, changed, g_memdup2(&request->id, sizeof request->id), g_free);
}

const SnXmppExtension sn_ext_roster = {
	.name = "roster",
	.features = features,
	.iq = take_push,
	.online = ask_roster,
	.starts = { { SN_IM_REQ_ROSTER_SET, TRUE, start_change },
		    { SN_IM_REQ_ROSTER_REMOVE, TRUE, start_change } },
};
