/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/fill.h"

#include <math.h>
#include <string.h>

#define ME "me@example.test"
#define PEOPLE 400
#define VOCABULARY 20000
#define BATCH 200
#define OPEN_THREADS 64
#define UNREAD_NEWEST 40

typedef struct {
	SnStore *store;
	GRand *random;
	SnId account, me[2];
	SnId people[2][PEOPLE];
	double zipf[PEOPLE];
	char *threads[OPEN_THREADS]; /* Message-IDs to answer */
	int thread_person[OPEN_THREADS];
	guint count, total;
} Filler;

static const char *const scripts[][8] = {
	{ "東京で会いましょう", "明日の会議", "資料を送ります", "ありがとう", "了解です", "写真", "来週",
	  "予定" },
	{ "Завтра", "встреча", "в полдень", "спасибо", "документы", "Москва", "хорошо", "письмо" },
	{ "غدا", "الاجتماع", "شكرا", "القاهرة", "رسالة", "صباح", "الخير", "ملف" },
	{ "naïve", "Größe", "façade", "smörgåsbord", "jalapeño", "Łódź", "čeština", "Ægir" },
	{ "👍", "🙂", "ok", "…", "café", "→", "½", "№" },
};

static guint pick(Filler *f, guint limit)
{
	return (guint)g_rand_int_range(f->random, 0, (gint32)limit);
}

