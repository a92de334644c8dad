/* SPDX-License-Identifier: GPL-3.0-or-later */
/* migrate_folders.h - what the lists of folders bring with format 2; part of migrate.c. */
#ifndef SN_STORE_MIGRATE_FOLDERS_H
#define SN_STORE_MIGRATE_FOLDERS_H

/* clang-format off */
/* Tables and columns. */
#define SN_FOLDERS_TO_VERSION_2 \
	/* lists of a folder, and who of a thread is the newest in it */ \
	"ALTER TABLE location ADD COLUMN shown_in INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE location ADD COLUMN time INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE location ADD COLUMN top INTEGER NOT NULL DEFAULT 1;" \
	"DROP TRIGGER location_added; DROP TRIGGER location_flagged; DROP TRIGGER " \
	"location_deleted;" \
	"ALTER TABLE location ADD COLUMN keywords TEXT;" \
	"ALTER TABLE message ADD COLUMN tags TEXT;" \
	"ALTER TABLE action ADD COLUMN set_tags TEXT;" \
	"ALTER TABLE action ADD COLUMN clear_tags TEXT;" \
	"ALTER TABLE action ADD COLUMN change INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE action ADD COLUMN lands INTEGER NOT NULL DEFAULT 0;" \
	"CREATE INDEX action_due ON action (account, id) WHERE uid <> 0 OR kind = 2;" \
	"CREATE TABLE mail_change (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, " \
	"what TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0) STRICT;" \
	"CREATE TABLE mail_change_item (id INTEGER PRIMARY KEY AUTOINCREMENT, change INTEGER NOT NULL " \
	"REFERENCES mail_change (id) ON DELETE CASCADE, kind INTEGER NOT NULL, message INTEGER NOT " \
	"NULL REFERENCES message (id) ON DELETE CASCADE, folder INTEGER NOT NULL DEFAULT 0, uid " \
	"INTEGER NOT NULL DEFAULT 0, target TEXT, set_flags INTEGER NOT NULL DEFAULT 0, clear_flags " \
	"INTEGER NOT NULL DEFAULT 0, set_tags TEXT, clear_tags TEXT) STRICT;" \
	"CREATE INDEX mail_change_item_of ON mail_change_item (change);" \
	"CREATE INDEX mail_change_item_message ON mail_change_item (message);" \
	/* newsletters and notices stand apart */ \
	"DROP INDEX conversation_list;" \
	"ALTER TABLE conversation DROP COLUMN shelf;" \
	"ALTER TABLE conversation ADD COLUMN bulk INTEGER NOT NULL DEFAULT -1;" \
	"ALTER TABLE conversation ADD COLUMN bulk_set INTEGER;" \
	"ALTER TABLE conversation ADD COLUMN shelf INTEGER AS (CASE WHEN last_message = 0 AND NOT " \
	"opened AND NOT has_draft AND attention = 0 AND pending = 0 THEN 2 WHEN archived THEN 1 " \
	"WHEN coalesce(bulk_set, bulk) > 0 AND NOT pinned AND attention = 0 AND pending = 0 AND " \
	"NOT has_draft THEN 3 ELSE 0 END) VIRTUAL;" \
	"ALTER TABLE message ADD COLUMN bulk INTEGER NOT NULL DEFAULT 0;" \
	"DROP TRIGGER message_added; DROP TRIGGER message_moved;"

