/* SPDX-License-Identifier: GPL-3.0-or-later */
/* question.c - questions that others put to the user (XEP-0439). */
#include <string.h>

#include "src/store/private.h"

#define CHOICE_LIMIT 20

void sn_question_free(SnQuestion *question)
{
	if (!question)
		return;
	g_free(question->question);
	g_strfreev(question->values);
	g_strfreev(question->labels);
	g_free(question);
}

static gboolean write_question(SnStore *store, SnId conversation, SnId message, const char *text,
                               const char *const *values, const char *const *labels, SnId *id,
                               GError **error)
{
	g_autofree char *tidy = sn_tidy(text, SN_LINE_LIMIT);

	if (!sn_run(store, error,
	            "INSERT INTO question (conversation, message, question, time) "
	            "VALUES (?1, ?2, ?3, ?4)",
	            V(conversation), V(message), V(tidy), V(sn_now(store))))
		return FALSE;
	*id = sn_last_id(store);
	for (int i = 0; values[i] && i < CHOICE_LIMIT; i++) {
		g_autofree char *value = sn_tidy(values[i], SN_LINE_LIMIT);
		g_autofree char *label = sn_tidy(labels[i] ? labels[i] : values[i], SN_LINE_LIMIT);
		if (!sn_run(store, error,
		            "INSERT INTO question_choice (question, seq, value, label) "
		            "VALUES (?1, ?2, ?3, ?4)",
		            V(*id), V(i), V(value), V(label)))
			return FALSE;
	}
	return TRUE;
}

SnId sn_question_add(SnStore *store, SnId conversation, SnId message, const char *question,
                     const char *const *values, const char *const *labels, GError **error)
{
	SnId id = sn_one(store, "SELECT id FROM question WHERE message = ?1", V(message));

	g_return_val_if_fail(question && values && labels, 0);
	if (id)
		return id; /* the same message by another way */
	if (!sn_store_begin(store, error))
		return 0;
	gboolean ok =
		write_question(store, conversation, message, question, values, labels, &id, error);
	return sn_store_finish(store, ok, error) ? id : 0;
}

static void read_choices(SnStore *store, SnQuestion *question)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	g_autoptr(GPtrArray) labels = g_ptr_array_new();
	SnSql *query = sn_sql(store,
	                      "SELECT value, label FROM question_choice WHERE question = ?1 "
	                      "ORDER BY seq",
	                      V(question->id));

	while (sn_sql_row(query)) {
		g_ptr_array_add(values, sn_sql_text(query, 0));
		g_ptr_array_add(labels, sn_sql_text(query, 1));
	}
	sn_sql_drop(query);
	g_ptr_array_add(values, NULL);
	g_ptr_array_add(labels, NULL);
	question->values = (char **)g_ptr_array_steal(values, NULL);
	question->labels = (char **)g_ptr_array_steal(labels, NULL);
}

/* Asked when the message says, which may be long before it came; a time to come is none. */
#define COLUMNS                                                                                \
	"SELECT id, conversation, message, question, coalesce((SELECT min(m.time, question.time) " \
	"FROM message m WHERE m.id = question.message), time), answered, away FROM question "

static SnQuestion *read_question(SnStore *store, SnSql *query)
{
	SnQuestion *question = g_new0(SnQuestion, 1);

	question->id = sn_sql_int(query, 0);
	question->conversation = sn_sql_int(query, 1);
	question->message = sn_sql_int(query, 2);
	question->question = sn_sql_text(query, 3);
	question->time = sn_sql_int(query, 4);
	question->answered = sn_sql_int(query, 5) != 0;
	question->availability = sn_sql_int(query, 6) != 0;
	read_choices(store, question);
	return question;
}

GPtrArray *sn_question_list(SnStore *store, SnId conversation)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_question_free);
	SnSql *query = sn_sql(store, COLUMNS "WHERE conversation = ?1 AND NOT answered ORDER BY id",
	                      V(conversation));

	while (sn_sql_row(query))
		g_ptr_array_add(list, read_question(store, query));
	sn_sql_drop(query);
	return list;
}

SnQuestion *sn_question_get(SnStore *store, SnId id)
{
	SnSql *query = sn_sql(store, COLUMNS "WHERE id = ?1", V(id));
	SnQuestion *question = sn_sql_row(query) ? read_question(store, query) : NULL;

	sn_sql_drop(query);
	return question;
}

SnId sn_question_of(SnStore *store, SnId message)
{
	return sn_one(store, "SELECT id FROM question WHERE message = ?1", V(message));
}

static gboolean must_exist(SnStore *store, gboolean ok, GError **error)
{
	if (!ok || sn_changes(store))
		return ok;
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such question.");
	return FALSE;
}

gboolean sn_question_close(SnStore *store, SnId id, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "UPDATE question SET answered = 1 WHERE id = ?1", V(id));
	return sn_store_finish(store, must_exist(store, ok, error), error);
}

gboolean sn_question_set_availability(SnStore *store, SnId id, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error, "UPDATE question SET away = 1 WHERE id = ?1", V(id));
	return sn_store_finish(store, must_exist(store, ok, error), error);
}

gboolean sn_question_answered(SnStore *store, SnId id, const char *answer, SnId entry,
                              GError **error)
{
	g_autofree char *tidy = sn_tidy(answer, SN_LINE_LIMIT);

	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean ok = sn_run(store, error,
	                     "UPDATE question SET answered = 1, answer = ?2, entry = ?3 WHERE id = ?1",
	                     V(id), V(tidy), V(entry));
	return sn_store_finish(store, must_exist(store, ok, error), error);
}

int sn_questions_by_rule(SnStore *store, SnId conversation, SnTime since)
{
	return (int)sn_one(store,
	                   "SELECT count(*) FROM question WHERE entry <> 0 AND time >= ?2 "
	                   "AND (?1 = 0 OR conversation = ?1)",
	                   V(conversation), V(since));
}

GArray *sn_questions_pending(SnStore *store, SnId conversation)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));

	sn_sql_ids(sn_sql(store,
	                  "SELECT o.id FROM question q JOIN outbox o ON o.id = q.entry "
	                  "WHERE q.conversation = ?1 AND o.state = 2",
	                  V(conversation)),
	           ids);
	return ids;
}
