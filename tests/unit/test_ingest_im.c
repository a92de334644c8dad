/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What IMs answer, whichever client wrote them, and the history that they bring along. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "src/base/ids.h"
#include "src/base/omemo.h"
#include "src/base/opened.h"
#include "src/engine/sync_private.h"
#include "src/store/own_card.h"
#include "src/store/told.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"
#define BOB_MAIL "bob@work.example"

#define ACCOUNT                                                                                 \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                   \
	"password-command = echo secret\n"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
	int count;
	gint refuse; /* what is to be kept is left open */
	const char *held; /* the node says that this stanza-id was read; the archive has that message */
} Stage;

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static SnImMessage *from_bob(const char *id, const char *body);

/* What another client of the user's has read while we were away. */
static void tell_held(SnIm *im, const SnImRequest *request, const char *held)
{
	gboolean node = request->kind == SN_IM_REQ_PRIVATE_GET &&
	                !g_strcmp0(request->node, SN_PRIVATE_DISPLAYED);
	SnImEvent *event = sn_im_event_new(node ? SN_IM_EV_PRIVATE : SN_IM_EV_MESSAGE, request->id, NULL);

	if (node) {
		event->node = g_strdup(request->node);
		event->item = g_strdup(BOB);
		event->text = g_strdup(held);
	} else {
		event->message = from_bob(held, held);
		event->message->stanza_id = g_strdup(held);
		event->message->archived = TRUE;
	}
	if (node || request->kind == SN_IM_REQ_ARCHIVE)
		sn_fake_im_push(im, event);
	else
		sn_im_event_free(event);
}

static void answer(SnIm *im, const SnImRequest *request, gpointer data)
{
	Stage *stage = data;

	if (request->kind == SN_IM_REQ_DOWNLOAD ||
	    (request->kind == SN_IM_REQ_PRIVATE_PUT && g_atomic_int_get(&stage->refuse)))
		return;
	const char *held = g_atomic_pointer_get(&stage->held);
	if (held)
		tell_held(im, request, held);
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	event->complete = TRUE;
	sn_fake_im_push(im, event);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);
	g_autoptr(GError) error = NULL;

	stage->bench = sn_bench_new(ACCOUNT, NULL, SN_STORE_CLIENT);
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .im = fake_im },
		.random_seed = 1,
	};
	sn_fake_im_prepare(ME, answer, stage, TRUE);
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

static void link_bob(Stage *stage)
{
	SnStore *store = stage->bench->store;
	SnId jid = sn_address_intern(store, SN_CHANNEL_IM, BOB, NULL, NULL);
	SnId mail = sn_address_intern(store, SN_CHANNEL_MAIL, BOB_MAIL, NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(store, mail);

	assert_true(sn_link_confirm(store, jid, address->person, NULL));
}

static void contact(Stage *stage)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(BOB);
	event->subscription = g_strdup("both");
	sn_fake_im_push(stage->im, event);
}

static SnId own_mail(Stage *stage, const char *id, const char *subject, const char *text)
{
	g_autofree char *headers = g_strdup_printf(
		"From: alice@example.test\nTo: " BOB_MAIL "\nDate: Sun, 15 Nov 2026 10:00:00 +0000\n"
		"Message-ID: <%s>\nSubject: %s\n",
		id, subject);

	return sn_bench_ingest(stage->bench, headers, text, NULL);
}

static SnImMessage *from_bob(const char *id, const char *body)
{
	SnImMessage *im = sn_im_message_new();

	im->from = g_strdup(BOB "/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup(id);
	im->body = g_strdup(body);
	return im;
}

static gboolean has_im(SnBench *bench, gpointer data)
{
	return sn_message_find_im(bench->store, data, BOB) != 0;
}

/* Pushes it, and returns its row. */
static SnMessage *receive(Stage *stage, SnImMessage *im)
{
	g_autofree char *id = g_strdup(im->origin_id ? im->origin_id : im->id);
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);

	event->message = im;
	sn_fake_im_push(stage->im, event);
	assert_true(sn_bench_wait(stage->bench, has_im, id));
	return sn_bench_message(stage->bench, sn_message_find_im(stage->bench->store, id, BOB));
}

/* ---- what it answers ---- */

static void a_quote_says_what_is_answered(void **state)
{
	Stage *stage = *state;
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

	link_bob(stage);
	SnId mail = own_mail(stage, "splice@example.test", "The splice",
	                     "Could you look at\nthe third tuck?\n");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("quote-%zu", i);
		g_autoptr(SnMessage) row = receive(stage, from_bob(id, cases[i].body));
		assert_int_equal(row->reply_to, cases[i].found ? mail : 0);
		if (cases[i].found)
			assert_string_equal(row->thread, "splice@example.test");
	}
}

