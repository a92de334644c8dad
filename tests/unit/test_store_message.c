/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filing: where a message goes, and which record it already has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/base/ids.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"
#define MALLORY "mallory@evil.test"

static SnAddResult add(TmpStore *tmp, SnMessage *m, GBytes *raw)
{
	g_autoptr(GError) error = NULL;
	SnAddResult result;

	if (!sn_message_add(tmp->store, m, NULL, raw, &result, &error))
		fail_msg("%s", error->message);
	return result;
}

static SnConversation *conversation(TmpStore *tmp, SnId id)
{
	SnConversation *row = sn_conversation_get(tmp->store, id);

	assert_non_null(row);
	return row;
}

/* ---- where it goes ---- */

static void a_message_is_read_back_whole(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, BOB, "a@b", "Grüße", "Hallo\nBob");
	SnPart *part = g_new0(SnPart, 1);

	part->position = 2;
	part->type = g_strdup("image/png");
	part->name = g_strdup("bild.png");
	part->size = 1234;
	sn_message_add_part(m, part);
	part = g_new0(SnPart, 1);
	part->position = 3;
	part->inline_ = TRUE;
	part->size = -1;
	sn_message_add_part(m, part);
	m->sender_name = g_strdup("Bob der Baumeister");
	m->notice = g_strdup("1 image not loaded");
	m->encrypted = TRUE;
	g_autoptr(GBytes) raw = g_bytes_new_static("From: bob\r\n\r\nHallo", 18);
	assert_int_equal(add(tmp, m, raw), SN_ADDED);

	g_autoptr(SnMessage) r = sn_message_get(tmp->store, m->id, SN_MESSAGE_FULL);
	assert_string_equal(r->subject, "Grüße");
	assert_string_equal(r->body, "Hallo\nBob");
	assert_string_equal(r->preview, "Hallo Bob");
	assert_string_equal(r->sender_value, BOB);
	assert_string_equal(r->sender_name, "Bob der Baumeister");
	assert_string_equal(r->notice, "1 image not loaded");
	assert_true(r->encrypted);
	assert_int_equal(r->size, 18);
	assert_int_equal(r->attachments, 1);
	assert_int_equal(r->parts->len, 2);
	assert_string_equal(((SnPart *)r->parts->pdata[0])->name, "bild.png");
	assert_int_equal(((SnPart *)r->parts->pdata[1])->size, -1);
	assert_int_equal(r->parties->len, 2);
	assert_string_equal(r->thread, "a@b");
	g_autoptr(GBytes) back = sn_message_raw(tmp->store, m->id, NULL);
	assert_true(g_bytes_equal(back, raw));
	g_autoptr(SnConversation) row = conversation(tmp, m->conversation);
	assert_string_equal(row->title, "Bob der Baumeister");
	g_autoptr(SnMessage) brief = sn_message_get(tmp->store, m->id, 0);
	assert_null(brief->body);
	assert_null(sn_message_get(tmp->store, 4711, 0));
}

static void several_people_make_a_group(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) one = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "x", "x");
	g_autoptr(SnMessage) two = tmpstore_mail_new(tmp, SN_OUT, BOB, NULL, "x", "y");

	sn_message_add_party(one, SN_ROLE_CC, "Carol@example.test", "Carol");
	sn_message_add_party(one, SN_ROLE_CC, "alice@work.test", NULL);
	sn_message_add_party(two, SN_ROLE_TO, "carol@example.test", NULL);
	sn_message_add_party(two, SN_ROLE_CC, "undisclosed-recipients:;", NULL);
	add(tmp, one, NULL);
	add(tmp, two, NULL);
	assert_int_equal(one->conversation, two->conversation);
	g_autoptr(SnConversation) row = conversation(tmp, one->conversation);
	assert_int_equal(row->kind, SN_CONV_GROUP);
	assert_string_equal(row->title, BOB ", Carol");
	assert_string_equal(row->key, BOB " carol@example.test");
	g_autoptr(GPtrArray) members = sn_conversation_members(tmp->store, row->id);
	assert_int_equal(members->len, 2);
}

