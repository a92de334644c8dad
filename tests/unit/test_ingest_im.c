/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What IMs answer, whichever client wrote them, and how far they were read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/base/ids.h"
#include "src/base/omemo.h"
#include "src/base/opened.h"
#include "src/engine/sync_private.h"
#include "src/store/own_card.h"
#include "src/store/told.h"
#include "tests/unit/ingest_im_stage.h"

/* ---- what it answers ---- */

static void a_quote_says_what_is_answered(void **state)
{
	IngestStage *stage = *state;
	static const struct {
		const char *body;
		gboolean found;
	} cases[] = {
		{ "> Could you look at the third tuck?\nIt is fine.", TRUE },
		{ ">Could you   look at the\n> third tuck?\n\nIt is fine.", TRUE },
		{ "> Could you look at the th...\nIt is fine.", TRUE },
		{ "> Could you look at the third\xe2\x80\xa6\nIt is fine.", TRUE },
		{ "> you\nIt is fine.", FALSE },                 /* could be anything */
		{ "> Something never said to him\nIt is fine.", FALSE },
		{ "It is fine.\n> Could you look at the third tuck?", FALSE },
		{ "> Could you look at the third tuck?", FALSE }, /* says nothing itself */
	};

	ingest_link_bob(stage);
	SnId mail = ingest_own_mail(stage, "splice@example.test", "The splice",
	                     "Could you look at\nthe third tuck?\n");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("quote-%zu", i);
		g_autoptr(SnMessage) row = ingest_receive(stage, ingest_from_bob(id, cases[i].body));
		assert_int_equal(row->reply_to, cases[i].found ? mail : 0);
		if (cases[i].found)
			assert_string_equal(row->thread, "splice@example.test");
	}
}

static void a_quote_of_a_quote_is_not_what_is_answered(void **state)
{
	IngestStage *stage = *state;

	ingest_link_bob(stage);
	SnId first = ingest_own_mail(stage, "one@example.test", "One", "Which rope do we take?\n");
	g_autoptr(SnMessage) second =
		ingest_receive(stage, ingest_from_bob("q-1", "> Which rope do we take?\nThe hemp one"));
	g_autoptr(SnMessage) third =
		ingest_receive(stage, ingest_from_bob("q-2", "> The hemp one\nI mean the long one"));
	g_autoptr(SnMessage) fourth =
		ingest_receive(stage, ingest_from_bob("q-3", "> Which rope do we take?\nOr none"));
	assert_int_equal(second->reply_to, first);
	assert_int_equal(third->reply_to, second->id);
	assert_int_equal(fourth->reply_to, first);
}

static void a_thread_sent_back_says_what_is_answered(void **state)
{
	IngestStage *stage = *state;
	g_autofree char *hash = sn_id_thread("root@example.test");

	ingest_link_bob(stage);
	ingest_own_mail(stage, "root@example.test", "Root", "First.\n");
	SnId last = sn_bench_ingest(stage->bench,
	                            "From: alice@example.test\nTo: " BOB_MAIL "\n"
	                            "Date: Sun, 15 Nov 2026 10:05:00 +0000\n"
	                            "Message-ID: <next@example.test>\nSubject: Root\n"
	                            "In-Reply-To: <root@example.test>\n"
	                            "References: <root@example.test>\n",
	                            "Second.\n", NULL);
	SnImMessage *im = ingest_from_bob("t-1", "Yes to both");
	im->thread = g_strdup(hash);
	g_autoptr(SnMessage) row = ingest_receive(stage, im);
	assert_int_equal(row->reply_to, last);
	assert_string_equal(row->thread, "root@example.test");
	/* a client that was told another email of the thread hashed that one's id */
	g_autofree char *other = sn_id_thread("next@example.test");
	SnImMessage *next = ingest_from_bob("t-2", "And once more");
	next->thread = g_strdup(other);
	g_autoptr(SnMessage) second = ingest_receive(stage, next);
	assert_string_equal(second->thread, "root@example.test");
}

static void a_chat_session_is_no_thread_of_answers(void **state)
{
	IngestStage *stage = *state;
	SnImMessage *one = ingest_from_bob("c-1", "hello"), *two = ingest_from_bob("c-2", "are you there?");

	ingest_link_bob(stage);
	ingest_own_mail(stage, "root@example.test", "Root", "First.\n");
	one->thread = g_strdup("gajim-session-1");
	two->thread = g_strdup("gajim-session-1");
	g_autoptr(SnMessage) first = ingest_receive(stage, one), second = ingest_receive(stage, two);
	assert_int_equal(first->reply_to, 0);
	assert_int_equal(second->reply_to, 0);
}

