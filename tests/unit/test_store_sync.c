/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders, places, offline actions, status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/store/place.h"
#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"

typedef struct {
	TmpStore *tmp;
	SnStore *store;
	SnId inbox, archive, trash, junk;
	SnId mail; /* in the inbox, uid 1, unseen */
} Scene;

static int setup(void **state)
{
	Scene *s = g_new0(Scene, 1);

	s->tmp = tmpstore_new();
	s->store = s->tmp->store;
	s->inbox = sn_folder_intern(s->store, s->tmp->account, "INBOX", "inbox", NULL);
	s->archive = sn_folder_intern(s->store, s->tmp->account, "Archive", "archive", NULL);
	s->trash = sn_folder_intern(s->store, s->tmp->account, "Trash", "trash", NULL);
	s->junk = sn_folder_intern(s->store, s->tmp->account, "Spam", "junk", NULL);
	s->mail = tmpstore_mail(s->tmp, SN_IN, BOB, "m1@b", "x", "searchable");
	assert_true(sn_location_set(s->store, s->mail, s->inbox, 1, NULL, 0, NULL));
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	Scene *s = *state;

	tmpstore_free(s->tmp);
	g_free(s);
	return 0;
}

static guint flags_of(Scene *s, SnId id)
{
	g_autoptr(SnMessage) m = sn_message_get(s->store, id, 0);

	return m->flags;
}

static SnConversation *row_of(Scene *s)
{
	g_autoptr(SnMessage) m = sn_message_get(s->store, s->mail, 0);

	return sn_conversation_get(s->store, m->conversation);
}

static guint shown(Scene *s)
{
	g_autoptr(SnConversation) row = row_of(s);
	g_autoptr(GPtrArray) page = sn_message_page(s->store, row->id, 0, 0, FALSE, 100, 0);

	return page->len;
}

static GPtrArray *actions(Scene *s)
{
	return sn_action_list(s->store, s->tmp->account, s->tmp->now);
}

/* ---- folders ---- */

static void folders_are_made_once_and_remember_their_state(void **state)
{
	Scene *s = *state;

	assert_int_equal(sn_folder_intern(s->store, s->tmp->account, "INBOX", NULL, NULL), s->inbox);
	assert_true(sn_folder_set_state(s->store, s->inbox, 7, 100, G_GUINT64_CONSTANT(1) << 62,
	                                NULL));
	g_autoptr(SnFolder) folder = sn_folder_by_role(s->store, s->tmp->account, "inbox");
	assert_string_equal(folder->name, "INBOX");
	assert_int_equal(folder->uidvalidity, 7);
	assert_int_equal(folder->uidnext, 100);
	assert_true(folder->highestmodseq == G_GUINT64_CONSTANT(1) << 62);
	assert_int_equal(folder->total, 1);
	assert_int_equal(folder->unread, 1);
	g_autoptr(GPtrArray) list = sn_folder_list(s->store, 0);
	assert_int_equal(list->len, 4);
	assert_null(sn_folder_get(s->store, 4711));
	assert_null(sn_folder_by_role(s->store, s->tmp->account, "drafts"));
}

