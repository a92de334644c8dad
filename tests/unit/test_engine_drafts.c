/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drafts in the Drafts folder: replaced and not piled up, and gone when the draft is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_mail.h"
#include "src/mime/secure.h"
#include "src/engine/sync_private.h"
#include "src/store/draft_copy.h"
#include "tests/unit/engine_stage.h"
#include "tests/unit/gpg_world.h"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnId conversation;
} Stage;

static void start(Stage *stage)
{
	stage->engine = sn_stage_start(stage->bench);
}

static int set_up_with(void **state, const char *settings)
{
	Stage *stage = g_new0(Stage, 1);
	SnId address;
	g_autoptr(SnAddress) bob = NULL;

	stage->bench = sn_bench_new(STAGE_ONLY_MAIL, settings, SN_STORE_CLIENT);
	address = sn_address_intern(stage->bench->store, SN_CHANNEL_MAIL, "bob@work.example", "Bob", NULL);
	bob = sn_address_get(stage->bench->store, address);
	stage->conversation = sn_conversation_for_person(stage->bench->store, bob->person, NULL);
	assert_true(stage->conversation != 0);
	/* the folder is there before anything is written */
	sn_fake_mail_put("alice", "Drafts", "From: alice@example.test\r\nMessage-ID: <other@machine>\r\n\r\nx\r\n",
	                 SN_MAIL_DRAFT);
	*state = stage;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, NULL);
}

static int set_up_without(void **state)
{
	return set_up_with(state, "[mail]\nserver-drafts = false\n");
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_mail_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

/* As the composer saves it, a while ago. */
static void type(Stage *stage, const char *body, SnReplyMode mode)
{
	SnDraft *draft = sn_draft_new(stage->conversation);
	g_autoptr(GError) error = NULL;
	static SnTime before;

	g_free(draft->body);
	draft->body = g_strdup(body);
	draft->mode = mode;
	draft->subject = g_strdup("The rope");
	draft->cc = g_strdup("Carol <carol@example.test>, half ty");
	draft->bcc = g_strdup("dora@example.test");
	draft->updated = MAX(sn_clock_now(NULL) - SN_MINUTE, before + 1);
	before = draft->updated;
	if (!sn_draft_save(stage->bench->store, draft, &error))
		fail_msg("%s", error->message);
	sn_draft_free(draft);
}

/* The one draft on the server that is ours; NULL when there is none, or several. Caller frees. */
static char *copy_there(guint *flags)
{
	char *text = NULL;

	for (guint i = 0; i < sn_fake_mail_count("alice", "Drafts"); i++) {
		g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "Drafts", i, flags, NULL);
		g_autofree char *one = g_strndup(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
		if (strstr(one, "other@machine"))
			continue;
		if (text) {
			g_free(text);
			return NULL;
		}
		text = g_steal_pointer(&one);
	}
	return text;
}

/* data: a text that the only copy holds; NULL: there is none. */
static gboolean lies_there(SnBench *bench, gpointer data)
{
	g_autofree char *text = copy_there(NULL);
	g_autoptr(GPtrArray) stale = sn_draft_stale_list(bench->store, 1);

	if (stale->len)
		return FALSE;
	return data ? text && strstr(text, data) : sn_fake_mail_count("alice", "Drafts") == 1;
}

static void a_draft_is_kept_as_an_email(void **state)
{
	Stage *stage = *state;
	guint flags = 0;

	type(stage, "Half a sen", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "Half a sen"));
	g_autofree char *text = copy_there(&flags);
	assert_true(flags & SN_MAIL_DRAFT);
	assert_true(flags & SN_MAIL_SEEN);
	assert_non_null(strstr(text, "From: Alice <alice@example.test>\r\n"));
	assert_non_null(strstr(text, "To: Bob <bob@work.example>\r\n"));
	assert_non_null(strstr(text, "Cc: Carol <carol@example.test>\r\n"));
	assert_non_null(strstr(text, "Bcc: dora@example.test\r\n"));
	assert_non_null(strstr(text, "Subject: The rope\r\n"));
}

static void a_new_version_replaces_the_one_before(void **state)
{
	Stage *stage = *state;

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	for (int i = 0; i < 3; i++) {
		g_autofree char *body = g_strdup_printf("Version %d", i);
		type(stage, body, SN_MODE_MAIL);
		assert_true(sn_bench_wait(stage->bench, lies_there, body));
	}
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 2);
}

