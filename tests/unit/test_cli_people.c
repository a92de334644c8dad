/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sennit people: merging, splitting, undo, conflicts, and vCard files in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/vcard/vcard.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@work.test"
#define CAROL "carol@work.test"

static GPtrArray *vcards(const char *text, const char *file, int *bad, gpointer data, GError **error)
{
	return sn_vcard_parse(text, file, bad);
}

static char *vcard_format(const SnVcard *card, int version, gpointer data, GError **error)
{
	return sn_vcard_format(card, (SnVcardVersion)version);
}

static char *vcard_complete(const char *text, const SnVcard *card, gboolean *found, gpointer data,
                            GError **error)
{
	return sn_vcard_complete(text, card, found);
}

static int set_up(void **state)
{
	cli_desk_setup(state);
	CliDesk *desk = *state;
	desk->context.services.vcards = vcards;
	desk->context.services.vcard_format = vcard_format;
	desk->context.services.vcard_complete = vcard_complete;
	tmpstore_mail(desk->tmp, SN_IN, BOB, NULL, "One", "x");
	tmpstore_mail(desk->tmp, SN_IN, CAROL, NULL, "Two", "y");
	tmpstore_im(desk->tmp, SN_IN, "bob@chat.test", NULL, "z");
	return 0;
}

#define run(...) cli_desk_run(desk, NULL, "people", __VA_ARGS__, NULL)

static SnId person_of(CliDesk *desk, SnChannel channel, const char *value)
{
	g_autoptr(SnAddress) address = sn_address_find(desk->tmp->store, channel, value);

	return address ? address->person : 0;
}

static void people_are_merged_split_and_undone(void **state)
{
	CliDesk *desk = *state;
	SnId chat = person_of(desk, SN_CHANNEL_IM, "bob@chat.test");

	assert_int_equal(run("merge", BOB, "bob@chat.test"), 0);
	SnId bob = person_of(desk, SN_CHANNEL_MAIL, BOB);
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "bob@chat.test"), bob);
	assert_int_equal(run("link", BOB, "mailto:bob@home.test"), 0);
	assert_int_equal(run("split", BOB, "xmpp:bob@chat.test", "mailto:bob@home.test"), 0);
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "bob@chat.test"),
	                 person_of(desk, SN_CHANNEL_MAIL, "bob@home.test"));
	assert_int_not_equal(person_of(desk, SN_CHANNEL_IM, "bob@chat.test"), bob);
	assert_int_equal(run("undo"), 0);
	assert_string_equal(desk->out, "Taken back: Split xmpp:bob@chat.test and 1 more off " BOB ".\n");
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "bob@chat.test"), bob);
	assert_int_equal(run("undo"), 0);
	assert_int_equal(run("undo"), 0);
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "bob@chat.test"), chat);
	assert_int_equal(run("undo"), 3);
	assert_true(cli_desk_said(desk, "no change"));
	assert_int_equal(run("merge", BOB, "nobody"), 3);
	assert_int_equal(run("merge", BOB), 2);
	assert_int_equal(run("split", BOB, BOB), 7);
	assert_int_equal(run("split", BOB, "xmpp:bob@chat.test"), 7);
	assert_int_equal(run("abolish", BOB, BOB), 2);
}

#define CARD(uid, fn, lines)                                                                      \
	"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" uid "\r\nFN:" fn "\r\n" lines "END:VCARD\r\n"

static void what_sources_disagree_about_is_listed(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *file = g_build_filename(desk->context.paths->config, "all.vcf", NULL);

	assert_int_equal(run("conflicts"), 0);
	assert_string_equal(desk->out, "");
	cli_desk_write(desk, "all.vcf",
	               CARD("1", "Bob", "EMAIL:" BOB "\r\nIMPP:xmpp:bob@chat.test\r\n")
	               CARD("2", "Carol", "EMAIL:" CAROL "\r\nIMPP:xmpp:bob@chat.test\r\n"));
	assert_int_equal(run("import", file), 0);
	assert_non_null(strstr(desk->out, "2 people, 4 addresses, 0 not read"));
	assert_non_null(strstr(desk->out, "sennit people conflicts"));
	/* what was not read is named */
	g_autofree char *broken = g_build_filename(desk->context.paths->config, "broken.vcf", NULL);
	cli_desk_write(desk, "broken.vcf",
	               CARD("3", "Dora", "EMAIL:dora@home.test\r\n") "BEGIN:VCARD\r\nFN:Half\r\n");
	assert_int_equal(run("import", broken), 7);
	assert_non_null(strstr(desk->out, "1 person, 1 address, 1 not read"));
	assert_true(cli_desk_said(desk, "broken.vcf: 1 of its vCards cannot be read"));
	cli_desk_write(desk, "broken.vcf", "not a card\n");
	assert_int_equal(run("import", broken), 0);
	assert_true(cli_desk_said(desk, "no vCard with an address"));
	assert_int_equal(run("conflicts"), 0);
	assert_non_null(strstr(desk->out, "xmpp:bob@chat.test"));
	assert_non_null(strstr(desk->out, "belongs to neither until you decide"));
	assert_int_equal(run("show", "Carol"), 0);
	assert_non_null(strstr(desk->out, "claimed by others too"));
	assert_non_null(strstr(desk->out, "Your sources disagree"));
	assert_int_equal(run("--json", "conflicts"), 0);
	json_t *array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 2);
	assert_true(json_is_false(json_object_get(json_array_get(array, 0), "overruled")));
	json_decref(array);
	assert_int_equal(run("confirm", "Bob", "xmpp:bob@chat.test"), 0);
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "bob@chat.test"),
	                 person_of(desk, SN_CHANNEL_MAIL, BOB));
	assert_int_equal(run("--json", "conflicts", "Carol"), 0);
	array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 1);
	assert_true(json_is_true(json_object_get(json_array_get(array, 0), "overruled")));
	json_decref(array);
	/* the corrected card is imported again, and replaces the one before */
	cli_desk_write(desk, "all.vcf", CARD("2", "Carol", "EMAIL:" CAROL "\r\n"));
	assert_int_equal(run("import", file), 0);
	assert_int_equal(run("conflicts"), 0);
	assert_string_equal(desk->out, "");
}

