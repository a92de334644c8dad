/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the client does with signed and encrypted emails besides showing them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/peer.h"
#include "tests/lib/ui_desk.h"

static int opened, asked; /* calls of the host's open_mail: worker and screen in turn */

static SnOpened *count_and_open(SnStore *store, GBytes *raw, gboolean may_ask, gboolean all_parts,
                          gpointer data)
{
	g_atomic_int_inc(&opened);
	if (may_ask)
		g_atomic_int_inc(&asked);
	return story_open_mail(store, raw, may_ask, all_parts, data);
}

static UiDesk *desk_new(void)
{
	UiDesk *desk = ui_desk_new(UI_DESK_SECURE, NULL);

	opened = asked = 0;
	desk->setup.host.open_mail = count_and_open;
	return desk;
}

static void each_message_is_verified_once(void **state)
{
	UiDesk *desk = desk_new();

	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect BAD SIGNATURE\nkeys gg\n"
	             "expect signed by Sig\nkeys G\nexpect BAD\nkeys <Enter>\nkeys <Esc>");
	assert_int_equal(opened, 7); /* those that are signed; not the one that only says so */
	assert_int_equal(asked, 0);
	ui_desk_free(desk);
}

/* Every line of every screen on which the false mark could stand has it right of its column. */
static void a_text_cannot_imitate_a_mark(void **state)
{
	UiDesk *desk = desk_new();

	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect Send the money\ndump");
	g_auto(GStrv) lines = g_strsplit(desk->shown, "\n", -1);
	guint genuine = 0, false_ones = 0;
	for (char **line = lines; *line; line++) {
		const char *pane = strstr(*line, "\342\224\202");
		const char *says = strstr(*line, "signed by Sig");
		if (!pane || !says || says < pane) /* the list shows the beginning of a text, too */
			continue;
		pane += strlen("\342\224\202");
		if (g_str_has_prefix(pane, "\342\226\214"))
			pane += strlen("\342\226\214");
		else
			pane++;
		if (strncmp(pane, "  ok   ", 7) == 0 || strncmp(pane, "   ?   ", 7) == 0 ||
		    strncmp(pane, "  !!   ", 7) == 0)
			genuine++;
		else if (strncmp(pane, "       ", 7) == 0)
			false_ones++;
		else
			fail_msg("a mark out of place: %s", *line);
	}
	assert_true(genuine >= 1);
	assert_int_equal(false_ones, 2);
	ui_desk_free(desk);
}

static void only_the_user_opens_what_is_locked(void **state)
{
	UiDesk *desk = desk_new();

	ui_desk_play(desk, "text :open enc@keys.test\nkeys <Enter>\nexpect locked\nkeys k\nkeys U\n"
	             "expect You opened it");
	assert_int_equal(asked, 1);
	ui_desk_free(desk);
}

static void what_was_opened_is_in_no_file(void **state)
{
	UiDesk *desk = desk_new();
	g_autofree char *wal = g_strconcat(desk->paths->store_path, "-wal", NULL);
	const char *files[] = { desk->paths->store_path, wal };

	ui_desk_play(desk, "text :open enc@keys.test\nkeys <Enter>\nexpect third plank\nkeys k\nkeys U\n"
	             "expect You opened it");
	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *content = NULL;
		gsize length;
		if (!g_file_get_contents(files[i], &content, &length, NULL))
			continue;
		assert_null(memmem(content, length, "third plank", 11));
		assert_null(memmem(content, length, "You opened it", 13));
	}
	ui_desk_free(desk);
}

static guint found(UiDesk *desk, const char *words)
{
	g_autoptr(SnQuery) query = sn_query_parse(words, NULL, NULL);
	g_autoptr(GPtrArray) hits = sn_message_search(desk->store, query, 0, 0, 10, 0, NULL);

	return hits->len;
}

static void what_only_a_passphrase_opened_is_found_where_the_user_wants_that(void **state)
{
	static const char script[] = "text :open enc@keys.test\nkeys <Enter>\nexpect third plank\nkeys k\n"
				     "keys U\nexpect You opened it";
	UiDesk *without = desk_new();

	ui_desk_play(without, script);
	assert_int_equal(found(without, "opened"), 0);
	ui_desk_free(without);
	UiDesk *with = ui_desk_new(UI_DESK_SECURE, "[crypto]\nindex-decrypted = true\n");
	ui_desk_play(with, script);
	assert_int_equal(found(with, "opened"), 1);
	ui_desk_free(with);
}

