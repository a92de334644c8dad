/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others told of earlier messages: one record each, own ones win, contradictions are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/told.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"
#define BOB_IM "bob@chat.test"
#define CAROL "carol@example.test"
#define MALLORY "mallory@evil.test"
#define LONG_ID "5f0c1f3a-7a31-4a8e-9d0e-2f1f6c1d9b11"

static SnAddResult add_raw(TmpStore *tmp, SnMessage *m, const char *raw_text)
{
	g_autoptr(GBytes) raw = raw_text ? g_bytes_new(raw_text, strlen(raw_text)) : NULL;
	g_autoptr(GError) error = NULL;
	SnAddResult result;

	if (!sn_message_add(tmp->store, m, NULL, raw, &result, &error))
		fail_msg("%s", error->message);
	return result;
}

static SnAddResult add(TmpStore *tmp, SnMessage *m)
{
	return add_raw(tmp, m, NULL);
}

static SnMessage *told_by(SnMessage *m, SnId by)
{
	m->carried = TRUE;
	m->carried_by = by;
	m->account = 0;
	m->flags = SN_FLAG_SEEN;
	return m;
}

static SnMessage *get(TmpStore *tmp, SnId id)
{
	SnMessage *message = sn_message_get(tmp->store, id, SN_MESSAGE_FULL);

	assert_non_null(message);
	return message;
}

static guint contradicted(TmpStore *tmp, SnId id)
{
	g_autoptr(SnMessage) message = get(tmp, id);

	return message->contradicted;
}

static int brought(TmpStore *tmp, SnId id)
{
	g_autoptr(SnMessage) message = get(tmp, id);

	return message->brought;
}

static gboolean exists(TmpStore *tmp, SnId id)
{
	g_autoptr(SnMessage) message = sn_message_get(tmp->store, id, 0);

	return message != NULL;
}

static guint found(TmpStore *tmp, const char *question)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnQuery) query = sn_query_parse(question, &tmp->clock, &error);
	g_autoptr(GPtrArray) rows = query
		? sn_message_search(tmp->store, query, 0, 0, 100, 0, &error)
		: NULL;

	if (!rows)
		fail_msg("%s", error->message);
	return rows->len;
}

static guint rows_of(TmpStore *tmp, SnId conversation)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(tmp->store, conversation, 0, 0, FALSE, 100, 0);

	return page->len;
}

/* ---- one row ---- */

static void told_by_two_it_is_one_message_with_two_tellers(void **state)
{
	TmpStore *tmp = *state;
	SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "see below");
	SnId second = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "again");
	g_autoptr(SnMessage) one =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "old", "in March"), first);
	g_autoptr(SnMessage) two =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "old", "in  March\r\n"), second);

	two->time = one->time;
	assert_int_equal(add(tmp, one), SN_ADDED);
	assert_int_equal(add(tmp, two), SN_DUPLICATE);
	assert_int_equal(one->id, two->id);
	g_autoptr(GPtrArray) tellers = sn_message_told(tmp->store, one->id);
	assert_int_equal(tellers->len, 2);
	assert_int_equal(((SnTold *)tellers->pdata[0])->by, first);
	assert_int_equal(((SnTold *)tellers->pdata[1])->by, second);
	assert_int_equal(contradicted(tmp, one->id), 0); /* other blanks are no other words */
	assert_int_equal(brought(tmp, first), 1);
	assert_int_equal(brought(tmp, second), 1);
}

static SnId conversation_of(TmpStore *tmp, SnId id)
{
	g_autoptr(SnMessage) message = get(tmp, id);

	return message->conversation;
}

static SnId person_of(TmpStore *tmp, SnId message)
{
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(tmp->store, conversation_of(tmp, message));

	return conversation->person;
}

static guint tellers_of(TmpStore *tmp, SnId id)
{
	g_autoptr(GPtrArray) tellers = sn_message_told(tmp->store, id);

	return tellers->len;
}

