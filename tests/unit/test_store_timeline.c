/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the screen reads: the list, the timeline, drafts; and what that costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <string.h>

#include "src/store/conversation.h"
#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"

static SnId conversation_of(TmpStore *tmp, SnId message)
{
	g_autoptr(SnMessage) m = sn_message_get(tmp->store, message, 0);

	return m->conversation;
}

static SnConversation *row_of(TmpStore *tmp, SnId message)
{
	return sn_conversation_get(tmp->store, conversation_of(tmp, message));
}

/* ---- timeline ---- */

static void a_timeline_is_paged_both_ways(void **state)
{
	TmpStore *tmp = *state;
	SnId ids[25], conversation;
	SnTime time = G_MAXINT64;
	SnId anchor = G_MAXINT64;
	guint seen = 0;

	for (int i = 0; i < 25; i++) {
		/* every third has the time of the one before */
		if (i % 3 == 2)
			tmp->now -= SN_MINUTE;
		ids[i] = tmpstore_im(tmp, SN_IN, BOB, NULL, "x");
	}
	conversation = conversation_of(tmp, ids[0]);
	for (;;) {
		g_autoptr(GPtrArray) page =
			sn_message_page(tmp->store, conversation, time, anchor, FALSE, 7, 0);
		if (!page->len)
			break;
		seen += page->len;
		for (guint i = 0; i < page->len; i++)
			assert_int_equal(((SnMessage *)page->pdata[i])->id, ids[25 - seen + i]);
		time = ((SnMessage *)page->pdata[0])->time;
		anchor = ((SnMessage *)page->pdata[0])->id;
	}
	assert_int_equal(seen, 25);
	g_autoptr(GPtrArray) forward =
		sn_message_page(tmp->store, conversation, time, anchor, TRUE, 100, 0);
	assert_int_equal(forward->len, 24);
	assert_int_equal(((SnMessage *)forward->pdata[0])->id, ids[1]);
	g_autoptr(GPtrArray) newest = sn_message_page(tmp->store, conversation, 0, 0, FALSE, 2, 0);
	assert_int_equal(((SnMessage *)newest->pdata[1])->id, ids[24]);
}

static void an_older_message_that_comes_late_is_not_the_last(void **state)
{
	TmpStore *tmp = *state;
	SnId newest = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "newest");

	tmp->now -= SN_DAY;
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "older");
	g_autoptr(SnConversation) row = row_of(tmp, newest);
	assert_int_equal(row->last_message, newest);
	assert_string_equal(row->preview, "newest");
	assert_int_equal(row->unread, 2);
}

