/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_parts.c - large messages without their large parts: text and what is small now, the names
 * and sizes of all else, and that when somebody wants it.
 */
#include <string.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/imap_structure.h"
#include "backends/mail/imap_talk.h"

#define AT_ONCE 20         /* messages per round trip */
#define PART_LIMIT 65536   /* octets of a text, and of what counts as small */
#define LEAVES_LIMIT 12    /* fetched of one message */

typedef struct {
	GHashTable *structures; /* uid as a pointer -> SnImapPart */
	GHashTable *done;       /* uids that were built */
	SnImapSink sink;
	gpointer data;
} Large;

static const SnWord *pairs_of(const SnImapLine *line)
{
	const SnWord *pairs = sn_word_at(line->words, 0);

	return strcmp(line->kind, "FETCH") == 0 && pairs && pairs->items ? pairs : NULL;
}

static gpointer uid_of(const SnWord *pairs)
{
	guint64 uid = sn_word_number(sn_word_value(pairs->items, "UID"));

	return GUINT_TO_POINTER((guint)MIN(uid, G_MAXUINT32));
}

static void hear_structure(const SnImapLine *line, gpointer data)
{
	Large *large = data;
	const SnWord *pairs = pairs_of(line);
	SnImapPart *root =
		pairs ? sn_imap_structure(sn_word_value(pairs->items, "BODYSTRUCTURE")) : NULL;

	if (!root)
		return;
	sn_imap_structure_choose(root, PART_LIMIT, LEAVES_LIMIT);
	g_hash_table_insert(large->structures, uid_of(pairs), root);
}

static void hear_parts(const SnImapLine *line, gpointer data)
{
	Large *large = data;
	const SnWord *pairs = pairs_of(line);
	const SnImapPart *root =
		pairs ? g_hash_table_lookup(large->structures, uid_of(pairs)) : NULL;
	SnImapMessage message = { 0 };

	if (root && sn_imap_hear_fetch(line, &message) &&
	    !g_hash_table_contains(large->done, uid_of(pairs)))
		message.raw = sn_imap_structure_build(root, pairs->items);
	if (message.raw) {
		message.missing = sn_imap_structure_missing(root, PART_LIMIT);
		g_hash_table_add(large->done, uid_of(pairs));
		large->sink(&message, large->data);
		g_array_unref(message.missing);
	}
	sn_imap_message_clear(&message);
}

static gboolean ask_structures(SnImapSession *session, Large *large, const GArray *uids, guint from,
			       guint to, GError **error)
{
	g_autofree char *set = sn_imap_set_text(uids, from, to);
	g_autofree char *command = g_strdup_printf("UID FETCH %s (UID BODYSTRUCTURE)", set);

	return sn_imap_say(session, command, hear_structure, large, error,
			   "The parts of messages could not be fetched");
}

static gboolean ask_parts(SnImapSession *session, Large *large, const GArray *uids, guint from,
			  guint to, GError **error)
{
	SnImapCommand commands[AT_ONCE] = { 0 };
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	guint count = 0;

	g_assert(to - from <= AT_ONCE);
	for (guint i = from; i < to; i++) {
		guint32 uid = sn_uid_at(uids, i);
		const SnImapPart *root =
			g_hash_table_lookup(large->structures, GUINT_TO_POINTER(uid));
		g_autofree char *items = root ? sn_imap_structure_items(root, PART_LIMIT) : NULL;
		if (!items || strlen(items) > SN_IMAP_LONG_LINE)
			continue;
		char *text = g_strdup_printf("UID FETCH %u (%s)", uid, items);
		g_ptr_array_add(texts, text);
		commands[count++] =
			(SnImapCommand){ .text = text, .hear = hear_parts, .data = large };
	}
	gboolean good = count == 0 || sn_imap_talk(session, commands, count, error);
	for (guint i = 0; i < count; i++)
		sn_imap_command_clear(&commands[i]); /* one that was refused is asked for otherwise */
	return good;
}

/* What could not be taken apart: as much as its header and the beginning of the rest. */
static gboolean ask_beginnings(SnImapSession *session, Large *large, const GArray *uids, guint from,
			       guint to, GError **error)
{
	g_autoptr(GArray) rest = sn_uids_new();

	for (guint i = from; i < to; i++) {
		guint32 uid = sn_uid_at(uids, i);
		if (!g_hash_table_contains(large->done, GUINT_TO_POINTER(uid)))
			g_array_append_val(rest, uid);
	}
	if (rest->len == 0)
		return TRUE;
	struct mailimap_set *set = sn_imap_set(rest, 0, rest->len);
	gboolean good =
		sn_imap_fetch(session, set, SN_IMAP_TEXT, large->sink, large->data, error);
	mailimap_set_free(set);
	return good;
}

gboolean sn_imap_fetch_parts(SnImapSession *session, const GArray *uids, SnImapSink sink,
			     gpointer data, GError **error)
{
	gboolean good = TRUE;

	for (guint from = 0; good && from < uids->len; from += AT_ONCE) {
		guint to = MIN(from + AT_ONCE, uids->len);
		g_autoptr(GHashTable) structures = g_hash_table_new_full(
			NULL, NULL, NULL, (GDestroyNotify)sn_imap_part_free);
		g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);
		Large large = { structures, done, sink, data };
		g_autoptr(GError) refusal = NULL;
		if (!ask_structures(session, &large, uids, from, to, &refusal) &&
		    sn_imap_session_is_dead(session))
			good = sn_stream_give_error(session->stream, error);
		good = good && ask_parts(session, &large, uids, from, to, error) &&
		       ask_beginnings(session, &large, uids, from, to, error);
	}
	return good;
}
