/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an IM says on the wire: quote, thread, files, earlier messages, below the stanza limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/base/ids.h"
#include "src/engine/im_steps.h"
#include "tests/unit/delivery_world.h"

static const SnImMessage *stanza(Delivery *self, guint index)
{
	assert_true(index < self->stanzas->len);
	return self->stanzas->pdata[index];
}

/* An IM to bob with this history, sent. */
static SnId send_with(Delivery *self, const char *body, SnId reply_to, const SnId *history,
                      guint count)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = body,
		            .state = SN_STATE_QUEUED,
		            .reply_to = reply_to,
		            .history = ids,
		            .history_attachments = TRUE };

	g_array_append_vals(ids, history, count);
	SnId id = queue_new(self, &new, BOB_IM);
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	return id;
}

static void an_answer_to_an_email_quotes_it_once(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL,
		      .subject = "Budget",
		      .body = "How much\nis it?",
		      .id = "root@w" };
	SnId asked = world_say(self->world, &mail);
	g_autofree char *thread = sn_id_thread("root@w");

	send_with(self, "Ten.", asked, NULL, 0);
	const SnImMessage *first = stanza(self, 0);
	/* for clients that know nothing of emails; the others leave it out */
	assert_true(g_str_has_prefix(first->quote, "> Email of "));
	assert_non_null(strstr(first->quote, ": Budget\n> How much"));
	assert_true(g_str_has_suffix(first->quote, "\n\n"));
	assert_string_equal(first->body, "Ten.");
	assert_string_equal(first->in_reply_to_mail, "root@w");
	assert_string_equal(first->references->pdata[0], "root@w");
	assert_string_equal(first->thread, thread);
	assert_null(first->reply_id);
	send_with(self, "Or eleven.", asked, NULL, 0);
	assert_string_equal(stanza(self, 1)->body, "Or eleven.");
	assert_string_equal(stanza(self, 1)->thread, thread);
	delivery_free(self);
}

static void what_came_encrypted_is_not_quoted_in_the_open(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL,
		      .subject = "Secret budget",
		      .body = "eleven",
		      .id = "root@w",
		      .encrypted = TRUE };
	Said im = { .channel = SN_CHANNEL_IM, .body = "twelve", .id = "im-1", .encrypted = TRUE };
	Said after = { .channel = SN_CHANNEL_IM, .body = "by the way", .id = "im-2" };
	SnId first = world_say(self->world, &mail), second = world_say(self->world, &im);

	world_say(self->world, &after);
	send_with(self, "Ten.", first, NULL, 0);
	assert_true(g_str_has_prefix(stanza(self, 0)->quote, "> Encrypted email of "));
	assert_null(strstr(stanza(self, 0)->quote, "eleven"));
	assert_null(strstr(stanza(self, 0)->quote, "Secret"));
	assert_string_equal(stanza(self, 0)->body, "Ten.");
	assert_string_equal(stanza(self, 0)->in_reply_to_mail, "root@w");
	send_with(self, "Nine.", second, NULL, 0);
	assert_string_equal(stanza(self, 1)->reply_id, "im-1");
	assert_null(stanza(self, 1)->quote);
	delivery_free(self);
}

static void an_answer_further_up_is_a_reply(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said one = { .channel = SN_CHANNEL_IM, .body = "tea or coffee?", .id = "im-1" };
	Said two = { .channel = SN_CHANNEL_IM, .body = "by the way", .id = "im-2" };
	SnId question = world_say(self->world, &one), newest = world_say(self->world, &two);

	send_with(self, "Tea.", question, NULL, 0);
	assert_string_equal(stanza(self, 0)->reply_id, "im-1");
	assert_string_equal(stanza(self, 0)->reply_to, BOB_IM);
	assert_string_equal(stanza(self, 0)->quote, "> tea or coffee?\n");
	assert_string_equal(stanza(self, 0)->body, "Tea.");
	/* What stands right above needs no quote. */
	Said three = { .channel = SN_CHANNEL_IM, .body = "and?", .time = self->world->now + SN_HOUR };
	newest = world_say(self->world, &three);
	send_with(self, "And what?", newest, NULL, 0);
	assert_null(stanza(self, 1)->reply_id);
	assert_null(stanza(self, 1)->quote);
	delivery_free(self);
}

