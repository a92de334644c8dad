/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/transcript.h"

#include <string.h>

#include "src/store/conversation.h"
#include "src/store/private.h"

#define AT_ONCE 1000
#define IDS_LIMIT (1024 * 1024)

void sn_transcript_free(SnTranscript *transcript)
{
	if (!transcript)
		return;
	g_free(transcript->key);
	if (transcript->ids)
		g_ptr_array_unref(transcript->ids);
	g_free(transcript);
}

/* ---- what lies in the folder ---- */

gboolean sn_transcript_set(SnStore *store, SnId folder, guint32 uid, const char *key,
                           const GPtrArray *ids, GError **error)
{
	GString *joined = g_string_new(NULL);

	for (guint i = 0; ids && i < ids->len && joined->len < IDS_LIMIT; i++)
		g_string_append_printf(joined, "%s\n", (const char *)ids->pdata[i]);
	g_autofree char *text = g_string_free(joined, ids == NULL);
	return sn_run(store, error,
	              "INSERT OR REPLACE INTO transcript (folder, uid, key, ids) VALUES (?1, ?2, ?3, ?4)",
	              V(folder), V((SnId)uid), V(key), V(text));
}

static GPtrArray *split_ids(const char *text)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		if (**line)
			g_ptr_array_add(ids, g_strdup(*line));
	return ids;
}

GPtrArray *sn_transcript_list(SnStore *store, SnId folder, const char *key)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_transcript_free);
	SnSql *query = sn_sql(store,
	                      "SELECT uid, key, ids FROM transcript WHERE key = ?2 AND folder = ?1 "
	                      "ORDER BY uid",
	                      V(folder), V(key));

	while (sn_sql_row(query)) {
		SnTranscript *one = g_new0(SnTranscript, 1);
		const char *ids = sn_sql_peek(query, 2);
		one->uid = (guint32)sn_sql_int(query, 0);
		one->key = sn_sql_text(query, 1);
		one->ids = ids ? split_ids(ids) : NULL;
		g_ptr_array_add(list, one);
	}
	sn_sql_drop(query);
	return list;
}

gboolean sn_transcript_hide(SnStore *store, SnId message, GError **error)
{
	return sn_run(store, error, "UPDATE message SET about = ?2, hidden = 1 WHERE id = ?1",
	              V(message), V((SnId)SN_ABOUT_TRANSCRIPT));
}

/* ---- what has to be written ---- */

static SnTime day_of(SnTime time)
{
	return time - time % SN_DAY;
}

/* The contact: who sent it, or whom it went to. 0: nobody but the user. */
static SnId contact_of(SnStore *store, SnId message)
{
	return sn_one(store,
	              "SELECT iif(m.direction = 0, m.sender, coalesce((SELECT a.id FROM party p "
	              "JOIN address a ON a.channel = 1 AND a.value = p.address WHERE p.message = m.id "
	              "AND p.role = 1 LIMIT 1), 0)) FROM message m WHERE m.id = ?1",
	              V(message));
}

static gboolean mark(SnStore *store, SnId account, SnId message, SnTime time, SnTime idle,
                     GError **error)
{
	SnTime due = MAX(time + idle, sn_now(store));
	SnId peer = contact_of(store, message);

	if (!peer)
		return TRUE;
	return sn_run(store, error,
	              "INSERT INTO transcript_day (account, peer, day, due) VALUES (?1, ?2, ?3, ?4) "
	              "ON CONFLICT (account, peer, day) DO UPDATE SET due = max(due, ?4), tries = 0",
	              V(account), V(peer), V(day_of(time)), V(due));
}

typedef struct {
	SnId id;
	SnTime time;
} Said;

static gboolean mark_all(SnStore *store, SnId account, SnSql *query, SnTime idle, GError **error)
{
	g_autoptr(GArray) said = g_array_new(FALSE, FALSE, sizeof(Said));

	while (sn_sql_row(query)) {
		Said one = { sn_sql_int(query, 0), sn_sql_int(query, 1) };
		g_array_append_val(said, one);
	}
	if (!sn_sql_end(query, error))
		return FALSE;
	for (guint i = 0; i < said->len; i++) {
		const Said *one = &g_array_index(said, Said, i);
		if (!mark(store, account, one->id, one->time, idle, error))
			return FALSE;
	}
	return TRUE;
}

static SnId get_mark(SnStore *store, const char *key)
{
	g_autofree char *text = sn_store_get(store, key);

	return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static gboolean set_mark(SnStore *store, const char *key, SnId mark_id, GError **error)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, mark_id);

	return sn_store_set(store, key, text, error);
}

