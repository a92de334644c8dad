/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unsubscribe.c - RFC 2369 section 3.2, and RFC 8058: one request without a question of the server's,
 * for an address that a verified signature covers.
 */
#include "src/mime/unsubscribe.h"

#include <string.h>

#include "src/mime/mime_private.h"

enum { MAX_URIS = 20, MAX_URI = 8000, MAX_HEADERS = 1000, MAX_HEAD = 256 * 1024 };

static const char field_uris[] = "List-Unsubscribe", field_post[] = "List-Unsubscribe-Post";

/* Only the header: the rest may be large, and says nothing about it. */
static GBytes *head_of(GBytes *raw)
{
	gsize length;
	const char *bytes = g_bytes_get_data(raw, &length);
	const char *end = NULL;

	length = MIN(length, MAX_HEAD);
	for (const char *at = bytes; !end && at && (gsize)(at - bytes) < length; at++) {
		at = memchr(at, '\n', length - (gsize)(at - bytes));
		if (!at)
			break;
		gsize left = length - (gsize)(at + 1 - bytes);
		if ((left && at[1] == '\n') || (left > 1 && at[1] == '\r' && at[2] == '\n'))
			end = at + 1;
	}
	return g_bytes_new_from_bytes(raw, 0, end ? (gsize)(end - bytes) : length);
}

static int count_of(GMimeHeaderList *headers, const char *name)
{
	int found = 0, count = MIN(g_mime_header_list_get_count(headers), MAX_HEADERS);

	for (int i = 0; i < count; i++)
		found += g_ascii_strcasecmp(g_mime_header_get_name(g_mime_header_list_get_header_at(headers, i)),
		                            name) == 0;
	return found;
}

/* ---- the addresses ---- */

/* Where it was folded there are blanks, which no URI has. NULL when it is none. */
static char *tidy_uri(const char *text, gsize length)
{
	GString *uri = g_string_new(NULL);

	for (gsize i = 0; i < length && uri->len <= MAX_URI; i++) {
		if (g_ascii_isspace(text[i]))
			continue;
		if (!g_ascii_isgraph(text[i])) {
			g_string_free(uri, TRUE);
			return NULL;
		}
		g_string_append_c(uri, text[i]);
	}
	return g_string_free(uri, uri->len == 0 || uri->len > MAX_URI);
}

static void set_once(char **field, const char *uri)
{
	if (!*field)
		*field = g_strdup(uri);
}

static void take_uri(SnUnsubscribe *offer, const char *uri)
{
	if (g_ascii_strncasecmp(uri, "mailto:", 7) == 0) {
		g_autofree char *address = NULL, *subject = NULL, *body = NULL;
		if (sn_unsubscribe_mailto(uri, &address, &subject, &body))
			set_once(&offer->mailto, uri);
		return;
	}
	g_autofree char *host = sn_unsubscribe_host(uri);
	if (!host)
		return;
	if (g_ascii_strncasecmp(uri, "https:", 6) == 0)
		set_once(&offer->post, uri);
	set_once(&offer->page, uri);
}

/* "<mailto:x>, (a comment) <https://...>"; some write the URI without brackets. */
static void take_uris(SnUnsubscribe *offer, const char *value)
{
	const char *at = value;

	for (int i = 0; i < MAX_URIS && (at = strchr(at, '<')); i++) {
		gsize length = strcspn(++at, ">");
		g_autofree char *uri = tidy_uri(at, length);
		if (uri && at[length])
			take_uri(offer, uri);
		at += length;
	}
	if (strchr(value, '<'))
		return;
	g_auto(GStrv) words = g_strsplit_set(value, ", \t\r\n", MAX_URIS);
	for (char **word = words; *word; word++)
		if (strchr(*word, ':') && strlen(*word) <= MAX_URI && g_str_is_ascii(*word))
			take_uri(offer, *word);
}

/* ---- the signature ---- */

/* The value of a tag in "a=b; c=d" without blanks; NULL. Caller frees. */
static char *tag_of(const char *text, const char *tag)
{
	g_auto(GStrv) items = g_strsplit(text, ";", 50);
	gsize length = strlen(tag);

	for (char **item = items; *item; item++) {
		g_autofree char *dense = tidy_uri(*item, strlen(*item));
		if (dense && strncmp(dense, tag, length) == 0 && dense[length] == '=')
			return g_strdup(dense + length + 1);
	}
	return NULL;
}

static gboolean covers(const char *fields)
{
	g_auto(GStrv) names = g_strsplit(fields, ":", 200);
	gboolean uris = FALSE, post = FALSE;

	for (char **name = names; *name; name++) {
		uris |= g_ascii_strcasecmp(*name, field_uris) == 0;
		post |= g_ascii_strcasecmp(*name, field_post) == 0;
	}
	return uris && post;
}

