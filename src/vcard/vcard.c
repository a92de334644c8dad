/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/vcard/vcard.h"

/* Its own headers use what GLib has deprecated. */
G_GNUC_BEGIN_IGNORE_DEPRECATIONS
#include <libebook-contacts/libebook-contacts.h>
G_GNUC_END_IGNORE_DEPRECATIONS
#include <string.h>

#include "src/text/text.h"

#define MAX_TEXT (64 * 1024 * 1024)
#define MAX_CARD (8 * 1024 * 1024) /* a card with a photo */
#define MAX_CARDS 100000
#define MAX_VALUES 100
#define NO_PREFERENCE 101 /* RFC 6350: 1 is the most preferred, 100 the least */

typedef struct {
	char *value;
	int preference;
} Ranked;

static void clear_ranked(gpointer data)
{
	g_free(((Ranked *)data)->value);
}

void sn_vcard_free(SnVcard *vcard)
{
	if (!vcard)
		return;
	g_free(vcard->uid);
	g_free(vcard->name);
	g_strfreev(vcard->mails);
	g_strfreev(vcard->jids);
	g_strfreev(vcard->unsure);
	g_free(vcard->file);
	g_free(vcard);
}

/* ---- attributes ---- */

static gboolean is_named(EVCardAttribute *attribute, const char *name)
{
	const char *own = e_vcard_attribute_get_name(attribute);

	return own && g_ascii_strcasecmp(own, name) == 0;
}

/* All parts of a value: what stands behind a semicolon is a part of its own to EVCard. */
static char *value_of(EVCardAttribute *attribute, guint part)
{
	GList *values = e_vcard_attribute_get_values_decoded(attribute);
	const GString *value = g_list_nth_data(values, part);
	g_autofree char *clean = value ? sn_text_clean_line(value->str, (gssize)value->len) : NULL;

	return clean && *clean ? g_steal_pointer(&clean) : NULL;
}

/* vCard 4: PREF=1. vCard 3: TYPE=pref. vCard 2.1: a bare PREF. */
static int preference_of(EVCardAttribute *attribute)
{
	for (GList *l = e_vcard_attribute_get_params(attribute); l; l = l->next) {
		const char *name = e_vcard_attribute_param_get_name(l->data);
		GList *values = e_vcard_attribute_param_get_values(l->data);
		if (g_ascii_strcasecmp(name, "PREF") == 0) {
			gint64 rank = values ? g_ascii_strtoll(values->data, NULL, 10) : 1;
			return (int)CLAMP(rank, 1, 100);
		}
		for (GList *v = values; v; v = v->next)
			if (g_ascii_strcasecmp(name, "TYPE") == 0 &&
			    g_ascii_strcasecmp(v->data, "pref") == 0)
				return 1;
	}
	return NO_PREFERENCE;
}

/* Does a parameter name the service: X-SERVICE-TYPE=Jabber, TYPE=xmpp? */
static gboolean says_xmpp(EVCardAttribute *attribute)
{
	static const char *const words[] = { "xmpp",       "jabber",     "googletalk", "gtalk",
					     "google-talk", "google talk", "x-jabber",   "x-xmpp" };

	for (GList *l = e_vcard_attribute_get_params(attribute); l; l = l->next)
		for (GList *v = e_vcard_attribute_param_get_values(l->data); v; v = v->next)
			for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
				if (g_ascii_strcasecmp(v->data, words[i]) == 0)
					return TRUE;
	return FALSE;
}

/* Does one name a place or a preference only (TYPE=home), so that the service is left open? */
static gboolean names_no_service(EVCardAttribute *attribute)
{
	static const char *const places[] = { "home", "work", "other", "pref",     "personal",
					      "cell", "mobile", "business", "internet", "x-other" };

	for (GList *l = e_vcard_attribute_get_params(attribute); l; l = l->next) {
		const char *name = e_vcard_attribute_param_get_name(l->data);
		if (g_ascii_strcasecmp(name, "X-SERVICE-TYPE") == 0)
			return FALSE;
		if (g_ascii_strcasecmp(name, "TYPE") != 0)
			continue;
		for (GList *v = e_vcard_attribute_param_get_values(l->data); v; v = v->next) {
			gboolean place = FALSE;
			for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
				place = place || g_ascii_strcasecmp(v->data, places[i]) == 0;
			if (!place)
				return FALSE;
		}
	}
	return TRUE;
}