/* One person by email and by IM, whom the user takes for one only later. */
static void told_on_two_channels_it_is_one_once_they_are_one_person(void **state)
{
	TmpStore *tmp = *state;
	SnId by_mail = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "see below");
	SnId by_im = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "what carol wrote");
	g_autoptr(SnMessage) one =
		told_by(tmpstore_mail_new(tmp, SN_IN, CAROL, "old@c", "old", "in marzipan"), by_mail);
	g_autoptr(SnMessage) two =
		told_by(tmpstore_mail_new(tmp, SN_IN, CAROL, "old@c", "old", "in marzipan"), by_im);
	g_autofree char *what = NULL;
	int removed;

	two->time = one->time;
	add(tmp, one);
	add(tmp, two);
	assert_int_not_equal(one->conversation, two->conversation);
	assert_int_equal(found(tmp, "marzipan"), 2);
	SnId bob = person_of(tmp, by_mail), chat = person_of(tmp, by_im);
	assert_true(sn_people_merge(tmp->store, bob, chat, NULL));
	SnId both = conversation_of(tmp, by_mail);
	assert_int_equal(conversation_of(tmp, by_im), both);
	assert_int_equal(rows_of(tmp, both), 3); /* the two tellers, and what they told */
	assert_int_equal(found(tmp, "marzipan"), 1);
	assert_int_equal(tellers_of(tmp, one->id), 2);
	/* parted again, each has its own */
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	assert_int_equal(rows_of(tmp, conversation_of(tmp, by_mail)), 2);
	assert_int_equal(rows_of(tmp, conversation_of(tmp, by_im)), 2);
	assert_int_equal(tellers_of(tmp, one->id), 1);
	assert_int_equal(tellers_of(tmp, two->id), 1);
	/* what the first told is taken away: the other still tells it */
	assert_true(sn_people_merge(tmp->store, bob, chat, NULL));
	assert_true(sn_carried_remove(tmp->store, by_mail, &removed, NULL));
	assert_int_equal(removed, 1);
	assert_int_equal(rows_of(tmp, conversation_of(tmp, by_im)), 3);
	assert_int_equal(tellers_of(tmp, two->id), 1);
	/* and an own record takes the place of whatever was told */
	g_autoptr(SnMessage) live =
		tmpstore_mail_new(tmp, SN_IN, CAROL, "old@c", "old", "in marzipan");
	live->time = one->time;
	add(tmp, live);
	assert_int_equal(found(tmp, "marzipan"), 1);
}

static void told_otherwise_on_two_channels_both_are_shown(void **state)
{
	TmpStore *tmp = *state;
	SnId by_mail = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "see below");
	SnId by_im = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "what carol wrote");
	g_autoptr(SnMessage) one =
		told_by(tmpstore_mail_new(tmp, SN_IN, CAROL, "old@c", "old", "for 100"), by_mail);
	g_autoptr(SnMessage) two =
		told_by(tmpstore_mail_new(tmp, SN_IN, CAROL, "old@c", "old", "for 900"), by_im);

	two->time = one->time;
	add(tmp, one);
	add(tmp, two);
	assert_true(sn_people_merge(tmp->store, person_of(tmp, by_mail), person_of(tmp, by_im), NULL));
	assert_int_equal(rows_of(tmp, conversation_of(tmp, by_mail)), 4);
	assert_int_equal(tellers_of(tmp, one->id), 1);
	assert_int_equal(tellers_of(tmp, two->id), 1);
}

