/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answers.c - what a contact's reply to the question means.
 *
 * Only what is clearly an answer counts: the whole text must be a phrase of the table, with nothing
 * around it but courtesy. Whatever else is said is conversation. A phrase that people also use
 * without having been asked ("ok", "yes") is weak: it counts only as the next thing said.
 */
#include <string.h>

#include "src/engine/answers.h"

#define TEXT_MAX 400  /* with what the client quoted */
#define ANSWER_MAX 60 /* longer texts are conversation */

/* Lower case without accents and apostrophes, "e-mail" as "email", words with one blank between. */
static const struct {
	SnAnswer answer;
	gboolean weak;
	const char *phrases; /* with '|' between */
} phrases[] = {
	{ SN_ANSWER_NOW, FALSE,
	  "now|right now|now is fine|now is good|now is ok|now works|now is a good time|yes now|"
	  "go ahead|send it|send it now|send now|just send it|fire away|"
	  "jetzt|jetzt gleich|gleich jetzt|ja jetzt|jetzt passt|jetzt geht|jetzt ist gut|"
	  "schick los|schicks|schick es|her damit|"
	  "maintenant|tout de suite|oui maintenant|"
	  "ahora|ahora mismo|si ahora|envialo|mandalo" },
	{ SN_ANSWER_NOW, TRUE,
	  "yes|yep|yeah|yup|ok|okay|sure|of course|alright|fine|good time|its a good time|"
	  "it is a good time|im here|i am here|im free|i am free|"
	  "ja|klar|gern|gerne|passt|leg los|"
	  "oui|daccord|bien sur|vas y|allez y|envoie|je suis la|"
	  "si|vale|claro|de acuerdo|adelante" },
	{ SN_ANSWER_LATER, FALSE,
	  "later|not now|no not now|not right now|no later|yes later|ok later|maybe later|"
	  "later today|not a good time|its not a good time|bad time|another time|some other time|"
	  "spater|spaeter|nicht jetzt|jetzt nicht|gerade nicht|grad nicht|jetzt keine zeit|"
	  "ein andermal|"
	  "plus tard|pas maintenant|"
	  "mas tarde|ahora no|no ahora no" },
	{ SN_ANSWER_LATER, TRUE,
	  "no|nope|nah|not yet|busy|im busy|i am busy|busy now|busy right now|im busy right now|"
	  "in a meeting|im in a meeting|i am in a meeting|no time|no time now|wait|tomorrow|"
	  "nein|ne|nee|keine zeit|beschaftigt|beschaeftigt|bin beschaftigt|im meeting|"
	  "bin im meeting|morgen|"
	  "non|pas le temps|occupe|occupee|je suis occupe|je suis occupee|en reunion|demain|"
	  "luego|despues|ocupado|ocupada|estoy ocupado|estoy ocupada|en una reunion|manana" },
	{ SN_ANSWER_MAIL, FALSE,
	  "email|mail|by email|by mail|via email|via mail|per email|per mail|as email|as an email|"
	  "as mail|in an email|email me|mail me|mail it|email it|mail it to me|email it to me|"
	  "send email|send an email|send a mail|send me an email|send me a mail|send it by email|"
	  "send it by mail|send it as an email|write me an email|email is better|email is fine|"
	  "mail is better|better by email|better email|rather email|rather by email|"
	  "als mail|als email|per e mail|schick eine mail|schick mir eine mail|"
	  "schreib eine mail|schreib mir eine mail|schick eine email|schick mir eine email|"
	  "lieber mail|lieber per mail|lieber email|lieber per email|"
	  "courriel|par mail|par email|par courriel|par e mail|envoie un mail|envoie moi un mail|"
	  "envoyez un mail|envoyez moi un mail|plutot par mail|"
	  "correo|por correo|por email|por mail|por e mail|por correo electronico|"
	  "correo electronico|mandame un correo|enviame un correo|mandame un email|"
	  "enviame un email|mejor por correo" },
};

/* Words that mean "in every such case", before or behind a phrase. */
static const char *const always[] = { "always", "immer", "toujours", "siempre" };

/* Courtesy may stand at either end. */
static const char *const polite[] = {
	"please", "pls", "plz", "thanks", "thx", "thank you", "many thanks", "sorry",
	"bitte", "danke", "danke dir", "leider", "stp", "svp", "sil te plait", "sil vous plait",
	"merci", "desole", "por favor", "porfa", "gracias", "lo siento", "hi", "hello", "hallo",
};

