/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One whole message: who, when, all text, files; on demand its headers or its source. */
#include <string.h>

#include "src/store/told.h"
#include "src/text/text.h"
#include "ui/files.h"
#include "ui/secure.h"
#include "ui/unsubscribe.h"
#include "ui/view_job.h"
#include "ui/words.h"

enum { SOURCE_MAX = 512 * 1024, TEXT_IDS = 1 << 24 };
#define TOLD_ROWS (G_GINT64_CONSTANT(1) << 40) /* rows that lead to the message with that id */

/* Raw bytes or headers, read on the worker. */
typedef struct {
	const SnUiHost *host;
	SnId message;
	gboolean source, attached;
	char *text;
} Job;

static void job_free(gpointer data)
{
	Job *job = data;

	g_free(job->text);
	g_free(job);
}

static void job_run(SnStore *store, gpointer data)
{
	Job *job = data;
	g_autoptr(GBytes) raw = store ? sn_message_raw(store, job->message, NULL) : NULL;
	g_autofree char *text = NULL;
	gsize length;
	const char *bytes;

	if (job->attached) {
		text = raw ? job->host->attached_text(raw, job->host->data) : NULL;
		job->text = text ? sn_text_clean(text, (gssize)strnlen(text, SOURCE_MAX)) : NULL;
		return;
	}
	if (!raw) {
		job->text = g_strdup("The source of this message is not here.");
		return;
	}
	if (!job->source && job->host->headers_text)
		text = job->host->headers_text(raw, job->host->data);
	bytes = text ? text : g_bytes_get_data(raw, &length);
	if (text)
		length = strlen(text);
	job->text = sn_text_clean(bytes, (gssize)MIN(length, SOURCE_MAX));
}

static const SnViewJobOps job_ops = { job_run, NULL, job_free };

/* What the worker read; NULL: it has not yet. */
static const char *read_text(const SnView *view)
{
	const Job *job = sn_view_job_data(view->data);

	return job ? job->text : NULL;
}

