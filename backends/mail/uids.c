/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/uids.h"

GArray *sn_uids_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(guint32));
}

static gint compare(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

void sn_uids_sort(GArray *uids)
{
	guint kept = 0;

	g_array_sort(uids, compare);
	for (guint i = 0; i < uids->len; i++)
		if (kept == 0 || sn_uid_at(uids, i) != sn_uid_at(uids, kept - 1))
			g_array_index(uids, guint32, kept++) = sn_uid_at(uids, i);
	g_array_set_size(uids, kept);
}

guint sn_uids_lower_bound(const GArray *uids, guint32 uid)
{
	guint low = 0, high = uids->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (sn_uid_at(uids, middle) < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

gboolean sn_uids_has(const GArray *uids, guint32 uid)
{
	guint at = sn_uids_lower_bound(uids, uid);

	return at < uids->len && sn_uid_at(uids, at) == uid;
}

GArray *sn_uids_minus(const GArray *all, const GArray *without)
{
	GArray *rest = sn_uids_new();
	guint at = 0;

	for (guint i = 0; i < all->len; i++) {
		guint32 uid = sn_uid_at(all, i);
		while (without && at < without->len && sn_uid_at(without, at) < uid)
			at++;
		if (!without || at >= without->len || sn_uid_at(without, at) != uid)
			g_array_append_val(rest, uid);
	}
	return rest;
}
