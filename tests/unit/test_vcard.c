/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/vcard/vcard.h"

static char *joined(char **list)
{
	return g_strjoinv(" ", list);
}

/* How address books of twenty years write an XMPP address. */
static const struct {
	const char *lines, *jids;
} forms[] = {
	{ "IMPP:xmpp:bob@example.test", "bob@example.test" },
	{ "IMPP;PREF=1:xmpp:bob@example.test", "bob@example.test" },
	{ "impp;type=home,pref:XMPP:bob@example.test", "bob@example.test" },
	{ "IMPP;X-SERVICE-TYPE=xmpp:bob@example.test", "bob@example.test" },
	{ "IMPP;X-SERVICE-TYPE=Jabber;TYPE=HOME;TYPE=pref:x-apple:bob@example.test",
	  "bob@example.test" },
	{ "IMPP;X-SERVICE-TYPE=Jabber:xmpp:bob@example.test", "bob@example.test" },
	{ "IMPP;TYPE=XMPP:bob@example.test", "bob@example.test" },
	{ "IMPP;VALUE=uri:xmpp:bob%40example.test", "bob@example.test" },
	{ "IMPP:xmpp:bob@example.test/laptop?message", "bob@example.test" },
	{ "IMPP:xmpp://bob@example.test", "bob@example.test" },
	{ "IMPP:xmpp\\:bob@example.test", "bob@example.test" },
	{ "item1.IMPP:xmpp:bob@example.test\r\nitem1.X-ABLabel:Jabber", "bob@example.test" },
	{ "X-JABBER:bob@example.test", "bob@example.test" },
	{ "X-JABBER;TYPE=HOME;X-EVOLUTION-UI-SLOT=1:bob@example.test", "bob@example.test" },
	{ "x-jabber;WORK:xmpp:bob@example.test", "bob@example.test" },
	{ "URL:xmpp:bob@example.test", "bob@example.test" },
	{ "IMPP:xmpp:b\r\n ob@example.test", "bob@example.test" },
	{ "IMPP:xmpp:bob@example.test\r\nX-JABBER:bob@example.test", "bob@example.test" },
	{ "X-GTALK:bob@example.test", "bob@example.test" },
	{ "X-GTALK;TYPE=HOME:xmpp:bob@example.test/Talk.v104", "bob@example.test" },
	{ "X-GOOGLE-TALK;TYPE=WORK:bob@example.test", "bob@example.test" },
	{ "IMPP;X-SERVICE-TYPE=Jabber:bob@example.test", "bob@example.test" },
	{ "IMPP;TYPE=jabber,home:bob@example.test", "bob@example.test" },
	{ "IMPP;X-SERVICE-TYPE=\"Google Talk\":xmpp:bob@example.test", "bob@example.test" },
	{ "IMPP;X-SERVICE-TYPE=GoogleTalk;TYPE=HOME:xmpp:bob%40example.test", "bob@example.test" },
	{ "IMPP;TYPE=\"home\",\"pref\":xmpp:bob@example.test", "bob@example.test" },
	{ "IMPP;ALTID=1;PID=1.1;TYPE=personal:xmpp:bob@example.test", "bob@example.test" },
	{ "item12.X-JABBER:bob@example.test\r\nitem12.X-ABLabel:_$!<Home>!$_", "bob@example.test" },
	{ "IMPP;TYPE=home:XMPP:BOB@EXAMPLE.TEST", "BOB@EXAMPLE.TEST" },
	{ "IMPP:jabber:bob@example.test", "bob@example.test" },
	{ "IMPP:xmpp:bob%5c40space@example.test?roster;name=Bob", "bob\\40space@example.test" },
	{ "IMPP:xmpp:b%C3%B6b@example.test", "böb@example.test" },
	{ "IMPP:xm\r\n pp:bob@exa\r\n\tmple.test", "bob@example.test" },
	{ "X-JABBER;ENCODING=QUOTED-PRINTABLE:bob=40example.test", "bob@example.test" },
	{ "IMPP;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:xmpp:bob=40example.test", "bob@example.test" },
	{ "X-SOCIALPROFILE;TYPE=xmpp:xmpp:bob@example.test", "bob@example.test" },
	{ "URL;TYPE=xmpp:xmpp:bob@example.test?message", "bob@example.test" },
	{ "IMPP;PREF=50:xmpp:b@x.test\r\nIMPP;PREF=1:xmpp:a@x.test\r\nIMPP:xmpp:c@x.test",
	  "a@x.test b@x.test c@x.test" },
	{ "IMPP:xmpp:c@x.test\r\nIMPP;TYPE=pref:xmpp:a@x.test", "a@x.test c@x.test" },
	/* and what is none */
	{ "IMPP;X-SERVICE-TYPE=Skype:x-apple:bob@example.test", "" },
	{ "IMPP:sip:bob@example.test", "" },
	{ "IMPP:skype:bob", "" },
	{ "IMPP:xmpp:", "" },
	{ "IMPP:xmpp:@", "" },
	{ "IMPP:xmpp:bob@a@b", "" },
	{ "IMPP:xmpp:evil@x.test%0aX:y@z", "" },
	{ "X-SKYPE:bob@example.test", "" },
	{ "IMPP:bob@example.test", "" },
	{ "IMPP;X-SERVICE-TYPE=MSN:msnim:bob@example.test", "" },
	{ "IMPP;X-SERVICE-TYPE=AIM:bob@example.test", "" },
	{ "IMPP;TYPE=icq:12345", "" },
	{ "IMPP:aim:goim?screenname=bob@example.test", "" },
	{ "IMPP:ymsgr:bob@example.test", "" },
	{ "IMPP;TYPE=xmpp:", "" },
	{ "IMPP;TYPE=xmpp:bob", "" },
	{ "IMPP:xmpp:bob@example.test%00x", "" },
	{ "IMPP:matrix:u/bob:example.test", "" },
	{ "URL:https://bob@example.test/", "" },
	{ "NOTE:xmpp:bob@example.test", "" },
};