static void places_are_found_by_uid_and_name(void **state)
{
	Scene *s = *state;
	SnId other = tmpstore_mail(s->tmp, SN_IN, BOB, NULL, "x", "x");

	assert_true(sn_location_set(s->store, other, s->inbox, 5, "163.m:2", 0, NULL));
	assert_int_equal(sn_location_find(s->store, s->inbox, 5), other);
	assert_int_equal(sn_location_find(s->store, s->inbox, 6), 0);
	assert_int_equal(sn_location_find_name(s->store, s->inbox, "163.m:2"), 5);
	g_autoptr(GArray) uids = sn_location_uids(s->store, s->inbox, NULL);
	assert_int_equal(uids->len, 2);
	assert_int_equal(g_array_index(uids, guint32, 1), 5);
	assert_true(sn_location_set(s->store, s->mail, s->inbox, 9, NULL, SN_FLAG_FLAGGED, NULL));
	SnPlaces all = sn_places_in(s->store, s->inbox);
	assert_int_equal(all.uids->len, 3);
	assert_int_equal(all.names->len, 3);
	assert_int_equal(all.flags->len, 3);
	assert_int_equal(g_array_index(all.uids, guint32, 1), 5);
	assert_string_equal(all.names->pdata[1], "163.m:2");
	assert_int_equal(g_array_index(all.flags, guint, 1), 0);
	assert_string_equal(all.names->pdata[2], "");
	assert_int_equal(g_array_index(all.flags, guint, 2), SN_FLAG_FLAGGED);
	g_array_unref(all.uids);
	g_array_unref(all.flags);
	g_ptr_array_unref(all.names);
	assert_true(sn_location_remove(s->store, s->inbox, 9, NULL));
	g_autoptr(GPtrArray) list = sn_location_list(s->store, other);
	assert_string_equal(((SnLocation *)list->pdata[0])->folder_name, "INBOX");
	g_autoptr(GPtrArray) page = sn_folder_page(s->store, s->inbox, 0, 0, 10, 0);
	assert_int_equal(page->len, 2);
	assert_int_equal(((SnMessage *)page->pdata[0])->id, other);
}

/* ---- what follows from the places ---- */

static void flags_come_from_the_places(void **state)
{
	Scene *s = *state;

	assert_true(sn_location_flags(s->store, s->inbox, 1, SN_FLAG_SEEN | SN_FLAG_FLAGGED, NULL));
	assert_int_equal(flags_of(s, s->mail), SN_FLAG_SEEN | SN_FLAG_FLAGGED);
	g_autoptr(SnConversation) row = row_of(s);
	assert_int_equal(row->unread, 0);
	g_autoptr(SnFolder) folder = sn_folder_get(s->store, s->inbox);
	assert_int_equal(folder->unread, 0);
	/* a second copy: seen in one place is seen, deleted in one place is not deleted */
	assert_true(sn_location_set(s->store, s->mail, s->archive, 9, NULL, SN_FLAG_DELETED, NULL));
	assert_int_equal(flags_of(s, s->mail), SN_FLAG_SEEN | SN_FLAG_FLAGGED);
	assert_true(sn_location_flags(s->store, s->inbox, 99, SN_FLAG_SEEN, NULL));
}

static void what_lies_in_trash_or_junk_only_is_not_shown(void **state)
{
	Scene *s = *state;
	SnId spam = tmpstore_mail(s->tmp, SN_IN, "win@spam.test", NULL, "WIN", "win");

	assert_true(sn_location_set(s->store, spam, s->junk, 1, NULL, 0, NULL));
	g_autoptr(GPtrArray) rows = sn_conversation_page(s->store, NULL, FALSE, NULL, 10);
	assert_int_equal(rows->len, 1);
	int unread, attention, pending;
	sn_conversation_totals(s->store, &unread, &attention, &pending);
	assert_int_equal(unread, 1);
	assert_true(sn_location_set(s->store, s->mail, s->trash, 1, NULL, 0, NULL));
	assert_int_equal(shown(s), 1);
	assert_true(sn_location_remove(s->store, s->inbox, 1, NULL));
	assert_int_equal(shown(s), 0);
	/* a folder that turns out to be the archive after all */
	assert_int_equal(sn_folder_intern(s->store, s->tmp->account, "Trash", "archive", NULL),
	                 s->trash);
	assert_int_equal(shown(s), 1);
}

static void put(Scene *s, SnId folder, guint32 uid, guint flags, const char *keywords)
{
	SnLocation place = { .folder = folder, .uid = uid, .flags = flags, .keywords = (char *)keywords };

	assert_true(sn_location_put(s->store, s->mail, &place, NULL));
}