static void an_own_copy_found_later_takes_in_all_that_was_told(void **state)
{
	TmpStore *tmp = *state;
	SnId by_bob = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "what I wrote");
	SnId by_carol = tmpstore_mail(tmp, SN_IN, CAROL, NULL, "x", "what bob wrote");
	g_autoptr(SnMessage) one =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "old", "in March"), by_bob);
	g_autoptr(SnMessage) two =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "old", "in May"), by_carol);
	g_autoptr(SnMessage) live = tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "old", "in March");

	two->time = live->time = one->time;
	add(tmp, one);
	add(tmp, two);
	assert_int_not_equal(one->conversation, two->conversation);
	add(tmp, live);
	/* the conversations of the tellers hold it no more; that of bob's address does */
	assert_int_equal(rows_of(tmp, one->conversation), 1);
	assert_int_equal(rows_of(tmp, two->conversation), 1);
	assert_int_equal(rows_of(tmp, live->conversation), 1);
	g_autoptr(GPtrArray) tellers = sn_message_told(tmp->store, live->id);
	assert_int_equal(tellers->len, 2);
	assert_int_equal(((SnTold *)tellers->pdata[0])->differs, 0);
	const SnTold *carol = tellers->pdata[1];
	assert_int_equal(carol->differs, SN_DIFFERS_TEXT);
	assert_string_equal(carol->text, "in May");
	assert_string_equal(carol->sender, BOB);
	assert_int_equal(contradicted(tmp, live->id), SN_DIFFERS_TEXT);
	assert_int_equal(contradicted(tmp, by_carol), SN_DIFFERS_TELLER);
	assert_int_equal(contradicted(tmp, by_bob), 0);
	assert_int_equal(found(tmp, "March"), 1);
	assert_int_equal(found(tmp, "May"), 0); /* what was told wrongly finds nothing */
}

static void an_im_by_archive_and_by_history_is_one(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB_IM, NULL, "x", "history");
	g_autoptr(SnMessage) live = tmpstore_im_new(tmp, SN_IN, BOB_IM, LONG_ID, "which rope?");
	g_autoptr(SnMessage) again =
		told_by(tmpstore_im_new(tmp, SN_IN, BOB_IM, LONG_ID, "which rope?"), carrier);
	g_autoptr(SnMessage) archived = tmpstore_im_new(tmp, SN_IN, BOB_IM, LONG_ID, "which rope?");

	again->time = live->time + 3000; /* the other side's clock */
	archived->time = live->time;
	archived->stanza_id = g_strdup("archive-1");
	add(tmp, live);
	assert_int_equal(add(tmp, again), SN_DUPLICATE);
	assert_int_equal(add(tmp, archived), SN_DUPLICATE);
	assert_int_equal(again->id, live->id);
	assert_int_equal(contradicted(tmp, live->id), 0);
}

static void a_line_that_has_an_id_on_one_side_only_is_one(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "history");
	g_autoptr(SnMessage) live = tmpstore_im_new(tmp, SN_IN, BOB_IM, NULL, "no id of mine");
	g_autoptr(SnMessage) told =
		told_by(tmpstore_im_new(tmp, SN_IN, BOB_IM, LONG_ID, "no id of mine"), carrier);
	g_autoptr(SnMessage) far =
		told_by(tmpstore_im_new(tmp, SN_IN, BOB_IM, NULL, "no id of mine"), carrier);

	g_clear_pointer(&live->origin_id, g_free);
	g_clear_pointer(&far->origin_id, g_free);
	told->time = live->time + SN_MINUTE;
	far->time = live->time - SN_HOUR;
	add(tmp, live);
	assert_int_equal(add(tmp, told), SN_DUPLICATE);
	assert_int_equal(add(tmp, far), SN_ADDED); /* the same words, an hour before */
}

static void the_same_word_said_twice_is_told_twice(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "history");

	for (int i = 0; i < 2; i++) {
		g_autoptr(SnMessage) m =
			told_by(tmpstore_im_new(tmp, SN_IN, BOB_IM, NULL, "ok"), carrier);
		g_clear_pointer(&m->origin_id, g_free);
		m->time = tmp->now - SN_DAY + i * 30 * SN_SECOND;
		assert_int_equal(add(tmp, m), SN_ADDED);
	}
}

static void a_counted_id_is_no_proof(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "history");
	SnId own = tmpstore_im(tmp, SN_IN, BOB_IM, "7", "good morning");
	g_autoptr(SnMessage) other =
		told_by(tmpstore_im_new(tmp, SN_IN, BOB_IM, "7", "how are you?"), carrier);
	g_autoptr(SnMessage) twin =
		told_by(tmpstore_im_new(tmp, SN_OUT, BOB_IM, "7", "fine"), carrier);

	other->time -= 3 * SN_DAY;
	assert_int_equal(add(tmp, other), SN_ADDED);
	assert_int_equal(add(tmp, twin), SN_ADDED); /* my client counts too */
	assert_int_equal(contradicted(tmp, own), 0);
}

