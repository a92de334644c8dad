/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * caps.c - XEP-0115: what the clients of contacts can do. Their presence has a fingerprint of it;
 * one client with a fingerprint that is not known is asked, and what it says counts for all of the
 * same fingerprint only if it makes that fingerprint. What is known comes from the engine, which
 * keeps it, so that a log-in asks nobody again.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define NS "http://jabber.org/protocol/caps"
#define MAX_KNOWN 2000
#define MAX_WAITING 500 /* fingerprints that somebody is to be asked about */
#define MAX_WITNESSES 8 /* clients remembered for one of them */
#define MAX_ASKING 4
#define MAX_VALUES 512
#define MAX_TEXT 1000

static const char *const features[] = { NULL };

struct sn_caps {
	GHashTable *known;   /* fingerprints, as key_of() */
	GHashTable *waiting; /* fingerprint -> Waiting */
	GQueue order;        /* of Waiting, not owned: still to be asked about */
	guint asking;
};

typedef struct {
	char *key, *node; /* node: "node#ver" */
	GQueue jids;      /* of char *: who tells this fingerprint */
} Waiting;

static void waiting_free(gpointer data)
{
	Waiting *waiting = data;

	g_queue_clear_full(&waiting->jids, g_free);
	g_free(waiting->key);
	g_free(waiting->node);
	g_free(waiting);
}

void sn_caps_free(SnCaps *caps)
{
	if (!caps)
		return;
	g_hash_table_unref(caps->known);
	g_hash_table_unref(caps->waiting);
	g_queue_clear(&caps->order);
	g_free(caps);
}

static SnCaps *caps_of(SnIm *im)
{
	if (!im->caps) {
		im->caps = g_new0(SnCaps, 1);
		im->caps->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		im->caps->waiting =
			g_hash_table_new_full(g_str_hash, g_str_equal, NULL, waiting_free);
		g_queue_init(&im->caps->order);
	}
	return im->caps;
}

/* ---- the fingerprint, section 5.1 ---- */

static gint by_bytes(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each with its end. FALSE: the same twice, or too many (section 5.4). */
static gboolean add_sorted(GString *to, GPtrArray *values)
{
	g_ptr_array_sort(values, by_bytes);
	for (guint i = 0; i < values->len; i++) {
		if (i && strcmp(values->pdata[i - 1], values->pdata[i]) == 0)
			return FALSE;
		g_string_append_printf(to, "%s<", (const char *)values->pdata[i]);
	}
	return values->len < MAX_VALUES;
}

/* What stands there, without any cleaning: the fingerprint was made of it. */
static char *text_as_it_is(xmpp_stanza_t *stanza)
{
	char *text = stanza ? xmpp_stanza_get_text(stanza) : NULL;
	char *copy = g_strdup(text ? text : "");

	if (text)
		xmpp_free(xmpp_stanza_get_context(stanza), text);
	return copy;
}

static const char *attribute(xmpp_stanza_t *stanza, const char *key)
{
	const char *value = sn_xml_raw(stanza, key);

	return value ? value : "";
}

static gboolean add_identities(GString *to, xmpp_stanza_t *query)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

	for (xmpp_stanza_t *one = sn_xml_find(query, "identity", XMPP_NS_DISCO_INFO);
	     one && all->len < MAX_VALUES;
	     one = sn_xml_next(xmpp_stanza_get_next(one), "identity", XMPP_NS_DISCO_INFO))
		g_ptr_array_add(all, g_strdup_printf("%s/%s/%s/%s", attribute(one, "category"),
						     attribute(one, "type"), attribute(one, "lang"),
						     attribute(one, "name")));
	return add_sorted(to, all);
}

static gboolean add_features(GString *to, xmpp_stanza_t *query)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	for (xmpp_stanza_t *one = sn_xml_find(query, "feature", XMPP_NS_DISCO_INFO);
	     one && all->len < MAX_VALUES;
	     one = sn_xml_next(xmpp_stanza_get_next(one), "feature", XMPP_NS_DISCO_INFO))
		g_ptr_array_add(all, (gpointer)attribute(one, "var"));
	return add_sorted(to, all);
}

/* "var<value<value" of one field of a form; the end comes from add_sorted(). NULL: ill-formed. */
static char *field_text(xmpp_stanza_t *field)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) text = g_string_new(attribute(field, "var"));

	g_string_append_c(text, '<');
	for (xmpp_stanza_t *one = sn_xml_find(field, "value", SN_NS_FORM);
	     one && values->len < MAX_VALUES;
	     one = sn_xml_next(xmpp_stanza_get_next(one), "value", SN_NS_FORM))
		g_ptr_array_add(values, text_as_it_is(one));
	g_ptr_array_sort(values, by_bytes);
	for (guint i = 0; i < values->len; i++)
		g_string_append_printf(text, "%s<", (const char *)values->pdata[i]);
	g_string_truncate(text, text->len - 1);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* One form (XEP-0128), beginning with its type; NULL when it has none and does not count. */