static void lists_and_rooms_have_their_own(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	g_autoptr(SnMessage) post = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "[dev] x", "x");
	g_autoptr(SnMessage) groupchat = tmpstore_im_new(tmp, SN_IN, "tea@room.test", NULL, "hi");
	g_autoptr(SnMessage) bad = tmpstore_im_new(tmp, SN_IN, "tea@room.test", NULL, "hi");

	post->list_id = g_strdup("Dev.Lists.test");
	add(tmp, post, NULL);
	g_autoptr(SnConversation) list = conversation(tmp, post->conversation);
	assert_int_equal(list->kind, SN_CONV_LIST);
	assert_string_equal(list->key, "dev.lists.test");
	groupchat->sender_name = g_strdup("bob");
	SnId room = sn_conversation_for_room(tmp->store, "tea@room.test", "Tea time", &error);
	assert_true(sn_message_add(tmp->store, groupchat, "tea@room.test", NULL, NULL, &error));
	assert_int_equal(groupchat->conversation, room);
	g_autoptr(SnConversation) row = conversation(tmp, room);
	assert_string_equal(row->title, "Tea time");
	assert_int_equal(row->unread, 1);
	assert_false(sn_message_add(tmp->store, bad, "no room", NULL, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
}

static void a_note_to_self_has_a_place(void **state)
{
	TmpStore *tmp = *state;
	SnId one = tmpstore_mail(tmp, SN_OUT, "alice@work.test", NULL, "Milk", "buy milk");
	SnId two = tmpstore_im(tmp, SN_OUT, "alice@example.test", NULL, "and bread");
	g_autoptr(SnMessage) a = sn_message_get(tmp->store, one, 0);
	g_autoptr(SnMessage) b = sn_message_get(tmp->store, two, 0);

	assert_int_equal(a->conversation, b->conversation);
	g_autoptr(SnConversation) row = conversation(tmp, a->conversation);
	assert_string_equal(row->title, "Note to self");
	g_autoptr(SnPerson) self = sn_person_get(tmp->store, row->person);
	assert_true(self->is_self);
}

static void a_message_without_a_sender_is_filed_too(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) m = sn_message_new();

	m->direction = SN_IN;
	m->body = g_strdup("who am I");
	m->time = -5;
	assert_int_equal(add(tmp, m, NULL), SN_ADDED);
	g_autoptr(SnConversation) row = conversation(tmp, m->conversation);
	assert_string_equal(row->title, "Unknown sender");
	assert_int_equal(m->time, 0);
}

static void bad_bytes_and_endless_fields_are_tamed(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, NULL, "x \xff\xfe y");

	m->subject = g_strnfill(100000, 'a');
	g_free(m->message_id);
	m->message_id = g_strdup("  ");
	for (int i = 0; i < 5000; i++)
		sn_message_add_party(m, SN_ROLE_REPLY_TO, BOB, "b\xc3");
	add(tmp, m, NULL);
	g_autoptr(SnMessage) r = sn_message_get(tmp->store, m->id, SN_MESSAGE_FULL);
	assert_true(g_utf8_validate(r->body, -1, NULL));
	assert_true(strlen(r->subject) < 3000);
	assert_true(r->parties->len <= 2000);
	assert_null(r->message_id);
}

/* ---- the same message again ---- */

static void an_email_in_two_folders_is_one(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) first = tmpstore_mail_new(tmp, SN_IN, BOB, "id@b", "x", "text");
	g_autoptr(SnMessage) second = tmpstore_mail_new(tmp, SN_IN, BOB, "id@b", "x", "text");

	assert_int_equal(add(tmp, first, NULL), SN_ADDED);
	assert_int_equal(add(tmp, second, NULL), SN_DUPLICATE);
	assert_int_equal(second->id, first->id);
	assert_int_equal(second->conversation, first->conversation);
	g_autoptr(SnConversation) row = conversation(tmp, first->conversation);
	assert_int_equal(row->unread, 1);
	assert_int_equal(sn_message_find_mail(tmp->store, "id@b"), first->id);
}

static void an_email_without_an_id_is_known_by_its_bytes(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GBytes) raw = g_bytes_new_static("From: bob\n\nx", 12);
	SnId ids[2];

	for (int i = 0; i < 2; i++) {
		g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "x", "x");
		g_clear_pointer(&m->message_id, g_free);
		assert_int_equal(add(tmp, m, raw), i ? SN_DUPLICATE : SN_ADDED);
		ids[i] = m->id;
	}
	assert_int_equal(ids[0], ids[1]);
}

