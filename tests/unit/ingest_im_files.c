/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stanzas that bring history, and files: what they say and what came. Part of test_ingest_im. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/sync_private.h"
#include "src/store/told.h"
#include "src/store/wish.h"
#include "tests/unit/ingest_im_stage.h"

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
	SnImMessage *im = ingest_from_bob(id, "(1 earlier IM is attached)");

	im->attach_to = g_strdup(reply);
	im->forwarded = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_message_free);
	g_ptr_array_add(im->forwarded, inner);
	return im;
}

static void a_stanza_that_brought_history_is_no_line(void **state)
{
	IngestStage *stage = *state;
	g_autoptr(SnMessage) reply = ingest_receive(stage, ingest_from_bob("reply-1", "as we said"));
	SnImMessage *text = ingest_from_bob("reply-1.2", "Earlier messages:\n> long ago");

	text->attach_to = g_strdup("reply-1");
	g_autoptr(SnMessage) copy = ingest_receive(stage, text);
	assert_string_equal(copy->notice, SN_NOTICE_HISTORY);
	g_autoptr(SnMessage) bringer =
		ingest_receive(stage, bringing("reply-1.3", "reply-1",
	                                earlier("old-1", BOB, ME, "long ago")));
	assert_int_equal(bringer->attached, reply->id);
	/* the reply, and what it brought: at its own time, with the reply as its teller */
	assert_int_equal(ingest_shown(stage, reply->conversation), 2);
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
	IngestStage *stage = *state;
	g_autoptr(SnMessage) reply = ingest_receive(stage, ingest_from_bob("reply-1", "look"));
	g_autoptr(SnMessage) bringer =
		ingest_receive(stage, bringing("reply-1.2", "reply-1",
	                                earlier("old-1", "carol@im.example", BOB, "a secret")));
	g_autoptr(GPtrArray) carried = sn_message_carried(stage->bench->store, reply->id, 0);

	assert_int_equal(carried->len, 0);
	assert_non_null(strstr(bringer->notice, "1 earlier message left out"));
	assert_int_equal(ingest_shown(stage, reply->conversation), 2); /* it is not silently gone */
}

static void a_marker_of_somebody_else_hides_nothing(void **state)
{
	IngestStage *stage = *state;
	SnImMessage *other = ingest_from_bob("other-1", "who am I?");

	g_free(other->from);
	other->from = g_strdup("carol@im.example/x");
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);
	event->message = other;
	sn_fake_im_push(stage->im, event);
	SnImMessage *text = ingest_from_bob("b-1", "Read this");
	text->attach_to = g_strdup("other-1");
	g_autoptr(SnMessage) row = ingest_receive(stage, text);
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
	SnImMessage *im = ingest_from_bob(id, body);
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
static SnId announced(IngestStage *stage, const char *id, const char *hash, SnImRequest **request)
{
	SnImMessage *im = with_file(id, URL, URL, "photo.png");
	SnImFile *file = g_ptr_array_index(im->files, 0);

	file->size = 4;
	file->sha256 = g_strdup(hash);
	g_autoptr(SnMessage) row = ingest_receive(stage, im);
	*request = NULL;
	assert_true(sn_bench_wait(stage->bench, download_asked, request));
	assert_int_equal((*request)->max_size, 4); /* and not a byte more */
	return row->id;
}

static void arrives(IngestStage *stage, SnImRequest *request, const char *bytes)
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
	IngestStage *stage = *state;

	ingest_contact(stage);
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
	IngestStage *stage = *state;
	SnImRequest *request;

	ingest_contact(stage);
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
	IngestStage *stage = *state;
	SnImRequest *request;

	ingest_contact(stage);
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
	IngestStage *stage = *state;
	static const char url[] = "https://files.example/a", other[] = "https://files.example/b";
	SnImRequest *request = NULL;

	ingest_contact(stage);
	g_autoptr(SnMessage) text = ingest_receive(stage, ingest_from_bob("with-1", "So it looks"));
	g_autoptr(SnMessage) one =
		ingest_receive(stage, with_file("with-1.2", url, url, "photo.png"));
	assert_true(sn_bench_wait(stage->bench, download_asked, &request));
	assert_string_equal(request->url, url);
	sn_im_request_free(request);
	g_autoptr(SnMessage) two =
		ingest_receive(stage, with_file("with-1.3", other, other, "second.png"));
	g_autoptr(SnMessage) now = sn_bench_message(stage->bench, text->id);
	assert_int_equal(now->parts->len, 2);
	assert_int_equal(now->attachments, 2);
	assert_string_equal(((SnPart *)now->parts->pdata[0])->name, "photo.png");
	assert_string_equal(((SnPart *)now->parts->pdata[1])->url, other);
	assert_int_equal(ingest_shown(stage, text->conversation), 1);
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
	g_autoptr(SnMessage) last = ingest_receive(stage, ingest_from_bob("after", "And?"));
	g_autoptr(SnMessage) still = sn_bench_message(stage->bench, text->id);
	assert_int_equal(still->parts->len, 2);
}

