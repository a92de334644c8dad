/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_store [LARGE] - the same questions to a store of 1,000 messages and to one of LARGE
 * (100,000), as ratios. Medians of several runs; the files are in memory after the first.
 */
#include <stdio.h>
#include <stdlib.h>

#include <glib/gstdio.h>

#include "src/store/outbox.h"
#include "tests/bench/fill.h"

#define RUNS 21
#define SMALL 1000

typedef struct {
	char *path;
	SnStore *store;   /* role CLIENT; NULL while the bench opens by itself */
	SnId conversation; /* the busiest */
	SnMessage *middle; /* of its timeline */
} Subject;

typedef void (*Ask)(Subject *subject);

static void ask_open(Subject *s)
{
	SnStore *store = sn_store_open(s->path, SN_STORE_CLIENT, NULL);
	g_autoptr(GPtrArray) list = sn_conversation_page(store, NULL, FALSE, NULL, 50);
	int unread, attention, pending;

	sn_conversation_totals(store, &unread, &attention, &pending);
	sn_store_close(store);
}

static void ask_list(Subject *s)
{
	g_autoptr(GPtrArray) list = sn_conversation_page(s->store, NULL, FALSE, NULL, 50);
}

static void ask_timeline(Subject *s)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(s->store, s->conversation, 0, 0, FALSE, 50, SN_MESSAGE_FULL);
}

static void ask_older(Subject *s)
{
	g_autoptr(GPtrArray) page = sn_message_page(s->store, s->conversation, s->middle->time,
	                                            s->middle->id, FALSE, 50, SN_MESSAGE_FULL);
}

static void search(Subject *s, const char *text)
{
	g_autoptr(SnQuery) query = sn_query_parse(text, NULL, NULL);
	g_autoptr(GPtrArray) found = sn_message_search(s->store, query, 0, 0, 50, 0, NULL);
}

static void ask_common(Subject *s)
{
	search(s, "lo");
}

static void ask_rare(Subject *s)
{
	search(s, "umtersen");
}

static void ask_phrase(Subject *s)
{
	search(s, "\"lo mi\"");
}

static void ask_pairs(Subject *s)
{
	search(s, "会議");
}

static void ask_from(Subject *s)
{
	search(s, "from:person399");
}

static void ask_draft(Subject *s)
{
	g_autoptr(SnDraft) draft = sn_draft_new(s->conversation);

	sn_draft_save(s->store, draft, NULL);
}

static void ask_queue(Subject *s)
{
	g_autoptr(SnMessage) to = sn_message_new();
	SnOutboxNew new = { .conversation = s->conversation, .account = 1,
		            .channel = SN_CHANNEL_IM, .from = "me@example.test", .body = "hi" };

	sn_message_add_party(to, SN_ROLE_TO, "person0@chat.test", NULL);
	new.recipients = to->parties;
	new.state = SN_STATE_CANCELLED;
	sn_outbox_queue(s->store, &new, FALSE, NULL);
}

static const struct {
	const char *name;
	Ask ask;
} questions[] = {
	{ "open, list, totals", ask_open },   { "page of the list", ask_list },
	{ "newest page of a timeline", ask_timeline },
	{ "a page from its middle", ask_older }, { "search: common word", ask_common },
	{ "search: rare word", ask_rare },    { "search: phrase", ask_phrase },
	{ "search: part of a word", ask_pairs }, { "search: from somebody rare", ask_from },
	{ "save a draft", ask_draft },        { "queue an IM", ask_queue },
};

static int compare(const void *a, const void *b)
{
	gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;

	return (left > right) - (left < right);
}

static double measure(Ask ask, Subject *subject)
{
	gint64 times[RUNS];

	ask(subject);
	for (int i = 0; i < RUNS; i++) {
		gint64 begin = g_get_monotonic_time();
		ask(subject);
		times[i] = g_get_monotonic_time() - begin;
	}
	qsort(times, RUNS, sizeof times[0], compare);
	return (double)MAX(times[RUNS / 2], 1);
}

static void prepare(Subject *s, const char *directory, guint count)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = g_strdup_printf("%u.db", count);
	gint64 begin = g_get_monotonic_time();
	GStatBuf info;

	s->path = g_build_filename(directory, name, NULL);
	SnStore *engine = sn_store_open(s->path, SN_STORE_ENGINE, &error);
	if (!engine || !fill_store(engine, count, 1, &error))
		g_error("%s", error->message);
	sn_store_close(engine);
	double seconds = (double)(g_get_monotonic_time() - begin) / 1e6;
	g_stat(s->path, &info);
	printf("%u messages filed: %.0f a second, %.1f kB each\n", count, count / seconds,
	       (double)info.st_size / count / 1000);
	s->store = sn_store_open(s->path, SN_STORE_CLIENT, &error);
	g_autoptr(GPtrArray) found = sn_conversation_find(s->store, "person0@mail.test");
	s->conversation = ((SnConversation *)found->pdata[0])->id;
	g_autoptr(GPtrArray) page =
		sn_message_page(s->store, s->conversation, 1, 1, TRUE, (int)count / 20, 0);
	s->middle = g_ptr_array_steal_index(page, page->len - 1);
}

static void finish(Subject *s)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-bell", "-turn" };

	sn_message_free(s->middle);
	sn_store_close(s->store);
	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(s->path, suffixes[i], NULL);
		g_unlink(path);
	}
	g_free(s->path);
}

int main(int argc, char **argv)
{
	guint large = argc > 1 ? (guint)atoi(argv[1]) : 100000;
	g_autofree char *directory = g_dir_make_tmp("sennit-bench-XXXXXX", NULL);
	Subject subjects[2];

	if (large < SMALL || !directory) {
		fprintf(stderr, "usage: bench_store [LARGE]\n");
		return 2;
	}
	prepare(&subjects[0], directory, SMALL);
	prepare(&subjects[1], directory, large);
	printf("%-30s %12s %12s %8s\n", "", "us at 1,000", "us at large", "ratio");
	for (gsize i = 0; i < G_N_ELEMENTS(questions); i++) {
		double small = measure(questions[i].ask, &subjects[0]);
		double big = measure(questions[i].ask, &subjects[1]);
		printf("%-30s %12.0f %12.0f %8.2f\n", questions[i].name, small, big, big / small);
	}
	finish(&subjects[0]);
	finish(&subjects[1]);
	g_rmdir(directory);
	return 0;
}
