/* SPDX-License-Identifier: GPL-3.0-or-later */
/* uids.h - ascending arrays of message numbers (GArray of guint32). */
#ifndef SN_BACKENDS_MAIL_UIDS_H
#define SN_BACKENDS_MAIL_UIDS_H

#include <glib.h>

GArray *sn_uids_new(void);
void sn_uids_sort(GArray *uids); /* ascending, without doubles */
gboolean sn_uids_has(const GArray *uids, guint32 uid);
/* Index of the first that is >= uid; uids->len if none. */
guint sn_uids_lower_bound(const GArray *uids, guint32 uid);
/* Those of `all` that are not in `without` (NULL: none); caller unrefs. */
GArray *sn_uids_minus(const GArray *all, const GArray *without);
static inline guint32 sn_uid_at(const GArray *uids, guint index)
{
	g_assert(index < uids->len);
	return g_array_index(uids, guint32, index);
}

#endif
