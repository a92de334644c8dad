/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emails of a Maildir: their bytes stay there, and are found again whatever other programs do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <glib/gstdio.h>

#include "tests/lib/tmpstore.h"

#define TEXT "From: bob@example.test\nSubject: rope\n\nA rope of three strands.\n"
#define NAME "1700000000.M1P2.host"

typedef struct {
	TmpStore *tmp;
	char *maildir;
	SnId folder, message;
} Scene;

static void put(Scene *scene, const char *file, const char *text)
{
	g_autofree char *path = g_build_filename(scene->maildir, file, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void rename_file(Scene *scene, const char *from, const char *to)
{
	g_autofree char *old = g_build_filename(scene->maildir, from, NULL);
	g_autofree char *new = g_build_filename(scene->maildir, to, NULL);

	assert_int_equal(g_rename(old, new), 0);
}

static SnId add_in_place(Scene *scene, guint32 uid, const char *name, const char *text)
{
	g_autoptr(SnMessage) m = tmpstore_mail_new(scene->tmp, SN_IN, "bob@example.test", NULL, "rope",
	                                           "A rope");
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));

	m->packed = sn_packed_new(raw, NULL, NULL, TRUE, NULL);
	assert_true(sn_message_add(scene->tmp->store, m, NULL, raw, NULL, NULL));
	assert_int_equal(m->size, strlen(text));
	assert_true(sn_location_set(scene->tmp->store, m->id, scene->folder, uid, name, 0, NULL));
	return m->id;
}

static int setup(void **state)
{
	Scene *scene = g_new0(Scene, 1);
	static const char *const subs[] = { "cur", "new", "tmp" };

	scene->tmp = tmpstore_new();
	scene->maildir = g_build_filename(scene->tmp->directory, "Mail", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(subs); i++) {
		g_autofree char *path = g_build_filename(scene->maildir, subs[i], NULL);
		assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
	}
	put(scene, "cur/" NAME ":2,S", TEXT);
	scene->folder =
		sn_folder_intern(scene->tmp->store, scene->tmp->account, "INBOX", "inbox", NULL);
	assert_true(
		sn_folder_set_directory(scene->tmp->store, scene->folder, scene->maildir, NULL));
	scene->message = add_in_place(scene, 1, NAME, TEXT);
	*state = scene;
	return 0;
}

static void empty(const char *maildir, const char *sub)
{
	g_autofree char *path = g_build_filename(maildir, sub, NULL);
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);

	for (const char *name; directory && (name = g_dir_read_name(directory));) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		g_remove(file);
	}
	g_rmdir(path);
}

static int teardown(void **state)
{
	Scene *scene = *state;

	empty(scene->maildir, "cur");
	empty(scene->maildir, "new");
	empty(scene->maildir, "tmp");
	g_rmdir(scene->maildir);
	tmpstore_free(scene->tmp);
	g_free(scene->maildir);
	g_free(scene);
	return 0;
}

static gboolean reads(Scene *scene, SnId message)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) raw = sn_message_raw(scene->tmp->store, message, &error);

	if (!raw) {
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
		assert_string_equal(error->message, "The message's file is no longer in its Maildir.");
		return FALSE;
	}
	assert_int_equal(g_bytes_get_size(raw), strlen(TEXT));
	assert_memory_equal(g_bytes_get_data(raw, NULL), TEXT, strlen(TEXT));
	return TRUE;
}

static gboolean store_has(Scene *scene, const char *text)
{
	static const char *const files[] = { "", "-wal" };
	gboolean found = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_strconcat(scene->tmp->path, files[i], NULL);
		g_autofree char *bytes = NULL;
		gsize length = 0;
		if (g_file_get_contents(path, &bytes, &length, NULL))
			found |= memmem(bytes, length, text, strlen(text)) != NULL;
	}
	return found;
}

static void the_bytes_are_not_copied(void **state)
{
	assert_true(reads(*state, ((Scene *)*state)->message));
	assert_false(store_has(*state, "of three strands"));
}

