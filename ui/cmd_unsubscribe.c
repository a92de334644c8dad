/* SPDX-License-Identifier: GPL-3.0-or-later */
/* :unsubscribe - leaves a mailing list or newsletter, after a question that names whom it asks. */
#include "ui/unsubscribe.h"

#include "src/route/leave.h"
#include "src/store/sync.h"
#include "ui/command.h"
#include "ui/files.h"
#include "ui/prompt.h"
#include "ui/words.h"

/* ---- what is known ---- */

char *sn_unsubscribe_note(SnApp *app, const SnMessage *message, SnObject *object)
{
	g_autofree char *key = sn_leave_key(message);
	g_autoptr(SnLeave) leave = key ? sn_leave_get(app->store, key) : NULL;

	if (!leave || (message->id != leave->message && message->time <= leave->time))
		return NULL;
	g_autofree char *when = sn_words_when(leave->time, sn_app_now(app));
	*object = leave->state == SN_LEAVE_FAILED ? SN_OBJ_ERROR : SN_OBJ_FAINT;
	if (message->id == leave->message || leave->state == SN_LEAVE_WANTED ||
	    leave->state == SN_LEAVE_FAILED)
		return sn_leave_words(leave, when);
	*object = SN_OBJ_WARNING;
	if (leave->state == SN_LEAVE_OPENED)
		return g_strdup_printf("Sent after you opened the page to unsubscribe, on %s.", when);
	return g_strdup_printf("Sent although you unsubscribed on %s (%s).", when, leave->target);
}

void sn_unsubscribe_refresh(SnApp *app)
{
	g_autoptr(SnLeave) leave = app->leaving ? sn_leave_get(app->store, app->leaving) : NULL;

	if (!leave || (leave->state == SN_LEAVE_WANTED && leave->tries == 0))
		return;
	g_autofree char *when = sn_words_when(leave->time, sn_app_now(app));
	g_autofree char *words = sn_leave_words(leave, when);
	sn_app_say(app, leave->state == SN_LEAVE_DONE ? SN_OBJ_SUCCESS : SN_OBJ_ERROR, "%s: %s", leave->name,
	           words);
	g_clear_pointer(&app->leaving, g_free);
}

/* ---- what the email offers, read on the worker ---- */

typedef struct {
	SnApp *app;
	const SnUiHost *host;
	SnMessage *message;
	gboolean here; /* the source is */
	SnUnsubscribe *offer;
} Look;

static void look_free(gpointer data)
{
	Look *look = data;

	sn_message_free(look->message);
	sn_unsubscribe_free(look->offer);
	g_free(look);
}

static void look_run(SnStore *store, gpointer data)
{
	Look *look = data;
	g_autoptr(GBytes) raw = store ? sn_message_raw(store, look->message->id, NULL) : NULL;

	look->here = raw != NULL;
	look->offer = raw ? look->host->unsubscribe(raw, look->message->authentication, look->host->data) : NULL;
}

static const char *list_name(const SnMessage *message)
{
	return message->sender_name && *message->sender_name ? message->sender_name
	       : message->list_id                            ? message->list_id
	                                                      : message->sender_value;
}

/* ---- the three ways ---- */

static gboolean by_click(Look *look, GError **error)
{
	SnApp *app = look->app;
	g_autofree char *key = sn_leave_key(look->message);
	g_autofree char *host = sn_unsubscribe_host(look->offer->post);
	SnLeave leave = { .list = key, .name = (char *)list_name(look->message),
		          .state = SN_LEAVE_WANTED, .target = host, .url = look->offer->post,
		          .account = look->message->account, .message = look->message->id,
		          .time = sn_app_now(app) };

	g_assert(key && host);
	if (!sn_leave_put(app->store, &leave, error))
		return FALSE;
	g_free(app->leaving);
	app->leaving = g_steal_pointer(&key);
	sn_app_say(app, SN_OBJ_DEFAULT, "%s is being asked.", host);
	return TRUE;
}

static gboolean by_mail(Look *look, GError **error)
{
	SnApp *app = look->app;
	SnTime delay = app->settings->delivery_undo_mail, now = sn_app_now(app);
	g_autofree char *address = NULL, *subject = NULL, *body = NULL;
	SnId entry = sn_leave_by_mail(app->store, app->config, look->message, list_name(look->message),
	                              look->offer->mailto, now, delay > 0 ? now + delay : 0, error);

	if (!entry || !sn_unsubscribe_mailto(look->offer->mailto, &address, &subject, &body))
		return FALSE;
	app->undo_entry = entry;
	app->undo_until = now + MAX(delay, 0);
	if (delay > 0)
		sn_app_set_timer(app, SN_TIMER_UNDO, now + 1);
	sn_app_say(app, SN_OBJ_SUCCESS, "An email to %s asks for it; the outbox tells what becomes of it.",
	           address);
	return TRUE;
}

static gboolean by_page(Look *look, GError **error)
{
	g_autofree char *key = sn_leave_key(look->message);
	g_autofree char *host = sn_unsubscribe_host(look->offer->page);
	SnLeave leave = { .list = key, .name = (char *)list_name(look->message),
		          .state = SN_LEAVE_OPENED, .target = host,
		          .account = look->message->account, .message = look->message->id,
		          .time = sn_app_now(look->app) };

	g_assert(key && host);
	return sn_files_browse(look->app, look->offer->page, error) &&
	       sn_leave_put(look->app->store, &leave, error);
}

