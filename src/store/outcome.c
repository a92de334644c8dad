/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/outcome.h"

#include "src/store/private.h"

G_STATIC_ASSERT(SN_FATE_FAILED == 5 && SN_FATE_AGAIN == 6); /* in statements below */

const char *sn_fate_word(SnFate fate)
{
	static const char *const words[] = {
#define X(name, word) word,
		SN_FATE_TABLE(X)
#undef X
	};

	g_assert((gsize)fate < G_N_ELEMENTS(words));
	return words[fate];
}

void sn_outcome_free(SnOutcome *outcome)
{
	if (!outcome)
		return;
	g_free(outcome->address);
	g_free(outcome->name);
	g_free(outcome->text);
	g_free(outcome);
}

/* How much is known. A failure can follow even reading: a copy that was sent on came back. */
gboolean sn_fate_follows(SnFate known, SnFate news)
{
	static const int rank[] = { [SN_FATE_NONE] = 0,    [SN_FATE_AGAIN] = 0,
		                    [SN_FATE_DELAYED] = 1, [SN_FATE_RELAYED] = 2,
		                    [SN_FATE_DELIVERED] = 3, [SN_FATE_READ] = 4,
		                    [SN_FATE_FAILED] = 3 };

	g_assert((gsize)known < G_N_ELEMENTS(rank) && (gsize)news < G_N_ELEMENTS(rank));
	if (news == known)
		return news == SN_FATE_DELAYED; /* repeated, with the newest reason */
	if (news == SN_FATE_FAILED)
		return TRUE;
	if (known == SN_FATE_FAILED)
		return rank[news] >= rank[SN_FATE_DELIVERED];
	return rank[news] > rank[known];
}

GPtrArray *sn_outcome_list(SnStore *store, SnId entry)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_outcome_free);
	SnSql *query = sn_sql(store,
	                      "SELECT role, address, name, fate, fate_time, fate_text "
	                      "FROM outbox_recipient r WHERE outbox = ?1 AND role <> ?2 "
	                      "AND NOT EXISTS (SELECT 1 FROM outbox_recipient e "
	                      "WHERE e.outbox = r.outbox AND e.seq < r.seq AND e.role <> ?2 "
	                      "AND e.address = r.address COLLATE NOCASE) ORDER BY seq",
	                      V(entry), V(SN_ROLE_REPLY_TO));

	while (sn_sql_row(query)) {
		SnOutcome *one = g_new0(SnOutcome, 1);
		one->role = (SnRole)sn_sql_int(query, 0);
		one->address = sn_sql_text(query, 1);
		one->name = sn_sql_text(query, 2);
		one->fate = (SnFate)sn_sql_int(query, 3);
		one->time = sn_sql_int(query, 4);
		one->text = sn_sql_text(query, 5);
		g_ptr_array_add(list, one);
	}
	sn_sql_drop(query);
	return list;
}

gboolean sn_outcome_write(SnStore *store, SnId entry, const char *address, SnFate fate,
                          const char *text, GError **error)
{
	g_autofree char *tidy = sn_tidy(text, SN_LINE_LIMIT);

	g_assert(store->depth > 0);
	return sn_run(store, error,
	              "UPDATE outbox_recipient SET fate = ?3, fate_time = ?4, fate_text = ?5 "
	              "WHERE outbox = ?1 AND address = ?2 COLLATE NOCASE",
	              V(entry), V(address), V(fate), V(sn_now(store)), V(tidy));
}

gboolean sn_outcome_set(SnStore *store, SnId entry, const char *address, SnFate fate,
                        const char *text, const char *what, const char *detail, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_outcome_write(store, entry, address, fate, text, error) &&
	              sn_outbox_journal(store, entry, what, detail, error);
	return sn_store_finish(store, ok, error);
}

gboolean sn_outcome_again(SnStore *store, SnId entry, GError **error)
{
	if (!sn_one(store, "SELECT 1 FROM outbox_recipient WHERE outbox = ?1 AND fate = 5 LIMIT 1",
	            V(entry)))
		return TRUE; /* it goes to all, or to those of the last time */
	return sn_run(store, error,
	              "UPDATE outbox_recipient SET fate = iif(fate = 5, 6, 0) "
	              "WHERE outbox = ?1 AND fate IN (5, 6)",
	              V(entry));
}

