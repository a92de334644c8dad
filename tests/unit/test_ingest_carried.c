/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Earlier messages in a digest whose sender means no good: size, names, dates, circles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/sync_private.h"
#include "src/store/told.h"
#include "tests/unit/engine_bench.h"

#define CARRIER_TIME ((SnTime)1794736800000) /* 2026-11-15 10:00 */

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

#define CARRIER(id)                                                                             \
	"From: Bob <bob@work.example>\nTo: Alice Liddell <alice@example.test>\n"                \
	"Date: Sun, 15 Nov 2026 10:00:00 +0000\nSubject: Tea\nMessage-ID: <" id ">\n"           \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=out\n"
#define BEGIN                                                                                   \
	"--out\nContent-Type: text/plain\n\nSee below.\n"                                       \
	"--out\nContent-Type: multipart/digest; boundary=in\n"                                  \
	"Content-Description: Earlier messages\n\n"
#define END "--in--\n--out--\n"

static void add_mail(GString *body, const char *from, const char *to, const char *id,
                     const char *date, const char *text)
{
	g_string_append_printf(body,
	                       "--in\nContent-Type: message/rfc822\n\nFrom: %s\nTo: %s\n"
	                       "Message-ID: <%s>\n%s%s%sSubject: Before\n\n%s\n",
	                       from, to, id, date ? "Date: " : "", date ? date : "",
	                       date ? "\n" : "", text);
}

static void add_im(GString *body, const char *from, const char *time, const char *id,
                   const char *text)
{
	g_string_append_printf(body,
	                       "--in\nContent-Type: message/cpim\n\nFrom: %s\n"
	                       "To: <im:alice@example.test>\nDateTime: %s\n"
	                       "NS: sid <urn:xmpp:sid:0>\nsid.origin-id: %s\n\n"
	                       "Content-Type: text/plain; charset=utf-8\n\n%s\n",
	                       from, time, id, text);
}

static SnId ingest(SnBench *bench, const char *headers, GString *body)
{
	g_string_append(body, END);
	SnId id = sn_bench_ingest(bench, headers, body->str, NULL);

	g_string_assign(body, BEGIN);
	return id;
}

static SnMessage *carried_mail(SnBench *bench, const char *message_id)
{
	SnId id = sn_message_find_mail(bench->store, message_id);

	assert_true(id > 0);
	return sn_bench_message(bench, id);
}

/* ---- size ---- */

static void more_than_can_be_meant_is_left_out_and_said(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN);

	for (int i = 0; i < 10000; i++) {
		g_autofree char *id = g_strdup_printf("m%d@work.example", i);
		add_mail(body, "bob@work.example", "alice@example.test", id, NULL, "x");
	}
	SnId by = ingest(bench, CARRIER("bomb@work.example"), body);
	g_autoptr(SnMessage) carrier = sn_bench_message(bench, by);
	g_autoptr(GPtrArray) carried = sn_message_carried(bench->store, by, 0);
	assert_int_equal(carried->len, 500);
	assert_int_equal(carrier->brought, 500);
	assert_non_null(strstr(carrier->notice, "more than 1,000 parts"));
	assert_non_null(strstr(carrier->notice, "more than 500 are not taken"));
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(bench->store, carrier->conversation);
	assert_int_equal(conversation->unread, 1);
	/* and all of it goes with one word */
	int removed;
	assert_true(sn_carried_remove(bench->store, by, &removed, NULL));
	assert_int_equal(removed, 500);
	g_autoptr(GPtrArray) rest =
		sn_message_page(bench->store, carrier->conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(rest->len, 1);
}

