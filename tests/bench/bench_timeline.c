/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_timeline STORE WHO - what the store takes for screens of one conversation: a line each, the
 * question, the milliseconds of processor time and of the clock of the median, with tabs between. A screen
 * is what the client reads for it, texts, people and files included.
 *
 *   open   the newest screen, and what stands above it
 *   date   the screen that begins with a date, over all of the time
 *   first  a page back among the first fifth of a walk through everything
 *   last   the same among the last fifth
 *   thread all messages of the thread that the newest belongs to, as one list
 *
 * Besides "messages", how many the walk passed, and "memory", by how many KiB the process grew in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/store/conversation.h"
#include "src/store/message.h"
#include "src/store/people.h"
#include "src/store/outbox.h"

enum { SCREEN = 20, RUNS = 60, THREAD_MAX = 1000 };

typedef struct {
	double cpu, wall; /* ms */
} Took;

static double now_ms(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static Took begin(void)
{
	return (Took){ now_ms(CLOCK_THREAD_CPUTIME_ID), now_ms(CLOCK_MONOTONIC) };
}

static void end(GArray *all, Took begun)
{
	Took took = { now_ms(CLOCK_THREAD_CPUTIME_ID) - begun.cpu, now_ms(CLOCK_MONOTONIC) - begun.wall };

	g_array_append_val(all, took);
}

static int by_cpu(gconstpointer a, gconstpointer b)
{
	double x = ((const Took *)a)->cpu, y = ((const Took *)b)->cpu;

	return (x > y) - (x < y);
}

static int by_wall(gconstpointer a, gconstpointer b)
{
	double x = ((const Took *)a)->wall, y = ((const Took *)b)->wall;

	return (x > y) - (x < y);
}

/* Of the elements from..to. */
static void tell(const char *name, const GArray *all, guint from, guint to)
{
	g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(Took));

	g_assert(from < to && to <= all->len);
	g_array_append_vals(some, &g_array_index(all, Took, from), to - from);
	g_array_sort(some, by_cpu);
	double cpu = g_array_index(some, Took, some->len / 2).cpu;
	g_array_sort(some, by_wall);
	printf("%s\t%.4f\t%.4f\n", name, cpu, g_array_index(some, Took, some->len / 2).wall);
}

static long resident_kib(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/self/status", &text, NULL, NULL) || !(line = strstr(text, "VmRSS:")))
		g_error("/proc/self/status does not say how much memory is used");
	return strtol(line + 6, NULL, 10);
}

static GPtrArray *screen(SnStore *store, SnId conversation, SnTime time, SnId id, gboolean forward)
{
	return sn_message_page(store, conversation, time, id, forward, SCREEN, SN_MESSAGE_FULL);
}

static void ask_open(SnStore *store, SnId conversation)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Took));

	for (int i = 0; i < RUNS; i++) {
		Took begun = begin();
		g_autoptr(SnConversation) row = sn_conversation_get(store, conversation);
		g_autoptr(GPtrArray) members = sn_conversation_members(store, conversation);
		g_autoptr(SnPerson) person = sn_person_get(store, row->person);
		g_autoptr(GPtrArray) questions = sn_question_list(store, conversation);
		g_autoptr(GPtrArray) page = screen(store, conversation, 0, 0, FALSE);
		g_assert(page->len && members && questions);
		end(all, begun);
	}
	tell("open", all, 0, all->len);
}

static void ask_date(SnStore *store, SnId conversation)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Took));
	g_autoptr(GPtrArray) oldest = screen(store, conversation, 1, 1, TRUE);
	g_autoptr(GPtrArray) newest = screen(store, conversation, 0, 0, FALSE);
	SnTime from = ((SnMessage *)oldest->pdata[0])->time;
	SnTime until = ((SnMessage *)newest->pdata[newest->len - 1])->time;

	for (int i = 0; i < RUNS; i++) {
		Took begun = begin();
		g_autoptr(GPtrArray) page =
			screen(store, conversation, from + (until - from) / RUNS * i, 0, TRUE);
		g_assert(page->len);
		end(all, begun);
	}
	tell("date", all, 0, all->len);
}

static void ask_all(SnStore *store, SnId conversation)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Took));
	SnTime time = 0;
	SnId id = 0;
	guint got = SCREEN, messages = 0;
	long before = 0;

	while (got == SCREEN) {
		Took begun = begin();
		g_autoptr(GPtrArray) page = screen(store, conversation, time, id, FALSE);
		end(all, begun);
		got = page->len;
		messages += got;
		if (got) {
			time = ((SnMessage *)page->pdata[0])->time;
			id = ((SnMessage *)page->pdata[0])->id;
		}
		/* SQLite's cache is full by then: it has a size of its own */
		if (messages <= SCREEN * 200)
			before = resident_kib();
	}
	guint fifth = MAX(all->len / 5, 1);
	tell("first", all, 0, fifth);
	tell("last", all, all->len - fifth, all->len);
	printf("messages\t%u\n", messages);
	printf("memory\t%ld\n", resident_kib() - before);
}

static void ask_thread(SnStore *store, SnId conversation)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Took));
	g_autoptr(GPtrArray) newest = screen(store, conversation, 0, 0, FALSE);
	const SnMessage *last = newest->pdata[newest->len - 1];
	guint length = 0;

	for (int i = 0; last->thread && i < RUNS; i++) {
		Took begun = begin();
		g_autoptr(GPtrArray) thread =
			sn_message_thread(store, last->thread, THREAD_MAX, SN_MESSAGE_FULL);
		length = thread->len;
		end(all, begun);
	}
	if (all->len)
		tell("thread", all, 0, all->len);
	printf("thread messages\t%u\n", length);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc != 3) {
		fprintf(stderr, "usage: bench_timeline STORE WHO\n");
		return 2;
	}
	SnStore *store = sn_store_open(argv[1], SN_STORE_CLIENT, &error);
	if (!store) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	g_autoptr(GPtrArray) found = sn_conversation_find(store, argv[2]);
	if (!found->len) {
		fprintf(stderr, "%s has no conversation with %s.\n", argv[1], argv[2]);
		sn_store_close(store);
		return 1;
	}
	SnId conversation = ((SnConversation *)found->pdata[0])->id;
	ask_open(store, conversation);
	ask_date(store, conversation);
	ask_all(store, conversation);
	ask_thread(store, conversation);
	sn_store_close(store);
	return 0;
}
