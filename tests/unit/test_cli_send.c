/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "src/base/lock.h"
#include "src/store/rooms.h"
#include "src/store/statement.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@example.test"

/* The entry whose number was printed; fails when none was. */
static SnOutboxEntry *sent(CliDesk *desk)
{
	SnId id = g_ascii_strtoll(desk->out, NULL, 10);
	SnOutboxEntry *entry = id ? sn_outbox_get(desk->tmp->store, id, SN_OUTBOX_FULL) : NULL;

	if (!entry)
		fail_msg("nothing was queued: %s%s", desk->out, desk->err);
	return entry;
}

static guint queued(CliDesk *desk)
{
	g_autoptr(GPtrArray) all = sn_outbox_list(desk->tmp->store, SN_OUTBOX_ALL, 0, 100, 0);
	return all->len;
}

static const SnParty *recipient(const SnOutboxEntry *entry, guint index)
{
	assert_true(index < entry->recipients->len);
	return entry->recipients->pdata[index];
}

/* What the engine writes when the account is on line and the contact's presence is known. */
static void presence(CliDesk *desk, const char *jid, SnPresenceShow show)
{
	SnStore *store = desk->tmp->store;
	SnId address = tmpstore_address(desk->tmp, SN_CHANNEL_IM, jid, NULL);
	SnStatus status = { .account = (char *)"home", .end = (char *)"im", .kind = SN_STATUS_ONLINE };
	SnPresence at = { .address = address, .resource = (char *)"phone", .show = SN_PRESENCE_ONLINE };

	assert_true(sn_status_set(store, &status, NULL));
	assert_true(sn_roster_set(store, desk->tmp->account, jid, NULL, SN_SUB_BOTH, FALSE, NULL));
	assert_true(sn_presence_set(store, desk->tmp->account, &at, NULL));
	at.show = show;
	assert_true(sn_presence_set(store, desk->tmp->account, &at, NULL));
}

/* bob's IM address belongs to the person who writes by mail, by the user's own word */
static void link_bob(CliDesk *desk)
{
	g_autoptr(SnAddress) mail = NULL;

	tmpstore_mail(desk->tmp, SN_IN, BOB, "rope@example.test", "The rope", "It came today");
	tmpstore_im(desk->tmp, SN_IN, BOB, "im-1", "Are you there?");
	mail = sn_address_find(desk->tmp->store, SN_CHANNEL_MAIL, BOB);
	SnId im = tmpstore_address(desk->tmp, SN_CHANNEL_IM, BOB, NULL);
	g_autoptr(GError) error = NULL;
	if (!sn_link_add(desk->tmp->store, im, mail->person, SN_LINK_USER, TRUE, NULL, &error))
		fail_msg("%s", error->message);
}

static void a_new_address_is_made_known_by_using_it(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, "Ahoy\n", "send", "--to", "New@Example.test", NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	assert_int_equal(entry->channel, SN_CHANNEL_MAIL);
	assert_string_equal(recipient(entry, 0)->address, "New@example.test");
	assert_string_equal(entry->body, "Ahoy");
	assert_string_equal(entry->from, "alice@example.test");
	assert_true(entry->subject && *entry->subject);
	assert_int_equal(entry->state, SN_STATE_QUEUED);
	assert_true(cli_desk_said(desk, "no engine is running"));
	g_autoptr(SnAddress) address = sn_address_find(desk->tmp->store, SN_CHANNEL_MAIL,
	                                               "New@example.test");
	assert_true(address->confirmed);
}

static void the_prefix_or_via_names_the_channel(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, "Ahoy", "send", "--to", "xmpp:dora@chat.test", NULL), 0);
	g_autoptr(SnOutboxEntry) first = sent(desk);
	assert_int_equal(first->channel, SN_CHANNEL_IM);
	assert_int_equal(cli_desk_run(desk, "Ahoy", "send", "--to", "dora@chat.test", "--via", "im",
	                              NULL), 0);
	g_autoptr(SnOutboxEntry) second = sent(desk);
	assert_int_equal(second->channel, SN_CHANNEL_IM);
	assert_int_equal(second->conversation, first->conversation);
	assert_int_equal(cli_desk_run(desk, "Ahoy", "send", "--to", "mailto:dora@chat.test", NULL), 0);
	g_autoptr(SnOutboxEntry) third = sent(desk);
	assert_int_equal(third->channel, SN_CHANNEL_MAIL);
	assert_int_equal(cli_desk_run(desk, "Ahoy", "send", "--to", "dora@chat.test", "--via", "im",
	                              NULL), 0);
	g_autoptr(SnOutboxEntry) fourth = sent(desk);
	assert_int_equal(fourth->conversation, first->conversation);
	/* equal texts need not be the same human */
	assert_int_not_equal(third->conversation, first->conversation);
}

