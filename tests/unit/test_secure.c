/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed and encrypted email as it is shown, with a real gpg and gpgsm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/mime/secure_private.h"
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

static SnOpened *open_with(const char *raw, gboolean all)
{
	SnGpg gpg = { .home = world->alice };
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));

	return sn_mail_open(bytes, &gpg, all);
}

static SnOpened *open_raw(const char *raw)
{
	return open_with(raw, FALSE);
}

static const SnOpenedPart *part(const SnOpened *opened, guint i)
{
	assert_true(i < opened->parts->len);
	return g_ptr_array_index(opened->parts, i);
}

static void assert_words(const SnOpened *opened, const char *expected)
{
	g_autofree char *words = sn_opened_words(opened);

	assert_string_equal(words ? words : "(nothing)", expected);
}

static guint secure_of(const char *raw)
{
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);

	return mail->secure;
}

#define NEED_GPG()                                                                            \
	do {                                                                                      \
		if (!world) {                                                                     \
			print_message("gpg, gpgsm or openssl is not installed\n");                \
			skip();                                                                   \
		}                                                                                 \
	} while (0)

/* ---- OpenPGP signatures: one of each state ---- */

static void each_kind_of_signer_is_told(void **state)
{
	static const struct {
		const char *from, *signer;
		SnSignatureState is;
		const char *words;
	} cases[] = {
		{ "bob", "bob", SN_SIGNATURE_GOOD, "signed by Bob Builder <bob@example.test>" },
		{ "carol", "carol", SN_SIGNATURE_UNPROVEN,
		  "signed as Carol <carol@example.test>, but nobody vouches for this key" },
		{ "carol", "bob", SN_SIGNATURE_OTHER,
		  "signed by Bob Builder <bob@example.test>, who is not the sender" },
		{ "dave", "dave", SN_SIGNATURE_KEY_EXPIRED,
		  "signed by Dave <dave@example.test>, with a key that has expired" },
		{ "erin", "erin", SN_SIGNATURE_REVOKED,
		  "signed by Erin <erin@example.test>, with a key that was revoked" },
		{ "frank", "frank", SN_SIGNATURE_NO_KEY, NULL },
		{ "alice", "dave", SN_SIGNATURE_KEY_EXPIRED,
		  "signed by Dave <dave@example.test>, who is not the sender, with a key that has "
		  "expired" },
	};

	NEED_GPG();
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *raw =
			gpg_world_signed_mail(world, cases[i].from, cases[i].signer, GPG_WORLD_ENTITY);
		g_autoptr(SnOpened) opened = open_raw(raw);
		const SnSignature *signature = sn_opened_signature(opened);
		assert_non_null(signature);
		assert_string_equal(sn_signature_word(signature->state),
		                    sn_signature_word(cases[i].is));
		if (cases[i].words)
			assert_words(opened, cases[i].words);
		assert_string_equal(part(opened, 0)->text, "Meet me at the old mill.");
		assert_ptr_equal(part(opened, 0)->signature, signature);
		assert_false(opened->encrypted);
	}
}

static void a_missing_key_is_named_by_its_id(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_signed_mail(world, "frank", "frank", GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) opened = open_raw(raw);
	g_autofree char *words = sn_opened_words(opened);

	assert_true(g_str_has_prefix(words, "signed, not checked: the key "));
	assert_true(g_str_has_suffix(words, " is not here"));
	assert_true(strlen(sn_opened_signature(opened)->fingerprint) >= 16);
}

static void a_changed_text_is_bad(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_signed_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	char *mill = strstr(raw, "old mill.");

	memcpy(mill, "new mill.", 9);
	g_autoptr(SnOpened) opened = open_raw(raw);
	assert_words(opened, "BAD SIGNATURE: this is not what was signed");
	assert_int_equal(sn_opened_alarm(opened), 3);
	/* what came is shown, and says so */
	assert_string_equal(part(opened, 0)->text, "Meet me at the new mill.");
}

static void a_message_with_plain_line_ends_is_still_good(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_signed_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	g_auto(GStrv) lines = g_strsplit(raw, "\r\n", -1);
	g_autofree char *unix_ends = g_strjoinv("\n", lines);
	g_autoptr(SnOpened) opened = open_raw(unix_ends);

	assert_words(opened, "signed by Bob Builder <bob@example.test>");
}

