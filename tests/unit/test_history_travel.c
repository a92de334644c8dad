/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Earlier messages on their way: each file once, nothing larger than the servers take, and what was
 * left out is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/engine/history_files.h"
#include "src/engine/im_steps.h"
#include "src/route/limits.h"
#include "tests/unit/delivery_world.h"

#define KB 1024

/* An email of bob's with a file of this size, whose bytes depend on `seed` alone. */
static char *email_with(const char *id, const char *name, gsize size, int seed)
{
	g_autofree guchar *bytes = g_malloc(size);
	GString *raw = g_string_new(NULL);

	for (gsize i = 0; i < size; i++)
		bytes[i] = (guchar)((i * 31 + (gsize)seed * 7 + i / 251) & 0xff);
	g_string_append_printf(raw,
	                       "From: " BOB_MAIL "\r\nTo: alice@example.test\r\nBcc: x@y.example\r\n"
	                       "Subject: About %s\r\nMessage-ID: <%s>\r\n"
	                       "Date: Fri, 20 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
	                       "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	                       "Content-Type: text/plain\r\n\r\ntext of %s\r\n--b\r\n"
	                       "Content-Type: application/pdf\r\nContent-Disposition: attachment; "
	                       "filename=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	                       name, id, id, name);
	g_autofree char *base64 = g_base64_encode(bytes, size);
	for (gsize i = 0; i < strlen(base64); i += 76)
		g_string_append_printf(raw, "%.76s\r\n", base64 + i);
	g_string_append(raw, "--b--\r\n");
	return g_string_free(raw, FALSE);
}

static SnId say_file(Delivery *self, const char *id, const char *name, gsize size, int seed)
{
	g_autofree char *raw = email_with(id, name, size, seed);
	g_autofree char *subject = g_strdup_printf("About %s", name);
	g_autofree char *body = g_strdup_printf("text of %s", id);
	Said said = { .channel = SN_CHANNEL_MAIL,
		      .id = id,
		      .subject = subject,
		      .body = body,
		      .raw = raw,
		      .attachment = name,
		      .attachment_size = (gint64)size };

	return world_say(self->world, &said);
}

static SnId send_with(Delivery *self, SnChannel channel, const SnId *history, guint count,
                      gboolean files)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnOutboxNew new = { .channel = channel,
		            .subject = channel == SN_CHANNEL_MAIL ? "Re: all that" : NULL,
		            .body = "the answer",
		            .state = SN_STATE_QUEUED,
		            .history = ids,
		            .history_attachments = files };

	g_array_append_vals(ids, history, count);
	SnId id = queue_new(self, &new, channel == SN_CHANNEL_MAIL ? BOB_MAIL : BOB_IM);
	settle(self);
	return id;
}

static char *text_of(GBytes *bytes)
{
	return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static int count_of(const char *text, const char *word)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		count++;
	return count;
}

static SnMail *last_mail(Delivery *self)
{
	assert_true(self->mails->len > 0);
	return sn_mail_parse(self->mails->pdata[self->mails->len - 1], NULL, NULL);
}

/* The journal of the entry holds this word with this in its detail. */
static gboolean journal_says(Delivery *self, SnId entry, const char *what, const char *detail)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->world->store, entry);

	for (guint i = 0; i < events->len; i++) {
		const SnOutboxEvent *event = events->pdata[i];
		if (strcmp(event->what, what) == 0 && event->detail && strstr(event->detail, detail))
			return TRUE;
	}
	return FALSE;
}

/* ---- each file once ---- */

static void the_same_file_in_three_emails_is_uploaded_once(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "tides.pdf", 90 * KB, 1),
		           say_file(self, "b@w", "tides.pdf", 90 * KB, 1),
		           say_file(self, "c@w", "renamed.pdf", 90 * KB, 1) };

	send_with(self, SN_CHANNEL_IM, history, 3, TRUE);
	assert_int_equal(self->uploads->len, 3);
	gsize first = g_bytes_get_size(self->uploaded->pdata[0]);
	assert_true(first > 90 * KB);
	for (guint i = 1; i < 3; i++) {
		g_autofree char *text = text_of(self->uploaded->pdata[i]);
		assert_true(strlen(text) < 3 * KB);
		assert_non_null(strstr(text, "the same file is in the email of"));
		assert_non_null(strstr(text, "\"About tides.pdf\""));
		assert_null(strstr(text, "x@y.example"));
	}
	delivery_free(self);
}

