/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "src/base/bell.h"
#include "src/base/lock.h"
#include "src/store/policy.h"
#include "src/store/statement.h"
#include "src/store/wish.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@example.test"
#define CAROL "carol@work.test"

/* bob writes by mail and IM, carol by mail */
static void fill(TmpStore *tmp)
{
	tmpstore_mail(tmp, SN_IN, BOB, "rope@example.test", "The rope", "It came \x1b[31mtoday\n-- \nBob");
	tmpstore_mail(tmp, SN_OUT, BOB, "re@example.test", "Re: The rope", "Good");
	tmpstore_im(tmp, SN_IN, BOB, "im-1", "Are you there?");
	tmpstore_mail(tmp, SN_IN, CAROL, "paint@work.test", "Paint", "Which red?");
}

static json_t *run_json(CliDesk *desk, const char *verb, const char *argument)
{
	assert_int_equal(cli_desk_run(desk, NULL, verb, "--json", argument, NULL), 0);
	return cli_desk_json(desk);
}

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Only these keys, in words separated by blanks, may be missing from none of the objects. */
static void has_keys(json_t *object, const char *keys)
{
	g_auto(GStrv) words = g_strsplit(keys, " ", -1);

	for (gsize i = 0; words[i]; i++)
		if (!json_object_get(object, words[i]))
			fail_msg("'%s' is missing in %s", words[i], json_dumps(object, JSON_COMPACT));
}

static void is_utc(const char *time)
{
	assert_non_null(time);
	assert_true(g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?Z$", time,
	                                 0, 0));
}

static void an_empty_store_gives_empty_lists(void **state)
{
	CliDesk *desk = *state;
	static const char *const verbs[] = { "list", "outbox", "people" };

	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		assert_int_equal(cli_desk_run(desk, NULL, verbs[i], "--json", NULL), 0);
		json_t *array = cli_desk_json(desk);
		assert_int_equal(json_array_size(array), 0);
		json_decref(array);
		assert_int_equal(cli_desk_run(desk, NULL, verbs[i], NULL), 0);
		assert_string_equal(desk->out, "");
	}
}

static void list_has_the_documented_shape(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	json_t *array = run_json(desk, "list", NULL);
	gboolean mail = FALSE;
	assert_true(json_array_size(array) >= 2);
	for (gsize i = 0; i < json_array_size(array); i++) {
		json_t *one = json_array_get(array, i);
		has_keys(one, "id kind name channel unread last_time preview addresses");
		is_utc(text_of(one, "last_time"));
		assert_true(json_is_integer(json_object_get(one, "id")));
		json_t *addresses = json_object_get(one, "addresses");
		if (strcmp(text_of(one, "name"), CAROL) == 0) {
			mail = TRUE;
			assert_string_equal(text_of(one, "kind"), "person");
			assert_string_equal(text_of(one, "channel"), "mail");
			assert_string_equal(json_string_value(json_array_get(addresses, 0)), CAROL);
			assert_int_equal(json_integer_value(json_object_get(one, "unread")), 1);
		}
	}
	assert_true(mail);
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "list", "carol", NULL), 0);
	assert_non_null(strstr(desk->out, CAROL));
	assert_null(strstr(desk->out, BOB));
	assert_int_equal(cli_desk_run(desk, NULL, "list", "--limit", "1", "--json", NULL), 0);
	array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 1);
	json_decref(array);
}

static void show_has_the_documented_shape(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	json_t *array = run_json(desk, "show", "mailto:" BOB);
	assert_int_equal(json_array_size(array), 2);
	json_t *first = json_array_get(array, 0), *second = json_array_get(array, 1);
	has_keys(first, "id conversation channel direction time from to subject body state message_id "
	                "carried encrypted");
	assert_string_equal(text_of(first, "from"), BOB);
	assert_string_equal(text_of(first, "direction"), "in");
	assert_string_equal(text_of(first, "state"), "received");
	assert_string_equal(text_of(first, "message_id"), "rope@example.test");
	assert_string_equal(json_string_value(json_array_get(json_object_get(first, "to"), 0)),
	                    "alice@example.test");
	/* absent facts are left out */
	assert_null(json_object_get(first, "cc"));
	assert_null(json_object_get(first, "origin_id"));
	assert_null(json_object_get(first, "attachments"));
	assert_string_equal(text_of(second, "direction"), "out");
	assert_string_equal(text_of(second, "state"), "accepted");
	is_utc(text_of(second, "time"));
	json_decref(array);
	/* the bare address means both channels, by time */
	array = run_json(desk, "show", BOB);
	assert_int_equal(json_array_size(array), 3);
	assert_string_equal(text_of(json_array_get(array, 2), "origin_id"), "im-1");
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "--limit", "1", "--json", "mailto:" BOB, NULL),
	                 0);
	array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 1);
	assert_string_equal(text_of(json_array_get(array, 0), "body"), "Good");
	json_decref(array);
}

static void what_people_read_has_no_control_characters(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "mailto:" BOB, NULL), 0);
	assert_non_null(strstr(desk->out, "The rope"));
	assert_null(strchr(desk->out, '\x1b'));
	assert_int_equal(cli_desk_run(desk, NULL, "list", NULL), 0);
	assert_null(strchr(desk->out, '\x1b'));
}

static void unknown_people_are_not_found(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "nobody@nowhere.test", NULL), 3);
	assert_true(cli_desk_said(desk, "nobody@nowhere.test"));
	assert_string_equal(desk->out, "");
	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", "nobody", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "xmpp:" CAROL, NULL), 3);
	/* part of several */
	assert_int_equal(cli_desk_run(desk, NULL, "show", "test", NULL), 3);
	assert_true(cli_desk_said(desk, "fits"));
	assert_true(cli_desk_said(desk, "id:"));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", "77", NULL), 3);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "--raw", "77", NULL), 3);
}

