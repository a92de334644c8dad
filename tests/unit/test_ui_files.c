/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files exchanged before, and how they come to be attached again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>
#include <utime.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "src/store/wish.h"
#include "tests/lib/ui_desk.h"
#include "ui/files.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"

static GBytes *part_bytes(GBytes *raw, int position, gpointer data, GError **error)
{
	g_autofree char *text = g_strdup_printf("part %d", position);

	return g_bytes_new(text, strlen(text));
}

static int set_up(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_STORY, NULL);

	desk->setup.host.part_bytes = part_bytes;
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	ui_desk_free(*state);
	return 0;
}

/* Bob shares a file by IM; path: where it lies already, NULL. */
static SnId share(UiDesk *desk, const char *name, const char *path)
{
	static int serial;
	g_autoptr(SnMessage) message = sn_message_new();
	SnPart *part = g_new0(SnPart, 1);

	message->account = sn_account_find(desk->store, "home");
	message->channel = SN_CHANNEL_IM;
	message->time = STORY_NOW - SN_MINUTE + ++serial;
	message->state = SN_STATE_RECEIVED;
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_IM, BOB, NULL, NULL);
	message->body = g_strdup("");
	message->origin_id = g_strdup_printf("share-%d", serial);
	sn_message_add_party(message, SN_ROLE_FROM, BOB, NULL);
	sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	part->position = 1;
	part->name = g_strdup(name);
	part->type = g_strdup("image/png");
	part->size = 9;
	part->url = g_strdup("https://files.example/x/map.png");
	part->path = g_strdup(path);
	sn_message_add_part(message, part);
	assert_true(sn_message_add(desk->store, message, NULL, NULL, NULL, NULL));
	return message->id;
}

static char *bytes_of(UiDesk *desk, const SnAttachment *file)
{
	g_autoptr(GBytes) bytes = sn_outbox_attachment_bytes(desk->store, file->sha256, NULL);

	return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

static const SnAttachment *only_file(const SnOutboxEntry *entry)
{
	assert_non_null(entry);
	assert_int_equal(entry->attachments->len, 1);
	return entry->attachments->pdata[0];
}

static void a_file_of_an_email_goes_by_im_in_three_keys(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys <Enter>\nkeys gf<Enter>\nexpect file tides.pdf\n"
	                   "text here it is again\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	const SnAttachment *file = only_file(entry);
	g_autofree char *text = bytes_of(desk, file);
	assert_int_equal(entry->channel, SN_CHANNEL_IM);
	assert_string_equal(file->name, "tides.pdf");
	assert_string_equal(text, "part 2"); /* out of the email, nothing fetched */
}

static void a_file_of_an_im_goes_by_email(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *path = g_build_filename(desk->dir, "12-1", NULL);

	assert_true(g_file_set_contents(path, "png bytes", -1, NULL));
	share(desk, "map.png", path);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>:mode<Space>mail<Enter>i\n"
	                   "keys <A-o>\nexpect map.png\nkeys a\nexpect file map.png\n"
	                   "text the map\nkeys <C-x>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	const SnAttachment *file = only_file(entry);
	g_autofree char *text = bytes_of(desk, file);
	assert_int_equal(entry->channel, SN_CHANNEL_MAIL);
	assert_string_equal(file->name, "map.png");
	assert_string_equal(text, "png bytes");
}

/* The directory of the one file that was attached again. */
static char *kept_dir(UiDesk *desk)
{
	g_autofree char *all = g_build_filename(desk->paths->data, "files", "again", NULL);
	g_autoptr(GDir) dir = g_dir_open(all, 0, NULL);
	const char *name = dir ? g_dir_read_name(dir) : NULL;

	assert_non_null(name);
	return g_build_filename(all, name, NULL);
}

/* A file that nearly had its time is attached once more: it stays for the draft it is in now. */
static void what_is_attached_again_has_its_days_again(void **state)
{
	UiDesk *desk = *state;
	struct utimbuf old = { time(NULL) - 89 * 86400, time(NULL) - 89 * 86400 };
	GStatBuf info;

	ui_desk_play(desk, "keys <Enter>\nkeys gf<Enter>\nexpect file tides.pdf\n");
	g_autofree char *dir = kept_dir(desk);
	assert_int_equal(g_utime(dir, &old), 0);
	ui_desk_play(desk, "keys <Enter>:detach<Enter>\nkeys gf<Enter>\nexpect file tides.pdf\n");
	assert_int_equal(g_stat(dir, &info), 0);
	assert_true(info.st_mtime > time(NULL) - 3600);
	/* even when its time was over: it is there for the draft */
	old.modtime -= 10 * 86400;
	assert_int_equal(g_utime(dir, &old), 0);
	ui_desk_play(desk, "keys <Enter>:detach<Enter>\nkeys gf<Enter>\nexpect file tides.pdf\n"
	                   "text once more\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	g_autofree char *text = bytes_of(desk, only_file(entry));
	assert_string_equal(text, "part 2");
}

static void what_lies_elsewhere_is_fetched_once_and_then_attached(void **state)
{
	UiDesk *desk = *state;
	SnId id = share(desk, "map.png", NULL), before = ui_desk_last_entry(desk);

	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>gf\nexpect not fetched yet\nkeys <Enter>\n"
	                   "expect is being fetched, and attached\nexpect file map.png (being fetched)\n"
	                   "text wait for it\nkeys <Enter>\nexpect map.png is still being fetched\n"
	                   "keys <Esc>:detach<Enter>\nabsent being fetched)\n");
	assert_null(ui_desk_entry(desk, before)); /* never without what was to go along */
	g_autoptr(GPtrArray) wishes = sn_wish_list(desk->store, SN_WISH_FETCH);
	assert_int_equal(wishes->len, 1);
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, id);
	assert_string_equal(((SnWish *)wishes->pdata[0])->key, key);
}

