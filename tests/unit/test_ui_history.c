/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What travels along with a reply, chosen by keys: what the screen says and what is queued. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/route/history.h"
#include "src/route/limits.h"
#include "tests/lib/ui_desk.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define CAROL "carol@example.test"

static int set_up(void **state)
{
	*state = ui_desk_new(UI_DESK_STORY, NULL);
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

/* Bob says something; newer than all else the later it is called. */
static SnId bob_says(UiDesk *desk, SnChannel channel, const char *text, gboolean encrypted)
{
	static int serial;
	g_autoptr(SnMessage) message = sn_message_new();
	g_autoptr(GError) error = NULL;

	serial++;
	message->account = sn_account_find(desk->store, "home");
	message->channel = channel;
	message->time = STORY_NOW - SN_MINUTE + serial;
	message->state = SN_STATE_RECEIVED;
	message->flags = SN_FLAG_SEEN;
	message->sender = sn_address_intern(desk->store, channel, BOB, NULL, NULL);
	message->body = g_strdup(text);
	message->size = (gint64)strlen(text);
	message->encrypted = encrypted;
	if (channel == SN_CHANNEL_MAIL)
		message->message_id = g_strdup_printf("said-%d@example.test", serial);
	else
		message->origin_id = g_strdup_printf("said-%d", serial);
	sn_message_add_party(message, SN_ROLE_FROM, BOB, NULL);
	sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	if (!sn_message_add(desk->store, message, NULL, NULL, NULL, &error))
		fail_msg("%s", error->message);
	return message->id;
}

static gboolean travels(const SnOutboxEntry *entry, SnId id)
{
	for (guint i = 0; entry->history && i < entry->history->len; i++)
		if (g_array_index(entry->history, SnId, i) == id)
			return TRUE;
	return FALSE;
}

/* Everything but what is named is picked by keys, and sent by IM. */
static void marks_are_what_is_sent(void **state)
{
	UiDesk *desk = *state;
	SnId one = bob_says(desk, SN_CHANNEL_IM, "first of three", FALSE);
	SnId two = bob_says(desk, SN_CHANNEL_IM, "second of three", FALSE);
	SnId three = bob_says(desk, SN_CHANNEL_IM, "third of three", FALSE);

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>h\nexpect no history\n"
	                   "keys ggv\nexpect picked by hand\nexpect 1 IM\n"
	                   "keys jv\nexpect 2 IMs\n" /* v went on to the second; j to the third */
	                   "keys <Esc>iall of it<Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_non_null(entry);
	assert_int_equal(entry->history->len, 2);
	assert_true(travels(entry, three) && travels(entry, one));
	assert_false(travels(entry, two));
}

static void a_range_is_two_keys(void **state)
{
	UiDesk *desk = *state;

	for (int i = 0; i < 5; i++)
		bob_says(desk, SN_CHANNEL_IM, "line", FALSE);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>hggV\nexpect range: V ends it\n"
	                   "keys jjjV\nexpect 4 IMs\nabsent range: V\n"
	                   "keys ggVjV\nexpect 2 IMs\n" /* begun on a marked one: taken out */
	                   "keys 0\nexpect no history\n");
}

static void a_choice_is_changed_by_hand(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>h5\nexpect the last 5\nexpect 1 email, 4 IMs\n"
	                   "keys gg<Space>\nexpect picked by hand\nexpect 1 email, 3 IMs\n"
	                   "keys t\nexpect the thread that is answered\n");
}

static void an_encrypted_one_needs_its_own_yes(void **state)
{
	UiDesk *desk = *state;
	SnId secret = bob_says(desk, SN_CHANNEL_IM, "the code is 1234", TRUE);
	SnId other = bob_says(desk, SN_CHANNEL_IM, "another secret", TRUE);

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>hA\n"
	                   "expect what came encrypted; y on it\nexpect [!] im\n"
	                   "expect came encrypted, this goes in the open\n"
	                   "keys ggv\nexpect That one cannot travel: came encrypted\n"
	                   "keys jy\nexpect came encrypted, goes in the open\nexpect [x] im\n"
	                   "keys <Esc>iwith it<Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_true(travels(entry, secret));
	assert_false(travels(entry, other));
	/* the yes was for that message of that reply */
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>hA<Esc>iagain<Enter>\n");
	g_autoptr(SnOutboxEntry) again = ui_desk_entry(desk, entry->id);
	assert_non_null(again);
	assert_false(travels(again, secret));
}

static void a_yes_can_be_taken_back_and_survives_a_restart(void **state)
{
	UiDesk *desk = *state;

	bob_says(desk, SN_CHANNEL_IM, "the code is 1234", TRUE);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>ibegun<Esc>hggy\nexpect 1 IM\n");
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>h\nexpect came encrypted, goes in the open\n"
	                   "keys ggy\nexpect [!] im\nexpect no history\n");
}

