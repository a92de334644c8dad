/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/sync_private.h"
#include "tests/unit/engine_bench.h"

static int set_up(void **state)
{
	*state = sn_bench_new(NULL, NULL, SN_STORE_ENGINE);
	return 0;
}

static int tear_down(void **state)
{
	sn_bench_free(*state);
	return 0;
}

#define FROM_BOB                                                                               \
	"From: Bob <bob@work.example>\n"                                                       \
	"To: Alice Liddell <alice@example.test>\n"                                             \
	"Date: Sun, 15 Nov 2026 10:00:00 +0000\n"                                              \
	"Subject: Tea\n"

static void a_mail_is_filed_with_its_person(void **state)
{
	SnBench *bench = *state;
	SnAddResult result;
	SnId id = sn_bench_ingest(bench, FROM_BOB "Message-ID: <one@work.example>\n",
	                          "Come for tea at five.\n", &result);
	g_autoptr(SnMessage) message = sn_bench_message(bench, id);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(bench->store, message->conversation);

	assert_int_equal(result, SN_ADDED);
	assert_int_equal(message->direction, SN_IN);
	assert_string_equal(message->sender_value, "bob@work.example");
	assert_string_equal(message->subject, "Tea");
	assert_non_null(strstr(message->body, "tea at five"));
	assert_int_equal(message->time, 1794736800000);
	assert_string_equal(message->thread, "one@work.example");
	assert_int_equal(conversation->kind, SN_CONV_PERSON);
	assert_string_equal(conversation->title, "Bob");
	assert_int_equal(conversation->unread, 1);
	g_autoptr(GBytes) raw = sn_message_raw(bench->store, id, NULL);
	assert_non_null(raw);
}

static void the_same_mail_twice_is_one_message(void **state)
{
	SnBench *bench = *state;
	SnAddResult result;
	SnId one = sn_bench_ingest(bench, FROM_BOB "Message-ID: <one@work.example>\n", "Hi\n", NULL);
	SnId two = sn_bench_ingest(bench, FROM_BOB "Message-ID: <one@work.example>\n", "Hi\n",
	                           &result);

	assert_int_equal(one, two);
	assert_int_equal(result, SN_DUPLICATE);
}

static void answers_share_the_thread_of_their_root(void **state)
{
	SnBench *bench = *state;
	SnId root = sn_bench_ingest(bench, FROM_BOB "Message-ID: <root@work.example>\n", "1\n", NULL);
	SnId id = sn_bench_ingest(bench,
	                          FROM_BOB "Message-ID: <third@work.example>\n"
	                                   "In-Reply-To: <second@work.example>\n"
	                                   "References: <root@work.example> <second@work.example>\n",
	                          "3\n", NULL);
	g_autoptr(SnMessage) first = sn_bench_message(bench, root);
	g_autoptr(SnMessage) third = sn_bench_message(bench, id);

	assert_string_equal(third->thread, first->thread);
}

static void own_mail_is_outgoing_and_not_unread(void **state)
{
	SnBench *bench = *state;
	SnId id = sn_bench_ingest(bench,
	                          "From: al@example.test\nTo: bob@work.example\n"
	                          "Message-ID: <mine@example.test>\n"
	                          "Date: Sun, 15 Nov 2026 10:00:00 +0000\n",
	                          "Thanks\n", NULL);
	g_autoptr(SnMessage) message = sn_bench_message(bench, id);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(bench->store, message->conversation);

	assert_int_equal(message->direction, SN_OUT);
	assert_int_equal(message->state, SN_STATE_ACCEPTED);
	assert_int_equal(conversation->unread, 0);
	assert_non_null(strstr(conversation->title, "bob@work.example"));
}

static void a_date_in_the_future_gives_way_to_the_arrival(void **state)
{
	SnBench *bench = *state;
	SnId id = sn_bench_ingest(bench,
	                          "From: bob@work.example\nTo: alice@example.test\n"
	                          "Message-ID: <future@work.example>\n"
	                          "Date: Sun, 15 Nov 2037 10:00:00 +0000\n",
	                          "Soon\n", NULL);
	g_autoptr(SnMessage) message = sn_bench_message(bench, id);

	assert_int_equal(message->time, 1795000000000);
}

