/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the line, the presence and the rules say about one entry now. */
#include <string.h>

#include "src/engine/delivery_private.h"
#include "src/store/rooms.h"

#define LOOKED "looked" /* in the journal: it waited before, and nothing has changed */

static gboolean is_room(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnConversation) conversation =
		sn_conversation_get(self->engine->store, entry->conversation);

	return conversation && conversation->kind == SN_CONV_ROOM;
}

static SnAddress *contact(SnDelivery *self, const SnOutboxEntry *entry)
{
	const char *jid = sn_delivery_jid(entry);

	return jid ? sn_address_find(self->engine->store, SN_CHANNEL_IM, jid) : NULL;
}

SnAvailability sn_delivery_availability(SnDelivery *self, const SnOutboxEntry *entry,
                                        SnPresenceShow *show, char **text)
{
	g_autoptr(SnAddress) address = contact(self, entry);

	if (is_room(self, entry)) {
		if (text)
			*text = g_strdup("a room");
		return SN_AVAILABLE;
	}
	if (address)
		return sn_plan_availability(self->engine->store, self->engine->config, address->id,
		                            self->engine->clock, show, text);
	if (show)
		*show = SN_PRESENCE_UNKNOWN;
	if (text)
		*text = g_strdup("presence unknown");
	return SN_AVAILABILITY_UNKNOWN;
}

SnTime sn_delivery_quiet_end(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnAddress) address = contact(self, entry);

	if (!address || is_room(self, entry))
		return 0;
	g_autoptr(SnWhereabouts) there =
		sn_whereabouts(self->engine->store, self->engine->config, address->person,
	                       address->id, self->engine->clock);
	return there->until;
}

void sn_delivery_probe(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	SnEngineAccount *account =
		entry ? sn_engine_account_by_id(self->engine, entry->account) : NULL;

	if (!account || !account->im || !account->im_online || entry->error_word ||
	    entry->attempts <= 1 || !sn_delivery_jid(entry) || is_room(self, entry))
		return; /* the first wait begins with a presence that is fresh */
	SnImRequest *request =
		sn_im_request_new(SN_IM_REQ_PROBE, sn_engine_next_id(self->engine));
	request->jid = g_strdup(sn_delivery_jid(entry));
	sn_engine_im(account, request, NULL, NULL);
}

/* ---- deciding ---- */

static void ready(SnDelivery *self, const SnOutboxEntry *entry, gboolean forced, gboolean there)
{
	/* An email begins anew at each try; an IM goes on with the step that is next. */
	SnFact fact = { .step = entry->channel == SN_CHANNEL_MAIL ? 1 : 0 };

	if (!sn_delivery_terms_sealed(self, entry))
		return;
	if (!sn_delivery_hold(self, entry, forced, there))
		sn_delivery_apply(self, entry->id, SN_DELIVERY_READY, &fact);
}

/*
 * "; there at bob@home.example". What was written to one address is not sent to another by itself, also
 * when both are the same person's; but the user should know.
 */
static char *elsewhere(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnAddress) address = contact(self, entry);
	g_autoptr(SnWhereabouts) best =
		address ? sn_whereabouts(self->engine->store, self->engine->config, address->person, 0,
	                                 self->engine->clock)
			: NULL;
	gboolean there = best && best->availability == SN_AVAILABLE &&
	                 best->address != address->id &&
	                 sn_delivery_availability(self, entry, NULL, NULL) != SN_AVAILABLE;

	return there ? g_strdup_printf("; %s at %s", sn_presence_word(best->show), best->value)
	             : g_strdup("");
}

