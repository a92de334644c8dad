/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was said of a message afterwards: that it was changed, reactions, that it was taken back. The
 * marks stand in the column of the times, where no text of a message ever does.
 */
#include "ui/timeline_private.h"

#include <string.h>

#include "src/store/amend.h"
#include "src/text/text.h"
#include "ui/words.h"

enum { EARLIER_LINES_MAX = 40 /* of one earlier text */ };

GHashTable *sn_timeline_amends_new(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
	                             (GDestroyNotify)g_ptr_array_unref);
}

void sn_timeline_amends_read(SnTimeline *timeline)
{
	g_hash_table_remove_all(timeline->amends);
	for (guint i = 0; i < timeline->messages->len; i++) {
		SnMessage *message = g_ptr_array_index(timeline->messages, i);
		if (message->amended)
			g_hash_table_insert(timeline->amends, &message->id,
			                    sn_amend_list(timeline->app->store, message->id));
	}
}

static void add_line(SnTimeline *timeline, const SnMessage *message, const char *mark,
                     SnObject object, const char *words)
{
	SnPage *page = timeline->page;
	g_autoptr(GArray) spans =
		sn_text_wrap(words, MAX(sn_page_columns(page) - SN_TIMELINE_INDENT, 8));

	for (guint i = 0; i < spans->len; i++) {
		SnSpan span = g_array_index(spans, SnSpan, i);
		sn_page_line(page, message->id, (gpointer)message);
		sn_page_add(page, SN_OBJ_FAINT, i == 0 ? mark : "");
		sn_page_tab(page, SN_TIMELINE_INDENT);
		sn_page_add_bytes(page, sn_theme_style(timeline->app->theme, object),
		                  words + span.start, span.end - span.start);
	}
}

static const char *who(const SnAmend *amend)
{
	return amend->own ? "you" : amend->name ? amend->name : "somebody";
}

static char *when(SnTimeline *timeline, SnTime time)
{
	return sn_words_when(time, sn_app_now(timeline->app));
}

/* ---- reactions ---- */

typedef struct {
	char *sign;
	int count;
	gboolean own;
} Tally;

static void tally_free(gpointer data)
{
	Tally *tally = data;

	g_free(tally->sign);
	g_free(tally);
}

static void count_sign(GPtrArray *tallies, const char *sign, gboolean own)
{
	Tally *tally = NULL;

	for (guint i = 0; i < tallies->len && !tally; i++)
		if (strcmp(((Tally *)tallies->pdata[i])->sign, sign) == 0)
			tally = tallies->pdata[i];
	if (!tally) {
		tally = g_new0(Tally, 1);
		tally->sign = g_strdup(sign);
		g_ptr_array_add(tallies, tally);
	}
	tally->count++;
	tally->own |= own;
}

/* "👍 2 (you)   ❤ 1"; NULL when there are none. */
static char *reactions(const GPtrArray *amends)
{
	g_autoptr(GPtrArray) tallies = g_ptr_array_new_with_free_func(tally_free);
	GString *line = g_string_new(NULL);

	for (guint i = 0; i < amends->len; i++) {
		const SnAmend *amend = amends->pdata[i];
		if (amend->kind != SN_AMEND_REACTIONS || amend->state == SN_STATE_FAILED)
			continue;
		g_auto(GStrv) signs = g_strsplit(amend->text, " ", SN_REACTIONS_MAX + 1);
		for (char **sign = signs; *sign; sign++)
			if (**sign)
				count_sign(tallies, *sign, amend->own);
	}
	for (guint i = 0; i < tallies->len; i++) {
		const Tally *tally = tallies->pdata[i];
		g_string_append_printf(line, "%s%s %d%s", i ? "   " : "", tally->sign, tally->count,
		                       tally->own ? " (you)" : "");
	}
	return g_string_free(line, line->len == 0);
}

/* ---- corrections ---- */

