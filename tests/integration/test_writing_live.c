/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing against a real Dovecot and a real Postfix: drafts in the Drafts folder as doveadm sees them,
 * what was forwarded and what was sent on as others get it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "backends/mail/mail_backend.h"
#include "src/mime/mail.h"
#include "src/route/forward.h"
#include "src/route/resend.h"
#include "src/store/draft_copy.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

static SnServers *servers; /* NULL: skip */

static const char signed_mail[] =
	"From: Bob <bob@example.test>\r\nTo: alice@example.test\r\nMessage-ID: <plan@writing.test>\r\n"
	"Subject: The plan\r\nDKIM-Signature: v=1; d=example.test;\r\n\tb=abc\r\n"
	"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	"Grüße vom Kai\r\n";

static const SnMailSourceOps *load_imap(GError **error)
{
	return &sn_imap_ops;
}

static const SnMailTransportOps *load_smtp(GError **error)
{
	return &sn_smtp_ops;
}

static SnBench *alice(void)
{
	g_autofree char *accounts = g_strdup_printf(
		"[home]\nfrom = Alice <alice@example.test>\n"
		"source = imaps://alice%%40example.test@localhost:%d\n"
		"outgoing = smtp+starttls://alice%%40example.test@localhost:%d\n"
		"password-command = echo alice-secret\nca-file = %s\n",
		servers->imaps, servers->smtp, servers->ca_file);

	return sn_bench_new(accounts, NULL, SN_STORE_CLIENT);
}

/* On line until all is done; then off line again. */
static void online(SnBench *bench)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = bench->paths, .config = bench->config,
		                .backends = { .imap = load_imap, .smtp = load_smtp } };
	SnEngine *engine = sn_engine_start(&setup, &error);

	g_assert_no_error(error);
	sn_engine_settle(engine, 60000, &error);
	g_assert_no_error(error);
	sn_engine_stop(&engine);
}

