/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/store/statement.h"
#include "tests/lib/tmpstore.h"

#define BOB "bob@example.test"
#define BOB_JID "bob@chat.test"

/* ---- addresses ---- */

static void addresses_are_normalised(void **state)
{
	static const struct {
		SnChannel channel;
		const char *in, *out;
	} cases[] = {
		{ SN_CHANNEL_MAIL, " Bob.Smith@EXAMPLE.test ", "Bob.Smith@example.test" },
		{ SN_CHANNEL_MAIL, "\"bob smith\"@example.test", "\"bob smith\"@example.test" },
		{ SN_CHANNEL_MAIL, "bob@example.test.", "bob@example.test" },
		{ SN_CHANNEL_IM, "Bob@Example.Test/phone@home", "bob@example.test" },
		{ SN_CHANNEL_MAIL, "bob smith@example.test", NULL },
		{ SN_CHANNEL_MAIL, "bob", NULL },
		{ SN_CHANNEL_MAIL, "@example.test", NULL },
		{ SN_CHANNEL_MAIL, "bob@", NULL },
		{ SN_CHANNEL_MAIL, "bob@exa\nmple.test", NULL },
		{ SN_CHANNEL_MAIL, "<bob@example.test>", NULL },
		{ SN_CHANNEL_MAIL, "bob@\xff", NULL },
		{ SN_CHANNEL_MAIL, "", NULL },
		{ SN_CHANNEL_IM, "example.test/bob@x", NULL },
		{ SN_CHANNEL_IM, NULL, NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = sn_address_normalise(cases[i].channel, cases[i].in);
		if (g_strcmp0(got, cases[i].out))
			fail_msg("%s: %s", cases[i].in, got);
	}
}

static void assert_called(TmpStore *tmp, const char *value, const char *name)
{
	g_autoptr(SnAddress) address = sn_address_find(tmp->store, SN_CHANNEL_MAIL, value);

	assert_non_null(address);
	assert_string_equal(address->name, name);
}

static void told_as(TmpStore *tmp, const char *id, const char *value, const char *name)
{
	g_autoptr(SnMessage) mail = tmpstore_mail_new(tmp, SN_IN, BOB, id, "x", "x");
	SnAddResult result;

	sn_message_add_party(mail, SN_ROLE_CC, value, name);
	assert_true(sn_message_add(tmp->store, mail, NULL, NULL, &result, NULL));
	assert_int_equal(result, SN_ADDED);
}

/* What people call themselves counts, the last time they did; others only while there is nothing. */
static void an_address_is_called_what_its_owner_says(void **state)
{
	TmpStore *tmp = *state;

	told_as(tmp, "1@b", "carol@example.test", "Carol C.");
	assert_called(tmp, "carol@example.test", "Carol C.");
	told_as(tmp, "2@b", "carol@example.test", "Caro");
	assert_called(tmp, "carol@example.test", "Carol C.");
	tmpstore_address(tmp, SN_CHANNEL_MAIL, "carol@example.test", "Carol");
	assert_called(tmp, "carol@example.test", "Carol");
	tmpstore_address(tmp, SN_CHANNEL_MAIL, "CAROL@example.test", " Carol Lee ");
	assert_called(tmp, "carol@example.test", "Carol Lee");
	told_as(tmp, "3@b", "carol@example.test", "Caro");
	tmpstore_address(tmp, SN_CHANNEL_MAIL, "carol@example.test", "Carol@Example.test");
	tmpstore_address(tmp, SN_CHANNEL_MAIL, "carol@example.test", "  ");
	assert_called(tmp, "carol@example.test", "Carol Lee");
}

static void an_address_is_made_once_whatever_its_case(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId first = tmpstore_address(tmp, SN_CHANNEL_MAIL, "Bob@example.test", "Bob Smith");

	assert_int_equal(tmpstore_address(tmp, SN_CHANNEL_MAIL, "bob@EXAMPLE.test", NULL), first);
	g_autoptr(SnAddress) address = sn_address_get(tmp->store, first);
	assert_string_equal(address->value, "Bob@example.test");
	assert_string_equal(address->name, "Bob Smith");
	assert_true(address->confirmed);
	g_autoptr(SnPerson) person = sn_person_get(tmp->store, address->person);
	assert_string_equal(person->name, "Bob Smith");
	assert_int_equal(sn_address_intern(tmp->store, SN_CHANNEL_MAIL, "nonsense", NULL, &error), 0);
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
}

static void own_addresses_are_known_and_cannot_be_given_away(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId bob = tmpstore_address(tmp, SN_CHANNEL_MAIL, BOB, NULL);
	g_autoptr(SnAddress) address = sn_address_get(tmp->store, bob);
	SnId own = tmpstore_address(tmp, SN_CHANNEL_IM, "alice@example.test", NULL);

	assert_true(sn_address_is_own(tmp->store, SN_CHANNEL_IM, "Alice@Example.test/x"));
	assert_true(sn_address_is_own(tmp->store, SN_CHANNEL_MAIL, "alice@work.test"));
	assert_false(sn_address_is_own(tmp->store, SN_CHANNEL_IM, "alice@work.test"));
	assert_false(sn_address_is_own(tmp->store, SN_CHANNEL_MAIL, BOB));
	assert_false(sn_link_add(tmp->store, own, address->person, SN_LINK_VCARD, TRUE, NULL,
	                         &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	g_autofree char *name = sn_account_name(tmp->store, tmp->account);
	assert_string_equal(name, "home");
	assert_int_equal(sn_account_find(tmp->store, "nobody"), 0);
}

static void declaring_the_same_accounts_again_writes_nothing(void **state)
{
	TmpStore *tmp = *state;
	static const char *const mails[] = { "alice@example.test", "alice@work.test", NULL };
	const SnOwnAccount own = { "home", mails, "alice@example.test" };
	SnStore *other = tmpstore_open(tmp, SN_STORE_CLIENT);

	assert_true(sn_own_accounts_set(tmp->store, &own, 1, NULL));
	assert_false(sn_store_changed(other));
	sn_store_close(other);
}

/* ---- the address map ---- */

typedef struct {
	SnId mail, jid, bob; /* the person of the email address */
} Bob;

static Bob make_bob(TmpStore *tmp)
{
	Bob b;

	b.mail = tmpstore_address(tmp, SN_CHANNEL_MAIL, BOB, "Bob");
	b.jid = tmpstore_address(tmp, SN_CHANNEL_IM, BOB_JID, NULL);
	g_autoptr(SnAddress) address = sn_address_get(tmp->store, b.mail);
	b.bob = address->person;
	return b;
}

static SnId person_of(TmpStore *tmp, SnId address)
{
	g_autoptr(SnAddress) row = sn_address_get(tmp->store, address);

	return row->person;
}

static SnId conversation_of(TmpStore *tmp, SnId message)
{
	g_autoptr(SnMessage) m = sn_message_get(tmp->store, message, 0);

	return m->conversation;
}

static void a_claim_that_is_not_trusted_moves_nothing(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	Bob b = make_bob(tmp);

	for (int i = 0; i < 2; i++)
		assert_true(sn_link_add(tmp->store, b.jid, b.bob, SN_LINK_JABBER_ID, FALSE,
		                        "header of <x>", &error));
	assert_int_not_equal(person_of(tmp, b.jid), b.bob);
	g_autoptr(GPtrArray) list = sn_person_addresses(tmp->store, b.bob);
	assert_int_equal(list->len, 2);
	const SnAddress *own = list->pdata[0], *candidate = list->pdata[1];
	assert_true(own->confirmed);
	assert_int_equal(own->source, SN_LINK_SEEN);
	assert_false(candidate->confirmed);
	assert_int_equal(candidate->id, b.jid);
	assert_int_equal(candidate->source, SN_LINK_JABBER_ID);
	assert_string_equal(candidate->evidence, "header of <x>");

	/* and the other way round: answering the IM, the email address is a candidate */
	g_autoptr(GPtrArray) other = sn_person_addresses(tmp->store, person_of(tmp, b.jid));
	assert_int_equal(other->len, 2);
	assert_int_equal(((SnAddress *)other->pdata[1])->id, b.mail);
	assert_false(((SnAddress *)other->pdata[1])->confirmed);
}

static void candidates_stand_in_the_order_of_their_sources(void **state)
{
	TmpStore *tmp = *state;
	Bob b = make_bob(tmp);
	SnId text = tmpstore_address(tmp, SN_CHANNEL_IM, "b1@chat.test", NULL);
	SnId reply = tmpstore_address(tmp, SN_CHANNEL_IM, "b2@chat.test", NULL);

	assert_true(sn_link_add(tmp->store, text, b.bob, SN_LINK_SIGNED_TEXT, FALSE, NULL, NULL));
	assert_true(sn_link_add(tmp->store, b.jid, b.bob, SN_LINK_JABBER_ID, FALSE, NULL, NULL));
	assert_true(sn_link_add(tmp->store, reply, b.bob, SN_LINK_CROSS_REPLY, FALSE, NULL, NULL));
	g_autoptr(GPtrArray) list = sn_person_addresses(tmp->store, b.bob);
	assert_int_equal(list->len, 4);
	assert_int_equal(((SnAddress *)list->pdata[1])->id, reply);
	assert_int_equal(((SnAddress *)list->pdata[2])->id, b.jid);
	assert_int_equal(((SnAddress *)list->pdata[3])->id, text);
}

static void equal_strings_are_only_suggested(void **state)
{
	TmpStore *tmp = *state;
	SnId mail = tmpstore_address(tmp, SN_CHANNEL_MAIL, "carol@example.test", NULL);
	SnId jid = tmpstore_address(tmp, SN_CHANNEL_IM, "carol@example.test", NULL);

	assert_int_not_equal(person_of(tmp, mail), person_of(tmp, jid));
	g_autoptr(GPtrArray) list = sn_person_addresses(tmp->store, person_of(tmp, mail));
	assert_int_equal(list->len, 2);
	assert_int_equal(((SnAddress *)list->pdata[1])->source, SN_LINK_EQUAL);
	assert_false(((SnAddress *)list->pdata[1])->confirmed);
}

static void a_yes_merges_two_conversations(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId mail1 = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "first");
	SnId im1 = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "second");
	SnId mail2 = tmpstore_mail(tmp, SN_OUT, BOB, NULL, "Two", "third");
	SnId im2 = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "fourth");
	Bob b = make_bob(tmp);
	SnId old = conversation_of(tmp, im1);

	assert_int_not_equal(old, conversation_of(tmp, mail1));
	assert_true(sn_conversation_set_flags(tmp->store, old, FALSE, TRUE, FALSE, &error));
	assert_true(sn_link_confirm(tmp->store, b.jid, b.bob, &error));
	assert_int_equal(person_of(tmp, b.jid), b.bob);
	SnId conversation = conversation_of(tmp, mail1);
	g_autoptr(SnConversation) merged = sn_conversation_get(tmp->store, old);
	assert_int_equal(merged->id, conversation);
	g_autoptr(GPtrArray) page =
		sn_message_page(tmp->store, conversation, 0, 0, FALSE, 10, 0);
	assert_int_equal(page->len, 4);
	const SnId order[] = { mail1, im1, mail2, im2 };
	for (guint i = 0; i < 4; i++)
		assert_int_equal(((SnMessage *)page->pdata[i])->id, order[i]);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, conversation);
	assert_int_equal(row->unread, 3);
	assert_int_equal(row->last_message, im2);
	assert_int_equal(row->channel, SN_CHANNEL_IM);
	assert_string_equal(row->preview, "fourth");
	assert_string_equal(row->title, "Bob");
	assert_true(row->pinned);
	g_autoptr(GPtrArray) rows = sn_conversation_page(tmp->store, NULL, FALSE, NULL, 10);
	assert_int_equal(rows->len, 1);
}