static void garbage_becomes_a_row_not_an_error(void **state)
{
	SnBench *bench = *state;
	static const char *const texts[] = {
		"\0\1\2\3", "From: \n\n", ":::::", "\xff\xfe\xfd", "From: <>\nTo: ,,,,\n\nx",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GBytes) raw = g_bytes_new_static(texts[i], i ? strlen(texts[i]) : 4);
		g_autoptr(GError) error = NULL;
		SnAddResult result;
		SnId id = 0;
		assert_true(sn_ingest_mail(bench->store, bench->config, NULL, 0, 0, 0, NULL, 0,
		                           1795000000000 + (SnTime)i, raw, &id, &result, &error));
		assert_true(id > 0);
	}
}

static void list_mail_goes_to_the_list(void **state)
{
	SnBench *bench = *state;
	SnId id = sn_bench_ingest(bench,
	                          "From: bob@work.example\nTo: tea@lists.example\n"
	                          "List-Id: Tea lovers <tea.lists.example>\n"
	                          "Message-ID: <list@work.example>\n",
	                          "All\n", NULL);
	g_autoptr(SnMessage) message = sn_bench_message(bench, id);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(bench->store, message->conversation);

	assert_int_equal(conversation->kind, SN_CONV_LIST);
}

/* ---- history that travelled along ---- */

#define DIGEST_HEADERS                                                                         \
	FROM_BOB                                                                               \
	"Message-ID: <digest@work.example>\n"                                                  \
	"MIME-Version: 1.0\n"                                                                  \
	"Content-Type: multipart/mixed; boundary=out\n"
#define DIGEST_BEGIN                                                                           \
	"--out\nContent-Type: text/plain\n\nSee below.\n"                                      \
	"--out\nContent-Type: multipart/digest; boundary=in\n"                                 \
	"Content-Description: Earlier messages\n\n"
#define DIGEST_END "--in--\n--out--\n"
#define CARRIED_MAIL                                                                           \
	"--in\nContent-Type: message/rfc822\n\n"                                               \
	"From: Bob <bob@work.example>\nTo: alice@example.test\n"                               \
	"Message-ID: <earlier@work.example>\nDate: Sat, 14 Nov 2026 10:00:00 +0000\n"          \
	"Subject: Before\n\nAn earlier email.\n"
#define CARRIED_OF_OTHERS                                                                      \
	"--in\nContent-Type: message/rfc822\n\n"                                               \
	"From: carol@example.test\nTo: dave@example.test\n"                                    \
	"Message-ID: <others@example.test>\nDate: Sat, 14 Nov 2026 10:00:00 +0000\n"           \
	"Subject: Secret\n\nNot for Alice.\n"
#define CARRIED_IM                                                                             \
	"--in\nContent-Type: message/cpim\n\n"                                                 \
	"From: Bob <im:bob@im.example>\nTo: <im:alice@example.test>\n"                         \
	"DateTime: 2026-11-14T11:00:00Z\nSubject: IM\n\n"                                      \
	"Content-Type: text/plain; charset=utf-8\n\nAn earlier IM.\n"

static void carried_mail_is_told_not_received(void **state)
{
	SnBench *bench = *state;
	SnId by = sn_bench_ingest(bench, DIGEST_HEADERS,
	                          DIGEST_BEGIN CARRIED_MAIL CARRIED_IM DIGEST_END, NULL);
	g_autoptr(SnMessage) carrier = sn_bench_message(bench, by);
	g_autoptr(GPtrArray) carried = sn_message_carried(bench->store, by, SN_MESSAGE_FULL);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(bench->store, carrier->conversation);

	assert_int_equal(carried->len, 2);
	for (guint i = 0; i < carried->len; i++) {
		const SnMessage *one = carried->pdata[i];
		assert_true(one->carried);
		assert_int_equal(one->secure, 0);
		assert_int_equal(one->carried_by, by);
		assert_int_equal(one->conversation, carrier->conversation);
	}
	const SnMessage *mail = carried->pdata[0], *im = carried->pdata[1];
	assert_int_equal(mail->channel, SN_CHANNEL_MAIL);
	assert_string_equal(mail->subject, "Before");
	assert_int_equal(im->channel, SN_CHANNEL_IM);
	assert_non_null(strstr(im->body, "An earlier IM."));
	/* only the carrier itself is to be read */
	assert_int_equal(conversation->unread, 1);
}