static void the_same_file_in_three_emails_is_attached_once(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "tides.pdf", 90 * KB, 1),
		           say_file(self, "b@w", "tides.pdf", 90 * KB, 1),
		           say_file(self, "c@w", "tides.pdf", 90 * KB, 1) };

	send_with(self, SN_CHANNEL_MAIL, history, 3, TRUE);
	g_autoptr(SnMail) mail = last_mail(self);
	assert_int_equal(mail->carried->len, 3);
	assert_true(g_bytes_get_size(self->mails->pdata[0]) < 150 * KB);
	/* the one that keeps its file keeps its bytes, but for the Bcc line */
	const SnMailCarried *first = mail->carried->pdata[0];
	g_autoptr(GBytes) raw = sn_message_raw(self->world->store, history[0], NULL);
	g_autoptr(GBytes) open = sn_history_strip_bcc(raw);
	assert_true(g_bytes_equal(first->rfc822, open));
	delivery_free(self);
}

/* What the others point at did not arrive: the next one brings it, and the rest point there. */
static void a_shared_file_whose_upload_fails_goes_with_the_next_email(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "tides.pdf", 90 * KB, 1),
		           say_file(self, "b@w", "second.pdf", 90 * KB, 1),
		           say_file(self, "c@w", "third.pdf", 90 * KB, 1) };

	self->next_upload = FATE_REJECTED;
	SnId id = send_with(self, SN_CHANNEL_IM, history, 3, TRUE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->uploads->len, 2);
	g_autofree char *second = text_of(self->uploaded->pdata[0]);
	g_autofree char *third = text_of(self->uploaded->pdata[1]);
	assert_true(strlen(second) > 90 * KB);
	assert_null(strstr(second, "the same file is in"));
	assert_true(strlen(third) < 3 * KB);
	assert_non_null(strstr(third, "the same file is in the email of"));
	assert_non_null(strstr(third, "\"About second.pdf\""));
	delivery_free(self);
}

static void two_uploads_that_fail_leave_no_note_that_points_to_nothing(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "tides.pdf", 90 * KB, 1),
		           say_file(self, "b@w", "second.pdf", 90 * KB, 1),
		           say_file(self, "c@w", "third.pdf", 90 * KB, 1) };

	self->next_upload = FATE_REJECTED;
	self->fate_lasts = 1;
	SnId id = send_with(self, SN_CHANNEL_IM, history, 3, TRUE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->uploads->len, 1);
	g_autofree char *third = text_of(self->uploaded->pdata[0]);
	assert_true(strlen(third) > 90 * KB);
	assert_null(strstr(third, "the same file is in"));
	delivery_free(self);
}

/* The next one may be too small a place for it: then it is said that the file does not go. */
static void a_shared_file_that_finds_no_place_is_said_to_be_left_out(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId ids[] = { say_file(self, "a@w", "tides.pdf", 90 * KB, 1),
		       say_file(self, "b@w", "second.pdf", 90 * KB, 1) };
	g_autoptr(GPtrArray) messages =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	SnOutboxEntry entry = { .history_attachments = TRUE };

	for (int i = 0; i < 2; i++)
		g_ptr_array_add(messages, sn_message_get(self->world->store, ids[i], SN_MESSAGE_FULL));
	g_autoptr(GPtrArray) emails =
		sn_history_files(self->engine.delivery, &entry, messages, G_MAXINT64);
	const SnEmailFiles *second = emails->pdata[1];
	sn_email_files_settle(self->engine.delivery, emails, 0, 50 * KB);
	g_autofree char *there = sn_email_files_format(second);
	g_autofree char *same = g_strdup_printf("=s%" G_GINT64_FORMAT, ids[0]);
	assert_true(g_str_has_suffix(there, same)); /* the first has it, so nothing changes */
	g_ptr_array_remove_index(emails, 0);
	second = emails->pdata[0];
	sn_email_files_settle(self->engine.delivery, emails, 0, 50 * KB);
	g_autofree char *text = sn_email_files_format(second);
	assert_true(g_str_has_suffix(text, "=l0"));
	delivery_free(self);
}