static void a_no_splits_them_again_and_is_remembered(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId mail = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "first");
	SnId im = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "second");
	Bob b = make_bob(tmp);

	assert_true(sn_link_add(tmp->store, b.jid, b.bob, SN_LINK_VCARD, FALSE, "b.vcf", &error));
	assert_int_equal(conversation_of(tmp, im), conversation_of(tmp, mail));
	assert_true(sn_link_remove(tmp->store, b.jid, b.bob, &error));
	assert_int_not_equal(person_of(tmp, b.jid), b.bob);
	assert_int_not_equal(conversation_of(tmp, im), conversation_of(tmp, mail));
	g_autoptr(SnConversation) left = sn_conversation_get(tmp->store, conversation_of(tmp, mail));
	g_autoptr(SnConversation) out = sn_conversation_get(tmp->store, conversation_of(tmp, im));
	assert_int_equal(left->unread, 1);
	assert_int_equal(left->last_message, mail);
	assert_string_equal(left->preview, "first");
	assert_int_equal(out->unread, 1);
	assert_int_equal(out->last_message, im);
	assert_string_equal(out->title, BOB_JID);

	/* neither a header nor the vCard brings it back; the user does */
	assert_true(sn_link_add(tmp->store, b.jid, b.bob, SN_LINK_VCARD, FALSE, NULL, &error));
	assert_true(sn_link_add(tmp->store, b.jid, b.bob, SN_LINK_JABBER_ID, FALSE, NULL, &error));
	assert_true(sn_link_add(tmp->store, b.mail, person_of(tmp, b.jid), SN_LINK_XMPP_VCARD, FALSE,
	                        NULL, &error));
	assert_int_not_equal(person_of(tmp, b.jid), b.bob);
	g_autoptr(GPtrArray) list = sn_person_addresses(tmp->store, b.bob);
	assert_int_equal(list->len, 1);
	assert_true(sn_link_confirm(tmp->store, b.jid, b.bob, &error));
	assert_int_equal(person_of(tmp, b.jid), b.bob);
}