static void fill_earlier(SnTimeline *timeline, const SnMessage *message, const SnAmend *amend)
{
	g_auto(GStrv) lines = g_strsplit(amend->text ? amend->text : "", "\n", EARLIER_LINES_MAX + 1);

	if (!*lines)
		add_line(timeline, message, "was", SN_OBJ_QUOTE, "");
	for (int i = 0; lines[i] && i < EARLIER_LINES_MAX; i++)
		if (*lines[i] || lines[i + 1])
			add_line(timeline, message, i == 0 ? "was" : "", SN_OBJ_QUOTE, lines[i]);
}

static void fill_corrections(SnTimeline *timeline, const SnMessage *message,
                             const GPtrArray *amends, gboolean open)
{
	const SnAmend *last = NULL;
	int count = 0;

	for (guint i = 0; i < amends->len; i++) {
		const SnAmend *amend = amends->pdata[i];
		if (amend->kind != SN_AMEND_CORRECTION)
			continue;
		count++;
		last = amend;
	}
	if (!last)
		return;
	g_autofree char *time = when(timeline, last->time);
	g_autofree char *words = g_strdup_printf("%s; %d earlier text%s%s", time, count,
	                                         count == 1 ? "" : "s", open ? ":" : ": zo");
	add_line(timeline, message, "edited", SN_OBJ_FAINT, words);
	for (guint i = 0; open && i < amends->len; i++)
		if (((const SnAmend *)amends->pdata[i])->kind == SN_AMEND_CORRECTION)
			fill_earlier(timeline, message, amends->pdata[i]);
}

/* ---- own ones on their way ---- */

static void fill_on_its_way(SnTimeline *timeline, const SnMessage *message, const SnAmend *amend)
{
	static const char *const names[] = { [SN_AMEND_CORRECTION] = "your correction",
		                             [SN_AMEND_REACTIONS] = "your reaction",
		                             [SN_AMEND_RETRACTION] = "that you take it back" };
	g_autofree char *words = NULL;

	if (amend->state == SN_STATE_QUEUED) {
		words = g_strdup_printf("%s has not gone yet", names[amend->kind]);
		add_line(timeline, message, "", SN_OBJ_FAINT, words);
	} else if (amend->state == SN_STATE_FAILED) {
		words = g_strdup_printf("%s did not go: %s", names[amend->kind],
		                        amend->error ? amend->error : "the server refused it");
		add_line(timeline, message, "!", SN_OBJ_WARNING, words);
	}
}

/* ---- called when a message is drawn ---- */

gboolean sn_timeline_fill_retracted(SnTimeline *timeline, const SnMessage *message, gboolean open)
{
	const GPtrArray *amends = g_hash_table_lookup(timeline->amends, &message->id);
	const char *kept = message->body && *message->body ? open ? "" : "; its text: zo"
	                                                   : "; its text is gone here";

	if (!amends || !(message->amended & SN_AMENDED_RETRACTED))
		return FALSE;
	for (guint i = 0; i < amends->len; i++) {
		const SnAmend *amend = amends->pdata[i];
		if (amend->kind != SN_AMEND_RETRACTION)
			continue;
		g_autofree char *time = when(timeline, amend->time);
		g_autofree char *words = g_strdup_printf("taken back by %s, %s; others may still have "
		                                         "it%s", who(amend), time, kept);
		add_line(timeline, message, "-", SN_OBJ_FOLD, words);
	}
	return TRUE;
}

void sn_timeline_fill_amends(SnTimeline *timeline, const SnMessage *message, gboolean open)
{
	const GPtrArray *amends = g_hash_table_lookup(timeline->amends, &message->id);
	gboolean gone = message->amended & SN_AMENDED_RETRACTED;

	if (!amends)
		return;
	g_autofree char *line = reactions(amends);
	if (!gone || open)
		fill_corrections(timeline, message, amends, open);
	if (line)
		add_line(timeline, message, "+", SN_OBJ_BODY, line);
	for (guint i = 0; i < amends->len; i++)
		fill_on_its_way(timeline, message, amends->pdata[i]);
}