/* ---- contradictions ---- */

static void what_differs_is_said_with_both_texts(void **state)
{
	TmpStore *tmp = *state;
	SnId mine = tmpstore_mail(tmp, SN_OUT, BOB, "mine@a", "Terms", "I said no");
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "Terms", "you said yes");
	g_autoptr(SnMessage) lie =
		told_by(tmpstore_mail_new(tmp, SN_OUT, BOB, "mine@a", "Promise", "I said yes"),
	                carrier);

	assert_int_equal(add(tmp, lie), SN_DUPLICATE);
	g_autoptr(SnMessage) own = get(tmp, mine);
	assert_string_equal(own->body, "I said no");
	assert_string_equal(own->subject, "Terms");
	assert_int_equal(own->contradicted, SN_DIFFERS_TEXT | SN_DIFFERS_SUBJECT);
	g_autofree char *words = sn_differs_words(own->contradicted);
	assert_string_equal(words, "text, subject");
	g_autoptr(GPtrArray) tellers = sn_message_told(tmp->store, mine);
	const SnTold *told = tellers->pdata[0];
	assert_string_equal(told->text, "I said yes");
	assert_string_equal(told->subject, "Promise");
	assert_false(told->by_self);
	assert_int_equal(contradicted(tmp, carrier), SN_DIFFERS_TELLER);
}

static void another_sender_or_date_for_my_id_is_a_contradiction(void **state)
{
	TmpStore *tmp = *state;
	SnId mine = tmpstore_mail(tmp, SN_OUT, BOB, "mine@a", "x", "words");
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "look");
	g_autoptr(SnMessage) lie =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "mine@a", "x", "words"), carrier);

	lie->time -= 20 * SN_DAY;
	assert_int_equal(add(tmp, lie), SN_DUPLICATE);
	assert_int_equal(lie->id, mine);
	assert_int_equal(contradicted(tmp, mine), SN_DIFFERS_SENDER | SN_DIFFERS_TIME);
	g_autoptr(GPtrArray) tellers = sn_message_told(tmp->store, mine);
	assert_string_equal(((SnTold *)tellers->pdata[0])->sender, BOB);
}

static void the_way_an_email_went_changes_nothing(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "history");
	g_autoptr(SnMessage) own = tmpstore_mail_new(tmp, SN_IN, BOB, "m@b", "x", "text");
	g_autoptr(SnMessage) same =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "m@b", "x", "text and transcript"),
	                carrier);
	g_autoptr(SnMessage) other =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "m@b", "x", "else"), carrier);

	same->time = other->time = own->time;
	add_raw(tmp, own, "Received: from far\r\nFrom: bob\r\n\r\nline one\r\nline two\r\n");
	/* the same bytes under other headers: whatever was made of them, it is the same email */
	add_raw(tmp, same, "From: bob\n\nline one\nline two\n\n");
	assert_int_equal(contradicted(tmp, own->id), 0);
	add_raw(tmp, other, "From: bob\n\nline one\nline 2\n");
	assert_int_equal(contradicted(tmp, own->id), SN_DIFFERS_TEXT);
}

static void an_email_of_which_a_part_is_here_is_not_contradicted_by_the_whole(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "history");
	g_autoptr(SnMessage) part = tmpstore_mail_new(tmp, SN_IN, BOB, "big@b", "x", "begin");
	g_autoptr(SnMessage) whole =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "big@b", "x", "begin, end"), carrier);

	whole->time = part->time;
	add(tmp, part);
	add_raw(tmp, whole, "From: bob\n\nbegin, end\n");
	assert_int_equal(contradicted(tmp, part->id), 0);
}

