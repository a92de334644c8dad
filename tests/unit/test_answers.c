/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What counts as an answer to "Is now a good time? Reply now, later or email.", and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "src/engine/answers.h"

typedef struct {
	const char *text;
	SnAnswer answer;
	gboolean weak; /* only right after the question */
} Said;

#define NOW SN_ANSWER_NOW
#define LATER SN_ANSWER_LATER
#define MAIL SN_ANSWER_MAIL
#define NONE SN_ANSWER_NONE

static const Said said[] = {
	/* the words of the question and of its buttons */
	{ "now", NOW }, { "later", LATER }, { "email", MAIL },
	{ "Now", NOW }, { "LATER", LATER }, { "Email.", MAIL },
	/* in other words */
	{ "now please", NOW }, { "ok, now", NOW }, { "OK now", NOW }, { "yes, now!", NOW },
	{ "Sure, go ahead", NOW }, { "now is fine, thanks", NOW }, { "right now", NOW },
	{ "send it", NOW }, { "please send it now", NOW }, { "just send it", NOW },
	{ "later please", LATER }, { "later, please :)", LATER }, { "Not now.", LATER },
	{ "not now, sorry", LATER }, { "No, later", LATER }, { "ok, later", LATER },
	{ "sorry, not right now", LATER }, { "maybe later", LATER }, { "another time", LATER },
	{ "not a good time", LATER }, { "It's not a good time", LATER }, { "no - not now", LATER },
	{ "mail me", MAIL }, { "e-mail", MAIL }, { "E-Mail, please", MAIL }, { "by mail", MAIL },
	{ "ok, email me", MAIL }, { "No, email", MAIL }, { "no, by email please", MAIL },
	{ "send me an email", MAIL }, { "Please send it by email, thanks", MAIL },
	{ "email is better", MAIL }, { "yes, by email", MAIL }, { "\"email\"", MAIL },
	{ "> I have a message for you. Is now a good time?\nlater", LATER },
	{ "later \xf0\x9f\x99\x82", LATER },
	/* German */
	{ "jetzt", NOW }, { "ja, jetzt", NOW }, { "Schick los!", NOW }, { "sp\xc3\xa4ter", LATER },
	{ "Spaeter bitte", LATER }, { "nein, sp\xc3\xa4ter", LATER }, { "Nicht jetzt", LATER },
	{ "gerade nicht, danke", LATER }, { "bitte per Mail", MAIL }, { "als E-Mail bitte", MAIL },
	{ "Schick mir eine Mail", MAIL }, { "nein, lieber per Mail", MAIL },
	/* French */
	{ "maintenant", NOW }, { "oui, maintenant", NOW }, { "plus tard", LATER },
	{ "Pas maintenant, merci", LATER }, { "plus tard, s'il te pla\xc3\xaet", LATER },
	{ "par mail", MAIL }, { "par courriel svp", MAIL }, { "Envoie-moi un mail", MAIL },
	/* Spanish */
	{ "ahora", NOW }, { "s\xc3\xad, ahora", NOW }, { "m\xc3\xa1s tarde", LATER },
	{ "Ahora no", LATER }, { "por correo, por favor", MAIL }, { "m\xc3\xa1ndame un correo", MAIL },
	/* standing wishes */
	{ "always email", SN_ANSWER_ALWAYS_MAIL }, { "Always e-mail me", SN_ANSWER_ALWAYS_MAIL },
	{ "email, always", SN_ANSWER_ALWAYS_MAIL }, { "always by email please", SN_ANSWER_ALWAYS_MAIL },
	{ "always later", SN_ANSWER_ALWAYS_LATER }, { "always now", SN_ANSWER_ALWAYS_NOW },
	{ "immer per Mail", SN_ANSWER_ALWAYS_MAIL }, { "toujours par mail", SN_ANSWER_ALWAYS_MAIL },
	{ "siempre por correo", SN_ANSWER_ALWAYS_MAIL },
	/* an answer only as the next thing said */
	{ "yes", NOW, TRUE }, { "ok", NOW, TRUE }, { "Yes please", NOW, TRUE },
	{ "ok thanks", NOW, TRUE }, { "ja, gerne", NONE }, { "Ja", NOW, TRUE }, { "oui", NOW, TRUE },
	{ "no", LATER, TRUE }, { "No, thanks", LATER, TRUE }, { "nein danke", LATER, TRUE },
	{ "busy", LATER, TRUE }, { "I'm in a meeting", LATER, TRUE }, { "tomorrow", LATER, TRUE },
	/* not clearly an answer: it does nothing */
	{ "I will mail you later about the party", NONE },
	{ "I'll mail you later", NONE },
	{ "did you get my email?", NONE },
	{ "now?", NONE }, { "later?", NONE }, { "email me?", NONE }, { "\xc2\xbf" "ahora?", NONE },
	{ "what is it about?", NONE }, { "who is this?", NONE }, { "what", NONE },
	{ "now or later", NONE }, { "now, later", NONE }, { "email or now", NONE },
	{ "no, now", NONE }, { "no email", NONE }, { "no mail please", NONE }, { "nein mail", NONE },
	{ "not by email", NONE }, { "don't email me", NONE }, { "never email me", NONE },
	{ "mail me later", NONE }, { "email later", NONE }, { "later by email", NONE },
	{ "I am later than usual", NONE }, { "see you later", NONE }, { "talk to you later", NONE },
	{ "now I see", NONE }, { "ok see you there", NONE }, { "yes I got it", NONE },
	{ "no idea", NONE }, { "ok but not now and not here", NONE }, { "yes and no", NONE },
	{ "always yes", NONE }, { "always", NONE }, { "always look on the bright side", NONE },
	{ "emails", NONE }, { "e-mailing", NONE }, { "nowhere", NONE }, { "latern", NONE },
	{ "my email is bob@example.org", NONE }, { "mail: bob@example.org", NONE },
	{ "the mail has come now", NONE }, { "thanks", NONE }, { "sorry", NONE }, { "please", NONE },
	{ "hello", NONE }, { "hi, how are you", NONE }, { "\xf0\x9f\x91\x8d", NONE }, { "...", NONE },
	{ "", NONE }, { " ", NONE }, { ",", NONE }, { "?", NONE }, { "!", NONE }, { "-", NONE },
	{ "> later", NONE }, { "> now\n> later", NONE },
	{ "now and then I wonder what a long text with the word now in it would do here", NONE },
	{ "\xff\xfe", NONE }, { "now\xff", NONE },
};

