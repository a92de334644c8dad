/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was chosen to travel is judged once more when the message goes: by then it may go to others,
 * over another channel, or in the open. A table, and random mailboxes: what reaches the servers is
 * held against the rules as they are told to people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/delivery_world.h"

#define ALICE "alice@example.test"
#define CAROL "carol@example.net"

typedef enum { TO_BOB_IM, TO_BOB, TO_BOB_AND_CAROL, TO_CAROL, WHERE_COUNT } Where;

/* An earlier message, as it is when the new one goes. */
typedef struct {
	SnChannel channel;
	gboolean out, carol; /* said by the user; carol got a copy */
	gboolean carol_only; /* between the user and carol */
	gboolean encrypted, agreed, deleted;
	gboolean failed;     /* out: it came back meanwhile */
} Earlier;

/* The rules in other words. */
static gboolean may_travel(const Earlier *one, Where where)
{
	gboolean bob = !one->carol_only, carol = one->carol || one->carol_only;

	if (one->deleted || (one->out && one->failed))
		return FALSE;
	if ((where != TO_CAROL && !bob) || (where >= TO_BOB_AND_CAROL && !carol))
		return FALSE;
	return !one->encrypted || one->agreed;
}

static SnId say(Delivery *self, const Earlier *one, int number)
{
	g_autofree char *body = g_strdup_printf("token%03d.", number);
	g_autofree char *id = g_strdup_printf("earlier-%d@w", number);
	const char *other = one->carol_only                    ? CAROL
	                    : one->channel == SN_CHANNEL_IM ? BOB_IM
	                                                       : BOB_MAIL;
	Said said = { .channel = one->channel,
		      .direction = one->out ? SN_OUT : SN_IN,
		      .from = one->out ? NULL : other,
		      .to = one->out ? other : NULL,
		      .cc = one->carol ? CAROL : NULL,
		      .subject = one->channel == SN_CHANNEL_MAIL ? "Earlier" : NULL,
		      .body = body,
		      .id = id,
		      .encrypted = one->encrypted };

	return world_say(self->world, &said);
}

/* What happens to it while the new one waits. */
static void change(Delivery *self, const Earlier *one, SnId id)
{
	if (one->deleted)
		assert_true(sn_message_change_flags(self->world->store, id, SN_FLAG_DELETED, 0, NULL));
	if (one->out && one->failed)
		assert_true(sn_message_set_state(self->world->store, id, SN_STATE_FAILED, NULL));
}

static GPtrArray *recipients_of(Where where)
{
	static const struct {
		SnParty party;
		guint where;
	} all[] = {
		{ { SN_ROLE_TO, (char *)BOB_IM, NULL }, 1 << TO_BOB_IM },
		{ { SN_ROLE_TO, (char *)BOB_MAIL, NULL }, 1 << TO_BOB | 1 << TO_BOB_AND_CAROL },
		{ { SN_ROLE_TO, (char *)CAROL, NULL }, 1 << TO_CAROL },
		{ { SN_ROLE_BCC, (char *)CAROL, NULL }, 1 << TO_BOB_AND_CAROL },
	};
	GPtrArray *parties = g_ptr_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i].where & 1U << where)
			g_ptr_array_add(parties, (gpointer)&all[i].party);
	return parties;
}

/* Everything that the servers were given, as one text. */
static char *all_that_went(Delivery *self)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < self->mails->len; i++) {
		gsize size;
		const char *raw = g_bytes_get_data(self->mails->pdata[i], &size);
		g_string_append_len(text, raw, (gssize)size);
	}
	for (guint i = 0; i < self->uploaded->len; i++) {
		gsize size;
		const char *raw = g_bytes_get_data(self->uploaded->pdata[i], &size);
		g_string_append_len(text, raw, (gssize)size);
	}
	for (guint i = 0; i < self->stanzas->len; i++) {
		const SnImMessage *stanza = self->stanzas->pdata[i];
		g_string_append_printf(text, "%s\n", stanza->body);
		for (guint j = 0; stanza->forwarded && j < stanza->forwarded->len; j++)
			g_string_append(text, ((SnImMessage *)stanza->forwarded->pdata[j])->body);
	}
	return g_string_free(text, FALSE);
}