/* "Bob is away for 2 h", "The presence of Bob is unknown"; caller frees. */
static char *presence_text(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnPresenceShow show;
	g_autofree char *who = sn_delivery_who(self, entry), *text = NULL;
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);

	if (account && !account->im_online)
		return g_strdup_printf("The account %s is not connected", account->config->name);
	sn_delivery_availability(self, entry, &show, &text);
	g_autofree char *other = elsewhere(self, entry);
	if (show == SN_PRESENCE_UNKNOWN && g_str_has_prefix(text, "presence unknown,"))
		return g_strdup_printf("The presence of %s is unknown%s%s", who,
		                       text + strlen("presence unknown"), other);
	if (show == SN_PRESENCE_UNKNOWN)
		return g_strdup_printf("The presence of %s is unknown%s", who, other);
	return g_strdup_printf("%s is %s%s", who, text, other);
}

static void defer(SnDelivery *self, const SnOutboxEntry *entry, const char *what,
                  const char *because, gboolean clear_request)
{
	g_autofree char *presence = presence_text(self, entry);
	g_autofree char *reason = g_strconcat(presence, because ? " (" : "",
	                                      because ? because : "", because ? ")" : "", NULL);
	SnFact fact = { .what = what, .reason = reason, .clear_request = clear_request };

	sn_delivery_apply(self, entry->id, SN_DELIVERY_DEFER, &fact);
}

static void to_mail(SnDelivery *self, const SnOutboxEntry *entry, const char *because,
                    gboolean clear_request)
{
	g_autofree char *why = NULL;
	SnFact fact = { .reason = because, .clear_request = clear_request };

	if (!sn_convert_possible(self, entry, &why)) {
		fact.reason = why;
		fact.error_word = sn_error_word(SN_ERROR_NOT_FOUND);
		sn_delivery_apply(self, entry->id, SN_DELIVERY_NO_MAIL, &fact);
		return;
	}
	sn_delivery_apply(self, entry->id, SN_DELIVERY_MAIL, &fact);
}

static void expire(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autofree char *why = sn_delivery_terms_encrypt(self, entry);
	gboolean may_go = !why && entry->then != SN_RULE_FAIL;

	if (sn_delivery_terms_put_off(self, entry))
		return;
	if (may_go && entry->channel == SN_CHANNEL_IM && sn_convert_possible(self, entry, &why)) {
		to_mail(self, entry, "it waited for too long", FALSE);
		return;
	}
	if (may_go && entry->channel == SN_CHANNEL_MAIL && entry->then == SN_RULE_MAIL) {
		ready(self, entry, TRUE, FALSE);
		return;
	}
	g_autofree char *reason = g_strdup_printf(
		"It waited for too long%s%s%s%s", entry->reason ? ": " : "",
		entry->reason ? entry->reason : "", why ? ". " : "", why ? why : "");
	SnFact fact = { .reason = reason, .error_word = sn_error_word(SN_ERROR_TEMPORARY) };
	sn_delivery_apply(self, entry->id, SN_DELIVERY_EXPIRED, &fact);
}

/*
 * A question is no reason for silence: at its time it fails, which can be seen and be tried again, or
 * it becomes an email where the user has said so of this message. It never becomes one by itself, as
 * the user was just asked about that; and of what may have gone nothing is done at all.
 */
void sn_delivery_overdue(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autofree char *why = NULL;

	g_assert(entry->state == SN_STATE_CHOOSING);
	if (!entry->expires || entry->expires > sn_delivery_now(self) ||
	    sn_delivery_is_uncertain(entry) || sn_delivery_has_grace(self, entry))
		return;
	if (entry->then == SN_RULE_MAIL && entry->channel == SN_CHANNEL_IM &&
	    sn_convert_possible(self, entry, &why)) {
		if (!sn_delivery_terms_put_off(self, entry))
			to_mail(self, entry, "you were asked, and it waited for too long", FALSE);
		return;
	}
	g_autofree char *reason =
		g_strdup_printf("You were asked about it, and its time is over%s%s",
	                        entry->reason ? ": " : "", entry->reason ? entry->reason : "");
	SnFact fact = { .reason = reason, .error_word = sn_error_word(SN_ERROR_TEMPORARY) };
	sn_delivery_apply(self, entry->id, SN_DELIVERY_EXPIRED, &fact);
}