static char *form_text(xmpp_stanza_t *form, gboolean *good)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *type = NULL;
	int looked = 0;

	for (xmpp_stanza_t *one = sn_xml_find(form, "field", SN_NS_FORM);
	     one && looked++ < MAX_VALUES;
	     one = sn_xml_next(xmpp_stanza_get_next(one), "field", SN_NS_FORM)) {
		if (strcmp(attribute(one, "var"), "FORM_TYPE") == 0 && !type)
			type = text_as_it_is(sn_xml_find(one, "value", SN_NS_FORM));
		else
			g_ptr_array_add(fields, field_text(one));
	}
	if (!type)
		return NULL;
	g_autoptr(GString) text = g_string_new(type);
	g_string_append_c(text, '<');
	*good &= add_sorted(text, fields);
	g_string_truncate(text, text->len - 1);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean add_forms(GString *to, xmpp_stanza_t *query)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
	gboolean good = TRUE;
	int looked = 0;

	for (xmpp_stanza_t *one = sn_xml_find(query, "x", SN_NS_FORM); one && looked++ < 32;
	     one = sn_xml_next(xmpp_stanza_get_next(one), "x", SN_NS_FORM)) {
		char *text = form_text(one, &good);
		if (text)
			g_ptr_array_add(all, text);
	}
	return add_sorted(to, all) && good;
}

char *sn_caps_verify(xmpp_stanza_t *query, const char *algorithm)
{
	static const struct {
		const char *name;
		GChecksumType type;
	} known[] = { { "sha-1", G_CHECKSUM_SHA1 },
		      { "sha-256", G_CHECKSUM_SHA256 },
		      { "sha-512", G_CHECKSUM_SHA512 } };
	g_autoptr(GString) text = g_string_new(NULL);
	guint8 digest[64];
	gsize length = sizeof digest;

	for (gsize i = 0; query && i < G_N_ELEMENTS(known); i++) {
		if (g_strcmp0(algorithm, known[i].name) != 0)
			continue;
		if (!add_identities(text, query) || !add_features(text, query) ||
		    !add_forms(text, query))
			return NULL;
		g_autoptr(GChecksum) sum = g_checksum_new(known[i].type);
		g_checksum_update(sum, (const guchar *)text->str, (gssize)text->len);
		g_checksum_get_digest(sum, digest, &length);
		return g_base64_encode(digest, length);
	}
	return NULL;
}

/* ---- asking ---- */

static void ask_next(SnIm *im);

static char **features_in(xmpp_stanza_t *query)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	for (xmpp_stanza_t *one = sn_xml_find(query, "feature", XMPP_NS_DISCO_INFO);
	     one && all->len < MAX_VALUES;
	     one = sn_xml_next(xmpp_stanza_get_next(one), "feature", XMPP_NS_DISCO_INFO)) {
		char *var = sn_xml_attr(one, "var");
		if (var)
			g_ptr_array_add(all, var);
	}
	g_ptr_array_sort(all, by_bytes);
	g_ptr_array_add(all, NULL);
	return (char **)g_ptr_array_steal(all, NULL);
}

static void learn(SnIm *im, const Waiting *waiting, xmpp_stanza_t *query)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_CAPS, 0);

	event->item = g_strdup(waiting->key);
	event->name = sn_xml_attr(sn_xml_find(query, "identity", XMPP_NS_DISCO_INFO), "name");
	event->uris = features_in(query);
	if (g_hash_table_size(im->caps->known) < MAX_KNOWN)
		g_hash_table_add(im->caps->known, g_strdup(waiting->key));
	sn_xmpp_push(im, event);
}

static void told(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnCaps *caps = im->caps;
	Waiting *waiting = caps ? g_hash_table_lookup(caps->waiting, data) : NULL;
	xmpp_stanza_t *query = answer ? sn_xml_find(answer, "query", XMPP_NS_DISCO_INFO) : NULL;

	if (!waiting)
		return;
	g_assert(caps->asking > 0);
	caps->asking--;
	g_auto(GStrv) parts = g_strsplit(waiting->key, ":", 2);
	g_autofree char *made = sn_caps_verify(query, parts[0]);
	if (made && strcmp(made, parts[1]) == 0) {
		learn(im, waiting, query);
		g_hash_table_remove(caps->waiting, data);
	} else if (sn_xmpp_is_online(im) && !g_queue_is_empty(&waiting->jids)) {
		g_queue_push_tail(&caps->order, waiting); /* another one may tell the truth */
	} else {
		g_hash_table_remove(caps->waiting, data);
	}
	ask_next(im);
}