static void a_time_is_that_of_the_signature(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_signed_mail(world, "dave", "dave", GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_int_equal(sn_opened_signature(opened)->made, G_GINT64_CONSTANT(1578614400) * SN_SECOND);
}

/* ---- what a signature covers ---- */

static char *in_a_list(const char *mail, const char *before, const char *after)
{
	const char *type = strstr(mail, "Content-Type: multipart");
	g_autofree char *header = g_strndup(mail, (gsize)(type - mail));
	g_autofree char *head = before ? g_strdup_printf("--out\r\n\r\n%s\r\n", before) : g_strdup("");
	g_autofree char *tail = after ? g_strdup_printf("--out\r\n\r\n%s\r\n", after) : g_strdup("");

	return g_strdup_printf("%sContent-Type: multipart/mixed; boundary=out\r\n\r\n%s--out\r\n%s\r\n%s"
	                       "--out--\r\n", header, head, type, tail);
}

static void text_beside_what_is_signed_is_not_covered(void **state)
{
	NEED_GPG();
	g_autofree char *signed_ = gpg_world_signed_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	g_autofree char *raw = in_a_list(signed_, "Send the money to this account.", "To unsubscribe ...");
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_int_equal(opened->parts->len, 3);
	assert_null(part(opened, 0)->signature);
	assert_string_equal(part(opened, 0)->text, "Send the money to this account.");
	assert_int_equal(part(opened, 1)->signature->state, SN_SIGNATURE_GOOD);
	assert_string_equal(part(opened, 1)->text, "Meet me at the old mill.");
	assert_null(part(opened, 2)->signature);
	assert_true(sn_opened_partly(opened));
	assert_null(sn_opened_signature(opened));
	assert_words(opened, "only parts are signed or encrypted, as marked below");
	assert_int_equal(sn_opened_alarm(opened), 2);
}

static void what_hangs_behind_a_signature_is_not_covered(void **state)
{
	NEED_GPG();
	g_autofree char *signed_ = gpg_world_signed_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	char *end = strstr(signed_, "\r\n--sig--");
	g_autofree char *head = g_strndup(signed_, (gsize)(end - signed_));
	g_autofree char *raw = g_strconcat(head, "\r\n--sig\r\n\r\nAlso buy a bridge.", end, NULL);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_true(sn_opened_partly(opened));
	assert_int_equal(part(opened, 0)->signature->state, SN_SIGNATURE_GOOD);
	assert_null(part(opened, 1)->signature);
	assert_string_equal(part(opened, 1)->text, "Also buy a bridge.");
}

/* A signature of one's own around somebody else's does not make it better. */
static void the_worst_of_nested_signatures_counts(void **state)
{
	NEED_GPG();
	g_autofree char *inner = gpg_world_signed_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	char *mill = strstr(inner, "old mill.");
	memcpy(mill, "new mill.", 9);
	g_auto(GStrv) lines = g_strsplit(strstr(inner, "Content-Type: multipart"), "\r\n", -1);
	g_autofree char *entity = g_strjoinv("\n", lines);
	g_strchomp(entity);
	g_autofree char *with_other_boundary = NULL;
	g_auto(GStrv) pieces = g_strsplit(entity, "sig", -1);
	with_other_boundary = g_strjoinv("sig", pieces);
	g_auto(GStrv) renamed = g_strsplit(entity, "--sig", -1);
	g_autofree char *inner_entity = g_strjoinv("--inner", renamed);
	char *name = strstr(inner_entity, "boundary=\"sig\"");
	g_autofree char *start = g_strndup(inner_entity, (gsize)(name - inner_entity));
	g_autofree char *final = g_strconcat(start, "boundary=\"inner\"", name + 14, NULL);
	g_autofree char *raw = gpg_world_signed_mail(world, "bob", "bob", final);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_int_equal(opened->signatures->len, 2);
	assert_int_equal(sn_opened_signature(opened)->state, SN_SIGNATURE_BAD);
}

/* ---- decrypting ---- */

static void what_is_encrypted_is_opened(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_encrypted_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_string_equal(part(opened, 0)->text, "Meet me at the old mill.");
	assert_true(opened->encrypted);
	assert_true(part(opened, 0)->encrypted);
	assert_words(opened, "encrypted, signed by Bob Builder <bob@example.test>");
	assert_int_equal(sn_opened_alarm(opened), 1);
	assert_int_equal(secure_of(raw), SN_SECURE_ENCRYPTED);
}

static void encryption_alone_says_nothing_of_the_sender(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_encrypted_mail(world, "bob", NULL, GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_words(opened, "encrypted, not signed: anybody can have written it");
	assert_int_equal(sn_opened_alarm(opened), 2);
}

static void a_message_for_others_names_their_key(void **state)
{
	NEED_GPG();
	g_autofree char *data = gpg_world_encrypt(world, NULL, "frank", "secret");
	g_autofree char *raw = g_strdup_printf(
		"From: bob@example.test\nContent-Type: multipart/encrypted; boundary=e;\n"
		" protocol=\"application/pgp-encrypted\"\n\n--e\nContent-Type: "
		"application/pgp-encrypted\n\nVersion: 1\n\n--e\nContent-Type: "
		"application/octet-stream\n\n%s\n--e--\n", data);
	g_autoptr(SnOpened) opened = open_raw(raw);
	g_autofree char *words = sn_opened_words(opened);

	assert_int_equal(opened->lock, SN_LOCK_NO_KEY);
	assert_true(g_str_has_prefix(words, "encrypted, but not for a key of yours: for "));
	assert_int_equal(opened->parts->len, 0);
	assert_false(opened->encrypted);
}

static void a_locked_key_is_told_and_nobody_is_asked(void **state)
{
	NEED_GPG();
	g_autofree char *home = g_build_filename(world->dir, "locked", NULL);
	GpgWorld locked = { .dir = world->dir, .alice = home, .others = world->others };
	const char *make[] = { "gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode",
		               "loopback", "--passphrase", "secret", "--quick-gen-key",
		               "greta@example.test", "future-default", "default", "never", NULL };
	const char *export[] = { "gpg", "--homedir", home, "--export", "greta@example.test", NULL };
	const char *import[] = { "gpg", "--homedir", world->others, "--batch", "--quiet", "--import",
		                 NULL };
	const char *reload[] = { "gpgconf", "--homedir", home, "--reload", "gpg-agent", NULL };
	g_autoptr(GError) error = NULL;
	gsize length;

	assert_int_equal(g_mkdir_with_parents(home, 0700), 0);
	g_autofree char *agent = g_build_filename(home, "gpg-agent.conf", NULL);
	assert_true(g_file_set_contents(agent, "allow-loopback-pinentry\npinentry-program /bin/false\n",
	                                -1, NULL));
	g_free(gpg_world_run(NULL, 0, NULL, make));
	g_autofree char *key = gpg_world_run(NULL, 0, &length, export);
	g_free(gpg_world_run(key, length, NULL, import));
	g_free(gpg_world_run(NULL, 0, NULL, reload)); /* forgets the passphrase */
	g_autofree char *data = gpg_world_encrypt(&locked, NULL, "greta", GPG_WORLD_ENTITY);
	g_autofree char *raw = g_strdup_printf("From: bob@example.test\n\n%s", data);
	SnGpg gpg = { .home = home };
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	g_autoptr(SnOpened) opened = sn_mail_open(bytes, &gpg, FALSE);

	assert_int_equal(opened->lock, SN_LOCK_ASK);
	assert_words(opened, "encrypted, locked: gpg needs your passphrase");
	const char *end[] = { "gpgconf", "--homedir", home, "--kill", "all", NULL };
	g_free(gpg_world_run(NULL, 0, NULL, end));
}

static void a_damaged_message_is_not_shown(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_encrypted_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	char *middle = strstr(raw, "-----BEGIN PGP MESSAGE-----") + 120;

	*middle = *middle == 'A' ? 'B' : 'A';
	g_autoptr(SnOpened) opened = open_raw(raw);
	assert_true(opened->lock == SN_LOCK_FAILED || opened->lock == SN_LOCK_NO_KEY);
	assert_int_equal(opened->parts->len, 0);
}

/* HTML around what is encrypted would carry the clear text away: each part is read by itself. */
static void an_encrypted_part_among_others_stays_shut_until_asked_for(void **state)
{
	NEED_GPG();
	g_autofree char *data = gpg_world_encrypt(world, NULL, "alice", GPG_WORLD_ENTITY);
	g_autofree char *raw = g_strdup_printf(
		"From: mallory@example.test\nMIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=m\n\n"
		"--m\nContent-Type: text/html\n\n<img src=\"http://evil.test/\n"
		"--m\nContent-Type: multipart/encrypted; boundary=e; "
		"protocol=\"application/pgp-encrypted\"\n\n--e\nContent-Type: "
		"application/pgp-encrypted\n\nVersion: 1\n\n--e\nContent-Type: "
		"application/octet-stream\n\n%s\n--e--\n"
		"--m\nContent-Type: text/html\n\n\">Please answer\n--m--\n", data);
	g_autoptr(SnOpened) opened = open_raw(raw);
	g_autoptr(SnOpened) asked = open_with(raw, TRUE);
	g_autofree char *text = sn_opened_text(opened);

	assert_int_equal(opened->lock, SN_LOCK_PARTLY);
	assert_null(strstr(text, "mill"));
	assert_int_equal(asked->parts->len, 3);
	assert_string_equal(part(asked, 1)->text, "Meet me at the old mill.");
	assert_true(part(asked, 1)->encrypted);
	assert_false(part(asked, 0)->encrypted);
	assert_null(strstr(part(asked, 0)->text, "mill"));
	assert_null(strstr(part(asked, 2)->text, "mill"));
	assert_false(asked->encrypted);
}

static void files_within_are_taken_out(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_encrypted_mail(
		world, "bob", "bob",
		"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nSee the plan.\n--x\n"
		"Content-Type: text/x-plan; name=\"../plan.txt\"\nContent-Disposition: attachment\n"
		"Content-Transfer-Encoding: base64\n\nYnVpbGQ=\n--x--\n");
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_string_equal(part(opened, 0)->text, "See the plan.");
	assert_int_equal(part(opened, 0)->files->len, 1);
	const SnOpenedFile *file = part(opened, 0)->files->pdata[0];
	assert_string_equal(file->name, "plan.txt");
	assert_int_equal(g_bytes_get_size(file->bytes), 5);
	assert_memory_equal(g_bytes_get_data(file->bytes, NULL), "build", 5);
}

static void a_protected_subject_is_told_with_its_signature(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_encrypted_mail(
		world, "bob", "bob",
		"Content-Type: text/plain; charset=utf-8; hp=\"cipher\"\nSubject: The real one\n\nHi\n");
	g_autofree char *unmarked = gpg_world_encrypted_mail(
		world, "bob", "bob", "Content-Type: text/plain\nSubject: The real one\n\nHi\n");
	g_autoptr(SnOpened) opened = open_raw(raw), plain = open_raw(unmarked);

	assert_string_equal(opened->subject, "The real one");
	assert_int_equal(opened->subject_signature->state, SN_SIGNATURE_GOOD);
	assert_null(plain->subject);
}

/* ---- OpenPGP blocks in the text ---- */

static char *inline_mail(const char *text)
{
	return g_strdup_printf("From: bob@example.test\nContent-Type: text/plain; charset=utf-8\n\n%s",
	                       text);
}

static void a_signed_text_has_its_own_line(void **state)
{
	NEED_GPG();
	g_autofree char *block = gpg_world_clearsign(world, "bob", "- a list\nGr\303\274\303\237e\n");
	g_autofree char *text = g_strdup_printf("Before it.\n\n%s\nAfter it.\n", block);
	g_autofree char *raw = inline_mail(text);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_int_equal(secure_of(raw), SN_SECURE_INLINE | SN_SECURE_SIGNED);
	assert_int_equal(opened->parts->len, 3);
	assert_string_equal(part(opened, 0)->text, "Before it.");
	assert_null(part(opened, 0)->signature);
	assert_string_equal(part(opened, 1)->text, "- a list\nGr\303\274\303\237e");
	assert_int_equal(part(opened, 1)->signature->state, SN_SIGNATURE_GOOD);
	assert_string_equal(part(opened, 2)->text, "After it.");
	assert_null(part(opened, 2)->signature);
}

static void an_encrypted_text_is_opened(void **state)
{
	NEED_GPG();
	g_autofree char *block = gpg_world_encrypt(world, "bob", "alice", "the mill, at nine\n");
	g_autofree char *raw = inline_mail(block);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_int_equal(secure_of(raw), SN_SECURE_INLINE | SN_SECURE_ENCRYPTED);
	assert_string_equal(part(opened, 0)->text, "the mill, at nine");
	assert_words(opened, "encrypted, signed by Bob Builder <bob@example.test>");
}

static void a_text_with_an_encrypted_one_below_it_is_not_opened_unasked(void **state)
{
	NEED_GPG();
	g_autofree char *block = gpg_world_encrypt(world, NULL, "alice", "the mill, at nine\n");
	g_autofree char *text = g_strdup_printf("What do you think of this?\n%s", block);
	g_autofree char *raw = inline_mail(text);
	g_autoptr(SnOpened) opened = open_raw(raw), asked = open_with(raw, TRUE);

	assert_int_equal(opened->lock, SN_LOCK_PARTLY);
	assert_string_equal(part(asked, 1)->text, "the mill, at nine");
}

/* The answer would quote it, to whoever put it there. */
static void an_encrypted_text_with_others_below_or_beside_it_is_not_either(void **state)
{
	NEED_GPG();
	g_autofree char *block = gpg_world_encrypt(world, NULL, "alice", "the mill, at nine\n");
	g_autofree char *below = g_strdup_printf("%s\nWhat do you think of this?\n", block);
	g_autofree char *twice = g_strdup_printf("%s%s", block, block);
	g_autofree char *blank = g_strdup_printf("\n\n%s\n \n\n", block);
	g_autofree char *first = inline_mail(below), *second = inline_mail(twice);
	g_autofree char *alone = inline_mail(blank);
	g_autoptr(SnOpened) one = open_raw(first), two = open_raw(second), three = open_raw(alone);

	assert_int_equal(one->lock, SN_LOCK_PARTLY);
	assert_false(one->encrypted);
	assert_int_equal(two->lock, SN_LOCK_PARTLY);
	for (guint i = 0; i < two->parts->len; i++)
		assert_null(strstr(part(two, i)->text, "the mill"));
	assert_int_equal(three->lock, SN_LOCK_NONE);
	assert_true(three->encrypted);
}

/* Anybody can make a key with bob's name, sign with it, and send from an address of their own. */
static void a_stranger_is_not_named_as_if_it_were_sure(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_signed_mail(world, "bob", "carol", GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_words(opened, "signed as Carol <carol@example.test>, who is not the sender, and nobody "
	             "vouches for this key");
	assert_int_equal(sn_opened_alarm(opened), 2);
}

static void two_texts_under_one_signature_are_none(void **state)
{
	SnGpgRun run = { .ok = TRUE,
		         .status = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev) };
	g_autoptr(GPtrArray) keep = run.status;

	NEED_GPG();
	SnGpg gpg = { .home = world->alice };
	g_autoptr(GPtrArray) keys = sn_gpg_keys(&gpg, FALSE, FALSE, "bob@example.test");
	const char *bob = ((SnKey *)keys->pdata[0])->fingerprint;
	g_autofree char *text = g_strdup_printf(
		"PLAINTEXT 62 0 a\nGOODSIG %s Bob\nVALIDSIG %s 2026-11-22 1795388429\nPLAINTEXT 62 0 b", bob,
		bob);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	SnOpened *opened = sn_opened_new();
	for (char **line = lines; *line; line++)
		g_ptr_array_add(run.status, g_strsplit(*line, " ", -1));
	SnSignature *signature = sn_gpg_signature(&run, &gpg, FALSE, "bob@example.test");
	assert_int_equal(signature->state, SN_SIGNATURE_FAILED);
	assert_string_equal(signature->why, "there is more in it than was signed");
	g_ptr_array_add(opened->signatures, signature);
	sn_opened_free(opened);
}

/* A signed message put in the place of a signature vouches for itself, not for what lies beside it. */
static void a_signed_message_is_no_signature_of_another(void **state)
{
	NEED_GPG();
	g_autofree char *other = gpg_world_clearsign(world, "bob", "Meet me at the old mill.\n");
	g_autofree char *text = g_strdup_printf(
		"From: bob@example.test\nMIME-Version: 1.0\nContent-Type: multipart/signed; "
		"micalg=pgp-sha512; protocol=\"application/pgp-signature\"; boundary=x\n\n--x\n"
		"Content-Type: text/plain\n\nPay eve.\n--x\nContent-Type: application/pgp-signature\n\n%s\n"
		"--x--\n", other);
	g_autofree char *raw = gpg_world_crlf(text);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_int_not_equal(sn_opened_alarm(opened), 1);
	assert_int_not_equal(sn_opened_signature(opened)->state, SN_SIGNATURE_GOOD);
}

/* The same with messages that hold their text within, of both kinds. */
static void a_signature_that_holds_a_text_is_none_of_another(void **state)
{
	NEED_GPG();
	const char *pgp[] = { "gpg", "--homedir", world->others, "--batch", "--quiet", "--armor", "--sign",
		              "--local-user", "bob@example.test", NULL };
	const char *smime[] = { "gpgsm", "--homedir", world->others, "--batch", "--quiet",
		                "--disable-crl-checks", "--base64", "--sign", "--local-user",
		                "bob@example.test", NULL };
	const struct {
		const char *const *argv;
		const char *protocol, *encoding;
	} kinds[] = { { pgp, "pgp-signature", "7bit" }, { smime, "pkcs7-signature", "base64" } };

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *crlf = gpg_world_crlf(GPG_WORLD_ENTITY);
		g_autofree char *other = gpg_world_run(crlf, strlen(crlf), NULL, kinds[i].argv);
		g_autofree char *text = g_strdup_printf(
			"From: bob@example.test\nMIME-Version: 1.0\nContent-Type: multipart/signed; "
			"protocol=\"application/%s\"; boundary=x\n\n--x\nContent-Type: text/plain\n\n"
			"Pay eve.\n--x\nContent-Type: application/%s\nContent-Transfer-Encoding: %s\n\n%s\n"
			"--x--\n", kinds[i].protocol, kinds[i].protocol, kinds[i].encoding, other);
		g_autofree char *raw = gpg_world_crlf(text);
		g_autoptr(SnOpened) opened = open_raw(raw);

		assert_string_equal(part(opened, 0)->text, "Pay eve.");
		assert_int_not_equal(sn_opened_alarm(opened), 1);
		assert_int_not_equal(sn_opened_signature(opened)->state, SN_SIGNATURE_GOOD);
	}
}

/* Only what gpg says makes a mark: text that looks like one is text. */
static void a_text_that_imitates_a_mark_has_none(void **state)
{
	NEED_GPG();
	g_autofree char *raw = inline_mail(
		"signed by Bob Builder <bob@example.test>\n\n-----BEGIN PGP SIGNED MESSAGE-----\n"
		"Hash: SHA512\n\nPay at once.\n-----BEGIN PGP SIGNATURE-----\n\nnonsense\n"
		"-----END PGP SIGNATURE-----\n");
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_null(sn_opened_signature(opened));
	for (guint i = 0; i < opened->signatures->len; i++)
		assert_int_equal(((SnSignature *)opened->signatures->pdata[i])->state,
		                 SN_SIGNATURE_FAILED);
	assert_int_not_equal(sn_opened_alarm(opened), 1);
}

static void an_ordinary_message_has_nothing_to_say(void **state)
{
	NEED_GPG();
	g_autoptr(SnOpened) opened = open_raw("From: bob@example.test\n\nHello\n");

	assert_false(opened->any);
	assert_words(opened, "(nothing)");
	assert_int_equal(sn_opened_alarm(opened), 0);
	assert_int_equal(secure_of("From: bob@example.test\n\nHello\n"), 0);
}

/* ---- S/MIME ---- */

static char *smime_mail(const char *from, const char *signer)
{
	g_autofree char *signature = gpg_world_sign_smime(world, signer, GPG_WORLD_ENTITY);
	g_autofree char *text = g_strdup_printf(
		"From: %s@example.test\nMIME-Version: 1.0\nContent-Type: multipart/signed; micalg=sha-256;\n"
		" protocol=\"application/pkcs7-signature\"; boundary=\"sig\"\n\n--sig\n%s\n--sig\n"
		"Content-Type: application/pkcs7-signature; name=smime.p7s\n"
		"Content-Transfer-Encoding: base64\n\n%s\n--sig--\n",
		from, GPG_WORLD_ENTITY, signature);

	return gpg_world_crlf(text);
}

static void certificates_are_checked_up_to_an_authority(void **state)
{
	NEED_GPG();
	g_autofree char *good = smime_mail("bob", "bob"), *other = smime_mail("carol", "bob");
	g_autofree char *stranger = smime_mail("carol", "carol");
	g_autoptr(SnOpened) a = open_raw(good), b = open_raw(other), c = open_raw(stranger);

	assert_words(a, "signed by bob of S MIME <bob@example.test>");
	assert_true(a->smime);
	assert_words(b, "signed by bob of S MIME <bob@example.test>, who is not the sender");
	assert_words(c, "signed as carol of S MIME <carol@example.test>, with a certificate that is not "
	             "trusted");
	assert_int_equal(sn_opened_alarm(c), 3);
	assert_int_equal(secure_of(good), SN_SECURE_SIGNED | SN_SECURE_SMIME);
	char *mill = strstr(good, "old mill");
	memcpy(mill, "new", 3);
	g_autoptr(SnOpened) d = open_raw(good);
	assert_words(d, "BAD SIGNATURE: this is not what was signed");
}

static char *pkcs7(const char *kind, const char *const *argv, const char *entity)
{
	g_autofree char *crlf = gpg_world_crlf(entity);
	g_autofree char *data = gpg_world_run(crlf, strlen(crlf), NULL, argv);

	return g_strdup_printf(
		"From: bob@example.test\nMIME-Version: 1.0\n"
		"Content-Type: application/pkcs7-mime; %s%s; name=smime.p7m\n"
		"Content-Transfer-Encoding: base64\n\n%s",
		kind ? "smime-type=" : "charset=binary", kind ? kind : "", data);
}

static void a_signature_that_holds_its_text_is_read(void **state)
{
	NEED_GPG();
	const char *argv[] = { "gpgsm", "--homedir", world->others, "--batch", "--quiet",
		               "--disable-crl-checks", "--base64", "--sign", "--local-user",
		               "bob@example.test", NULL };
	g_autofree char *raw = pkcs7("signed-data", argv, GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) opened = open_raw(raw);

	assert_string_equal(part(opened, 0)->text, "Meet me at the old mill.");
	assert_words(opened, "signed by bob of S MIME <bob@example.test>");
	assert_int_equal(secure_of(raw), SN_SECURE_SIGNED | SN_SECURE_SMIME);
	/* the parameter that says so is optional */
	g_autofree char *wordless = pkcs7(NULL, argv, GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) read = open_raw(wordless);
	assert_string_equal(part(read, 0)->text, "Meet me at the old mill.");
	assert_words(read, "signed by bob of S MIME <bob@example.test>");
	assert_int_equal(secure_of(wordless), SN_SECURE_SIGNED | SN_SECURE_SMIME);
}

static void only_one_kind_of_envelope_is_sealed(void **state)
{
	static const guint8 sealed[] = { 0x30, 0x82, 0x01, 0x00, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86,
		                         0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17 };
	static const guint8 usual[] = { 0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		                        0x01, 0x07, 0x03, 0xa0, 0x80, 0x30, 0x80 };

	assert_true(sn_cms_is_authenticated(sealed, sizeof sealed));
	assert_false(sn_cms_is_authenticated(usual, sizeof usual));
	for (gsize length = 0; length < sizeof sealed; length++) /* cut short */
		assert_false(sn_cms_is_authenticated(sealed, length));
}

/* What was opened is wiped when nobody has it any more, and not before. */
static void an_opened_file_is_there_as_long_as_somebody_has_it(void **state)
{
	GBytes *given = g_bytes_new("secret", 6);
	g_autoptr(GBytes) held = g_bytes_ref(given);
	GBytes *secret = sn_opened_secret(given);
	g_autoptr(GBytes) kept = g_bytes_ref(secret), empty = sn_opened_secret(g_bytes_new(NULL, 0));

	g_bytes_unref(secret);
	assert_true(g_bytes_equal(kept, held));
	assert_int_equal(g_bytes_get_size(empty), 0);
}

static void an_envelope_is_opened(void **state)
{
	NEED_GPG();
	const char *give[] = { "gpgsm", "--homedir", world->alice, "--export", "alice@example.test",
		               NULL };
	const char *take[] = { "gpgsm", "--homedir", world->others, "--batch", "--quiet",
		               "--disable-crl-checks", "--import", NULL };
	const char *argv[] = { "gpgsm", "--homedir", world->others, "--batch", "--quiet",
		               "--disable-crl-checks", "--base64", "--encrypt", "--recipient",
		               "alice@example.test", NULL };
	const char *to_bob[] = { "gpgsm", "--homedir", world->others, "--batch", "--quiet",
		                 "--disable-crl-checks", "--base64", "--encrypt", "--recipient",
		                 "bob@example.test", NULL };
	gsize length;
	g_autofree char *certificate = gpg_world_run(NULL, 0, &length, give);

	g_free(gpg_world_run(certificate, length, NULL, take));
	g_autofree char *raw = pkcs7("enveloped-data", argv, GPG_WORLD_ENTITY);
	g_autofree char *not_mine = pkcs7("enveloped-data", to_bob, GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) opened = open_raw(raw), other = open_raw(not_mine);

	assert_string_equal(part(opened, 0)->text, "Meet me at the old mill.");
	assert_true(opened->encrypted);
	/* nobody seals it: what came out need not be what was put in */
	assert_words(opened, "encrypted, not signed: anybody can have written or changed it");
	assert_int_equal(secure_of(raw), SN_SECURE_ENCRYPTED | SN_SECURE_SMIME);
	assert_int_equal(other->lock, SN_LOCK_NO_KEY);
	g_autofree char *wordless = pkcs7(NULL, argv, GPG_WORLD_ENTITY);
	g_autoptr(SnOpened) read = open_raw(wordless);
	assert_string_equal(part(read, 0)->text, "Meet me at the old mill.");
	assert_true(read->encrypted);
	assert_int_equal(secure_of(wordless), SN_SECURE_ENCRYPTED | SN_SECURE_SMIME);
}

/* ---- what may go wrong ---- */

static void half_a_message_is_told_apart(void **state)
{
	static const char *const broken[] = {
		"Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\n\n"
		"--s\n\ntext\n",
		"Content-Type: multipart/encrypted; boundary=s\n\n--s\n\nVersion: 1\n",
		"Content-Type: multipart/encrypted\n\nnothing\n",
		"Content-Type: multipart/signed; boundary=\"\"\n\nnothing\n",
		"Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nnothing\n",
		"Content-Type: application/pkcs7-mime\n\n",
	};

	NEED_GPG();
	for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
		g_autofree char *raw = g_strconcat("From: bob@example.test\n", broken[i], NULL);
		g_autoptr(SnOpened) opened = open_raw(raw);
		g_autofree char *words = sn_opened_words(opened);
		assert_true(opened->any);
		assert_non_null(words);
		assert_int_not_equal(sn_opened_alarm(opened), 1);
	}
	/* layers without end are left alone */
	GString *deep = g_string_new("From: bob@example.test\n");
	for (int i = 0; i < 50; i++)
		g_string_append_printf(deep, "Content-Type: multipart/signed; boundary=b%d\n\n--b%d\n", i, i);
	g_autoptr(SnOpened) opened = open_raw(deep->str);
	assert_int_not_equal(sn_opened_alarm(opened), 1);
	g_string_free(deep, TRUE);
}

