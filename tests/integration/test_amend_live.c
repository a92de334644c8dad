/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Corrections, reactions, retractions and what was read, between two users and two devices, over a
 * real Prosody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/amend.h"
#include "tests/lib/live.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define SOON "[delivery]\nundo-im = 0s\n[im]\nomemo = false\n"

static SnServers *servers; /* NULL: skip */

typedef struct {
	SnLive alice, other, bob; /* two devices of alice's */
} Stage;

static void open_one(SnLive *live, const char *user)
{
	sn_live_open(live, servers, user, NULL, SOON);
	sn_live_start(live);
	sn_live_settle(live);
}

static int set_up(void **state)
{
	*state = g_new0(Stage, 1);
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_live_close(&stage->alice);
	sn_live_close(&stage->other);
	sn_live_close(&stage->bob);
	g_free(stage);
	return 0;
}

/* ---- conditions ---- */

static SnMessage *find(SnBench *bench, const char *body)
{
	g_autofree char *text = g_strdup_printf("\"%s\" via:im", body);
	g_autoptr(SnQuery) query = sn_query_parse(text, NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(bench->store, query, 0, 0, 1, SN_MESSAGE_FULL, NULL);

	return found && found->len ? g_ptr_array_steal_index(found, 0) : NULL;
}

static gboolean has_text(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message = find(bench, data);

	return message != NULL;
}

static char *reactions(SnBench *bench, const char *body)
{
	g_autoptr(SnMessage) message = find(bench, body);
	g_autoptr(GPtrArray) list = message ? sn_amend_list(bench->store, message->id) : NULL;

	for (guint i = 0; list && i < list->len; i++) {
		const SnAmend *one = list->pdata[i];
		if (one->kind == SN_AMEND_REACTIONS)
			return g_strdup(one->text);
	}
	return g_strdup("");
}

typedef struct {
	const char *body, *signs;
} Wanted;

static gboolean has_reactions(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;
	g_autofree char *now = reactions(bench, wanted->body);

	return strcmp(now, wanted->signs) == 0;
}

static gboolean is_taken_back(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message = find(bench, data);

	return message && message->amended & SN_AMENDED_RETRACTED;
}

static void assert_waits(SnLive *live, gboolean (*condition)(SnBench *, gpointer), const void *data)
{
	assert_true(sn_bench_wait(live->bench, condition, (gpointer)data));
}

static gboolean has_gone(SnBench *bench, gpointer data)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, *(SnId *)data, 0);

	return entry->state == SN_STATE_ACCEPTED || entry->state == SN_STATE_DELIVERED ||
	       entry->state == SN_STATE_READ;
}

static gboolean none_is_due(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) due = sn_amend_due(bench->store, sn_account_find(bench->store, "alice"));

	return due->len == 0;
}

/* Sent by alice, received by bob; her row. */
static SnId said(Stage *stage, const char *body)
{
	SnId entry = sn_live_send(&stage->alice, SN_CHANNEL_IM, BOB, body);

	assert_waits(&stage->alice, has_gone, &entry);
	assert_waits(&stage->bob, has_text, body);
	g_autoptr(SnOutboxEntry) row = sn_outbox_get(stage->alice.bench->store, entry, 0);
	return row->message;
}

/* ---- scenarios ---- */

static void a_correction_goes_and_stands_in_place(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	if (!servers)
		skip();
	open_one(&stage->alice, "alice");
	open_one(&stage->other, "alice");
	open_one(&stage->bob, "bob");
	SnId id = said(stage, "we cast off at sixe");
	assert_true(sn_amend_queue(stage->alice.bench->store, id, SN_AMEND_CORRECTION,
	                           "we cast off at six", FALSE, &error));
	/* where it was sent to, and by carbon on the other device */
	SnLive *both[] = { &stage->bob, &stage->other };
	for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
		assert_waits(both[i], has_text, "we cast off at six");
		g_autoptr(SnMessage) message = find(both[i]->bench, "we cast off at six");
		g_autoptr(GPtrArray) list = sn_amend_list(both[i]->bench->store, message->id);
		assert_int_equal(message->amended, SN_AMENDED_TEXT);
		assert_string_equal(((SnAmend *)list->pdata[0])->text, "we cast off at sixe");
	}
}

static void what_was_corrected_meanwhile_comes_right_from_the_archive(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	open_one(&stage->alice, "alice");
	open_one(&stage->bob, "bob");
	SnId id = said(stage, "the anchor is blue");
	sn_live_stop(&stage->bob);
	assert_true(sn_amend_queue(stage->alice.bench->store, id, SN_AMEND_CORRECTION,
	                           "the anchor is green", FALSE, NULL));
	assert_true(sn_amend_queue(stage->alice.bench->store, id, SN_AMEND_REACTIONS, "⚓", FALSE,
	                           NULL));
	assert_waits(&stage->alice, none_is_due, NULL);
	sn_live_start(&stage->bob);
	sn_live_settle(&stage->bob);
	Wanted wanted = { "the anchor is green", "⚓" };
	assert_waits(&stage->bob, has_text, "the anchor is green");
	assert_waits(&stage->bob, has_reactions, &wanted);
	assert_false(has_text(stage->bob.bench, (char *)"the anchor is blue"));
}