static void a_forged_id_overwrites_nothing(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) real = tmpstore_mail_new(tmp, SN_IN, BOB, "id@b", "Real", "pay bob");
	g_autoptr(SnMessage) fake =
		tmpstore_mail_new(tmp, SN_IN, MALLORY, "id@b", "Fake", "pay mallory");

	add(tmp, real, NULL);
	assert_int_equal(add(tmp, fake, NULL), SN_ADDED);
	assert_int_not_equal(fake->id, real->id);
	assert_int_not_equal(fake->conversation, real->conversation);
	g_autoptr(SnMessage) r = sn_message_get(tmp->store, real->id, SN_MESSAGE_FULL);
	assert_string_equal(r->body, "pay bob");
	assert_int_equal(sn_message_find_mail(tmp->store, "id@b"), real->id);
}

static void an_im_comes_by_many_ways_and_is_one(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) live = tmpstore_im_new(tmp, SN_IN, BOB, "o1", "hello");
	g_autoptr(SnMessage) archived = tmpstore_im_new(tmp, SN_IN, BOB, "o1", "hello");
	g_autoptr(SnMessage) by_stanza = tmpstore_im_new(tmp, SN_IN, BOB, "other", "hello");

	assert_int_equal(add(tmp, live, NULL), SN_ADDED);
	archived->stanza_id = g_strdup("s1");
	assert_int_equal(add(tmp, archived, NULL), SN_DUPLICATE);
	assert_int_equal(sn_message_find_stanza(tmp->store, tmp->account, "s1"), live->id);
	by_stanza->stanza_id = g_strdup("s1");
	assert_int_equal(add(tmp, by_stanza, NULL), SN_DUPLICATE);
	assert_int_equal(sn_message_find_im(tmp->store, "o1", BOB "/phone"), live->id);
	assert_int_equal(sn_message_find_im(tmp->store, "o1", MALLORY), 0);
}

static void an_id_that_a_client_uses_again_is_another_message(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) first = tmpstore_im_new(tmp, SN_IN, BOB, "1", "good morning");
	g_autoptr(SnMessage) same_day = tmpstore_im_new(tmp, SN_IN, BOB, "1", "lunch?");
	g_autoptr(SnMessage) next_day = tmpstore_im_new(tmp, SN_IN, BOB, "1", "good evening");

	first->stanza_id = g_strdup("s1");
	same_day->stanza_id = g_strdup("s2");
	next_day->time += SN_DAY;
	assert_int_equal(add(tmp, first, NULL), SN_ADDED);
	assert_int_equal(add(tmp, same_day, NULL), SN_ADDED);
	assert_int_equal(add(tmp, next_day, NULL), SN_ADDED);
}

static void a_list_copy_moves_the_own_post_to_the_list(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) sent =
		tmpstore_mail_new(tmp, SN_OUT, "dev@lists.test", "p@a", "Patch", "see below");
	g_autoptr(SnMessage) back =
		tmpstore_mail_new(tmp, SN_OUT, "dev@lists.test", "p@a", "Patch", "see below");

	add(tmp, sent, NULL);
	back->list_id = g_strdup("dev.lists.test");
	assert_int_equal(add(tmp, back, NULL), SN_DUPLICATE);
	assert_int_equal(back->id, sent->id);
	g_autoptr(SnConversation) list = conversation(tmp, back->conversation);
	assert_int_equal(list->kind, SN_CONV_LIST);
	assert_int_equal(list->last_message, sent->id);
	g_autoptr(GPtrArray) rows = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 10);
	assert_int_equal(rows->len, 1);
}

