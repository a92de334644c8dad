/* SPDX-License-Identifier: GPL-3.0-or-later */
/* iq.c - queries and their answers (RFC 6120 section 8.2.3): each gets one, or an error in time. */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#define TIMEOUT_US (30 * G_USEC_PER_SEC)

typedef struct {
	char *id, *to; /* to NULL: our own account */
	SnIqAnswer answer;
	gpointer data;
	GDestroyNotify free_data;
	gint64 deadline;
} Query;

static void query_free(gpointer data)
{
	Query *query = data;

	if (query->data && query->free_data)
		query->free_data(query->data);
	g_free(query->id);
	g_free(query->to);
	g_free(query);
}

static GHashTable *queries(SnIm *im)
{
	if (!im->queries)
		im->queries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
	return im->queries;
}

static void end_query(SnIm *im, Query *query, xmpp_stanza_t *answer, const GError *error)
{
	g_hash_table_remove(im->queries, query->id);
	if (g_hash_table_size(im->queries) == 0)
		sn_xmpp_timer_clear(&im->query_timer);
	query->answer(im, answer, error, query->data);
	query_free(query);
}

/* ---- too late ---- */

static void arm_timer(SnIm *im);

static gboolean look_for_late(gpointer data)
{
	SnIm *im = data;
	gint64 now = g_get_monotonic_time();
	g_autoptr(GList) all = g_hash_table_get_keys(im->queries);

	g_clear_pointer(&im->query_timer, g_source_unref);
	for (GList *link = all; link; link = link->next) {
		Query *query = g_hash_table_lookup(im->queries, link->data);
		if (!query || query->deadline > now)
			continue;
		g_autoptr(GError) error =
			g_error_new(SN_ERROR, SN_ERROR_TEMPORARY, "%s does not answer a query.",
				    query->to ? query->to : im->domain);
		end_query(im, query, NULL, error);
	}
	arm_timer(im);
	return G_SOURCE_REMOVE;
}

static void arm_timer(SnIm *im)
{
	GHashTableIter iter;
	gpointer value;
	gint64 first = G_MAXINT64;

	if (im->query_timer)
		return;
	g_hash_table_iter_init(&iter, im->queries);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		first = MIN(first, ((Query *)value)->deadline);
	if (first == G_MAXINT64)
		return;
	gint64 ms = (first - g_get_monotonic_time()) / 1000 + 1;
	im->query_timer = sn_xmpp_timer(im, (guint)CLAMP(ms, 1, 60000), look_for_late);
}

/* ---- asking ---- */

xmpp_stanza_t *sn_iq_new(SnIm *im, const char *type, const char *to)
{
	xmpp_stanza_t *iq = sn_xml_new(im->ctx, "iq", NULL);

	sn_xml_set(iq, "type", type);
	sn_xml_set(iq, "to", to);
	return iq;
}

void sn_iq_ask(SnIm *im, xmpp_stanza_t *iq, SnIqAnswer answer, gpointer data,
	       GDestroyNotify free_data)
{
	Query *query = g_new0(Query, 1);

	query->id = g_strdup_printf("q%" G_GUINT64_FORMAT "-%08x", ++im->next_query,
				    g_rand_int(im->random));
	query->to = g_strdup(xmpp_stanza_get_to(iq));
	query->answer = answer;
	query->data = data;
	query->free_data = free_data;
	query->deadline = g_get_monotonic_time() + TIMEOUT_US;
	xmpp_stanza_set_id(iq, query->id);
	g_hash_table_insert(queries(im), query->id, query);
	sn_xmpp_send(im, iq, 0);
	arm_timer(im);
}

/* Only who was asked may answer; our account and our server speak for each other. */
static gboolean may_answer(SnIm *im, const Query *query, const char *from)
{
	if (query->to)
		return from ? strcmp(from, query->to) == 0
			    : strcmp(query->to, im->domain) == 0 || strcmp(query->to, im->jid) == 0;
	return !from || sn_jid_same_bare(from, im->jid) || strcmp(from, im->domain) == 0;
}

