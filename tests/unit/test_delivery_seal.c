/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emails that are signed and encrypted when they go, and what happens when they cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/secure.h"
#include "tests/unit/delivery_world.h"
#include "tests/unit/gpg_world.h"

static GpgWorld *keys;

static int set_up(void **state)
{
	sn_mime_init();
	keys = gpg_world_new(FALSE);
	return 0;
}

static int tear_down(void **state)
{
	gpg_world_free(keys);
	return 0;
}

static Delivery *world(void)
{
	g_autofree char *settings =
		keys ? g_strdup_printf("[crypto]\ngnupg-home = %s\n", keys->alice) : NULL;

	if (!keys) {
		print_message("gpg is not installed\n");
		skip();
	}
	return delivery_new(settings);
}

static SnId queue(Delivery *self, SnEncrypt encrypt, const char *to)
{
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL, .subject = "The mill", .body = "Under the mat.",
		            .encrypt = encrypt, .state = SN_STATE_QUEUED };
	SnId id = queue_new(self, &new, to);

	settle(self);
	return id;
}

static char *sent(Delivery *self, guint at)
{
	gsize length;

	assert_true(self->mails->len > at);
	const char *data = g_bytes_get_data(self->mails->pdata[at], &length);
	return g_strndup(data, length);
}

static void it_goes_encrypted_and_is_kept_so(void **state)
{
	Delivery *self = world();
	SnId id = queue(self, SN_ENCRYPT_REQUIRED, "bob@example.test");
	g_autofree char *wire = sent(self, 0);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	g_autoptr(SnMessage) message = sn_message_get(self->world->store, entry->message, 0);
	g_autoptr(GBytes) kept = sn_message_raw(self->world->store, entry->message, NULL);
	SnGpg bob = { .home = keys->others }, alice = { .home = keys->alice };
	g_autoptr(SnOpened) there = sn_mail_open(self->mails->pdata[0], &bob, FALSE);
	g_autoptr(SnOpened) here = sn_mail_open(kept, &alice, FALSE);
	g_autofree char *words = sn_opened_words(here);

	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_null(strstr(wire, "mat"));
	assert_null(strstr(wire, "mill"));
	assert_true(there->encrypted);
	assert_string_equal(((SnOpenedPart *)there->parts->pdata[0])->text, "Under the mat.");
	assert_string_equal(there->subject, "The mill");
	assert_string_equal(words, "encrypted, signed by Alice Liddell <alice@example.test>");
	assert_int_equal(message->secure, SN_SECURE_ENCRYPTED);
	assert_true(message->encrypted);
	assert_true(has_note(self, id, "sealed"));
	delivery_free(self);
}

static void without_a_key_it_waits_until_there_is_one(void **state)
{
	Delivery *self = world();
	SnId id = queue(self, SN_ENCRYPT_REQUIRED, "frank@example.test");
	g_autofree char *reason = reason_of(self, id);
	const char *export[] = { "gpg", "--homedir", keys->others, "--export", "frank@example.test", NULL };
	const char *import[] = { "gpg", "--homedir", keys->alice, "--batch", "--quiet", "--import", NULL };
	gsize length;

	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	assert_non_null(strstr(reason, "no key for frank@example.test is here"));
	ask_for(self, id, SN_REQUEST_SEND);
	settle(self);
	assert_int_equal(self->mails->len, 0);
	g_autofree char *key = gpg_world_run(NULL, 0, &length, export);
	g_free(gpg_world_run(key, length, NULL, import));
	later(self, SN_HOUR);
	settle(self);
	g_autofree char *wire = sent(self, 0);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_null(strstr(wire, "mat"));
	delivery_free(self);
}

static void if_possible_means_what_it_says(void **state)
{
	Delivery *self = world();

	queue(self, SN_ENCRYPT_IF_POSSIBLE, "nobody@example.test");
	queue(self, SN_ENCRYPT_IF_POSSIBLE, "bob@example.test");
	queue(self, SN_ENCRYPT_NONE, "bob@example.test");
	g_autofree char *plain = sent(self, 0), *sealed = sent(self, 1), *as_it_is = sent(self, 2);
	assert_non_null(strstr(plain, "mat"));
	assert_null(strstr(sealed, "mat"));
	assert_non_null(strstr(as_it_is, "mat"));
	delivery_free(self);
}

static void an_account_may_sign_all_it_sends(void **state)
{
	Delivery *self = world();
	SnAccount *account = (SnAccount *)self->account.config;

	account->sign = TRUE;
	SnId id = queue(self, SN_ENCRYPT_NONE, "nobody@example.test");
	SnGpg alice = { .home = keys->alice };
	g_autoptr(SnOpened) opened = sn_mail_open(self->mails->pdata[0], &alice, FALSE);
	g_autofree char *words = sn_opened_words(opened);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	g_autoptr(SnMessage) message = sn_message_get(self->world->store, entry->message, 0);

	assert_string_equal(words, "signed by Alice Liddell <alice@example.test>");
	assert_int_equal(message->secure, SN_SECURE_SIGNED);
	assert_false(message->encrypted);
	/* a key that is not there keeps it here */
	account->key = g_strdup("frank@example.test");
	SnId waits = queue(self, SN_ENCRYPT_NONE, "nobody@example.test");
	g_autofree char *reason = reason_of(self, waits);
	assert_int_equal(self->mails->len, 1);
	assert_int_equal(state_of(self, waits), SN_STATE_WAITING);
	assert_non_null(strstr(reason, "no key to sign with"));
	delivery_free(self);
}

