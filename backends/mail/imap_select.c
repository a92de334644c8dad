/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap_select.c - opening a folder, and what the server says of it then. */
#include "backends/mail/imap_talk.h"

#include <string.h>

#define MAX_FLAGS 1000

typedef struct {
	SnImapSession *session;
	SnImapHear hear; /* what changed; NULL */
	gpointer data;
	SnImapCommand *more; /* said in the same round trip; NULL */
	guint count;
} Opening;

#define MORE_MAX 4

static void forget(SnImapSession *session)
{
	session->uidvalidity = session->uidnext = session->exists = 0;
	session->highestmodseq = 0;
	session->read_only = FALSE;
	g_clear_pointer(&session->mailbox_id, g_free);
	g_clear_pointer(&session->permanent, g_ptr_array_unref);
	g_clear_pointer(&session->keywords, g_ptr_array_unref);
}

/* RFC 3501 section 7.1; "\\*" among them stands for any keyword. */
static void hear_flags(GPtrArray **names, const SnWord *flags)
{
	g_clear_pointer(names, g_ptr_array_unref);
	*names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < flags->items->len && i < MAX_FLAGS; i++) {
		const char *name = sn_word_text(sn_word_at(flags->items, i));
		if (name)
			g_ptr_array_add(*names, g_strdup(name));
	}
}

gboolean sn_imap_may_change(const SnImapSession *session, const char *flag)
{
	for (guint i = 0; session->permanent && i < session->permanent->len; i++) {
		const char *name = session->permanent->pdata[i];
		if (g_ascii_strcasecmp(name, flag) == 0 ||
		    (*flag != '\\' && strcmp(name, "\\*") == 0))
			return TRUE;
	}
	return session->permanent == NULL;
}

static void hear_code(SnImapSession *session, const SnImapLine *line)
{
	const SnWord *first = sn_word_at(line->words, 0);
	guint64 number = sn_word_number(first);

	if (strcmp(line->code, "UIDVALIDITY") == 0)
		session->uidvalidity = (guint32)number;
	else if (strcmp(line->code, "UIDNEXT") == 0)
		session->uidnext = (guint32)number;
	else if (strcmp(line->code, "HIGHESTMODSEQ") == 0)
		session->highestmodseq = number;
	else if (strcmp(line->code, "PERMANENTFLAGS") == 0 && first && first->items)
		hear_flags(&session->permanent, first);
	else if (strcmp(line->code, "CLOSED") == 0)
		forget(session); /* all before was about the folder that was open */
	else if (strcmp(line->code, "MAILBOXID") == 0 && first && first->items) {
		g_free(session->mailbox_id);
		session->mailbox_id = g_strdup(sn_word_text(sn_word_at(first->items, 0)));
	}
}

static void hear_opening(const SnImapLine *line, gpointer data)
{
	Opening *opening = data;
	const SnWord *first = sn_word_at(line->words, 0);

	if (line->code && strcmp(line->kind, "OK") == 0)
		hear_code(opening->session, line);
	else if (strcmp(line->kind, "EXISTS") == 0)
		opening->session->exists = line->number;
	else if (strcmp(line->kind, "FLAGS") == 0 && first && first->items)
		hear_flags(&opening->session->keywords, first);
	else if (opening->hear)
		opening->hear(line, opening->data);
}

/* Many servers refuse to open a folder without saying why (RFC 5530 NONEXISTENT). */
static void hear_presence(const SnImapLine *line, gpointer data)
{
	if (strcmp(line->kind, "LIST") == 0)
		*(gboolean *)data = TRUE;
}

static gboolean folder_is_missing(SnImapSession *session, const char *quoted)
{
	g_autofree char *command = g_strdup_printf("LIST \"\" %s", quoted);
	gboolean present = FALSE;

	return sn_imap_say(session, command, hear_presence, &present, NULL, "LIST") && !present;
}

/* libetpan does what it is asked for only when it believes that a folder is open. */
static void tell_libetpan(SnImapSession *session)
{
	mailimap *imap = session->imap;

	if (imap->imap_selection_info)
		mailimap_selection_info_free(imap->imap_selection_info);
	imap->imap_selection_info = mailimap_selection_info_new();
	g_assert(imap->imap_selection_info);
	imap->imap_selection_info->sel_exists = session->exists;
	imap->imap_state = MAILIMAP_STATE_SELECTED;
}

static gboolean open_folder(Opening *opening, const char *folder, const char *parameters,
			    GError **error)
{
	SnImapSession *session = opening->session;
	g_autofree char *quoted = sn_imap_quoted_name(session, folder, error);

	if (!quoted)
		return FALSE;
	g_clear_pointer(&session->selected, g_free);
	forget(session);
	g_autofree char *text = g_strconcat("SELECT ", quoted, parameters, NULL);
	SnImapCommand commands[1 + MORE_MAX] = { { .text = text, .hear = hear_opening, .data = opening } };
	g_autoptr(GError) refusal = NULL;
	g_assert(opening->count <= MORE_MAX);
	for (guint i = 0; i < opening->count; i++)
		commands[1 + i] = opening->more[i];
	gboolean good = sn_imap_talk(session, commands, 1 + opening->count, &refusal) &&
			sn_imap_agreed(session, &commands[0], &refusal,
				       "The folder %s cannot be opened", folder);
	session->read_only = good && !g_strcmp0(commands[0].code, "READ-ONLY");
	sn_imap_command_clear(&commands[0]);
	for (guint i = 0; i < opening->count; i++)
		opening->more[i] = commands[1 + i];
	if (!good) {
		if (!sn_imap_session_is_dead(session) && folder_is_missing(session, quoted))
			refusal->code = SN_ERROR_NOT_FOUND;
		g_propagate_error(error, g_steal_pointer(&refusal));
		return FALSE;
	}
	tell_libetpan(session);
	session->selected = g_strdup(folder);
	return TRUE;
}

gboolean sn_imap_select(SnImapSession *session, const char *folder, gboolean again, GError **error)
{
	Opening opening = { .session = session };

	if (!again && g_strcmp0(session->selected, folder) == 0)
		return TRUE;
	return open_folder(&opening, folder, session->condstore ? " (CONDSTORE)" : "", error);
}

gboolean sn_imap_select_and(SnImapSession *session, const char *folder, SnImapCommand *more,
			    guint count, GError **error)
{
	Opening opening = { .session = session, .more = more, .count = count };

	return open_folder(&opening, folder, session->condstore ? " (CONDSTORE)" : "", error);
}

gboolean sn_imap_select_since(SnImapSession *session, const char *folder, guint32 uidvalidity,
			      guint64 modseq, SnImapHear hear, gpointer data, GError **error)
{
	Opening opening = { .session = session, .hear = hear, .data = data };

	if (!session->qresync || uidvalidity == 0 || modseq == 0)
		return sn_imap_select(session, folder, TRUE, error);
	g_autofree char *parameters = g_strdup_printf(" (QRESYNC (%u %" G_GUINT64_FORMAT "))",
						      uidvalidity, modseq);
	return open_folder(&opening, folder, parameters, error);
}
