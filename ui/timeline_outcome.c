/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of an email that went out: of each recipient, and the reports that say so, which are
 * folded below it and open with Enter. */
#include "ui/timeline_private.h"

#include "src/store/outcome.h"
#include "src/text/text.h"
#include "ui/words.h"

typedef struct {
	GPtrArray *fates;   /* of SnOutcome */
	GPtrArray *reports; /* of SnMessage */
} Outcome;

static void outcome_free(gpointer data)
{
	Outcome *outcome = data;

	g_ptr_array_unref(outcome->fates);
	g_ptr_array_unref(outcome->reports);
	g_free(outcome);
}

GHashTable *sn_timeline_outcomes_new(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, outcome_free);
}

void sn_timeline_read_outcomes(SnTimeline *timeline)
{
	SnStore *store = timeline->app->store;

	for (guint i = 0; i < timeline->messages->len; i++) {
		const SnMessage *message = g_ptr_array_index(timeline->messages, i);
		if (message->direction != SN_OUT || message->channel != SN_CHANNEL_MAIL ||
		    message->carried || g_hash_table_contains(timeline->outcomes, &message->id))
			continue;
		Outcome *outcome = g_new0(Outcome, 1);
		outcome->fates = sn_outcome_list(store, message->outbox);
		outcome->reports = sn_message_reports(store, message->id, 0);
		g_hash_table_insert(timeline->outcomes, g_memdup2(&message->id, sizeof message->id),
		                    outcome);
	}
}

const SnMessage *sn_timeline_report(const SnTimeline *timeline, SnId id)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, timeline->outcomes);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const GPtrArray *reports = ((Outcome *)value)->reports;
		for (guint i = 0; i < reports->len; i++)
			if (((SnMessage *)reports->pdata[i])->id == id)
				return reports->pdata[i];
	}
	return NULL;
}

static const struct {
	const char *words;
	SnState like; /* mark and colour */
} fates[] = {
	[SN_FATE_NONE] = { NULL, SN_STATE_ACCEPTED },
	[SN_FATE_DELAYED] = { "delayed", SN_STATE_WAITING },
	[SN_FATE_RELAYED] = { "passed on, no reports from there", SN_STATE_ACCEPTED },
	[SN_FATE_DELIVERED] = { "delivered", SN_STATE_DELIVERED },
	[SN_FATE_READ] = { "read", SN_STATE_READ },
	[SN_FATE_FAILED] = { "not delivered", SN_STATE_FAILED },
	[SN_FATE_AGAIN] = { "sent again", SN_STATE_ACCEPTED },
};

/* With one recipient the message's own state says it all, unless it says nothing of a delay. */
static gboolean is_worth_a_line(const Outcome *outcome, const SnOutcome *one)
{
	g_assert((gsize)one->fate < G_N_ELEMENTS(fates));
	if (one->fate == SN_FATE_NONE)
		return FALSE;
	if (outcome->fates->len > 1)
		return TRUE;
	return one->fate == SN_FATE_DELAYED || (one->text && one->fate != SN_FATE_FAILED);
}

static void fill_fate(SnTimeline *timeline, const SnMessage *message, const SnOutcome *one)
{
	const char *pattern = timeline->app->settings->ui_timestamps;
	SnTime now = sn_app_now(timeline->app);
	g_autofree char *when = sn_words_same_day(one->time, now) ? sn_words_time(one->time, pattern)
	                                                         : sn_words_when(one->time, now);
	g_autofree char *line =
		g_strdup_printf("%s %s  %s %s%s%s", sn_words_state_mark(fates[one->fate].like),
	                        one->address, fates[one->fate].words, when,
	                        one->text ? ": " : "", one->text ? one->text : "");

	sn_page_wrap(timeline->page, message->id, (gpointer)message, SN_TIMELINE_INDENT,
	             sn_theme_style(timeline->app->theme,
	                            sn_words_state_object(fates[one->fate].like)),
	             line);
}

void sn_timeline_fill_outcome(SnTimeline *timeline, const SnMessage *message)
{
	const Outcome *outcome = g_hash_table_lookup(timeline->outcomes, &message->id);

	for (guint i = 0; outcome && i < outcome->fates->len; i++) {
		const SnOutcome *one = outcome->fates->pdata[i];
		if (is_worth_a_line(outcome, one))
			fill_fate(timeline, message, one);
	}
	for (guint i = 0; outcome && i < outcome->reports->len; i++) {
		SnMessage *report = outcome->reports->pdata[i];
		g_autofree char *subject =
			sn_text_clean_line(report->subject ? report->subject : "without a subject", -1);
		sn_page_line(timeline->page, report->id, report);
		sn_page_tab(timeline->page, SN_TIMELINE_INDENT);
		sn_page_addf(timeline->page, SN_OBJ_FOLD, "[report: %s]", subject);
	}
}
