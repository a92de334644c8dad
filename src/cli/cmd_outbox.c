/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_outbox.c - sennit outbox: where each message on its way out is, why, and what comes next. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli_private.h"
#include "src/cli/input.h"
#include "src/cli/opened.h"
#include "src/cli/terms.h"
#include "src/cli/wait.h"
#include "src/text/text.h"

enum { DEFAULT_LIMIT = 100, PAGE = 100 };

extern const SnCliVerb sn_cmd_outbox;

static const SnCliOption options[] = {
	{ "open", 'o', SN_OPT_FLAG, NULL, "only what has not gone yet" },
	{ "limit", 'n', SN_OPT_NUMBER, "N", "at most N entries (100); 0 = all" },
	{ "subject", 's', SN_OPT_TEXT, "SUBJECT", "edit: the new subject" },
	{ "plain", 0, SN_OPT_FLAG, NULL, "send, convert: even though it was to go encrypted only" },
	SN_OPTIONS_TERMS,
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static const SnCliSub subs[] = {
	{ "show", "ID", "all about one entry, with what happened so far" },
	{ "send", "ID", "send now, whether the contact is available or not; try a failed one again" },
	{ "cancel", "ID", "do not send" },
	{ "convert", "ID", "send as email instead" },
	{ "switch", "ID", "send on the other channel instead" },
	{ "defer", "ID", "keep until the contact is available, or as --after, --when, --within say" },
	{ "ask", "ID", "ask the contact: later, email or now" },
	{ "check", "ID", "look again whether one that may have been sent was sent" },
	{ "arrived", "ID", "one that may have been sent has arrived: nothing more to do" },
	{ "edit", "ID", "give it another text, from stdin or the editor" },
	{ NULL, NULL, NULL },
};

static SnShade shade_of(SnState state)
{
	switch (state) {
	case SN_STATE_FAILED:
	case SN_STATE_CHOOSING: return SN_BAD;
	case SN_STATE_ACCEPTED:
	case SN_STATE_DELIVERED:
	case SN_STATE_READ: return SN_GOOD;
	case SN_STATE_CANCELLED:
	case SN_STATE_CONVERTED: return SN_FAINT;
	default: return SN_PLAIN;
	}
}

static void print_row(SnStore *store, SnTable *table, const SnOutboxEntry *entry)
{
	g_autofree char *created = sn_out_time(entry->created);
	g_autofree char *next = sn_out_time(entry->state == SN_STATE_QUEUED ||
	                                    entry->state == SN_STATE_WAITING ||
	                                    entry->state == SN_STATE_ASKED
	                                            ? sn_entry_next_time(entry) : 0);
	g_autofree char *to = sn_entry_to(entry);
	g_autofree char *preview = sn_text_preview(entry->body ? entry->body : "");
	const char *odd = sn_cli_entry_e2e(store, entry, TRUE);
	g_autofree char *what = g_strconcat(odd ? "(" : "", odd ? odd : "", odd ? ") " : "", preview, NULL);

	sn_table_cellf(table, SN_FAINT, "%" G_GINT64_FORMAT, entry->id);
	sn_table_cell(table, SN_FAINT, created);
	sn_table_cell(table, SN_PLAIN, sn_channel_word(entry->channel));
	sn_table_cell(table, shade_of(entry->state), sn_state_word(entry->state));
	sn_table_cell(table, SN_FAINT, next);
	sn_table_cell(table, SN_PLAIN, to);
	sn_table_cell(table, SN_PLAIN, entry->reason ? entry->reason : what);
}

static int list_entries(SnStore *store, const SnArgs *args)
{
	static const char *const titles[] = { "id",    "written", "via",  "state",
		                              "next",  "to",      "why or what", NULL };
	SnOutboxFilter filter = sn_args_flag(args, "open") ? SN_OUTBOX_OPEN : SN_OUTBOX_ALL;
	gint64 limit = sn_args_number(args, "limit", DEFAULT_LIMIT), shown = 0;
	gboolean json = sn_args_flag(args, "json");
	SnTable *table = json ? NULL : sn_table_new(titles);
	SnJsonList list;
	SnId before = 0;
	guint got = PAGE;

	if (json)
		sn_json_begin(&list);
	while (got == PAGE && (!limit || shown < limit)) {
		g_autoptr(GPtrArray) page = sn_outbox_list(store, filter, before, PAGE, SN_OUTBOX_FULL);
		got = page ? page->len : 0;
		for (guint i = 0; i < got && (!limit || shown < limit); i++, shown++) {
			if (json)
				sn_json_item(&list, sn_json_entry(store, page->pdata[i]));
			else
				print_row(store, table, page->pdata[i]);
		}
		if (got)
			before = ((SnOutboxEntry *)page->pdata[got - 1])->id;
	}
	if (json)
		sn_json_end(&list);
	else
		sn_table_print(table);
	return SN_EXIT_DONE;
}

static void print_line(const char *label, const char *text)
{
	if (!text || !*text)
		return;
	g_autofree char *clean = sn_text_clean_line(text, -1);
	printf("%-9s %s\n", label, clean);
}

static void print_line_time(const char *label, SnTime time)
{
	g_autoptr(GDateTime) at = time ? g_date_time_new_from_unix_local(time / 1000) : NULL;
	g_autofree char *text = at ? g_date_time_format(at, "%Y-%m-%d %H:%M:%S") : NULL;
	print_line(label, text);
}

/* One line for each recipient of whom something was heard. */
static void print_outcomes(SnStore *store, SnId entry)
{
	g_autoptr(GPtrArray) all = sn_outcome_list(store, entry);

	for (guint i = 0; i < all->len; i++) {
		const SnOutcome *one = all->pdata[i];
		if (one->fate == SN_FATE_NONE)
			continue;
		g_autofree char *line = g_strdup_printf("%s: %s%s%s", one->address,
		                                        sn_fate_word(one->fate), one->text ? ", " : "",
		                                        one->text ? one->text : "");
		print_line("", line);
	}
}

static int show_entry(SnStore *store, const SnOutboxEntry *entry, gboolean json)
{
	g_autofree char *to = sn_entry_to(entry);

	if (json) {
		SnJsonList list;
		sn_json_begin(&list);
		sn_json_item(&list, sn_json_entry(store, entry));
		sn_json_end(&list);
		return SN_EXIT_DONE;
	}
	g_autofree char *account = sn_account_name(store, entry->account);
	g_autofree char *conditions = sn_when_words(entry->when);
	g_autofree char *next_step = sn_cli_entry_next(store, entry);
	g_autofree char *via = g_strdup_printf("%s, account %s", sn_channel_word(entry->channel),
	                                       account ? account : "?");
	print_line("state", sn_state_word(entry->state));
	print_line("why", entry->reason);
	print_line("next", next_step);
	if (sn_outbox_is_uncertain(entry))
		printf("%-9s sennit outbox check|arrived|send|cancel %" G_GINT64_FORMAT "\n", "choose",
		       entry->id);
	print_line("to", to);
	print_outcomes(store, entry->id);
	print_line("from", entry->from);
	print_line("via", via);
	print_line("subject", entry->subject);
	print_line_time("written", entry->created);
	if (entry->send_at > entry->created)
		print_line_time("goes at", entry->send_at);
	print_line("if", *conditions ? conditions : NULL);
	print_line("encrypt", entry->encrypt ? sn_encrypt_word(entry->encrypt) : NULL);
	print_line("security", sn_cli_entry_e2e(store, entry, FALSE));
	print_line_time("next try", entry->next_try);
	print_line_time("expires", entry->expires);
	if (entry->history && entry->history->len)
		printf("%-9s %u earlier messages\n", "history", entry->history->len);
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++)
		print_line("file", ((SnAttachment *)entry->attachments->pdata[i])->name);
	putchar('\n');
	sn_out_text(entry->body ? entry->body : "");
	fputs("\n\n", stdout);
	g_autoptr(GPtrArray) events = sn_outbox_events(store, entry->id);
	for (guint i = 0; events && i < events->len; i++) {
		const SnOutboxEvent *event = events->pdata[i];
		g_autofree char *detail = sn_text_clean_line(event->detail ? event->detail : "", -1);
		g_autoptr(GDateTime) at = g_date_time_new_from_unix_local(event->time / 1000);
		g_autofree char *when = at ? g_date_time_format(at, "%Y-%m-%d %H:%M:%S") : g_strdup("");
		printf("%s  %-10s %s\n", when, event->what, detail);
	}
	return SN_EXIT_DONE;
}