static void equal_size_is_not_equal(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "one.pdf", 90 * KB, 1),
		           say_file(self, "b@w", "two.pdf", 90 * KB, 2) };

	send_with(self, SN_CHANNEL_IM, history, 2, TRUE);
	assert_true(g_bytes_get_size(self->uploaded->pdata[0]) > 90 * KB);
	assert_true(g_bytes_get_size(self->uploaded->pdata[1]) > 90 * KB);
	delivery_free(self);
}

static void without_files_the_emails_still_go_as_emails(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "tides.pdf", 90 * KB, 1) };

	send_with(self, SN_CHANNEL_IM, history, 1, FALSE);
	assert_int_equal(self->uploads->len, 1);
	g_autofree char *text = text_of(self->uploaded->pdata[0]);
	assert_true(strlen(text) < 3 * KB);
	assert_non_null(strstr(text, "text of a@w"));
	assert_non_null(strstr(text, "Message-ID: <a@w>"));
	assert_non_null(strstr(text, "earlier messages were sent without files"));
	delivery_free(self);
}

static char *write_file(World *world, const char *name, int seed)
{
	char *path = g_build_filename(world->dir, name, NULL);
	g_autofree char *text = g_strnfill(20 * KB, (char)('a' + seed));

	assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void two_names_for_one_file_are_uploaded_once(void **state)
{
	Delivery *self = delivery_new(NULL);
	g_autoptr(GPtrArray) files =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_attachment_free);
	const char *const names[] = { "menu.txt", "copy of menu.txt", "wine.txt" };

	for (int i = 0; i < 3; i++) {
		SnAttachment *file = g_new0(SnAttachment, 1);
		file->path = write_file(self->world, names[i], i == 2);
		file->name = g_strdup(names[i]);
		g_ptr_array_add(files, file);
	}
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = "see",
		            .state = SN_STATE_QUEUED,
		            .attachments = files };
	queue_new(self, &new, BOB_IM);
	settle(self);
	assert_int_equal(self->uploads->len, 2);
	assert_string_equal(self->uploads->pdata[0], "menu.txt");
	assert_string_equal(self->uploads->pdata[1], "wine.txt");
	delivery_free(self);
}

/* ---- files of earlier IMs ---- */

static SnId say_im_file(Delivery *self, const char *url, const char *name)
{
	g_autoptr(SnMessage) message = sn_message_new();
	SnPart *part = g_new0(SnPart, 1);
	SnAddResult result;

	message->account = self->world->home;
	message->channel = SN_CHANNEL_IM;
	message->time = self->world->now - SN_HOUR;
	message->state = SN_STATE_RECEIVED;
	message->sender =
		sn_address_intern(self->world->store, SN_CHANNEL_IM, BOB_IM, NULL, NULL);
	message->body = g_strdup("");
	message->origin_id = g_strdup(name);
	sn_message_add_party(message, SN_ROLE_FROM, BOB_IM, NULL);
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	part->position = 1;
	part->name = g_strdup(name);
	part->type = g_strdup("image/png");
	part->size = 100;
	part->url = g_strdup(url);
	sn_message_add_part(message, part);
	assert_true(sn_message_add(self->world->store, message, NULL, NULL, &result, NULL));
	return message->id;
}

static void a_file_of_an_earlier_im_is_named_with_its_address(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_im_file(self, "https://files.example/x/map.png", "map.png"),
		           say_im_file(self, "aesgcm://files.example/y#secretkey", "secret.png") };

	send_with(self, SN_CHANNEL_IM, history, 2, TRUE);
	const SnImMessage *forward = self->stanzas->pdata[self->stanzas->len - 1];
	assert_int_equal(forward->forwarded->len, 1);
	const SnImMessage *inner = forward->forwarded->pdata[0];
	assert_string_equal(inner->body, "https://files.example/x/map.png");
	const SnImFile *file = inner->files->pdata[0];
	assert_string_equal(file->name, "map.png");
	/* what has its key in its address stays between the two who have it */
	for (guint i = 0; i < self->stanzas->len; i++) {
		const SnImMessage *one = self->stanzas->pdata[i];
		assert_null(strstr(one->body, "secretkey"));
	}
	send_with(self, SN_CHANNEL_MAIL, history, 2, TRUE);
	g_autofree char *text = text_of(self->mails->pdata[0]);
	assert_null(strstr(text, "secretkey"));
	g_autoptr(SnMail) mail = last_mail(self);
	assert_non_null(strstr(mail->text, "map.png <https://files.example/x/map.png>"));
	delivery_free(self);
}