static void a_reply_goes_over_the_other_channel_with_history(void **state)
{
	CliDesk *desk = *state;

	link_bob(desk);
	presence(desk, BOB, SN_PRESENCE_ONLINE);
	assert_int_equal(cli_desk_run(desk, "By IM", "send", "--to", BOB, "--via", "im", "--reply-to",
	                              "<rope@example.test>", NULL), 0);
	g_autoptr(SnOutboxEntry) im = sent(desk);
	assert_int_equal(im->channel, SN_CHANNEL_IM);
	assert_string_equal(recipient(im, 0)->address, BOB);
	assert_int_equal(im->reply_to, sn_message_find_mail(desk->tmp->store, "rope@example.test"));
	assert_int_equal(im->history->len, 1);
	assert_true(im->announce);
	assert_int_equal(cli_desk_run(desk, "By IM", "send", "--to", BOB, "--via", "im", "--reply-to",
	                              "rope@example.test", "--history", "none", NULL), 0);
	g_autoptr(SnOutboxEntry) bare = sent(desk);
	assert_true(!bare->history || bare->history->len == 0);
	assert_int_equal(cli_desk_run(desk, "By mail", "send", "--to", BOB, "--via", "mail", "--subject",
	                              "Rope", "--cc", "Carol <carol@work.test>", "--history", "last:2",
	                              NULL), 0);
	g_autoptr(SnOutboxEntry) mail = sent(desk);
	assert_int_equal(mail->channel, SN_CHANNEL_MAIL);
	assert_string_equal(mail->subject, "Rope");
	gboolean copy = FALSE;
	for (guint i = 0; i < mail->recipients->len; i++)
		copy |= recipient(mail, i)->role == SN_ROLE_CC &&
		        strcmp(recipient(mail, i)->address, "carol@work.test") == 0;
	assert_true(copy);
}

static void an_unconfirmed_address_needs_a_yes(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;

	tmpstore_mail(desk->tmp, SN_IN, BOB, "rope@example.test", "The rope", "It came today");
	g_autoptr(SnAddress) mail = sn_address_find(store, SN_CHANNEL_MAIL, BOB);
	SnId im = tmpstore_address(desk->tmp, SN_CHANNEL_IM, "mallory@evil.test", NULL);
	assert_true(sn_link_add(store, im, mail->person, SN_LINK_JABBER_ID, FALSE, "a header", NULL));
	assert_int_equal(cli_desk_run(desk, "Secret", "send", "--to", BOB, "--via", "im", NULL), 6);
	assert_string_equal(desk->out, "");
	assert_int_equal(queued(desk), 0);
	/* what it is, where it comes from, what to type */
	assert_true(cli_desk_said(desk, "mallory@evil.test"));
	assert_true(cli_desk_said(desk, "jabber-id"));
	assert_true(cli_desk_said(desk, "--yes"));
	assert_true(cli_desk_said(desk, "people confirm"));
	assert_int_equal(cli_desk_run(desk, "Fine", "send", "--to", BOB, "--via", "im", "--yes", NULL),
	                 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	assert_string_equal(recipient(entry, 0)->address, "mallory@evil.test");
	/* the yes is remembered */
	assert_int_equal(cli_desk_run(desk, "Again", "send", "--to", BOB, "--via", "im", NULL), 0);
}

static void a_room_is_spoken_to_as_a_room(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;
	SnId room = sn_room_make(store, desk->tmp->account, "tea@rooms.example.test", "alice", NULL, TRUE,
	                         NULL);

	/* somebody spoke there: the address is known, and yet nobody's */
	assert_int_not_equal(sn_address_intern(store, SN_CHANNEL_IM, "tea@rooms.example.test", NULL, NULL),
	                     0);
	assert_int_equal(cli_desk_run(desk, "is it ready", "send", "--to", "tea@rooms.example.test", NULL),
	                 SN_EXIT_DONE);
	g_autoptr(GPtrArray) page = sn_message_page(store, room, 0, 0, FALSE, 10, SN_MESSAGE_FULL);
	assert_int_equal(page->len, 1);
	const SnMessage *message = page->pdata[0];
	assert_string_equal(message->body, "is it ready");
	assert_int_equal(message->channel, SN_CHANNEL_IM);
	assert_int_equal(cli_desk_run(desk, "", "show", "xmpp:tea@rooms.example.test", NULL), SN_EXIT_DONE);
	assert_non_null(strstr(desk->out, "is it ready"));
	assert_int_equal(cli_desk_run(desk, "x", "send", "--via", "mail", "--to",
	                              "tea@rooms.example.test", NULL), SN_EXIT_USAGE);
	assert_true(cli_desk_said(desk, "a room takes no email"));
}

/* ---- rooms ---- */

#define TEA "tea@rooms.example.test"

static void expect_wish(CliDesk *desk, const char *verb, const char *who, const char *value,
                        const char *text)
{
	g_autoptr(GPtrArray) wishes = sn_room_wishes(desk->tmp->store);

	assert_int_equal(wishes->len, 1);
	const SnRoomWish *wish = wishes->pdata[0];
	assert_string_equal(wish->room, TEA);
	assert_string_equal(wish->verb, verb);
	assert_string_equal(wish->who ? wish->who : "", who);
	assert_string_equal(wish->value ? wish->value : "", value);
	assert_string_equal(wish->text ? wish->text : "", text);
	assert_true(sn_room_wish_done(desk->tmp->store, wish->id, NULL));
}

static void what_is_asked_of_a_room_waits_for_the_engine(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;

	assert_int_equal(cli_desk_run(desk, "", "rooms", "topic", TEA, "Cups", NULL), SN_EXIT_NOT_FOUND);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "join", "--create", "xmpp:" TEA, "al", NULL),
	                 SN_EXIT_WAITING);
	assert_non_null(strstr(desk->out, "Waits until sennit runs."));
	expect_wish(desk, "join", "al", "create", "");
	g_autoptr(SnRoom) room = sn_room_find(store, 0, TEA);
	assert_non_null(room);
	assert_true(room->wanted);
	assert_int_equal(room->state, SN_ROOM_JOINING);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "topic", TEA, "Cups", "and", "pots", NULL),
	                 SN_EXIT_WAITING);
	expect_wish(desk, "subject", "", "", "Cups and pots");
	cli_desk_run(desk, "", "rooms", "invite", TEA, BOB, "do come", NULL);
	expect_wish(desk, "invite", BOB, "", "do come");
	cli_desk_run(desk, "", "rooms", "kick", TEA, "mate", "too", "loud", NULL);
	expect_wish(desk, "role", "mate", "none", "too loud");
	cli_desk_run(desk, "", "rooms", "ban", TEA, "mate", NULL);
	expect_wish(desk, "affiliation", "mate", "outcast", "");
	cli_desk_run(desk, "", "rooms", "role", TEA, "mate", "visitor", NULL);
	expect_wish(desk, "role", "mate", "visitor", "");
	cli_desk_run(desk, "", "rooms", "affiliation", TEA, BOB, "member", NULL);
	expect_wish(desk, "affiliation", BOB, "member", "");
	cli_desk_run(desk, "", "rooms", "leave", TEA, NULL);
	expect_wish(desk, "leave", "", "", "");
	assert_int_equal(cli_desk_run(desk, "", "rooms", "notify", TEA, "all", NULL), SN_EXIT_DONE);
	g_autoptr(SnRoom) told = sn_room_find(store, 0, TEA);
	assert_int_equal(told->tell, SN_ROOM_TELL_ALL);
}

