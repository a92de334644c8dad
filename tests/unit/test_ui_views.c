/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Overlays and commands: the address map, the outbox, files, search, configuration, start and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/bell.h"
#include "src/store/wish.h"
#include "tests/lib/ui_desk.h"

#define BOB "bob@example.test"
#define DORA "dora@example.test"
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

static SnId person_of(UiDesk *desk, SnChannel channel, const char *value)
{
	g_autoptr(SnAddress) address = sn_address_find(desk->store, channel, value);

	return address ? address->person : 0;
}

/* ---- the bar ---- */

static void trouble_with_the_store_is_said(void **state)
{
	UiDesk *desk = *state;
	SnBell *bell = sn_bell_open(sn_store_bell_path(desk->store), NULL);

	assert_non_null(bell);
	sn_bell_leave(bell, 'f');
	ui_desk_play(desk, "expect The disk is full: what comes in stays on the server\nkeys j\nexpect disk full\n"
	                   "absent what comes in\n");
	sn_bell_leave(bell, 'x');
	ui_desk_play(desk, "expect The store is damaged: run \"sennit doctor\"\nkeys j\nexpect store damaged\n");
	sn_bell_leave(bell, ' ');
	ui_desk_play(desk, "keys j\nabsent store damaged\n");
	sn_bell_free(bell);
}

/* ---- address map ---- */

static void a_candidate_is_confirmed_in_the_person_view(void **state)
{
	UiDesk *desk = *state;

	assert_int_not_equal(person_of(desk, SN_CHANNEL_IM, "carol@chat.example"),
	                     person_of(desk, SN_CHANNEL_MAIL, CAROL));
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>p\nexpect Perhaps also theirs\n"
	                   "keys jy\nexpect Confirmed\nabsent Perhaps also theirs\n");
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "carol@chat.example"),
	                 person_of(desk, SN_CHANNEL_MAIL, CAROL));
}

static void an_address_is_added_and_taken_away(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>pa\ntext xmpp:carol@new.example\n"
	                   "keys <Enter>\nexpect carol@new.example\n");
	assert_int_equal(person_of(desk, SN_CHANNEL_IM, "carol@new.example"),
	                 person_of(desk, SN_CHANNEL_MAIL, CAROL));
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>p:find<Space>carol@new<Enter>x\n"
	                   "expect Taken away\n");
	assert_int_not_equal(person_of(desk, SN_CHANNEL_IM, "carol@new.example"),
	                     person_of(desk, SN_CHANNEL_MAIL, CAROL));
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>pa\ntext nonsense\nkeys <Enter>\n"
	                   "expect is no address\n");
}

static void name_and_rule_of_a_person(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnPerson) person = NULL;

	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>pn<C-u>\ntext Caroline\nkeys <Enter>\n"
	                   "expect Caroline\nkeys Rd\nexpect wait until they are available\n");
	person = sn_person_get(desk->store, person_of(desk, SN_CHANNEL_MAIL, CAROL));
	assert_string_equal(person->name, "Caroline");
	assert_int_equal(person->rule, SN_RULE_DEFER);
}

/* ---- outbox ---- */

static void requests_reach_the_entry(void **state)
{
	static const struct {
		const char *keys;
		SnOutboxRequest request;
	} cases[] = { { "os", SN_REQUEST_SEND },     { "om", SN_REQUEST_CONVERT },
		      { "oa", SN_REQUEST_ASK_THEM }, { "od", SN_REQUEST_DEFER },
		      { "ox", SN_REQUEST_CANCEL } };
	UiDesk *desk = *state;
	SnId id = ui_desk_last_entry(desk);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *script = g_strdup_printf("keys %s\n", cases[i].keys);
		g_autoptr(SnOutboxEntry) entry = NULL;
		ui_desk_play(desk, script);
		entry = sn_outbox_get(desk->store, id, 0);
		assert_int_equal(entry->request, cases[i].request);
	}
}

/* There is a draft behind the view; the message meant is the one that is selected. */
static void send_at_in_the_outbox_is_for_the_selected_message(void **state)
{
	UiDesk *desk = *state;
	SnId id = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL;

	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>o:send-at<Space>2h<Enter>\nexpect Goes today\n"
	                   "keys q\nabsent Will go\n"
	                   "keys o:send-at<Enter>\nexpect Send at\nkeys tomorrow<Space>9:00<Enter>\n"
	                   "expect Goes tomorrow 09:00\n"
	                   "keys :send-when<Space>online<Enter>\nexpect takes it back as a draft\n");
	entry = sn_outbox_get(desk->store, id, 0);
	assert_true(entry->send_at > entry->created);
	ui_desk_play(desk, "keys o:send-at<Space>now<Enter>\nexpect Is sent now\n");
	g_autoptr(SnOutboxEntry) now = sn_outbox_get(desk->store, id, 0);
	assert_int_equal(now->request, SN_REQUEST_SEND);
}