static void a_file_of_an_earlier_im_that_is_here_goes_into_the_email(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_im_file(self, "https://files.example/x/map.png", "map.png"),
		           say_im_file(self, "https://files.example/y/map.png", "again.png") };
	g_autofree char *path = g_build_filename(self->world->dir, "7-1", NULL);

	assert_true(g_file_set_contents(path, "the map", -1, NULL));
	for (int i = 0; i < 2; i++)
		assert_true(sn_part_set_file(self->world->store, history[i], 1, path, NULL, 7, NULL));
	send_with(self, SN_CHANNEL_MAIL, history, 2, FALSE);
	g_autoptr(SnMail) without = last_mail(self);
	g_autofree char *text = text_of(self->mails->pdata[0]);
	assert_int_equal(count_of(text, "filename="), 0);
	send_with(self, SN_CHANNEL_MAIL, history, 2, TRUE);
	g_autoptr(SnMail) mail = last_mail(self);
	GBytes *raw = self->mails->pdata[1];
	int files = 0;
	for (guint i = 0; i < mail->parts->len; i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		if (!part->is_attachment)
			continue;
		g_autoptr(GBytes) bytes = sn_mail_part_bytes(raw, part->position, NULL);
		assert_string_equal(part->name, "map.png");
		assert_memory_equal(g_bytes_get_data(bytes, NULL), "the map", 7);
		files++;
	}
	assert_int_equal(files, 1); /* the same bytes under another name are not sent twice */
	delivery_free(self);
}

/* ---- what the servers take ---- */

static void an_email_too_large_for_the_upload_goes_without_its_file(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "film.mp4", 300 * KB, 1),
		           say_file(self, "b@w", "film.mp4", 300 * KB, 1),
		           say_file(self, "c@w", "note.pdf", 20 * KB, 2) };

	self->account.upload_max = 100 * KB;
	send_with(self, SN_CHANNEL_IM, history, 3, TRUE);
	assert_int_equal(self->uploads->len, 3);
	for (guint i = 0; i < 3; i++)
		assert_true(g_bytes_get_size(self->uploaded->pdata[i]) <= 100 * KB);
	for (guint i = 0; i < 2; i++) { /* neither may point at the other */
		g_autofree char *text = text_of(self->uploaded->pdata[i]);
		assert_non_null(strstr(text, "larger than what the server takes"));
	}
	assert_true(g_bytes_get_size(self->uploaded->pdata[2]) > 20 * KB);
	delivery_free(self);
}

static void a_known_limit_of_the_mail_server_is_kept(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnLimits limits = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, 200 * KB };
	SnId history[] = { say_file(self, "a@w", "film.mp4", 300 * KB, 1),
		           say_file(self, "b@w", "map.pdf", 60 * KB, 2),
		           say_file(self, "c@w", "note.pdf", 20 * KB, 3) };

	self->mail_max = limits.mail;
	assert_true(sn_limits_set(self->world->store, "home", &limits, NULL));
	SnId id = send_with(self, SN_CHANNEL_MAIL, history, 3, TRUE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	assert_true(g_bytes_get_size(self->mails->pdata[0]) <= 200 * KB);
	g_autoptr(SnMail) mail = last_mail(self);
	assert_int_equal(mail->carried->len, 3);
	assert_non_null(strstr(mail->text, "(Left out, too large for the mail server: 1 file of "
	                                   "earlier emails.)"));
	assert_true(journal_says(self, id, "left out", "1 file of earlier emails"));
	g_autofree char *whole = text_of(self->mails->pdata[0]);
	assert_int_equal(count_of(whole, "film.mp4.txt"), 2); /* name and file name */
	delivery_free(self);
}

/* The file that the second email only points at is one of those that do not fit. */
static void what_does_not_fit_an_email_is_pointed_at_by_nobody(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnLimits limits = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, 200 * KB };
	SnId history[] = { say_file(self, "a@w", "film.mp4", 100 * KB, 1),
		           say_file(self, "b@w", "film.mp4", 100 * KB, 1),
		           say_file(self, "c@w", "map.pdf", 60 * KB, 2) };

	self->mail_max = limits.mail;
	assert_true(sn_limits_set(self->world->store, "home", &limits, NULL));
	SnId id = send_with(self, SN_CHANNEL_MAIL, history, 3, TRUE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	g_autofree char *whole = text_of(self->mails->pdata[0]);
	assert_null(strstr(whole, "the same file is in"));
	assert_int_equal(count_of(whole, "larger than what the server takes"), 2);
	g_autoptr(SnMail) mail = last_mail(self);
	assert_non_null(strstr(mail->text, "(Left out, too large for the mail server: 2 files of "
	                                   "earlier emails.)"));
	delivery_free(self);
}

