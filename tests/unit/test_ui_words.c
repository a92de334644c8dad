/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times and states in words, web addresses in text, the worker thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/ui_desk.h"
#include "ui/links.h"
#include "ui/words.h"
#include "ui/worker.h"

#define NOW STORY_NOW /* Sunday 22 November 2026, 10:30 UTC */

static void assert_words(char *got, const char *wanted)
{
	assert_string_equal(got, wanted);
	g_free(got);
}

static void times_in_a_list(void **state)
{
	assert_words(sn_words_when(NOW - 5 * SN_MINUTE, NOW), "10:25");
	assert_words(sn_words_when(NOW - 11 * SN_HOUR, NOW), "Sat");
	assert_words(sn_words_when(NOW - 6 * SN_DAY, NOW), "Mon");
	assert_words(sn_words_when(NOW - 7 * SN_DAY, NOW), "15 Nov");
	assert_words(sn_words_when(NOW - 400 * SN_DAY, NOW), "10/2025");
	assert_words(sn_words_when(0, NOW), "");
}

static void days_of_the_timeline(void **state)
{
	assert_words(sn_words_day(NOW, NOW), "Today");
	assert_words(sn_words_day(NOW - SN_DAY, NOW), "Yesterday");
	assert_words(sn_words_day(NOW - 2 * SN_DAY, NOW), "Friday 20 November");
	assert_words(sn_words_day(NOW - 365 * SN_DAY, NOW), "Saturday 22 November 2025");
	assert_true(sn_words_same_day(NOW, NOW - 10 * SN_HOUR));
	assert_false(sn_words_same_day(NOW, NOW - 11 * SN_HOUR));
}

static void spans_of_time(void **state)
{
	assert_words(sn_words_relative(NOW, NOW), "now");
	assert_words(sn_words_relative(NOW + 30 * SN_SECOND, NOW), "in 30 s");
	assert_words(sn_words_relative(NOW + 4 * SN_MINUTE, NOW), "in 4 min");
	assert_words(sn_words_relative(NOW - 3 * SN_HOUR, NOW), "3 h ago");
	assert_words(sn_words_relative(NOW + 7 * SN_DAY, NOW), "in 7 days");
}

static void an_answer_says_to_what(void **state)
{
	SnMessage mail = { .channel = SN_CHANNEL_MAIL, .direction = SN_IN, .time = NOW - 5 * SN_MINUTE,
		           .sender_name = (char *)"Bob\x1b[31m", .sender_value = (char *)"bob@x",
		           .subject = (char *)"Picnic", .preview = (char *)"On Saturday?" };

	assert_words(sn_words_answers(&mail, NOW), "\342\206\263 to Bob[31m's email, 10:25: Picnic");
	mail.subject = NULL;
	mail.sender_name = (char *)"";
	assert_words(sn_words_answers(&mail, NOW), "\342\206\263 to bob@x's email, 10:25: On Saturday?");
	mail.channel = SN_CHANNEL_IM;
	mail.direction = SN_OUT;
	assert_words(sn_words_answers(&mail, NOW), "\342\206\263 to your IM, 10:25: On Saturday?");
	mail.preview = NULL;
	assert_words(sn_words_answers(&mail, NOW), "\342\206\263 to your IM, 10:25");
	mail.subject = g_strnfill(500, 'x');
	g_autofree char *text = sn_words_answers(&mail, NOW);
	assert_true(strlen(text) < 100 && g_str_has_suffix(text, "\342\200\246"));
	g_free(mail.subject);
}

