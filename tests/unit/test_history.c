/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/base/ids.h"
#include "src/route/history.h"
#include "src/store/told.h"
#include "tests/unit/route_world.h"

#define ROOMY (10 << 20)

static GPtrArray *to(const char *address)
{
	GPtrArray *parties = g_ptr_array_new_with_free_func(g_free);
	SnParty *party = g_new0(SnParty, 1);

	party->role = SN_ROLE_TO;
	party->address = (char *)address;
	g_ptr_array_add(parties, party);
	return parties;
}

static SnHistory *select_for(World *world, SnId conversation, SnId reply_to, const char *text,
                             const char *recipient, gint64 size)
{
	g_autoptr(GPtrArray) recipients = to(recipient);
	SnHistorySpec spec;

	assert_true(sn_history_parse(text, &world->clock, &spec, NULL));
	return sn_history_select(world->store, conversation, reply_to, &spec, NULL, recipients, TRUE,
	                         FALSE, size);
}

static SnId nth(const SnHistory *history, guint index)
{
	assert_true(index < history->messages->len);
	return g_array_index(history->messages, SnId, index);
}

static void specs_read_and_write(void **state)
{
	static const char *const good[] = { "none", "last:5", "thread", "all", "picked" };
	static const char *const bad[] = { "",       "last:",      "last:0", "last:x", "last:99999",
		                           "since:", "since:nope", "Thread", "last" };
	SnHistorySpec spec;

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		assert_true(sn_history_parse(good[i], NULL, &spec, NULL));
		g_autofree char *back = sn_history_format(&spec);
		assert_string_equal(back, good[i]);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		assert_false(sn_history_parse(bad[i], NULL, &spec, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	}
	assert_true(sn_history_parse("since:2026-11-01", NULL, &spec, NULL));
	assert_int_equal(spec.kind, SN_HISTORY_SINCE);
	SnTime since = spec.since;
	g_autofree char *text = sn_history_format(&spec);
	assert_true(sn_history_parse(text, NULL, &spec, NULL));
	assert_int_equal(spec.since, since);
}

static void the_thread_and_nothing_else(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said other = { .channel = SN_CHANNEL_MAIL, .subject = "Other", .id = "other@w" };
	Said root = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .id = "root@w" };
	Said mine = { .channel = SN_CHANNEL_MAIL, .direction = SN_OUT, .thread = "root@w" };
	Said im = { .channel = SN_CHANNEL_IM, .body = "quick one", .thread = "root@w" };

	world_say(world, &other);
	SnId one = world_say(world, &root), two = world_say(world, &mine),
	     three = world_say(world, &im);
	g_autoptr(SnHistory) history = select_for(world, bob, two, "thread", BOB_IM, ROOMY);
	assert_int_equal(history->messages->len, 3);
	assert_int_equal(nth(history, 0), one);
	assert_int_equal(nth(history, 1), two);
	assert_int_equal(nth(history, 2), three);
	assert_int_equal(history->mails, 2);
	assert_int_equal(history->ims, 1);
	g_autofree char *summary = sn_history_summary(history);
	assert_true(g_str_has_prefix(summary, "2 emails, 1 IM, "));
	world_free(world);
}

static void an_im_with_the_hash_belongs_to_the_emails_thread(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	g_autofree char *hash = sn_id_thread("root@w");
	Said root = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .id = "root@w" };
	Said im = { .channel = SN_CHANNEL_IM, .body = "an answer", .thread = hash };

	SnId mail = world_say(world, &root), id = world_say(world, &im);
	g_autoptr(SnHistory) history = select_for(world, bob, id, "thread", BOB_MAIL, ROOMY);
	assert_int_equal(history->messages->len, 2);
	assert_int_equal(nth(history, 0), mail);
	assert_int_equal(nth(history, 1), id);
	world_free(world);
}

static void the_thread_of_ims_is_the_session(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said old = { .channel = SN_CHANNEL_IM, .body = "old", .time = world->now - SN_DAY };
	Said a = { .channel = SN_CHANNEL_IM, .body = "a", .time = world->now - 50 * SN_MINUTE };
	Said mail = { .channel = SN_CHANNEL_MAIL, .time = world->now - 45 * SN_MINUTE };
	Said b = { .channel = SN_CHANNEL_IM, .body = "b", .time = world->now - 40 * SN_MINUTE };

	world_say(world, &old);
	SnId first = world_say(world, &a);
	world_say(world, &mail);
	SnId second = world_say(world, &b);
	g_autoptr(SnHistory) history = select_for(world, bob, second, "thread", BOB_MAIL, ROOMY);
	assert_int_equal(history->messages->len, 2);
	assert_int_equal(nth(history, 0), first);
	assert_int_equal(nth(history, 1), second);
	world_free(world);
}