static void a_waiting_message_is_edited(void **state)
{
	UiDesk *desk = *state;
	SnId first = ui_desk_last_entry(desk);
	g_autoptr(SnOutboxEntry) entry = NULL, old = NULL;

	ui_desk_play(desk, "keys oe\nexpect Taken back\nexpect The sail is ready\n"
	                   "text . Bring the key\nkeys <Enter>\nexpect not available\nkeys d\n");
	entry = ui_desk_entry(desk, first);
	assert_non_null(entry);
	assert_string_equal(entry->body, "The sail is ready, come by when you like. Bring the key");
	old = sn_outbox_get(desk->store, first, 0);
	assert_int_equal(old->request, SN_REQUEST_CANCEL);
}

static void the_timeline_offers_the_same(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnOutboxEntry) entry = NULL;

	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>Gx\nexpect to happen with this message\nexpect extended away\n"
	                   "keys m\nexpect Becomes an email\n");
	entry = sn_outbox_get(desk->store, ui_desk_last_entry(desk), 0);
	assert_int_equal(entry->request, SN_REQUEST_CONVERT);
	ui_desk_play(desk, "keys :open<Space>" DORA "<Enter>ggx\nexpect Select a message of yours\n");
}

/* ---- files ---- */

static GBytes *part_bytes(GBytes *raw, int position, gpointer data, GError **error)
{
	g_autofree char *text = g_strdup_printf("part %d", position);

	assert_non_null(raw);
	return g_bytes_new(text, strlen(text));
}

static char *headers_text(GBytes *raw, gpointer data)
{
	return g_strdup("Subject: the header\033[2J\nX-Odd: yes\n");
}

static char *contents(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	return text;
}

static void a_file_is_saved_once_more_beside_the_first(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *first = NULL, *second = NULL, *path = NULL;
	struct stat status;

	desk->setup.host.part_bytes = part_bytes;
	ui_desk_play(desk, "keys <Enter>ggs\nexpect Saved\n");
	ui_desk_play(desk, "keys <Enter>ggs\nexpect tides-1.pdf\n");
	first = contents(desk->paths->download, "tides.pdf");
	second = contents(desk->paths->download, "tides-1.pdf");
	assert_string_equal(first, "part 2");
	assert_string_equal(second, "part 2");
	path = g_build_filename(desk->paths->download, "tides.pdf", NULL);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_hostile_name_stays_in_the_directory(void **state)
{
	UiDesk *desk = *state;
	SnMessage *message = sn_message_new();
	SnPart *part = g_new0(SnPart, 1);
	g_autoptr(GBytes) raw = g_bytes_new_static("raw", 3);
	g_autofree char *saved = NULL;

	message->channel = SN_CHANNEL_MAIL;
	message->time = STORY_NOW - SN_SECOND;
	message->message_id = g_strdup("evil@example.test");
	message->body = g_strdup("look");
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, CAROL, NULL, NULL);
	sn_message_add_party(message, SN_ROLE_FROM, CAROL, NULL);
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	part->position = 3;
	part->name = g_strdup("../../.evil");
	part->type = g_strdup("text/plain");
	part->size = 6;
	sn_message_add_part(message, part);
	message->attachments = 1;
	assert_true(sn_message_add(desk->store, message, NULL, raw, NULL, NULL));
	sn_message_free(message);
	desk->setup.host.part_bytes = part_bytes;
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>Gs\nexpect Saved\n");
	saved = contents(desk->paths->download, "_evil");
	assert_string_equal(saved, "part 3");
}

static void a_file_that_is_not_here_is_said_so(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys <Enter>ggs\nexpect being fetched\n"
	                   "keys :open<Space>" CAROL "<Enter>Gs\nexpect There is no file\n");
}