static void history_is_readable_first_and_then_for_machines(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Budget: 2027/1", .body = "how much?" };
	Said im = { .channel = SN_CHANNEL_IM, .body = "a line of IM", .id = "im-1" };
	SnId history[] = { world_say(self->world, &mail), world_say(self->world, &im) };

	SnId id = send_with(self, "the answer", 0, history, 2);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	assert_int_equal(self->stanzas->len, 4);
	assert_string_equal(stanza(self, 0)->body, "the answer");
	assert_string_equal(stanza(self, 0)->id, entry->origin_id);
	assert_true(stanza(self, 0)->want_receipt);
	const char *text = stanza(self, 1)->body;
	assert_true(g_str_has_prefix(text, "Earlier messages:\n> "));
	assert_non_null(strstr(text, "> how much?"));
	assert_non_null(strstr(text, "> a line of IM"));
	assert_null(strstr(text, "left out"));
	assert_false(stanza(self, 1)->want_receipt);
	/* The email as a file whose body is nothing but its address. */
	const SnImFile *file = stanza(self, 2)->files->pdata[0];
	assert_string_equal(stanza(self, 2)->body, file->url);
	assert_string_equal(file->name, "Budget 2027 1.eml");
	assert_string_equal(file->type, "message/rfc822");
	assert_int_equal(strlen(file->sha256), 64);
	assert_string_equal(self->uploads->pdata[0], "Budget 2027 1.eml");
	/* The IM as forwarded stanza, with no copy of its text beside it. */
	const SnImMessage *forward = stanza(self, 3);
	assert_int_equal(forward->forwarded->len, 1);
	assert_null(strstr(forward->body, "a line of IM"));
	const SnImMessage *inner = forward->forwarded->pdata[0];
	assert_string_equal(inner->body, "a line of IM");
	assert_string_equal(inner->from, BOB_IM);
	assert_string_equal(inner->to, "alice@example.test");
	assert_string_equal(inner->origin_id, "im-1");
	assert_true(inner->time > 0);
	/* Each says which reply it came along with; the reply itself stands for itself. */
	assert_null(stanza(self, 0)->attach_to);
	for (guint i = 1; i < 4; i++)
		assert_string_equal(stanza(self, i)->attach_to, entry->origin_id);
	delivery_free(self);
}

static void without_an_upload_service_the_text_says_so(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .body = "how much?" };
	SnId history[] = { world_say(self->world, &mail) };

	self->account.upload_max = 0;
	send_with(self, "the answer", 0, history, 1);
	assert_int_equal(self->stanzas->len, 2);
	assert_non_null(strstr(stanza(self, 1)->body, "how much?"));
	assert_non_null(strstr(stanza(self, 1)->body, "text only, without attachments"));
	assert_null(stanza(self, 1)->attach_to); /* nothing else says it: it has to be shown */
	delivery_free(self);
}

static void an_earlier_email_that_cannot_be_uploaded_is_left_out(void **state)
{
	Delivery *self = delivery_new(NULL);
	Said mail = { .channel = SN_CHANNEL_MAIL, .subject = "Budget", .body = "how much?" };
	SnId history[] = { world_say(self->world, &mail) };

	self->next_upload = FATE_REJECTED;
	send_with(self, "the answer", 0, history, 1);
	assert_int_equal(self->stanzas->len, 2);
	assert_non_null(strstr(stanza(self, 1)->body, "as text only"));
	delivery_free(self);
}

static void nothing_secret_is_uploaded(void **state)
{
	static const char raw[] = "From: a@x\r\nBcc: secret@example.test,\r\n also@example.test\r\n"
				  "To: b@x\r\nBCC : third@example.test\r\n\r\nBcc: in the body\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, strlen(raw));
	g_autoptr(GBytes) stripped = sn_history_strip_bcc(bytes);
	g_autofree char *text =
		g_strndup(g_bytes_get_data(stripped, NULL), g_bytes_get_size(stripped));

	assert_string_equal(text, "From: a@x\r\nTo: b@x\r\n\r\nBcc: in the body\r\n");
	/* Headers without an end, and nothing at all. */
	for (gsize length = 0; length < 60; length++) {
		g_autoptr(GBytes) part = g_bytes_new(raw, length);
		g_autoptr(GBytes) rest = sn_history_strip_bcc(part);
		assert_true(g_bytes_get_size(rest) <= length);
	}
}

/* ---- files of the message ---- */

static SnId queue_with_file(Delivery *self, const char *body)
{
	g_autofree char *path = g_build_filename(self->world->dir, "menu.txt", NULL);
	SnAttachment file = { .path = path, .name = (char *)"menu.txt", .type = (char *)"text/plain" };
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	SnOutboxNew new = { .channel = SN_CHANNEL_IM,
		            .body = body,
		            .attachments = files,
		            .state = SN_STATE_QUEUED };

	g_assert(g_file_set_contents(path, "soup", -1, NULL));
	g_ptr_array_add(files, &file);
	return queue_new(self, &new, BOB_IM);
}

