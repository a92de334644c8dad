/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emails that are signed and encrypted here, as their recipients find them: with a real gpg. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/mime/seal.h"
#include "src/mime/secure.h"
#include "tests/unit/gpg_world.h"

static GpgWorld *world;

static int set_up(void **state)
{
	sn_mime_init();
	world = gpg_world_new(TRUE);
	return 0;
}

static int tear_down(void **state)
{
	gpg_world_free(world);
	return 0;
}

#define NEED_GPG()                                                                            \
	do {                                                                                      \
		if (!world) {                                                                     \
			print_message("gpg, gpgsm or openssl is not installed\n");                \
			skip();                                                                   \
		}                                                                                 \
	} while (0)

static GBytes *compose(const char *text, gboolean file)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new(), addresses = g_ptr_array_new();
	g_autoptr(GBytes) bytes = g_bytes_new("build", 5);
	SnMailFile plan = { .name = (char *)"plan.bin", .type = (char *)"application/x-plan", .bytes = bytes };
	SnMailAddress bob = { .role = SN_MAIL_TO, .address = (char *)"bob@example.test" };
	SnMailCompose mail = { .from_address = "alice@example.test", .from_name = "Alice",
		               .addresses = addresses, .subject = "The mill, \303\274ber",
		               .message_id = "1@example.test", .text = text,
		               .files = file ? files : NULL, .date = SN_SECOND };
	GError *error = NULL;

	g_ptr_array_add(files, &plan);
	g_ptr_array_add(addresses, &bob);
	GBytes *raw = sn_mail_compose(&mail, &error);
	if (!raw)
		fail_msg("%s", error->message);
	return raw;
}

static char *fingerprint(gboolean smime, gboolean secret, const char *address)
{
	SnGpg gpg = { .home = world->alice };
	g_autoptr(SnKey) key = sn_seal_key(&gpg, smime, secret, address);

	return key ? g_strdup(key->fingerprint) : NULL;
}

static GBytes *seal_with(GBytes *raw, gboolean smime, const char *signer, const char *to,
                         const char *hidden, GError **error)
{
	SnGpg gpg = { .home = world->alice };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) unseen = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *own = signer ? fingerprint(smime, TRUE, signer) : NULL;
	SnSeal seal = { .gpg = &gpg, .smime = smime, .signer = own, .recipients = to ? recipients : NULL,
		        .hidden = unseen, .hide_subject = TRUE };

	if (to) {
		g_ptr_array_add(recipients, fingerprint(smime, FALSE, to));
		g_ptr_array_add(recipients, fingerprint(smime, FALSE, "alice@example.test"));
		assert_non_null(recipients->pdata[0]);
	}
	if (hidden)
		g_ptr_array_add(unseen, fingerprint(smime, FALSE, hidden));
	return sn_mail_seal(raw, &seal, error);
}

static GBytes *seal(GBytes *raw, gboolean smime, const char *signer, const char *to)
{
	g_autoptr(GError) error = NULL;
	GBytes *sealed = seal_with(raw, smime, signer, to, NULL, &error);

	if (!sealed)
		fail_msg("%s", error->message);
	return sealed;
}

static SnOpened *open_as(const char *home, GBytes *raw)
{
	SnGpg gpg = { .home = home };

	return sn_mail_open(raw, &gpg, FALSE);
}

static char *text_of(GBytes *raw)
{
	gsize length;
	const char *data = g_bytes_get_data(raw, &length);

	return g_strndup(data, length);
}

static const char hard[] = "From here on, blanks at ends: \n-- \nGr\303\274\303\237e\n"
                           "From the start of a line.\n.\n- dash\nlast  ";

