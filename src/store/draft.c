/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draft.c - what is being typed, saved as typed: one for each conversation. */
#include <string.h>

#include "src/store/private.h"

#define PICKED_LIMIT 10000

SnDraft *sn_draft_new(SnId conversation)
{
	SnDraft *draft = g_new0(SnDraft, 1);

	draft->conversation = conversation;
	draft->body = g_strdup("");
	return draft;
}

void sn_draft_free(SnDraft *draft)
{
	if (!draft)
		return;
	g_free(draft->subject);
	g_free(draft->body);
	g_free(draft->cc);
	g_free(draft->bcc);
	g_free(draft->history);
	if (draft->attachments)
		g_ptr_array_unref(draft->attachments);
	if (draft->picked)
		g_array_unref(draft->picked);
	if (draft->agreed)
		g_array_unref(draft->agreed);
	if (draft->forwards)
		g_array_unref(draft->forwards);
	g_free(draft->sender);
	g_free(draft->signature);
	g_free(draft);
}

/* A path may hold anything but NUL; a newline is written as \n, a backslash as \\. */
static char *join_paths(const GPtrArray *paths)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; paths && i < paths->len; i++) {
		g_autofree char *path = g_strescape(paths->pdata[i], NULL);
		g_string_append_printf(text, "%s\n", path);
	}
	return g_string_free(text, text->len == 0);
}

static GPtrArray *split_paths(const char *text)
{
	if (!text)
		return NULL;
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (int i = 0; lines[i]; i++)
		if (*lines[i])
			g_ptr_array_add(paths, g_strcompress(lines[i]));
	return paths;
}

static char *join_ids(const GArray *ids)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; ids && i < ids->len; i++)
		g_string_append_printf(text, "%" G_GINT64_FORMAT " ", g_array_index(ids, SnId, i));
	return g_string_free(text, ids == NULL);
}

static GArray *split_ids(const char *text)
{
	if (!text)
		return NULL;
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	while (ids->len < PICKED_LIMIT) {
		char *end;
		SnId id = g_ascii_strtoll(text, &end, 10);
		if (end == text)
			break;
		g_array_append_val(ids, id);
		text = end;
	}
	return ids;
}

SnDraft *sn_draft_load(SnStore *store, SnId conversation)
{
	SnSql *query = sn_sql(store,
	                      "SELECT mode, reply_to, subject, body, cc, bcc, attachments, history, "
	                      "picked, updated, send_at, conditions, otherwise, within, "
	                      "encrypt, agreed, read_receipt, sender, forwards, format, whom, sign, reports, signature FROM draft WHERE conversation = ?1",
	                      V(conversation));
	SnDraft *draft = NULL;

	if (sn_sql_row(query)) {
		draft = g_new0(SnDraft, 1);
		draft->conversation = conversation;
		draft->mode = (SnReplyMode)sn_sql_int(query, 0);
		draft->reply_to = sn_sql_int(query, 1);
		draft->subject = sn_sql_text(query, 2);
		draft->body = sn_sql_text(query, 3);
		draft->cc = sn_sql_text(query, 4);
		draft->bcc = sn_sql_text(query, 5);
		draft->attachments = split_paths(sn_sql_peek(query, 6));
		draft->history = sn_sql_text(query, 7);
		draft->picked = split_ids(sn_sql_peek(query, 8));
		draft->updated = sn_sql_int(query, 9);
		draft->terms = (SnTerms){ .send_at = sn_sql_int(query, 10),
			                  .when = (guint)sn_sql_int(query, 11),
			                  .then = (SnRule)sn_sql_int(query, 12),
			                  .within = sn_sql_int(query, 13),
			                  .encrypt = (SnEncrypt)sn_sql_int(query, 14),
			                  .sign = (SnSign)sn_sql_int(query, 21) };
		draft->agreed = split_ids(sn_sql_peek(query, 15));
		draft->read_receipt = (SnReadReceipt)sn_sql_int(query, 16);
		draft->sender = sn_sql_text(query, 17);
		draft->forwards = split_ids(sn_sql_peek(query, 18));
		draft->format = (SnFormat)sn_sql_int(query, 19);
		draft->whom = (SnWhom)sn_sql_int(query, 20);
		draft->reports = (SnReports)sn_sql_int(query, 22);
		draft->signature = sn_sql_text(query, 23);
	}
	sn_sql_drop(query);
	return draft;
}

static gboolean write_draft(SnStore *store, const SnDraft *draft, GError **error)
{
	g_autofree char *subject = sn_tidy(draft->subject, SN_TEXT_LIMIT);
	g_autofree char *body = sn_tidy(draft->body ? draft->body : "", SN_TEXT_LIMIT);
	g_autofree char *paths = join_paths(draft->attachments);
	g_autofree char *picked = join_ids(draft->picked);
	g_autofree char *agreed = join_ids(draft->agreed);
	g_autofree char *forwards = join_ids(draft->forwards);

	return sn_run(store, error,
	              "INSERT INTO draft (conversation, mode, reply_to, subject, body, cc, bcc, "
	              "attachments, history, picked, updated, send_at, conditions, otherwise, within, "
	              "encrypt, agreed, read_receipt, sender, forwards, format, whom, sign, reports, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
	              "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25) "
	              "ON CONFLICT (conversation) DO UPDATE SET mode = ?2, reply_to = ?3, "
	              "subject = ?4, body = ?5, cc = ?6, bcc = ?7, attachments = ?8, history = ?9, "
	              "picked = ?10, updated = ?11, send_at = ?12, conditions = ?13, otherwise = ?14, "
	              "within = ?15, encrypt = ?16, agreed = ?17, "
	              "read_receipt = ?18, sender = ?19, forwards = ?20, format = ?21, whom = ?22, sign = ?23, "
	              "reports = ?24, signature = ?25",
	              V(draft->conversation), V(draft->mode), V(draft->reply_to), V(subject),
	              V(body), V(draft->cc), V(draft->bcc), V(paths), V(draft->history), V(picked),
	              V(draft->updated ? draft->updated : sn_now(store)), V(draft->terms.send_at),
	              V(draft->terms.when), V(draft->terms.then), V(draft->terms.within),
	              V(draft->terms.encrypt), V(agreed), V(draft->read_receipt), V(draft->sender),
	              V(forwards), V(draft->format), V(draft->whom), V(draft->terms.sign), V(draft->reports),
	              V(draft->signature));
}

gboolean sn_draft_save(SnStore *store, const SnDraft *draft, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	gboolean known = sn_one(store, "SELECT 1 FROM conversation WHERE id = ?1",
	                        V(draft->conversation)) != 0;
	if (!known)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such conversation.");
	return sn_store_finish(store, known && write_draft(store, draft, error), error);
}

gboolean sn_draft_delete(SnStore *store, SnId conversation, GError **error)
{
	if (!sn_store_begin(store, error))
		return FALSE;
	return sn_store_finish(store,
	                       sn_run(store, error, "DELETE FROM draft WHERE conversation = ?1",
	                              V(conversation)),
	                       error);
}
