/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a message looks in the timeline. */
#include "ui/timeline_private.h"

#include <string.h>

#include "src/base/omemo.h"
#include "src/store/amend.h"
#include "src/store/told.h"
#include "src/text/styling.h"
#include "src/text/text.h"
#include "ui/files.h"
#include "ui/room.h"
#include "ui/unsubscribe.h"
#include "ui/words.h"

enum {
	INDENT = SN_TIMELINE_INDENT,
	BODY_LINES_MAX = 400,  /* of one message; the message view shows the rest */
	FILES_MAX = 20,        /* of one message, as long as nothing happens to them */
	QUOTE_SHOWN = 2,       /* quotes up to this many lines are not folded */
	LINKS_SHOWN = 2,       /* as many addresses below a text are not folded */
	TOGETHER = 10,         /* minutes within which messages of one person share a heading */
};

typedef struct {
	SnTimeline *timeline;
	SnPage *page;
	const SnTheme *theme;
	const SnMessage *message;
	SnStyle body;       /* of this message's text */
	const SnOpened *opened; /* what is shown in place of its text; NULL */
	GArray *styles;     /* of SnStyledRun of its text; NULL */
	int lines;          /* drawn so far of its body */
	gboolean open;      /* quotes and signature are shown */
	gboolean apart;     /* something else stands right above it */
	guint last;         /* of the messages: where a row that stands for several ends */
} Fill;

static gboolean is_open(const SnTimeline *timeline, SnId id)
{
	gpointer how = g_hash_table_lookup(timeline->folds, &id);

	return how ? GPOINTER_TO_INT(how) == 'o' : timeline->fold_all == 'o';
}

/* State of an outgoing message, with its reason and what comes next where there is one. */
static char *state_words(Fill *fill)
{
	const SnMessage *message = fill->message;
	const SnOutboxEntry *entry = g_hash_table_lookup(fill->timeline->entries, &message->id);
	g_autofree char *words = NULL;

	/* what became of a message that was only told, nobody here knows */
	if (message->direction != SN_OUT || message->state == SN_STATE_RECEIVED || message->carried)
		return g_strdup("");
	words = entry ? sn_words_entry(entry, sn_app_now(fill->timeline->app))
	              : g_strdup(sn_words_state(message->state));
	return g_strdup_printf("%s %s", sn_words_state_mark(message->state), words);
}

/* A long state goes on a line of its own. */
static void add_state_line(Fill *fill, const char *words)
{
	sn_page_wrap(fill->page, fill->message->id, (gpointer)fill->message, INDENT,
	             sn_theme_style(fill->theme, sn_words_state_object(fill->message->state)), words);
}

static SnStyle name_style(Fill *fill)
{
	const SnMessage *message = fill->message;

	if (message->direction == SN_OUT)
		return sn_theme_style(fill->theme, SN_OBJ_SENDER_SELF);
	if (fill->timeline->room) /* whatever the nick */
		return sn_theme_name(fill->theme, message->occupant    ? message->occupant
		                                  : message->sender_name ? message->sender_name
		                                                         : "");
	return sn_theme_name(fill->theme, message->sender_value ? message->sender_value : "");
}

static void add_time(Fill *fill)
{
	g_autofree char *time =
		sn_words_time(fill->message->time, fill->timeline->app->settings->ui_timestamps);

	sn_page_add(fill->page, SN_OBJ_TIME, time);
	sn_page_tab(fill->page, INDENT);
}

/* Of an IM only what was opened here: what it says of itself is its sender's word. */
static gboolean is_encrypted(const SnMessage *message)
{
	return message->channel == SN_CHANNEL_MAIL || message->carried
	               ? message->encrypted
	               : (message->secure & SN_E2E_OPENED) != 0;
}

/* One clear word where it is not as it should be, in the column where no text of a message stands. */
static void fill_e2e(Fill *fill)
{
	const SnMessage *message = fill->message;
	const char *words = message->channel == SN_CHANNEL_IM
	                            ? sn_e2e_words(message->secure, message->direction == SN_OUT)
	                            : NULL;

	if (words)
		sn_timeline_add_mark(fill->timeline, message, sn_e2e_alarm(message->secure), words);
}