static SnImMessage *answer_to(const char *id, const char *answered)
{
	SnImMessage *im = ingest_from_bob(id, "> the third tuck\nIt is fine.");

	im->body_fallback_free = g_strdup("It is fine.");
	im->reply_id = g_strdup(answered);
	return im;
}

static void the_quote_goes_where_what_it_quotes_is_here(void **state)
{
	IngestStage *stage = *state;
	g_autoptr(SnMessage) asked = ingest_receive(stage, ingest_from_bob("asked", "the third tuck"));
	g_autoptr(SnMessage) known = ingest_receive(stage, answer_to("known", "asked"));
	g_autoptr(SnMessage) unknown = ingest_receive(stage, answer_to("unknown", "long-gone"));

	assert_string_equal(known->body, "It is fine.");
	assert_int_equal(known->reply_to, asked->id);
	/* nothing but the quote says what this one is about */
	assert_string_equal(unknown->body, "> the third tuck\nIt is fine.");
	assert_int_equal(unknown->reply_to, 0);
}

/* ---- encrypted: what stands beside the text proves nothing ---- */

static void the_quote_within_proves_what_is_answered(void **state)
{
	IngestStage *stage = *state;
	g_autoptr(SnMessage) asked = ingest_receive(stage, ingest_sealed(ingest_from_bob("asked", "the third tuck")));
	g_autoptr(SnMessage) other = ingest_receive(stage, ingest_sealed(ingest_from_bob("other", "all of my money")));
	g_autoptr(SnMessage) known = ingest_receive(stage, ingest_sealed(answer_to("known", "asked")));
	/* on its way somebody wrote another id beside it */
	g_autoptr(SnMessage) moved = ingest_receive(stage, ingest_sealed(answer_to("moved", "other")));
	SnImMessage *bare = ingest_sealed(ingest_from_bob("bare", "Yes"));
	bare->reply_id = g_strdup("other");
	g_autoptr(SnMessage) yes = ingest_receive(stage, bare);

	assert_string_equal(known->body, "It is fine.");
	assert_int_equal(known->reply_to, asked->id);
	assert_string_equal(moved->body, "> the third tuck\nIt is fine.");
	assert_int_not_equal(moved->reply_to, other->id);
	assert_int_equal(yes->reply_to, 0);
}

static void a_mark_beside_it_folds_no_text_away(void **state)
{
	static const struct {
		const char *body;
		gboolean history;
	} cases[] = {
		{ "Do not come tomorrow", FALSE },
		{ "Earlier messages:\n> 14 Nov 2026 10:00 Bob: hello", TRUE },
	};
	IngestStage *stage = *state;
	g_autoptr(SnMessage) reply = ingest_receive(stage, ingest_sealed(ingest_from_bob("reply", "as I said")));

	assert_int_equal(reply->reply_to, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("marked-%zu", i);
		g_autofree char *numbered = g_strdup_printf("reply.%zu", i);
		SnImMessage *marked = ingest_sealed(ingest_from_bob(id, cases[i].body));
		marked->attach_to = g_strdup("reply");
		g_autoptr(SnMessage) one = ingest_receive(stage, marked);
		g_autoptr(SnMessage) two =
			ingest_receive(stage, ingest_sealed(ingest_from_bob(numbered, cases[i].body)));
		assert_int_equal(g_strcmp0(one->notice, SN_NOTICE_HISTORY) == 0, cases[i].history);
		assert_int_equal(g_strcmp0(two->notice, SN_NOTICE_HISTORY) == 0, cases[i].history);
	}
}

static void an_email_named_within_is_what_is_answered(void **state)
{
	static const struct {
		const char *body, *rest; /* NULL: it names none of ours */
	} cases[] = {
		{ "> Email of 14 Nov 2026 10:00: The splice\n> Could you look at\n\nIt is fine.",
		  "It is fine." },
		{ "> Email of yesterday: The splice\n\nIt is\n\nfine.", "It is\n\nfine." },
		{ "> Email of 14 Nov 2026 10:00: The\n> Could you look\n\nNo.", NULL },
		{ "> Email of 14 Nov 2026 10:00: The splices\n\nNo.", NULL },
		{ "> Email of 14 Nov 2026 10:00: The splice\n> Something else\n\nNo.", NULL },
		{ "Email of 14 Nov 2026 10:00: The splice\n\nNo.", NULL },
	};
	IngestStage *stage = *state;

	ingest_link_bob(stage);
	SnId mail = ingest_own_mail(stage, "splice@example.test", "The splice",
			     "Could you look at\nthe third tuck?\n");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("named-%zu", i);
		g_autoptr(SnMessage) row = ingest_receive(stage, ingest_sealed(ingest_from_bob(id, cases[i].body)));
		assert_int_equal(row->reply_to, cases[i].rest ? mail : 0);
		assert_string_equal(row->body, cases[i].rest ? cases[i].rest : cases[i].body);
	}
}

