/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address map with all that hangs on it: merging, splitting and undo, cards that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/store/cards.h"
#include "src/store/facts.h"
#include "src/store/policy.h"
#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@work.test"
#define BOB_HOME "bob@home.test"
#define BOB_JID "bob@chat.test"
#define CAROL "carol@work.test"

static SnId person_of(TmpStore *tmp, SnId address)
{
	return sn_one(tmp->store, "SELECT person FROM address WHERE id = ?1", V(address));
}

static SnId conversation_of(TmpStore *tmp, SnId message)
{
	return sn_one(tmp->store, "SELECT conversation FROM message WHERE id = ?1", V(message));
}

static SnId mail(TmpStore *tmp, const char *value)
{
	return tmpstore_address(tmp, SN_CHANNEL_MAIL, value, NULL);
}

static SnId jid(TmpStore *tmp, const char *value)
{
	return tmpstore_address(tmp, SN_CHANNEL_IM, value, NULL);
}

static void put_card(TmpStore *tmp, const char *origin, const char *name, const char *mails,
                     const char *jids)
{
	g_auto(GStrv) mail_list = g_strsplit(mails, " ", -1), jid_list = g_strsplit(jids, " ", -1);
	SnCard card = { .origin = origin, .name = name, .evidence = origin, .mails = mail_list,
		        .jids = jid_list };

	assert_true(sn_cards_replace(tmp->store, SN_LINK_VCARD, origin, &card, 1, NULL, NULL));
}

static void drop_card(TmpStore *tmp, const char *origin)
{
	assert_true(sn_cards_replace(tmp->store, SN_LINK_VCARD, origin, NULL, 0, NULL, NULL));
}

/* ---- everything a user could notice, as text ---- */

static void dump_query(GString *out, SnSql *query, const char *what, int columns)
{
	while (sn_sql_row(query)) {
		g_string_append(out, what);
		for (int i = 0; i < columns; i++) {
			const char *text = sn_sql_peek(query, i);
			g_string_append_printf(out, "|%s", text ? text : "-");
		}
		g_string_append_c(out, '\n');
	}
	assert_true(sn_sql_end(query, NULL));
}

static void dump_people(TmpStore *tmp, GString *out)
{
	g_autoptr(GPtrArray) people = sn_person_list(tmp->store);

	for (guint i = 0; i < people->len; i++) {
		const SnPerson *person = people->pdata[i];
		g_autoptr(GPtrArray) addresses = sn_person_addresses(tmp->store, person->id);
		g_string_append_printf(out, "person|%d|%s|%d|%d|%s", (int)person->id, person->name,
		                       person->rule, person->wish,
		                       person->wish_origin ? person->wish_origin : "-");
		for (guint a = 0; a < addresses->len; a++) {
			const SnAddress *one = addresses->pdata[a];
			g_string_append_printf(out, "|%s/%d/%d/%d", one->value, one->source,
			                       one->confirmed, one->contested);
		}
		g_string_append_c(out, '\n');
	}
}

static char *dump(TmpStore *tmp)
{
	GString *out = g_string_new(NULL);

	dump_query(out, sn_sql(tmp->store, "SELECT value, person, name FROM address ORDER BY id"),
	           "address", 3);
	dump_people(tmp, out);
	dump_query(out,
	           sn_sql(tmp->store,
	                  "SELECT id, conversation, thread, flags FROM message ORDER BY id"),
	           "message", 4);
	dump_query(out,
	           sn_sql(tmp->store,
	                  "SELECT id, title, person, last_message, last_time, preview, unread, "
	                  "attention, pending, muted, pinned, archived, reply_mode, has_draft, presence "
	                  "FROM conversation WHERE shelf < 2 ORDER BY id"),
	           "conversation", 15);
	dump_query(out,
	           sn_sql(tmp->store,
	                  "SELECT conversation, mode, reply_to, subject, body, cc, attachments, picked "
	                  "FROM draft ORDER BY conversation"),
	           "draft", 8);
	dump_query(out, sn_sql(tmp->store, "SELECT id, conversation, state FROM outbox ORDER BY id"),
	           "outbox", 3);
	dump_query(out,
	           sn_sql(tmp->store,
	                  "SELECT address, card, other, overruled FROM conflict ORDER BY 1, 2, 3"),
	           "conflict", 4);
	dump_query(out, sn_sql(tmp->store, "SELECT a, b, verdict FROM decision ORDER BY a, b"),
	           "decision", 3);
	return g_string_free(out, FALSE);
}

/* Nothing is lost, whatever was merged and split: messages, addresses, texts of drafts. */
static void check_whole(TmpStore *tmp, gint64 messages, gint64 entries)
{
	static const char *const empty[] = {
		"SELECT count(*) FROM address a WHERE NOT EXISTS (SELECT 1 FROM person p "
		"WHERE p.id = a.person)",
		/* who is shown with somebody is filed there */
		"SELECT count(*) FROM message m JOIN address a ON a.id = m.peer "
		"JOIN conversation c ON c.id = m.conversation WHERE c.person <> a.person",
		"SELECT count(*) FROM message m JOIN shell s ON s.conversation = m.conversation",
		"SELECT count(*) FROM shell s JOIN shell o ON o.conversation = s.heir",
		"SELECT count(*) FROM outbox o JOIN message m ON m.id = o.message "
		"WHERE o.conversation <> m.conversation",
		"SELECT count(*) FROM conversation c WHERE unread <> (SELECT count(*) FROM message m "
		"WHERE m.conversation = c.id AND m.unread)",
		"SELECT count(*) FROM conversation c JOIN person p ON p.id = c.person "
		"WHERE c.title <> p.name AND NOT p.is_self AND c.shelf < 2",
		/* one device alone never contradicts itself */
		"SELECT count(*) FROM conflict WHERE card = 0",
		/* what the user called different is not one */
		"SELECT count(*) FROM decision d JOIN address x ON x.id = d.a JOIN address y "
		"ON y.id = d.b WHERE d.verdict = 5 AND x.person = y.person",
	};

	assert_int_equal(sn_one(tmp->store, "SELECT count(*) FROM message"), messages);
	assert_int_equal(sn_one(tmp->store, "SELECT count(*) FROM outbox"), entries);
	for (gsize i = 0; i < G_N_ELEMENTS(empty); i++) {
		SnSql *query = sn_sql_start(tmp->store, empty[i], SN_VALUES_(), 0);
		assert_true(sn_sql_row(query));
		if (sn_sql_int(query, 0)) {
			g_autofree char *next = sn_map_undo_next(tmp->store);
			fail_msg("%s (%s)", empty[i], next);
		}
		assert_true(sn_sql_end(query, NULL));
	}
}