static void reading_marks_up_to_a_message(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId ids[4];

	for (int i = 0; i < 4; i++)
		ids[i] = tmpstore_im(tmp, SN_IN, BOB, NULL, "x");
	SnId conversation = conversation_of(tmp, ids[0]);
	assert_true(sn_conversation_mark_read(tmp->store, conversation, ids[1], &error));
	g_autoptr(SnConversation) half = sn_conversation_get(tmp->store, conversation);
	assert_int_equal(half->unread, 2);
	assert_true(sn_message_change_flags(tmp->store, ids[0], 0, SN_FLAG_SEEN, &error));
	g_autoptr(SnConversation) again = sn_conversation_get(tmp->store, conversation);
	assert_int_equal(again->unread, 3);
	assert_true(sn_conversation_mark_read(tmp->store, conversation, 0, &error));
	g_autoptr(SnConversation) none = sn_conversation_get(tmp->store, conversation);
	assert_int_equal(none->unread, 0);
	/* with nothing to do it writes nothing */
	SnStore *other = tmpstore_open(tmp, SN_STORE_CLIENT);
	assert_true(sn_conversation_mark_read(tmp->store, conversation, 0, &error));
	assert_false(sn_store_changed(other));
	sn_store_close(other);
	assert_false(sn_message_change_flags(tmp->store, 4711, SN_FLAG_SEEN, 0, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

/* ---- the list ---- */

static void the_list_is_ordered_and_paged_by_key(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnConversation) after = NULL;
	SnTime last = G_MAXINT64;
	int seen = 0;

	for (int i = 0; i < 30; i++) {
		g_autofree char *who = g_strdup_printf("p%02d@example.test", i);
		SnId id = tmpstore_mail(tmp, SN_IN, who, NULL, "x", "x");
		if (i == 3)
			sn_conversation_set_flags(tmp->store, conversation_of(tmp, id), FALSE, TRUE,
			                          FALSE, NULL);
		if (i == 5) {
			static const char *const values[] = { "later", NULL };
			assert_true(sn_question_add(tmp->store, conversation_of(tmp, id), id, "?",
			                            values, values, NULL) > 0);
		}
		if (i == 7)
			sn_conversation_set_flags(tmp->store, conversation_of(tmp, id), FALSE, FALSE,
			                          TRUE, NULL);
	}
	for (;;) {
		g_autoptr(GPtrArray) page =
			sn_conversation_page(tmp->store, after, FALSE, NULL, 4);
		for (guint i = 0; i < page->len; i++, seen++) {
			const SnConversation *row = page->pdata[i];
			if (seen == 0)
				assert_string_equal(row->title, "p03@example.test");
			else if (seen == 1)
				assert_string_equal(row->title, "p05@example.test");
			else
				assert_true(row->last_time < last);
			if (seen > 1)
				last = row->last_time;
		}
		if (!page->len)
			break;
		g_clear_pointer(&after, sn_conversation_free);
		after = g_ptr_array_steal_index(page, page->len - 1);
	}
	assert_int_equal(seen, 29);
	g_autoptr(GPtrArray) archived = sn_conversation_page(tmp->store, NULL, TRUE, NULL, 10);
	assert_int_equal(archived->len, 1);
	assert_string_equal(((SnConversation *)archived->pdata[0])->title, "p07@example.test");
}

static void a_filter_looks_at_titles_and_addresses(void **state)
{
	TmpStore *tmp = *state;
	SnId jid = tmpstore_address(tmp, SN_CHANNEL_IM, "rabbit@chat.test", NULL);
	SnId mail = tmpstore_address(tmp, SN_CHANNEL_MAIL, BOB, "Bob Größer");
	g_autoptr(SnAddress) bob = sn_address_get(tmp->store, mail);
	static const struct {
		const char *filter;
		guint count;
	} cases[] = { { "GRÖSS", 1 }, { "rabbit", 1 },  { "carol", 1 },     { "example", 2 },
		      { "zebra", 0 }, { "dave@", 1 },   { NULL, 3 },        { "", 3 },
		      { "%", 0 },     { "\xff\xff", 0 } };

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	assert_true(sn_link_confirm(tmp->store, jid, bob->person, NULL));
	tmpstore_mail(tmp, SN_IN, "carol@c.test", NULL, "x", "x");
	g_autoptr(SnMessage) group = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "x", "x");
	sn_message_add_party(group, SN_ROLE_CC, "dave@d.test", "Dave");
	assert_true(sn_message_add(tmp->store, group, NULL, NULL, NULL, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) page =
			sn_conversation_page(tmp->store, NULL, FALSE, cases[i].filter, 10);
		if (i == 0 && page->len == 2)
			continue; /* the group is named after him too */
		if (page->len != cases[i].count)
			fail_msg("%s: %u", cases[i].filter, page->len);
	}
}

/* Names of few letters, so that many have the same parts. */
static char *any_name(GRand *random)
{
	static const char *const letters[] = { "a", "a", "b", "\303\237", "\303\204", " ", "\346\235\216" };
	GString *name = g_string_new("N");

	for (int n = g_rand_int_range(random, 1, 30); n > 0; n--)
		g_string_append(name, letters[g_rand_int_range(random, 0, G_N_ELEMENTS(letters))]);
	return g_string_free(name, FALSE);
}

static guint holding(const GPtrArray *rows, const char *part)
{
	g_autofree char *folded = g_utf8_casefold(part, -1);
	guint count = 0;

	for (guint i = 0; i < rows->len; i++) {
		g_autofree char *title = g_utf8_casefold(((SnConversation *)rows->pdata[i])->title, -1);
		count += strstr(title, folded) != NULL;
	}
	return count;
}

/* With few who have it and with many, the same as if each were looked at; in the order of the list. */
static void a_filter_finds_any_part_of_any_name(void **state)
{
	enum { NAMES = 400 };
	TmpStore *tmp = *state;
	g_autoptr(GRand) random = g_rand_new_with_seed(11);

	for (int i = 0; i < NAMES; i++) {
		g_autofree char *address = g_strdup_printf("%d@9", i), *name = any_name(random);
		tmpstore_address(tmp, SN_CHANNEL_MAIL, address, name);
		tmpstore_mail(tmp, SN_IN, address, NULL, "x", "x");
	}
	g_autoptr(GPtrArray) all = sn_conversation_page(tmp->store, NULL, FALSE, NULL, NAMES);
	assert_int_equal(all->len, NAMES);
	for (int i = 0; i < NAMES; i++) {
		const SnConversation *one = all->pdata[g_rand_int_range(random, 0, NAMES)];
		glong length = g_utf8_strlen(one->title, -1);
		glong from = g_rand_int_range(random, 0, (int)length);
		glong to = from + g_rand_int_range(random, 1, 20);
		to = MIN(length, to);
		g_autofree char *part = g_utf8_substring(one->title, from, to);
		g_autoptr(GPtrArray) found = sn_conversation_page(tmp->store, NULL, FALSE, part, NAMES);
		if (found->len != holding(all, part))
			fail_msg("\"%s\": %u and not %u", part, found->len, holding(all, part));
		for (guint n = 1; n < found->len; n++)
			assert_true(((SnConversation *)found->pdata[n - 1])->last_time >=
			            ((SnConversation *)found->pdata[n])->last_time);
		for (guint n = 0; n + 1 < found->len; n += 7) { /* page by page */
			g_autoptr(GPtrArray) next =
				sn_conversation_page(tmp->store, found->pdata[n], FALSE, part, 1);
			assert_int_equal(((SnConversation *)next->pdata[0])->id,
			                 ((SnConversation *)found->pdata[n + 1])->id);
		}
	}
}

static guint with(SnStore *store, const char *part)
{
	g_autoptr(GPtrArray) rows = sn_conversation_page(store, NULL, FALSE, part, 10);

	return rows->len;
}

/* More than are sorted begin alike: what tells them apart comes late in the name. */
static void a_filter_finds_one_of_many_who_begin_alike(void **state)
{
	TmpStore *tmp = *state;
	enum { ROOMS = 1100 };

	assert_true(sn_store_begin(tmp->store, NULL));
	for (int i = 0; i < ROOMS; i++) {
		g_autofree char *jid = g_strdup_printf("%d@rooms.test", i);
		g_autofree char *title = g_strdup_printf("The same beginning of room %d.", i);
		assert_true(sn_conversation_for_room(tmp->store, jid, title, NULL));
	}
	assert_true(sn_store_commit(tmp->store, NULL));
	assert_int_equal(with(tmp->store, "the same beginning"), 10);
	assert_int_equal(with(tmp->store, "same beginning of room 77."), 1);
	assert_int_equal(with(tmp->store, "beginning of room 1100."), 0);
	g_autoptr(GPtrArray) one = sn_conversation_find(tmp->store, "the same beginning of room 1099.");
	assert_int_equal(one->len, 1);
	assert_string_equal(((SnConversation *)one->pdata[0])->title, "The same beginning of room 1099.");
}

static void a_filter_knows_new_names_only(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnAddress) bob = NULL;
	gint64 before, after;

	tmpstore_mail(tmp, SN_IN, BOB, "Bob", "x", "x");
	bob = sn_address_find(tmp->store, SN_CHANNEL_MAIL, BOB);
	assert_true(sn_person_set_name(tmp->store, bob->person, "Robert the Rigger", NULL));
	assert_int_equal(with(tmp->store, "the rig"), 1);
	assert_true(sn_person_set_name(tmp->store, bob->person, "Robert", NULL));
	assert_int_equal(with(tmp->store, "the rig"), 0);
	assert_int_equal(with(tmp->store, "obert"), 1);
	/* nor does it lie there for ever */
	assert_true(sn_one(tmp->store, "SELECT count(*) FROM name_part WHERE part LIKE 'the rig%'") > 0);
	assert_true(sn_store_compact(tmp->store, &before, &after, NULL));
	assert_int_equal(sn_one(tmp->store, "SELECT count(*) FROM name_part WHERE part LIKE 'the rig%'"), 0);
	assert_int_equal(with(tmp->store, "obert"), 1);
	assert_int_equal(with(tmp->store, "example.test"), 1);
	/* a room has the name that it was given last */
	assert_true(sn_conversation_for_room(tmp->store, "sail@rooms.test", "Sailors", NULL));
	assert_true(sn_conversation_for_room(tmp->store, "sail@rooms.test", "The whole crew", NULL));
	assert_int_equal(with(tmp->store, "HOLE cr"), 1);
	assert_int_equal(with(tmp->store, "sailors"), 0);
}

