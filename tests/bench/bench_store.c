/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_store STORE - what the screen asks of a store, and what it writes: a line each, the question and
 * the microseconds of processor time that the quickest of several runs took, with a tab between. The
 * store has what grown.py makes; it is left as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/store/folder_list.h"
#include "src/store/outbox.h"
#include "src/store/private.h"
#include "src/store/suggest.h"
#include "src/store/sync.h"
#include "tests/bench/made.h"

enum {
	RUNS = 15,
	ROWS = 50,
	BATCH_US = 2000, /* of one run: questions that take less are asked several times */
};

typedef struct {
	const char *path;
	SnStore *store;    /* role CLIENT */
	SnStore *engine;   /* role ENGINE */
	SnId conversation; /* the busiest */
	SnId folder;       /* the largest; 0 none */
	SnTime oldest, newest;
	char *name;        /* of the conversation that is last in the list */
	guint filed;
} Subject;

typedef void (*Ask)(Subject *subject);

static void must(gboolean ok, GError *error)
{
	if (!ok)
		g_error("%s", error ? error->message : "It failed.");
}

/* ---- what the screen asks ---- */

static void ask_open(Subject *s)
{
	SnStore *store = sn_store_open(s->path, SN_STORE_CLIENT, NULL);
	g_autoptr(GPtrArray) list = sn_conversation_page(store, NULL, SN_SHELF_LIST, NULL, ROWS);
	g_autoptr(GPtrArray) page =
		sn_message_page(store, s->conversation, 0, 0, FALSE, ROWS, SN_MESSAGE_FULL);
	int unread, attention, pending;

	sn_conversation_totals(store, &unread, &attention, &pending);
	sn_conversation_bulk_unread(store);
	sn_store_close(store);
}

static void ask_list(Subject *s)
{
	g_autoptr(GPtrArray) list = sn_conversation_page(s->store, NULL, SN_SHELF_LIST, NULL, ROWS);
}

static void ask_totals(Subject *s)
{
	int unread, attention, pending;

	sn_conversation_totals(s->store, &unread, &attention, &pending);
	sn_conversation_bulk_unread(s->store);
}

static void ask_timeline(Subject *s)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(s->store, s->conversation, 0, 0, FALSE, ROWS, SN_MESSAGE_FULL);
}

static void ask_date(Subject *s)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(s->store, s->conversation, s->oldest + (s->newest - s->oldest) / 3, 0,
	                        TRUE, ROWS, SN_MESSAGE_FULL);
}

static void ask_folders(Subject *s)
{
	g_autoptr(GPtrArray) folders = sn_folder_list(s->store, 0);
}

static void ask_rows(Subject *s, gboolean threads, gboolean backward)
{
	SnFolderOrder order = { .folder = s->folder, .sort = SN_FOLDER_SORT_DATE, .threads = threads };
	g_autoptr(GPtrArray) rows =
		s->folder ? sn_folder_rows(s->store, &order, NULL, backward, ROWS, NULL) : NULL;
}

static void ask_threads(Subject *s)
{
	ask_rows(s, TRUE, FALSE);
}

static void ask_emails(Subject *s)
{
	ask_rows(s, FALSE, FALSE);
}

static void ask_folder_end(Subject *s)
{
	ask_rows(s, TRUE, TRUE);
}

static void ask_outbox(Subject *s)
{
	g_autoptr(GPtrArray) open = sn_outbox_list(s->store, SN_OUTBOX_OPEN, 0, ROWS, 0);
	g_autoptr(GArray) due = sn_outbox_due(s->store, s->newest);

	sn_outbox_next_due(s->store, s->newest);
}

static void search(Subject *s, const char *text)
{
	g_autoptr(SnQuery) query = sn_query_parse(text, NULL, NULL);
	g_autoptr(GPtrArray) found = sn_message_search(s->store, query, 0, 0, ROWS, 0, NULL);
}

static void ask_rare(Subject *s)
{
	search(s, "paper-17.pdf");
}

static void ask_common(Subject *s)
{
	search(s, "lo");
}

static void ask_phrase(Subject *s)
{
	search(s, "\"lo mi\"");
}

static void ask_pairs(Subject *s)
{
	search(s, "\344\274\232\350\255\260");
}

static void ask_from_many(Subject *s)
{
	search(s, "from:person0@mail.test");
}

static void ask_from_few(Subject *s)
{
	search(s, "from:person399@mail.test");
}

static void ask_name(Subject *s)
{
	g_autoptr(GPtrArray) list = sn_conversation_page(s->store, NULL, SN_SHELF_LIST, s->name, ROWS);

	g_assert(list->len > 0);
}

/* Of whom there are more the more there are at all, until a screenful is soon met in the list. */
static void ask_names(Subject *s)
{
	g_autoptr(GPtrArray) list =
		sn_conversation_page(s->store, NULL, SN_SHELF_LIST, "person 39", ROWS);
}

static void ask_complete(Subject *s)
{
	g_autoptr(GPtrArray) found = sn_suggest(s->store, "person 39", s->newest, 10);
}