/* What doveadm says of a user's mail. */
static char *doveadm(const char *user, const char *what, const char *query)
{
	g_autofree char *command =
		g_strdup_printf("doveadm -c %s/dovecot/dovecot.conf -f flow fetch -u %s@example.test '%s' %s",
	                        servers->dir, user, what, query);
	char *out = NULL;
	int status = 0;

	assert_true(g_spawn_command_line_sync(command, &out, NULL, &status, NULL));
	assert_int_equal(status, 0);
	return out;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static SnId conversation_with(SnBench *bench, const char *value)
{
	SnId id = sn_address_intern(bench->store, SN_CHANNEL_MAIL, value, NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(bench->store, id);

	return sn_conversation_for_person(bench->store, address->person, NULL);
}

static void type(SnBench *bench, const char *body, SnTime ago)
{
	SnDraft *draft = sn_draft_new(conversation_with(bench, "bob@example.test"));

	g_free(draft->body);
	draft->body = g_strdup(body);
	draft->subject = g_strdup("Rope für Sonntag");
	draft->updated = sn_clock_now(NULL) - ago;
	assert_true(sn_draft_save(bench->store, draft, NULL));
	sn_draft_free(draft);
}

static void a_draft_lies_in_drafts_once_and_goes(void **state)
{
	SnBench *bench;
	g_autofree char *first = NULL, *second = NULL;

	if (!servers)
		skip();
	bench = alice();
	type(bench, "Half a sen", 2 * SN_MINUTE);
	online(bench);
	first = doveadm("alice", "flags text", "mailbox Drafts");
	assert_has(first, "\\Draft");
	assert_has(first, "Half a sen");
	assert_has(first, "To: bob@example.test");
	type(bench, "Half a sentence", SN_MINUTE);
	online(bench);
	second = doveadm("alice", "text", "mailbox Drafts");
	assert_has(second, "Half a sentence");
	assert_int_equal(sn_servers_count(servers, "alice", "Drafts"), 1);
	assert_true(sn_draft_delete(bench->store, conversation_with(bench, "bob@example.test"), NULL));
	online(bench);
	assert_int_equal(sn_servers_count(servers, "alice", "Drafts"), 0);
	sn_bench_free(bench);
}

/* ---- neomutt at the same drafts ---- */

static void put_file(const char *name, const char *text, int mode)
{
	g_autofree char *path = g_build_filename(servers->dir, name, NULL);

	assert_true(g_file_set_contents_full(path, text, -1, 0, mode, NULL));
}

static gboolean draft_says(gpointer data)
{
	g_autofree char *text = doveadm("alice", "text", "mailbox Drafts");

	return strstr(text, data) != NULL;
}

static gboolean shows_composer(gpointer data)
{
	g_autofree char *screen = NULL, *complaint = NULL;

	return g_spawn_command_line_sync(data, &screen, &complaint, NULL, NULL) && screen &&
	       strstr(screen, "NeoMutt: Compose");
}

/* alice recalls the only draft in neomutt, adds a line in her editor, and postpones it again. */
static void edit_in_neomutt(const char *line)
{
	g_autofree char *rc = g_strdup_printf(
		"set folder=\"imaps://alice%%40example.test@localhost:%d/\"\n"
		"set spoolfile=\"imaps://alice%%40example.test@localhost:%d/INBOX\"\n"
		"set postponed=\"imaps://alice%%40example.test@localhost:%d/Drafts\"\n"
		"set imap_user=\"alice@example.test\"\nset imap_pass=\"alice-secret\"\n"
		"set certificate_file=\"%s\"\nset ssl_ca_certificates_file=\"%s\"\n"
		"set record=\"\"\nset header_cache=\nset from=\"alice@example.test\"\n"
		"set editor=\"%s/editor\"\nset wait_key=no\nset postpone=yes\nset edit_headers=yes\n",
		servers->imaps, servers->imaps, servers->imaps, servers->ca_file, servers->ca_file,
		servers->dir);
	g_autofree char *editor = g_strdup_printf("#!/bin/sh\necho '%s' >>\"$1\"\n", line);
	g_autofree char *run = g_strdup_printf("tmux -S %s/tmux -f /dev/null new-session -d -x 100 -y 30 "
	                                       "\"neomutt -n -F %s/neomuttrc -p\"",
	                                       servers->dir, servers->dir);
	g_autofree char *look = g_strdup_printf("tmux -S %s/tmux capture-pane -p", servers->dir), *screen = NULL;
	g_autofree char *postpone = g_strdup_printf("tmux -S %s/tmux send-keys P", servers->dir);
	g_autofree char *stop = g_strdup_printf("tmux -S %s/tmux kill-server", servers->dir);
	int status = 0;

	put_file("neomuttrc", rc, 0600);
	put_file("editor", editor, 0700);
	assert_true(g_spawn_command_line_sync(run, NULL, NULL, &status, NULL));
	assert_int_equal(status, 0);
	gboolean done = sn_wait_until(shows_composer, look, 60) &&
	                g_spawn_command_line_sync(postpone, NULL, NULL, NULL, NULL) &&
	                sn_wait_until(draft_says, (gpointer)line, 60);
	/* it may have ended by itself */
	g_autofree char *first = NULL, *second = NULL;
	g_spawn_command_line_sync(look, &screen, &first, NULL, NULL);
	g_spawn_command_line_sync(stop, NULL, &second, NULL, NULL);
	if (!done)
		fail_msg("neomutt stands at:\n%s", screen);
	assert_int_equal(sn_servers_count(servers, "alice", "Drafts"), 1);
}

static gboolean has_programs(void)
{
	g_autofree char *neomutt = g_find_program_in_path("neomutt"), *tmux = g_find_program_in_path("tmux");

	return neomutt && tmux;
}

static void neomutt_and_sennit_take_turns_at_a_draft(void **state)
{
	SnBench *bench;

	if (!servers || !has_programs())
		skip();
	bench = alice();
	SnId conversation = conversation_with(bench, "bob@example.test");
	type(bench, "Begun here", 2 * SN_MINUTE);
	online(bench);
	g_autoptr(SnDraftCopy) copy = sn_draft_copy_get(bench->store, conversation);
	edit_in_neomutt("added in neomutt");
	online(bench);
	/* one draft, with what both wrote, is here to be continued */
	SnId id = sn_message_find_mail(bench->store, copy->message_id);
	g_autoptr(SnMessage) message = sn_message_get(bench->store, id, SN_MESSAGE_FULL);
	assert_has(message->body, "Begun here");
	assert_has(message->body, "added in neomutt");
	assert_string_equal(message->subject, "Rope für Sonntag");
	assert_null(sn_draft_load(bench->store, conversation));
	assert_int_equal(sn_draft_copy_find(bench->store, copy->message_id), 0);
	/* continued, as :continue does: neomutt's gives way to ours */
	type(bench, "Begun here, added in neomutt, done here", SN_MINUTE);
	assert_true(sn_draft_copy_adopt(bench->store, conversation, message->account, copy->message_id, NULL));
	online(bench);
	g_autofree char *ours = doveadm("alice", "text", "mailbox Drafts");
	assert_has(ours, "done here");
	assert_int_equal(sn_servers_count(servers, "alice", "Drafts"), 1);
	/* and neomutt can go on with that one */
	edit_in_neomutt("and once more");
	assert_true(draft_says((gpointer) "done here"));
	online(bench);
	g_autofree char *gone = doveadm("alice", "uid", "mailbox Drafts");
	assert_true(*gone != '\0');
	sn_bench_free(bench);
}

/* ---- drafts of a Maildir account ---- */

static const SnMailSourceOps *load_maildir(GError **error)
{
	return &sn_maildir_ops;
}

typedef struct {
	const char *maildir;
	const char *text; /* NULL: nothing is to lie there */
} Wanted;

/* In Drafts lies one file, which is a draft that was seen and has the text. */
static gboolean drafts_has(gpointer data)
{
	const Wanted *wanted = data;
	g_autofree char *cur = g_build_filename(wanted->maildir, ".Drafts", "cur", NULL);
	g_autoptr(GDir) dir = g_dir_open(cur, 0, NULL);
	const char *name = g_dir_read_name(dir);
	g_autofree char *path = name ? g_build_filename(cur, name, NULL) : NULL, *text = NULL;

	if (!wanted->text || !name)
		return !wanted->text && !name;
	return g_str_has_suffix(path, ":2,DS") && !g_dir_read_name(dir) &&
	       g_file_get_contents(path, &text, NULL, NULL) && strstr(text, wanted->text);
}

static void wait_drafts(const char *maildir, const char *text)
{
	Wanted wanted = { maildir, text };

	if (!sn_wait_until(drafts_has, &wanted, 60))
		fail_msg("in Drafts is not '%s' alone", text ? text : "nothing");
}

static void drafts_of_a_maildir_lie_in_its_folder(void **state)
{
	static const char *const folders[] = { "cur", "new", "tmp", ".Drafts/cur", ".Drafts/new", ".Drafts/tmp" };
	g_autofree char *maildir = g_dir_make_tmp("sennit-drafts-XXXXXX", NULL);
	g_autofree char *accounts = g_strdup_printf("[home]\nfrom = Alice <alice@example.test>\n"
	                                            "source = maildir://%s\noutgoing = /bin/true\n", maildir);
	g_autoptr(GError) error = NULL;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *path = g_build_filename(maildir, folders[i], NULL);
		assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
	}
	SnBench *bench = sn_bench_new(accounts, NULL, SN_STORE_CLIENT);
	SnEngineSetup setup = { .paths = bench->paths, .config = bench->config,
		                .backends = { .maildir = load_maildir } };
	SnEngine *engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	type(bench, "Half a sen", 3 * SN_MINUTE);
	wait_drafts(maildir, "Half a sen");
	for (int i = 0; i < 3; i++) {
		g_autofree char *body = g_strdup_printf("Half a sentence %d", i);
		type(bench, body, 2 * SN_MINUTE - i * SN_SECOND);
		wait_drafts(maildir, body);
	}
	assert_true(sn_draft_delete(bench->store, conversation_with(bench, "bob@example.test"), NULL));
	wait_drafts(maildir, NULL);
	sn_engine_stop(&engine);
	sn_bench_free(bench);
	sn_bench_remove(maildir);
}

static gboolean carol_has_two(gpointer data)
{
	return sn_servers_count(servers, "carol", "") == 2;
}

static void others_get_what_was_passed_on(void **state)
{
	static const char *const to[] = { "carol@example.test", NULL };
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnBench *bench;

	if (!servers)
		skip();
	bench = alice();
	assert_true(sn_servers_deliver(servers, "alice", signed_mail, strlen(signed_mail)));
	online(bench);
	SnId plan = sn_message_find_mail(bench->store, "plan@writing.test");
	assert_true(plan != 0);
	g_array_append_val(ids, plan);
	SnResend resend = { .message = plan, .to = to };
	assert_true(sn_resend(bench->store, bench->config, &resend, &error) != 0);
	g_autoptr(SnForward) forward = sn_forward_make(bench->store, ids, TRUE, &error);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_attachment_free);
	g_autoptr(SnMessage) parties = sn_message_new();
	SnAttachment *file = g_new0(SnAttachment, 1);
	file->bytes = sn_message_raw(bench->store, plan, &error);
	file->name = g_strdup("The plan.eml");
	file->type = g_strdup("message/rfc822");
	g_ptr_array_add(files, file);
	sn_message_add_party(parties, SN_ROLE_TO, to[0], NULL);
	SnOutboxNew entry = { .conversation = conversation_with(bench, to[0]),
		              .account = sn_account_find(bench->store, "home"),
		              .channel = SN_CHANNEL_MAIL, .from = "alice@example.test",
		              .recipients = parties->parties, .subject = forward->subject, .body = "See *there*",
		              .attachments = files, .format = SN_FORMAT_MARKDOWN, .state = SN_STATE_QUEUED };
	assert_true(sn_outbox_queue(bench->store, &entry, FALSE, &error) != 0);
	online(bench);
	assert_true(sn_wait_until(carol_has_two, NULL, 60));
	/* sent on: its author's, with the bytes as they were */
	g_autofree char *sent_on = doveadm("carol", "text", "mailbox INBOX header Message-ID plan@writing.test");
	assert_has(sent_on, "Resent-From: Alice <alice@example.test>");
	assert_has(sent_on, "Resent-To: carol@example.test");
	assert_has(sent_on, "From: Bob <bob@example.test>");
	assert_has(sent_on, "Grüße vom Kai");
	assert_has(sent_on, "\tb=abc");
	/* forwarded: a message within ours */
	g_autofree char *forwarded = doveadm("carol", "text", "mailbox INBOX header Subject 'Fwd: The plan'");
	assert_has(forwarded, "Content-Type: message/rfc822");
	assert_has(forwarded, "Content-Type: multipart/alternative");
	assert_has(forwarded, "<em>there</em>");
	assert_has(forwarded, "Message-ID: <plan@writing.test>");
	/* a copy of what is ours only */
	assert_int_equal(sn_servers_count(servers, "alice", "Sent"), 1);
	sn_bench_free(bench);
}

static int start_servers(void **state)
{
	sn_mime_init();
	return sn_servers_setup(&servers, "dovecot postfix");
}

static int stop_servers(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_draft_lies_in_drafts_once_and_goes),
		cmocka_unit_test(neomutt_and_sennit_take_turns_at_a_draft),
		cmocka_unit_test(drafts_of_a_maildir_lie_in_its_folder),
		cmocka_unit_test(others_get_what_was_passed_on),
	};

	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