static void a_quote_of_a_quote_is_not_what_is_answered(void **state)
{
	Stage *stage = *state;

	link_bob(stage);
	SnId first = own_mail(stage, "one@example.test", "One", "Which rope do we take?\n");
	g_autoptr(SnMessage) second =
		receive(stage, from_bob("q-1", "> Which rope do we take?\nThe hemp one"));
	g_autoptr(SnMessage) third =
		receive(stage, from_bob("q-2", "> The hemp one\nI mean the long one"));
	g_autoptr(SnMessage) fourth =
		receive(stage, from_bob("q-3", "> Which rope do we take?\nOr none"));
	assert_int_equal(second->reply_to, first);
	assert_int_equal(third->reply_to, second->id);
	assert_int_equal(fourth->reply_to, first);
}

static void a_thread_sent_back_says_what_is_answered(void **state)
{
	Stage *stage = *state;
	g_autofree char *hash = sn_id_thread("root@example.test");

	link_bob(stage);
	own_mail(stage, "root@example.test", "Root", "First.\n");
	SnId last = sn_bench_ingest(stage->bench,
	                            "From: alice@example.test\nTo: " BOB_MAIL "\n"
	                            "Date: Sun, 15 Nov 2026 10:05:00 +0000\n"
	                            "Message-ID: <next@example.test>\nSubject: Root\n"
	                            "In-Reply-To: <root@example.test>\n"
	                            "References: <root@example.test>\n",
	                            "Second.\n", NULL);
	SnImMessage *im = from_bob("t-1", "Yes to both");
	im->thread = g_strdup(hash);
	g_autoptr(SnMessage) row = receive(stage, im);
	assert_int_equal(row->reply_to, last);
	assert_string_equal(row->thread, "root@example.test");
	/* a client that was told another email of the thread hashed that one's id */
	g_autofree char *other = sn_id_thread("next@example.test");
	SnImMessage *next = from_bob("t-2", "And once more");
	next->thread = g_strdup(other);
	g_autoptr(SnMessage) second = receive(stage, next);
	assert_string_equal(second->thread, "root@example.test");
}

static void a_chat_session_is_no_thread_of_answers(void **state)
{
	Stage *stage = *state;
	SnImMessage *one = from_bob("c-1", "hello"), *two = from_bob("c-2", "are you there?");

	link_bob(stage);
	own_mail(stage, "root@example.test", "Root", "First.\n");
	one->thread = g_strdup("gajim-session-1");
	two->thread = g_strdup("gajim-session-1");
	g_autoptr(SnMessage) first = receive(stage, one), second = receive(stage, two);
	assert_int_equal(first->reply_to, 0);
	assert_int_equal(second->reply_to, 0);
}

static SnImMessage *answer_to(const char *id, const char *answered)
{
	SnImMessage *im = from_bob(id, "> the third tuck\nIt is fine.");

	im->body_fallback_free = g_strdup("It is fine.");
	im->reply_id = g_strdup(answered);
	return im;
}

static void the_quote_goes_where_what_it_quotes_is_here(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnMessage) asked = receive(stage, from_bob("asked", "the third tuck"));
	g_autoptr(SnMessage) known = receive(stage, answer_to("known", "asked"));
	g_autoptr(SnMessage) unknown = receive(stage, answer_to("unknown", "long-gone"));

	assert_string_equal(known->body, "It is fine.");
	assert_int_equal(known->reply_to, asked->id);
	/* nothing but the quote says what this one is about */
	assert_string_equal(unknown->body, "> the third tuck\nIt is fine.");
	assert_int_equal(unknown->reply_to, 0);
}

/* ---- encrypted: what stands beside the text proves nothing ---- */

static SnImMessage *sealed(SnImMessage *im)
{
	im->encrypted = TRUE;
	im->e2e = SN_SECURE_ENCRYPTED | (guint)SN_E2E_OPENED;
	return im;
}

