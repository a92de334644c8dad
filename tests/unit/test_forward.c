/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that are passed on: as text, whole, and sent on as they are (RFC 5322 section 3.6.6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/mime/mail.h"
#include "src/route/forward.h"
#include "src/route/resend.h"
#include "src/store/wish.h"
#include "tests/lib/cli_desk.h"

#define BOB "bob@example.test"
#define CAROL "carol@example.test"

static const char plan_mail[] =
	"Return-Path: <bob@example.test>\r\n"
	"Delivered-To: alice@example.test\r\n"
	"Received: from somewhere\r\n"
	"DKIM-Signature: v=1; d=example.test;\r\n\tb=abc\r\n"
	"From: Bob <bob@example.test>\r\n"
	"To: Alice <alice@example.test>\r\n"
	"Bcc: dora@example.test,\r\n erin@example.test\r\n"
	"Subject: The plan\r\n"
	"Message-ID: <plan@example.test>\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=b\r\n"
	"\r\n"
	"--b\r\n"
	"Content-Type: text/plain\r\n"
	"\r\n"
	"Here it is.\r\n"
	"--b\r\n"
	"Content-Type: application/pdf\r\n"
	"Content-Disposition: attachment; filename=plan.pdf\r\n"
	"\r\n"
	"%PDF plan\r\n"
	"--b--\r\n";

static GBytes *part_bytes(GBytes *raw, int position, gpointer data, GError **error)
{
	return sn_mail_part_bytes(raw, position, error);
}

static int set_up(void **state)
{
	int code = cli_desk_setup(state);

	sn_mime_init();
	((CliDesk *)*state)->context.services.part_bytes = part_bytes;
	return code;
}

/* As the engine files it; without raw only the text is here so far. */
static SnId file_plan(CliDesk *desk, gboolean raw)
{
	SnMessage *message =
		tmpstore_mail_new(desk->tmp, SN_IN, BOB, "plan@example.test", "The plan", "Here it is.");
	SnPart *part = g_new0(SnPart, 1);
	g_autoptr(GBytes) bytes = g_bytes_new_static(plan_mail, strlen(plan_mail));
	g_autoptr(GError) error = NULL;

	*part = (SnPart){ .position = 2, .type = g_strdup("application/pdf"),
		          .name = g_strdup("plan.pdf"), .size = 9 };
	sn_message_add_part(message, part);
	if (!sn_message_add(desk->tmp->store, message, NULL, raw ? bytes : NULL, NULL, &error))
		fail_msg("%s", error->message);
	SnId id = message->id;
	sn_message_free(message);
	return id;
}

static SnForward *forward_of(CliDesk *desk, gboolean whole, SnId one, SnId two)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GError) error = NULL;

	g_array_append_val(ids, one);
	if (two)
		g_array_append_val(ids, two);
	SnForward *forward = sn_forward_make(desk->tmp->store, ids, whole, &error);
	if (!forward)
		fail_msg("%s", error->message);
	return forward;
}

