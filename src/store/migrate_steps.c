/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrate_steps.c - the shape of the database, and by which steps older ones get there.
 *
 * schema.sql is the newest shape. A change of it raises SN_STORE_VERSION and adds a table of steps
 * below that turns the version before into it; once released, a table never changes. What takes the
 * same time in any database (tables, columns, triggers) is one step. What reads or writes a row for
 * each message goes over ranges of ids, so that it can stop after any of them; a range must not look
 * at what another one of the same step writes. An index can only be made as a whole: each is a step.
 */
#include "src/store/migrate.h"
#include "src/store/migrate_amend.h"
#include "src/store/migrate_folders.h"
#include "src/store/migrate_map.h"
#include "src/store/migrate_omemo.h"
#include "src/store/migrate_rooms.h"
#include "src/store/message.h"
#include "src/store/names.h"
#include "src/store/outbox.h"
#include "src/store/statement.h"
#include "src/store/sync.h"

#define SN_STORE_VERSION 2

static const char schema[] =
#include "src/store/schema_sql.h"
	;

/* Numbers that are written into schema.sql. */
G_STATIC_ASSERT(SN_IN == 0 && SN_OUT == 1);
G_STATIC_ASSERT(SN_CHANNEL_MAIL == 0 && SN_CHANNEL_IM == 1);
G_STATIC_ASSERT((SN_FLAG_SEEN | SN_FLAG_DELETED) == 9);
G_STATIC_ASSERT(SN_STATE_QUEUED == 2 && SN_STATE_CHOOSING == 3 && SN_STATE_SENDING == 4);
G_STATIC_ASSERT(SN_STATE_WAITING == 8 && SN_STATE_ASKED == 9 && SN_STATE_FAILED == 11);
G_STATIC_ASSERT(SN_ENCRYPT_REQUIRED == 2);
G_STATIC_ASSERT(SN_STATE_CANCELLED == 12 && SN_RULE_FAIL == 6 && SN_LINK_EQUAL == 7);
G_STATIC_ASSERT(SN_PRESENCE_OFFLINE == 1 && SN_PRESENCE_CHAT == 6);
G_STATIC_ASSERT(SN_CONV_ROOM == 3 && SN_ROLE_REPLY_TO == 4 && SN_ROLE_FOLLOWUP == 7 && SN_STATUS_ERROR == 5);

/* Columns come last, in the order of schema.sql; a trigger or an index that changed is dropped and
 * made again. */
