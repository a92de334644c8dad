/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As whom an email is answered, and whom it answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/route/plan.h"
#include "tests/lib/cli_desk.h"
#include "tests/lib/story.h"

static const char two_accounts[] =
	"[home]\n"
	"from = Alice <alice@example.test>\n"
	"aliases = Treasurer <money@club.example>, bare@example.test\n"
	"outgoing = smtps://alice@mail.example.test\n"
	"reply-to = answers@example.test\n"
	"[home/work]\n"
	"from = a.liddell@work.example\n"
	"signature = Harbour office\n"
	"[other]\n"
	"from = A. Other <other@other.example>\n"
	"outgoing = smtps://other@mail.other.example\n"
	"[silent]\n"
	"from = silent@example.test\n"
	"source = imaps://silent@mail.example.test\n";

static int set_up(void **state)
{
	int code = cli_desk_setup(state);

	sn_mime_init();
	cli_desk_write(*state, "accounts.conf", two_accounts);
	cli_desk_forget(*state);
	return code;
}

typedef struct {
	SnRole role;
	const char *address;
} Party;

/* An email from bob to these; the same as the engine files it. */
static SnMessage *mail_to(CliDesk *desk, const Party *parties, const char *list)
{
	SnMessage *message =
		tmpstore_mail_new(desk->tmp, SN_IN, "bob@example.test", NULL, "Rope", "Text");
	g_autoptr(GError) error = NULL;

	g_clear_pointer(&message->parties, g_ptr_array_unref);
	sn_message_add_party(message, SN_ROLE_FROM, "bob@example.test", "Bob");
	for (; parties->address; parties++)
		sn_message_add_party(message, parties->role, parties->address, NULL);
	message->list_id = g_strdup(list);
	if (!sn_message_add(desk->tmp->store, message, NULL, NULL, NULL, &error))
		fail_msg("%s", error->message);
	return message;
}

static SnPlan *plan_for(CliDesk *desk, const SnMessage *message, SnWhom whom, const char *sender)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnConfig) config = sn_config_parse(two_accounts, NULL, &error);

	if (!config)
		fail_msg("%s", error->message);
	assert_true(sn_config_declare(config, desk->tmp->store, NULL));
	SnPlanRequest request = { .conversation = message->conversation, .reply_to = message->id,
		                  .mode = SN_MODE_MAIL, .whom = whom, .sender = sender };
	SnPlan *plan = sn_plan_reply(desk->tmp->store, config, &request, NULL);
	/* it belongs to the configuration, which goes */
	plan->identity = NULL;
	return plan;
}

static char *to_of(const SnPlan *plan)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < plan->recipients->len; i++) {
		const SnParty *party = plan->recipients->pdata[i];
		g_string_append_printf(out, "%s%s%s", i ? " " : "", party->role == SN_ROLE_CC ? "cc:" : "",
		                       party->address);
	}
	return g_string_free(out, FALSE);
}

/* ---- as whom ---- */

static void it_goes_from_the_address_that_was_written_to(void **state)
{
	CliDesk *desk = *state;
	static const struct {
		const char *what;
		Party parties[5];
		const char *from;
	} cases[] = {
		{ "its own", { { SN_ROLE_TO, "alice@example.test" } }, "alice@example.test" },
		{ "an alias in To", { { SN_ROLE_TO, "money@club.example" } }, "money@club.example" },
		{ "whatever its case", { { SN_ROLE_TO, "Money@Club.Example" } }, "money@club.example" },
		{ "in Cc", { { SN_ROLE_TO, "carol@example.test" }, { SN_ROLE_CC, "bare@example.test" } },
		  "bare@example.test" },
		{ "To before Cc",
		  { { SN_ROLE_CC, "bare@example.test" }, { SN_ROLE_TO, "money@club.example" } },
		  "money@club.example" },
		{ "a section's", { { SN_ROLE_TO, "a.liddell@work.example" } }, "a.liddell@work.example" },
		{ "unseen, delivered to",
		  { { SN_ROLE_TO, "members@club.example" }, { SN_ROLE_DELIVERED, "money@club.example" } },
		  "money@club.example" },
		{ "To before where it came in",
		  { { SN_ROLE_DELIVERED, "bare@example.test" }, { SN_ROLE_TO, "money@club.example" } },
		  "money@club.example" },
		{ "nobody of ours", { { SN_ROLE_TO, "members@club.example" } }, "alice@example.test" },
		{ "another account's, passed on", { { SN_ROLE_TO, "other@other.example" } },
		  "other@other.example" },
		{ "one that cannot send", { { SN_ROLE_TO, "silent@example.test" } }, "alice@example.test" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnMessage) message = mail_to(desk, cases[i].parties, NULL);
		g_autoptr(SnPlan) plan = plan_for(desk, message, SN_WHOM_SENDER, NULL);
		if (g_strcmp0(plan->from, cases[i].from) != 0)
			fail_msg("%s: from %s, not %s", cases[i].what, plan->from, cases[i].from);
		assert_string_equal(plan->account_name,
		                    i == 9 ? "other" : "home");
	}
}

