/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_match.c - files that another program gave another name.
 *
 * mbsync adds its number to the name of a file that it uploads ("name:2,S" becomes
 * "name,U=17:2,S"), and numbers all files anew when it lost its state. Those are the same messages.
 */
#include <string.h>

#include "backends/mail/maildir_private.h"

/* "name,U=17" and "name,U=17,S=90" have the stems "name" and "name,S=90". */
char *sn_maildir_stem(const char *base)
{
	const char *at = base;

	while ((at = strstr(at, ",U="))) {
		gsize digits = strspn(at + 3, "0123456789");
		if (digits > 0 && (at[3 + digits] == '\0' || at[3 + digits] == ','))
			return g_strdup_printf("%.*s%s", (int)(at - base), base, at + 3 + digits);
		at += 3;
	}
	return g_strdup(base);
}

static void give(SnMaildirEntry *to, const SnMaildirEntry *from)
{
	to->uid = from->uid;
	to->told = FALSE; /* its name is news */
	if (to->inode == from->inode && from->size >= 0) {
		to->size = from->size;
		to->mtime = from->mtime;
	}
}

/* key -> entry; NULL for a key that several have: then it proves nothing. */
static GHashTable *by_stem(const GPtrArray *entries, GHashTable *done)
{
	GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < entries->len; i++) {
		SnMaildirEntry *entry = entries->pdata[i];
		if (g_hash_table_contains(done, entry))
			continue;
		char *stem = sn_maildir_stem(entry->base);
		gboolean twice = g_hash_table_contains(index, stem);
		g_hash_table_insert(index, stem, twice ? NULL : entry);
	}
	return index;
}

static void match_stems(const GPtrArray *fresh, const GPtrArray *lost, GHashTable *done)
{
	g_autoptr(GHashTable) here = by_stem(fresh, done), gone = by_stem(lost, done);
	GHashTableIter iter;
	gpointer stem, value;

	g_hash_table_iter_init(&iter, gone);
	while (g_hash_table_iter_next(&iter, &stem, &value)) {
		SnMaildirEntry *entry = g_hash_table_lookup(here, stem);
		if (!value || !entry)
			continue;
		give(entry, value);
		g_hash_table_add(done, value);
		g_hash_table_add(done, entry);
	}
}

/* A number of an inode is used again: only with size and time does it mean the same file. */
static gboolean is_same_file(SnMaildirFolder *folder, SnMaildirEntry *here,
			     const SnMaildirEntry *gone)
{
	return gone->size >= 0 && here->inode == gone->inode && sn_maildir_stat(folder, here) &&
	       here->size == gone->size && here->mtime == gone->mtime;
}

static void match_inodes(SnMaildirFolder *folder, const GPtrArray *fresh, const GPtrArray *lost,
			 GHashTable *done)
{
	g_autoptr(GHashTable) here =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, NULL);

	for (guint i = 0; i < fresh->len; i++) {
		SnMaildirEntry *entry = fresh->pdata[i];
		if (!g_hash_table_contains(done, entry))
			g_hash_table_insert(here, &entry->inode, entry);
	}
	for (guint i = 0; i < lost->len; i++) {
		SnMaildirEntry *gone = lost->pdata[i];
		SnMaildirEntry *entry = g_hash_table_lookup(here, &gone->inode);
		if (!entry || g_hash_table_contains(done, gone) ||
		    !is_same_file(folder, entry, gone))
			continue;
		give(entry, gone);
		g_hash_table_add(done, gone);
		g_hash_table_remove(here, &gone->inode);
	}
}

void sn_maildir_match(SnMaildirFolder *folder, const GPtrArray *fresh, const GPtrArray *lost)
{
	g_autoptr(GHashTable) done = NULL;

	if (fresh->len == 0 || lost->len == 0)
		return;
	done = g_hash_table_new(NULL, NULL);
	match_inodes(folder, fresh, lost, done);
	match_stems(fresh, lost, done);
}
