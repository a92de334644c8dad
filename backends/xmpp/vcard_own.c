/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vcard_own.c - a vCard as lines (src/base/card.h), and the user's own written from such lines: as
 * XEP-0054 and, where the server has a place for it, XEP-0292. Both are read first: what these lines
 * do not speak of (a picture, an address) stays as it is, and so does an element whose value stays.
 */
#include "backends/xmpp/vcard_private.h"

#include <string.h>

#include "src/base/card.h"

static const struct {
	const char *key;
	gboolean many;
	struct {
		const char *name, *child; /* child NULL: the text is in the element itself */
	} in[2]; /* XEP-0054, XEP-0292 */
} fields[] = {
#define X(key, many, temp, temp_child, four, four_child) \
	{ key, many, { { temp, temp_child }, { four, four_child } } },
	SN_CARD_TABLE(X)
#undef X
};

typedef struct {
	GPtrArray *lines;      /* of SnCardLine */
	xmpp_stanza_t *card[2]; /* as it will be; NULL: cannot be read */
	int written;
} Writing;

static void writing_free(gpointer data)
{
	Writing *writing = data;

	g_ptr_array_unref(writing->lines);
	for (int i = 0; i < 2; i++)
		if (writing->card[i])
			xmpp_stanza_release(writing->card[i]);
	g_free(writing);
}

/* ---- one element and its value ---- */

static int field_of(const char *element, int form)
{
	for (int i = 0; element && i < (int)G_N_ELEMENTS(fields); i++)
		if (strcmp(fields[i].in[form].name, element) == 0)
			return i;
	return -1;
}

static gboolean is_jid(int field)
{
	return strcmp(fields[field].key, "xmpp") == 0;
}

/* NULL: it holds none, or one of another kind ("sip:"). */
static char *value_of(xmpp_stanza_t *element, int field, int form)
{
	const char *child = fields[field].in[form].child;
	g_autofree char *text = sn_xml_line(child ? sn_xml_find(element, child, NULL) : element);

	if (!text && form == 1 && g_strcmp0(child, "text") == 0) /* a tel may be a URI */
		text = sn_xml_line(sn_xml_find(element, "uri", NULL));
	if (!text || !*text)
		return NULL;
	if (!is_jid(field) || form == 0)
		return g_steal_pointer(&text);
	return g_ascii_strncasecmp(text, "xmpp:", 5) == 0 ? g_uri_unescape_string(text + 5, NULL) : NULL;
}

static void add_element(xmpp_stanza_t *card, int field, int form, const char *value)
{
	const char *child = fields[field].in[form].child;
	xmpp_stanza_t *element = NULL;
	g_autofree char *escaped = NULL;

	if (is_jid(field) && form == 1) {
		g_autofree char *jid = g_uri_escape_string(value, "@/", TRUE);
		value = escaped = g_strconcat("xmpp:", jid, NULL);
	}
	if (!child) {
		sn_xml_child_text(card, fields[field].in[form].name, NULL, value);
		return;
	}
	element = sn_xml_child(card, fields[field].in[form].name, NULL);
	if (form == 0 && strcmp(child, "USERID") == 0)
		sn_xml_child(element, "INTERNET", NULL);
	sn_xml_child_text(element, child, NULL, value);
}

/* ---- as lines ---- */

char *sn_vcard_lines(xmpp_stanza_t *card, int form)
{
	GString *out = g_string_new(NULL);

	for (int field = 0; field < (int)G_N_ELEMENTS(fields); field++) {
		xmpp_stanza_t *child = xmpp_stanza_get_children(card);
		gboolean had = FALSE;
		for (int looked = 0; child && looked < SN_XML_MAX_ITEMS && (!had || fields[field].many);
		     child = xmpp_stanza_get_next(child), looked++) {
			g_autofree char *value =
				field_of(xmpp_stanza_get_name(child), form) == field
					? value_of(child, field, form)
					: NULL;
			if (value && out->len < SN_CARD_BYTES) {
				g_string_append_printf(out, "%s: %s\n", fields[field].key, value);
				had = TRUE;
			}
		}
	}
	return g_string_free(out, FALSE);
}

/* ---- writing ---- */

/* The line that says this and has no element yet; NULL. */
static SnCardLine *take_line(GPtrArray *lines, gboolean *used, int field, const char *value)
{
	for (guint i = 0; value && i < lines->len; i++) {
		SnCardLine *line = lines->pdata[i];
		if (used[i] || strcmp(line->key, fields[field].key) != 0 || strcmp(line->value, value) != 0)
			continue;
		used[i] = TRUE;
		return line;
	}
	return NULL;
}

static int field_named(const char *key)
{
	for (int i = 0; i < (int)G_N_ELEMENTS(fields); i++)
		if (strcmp(fields[i].key, key) == 0)
			return i;
	g_assert_not_reached();
}

