/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_labels.c - Gmail's labels (its extension X-GM-EXT-1).
 *
 * Every email but spam and what is in the trash lies once in the folder with the use \All; every
 * other folder is a label, and shows the emails that have it as if they were its own. So that one
 * folder is synced, and each email tells its labels. Those with a use of their own have names that
 * begin with a backslash, and folders whose names are in the user's language.
 */
#include <string.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"
#include "backends/mail/names.h"

#define MAX_UNKNOWN 10000

struct sn_imap_labels {
	char *holder;        /* the folder with the use \All */
	GHashTable *folders; /* names of label folders -> their special use, or "" */
	GHashTable *unknown; /* labels that were told of and are no folder */
	gboolean news;       /* there is a new one among them */
};

/* What Gmail calls a label, and the use (RFC 6154) of its folder. */
static const struct {
	const char *label, *attribute;
} specials[] = {
	{ "\\Sent", "\\Sent" },         { "\\Draft", "\\Drafts" },        { "\\Drafts", "\\Drafts" },
	{ "\\Starred", "\\Flagged" },   { "\\Flagged", "\\Flagged" },     { "\\Important", "\\Important" },
};

static gboolean is_use(const char *attribute, const char *use)
{
	return attribute && g_ascii_strcasecmp(attribute, use) == 0;
}

SnImapLabels *sn_imap_labels_new(const SnImapSession *session, const SnImapListed *listed,
				 guint count)
{
	const char *holder = NULL;

	for (guint i = 0; session->labels && i < count && !holder; i++)
		if (listed[i].selectable && is_use(listed[i].attribute, "\\All"))
			holder = listed[i].name;
	if (!holder)
		return NULL;
	SnImapLabels *labels = g_new0(SnImapLabels, 1);
	labels->holder = g_strdup(holder);
	labels->folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	labels->unknown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < count; i++) {
		const SnImapListed *one = &listed[i];
		/* what is in these two does not lie in the other */
		gboolean apart = is_use(one->attribute, "\\Trash") || is_use(one->attribute, "\\Junk");
		if (one->selectable && !apart && strcmp(one->name, holder) != 0)
			g_hash_table_replace(labels->folders, g_strdup(one->name),
					     g_strdup(one->attribute ? one->attribute : ""));
	}
	return labels;
}

void sn_imap_labels_free(SnImapLabels *labels)
{
	if (!labels)
		return;
	g_free(labels->holder);
	g_hash_table_unref(labels->folders);
	g_hash_table_unref(labels->unknown);
	g_free(labels);
}

const char *sn_imap_labels_base(const SnImapLabels *labels, const char *folder)
{
	if (!labels || (strcmp(folder, labels->holder) != 0 &&
			!g_hash_table_contains(labels->folders, folder)))
		return NULL;
	return labels->holder;
}

gboolean sn_imap_labels_hold(const SnImapLabels *labels, const char *folder)
{
	return labels && !g_strcmp0(labels->holder, folder);
}

/* ---- names ---- */

static const char *folder_of_use(const SnImapLabels *labels, const char *use)
{
	GHashTableIter iter;
	gpointer name, attribute;

	g_hash_table_iter_init(&iter, labels->folders);
	while (g_hash_table_iter_next(&iter, &name, &attribute))
		if (is_use(attribute, use))
			return name;
	return NULL;
}

/* A label that is not shown as a folder, or not yet. */
static void note_unknown(SnImapLabels *labels, const char *name)
{
	if (g_hash_table_size(labels->unknown) < MAX_UNKNOWN)
		labels->news |= g_hash_table_add(labels->unknown, g_strdup(name));
}

/* NULL: of no folder that is shown. */
static char *name_of(SnImapLabels *labels, SnImapSession *session, const char *label)
{
	if (g_ascii_strcasecmp(label, "\\Inbox") == 0)
		return g_strdup("INBOX");
	for (gsize i = 0; *label == '\\' && i < G_N_ELEMENTS(specials); i++)
		if (g_ascii_strcasecmp(label, specials[i].label) == 0)
			return g_strdup(folder_of_use(labels, specials[i].attribute));
	g_autofree char *name = *label == '\\' ? NULL : sn_imap_seen_name(session, label);
	if (session->utf8 && name && !g_hash_table_contains(labels->folders, name)) {
		/* documented is the older way of writing names, which may be meant all the same */
		g_autofree char *other = sn_name_from_wire(label, session->delimiter);
		if (other && g_hash_table_contains(labels->folders, other))
			return g_steal_pointer(&other);
	}
	if (name && g_hash_table_contains(labels->folders, name))
		return g_steal_pointer(&name);
	if (name)
		note_unknown(labels, name);
	return NULL;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *sn_imap_labels_names(SnImapLabels *labels, SnImapSession *session,
			   const GPtrArray *told)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; labels && i < told->len; i++) {
		char *name = name_of(labels, session, told->pdata[i]);
		if (name && g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
			g_clear_pointer(&name, g_free);
		if (name)
			g_ptr_array_add(names, name);
	}
	g_ptr_array_sort(names, by_name);
	g_ptr_array_add(names, NULL);
	return g_strjoinv("\n", (char **)names->pdata);
}

/* The label as a word of a command; NULL with INVALID. */
static char *word_of(const SnImapLabels *labels, SnImapSession *session, const char *name,
		     GError **error)
{
	const char *use = g_hash_table_lookup(labels->folders, name);

	if (g_ascii_strcasecmp(name, "INBOX") == 0)
		return g_strdup("\\Inbox");
	for (gsize i = 0; use && i < G_N_ELEMENTS(specials); i++)
		if (is_use(use, specials[i].attribute))
			return g_strdup(specials[i].label);
	return sn_imap_quoted_name(session, name, error);
}

gboolean sn_imap_labels_take_news(SnImapLabels *labels)
{
	gboolean news = labels && labels->news;

	if (labels)
		labels->news = FALSE;
	return news;
}

void sn_imap_labels_inherit(SnImapLabels *labels, const SnImapLabels *before)
{
	GHashTableIter iter;
	gpointer name;

	if (!labels || !before)
		return;
	g_hash_table_iter_init(&iter, before->unknown);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		if (!g_hash_table_contains(labels->folders, name))
			g_hash_table_add(labels->unknown, g_strdup(name));
}

gboolean sn_imap_labels_store(SnImapLabels *labels, SnImapSession *session, const char *set,
			      char sign, const char *names, GError **error)
{
	g_auto(GStrv) list = g_strsplit(names ? names : "", "\n", -1);
	g_autoptr(GString) command = g_string_new(NULL);

	g_assert(sign == '+' || sign == '-');
	if (!*list || !**list)
		return TRUE;
	if (!labels) {
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "%s has no labels.",
			    session->link->spec.host);
		return FALSE;
	}
	g_string_printf(command, "UID STORE %s %cX-GM-LABELS (", set, sign);
	for (char **name = list; *name; name++) {
		g_autofree char *word = word_of(labels, session, *name, error);
		if (!word)
			return FALSE;
		g_string_append_printf(command, "%s%s", name == list ? "" : " ", word);
	}
	g_string_append_c(command, ')');
	if (!sn_imap_say(session, command->str, NULL, NULL, error, "The labels could not be changed"))
		return FALSE;
	for (char **name = list; sign == '+' && *name; name++)
		if (!g_hash_table_contains(labels->folders, *name))
			g_hash_table_replace(labels->folders, g_strdup(*name), g_strdup(""));
	return TRUE;
}
