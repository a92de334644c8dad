/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/xmpp/xml.h"

#include <string.h>

#include "src/text/text.h"

#define MAX_JID 3071

/* ---- building ---- */

char *sn_xml_valid(const char *text)
{
	g_autofree char *utf8 = g_utf8_make_valid(text, -1);
	GString *valid = g_string_sized_new(strlen(utf8));

	for (const char *p = utf8; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		gboolean forbidden = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
				     c == 0xfffe || c == 0xffff;
		if (!forbidden)
			g_string_append_len(valid, p, g_utf8_next_char(p) - p);
	}
	return g_string_free(valid, FALSE);
}

xmpp_stanza_t *sn_xml_new(xmpp_ctx_t *ctx, const char *name, const char *ns)
{
	xmpp_stanza_t *stanza = xmpp_stanza_new(ctx);

	if (!stanza || xmpp_stanza_set_name(stanza, name) != XMPP_EOK)
		g_error("out of memory");
	if (ns)
		xmpp_stanza_set_ns(stanza, ns);
	return stanza;
}

xmpp_stanza_t *sn_xml_child(xmpp_stanza_t *parent, const char *name, const char *ns)
{
	xmpp_stanza_t *child = sn_xml_new(xmpp_stanza_get_context(parent), name, ns);

	xmpp_stanza_add_child_ex(parent, child, 0);
	return child;
}

xmpp_stanza_t *sn_xml_child_text(xmpp_stanza_t *parent, const char *name, const char *ns,
				 const char *text)
{
	if (!text)
		return NULL;
	g_autofree char *valid = sn_xml_valid(text);
	xmpp_stanza_t *child = sn_xml_child(parent, name, ns);
	xmpp_stanza_t *node = xmpp_stanza_new(xmpp_stanza_get_context(parent));

	xmpp_stanza_set_text(node, valid);
	xmpp_stanza_add_child_ex(child, node, 0);
	return child;
}

void sn_xml_set(xmpp_stanza_t *stanza, const char *key, const char *value)
{
	if (!value)
		return;
	g_autofree char *valid = sn_xml_valid(value);
	xmpp_stanza_set_attribute(stanza, key, valid);
}

void sn_xml_set_number(xmpp_stanza_t *stanza, const char *key, gint64 value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
	xmpp_stanza_set_attribute(stanza, key, text);
}

void sn_xml_field(xmpp_stanza_t *form, const char *var, const char *value)
{
	if (!value)
		return;
	xmpp_stanza_t *field = sn_xml_child(form, "field", NULL);
	sn_xml_set(field, "var", var);
	if (strcmp(var, "FORM_TYPE") == 0)
		sn_xml_set(field, "type", "hidden");
	sn_xml_child_text(field, "value", NULL, value);
}

/* ---- reading ---- */

gboolean sn_xml_is(xmpp_stanza_t *stanza, const char *name, const char *ns)
{
	const char *found = stanza ? xmpp_stanza_get_name(stanza) : NULL;

	if (!found || (name && strcmp(found, name) != 0))
		return FALSE;
	return !ns || g_strcmp0(xmpp_stanza_get_ns(stanza), ns) == 0;
}

xmpp_stanza_t *sn_xml_next(xmpp_stanza_t *from, const char *name, const char *ns)
{
	while (from && !sn_xml_is(from, name, ns))
		from = xmpp_stanza_get_next(from);
	return from;
}

xmpp_stanza_t *sn_xml_find(xmpp_stanza_t *parent, const char *name, const char *ns)
{
	return parent ? sn_xml_next(xmpp_stanza_get_children(parent), name, ns) : NULL;
}

static char *text_of(xmpp_stanza_t *stanza, char *(*clean)(const char *, gssize))
{
	char *raw = stanza ? xmpp_stanza_get_text(stanza) : NULL;

	if (!raw)
		return NULL;
	gsize length = strlen(raw);
	if (length > SN_XML_MAX_TEXT) /* cleaning makes half a character harmless */
		length = SN_XML_MAX_TEXT;
	char *text = clean(raw, (gssize)length);
	xmpp_free(xmpp_stanza_get_context(stanza), raw);
	return text;
}

char *sn_xml_text(xmpp_stanza_t *stanza)
{
	return text_of(stanza, sn_text_clean);
}

