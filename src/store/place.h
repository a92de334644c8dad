/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.h - where emails lie, seen from the other sides than sync.h. */
#ifndef SN_STORE_PLACE_H
#define SN_STORE_PLACE_H

#include "src/store/sync.h"

/* Maildir names of all locations of a folder, in the order of sn_location_uids(); of char *. A
 * location without a name gives "". */
GPtrArray *sn_location_keyword_list(SnStore *store, SnId folder); /* of char *, may be NULL; by number */
GPtrArray *sn_location_names(SnStore *store, SnId folder);
/* Another program gave the file another name; nothing when it is unknown. */
gboolean sn_location_rename(SnStore *store, SnId folder, guint32 uid, const char *name,
                            GError **error);

#endif
