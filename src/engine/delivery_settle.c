/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes back about a message that is out: receipts, markers, errors, reports, copies. */
#include <string.h>

#include "src/engine/delivery_private.h"

/* ---- which entry ---- */

/* Further stanzas of an entry have the ids "origin-id.N" (im_steps.h). */
static SnId entry_of_part(SnDelivery *self, const char *id)
{
	const char *dot = strrchr(id, '.');

	if (!dot || !dot[1] || strspn(dot + 1, "0123456789") != strlen(dot + 1))
		return 0;
	g_autofree char *origin = g_strndup(id, (gsize)(dot - id));
	return sn_outbox_find_origin(self->engine->store, origin);
}

/* The entry one of whose stanzas has this id and that goes to this contact; NULL. part: it is not
 * the main one, which alone asks for a receipt. */
static SnOutboxEntry *entry_to(SnDelivery *self, const SnEngineAccount *account, const char *from,
                               const char *id, gboolean *part)
{
	SnId found = id ? sn_outbox_find_origin(self->engine->store, id) : 0;

	*part = id && !found;
	if (*part)
		found = entry_of_part(self, id);
	g_autoptr(SnOutboxEntry) entry =
		found ? sn_outbox_get(self->engine->store, found, SN_OUTBOX_FULL) : NULL;
	g_autofree char *bare = from ? sn_address_normalise(SN_CHANNEL_IM, from) : NULL;

	if (!entry || !bare || entry->account != account->id ||
	    g_strcmp0(sn_delivery_jid(entry), bare) != 0)
		return NULL;
	return g_steal_pointer(&entry);
}

static gboolean has_note(SnDelivery *self, SnId entry, const char *what)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->engine->store, entry);

	for (guint i = 0; events && i < events->len; i++)
		if (strcmp(((SnOutboxEvent *)events->pdata[i])->what, what) == 0)
			return TRUE;
	return FALSE;
}

/* ---- receipts and markers ---- */

/* It became an email, or was taken back, because nobody could tell that it had gone. */
static void arrived_all_the_same(SnDelivery *self, const SnOutboxEntry *entry, gboolean displayed)
{
	g_autofree char *who = sn_delivery_who(self, entry);
	g_autofree char *reason =
		entry->state == SN_STATE_CONVERTED
			? g_strdup_printf("sent as email; %s got it by IM as well", who)
			: g_strdup_printf("%s had got it before", who);
	SnFact fact = { .reason = reason, .detail = who };

	if (has_note(self, entry->id, "receipt") || has_note(self, entry->id, "displayed"))
		return;
	sn_delivery_apply(self, entry->id,
	                  displayed ? SN_DELIVERY_DISPLAYED : SN_DELIVERY_RECEIPT, &fact);
}

static void arrived(SnDelivery *self, const SnOutboxEntry *entry, gboolean displayed)
{
	SnFact fact = { 0 };

	switch (entry->state) {
	case SN_STATE_WAITING:
		/* Its other parts are still waiting for the line: it is not done by this one. */
		sn_outbox_note(self->engine->store, entry->id, displayed ? "displayed" : "receipt",
		               NULL, NULL);
		return;
	case SN_STATE_CONVERTED:
	case SN_STATE_CANCELLED: arrived_all_the_same(self, entry, displayed); return;
	case SN_STATE_SENDING:
		fact.reason = entry->reason;
		fact.error_word = entry->error_word;
		break;
	default: break;
	}
	sn_delivery_apply(self, entry->id,
	                  displayed ? SN_DELIVERY_DISPLAYED : SN_DELIVERY_RECEIPT, &fact);
}

/* XEP-0333 section 4: all that came before it has been displayed as well. */
static void earlier_displayed(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GArray) earlier = sn_outbox_gone_before(self->engine->store, entry->id);

	for (guint i = 0; i < earlier->len; i++) {
		g_autoptr(SnOutboxEntry) one = sn_outbox_get(
			self->engine->store, g_array_index(earlier, SnId, i), SN_OUTBOX_FULL);
		if (one && g_strcmp0(sn_delivery_jid(one), sn_delivery_jid(entry)) == 0)
			arrived(self, one, TRUE);
	}
}

/* An IM that another device of the user's sent. */
static void arrived_elsewhere(SnDelivery *self, const SnEngineAccount *account, const char *from,
                              const char *id, gboolean displayed)
{
	SnStore *store = self->engine->store;
	const char *own = account->config->im.user;
	SnId found = id && own ? sn_message_find_im(store, id, own) : 0;
	g_autoptr(SnMessage) message =
		found ? sn_message_get(store, found, SN_MESSAGE_FULL) : NULL;
	g_autofree char *bare = from ? sn_address_normalise(SN_CHANNEL_IM, from) : NULL;
	gboolean goes_there = FALSE;

	for (guint i = 0; message && message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		goes_there |= party->role == SN_ROLE_TO && g_strcmp0(party->address, bare) == 0;
	}
	if (!goes_there || message->direction != SN_OUT || message->outbox || message->carried)
		return;
	if (displayed)
		sn_message_displayed(store, found, NULL);
	else if (message->state == SN_STATE_ACCEPTED)
		sn_message_set_state(store, found, SN_STATE_DELIVERED, NULL);
}