static void every_form_of_a_jid_is_understood(void **state)
{
	static const char *const versions[] = { "2.1", "3.0", "4.0" };

	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
		for (gsize v = 0; v < G_N_ELEMENTS(versions); v++)
			for (int unix_ends = 0; unix_ends < 2; unix_ends++) {
				GString *text = g_string_new(NULL);
				int bad = -1;
				g_string_printf(text,
						"BEGIN:VCARD\r\nVERSION:%s\r\nFN:Bob\r\n%s\r\n"
						"END:VCARD\r\n",
						versions[v], forms[i].lines);
				if (unix_ends)
					g_string_replace(text, "\r\n", "\n", 0);
				g_autoptr(GPtrArray) cards = sn_vcard_parse(text->str, "f", &bad);
				assert_int_equal(bad, 0);
				assert_int_equal(cards->len, 1);
				const SnVcard *card = cards->pdata[0];
				g_autofree char *jids = joined(card->jids);
				if (strcmp(jids, forms[i].jids) != 0)
					print_error("%s\n", text->str);
				assert_string_equal(jids, forms[i].jids);
				assert_string_equal(card->name, "Bob");
				g_string_free(text, TRUE);
			}
}

static void names_and_mails_are_read(void **state)
{
	static const char text[] =
		"BEGIN:VCARD\nVERSION:3.0\nUID:urn:uuid:1\nN:Liddell;Alice;;;\nFN:Alice  Liddell\n"
		"EMAIL;TYPE=work:alice@work.test\nitem2.EMAIL;TYPE=INTERNET,pref:mailto:alice@home."
		"test\n"
		"EMAIL:not an address\nEMAIL:Alice <alice@third.test>\nPHOTO;ENCODING=b:AAAA\n "
		"AAAA\n"
		"END:VCARD\n";
	int bad;
	g_autoptr(GPtrArray) cards = sn_vcard_parse(text, "alice.vcf", &bad);

	assert_int_equal(cards->len, 1);
	const SnVcard *card = cards->pdata[0];
	g_autofree char *mails = joined(card->mails);
	assert_string_equal(mails, "alice@home.test alice@work.test alice@third.test");
	assert_string_equal(card->name, "Alice  Liddell");
	assert_string_equal(card->uid, "urn:uuid:1");
	assert_string_equal(card->file, "alice.vcf");
}