static void the_quote_within_proves_what_is_answered(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnMessage) asked = receive(stage, sealed(from_bob("asked", "the third tuck")));
	g_autoptr(SnMessage) other = receive(stage, sealed(from_bob("other", "all of my money")));
	g_autoptr(SnMessage) known = receive(stage, sealed(answer_to("known", "asked")));
	/* on its way somebody wrote another id beside it */
	g_autoptr(SnMessage) moved = receive(stage, sealed(answer_to("moved", "other")));
	SnImMessage *bare = sealed(from_bob("bare", "Yes"));
	bare->reply_id = g_strdup("other");
	g_autoptr(SnMessage) yes = receive(stage, bare);

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
	Stage *stage = *state;
	g_autoptr(SnMessage) reply = receive(stage, sealed(from_bob("reply", "as I said")));

	assert_int_equal(reply->reply_to, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("marked-%zu", i);
		g_autofree char *numbered = g_strdup_printf("reply.%zu", i);
		SnImMessage *marked = sealed(from_bob(id, cases[i].body));
		marked->attach_to = g_strdup("reply");
		g_autoptr(SnMessage) one = receive(stage, marked);
		g_autoptr(SnMessage) two =
			receive(stage, sealed(from_bob(numbered, cases[i].body)));
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
	Stage *stage = *state;

	link_bob(stage);
	SnId mail = own_mail(stage, "splice@example.test", "The splice",
			     "Could you look at\nthe third tuck?\n");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("named-%zu", i);
		g_autoptr(SnMessage) row = receive(stage, sealed(from_bob(id, cases[i].body)));
		assert_int_equal(row->reply_to, cases[i].rest ? mail : 0);
		assert_string_equal(row->body, cases[i].rest ? cases[i].rest : cases[i].body);
	}
}

static void who_wants_no_styles_gets_none(void **state)
{
	Stage *stage = *state;
	SnImMessage *im = from_bob("code", "a *b* c");

	im->unstyled = TRUE;
	g_autoptr(SnMessage) without = receive(stage, im);
	g_autoptr(SnMessage) with = receive(stage, from_bob("text", "a *b* c"));
	assert_true(without->flags & SN_FLAG_UNSTYLED);
	assert_false(with->flags & SN_FLAG_UNSTYLED);
}

static void a_quote_in_another_conversation_proves_nothing(void **state)
{
	Stage *stage = *state;

	own_mail(stage, "splice@example.test", "The splice", "Could you look at the third tuck?\n");
	g_autoptr(SnMessage) row = receive(
		stage, from_bob("q-1", "> Could you look at the third tuck?\nIt is fine."));
	assert_int_equal(row->reply_to, 0); /* the addresses are not linked */
}

/* ---- when ---- */

static void an_im_from_the_future_came_now(void **state)
{
	Stage *stage = *state;
	SnImMessage *im = from_bob("f-1", "I am early");

	im->time = g_get_real_time() / 1000 + 400 * SN_DAY;
	g_autoptr(SnMessage) row = receive(stage, im);
	assert_true(row->time < g_get_real_time() / 1000 + SN_HOUR);
}

static void the_archive_keeps_its_order_within_a_second(void **state)
{
	Stage *stage = *state;
	SnTime second = 1795000000 * SN_SECOND;
	SnImMessage *live = from_bob("o-1", "first"), *archived = from_bob("o-2", "second");

	live->time = second + 700;
	archived->time = second;
	archived->archived = TRUE;
	g_autoptr(SnMessage) one = receive(stage, live), two = receive(stage, archived);
	assert_int_equal(one->time, second + 700);
	assert_true(two->time >= one->time && two->time < second + SN_SECOND);
	/* another second is another matter */
	SnImMessage *earlier = from_bob("o-3", "long ago");
	earlier->time = second - 5 * SN_SECOND;
	earlier->archived = TRUE;
	g_autoptr(SnMessage) three = receive(stage, earlier);
	assert_int_equal(three->time, second - 5 * SN_SECOND);
}

/* ---- how far it was read (XEP-0490) ---- */

static SnMessage *named(Stage *stage, const char *id, const char *stanza_id)
{
	SnImMessage *im = from_bob(id, id);

	im->stanza_id = g_strdup(stanza_id);
	return receive(stage, im);
}

static void displayed(Stage *stage, const char *chat, const char *stanza_id)
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

static void reads(Stage *stage, const SnMessage *message)
{
	assert_true(sn_conversation_mark_read(stage->bench->store, message->conversation, message->id,
	                                      NULL));
}

static void what_another_client_read_is_read(void **state)
{
	Stage *stage = *state;
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

static void what_is_read_here_is_told_once(void **state)
{
	Stage *stage = *state;
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
	SnImRequest *lost = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);
	assert_non_null(lost);
	sn_fake_im_error(stage->im, lost->id, SN_ERROR_NETWORK, "gone");
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	stage->refuse = FALSE;
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	SnImRequest *again = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);
	assert_non_null(again);
	assert_string_equal(again->text, "s-4");
	sn_im_request_free(lost);
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
	Stage *stage = *state;
	char held[] = "s-2";

	stage->refuse = TRUE;
	g_autoptr(SnMessage) one = named(stage, "one", "s-1");
	reads(stage, one);
	SnImRequest *lost = sn_fake_im_take(stage->im, SN_IM_REQ_PRIVATE_PUT, 30000);
	assert_non_null(lost);
	sn_fake_im_error(stage->im, lost->id, SN_ERROR_NETWORK, "gone");
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	stage->refuse = FALSE;
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
	sn_im_request_free(lost);
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
	Stage *stage = *state;
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
	g_autoptr(SnMessage) row = receive(stage, from_bob("after", "after"));
	g_autofree char *then = sn_own_card(store, "home");
	assert_string_equal(then, "name: Alice L.\n");
}

