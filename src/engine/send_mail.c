/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An outbox entry as an email. It is composed anew for each try, because it can be edited while it
 * waits; its Message-ID stays the same, so that whoever gets it twice can tell.
 *
 * The transport stops right before the last word (the final dot), and only when it is durable that
 * the email may have gone from here on is that word said. So after a crash most emails are known
 * not to have gone, and the user is asked about those few only that were in between.
 */
#include <string.h>

#include "src/engine/delivery_private.h"
#include "src/base/fault.h"
#include "src/base/opened.h"
#include "src/route/limits.h"
#include "src/route/thread.h"

#define MAX_REFERENCES 20
#define ENVELOPE 16000 /* headers and what is between the parts */

static void address_free(gpointer data)
{
	SnMailAddress *address = data;

	g_free(address->address);
	g_free(address->name);
	g_free(address);
}

static void file_free(gpointer data)
{
	SnMailFile *file = data;

	g_free(file->name);
	g_free(file->type);
	g_bytes_unref(file->bytes);
	g_free(file);
}

/* Everything the compose struct points to. */
typedef struct {
	GPtrArray *addresses, *files, *history, *references;
	char *transcript, *in_reply_to, *from_name, *chat_origin_id, *chat_in_reply_to;
} Parts;

static void parts_clear(Parts *parts)
{
	g_clear_pointer(&parts->addresses, g_ptr_array_unref);
	g_clear_pointer(&parts->files, g_ptr_array_unref);
	g_clear_pointer(&parts->history, g_ptr_array_unref);
	g_clear_pointer(&parts->references, g_ptr_array_unref);
	g_free(parts->transcript);
	g_free(parts->in_reply_to);
	g_free(parts->from_name);
	g_free(parts->chat_origin_id);
	g_free(parts->chat_in_reply_to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static GPtrArray *compose_addresses(const SnOutboxEntry *entry)
{
	static const SnMailRole roles[] = { [SN_ROLE_FROM] = SN_MAIL_FROM,
		                            [SN_ROLE_TO] = SN_MAIL_TO,
		                            [SN_ROLE_CC] = SN_MAIL_CC,
		                            [SN_ROLE_BCC] = SN_MAIL_BCC,
		                            [SN_ROLE_REPLY_TO] = SN_MAIL_REPLY_TO };
	GPtrArray *addresses = g_ptr_array_new_with_free_func(address_free);

	for (guint i = 0; i < entry->recipients->len; i++) {
		const SnParty *party = entry->recipients->pdata[i];
		SnMailAddress *address = g_new0(SnMailAddress, 1);
		address->role = roles[party->role];
		address->address = g_strdup(party->address);
		address->name = g_strdup(party->name);
		g_ptr_array_add(addresses, address);
	}
	return addresses;
}

/* Where the user wants answers, unless this email says otherwise. */
static void add_reply_to(GPtrArray *addresses, const char *value)
{
	for (guint i = 0; i < addresses->len; i++)
		if (((SnMailAddress *)addresses->pdata[i])->role == SN_MAIL_REPLY_TO)
			return;
	SnMailAddress *address = g_new0(SnMailAddress, 1);
	address->role = SN_MAIL_REPLY_TO;
	address->address = g_strdup(value);
	g_ptr_array_add(addresses, address);
}

static GPtrArray *compose_files(SnDelivery *self, const SnOutboxEntry *entry, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);

	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++) {
		const SnAttachment *attachment = entry->attachments->pdata[i];
		GBytes *bytes = sn_outbox_attachment_bytes(self->engine->store,
		                                           attachment->sha256, error);
		if (!bytes)
			return NULL;
		SnMailFile *file = g_new0(SnMailFile, 1);
		file->name = g_strdup(attachment->name);
		file->type = g_strdup(attachment->type);
		file->bytes = bytes;
		g_ptr_array_add(files, file);
	}
	return g_steal_pointer(&files);
}

/* Other clients make ids of anything. */
static gboolean fits_header(const char *id)
{
	gsize length = id ? strlen(id) : 0;

	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isgraph(id[i]) || id[i] == '<' || id[i] == '>')
			return FALSE;
	return length > 0 && length < 500;
}