static void what_is_signed_stays_whole(void **state)
{
	NEED_GPG();
	for (int smime = 0; smime < 2; smime++) {
		g_autoptr(GBytes) raw = compose(hard, TRUE);
		g_autoptr(GBytes) sealed = seal(raw, smime, "alice@example.test", NULL);
		g_autoptr(SnOpened) opened = open_as(world->alice, sealed);
		g_autofree char *wire = text_of(sealed), *words = sn_opened_words(opened);
		assert_true(g_str_has_prefix(words, "signed by "));
		assert_non_null(strstr(words, "<alice@example.test>"));
		SnOpenedPart *part = opened->parts->pdata[0];
		assert_true(g_str_has_prefix(part->text, "From here on, blanks at ends:"));
		assert_non_null(strstr(part->text, "From the start of a line."));
		assert_non_null(strstr(part->text, "Gr\303\274\303\237e"));
		assert_int_equal(part->files->len, 1);
		/* nothing in it that a mail server on the way changes */
		assert_null(strstr(wire, "\nFrom "));
		assert_null(strstr(wire, " \r\n"));
		assert_null(strstr(wire, "\t\r\n"));
		for (const char *at = wire; *at; at++)
			assert_true((guchar)*at < 128);
		assert_non_null(strstr(wire, smime ? "micalg=\"sha-256\"" : "micalg=\"pgp-sha512\""));
		/* the subject is seen, and signed */
		assert_string_equal(opened->subject, "The mill, \303\274ber");
	}
}

static void what_is_encrypted_is_read_by_recipient_and_sender_only(void **state)
{
	NEED_GPG();
	g_autoptr(GBytes) raw = compose(hard, TRUE);
	g_autoptr(GBytes) sealed = seal(raw, FALSE, "alice@example.test", "bob@example.test");
	g_autoptr(SnOpened) at_bob = open_as(world->others, sealed), own = open_as(world->alice, sealed);
	g_autofree char *wire = text_of(sealed), *words = sn_opened_words(own);

	assert_string_equal(words, "encrypted, signed by Alice Liddell <alice@example.test>");
	assert_true(at_bob->encrypted);
	assert_true(g_str_has_prefix(((SnOpenedPart *)at_bob->parts->pdata[0])->text, "From here on,"));
	assert_non_null(strstr(((SnOpenedPart *)at_bob->parts->pdata[0])->text, "From the start"));
	assert_int_equal(((SnOpenedPart *)at_bob->parts->pdata[0])->files->len, 1);
	assert_string_equal(at_bob->subject, "The mill, \303\274ber");
	assert_null(strstr(wire, "mill"));
	assert_non_null(strstr(wire, "\r\nSubject: [...]\r\n"));
	assert_null(strstr(wire, "plan.bin"));
	assert_non_null(strstr(wire, "To: bob@example.test"));
}

static void a_blind_copy_is_not_named(void **state)
{
	NEED_GPG();
	g_autoptr(GBytes) raw = compose("Hi", FALSE);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) sealed = seal_with(raw, FALSE, NULL, "bob@example.test", "carol@example.test",
	                                     &error);
	g_autofree char *wire = text_of(sealed);
	const char *start = strstr(wire, "-----BEGIN PGP MESSAGE-----");
	const char *list[] = { "gpg", "--homedir", world->alice, "--batch", "--list-only",
		               "--status-fd", "1", "--decrypt", NULL };
	g_autofree char *status = gpg_world_run(start, strlen(start), NULL, list);
	g_autofree char *carol = fingerprint(FALSE, FALSE, "carol@example.test");
	g_autofree char *bob = fingerprint(FALSE, FALSE, "bob@example.test");
	int named = 0, hidden = 0;

	for (const char *at = status; (at = strstr(at, "ENC_TO ")); at++) {
		if (g_str_has_prefix(at + 7, "0000000000000000"))
			hidden++;
		else
			named++;
	}
	assert_int_equal(named, 2); /* bob and alice herself */
	assert_int_equal(hidden, 1);
}

static void smime_goes_in_an_envelope_and_hides_nobody(void **state)
{
	NEED_GPG();
	const char *give[] = { "gpgsm", "--homedir", world->others, "--export", "bob@example.test", NULL };
	const char *take[] = { "gpgsm", "--homedir", world->alice, "--batch", "--quiet",
		               "--disable-crl-checks", "--import", NULL };
	gsize length;
	g_autofree char *certificate = gpg_world_run(NULL, 0, &length, give);

	g_free(gpg_world_run(certificate, length, NULL, take));
	g_autoptr(GBytes) raw = compose("Hi", FALSE);
	g_autoptr(GBytes) sealed = seal(raw, TRUE, "alice@example.test", "bob@example.test");
	g_autoptr(SnOpened) at_bob = open_as(world->others, sealed);
	g_autofree char *words = sn_opened_words(at_bob), *wire = text_of(sealed);
	assert_string_equal(words, "encrypted, signed by alice of S MIME <alice@example.test>");
	assert_null(strstr(wire, "mill"));
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) none = seal_with(raw, TRUE, NULL, "bob@example.test", "alice@example.test", &error);
	assert_null(none);
	assert_int_equal(error->code, SN_ERROR_UNAVAILABLE);
}