static void assert_settled(Scene *s, guint flags, const char *tags, int is_shown)
{
	g_autoptr(SnMessage) mail = sn_message_get(s->store, s->mail, 0);

	assert_int_equal(mail->flags, flags);
	assert_int_equal(g_strcmp0(mail->tags, tags), 0);
	assert_int_equal(shown(s), is_shown);
}

/* Told the same twice it stays as it is; told otherwise it follows, in each respect alone. */
static void an_email_follows_its_places_in_each_respect(void **state)
{
	Scene *s = *state;

	for (int twice = 0; twice < 2; twice++) {
		put(s, s->inbox, 1, SN_FLAG_SEEN, "");
		assert_settled(s, SN_FLAG_SEEN, NULL, 1);
	}
	for (int twice = 0; twice < 2; twice++) {
		put(s, s->inbox, 1, SN_FLAG_SEEN, "work");
		assert_settled(s, SN_FLAG_SEEN, "work", 1);
	}
	put(s, s->inbox, 1, SN_FLAG_SEEN | SN_FLAG_FLAGGED, "work");
	assert_settled(s, SN_FLAG_SEEN | SN_FLAG_FLAGGED, "work", 1);
	for (int twice = 0; twice < 2; twice++) {
		put(s, s->junk, 4, SN_FLAG_SEEN | SN_FLAG_FLAGGED, "home");
		assert_settled(s, SN_FLAG_SEEN | SN_FLAG_FLAGGED, "home work", 1);
	}
	assert_true(sn_location_remove(s->store, s->inbox, 1, NULL));
	assert_settled(s, SN_FLAG_SEEN | SN_FLAG_FLAGGED, "home", 0);
	put(s, s->junk, 4, 0, "");
	assert_settled(s, 0, NULL, 0);
	/* lost, and found with nothing else changed */
	assert_true(sn_location_remove(s->store, s->junk, 4, NULL));
	put(s, s->archive, 7, 0, "");
	assert_settled(s, 0, NULL, 1);
	assert_int_equal(sn_one(s->store, "SELECT lost IS NULL FROM message WHERE id = ?1", V(s->mail)), 1);
}

static void a_moved_email_keeps_its_record(void **state)
{
	Scene *s = *state;
	g_autoptr(SnMessage) again = NULL;
	SnAddResult result;

	assert_true(sn_location_remove(s->store, s->inbox, 1, NULL));
	assert_int_equal(shown(s), 0);
	g_autoptr(SnConversation) row = row_of(s);
	assert_int_equal(row->unread, 0);
	again = tmpstore_mail_new(s->tmp, SN_IN, BOB, "m1@b", "x", "searchable");
	assert_true(sn_message_add(s->store, again, NULL, NULL, &result, NULL));
	assert_int_equal(result, SN_DUPLICATE);
	assert_int_equal(again->id, s->mail);
	assert_true(sn_location_set(s->store, s->mail, s->archive, 3, NULL, SN_FLAG_SEEN, NULL));
	assert_int_equal(shown(s), 1);
}

static void an_email_that_is_gone_for_good_goes(void **state)
{
	Scene *s = *state;
	g_autoptr(GBytes) raw = g_bytes_new_static("raw", 3);
	g_autoptr(GError) error = NULL;
	SnId im = tmpstore_im(s->tmp, SN_IN, BOB, NULL, "an IM lies nowhere and stays");

	assert_true(sn_message_set_raw(s->store, s->mail, raw, NULL));
	assert_true(sn_location_remove(s->store, s->inbox, 1, NULL));
	assert_true(sn_folder_set_state(s->store, s->inbox, 1, 2, 3, NULL));
	g_autoptr(SnMessage) still = sn_message_get(s->store, s->mail, 0);
	assert_non_null(still);
	s->tmp->now += 8 * SN_DAY;
	assert_true(sn_folder_set_state(s->store, s->inbox, 1, 2, 4, NULL));
	assert_null(sn_message_get(s->store, s->mail, 0));
	g_autoptr(SnMessage) other = sn_message_get(s->store, im, 0);
	assert_non_null(other);
	g_autoptr(SnQuery) query = sn_query_parse("searchable", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(s->store, query, 0, 0, 10, 0, &error);
	assert_int_equal(found->len, 0);
	g_autofree char *sha = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, raw);
	assert_null(sn_outbox_attachment_bytes(s->store, sha, NULL));
	/* ids are never used again */
	assert_true(tmpstore_mail(s->tmp, SN_IN, BOB, NULL, "x", "x") > im);
	g_autofree char *report = NULL;
	assert_true(sn_store_check(s->store, &report, &error));
}

