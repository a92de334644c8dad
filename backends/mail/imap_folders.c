/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_folders.c - which folders there are, and in the same round trip how each is (RFC 5819), so
 * that those where nothing happened need not be opened.
 */
#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"
#include "backends/mail/names.h"

#include <string.h>

#define MAX_FOLDERS 20000
#define MAX_ASKED 500 /* one by one, though in one go */

typedef struct {
	char *name; /* as people see it */
	const char *role; /* as the server says; NULL */
	gboolean selectable;
	guint32 uidvalidity, uidnext, exists;
	guint64 highestmodseq;
	char *mailbox_id; /* NULL */
	char *attribute;  /* its special use; NULL */
} Folder;

/* The fullest of the mailbox's quotas, in octets; limit 0: none was told. */
typedef struct {
	gint64 used, limit;
} Quota;

typedef struct sn_imap_listing Listing;
struct sn_imap_listing {
	SnImapSession *session;
	char *command;
	GPtrArray *folders;  /* of Folder, in the server's order */
	GHashTable *by_wire; /* wire name -> Folder */
	GHashTable *roles;   /* those that the server gives away */
	Quota quota;
};

static void folder_free(gpointer data)
{
	Folder *folder = data;

	g_free(folder->name);
	g_free(folder->mailbox_id);
	g_free(folder->attribute);
	g_free(folder);
}

SnImapListing *sn_imap_listing_new(SnImapSession *session)
{
	Listing *listing = g_new0(Listing, 1);

	listing->session = session;
	listing->folders = g_ptr_array_new_with_free_func(folder_free);
	listing->by_wire = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	listing->roles = g_hash_table_new(g_str_hash, g_str_equal);
	return listing;
}

void sn_imap_listing_free(SnImapListing *listing)
{
	if (!listing)
		return;
	g_free(listing->command);
	g_ptr_array_unref(listing->folders);
	g_hash_table_unref(listing->by_wire);
	g_hash_table_unref(listing->roles);
	g_free(listing);
}

/* RFC 6154 section 2; RFC 8457. */
static gboolean is_special(const char *attribute)
{
	static const char *const all[] = { "\\All",     "\\Sent", "\\Drafts",
					   "\\Flagged", "\\Junk", "\\Trash",
					   "\\Important" };

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		if (g_ascii_strcasecmp(attribute, all[i]) == 0)
			return TRUE;
	return FALSE;
}

static void hear_attributes(Listing *listing, Folder *folder, const SnWord *attributes)
{
	for (guint i = 0; attributes && attributes->items && i < attributes->items->len; i++) {
		const char *text = sn_word_text(sn_word_at(attributes->items, i));
		if (!text)
			continue;
		if (g_ascii_strcasecmp(text, "\\Noselect") == 0 ||
		    g_ascii_strcasecmp(text, "\\NonExistent") == 0)
			folder->selectable = FALSE;
		if (!folder->role)
			folder->role = sn_role_of_attribute(text);
		if (!folder->attribute && is_special(text))
			folder->attribute = g_strdup(text);
	}
	if (folder->role)
		g_hash_table_add(listing->roles, (gpointer)folder->role);
}

/* * LIST (attributes) "delimiter" name */
static void hear_list(Listing *listing, const SnImapLine *line)
{
	SnImapSession *session = listing->session;
	const char *delimiter = sn_word_text(sn_word_at(line->words, 1));
	const char *wire = sn_word_text(sn_word_at(line->words, 2));

	if (!wire || listing->folders->len >= MAX_FOLDERS ||
	    g_hash_table_contains(listing->by_wire, wire))
		return;
	session->delimiter = delimiter ? *delimiter : '\0';
	session->delimiter_known = TRUE;
	char *name = sn_imap_seen_name(session, wire);
	if (!name)
		return;
	Folder *folder = g_new0(Folder, 1);
	folder->name = name;
	folder->selectable = TRUE;
	hear_attributes(listing, folder, sn_word_at(line->words, 0));
	g_ptr_array_add(listing->folders, folder);
	g_hash_table_insert(listing->by_wire, g_strdup(wire), folder);
}

/* * STATUS name (UIDNEXT 5 ...) */
static void hear_status(Listing *listing, const SnImapLine *line)
{
	const char *wire = sn_word_text(sn_word_at(line->words, 0));
	Folder *folder = wire ? g_hash_table_lookup(listing->by_wire, wire) : NULL;
	const SnWord *values = sn_word_at(line->words, 1);

	if (!folder || !values || !values->items)
		return;
	folder->uidvalidity = (guint32)sn_word_number(sn_word_value(values->items, "UIDVALIDITY"));
	folder->uidnext = (guint32)sn_word_number(sn_word_value(values->items, "UIDNEXT"));
	folder->exists = (guint32)sn_word_number(sn_word_value(values->items, "MESSAGES"));
	folder->highestmodseq = sn_word_number(sn_word_value(values->items, "HIGHESTMODSEQ"));
	const SnWord *id = sn_word_value(values->items, "MAILBOXID");
	g_free(folder->mailbox_id);
	folder->mailbox_id = g_strdup(id ? sn_word_text(sn_word_at(id->items, 0)) : NULL);
}

