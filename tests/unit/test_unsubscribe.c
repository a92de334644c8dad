/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How emails say that their list can be left, who vouches for that, and what is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_mail.h"
#include "src/mime/mail.h"
#include "src/mime/unsubscribe.h"
#include "src/route/leave.h"
#include "tests/lib/tmpstore.h"
#include "tests/unit/engine_stage.h"

#define ONE_CLICK "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"

static SnUnsubscribe *read_offer(const char *headers, const char *authentication)
{
	g_autoptr(GBytes) raw = sn_bench_mail(headers, "List-Unsubscribe: <https://body.test/>\n");

	return sn_mail_unsubscribe(raw, authentication);
}

static void headers_of_many_kinds_are_read(void **state)
{
	static const struct {
		const char *headers, *post, *page, *mailto;
	} rows[] = {
		{ "List-Unsubscribe: <https://x.test/u>\n", NULL, "https://x.test/u", NULL },
		{ "List-Unsubscribe: <https://x.test/u>\n" ONE_CLICK, "https://x.test/u", "https://x.test/u", NULL },
		{ "List-Unsubscribe: <mailto:u@x.test?subject=x>\n", NULL, NULL, "mailto:u@x.test?subject=x" },
		/* folded, also within an address; comments; the order is the sender's */
		{ "List-Unsubscribe:\n <mailto:u@x.test>,\n\t(or so) <https://x.test/a\n b>, <https://y.test/>\n" ONE_CLICK,
		  "https://x.test/ab", "https://x.test/ab", "mailto:u@x.test" },
		{ "list-unsubscribe: <http://x.test/u>, <https://x.test/s>\n" ONE_CLICK, "https://x.test/s",
		  "http://x.test/u", NULL },
		/* encoded, as some do */
		{ "List-Unsubscribe: =?us-ascii?Q?=3Chttps=3A=2F=2Fx=2Etest=2Fu=3E?=\n", NULL, "https://x.test/u", NULL },
		/* without brackets */
		{ "List-Unsubscribe: https://x.test/u, mailto:u@x.test\n", NULL, "https://x.test/u", "mailto:u@x.test" },
		/* one click is for https: only, and for the one form */
		{ "List-Unsubscribe: <http://x.test/u>\n" ONE_CLICK, NULL, "http://x.test/u", NULL },
		{ "List-Unsubscribe: <https://x.test/u>\nList-Unsubscribe-Post: yes\n", NULL, "https://x.test/u", NULL },
		{ "List-Unsubscribe: <https://x.test/u>\nList-Unsubscribe-Post: list-unsubscribe=one-click \n",
		  "https://x.test/u", "https://x.test/u", NULL },
		/* what hides where it leads is not offered */
		{ "List-Unsubscribe: <https://bank.test@evil.test/>, <https://x.test/>\n" ONE_CLICK, "https://x.test/",
		  "https://x.test/", NULL },
		{ "List-Unsubscribe: <javascript:alert(1)>, <file:///etc/passwd>, <mailto:a@x.test,b@y.test>,"
		  " <mailto:>, <https:///x>, <https://x_\"y.test/>\n", NULL, NULL, NULL },
		{ "List-Unsubscribe: <https://x.test/u\n", NULL, NULL, NULL },
		{ "List-Unsubscribe: NO\n", NULL, NULL, NULL },
		{ "List-Unsubscribe:\n" ONE_CLICK, NULL, NULL, NULL },
		{ ONE_CLICK, NULL, NULL, NULL },
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(SnUnsubscribe) offer = read_offer(rows[i].headers, NULL);
		if (g_strcmp0(offer ? offer->post : NULL, rows[i].post) != 0 ||
		    g_strcmp0(offer ? offer->page : NULL, rows[i].page) != 0 ||
		    g_strcmp0(offer ? offer->mailto : NULL, rows[i].mailto) != 0)
			fail_msg("%s: %s, %s, %s", rows[i].headers, offer ? offer->post : "nothing",
			         offer ? offer->page : "", offer ? offer->mailto : "");
		assert_true(!offer || offer->cover == SN_COVER_UNKNOWN);
	}
}

#define FIELDS "List-Unsubscribe: <https://x.test/u>\n" ONE_CLICK
#define SIGNED "DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=one; b=AbCd\n Efgh;\n h=from:to:"                \
	"list-unsubscribe:\n List-Unsubscribe-Post:subject; bh=x=\n"
#define SIGNED_LESS "DKIM-Signature: v=1; d=x.test; s=two; b=ZyXw; h=from:list-unsubscribe\n"

