/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that mail programs write above what they quote, in the languages they speak. */
#include <string.h>

#include "src/text/text_private.h"

#define MAX_ATTRIBUTION 400 /* bytes; people write longer sentences than programs */

/* How such a line begins, where it has a fixed beginning ... */
static const char *const starts[] = {
	"On ",
	"Am ",
	"Le ",
	"El ",
	"Il ",
	"Em ",
	"Op ",
	"Den ",
	"den ",
	"W dniu ",
	"Dnia ",
	"Dne ",
	"V ",
	"Pe ",
	"\xc3\x8en ",
	"V\xc3\xa0o ",
	"No dia ",
	"A(z) ",
	"Quoting ",
	"At ",
	"Il giorno ",
	"Data ",
	"\xd0\x92 ",
	"D\xc5\x88"
	"a ",
	"Na ",
	"Dana ",
};

/* ... and the verb near its end. */
static const char *const verbs[] = {
	"wrote",
	"writes",
	"schrieb",
	"a \xc3\xa9"
	"crit",
	"escribi\xc3\xb3",
	"ha scritto",
	"escreveu",
	"schreef",
	"skrev",
	"napisa\xc5\x82",
	"pisze",
	"napsal",
	"nap\xc3\xadsal",
	"kirjoitti",
	"\xc3\xadrta",
	"a scris",
	"yazd\xc4\xb1",
	"\xc4\x91\xc3\xa3 vi\xe1\xba\xbft",
	"\xd0\xbf\xd0\xb8\xd1\x81\xd0\xb0\xd0\xbb",
	"\xd0\xbf\xd0\xb8\xd1\x88\xd0\xb5\xd1\x82",
	"\xe5\x86\x99\xe9\x81\x93",
	"\xe5\xaf\xab\xe9\x81\x93",
	"\xe6\x9b\xb8\xe3\x81\x8d\xe3\x81\xbe\xe3\x81\x97\xe3\x81\x9f",
	"\xec\x9e\x91\xec\x84\xb1",
	"napisao",
	"\xce\xad\xce\xb3\xcf\x81\xce\xb1\xcf\x88\xce\xb5",
};

/* "-----Original Message-----": the words between the dashes. */
static const char *const separators[] = {
	"Original Message",
	"Original message",
	"original message",
	"Original-Nachricht",
	"Urspr\xc3\xbcngliche Nachricht",
	"Urspr\xc3\xbcngliche E-Mail",
	"Message d'origine",
	"Message original",
	"Mensaje original",
	"Messaggio originale",
	"Mensagem original",
	"Mensagem Original",
	"Oorspronkelijk bericht",
	"Originalmeddelande",
	"Ursprungligt meddelande",
	"Oprindelig meddelelse",
	"Oprindelig besked",
	"Opprinnelig melding",
	"Wiadomo\xc5\x9b\xc4\x87 oryginalna",
	"Oryginalna wiadomo\xc5\x9b\xc4\x87",
	"P\xc5\xafvodn\xc3\xad zpr\xc3\xa1va",
	"Eredeti \xc3\xbczenet",
	"Alkuper\xc3\xa4inen viesti",
	"Reply message",
	"Forwarded message",
	"Forwarded Message",
	"Begin forwarded message",
	"begin forwarded text",
	"Forwarded message from",
	"Forwarded Message from",
	"Weitergeleitete Nachricht",
	"Message transf\xc3\xa9r\xc3\xa9",
	"Mensaje reenviado",
	"Messaggio inoltrato",
	"Original Email",
	"\xd0\x98\xd1\x81\xd1\x85\xd0\xbe\xd0\xb4\xd0\xbd\xd0\xbe\xd0\xb5 "
	"\xd1\x81\xd0\xbe\xd0\xbe\xd0\xb1\xd1\x89\xd0\xb5\xd0\xbd\xd0\xb8\xd0\xb5",
	"\xe5\x8e\x9f\xe5\xa7\x8b\xe9\x82\xae\xe4\xbb\xb6",
	"\xe5\x85\x83\xe3\x81\xae\xe3\x83\xa1\xe3\x83\x83\xe3\x82\xbb\xe3\x83\xbc\xe3\x82\xb8",
};

