/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.h - where emails lie, seen from the other sides than sync.h. */
#ifndef SN_STORE_PLACE_H
#define SN_STORE_PLACE_H

#include "src/store/sync.h"

GPtrArray *sn_location_keyword_list(SnStore *store, SnId folder); /* of char *, may be NULL; by number */

/* Places of a Maildir's folder: three arrays of the same order, by number. */
typedef struct {
	GArray *uids;     /* of guint32 */
	GPtrArray *names; /* of char * */
	GArray *flags;    /* of guint */
} SnPlaces;
/* All of a folder; "" where there is no name. */
SnPlaces sn_places_in(SnStore *store, SnId folder);
/* Those that have one of these names; those with these numbers, by the folder's name. */
SnPlaces sn_places_named(SnStore *store, SnId folder, const GPtrArray *names);
SnPlaces sn_places_numbered(SnStore *store, SnId account, const char *folder, const GArray *uids);
SnPlaces sn_places_all(SnStore *store, SnId account, const char *folder);
/* Another program gave the file another name; nothing when it is unknown. */
gboolean sn_location_rename(SnStore *store, SnId folder, guint32 uid, const char *name,
                            GError **error);

#endif