static void fill_heading(Fill *fill)
{
	const SnMessage *message = fill->message;
	gboolean im = message->channel == SN_CHANNEL_IM;
	g_autofree char *state = state_words(fill);
	gboolean fits = sn_text_width(state) < sn_page_columns(fill->page) - INDENT - 20;

	sn_page_line(fill->page, message->id, (gpointer)message);
	add_time(fill);
	sn_page_add_style(fill->page, name_style(fill), sn_timeline_sender(message));
	sn_page_addf(fill->page, im ? SN_OBJ_CHANNEL_IM : SN_OBJ_CHANNEL_MAIL, "  %s",
	             im ? "im" : "mail");
	if (message->mention)
		sn_page_add(fill->page, SN_OBJ_NEW, "  to you");
	if (is_encrypted(message))
		sn_page_add(fill->page, SN_OBJ_SUCCESS,
		            message->secure & SN_E2E_VERIFIED ? "  encrypted, verified" : "  encrypted");
	if (message->flags & SN_FLAG_FLAGGED)
		sn_page_add(fill->page, SN_OBJ_WARNING, "  flagged");
	if (message->flags & SN_FLAG_DELETED)
		sn_page_add(fill->page, SN_OBJ_FAINT, "  deleted");
	if (message->carried)
		sn_page_addf(fill->page, SN_OBJ_CARRIED, "  told by %s",
		             sn_timeline_teller(fill->timeline, message));
	if (g_hash_table_contains(fill->timeline->marks, &message->id))
		sn_page_add(fill->page, SN_OBJ_MARKED, "  marked");
	if (fits && *state)
		sn_page_right(fill->page, sn_words_state_object(message->state), state);
	else if (*state)
		add_state_line(fill, state);
}

/* One line of ours about the message. */
static void add_remark(Fill *fill, SnObject object, const char *text)
{
	if (text)
		sn_page_wrap(fill->page, fill->message->id, (gpointer)fill->message, INDENT,
		             sn_theme_style(fill->theme, object), text);
}

/* What it answers, and whether it is to be believed: above the text. */
static void fill_standing(Fill *fill, const char *answers)
{
	const SnMessage *message = fill->message;
	g_autofree char *disputed = sn_timeline_disputed(fill->timeline, message);

	if (answers) {
		g_autofree char *fit = sn_text_fit(answers, MAX(sn_page_columns(fill->page) - INDENT, 8));
		add_remark(fill, SN_OBJ_FOLD, fit);
	}
	if (message->carried && message->direction == SN_OUT)
		add_remark(fill, SN_OBJ_WARNING, "you have no record of it");
	add_remark(fill, SN_OBJ_WARNING, disputed);
}

/* What came along with it, and where it was answered: below the text. */
static void fill_ties(Fill *fill)
{
	g_autofree char *brought = sn_timeline_brought(fill->message);
	g_autofree char *answered = sn_timeline_answered(fill->timeline, fill->message);
	gboolean differs = fill->message->contradicted & SN_DIFFERS_TELLER;

	add_remark(fill, differs ? SN_OBJ_WARNING : SN_OBJ_FOLD, brought);
	add_remark(fill, SN_OBJ_FAINT, answered);
}

/* offset: of the text in that which has the styles. */
static void add_text(Fill *fill, SnStyle style, const char *text, gsize offset)
{
	g_auto(GStrv) lines = NULL;

	if (fill->lines >= BODY_LINES_MAX)
		return;
	lines = g_strsplit(text, "\n", BODY_LINES_MAX + 1);
	for (char **line = lines; *line && fill->lines < BODY_LINES_MAX; line++) {
		int before = sn_page_lines(fill->page);
		if (!line[1] && !**line)
			break; /* what follows the last newline */
		sn_page_style_runs(fill->page, fill->styles, offset);
		offset += strlen(*line) + 1;
		sn_page_wrap(fill->page, fill->message->id, (gpointer)fill->message, INDENT, style, *line);
		fill->lines += sn_page_lines(fill->page) - before;
	}
	sn_page_style_runs(fill->page, NULL, 0);
}