static void who_wants_no_styles_gets_none(void **state)
{
	IngestStage *stage = *state;
	SnImMessage *im = ingest_from_bob("code", "a *b* c");

	im->unstyled = TRUE;
	g_autoptr(SnMessage) without = ingest_receive(stage, im);
	g_autoptr(SnMessage) with = ingest_receive(stage, ingest_from_bob("text", "a *b* c"));
	assert_true(without->flags & SN_FLAG_UNSTYLED);
	assert_false(with->flags & SN_FLAG_UNSTYLED);
}

static void a_quote_in_another_conversation_proves_nothing(void **state)
{
	IngestStage *stage = *state;

	ingest_own_mail(stage, "splice@example.test", "The splice", "Could you look at the third tuck?\n");
	g_autoptr(SnMessage) row = ingest_receive(
		stage, ingest_from_bob("q-1", "> Could you look at the third tuck?\nIt is fine."));
	assert_int_equal(row->reply_to, 0); /* the addresses are not linked */
}

/* ---- when ---- */

static void an_im_from_the_future_came_now(void **state)
{
	IngestStage *stage = *state;
	SnImMessage *im = ingest_from_bob("f-1", "I am early");

	im->time = g_get_real_time() / 1000 + 400 * SN_DAY;
	g_autoptr(SnMessage) row = ingest_receive(stage, im);
	assert_true(row->time < g_get_real_time() / 1000 + SN_HOUR);
}

static void the_archive_keeps_its_order_within_a_second(void **state)
{
	IngestStage *stage = *state;
	SnTime second = 1795000000 * SN_SECOND;
	SnImMessage *live = ingest_from_bob("o-1", "first"), *archived = ingest_from_bob("o-2", "second");

	live->time = second + 700;
	archived->time = second;
	archived->archived = TRUE;
	g_autoptr(SnMessage) one = ingest_receive(stage, live), two = ingest_receive(stage, archived);
	assert_int_equal(one->time, second + 700);
	assert_true(two->time >= one->time && two->time < second + SN_SECOND);
	/* another second is another matter */
	SnImMessage *earlier = ingest_from_bob("o-3", "long ago");
	earlier->time = second - 5 * SN_SECOND;
	earlier->archived = TRUE;
	g_autoptr(SnMessage) three = ingest_receive(stage, earlier);
	assert_int_equal(three->time, second - 5 * SN_SECOND);
}

/* ---- how far it was read (XEP-0490) ---- */

static SnMessage *named(IngestStage *stage, const char *id, const char *stanza_id)
{
	SnImMessage *im = ingest_from_bob(id, id);

	im->stanza_id = g_strdup(stanza_id);
	return ingest_receive(stage, im);
}

static void displayed(IngestStage *stage, const char *chat, const char *stanza_id)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_PRIVATE, 0, NULL);

	event->node = g_strdup(SN_PRIVATE_DISPLAYED);
	event->item = g_strdup(chat);
	event->text = g_strdup(stanza_id);
	sn_fake_im_push(stage->im, event);
}

static gboolean is_read(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message = sn_message_get(bench->store, *(SnId *)data, 0);

	return (message->flags & SN_FLAG_SEEN) != 0;
}

static void reads(IngestStage *stage, const SnMessage *message)
{
	assert_true(sn_conversation_mark_read(stage->bench->store, message->conversation, message->id,
	                                      NULL));
}