static void the_whole_email_completes_what_was_fetched_in_part(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) part = tmpstore_mail_new(tmp, SN_IN, BOB, "id@b", "x", "begin");
	g_autoptr(SnMessage) whole = tmpstore_mail_new(tmp, SN_IN, BOB, "id@b", "x", "begin, end");
	g_autoptr(GBytes) raw = g_bytes_new_static("raw", 3);
	g_autoptr(GError) error = NULL;

	add(tmp, part, NULL);
	assert_null(sn_message_raw(tmp->store, part->id, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	assert_int_equal(add(tmp, whole, raw), SN_DUPLICATE);
	g_autoptr(SnMessage) r = sn_message_get(tmp->store, part->id, SN_MESSAGE_FULL);
	assert_string_equal(r->body, "begin, end");
	g_autoptr(GBytes) back = sn_message_raw(tmp->store, part->id, NULL);
	assert_true(g_bytes_equal(back, raw));
}

/* ---- history that others tell ---- */

static SnMessage *told(TmpStore *tmp, SnId by, SnDirection direction, const char *id,
                       const char *body)
{
	SnMessage *m = tmpstore_mail_new(tmp, direction, BOB, id, "x", body);

	m->carried = TRUE;
	m->carried_by = by;
	m->account = 0;
	m->time -= SN_DAY;
	return m;
}

static void a_told_message_stands_beside_its_teller_and_is_not_unread(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_im(tmp, SN_IN, "bob@chat.test", NULL, "see what I wrote");
	g_autoptr(SnMessage) by = sn_message_get(tmp->store, carrier, 0);
	g_autoptr(SnMessage) m = told(tmp, carrier, SN_IN, "old@b", "in March");

	assert_int_equal(add(tmp, m, NULL), SN_ADDED);
	assert_int_equal(m->conversation, by->conversation);
	g_autoptr(SnConversation) row = conversation(tmp, by->conversation);
	assert_int_equal(row->unread, 1);
	assert_int_equal(row->last_message, carrier);
	g_autoptr(GPtrArray) list = sn_message_carried(tmp->store, carrier, 0);
	assert_int_equal(list->len, 1);
	assert_true(((SnMessage *)list->pdata[0])->carried);
	assert_int_equal(((SnMessage *)list->pdata[0])->carried_by, carrier);
	g_autoptr(GPtrArray) page =
		sn_message_page(tmp->store, by->conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(page->len, 2);
	assert_int_equal(((SnMessage *)page->pdata[0])->id, m->id);
}

static void a_told_message_cannot_contradict_an_own_record(void **state)
{
	TmpStore *tmp = *state;
	SnId mine = tmpstore_mail(tmp, SN_OUT, BOB, "mine@a", "x", "I said no");
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "you said yes");
	g_autoptr(SnMessage) lie = told(tmp, carrier, SN_OUT, "mine@a", "I said yes");
	g_autoptr(GBytes) raw = g_bytes_new_static("forged", 6);

	assert_int_equal(add(tmp, lie, raw), SN_DUPLICATE);
	assert_int_equal(lie->id, mine);
	g_autoptr(SnMessage) r = sn_message_get(tmp->store, mine, SN_MESSAGE_FULL);
	assert_string_equal(r->body, "I said no");
	assert_false(r->carried);
	assert_null(sn_message_raw(tmp->store, mine, NULL));
	g_autoptr(GPtrArray) list = sn_message_carried(tmp->store, carrier, 0);
	assert_int_equal(list->len, 1);
}

static void the_live_message_takes_the_place_of_the_told_one(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "see below");
	g_autoptr(SnMessage) before = told(tmp, carrier, SN_IN, "old@b", "distorted words");
	g_autoptr(SnMessage) live = tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "x", "real words");
	g_autoptr(SnMessage) again = told(tmp, carrier, SN_IN, "old@b", "distorted again");
	g_autoptr(GError) error = NULL;

	add(tmp, before, NULL);
	assert_int_equal(add(tmp, live, NULL), SN_UPGRADED);
	assert_int_equal(live->id, before->id);
	assert_int_equal(add(tmp, again, NULL), SN_DUPLICATE);
	g_autoptr(SnMessage) r = sn_message_get(tmp->store, live->id, SN_MESSAGE_FULL);
	assert_string_equal(r->body, "real words");
	assert_false(r->carried);
	g_autoptr(SnConversation) row = conversation(tmp, r->conversation);
	assert_int_equal(row->unread, 2);
	assert_int_equal(row->last_message, live->id);
	/* and is found by its words only */
	g_autoptr(SnQuery) gone = sn_query_parse("distorted", NULL, &error);
	g_autoptr(GPtrArray) none =
		sn_message_search(tmp->store, gone, 0, 0, 10, 0, &error);
	assert_int_equal(none->len, 0);
	g_autoptr(SnQuery) real = sn_query_parse("\"real words\"", NULL, &error);
	g_autoptr(GPtrArray) one =
		sn_message_search(tmp->store, real, 0, 0, 10, 0, &error);
	assert_int_equal(one->len, 1);
}