static void carried_mail_never_replaces_what_we_hold(void **state)
{
	SnBench *bench = *state;
	SnId live = sn_bench_ingest(bench,
	                            "From: Bob <bob@work.example>\nTo: alice@example.test\n"
	                            "Message-ID: <earlier@work.example>\n"
	                            "Date: Sat, 14 Nov 2026 10:00:00 +0000\nSubject: True\n",
	                            "The true text.\n", NULL);
	sn_bench_ingest(bench, DIGEST_HEADERS, DIGEST_BEGIN CARRIED_MAIL DIGEST_END, NULL);
	g_autoptr(SnMessage) message = sn_bench_message(bench, live);

	assert_string_equal(message->subject, "True");
	assert_false(message->carried);
	assert_non_null(strstr(message->body, "The true text."));
}

static void the_live_mail_replaces_what_was_told(void **state)
{
	SnBench *bench = *state;
	SnAddResult result;
	SnId by = sn_bench_ingest(bench, DIGEST_HEADERS, DIGEST_BEGIN CARRIED_MAIL DIGEST_END, NULL);
	SnId id = sn_bench_ingest(bench,
	                          "From: Bob <bob@work.example>\nTo: alice@example.test\n"
	                          "Message-ID: <earlier@work.example>\n"
	                          "Date: Sat, 14 Nov 2026 10:00:00 +0000\nSubject: True\n",
	                          "The true text.\n", &result);
	g_autoptr(SnMessage) message = sn_bench_message(bench, id);

	assert_true(id != by);
	assert_int_equal(result, SN_UPGRADED);
	assert_false(message->carried);
	assert_string_equal(message->subject, "True");
}

static void mail_between_others_is_no_history_of_ours(void **state)
{
	SnBench *bench = *state;
	SnId by = sn_bench_ingest(bench, DIGEST_HEADERS,
	                          DIGEST_BEGIN CARRIED_OF_OTHERS DIGEST_END, NULL);
	g_autoptr(GPtrArray) carried = sn_message_carried(bench->store, by, 0);

	g_autoptr(SnMessage) carrier = sn_bench_message(bench, by);

	assert_int_equal(carried->len, 0);
	assert_int_equal(sn_message_find_mail(bench->store, "others@example.test"), 0);
	assert_non_null(strstr(carrier->notice, "1 earlier message"));
}

static void carried_mail_carries_nothing_further(void **state)
{
	SnBench *bench = *state;
	static const char nested[] =
		DIGEST_BEGIN "--in\nContent-Type: message/rfc822\n\n"
		"From: Bob <bob@work.example>\nTo: alice@example.test\n"
		"Message-ID: <middle@work.example>\nMIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=out2\n\n"
		"--out2\nContent-Type: text/plain\n\nMiddle.\n"
		"--out2\nContent-Type: multipart/digest; boundary=in2\n"
		"Content-Description: Earlier messages\n\n"
		"--in2\nContent-Type: message/rfc822\n\n"
		"From: bob@work.example\nTo: alice@example.test\n"
		"Message-ID: <deep@work.example>\n\nDeep.\n"
		"--in2--\n--out2--\n" DIGEST_END;
	sn_bench_ingest(bench, DIGEST_HEADERS, nested, NULL);

	assert_int_equal(sn_message_find_mail(bench->store, "deep@work.example"), 0);
}

/* ---- import ---- */