static int person(Filler *f)
{
	double at = g_rand_double(f->random) * f->zipf[PEOPLE - 1];
	int low = 0, high = PEOPLE - 1;

	while (low < high) {
		int middle = (low + high) / 2;
		if (f->zipf[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Words are as frequent as words are: the rank is a power of an even draw. */
static void words(Filler *f, GString *text, guint count)
{
	static const char *const syllables[] = { "ka", "lo", "mi", "ter", "sen", "nit", "ra", "po",
		                                 "vel", "du", "an", "esh", "or", "ti", "um", "bla" };

	for (guint i = 0; i < count; i++) {
		double even = g_rand_double(f->random);
		guint rank = (guint)(pow(even, 3) * VOCABULARY) + 1;
		if (i)
			g_string_append_c(text, i % 11 == 10 ? '\n' : ' ');
		for (; rank; rank /= G_N_ELEMENTS(syllables))
			g_string_append(text, syllables[rank % G_N_ELEMENTS(syllables)]);
	}
	if (pick(f, 6) == 0)
		g_string_append_printf(text, "\n%s %s",
		                       scripts[pick(f, G_N_ELEMENTS(scripts))][pick(f, 8)],
		                       scripts[pick(f, G_N_ELEMENTS(scripts))][pick(f, 8)]);
}

static char *address(int who, SnChannel channel)
{
	return g_strdup_printf("person%d@%s.test", who,
	                       channel == SN_CHANNEL_MAIL ? "mail" : "chat");
}

static SnMessage *begin(Filler *f, SnChannel channel, int who, guint length)
{
	SnMessage *m = sn_message_new();
	g_autofree char *other = address(who, channel);
	GString *body = g_string_new(NULL);
	gint64 age = (gint64)(f->total - f->count) * 7 * SN_MINUTE + pick(f, 5 * 60000);

	m->account = f->account;
	m->channel = channel;
	m->direction = pick(f, 3) == 0 ? SN_OUT : SN_IN;
	m->state = m->direction == SN_IN ? SN_STATE_RECEIVED : SN_STATE_DELIVERED;
	m->time = sn_clock_now(NULL) - SN_MINUTE - age;
	m->sender = m->direction == SN_IN ? f->people[channel][who] : f->me[channel];
	m->flags = f->total - f->count > UNREAD_NEWEST ? SN_FLAG_SEEN : 0;
	sn_message_add_party(m, SN_ROLE_FROM, m->direction == SN_IN ? other : ME, NULL);
	sn_message_add_party(m, SN_ROLE_TO, m->direction == SN_IN ? ME : other, NULL);
	words(f, body, length);
	m->body = g_string_free(body, FALSE);
	return m;
}

static void continue_thread(Filler *f, SnMessage *m, int who, GString *subject)
{
	guint slot = pick(f, OPEN_THREADS);

	if (f->threads[slot] && f->thread_person[slot] == who) {
		m->in_reply_to = g_strdup(f->threads[slot]);
		m->thread = g_strdup(f->threads[slot]);
		g_string_prepend(subject, "Re: ");
		return;
	}
	g_free(f->threads[slot]);
	f->threads[slot] = g_strdup(m->message_id);
	f->thread_person[slot] = who;
}

static GBytes *raw_of(const SnMessage *m)
{
	GString *raw = g_string_new(NULL);

	g_string_append_printf(raw,
	                       "Return-Path: <x@mail.test>\r\nReceived: from mail.test by example.test "
	                       "with ESMTPS id %s\r\nMessage-ID: <%s>\r\nSubject: %s\r\n"
	                       "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s",
	                       m->message_id, m->message_id, m->subject, m->body);
	gsize length = raw->len;
	return g_bytes_new_take(g_string_free(raw, FALSE), length);
}

static gboolean add_mail(Filler *f, GError **error)
{
	int who = person(f);
	g_autoptr(SnMessage) m = begin(f, SN_CHANNEL_MAIL, who, 40 + pick(f, 400));
	GString *subject = g_string_new(NULL);

	words(f, subject, 3 + pick(f, 5));
	m->message_id = g_strdup_printf("%u.%08x@mail.test", f->count, g_rand_int(f->random));
	continue_thread(f, m, who, subject);
	m->subject = g_string_free(subject, FALSE);
	if (pick(f, 20) == 0)
		m->list_id = g_strdup_printf("list%u.lists.test", pick(f, 5));
	if (pick(f, 12) == 0) {
		SnPart *part = g_new0(SnPart, 1);
		part->position = 2;
		part->type = g_strdup("application/pdf");
		part->name = g_strdup_printf("paper-%u.pdf", f->count);
		part->size = pick(f, 1000000);
		sn_message_add_part(m, part);
	}
	g_autoptr(GBytes) raw = raw_of(m);
	return sn_message_add(f->store, m, NULL, raw, NULL, error);
}

static gboolean add_im(Filler *f, GError **error)
{
	g_autoptr(SnMessage) m = begin(f, SN_CHANNEL_IM, person(f), 1 + pick(f, 20));

	m->origin_id = g_strdup_printf("im-%u-%08x", f->count, g_rand_int(f->random));
	m->stanza_id = g_strdup_printf("archive-%u", f->count);
	return sn_message_add(f->store, m, NULL, NULL, NULL, error);
}

static gboolean add_people(Filler *f, GError **error)
{
	for (int i = 0; i < PEOPLE; i++) {
		g_autofree char *name = g_strdup_printf("Person %d", i);
		for (int channel = 0; channel < 2; channel++) {
			g_autofree char *value = address(i, (SnChannel)channel);
			f->people[channel][i] = sn_address_intern(f->store, (SnChannel)channel,
			                                          value, name, error);
			if (!f->people[channel][i])
				return FALSE;
		}
		f->zipf[i] = (i ? f->zipf[i - 1] : 0) + 1.0 / (i + 1);
		/* every other one is known on both channels */
		g_autoptr(SnAddress) mail = sn_address_get(f->store, f->people[0][i]);
		if (i % 2 == 0 && !sn_link_add(f->store, f->people[1][i], mail->person,
		                               SN_LINK_VCARD, FALSE, "people.vcf", error))
			return FALSE;
	}
	return TRUE;
}

static gboolean prepare(Filler *f, GError **error)
{
	static const char *const mails[] = { ME, NULL };
	const SnOwnAccount own = { "bench", mails, ME };

	if (!sn_own_accounts_set(f->store, &own, 1, error))
		return FALSE;
	f->account = sn_account_find(f->store, "bench");
	for (int channel = 0; channel < 2; channel++)
		f->me[channel] =
			sn_address_intern(f->store, (SnChannel)channel, ME, NULL, error);
	if (!sn_store_begin(f->store, error))
		return FALSE;
	if (add_people(f, error))
		return sn_store_commit(f->store, error);
	sn_store_rollback(f->store);
	return FALSE;
}

static gboolean fill_batch(Filler *f, guint mails, GError **error)
{
	if (!sn_store_begin(f->store, error))
		return FALSE;
	for (guint i = 0; i < BATCH && f->count < f->total; i++, f->count++) {
		if (pick(f, f->total) < mails ? add_mail(f, error) : add_im(f, error))
			continue;
		sn_store_rollback(f->store);
		return FALSE;
	}
	return sn_store_commit(f->store, error);
}

gboolean fill_store(SnStore *store, guint mails, guint ims, guint32 seed, GError **error)
{
	Filler f = { .store = store,
		     .random = g_rand_new_with_seed(seed),
		     .total = mails + ims };
	gboolean ok = prepare(&f, error);

	while (ok && f.count < f.total)
		ok = fill_batch(&f, mails, error);
	for (int i = 0; i < OPEN_THREADS; i++)
		g_free(f.threads[i]);
	g_rand_free(f.random);
	return ok && sn_store_sync(store, error);
}