static void search_finds_and_refuses(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	json_t *array = run_json(desk, "search", "from:carol");
	assert_int_equal(json_array_size(array), 1);
	assert_string_equal(text_of(json_array_get(array, 0), "subject"), "Paint");
	assert_non_null(text_of(json_array_get(array, 0), "body"));
	json_decref(array);
	/* for people, one line each, without what commands a terminal; newest first */
	assert_int_equal(cli_desk_run(desk, NULL, "search", "rope", NULL), 0);
	g_auto(GStrv) lines = g_strsplit(desk->out, "\n", -1);
	assert_int_equal(g_strv_length(lines), 3);
	assert_non_null(strstr(lines[0], "mail  Me "));
	assert_non_null(strstr(lines[0], "Re: The rope - Good"));
	assert_non_null(strstr(lines[1], "The rope - It came"));
	assert_null(strchr(desk->out, '\x1b'));
	/* the columns stand below each other */
	assert_int_equal(strstr(lines[0], "Re: The") - lines[0], strstr(lines[1], "The rope") - lines[1]);
	array = run_json(desk, "search", "zebra");
	assert_int_equal(json_array_size(array), 0);
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "search", "before:soon", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "search", NULL), 2);
}

static void a_message_that_was_found_is_shown_by_itself(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	json_t *array = run_json(desk, "search", "from:carol");
	g_autofree char *id = g_strdup_printf(
		"%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(json_array_get(array, 0), "id")));
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "--message", id, NULL), 0);
	assert_non_null(strstr(desk->out, "Subject: Paint"));
	assert_null(strstr(desk->out, "rope")); /* and nothing besides it */
	assert_int_equal(cli_desk_run(desk, NULL, "show", "--json", "-m", id, NULL), 0);
	array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 1);
	assert_string_equal(text_of(json_array_get(array, 0), "subject"), "Paint");
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "show", "--message", "77777", NULL), 3);
	assert_true(cli_desk_said(desk, "there is no message 77777"));
	assert_string_equal(desk->out, "");
}

static SnId queue_entry(TmpStore *tmp, SnState state)
{
	SnId person = 0;
	g_autoptr(SnAddress) bob = sn_address_find(tmp->store, SN_CHANNEL_IM, BOB);
	g_autoptr(GError) error = NULL;

	person = bob->person;
	SnId conversation = sn_conversation_for_person(tmp->store, person, NULL);
	SnOutboxNew entry = tmpstore_entry(tmp, conversation, SN_CHANNEL_IM, BOB, "See you");
	entry.state = state;
	entry.reason = state == SN_STATE_CHOOSING ? "bob is away" : NULL;
	SnId id = sn_outbox_queue(tmp->store, &entry, FALSE, &error);
	if (!id)
		fail_msg("%s", error->message);
	g_ptr_array_unref(entry.recipients);
	return id;
}

static void outbox_tells_all_about_an_entry(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT,
	                                      queue_entry(desk->tmp, SN_STATE_CHOOSING));
	json_t *array = run_json(desk, "outbox", NULL);
	assert_int_equal(json_array_size(array), 1);
	json_t *entry = json_array_get(array, 0);
	has_keys(entry, "id to channel state reason attempts created events");
	assert_string_equal(text_of(entry, "to"), BOB);
	assert_string_equal(text_of(entry, "channel"), "im");
	assert_string_equal(text_of(entry, "state"), "choosing");
	assert_string_equal(text_of(entry, "reason"), "bob is away");
	is_utc(text_of(entry, "created"));
	json_t *events = json_object_get(entry, "events");
	assert_true(json_array_size(events) >= 1);
	has_keys(json_array_get(events, 0), "time what");
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", id, NULL), 0);
	assert_non_null(strstr(desk->out, "See you"));
	assert_non_null(strstr(desk->out, "bob is away"));
}

static void a_doubtful_entry_says_what_can_be_done(void **state)
{
	CliDesk *desk = *state;
	SnOutboxChange doubt = { .state = SN_STATE_CHOOSING,
		                 .what = "cannot-know",
		                 .reason = "It may have been sent",
		                 .error_word = sn_error_word(SN_ERROR_UNCERTAIN),
		                 .attempts = -1,
		                 .step = -1 };

	fill(desk->tmp);
	SnId entry = queue_entry(desk->tmp, SN_STATE_CHOOSING);
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, entry);
	/* one that merely waits for a decision is known not to have gone */
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", id, NULL), 0);
	assert_null(strstr(desk->out, "arrived"));
	assert_int_not_equal(cli_desk_run(desk, NULL, "outbox", "arrived", id, NULL), 0);
	assert_true(cli_desk_said(desk, "has not been sent"));
	assert_true(sn_outbox_change(desk->tmp->store, entry, SN_STATE_CHOOSING, &doubt, NULL));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", id, NULL), 0);
	assert_non_null(strstr(desk->out, "check|arrived|send|cancel"));
	assert_non_null(strstr(desk->out, "look again"));
	static const struct {
		const char *word;
		SnOutboxRequest request;
	} words[] = { { "check", SN_REQUEST_CHECK }, { "arrived", SN_REQUEST_ARRIVED } };
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		cli_desk_run(desk, NULL, "outbox", words[i].word, id, NULL);
		g_autoptr(SnOutboxEntry) now = sn_outbox_get(desk->tmp->store, entry, 0);
		assert_int_equal(now->request, words[i].request);
	}
}

