/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bookmarks.c - XEP-0402: the rooms the user keeps, in a private node of our own account. What other
 * clients add to a bookmark (its extensions) goes back with it unchanged.
 *
 * XEP-0048 is not spoken: servers that offer both convert (Prosody's and ejabberd's do), and on
 * others two lists would have to be kept alike by each client.
 */
#include "backends/xmpp/rooms_private.h"

#include <string.h>

#define NS "urn:xmpp:bookmarks:1"
#define NS_OPTIONS "http://jabber.org/protocol/pubsub#publish-options"
#define NS_OWNER "http://jabber.org/protocol/pubsub#owner"
#define NS_CONFIG "http://jabber.org/protocol/pubsub#node_config"
#define MAX_BOOKMARKS 1000
#define MANY_ITEMS "255" /* where a server does not know "max" */
#define MAX_EXTENSIONS (16 * 1024) /* bytes of one */

static const char *const features[] = { NS, NS "+notify", NULL };

/* ---- reading ---- */

static void bookmark_free(gpointer bookmark)
{
	sn_im_bookmark_free(bookmark);
}

static GHashTable *extensions(SnIm *im)
{
	if (!im->bookmarks)
		im->bookmarks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return im->bookmarks;
}

static void keep_extensions(SnIm *im, const char *room, xmpp_stanza_t *conference)
{
	xmpp_stanza_t *child = sn_xml_find(conference, "extensions", NS);
	char *text = NULL;
	size_t length = 0;

	g_hash_table_remove(extensions(im), room);
	if (!child || xmpp_stanza_to_text(child, &text, &length) != XMPP_EOK || !text)
		return;
	if (length <= MAX_EXTENSIONS && g_hash_table_size(im->bookmarks) < MAX_BOOKMARKS)
		g_hash_table_replace(im->bookmarks, g_strdup(room), g_strndup(text, length));
	xmpp_free(im->ctx, text);
}

static SnImBookmark *read_item(SnIm *im, xmpp_stanza_t *item)
{
	xmpp_stanza_t *conference = sn_xml_find(item, "conference", NS);
	gboolean gone = g_strcmp0(xmpp_stanza_get_name(item), "retract") == 0;
	g_autofree char *id = sn_xml_attr(item, "id"), *jid = id ? sn_jid_normalise(id) : NULL;

	if (!jid || !strchr(jid, '@') || (!conference && !gone))
		return NULL;
	SnImBookmark *bookmark = g_new0(SnImBookmark, 1);
	const char *autojoin = sn_xml_raw(conference, "autojoin");
	bookmark->removed = gone;
	bookmark->autojoin = g_strcmp0(autojoin, "true") == 0 || g_strcmp0(autojoin, "1") == 0;
	bookmark->name = sn_xml_attr(conference, "name");
	bookmark->nick = sn_xml_line(sn_xml_find(conference, "nick", NS));
	bookmark->password = sn_xml_line(sn_xml_find(conference, "password", NS));
	if (gone)
		g_hash_table_remove(extensions(im), jid);
	else
		keep_extensions(im, jid, conference);
	bookmark->jid = g_steal_pointer(&jid);
	return bookmark;
}

static void push_items(SnIm *im, xmpp_stanza_t *items, const char *ns, gboolean complete)
{
	xmpp_stanza_t *item = items ? sn_xml_next(xmpp_stanza_get_children(items), NULL, ns) : NULL;
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_BOOKMARKS, 0);

	event->complete = complete;
	event->bookmarks = g_ptr_array_new_with_free_func(bookmark_free);
	for (int looked = 0; item && looked < MAX_BOOKMARKS; looked++) {
		SnImBookmark *bookmark = read_item(im, item);
		if (bookmark)
			g_ptr_array_add(event->bookmarks, bookmark);
		item = sn_xml_next(xmpp_stanza_get_next(item), NULL, ns);
	}
	sn_xmpp_push(im, event);
}

/* Only our own account speaks of our own node. */
static gboolean take_event(SnIm *im, xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *items = sn_xml_find(sn_xml_find(stanza, "event", SN_NS_PUBSUB_EVENT), "items",
					   SN_NS_PUBSUB_EVENT);
	g_autofree char *from = sn_xml_attr(stanza, "from");

	if (!items || g_strcmp0(sn_xml_raw(items, "node"), NS) != 0)
		return FALSE;
	if (!from || strcmp(from, im->jid) == 0)
		push_items(im, items, SN_NS_PUBSUB_EVENT, FALSE);
	return TRUE;
}

static void items_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	xmpp_stanza_t *items = sn_xml_find(sn_xml_find(answer, "pubsub", SN_NS_PUBSUB), "items",
					   SN_NS_PUBSUB);

	/* no node yet, or a server without: nothing is known, so nothing is taken away here */
	if (items)
		push_items(im, items, SN_NS_PUBSUB, TRUE);
}

static void ask_all(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", NULL);

	sn_xml_set(sn_xml_child(sn_xml_child(iq, "pubsub", SN_NS_PUBSUB), "items", NULL), "node", NS);
	sn_iq_ask(im, iq, items_came, NULL, NULL);
}

/* ---- writing ---- */

