/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client for screen readers and line printers: it prints sentences, asks for one line at a
 * time, and never moves the cursor. What arrives in the open conversation is printed as it comes.
 */
#include "ui/plain.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/route/plan.h"
#include "src/store/told.h"
#include "src/text/text.h"
#include "ui/words.h"

enum { LIST_ROWS = 20, MESSAGES = 10 };

typedef struct {
	SnApp *app;
	SnId conversation; /* 0 none */
	SnReplyMode mode;
	SnId last;         /* newest message printed */
	SnTime last_time;
	GPtrArray *listed; /* of SnConversation, numbered from 1 */
	GString *input;
	gboolean quit;
} Plain;

static void prompt(Plain *plain)
{
	g_autoptr(SnConversation) row =
		plain->conversation ? sn_conversation_get(plain->app->store, plain->conversation) : NULL;

	printf("%s> ", row ? row->title : "sennit");
	fflush(stdout);
}

static void print_message(const SnMessage *message)
{
	g_autofree char *time = sn_words_full(message->time);
	g_autofree char *body = sn_text_clean(message->body ? message->body : "", -1);

	printf("%s, %s, %s%s%s", message->direction == SN_OUT ? "You" : message->sender_name
	                                                                  ? message->sender_name
	                                                                  : "?",
	       sn_words_channel(message->channel), time, message->direction == SN_OUT ? ", " : "",
	       message->direction == SN_OUT ? sn_words_state(message->state) : "");
	if (message->carried)
		printf(", told by the sender");
	if (message->contradicted & ~(guint)SN_DIFFERS_TELLER)
		printf(", told otherwise by others");
	if (message->subject)
		printf(", subject: %s", message->subject);
	printf("\n%s\n", body);
	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		if (!part->inline_)
			printf("File: %s\n", part->name ? part->name : part->type);
	}
	printf("\n");
}

static void print_messages(Plain *plain, gboolean only_new)
{
	g_autoptr(GPtrArray) page =
		only_new ? sn_message_page(plain->app->store, plain->conversation, plain->last_time,
	                                   plain->last, TRUE, 100, SN_MESSAGE_FULL)
			 : sn_message_page(plain->app->store, plain->conversation, 0, 0, FALSE,
	                                   MESSAGES, SN_MESSAGE_FULL);

	for (guint i = 0; page && i < page->len; i++) {
		const SnMessage *message = g_ptr_array_index(page, i);
		if (i == 0 && only_new)
			printf("\n");
		print_message(message);
		plain->last = message->id;
		plain->last_time = message->time;
	}
	if (page && page->len)
		sn_conversation_mark_read(plain->app->store, plain->conversation, 0, NULL);
}

static void run_list(Plain *plain, const char *filter)
{
	g_clear_pointer(&plain->listed, g_ptr_array_unref);
	plain->listed = sn_conversation_page(plain->app->store, NULL, FALSE, *filter ? filter : NULL,
	                                     LIST_ROWS);
	if (!plain->listed || plain->listed->len == 0)
		printf("No conversations yet.\n");
	for (guint i = 0; plain->listed && i < plain->listed->len; i++) {
		const SnConversation *row = g_ptr_array_index(plain->listed, i);
		g_autofree char *when = sn_words_when(row->last_time, sn_app_now(plain->app));
		printf("%u. %s, %s, %s", i + 1, row->title, sn_words_channel(row->channel), when);
		if (row->presence != SN_PRESENCE_UNKNOWN)
			printf(", %s", sn_words_presence(row->presence));
		if (row->unread)
			printf(", %d unread", row->unread);
		if (row->attention)
			printf(", needs a decision");
		printf(": %s\n", row->preview ? row->preview : "");
	}
}

static void run_open(Plain *plain, const char *who)
{
	guint64 number = g_ascii_strtoull(who, NULL, 10);

	if (number > 0 && plain->listed && number <= plain->listed->len) {
		const SnConversation *row = g_ptr_array_index(plain->listed, number - 1);
		plain->conversation = row->id;
	} else {
		g_autoptr(GPtrArray) found = sn_conversation_find(plain->app->store, who);
		if (!found || found->len == 0) {
			printf("Nobody here is called '%s'.\n", who);
			return;
		}
		plain->conversation = ((const SnConversation *)g_ptr_array_index(found, 0))->id;
	}
	plain->mode = SN_MODE_AUTO;
	plain->last = 0;
	plain->last_time = 0;
	print_messages(plain, FALSE);
}

