/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/story.h"

#include "src/store/cards.h"

#include <string.h>

#include "src/base/ids.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"

const char story_accounts[] =
	"[home]\n"
	"from = Alice Liddell <alice@example.test>\n"
	"source = imap+insecure://alice@localhost:1\n"
	"outgoing = smtp+insecure://alice@localhost:1\n"
	"im = xmpp://alice@example.test\n"
	"im-host = localhost:1\n"
	"password-command = true\n";

typedef struct {
	SnStore *store;
	SnId account;
	SnTime now;
	int count;
} Story;

static void after(Story *story, const char *date)
{
	story->now = sn_time_parse(date, NULL);
	g_assert(story->now);
}

static SnMessage *begin(Story *story, SnChannel channel, SnDirection direction, const char *address,
                        const char *name, const char *body)
{
	SnMessage *message = sn_message_new();
	gboolean in = direction == SN_IN;

	message->account = story->account;
	message->channel = channel;
	message->direction = direction;
	message->time = story->now;
	message->state = in ? SN_STATE_RECEIVED : SN_STATE_DELIVERED;
	message->flags = in ? 0 : SN_FLAG_SEEN;
	message->body = g_strdup(body);
	message->size = (gint64)strlen(body);
	message->sender = sn_address_intern(story->store, channel, in ? address : ALICE,
	                                    in ? name : NULL, NULL);
	g_assert(message->sender);
	sn_message_add_party(message, SN_ROLE_FROM, in ? address : ALICE, in ? name : "Alice Liddell");
	sn_message_add_party(message, SN_ROLE_TO, in ? ALICE : address, in ? NULL : name);
	story->now += SN_MINUTE;
	story->count++;
	return message;
}

static SnId add(Story *story, SnMessage *message)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *raw_text = NULL;
	g_autoptr(GBytes) raw = NULL;
	SnId id;

	if (message->channel == SN_CHANNEL_MAIL) {
		raw_text = g_strdup_printf("Subject: %s\r\nMessage-ID: <%s>\r\n\r\n%s\r\n",
		                           message->subject ? message->subject : "",
		                           message->message_id, message->body);
		raw = g_bytes_new(raw_text, strlen(raw_text));
	}
	if (!sn_message_add(story->store, message, NULL, raw, NULL, &error))
		g_error("story: %s", error->message);
	id = message->id;
	sn_message_free(message);
	return id;
}

static SnMessage *mail(Story *story, SnDirection direction, const char *address, const char *name,
                       const char *id, const char *subject, const char *body)
{
	SnMessage *message = begin(story, SN_CHANNEL_MAIL, direction, address, name, body);

	message->message_id = g_strdup_printf("%s@example.test", id);
	message->subject = g_strdup(subject);
	return message;
}

static SnId im(Story *story, SnDirection direction, const char *address, const char *name,
               const char *body)
{
	SnMessage *message = begin(story, SN_CHANNEL_IM, direction, address, name, body);

	message->origin_id = g_strdup_printf("im-%d", story->count);
	if (direction == SN_OUT)
		message->state = SN_STATE_READ;
	return add(story, message);
}

static void attach(SnMessage *message, int position, const char *type, const char *name, gint64 size)
{
	SnPart *part = g_new0(SnPart, 1);

	part->position = position;
	part->type = g_strdup(type);
	part->name = g_strdup(name);
	part->size = size;
	part->sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
	sn_message_add_part(message, part);
	message->attachments++;
}

static SnId intern(Story *story, SnChannel channel, const char *value, const char *name)
{
	SnId id = sn_address_intern(story->store, channel, value, name, NULL);

	g_assert(id);
	return id;
}

static SnId person_of(Story *story, SnChannel channel, const char *value)
{
	SnAddress *address = sn_address_find(story->store, channel, value);
	SnId person = address->person;

	sn_address_free(address);
	return person;
}

static void presence(Story *story, const char *jid, SnPresenceShow show, const char *status)
{
	SnPresence row = { .address = intern(story, SN_CHANNEL_IM, jid, NULL),
		           .resource = (char *)"phone",
		           .show = show,
		           .status = (char *)status,
		           .priority = 5,
		           .since = STORY_NOW - 5 * SN_MINUTE };

	sn_roster_set(story->store, story->account, jid, NULL, SN_SUB_BOTH, FALSE, NULL);
	sn_presence_set(story->store, story->account, &row, NULL);
}