static void a_reaction_goes_and_is_taken_away(void **state)
{
	Stage *stage = *state;
	Wanted one = { "fish for dinner", "👍 🐟" }, none = { "fish for dinner", "" };

	if (!servers)
		skip();
	open_one(&stage->alice, "alice");
	open_one(&stage->bob, "bob");
	said(stage, "fish for dinner");
	g_autoptr(SnMessage) his = find(stage->bob.bench, "fish for dinner");
	assert_true(sn_amend_queue(stage->bob.bench->store, his->id, SN_AMEND_REACTIONS, "👍 🐟",
	                           FALSE, NULL));
	assert_waits(&stage->alice, has_reactions, &one);
	assert_true(sn_amend_queue(stage->bob.bench->store, his->id, SN_AMEND_REACTIONS, "", FALSE,
	                           NULL));
	assert_waits(&stage->alice, has_reactions, &none);
}

static void what_is_taken_back_leaves_a_mark(void **state)
{
	Stage *stage = *state;

	if (!servers)
		skip();
	open_one(&stage->alice, "alice");
	open_one(&stage->bob, "bob");
	SnId id = said(stage, "he snores terribly");
	assert_true(sn_amend_queue(stage->alice.bench->store, id, SN_AMEND_RETRACTION, NULL, FALSE,
	                           NULL));
	assert_waits(&stage->bob, is_taken_back, "he snores terribly");
}

/* ---- how far one has read (XEP-0490) ---- */

static int unread(SnBench *bench, const char *body)
{
	g_autoptr(SnMessage) message = find(bench, body);
	g_autoptr(SnConversation) talk =
		message ? sn_conversation_get(bench->store, message->conversation) : NULL;

	return talk ? talk->unread : -1;
}

typedef struct {
	const char *body;
	int unread;
} Left;

static gboolean is_left(SnBench *bench, gpointer data)
{
	const Left *left = data;

	return unread(bench, left->body) == left->unread;
}

static void read_it(SnLive *live, const char *body)
{
	g_autoptr(SnMessage) message = find(live->bench, body);

	assert_true(sn_conversation_mark_read(live->bench->store, message->conversation, message->id,
	                                      NULL));
}

static void hears(Stage *stage, const char *body)
{
	sn_live_send(&stage->bob, SN_CHANNEL_IM, ALICE, body);
	assert_waits(&stage->alice, has_text, body);
	assert_waits(&stage->other, has_text, body);
}

static void what_is_read_here_is_read_there(void **state)
{
	Stage *stage = *state;
	Left one = { "one to read", 1 }, none = { "one to read", 0 };

	if (!servers)
		skip();
	/* they are no contacts: nothing but the node tells of it */
	open_one(&stage->alice, "alice");
	open_one(&stage->other, "alice");
	open_one(&stage->bob, "bob");
	hears(stage, "one to read");
	hears(stage, "and one for later");
	g_autoptr(SnMessage) message = find(stage->alice.bench, "one to read");
	assert_non_null(message->stanza_id);
	read_it(&stage->alice, "one to read");
	assert_waits(&stage->other, is_left, &one);
	/* and the other way round */
	read_it(&stage->other, "and one for later");
	assert_waits(&stage->alice, is_left, &none);
}

static void what_was_read_meanwhile_is_not_unread(void **state)
{
	Stage *stage = *state;
	Left one = { "last of the day", 1 };

	if (!servers)
		skip();
	open_one(&stage->alice, "alice");
	open_one(&stage->other, "alice");
	open_one(&stage->bob, "bob");
	hears(stage, "first of the day");
	sn_live_stop(&stage->other);
	sn_live_send(&stage->bob, SN_CHANNEL_IM, ALICE, "second of the day");
	sn_live_send(&stage->bob, SN_CHANNEL_IM, ALICE, "last of the day");
	assert_waits(&stage->alice, has_text, "last of the day");
	assert_waits(&stage->alice, has_text, "second of the day");
	read_it(&stage->alice, "second of the day");
	sn_live_settle(&stage->alice);
	/* the other one hears how far it was read before it has the messages */
	sn_live_start(&stage->other);
	sn_live_settle(&stage->other);
	assert_waits(&stage->other, has_text, "last of the day");
	assert_waits(&stage->other, is_left, &one);
}

static int start_servers(void **state)
{
	return sn_servers_setup(&servers, "dovecot postfix prosody");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_correction_goes_and_stands_in_place),
		T(what_was_corrected_meanwhile_comes_right_from_the_archive),
		T(a_reaction_goes_and_is_taken_away),
		T(what_is_taken_back_leaves_a_mark),
		T(what_is_read_here_is_read_there),
		T(what_was_read_meanwhile_is_not_unread),
	};

	return cmocka_run_group_tests_name("amendments live", tests, start_servers, stop_servers);
}
