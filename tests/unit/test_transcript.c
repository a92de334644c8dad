/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transcripts of IMs with a mail server in memory: what goes in, what is believed, what is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "backends/fake/fake_mail.h"
#include "src/mime/mail.h"
#include "src/store/transcript.h"
#include "tests/unit/engine_bench.h"

#define OWN "alice@example.test"
#define BOB "bob@example.org"
#define ACCOUNT                                                                                \
	"[home]\nfrom = Alice Liddell <alice@example.test>\n"                                  \
	"source = imaps://alice@example.test\nim = xmpp://alice@example.test\n"                \
	"password-command = echo secret\n"
#define DAY ((SnTime)1795132800000) /* 20 November 2026, 00:00 UTC */
#define SOON "[im]\ntranscript-idle = 0s\n"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
} Stage;

static const SnMailSourceOps *fake_source(GError **error)
{
	return &sn_fake_mail_ops;
}

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static void open_with(Stage *stage, const char *extra, const char *settings)
{
	g_autofree char *accounts = g_strconcat(ACCOUNT, extra, NULL);
	g_autofree char *all = g_strconcat(SOON, settings, NULL);

	stage->bench = sn_bench_new(accounts, all, SN_STORE_CLIENT);
}

static void run(Stage *stage)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .imap = fake_source, .im = fake_im },
		.random_seed = 1,
	};

	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(stage->engine, 60000, &error);
	g_assert_no_error(error);
}

static void close_all(Stage *stage)
{
	sn_engine_stop(&stage->engine);
	if (stage->bench)
		sn_bench_free(stage->bench);
	stage->bench = NULL;
}

static int set_up(void **state)
{
	*state = g_new0(Stage, 1);
	sn_fake_im_prepare(OWN, sn_fake_im_accept, NULL, TRUE);
	return 0;
}

static int tear_down(void **state)
{
	close_all(*state);
	sn_fake_mail_reset();
	sn_fake_im_reset();
	g_free(*state);
	return 0;
}

typedef struct {
	const char *id, *body;
	gboolean out, encrypted;
	SnState state; /* of one that goes out; 0: accepted */
	SnTime time;   /* since the day began */
} Im;

static void say(Stage *stage, const Im *im)
{
	SnStore *store = stage->bench->store;
	g_autoptr(SnMessage) message = sn_message_new();
	g_autoptr(GError) error = NULL;
	SnAddResult result;

	message->account = sn_account_find(store, "home");
	message->channel = SN_CHANNEL_IM;
	message->direction = im->out ? SN_OUT : SN_IN;
	message->state = !im->out ? SN_STATE_RECEIVED : im->state ? im->state : SN_STATE_ACCEPTED;
	message->time = DAY + im->time;
	message->origin_id = g_strdup(im->id);
	message->body = g_strdup(im->body);
	message->encrypted = im->encrypted;
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, im->out ? OWN : BOB, NULL, &error);
	sn_message_add_party(message, SN_ROLE_FROM, im->out ? OWN : BOB, NULL);
	sn_message_add_party(message, SN_ROLE_TO, im->out ? BOB : OWN, NULL);
	sn_message_add(store, message, NULL, NULL, &result, &error);
	g_assert_no_error(error);
}

static guint versions(void)
{
	return sn_fake_mail_count("alice", "Chats");
}

/* The index-th version, read as another program would. */
static SnMail *version(guint index)
{
	g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "Chats", index, NULL, NULL);

	assert_non_null(raw);
	return sn_mail_parse(raw, NULL, NULL);
}

static char *bytes_of_version(guint index)
{
	g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "Chats", index, NULL, NULL);

	return g_strndup(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
}