/* ---- merging and splitting ---- */

static SnId draft(TmpStore *tmp, SnId conversation, const char *subject, const char *body)
{
	g_autoptr(SnDraft) new = sn_draft_new(conversation);

	g_free(new->body);
	new->body = g_strdup(body);
	new->subject = g_strdup(subject);
	new->attachments = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(new->attachments, g_strdup_printf("/tmp/%s", body));
	assert_true(sn_draft_save(tmp->store, new, NULL));
	return conversation;
}

static SnId entry(TmpStore *tmp, SnId conversation, SnChannel channel, const char *to)
{
	SnOutboxNew new = tmpstore_entry(tmp, conversation, channel, to, "waits");
	g_autoptr(GError) error = NULL;
	SnId id = sn_outbox_queue(tmp->store, &new, FALSE, &error);

	g_assert_no_error(error);
	g_ptr_array_unref(new.recipients);
	return id;
}

static void two_people_become_one_with_all_they_have_and_two_again(void **state)
{
	TmpStore *tmp = *state;
	SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "by email");
	SnId second = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "by IM");
	SnId work = mail(tmp, BOB), chat = jid(tmp, BOB_JID);
	SnId mails = conversation_of(tmp, first), ims = conversation_of(tmp, second);
	g_autoptr(GError) error = NULL;
	g_autofree char *what = NULL;

	draft(tmp, mails, "Re: One", "to the address");
	draft(tmp, ims, NULL, "to the jid");
	SnId waits = entry(tmp, ims, SN_CHANNEL_IM, BOB_JID);
	assert_true(sn_conversation_set_flags(tmp->store, ims, FALSE, TRUE, FALSE, NULL));
	assert_true(sn_conversation_set_flags(tmp->store, mails, TRUE, FALSE, TRUE, NULL));
	assert_true(sn_person_set_rule(tmp->store, person_of(tmp, chat), SN_RULE_DEFER, NULL));
	assert_true(sn_person_set_name(tmp->store, person_of(tmp, work), "Bob", NULL));
	g_autofree char *before = dump(tmp);

	assert_true(sn_people_merge(tmp->store, person_of(tmp, work), person_of(tmp, chat), &error));
	assert_int_equal(conversation_of(tmp, first), mails);
	assert_int_equal(conversation_of(tmp, second), mails);
	assert_int_equal(sn_one(tmp->store, "SELECT conversation FROM outbox WHERE id = ?1", V(waits)),
	                 mails);
	g_autoptr(SnDraft) both = sn_draft_load(tmp->store, mails);
	assert_string_equal(both->body, "to the address\n\nto the jid");
	assert_string_equal(both->subject, "Re: One");
	assert_int_equal(both->attachments->len, 2);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, ims);
	assert_int_equal(row->id, mails);
	assert_true(row->pinned && row->muted && !row->archived);
	assert_int_equal(row->pending, 1);
	g_autoptr(SnPerson) person = sn_person_get(tmp->store, row->person);
	assert_string_equal(person->name, "Bob");
	assert_int_equal(person->rule, SN_RULE_DEFER);
	g_autoptr(GPtrArray) list = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 10);
	assert_int_equal(list->len, 1);

	assert_true(sn_map_undo(tmp->store, &what, &error));
	assert_string_equal(what, "Merged bob@chat.test with Bob");
	g_autofree char *after = dump(tmp);
	assert_string_equal(after, before);
}

static void a_draft_that_was_edited_meanwhile_stays_whole(void **state)
{
	TmpStore *tmp = *state;
	SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "by email");
	SnId second = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "by IM");
	SnId mails = conversation_of(tmp, first), ims = conversation_of(tmp, second);
	g_autofree char *what = NULL;

	draft(tmp, mails, NULL, "one");
	draft(tmp, ims, NULL, "two");
	assert_true(sn_people_merge(tmp->store, person_of(tmp, mail(tmp, BOB)),
	                            person_of(tmp, jid(tmp, BOB_JID)), NULL));
	draft(tmp, mails, NULL, "one and two, and three");
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	g_autoptr(SnDraft) left = sn_draft_load(tmp->store, mails);
	g_autoptr(SnDraft) right = sn_draft_load(tmp->store, ims);
	assert_string_equal(left->body, "one and two, and three");
	assert_null(right);
}