static void a_limit_that_was_not_known_is_learned_and_kept(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "film.mp4", 300 * KB, 1) };
	SnLimits limits;

	self->mail_max = 100 * KB;
	SnId id = send_with(self, SN_CHANNEL_MAIL, history, 1, TRUE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->mails->len, 1);
	assert_true(g_bytes_get_size(self->mails->pdata[0]) <= 100 * KB);
	sn_limits_get(self->world->store, "home", &limits);
	assert_int_equal(limits.mail, 100 * KB);
	delivery_free(self);
}

/* A server that refuses and says that it takes more than before would be asked for ever. */
static void only_a_smaller_limit_is_worth_another_try(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[] = { say_file(self, "a@w", "film.mp4", 300 * KB, 1) };
	SnLimits limits = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, 200 * KB };

	self->mail_max = 500;
	self->mail_told = 300 * KB;
	assert_true(sn_limits_set(self->world->store, "home", &limits, NULL));
	SnId id = send_with(self, SN_CHANNEL_MAIL, history, 1, TRUE);
	assert_int_equal(state_of(self, id), SN_STATE_FAILED);
	assert_int_equal(self->refused, 1);
	sn_limits_get(self->world->store, "home", &limits);
	assert_int_equal(limits.mail, 300 * KB); /* and is known from now on */
	delivery_free(self);
}

static void when_no_original_fits_the_text_still_goes(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnLimits limits = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, 30 * KB };
	SnId history[40];

	for (int i = 0; i < 40; i++) {
		g_autofree char *id = g_strdup_printf("m%d@w", i);
		history[i] = say_file(self, id, "note.pdf", 2 * KB, i);
	}
	self->mail_max = limits.mail;
	assert_true(sn_limits_set(self->world->store, "home", &limits, NULL));
	SnId id = send_with(self, SN_CHANNEL_MAIL, history, 40, TRUE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_true(g_bytes_get_size(self->mails->pdata[0]) <= 30 * KB);
	g_autoptr(SnMail) mail = last_mail(self);
	assert_true(mail->carried->len < 40);
	assert_non_null(strstr(mail->text, "the originals of "));
	assert_non_null(strstr(mail->text, "text of m39@w")); /* the newest is there in any case */
	delivery_free(self);
}

static void a_message_that_is_itself_too_large_fails_with_the_reason(void **state)
{
	Delivery *self = delivery_new(NULL);
	g_autoptr(GPtrArray) files =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_attachment_free);
	SnAttachment *file = g_new0(SnAttachment, 1);

	file->path = write_file(self->world, "menu.txt", 0);
	file->name = g_strdup("menu.txt");
	g_ptr_array_add(files, file);
	self->mail_max = 10 * KB;
	SnOutboxNew new = { .channel = SN_CHANNEL_MAIL,
		            .subject = "s",
		            .body = "see",
		            .state = SN_STATE_QUEUED,
		            .attachments = files };
	SnId id = queue_new(self, &new, BOB_MAIL);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_FAILED);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "bytes"));
	assert_int_equal(self->mails->len, 0);
	delivery_free(self);
}

/* Emoji, markup and long lines of every length: no stanza passes the limit. */
static void no_stanza_is_longer_than_the_server_takes(void **state)
{
	static const gsize limits[] = { 10000, 16384, 65536 };
	GRand *rand = g_rand_new_with_seed(7);

	for (gsize l = 0; l < G_N_ELEMENTS(limits); l++) {
		Delivery *self = delivery_new(NULL);
		SnId history[60];
		self->account.stanza_max = limits[l];
		for (int i = 0; i < 60; i++) {
			GString *body = g_string_new(NULL);
			int words = g_rand_int_range(rand, 1, 900);
			for (int w = 0; w < words; w++)
				g_string_append(body, g_rand_boolean(rand) ? "<&>'\" " : "🙂 Grüße ");
			g_autofree char *text = g_string_free(body, FALSE);
			Said said = { .channel = i % 3 ? SN_CHANNEL_IM : SN_CHANNEL_MAIL,
				      .subject = i % 3 ? NULL : "S",
				      .body = text };
			history[i] = world_say(self->world, &said);
		}
		send_with(self, SN_CHANNEL_IM, history, 60, TRUE);
		for (guint i = 0; i < self->stanzas->len; i++) {
			const SnImMessage *one = self->stanzas->pdata[i];
			gsize size = sn_im_escaped_size(one->body, strlen(one->body)) + 1000;
			for (guint j = 0; one->forwarded && j < one->forwarded->len; j++) {
				const SnImMessage *inner = one->forwarded->pdata[j];
				size += sn_im_escaped_size(inner->body, strlen(inner->body)) + 700;
			}
			assert_true(size <= limits[l]);
		}
		delivery_free(self);
	}
	g_rand_free(rand);
}