/* What was typed is not lost because the message went in the meantime. */
static int keep_text(SnStore *store, const SnOutboxEntry *entry, const char *body,
                     const GError *too_late)
{
	g_autoptr(SnDraft) there = sn_draft_load(store, entry->conversation);
	g_autoptr(SnDraft) draft = sn_draft_new(entry->conversation);

	if (!g_error_matches(too_late, SN_ERROR, SN_ERROR_EXISTS) || there)
		return sn_cli_fail(too_late);
	g_free(draft->body);
	draft->body = g_strdup(body);
	draft->reply_to = entry->reply_to;
	if (!sn_draft_save(store, draft, NULL))
		return sn_cli_fail(too_late);
	return sn_cli_failf(sn_exit_for_error(too_late), "%s Your text is kept as a draft.",
	                    too_late->message);
}

static int edit_entry(SnCliContext *context, SnStore *store, const SnOutboxEntry *entry,
                      const char *subject)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *body = NULL;

	if (isatty(STDIN_FILENO))
		body = sn_input_editor(context, entry->body, &error);
	else
		body = sn_input_text(&error);
	if (!body)
		return sn_cli_fail(error);
	if (!sn_outbox_edit(store, entry->id, subject ? subject : entry->subject, body, &error))
		return keep_text(store, entry, body, error);
	return SN_EXIT_DONE;
}