static void what_mallory_tells_stays_with_mallory(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, MALLORY, NULL, "x", "bob wrote this");
	g_autoptr(SnMessage) lie = told(tmp, carrier, SN_IN, "b1@b", "I resign");
	g_autoptr(SnMessage) live = tmpstore_mail_new(tmp, SN_IN, BOB, "b1@b", "x", "Good news");

	add(tmp, lie, NULL);
	assert_int_equal(add(tmp, live, NULL), SN_ADDED);
	assert_int_not_equal(live->conversation, lie->conversation);
	g_autoptr(GPtrArray) page =
		sn_message_page(tmp->store, live->conversation, 0, 0, FALSE, 10, SN_MESSAGE_FULL);
	assert_int_equal(page->len, 1);
	assert_string_equal(((SnMessage *)page->pdata[0])->body, "Good news");
	assert_int_equal(sn_message_find_mail(tmp->store, "b1@b"), live->id);
}

static void told_ims_without_ids_are_filed_once(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "history");
	SnTime when = tmp->now - SN_DAY;

	for (int i = 0; i < 2; i++) {
		g_autoptr(SnMessage) m = tmpstore_im_new(tmp, SN_IN, BOB, NULL, "an old line");
		g_clear_pointer(&m->origin_id, g_free);
		m->time = when;
		m->carried = TRUE;
		m->carried_by = carrier;
		assert_int_equal(add(tmp, m, NULL), i ? SN_DUPLICATE : SN_ADDED);
	}
}

/* ---- threads ---- */

static void answers_find_their_question_in_any_order(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) answer = tmpstore_mail_new(tmp, SN_OUT, BOB, "a@a", "Re: x", "yes");
	g_autoptr(SnMessage) question = tmpstore_mail_new(tmp, SN_IN, BOB, "q@b", "x", "well?");
	g_autoptr(SnMessage) later = tmpstore_mail_new(tmp, SN_IN, BOB, "l@b", "Re: x", "good");

	answer->in_reply_to = g_strdup("q@b");
	answer->thread = g_strdup("q@b");
	later->in_reply_to = g_strdup("a@a");
	add(tmp, answer, NULL);
	add(tmp, question, NULL);
	add(tmp, later, NULL);
	g_autoptr(SnMessage) a = sn_message_get(tmp->store, answer->id, 0);
	assert_int_equal(a->reply_to, question->id);
	assert_int_equal(later->reply_to, answer->id);
	g_autoptr(GPtrArray) thread = sn_message_thread(tmp->store, "q@b", 10, 0);
	assert_int_equal(thread->len, 3);
}

static void an_im_folds_under_the_email_it_answers(void **state)
{
	TmpStore *tmp = *state;

	for (int order = 0; order < 2; order++) {
		g_autofree char *root = g_strdup_printf("root%d@b", order);
		g_autofree char *hash = sn_id_thread(root);
		g_autoptr(SnMessage) mail = tmpstore_mail_new(tmp, SN_IN, BOB, root, "x", "x");
		g_autoptr(SnMessage) im = tmpstore_im_new(tmp, SN_OUT, "bob@chat.test", NULL, "yes");
		g_autoptr(SnMessage) next = tmpstore_im_new(tmp, SN_IN, "bob@chat.test", NULL, "ok");
		im->thread = g_strdup(hash);
		im->in_reply_to = g_strdup(root);
		next->thread = g_strdup(hash);
		add(tmp, order ? im : mail, NULL);
		add(tmp, order ? mail : im, NULL);
		add(tmp, next, NULL);
		g_autoptr(GPtrArray) thread = sn_message_thread(tmp->store, root, 10, 0);
		assert_int_equal(thread->len, 3);
		g_autoptr(GPtrArray) by_hash = sn_message_thread(tmp->store, hash, 10, 0);
		assert_int_equal(by_hash->len, 3);
	}
}

/* ---- bytes, states, parts ---- */

static void bytes_are_kept_once_and_go_with_their_last_user(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *text = g_strnfill(200000, 'x');
	g_autoptr(GBytes) raw = g_bytes_new(text, 200000);
	SnId a = tmpstore_mail(tmp, SN_OUT, BOB, NULL, "x", "x");
	SnId b = tmpstore_mail(tmp, SN_OUT, BOB, NULL, "y", "y");

	assert_true(sn_message_set_raw(tmp->store, a, raw, NULL));
	assert_true(sn_message_set_raw(tmp->store, b, raw, NULL));
	g_autofree char *sha = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, raw);
	g_autoptr(GBytes) other = g_bytes_new_static("other", 5);
	assert_true(sn_message_set_raw(tmp->store, a, other, NULL));
	g_autoptr(GBytes) still = sn_outbox_attachment_bytes(tmp->store, sha, NULL);
	assert_true(g_bytes_equal(still, raw));
	assert_true(sn_message_set_raw(tmp->store, b, other, NULL));
	assert_null(sn_outbox_attachment_bytes(tmp->store, sha, NULL));
	assert_false(sn_message_set_raw(tmp->store, 4711, raw, NULL));
	assert_null(sn_outbox_attachment_bytes(tmp->store, sha, NULL));
}