/* ---- what only brings history ---- */

static SnImMessage *earlier(const char *id, const char *from, const char *to, const char *text)
{
	SnImMessage *inner = sn_im_message_new();

	inner->from = g_strdup(from);
	inner->to = g_strdup(to);
	inner->id = g_strdup(id);
	inner->body = g_strdup(text);
	inner->time = 1700000000000;
	return inner;
}

static SnImMessage *bringing(const char *id, const char *reply, SnImMessage *inner)
{
	SnImMessage *im = from_bob(id, "(1 earlier IM is attached)");

	im->attach_to = g_strdup(reply);
	im->forwarded = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	g_ptr_array_add(im->forwarded, inner);
	return im;
}

static guint shown(Stage *stage, SnId conversation)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, conversation, 0, 0, FALSE, 50, 0);

	return page->len;
}

static void a_stanza_that_brought_history_is_no_line(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnMessage) reply = receive(stage, from_bob("reply-1", "as we said"));
	SnImMessage *text = from_bob("reply-1.2", "Earlier messages:\n> long ago");

	text->attach_to = g_strdup("reply-1");
	g_autoptr(SnMessage) copy = receive(stage, text);
	assert_string_equal(copy->notice, SN_NOTICE_HISTORY);
	g_autoptr(SnMessage) bringer =
		receive(stage, bringing("reply-1.3", "reply-1",
	                                earlier("old-1", BOB, ME, "long ago")));
	assert_int_equal(bringer->attached, reply->id);
	/* the reply, and what it brought: at its own time, with the reply as its teller */
	assert_int_equal(shown(stage, reply->conversation), 2);
	g_autoptr(GPtrArray) carried = sn_message_carried(stage->bench->store, reply->id, 0);
	assert_int_equal(carried->len, 1);
	g_autoptr(GPtrArray) attached = sn_message_attached(stage->bench->store, reply->id, 0);
	assert_int_equal(attached->len, 2);
	g_autoptr(SnConversation) row =
		sn_conversation_get(stage->bench->store, reply->conversation);
	assert_int_equal(row->unread, 1);
	assert_int_equal(row->last_message, reply->id);
}

static void history_of_others_is_left_out_and_said(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnMessage) reply = receive(stage, from_bob("reply-1", "look"));
	g_autoptr(SnMessage) bringer =
		receive(stage, bringing("reply-1.2", "reply-1",
	                                earlier("old-1", "carol@im.example", BOB, "a secret")));
	g_autoptr(GPtrArray) carried = sn_message_carried(stage->bench->store, reply->id, 0);

	assert_int_equal(carried->len, 0);
	assert_non_null(strstr(bringer->notice, "1 earlier message left out"));
	assert_int_equal(shown(stage, reply->conversation), 2); /* it is not silently gone */
}

static void a_marker_of_somebody_else_hides_nothing(void **state)
{
	Stage *stage = *state;
	SnImMessage *other = from_bob("other-1", "who am I?");

	g_free(other->from);
	other->from = g_strdup("carol@im.example/x");
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);
	event->message = other;
	sn_fake_im_push(stage->im, event);
	SnImMessage *text = from_bob("b-1", "Read this");
	text->attach_to = g_strdup("other-1");
	g_autoptr(SnMessage) row = receive(stage, text);
	assert_int_equal(row->attached, 0);
	assert_null(row->notice);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(stage->bench->store, row->conversation);
	assert_int_equal(conversation->unread, 1);
}

static gboolean download_asked(SnBench *bench, gpointer data)
{
	SnImRequest **request = data;

	if (!*request)
		*request = sn_fake_im_take(sn_fake_im_find(ME, 0), SN_IM_REQ_DOWNLOAD, 100);
	return *request != NULL;
}

static gboolean is_hidden(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(bench->store, *(SnId *)data, 0, 0, FALSE, 50, 0);

	for (guint i = 0; i < page->len; i++)
		if (((SnMessage *)page->pdata[i])->attached)
			return FALSE;
	return TRUE;
}

static SnImMessage *with_file(const char *id, const char *body, const char *url, const char *name)
{
	SnImMessage *im = from_bob(id, body);
	SnImFile *file = g_new0(SnImFile, 1);

	file->url = g_strdup(url);
	file->name = g_strdup(name);
	file->type = g_strdup("image/png");
	file->size = 100;
	im->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(im->files, file);
	return im;
}

#define URL "https://files.example/a"
#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" /* of "test" */

