/* SPDX-License-Identifier: GPL-3.0-or-later */
/* presence.c - RFC 6121 section 4: who is available; our own; and subscriptions (section 3). */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define MAX_PRESENT 20000
#define NS_CAPS "http://jabber.org/protocol/caps"
#define NS_IDLE "urn:xmpp:idle:1"
#define CAPS_NODE "https://sennit.example/caps"

static const char *const features[] = { NULL };
static const char *const shows[] = { "away", "chat", "dnd", "xa" };

/* What was last told of a contact's client. */
typedef struct {
	char *show, *status, *caps;
	int priority;
	SnTime time, idle_since;
} Known;

static void known_free(gpointer data)
{
	Known *known = data;

	g_free(known->show);
	g_free(known->status);
	g_free(known->caps);
	g_free(known);
}

GHashTable *sn_presence_table(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
}

static void remember(SnIm *im, const SnImEvent *event)
{
	Known *known;

	if (g_hash_table_size(im->present) >= MAX_PRESENT &&
	    !g_hash_table_contains(im->present, event->jid))
		return;
	known = g_new(Known, 1);
	*known = (Known){ .show = g_strdup(event->show),
			  .status = g_strdup(event->status),
			  .caps = g_strdup(event->item),
			  .priority = event->priority,
			  .time = event->time ? event->time : sn_clock_now(NULL),
			  .idle_since = event->idle_since };
	g_hash_table_replace(im->present, g_strdup(event->jid), known);
}

/* In a resumed session (XEP-0198) the server repeats no presence: what changed meanwhile comes
 * after this, the rest is as it was. */
void sn_presence_repeat(SnIm *im)
{
	GHashTableIter iter;
	gpointer jid, value;

	if (!im->present)
		return;
	g_hash_table_iter_init(&iter, im->present);
	while (g_hash_table_iter_next(&iter, &jid, &value)) {
		const Known *known = value;
		SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_PRESENCE, 0);
		event->jid = g_strdup(jid);
		event->show = g_strdup(known->show);
		event->status = g_strdup(known->status);
		event->priority = known->priority;
		event->time = known->time;
		event->item = g_strdup(known->caps);
		event->idle_since = known->idle_since;
		sn_xmpp_push(im, event);
	}
}

static void push_presence(SnIm *im, const char *jid, const char *show, xmpp_stanza_t *stanza)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_PRESENCE, 0);
	xmpp_stanza_t *delay = sn_xml_find(stanza, "delay", SN_NS_DELAY);

	event->jid = g_strdup(jid);
	event->show = g_strdup(show);
	event->status = sn_xml_line(sn_xml_find(stanza, "status", NULL));
	event->time = sn_xml_time(sn_xml_raw(delay, "stamp"));
	event->idle_since =
		sn_xml_time(sn_xml_raw(sn_xml_find(stanza, "idle", NS_IDLE), "since"));
	event->item = sn_caps_key(stanza);
	g_autofree char *priority = sn_xml_line(sn_xml_find(stanza, "priority", NULL));
	event->priority = priority ? (int)CLAMP(g_ascii_strtoll(priority, NULL, 10), -128, 127) : 0;
	if (strcmp(show, "offline") == 0)
		g_hash_table_remove(im->present, jid);
	else
		remember(im, event);
	sn_xmpp_push(im, event);
}

static void push_subscription(SnIm *im, const char *jid, const char *type, xmpp_stanza_t *stanza)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_SUBSCRIPTION, 0);

	event->jid = sn_jid_bare(jid);
	event->name = g_strdup(type);
	event->status = sn_xml_line(sn_xml_find(stanza, "status", NULL));
	sn_xmpp_push(im, event);
}

static gboolean take_presence(SnIm *im, xmpp_stanza_t *stanza)
{
	g_autofree char *from = sn_xml_attr(stanza, "from");
	const char *type = xmpp_stanza_get_type(stanza);
	const char *word = "online";

	if (!from || g_strcmp0(type, "error") == 0)
		return TRUE;
	if (type && strcmp(type, "unavailable") == 0) {
		push_presence(im, from, "offline", stanza);
		return TRUE;
	}
	if (type) {
		if (g_str_has_prefix(type, "subscribe") || g_str_has_prefix(type, "unsubscribe"))
			push_subscription(im, from, type, stanza);
		return TRUE;
	}
	g_autofree char *show = sn_xml_line(sn_xml_find(stanza, "show", NULL));
	for (gsize i = 0; show && i < G_N_ELEMENTS(shows); i++)
		if (strcmp(show, shows[i]) == 0)
			word = shows[i];
	push_presence(im, from, word, stanza);
	return TRUE;
}

