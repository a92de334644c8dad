/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the client's keys do to the store: sending with its questions, drafts, reading, filing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/route/policy.h"
#include "src/store/wish.h"
#include "tests/lib/ui_desk.h"

#define BOB "bob@example.test"
#define DORA "dora@example.test"
#define CAROL "carol@example.test"
#define CAROL_IM "carol@chat.example"
#define GRANDMA "grandma@example.test"

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

static SnConversation *row_of(UiDesk *desk, const char *address)
{
	return sn_conversation_get(desk->store, ui_desk_conversation(desk, address));
}

static const char *to_of(const SnOutboxEntry *entry)
{
	assert_true(entry->recipients->len > 0);
	return ((const SnParty *)g_ptr_array_index(entry->recipients, 0))->address;
}

/* ---- reading ---- */

static void looking_is_not_reading(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnConversation) before = NULL, after = NULL;

	ui_desk_play(desk, "keys jjkk\n");
	before = row_of(desk, BOB);
	assert_int_equal(before->unread, 3);
	ui_desk_play(desk, "keys <Enter>\n");
	after = row_of(desk, BOB);
	assert_int_equal(after->unread, 0);
}

static void nothing_is_read_while_nobody_looks(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnConversation) away = NULL, back = NULL;

	ui_desk_play(desk, "focus out\nkeys <Enter>\n");
	away = row_of(desk, BOB);
	assert_int_equal(away->unread, 3);
	ui_desk_play(desk, "focus out\nkeys <Enter>\nfocus in\n");
	back = row_of(desk, BOB);
	assert_int_equal(back->unread, 0);
}

static void conversations_are_filed(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnConversation) pinned = NULL, archived = NULL, back = NULL;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter><Esc>\nkeys P\nkeys M\n");
	pinned = row_of(desk, CAROL);
	assert_true(pinned->pinned && pinned->muted);
	ui_desk_play(desk, "keys gga\nabsent Carol Marline\nkeys ga\nexpect archived\n");
	archived = row_of(desk, CAROL);
	assert_true(archived->archived);
	ui_desk_play(desk, "keys ga:open<Space>" CAROL "<Enter><Esc>a\n");
	back = row_of(desk, CAROL);
	assert_false(back->archived);
}

static guint moves(UiDesk *desk, const char *target)
{
	g_autoptr(GPtrArray) actions = sn_action_list(
		desk->store, sn_account_find(desk->store, "home"), G_MAXINT64);
	guint count = 0;

	for (guint i = 0; actions && i < actions->len; i++) {
		const SnAction *action = g_ptr_array_index(actions, i);
		count += action->kind == SN_ACTION_MOVE && strcmp(action->target, target) == 0;
	}
	return count;
}

static void deleting_asks_first(void **state)
{
	UiDesk *desk = *state;
	SnId account = sn_account_find(desk->store, "home");
	SnId folder = sn_folder_intern(desk->store, account, "INBOX", "inbox", NULL);
	SnId message = sn_message_find_mail(desk->store, "book-1@example.test");

	assert_true(sn_location_set(desk->store, message, folder, 7, NULL, 0, NULL));
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>d\nexpect Delete this message?\nkeys n\n");
	assert_int_equal(moves(desk, "trash"), 0);
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>d\nkeys y\nexpect trash\n");
	assert_int_equal(moves(desk, "trash"), 1);
}

static void ims_cannot_be_deleted(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys <Enter>Gd\nexpect stays on its server\n");
}

/* ---- drafts ---- */

static void a_draft_is_kept_and_comes_back(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnDraft) draft = NULL, gone = NULL;

	ui_desk_play(desk, "keys <Enter>i\ntext Half a sentence\n");
	draft = sn_draft_load(desk->store, ui_desk_conversation(desk, BOB));
	assert_non_null(draft);
	assert_string_equal(draft->body, "Half a sentence");
	ui_desk_play(desk, "expect draft\nkeys <Enter>\nexpect Half a sentence\nkeys :discard<Enter>\n");
	gone = sn_draft_load(desk->store, ui_desk_conversation(desk, BOB));
	assert_null(gone);
}