static void who_was_right_is_seen_when_the_original_comes(void **state)
{
	TmpStore *tmp = *state;
	SnId wrong = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "1"),
	     right = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "2");
	g_autoptr(SnMessage) one =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "x", "forged"), wrong);
	g_autoptr(SnMessage) two =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "x", "genuine"), right);
	g_autoptr(SnMessage) live = tmpstore_mail_new(tmp, SN_IN, BOB, "old@b", "x", "genuine");

	two->time = live->time = one->time;
	add(tmp, one);
	add(tmp, two);
	assert_int_equal(contradicted(tmp, right), SN_DIFFERS_TELLER);
	assert_int_equal(contradicted(tmp, one->id), SN_DIFFERS_TEXT);
	assert_int_equal(add(tmp, live), SN_UPGRADED);
	assert_int_equal(contradicted(tmp, right), 0);
	assert_int_equal(contradicted(tmp, wrong), SN_DIFFERS_TELLER);
	g_autoptr(GPtrArray) tellers = sn_message_told(tmp->store, live->id);
	assert_string_equal(((SnTold *)tellers->pdata[0])->text, "forged");
	assert_int_equal(((SnTold *)tellers->pdata[1])->differs, 0);
}

static void mallory_cannot_hide_a_message_by_borrowing_its_id(void **state)
{
	TmpStore *tmp = *state;
	SnId forged = tmpstore_mail(tmp, SN_IN, MALLORY, "b1@b", "x", "spam");
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "what I had written");
	g_autoptr(SnMessage) told =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "b1@b", "x", "Good news"), carrier);

	assert_int_equal(add(tmp, told), SN_ADDED);
	assert_int_equal(contradicted(tmp, forged), 0);
	assert_int_equal(found(tmp, "\"Good news\""), 1);
}

static void a_told_email_is_nobodys_parent_elsewhere(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, MALLORY, NULL, "x", "look");
	g_autoptr(SnMessage) early = tmpstore_mail_new(tmp, SN_IN, BOB, "a1@b", "Re: y", "early");
	g_autoptr(SnMessage) told =
		told_by(tmpstore_mail_new(tmp, SN_OUT, BOB, "q@a", "y", "never said"), carrier);
	g_autoptr(SnMessage) late = tmpstore_mail_new(tmp, SN_IN, BOB, "a2@b", "Re: y", "late");

	early->in_reply_to = g_strdup("q@a");
	late->in_reply_to = g_strdup("q@a");
	add(tmp, early);
	add(tmp, told);
	add(tmp, late);
	g_autoptr(SnMessage) one = get(tmp, early->id), two = get(tmp, late->id);
	assert_int_equal(one->reply_to, 0);
	assert_int_equal(two->reply_to, 0);
}

static void a_message_does_not_bring_itself(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, "loop@b", "x", "I carry myself");
	g_autoptr(SnMessage) self =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "loop@b", "x", "otherwise"), carrier);
	int removed = -1;

	assert_int_equal(add(tmp, self), SN_DUPLICATE);
	assert_int_equal(brought(tmp, carrier), 0);
	assert_int_equal(contradicted(tmp, carrier), 0);
	assert_true(sn_carried_remove(tmp->store, carrier, &removed, NULL));
	assert_int_equal(removed, 0);
	assert_true(exists(tmp, carrier));
}

static void two_that_bring_each_other_end_in_two(void **state)
{
	TmpStore *tmp = *state;
	SnId a = tmpstore_mail(tmp, SN_IN, BOB, "a@b", "x", "A");
	SnId b = tmpstore_mail(tmp, SN_OUT, BOB, "b@a", "x", "B");
	g_autoptr(SnMessage) b_in_a =
		told_by(tmpstore_mail_new(tmp, SN_OUT, BOB, "b@a", "x", "B"), a);
	g_autoptr(SnMessage) a_in_b = told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "a@b", "x", "A"), b);
	int removed;

	add(tmp, b_in_a);
	add(tmp, a_in_b);
	assert_int_equal(rows_of(tmp, b_in_a->conversation), 2);
	assert_true(sn_carried_remove(tmp->store, a, &removed, NULL));
	assert_int_equal(removed, 0);
	assert_int_equal(brought(tmp, a), 0);
	assert_int_equal(brought(tmp, b), 1);
}