static void outbox_requests_are_left_for_the_engine(void **state)
{
	static const struct {
		const char *word;
		SnOutboxRequest request;
	} words[] = { { "send", SN_REQUEST_SEND },       { "cancel", SN_REQUEST_CANCEL },
		      { "convert", SN_REQUEST_CONVERT }, { "defer", SN_REQUEST_DEFER },
		      { "ask", SN_REQUEST_ASK_THEM } };
	CliDesk *desk = *state;

	fill(desk->tmp);
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		SnId id = queue_entry(desk->tmp, SN_STATE_WAITING);
		g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT "\n", id);
		assert_int_equal(cli_desk_run(desk, NULL, "outbox", words[i].word, text, NULL), 0);
		assert_true(cli_desk_said(desk, "no engine is running"));
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(desk->tmp->store, id, 0);
		assert_int_equal(entry->request, words[i].request);
	}
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "cancel", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "cancel", "x", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "cancle", "1", NULL), 2);
	assert_true(cli_desk_said(desk, "did you mean 'cancel'?"));
}

static void outbox_edit_takes_the_new_text(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	SnId id = queue_entry(desk->tmp, SN_STATE_WAITING);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);
	assert_int_equal(cli_desk_run(desk, "Another text\n\n", "outbox", "edit", text, NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(desk->tmp->store, id, 0);
	assert_string_equal(entry->body, "Another text");
	assert_int_equal(cli_desk_run(desk, "bad \xff byte", "outbox", "edit", text, NULL), 7);
}

static void people_are_linked_and_taken_apart(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "link", "mailto:" CAROL,
	                              "xmpp:carol@chat.test", NULL), 0);
	json_t *array = run_json(desk, "people", NULL);
	gboolean found = FALSE;
	for (gsize i = 0; i < json_array_size(array); i++) {
		json_t *one = json_array_get(array, i), *addresses = json_object_get(one, "addresses");
		has_keys(one, "id name addresses presence rule");
		for (gsize j = 0; j < json_array_size(addresses); j++) {
			json_t *address = json_array_get(addresses, j);
			has_keys(address, "kind value source confirmed");
			if (strcmp(text_of(address, "value"), "carol@chat.test") == 0) {
				found = TRUE;
				assert_string_equal(text_of(address, "kind"), "im");
				assert_string_equal(text_of(address, "source"), "user");
				assert_true(json_is_true(json_object_get(address, "confirmed")));
				assert_int_equal(json_array_size(addresses), 2);
			}
		}
	}
	assert_true(found);
	json_decref(array);
	/* known now: no prefix needed */
	assert_int_equal(cli_desk_run(desk, NULL, "people", "unlink", CAROL, "carol@chat.test", NULL),
	                 0);
	g_autoptr(SnAddress) im = sn_address_find(desk->tmp->store, SN_CHANNEL_IM, "carol@chat.test");
	g_autoptr(SnAddress) mail = sn_address_find(desk->tmp->store, SN_CHANNEL_MAIL, CAROL);
	assert_int_not_equal(im->person, mail->person);
	/* which kind of address is not guessed */
	assert_int_equal(cli_desk_run(desk, NULL, "people", "link", CAROL, "c@else.test", NULL), 2);
	assert_true(cli_desk_said(desk, "xmpp:c@else.test"));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "link", CAROL, "nonsense", NULL), 7);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "confirm", CAROL, "xmpp:x@y.test", NULL), 3);
}

static void people_get_names_and_rules(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "name", CAROL, "Carol", "Red", NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", "Carol Red", "ask-them", NULL), 0);
	g_autoptr(SnAddress) mail = sn_address_find(desk->tmp->store, SN_CHANNEL_MAIL, CAROL);
	g_autoptr(SnPerson) carol = sn_person_get(desk->tmp->store, mail->person);
	assert_string_equal(carol->name, "Carol Red");
	assert_int_equal(carol->rule, SN_RULE_ASK_THEM);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, "sometimes", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, NULL), 0);
	assert_non_null(strstr(desk->out, "ask-them"));
	assert_non_null(strstr(desk->out, "quiet-hours"));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", "Carol Red", NULL), 0);
	assert_non_null(strstr(desk->out, "ask-them"));
	assert_non_null(strstr(desk->out, CAROL));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "export", "Carol Red", NULL), 0);
	assert_non_null(strstr(desk->out, "FN:Carol Red"));
}