static void each_conversation_has_its_own_draft(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys <Enter>i\ntext For Bob only\nkeys <Esc>:open<Space>" DORA "<Enter>\n"
	                   "absent For Bob only\nkeys i\ntext For Dora\n"
	                   "keys <Esc>:open<Space>" BOB "<Enter>\nexpect For Bob only\nabsent For Dora\n");
}

static void a_switch_loses_nothing(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *file = g_build_filename(desk->dir, "plan.txt", NULL);
	g_autofree char *script = NULL;
	g_autoptr(SnDraft) draft = NULL;

	assert_true(g_file_set_contents(file, "plan", -1, NULL));
	script = g_strdup_printf("keys :open<Space>" CAROL "<Enter>r\ntext Some words\n"
	                         "keys <Esc>:attach<Space>%s<Enter>i\nexpect file plan.txt\n"
	                         "keys <C-t>\nexpect Some words\nexpect file plan.txt\nkeys <C-t>\n"
	                         "expect Re: Your book\nexpect Some words\nexpect file plan.txt\n",
	                         file);
	ui_desk_play(desk, script);
	draft = sn_draft_load(desk->store, ui_desk_conversation(desk, CAROL));
	assert_int_equal(draft->attachments->len, 1);
	assert_int_equal(draft->reply_to, sn_message_find_mail(desk->store, "book-1@example.test"));
}

static void an_editor_changes_the_text(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *editor = g_build_filename(desk->dir, "editor", NULL);
	g_autoptr(SnDraft) draft = NULL;

	assert_true(g_file_set_contents_full(editor, "#!/bin/sh\nprintf ' and more' >>\"$1\"\n", -1, 0,
	                                     0700, NULL));
	g_setenv("VISUAL", editor, TRUE);
	ui_desk_play(desk, "keys <Enter>i\ntext Words\nkeys <C-e>\nexpect Words and more\n");
	draft = sn_draft_load(desk->store, ui_desk_conversation(desk, BOB));
	assert_string_equal(draft->body, "Words and more");
	assert_true(g_file_set_contents_full(editor, "#!/bin/sh\necho gone >\"$1\"\nexit 1\n", -1, 0, 0700,
	                                     NULL));
	ui_desk_play(desk, "keys <Enter>i<C-e>\nexpect ended with an error\nexpect Words and more\n");
	g_setenv("VISUAL", "/nonexistent/editor", TRUE);
	ui_desk_play(desk, "keys <Enter>i<C-e>\nexpect did not start\nexpect Words and more\n");
	g_unsetenv("VISUAL");
}

/* Far down in a long list, what changes its place is still what is looked at. */
static void who_is_written_to_far_down_stays_selected(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_MANY, NULL);

	(void)state;
	ui_desk_play(desk, "size 80 24\nkeys G\nexpect Person 00299\nabsent Bob Ropewalk\n"
	                   "keys <Enter>i\ntext Hello there\nkeys <A-Enter>\nexpect queued\n"
	                   "expect Bob Ropewalk\nkeys <Esc>\nexpect grandma@example.test\n"
	                   "absent person00299@many.test\nkeys j\nexpect on the boat\n");
	ui_desk_free(desk);
}

static void a_filter_keeps_its_place_far_down(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_MANY, NULL);

	(void)state;
	ui_desk_play(desk, "size 80 24\nkeys :filter<Space>e<Enter>G\nexpect grandma@example.test\n"
	                   "keys :mute<Enter>\nexpect mute\nkeys k\nexpect person00299@many.test\n");
	ui_desk_free(desk);
}