/* Chosen while it was to go encrypted, and kept back because of that. */
static SnId queue_secret(Delivery *self, Where where, GArray *ids, GArray *agreed)
{
	g_autoptr(GPtrArray) recipients = recipients_of(where);
	SnOutboxNew new = { .channel = where == TO_BOB_IM ? SN_CHANNEL_IM : SN_CHANNEL_MAIL,
		            .subject = where == TO_BOB_IM ? NULL : "Re: Earlier",
		            .body = "the answer",
		            .recipients = recipients,
		            .history = ids,
		            .agreed = agreed,
		            .history_attachments = TRUE,
		            .encrypt = SN_ENCRYPT_REQUIRED,
		            .state = SN_STATE_QUEUED };
	SnId id = queue_new(self, &new, NULL);

	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	return id;
}

static void let_go(Delivery *self, SnId id)
{
	assert_true(sn_outbox_allow_plain(self->world->store, id, NULL));
	ask_for(self, id, SN_REQUEST_SEND);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
}

static char *journal_of(Delivery *self, SnId id)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->world->store, id);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < events->len; i++) {
		const SnOutboxEvent *event = events->pdata[i];
		if (strcmp(event->what, "left out") == 0)
			g_string_append_printf(text, "%s\n", event->detail);
	}
	return g_string_free(text, FALSE);
}

/* ---- the table ---- */