/* Bob: a thread by email, then by IM; both addresses are known. */
static void bob(Story *story)
{
	SnMessage *message;
	SnId jid = intern(story, SN_CHANNEL_IM, BOB, "Bob Ropewalk");

	intern(story, SN_CHANNEL_MAIL, BOB, "Bob Ropewalk");
	sn_link_add(story->store, jid, person_of(story, SN_CHANNEL_MAIL, BOB), SN_LINK_VCARD, FALSE,
	            "contacts/bob.vcf", NULL);
	after(story, "2026-11-20T16:02:00Z");
	message = mail(story, SN_IN, BOB, "Bob Ropewalk", "plans-1", "Plans for Saturday",
	               "Hello Alice,\n\nthe forecast says wind from the south-west, four to five, and "
	               "no rain before the evening. I would like to take the small boat out to the "
	               "island and be back by six. The plan with the tides is attached.\n\nDo you come "
	               "along? And can you bring the long rope?\n\nBob\n-- \nBob Ropewalk\nBoats and "
	               "rigging, Quay 3\n");
	attach(message, 2, "application/pdf", "tides.pdf", 34816);
	message->flags = SN_FLAG_SEEN;
	add(story, message);
	after(story, "2026-11-20T17:45:00Z");
	message = mail(story, SN_OUT, BOB, "Bob Ropewalk", "plans-2", "Re: Plans for Saturday",
	               "Yes, gladly. I bring the long rope and something to eat.\n\nOn 20 November, Bob "
	               "Ropewalk wrote:\n> Hello Alice,\n>\n> the forecast says wind from the "
	               "south-west, four to five, and\n> no rain before the evening.\n> I would like to "
	               "take the small boat\n");
	message->in_reply_to = g_strdup("plans-1@example.test");
	add(story, message);
	after(story, "2026-11-22T09:58:00Z");
	im(story, SN_IN, BOB, "Bob Ropewalk", "We are at the quay, where are you?");
	im(story, SN_OUT, BOB, "Bob Ropewalk", "Ten minutes");
	im(story, SN_IN, BOB, "Bob Ropewalk", "Good. The wind is turning, we should leave before eleven.");
	im(story, SN_IN, BOB, "Bob Ropewalk", "And the kettle is on \342\230\225");
	presence(story, BOB, SN_PRESENCE_ONLINE, "on the boat");
}

/* Carol: email only; her IM address is only a claim of a header. */
static void carol(Story *story)
{
	SnMessage *message;
	SnId jid;

	after(story, "2026-11-21T08:15:00Z");
	message = mail(story, SN_IN, "carol@example.test", "Carol Marline", "book-1", "Your book",
	               "Dear Alice,\n\nI finished it last night. When are you at home, so that I can "
	               "bring it back?\n\nCarol\n");
	message->flags = SN_FLAG_SEEN;
	add(story, message);
	jid = intern(story, SN_CHANNEL_IM, "carol@chat.example", NULL);
	sn_link_add(story->store, jid, person_of(story, SN_CHANNEL_MAIL, "carol@example.test"),
	            SN_LINK_JABBER_ID, FALSE, "header of book-1@example.test", NULL);
}

/* Dora is away: an IM waits for her. */
static void dora(Story *story)
{
	GPtrArray *to = g_ptr_array_new();
	SnParty party = { SN_ROLE_TO, (char *)"dora@example.test", (char *)"Dora Splice" };
	g_autoptr(GError) error = NULL;
	SnOutboxNew entry = { .account = story->account, .channel = SN_CHANNEL_IM, .from = ALICE,
		              .recipients = to, .body = "The sail is ready, come by when you like",
		              .if_unavailable = SN_RULE_DEFER, .state = SN_STATE_WAITING,
		              .reason = "Dora is extended away" };
	SnConversation *conversation;

	after(story, "2026-11-21T18:20:00Z");
	im(story, SN_IN, "dora@example.test", "Dora Splice", "Is my sail done? \360\237\220\210");
	im(story, SN_OUT, "dora@example.test", "Dora Splice", "Tomorrow!");
	presence(story, "dora@example.test", SN_PRESENCE_XA, NULL);
	conversation = sn_conversation_get(
		story->store,
		sn_conversation_for_person(story->store,
	                                   person_of(story, SN_CHANNEL_IM, "dora@example.test"), NULL));
	g_ptr_array_add(to, &party);
	entry.conversation = conversation->id;
	if (!sn_outbox_queue(story->store, &entry, FALSE, &error))
		g_error("story: %s", error->message);
	sn_conversation_free(conversation);
	g_ptr_array_unref(to);
}