static void last_counts_what_may_go(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said said = { .channel = SN_CHANNEL_IM, .body = "x" };
	Said cancelled = { .channel = SN_CHANNEL_IM,
		           .direction = SN_OUT,
		           .body = "never went",
		           .state = SN_STATE_CANCELLED };
	Said waiting = cancelled;
	SnId ids[4];

	waiting.state = SN_STATE_WAITING;
	for (int i = 0; i < 4; i++)
		ids[i] = world_say(world, &said);
	world_say(world, &cancelled);
	world_say(world, &waiting);
	g_autoptr(SnHistory) history = select_for(world, bob, 0, "last:2", BOB_MAIL, ROOMY);
	assert_int_equal(history->messages->len, 2);
	assert_int_equal(nth(history, 0), ids[2]);
	assert_int_equal(nth(history, 1), ids[3]);
	world_free(world);
}

static void since_a_time(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said old = { .channel = SN_CHANNEL_IM, .body = "old", .time = world->now - 10 * SN_DAY };
	Said new = { .channel = SN_CHANNEL_IM, .body = "new", .time = world->now - SN_DAY };

	world_say(world, &old);
	SnId id = world_say(world, &new);
	g_autoptr(SnHistory) history = select_for(world, bob, 0, "since:3d", BOB_MAIL, ROOMY);
	assert_int_equal(history->messages->len, 1);
	assert_int_equal(nth(history, 0), id);
	g_autoptr(SnHistory) all = select_for(world, bob, 0, "all", BOB_MAIL, ROOMY);
	assert_int_equal(all->messages->len, 2);
	world_free(world);
}

static void what_others_were_no_party_to_stays_here(void **state)
{
	World *world = world_new(NULL);
	Said group = { .channel = SN_CHANNEL_MAIL, .cc = "carol@example.net", .id = "g@w" };
	Said aside = { .channel = SN_CHANNEL_MAIL, .direction = SN_OUT, .thread = "g@w" };

	world_bob(world);
	SnId both = world_say(world, &group);
	SnId bob_only = world_say(world, &aside);
	g_autoptr(SnMessage) message = sn_message_get(world->store, both, 0);
	g_autoptr(SnHistory) history = select_for(world, message->conversation, bob_only, "thread",
	                                          "carol@example.net", ROOMY);
	assert_int_equal(history->messages->len, 1);
	assert_int_equal(nth(history, 0), both);
	assert_int_equal(history->left_out_party, 1);
	world_free(world);
}

static void nothing_goes_to_somebody_unknown(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said said = { .channel = SN_CHANNEL_MAIL, .body = "x" };

	world_say(world, &said);
	g_autoptr(SnHistory) history =
		select_for(world, bob, 0, "all", "mallory@evil.example", ROOMY);
	assert_int_equal(history->messages->len, 0);
	assert_int_equal(history->left_out_party, 1);
	world_free(world);
}

static void picking_by_hand_does_not_lift_the_rules(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said private = { .channel = SN_CHANNEL_MAIL, .from = "carol@example.net" };
	Said ours = { .channel = SN_CHANNEL_MAIL };
	SnId ids[] = { world_say(world, &ours), world_say(world, &private), 99999 };
	g_autoptr(GArray) picked = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GPtrArray) recipients = to(BOB_IM);
	SnHistorySpec spec = { .kind = SN_HISTORY_PICKED };

	g_array_append_vals(picked, ids, 3);
	g_array_append_val(picked, ids[0]);
	g_autoptr(SnHistory) history = sn_history_select(
		world->store, bob, 0, &spec, picked, recipients, TRUE, FALSE, ROOMY);
	assert_int_equal(history->messages->len, 1);
	assert_int_equal(nth(history, 0), ids[0]);
	assert_int_equal(history->left_out_party, 1);
	world_free(world);
}

static void encrypted_text_does_not_leave_in_the_clear(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said secret = { .channel = SN_CHANNEL_IM, .body = "secret", .encrypted = TRUE };
	g_autoptr(GPtrArray) recipients = to(BOB_IM);
	SnHistorySpec all = { .kind = SN_HISTORY_ALL };

	world_say(world, &secret);
	g_autoptr(SnHistory) clear = sn_history_select(world->store, bob, 0, &all, NULL, recipients,
	                                               TRUE, FALSE, ROOMY);
	assert_int_equal(clear->messages->len, 0);
	assert_int_equal(clear->left_out_encrypted, 1);
	g_autoptr(SnHistory) encrypted = sn_history_select(world->store, bob, 0, &all, NULL,
	                                                   recipients, TRUE, TRUE, ROOMY);
	assert_int_equal(encrypted->messages->len, 1);
	world_free(world);
}