static void the_user_chooses_another(void **state)
{
	CliDesk *desk = *state;
	static const Party to[] = { { SN_ROLE_TO, "money@club.example" }, { 0, NULL } };
	g_autoptr(SnMessage) message = mail_to(desk, to, NULL);
	g_autoptr(SnPlan) bare = plan_for(desk, message, SN_WHOM_SENDER, "BARE@example.test");
	g_autoptr(SnPlan) other = plan_for(desk, message, SN_WHOM_SENDER, "other@other.example");
	g_autoptr(SnPlan) foreign = plan_for(desk, message, SN_WHOM_SENDER, "bob@example.test");

	assert_string_equal(bare->from, "bare@example.test");
	assert_string_equal(other->from, "other@other.example");
	assert_string_equal(other->account_name, "other");
	/* never as somebody else */
	assert_string_equal(foreign->from, "money@club.example");
}

static void identities_are_read_with_what_is_theirs(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnConfig) config = sn_config_parse(story_letters_accounts, NULL, &error);
	const SnAccount *home = sn_config_account(config, 0), *found = NULL;
	const SnIdentity *own, *club, *work;

	assert_int_equal(sn_config_account_count(config), 1);
	assert_int_equal(home->identities->len, 3);
	own = home->identities->pdata[0];
	club = sn_account_identity(home, "money@club.example");
	work = sn_config_identity(config, "A.Liddell@work.example", &found);
	assert_string_equal(own->name, "Alice Liddell");
	assert_string_equal(club->name, "Treasurer");
	assert_string_equal(club->signature, "Alice\nQuay 3");
	assert_null(club->reply_to);
	assert_string_equal(work->name, "A. Liddell");
	assert_string_equal(work->signature, "A. Liddell, Harbour office");
	assert_string_equal(work->reply_to, "desk@work.example");
	assert_ptr_equal(found, home);
	assert_true(g_strv_contains((const char *const *)home->aliases, "a.liddell@work.example"));
	assert_null(sn_config_identity(config, "nobody@example.test", NULL));
	assert_null(sn_config_identity(config, NULL, NULL));
}

static void wrong_identities_are_said_with_their_line(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "[away/work]\nfrom = a@work.example\n", "accounts.conf:1: [away/work] is an identity" },
		{ "[home]\nfrom = a@b.example\noutgoing = smtps://a@b.example\n[home/x]\nsignature = y\n",
		  "accounts.conf:4: identity [home/x] has no 'from" },
		{ "[home]\nfrom = a@b.example\noutgoing = smtps://a@b.example\n[home/x]\nform = y\n",
		  "unknown key 'form' in [home/x]" },
		{ "[home]\nfrom = a@b.example\noutgoing = smtps://a@b.example\n[home/x]\nfrom = y\n",
		  "accounts.conf:5: from = y: write it as" },
		{ "[home]\nfrom = a@b.example\noutgoing = smtps://a@b.example\nreply-to = y\n",
		  "reply-to = y: write it as" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		assert_null(sn_config_parse(cases[i].text, NULL, &error));
		if (!strstr(error->message, cases[i].said))
			fail_msg("'%s' is not in: %s", cases[i].said, error->message);
	}
}