static void a_signature_has_to_cover_both_fields(void **state)
{
	static const struct {
		const char *headers, *authentication;
		SnCover cover;
	} rows[] = {
		{ FIELDS SIGNED, "spf=pass smtp.mailfrom=x.test; dkim=pass header.d=x.test", SN_COVER_YES },
		{ FIELDS SIGNED, "dkim=pass (2048-bit key) header.d=X.TEST header.s=one header.b=\"AbCdEf\"", SN_COVER_YES },
		{ FIELDS SIGNED, "dkim=pass (2048-bit key) header.d=X.TEST header.s=one header.b=AbCdEf", SN_COVER_YES },
		/* nobody's word */
		{ FIELDS SIGNED, NULL, SN_COVER_UNKNOWN },
		/* it did not pass, or is another's */
		{ FIELDS SIGNED, "dkim=fail header.d=x.test", SN_COVER_NO },
		{ FIELDS SIGNED, "dkim=none (dkim=pass header.d=x.test)", SN_COVER_NO },
		{ FIELDS SIGNED, "dkim=pass header.d=y.test", SN_COVER_NO },
		{ FIELDS SIGNED, "spf=pass; dmarc=pass", SN_COVER_NO },
		{ FIELDS, "dkim=pass header.d=x.test", SN_COVER_NO },
		/* it leaves one of them out */
		{ FIELDS SIGNED_LESS, "dkim=pass header.d=x.test", SN_COVER_NO },
		/* which of two was good? */
		{ FIELDS SIGNED SIGNED_LESS, "dkim=pass header.d=x.test", SN_COVER_NO },
		{ FIELDS SIGNED SIGNED_LESS, "dkim=pass header.d=x.test header.s=two", SN_COVER_NO },
		{ FIELDS SIGNED SIGNED_LESS, "dkim=pass header.d=x.test header.s=one", SN_COVER_YES },
		{ FIELDS SIGNED SIGNED_LESS, "dkim=pass header.d=x.test header.b=ZyXw; dkim=pass header.d=x.test header.b=AbCd",
		  SN_COVER_YES },
		/* one was put on top: only the lower one is covered */
		{ "List-Unsubscribe: <https://evil.test/u>\n" FIELDS SIGNED, "dkim=pass header.d=x.test", SN_COVER_NO },
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(SnUnsubscribe) offer = read_offer(rows[i].headers, rows[i].authentication);
		assert_non_null(offer);
		if (offer->cover != rows[i].cover)
			fail_msg("row %d: %d", (int)i, (int)offer->cover);
	}
}

static void large_and_broken_ones_do_no_harm(void **state)
{
	g_autoptr(GString) many = g_string_new("List-Unsubscribe: ");
	g_autofree char *longer = g_strnfill(20000, 'a');
	g_autofree char *lengthy = g_strdup_printf("List-Unsubscribe: <https://x.test/%s>\n", longer);
	g_autoptr(GBytes) nothing = g_bytes_new("", 0), line = g_bytes_new("\n", 1);
	g_autoptr(SnUnsubscribe) offer = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++)
		g_string_append_printf(many, "<mailto:%d@x.test>,\n ", i);
	g_string_append(many, "<https://late.test/>\n");
	offer = read_offer(many->str, NULL);
	assert_string_equal(offer->mailto, "mailto:0@x.test");
	assert_null(offer->page);
	assert_null(read_offer(lengthy, NULL));
	assert_null(sn_mail_unsubscribe(nothing, NULL));
	assert_null(sn_mail_unsubscribe(line, NULL));
}

static void the_host_is_shown_as_it_is(void **state)
{
	static const char *const rows[][2] = {
		{ "https://News.Example/a?b", "news.example" }, { "https://x.test:8443/", "x.test:8443" },
		{ "https://x.test:443/", "x.test" },             { "http://x.test:80/", "x.test" },
		{ "https://[::1]:5/", "[::1]:5" },               { "https://u@x.test/", NULL },
		{ "https://u:p@x.test/", NULL },                 { "ftp://x.test/", NULL },
		{ "https://b\xc3\xa4nk.test/", "xn--bnk-qla.test" },           { "", NULL },
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *host = sn_unsubscribe_host(rows[i][0]);
		if (g_strcmp0(host, rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], host);
	}
}

static void an_address_is_read_with_its_fields(void **state)
{
	g_autofree char *address = NULL, *subject = NULL, *body = NULL;

	(void)state;
	assert_true(sn_unsubscribe_mailto("MailTo:leave%2B7@x.test?Subject=off%20list&cc=all@y.test&body=a%0D%0Ab",
	                                  &address, &subject, &body));
	assert_string_equal(address, "leave+7@x.test");
	assert_string_equal(subject, "off list");
	assert_string_equal(body, "a \nb");
	assert_false(sn_unsubscribe_mailto("mailto:a@x.test%0d%0aBcc:b@y.test", &address, &subject, &body));
	assert_false(sn_unsubscribe_mailto("mailto:a@x.test%2Cb@y.test", &address, &subject, &body));
	assert_false(sn_unsubscribe_mailto("mailto:nobody", &address, &subject, &body));
	assert_false(sn_unsubscribe_mailto("https://x.test", &address, &subject, &body));
}