static void the_only_address_cannot_be_taken_out(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	Bob b = make_bob(tmp);

	assert_false(sn_link_remove(tmp->store, b.mail, b.bob, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
	g_clear_error(&error);
	assert_false(sn_link_confirm(tmp->store, b.mail, 4711, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

static void a_weaker_source_does_not_overrule_a_stronger(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	Bob b = make_bob(tmp);
	SnId carol = person_of(tmp, tmpstore_address(tmp, SN_CHANNEL_MAIL, "carol@c.test", NULL));

	assert_true(sn_link_add(tmp->store, b.jid, b.bob, SN_LINK_VCARD, FALSE, NULL, &error));
	assert_true(sn_link_add(tmp->store, b.jid, carol, SN_LINK_ADDRESS_BOOK, FALSE, NULL, &error));
	assert_int_equal(person_of(tmp, b.jid), b.bob);
	assert_false(sn_link_add(tmp->store, b.jid, carol, SN_LINK_VCARD, FALSE, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_EXISTS));
	g_clear_error(&error);
	/* neither has it now, and both see it */
	assert_int_not_equal(person_of(tmp, b.jid), b.bob);
	assert_int_not_equal(person_of(tmp, b.jid), carol);
	g_autoptr(GPtrArray) list = sn_person_addresses(tmp->store, carol);
	assert_int_equal(list->len, 2);
	assert_false(((SnAddress *)list->pdata[1])->confirmed);
	assert_true(((SnAddress *)list->pdata[1])->contested);
	assert_true(sn_link_add(tmp->store, b.jid, carol, SN_LINK_USER, TRUE, NULL, &error));
	assert_int_equal(person_of(tmp, b.jid), carol);
}

static void moving_the_first_address_takes_along_what_was_linked_to_it(void **state)
{
	TmpStore *tmp = *state;
	Bob b = make_bob(tmp);
	SnId robert = person_of(tmp, tmpstore_address(tmp, SN_CHANNEL_MAIL, "rob@home.test", NULL));
	SnId im = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "hi");

	assert_true(sn_link_confirm(tmp->store, b.jid, b.bob, NULL));
	assert_true(sn_person_set_rule(tmp->store, b.bob, SN_RULE_MAIL, NULL));
	assert_true(sn_link_add(tmp->store, b.mail, robert, SN_LINK_VCARD, FALSE, NULL, NULL));
	g_autoptr(SnPerson) person = sn_person_get(tmp->store, b.bob);
	g_autoptr(SnPerson) other = sn_person_get(tmp->store, robert);
	assert_int_equal(person->id, other->id);
	assert_int_equal(person_of(tmp, b.mail), person->id);
	assert_int_equal(person_of(tmp, b.jid), person->id);
	assert_int_equal(person->rule, SN_RULE_MAIL);
	assert_string_equal(person->name, "Bob");
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, conversation_of(tmp, im));
	assert_int_equal(row->person, person->id);
}

static void drafts_of_merged_conversations_are_kept(void **state)
{
	TmpStore *tmp = *state;
	SnId mail = tmpstore_mail(tmp, SN_IN, BOB, NULL, "One", "first");
	SnId im = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "second");
	Bob b = make_bob(tmp);

	for (int i = 0; i < 2; i++) {
		g_autoptr(SnDraft) draft = sn_draft_new(conversation_of(tmp, i ? im : mail));
		g_free(draft->body);
		draft->body = g_strdup(i ? "to the jid" : "to the address");
		assert_true(sn_draft_save(tmp->store, draft, NULL));
	}
	assert_true(sn_link_confirm(tmp->store, b.jid, b.bob, NULL));
	g_autoptr(SnDraft) both = sn_draft_load(tmp->store, conversation_of(tmp, mail));
	assert_string_equal(both->body, "to the address\n\nto the jid");
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, conversation_of(tmp, mail));
	assert_true(row->has_draft);
}

static void a_group_of_one_person_is_that_persons_conversation(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnMessage *m = tmpstore_mail_new(tmp, SN_IN, BOB, NULL, "Both", "to both of me");

	sn_message_add_party(m, SN_ROLE_CC, "bob@home.test", NULL);
	assert_true(sn_message_add(tmp->store, m, NULL, NULL, NULL, &error));
	g_autoptr(SnConversation) group = sn_conversation_get(tmp->store, m->conversation);
	assert_int_equal(group->kind, SN_CONV_GROUP);
	Bob b = make_bob(tmp);
	SnId home = tmpstore_address(tmp, SN_CHANNEL_MAIL, "bob@home.test", NULL);
	SnId single = tmpstore_mail(tmp, SN_IN, BOB, NULL, "Single", "only me");
	assert_true(sn_link_confirm(tmp->store, home, b.bob, &error));
	assert_int_equal(conversation_of(tmp, m->id), conversation_of(tmp, single));
	g_autoptr(SnConversation) folded = sn_conversation_get(tmp->store, group->id);
	assert_int_equal(folded->id, conversation_of(tmp, single));
	/* until they are two again */
	assert_true(sn_link_remove(tmp->store, home, b.bob, &error));
	assert_int_equal(conversation_of(tmp, m->id), group->id);
	assert_int_not_equal(conversation_of(tmp, single), group->id);
	sn_message_free(m);
}

/* ---- finding, rules ---- */

static void persons_are_found_by_what_people_type(void **state)
{
	TmpStore *tmp = *state;
	SnId bob = person_of(tmp, tmpstore_address(tmp, SN_CHANNEL_MAIL, BOB, "Bob Größer"));
	SnId rob = person_of(tmp, tmpstore_address(tmp, SN_CHANNEL_MAIL, "rob@example.test", "Rob"));
	g_autofree char *by_id = g_strdup_printf("id:%" G_GINT64_FORMAT, rob);
	const struct {
		const char *who;
		guint count;
		SnId first;
	} cases[] = {
		{ by_id, 1, rob },           { "BOB@example.test", 1, bob }, { "rob", 1, rob },
		{ "bob grösser", 1, bob },   { "öss", 1, bob },              { "ob", 2, bob },
		{ "example.test", 3, 0 },    { "nobody", 0, 0 },             { "", 0, 0 },
		{ "id:99", 0, 0 },           { "%", 0, 0 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) found = sn_person_find(tmp->store, cases[i].who);
		if (found->len != cases[i].count)
			fail_msg("%s: %u", cases[i].who, found->len);
		if (cases[i].first)
			assert_int_equal(((SnPerson *)found->pdata[0])->id, cases[i].first);
	}
}

/* Of whom nothing came yet, by a name that changes, and goes from one address to another. */
static void who_has_no_conversation_is_found_by_name(void **state)
{
	TmpStore *tmp = *state;
	SnId one = tmpstore_address(tmp, SN_CHANNEL_MAIL, "x1@example.test", "Ursula Beispiel");
	SnId other = tmpstore_address(tmp, SN_CHANNEL_IM, "x2@chat.test", NULL);
	SnId person = person_of(tmp, one), out = 0;
	gint64 before, after;
	const char *const parts[] = { "ULA beis", "piel", "ursula beispiel", "1@EX" };

	assert_int_equal(sn_one(tmp->store, "SELECT count(*) FROM conversation WHERE person = ?1", V(person)), 0);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GPtrArray) found = sn_person_named(tmp->store, parts[i], 5);
		assert_int_equal(found->len, 1);
		assert_int_equal(((SnPerson *)found->pdata[0])->id, person);
	}
	/* the name stays with the address that brought it, or goes with both */
	assert_true(sn_people_merge(tmp->store, person_of(tmp, other), person, NULL));
	assert_true(sn_person_set_name(tmp->store, person_of(tmp, one), "Uschi", NULL));
	g_autoptr(GPtrArray) renamed = sn_person_find(tmp->store, "schi");
	assert_int_equal(renamed->len, 1);
	assert_true(sn_people_split(tmp->store, person_of(tmp, one), &one, 1, &out, NULL));
	g_autoptr(GPtrArray) left = sn_person_find(tmp->store, "uschi");
	assert_true(left->len >= 1);
	assert_true(sn_store_compact(tmp->store, &before, &after, NULL));
	g_autoptr(GPtrArray) still = sn_person_find(tmp->store, "uschi");
	assert_int_equal(still->len, left->len);
	g_autoptr(GPtrArray) nobody = sn_person_named(tmp->store, "", 5);
	assert_int_equal(nobody->len, 0);
	g_autoptr(GPtrArray) few = sn_person_named(tmp->store, "test", 1);
	assert_int_equal(few->len, 1);
}