static void an_address_without_a_service_is_only_suggested(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *file = g_build_filename(desk->context.paths->config, "all.vcf", NULL);

	cli_desk_write(desk, "all.vcf", CARD("1", "Bob", "EMAIL:" BOB "\r\nIMPP:bob@im.test\r\n"));
	assert_int_equal(run("import", file), 0);
	assert_int_not_equal(person_of(desk, SN_CHANNEL_IM, "bob@im.test"),
	                     person_of(desk, SN_CHANNEL_MAIL, BOB));
	assert_int_equal(run("show", "Bob"), 0);
	assert_non_null(strstr(desk->out, "bob@im.test"));
	assert_non_null(strstr(desk->out, "not confirmed"));
}

static void what_is_exported_can_be_imported(void **state)
{
	static const char *const versions[] = { "3.0", "4.0" };
	CliDesk *desk = *state;

	assert_int_equal(run("name", BOB, "Bob; the \\ \"Builder\""), 0);
	assert_int_equal(run("link", BOB, "xmpp:bob@chat.test"), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
		g_autofree char *line = g_strdup_printf("VERSION:%s\r\n", versions[i]);
		assert_int_equal(run("export", "--vcard", versions[i], BOB), 0);
		assert_non_null(strstr(desk->out, line));
		int bad = 0;
		g_autoptr(GPtrArray) cards = sn_vcard_parse(desk->out, "out", &bad);
		assert_int_equal(cards->len, 1);
		const SnVcard *card = cards->pdata[0];
		assert_string_equal(card->name, "Bob; the \\ \"Builder\"");
		assert_string_equal(card->mails[0], BOB);
		assert_string_equal(card->jids[0], "bob@chat.test");
	}
	assert_int_equal(run("export", "--vcard", "5.0", BOB), 2);
	/* the card of a person has the same id on every device */
	g_autofree char *first = g_strdup(desk->out);
	assert_int_equal(run("export"), 0);
	g_autoptr(GPtrArray) all = sn_vcard_parse(desk->out, "out", NULL);
	assert_int_equal(all->len, 2);
}

static void a_directory_of_cards_gets_what_it_lacks(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *dir = g_build_filename(desk->context.paths->config, "vdir", NULL);
	static const char *const known =
		"BEGIN:VCARD\nVERSION:3.0\nUID:abc\nFN:Bob\nX-UNKNOWN;X-P=\"a;b\":kept, as it; is\n"
		"item1.EMAIL:" BOB "\nitem1.X-ABLABEL:_$!<Work>!$_\nPHOTO;ENCODING=b:AAAA\n BBBB\n"
		"END:VCARD\n";

	assert_int_equal(g_mkdir(dir, 0700), 0);
	cli_desk_write(desk, "vdir/bob.vcf", known);
	assert_int_equal(run("link", BOB, "xmpp:bob@chat.test"), 0);
	assert_int_equal(run("export", "--into", dir), 0);
	assert_string_equal(desk->out, "1 new cards, 1 completed, 0 had everything\n");
	g_autofree char *after = cli_desk_read(desk, "vdir/bob.vcf");
	g_autofree char *before = g_strndup(known, strlen(known) - strlen("END:VCARD\n"));
	g_autofree char *wanted = g_strconcat(before, "IMPP:xmpp:bob@chat.test\nEND:VCARD\n", NULL);
	assert_string_equal(after, wanted);
	assert_int_equal(run("export", "--into", dir), 0);
	assert_string_equal(desk->out, "0 new cards, 0 completed, 2 had everything\n");
	assert_int_equal(run("export", "--into", "/no/such/dir"), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(people_are_merged_split_and_undone),
		TEST(what_sources_disagree_about_is_listed),
		TEST(an_address_without_a_service_is_only_suggested),
		TEST(what_is_exported_can_be_imported),
		TEST(a_directory_of_cards_gets_what_it_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
