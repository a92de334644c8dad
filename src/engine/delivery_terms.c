/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the sender made a message wait for: a time, a presence, the line, encryption; and the hours
 * of work, outside of which nothing goes that was put off.
 *
 * A time that the clock has passed while the machine slept is due at once, in the order of the
 * entries; the hours are looked at again then, so that a message for the evening does not go when
 * somebody opens the machine at night.
 */
#include "src/engine/delivery_private.h"
#include "src/engine/omemo.h"

/* The undo window is not a time that the user chose for it to go. */
#define SCHEDULED (2 * SN_MINUTE)

static gboolean is_scheduled(const SnOutboxEntry *entry)
{
	return entry->send_at > entry->created + SCHEDULED;
}

static gboolean is_put_off(const SnOutboxEntry *entry)
{
	return entry->when || is_scheduled(entry) ||
	       (entry->state == SN_STATE_WAITING && !entry->error_word);
}

static void wait(SnDelivery *self, const SnOutboxEntry *entry, const char *what, const char *why,
                 SnTime not_before)
{
	SnFact fact = { .what = what ? what : entry->state == SN_STATE_WAITING ? "looked" : NULL,
		        .reason = why,
		        .not_before = not_before };

	sn_delivery_apply(self, entry->id, SN_DELIVERY_DEFER, &fact);
}

/* ---- presence ---- */

gboolean sn_delivery_terms_presence(SnDelivery *self, const SnOutboxEntry *entry, char **why)
{
	SnEngine *engine = self->engine;
	g_autoptr(SnConversation) conversation = NULL;

	if (!(entry->when & SN_WHEN_PRESENCE))
		return TRUE;
	conversation = sn_conversation_get(engine->store, entry->conversation);
	if (!conversation || !conversation->person) {
		if (why)
			*why = g_strdup("Nobody's presence is known here");
		return FALSE;
	}
	g_autoptr(SnWhereabouts) there = sn_whereabouts(engine->store, engine->config,
	                                                conversation->person, 0, engine->clock);
	gboolean missing =
		(entry->when & SN_WHEN_ONLINE && there->show <= SN_PRESENCE_OFFLINE) ||
		(entry->when & SN_WHEN_AVAILABLE && there->availability != SN_AVAILABLE) ||
		(entry->when & SN_WHEN_NOT_DND && there->show == SN_PRESENCE_DND);
	if (missing && why) {
		g_autofree char *who = sn_delivery_who(self, entry);
		*why = there->show == SN_PRESENCE_UNKNOWN
			? g_strdup_printf("The presence of %s is unknown", who)
			: g_strdup_printf("%s is %s", who, there->text);
	}
	return !missing;
}

static gboolean is_connected(const SnEngineAccount *account)
{
	gboolean none = !account->source && !account->im;

	return none || account->im_online || account->source_online;
}

/* ---- all together ---- */

char *sn_delivery_terms_encrypt(SnDelivery *self, const SnOutboxEntry *entry)
{
	gboolean mail = entry->channel == SN_CHANNEL_MAIL;

	if (entry->encrypt != SN_ENCRYPT_REQUIRED)
		return NULL;
	const SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	g_autofree char *missing = mail ? sn_seal_why_not(self, entry->id) : NULL;
	if (mail ? !missing : account && account->omemo)
		return NULL; /* of an IM the devices decide, when it could go */
	g_autofree char *who = sn_delivery_who(self, entry);
	return g_strdup_printf("It has to go encrypted, and there is no encryption for %s yet%s%s", who,
	                       missing ? ": " : "", missing ? missing : "");
}

gboolean sn_delivery_is_sealed(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autofree char *memo =
		entry->channel == SN_CHANNEL_IM ? sn_delivery_memo(self, entry->id, "sealed") : NULL;

	return memo != NULL;
}

static void decide(SnDelivery *self, const SnOutboxEntry *entry, gboolean sealed)
{
	if (sn_delivery_is_sealed(self, entry) != sealed)
		sn_delivery_set_memo(self, entry->id, "sealed", sealed ? "1" : NULL);
}

static SnOmemoCan can_seal(SnDelivery *self, const SnOutboxEntry *entry, char **why)
{
	const SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(self->engine->store, entry->conversation);
	const char *jid = sn_delivery_jid(entry);
	gboolean required = entry->encrypt == SN_ENCRYPT_REQUIRED;

	if (entry->encrypt == SN_ENCRYPT_CLEAR ||
	    (!required && sn_outbox_is_plain(self->engine->store, entry->id)))
		return SN_OMEMO_CLEAR; /* the user's own word about this message */
	if (!account || !jid)
		return SN_OMEMO_CLEAR;
	if (conversation && conversation->kind == SN_CONV_ROOM) {
		*why = required ? g_strdup("rooms cannot be encrypted yet") : NULL;
		return required ? SN_OMEMO_CANNOT : SN_OMEMO_CLEAR;
	}
	return sn_omemo_can(account->omemo, jid, required, why);
}