static void people_have_rules_for_their_availability(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;
	g_autoptr(GError) error = NULL;

	fill(desk->tmp);
	g_autoptr(SnAddress) mail = sn_address_find(store, SN_CHANNEL_MAIL, CAROL);
	SnId im = sn_address_intern(store, SN_CHANNEL_IM, "carol@im.test", NULL, NULL);
	assert_true(sn_link_add(store, im, mail->person, SN_LINK_USER, TRUE, NULL, NULL));
	assert_true(sn_contact_wish_set(store, im, SN_WISHED_PUBLISHED, SN_RULE_MAIL,
	                                "mailto:" CAROL, &error));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL,
	                              "quiet-hours=22:00-7:00, weekends", "time-zone=Asia/Tokyo",
	                              "not-available=offline,away", "answer=later", "defer", NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", CAROL, NULL), 0);
	assert_non_null(strstr(desk->out, "quiet-hours:   22:00-07:00, weekends"));
	assert_non_null(strstr(desk->out, "time-zone:     Asia/Tokyo"));
	assert_non_null(strstr(desk->out, "wish:          mail (published by carol@im.test, "));
	assert_non_null(strstr(desk->out, "mailto:" CAROL));
	assert_non_null(strstr(desk->out, "not shared with us"));
	/* all or nothing */
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, "answer=now",
	                              "quiet-hours=at night", NULL), 2);
	assert_true(cli_desk_said(desk, "neither a time span nor days"));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, "sleep=long", NULL), 2);
	assert_true(cli_desk_said(desk, "time-zone or answer"));
	g_autoptr(SnPersonPolicy) policy = sn_person_policy(store, mail->person);
	assert_int_equal(policy->questions, SN_QUESTION_LATER);

	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", CAROL, "--json", NULL), 0);
	assert_non_null(strstr(desk->out, "\"quiet_hours\""));
	assert_non_null(strstr(desk->out, "\"available\""));
	assert_non_null(strstr(desk->out, "\"counts\":true"));
	/* the user's no, and back again */
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, "wish=none", NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", CAROL, NULL), 0);
	assert_non_null(strstr(desk->out, "refused by you"));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "undo", NULL), 0);
	assert_non_null(strstr(desk->out, "Taken back: Refused what "));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", CAROL, NULL), 0);
	assert_null(strstr(desk->out, "refused by you"));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, "wish=none", NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, "wish=send",
	                              "quiet-hours=default", NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", CAROL, NULL), 0);
	assert_non_null(strstr(desk->out, "send (noted by you, "));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "rule", CAROL, "wish=mail", NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "undo", NULL), 0);
	assert_non_null(strstr(desk->out, " wishes for: \"mail\""));
	assert_int_equal(cli_desk_run(desk, NULL, "people", "show", CAROL, NULL), 0);
	assert_non_null(strstr(desk->out, "send (noted by you, "));
	assert_null(strstr(desk->out, "quiet-hours"));
}

static void contacts_are_told_how_to_reach_us(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "presence", "--reach",
	                              "alice@example.test, tel:+49-30-123456", NULL), 0);
	g_autofree char *wish = sn_wish_get(desk->tmp->store, SN_WISH_REACH, "");
	assert_string_equal(wish, "mailto:alice@example.test tel:+49-30-123456");
	assert_int_equal(cli_desk_run(desk, NULL, "presence", NULL), 0);
	assert_non_null(strstr(desk->out, "when away: mailto:alice@example.test"));
	static const char *const wrong[] = { "http://example.test", "mailto:nobody", "tel:call me",
		                             "javascript:alert(1)", "xmpp:", "mailto:a b@c" };
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
		assert_int_equal(cli_desk_run(desk, NULL, "presence", "--reach", wrong[i], NULL), 7);
	assert_int_equal(cli_desk_run(desk, NULL, "presence", "xa", "gone sailing", "--no-reach", NULL), 0);
	g_autofree char *none = sn_wish_get(desk->tmp->store, SN_WISH_REACH, "");
	assert_string_equal(none, "");
	g_autofree char *presence = sn_wish_get(desk->tmp->store, SN_WISH_PRESENCE, "");
	assert_string_equal(presence, "xa\tgone sailing");
	assert_int_equal(cli_desk_run(desk, NULL, "presence", "auto", "at the quay", NULL), 0);
	g_autofree char *given_back = sn_wish_get(desk->tmp->store, SN_WISH_PRESENCE, "");
	assert_string_equal(given_back, "auto\tat the quay");
	assert_int_equal(cli_desk_run(desk, NULL, "presence", "automatic", NULL), 2);
}

static void vcard_files_fill_the_address_map(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;
	g_autofree char *dir = g_build_filename(desk->context.paths->config, "cards", NULL);
	g_autofree char *one = g_build_filename(dir, "one.vcf", NULL);

	fill(desk->tmp);
	assert_int_equal(g_mkdir(dir, 0700), 0);
	cli_desk_write(desk, "cards/one.vcf", "Bob Bight;" BOB ";" BOB " bob@chat.test\n"
	                                      "Dora;dora@example.test;\n");
	cli_desk_write(desk, "cards/notes.txt", "no card");
	assert_int_equal(cli_desk_run(desk, NULL, "people", "import", dir, NULL), 0);
	g_autoptr(SnAddress) mail = sn_address_find(store, SN_CHANNEL_MAIL, BOB);
	g_autoptr(SnAddress) im = sn_address_find(store, SN_CHANNEL_IM, "bob@chat.test");
	assert_int_equal(mail->person, im->person);
	g_autoptr(GPtrArray) all = sn_person_addresses(store, im->person);
	for (guint i = 0; i < all->len; i++) {
		const SnAddress *address = all->pdata[i];
		assert_true(address->confirmed);
		if (address->id == im->id) {
			assert_int_equal(address->source, SN_LINK_VCARD);
			assert_string_equal(address->evidence, one);
		}
	}
	assert_int_equal(all->len, 3);
	g_autoptr(SnPerson) bob = sn_person_get(store, mail->person);
	assert_string_equal(bob->name, "Bob Bight");
	/* once more changes nothing */
	assert_int_equal(cli_desk_run(desk, NULL, "people", "import", "--json", one, NULL), 0);
	json_t *array = cli_desk_json(desk);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(array, 0), "people")), 2);
	json_decref(array);
	cli_desk_write(desk, "cards/one.vcf", "nonsense\nEve;eve@example.test;\n");
	assert_int_equal(cli_desk_run(desk, NULL, "people", "import", one, NULL), 7);
	g_autoptr(SnAddress) eve = sn_address_find(store, SN_CHANNEL_MAIL, "eve@example.test");
	assert_non_null(eve);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "import", "/no/such.vcf", NULL), 7);
	assert_int_equal(cli_desk_run(desk, NULL, "people", "import", NULL), 2);
	desk->no_vcards = TRUE;
	assert_int_equal(cli_desk_run(desk, NULL, "people", "import", one, NULL), 1);
	assert_true(cli_desk_said(desk, "The module is missing"));
}

