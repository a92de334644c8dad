/* SPDX-License-Identifier: GPL-3.0-or-later */
/* migrate_amend.h - private to migrate.c: what format 2 has for corrections and reactions. */
#define SN_AMEND_TO_VERSION_2                                                                     \
	"ALTER TABLE message ADD COLUMN amended INTEGER NOT NULL DEFAULT 0;"                          \
	"CREATE TABLE amend (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, message "   \
	"INTEGER NOT NULL DEFAULT 0, conversation INTEGER NOT NULL REFERENCES conversation (id), "    \
	"account INTEGER NOT NULL, target TEXT NOT NULL, sender INTEGER NOT NULL REFERENCES address " \
	"(id), who TEXT, time INTEGER NOT NULL, text TEXT NOT NULL, row INTEGER NOT NULL DEFAULT 0, " \
	"state INTEGER NOT NULL DEFAULT 0, stanza TEXT, error TEXT) STRICT;"                          \
	"CREATE INDEX amend_message ON amend (message) WHERE message <> 0;"                           \
	"CREATE INDEX amend_target ON amend (target);"                                                \
	"CREATE INDEX amend_waiting ON amend (conversation) WHERE message = 0;"                       \
	"CREATE INDEX amend_row ON amend (row) WHERE row <> 0;"                                       \
	"CREATE INDEX amend_due ON amend (account) WHERE state = 2;"                                  \
	"CREATE TRIGGER amend_gone AFTER DELETE ON message WHEN OLD.amended <> 0 OR OLD.attached <> " \
	"0 BEGIN DELETE FROM amend WHERE message = OLD.id OR row = OLD.id; END;"