static void a_file_with_words_or_of_another_stands_for_itself(void **state)
{
	IngestStage *stage = *state;
	static const char url[] = "https://files.example/a";
	g_autoptr(SnMessage) text = ingest_receive(stage, ingest_from_bob("with-1", "So it looks"));
	g_autoptr(SnMessage) words =
		ingest_receive(stage, with_file("with-1.2", "look: https://files.example/a", url, "a.png"));
	g_autoptr(SnMessage) alone = ingest_receive(stage, with_file("else-1.2", url, url, "b.png"));

	assert_int_equal(words->attached, 0);
	assert_int_equal(alone->attached, 0);
	assert_int_equal(ingest_shown(stage, text->conversation), 3);
}

static void a_forwarded_file_is_told_with_its_text(void **state)
{
	IngestStage *stage = *state;
	SnImMessage *inner = earlier("old-1", BOB, ME, "https://files.example/a");
	SnImFile *file = g_new0(SnImFile, 1);

	file->url = g_strdup("https://files.example/a");
	file->name = g_strdup("old.png");
	file->size = 5;
	inner->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(inner->files, file);
	ingest_contact(stage);
	g_autoptr(SnMessage) reply = ingest_receive(stage, ingest_from_bob("reply-1", "as I showed you"));
	g_autoptr(SnMessage) bringer = ingest_receive(stage, bringing("reply-1.2", "reply-1", inner));
	g_autoptr(GPtrArray) carried =
		sn_message_carried(stage->bench->store, reply->id, SN_MESSAGE_FULL);
	assert_int_equal(carried->len, 1);
	const SnMessage *old = carried->pdata[0];
	assert_string_equal(old->body, "");
	assert_string_equal(((SnPart *)old->parts->pdata[0])->name, "old.png");
	/* told only: nothing is fetched from where a teller points */
	assert_null(sn_fake_im_take(stage->im, SN_IM_REQ_DOWNLOAD, 0));
}

static SnMessage *receive_email(IngestStage *stage, const SnMessage *reply, const char *raw)
{
	SnImMessage *im = ingest_from_bob("reply-1.2", "https://files.example/x");
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
	g_autoptr(SnMessage) row = ingest_receive(stage, im);
	assert_int_equal(row->attached, reply->id);
	assert_true(sn_bench_wait(stage->bench, download_asked, &request));
	assert_int_equal(ingest_shown(stage, conversation), 2); /* until it is here */
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
	IngestStage *stage = *state;

	ingest_contact(stage);
	g_autoptr(SnMessage) reply = ingest_receive(stage, ingest_from_bob("reply-1", "the third tuck is fine"));
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
	IngestStage *stage = *state;

	ingest_contact(stage);
	g_autoptr(SnMessage) reply =
		ingest_receive(stage, ingest_sealed(ingest_from_bob("reply-1", "> Email of 14 Nov 2026 10:00: Drawing\n"
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
	IngestStage *stage = *state;
	SnId own = sn_bench_ingest(stage->bench,
	                           "From: " BOB_MAIL "\nTo: alice@example.test\n"
	                           "Message-ID: <drawing@work.example>\n"
	                           "Date: Sat, 14 Nov 2026 10:00:00 +0000\nSubject: Drawing\n",
	                           "See it?\n", NULL);

	ingest_contact(stage);
	g_autoptr(SnMessage) reply = ingest_receive(stage, ingest_from_bob("reply-1", "the third tuck is fine"));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)

const struct CMUnitTest ingest_im_files[] = {
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
	{ 0 },
};