static void what_another_client_read_is_read(void **state)
{
	IngestStage *stage = *state;
	g_autoptr(SnMessage) one = named(stage, "one", "s-1"), two = named(stage, "two", "s-2");

	displayed(stage, "stranger@im.example", "s-2"); /* not a chat of his */
	displayed(stage, BOB, "s-1");
	displayed(stage, "not an address", "s-2");
	displayed(stage, BOB, "s-3"); /* is not here yet */
	assert_true(sn_bench_wait(stage->bench, is_read, &one->id));
	assert_false(is_read(stage->bench, &two->id));
	g_autoptr(SnMessage) three = named(stage, "three", "s-3");
	assert_true(sn_bench_wait(stage->bench, is_read, &three->id));
	assert_true(is_read(stage->bench, &two->id));
	g_autoptr(SnMessage) four = named(stage, "four", "s-4");
	assert_false(is_read(stage->bench, &four->id));
}

/* Before the server has what was read. */
static void line_goes(IngestStage *stage)
{
	SnImRequest *lost = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);

	assert_non_null(lost);
	sn_fake_im_error(stage->im, lost->id, SN_ERROR_NETWORK, "gone");
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	stage->refuse = FALSE;
	sn_im_request_free(lost);
}

static void what_is_read_here_is_told_once(void **state)
{
	IngestStage *stage = *state;
	g_autoptr(SnMessage) nameless = named(stage, "nameless", NULL);
	g_autoptr(SnMessage) one = named(stage, "one", "s-1");

	reads(stage, nameless); /* nothing names it on the server */
	reads(stage, one);
	SnImRequest *first = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);
	assert_non_null(first);
	assert_string_equal(first->node, SN_PRIVATE_DISPLAYED);
	assert_string_equal(first->item, BOB);
	assert_string_equal(first->text, "s-1");
	assert_null(first->with);
	/* that another client read what came next is not told back to it */
	g_autoptr(SnMessage) two = named(stage, "two", "s-2");
	displayed(stage, BOB, "s-2");
	assert_true(sn_bench_wait(stage->bench, is_read, &two->id));
	g_autoptr(SnMessage) three = named(stage, "three", "s-3");
	reads(stage, three);
	SnImRequest *second = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);
	assert_non_null(second);
	assert_string_equal(second->text, "s-3");
	/* the line goes before the server has it: with the next session it is told again */
	stage->refuse = TRUE;
	g_autoptr(SnMessage) four = named(stage, "four", "s-4");
	reads(stage, four);
	line_goes(stage);
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	SnImRequest *again = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);
	assert_non_null(again);
	assert_string_equal(again->text, "s-4");
	sn_im_request_free(again);
	sn_im_request_free(first);
	sn_im_request_free(second);
}

static gboolean knows_held(SnBench *bench, gpointer data)
{
	return sn_message_find_im(bench->store, data, BOB) != 0;
}

/* Another client has read on while the line was down: that is not taken back. */
static void what_others_have_read_further_stands(void **state)
{
	IngestStage *stage = *state;
	char held[] = "s-2";

	stage->refuse = TRUE;
	g_autoptr(SnMessage) one = named(stage, "one", "s-1");
	reads(stage, one);
	line_goes(stage);
	g_atomic_pointer_set(&stage->held, held);
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	assert_true(sn_bench_wait(stage->bench, knows_held, held));
	SnId two = sn_message_find_im(stage->bench->store, held, BOB);
	assert_true(sn_bench_wait(stage->bench, is_read, &two));
	g_autoptr(SnMessage) three = named(stage, "three", "s-3");
	reads(stage, three);
	SnImRequest *first = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);
	assert_non_null(first);
	assert_string_equal(first->text, "s-3");
	sn_im_request_free(first);
}

/* ---- the user's own vCard ---- */

static gboolean card_is_settled(SnBench *bench, gpointer data)
{
	g_autofree char *wish = sn_wish_get(bench->store, SN_WISH_CARD, "home");

	return !wish;
}

static void ones_vcard_is_written_until_it_stands(void **state)
{
	IngestStage *stage = *state;
	SnStore *store = stage->bench->store;

	assert_true(sn_own_card_want(store, "home", "name: Alice", NULL));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_VCARD_PUT, 30000);
	assert_non_null(request);
	assert_string_equal(request->text, "name: Alice\n");
	sn_im_request_free(request);
	assert_true(sn_bench_wait(stage->bench, card_is_settled, NULL));
	g_autofree char *now = sn_own_card(store, "home");
	assert_string_equal(now, "name: Alice\n");
	/* and as another client of the user has changed it */
	SnImEvent *event = sn_im_event_new(SN_IM_EV_VCARD, 0, NULL);
	event->jid = g_strdup(ME);
	event->text = g_strdup("name: Alice L.\n");
	sn_fake_im_push(stage->im, event);
	g_autoptr(SnMessage) row = ingest_receive(stage, ingest_from_bob("after", "after"));
	g_autofree char *then = sn_own_card(store, "home");
	assert_string_equal(then, "name: Alice L.\n");
}