static void the_list_of_persons_leaves_out_strangers_and_the_user(void **state)
{
	TmpStore *tmp = *state;

	tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	tmpstore_address(tmp, SN_CHANNEL_MAIL, "stranger@example.test", NULL);
	assert_true(sn_roster_set(tmp->store, tmp->account, "carol@chat.test", "Carol", SN_SUB_BOTH,
	                          FALSE, NULL));
	g_autoptr(GPtrArray) list = sn_person_list(tmp->store);
	assert_int_equal(list->len, 2);
	assert_string_equal(((SnPerson *)list->pdata[0])->name, BOB);
	assert_string_equal(((SnPerson *)list->pdata[1])->name, "Carol");
}

static void the_users_name_for_a_person_stays(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	SnId mail = tmpstore_mail(tmp, SN_IN, BOB, NULL, "x", "x");
	Bob b = make_bob(tmp);

	assert_true(sn_person_set_name(tmp->store, b.bob, "Bobby", &error));
	tmpstore_address(tmp, SN_CHANNEL_MAIL, BOB, "Robert");
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, conversation_of(tmp, mail));
	assert_string_equal(row->title, "Bobby");
	assert_false(sn_person_set_name(tmp->store, b.bob, "  ", &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_INVALID));
}

static void rules_and_wishes_are_kept(void **state)
{
	TmpStore *tmp = *state;
	g_autoptr(GError) error = NULL;
	Bob b = make_bob(tmp);

	assert_true(sn_person_set_rule(tmp->store, b.bob, SN_RULE_DEFER, &error));
	assert_true(sn_person_set_wish(tmp->store, b.bob, SN_RULE_MAIL, "said so", &error));
	tmpstore_reopen(tmp);
	g_autoptr(SnPerson) person = sn_person_get(tmp->store, b.bob);
	assert_int_equal(person->rule, SN_RULE_DEFER);
	assert_int_equal(person->wish, SN_RULE_MAIL);
	assert_string_equal(person->wish_origin, "said so");
	assert_true(sn_person_set_wish(tmp->store, b.bob, SN_RULE_DEFAULT, "ignored", &error));
	g_autoptr(SnPerson) after = sn_person_get(tmp->store, b.bob);
	assert_null(after->wish_origin);
	assert_false(sn_person_set_rule(tmp->store, 4711, SN_RULE_DEFER, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND));
}