/* ---- what has to be announced ---- */

GArray *sn_outbox_untold(SnStore *store)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store, "SELECT id FROM outbox WHERE untold = 1 ORDER BY id"), ids);
	return ids;
}

gboolean sn_outbox_told(SnStore *store, SnId entry, const char *what, const char *as,
                        GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "UPDATE outbox SET untold = 0 WHERE id = ?1", V(entry)) &&
	              sn_outbox_journal(store, entry, what, as, error);
	return sn_store_finish(store, ok, error);
}

/* ---- further than this one ---- */

G_STATIC_ASSERT(SN_STATE_ACCEPTED == 5 && SN_STATE_DELIVERED == 6 && SN_STATE_READ == 7);

GArray *sn_outbox_gone_before(SnStore *store, SnId entry)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT o.id FROM outbox o JOIN outbox e ON e.id = ?1 "
	                  "WHERE o.conversation = e.conversation AND o.account = e.account "
	                  "AND o.channel = 1 AND o.id < e.id AND o.state IN (5, 6) "
	                  "ORDER BY o.id DESC LIMIT 200",
	                  V(entry)),
	           ids);
	return ids;
}

gboolean sn_message_displayed(SnStore *store, SnId message, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET state = 7 FROM (SELECT conversation AS c, account AS a, "
	              "time AS t, id AS i FROM message WHERE id = ?1) AS o "
	              "WHERE message.conversation = o.c AND message.account = o.a "
	              "AND message.hidden = 0 AND message.channel = 1 AND message.direction = 1 "
	              "AND message.outbox = 0 AND message.carried = 0 AND message.state IN (5, 6) "
	              "AND (message.time, message.id) <= (o.t, o.i)",
	              V(message));
}

/* ---- what reports on a message ---- */

gboolean sn_message_set_outcome(SnStore *store, SnId message, SnState state, const char *notice,
                                GError **error)
{
	g_autofree char *tidy = sn_tidy(notice, SN_LINE_LIMIT);

	return sn_run(store, error,
	              "UPDATE message SET state = ?2, notice = coalesce(?3, notice) WHERE id = ?1",
	              V(message), V(state), V(tidy));
}

gboolean sn_message_set_unheard(SnStore *store, SnId message, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET about = ?2, hidden = iif(hidden = 0, 2, hidden) "
	              "WHERE id = ?1",
	              V(message), V((SnId)SN_ABOUT_UNHEARD));
}

GArray *sn_message_unheard(SnStore *store)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store, "SELECT id FROM message WHERE about = ?1 AND about <> 0 ORDER BY id",
	                  V((SnId)SN_ABOUT_UNHEARD)),
	           ids);
	return ids;
}

GArray *sn_message_strays(SnStore *store, const char *message_id)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT id FROM message WHERE in_reply_to = ?1 AND about = ?2 "
	                  "ORDER BY id LIMIT 20",
	                  V(message_id), V((SnId)SN_ABOUT_STRAY)),
	           ids);
	return ids;
}

gboolean sn_message_set_stray(SnStore *store, SnId message, const char *message_id, GError **error)
{
	return sn_run(store, error,
	              "UPDATE message SET about = iif(?2 IS NULL, 0, ?3), "
	              "in_reply_to = coalesce(?2, in_reply_to), hidden = iif(hidden = 2, 0, hidden) "
	              "WHERE id = ?1",
	              V(message), V(message_id), V((SnId)SN_ABOUT_STRAY));
}

static gboolean fold_below(SnStore *store, SnId message, SnId about, GError **error)
{
	/* Out of sight first, so that it never becomes the news of the other conversation. */
	return sn_run(store, error,
	              "UPDATE message SET about = ?2, hidden = iif(hidden = 0, 2, hidden) "
	              "WHERE id = ?1",
	              V(message), V(about)) &&
	       sn_run(store, error,
	              "UPDATE message SET conversation = o.conversation, peer = o.peer "
	              "FROM (SELECT conversation, peer FROM message WHERE id = ?2) AS o "
	              "WHERE message.id = ?1",
	              V(message), V(about));
}

gboolean sn_message_set_about(SnStore *store, SnId message, SnId about, GError **error)
{
	g_assert(message != about && about > 0);
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store, fold_below(store, message, about, error), error);
}
