/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_thread.c - which message answers which, and the thread that makes.
 *
 * Answers come before what they answer, over another channel, and under another spelling of the
 * same thread; whichever comes last puts it together. What was told by others is a parent in its own
 * conversation only.
 */
#include <string.h>

#include "src/base/ids.h"
#include "src/store/private.h"

/* An XMPP thread that is the hash of an email thread stands for that thread from now on. */
static gboolean learn_alias(SnStore *store, const char *alias, const char *thread, GError **error)
{
	g_autofree char *hash = sn_id_thread(thread);

	if (g_strcmp0(alias, hash) != 0)
		return TRUE;
	return sn_run(store, error,
	              "INSERT OR IGNORE INTO thread_alias (alias, thread) VALUES (?1, ?2)", V(alias),
	              V(thread));
}

gboolean sn_thread_join(SnStore *store, SnMessage *m, GError **error)
{
	g_autofree char *thread = NULL;

	if (m->thread) {
		thread = sn_one_text(store, "SELECT thread FROM thread_alias WHERE alias = ?1",
		                     V(m->thread));
		if (thread) {
			g_free(m->thread);
			m->thread = g_steal_pointer(&thread);
		}
	}
	m->reply_to = !m->in_reply_to ? 0 :
	                                sn_one(store,
	                                       "SELECT id FROM (SELECT id, carried, conversation "
	                                       "FROM message WHERE message_id = ?1 "
	                                       "AND (carried = 0 OR conversation = ?2) "
	                                       "UNION ALL SELECT id, carried, conversation "
	                                       "FROM message WHERE origin_id = ?1 "
	                                       "AND conversation = ?2 "
	                                       "UNION ALL SELECT id, carried, conversation "
	                                       "FROM message WHERE stanza_id = ?1 "
	                                       "AND conversation = ?2) "
	                                       "ORDER BY carried, conversation <> ?2, id LIMIT 1",
	                                       V(m->in_reply_to), V(m->conversation));
	if (m->reply_to)
		thread = sn_one_text(store, "SELECT thread FROM message WHERE id = ?1",
		                     V(m->reply_to));
	if (thread) {
		if (m->thread && !learn_alias(store, m->thread, thread, error))
			return FALSE;
		g_free(m->thread);
		m->thread = g_steal_pointer(&thread);
	}
	if (!m->thread && m->channel == SN_CHANNEL_MAIL)
		m->thread = g_strdup(m->message_id);
	return TRUE;
}

/* An IM without a thread is the first message of the thread that its answer began. */
static gboolean take_childs_thread(SnStore *store, SnId id, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET thread = (SELECT thread FROM message c "
	              "WHERE c.reply_to = ?1 AND c.thread IS NOT NULL ORDER BY c.time, c.id LIMIT 1) "
	              "WHERE id = ?1 AND thread IS NULL",
	              V(id));
}

/*
 * Answers that name nothing but what they answer began a thread of that name, as long as it was not
 * here; now that it says what it answers itself, they belong to the same thread. An id that is here
 * twice is borrowed by somebody, and moves nothing.
 */
static gboolean lengthen_chain(SnStore *store, const SnMessage *m, GError **error)
{
	if (m->channel != SN_CHANNEL_MAIL || m->carried || !m->message_id || !m->thread ||
	    strcmp(m->thread, m->message_id) == 0 ||
	    !sn_one(store, "SELECT 1 FROM message WHERE thread = ?1 LIMIT 1", V(m->message_id)) ||
	    sn_one(store, "SELECT 1 FROM message WHERE message_id = ?1 AND id <> ?2 AND carried = 0 "
	                  "LIMIT 1",
	           V(m->message_id), V(m->id)))
		return TRUE;
	return sn_run(store, error, "UPDATE message SET thread = ?2 WHERE thread = ?1",
	              V(m->message_id), V(m->thread)) &&
	       sn_run(store, error, "UPDATE thread_alias SET thread = ?2 WHERE thread = ?1",
	              V(m->message_id), V(m->thread)) &&
	       sn_run(store, error,
	              "INSERT OR IGNORE INTO thread_alias (alias, thread) VALUES (?1, ?2)",
	              V(m->message_id), V(m->thread));
}

gboolean sn_thread_adopt(SnStore *store, const SnMessage *m, GError **error)
{
	const char *ids[] = { m->message_id, m->origin_id, m->stanza_id };
	g_autofree char *hash = NULL;

	if (!lengthen_chain(store, m, error))
		return FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
		if (!ids[i] || !sn_one(store, "SELECT 1 FROM message WHERE in_reply_to = ?1 LIMIT 1",
		                       V(ids[i])))
			continue;
		if (m->thread && !hash)
			hash = sn_id_thread(m->thread);
		if (!sn_run(store, error,
		            "UPDATE message SET reply_to = ?2, "
		            "thread = iif(thread IS NULL OR thread = ?4, ?3, thread) "
		            "WHERE in_reply_to = ?1 AND reply_to = 0 AND id <> ?2 "
		            "AND (?5 OR conversation = ?6)",
		            V(ids[i]), V(m->id), V(m->thread), V(hash),
		            V(i == 0 && !m->carried ? 1 : 0),
		            V(m->conversation)))
			return FALSE;
		if (sn_changes(store) && hash && m->channel == SN_CHANNEL_MAIL &&
		    !learn_alias(store, hash, m->thread, error))
			return FALSE;
		if (!m->thread && !take_childs_thread(store, m->id, error))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_thread_founded(SnStore *store, SnId answer, SnId parent, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET thread = (SELECT thread FROM message WHERE id = ?1) "
	              "WHERE id = ?2 AND thread IS NULL",
	              V(answer), V(parent));
}

static gboolean set_answered(SnStore *store, SnId id, SnId answered, GError **error)
{
	g_autofree char *own = sn_one_text(store, "SELECT thread FROM message WHERE id = ?1", V(id));
	g_autofree char *thread =
		sn_one_text(store, "SELECT thread FROM message WHERE id = ?1", V(answered));

	if (own && thread && !learn_alias(store, own, thread, error))
		return FALSE;
	return sn_run(store, error,
	              "UPDATE message SET reply_to = ?2, thread = coalesce(?3, thread) "
	              "WHERE id = ?1",
	              V(id), V(answered), V(thread)) &&
	       sn_thread_founded(store, id, answered, error);
}

gboolean sn_message_set_answered(SnStore *store, SnId id, SnId answered, GError **error)
{
	g_assert(id && answered && id != answered);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, set_answered(store, id, answered, error), error);
}