static void what_cannot_be_asked_of_a_room_is_said(void **state)
{
	CliDesk *desk = *state;
	SnId id = sn_room_make(desk->tmp->store, desk->tmp->account, TEA, "alice", NULL, TRUE, NULL);

	assert_int_not_equal(id, 0);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "join", "nonsense", NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "people", NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "kick", TEA, NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "role", TEA, "mate", "king", NULL), SN_EXIT_USAGE);
	assert_true(cli_desk_said(desk, "moderator, participant, visitor"));
	assert_int_equal(cli_desk_run(desk, "", "rooms", "topic", TEA, NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "notify", TEA, "some", NULL), SN_EXIT_USAGE);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "dance", TEA, NULL), SN_EXIT_USAGE);
	g_autoptr(GPtrArray) wishes = sn_room_wishes(desk->tmp->store);
	assert_int_equal(wishes->len, 0);
}

static void rooms_and_their_people_are_listed(void **state)
{
	CliDesk *desk = *state;
	SnStore *store = desk->tmp->store;
	SnId id = sn_room_make(store, desk->tmp->account, TEA, "alice", "Tea", TRUE, NULL);
	SnRoomPerson bob = { .nick = (char *)"bob", .jid = (char *)BOB, .show = (char *)"away",
		             .role = (char *)"moderator", .affiliation = (char *)"owner" };

	sn_room_set_state(store, id, SN_ROOM_IN, NULL, 0, NULL, NULL, NULL);
	sn_room_set_subject(store, id, "Cups\x1b[31m and pots", "bob", NULL);
	sn_room_person_set(store, id, &bob, NULL);
	sn_room_count_people(store, id, NULL);
	assert_int_equal(cli_desk_run(desk, "", "rooms", NULL), SN_EXIT_DONE);
	assert_non_null(strstr(desk->out, TEA "  in     not encrypted  alice"));
	assert_null(strchr(desk->out, '\x1b'));
	assert_int_equal(cli_desk_run(desk, "", "rooms", "list", "--json", NULL), SN_EXIT_DONE);
	json_t *rooms = cli_desk_json(desk), *room = json_array_get(rooms, 0);
	assert_string_equal(json_string_value(json_object_get(room, "address")), TEA);
	assert_string_equal(json_string_value(json_object_get(room, "state")), "in");
	assert_int_equal(json_integer_value(json_object_get(room, "people")), 1);
	assert_true(json_is_false(json_object_get(room, "encrypted")));
	json_decref(rooms);
	assert_int_equal(cli_desk_run(desk, "", "rooms", "people", "--json", TEA, NULL), SN_EXIT_DONE);
	json_t *all = cli_desk_json(desk), *one = json_array_get(all, 0);
	assert_string_equal(json_string_value(json_object_get(one, "nick")), "bob");
	assert_string_equal(json_string_value(json_object_get(one, "address")), BOB);
	assert_string_equal(json_string_value(json_object_get(one, "affiliation")), "owner");
	json_decref(all);
	/* why one refuses stands beside it */
	sn_room_set_state(store, id, SN_ROOM_REFUSED, NULL, -1, "permission", "You are banned.", NULL);
	assert_int_equal(cli_desk_run(desk, "", "rooms", NULL), SN_EXIT_DONE);
	assert_non_null(strstr(desk->out, "You are banned."));
}