/* old NULL: there is none yet. */
static xmpp_stanza_t *changed_card(SnIm *im, xmpp_stanza_t *old, int form, GPtrArray *lines)
{
	xmpp_stanza_t *card = form ? sn_xml_new(im->ctx, "vcard", SN_NS_VCARD4)
				   : sn_xml_new(im->ctx, "vCard", SN_NS_VCARD_TEMP);
	g_autofree gboolean *used = g_new0(gboolean, lines->len + 1);
	xmpp_stanza_t *child = old ? xmpp_stanza_get_children(old) : NULL;

	for (; child; child = xmpp_stanza_get_next(child)) { /* all of it: what is left out is lost */
		int field = field_of(xmpp_stanza_get_name(child), form);
		g_autofree char *value = field >= 0 ? value_of(child, field, form) : NULL;
		/* what has a value that is none of the lines' business, like "sip:", stays too */
		if (xmpp_stanza_get_name(child) &&
		    (field < 0 || !value || take_line(lines, used, field, value)))
			xmpp_stanza_add_child_ex(card, xmpp_stanza_copy(child), 0);
	}
	for (guint i = 0; i < lines->len; i++) {
		const SnCardLine *line = lines->pdata[i];
		if (!used[i])
			add_element(card, field_named(line->key), form, line->value);
	}
	return card;
}

static void both_written(SnIm *im, SnXmppJob *job, const GError *error)
{
	const Writing *writing = job->state;

	if (writing->written > 0)
		sn_xmpp_done(im, job, NULL);
	else
		sn_xmpp_fail(im, job, error ? g_error_copy(error)
					    : g_error_new(SN_ERROR, SN_ERROR_UNAVAILABLE,
							  "%s keeps no vCards.", im->domain));
}

static void four_written(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	((Writing *)job->state)->written += !error;
	both_written(im, job, error);
}

static void write_four(SnIm *im, SnXmppJob *job, const GError *error)
{
	Writing *writing = job->state;
	xmpp_stanza_t *iq, *publish, *item;

	if (!writing->card[1]) {
		both_written(im, job, error);
		return;
	}
	iq = sn_iq_new(im, "set", NULL);
	publish = sn_xml_child(sn_xml_child(iq, "pubsub", SN_NS_PUBSUB), "publish", NULL);
	sn_xml_set(publish, "node", SN_NODE_VCARD4);
	item = sn_xml_child(publish, "item", NULL);
	sn_xml_set(item, "id", "current");
	xmpp_stanza_add_child_ex(item, g_steal_pointer(&writing->card[1]), 0);
	sn_iq_ask(im, iq, four_written, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

static void temp_written(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);

	if (!job)
		return;
	((Writing *)job->state)->written += !error;
	write_four(im, job, error);
}

/* The older form first: servers that turn it into the newer one then get that as it is to be. */
static void write_temp(SnIm *im, SnXmppJob *job)
{
	Writing *writing = job->state;
	xmpp_stanza_t *iq;

	if (!writing->card[0]) {
		write_four(im, job, NULL);
		return;
	}
	iq = sn_iq_new(im, "set", NULL);
	xmpp_stanza_add_child_ex(iq, g_steal_pointer(&writing->card[0]), 0);
	sn_iq_ask(im, iq, temp_written, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

/* Nothing is written over a card that may be there and could not be read. */
static gboolean lost_line(SnIm *im, SnXmppJob *job, const GError *error)
{
	if (!error || (error->code != SN_ERROR_NETWORK && error->code != SN_ERROR_TEMPORARY))
		return FALSE;
	sn_xmpp_fail(im, job, g_error_copy(error));
	return TRUE;
}

static void four_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);
	Writing *writing = job ? job->state : NULL;

	if (!job || lost_line(im, job, error))
		return;
	if (!error || error->code == SN_ERROR_NOT_FOUND)
		writing->card[1] = changed_card(im, sn_vcard4_of(answer), 1, writing->lines);
	write_temp(im, job);
}

static void temp_came(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnXmppJob *job = sn_xmpp_job(im, *(guint64 *)data);
	Writing *writing = job ? job->state : NULL;

	if (!job || lost_line(im, job, error))
		return;
	if (!error || error->code == SN_ERROR_NOT_FOUND)
		writing->card[0] = changed_card(im, sn_xml_find(answer, "vCard", SN_NS_VCARD_TEMP), 0,
						writing->lines);
	sn_iq_ask(im, sn_vcard4_query(im, NULL), four_came,
		  g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}

void sn_vcard_put(SnIm *im, SnXmppJob *job)
{
	GError *error = NULL;
	GPtrArray *lines = sn_card_parse(job->request->text ? job->request->text : "", &error);
	xmpp_stanza_t *iq;

	if (!lines) {
		sn_xmpp_fail(im, job, error);
		return;
	}
	if (job->state) /* the line went in between: from the beginning */
		job->free_state(job->state);
	Writing *writing = g_new0(Writing, 1);
	writing->lines = lines;
	job->state = writing;
	job->free_state = writing_free;
	iq = sn_iq_new(im, "get", NULL);
	sn_xml_child(iq, "vCard", SN_NS_VCARD_TEMP);
	sn_iq_ask(im, iq, temp_came, g_memdup2(&job->request->id, sizeof(guint64)), g_free);
}