static void a_split_takes_several_addresses_out_together(void **state)
{
	TmpStore *tmp = *state;
	SnId work = mail(tmp, BOB), home = mail(tmp, BOB_HOME), chat = jid(tmp, BOB_JID);
	SnId other = jid(tmp, "robert@chat.test"), out = 0;
	g_autoptr(GError) error = NULL;
	SnId bob = person_of(tmp, work);
	SnId message = tmpstore_im(tmp, SN_IN, "robert@chat.test", NULL, "hi");

	/* all hang on the first address, and one is that of a card */
	assert_true(sn_link_add(tmp->store, home, bob, SN_LINK_USER, TRUE, NULL, NULL));
	assert_true(sn_link_add(tmp->store, chat, bob, SN_LINK_USER, TRUE, NULL, NULL));
	put_card(tmp, "bob.vcf", "Bob", BOB, "robert@chat.test");
	assert_int_equal(person_of(tmp, other), bob);
	g_autofree char *before = dump(tmp);
	const SnId some[] = { work, other };
	assert_true(sn_people_split(tmp->store, bob, some, 2, &out, &error));
	assert_int_equal(person_of(tmp, work), out);
	assert_int_equal(person_of(tmp, other), out);
	assert_int_not_equal(person_of(tmp, home), out);
	assert_int_equal(person_of(tmp, home), person_of(tmp, chat));
	assert_int_equal(sn_one(tmp->store, "SELECT person FROM conversation WHERE id = ?1",
	                        V(conversation_of(tmp, message))),
	                 out);
	/* neither all of them, nor none, nor somebody else's */
	const SnId all[] = { home, chat };
	assert_false(sn_people_split(tmp->store, person_of(tmp, home), all, 2, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	g_clear_error(&error);
	assert_false(sn_people_split(tmp->store, person_of(tmp, home), all, 0, NULL, &error));
	g_clear_error(&error);
	assert_false(sn_people_split(tmp->store, person_of(tmp, home), some, 1, NULL, &error));
	assert_non_null(strstr(error->message, BOB));
	g_autofree char *what = NULL;
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	assert_string_equal(what, "Split bob@work.test and 1 more off Bob");
	g_autofree char *after = dump(tmp);
	assert_string_equal(after, before);
}

static void what_cannot_be_merged_is_refused(void **state)
{
	TmpStore *tmp = *state;
	SnId bob = person_of(tmp, mail(tmp, BOB));
	SnId me = person_of(tmp, mail(tmp, "alice@example.test"));
	g_autoptr(GError) error = NULL;

	assert_false(sn_people_merge(tmp->store, bob, bob, &error));
	g_clear_error(&error);
	assert_false(sn_people_merge(tmp->store, bob, me, &error));
	g_clear_error(&error);
	assert_false(sn_people_merge(tmp->store, bob, 4711, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
	g_clear_error(&error);
	assert_false(sn_link_confirm(tmp->store, mail(tmp, BOB), me, &error));
	g_autofree char *what = NULL;
	g_clear_error(&error);
	assert_false(sn_map_undo(tmp->store, &what, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void an_undo_leaves_alone_what_was_decided_since(void **state)
{
	TmpStore *tmp = *state;
	SnId work = mail(tmp, BOB), chat = jid(tmp, BOB_JID), home = mail(tmp, BOB_HOME);
	g_autoptr(GError) error = NULL;
	g_autofree char *first = NULL, *second = NULL, *third = NULL;

	assert_true(sn_link_add(tmp->store, chat, person_of(tmp, work), SN_LINK_USER, TRUE, NULL, NULL));
	assert_true(sn_link_add(tmp->store, home, person_of(tmp, work), SN_LINK_USER, TRUE, NULL, NULL));
	assert_true(sn_map_undo(tmp->store, &first, NULL));
	assert_string_equal(first, "Linked bob@home.test to bob@work.test");
	assert_int_equal(person_of(tmp, chat), person_of(tmp, work));
	assert_true(sn_link_remove(tmp->store, chat, person_of(tmp, work), NULL));
	assert_true(sn_map_undo(tmp->store, &second, NULL));
	assert_int_equal(person_of(tmp, chat), person_of(tmp, work));
	assert_true(sn_map_undo(tmp->store, &third, NULL));
	assert_string_equal(third, "Linked xmpp:bob@chat.test to bob@work.test");
	assert_int_not_equal(person_of(tmp, chat), person_of(tmp, work));
	g_autofree char *none = sn_map_undo_next(tmp->store);
	assert_null(none);
}

static void a_group_folds_and_unfolds(void **state)
{
	TmpStore *tmp = *state;
	SnMessage *m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "Both", "to both of me");
	g_autofree char *what = NULL;

	sn_message_add_party(m, SN_ROLE_CC, BOB_HOME, NULL);
	assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
	SnId group = m->conversation, id = m->id;
	sn_message_free(m);
	SnId single = tmpstore_mail(tmp, SN_IN, BOB, NULL, "Single", "x");
	draft(tmp, group, NULL, "to both");
	g_autofree char *before = dump(tmp);
	assert_true(sn_link_add(tmp->store, mail(tmp, BOB_HOME), person_of(tmp, mail(tmp, BOB)),
	                        SN_LINK_USER, TRUE, NULL, NULL));
	assert_int_equal(conversation_of(tmp, id), conversation_of(tmp, single));
	g_autoptr(SnDraft) moved = sn_draft_load(tmp->store, conversation_of(tmp, single));
	assert_string_equal(moved->body, "to both");
	/* what comes to both of them meanwhile goes back there too */
	m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "Again", "to both of me");
	sn_message_add_party(m, SN_ROLE_CC, BOB_HOME, NULL);
	assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
	SnId later = m->id;
	sn_message_free(m);
	assert_int_equal(conversation_of(tmp, later), conversation_of(tmp, single));
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	assert_int_equal(conversation_of(tmp, later), group);
	assert_int_equal(conversation_of(tmp, id), group);
	assert_non_null(strstr(before, "to both"));
	g_autoptr(SnDraft) back = sn_draft_load(tmp->store, group);
	assert_string_equal(back->body, "to both");
}

/* ---- cards ---- */

static void a_deleted_card_takes_back_what_it_said(void **state)
{
	TmpStore *tmp = *state;
	SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "x");
	SnId second = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "y");
	g_autofree char *before = dump(tmp);

	put_card(tmp, "bob.vcf", "Bob Builder", BOB, BOB_JID);
	assert_int_equal(conversation_of(tmp, first), conversation_of(tmp, second));
	g_autoptr(SnPerson) bob = sn_person_get(tmp->store, person_of(tmp, mail(tmp, BOB)));
	assert_string_equal(bob->name, "Bob Builder");
	/* the card loses the JID: so does the person */
	put_card(tmp, "bob.vcf", "Bob Builder", BOB, "");
	assert_int_not_equal(conversation_of(tmp, first), conversation_of(tmp, second));
	put_card(tmp, "bob.vcf", "Bob Builder", BOB, BOB_JID);
	drop_card(tmp, "bob.vcf");
	g_autofree char *after = dump(tmp);
	assert_string_equal(after, before);
	/* unless the user has said so too */
	put_card(tmp, "bob.vcf", "Bob Builder", BOB, BOB_JID);
	assert_true(sn_link_confirm(tmp->store, jid(tmp, BOB_JID), person_of(tmp, mail(tmp, BOB)), NULL));
	drop_card(tmp, "bob.vcf");
	assert_int_equal(conversation_of(tmp, first), conversation_of(tmp, second));
}

static void the_users_name_is_stronger_than_a_cards(void **state)
{
	TmpStore *tmp = *state;
	SnId bob = person_of(tmp, mail(tmp, BOB));

	assert_true(sn_person_set_name(tmp->store, bob, "Bobby", NULL));
	put_card(tmp, "bob.vcf", "Bob Builder", BOB, "");
	g_autoptr(SnPerson) person = sn_person_get(tmp->store, bob);
	assert_string_equal(person->name, "Bobby");
}

static const SnConflict *conflict_of(const GPtrArray *list, const char *claimed)
{
	for (guint i = 0; i < list->len; i++)
		if (g_strcmp0(((const SnConflict *)list->pdata[i])->claimed, claimed) == 0)
			return list->pdata[i];
	return NULL;
}

static void an_address_on_two_cards_is_nobodys_until_the_user_decides(void **state)
{
	TmpStore *tmp = *state;
	SnId shared = jid(tmp, BOB_JID), work = mail(tmp, BOB), carol = mail(tmp, CAROL);

	put_card(tmp, "bob.vcf", "Bob", BOB, BOB_JID);
	put_card(tmp, "carol.vcf", "Carol", CAROL, BOB_JID);
	assert_int_not_equal(person_of(tmp, shared), person_of(tmp, work));
	assert_int_not_equal(person_of(tmp, shared), person_of(tmp, carol));
	g_autoptr(GPtrArray) all = sn_map_conflicts(tmp->store, 0);
	g_autoptr(GPtrArray) bobs = sn_map_conflicts(tmp->store, person_of(tmp, work));
	assert_int_equal(all->len, 2);
	assert_int_equal(bobs->len, 2);
	const SnConflict *one = conflict_of(all, "Carol");
	assert_string_equal(one->address, "xmpp:" BOB_JID);
	assert_string_equal(one->evidence, "carol.vcf");
	assert_int_equal(one->claimant, person_of(tmp, carol));
	assert_false(one->overruled);
	/* it is seen with both, as nothing that may be used */
	const SnId both[] = { work, carol };
	for (int i = 0; i < 2; i++) {
		g_autoptr(GPtrArray) list = sn_person_addresses(tmp->store, person_of(tmp, both[i]));
		assert_int_equal(list->len, 2);
		const SnAddress *seen = list->pdata[1];
		assert_true(seen->id == shared && !seen->confirmed && seen->contested);
	}
	assert_true(sn_link_confirm(tmp->store, shared, person_of(tmp, carol), NULL));
	assert_int_equal(person_of(tmp, shared), person_of(tmp, carol));
	g_autoptr(GPtrArray) left = sn_map_conflicts(tmp->store, 0);
	assert_int_equal(left->len, 1);
	one = left->pdata[0];
	assert_string_equal(one->claimed, "Bob");
	assert_true(one->overruled);
	/* the wrong card is put right */
	put_card(tmp, "bob.vcf", "Bob", BOB, "");
	g_autoptr(GPtrArray) none = sn_map_conflicts(tmp->store, 0);
	assert_int_equal(none->len, 0);
}

static void a_card_against_the_users_no_is_shown_and_not_followed(void **state)
{
	TmpStore *tmp = *state;
	SnId chat = jid(tmp, BOB_JID), work = mail(tmp, BOB);

	put_card(tmp, "bob.vcf", "Bob", BOB, BOB_JID);
	assert_true(sn_link_remove(tmp->store, chat, person_of(tmp, work), NULL));
	assert_int_not_equal(person_of(tmp, chat), person_of(tmp, work));
	g_autoptr(GPtrArray) list = sn_map_conflicts(tmp->store, person_of(tmp, work));
	assert_int_equal(list->len, 1);
	assert_true(((const SnConflict *)list->pdata[0])->overruled);
	g_autoptr(GPtrArray) addresses = sn_person_addresses(tmp->store, person_of(tmp, work));
	assert_int_equal(addresses->len, 1);
}

static void own_cards_and_empty_ones_say_nothing(void **state)
{
	TmpStore *tmp = *state;
	char *mine[] = { (char *)"alice@example.test", (char *)"mallory@evil.test", NULL };
	char *bad[] = { (char *)"no address", (char *)"", NULL };
	SnCard cards[] = { { .origin = "x#1", .name = "Me", .mails = mine },
		           { .origin = "x#2", .name = "Nobody", .mails = bad },
		           { .origin = "x#2", .name = "Twice", .mails = bad } };
	gsize taken = 9;

	assert_true(sn_cards_replace(tmp->store, SN_LINK_VCARD, "x#", cards, 3, &taken, NULL));
	assert_int_equal(taken, 0);
	assert_null(sn_address_find(tmp->store, SN_CHANNEL_MAIL, "mallory@evil.test"));
	/* places do not touch each other */
	put_card(tmp, "a.vcf", "A", BOB, "");
	put_card(tmp, "a.vcf.old", "B", CAROL, "");
	g_autoptr(GPtrArray) origins = sn_card_origins(tmp->store, SN_LINK_VCARD, "");
	assert_int_equal(origins->len, 2);
	drop_card(tmp, "a.vcf.old");
	g_autoptr(GPtrArray) one = sn_card_origins(tmp->store, SN_LINK_VCARD, "a.vcf");
	assert_int_equal(one->len, 1);
}

/* ---- at random ---- */

typedef struct {
	TmpStore *tmp;
	GRand *random;
	GArray *addresses; /* of SnId */
	GPtrArray *undo;   /* of char *: the state before each change that can be undone */
	gint64 messages, entries;
} Chaos;

static int die(Chaos *c, int sides)
{
	return g_rand_int_range(c->random, 0, sides);
}

static SnId any(Chaos *c)
{
	return g_array_index(c->addresses, SnId, die(c, (int)c->addresses->len));
}

static void fill(Chaos *c)
{
	TmpStore *tmp = c->tmp;

	for (int i = 0; i < 8; i++) {
		g_autofree char *value = g_strdup_printf("p%d@x.test", i / 2);
		gboolean im = i % 2;
		SnId id = tmpstore_address(tmp, im ? SN_CHANNEL_IM : SN_CHANNEL_MAIL, value, NULL);
		g_array_append_val(c->addresses, id);
		for (int m = die(c, 3); m > 0; m--, c->messages++)
			im ? tmpstore_im(tmp, die(c, 2) ? SN_IN : SN_OUT, value, NULL, "im")
			   : tmpstore_mail(tmp, die(c, 2) ? SN_IN : SN_OUT, value, NULL, "s", "mail");
	}
	for (int i = 0; i < 4; i++, c->messages++) {
		g_autofree char *one = g_strdup_printf("p%d@x.test", die(c, 4));
		g_autofree char *other = g_strdup_printf("p%d@x.test", die(c, 4));
		SnMessage *m = tmpstore_mail_new(tmp, SN_IN, one, NULL, "group", "group");
		sn_message_add_party(m, SN_ROLE_CC, other, NULL);
		assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, NULL));
		sn_message_free(m);
	}
	g_autoptr(GPtrArray) rows = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 50);
	for (guint i = 0; i < rows->len; i++) {
		const SnConversation *row = rows->pdata[i];
		g_autofree char *text = g_strdup_printf("draft %u", i);
		if (die(c, 2))
			draft(tmp, row->id, die(c, 2) ? "subject" : NULL, text);
		sn_conversation_set_flags(tmp->store, row->id, die(c, 4) == 0, die(c, 4) == 0,
		                          die(c, 4) == 0, NULL);
		sn_conversation_set_mode(tmp->store, row->id, (SnReplyMode)die(c, 3), NULL);
		if (row->person && die(c, 3) == 0) {
			g_autoptr(GPtrArray) own = sn_person_addresses(tmp->store, row->person);
			const SnAddress *to = own->pdata[0];
			entry(tmp, row->id, to->channel, to->value);
			c->messages++;
			c->entries++;
		}
	}
}