/* Announced with 4 bytes and this hash (NULL: none), and asked for; its row. */
static SnId announced(Stage *stage, const char *id, const char *hash, SnImRequest **request)
{
	SnImMessage *im = with_file(id, URL, URL, "photo.png");
	SnImFile *file = g_ptr_array_index(im->files, 0);

	file->size = 4;
	file->sha256 = g_strdup(hash);
	g_autoptr(SnMessage) row = receive(stage, im);
	*request = NULL;
	assert_true(sn_bench_wait(stage->bench, download_asked, request));
	assert_int_equal((*request)->max_size, 4); /* and not a byte more */
	return row->id;
}

static void arrives(Stage *stage, SnImRequest *request, const char *bytes)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);

	assert_true(g_file_set_contents(request->path, bytes, -1, NULL));
	event->size = (gint64)strlen(bytes);
	event->sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, bytes, -1);
	event->complete = TRUE;
	sn_fake_im_push(stage->im, event);
}

static gboolean is_settled(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message = sn_message_get(bench->store, *(SnId *)data, SN_MESSAGE_FULL);
	const SnPart *part = message->parts->pdata[0];

	return part->path || part->fault;
}

static void a_file_that_is_not_what_was_announced_goes(void **state)
{
	static const struct {
		const char *hash, *bytes, *fault;
	} cases[] = {
		{ HASH, "test", NULL },
		{ NULL, "rest", NULL },
		{ HASH, "rest", "hash differs" },
		{ HASH, "tes", "3 bytes" },
		{ NULL, "more than that", "14 bytes" },
	};
	Stage *stage = *state;

	contact(stage);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("file-%zu", i);
		SnImRequest *request;
		SnId row = announced(stage, id, cases[i].hash, &request);
		arrives(stage, request, cases[i].bytes);
		assert_true(sn_bench_wait(stage->bench, is_settled, &row));
		g_autoptr(SnMessage) message = sn_bench_message(stage->bench, row);
		const SnPart *part = message->parts->pdata[0];
		assert_int_equal(g_file_test(request->path, G_FILE_TEST_EXISTS), !cases[i].fault);
		if (cases[i].fault) {
			assert_non_null(strstr(part->fault, cases[i].fault));
			assert_null(part->path);
			assert_null(part->sha256);
		} else {
			assert_null(part->fault);
			assert_string_equal(part->path, request->path);
			assert_non_null(part->sha256);
		}
		sn_im_request_free(request);
	}
}

static gboolean no_fetch_wished(SnBench *bench, gpointer data)
{
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, *(SnId *)data);
	g_autofree char *wish = sn_wish_get(bench->store, SN_WISH_FETCH, key);

	return !wish;
}

static gboolean is_half(SnBench *bench, gpointer data)
{
	g_autoptr(SnMessage) message = sn_message_get(bench->store, *(SnId *)data, SN_MESSAGE_FULL);
	const SnPart *part = message->parts->pdata[0];

	return part->total == 4 && part->done == 2;
}

static void how_far_a_file_is_shows_until_it_fails(void **state)
{
	Stage *stage = *state;
	SnImRequest *request;

	contact(stage);
	SnId row = announced(stage, "slow", HASH, &request);
	SnImEvent *event = sn_im_event_new(SN_IM_EV_PROGRESS, request->id, NULL);
	event->done = 2;
	sn_fake_im_push(stage->im, event);
	assert_true(sn_bench_wait(stage->bench, is_half, &row));
	sn_fake_im_error(stage->im, request->id, SN_ERROR_NOT_FOUND, "The file is gone.");
	assert_true(sn_bench_wait(stage->bench, is_settled, &row));
	g_autoptr(SnMessage) message = sn_bench_message(stage->bench, row);
	const SnPart *part = message->parts->pdata[0];
	assert_int_equal(part->total, 0);
	assert_string_equal(part->fault, "The file is gone.");
	sn_im_request_free(request);
}

/* The user asks for it while it comes by itself: a second one would spoil the first. */
static void a_file_that_is_on_its_way_is_not_fetched_twice(void **state)
{
	Stage *stage = *state;
	SnImRequest *request;

	contact(stage);
	SnId row = announced(stage, "once", HASH, &request);
	assert_true(sn_wish_file(stage->bench->store, row, 1, NULL));
	assert_true(sn_bench_wait(stage->bench, no_fetch_wished, &row));
	assert_null(sn_fake_im_take(stage->im, SN_IM_REQ_DOWNLOAD, 0));
	sn_fake_im_error(stage->im, request->id, SN_ERROR_NETWORK, "The line is down.");
	assert_true(sn_bench_wait(stage->bench, is_settled, &row));
	sn_im_request_free(request);
	/* and once it has ended, one may try again */
	request = NULL;
	assert_true(sn_wish_file(stage->bench->store, row, 1, NULL));
	assert_true(sn_bench_wait(stage->bench, download_asked, &request));
	sn_im_request_free(request);
}

