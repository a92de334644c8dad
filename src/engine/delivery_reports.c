/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_reports.c - emails that say what became of an email of ours: reports, bounces, MDNs.
 *
 * What they say is a claim. It counts when it names the Message-ID or the envelope id of a message
 * of ours and one of its recipients, and, where it is about delivery, came from a mail system.
 * Each recipient has a fate; the entry's state follows from all of them.
 */
#include <string.h>

#include "src/engine/delivery_private.h"

/* ---- whom it speaks of ---- */

/* RFC 3461 section 4: what a server forgot to decode, "bob+2Btea@example.test". Caller frees. */
static char *from_xtext(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		gboolean coded = *text == '+' && g_ascii_isxdigit(text[1]) &&
		                 g_ascii_isxdigit(text[2]);
		if (!coded) {
			g_string_append_c(out, *text);
			continue;
		}
		g_string_append_c(out, (char)(g_ascii_xdigit_value(text[1]) * 16 +
		                              g_ascii_xdigit_value(text[2])));
		text += 2;
	}
	return g_string_free(out, FALSE);
}

static SnOutcome *same_address(const GPtrArray *outcomes, const char *address)
{
	g_autofree char *normal = address ? sn_address_normalise(SN_CHANNEL_MAIL, address) : NULL;

	for (guint i = 0; normal && i < outcomes->len; i++) {
		SnOutcome *one = outcomes->pdata[i];
		if (g_ascii_strcasecmp(one->address, normal) == 0)
			return one;
	}
	return NULL;
}

static gboolean is_about_reading(int kind)
{
	return kind == SN_REPORT_DISPLAYED || kind == SN_REPORT_DELETED || kind == SN_REPORT_DENIED;
}

static gboolean is_bad_news(int kind)
{
	return kind == SN_REPORT_FAILED || kind == SN_REPORT_DELAYED;
}

/*
 * The recipient a claim is about. Mail that was sent on comes back from an address that was never
 * written to; with one recipient it can only be that one's. NULL: nobody of ours.
 */
static SnOutcome *find_recipient(const GPtrArray *outcomes, const SnClaim *claim)
{
	g_autofree char *decoded = claim->recipient ? from_xtext(claim->recipient) : NULL;
	const char *names[] = { claim->recipient, decoded, claim->final_recipient,
		                is_about_reading(claim->kind) ? claim->from : NULL };
	SnOutcome *found = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(names) && !found; i++)
		found = same_address(outcomes, names[i]);
	if (!found && outcomes->len == 1 && is_bad_news(claim->kind))
		found = outcomes->pdata[0];
	return found;
}

/* ---- what follows ---- */

typedef struct {
	SnFate fate;
	char *text;       /* of the recipient; NULL */
	const char *what; /* in the journal */
} News;

static News news_of(const SnClaim *claim)
{
	switch ((SnReportKind)claim->kind) {
	case SN_REPORT_DELIVERED: return (News){ SN_FATE_DELIVERED, NULL, "arrived" };
	case SN_REPORT_RELAYED: return (News){ SN_FATE_RELAYED, NULL, "relayed" };
	case SN_REPORT_DISPLAYED: return (News){ SN_FATE_READ, NULL, "displayed" };
	case SN_REPORT_DELETED:
		return (News){ SN_FATE_DELIVERED, g_strdup("deleted without being read"),
			       "deleted" };
	case SN_REPORT_DENIED:
		return (News){ SN_FATE_DELIVERED,
			       g_strdup("they do not want to say whether it was read"), "denied" };
	case SN_REPORT_DELAYED:
		return (News){ SN_FATE_DELAYED,
			       sn_mail_status_words(claim->status, claim->diagnostic), "delayed" };
	case SN_REPORT_FAILED:
		return (News){ SN_FATE_FAILED,
			       sn_mail_status_words(claim->status, claim->diagnostic), "bounce" };
	case SN_REPORT_NONE: break;
	}
	g_assert_not_reached();
}

