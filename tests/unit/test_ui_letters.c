/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keys of the composer do to an email: as whom, with which files, which questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/route/limits.h"
#include "src/store/draft_copy.h"
#include "src/store/sync.h"
#include "tests/lib/ui_desk.h"

#define FRIDA "frida@harbour.example"
#define ZOE "zoe@new.example"

static int set_up(void **state)
{
	*state = ui_desk_new(UI_DESK_LETTERS, NULL);
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

/* A file in the profile's directory, 3000 bytes; caller frees. */
static char *make_file(UiDesk *desk, const char *name)
{
	char *path = g_build_filename(desk->dir, name, NULL);
	g_autofree char *bytes = g_strnfill(3000, 'x');

	assert_true(g_file_set_contents(path, bytes, -1, NULL));
	return path;
}

static void play(UiDesk *desk, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void play(UiDesk *desk, const char *format, ...)
{
	va_list arguments;
	g_autofree char *script = NULL;

	va_start(arguments, format);
	script = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	ui_desk_play(desk, script);
}

static void it_goes_as_whom_was_written_to(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r\ntext Yes\nkeys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_string_equal(entry->from, "a.liddell@work.example");
}

static void another_address_is_chosen_and_kept(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r\ntext Yes\nkeys <Esc>:from<Space>club<Enter>\n"
	                   "expect Treasurer\n");
	/* also by the next run of the program */
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>i\nexpect Treasurer <money@club.example>\n"
	                   "keys <Esc>:from<Space>nobody<Enter>\nexpect None of your addresses fits\n"
	                   "keys :from<Space>liddell<Enter>\nexpect Several of your addresses fit\n"
	                   "keys i<A-Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_string_equal(entry->from, "money@club.example");
}

static void a_list_is_answered_as_a_list(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>L\nexpect came by no mailing list\n"
	                   "keys :open<Space>knots<Enter>L\ntext Left\n");
	ui_desk_play(desk, "keys :open<Space>knots<Enter>i\nexpect Email to knots@lists.example\nkeys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_int_equal(entry->recipients->len, 1);
	assert_string_equal(((SnParty *)entry->recipients->pdata[0])->address, "knots@lists.example");
}

static void a_dropped_file_is_attached_when_the_user_says_so(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *path = make_file(desk, "plan of berth.txt");
	g_autofree char *quoted = g_shell_quote(path);

	play(desk, "keys :open<Space>" FRIDA "<Enter>i\npaste %s\nexpect Attach \nexpect 3.0 kB?\n"
	     "keys a\nexpect file plan of berth.txt  3.0 kB\n"
	     "paste %s\nkeys t\ntext  is where it lies\nkeys <A-Enter>\n", quoted, path);
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	const SnAttachment *file = entry->attachments->pdata[0];
	assert_int_equal(entry->attachments->len, 1);
	assert_string_equal(file->name, "plan of berth.txt");
	assert_string_equal(file->type, "text/plain");
	assert_true(g_str_has_prefix(entry->body, path));
}

static void text_that_is_no_file_is_pasted(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>i\npaste /no/such/file\nkeys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_true(g_str_has_prefix(entry->body, "/no/such/file\n"));
}

static void an_email_without_subject_asks(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *path = make_file(desk, "plan.txt");

	play(desk, "keys :compose<Space>mailto:" ZOE "<Enter>\npaste %s\nkeys a\nkeys <A-Enter>\n"
	     "expect The email has no subject\nkeys w\ntext The berth\nkeys <A-Enter>\n", path);
	g_autoptr(SnOutboxEntry) first = ui_desk_entry(desk, 0);
	assert_string_equal(first->subject, "The berth");
	play(desk, "keys :compose<Space>mailto:grandma@example.test<Enter>:discard<Enter>\n");
	play(desk, "keys :compose<Space>mailto:yan@new.example<Enter>\npaste %s\nkeys a\nkeys <A-Enter>s\n", path);
	g_autoptr(SnOutboxEntry) second = ui_desk_entry(desk, first->id);
	assert_non_null(second);
}

static void only_the_new_text_speaks_of_files(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>i\npaste Fine.\\n\\n> see the attached plan\\n\n"
	                   "keys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_non_null(entry);
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>i\ntext Anbei der Plan\nkeys <A-Enter>\n"
	                   "expect speaks of a file\nkeys b\n");
	assert_int_equal(ui_desk_last_entry(desk), entry->id);
}

