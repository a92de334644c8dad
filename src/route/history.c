/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/history.h"

#include <string.h>

#include "src/text/text.h"

gboolean sn_history_parse(const char *text, const SnClock *clock, SnHistorySpec *spec,
                          GError **error)
{
	static const struct {
		const char *word;
		SnHistoryKind kind;
	} words[] = { { "none", SN_HISTORY_NONE },
		      { "thread", SN_HISTORY_THREAD },
		      { "all", SN_HISTORY_ALL },
		      { "picked", SN_HISTORY_PICKED } };

	*spec = (SnHistorySpec){ 0 };
	for (gsize i = 0; text && i < G_N_ELEMENTS(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			spec->kind = words[i].kind;
			return TRUE;
		}
	if (text && g_str_has_prefix(text, "last:")) {
		guint64 count;
		if (g_ascii_string_to_unsigned(text + 5, 10, 1, SN_HISTORY_MAX, &count, NULL)) {
			*spec = (SnHistorySpec){ SN_HISTORY_LAST, (int)count, 0 };
			return TRUE;
		}
	} else if (text && g_str_has_prefix(text, "since:")) {
		SnTime since = sn_time_parse(text + 6, clock);
		if (since > 0) {
			*spec = (SnHistorySpec){ SN_HISTORY_SINCE, 0, since };
			return TRUE;
		}
	}
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
	            "\"%s\" is no choice of history; it is none, thread, last:N (1 to %d), "
	            "since:DATE (2026-11-01 or 3d), all or picked",
	            text ? text : "", SN_HISTORY_MAX);
	return FALSE;
}

char *sn_history_format(const SnHistorySpec *spec)
{
	switch (spec->kind) {
	case SN_HISTORY_NONE: return g_strdup("none");
	case SN_HISTORY_LAST: return g_strdup_printf("last:%d", spec->count);
	case SN_HISTORY_THREAD: return g_strdup("thread");
	case SN_HISTORY_SINCE: {
		g_autofree char *time = sn_time_format(spec->since);
		return g_strdup_printf("since:%s", time);
	}
	case SN_HISTORY_ALL: return g_strdup("all");
	case SN_HISTORY_PICKED: return g_strdup("picked");
	}
	g_assert_not_reached();
}

void sn_history_free(SnHistory *history)
{
	if (!history)
		return;
	g_array_unref(history->messages);
	g_free(history->outsider);
	g_free(history);
}

void sn_history_row_free(SnHistoryRow *row)
{
	if (!row)
		return;
	g_free(row->who);
	g_free(row->subject);
	g_free(row->preview);
	g_free(row->outsider);
	g_free(row);
}

char *sn_history_why(const SnHistoryRow *row)
{
	switch (row->travel) {
	case SN_TRAVEL_YES: return NULL;
	case SN_TRAVEL_NOT_SENT: return g_strdup("it has not gone");
	case SN_TRAVEL_NO_PARTY:
		return g_strdup_printf("%s was no party to it",
		                       row->outsider ? row->outsider : "the recipient");
	case SN_TRAVEL_TOLD: return g_strdup("told by somebody else");
	case SN_TRAVEL_ENCRYPTED: return g_strdup("came encrypted, this goes in the open");
	}
	g_assert_not_reached();
}

static void add_count(GString *text, int count, const char *one, const char *many)
{
	if (count > 0)
		g_string_append_printf(text, "%s%d %s", text->len ? ", " : "", count,
		                       count == 1 ? one : many);
}

char *sn_history_summary(const SnHistory *history)
{
	GString *text = g_string_new(NULL);

	add_count(text, history->mails, "email", "emails");
	add_count(text, history->ims, "IM", "IMs");
	add_count(text, history->files, "file", "files");
	if (text->len == 0) {
		g_string_append(text, "no history");
	} else {
		g_autofree char *size = sn_text_size(history->size);
		g_string_append_printf(text, ", %s", size);
	}
	return g_string_free(text, FALSE);
}