static void an_entry_says_why_and_what_next(void **state)
{
	SnOutboxEntry entry = { .state = SN_STATE_WAITING, .reason = (char *)"bob is away",
		                .next_try = NOW + 4 * SN_MINUTE };

	assert_words(sn_words_entry(&entry, NOW), "waiting: bob is away, next try in 4 min");
	entry.reason = (char *)"The server closed the connection.";
	assert_words(sn_words_entry(&entry, NOW),
	             "waiting: The server closed the connection, next try in 4 min");
	entry = (SnOutboxEntry){ .state = SN_STATE_QUEUED, .created = NOW, .send_at = NOW + SN_DAY };
	assert_words(sn_words_entry(&entry, NOW), "queued, goes tomorrow 10:30");
	entry.send_at = NOW + 5 * SN_SECOND; /* the window to take it back */
	assert_words(sn_words_entry(&entry, NOW), "queued");
	entry.request = SN_REQUEST_CANCEL;
	assert_words(sn_words_entry(&entry, NOW), "queued, being taken back");
	entry.state = SN_STATE_SENDING;
	assert_words(sn_words_entry(&entry, NOW), "sending");
	assert_string_equal(sn_words_event("need-choice"), "you have to decide");
	assert_string_equal(sn_words_event("of a later version"), "of a later version");
	for (int i = 0; i <= SN_STATE_CANCELLED; i++) {
		entry.state = (SnState)i;
		/* a state is told by its word as well, not by a colour alone */
		if (i != SN_STATE_RECEIVED)
			assert_true(*sn_words_state((SnState)i));
	}
}

static void every_presence_has_its_own_shape(void **state)
{
	SnObject object;
	const char *online = sn_words_presence_mark(SN_PRESENCE_ONLINE, &object);

	assert_string_not_equal(online, sn_words_presence_mark(SN_PRESENCE_OFFLINE, &object));
	assert_string_not_equal(online, sn_words_presence_mark(SN_PRESENCE_AWAY, &object));
	assert_string_not_equal(online, sn_words_presence_mark(SN_PRESENCE_DND, &object));
	assert_string_equal(sn_words_presence_mark(SN_PRESENCE_UNKNOWN, &object), "");
}

/* ---- links ---- */

static void addresses_are_found_in_text(void **state)
{
	static const struct {
		const char *text, *found;
	} cases[] = {
		{ "see https://example.org/a?b=c#d.", "https://example.org/a?b=c#d" },
		{ "(http://a.test/b_(c))", "http://a.test/b_(c)" },
		{ "<https://a.test/>", "https://a.test/" },
		{ "write to mailto:bob@a.test, now", "mailto:bob@a.test" },
		{ "xmpp:bob@a.test?message", "xmpp:bob@a.test?message" },
		{ "HTTPS://A.TEST!", "HTTPS://A.TEST" },
		{ "https://", NULL },
		{ "javascript:alert(1) file:///etc/passwd", NULL },
		{ "nothttps://a.test", NULL },
		{ "[http://a.test/)]).,", "http://a.test/" },
		{ "http://a.test/[1](2)]", "http://a.test/[1](2)" },
		{ "", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize start, end;
		gboolean found = sn_link_find(cases[i].text, 0, &start, &end);
		assert_int_equal(found, cases[i].found != NULL);
		if (found)
			assert_words(g_strndup(cases[i].text + start, end - start), cases[i].found);
	}
}

/* Whoever writes an email chooses its text: what takes longer with the square of it would stop the screen
 * for hours. */
static void a_text_of_megabytes_is_gone_through_once(void **state)
{
	static const char *const pieces[] = { "word ", "http://", "http://a.test/) ", "h", "https://a.test/(((((",
		                              "https://a.test/ " };

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) text = g_string_new("https://a.test/))))) ");
		while (text->len < 4 << 20)
			g_string_append(text, pieces[i]);
		SnLinkWalk walk = { .text = text->str };
		guint found = 0;
		/* as rows of a screen ask */
		for (gsize from = 0; from < text->len; from += 70)
			found += sn_link_walk(&walk, from) && walk.start < from + 70;
		assert_true(found > 0);
	}
}

static void a_walk_finds_what_reaches_into_a_row(void **state)
{
	SnLinkWalk walk = { .text = "see https://a.test/long and http://b.test" };

	assert_true(sn_link_walk(&walk, 0) && walk.start == 4 && walk.end == 23);
	assert_true(sn_link_walk(&walk, 10) && walk.start == 4);
	assert_true(sn_link_walk(&walk, 23) && walk.start == 28);
	assert_false(sn_link_walk(&walk, strlen(walk.text)));
	assert_false(sn_link_walk(&walk, strlen(walk.text)));
}

