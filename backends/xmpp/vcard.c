/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vcard.c - XEP-0292, and XEP-0054 where that is not published: names and addresses a contact
 * gives. A claim of theirs, no proof. Writing the user's own is vcard_own.c.
 */
#include "backends/xmpp/vcard_private.h"

#include <string.h>

#define MAX_VALUES 32

static const char *const features[] = { NULL };

typedef struct {
	char *name;
	GPtrArray *mails, *jids;
} Card;

static void card_init(Card *card)
{
	card->name = NULL;
	card->mails = g_ptr_array_new_with_free_func(g_free);
	card->jids = g_ptr_array_new_with_free_func(g_free);
}

static void card_clear(Card *card)
{
	g_free(card->name);
	g_ptr_array_unref(card->mails);
	g_ptr_array_unref(card->jids);
}

static void add(GPtrArray *values, const char *value)
{
	if (value && *value && values->len < MAX_VALUES)
		g_ptr_array_add(values, g_strdup(value));
}

static void add_jid(GPtrArray *jids, const char *value)
{
	if (value && g_ascii_strncasecmp(value, "xmpp:", 5) == 0)
		value += 5;
	g_autofree char *decoded = value ? g_uri_unescape_string(value, NULL) : NULL;
	g_autofree char *bare = decoded ? g_strndup(decoded, strcspn(decoded, "?/")) : NULL;
	g_autofree char *jid = sn_jid_normalise(bare);
	add(jids, jid);
}

static void read_vcard4(xmpp_stanza_t *vcard, Card *card)
{
	xmpp_stanza_t *child = xmpp_stanza_get_children(vcard);

	for (int looked = 0; child && looked < SN_XML_MAX_ITEMS;
	     child = xmpp_stanza_get_next(child), looked++) {
		const char *name = xmpp_stanza_get_name(child);
		g_autofree char *text = sn_xml_line(sn_xml_find(child, "text", NULL));
		g_autofree char *uri = sn_xml_line(sn_xml_find(child, "uri", NULL));
		if (g_strcmp0(name, "fn") == 0 && !card->name)
			card->name = g_steal_pointer(&text);
		else if (g_strcmp0(name, "email") == 0)
			add(card->mails, text);
		else if (g_strcmp0(name, "impp") == 0 && uri &&
			 g_ascii_strncasecmp(uri, "xmpp:", 5) == 0)
			add_jid(card->jids, uri);
	}
}

static void read_temp(xmpp_stanza_t *vcard, Card *card)
{
	xmpp_stanza_t *child = xmpp_stanza_get_children(vcard);

	for (int looked = 0; child && looked < SN_XML_MAX_ITEMS;
	     child = xmpp_stanza_get_next(child), looked++) {
		const char *name = xmpp_stanza_get_name(child);
		g_autofree char *text = NULL;
		if (g_strcmp0(name, "FN") == 0 && !card->name)
			card->name = sn_xml_line(child);
		else if (g_strcmp0(name, "EMAIL") == 0)
			add(card->mails, text = sn_xml_line(sn_xml_find(child, "USERID", NULL)));
		else if (g_strcmp0(name, "JABBERID") == 0)
			add_jid(card->jids, text = sn_xml_line(child));
	}
}

static char **steal_values(GPtrArray *values)
{
	g_ptr_array_add(values, NULL);
	return (char **)g_ptr_array_steal(values, NULL);
}

static void push_card(SnIm *im, SnXmppJob *job, Card *card, xmpp_stanza_t *vcard, int form)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_VCARD, job->request->id);

	event->jid = g_strdup(job->request->jid);
	event->name = g_steal_pointer(&card->name);
	event->mails = steal_values(card->mails);
	event->jids = steal_values(card->jids);
	event->text = sn_vcard_lines(vcard, form);
	sn_xmpp_push(im, event);
	sn_xmpp_done(im, job, NULL);
}

static void temp_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);
	xmpp_stanza_t *vcard = answer ? sn_xml_find(answer, "vCard", SN_NS_VCARD_TEMP) : NULL;
	Card card;

	if (!job)
		return;
	if (error) {
		sn_xmpp_fail(im, job, g_error_copy(error));
		return;
	}
	if (!vcard || !xmpp_stanza_get_children(vcard)) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_NOT_FOUND, "%s has no vCard.",
					 job->request->jid));
		return;
	}
	card_init(&card);
	read_temp(vcard, &card);
	push_card(im, job, &card, vcard, 0);
	card_clear(&card);
}

static void ask_temp(SnIm *im, SnXmppJob *job)
{
	gboolean own = g_strcmp0(job->request->jid, im->jid) == 0;
	xmpp_stanza_t *iq = sn_iq_new(im, "get", own ? NULL : job->request->jid);

	sn_xml_child(iq, "vCard", SN_NS_VCARD_TEMP);
	sn_iq_ask(im, iq, temp_came, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

xmpp_stanza_t *sn_vcard4_of(xmpp_stanza_t *answer)
{
	xmpp_stanza_t *items = answer ? sn_xml_find(sn_xml_find(answer, "pubsub", SN_NS_PUBSUB),
						    "items", SN_NS_PUBSUB)
				      : NULL;

	return sn_xml_find(sn_xml_find(items, "item", SN_NS_PUBSUB), "vcard", SN_NS_VCARD4);
}

xmpp_stanza_t *sn_vcard4_query(SnIm *im, const char *jid)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", jid);
	xmpp_stanza_t *items =
		sn_xml_child(sn_xml_child(iq, "pubsub", SN_NS_PUBSUB), "items", NULL);

	sn_xml_set(items, "node", SN_NODE_VCARD4);
	sn_xml_set(items, "max_items", "1");
	return iq;
}

static void vcard4_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);
	xmpp_stanza_t *vcard = sn_vcard4_of(answer);
	Card card;

	if (!job)
		return;
	if (!vcard) {
		ask_temp(im, job);
		return;
	}
	card_init(&card);
	read_vcard4(vcard, &card);
	push_card(im, job, &card, vcard, 1);
	card_clear(&card);
}

static void start_vcard(SnIm *im, SnXmppJob *job)
{
	if (!job->request->jid) {
		sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_INVALID, "Whose vCard?"));
		return;
	}
	gboolean own = strcmp(job->request->jid, im->jid) == 0;
	xmpp_stanza_t *iq = sn_vcard4_query(im, own ? NULL : job->request->jid);

	sn_iq_ask(im, iq, vcard4_came, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

const SnXmppExtension sn_ext_vcard = {
	.name = "vCard",
	.claims = SN_XMPP_CLAIMS(
		{ "0292", "0.12", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/integration/test_xmpp:our_vcard_is_written_and_keeps_the_rest",
		  "the fields of src/base/card.h" }),
	.features = features,
	.starts = { { SN_IM_REQ_VCARD, TRUE, start_vcard },
		    { SN_IM_REQ_VCARD_PUT, TRUE, sn_vcard_put } },
};

const SnXmppExtension sn_ext_vcard_temp = {
	.name = "vCard-temp",
	.claims = SN_XMPP_CLAIMS(
		{ "0054", "1.2", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/integration/test_xmpp:our_vcard_is_written_and_keeps_the_rest",
		  "the fields of src/base/card.h" }),
	.features = features,
};
