/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/made.h"

#include <math.h>
#include <string.h>

#define VOCABULARY 20000
#define OPEN_THREADS 64
#define COPY_ONE_IN 15
#define UNREAD_NEWEST 40
#define MINUTE (60 * (gint64)G_USEC_PER_SEC)

struct Made {
	GRand *random;
	double *zipf; /* for each of `people` the sum of all shares until then */
	int people;
	gboolean brief;
	char *threads[OPEN_THREADS]; /* Message-IDs to answer */
	int thread_person[OPEN_THREADS];
	guint count, total;
};

static const char *const scripts[][8] = {
	{ "東京で会いましょう", "明日の会議", "資料を送ります", "ありがとう", "了解です", "写真", "来週",
	  "予定" },
	{ "Завтра", "встреча", "в полдень", "спасибо", "документы", "Москва", "хорошо", "письмо" },
	{ "غدا", "الاجتماع", "شكرا", "القاهرة", "رسالة", "صباح", "الخير", "ملف" },
	{ "naïve", "Größe", "façade", "smörgåsbord", "jalapeño", "Łódź", "čeština", "Ægir" },
	{ "👍", "🙂", "ok", "…", "café", "→", "½", "№" },
};

static guint pick(Made *made, guint limit)
{
	return (guint)g_rand_int_range(made->random, 0, (gint32)limit);
}

static int person(Made *made)
{
	double at = g_rand_double(made->random) * made->zipf[made->people - 1];
	int low = 0, high = made->people - 1;

	while (low < high) {
		int middle = (low + high) / 2;
		if (made->zipf[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Words are as frequent as words are: the rank is a power of an even draw. */
static void words(Made *made, GString *text, guint count)
{
	static const char *const syllables[] = { "ka", "lo", "mi", "ter", "sen", "nit", "ra", "po",
		                                 "vel", "du", "an", "esh", "or", "ti", "um", "bla" };

	for (guint i = 0; i < count; i++) {
		double even = g_rand_double(made->random);
		guint rank = (guint)(pow(even, 3) * VOCABULARY) + 1;
		if (i)
			g_string_append_c(text, i % 11 == 10 ? '\n' : ' ');
		for (; rank; rank /= G_N_ELEMENTS(syllables))
			g_string_append(text, syllables[rank % G_N_ELEMENTS(syllables)]);
	}
	if (pick(made, 6) == 0)
		g_string_append_printf(text, "\n%s %s",
		                       scripts[pick(made, G_N_ELEMENTS(scripts))][pick(made, 8)],
		                       scripts[pick(made, G_N_ELEMENTS(scripts))][pick(made, 8)]);
}

char *made_address(int who, gboolean im)
{
	return g_strdup_printf("person%d@%s.test", who, im ? "chat" : "mail");
}

int made_people(guint total)
{
	return (int)MAX(400, total / 50);
}

Made *made_new(guint total, guint32 seed, gboolean brief)
{
	Made *made = g_new0(Made, 1);

	made->random = g_rand_new_with_seed(seed);
	made->total = total;
	made->brief = brief;
	made->people = made_people(total);
	made->zipf = g_new(double, made->people);
	for (int i = 0; i < made->people; i++)
		made->zipf[i] = (i ? made->zipf[i - 1] : 0) + 1.0 / (i + 1);
	return made;
}

void made_free(Made *made)
{
	for (int i = 0; i < OPEN_THREADS; i++)
		g_free(made->threads[i]);
	g_rand_free(made->random);
	g_free(made->zipf);
	g_free(made);
}

static char *text_of(Made *made, guint count)
{
	GString *text = g_string_new(NULL);

	words(made, text, count);
	return g_string_free(text, FALSE);
}

static void continue_thread(Made *made, MadeMessage *m)
{
	guint slot = pick(made, OPEN_THREADS);

	if (made->threads[slot] && made->thread_person[slot] == m->who) {
		m->in_reply_to = g_strdup(made->threads[slot]);
		char *subject = g_strconcat("Re: ", m->subject, NULL);
		g_free(m->subject);
		m->subject = subject;
		return;
	}
	g_free(made->threads[slot]);
	made->threads[slot] = g_strdup(m->id);
	made->thread_person[slot] = m->who;
}

static void make_mail(Made *made, MadeMessage *m)
{
	m->body = text_of(made, made->brief ? 10 + pick(made, 60) : 40 + pick(made, 400));
	m->subject = g_strdelimit(text_of(made, 3 + pick(made, 5)), "\n", ' ');
	m->id = g_strdup_printf("%u.%08x@mail.test", made->count, g_rand_int(made->random));
	continue_thread(made, m);
	if (pick(made, 20) == 0)
		m->list_id = g_strdup_printf("list%u.lists.test", pick(made, 5));
	else if (pick(made, COPY_ONE_IN) == 0)
		m->copy = person(made);
	if (pick(made, 12) == 0) {
		m->file = g_strdup_printf("paper-%u.pdf", made->count);
		m->file_size = pick(made, made->brief ? 600 : 240000);
	}
}

gboolean made_next(Made *made, MadeMessage *m)
{
	if (made->count >= made->total)
		return FALSE;
	*m = (MadeMessage){ .who = person(made), .copy = -1, .im = made->count % 10 >= 7 };
	m->out = pick(made, 3) == 0;
	m->age = (gint64)(made->total - made->count) * 7 * MINUTE + pick(made, 5 * 60000);
	m->unread = made->total - made->count <= UNREAD_NEWEST;
	if (m->im) {
		m->body = text_of(made, 1 + pick(made, 20));
		m->id = g_strdup_printf("im-%u-%08x", made->count, g_rand_int(made->random));
	} else {
		make_mail(made, m);
	}
	made->count++;
	return TRUE;
}

void made_message_clear(MadeMessage *m)
{
	g_free(m->id);
	g_free(m->in_reply_to);
	g_free(m->subject);
	g_free(m->body);
	g_free(m->list_id);
	g_free(m->file);
	*m = (MadeMessage){ 0 };
}
