/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The person view's part about availability: what each client says, the rules, and the wishes. */
#include "ui/view_person.h"

#include "src/route/plan.h"
#include "src/route/policy.h"
#include "src/route/question.h"
#include "src/store/contacts.h"
#include "src/store/policy.h"
#include "src/text/text.h"
#include "ui/words.h"

enum { CLIENTS_SHOWN = 20, CLIENT_COLUMN = 26 };

/* A wide screen has room for the names that clients give themselves. */
typedef struct {
	int presence, since, status;
} Columns;

static Columns columns_of(const SnView *view)
{
	int presence = CLIENT_COLUMN + CLAMP(view->columns - 70, 10, 20);

	return (Columns){ presence, presence + 17, presence + 24 };
}

/* ---- what is known ---- */

static const char *why_words(SnPresenceWhy why)
{
	switch (why) {
	case SN_PRESENCE_TOLD: return "";
	case SN_PRESENCE_NOT_SUBSCRIBED: return "not shared with you";
	case SN_PRESENCE_REQUESTED: return "asked for, no answer yet";
	case SN_PRESENCE_NO_LINE: return "you are not connected";
	}
	return "";
}

/* Cut to the column where the next one begins. */
static void cell(SnPage *page, int column, int next, SnObject object, const char *text)
{
	g_autofree char *clean = sn_text_clean_line(text ? text : "", -1);
	g_autofree char *shown = sn_text_fit(clean, next - column - 1);

	sn_page_tab(page, column);
	sn_page_add(page, object, shown);
}

/* What it says, since when nobody is there, and what it is. */
static char *about_client(SnApp *app, const SnPresenceRow *row)
{
	g_autoptr(SnClientCaps) caps = row->caps ? sn_caps_get(app->store, row->caps) : NULL;
	g_autofree char *idle = row->idle ? sn_words_when(row->idle, sn_app_now(app)) : NULL;
	g_autoptr(GString) words = g_string_new(row->status);

	if (idle)
		g_string_append_printf(words, "%sidle since %s", words->len ? ", " : "", idle);
	if (caps && caps->name)
		g_string_append_printf(words, words->len ? " (%s)" : "%s", caps->name);
	return g_string_free(g_steal_pointer(&words), FALSE);
}

static void fill_client(SnApp *app, SnView *view, const SnPresenceRow *row)
{
	SnPage *page = view->page;
	Columns at = columns_of(view);
	SnObject object;
	const char *mark = sn_words_presence_mark(row->show, &object);
	g_autofree char *presence = g_strdup_printf("%s%s%s", mark, *mark ? " " : "",
	                                            row->show ? sn_words_presence(row->show)
	                                                      : "unknown");
	SnTime time = row->since ? row->since
	              : row->show > SN_PRESENCE_OFFLINE ? 0
	                                                : row->seen;
	g_autofree char *since = time ? sn_words_when(time, sn_app_now(app)) : NULL;
	gboolean silent = row->show > SN_PRESENCE_OFFLINE && row->priority < 0;

	sn_page_line(page, 0, NULL);
	cell(page, 1, CLIENT_COLUMN, SN_OBJ_DEFAULT, row->value);
	cell(page, CLIENT_COLUMN, at.presence, SN_OBJ_FAINT, row->resource);
	cell(page, at.presence, at.since, object, presence);
	cell(page, at.since, at.status, SN_OBJ_LIST_TIME, since);
	g_autofree char *about = about_client(app, row);
	cell(page, at.status, at.status + 200, SN_OBJ_FAINT,
	     silent ? "takes no messages" : *about ? about : why_words(row->why));
}

static void fill_clients(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) rows = sn_presence_rows(app->store, view->subject, 0);
	Columns at = columns_of(view);

	if (rows->len == 0)
		return;
	sn_page_line(view->page, 0, NULL);
	cell(view->page, 1, CLIENT_COLUMN, SN_OBJ_FAINT, "Address");
	cell(view->page, CLIENT_COLUMN, at.presence, SN_OBJ_FAINT, "Client");
	cell(view->page, at.presence, at.since, SN_OBJ_FAINT, "Presence");
	cell(view->page, at.since, at.status, SN_OBJ_FAINT, "Since");
	cell(view->page, at.status, at.status + 200, SN_OBJ_FAINT, "Status");
	for (guint i = 0; i < MIN(rows->len, CLIENTS_SHOWN); i++)
		fill_client(app, view, rows->pdata[i]);
}