/* The engine gets the file while the client runs. */
static UiDesk *arriving;
static SnId arriving_id;
static void arrive(gpointer data)
{
	g_autofree char *path = g_build_filename(arriving->dir, "late", NULL);

	assert_true(g_file_set_contents(path, "late bytes", -1, NULL));
	assert_true(sn_part_set_file(arriving->store, arriving_id, 1, path, NULL, 10, NULL));
}

static void it_is_attached_when_it_arrives(void **state)
{
	UiDesk *desk = *state;

	arriving = desk;
	arriving_id = share(desk, "map.png", NULL);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>igot it?<Esc>gf<Enter>\n"
	                   "expect (being fetched)\n");
	/* the wish is there; after a restart the file is, and attaching again takes it */
	arrive(NULL);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>gf<Enter>\nexpect file map.png\n"
	                   "absent being fetched\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	g_autofree char *text = bytes_of(desk, only_file(entry));
	assert_string_equal(text, "late bytes");
}

static void the_same_file_is_listed_once(void **state)
{
	UiDesk *desk = *state;

	for (int i = 0; i < 3; i++)
		share(desk, "again.png", NULL);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>gf\nexpect again.png  3 times\nexpect 2\n"
	                   "keys j\nkeys m\nexpect Plans for Saturday\n");
}

/* ---- what cannot be read ---- */

static SnId an_email(UiDesk *desk, GBytes *raw)
{
	g_autoptr(SnMessage) message = sn_message_new();
	SnPart *part = g_new0(SnPart, 1);
	SnAddResult result;

	message->account = sn_account_find(desk->store, "home");
	message->channel = SN_CHANNEL_MAIL;
	message->time = STORY_NOW;
	message->state = SN_STATE_RECEIVED;
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, BOB, NULL, NULL);
	message->body = g_strdup("");
	message->message_id = g_strdup("large@example.test");
	message->size = (gint64)g_bytes_get_size(raw);
	sn_message_add_party(message, SN_ROLE_FROM, BOB, NULL);
	sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	part->position = 7;
	part->name = g_strdup("last.bin");
	sn_message_add_part(message, part);
	assert_true(sn_message_add(desk->store, message, NULL, raw, &result, NULL));
	return message->id;
}

/* Five hundred files do not push the conversation off the screen; the message itself lists them. */
static void many_files_are_listed_in_part(void **state)
{
	UiDesk *desk = *state;
	g_autoptr(SnMessage) message = sn_message_new();
	SnAddResult result;

	message->account = sn_account_find(desk->store, "home");
	message->channel = SN_CHANNEL_MAIL;
	message->time = STORY_NOW;
	message->state = SN_STATE_RECEIVED;
	message->sender = sn_address_intern(desk->store, SN_CHANNEL_MAIL, BOB, NULL, NULL);
	message->body = g_strdup("All of them.");
	message->message_id = g_strdup("many@example.test");
	sn_message_add_party(message, SN_ROLE_FROM, BOB, NULL);
	sn_message_add_party(message, SN_ROLE_TO, ALICE, NULL);
	for (int i = 1; i <= 500; i++) {
		SnPart *part = g_new0(SnPart, 1);
		part->position = i;
		part->name = g_strdup_printf("file-%d.bin", i);
		part->size = 100;
		sn_message_add_part(message, part);
	}
	assert_true(sn_message_add(desk->store, message, NULL, NULL, &result, NULL));
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>G\nexpect All of them.\nexpect file-20.bin\n"
	                   "expect [480 more files: Enter]\nabsent file-21.bin\n");
}