static void keys_that_do_not_work_are_not_chosen(void **state)
{
	static const char *const unusable[] = { "dave@example.test", "erin@example.test",
		                                "frank@example.test", "nobody@example.test" };

	NEED_GPG();
	for (gsize i = 0; i < G_N_ELEMENTS(unusable); i++)
		assert_null(fingerprint(FALSE, FALSE, unusable[i]));
	g_autofree char *carol = fingerprint(FALSE, FALSE, "carol@example.test");
	g_autofree char *not_own = fingerprint(FALSE, TRUE, "bob@example.test");
	assert_non_null(carol);
	assert_null(not_own);
	/* a certificate of an authority that nobody trusts */
	assert_null(fingerprint(TRUE, FALSE, "carol@example.test"));
}

static void what_cannot_be_done_is_said(void **state)
{
	NEED_GPG();
	SnGpg gpg = { .home = world->alice };
	g_autoptr(GBytes) raw = compose("Hi", FALSE);
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) missing = NULL, signer = NULL;
	SnSeal to_nobody = { .gpg = &gpg, .recipients = recipients };
	SnSeal by_nobody = { .gpg = &gpg, .signer = "0123456789ABCDEF0123456789ABCDEF01234567" };

	g_ptr_array_add(recipients, (gpointer) "0123456789ABCDEF0123456789ABCDEF01234567");
	assert_null(sn_mail_seal(raw, &to_nobody, &missing));
	assert_int_equal(missing->code, SN_ERROR_NOT_FOUND);
	assert_null(sn_mail_seal(raw, &by_nobody, &signer));
	assert_int_equal(signer->code, SN_ERROR_NOT_FOUND);
}

/* What others make of it: gpg itself over the very part, and a second reader of MIME. */
static void gpg_verifies_the_part_as_it_stands(void **state)
{
	NEED_GPG();
	g_autoptr(GBytes) raw = compose(hard, FALSE);
	g_autoptr(GBytes) sealed = seal(raw, FALSE, "alice@example.test", NULL);
	g_autofree char *wire = text_of(sealed), *dir = g_dir_make_tmp("sennit-seal-XXXXXX", NULL);
	char *mark = strstr(wire, "boundary=\"") + 10;
	g_autofree char *boundary = g_strndup(mark, strcspn(mark, "\""));
	g_autofree char *line = g_strdup_printf("\r\n--%s", boundary);
	char *first = strstr(wire, line) + strlen(line) + 2;
	char *end = strstr(first, line), *signature = strstr(end, "-----BEGIN PGP SIGNATURE");
	g_autofree char *file = g_build_filename(dir, "sig", NULL);
	const char *verify[] = { "gpg", "--homedir", world->alice, "--batch", "--status-fd", "1",
		                 "--verify", file, "-", NULL };

	assert_true(g_file_set_contents(file, signature, -1, NULL));
	g_autofree char *status = gpg_world_run(first, (gsize)(end - first), NULL, verify);
	assert_non_null(strstr(status, "[GNUPG:] GOODSIG "));
	g_remove(file);
	g_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_stays_whole),
		cmocka_unit_test(what_is_encrypted_is_read_by_recipient_and_sender_only),
		cmocka_unit_test(a_blind_copy_is_not_named),
		cmocka_unit_test(smime_goes_in_an_envelope_and_hides_nobody),
		cmocka_unit_test(keys_that_do_not_work_are_not_chosen),
		cmocka_unit_test(what_cannot_be_done_is_said),
		cmocka_unit_test(gpg_verifies_the_part_as_it_stands),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
