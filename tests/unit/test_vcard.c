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

static void what_is_written_reads_back(void **state)
{
	SnVcard vcard = {
		.uid = (char *)(guintptr) "id-1",
		.name = (char *)(guintptr) "Jörg; \"Müller\", jr.\nEND:VCARD",
		.mails = (char *[]){ (char *)(guintptr) "a@x.test", (char *)(guintptr) "b@x.test",
				     NULL },
		.jids = (char *[]){ (char *)(guintptr) "j@x.test", NULL },
	};
	g_autofree char *text = sn_vcard_format(&vcard);
	int bad;
	g_autoptr(GPtrArray) cards = sn_vcard_parse(text, "f", &bad);

	assert_int_equal(bad, 0);
	assert_int_equal(cards->len, 1);
	const SnVcard *card = cards->pdata[0];
	g_autofree char *mails = joined(card->mails);
	g_autofree char *jids = joined(card->jids);
	assert_non_null(strstr(text, "VERSION:3.0"));
	assert_string_equal(card->uid, "id-1");
	assert_string_equal(card->name, "Jörg; \"Müller\", jr. END:VCARD");
	assert_string_equal(mails, "a@x.test b@x.test");
	assert_string_equal(jids, "j@x.test");
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
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(random_bytes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
