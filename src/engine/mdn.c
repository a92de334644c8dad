/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mdn.c - tells senders who ask for it that an email was read (RFC 8098).
 *
 * Never without the user's consent: a yes to the question on the email, or a standing rule for people
 * the user has written to. Never to another domain than the one the email came from, never for mail
 * that nobody addressed to the user, and never twice: what may have gone counts as told.
 */
#include "src/engine/sync_private.h"

#include <string.h>

#include "src/base/ids.h"
#include "src/store/receipt.h"
#include "src/store/wish.h"

#define SENDING "mdn.sending" /* the message whose notification may have gone */
#define PAUSE (5 * SN_MINUTE) /* after one that did not go */

/* ---- what is received ---- */

static const char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at && at[1] ? at + 1 : NULL;
}

/* RFC 8098 section 2.1: to somebody else than who sent it, it would tell a stranger. */
static gboolean goes_back(const SnMail *mail)
{
	const char *to = domain_of(mail->read_receipt_to), *from = domain_of(mail->return_path);

	return to && from && g_ascii_strcasecmp(to, from) == 0;
}

static gboolean is_to_user(const SnConfig *config, const SnMessage *message)
{
	for (guint i = 0; message->parties && i < message->parties->len; i++) {
		const SnParty *party = message->parties->pdata[i];
		if ((party->role == SN_ROLE_TO || party->role == SN_ROLE_CC) &&
		    sn_config_owns(config, SN_CHANNEL_MAIL, party->address))
			return TRUE;
	}
	return FALSE;
}

static gboolean may_be_answered(const SnConfig *config, const SnPrepared *prepared)
{
	const SnMail *mail = prepared->mail;
	const SnMessage *message = prepared->message;

	return mail->read_receipt_to && message->direction == SN_IN && mail->message_id &&
	       !mail->list_id && !mail->auto_submitted && !mail->from_daemon &&
	       !mail->reports->len && goes_back(mail) && is_to_user(config, message) &&
	       !(message->flags & (SN_FLAG_SEEN | SN_FLAG_MDN_SENT));
}

static gboolean ask(SnStore *store, const SnMessage *message, const char *to, GError **error)
{
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, message->id);
	g_autofree char *yes = sn_wish_as_answer(SN_WISH_MDN, key, "yes");
	g_autofree char *no = sn_wish_as_answer(SN_WISH_MDN, key, "no");
	g_autofree char *question =
		g_strdup_printf("%s asks to be told that you have read this.", to);
	const char *const values[] = { yes, no, NULL };
	const char *const labels[] = { "Yes", "No", NULL };

	return sn_question_add(store, message->conversation, message->id, question, values, labels,
	                       error) != 0;
}

gboolean sn_mdn_file(SnStore *store, const SnConfig *config, const SnPrepared *prepared,
                     SnId sender, GError **error)
{
	SnMdnRule rule = sn_config_settings(config)->mail_answer_mdn;
	const SnMessage *message = prepared->message;

	if (rule == SN_MDN_NEVER || !prepared->mail || !may_be_answered(config, prepared) ||
	    !sn_mdn_is_known(store, sender))
		return TRUE;
	const char *to = prepared->mail->read_receipt_to;
	return sn_mdn_want(store, message->id, to, error) &&
	       (rule != SN_MDN_ASK || ask(store, message, to, error));
}

/* ---- what is decided ---- */

static gboolean move(SnEngine *engine, SnId message, SnMdnState from, SnMdnState to)
{
	g_autoptr(GError) error = NULL;
	gboolean changed = FALSE;

	if (!sn_mdn_change(engine->store, message, from, to, &changed, &error))
		g_warning("%s", error->message);
	return changed;
}

void sn_mdn_answer(SnEngine *engine, const char *key, const char *value)
{
	SnId message = g_ascii_strtoll(key, NULL, 10);
	gboolean yes = g_str_equal(value, "yes");

	/* The other programs of the user's shall not ask again either (RFC 3503). */
	if (move(engine, message, SN_MDN_WANTED, yes ? SN_MDN_AGREED : SN_MDN_DECLINED) && !yes)
		sn_message_change_flags(engine->store, message, SN_FLAG_MDN_SENT, 0, NULL);
}

/* ---- sending, one after the other ---- */

static GBytes *compose(SnEngine *engine, const SnEngineAccount *account, const SnMessage *message,
                       const char *to, GError **error)
{
	g_autofree char *id = sn_id_message(account->config->from_address);
	SnMdnRule rule = sn_config_settings(engine->config)->mail_answer_mdn;
	SnMailDisplayed displayed = {
		.from_address = account->config->from_address,
		.from_name = account->config->from_name,
		.to = to,
		.date = sn_clock_now(engine->clock),
		.message_id = id,
		.original_id = message->message_id,
		.original_subject = message->subject,
		.original_date = message->time,
		.automatic = rule == SN_MDN_ALWAYS_KNOWN,
	};

	return sn_mail_compose_displayed(&displayed, error);
}