static void nesting_without_end_ends(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(NULL);
	g_autoptr(GString) tail = g_string_new(NULL);

	for (int i = 0; i < 400; i++) {
		g_string_append_printf(body,
		                       "--b%d\nContent-Type: multipart/digest; boundary=d%d\n"
		                       "Content-Description: Earlier messages\n\n"
		                       "--d%d\nContent-Type: message/rfc822\n\n"
		                       "From: bob@work.example\nTo: alice@example.test\n"
		                       "Message-ID: <deep%d@work.example>\nMIME-Version: 1.0\n"
		                       "Content-Type: multipart/mixed; boundary=b%d\n\n",
		                       i, i, i, i, i + 1);
		g_autofree char *end = g_strdup_printf("--b%d--\n--d%d--\n", i + 1, i);
		g_string_prepend(tail, end);
	}
	g_string_append(body, "--b400\nContent-Type: text/plain\n\nThe bottom.\n");
	g_string_append_printf(body, "%s--b0--\n", tail->str);
	SnId by = sn_bench_ingest(bench,
	                          "From: bob@work.example\nTo: alice@example.test\n"
	                          "Message-ID: <deep@work.example>\nMIME-Version: 1.0\n"
	                          "Content-Type: multipart/mixed; boundary=b0\n",
	                          body->str, NULL);
	g_autoptr(GPtrArray) carried = sn_message_carried(bench->store, by, 0);
	assert_in_range(carried->len, 0, 1); /* one level is what the sender vouches for */
	assert_int_equal(sn_message_find_mail(bench->store, "deep1@work.example"), 0);
}

static void a_huge_im_is_cut_and_shows_it(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN);
	g_autofree char *text = g_strnfill(3 << 20, 'x');

	for (gsize i = 70; i < (3 << 20); i += 70)
		text[i] = '\n';
	add_im(body, "Bob <im:bob@im.example>", "2026-11-14T11:00:00Z", "huge-one-in-history", text);
	SnId by = ingest(bench, CARRIER("huge@work.example"), body);
	g_autoptr(GPtrArray) carried = sn_message_carried(bench->store, by, SN_MESSAGE_FULL);
	assert_int_equal(carried->len, 1);
	const SnMessage *im = carried->pdata[0];
	assert_in_range(strlen(im->body), 1000, 1100000);
	assert_true(g_str_has_suffix(im->body, "[...]"));
}

/* Base64 around base64 around ... shrinks; markup that repeats itself must not grow. */
static void small_things_do_not_unpack_to_large_ones(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN), html = g_string_new(NULL);

	for (int i = 0; i < 2000; i++)
		g_string_append(html, "<blockquote><ol><li>");
	for (int i = 0; i < 20000; i++)
		g_string_append(html, "a<br>");
	g_string_append_printf(body,
	                       "--in\nContent-Type: message/rfc822\n\nFrom: bob@work.example\n"
	                       "To: alice@example.test\nMessage-ID: <html@work.example>\n"
	                       "MIME-Version: 1.0\nContent-Type: text/html\n\n%s\n",
	                       html->str);
	ingest(bench, CARRIER("unpack@work.example"), body);
	g_autoptr(SnMessage) told = carried_mail(bench, "html@work.example");
	assert_true(told->carried);
	assert_in_range(strlen(told->body), 1, 8 << 20);
}

/* ---- a transcript that repeats what came along ---- */

static void what_came_along_is_not_read_twice(void **state)
{
	SnBench *bench = *state;
	g_autofree char *digest = NULL;
	static const char first[] = "On Friday, Bob wrote (email):";

	/* the digest of the line without blanks, as it is written */
	g_autoptr(GString) bare = g_string_new(first);
	g_string_replace(bare, " ", "", 0);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(sum, (const guchar *)bare->str, -1);
	guint8 hash[32];
	gsize length = sizeof hash;
	g_checksum_get_digest(sum, hash, &length);
	digest = g_base64_encode(hash, length);
	for (int others = 0; others < 2; others++) {
		g_autoptr(GString) body = g_string_new(NULL);
		g_string_append_printf(body,
		                       "--out\nContent-Type: text/plain\n"
		                       "Content-Transcript: sha-256=:%s:\n\nSee below.\n\n%s\n"
		                       "> Before.\n--out\n"
		                       "Content-Type: multipart/digest; boundary=in\n"
		                       "Content-Description: Earlier messages\n\n",
		                       digest, first);
		add_mail(body, "bob@work.example", others ? "carol@example.test" : "alice@example.test",
		         others ? "two@x" : "one@x", "Sat, 14 Nov 2026 10:00:00 +0000", "Before.");
		SnId by = others ? ingest(bench, CARRIER("second@x"), body)
		                 : ingest(bench, CARRIER("first@x"), body);
		g_autoptr(SnMessage) carrier = sn_bench_message(bench, by);
		if (!others)
			assert_string_equal(carrier->body, "See below.");
		else /* it was left out, so this is all there is of it */
			assert_non_null(strstr(carrier->body, "> Before."));
	}
}