static gboolean split_some(Chaos *c, SnId person)
{
	g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(SnId));

	for (guint i = 0; i < c->addresses->len; i++) {
		SnId id = g_array_index(c->addresses, SnId, i);
		if (person_of(c->tmp, id) == person && die(c, 2))
			g_array_append_val(some, id);
	}
	return sn_people_split(c->tmp->store, person, (SnId *)(gpointer)some->data, some->len, NULL,
	                       NULL);
}

static void change(Chaos *c)
{
	SnStore *store = c->tmp->store;
	SnId address = any(c), person = person_of(c->tmp, any(c));
	g_autofree char *before = dump(c->tmp);
	gint64 changes = sn_one(store, "SELECT count(*) FROM map_change WHERE undone = 0");

	c->tmp->now += SN_MINUTE;
	switch (die(c, 8)) {
	case 0: sn_link_confirm(store, address, person, NULL); break;
	case 1: sn_link_remove(store, address, person, NULL); break;
	case 2:
	case 3: sn_people_merge(store, person, person_of(c->tmp, address), NULL); break;
	case 4: split_some(c, person); break;
	case 5: sn_person_set_rule(store, person, (SnRule)die(c, 5), NULL); break;
	case 6: sn_person_set_name(store, person, die(c, 2) ? "One" : "Other", NULL); break;
	case 7: sn_link_add(store, address, person, SN_LINK_USER, TRUE, NULL, NULL); break;
	}
	if (sn_one(store, "SELECT count(*) FROM map_change WHERE undone = 0") > changes) {
		g_ptr_array_add(c->undo, g_steal_pointer(&before));
	} else {
		g_autofree char *same = dump(c->tmp);
		assert_string_equal(same, before);
	}
}