static void queue(Plain *plain, const SnPlan *plan, const char *text, SnRule rule)
{
	g_autofree char *subject =
		plan->channel == SN_CHANNEL_MAIL
			? sn_plan_subject(plain->app->store, plain->conversation, 0, text)
			: NULL;
	SnOutboxNew entry = {
		.conversation = plain->conversation,
		.account = plan->account,
		.channel = plan->channel,
		.from = plan->from,
		.recipients = plan->recipients,
		.subject = subject,
		.body = text,
		.if_unavailable = rule,
		.state = SN_STATE_QUEUED,
		.announce = plan->switched,
	};
	g_autoptr(GError) error = NULL;

	if (sn_outbox_queue(plain->app->store, &entry, FALSE, &error))
		printf("Queued: %s\n", plan->text ? plan->text : "");
	else
		printf("Not sent: %s\n", error->message);
}

/* "say", with the rule for someone who is not available: "say", "later", "anyway". */
static void run_say(Plain *plain, const char *text, SnRule rule)
{
	SnPlanRequest request = { .conversation = plain->conversation, .mode = plain->mode };
	g_autoptr(SnPlan) plan = NULL;

	if (!plain->conversation || !*text) {
		printf("Open a conversation first, then: say TEXT\n");
		return;
	}
	plan = sn_plan_reply(plain->app->store, plain->app->config, &request, plain->app->clock);
	if (plan->status == SN_PLAN_READY || (plan->status == SN_PLAN_NEED_CHOICE && rule))
		queue(plain, plan, text, rule);
	else if (plan->status == SN_PLAN_NEED_CHOICE)
		printf("%s. Not sent. Write: later TEXT, anyway TEXT, or mode mail and say TEXT\n",
		       plan->text);
	else
		printf("%s. Not sent. 'sennit people' shows and sets addresses.\n", plan->text);
}

static void run_mode(Plain *plain, const char *word)
{
	if (!sn_reply_mode_parse(word, &plain->mode))
		printf("A mode is auto, im or mail.\n");
}

static void run_help(void)
{
	printf("list [WORD]   conversations\n"
	       "open WHO      read one, by number, name or address\n"
	       "say TEXT      answer in it\n"
	       "later TEXT    the same, kept until they are available\n"
	       "anyway TEXT   the same, sent whatever their presence\n"
	       "mode im|mail|auto   channel of the answers\n"
	       "read          the last messages again\n"
	       "quit\n");
}

static void run_line(Plain *plain, char *line)
{
	char *rest = line + strcspn(line, " ");

	if (*rest)
		*rest++ = 0;
	if (strcmp(line, "list") == 0)
		run_list(plain, rest);
	else if (strcmp(line, "open") == 0)
		run_open(plain, rest);
	else if (strcmp(line, "say") == 0)
		run_say(plain, rest, SN_RULE_DEFAULT);
	else if (strcmp(line, "later") == 0)
		run_say(plain, rest, SN_RULE_DEFER);
	else if (strcmp(line, "anyway") == 0)
		run_say(plain, rest, SN_RULE_SEND);
	else if (strcmp(line, "mode") == 0)
		run_mode(plain, rest);
	else if (strcmp(line, "read") == 0 && plain->conversation)
		print_messages(plain, FALSE);
	else if (strcmp(line, "quit") == 0 || strcmp(line, "q") == 0)
		plain->quit = TRUE;
	else if (*line)
		run_help();
}

static void take_input(Plain *plain)
{
	char buffer[4096];
	ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
	char *end;

	if (got <= 0) {
		plain->quit = TRUE;
		return;
	}
	g_string_append_len(plain->input, buffer, got);
	while (!plain->quit && (end = strchr(plain->input->str, '\n'))) {
		g_autofree char *raw = g_strndup(plain->input->str, (gsize)(end - plain->input->str));
		g_autofree char *line = sn_text_clean_line(raw, -1);
		g_string_erase(plain->input, 0, end + 1 - plain->input->str);
		run_line(plain, line);
	}
	if (!plain->quit)
		prompt(plain);
}

int sn_plain_run(SnApp *app)
{
	Plain plain = { .app = app, .input = g_string_new(NULL) };

	printf("sennit. 'help' lists the commands.\n");
	run_list(&plain, "");
	if (app->setup->open)
		run_open(&plain, app->setup->open);
	prompt(&plain);
	if (app->setup->host.ready)
		app->setup->host.ready(app->setup->host.data);
	while (!plain.quit) {
		struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 },
			                { app->bell ? sn_bell_fd(app->bell) : -1, POLLIN, 0 } };
		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
			continue;
		if (fds[1].revents && sn_bell_answer(app->bell) && plain.conversation)
			print_messages(&plain, TRUE);
		if (fds[0].revents)
			take_input(&plain);
	}
	g_string_free(plain.input, TRUE);
	g_clear_pointer(&plain.listed, g_ptr_array_unref);
	return 0;
}