static void hear(const SnImapLine *line, gpointer data)
{
	if (strcmp(line->kind, "LIST") == 0)
		hear_list(data, line);
	else if (strcmp(line->kind, "STATUS") == 0)
		hear_status(data, line);
}

/* Each role once: what the server says goes before what a name suggests. */
static const char *choose_role(const Listing *listing, const Folder *folder)
{
	const char *role = folder->role;

	if (!role) {
		role = sn_role_of_name(folder->name);
		if (role && g_hash_table_contains(listing->roles, role))
			return NULL;
	}
	return role;
}

static void report_folder(SnImap *imap, SnMailRequest *request, const Listing *listing,
			  const Folder *folder)
{
	SnMailEvent *event = sn_report_event(&imap->report, SN_MAIL_EV_FOLDER, request->id);

	event->folder = g_strdup(folder->name);
	event->role = g_strdup(choose_role(listing, folder));
	event->selectable = folder->selectable;
	event->uidvalidity = folder->uidvalidity;
	event->uidnext = folder->uidnext;
	event->highestmodseq = folder->highestmodseq;
	event->total = folder->exists;
	event->mailbox_id = g_strdup(folder->mailbox_id);
	event->base = g_strdup(sn_imap_labels_base(imap->labels, folder->name));
	sn_report_mail(&imap->report, event, 1);
}

static char *list_command(SnImapSession *session)
{
	if (!session->list_status)
		return g_strdup("LIST \"\" \"*\"");
	return g_strdup_printf("LIST \"\" \"*\" RETURN (%sSTATUS (MESSAGES UIDNEXT UIDVALIDITY%s%s))",
			       session->special_use ? "SPECIAL-USE " : "",
			       session->condstore ? " HIGHESTMODSEQ" : "",
			       sn_imap_has(session, "OBJECTID") ? " MAILBOXID" : "");
}

/* ---- quota (RFC 9208) ---- */

#define GET_QUOTA "GETQUOTAROOT INBOX"

/* * QUOTA "User quota" (STORAGE 10 512 MESSAGE 3 100), the first in units of 1024 octets */
static void hear_quota(const SnImapLine *line, gpointer data)
{
	Quota *quota = data;
	const SnWord *resources = sn_word_at(line->words, 1);

	if (strcmp(line->kind, "QUOTA") != 0 || !resources || !resources->items)
		return;
	for (guint i = 0; i + 2 < resources->items->len; i += 3) {
		const char *name = sn_word_text(sn_word_at(resources->items, i));
		guint64 used = sn_word_number(sn_word_at(resources->items, i + 1));
		guint64 limit = sn_word_number(sn_word_at(resources->items, i + 2));
		if (!name || g_ascii_strcasecmp(name, "STORAGE") != 0 || limit == 0 ||
		    limit > G_MAXINT64 / 2048 || used > G_MAXINT64 / 2048)
			continue;
		if (quota->limit == 0 || (double)used / (double)limit >
						 (double)quota->used / (double)quota->limit)
			*quota = (Quota){ (gint64)used * 1024, (gint64)limit * 1024 };
	}
}

static void report_quota(SnImap *imap, guint64 id, const Quota *quota)
{
	SnMailEvent *event;

	if (quota->limit == 0)
		return;
	event = sn_report_event(&imap->report, SN_MAIL_EV_QUOTA, id);
	event->done = quota->used;
	event->total = quota->limit;
	sn_report_mail(&imap->report, event, 1);
}

gboolean sn_imap_serve_quota(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	Quota quota = { 0, 0 };

	if (!sn_imap_has(imap->session, "QUOTA"))
		return TRUE;
	if (!sn_imap_say(imap->session, GET_QUOTA, hear_quota, &quota, error,
			 "The server does not tell how full the mailbox is"))
		return FALSE;
	report_quota(imap, request->id, &quota);
	return TRUE;
}

/* ---- LIST ---- */

/* How full the mailbox is comes along in the same round trip. */
guint sn_imap_listing_commands(SnImapListing *listing, SnImapCommand *commands)
{
	/* a server may have told some before it refused */
	g_hash_table_remove_all(listing->by_wire);
	g_hash_table_remove_all(listing->roles);
	g_ptr_array_set_size(listing->folders, 0);
	g_free(listing->command);
	listing->command = list_command(listing->session);
	commands[0] = (SnImapCommand){ .text = listing->command, .hear = hear, .data = listing };
	if (!sn_imap_has(listing->session, "QUOTA"))
		return 1;
	commands[1] = (SnImapCommand){ .text = GET_QUOTA, .hear = hear_quota, .data = &listing->quota };
	return 2;
}