/* Messages that are attached are read in place. */
static gboolean has_attached(SnApp *app, SnId id)
{
	g_autoptr(SnMessage) message =
		app->setup->host.attached_text ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;

	for (guint i = 0; message && message->parts && i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		if (g_strcmp0(part->type, "message/rfc822") == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean open_view(SnApp *app, SnView *view, GError **error)
{
	Job *job;

	if (!view->argument && !has_attached(app, view->subject))
		return TRUE;
	job = g_new0(Job, 1);
	job->host = &app->setup->host;
	job->message = view->subject;
	job->source = g_strcmp0(view->argument, "source") == 0;
	job->attached = !view->argument;
	view->data = sn_view_job_start(app, view, &job_ops, job);
	return TRUE;
}

static void close_view(SnApp *app, SnView *view)
{
	sn_view_job_drop(g_steal_pointer(&view->data));
}

static void add_lines(SnApp *app, SnView *view, const char *text, gint64 *id)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		sn_page_wrap(view->page, ++*id, NULL, 1, sn_theme_style(app->theme, SN_OBJ_BODY), *line);
}

/* With the styles of an IM, as in the timeline. */
static void add_body(SnApp *app, SnView *view, const SnMessage *message, gint64 *id)
{
	const char *text = message->body && *message->body ? message->body : "(no text)";
	g_autoptr(GArray) styles = sn_timeline_styles(app, message, text);

	sn_page_style_runs(view->page, styles, 0);
	add_lines(app, view, text, id);
	sn_page_style_runs(view->page, NULL, 0);
}

static void fill_parties(SnView *view, const SnMessage *message)
{
	static const struct {
		SnRole role;
		const char *label;
	} roles[] = { { SN_ROLE_FROM, "From" }, { SN_ROLE_TO, "To" }, { SN_ROLE_CC, "Cc" },
		      { SN_ROLE_BCC, "Bcc" }, { SN_ROLE_REPLY_TO, "Reply to" } };

	for (gsize r = 0; r < G_N_ELEMENTS(roles); r++) {
		g_autoptr(GString) list = g_string_new(NULL);
		for (guint i = 0; message->parties && i < message->parties->len; i++) {
			const SnParty *party = g_ptr_array_index(message->parties, i);
			if (party->role != roles[r].role)
				continue;
			if (list->len)
				g_string_append(list, ", ");
			if (party->name)
				g_string_append_printf(list, "%s <%s>", party->name, party->address);
			else
				g_string_append(list, party->address);
		}
		if (list->len)
			sn_page_fact(view->page, 0, roles[r].label, list->str);
	}
}

/* Who told of it, and what it answers. */
static void fill_standing(SnApp *app, SnView *view, const SnMessage *message)
{
	g_autoptr(GPtrArray) tellers = sn_message_told(app->store, message->id);
	g_autoptr(SnMessage) parent =
		message->reply_to ? sn_message_get(app->store, message->reply_to, 0) : NULL;

	for (guint i = 0; i < tellers->len; i++) {
		const SnTold *one = g_ptr_array_index(tellers, i);
		g_autofree char *when = sn_words_full(one->by_time);
		g_autofree char *line = g_strdup_printf(
			"by %s on %s%s", one->by_self ? "you" : one->by_name, when,
			one->differs       ? "; not as it is here, see below"
			: message->carried ? "; you did not receive it by itself"
			                   : "; agrees with what is here");
		sn_page_fact(view->page, 0, "Told", line);
	}
	if (parent) {
		g_autofree char *when = sn_words_full(parent->time);
		g_autofree char *line = g_strdup_printf(
			"%s %s of %s", parent->direction == SN_OUT ? "your" : "the",
			sn_words_channel(parent->channel), when);
		sn_page_fact(view->page, TOLD_ROWS + parent->id, "Answers", line);
	}
}

/* By which list it came, and how to leave it. */
static void fill_list(SnApp *app, SnView *view, const SnMessage *message)
{
	const char *contexts[] = { "message", NULL };
	g_autofree char *keys = sn_binds_keys_of(app->binds, contexts, "unsubscribe");
	g_autofree char *hint = NULL;
	SnObject object = SN_OBJ_FAINT;
	g_autofree char *note = sn_unsubscribe_note(app, message, &object);

	if (message->list_id)
		sn_page_fact(view->page, 0, "List", message->list_id);
	if (!note && message->bulk == SN_BULK_NEWSLETTER && app->setup->host.unsubscribe) {
		hint = g_strdup_printf("%s unsubscribes, after a question", keys ? keys : ":unsubscribe");
		sn_page_fact(view->page, 0, "Newsletter", hint);
	}
	if (note)
		sn_page_fact(view->page, 0, "Unsubscribe", note);
}

static void fill_facts(SnApp *app, SnView *view, const SnMessage *message)
{
	g_autofree char *when = sn_words_full(message->time);
	g_autofree char *size = message->size > 0 ? sn_text_size(message->size) : NULL;

	sn_page_line(view->page, 0, NULL);
	if (message->subject)
		sn_page_fact(view->page, 0, "Subject", message->subject);
	fill_parties(view, message);
	sn_page_fact(view->page, 0, "Date", when);
	sn_page_fact(view->page, 0, "By", sn_words_channel(message->channel));
	if (message->direction == SN_OUT)
		sn_page_fact(view->page, 0, "State", sn_words_state(message->state));
	if (size)
		sn_page_fact(view->page, 0, "Size", size);
	if (message->authentication) {
		g_autofree char *checks =
			sn_words_checks(message->authentication, message->sender_value);
		sn_page_fact(view->page, 0, "Checks", checks);
	}
	if (message->encrypted)
		sn_page_fact(view->page, 0, "Encrypted", "yes");
	fill_standing(app, view, message);
	if (message->notice)
		sn_page_fact(view->page, 0, "Note", message->notice);
	fill_list(app, view, message);
}

static void fill_parts(SnView *view, const SnMessage *message)
{
	gboolean any = FALSE;

	for (guint i = 0; message->parts && i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		g_autofree char *size = part->size >= 0 ? sn_text_size(part->size) : NULL;
		if (!any)
			sn_page_heading(view->page, "Files");
		any = TRUE;
		sn_page_line(view->page, sn_files_row(part->position), NULL);
		sn_page_addf(view->page, SN_OBJ_ATTACHMENT, "   %s",
		             part->name ? part->name : "without a name");
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %s%s%s%s%s%s", part->type ? part->type : "",
		             size ? "  " : "", size ? size : "",
		             part->inline_                        ? "  within the text"
		             : sn_files_is_here(message, part) ? ""
		                                                  : ", not here yet",
		             part->path ? "  saved: " : "", part->path ? part->path : "");
	}
}

/* What others say this message was, each below what differs. */
static void fill_disputes(SnApp *app, SnView *view, const SnMessage *message, gint64 *id)
{
	g_autoptr(GPtrArray) tellers = sn_message_told(app->store, message->id);

	for (guint i = 0; i < tellers->len; i++) {
		const SnTold *one = g_ptr_array_index(tellers, i);
		g_autofree char *when = sn_words_full(one->time);
		g_autofree char *what = sn_differs_words(one->differs);
		if (!one->differs)
			continue;
		g_autofree char *title = g_strdup_printf("As %s tells it: another %s",
		                                         one->by_self ? "you" : one->by_name, what);
		sn_page_heading(view->page, title);
		if (one->differs & SN_DIFFERS_SENDER)
			sn_page_fact(view->page, 0, "From", one->sender ? one->sender : "?");
		if (one->differs & SN_DIFFERS_SUBJECT)
			sn_page_fact(view->page, 0, "Subject", one->subject ? one->subject : "(none)");
		if (one->differs & SN_DIFFERS_TIME)
			sn_page_fact(view->page, 0, "Date", when);
		if (one->differs & SN_DIFFERS_TEXT)
			add_lines(app, view, one->text && *one->text ? one->text : "(no text)", id);
	}
}

static void add_tied(SnApp *app, SnView *view, const SnMessage *message)
{
	gboolean im = message->channel == SN_CHANNEL_IM;
	g_autofree char *when = sn_words_when(message->time, sn_app_now(app));
	g_autofree char *text = sn_text_clean_line(
		message->subject ? message->subject : message->preview ? message->preview : "", -1);

	sn_page_line(view->page, TOLD_ROWS + message->id, NULL);
	sn_page_addf(view->page, SN_OBJ_LIST_TIME, "   %s", when);
	sn_page_tab(view->page, 12);
	sn_page_addf(view->page, im ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL, "%-6s",
	             sn_channel_word(message->channel));
	sn_page_addf(view->page, SN_OBJ_DEFAULT, "%s", text);
	if (message->contradicted & ~(guint)SN_DIFFERS_TELLER)
		sn_page_add(view->page, SN_OBJ_WARNING, "  ! told otherwise");
	else if (!message->carried)
		sn_page_add(view->page, SN_OBJ_FAINT, "  you have it yourself");
}

/* What came along, also where it was here already, and the files that brought it. */
static void fill_brought(SnApp *app, SnView *view, const SnMessage *message)
{
	g_autoptr(GPtrArray) brought = sn_message_carried(app->store, message->id, 0);
	g_autoptr(GPtrArray) attached = sn_message_attached(app->store, message->id, SN_MESSAGE_FULL);
	gboolean files = FALSE;

	if (brought && brought->len)
		sn_page_heading(view->page, "Earlier messages that came along");
	for (guint i = 0; brought && i < brought->len; i++)
		add_tied(app, view, g_ptr_array_index(brought, i));
	for (guint i = 0; i < attached->len; i++) {
		const SnMessage *one = g_ptr_array_index(attached, i);
		for (guint j = 0; one->parts && j < one->parts->len; j++) {
			const SnPart *part = g_ptr_array_index(one->parts, j);
			if (!files)
				sn_page_heading(view->page, "Files that brought them");
			files = TRUE;
			sn_page_line(view->page, TOLD_ROWS + one->id, NULL);
			sn_page_addf(view->page, SN_OBJ_ATTACHMENT, "   %s",
			             part->name ? part->name : "without a name");
		}
	}
}

/* A rule across the view: text of a message never begins in its first column. */
static void add_rule(SnApp *app, SnView *view, int alarm, const char *words)
{
	SnObject object;
	const char *mark = sn_secure_mark(alarm, &object);
	g_autofree char *line = g_strdup_printf("%s%s%s", mark + strspn(mark, " "), *mark ? " " : "", words);

	sn_page_divider(view->page, object, line);
	if (sn_text_width(line) > sn_page_columns(view->page) - 8)
		sn_page_wrap(view->page, 0, NULL, 3, sn_theme_style(app->theme, object), words);
}

static void fill_opened_files(SnView *view, const SnOpened *opened)
{
	g_autoptr(GPtrArray) files = sn_secure_files(opened);

	if (files->len)
		sn_page_heading(view->page, "Files within");
	for (guint i = 0; i < files->len; i++) {
		const SnOpenedFile *file = g_ptr_array_index(files, i);
		g_autofree char *size = sn_text_size((gint64)g_bytes_get_size(file->bytes));
		sn_page_line(view->page, sn_files_row(SN_SECURE_FILES + (int)i), NULL);
		sn_page_addf(view->page, SN_OBJ_ATTACHMENT, "   %s",
		             file->name ? file->name : "without a name");
		sn_page_addf(view->page, SN_OBJ_FAINT, "  %s  %s", file->type ? file->type : "", size);
	}
}

static void fill_signature(SnView *view, const SnSignature *signature)
{
	g_autofree char *when = signature->made ? sn_words_full(signature->made) : NULL;

	if (signature->fingerprint)
		sn_page_fact(view->page, 0, signature->smime ? "Certificate" : "Key",
		             signature->fingerprint);
	if (when)
		sn_page_fact(view->page, 0, "Signed on", when);
}

/* The text, part by part, each below a rule that says what covers it. */
static void fill_text(SnApp *app, SnView *view, const SnMessage *message, gint64 *id)
{
	const SnOpened *opened = sn_secure_look(app, message);
	const char *pending = sn_secure_pending(app, message);
	g_autofree char *words = opened ? sn_opened_words(opened) : NULL;

	if (pending || words)
		add_rule(app, view, words ? sn_opened_alarm(opened) : -1, words ? words : pending);
	for (guint i = 0; words && i < opened->signatures->len; i++)
		fill_signature(view, g_ptr_array_index(opened->signatures, i));
	if (words && opened->subject) {
		g_autofree char *subject = g_strdup_printf(
			"%s (%s)", opened->subject,
			opened->subject_signature ? "as signed" : "encrypted, not signed");
		sn_page_fact(view->page, 0, "Real subject", subject);
	}
	if (words && (opened->lock == SN_LOCK_ASK || opened->lock == SN_LOCK_PARTLY))
		sn_page_note(view->page, "U opens it; gpg asks for your passphrase.");
	if (!words || !opened->parts->len) {
		sn_page_line(view->page, 0, NULL);
		add_body(app, view, message, id);
		return;
	}
	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = g_ptr_array_index(opened->parts, i);
		g_autofree char *part_words = sn_opened_part_words(part);
		if (opened->parts->len > 1)
			add_rule(app, view, sn_opened_part_alarm(part), part_words);
		else
			sn_page_line(view->page, 0, NULL);
		add_lines(app, view, *part->text ? part->text : "(no text)", id);
	}
	add_rule(app, view, 0, "end of what was checked");
	fill_opened_files(view, opened);
}