static void nobody_and_nothing_are_refused(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, "x", "send", NULL), 2);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "Nobody", NULL), 3);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "mailto:nobody", NULL), 7);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--reply-to", "unknown@id", NULL), 3);
	assert_int_equal(cli_desk_run(desk, "", "send", "--to", BOB, NULL), 7);
	assert_int_equal(cli_desk_run(desk, " \n\n", "send", "--to", BOB, NULL), 7);
	assert_int_equal(cli_desk_run(desk, "\xff\xfe", "send", "--to", BOB, NULL), 7);
	assert_true(cli_desk_said(desk, "UTF-8"));
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--attach", "/no/such", NULL), 7);
	assert_true(cli_desk_said(desk, "/no/such"));
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--history", "some", NULL), 2);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "xmpp:" BOB, "--cc", "a@b.test", NULL),
	                 2);
	g_autofree char *large = g_strnfill(1024 * 1024 + 2, 'a');
	assert_int_equal(cli_desk_run(desk, large, "send", "--to", BOB, NULL), 7);
	assert_int_equal(queued(desk), 0);
	cli_desk_forget(desk);
	cli_desk_write(desk, "accounts.conf", "");
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, NULL), 2);
	assert_true(cli_desk_said(desk, "sennit init"));
}

static void attachments_go_along(void **state)
{
	CliDesk *desk = *state;

	cli_desk_write(desk, "knot.txt", "over, under");
	g_autofree char *path = g_build_filename(desk->context.paths->config, "knot.txt", NULL);
	assert_int_equal(cli_desk_run(desk, "", "send", "--to", BOB, "-a", path, "-a", path, NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	assert_int_equal(entry->attachments->len, 2);
	const SnAttachment *file = entry->attachments->pdata[0];
	assert_string_equal(file->name, "knot.txt");
	assert_int_equal(file->size, 11);
	/* the bytes are in the store: the file may go */
	g_unlink(path);
	g_autoptr(GBytes) bytes = sn_outbox_attachment_bytes(desk->tmp->store, file->sha256, NULL);
	assert_int_equal(g_bytes_get_size(bytes), 11);
}

static void a_contact_who_is_away_needs_a_decision(void **state)
{
	CliDesk *desk = *state;

	link_bob(desk);
	presence(desk, BOB, SN_PRESENCE_XA);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", NULL), 6);
	g_autoptr(SnOutboxEntry) asked = sent(desk);
	assert_int_equal(asked->state, SN_STATE_CHOOSING);
	assert_true(cli_desk_said(desk, "sennit outbox"));
	/* a decision in the same breath */
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", "--if-unavailable",
	                              "defer", NULL), 0);
	g_autoptr(SnOutboxEntry) deferred = sent(desk);
	assert_int_equal(deferred->state, SN_STATE_QUEUED);
	assert_int_equal(deferred->if_unavailable, SN_RULE_DEFER);
	assert_true(deferred->announce);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", "--if-unavailable",
	                              "ask", NULL), 6);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", "--if-unavailable",
	                              "later", NULL), 2);
	presence(desk, BOB, SN_PRESENCE_ONLINE);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", "--if-unavailable",
	                              "ask", NULL), 0);
}

typedef struct {
	TmpStore *tmp;
	SnState states[4];
	const char *error_word;
} Engine;

/* ---- when it goes ---- */

