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

static SnPlaces places_new(void)
{
	return (SnPlaces){ g_array_new(FALSE, FALSE, sizeof(guint32)), g_ptr_array_new_with_free_func(g_free),
			   g_array_new(FALSE, FALSE, sizeof(guint)) };
}

SnPlaces sn_places_in(SnStore *store, SnId folder)
{
	SnPlaces places = places_new();
	SnSql *query = sn_sql(store,
	                      "SELECT uid, flags, coalesce(name, '') FROM location WHERE folder = ?1 ORDER BY uid",
	                      V(folder));

	while (sn_sql_row(query)) {
		guint32 uid = (guint32)sn_sql_int(query, 0);
		guint flags = (guint)sn_sql_int(query, 1);
		g_array_append_val(places.uids, uid);
		g_array_append_val(places.flags, flags);
		g_ptr_array_add(places.names, sn_sql_text(query, 2));
	}
	sn_sql_drop(query);
	return places;
}

/* ---- some places ---- */

typedef struct {
	guint32 uid;
	guint flags;
	char *name;
} Row;

static void read_rows(SnSql *query, GArray *rows)
{
	while (sn_sql_row(query)) {
		Row row = { (guint32)sn_sql_int(query, 0), (guint)sn_sql_int(query, 1),
			    sn_sql_text(query, 2) };
		g_array_append_val(rows, row);
	}
	sn_sql_drop(query);
}

static gint by_uid(gconstpointer a, gconstpointer b)
{
	guint32 one = ((const Row *)a)->uid, two = ((const Row *)b)->uid;

	return (one > two) - (one < two);
}

/* Takes the rows. */
static SnPlaces places_of(GArray *rows)
{
	SnPlaces places = places_new();

	g_array_sort(rows, by_uid);
	for (guint i = 0; i < rows->len; i++) {
		Row *row = &g_array_index(rows, Row, i);
		if (i > 0 && row->uid == row[-1].uid) {
			g_free(row->name);
			continue;
		}
		g_array_append_val(places.uids, row->uid);
		g_array_append_val(places.flags, row->flags);
		g_ptr_array_add(places.names, row->name);
	}
	g_array_unref(rows);
	return places;
}

SnPlaces sn_places_named(SnStore *store, SnId folder, const GPtrArray *names)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));

	for (guint i = 0; i < names->len; i++)
		read_rows(sn_sql(store,
		                 "SELECT uid, flags, name FROM location INDEXED BY location_name "
		                 "WHERE folder = ?1 AND name = ?2", /* not by number: see location.c */
		                 V(folder), V((const char *)names->pdata[i])),
		          rows);
	return places_of(rows);
}

#define IN_FOLDER                                                                               \
	"SELECT l.uid, l.flags, coalesce(l.name, '') FROM folder f JOIN location l "            \
	"ON l.folder = f.id WHERE f.account = ?1 AND f.name = ?2 "

SnPlaces sn_places_numbered(SnStore *store, SnId account, const char *folder, const GArray *uids)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));

	for (guint i = 0; i < uids->len; i++)
		read_rows(sn_sql(store, IN_FOLDER "AND l.uid = ?3", V(account), V(folder),
		                 V(g_array_index(uids, guint32, i))),
		          rows);
	return places_of(rows);
}

SnPlaces sn_places_all(SnStore *store, SnId account, const char *folder)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));

	read_rows(sn_sql(store, IN_FOLDER, V(account), V(folder)), rows);
	return places_of(rows);
}