static void refuse(SnIm *im, xmpp_stanza_t *iq)
{
	xmpp_stanza_t *reply = sn_xml_new(im->ctx, "iq", NULL);

	sn_xml_set(reply, "type", "error");
	sn_xml_set(reply, "to", sn_xml_raw(iq, "from"));
	sn_xml_set(reply, "id", sn_xml_raw(iq, "id"));
	xmpp_stanza_t *error = sn_xml_child(reply, "error", NULL);
	sn_xml_set(error, "type", "cancel");
	sn_xml_child(error, "service-unavailable", XMPP_NS_STANZAS_IETF);
	sn_xmpp_send(im, reply, 0);
}

void sn_iq_reply(SnIm *im, xmpp_stanza_t *iq, xmpp_stanza_t *child)
{
	xmpp_stanza_t *reply = sn_xml_new(im->ctx, "iq", NULL);

	sn_xml_set(reply, "type", "result");
	sn_xml_set(reply, "to", sn_xml_raw(iq, "from"));
	sn_xml_set(reply, "id", sn_xml_raw(iq, "id"));
	if (child)
		xmpp_stanza_add_child_ex(reply, child, 0);
	sn_xmpp_send(im, reply, 0);
}

static void take_request(SnIm *im, xmpp_stanza_t *iq)
{
	xmpp_stanza_t *child = sn_xml_next(xmpp_stanza_get_children(iq), NULL, NULL);

	for (int i = 0; child && sn_xmpp_extensions[i]; i++)
		if (sn_xmpp_extensions[i]->iq && sn_xmpp_extensions[i]->iq(im, iq, child))
			return;
	refuse(im, iq);
}

void sn_iq_take(SnIm *im, xmpp_stanza_t *iq)
{
	const char *type = xmpp_stanza_get_type(iq), *id = xmpp_stanza_get_id(iq);

	if (!type || !id)
		return;
	if (strcmp(type, "get") == 0 || strcmp(type, "set") == 0) {
		take_request(im, iq);
		return;
	}
	Query *query = g_hash_table_lookup(queries(im), id);
	if (!query || !may_answer(im, query, xmpp_stanza_get_from(iq)))
		return;
	g_autoptr(GError) error = NULL;
	if (strcmp(type, "error") == 0)
		error = sn_iq_error(iq, query->to ? query->to : im->domain);
	end_query(im, query, error ? NULL : iq, error);
}

void sn_iq_fail_all(SnIm *im, const GError *error)
{
	g_autoptr(GList) all = g_hash_table_get_keys(queries(im));

	for (GList *link = all; link; link = link->next) {
		Query *query = g_hash_table_lookup(im->queries, link->data);
		if (query)
			end_query(im, query, NULL, error);
	}
	sn_xmpp_timer_clear(&im->query_timer);
}

/* RFC 6120 section 8.3.3: what a caller can do about each condition. */
GError *sn_iq_error(xmpp_stanza_t *answer, const char *what)
{
	static const struct {
		const char *condition;
		SnErrorCode code;
	} codes[] = {
		{ "item-not-found", SN_ERROR_NOT_FOUND },
		{ "remote-server-not-found", SN_ERROR_NOT_FOUND },
		{ "forbidden", SN_ERROR_PERMISSION },
		{ "not-authorized", SN_ERROR_PERMISSION },
		{ "not-allowed", SN_ERROR_PERMISSION },
		{ "registration-required", SN_ERROR_PERMISSION },
		{ "subscription-required", SN_ERROR_PERMISSION },
		{ "feature-not-implemented", SN_ERROR_UNAVAILABLE },
		{ "service-unavailable", SN_ERROR_UNAVAILABLE },
		{ "not-acceptable", SN_ERROR_LIMIT },
		{ "conflict", SN_ERROR_EXISTS },
		{ "resource-constraint", SN_ERROR_TEMPORARY },
		{ "remote-server-timeout", SN_ERROR_TEMPORARY },
		{ "internal-server-error", SN_ERROR_TEMPORARY },
		{ "policy-violation", SN_ERROR_LIMIT },
	};
	g_autofree char *condition = NULL, *text = NULL;
	SnErrorCode code = SN_ERROR_REJECTED;

	sn_xml_error(answer, &condition, &text);
	for (gsize i = 0; condition && i < G_N_ELEMENTS(codes); i++)
		if (strcmp(condition, codes[i].condition) == 0)
			code = codes[i].code;
	return g_error_new(SN_ERROR, code, "%s refuses: %s%s%s.", what,
			   condition ? condition : "no reason given", text ? ", " : "",
			   text ? text : "");
}