/* The header names that Outlook and others put above a quoted message, by what they mean. */
typedef enum {
	FIELD_NONE = 0,
	FIELD_FROM = 1,
	FIELD_DATE = 2,
	FIELD_TO = 4,
	FIELD_SUBJECT = 8
} Field;
static const struct {
	const char *name;
	Field field;
} fields[] = {
	{ "From", FIELD_FROM },
	{ "Von", FIELD_FROM },
	{ "De", FIELD_FROM },
	{ "Da", FIELD_FROM },
	{ "Van", FIELD_FROM },
	{ "Fra", FIELD_FROM },
	{ "Fr\xc3\xa5n", FIELD_FROM },
	{ "Od", FIELD_FROM },
	{ "Felad\xc3\xb3", FIELD_FROM },
	{ "L\xc3\xa4hett\xc3\xa4j\xc3\xa4", FIELD_FROM },
	{ "\xd0\x9e\xd1\x82", FIELD_FROM },
	{ "\xe5\x8f\x91\xe4\xbb\xb6\xe4\xba\xba", FIELD_FROM },
	{ "\xe5\xb7\xae\xe5\x87\xba\xe4\xba\xba", FIELD_FROM },
	{ "Sent", FIELD_DATE },
	{ "Date", FIELD_DATE },
	{ "Gesendet", FIELD_DATE },
	{ "Datum", FIELD_DATE },
	{ "Envoy\xc3\xa9", FIELD_DATE },
	{ "Envoy\xc3\xa9 le", FIELD_DATE },
	{ "Message du", FIELD_DATE },
	{ "Enviado", FIELD_DATE },
	{ "Enviado el", FIELD_DATE },
	{ "Enviada em", FIELD_DATE },
	{ "Fecha", FIELD_DATE },
	{ "Data", FIELD_DATE },
	{ "Inviato", FIELD_DATE },
	{ "Verzonden", FIELD_DATE },
	{ "Sendt", FIELD_DATE },
	{ "Skickat", FIELD_DATE },
	{ "Dato", FIELD_DATE },
	{ "Wys\xc5\x82"
	  "ano",
	  FIELD_DATE },
	{ "\xd0\x94\xd0\xb0\xd1\x82\xd0\xb0", FIELD_DATE },
	{ "\xd0\x9e\xd1\x82\xd0\xbf\xd1\x80\xd0\xb0\xd0\xb2\xd0\xbb\xd0\xb5\xd0\xbd\xd0\xbe",
	  FIELD_DATE },
	{ "\xe5\x8f\x91\xe9\x80\x81\xe6\x97\xb6\xe9\x97\xb4", FIELD_DATE },
	{ "\xe9\x80\x81\xe4\xbf\xa1\xe6\x97\xa5\xe6\x99\x82", FIELD_DATE },
	{ "To", FIELD_TO },
	{ "An", FIELD_TO },
	{ "\xc3\x80", FIELD_TO },
	{ "Para", FIELD_TO },
	{ "A", FIELD_TO },
	{ "Aan", FIELD_TO },
	{ "Til", FIELD_TO },
	{ "Till", FIELD_TO },
	{ "Do", FIELD_TO },
	{ "Reply-To", FIELD_TO },
	{ "Cc", FIELD_TO },
	{ "Copie \xc3\xa0", FIELD_TO },
	{ "CC", FIELD_TO },
	{ "\xd0\x9a\xd0\xbe\xd0\xbc\xd1\x83", FIELD_TO },
	{ "\xe6\x94\xb6\xe4\xbb\xb6\xe4\xba\xba", FIELD_TO },
	{ "\xe5\xae\x9b\xe5\x85\x88", FIELD_TO },
	{ "Subject", FIELD_SUBJECT },
	{ "Betreff", FIELD_SUBJECT },
	{ "Objet", FIELD_SUBJECT },
	{ "Sujet", FIELD_SUBJECT },
	{ "Asunto", FIELD_SUBJECT },
	{ "Oggetto", FIELD_SUBJECT },
	{ "Assunto", FIELD_SUBJECT },
	{ "Onderwerp", FIELD_SUBJECT },
	{ "Emne", FIELD_SUBJECT },
	{ "\xc3\x84mne", FIELD_SUBJECT },
	{ "Temat", FIELD_SUBJECT },
	{ "\xd0\xa2\xd0\xb5\xd0\xbc\xd0\xb0", FIELD_SUBJECT },
	{ "\xe4\xb8\xbb\xe9\xa2\x98", FIELD_SUBJECT },
	{ "\xe4\xbb\xb6\xe5\x90\x8d", FIELD_SUBJECT },
};