/* RFC 5322 section 3.6.4: the References of what is answered, then its own id. Only ids of real
 * emails; an IM's id would lead nowhere. */
static void compose_references(SnDelivery *self, const SnOutboxEntry *entry, Parts *parts)
{
	SnStore *store = self->engine->store;
	g_autoptr(SnMessage) answered =
		entry->reply_to ? sn_message_get(store, entry->reply_to, 0) : NULL;
	g_autoptr(SnMessage) mail = answered ? sn_thread_email(store, answered) : NULL;

	if (answered && answered->channel == SN_CHANNEL_IM && fits_header(answered->origin_id))
		parts->chat_in_reply_to = g_strdup(answered->origin_id);
	if (!mail || !mail->message_id)
		return;
	parts->in_reply_to = g_strdup(mail->message_id);
	parts->references = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GBytes) raw = sn_message_raw(store, mail->id, NULL);
	g_autoptr(SnMail) parsed = raw ? sn_mail_parse(raw, NULL, NULL) : NULL;
	for (guint i = 0; parsed && parsed->references && i < parsed->references->len; i++)
		g_ptr_array_add(parts->references, g_strdup(parsed->references->pdata[i]));
	if (parts->references->len == 0 && mail->in_reply_to && strchr(mail->in_reply_to, '@'))
		g_ptr_array_add(parts->references, g_strdup(mail->in_reply_to));
	g_ptr_array_add(parts->references, g_strdup(mail->message_id));
	while (parts->references->len > MAX_REFERENCES) /* the root stays, the oldest go */
		g_ptr_array_remove_index(parts->references, 1);
}

/* What the server takes, less the message itself: its headers, text and files in base64. */
static gint64 room_for_history(SnDelivery *self, const SnOutboxEntry *entry,
                               const SnEngineAccount *account)
{
	gint64 own = ENVELOPE + (entry->body ? (gint64)strlen(entry->body) * 7 / 5 : 0);
	SnLimits limits;

	sn_limits_get(self->engine->store, account->config->name, &limits);
	if (limits.mail <= 0)
		return G_MAXINT64;
	for (guint i = 0; entry->attachments && i < entry->attachments->len; i++)
		own += ((SnAttachment *)entry->attachments->pdata[i])->size * 7 / 5;
	return MAX(limits.mail * 49 / 50 - own, 0);
}

/* Does all of the history travel as messages, too? */
static gboolean transcript_repeats(SnDelivery *self, const SnOutboxEntry *entry,
                                   const GPtrArray *history)
{
	g_autoptr(GPtrArray) messages = sn_history_messages(self, entry, NULL);

	return history->len == messages->len;
}

static gboolean asks_read_receipt(SnDelivery *self, const SnOutboxEntry *entry)
{
	return entry->read_receipt == SN_READ_RECEIPT_YES ||
	       (entry->read_receipt == SN_READ_RECEIPT_DEFAULT &&
	        sn_delivery_settings(self)->mail_request_mdn);
}

static gboolean is_markdown(SnDelivery *self, const SnOutboxEntry *entry)
{
	return entry->format == SN_FORMAT_MARKDOWN ||
	       (entry->format == SN_FORMAT_DEFAULT && sn_delivery_settings(self)->mail_markdown);
}

/* An email that goes on as it is. */
static GBytes *compose_again(SnDelivery *self, const SnOutboxEntry *entry,
                             const SnAccount *config, GError **error)
{
	g_autoptr(GBytes) raw = sn_message_raw(self->engine->store, entry->resend, error);
	g_autoptr(GPtrArray) addresses = compose_addresses(entry);
	const SnIdentity *identity = sn_account_identity(config, entry->from);
	SnMailCompose mail = {
		.from_address = entry->from,
		.from_name = identity && identity->name ? identity->name : config->from_name,
		.addresses = addresses,
		.date = sn_delivery_now(self),
		.message_id = entry->message_id,
	};

	return raw ? sn_mail_resend(raw, &mail, error) : NULL;
}

