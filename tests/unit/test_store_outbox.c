/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/base/ids.h"
#include "tests/lib/tmpstore.h"

#define JID "bob@chat.test"
#define MAIL "bob@example.test"

typedef struct {
	TmpStore *tmp;
	SnId hello;        /* the IM that began it */
	SnId conversation;
} Scene;

static int setup(void **state)
{
	Scene *scene = g_new0(Scene, 1);

	scene->tmp = tmpstore_new();
	scene->hello = tmpstore_im(scene->tmp, SN_IN, JID, "hello-1", "hello");
	g_autoptr(SnMessage) m = sn_message_get(scene->tmp->store, scene->hello, 0);
	scene->conversation = m->conversation;
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	Scene *scene = *state;

	tmpstore_free(scene->tmp);
	g_free(scene);
	return 0;
}

static SnId queue(Scene *scene, SnChannel channel, const char *body)
{
	g_autoptr(GError) error = NULL;
	SnOutboxNew new = tmpstore_entry(scene->tmp, scene->conversation, channel,
	                                 channel == SN_CHANNEL_IM ? JID : MAIL, body);

	new.reply_to = scene->hello;
	SnId id = sn_outbox_queue(scene->tmp->store, &new, FALSE, &error);
	g_ptr_array_unref(new.recipients);
	if (!id)
		fail_msg("%s", error->message);
	return id;
}

static SnOutboxEntry *entry_of(Scene *scene, SnId id)
{
	SnOutboxEntry *entry = sn_outbox_get(scene->tmp->store, id, SN_OUTBOX_FULL);

	assert_non_null(entry);
	return entry;
}

static gboolean change(Scene *scene, SnId id, SnState from, SnState to, GError **error)
{
	SnOutboxChange c = { .state = to, .what = sn_state_word(to), .attempts = -1, .step = -1 };

	return sn_outbox_change(scene->tmp->store, id, from, &c, error);
}

static void counters(Scene *scene, int *attention, int *pending)
{
	g_autoptr(SnConversation) row =
		sn_conversation_get(scene->tmp->store, scene->conversation);

	*attention = row->attention;
	*pending = row->pending;
}

/* ---- queueing ---- */

static void a_queued_im_is_in_the_timeline_with_all_it_needs(void **state)
{
	Scene *scene = *state;
	SnId id = queue(scene, SN_CHANNEL_IM, "hi Bob");
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	g_autoptr(SnMessage) m = sn_message_get(scene->tmp->store, e->message, SN_MESSAGE_FULL);

	assert_int_equal(e->state, SN_STATE_QUEUED);
	assert_int_equal(strlen(e->origin_id), 36);
	assert_null(e->message_id);
	assert_int_equal(e->reply_to, scene->hello);
	assert_string_equal(m->in_reply_to, "hello-1");
	assert_string_equal(m->origin_id, e->origin_id);
	assert_string_equal(m->body, "hi Bob");
	assert_int_equal(m->state, SN_STATE_QUEUED);
	assert_int_equal(m->outbox, id);
	assert_int_equal(m->conversation, scene->conversation);
	assert_int_equal(m->time, e->created);
	assert_int_equal(sn_outbox_find_origin(scene->tmp->store, e->origin_id), id);
	g_autoptr(GPtrArray) events = sn_outbox_events(scene->tmp->store, id);
	assert_int_equal(events->len, 1);
	assert_string_equal(((SnOutboxEvent *)events->pdata[0])->what, "queued");
}

static void a_queued_email_has_its_id_and_thread(void **state)
{
	Scene *scene = *state;
	SnId question = tmpstore_mail(scene->tmp, SN_IN, MAIL, "q@b", "Plans", "well?");
	g_autoptr(SnMessage) q = sn_message_get(scene->tmp->store, question, 0);
	SnOutboxNew new =
		tmpstore_entry(scene->tmp, q->conversation, SN_CHANNEL_MAIL, MAIL, "yes");

	new.reply_to = question;
	new.subject = "Re: Plans";
	SnId id = sn_outbox_queue(scene->tmp->store, &new, FALSE, NULL);
	g_ptr_array_unref(new.recipients);
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	assert_true(g_str_has_suffix(e->message_id, "@example.test"));
	assert_null(e->origin_id);
	assert_string_equal(e->thread, "q@b");
	assert_int_equal(sn_outbox_find_message_id(scene->tmp->store, e->message_id), id);
	g_autoptr(GPtrArray) thread = sn_message_thread(scene->tmp->store, "q@b", 10, 0);
	assert_int_equal(thread->len, 2);
	SnId root = queue(scene, SN_CHANNEL_MAIL, "of its own");
	g_autoptr(SnOutboxEntry) other = entry_of(scene, root);
	assert_string_equal(other->thread, other->message_id ? other->thread : "");
}