/* Each commit of a client makes the engine look at its wishes: that is no reason to ask again. */
static void a_vcard_that_cannot_be_taken_now_is_not_sent_over_and_over(void **state)
{
	static const char *const lines[] = { "one", "two", "three" };
	IngestStage *stage = *state;
	SnStore *store = stage->bench->store;

	g_atomic_int_set(&stage->refuse, 1);
	assert_true(sn_own_card_want(store, "home", "name: Alice", NULL));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_VCARD_PUT, 30000);
	assert_non_null(request);
	sn_fake_im_error(stage->im, request->id, SN_ERROR_TEMPORARY, "busy");
	sn_im_request_free(request);
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		assert_true(sn_wish_set(store, SN_WISH_RECONNECT, "nobody", "", NULL));
		g_autoptr(SnMessage) row = ingest_receive(stage, ingest_from_bob(lines[i], lines[i]));
		assert_null(sn_fake_im_take(stage->im, SN_IM_REQ_VCARD_PUT, 0));
	}
	assert_false(card_is_settled(stage->bench, NULL)); /* it is not given up */
	/* a new connection may be luckier */
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	request = sn_fake_im_take(stage->im, SN_IM_REQ_VCARD_PUT, 30000);
	assert_non_null(request);
	sn_fake_im_done(stage->im, request->id);
	sn_im_request_free(request);
	assert_true(sn_bench_wait(stage->bench, card_is_settled, NULL));
}

/* ---- a text in several stanzas ---- */

static SnImMessage *piece(const char *of, int number, int first, int count, const char *text)
{
	gboolean last = number == count - 1;
	g_autofree char *id =
		last ? g_strdup(of) : g_strdup_printf("%s.%d", of, first + number);
	SnImMessage *im = ingest_from_bob(id, text);

	im->part_of = g_strdup(of);
	im->part_first = first;
	im->part_count = count;
	return im;
}

static const char *const pieces[] = { "One, \n", "two ", "three." };

static void a_long_text_is_one_message_in_any_order(void **state)
{
	static const int orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 0, 2, 1 } };
	IngestStage *stage = *state;

	for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
		g_autofree char *of = g_strdup_printf("long-%u", i);
		for (int j = 0; j < 3; j++) {
			int number = orders[i][j];
			g_autoptr(SnMessage) row =
				ingest_receive(stage, piece(of, number, 4, 3, pieces[number]));
			/* until all are here each stands for itself */
			assert_int_equal(ingest_shown(stage, row->conversation),
			                 j < 2 ? i + (guint)j + 1 : i + 1);
		}
		SnId id = sn_message_find_im(stage->bench->store, of, BOB);
		g_autoptr(SnMessage) whole = sn_bench_message(stage->bench, id);
		assert_string_equal(whole->body, "One, \ntwo three.");
		assert_int_equal(whole->attached, 0);
		/* the archive brings it again */
		g_autoptr(SnMessage) again = ingest_receive(stage, piece(of, 0, 4, 3, pieces[0]));
		assert_int_equal(again->attached, whole->id);
		assert_int_equal(ingest_shown(stage, whole->conversation), i + 1);
	}
}