/* ---- presence ---- */

static void set_presence(TmpStore *tmp, SnId address, const char *resource, SnPresenceShow show,
                         int priority)
{
	SnPresence p = { address, (char *)resource, show, NULL, priority, tmp->now };

	assert_true(sn_presence_set(tmp->store, tmp->account, &p, NULL));
}

static SnPresenceShow best(TmpStore *tmp, SnId address)
{
	SnPresence *p = sn_presence_best(tmp->store, address);
	SnPresenceShow show = p->show;

	sn_presence_free(p);
	return show;
}

static void the_best_resource_counts_and_the_list_shows_it(void **state)
{
	TmpStore *tmp = *state;
	SnId im = tmpstore_im(tmp, SN_IN, BOB_JID, NULL, "hi");
	Bob b = make_bob(tmp);

	assert_int_equal(best(tmp, b.jid), SN_PRESENCE_UNKNOWN);
	assert_true(sn_roster_set(tmp->store, tmp->account, BOB_JID, NULL, SN_SUB_BOTH, FALSE, NULL));
	assert_int_equal(best(tmp, b.jid), SN_PRESENCE_UNKNOWN);
	set_presence(tmp, b.jid, "phone", SN_PRESENCE_AWAY, 5);
	set_presence(tmp, b.jid, "desk", SN_PRESENCE_ONLINE, 5);
	set_presence(tmp, b.jid, "tv", SN_PRESENCE_CHAT, -1);
	assert_int_equal(best(tmp, b.jid), SN_PRESENCE_ONLINE);
	g_autoptr(SnConversation) row = sn_conversation_get(tmp->store, conversation_of(tmp, im));
	assert_int_equal(row->presence, SN_PRESENCE_ONLINE);
	set_presence(tmp, b.jid, "desk", SN_PRESENCE_OFFLINE, 0);
	assert_int_equal(best(tmp, b.jid), SN_PRESENCE_AWAY);
	set_presence(tmp, b.jid, "", SN_PRESENCE_OFFLINE, 0);
	g_autoptr(SnConversation) off = sn_conversation_get(tmp->store, conversation_of(tmp, im));
	assert_int_equal(off->presence, SN_PRESENCE_OFFLINE);
	SnPresence *p = sn_presence_best(tmp->store, b.jid);
	assert_int_equal(p->since, tmp->now);
	sn_presence_free(p);
	assert_true(sn_presence_forget(tmp->store, tmp->account, NULL));
	assert_int_equal(best(tmp, b.jid), SN_PRESENCE_UNKNOWN);
}