static void an_ordinary_message_is_not_unlocked(void **state)
{
	UiDesk *desk = desk_new();

	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect Send the money\nkeys GU\n"
	             "expect Nothing in this message is signed or encrypted");
	ui_desk_free(desk);
}

static void a_file_within_is_saved(void **state)
{
	UiDesk *desk = desk_new();
	g_autofree char *to = g_build_filename(desk->dir, "saved.jpg", NULL), *content = NULL;
	g_autofree char *script = g_strdup_printf(
		"text :open enc@keys.test\nkeys <Enter>\nexpect plank.jpg\nkeys ggj\ntext :save %s\n"
		"keys <Enter>\nexpect Saved", to);

	ui_desk_play(desk, script);
	assert_true(g_file_get_contents(to, &content, NULL, NULL));
	assert_string_equal(content, "12345");
	ui_desk_free(desk);
}

static int quotes; /* parts that the answer quotes */

static SnOpened *open_two_parts(SnStore *store, GBytes *raw, gboolean may_ask, gboolean all_parts,
                                gpointer data)
{
	SnOpened *both = sn_opened_new();

	both->any = TRUE;
	both->lock = all_parts ? SN_LOCK_NONE : SN_LOCK_PARTLY;
	both->encrypted = all_parts;
	for (int i = 0; i < quotes && all_parts; i++)
		sn_opened_add_part(both, g_strdup_printf("Part %d of it.", i))->encrypted = TRUE;
	return both;
}

/* Two that were encrypted, side by side: one of them may be somebody else's, put there so that the
 * answer tells it to whoever put it there. */
static void what_lies_side_by_side_is_not_quoted(void **state)
{
	for (quotes = 1; quotes <= 2; quotes++) {
		UiDesk *desk = desk_new();
		desk->setup.host.open_mail = open_two_parts;
		ui_desk_play(desk, "text :open enc@keys.test\nkeys <Enter>\nexpect others was not opened\nkeys GU\n"
		             "expect Part 0 of it.\nkeys >\nexpect Subject\ntext Mine\nexpect Mine\nkeys <Esc>");
		SnId id = ui_desk_conversation(desk, "enc@keys.test");
		g_autoptr(SnDraft) draft = sn_draft_load(desk->store, id);
		assert_int_equal(strstr(draft->body, "> Part 0") != NULL, quotes == 1);
		ui_desk_free(desk);
	}
}

static void an_answer_to_what_came_encrypted_goes_encrypted(void **state)
{
	UiDesk *desk = desk_new();
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "text :open enc@keys.test\nkeys <Enter>\nexpect third plank\nkeys gg\nkeys j\n"
	             "keys >\nexpect > The key is under the third plank.\nexpect encrypted\n"
	             "keys <C-x>\nexpect once it can be");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->encrypt, SN_ENCRYPT_REQUIRED);
	assert_non_null(strstr(entry->body, "> The key is under the third plank."));
	ui_desk_free(desk);
}

static void a_key_says_whether_it_goes_encrypted(void **state)
{
	UiDesk *desk = desk_new();
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect Send the money\nkeys i\n"
	             "text Hello\nkeys <A-e>\nexpect encrypted if possible\nkeys <A-e>\n"
	             "expect Email to sig@keys.test, encrypted\nkeys <A-e>\nkeys <A-e>\nkeys <C-x>\n"
	             "expect Hello");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->encrypt, SN_ENCRYPT_IF_POSSIBLE);
	ui_desk_free(desk);
}

static void the_composer_says_what_will_happen(void **state)
{
	UiDesk *desk = desk_new();
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect Send the money\nkeys i\n"
	             "text Hello\nexpect There are keys to encrypt it: Alt-e\nkeys <A-g>\n"
	             "expect Will be signed, and can be read\nkeys <A-e>\n"
	             "expect Will be encrypted for sig@keys.test (key not verified by you)\n"
	             "keys <A-:>\ntext cc nobody@else.test\nkeys <Enter>\n"
	             "expect Cannot be encrypted: no key for nobody@else.test\nkeys <A-e>\n"
	             "expect Email to sig@keys.test, encrypted\nexpect Cannot be encrypted: no key for nobody@else.test");
	assert_int_equal(ui_desk_last_entry(desk), before);
	ui_desk_free(desk);
}

