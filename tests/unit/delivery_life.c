/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/delivery_life.h"

#include <sqlite3.h>
#include <string.h>

#include "src/store/statement.h"

#define MESSAGES 8

static int pick(Life *life, int below)
{
	return g_rand_int_range(life->random, 0, below);
}

static void note(Life *life, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(Life *life, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_string_append_c(life->log, ' ');
	g_string_append_vprintf(life->log, format, args);
	va_end(args);
}

static void rest(Life *life)
{
	if (!work(life->delivery) && !life->broken)
		life->broken = g_strdup("the engine does not come to rest");
}

/* ---- a full disk ---- */

static int refuse_when_full(void *data)
{
	return ((Life *)data)->full;
}

static void watch_disk(Life *life)
{
	sqlite3_commit_hook(life->delivery->world->store->db, refuse_when_full, life);
}

/* ---- messages ---- */

Watched *life_watched(Life *life, SnId id)
{
	for (guint i = 0; i < life->watched->len; i++)
		if (g_array_index(life->watched, Watched, i).id == id)
			return &g_array_index(life->watched, Watched, i);
	return NULL;
}

static void watch(Life *life, const SnOutboxEntry *entry)
{
	Watched one = { .id = entry->id,
		        .wire = g_strdup(entry->origin_id ? entry->origin_id : entry->message_id),
		        .body = g_strdup(entry->body),
		        .send_at = entry->send_at,
		        .at_end = -1 };

	g_array_append_val(life->watched, one);
}

/* Also the emails that conversions made. */
static void watch_new(Life *life)
{
	SnId last = life->watched->len
		? g_array_index(life->watched, Watched, life->watched->len - 1).id
		: 0;
	g_autoptr(GPtrArray) all =
		sn_outbox_list(life->delivery->world->store, SN_OUTBOX_ALL, 0, 100, 0);

	for (guint i = all->len; i > 0; i--) {
		const SnOutboxEntry *entry = all->pdata[i - 1];
		if (entry->id > last)
			watch(life, entry);
	}
}

static Watched *some_message(Life *life)
{
	return life->watched->len
		? &g_array_index(life->watched, Watched, pick(life, (int)life->watched->len))
		: NULL;
}

/* A client wrote something, and rings. */
static void ring_bell(Life *life)
{
	life->delivery->woken = TRUE;
}

static void write_message(Life *life)
{
	static const SnRule rules[] = { SN_RULE_DEFAULT, SN_RULE_DEFAULT, SN_RULE_DEFER,
		                        SN_RULE_SEND,    SN_RULE_ASK_THEM, SN_RULE_MAIL,
		                        SN_RULE_ASK,     SN_RULE_FAIL };
	static const SnTime undo[] = { 0, 0, 5 * SN_SECOND, 5 * SN_SECOND, 2 * SN_HOUR };
	gboolean carol = pick(life, 5) == 0, mail = !carol && pick(life, 3) == 0;
	const char *to = carol ? CAROL_IM : mail ? BOB_MAIL : BOB_IM;
	SnTime after = undo[pick(life, G_N_ELEMENTS(undo))];
	SnParty party = { SN_ROLE_TO, (char *)to, NULL };
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autofree char *body = g_strdup_printf("text-%d.", ++life->written);
	SnOutboxNew new = {
		.conversation = carol ? life->carol : 0,
		.account = life->delivery->world->home,
		.from = "alice@example.test",
		.recipients = recipients,
		.channel = mail ? SN_CHANNEL_MAIL : SN_CHANNEL_IM,
		.subject = mail ? "Test" : NULL,
		.body = body,
		.thread = pick(life, 3) ? NULL : "one-thread",
		.state = SN_STATE_QUEUED,
		.if_unavailable = rules[pick(life, G_N_ELEMENTS(rules))],
		.when = pick(life, 10) ? 0 : SN_WHEN_ONLINE,
		.send_at = after ? life->delivery->world->now + after : 0,
		.announce = pick(life, 2),
	};

	g_ptr_array_add(recipients, &party);
	if (!new.conversation)
		new.conversation = sn_conversation_for_person(
			life->delivery->world->store,
			world_person_of(life->delivery->world, SN_CHANNEL_IM, BOB_IM), NULL);
	SnId id = sn_outbox_queue(life->delivery->world->store, &new, FALSE, NULL);
	note(life, "%s%s(%" G_GINT64_FORMAT ")", mail ? "mail" : carol ? "im-carol" : "im",
	     after ? after > SN_MINUTE ? "-scheduled" : "-undo" : "", id);
	ring_bell(life);
}

static void request(Life *life, Watched *one, SnOutboxRequest what)
{
	g_autoptr(SnOutboxEntry) entry = entry_of(life->delivery, one->id);
	gboolean again = what == SN_REQUEST_SEND || what == SN_REQUEST_RETRY ||
	                 what == SN_REQUEST_CONVERT;

	if (!sn_outbox_request(life->delivery->world->store, one->id, what, NULL))
		return;
	note(life, "%s(%" G_GINT64_FORMAT ")", sn_outbox_request_word(what), one->id);
	/* Only the user can make it go twice, by saying so of one that may have gone. */
	one->claimed |= what == SN_REQUEST_ARRIVED;
	one->resent |= again && taken(life->delivery, one->wire) > 0;
	/* Nothing of it is out, so the cancel has to win, whatever comes; a later word replaces it. */
	one->taken_back = what == SN_REQUEST_CANCEL && entry->state != SN_STATE_SENDING &&
	                  !sn_outbox_is_uncertain(entry) && taken(life->delivery, one->wire) == 0;
	ring_bell(life);
}

static void request_something(Life *life)
{
	Watched *one = some_message(life);

	if (one)
		request(life, one, (SnOutboxRequest)(1 + pick(life, SN_REQUEST_LAST)));
}

static void edit_something(Life *life)
{
	Watched *one = some_message(life);
	g_autofree char *body = g_strdup_printf("edit-%d.", ++life->written);

	if (!one || !sn_outbox_edit(life->delivery->world->store, one->id, NULL, body, NULL))
		return;
	note(life, "edit(%" G_GINT64_FORMAT ")", one->id);
	g_free(one->body);
	one->body = g_steal_pointer(&body);
	ring_bell(life);
}

/* ---- contacts ---- */

static void presence_changes(Life *life)
{
	static const SnPresenceShow shows[] = { SN_PRESENCE_OFFLINE, SN_PRESENCE_XA,
		                                SN_PRESENCE_DND,     SN_PRESENCE_AWAY,
		                                SN_PRESENCE_ONLINE,  SN_PRESENCE_ONLINE };
	SnPresenceShow show = shows[pick(life, G_N_ELEMENTS(shows))];
	const char *jid = pick(life, 4) ? BOB_IM : CAROL_IM;
	g_autoptr(SnAddress) address =
		sn_address_find(life->delivery->world->store, SN_CHANNEL_IM, jid);

	if (!life->delivery->account.im_online || life->full)
		return;
	note(life, "%.3s=%s", jid, sn_presence_word(show));
	world_presence(life->delivery->world, jid, show, 0);
	sn_delivery_presence(life->delivery->engine.delivery, address->id);
}

static void contact_answers(Life *life)
{
	static const char *const answers[] = { "now", "later", "email", "hello", "always later" };
	SnImMessage *im = sn_im_message_new();

	im->from = g_strdup(pick(life, 4) ? BOB_IM "/phone" : CAROL_IM "/x");
	im->to = g_strdup("alice@example.test");
	im->body = g_strdup(answers[pick(life, G_N_ELEMENTS(answers))]);
	if (life->delivery->account.im_online) {
		note(life, "%.3s:\"%s\"", im->from, im->body);
		sn_delivery_answer(life->delivery->engine.delivery, &life->delivery->account, 0, im);
	}
	sn_im_message_free(im);
}

static void something_comes_back(Life *life)
{
	Watched *one = some_message(life);
	SnDelivery *delivery = life->delivery->engine.delivery;
	SnEngineAccount *account = &life->delivery->account;

	if (!one || taken(life->delivery, one->wire) == 0)
		return;
	int what = pick(life, 6);
	note(life, "back%d(%" G_GINT64_FORMAT ")", what, one->id);
	switch (what) {
	case 0: sn_delivery_receipt(delivery, account, BOB_IM, one->wire, FALSE); break;
	case 1: sn_delivery_receipt(delivery, account, BOB_IM, one->wire, TRUE); break;
	case 2:
		sn_delivery_report(delivery, one->wire, NULL, SN_REPORT_DELIVERED, BOB_MAIL, NULL);
		break;
	case 3:
		sn_delivery_seen(delivery, SN_CHANNEL_IM, one->wire);
		sn_delivery_seen(delivery, SN_CHANNEL_MAIL, one->wire);
		break;
	case 4:
		sn_delivery_im_error(delivery, account, BOB_IM, one->wire, "service-unavailable", NULL);
		break;
	default:
		sn_delivery_report(delivery, one->wire, NULL, SN_REPORT_FAILED, BOB_MAIL, "bounced");
		break;
	}
}

/* A cancel, and before the engine has seen it, what would make the message go. */
static void is_cancelled_at_the_last_moment(Life *life)
{
	Watched *one = some_message(life);

	if (!one)
		return;
	request(life, one, SN_REQUEST_CANCEL);
	if (pick(life, 2))
		presence_changes(life);
	else
		contact_answers(life);
}

/* ---- servers, line, machine ---- */

static void server_misbehaves(Life *life)
{
	Fate fate = (Fate)pick(life, FATE_AUTH + 1);
	gboolean im = pick(life, 2);

	life->delivery->fate_lasts = pick(life, 3) ? 0 : 12;
	note(life, "%s-fate%d%s", im ? "im" : "mail", fate,
	     life->delivery->fate_lasts ? "-lasting" : "");
	if (im)
		life->delivery->next_im = fate;
	else
		life->delivery->next_mail = fate;
}

static void line_changes(Life *life)
{
	Delivery *self = life->delivery;

	if (!self->account.im_online) {
		note(life, "on");
		self->account.im_online = self->account.source_online = TRUE;
		sn_delivery_account_online(self->engine.delivery, &self->account, SN_CHANNEL_IM);
		sn_delivery_account_online(self->engine.delivery, &self->account, SN_CHANNEL_MAIL);
		return;
	}
	note(life, "off");
	self->account.im_online = self->account.source_online = FALSE;
	self->fate_lasts = 0;
	self->next_im = pick(life, 2) ? FATE_LOST_BEFORE : FATE_LOST_AFTER;
	self->next_mail = self->next_im;
	pump(self); /* what was under way is torn */
	self->next_im = self->next_mail = FATE_TAKEN;
	sn_presence_forget(self->world->store, self->world->home, NULL);
}

/* Killed, perhaps with something out whose answer nobody hears. */
static void is_killed(Life *life)
{
	gboolean took = pick(life, 2);

	note(life, took ? "kill-taken" : "kill");
	sn_delivery_look(life->delivery->engine.delivery);
	if (took)
		take_without_answer(life->delivery);
	life->full = FALSE;
	crash(life->delivery, FALSE);
	watch_disk(life);
}

static void disk_changes(Life *life)
{
	life->full = !life->full;
	note(life, life->full ? "disk-full" : "disk-has-room");
}

static void time_passes(Life *life)
{
	static const SnTime times[] = { 2 * SN_SECOND, 10 * SN_SECOND, SN_MINUTE, 10 * SN_MINUTE,
		                        SN_HOUR,       3 * SN_HOUR,    SN_HOUR,   30 * SN_HOUR };
	SnTime by = times[pick(life, G_N_ELEMENTS(times))];

	note(life, "+%" G_GINT64_FORMAT "s", by / SN_SECOND);
	if (!pass(life->delivery, by) && !life->broken)
		life->broken = g_strdup("the engine does not come to rest as time passes");
}

static void sleeps(Life *life)
{
	SnTime by = (1 + pick(life, 240)) * SN_HOUR;

	note(life, "sleep%" G_GINT64_FORMAT "h", by / SN_HOUR);
	life->delivery->world->now += by;
}

static void clock_jumps(Life *life)
{
	static const SnTime jumps[] = { -400 * SN_DAY, -3 * SN_DAY, -SN_HOUR, -SN_SECOND,
		                        SN_HOUR,       3 * SN_DAY,  400 * SN_DAY };
	SnTime by = jumps[pick(life, G_N_ELEMENTS(jumps))];

	note(life, "clock%+" G_GINT64_FORMAT "h", by / SN_HOUR);
	life->delivery->world->now += by;
}

static void archive_changes(Life *life)
{
	life->delivery->archive = !life->delivery->archive;
	life->delivery->sent_keeps = pick(life, 2);
	note(life, life->delivery->archive ? "archive" : "no-archive");
}

/* ---- life ---- */

static const struct {
	void (*happens)(Life *life);
	int often;
} events[] = {
	{ write_message, 20 },  { request_something, 14 }, { is_cancelled_at_the_last_moment, 4 },
	{ edit_something, 6 },
	{ presence_changes, 18 }, { contact_answers, 6 },  { something_comes_back, 8 },
	{ server_misbehaves, 8 }, { line_changes, 7 },     { is_killed, 5 },
	{ disk_changes, 3 },    { time_passes, 20 },       { sleeps, 2 },
	{ clock_jumps, 2 },     { archive_changes, 2 },
};

void life_step(Life *life)
{
	int all = 0, at, i = 0;

	for (gsize j = 0; j < G_N_ELEMENTS(events); j++)
		all += events[j].often;
	for (at = pick(life, all); at >= events[i].often; i++)
		at -= events[i].often;
	if (events[i].happens != write_message || life->written < MESSAGES)
		events[i].happens(life);
	switch (pick(life, 5)) {
	case 0: break; /* the next thing happens before the engine has seen this */
	case 1: /* answers stay open for a while */
		if (life->delivery->woken)
			sn_delivery_look(life->delivery->engine.delivery);
		break;
	default: rest(life); break;
	}
	watch_new(life);
}

static void add_carol(Life *life)
{
	World *world = life->delivery->world;
	SnId id = sn_address_intern(world->store, SN_CHANNEL_IM, CAROL_IM, "Carol", NULL);
	g_autoptr(SnAddress) address = sn_address_get(world->store, id);

	life->carol = sn_conversation_for_person(world->store, address->person, NULL);
	world_roster(world, CAROL_IM, SN_SUB_BOTH);
	world_presence(world, CAROL_IM, SN_PRESENCE_DND, 0);
}

Life *life_new(guint32 seed)
{
	static const char *const rules[] = { "ask", "defer", "mail", "send", "ask-them" };
	Life *life = g_new0(Life, 1);

	life->random = g_rand_new_with_seed(seed);
	g_autofree char *settings =
		g_strdup_printf("[delivery]\nif-unavailable = %s\n",
	                        rules[pick(life, G_N_ELEMENTS(rules))]);
	life->delivery = delivery_new(settings);
	life->watched = g_array_new(FALSE, FALSE, sizeof(Watched));
	life->log = g_string_new(NULL);
	add_carol(life);
	watch_disk(life);
	return life;
}

void life_free(Life *life)
{
	for (guint i = 0; i < life->watched->len; i++) {
		g_free(g_array_index(life->watched, Watched, i).wire);
		g_free(g_array_index(life->watched, Watched, i).body);
	}
	g_array_unref(life->watched);
	g_string_free(life->log, TRUE);
	g_rand_free(life->random);
	life->full = FALSE;
	delivery_free(life->delivery);
	g_free(life->broken);
	g_free(life);
}

static void all_are_there(Life *life)
{
	static const char *const jids[] = { BOB_IM, CAROL_IM };

	for (gsize i = 0; i < G_N_ELEMENTS(jids); i++) {
		World *world = life->delivery->world;
		g_autoptr(SnAddress) address = sn_address_find(world->store, SN_CHANNEL_IM, jids[i]);
		world_presence(world, jids[i], SN_PRESENCE_ONLINE, 0);
		sn_delivery_presence(life->delivery->engine.delivery, address->id);
	}
	rest(life);
}

/* What asks the user, and what is scheduled for later, hears "cancel" or "send". */
static gboolean decide(Life *life)
{
	gboolean any = FALSE;

	for (guint i = 0; i < life->watched->len; i++) {
		Watched *one = &g_array_index(life->watched, Watched, i);
		g_autoptr(SnOutboxEntry) entry = entry_of(life->delivery, one->id);
		gboolean scheduled = (entry->state == SN_STATE_QUEUED ||
		                      entry->state == SN_STATE_WAITING) &&
		                     entry->send_at > life->delivery->world->now;
		if (entry->state != SN_STATE_CHOOSING && !scheduled)
			continue;
		request(life, one, pick(life, 2) ? SN_REQUEST_SEND : SN_REQUEST_CANCEL);
		any = TRUE;
	}
	rest(life);
	return any;
}

void life_end(Life *life)
{
	Delivery *self = life->delivery;

	note(life, "END");
	life->full = FALSE;
	self->next_im = self->next_mail = FATE_TAKEN;
	self->fate_lasts = 0;
	self->archive = TRUE;
	if (!self->account.im_online)
		line_changes(life);
	rest(life);
	all_are_there(life);
	for (int i = 0; i < 4 && !life->broken; i++) {
		/* longer than any schedule, undo window and pause; nobody pokes the engine */
		if (!pass(self, 3 * SN_HOUR))
			life->broken = g_strdup("the engine does not come to rest as time passes");
		watch_new(life);
		if (!decide(life) && i > 1)
			break;
	}
}
