/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was signed and encrypted, in the timeline: marks in the column of the times, where no text of
 * a message ever stands. */
#include "ui/timeline_private.h"

#include "src/text/text.h"
#include "ui/secure.h"

void sn_timeline_add_mark(SnTimeline *timeline, const SnMessage *message, int alarm, const char *words)
{
	SnPage *page = timeline->page;
	g_autofree char *clean = sn_text_clean_line(words, -1);
	g_autoptr(GArray) spans =
		sn_text_wrap(clean, MAX(sn_page_columns(page) - SN_TIMELINE_INDENT, 8));
	SnObject object;
	const char *mark = sn_secure_mark(alarm, &object);

	for (guint i = 0; i < spans->len; i++) {
		SnSpan span = g_array_index(spans, SnSpan, i);
		sn_page_line(page, message->id, (gpointer)message);
		sn_page_add(page, object, i == 0 ? mark : "");
		sn_page_tab(page, SN_TIMELINE_INDENT);
		sn_page_add_bytes(page, sn_theme_style(timeline->app->theme, object),
		                  clean + span.start, span.end - span.start);
	}
}

static void add_subject(SnTimeline *timeline, const SnMessage *message, const SnOpened *opened)
{
	const SnSignature *signature = opened->subject_signature;

	if (!opened->subject || g_strcmp0(opened->subject, message->subject) == 0)
		return;
	g_autofree char *words = g_strdup_printf("real subject: %s", opened->subject);
	sn_timeline_add_mark(timeline, message, signature ? sn_signature_alarm(signature) : 2, words);
}

const SnOpened *sn_timeline_fill_secure(SnTimeline *timeline, const SnMessage *message)
{
	const SnOpened *opened = sn_secure_look(timeline->app, message);
	const char *pending = sn_secure_pending(timeline->app, message);

	if (pending)
		sn_timeline_add_mark(timeline, message, -1, pending);
	if (!opened || !opened->any)
		return NULL;
	g_autofree char *words = sn_opened_words(opened);
	sn_timeline_add_mark(timeline, message, sn_opened_alarm(opened), words);
	if (opened->lock == SN_LOCK_ASK || opened->lock == SN_LOCK_PARTLY)
		sn_timeline_add_mark(timeline, message, 0, "U opens it");
	add_subject(timeline, message, opened);
	return opened->parts->len ? opened : NULL;
}

void sn_timeline_fill_secure_files(SnTimeline *timeline, const SnMessage *message,
                                   const SnOpened *opened)
{
	g_autoptr(GPtrArray) files = sn_secure_files(opened);

	for (guint i = 0; i < files->len; i++) {
		const SnOpenedFile *file = g_ptr_array_index(files, i);
		g_autofree char *size = sn_text_size((gint64)g_bytes_get_size(file->bytes));
		sn_page_line(timeline->page, message->id, (gpointer)message);
		sn_page_tab(timeline->page, SN_TIMELINE_INDENT);
		sn_page_addf(timeline->page, SN_OBJ_ATTACHMENT, "file %s",
		             file->name ? file->name : "without a name");
		sn_page_addf(timeline->page, SN_OBJ_FAINT, "  %s", size);
	}
}