static void ask_them(SnDelivery *self, const SnOutboxEntry *entry, const char *because,
                     gboolean clear_request)
{
	g_autofree char *presence = presence_text(self, entry);

	sn_delivery_ask_them(self, entry, presence, because, clear_request);
}

/* The recipient is not available: wish, rule of the person, of the account, or the prompt. */
static void unavailable(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnAddress) address = contact(self, entry);
	g_autofree char *because = NULL, *reason = presence_text(self, entry);
	SnRule rule = entry->if_unavailable;

	if (rule == SN_RULE_DEFAULT)
		rule = sn_plan_rule(self->engine->store, self->engine->config,
		                    address ? address->person : 0, entry->account, &because);
	SnFact fact = { .reason = reason };
	/* Who was to wait, and was gone again before it could go, is waited for on. */
	if (sn_delivery_decision(self, entry) == SN_DECISION_WAIT)
		rule = SN_RULE_DEFER;
	switch (rule) {
	/* said of this message itself, it is the sender's word against the order, too */
	case SN_RULE_SEND: ready(self, entry, entry->if_unavailable == SN_RULE_SEND, FALSE); break;
	case SN_RULE_DEFER: defer(self, entry, NULL, because, FALSE); break;
	case SN_RULE_MAIL: {
		g_autofree char *why = g_strdup_printf("%s%s%s%s", reason, because ? " (" : "",
		                                       because ? because : "", because ? ")" : "");
		to_mail(self, entry, why, FALSE);
		break;
	}
	case SN_RULE_ASK_THEM: ask_them(self, entry, because, FALSE); break;
	case SN_RULE_FAIL:
		fact.error_word = sn_error_word(SN_ERROR_UNAVAILABLE);
		sn_delivery_apply(self, entry->id, SN_DELIVERY_REFUSED, &fact);
		break;
	case SN_RULE_DEFAULT:
	case SN_RULE_ASK: sn_delivery_apply(self, entry->id, SN_DELIVERY_NEED_CHOICE, &fact); break;
	}
}

/* Just after login a contact looks offline until his presence has come in. */
static gboolean is_settling(SnDelivery *self, const SnEngineAccount *account)
{
	const SnTime *until = g_hash_table_lookup(self->settling, &account->id);

	return until && *until > sn_delivery_now(self);
}

/* Nobody answered the question in time. */
static void plan_asked(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account)
{
	if (entry->next_try > sn_delivery_now(self)) {
		if (entry->step == 0 && account->im && account->im_online)
			sn_delivery_ask(self, entry->id, TRUE); /* stopped before */
		return;
	}
	SnFact fact = { .reason = "No answer to the question", .fresh = TRUE };
	sn_delivery_apply(self, entry->id, SN_DELIVERY_DEFER, &fact);
}

static void no_line(SnDelivery *self, const SnOutboxEntry *entry, const SnEngineAccount *account)
{
	g_autofree char *reason = g_strdup_printf("The account %s is not connected",
	                                          account->config->name);
	SnFact fact = { .reason = reason, .error_word = sn_error_word(SN_ERROR_NETWORK) };

	sn_delivery_apply(self, entry->id, SN_DELIVERY_NO_LINE, &fact);
}

/* Files of the message that the server does not take: rather email than a message without them. */
static gboolean lacks_upload(const SnOutboxEntry *entry, const SnEngineAccount *account)
{
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++) {
		const SnAttachment *file = entry->attachments->pdata[i];
		if (account->upload_max == 0 ||
		    (account->upload_max > 0 && file->size > account->upload_max))
			return TRUE;
	}
	return FALSE;
}

gboolean sn_delivery_knows_limits(const SnOutboxEntry *entry, const SnEngineAccount *account)
{
	return account->im_features || ((!entry->attachments || entry->attachments->len == 0) &&
	                                (!entry->history || entry->history->len == 0));
}