/* Each command says what it lacks, and does nothing. */
static void commands_say_what_they_lack(void **state)
{
	static const struct {
		const char *before, *command, *said;
	} cases[] = {
		{ "", ":set colours", "Write :set SECTION.KEY VALUE" },
		{ "", ":find-next", "Nothing was searched for yet: / begins." },
		{ "keys <Enter>\n", ":react hm", "A reaction is one emoji, or none." },
		{ "keys <Enter>i<C-t><Esc>\n", ":sign perhaps", "It is next, yes, no or default." },
		{ "keys <Enter>i<C-t><Esc>\n", ":read-receipt perhaps", "Say yes, no or default." },
		{ "keys <Enter>i<C-t><Esc>\n", ":format fancy", "Say markdown, plain or default." },
	};
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *script = g_strdup_printf("size 120 30\n%stext %s\nkeys <Enter>\nexpect %s\n",
		                                          cases[i].before, cases[i].command, cases[i].said);
		ui_desk_play(desk, script);
	}
	/* not where it would stand in a file that nobody wrote */
	ui_desk_play(desk, "size 120 30\ntext :set ui.colours blue\nkeys <Enter>\nexpect unknown key 'colours' in [ui]\n"
	                   "absent sennit.conf\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
}

/* Where nothing new is left, one is told so. */
static void nothing_unread_is_said(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);

	(void)state;
	ui_desk_play(desk, "keys <Tab>\nexpect Nothing unread.\n");
	ui_desk_free(desk);
}

/* ---- sending ---- */

static void an_im_is_queued(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;
	g_autoptr(SnDraft) draft = NULL;

	ui_desk_play(desk, "keys <Enter>r\ntext On my way\nkeys <Enter>\nexpect queued\n");
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->channel, SN_CHANNEL_IM);
	assert_string_equal(entry->body, "On my way");
	assert_string_equal(to_of(entry), BOB);
	assert_string_equal(entry->from, "alice@example.test");
	assert_int_equal(entry->history->len, 0);
	draft = sn_draft_load(desk->store, entry->conversation);
	assert_null(draft);
}

static void nothing_is_not_sent(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "keys <Enter>i<Enter>\nexpect nothing to send\ntext   \nkeys <Enter>\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
}

static void an_email_answered_by_im_takes_its_thread_along(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;

	/* the first email of the thread is answered */
	ui_desk_play(desk, "keys <Enter>gg\nkeys c\ntext Gladly\nkeys <Enter>\nexpect queued\n");
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->channel, SN_CHANNEL_IM);
	assert_int_equal(entry->history->len, 2);
	assert_int_equal(entry->reply_to, sn_message_find_mail(desk->store, "plans-1@example.test"));
	assert_true(entry->announce);
}

static void history_can_be_switched_off_and_picked(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) none = NULL, picked = NULL;

	ui_desk_play(desk, "keys <Enter>gg\nkeys c\ntext Gladly\nkeys <A-h>0\nexpect no history\n"
	                   "keys <Enter>\nkeys <Enter>\nexpect queued\n");
	none = ui_desk_entry(desk, before);
	assert_non_null(none);
	assert_int_equal(none->history->len, 0);
	ui_desk_play(desk, "keys <Enter>i\ntext Picked\nkeys <A-h>jv\nexpect [x]\nkeys <Enter>\n"
	                   "expect with 1 IM\nkeys <Enter>\nexpect queued\n");
	picked = ui_desk_entry(desk, none->id);
	assert_non_null(picked);
	assert_int_equal(picked->history->len, 1);
}

static void an_email_can_be_taken_back(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;
	g_autoptr(SnDraft) draft = NULL;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>r\ntext Come at five\nkeys <C-x>\n"
	                   "expect takes it back\nkeys u\nexpect it is a draft again\n");
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->channel, SN_CHANNEL_MAIL);
	assert_int_equal(entry->send_at, STORY_NOW + 5 * SN_SECOND);
	assert_string_equal(entry->subject, "Re: Your book");
	assert_int_equal(entry->request, SN_REQUEST_CANCEL);
	draft = sn_draft_load(desk->store, entry->conversation);
	assert_string_equal(draft->body, "Come at five");
	assert_int_equal(draft->mode, SN_MODE_MAIL);
}

