/* SPDX-License-Identifier: GPL-3.0-or-later */
/* asked.c - availability questions of ours, and what came back. */
#include "src/store/asked.h"

#include "src/store/private.h"

#define KEPT (60 * SN_DAY)

void sn_asked_free(SnAsked *asked)
{
	if (!asked)
		return;
	g_free(asked->question);
	g_free(asked);
}

#define COLUMNS                                                                                 \
	"SELECT k.question, k.account, k.address, k.time, k.answer, k.answered, k.told "        \
	"FROM asked k "

static SnAsked *read_asked(SnSql *query)
{
	SnAsked *asked = NULL;

	if (sn_sql_row(query)) {
		asked = g_new0(SnAsked, 1);
		asked->question = sn_sql_text(query, 0);
		asked->account = sn_sql_int(query, 1);
		asked->address = sn_sql_int(query, 2);
		asked->time = sn_sql_int(query, 3);
		asked->answer = (int)sn_sql_int(query, 4);
		asked->answered = sn_sql_int(query, 5);
		asked->told = sn_sql_int(query, 6) != 0;
	}
	sn_sql_drop(query);
	return asked;
}

SnAsked *sn_asked_get(SnStore *store, const char *question)
{
	return read_asked(sn_sql(store, COLUMNS "WHERE k.question = ?1", V(question)));
}

SnAsked *sn_asked_newest(SnStore *store, SnId account, SnId address)
{
	return read_asked(sn_sql(store,
	                         COLUMNS "WHERE k.address = ?2 AND k.account = ?1 "
	                                 "ORDER BY k.time DESC LIMIT 1",
	                         V(account), V(address)));
}

SnAsked *sn_asked_person(SnStore *store, SnId person)
{
	return read_asked(sn_sql(store,
	                         COLUMNS "JOIN address a ON a.id = k.address WHERE a.person = ?1 "
	                                 "ORDER BY k.time DESC LIMIT 1",
	                         V(person)));
}

gboolean sn_asked_add(SnStore *store, const char *question, SnId account, SnId address,
                      SnTime time, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "INSERT OR IGNORE INTO asked (question, account, address, time) "
	                     "VALUES (?1, ?2, ?3, ?4)",
	                     V(question), V(account), V(address), V(time)) &&
	              sn_run(store, error, "DELETE FROM asked WHERE time < ?1",
	                     V(time - KEPT));
	return sn_store_finish(store, ok, error);
}

gboolean sn_asked_answered(SnStore *store, const char *question, int answer, SnTime time,
                           GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store,
	                       sn_run(store, error,
	                              "UPDATE asked SET answer = ?2, answered = ?3 "
	                              "WHERE question = ?1",
	                              V(question), V(answer), V(time)),
	                       error);
}

gboolean sn_asked_told(SnStore *store, const char *question, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(
		store,
		sn_run(store, error, "UPDATE asked SET told = 1 WHERE question = ?1", V(question)),
		error);
}

GArray *sn_asked_entries(SnStore *store, const char *question)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store, "SELECT id FROM outbox WHERE quick_question = ?1 ORDER BY id",
	                  V(question)),
	           ids);
	return ids;
}

gboolean sn_asked_is_last(SnStore *store, const SnAsked *asked)
{
	return !sn_one(store,
	               "SELECT 1 FROM message q JOIN message m ON m.conversation = q.conversation "
	               "AND m.hidden = 0 AND (m.time, m.id) > (q.time, q.id) "
	               "WHERE q.origin_id = ?1 AND q.direction = 1 AND m.direction = 1 "
	               "AND m.channel = 1 AND m.carried = 0 AND m.state IN (5, 6, 7) LIMIT 1",
	               V(asked->question));
}