static void a_file_stands_with_the_text_it_came_with(void **state)
{
	Stage *stage = *state;
	static const char url[] = "https://files.example/a", other[] = "https://files.example/b";
	SnImRequest *request = NULL;

	contact(stage);
	g_autoptr(SnMessage) text = receive(stage, from_bob("with-1", "So it looks"));
	g_autoptr(SnMessage) one =
		receive(stage, with_file("with-1.2", url, url, "photo.png"));
	assert_true(sn_bench_wait(stage->bench, download_asked, &request));
	assert_string_equal(request->url, url);
	sn_im_request_free(request);
	g_autoptr(SnMessage) two =
		receive(stage, with_file("with-1.3", other, other, "second.png"));
	g_autoptr(SnMessage) now = sn_bench_message(stage->bench, text->id);
	assert_int_equal(now->parts->len, 2);
	assert_int_equal(now->attachments, 2);
	assert_string_equal(((SnPart *)now->parts->pdata[0])->name, "photo.png");
	assert_string_equal(((SnPart *)now->parts->pdata[1])->url, other);
	assert_int_equal(shown(stage, text->conversation), 1);
	assert_int_equal(one->attached, text->id);
	g_autoptr(SnConversation) row =
		sn_conversation_get(stage->bench->store, text->conversation);
	assert_int_equal(row->unread, 1);
	g_autoptr(SnQuery) query = sn_query_parse("second.png", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(stage->bench->store, query, 0, 0, 10, 0, NULL);
	assert_int_equal(found->len, 1);
	assert_int_equal(((SnMessage *)found->pdata[0])->id, text->id);
	/* the archive brings it once more */
	SnImEvent *again = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);
	again->message = with_file("with-1.2", url, url, "photo.png");
	sn_fake_im_push(stage->im, again);
	g_autoptr(SnMessage) last = receive(stage, from_bob("after", "And?"));
	g_autoptr(SnMessage) still = sn_bench_message(stage->bench, text->id);
	assert_int_equal(still->parts->len, 2);
}

static void a_file_with_words_or_of_another_stands_for_itself(void **state)
{
	Stage *stage = *state;
	static const char url[] = "https://files.example/a";
	g_autoptr(SnMessage) text = receive(stage, from_bob("with-1", "So it looks"));
	g_autoptr(SnMessage) words =
		receive(stage, with_file("with-1.2", "look: https://files.example/a", url, "a.png"));
	g_autoptr(SnMessage) alone = receive(stage, with_file("else-1.2", url, url, "b.png"));

	assert_int_equal(words->attached, 0);
	assert_int_equal(alone->attached, 0);
	assert_int_equal(shown(stage, text->conversation), 3);
}

static void a_forwarded_file_is_told_with_its_text(void **state)
{
	Stage *stage = *state;
	SnImMessage *inner = earlier("old-1", BOB, ME, "https://files.example/a");
	SnImFile *file = g_new0(SnImFile, 1);

	file->url = g_strdup("https://files.example/a");
	file->name = g_strdup("old.png");
	file->size = 5;
	inner->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(inner->files, file);
	contact(stage);
	g_autoptr(SnMessage) reply = receive(stage, from_bob("reply-1", "as I showed you"));
	g_autoptr(SnMessage) bringer = receive(stage, bringing("reply-1.2", "reply-1", inner));
	g_autoptr(GPtrArray) carried =
		sn_message_carried(stage->bench->store, reply->id, SN_MESSAGE_FULL);
	assert_int_equal(carried->len, 1);
	const SnMessage *old = carried->pdata[0];
	assert_string_equal(old->body, "");
	assert_string_equal(((SnPart *)old->parts->pdata[0])->name, "old.png");
	/* told only: nothing is fetched from where a teller points */
	assert_null(sn_fake_im_take(stage->im, SN_IM_REQ_DOWNLOAD, 0));
}

static SnMessage *receive_email(Stage *stage, const SnMessage *reply, const char *raw)
{
	SnImMessage *im = from_bob("reply-1.2", "https://files.example/x");
	SnImFile *file = g_new0(SnImFile, 1);
	SnImRequest *request = NULL;
	SnId conversation = reply->conversation;

	file->url = g_strdup("https://files.example/x");
	file->name = g_strdup("drawing.eml");
	file->type = g_strdup("message/rfc822");
	file->size = (gint64)strlen(raw);
	im->attach_to = g_strdup("reply-1");
	im->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(im->files, file);
	g_autoptr(SnMessage) row = receive(stage, im);
	assert_int_equal(row->attached, reply->id);
	assert_true(sn_bench_wait(stage->bench, download_asked, &request));
	assert_int_equal(shown(stage, conversation), 2); /* until it is here */
	assert_true(g_file_set_contents(request->path, raw, -1, NULL));
	SnImEvent *done = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	done->size = (gint64)strlen(raw);
	done->sha256 = g_strdup("00");
	sn_fake_im_push(stage->im, done);
	sn_im_request_free(request);
	assert_true(sn_bench_wait(stage->bench, is_hidden, &conversation));
	return sn_bench_message(stage->bench, row->id);
}