static void undo(Chaos *c)
{
	g_autofree char *what = NULL, *now = NULL;
	g_autoptr(GError) error = NULL;

	if (!c->undo->len)
		return;
	if (!sn_map_undo(c->tmp->store, &what, &error))
		fail_msg("%s", error->message);
	g_autofree char *before = g_ptr_array_steal_index(c->undo, c->undo->len - 1);
	now = dump(c->tmp);
	if (strcmp(now, before) == 0)
		return;
	g_auto(GStrv) is = g_strsplit(now, "\n", -1), was = g_strsplit(before, "\n", -1);
	for (int i = 0; is[i] && was[i]; i++)
		if (strcmp(is[i], was[i]) != 0)
			print_error("is  %s\nwas %s\n", is[i], was[i]);
	fail_msg("Undoing \"%s\" does not restore what was.", what);
}

/* Any run of changes, undone in part or whole, gives back each state that was. */
static void undo_restores_each_state_exactly(void **state)
{
	int undone = 0, changed = 0;

	for (guint32 seed = 0; seed < 40; seed++) {
		TmpStore *tmp = tmpstore_new();
		Chaos c = { .tmp = tmp, .random = g_rand_new_with_seed(seed) };
		c.addresses = g_array_new(FALSE, FALSE, sizeof(SnId));
		c.undo = g_ptr_array_new_with_free_func(g_free);
		fill(&c);
		if (seed % 2) {
			put_card(tmp, "1.vcf", "One", "p0@x.test p1@x.test", "p2@x.test");
			put_card(tmp, "2.vcf", "Other", "p3@x.test", "p3@x.test");
			put_card(tmp, "3.vcf", "Third", "p1@x.test", "p0@x.test");
		}
		for (int step = 0; step < 30; step++) {
			if (die(&c, 3)) {
				change(&c);
				changed++;
			} else {
				undo(&c);
				undone++;
			}
			check_whole(tmp, c.messages, c.entries);
		}
		while (c.undo->len) {
			undo(&c);
			undone++;
		}
		g_rand_free(c.random);
		g_array_unref(c.addresses);
		g_ptr_array_unref(c.undo);
		tmpstore_free(tmp);
	}
	print_message("# %d changes, %d of them undone\n", changed, undone);
}