static void what_a_third_one_told_is_not_passed_on(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said carrier = { .channel = SN_CHANNEL_MAIL, .from = "carol@example.net" };
	SnId by_carol = world_say(world, &carrier);
	Said from_bob = { .channel = SN_CHANNEL_MAIL };
	SnId by_bob = world_say(world, &from_bob);
	Said told = { .channel = SN_CHANNEL_IM,
		      .body = "bob is said to have said this",
		      .carried = TRUE,
		      .carried_by = by_carol };
	Said told_by_bob = { .channel = SN_CHANNEL_IM,
		             .body = "told by himself",
		             .carried = TRUE,
		             .carried_by = by_bob };

	SnId ids[] = { world_say(world, &told), world_say(world, &told_by_bob) };
	g_autoptr(GArray) picked = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GPtrArray) recipients = to(BOB_MAIL);
	SnHistorySpec spec = { .kind = SN_HISTORY_PICKED };
	g_array_append_vals(picked, ids, 2);
	g_autoptr(SnHistory) history = sn_history_select(
		world->store, bob, 0, &spec, picked, recipients, TRUE, FALSE, ROOMY);
	assert_int_equal(history->messages->len, 1);
	assert_int_equal(nth(history, 0), ids[1]);
	assert_int_equal(history->left_out_party, 1);
	world_free(world);
}

static void what_others_say_i_said_is_not_passed_on_as_mine(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said from_bob = { .channel = SN_CHANNEL_MAIL }, by_me = from_bob;

	by_me.direction = SN_OUT;
	SnId by_bob = world_say(world, &from_bob), by_myself = world_say(world, &by_me);
	Said mouth = { .channel = SN_CHANNEL_IM,
		       .direction = SN_OUT,
		       .body = "I promise",
		       .carried = TRUE,
		       .carried_by = by_bob };
	Said own = mouth;
	own.body = "I told it myself, from another machine";
	own.carried_by = by_myself;
	SnId words = world_say(world, &mouth), mine = world_say(world, &own);
	g_autoptr(SnHistory) history = select_for(world, bob, 0, "all", BOB_MAIL, ROOMY);
	gboolean found = FALSE;
	for (guint i = 0; i < history->messages->len; i++) {
		assert_int_not_equal(nth(history, i), words);
		found |= nth(history, i) == mine;
	}
	assert_true(found);
	assert_int_equal(history->left_out_party, 1);
	world_free(world);
}

static void what_only_brought_history_is_none(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said said = { .channel = SN_CHANNEL_IM, .body = "x" };
	SnId reply = world_say(world, &said), bringer = world_say(world, &said);

	/* the file that it announces is not here yet, so it still shows */
	assert_true(sn_message_attach(world->store, bringer, reply, FALSE, NULL));
	g_autoptr(SnHistory) history = select_for(world, bob, 0, "all", BOB_MAIL, ROOMY);
	assert_int_equal(history->messages->len, 1);
	assert_int_equal(nth(history, 0), reply);
	world_free(world);
}

static void size_is_bounded_newest_first(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said big = { .channel = SN_CHANNEL_MAIL,
		     .attachment = "video.mp4",
		     .attachment_size = 5 << 20 };
	Said small = { .channel = SN_CHANNEL_MAIL, .body = "text" };
	g_autoptr(GPtrArray) recipients = to(BOB_IM);
	SnHistorySpec all = { .kind = SN_HISTORY_ALL };

	world_say(world, &small);
	world_say(world, &big);
	SnId newest = world_say(world, &small);
	g_autoptr(SnHistory) history = select_for(world, bob, 0, "all", BOB_IM, 1 << 20);
	assert_int_equal(history->messages->len, 1);
	assert_int_equal(nth(history, 0), newest);
	assert_int_equal(history->left_out_size, 2);
	assert_true(history->size <= 1 << 20);
	/* Without attachments the same email is small. */
	g_autoptr(SnHistory) texts = sn_history_select(world->store, bob, 0, &all, NULL, recipients,
	                                               FALSE, FALSE, 1 << 20);
	assert_int_equal(texts->messages->len, 3);
	assert_int_equal(texts->files, 0);
	world_free(world);
}

static void none_is_nothing(void **state)
{
	World *world = world_new(NULL);
	SnId bob = world_bob(world);
	Said said = { .channel = SN_CHANNEL_MAIL };

	world_say(world, &said);
	g_autoptr(SnHistory) history = select_for(world, bob, 0, "none", BOB_IM, ROOMY);
	g_autofree char *summary = sn_history_summary(history);
	assert_int_equal(history->messages->len, 0);
	assert_string_equal(summary, "no history");
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_read_and_write),
		cmocka_unit_test(the_thread_and_nothing_else),
		cmocka_unit_test(an_im_with_the_hash_belongs_to_the_emails_thread),
		cmocka_unit_test(the_thread_of_ims_is_the_session),
		cmocka_unit_test(last_counts_what_may_go),
		cmocka_unit_test(since_a_time),
		cmocka_unit_test(what_others_were_no_party_to_stays_here),
		cmocka_unit_test(nothing_goes_to_somebody_unknown),
		cmocka_unit_test(picking_by_hand_does_not_lift_the_rules),
		cmocka_unit_test(encrypted_text_does_not_leave_in_the_clear),
		cmocka_unit_test(what_a_third_one_told_is_not_passed_on),
		cmocka_unit_test(what_others_say_i_said_is_not_passed_on_as_mine),
		cmocka_unit_test(what_only_brought_history_is_none),
		cmocka_unit_test(size_is_bounded_newest_first),
		cmocka_unit_test(none_is_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