/* ---- whom ---- */

static void lists_are_answered_where_they_want_it(void **state)
{
	CliDesk *desk = *state;
	static const struct {
		const char *what;
		Party parties[6];
		SnWhom whom;
		const char *to;
	} cases[] = {
		{ "the sender", { { SN_ROLE_TO, "knots@lists.example" },
		                  { SN_ROLE_LIST_POST, "knots@lists.example" } },
		  SN_WHOM_SENDER, "bob@example.test" },
		{ "List-Post", { { SN_ROLE_TO, "old@lists.example" },
		                 { SN_ROLE_LIST_POST, "knots@lists.example" } },
		  SN_WHOM_LIST, "knots@lists.example" },
		{ "Mail-Followup-To for the list", { { SN_ROLE_TO, "knots@lists.example" },
		                                     { SN_ROLE_LIST_POST, "knots@lists.example" },
		                                     { SN_ROLE_FOLLOWUP, "talk@lists.example" },
		                                     { SN_ROLE_FOLLOWUP, "alice@example.test" } },
		  SN_WHOM_LIST, "talk@lists.example" },
		{ "Mail-Followup-To for all", { { SN_ROLE_TO, "knots@lists.example" },
		                                { SN_ROLE_FOLLOWUP, "talk@lists.example" } },
		  SN_WHOM_ALL, "talk@lists.example" },
		{ "neither", { { SN_ROLE_TO, "knots@lists.example" }, { SN_ROLE_CC, "bare@example.test" } },
		  SN_WHOM_LIST, "knots@lists.example" },
		{ "all, without own ones", { { SN_ROLE_TO, "knots@lists.example" },
		                             { SN_ROLE_CC, "money@club.example" },
		                             { SN_ROLE_CC, "carol@example.test" } },
		  SN_WHOM_ALL, "bob@example.test knots@lists.example cc:carol@example.test" },
		{ "all, with Reply-To", { { SN_ROLE_TO, "alice@example.test" },
		                          { SN_ROLE_CC, "carol@example.test" },
		                          { SN_ROLE_REPLY_TO, "desk@example.test" } },
		  SN_WHOM_ALL, "desk@example.test cc:carol@example.test" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(SnPlan) first = NULL;
		g_autofree char *to = NULL;
		SnPlan *plan;
		/* what is own must be known before it is filed */
		g_autoptr(SnMessage) warm =
			mail_to(desk, (Party[]){ { SN_ROLE_TO, "alice@example.test" }, { 0, NULL } }, NULL);
		first = plan_for(desk, warm, SN_WHOM_SENDER, NULL);
		g_autoptr(SnMessage) message = mail_to(desk, cases[i].parties, "knots.lists.example");
		plan = plan_for(desk, message, cases[i].whom, NULL);
		to = to_of(plan);
		if (strcmp(to, cases[i].to) != 0)
			fail_msg("%s: to %s, not %s", cases[i].what, to, cases[i].to);
		sn_plan_free(plan);
	}
}

static void where_it_came_in_is_read_from_the_header(void **state)
{
	static const char raw[] =
		"Delivered-To: inner@example.test\r\n"
		"X-Original-To: Outer <outer@example.test>\r\n"
		"From: bob@example.test\r\n"
		"To: undisclosed-recipients:;\r\n"
		"List-Post: (posts) <https://x.example>, <mailto:knots%2Btalk@lists.example?subject=x>\r\n"
		"Mail-Followup-To: Talk <talk@lists.example>, bob@example.test\r\n"
		"Message-ID: <1@example.test>\r\n\r\nText\r\n";
	static const SnMailAddress wanted[] = {
		{ SN_MAIL_FROM, (char *)"bob@example.test", NULL },
		{ SN_MAIL_DELIVERED, (char *)"inner@example.test", NULL },
		{ SN_MAIL_DELIVERED, (char *)"outer@example.test", NULL },
		{ SN_MAIL_FOLLOWUP, (char *)"talk@lists.example", NULL },
		{ SN_MAIL_FOLLOWUP, (char *)"bob@example.test", NULL },
		{ SN_MAIL_LIST_POST, (char *)"knots+talk@lists.example", NULL },
	};
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, strlen(raw));
	g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);

	assert_int_equal(mail->addresses->len, G_N_ELEMENTS(wanted));
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const SnMailAddress *one = mail->addresses->pdata[i];
		assert_int_equal(one->role, wanted[i].role);
		assert_string_equal(one->address, wanted[i].address);
	}
}