static void leaving_with_an_email_on_hold_is_asked(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>r\ntext Come at five\nkeys <C-x>\n"
	                   "keys qq\nexpect has not gone yet\nkeys n\nexpect Conversations\n");
}

static void files_go_along(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autofree char *file = g_build_filename(desk->dir, "plan.txt", NULL);
	g_autofree char *script = NULL;
	g_autoptr(SnOutboxEntry) entry = NULL;
	const SnAttachment *attached;

	assert_true(g_file_set_contents(file, "the plan", -1, NULL));
	ui_desk_play(desk, "keys <Enter>:attach<Space>/nonexistent<Enter>\nexpect There is no file\n");
	script = g_strdup_printf("keys <Enter>:attach<Space>%s<Enter>i\ntext Here\nkeys <Enter>\n"
	                         "expect queued\n",
	                         file);
	ui_desk_play(desk, script);
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->attachments->len, 1);
	attached = g_ptr_array_index(entry->attachments, 0);
	assert_string_equal(attached->name, "plan.txt");
	assert_int_equal(attached->size, 8);
}

static void each_answer_when_not_available(void **state)
{
	static const struct {
		const char *key;
		SnRule rule;
	} answers[] = { { "d", SN_RULE_DEFER }, { "s", SN_RULE_SEND }, { "a", SN_RULE_ASK_THEM } };
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
		g_autoptr(SnOutboxEntry) entry = NULL;
		g_autofree char *script = g_strdup_printf(
			"keys :open<Space>" DORA "<Enter>i\ntext Are you back?\nkeys <Enter>\n"
			"expect not available\nkeys %s\nabsent ask them\nexpect queued\n",
			answers[i].key);
		ui_desk_play(desk, script);
		entry = ui_desk_entry(desk, before);
		assert_non_null(entry);
		assert_int_equal(entry->if_unavailable, answers[i].rule);
		assert_int_equal(entry->channel, SN_CHANNEL_IM);
		before = entry->id;
	}
	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>i\ntext Are you back?\nkeys <Enter>c\n"
	                   "expect the draft is kept\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
}

/* The channel that was switched to stays while what was sent on it still waits. */
static void after_a_waiting_im_the_next_line_is_an_im(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnAddress) bob = sn_address_find(desk->store, SN_CHANNEL_IM, BOB);
	SnPresence offline = { .address = bob->id, .resource = (char *)"phone",
		               .show = SN_PRESENCE_OFFLINE };
	SnId home = sn_account_find(desk->store, "home");

	sn_presence_forget(desk->store, home, NULL);
	assert_true(sn_presence_set(desk->store, home, &offline, NULL));

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>i\nexpect Email, as bob\nkeys <C-t>\n"
	                   "expect IM to\ntext First line\nkeys <Enter>\nexpect not available\n"
	                   "keys d\nexpect IM to\ntext Second line\nkeys <Enter>\n"
	                   "expect not available\nkeys d\nabsent Not sent\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_int_equal(entry->channel, SN_CHANNEL_IM);
	assert_string_equal(entry->body, "Second line");
}

/* Bob goes when a line to him is begun, as another process would write it. */
static gpointer bob_goes(gpointer data)
{
	UiDesk *desk = data;
	SnStore *store = sn_store_open(desk->setup.paths->store_path, SN_STORE_CLIENT, NULL);
	SnId conversation = ui_desk_conversation(desk, BOB);
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
	g_autoptr(SnDraft) draft = NULL;

	while (!draft && g_get_monotonic_time() < end) {
		draft = sn_draft_load(store, conversation);
		g_usleep(1000);
	}
	g_autoptr(SnAddress) bob = sn_address_find(store, SN_CHANNEL_IM, BOB);
	SnPresence offline = { .address = bob->id, .resource = (char *)"phone",
		               .show = SN_PRESENCE_OFFLINE };
	SnId home = sn_account_find(store, "home");
	sn_presence_forget(store, home, NULL);
	sn_presence_set(store, home, &offline, NULL);
	sn_store_close(store);
	return NULL;
}