static int switch_entry(SnCliContext *context, SnStore *store, const SnOutboxEntry *entry)
{
	g_autoptr(GError) error = NULL;
	SnId other = sn_entry_switch(store, context->config, entry->id, NULL, &error);

	if (!other)
		return sn_cli_fail(error);
	printf("%" G_GINT64_FORMAT "\n", other);
	return SN_EXIT_DONE;
}

static int reschedule(SnCliContext *context, SnStore *store, const SnOutboxEntry *entry,
                      const SnArgs *args)
{
	const SnSettings *settings = sn_config_settings(context->config);
	g_autoptr(GError) error = NULL;
	SnOutboxNew new = { .if_unavailable = SN_RULE_DEFER };
	SnTerms terms;
	int code = SN_EXIT_FAILED;

	if (!sn_cli_terms(args, &terms, &code))
		return code;
	sn_terms_apply(&terms, settings->delivery_working_hours, sn_clock_now(NULL), &new);
	if (!sn_outbox_reschedule(store, entry->id, new.send_at, new.when, new.then, new.expires,
	                          &error))
		return sn_cli_fail(error);
	return SN_EXIT_DONE;
}

static SnOutboxRequest request_of(const char *word, const SnOutboxEntry *entry)
{
	static const struct {
		const char *word;
		SnOutboxRequest request;
	} requests[] = { { "send", SN_REQUEST_SEND },     { "cancel", SN_REQUEST_CANCEL },
		         { "convert", SN_REQUEST_CONVERT }, { "defer", SN_REQUEST_DEFER },
		         { "ask", SN_REQUEST_ASK_THEM },    { "check", SN_REQUEST_CHECK },
		         { "arrived", SN_REQUEST_ARRIVED } };

	if (strcmp(word, "send") == 0 && entry->state == SN_STATE_FAILED)
		return SN_REQUEST_RETRY;
	for (gsize i = 0; i < G_N_ELEMENTS(requests); i++)
		if (strcmp(requests[i].word, word) == 0)
			return requests[i].request;
	return SN_REQUEST_NONE;
}

/* Asks the engine for it, and tells what became of that: it may be sending just now. */
static int steer(SnCliContext *context, SnStore *store, const SnOutboxEntry *entry,
                 const char *what, const SnArgs *args)
{
	gboolean out = strcmp(what, "send") == 0 || strcmp(what, "convert") == 0;
	g_autoptr(GError) error = NULL;

	if (out && entry->encrypt == SN_ENCRYPT_REQUIRED) {
		if (!sn_args_flag(args, "plain"))
			return sn_cli_failf(SN_EXIT_USAGE, "it is to go encrypted only, and there is no "
			                    "encryption for this contact yet; --plain sends it in the clear");
		if (!sn_outbox_allow_plain(store, entry->id, &error))
			return sn_cli_fail(error);
	}
	if (strcmp(what, "defer") == 0 && sn_cli_has_terms(args)) {
		int code = reschedule(context, store, entry, args);
		if (code)
			return code;
	} else if (!sn_outbox_request(store, entry->id, request_of(what, entry), &error)) {
		return sn_cli_fail(error);
	}
	if (!sn_cli_engine_runs(context)) {
		fputs("noted; no engine is running: start sennit or sennit engine\n", stderr);
		return SN_EXIT_DONE;
	}
	return sn_wait_request(store, entry->id);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *what = sn_args_get(args, 0), *id_text = sn_args_get(args, 1);
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);

	if (!store)
		return code;
	if (!what)
		return list_entries(store, args);
	SnId id = id_text ? sn_cli_id(id_text) : 0;
	if (!id)
		return sn_cli_failf(SN_EXIT_USAGE, "'outbox %s' needs the number of an entry; "
		                    "'sennit outbox' lists them", what);
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, SN_OUTBOX_FULL);
	if (!entry)
		return sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no outbox entry %" G_GINT64_FORMAT, id);
	if (strcmp(what, "show") == 0)
		return show_entry(store, entry, sn_args_flag(args, "json"));
	if (strcmp(what, "switch") == 0)
		code = switch_entry(context, store, entry);
	else if (strcmp(what, "edit") == 0)
		code = edit_entry(context, store, entry, sn_args_text(args, "subject"));
	else
		code = steer(context, store, entry, what, args);
	if (code == SN_EXIT_DONE)
		sn_cli_durable(store, &code);
	return code;
}

const SnCliVerb sn_cmd_outbox = {
	.name = "outbox",
	.arguments = "[WORD ID]",
	.meaning = "list or steer the messages on their way out",
	.text = "Without more words: the entries, newest first.",
	.options = options,
	.subs = subs,
	.max = 2,
	.run = run,
};