static void random_card(Chaos *c)
{
	g_autofree char *origin = g_strdup_printf("%d.vcf", die(c, 4));
	g_autofree char *mails = g_strdup_printf("p%d@x.test p%d@x.test", die(c, 4), die(c, 4));
	g_autofree char *jids = g_strdup_printf("p%d@x.test", die(c, 4));

	if (die(c, 3) == 0)
		drop_card(c->tmp, origin);
	else
		put_card(c->tmp, origin, die(c, 2) ? "One" : "Other", mails, jids);
}

static void random_message(Chaos *c)
{
	g_autofree char *value = g_strdup_printf("p%d@x.test", die(c, 4));
	g_autofree char *other = g_strdup_printf("p%d@x.test", die(c, 4));
	SnMessage *m = tmpstore_mail_new(c->tmp, SN_IN, value, NULL, "s", "b");

	if (die(c, 2))
		sn_message_add_party(m, SN_ROLE_CC, other, NULL);
	assert_true(sn_message_add(c->tmp->store, m, NULL, NULL, NULL, NULL));
	sn_message_free(m);
	c->messages++;
}

/* Cards come and go and messages arrive between the changes: nothing is lost and nothing is shown
 * where it does not belong; the persons are the same as if all had been known from the start. */
static void whatever_happens_nothing_is_lost(void **state)
{
	for (guint32 seed = 100; seed < 130; seed++) {
		TmpStore *tmp = tmpstore_new();
		Chaos c = { .tmp = tmp, .random = g_rand_new_with_seed(seed) };
		g_autofree char *what = NULL;
		c.addresses = g_array_new(FALSE, FALSE, sizeof(SnId));
		c.undo = g_ptr_array_new_with_free_func(g_free);
		fill(&c);
		for (int step = 0; step < 40; step++) {
			switch (die(&c, 5)) {
			case 0: random_card(&c); break;
			case 1: random_message(&c); break;
			case 2:
				g_clear_pointer(&what, g_free);
				sn_map_undo(tmp->store, &what, NULL);
				break;
			default: change(&c); break;
			}
			check_whole(tmp, c.messages, c.entries);
		}
		/* cards taken away and put back, in another order */
		g_autofree char *before = dump(tmp);
		for (int i = 0; i < 4; i++) {
			g_autofree char *origin = g_strdup_printf("%d.vcf", i);
			g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(g_free);
			g_autoptr(GPtrArray) jids = g_ptr_array_new_with_free_func(g_free);
			g_autofree char *name = sn_one_text(
				tmp->store, "SELECT name FROM card WHERE origin = ?1", V(origin));
			SnSql *query = sn_sql(tmp->store,
			                      "SELECT a.channel, a.value FROM card c JOIN card_address m "
			                      "ON m.card = c.id JOIN address a ON a.id = m.address "
			                      "WHERE c.origin = ?1 ORDER BY m.seq",
			                      V(origin));
			while (sn_sql_row(query))
				g_ptr_array_add(sn_sql_int(query, 0) ? jids : members,
				                sn_sql_text(query, 1));
			assert_true(sn_sql_end(query, NULL));
			if (!name)
				continue;
			g_ptr_array_add(members, NULL);
			g_ptr_array_add(jids, NULL);
			g_autofree char *mails = g_strjoinv(" ", (char **)members->pdata);
			g_autofree char *ims = g_strjoinv(" ", (char **)jids->pdata);
			drop_card(tmp, origin);
			put_card(tmp, origin, name, mails, ims);
		}
		check_whole(tmp, c.messages, c.entries);
		g_autofree char *people = dump(tmp);
		/* rows of cards are new, and so are their ids in conflicts */
		char *end = strstr(people, "\nconversation|"), *was = strstr(before, "\nconversation|");
		*end = *was = '\0';
		assert_string_equal(people, before);
		g_rand_free(c.random);
		g_array_unref(c.addresses);
		g_ptr_array_unref(c.undo);
		tmpstore_free(tmp);
	}
}