static void old_cards_with_other_charsets_are_read(void **state)
{
	g_autoptr(GPtrArray) latin = sn_vcard_parse(
		"BEGIN:VCARD\nVERSION:2.1\nN:M\xfcller;J\xf6rg\nEND:VCARD\n", "f", NULL);
	g_autoptr(GPtrArray) quoted = sn_vcard_parse(
		"BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg=\n"
		" M=C3=BCller\nEND:VCARD\n",
		"f", NULL);

	assert_string_equal(((SnVcard *)latin->pdata[0])->name, "Jörg Müller");
	assert_true(g_str_has_prefix(((SnVcard *)quoted->pdata[0])->name, "Jörg"));
}

static void bad_cards_are_skipped_and_counted(void **state)
{
	static const char text[] = "junk before\nBEGIN:VCARD\nVERSION:3.0\nFN:One\nEND:VCARD\n"
				   "BEGIN:VCARD\nFN:never ends\n"
				   "begin:vcard \nFN:Two\nEMAIL:two@x.test\nend:vcard\n"
				   "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n"
				   "BEGIN:VCARD\n;:;:;;=\n\"\nEND:VCARD\n"
				   "BEGIN:VCARD\nFN:cut off";
	int bad = 0;
	g_autoptr(GPtrArray) cards = sn_vcard_parse(text, "f", &bad);

	assert_int_equal(cards->len, 2);
	assert_string_equal(((SnVcard *)cards->pdata[1])->name, "Two");
	assert_int_equal(bad, 4);
	g_autoptr(GPtrArray) none = sn_vcard_parse("", "f", &bad);
	assert_int_equal(none->len, 0);
	assert_int_equal(bad, 0);
}

