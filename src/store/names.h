/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.h - private to src/store: which conversations may have a part of a name (names.c). */
#ifndef SN_STORE_NAMES_H
#define SN_STORE_NAMES_H

#include "src/store/statement.h"

/* As many letters stand in a row; a longer part is looked for by its beginning. */
#define SN_NAME_PART "12"
/* Up to here all that was found is sorted. Of more, those that are wanted are soon met in the list. */
#define SN_NAMES_FEW 1000

/*
 * SQL: "WITH found (conversation) AS ...", the conversations where something begins with the folded
 * text bound as `n`. More than SN_NAMES_FEW rows of name_part are not looked at.
 */
#define SN_NAMES_HIT(n)                                                                 \
	"WITH hit (target) AS (SELECT target FROM name_part "                           \
	"WHERE part >= substr(" n ", 1, " SN_NAME_PART ") "                             \
	"AND part < substr(" n ", 1, " SN_NAME_PART ") || char(1114111) LIMIT 1001) "
#define SN_NAMES_FOUND(n)                                                               \
	SN_NAMES_HIT(n) ", found (conversation) AS (SELECT target FROM hit WHERE target > 0 " \
	"UNION SELECT c.id FROM hit JOIN address a ON a.id = -hit.target "              \
	"JOIN conversation c ON c.person = a.person WHERE hit.target < 0 "              \
	"UNION SELECT m.conversation FROM hit JOIN member m ON m.address = -hit.target " \
	"WHERE hit.target < 0) "

/* The same for people: "WITH ..., whose (person) AS ...", those who may be called so or have such an
 * address. */
#define SN_NAMES_WHOSE(n)                                                               \
	SN_NAMES_FOUND(n) ", whose (person) AS (SELECT c.person FROM hit "              \
	"JOIN conversation c ON c.id = hit.target WHERE hit.target > 0 "                \
	"UNION SELECT a.person FROM hit JOIN address a ON a.id = -hit.target "          \
	"WHERE hit.target < 0) "

/* The first address of each person without a conversation, for SN_NAMES_OF(): it stands for their name. */
#define SN_NAMES_SILENT                                                                 \
	"(SELECT min(a.id) AS id, p.name AS name FROM address a JOIN person p ON p.id = a.person " \
	"WHERE a.person NOT IN (SELECT person FROM conversation WHERE person IS NOT NULL) " \
	"GROUP BY a.person)"

/* SQL: puts all names of a table; condition: which rows. */
#define SN_NAMES_OF(table, target, name, condition)                                     \
	"INSERT OR IGNORE INTO name_part (part, target) "                               \
	"WITH RECURSIVE at (target, name, n) AS (SELECT " target ", fold(" name "), 1 " \
	"FROM " table " WHERE (" condition ") AND " name " <> '' "                      \
	"UNION ALL SELECT target, name, n + 1 FROM at WHERE n < min(length(name), 1000)) " \
	"SELECT substr(name, n, " SN_NAME_PART "), target FROM at"

/* A conversation has this title, or an address (target: minus its id) this value. In the transaction
 * that makes it so. */
gboolean sn_names_put(SnStore *store, SnId target, const char *name, GError **error);

/* The person is called so now. With a conversation they are found by its title. In the transaction that
 * makes it so, and after their addresses are theirs. */
gboolean sn_names_put_person(SnStore *store, SnId person, const char *name, GError **error);

/* Makes all of them anew. */
gboolean sn_names_fresh(SnStore *store, GError **error);

/*
 * Where in a text, folded by g_utf8_casefold(), a part begins that is in few names: SN_NAMES_FOUND() of it
 * says all that may have the text. NULL: many have each part of it, or it is empty.
 */
const char *sn_names_rare(SnStore *store, const char *folded);

#endif
