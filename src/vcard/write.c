/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * write.c - cards of our own, and addresses added to those of others. A card that another program
 * wrote is never written anew, since much in it means something to that program alone: lines are put
 * in before its end, and nothing else is touched.
 */
#include <string.h>

#include "src/text/text.h"
#include "src/vcard/vcard.h"

enum { LINE = 75 /* octets, RFC 6350 section 3.2 */ };

/* One content line, folded between characters. */
static void append_line(GString *out, const char *line)
{
	gsize room = LINE;

	while (strlen(line) > room) {
		gsize cut = room;
		while (cut > 1 && ((guchar)line[cut] & 0xc0) == 0x80)
			cut--;
		g_string_append_len(out, line, (gssize)cut);
		g_string_append(out, "\r\n ");
		line += cut;
		room = LINE - 1; /* the blank counts */
	}
	g_string_append(out, line);
	g_string_append(out, "\r\n");
}

/* RFC 6350 section 3.4, RFC 2426 section 5. */
static void append_text(GString *out, const char *property, const char *value)
{
	g_autofree char *clean = sn_text_clean_line(value, -1);
	g_autoptr(GString) line = g_string_new(property);

	for (const char *c = clean; *c; c++) {
		if (strchr("\\,;", *c))
			g_string_append_c(line, '\\');
		g_string_append_c(line, *c);
	}
	append_line(out, line->str);
}

/* RFC 5122: what a URI may not hold is escaped. */
static char *uri_of(const char *jid)
{
	g_autofree char *escaped = g_uri_escape_string(jid, "!$&'()*+,;=@", FALSE);

	return g_strconcat("xmpp:", escaped, NULL);
}

char *sn_vcard_format(const SnVcard *vcard, SnVcardVersion version)
{
	GString *out = g_string_new("BEGIN:VCARD\r\n");
	const char *name = vcard->name                       ? vcard->name
			   : vcard->mails && vcard->mails[0] ? vcard->mails[0]
			   : vcard->jids && vcard->jids[0]   ? vcard->jids[0]
							     : "";
	gboolean four = version == SN_VCARD_4;

	append_line(out, four ? "VERSION:4.0" : "VERSION:3.0");
	if (vcard->uid)
		append_text(out, "UID:", vcard->uid);
	append_text(out, "FN:", name);
	/* Required by RFC 2426; where the family name ends nobody can know. */
	if (!four) {
		g_autoptr(GString) line = g_string_new(NULL);
		append_text(line, "N:", name);
		g_string_truncate(line, line->len - 2);
		g_string_append(line, ";;;;\r\n");
		g_string_append(out, line->str);
	}
	for (int i = 0; vcard->mails && vcard->mails[i]; i++)
		append_text(out, four && i == 0 ? "EMAIL;PREF=1:" : "EMAIL:", vcard->mails[i]);
	for (int i = 0; vcard->jids && vcard->jids[i]; i++) {
		g_autofree char *uri = uri_of(vcard->jids[i]);
		g_autofree char *line =
			g_strconcat(four && i == 0 ? "IMPP;PREF=1:" : "IMPP:", uri, NULL);
		append_line(out, line);
	}
	append_line(out, "END:VCARD");
	return g_string_free(out, FALSE);
}

/* ---- in place ---- */

static gboolean has(char *const *list, const char *value)
{
	for (; list && *list; list++)
		if (g_ascii_strcasecmp(*list, value) == 0)
			return TRUE;
	return FALSE;
}

static gboolean shares_one(char *const *some, char *const *others)
{
	for (; some && *some; some++)
		if (has(others, *some))
			return TRUE;
	return FALSE;
}

/* Whether the line at `at` says this, whatever case. */
static gboolean says(const char *at, const char *words)
{
	gsize length = strlen(words);

	return g_ascii_strncasecmp(at, words, length) == 0 &&
	       strspn(at + length, " \t\r") == strcspn(at + length, "\n");
}

/* The lines that the card lacks, with the line ends it has; "" when it has all. */
static char *missing_lines(const SnVcard *card, const char *text, gsize length, const SnVcard *wanted)
{
	GString *out = g_string_new(NULL);
	g_autofree char *own = g_strndup(text, length);
	gboolean old = strstr(own, "VERSION:2") != NULL;
	gboolean crlf = strstr(own, "\r\n") != NULL;

	for (char *const *mail = wanted->mails; mail && *mail; mail++)
		if (!has(card->mails, *mail))
			append_text(out, old ? "EMAIL;INTERNET:" : "EMAIL:", *mail);
	for (char *const *jid = wanted->jids; jid && *jid; jid++) {
		g_autofree char *uri = uri_of(*jid);
		g_autofree char *line = g_strconcat(old ? "X-JABBER:" : "IMPP:", old ? *jid : uri, NULL);
		if (!has(card->jids, *jid))
			append_line(out, line);
	}
	if (!crlf)
		g_string_replace(out, "\r\n", "\n", 0);
	return g_string_free(out, FALSE);
}

typedef struct {
	const char *start, *end; /* of the card; end: its END line */
	SnVcard *card;
} Place;

static void place_clear(gpointer data)
{
	sn_vcard_free(((Place *)data)->card);
}

/* Where each card that can be read lies in the text. */
static GArray *find_cards(const char *text)
{
	GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));
	const char *start = NULL;

	g_array_set_clear_func(places, place_clear);
	for (const char *at = text, *next; *at; at = next) {
		gsize length = strcspn(at, "\n");
		next = at + length + (at[length] == '\n');
		if (says(at, "BEGIN:VCARD"))
			start = at;
		if (!says(at, "END:VCARD") || !start)
			continue;
		g_autofree char *one = g_strndup(start, (gsize)(next - start));
		g_autoptr(GPtrArray) cards = sn_vcard_parse(one, NULL, NULL);
		Place place = { start, at, NULL };
		if (cards->len)
			place.card = g_ptr_array_steal_index(cards, 0);
		if (place.card)
			g_array_append_val(places, place);
		start = NULL;
	}
	return places;
}

char *sn_vcard_complete(const char *text, const SnVcard *vcard, gboolean *found)
{
	g_autoptr(GArray) places = find_cards(text);
	const Place *best = NULL;

	for (guint i = 0; i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		if (vcard->uid && g_strcmp0(place->card->uid, vcard->uid) == 0) {
			best = place;
			break;
		}
		if (!best && (shares_one(vcard->mails, place->card->mails) ||
			      shares_one(vcard->jids, place->card->jids)))
			best = place;
	}
	if (found)
		*found = best != NULL;
	if (!best)
		return NULL;
	g_autofree char *lines =
		missing_lines(best->card, best->start, (gsize)(best->end - best->start), vcard);
	if (!*lines)
		return NULL;
	g_autofree char *before = g_strndup(text, (gsize)(best->end - text));
	return g_strconcat(before, lines, best->end, NULL);
}