static void a_file_is_uploaded_and_announced(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_with_file(self, "");

	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->uploads->len, 1);
	assert_string_equal(stanza(self, 0)->body, "menu.txt");
	const SnImFile *file = stanza(self, 1)->files->pdata[0];
	assert_string_equal(file->name, "menu.txt");
	assert_int_equal(file->size, 4);
	assert_null(stanza(self, 1)->attach_to); /* the user's own file is no history */
	delivery_free(self);
}

static void a_file_the_server_does_not_take_is_the_users_choice(void **state)
{
	Delivery *self = delivery_new(NULL);

	self->account.upload_max = 2;
	SnId id = queue_with_file(self, "the menu");
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_CHOOSING);
	g_autofree char *reason = reason_of(self, id);
	assert_non_null(strstr(reason, "send an email"));
	bob_is(self, SN_PRESENCE_DND);
	bob_is(self, SN_PRESENCE_ONLINE); /* that is not what it waits for */
	assert_int_equal(self->stanzas->len, 0);
	ask_for(self, id, SN_REQUEST_SEND);
	assert_int_equal(self->stanzas->len, 1);
	assert_string_equal(stanza(self, 0)->body,
	                    "the menu\n(not sent, the server takes no such file: menu.txt, 4 B)");
	delivery_free(self);
}

static void an_upload_that_fails_sends_nothing(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_with_file(self, "the menu");

	self->next_upload = FATE_REJECTED;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_FAILED);
	assert_int_equal(self->stanzas->len, 0);
	ask_for(self, id, SN_REQUEST_RETRY);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->stanzas->len, 2);
	delivery_free(self);
}

static void an_upload_is_tried_again_and_not_repeated(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_with_file(self, "the menu");

	self->next_upload = FATE_NETWORK;
	settle(self);
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	sn_delivery_look(self->engine.delivery);
	self->next_im = FATE_NETWORK; /* the upload goes, the stanza after it does not */
	later(self, SN_MINUTE);
	assert_int_equal(state_of(self, id), SN_STATE_WAITING);
	later(self, SN_MINUTE);
	assert_int_equal(state_of(self, id), SN_STATE_ACCEPTED);
	assert_int_equal(self->uploads->len, 1);
	delivery_free(self);
}

/* ---- limits ---- */

static void long_texts_are_split_below_the_limit(void **state)
{
	Delivery *self = delivery_new(NULL);
	GString *text = g_string_new(NULL);

	self->account.stanza_max = 10000;
	for (int i = 0; i < 1000; i++)
		g_string_append_printf(text, "line %d with <markup> & \"quotes\" \xF0\x9F\x98\x80\n", i);
	SnId id = send_with(self, text->str, 0, NULL, 0);
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	GString *all = g_string_new(NULL);
	assert_true(self->stanzas->len > 5);
	for (guint i = 0; i < self->stanzas->len; i++) {
		const SnImMessage *part = stanza(self, i);
		gboolean last = i + 1 == self->stanzas->len;
		assert_true(g_utf8_validate(part->body, -1, NULL));
		assert_true(sn_im_escaped_size(part->body, strlen(part->body)) < 10000);
		assert_int_equal(part->want_receipt, last);
		assert_int_equal(strcmp(part->id, entry->origin_id) == 0, last);
		assert_string_equal(part->part_of, entry->origin_id);
		assert_int_equal(part->part_count, self->stanzas->len);
		g_autofree char *numbered = g_strdup_printf("%s.%u", part->part_of,
		                                            (guint)part->part_first + i);
		assert_true(last || strcmp(part->id, numbered) == 0);
		assert_int_equal(taken(self, part->id), 1);
		g_string_append(all, part->body);
	}
	assert_string_equal(all->str, entry->body);
	g_string_free(all, TRUE);
	g_string_free(text, TRUE);
	delivery_free(self);
}

static void many_earlier_ims_are_split_below_the_limit(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId history[40];
	guint forwarded = 0;

	self->account.stanza_max = 10000;
	for (int i = 0; i < 40; i++) {
		g_autofree char *body = g_strdup_printf("earlier line %d", i);
		Said im = { .channel = SN_CHANNEL_IM, .body = body };
		history[i] = world_say(self->world, &im);
	}
	send_with(self, "the answer", 0, history, 40);
	for (guint i = 0; i < self->stanzas->len; i++) {
		const SnImMessage *one = stanza(self, i);
		assert_true(sn_im_escaped_size(one->body, strlen(one->body)) < 10000);
		if (one->forwarded) {
			assert_true(one->forwarded->len < 12);
			forwarded += one->forwarded->len;
		}
	}
	assert_int_equal(forwarded, 40);
	delivery_free(self);
}