static void a_folder_that_begins_anew_keeps_its_messages(void **state)
{
	Scene *s = *state;

	assert_true(sn_message_change_flags(s->store, s->mail, SN_FLAG_SEEN, 0, NULL));
	assert_true(sn_folder_reset(s->store, s->inbox, NULL));
	g_autoptr(SnFolder) folder = sn_folder_get(s->store, s->inbox);
	assert_int_equal(folder->uidvalidity, 0);
	assert_int_equal(folder->total, 0);
	assert_int_equal(shown(s), 1);
	assert_int_equal(sn_location_find(s->store, s->inbox, 1), 0);
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 0);
	assert_true(sn_location_set(s->store, s->mail, s->inbox, 42, NULL, 0, NULL));
	s->tmp->now += 8 * SN_DAY;
	assert_true(sn_folder_set_state(s->store, s->inbox, 8, 43, 0, NULL));
	assert_int_equal(shown(s), 1);
}

static void a_uid_that_names_another_message_lets_go_of_the_first(void **state)
{
	Scene *s = *state;
	SnId other = tmpstore_mail(s->tmp, SN_IN, BOB, NULL, "x", "x");

	assert_true(sn_location_set(s->store, other, s->inbox, 1, NULL, 0, NULL));
	assert_int_equal(sn_location_find(s->store, s->inbox, 1), other);
	assert_int_equal(shown(s), 1);
	g_autoptr(SnFolder) folder = sn_folder_get(s->store, s->inbox);
	assert_int_equal(folder->total, 1);
}

/* ---- actions ---- */

static void reading_an_email_tells_the_server_once(void **state)
{
	Scene *s = *state;

	for (int i = 0; i < 2; i++)
		assert_true(sn_message_change_flags(s->store, s->mail, SN_FLAG_SEEN, 0, NULL));
	assert_int_equal(flags_of(s, s->mail), SN_FLAG_SEEN);
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	const SnAction *a = list->pdata[0];
	assert_int_equal(a->kind, SN_ACTION_FLAGS);
	assert_int_equal(a->folder, s->inbox);
	assert_int_equal(a->uid, 1);
	assert_int_equal(a->set, SN_FLAG_SEEN);

	/* the server's older view does not undo it, but the rest of it counts */
	assert_true(sn_location_flags(s->store, s->inbox, 1, SN_FLAG_FLAGGED, NULL));
	assert_int_equal(flags_of(s, s->mail), SN_FLAG_SEEN | SN_FLAG_FLAGGED);
	assert_true(sn_location_set(s->store, s->mail, s->inbox, 1, NULL, 0, NULL));
	assert_int_equal(flags_of(s, s->mail), SN_FLAG_SEEN);
	assert_true(sn_action_done(s->store, a->id, NULL));
	assert_true(sn_location_flags(s->store, s->inbox, 1, 0, NULL));
	assert_int_equal(flags_of(s, s->mail), 0);
}

static void a_failed_action_is_due_later(void **state)
{
	Scene *s = *state;

	assert_true(sn_message_change_flags(s->store, s->mail, SN_FLAG_FLAGGED, 0, NULL));
	g_autoptr(GPtrArray) list = actions(s);
	SnId id = ((SnAction *)list->pdata[0])->id;
	assert_true(sn_action_retry(s->store, id, s->tmp->now + SN_MINUTE, "no line", NULL));
	g_autoptr(GPtrArray) none = actions(s);
	assert_int_equal(none->len, 0);
	s->tmp->now += SN_MINUTE;
	g_autoptr(GPtrArray) again = actions(s);
	assert_int_equal(again->len, 1);
	assert_int_equal(((SnAction *)again->pdata[0])->attempts, 1);
}