/* What their rows say, and the indexes. */
#define SN_FOLDERS_STEPS_TO_VERSION_2 \
	SN_STEP_SHORT("UPDATE folder SET total = 0, unread = 0"), \
	SN_STEP_RANGES("message", 7, "the lists of folders", \
		"UPDATE location SET shown_in = folder, time = (SELECT time FROM message m " \
		"WHERE m.id = message) WHERE message > ?1 AND message <= ?2;" \
		"UPDATE location SET shown_in = coalesce((SELECT t.id FROM folder f JOIN folder t " \
		"ON t.account = f.account WHERE f.id = location.folder AND (t.role = location.target " \
		"OR t.name = location.target) LIMIT 1), 0) WHERE target IS NOT NULL " \
		"AND message > ?1 AND message <= ?2;" \
		"UPDATE folder SET total = total + n, unread = unread + new FROM (SELECT shown_in, " \
		"count(*) AS n, sum(flags & 1 = 0) AS new FROM location WHERE message > ?1 " \
		"AND message <= ?2 GROUP BY shown_in) AS l WHERE folder.id = l.shown_in"), \
	SN_STEP_RANGES("message", 7, "the threads in folders", \
		"UPDATE location SET top = 0 WHERE message > ?1 AND message <= ?2 AND EXISTS (SELECT 1 " \
		"FROM message n CROSS JOIN message m INDEXED BY message_thread CROSS JOIN location l " \
		"INDEXED BY location_message WHERE n.id = location.message AND m.thread = n.thread " \
		"AND (m.time, m.id) > (n.time, n.id) AND l.message = m.id " \
		"AND l.shown_in = location.shown_in)"), \
	SN_STEP_WHOLE("message", 2, "the lists of folders", \
		"CREATE INDEX location_listed ON location (shown_in, time, message)"), \
	SN_STEP_WHOLE("message", 2, "the lists of folders", \
		"CREATE INDEX location_top ON location (shown_in, time, message) WHERE top = 1"), \
	SN_STEP_RANGES("conversation", 2, "the list of conversations", \
		"UPDATE conversation SET bulk = 0 WHERE last_message <> 0 AND id > ?1 AND id <= ?2"), \
	SN_STEP_WHOLE("conversation", 2, "the list of conversations", \
		"CREATE INDEX conversation_list ON conversation (shelf, pinned DESC, needs DESC, " \
		"last_time DESC, id DESC)")