static void others(Story *story)
{
	SnMessage *message;

	after(story, "2026-11-22T08:40:00Z");
	message = mail(story, SN_IN, "erik@example.test", "Erik Bowline", "list-1",
	               "[rigging] Splicing dyneema", "Has anybody tried the new fid? It slips.\n");
	message->list_id = g_strdup("rigging.lists.example.test");
	add(story, message);
	after(story, "2026-11-19T12:00:00Z");
	add(story, mail(story, SN_IN, "shop@chandler.example", "Ship chandler", "shop-1",
	                "Your order 4711 was sent", "Thank you for your order.\n"));
	after(story, "2026-11-15T09:00:00Z");
	message = mail(story, SN_IN, "mei@example.test", "\346\235\216\346\242\205 Mei", "cjk-1",
	               "\347\253\231\350\210\271",
	               "\344\275\240\345\245\275 Alice! \346\210\221\344\273\254\344\270\213\345\221\250"
	               "\350\247\201\343\200\202 Cafe\314\201 at four?\n");
	message->flags = SN_FLAG_SEEN;
	add(story, message);
	after(story, "2025-12-24T17:00:00Z");
	message = mail(story, SN_OUT, "grandma@example.test", "Grandma", "xmas-1", "Merry Christmas",
	               "See you tomorrow.\n");
	add(story, message);
}

static void account_states(Story *story)
{
	SnStatus status = { .account = (char *)"home", .end = (char *)"source",
		            .kind = SN_STATUS_SYNCING, .detail = (char *)"INBOX", .done = 400,
		            .total = 1000, .since = STORY_NOW };

	sn_status_set(story->store, &status, NULL);
	status = (SnStatus){ .account = (char *)"home", .end = (char *)"im",
		             .kind = SN_STATUS_ONLINE, .since = STORY_NOW };
	sn_status_set(story->store, &status, NULL);
	status = (SnStatus){ .account = (char *)"home", .end = (char *)"outgoing",
		             .kind = SN_STATUS_RETRYING,
		             .detail = (char *)"localhost:1 refused the connection.",
		             .since = STORY_NOW, .next_try = STORY_NOW + 2 * SN_MINUTE };
	sn_status_set(story->store, &status, NULL);
}

static SnMessage *told(SnMessage *message, SnId by, SnTime time)
{
	message->carried = TRUE;
	message->carried_by = by;
	message->account = 0;
	message->flags = SN_FLAG_SEEN;
	message->state = message->direction == SN_IN ? SN_STATE_RECEIVED : SN_STATE_ACCEPTED;
	message->time = time;
	return message;
}

static SnMessage *line(Story *story, SnDirection direction, const char *id, const char *body)
{
	SnMessage *message =
		begin(story, SN_CHANNEL_IM, direction, "frida@example.test", "Frida Hitch", body);

	message->origin_id = g_strdup(id);
	if (direction == SN_OUT)
		message->state = SN_STATE_READ;
	else
		message->flags = SN_FLAG_SEEN;
	return message;
}

static SnMessage *letter(Story *story, SnDirection direction, const char *id, const char *subject,
                         const char *body)
{
	SnMessage *message = mail(story, direction, "frida@example.test", "Frida Hitch", id, subject,
	                          body);

	message->flags = SN_FLAG_SEEN;
	return message;
}