static void what_may_no_longer_travel_is_left_out(void **state)
{
	static const struct {
		const char *what;
		Earlier one;
		Where where;
		const char *journal; /* NULL: it goes */
	} cases[] = {
		{ "bob's own", { 0 }, TO_BOB_IM, NULL },
		{ "bob's own by mail", { 0 }, TO_BOB, NULL },
		{ "an IM of bob's by mail", { .channel = SN_CHANNEL_IM }, TO_BOB, NULL },
		{ "carol was no party", { 0 }, TO_BOB_AND_CAROL,
		  "1 earlier message: " CAROL " was no party to it\n" },
		{ "an IM, and carol was no party", { .channel = SN_CHANNEL_IM }, TO_BOB_AND_CAROL,
		  "1 earlier message: " CAROL " was no party to it\n" },
		{ "carol had a copy", { .carol = TRUE }, TO_BOB_AND_CAROL, NULL },
		{ "carol's, to bob", { .carol_only = TRUE }, TO_BOB,
		  "1 earlier message: " BOB_MAIL " was no party to it\n" },
		{ "carol's, to bob by IM", { .carol_only = TRUE }, TO_BOB_IM,
		  "1 earlier message: " BOB_IM " was no party to it\n" },
		{ "it came encrypted, and now goes in the open",
		  { .channel = SN_CHANNEL_IM, .encrypted = TRUE }, TO_BOB_IM,
		  "1 earlier message: came encrypted, this goes in the open\n" },
		{ "by mail as well", { .encrypted = TRUE }, TO_BOB,
		  "1 earlier message: came encrypted, this goes in the open\n" },
		{ "the user said yes to it", { .encrypted = TRUE, .agreed = TRUE }, TO_BOB, NULL },
		{ "the user said yes to the IM",
		  { .channel = SN_CHANNEL_IM, .encrypted = TRUE, .agreed = TRUE }, TO_BOB_IM, NULL },
		{ "deleted meanwhile", { .deleted = TRUE }, TO_BOB,
		  "1 earlier message: it has not gone\n" },
		{ "it came back meanwhile", { .out = TRUE, .failed = TRUE }, TO_BOB_IM,
		  "1 earlier message: it has not gone\n" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		Delivery *self = delivery_new(NULL);
		g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
		Earlier fine = { .carol = TRUE };
		SnId other = say(self, &fine, 1), id = say(self, &cases[i].one, 2);
		if (cases[i].where != TO_CAROL)
			g_array_append_val(ids, other);
		g_array_append_val(ids, id);
		SnId entry = queue_secret(self, cases[i].where, ids, cases[i].one.agreed ? ids : NULL);
		change(self, &cases[i].one, id);
		let_go(self, entry);
		g_autofree char *went = all_that_went(self), *journal = journal_of(self, entry);
		gboolean goes = cases[i].journal == NULL;
		assert_int_equal(goes, may_travel(&cases[i].one, cases[i].where));
		if ((strstr(went, "token002.") != NULL) != goes)
			fail_msg("%s: it %s", cases[i].what, goes ? "did not go" : "went");
		assert_non_null(strstr(went, "token001."));
		assert_string_equal(journal, goes ? "" : cases[i].journal);
		/* the reader is told that something is missing, and not why */
		assert_int_equal(strstr(went, "(1 earlier message left out)") != NULL, !goes);
		assert_null(strstr(went, "no party"));
		delivery_free(self);
	}
}

static void one_that_is_gone_is_said(void **state)
{
	Delivery *self = delivery_new(NULL);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	Earlier fine = { 0 };
	SnId kept = say(self, &fine, 1), gone = 4711;

	g_array_append_val(ids, kept);
	g_array_append_val(ids, gone);
	SnId entry = queue_secret(self, TO_BOB, ids, NULL);
	let_go(self, entry);
	g_autofree char *journal = journal_of(self, entry), *went = all_that_went(self);
	assert_string_equal(journal, "1 earlier message: no longer here\n");
	assert_non_null(strstr(went, "(1 earlier message left out)"));
	delivery_free(self);
}

static void with_nothing_left_it_goes_alone(void **state)
{
	for (int im = 0; im < 2; im++) {
		Delivery *self = delivery_new(NULL);
		g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
		Earlier secret = { .channel = SN_CHANNEL_IM, .encrypted = TRUE };
		SnId id = say(self, &secret, 1);
		g_array_append_val(ids, id);
		SnId entry = queue_secret(self, im ? TO_BOB_IM : TO_BOB, ids, NULL);
		let_go(self, entry);
		g_autofree char *went = all_that_went(self), *journal = journal_of(self, entry);
		assert_int_equal(self->mails->len + self->stanzas->len, 1);
		assert_null(strstr(went, "token001."));
		assert_null(strstr(went, "Earlier messages"));
		assert_non_null(strstr(journal, "came encrypted"));
		delivery_free(self);
	}
}

static void an_im_that_becomes_an_email_is_judged_as_one(void **state)
{
	Delivery *self = delivery_new("[history]\non-switch = none\n");
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GArray) agreed = g_array_new(FALSE, FALSE, sizeof(SnId));
	Earlier secret = { .channel = SN_CHANNEL_IM, .encrypted = TRUE }, fine = { 0 };
	SnId id = say(self, &secret, 1), yes = say(self, &secret, 2), open = say(self, &fine, 3);

	g_array_append_val(ids, id);
	g_array_append_val(ids, yes);
	g_array_append_val(ids, open);
	g_array_append_val(agreed, yes);
	SnId im = queue_secret(self, TO_BOB_IM, ids, agreed);
	assert_true(sn_outbox_allow_plain(self->world->store, im, NULL));
	ask_for(self, im, SN_REQUEST_CONVERT);
	assert_int_equal(state_of(self, im), SN_STATE_CONVERTED);
	assert_int_equal(self->mails->len, 1);
	g_autofree char *went = all_that_went(self);
	assert_null(strstr(went, "token001."));
	assert_non_null(strstr(went, "token002."));
	assert_non_null(strstr(went, "token003."));
	delivery_free(self);
}

