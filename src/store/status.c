/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.c - how each end of each account is doing: written by the engine, read by everybody. */
#include "src/store/private.h"

void sn_status_free(SnStatus *status)
{
	if (!status)
		return;
	g_free(status->account);
	g_free(status->end);
	g_free(status->detail);
	g_free(status->error_word);
	g_free(status);
}

gboolean sn_status_set(SnStore *store, const SnStatus *s, GError **error)
{
	g_return_val_if_fail(s->account && s->end, FALSE);
	g_autofree char *detail = sn_tidy(s->detail, SN_LINE_LIMIT);
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "INSERT INTO status (account, end, kind, detail, error_word, done, "
	                     "total, since, next_try) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
	                     "ON CONFLICT (account, end) DO UPDATE SET kind = ?3, detail = ?4, "
	                     "error_word = ?5, done = ?6, total = ?7, "
	                     "since = iif(kind = ?3, since, ?8), next_try = ?9 "
	                     "WHERE (kind, done, total, next_try) <> (?3, ?6, ?7, ?9) "
	                     "OR detail IS NOT ?4 OR error_word IS NOT ?5",
	                     V(s->account), V(s->end), V(s->kind), V(detail), V(s->error_word),
	                     V(s->done), V(s->total), V(s->since ? s->since : sn_now(store)),
	                     V(s->next_try));
	return sn_store_finish(store, ok, error);
}

GPtrArray *sn_status_list(SnStore *store)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_status_free);
	SnSql *query = sn_sql(store,
	                      "SELECT account, end, kind, detail, error_word, done, total, since, "
	                      "next_try FROM status ORDER BY account, end");

	while (sn_sql_row(query)) {
		SnStatus *status = g_new0(SnStatus, 1);
		status->account = sn_sql_text(query, 0);
		status->end = sn_sql_text(query, 1);
		status->kind = (SnStatusKind)sn_sql_int(query, 2);
		status->detail = sn_sql_text(query, 3);
		status->error_word = sn_sql_text(query, 4);
		status->done = sn_sql_int(query, 5);
		status->total = sn_sql_int(query, 6);
		status->since = sn_sql_int(query, 7);
		status->next_try = sn_sql_int(query, 8);
		g_ptr_array_add(list, status);
	}
	sn_sql_drop(query);
	return list;
}

gboolean sn_status_reset(SnStore *store, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store,
	                       sn_run(store, error,
	                              "UPDATE status SET kind = 0, detail = NULL, error_word = NULL, "
	                              "done = 0, total = 0, next_try = 0 WHERE kind <> 0"),
	                       error);
}