static void assert_not_there(UiDesk *desk, SnId id, int position)
{
	g_autofree char *name = NULL, *type = NULL;
	g_autoptr(GError) error = NULL;

	assert_null(sn_files_read(&desk->setup.host, desk->store, id, position, &name, &type, &error));
	assert_non_null(error);
	assert_int_equal(error->code, SN_ERROR_NOT_FOUND);
}

/* Of an email that is too large the parser sees only the beginning: the file comes by itself. */
static void what_cannot_be_read_is_said_and_asked_for(void **state)
{
	UiDesk *desk = *state;
	const gsize size = SN_WISH_WHOLE_MAX + 1;
	g_autoptr(GBytes) small = g_bytes_new_static("Subject: x\n\ny\n", 14);
	g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(size), size);
	SnId id = an_email(desk, small);
	g_autofree char *name = NULL, *type = NULL;

	g_autoptr(GBytes) bytes = sn_files_read(&desk->setup.host, desk->store, id, 7, &name, &type, NULL);
	assert_memory_equal(g_bytes_get_data(bytes, NULL), "part 7", 6);
	assert_not_there(desk, id, SN_PART_NODE + 99);
	assert_true(sn_message_set_raw(desk->store, id, large, NULL));
	assert_not_there(desk, id, 7);
}

/* A disk that is full in the middle of it: it is said, and no half of a file is left. */
static void a_file_that_does_not_fit_leaves_nothing(void **state)
{
	UiDesk *desk = *state;
	struct rlimit before, little = { 100000, 0 };
	g_autoptr(GBytes) bytes = g_bytes_new_take(g_malloc0(300000), 300000);
	g_autofree char *path = g_build_filename(desk->dir, "full.bin", NULL);
	g_autoptr(GError) error = NULL;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little.rlim_max = before.rlim_max;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	char *written = sn_files_write(desk->dir, "full.bin", bytes, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	assert_null(written);
	assert_int_equal(error->code, SN_ERROR_STORAGE);
	assert_non_null(strstr(error->message, path));
	assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	/* there is room again, and the name is free */
	g_autofree char *again = sn_files_write(desk->dir, "full.bin", bytes, NULL);
	assert_string_equal(again, path);
}

static void a_hostile_name_stays_where_it_belongs(void **state)
{
	UiDesk *desk = *state;
	g_autofree char *path = g_build_filename(desk->dir, "evil", NULL);

	assert_true(g_file_set_contents(path, "evil", -1, NULL));
	share(desk, "../../../.bashrc", path);
	ui_desk_play(desk, "keys :open<Space>" BOB "<Enter>gf<Enter>\nexpect file _bashrc\n"
	                   "text x\nkeys <Enter>\n");
	g_autoptr(SnOutboxEntry) entry = ui_desk_entry(desk, 0);
	assert_string_equal(only_file(entry)->name, "_bashrc");
	g_autofree char *again = g_build_filename(desk->paths->data, "files", "again", NULL);
	g_autofree char *sha = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "evil", -1);
	g_autofree char *kept = g_build_filename(again, sha, "_bashrc", NULL);
	struct stat info;
	assert_int_equal(stat(kept, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_conversation_without_files_says_so(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys :open<Space>carol@example.test<Enter>gf\n"
	                   "expect No files were exchanged yet.\nkeys <Enter>\n");
}

static void a_file_in_sight_is_attached_with_one_key(void **state)
{
	UiDesk *desk = *state;

	ui_desk_play(desk, "keys <Enter>gg+\nexpect file tides.pdf\n"
	                   "keys <Esc>:detach<Enter>gg<Enter>\nexpect tides.pdf\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_of_an_email_goes_by_im_in_three_keys),
		T(a_file_of_an_im_goes_by_email),
		T(what_is_attached_again_has_its_days_again),
		T(what_lies_elsewhere_is_fetched_once_and_then_attached),
		T(it_is_attached_when_it_arrives),
		T(the_same_file_is_listed_once),
		T(many_files_are_listed_in_part),
		T(what_cannot_be_read_is_said_and_asked_for),
		T(a_file_that_does_not_fit_leaves_nothing),
		T(a_hostile_name_stays_where_it_belongs),
		T(a_conversation_without_files_says_so),
		T(a_file_in_sight_is_attached_with_one_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