static void it_is_noted_once_however_often_it_is_tried(void **state)
{
	Delivery *self = delivery_new(NULL);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	Earlier theirs = { .carol_only = TRUE }, fine = { 0 };
	SnId id = say(self, &theirs, 1), kept = say(self, &fine, 2);

	g_array_append_val(ids, id);
	g_array_append_val(ids, kept);
	SnId entry = queue_secret(self, TO_BOB, ids, NULL);
	assert_true(sn_outbox_allow_plain(self->world->store, entry, NULL));
	for (int i = 0; i < 3; i++) {
		self->next_mail = FATE_TEMPORARY;
		ask_for(self, entry, SN_REQUEST_SEND);
		assert_int_equal(state_of(self, entry), SN_STATE_WAITING);
	}
	ask_for(self, entry, SN_REQUEST_SEND);
	assert_int_equal(state_of(self, entry), SN_STATE_ACCEPTED);
	g_autofree char *journal = journal_of(self, entry);
	assert_string_equal(journal, "1 earlier message: " BOB_MAIL " was no party to it\n");
	delivery_free(self);
}

/* ---- random mailboxes ---- */

static Earlier random_one(GRand *rand)
{
	Earlier one = { .channel = g_rand_boolean(rand) ? SN_CHANNEL_IM : SN_CHANNEL_MAIL,
		        .out = g_rand_boolean(rand),
		        .encrypted = g_rand_int_range(rand, 0, 3) == 0,
		        .agreed = g_rand_boolean(rand),
		        .deleted = g_rand_int_range(rand, 0, 8) == 0,
		        .failed = g_rand_int_range(rand, 0, 6) == 0 };

	if (one.channel == SN_CHANNEL_MAIL) {
		one.carol_only = g_rand_int_range(rand, 0, 4) == 0;
		one.carol = !one.carol_only && g_rand_boolean(rand);
	}
	return one;
}

static int play(GRand *rand)
{
	Delivery *self = delivery_new(NULL);
	Where where = (Where)g_rand_int_range(rand, 0, WHERE_COUNT);
	int count = g_rand_int_range(rand, 1, 14), left = 0;
	g_autofree Earlier *all = g_new0(Earlier, count);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GArray) agreed = g_array_new(FALSE, FALSE, sizeof(SnId));

	for (int i = 0; i < count; i++) {
		all[i] = random_one(rand);
		SnId id = say(self, &all[i], i);
		g_array_append_val(ids, id);
		if (all[i].agreed)
			g_array_append_val(agreed, id);
	}
	SnId entry = queue_secret(self, where, ids, agreed);
	for (int i = 0; i < count; i++)
		change(self, &all[i], g_array_index(ids, SnId, i));
	if (g_rand_boolean(rand))
		crash(self, TRUE);
	let_go(self, entry);
	g_autofree char *went = all_that_went(self);
	for (int i = 0; i < count; i++) {
		g_autofree char *token = g_strdup_printf("token%03d.", i);
		gboolean may = may_travel(&all[i], where), did = strstr(went, token) != NULL;
		left += !may;
		if (may != did)
			fail_msg("%s: may %d, did %d, where %d", token, may, did, (int)where);
	}
	g_autofree char *journal = journal_of(self, entry);
	g_autofree char *said = g_strdup_printf("%d earlier message", left);
	assert_int_equal(*journal != 0, left > 0);
	if (left)
		assert_true(g_str_has_prefix(journal, said));
	delivery_free(self);
	return count;
}

static void nothing_travels_against_the_rules(void **state)
{
	const char *rounds = g_getenv("SENNIT_PRIVACY_ROUNDS");
	GRand *rand = g_rand_new_with_seed(17);
	int worlds = rounds ? atoi(rounds) : 40, judged = 0;

	for (int i = 0; i < worlds; i++)
		judged += play(rand);
	g_rand_free(rand);
	print_message("# %d messages judged as they went, in %d mailboxes\n", judged, worlds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_no_longer_travel_is_left_out),
		cmocka_unit_test(one_that_is_gone_is_said),
		cmocka_unit_test(with_nothing_left_it_goes_alone),
		cmocka_unit_test(an_im_that_becomes_an_email_is_judged_as_one),
		cmocka_unit_test(it_is_noted_once_however_often_it_is_tried),
		cmocka_unit_test(nothing_travels_against_the_rules),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
