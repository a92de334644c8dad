/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blocking.c - XEP-0191: whom the server keeps away from us. The server holds the list; all of it is
 * told at log-in and after each change, by whichever client of ours.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS "urn:xmpp:blocking"
#define MAX_BLOCKED 5000

static const char *const features[] = { NULL };

/* JIDs as the server writes them; a domain or a full JID can be blocked as well. */
static GHashTable *table(SnIm *im)
{
	if (!im->blocked)
		im->blocked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return im->blocked;
}

static int by_bytes(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void push_all(SnIm *im)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_BLOCKED, 0);
	guint count = 0;
	g_autofree char **jids = (char **)g_hash_table_get_keys_as_array(table(im), &count);

	qsort(jids, count, sizeof *jids, by_bytes);
	event->uris = g_strdupv(jids);
	sn_xmpp_push(im, event);
}

/* The items below `list`, put in or taken out. Their number. */
static int take_items(SnIm *im, xmpp_stanza_t *list, gboolean block)
{
	xmpp_stanza_t *item = sn_xml_find(list, "item", NS);
	int count = 0;

	for (; item && count < MAX_BLOCKED; count++) {
		char *jid = sn_xml_attr(item, "jid");
		if (jid && block && g_hash_table_size(table(im)) < MAX_BLOCKED)
			g_hash_table_add(table(im), g_steal_pointer(&jid));
		else if (jid && !block)
			g_hash_table_remove(table(im), jid);
		g_free(jid);
		item = sn_xml_next(xmpp_stanza_get_next(item), "item", NS);
	}
	return count;
}

/* ---- told by the server ---- */

static gboolean take_push(SnIm *im, xmpp_stanza_t *iq, xmpp_stanza_t *child)
{
	const char *from = sn_xml_raw(iq, "from");
	gboolean block = sn_xml_is(child, "block", NS);

	if (!block && !sn_xml_is(child, "unblock", NS))
		return FALSE;
	/* section 3.3: only our own account says so */
	if (g_strcmp0(xmpp_stanza_get_type(iq), "set") != 0 || (from && strcmp(from, im->jid) != 0))
		return FALSE;
	if (take_items(im, child, block) == 0 && !block)
		g_hash_table_remove_all(table(im)); /* <unblock/> alone: everybody */
	push_all(im);
	sn_iq_reply(im, iq, NULL);
	return TRUE;
}

static void list_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	im->has_blocking = answer != NULL;
	if (answer) {
		g_hash_table_remove_all(table(im));
		take_items(im, sn_xml_find(answer, "blocklist", NS), TRUE);
		push_all(im);
	}
	sn_session_release(im);
}

static void ask_list(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", NULL);

	sn_xml_child(iq, "blocklist", NS);
	sn_session_hold(im);
	sn_iq_ask(im, iq, list_came, NULL, NULL);
}

/* ---- requests ---- */

static void changed(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (job && answer)
		sn_xmpp_done(im, job, NULL); /* the push tells the list */
	else if (job)
		sn_xmpp_fail(im, job, g_error_copy(error));
}

static void start_change(SnIm *im, SnXmppJob *job)
{
	g_autofree char *jid = sn_jid_normalise(job->request->jid);
	gboolean block = job->request->kind == SN_IM_REQ_BLOCK;

	/* never without an item: <unblock/> alone would let everybody in again */
	if (!jid || sn_jid_same_bare(jid, im->jid)) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_INVALID, "\"%s\" cannot be blocked.",
					 job->request->jid ? job->request->jid : ""));
		return;
	}
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *list = sn_xml_child(iq, block ? "block" : "unblock", NS);
	sn_xml_set(sn_xml_child(list, "item", NULL), "jid", jid);
	sn_iq_ask(im, iq, changed, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

const SnXmppExtension sn_ext_blocking = {
	.name = "blocking",
	.claims = SN_XMPP_CLAIMS({ "0191", "1.3", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/integration/test_xmpp_set:"
				   "who_is_blocked_reaches_us_no_more",
				   NULL }),
	.features = features,
	.iq = take_push,
	.online = ask_list,
	.starts = { { SN_IM_REQ_BLOCK, TRUE, start_change },
		    { SN_IM_REQ_UNBLOCK, TRUE, start_change } },
};
