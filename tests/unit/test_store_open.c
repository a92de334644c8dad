/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/tmpstore.h"

static void a_new_store_is_private_and_empty(void **state)
{
	TmpStore *tmp = *state;
	static const char *const suffixes[] = { "", "-wal", "-shm", "-bell", "-turn" };
	int unread, attention, pending;

	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(tmp->path, suffixes[i], NULL);
		struct stat info;
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0600);
	}
	sn_conversation_totals(tmp->store, &unread, &attention, &pending);
	assert_int_equal(unread + attention + pending, 0);
	g_autoptr(GPtrArray) page = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 50);
	assert_int_equal(page->len, 0);
}

static void what_one_connection_commits_the_other_sees(void **state)
{
	TmpStore *tmp = *state;
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	g_autoptr(GError) error = NULL;

	assert_false(sn_store_changed(client));
	assert_true(sn_store_set(tmp->store, "key", "value", &error));
	assert_true(sn_store_changed(client));
	assert_false(sn_store_changed(client));
	g_autofree char *value = sn_store_get(client, "key");
	assert_string_equal(value, "value");
	assert_true(sn_store_set(client, "key", NULL, &error));
	assert_null(sn_store_get(tmp->store, "key"));
	sn_store_close(client);
}

static void inner_rollback_leaves_the_outer_work(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;

	assert_true(sn_store_begin(tmp->store, &error));
	assert_true(sn_store_set(tmp->store, "outer", "1", &error));
	assert_true(sn_store_begin(tmp->store, &error));
	assert_true(sn_store_set(tmp->store, "inner", "1", &error));
	sn_store_rollback(tmp->store);
	assert_true(sn_store_commit(tmp->store, &error));
	g_autofree char *outer = sn_store_get(tmp->store, "outer");
	assert_string_equal(outer, "1");
	assert_null(sn_store_get(tmp->store, "inner"));
}

static gint64 size_of(TmpStore *tmp, const char *suffix)
{
	g_autofree char *path = g_strconcat(tmp->path, suffix, NULL);
	struct stat info;

	return stat(path, &info) == 0 ? info.st_size : 0;
}

static void write_much(SnStore *store, int megabytes)
{
	for (int i = 0; i < megabytes; i++) {
		g_autofree char *value = g_strnfill(1000000, (char)('a' + i % 26));
		assert_true(sn_store_set(store, "much", value, NULL));
	}
}

static void the_log_is_the_engines_to_clear(void **state)
{
	TmpStore *tmp = *state;
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	gint64 before = size_of(tmp, "");

	/* a keypress must not pay for it */
	write_much(client, 40);
	assert_int_equal(size_of(tmp, ""), before);
	assert_true(size_of(tmp, "-wal") > 40 * 1000000);
	write_much(tmp->store, 1);
	assert_true(size_of(tmp, "") > before);
	gint64 log = size_of(tmp, "-wal");
	write_much(tmp->store, 60);
	assert_true(size_of(tmp, "-wal") <= log);
	assert_true(sn_store_sync(tmp->store, NULL));
	g_autofree char *value = sn_store_get(client, "much");
	assert_int_equal(strlen(value), 1000000);
	sn_store_close(client);
}

static void messages_make_a_conversation(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId first = tmpstore_mail(tmp, SN_IN, "bob@example.test", NULL, "Lunch", "Are you hungry?");
	SnId second = tmpstore_mail(tmp, SN_OUT, "bob@example.test", NULL, "Re: Lunch", "Very.");
	g_autoptr(GPtrArray) page = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 50);

	assert_int_equal(page->len, 1);
	const SnConversation *row = page->pdata[0];
	assert_string_equal(row->title, "bob@example.test");
	assert_string_equal(row->preview, "Very.");
	assert_int_equal(row->last_message, second);
	assert_int_equal(row->unread, 1);
	g_autoptr(GPtrArray) timeline =
		sn_message_page(tmp->store, row->id, 0, 0, FALSE, 10, SN_MESSAGE_FULL);
	assert_int_equal(timeline->len, 2);
	assert_int_equal(((SnMessage *)timeline->pdata[0])->id, first);
	assert_string_equal(((SnMessage *)timeline->pdata[0])->body, "Are you hungry?");
	assert_true(sn_conversation_mark_read(tmp->store, row->id, 0, &error));
	g_autoptr(SnConversation) read = sn_conversation_get(tmp->store, row->id);
	assert_int_equal(read->unread, 0);
}

static void an_entry_is_queued_listed_and_changed(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId message = tmpstore_im(tmp, SN_IN, "bob@example.test", NULL, "hello");
	g_autoptr(SnMessage) m = sn_message_get(tmp->store, message, 0);
	SnOutboxNew new =
		tmpstore_entry(tmp, m->conversation, SN_CHANNEL_IM, "bob@example.test", "hi");
	SnId id = sn_outbox_queue(tmp->store, &new, TRUE, &error);

	assert_true(id > 0);
	g_ptr_array_unref(new.recipients);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, m->conversation);
	assert_int_equal(row->pending, 1);
	assert_int_equal(row->last_state, SN_STATE_QUEUED);
	SnOutboxChange change = { .state = SN_STATE_SENDING, .what = "sending" };
	assert_true(sn_outbox_change(tmp->store, id, SN_STATE_QUEUED, &change, &error));
	assert_false(sn_outbox_change(tmp->store, id, SN_STATE_QUEUED, &change, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	g_autoptr(GPtrArray) open =
		sn_outbox_list(tmp->store, SN_OUTBOX_OPEN, 0, 10, SN_OUTBOX_FULL);
	assert_int_equal(open->len, 1);
	const SnOutboxEntry *entry = open->pdata[0];
	assert_string_equal(((SnParty *)entry->recipients->pdata[0])->address, "bob@example.test");
	g_autoptr(GPtrArray) events = sn_outbox_events(tmp->store, id);
	assert_int_equal(events->len, 2);
}

static void status_is_set_and_reset(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnStatus status = { .account = (char *)"home", .end = (char *)"im",
		            .kind = SN_STATUS_ONLINE };

	assert_true(sn_status_set(tmp->store, &status, &error));
	g_autoptr(GPtrArray) list = sn_status_list(tmp->store);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnStatus *)list->pdata[0])->kind, SN_STATUS_ONLINE);
	assert_true(sn_status_reset(tmp->store, &error));
	g_autoptr(GPtrArray) after = sn_status_list(tmp->store);
	assert_int_equal(((SnStatus *)after->pdata[0])->kind, SN_STATUS_OFF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_store_is_private_and_empty),
		TEST(what_one_connection_commits_the_other_sees),
		TEST(inner_rollback_leaves_the_outer_work),
		TEST(the_log_is_the_engines_to_clear),
		TEST(messages_make_a_conversation),
		TEST(an_entry_is_queued_listed_and_changed),
		TEST(status_is_set_and_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