/* ---- rules ---- */

static void fact(SnView *view, const char *name, const char *value, const char *origin)
{
	g_autofree char *text = g_strdup_printf("%s%s%s%s", value, origin ? " (" : "",
	                                        origin ? origin : "", origin ? ")" : "");

	sn_page_fact(view->page, 0, name, text);
}

/* "offline, extended away, do not disturb": as the table above says it */
static GString *shows_words(guint mask)
{
	GString *words = g_string_new(NULL);

	for (int show = SN_PRESENCE_OFFLINE; show <= SN_PRESENCE_CHAT; show++)
		if (mask & 1u << show)
			g_string_append_printf(words, "%s%s", words->len ? ", " : "",
			                       sn_words_presence((SnPresenceShow)show));
	return words;
}

static void fill_rules(SnApp *app, SnView *view, SnId account)
{
	g_autoptr(SnPolicy) policy = sn_policy_for(app->store, app->config, view->subject, account);
	g_autofree char *rule_origin = NULL, *question_origin = NULL;
	SnRule rule =
		sn_plan_rule(app->store, app->config, view->subject, account, &rule_origin);
	SnQuestionRule questions = sn_policy_questions(app->store, app->config, view->subject,
	                                               &question_origin);
	g_autoptr(GString) shows = shows_words(policy->not_available);
	g_autofree char *hours = policy->quiet ? sn_hours_format(policy->quiet) : NULL;
	g_autofree char *zoned = hours && policy->zone
	                                 ? g_strdup_printf("%s in %s", hours, policy->zone)
	                                 : g_strdup(hours);

	fact(view, "Not available", shows->len ? shows->str : "never",
	     policy->shows_origin ? policy->shows_origin : "your rule for everybody");
	if (zoned)
		fact(view, "Quiet hours", zoned, policy->quiet_origin);
	fact(view, "What then", sn_words_rule(rule), rule_origin);
	if (questions != SN_QUESTION_ASK)
		fact(view, "Questions", sn_question_rule_meaning(questions), question_origin);
}

/* ---- wishes ---- */

static void fill_wishes(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) wishes = sn_contact_wishes(app->store, view->subject);

	for (guint i = 0; i < wishes->len; i++) {
		const SnContactWish *wish = wishes->pdata[i];
		g_autofree char *when = sn_words_time(wish->time, "%-d %b %Y");
		g_autofree char *detail = wish->source == SN_WISHED_PUBLISHED && wish->detail
		                                  ? sn_text_clean_line(wish->detail, -1)
		                                  : NULL;
		g_autofree char *text = g_strdup_printf(
			"%s, %s%s%s on %s%s%s%s", wish->rule ? sn_words_wish(wish->rule) : "nothing",
			sn_wish_source_text(wish->source), wish->value ? " by " : "",
			wish->value ? wish->value : "", when,
			wish->refused ? ", refused by you"
			: wish->rule && !wish->counts ? ", something else counts"
			                              : "",
			detail ? ": " : "", detail ? detail : "");
		sn_page_fact(view->page, 0, i ? "" : "They asked for", text);
	}
}

void sn_person_fill_availability(SnApp *app, SnView *view)
{
	g_autoptr(SnWhereabouts) there =
		sn_whereabouts(app->store, app->config, view->subject, 0, app->clock);
	g_autofree char *now = there->value ? g_strdup_printf("%s, %s", there->value, there->text)
	                                    : g_strdup("no IM address is confirmed");

	sn_page_heading(view->page, "Availability");
	sn_page_fact(view->page, 0, "Now", now);
	fill_clients(app, view);
	fill_rules(app, view, there->account);
	fill_wishes(app, view);
}