static void a_toggle_for_the_signature_is_of_this_message(void **state)
{
	UiDesk *desk = desk_new();
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect Send the money\nkeys i\n"
	             "text Hello\nkeys <A-g>\nexpect , signed\nkeys <C-x>\nexpect Hello");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_int_equal(entry->sign, SN_SIGN_YES);
	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect Send the money\nkeys i\n"
	             "text Again\nkeys <A-g><A-g>\nexpect Will not be signed\nkeys <C-x>\nexpect Again");
	g_autoptr(SnOutboxEntry) again = ui_desk_entry(desk, entry->id);
	assert_int_equal(again->sign, SN_SIGN_NO);
	ui_desk_free(desk);
}

static gboolean choose_key(const SnKeyAsk *ask, SnKeyChosen *chosen, gpointer data, GError **error)
{
	chosen->fingerprint = g_strdup("0123456789ABCDEF0123456789ABCDEF01234567");
	chosen->made = TRUE;
	return TRUE;
}

static void a_key_is_chosen_once(void **state)
{
	UiDesk *desk = desk_new();

	desk->setup.host.choose_key = choose_key;
	ui_desk_play(desk, "text :autocrypt eve@example.test\nkeys <Enter>\nexpect no address of an account\n"
	             "text :autocrypt alice@example.test\nkeys <Enter>\nexpect The new key 0123456789ABCDEF\n"
	             "text :autocrypt alice@example.test\nkeys <Enter>\nexpect already");
	g_autofree char *key = sn_own_key(desk->store, "alice@example.test");
	assert_string_equal(key, "0123456789ABCDEF0123456789ABCDEF01234567");
	ui_desk_free(desk);
}

static char *unlocked; /* the address whose key was unlocked */

static gboolean note_unlock(const char *address, gpointer data, GError **error)
{
	g_free(unlocked);
	unlocked = g_strdup(address);
	return TRUE;
}

static void a_message_that_waits_for_a_locked_key_goes_on(void **state)
{
	UiDesk *desk = desk_new();
	SnId before = ui_desk_last_entry(desk);

	desk->setup.host.unlock_key = note_unlock;
	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect Send the money\nkeys i\n"
	             "text Hello\nkeys <C-x>\nexpect Hello");
	SnId id = ui_desk_last_entry(desk);
	assert_true(id > before);
	SnOutboxChange change = { .state = SN_STATE_WAITING, .what = "temporary",
		                  .reason = "Your key is locked", .next_try = STORY_NOW + SN_HOUR,
		                  .attempts = -1, .step = -1 };
	assert_true(sn_outbox_change(desk->store, id, SN_STATE_QUEUED, &change, NULL));
	ui_desk_play(desk, "text :open sig@keys.test\nkeys <Enter>\nexpect locked\nkeys GU");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_string_equal(unlocked, "alice@example.test");
	assert_int_equal(entry->request, SN_REQUEST_SEND);
	g_clear_pointer(&unlocked, g_free);
	ui_desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_is_verified_once),
		cmocka_unit_test(a_text_cannot_imitate_a_mark),
		cmocka_unit_test(only_the_user_opens_what_is_locked),
		cmocka_unit_test(what_was_opened_is_in_no_file),
		cmocka_unit_test(what_only_a_passphrase_opened_is_found_where_the_user_wants_that),
		cmocka_unit_test(an_ordinary_message_is_not_unlocked),
		cmocka_unit_test(a_file_within_is_saved),
		cmocka_unit_test(what_lies_side_by_side_is_not_quoted),
		cmocka_unit_test(an_answer_to_what_came_encrypted_goes_encrypted),
		cmocka_unit_test(a_key_says_whether_it_goes_encrypted),
		cmocka_unit_test(the_composer_says_what_will_happen),
		cmocka_unit_test(a_toggle_for_the_signature_is_of_this_message),
		cmocka_unit_test(a_key_is_chosen_once),
		cmocka_unit_test(a_message_that_waits_for_a_locked_key_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