/* What keeps them right from then on. */
#define SN_FOLDERS_TRIGGERS_TO_VERSION_2 \
	"CREATE TRIGGER location_added AFTER INSERT ON location WHEN NEW.shown_in <> 0 BEGIN " \
	"UPDATE folder SET total = total + 1, unread = unread + (NEW.flags & 1 = 0) " \
	"WHERE id = NEW.shown_in; " \
	"UPDATE location SET top = 0 WHERE folder = NEW.folder AND uid = NEW.uid AND EXISTS ( " \
	"SELECT 1 FROM message n CROSS JOIN message m INDEXED BY message_thread " \
	"CROSS JOIN location l INDEXED BY location_message " \
	"WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) > (n.time, n.id) " \
	"AND l.message = m.id AND l.shown_in = NEW.shown_in); " \
	"UPDATE location SET top = 0 WHERE +top = 1 AND +shown_in = NEW.shown_in AND EXISTS ( " \
	"SELECT 1 FROM location x WHERE x.folder = NEW.folder AND x.uid = NEW.uid AND x.top = 1) " \
	"AND message = ( " \
	"SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread " \
	"CROSS JOIN location l INDEXED BY location_message " \
	"WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) < (n.time, n.id) " \
	"AND l.message = m.id AND l.shown_in = NEW.shown_in AND l.top = 1 " \
	"ORDER BY m.time DESC, m.id DESC LIMIT 1); " \
	"END;" \
	"CREATE TRIGGER location_flagged AFTER UPDATE OF flags ON location " \
	"WHEN OLD.flags & 1 <> NEW.flags & 1 BEGIN " \
	"UPDATE folder SET unread = unread + (NEW.flags & 1 = 0) - (OLD.flags & 1 = 0) " \
	"WHERE id = NEW.shown_in; " \
	"END;" \
	"CREATE TRIGGER location_deleted AFTER DELETE ON location WHEN OLD.shown_in <> 0 BEGIN " \
	"UPDATE folder SET total = total - 1, unread = unread - (OLD.flags & 1 = 0) " \
	"WHERE id = OLD.shown_in; " \
	"UPDATE location SET top = 1 WHERE OLD.top AND +shown_in = OLD.shown_in AND message = ( " \
	"SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread " \
	"CROSS JOIN location l INDEXED BY location_message " \
	"WHERE n.id = OLD.message AND m.thread = n.thread " \
	"AND l.message = m.id AND l.shown_in = OLD.shown_in " \
	"ORDER BY m.time DESC, m.id DESC LIMIT 1); " \
	"END;" \
	"CREATE TRIGGER location_relisted AFTER UPDATE OF shown_in, message ON location " \
	"WHEN OLD.shown_in <> NEW.shown_in OR OLD.message <> NEW.message BEGIN " \
	"UPDATE folder SET total = total - 1, unread = unread - (OLD.flags & 1 = 0) " \
	"WHERE id = OLD.shown_in; " \
	"UPDATE folder SET total = total + 1, unread = unread + (OLD.flags & 1 = 0) " \
	"WHERE id = NEW.shown_in; " \
	"UPDATE location SET top = 1 WHERE OLD.top AND +shown_in = OLD.shown_in AND message = ( " \
	"SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread " \
	"CROSS JOIN location l INDEXED BY location_message " \
	"WHERE n.id = OLD.message AND m.thread = n.thread " \
	"AND l.message = m.id AND l.shown_in = OLD.shown_in " \
	"ORDER BY m.time DESC, m.id DESC LIMIT 1); " \
	"UPDATE location SET top = NOT EXISTS ( " \
	"SELECT 1 FROM message n CROSS JOIN message m INDEXED BY message_thread " \
	"CROSS JOIN location l INDEXED BY location_message " \
	"WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) > (n.time, n.id) " \
	"AND l.message = m.id AND l.shown_in = NEW.shown_in) " \
	"WHERE folder = NEW.folder AND uid = NEW.uid; " \
	"UPDATE location SET top = 0 WHERE +top = 1 AND +shown_in = NEW.shown_in AND EXISTS ( " \
	"SELECT 1 FROM location x WHERE x.folder = NEW.folder AND x.uid = NEW.uid AND x.top = 1) " \
	"AND message = ( " \
	"SELECT m.id FROM message n CROSS JOIN message m INDEXED BY message_thread " \
	"CROSS JOIN location l INDEXED BY location_message " \
	"WHERE n.id = NEW.message AND m.thread = n.thread AND (m.time, m.id) < (n.time, n.id) " \
	"AND l.message = m.id AND l.shown_in = NEW.shown_in AND l.top = 1 " \
	"ORDER BY m.time DESC, m.id DESC LIMIT 1); " \
	"END;" \
	"CREATE TRIGGER message_rethreaded AFTER UPDATE OF thread, time ON message " \
	"WHEN (OLD.thread IS NOT NEW.thread OR OLD.time <> NEW.time) " \
	"AND EXISTS (SELECT 1 FROM location WHERE message = NEW.id) BEGIN " \
	"UPDATE location SET time = NEW.time WHERE message = NEW.id AND time <> NEW.time; " \
	"UPDATE location SET top = NOT EXISTS ( " \
	"SELECT 1 FROM message n CROSS JOIN message m INDEXED BY message_thread " \
	"CROSS JOIN location l INDEXED BY location_message " \
	"WHERE n.id = location.message AND m.thread = n.thread AND (m.time, m.id) > (n.time, n.id) " \
	"AND l.message = m.id AND l.shown_in = location.shown_in) " \
	"WHERE message IN (SELECT id FROM message WHERE thread IN (OLD.thread, NEW.thread) " \
	"UNION SELECT NEW.id) " \
	"AND +shown_in IN (SELECT shown_in FROM location WHERE message = NEW.id); " \
	"END;" \
	"CREATE TRIGGER message_added AFTER INSERT ON message BEGIN " \
	"UPDATE conversation SET unread = unread + 1 WHERE id = NEW.conversation AND NEW.unread; " \
	"UPDATE conversation SET last_message = NEW.id, last_time = NEW.time, channel = NEW.channel, " \
	"last_direction = NEW.direction, last_state = NEW.state, preview = NEW.preview " \
	"WHERE id = NEW.conversation AND NEW.shown AND (NEW.time, NEW.id) > (last_time, last_message); " \
	"UPDATE blob SET refs = refs + 1 WHERE id = NEW.raw; " \
	"UPDATE conversation SET bulk = iif(NEW.bulk = 0 OR bulk = 0, 0, NEW.bulk) " \
	"WHERE id = NEW.conversation AND NOT NEW.carried AND bulk <> 0 AND bulk <> NEW.bulk; " \
	"END;" \
	"CREATE TRIGGER message_moved AFTER UPDATE OF conversation ON message " \
	"WHEN OLD.conversation <> NEW.conversation BEGIN " \
	"UPDATE outbox SET conversation = NEW.conversation WHERE message = NEW.id; " \
	"UPDATE question SET conversation = NEW.conversation WHERE message = NEW.id; " \
	"UPDATE conversation SET bulk = iif(NEW.bulk = 0 OR bulk = 0, 0, NEW.bulk) " \
	"WHERE id = NEW.conversation AND NOT NEW.carried AND bulk <> 0 AND bulk <> NEW.bulk; " \
	"END;"
/* clang-format on */

#endif
