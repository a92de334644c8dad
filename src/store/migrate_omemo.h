/* SPDX-License-Identifier: GPL-3.0-or-later */
/* migrate_omemo.h - private to migrate.c: what format 2 has for the encryption of IMs. */
#define SN_OMEMO_TO_VERSION_2                                                                     \
	"CREATE TABLE omemo_mode (jid TEXT NOT NULL PRIMARY KEY, mode INTEGER NOT NULL) STRICT, "     \
	"WITHOUT ROWID;"                                                                              \
	"CREATE TABLE omemo_own (account INTEGER PRIMARY KEY REFERENCES account (id), device "        \
	"INTEGER NOT NULL, registration INTEGER NOT NULL, identity BLOB NOT NULL, signed_id INTEGER " \
	"NOT NULL, signed_since INTEGER NOT NULL, next_prekey INTEGER NOT NULL, published INTEGER "   \
	"NOT NULL DEFAULT 0) STRICT;"                                                                 \
	"CREATE TABLE omemo_secret (account INTEGER NOT NULL REFERENCES account (id), kind INTEGER "  \
	"NOT NULL, jid TEXT NOT NULL, id INTEGER NOT NULL, sealed BLOB NOT NULL, used INTEGER NOT "   \
	"NULL DEFAULT 0, PRIMARY KEY (account, kind, jid, id)) STRICT, WITHOUT ROWID;"                \
	"CREATE TABLE omemo_device (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL "  \
	"REFERENCES account (id), jid TEXT NOT NULL, device INTEGER NOT NULL, identity BLOB, trust "  \
	"INTEGER NOT NULL, name TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL "       \
	"DEFAULT 0, listed INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0, failed "   \
	"INTEGER NOT NULL DEFAULT 0, healed INTEGER NOT NULL DEFAULT 0, UNIQUE (account, jid, "       \
	"device)) STRICT;"                                                                            \
	"CREATE INDEX omemo_device_jid ON omemo_device (jid);"                                        \
	"CREATE TABLE omemo_list (account INTEGER NOT NULL REFERENCES account (id), jid TEXT NOT "    \
	"NULL, seen INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL DEFAULT 0, PRIMARY KEY "        \
	"(account, jid)) STRICT, WITHOUT ROWID;"
