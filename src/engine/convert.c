/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waiting IMs to one person become one email with their texts and times, the addresses of both
 * ends, their files and their history. It happens on the user's, the contact's or a rule's word,
 * never by itself before the time that the user set; what else waits for the same person goes
 * along, so that nobody gets an email for every line.
 */
#include <string.h>

#include "src/engine/delivery_private.h"
#include "src/route/reach.h"

#define LATE (10 * SN_MINUTE)

/* The person's confirmed email address; NULL. Caller frees. */
static char *mail_address(SnDelivery *self, const SnOutboxEntry *entry)
{
	const char *jid = sn_delivery_jid(entry);
	g_autoptr(SnAddress) im =
		jid ? sn_address_find(self->engine->store, SN_CHANNEL_IM, jid) : NULL;
	g_autoptr(GPtrArray) addresses =
		im ? sn_person_addresses(self->engine->store, im->person) : NULL;

	/* the one that the contact prefers, as soon as it is confirmed */
	char *preferred = im ? sn_reach_mail(self->engine->store, im->person) : NULL;

	if (preferred)
		return preferred;
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->channel == SN_CHANNEL_MAIL && address->confirmed)
			return g_strdup(address->value);
	}
	return NULL;
}

static SnPlan *plan_mail(SnDelivery *self, const SnOutboxEntry *entry, const char *address)
{
	SnPlanRequest request = { .conversation = entry->conversation,
		                  .reply_to = entry->reply_to,
		                  .mode = SN_MODE_MAIL,
		                  .address = address };

	return sn_plan_reply(self->engine->store, self->engine->config, &request,
	                     self->engine->clock);
}

gboolean sn_convert_possible(SnDelivery *self, const SnOutboxEntry *entry, char **why)
{
	g_autofree char *address = mail_address(self, entry);
	g_autofree char *who = sn_delivery_who(self, entry);

	if ((*why = sn_delivery_terms_encrypt(self, entry)))
		return FALSE;
	if (entry->channel == SN_CHANNEL_IM && entry->encrypt == SN_ENCRYPT_REQUIRED) {
		*why = g_strdup("It has to go encrypted, and an email would not be");
		return FALSE;
	}
	if (entry->channel != SN_CHANNEL_IM || sn_delivery_has_begun(self, entry)) {
		*why = g_strdup("A part of it has gone by IM already");
		return FALSE;
	}
	if (!address) {
		*why = g_strdup_printf("No confirmed email address is known for %s", who);
		return FALSE;
	}
	g_autoptr(SnPlan) plan = plan_mail(self, entry, address);
	if (plan->status != SN_PLAN_READY)
		*why = g_strdup(plan->text);
	return plan->status == SN_PLAN_READY;
}

/* ---- which ---- */

/*
 * What waits for the person, the line or its turn goes along, and, on the user's own word, what the
 * user was asked about: nobody wants an email for every line. What has terms of its own waits for
 * them.
 */
static gboolean goes_along(SnDelivery *self, const SnOutboxEntry *other,
                           const SnOutboxEntry *entry)
{
	/* a time beyond any undo window was given by the user */
	SnTime now = sn_delivery_now(self);
	gboolean put_off = other->send_at > MAX(now, entry->send_at) + SN_MINUTE;
	gboolean own = put_off || other->when || other->encrypt == SN_ENCRYPT_REQUIRED;
	gboolean asked = entry->request == SN_REQUEST_CONVERT && other->state == SN_STATE_CHOOSING &&
	                 !other->error_word;
	gboolean told = other->request == SN_REQUEST_CONVERT &&
	                (other->state == SN_STATE_QUEUED || other->state == SN_STATE_CHOOSING);
	gboolean waits = other->state == SN_STATE_WAITING || other->state == SN_STATE_ASKED ||
	                 (other->state == SN_STATE_QUEUED && other->behind);

	return ((waits && !own) || asked || told) && other->id != entry->id &&
	       other->channel == SN_CHANNEL_IM && other->account == entry->account &&
	       other->request != SN_REQUEST_CANCEL && !sn_delivery_has_begun(self, other);
}

static gint by_id(gconstpointer a, gconstpointer b)
{
	const SnOutboxEntry *one = *(SnOutboxEntry *const *)a, *two = *(SnOutboxEntry *const *)b;

	return one->id < two->id ? -1 : one->id > two->id;
}

/* Oldest first; of SnOutboxEntry. */
static GPtrArray *gather(SnDelivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GArray) open = sn_outbox_open_in(self->engine->store, entry->conversation);
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_outbox_entry_free);

	for (guint i = 0; i < open->len; i++) {
		g_autoptr(SnOutboxEntry) other = sn_outbox_get(
			self->engine->store, g_array_index(open, SnId, i), SN_OUTBOX_FULL);
		if (other && goes_along(self, other, entry))
			g_ptr_array_add(all, g_steal_pointer(&other));
	}
	g_ptr_array_add(all, sn_outbox_get(self->engine->store, entry->id, SN_OUTBOX_FULL));
	g_ptr_array_sort(all, by_id);
	/* each once: nobody reads a line twice */
	for (guint i = 1; i < all->len; i++)
		g_assert(((SnOutboxEntry *)all->pdata[i - 1])->id < ((SnOutboxEntry *)all->pdata[i])->id);
	return all;
}

