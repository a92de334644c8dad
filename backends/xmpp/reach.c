/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reach.c - XEP-0152: how else somebody can be reached, best first.
 *
 * Read from PEP events, from presence, and by asking. Published in both ways: the node is open to
 * those who may see our presence and to nobody else, and our presence goes to the same people. What
 * the server holds is looked at first, so that a log-in does not tell everybody the same again.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS "urn:xmpp:reach:0"
#define NS_OWNER "http://jabber.org/protocol/pubsub#owner"
#define FORM_OPTIONS "http://jabber.org/protocol/pubsub#publish-options"
#define FORM_CONFIG "http://jabber.org/protocol/pubsub#node_config"
#define ITEM "current"
#define MAX_URIS 16
#define MAX_URI 1000
#define MAX_TOLD 5000 /* clients that say it in their presence */

static const char *const features[] = { NS, NS "+notify", NULL };

/* ---- reading ---- */

static gboolean is_usable(const char *uri)
{
	static const char *const schemes[] = { "mailto", "xmpp", "tel" };
	g_autofree char *scheme = g_uri_parse_scheme(uri);

	for (const char *c = uri; *c; c++)
		if (g_ascii_iscntrl(*c) || *c == ' ' || *c == '<' || *c == '>' || *c == '"')
			return FALSE;
	for (gsize i = 0; scheme && i < G_N_ELEMENTS(schemes); i++)
		if (strcmp(scheme, schemes[i]) == 0)
			return uri[strlen(scheme) + 1] && strlen(uri) <= MAX_URI;
	return FALSE;
}

/* In the contact's order, which is that of preference. Never NULL. */
static char **read_uris(xmpp_stanza_t *reach)
{
	g_autoptr(GPtrArray) uris = g_ptr_array_new_with_free_func(g_free);

	for (xmpp_stanza_t *addr = sn_xml_find(reach, "addr", NS); addr && uris->len < MAX_URIS;
	     addr = sn_xml_next(xmpp_stanza_get_next(addr), "addr", NS)) {
		char *uri = sn_xml_attr(addr, "uri");
		if (uri && is_usable(uri))
			g_ptr_array_add(uris, uri);
		else
			g_free(uri);
	}
	g_ptr_array_add(uris, NULL);
	return (char **)g_ptr_array_steal(uris, NULL);
}

/* uris: taken; NULL: taken back. */
static void push(SnIm *im, const char *from, char **uris, guint64 id)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_REACH, id);

	event->jid = sn_jid_bare(from);
	event->uris = uris ? uris : g_new0(char *, 1);
	sn_xmpp_push(im, event);
}

static gboolean take_reach(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *event_element = sn_xml_find(stanza, "event", SN_NS_PUBSUB_EVENT);
	xmpp_stanza_t *items = sn_xml_find(event_element, "items", SN_NS_PUBSUB_EVENT);
	xmpp_stanza_t *gone = sn_xml_find(event_element, "delete", SN_NS_PUBSUB_EVENT);
	g_autofree char *from = sn_xml_attr(stanza, "from");

	if (!event_element)
		return FALSE;
	if (!gone)
		gone = sn_xml_find(event_element, "purge", SN_NS_PUBSUB_EVENT);
	if (!from || g_strcmp0(sn_xml_raw(items ? items : gone, "node"), NS) != 0)
		return TRUE; /* other people's nodes: not asked for */
	push(im, from,
	     read_uris(sn_xml_find(sn_xml_find(items, "item", SN_NS_PUBSUB_EVENT), "reach", NS)), 0);
	return TRUE;
}

/* TRUE when another client of the same address says it as well. */
static gboolean another_tells(SnIm *im, const char *jid)
{
	GHashTableIter iter;
	gpointer other;

	g_hash_table_iter_init(&iter, im->reach_told);
	while (g_hash_table_iter_next(&iter, &other, NULL))
		if (sn_jid_same_bare(other, jid))
			return TRUE;
	return FALSE;
}