/* It has said all, and does not go: nobody waits for it forever. */
static void a_gpg_that_does_not_end_is_ended(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-fake-XXXXXX", NULL);
	g_autofree char *program = g_build_filename(dir, "gpg", NULL);
	g_autofree char *before = g_strdup(g_getenv("PATH"));
	g_autofree char *path = g_strconcat(dir, ":", before, NULL);
	const char *args[] = { "--version", NULL };
	SnGpgCall call = { .args = args };

	assert_true(g_file_set_contents(program, "#!/bin/sh\nexec >&- 4>&-\nexec sleep 100000\n", -1, NULL));
	assert_int_equal(g_chmod(program, 0700), 0);
	g_setenv("PATH", path, TRUE);
	g_autoptr(SnGpgRun) run = sn_gpg_run(&call, NULL);
	g_setenv("PATH", before, TRUE);
	assert_true(!run || !run->ok);
	g_unlink(program);
	g_rmdir(dir);
}

static void without_gpg_it_says_so(void **state)
{
	NEED_GPG();
	g_autofree char *raw = gpg_world_signed_mail(world, "bob", "bob", GPG_WORLD_ENTITY);
	g_autofree char *path = g_strdup(g_getenv("PATH"));

	g_setenv("PATH", "/nonexistent", TRUE);
	g_autoptr(SnOpened) opened = open_raw(raw);
	g_setenv("PATH", path, TRUE);
	assert_int_equal(sn_opened_signature(opened)->state, SN_SIGNATURE_FAILED);
	g_autofree char *words = sn_opened_words(opened);
	assert_non_null(strstr(words, "gpg cannot be started"));
}