/* ---- as text ---- */

static void what_is_left_out_reads_back(void **state)
{
	static const char *const bad[] = { "", "x", "0=s1", "2=q1", "2=s", "2=s1,", "-2=s1", "2 s1" };
	SnEmailFiles files = { .left = g_array_new(FALSE, FALSE, sizeof(SnLeftOut)) };
	SnLeftOut left[] = { { 2, SN_LEFT_SAME, 14, 0 }, { 11, SN_LEFT_LARGE, 0, 0 } };

	assert_null(sn_email_files_format(&files));
	g_array_append_vals(files.left, left, 2);
	g_autofree char *text = sn_email_files_format(&files);
	assert_string_equal(text, "2=s14,11=l0");
	g_autoptr(GArray) back = sn_email_files_parse(text);
	assert_int_equal(back->len, 2);
	assert_int_equal(g_array_index(back, SnLeftOut, 0).with, 14);
	assert_int_equal(g_array_index(back, SnLeftOut, 1).position, 11);
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(sn_email_files_parse(bad[i]));
	g_array_unref(files.left);
}

static void limits_are_remembered(void **state)
{
	World *world = world_new(NULL);
	SnLimits limits;

	sn_limits_get(world->store, "home", &limits);
	assert_int_equal(limits.upload, SN_LIMIT_UNKNOWN);
	limits = (SnLimits){ 0, 10000, SN_LIMIT_UNKNOWN };
	assert_true(sn_limits_set(world->store, "home", &limits, NULL));
	limits = (SnLimits){ SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, 5 };
	assert_true(sn_limits_set(world->store, "home", &limits, NULL));
	sn_limits_get(world->store, "home", &limits);
	assert_int_equal(limits.upload, 0); /* what was told once is not forgotten by another */
	assert_int_equal(limits.stanza, 10000);
	assert_int_equal(limits.mail, 5);
	sn_limits_get(world->store, "work", &limits);
	assert_int_equal(limits.mail, SN_LIMIT_UNKNOWN);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_file_in_three_emails_is_uploaded_once),
		cmocka_unit_test(the_same_file_in_three_emails_is_attached_once),
		cmocka_unit_test(a_shared_file_whose_upload_fails_goes_with_the_next_email),
		cmocka_unit_test(two_uploads_that_fail_leave_no_note_that_points_to_nothing),
		cmocka_unit_test(a_shared_file_that_finds_no_place_is_said_to_be_left_out),
		cmocka_unit_test(what_does_not_fit_an_email_is_pointed_at_by_nobody),
		cmocka_unit_test(equal_size_is_not_equal),
		cmocka_unit_test(without_files_the_emails_still_go_as_emails),
		cmocka_unit_test(two_names_for_one_file_are_uploaded_once),
		cmocka_unit_test(a_file_of_an_earlier_im_is_named_with_its_address),
		cmocka_unit_test(a_file_of_an_earlier_im_that_is_here_goes_into_the_email),
		cmocka_unit_test(an_email_too_large_for_the_upload_goes_without_its_file),
		cmocka_unit_test(a_known_limit_of_the_mail_server_is_kept),
		cmocka_unit_test(a_limit_that_was_not_known_is_learned_and_kept),
		cmocka_unit_test(only_a_smaller_limit_is_worth_another_try),
		cmocka_unit_test(when_no_original_fits_the_text_still_goes),
		cmocka_unit_test(a_message_that_is_itself_too_large_fails_with_the_reason),
		cmocka_unit_test(no_stanza_is_longer_than_the_server_takes),
		cmocka_unit_test(what_is_left_out_reads_back),
		cmocka_unit_test(limits_are_remembered),
	};

	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