static gboolean scan(SnStore *store, SnId account, SnTime idle, gboolean *more, GError **error)
{
	g_autofree char *filed = g_strdup_printf("transcript.message.%" G_GINT64_FORMAT, account);
	g_autofree char *went = g_strdup_printf("transcript.event.%" G_GINT64_FORMAT, account);
	SnId message = get_mark(store, filed), event = get_mark(store, went);

	/* the last of the next thousand; 0: there are none */
	SnId last = sn_one(store,
	                   "SELECT coalesce(max(id), 0) FROM (SELECT id FROM message WHERE id > ?1 "
	                   "ORDER BY id LIMIT ?2)",
	                   V(message), V(AT_ONCE));
	SnId last_event = sn_one(store,
	                         "SELECT coalesce(max(id), 0) FROM (SELECT id FROM outbox_event "
	                         "WHERE id > ?1 ORDER BY id LIMIT ?2)",
	                         V(event), V(AT_ONCE));
	*more = last || last_event;
	if (last &&
	    (!mark_all(store, account,
	               sn_sql(store,
	                      "SELECT m.id, m.time FROM message m JOIN conversation c "
	                      "ON c.id = m.conversation AND c.kind = ?4 WHERE m.id > ?1 AND m.id <= ?2 "
	                      "AND m.account = ?3 AND m.channel = 1 AND m.carried = 0 AND "
	                      "(m.direction = 0 OR m.state IN (5, 6, 7))",
	                      V(message), V(last), V(account), V(SN_CONV_PERSON)),
	               idle, error) ||
	     !set_mark(store, filed, last, error)))
		return FALSE;
	/* Those that were written here are rows before they have gone. */
	return !last_event ||
	       (mark_all(store, account,
	                 sn_sql(store,
	                        "SELECT DISTINCT m.id, m.time FROM outbox_event e "
	                        "JOIN outbox o ON o.id = e.outbox AND o.channel = 1 "
	                        "AND o.account = ?3 JOIN message m ON m.id = o.message "
	                        "JOIN conversation c ON c.id = m.conversation AND c.kind = ?4 "
	                        "WHERE e.id > ?1 AND e.id <= ?2 AND m.state IN (5, 6, 7)",
	                        V(event), V(last_event), V(account), V(SN_CONV_PERSON)),
	                 idle, error) &&
	        set_mark(store, went, last_event, error));
}

gboolean sn_transcript_scan(SnStore *store, SnId account, SnTime idle, gboolean *more,
                            GError **error)
{
	*more = FALSE;
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, scan(store, account, idle, more, error), error);
}

gboolean sn_transcript_next(SnStore *store, SnId account, SnTranscriptDay *day)
{
	SnSql *query = sn_sql(store,
	                      "SELECT peer, day, due, tries FROM transcript_day WHERE account = ?1 "
	                      "ORDER BY due LIMIT 1",
	                      V(account));
	gboolean found = sn_sql_row(query);

	if (found)
		*day = (SnTranscriptDay){ account, sn_sql_int(query, 0), sn_sql_int(query, 1),
			                  sn_sql_int(query, 2), (int)sn_sql_int(query, 3) };
	sn_sql_drop(query);
	return found;
}

gboolean sn_transcript_done(SnStore *store, const SnTranscriptDay *day, GError **error)
{
	return sn_run(store, error,
	              "DELETE FROM transcript_day WHERE account = ?1 AND peer = ?2 AND day = ?3 "
	              "AND due = ?4",
	              V(day->account), V(day->peer), V(day->day), V(day->due));
}

gboolean sn_transcript_later(SnStore *store, const SnTranscriptDay *day, SnTime due, int tries,
                             GError **error)
{
	return sn_run(store, error,
	              "UPDATE transcript_day SET due = ?5, tries = ?6 WHERE account = ?1 "
	              "AND peer = ?2 AND day = ?3 AND due = ?4",
	              V(day->account), V(day->peer), V(day->day), V(day->due), V(due), V(tries));
}

static gboolean belongs(SnStore *store, const SnTranscriptDay *day, const SnMessage *message,
                        gboolean encrypted)
{
	gboolean gone = message->state == SN_STATE_ACCEPTED ||
	                message->state == SN_STATE_DELIVERED || message->state == SN_STATE_READ;

	return message->channel == SN_CHANNEL_IM && message->account == day->account &&
	       !message->carried && message->origin_id && *message->origin_id &&
	       !strpbrk(message->origin_id, "\r\n") && (encrypted || !message->encrypted) &&
	       (message->direction == SN_IN || gone) && contact_of(store, message->id) == day->peer;
}

GPtrArray *sn_transcript_messages(SnStore *store, const SnTranscriptDay *day, gboolean encrypted,
                                  int limit)
{
	GPtrArray *messages = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);
	SnId conversation =
		sn_one(store,
	               "SELECT c.id FROM conversation c WHERE c.kind = ?2 AND c.person = "
	               "(SELECT person FROM address WHERE id = ?1)",
	               V(day->peer), V(SN_CONV_PERSON));
	SnTime time = day->day - 1;
	SnId id = G_MAXINT64;
	gboolean on = conversation != 0;

	while (on) {
		g_autoptr(GPtrArray) page = sn_message_page(store, conversation, time, id, TRUE, 200,
		                                            SN_MESSAGE_FULL);
		on = page->len == 200;
		while (page->len) {
			g_autoptr(SnMessage) one = g_ptr_array_steal_index(page, 0);
			time = one->time;
			id = one->id;
			if (time >= day->day + SN_DAY || (int)messages->len >= limit)
				return messages;
			if (belongs(store, day, one, encrypted))
				g_ptr_array_add(messages, g_steal_pointer(&one));
		}
	}
	return messages;
}