static void write_file(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	g_mkdir_with_parents(parent, 0700);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void import(SnBench *bench, const char *name, gint64 added, gint64 known, gint64 failed)
{
	g_autofree char *path = g_build_filename(bench->dir, name, NULL);
	g_autoptr(GError) error = NULL;
	gint64 counts[3] = { 0 };

	sn_engine_import(bench->store, bench->config, path, &counts[0], &counts[1], &counts[2],
	                 NULL, NULL, &error);
	g_assert_no_error(error);
	assert_int_equal(counts[0], added);
	assert_int_equal(counts[1], known);
	assert_int_equal(counts[2], failed);
}

static void maildir_mbox_and_files_are_imported(void **state)
{
	SnBench *bench = *state;

	write_file(bench->dir, "in/cur/1.host:2,S", FROM_BOB "Message-ID: <i1@x>\n\nOne\n");
	write_file(bench->dir, "in/new/2.host", FROM_BOB "Message-ID: <i2@x>\n\nTwo\n");
	write_file(bench->dir, "in/.Sent/cur/3.host:2,S", FROM_BOB "Message-ID: <i3@x>\n\nThree\n");
	write_file(bench->dir, "in/.Sent/new/empty", "");
	write_file(bench->dir, "box",
	           "From bob Sun Nov 15 10:00:00 2026\n" FROM_BOB "Message-ID: <i1@x>\n\nOne\n\n"
	           "From bob Sun Nov 15 10:00:00 2026\n" FROM_BOB "Message-ID: <i4@x>\n\nFour\n\n");
	write_file(bench->dir, "one.eml", FROM_BOB "Message-ID: <i5@x>\n\nFive\n");
	import(bench, "in", 3, 0, 1);
	import(bench, "box", 1, 1, 0);
	import(bench, "one.eml", 1, 0, 0);
	SnId unread = sn_message_find_mail(bench->store, "i2@x");
	g_autoptr(SnMessage) message = sn_bench_message(bench, unread);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(bench->store, message->conversation);
	assert_int_equal(conversation->unread, 1);
}

static void importing_what_is_not_there_says_so(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GError) error = NULL;

	assert_false(sn_engine_import(bench->store, bench->config, "/nonexistent/mail", NULL, NULL,
	                              NULL, NULL, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	assert_non_null(strstr(error->message, "/nonexistent/mail"));
}

#define WITH_FILE(bytes)                                                                       \
	"--b\nContent-Type: text/plain\n\nSee the plan.\n--b\n"                              \
	"Content-Type: application/pdf; name=plan.pdf\nContent-Disposition: attachment\n\n"  \
	bytes "\n--b--\n"

/* Files one as a source gave it. */
static SnId file_mail(SnBench *bench, const char *body, SnPlace place)
{
	g_autoptr(GBytes) raw = sn_bench_mail(
		FROM_BOB "Message-ID: <large@work.example>\nMIME-Version: 1.0\n"
			 "Content-Type: multipart/mixed; boundary=b\n", body);
	SnPrepared *prepared = sn_prepare_mail(bench->config, NULL, raw, 0);
	SnAfter *after = sn_after_new(NULL);
	g_autoptr(GError) error = NULL;
	SnId id = 0;

	place.account = sn_account_find(bench->store, "home");
	assert_true(sn_file_mail(bench->store, bench->config, after, prepared, &place, &id, NULL,
	                         &error));
	sn_after_free(after);
	sn_prepared_free(prepared);
	return id;
}

static void a_large_mail_is_filed_in_part_and_then_whole(void **state)
{
	static const gint64 sizes[] = { -1, 12000000 };
	SnBench *bench = *state;
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_vals(told, sizes, 2);

	SnId id = file_mail(bench, WITH_FILE(""), (SnPlace){ .partial = TRUE, .part_sizes = told });
	g_autoptr(SnMessage) some = sn_bench_message(bench, id);
	const SnPart *part = some->parts->pdata[some->parts->len - 1];
	assert_non_null(strstr(some->body, "See the plan."));
	assert_int_equal(some->attachments, 1);
	assert_string_equal(part->name, "plan.pdf");
	assert_int_equal(part->size, 12000000);
	assert_null(part->sha256);
	assert_null(sn_message_raw(bench->store, id, NULL));

	assert_int_equal(file_mail(bench, WITH_FILE("all of it"), (SnPlace){ .completes = TRUE }), id);
	g_autoptr(SnMessage) whole = sn_bench_message(bench, id);
	g_autoptr(GBytes) raw = sn_message_raw(bench->store, id, NULL);
	part = whole->parts->pdata[whole->parts->len - 1];
	assert_non_null(raw);
	assert_non_null(part->sha256);
	assert_in_range(part->size, 9, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_large_mail_is_filed_in_part_and_then_whole),
		TEST(a_mail_is_filed_with_its_person),
		TEST(the_same_mail_twice_is_one_message),
		TEST(answers_share_the_thread_of_their_root),
		TEST(own_mail_is_outgoing_and_not_unread),
		TEST(a_date_in_the_future_gives_way_to_the_arrival),
		TEST(garbage_becomes_a_row_not_an_error),
		TEST(list_mail_goes_to_the_list),
		TEST(carried_mail_is_told_not_received),
		TEST(carried_mail_never_replaces_what_we_hold),
		TEST(the_live_mail_replaces_what_was_told),
		TEST(mail_between_others_is_no_history_of_ours),
		TEST(carried_mail_carries_nothing_further),
		TEST(maildir_mbox_and_files_are_imported),
		TEST(importing_what_is_not_there_says_so),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