static int count_lines(const char *text, gsize length)
{
	int lines = 0;

	for (gsize i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines + (length > 0 && text[length - 1] != '\n');
}

static void add_fold(Fill *fill, const char *what, int lines)
{
	sn_page_line(fill->page, fill->message->id, (gpointer)fill->message);
	sn_page_tab(fill->page, INDENT);
	sn_page_addf(fill->page, SN_OBJ_FOLD, "%s[+%d line%s]", what, lines, lines == 1 ? "" : "s");
	fill->lines++;
}

static void fill_block(Fill *fill, const char *body, const SnBlock *block)
{
	g_autofree char *text = g_strndup(body + block->start, block->end - block->start);
	int lines = count_lines(text, strlen(text));

	switch (block->kind) {
	case SN_BLOCK_TEXT: add_text(fill, fill->body, text, block->start); break;
	case SN_BLOCK_ATTRIBUTION:
		if (fill->open)
			add_text(fill, sn_theme_style(fill->theme, SN_OBJ_QUOTE), text, block->start);
		break;
	case SN_BLOCK_QUOTE:
		if (fill->open || lines <= QUOTE_SHOWN)
			add_text(fill, sn_theme_style(fill->theme, SN_OBJ_QUOTE), text, block->start);
		else
			add_fold(fill, "quote ", lines);
		break;
	case SN_BLOCK_LINKS:
		if (fill->open || lines <= LINKS_SHOWN)
			add_text(fill, sn_theme_style(fill->theme, SN_OBJ_SIGNATURE), text, block->start);
		else
			add_fold(fill, "links ", lines);
		break;
	case SN_BLOCK_SIGNATURE:
		if (fill->open)
			add_text(fill, sn_theme_style(fill->theme, SN_OBJ_SIGNATURE), text, block->start);
		else
			add_fold(fill, "signature ", lines);
		break;
	}
}

/* The text without the blank lines around it. */
static char *trimmed(const char *body)
{
	const char *start = body;
	gsize length;

	for (const char *p = body; *p && g_ascii_isspace(*p); p++)
		if (*p == '\n')
			start = p + 1;
	length = strlen(start);
	while (length > 0 && g_ascii_isspace(start[length - 1]))
		length--;
	return g_strndup(start, length);
}

GArray *sn_timeline_styles(const SnApp *app, const SnMessage *message, const char *text)
{
	return message->channel == SN_CHANNEL_IM && !(message->flags & SN_FLAG_UNSTYLED) &&
	                       app->settings->ui_styling
	               ? sn_text_styling(text)
	               : NULL;
}

static void find_styles(Fill *fill, const char *body)
{
	g_clear_pointer(&fill->styles, g_array_unref);
	fill->styles = sn_timeline_styles(fill->timeline->app, fill->message, body);
}

/* Something besides quotes and a signature. */
static gboolean has_text(const char *body, const GArray *blocks)
{
	for (guint i = 0; i < blocks->len; i++) {
		const SnBlock *block = &g_array_index(blocks, SnBlock, i);
		for (gsize at = block->start; block->kind == SN_BLOCK_TEXT && at < block->end; at++)
			if (!g_ascii_isspace(body[at]))
				return TRUE;
	}
	return FALSE;
}

/* An IM that is nothing but files has their names as its text, which stand below anyway. */
static gboolean is_names(const SnMessage *message)
{
	g_autoptr(GString) names = g_string_new(NULL);

	if (message->channel != SN_CHANNEL_IM || !message->parts || !message->parts->len || !message->body)
		return FALSE;
	for (guint i = 0; i < message->parts->len; i++) {
		const SnPart *part = g_ptr_array_index(message->parts, i);
		g_string_append_printf(names, "%s%s", i ? ", " : "", part->name ? part->name : "a file");
	}
	return strcmp(names->str, message->body) == 0;
}

static gboolean is_history(const SnMessage *message)
{
	return g_strcmp0(message->notice, SN_NOTICE_HISTORY) == 0;
}

static void fill_body(Fill *fill, const char *text)
{
	g_autofree char *body = trimmed(text ? text : "");
	g_autoptr(GArray) blocks = NULL;
	gboolean all;

	if (!*body)
		return;
	if (is_history(fill->message) && !is_open(fill->timeline, fill->message->id)) {
		add_fold(fill, SN_NOTICE_HISTORY " ", count_lines(body, strlen(body)));
		return;
	}
	blocks = sn_text_blocks(body);
	find_styles(fill, body);
	all = !has_text(body, blocks); /* nothing but a quote is not folded away */
	fill->open = all || is_open(fill->timeline, fill->message->id);
	for (guint i = 0; i < blocks->len; i++)
		fill_block(fill, body, &g_array_index(blocks, SnBlock, i));
	if (fill->lines >= BODY_LINES_MAX) {
		sn_page_line(fill->page, fill->message->id, (gpointer)fill->message);
		sn_page_tab(fill->page, INDENT);
		sn_page_add(fill->page, SN_OBJ_FOLD, "[the rest: Enter]");
	}
}

/* What was verified or opened, each part below its own mark where they differ. */
static void fill_opened(Fill *fill, const SnOpened *opened)
{
	gboolean partly = sn_opened_partly(opened) || opened->lock == SN_LOCK_PARTLY;

	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = g_ptr_array_index(opened->parts, i);
		g_autofree char *words = sn_opened_part_words(part);
		if (!*part->text && !part->files->len)
			continue;
		if (partly || (opened->signatures->len > 1 && opened->parts->len > 1))
			sn_timeline_add_mark(fill->timeline, fill->message, sn_opened_part_alarm(part),
			                     words);
		fill_body(fill, part->text);
	}
}

