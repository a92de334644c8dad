/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrate_map.h - from format 1 to 2, the address map: links of addresses to persons become decisions
 * of the user, cards, and claims of others (map.h). Part of the one step in migrate.c.
 */
#ifndef SN_STORE_MIGRATE_MAP_H
#define SN_STORE_MIGRATE_MAP_H

/* As facts.c writes them. */
#define ADDRESS_KEY(a) "iif(" a ".channel = 0, 'mail:', 'im:') || lower(" a ".value)"
#define RULE_WORD(column)                                                                       \
	"CASE " column " WHEN 1 THEN 'ask' WHEN 2 THEN 'defer' WHEN 3 THEN 'mail' "             \
	"WHEN 4 THEN 'send' WHEN 5 THEN 'ask-them' ELSE 'fail' END"

#define SN_MAP_TO_VERSION_2 \
	/* The address map: links became decisions of the user, cards, and claims of others. */ \
	"CREATE TABLE native (address INTEGER PRIMARY KEY REFERENCES address (id), person " \
	"INTEGER NOT NULL UNIQUE REFERENCES person (id), name TEXT, name_rank INTEGER NOT NULL " \
	"DEFAULT 0) STRICT; " \
	"CREATE TABLE fact (key TEXT NOT NULL PRIMARY KEY, value TEXT, clock INTEGER NOT NULL, " \
	"device TEXT NOT NULL, chunk INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID; " \
	"CREATE INDEX fact_chunk ON fact (device, chunk); " \
	"CREATE TABLE decision (a INTEGER NOT NULL REFERENCES address (id), b INTEGER NOT NULL " \
	"REFERENCES address (id), verdict INTEGER NOT NULL, clock INTEGER NOT NULL, device " \
	"TEXT NOT NULL, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID; " \
	"CREATE INDEX decision_b ON decision (b); " \
	"CREATE TABLE card (id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, " \
	"origin TEXT NOT NULL, uid TEXT, name TEXT, evidence TEXT, first_seen INTEGER NOT " \
	"NULL, UNIQUE (source, origin)) STRICT; " \
	"CREATE TABLE card_address (card INTEGER NOT NULL REFERENCES card (id) ON DELETE " \
	"CASCADE, seq INTEGER NOT NULL, address INTEGER NOT NULL REFERENCES address (id), " \
	"PRIMARY KEY (card, seq)) STRICT, WITHOUT ROWID; " \
	"CREATE INDEX card_address_address ON card_address (address); " \
	"CREATE TABLE claim (a INTEGER NOT NULL REFERENCES address (id), b INTEGER NOT NULL " \
	"REFERENCES address (id), source INTEGER NOT NULL, evidence TEXT, first_seen INTEGER " \
	"NOT NULL, PRIMARY KEY (a, b, source)) STRICT, WITHOUT ROWID; " \
	"CREATE INDEX claim_b ON claim (b); " \
	"CREATE TABLE conflict (address INTEGER NOT NULL REFERENCES address (id), card INTEGER " \
	"NOT NULL, other INTEGER NOT NULL DEFAULT 0, overruled INTEGER NOT NULL, PRIMARY KEY " \
	"(address, card, other)) STRICT, WITHOUT ROWID; " \
	"CREATE TABLE map_change (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, " \
	"what TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0) STRICT; " \
	"CREATE TABLE map_change_fact (change INTEGER NOT NULL REFERENCES map_change (id) ON " \
	"DELETE CASCADE, key TEXT NOT NULL, before TEXT, after TEXT, PRIMARY KEY (change, " \
	"key)) STRICT, WITHOUT ROWID; " \
	"CREATE TABLE shell (seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation INTEGER NOT " \
	"NULL UNIQUE REFERENCES conversation (id) ON DELETE CASCADE, heir INTEGER NOT NULL " \
	"REFERENCES conversation (id), gave INTEGER NOT NULL, opened INTEGER NOT NULL, time " \
	"INTEGER NOT NULL) STRICT; " \
	"CREATE INDEX shell_heir ON shell (heir); " \
	"CREATE TABLE shell_draft (conversation INTEGER NOT NULL REFERENCES conversation (id) " \
	"ON DELETE CASCADE, part INTEGER NOT NULL, mode INTEGER NOT NULL, reply_to INTEGER NOT " \
	"NULL, subject TEXT, body TEXT NOT NULL, cc TEXT, bcc TEXT, attachments TEXT, history " \
	"TEXT, picked TEXT, updated INTEGER NOT NULL, send_at INTEGER NOT NULL, conditions " \
	"INTEGER NOT NULL, otherwise INTEGER NOT NULL, within INTEGER NOT NULL, encrypt " \
	"INTEGER NOT NULL, agreed TEXT, read_receipt INTEGER NOT NULL, sender TEXT, forwards TEXT, " \
	"format INTEGER NOT NULL, whom INTEGER NOT NULL, sign INTEGER NOT NULL, reports INTEGER NOT NULL, " \
	"signature TEXT, " \
	"PRIMARY KEY (conversation, part)) STRICT, WITHOUT " \
	"ROWID; "