/* ---- searching and removing ---- */

static void told_messages_are_found_and_told_apart(void **state)
{
	TmpStore *tmp = *state;
	SnId carrier = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "splice here");
	g_autoptr(SnMessage) told =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "old", "the long splice"), carrier);
	g_autoptr(GError) error = NULL;

	add(tmp, told);
	assert_int_equal(found(tmp, "splice"), 2);
	assert_int_equal(found(tmp, "splice is:carried"), 1);
	assert_int_equal(found(tmp, "is:carried"), 1);
	assert_int_equal(found(tmp, "is:carried via:im"), 0);
	assert_null(sn_query_parse("is:told", NULL, &error));
	assert_non_null(strstr(error->message, "carried"));
}

static void what_came_along_goes_as_a_whole(void **state)
{
	TmpStore *tmp = *state;
	SnId own = tmpstore_mail(tmp, SN_OUT, BOB, "own@a", "x", "mine");
	SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "1"),
	     second = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "2");
	SnId ids[2];
	int removed;

	for (int i = 0; i < 2; i++) {
		g_autofree char *id = g_strdup_printf("old%d@b", i);
		g_autoptr(SnMessage) m =
			told_by(tmpstore_mail_new(tmp, SN_IN, BOB, id, "x", "earlier"), first);
		add(tmp, m);
		ids[i] = m->id;
	}
	g_autoptr(SnMessage) again =
		told_by(tmpstore_mail_new(tmp, SN_IN, BOB, "old1@b", "x", "earlier"), second);
	g_autoptr(SnMessage) lie =
		told_by(tmpstore_mail_new(tmp, SN_OUT, BOB, "own@a", "x", "not mine"), first);
	add(tmp, again);
	add(tmp, lie);
	assert_int_equal(contradicted(tmp, own), SN_DIFFERS_TEXT);
	assert_int_equal(sn_carried_count(tmp->store, first), 1);
	assert_true(sn_carried_remove(tmp->store, first, &removed, NULL));
	assert_int_equal(removed, 1);
	assert_false(exists(tmp, ids[0]));
	g_autoptr(SnMessage) kept = get(tmp, ids[1]);
	assert_int_equal(kept->carried_by, second); /* told by the other one too */
	assert_int_equal(contradicted(tmp, own), 0);
	assert_true(exists(tmp, first));
	assert_int_equal(found(tmp, "earlier"), 1);
	assert_int_equal(sn_carried_count(tmp->store, first), 0);
}

static void all_that_a_person_told_goes_as_a_whole(void **state)
{
	TmpStore *tmp = *state;
	SnId carriers[] = { tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "1"),
		            tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "2"),
		            tmpstore_mail(tmp, SN_IN, CAROL, NULL, "x", "3") };
	g_autoptr(SnMessage) by_bob = get(tmp, carriers[0]);
	g_autoptr(SnAddress) bob = sn_address_get(tmp->store, by_bob->sender);
	int removed;

	for (int i = 0; i < 3; i++) {
		g_autoptr(SnMessage) m = told_by(
			tmpstore_mail_new(tmp, SN_IN, i < 2 ? BOB : CAROL, NULL, "x", "earlier"),
			carriers[i]);
		add(tmp, m);
	}
	assert_int_equal(sn_carried_count_person(tmp->store, bob->person), 2);
	assert_true(sn_carried_remove_person(tmp->store, bob->person, &removed, NULL));
	assert_int_equal(removed, 2);
	assert_int_equal(sn_carried_count_person(tmp->store, bob->person), 0);
	assert_int_equal(found(tmp, "earlier"), 1);
	assert_true(exists(tmp, carriers[0]));
}

/* ---- stanzas that only bring ---- */