/* Where the file is, and how far. A file of an IM that came lies in the profile. */
static void fill_transfer(Fill *fill, const SnPart *part)
{
	const SnMessage *message = fill->message;
	gboolean offered = part->url && message->channel == SN_CHANNEL_IM && message->direction == SN_IN;

	if (part->total > 0)
		sn_page_addf(fill->page, SN_OBJ_STATE_PENDING, ", %d%% %s",
		             (int)(100.0 * (double)part->done / (double)part->total),
		             message->direction == SN_OUT ? "sent" : "here");
	else if (part->fault)
		sn_page_add(fill->page, SN_OBJ_WARNING, ", not here:");
	else if (!sn_files_is_here(message, part))
		sn_page_add(fill->page, SN_OBJ_FAINT, ", not here yet");
	else if (offered && !part->path)
		sn_page_add(fill->page, SN_OBJ_FAINT, ", s fetches it");
	if (part->path)
		sn_page_add(fill->page, SN_OBJ_FAINT, "  saved");
	if (part->path && part->type && g_str_has_prefix(part->type, "image/"))
		sn_page_add(fill->page, SN_OBJ_FAINT, ", gi shows it");
	if (part->fault && !part->total) {
		g_autofree char *fault = sn_text_clean_line(part->fault, -1);
		sn_page_wrap(fill->page, message->id, (gpointer)message, INDENT,
		             sn_theme_style(fill->theme, SN_OBJ_WARNING), fault);
	}
}

static void fill_part(Fill *fill, const SnPart *part)
{
	sn_page_line(fill->page, fill->message->id, (gpointer)fill->message);
	sn_page_tab(fill->page, INDENT);
	sn_page_addf(fill->page, SN_OBJ_ATTACHMENT, "file %s",
	             part->name ? part->name : part->type ? part->type : "without a name");
	if (part->size >= 0) {
		g_autofree char *size = sn_text_size(part->size);
		sn_page_addf(fill->page, SN_OBJ_FAINT, "  %s", size);
	}
	fill_transfer(fill, part);
}

static void fill_parts(Fill *fill)
{
	const GPtrArray *parts = fill->message->parts;
	int shown = 0, more = 0;

	if (fill->opened) {
		sn_timeline_fill_secure_files(fill->timeline, fill->message, fill->opened);
		return;
	}
	for (guint i = 0; parts && i < parts->len; i++) {
		const SnPart *part = g_ptr_array_index(parts, i);
		if (part->inline_)
			continue;
		if (shown >= FILES_MAX && part->total == 0 && !part->fault) {
			more++;
			continue;
		}
		fill_part(fill, part);
		shown++;
	}
	if (!more)
		return;
	sn_page_line(fill->page, fill->message->id, (gpointer)fill->message);
	sn_page_tab(fill->page, INDENT);
	sn_page_addf(fill->page, SN_OBJ_FOLD, "[%d more %s: Enter]", more, more == 1 ? "file" : "files");
}