static void other_programs_may_rename_the_file(void **state)
{
	Scene *scene = *state;
	static const char *const names[] = { "cur/" NAME ":2,",      "cur/" NAME ":2,FRS",
		                             "cur/" NAME ":2,DFPRST", "new/" NAME,
		                             "cur/" NAME,             "cur/" NAME ",U=17:2,S",
		                             "cur/" NAME ":2,Sab",    "new/" NAME ",U=17" };
	const char *now = "cur/" NAME ":2,S";

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		rename_file(scene, now, names[i]);
		now = names[i];
		if (!reads(scene, scene->message))
			fail_msg("%s is not found", now);
	}
}

static void another_message_is_never_taken_for_it(void **state)
{
	Scene *scene = *state;
	g_autofree char *same_length = g_strdup(TEXT);

	same_length[strlen(TEXT) - 2] = '!';
	put(scene, "cur/" NAME ":2,S", same_length);
	assert_false(reads(scene, scene->message));
	put(scene, "cur/" NAME "x:2,S", TEXT);
	assert_false(reads(scene, scene->message));
	put(scene, "cur/" NAME ":2,RS", TEXT);
	assert_true(reads(scene, scene->message));
}

static void a_message_that_was_moved_is_read_where_it_is(void **state)
{
	Scene *scene = *state;
	SnStore *store = scene->tmp->store;
	SnId archive = sn_folder_intern(store, scene->tmp->account, "Archive", "archive", NULL);
	g_autofree char *other = g_strconcat(scene->maildir, "/.Archive", NULL);
	g_autofree char *cur = g_build_filename(other, "cur", NULL);

	assert_int_equal(g_mkdir_with_parents(cur, 0700), 0);
	rename_file(scene, "cur/" NAME ":2,S", ".Archive/cur/" NAME ":2,S");
	assert_false(reads(scene, scene->message));
	assert_true(sn_folder_set_directory(store, archive, other, NULL));
	assert_true(sn_location_set(store, scene->message, archive, 4, NAME, 0, NULL));
	assert_true(reads(scene, scene->message));
	empty(other, "cur");
	g_rmdir(other);
}

static void a_folder_that_is_gone_is_said(void **state)
{
	Scene *scene = *state;

	assert_true(sn_folder_set_directory(scene->tmp->store, scene->folder, "/nonexistent/Mail",
	                                    NULL));
	assert_false(reads(scene, scene->message));
	assert_true(sn_folder_set_directory(scene->tmp->store, scene->folder, scene->maildir, NULL));
	assert_true(reads(scene, scene->message));
}

/* What goes out must not depend on a file that may go first. */
static void an_attachment_with_the_same_bytes_is_kept(void **state)
{
	Scene *scene = *state;
	SnStore *store = scene->tmp->store;
	g_autoptr(SnMessage) to = sn_message_new();
	g_autoptr(GPtrArray) attachments = g_ptr_array_new();
	SnAttachment file = { .name = (char *)"rope.eml",
		              .bytes = g_bytes_new_static(TEXT, strlen(TEXT)) };
	g_autoptr(SnMessage) known = sn_message_get(store, scene->message, 0);
	SnOutboxNew new = { .conversation = known->conversation,
		            .account = scene->tmp->account,
		            .channel = SN_CHANNEL_MAIL,
		            .from = "alice@example.test",
		            .body = "see there",
		            .attachments = attachments };
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(attachments, &file);
	sn_message_add_party(to, SN_ROLE_TO, "bob@example.test", NULL);
	new.recipients = to->parties;
	if (!sn_outbox_queue(store, &new, FALSE, &error))
		fail_msg("%s", error->message);
	empty(scene->maildir, "cur");
	g_autofree char *sha = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, file.bytes);
	g_autoptr(GBytes) kept = sn_outbox_attachment_bytes(store, sha, NULL);
	assert_non_null(kept);
	assert_true(g_bytes_equal(kept, file.bytes));
	assert_true(reads(scene, scene->message));
	/* and is not given up again when the email is found once more */
	add_in_place(scene, 2, "other", TEXT);
	assert_true(reads(scene, scene->message));
	g_bytes_unref(file.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_bytes_are_not_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(other_programs_may_rename_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(another_message_is_never_taken_for_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_that_was_moved_is_read_where_it_is, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_is_gone_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(an_attachment_with_the_same_bytes_is_kept, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