static void it_goes_when_the_draft_goes(void **state)
{
	Stage *stage = *state;

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	assert_true(sn_draft_delete(stage->bench->store, stage->conversation, NULL));
	assert_true(sn_bench_wait(stage->bench, lies_there, NULL));
}

static void it_goes_when_the_email_is_sent(void **state)
{
	Stage *stage = *state;
	g_autoptr(SnMessage) to = sn_message_new();

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	sn_message_add_party(to, SN_ROLE_TO, "bob@work.example", NULL);
	SnOutboxNew entry = { .conversation = stage->conversation, .channel = SN_CHANNEL_MAIL,
		              .account = sn_account_find(stage->bench->store, "home"),
		              .from = "alice@example.test", .recipients = to->parties,
		              .subject = "The rope", .body = "First", .state = SN_STATE_QUEUED };
	assert_true(sn_outbox_queue(stage->bench->store, &entry, TRUE, NULL) != 0);
	assert_true(sn_bench_wait(stage->bench, lies_there, NULL));
}

static void an_im_draft_is_not_for_the_mail_server(void **state)
{
	Stage *stage = *state;

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	type(stage, "By IM now", SN_MODE_IM);
	assert_true(sn_bench_wait(stage->bench, lies_there, NULL));
}

static void what_is_written_off_line_goes_there_later(void **state)
{
	Stage *stage = *state;

	sn_fake_mail_line("alice", SN_LINE_OFFLINE, SN_ERROR_NETWORK);
	type(stage, "On the train", SN_MODE_MAIL);
	start(stage);
	type(stage, "Still on the train", SN_MODE_MAIL);
	sn_engine_stop(&stage->engine);
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 1);
	sn_fake_mail_line("alice", SN_LINE_ONLINE, SN_ERROR_NETWORK);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "Still on the train"));
}

#define LOST                                                                                  \
	"From: alice@example.test\r\nTo: bob@work.example\r\nSubject: The rope\r\n"            \
	"Message-ID: <lost@example.test>\r\n\r\n"

/*
 * What the engine has written down when it dies: before the server has answered, or after. The folder
 * has not been looked at since. What the server has is put there by the caller.
 */
static void put_and_die(Stage *stage, const char *id, gboolean answered)
{
	SnStore *store = stage->bench->store;
	g_autoptr(SnDraft) draft = sn_draft_load(store, stage->conversation);
	g_autofree char *own_id = g_strdup(id);
	SnDraftCopy next = { .conversation = stage->conversation, .next_id = own_id,
		             .account = sn_account_find(store, "home"), .updated = draft->updated };
	g_autoptr(GBytes) raw = g_bytes_new_static(LOST "First\r\n", strlen(LOST "First\r\n"));

	assert_true(sn_draft_copy_begin(store, &next, raw, NULL));
	if (answered)
		assert_true(sn_draft_copy_done(store, stage->conversation, 7, NULL));
}

/* The engine died after the server had it and before that was written down. */
static void a_copy_that_a_crash_left_is_taken_away(void **state)
{
	Stage *stage = *state;

	type(stage, "First", SN_MODE_MAIL);
	put_and_die(stage, "lost@example.test", FALSE);
	sn_fake_mail_put("alice", "Drafts", LOST "First\r\n", SN_MAIL_DRAFT);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "The rope"));
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 2);
}

/* The same, and nothing else lies there. */
static gboolean lies_alone(SnBench *bench, gpointer data)
{
	return sn_fake_mail_count("alice", "Drafts") == 1 && lies_there(bench, data);
}

static void a_draft_of_another_program_is_replaced_when_it_is_continued(void **state)
{
	Stage *stage = *state;
	SnId account = sn_account_find(stage->bench->store, "home");

	type(stage, "Continued", SN_MODE_MAIL);
	assert_true(sn_draft_copy_adopt(stage->bench->store, stage->conversation, account,
	                                "other@machine", NULL));
	assert_int_equal(sn_draft_copy_find(stage->bench->store, "other@machine"), stage->conversation);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_alone, (gpointer) "Continued"));
}