static void what_only_brought_history_is_not_shown_and_not_lost(void **state)
{
	TmpStore *tmp = *state;
	SnId reply = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "see the drawing");
	SnId file = tmpstore_im(tmp, SN_IN, BOB_IM, LONG_ID, "https://files.test/drawing.eml");
	g_autoptr(SnMessage) row = get(tmp, reply);

	assert_true(sn_message_attach(tmp->store, file, reply, FALSE, NULL));
	assert_int_equal(rows_of(tmp, row->conversation), 2); /* not fetched yet */
	assert_true(sn_message_attach(tmp->store, file, reply, TRUE, NULL));
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(tmp->store, row->conversation);
	assert_int_equal(conversation->unread, 1);
	assert_int_equal(conversation->last_message, reply);
	assert_int_equal(rows_of(tmp, row->conversation), 1);
	assert_int_equal(found(tmp, "drawing"), 1);
	g_autoptr(GPtrArray) attached = sn_message_attached(tmp->store, reply, SN_MESSAGE_FULL);
	assert_int_equal(attached->len, 1);
	assert_int_equal(((SnMessage *)attached->pdata[0])->id, file);
	assert_int_equal(((SnMessage *)attached->pdata[0])->attached, reply);
	/* the archive brings it again: it stays what it is */
	g_autoptr(SnMessage) again =
		tmpstore_im_new(tmp, SN_IN, BOB_IM, LONG_ID, "https://files.test/drawing.eml");
	assert_int_equal(add(tmp, again), SN_DUPLICATE);
	assert_int_equal(rows_of(tmp, row->conversation), 1);
}

static void the_readable_copy_goes_when_all_it_says_is_here(void **state)
{
	TmpStore *tmp = *state;
	SnId reply = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "as we said");
	g_autoptr(SnMessage) row = get(tmp, reply);
	g_autoptr(SnMessage) text =
		tmpstore_im_new(tmp, SN_IN, BOB_IM, NULL, "Earlier messages:\n> hello");
	SnId files[2];

	text->notice = g_strdup(SN_NOTICE_HISTORY);
	add(tmp, text);
	assert_true(sn_message_attach(tmp->store, text->id, reply, FALSE, NULL));
	assert_int_equal(rows_of(tmp, row->conversation), 2); /* nothing else says it yet */
	for (int i = 0; i < 2; i++) {
		files[i] = tmpstore_im(tmp, SN_IN, BOB_IM, NULL, "https://files.test/a.eml");
		assert_true(sn_message_attach(tmp->store, files[i], reply, FALSE, NULL));
	}
	assert_true(sn_message_attach(tmp->store, files[0], reply, TRUE, NULL));
	assert_int_equal(rows_of(tmp, row->conversation), 3);
	assert_true(sn_message_attach(tmp->store, files[1], reply, TRUE, NULL));
	assert_int_equal(rows_of(tmp, row->conversation), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(told_by_two_it_is_one_message_with_two_tellers),
		TEST(told_on_two_channels_it_is_one_once_they_are_one_person),
		TEST(told_otherwise_on_two_channels_both_are_shown),
		TEST(an_own_copy_found_later_takes_in_all_that_was_told),
		TEST(an_im_by_archive_and_by_history_is_one),
		TEST(a_line_that_has_an_id_on_one_side_only_is_one),
		TEST(the_same_word_said_twice_is_told_twice),
		TEST(a_counted_id_is_no_proof),
		TEST(what_differs_is_said_with_both_texts),
		TEST(another_sender_or_date_for_my_id_is_a_contradiction),
		TEST(the_way_an_email_went_changes_nothing),
		TEST(an_email_of_which_a_part_is_here_is_not_contradicted_by_the_whole),
		TEST(who_was_right_is_seen_when_the_original_comes),
		TEST(mallory_cannot_hide_a_message_by_borrowing_its_id),
		TEST(a_told_email_is_nobodys_parent_elsewhere),
		TEST(a_message_does_not_bring_itself),
		TEST(two_that_bring_each_other_end_in_two),
		TEST(told_messages_are_found_and_told_apart),
		TEST(what_came_along_goes_as_a_whole),
		TEST(all_that_a_person_told_goes_as_a_whole),
		TEST(what_only_brought_history_is_not_shown_and_not_lost),
		TEST(the_readable_copy_goes_when_all_it_says_is_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
