/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/place.h"

#include "src/store/statement.h"

GPtrArray *sn_location_keyword_list(SnStore *store, SnId folder)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	SnSql *query = sn_sql(store, "SELECT keywords FROM location WHERE folder = ?1 ORDER BY uid",
	                      V(folder));

	while (sn_sql_row(query))
		g_ptr_array_add(list, sn_sql_text(query, 0));
	sn_sql_drop(query);
	return list;
}

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