static void attachments_outlive_their_files(void **state)
{
	Scene *scene = *state;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(scene->tmp->directory, "plan.txt", NULL);
	SnOutboxNew new =
		tmpstore_entry(scene->tmp, scene->conversation, SN_CHANNEL_IM, JID, "");
	SnAttachment file = { .path = path, .type = (char *)"text/plain" };
	GArray *history = g_array_new(FALSE, FALSE, sizeof(SnId));

	assert_true(g_file_set_contents(path, "the plan", -1, NULL));
	new.attachments = g_ptr_array_new();
	g_ptr_array_add(new.attachments, &file);
	g_array_append_val(history, scene->hello);
	new.history = history;
	new.history_attachments = TRUE;
	SnId id = sn_outbox_queue(scene->tmp->store, &new, FALSE, &error);
	assert_true(id > 0);
	g_unlink(path);
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	const SnAttachment *kept = e->attachments->pdata[0];
	assert_null(kept->path);
	assert_string_equal(kept->name, "plan.txt");
	assert_string_equal(kept->type, "text/plain");
	assert_int_equal(kept->size, 8);
	g_autoptr(GBytes) bytes =
		sn_outbox_attachment_bytes(scene->tmp->store, kept->sha256, &error);
	assert_memory_equal(g_bytes_get_data(bytes, NULL), "the plan", 8);
	assert_int_equal(e->history->len, 1);
	assert_true(e->history_attachments);
	g_autoptr(SnMessage) m = sn_message_get(scene->tmp->store, e->message, SN_MESSAGE_FULL);
	assert_int_equal(m->attachments, 1);

	/* the file is gone: nothing is queued, and the error says which */
	assert_int_equal(sn_outbox_queue(scene->tmp->store, &new, FALSE, &error), 0);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	assert_non_null(strstr(error->message, "plan.txt"));
	g_autoptr(GPtrArray) all =
		sn_outbox_list(scene->tmp->store, SN_OUTBOX_ALL, 0, 10, 0);
	assert_int_equal(all->len, 1);
	g_ptr_array_unref(new.attachments);
	g_ptr_array_unref(new.recipients);
	g_array_unref(history);
}

static void what_cannot_be_sent_is_not_queued(void **state)
{
	Scene *scene = *state;
	SnOutboxNew good =
		tmpstore_entry(scene->tmp, scene->conversation, SN_CHANNEL_IM, JID, "x");
	SnOutboxNew bad =
		tmpstore_entry(scene->tmp, scene->conversation, SN_CHANNEL_IM, "nobody", "x");
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	SnAttachment directory = { .path = scene->tmp->directory };
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	SnOutboxNew cases[5] = { bad, good, good, good, good };
	const SnErrorCode codes[] = { SN_ERROR_INVALID, SN_ERROR_INVALID, SN_ERROR_NOT_FOUND,
		                      SN_ERROR_NOT_FOUND, SN_ERROR_NOT_FOUND };

	g_ptr_array_add(files, &directory);
	cases[1].recipients = none;
	cases[2].conversation = 4711;
	cases[3].account = 4711;
	cases[4].attachments = files;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_int_equal(sn_outbox_queue(scene->tmp->store, &cases[i], TRUE, &error), 0);
		assert_true(g_error_matches(error, SN_ERROR, codes[i]));
		g_clear_error(&error);
	}
	g_autoptr(GPtrArray) page =
		sn_message_page(scene->tmp->store, scene->conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(page->len, 1);
	g_ptr_array_unref(good.recipients);
	g_ptr_array_unref(bad.recipients);
}

static void queueing_ends_the_draft(void **state)
{
	Scene *scene = *state;
	g_autoptr(SnDraft) draft = sn_draft_new(scene->conversation);
	SnOutboxNew new =
		tmpstore_entry(scene->tmp, scene->conversation, SN_CHANNEL_IM, JID, "x");

	assert_true(sn_draft_save(scene->tmp->store, draft, NULL));
	assert_true(sn_outbox_queue(scene->tmp->store, &new, FALSE, NULL) > 0);
	g_autoptr(SnDraft) still = sn_draft_load(scene->tmp->store, scene->conversation);
	assert_non_null(still);
	assert_true(sn_outbox_queue(scene->tmp->store, &new, TRUE, NULL) > 0);
	assert_null(sn_draft_load(scene->tmp->store, scene->conversation));
	g_ptr_array_unref(new.recipients);
}

