/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.c - finds conversations by any part of their title or of an address, without reading all.
 *
 * name_part has what stands from each letter of a name on, so that any part of a name is the beginning
 * of one of its rows. It only says where to look: whoever asks compares the names themselves. So what
 * is not called so any more may stay in it, and ids are never given twice; `sennit compact` clears up.
 */
#include "src/store/names.h"

#include <string.h>

enum { PART_LENGTH = 12 /* SN_NAME_PART */, MAX_PARTS = 8 /* of a name that are tried */ };

/* ?1: the conversation, or minus the address; ?2: the name, folded. */
#define PUT                                                                                      \
	"INSERT OR IGNORE INTO name_part (part, target) "                                       \
	"WITH RECURSIVE at (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM at "                    \
	"WHERE n < min(length(?2), 1000)) "                                                     \
	"SELECT substr(?2, n, " SN_NAME_PART "), ?1 FROM at WHERE ?2 <> ''"

gboolean sn_names_put(SnStore *store, SnId target, const char *name, GError **error)
{
	g_autofree char *folded = g_utf8_casefold(name, -1);

	g_assert(target != 0);
	return sn_run(store, error, PUT, V(target), V(folded));
}

gboolean sn_names_put_person(SnStore *store, SnId person, const char *name, GError **error)
{
	SnId address = sn_one(store,
	                      "SELECT min(id) FROM address WHERE person = ?1 AND NOT EXISTS "
	                      "(SELECT 1 FROM conversation WHERE person = ?1)",
	                      V(person));

	g_assert(address >= 0);
	return address == 0 || sn_names_put(store, -address, name, error);
}

gboolean sn_names_fresh(SnStore *store, GError **error)
{
	return sn_exec(store, "DELETE FROM name_part", error) &&
	       sn_exec(store, SN_NAMES_OF("conversation", "id", "title", "TRUE"), error) &&
	       sn_exec(store, SN_NAMES_OF("address", "-id", "value", "TRUE"), error) &&
	       sn_exec(store, SN_NAMES_OF(SN_NAMES_SILENT, "-id", "name", "TRUE"), error);
}

static gboolean are_few(SnStore *store, const char *part)
{
	return sn_one(store, SN_NAMES_HIT("?1") "SELECT count(*) FROM hit", V(part)) <= SN_NAMES_FEW &&
	       sn_one(store,
	              SN_NAMES_FOUND("?1") "SELECT count(*) FROM (SELECT 1 FROM found LIMIT ?2)",
	              V(part), V(SN_NAMES_FEW + 1)) <= SN_NAMES_FEW;
}

const char *sn_names_rare(SnStore *store, const char *folded)
{
	const char *part = folded;

	for (int i = 0; *part && i < MAX_PARTS; i++) {
		glong more = g_utf8_strlen(part, -1) - PART_LENGTH;
		if (are_few(store, part))
			return part;
		if (more <= 0)
			break; /* what is shorter is more frequent */
		part = g_utf8_offset_to_pointer(part, MIN(more, PART_LENGTH / 2));
	}
	return NULL;
}
