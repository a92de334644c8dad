/* SPDX-License-Identifier: GPL-3.0-or-later */
/* migrate_rooms.h - rooms (rooms.h), as part of the step to version 2. */
#ifndef SN_STORE_MIGRATE_ROOMS_H
#define SN_STORE_MIGRATE_ROOMS_H

#define SN_ROOMS_TO_VERSION_2                                                                     \
	"ALTER TABLE conversation ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;"                \
	"ALTER TABLE message ADD COLUMN occupant TEXT;"                                           \
	"ALTER TABLE message ADD COLUMN mention INTEGER NOT NULL DEFAULT 0;"                      \
	"CREATE TABLE room (conversation INTEGER PRIMARY KEY REFERENCES conversation (id) "       \
	"ON DELETE CASCADE, account INTEGER NOT NULL REFERENCES account (id), jid TEXT NOT NULL, " \
	"nick TEXT, state INTEGER NOT NULL DEFAULT 0, wanted INTEGER NOT NULL DEFAULT 0, "        \
	"bookmarked INTEGER NOT NULL DEFAULT 0, subject TEXT, subject_by TEXT, "                  \
	"features INTEGER NOT NULL DEFAULT 0, tell INTEGER NOT NULL DEFAULT 0, keywords TEXT, "   \
	"why_word TEXT, why TEXT, people INTEGER NOT NULL DEFAULT 0, UNIQUE (account, jid)) STRICT;" \
	"CREATE TABLE room_person (room INTEGER NOT NULL REFERENCES room (conversation) "         \
	"ON DELETE CASCADE, nick TEXT NOT NULL, jid TEXT, occupant TEXT, show TEXT, role TEXT, "  \
	"affiliation TEXT, here INTEGER NOT NULL DEFAULT 1, own INTEGER NOT NULL DEFAULT 0, "     \
	"PRIMARY KEY (room, nick)) STRICT, WITHOUT ROWID;"                                        \
	"CREATE INDEX room_person_occupant ON room_person (room, occupant) "                      \
	"WHERE occupant IS NOT NULL;"                                                             \
	"CREATE TABLE room_line (id INTEGER PRIMARY KEY AUTOINCREMENT, room INTEGER NOT NULL "    \
	"REFERENCES room (conversation) ON DELETE CASCADE, time INTEGER NOT NULL, "               \
	"kind INTEGER NOT NULL, text TEXT NOT NULL) STRICT;"                                      \
	"CREATE INDEX room_line_time ON room_line (room, time, id);"                              \
	"CREATE TABLE room_wish (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, " \
	"room TEXT NOT NULL, verb TEXT NOT NULL, who TEXT, value TEXT, text TEXT, "               \
	"secret TEXT) STRICT;"                                                                    \
	"CREATE TABLE room_field (room INTEGER NOT NULL REFERENCES room (conversation) "          \
	"ON DELETE CASCADE, seq INTEGER NOT NULL, var TEXT NOT NULL, type TEXT, label TEXT, "     \
	"value TEXT, options TEXT, option_labels TEXT, PRIMARY KEY (room, seq)) STRICT, "         \
	"WITHOUT ROWID;"                                                                          \
	"CREATE TABLE room_listed (room INTEGER NOT NULL REFERENCES room (conversation) "         \
	"ON DELETE CASCADE, jid TEXT NOT NULL, affiliation TEXT NOT NULL, reason TEXT, "          \
	"PRIMARY KEY (room, jid)) STRICT, WITHOUT ROWID;"                                         \
	"CREATE TRIGGER message_mentions AFTER UPDATE OF mention, flags, hidden, carried, "       \
	"direction ON message WHEN (OLD.mention AND OLD.unread) <> (NEW.mention AND NEW.unread) " \
	"BEGIN UPDATE conversation SET mentions = mentions + (NEW.mention AND NEW.unread) - "     \
	"(OLD.mention AND OLD.unread) WHERE id = NEW.conversation; END;"                          \
	"CREATE TRIGGER message_mention_deleted AFTER DELETE ON message "                         \
	"WHEN OLD.mention AND OLD.unread "                                                        \
	"BEGIN UPDATE conversation SET mentions = mentions - 1 WHERE id = OLD.conversation; END;"

#endif