static void a_time_and_conditions_are_taken_and_told(void **state)
{
	CliDesk *desk = *state;
	SnTime now = g_get_real_time() / 1000;

	link_bob(desk);
	presence(desk, BOB, SN_PRESENCE_ONLINE);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", "--after", "2h",
	                              "--when", "online", "--when", "network", "--then", "mail",
	                              "--within", "90m", NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	assert_in_range(entry->send_at, now + 2 * SN_HOUR, now + 2 * SN_HOUR + SN_MINUTE);
	assert_int_equal(entry->when, SN_WHEN_ONLINE | SN_WHEN_NETWORK);
	assert_int_equal(entry->then, SN_RULE_MAIL);
	assert_int_equal(entry->expires, entry->send_at + 90 * SN_MINUTE);
	assert_int_equal(entry->state, SN_STATE_QUEUED);
	assert_true(entry->announce);
	assert_true(cli_desk_said(desk, "will go "));
	assert_true(cli_desk_said(desk, "is online and the account is connected; else email after 1 h 30 min"));
	/* --at is another word for it, --within alone means an email then */
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "mailto:" BOB, "--at",
	                              "2099-01-01T00:00:00Z", NULL), 7);
	assert_true(cli_desk_said(desk, "ten years"));
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "mailto:" BOB, "--at", "tomorrow 9:00",
	                              "--within", "1h", NULL), 0);
	g_autoptr(SnOutboxEntry) tomorrow = sent(desk);
	assert_true(tomorrow->send_at > now);
	assert_int_equal(tomorrow->then, SN_RULE_MAIL);
	assert_true(cli_desk_said(desk, "will go tomorrow 09:00"));
}

static void who_waits_for_a_presence_needs_no_decision(void **state)
{
	CliDesk *desk = *state;

	link_bob(desk);
	presence(desk, BOB, SN_PRESENCE_XA);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", "--when", "available",
	                              NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	assert_int_equal(entry->state, SN_STATE_QUEUED);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--via", "im", "--within", "2h",
	                              NULL), 0);
	g_autoptr(SnOutboxEntry) fallback = sent(desk);
	assert_int_equal(fallback->state, SN_STATE_QUEUED);
	assert_int_equal(fallback->if_unavailable, SN_RULE_DEFER);
	/* a presence that is not shared may never come */
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "xmpp:dora@chat.test", "--when",
	                              "online", NULL), 0);
	assert_true(cli_desk_said(desk, "is not known now"));
}

static void wrong_terms_queue_nothing(void **state)
{
	CliDesk *desk = *state;
	static const struct {
		const char *option, *value;
		int code;
	} wrong[] = {
		{ "--after", "soon", 7 },       { "--after", "0h", 7 },     { "--at", "yesterday", 7 },
		{ "--at", "25:00", 7 },         { "--when", "onlin", 7 },   { "--when", "", 7 },
		{ "--within", "two hours", 7 }, { "--then", "later", 2 },   { "--encrypt", "yes", 2 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, wrong[i].option,
		                              wrong[i].value, NULL), wrong[i].code);
		assert_true(*desk->err);
	}
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--at", "9:00", "--after", "2h",
	                              NULL), 2);
	assert_int_equal(queued(desk), 0);
}

static void working_hours_move_a_time(void **state)
{
	CliDesk *desk = *state;
	g_autoptr(GDateTime) local = g_date_time_new_now_local();
	/* an hour of the day that is not now */
	int hour = (g_date_time_get_hour(local) + 12) % 24;
	g_autofree char *settings = g_strdup_printf(
		"[delivery]\nworking-hours = Mon-Sun %d:00-%d:59\n", hour, hour);

	cli_desk_write(desk, "sennit.conf", settings);
	cli_desk_forget(desk);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "mailto:" BOB, "--after", "5m", NULL), 0);
	assert_true(cli_desk_said(desk, "(your working hours)"));
	g_autoptr(SnOutboxEntry) moved = sent(desk);
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_local(moved->send_at / 1000);
	assert_int_equal(g_date_time_get_hour(at), hour);
	/* what is sent now is not held up */
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "mailto:" BOB, NULL), 0);
	g_autoptr(SnOutboxEntry) now = sent(desk);
	assert_int_equal(now->send_at, 0);
}

static void encryption_can_be_asked_for(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "mailto:" BOB, "--encrypt", "required",
	                              NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	assert_int_equal(entry->encrypt, SN_ENCRYPT_REQUIRED);
	assert_true(cli_desk_said(desk, "once it can be encrypted"));
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, entry->id);
	/* a yes of its own is needed to send it in the clear */
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "send", id, NULL), 2);
	assert_true(cli_desk_said(desk, "--plain"));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "convert", id, NULL), 2);
	g_autoptr(SnOutboxEntry) same = sn_outbox_get(desk->tmp->store, entry->id, 0);
	assert_int_equal(same->request, SN_REQUEST_NONE);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "send", id, "--plain", NULL), 0);
	g_autoptr(SnOutboxEntry) plain = sn_outbox_get(desk->tmp->store, entry->id, 0);
	assert_int_equal(plain->encrypt, SN_ENCRYPT_NONE);
	assert_int_equal(plain->request, SN_REQUEST_SEND);
}

/* ---- until the last moment ---- */

static char *queue_for(CliDesk *desk, const char *to)
{
	assert_int_equal(cli_desk_run(desk, "the old text", "send", "--to", to, NULL), 0);
	return g_strndup(desk->out, strcspn(desk->out, "\n"));
}

static void move(CliDesk *desk, const char *id, SnState from, SnState to)
{
	SnOutboxChange change = { .state = to, .what = "step", .attempts = -1, .step = -1,
		                  .clear_request = to == SN_STATE_ACCEPTED };

	assert_true(sn_outbox_change(desk->tmp->store, g_ascii_strtoll(id, NULL, 10), from, &change,
	                             NULL));
}