/* The lines as one, without quote marks, stars and blanks around. */
static char *join_lines(const char *body, const SnSpan *line, gsize count)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < count; i++) {
		if (i)
			g_string_append_c(text, ' ');
		g_string_append_len(text, body + line[i].start,
				    (gssize)(line[i].end - line[i].start));
	}
	g_strdelimit(text->str, "\t*", ' ');
	/* Zoho puts it between dashes. */
	gsize end = text->len;
	while (end > 4 && (text->str[end - 1] == '-' || text->str[end - 1] == ' '))
		end--;
	gsize start = strspn(text->str, " ");
	gsize dashes = strspn(text->str + start, "-");
	if (dashes >= 3 && end < text->len && end > start + dashes) {
		g_string_truncate(text, end);
		g_string_erase(text, 0, (gssize)(start + dashes));
	}
	return g_strstrip(g_string_free(text, FALSE));
}

static gsize digits(const char *text)
{
	gsize count = 0;

	for (; *text; text++)
		count += g_ascii_isdigit(*text) != 0;
	return count;
}

static gboolean starts_known(const char *text)
{
	for (gsize i = 0; i < G_N_ELEMENTS(starts); i++)
		if (g_str_has_prefix(text, starts[i]))
			return TRUE;
	return FALSE;
}

/* The verb, if nothing but a name or address follows it. */
static const char *find_verb(const char *text)
{
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		const char *verb = g_strrstr(text, verbs[i]);
		if (verb && verb > text)
			return verb;
	}
	return NULL;
}

static gboolean ends_with_colon(const char *text)
{
	return g_str_has_suffix(text, ":") || g_str_has_suffix(text, "\xef\xbc\x9a");
}

static gboolean ends_with_verb(const char *text)
{
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (g_str_has_suffix(text, verbs[i]))
			return TRUE;
	return FALSE;
}

/* "16:32", "17.50" */
static gboolean has_time(const char *text)
{
	for (const char *at = text; (at = strpbrk(at, ":.")); at++)
		if (at > text && g_ascii_isdigit(at[-1]) && g_ascii_isdigit(at[1]) &&
		    g_ascii_isdigit(at[2]))
			return TRUE;
	return FALSE;
}

static SnAttribution classify(const char *text)
{
	gboolean address = strchr(text, '@') != NULL;

	if (strlen(text) > MAX_ATTRIBUTION)
		return SN_NO_ATTRIBUTION;
	if (!ends_with_colon(text)) /* Zoho leaves it out */
		return address && has_time(text) && starts_known(text) && ends_with_verb(text)
			       ? SN_STRONG_ATTRIBUTION
			       : SN_NO_ATTRIBUTION;
	/* Yandex and others: date, time, name and address, and no verb at all */
	if (address && has_time(text) && g_str_has_suffix(text, ">:"))
		return SN_STRONG_ATTRIBUTION;
	const char *verb = find_verb(text);
	if (!verb)
		return SN_NO_ATTRIBUTION;
	/* A person may write "At 10:00 I wrote:"; a program gives a date or an address. */
	if ((address || digits(text) >= 5) &&
	    (starts_known(text) || address || g_ascii_isdigit(*text)) && strlen(verb) < 100)
		return SN_STRONG_ATTRIBUTION;
	return strlen(text) < 120 ? SN_WEAK_ATTRIBUTION : SN_NO_ATTRIBUTION;
}

/* Cheap way out: nearly every line of nearly every mail is none. */
static gboolean may_end_attribution(const char *body, const SnSpan *line)
{
	gsize end = line->end;

	while (end > line->start && (body[end - 1] == ' ' || body[end - 1] == '*'))
		end--;
	if (end == line->start)
		return FALSE;
	return body[end - 1] == ':' || body[end - 1] == '\x9a' ||
	       memchr(body + line->start, '@', end - line->start);
}