static void a_refused_version_loses_nothing(void **state)
{
	Stage *stage = *state;

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	sn_fake_mail_fail("alice", SN_MAIL_REQ_APPEND, SN_ERROR_LIMIT, 1);
	type(stage, "Too much", SN_MODE_MAIL);
	/* the one before stays until there is a new one */
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	g_autoptr(SnDraft) draft = sn_draft_load(stage->bench->store, stage->conversation);
	assert_string_equal(draft->body, "Too much");
}

/* ---- another program at the same draft ---- */

/* It saves what lies there anew, as neomutt does: under the same Message-ID, and the one before goes. */
static void edit_elsewhere(const char *more)
{
	for (guint i = 0; i < sn_fake_mail_count("alice", "Drafts"); i++) {
		guint32 uid = 0;
		g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "Drafts", i, NULL, &uid);
		g_autofree char *one = g_strndup(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
		if (strstr(one, "other@machine"))
			continue;
		g_autofree char *edited = g_strconcat(one, more, "\r\n", NULL);
		sn_fake_mail_put("alice", "Drafts", edited, SN_MAIL_DRAFT);
		sn_fake_mail_remove("alice", "Drafts", uid);
		return;
	}
	fail_msg("there is no draft of ours");
}

/* The engine knows of the copy, and has seen it lie there. */
static gboolean is_noted(SnBench *bench, gpointer data)
{
	const Stage *stage = data;
	g_autoptr(SnDraftCopy) copy = sn_draft_copy_get(bench->store, stage->conversation);

	return copy && copy->message_id && !copy->next_id && copy->updated == copy->drafted &&
	       sn_message_find_mail(bench->store, copy->message_id);
}

static gboolean says(SnBench *bench, gpointer data)
{
	const char *const *what = data;
	SnId id = sn_message_find_mail(bench->store, what[0]);
	g_autoptr(SnMessage) message = id ? sn_message_get(bench->store, id, SN_MESSAGE_FULL) : NULL;

	return message && message->body && strstr(message->body, what[1]);
}

static void what_another_program_made_of_it_counts(void **state)
{
	Stage *stage = *state;
	const char *what[] = { NULL, "and more" };

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	assert_true(sn_bench_wait(stage->bench, is_noted, stage));
	sn_engine_stop(&stage->engine);
	g_autoptr(SnDraftCopy) copy = sn_draft_copy_get(stage->bench->store, stage->conversation);
	what[0] = copy->message_id;
	edit_elsewhere("and more");
	start(stage);
	assert_true(sn_bench_wait(stage->bench, says, what));
	/* there is one draft, which is continued with what it says now */
	assert_null(sn_draft_load(stage->bench->store, stage->conversation));
	assert_int_equal(sn_draft_copy_find(stage->bench->store, copy->message_id), 0);
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 2);
}

static gboolean both_are_there(SnBench *bench, gpointer data)
{
	gboolean here = FALSE, elsewhere = FALSE;

	for (guint i = 0; i < sn_fake_mail_count("alice", "Drafts"); i++) {
		g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "Drafts", i, NULL, NULL);
		g_autofree char *one = g_strndup(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
		here |= strstr(one, "Typed on here") != NULL;
		elsewhere |= strstr(one, "and more") != NULL;
	}
	return here && elsewhere && sn_fake_mail_count("alice", "Drafts") == 3;
}

static void what_was_typed_in_both_places_is_kept_twice(void **state)
{
	Stage *stage = *state;
	const char *what[] = { NULL, "and more" };

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	assert_true(sn_bench_wait(stage->bench, is_noted, stage));
	sn_engine_stop(&stage->engine);
	g_autoptr(SnDraftCopy) copy = sn_draft_copy_get(stage->bench->store, stage->conversation);
	what[0] = copy->message_id;
	edit_elsewhere("and more");
	SnDraft *draft = sn_draft_load(stage->bench->store, stage->conversation);
	g_free(draft->body);
	draft->body = g_strdup("Typed on here");
	draft->updated = sn_clock_now(NULL) - 2 * SN_SECOND; /* it goes a little after what is there was seen */
	assert_true(sn_draft_save(stage->bench->store, draft, NULL));
	sn_draft_free(draft);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, says, what));
	assert_true(sn_bench_wait(stage->bench, both_are_there, NULL));
}

static gboolean nothing_is_to_go(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) stale = sn_draft_stale_list(bench->store, 1);

	return stale->len == 0;
}