/* Nobody between the two makes a sentence of two texts, or of one and his own. */
static void encrypted_stanzas_are_joined_with_care(void **state)
{
	IngestStage *stage = *state;
	g_autofree char *filler = g_strnfill(600, 'x');
	static const struct {
		gboolean lengthy, first, last, joined;
	} cases[] = {
		{ TRUE, TRUE, TRUE, TRUE },
		{ FALSE, TRUE, TRUE, FALSE },
		{ TRUE, FALSE, TRUE, FALSE },
		{ TRUE, TRUE, FALSE, FALSE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *of = g_strdup_printf("sealed-%u", i);
		SnImMessage *one = piece(of, 0, 0, 2, cases[i].lengthy ? filler : "Pay 1");
		SnImMessage *two = piece(of, 1, 0, 2, "000 boats");
		g_autoptr(SnMessage) first = ingest_receive(stage, cases[i].first ? ingest_sealed(one) : one);
		g_autoptr(SnMessage) last = ingest_receive(stage, cases[i].last ? ingest_sealed(two) : two);
		g_autoptr(SnMessage) row = sn_bench_message(stage->bench, last->id);
		g_autofree char *both = g_strconcat(filler, "000 boats", NULL);
		assert_string_equal(row->body, cases[i].joined ? both : "000 boats");
		assert_int_equal(row->encrypted, cases[i].last);
	}
}

static void the_first_stanza_says_what_a_long_text_answers(void **state)
{
	IngestStage *stage = *state;

	ingest_link_bob(stage);
	SnId mail = ingest_own_mail(stage, "asked@example.test", "Asked", "Which rope?\n");
	SnImMessage *first = piece("answer", 0, 0, 2, "The hemp ");
	first->in_reply_to_mail = g_strdup("asked@example.test");
	g_autoptr(SnMessage) row = ingest_receive(stage, first);
	assert_int_equal(row->reply_to, mail);
	g_autoptr(SnMessage) rest = ingest_receive(stage, piece("answer", 1, 0, 2, "one."));
	g_autoptr(SnMessage) whole = sn_bench_message(stage->bench, rest->id);
	assert_string_equal(whole->body, "The hemp one.");
	assert_int_equal(whole->reply_to, mail);
}

/* One is missing, or the numbers make no sense: each stands for itself. */
static void what_does_not_belong_together_is_not_joined(void **state)
{
	static const struct {
		int first, count;
	} odd[] = { { 0, 1 }, { -1, 2 }, { 0, 100000 }, { 7, 2 }, { 0, 3 }, { G_MAXINT, 2 } };
	IngestStage *stage = *state;
	guint rows = 0;

	for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
		g_autofree char *of = g_strdup_printf("odd-%u", i);
		g_autofree char *id = g_strdup_printf("%s.0", of);
		SnImMessage *both[] = { ingest_from_bob(id, "one"), ingest_from_bob(of, "two") };
		for (int j = 0; j < 2; j++) {
			both[j]->part_of = g_strdup(of);
			both[j]->part_first = odd[i].first;
			both[j]->part_count = odd[i].count;
			g_autoptr(SnMessage) row = ingest_receive(stage, both[j]);
			assert_int_equal(ingest_shown(stage, row->conversation), ++rows);
			assert_string_equal(row->body, j ? "two" : "one");
		}
	}
	/* it names a message that it is no part of: that one stays what it is */
	g_autoptr(SnMessage) kept = ingest_receive(stage, ingest_from_bob("mine.0", "keep me"));
	SnImMessage *liar = ingest_from_bob("other", "gone");
	liar->part_of = g_strdup("mine");
	liar->part_count = 2;
	g_autoptr(SnMessage) row = ingest_receive(stage, liar);
	assert_int_equal(ingest_shown(stage, row->conversation), rows + 2);
	g_autoptr(SnMessage) still = sn_bench_message(stage->bench, kept->id);
	assert_string_equal(still->body, "keep me");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_quote_says_what_is_answered),
		TEST(a_quote_of_a_quote_is_not_what_is_answered),
		TEST(a_thread_sent_back_says_what_is_answered),
		TEST(a_chat_session_is_no_thread_of_answers),
		TEST(the_quote_goes_where_what_it_quotes_is_here),
		TEST(the_quote_within_proves_what_is_answered),
		TEST(a_mark_beside_it_folds_no_text_away),
		TEST(an_email_named_within_is_what_is_answered),
		TEST(who_wants_no_styles_gets_none),
		TEST(a_quote_in_another_conversation_proves_nothing),
		TEST(an_im_from_the_future_came_now),
		TEST(the_archive_keeps_its_order_within_a_second),
		TEST(what_another_client_read_is_read),
		TEST(what_is_read_here_is_told_once),
		TEST(what_others_have_read_further_stands),
		TEST(ones_vcard_is_written_until_it_stands),
		TEST(a_vcard_that_cannot_be_taken_now_is_not_sent_over_and_over),
		TEST(a_long_text_is_one_message_in_any_order),
		TEST(encrypted_stanzas_are_joined_with_care),
		TEST(the_first_stanza_says_what_a_long_text_answers),
		TEST(what_does_not_belong_together_is_not_joined),
	};
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof tests[0]);

	g_array_append_vals(all, tests, G_N_ELEMENTS(tests));
	for (const struct CMUnitTest *test = ingest_im_files; test->name; test++)
		g_array_append_val(all, *test);
	sn_mime_init();
	return _cmocka_run_group_tests("tests", (const struct CMUnitTest *)(void *)all->data, all->len,
	                               NULL, NULL);
}
