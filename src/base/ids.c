/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/ids.h"

#include <string.h>

char *sn_id_origin(void)
{
	return g_uuid_string_random();
}

char *sn_id_message(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;
	g_autofree char *unique = g_uuid_string_random();

	return g_strdup_printf("%s@%s", unique, at && at[1] ? at + 1 : "localhost");
}

char *sn_id_thread(const char *root_message_id)
{
	g_autofree char *hex =
		g_compute_checksum_for_string(G_CHECKSUM_SHA256, root_message_id, -1);
	return g_strndup(hex, 24);
}
