/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/receipt.h"

#include <string.h>

#include "src/store/private.h"

#define AT_ONCE 50

G_STATIC_ASSERT(SN_MDN_WANTED == 1 && SN_MDN_AGREED == 3); /* the index message_mdn */

static const char *const report_words[] = {
#define X(name, word) word,
	SN_REPORTS_TABLE(X)
#undef X
};

const char *sn_reports_word(SnReports reports)
{
	g_assert(reports < G_N_ELEMENTS(report_words));
	return report_words[reports];
}

gboolean sn_reports_parse(const char *word, SnReports *reports)
{
	for (gsize i = 0; word && i < G_N_ELEMENTS(report_words); i++) {
		if (strcmp(word, report_words[i]) != 0)
			continue;
		*reports = (SnReports)i;
		return TRUE;
	}
	return FALSE;
}

void sn_mdn_request_free(SnMdnRequest *request)
{
	if (!request)
		return;
	g_free(request->to);
	g_free(request);
}

gboolean sn_mdn_want(SnStore *store, SnId message, const char *to, GError **error)
{
	g_assert(to);
	return sn_run(store, error, "UPDATE message SET mdn = 1, mdn_to = ?2 WHERE id = ?1 AND mdn = 0",
	              V(message), V(to));
}

SnMdnState sn_mdn_state(SnStore *store, SnId message)
{
	return (SnMdnState)sn_one(store, "SELECT mdn FROM message WHERE id = ?1", V(message));
}

gboolean sn_mdn_change(SnStore *store, SnId message, SnMdnState from, SnMdnState to,
                       gboolean *changed, GError **error)
{
	gboolean done = sn_run(store, error, "UPDATE message SET mdn = ?3 WHERE id = ?1 AND mdn = ?2",
	                       V(message), V(from), V(to));

	*changed = done && sn_changes(store) > 0;
	return done;
}

static GPtrArray *read_requests(SnSql *query)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_mdn_request_free);

	while (sn_sql_row(query)) {
		SnMdnRequest *one = g_new0(SnMdnRequest, 1);
		one->message = sn_sql_int(query, 0);
		one->account = sn_sql_int(query, 1);
		one->to = sn_sql_text(query, 2);
		g_ptr_array_add(list, one);
	}
	sn_sql_drop(query);
	return list;
}

GPtrArray *sn_mdn_read(SnStore *store)
{
	return read_requests(sn_sql(store,
	                            "SELECT id, account, mdn_to FROM message WHERE mdn = 1 "
	                            "AND mdn IN (1, 3) AND flags & 1 ORDER BY id LIMIT ?1",
	                            V(AT_ONCE)));
}

GPtrArray *sn_mdn_agreed(SnStore *store)
{
	return read_requests(sn_sql(store,
	                            "SELECT id, account, mdn_to FROM message WHERE mdn = 3 "
	                            "AND mdn IN (1, 3) ORDER BY id LIMIT ?1",
	                            V(AT_ONCE)));
}

gboolean sn_mdn_recover(SnStore *store, GError **error)
{
	/* Few, and once a start: the setting names them, so that no table is read for it. */
	g_autofree char *open = sn_store_get(store, "mdn.sending");

	if (!open)
		return TRUE;
	SnId message = g_ascii_strtoll(open, NULL, 10);
	gboolean changed;
	return sn_mdn_change(store, message, SN_MDN_SENDING, SN_MDN_TOLD, &changed, error) &&
	       sn_store_set(store, "mdn.sending", NULL, error);
}

gboolean sn_mdn_is_known(SnStore *store, SnId address)
{
	return sn_one(store,
	              "SELECT EXISTS (SELECT 1 FROM conversation c JOIN message m "
	              "ON m.conversation = c.id AND m.hidden = 0 WHERE c.person = "
	              "(SELECT person FROM address WHERE id = ?1) AND m.direction = 1 "
	              "AND m.carried = 0)",
	              V(address)) != 0;
}