/* A client that said it and no longer does takes it back. One that goes off line does not: that is
 * when it is needed. */
static gboolean take_presence(SnIm *im, xmpp_stanza_t *stanza)
{
	g_autofree char *from = sn_xml_attr(stanza, "from");
	xmpp_stanza_t *reach = sn_xml_find(stanza, "reach", NS);

	if (!from || xmpp_stanza_get_type(stanza) || sn_jid_same_bare(from, im->jid))
		return FALSE;
	if (!im->reach_told)
		im->reach_told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (reach && g_hash_table_size(im->reach_told) < MAX_TOLD) {
		g_hash_table_add(im->reach_told, g_strdup(from));
		push(im, from, read_uris(reach), 0);
	} else if (!reach && g_hash_table_remove(im->reach_told, from) &&
	           !another_tells(im, from)) {
		push(im, from, NULL, 0);
	}
	return FALSE; /* it is a presence besides */
}

/* ---- asking ---- */

static xmpp_stanza_t *items_query(SnIm *im, const char *to)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", to);
	xmpp_stanza_t *items = sn_xml_child(sn_xml_child(iq, "pubsub", SN_NS_PUBSUB), "items", NULL);

	sn_xml_set(items, "node", NS);
	sn_xml_set(items, "max_items", "1");
	return iq;
}

static xmpp_stanza_t *reach_in(xmpp_stanza_t *answer)
{
	xmpp_stanza_t *pubsub = sn_xml_find(answer, "pubsub", SN_NS_PUBSUB);
	xmpp_stanza_t *items = sn_xml_find(pubsub, "items", SN_NS_PUBSUB);

	return sn_xml_find(sn_xml_find(items, "item", SN_NS_PUBSUB), "reach", NS);
}

static void looked_up(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (answer || error->code == SN_ERROR_NOT_FOUND) {
		push(im, job->request->jid, answer ? read_uris(reach_in(answer)) : NULL,
		     job->request->id);
		sn_xmpp_done(im, job, NULL);
	} else {
		sn_xmpp_fail(im, job, g_error_copy(error));
	}
}

static void start_look(SnIm *im, SnXmppJob *job)
{
	g_autofree char *jid = sn_jid_normalise(job->request->jid);

	if (!jid) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_INVALID, "\"%s\" is no XMPP address.",
					 job->request->jid ? job->request->jid : ""));
		return;
	}
	sn_iq_ask(im, items_query(im, jid), looked_up,
		  g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

/* ---- publishing ---- */

static void add_field(xmpp_stanza_t *form, const char *name, const char *value, gboolean hidden)
{
	xmpp_stanza_t *field = sn_xml_child(form, "field", NULL);

	sn_xml_set(field, "var", name);
	if (hidden)
		sn_xml_set(field, "type", "hidden");
	sn_xml_child_text(field, "value", NULL, value);
}

/* Only for those who may see our presence, and kept over restarts of the server. */
static void add_form(xmpp_stanza_t *parent, const char *type)
{
	xmpp_stanza_t *form = sn_xml_child(parent, "x", "jabber:x:data");

	sn_xml_set(form, "type", "submit");
	add_field(form, "FORM_TYPE", type, TRUE);
	add_field(form, "pubsub#access_model", "presence", FALSE);
	add_field(form, "pubsub#persist_items", "true", FALSE);
}

void sn_reach_write(SnIm *im, xmpp_stanza_t *parent)
{
	xmpp_stanza_t *reach;

	if (!im->reach || !*im->reach)
		return;
	reach = sn_xml_child(parent, "reach", NS);
	for (int i = 0; im->reach[i] && i < MAX_URIS; i++)
		sn_xml_set(sn_xml_child(reach, "addr", NULL), "uri", im->reach[i]);
}

static xmpp_stanza_t *publication(SnIm *im, gboolean with_options)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *pubsub = sn_xml_child(iq, "pubsub", SN_NS_PUBSUB);
	xmpp_stanza_t *publish = sn_xml_child(pubsub, "publish", NULL);
	xmpp_stanza_t *item = sn_xml_child(publish, "item", NULL);

	sn_xml_set(publish, "node", NS);
	sn_xml_set(item, "id", ITEM);
	sn_reach_write(im, item);
	if (with_options)
		add_form(sn_xml_child(pubsub, "publish-options", NULL), FORM_OPTIONS);
	return iq;
}