void sn_delivery_receipt(SnDelivery *self, SnEngineAccount *account, const char *from,
                         const char *id, gboolean displayed)
{
	gboolean part;
	g_autoptr(SnOutboxEntry) entry = entry_to(self, account, from, id, &part);

	if (!entry) {
		arrived_elsewhere(self, account, from, id, displayed);
		return;
	}
	/* A part that arrived says nothing about the text; one that was looked at does. */
	if (part && !displayed) {
		sn_outbox_note(self->engine->store, entry->id, "part-receipt", id, NULL);
		return;
	}
	arrived(self, entry, displayed);
	if (displayed)
		earlier_displayed(self, entry);
}

/* ---- error stanzas ---- */

/* Stanza errors in words (RFC 6120 section 8.3.3). */
static char *im_error_text(const char *from, const char *condition, const char *text)
{
	static const struct {
		const char *condition, *words;
	} known[] = {
		{ "service-unavailable", "the contact's server could not deliver or keep it" },
		{ "recipient-unavailable", "the contact is not there" },
		{ "item-not-found", "there is no such address" },
		{ "remote-server-not-found", "the contact's server was not found" },
		{ "remote-server-timeout", "the contact's server did not answer" },
		{ "forbidden", "it was not allowed" },
		{ "not-allowed", "it was not allowed" },
		{ "not-acceptable", "it was refused" },
		{ "policy-violation", "a rule of the server forbids it" },
		{ "resource-constraint", "the server has no room for it" },
	};
	const char *words = condition && *condition ? condition : "an error without a reason";

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_strcmp0(condition, known[i].condition) == 0)
			words = known[i].words;
	return g_strdup_printf("%s: %s%s%s", from, words, text && *text ? ": " : "",
	                       text && *text ? text : "");
}

/* The contact has it: what another device or server of theirs says cannot change that. */
static gboolean is_beyond_errors(const SnOutboxEntry *entry, gboolean part)
{
	switch (entry->state) {
	case SN_STATE_DELIVERED:
	case SN_STATE_READ: return !part;
	case SN_STATE_FAILED:
	case SN_STATE_CONVERTED:
	case SN_STATE_CANCELLED: return TRUE;
	default: return FALSE;
	}
}

void sn_delivery_im_error(SnDelivery *self, SnEngineAccount *account, const char *from,
                          const char *id, const char *condition, const char *text)
{
	gboolean part;
	g_autoptr(SnOutboxEntry) entry = entry_to(self, account, from, id, &part);

	if (!entry)
		return;
	g_autofree char *error = im_error_text(sn_delivery_jid(entry), condition, text);
	g_autofree char *reason =
		part ? g_strdup_printf("A part of it did not arrive (%s)", error) : g_strdup(error);
	SnFact fact = { .reason = reason, .error_word = sn_error_word(SN_ERROR_REJECTED) };
	if (is_beyond_errors(entry, part) ||
	    !sn_delivery_apply(self, entry->id, SN_DELIVERY_BOUNCE, &fact))
		sn_outbox_note(self->engine->store, entry->id, "late-error", reason, NULL);
}

/* ---- copies that turned up ---- */

gboolean sn_delivery_is_part(SnDelivery *self, const char *id)
{
	return id && entry_of_part(self, id) != 0;
}

void sn_delivery_seen(SnDelivery *self, SnChannel channel, const char *id)
{
	SnStore *store = self->engine->store;
	SnId found = 0;

	if (id && channel == SN_CHANNEL_MAIL)
		sn_delivery_hear_strays(self, id);
	if (id && channel == SN_CHANNEL_MAIL)
		found = sn_outbox_find_message_id(store, id);
	else if (id && !(found = sn_outbox_find_origin(store, id)))
		found = entry_of_part(self, id);
	g_autoptr(SnOutboxEntry) entry = found ? sn_outbox_get(store, found, SN_OUTBOX_FULL) : NULL;
	SnFact fact = { .detail = "a copy turned up" };

	if (!entry || entry->channel != channel || g_hash_table_contains(self->jobs, &found))
		return; /* its own answer is still to come */
	g_autofree char *current = channel == SN_CHANNEL_IM ? sn_delivery_step_id(self, entry)
	                                                    : g_strdup(entry->message_id);
	if (g_strcmp0(current, id) != 0)
		return;
	if (entry->state == SN_STATE_SENDING)
		sn_delivery_step_done(self, found, entry->step, fact.detail);
	else if (entry->state == SN_STATE_CHOOSING && sn_delivery_is_uncertain(entry) &&
	         sn_delivery_is_last_step(self, entry))
		sn_delivery_apply(self, found, SN_DELIVERY_SEEN, &fact);
}