/* IMs that count as received or sent, not as told by an email. */
static guint ims_here(Stage *stage)
{
	g_autoptr(SnQuery) query = sn_query_parse("via:im", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(stage->bench->store, query, 0, 0, 100, 0, NULL);

	guint live = 0;
	for (guint i = 0; i < found->len; i++)
		live += !((SnMessage *)found->pdata[i])->carried;
	return live;
}

static const Im talk[] = {
	{ "a-1", "Shall we?", TRUE, FALSE, 0, 10 * SN_HOUR },
	{ "b-1", "Why not", FALSE, FALSE, 0, 10 * SN_HOUR + SN_MINUTE },
};

static void talk_of_two(Stage *stage)
{
	for (gsize i = 0; i < G_N_ELEMENTS(talk); i++)
		say(stage, &talk[i]);
}

/* ---- what goes in ---- */

static void it_is_off_unless_a_folder_is_named(void **state)
{
	Stage *stage = *state;

	open_with(stage, "", NULL);
	talk_of_two(stage);
	run(stage);
	assert_int_equal(versions(), 0);
}

static void a_day_becomes_one_email(void **state)
{
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	run(stage);
	assert_int_equal(versions(), 1);
	g_autoptr(SnMail) mail = version(0);
	assert_string_equal(mail->subject, "Chat with " BOB ", 20 November 2026");
	assert_true(g_str_has_prefix(mail->message_id, "chat.2026-11-20."));
	assert_int_equal(mail->date, DAY + talk[1].time);
	assert_string_equal(mail->chat, OWN " " BOB " 2026-11-20");
	assert_non_null(strstr(mail->text, "Alice Liddell: Shall we?"));
	assert_non_null(strstr(mail->text, BOB ": Why not"));
	assert_int_equal(mail->carried->len, 2);
	/* nobody's email address is made up from an IM address */
	for (guint i = 0; i < mail->addresses->len; i++)
		assert_string_equal(((SnMailAddress *)mail->addresses->pdata[i])->address, OWN);
	/* and nothing is written again at the next start */
	close_all(stage);
}

static void other_days_are_other_emails_and_days_grow(void **state)
{
	static const Im more[] = {
		{ "b-2", "still there?", FALSE, FALSE, 0, 23 * SN_HOUR },
		{ "b-3", "good morning", FALSE, FALSE, 0, SN_DAY + SN_HOUR },
	};
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	run(stage);
	g_autoptr(SnMail) first = version(0);
	sn_engine_stop(&stage->engine);
	say(stage, &more[0]);
	say(stage, &more[1]);
	run(stage);
	assert_int_equal(versions(), 2);
	g_autoptr(SnMail) one = version(0);
	g_autoptr(SnMail) two = version(1);
	gboolean grown_first = one->carried->len == 3;
	const SnMail *grown = grown_first ? one : two, *next_day = grown_first ? two : one;
	assert_string_equal(grown->message_id, first->message_id);
	assert_int_equal(grown->carried->len, 3);
	assert_string_not_equal(next_day->message_id, grown->message_id);
	assert_int_equal(next_day->carried->len, 1);
	/* nothing new: nothing is written */
	guint before = sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND);
	sn_engine_stop(&stage->engine);
	run(stage);
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND), before);
}

static void only_what_went_or_came_is_written(void **state)
{
	static const Im others[] = {
		{ "a-q", "waits", TRUE, FALSE, SN_STATE_WAITING, SN_HOUR },
		{ "a-f", "failed", TRUE, FALSE, SN_STATE_FAILED, SN_HOUR },
		{ "a-c", "converted", TRUE, FALSE, SN_STATE_CONVERTED, SN_HOUR },
		{ "b-e", "a secret", FALSE, TRUE, 0, SN_HOUR },
	};
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		say(stage, &others[i]);
	run(stage);
	g_autoptr(SnMail) mail = version(0);
	assert_int_equal(mail->carried->len, 2);
	assert_null(strstr(mail->text, "secret"));
}

static void encrypted_ims_go_in_only_when_told_to(void **state)
{
	static const Im secret = { "b-e", "a secret", FALSE, TRUE, 0, SN_HOUR };
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	say(stage, &secret);
	run(stage);
	assert_int_equal(versions(), 0);
	close_all(stage);
	sn_fake_mail_reset();
	open_with(stage, "chat-folder = Chats\n", "transcript-encrypted = true\n");
	say(stage, &secret);
	run(stage);
	assert_int_equal(versions(), 1);
}

/* ---- two machines ---- */