static GBytes *compose(SnDelivery *self, const SnOutboxEntry *entry,
                       const SnEngineAccount *account, GError **error)
{
	g_auto(Parts) parts = { 0 };
	const SnAccount *config = account->config;
	if (entry->resend)
		return compose_again(self, entry, config, error);
	const SnIdentity *identity = sn_account_identity(config, entry->from);
	gboolean jabber_id = config->im.kind == SN_ENDPOINT_XMPP &&
	                     sn_delivery_settings(self)->mail_jabber_id;

	parts.files = compose_files(self, entry, error);
	if (!parts.files)
		return NULL;
	parts.addresses = compose_addresses(entry);
	if (identity && identity->reply_to)
		add_reply_to(parts.addresses, identity->reply_to);
	parts.history = sn_history_mail(self, entry, room_for_history(self, entry, account),
	                                &parts.transcript, parts.files);
	compose_references(self, entry, &parts);
	if (entry->converted_from) {
		g_autoptr(SnOutboxEntry) im =
			sn_outbox_get(self->engine->store, entry->converted_from, 0);
		parts.chat_origin_id = im ? g_strdup(im->origin_id) : NULL;
	}
	SnMailCompose mail = {
		.from_address = entry->from,
		.from_name = identity && identity->name ? identity->name : config->from_name,
		.addresses = parts.addresses,
		.subject = entry->subject,
		.date = sn_delivery_now(self),
		.message_id = entry->message_id,
		.in_reply_to = parts.in_reply_to,
		.references = parts.references,
		.jabber_id = jabber_id ? config->im.user : NULL,
		.chat_origin_id = parts.chat_origin_id,
		.chat_in_reply_to = parts.chat_in_reply_to,
		.ask_read_receipt = asks_read_receipt(self, entry),
		.text = entry->body,
		.markdown = is_markdown(self, entry),
		.transcript = parts.transcript,
		.transcript_repeats = transcript_repeats(self, entry, parts.history),
		.files = parts.files->len ? parts.files : NULL,
		.history = parts.history->len ? parts.history : NULL,
	};
	return sn_mail_compose(&mail, error);
}

/* ---- the answer ---- */

static char *refusal(const SnSendEvent *event)
{
	GString *text = g_string_new(event->error->message);

	for (guint i = 0; event->rejected && i < event->rejected->len; i++) {
		const char *one = event->rejected->pdata[i];
		if (!strstr(text->str, one))
			g_string_append_printf(text, "; %s", one);
	}
	return g_string_free(text, FALSE);
}

/* The user's cancel is heard up to the last word. */
static gboolean taken_back(SnDelivery *self, SnId id)
{
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(self->engine->store, id, 0);

	return !entry || entry->request == SN_REQUEST_CANCEL;
}

static void hand_over(SnEngineAccount *account, SnJob *job, const SnSendEvent *event)
{
	SnDelivery *self = job->delivery;
	SnFact fact = { .detail = event->dsn ? "a report of delivery is asked for" : NULL,
		        .step = SN_STEP_HANDED_OVER + 1 };

	job->step = SN_STEP_HANDED_OVER;
	if (!taken_back(self, job->entry))
		sn_delivery_apply(self, job->entry, SN_DELIVERY_HAND_OVER, &fact);
	if (!job->released)
		sn_engine_stop_sending(account, event->id);
}

void sn_delivery_release(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnJob *job = g_hash_table_lookup(self->jobs, &entry->id);
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);

	g_assert(entry->step == SN_STEP_HANDED_OVER);
	if (!job || !job->request || !account)
		return;
	job->released = TRUE;
	sn_engine_proceed(account, job->request);
}

/* It was stopped before the last word, whatever the row says about how far it came. */
static void stopped(SnDelivery *self, const SnJob *job)
{
	SnFact fact = { .reason = taken_back(self, job->entry)
		                          ? "It was taken back before it went"
		                          : "It could not be written down that it goes",
		        .error_word = sn_error_word(SN_ERROR_STORAGE),
		        .step = 1 };

	sn_delivery_apply(self, job->entry, SN_DELIVERY_TEMPORARY, &fact);
}