GBytes *sn_xml_bytes(xmpp_stanza_t *stanza, gsize most)
{
	char *raw = stanza ? xmpp_stanza_get_text(stanza) : NULL;
	gsize length = 0;
	guchar *bytes = raw && strlen(raw) / 4 * 3 <= most + most / 16 + 3 ? g_base64_decode(raw, &length)
									   : NULL;

	if (raw)
		xmpp_free(xmpp_stanza_get_context(stanza), raw);
	if (bytes && length > 0 && length <= most)
		return g_bytes_new_take(bytes, length);
	g_free(bytes);
	return NULL;
}

char *sn_xml_line(xmpp_stanza_t *stanza)
{
	char *line = text_of(stanza, sn_text_clean_line);

	if (line && !*line)
		g_clear_pointer(&line, g_free);
	return line;
}

const char *sn_xml_raw(xmpp_stanza_t *stanza, const char *key)
{
	return stanza ? xmpp_stanza_get_attribute(stanza, key) : NULL;
}

char *sn_xml_attr(xmpp_stanza_t *stanza, const char *key)
{
	const char *raw = sn_xml_raw(stanza, key);

	if (!raw || !*raw || strlen(raw) > SN_XML_MAX_ATTR)
		return NULL;
	return sn_text_clean_line(raw, -1);
}

gint64 sn_xml_attr_number(xmpp_stanza_t *stanza, const char *key, gint64 otherwise)
{
	const char *raw = sn_xml_raw(stanza, key);
	gint64 value;

	return raw && g_ascii_string_to_signed(raw, 10, G_MININT64, G_MAXINT64, &value, NULL)
		       ? value
		       : otherwise;
}

gboolean sn_xml_error(xmpp_stanza_t *stanza, char **condition, char **text)
{
	xmpp_stanza_t *error = sn_xml_find(stanza, "error", NULL);
	xmpp_stanza_t *child = error ? xmpp_stanza_get_children(error) : NULL;
	int looked = 0;

	*condition = *text = NULL;
	if (!error)
		return FALSE;
	for (; child && looked < SN_XML_MAX_ITEMS; child = xmpp_stanza_get_next(child), looked++) {
		if (!sn_xml_is(child, NULL, XMPP_NS_STANZAS_IETF))
			continue;
		const char *name = xmpp_stanza_get_name(child);
		if (strcmp(name, "text") == 0) {
			if (!*text)
				*text = sn_xml_line(child);
		} else if (!*condition) {
			*condition = sn_text_clean_line(name, -1);
		}
	}
	if (!*condition)
		*condition = g_strdup("undefined-condition");
	return TRUE;
}

SnTime sn_xml_time(const char *stamp)
{
	if (!stamp || strlen(stamp) > 64)
		return 0;
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(stamp, utc);
	if (!when)
		return 0;
	return g_date_time_to_unix(when) * SN_SECOND + g_date_time_get_microsecond(when) / 1000;
}

/* ---- addresses ---- */

char *sn_jid_bare(const char *jid)
{
	return jid ? g_strndup(jid, strcspn(jid, "/")) : NULL;
}

const char *sn_jid_resource(const char *jid)
{
	const char *slash = jid ? strchr(jid, '/') : NULL;
	return slash && slash[1] ? slash + 1 : NULL;
}

char *sn_jid_domain(const char *jid)
{
	g_autofree char *bare = sn_jid_bare(jid);
	const char *at = bare ? strchr(bare, '@') : NULL;

	return at ? g_strdup(at + 1) : g_steal_pointer(&bare);
}

gboolean sn_jid_same_bare(const char *one, const char *other)
{
	if (!one || !other)
		return FALSE;
	gsize length = strcspn(one, "/");
	return length == strcspn(other, "/") && strncmp(one, other, length) == 0;
}

char *sn_jid_normalise(const char *jid)
{
	g_autofree char *bare = sn_jid_bare(jid);

	if (!bare || !*bare || strlen(bare) > MAX_JID || !g_utf8_validate(bare, -1, NULL))
		return NULL;
	for (const char *p = bare; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (g_unichar_isspace(c) || g_unichar_iscntrl(c) ||
		    strchr("\"&'<>", (int)(c < 128 ? c : 'x')))
			return NULL;
	}
	const char *at = strchr(bare, '@');
	if (at && (at == bare || !at[1] || strchr(at + 1, '@')))
		return NULL;
	return g_utf8_strdown(bare, -1);
}