static void this_one_is_signed_or_not(void **state)
{
	Delivery *self = world();
	SnAccount *account = (SnAccount *)self->account.config;
	SnOutboxNew signed_one = { .channel = SN_CHANNEL_MAIL, .body = "One.", .sign = SN_SIGN_YES,
		                   .state = SN_STATE_QUEUED };
	SnOutboxNew bare = { .channel = SN_CHANNEL_MAIL, .body = "Two.", .sign = SN_SIGN_NO,
		             .state = SN_STATE_QUEUED };
	SnOutboxNew sealed = { .channel = SN_CHANNEL_MAIL, .body = "Three.", .sign = SN_SIGN_NO,
		               .encrypt = SN_ENCRYPT_REQUIRED, .state = SN_STATE_QUEUED };

	queue_new(self, &signed_one, "nobody@example.test");
	settle(self);
	account->sign = TRUE;
	queue_new(self, &bare, "nobody@example.test");
	settle(self);
	queue_new(self, &sealed, "bob@example.test");
	settle(self);
	g_autofree char *one = sent(self, 0), *two = sent(self, 1);
	SnGpg bob = { .home = keys->others };
	g_autoptr(SnOpened) three = sn_mail_open(self->mails->pdata[2], &bob, FALSE);
	assert_non_null(strstr(one, "multipart/signed"));
	assert_null(strstr(two, "multipart/signed"));
	assert_true(three->encrypted);
	assert_int_equal(three->signatures->len, 0);
	delivery_free(self);
}

/* A key of her own goes along with whatever she writes, but not with what she passes on. */
static void the_chosen_key_goes_along(void **state)
{
	Delivery *self = world();
	SnGpg gpg = { .home = keys->alice };
	g_autoptr(GPtrArray) found = sn_gpg_keys(&gpg, FALSE, TRUE, "alice@example.test");
	const SnKey *key = found->pdata[0];

	assert_true(sn_own_key_set(self->world->store, "alice@example.test", key->fingerprint, NULL));
	queue(self, SN_ENCRYPT_NONE, "nobody@example.test");
	queue(self, SN_ENCRYPT_REQUIRED, "bob@example.test");
	for (guint i = 0; i < 2; i++) {
		g_autoptr(SnMail) mail = sn_mail_parse(self->mails->pdata[i], NULL, NULL);
		assert_non_null(mail->autocrypt);
		assert_string_equal(mail->autocrypt->fingerprint, key->fingerprint);
		assert_false(mail->autocrypt->mutual);
	}
	SnOutboxNew again = { .channel = SN_CHANNEL_MAIL, .body = "", .state = SN_STATE_QUEUED };
	g_autoptr(SnOutboxEntry) first = sn_outbox_get(self->world->store, 1, 0);
	again.resend = first->message;
	queue_new(self, &again, "nobody@example.test");
	settle(self);
	g_autofree char *passed_on = sent(self, 2);
	assert_non_null(strstr(passed_on, "Resent-From:"));
	const char *field = strstr(passed_on, "Autocrypt:");
	assert_non_null(field); /* that of the email as it was */
	assert_null(strstr(field + 1, "Autocrypt:"));
	delivery_free(self);
}

/* One who gets it cannot read it: then nobody gets it. */
static void one_missing_key_among_several_keeps_it_here(void **state)
{
	Delivery *self = world();
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	SnParty bob = { SN_ROLE_TO, (char *)"bob@example.test", NULL };
	SnParty nobody = { SN_ROLE_BCC, (char *)"nobody@example.test", NULL };
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL, .body = "Under the mat.",
		            .encrypt = SN_ENCRYPT_REQUIRED, .recipients = recipients,
		            .state = SN_STATE_QUEUED };

	g_ptr_array_add(recipients, &bob);
	g_ptr_array_add(recipients, &nobody);
	SnId id = queue_new(self, &new, "bob@example.test");
	settle(self);
	g_autofree char *reason = reason_of(self, id);
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	assert_non_null(strstr(reason, "nobody@example.test"));
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

static void the_users_yes_lets_it_go_in_the_clear(void **state)
{
	Delivery *self = world();
	SnId id = queue(self, SN_ENCRYPT_REQUIRED, "nobody@example.test");

	assert_int_equal(self->mails->len, 0);
	assert_true(sn_outbox_allow_plain(self->world->store, id, NULL));
	ask_for(self, id, SN_REQUEST_SEND);
	settle(self);
	g_autofree char *wire = sent(self, 0);
	assert_non_null(strstr(wire, "mat"));
	delivery_free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_encrypted_and_is_kept_so),
		cmocka_unit_test(if_possible_means_what_it_says),
		cmocka_unit_test(an_account_may_sign_all_it_sends),
		cmocka_unit_test(this_one_is_signed_or_not),
		cmocka_unit_test(the_chosen_key_goes_along),
		cmocka_unit_test(one_missing_key_among_several_keeps_it_here),
		cmocka_unit_test(the_users_yes_lets_it_go_in_the_clear),
		cmocka_unit_test(without_a_key_it_waits_until_there_is_one),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