static void an_entry_is_switched_and_put_off(void **state)
{
	CliDesk *desk = *state;
	SnTime now = g_get_real_time() / 1000;

	link_bob(desk);
	g_autofree char *id = queue_for(desk, "mailto:" BOB);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "switch", id, NULL), 0);
	g_autoptr(SnOutboxEntry) im = sent(desk);
	assert_int_equal(im->channel, SN_CHANNEL_IM);
	assert_string_equal(im->body, "the old text");
	g_autofree char *other = g_strdup_printf("%" G_GINT64_FORMAT, im->id);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "defer", other, "--after", "2h", "--when",
	                              "online", NULL), 0);
	g_autoptr(SnOutboxEntry) later = sn_outbox_get(desk->tmp->store, im->id, 0);
	assert_in_range(later->send_at, now + 2 * SN_HOUR, now + 2 * SN_HOUR + SN_MINUTE);
	assert_int_equal(later->when, SN_WHEN_ONLINE);
	assert_int_equal(later->request, SN_REQUEST_DEFER);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "defer", other, "--after", "whenever", NULL), 7);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "show", other, NULL), 0);
	assert_non_null(strstr(desk->out, "goes at"));
	assert_non_null(strstr(desk->out, "online"));
}

/* Nothing more can be done with what another entry took the place of; the answer names that one. */
static void a_switched_entry_names_the_one_it_goes_as(void **state)
{
	static const char *const words[] = { "switch", "send", "convert", "defer" };
	CliDesk *desk = *state;

	link_bob(desk);
	g_autofree char *id = queue_for(desk, "mailto:" BOB);
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "switch", id, NULL), 0);
	g_autofree char *other = g_strndup(desk->out, strcspn(desk->out, "\n"));
	g_autofree char *goes = g_strdup_printf("the message goes as entry %s.", other);
	/* also before the engine has seen it */
	assert_int_not_equal(cli_desk_run(desk, "the new text", "outbox", "edit", id, NULL), 0);
	assert_true(cli_desk_said(desk, goes));
	assert_true(cli_desk_said(desk, "kept as a draft"));
	move(desk, id, SN_STATE_QUEUED, SN_STATE_CANCELLED);
	assert_int_not_equal(cli_desk_run(desk, "a third", "outbox", "edit", id, NULL), 0);
	assert_true(cli_desk_said(desk, goes));
	assert_false(cli_desk_said(desk, "was cancelled"));
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		assert_int_not_equal(cli_desk_run(desk, NULL, "outbox", words[i], id, NULL), 0);
		assert_true(cli_desk_said(desk, goes));
	}
	g_autoptr(GPtrArray) all = sn_outbox_list(desk->tmp->store, SN_OUTBOX_ALL, 0, 10, 0);
	assert_int_equal(all->len, 2);
}

static void too_late_is_said_and_no_text_is_lost(void **state)
{
	CliDesk *desk = *state;

	link_bob(desk);
	g_autofree char *id = queue_for(desk, "mailto:" BOB);
	move(desk, id, SN_STATE_QUEUED, SN_STATE_SENDING);
	static const char *const words[] = { "switch", "send", "convert", "defer" };
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		assert_int_not_equal(cli_desk_run(desk, NULL, "outbox", words[i], id, NULL), 0);
		assert_true(cli_desk_said(desk, "too late"));
		assert_true(cli_desk_said(desk, "being sent"));
	}
	assert_int_not_equal(cli_desk_run(desk, "the new text", "outbox", "edit", id, NULL), 0);
	assert_true(cli_desk_said(desk, "kept as a draft"));
	g_autoptr(SnOutboxEntry) entry =
		sn_outbox_get(desk->tmp->store, g_ascii_strtoll(id, NULL, 10), 0);
	assert_string_equal(entry->body, "the old text");
	g_autoptr(SnDraft) draft = sn_draft_load(desk->tmp->store, entry->conversation);
	assert_string_equal(draft->body, "the new text");
	/* a draft that is there is not overwritten */
	assert_int_not_equal(cli_desk_run(desk, "a third", "outbox", "edit", id, NULL), 0);
	assert_false(cli_desk_said(desk, "kept"));
}

/* An engine that answers a request: the entry goes before, or the request is done. */
static gpointer answer_request(gpointer data)
{
	const Engine *engine = data;
	SnStore *store = tmpstore_open(engine->tmp, SN_STORE_CLIENT);
	SnId id = 0;
	SnState from = SN_STATE_QUEUED;

	for (int tries = 0; !id && tries < 2000; tries++) {
		g_autoptr(GPtrArray) page = sn_outbox_list(store, SN_OUTBOX_ALL, 0, 1, 0);
		const SnOutboxEntry *entry = page->len ? page->pdata[0] : NULL;
		if (entry && entry->request) {
			id = entry->id;
			from = entry->state;
		} else {
			g_usleep(5000);
		}
	}
	gboolean late = engine->states[0] == SN_STATE_ACCEPTED;
	SnOutboxChange change = { .state = engine->states[0], .what = late ? "request" : "cancel",
		                  .detail = late ? "too late to cancel" : "by you", .attempts = -1,
		                  .step = -1, .clear_request = TRUE };
	if (!sn_outbox_change(store, id, from, &change, NULL))
		g_error("cannot change");
	sn_store_close(store);
	return NULL;
}