static const char to_version_2[] =
	/* Format 1 did not say how far an email on its way had come: take it for handed over. */
	"UPDATE outbox SET step = 1 WHERE channel = 0 AND state = 4;"
	"ALTER TABLE draft ADD COLUMN send_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE draft ADD COLUMN conditions INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE draft ADD COLUMN otherwise INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE draft ADD COLUMN within INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE draft ADD COLUMN encrypt INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN conditions INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN otherwise INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN encrypt INTEGER NOT NULL DEFAULT 0;"
	/* what others told of a message, and that it differs */
	"ALTER TABLE message ADD COLUMN contradicted INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN brought INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN attached INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE carried ADD COLUMN differs INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE carried ADD COLUMN told_sender TEXT;"
	"ALTER TABLE carried ADD COLUMN told_time INTEGER;"
	"ALTER TABLE carried ADD COLUMN told_subject TEXT;"
	"ALTER TABLE carried ADD COLUMN told_text TEXT;"
	"ALTER TABLE draft ADD COLUMN agreed TEXT;"
	/* it was never anything but 0 */
	"ALTER TABLE message RENAME COLUMN verified TO secure;"
	"ALTER TABLE message ADD COLUMN about INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN mdn INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN mdn_to TEXT;"
	"ALTER TABLE outbox ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN read_receipt INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX outbox_untold ON outbox (id) WHERE untold = 1;"
	"ALTER TABLE outbox_recipient ADD COLUMN fate INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox_recipient ADD COLUMN fate_time INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox_recipient ADD COLUMN fate_text TEXT;"
	/* availability: who was seen when, policies of a person, wishes of contacts, questions */
	"ALTER TABLE account ADD COLUMN presence_since INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE person ADD COLUMN wish_time INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE person ADD COLUMN not_available INTEGER;"
	"ALTER TABLE person ADD COLUMN quiet_hours TEXT;"
	"ALTER TABLE person ADD COLUMN time_zone TEXT;"
	"ALTER TABLE person ADD COLUMN questions INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE address ADD COLUMN seen_online INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE contact_wish (address INTEGER NOT NULL REFERENCES address (id) ON DELETE "
	"CASCADE, source INTEGER NOT NULL, rule INTEGER NOT NULL, detail TEXT, time INTEGER NOT "
	"NULL, refused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (address, source)) STRICT, "
	"WITHOUT ROWID;"
	"ALTER TABLE question ADD COLUMN answer TEXT;"
	"ALTER TABLE question ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE question ADD COLUMN away INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE asked (question TEXT NOT NULL PRIMARY KEY, account INTEGER NOT NULL "
	"REFERENCES account (id), address INTEGER NOT NULL REFERENCES address (id), time INTEGER "
	"NOT NULL, answer INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0, told "
	"INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
	"CREATE INDEX asked_address ON asked (address, time);"
	/* wishes of contacts that an answer or a publication brought */
	"UPDATE person SET wish_time = unixepoch() * 1000 WHERE wish <> 0;"
	"ALTER TABLE outbox ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN jid TEXT;"
	"ALTER TABLE outbox ADD COLUMN look INTEGER AS (CASE state "
	"WHEN 3 THEN iif(error_word IS 'uncertain', NULL, nullif(expires, 0)) "
	"WHEN 4 THEN 0 "
	"WHEN 2 THEN iif(behind, nullif(expires, 0), max(send_at, next_try)) "
	"WHEN 8 THEN iif(behind, nullif(expires, 0), iif(expires, min(next_try, expires), next_try)) "
	"WHEN 9 THEN next_try END) VIRTUAL;"
	"ALTER TABLE outbox ADD COLUMN stopped INTEGER AS (state = 4 OR (state = 8 AND "
	"(error_word IS NOT NULL OR conditions <> 0)) OR (state = 9 AND step = 0)) VIRTUAL;"
	"CREATE INDEX outbox_look ON outbox (look) WHERE look IS NOT NULL;"
	"CREATE INDEX outbox_order ON outbox (conversation, id) WHERE open = 1;"
	"CREATE INDEX outbox_behind ON outbox (behind) WHERE behind <> 0;"
	"CREATE INDEX outbox_jid ON outbox (jid) WHERE open = 1;"
	"CREATE INDEX outbox_stopped ON outbox (account, channel) WHERE stopped = 1;"
	"UPDATE outbox SET jid = (SELECT address FROM outbox_recipient r WHERE r.outbox = outbox.id "
	"AND r.seq = 0) WHERE channel = 1;"
	"DROP TRIGGER outbox_deleted;"
	"CREATE TRIGGER outbox_deleted AFTER DELETE ON outbox BEGIN "
	"UPDATE outbox SET behind = 0 WHERE behind <> 0 AND behind = OLD.id; "
	"UPDATE conversation SET pending = pending - OLD.pends, attention = attention - OLD.needs "
	"WHERE id = OLD.conversation; "
	"END;"
	SN_MAP_TO_VERSION_2
	"ALTER TABLE draft ADD COLUMN read_receipt INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE transcript (folder INTEGER NOT NULL REFERENCES folder (id), "
	"uid INTEGER NOT NULL, key TEXT NOT NULL, ids TEXT, PRIMARY KEY (folder, uid)) "
	"STRICT, WITHOUT ROWID;"
	"CREATE INDEX transcript_key ON transcript (key);"
	"CREATE TABLE transcript_day (account INTEGER NOT NULL REFERENCES account (id), "
	"peer INTEGER NOT NULL, day INTEGER NOT NULL, "
	"due INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, "
	"PRIMARY KEY (account, peer, day)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX transcript_due ON transcript_day (account, due);"
	"CREATE TRIGGER transcript_gone AFTER DELETE ON location BEGIN "
	"DELETE FROM transcript WHERE folder = OLD.folder AND uid = OLD.uid; END;"
	"ALTER TABLE outbox_history ADD COLUMN agreed INTEGER NOT NULL DEFAULT 0;"
	SN_FOLDERS_TO_VERSION_2
	"ALTER TABLE draft ADD COLUMN sender TEXT;"
	"ALTER TABLE draft ADD COLUMN forwards TEXT;"
	"ALTER TABLE draft ADD COLUMN format INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE draft ADD COLUMN whom INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN resend INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN format INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE folder ADD COLUMN mailbox_id TEXT;"
	"CREATE TABLE draft_copy (conversation INTEGER PRIMARY KEY, account INTEGER NOT NULL "
	"REFERENCES account (id), message_id TEXT, next_id TEXT, "
	"updated INTEGER NOT NULL DEFAULT 0, uid INTEGER NOT NULL DEFAULT 0, digest TEXT, "
	"next_digest TEXT, next_updated INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE draft_stale (account INTEGER NOT NULL REFERENCES account (id), "
	"message_id TEXT NOT NULL, uid INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, message_id)) STRICT, WITHOUT ROWID;"
	"ALTER TABLE presence ADD COLUMN idle INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE presence ADD COLUMN caps TEXT;"
	"CREATE TABLE caps (fingerprint TEXT NOT NULL PRIMARY KEY, name TEXT, "
	"features TEXT NOT NULL, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE blocked (account INTEGER NOT NULL REFERENCES account (id), "
	"jid TEXT NOT NULL COLLATE NOCASE, PRIMARY KEY (account, jid)) STRICT, WITHOUT ROWID;"
	SN_OMEMO_TO_VERSION_2
	"CREATE TABLE peer (address TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, "
	"last_seen INTEGER NOT NULL DEFAULT 0, key_time INTEGER NOT NULL DEFAULT 0, key BLOB, "
	"fingerprint TEXT, mutual INTEGER NOT NULL DEFAULT 0, gossip_time INTEGER NOT NULL DEFAULT 0, "
	"gossip_key BLOB, gossip_fingerprint TEXT) STRICT;"
	"ALTER TABLE folder ADD COLUMN base INTEGER NOT NULL DEFAULT 0;"
	SN_ROOMS_TO_VERSION_2
	"ALTER TABLE address ADD COLUMN written INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE address ADD COLUMN last_written INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE unsubscribed (list TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, name TEXT NOT NULL, "
	"state INTEGER NOT NULL, target TEXT NOT NULL, url TEXT, account INTEGER NOT NULL, "
	"message INTEGER NOT NULL, entry INTEGER NOT NULL DEFAULT 0, time INTEGER NOT NULL, "
	"next INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, detail TEXT) STRICT, WITHOUT ROWID;"
	"CREATE INDEX unsubscribed_wanted ON unsubscribed (next) WHERE state = 0;"
	"ALTER TABLE draft ADD COLUMN sign INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbox ADD COLUMN sign INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE draft ADD COLUMN reports INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE draft ADD COLUMN signature TEXT;"
	"ALTER TABLE outbox ADD COLUMN reports INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE folder ADD COLUMN directory TEXT;"
	"ALTER TABLE folder ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE account ADD COLUMN quota_used INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE account ADD COLUMN quota_limit INTEGER NOT NULL DEFAULT 0;"
	SN_AMEND_TO_VERSION_2
	"CREATE TABLE transfer (message INTEGER NOT NULL, position INTEGER NOT NULL, promised TEXT, "
	"done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, fault TEXT, "
	"PRIMARY KEY (message, position), FOREIGN KEY (message, position) REFERENCES part (message, "
	"position) ON DELETE CASCADE ON UPDATE CASCADE) STRICT, WITHOUT ROWID;"
	"ALTER TABLE body ADD COLUMN packed BLOB;"
	"INSERT INTO search (search, rank) VALUES ('automerge', 8);"
	"";