/* ---- what the email says ---- */

static char *mail_text(SnDelivery *self, const GPtrArray *entries)
{
	const SnOutboxEntry *first = entries->pdata[0];
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < entries->len; i++) {
		const SnOutboxEntry *entry = entries->pdata[i];
		g_autofree char *time = sn_delivery_time_text(entry->created);
		if (entries->len > 1)
			g_string_append_printf(text, "%s[%s]\n", i ? "\n\n" : "", time);
		g_string_append(text, entry->body ? entry->body : "");
	}
	g_autofree char *time = sn_delivery_time_text(first->created);
	g_string_append_printf(text,
	                       "\n\n(Written as %s from %s to %s, %s%s, and sent as an email "
	                       "instead.)\n",
	                       entries->len > 1 ? "instant messages" : "an instant message",
	                       first->from, sn_delivery_jid(first),
	                       entries->len > 1 ? "the first one on " : "on ", time);
	return g_string_free(text, FALSE);
}

static void add_id(GArray *ids, SnId id)
{
	for (guint i = 0; i < ids->len; i++)
		if (g_array_index(ids, SnId, i) == id)
			return;
	g_array_append_val(ids, id);
}

/* What was chosen for the IMs, and what the settings say for a change of channel. */
static GArray *mail_history(SnDelivery *self, const GPtrArray *entries, const SnPlan *plan,
                            gboolean *attachments)
{
	const SnSettings *settings = sn_delivery_settings(self);
	const SnOutboxEntry *last = entries->pdata[entries->len - 1];
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	SnHistorySpec spec;

	*attachments = settings->history_attachments;
	if (sn_history_parse(settings->history_on_switch, self->engine->clock, &spec, NULL)) {
		g_autoptr(SnHistory) history = sn_history_select(
			self->engine->store, last->conversation, last->reply_to, &spec, NULL,
			plan->recipients, *attachments, FALSE, settings->history_max_size);
		for (guint i = 0; i < history->messages->len; i++)
			add_id(ids, g_array_index(history->messages, SnId, i));
	}
	for (guint i = 0; i < entries->len; i++) {
		const SnOutboxEntry *entry = entries->pdata[i];
		for (guint j = 0; entry->history && j < entry->history->len; j++)
			add_id(ids, g_array_index(entry->history, SnId, j));
	}
	return ids;
}

/* What the user lets go in the open, he lets go in this email as well. */
static GArray *mail_agreed(const GPtrArray *entries)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	for (guint i = 0; i < entries->len; i++) {
		const SnOutboxEntry *entry = entries->pdata[i];
		for (guint j = 0; entry->agreed && j < entry->agreed->len; j++)
			add_id(ids, g_array_index(entry->agreed, SnId, j));
	}
	return ids;
}

/* Attachments lie in the store already: their hash names them. Borrowed from the entries. */
static GPtrArray *mail_files(const GPtrArray *entries)
{
	GPtrArray *files = g_ptr_array_new();

	for (guint i = 0; i < entries->len; i++) {
		const SnOutboxEntry *entry = entries->pdata[i];
		for (guint j = 0; entry->attachments && j < entry->attachments->len; j++)
			g_ptr_array_add(files, entry->attachments->pdata[j]);
	}
	return files;
}

gboolean sn_convert(SnDelivery *self, const SnOutboxEntry *entry, const char *because,
                    GError **error)
{
	SnStore *store = self->engine->store;
	g_autofree char *address = mail_address(self, entry);
	g_autoptr(SnPlan) plan = plan_mail(self, entry, address);

	if (!address || plan->status != SN_PLAN_READY) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "%s", plan->text);
		return FALSE;
	}
	g_autoptr(GPtrArray) entries = gather(self, entry);
	g_autofree char *text = mail_text(self, entries);
	const SnOutboxEntry *first = entries->pdata[0];
	g_assert(first->channel == SN_CHANNEL_IM && first->account == entry->account);
	g_autofree char *subject =
		sn_plan_subject(store, entry->conversation, entry->reply_to, first->body);
	gboolean attachments;
	g_autoptr(GArray) history = mail_history(self, entries, plan, &attachments);
	g_autoptr(GArray) agreed = mail_agreed(entries);
	g_autoptr(GPtrArray) files = mail_files(entries);
	g_autofree SnId *ids = g_new(SnId, entries->len);
	for (guint i = 0; i < entries->len; i++)
		ids[i] = ((SnOutboxEntry *)entries->pdata[i])->id;
	SnOutboxNew mail = {
		.conversation = entry->conversation,
		.account = plan->account,
		.channel = SN_CHANNEL_MAIL,
		.from = plan->from,
		.recipients = plan->recipients,
		.subject = subject,
		.body = text,
		.reply_to = entry->reply_to,
		.thread = first->thread,
		.attachments = files->len ? files : NULL,
		.history = history->len ? history : NULL,
		.agreed = agreed,
		.history_attachments = attachments,
		.announce = TRUE,
		.encrypt = plan->encrypt,
		.state = SN_STATE_QUEUED,
		.reason = because,
		.converted_from = first->id,
		/* another channel does not mean another time */
		.send_at = entry->send_at > sn_delivery_now(self) ? entry->send_at : 0,
	};
	return sn_outbox_convert(store, ids, entries->len, &mail, error) != 0;
}