static void accepted(SnDelivery *self, const SnJob *job, const SnSendEvent *event)
{
	sn_delivery_step_done(self, job->entry, job->step, event->reply);
	if (!event->dsn)
		sn_delivery_announce(self, job->entry, FALSE); /* no report will come */
}

/* What the server takes at most, for this email and all later ones. TRUE: it is less than was known, so
 * that an email made anew may fit. */
static gboolean learn_limit(SnEngineAccount *account, const SnSendEvent *event)
{
	SnStore *store = account->engine->store;
	SnLimits known, told = { SN_LIMIT_UNKNOWN, SN_LIMIT_UNKNOWN, event->max_size };
	g_autoptr(GError) error = NULL;

	sn_limits_get(store, account->config->name, &known);
	if (event->max_size <= 0 || event->max_size == known.mail)
		return FALSE;
	if (!sn_limits_set(store, account->config->name, &told, &error))
		g_warning("%s", error->message);
	return !error && (known.mail == SN_LIMIT_UNKNOWN || event->max_size < known.mail);
}

/* The server takes less than it was thought to, and said so before it took anything: with less
 * history it may fit. */
static gboolean send_less(SnDelivery *self, const SnJob *job, const SnSendEvent *event)
{
	if (!g_error_matches(event->error, SN_ERROR, SN_ERROR_LIMIT) || job->step)
		return FALSE;
	g_autoptr(SnOutboxEntry) entry =
		sn_outbox_get(self->engine->store, job->entry, SN_OUTBOX_FULL);
	if (!entry || entry->state != SN_STATE_SENDING || !entry->history ||
	    entry->history->len == 0)
		return FALSE;
	sn_delivery_send_mail(self, entry);
	return TRUE;
}

static void send_reply(SnEngineAccount *account, const SnSendEvent *event, gpointer data)
{
	SnJob *job = data;
	SnDelivery *self = job->delivery;

	if ((int)event->kind == SN_SEND_EV_READY && self)
		hand_over(account, job, event);
	if (event->kind > SN_EVENT_CANCELLED)
		return;
	gboolean learned = learn_limit(account, event);
	if (sn_job_end(job)) {
		if (event->kind == SN_EVENT_DONE) {
			accepted(self, job, event);
		} else if (event->kind == SN_EVENT_ERROR && learned &&
		           send_less(self, job, event)) {
			/* on its way again */;
		} else if (event->kind == SN_EVENT_CANCELLED && job->step && !job->released) {
			stopped(self, job);
		} else if (event->kind == SN_EVENT_CANCELLED) {
			sn_delivery_again(self); /* the account stops: checked when it is back */
		} else {
			g_autofree char *text = refusal(event);
			SnFact fact = {
				.reason = text,
				.error_word = sn_error_word((SnErrorCode)event->error->code),
			};
			SnDeliveryEvent what = sn_delivery_event_for(event->error);
			if (what == SN_DELIVERY_UNCERTAIN)
				fact.step = SN_STEP_HANDED_OVER + 1;
			sn_delivery_apply(self, job->entry, what, &fact);
		}
	}
	sn_job_unref(job);
}

/* Whom it goes to: when it is tried again for those who did not get it, nobody gets it twice. */
static GPtrArray *envelope(SnDelivery *self, const SnOutboxEntry *entry)
{
	GPtrArray *to = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) all = sn_outcome_list(self->engine->store, entry->id);
	gboolean again = FALSE;

	for (guint i = 0; i < all->len; i++)
		again |= ((SnOutcome *)all->pdata[i])->fate == SN_FATE_AGAIN;
	for (guint i = 0; i < all->len; i++) {
		const SnOutcome *one = all->pdata[i];
		if (!again || one->fate == SN_FATE_AGAIN)
			g_ptr_array_add(to, g_strdup(one->address));
	}
	return to;
}

static void cannot_go(SnDelivery *self, SnId entry, const GError *error)
{
	gboolean later = g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE) ||
	                 g_error_matches(error, SN_ERROR, SN_ERROR_AUTH) ||
	                 g_error_matches(error, SN_ERROR, SN_ERROR_UNAVAILABLE) ||
	                 sn_error_is_transient(error);
	SnFact fact = { .reason = error->message,
		        .error_word = sn_error_word((SnErrorCode)error->code) };

	sn_delivery_apply(self, entry, later ? SN_DELIVERY_TEMPORARY : SN_DELIVERY_PERMANENT, &fact);
}