static void conversations_are_found_by_what_people_type(void **state)
{
	TmpStore *tmp = *state;
	SnId bob = conversation_of(tmp, tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x"));
	g_autofree char *by_id = g_strdup_printf("id:%" G_GINT64_FORMAT, bob);
	SnId room = sn_conversation_for_room(tmp->store, "tea@rooms.test", "Tea time", NULL);
	const struct {
		const char *who;
		SnId id;
	} cases[] = { { by_id, bob },         { "BOB@example.test", bob },
		      { "bob@", bob },        { "tea@rooms.test", room },
		      { "tea TIME", room },   { "tea", room },
		      { "nobody", 0 },        { "", 0 } };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) found = sn_conversation_find(tmp->store, cases[i].who);
		SnId first = found->len ? ((SnConversation *)found->pdata[0])->id : 0;
		if (first != cases[i].id)
			fail_msg("%s", cases[i].who);
	}
}

static void a_new_message_brings_a_conversation_back_from_the_archive(void **state)
{
	TmpStore *tmp = *state;
	SnId id = conversation_of(tmp, tmpstore_im(tmp, SN_IN, BOB, NULL, "x"));

	assert_true(sn_conversation_set_flags(tmp->store, id, FALSE, FALSE, TRUE, NULL));
	tmpstore_im(tmp, SN_OUT, BOB, NULL, "from another device");
	g_autoptr(SnConversation) still = sn_conversation_get(tmp->store, id);
	assert_true(still->archived);
	tmpstore_im(tmp, SN_IN, BOB, NULL, "are you there");
	g_autoptr(SnConversation) back = sn_conversation_get(tmp->store, id);
	assert_false(back->archived);
	assert_true(sn_conversation_set_flags(tmp->store, id, TRUE, FALSE, TRUE, NULL));
	tmpstore_im(tmp, SN_IN, BOB, NULL, "muted");
	g_autoptr(SnConversation) muted = sn_conversation_get(tmp->store, id);
	assert_true(muted->archived);
}