static int cancel_with(CliDesk *desk, const char *id, SnState end)
{
	Engine engine = { .tmp = desk->tmp, .states = { end } };
	SnLock *lock = sn_lock_take(desk->context.paths->lock_path, NULL);
	GThread *thread = g_thread_new("engine", answer_request, &engine);
	int code = cli_desk_run(desk, NULL, "outbox", "cancel", id, NULL);

	g_thread_join(thread);
	sn_lock_release(lock);
	return code;
}

static void cancelling_tells_how_it_ended(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *first = queue_for(desk, "mailto:" BOB);

	assert_int_equal(cancel_with(desk, first, SN_STATE_CANCELLED), 0);
	assert_string_equal(desk->out, "cancelled\n");
	g_autofree char *second = queue_for(desk, "mailto:" BOB);
	move(desk, second, SN_STATE_QUEUED, SN_STATE_SENDING);
	assert_int_equal(cancel_with(desk, second, SN_STATE_ACCEPTED), 1);
	assert_string_equal(desk->out, "accepted\n");
	assert_true(cli_desk_said(desk, "too late to cancel"));
}

/* ---- waiting ---- */

/* Moves the newest entry through the states, as the engine would, on a connection of its own. */
static gpointer play_engine(gpointer data)
{
	const Engine *engine = data;
	SnStore *store = tmpstore_open(engine->tmp, SN_STORE_CLIENT);
	SnId id = 0;

	for (int tries = 0; !id && tries < 2000; tries++) {
		g_autoptr(GPtrArray) page = sn_outbox_list(store, SN_OUTBOX_OPEN, 0, 1, 0);
		id = page->len ? ((SnOutboxEntry *)page->pdata[0])->id : 0;
		if (!id)
			g_usleep(5000);
	}
	SnState from = SN_STATE_QUEUED;
	for (gsize i = 0; id && i < G_N_ELEMENTS(engine->states) && engine->states[i]; i++) {
		SnOutboxChange change = { .state = engine->states[i], .what = "step", .attempts = -1,
			                  .step = -1, .reason = "the reason",
			                  .error_word = engine->states[i] == SN_STATE_FAILED ?
			                                engine->error_word : NULL };
		g_autoptr(GError) error = NULL;
		if (!sn_outbox_change(store, id, from, &change, &error))
			g_error("%s", error->message);
		from = engine->states[i];
	}
	sn_store_close(store);
	return NULL;
}

static int send_and_wait(CliDesk *desk, const char *to, const char *seconds, Engine *engine)
{
	SnLock *lock = sn_lock_take(desk->context.paths->lock_path, NULL);
	engine->tmp = desk->tmp;
	GThread *thread = g_thread_new("engine", play_engine, engine);
	int code = cli_desk_run(desk, "x", "send", "--to", to, "--wait", seconds, NULL);

	g_thread_join(thread);
	sn_lock_release(lock);
	return code;
}

static gboolean ended_with(const CliDesk *desk, const char *word)
{
	g_autofree char *line = g_strdup_printf("\n%s\n", word);
	return g_str_has_suffix(desk->out, line);
}

static void wait_tells_the_state_in_the_end(void **state)
{
	CliDesk *desk = *state;
	gint64 start = g_get_monotonic_time();
	Engine accepted = { .states = { SN_STATE_SENDING, SN_STATE_ACCEPTED } };
	Engine delivered = { .states = { SN_STATE_SENDING, SN_STATE_ACCEPTED, SN_STATE_DELIVERED } };
	Engine refused = { .states = { SN_STATE_SENDING, SN_STATE_FAILED }, .error_word = "auth" };
	Engine choosing = { .states = { SN_STATE_CHOOSING } };

	assert_int_equal(send_and_wait(desk, "mailto:" BOB, "60", &accepted), 0);
	assert_true(ended_with(desk, "accepted"));
	assert_int_equal(send_and_wait(desk, "xmpp:" BOB, "60", &delivered), 0);
	assert_true(ended_with(desk, "delivered"));
	assert_int_equal(send_and_wait(desk, "mailto:" BOB, "60", &refused), 4);
	assert_true(ended_with(desk, "failed"));
	assert_true(cli_desk_said(desk, "the reason"));
	assert_int_equal(send_and_wait(desk, "xmpp:" BOB, "60", &choosing), 6);
	assert_true(ended_with(desk, "choosing"));
	/* woken by the bell, not by the clock */
	assert_true(g_get_monotonic_time() - start < 30 * G_USEC_PER_SEC);
}

