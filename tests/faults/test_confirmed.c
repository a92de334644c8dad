/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a verb of the command line has said is done outlasts a power cut in the next moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/store/outbox.h"
#include "tests/lib/cli_desk.h"
#include "tests/lib/disk.h"

#define BOB "bob@example.test"
#define CUTS 25

static Disk *disk;

static int setup(void **state)
{
	disk = disk_new();
	return cli_desk_setup(state);
}

static int teardown(void **state)
{
	int code = cli_desk_teardown(state);

	disk_free(disk);
	return code;
}

typedef gboolean (*Check)(const SnOutboxEntry *entry);

/* Every way the disk may look after a cut right now. */
static void survives(CliDesk *desk, SnId id, Check holds)
{
	gsize now = disk_now(disk);

	for (guint32 seed = 0; seed < CUTS; seed++) {
		g_autofree char *to = g_dir_make_tmp("sn-cut-XXXXXX", NULL);
		g_autofree char *name = g_path_get_basename(desk->tmp->path);
		g_autofree char *path = g_build_filename(to, name, NULL);
		GRand *random = g_rand_new_with_seed(seed);
		g_autoptr(GError) error = NULL;
		disk_cut(disk, desk->tmp->path, now, random, to);
		SnStore *store = sn_store_open(path, SN_STORE_ENGINE, &error);
		if (!store)
			fail_msg("%s", error->message);
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, 0);
		assert_non_null(entry);
		assert_true(holds(entry));
		sn_store_close(store);
		g_rand_free(random);
		const char *argv[] = { "rm", "-rf", "--", to, NULL };
		g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
		             NULL, NULL, NULL);
	}
}

static gboolean says_hello(const SnOutboxEntry *entry)
{
	return strstr(entry->body, "hello") && entry->state == SN_STATE_QUEUED;
}

static gboolean is_taken_back(const SnOutboxEntry *entry)
{
	return entry->request == SN_REQUEST_CANCEL;
}

static gboolean is_edited(const SnOutboxEntry *entry)
{
	return strstr(entry->body, "good day") != NULL;
}

static SnId send(CliDesk *desk)
{
	desk->engine_runs = 0;
	assert_int_equal(cli_desk_run(desk, "hello", "send", "--to", "mailto:" BOB, "--subject",
	                              "x", "--yes", NULL),
	                 0);
	return (SnId)g_ascii_strtoll(desk->out, NULL, 10);
}

static void a_queued_message_survives(void **state)
{
	CliDesk *desk = *state;
	SnId id = send(desk);

	assert_true(id > 0);
	survives(desk, id, says_hello);
}

static void a_cancel_survives(void **state)
{
	CliDesk *desk = *state;
	SnId id = send(desk);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);

	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "cancel", text, NULL), 0);
	survives(desk, id, is_taken_back);
}

static void an_edit_survives(void **state)
{
	CliDesk *desk = *state;
	SnId id = send(desk);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);

	assert_int_equal(cli_desk_run(desk, "good day", "outbox", "edit", text, NULL), 0);
	survives(desk, id, is_edited);
}

static void what_may_be_lost_is_not_called_done(void **state)
{
	CliDesk *desk = *state;

	disk_break_flush(disk, 0, 1);
	assert_int_not_equal(cli_desk_run(desk, "hello", "send", "--to", "mailto:" BOB, "--yes", NULL),
	                     0);
	assert_true(cli_desk_said(desk, "perhaps not on the disk"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_queued_message_survives),
		TEST(a_cancel_survives),
		TEST(an_edit_survives),
		TEST(what_may_be_lost_is_not_called_done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