static void each_phrase_means_what_it_says(void **state)
{
	guint negatives = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		gboolean weak = FALSE;
		SnAnswer answer = sn_answer_read(said[i].text, &weak);
		if (answer != said[i].answer)
			fail_msg("\"%s\" is taken for %d, not %d", said[i].text, answer,
			         said[i].answer);
		if (weak != said[i].weak && answer != NONE)
			fail_msg("\"%s\" is %sweak", said[i].text, weak ? "" : "not ");
		negatives += said[i].answer == NONE;
	}
	assert_true(G_N_ELEMENTS(said) >= 140);
	assert_true(negatives >= 50);
	assert_int_equal(sn_answer_parse(NULL), NONE);
}

/* Case, blanks, courtesy and a full stop change nothing; a question mark changes everything. */
static void what_stands_around_does_not_matter(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		if (said[i].answer == NONE || strlen(said[i].text) > 40 || said[i].text[0] == '>')
			continue;
		g_autofree char *upper = g_utf8_strup(said[i].text, -1);
		g_autofree char *wide = g_strdup_printf("  %s .\n", said[i].text);
		g_autofree char *kind = g_strdup_printf("%s, please", said[i].text);
		g_autofree char *quoted = g_strdup_printf("> Reply now, later or email.\n%s", said[i].text);
		g_autofree char *asks = g_strdup_printf("%s ?", said[i].text);
		const char *same[] = { upper, wide, kind, quoted };
		for (gsize j = 0; j < G_N_ELEMENTS(same); j++)
			if (sn_answer_parse(same[j]) != said[i].answer)
				fail_msg("\"%s\" is taken for %d", same[j], sn_answer_parse(same[j]));
		assert_int_equal(sn_answer_parse(asks), NONE);
	}
}

/* No two answers in one text make one. */
static void two_answers_are_none(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(said); i++)
		for (gsize j = 0; j < G_N_ELEMENTS(said); j++) {
			SnAnswer one = sn_answer_plain(said[i].answer);
			SnAnswer two = sn_answer_plain(said[j].answer);
			if (one == NONE || two == NONE || one == two || said[i].weak || said[j].weak ||
			    said[i].text[0] == '>' || said[j].text[0] == '>')
				continue;
			g_autofree char *both =
				g_strdup_printf("%s, %s", said[i].text, said[j].text);
			if (sn_answer_parse(both) != NONE)
				fail_msg("\"%s\" is taken for %d", both, sn_answer_parse(both));
		}
}

static void noise_is_no_answer(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(11);

	for (int round = 0; round < 3000; round++) {
		char text[80];
		gsize length = (gsize)g_rand_int_range(random, 0, 79);
		for (gsize i = 0; i < length; i++)
			text[i] = (char)g_rand_int_range(random, 1, 256);
		text[length] = '\0';
		sn_answer_parse(text); /* must not crash, whatever comes */
	}
	g_autofree char *commas = g_strnfill(59, ','), *long_one = g_strnfill(100000, 'n');
	assert_int_equal(sn_answer_parse(commas), NONE);
	assert_int_equal(sn_answer_parse(long_one), NONE);
}

static void offers_of_others_are_recognised(void **state)
{
	char *ours[] = { (char *)"now", (char *)"later", (char *)"email", NULL };
	char *german[] = { (char *)"Jetzt", (char *)"Sp\xc3\xa4ter", (char *)"Per Mail", NULL };
	char *other[] = { (char *)"now", (char *)"later", NULL };
	char *meeting[] = { (char *)"yes", (char *)"no", (char *)"email", NULL };

	assert_true(sn_answer_is_question(ours));
	assert_true(sn_answer_is_question(german));
	assert_string_equal(sn_answer_among(german, MAIL), "Per Mail");
	/* "restart the server: now / later" is not about our time */
	assert_false(sn_answer_is_question(other));
	assert_null(sn_answer_among(other, MAIL));
	assert_true(sn_answer_is_question(meeting) ==
	            (sn_answer_parse("yes") == NOW && sn_answer_parse("no") == LATER));
	assert_false(sn_answer_is_question(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_phrase_means_what_it_says),
		cmocka_unit_test(what_stands_around_does_not_matter),
		cmocka_unit_test(two_answers_are_none),
		cmocka_unit_test(noise_is_no_answer),
		cmocka_unit_test(offers_of_others_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