/* ---- what is written ---- */

static void ask_file(Subject *s)
{
	g_autoptr(SnMessage) m = sn_message_new();
	GError *error = NULL;

	m->account = 1;
	m->channel = SN_CHANNEL_MAIL;
	m->state = SN_STATE_RECEIVED;
	m->time = s->newest + 1000 + s->filed;
	m->message_id = g_strdup_printf("new-%u@mail.test", s->filed++);
	m->subject = g_strdup("A new one");
	m->body = g_strdup("lo mi ter sen nit ra po vel du an esh or ti um bla");
	m->sender = sn_address_intern(s->engine, SN_CHANNEL_MAIL, "person0@mail.test", NULL, &error);
	sn_message_add_party(m, SN_ROLE_FROM, "person0@mail.test", NULL);
	sn_message_add_party(m, SN_ROLE_TO, MADE_ME, NULL);
	must(sn_store_begin(s->engine, &error) && sn_message_add(s->engine, m, NULL, NULL, NULL, &error) &&
	     sn_store_commit(s->engine, &error), error);
	must(sn_store_begin(s->engine, &error) && sn_message_delete(s->engine, m->id, &error) &&
	     sn_store_commit(s->engine, &error), error);
}

static void ask_draft(Subject *s)
{
	g_autoptr(SnDraft) draft = sn_draft_new(s->conversation);
	GError *error = NULL;

	must(sn_draft_save(s->store, draft, &error), error);
	must(sn_draft_delete(s->store, s->conversation, &error), error);
}

static const struct {
	const char *name;
	Ask ask;
} questions[] = {
	{ "store opened, first rows read", ask_open },
	{ "a page of the list", ask_list },
	{ "unread counts", ask_totals },
	{ "a person opened", ask_timeline },
	{ "a jump to a date", ask_date },
	{ "the folders", ask_folders },
	{ "a folder opened, threads", ask_threads },
	{ "a folder opened, emails", ask_emails },
	{ "the end of a folder", ask_folder_end },
	{ "the outbox looked through", ask_outbox },
	{ "search: a rare word", ask_rare },
	{ "search: a common word, first 50", ask_common },
	{ "search: a phrase", ask_phrase },
	{ "search: a part of a word", ask_pairs },
	{ "search: from somebody frequent", ask_from_many },
	{ "search: from somebody rare", ask_from_few },
	{ "the list narrowed to a name", ask_name },
	{ "a list narrowed to a part of many names", ask_names },
	{ "a name completed", ask_complete },
	{ "a message filed and removed", ask_file },
	{ "a draft saved and removed", ask_draft },
};

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double measure(Ask ask, Subject *subject)
{
	double best = G_MAXDOUBLE, begin = now_us();
	int times;

	ask(subject);
	times = (int)CLAMP(BATCH_US / MAX(now_us() - begin, 1), 1, 200);
	for (int run = 0; run < RUNS; run++) {
		begin = now_us();
		for (int i = 0; i < times; i++)
			ask(subject);
		best = MIN(best, (now_us() - begin) / times);
	}
	return best;
}

/* Which conversation, which folder, and between which times. */
static void look_around(Subject *s)
{
	g_autoptr(GPtrArray) found = sn_conversation_find(s->store, "person0@mail.test");
	g_autoptr(GPtrArray) folders = sn_folder_list(s->store, 0);
	int most = -1;

	must(found->len > 0, NULL);
	s->conversation = ((SnConversation *)found->pdata[0])->id;
	for (guint i = 0; i < folders->len; i++) {
		const SnFolder *folder = folders->pdata[i];
		if (folder->total <= most)
			continue;
		most = folder->total;
		s->folder = folder->id;
	}
	g_autoptr(GPtrArray) first = sn_message_page(s->store, s->conversation, 1, 1, TRUE, 1, 0);
	g_autoptr(GPtrArray) last = sn_message_page(s->store, s->conversation, 0, 0, FALSE, 1, 0);
	must(first->len == 1 && last->len == 1, NULL);
	s->oldest = ((SnMessage *)first->pdata[0])->time;
	s->newest = ((SnMessage *)last->pdata[0])->time;
	g_autoptr(GPtrArray) end = sn_conversation_page_before(s->store, NULL, SN_SHELF_LIST, 1);
	must(end->len == 1, NULL);
	s->name = g_strdup(((SnConversation *)end->pdata[0])->title);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	Subject s = { .path = argc > 1 ? argv[1] : NULL };

	if (argc != 2) {
		fprintf(stderr, "usage: bench_store STORE\n");
		return 2;
	}
	s.engine = sn_store_open(s.path, SN_STORE_ENGINE, &error);
	s.store = s.engine ? sn_store_open(s.path, SN_STORE_CLIENT, &error) : NULL;
	if (!s.store) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	look_around(&s);
	for (gsize i = 0; i < G_N_ELEMENTS(questions); i++)
		printf("%s\t%.1f\n", questions[i].name, measure(questions[i].ask, &s));
	sn_store_close(s.store);
	sn_store_close(s.engine);
	return 0;
}
