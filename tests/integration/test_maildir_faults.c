/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk under a Maildir that fails while it is looked through: nothing is gone for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "backends/mail/maildir_private.h"
#include "tests/lib/maildir_box.h"

/* ---- the fault: this many more entries are read, and then a directory has an error; -1 none ---- */

static gint left = -1;

struct dirent *readdir(DIR *dir)
{
	static struct dirent *(*real)(DIR *);

	if (g_atomic_int_get(&left) == 0) {
		errno = EIO;
		return NULL;
	}
	if (g_atomic_int_get(&left) > 0)
		g_atomic_int_add(&left, -1);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "readdir");
	return real(dir);
}

static void fill(SnBox *box, guint count)
{
	for (guint i = 0; i < count; i++) {
		g_autofree char *file = g_strdup_printf("cur/m%u:2,", i);
		g_autofree char *id = g_strdup_printf("m%u", i);
		sn_box_put(box->root, file, id, 10);
	}
}

/* As sn_box_sync(), of a disk that fails after so many entries. */
static void sync_and_fail(SnBox *box, const SnMemory *memory, gint entries)
{
	SnMailRequest *request = sn_mail_desk_request(box->desk, SN_MAIL_REQ_SYNC, "INBOX");
	guint64 id = request->id;

	request->full_size = 100000;
	request->uidvalidity = 1;
	request->uidnext = memory->uidnext;
	request->known = g_array_copy(memory->uids);
	request->known_flags = g_array_copy(memory->flags);
	request->known_names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < memory->names->len; i++)
		g_ptr_array_add(request->known_names, g_strdup(memory->names->pdata[i]));
	g_atomic_int_set(&left, entries);
	const SnMailEvent *end = sn_mail_desk_run(box->desk, request);
	g_atomic_int_set(&left, -1);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_true(g_error_matches(end->error, SN_ERROR, SN_ERROR_STORAGE));
	assert_non_null(strstr(end->error->message, "Reading "));
	assert_int_equal(sn_mail_desk_count(box->desk, id, SN_MAIL_EV_GONE), 0);
}

static void nothing_is_gone(guint count)
{
	SnBox box = sn_box_open(TRUE);
	SnMemory memory = sn_memory_new();

	memory.flags = g_array_new(FALSE, FALSE, sizeof(guint));
	fill(&box, count);
	sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(memory.uids->len, count);
	const gint after[] = { 4, (gint)count / 2, (gint)count };
	for (gsize i = 0; i < G_N_ELEMENTS(after); i++) {
		/* a new source knows nothing: of few files it makes a table, of many it compares names */
		sn_mail_desk_free(box.desk);
		box.desk = sn_mail_desk_new(&sn_maildir_ops, NULL, box.root);
		sync_and_fail(&box, &memory, after[i]);
	}
	sn_box_put(box.root, "new/fresh", "fresh", 5);
	guint64 id = sn_box_sync(box.desk, "INBOX", &memory);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_GONE), 0);
	assert_int_equal(sn_mail_desk_count(box.desk, id, SN_MAIL_EV_MESSAGE), 1);
	assert_int_equal(memory.uids->len, count + 1);
	sn_memory_free(&memory);
	sn_box_close(&box);
}

static void a_small_folder_keeps_what_could_not_be_listed(void **state)
{
	nothing_is_gone(40);
}

static void a_large_folder_keeps_what_could_not_be_listed(void **state)
{
	nothing_is_gone(SN_MAILDIR_KEEP + 50);
}

static const SnMailEvent *list(SnBox *box)
{
	return sn_mail_desk_run(box->desk, sn_mail_desk_request(box->desk, SN_MAIL_REQ_LIST, NULL));
}

/* A list that ends too early would make the engine forget folders. */
static void folders_that_could_not_be_listed_are_an_error(void **state)
{
	SnBox box = sn_box_open(TRUE);
	g_autofree char *work = g_build_filename(box.root, ".Work", NULL);

	sn_make_maildir(work);
	assert_int_equal(list(&box)->kind, SN_EVENT_DONE);
	g_atomic_int_set(&left, 0);
	const SnMailEvent *end = list(&box);
	g_atomic_int_set(&left, -1);
	assert_int_equal(end->kind, SN_EVENT_ERROR);
	assert_non_null(strstr(end->error->message, "Reading the folders"));
	assert_int_equal(list(&box)->kind, SN_EVENT_DONE);
	sn_box_close(&box);
}

/* Nor a single file that is looked for because its directory said so. */
static void a_file_that_cannot_be_looked_for_is_not_gone(void **state)
{
	SnBox box = sn_box_open(TRUE);
	SnMaildirFolder *folder = sn_maildir_folder_new("INBOX", box.root);

	sn_box_put(box.root, "cur/m1:2,RS", "m1", 10);
	g_atomic_int_set(&left, 0);
	assert_null(sn_maildir_locate(folder, "m1", 0, 0));
	assert_true(folder->unsure);
	g_atomic_int_set(&left, -1);
	folder->unsure = FALSE;
	assert_non_null(sn_maildir_locate(folder, "m1", 0, 0));
	assert_null(sn_maildir_locate(folder, "m2", 0, 0));
	assert_false(folder->unsure);
	sn_maildir_folder_free(folder);
	sn_box_close(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_folder_keeps_what_could_not_be_listed),
		cmocka_unit_test(a_large_folder_keeps_what_could_not_be_listed),
		cmocka_unit_test(folders_that_could_not_be_listed_are_an_error),
		cmocka_unit_test(a_file_that_cannot_be_looked_for_is_not_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