/* ---- addresses ---- */

/* A bare JID or an email address, or NULL. */
static char *checked_address(const char *text)
{
	const char *at = strchr(text, '@');

	if (!at || at == text || !at[1] || strchr(at + 1, '@') || strpbrk(text, " \t<>\"',;") ||
	    strlen(text) > 1000)
		return NULL;
	return g_strdup(text);
}

/*
 * "xmpp:bob@x", "xmpp:bob%40x", "xmpp://bob@x", "bob@x/home", "xmpp:bob@x?message" and the like.
 * Without a scheme it counts only where something else says that it is a JID (`assured`).
 */
static char *jid_of(const char *value, gboolean assured)
{
	static const char *const schemes[] = { "xmpp:", "jabber:", "x-apple:" };
	g_autofree char *colon = strchr(value, ':') ? g_strdup(value)
						    : g_uri_unescape_string(value, NULL);
	const char *start = colon ? colon : "";

	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (g_ascii_strncasecmp(start, schemes[i], strlen(schemes[i])) == 0) {
			/* Apple writes its own scheme before whatever service it is. */
			assured = assured || strcmp(schemes[i], "x-apple:") != 0;
			start += strlen(schemes[i]);
			break;
		}
	while (*start == '/')
		start++;
	g_autofree char *escaped = g_strndup(start, strcspn(start, "/?;#"));
	g_autofree char *plain = g_uri_unescape_string(escaped, NULL); /* NULL: broken, or %00 */
	g_autofree char *bare = plain ? g_strndup(plain, strcspn(plain, "/")) : g_strdup("");
	g_autofree char *clean = sn_text_clean_line(bare, -1);
	if (!assured || strchr(clean, ':'))
		return NULL;
	return checked_address(clean);
}

static char *mail_of(const char *value)
{
	const char *open = strrchr(value, '<');
	const char *close = open ? strchr(open, '>') : NULL;
	g_autofree char *inner =
		close ? g_strndup(open + 1, (gsize)(close - open - 1)) : g_strdup(value);
	const char *start = inner;

	if (g_ascii_strncasecmp(start, "mailto:", 7) == 0)
		start += 7;
	return checked_address(start);
}

static void add_ranked(GArray *list, char *value, int preference)
{
	if (!value)
		return;
	g_assert(preference >= 1 && preference <= NO_PREFERENCE);
	for (guint i = 0; i < list->len; i++) {
		Ranked *entry = &g_array_index(list, Ranked, i);
		if (g_ascii_strcasecmp(entry->value, value) == 0) {
			entry->preference = MIN(entry->preference, preference);
			g_free(value);
			return;
		}
	}
	Ranked entry = { value, preference };
	if (list->len < MAX_VALUES)
		g_array_append_val(list, entry);
	else
		g_free(value);
}

/* By preference; equal ones in the order of the card. */
static char **ranked_values(GArray *list)
{
	GPtrArray *out = g_ptr_array_new();

	for (int rank = 1; rank <= NO_PREFERENCE; rank++)
		for (guint i = 0; i < list->len; i++) {
			Ranked *entry = &g_array_index(list, Ranked, i);
			if (entry->preference == rank)
				g_ptr_array_add(out, g_steal_pointer(&entry->value));
		}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

/* ---- cards ---- */

static char *jid_of_attribute(EVCardAttribute *attribute)
{
	static const char *const old_names[] = { "X-JABBER",      "X-XMPP",      "X-GTALK",
						 "X-GOOGLE-TALK", "X-JABBER-ID", "JABBERID" };
	g_autofree char *value = value_of(attribute, 0);
	gboolean old = FALSE;

	if (!value)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(old_names); i++)
		old = old || is_named(attribute, old_names[i]);
	if (old)
		return jid_of(value, TRUE);
	if (is_named(attribute, "IMPP") || is_named(attribute, "X-IMPP"))
		return jid_of(value, says_xmpp(attribute));
	if (is_named(attribute, "URL") || is_named(attribute, "X-SOCIALPROFILE"))
		return jid_of(value, FALSE);
	return NULL;
}