/* Another program saved it again before it was ever seen here. */
static void what_was_changed_unseen_counts(Stage *stage, gboolean answered)
{
	const char *what[] = { "lost@example.test", "and more" };

	type(stage, "First", SN_MODE_MAIL);
	put_and_die(stage, what[0], answered);
	sn_fake_mail_put("alice", "Drafts", LOST "First and more\r\n", SN_MAIL_DRAFT);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, says, what));
	sn_engine_settle(stage->engine, 60000, NULL);
	assert_null(sn_draft_load(stage->bench->store, stage->conversation));
	assert_null(sn_draft_copy_get(stage->bench->store, stage->conversation));
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 2);
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_DELETE), 0);
}

static void what_was_changed_before_it_was_seen_counts(void **state)
{
	what_was_changed_unseen_counts(*state, TRUE);
}

static void what_was_changed_before_the_server_answered_counts(void **state)
{
	what_was_changed_unseen_counts(*state, FALSE);
}

static void what_was_changed_unseen_is_kept_twice(Stage *stage, gboolean answered)
{
	const char *what[] = { "lost@example.test", "and more" };

	type(stage, "First", SN_MODE_MAIL);
	put_and_die(stage, what[0], answered);
	sn_fake_mail_put("alice", "Drafts", LOST "First and more\r\n", SN_MAIL_DRAFT);
	type(stage, "Typed on here", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, says, what));
	assert_true(sn_bench_wait(stage->bench, both_are_there, NULL));
	g_autoptr(SnDraft) draft = sn_draft_load(stage->bench->store, stage->conversation);
	assert_string_equal(draft->body, "Typed on here");
}

static void what_was_typed_on_meanwhile_is_kept_beside_it(void **state)
{
	what_was_changed_unseen_is_kept_twice(*state, TRUE);
}

static void so_it_is_when_the_server_had_not_answered(void **state)
{
	what_was_changed_unseen_is_kept_twice(*state, FALSE);
}

/* Some servers write an email anew; by its place it is known nevertheless. */
static void what_the_server_rewrites_is_still_ours(void **state)
{
	Stage *stage = *state;
	SnStore *store = stage->bench->store;
	g_autoptr(GBytes) rewritten = g_bytes_new_static("X: 1\r\n\r\nFirst", 14);

	type(stage, "First", SN_MODE_MAIL);
	put_and_die(stage, "lost@example.test", TRUE);
	assert_true(sn_draft_copy_seen(store, sn_account_find(store, "home"), "lost@example.test", 7,
	                               rewritten, NULL));
	g_autoptr(SnDraftCopy) copy = sn_draft_copy_get(store, stage->conversation);
	assert_string_equal(copy->message_id, "lost@example.test");
	assert_int_equal(copy->updated, copy->drafted);
}

/* A version that appears there while ours is about to go stays. */
static void only_our_own_version_is_taken_away(void **state)
{
	Stage *stage = *state;
	g_autoptr(GPtrArray) stale = NULL;

	type(stage, "First", SN_MODE_MAIL);
	put_and_die(stage, "lost@example.test", TRUE);
	assert_true(sn_draft_copy_drop(stage->bench->store, stage->conversation, NULL));
	stale = sn_draft_stale_list(stage->bench->store, 1);
	assert_int_equal(stale->len, 1);
	assert_int_equal(((SnDraftStale *)stale->pdata[0])->uid, 7);
	assert_true(sn_draft_delete(stage->bench->store, stage->conversation, NULL));
	sn_fake_mail_put("alice", "Drafts", LOST "First and more\r\n", SN_MAIL_DRAFT);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, nothing_is_to_go, NULL));
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 2);
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_DELETE), 0);
}

static void what_another_program_deleted_is_still_here(void **state)
{
	Stage *stage = *state;

	type(stage, "First", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First"));
	for (guint i = 0; i < sn_fake_mail_count("alice", "Drafts"); i++) {
		guint32 uid = 0;
		g_autoptr(GBytes) raw = sn_fake_mail_get("alice", "Drafts", i, NULL, &uid);
		if (!g_strstr_len(g_bytes_get_data(raw, NULL), (gssize)g_bytes_get_size(raw), "other@machine"))
			sn_fake_mail_remove("alice", "Drafts", uid);
	}
	g_autoptr(SnDraft) draft = sn_draft_load(stage->bench->store, stage->conversation);
	assert_string_equal(draft->body, "First");
	/* and is there again once it is typed on */
	type(stage, "First, and second", SN_MODE_MAIL);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "First, and second"));
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 2);
}

