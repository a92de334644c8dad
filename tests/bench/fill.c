/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/fill.h"

#include <string.h>

#include "tests/bench/fill_log.h"

#define BATCH 200

typedef struct {
	SnStore *store;
	Made *made;   /* where the messages come from: either this */
	FillLog *log; /* or this */
	SnTime newest;
	SnId account, me[2];
	SnId *people[2];
	int known; /* of each */
	guint count;
	gboolean one_person; /* all but the oldest is exchanged with the first of them */
} Filler;

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

static void describe_mail(SnMessage *m, MadeMessage *made)
{
	m->message_id = g_strdup(made->id);
	m->in_reply_to = g_strdup(made->in_reply_to);
	m->thread = g_strdup(made->in_reply_to);
	m->subject = g_strdup(made->subject);
	m->list_id = g_strdup(made->list_id);
	if (!made->file)
		return;
	SnPart *part = g_new0(SnPart, 1);
	part->position = 2;
	part->type = g_strdup("application/pdf");
	part->name = g_strdup(made->file);
	part->size = made->file_size;
	sn_message_add_part(m, part);
}

static gboolean add(Filler *f, MadeMessage *made, GError **error)
{
	g_autoptr(SnMessage) m = sn_message_new();
	SnChannel channel = made->im ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	g_autofree char *other = made_address(made->who, made->im);

	m->account = f->account;
	m->channel = channel;
	m->direction = made->out ? SN_OUT : SN_IN;
	m->state = made->out ? SN_STATE_DELIVERED : SN_STATE_RECEIVED;
	m->time = f->newest - made->age / 1000;
	m->sender = made->out ? f->me[channel] : f->people[channel][made->who];
	m->flags = made->unread ? 0 : SN_FLAG_SEEN;
	sn_message_add_party(m, SN_ROLE_FROM, made->out ? MADE_ME : other, NULL);
	sn_message_add_party(m, SN_ROLE_TO, made->out ? other : MADE_ME, NULL);
	if (made->copy >= 0) {
		g_autofree char *copy = made_address(made->copy, FALSE);
		sn_message_add_party(m, SN_ROLE_CC, copy, NULL);
	}
	m->body = g_strdup(made->body);
	if (made->im) {
		m->origin_id = g_strdup(made->id);
		m->stanza_id = g_strdup_printf("archive-%u", f->count);
		return sn_message_add(f->store, m, NULL, NULL, NULL, error);
	}
	describe_mail(m, made);
	g_autoptr(GBytes) raw = raw_of(m);
	return sn_message_add(f->store, m, NULL, raw, NULL, error);
}

static gboolean add_people(Filler *f, GError **error)
{
	for (int i = 0; i < f->known; i++) {
		g_autofree char *name = g_strdup_printf("Person %d", i);
		for (int channel = 0; channel < 2; channel++) {
			g_autofree char *value = made_address(i, channel == SN_CHANNEL_IM);
			f->people[channel][i] = sn_address_intern(f->store, (SnChannel)channel,
			                                          value, name, error);
			if (!f->people[channel][i])
				return FALSE;
		}
		/* every other one is known on both channels */
		g_autoptr(SnAddress) mail = sn_address_get(f->store, f->people[0][i]);
		if (i % 2 == 0 && !sn_link_add(f->store, f->people[1][i], mail->person,
		                               SN_LINK_VCARD, FALSE, "people.vcf", error))
			return FALSE;
	}
	return TRUE;
}

static gboolean prepare(Filler *f, int people, GError **error)
{
	static const char *const mails[] = { MADE_ME, NULL };
	const SnOwnAccount own = { "bench", mails, MADE_ME };

	if (!sn_own_accounts_set(f->store, &own, 1, error))
		return FALSE;
	f->account = sn_account_find(f->store, "bench");
	f->known = people;
	for (int channel = 0; channel < 2; channel++) {
		f->people[channel] = g_new0(SnId, people);
		f->me[channel] =
			sn_address_intern(f->store, (SnChannel)channel, MADE_ME, NULL, error);
	}
	if (!sn_store_begin(f->store, error))
		return FALSE;
	if (add_people(f, error))
		return sn_store_commit(f->store, error);
	sn_store_rollback(f->store);
	return FALSE;
}

/* FALSE after the last, or with an error. */
static gboolean next(Filler *f, MadeMessage *made, GError **error)
{
	gboolean more = f->log ? fill_log_next(f->log, made, error) : made_next(f->made, made);

	if (more && f->one_person) {
		made->who = f->count ? 0 : 1;
		made->copy = -1;
		g_clear_pointer(&made->list_id, g_free);
	}
	return more;
}

/* *more: whether there may be another batch. */
static gboolean fill_batch(Filler *f, gboolean *more, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	MadeMessage made;

	if (!sn_store_begin(f->store, error))
		return FALSE;
	for (guint i = 0; i < BATCH && (*more = next(f, &made, &wrong)); i++, f->count++) {
		gboolean good = add(f, &made, &wrong);
		made_message_clear(&made);
		if (!good)
			break;
	}
	if (!wrong)
		return sn_store_commit(f->store, error);
	g_propagate_error(error, g_steal_pointer(&wrong));
	sn_store_rollback(f->store);
	return FALSE;
}

static gboolean fill_all(Filler *f, int people, GError **error)
{
	gboolean more = TRUE, ok = prepare(f, people, error);

	while (ok && more)
		ok = fill_batch(f, &more, error);
	for (int channel = 0; channel < 2; channel++)
		g_free(f->people[channel]);
	return ok && sn_store_sync(f->store, error);
}

static gboolean fill_made(SnStore *store, Made *made, int people, gboolean one_person, GError **error)
{
	Filler f = { .store = store, .made = made, .newest = sn_clock_now(NULL) - SN_MINUTE,
		     .one_person = one_person };
	gboolean ok = fill_all(&f, people, error);

	made_free(made);
	return ok;
}

gboolean fill_store(SnStore *store, guint total, guint32 seed, GError **error)
{
	return fill_made(store, made_new(total, seed, FALSE), made_people(total), FALSE, error);
}

gboolean fill_person(SnStore *store, guint total, guint32 seed, GError **error)
{
	return fill_made(store, made_new(total + 1, seed, TRUE), 2, TRUE, error);
}

gboolean fill_store_log(SnStore *store, const char *path, GError **error)
{
	Filler f = { .store = store, .log = fill_log_open(path, error) };
	gboolean ok = f.log && fill_all(&f, fill_log_people(f.log), error);

	fill_log_close(f.log);
	return ok;
}