static void splitting_loses_nothing(void **state)
{
	static const char *const texts[] = { "", "short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		                             "words with blanks, and then more words with blanks, "
		                             "until it is long enough to be cut somewhere",
		                             "\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87"
		                             "\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87"
		                             "\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87"
		                             "\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87" };

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GPtrArray) parts = sn_im_split(texts[i], 64);
		g_autoptr(GString) all = g_string_new(NULL);
		assert_true(parts->len > 0);
		for (guint j = 0; j < parts->len; j++) {
			const char *part = parts->pdata[j];
			assert_true(g_utf8_validate(part, -1, NULL));
			assert_true(sn_im_escaped_size(part, strlen(part)) <= 64);
			g_string_append(all, part);
		}
		assert_string_equal(all->str, texts[i]);
	}
}

static void steps_read_back_and_nonsense_does_not(void **state)
{
	static const char *const bad[] = { "",           "dance b 0\n",   "body b\n", "body b x\n",
		                           "file a 0\n", "upload a 0\n", "forward f 0 x\n",
		                           "body bb 0\n" };
	SnId ids[] = { 5, 6 };
	g_autoptr(GArray) emails = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GPtrArray) forwards =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	GArray *group = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnImStepInput input = { .attachments = 1,
		                .body_parts = 2,
		                .emails = emails,
		                .forwards = forwards,
		                .text = TRUE };

	g_array_append_vals(emails, ids, 2);
	g_array_append_vals(group, ids, 2);
	g_ptr_array_add(forwards, group);
	g_autoptr(GPtrArray) steps = sn_im_steps_make(&input);
	((SnImStep *)steps->pdata[0])->url = g_strdup("https://files.example/a");
	g_autofree char *text = sn_im_steps_format(steps);
	g_autoptr(GPtrArray) back = sn_im_steps_parse(text);
	assert_non_null(back);
	g_autofree char *again = sn_im_steps_format(back);
	assert_string_equal(again, text);
	assert_int_equal(sn_im_steps_first_visible(back), 3);
	assert_null(sn_im_step_id(back, 0, "o"));
	g_autofree char *first = sn_im_step_id(back, 3, "o"), *main_id = sn_im_step_id(back, 4, "o");
	assert_string_equal(first, "o.3");
	assert_string_equal(main_id, "o");
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(sn_im_steps_parse(bad[i]));
}

static void parts_of_ours_are_recognised(void **state)
{
	Delivery *self = delivery_new(NULL);
	SnId id = queue_im(self, "hello");
	g_autoptr(SnOutboxEntry) entry = entry_of(self, id);
	g_autofree char *part = g_strdup_printf("%s.3", entry->origin_id);
	g_autofree char *odd = g_strdup_printf("%s.x", entry->origin_id);

	assert_true(sn_delivery_is_part(self->engine.delivery, part));
	assert_false(sn_delivery_is_part(self->engine.delivery, entry->origin_id));
	assert_false(sn_delivery_is_part(self->engine.delivery, odd));
	assert_false(sn_delivery_is_part(self->engine.delivery, "someone.3"));
	assert_false(sn_delivery_is_part(self->engine.delivery, NULL));
	delivery_free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_to_an_email_quotes_it_once),
		cmocka_unit_test(what_came_encrypted_is_not_quoted_in_the_open),
		cmocka_unit_test(an_answer_further_up_is_a_reply),
		cmocka_unit_test(history_is_readable_first_and_then_for_machines),
		cmocka_unit_test(without_an_upload_service_the_text_says_so),
		cmocka_unit_test(an_earlier_email_that_cannot_be_uploaded_is_left_out),
		cmocka_unit_test(nothing_secret_is_uploaded),
		cmocka_unit_test(a_file_is_uploaded_and_announced),
		cmocka_unit_test(a_file_the_server_does_not_take_is_the_users_choice),
		cmocka_unit_test(an_upload_that_fails_sends_nothing),
		cmocka_unit_test(an_upload_is_tried_again_and_not_repeated),
		cmocka_unit_test(long_texts_are_split_below_the_limit),
		cmocka_unit_test(many_earlier_ims_are_split_below_the_limit),
		cmocka_unit_test(splitting_loses_nothing),
		cmocka_unit_test(steps_read_back_and_nonsense_does_not),
		cmocka_unit_test(parts_of_ours_are_recognised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