static void silence_of_a_subscribed_contact_is_offline(void **state)
{
	TmpStore *tmp = *state;
	SnId dave = tmpstore_address(tmp, SN_CHANNEL_IM, "dave@chat.test", NULL);
	SnId erin = tmpstore_address(tmp, SN_CHANNEL_IM, "erin@chat.test", NULL);
	SnId own = tmpstore_address(tmp, SN_CHANNEL_IM, "alice@example.test", NULL);
	SnSubscription subscription;
	gboolean ask;
	SnId account;

	assert_true(sn_roster_set(tmp->store, tmp->account, "dave@chat.test", NULL, SN_SUB_TO, FALSE,
	                          NULL));
	assert_true(sn_roster_set(tmp->store, tmp->account, "erin@chat.test", NULL, SN_SUB_FROM, TRUE,
	                          NULL));
	set_presence(tmp, own, "here", SN_PRESENCE_ONLINE, 0);
	assert_int_equal(best(tmp, dave), SN_PRESENCE_OFFLINE);
	assert_int_equal(best(tmp, erin), SN_PRESENCE_UNKNOWN);
	assert_true(sn_roster_get(tmp->store, erin, &account, &subscription, &ask));
	assert_int_equal(subscription, SN_SUB_FROM);
	assert_true(ask);
	assert_true(sn_roster_remove(tmp->store, tmp->account, "dave@chat.test", NULL));
	assert_false(sn_roster_get(tmp->store, dave, NULL, NULL, NULL));
	assert_int_equal(best(tmp, dave), SN_PRESENCE_UNKNOWN);
}