typedef struct {
	guint all, failed, arrived, read, left; /* left: relayed, or more is known */
} Count;

static Count count(const GPtrArray *outcomes)
{
	Count c = { .all = outcomes->len };

	for (guint i = 0; i < outcomes->len; i++) {
		SnFate fate = ((SnOutcome *)outcomes->pdata[i])->fate;
		c.failed += fate == SN_FATE_FAILED;
		c.read += fate == SN_FATE_READ;
		c.arrived += fate == SN_FATE_READ || fate == SN_FATE_DELIVERED;
		c.left += fate >= SN_FATE_RELAYED && fate <= SN_FATE_READ;
	}
	return c;
}

/* What all fates together mean for the entry. FALSE: nothing yet. */
static gboolean event_of(const SnOutboxEntry *entry, Count c, SnFate news, SnDeliveryEvent *event)
{
	gboolean doubtful = entry->state == SN_STATE_CHOOSING && sn_delivery_is_uncertain(entry);

	if (news == SN_FATE_FAILED) {
		*event = SN_DELIVERY_BOUNCE;
		return TRUE;
	}
	if (c.failed)
		return FALSE;
	if (c.arrived == c.all) {
		*event = c.read == c.all ? SN_DELIVERY_DISPLAYED : SN_DELIVERY_RECEIPT;
		return TRUE;
	}
	/* The last one who had failed got it after all; or a server that reports had taken it. */
	*event = SN_DELIVERY_SEEN;
	return doubtful || (entry->state == SN_STATE_FAILED && news >= SN_FATE_DELIVERED);
}

static gboolean apply(SnDelivery *self, const SnOutboxEntry *entry, const SnClaim *claim,
                      const SnOutcome *one, const News *news, Count c)
{
	const char *who = one ? one->address : claim->recipient ? claim->recipient : "a recipient";
	g_autofree char *failure =
		news->fate == SN_FATE_FAILED
			? g_strdup_printf("%s: %s", who, news->text)
			: NULL;
	g_autofree char *detail = claim->diagnostic && *claim->diagnostic
	                                  ? g_strdup_printf("%s: %s", who, claim->diagnostic)
	                                  : g_strdup(who);
	SnFact fact = {
		.detail = detail,
		.reason = failure,
		.error_word = failure ? sn_error_word(SN_ERROR_REJECTED) : NULL,
		.party = one ? one->address : NULL,
		.fate = news->fate,
		.fate_text = news->text,
	};
	SnDeliveryEvent event;
	g_autoptr(GError) error = NULL;

	if (event_of(entry, c, news->fate, &event) &&
	    sn_machine_step(entry->state, event).known) {
		if (entry->state == SN_STATE_SENDING && !failure) {
			fact.reason = entry->reason;
			fact.error_word = entry->error_word;
		}
		return sn_delivery_apply(self, entry->id, event, &fact);
	}
	if (one && sn_outcome_set(self->engine->store, entry->id, one->address, news->fate,
	                          news->text, news->what, detail, &error))
		return TRUE;
	if (error)
		g_warning("A report could not be written: %s", error->message);
	return !error;
}

