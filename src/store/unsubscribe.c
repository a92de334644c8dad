/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/unsubscribe.h"

#include <string.h>

#include "src/store/private.h"

void sn_leave_free(SnLeave *leave)
{
	if (!leave)
		return;
	g_free(leave->list);
	g_free(leave->name);
	g_free(leave->target);
	g_free(leave->url);
	g_free(leave->detail);
	g_free(leave);
}

char *sn_leave_key(const SnMessage *message)
{
	if (message->channel != SN_CHANNEL_MAIL || message->direction != SN_IN)
		return NULL;
	if (message->list_id && *message->list_id)
		return g_strconcat("list:", message->list_id, NULL);
	return message->bulk && message->sender_value ? g_strconcat("from:", message->sender_value, NULL)
	                                               : NULL;
}

static gboolean write_row(SnStore *store, const SnLeave *leave, SnId entry, GError **error)
{
	g_assert(leave->list && leave->name && leave->target);
	g_assert((leave->state == SN_LEAVE_WANTED) == (leave->url != NULL));
	return sn_run(store, error,
	              "INSERT OR REPLACE INTO unsubscribed (list, name, state, target, url, account, "
	              "message, entry, time, next) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
	              V(leave->list), V(leave->name), V(leave->state), V(leave->target), V(leave->url),
	              V(leave->account), V(leave->message), V(entry), V(leave->time));
}

gboolean sn_leave_put(SnStore *store, const SnLeave *leave, GError **error)
{
	return sn_store_begin(store, error) &&
	       sn_store_finish(store, write_row(store, leave, 0, error), error);
}

#define COLUMNS "list, name, state, target, url, account, entry, time, next, tries, detail, message"

static SnLeave *read_row(SnSql *query)
{
	SnLeave *leave = NULL;

	if (sn_sql_row(query)) {
		leave = g_new0(SnLeave, 1);
		leave->list = sn_sql_text(query, 0);
		leave->name = sn_sql_text(query, 1);
		leave->state = (SnLeaveState)sn_sql_int(query, 2);
		leave->target = sn_sql_text(query, 3);
		leave->url = sn_sql_text(query, 4);
		leave->account = sn_sql_int(query, 5);
		leave->entry = sn_sql_int(query, 6);
		leave->time = sn_sql_int(query, 7);
		leave->next = sn_sql_int(query, 8);
		leave->tries = (int)sn_sql_int(query, 9);
		leave->detail = sn_sql_text(query, 10);
		leave->message = sn_sql_int(query, 11);
	}
	sn_sql_drop(query);
	return leave;
}

SnLeave *sn_leave_get(SnStore *store, const char *list)
{
	return read_row(sn_sql(store, "SELECT " COLUMNS " FROM unsubscribed WHERE list = ?1", V(list)));
}

SnLeave *sn_leave_next(SnStore *store)
{
	G_STATIC_ASSERT(SN_LEAVE_WANTED == 0); /* the index unsubscribed_wanted */
	return read_row(sn_sql(store, "SELECT " COLUMNS " FROM unsubscribed WHERE state = 0 "
	                              "ORDER BY next LIMIT 1"));
}

gboolean sn_leave_settle(SnStore *store, const char *list, SnTime time, SnLeaveState state,
                         const char *detail, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	/* the address names the subscriber: it is of no use any more */
	gboolean done = sn_run(store, error,
	              "UPDATE unsubscribed SET state = ?3, detail = ?4, url = NULL "
	              "WHERE list = ?1 AND time = ?2 AND state = 0",
	              V(list), V(time), V(state), V(detail));
	return sn_store_finish(store, done, error);
}

gboolean sn_leave_again(SnStore *store, const char *list, SnTime time, SnTime next, const char *detail,
                        GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean done = sn_run(store, error,
	              "UPDATE unsubscribed SET next = ?3, tries = tries + 1, detail = ?4 "
	              "WHERE list = ?1 AND time = ?2 AND state = 0",
	              V(list), V(time), V(next), V(detail));
	return sn_store_finish(store, done, error);
}

/* The user wrote there, and yet nobody reads it: a newsletter stays on its shelf. */
static gboolean keep_shelf(SnStore *store, SnId conversation, SnId entry, gint64 bulk, GError **error)
{
	return sn_run(store, error, "UPDATE message SET bulk = ?2 WHERE outbox = ?1", V(entry),
	              V(MAX(bulk, 0))) &&
	       sn_run(store, error, "UPDATE conversation SET bulk = ?2 WHERE id = ?1", V(conversation),
	              V(bulk));
}

SnId sn_leave_mail(SnStore *store, const SnLeave *leave, const SnOutboxNew *mail, GError **error)
{
	SnId entry = 0;

	if (!sn_store_begin(store, error))
		return 0;
	gint64 bulk = sn_one(store, "SELECT bulk FROM conversation WHERE id = ?1", V(mail->conversation));
	entry = sn_outbox_queue(store, mail, FALSE, error);
	gboolean done = entry && write_row(store, leave, entry, error) &&
	                keep_shelf(store, mail->conversation, entry, bulk, error);
	return sn_store_finish(store, done, error) ? entry : 0;
}

char *sn_leave_words(const SnLeave *leave, const char *when)
{
	const char *detail = leave->detail ? leave->detail : "";

	switch (leave->state) {
	case SN_LEAVE_WANTED:
		return leave->tries ? g_strdup_printf("To be unsubscribed at %s, tried again: %s", leave->target,
		                                      detail)
		                    : g_strdup_printf("Being unsubscribed at %s, as soon as there is a connection.",
		                                      leave->target);
	case SN_LEAVE_DONE:
		return g_strdup_printf("You unsubscribed on %s: %s said yes (%s).", when, leave->target, detail);
	case SN_LEAVE_FAILED:
		return g_strdup_printf("Unsubscribing failed on %s: %s :unsubscribe offers what else there is.",
		                       when, detail);
	case SN_LEAVE_MAILED:
		return g_strdup_printf("You asked %s by email on %s to unsubscribe you.", leave->target, when);
	case SN_LEAVE_OPENED:
		return g_strdup_printf("You opened the page to unsubscribe at %s on %s.", leave->target, when);
	}
	g_assert_not_reached();
}
