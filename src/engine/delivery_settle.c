/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes back about a message that is out: receipts, markers, errors, reports, copies. */
#include <string.h>

#include "src/engine/delivery_private.h"

/* The entry whose main stanza has this id and that goes to this contact; NULL. */
static SnOutboxEntry *entry_to(SnDelivery *self, const SnEngineAccount *account, const char *from,
                               const char *id)
{
	SnId found = id ? sn_outbox_find_origin(self->engine->store, id) : 0;
	g_autoptr(SnOutboxEntry) entry =
		found ? sn_outbox_get(self->engine->store, found, SN_OUTBOX_FULL) : NULL;
	g_autofree char *bare = from ? sn_address_normalise(SN_CHANNEL_IM, from) : NULL;

	if (!entry || !bare || entry->account != account->id ||
	    g_strcmp0(sn_delivery_jid(entry), bare) != 0)
		return NULL;
	return g_steal_pointer(&entry);
}

void sn_delivery_receipt(SnDelivery *self, SnEngineAccount *account, const char *from,
                         const char *id, gboolean displayed)
{
	g_autoptr(SnOutboxEntry) entry = entry_to(self, account, from, id);
	SnFact fact = { 0 };

	if (!entry)
		return;
	if (entry->state == SN_STATE_SENDING) {
		fact.reason = entry->reason;
		fact.error_word = entry->error_word;
	}
	/* An entry whose other parts are still waiting for the line is not done by this one. */
	if (entry->state == SN_STATE_WAITING)
		sn_outbox_note(self->engine->store, entry->id, displayed ? "displayed" : "receipt",
		               NULL, NULL);
	else
		sn_delivery_apply(self, entry->id,
		                  displayed ? SN_DELIVERY_DISPLAYED : SN_DELIVERY_RECEIPT, &fact);
}

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

void sn_delivery_im_error(SnDelivery *self, SnEngineAccount *account, const char *from,
                          const char *id, const char *condition, const char *text)
{
	g_autoptr(SnOutboxEntry) entry = entry_to(self, account, from, id);

	if (!entry)
		return;
	g_autofree char *reason = im_error_text(sn_delivery_jid(entry), condition, text);
	SnFact fact = { .reason = reason, .error_word = sn_error_word(SN_ERROR_REJECTED) };
	sn_delivery_apply(self, entry->id, SN_DELIVERY_BOUNCE, &fact);
}

/* ---- reports by mail ---- */

/* TRUE when every recipient of the entry has a note of this kind (or there is only one). */
static gboolean all_reported(SnDelivery *self, const SnOutboxEntry *entry, const char *what)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->engine->store, entry->id);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; events && i < events->len; i++) {
		const SnOutboxEvent *event = events->pdata[i];
		if (strcmp(event->what, what) == 0)
			g_hash_table_add(seen, (gpointer)(event->detail ? event->detail : ""));
	}
	return g_hash_table_size(seen) >= entry->recipients->len;
}

static void reported_failed(SnDelivery *self, const SnOutboxEntry *entry, const char *recipient,
                            const char *diagnostic)
{
	g_autofree char *reason =
		g_strdup_printf("%s: %s", recipient ? recipient : "A recipient",
	                        diagnostic && *diagnostic ? diagnostic : "the email came back");
	SnFact fact = { .reason = reason, .error_word = sn_error_word(SN_ERROR_REJECTED) };

	sn_delivery_apply(self, entry->id, SN_DELIVERY_BOUNCE, &fact);
}

void sn_delivery_report(SnDelivery *self, const char *message_id, const char *envelope_id,
                        int report_kind, const char *recipient, const char *diagnostic)
{
	SnStore *store = self->engine->store;
	SnId id = message_id ? sn_outbox_find_message_id(store, message_id) : 0;
	SnFact fact = { .detail = recipient };

	if (!id && envelope_id)
		id = sn_outbox_find_message_id(store, envelope_id);
	g_autoptr(SnOutboxEntry) entry = id ? sn_outbox_get(store, id, SN_OUTBOX_FULL) : NULL;
	if (!entry)
		return;
	switch ((SnReportKind)report_kind) {
	case SN_REPORT_NONE: break;
	case SN_REPORT_DELIVERED:
		sn_outbox_note(store, id, "arrived", recipient, NULL);
		if (all_reported(self, entry, "arrived"))
			sn_delivery_apply(self, id, SN_DELIVERY_RECEIPT, &fact);
		break;
	case SN_REPORT_RELAYED:
		sn_outbox_note(store, id, "relayed", recipient, NULL);
		sn_delivery_announce(self, id, FALSE); /* no report will come from there on */
		break;
	case SN_REPORT_DELAYED: sn_outbox_note(store, id, "delayed", diagnostic, NULL); break;
	case SN_REPORT_FAILED: reported_failed(self, entry, recipient, diagnostic); break;
	case SN_REPORT_DISPLAYED: sn_delivery_apply(self, id, SN_DELIVERY_DISPLAYED, &fact); break;
	case SN_REPORT_DELETED: sn_outbox_note(store, id, "deleted", recipient, NULL); break;
	case SN_REPORT_DENIED: sn_outbox_note(store, id, "denied", recipient, NULL); break;
	}
}

/* ---- copies that turned up ---- */

/* Further stanzas of an entry have the ids "origin-id.N" (im_steps.h). */
static SnId entry_of_part(SnDelivery *self, const char *id)
{
	const char *dot = strrchr(id, '.');

	if (!dot || !dot[1] || strspn(dot + 1, "0123456789") != strlen(dot + 1))
		return 0;
	g_autofree char *origin = g_strndup(id, (gsize)(dot - id));
	return sn_outbox_find_origin(self->engine->store, origin);
}

gboolean sn_delivery_is_part(SnDelivery *self, const char *id)
{
	return id && entry_of_part(self, id) != 0;
}

void sn_delivery_seen(SnDelivery *self, SnChannel channel, const char *id)
{
	SnStore *store = self->engine->store;
	SnId found = 0;

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