/* A yes or no in front, with a comma behind it: "no, email"; "no email" is something else. */
static const struct {
	const char *word;
	gboolean no, needs_comma;
} openings[] = {
	{ "ok", FALSE, FALSE },   { "okay", FALSE, FALSE }, { "sure", FALSE, FALSE },
	{ "yes", FALSE, FALSE },  { "yeah", FALSE, FALSE }, { "ja", FALSE, FALSE },
	{ "oui", FALSE, FALSE },  { "si", FALSE, FALSE },   { "vale", FALSE, FALSE },
	{ "no", TRUE, TRUE },     { "nope", TRUE, TRUE },   { "nein", TRUE, TRUE },
	{ "non", TRUE, TRUE },
};

/* ---- normal form: words, with "," where the text has a break ---- */

static void add_letter(GString *out, gunichar letter)
{
	if (g_unichar_isalnum(letter)) {
		g_string_append_unichar(out, g_unichar_tolower(letter));
	} else if (g_unichar_ismark(letter) || letter == '\'' || letter == 0x2019) {
		return; /* accents, of the decomposed form; "I'm", "d'accord" */
	} else if (letter == '-' || letter == 0x2010 || letter == 0x2011) {
		g_string_append_c(out, '-');
	} else if (g_unichar_isspace(letter) || letter == '_' || letter == '*' || letter == '"' ||
	           letter == 0xfe0f || letter == 0x200b) {
		g_string_append_c(out, ' ');
	} else {
		g_string_append(out, " , ");
	}
}

/* Lines that the client quoted, before what was typed. */
static const char *skip_quote(const char *text)
{
	while (*text == '>') {
		const char *end = strchr(text, '\n');
		if (!end)
			return "";
		text = end + 1;
	}
	return text;
}

/* Of char *; NULL when it cannot be an answer. */
static GPtrArray *words_of(const char *text)
{
	g_autofree char *plain = NULL;
	g_autoptr(GString) letters = g_string_new(NULL);

	if (!text || strnlen(text, TEXT_MAX + 1) > TEXT_MAX || !g_utf8_validate(text, -1, NULL))
		return NULL;
	text = skip_quote(text);
	plain = g_utf8_normalize(text, -1, G_NORMALIZE_ALL);
	if (!plain || strlen(plain) > ANSWER_MAX)
		return NULL;
	for (const char *c = plain; *c; c = g_utf8_next_char(c)) {
		gunichar letter = g_utf8_get_char(c);
		if (letter == '?' || letter == 0xbf || letter == 0xff1f)
			return NULL; /* a question is no answer */
		add_letter(letters, letter);
	}
	g_auto(GStrv) parts = g_strsplit(letters->str, " ", -1);
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	for (char **part = parts; *part; part++) {
		gboolean comma = strcmp(*part, ",") == 0;
		/* "e-mail" is one word; "yes - later" and "vas-y" are not */
		g_auto(GStrv) halves =
			g_strsplit(strcmp(*part, "e-mail") == 0 ? "email" : *part, "-", -1);
		for (char **half = halves; *half; half++)
			if (**half && !(comma && words->len == 0))
				g_ptr_array_add(words, g_strdup(*half));
	}
	return words;
}

/* ---- taking off what stands around ---- */

/* The number of words of `phrase` that stand at `at`; 0 when they do not. */
static guint stands_at(const GPtrArray *words, guint at, const char *phrase)
{
	g_auto(GStrv) wanted = g_strsplit(phrase, " ", -1);
	guint count = g_strv_length(wanted);

	if (at + count > words->len)
		return 0;
	for (guint i = 0; i < count; i++)
		if (strcmp(words->pdata[at + i], wanted[i]) != 0)
			return 0;
	return count;
}

static void trim_commas(GPtrArray *words)
{
	while (words->len && strcmp(words->pdata[0], ",") == 0)
		g_ptr_array_remove_index(words, 0);
	while (words->len && strcmp(words->pdata[words->len - 1], ",") == 0)
		g_ptr_array_remove_index(words, words->len - 1);
}