#define SN_MAP_STEPS_TO_VERSION_2 \
	/* everybody's first address takes the person's id along; the user's own take none */ \
	SN_STEP_RANGES("person", 5, "the address map", \
		"INSERT INTO native (address, person) SELECT min(a.id), p.id FROM person p " \
		"JOIN address a ON a.person = p.id WHERE p.id > ?1 AND p.id <= ?2 AND NOT p.is_self " \
		"GROUP BY p.id"), \
	SN_STEP_RANGES("address", 10, "the address map", \
		"INSERT INTO person (id, name) SELECT (SELECT seq FROM sqlite_sequence " \
		"WHERE name = 'person') + row_number() OVER (ORDER BY id), coalesce(name, value) " \
		"FROM address WHERE id > ?1 AND id <= ?2 AND id NOT IN (SELECT address FROM native);" \
		"INSERT INTO native (address, person) SELECT id, (SELECT seq FROM sqlite_sequence " \
		"WHERE name = 'person') - count(*) OVER () + row_number() OVER (ORDER BY id) " \
		"FROM address WHERE id > ?1 AND id <= ?2 AND id NOT IN (SELECT address FROM native);" \
		"UPDATE native SET name = a.name, name_rank = 2 FROM address a WHERE a.id = native.address " \
		"AND a.name IS NOT NULL AND native.address > ?1 AND native.address <= ?2;" \
		"UPDATE native SET name = p.name, name_rank = min(p.name_rank, 3) FROM person p " \
		"WHERE p.id = native.person AND p.name_rank > 0 AND native.address > ?1 " \
		"AND native.address <= ?2"), \
	SN_STEP_RANGES("message", 11, "whom each message belongs to", \
		"UPDATE message SET peer = (SELECT n.address FROM conversation c JOIN native n " \
		"ON n.person = c.person WHERE c.id = message.conversation) WHERE id > ?1 AND id <= ?2 " \
		"AND +peer IS NULL AND +conversation IN (SELECT id FROM conversation WHERE kind = 0)"), \
	SN_STEP_WHOLE("address", 10, "the address map", \
		"INSERT OR IGNORE INTO setting (key, value) " \
		"VALUES ('map-device', lower(hex(randomblob(6)))), ('map-clock', unixepoch() * 1000); " \
		"CREATE TEMP TABLE old_pair AS SELECT l.address AS guest, n.address AS host, 3 AS verdict " \
		"FROM link l JOIN native n ON n.person = l.person WHERE l.state = 1 AND l.source = 0 " \
		"AND l.address <> n.address " \
		"UNION SELECT l.address, o.id, 5 FROM link l JOIN address o ON o.person = l.person " \
		"WHERE l.state = 2 AND o.id <> l.address; " \
		"INSERT OR IGNORE INTO decision (a, b, verdict, clock, device) " \
		"SELECT min(guest, host), max(guest, host), iif(verdict = 3 AND guest > host, 4, verdict), 1, " \
		"(SELECT value FROM setting WHERE key = 'map-device') FROM old_pair ORDER BY verdict DESC; " \
		"INSERT INTO fact (key, value, clock, device, chunk) SELECT 'pair' || char(9) || " \
		"min(" ADDRESS_KEY("x") ", " ADDRESS_KEY("y") ") || char(9) || " \
		"max(" ADDRESS_KEY("x") ", " ADDRESS_KEY("y") "), " \
		"'1' || char(9) || iif(d.verdict = 5, 'apart', iif((d.verdict = 3) = (" ADDRESS_KEY("x") " < " ADDRESS_KEY("y") \
		"), 'of', 'owns')), 1, d.device, 1 FROM decision d JOIN address x ON x.id = d.a " \
		"JOIN address y ON y.id = d.b; " \
		"DROP TABLE old_pair; "), \
	SN_STEP_WHOLE("address", 5, "the address map", \
		"INSERT INTO card (source, origin, name, evidence, first_seen) " \
		"SELECT l.source, 'old:' || l.person, p.name, min(l.evidence), min(l.first_seen) FROM link l " \
		"JOIN person p ON p.id = l.person WHERE l.state = 1 AND l.source IN (1, 2) " \
		"GROUP BY l.source, l.person; " \
		"INSERT INTO card_address (card, seq, address) SELECT c.id, " \
		"row_number() OVER (PARTITION BY c.id ORDER BY l.address) - 1, l.address FROM link l " \
		"JOIN card c ON c.source = l.source AND c.origin = 'old:' || l.person WHERE l.state = 1; "), \
	SN_STEP_WHOLE("address", 5, "the address map", \
		"INSERT INTO fact (key, value, clock, device, chunk) SELECT 'name' || char(9) || " \
		ADDRESS_KEY("a") ", '1' || char(9) || p.name, 1, s.value, 1 FROM address a JOIN person p ON p.id = a.person " \
		"JOIN setting s ON s.key = 'map-device' WHERE p.name_rank = 4 AND NOT p.is_self " \
		"AND NOT EXISTS (SELECT 1 FROM card_address m WHERE m.address = a.id); " \
		"INSERT INTO fact (key, value, clock, device, chunk) SELECT 'rule' || char(9) || " \
		ADDRESS_KEY("a") ", '1' || char(9) || " RULE_WORD("p.rule") ", 1, s.value, 1 FROM address a JOIN person p " \
		"ON p.id = a.person JOIN setting s ON s.key = 'map-device' WHERE p.rule <> 0; " \
		"INSERT INTO fact (key, value, clock, device, chunk) SELECT 'wish' || char(9) || " \
		ADDRESS_KEY("a") ", p.wish_time || char(9) || " RULE_WORD("p.wish") " || char(9) || coalesce(p.wish_origin, ''), " \
		"p.wish_time, " \
		"s.value, 1 FROM address a JOIN person p ON p.id = a.person JOIN setting s " \
		"ON s.key = 'map-device' WHERE p.wish <> 0; "), \
	SN_STEP_WHOLE("address", 5, "the address map", \
		"INSERT OR IGNORE INTO claim (a, b, source, evidence, first_seen) " \
		"SELECT min(l.address, n.address), max(l.address, n.address), l.source, l.evidence, " \
		"l.first_seen FROM link l JOIN native n ON n.person = l.person WHERE l.state = 0 " \
		"AND l.source > 2 AND l.address <> n.address; " \
		"DELETE FROM setting WHERE key = 'vdir-stamp'; " \
		"DROP TABLE link; ")

#endif
