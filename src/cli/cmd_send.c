/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_send.c - sennit send: queues one message, as the composer would. */
#include <string.h>
#include <unistd.h>

#include "src/base/fault.h"
#include "src/cli/cli_private.h"
#include "src/store/rooms.h"
#include "src/cli/input.h"
#include "src/cli/forward.h"
#include "src/cli/terms.h"
#include "src/cli/wait.h"
#include "src/route/history.h"
#include "src/route/letter.h"
#include "src/route/template.h"
#include "src/route/plan.h"

extern const SnCliVerb sn_cmd_send;

static const SnCliOption options[] = {
	{ "to", 't', SN_OPT_TEXT, "WHO", "a name, an address (mailto:, xmpp: say which kind), or id:N" },
	{ "via", 'v', SN_OPT_TEXT, "auto|im|mail", "the channel; auto answers on the one it came by" },
	{ "subject", 's', SN_OPT_TEXT, "SUBJECT", "of an email; without it the thread's, or the first line" },
	{ "reply-to", 'r', SN_OPT_TEXT, "ID", "the message answered: its number or its Message-ID" },
	{ "reply-all", 0, SN_OPT_FLAG, NULL, "answer everybody on that email" },
	{ "reply-list", 0, SN_OPT_FLAG, NULL, "answer the mailing list that email came by" },
	{ "from", 0, SN_OPT_TEXT, "ADDRESS", "one of your own addresses; default: the one that was written to" },
	{ "forward", 'f', SN_OPT_LIST, "ID", "pass this message on; may be given several times" },
	{ "as", 0, SN_OPT_TEXT, "inline|attachment",
	  "forward emails as text with their files, or whole as attached emails" },
	{ "sign", 0, SN_OPT_FLAG, NULL, "put the signature of the sending address below an email" },
	{ "markdown", 0, SN_OPT_FLAG, NULL, "make an HTML alternative of the text, which is markdown" },
	{ "template", 0, SN_OPT_TEXT, "NAME", "a text of templates/ goes above what is read" },
	{ "cc", 0, SN_OPT_LIST, "ADDRESS", "a copy of the email goes there too" },
	{ "bcc", 0, SN_OPT_LIST, "ADDRESS", "the same, unseen by the others" },
	{ "history", 0, SN_OPT_TEXT, "none|thread|all|last:N|since:DATE", "earlier messages that go along" },
	{ "no-history-files", 0, SN_OPT_FLAG, NULL, "without the attachments of that history" },
	{ "attach", 'a', SN_OPT_FILES, "FILE", "a file to go along; may be given several times" },
	{ "if-unavailable", 0, SN_OPT_TEXT, "ask|defer|mail|send|ask-them|fail",
	  "what to do when the contact is not available" },
	SN_OPTIONS_TERMS,
	{ "encrypt", 0, SN_OPT_TEXT, "none|if-possible|required",
	  "required: never in the clear; it waits until it can be encrypted" },
	{ "read-receipt", 0, SN_OPT_TEXT, "yes|no",
	  "ask to be told that the email was read; default: mail.request-mdn" },
	{ "delivery-reports", 0, SN_OPT_TEXT, "all|failures|none",
	  "what mail systems are asked to tell of it; default: as accounts.conf says" },
	{ "wait", 'w', SN_OPT_NUMBER, "SECONDS", "wait until it arrived, failed, or SECONDS passed" },
	{ "yes", 'y', SN_OPT_FLAG, NULL, "use an address that is not confirmed, and confirm it by that" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

/* One call: what was asked for, and what became of it step by step. */
typedef struct {
	SnCliContext *context;
	SnStore *store;
	const SnArgs *args;
	SnReplyMode mode;
	SnId conversation, reply_to;
	char *address;      /* the raw address that --to named; NULL */
	int address_channel; /* of it; -1 unknown */
	char *body;
	SnPlan *plan;
	SnHistory *history;
	char *subject;      /* that a template gave; NULL */
	const char *sender; /* own address to write from; NULL */
	SnForward *forward; /* what is passed on; NULL */
	SnTerms terms;
	int code;           /* exit code when a step failed */
} Send;

static gboolean give_up(Send *send, int code)
{
	send->code = code;
	return FALSE;
}

static SnReadReceipt read_receipt_of(const Send *send)
{
	const char *word = sn_args_text(send->args, "read-receipt");

	if (!word)
		return SN_READ_RECEIPT_DEFAULT;
	return strcmp(word, "yes") == 0 ? SN_READ_RECEIPT_YES : SN_READ_RECEIPT_NO;
}

static SnReports reports_of(const Send *send)
{
	SnReports reports = SN_REPORTS_DEFAULT;

	sn_reports_parse(sn_args_text(send->args, "delivery-reports"), &reports);
	return reports;
}

static gboolean find_reply(Send *send)
{
	const char *text = sn_args_text(send->args, "reply-to");

	if (!text)
		return TRUE;
	SnId id = sn_cli_message(send->store, text);
	g_autoptr(SnMessage) message = id ? sn_message_get(send->store, id, 0) : NULL;
	if (!message)
		return give_up(send, sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no message '%s'", text));
	send->reply_to = id;
	if (!sn_args_text(send->args, "to"))
		send->conversation = message->conversation;
	return TRUE;
}

/* An address nobody wrote with so far: naming it here is the user's own act. */
static gboolean make_known(Send *send, int channel)
{
	g_autoptr(GError) error = NULL;

	if (channel < 0)
		channel = send->mode == SN_MODE_IM ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	SnId id = sn_address_intern(send->store, (SnChannel)channel, send->address, NULL, &error);
	g_autoptr(SnAddress) address = id ? sn_address_get(send->store, id) : NULL;
	if (!address || !sn_link_add(send->store, id, address->person, SN_LINK_USER, TRUE,
	                             "sennit send", &error))
		return give_up(send, sn_cli_fail(error));
	send->address_channel = channel;
	send->conversation = sn_conversation_for_person(send->store, address->person, &error);
	if (!send->conversation)
		return give_up(send, sn_cli_fail(error));
	return TRUE;
}

static gboolean find_recipient(Send *send)
{
	const char *who = sn_args_text(send->args, "to");
	int channel = -1;

	if (!who) {
		if (send->conversation)
			return TRUE;
		return give_up(send, sn_cli_failf(SN_EXIT_USAGE, "say to whom: --to WHO"));
	}
	send->address = sn_cli_address(who, &channel);
	send->address_channel = channel;
	if (channel >= 0 && !send->address)
		return give_up(send, sn_cli_failf(SN_EXIT_INPUT, "'%s' is no address", who));
	g_autoptr(SnRoom) room = send->address && channel != SN_CHANNEL_MAIL
	                                 ? sn_room_find(send->store, 0, send->address)
	                                 : NULL;
	if (room && send->mode == SN_MODE_MAIL)
		return give_up(send, sn_cli_failf(SN_EXIT_USAGE, "a room takes no email; say who of its "
		                                  "people is meant"));
	if (room) {
		send->conversation = room->conversation;
		send->mode = SN_MODE_IM;
		g_clear_pointer(&send->address, g_free);
		return TRUE;
	}
	/* xmpp:bob@... without --via says it all */
	if (channel >= 0 && send->mode == SN_MODE_AUTO)
		send->mode = channel == SN_CHANNEL_IM ? SN_MODE_IM : SN_MODE_MAIL;
	/* an address that is known on the wanted channel is meant before one that only looks the same */
	const SnChannel first = send->mode == SN_MODE_IM ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	const SnChannel order[] = { first, first == SN_CHANNEL_IM ? SN_CHANNEL_MAIL : SN_CHANNEL_IM };
	for (gsize i = 0; send->address && i < G_N_ELEMENTS(order); i++) {
		g_autoptr(SnAddress) known = sn_address_find(send->store, order[i], send->address);
		g_autoptr(GError) error = NULL;
		if (!known || (channel >= 0 && channel != (int)order[i]))
			continue;
		send->conversation = sn_conversation_for_person(send->store, known->person, &error);
		if (!send->conversation)
			return give_up(send, sn_cli_fail(error));
		return TRUE;
	}
	if (send->address)
		return make_known(send, channel);
	send->conversation = sn_cli_find_conversation(send->store, who, &send->code);
	return send->conversation != 0;
}

static void make_plan(Send *send)
{
	g_autoptr(SnMessage) answered =
		send->reply_to ? sn_message_get(send->store, send->reply_to, 0) : NULL;
	/* the answer says what was said: it does not go in the open by itself */
	if (answered && answered->encrypted && answered->channel == SN_CHANNEL_MAIL &&
	    !sn_args_text(send->args, "encrypt"))
		send->terms.encrypt = SN_ENCRYPT_REQUIRED;
	SnPlanRequest request = {
		.conversation = send->conversation,
		.reply_to = send->reply_to,
		.mode = send->mode,
		.whom = sn_args_flag(send->args, "reply-list") ? SN_WHOM_LIST
			: sn_args_flag(send->args, "reply-all") ? SN_WHOM_ALL : SN_WHOM_SENDER,
		.sender = send->sender,
		.encrypt = send->terms.encrypt,
	};

	g_clear_pointer(&send->plan, sn_plan_free);
	send->plan = sn_plan_reply(send->store, send->context->config, &request, NULL);
	if (!send->address || send->plan->status == SN_PLAN_IMPOSSIBLE || request.whom != SN_WHOM_SENDER)
		return;
	/* the address that was typed is the one to use, where it is one of that channel */
	g_autoptr(SnAddress) typed = sn_address_find(send->store, send->plan->channel, send->address);
	if (!typed || (send->address_channel >= 0 &&
	               send->address_channel != (int)send->plan->channel))
		return;
	request.address = send->address;
	request.mode = send->plan->channel == SN_CHANNEL_IM ? SN_MODE_IM : SN_MODE_MAIL;
	SnPlan *exact = sn_plan_reply(send->store, send->context->config, &request, NULL);
	exact->switched = send->plan->switched;
	sn_plan_free(send->plan);
	send->plan = exact;
}

static gboolean confirm_candidate(Send *send)
{
	const SnAddress *first = send->plan->candidates && send->plan->candidates->len ?
		send->plan->candidates->pdata[0] : NULL;
	g_autoptr(SnConversation) conversation = sn_conversation_get(send->store, send->conversation);
	g_autoptr(GError) error = NULL;

	if (!first || !conversation || !conversation->person)
		return give_up(send, sn_cli_failf(SN_EXIT_NOT_FOUND, "%s", send->plan->text));
	if (!sn_args_flag(send->args, "yes"))
		return give_up(send, sn_cli_failf(
			SN_EXIT_WAITING, "the %s address %s of %s is not confirmed (it comes from: %s%s%s)\n"
			"say --yes if it is right, or: sennit people confirm id:%" G_GINT64_FORMAT " %s:%s",
			first->channel == SN_CHANNEL_IM ? "IM" : "email", first->value, conversation->title,
			sn_link_source_word(first->source), first->evidence ? ", " : "",
			first->evidence ? first->evidence : "", conversation->person,
			first->channel == SN_CHANNEL_IM ? "xmpp" : "mailto", first->value));
	if (!sn_link_confirm(send->store, first->id, conversation->person, &error))
		return give_up(send, sn_cli_fail(error));
	/* the address may have brought its own conversation along */
	SnId merged = sn_conversation_for_person(send->store, conversation->person, NULL);
	if (merged)
		send->conversation = merged;
	return TRUE;
}

/* --to bob@example.org --via im --yes, where that address is known for email only. */
static gboolean accept_typed(Send *send)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(send->store, send->conversation);
	g_autoptr(GError) error = NULL;

	if (!send->address || !sn_args_flag(send->args, "yes") || !conversation ||
	    !conversation->person)
		return TRUE;
	SnId id = sn_address_intern(send->store, send->plan->channel, send->address, NULL, &error);
	if (!id || !sn_link_add(send->store, id, conversation->person, SN_LINK_USER, TRUE,
	                        "sennit send", &error))
		return give_up(send, sn_cli_fail(error));
	make_plan(send);
	return TRUE;
}

static gboolean plan_route(Send *send)
{
	make_plan(send);
	if (send->plan->status == SN_PLAN_NEED_ADDRESS && !accept_typed(send))
		return FALSE;
	if (send->plan->status == SN_PLAN_NEED_CONFIRM) {
		if (!confirm_candidate(send))
			return FALSE;
		make_plan(send);
	}
	if (send->plan->status == SN_PLAN_IMPOSSIBLE)
		return give_up(send, sn_cli_failf(SN_EXIT_USAGE, "%s", send->plan->text));
	if (send->plan->status == SN_PLAN_NEED_ADDRESS || send->plan->status == SN_PLAN_NEED_CONFIRM)
		return give_up(send, sn_cli_failf(
			SN_EXIT_NOT_FOUND, "%s\nname one: --to %s:ADDRESS, or: sennit people link WHO %s:ADDRESS",
			send->plan->text, send->plan->channel == SN_CHANNEL_IM ? "xmpp" : "mailto",
			send->plan->channel == SN_CHANNEL_IM ? "xmpp" : "mailto"));
	return TRUE;
}

static gboolean add_copies(Send *send, const char *option, SnRole role)
{
	const char *const *list = sn_args_list(send->args, option);

	for (gsize i = 0; list[i]; i++) {
		g_autofree char *name = NULL, *address = NULL;
		if (send->plan->channel != SN_CHANNEL_MAIL)
			return give_up(send, sn_cli_failf(SN_EXIT_USAGE, "--%s is for email only", option));
		if (!sn_mailbox_parse(list[i], &name, &address))
			return give_up(send, sn_cli_failf(SN_EXIT_INPUT, "'%s' is no email address", list[i]));
		SnParty *party = g_new0(SnParty, 1);
		party->role = role;
		party->address = g_steal_pointer(&address);
		party->name = g_steal_pointer(&name);
		g_ptr_array_add(send->plan->recipients, party);
	}
	return TRUE;
}

static gboolean select_history(Send *send)
{
	const SnSettings *settings = sn_config_settings(send->context->config);
	const char *text = sn_args_text(send->args, "history");
	g_autoptr(GError) error = NULL;
	SnHistorySpec spec;

	if (!text)
		text = send->forward ? "none" : send->plan->switched ? settings->history_on_switch : settings->history_otherwise;
	if (!sn_history_parse(text, NULL, &spec, &error))
		return give_up(send, sn_cli_fail(error));
	if (spec.kind == SN_HISTORY_NONE)
		return TRUE;
	send->history = sn_history_select(send->store, send->conversation, send->reply_to, &spec, NULL,
	                                  send->plan->recipients, settings->history_attachments &&
	                                  !sn_args_flag(send->args, "no-history-files"), FALSE,
	                                  settings->history_max_size);
	return TRUE;
}

static GPtrArray *attachments_of(Send *send)
{
	const char *const *files = sn_args_list(send->args, "attach");
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_attachment_free);

	for (gsize i = 0; files[i]; i++) {
		SnAttachment *attachment = g_new0(SnAttachment, 1);
		attachment->path = g_canonicalize_filename(files[i], NULL);
		attachment->name = g_path_get_basename(attachment->path);
		g_ptr_array_add(list, attachment);
	}
	if (send->forward && !sn_cli_forward_files(send->context, send->store, send->forward, list,
	                                           &send->code))
		g_clear_pointer(&list, g_ptr_array_unref);
	return list;
}

/* What the user says for this message, else what the plan found. */
static SnRule rule_of(const Send *send)
{
	const char *word = sn_args_text(send->args, "if-unavailable");
	SnRule rule = SN_RULE_DEFAULT;

	if (word)
		sn_rule_parse(word, &rule);
	return rule;
}

static SnId queue(Send *send, SnState *state)
{
	g_autoptr(GPtrArray) attachments = attachments_of(send);
	g_autofree char *subject = NULL;
	g_autoptr(GError) error = NULL;
	const SnPlan *plan = send->plan;
	const SnSettings *settings = sn_config_settings(send->context->config);
	SnRule rule = rule_of(send);
	gboolean away = plan->channel == SN_CHANNEL_IM && plan->availability == SN_NOT_AVAILABLE;
	gboolean choose = !sn_terms_wait(&send->terms) &&
	                  (rule == SN_RULE_ASK ? away :
	                   rule == SN_RULE_DEFAULT && plan->status == SN_PLAN_NEED_CHOICE);

	if (!attachments)
		return 0;
	if (plan->channel == SN_CHANNEL_MAIL)
		subject = sn_args_text(send->args, "subject") ?
			g_strdup(sn_args_text(send->args, "subject")) :
			send->subject ? g_strdup(send->subject) :
			send->forward ? g_strdup(send->forward->subject) :
			sn_plan_subject(send->store, send->conversation, send->reply_to, send->body);
	else
		subject = g_strdup(sn_args_text(send->args, "subject"));
	g_autofree char *body = sn_letter_sign(send->body, sn_args_flag(send->args, "sign") && plan->identity
		? plan->identity->signature : NULL);
	SnOutboxNew entry = {
		.conversation = send->conversation,
		.account = plan->account,
		.channel = plan->channel,
		.from = plan->from,
		.recipients = plan->recipients,
		.subject = subject,
		.body = body,
		.reply_to = send->reply_to,
		.attachments = attachments->len ? attachments : NULL,
		.history = send->history && send->history->messages->len ? send->history->messages : NULL,
		.history_attachments = settings->history_attachments &&
		                       !sn_args_flag(send->args, "no-history-files"),
		.if_unavailable = rule,
		.announce = plan->switched || away || sn_terms_wait(&send->terms),
		.read_receipt = read_receipt_of(send),
		.reports = reports_of(send),
		.format = sn_args_flag(send->args, "markdown") && plan->channel == SN_CHANNEL_MAIL
			? SN_FORMAT_MARKDOWN : SN_FORMAT_DEFAULT,
		.state = choose ? SN_STATE_CHOOSING : SN_STATE_QUEUED,
		.reason = choose ? plan->text : NULL,
	};
	sn_terms_apply(&send->terms, settings->delivery_working_hours, sn_clock_now(NULL), &entry);
	entry.encrypt = plan->encrypt;
	*state = entry.state;
	SnId id = sn_outbox_queue(send->store, &entry, FALSE, &error);
	if (!id || (send->forward && !sn_forward_done(send->store, send->forward->messages, &error)))
		give_up(send, sn_cli_fail(error));
	return id;
}

/* What can be refused before anything is written. */
static gboolean check_input(Send *send)
{
	g_autoptr(GError) error = NULL;
	const char *via = sn_args_text(send->args, "via");
	const char *encrypt = sn_args_text(send->args, "encrypt");
	const char *const *files = sn_args_list(send->args, "attach");

	if (via)
		sn_reply_mode_parse(via, &send->mode);
	if (!sn_cli_terms(send->args, &send->terms, &send->code))
		return FALSE;
	if (encrypt)
		sn_encrypt_parse(encrypt, &send->terms.encrypt);
	for (gsize i = 0; files[i]; i++)
		if (!g_file_test(files[i], G_FILE_TEST_IS_REGULAR) || access(files[i], R_OK) != 0)
			return give_up(send, sn_cli_failf(SN_EXIT_INPUT, "cannot read the file %s", files[i]));
	if (isatty(STDIN_FILENO))
		fputs("type the message; Ctrl-D at the start of a line ends it\n", stderr);
	send->body = sn_input_text(&error);
	if (!send->body)
		return give_up(send, sn_cli_fail(error));
	if (!*send->body && !files[0] && !*sn_args_list(send->args, "forward") &&
	    !sn_args_text(send->args, "template"))
		return give_up(send, sn_cli_failf(SN_EXIT_INPUT, "the message is empty; its text is read "
		                                  "from standard input"));
	return TRUE;
}

/* When it is known to whom it goes. */
static gboolean fill_template(Send *send)
{
	const char *name = sn_args_text(send->args, "template");
	const SnPlan *plan = send->plan;
	const SnParty *to = plan->recipients->len ? plan->recipients->pdata[0] : NULL;
	g_autofree char *subject = NULL, *typed = NULL;
	g_autoptr(GError) error = NULL;

	if (!name)
		return TRUE;
	g_autoptr(SnConversation) conversation = sn_conversation_get(send->store, send->conversation);
	subject = sn_plan_subject(send->store, send->conversation, send->reply_to, send->body);
	SnTemplateFacts facts = {
		.name = to && to->name ? to->name : conversation ? conversation->title : NULL,
		.address = to ? to->address : NULL,
		.subject = subject,
		.from = plan->identity ? plan->identity->name : NULL,
		.from_address = plan->from,
		.now = sn_clock_now(NULL),
	};
	g_autoptr(SnTemplate) template =
		sn_template_load(send->context->paths, name, &facts, &error);
	if (!template)
		return give_up(send, sn_cli_fail(error));
	typed = send->body;
	send->body = g_strconcat(template->text, typed, NULL);
	send->subject = g_steal_pointer(&template->subject);
	return TRUE;
}

static gboolean find_sender(Send *send)
{
	const char *from = sn_args_text(send->args, "from");
	g_autofree char *name = NULL, *address = NULL;

	if (!from)
		return TRUE;
	const SnIdentity *identity = sn_mailbox_parse(from, &name, &address)
		? sn_config_identity(send->context->config, address, NULL) : NULL;
	if (!identity)
		return give_up(send, sn_cli_failf(SN_EXIT_USAGE, "'%s' is none of your addresses; "
		                                  "accounts.conf names them (from, aliases)", from));
	send->sender = identity->address;
	return TRUE;
}

/* Below what is typed comes what is passed on. */
static gboolean find_forward(Send *send)
{
	const char *as = sn_args_text(send->args, "as");
	g_autofree char *typed = NULL;

	if (!*sn_args_list(send->args, "forward"))
		return !as || give_up(send, sn_cli_failf(SN_EXIT_USAGE, "--as goes with --forward"));
	if (sn_args_text(send->args, "reply-to"))
		return give_up(send, sn_cli_failf(SN_EXIT_USAGE,
		                                  "--forward and --reply-to exclude each other"));
	send->forward = sn_cli_forward(send->store, send->args, &send->code);
	if (!send->forward)
		return FALSE;
	typed = send->body;
	send->body = *typed && *send->forward->text
	                     ? g_strconcat(typed, "\n\n", send->forward->text, NULL)
	                     : g_strdup(*typed ? typed : send->forward->text);
	/* an email is passed on by email, unless somebody says otherwise */
	if (send->forward->mails && send->mode == SN_MODE_AUTO && !sn_args_text(send->args, "via"))
		send->mode = SN_MODE_MAIL;
	return TRUE;
}

/* What will happen, where the user said when; and what may never come true. */
static void tell_terms(const Send *send, SnState state)
{
	g_autoptr(SnConversation) conversation = sn_conversation_get(send->store, send->conversation);
	const SnSettings *settings = sn_config_settings(send->context->config);
	const char *who = conversation && conversation->title ? conversation->title : "the contact";
	g_autofree char *text = sn_terms_text(&send->terms, settings->delivery_working_hours,
	                                      send->plan->channel, who, sn_clock_now(NULL));

	if (text)
		fprintf(stderr, "%s\n", text);
	/* what is waited for, or for a decision, is told in the end */
	if (send->plan->left_out && state != SN_STATE_CHOOSING && !sn_args_number(send->args, "wait", 0))
		fprintf(stderr, "%s\n", send->plan->text);
	if (send->terms.when & (SN_WHEN_ONLINE | SN_WHEN_AVAILABLE) &&
	    send->plan->channel == SN_CHANNEL_IM &&
	    send->plan->availability == SN_AVAILABILITY_UNKNOWN)
		fprintf(stderr, "the presence of %s is not known now: it waits until it is\n", who);
}

static int report(Send *send, SnId id, SnState state)
{
	gboolean json = sn_args_flag(send->args, "json");
	gint64 seconds = sn_args_number(send->args, "wait", 0);

	if (!json) {
		printf("%" G_GINT64_FORMAT "\n", id);
		fflush(stdout);
	}
	tell_terms(send, state);
	if (!sn_cli_engine_runs(send->context))
		fputs("queued; no engine is running: start sennit or sennit engine\n", stderr);
	if (seconds)
		return sn_wait_entry(send->store, id, seconds, json);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(send->store, id, SN_OUTBOX_FULL);
	if (json && entry) {
		SnJsonList list;
		sn_json_begin(&list);
		sn_json_item(&list, sn_json_entry(send->store, entry));
		sn_json_end(&list);
	}
	if (state != SN_STATE_CHOOSING)
		return SN_EXIT_DONE;
	return sn_cli_failf(SN_EXIT_WAITING, "%s\nit waits for your decision: sennit outbox defer|convert|"
	                    "send|ask|cancel %" G_GINT64_FORMAT, send->plan->text, id);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	Send send = { .context = context, .args = args, .mode = SN_MODE_AUTO, .code = SN_EXIT_FAILED,
		      .address_channel = -1 };
	SnState state;
	SnId id = 0;

	send.store = sn_cli_store(context, &send.code);
	if (!send.store)
		return send.code;
	if (!sn_config_account_count(context->config))
		return sn_cli_failf(SN_EXIT_USAGE, "no account is set up; 'sennit init' does that");
	if (check_input(&send) && find_sender(&send) && find_forward(&send) && find_reply(&send) && find_recipient(&send) && plan_route(&send) &&
	    add_copies(&send, "cc", SN_ROLE_CC) && add_copies(&send, "bcc", SN_ROLE_BCC) &&
	    fill_template(&send) && select_history(&send))
		id = queue(&send, &state);
	if (id && sn_cli_durable(send.store, &send.code)) {
		sn_fault(QUEUE_DURABLE);
		send.code = report(&send, id, state);
	}
	g_free(send.address);
	g_free(send.body);
	g_free(send.subject);
	sn_plan_free(send.plan);
	sn_history_free(send.history);
	sn_forward_free(send.forward);
	return send.code;
}

const SnCliVerb sn_cmd_send = {
	.name = "send",
	.arguments = "< TEXT",
	.meaning = "send a message whose text is read from standard input",
	.text = "Prints the number of the outbox entry and, with --wait, its state in the end. The exit "
		"code is 6 when it waits: for the contact, or for a decision of yours.",
	.options = options,
	.run = run,
};