#define EMAIL(id, from, text)                                                                   \
	"From: " from "\r\nTo: alice@example.test\r\nMessage-ID: <" id ">\r\n"                  \
	"Date: Sat, 14 Nov 2026 10:00:00 +0000\r\nSubject: Drawing\r\n\r\n" text "\r\n"

static void an_email_of_unlinked_addresses_stays_where_it_was_told(void **state)
{
	Stage *stage = *state;

	contact(stage);
	g_autoptr(SnMessage) reply = receive(stage, from_bob("reply-1", "the third tuck is fine"));
	g_autoptr(SnMessage) file =
		receive_email(stage, reply, EMAIL("drawing@work.example", BOB_MAIL, "See it?"));
	SnId id = sn_message_find_mail(stage->bench->store, "drawing@work.example");
	g_autoptr(SnMessage) told = sn_bench_message(stage->bench, id);
	assert_true(told->carried);
	assert_int_equal(told->conversation, reply->conversation);
	assert_int_equal(told->carried_by, reply->id);
	/* the file is one step away, and the addresses are a candidate */
	assert_non_null(((SnPart *)file->parts->pdata[0])->path);
	g_autoptr(SnAddress) candidate = sn_bench_candidate(stage->bench, BOB_MAIL, BOB);
	assert_non_null(candidate);
	assert_false(candidate->confirmed);
	assert_int_equal(candidate->source, SN_LINK_SIGNED_TEXT);
	assert_non_null(strstr(candidate->evidence, "do not hold"));
}

/* It comes after the text that names it. */
static void an_email_that_came_along_is_what_is_answered(void **state)
{
	Stage *stage = *state;

	contact(stage);
	g_autoptr(SnMessage) reply =
		receive(stage, sealed(from_bob("reply-1", "> Email of 14 Nov 2026 10:00: Drawing\n"
							  "> See it?\n\nthe third tuck is fine")));
	assert_int_equal(reply->reply_to, 0);
	g_autoptr(SnMessage) file =
		receive_email(stage, reply, EMAIL("drawing@work.example", BOB_MAIL, "See it?"));
	SnId told = sn_message_find_mail(stage->bench->store, "drawing@work.example");
	g_autoptr(SnMessage) now = sn_bench_message(stage->bench, reply->id);
	assert_int_equal(now->reply_to, told);
	assert_string_equal(now->body, "the third tuck is fine");
	assert_string_equal(now->thread, "drawing@work.example");
}

static void an_email_that_we_hold_is_better_evidence(void **state)
{
	Stage *stage = *state;
	SnId own = sn_bench_ingest(stage->bench,
	                           "From: " BOB_MAIL "\nTo: alice@example.test\n"
	                           "Message-ID: <drawing@work.example>\n"
	                           "Date: Sat, 14 Nov 2026 10:00:00 +0000\nSubject: Drawing\n",
	                           "See it?\n", NULL);

	contact(stage);
	g_autoptr(SnMessage) reply = receive(stage, from_bob("reply-1", "the third tuck is fine"));
	g_autoptr(SnMessage) file =
		receive_email(stage, reply, EMAIL("drawing@work.example", BOB_MAIL, "See it?"));
	g_autoptr(SnMessage) held = sn_bench_message(stage->bench, own);
	assert_false(held->carried);
	assert_int_not_equal(held->conversation, reply->conversation);
	assert_int_equal(held->contradicted, 0);
	g_autoptr(SnAddress) candidate = sn_bench_candidate(stage->bench, BOB_MAIL, BOB);
	assert_int_equal(candidate->source, SN_LINK_CROSS_REPLY);
	assert_false(candidate->confirmed);
}

/* ---- a text in several stanzas ---- */

static SnImMessage *piece(const char *of, int number, int first, int count, const char *text)
{
	gboolean last = number == count - 1;
	g_autofree char *id =
		last ? g_strdup(of) : g_strdup_printf("%s.%d", of, first + number);
	SnImMessage *im = from_bob(id, text);

	im->part_of = g_strdup(of);
	im->part_first = first;
	im->part_count = count;
	return im;
}

static const char *const pieces[] = { "One, \n", "two ", "three." };