static void a_subject_cannot_add_header_fields(void **state)
{
	g_autofree char *address = NULL, *subject = NULL, *body = NULL;

	(void)state;
	assert_true(sn_unsubscribe_mailto("mailto:u@x.test?subject=a%0d%0aBcc:b@y.test&body=%ff", &address,
	                                  &subject, &body));
	assert_string_equal(subject, "unsubscribe");
	assert_string_equal(body, "unsubscribe");
}

/* ---- what is remembered ---- */

static void put(SnStore *store, const char *list, SnTime time)
{
	const SnLeave leave = { .list = (char *)list, .name = (char *)"News", .target = (char *)"x.test",
		                .url = (char *)"https://x.test/token", .time = time };
	g_autoptr(GError) error = NULL;

	if (!sn_leave_put(store, &leave, &error))
		fail_msg("%s", error->message);
}

static void an_intent_is_settled_once_and_forgets_the_address(void **state)
{
	TmpStore *tmp = *state;
	SnStore *store = tmp->store;

	put(store, "list:News.X.test", 1000);
	g_autoptr(SnLeave) first = sn_leave_next(store);
	assert_string_equal(first->url, "https://x.test/token");
	assert_true(sn_leave_again(store, first->list, first->time, 5000, "no line", NULL));
	g_autoptr(SnLeave) again = sn_leave_next(store);
	assert_int_equal(again->tries, 1);
	assert_int_equal(again->next, 5000);
	g_autofree char *words = sn_leave_words(again, "Monday");
	assert_string_equal(words, "To be unsubscribed at x.test, tried again: no line");
	/* begun anew meanwhile: an answer to what was asked before is none to this */
	put(store, "list:news.x.test", 2000);
	assert_true(sn_leave_settle(store, first->list, first->time, SN_LEAVE_FAILED, "no", NULL));
	g_autoptr(SnLeave) anew = sn_leave_get(store, "list:NEWS.x.test");
	assert_int_equal(anew->state, SN_LEAVE_WANTED);
	assert_true(sn_leave_settle(store, anew->list, anew->time, SN_LEAVE_DONE, "202", NULL));
	g_autoptr(SnLeave) done = sn_leave_get(store, "list:news.x.test");
	assert_int_equal(done->state, SN_LEAVE_DONE);
	assert_null(done->url);
	assert_null(sn_leave_next(store));
	assert_null(sn_leave_get(store, "list:other"));
	g_autofree char *said = sn_leave_words(done, "Monday");
	assert_string_equal(said, "You unsubscribed on Monday: x.test said yes (202).");
}

static void lists_are_told_apart(void **state)
{
	g_autoptr(SnMessage) message = sn_message_new();

	(void)state;
	message->channel = SN_CHANNEL_MAIL;
	message->direction = SN_IN;
	message->sender_value = g_strdup("news@x.test");
	assert_null(sn_leave_key(message)); /* a person cannot be left */
	message->bulk = SN_BULK_NEWSLETTER;
	g_autofree char *sender = sn_leave_key(message);
	assert_string_equal(sender, "from:news@x.test");
	message->list_id = g_strdup("news.x.test");
	g_autofree char *list = sn_leave_key(message);
	assert_string_equal(list, "list:news.x.test");
	message->direction = SN_OUT;
	assert_null(sn_leave_key(message));
}