static void fill_notice(Fill *fill)
{
	if (fill->message->notice && !is_history(fill->message))
		sn_page_wrap(fill->page, fill->message->id, (gpointer)fill->message, INDENT,
		             sn_theme_style(fill->theme, SN_OBJ_FAINT), fill->message->notice);
}

/* Whether the list that it came by was left. */
static void fill_leave(Fill *fill)
{
	SnObject object = SN_OBJ_FAINT;
	g_autofree char *note = sn_unsubscribe_note(fill->timeline->app, fill->message, &object);

	if (note)
		sn_page_wrap(fill->page, fill->message->id, (gpointer)fill->message, INDENT,
		             sn_theme_style(fill->theme, object), note);
}

static void fill_question(Fill *fill)
{
	GPtrArray *questions = fill->timeline->questions;

	for (guint i = 0; questions && i < questions->len; i++) {
		const SnQuestion *question = g_ptr_array_index(questions, i);
		if (question->message != fill->message->id)
			continue;
		/* a contact's question is the message itself */
		if (g_strcmp0(question->question, fill->message->body) != 0 &&
		    fill->message->channel == SN_CHANNEL_MAIL)
			sn_page_wrap(fill->page, fill->message->id, (gpointer)fill->message, INDENT,
			             sn_theme_style(fill->theme, SN_OBJ_QUESTION),
			             question->question);
		sn_page_line(fill->page, fill->message->id, (gpointer)fill->message);
		sn_page_tab(fill->page, INDENT);
		sn_page_add(fill->page, SN_OBJ_QUESTION, "Answer with one key: ");
		for (guint n = 0; question->labels[n]; n++) {
			sn_page_addf(fill->page, SN_OBJ_KEY, " %u", n + 1);
			sn_page_addf(fill->page, SN_OBJ_QUESTION, " %s ", question->labels[n]);
		}
	}
}

/* "Re: Re: Fwd: plans" and "plans" are one subject. */
static const char *bare_subject(const char *subject)
{
	static const char *const prefixes[] = { "re:", "aw:", "fwd:", "fw:", "wg:", "sv:", "antw:" };
	gboolean again = TRUE;

	while (again) {
		again = FALSE;
		while (*subject == ' ')
			subject++;
		for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
			if (g_ascii_strncasecmp(subject, prefixes[i], strlen(prefixes[i])) == 0) {
				subject += strlen(prefixes[i]);
				again = TRUE;
			}
	}
	return subject;
}

static gboolean same_subject(const char *a, const char *b)
{
	return a && b && g_ascii_strcasecmp(bare_subject(a), bare_subject(b)) == 0;
}

/* A message right after another of the same person on the same channel needs no heading. */
static gboolean goes_on(Fill *fill, const SnMessage *before)
{
	const SnMessage *message = fill->message;

	if (fill->apart || message->mention)
		return FALSE;
	if (fill->timeline->room && before &&
	    (g_strcmp0(before->occupant, message->occupant) != 0 ||
	     g_strcmp0(before->sender_name, message->sender_name) != 0))
		return FALSE;
	return before && before->direction == message->direction && before->sender == message->sender &&
	       message->channel == SN_CHANNEL_IM && before->channel == SN_CHANNEL_IM &&
	       before->carried == message->carried && before->carried_by == message->carried_by &&
	       !message->contradicted && !message->amended && before->secure == message->secure &&
	       before->encrypted == message->encrypted && before->state == message->state &&
	       message->state != SN_STATE_WAITING && message->state != SN_STATE_FAILED &&
	       message->state != SN_STATE_CHOOSING && message->state != SN_STATE_ASKED &&
	       message->time - before->time < TOGETHER * SN_MINUTE &&
	       !g_hash_table_contains(fill->timeline->marks, &message->id);
}

/* The first line of a message without a heading begins with its time. */
static void fill_short(Fill *fill)
{
	g_autofree char *body = trimmed(fill->message->body ? fill->message->body : "");
	g_autofree char *first = g_strndup(body, strcspn(body, "\n"));
	g_autoptr(GArray) spans =
		sn_text_wrap(first, MAX(sn_page_columns(fill->page) - INDENT, 8));
	SnSpan span = g_array_index(spans, SnSpan, 0);

	find_styles(fill, body);
	sn_page_line(fill->page, fill->message->id, (gpointer)fill->message);
	add_time(fill);
	sn_page_style_runs(fill->page, fill->styles, 0);
	sn_page_add_linked(fill->page, fill->body, first, span.start, span.end);
	if (spans->len > 1)
		add_text(fill, fill->body, first + g_array_index(spans, SnSpan, 1).start,
		         g_array_index(spans, SnSpan, 1).start);
	if (body[strlen(first)])
		add_text(fill, fill->body, body + strlen(first) + 1, strlen(first) + 1);
	sn_page_style_runs(fill->page, NULL, 0);
}