/* An email of which only the text is here. */
static SnId large_email(UiDesk *desk)
{
	SnMessage *message = sn_message_new();
	SnPart *part = g_new0(SnPart, 1);

	message->channel = SN_CHANNEL_MAIL;
	message->time = STORY_NOW - SN_SECOND;
	message->message_id = g_strdup("large@example.test");
	message->body = g_strdup("The film is attached.");
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, CAROL, NULL, NULL);
	sn_message_add_party(message, SN_ROLE_FROM, CAROL, NULL);
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	part->position = 2;
	part->name = g_strdup("film.mp4");
	part->type = g_strdup("video/mp4");
	part->size = 12 * 1000 * 1000;
	sn_message_add_part(message, part);
	message->attachments = 1;
	assert_true(sn_message_add(desk->store, message, NULL, NULL, NULL, NULL));
	SnId id = message->id;
	sn_message_free(message);
	return id;
}

/* What the engine does about a wish. */
typedef struct {
	UiDesk *desk;
	SnId message;
} Arriving;

static gpointer fetch_for_client(gpointer data)
{
	const Arriving *arriving = data;
	g_autoptr(GBytes) raw = g_bytes_new_static("raw", 3);
	gboolean wanted = FALSE;

	for (int i = 0; i < 5000 && !wanted; i++) {
		g_autoptr(GPtrArray) wishes = sn_wish_list(arriving->desk->store, SN_WISH_FETCH);
		wanted = wishes->len > 0;
		g_usleep(2000);
	}
	g_assert_true(wanted);
	g_autoptr(SnMessage) message =
		sn_message_get(arriving->desk->store, arriving->message, SN_MESSAGE_FULL);
	((SnPart *)message->parts->pdata[0])->sha256 = g_strnfill(64, 'a');
	g_assert_true(sn_message_add(arriving->desk->store, message, NULL, raw, NULL, NULL));
	return NULL;
}

static void a_large_file_is_saved_as_soon_as_it_is_here(void **state)
{
	UiDesk *desk = *state;
	SnId id = large_email(desk);

	desk->setup.host.part_bytes = part_bytes;
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>G\nexpect film.mp4  12 MB, not here yet\n"
	                   "keys <Enter>\nexpect 12 MB, not here yet\nkeys <Esc>Gs\n"
	                   "expect The file is being fetched.\n");
	g_autoptr(GPtrArray) wishes = sn_wish_list(desk->store, SN_WISH_FETCH);
	assert_int_equal(wishes->len, 1);
	assert_true(sn_wish_set(desk->store, SN_WISH_FETCH, ((SnWish *)wishes->pdata[0])->key, NULL, NULL));
	/* it comes while the client runs, and is saved without another key */
	Arriving arriving = { desk, id };
	GThread *engine = g_thread_new("arriving", fetch_for_client, &arriving);
	ui_desk_play(desk, "keys :open<Space>" CAROL "<Enter>Gs\nexpect Saved\n"
	                   "absent not here yet\n");
	g_thread_join(engine);
	g_autofree char *saved = contents(desk->paths->download, "film.mp4");
	assert_string_equal(saved, "part 2");
}

static void a_file_is_piped_and_its_output_shown(void **state)
{
	UiDesk *desk = *state;

	desk->setup.host.part_bytes = part_bytes;
	ui_desk_play(desk, "keys <Enter>gg<Enter>\nexpect tides.pdf\n"
	                   "keys :pipe<Space>tr<Space>a-z<Space>A-Z<Enter>\nexpect PART 2\n");
}

static void headers_and_source_are_clean(void **state)
{
	UiDesk *desk = *state;

	desk->setup.host.headers_text = headers_text;
	ui_desk_play(desk, "keys <Enter>ggH\nexpect X-Odd: yes\nkeys <Esc>S\nexpect Message-ID: <plans-1\n");
	ui_desk_play(desk, "keys <Enter>GS\nexpect source of this message is not here\n");
}

/* ---- search ---- */

static void search_finds_both_channels(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys /\ntext kettle\nkeys <Enter>\nexpect 1 found\nexpect im \n"
	                   "keys <Enter>\nexpect kettle is on\n");
	ui_desk_play(desk, "keys /\ntext via:mail rope\nkeys <Enter>\nexpect 2 found\n");
	ui_desk_play(desk, "keys /\ntext zzzzz\nkeys <Enter>\nexpect Nothing found\n");
	ui_desk_play(desk, "keys /\ntext before:nonsense\nkeys <Enter>\nabsent Searching\nabsent found\n");
}