static void no_upload(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnFact fact = { .reason = "The IM server does not take files of this size: send an email "
		                  "instead, or send it without them",
		        .error_word = sn_error_word(SN_ERROR_UNAVAILABLE) };

	sn_delivery_apply(self, entry->id, SN_DELIVERY_NEED_CHOICE, &fact);
}

/* What is said in a room can only be said by who is in it. */
static gboolean is_in_room(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(SnRoom) room = is_room(self, entry)
	                                 ? sn_room_get(self->engine->store, entry->conversation)
	                                 : NULL;

	if (!room || room->state == SN_ROOM_IN)
		return TRUE;
	g_autofree char *reason =
		room->why ? g_strdup(room->why)
	                  : g_strdup_printf("You are not in the room %s", room->jid);
	SnFact fact = { .reason = reason, .error_word = sn_error_word(SN_ERROR_NETWORK) };
	sn_delivery_apply(self, entry->id, SN_DELIVERY_NO_LINE, &fact);
	return FALSE;
}

/* told: the user or the contact say that it goes now. The sender's own conditions, once they hold,
 * say the same about the presence, but nothing about the order. */
static void plan_im(SnDelivery *self, const SnOutboxEntry *entry, SnEngineAccount *account,
                    gboolean told)
{
	SnAvailability there = sn_delivery_availability(self, entry, NULL, NULL);
	gboolean forced = told || (entry->when & SN_WHEN_PRESENCE);

	if (!account->im || !account->im_online) {
		/* Who waits for the person goes on waiting for the person. */
		if (sn_delivery_is_deferred(entry) && !forced)
			defer(self, entry, LOOKED, NULL, FALSE);
		else
			no_line(self, entry, account);
	} else if (!is_in_room(self, entry)) {
		return; /* it waits for the room, which wakes it */
	} else if (!sn_delivery_knows_limits(entry, account)) {
		return; /* looked at again as soon as the server has told */
	} else if (!told && lacks_upload(entry, account)) {
		no_upload(self, entry);
	} else if (forced || (there == SN_AVAILABLE && !sn_delivery_is_put_off(self, entry))) {
		ready(self, entry, told, there == SN_AVAILABLE);
	} else if (sn_delivery_is_deferred(entry)) {
		defer(self, entry, LOOKED, NULL, FALSE);
	} else if (is_settling(self, account)) {
		return; /* its timer looks again */
	} else if (there == SN_AVAILABILITY_UNKNOWN) {
		ready(self, entry, FALSE, FALSE); /* the contact's server keeps it (XEP-0160) */
	} else {
		unavailable(self, entry);
	}
}

/* It has waited for long enough. */
static gboolean is_over(const SnOutboxEntry *entry, SnTime now)
{
	return entry->state == SN_STATE_WAITING && entry->expires && entry->expires <= now;
}

void sn_delivery_plan(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	SnTime now = sn_delivery_now(self);

	if (!entry || (entry->state == SN_STATE_QUEUED && entry->send_at > now))
		return;
	if (sn_delivery_is_held(self, entry))
		return; /* woken when that one lets pass */
	/* What ran out in a sleep gets a try first. */
	gboolean over = is_over(entry, now) && !sn_delivery_has_grace(self, entry);
	if (is_over(entry, now) && !over && entry->next_try > now)
		return;
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	if (!account || (entry->channel == SN_CHANNEL_MAIL ? !account->transport
	                                                   : account->config->im.kind ==
	                                                             SN_ENDPOINT_NONE)) {
		SnFact fact = { .reason = "The account it was to be sent with is not configured",
			        .error_word = sn_error_word(SN_ERROR_CONFIG) };
		sn_delivery_apply(self, id, SN_DELIVERY_REFUSED, &fact);
	} else if (!sn_seal_known(self, entry)) {
		return; /* planned again once that is known */
	} else if (over) {
		expire(self, entry);
	} else if (entry->state == SN_STATE_ASKED) {
		plan_asked(self, entry, account);
	} else {
		gboolean told = sn_delivery_decision(self, entry) == SN_DECISION_GO;
		if (!told && (entry->channel == SN_CHANNEL_IM || entry->when) &&
		    sn_delivery_is_waking(self, entry))
			return; /* its timer looks again */
		if (!sn_delivery_terms(self, entry, told))
			return;
		if (entry->channel == SN_CHANNEL_IM)
			plan_im(self, entry, account, told);
		else
			ready(self, entry, told, FALSE);
	}
}