/* What happened in the room before this time, and is not told yet. */
static void fill_lines(SnTimeline *timeline, SnTime until, guint *next)
{
	SnPage *page = timeline->page;
	SnStyle faint = sn_theme_style(timeline->app->theme, SN_OBJ_FAINT);

	for (; timeline->lines && *next < timeline->lines->len; (*next)++) {
		const SnRoomLine *line = g_ptr_array_index(timeline->lines, *next);
		if (line->time > until)
			return;
		g_autofree char *time =
			sn_words_time(line->time, timeline->app->settings->ui_timestamps);
		g_autofree char *text = sn_text_clean_line(line->text, -1);
		g_autoptr(GArray) spans = sn_text_wrap(text, MAX(sn_page_columns(page) - INDENT, 8));
		SnStyle style = line->kind == SN_ROOM_LINE_ERROR
		                        ? sn_theme_style(timeline->app->theme, SN_OBJ_WARNING)
		                        : faint;
		for (guint i = 0; i < spans->len; i++) {
			const SnSpan *span = &g_array_index(spans, SnSpan, i);
			sn_page_line(page, 0, NULL);
			if (i == 0)
				sn_page_add(page, SN_OBJ_TIME, time);
			sn_page_tab(page, INDENT);
			sn_page_add_bytes(page, style, text + span->start, span->end - span->start);
		}
	}
}

static void fill_dividers(Fill *fill, const SnMessage *before, const char **subject)
{
	const SnMessage *message = fill->message;
	SnTimeline *timeline = fill->timeline;

	if (!before || !sn_words_same_day(before->time, message->time)) {
		g_autofree char *day = sn_words_day(message->time, sn_app_now(timeline->app));
		if (before)
			sn_page_line(fill->page, 0, NULL);
		sn_page_divider(fill->page, SN_OBJ_DAY, day);
	}
	if (message->id == timeline->first_new)
		sn_page_divider(fill->page, SN_OBJ_NEW, "new");
	if (message->channel == SN_CHANNEL_MAIL && message->subject && *message->subject &&
	    !same_subject(*subject, message->subject)) {
		g_autofree char *line = sn_text_clean_line(message->subject, -1);
		sn_page_line(fill->page, 0, NULL);
		sn_page_line(fill->page, message->id, (gpointer)message);
		sn_page_tab(fill->page, INDENT);
		sn_page_add(fill->page, SN_OBJ_SUBJECT, line);
		*subject = message->subject;
	}
}

static void fill_message(Fill *fill, const SnMessage *before, const char **subject)
{
	const SnMessage *message = fill->message;
	int lines = sn_page_lines(fill->page);
	g_autofree char *answers = sn_timeline_answers(fill->timeline, message, before);
	gboolean open = is_open(fill->timeline, message->id), short_form;

	fill->body = sn_theme_style(fill->theme, message->carried           ? SN_OBJ_CARRIED
	                                         : message->direction == SN_OUT ? SN_OBJ_BODY_SELF
	                                                                    : SN_OBJ_BODY);
	fill_dividers(fill, before, subject);
	short_form = sn_page_lines(fill->page) == lines && message->body && *message->body &&
	             *message->body != '>' && !is_history(message) && !is_names(message) && !answers &&
	             goes_on(fill, before);
	if (!short_form && before && sn_page_lines(fill->page) == lines)
		sn_page_line(fill->page, 0, NULL);
	if (short_form) {
		fill_short(fill);
	} else {
		fill_heading(fill);
		fill_e2e(fill);
		fill_standing(fill, answers);
		fill->opened = sn_timeline_fill_secure(fill->timeline, message);
		if (sn_timeline_fill_retracted(fill->timeline, message, open) && !open)
			;
		else if (fill->opened)
			fill_opened(fill, fill->opened);
		else if (!is_names(message))
			fill_body(fill, message->body);
	}
	if (open || !(message->amended & SN_AMENDED_RETRACTED))
		fill_parts(fill);
	sn_timeline_fill_amends(fill->timeline, message, open);
	sn_timeline_fill_outcome(fill->timeline, message);
	fill_notice(fill);
	fill_leave(fill);
	fill_ties(fill);
	fill_question(fill);
	g_clear_pointer(&fill->styles, g_array_unref);
}