/* What is decided anew meanwhile does not turn an IM that is half written into an email. */
static void a_begun_line_keeps_its_channel(void **state)
{
	UiDesk *desk = *state;
	GThread *thread = g_thread_new("bob", bob_goes, desk);

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>i\nexpect IM to\ntext Half\nkeys <Esc>\n"
	                   "expect offline\nkeys i\nexpect Half\nexpect IM to\n"
	                   "absent Email to\nkeys <BackSpace><BackSpace><BackSpace><BackSpace><Esc>\n"
	                   "keys i\nexpect Email, as bob\n");
	g_thread_join(thread);
}

static void email_instead_asks_for_what_it_lacks(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;

	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>i\ntext Are you back?\nkeys <Enter>e\n"
	                   "expect Email address of Dora\ntext dora@post.example\nkeys <Enter>\n"
	                   "expect queued\n");
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->channel, SN_CHANNEL_MAIL);
	assert_string_equal(to_of(entry), "dora@post.example");
	assert_true(*entry->subject);
	assert_true(entry->history->len > 0);
}

static gboolean confirmed(UiDesk *desk, const char *value)
{
	g_autoptr(SnAddress) address = sn_address_find(desk->store, SN_CHANNEL_IM, value);
	g_autoptr(SnAddress) mail = sn_address_find(desk->store, SN_CHANNEL_MAIL, CAROL);

	return address && address->person == mail->person && address->confirmed;
}

static void an_unconfirmed_address_takes_a_yes(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>r\ntext Any evening\nkeys <C-t><Enter>\n"
	                   "expect not confirmed\nkeys n\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
	assert_false(confirmed(desk, CAROL_IM));
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>i<Enter>\nexpect not confirmed\nkeys <Esc>\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>i<Enter>\nexpect not confirmed\nkeys y\n");
	entry = ui_desk_entry(desk, before);
	assert_true(confirmed(desk, CAROL_IM));
	/* her presence is not known, so what to do then may still be asked */
	if (entry)
		assert_string_equal(to_of(entry), CAROL_IM);
}

static void a_typed_address_is_remembered(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnAddress) typed = NULL, mail = NULL;

	ui_desk_play(desk, "keys :open<Space>" GRANDMA "<Enter>r\ntext Love\nkeys <C-t><Enter>\n"
	                   "expect IM address of Grandma\ntext xx\nkeys <Enter>\nexpect is no address\n"
	                   "keys <Enter>\ntext grandma@chat.example\nkeys <Enter>\n");
	typed = sn_address_find(desk->store, SN_CHANNEL_IM, "grandma@chat.example");
	mail = sn_address_find(desk->store, SN_CHANNEL_MAIL, GRANDMA);
	assert_non_null(typed);
	assert_int_equal(typed->person, mail->person);
	assert_int_equal(typed->source, SN_LINK_USER);
	assert_true(typed->confirmed);
	/* and is not asked for again */
	ui_desk_play(desk, "keys :open<Space>" GRANDMA "<Enter>:mode<Space>im<Enter>i\n"
	                   "expect IM to grandma@chat.example\n");
}

static void a_wrong_cc_is_not_dropped_silently(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>r\ntext Hello\n"
	                   "keys <Esc>:cc<Space>nonsense<Enter>\nkeys <C-x>\nexpect is no email address\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>:cc<Space>Bob<Space><lt>" BOB "><Enter>\n"
	                   "keys <C-x>\nexpect queued\n");
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_int_equal(entry->recipients->len, 2);
}

static void a_mailto_uri_fills_the_composer(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnDraft) draft = NULL;

	desk->setup.open = "mailto:new%40example.org?subject=Old%20boat&body=Is%20it%20sold%3F&attach=/etc/passwd";
	ui_desk_play(desk, "expect Email to new@example.org\nexpect Old boat\nexpect Is it sold?\nkeys <Esc>\n");
	desk->setup.open = NULL;
	draft = sn_draft_load(desk->store, ui_desk_conversation(desk, "new@example.org"));
	assert_non_null(draft);
	assert_string_equal(draft->subject, "Old boat");
	assert_true(!draft->attachments || draft->attachments->len == 0);
}