typedef struct {
	guint64 job;
	gboolean few; /* only the options that every server knows */
} Writing;

static void publish(SnIm *im, SnXmppJob *job, gboolean few);

static void kept_many(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	if (error)
		g_info("%s keeps few bookmarks: %s", im->jid, error->message);
}

/* Without a word about it the node would keep one item, which is all that other nodes have. */
static void keep_many(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *configure =
		sn_xml_child(sn_xml_child(iq, "pubsub", NS_OWNER), "configure", NULL);
	xmpp_stanza_t *form = sn_xml_child(configure, "x", SN_NS_FORM);

	sn_xml_set(configure, "node", NS);
	sn_xml_set(form, "type", "submit");
	sn_xml_field(form, "FORM_TYPE", NS_CONFIG);
	sn_xml_field(form, "pubsub#max_items", MANY_ITEMS);
	sn_xml_field(form, "pubsub#send_last_published_item", "never");
	sn_iq_ask(im, iq, kept_many, NULL, NULL);
}

static void written(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	const Writing *writing = data;
	SnXmppJob *job = sn_xmpp_job(im, writing->job);

	if (!job)
		return;
	/* ejabberd calls an option that it does not know by many names */
	if (error && !writing->few && !job->request->bookmark->removed &&
	    error->code != SN_ERROR_NETWORK && sn_xmpp_is_online(im)) {
		publish(im, job, TRUE);
		return;
	}
	if (error && !(job->request->bookmark->removed && error->code == SN_ERROR_NOT_FOUND))
		sn_xmpp_fail(im, job, g_error_copy(error));
	else
		sn_xmpp_done(im, job, NULL);
}

/* Only for ourselves, whatever the node was made for: a list of rooms says much of somebody. */
static void add_options(xmpp_stanza_t *pubsub, gboolean few)
{
	xmpp_stanza_t *form =
		sn_xml_child(sn_xml_child(pubsub, "publish-options", NULL), "x", SN_NS_FORM);

	sn_xml_set(form, "type", "submit");
	sn_xml_field(form, "FORM_TYPE", NS_OPTIONS);
	sn_xml_field(form, "pubsub#persist_items", "true");
	sn_xml_field(form, "pubsub#access_model", "whitelist");
	if (few)
		return;
	sn_xml_field(form, "pubsub#max_items", "max");
	sn_xml_field(form, "pubsub#send_last_published_item", "never");
}

static void add_conference(SnIm *im, xmpp_stanza_t *item, const SnImBookmark *bookmark)
{
	xmpp_stanza_t *conference = sn_xml_child(item, "conference", NS);
	const char *kept = g_hash_table_lookup(extensions(im), bookmark->jid);

	sn_xml_set(conference, "name", bookmark->name);
	sn_xml_set(conference, "autojoin", bookmark->autojoin ? "true" : "false");
	sn_xml_child_text(conference, "nick", NULL, bookmark->nick);
	sn_xml_child_text(conference, "password", NULL, bookmark->password);
	xmpp_stanza_t *child = kept ? xmpp_stanza_new_from_string(im->ctx, kept) : NULL;
	if (child)
		xmpp_stanza_add_child_ex(conference, child, 0);
}

static void publish(SnIm *im, SnXmppJob *job, gboolean few)
{
	const SnImBookmark *bookmark = job->request->bookmark;
	Writing writing = { job->request->id, few };
	xmpp_stanza_t *iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_t *pubsub = sn_xml_child(iq, "pubsub", SN_NS_PUBSUB);
	xmpp_stanza_t *what = sn_xml_child(pubsub, bookmark->removed ? "retract" : "publish", NULL);
	sn_xml_set(what, "node", NS);
	xmpp_stanza_t *item = sn_xml_child(what, "item", NULL);
	sn_xml_set(item, "id", bookmark->jid);
	if (bookmark->removed) {
		sn_xml_set(what, "notify", "true");
	} else {
		add_conference(im, item, bookmark);
		add_options(pubsub, few);
	}
	sn_iq_ask(im, iq, written, g_memdup2(&writing, sizeof writing), g_free);
	if (few)
		keep_many(im);
}

static void start_bookmark(SnIm *im, SnXmppJob *job)
{
	SnImBookmark *bookmark = job->request->bookmark;
	g_autofree char *jid = bookmark && bookmark->jid ? sn_jid_normalise(bookmark->jid) : NULL;

	if (!jid || !strchr(jid, '@')) {
		sn_xmpp_fail(im, job,
			     g_error_new(SN_ERROR, SN_ERROR_INVALID, "That is no address of a room."));
		return;
	}
	g_free(bookmark->jid);
	bookmark->jid = g_steal_pointer(&jid);
	publish(im, job, FALSE);
}

const SnXmppExtension sn_ext_bookmarks = {
	.name = "bookmarks",
	.claims = SN_XMPP_CLAIMS({ "0402", "1.1.4", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/integration/test_rooms:bookmarks_are_seen_by_another_client_at_once",
				   NULL }),
	.features = features,
	.message = take_event,
	.online = ask_all,
	.starts = { { SN_IM_REQ_BOOKMARK, TRUE, start_bookmark } },
};
