/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xml.h - stanzas without the library's traps: its setters crash on NULL, it sends control
 * characters that end a stream, and what it reads is as hostile as the peer.
 */
#ifndef SN_BACKENDS_XMPP_XML_H
#define SN_BACKENDS_XMPP_XML_H

#include <glib.h>
#include <strophe.h>

#include "src/base/clock.h"

#define SN_XML_MAX_TEXT (1024 * 1024) /* bytes kept of one text */
#define SN_XML_MAX_ATTR 4096
#define SN_XML_MAX_ITEMS 256 /* children looked at where many may come */

/* ---- building; value NULL: nothing happens ---- */
xmpp_stanza_t *sn_xml_new(xmpp_ctx_t *ctx, const char *name, const char *ns);
/* A new child, owned by the parent. ns NULL: the parent's. */
xmpp_stanza_t *sn_xml_child(xmpp_stanza_t *parent, const char *name, const char *ns);
/* A child with text; text NULL: no child. */
xmpp_stanza_t *sn_xml_child_text(xmpp_stanza_t *parent, const char *name, const char *ns,
				 const char *text);
void sn_xml_set(xmpp_stanza_t *stanza, const char *key, const char *value);
void sn_xml_set_number(xmpp_stanza_t *stanza, const char *key, gint64 value);
/* <field var='var'><value>value</value></field> of a data form (XEP-0004). */
void sn_xml_field(xmpp_stanza_t *form, const char *var, const char *value);
/* UTF-8 without the characters XML forbids (XML 1.0 section 2.2); caller frees. */
char *sn_xml_valid(const char *text);

/* ---- reading; every string is clean and limited ---- */
/* Child by name and namespace; NULL when absent; parent NULL is fine. */
xmpp_stanza_t *sn_xml_find(xmpp_stanza_t *parent, const char *name, const char *ns);
/* Next sibling element with that name and namespace, `from` included; NULL. */
xmpp_stanza_t *sn_xml_next(xmpp_stanza_t *from, const char *name, const char *ns);
gboolean sn_xml_is(xmpp_stanza_t *stanza, const char *name, const char *ns);
/* Text of the stanza, lines kept; NULL when there is none. Caller frees. */
char *sn_xml_text(xmpp_stanza_t *stanza);
/* The bytes that its text is the base64 of; NULL: none, or more than `most`. Caller unrefs. */
GBytes *sn_xml_bytes(xmpp_stanza_t *stanza, gsize most);
/* Same on one line. */
char *sn_xml_line(xmpp_stanza_t *stanza);
/* Attribute on one line; NULL when absent, empty or too long. Caller frees. */
char *sn_xml_attr(xmpp_stanza_t *stanza, const char *key);
gint64 sn_xml_attr_number(xmpp_stanza_t *stanza, const char *key, gint64 otherwise);
/* Attribute as it came, for comparing only. */
const char *sn_xml_raw(xmpp_stanza_t *stanza, const char *key);
/* Condition and text of an <error/> child (RFC 6120 section 8.3); both caller frees. FALSE: none.
 */
gboolean sn_xml_error(xmpp_stanza_t *stanza, char **condition, char **text);
/* XEP-0082; 0 when it is none. */
SnTime sn_xml_time(const char *stamp);

/* ---- addresses ---- */
char *sn_jid_bare(const char *jid);           /* NULL stays NULL */
const char *sn_jid_resource(const char *jid); /* into jid; NULL */
char *sn_jid_domain(const char *jid);
/* Same bare address, whatever the resources; FALSE with NULL. */
gboolean sn_jid_same_bare(const char *one, const char *other);
/* node@domain or domain, no resource, no blanks, at most 3071 bytes (RFC 7622), lower case. */
char *sn_jid_normalise(const char *jid);

#endif