static void a_long_text_is_one_message_in_any_order(void **state)
{
	static const int orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 0, 2, 1 } };
	Stage *stage = *state;

	for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
		g_autofree char *of = g_strdup_printf("long-%u", i);
		for (int j = 0; j < 3; j++) {
			int number = orders[i][j];
			g_autoptr(SnMessage) row =
				receive(stage, piece(of, number, 4, 3, pieces[number]));
			/* until all are here each stands for itself */
			assert_int_equal(shown(stage, row->conversation),
			                 j < 2 ? i + (guint)j + 1 : i + 1);
		}
		SnId id = sn_message_find_im(stage->bench->store, of, BOB);
		g_autoptr(SnMessage) whole = sn_bench_message(stage->bench, id);
		assert_string_equal(whole->body, "One, \ntwo three.");
		assert_int_equal(whole->attached, 0);
		/* the archive brings it again */
		g_autoptr(SnMessage) again = receive(stage, piece(of, 0, 4, 3, pieces[0]));
		assert_int_equal(again->attached, whole->id);
		assert_int_equal(shown(stage, whole->conversation), i + 1);
	}
}

/* Nobody between the two makes a sentence of two texts, or of one and his own. */
static void encrypted_stanzas_are_joined_with_care(void **state)
{
	Stage *stage = *state;
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
		g_autoptr(SnMessage) first = receive(stage, cases[i].first ? sealed(one) : one);
		g_autoptr(SnMessage) last = receive(stage, cases[i].last ? sealed(two) : two);
		g_autoptr(SnMessage) row = sn_bench_message(stage->bench, last->id);
		g_autofree char *both = g_strconcat(filler, "000 boats", NULL);
		assert_string_equal(row->body, cases[i].joined ? both : "000 boats");
		assert_int_equal(row->encrypted, cases[i].last);
	}
}

static void the_first_stanza_says_what_a_long_text_answers(void **state)
{
	Stage *stage = *state;

	link_bob(stage);
	SnId mail = own_mail(stage, "asked@example.test", "Asked", "Which rope?\n");
	SnImMessage *first = piece("answer", 0, 0, 2, "The hemp ");
	first->in_reply_to_mail = g_strdup("asked@example.test");
	g_autoptr(SnMessage) row = receive(stage, first);
	assert_int_equal(row->reply_to, mail);
	g_autoptr(SnMessage) rest = receive(stage, piece("answer", 1, 0, 2, "one."));
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
	Stage *stage = *state;
	guint rows = 0;

	for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
		g_autofree char *of = g_strdup_printf("odd-%u", i);
		g_autofree char *id = g_strdup_printf("%s.0", of);
		SnImMessage *both[] = { from_bob(id, "one"), from_bob(of, "two") };
		for (int j = 0; j < 2; j++) {
			both[j]->part_of = g_strdup(of);
			both[j]->part_first = odd[i].first;
			both[j]->part_count = odd[i].count;
			g_autoptr(SnMessage) row = receive(stage, both[j]);
			assert_int_equal(shown(stage, row->conversation), ++rows);
			assert_string_equal(row->body, j ? "two" : "one");
		}
	}
	/* it names a message that it is no part of: that one stays what it is */
	g_autoptr(SnMessage) kept = receive(stage, from_bob("mine.0", "keep me"));
	SnImMessage *liar = from_bob("other", "gone");
	liar->part_of = g_strdup("mine");
	liar->part_count = 2;
	g_autoptr(SnMessage) row = receive(stage, liar);
	assert_int_equal(shown(stage, row->conversation), rows + 2);
	g_autoptr(SnMessage) still = sn_bench_message(stage->bench, kept->id);
	assert_string_equal(still->body, "keep me");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		TEST(a_stanza_that_brought_history_is_no_line),
		TEST(history_of_others_is_left_out_and_said),
		TEST(a_marker_of_somebody_else_hides_nothing),
		TEST(a_file_that_is_not_what_was_announced_goes),
		TEST(how_far_a_file_is_shows_until_it_fails),
		TEST(a_file_that_is_on_its_way_is_not_fetched_twice),
		TEST(a_file_stands_with_the_text_it_came_with),
		TEST(a_file_with_words_or_of_another_stands_for_itself),
		TEST(a_forwarded_file_is_told_with_its_text),
		TEST(an_email_of_unlinked_addresses_stays_where_it_was_told),
		TEST(an_email_that_came_along_is_what_is_answered),
		TEST(an_email_that_we_hold_is_better_evidence),
		TEST(a_long_text_is_one_message_in_any_order),
		TEST(encrypted_stanzas_are_joined_with_care),
		TEST(the_first_stanza_says_what_a_long_text_answers),
		TEST(what_does_not_belong_together_is_not_joined),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