/* Frida answers an email by IM and an IM by email, and brings history along, some of it wrong. */
static void frida(Story *story)
{
	const char *who = "frida@example.test";
	SnId jid = intern(story, SN_CHANNEL_IM, who, "Frida Hitch");
	SnMessage *message;

	intern(story, SN_CHANNEL_MAIL, who, "Frida Hitch");
	sn_link_add(story->store, jid, person_of(story, SN_CHANNEL_MAIL, who), SN_LINK_VCARD, TRUE,
	            "contacts/frida.vcf", NULL);
	after(story, "2026-11-17T09:00:00Z");
	add(story, letter(story, SN_OUT, "price-1", "Price of the mast",
	                  "Dear Frida, I offer 400 for the mast.\n"));
	after(story, "2026-11-17T09:20:00Z");
	add(story, line(story, SN_IN, "0001-which-crane-do-we-take", "Which crane do we take?"));
	after(story, "2026-11-17T09:24:00Z");
	message = line(story, SN_IN, "0002-answer-to-the-price", "400 is fine with me.");
	message->in_reply_to = g_strdup("price-1@example.test");
	add(story, message);
	after(story, "2026-11-17T10:00:00Z");
	message = letter(story, SN_OUT, "crane-1", "Which crane do we take?",
	                 "The yellow one. The drawing follows.\n");
	message->in_reply_to = g_strdup("0001-which-crane-do-we-take");
	add(story, message);
	after(story, "2026-11-18T08:00:00Z");
	message = letter(story, SN_IN, "price-2", "Re: Price of the mast",
	                 "As we said, see below what came before.\n");
	message->in_reply_to = g_strdup("price-1@example.test");
	SnId by = add(story, message);
	add(story, told(letter(story, SN_OUT, "price-1", "Price of the mast",
	                       "Dear Frida, I offer 900 for the mast.\n"),
	                by, sn_time_parse("2026-11-17T09:00:00Z", NULL)));
	add(story, told(letter(story, SN_OUT, "price-0", "Mast",
	                       "I would even pay 950, if I had to.\n"),
	                by, sn_time_parse("2026-11-16T18:00:00Z", NULL)));
	add(story, told(line(story, SN_IN, "0000-is-the-mast-still", "Is the mast still to be had?"),
	                by, sn_time_parse("2026-11-16T17:55:00Z", NULL)));
}

static SnTime story_clock(gpointer data)
{
	return ((Story *)data)->now;
}

static void fill(SnStore *store, gboolean with_told)
{
	Story story = { store, sn_account_find(store, "home"), STORY_NOW, 0 };
	SnClock clock = { story_clock, &story };

	g_assert(story.account);
	sn_store_set_clock(store, &clock);
	sn_store_begin(store, NULL);
	if (with_told)
		frida(&story);
	others(&story);
	carol(&story);
	dora(&story);
	bob(&story);
	account_states(&story);
	if (!sn_store_commit(store, NULL))
		g_error("story: commit");
	sn_store_set_clock(store, NULL);
}

void story_fill(SnStore *store)
{
	fill(store, FALSE);
}

void story_fill_told(SnStore *store)
{
	fill(store, TRUE);
}

void story_fill_many(SnStore *store, int count)
{
	Story story = { store, sn_account_find(store, "home"), STORY_NOW - 30 * SN_DAY, 100000 };

	sn_store_begin(store, NULL);
	for (int i = 0; i < count; i++) {
		g_autofree char *address = g_strdup_printf("person%05d@many.test", i);
		g_autofree char *name = g_strdup_printf("Person %05d", i);
		g_autofree char *id = g_strdup_printf("many-%d", i);
		SnMessage *message;

		story.now = STORY_NOW - 30 * SN_DAY - i * SN_HOUR;
		message = mail(&story, SN_IN, address, name, id, "About many things",
		               "One of very many messages.\n");
		message->flags = SN_FLAG_SEEN;
		add(&story, message);
	}
	if (!sn_store_commit(store, NULL))
		g_error("story: commit");
}

static void put_card(SnStore *store, const char *file, const char *name, const char *mails,
                     const char *jids)
{
	g_auto(GStrv) mail_list = g_strsplit(mails, " ", -1), jid_list = g_strsplit(jids, " ", -1);
	SnCard card = { .origin = file, .name = name, .evidence = file, .mails = mail_list,
		        .jids = jid_list };

	sn_cards_replace(store, SN_LINK_VCARD, file, &card, 1, NULL, NULL);
}

void story_fill_cards(SnStore *store)
{
	put_card(store, "bob.vcf", "Bob Ropewalk", BOB, "harbour@chat.example");
	put_card(store, "dora.vcf", "Dora Splice", "", "dora@example.test harbour@chat.example");
	g_autoptr(SnAddress) bob = sn_address_find(store, SN_CHANNEL_MAIL, BOB);
	g_autoptr(SnAddress) home = NULL;
	put_card(store, "old.vcf", "Bob Ropewalk", BOB " bob.ropewalk@old.example", "");
	home = sn_address_find(store, SN_CHANNEL_MAIL, "bob.ropewalk@old.example");
	sn_link_remove(store, home->id, bob->person, NULL);
}