static void add_long_email(UiDesk *desk)
{
	SnMessage *m = sn_message_new();

	m->account = sn_account_find(desk->store, "home");
	m->channel = SN_CHANNEL_MAIL;
	m->time = STORY_NOW - SN_MINUTE;
	m->subject = g_strdup("The walrus");
	m->body = g_strdup("This begins with something else entirely, and goes on for a good while before it comes to\n"
	                   "the point, which is a narwhal. So much for that.\n\n"
	                   "On Fri, 20 Nov 2026 at 10:00, Bob <bob@example.test> wrote:\n"
	                   "> first\n> second\n> an octopus was there\n> fourth\n");
	m->message_id = g_strdup("long@example.test");
	m->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, BOB, NULL, NULL);
	sn_message_add_party(m, SN_ROLE_FROM, BOB, NULL);
	sn_message_add_party(m, SN_ROLE_TO, "alice@example.test", NULL);
	assert_true(sn_message_add(desk->store, m, NULL, NULL, NULL, NULL));
	sn_message_free(m);
}

static void a_result_shows_the_place_that_was_found(void **state)
{
	UiDesk *desk = *state;

	add_long_email(desk);
	ui_desk_play(desk, "keys /\ntext NARWHAL\nkeys <Enter>\nexpect 1 found\nexpect which is a narwhal.\n"
	                   "absent This begins\n");
	/* by its subject alone: how it begins */
	ui_desk_play(desk, "keys <Esc>/\ntext walrus\nkeys <Enter>\nexpect 1 found\nexpect This begins\n");
	ui_desk_play(desk, "keys <Esc>/\ntext via:mail is:unread subject:walrus\nkeys <Enter>\n"
	                   "expect 1 found\nexpect This begins\n");
}

static void what_was_found_is_not_folded_away(void **state)
{
	UiDesk *desk = *state;

	add_long_email(desk);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>\nexpect [+4 lines]\nabsent octopus\n");
	ui_desk_play(desk, "keys /\ntext octopus\nkeys <Enter>\nexpect 1 found\n"
	                   "keys <Enter>\nexpect an octopus was there\n");
	/* and can be folded, as anything */
	ui_desk_play(desk, "keys .\nabsent octopus\n");
}

/* ---- configuration ---- */

static void own_keys_count(void **state)
{
	UiDesk *desk = *state;

	ui_desk_write(desk, "binds.conf", "[list]\n<C-x>h = :help<Enter>\n[global]\n? =\n");
	ui_desk_play(desk, "keys <C-x>h\nexpect Everywhere but while writing\n");
	ui_desk_play(desk, "keys ?\nabsent Everywhere but while writing\n");
	ui_desk_write(desk, "binds.conf", "[nowhere]\n");
	ui_desk_play(desk, "expect binds.conf:1\nkeys ?\nexpect Everywhere but while writing\n");
}

static void reload_keeps_what_is_good(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :reload<Enter>\nexpect read again\n");
	ui_desk_write(desk, "sennit.conf", "[ui]\nlist-widht = 3\n");
	ui_desk_play(desk, "keys :reload<Enter>\nexpect list-widht\nkeys <Enter>\nexpect kettle\n");
}

static void a_missing_theme_breaks_nothing(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :theme<Space>nonsense<Enter>\nexpect There is no theme 'nonsense'\n"
	                   "keys :theme<Space>nord<Enter>\nabsent There is no theme\n"
	                   "keys :theme<Space>../../etc/passwd<Enter>\nexpect is no name of a theme\n");
}

static void the_help_fits_a_narrow_terminal(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "size 100 30\nkeys ?\nexpect :next\nsize 60 16\nabsent :next\nexpect Everywhere\n"
	                   "absent \342\200\246\n");
}

static void unknown_commands_are_named(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :frobnicate<Enter>\nexpect There is no command 'frobnicate'. ? lists\n"
	                   "keys :snd-at<Space>2h<Enter>\nexpect did you mean 'send-at'?\n"
	                   "keys :mode<Enter>\nexpect Usage: :mode auto|im|mail\n"
	                   "keys :mode<Space>fax<Enter>\nexpect A mode is auto, im or mail\n");
}

static void command_lines_are_remembered(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *text = NULL;

	ui_desk_play(desk, "keys :outbox<Enter><Esc>:accounts<Enter><Esc>\n");
	ui_desk_play(desk, "keys :<Up>\nexpect :accounts\nkeys <Up>\nexpect :outbox\nkeys <Enter>\n"
	                   "expect Outbox\n");
	text = contents(desk->paths->state, "history");
	assert_string_equal(text, "outbox\naccounts\noutbox\n");
}