static void accounts_show_each_end(void **state)
{
	CliDesk *desk = *state;
	SnStatus status = { .account = (char *)"home", .end = (char *)"im", .kind = SN_STATUS_ONLINE };

	assert_true(sn_status_set(desk->tmp->store, &status, NULL));
	/* without an engine nothing is on line, whatever was written before */
	json_t *array = run_json(desk, "accounts", NULL);
	assert_int_equal(json_array_size(array), 3);
	assert_string_equal(text_of(json_array_get(array, 2), "end"), "im");
	assert_string_equal(text_of(json_array_get(array, 2), "state"), "off");
	json_decref(array);
	assert_true(cli_desk_said(desk, "no engine"));
	SnLock *lock = sn_lock_take(desk->context.paths->lock_path, NULL);
	array = run_json(desk, "accounts", NULL);
	assert_string_equal(text_of(json_array_get(array, 2), "state"), "online");
	assert_string_equal(text_of(json_array_get(array, 2), "address"), "alice@example.test");
	json_decref(array);
	sn_lock_release(lock);
}

static void doctor_names_what_is_wrong(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 0);
	assert_int_equal(desk->probes, 3);
	assert_non_null(strstr(desk->out, "home source"));
	assert_null(strstr(desk->out, "problem"));
	desk->probe_error = SN_ERROR_AUTH;
	desk->probe_fails = "xmpp";
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 4);
	assert_non_null(strstr(desk->out, "problem  home im"));
	assert_non_null(strstr(desk->out, "The server said no"));
	desk->probe_error = SN_ERROR_TLS;
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", "--json", NULL), 5);
	json_decref(cli_desk_json(desk));
	cli_desk_forget(desk);
	cli_desk_write(desk, "accounts.conf", "[home]\nsorce = x\n");
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 2);
	assert_non_null(strstr(desk->out, "accounts.conf:2"));
}

/* The object for a check; NULL. */
static json_t *finding(json_t *array, const char *check)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (strcmp(text_of(json_array_get(array, i), "check"), check) == 0)
			return json_array_get(array, i);
	return NULL;
}

static void assert_advice(CliDesk *desk, const char *check, const char *verdict, const char *advice)
{
	json_t *array = cli_desk_json(desk), *found = finding(array, check);

	assert_non_null(found);
	assert_string_equal(text_of(found, "verdict"), verdict);
	const char *have = json_string_value(json_object_get(found, "advice"));
	if (advice ? !have || !strstr(have, advice) : have != NULL)
		fail_msg("%s: '%s' instead of '%s'", check, have ? have : "-", advice ? advice : "-");
	json_decref(array);
}

static void doctor_says_what_to_do(void **state)
{
	static const struct {
		SnErrorCode code;
		int exit;
		const char *advice;
	} cases[] = {
		{ SN_ERROR_AUTH, 4, "check the login name 'alice' and what the command 'echo' prints" },
		{ SN_ERROR_TLS, 5, "ca-file" },
		{ SN_ERROR_NETWORK, 5, "online" },
		{ SN_ERROR_UNAVAILABLE, 1, "all of sennit is installed" },
		{ SN_ERROR_STORAGE, 1, NULL },
	};
	CliDesk *desk = *state;

	desk->probe_fails = "imap";
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		desk->probe_error = cases[i].code;
		assert_int_equal(cli_desk_run(desk, NULL, "doctor", "--json", NULL), cases[i].exit);
		assert_advice(desk, "home source", "problem", cases[i].advice);
		assert_advice(desk, "home outgoing", "ok", NULL);
	}
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 1);
	desk->probe_error = SN_ERROR_AUTH;
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 4);
	assert_non_null(strstr(desk->out, "\n                              -> check the login name"));
}

/* What an engine cannot write down; of one that has ended it says nothing. */
static void accounts_say_that_the_disk_is_full(void **state)
{
	CliDesk *desk = *state;
	SnBell *bell = sn_bell_open(sn_store_bell_path(desk->tmp->store), NULL);

	sn_bell_leave(bell, 'f');
	assert_int_equal(cli_desk_run(desk, NULL, "accounts", NULL), 0);
	assert_false(cli_desk_said(desk, "The disk is full"));
	SnLock *lock = sn_lock_take(desk->context.paths->lock_path, NULL);
	assert_int_equal(cli_desk_run(desk, NULL, "accounts", NULL), 0);
	assert_true(cli_desk_said(desk, "The disk is full"));
	sn_bell_leave(bell, ' ');
	assert_int_equal(cli_desk_run(desk, NULL, "accounts", NULL), 0);
	assert_false(cli_desk_said(desk, "disk"));
	sn_lock_release(lock);
	sn_bell_free(bell);
}

/* A store holds what no server has: nobody is told to throw it away lightly. */
static void doctor_keeps_a_damaged_store(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *log = g_strconcat(desk->tmp->path, "-wal", NULL);

	g_clear_pointer(&desk->tmp->store, sn_store_close);
	g_remove(log);
	assert_true(g_file_set_contents_full(desk->tmp->path, "no database, and longer than a hundred bytes", -1,
	                                     0, 0600, NULL));
	cli_desk_run(desk, NULL, "doctor", "--offline", "--json", NULL);
	assert_advice(desk, "store", "problem", "copy it first");
	assert_advice(desk, "store", "problem", "what waits in the outbox");
}