/* ---- our own ---- */

void sn_session_presence(SnIm *im)
{
	g_autofree char *hash = NULL;

	/* RFC 6121 section 2.2: the roster first, else presence may come from unknown contacts. */
	if (!im->roster_done || !im->own_done)
		return;
	xmpp_stanza_t *presence = sn_xml_new(im->ctx, "presence", NULL);
	if (g_strcmp0(im->show, "offline") == 0) {
		sn_xml_set(presence, "type", "unavailable");
	} else {
		for (gsize i = 0; i < G_N_ELEMENTS(shows); i++)
			if (g_strcmp0(im->show, shows[i]) == 0)
				sn_xml_child_text(presence, "show", NULL, shows[i]);
		hash = sn_caps_hash();
		xmpp_stanza_t *caps = sn_xml_child(presence, "c", NS_CAPS);
		sn_xml_set(caps, "hash", "sha-1");
		sn_xml_set(caps, "node", CAPS_NODE);
		sn_xml_set(caps, "ver", hash);
		sn_reach_write(im, presence);
		if (im->idle_since) {
			g_autofree char *since = sn_time_format(im->idle_since);
			sn_xml_set(sn_xml_child(presence, "idle", NS_IDLE), "since", since);
		}
	}
	sn_xml_child_text(presence, "status", NULL, im->status);
	sn_xmpp_send(im, presence, 0);
}

static void start_presence(SnIm *im, SnXmppJob *job)
{
	g_free(im->show);
	g_free(im->status);
	im->show = g_strdup(job->request->show);
	im->status = g_strdup(job->request->status);
	im->idle_since = job->request->idle_since;
	if (sn_xmpp_is_online(im))
		sn_session_presence(im);
	/* off line it is remembered for the next log-in: that is all there is to do */
	sn_xmpp_done(im, job, NULL);
}

/* PROBE, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE: a presence of that type to a bare JID */
static void start_directed(SnIm *im, SnXmppJob *job)
{
	static const struct {
		SnImRequestKind kind;
		const char *type;
	} types[] = {
		{ SN_IM_REQ_PROBE, "probe" },
		{ SN_IM_REQ_SUBSCRIBE, "subscribe" },
		{ SN_IM_REQ_SUBSCRIBED, "subscribed" },
		{ SN_IM_REQ_UNSUBSCRIBE, "unsubscribe" },
		{ SN_IM_REQ_UNSUBSCRIBED, "unsubscribed" },
	};
	g_autofree char *jid = sn_jid_normalise(job->request->jid);

	if (!jid) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_INVALID, "\"%s\" is no XMPP address.",
					 job->request->jid ? job->request->jid : ""));
		return;
	}
	xmpp_stanza_t *presence = sn_xml_new(im->ctx, "presence", NULL);
	sn_xml_set(presence, "to", jid);
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].kind == job->request->kind)
			sn_xml_set(presence, "type", types[i].type);
	sn_xmpp_send(im, presence, job->request->id);
}

const SnXmppExtension sn_ext_presence = {
	.name = "presence",
	.claims = SN_XMPP_CLAIMS({ "0319", "1.0.2", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/integration/test_xmpp_set:how_long_nobody_was_there_is_told",
				   NULL }),
	.features = features,
	.presence = take_presence,
	.starts = { { SN_IM_REQ_PRESENCE, FALSE, start_presence } },
};

const SnXmppExtension sn_ext_subscription = {
	.name = "subscription",
	.features = features,
	.starts = { { SN_IM_REQ_PROBE, TRUE, start_directed },
		    { SN_IM_REQ_SUBSCRIBE, TRUE, start_directed },
		    { SN_IM_REQ_SUBSCRIBED, TRUE, start_directed },
		    { SN_IM_REQ_UNSUBSCRIBE, TRUE, start_directed },
		    { SN_IM_REQ_UNSUBSCRIBED, TRUE, start_directed } },
};