/* ---- an end in the middle ---- */

static int stop_once(void *data)
{
	int *left = data;

	return --*left == 0;
}

/* Whatever stops a merge half way (a full disk, a signal, here: SQLite told to give up after so many
 * steps), what was before is what is. */
static void a_merge_that_fails_changes_nothing(void **state)
{
	TmpStore *tmp = *state;
	SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "by email");
	SnId second = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "by IM");
	int failures = 0;

	draft(tmp, conversation_of(tmp, first), "s", "one");
	draft(tmp, conversation_of(tmp, second), NULL, "two");
	entry(tmp, conversation_of(tmp, second), SN_CHANNEL_IM, BOB_JID);
	SnId bob = person_of(tmp, mail(tmp, BOB)), chat = person_of(tmp, jid(tmp, BOB_JID));
	g_autofree char *before = dump(tmp);

	int left = 0;
	for (int steps = 1; left <= 0; steps++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *what = NULL;
		left = steps;
		sqlite3_progress_handler(tmp->store->db, 1, stop_once, &left);
		gboolean merged = sn_people_merge(tmp->store, bob, chat, &error);
		sqlite3_progress_handler(tmp->store->db, 0, NULL, NULL);
		failures += !merged;
		/* stopped where it does not matter: then it is done, and whole */
		assert_int_equal(conversation_of(tmp, first) == conversation_of(tmp, second), merged);
		if (merged)
			assert_true(sn_map_undo(tmp->store, &what, NULL));
		g_autofree char *after = dump(tmp);
		assert_string_equal(after, before);
	}
	assert_true(failures > 10);
	print_message("# stopped at %d places\n", failures);
	check_whole(tmp, 3, 1);
}

/* ---- what the user set on two conversations ---- */

static void a_conversation_keeps_what_was_set_on_it(void **state)
{
	TmpStore *tmp = *state;
	SnId first = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "by email");
	SnId second = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "by IM");
	SnId mails = conversation_of(tmp, first), ims = conversation_of(tmp, second);
	SnId bob = person_of(tmp, mail(tmp, BOB)), chat = person_of(tmp, jid(tmp, BOB_JID));
	g_autofree char *what = NULL;

	/* pinned while merged: that is of both, and stays with the one when they part */
	assert_true(sn_people_merge(tmp->store, bob, chat, NULL));
	assert_true(sn_conversation_set_flags(tmp->store, mails, FALSE, TRUE, FALSE, NULL));
	assert_true(sn_conversation_set_mode(tmp->store, mails, SN_MODE_IM, NULL));
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	g_autoptr(SnConversation) left = sn_conversation_get(tmp->store, mails);
	g_autoptr(SnConversation) right = sn_conversation_get(tmp->store, ims);
	assert_true(left->pinned && !right->pinned);
	assert_int_equal(left->reply_mode, SN_MODE_IM);
	assert_int_equal(right->reply_mode, SN_MODE_AUTO);
	/* archived with one that is not: the user sees both; parted, it is put away again ... */
	assert_true(sn_conversation_set_flags(tmp->store, mails, FALSE, FALSE, TRUE, NULL));
	assert_true(sn_people_merge(tmp->store, bob, chat, NULL));
	g_autoptr(SnConversation) both = sn_conversation_get(tmp->store, mails);
	assert_false(both->archived);
	g_clear_pointer(&what, g_free);
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	g_autoptr(SnConversation) again = sn_conversation_get(tmp->store, mails);
	assert_true(again->archived);
	/* ... unless something came in meanwhile */
	assert_true(sn_people_merge(tmp->store, bob, chat, NULL));
	tmp->now += SN_DAY;
	tmpstore_mail(tmp, SN_IN, BOB, NULL, "Two", "new");
	g_clear_pointer(&what, g_free);
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	g_autoptr(SnConversation) live = sn_conversation_get(tmp->store, mails);
	assert_false(live->archived);
}

/* Two devices that say different things about people at the same time: they stay apart, and it is
 * shown until the user says it again. */