static void nonsense_in_these_fields_names_nobody(void **state)
{
	static const char *const fields[] = {
		"List-Post: NO", "List-Post: <mailto:>", "List-Post: <mailto:%FF>", "List-Post: <mailto:x",
		"Delivered-To: ", "Mail-Followup-To: ,,,", "List-Post: mailto:a@b.example",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autofree char *raw = g_strdup_printf("%s\r\nFrom: bob@example.test\r\n\r\nx\r\n", fields[i]);
		g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
		g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
		if (mail->addresses->len != 1)
			fail_msg("%s names somebody", fields[i]);
	}
	/* groups within groups, as deep as a header can be */
	g_autoptr(GString) deep = g_string_new("Mail-Followup-To: ");
	for (int i = 0; i < 100000; i++)
		g_string_append(deep, "a:");
	g_string_append(deep, "\r\nFrom: bob@example.test\r\n\r\nx\r\n");
	g_autoptr(GBytes) bytes = g_bytes_new(deep->str, deep->len);
	g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
	assert_non_null(mail);
}

/* ---- the command line ---- */

static void from_is_one_of_ones_own(void **state)
{
	CliDesk *desk = *state;

	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "zoe@example.test", "--from", "work.example",
	                              NULL), 2);
	assert_true(cli_desk_said(desk, "'work.example' is none of your addresses"));
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "zoe@example.test", "--from",
	                              "A.Liddell@work.example", NULL), 0);
	SnId id = g_ascii_strtoll(desk->out, NULL, 10);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(desk->tmp->store, id, 0);
	assert_string_equal(entry->from, "a.liddell@work.example");
	assert_true(g_str_has_suffix(entry->message_id, "@work.example"));
}

static void options_make_the_letter(void **state)
{
	CliDesk *desk = *state;
	g_autofree char *folder = g_build_filename(desk->context.paths->config, "templates", NULL);

	assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
	cli_desk_write(desk, "templates/hello", "Subject: To {{address}}\n\nDear {{address}},\n");
	assert_int_equal(cli_desk_run(desk, "come.\n", "send", "--to", "zoe@example.test", "--from",
	                              "a.liddell@work.example", "--sign", "--markdown", "--template", "hello",
	                              NULL), 0);
	SnId id = g_ascii_strtoll(desk->out, NULL, 10);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(desk->tmp->store, id, 0);
	assert_string_equal(entry->subject, "To zoe@example.test");
	assert_string_equal(entry->body, "Dear zoe@example.test,\ncome.\n\n-- \nHarbour office");
	assert_int_equal(entry->format, SN_FORMAT_MARKDOWN);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", "zoe@example.test", "--template", "no", NULL), 3);
	/* nothing of it without being asked for */
	assert_int_equal(cli_desk_run(desk, "come.\n", "send", "--to", "zoe@example.test", NULL), 0);
	g_autoptr(SnOutboxEntry) plain =
		sn_outbox_get(desk->tmp->store, g_ascii_strtoll(desk->out, NULL, 10), 0);
	assert_string_equal(plain->body, "come.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, cli_desk_teardown)
		T(it_goes_from_the_address_that_was_written_to),
		T(the_user_chooses_another),
		T(identities_are_read_with_what_is_theirs),
		T(wrong_identities_are_said_with_their_line),
		T(lists_are_answered_where_they_want_it),
		T(where_it_came_in_is_read_from_the_header),
		T(nonsense_in_these_fields_names_nobody),
		T(from_is_one_of_ones_own),
		T(options_make_the_letter),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