static void a_move_is_seen_at_once_and_replayed(void **state)
{
	Scene *s = *state;

	assert_true(sn_message_move(s->store, s->mail, "trash", NULL));
	assert_int_equal(shown(s), 0);
	g_autoptr(GPtrArray) page = sn_folder_page(s->store, s->inbox, 0, 0, 10, 0);
	assert_int_equal(page->len, 0);
	g_autoptr(GPtrArray) list = actions(s);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnAction *)list->pdata[0])->kind, SN_ACTION_MOVE);
	assert_string_equal(((SnAction *)list->pdata[0])->target, "trash");

	/* undo before it was told: nothing is left to tell */
	assert_true(sn_message_move(s->store, s->mail, "inbox", NULL));
	assert_int_equal(shown(s), 1);
	g_autoptr(GPtrArray) none = actions(s);
	assert_int_equal(none->len, 0);

	/* to the trash again; this time the server has done it */
	assert_true(sn_message_move(s->store, s->mail, "Trash", NULL));
	assert_int_equal(shown(s), 0);
	g_autoptr(GPtrArray) third = actions(s);
	assert_true(sn_location_remove(s->store, s->inbox, 1, NULL));
	assert_true(sn_location_set(s->store, s->mail, s->trash, 4, NULL, 0, NULL));
	assert_true(sn_action_done(s->store, ((SnAction *)third->pdata[0])->id, NULL));
	assert_int_equal(shown(s), 0);
	assert_false(sn_message_move(s->store, 4711, "trash", NULL));
}

static void a_move_that_was_not_possible_is_taken_back(void **state)
{
	Scene *s = *state;

	assert_true(sn_message_move(s->store, s->mail, "trash", NULL));
	g_autoptr(GPtrArray) list = actions(s);
	assert_true(sn_action_done(s->store, ((SnAction *)list->pdata[0])->id, NULL));
	assert_int_equal(shown(s), 1);
}

static void an_im_is_deleted_here(void **state)
{
	Scene *s = *state;
	SnId im = tmpstore_im(s->tmp, SN_IN, "carol@chat.test", NULL, "x");
	g_autoptr(SnMessage) m = sn_message_get(s->store, im, 0);

	assert_true(sn_message_move(s->store, im, "trash", NULL));
	g_autoptr(GPtrArray) page = sn_message_page(s->store, m->conversation, 0, 0, FALSE, 9, 0);
	assert_int_equal(page->len, 0);
	assert_true(sn_message_move(s->store, im, "inbox", NULL));
	g_autoptr(GPtrArray) back = sn_message_page(s->store, m->conversation, 0, 0, FALSE, 9, 0);
	assert_int_equal(back->len, 1);
}

static void a_sent_copy_is_asked_for(void **state)
{
	Scene *s = *state;
	SnId id = sn_action_append(s->store, s->mail, s->tmp->account, "sent", SN_FLAG_SEEN, NULL);
	g_autoptr(GPtrArray) list = actions(s);

	assert_int_equal(list->len, 1);
	const SnAction *a = list->pdata[0];
	assert_int_equal(a->id, id);
	assert_int_equal(a->kind, SN_ACTION_APPEND);
	assert_string_equal(a->target, "sent");
	assert_int_equal(a->set, SN_FLAG_SEEN);
	assert_int_equal(a->message, s->mail);
	assert_int_equal(sn_action_append(s->store, 4711, s->tmp->account, "sent", 0, NULL), 0);
}