static void add_checked(CliDesk *desk, int from, int to, const char *results)
{
	for (int i = from; i < to; i++) {
		g_autoptr(SnMessage) message = sn_message_new();
		message->account = sn_account_find(desk->tmp->store, "home");
		message->channel = SN_CHANNEL_MAIL;
		message->time = i * SN_MINUTE;
		message->state = SN_STATE_RECEIVED;
		message->sender = sn_address_intern(desk->tmp->store, SN_CHANNEL_MAIL, "x@example.test", NULL, NULL);
		message->message_id = g_strdup_printf("checked-%d", i);
		message->authentication = g_strdup(results);
		message->body = g_strdup("");
		sn_message_add_party(message, SN_ROLE_FROM, "x@example.test", NULL);
		assert_true(sn_message_add(desk->tmp->store, message, NULL, NULL, NULL, NULL));
	}
}

/* Results that a server does not add anybody can add. */
static void doctor_finds_a_server_that_checks_nothing(void **state)
{
	CliDesk *desk = *state;

	cli_desk_write(desk, "accounts.conf",
	               "[home]\nfrom = alice@example.test\nsource = imaps://alice@mail.example.test\n"
	               "password-command = echo x\nauthserv-id = mx.example.test\n"
	               "own-servers = localhost, relay.test\n");
	add_checked(desk, 1, 15, NULL);
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", NULL), 0);
	assert_null(strstr(desk->out, "authserv-id")); /* too few to know */
	add_checked(desk, 15, 60, NULL);
	add_checked(desk, 60, 63, "spf=pass");
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", "--json", NULL), 2);
	assert_advice(desk, "home authserv-id", "problem", "take authserv-id out");
	assert_non_null(strstr(desk->out, "of the last 62 emails only 3 have results of mx.example.test"));
	add_checked(desk, 100, 300, "spf=pass");
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", "--json", NULL), 0);
	assert_advice(desk, "home authserv-id", "ok", NULL);
}

static void doctor_looks_at_what_logging_in_needs(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *accounts = g_strdup_printf(
		"[dir]\nfrom = a@b.test\nsource = maildir://%s/absent\n"
		"[gone]\nfrom = a@b.test\nsource = imaps://a@b.test\n"
		"password-command = no-such-program-here x\n"
		"[token]\nfrom = a@b.test\noutgoing = smtps://a@b.test\noauth2-provider = google\n"
		"oauth2-client-id = x\noauth2-refresh-command = false\n"
		"[ring]\nfrom = a@b.test\noutgoing = smtps://a@b.test\n", desk->tmp->directory);
	g_autofree char *bus = g_strdup(g_getenv("DBUS_SESSION_BUS_ADDRESS"));

	/* where nobody listens */
	g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
	cli_desk_write(desk, "accounts.conf", accounts);
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", "--json", NULL), 3);
	assert_advice(desk, "dir source", "problem", "mbsync makes it");
	assert_advice(desk, "gone source", "problem", "change password-command of [gone]");
	assert_advice(desk, "token outgoing", "problem", "type: sennit oauth login token");
	assert_advice(desk, "ring outgoing", "ok", NULL);
	assert_advice(desk, "secret service", "problem", "password-command");
	assert_int_equal(desk->probes, 1);
	/* commands are not run, and servers not asked, off line */
	desk->probes = 0;
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", "--offline", "--json", NULL), 3);
	assert_advice(desk, "token outgoing", "note", NULL);
	assert_int_equal(desk->probes, 0);
	/* what nobody needs is no problem */
	cli_desk_forget(desk);
	cli_desk_write(desk, "accounts.conf", "[home]\nfrom = a@b.test\noutgoing = smtps://a@b.test\n"
	               "password-command = echo x\n");
	assert_int_equal(cli_desk_run(desk, NULL, "doctor", "--json", NULL), 0);
	assert_advice(desk, "secret service", "note", NULL);
	if (bus)
		g_setenv("DBUS_SESSION_BUS_ADDRESS", bus, TRUE);
	else
		g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
}

static void wrong_configuration_stops_every_verb(void **state)
{
	static const char *const verbs[] = { "list", "outbox", "people", "accounts", "engine" };
	CliDesk *desk = *state;

	cli_desk_write(desk, "sennit.conf", "[ui]\nmose = true\n");
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		assert_int_equal(cli_desk_run(desk, NULL, verbs[i], NULL), 2);
		assert_true(cli_desk_said(desk, "sennit.conf:2"));
		assert_true(cli_desk_said(desk, "'mouse'"));
		assert_string_equal(desk->out, "");
	}
	assert_int_equal(desk->engine_runs, 0);
}

static void import_counts(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "import", desk->tmp->path, NULL), 0);
	assert_non_null(strstr(desk->out, "2 added, 1 known before"));
	assert_int_equal(cli_desk_run(desk, NULL, "import", "--json", desk->tmp->path, "/no/such", NULL),
	                 3);
	json_t *array = cli_desk_json(desk);
	assert_int_equal(json_array_size(array), 1);
	json_decref(array);
	assert_int_equal(cli_desk_run(desk, NULL, "import", NULL), 2);
}

static gint64 size_of_store(const CliDesk *desk)
{
	GStatBuf info;

	assert_int_equal(g_stat(desk->context.paths->store_path, &info), 0);
	return info.st_size;
}