/* What Authentication-Results says of one signature. */
typedef struct {
	char *domain, *selector, *beginning; /* header.d, .s, .b; the last two may be NULL */
} Verified;

static void verified_clear(Verified *one)
{
	g_free(one->domain);
	g_free(one->selector);
	g_free(one->beginning);
}

static gboolean is_meant(const Verified *one, const char *signature)
{
	g_autofree char *domain = tag_of(signature, "d"), *selector = tag_of(signature, "s");
	g_autofree char *bytes = tag_of(signature, "b");

	return domain && g_ascii_strcasecmp(domain, one->domain) == 0 &&
	       (!one->selector || g_strcmp0(one->selector, selector) == 0) &&
	       (!one->beginning || (bytes && g_str_has_prefix(bytes, one->beginning)));
}

/* All signatures that it may be about have to: else it may be the other one that was good. */
static gboolean is_covered_by(GMimeHeaderList *headers, const Verified *one)
{
	int count = MIN(g_mime_header_list_get_count(headers), MAX_HEADERS), meant = 0, good = 0;

	for (int i = 0; i < count; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		if (g_ascii_strcasecmp(g_mime_header_get_name(header), "DKIM-Signature") != 0 ||
		    !is_meant(one, g_mime_header_get_value(header)))
			continue;
		g_autofree char *fields = tag_of(g_mime_header_get_value(header), "h");
		meant++;
		good += fields && covers(fields);
	}
	return meant > 0 && good == meant;
}

static char *without_comments(const char *text)
{
	GString *out = g_string_new(NULL);
	int depth = 0;

	for (; *text; text++) {
		depth += *text == '(';
		if (depth == 0)
			g_string_append_c(out, *text);
		depth -= *text == ')' && depth > 0;
	}
	return g_string_free(out, FALSE);
}

/* "dkim=pass header.d=shop.example header.s=a header.b=abc"; FALSE when it is none that passed. */
static gboolean read_verified(const char *result, Verified *one)
{
	g_auto(GStrv) words = g_strsplit_set(result, " \t\r\n", 50);
	gboolean passed = FALSE;

	*one = (Verified){ NULL, NULL, NULL };
	for (char **word = words; *word; word++) {
		const char *value = strchr(*word, '=');
		if (!value)
			continue;
		g_autofree char *bare = g_strdup(value + 1);
		value = g_strstrip(g_strdelimit(bare, "\"", ' '));
		passed |= g_ascii_strcasecmp(*word, "dkim=pass") == 0;
		if (g_ascii_strncasecmp(*word, "header.d=", 9) == 0)
			set_once(&one->domain, value);
		if (g_ascii_strncasecmp(*word, "header.s=", 9) == 0)
			set_once(&one->selector, value);
		if (g_ascii_strncasecmp(*word, "header.b=", 9) == 0)
			set_once(&one->beginning, value);
	}
	return passed && one->domain;
}

static SnCover cover_of(GMimeHeaderList *headers, const char *authentication)
{
	if (!authentication)
		return SN_COVER_UNKNOWN;
	/* A signature covers the last of several fields; which one a reader takes is another matter. */
	if (count_of(headers, field_uris) != 1 || count_of(headers, field_post) != 1)
		return SN_COVER_NO;
	g_autofree char *text = without_comments(authentication);
	g_auto(GStrv) results = g_strsplit(text, ";", 50);
	gboolean covered = FALSE;
	for (char **result = results; *result && !covered; result++) {
		Verified one;
		covered = read_verified(*result, &one) && is_covered_by(headers, &one);
		verified_clear(&one);
	}
	return covered ? SN_COVER_YES : SN_COVER_NO;
}

SnUnsubscribe *sn_mail_unsubscribe(GBytes *raw, const char *authentication)
{
	g_autoptr(GBytes) head = head_of(raw);
	g_autoptr(GString) notice = g_string_new(NULL);
	g_autoptr(SnMimeMessage) opened = sn_mime_open(head, notice);

	if (!opened)
		return NULL;
	GMimeObject *object = GMIME_OBJECT(opened->message);
	const char *uris = g_mime_object_get_header(object, field_uris);
	const char *post = g_mime_object_get_header(object, field_post);
	g_autoptr(SnUnsubscribe) offer = g_new0(SnUnsubscribe, 1);
	g_autofree char *said = post ? tidy_uri(post, strlen(post)) : NULL;
	if (uris)
		take_uris(offer, uris);
	if (!said || g_ascii_strcasecmp(said, SN_UNSUBSCRIBE_FORM) != 0)
		g_clear_pointer(&offer->post, g_free);
	if (!offer->page && !offer->mailto)
		return NULL;
	offer->cover = cover_of(g_mime_object_get_header_list(object), authentication);
	return g_steal_pointer(&offer);
}