static const char triggers_of_version_2[] = SN_FOLDERS_TRIGGERS_TO_VERSION_2;

static const SnStep steps_to_version_2[] = {
	SN_STEP_SHORT(to_version_2),
	SN_STEP_RANGES("message", 1, "what came along with messages",
	               "UPDATE message SET brought = n FROM (SELECT by_message, count(*) AS n "
	               "FROM carried WHERE by_message > ?1 AND by_message <= ?2 GROUP BY by_message) "
	               "AS c WHERE message.id = c.by_message"),
	SN_STEP_WHOLE("message", 2, "what is told of messages",
	              "CREATE INDEX message_carried ON message (time, id) WHERE carried = 1"),
	SN_STEP_WHOLE("message", 2, "what is told of messages",
	              "CREATE INDEX message_brought ON message (conversation) WHERE brought > 0"),
	SN_STEP_WHOLE("message", 2, "what is told of messages",
	              "CREATE INDEX message_attached ON message (attached) WHERE attached <> 0"),
	SN_STEP_WHOLE("message", 2, "what is told of messages",
	              "CREATE INDEX message_files ON message (conversation, time, id) WHERE attachments > 0"),
	SN_STEP_WHOLE("message", 2, "what is told of messages",
	              "CREATE INDEX message_about ON message (about) WHERE about <> 0"),
	SN_STEP_WHOLE("message", 2, "what is told of messages",
	              "CREATE INDEX message_mdn ON message (mdn) WHERE mdn IN (1, 3)"),
	SN_STEP_WHOLE("message", 2, "who wrote messages", "CREATE INDEX message_sender ON message (sender)"),
	SN_STEP_WHOLE("message", 2, "who wrote messages",
	              "CREATE INDEX message_sender_name ON message (sender_name) "
	              "WHERE sender_name IS NOT NULL"),
	SN_MAP_STEPS_TO_VERSION_2,
	SN_FOLDERS_STEPS_TO_VERSION_2,
	SN_STEP_RANGES("message", 4, "whom you write to",
	               "UPDATE address SET written = written + w.count, last_written = "
	               "max(last_written, w.time) FROM (SELECT p.address AS value, m.channel AS "
	               "channel, count(*) AS count, max(m.time) AS time FROM message m JOIN party p "
	               "ON p.message = m.id WHERE m.id > ?1 AND m.id <= ?2 AND m.direction = 1 "
	               "AND m.carried = 0 AND p.role IN (1, 2, 3) GROUP BY p.address COLLATE NOCASE, "
	               "m.channel) w WHERE address.value = w.value AND address.channel = w.channel"),
	SN_STEP_SHORT("CREATE TABLE name_part (part TEXT NOT NULL, target INTEGER NOT NULL, "
	              "PRIMARY KEY (part, target)) STRICT, WITHOUT ROWID"),
	SN_STEP_RANGES("conversation", 4, "parts of names",
	               SN_NAMES_OF("conversation", "id", "title", "id > ?1 AND id <= ?2")),
	SN_STEP_RANGES("address", 4, "parts of names",
	               SN_NAMES_OF("address", "-id", "value", "id > ?1 AND id <= ?2")),
	SN_STEP_WHOLE("address", 1, "parts of names",
	              SN_NAMES_OF(SN_NAMES_SILENT, "-id", "name", "TRUE")),
	SN_STEP_WHOLE("address", 1, "whom you write to",
	              "CREATE INDEX address_written ON address (last_written) WHERE written > 0"),
	SN_STEP_SHORT(triggers_of_version_2),
	SN_STEP_END,
};

/* Of each message: two rows of indexes on its places, and what its place got. */
static const SnNextFormat formats[] = { { steps_to_version_2, 160 } };
G_STATIC_ASSERT(G_N_ELEMENTS(formats) == SN_STORE_VERSION - 1);

const SnShape sn_store_shape = { SN_STORE_VERSION, schema, formats, 0, 0, 0 };