static SnClaimResult hear_entry(SnDelivery *self, SnId id, const SnClaim *claim, SnId *message)
{
	g_autoptr(SnOutboxEntry) entry =
		sn_outbox_get(self->engine->store, id, SN_OUTBOX_FULL);
	g_autoptr(GPtrArray) outcomes = sn_outcome_list(self->engine->store, id);
	SnOutcome *one = entry ? find_recipient(outcomes, claim) : NULL;

	if (!entry || entry->channel != SN_CHANNEL_MAIL)
		return SN_CLAIM_IDLE;
	/* A failure of somebody behind an address, nobody can say which: told, but on nobody's name. */
	if (!one && claim->kind != SN_REPORT_FAILED)
		return SN_CLAIM_IDLE;
	*message = entry->message;
	News news = news_of(claim);
	g_autofree char *text = news.text;
	gboolean known = one ? !sn_fate_follows(one->fate, news.fate)
	                     : entry->state == SN_STATE_FAILED;
	if (known)
		return SN_CLAIM_HEARD;
	if (one)
		one->fate = news.fate;
	Count c = count(outcomes);
	if (!apply(self, entry, claim, one, &news, c))
		return SN_CLAIM_LATER;
	if (news.fate == SN_FATE_RELAYED && c.left == c.all)
		sn_delivery_announce(self, id, FALSE); /* no report will come from there on */
	return SN_CLAIM_HEARD;
}

/* ---- an email that another program of the user's sent ---- */

static SnState state_after(SnReportKind kind)
{
	switch (kind) {
	case SN_REPORT_DELIVERED:
	case SN_REPORT_DELETED:
	case SN_REPORT_DENIED: return SN_STATE_DELIVERED;
	case SN_REPORT_DISPLAYED: return SN_STATE_READ;
	case SN_REPORT_FAILED: return SN_STATE_FAILED;
	default: return SN_STATE_ACCEPTED;
	}
}

static gboolean goes_to(const SnMessage *message, const SnClaim *claim)
{
	const char *names[] = { claim->recipient, claim->final_recipient,
		                is_about_reading(claim->kind) ? claim->from : NULL };

	for (gsize n = 0; n < G_N_ELEMENTS(names); n++) {
		g_autofree char *normal =
			names[n] ? sn_address_normalise(SN_CHANNEL_MAIL, names[n]) : NULL;
		for (guint i = 0; normal && message->parties && i < message->parties->len; i++) {
			const SnParty *party = message->parties->pdata[i];
			if (party->role >= SN_ROLE_TO && party->role <= SN_ROLE_BCC &&
			    g_ascii_strcasecmp(party->address, normal) == 0)
				return TRUE;
		}
	}
	return FALSE;
}

/* How far it came is kept on the message itself; it has no journal. */
static SnClaimResult hear_message(SnDelivery *self, const SnClaim *claim, SnId *about)
{
	SnStore *store = self->engine->store;
	SnId id = claim->message_id ? sn_message_find_mail(store, claim->message_id) : 0;
	g_autoptr(SnMessage) message = id ? sn_message_get(store, id, SN_MESSAGE_FULL) : NULL;
	g_autoptr(GError) error = NULL;

	if (!message || message->direction != SN_OUT || message->outbox || message->carried ||
	    !goes_to(message, claim))
		return SN_CLAIM_IDLE;
	*about = id;
	News news = news_of(claim);
	g_autofree char *text = news.text;
	SnState state = state_after((SnReportKind)claim->kind);
	gboolean fails = state == SN_STATE_FAILED && message->state != SN_STATE_FAILED;
	g_autofree char *notice =
		fails ? g_strdup_printf("not delivered to %s: %s", claim->recipient, text) : NULL;
	if (state == SN_STATE_ACCEPTED || message->state == state)
		return SN_CLAIM_HEARD;
	if (!sn_message_set_outcome(store, id, state, notice, &error)) {
		g_warning("A report could not be written: %s", error->message);
		return SN_CLAIM_LATER;
	}
	if (fails && !claim->old) {
		g_autofree char *title = g_strdup_printf("Not delivered to %s", claim->recipient);
		sn_engine_notify(self->engine, SN_NOTIFY_FAILED, message->conversation, title,
		                 text);
	}
	return SN_CLAIM_HEARD;
}