static SnOutboxEntry *sent(CliDesk *desk)
{
	SnId id = g_ascii_strtoll(desk->out, NULL, 10);
	SnOutboxEntry *entry = id ? sn_outbox_get(desk->tmp->store, id, SN_OUTBOX_FULL) : NULL;

	if (!entry)
		fail_msg("nothing was queued: %s%s", desk->out, desk->err);
	return entry;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

/* ---- what is made of messages ---- */

static void an_email_becomes_text_and_its_files(void **state)
{
	CliDesk *desk = *state;
	g_autoptr(SnForward) forward = forward_of(desk, FALSE, file_plan(desk, TRUE), 0);

	assert_string_equal(forward->subject, "Fwd: The plan");
	assert_has(forward->text, "---------- Forwarded message ----------\nFrom: bob@example.test\nDate: ");
	assert_has(forward->text, "\nSubject: The plan\nTo: alice@example.test\n\nHere it is.\n");
	assert_int_equal(forward->files->len, 1);
	assert_string_equal(((SnForwardFile *)forward->files->pdata[0])->name, "plan.pdf");
}

static void whole_it_is_one_file(void **state)
{
	CliDesk *desk = *state;
	g_autoptr(SnForward) forward = forward_of(desk, TRUE, file_plan(desk, TRUE), 0);
	const SnForwardFile *file = forward->files->pdata[0];

	assert_string_equal(forward->text, "");
	assert_int_equal(forward->files->len, 1);
	assert_int_equal(file->position, 0);
	assert_string_equal(file->name, "The plan.eml");
	assert_string_equal(file->type, "message/rfc822");
}

static void several_go_in_the_order_of_time_and_each_once(void **state)
{
	CliDesk *desk = *state;
	SnId first = tmpstore_im(desk->tmp, SN_IN, BOB, "im-1", "One\nTwo"), plan = file_plan(desk, TRUE);
	g_autoptr(SnForward) forward = forward_of(desk, FALSE, plan, first);
	g_autoptr(SnForward) twice = forward_of(desk, FALSE, plan, plan);

	assert_int_equal(forward->messages->len, 2);
	assert_int_equal(forward->mails, 1);
	assert_string_equal(forward->subject, "Fwd: The plan");
	assert_true(g_str_has_prefix(forward->text, "On "));
	assert_has(forward->text, "bob@example.test wrote by IM:\n> One\n> Two\n\n----------");
	assert_int_equal(twice->messages->len, 1);
}

static void what_was_forwarded_before_is_not_named_twice(void **state)
{
	CliDesk *desk = *state;
	static const char *const subjects[][2] = {
		{ "Fwd: Rope", "Fwd: Rope" }, { "WG: Seil", "WG: Seil" }, { "Re: Rope", "Fwd: Re: Rope" },
		{ "Forward march", "Fwd: Forward march" }, { "", "Fwd: " },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
		SnId id = tmpstore_mail(desk->tmp, SN_IN, BOB, NULL, subjects[i][0], "Text");
		g_autoptr(SnForward) forward = forward_of(desk, FALSE, id, 0);
		assert_string_equal(forward->subject, subjects[i][1]);
	}
}

static void a_file_name_stays_one_name(void **state)
{
	CliDesk *desk = *state;
	SnId id = tmpstore_mail(desk->tmp, SN_IN, BOB, NULL, "../../etc/pass\nwd", "Text");
	g_autoptr(SnForward) forward = forward_of(desk, TRUE, id, 0);

	assert_null(strpbrk(((SnForwardFile *)forward->files->pdata[0])->name, "/\n"));
}

/* ---- the command line ---- */

static void forwarding_inline_takes_the_files_along(void **state)
{
	CliDesk *desk = *state;
	SnId plan = file_plan(desk, TRUE);
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, plan);

	assert_int_equal(cli_desk_run(desk, "Have a look\n", "send", "--to", CAROL, "--forward", id, NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	const SnAttachment *file = entry->attachments->pdata[0];
	g_autoptr(GBytes) bytes = sn_outbox_attachment_bytes(desk->tmp->store, file->sha256, NULL);
	g_autoptr(SnMessage) original = sn_message_get(desk->tmp->store, plan, 0);
	assert_string_equal(entry->subject, "Fwd: The plan");
	assert_true(g_str_has_prefix(entry->body, "Have a look\n\n---------- Forwarded message"));
	assert_int_equal(entry->channel, SN_CHANNEL_MAIL);
	assert_int_equal(entry->reply_to, 0);
	assert_int_equal(entry->attachments->len, 1);
	assert_string_equal(file->name, "plan.pdf");
	assert_string_equal(file->type, "application/pdf");
	assert_memory_equal(g_bytes_get_data(bytes, NULL), "%PDF plan", 9);
	assert_true(original->flags & SN_FLAG_FORWARDED);
}

static void forwarding_whole_attaches_the_email(void **state)
{
	CliDesk *desk = *state;

	file_plan(desk, TRUE);
	assert_int_equal(cli_desk_run(desk, "", "send", "--to", CAROL, "--forward", "<plan@example.test>",
	                              "--as", "attachment", "--subject", "See there", NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	const SnAttachment *file = entry->attachments->pdata[0];
	g_autoptr(GBytes) bytes = sn_outbox_attachment_bytes(desk->tmp->store, file->sha256, NULL);
	assert_string_equal(entry->subject, "See there");
	assert_string_equal(entry->body, "");
	assert_string_equal(file->type, "message/rfc822");
	assert_int_equal(g_bytes_get_size(bytes), strlen(plan_mail));
}

static void what_is_not_here_is_fetched_first(void **state)
{
	CliDesk *desk = *state;
	SnId plan = file_plan(desk, FALSE);
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, plan);

	assert_int_equal(cli_desk_run(desk, "", "send", "--to", CAROL, "--forward", id, NULL), 6);
	assert_true(cli_desk_said(desk, "plan.pdf is being fetched"));
	g_autoptr(GPtrArray) wishes = sn_wish_list(desk->tmp->store, SN_WISH_FETCH);
	assert_int_equal(wishes->len, 1);
	assert_string_equal(((SnWish *)wishes->pdata[0])->key, id);
	g_autoptr(GPtrArray) all = sn_outbox_list(desk->tmp->store, SN_OUTBOX_ALL, 0, 10, 0);
	assert_int_equal(all->len, 0);
}

static void what_came_encrypted_needs_a_yes(void **state)
{
	CliDesk *desk = *state;
	SnMessage *im = tmpstore_im_new(desk->tmp, SN_IN, BOB, "secret", "Under the stone");
	g_autofree char *id = NULL;

	im->encrypted = TRUE;
	assert_true(sn_message_add(desk->tmp->store, im, NULL, NULL, NULL, NULL));
	id = g_strdup_printf("%" G_GINT64_FORMAT, im->id);
	sn_message_free(im);
	assert_int_equal(cli_desk_run(desk, "", "send", "--to", CAROL, "--forward", id, NULL), 6);
	assert_true(cli_desk_said(desk, "came encrypted"));
	assert_int_equal(cli_desk_run(desk, "", "send", "--to", CAROL, "--forward", id, "--yes", NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	assert_has(entry->body, "> Under the stone");
}

static void wrong_uses_are_said(void **state)
{
	CliDesk *desk = *state;

	file_plan(desk, TRUE);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", CAROL, "--forward", "4711", NULL), 3);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", CAROL, "--as", "inline", NULL), 2);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--to", CAROL, "--forward", "plan@example.test",
	                              "--as", "sideways", NULL), 2);
	assert_int_equal(cli_desk_run(desk, "x", "send", "--forward", "plan@example.test", "--reply-to",
	                              "plan@example.test", NULL), 2);
}

/* ---- types of files ---- */

static void a_file_is_sent_under_its_type(void **state)
{
	CliDesk *desk = *state;
	static const struct {
		const char *name, *bytes, *type;
	} cases[] = {
		{ "photo.png", "\x89PNG\r\n\x1a\n", "image/png" },
		{ "mail.eml", "Subject: x\r\n\r\ny", "message/rfc822" },
		{ "noname", "\x01\x02\x03\xff", "application/octet-stream" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_build_filename(desk->tmp->directory, cases[i].name, NULL);
		assert_true(g_file_set_contents(path, cases[i].bytes, -1, NULL));
		assert_int_equal(cli_desk_run(desk, "x", "send", "--to", CAROL, "--attach", path, NULL), 0);
		g_autoptr(SnOutboxEntry) entry = sent(desk);
		const SnAttachment *file = entry->attachments->pdata[0];
		assert_string_equal(file->type, cases[i].type);
	}
}

/* ---- sending on ---- */

static void a_bounce_is_queued_as_it_is(void **state)
{
	CliDesk *desk = *state;
	SnId plan = file_plan(desk, TRUE);

	assert_int_equal(cli_desk_run(desk, NULL, "bounce", "plan@example.test", CAROL, "dora@example.test", NULL), 0);
	g_autoptr(SnOutboxEntry) entry = sent(desk);
	g_autoptr(SnMessage) row = sn_message_get(desk->tmp->store, entry->message, SN_MESSAGE_FULL);
	assert_int_equal(entry->resend, plan);
	assert_int_equal(entry->recipients->len, 2);
	assert_string_equal(entry->from, "alice@example.test");
	assert_string_not_equal(entry->message_id, "plan@example.test");
	assert_has(row->notice, "sent on as it is; bob@example.test wrote it");
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, entry->id);
	assert_int_equal(cli_desk_run(desk, "Mine now\n", "outbox", "edit", id, NULL), 7);
	assert_true(cli_desk_said(desk, "goes as it is"));
	assert_int_equal(cli_desk_run(desk, NULL, "outbox", "switch", id, NULL), 7);
}

static void a_bounce_that_cannot_be_is_said(void **state)
{
	CliDesk *desk = *state;
	SnId im = tmpstore_im(desk->tmp, SN_IN, BOB, "im-1", "Hello"), plan = file_plan(desk, FALSE);
	g_autofree char *im_id = g_strdup_printf("%" G_GINT64_FORMAT, im);
	g_autofree char *plan_id = g_strdup_printf("%" G_GINT64_FORMAT, plan);

	assert_int_equal(cli_desk_run(desk, NULL, "bounce", im_id, CAROL, NULL), 7);
	assert_true(cli_desk_said(desk, "Only an email"));
	assert_int_equal(cli_desk_run(desk, NULL, "bounce", plan_id, "nobody", NULL), 7);
	assert_true(cli_desk_said(desk, "'nobody' is no email address"));
	assert_int_not_equal(cli_desk_run(desk, NULL, "bounce", plan_id, CAROL, NULL), 0);
	assert_true(cli_desk_said(desk, "is being fetched"));
	assert_int_equal(cli_desk_run(desk, NULL, "bounce", "4711", CAROL, NULL), 3);
}

static SnMailAddress *party(SnMailRole role, const char *address)
{
	SnMailAddress *one = g_new0(SnMailAddress, 1);

	*one = (SnMailAddress){ role, (char *)address, NULL };
	return one;
}

static char *resend(const char *raw)
{
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	g_autoptr(GError) error = NULL;
	SnMailCompose compose = { .from_address = "alice@example.test", .from_name = "Älice",
		                  .addresses = addresses, .date = 1795000000000,
		                  .message_id = "resent@example.test" };

	g_ptr_array_add(addresses, party(SN_MAIL_TO, CAROL));
	g_ptr_array_add(addresses, party(SN_MAIL_BCC, "secret@example.test"));
	g_autoptr(GBytes) out = sn_mail_resend(bytes, &compose, &error);
	if (!out)
		fail_msg("%s", error->message);
	return g_strndup(g_bytes_get_data(out, NULL), g_bytes_get_size(out));
}

static void resent_fields_come_first_and_the_rest_is_untouched(void **state)
{
	g_autofree char *text = resend(plan_mail);
	const char *received = strstr(text, "Received: from somewhere");
	const char *original = strstr(plan_mail, "Subject: The plan");

	assert_true(g_str_has_prefix(text, "Resent-From: "));
	assert_non_null(received);
	assert_has(text, "Resent-To: carol@example.test\r\n");
	assert_has(text, "Resent-Message-ID: <resent@example.test>\r\n");
	assert_has(text, "Resent-Date: ");
	assert_true(strstr(text, "Resent-Message-ID") < received);
	assert_non_null(strstr(received, original));
	assert_has(text, "DKIM-Signature: v=1; d=example.test;\r\n\tb=abc\r\nFrom: Bob");
	assert_has_not(text, "dora@");
	assert_has_not(text, "erin@");
	assert_has_not(text, "secret@");
	assert_has_not(text, "Return-Path");
	assert_has_not(text, "Delivered-To");
	/* the author's own fields stay the ones that count */
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
	assert_string_equal(mail->message_id, "plan@example.test");
	assert_string_equal(((SnMailAddress *)mail->addresses->pdata[0])->address, BOB);
}

static void line_ends_stay_of_one_kind(void **state)
{
	g_autofree char *text = resend("From bob Mon Jan  1 00:00:00 2026\nFrom: bob@example.test\nSubject: x\n\ny\n");

	assert_null(strchr(text, '\r'));
	assert_true(g_str_has_prefix(text, "Resent-From: "));
	assert_has_not(text, "From bob Mon");
}

static void a_forwarded_email_is_a_message_part(void **state)
{
	SnMailFile file = { .name = (char *)"The plan.eml", .type = (char *)"message/rfc822" };
	g_autoptr(GPtrArray) files = g_ptr_array_new(), addresses = g_ptr_array_new_with_free_func(g_free);
	SnMailCompose compose = { .from_address = "alice@example.test", .addresses = addresses,
		                  .subject = "Fwd: The plan", .date = 1795000000000, .text = "See below",
		                  .message_id = "1@example.test", .files = files };

	file.bytes = g_bytes_new_static(plan_mail, strlen(plan_mail));
	g_ptr_array_add(files, &file);
	g_ptr_array_add(addresses, party(SN_MAIL_TO, CAROL));
	g_autoptr(GBytes) raw = sn_mail_compose(&compose, NULL);
	g_autoptr(SnMail) mail = sn_mail_parse(raw, NULL, NULL);
	assert_int_equal(mail->parts->len, 2);
	const SnMailPart *part = mail->parts->pdata[1];
	g_autoptr(GBytes) inner = sn_mail_part_bytes(raw, part->position, NULL);
	g_autofree char *text = g_strndup(g_bytes_get_data(inner, NULL), g_bytes_get_size(inner));
	assert_string_equal(part->type, "message/rfc822");
	assert_string_equal(part->name, "The plan.eml");
	assert_has(text, "b=abc\r\nFrom: Bob");
	assert_has_not(text, "dora@"); /* whom it was sent to unseen stays unseen */
	g_bytes_unref(file.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, cli_desk_teardown)
		T(an_email_becomes_text_and_its_files),
		T(whole_it_is_one_file),
		T(several_go_in_the_order_of_time_and_each_once),
		T(what_was_forwarded_before_is_not_named_twice),
		T(a_file_name_stays_one_name),
		T(forwarding_inline_takes_the_files_along),
		T(forwarding_whole_attaches_the_email),
		T(what_is_not_here_is_fetched_first),
		T(what_came_encrypted_needs_a_yes),
		T(wrong_uses_are_said),
		T(a_file_is_sent_under_its_type),
		T(a_bounce_is_queued_as_it_is),
		T(a_bounce_that_cannot_be_is_said),
		T(resent_fields_come_first_and_the_rest_is_untouched),
		T(line_ends_stay_of_one_kind),
		T(a_forwarded_email_is_a_message_part),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