static void a_person_is_as_reachable_as_the_best_address(void **state)
{
	TmpStore *tmp = *state;
	Bob b = make_bob(tmp);
	SnId second = tmpstore_address(tmp, SN_CHANNEL_IM, "bob@other.test", NULL);

	assert_true(sn_link_confirm(tmp->store, b.jid, b.bob, NULL));
	assert_true(sn_link_confirm(tmp->store, second, b.bob, NULL));
	set_presence(tmp, b.jid, "x", SN_PRESENCE_XA, 10);
	set_presence(tmp, second, "y", SN_PRESENCE_ONLINE, 0);
	SnPresence *p = sn_person_presence(tmp->store, b.bob);
	assert_int_equal(p->show, SN_PRESENCE_ONLINE);
	assert_int_equal(p->address, second);
	sn_presence_free(p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_normalised),
		TEST(an_address_is_called_what_its_owner_says),
		TEST(an_address_is_made_once_whatever_its_case),
		TEST(own_addresses_are_known_and_cannot_be_given_away),
		TEST(declaring_the_same_accounts_again_writes_nothing),
		TEST(a_claim_that_is_not_trusted_moves_nothing),
		TEST(candidates_stand_in_the_order_of_their_sources),
		TEST(equal_strings_are_only_suggested),
		TEST(a_yes_merges_two_conversations),
		TEST(a_no_splits_them_again_and_is_remembered),
		TEST(the_only_address_cannot_be_taken_out),
		TEST(a_weaker_source_does_not_overrule_a_stronger),
		TEST(moving_the_first_address_takes_along_what_was_linked_to_it),
		TEST(drafts_of_merged_conversations_are_kept),
		TEST(a_group_of_one_person_is_that_persons_conversation),
		TEST(persons_are_found_by_what_people_type),
		TEST(who_has_no_conversation_is_found_by_name),
		TEST(the_list_of_persons_leaves_out_strangers_and_the_user),
		TEST(the_users_name_for_a_person_stays),
		TEST(rules_and_wishes_are_kept),
		TEST(the_best_resource_counts_and_the_list_shows_it),
		TEST(silence_of_a_subscribed_contact_is_offline),
		TEST(a_person_is_as_reachable_as_the_best_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