typedef struct {
	SnEngine *engine;
	SnId message;
	gboolean released; /* it may have gone */
} Job;

/* What went, or may have gone, is never told again. */
static void finish(const Job *job, SnMdnState state)
{
	SnEngine *engine = job->engine;

	if (state == SN_MDN_TOLD)
		sn_message_change_flags(engine->store, job->message, SN_FLAG_MDN_SENT, 0, NULL);
	move(engine, job->message, job->released ? SN_MDN_SENDING : SN_MDN_AGREED, state);
	if (job->released)
		sn_store_set(engine->store, SENDING, NULL, NULL);
	engine->core->telling = FALSE;
	sn_engine_wake(engine);
}

static void release(SnEngineAccount *account, Job *job, guint64 request)
{
	SnStore *store = job->engine->store;
	g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, job->message);

	job->released = sn_store_set(store, SENDING, id, NULL) &&
	                move(job->engine, job->message, SN_MDN_AGREED, SN_MDN_SENDING) &&
	                sn_store_sync(store, NULL);
	if (job->released)
		sn_engine_proceed(account, request);
	else
		sn_engine_stop_sending(account, request);
}

static void failed(const Job *job, const GError *error)
{
	gboolean refused = g_error_matches(error, SN_ERROR, SN_ERROR_REJECTED) ||
	                   g_error_matches(error, SN_ERROR, SN_ERROR_INVALID);

	g_info("A read receipt did not go: %s", error->message);
	job->engine->core->tell_after = sn_clock_now(job->engine->clock) + PAUSE;
	finish(job, refused ? SN_MDN_DECLINED : job->released ? SN_MDN_TOLD : SN_MDN_AGREED);
}

static void replied(SnEngineAccount *account, const SnSendEvent *event, gpointer data)
{
	Job *job = data;

	if ((int)event->kind == SN_SEND_EV_READY)
		release(account, job, event->id);
	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (event->kind == SN_EVENT_DONE)
		finish(job, SN_MDN_TOLD);
	else if (event->kind == SN_EVENT_ERROR)
		failed(job, event->error);
	else
		job->engine->core->telling = FALSE; /* the account stops: as it is written */
	g_free(job);
}

static void send_one(SnEngine *engine, SnEngineAccount *account, const SnMdnRequest *wanted)
{
	g_autoptr(SnMessage) message = sn_message_get(engine->store, wanted->message, 0);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) raw =
		message ? compose(engine, account, message, wanted->to, &error) : NULL;

	if (!raw) {
		move(engine, wanted->message, SN_MDN_AGREED, SN_MDN_DECLINED);
		return;
	}
	Job *job = g_new0(Job, 1);
	job->engine = engine;
	job->message = wanted->message;
	SnSendRequest *request = sn_send_request_new(sn_engine_next_id(engine));
	request->from = g_strdup(""); /* RFC 8098 section 3: the null sender */
	if (request->to)
		g_ptr_array_unref(request->to);
	request->to = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(request->to, g_strdup(wanted->to));
	request->raw = g_bytes_ref(raw);
	request->confirm = TRUE;
	engine->core->telling = TRUE;
	sn_engine_send(account, request, replied, job);
}

/* A rule of the user's answers for people they know, once the email was read. */
static void agree_by_rule(SnEngine *engine)
{
	if (sn_config_settings(engine->config)->mail_answer_mdn != SN_MDN_ALWAYS_KNOWN)
		return;
	g_autoptr(GPtrArray) read = sn_mdn_read(engine->store);
	for (guint i = 0; i < read->len; i++)
		move(engine, ((SnMdnRequest *)read->pdata[i])->message, SN_MDN_WANTED,
		     SN_MDN_AGREED);
}

void sn_mdn_look(SnEngine *engine)
{
	agree_by_rule(engine);
	if (engine->core->telling || sn_clock_now(engine->clock) < engine->core->tell_after)
		return;
	g_autoptr(GPtrArray) agreed = sn_mdn_agreed(engine->store);
	for (guint i = 0; i < agreed->len; i++) {
		const SnMdnRequest *one = agreed->pdata[i];
		SnEngineAccount *account = sn_engine_account_by_id(engine, one->account);
		if (!account || !account->transport)
			continue;
		send_one(engine, account, one);
		return;
	}
}

void sn_mdn_start(SnEngine *engine)
{
	g_autoptr(GError) error = NULL;

	if (!sn_mdn_recover(engine->store, &error))
		g_warning("%s", error->message);
}