static void a_file_of_an_earlier_im_is_no_file_of_the_email(void **state)
{
	SnBench *bench = *state;
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "abc", 3);
	g_autoptr(GString) body = g_string_new(
		"--out\nContent-Type: text/plain\n\nSee below.\n"
		"--out\nContent-Type: image/png; name=own.png\nContent-Disposition: attachment\n"
		"Content-Transfer-Encoding: base64\n\nZGVm\n"
		"--out\nContent-Type: image/png; name=old.png\nContent-Disposition: attachment\n"
		"Content-Transfer-Encoding: base64\n\nYWJj\n"
		"--out\nContent-Type: multipart/digest; boundary=in\n"
		"Content-Description: Earlier messages\n\n");

	g_string_append_printf(body,
	                       "--in\nContent-Type: message/cpim\n\nFrom: Bob <im:bob@im.example>\n"
	                       "To: <im:alice@example.test>\nDateTime: 2026-11-14T11:00:00Z\n"
	                       "NS: file <urn:xmpp:file:metadata:0>\n"
	                       "file.file: 3 image/png %s old.png -\n\n"
	                       "Content-Type: text/plain; charset=utf-8\n\nLook\n",
	                       hash);
	SnId by = ingest(bench, CARRIER("files@work.example"), body);
	g_autoptr(SnMessage) carrier = sn_bench_message(bench, by);
	g_autoptr(GPtrArray) carried =
		sn_message_carried(bench->store, by, SN_MESSAGE_FULL);
	assert_int_equal(carrier->attachments, 1);
	assert_int_equal(carrier->parts->len, 2); /* both can be opened */
	assert_false(((SnPart *)carrier->parts->pdata[0])->inline_);
	assert_true(((SnPart *)carrier->parts->pdata[1])->inline_);
	const SnMessage *im = carried->pdata[0];
	assert_int_equal(im->attachments, 1);
	assert_string_equal(((SnPart *)im->parts->pdata[0])->sha256, hash);
}

/* ---- names ---- */

static void a_teller_renames_nobody(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN);
	SnId carol = sn_address_intern(bench->store, SN_CHANNEL_MAIL, "carol@example.net", NULL,
	                               NULL);
	SnId jid = sn_address_intern(bench->store, SN_CHANNEL_IM, "carol@im.example", NULL, NULL);

	add_mail(body, "\"The Bank\" <carol@example.net>", "alice@example.test", "c@x",
	         "Sat, 14 Nov 2026 10:00:00 +0000", "Pay now.");
	add_im(body, "The Bank <im:carol@im.example>", "2026-11-14T11:00:00Z", "an-im-of-the-bank",
	       "Pay by IM.");
	SnId by = ingest(bench, CARRIER("names@work.example"), body);
	for (int i = 0; i < 2; i++) {
		g_autoptr(SnAddress) address = sn_address_get(bench->store, i ? jid : carol);
		g_autoptr(SnPerson) person = sn_person_get(bench->store, address->person);
		assert_null(address->name);
		assert_null(strstr(person->name, "Bank"));
	}
	/* it is shown as he tells it, in his conversation, and with who tells it */
	g_autoptr(GPtrArray) carried = sn_message_carried(bench->store, by, 0);
	assert_int_equal(carried->len, 2);
	for (guint i = 0; i < 2; i++) {
		const SnMessage *one = carried->pdata[i];
		assert_string_equal(one->sender_name, "The Bank");
		assert_int_equal(one->carried_by, by);
	}
	g_autoptr(SnAddress) address = sn_address_get(bench->store, carol);
	SnId conversation = sn_conversation_for_person(bench->store, address->person, NULL);
	g_autoptr(GPtrArray) page =
		sn_message_page(bench->store, conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(page->len, 0);
}