/* ---- requests of clients ---- */

static void look_again(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnFact fact = { .detail = "looked up again, as you asked",
		        .reason = entry->reason,
		        .error_word = entry->error_word,
		        .clear_request = TRUE };

	sn_delivery_apply(self, entry->id, SN_DELIVERY_UNCERTAIN, &fact);
}

static void too_late(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autofree char *detail =
		g_strdup_printf("too late to %s", sn_outbox_request_word(entry->request));
	SnOutboxChange change = { .state = entry->state,
		                  .what = "request",
		                  .detail = detail,
		                  .reason = entry->reason,
		                  .error_word = entry->error_word,
		                  .next_try = entry->next_try,
		                  .attempts = -1,
		                  .step = -1,
		                  .clear_request = TRUE,
		                  .behind = entry->behind };

	g_autoptr(GError) error = NULL;
	if (sn_outbox_change(self->engine->store, entry->id, entry->state, &change, &error))
		sn_delivery_again(self); /* it may be due besides */
	else
		sn_delivery_is_unwell(self, error);
}

/* What may have gone is not made to wait: it would go again by itself when the person appears. */
static gboolean may_still(const SnOutboxEntry *entry, SnDeliveryEvent event)
{
	return entry->channel == SN_CHANNEL_IM && !sn_delivery_is_uncertain(entry) &&
	       sn_machine_step(entry->state, event).known;
}

void sn_delivery_request(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnDeliveryEvent event = SN_DELIVERY_SEND;
	SnFact fact = { .clear_request = TRUE, .fresh = TRUE };

	switch (entry->request) {
	case SN_REQUEST_NONE: return;
	case SN_REQUEST_SEND: fact.detail = "now, as you decided"; break;
	case SN_REQUEST_RETRY: event = SN_DELIVERY_RETRY; break;
	case SN_REQUEST_CHECK:
	case SN_REQUEST_ARRIVED:
		if (entry->state != SN_STATE_CHOOSING || !sn_delivery_is_uncertain(entry))
			too_late(self, entry);
		else if (entry->request == SN_REQUEST_CHECK)
			look_again(self, entry);
		else
			sn_delivery_arrived(self, entry->id, "as you said");
		return;
	case SN_REQUEST_CANCEL:
		event = SN_DELIVERY_CANCEL;
		fact.detail = "by you";
		break;
	case SN_REQUEST_DEFER:
		if (!sn_delivery_is_uncertain(entry) && sn_delivery_terms_begin(self, entry))
			return;
		if (may_still(entry, SN_DELIVERY_DEFER))
			defer(self, entry, NULL, "as you decided", TRUE);
		else
			too_late(self, entry);
		return;
	case SN_REQUEST_CONVERT:
		if (entry->channel == SN_CHANNEL_IM &&
		    sn_machine_step(entry->state, SN_DELIVERY_MAIL).known)
			to_mail(self, entry, "as you decided", TRUE);
		else
			too_late(self, entry);
		return;
	case SN_REQUEST_ASK_THEM:
		if (may_still(entry, SN_DELIVERY_ASK_THEM))
			ask_them(self, entry, NULL, TRUE);
		else
			too_late(self, entry);
		return;
	}
	if (!sn_delivery_apply(self, entry->id, event, &fact))
		too_late(self, entry);
}