static void the_sum_of_files_counts_held_ones_too(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *one = make_file(desk, "one.txt"), *two = make_file(desk, "two.txt");
	SnLimits limits = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, 5000 };

	assert_true(sn_limits_set(desk->store, "home", &limits, NULL));
	/* what is taken back lies in the store, not in a file */
	play(desk, "keys :open<Space>" FRIDA "<Enter>i\npaste %s\nkeys a<A-Enter>\nkeys u\nexpect Taken back\n"
	     "paste %s\nkeys a\nexpect 2 files, 6.0 kB of 3.8 kB\nkeys <A-Enter>\n"
	     "expect the mail server takes 5.0 kB\n", one, two);
}

static void each_address_signs_for_itself(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r\ntext Yes\nexpect A. Liddell, Harbour office\n"
	                   "keys <A-i>\nexpect Quay 3\nkeys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) first = ui_desk_entry(desk, 0);
	assert_string_equal(first->body, "Yes\n\n-- \nAlice\nQuay 3");
	/* taken back, it is the text again; another address puts its own */
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r\ntext No\nkeys <A-Enter>\nkeys u\n"
	                   "expect Taken back\nkeys <A-i><A-Enter>\n");
	g_autoptr(SnOutboxEntry) second = ui_desk_entry(desk, first->id);
	assert_true(g_str_has_prefix(second->body, "No\n\n-- \n"));
	assert_null(strstr(second->body + 8, "-- \n"));
}

static void an_im_is_not_signed(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>bob@example.test<Enter>i\ntext Hello\nkeys <C-x>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_int_equal(entry->channel, SN_CHANNEL_IM);
	assert_string_equal(entry->body, "Hello");
}

static void a_template_is_put_in(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *folder = g_build_filename(desk->paths->config, "templates", NULL);

	assert_int_equal(g_mkdir(folder, 0700), 0);
	ui_desk_write(desk, "templates/thanks", "Dear {{first-name}},\n\nthank you for \"{{subject}}\".\n");
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r<Esc>:template<Space>thanks<Enter>\n"
	                   "expect Dear Frida,\nkeys <A-Enter>\n"
	                   "keys :template<Space>nothing<Enter>\nexpect There is no template 'nothing'\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_true(g_str_has_prefix(entry->body, "Dear Frida,\n\nthank you for \"Re: Berth 12\"."));
}

static void the_format_is_kept_with_the_draft(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r\ntext *Yes*\nkeys <Esc>:format<Space>markdown<Enter>\n"
	                   "expect HTML alternative\n");
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>i<A-Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_int_equal(entry->format, SN_FORMAT_MARKDOWN);
}

/* What another program left in Drafts; the message's id. */
static SnId foreign_draft(UiDesk *desk)
{
	SnMessage *message = sn_message_new();
	SnId account = sn_account_find(desk->store, "home");
	SnId folder = sn_folder_intern(desk->store, account, "Drafts", "drafts", NULL);
	static const char raw[] = "Message-ID: <half@other>\r\n\r\nHalf";
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, strlen(raw));

	message->account = account;
	message->channel = SN_CHANNEL_MAIL;
	message->direction = SN_OUT;
	message->time = STORY_NOW - SN_HOUR;
	message->state = SN_STATE_DRAFT;
	message->flags = SN_FLAG_SEEN | SN_FLAG_DRAFT;
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, "money@club.example", NULL, NULL);
	message->message_id = g_strdup("half@other");
	message->in_reply_to = g_strdup("berth@harbour.example");
	message->subject = g_strdup("Re: Berth 12");
	message->body = g_strdup("Half a sentence");
	sn_message_add_party(message, SN_ROLE_FROM, "money@club.example", NULL);
	sn_message_add_party(message, SN_ROLE_TO, FRIDA, NULL);
	sn_message_add_party(message, SN_ROLE_TO, "gus@club.example", NULL);
	sn_message_add_party(message, SN_ROLE_BCC, "zoe@new.example", NULL);
	assert_true(sn_message_add(desk->store, message, NULL, bytes, NULL, NULL));
	assert_true(sn_location_set(desk->store, message->id, folder, 3, NULL, message->flags, NULL));
	SnId id = message->id;
	sn_message_free(message);
	return id;
}