static void fill_attached(SnApp *app, SnView *view, gint64 *id)
{
	const char *text = read_text(view);

	if (!text)
		return;
	sn_page_line(view->page, 0, NULL);
	add_lines(app, view, text, id);
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(SnMessage) message = sn_message_get(app->store, view->subject, SN_MESSAGE_FULL);
	gint64 id = TEXT_IDS;

	if (view->argument) {
		const char *text = read_text(view);
		if (text)
			add_lines(app, view, text, &id);
		else
			sn_page_note(view->page, "Reading ...");
		return;
	}
	if (!message)
		return;
	if (message->conversation == sn_timeline_conversation_id(app->timeline))
		sn_page_sought(view->page, sn_timeline_sought(app->timeline));
	fill_facts(app, view, message);
	fill_parts(view, message);
	fill_text(app, view, message, &id);
	fill_attached(app, view, &id);
	fill_disputes(app, view, message, &id);
	fill_brought(app, view, message);
}

static void activate(SnApp *app, SnView *view)
{
	gint64 row = sn_page_selected(view->page);
	int position = sn_files_position(row);

	if (row > TOLD_ROWS)
		sn_view_open(app, &sn_view_message, NULL, row - TOLD_ROWS);
	else if (position >= 0)
		sn_files_open(app, view->subject, position, NULL);
}

static char *note(SnApp *app, SnView *view)
{
	return g_strdup(view->argument ? view->argument : "");
}

const SnViewOps sn_view_message = {
	.name = "message",
	.title = "Message",
	.empty = "This message is no longer there.",
	.open = open_view,
	.close = close_view,
	.fill = fill,
	.activate = activate,
	.note = note,
};