static void what_another_machine_wrote_is_read_and_not_written_again(void **state)
{
	static const Im own = { "b-9", "only here", FALSE, FALSE, 0, 11 * SN_HOUR };
	Stage *stage = *state;
	Stage other = { 0 };

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	run(stage);
	sn_engine_stop(&stage->engine);
	open_with(&other, "chat-folder = Chats\n", NULL);
	run(&other);
	assert_int_equal(ims_here(&other), 2);
	assert_int_equal(versions(), 1);
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND), 1);
	/* as live IMs that were read, not as told ones, and the email is nowhere to be seen */
	SnId id = sn_message_find_im(other.bench->store, "b-1", BOB);
	g_autoptr(SnMessage) im = sn_bench_message(other.bench, id);
	assert_false(im->carried);
	assert_int_equal(im->direction, SN_IN);
	assert_int_equal(im->time, DAY + talk[1].time);
	g_autoptr(GPtrArray) list = sn_conversation_page(other.bench->store, NULL, FALSE, NULL, 9);
	assert_int_equal(list->len, 1);
	assert_int_equal(((SnConversation *)list->pdata[0])->unread, 0);
	g_autoptr(SnQuery) query = sn_query_parse("Shall via:mail", NULL, NULL);
	g_autoptr(GPtrArray) mails =
		sn_message_search(other.bench->store, query, 0, 0, 9, 0, NULL);
	assert_int_equal(mails->len, 0);
	/* each has something the other lacks: in the end one version has it all */
	sn_engine_stop(&other.engine);
	say(&other, &own);
	run(&other);
	assert_int_equal(versions(), 1);
	g_autoptr(SnMail) all = version(0);
	assert_int_equal(all->carried->len, 3);
	close_all(&other);
}

static void of_two_that_say_the_same_the_older_stays(void **state)
{
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	run(stage);
	g_autofree char *raw = bytes_of_version(0);
	sn_engine_stop(&stage->engine);
	/* the other machine was as fast */
	sn_fake_mail_put("alice", "Chats", raw, SN_MAIL_SEEN);
	static const Im late = { "b-2", "and now?", FALSE, FALSE, 0, 10 * SN_HOUR };
	run(stage);
	/* Nothing new was said: it is looked at when something is. */
	sn_engine_stop(&stage->engine);
	say(stage, &late);
	run(stage);
	assert_int_equal(versions(), 1);
	g_autoptr(SnMail) mail = version(0);
	assert_int_equal(mail->carried->len, 3);
}

static void an_encrypted_im_that_is_in_stays_in(void **state)
{
	static const Im secret = { "b-e", "a secret", FALSE, TRUE, 0, SN_HOUR };
	static const Im more = { "b-2", "more", FALSE, FALSE, 0, 12 * SN_HOUR };
	Stage *stage = *state;
	Stage other = { 0 };

	open_with(stage, "chat-folder = Chats\n", "transcript-encrypted = true\n");
	talk_of_two(stage);
	say(stage, &secret);
	run(stage);
	sn_engine_stop(&stage->engine);
	open_with(&other, "chat-folder = Chats\n", NULL);
	run(&other);
	sn_engine_stop(&other.engine);
	say(&other, &more);
	run(&other);
	assert_int_equal(versions(), 1);
	g_autoptr(SnMail) mail = version(0);
	assert_int_equal(mail->carried->len, 4);
	close_all(&other);
}

/* ---- what is believed ---- */

static char *with(const char *raw, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(raw, from, -1);

	assert_non_null(parts[1]);
	return g_strjoinv(to, parts);
}

static void only_the_named_folder_and_the_own_account_are_believed(void **state)
{
	static const struct {
		const char *why, *from, *to;
	} changes[] = {
		{ "another own address", "Sennit-Chat: " OWN, "Sennit-Chat: carol@example.test" },
		{ "no day", " 2026-11-20\r\n", " someday\r\n" },
		{ "with oneself", "Sennit-Chat: " OWN " " BOB, "Sennit-Chat: " OWN " " OWN },
	};
	Stage *stage = *state;
	g_autofree char *raw = NULL;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	run(stage);
	raw = bytes_of_version(0);
	close_all(stage);
	for (gsize i = 0; i <= G_N_ELEMENTS(changes); i++) {
		Stage other = { 0 };
		gboolean inbox = i == G_N_ELEMENTS(changes);
		g_autofree char *changed =
			inbox ? g_strdup(raw) : with(raw, changes[i].from, changes[i].to);
		print_message("# %s\n", inbox ? "in the inbox" : changes[i].why);
		sn_fake_mail_reset();
		sn_fake_mail_put("alice", inbox ? "INBOX" : "Chats", changed, 0);
		open_with(&other, "chat-folder = Chats\n", NULL);
		run(&other);
		assert_int_equal(ims_here(&other), 0);
		close_all(&other);
	}
}