static void a_late_receipt_does_not_set_the_state_back(void **state)
{
	TmpStore *tmp = *state;
	SnId id = tmpstore_im(tmp, SN_OUT, BOB, NULL, "x");
	g_autoptr(GError) error = NULL;
	const SnState sequence[] = { SN_STATE_DELIVERED, SN_STATE_READ, SN_STATE_DELIVERED,
		                     SN_STATE_ACCEPTED };

	for (gsize i = 0; i < G_N_ELEMENTS(sequence); i++)
		assert_true(sn_message_set_state(tmp->store, id, sequence[i], &error));
	g_autoptr(SnMessage) m = sn_message_get(tmp->store, id, 0);
	assert_int_equal(m->state, SN_STATE_READ);
	g_autoptr(SnConversation) row = conversation(tmp, m->conversation);
	assert_int_equal(row->last_state, SN_STATE_READ);
	assert_false(sn_message_set_state(tmp->store, 4711, SN_STATE_READ, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void a_saved_file_is_remembered(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) m = tmpstore_im_new(tmp, SN_IN, BOB, NULL, "a picture");
	SnPart *part = g_new0(SnPart, 1);

	part->position = 1;
	part->url = g_strdup("https://files.test/x.png");
	part->size = -1;
	sn_message_add_part(m, part);
	add(tmp, m, NULL);
	assert_true(sn_part_set_file(tmp->store, m->id, 1, "/tmp/x.png", "abcd", 7, NULL));
	assert_true(sn_part_set_file(tmp->store, m->id, 1, "/tmp/y.png", NULL, -1, NULL));
	assert_false(sn_part_set_file(tmp->store, m->id, 2, "/tmp/x.png", NULL, -1, NULL));
	g_autoptr(SnMessage) r = sn_message_get(tmp->store, m->id, SN_MESSAGE_FULL);
	const SnPart *p = r->parts->pdata[0];
	assert_string_equal(p->path, "/tmp/y.png");
	assert_string_equal(p->sha256, "abcd");
	assert_int_equal(p->size, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

/* ---- texts ---- */

static char *long_text(const char *last)
{
	GString *text = g_string_new(NULL);

	for (int i = 0; i < 400; i++)
		g_string_append_printf(text, "Strand %d runs über the Klampe.\n", i * i);
	g_string_append(text, last);
	return g_string_free(text, FALSE);
}

static char *random_text(void)
{
	g_autofree guchar *bytes = g_malloc(3000);
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	for (int i = 0; i < 3000; i++)
		bytes[i] = (guchar)g_rand_int(random);
	return g_base64_encode(bytes, 3000);
}

static gboolean is_found(TmpStore *tmp, const char *word)
{
	g_autoptr(SnQuery) query = sn_query_parse(word, NULL, NULL);
	g_autoptr(GPtrArray) found = sn_message_search(tmp->store, query, 0, 0, 5, 0, NULL);

	return found->len > 0;
}

static void expect_text(TmpStore *tmp, SnId id, const char *text)
{
	g_autoptr(SnMessage) read = sn_message_get(tmp->store, id, SN_MESSAGE_FULL);

	assert_string_equal(read->body, text);
}

static void texts_of_all_lengths_are_read_back(void **state)
{
	TmpStore *tmp = *state;
	SnPacker *packer = sn_packer_new();
	g_autofree char *large = long_text("fathom"), *random = random_text();
	g_autofree char *huge = g_strnfill(100000, 'x');
	const char *const texts[] = { "x", "A short one.", large, random, huge };

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		for (int ready = 0; ready < 3; ready++) {
			g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "x", texts[i]);
			if (ready)
				sn_message_make_ready(m, ready == 1 ? packer : NULL);
			assert_int_equal(add(tmp, m, NULL), SN_ADDED);
			expect_text(tmp, m->id, texts[i]);
			assert_true(*m->preview);
		}
	assert_true(is_found(tmp, "fathom"));
	sn_packer_free(packer);
}

static void a_text_that_is_changed_is_not_filed_as_it_was(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, BOB, "t@b", "x", "");
	g_autofree char *now = long_text("sheepshank");

	g_free(m->body);
	m->body = long_text("cloverhitch");
	sn_message_make_ready(m, NULL);
	g_free(g_steal_pointer(&m->body));
	m->body = g_strdup(now);
	assert_int_equal(add(tmp, m, NULL), SN_ADDED);
	expect_text(tmp, m->id, now);
	assert_true(is_found(tmp, "sheepshank"));
	assert_false(is_found(tmp, "cloverhitch"));
}

/* What the index was given must be told again to forget it: so it has to be read as it was. */
static void a_packed_text_is_forgotten_with_its_message(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *text = long_text("bowline");
	g_autofree char *other = long_text("marlinspike");
	SnId id = tmpstore_im(tmp, SN_IN, BOB, "i1", text);

	expect_text(tmp, id, text);
	assert_true(is_found(tmp, "bowline"));
	g_autoptr(SnMessage) again = tmpstore_im_new(tmp, SN_IN, BOB, "i1", text);
	assert_int_equal(add(tmp, again, NULL), SN_DUPLICATE);
	g_autoptr(SnMessage) new = tmpstore_im_new(tmp, SN_IN, BOB, "i1", other);
	new->time += SN_DAY;
	assert_int_equal(add(tmp, new, NULL), SN_ADDED);
	assert_true(is_found(tmp, "marlinspike"));
}

static void raw_bytes_are_read_back_however_they_were_named(void **state)
{
	TmpStore *tmp = *state;
	SnPacker *packer = sn_packer_new();
	g_autofree char *text = long_text("capstan");
	gsize lengths[] = { 10, 3000, strlen(text) };

	for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autoptr(GBytes) raw = g_bytes_new(text, lengths[i]);
		g_autofree char *sha = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, raw);
		g_autoptr(SnMessage) m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "x", "y");
		g_autoptr(SnMessage) twin = tmpstore_mail_new(tmp, SN_IN, MALLORY, NULL, "x", "y");
		m->packed = sn_packed_new(raw, sha, packer, FALSE, NULL);
		twin->packed = sn_packed_new(raw, NULL, NULL, FALSE, NULL);
		add(tmp, m, raw);
		add(tmp, twin, raw);
		g_autoptr(GBytes) one = sn_message_raw(tmp->store, m->id, NULL);
		g_autoptr(GBytes) two = sn_message_raw(tmp->store, twin->id, NULL);
		assert_true(g_bytes_equal(one, raw) && g_bytes_equal(two, raw));
	}
	sn_packer_free(packer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_is_read_back_whole),
		TEST(texts_of_all_lengths_are_read_back),
		TEST(a_text_that_is_changed_is_not_filed_as_it_was),
		TEST(a_packed_text_is_forgotten_with_its_message),
		TEST(raw_bytes_are_read_back_however_they_were_named),
		TEST(several_people_make_a_group),
		TEST(lists_and_rooms_have_their_own),
		TEST(a_note_to_self_has_a_place),
		TEST(a_message_without_a_sender_is_filed_too),
		TEST(bad_bytes_and_endless_fields_are_tamed),
		TEST(an_email_in_two_folders_is_one),
		TEST(an_email_without_an_id_is_known_by_its_bytes),
		TEST(a_forged_id_overwrites_nothing),
		TEST(an_im_comes_by_many_ways_and_is_one),
		TEST(an_id_that_a_client_uses_again_is_another_message),
		TEST(a_list_copy_moves_the_own_post_to_the_list),
		TEST(the_whole_email_completes_what_was_fetched_in_part),
		TEST(a_told_message_stands_beside_its_teller_and_is_not_unread),
		TEST(a_told_message_cannot_contradict_an_own_record),
		TEST(the_live_message_takes_the_place_of_the_told_one),
		TEST(what_mallory_tells_stays_with_mallory),
		TEST(told_ims_without_ids_are_filed_once),
		TEST(answers_find_their_question_in_any_order),
		TEST(an_im_folds_under_the_email_it_answers),
		TEST(bytes_are_kept_once_and_go_with_their_last_user),
		TEST(a_late_receipt_does_not_set_the_state_back),
		TEST(a_saved_file_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