static xmpp_stanza_t *retraction(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *retract =
		sn_xml_child(sn_xml_child(iq, "pubsub", SN_NS_PUBSUB), "retract", NULL);

	sn_xml_set(retract, "node", NS);
	sn_xml_set(retract, "notify", "true");
	sn_xml_set(sn_xml_child(retract, "item", NULL), "id", ITEM);
	return iq;
}

static void ask(SnIm *im, xmpp_stanza_t *iq, SnIqAnswer answer, const SnXmppJob *job)
{
	sn_iq_ask(im, iq, answer, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

static gboolean withdraws(const SnXmppJob *job)
{
	return !job->request->uris || !*job->request->uris;
}

static void published(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	/* Nothing there to take back is as good. */
	if (answer || (withdraws(job) && error->code == SN_ERROR_NOT_FOUND))
		sn_xmpp_done(im, job, NULL);
	else
		sn_xmpp_fail(im, job, g_error_copy(error));
}

static void configured(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	/* rather not published than published to everybody */
	if (answer)
		ask(im, publication(im, FALSE), published, job);
	else
		sn_xmpp_fail(im, job, g_error_copy(error));
}

static void tried(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	if (answer || error->code != SN_ERROR_EXISTS) {
		published(im, answer, error, data);
		return;
	}
	/* The node is there, and open to others than we want (XEP-0060 section 7.1.5). */
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *configure =
		sn_xml_child(sn_xml_child(iq, "pubsub", NS_OWNER), "configure", NULL);
	sn_xml_set(configure, "node", NS);
	add_form(configure, FORM_CONFIG);
	ask(im, iq, configured, job);
}

static void compared(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);
	g_auto(GStrv) there = answer ? read_uris(reach_in(answer)) : NULL;

	if (!job)
		return;
	if (there && im->reach && g_strv_equal((const char *const *)there,
	                                       (const char *const *)im->reach))
		sn_xmpp_done(im, job, NULL);
	else
		ask(im, publication(im, TRUE), tried, job);
}

static void start_reach(SnIm *im, SnXmppJob *job)
{
	g_autoptr(GStrvBuilder) usable = g_strv_builder_new();
	gboolean changed;

	for (int i = 0; job->request->uris && job->request->uris[i]; i++)
		if (is_usable(job->request->uris[i]))
			g_strv_builder_add(usable, job->request->uris[i]);
	g_auto(GStrv) before = g_steal_pointer(&im->reach);
	im->reach = g_strv_builder_end(usable);
	changed = !g_strv_equal(before ? (const char *const *)before
	                               : (const char *const[]){ NULL },
	                        (const char *const *)im->reach);
	if (changed)
		sn_session_presence(im); /* which says it too */
	if (withdraws(job))
		ask(im, retraction(im), published, job);
	else
		ask(im, items_query(im, NULL), compared, job);
}

const SnXmppExtension sn_ext_reach = {
	.name = "reachability",
	.claims = SN_XMPP_CLAIMS(
		{ "0152", "1.0", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp:reachability_is_published_and_seen", NULL },
		{ "0163", "1.2.2", SN_XMPP_COMPLETE, "0.1.0",
		  "tests/integration/test_xmpp:reachability_is_published_and_seen", NULL }),
	.features = features,
	.message = take_reach,
	.presence = take_presence,
	.starts = { { SN_IM_REQ_REACH, TRUE, start_reach },
		    { SN_IM_REQ_REACH_GET, TRUE, start_look } },
};