static void reading_ims_on_the_screen_is_told_once_for_the_newest(void **state)
{
	Scene *s = *state;
	SnStore *client = tmpstore_open(s->tmp, SN_STORE_CLIENT);
	SnId first = tmpstore_im(s->tmp, SN_IN, "carol@chat.test", NULL, "one");
	SnId last = tmpstore_im(s->tmp, SN_IN, "carol@chat.test", NULL, "two");
	g_autoptr(SnMessage) m = sn_message_get(s->store, first, 0);

	assert_true(sn_conversation_mark_read(client, m->conversation, 0, NULL));
	g_autoptr(GPtrArray) list = sn_action_reads(s->store, s->tmp->account);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnAction *)list->pdata[0])->message, last);
	g_autoptr(GPtrArray) others = actions(s);
	assert_int_equal(others->len, 0);
	assert_true(sn_action_done(s->store, ((SnAction *)list->pdata[0])->id, NULL));
	/* what another device has read is not told again */
	tmpstore_im(s->tmp, SN_IN, "carol@chat.test", NULL, "three");
	assert_true(sn_conversation_mark_read(s->store, m->conversation, 0, NULL));
	g_autoptr(GPtrArray) none = sn_action_reads(s->store, s->tmp->account);
	assert_int_equal(none->len, 0);
	sn_store_close(client);
}

/* ---- status and archive ---- */

static void status_rows_say_how_each_end_is_doing(void **state)
{
	Scene *s = *state;
	SnStatus status = { .account = (char *)"home", .end = (char *)"source",
		            .kind = SN_STATUS_RETRYING, .detail = (char *)"no route",
		            .error_word = (char *)"network", .done = 3, .total = 9, .since = 50,
		            .next_try = 100 };
	SnStore *other = tmpstore_open(s->tmp, SN_STORE_CLIENT);

	assert_true(sn_status_set(s->store, &status, NULL));
	status.since = 60;
	sn_store_changed(other);
	assert_true(sn_status_set(s->store, &status, NULL));
	assert_false(sn_store_changed(other)); /* nothing new: nobody is woken */
	g_autoptr(GPtrArray) list = sn_status_list(other);
	const SnStatus *r = list->pdata[0];
	assert_string_equal(r->detail, "no route");
	assert_string_equal(r->error_word, "network");
	assert_int_equal(r->done, 3);
	assert_int_equal(r->since, 50);
	assert_int_equal(r->next_try, 100);
	sn_store_close(other);
}

static void archive_positions_are_kept(void **state)
{
	Scene *s = *state;
	SnId account = s->tmp->account;

	assert_null(sn_archive_get(s->store, account, "alice@example.test"));
	assert_true(sn_archive_set(s->store, account, "alice@example.test", "id-1", NULL));
	assert_true(sn_archive_set(s->store, account, "alice@example.test", "id-2", NULL));
	g_autofree char *id = sn_archive_get(s->store, account, "alice@example.test");
	assert_string_equal(id, "id-2");
	assert_true(sn_archive_set(s->store, account, "alice@example.test", NULL, NULL));
	assert_null(sn_archive_get(s->store, account, "alice@example.test"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(folders_are_made_once_and_remember_their_state),
		TEST(places_are_found_by_uid_and_name),
		TEST(flags_come_from_the_places),
		TEST(what_lies_in_trash_or_junk_only_is_not_shown),
		TEST(an_email_follows_its_places_in_each_respect),
		TEST(a_moved_email_keeps_its_record),
		TEST(an_email_that_is_gone_for_good_goes),
		TEST(a_folder_that_begins_anew_keeps_its_messages),
		TEST(a_uid_that_names_another_message_lets_go_of_the_first),
		TEST(reading_an_email_tells_the_server_once),
		TEST(a_failed_action_is_due_later),
		TEST(a_move_is_seen_at_once_and_replayed),
		TEST(a_move_that_was_not_possible_is_taken_back),
		TEST(an_im_is_deleted_here),
		TEST(a_sent_copy_is_asked_for),
		TEST(reading_ims_on_the_screen_is_told_once_for_the_newest),
		TEST(status_rows_say_how_each_end_is_doing),
		TEST(archive_positions_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