static void keys_are_listed_by_address_and_fingerprint(void **state)
{
	NEED_GPG();
	SnGpg gpg = { .home = world->alice };
	g_autoptr(GPtrArray) bob = sn_gpg_keys(&gpg, FALSE, FALSE, "BOB@example.test");
	g_autoptr(GPtrArray) own = sn_gpg_keys(&gpg, FALSE, TRUE, "alice@example.test");
	g_autoptr(GPtrArray) none = sn_gpg_keys(&gpg, FALSE, TRUE, "bob@example.test");
	g_autoptr(GPtrArray) dashes = sn_gpg_keys(&gpg, FALSE, FALSE, "--version");
	g_autoptr(GPtrArray) part_of = sn_gpg_keys(&gpg, FALSE, FALSE, "ob@example.test");

	assert_int_equal(bob->len, 1);
	const SnKey *key = bob->pdata[0];
	assert_true(key->can_encrypt && key->can_sign && !key->secret && !key->expired);
	assert_int_equal(sn_key_named(key, "Bob@Example.Test")->trust, SN_KEY_TRUST_FULL);
	assert_null(sn_key_named(key, "carol@example.test"));
	assert_true(((SnKey *)own->pdata[0])->secret);
	assert_int_equal(none->len + dashes->len + part_of->len, 0);
	g_autoptr(GPtrArray) dave = sn_gpg_keys(&gpg, FALSE, FALSE, "dave@example.test");
	assert_true(((SnKey *)dave->pdata[0])->expired);
	assert_false(((SnKey *)dave->pdata[0])->can_encrypt);
	g_autoptr(GPtrArray) certificates = sn_gpg_keys(&gpg, TRUE, TRUE, "alice@example.test");
	assert_int_equal(certificates->len, 1);
	assert_int_equal(sn_key_named(certificates->pdata[0], "alice@example.test")->trust,
	                 SN_KEY_TRUST_FULL);
}