static void ask_next(SnIm *im)
{
	SnCaps *caps = im->caps;
	Waiting *waiting;

	while (caps->asking < MAX_ASKING && sn_xmpp_is_online(im) &&
	       (waiting = g_queue_pop_head(&caps->order))) {
		g_autofree char *jid = g_queue_pop_head(&waiting->jids);
		xmpp_stanza_t *iq = sn_iq_new(im, "get", jid);
		sn_xml_set(sn_xml_child(iq, "query", XMPP_NS_DISCO_INFO), "node", waiting->node);
		caps->asking++;
		sn_iq_ask(im, iq, told, g_strdup(waiting->key), g_free);
	}
}

/* "sha-1:QgayPKawpkPSDYmwT/WM94uAlu0="; NULL when the presence has none that can be checked. */
char *sn_caps_key(xmpp_stanza_t *presence)
{
	xmpp_stanza_t *c = sn_xml_find(presence, "c", NS);
	const char *hash = sn_xml_raw(c, "hash"), *ver = sn_xml_raw(c, "ver");

	if (!hash || !ver || !*ver || strlen(hash) > 16 || strlen(ver) > 128)
		return NULL;
	for (const char *p = ver; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("+/=", *p))
			return NULL;
	for (const char *p = hash; *p; p++)
		if (!g_ascii_isalnum(*p) && *p != '-')
			return NULL;
	return g_strconcat(hash, ":", ver, NULL);
}

static gboolean take_presence(SnIm *im, xmpp_stanza_t *stanza)
{
	g_autofree char *from = sn_xml_attr(stanza, "from"), *bare = sn_jid_bare(from);
	g_autofree char *key = xmpp_stanza_get_type(stanza) ? NULL : sn_caps_key(stanza);
	const char *node = sn_xml_raw(sn_xml_find(stanza, "c", NS), "node");
	SnCaps *caps = caps_of(im);

	/* the clients in a room are many, and of strangers */
	if (!key || !from || !node || strlen(node) > MAX_TEXT || sn_room_knows(im, bare) ||
	    g_hash_table_contains(caps->known, key))
		return FALSE;
	Waiting *waiting = g_hash_table_lookup(caps->waiting, key);
	if (!waiting && g_hash_table_size(caps->waiting) < MAX_WAITING) {
		waiting = g_new0(Waiting, 1);
		waiting->node = g_strconcat(node, "#", strchr(key, ':') + 1, NULL);
		waiting->key = g_steal_pointer(&key);
		g_queue_init(&waiting->jids);
		g_hash_table_insert(caps->waiting, waiting->key, waiting);
		g_queue_push_tail(&caps->order, waiting);
	}
	if (waiting && g_queue_get_length(&waiting->jids) < MAX_WITNESSES)
		g_queue_push_tail(&waiting->jids, g_steal_pointer(&from));
	ask_next(im);
	return FALSE; /* it is a presence besides */
}

/* Nobody of an earlier session can be asked any more. */
static void begin_again(SnIm *im)
{
	SnCaps *caps = caps_of(im);

	g_queue_clear(&caps->order);
	g_hash_table_remove_all(caps->waiting);
	caps->asking = 0;
}

static void start_known(SnIm *im, SnXmppJob *job)
{
	SnCaps *caps = caps_of(im);

	for (int i = 0; job->request->uris && job->request->uris[i]; i++)
		if (g_hash_table_size(caps->known) < MAX_KNOWN)
			g_hash_table_add(caps->known, g_strdup(job->request->uris[i]));
	sn_xmpp_done(im, job, NULL);
}

const SnXmppExtension sn_ext_caps = {
	.name = "capabilities",
	.claims = SN_XMPP_CLAIMS({ "0115", "1.6.0", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/integration/test_xmpp_set:"
				   "what_clients_can_do_is_checked_and_asked_once",
				   NULL },
				 { "0128", "1.0.1", SN_XMPP_PARTIAL, "0.1.0",
				   "tests/unit/test_xmpp_message:fingerprints_are_those_of_the_xep",
				   "read for the fingerprint of XEP-0115" }),
	.features = features,
	.presence = take_presence,
	.online = begin_again,
	.starts = { { SN_IM_REQ_CAPS, FALSE, start_known } },
};