/* ---- what is to go encrypted ---- */

static GpgWorld *keys;

static int set_up_keys(void **state)
{
	g_autofree char *settings = NULL;

	keys = gpg_world_new(FALSE);
	settings = g_strdup_printf("[crypto]\ngnupg-home = %s\n", keys ? keys->alice : "/nonexistent");
	return set_up_with(state, settings);
}

static int set_up_no_keys(void **state)
{
	return set_up_with(state, "[crypto]\ngnupg-home = /nonexistent\n");
}

static int tear_down_keys(void **state)
{
	g_clear_pointer(&keys, gpg_world_free);
	return tear_down(state);
}

static void encrypt_draft(Stage *stage, SnEncrypt encrypt)
{
	g_autoptr(SnDraft) draft = sn_draft_load(stage->bench->store, stage->conversation);

	draft->terms.encrypt = encrypt;
	draft->updated++;
	assert_true(sn_draft_save(stage->bench->store, draft, NULL));
}

static void what_is_to_go_encrypted_lies_there_encrypted(void **state)
{
	Stage *stage = *state;
	guint flags;

	if (!keys)
		skip();
	type(stage, "Under the mat", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "Under the mat"));
	encrypt_draft(stage, SN_ENCRYPT_REQUIRED);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "multipart/encrypted"));
	g_autofree char *text = copy_there(&flags);
	assert_null(strstr(text, "mat"));
	assert_null(strstr(text, "The rope"));
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
	SnGpg gpg = { .home = keys->alice };
	g_autoptr(SnOpened) opened = sn_mail_open(raw, &gpg, FALSE);
	assert_true(opened->encrypted);
	assert_string_equal(((SnOpenedPart *)opened->parts->pdata[0])->text, "Under the mat");
	assert_string_equal(opened->subject, "The rope");
	/* and nobody else can read it */
	SnGpg others = { .home = keys->others };
	g_autoptr(SnOpened) closed = sn_mail_open(raw, &others, FALSE);
	assert_false(closed->encrypted);
}

static void without_a_key_it_is_kept_here_only(void **state)
{
	Stage *stage = *state;

	type(stage, "Under the mat", SN_MODE_MAIL);
	start(stage);
	assert_true(sn_bench_wait(stage->bench, lies_there, (gpointer) "Under the mat"));
	encrypt_draft(stage, SN_ENCRYPT_IF_POSSIBLE);
	assert_true(sn_bench_wait(stage->bench, lies_there, NULL));
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND), 1);
}

static void it_can_be_switched_off(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	type(stage, "Private", SN_MODE_MAIL);
	start(stage);
	sn_engine_settle(stage->engine, 60000, &error);
	g_assert_no_error(error);
	assert_int_equal(sn_fake_mail_count("alice", "Drafts"), 1);
	assert_int_equal(sn_fake_mail_requests("alice", SN_MAIL_REQ_APPEND), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_draft_is_kept_as_an_email),
		T(a_new_version_replaces_the_one_before),
		T(it_goes_when_the_draft_goes),
		T(it_goes_when_the_email_is_sent),
		T(an_im_draft_is_not_for_the_mail_server),
		T(what_is_written_off_line_goes_there_later),
		T(a_copy_that_a_crash_left_is_taken_away),
		T(a_draft_of_another_program_is_replaced_when_it_is_continued),
		cmocka_unit_test_setup_teardown(what_is_to_go_encrypted_lies_there_encrypted, set_up_keys,
		                                tear_down_keys),
		cmocka_unit_test_setup_teardown(without_a_key_it_is_kept_here_only, set_up_no_keys,
		                                tear_down),
		T(a_refused_version_loses_nothing),
		T(what_another_program_made_of_it_counts),
		T(what_was_typed_in_both_places_is_kept_twice),
		T(what_was_changed_before_it_was_seen_counts),
		T(what_was_changed_before_the_server_answered_counts),
		T(what_was_typed_on_meanwhile_is_kept_beside_it),
		T(so_it_is_when_the_server_had_not_answered),
		T(what_the_server_rewrites_is_still_ours),
		T(only_our_own_version_is_taken_away),
		T(what_another_program_deleted_is_still_here),
		cmocka_unit_test_setup_teardown(it_can_be_switched_off, set_up_without, tear_down),
#undef T
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
