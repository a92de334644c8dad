/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shells.c - a conversation that is shown within another.
 *
 * Its row stays, with what the user set on it, but is nowhere listed. What it brings to the other is
 * written down, so that it can be taken back; a draft that was changed since stays where it is, since
 * nobody can tell the parts of it from each other.
 */
#include "src/store/map.h"
#include "src/store/private.h"

/* gave: 1 its pin, 2 that it was opened, 4 life (the other was archived), 8 the reply mode. */

#define REST                                                                                     \
	"send_at, conditions, otherwise, within, read_receipt, sender, forwards, format, whom, sign, reports, signature"
#define DRAFT                                                                                    \
	"mode, reply_to, subject, body, cc, bcc, attachments, history, picked, encrypt, agreed, " \
	"updated, " REST
/* What somebody typed; a draft in which all of it is as it was is untouched. */
#define TYPED(d)                                                                                 \
	"(" d ".mode, " d ".reply_to, " d ".subject, " d ".body, " d ".cc, " d ".bcc, " d        \
	".attachments, " d ".history, " d ".picked, " d ".encrypt, " d ".agreed, " d             \
	".send_at, " d ".conditions, " d ".otherwise, " d ".within, " d ".read_receipt, "   \
	d ".sender, " d ".forwards, " d ".format, " d ".whom, " d ".sign, " d ".reports, " d ".signature)"

/* Two drafts in one: h the other's, g the shell's. */
#define JOINED(column, separator)                                                                \
	"iif(coalesce(h." column ", '') = '', g." column ", iif(coalesce(g." column ", '') = '', h." \
	column ", h." column " || " separator " || g." column "))"
#define BODY JOINED("body", "char(10, 10)")
#define SUBJECT "coalesce(h.subject, g.subject)"
#define CC JOINED("cc", "', '")
#define BCC JOINED("bcc", "', '")
#define ATTACHMENTS JOINED("attachments", "''")
#define PICKED JOINED("picked", "''")
#define REPLY_TO "iif(h.reply_to = 0, g.reply_to, h.reply_to)"
#define HISTORY "coalesce(h.history, g.history)"
#define AGREED JOINED("agreed", "''")
#define ENCRYPT "max(h.encrypt % 3, g.encrypt % 3)" /* 3: in the clear, by choice */
#define FORWARDS JOINED("forwards", "''")

static gboolean give_draft(SnStore *store, SnId shell, SnId heir, GError **error)
{
	if (!sn_one(store, "SELECT 1 FROM draft WHERE conversation = ?1", V(shell)))
		return TRUE;
	return sn_run(store, error,
	              "INSERT INTO shell_draft (conversation, part, " DRAFT ") "
	              "SELECT ?1, 0, " DRAFT " FROM draft WHERE conversation = ?1 "
	              "UNION ALL SELECT ?1, 1, " DRAFT " FROM draft WHERE conversation = ?2",
	              V(shell), V(heir)) &&
	       sn_run(store, error, "DELETE FROM draft WHERE conversation = ?1", V(shell)) &&
	       sn_run(store, error,
	              "UPDATE draft AS h SET body = " BODY ", subject = " SUBJECT ", cc = " CC
	              ", bcc = " BCC ", attachments = " ATTACHMENTS ", picked = " PICKED
	              ", reply_to = " REPLY_TO ", history = " HISTORY ", agreed = " AGREED
	              ", encrypt = " ENCRYPT ", forwards = " FORWARDS ", "
	              "updated = max(h.updated, g.updated) + 1 "
	              "FROM shell_draft AS g WHERE h.conversation = ?2 AND g.conversation = ?1 "
	              "AND g.part = 0",
	              V(shell), V(heir)) &&
	       sn_run(store, error,
	              "INSERT OR IGNORE INTO draft (conversation, " DRAFT ") SELECT ?2, " DRAFT
	              " FROM shell_draft WHERE conversation = ?1 AND part = 0",
	              V(shell), V(heir));
}

/* Nobody touched the draft since it was passed on. */
static gboolean draft_is_as_given(SnStore *store, SnId shell, SnId heir)
{
	/* a screen that did not know yet has written one here */
	if (sn_one(store, "SELECT 1 FROM draft WHERE conversation = ?1", V(shell)))
		return FALSE;
	if (!sn_one(store, "SELECT 1 FROM shell_draft WHERE conversation = ?1 AND part = 1", V(shell)))
		return sn_one(store,
		              "SELECT 1 FROM draft d JOIN shell_draft g ON g.conversation = ?1 "
		              "WHERE g.part = 0 AND d.conversation = ?2 AND " TYPED("d") " IS " TYPED(
				      "g"),
		              V(shell), V(heir)) != 0;
	return sn_one(store,
	              "SELECT 1 FROM draft d JOIN shell_draft h ON h.conversation = ?1 AND h.part = 1 "
	              "JOIN shell_draft g ON g.conversation = ?1 AND g.part = 0 "
	              "WHERE d.conversation = ?2 AND " TYPED("d") " IS (h.mode, " REPLY_TO ", " SUBJECT
	              ", " BODY ", " CC ", " BCC ", " ATTACHMENTS ", " HISTORY ", " PICKED ", " ENCRYPT
	              ", " AGREED ", h.send_at, h.conditions, h.otherwise, h.within, h.read_receipt, h.sender, "
	              FORWARDS ", h.format, h.whom, h.sign, h.reports, h.signature)",
	              V(shell), V(heir)) != 0;
}