static void an_email_asks_from_the_address_that_was_subscribed(void **state)
{
	SnBench *bench = sn_bench_new("[home]\nfrom = Alice <alice@example.test>\naliases = reader@example.test\n"
	                              "source = imaps://alice@example.test\n"
	                              "outgoing = smtps://alice@example.test\npassword-command = echo x\n",
	                              NULL, SN_STORE_ENGINE);
	SnId id = sn_bench_ingest(bench,
	                          "From: News <news@x.test>\nTo: reader@example.test\nSubject: Ropes\n"
	                          "Message-ID: <1@x.test>\nList-Unsubscribe: <mailto:off@x.test>\n",
	                          "Ropes\n", NULL);
	g_autoptr(SnMessage) message = sn_message_get(bench->store, id, SN_MESSAGE_FULL);
	g_autoptr(GError) error = NULL;
	SnId entry = sn_leave_by_mail(bench->store, bench->config, message, "News", "mailto:off@x.test?subject=7",
	                              5000, 0, &error);

	(void)state;
	g_assert_no_error(error);
	g_autoptr(SnOutboxEntry) queued = sn_outbox_get(bench->store, entry, SN_OUTBOX_FULL);
	assert_string_equal(queued->from, "reader@example.test");
	assert_string_equal(queued->subject, "7");
	assert_string_equal(((SnParty *)queued->recipients->pdata[0])->address, "off@x.test");
	assert_int_equal(queued->recipients->len, 1);
	assert_int_equal(queued->conversation, message->conversation);
	g_autoptr(SnLeave) leave = sn_leave_get(bench->store, "from:news@x.test");
	assert_int_equal(leave->state, SN_LEAVE_MAILED);
	assert_int_equal(leave->entry, entry);
	/* it stays a newsletter */
	g_autoptr(SnConversation) row = sn_conversation_get(bench->store, message->conversation);
	assert_int_equal(row->bulk, SN_BULK_NEWSLETTER);
	assert_int_equal(sn_leave_by_mail(bench->store, bench->config, message, "News", "https://x.test", 5000, 0,
	                                  &error), 0);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	sn_bench_free(bench);
}

/* ---- the end of the program while a server is asked ---- */

static const char *store_path;
static gint asked;

/* A server that never answers. Once nobody waits for it any more, somebody writes to the store. */
static GString *never_answers(const SnHttpJob *job, const char *form, int *status, GError **error)
{
	GPollFD over;
	g_autoptr(GError) broken = NULL;
	SnStore *store = sn_store_open(store_path, SN_STORE_CLIENT, &broken);

	(void)form;
	(void)status;
	g_assert_no_error(broken);
	g_atomic_int_set(&asked, 1);
	if (g_cancellable_make_pollfd(job->cancel, &over)) {
		g_poll(&over, 1, 30000);
		g_cancellable_release_fd(job->cancel);
	}
	for (int i = 0; i < 20; i++) {
		g_autofree char *value = g_strdup_printf("%d", i);
		sn_store_set(store, "written", value, &broken);
		g_assert_no_error(broken);
		g_thread_yield(); /* the engine may hear it, and has nothing left to look with */
	}
	sn_store_close(store);
	g_set_error(error, SN_ERROR, SN_ERROR_NETWORK, "There is no answer.");
	return NULL;
}

static void no_answer(GString *answer)
{
	g_assert(!answer);
}

static const SnHttpOps *silent_http(GError **error)
{
	static const SnHttpOps ops = { .ask = never_answers, .answer_free = no_answer };

	(void)error;
	return &ops;
}

static gboolean was_asked(SnBench *bench, gpointer data)
{
	(void)bench;
	(void)data;
	return g_atomic_int_get(&asked);
}

static void the_program_ends_while_a_server_is_asked(void **state)
{
	SnBench *bench = sn_bench_new(STAGE_ONLY_MAIL, NULL, SN_STORE_CLIENT);
	SnEngine *engine = sn_stage_start_with(bench, silent_http);
	const SnLeave wish = { .list = (char *)"list:news", .name = (char *)"News", .target = (char *)"x.test",
		               .url = (char *)"https://x.test/u", .account = sn_account_find(bench->store, "home"),
		               .time = sn_clock_now(NULL) };

	(void)state;
	store_path = bench->paths->store_path;
	assert_true(sn_leave_put(bench->store, &wish, NULL));
	assert_true(sn_bench_wait(bench, was_asked, NULL));
	sn_engine_stop(&engine);
	/* as it was: the next start asks again */
	g_autoptr(SnLeave) leave = sn_leave_get(bench->store, "list:news");
	assert_int_equal(leave->state, SN_LEAVE_WANTED);
	assert_int_equal(leave->tries, 0);
	sn_fake_mail_reset();
	sn_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_many_kinds_are_read),
		cmocka_unit_test(a_signature_has_to_cover_both_fields),
		cmocka_unit_test(large_and_broken_ones_do_no_harm),
		cmocka_unit_test(the_host_is_shown_as_it_is),
		cmocka_unit_test(an_address_is_read_with_its_fields),
		cmocka_unit_test(a_subject_cannot_add_header_fields),
		cmocka_unit_test_setup_teardown(an_intent_is_settled_once_and_forgets_the_address, tmpstore_setup,
		                                tmpstore_teardown),
		cmocka_unit_test(lists_are_told_apart),
		cmocka_unit_test(an_email_asks_from_the_address_that_was_subscribed),
		cmocka_unit_test(the_program_ends_while_a_server_is_asked),
	};

	sn_mime_init();
	return cmocka_run_group_tests_name("unsubscribe", tests, NULL, NULL);
}
