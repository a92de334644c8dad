/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/files.h"

#include "src/store/conversation.h"
#include "src/store/private.h"

G_STATIC_ASSERT(SN_CONV_GROUP == 1);

void sn_file_row_free(SnFileRow *row)
{
	if (!row)
		return;
	g_free(row->who);
	g_free(row->name);
	g_free(row->type);
	g_free(row->sha256);
	g_free(row->url);
	g_free(row);
}

#define FILES                                                                                    \
	"SELECT m.id, p.position, m.time, m.channel, m.direction, coalesce(m.sender_name, h.name), " \
	"p.name, p.type, p.size, p.sha256, p.url "                                                \
	"FROM c CROSS JOIN message m INDEXED BY message_files ON m.conversation = c.id "          \
	"AND m.attachments > 0 AND m.hidden = 0 "                                                 \
	"JOIN part p ON p.message = m.id AND p.inline = 0 "                                       \
	"JOIN address a ON a.id = m.sender JOIN person h ON h.id = a.person "                     \
	"WHERE (-m.time, -m.id, p.position) > (?2, ?3, ?4) "                                      \
	"ORDER BY m.time DESC, m.id DESC, p.position LIMIT ?5"

static GPtrArray *read_rows(SnSql *query)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_file_row_free);

	while (sn_sql_row(query)) {
		SnFileRow *row = g_new0(SnFileRow, 1);
		row->message = sn_sql_int(query, 0);
		row->position = (int)sn_sql_int(query, 1);
		row->time = sn_sql_int(query, 2);
		row->channel = (SnChannel)sn_sql_int(query, 3);
		row->direction = (SnDirection)sn_sql_int(query, 4);
		row->who = sn_sql_text(query, 5);
		row->name = sn_sql_text(query, 6);
		row->type = sn_sql_text(query, 7);
		row->size = sn_sql_int(query, 8);
		row->sha256 = sn_sql_text(query, 9);
		row->url = sn_sql_text(query, 10);
		g_ptr_array_add(rows, row);
	}
	sn_sql_drop(query);
	return rows;
}

/* Keys count downwards, so that the newest comes first. */
static SnTime before(SnTime time)
{
	return time ? -time : -G_MAXINT64;
}

GPtrArray *sn_person_files(SnStore *store, SnId person, SnTime time, SnId message, int position,
                           int limit)
{
	return read_rows(sn_sql(store,
	                        "WITH c (id) AS (SELECT id FROM conversation WHERE person = ?1 "
	                        "UNION SELECT m.conversation FROM address a "
	                        "JOIN member m ON m.address = a.id "
	                        "JOIN conversation v ON v.id = m.conversation AND v.kind = 1 "
	                        "WHERE a.person = ?1) " FILES,
	                        V(person), V(before(time)), V(-message), V(position), V(limit)));
}

GPtrArray *sn_conversation_files(SnStore *store, SnId conversation, SnTime time, SnId message,
                                 int position, int limit)
{
	return read_rows(sn_sql(store, "WITH c (id) AS (SELECT ?1) " FILES, V(conversation),
	                        V(before(time)), V(-message), V(position), V(limit)));
}

/* ---- while a file is on its way ---- */

#define PERCENT_STEP 5

gboolean sn_part_progress(SnStore *store, SnId message, int position, gint64 done, gint64 total,
                          int *percent, GError **error)
{
	int now;

	if (total <= 0 || done < 0)
		return TRUE;
	done = MIN(done, total);
	now = (int)(100.0 * (double)done / (double)total);
	if (*percent >= 0 && now - *percent < PERCENT_STEP)
		return TRUE;
	*percent = now;
	return sn_run(store, error,
	              "INSERT INTO transfer (message, position, done, total) SELECT message, position, "
	              "?3, ?4 FROM part WHERE message = ?1 AND position = ?2 "
	              "ON CONFLICT (message, position) DO UPDATE SET done = ?3, total = ?4, fault = NULL",
	              V(message), V(position), V(done), V(total));
}

gboolean sn_part_stopped(SnStore *store, SnId message, int position, const char *fault, GError **error)
{
	if (!fault)
		return sn_run(store, error,
		              "UPDATE transfer SET done = 0, total = 0, fault = NULL "
		              "WHERE message = ?1 AND position = ?2",
		              V(message), V(position));
	return sn_run(store, error,
	              "INSERT INTO transfer (message, position, fault) SELECT message, position, ?3 "
	              "FROM part WHERE message = ?1 AND position = ?2 "
	              "ON CONFLICT (message, position) DO UPDATE SET done = 0, total = 0, fault = ?3",
	              V(message), V(position), V(fault));
}

gboolean sn_part_none_under_way(SnStore *store, GError **error)
{
	return sn_run(store, error, "UPDATE transfer SET done = 0, total = 0 WHERE total <> 0");
}