static void compacting_gives_back_what_was_freed_and_keeps_the_rest(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;
	g_autofree char *long_text = g_strnfill(8000, 'x');

	assert_true(sn_exec(store, "CREATE TABLE ballast (text TEXT)", NULL));
	for (int i = 0; i < 300; i++) {
		g_autofree char *id = g_strdup_printf("compact%d@example.test", i);
		tmpstore_mail(desk->tmp, SN_IN, "bob@example.test", id, "The bowline", "A loop that holds.");
		assert_true(sn_run(store, NULL, "INSERT INTO ballast VALUES (?1)", V(long_text)));
	}
	assert_true(sn_exec(store, "DELETE FROM ballast; PRAGMA wal_checkpoint(TRUNCATE)", NULL));
	gint64 messages = sn_one(store, "SELECT count(*) FROM message"), before = size_of_store(desk);
	SnLock *lock = sn_lock_take(desk->context.paths->lock_path, NULL);
	assert_int_equal(cli_desk_run(desk, NULL, "compact", NULL), 1);
	assert_true(cli_desk_said(desk, "End it first"));
	sn_lock_release(lock);
	assert_int_equal(size_of_store(desk), before);
	assert_int_equal(cli_desk_run(desk, NULL, "compact", NULL), 0);
	assert_non_null(strstr(desk->out, " before, "));
	assert_true(size_of_store(desk) < before - 300 * 8000 / 2);
	assert_int_equal(sn_one(store, "SELECT count(*) FROM message"), messages);
	assert_true(sn_store_check(store, NULL, NULL));
	assert_int_equal(cli_desk_run(desk, NULL, "search", "-n0", "bowline", NULL), 0);
	assert_non_null(strstr(desk->out, "bowline"));
}

static void engine_needs_an_account(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "engine", "--once", NULL), 0);
	assert_int_equal(desk->engine_runs, 1);
	cli_desk_forget(desk);
	cli_desk_write(desk, "accounts.conf", "");
	assert_int_equal(cli_desk_run(desk, NULL, "engine", NULL), 2);
	assert_true(cli_desk_said(desk, "sennit init"));
	assert_int_equal(desk->engine_runs, 1);
}

/* ---- usage ---- */

static void ones_own_vcard_is_lines(void **state)
{
	static const char lines[] = "# a comment\nname: Alice Liddell\nEmail : a@x.example\n"
				    "email: b@x.example\nphone:\n";
	CliDesk *desk = *state;

	/* before it was read nobody knows what a change would take away */
	assert_int_equal(cli_desk_run(desk, NULL, "vcard", NULL), SN_EXIT_FAILED);
	assert_true(cli_desk_said(desk, "not read yet"));
	assert_int_equal(cli_desk_run(desk, lines, "vcard", "--set", NULL), 0);
	assert_int_equal(cli_desk_run(desk, NULL, "vcard", NULL), 0);
	assert_string_equal(desk->out, "name: Alice Liddell\nemail: a@x.example\nemail: b@x.example\n");
	assert_int_equal(cli_desk_run(desk, NULL, "vcard", "--json", "--account", "home", NULL), 0);
	json_t *array = cli_desk_json(desk), *object = json_array_get(array, 0);
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "email"), 1)),
	                    "b@x.example");
	json_decref(array);
	/* what cannot be changes nothing */
	assert_int_equal(cli_desk_run(desk, "nmae: X", "vcard", "--set", NULL), SN_EXIT_INPUT);
	assert_true(cli_desk_said(desk, "name"));
	assert_int_equal(cli_desk_run(desk, "name: A\nname: B", "vcard", "--set", NULL), SN_EXIT_INPUT);
	assert_int_equal(cli_desk_run(desk, NULL, "vcard", "-a", "work", NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, NULL, "vcard", NULL), 0);
	assert_non_null(strstr(desk->out, "Alice Liddell"));
}

static void every_verb_has_help(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *all = sn_program_help();
	static const char *const verbs[] = { "init",   "engine", "send",     "list",   "show",  "search",
		                             "outbox", "people", "accounts", "doctor", "import" };

	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_autofree char *row = g_strdup_printf("\n  %s ", verbs[i]);
		assert_non_null(strstr(all, row));
		assert_true(sn_cli_is_verb(verbs[i]));
		assert_int_equal(cli_desk_run(desk, NULL, verbs[i], "--help", NULL), 0);
		g_autofree char *usage = g_strdup_printf("Usage: sennit %s", verbs[i]);
		assert_true(g_str_has_prefix(desk->out, usage));
		assert_non_null(strstr(desk->out, "--help"));
		g_auto(GStrv) lines = g_strsplit(desk->out, "\n", -1);
		for (gsize j = 0; lines[j]; j++)
			assert_true(g_utf8_strlen(lines[j], -1) <= 80);
	}
	assert_null(strstr(all, "__complete"));
	assert_false(sn_cli_is_verb("bob"));
	assert_string_equal(sn_cli_nearest_verb("serach"), "search");
	assert_null(sn_cli_nearest_verb("bob@example.test"));
}

static void wrong_options_are_answered_with_the_nearest(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, NULL, "list", "--jsn", NULL), 2);
	assert_true(cli_desk_said(desk, "did you mean '--json'?"));
	assert_int_equal(cli_desk_run(desk, NULL, "list", "-Z", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "list", "--limit", NULL), 2);
	assert_true(cli_desk_said(desk, "needs a value"));
	assert_int_equal(cli_desk_run(desk, NULL, "list", "--limit=x", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "list", "--json=1", NULL), 2);
	assert_int_equal(cli_desk_run(desk, NULL, "list", "-n", "1", "-n", "2", NULL), 2);
	assert_true(cli_desk_said(desk, "twice"));
	assert_int_equal(cli_desk_run(desk, NULL, "list", "one", "two", NULL), 2);
	assert_true(cli_desk_said(desk, "'two'"));
	assert_int_equal(cli_desk_run(desk, NULL, "send", "--via", "mial", "--to", BOB, NULL), 2);
	assert_true(cli_desk_said(desk, "did you mean 'mail'?"));
	assert_int_equal(cli_desk_run(desk, NULL, "list", "-n1", "--", "--json", NULL), 0);
}