static gboolean take_draft(SnStore *store, SnId shell, SnId heir, GError **error)
{
	if (draft_is_as_given(store, shell, heir) &&
	    (!sn_run(store, error, "DELETE FROM draft WHERE conversation = ?1", V(heir)) ||
	     !sn_run(store, error,
	             "INSERT INTO draft (conversation, " DRAFT ") SELECT iif(part = 0, ?1, ?2), " DRAFT
	             " FROM shell_draft WHERE conversation = ?1",
	             V(shell), V(heir))))
		return FALSE;
	return sn_run(store, error, "DELETE FROM shell_draft WHERE conversation = ?1", V(shell));
}

/* One with nothing in it, made for people that were one for a while, brings nobody back to life. */
static int presents(SnStore *store, SnId shell, SnId heir)
{
	return (int)sn_one(store,
	                   "SELECT (g.pinned > h.pinned) + 2 * (g.opened > h.opened) + "
	                   "4 * (h.archived > g.archived AND (g.opened OR g.has_draft OR EXISTS ("
	                   "SELECT 1 FROM message m WHERE m.conversation = ?2 AND m.peer IN (-?1, "
	                   "(SELECT n.address FROM native n WHERE n.person = g.person))))) + "
	                   "8 * (h.reply_mode = 0 AND g.reply_mode <> 0) "
	                   "FROM conversation g, conversation h WHERE g.id = ?1 AND h.id = ?2",
	                   V(shell), V(heir));
}

gboolean sn_shell_give(SnStore *store, SnId shell, SnId heir, GError **error)
{
	if (sn_one(store, "SELECT 1 FROM shell WHERE conversation = ?1", V(shell)))
		return TRUE;
	g_assert(shell != heir);
	g_assert(!sn_one(store, "SELECT 1 FROM shell WHERE conversation = ?1", V(heir)));
	int gave = presents(store, shell, heir);
	return sn_run(store, error,
	              "INSERT INTO shell (conversation, heir, gave, opened, time) "
	              "SELECT ?1, ?2, ?3, opened, ?4 FROM conversation WHERE id = ?1",
	              V(shell), V(heir), V(gave), V(sn_now(store))) &&
	       give_draft(store, shell, heir, error) &&
	       sn_run(store, error,
	              "UPDATE conversation AS h SET pinned = iif(?3 & 1, 1, h.pinned), "
	              "opened = iif(?3 & 2, 1, h.opened), archived = iif(?3 & 4, 0, h.archived), "
	              "reply_mode = iif(?3 & 8, g.reply_mode, h.reply_mode) "
	              "FROM conversation AS g WHERE g.id = ?1 AND h.id = ?2 AND ?3 <> 0",
	              V(shell), V(heir), V(gave)) &&
	       sn_run(store, error, "UPDATE conversation SET opened = 0 WHERE id = ?1 AND opened",
	              V(shell));
}

gboolean sn_shell_take(SnStore *store, SnId shell, GError **error)
{
	SnSql *query = sn_sql(store,
	                      "SELECT heir, gave, opened, time FROM shell WHERE conversation = ?1",
	                      V(shell));
	SnId heir = 0;
	int gave = 0, opened = 0;
	SnTime time = 0;

	if (sn_sql_row(query)) {
		heir = sn_sql_int(query, 0);
		gave = (int)sn_sql_int(query, 1);
		opened = (int)sn_sql_int(query, 2);
		time = sn_sql_int(query, 3);
	}
	if (!sn_sql_end(query, error) || !heir)
		return heir == 0;
	/* what came in meanwhile stays where it is seen */
	return sn_run(store, error,
	              "UPDATE conversation AS h SET pinned = iif(?3 & 1, 0, h.pinned), "
	              "opened = iif(?3 & 2, 0, h.opened), "
	              "archived = iif(?3 & 4 AND h.last_time <= ?4, 1, h.archived), "
	              "reply_mode = iif(?3 & 8 AND h.reply_mode = g.reply_mode, 0, h.reply_mode) "
	              "FROM conversation AS g WHERE g.id = ?1 AND h.id = ?2 AND ?3 <> 0",
	              V(shell), V(heir), V(gave), V(time)) &&
	       sn_run(store, error, "UPDATE conversation SET opened = ?2 WHERE id = ?1 AND opened <> ?2",
	              V(shell), V(opened)) &&
	       take_draft(store, shell, heir, error) &&
	       sn_run(store, error, "DELETE FROM shell WHERE conversation = ?1", V(shell));
}
