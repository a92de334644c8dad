/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/place.h"

#include "src/store/statement.h"

GPtrArray *sn_location_names(SnStore *store, SnId folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	SnSql *query = sn_sql(store,
	                      "SELECT coalesce(name, '') FROM location WHERE folder = ?1 ORDER BY uid",
	                      V(folder));

	while (sn_sql_row(query))
		g_ptr_array_add(names, sn_sql_text(query, 0));
	sn_sql_drop(query);
	return names;
}

gboolean sn_location_of(SnStore *store, SnId message, SnId *folder, guint32 *uid, guint *flags)
{
	SnSql *query = sn_sql(store,
	                      "SELECT folder, uid, flags FROM location WHERE message = ?1 LIMIT 1",
	                      V(message));
	gboolean found = sn_sql_row(query);

	if (found) {
		*folder = sn_sql_int(query, 0);
		*uid = (guint32)sn_sql_int(query, 1);
		*flags = (guint)sn_sql_int(query, 2);
	}
	sn_sql_drop(query);
	return found;
}