/* Without scheme and service nobody can tell whether it is a JID. */
static void what_may_be_a_jid_is_told_apart(void **state)
{
	static const struct {
		const char *line, *unsure;
	} cases[] = {
		{ "IMPP:bob@example.test", "bob@example.test" },
		{ "IMPP;TYPE=home:bob@example.test", "bob@example.test" },
		{ "IMPP;TYPE=work,pref:bob@example.test/x", "bob@example.test" },
		{ "IMPP;X-SERVICE-TYPE=Skype:bob@example.test", "" },
		{ "IMPP;TYPE=msn:bob@example.test", "" },
		{ "IMPP:sip:bob@example.test", "" },
		{ "IMPP:xmpp:bob@example.test", "" },
		{ "IMPP:bob", "" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strdup_printf("BEGIN:VCARD\nVERSION:4.0\nFN:Bob\n%s\n"
							"END:VCARD\n",
							cases[i].line);
		g_autoptr(GPtrArray) cards = sn_vcard_parse(text, "f", NULL);
		g_autofree char *unsure = joined(((SnVcard *)cards->pdata[0])->unsure);
		assert_string_equal(unsure, cases[i].unsure);
	}
}

#define TEXT(text) ((char *)(guintptr)(text))

static void what_is_written_reads_back(void **state)
{
	SnVcard vcard = {
		.uid = TEXT("id-1"),
		.name = TEXT("Jörg; \"Müller\", jr. \\ and a name that is much too long for one line, "
			     "with ümläuts where it is folded äöüäöüäöüäöüäöü\nEND:VCARD"),
		.mails = (char *[]){ TEXT("a@x.test"), TEXT("\"a b\"@x.test"), NULL },
		.jids = (char *[]){ TEXT("j@x.test"), TEXT("jörg#1@x.test"), NULL },
	};

	for (int four = 0; four < 2; four++) {
		g_autofree char *text = sn_vcard_format(&vcard, four ? SN_VCARD_4 : SN_VCARD_3);
		g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
		int bad;
		g_autoptr(GPtrArray) cards = sn_vcard_parse(text, "f", &bad);

		for (char **line = lines; *line; line++) {
			assert_true(strlen(*line) <= 75);
			assert_true(g_utf8_validate(*line, -1, NULL));
			assert_null(strpbrk(*line, "\r\n"));
		}
		assert_int_equal(bad, 0);
		assert_int_equal(cards->len, 1);
		const SnVcard *card = cards->pdata[0];
		g_autofree char *jids = joined(card->jids);
		assert_non_null(strstr(text, four ? "VERSION:4.0" : "VERSION:3.0"));
		assert_string_equal(card->uid, "id-1");
		assert_true(g_str_has_prefix(card->name, "Jörg; \"Müller\", jr. \\ and a name"));
		assert_true(g_str_has_suffix(card->name, "END:VCARD"));
		assert_string_equal(card->mails[0], "a@x.test");
		assert_string_equal(jids, "j@x.test jörg#1@x.test");
	}
}

/* ---- cards of others, completed in place ---- */

static char *complete(const char *text, const char *uid, const char *mail, const char *jid,
		      gboolean *found)
{
	SnVcard vcard = { .uid = TEXT(uid), .mails = (char *[]){ TEXT(mail), NULL },
			  .jids = (char *[]){ TEXT(jid), NULL } };

	return sn_vcard_complete(text, &vcard, found);
}

static const char two_cards[] =
	"junk that stays\r\nBEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nFN:Bob\r\nEMAIL:bob@x.test\r\n"
	"X-ODD;P=\"a:b;c\":keep\\,this\r\n  folded\r\nEND:VCARD\r\n"
	"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:2\r\nFN:Carol\r\nEMAIL:Carol@X.test\r\nEND:VCARD\r\n";

static void only_what_a_card_lacks_is_added_and_all_else_stays(void **state)
{
	gboolean found = FALSE;
	g_autofree char *bob = complete(two_cards, NULL, "bob@x.test", "bob@chat.test", &found);
	const char *end = strstr(two_cards, "END:VCARD");

	assert_true(found);
	g_autofree char *before = g_strndup(two_cards, (gsize)(end - two_cards));
	g_autofree char *wanted = g_strconcat(before, "IMPP:xmpp:bob@chat.test\r\n", end, NULL);
	assert_string_equal(bob, wanted);
	/* once is enough */
	g_autofree char *again = complete(bob, NULL, "bob@x.test", "bob@chat.test", &found);
	assert_true(found);
	assert_null(again);
	/* the id is stronger than an address, case does not matter */
	g_autofree char *carol = complete(two_cards, "2", "bob@x.test", "carol@x.test", &found);
	g_autoptr(GPtrArray) cards = sn_vcard_parse(carol, "f", NULL);
	g_autofree char *mails = joined(((SnVcard *)cards->pdata[1])->mails);
	g_autofree char *jids = joined(((SnVcard *)cards->pdata[1])->jids);
	assert_string_equal(mails, "Carol@X.test bob@x.test");
	assert_string_equal(jids, "carol@x.test");
	g_autofree char *nobody = complete(two_cards, "3", "dave@x.test", "dave@chat.test", &found);
	assert_false(found);
	assert_null(nobody);
}

static void old_cards_get_what_old_programs_understand(void **state)
{
	g_autofree char *text = complete("BEGIN:VCARD\nVERSION:2.1\nN:Bob\nEMAIL:bob@x.test\n"
					 "END:VCARD\n",
					 NULL, "bob@x.test", "bob@chat.test", NULL);

	assert_non_null(strstr(text, "\nX-JABBER:bob@chat.test\nEND:VCARD\n"));
}

static void random_bytes_do_no_harm(void **state)
{
	static const char alphabet[] =
		"BEGIN:VCARD\nEND:;=,\\\"\r\n \t%40xmpp:@x.PREFIMPP\xc3\xa9\xff";
	GRand *random = g_rand_new_with_seed(6350);

	for (int round = 0; round < 500; round++) {
		GString *text = g_string_new("BEGIN:VCARD\n");
		int length = g_rand_int_range(random, 0, 200);
		for (int i = 0; i < length; i++)
			g_string_append_c(
				text, alphabet[g_rand_int_range(random, 0, sizeof alphabet - 1)]);
		g_string_append(text, "\nFN:x\nEND:VCARD\n");
		g_autoptr(GPtrArray) cards = sn_vcard_parse(text->str, "f", NULL);
		assert_true(cards->len <= 2);
		g_string_free(text, TRUE);
	}
	g_rand_free(random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_jid_is_understood),
		cmocka_unit_test(names_and_mails_are_read),
		cmocka_unit_test(old_cards_with_other_charsets_are_read),
		cmocka_unit_test(bad_cards_are_skipped_and_counted),
		cmocka_unit_test(what_may_be_a_jid_is_told_apart),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(only_what_a_card_lacks_is_added_and_all_else_stays),
		cmocka_unit_test(old_cards_get_what_old_programs_understand),
		cmocka_unit_test(random_bytes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