static void answered(SnApp *app, const char *answer, gpointer data)
{
	static const struct {
		const char *answer;
		gboolean (*run)(Look *look, GError **error);
	} ways[] = { { "click", by_click }, { "mail", by_mail }, { "page", by_page } };
	GError *error = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
		if (g_strcmp0(answer, ways[i].answer) == 0 && !ways[i].run(data, &error))
			sn_app_error(app, error);
	app->stale = TRUE;
}

/* ---- the question ---- */

static gboolean is_offline(SnApp *app)
{
	g_autoptr(GPtrArray) statuses = sn_status_list(app->store);

	for (guint i = 0; statuses && i < statuses->len; i++) {
		const SnStatus *status = g_ptr_array_index(statuses, i);
		if (status->kind == SN_STATUS_ONLINE || status->kind == SN_STATUS_SYNCING)
			return FALSE;
	}
	return TRUE;
}

/* RFC 8058 section 4: without a signature over it, anybody on the way may have put it there. */
static gboolean may_click(const SnUnsubscribe *offer)
{
	return offer->post && offer->cover != SN_COVER_NO;
}

static char *detail_of(const Look *look)
{
	const SnUnsubscribe *offer = look->offer;
	GString *out = g_string_new(NULL);
	g_autofree char *key = sn_leave_key(look->message);
	g_autoptr(SnLeave) before = sn_leave_get(look->app->store, key);
	g_autofree char *when = before ? sn_words_when(before->time, sn_app_now(look->app)) : NULL;
	g_autofree char *words = before ? sn_leave_words(before, when) : NULL;

	if (words)
		g_string_append_printf(out, "%s ", words);
	if (offer->post && offer->cover == SN_COVER_YES)
		g_string_append(out, "The sender's signature covers this request (DKIM).");
	else if (may_click(offer))
		g_string_append(out, "Nobody has checked whether the sender wrote this request (authserv-id in "
		                     "accounts.conf names the server to believe): mind the host.");
	else if (offer->post)
		g_string_append(out, "One click is not offered: no valid signature covers it, so somebody else "
		                     "may have written it.");
	if (is_offline(look->app) && (may_click(offer) || offer->mailto))
		g_string_append_printf(out, "%sYou are off line: it is done as soon as there is a connection.",
		                       out->len ? " " : "");
	return g_string_free(out, FALSE);
}

static void ask(Look *look)
{
	const SnUnsubscribe *offer = look->offer;
	g_autofree char *detail = detail_of(look), *click = NULL, *mail = NULL, *page = NULL;
	g_autofree char *address = NULL, *subject = NULL, *body = NULL, *question = NULL;
	g_autofree char *post_host = offer->post ? sn_unsubscribe_host(offer->post) : NULL;
	g_autofree char *page_host = offer->page ? sn_unsubscribe_host(offer->page) : NULL;
	const SnMessage *message = look->message;
	SnChoice choices[4];
	gsize count = 0;

	if (may_click(offer)) {
		click = g_strdup_printf("yes: one request to %s", post_host);
		choices[count++] = (SnChoice){ 'y', click, "click" };
	}
	if (offer->mailto && sn_unsubscribe_mailto(offer->mailto, &address, &subject, &body)) {
		mail = g_strdup_printf("by an email to %s", address);
		choices[count++] = (SnChoice){ 'e', mail, "mail" };
	}
	if (offer->page) {
		page = g_strdup_printf("open %s in the browser", page_host);
		choices[count++] = (SnChoice){ 'b', page, "page" };
	}
	choices[count++] = (SnChoice){ 'n', "no", "no" };
	question = g_strdup_printf("Unsubscribe from %s (%s)?", list_name(message),
	                           message->list_id ? message->list_id : message->sender_value);
	sn_prompt_ask(look->app, &(SnAsk){ .question = question, .detail = *detail ? detail : NULL,
	                                   .choices = choices, .count = count, .done = answered,
	                                   .data = look, .free = look_free });
}

static void look_done(gpointer data)
{
	Look *look = data;
	SnApp *app = look->app;

	sn_app_dirty(app);
	if (!look->here) {
		sn_app_say(app, SN_OBJ_ERROR, "The source of this email is not here, so nothing is known.");
	} else if (!look->offer) {
		sn_app_say(app, SN_OBJ_ERROR, "This email does not say how to unsubscribe; gu lists its links.");
	} else if (!app->prompt) {
		Look *mine = g_new0(Look, 1);
		*mine = (Look){ .app = app, .host = look->host, .here = TRUE,
			        .message = g_steal_pointer(&look->message),
			        .offer = g_steal_pointer(&look->offer) };
		ask(mine);
	}
}

static gboolean run_unsubscribe(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;
	g_autofree char *key = message ? sn_leave_key(message) : NULL;

	if (!message)
		return FALSE;
	if (!key || !app->setup->host.unsubscribe)
		return sn_command_fail(error, "Only mailing lists and newsletters can be left.");
	Look *look = g_new0(Look, 1);
	*look = (Look){ .app = app, .host = &app->setup->host, .message = g_steal_pointer(&message) };
	sn_worker_run(app->worker, &(SnJob){ look_run, look_done, look_free, look });
	return TRUE;
}

const SnCommand sn_commands_unsubscribe[] = {
	{ "unsubscribe", "", "leave the mailing list or newsletter of the message, after a question", 0, NULL,
	  0, 0, run_unsubscribe },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