static SnNotifyWhen notify_when(const SnOutboxEntry *entry, const SnAccount *config)
{
	SnReports reports = entry->reports ? entry->reports : config->reports;

	return reports == SN_REPORTS_NONE       ? SN_NOTIFY_NEVER
	       : reports == SN_REPORTS_FAILURES ? SN_NOTIFY_FAILURE
	                                        : SN_NOTIFY_ALL;
}

/* The bytes are made: they are kept, and handed to the account's transport. */
static void submit(SnDelivery *self, SnJob *job, const SnOutboxEntry *entry, GBytes *raw)
{
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	g_autoptr(GError) error = NULL;

	if (!account || !account->transport)
		g_set_error_literal(&error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		                    "The account it was to be sent with is not running");
	if (error || !sn_message_set_raw(self->engine->store, entry->message, raw, &error)) {
		sn_job_end(job);
		cannot_go(self, entry->id, error);
		sn_job_unref(job);
		return;
	}
	SnSendRequest *request = sn_send_request_new(sn_engine_next_id(self->engine));
	request->from = g_strdup(entry->from);
	if (request->to)
		g_ptr_array_unref(request->to);
	request->to = envelope(self, entry);
	request->raw = g_bytes_ref(raw);
	request->dsn = TRUE;
	request->notify = notify_when(entry, account->config);
	request->confirm = TRUE;
	request->envelope_id = g_strdup(entry->message_id);
	job->request = request->id;
	sn_engine_send(account, request, send_reply, job);
	sn_fault_of(SUBMITTED, "mail");
}

static gboolean note_sealing(SnStore *store, const SnOutboxEntry *entry, const SnSealPlan *plan,
                             GError **error)
{
	guint smime = plan->smime ? SN_SECURE_SMIME : 0;
	guint secure = plan->recipients ? SN_SECURE_ENCRYPTED | smime
	               : plan->signer   ? SN_SECURE_SIGNED | smime
	                                : 0;

	return (!secure || sn_message_set_secure(store, entry->message, secure, error)) &&
	       (!plan->words || sn_outbox_note(store, entry->id, "sealed", plan->words, error));
}

/* Signed and encrypted, or it does not go: never as it was. */
static void sealed(SnJob *job, GBytes *bytes, const SnSealPlan *plan, const GError *error)
{
	SnDelivery *self = job->delivery;
	g_autoptr(SnOutboxEntry) entry =
		self ? sn_outbox_get(self->engine->store, job->entry, SN_OUTBOX_FULL) : NULL;
	g_autoptr(GError) own_error = NULL;

	if (!entry || entry->state != SN_STATE_SENDING) {
		sn_job_end(job);
		sn_job_unref(job);
		return;
	}
	if (bytes && note_sealing(self->engine->store, entry, plan, &own_error)) {
		submit(self, job, entry, bytes);
		return;
	}
	sn_job_end(job);
	cannot_go(self, entry->id, error ? error : own_error);
	sn_job_unref(job);
}

void sn_delivery_send_mail(SnDelivery *self, const SnOutboxEntry *entry)
{
	SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	g_autoptr(SnSealWish) wish = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) raw = NULL;

	g_assert(entry->state == SN_STATE_SENDING);
	if (!account || !account->transport)
		g_set_error_literal(&error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		                    "The account it was to be sent with is not running");
	else
		raw = compose(self, entry, account, &error);
	if (!raw) {
		cannot_go(self, entry->id, error);
		return;
	}
	SnJob *job = sn_job_begin(self, entry->id, entry->step);
	wish = sn_seal_wish_of(self, entry, account->config);
	/* an email that goes on as it is stays as its sender made it */
	if (entry->resend)
		wish->autocrypt = wish->sign = FALSE;
	if (sn_seal_wish_is_plain(wish))
		submit(self, job, entry, raw);
	else
		sn_seal_run(job, g_steal_pointer(&wish), raw, sealed);
}
