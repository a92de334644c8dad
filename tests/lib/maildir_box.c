/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/maildir_box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

void sn_make_maildir(const char *path)
{
	static const char *const parts[] = { "cur", "new", "tmp" };

	for (int i = 0; i < 3; i++) {
		g_autofree char *part = g_build_filename(path, parts[i], NULL);
		assert_int_equal(g_mkdir_with_parents(part, 0700), 0);
	}
}

void sn_box_put(const char *root, const char *file, const char *id, int age)
{
	g_autofree char *path = g_build_filename(root, file, NULL);
	g_autofree char *text = g_strdup_printf(
		"Subject: x\nMessage-ID:\n <%s@example.test>\n\nHello %s.\n", id, id);
	struct utimbuf times = { 1700000000 - age, 1700000000 - age };

	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(utime(path, &times), 0);
}

SnBox sn_box_open(gboolean with_inbox)
{
	SnBox box = { g_dir_make_tmp("sn-maildir-XXXXXX", NULL), NULL };

	if (with_inbox)
		sn_make_maildir(box.root);
	box.desk = sn_mail_desk_new(&sn_maildir_ops, NULL, box.root);
	assert_non_null(sn_mail_desk_line(box.desk, SN_LINE_ONLINE, 10));
	return box;
}

void sn_box_close(SnBox *box)
{
	const char *argv[] = { "rm", "-rf", "--", box->root, NULL };

	sn_mail_desk_free(box->desk);
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
		     NULL);
	g_free(box->root);
}

SnMemory sn_memory_new(void)
{
	return (SnMemory){ g_array_new(FALSE, FALSE, sizeof(guint32)),
			 g_ptr_array_new_with_free_func(g_free), 0 };
}

void sn_memory_free(SnMemory *memory)
{
	g_array_unref(memory->uids);
	g_ptr_array_unref(memory->names);
	g_clear_pointer(&memory->flags, g_array_unref);
}

guint64 sn_box_sync(SnMailDesk *desk, const char *folder, SnMemory *memory)
{
	SnMailRequest *request = sn_mail_desk_request(desk, SN_MAIL_REQ_SYNC, folder);
	guint64 id = request->id;

	request->full_size = 100000;
	request->uidvalidity = memory->uidnext ? 1 : 0;
	request->uidnext = memory->uidnext;
	request->known = g_array_copy(memory->uids);
	request->known_names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < memory->names->len; i++)
		g_ptr_array_add(request->known_names, g_strdup(memory->names->pdata[i]));
	request->known_flags = memory->flags ? g_array_copy(memory->flags) : NULL;
	const SnMailEvent *end = sn_mail_desk_run(desk, request);
	if (end->error)
		print_message("# %s\n", end->error->message);
	assert_int_equal(end->kind, SN_EVENT_DONE);
	const SnMailEvent *gone = sn_mail_desk_event(desk, id, SN_MAIL_EV_GONE, 0);
	for (guint i = 0; gone && i < gone->uids->len; i++)
		for (guint j = 0; j < memory->uids->len; j++)
			if (g_array_index(memory->uids, guint32, j) ==
			    g_array_index(gone->uids, guint32, i)) {
				g_array_remove_index(memory->uids, j);
				g_ptr_array_remove_index(memory->names, j);
				if (memory->flags)
					g_array_remove_index(memory->flags, j);
			}
	for (guint i = 0; i < sn_mail_desk_count(desk, id, SN_MAIL_EV_FLAGS); i++) {
		const SnMailEvent *event = sn_mail_desk_event(desk, id, SN_MAIL_EV_FLAGS, i);
		for (guint j = 0; j < memory->uids->len; j++)
			if (g_array_index(memory->uids, guint32, j) == event->uid) {
				g_free(memory->names->pdata[j]);
				memory->names->pdata[j] = g_strdup(event->name);
				if (memory->flags)
					g_array_index(memory->flags, guint, j) = event->flags;
			}
	}
	for (guint i = sn_mail_desk_count(desk, id, SN_MAIL_EV_MESSAGE); i-- > 0;) {
		const SnMailEvent *event = sn_mail_desk_event(desk, id, SN_MAIL_EV_MESSAGE, i);
		g_array_append_val(memory->uids, event->uid);
		g_ptr_array_add(memory->names, g_strdup(event->name));
		if (memory->flags)
			g_array_append_val(memory->flags, event->flags);
	}
	guint states = sn_mail_desk_count(desk, id, SN_MAIL_EV_FOLDER_STATE);
	memory->uidnext =
		sn_mail_desk_event(desk, id, SN_MAIL_EV_FOLDER_STATE, states - 1)->uidnext;
	return id;
}

GArray *sn_one_uid(guint32 uid)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));

	g_array_append_val(uids, uid);
	return uids;
}

gboolean sn_box_has(const char *root, const char *file)
{
	g_autofree char *path = g_build_filename(root, file, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}