static void one_more_in_cc_has_to_have_been_a_party(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>:mode<Space>mail<Enter>hA\n"
	                   "absent no party\n"
	                   "keys <Esc>:cc<Space>" CAROL "<Enter><Esc>h\n"
	                   "expect To             " BOB ", " CAROL "\n"
	                   "expect Left out: what " CAROL " was no party to.\n"
	                   "expect " CAROL " was no party to it\nexpect no history\n"
	                   "keys ggv\nexpect That one cannot travel: " CAROL "\n"
	                   "keys <Esc>:cc<Enter><C-u><Esc>h\n"
	                   "absent no party\nexpect everything\n");
}

static void what_is_sent_was_judged_for_everybody(void **state)
{
	UiDesk *desk = *state;

	/* the address is typed and the message sent before the choice could be made anew */
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>:mode<Space>mail<Enter>hA<Esc>"
	                   ":cc<Space>" CAROL "<Enter>ihello<C-x>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_non_null(entry);
	assert_int_equal(entry->recipients->len, 2);
	assert_true(!entry->history || entry->history->len == 0);
}

static void files_count_or_do_not(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>hA\nexpect 1 file,\nexpect with files\n"
	                   "keys f\nabsent 1 file,\nexpect without files\n");
}

static void what_the_server_does_not_take_is_said_before(void **state)
{
	UiDesk *desk = *state;
	SnLimits none = { 0, SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN };
	SnLimits small = { 900, SN_LIMIT_UNKNOWN, 1000 };

	assert_true(sn_limits_set(desk->store, "home", &none, NULL));
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>hA\nexpect The IM server takes no files\n");
	assert_true(sn_limits_set(desk->store, "home", &small, NULL));
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>hA\nexpect as text only: the server takes\n"
	                   "keys <Esc>:mode<Space>mail<Enter>h\nexpect The mail server takes\n");
}

/* A file of this many bytes. */
static char *file_of(UiDesk *desk, const char *name, gsize size)
{
	char *path = g_build_filename(desk->dir, name, NULL);
	g_autofree char *bytes = g_strnfill(size, 'x');

	assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
	return path;
}

static void a_file_too_large_is_said_before_it_is_sent(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *path = file_of(desk, "film.mp4", 9000);
	g_autofree char *attach = g_strdup_printf(
		"keys :open<Space>" BOB "<Enter>:attach<Space>%s<Enter>ilook<Enter>\n", path);
	g_autofree char *by_mail = g_strconcat(attach,
	        "expect film.mp4 has 9.0 kB; the IM server takes files up to 5.0 kB.\n"
	        "keys e\nexpect As an email the files take 12 kB; the mail server takes 10 kB.\n"
	        "keys b\nexpect the draft is kept\nkeys <Esc>:detach<Enter>:discard<Enter>\n", NULL);
	g_autofree char *without = g_strconcat(attach,
	        "expect takes files up to\nkeys s\nabsent takes files up to\n", NULL);
	SnLimits limits = { 5000, SN_LIMIT_UNKNOWN, 10000 };
	SnId before = ui_desk_last_entry(desk);

	assert_true(sn_limits_set(desk->store, "home", &limits, NULL));
	ui_desk_play(desk, by_mail);
	assert_null(ui_desk_entry(desk, before));
	ui_desk_play(desk, without);
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->request, SN_REQUEST_SEND); /* nobody asks a second time */
}

static void a_long_conversation_is_read_page_by_page(void **state)
{
	UiDesk *desk = *state;

	assert_true(sn_store_begin(desk->store, NULL));
	for (int i = 0; i < 700; i++)
		bob_says(desk, SN_CHANNEL_IM, i ? "line" : "the oldest of many", FALSE);
	assert_true(sn_store_commit(desk->store, NULL));
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>h\nexpect [ ] im\n"
	                   "keys G\nkeys G\nkeys G\nkeys G\nkeys G\nkeys G\nkeys G\nkeys G\nexpect Plans for Saturday\n"
	                   "keys Agg\nexpect 500 IMs\nexpect [x] im\n");
}

static void keys_do_nothing_where_there_is_nothing(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :travel-pick<Enter>\nexpect h shows what can be picked\n"
	                   "keys :open<Space>" BOB "<Enter>hggy\n"
	                   "expect That one did not come encrypted\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(marks_are_what_is_sent),
		T(a_range_is_two_keys),
		T(a_choice_is_changed_by_hand),
		T(an_encrypted_one_needs_its_own_yes),
		T(a_yes_can_be_taken_back_and_survives_a_restart),
		T(one_more_in_cc_has_to_have_been_a_party),
		T(what_is_sent_was_judged_for_everybody),
		T(files_count_or_do_not),
		T(what_the_server_does_not_take_is_said_before),
		T(a_file_too_large_is_said_before_it_is_sent),
		T(a_long_conversation_is_read_page_by_page),
		T(keys_do_nothing_where_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