static void a_search_begins_empty_and_is_changed_before_its_results(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *text = NULL;

	ui_desk_play(desk, "keys /\ntext rope\nkeys <Enter>\nexpect Search  rope\n"
	                   "keys /\ntext  boat\nkeys <Enter>\nexpect Search  rope boat\n"
	                   "keys <Esc>/\ntext wind\nkeys <Enter>\nexpect Search  wind\n"
	                   "keys <Esc>/<Up><Up><Enter>\nexpect Search  rope boat\n");
	text = contents(desk->paths->state, "searches");
	assert_string_equal(text, "rope\nrope boat\nwind\nrope boat\n");
}

static void tab_completes(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :acc<Tab><Enter>\nexpect Incoming mail\n");
	ui_desk_play(desk, "keys :mo<Tab>\nexpect mode\nexpect move\n");
	ui_desk_play(desk, "keys :open<Space>dora<Tab>\nexpect :open dora@example.test\n");
}

/* ---- start and end ---- */

typedef struct {
	UiDesk *desk;
	int calls;
} Ready;

static void on_ready(gpointer data)
{
	Ready *ready = data;
	g_autofree char *value =
		g_strdup_printf("%" G_GINT64_FORMAT, ui_desk_conversation(ready->desk, DORA));

	ready->calls++;
	/* what a click on a notification does */
	assert_true(sn_store_set(ready->desk->store, "ui.open", value, NULL));
	sn_store_ring(ready->desk->store);
}

static void a_click_on_the_desktop_opens_the_conversation(void **state)
{
	Ready ready = { *state, 0 };
	g_autofree char *left = NULL;

	ready.desk->setup.host.ready = on_ready;
	ready.desk->setup.host.data = &ready;
	ui_desk_play(ready.desk, "expect Is my sail done?\n");
	assert_int_equal(ready.calls, 1);
	left = sn_store_get(ready.desk->store, "ui.open");
	assert_null(left);
}

static void arrive(gpointer data)
{
	UiDesk *desk = data;
	SnMessage *message = sn_message_new();

	message->account = sn_account_find(desk->store, "home");
	message->channel = SN_CHANNEL_IM;
	message->time = STORY_NOW;
	message->origin_id = g_strdup("late");
	message->body = g_strdup("Just came in");
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_IM, BOB, NULL, NULL);
	sn_message_add_party(message, SN_ROLE_FROM, BOB, NULL);
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	assert_true(sn_message_add(desk->store, message, NULL, NULL, NULL, NULL));
	sn_message_free(message);
}

static void what_arrives_is_shown_at_once(void **state)
{
	UiDesk *desk = *state;

	desk->setup.host.ready = arrive;
	desk->setup.host.data = desk;
	ui_desk_play(desk, "expect Just came in\n");
}

static void it_opens_where_it_is_told(void **state)
{
	UiDesk *desk = *state;

	desk->setup.open = CAROL;
	ui_desk_play(desk, "expect Your book\n");
	desk->setup.open = "nobody@nowhere.example";
	ui_desk_play(desk, "expect Nobody here is called\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(trouble_with_the_store_is_said),
		T(a_candidate_is_confirmed_in_the_person_view),
		T(an_address_is_added_and_taken_away),
		T(name_and_rule_of_a_person),
		T(requests_reach_the_entry),
		T(send_at_in_the_outbox_is_for_the_selected_message),
		T(a_waiting_message_is_edited),
		T(the_timeline_offers_the_same),
		T(a_file_is_saved_once_more_beside_the_first),
		T(a_hostile_name_stays_in_the_directory),
		T(a_file_that_is_not_here_is_said_so),
		T(a_large_file_is_saved_as_soon_as_it_is_here),
		T(a_file_is_piped_and_its_output_shown),
		T(headers_and_source_are_clean),
		T(search_finds_both_channels),
		T(a_result_shows_the_place_that_was_found),
		T(what_was_found_is_not_folded_away),
		T(own_keys_count),
		T(reload_keeps_what_is_good),
		T(a_missing_theme_breaks_nothing),
		T(the_help_fits_a_narrow_terminal),
		T(unknown_commands_are_named),
		T(command_lines_are_remembered),
		T(a_search_begins_empty_and_is_changed_before_its_results),
		T(tab_completes),
		T(a_click_on_the_desktop_opens_the_conversation),
		T(what_arrives_is_shown_at_once),
		T(it_opens_where_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