static void a_question_is_answered_with_one_key(void **state)
{
	UiDesk *desk = *state;
	const char *const values[] = { "later", "email", "now", NULL };
	SnId conversation = ui_desk_conversation(desk, BOB), before = ui_desk_last_entry(desk);
	g_autoptr(GPtrArray) page = sn_message_page(desk->store, conversation, 0, 0, FALSE, 1, 0);
	g_autoptr(SnOutboxEntry) entry = NULL;
	const SnMessage *last = g_ptr_array_index(page, 0);

	assert_true(sn_question_add(desk->store, conversation, last->id, "Now?", values, values, NULL));
	ui_desk_play(desk, "keys <Enter>\nexpect Answer with one key\nkeys 2\nexpect queued\n"
	                   "absent Answer with one key\n");
	entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_string_equal(entry->body, "email");
	assert_int_equal(entry->channel, SN_CHANNEL_IM);
}

/* A question about the user's time comes as a prompt, once, and goes out whatever else is open. */
static void a_question_about_our_time_is_a_prompt(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk), conversation = ui_desk_conversation(desk, BOB);

	story_fill_away(desk->store);
	/* not while looking at the list, not while writing */
	ui_desk_play(desk, "keys j\nabsent always when I am away\nkeys k<Enter>\n"
	                   "expect always when I am away\nkeys z\nexpect always when I am away\n"
	                   "keys <Esc>\nabsent always when I am away\nexpect Answer with one key\n"
	                   "keys gg\nabsent always when I am away\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
	ui_desk_play(desk, "keys <Enter>a\nabsent Answer with one key\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_string_equal(entry->body, "always email");
	assert_int_equal(entry->if_unavailable, SN_RULE_SEND);
	g_autoptr(SnConversation) row = sn_conversation_get(desk->store, conversation);
	g_autoptr(SnPersonPolicy) policy = sn_person_policy(desk->store, row->person);
	assert_int_equal(policy->questions, SN_QUESTION_MAIL_WHEN_AWAY);
	g_autoptr(GPtrArray) open = sn_question_list(desk->store, conversation);
	assert_int_equal(open->len, 0);
}

static void an_answer_needs_no_empty_composer(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	story_fill_away(desk->store);
	ui_desk_play(desk, "keys <Enter><Esc>i\ntext half a sent\nkeys <Esc>2\nexpect half a sent\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_string_equal(entry->body, "later");
	assert_string_equal(to_of(entry), BOB);
}

/* The question of the conversation beside the list; not of one that is not on the screen. */
static void a_question_is_answered_from_the_list(void **state)
{
	UiDesk *desk = *state;
	SnId before = ui_desk_last_entry(desk);

	story_fill_away(desk->store);
	ui_desk_play(desk, "size 60 24\nkeys 2\nexpect Open the conversation first\n");
	assert_int_equal(ui_desk_last_entry(desk), before);
	ui_desk_play(desk, "expect Answer with one key\nkeys 2\nabsent Answer with one key\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, before);
	assert_non_null(entry);
	assert_string_equal(entry->body, "later");
	assert_string_equal(to_of(entry), BOB);
}

static void rules_are_set_by_keys(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnConversation) row = row_of(desk, BOB);

	ui_desk_play(desk, "keys pRh\ntext 21:00-06:00, sun\nkeys <Enter>\nexpect 21:00-06:00, sun\n"
	                   "keys Rh\ntext x\nkeys <Enter>\nexpect neither a time span\n"
	                   "keys Rwe\nexpect an email, noted by you\nkeys RqE\n"
	                   "expect email, when I am away\nkeys Rqi\nexpect not at all\nkeys Rs\n");
	g_autoptr(SnPersonPolicy) policy = sn_person_policy(desk->store, row->person);
	assert_int_equal(policy->questions, SN_QUESTION_IGNORE);
	g_autofree char *hours = sn_policy_get(desk->store, row->person, "quiet-hours");
	assert_string_equal(hours, "21:00-06:00, sun");
	g_autoptr(SnPerson) person = sn_person_get(desk->store, row->person);
	assert_int_equal(person->rule, SN_RULE_SEND);
	assert_int_equal(person->wish, SN_RULE_MAIL);
	ui_desk_play(desk, "keys pRn<C-u>\ntext offline\nkeys <Enter>Rwx\nabsent noted by you\n");
	g_autofree char *shows = sn_policy_get(desk->store, row->person, "not-available");
	assert_string_equal(shows, "offline");
}

static void reachability_is_published_by_a_command(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :\ntext reach alice@example.test tel:+4930123\nkeys <Enter>\n"
	                   "expect Told to those who may see your presence\n"
	                   "keys :\ntext reach ftp://x\nkeys <Enter>\nexpect cannot be published\n");
	g_autofree char *wish = sn_wish_get(desk->store, SN_WISH_REACH, "");
	assert_string_equal(wish, "mailto:alice@example.test tel:+4930123");
	ui_desk_play(desk, "keys :\ntext reach none\nkeys <Enter>\nexpect Taken back\n");
	g_autofree char *none = sn_wish_get(desk->store, SN_WISH_REACH, "");
	assert_string_equal(none, "");
}

static void the_own_presence_is_on_the_screen_while_it_keeps_people_away(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :\ntext presence\nkeys <Enter>\n"
	                   "expect Your contacts see you online, and away as sennit.conf says\n"
	                   "absent you: away\n"
	                   "keys :\ntext presence dnd In the rope walk\nkeys <Enter>\n"
	                   "expect you: dnd\n"
	                   "keys :\ntext presence\nkeys <Enter>\n"
	                   "expect do not disturb (In the rope walk)\n"
	                   "keys A\nexpect do not disturb  In the rope walk\nkeys <Esc>\n"
	                   "keys :\ntext presence busy\nkeys <Enter>\n"
	                   "expect 'busy' is no presence: auto, online\n"
	                   "keys :\ntext presence auto\nkeys <Enter>\nabsent you: dnd\n"
	                   "keys A\nabsent Seen as\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(looking_is_not_reading),
		T(commands_say_what_they_lack),
		cmocka_unit_test(nothing_unread_is_said),
		cmocka_unit_test(who_is_written_to_far_down_stays_selected),
		cmocka_unit_test(a_filter_keeps_its_place_far_down),
		T(nothing_is_read_while_nobody_looks),
		T(conversations_are_filed),
		T(deleting_asks_first),
		T(ims_cannot_be_deleted),
		T(a_draft_is_kept_and_comes_back),
		T(each_conversation_has_its_own_draft),
		T(a_switch_loses_nothing),
		T(an_editor_changes_the_text),
		T(an_im_is_queued),
		T(nothing_is_not_sent),
		T(an_email_answered_by_im_takes_its_thread_along),
		T(history_can_be_switched_off_and_picked),
		T(an_email_can_be_taken_back),
		T(leaving_with_an_email_on_hold_is_asked),
		T(files_go_along),
		T(each_answer_when_not_available),
		T(after_a_waiting_im_the_next_line_is_an_im),
		T(a_begun_line_keeps_its_channel),
		T(email_instead_asks_for_what_it_lacks),
		T(an_unconfirmed_address_takes_a_yes),
		T(a_typed_address_is_remembered),
		T(a_wrong_cc_is_not_dropped_silently),
		T(a_mailto_uri_fills_the_composer),
		T(a_question_is_answered_with_one_key),
		T(a_question_about_our_time_is_a_prompt),
		T(an_answer_needs_no_empty_composer),
		T(a_question_is_answered_from_the_list),
		T(rules_are_set_by_keys),
		T(reachability_is_published_by_a_command),
		T(the_own_presence_is_on_the_screen_while_it_keeps_people_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
