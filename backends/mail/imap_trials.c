/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_trials.c - emails that break the line when they are fetched, each time anew.
 *
 * After a batch that went wrong its emails are fetched one by one; one that goes wrong again is read in
 * another way, without the parser of the library; and at last it is passed over with some words in its
 * place, so that all others come.
 */
#include <string.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"

#define MAX_TRIALS 10000

static char *key_of(const SnImapSession *session, guint32 uid)
{
	return g_strdup_printf("%u %u %s", session->uidvalidity, uid, session->selected);
}

guint sn_imap_trials(const SnImap *imap, guint32 uid)
{
	if (!imap->trials || !imap->session->selected)
		return 0;
	g_autofree char *key = key_of(imap->session, uid);
	return GPOINTER_TO_UINT(g_hash_table_lookup(imap->trials, key));
}

void sn_imap_note_trial(SnImap *imap, guint32 uid, gboolean good)
{
	g_autofree char *key = imap->session->selected ? key_of(imap->session, uid) : NULL;

	if (!key || (good && !imap->trials))
		return;
	if (!imap->trials)
		imap->trials = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (good)
		g_hash_table_remove(imap->trials, key);
	else if (g_hash_table_size(imap->trials) < MAX_TRIALS)
		g_hash_table_replace(imap->trials, g_strdup(key),
				     GUINT_TO_POINTER(sn_imap_trials(imap, uid) + 1));
}

typedef struct {
	SnImapSink sink;
	gpointer data;
} Heard;

static void hear_whole(const SnImapLine *line, gpointer data)
{
	const Heard *heard = data;
	SnImapMessage message;

	if (sn_imap_hear_fetch(line, &message)) {
		const SnWord *pairs = sn_word_at(line->words, 0);
		const SnWord *body = sn_word_value(pairs->items, "BODY[]");
		if (body && body->text)
			message.raw = g_bytes_new(body->text, body->length);
		heard->sink(&message, heard->data);
	}
	sn_imap_message_clear(&message);
}

gboolean sn_imap_fetch_plain(SnImapSession *session, guint32 uid, SnImapSink sink, gpointer data,
			     GError **error)
{
	Heard heard = { sink, data };
	g_autofree char *command = g_strdup_printf(
		"UID FETCH %u (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])", uid);

	return sn_imap_say(session, command, hear_whole, &heard, error,
			   "The email could not be fetched");
}

GBytes *sn_imap_words_instead(const SnImapSession *session, guint32 uid, const char *reason)
{
	char *text = g_strdup_printf("Subject: (an email that could not be read)\r\n"
				     "Content-Type: text/plain; charset=utf-8\r\n\r\n"
				     "This email could not be read. It lies in %s under the number %u.\r\n"
				     "%s\r\nTo open it tries once more.\r\n",
				     session->selected, uid, reason);

	return g_bytes_new_take(text, strlen(text));
}