static void a_draft_of_another_program_is_continued(void **state)
{
	UiDesk *desk = *state;
	SnId conversation = ui_desk_conversation(desk, FRIDA);

	foreign_draft(desk);
	ui_desk_play(desk, "keys F\nexpect Drafts\nkeys /Drafts<Enter><Enter>\nexpect Re: Berth 12\n"
	                   "keys e\nexpect Half a sentence\nexpect Treasurer <money@club.example>\ntext , and the rest\n");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->store, conversation);
	g_autoptr(SnDraftCopy) copy = sn_draft_copy_get(desk->store, conversation);
	g_autoptr(SnMessage) answered = sn_message_get(desk->store, draft->reply_to, 0);
	assert_string_equal(draft->body, "Half a sentence, and the rest");
	assert_string_equal(draft->subject, "Re: Berth 12");
	assert_string_equal(draft->sender, "money@club.example");
	assert_string_equal(draft->cc, "gus@club.example");
	assert_string_equal(draft->bcc, "zoe@new.example");
	assert_string_equal(answered->message_id, "berth@harbour.example");
	/* it is the one that will be replaced */
	assert_string_equal(copy->message_id, "half@other");
	assert_int_equal(sn_draft_copy_find(desk->store, "half@other"), conversation);
	/* once more opens the same draft */
	ui_desk_play(desk, "keys F\nexpect Drafts\nkeys /Drafts<Enter><Enter>e\nexpect , and the rest\n");
}

static void what_is_no_draft_is_not_continued(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>:continue<Enter>\nexpect This is no draft\n");
}

static void a_signature_is_left_out_or_chosen(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	/* all of it is shown, and below the text */
	ui_desk_play(desk, "size 80 30\nkeys :open<Space>" FRIDA "<Enter>r\ntext Yes\nkeys <Esc>:from<Space>alice@<Enter>i\nexpect --\nexpect Alice\nexpect Quay 3\n"
	                   "keys <A-s>\nabsent Quay 3\nexpect No signature.\n");
	/* the draft keeps the choice */
	ui_desk_play(desk, "size 80 30\nkeys :open<Space>" FRIDA "<Enter>i\nabsent Quay 3\nkeys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) without = ui_desk_entry(desk, before);
	assert_string_equal(without->body, "Yes");
	/* that of another address than it goes from: the answer to what went from alice's */
	ui_desk_play(desk, "size 80 30\nkeys :open<Space>" FRIDA "<Enter>r\ntext No\n"
	                   "expect Alice Liddell\nkeys <Esc>:signature<Space>a.liddell@work.example<Enter>i\n"
	                   "expect Harbour office\nexpect as a.liddell@work.example\nkeys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) other = ui_desk_entry(desk, without->id);
	assert_string_equal(other->from, "alice@example.test");
	assert_string_equal(other->body, "No\n\n-- \nA. Liddell, Harbour office");
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r\nkeys <Esc>:signature<Space>nobody<Enter>\n"
	                   "expect None of your addresses fits\nkeys :signature<Space>default<Enter>\n"
	                   "expect The signature of the address it goes from\n");
}

static void an_im_has_no_signature(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "keys :open<Space>bob@example.test<Enter>i\ntext Ahoy\nabsent Quay 3\n"
	                   "keys <A-s>\nexpect An IM has no signature\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_int_equal(entry->channel, SN_CHANNEL_IM);
	assert_string_equal(entry->body, "Ahoy");
}

static void reports_are_a_choice_and_shown(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>r\ntext Yes\nkeys <Esc>:delivery-reports<Space>failures<Enter>\n"
	                   "expect of failure and delay only\nexpect Reports of failure only\n"
	                   "keys :read-receipt<Space>yes<Enter>\n"
	                   "expect A read receipt is asked for; reports of failure only\n"
	                   "keys :delivery-reports<Space>some<Enter>\nexpect Say all, failures, none or default\n");
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>i\nexpect reports of failure only\nkeys <A-Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_int_equal(entry->reports, SN_REPORTS_FAILURES);
	assert_int_equal(entry->read_receipt, SN_READ_RECEIPT_YES);
	/* taken back, it is as it was */
	ui_desk_play(desk, "keys :open<Space>" FRIDA "<Enter>o\nkeys e\nexpect reports of failure only\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(it_goes_as_whom_was_written_to),
		T(another_address_is_chosen_and_kept),
		T(a_list_is_answered_as_a_list),
		T(a_dropped_file_is_attached_when_the_user_says_so),
		T(text_that_is_no_file_is_pasted),
		T(an_email_without_subject_asks),
		T(only_the_new_text_speaks_of_files),
		T(the_sum_of_files_counts_held_ones_too),
		T(each_address_signs_for_itself),
		T(a_signature_is_left_out_or_chosen),
		T(an_im_has_no_signature),
		T(reports_are_a_choice_and_shown),
		T(a_draft_of_another_program_is_continued),
		T(what_is_no_draft_is_not_continued),
		T(an_im_is_not_signed),
		T(a_template_is_put_in),
		T(the_format_is_kept_with_the_draft),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