/* "IMPP:bob@example.test": some write a JID like this, some the name at another service. */
static char *unsure_of_attribute(EVCardAttribute *attribute)
{
	g_autofree char *value = is_named(attribute, "IMPP") && names_no_service(attribute)
					 ? value_of(attribute, 0)
					 : NULL;

	return value && !strchr(value, ':') ? jid_of(value, TRUE) : NULL;
}

typedef struct {
	GArray *mails, *jids, *unsure; /* of Ranked */
} Found;

static void read_attribute(SnVcard *vcard, EVCardAttribute *attribute, const Found *found)
{
	if (is_named(attribute, "UID") && !vcard->uid) {
		vcard->uid = value_of(attribute, 0);
	} else if (is_named(attribute, "FN")) {
		g_autofree char *name = value_of(attribute, 0);
		if (name) {
			g_free(vcard->name);
			vcard->name = g_steal_pointer(&name);
		}
	} else if (is_named(attribute, "N") && !vcard->name) {
		g_autofree char *family = value_of(attribute, 0);
		g_autofree char *given = value_of(attribute, 1);
		vcard->name = given && family ? g_strdup_printf("%s %s", given, family)
					      : g_strdup(given ? given : family);
	} else if (is_named(attribute, "EMAIL")) {
		g_autofree char *value = value_of(attribute, 0);
		if (value)
			add_ranked(found->mails, mail_of(value), preference_of(attribute));
	} else {
		char *jid = jid_of_attribute(attribute);
		add_ranked(jid ? found->jids : found->unsure,
			   jid ? jid : unsure_of_attribute(attribute), preference_of(attribute));
	}
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* The name of a property without its group: "item1.IMPP;TYPE=home:..." */
static char *property_of(const char *line)
{
	gsize length = strspn(line, NAME_CHARACTERS);

	if (line[length] == '.') {
		line += length + 1;
		length = strspn(line, NAME_CHARACTERS);
	}
	return length > 0 && (line[length] == ':' || line[length] == ';') ? g_strndup(line, length)
									  : NULL;
}

/* ";NAME=value,\"value\";NAME2:" */
static gboolean has_good_parameters(const char *line)
{
	const char *at = line + strcspn(line, ";:");

	while (*at == ';') {
		gsize name = strspn(++at, NAME_CHARACTERS);
		at += name;
		if (name == 0 || (*at != '=' && *at != ';' && *at != ':'))
			return FALSE;
		while (*at == '=' || *at == ',') {
			at++;
			if (*at == '"') {
				at = strchr(at + 1, '"');
				if (!at)
					return FALSE;
				at++;
			} else {
				at += strcspn(at, ";:,\"");
			}
		}
	}
	return *at == ':';
}

/* Only the escapes that vCard knows; a backslash before anything else is a mistake. */
static void append_line(GString *out, const char *line)
{
	for (const char *at = line; *at; at++) {
		if (*at != '\\') {
			g_string_append_c(out, *at);
		} else if (at[1] && strchr("nN,;\\", at[1])) {
			g_string_append_len(out, at, 2);
			at++;
		}
	}
	g_string_append(out, "\r\n");
}

/*
 * The lines that are looked at, unfolded and well-formed. The library loses memory at others and
 * complains on standard error; and photos need not be decoded.
 */
static char *wanted_lines(const char *text)
{
	static const char *const wanted[] = {
		"BEGIN",    "END",     "VERSION",         "UID",
		"FN",       "N",       "EMAIL",           "IMPP",
		"X-IMPP",   "URL",     "X-SOCIALPROFILE", "X-JABBER",
		"X-XMPP",   "X-GTALK", "X-GOOGLE-TALK",   "X-JABBER-ID",
		"JABBERID",
	};
	GString *unfolded = g_string_new(text);
	GString *out = g_string_new(NULL);

	g_string_replace(unfolded, "\n ", "", 0);
	g_string_replace(unfolded, "\n\t", "", 0);
	g_auto(GStrv) lines = g_strsplit(unfolded->str, "\n", -1);
	g_string_free(unfolded, TRUE);
	for (char **line = lines; *line; line++) {
		g_autofree char *name = property_of(*line);
		gboolean keep = FALSE;
		for (gsize i = 0; name && i < G_N_ELEMENTS(wanted); i++)
			keep = keep || g_ascii_strcasecmp(name, wanted[i]) == 0;
		if (!keep || !has_good_parameters(*line))
			continue;
		append_line(out, *line);
		/* The soft line end of quoted-printable, which vCard 2.1 uses. */
		gboolean quoted = strstr(*line, "QUOTED-PRINTABLE") != NULL;
		while (quoted && g_str_has_suffix(*line, "=") && line[1])
			append_line(out, *++line);
	}
	return g_string_free(out, FALSE);
}

static GArray *ranked_new(void)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(Ranked));

	g_array_set_clear_func(list, clear_ranked);
	return list;
}