static void what_two_devices_decided_differently_is_shown(void **state)
{
	static const char *const keys[] = { "pair\tmail:bob@work.test\tmail:carol@work.test",
		                            "pair\tim:bob@chat.test\tmail:carol@work.test",
		                            "pair\tim:bob@chat.test\tmail:bob@work.test" };
	static const char *const values[] = { "5\tto", "6\tto", "7\tapart" };
	TmpStore *tmp = *state;
	SnId work = mail(tmp, BOB), chat = jid(tmp, BOB_JID), carol = mail(tmp, CAROL);

	for (int i = 0; i < 3; i++) {
		g_autoptr(GPtrArray) facts =
			g_ptr_array_new_with_free_func((GDestroyNotify)sn_fact_free);
		SnFact *fact = g_new0(SnFact, 1);
		fact->key = g_strdup(keys[i]);
		fact->value = g_strdup(values[i]);
		fact->clock = 5 + i;
		g_ptr_array_add(facts, fact);
		assert_true(sn_facts_take(tmp->store, i % 2 ? "aa" : "bb", facts, NULL, NULL));
	}
	assert_int_not_equal(person_of(tmp, work), person_of(tmp, chat));
	/* the newer of the two that contradict each other stands */
	assert_int_equal(person_of(tmp, chat), person_of(tmp, carol));
	g_autoptr(GPtrArray) list = sn_map_conflicts(tmp->store, person_of(tmp, work));
	assert_int_equal(list->len, 1);
	assert_int_equal(((const SnConflict *)list->pdata[0])->source, SN_LINK_USER);
	g_autoptr(GPtrArray) addresses = sn_person_addresses(tmp->store, person_of(tmp, work));
	assert_int_equal(addresses->len, 1);
	assert_true(sn_link_remove(tmp->store, work, person_of(tmp, carol), NULL));
	g_autoptr(GPtrArray) none = sn_map_conflicts(tmp->store, 0);
	assert_int_equal(none->len, 0);
}

static void claims_are_replaced_and_bounded(void **state)
{
	TmpStore *tmp = *state;
	SnId chat = jid(tmp, BOB_JID), work = mail(tmp, BOB), home = mail(tmp, BOB_HOME);
	g_autoptr(GArray) two = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(SnId));

	g_array_append_val(two, work);
	g_array_append_val(two, home);
	g_array_append_val(one, home);
	assert_true(sn_claim_add(tmp->store, chat, work, SN_LINK_JABBER_ID, "a header", NULL));
	assert_true(sn_claims_replace(tmp->store, chat, SN_LINK_XMPP_VCARD, "v", two, NULL));
	g_autoptr(GPtrArray) before = sn_person_addresses(tmp->store, person_of(tmp, chat));
	assert_int_equal(before->len, 3);
	assert_true(sn_claims_replace(tmp->store, chat, SN_LINK_XMPP_VCARD, "v", one, NULL));
	g_autoptr(GPtrArray) after = sn_person_addresses(tmp->store, person_of(tmp, chat));
	assert_int_equal(after->len, 3); /* the header still says so */
	assert_int_equal(((SnAddress *)after->pdata[1])->id, home);
	assert_int_equal(((SnAddress *)after->pdata[2])->source, SN_LINK_JABBER_ID);
	/* a thousand forged headers are not a thousand suggestions */
	for (int i = 0; i < 300; i++) {
		g_autofree char *value = g_strdup_printf("m%d@evil.test", i);
		assert_true(sn_claim_add(tmp->store, work, jid(tmp, value), SN_LINK_JABBER_ID, NULL, NULL));
	}
	g_autoptr(GPtrArray) many = sn_person_addresses(tmp->store, person_of(tmp, work));
	assert_true(many->len <= 102);
}

/* A draft holds what the table of drafts holds, also when that grows. */
static void a_shell_keeps_the_whole_draft(void **state)
{
	TmpStore *tmp = *state;

	assert_int_equal(sn_one(tmp->store,
	                        "SELECT count(*) FROM pragma_table_info('draft') d WHERE NOT EXISTS "
	                        "(SELECT 1 FROM pragma_table_info('shell_draft') s "
	                        "WHERE s.name = d.name)"),
	                 0);
}

static void policies_stay_with_the_addresses(void **state)
{
	TmpStore *tmp = *state;
	SnId work = mail(tmp, BOB), chat = jid(tmp, BOB_JID);
	SnPersonPolicy night = { .has_not_available = TRUE, .not_available = 6,
		                 .quiet_hours = (char *)"22:00-07:00",
		                 .questions = SN_QUESTION_LATER };
	g_autofree char *what = NULL;

	assert_true(sn_person_set_policy(tmp->store, person_of(tmp, chat), &night, NULL));
	assert_true(sn_people_merge(tmp->store, person_of(tmp, work), person_of(tmp, chat), NULL));
	g_autoptr(SnPersonPolicy) merged = sn_person_policy(tmp->store, person_of(tmp, work));
	assert_string_equal(merged->quiet_hours, "22:00-07:00");
	assert_true(merged->has_not_available && merged->not_available == 6);
	assert_int_equal(merged->questions, SN_QUESTION_LATER);
	assert_true(sn_map_undo(tmp->store, &what, NULL));
	g_autoptr(SnPersonPolicy) bare = sn_person_policy(tmp->store, person_of(tmp, work));
	assert_null(bare->quiet_hours);
	assert_false(bare->has_not_available);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_people_become_one_with_all_they_have_and_two_again),
		TEST(a_draft_that_was_edited_meanwhile_stays_whole),
		TEST(a_split_takes_several_addresses_out_together),
		TEST(what_cannot_be_merged_is_refused),
		TEST(an_undo_leaves_alone_what_was_decided_since),
		TEST(a_group_folds_and_unfolds),
		TEST(a_deleted_card_takes_back_what_it_said),
		TEST(the_users_name_is_stronger_than_a_cards),
		TEST(an_address_on_two_cards_is_nobodys_until_the_user_decides),
		TEST(a_card_against_the_users_no_is_shown_and_not_followed),
		TEST(own_cards_and_empty_ones_say_nothing),
		cmocka_unit_test(undo_restores_each_state_exactly),
		cmocka_unit_test(whatever_happens_nothing_is_lost),
		TEST(a_merge_that_fails_changes_nothing),
		TEST(a_conversation_keeps_what_was_set_on_it),
		TEST(what_two_devices_decided_differently_is_shown),
		TEST(claims_are_replaced_and_bounded),
		TEST(a_shell_keeps_the_whole_draft),
		TEST(policies_stay_with_the_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