SnClaimResult sn_delivery_claim(SnDelivery *self, const SnClaim *claim, SnId *about)
{
	SnStore *store = self->engine->store;
	SnId id = 0;

	*about = 0;
	if (claim->kind == SN_REPORT_NONE ||
	    (!is_about_reading(claim->kind) && !claim->from_daemon))
		return SN_CLAIM_IDLE;
	if (claim->message_id)
		id = sn_outbox_find_message_id(store, claim->message_id);
	if (!id && claim->envelope_id)
		id = sn_outbox_find_message_id(store, claim->envelope_id);
	return id ? hear_entry(self, id, claim, about) : hear_message(self, claim, about);
}

/* ---- all that one email says ---- */

static SnClaim claim_of(const SnMailReport *report, const SnHeard *heard)
{
	return (SnClaim){
		.kind = report->kind,
		.message_id = report->message_id,
		.envelope_id = report->envelope_id,
		.recipient = report->recipient,
		.final_recipient = report->final_recipient,
		.status = report->status,
		.diagnostic = report->diagnostic,
		.from = heard->from,
		.from_daemon = heard->from_daemon,
		.old = heard->old,
	};
}

static const char *sender_of(const SnMail *mail)
{
	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *address = mail->addresses->pdata[i];
		if (address->role == SN_MAIL_FROM)
			return address->address;
	}
	return NULL;
}

static gboolean is_good_news(int kind)
{
	return kind == SN_REPORT_DELIVERED || kind == SN_REPORT_RELAYED ||
	       kind == SN_REPORT_DISPLAYED;
}

/* It is no message to be read any more; good news need not be read elsewhere either. */
static void fold_away(SnDelivery *self, SnId message, SnId about, gboolean good)
{
	SnStore *store = self->engine->store;
	g_autoptr(GError) error = NULL;

	if ((good && !sn_message_change_flags(store, message, SN_FLAG_SEEN, 0, &error)) ||
	    !sn_message_set_about(store, message, about, &error))
		g_warning("A report could not be filed: %s", error->message);
	if (good)
		sn_engine_wake(self->engine);
}

static void leave(SnDelivery *self, SnId message, const char *message_id)
{
	g_autoptr(GError) error = NULL;

	if (!sn_message_set_stray(self->engine->store, message, message_id, &error))
		g_warning("A report could not be filed: %s", error->message);
}

SnId sn_delivery_hear(SnDelivery *self, const GPtrArray *reports, const SnHeard *heard)
{
	const char *message_id = NULL;
	SnId about = 0, one;
	gboolean good = TRUE, later = FALSE;

	for (guint i = 0; i < reports->len; i++) {
		const SnMailReport *report = reports->pdata[i];
		SnClaim claim = claim_of(report, heard);
		later |= sn_delivery_claim(self, &claim, &one) == SN_CLAIM_LATER;
		good = good && is_good_news(report->kind);
		about = about ? about : one;
		message_id = message_id ? message_id : report->message_id;
	}
	if (!later && about)
		fold_away(self, heard->message, about, good);
	else if (!later)
		leave(self, heard->message, message_id);
	return about;
}

static void hear_filed(SnDelivery *self, const GArray *ids)
{
	for (guint i = 0; i < ids->len; i++) {
		SnId id = g_array_index(ids, SnId, i);
		g_autoptr(GBytes) raw = sn_message_raw(self->engine->store, id, NULL);
		g_autoptr(SnMail) mail = raw ? sn_mail_parse(raw, NULL, NULL) : NULL;
		if (!mail) {
			leave(self, id, NULL);
			continue;
		}
		SnHeard heard = { id, sender_of(mail), mail->from_daemon, .old = TRUE };
		sn_delivery_hear(self, mail->reports, &heard);
	}
}

void sn_delivery_hear_again(SnDelivery *self)
{
	g_autoptr(GArray) unheard = sn_message_unheard(self->engine->store);

	hear_filed(self, unheard);
}

void sn_delivery_hear_strays(SnDelivery *self, const char *message_id)
{
	g_autoptr(GArray) strays = sn_message_strays(self->engine->store, message_id);

	hear_filed(self, strays);
}