static void words_put_into_the_users_mouth_are_told_not_said(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN);

	add_mail(body, "Alice <alice@example.test>", "bob@work.example", "promise@example.test",
	         "Sat, 14 Nov 2026 10:00:00 +0000", "I will pay twice.");
	SnId by = ingest(bench, CARRIER("mouth@work.example"), body);
	g_autoptr(SnMessage) told = carried_mail(bench, "promise@example.test");
	assert_true(told->carried);
	assert_int_equal(told->direction, SN_OUT);
	assert_int_equal(told->carried_by, by);
	g_autoptr(GPtrArray) tellers = sn_message_told(bench->store, told->id);
	assert_int_equal(tellers->len, 1);
	assert_false(((SnTold *)tellers->pdata[0])->by_self);
}

static void an_own_mail_told_otherwise_is_flagged_whatever_way_it_went(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN);
	SnId own = sn_bench_ingest(bench,
	                           "From: alice@example.test\nTo: bob@work.example\n"
	                           "Message-ID: <own@example.test>\nSubject: Before\n"
	                           "Date: Sat, 14 Nov 2026 10:00:00 +0000\n",
	                           "I will pay once.\n", NULL);

	add_mail(body, "alice@example.test", "bob@work.example", "own@example.test",
	         "Sat, 14 Nov 2026 10:00:00 +0000", "I will pay once.");
	ingest(bench, CARRIER("fair@work.example"), body);
	g_autoptr(SnMessage) fair = sn_bench_message(bench, own);
	assert_int_equal(fair->contradicted, 0);
	add_mail(body, "alice@example.test", "bob@work.example", "own@example.test",
	         "Sat, 14 Nov 2026 10:00:00 +0000", "I will pay twice.");
	SnId by = ingest(bench, CARRIER("unfair@work.example"), body);
	g_autoptr(SnMessage) unfair = sn_bench_message(bench, own);
	assert_int_equal(unfair->contradicted, SN_DIFFERS_TEXT);
	assert_non_null(strstr(unfair->body, "once"));
	g_autoptr(SnMessage) teller = sn_bench_message(bench, by);
	assert_int_equal(teller->contradicted, SN_DIFFERS_TELLER);
}

/* ---- dates ---- */

static void no_date_puts_a_told_message_out_of_its_place(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN);
	static const struct {
		const char *id, *date, *said;
	} cases[] = {
		{ "future@x", "Sat, 14 Nov 2037 10:00:00 +0000", "after the message that brought it" },
		{ "far@x", "Sat, 14 Nov 9999 10:00:00 +0000", "has no date" },
		{ "past@x", "Thu, 01 Jan 1970 00:00:01 +0000", "which cannot be" },
		{ "none@x", NULL, "has no date" },
		{ "junk@x", "yesterday, I think", "has no date" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		add_mail(body, "bob@work.example", "alice@example.test", cases[i].id, cases[i].date,
		         "x");
	add_im(body, "Bob <im:bob@im.example>", "2037-11-14T11:00:00Z", "an-im-of-the-future", "y");
	SnId by = ingest(bench, CARRIER("dates@work.example"), body);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnMessage) told = carried_mail(bench, cases[i].id);
		assert_int_equal(told->time, CARRIER_TIME);
		assert_non_null(strstr(told->notice, cases[i].said));
	}
	g_autoptr(GPtrArray) carried = sn_message_carried(bench->store, by, 0);
	assert_int_equal(carried->len, 6);
	for (guint i = 0; i < carried->len; i++)
		assert_true(((SnMessage *)carried->pdata[i])->time <= CARRIER_TIME);
}