/* ---- what this device cannot read ---- */

static gboolean is_unreadable(const SnTimeline *timeline, guint at)
{
	const SnMessage *message = g_ptr_array_index(timeline->messages, at);

	return message->channel == SN_CHANNEL_IM && message->secure & SN_E2E_CLOSED &&
	       SN_E2E_WHY(message->secure) == SN_E2E_WHY_NOT_FOR_US &&
	       !g_hash_table_contains(timeline->marks, &message->id);
}

/*
 * How many from here on stand in one row: a new device finds an archive full of them. The newest of
 * them is the row's, and opens it. Somebody who goes to one of them gets to see it.
 */
static guint count_unreadable(SnTimeline *timeline, guint at)
{
	const SnMessage *last = NULL;
	gboolean wanted = FALSE;
	guint count = 0;

	for (; at + count < timeline->messages->len && is_unreadable(timeline, at + count);
	     count++) {
		const SnMessage *message = g_ptr_array_index(timeline->messages, at + count);
		if (count && message->id == timeline->first_new)
			break;
		wanted = wanted || message->id == timeline->go_to;
		last = message;
	}
	if (wanted && count > 1)
		g_hash_table_insert(timeline->folds, g_memdup2(&last->id, sizeof(SnId)),
				    GINT_TO_POINTER('o'));
	return last && is_open(timeline, last->id) ? 0 : count;
}

static void fill_unreadable(Fill *fill, guint count, const SnMessage *before, const char **subject)
{
	int lines = sn_page_lines(fill->page);
	g_autofree char *text = g_strdup_printf(
		"%u messages cannot be read here: they were not encrypted for this device", count);

	fill_dividers(fill, before, subject);
	if (before && sn_page_lines(fill->page) == lines)
		sn_page_line(fill->page, 0, NULL);
	fill->message = g_ptr_array_index(fill->timeline->messages, fill->last);
	add_remark(fill, SN_OBJ_FOLD, text);
}

static void fill_empty(SnTimeline *timeline)
{
	sn_page_line(timeline->page, 0, NULL);
	if (!timeline->id)
		sn_page_note(timeline->page, "Choose a conversation on the left, or write to somebody with m.");
	else
		sn_page_note(timeline->page, "Nothing has been said here yet. i begins to write.");
}

void sn_timeline_fill(SnTimeline *timeline, int columns)
{
	const SnMessage *before = NULL;
	const char *subject = NULL;
	guint line = 0;

	sn_page_clear(timeline->page, timeline->app->theme, columns);
	if (timeline->room) {
		g_auto(GStrv) words = sn_room_highlights(timeline->app, timeline->room);
		sn_page_highlight(timeline->page, (const char *const *)words);
	}
	sn_page_sought(timeline->page, sn_timeline_sought(timeline));
	if (!timeline->at_oldest && timeline->messages->len) {
		sn_page_line(timeline->page, 0, NULL);
		sn_page_add(timeline->page, SN_OBJ_FAINT, " ...");
	}
	for (guint i = 0; i < timeline->messages->len; i++) {
		const SnMessage *message = g_ptr_array_index(timeline->messages, i);
		Fill fill = { .timeline = timeline, .page = timeline->page,
			      .theme = timeline->app->theme, .message = message };
		guint told = line, unreadable = count_unreadable(timeline, i);

		fill_lines(timeline, message->time, &line);
		fill.apart = line > told;
		if (unreadable > 1) {
			i += unreadable - 1;
			fill.last = i;
			fill_unreadable(&fill, unreadable, before, &subject);
		} else {
			fill_message(&fill, before, &subject);
		}
		before = fill.message;
	}
	if (timeline->messages->len == 0 && !(timeline->lines && timeline->lines->len))
		fill_empty(timeline);
	fill_lines(timeline, G_MAXINT64, &line);
}