static void totals_add_up(void **state)
{
	TmpStore *tmp = *state;
	int unread, attention, pending;

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	SnId other = tmpstore_im(tmp, SN_IN, "carol@chat.test", NULL, "x");
	SnOutboxNew new = tmpstore_entry(tmp, conversation_of(tmp, other), SN_CHANNEL_IM,
	                                 "carol@chat.test", "y");
	assert_true(sn_outbox_queue(tmp->store, &new, FALSE, NULL) > 0);
	new.state = SN_STATE_CHOOSING;
	assert_true(sn_outbox_queue(tmp->store, &new, FALSE, NULL) > 0);
	g_ptr_array_unref(new.recipients);
	sn_conversation_totals(tmp->store, &unread, &attention, &pending);
	assert_int_equal(unread, 3);
	assert_int_equal(attention, 1);
	assert_int_equal(pending, 1);
}

static void what_the_user_sets_on_a_conversation_stays(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId id = conversation_of(tmp, tmpstore_im(tmp, SN_IN, BOB, NULL, "x"));

	assert_true(sn_conversation_set_mode(tmp->store, id, SN_MODE_MAIL, &error));
	assert_true(sn_conversation_set_flags(tmp->store, id, TRUE, TRUE, FALSE, &error));
	tmpstore_reopen(tmp);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, id);
	assert_int_equal(row->reply_mode, SN_MODE_MAIL);
	assert_true(row->muted && row->pinned && !row->archived);
	assert_false(sn_conversation_set_mode(tmp->store, 4711, SN_MODE_MAIL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void an_opened_conversation_is_listed_before_its_first_message(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId jid = tmpstore_address(tmp, SN_CHANNEL_IM, "new@chat.test", "Newman");
	g_autoptr(SnAddress) address = sn_address_get(tmp->store, jid);
	SnId id = sn_conversation_for_person(tmp->store, address->person, &error);

	assert_int_equal(sn_conversation_for_person(tmp->store, address->person, &error), id);
	g_autoptr(GPtrArray) page = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 10);
	assert_int_equal(page->len, 1);
	assert_string_equal(((SnConversation *)page->pdata[0])->title, "Newman");
	g_autoptr(GPtrArray) members = sn_conversation_members(tmp->store, id);
	assert_int_equal(members->len, 1);
	assert_int_equal(sn_conversation_for_person(tmp->store, 4711, &error), 0);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

/* ---- drafts ---- */

static void a_draft_survives_with_all_it_holds(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId message = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	SnId conversation = conversation_of(tmp, message);
	g_autoptr(SnDraft) draft = sn_draft_new(conversation);
	SnId picked[] = { 3, 1, 2 };

	draft->mode = SN_MODE_IM;
	draft->reply_to = message;
	draft->subject = g_strdup("Re: x");
	g_free(draft->body);
	draft->body = g_strdup("half a sent");
	draft->cc = g_strdup("carol@c.test");
	draft->terms = (SnTerms){ 7000, SN_WHEN_ONLINE, SN_RULE_MAIL, SN_HOUR, SN_ENCRYPT_REQUIRED };
	draft->attachments = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(draft->attachments, g_strdup("/tmp/with\nnewline\\n"));
	g_ptr_array_add(draft->attachments, g_strdup("/tmp/b\xff\xc3\xa4"));
	draft->history = g_strdup("last:3");
	draft->picked = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_array_append_vals(draft->picked, picked, 3);
	assert_true(sn_draft_save(tmp->store, draft, &error));
	tmpstore_reopen(tmp);
	g_autoptr(SnDraft) r = sn_draft_load(tmp->store, conversation);
	assert_int_equal(r->mode, SN_MODE_IM);
	assert_int_equal(r->reply_to, message);
	assert_string_equal(r->body, "half a sent");
	assert_string_equal(r->cc, "carol@c.test");
	assert_null(r->bcc);
	assert_int_equal(r->attachments->len, 2);
	assert_string_equal(r->attachments->pdata[0], "/tmp/with\nnewline\\n");
	assert_string_equal(r->attachments->pdata[1], "/tmp/b\xff\xc3\xa4");
	assert_string_equal(r->history, "last:3");
	assert_int_equal(r->picked->len, 3);
	assert_int_equal(g_array_index(r->picked, SnId, 0), 3);
	assert_int_equal(r->terms.send_at, 7000);
	assert_int_equal(r->terms.when, SN_WHEN_ONLINE);
	assert_int_equal(r->terms.then, SN_RULE_MAIL);
	assert_int_equal(r->terms.within, SN_HOUR);
	assert_int_equal(r->terms.encrypt, SN_ENCRYPT_REQUIRED);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, conversation);
	assert_true(row->has_draft);
	assert_true(sn_draft_delete(tmp->store, conversation, &error));
	assert_null(sn_draft_load(tmp->store, conversation));
	g_autoptr(SnConversation) after = sn_conversation_get(tmp->store, conversation);
	assert_false(after->has_draft);
	draft->conversation = 4711;
	assert_false(sn_draft_save(tmp->store, draft, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

/* ---- the cost: no query of the screen may scan or sort ---- */

static GPtrArray *traced; /* of the connection under test; SQLite's hook has no other place */

static int trace(unsigned type, void *context, void *statement, void *text)
{
	const char *sql = sqlite3_sql(statement);

	(void)type;
	(void)context;
	(void)text;
	if (traced && sql && !g_ptr_array_find_with_equal_func(traced, sql, g_str_equal, NULL))
		g_ptr_array_add(traced, g_strdup(sql));
	return 0;
}

static int install_trace(sqlite3 *db, const char **message, const void *api)
{
	(void)message;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, trace, NULL);
}

static void fold(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_value(context, values[0]);
}

/* An index over the few rows that matter may be walked from end to end. */
static gboolean is_cheap(const char *step)
{
	static const char *const small[] = { "outbox_open", "outbox_needs", "outbox_request",
		                             "conversation_unread", "conversation_needs",
		                             "conversation_pending", "person_self", "CONSTANT ROW",
		                             "SCAN status", "SCAN (subquery", "SCAN data_version" };

	if (strstr(step, "TEMP B-TREE"))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(small); i++)
		if (strstr(step, small[i]))
			return TRUE;
	return !g_str_has_prefix(step, "SCAN");
}

static void check_plan(sqlite3 *db, const char *sql)
{
	g_autofree char *explain = g_strconcat("EXPLAIN QUERY PLAN ", sql, NULL);
	sqlite3_stmt *statement;

	if (!g_str_has_prefix(sql, "SELECT"))
		return;
	if (sqlite3_prepare_v2(db, explain, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(statement, 3);
		if (!is_cheap(step))
			fail_msg("%s\n%s", sql, step);
	}
	sqlite3_finalize(statement);
}

static void use_the_screen(TmpStore *tmp, SnStore *client, SnId conversation, SnId message)
{
	int unread, attention, pending;
	g_autoptr(GPtrArray) list = sn_conversation_page(client, NULL, FALSE, NULL, 50);
	g_autoptr(GPtrArray) more = sn_conversation_page(client, list->pdata[0], FALSE, NULL, 50);
	g_autoptr(GPtrArray) page =
		sn_message_page(client, conversation, 0, 0, FALSE, 50, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) next =
		sn_message_page(client, conversation, 1, 1, TRUE, 50, SN_MESSAGE_FULL);
	g_autoptr(GPtrArray) thread = sn_message_thread(client, "t", 50, 0);
	g_autoptr(GPtrArray) open = sn_outbox_list(client, SN_OUTBOX_OPEN, 0, 50, SN_OUTBOX_FULL);
	g_autoptr(GPtrArray) need = sn_outbox_list(client, SN_OUTBOX_ATTENTION, 0, 50, 0);
	g_autoptr(GPtrArray) all = sn_outbox_list(client, SN_OUTBOX_ALL, 0, 50, 0);
	g_autoptr(GPtrArray) questions = sn_question_list(client, conversation);
	g_autoptr(SnDraft) draft = sn_draft_load(client, conversation);
	g_autoptr(SnConversation) row = sn_conversation_get(client, conversation);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(client, 1, SN_OUTBOX_FULL);
	g_autoptr(GPtrArray) events = sn_outbox_events(client, 1);
	g_autoptr(GPtrArray) status = sn_status_list(client);

	sn_conversation_totals(client, &unread, &attention, &pending);
	sn_conversation_mark_read(client, conversation, message, NULL);
	sn_presence_free(sn_person_presence(client, row->person));
	g_bytes_unref(sn_message_raw(client, message, NULL));
	sn_message_find_stanza(client, tmp->account, "x");
	g_array_unref(sn_outbox_due(client, tmp->now));
	sn_outbox_next_due(client, 0);
}

static void nothing_the_screen_reads_scans_or_sorts(void **state)
{
	TmpStore *tmp = *state;
	SnId message = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	SnId conversation = conversation_of(tmp, message);
	g_autoptr(GBytes) raw = g_bytes_new_static("raw", 3);
	sqlite3 *db;

	assert_true(sn_message_set_raw(tmp->store, message, raw, NULL));
	traced = g_ptr_array_new_with_free_func(g_free);
	sqlite3_auto_extension((void (*)(void))install_trace);
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	sqlite3_cancel_auto_extension((void (*)(void))install_trace);
	use_the_screen(tmp, client, conversation, message);
	sn_store_close(client);
	assert_true(traced->len > 25);

	assert_int_equal(sqlite3_open(tmp->path, &db), SQLITE_OK);
	sqlite3_create_function(db, "fold", 1, SQLITE_UTF8, NULL, fold, NULL, NULL);
	sqlite3_create_function(db, "body_text", 2, SQLITE_UTF8, NULL, fold, NULL, NULL);
	for (guint i = 0; i < traced->len; i++)
		check_plan(db, traced->pdata[i]);
	sqlite3_close(db);
	g_clear_pointer(&traced, g_ptr_array_unref);
}

static void opening_runs_the_same_few_statements_whatever_is_inside(void **state)
{
	TmpStore *tmp = *state;
	guint counts[2];

	for (int round = 0; round < 2; round++) {
		traced = g_ptr_array_new_with_free_func(g_free);
		sqlite3_auto_extension((void (*)(void))install_trace);
		SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
		sqlite3_cancel_auto_extension((void (*)(void))install_trace);
		for (guint i = 0; i < traced->len; i++)
			if (!g_str_has_prefix(traced->pdata[i], "PRAGMA"))
				fail_msg("%s", (char *)traced->pdata[i]);
		counts[round] = traced->len;
		sn_store_close(client);
		g_clear_pointer(&traced, g_ptr_array_unref);
		for (int i = 0; i < 50; i++)
			tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	}
	assert_int_equal(counts[0], counts[1]);
	assert_true(counts[0] < 12);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_timeline_is_paged_both_ways),
		TEST(an_older_message_that_comes_late_is_not_the_last),
		TEST(reading_marks_up_to_a_message),
		TEST(the_list_is_ordered_and_paged_by_key),
		TEST(a_filter_looks_at_titles_and_addresses),
		TEST(a_filter_finds_any_part_of_any_name),
		TEST(a_filter_knows_new_names_only),
		TEST(a_filter_finds_one_of_many_who_begin_alike),
		TEST(conversations_are_found_by_what_people_type),
		TEST(a_new_message_brings_a_conversation_back_from_the_archive),
		TEST(totals_add_up),
		TEST(what_the_user_sets_on_a_conversation_stays),
		TEST(an_opened_conversation_is_listed_before_its_first_message),
		TEST(a_draft_survives_with_all_it_holds),
		TEST(nothing_the_screen_reads_scans_or_sorts),
		TEST(opening_runs_the_same_few_statements_whatever_is_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