static void the_sent_copy_is_the_same_message(void **state)
{
	Scene *scene = *state;
	SnId id = queue(scene, SN_CHANNEL_MAIL, "hi");
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	g_autoptr(GBytes) own = g_bytes_new_static("own bytes", 9);
	g_autoptr(GBytes) other = g_bytes_new_static("forged bytes", 12);
	g_autoptr(SnMessage) copy =
		tmpstore_mail_new(scene->tmp, SN_OUT, MAIL, e->message_id, "x", "forged text");
	SnAddResult result;

	assert_true(sn_message_set_raw(scene->tmp->store, e->message, own, NULL));
	assert_true(sn_message_add(scene->tmp->store, copy, NULL, other, &result, NULL));
	assert_int_equal(result, SN_DUPLICATE);
	assert_int_equal(copy->id, e->message);
	g_autoptr(SnMessage) m = sn_message_get(scene->tmp->store, e->message, SN_MESSAGE_FULL);
	assert_string_equal(m->body, "hi");
	g_autoptr(GBytes) raw = sn_message_raw(scene->tmp->store, e->message, NULL);
	assert_true(g_bytes_equal(raw, own));
}

/* ---- on the way ---- */

static void a_change_needs_the_state_it_expects(void **state)
{
	Scene *scene = *state;
	g_autoptr(GError) error = NULL;
	SnId id = queue(scene, SN_CHANNEL_IM, "x");
	SnOutboxChange c = { .state = SN_STATE_SENDING, .what = "sending", .detail = "to " JID,
		             .reason = "first try", .attempts = 1, .step = 2,
		             .quick_question = "quick-1", .next_try = 5, .expires = 9 };

	assert_true(sn_outbox_change(scene->tmp->store, id, SN_STATE_QUEUED, &c, &error));
	assert_false(sn_outbox_change(scene->tmp->store, id, SN_STATE_QUEUED, &c, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	g_clear_error(&error);
	assert_false(sn_outbox_change(scene->tmp->store, 4711, SN_STATE_QUEUED, &c, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	g_clear_error(&error);
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	assert_int_equal(e->state, SN_STATE_SENDING);
	assert_string_equal(e->reason, "first try");
	assert_int_equal(e->attempts, 1);
	assert_int_equal(e->step, 2);
	assert_int_equal(e->expires, 9);
	assert_int_equal(sn_outbox_find_question(scene->tmp->store, "quick-1"), id);
	g_autoptr(SnMessage) m = sn_message_get(scene->tmp->store, e->message, 0);
	assert_int_equal(m->state, SN_STATE_SENDING);
	assert_true(change(scene, id, SN_STATE_SENDING, SN_STATE_ACCEPTED, &error));
	g_autoptr(SnOutboxEntry) after = entry_of(scene, id);
	assert_null(after->reason);
	assert_int_equal(after->next_try, 0);
	assert_int_equal(after->attempts, 1);
	assert_string_equal(after->quick_question, "quick-1");
	g_autoptr(GPtrArray) events = sn_outbox_events(scene->tmp->store, id);
	assert_int_equal(events->len, 3);
	assert_string_equal(((SnOutboxEvent *)events->pdata[1])->detail, "to " JID);
}

static void two_writers_race_for_an_entry_and_one_wins(void **state)
{
	Scene *scene = *state;
	SnId id = queue(scene, SN_CHANNEL_IM, "x");
	SnStore *other = tmpstore_open(scene->tmp, SN_STORE_CLIENT);
	SnOutboxChange c = { .state = SN_STATE_CANCELLED, .what = "cancelled" };

	assert_true(change(scene, id, SN_STATE_QUEUED, SN_STATE_SENDING, NULL));
	assert_false(sn_outbox_change(other, id, SN_STATE_QUEUED, &c, NULL));
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	assert_int_equal(e->state, SN_STATE_SENDING);
	sn_store_close(other);
}

static void the_list_row_counts_what_is_on_its_way(void **state)
{
	Scene *scene = *state;
	static const struct {
		SnState state;
		int attention, pending;
	} steps[] = {
		{ SN_STATE_CHOOSING, 1, 0 }, { SN_STATE_WAITING, 0, 1 },  { SN_STATE_ASKED, 0, 1 },
		{ SN_STATE_QUEUED, 0, 1 },   { SN_STATE_SENDING, 0, 1 },  { SN_STATE_ACCEPTED, 0, 0 },
		{ SN_STATE_FAILED, 1, 0 },   { SN_STATE_QUEUED, 0, 1 },   { SN_STATE_CANCELLED, 0, 0 },
	};
	SnState at = SN_STATE_QUEUED;
	SnId id = queue(scene, SN_CHANNEL_IM, "x");
	int attention, pending;

	for (gsize i = 0; i < G_N_ELEMENTS(steps); at = steps[i++].state) {
		assert_true(change(scene, id, at, steps[i].state, NULL));
		counters(scene, &attention, &pending);
		if (attention != steps[i].attention || pending != steps[i].pending)
			fail_msg("%s: %d %d", sn_state_word(steps[i].state), attention, pending);
		g_autoptr(SnConversation) row =
			sn_conversation_get(scene->tmp->store, scene->conversation);
		assert_int_equal(row->last_state, steps[i].state);
	}
}

static void a_dismissed_failure_asks_no_more(void **state)
{
	Scene *scene = *state;
	SnId id = queue(scene, SN_CHANNEL_IM, "x");
	int attention, pending;

	assert_true(change(scene, id, SN_STATE_QUEUED, SN_STATE_FAILED, NULL));
	g_autoptr(GPtrArray) before =
		sn_outbox_list(scene->tmp->store, SN_OUTBOX_ATTENTION, 0, 10, 0);
	assert_int_equal(before->len, 1);
	assert_true(sn_outbox_dismiss(scene->tmp->store, id, NULL));
	g_autoptr(GPtrArray) after =
		sn_outbox_list(scene->tmp->store, SN_OUTBOX_ATTENTION, 0, 10, 0);
	assert_int_equal(after->len, 0);
	counters(scene, &attention, &pending);
	assert_int_equal(attention, 0);
	/* a second failure is a new one */
	assert_true(change(scene, id, SN_STATE_FAILED, SN_STATE_QUEUED, NULL));
	assert_true(change(scene, id, SN_STATE_QUEUED, SN_STATE_FAILED, NULL));
	counters(scene, &attention, &pending);
	assert_int_equal(attention, 1);
	assert_false(sn_outbox_dismiss(scene->tmp->store, 4711, NULL));
}

static void requests_are_taken_while_there_is_time(void **state)
{
	Scene *scene = *state;
	g_autoptr(GError) error = NULL;
	SnId id = queue(scene, SN_CHANNEL_IM, "x");
	SnOutboxChange c = { .state = SN_STATE_WAITING, .what = "waiting", .attempts = -1,
		             .step = -1, .next_try = scene->tmp->now + SN_HOUR,
		             .clear_request = TRUE };

	assert_true(sn_outbox_request(scene->tmp->store, id, SN_REQUEST_DEFER, &error));
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	assert_int_equal(e->request, SN_REQUEST_DEFER);
	assert_true(sn_outbox_change(scene->tmp->store, id, SN_STATE_QUEUED, &c, &error));
	g_autoptr(SnOutboxEntry) done = entry_of(scene, id);
	assert_int_equal(done->request, SN_REQUEST_NONE);
	assert_true(change(scene, id, SN_STATE_WAITING, SN_STATE_SENDING, &error));
	assert_false(sn_outbox_request(scene->tmp->store, id, SN_REQUEST_DEFER, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	g_clear_error(&error);
	assert_true(change(scene, id, SN_STATE_SENDING, SN_STATE_ACCEPTED, &error));
	assert_false(sn_outbox_request(scene->tmp->store, id, SN_REQUEST_CANCEL, &error));
	g_clear_error(&error);
	assert_false(sn_outbox_request(scene->tmp->store, 4711, SN_REQUEST_SEND, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void an_entry_can_be_edited_until_it_goes(void **state)
{
	Scene *scene = *state;
	g_autoptr(GError) error = NULL;
	SnId id = queue(scene, SN_CHANNEL_IM, "tpyo");

	assert_true(sn_outbox_edit(scene->tmp->store, id, "Subject", "typo", &error));
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	assert_string_equal(e->body, "typo");
	g_autoptr(SnMessage) m = sn_message_get(scene->tmp->store, e->message, SN_MESSAGE_FULL);
	assert_string_equal(m->body, "typo");
	assert_string_equal(m->preview, "typo");
	g_autoptr(SnConversation) row =
		sn_conversation_get(scene->tmp->store, scene->conversation);
	assert_string_equal(row->preview, "typo");
	g_autoptr(SnQuery) query = sn_query_parse("tpyo", NULL, NULL);
	g_autoptr(GPtrArray) found =
		sn_message_search(scene->tmp->store, query, 0, 0, 10, 0, &error);
	assert_int_equal(found->len, 0);
	assert_true(change(scene, id, SN_STATE_QUEUED, SN_STATE_SENDING, &error));
	assert_false(sn_outbox_edit(scene->tmp->store, id, NULL, "too late", &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
}

/* ---- what the engine looks for ---- */

static gboolean is_due(Scene *scene, SnId id)
{
	g_autoptr(GArray) due = sn_outbox_due(scene->tmp->store, scene->tmp->now);

	for (guint i = 0; i < due->len; i++)
		if (g_array_index(due, SnId, i) == id)
			return TRUE;
	return FALSE;
}

static void an_entry_keeps_its_terms(void **state)
{
	Scene *scene = *state;
	g_autoptr(GError) error = NULL;
	SnOutboxNew new = tmpstore_entry(scene->tmp, scene->conversation, SN_CHANNEL_IM, JID, "x");

	new.send_at = 5000;
	new.expires = 9000;
	new.when = SN_WHEN_ONLINE | SN_WHEN_NETWORK;
	new.then = SN_RULE_FAIL;
	new.encrypt = SN_ENCRYPT_REQUIRED;
	SnId id = sn_outbox_queue(scene->tmp->store, &new, FALSE, &error);
	g_ptr_array_unref(new.recipients);
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	assert_int_equal(e->send_at, 5000);
	assert_int_equal(e->expires, 9000);
	assert_int_equal(e->when, SN_WHEN_ONLINE | SN_WHEN_NETWORK);
	assert_int_equal(e->then, SN_RULE_FAIL);
	assert_int_equal(e->encrypt, SN_ENCRYPT_REQUIRED);
	/* only the user's word lets it go in the clear, and the journal has it */
	assert_true(sn_outbox_allow_plain(scene->tmp->store, id, &error));
	g_autoptr(SnOutboxEntry) plain = entry_of(scene, id);
	assert_int_equal(plain->encrypt, SN_ENCRYPT_NONE);
	g_autoptr(GPtrArray) events = sn_outbox_events(scene->tmp->store, id);
	assert_string_equal(((SnOutboxEvent *)events->pdata[events->len - 1])->what, "plain");
	assert_false(sn_outbox_allow_plain(scene->tmp->store, 4711, NULL));
	assert_true(change(scene, id, SN_STATE_QUEUED, SN_STATE_SENDING, NULL));
	assert_false(sn_outbox_allow_plain(scene->tmp->store, id, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
}

static void conditions_are_words(void **state)
{
	static const char *const bad[] = { "", " ", "onlin", "online;network", "dnd" };
	guint when;

	assert_true(sn_when_words_parse("online", &when, NULL));
	assert_int_equal(when, SN_WHEN_ONLINE);
	assert_true(sn_when_words_parse("network+not-dnd,available", &when, NULL));
	g_autofree char *words = sn_when_words(when);
	assert_string_equal(words, "available,not-dnd,network");
	g_autofree char *none = sn_when_words(0);
	assert_string_equal(none, "");
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		assert_false(sn_when_words_parse(bad[i], &when, &error));
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	}
	for (int i = SN_ENCRYPT_NONE; i <= SN_ENCRYPT_REQUIRED; i++) {
		SnEncrypt encrypt;
		assert_true(sn_encrypt_parse(sn_encrypt_word((SnEncrypt)i), &encrypt));
		assert_int_equal(encrypt, i);
	}
	assert_false(sn_encrypt_parse("maybe", &(SnEncrypt){ 0 }));
}

static void an_entry_is_taken_back_whole_or_not_at_all(void **state)
{
	Scene *scene = *state;
	SnStore *store = scene->tmp->store;
	static const struct {
		SnState state;
		gboolean possible;
	} cases[] = {
		{ SN_STATE_QUEUED, TRUE },     { SN_STATE_WAITING, TRUE },  { SN_STATE_CHOOSING, TRUE },
		{ SN_STATE_ASKED, TRUE },      { SN_STATE_FAILED, TRUE },   { SN_STATE_CANCELLED, TRUE },
		{ SN_STATE_SENDING, FALSE },   { SN_STATE_ACCEPTED, FALSE }, { SN_STATE_DELIVERED, FALSE },
		{ SN_STATE_CONVERTED, FALSE }, { SN_STATE_READ, FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		SnId id = queue(scene, SN_CHANNEL_MAIL, "take me back");
		if (cases[i].state != SN_STATE_QUEUED)
			assert_true(change(scene, id, SN_STATE_QUEUED, cases[i].state, NULL));
		g_autoptr(SnOutboxEntry) back = sn_outbox_take_back(store, id, &error);
		g_autoptr(SnOutboxEntry) now = entry_of(scene, id);
		assert_int_equal(back != NULL, cases[i].possible);
		if (back) {
			assert_string_equal(back->body, "take me back");
			assert_int_equal(back->recipients->len, 1);
			assert_int_equal(now->request, cases[i].state == SN_STATE_CANCELLED
			                                       ? SN_REQUEST_NONE : SN_REQUEST_CANCEL);
			continue;
		}
		assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
		assert_non_null(strstr(error->message, "too late"));
		assert_int_equal(now->request, SN_REQUEST_NONE);
	}
	assert_null(sn_outbox_take_back(store, 4711, NULL));
	/* the first of its stanzas has gone, the second waits for the line */
	SnId half = queue(scene, SN_CHANNEL_IM, "in two parts");
	SnOutboxChange c = { .state = SN_STATE_WAITING, .what = "x", .attempts = -1, .step = 1 };
	g_autoptr(GError) error = NULL;
	assert_true(sn_outbox_change(store, half, SN_STATE_QUEUED, &c, NULL));
	assert_null(sn_outbox_take_back(store, half, &error));
	assert_non_null(strstr(error->message, "a part"));
}

static void another_message_takes_the_place_of_one(void **state)
{
	Scene *scene = *state;
	SnId id = queue(scene, SN_CHANNEL_MAIL, "by email");
	SnOutboxNew new = tmpstore_entry(scene->tmp, scene->conversation, SN_CHANNEL_IM, JID, "by IM");
	g_autoptr(GError) error = NULL;

	SnId other = sn_outbox_replace(scene->tmp->store, id, &new, &error);
	assert_true(other > id);
	g_autoptr(SnOutboxEntry) old = entry_of(scene, id), next = entry_of(scene, other);
	assert_int_equal(old->request, SN_REQUEST_CANCEL);
	assert_string_equal(next->body, "by IM");
	/* it is no message of its own any more: nobody makes a second one of it */
	assert_null(sn_outbox_take_back(scene->tmp->store, id, &error));
	g_autofree char *as = g_strdup_printf("goes as entry %" G_GINT64_FORMAT, other);
	assert_non_null(strstr(error->message, as));
	g_clear_error(&error);
	/* too late: neither happens */
	assert_true(change(scene, other, SN_STATE_QUEUED, SN_STATE_SENDING, NULL));
	assert_int_equal(sn_outbox_replace(scene->tmp->store, other, &new, &error), 0);
	g_ptr_array_unref(new.recipients);
	g_autoptr(GPtrArray) all = sn_outbox_list(scene->tmp->store, SN_OUTBOX_ALL, 0, 10, 0);
	assert_int_equal(all->len, 2);
}

static void a_draft_can_hold_files_of_the_store(void **state)
{
	SnAttachment file = { .name = (char *)"a: odd, name.pdf", .type = (char *)"application/pdf",
		              .sha256 = (char *)"00ff" };
	g_autofree char *text = sn_attachment_held(&file);
	SnAttachment *back = sn_attachment_from_held(text);

	assert_string_equal(back->name, file.name);
	assert_string_equal(back->type, file.type);
	assert_string_equal(back->sha256, file.sha256);
	assert_null(back->path);
	sn_attachment_free(back);
	assert_null(sn_attachment_from_held("/tmp/held:x"));
	sn_attachment_free(sn_attachment_from_held("held:"));
}

static void entries_are_due_in_their_time(void **state)
{
	Scene *scene = *state;
	TmpStore *tmp = scene->tmp;
	SnOutboxNew new = tmpstore_entry(tmp, scene->conversation, SN_CHANNEL_IM, JID, "x");

	assert_int_equal(sn_outbox_next_due(tmp->store, tmp->now), 0);
	new.send_at = tmp->now + 5 * SN_SECOND;
	new.expires = tmp->now + SN_DAY;
	SnId id = sn_outbox_queue(tmp->store, &new, FALSE, NULL);
	assert_false(is_due(scene, id));
	assert_int_equal(sn_outbox_next_due(tmp->store, tmp->now), new.send_at);
	tmp->now += 5 * SN_SECOND;
	assert_true(is_due(scene, id));
	assert_int_equal(sn_outbox_next_due(tmp->store, tmp->now), 0);
	assert_int_equal(sn_outbox_next_due(tmp->store, new.send_at - 1), new.send_at);

	SnOutboxChange c = { .state = SN_STATE_WAITING, .what = "waiting", .attempts = -1,
		             .step = -1, .next_try = tmp->now + 5 * SN_MINUTE };
	assert_true(sn_outbox_change(tmp->store, id, SN_STATE_QUEUED, &c, NULL));
	assert_false(is_due(scene, id));
	assert_int_equal(sn_outbox_next_due(tmp->store, tmp->now), c.next_try);
	assert_true(sn_outbox_request(tmp->store, id, SN_REQUEST_SEND, NULL));
	assert_true(is_due(scene, id));
	assert_true(sn_outbox_request(tmp->store, id, SN_REQUEST_NONE, NULL));
	assert_false(is_due(scene, id));
	tmp->now = c.next_try;
	assert_true(is_due(scene, id));
	c.next_try = new.expires + SN_DAY;
	assert_true(sn_outbox_change(tmp->store, id, SN_STATE_WAITING, &c, NULL));
	assert_false(is_due(scene, id));
	assert_int_equal(sn_outbox_next_due(tmp->store, tmp->now), new.expires);
	tmp->now = new.expires;
	assert_true(is_due(scene, id));
	assert_true(change(scene, id, SN_STATE_WAITING, SN_STATE_SENDING, NULL));
	assert_true(is_due(scene, id));
	assert_true(change(scene, id, SN_STATE_SENDING, SN_STATE_ACCEPTED, NULL));
	assert_false(is_due(scene, id));
	assert_int_equal(sn_outbox_next_due(tmp->store, tmp->now), 0);
	g_ptr_array_unref(new.recipients);
}

static void entries_to_a_contact_are_found_when_it_appears(void **state)
{
	Scene *scene = *state;
	SnId first = queue(scene, SN_CHANNEL_IM, "one");
	SnId second = queue(scene, SN_CHANNEL_IM, "two");
	SnId gone = queue(scene, SN_CHANNEL_IM, "three");
	SnId address = tmpstore_address(scene->tmp, SN_CHANNEL_IM, JID, NULL);
	SnId other = tmpstore_address(scene->tmp, SN_CHANNEL_IM, "carol@chat.test", NULL);

	queue(scene, SN_CHANNEL_MAIL, "mail");
	assert_true(change(scene, gone, SN_STATE_QUEUED, SN_STATE_CANCELLED, NULL));
	g_autoptr(GArray) open = sn_outbox_open_for(scene->tmp->store, address);
	assert_int_equal(open->len, 2);
	assert_int_equal(g_array_index(open, SnId, 0), first);
	assert_int_equal(g_array_index(open, SnId, 1), second);
	g_autoptr(GArray) none = sn_outbox_open_for(scene->tmp->store, other);
	assert_int_equal(none->len, 0);
}

static void several_entries_become_one_email_at_once(void **state)
{
	Scene *scene = *state;
	TmpStore *tmp = scene->tmp;
	g_autoptr(GError) error = NULL;
	SnId ids[] = { queue(scene, SN_CHANNEL_IM, "one"), queue(scene, SN_CHANNEL_IM, "two") };
	SnOutboxNew mail =
		tmpstore_entry(tmp, scene->conversation, SN_CHANNEL_MAIL, MAIL, "one\n\ntwo");
	SnId into = sn_outbox_convert(tmp->store, ids, 2, &mail, &error);
	int attention, pending;

	assert_true(into > 0);
	for (int i = 0; i < 2; i++) {
		g_autoptr(SnOutboxEntry) e = entry_of(scene, ids[i]);
		assert_int_equal(e->state, SN_STATE_CONVERTED);
		assert_int_equal(e->converted_to, into);
	}
	g_autoptr(SnOutboxEntry) e = entry_of(scene, into);
	assert_int_equal(e->converted_from, ids[0]);
	assert_int_equal(e->channel, SN_CHANNEL_MAIL);
	counters(scene, &attention, &pending);
	assert_int_equal(pending, 1);

	/* one of them is gone already: nothing happens at all */
	SnId late[] = { queue(scene, SN_CHANNEL_IM, "three"), ids[0] };
	assert_int_equal(sn_outbox_convert(tmp->store, late, 2, &mail, &error), 0);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	g_autoptr(SnOutboxEntry) still = entry_of(scene, late[0]);
	assert_int_equal(still->state, SN_STATE_QUEUED);
	g_autoptr(GPtrArray) all = sn_outbox_list(tmp->store, SN_OUTBOX_ALL, 0, 10, 0);
	assert_int_equal(all->len, 4);
	g_ptr_array_unref(mail.recipients);
}

static void the_outbox_is_paged(void **state)
{
	Scene *scene = *state;
	SnId before = 0;
	int seen = 0;

	for (int i = 0; i < 7; i++)
		queue(scene, SN_CHANNEL_IM, "x");
	for (;;) {
		g_autoptr(GPtrArray) page =
			sn_outbox_list(scene->tmp->store, SN_OUTBOX_OPEN, before, 3, 0);
		if (!page->len)
			break;
		seen += (int)page->len;
		SnId last = ((SnOutboxEntry *)page->pdata[page->len - 1])->id;
		assert_true(!before || last < before);
		before = last;
	}
	assert_int_equal(seen, 7);
}

static void a_note_is_added_to_the_journal(void **state)
{
	Scene *scene = *state;
	SnId id = queue(scene, SN_CHANNEL_IM, "x");

	assert_true(sn_outbox_note(scene->tmp->store, id, "presence", "away", NULL));
	assert_false(sn_outbox_note(scene->tmp->store, 4711, "presence", NULL, NULL));
	g_autoptr(GPtrArray) events = sn_outbox_events(scene->tmp->store, id);
	assert_int_equal(events->len, 2);
	assert_string_equal(((SnOutboxEvent *)events->pdata[1])->detail, "away");
}

/* ---- questions ---- */

static void a_question_asks_for_attention_until_answered(void **state)
{
	Scene *scene = *state;
	static const char *const values[] = { "later", "email", NULL };
	static const char *const labels[] = { "Later", "By email", NULL };
	int attention, pending;
	SnId id = sn_question_add(scene->tmp->store, scene->conversation, scene->hello,
	                          "May I disturb?", values, labels, NULL);

	assert_true(id > 0);
	assert_int_equal(sn_question_add(scene->tmp->store, scene->conversation, scene->hello,
	                                 "again", values, labels, NULL),
	                 id);
	counters(scene, &attention, &pending);
	assert_int_equal(attention, 1);
	g_autoptr(GPtrArray) list = sn_question_list(scene->tmp->store, scene->conversation);
	assert_int_equal(list->len, 1);
	const SnQuestion *q = list->pdata[0];
	g_autoptr(SnMessage) asked = sn_message_get(scene->tmp->store, scene->hello, 0);
	assert_string_equal(q->question, "May I disturb?");
	assert_int_equal(q->time, asked->time); /* the archive may bring it much later */
	assert_string_equal(q->labels[1], "By email");
	assert_null(q->values[2]);
	assert_true(sn_question_close(scene->tmp->store, id, NULL));
	counters(scene, &attention, &pending);
	assert_int_equal(attention, 0);
	g_autoptr(GPtrArray) none = sn_question_list(scene->tmp->store, scene->conversation);
	assert_int_equal(none->len, 0);
	assert_false(sn_question_close(scene->tmp->store, 4711, NULL));
}

static void entries_and_questions_follow_a_merged_conversation(void **state)
{
	Scene *scene = *state;
	TmpStore *tmp = scene->tmp;
	static const char *const values[] = { "later", NULL };
	SnId id = queue(scene, SN_CHANNEL_IM, "x");
	SnId mail = tmpstore_mail(tmp, SN_IN, MAIL, NULL, "x", "x");
	g_autoptr(SnMessage) m = sn_message_get(tmp->store, mail, 0);
	g_autoptr(SnAddress) bob = sn_address_get(tmp->store, m->sender);

	sn_question_add(tmp->store, scene->conversation, scene->hello, "?", values, values, NULL);
	assert_true(sn_link_confirm(tmp->store,
	                            tmpstore_address(tmp, SN_CHANNEL_IM, JID, NULL), bob->person,
	                            NULL));
	g_autoptr(SnOutboxEntry) e = entry_of(scene, id);
	assert_int_equal(e->conversation, m->conversation);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, m->conversation);
	assert_int_equal(row->pending, 1);
	assert_int_equal(row->attention, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_queued_im_is_in_the_timeline_with_all_it_needs),
		TEST(a_queued_email_has_its_id_and_thread),
		TEST(attachments_outlive_their_files),
		TEST(what_cannot_be_sent_is_not_queued),
		TEST(queueing_ends_the_draft),
		TEST(the_sent_copy_is_the_same_message),
		TEST(a_change_needs_the_state_it_expects),
		TEST(two_writers_race_for_an_entry_and_one_wins),
		TEST(the_list_row_counts_what_is_on_its_way),
		TEST(a_dismissed_failure_asks_no_more),
		TEST(requests_are_taken_while_there_is_time),
		TEST(an_entry_can_be_edited_until_it_goes),
		TEST(an_entry_keeps_its_terms),
		TEST(conditions_are_words),
		TEST(an_entry_is_taken_back_whole_or_not_at_all),
		TEST(another_message_takes_the_place_of_one),
		TEST(a_draft_can_hold_files_of_the_store),
		TEST(entries_are_due_in_their_time),
		TEST(entries_to_a_contact_are_found_when_it_appears),
		TEST(several_entries_become_one_email_at_once),
		TEST(the_outbox_is_paged),
		TEST(a_note_is_added_to_the_journal),
		TEST(a_question_asks_for_attention_until_answered),
		TEST(entries_and_questions_follow_a_merged_conversation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