/* Real messages of strangers, none of whose keys are here: each says so, and none is shown as good. */
static void strangers_of_the_corpus_are_never_good(void **state)
{
	g_autofree char *root = g_build_filename(g_getenv("TOP_SRCDIR") ? g_getenv("TOP_SRCDIR") : ".",
	                                         "..", "shared", "corpus", "mail", NULL);
	g_autoptr(GDir) folders = g_dir_open(root, 0, NULL);
	const char *folder, *name;
	int seen = 0;

	NEED_GPG();
	if (!folders) {
		print_message("the corpus is not here\n");
		skip();
	}
	while ((folder = g_dir_read_name(folders))) {
		g_autofree char *path = g_build_filename(root, folder, NULL);
		g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
		while (dir && seen < 60 && (name = g_dir_read_name(dir))) {
			g_autofree char *file = g_build_filename(path, name, NULL), *raw = NULL;
			if (!g_str_has_suffix(name, ".eml") || !g_file_get_contents(file, &raw, NULL, NULL) ||
			    !*raw || !secure_of(raw))
				continue;
			g_autoptr(SnOpened) opened = open_raw(raw);
			g_autofree char *words = sn_opened_words(opened);
			assert_non_null(words);
			assert_int_not_equal(sn_opened_alarm(opened), 1);
			seen++;
		}
	}
	print_message("%d signed or encrypted messages of the corpus\n", seen);
	assert_true(seen > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_signer_is_told),
		cmocka_unit_test(a_missing_key_is_named_by_its_id),
		cmocka_unit_test(a_changed_text_is_bad),
		cmocka_unit_test(a_message_with_plain_line_ends_is_still_good),
		cmocka_unit_test(a_time_is_that_of_the_signature),
		cmocka_unit_test(text_beside_what_is_signed_is_not_covered),
		cmocka_unit_test(what_hangs_behind_a_signature_is_not_covered),
		cmocka_unit_test(the_worst_of_nested_signatures_counts),
		cmocka_unit_test(what_is_encrypted_is_opened),
		cmocka_unit_test(encryption_alone_says_nothing_of_the_sender),
		cmocka_unit_test(a_message_for_others_names_their_key),
		cmocka_unit_test(a_locked_key_is_told_and_nobody_is_asked),
		cmocka_unit_test(a_damaged_message_is_not_shown),
		cmocka_unit_test(an_encrypted_part_among_others_stays_shut_until_asked_for),
		cmocka_unit_test(files_within_are_taken_out),
		cmocka_unit_test(a_protected_subject_is_told_with_its_signature),
		cmocka_unit_test(a_signed_text_has_its_own_line),
		cmocka_unit_test(an_encrypted_text_is_opened),
		cmocka_unit_test(a_text_with_an_encrypted_one_below_it_is_not_opened_unasked),
		cmocka_unit_test(an_encrypted_text_with_others_below_or_beside_it_is_not_either),
		cmocka_unit_test(a_stranger_is_not_named_as_if_it_were_sure),
		cmocka_unit_test(two_texts_under_one_signature_are_none),
		cmocka_unit_test(a_signed_message_is_no_signature_of_another),
		cmocka_unit_test(a_signature_that_holds_a_text_is_none_of_another),
		cmocka_unit_test(a_gpg_that_does_not_end_is_ended),
		cmocka_unit_test(a_text_that_imitates_a_mark_has_none),
		cmocka_unit_test(an_ordinary_message_has_nothing_to_say),
		cmocka_unit_test(certificates_are_checked_up_to_an_authority),
		cmocka_unit_test(a_signature_that_holds_its_text_is_read),
		cmocka_unit_test(an_envelope_is_opened),
		cmocka_unit_test(only_one_kind_of_envelope_is_sealed),
		cmocka_unit_test(an_opened_file_is_there_as_long_as_somebody_has_it),
		cmocka_unit_test(half_a_message_is_told_apart),
		cmocka_unit_test(without_gpg_it_says_so),
		cmocka_unit_test(keys_are_listed_by_address_and_fingerprint),
		cmocka_unit_test(strangers_of_the_corpus_are_never_good),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