/* FN wins over N wherever it stands: read it last. */
static SnVcard *read_card(const char *text, const char *file)
{
	g_autofree char *wanted = wanted_lines(text);
	EVCard *card = e_vcard_new_from_string(wanted);
	GList *attributes = e_vcard_get_attributes(card);
	Found found = { ranked_new(), ranked_new(), ranked_new() };
	SnVcard *vcard = g_new0(SnVcard, 1);

	for (GList *l = attributes; l; l = l->next)
		if (!is_named(l->data, "FN"))
			read_attribute(vcard, l->data, &found);
	for (GList *l = attributes; l; l = l->next)
		if (is_named(l->data, "FN"))
			read_attribute(vcard, l->data, &found);
	vcard->mails = ranked_values(found.mails);
	vcard->jids = ranked_values(found.jids);
	vcard->unsure = ranked_values(found.unsure);
	vcard->file = g_strdup(file);
	g_array_unref(found.mails);
	g_array_unref(found.jids);
	g_array_unref(found.unsure);
	g_object_unref(card);
	if (!vcard->name && !vcard->mails[0] && !vcard->jids[0])
		g_clear_pointer(&vcard, sn_vcard_free);
	return vcard;
}

/* Valid UTF-8 with \n line ends and no byte order mark; old programs wrote Latin-1. */
static char *readable(const char *text)
{
	gsize length = strnlen(text, MAX_TEXT);
	g_autofree char *utf8 = NULL;

	if (!g_utf8_validate(text, (gssize)length, NULL))
		utf8 = g_convert(text, (gssize)length, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
	return sn_text_clean(utf8 ? utf8 : text, utf8 ? -1 : (gssize)length);
}

/* Whether the line at `at` says this, whatever blanks and case. */
static gboolean line_says(const char *at, const char *words)
{
	gsize length = strlen(words);

	return g_ascii_strncasecmp(at, words, length) == 0 &&
	       strspn(at + length, " \t") == strcspn(at + length, "\n");
}

GPtrArray *sn_vcard_parse(const char *text, const char *file, int *bad)
{
	g_autofree char *clean = readable(text);
	GPtrArray *cards = g_ptr_array_new_with_free_func((GDestroyNotify)sn_vcard_free);
	const char *start = NULL;
	int wrong = 0;

	for (const char *at = clean, *next; *at && cards->len < MAX_CARDS; at = next) {
		gsize length = strcspn(at, "\n");
		next = at + length + (at[length] == '\n');
		if (line_says(at, "BEGIN:VCARD")) {
			wrong += start != NULL; /* the one before never ended */
			start = at;
		} else if (line_says(at, "END:VCARD") && start) {
			g_autofree char *one = g_strndup(start, (gsize)(next - start));
			SnVcard *card = next - start <= MAX_CARD ? read_card(one, file) : NULL;
			if (card)
				g_ptr_array_add(cards, card);
			else
				wrong++;
			start = NULL;
		}
	}
	wrong += start != NULL;
	if (bad)
		*bad = wrong;
	return cards;
}