/* TRUE when one of the phrases stood at an end. */
static gboolean take_off(GPtrArray *words, const char *const *list, gsize count)
{
	for (gsize i = 0; i < count; i++) {
		guint length = stands_at(words, 0, list[i]);
		if (length && length < words->len) {
			g_ptr_array_remove_range(words, 0, length);
			trim_commas(words);
			return TRUE;
		}
		g_auto(GStrv) parts = g_strsplit(list[i], " ", -1);
		length = g_strv_length(parts);
		if (words->len > length && stands_at(words, words->len - length, list[i])) {
			g_ptr_array_remove_range(words, words->len - length, length);
			trim_commas(words);
			return TRUE;
		}
	}
	return FALSE;
}

static SnAnswer find_phrase(const GPtrArray *words, gboolean *weak)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < words->len; i++)
		g_string_append_printf(text, "%s%s", text->len ? " " : "",
		                       (char *)words->pdata[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(phrases) && text->len; i++) {
		g_auto(GStrv) list = g_strsplit(phrases[i].phrases, "|", -1);
		if (!g_strv_contains((const char *const *)list, text->str))
			continue;
		*weak = phrases[i].weak;
		return phrases[i].answer;
	}
	return SN_ANSWER_NONE;
}

/* "no, email": the phrase without its opening. "no, now" says two things, so it says nothing. */
static SnAnswer without_opening(GPtrArray *words, gboolean *weak)
{
	for (gsize i = 0; i < G_N_ELEMENTS(openings); i++) {
		gboolean comma = words->len > 2 && strcmp(words->pdata[1], ",") == 0;
		if (words->len < 2 || strcmp(words->pdata[0], openings[i].word) != 0 ||
		    (openings[i].needs_comma && !comma))
			continue;
		g_ptr_array_remove_range(words, 0, comma ? 2 : 1);
		SnAnswer answer = find_phrase(words, weak);
		if (*weak || (openings[i].no && answer == SN_ANSWER_NOW))
			return SN_ANSWER_NONE;
		return answer;
	}
	return SN_ANSWER_NONE;
}

static SnAnswer always_so(SnAnswer answer)
{
	switch (answer) {
	case SN_ANSWER_NOW: return SN_ANSWER_ALWAYS_NOW;
	case SN_ANSWER_LATER: return SN_ANSWER_ALWAYS_LATER;
	case SN_ANSWER_MAIL: return SN_ANSWER_ALWAYS_MAIL;
	default: return answer;
	}
}

SnAnswer sn_answer_read(const char *text, gboolean *weak)
{
	g_autoptr(GPtrArray) words = words_of(text);
	gboolean is_weak = FALSE, standing = FALSE;
	SnAnswer answer;

	if (!words)
		return SN_ANSWER_NONE;
	trim_commas(words);
	/* each round takes words off, so it ends */
	for (guint rounds = words->len; rounds > 0; rounds--)
		if (!take_off(words, polite, G_N_ELEMENTS(polite)))
			break;
	answer = find_phrase(words, &is_weak);
	if (answer == SN_ANSWER_NONE)
		standing = take_off(words, always, G_N_ELEMENTS(always));
	if (answer == SN_ANSWER_NONE)
		answer = find_phrase(words, &is_weak);
	if (answer == SN_ANSWER_NONE)
		answer = without_opening(words, &is_weak);
	if (standing)
		answer = is_weak ? SN_ANSWER_NONE : always_so(answer);
	if (weak)
		*weak = is_weak;
	return answer;
}

SnAnswer sn_answer_parse(const char *text)
{
	return sn_answer_read(text, NULL);
}

/* ---- the other way round: what others offer as answers ---- */

SnAnswer sn_answer_plain(SnAnswer answer)
{
	switch (answer) {
	case SN_ANSWER_ALWAYS_NOW: return SN_ANSWER_NOW;
	case SN_ANSWER_ALWAYS_LATER: return SN_ANSWER_LATER;
	case SN_ANSWER_ALWAYS_MAIL: return SN_ANSWER_MAIL;
	default: return answer;
	}
}

const char *sn_answer_among(char *const *values, SnAnswer answer)
{
	for (gsize i = 0; values && values[i]; i++)
		if (sn_answer_parse(values[i]) == answer)
			return values[i];
	return NULL;
}

gboolean sn_answer_is_question(char *const *values)
{
	return sn_answer_among(values, SN_ANSWER_NOW) && sn_answer_among(values, SN_ANSWER_LATER) &&
	       sn_answer_among(values, SN_ANSWER_MAIL);
}