static void a_live_date_that_cannot_be_gives_way_to_the_arrival(void **state)
{
	SnBench *bench = *state;
	SnId id = sn_bench_ingest(bench,
	                          "From: bob@work.example\nTo: alice@example.test\n"
	                          "Message-ID: <old@work.example>\n"
	                          "Date: Thu, 01 Jan 1970 00:00:01 +0000\n",
	                          "x\n", NULL);
	g_autoptr(SnMessage) message = sn_bench_message(bench, id);

	assert_int_equal(message->time, 1795000000000);
}

/* ---- circles ---- */

static void a_circle_of_carriers_has_no_more_messages_than_it_has(void **state)
{
	SnBench *bench = *state;
	g_autoptr(GString) body = g_string_new(BEGIN);

	add_mail(body, "bob@work.example", "alice@example.test", "b@x",
	         "Sun, 15 Nov 2026 09:00:00 +0000", "I am B.");
	add_mail(body, "bob@work.example", "alice@example.test", "a@x",
	         "Sun, 15 Nov 2026 10:00:00 +0000", "I am myself.");
	SnId a = ingest(bench, CARRIER("a@x"), body);
	add_mail(body, "bob@work.example", "alice@example.test", "a@x",
	         "Sun, 15 Nov 2026 10:00:00 +0000", "I am A.");
	SnId b = ingest(bench, CARRIER("b@x"), body);
	g_autoptr(SnMessage) one = sn_bench_message(bench, a), two = sn_bench_message(bench, b);
	g_autoptr(GPtrArray) page =
		sn_message_page(bench->store, one->conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(page->len, 2);
	assert_false(one->carried);
	assert_false(two->carried); /* told first, then received */
	int removed;
	assert_true(sn_carried_remove(bench->store, a, &removed, NULL));
	assert_int_equal(removed, 0);
}

/* ---- who answers by email ---- */

#define IM_ID "0b5c4e0e-57cf-4a55-8d0e-6f2ffb1a2c11"

static SnId own_im(SnBench *bench)
{
	g_autoptr(SnMessage) im = sn_message_new();
	g_autoptr(GError) error = NULL;

	im->channel = SN_CHANNEL_IM;
	im->direction = SN_OUT;
	im->state = SN_STATE_ACCEPTED;
	im->account = sn_account_find(bench->store, "home");
	im->time = CARRIER_TIME - SN_HOUR;
	im->sender = sn_address_intern(bench->store, SN_CHANNEL_IM, "alice@example.test", NULL, NULL);
	im->origin_id = g_strdup(IM_ID);
	im->thread = g_strdup(IM_ID);
	im->body = g_strdup("Which rope?");
	sn_message_add_party(im, SN_ROLE_FROM, "alice@example.test", NULL);
	sn_message_add_party(im, SN_ROLE_TO, "bob@im.example", NULL);
	assert_true(sn_message_add(bench->store, im, NULL, NULL, NULL, &error));
	return im->id;
}

static void link_bob(SnBench *bench)
{
	SnId jid = sn_address_intern(bench->store, SN_CHANNEL_IM, "bob@im.example", NULL, NULL);
	SnId mail = sn_address_intern(bench->store, SN_CHANNEL_MAIL, "bob@work.example", NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(bench->store, mail);

	assert_true(sn_link_confirm(bench->store, jid, address->person, NULL));
}

#define ANSWER                                                                                  \
	"From: Bob <bob@work.example>\nTo: alice@example.test\n"                                \
	"Date: Sun, 15 Nov 2026 10:00:00 +0000\nMessage-ID: <answer@work.example>\n"            \
	"Sennit-In-Reply-To: " IM_ID "\n"

static void an_email_that_names_the_im_it_answers_folds_under_it(void **state)
{
	SnBench *bench = *state;

	link_bob(bench);
	SnId im = own_im(bench);
	SnId id = sn_bench_ingest(bench, ANSWER "In-Reply-To: <older@work.example>\n",
	                          "The hemp one.\n", NULL);
	g_autoptr(SnMessage) answer = sn_bench_message(bench, id);
	assert_int_equal(answer->reply_to, im);
	assert_string_equal(answer->thread, IM_ID);
	g_autoptr(GPtrArray) thread = sn_message_thread(bench->store, IM_ID, 10, 0);
	assert_int_equal(thread->len, 2);
}

static void without_a_link_it_is_evidence_for_one(void **state)
{
	SnBench *bench = *state;
	SnId im = own_im(bench);
	SnId id = sn_bench_ingest(bench, ANSWER, "The hemp one.\n", NULL);
	g_autoptr(SnMessage) answer = sn_bench_message(bench, id), asked = sn_bench_message(bench, im);
	g_autoptr(SnAddress) candidate =
		sn_bench_candidate(bench, "bob@work.example", "bob@im.example");

	assert_int_not_equal(answer->conversation, asked->conversation);
	assert_int_equal(answer->reply_to, 0);
	assert_non_null(candidate);
	assert_false(candidate->confirmed);
	assert_int_equal(candidate->source, SN_LINK_CROSS_REPLY);
}

static void an_answer_to_our_email_joins_the_im_that_it_began(void **state)
{
	SnBench *bench = *state;

	link_bob(bench);
	SnId im = own_im(bench);
	/* our email in answer to that IM, as it lies in Sent; then a plain client's answer to it */
	sn_bench_ingest(bench,
	                "From: alice@example.test\nTo: bob@work.example\n"
	                "Date: Sun, 15 Nov 2026 10:00:00 +0000\n"
	                "Message-ID: <ours@example.test>\nSennit-In-Reply-To: " IM_ID "\n",
	                "More about the rope.\n", NULL);
	SnId id = sn_bench_ingest(bench,
	                          "From: bob@work.example\nTo: alice@example.test\n"
	                          "Date: Sun, 15 Nov 2026 11:00:00 +0000\n"
	                          "Message-ID: <plain@work.example>\n"
	                          "In-Reply-To: <ours@example.test>\n"
	                          "References: <ours@example.test>\n",
	                          "Good.\n", NULL);
	g_autoptr(SnMessage) plain = sn_bench_message(bench, id), asked = sn_bench_message(bench, im);
	g_autoptr(GPtrArray) thread = sn_message_thread(bench->store, asked->thread, 10, 0);
	assert_string_equal(plain->thread, asked->thread);
	assert_int_equal(thread->len, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(more_than_can_be_meant_is_left_out_and_said),
		TEST(nesting_without_end_ends),
		TEST(a_huge_im_is_cut_and_shows_it),
		TEST(small_things_do_not_unpack_to_large_ones),
		TEST(what_came_along_is_not_read_twice),
		TEST(a_file_of_an_earlier_im_is_no_file_of_the_email),
		TEST(a_teller_renames_nobody),
		TEST(words_put_into_the_users_mouth_are_told_not_said),
		TEST(an_own_mail_told_otherwise_is_flagged_whatever_way_it_went),
		TEST(no_date_puts_a_told_message_out_of_its_place),
		TEST(a_live_date_that_cannot_be_gives_way_to_the_arrival),
		TEST(a_circle_of_carriers_has_no_more_messages_than_it_has),
		TEST(an_email_that_names_the_im_it_answers_folds_under_it),
		TEST(without_a_link_it_is_evidence_for_one),
		TEST(an_answer_to_our_email_joins_the_im_that_it_began),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
