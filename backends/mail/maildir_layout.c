/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_layout.c - Maildir++ (".Sub.Folder" beside cur/, names in modified UTF-7, as Dovecot
 * keeps them) and plain directories ("Sub/Folder", as mbsync's Verbatim makes them), also mixed.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "backends/mail/maildir_private.h"
#include "backends/mail/names.h"

#define MAX_DEPTH 10
#define MAX_FOLDERS 20000

typedef struct {
	const char *root;
	SnMaildirOnFolder on_folder;
	gpointer data;
	guint count;
	GHashTable *seen; /* names */
} Listing;

gboolean sn_maildir_is_folder(const char *path)
{
	g_autofree char *cur = g_build_filename(path, "cur", NULL);
	g_autofree char *new = g_build_filename(path, "new", NULL);

	return g_file_test(cur, G_FILE_TEST_IS_DIR) && g_file_test(new, G_FILE_TEST_IS_DIR);
}

static void report(Listing *listing, const char *name, const char *path)
{
	if (listing->count >= MAX_FOLDERS || !g_hash_table_add(listing->seen, g_strdup(name)))
		return;
	listing->count++;
	listing->on_folder(name, path, listing->data);
}

/* ".Work.Plans" -> "Work/Plans"; NULL if it is none. */
static char *plus_plus_name(const char *entry)
{
	return entry[1] ? sn_name_from_wire(entry + 1, '.') : NULL;
}

static gboolean is_part_of_folder(const char *entry)
{
	return strcmp(entry, "cur") == 0 || strcmp(entry, "new") == 0 || strcmp(entry, "tmp") == 0;
}

static void walk(Listing *listing, const char *path, const char *prefix, guint depth)
{
	GDir *dir = depth < MAX_DEPTH ? g_dir_open(path, 0, NULL) : NULL;
	const char *entry;

	while (dir && (entry = g_dir_read_name(dir)) && listing->count < MAX_FOLDERS) {
		g_autofree char *below = g_build_filename(path, entry, NULL);
		if (is_part_of_folder(entry) || !g_file_test(below, G_FILE_TEST_IS_DIR))
			continue;
		if (*entry == '.') {
			g_autofree char *name = depth == 0 ? plus_plus_name(entry) : NULL;
			if (name && sn_maildir_is_folder(below))
				report(listing, name, below);
			continue;
		}
		if (!g_utf8_validate(entry, -1, NULL))
			continue;
		g_autofree char *name =
			*prefix ? g_strconcat(prefix, "/", entry, NULL) : g_strdup(entry);
		if (sn_maildir_is_folder(below))
			report(listing, g_ascii_strcasecmp(name, "INBOX") == 0 ? "INBOX" : name,
			       below);
		walk(listing, below, name, depth + 1);
	}
	if (dir)
		g_dir_close(dir);
}

void sn_maildir_list(const char *root, SnMaildirOnFolder on_folder, gpointer data)
{
	Listing listing = { root, on_folder, data, 0,
			    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };

	if (sn_maildir_is_folder(root))
		report(&listing, "INBOX", root);
	walk(&listing, root, "", 0);
	g_hash_table_unref(listing.seen);
}

/* Each part must be a plain name: nothing leads out of root or into a folder's own directories. */
static gboolean is_safe(const char *name)
{
	if (!name || !g_utf8_validate(name, -1, NULL) || strlen(name) > 1000)
		return FALSE;
	g_auto(GStrv) parts = g_strsplit(name, "/", -1);
	if (!parts[0] || g_strv_length(parts) > MAX_DEPTH)
		return FALSE;
	for (char **part = parts; *part; part++)
		if (!**part || **part == '.' || is_part_of_folder(*part) || strlen(*part) > 200)
			return FALSE;
	return TRUE;
}

static char *plus_plus_path(const char *root, const char *name)
{
	g_autofree char *wire = sn_name_to_wire(name, '.');
	g_autofree char *entry = g_strconcat(".", wire, NULL);

	return wire ? g_build_filename(root, entry, NULL) : NULL;
}

typedef struct {
	const char *name;
	char *path;
} Search;

static void note_if_named(const char *name, const char *path, gpointer data)
{
	Search *search = data;

	if (!search->path && strcmp(name, search->name) == 0)
		search->path = g_strdup(path);
}

char *sn_maildir_path(const char *root, const char *name, GError **error)
{
	if (!is_safe(name)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s cannot be the name of a folder.",
			    name ? name : "Nothing");
		return NULL;
	}
	if (strcmp(name, "INBOX") == 0 && sn_maildir_is_folder(root))
		return g_strdup(root);
	g_autofree char *dotted = plus_plus_path(root, name);
	if (dotted && sn_maildir_is_folder(dotted))
		return g_steal_pointer(&dotted);
	g_autofree char *plain = g_build_filename(root, name, NULL);
	if (sn_maildir_is_folder(plain))
		return g_steal_pointer(&plain);
	Search search = { name, NULL };
	if (strcmp(name, "INBOX") == 0)
		sn_maildir_list(root, note_if_named, &search);
	if (!search.path)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no folder %s in %s.",
			    name, root);
	return search.path;
}

static void note_plain(const char *name, const char *path, gpointer data)
{
	g_autofree char *entry = g_path_get_basename(path);

	if (*entry != '.' && strcmp(name, "INBOX") != 0)
		*(gboolean *)data = TRUE;
}

/* Maildir++ where INBOX is the root itself and nothing speaks for plain directories. */
static gboolean wants_plus_plus(const char *root)
{
	gboolean plain = FALSE;

	if (!sn_maildir_is_folder(root))
		return FALSE;
	sn_maildir_list(root, note_plain, &plain);
	return !plain;
}

char *sn_maildir_create(const char *root, const char *name, GError **error)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	g_autoptr(GError) missing = NULL;
	char *path = sn_maildir_path(root, name, &missing);

	if (path)
		return path;
	if (!g_error_matches(missing, SN_ERROR, SN_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&missing));
		return NULL;
	}
	path = wants_plus_plus(root) ? plus_plus_path(root, name)
				     : g_build_filename(root, name, NULL);
	for (gsize i = 0; path && i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *part = g_build_filename(path, parts[i], NULL);
		if (g_mkdir_with_parents(part, 0700) == 0)
			continue;
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "The folder %s cannot be made: %s.",
			    part, g_strerror(errno));
		g_clear_pointer(&path, g_free);
	}
	return path;
}