gboolean sn_delivery_terms_sealed(SnDelivery *self, const SnOutboxEntry *entry)
{
	const SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	g_autofree char *why = NULL, *reason = NULL, *who = NULL;

	if (entry->channel != SN_CHANNEL_IM || sn_delivery_has_begun(self, entry))
		return TRUE; /* it goes on as it began */
	switch (can_seal(self, entry, &why)) {
	case SN_OMEMO_CLEAR: decide(self, entry, FALSE); return TRUE;
	case SN_OMEMO_READY: decide(self, entry, TRUE); return TRUE;
	case SN_OMEMO_SOON: sn_omemo_wait(account->omemo, entry->id); return FALSE;
	case SN_OMEMO_CANNOT: break;
	}
	who = sn_delivery_who(self, entry);
	reason = g_strdup_printf("It cannot be encrypted for %s: %s", who, why);
	sn_omemo_wait(account->omemo, entry->id);
	wait(self, entry, "encrypt", reason, 0);
	return FALSE;
}

void sn_delivery_plan_open(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);

	if (!entry || g_hash_table_contains(self->jobs, &id) ||
	    (entry->state != SN_STATE_QUEUED && entry->state != SN_STATE_WAITING))
		return;
	sn_delivery_plan(self, id);
	sn_delivery_set_timer(self);
}

static gboolean is_connected_for(SnDelivery *self, const SnOutboxEntry *entry, char **why)
{
	const SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);

	g_assert(account);
	if (!(entry->when & SN_WHEN_NETWORK) || is_connected(account))
		return TRUE;
	*why = g_strdup_printf("The account %s is not connected", account->config->name);
	return FALSE;
}

gboolean sn_delivery_terms(SnDelivery *self, const SnOutboxEntry *entry, gboolean forced)
{
	const SnHours *hours = sn_delivery_settings(self)->delivery_working_hours;
	g_autofree char *encrypt = sn_delivery_terms_encrypt(self, entry), *why = NULL;
	SnTime now = sn_delivery_now(self), open = sn_hours_next(hours, now, NULL);

	if (encrypt) {
		/* a word of its own: the user's "now" still counts once it can be encrypted */
		wait(self, entry, "encrypt", encrypt, 0);
		return FALSE;
	}
	if (forced)
		return TRUE;
	/* a clock that was set back does not make a schedule of an undo window */
	if (entry->send_at > now && is_scheduled(entry)) {
		g_autofree char *time = sn_delivery_time_text(entry->send_at);
		g_autofree char *until = g_strdup_printf("Not before %s", time);
		wait(self, entry, NULL, until, entry->send_at);
		return FALSE;
	}
	if (open > now && is_put_off(entry)) {
		wait(self, entry, NULL, "Outside your working hours", open);
		return FALSE;
	}
	if (is_connected_for(self, entry, &why) && sn_delivery_terms_presence(self, entry, &why))
		return TRUE;
	wait(self, entry, NULL, why, 0);
	return FALSE;
}

gboolean sn_delivery_terms_begin(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnTime now = sn_delivery_now(self);
	gboolean later = entry->send_at > now && is_scheduled(entry);
	g_autofree char *time = later ? sn_delivery_time_text(entry->send_at) : NULL;
	g_autofree char *until = time ? g_strdup_printf("Not before %s (as you decided)", time)
	                              : g_strdup("As you decided");
	/* what it waits for besides is looked at right after */
	SnFact fact = { .reason = until,
		        .not_before = time ? entry->send_at : now + 1,
		        .clear_request = TRUE };

	return (entry->when || time) &&
	       sn_delivery_apply(self, entry->id, SN_DELIVERY_DEFER, &fact);
}

gboolean sn_delivery_terms_put_off(SnDelivery *self, const SnOutboxEntry *entry)
{
	const SnHours *hours = sn_delivery_settings(self)->delivery_working_hours;
	SnTime now = sn_delivery_now(self), open = sn_hours_next(hours, now, NULL);

	if (open == now || entry->then == SN_RULE_FAIL)
		return FALSE;
	g_autofree char *reason = g_strdup_printf(
		"%s%sits time is over, outside your working hours", entry->reason ? entry->reason : "",
		entry->reason ? "; " : "");
	SnFact fact = { .what = "put-off", .reason = reason, .not_before = open, .expires = open };
	return sn_delivery_apply(self, entry->id, SN_DELIVERY_DEFER, &fact);
}