static void ims_of_other_days_or_people_are_left_out(void **state)
{
	Stage *stage = *state;
	Stage other = { 0 };

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	run(stage);
	g_autofree char *raw = bytes_of_version(0);
	close_all(stage);
	sn_fake_mail_reset();
	/* one IM moved to another day, one said by somebody else */
	g_autofree char *moved = with(raw, "DateTime: 2026-11-20T10:00:00", "DateTime: 2026-11-19T10:00:00");
	g_autofree char *foreign = with(moved, "<im:" BOB ">\r\nTo:", "<im:eve@example.org>\r\nTo:");
	sn_fake_mail_put("alice", "Chats", foreign, 0);
	open_with(&other, "chat-folder = Chats\n", NULL);
	run(&other);
	assert_int_equal(ims_here(&other), 0);
	close_all(&other);
}

/* ---- trouble ---- */

static void a_server_that_refuses_is_not_pestered(void **state)
{
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	sn_fake_mail_fail("alice", SN_MAIL_REQ_APPEND, SN_ERROR_PERMISSION, 100);
	run(stage);
	assert_int_equal(versions(), 0);
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND), 1);
	/* it stays due, and goes in once it may */
	SnTranscriptDay day;
	assert_true(sn_transcript_next(stage->bench->store,
	                               sn_account_find(stage->bench->store, "home"), &day));
}

static void a_lost_answer_does_not_double_it(void **state)
{
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	sn_fake_mail_fail("alice", SN_MAIL_REQ_APPEND, SN_ERROR_UNCERTAIN, 1);
	run(stage);
	assert_int_equal(versions(), 1);
}

static void what_cannot_be_read_is_not_deleted(void **state)
{
	static const Im more = { "b-2", "more", FALSE, FALSE, 0, 12 * SN_HOUR };
	Stage *stage = *state;

	open_with(stage, "chat-folder = Chats\n", NULL);
	talk_of_two(stage);
	run(stage);
	sn_engine_stop(&stage->engine);
	/* as of a version that was fetched only in part */
	SnStore *store = stage->bench->store;
	g_autoptr(SnMail) mail = version(0);
	g_autoptr(GPtrArray) folders = sn_folder_list(store, 0);
	SnId folder = 0;
	for (guint i = 0; i < folders->len; i++)
		if (g_str_equal(((SnFolder *)folders->pdata[i])->name, "Chats"))
			folder = ((SnFolder *)folders->pdata[i])->id;
	g_autoptr(GPtrArray) known = sn_transcript_list(store, folder, mail->message_id);
	assert_int_equal(known->len, 1);
	assert_true(sn_transcript_set(store, folder, ((SnTranscript *)known->pdata[0])->uid,
	                              mail->message_id, NULL, NULL));
	say(stage, &more);
	run(stage);
	assert_int_equal(versions(), 1);
	g_autoptr(SnMail) same = version(0);
	assert_int_equal(same->carried->len, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_off_unless_a_folder_is_named),
		TEST(a_day_becomes_one_email),
		TEST(other_days_are_other_emails_and_days_grow),
		TEST(only_what_went_or_came_is_written),
		TEST(encrypted_ims_go_in_only_when_told_to),
		TEST(what_another_machine_wrote_is_read_and_not_written_again),
		TEST(of_two_that_say_the_same_the_older_stays),
		TEST(an_encrypted_im_that_is_in_stays_in),
		TEST(only_the_named_folder_and_the_own_account_are_believed),
		TEST(ims_of_other_days_or_people_are_left_out),
		TEST(a_server_that_refuses_is_not_pestered),
		TEST(a_lost_answer_does_not_double_it),
		TEST(what_cannot_be_read_is_not_deleted),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