static void links_are_said_once_and_again_when_the_row_changes(void **state)
{
	SnGrid *grid = sn_grid_new(20, 2), *before = sn_grid_new(20, 2);
	SnStyle plain = { 0 };
	char *text;

	assert_words(sn_links_sequences(grid, NULL, NULL, NULL), "");
	sn_grid_text(grid, 2, 1, 20, plain, "here", -1);
	sn_grid_link(grid, 2, 1, 4, "https://a.test/");
	assert_words(sn_links_sequences(grid, NULL, NULL, NULL),
	             "\0337\033[2;3H\033[0m\033]8;;https://a.test/\033\\here\033]8;;\033\\\0338");
	sn_grid_copy(before, grid);
	assert_words(sn_links_sequences(grid, before, NULL, NULL), "");
	sn_grid_text(grid, 10, 1, 20, plain, "new", -1);
	text = sn_links_sequences(grid, before, NULL, NULL);
	assert_non_null(strstr(text, "https://a.test/"));
	g_free(text);
	sn_grid_free(grid);
	sn_grid_free(before);
}

/* ---- worker ---- */

typedef struct {
	int number;
	int *done, *freed;
	gboolean store_seen;
	GMutex *hold; /* a job waits for it; NULL */
} Work;

static void run_work(SnStore *store, gpointer data)
{
	Work *work = data;

	work->store_seen = store != NULL;
	if (work->hold) {
		g_mutex_lock(work->hold);
		g_mutex_unlock(work->hold);
	}
}

static void done_work(gpointer data)
{
	Work *work = data;

	assert_true(work->store_seen);
	assert_int_equal(work->number, *work->done);
	(*work->done)++;
}

static void free_work(gpointer data)
{
	Work *work = data;

	(*work->freed)++;
	g_free(work);
}

static void add_work(SnWorker *worker, int number, int *done, int *freed, GMutex *hold)
{
	Work *work = g_new0(Work, 1);

	*work = (Work){ number, done, freed, FALSE, hold };
	sn_worker_run(worker, &(SnJob){ run_work, done_work, free_work, work });
}

static void jobs_run_in_order_elsewhere(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);
	SnWorker *worker = sn_worker_new(desk->paths->store_path);
	int done = 0, freed = 0;

	assert_int_equal(sn_worker_fd(worker), -1);
	for (int i = 0; i < 5; i++)
		add_work(worker, i, &done, &freed, NULL);
	assert_int_equal(sn_worker_busy(worker), 5);
	while (done < 5) {
		struct pollfd fd = { sn_worker_fd(worker), POLLIN, 0 };
		assert_int_equal(poll(&fd, 1, 10000), 1);
		sn_worker_collect(worker);
	}
	assert_int_equal(sn_worker_busy(worker), 0);
	assert_int_equal(freed, 5);
	sn_worker_free(worker);
	ui_desk_free(desk);
}

static void leaving_drops_what_is_not_done(void **state)
{
	UiDesk *desk = ui_desk_new(UI_DESK_EMPTY, NULL);
	SnWorker *worker = sn_worker_new(desk->paths->store_path);
	int done = 0, freed = 0;
	GMutex hold;

	g_mutex_init(&hold);
	g_mutex_lock(&hold);
	for (int i = 0; i < 3; i++)
		add_work(worker, i, &done, &freed, i == 0 ? &hold : NULL);
	g_mutex_unlock(&hold);
	sn_worker_free(worker);
	assert_int_equal(done, 0);
	assert_int_equal(freed, 3);
	g_mutex_clear(&hold);
	ui_desk_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_in_a_list),
		cmocka_unit_test(days_of_the_timeline),
		cmocka_unit_test(an_answer_says_to_what),
		cmocka_unit_test(spans_of_time),
		cmocka_unit_test(an_entry_says_why_and_what_next),
		cmocka_unit_test(every_presence_has_its_own_shape),
		cmocka_unit_test(addresses_are_found_in_text),
		cmocka_unit_test(a_text_of_megabytes_is_gone_through_once),
		cmocka_unit_test(a_walk_finds_what_reaches_into_a_row),
		cmocka_unit_test(links_are_said_once_and_again_when_the_row_changes),
		cmocka_unit_test(jobs_run_in_order_elsewhere),
		cmocka_unit_test(leaving_drops_what_is_not_done),
	};

	g_setenv("TZ", "UTC", TRUE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