static gboolean ask(Listing *listing, GError **error)
{
	SnImapSession *session = listing->session;
	g_autoptr(GError) refusal = NULL;
	SnImapCommand commands[SN_IMAP_LISTING_COMMANDS];
	guint count = sn_imap_listing_commands(listing, commands);

	gboolean good = sn_imap_talk(session, commands, count, &refusal) &&
			sn_imap_agreed(session, &commands[0], &refusal, "The folders cannot be listed");
	for (guint i = 0; i < count; i++)
		sn_imap_command_clear(&commands[i]);
	if (good)
		return TRUE;
	if (session->list_status && !sn_imap_session_is_dead(session)) {
		session->list_status = FALSE; /* it promises what it cannot do */
		return ask(listing, error);
	}
	g_propagate_error(error, g_steal_pointer(&refusal));
	return FALSE;
}

/* Without LIST-STATUS; a folder that does not answer has no numbers, and nothing else is wrong. */
static gboolean ask_numbers(Listing *listing, GError **error)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	SnImapCommand *commands = g_new0(SnImapCommand, MAX_ASKED);
	GHashTableIter iter;
	gpointer wire, folder;

	g_hash_table_iter_init(&iter, listing->by_wire);
	while (texts->len < MAX_ASKED && g_hash_table_iter_next(&iter, &wire, &folder)) {
		if (!((const Folder *)folder)->selectable)
			continue;
		g_autofree char *quoted = sn_imap_quote(wire);
		char *text = g_strdup_printf("STATUS %s (MESSAGES UIDNEXT UIDVALIDITY)", quoted);
		commands[texts->len] = (SnImapCommand){ .text = text, .hear = hear, .data = listing };
		g_ptr_array_add(texts, text);
	}
	gboolean good = texts->len == 0 || sn_imap_talk(listing->session, commands, texts->len, error);
	for (guint i = 0; i < texts->len; i++)
		sn_imap_command_clear(&commands[i]);
	g_free(commands);
	return good;
}

static SnImapLabels *find_labels(const Listing *listing)
{
	guint count = listing->folders->len;
	g_autofree SnImapListed *listed = g_new0(SnImapListed, count + 1);

	for (guint i = 0; i < count; i++) {
		const Folder *folder = g_ptr_array_index(listing->folders, i);
		listed[i] = (SnImapListed){ folder->name, folder->attribute, folder->selectable };
	}
	return sn_imap_labels_new(listing->session, listed, count);
}

gboolean sn_imap_serve_list(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	/* asked for at login already */
	g_autoptr(SnImapListing) listing = g_steal_pointer(&imap->session->listing);

	if (!listing) {
		listing = sn_imap_listing_new(imap->session);
		if (!ask(listing, error))
			return FALSE;
	}
	if (request->numbers && !imap->session->list_status && !ask_numbers(listing, error))
		return FALSE;
	SnImapLabels *labels = find_labels(listing);
	sn_imap_labels_inherit(labels, imap->labels);
	sn_imap_labels_free(imap->labels);
	imap->labels = labels;
	for (guint i = 0; i < listing->folders->len; i++)
		report_folder(imap, request, listing, g_ptr_array_index(listing->folders, i));
	report_quota(imap, request->id, &listing->quota);
	return TRUE;
}

gboolean sn_imap_create_folder(SnImapSession *session, const char *folder, GError **error)
{
	g_autofree char *quoted = sn_imap_quoted_name(session, folder, error);
	g_autofree char *create = quoted ? g_strconcat("CREATE ", quoted, NULL) : NULL;
	g_autofree char *subscribe = quoted ? g_strconcat("SUBSCRIBE ", quoted, NULL) : NULL;

	if (!quoted)
		return FALSE;
	g_autofree char *doing = g_strdup_printf("The folder %s could not be made", folder);
	if (!sn_imap_say(session, create, NULL, NULL, error, doing))
		return FALSE;
	/* other clients show only what is subscribed; no matter when it fails */
	sn_imap_say(session, subscribe, NULL, NULL, NULL, "SUBSCRIBE");
	return TRUE;
}

gboolean sn_imap_need_folder(SnImapSession *session, const char *folder, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (sn_imap_create_folder(session, folder, &why) ||
	    g_error_matches(why, SN_ERROR, SN_ERROR_EXISTS))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

gboolean sn_imap_serve_create(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			      GError **error)
{
	return sn_imap_create_folder(imap->session, request->folder, error);
}