static void program_options_stop_at_the_verb(void **state)
{
	char *argv[] = { (char *)"sennit", (char *)"-c", (char *)"dir", (char *)"--plain",
		         (char *)"list",   (char *)"-n", (char *)"3",   NULL };
	char *wrong[] = { (char *)"sennit", (char *)"--verison", NULL };
	g_autoptr(GError) error = NULL;
	SnProgramArgs args;

	assert_true(sn_program_args(7, argv, &args, NULL));
	assert_string_equal(args.dir, "dir");
	assert_true(args.plain);
	assert_int_equal(args.rest, 4);
	assert_true(sn_program_args(1, argv, &args, NULL));
	assert_int_equal(args.rest, 1);
	assert_null(args.dir);
	assert_false(sn_program_args(2, wrong, &args, &error));
	assert_non_null(strstr(error->message, "'--version'"));
	assert_int_equal(sn_exit_for_error(error), 2);
}

static void errors_have_their_exit_codes(void **state)
{
	static const struct {
		SnErrorCode error;
		SnExit code;
	} codes[] = { { SN_ERROR_AUTH, SN_EXIT_AUTH },         { SN_ERROR_TLS, SN_EXIT_NETWORK },
		      { SN_ERROR_NETWORK, SN_EXIT_NETWORK },   { SN_ERROR_CONFIG, SN_EXIT_USAGE },
		      { SN_ERROR_NOT_FOUND, SN_EXIT_NOT_FOUND }, { SN_ERROR_INVALID, SN_EXIT_INPUT },
		      { SN_ERROR_STORAGE, SN_EXIT_FAILED },    { SN_ERROR_BUSY, SN_EXIT_FAILED } };

	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		assert_int_equal(sn_exit_for_code(codes[i].error), codes[i].code);
	assert_int_equal(sn_exit_for_error(NULL), 0);
}

static void completion_knows_what_fits(void **state)
{
	CliDesk *desk = *state;

	fill(desk->tmp);
	cli_desk_run(desk, NULL, "__complete", "--", "se", NULL);
	assert_non_null(strstr(desk->out, "send\t"));
	assert_non_null(strstr(desk->out, "search\t"));
	assert_null(strstr(desk->out, "list"));
	cli_desk_run(desk, NULL, "__complete", "--", "send", "--vi", NULL);
	assert_true(g_str_has_prefix(desk->out, "--via\t"));
	cli_desk_run(desk, NULL, "__complete", "--", "send", "--via", "", NULL);
	assert_non_null(strstr(desk->out, "mail\t"));
	assert_non_null(strstr(desk->out, "auto\t"));
	cli_desk_run(desk, NULL, "__complete", "--", "send", "--to", "car", NULL);
	assert_true(g_str_has_prefix(desk->out, CAROL "\t"));
	cli_desk_run(desk, NULL, "__complete", "--", "show", "", NULL);
	assert_non_null(strstr(desk->out, BOB "\t"));
	cli_desk_run(desk, NULL, "__complete", "--", "outbox", "c", NULL);
	assert_non_null(strstr(desk->out, "cancel\t"));
	assert_non_null(strstr(desk->out, "convert\t"));
	cli_desk_run(desk, NULL, "__complete", "--", "import", "", NULL);
	assert_string_equal(desk->out, ":files\n");
	cli_desk_run(desk, NULL, "__complete", "--", "-c", "", NULL);
	assert_string_equal(desk->out, ":files\n");
	assert_int_equal(cli_desk_run(desk, NULL, "__complete", "--", NULL), 0);
	assert_null(strstr(desk->out, "__complete"));
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, cli_desk_setup, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(an_empty_store_gives_empty_lists),
		DESK_TEST(list_has_the_documented_shape),
		DESK_TEST(show_has_the_documented_shape),
		DESK_TEST(what_people_read_has_no_control_characters),
		DESK_TEST(unknown_people_are_not_found),
		DESK_TEST(search_finds_and_refuses),
		DESK_TEST(a_message_that_was_found_is_shown_by_itself),
		DESK_TEST(outbox_tells_all_about_an_entry),
		DESK_TEST(a_doubtful_entry_says_what_can_be_done),
		DESK_TEST(outbox_requests_are_left_for_the_engine),
		DESK_TEST(outbox_edit_takes_the_new_text),
		DESK_TEST(people_are_linked_and_taken_apart),
		DESK_TEST(people_get_names_and_rules),
		DESK_TEST(people_have_rules_for_their_availability),
		DESK_TEST(contacts_are_told_how_to_reach_us),
		DESK_TEST(vcard_files_fill_the_address_map),
		DESK_TEST(accounts_show_each_end),
		DESK_TEST(doctor_names_what_is_wrong),
		DESK_TEST(doctor_says_what_to_do),
		DESK_TEST(doctor_keeps_a_damaged_store),
		DESK_TEST(accounts_say_that_the_disk_is_full),
		DESK_TEST(doctor_finds_a_server_that_checks_nothing),
		DESK_TEST(doctor_looks_at_what_logging_in_needs),
		DESK_TEST(wrong_configuration_stops_every_verb),
		DESK_TEST(import_counts),
		DESK_TEST(engine_needs_an_account),
		DESK_TEST(ones_own_vcard_is_lines),
		DESK_TEST(compacting_gives_back_what_was_freed_and_keeps_the_rest),
		DESK_TEST(every_verb_has_help),
		DESK_TEST(wrong_options_are_answered_with_the_nearest),
		cmocka_unit_test(program_options_stop_at_the_verb),
		cmocka_unit_test(errors_have_their_exit_codes),
		DESK_TEST(completion_knows_what_fits),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