static void wait_ends_when_time_is_up(void **state)
{
	CliDesk *desk = *state;
	Engine waiting = { .states = { SN_STATE_WAITING } };

	assert_int_equal(send_and_wait(desk, "xmpp:" BOB, "1", &waiting), 6);
	assert_true(ended_with(desk, "waiting"));
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", BOB, "--wait", "1", "--json", NULL), 6);
	json_t *array = cli_desk_json(desk);
	json_t *entry = json_array_get(array, 0);
	assert_string_equal(json_string_value(json_object_get(entry, "state")), "queued");
	assert_true(json_is_integer(json_object_get(entry, "id")));
	json_decref(array);
}

/* ---- what was typed wrongly ---- */

/* Each is told what is wrong, with the code of its kind, and nothing is done. */
static void what_is_asked_for_wrongly_is_said(void **state)
{
	static const struct {
		const char *argv[8];
		int code;
		const char *said;
	} cases[] = {
		{ { "rooms", "join" }, SN_EXIT_USAGE, "which room? Name its address" },
		{ { "send" }, SN_EXIT_USAGE, "say to whom: --to WHO" },
		{ { "send", "--to", BOB, "--as", "attachment" }, SN_EXIT_USAGE, "--as goes with --forward" },
		{ { "send", "--to", BOB, "--forward", "1", "--reply-to", "2" }, SN_EXIT_USAGE,
		  "--forward and --reply-to exclude each other" },
		{ { "send", "--to", BOB, "--attach", "/nowhere/to/be/found" }, SN_EXIT_INPUT,
		  "cannot read the file /nowhere/to/be/found" },
		{ { "send", "--to", BOB, "--after", "2h", "--at", "tomorrow" }, SN_EXIT_USAGE,
		  "say either --after or --at" },
		{ { "send", "--to", BOB, "--via", "im", "--cc", "carol@example.test" }, SN_EXIT_USAGE,
		  "--cc is for email only" },
		{ { "devices", "--encryption", "always" }, SN_EXIT_USAGE, "--encryption needs WHO" },
		{ { "devices", BOB, "--encryption", "perhaps" }, SN_EXIT_USAGE,
		  "--encryption cannot be 'perhaps'; allowed: auto, off, always" },
		{ { "autocrypt", "forget" }, SN_EXIT_USAGE, "'forget' needs an ADDRESS" },
		{ { "autocrypt", "setup", "alice@example.test", "--key", "ABC", "--new" }, SN_EXIT_USAGE,
		  "--key and --new exclude each other" },
		{ { "archive" }, SN_EXIT_USAGE, "no email was named: give its ID, or --query" },
	};
	CliDesk *desk = *state;

	tmpstore_im(desk->tmp, SN_IN, BOB, NULL, "hello");
	gint64 before = sn_one(desk->tmp->store, "SELECT count(*) FROM outbox");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *const *a = cases[i].argv;
		int code = cli_desk_run(desk, "text", a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], NULL);
		if (code != cases[i].code || !cli_desk_said(desk, cases[i].said))
			fail_msg("%s %s: %d, %s", a[0], a[1] ? a[1] : "", code, desk->err);
	}
	assert_int_equal(sn_one(desk->tmp->store, "SELECT count(*) FROM outbox"), before);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, cli_desk_setup, cli_desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(what_is_asked_for_wrongly_is_said),
		DESK_TEST(a_new_address_is_made_known_by_using_it),
		DESK_TEST(the_prefix_or_via_names_the_channel),
		DESK_TEST(a_reply_goes_over_the_other_channel_with_history),
		DESK_TEST(an_unconfirmed_address_needs_a_yes),
		DESK_TEST(a_room_is_spoken_to_as_a_room),
		DESK_TEST(what_is_asked_of_a_room_waits_for_the_engine),
		DESK_TEST(what_cannot_be_asked_of_a_room_is_said),
		DESK_TEST(rooms_and_their_people_are_listed),
		DESK_TEST(nobody_and_nothing_are_refused),
		DESK_TEST(attachments_go_along),
		DESK_TEST(a_contact_who_is_away_needs_a_decision),
		DESK_TEST(a_time_and_conditions_are_taken_and_told),
		DESK_TEST(who_waits_for_a_presence_needs_no_decision),
		DESK_TEST(wrong_terms_queue_nothing),
		DESK_TEST(working_hours_move_a_time),
		DESK_TEST(encryption_can_be_asked_for),
		DESK_TEST(an_entry_is_switched_and_put_off),
		DESK_TEST(a_switched_entry_names_the_one_it_goes_as),
		DESK_TEST(too_late_is_said_and_no_text_is_lost),
		DESK_TEST(cancelling_tells_how_it_ended),
		DESK_TEST(wait_tells_the_state_in_the_end),
		DESK_TEST(wait_ends_when_time_is_up),
	};
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