/* One that a program broke over lines starts like one, and no later line of it does. */
static gboolean is_broken_well(const char *body, const SnSpan *line, gsize count)
{
	g_autofree char *first = join_lines(body, line, 1);

	if (digits(first) == 0 ||
	    !(starts_known(first) || g_ascii_isdigit(*first) || has_time(first)))
		return FALSE;
	for (gsize i = 1; i < count; i++) {
		g_autofree char *later = join_lines(body, line + i, 1);
		gsize inner;
		if (starts_known(later) &&
		    sn_text_attribution(body, line + i, count - i, &inner) == SN_STRONG_ATTRIBUTION)
			return FALSE;
	}
	return TRUE;
}

SnAttribution sn_text_attribution(const char *body, const SnSpan *line, gsize count, gsize *used)
{
	for (*used = 1; *used <= MIN(count, 4); ++*used) {
		const SnSpan *last = line + *used - 1;
		gboolean broken_address = *used > 1 && last->end - last->start == 2 &&
					  memcmp(body + last->start, ">:", 2) == 0;
		if (last->end == last->start || (body[last->start] == '>' && !broken_address))
			break;
		if (!may_end_attribution(body, last))
			continue;
		g_autofree char *text = join_lines(body, line, *used);
		SnAttribution found = classify(text);
		if (found == SN_NO_ATTRIBUTION)
			continue;
		if (*used == 1 ||
		    (found == SN_STRONG_ATTRIBUTION && is_broken_well(body, line, *used)))
			return found;
		break;
	}
	*used = 0;
	return SN_NO_ATTRIBUTION;
}

gboolean sn_text_is_separator(const char *text, gsize length)
{
	gsize dashes = 0;

	while (dashes < length && (text[dashes] == '-' || text[dashes] == ' '))
		dashes++;
	if (dashes < 3 || length > 100)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(separators); i++) {
		gsize words = strlen(separators[i]);
		if (length - dashes >= words &&
		    memcmp(text + dashes, separators[i], words) == 0 &&
		    strspn(text + dashes + words, " -") >= length - dashes - words)
			return TRUE;
	}
	return FALSE;
}

static Field field_of(const char *text, gsize length)
{
	while (length && (*text == ' ' || *text == '\t' || *text == '*')) {
		text++;
		length--;
	}
	const char *colon = memchr(text, ':', MIN(length, 24));
	if (!colon) {
		/* French puts a (no-break) space before it, Chinese uses a wide one. */
		colon = memmem(text, MIN(length, 24), "\xef\xbc\x9a", 3);
		if (!colon)
			return FIELD_NONE;
	}
	gsize name = (gsize)(colon - text);
	while (name && strchr(" *\xc2\xa0", text[name - 1]))
		name--;
	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		if (strlen(fields[i].name) == name && memcmp(text, fields[i].name, name) == 0)
			return fields[i].field;
	return FIELD_NONE;
}

/* Outlook breaks long addresses; the rest then stands on a line of its own. */
static gboolean continues_field(const char *text, gsize length)
{
	return length > 2 && (*text == '<' || *text == ' ' || *text == '\t') &&
	       memchr(text, '@', length);
}

gboolean sn_text_ends_forwarded(const char *text, gsize length)
{
	return length > 10 && length < 80 && strspn(text, "-") >= 3 &&
	       (g_strstr_len(text, (gssize)length, "end forwarded") ||
	        g_strstr_len(text, (gssize)length, "End forwarded") ||
	        g_strstr_len(text, (gssize)length, "End of forwarded"));
}

gsize sn_text_header_block(const char *body, const SnSpan *line, gsize count, gboolean separated)
{
	guint seen = 0;
	gsize used = 0, fields_seen = 0;

	for (; used < MIN(count, 14); used++) {
		const char *text = body + line[used].start;
		gsize length = line[used].end - line[used].start;
		Field field = field_of(text, length);
		if (used == 0 && (field == FIELD_NONE || field == FIELD_TO))
			return 0;
		if (field == FIELD_NONE && !continues_field(text, length))
			break;
		seen |= field;
		fields_seen += field != FIELD_NONE;
	}
	/* Sender and date are what a program never leaves out; three make it certain. */
	guint also = separated ? FIELD_DATE | FIELD_SUBJECT : FIELD_DATE;
	return fields_seen >= 3 && (seen & FIELD_FROM) && (seen & also) ? used : 0;
}
