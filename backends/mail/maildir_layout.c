/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_layout.c - which directories are folders, and their names. Known are, also mixed:
 *
 *   Maildir++         root/.Work.Plans    Dovecot, Courier; mbsync's "SubFolders Maildir++", where
 *                                         root/..sub.deep is INBOX/sub/deep
 *   plain directories root/Work/Plans     mbsync's Verbatim
 *   mbsync's Legacy   root/Work/.Plans    every folder but the top one has a dot
 *
 * All of them write names in modified UTF-7; plain UTF-8 is understood as well.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "backends/mail/maildir_private.h"
#include "backends/mail/names.h"

#define MAX_DEPTH 10
#define MAX_FOLDERS 20000
#define MAX_DIRS 50000 /* looked into */

typedef struct {
	SnMaildirOnFolder on_folder, on_dir; /* on_dir: NULL */
	gpointer data;
	guint count, dirs;
	gboolean root_is_folder;
	GHashTable *seen; /* names */
	int failure;      /* errno of a directory that could not be read to its end; 0 */
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

static gboolean is_part_of_folder(const char *entry)
{
	return strcmp(entry, "cur") == 0 || strcmp(entry, "new") == 0 || strcmp(entry, "tmp") == 0;
}

/* ".Work.Plans" -> "Work/Plans", "..sub" -> "INBOX/sub"; NULL if it is none. */
static char *plus_plus_name(const char *entry)
{
	g_assert(*entry == '.');
	if (entry[1] != '.')
		return entry[1] ? sn_name_from_wire(entry + 1, '.') : NULL;
	g_autofree char *name = entry[2] ? sn_name_from_wire(entry + 2, '.') : NULL;
	return name ? g_strconcat("INBOX/", name, NULL) : NULL;
}

/* The name of what lies in the directory of the folder prefix ("" at the root); NULL if it is no
 * folder and holds none. */
static char *name_of(const Listing *listing, const char *entry, const char *prefix)
{
	if (*entry == '.' && !*prefix)
		return plus_plus_name(entry);
	g_autofree char *name = sn_name_from_wire(*entry == '.' ? entry + 1 : entry, '/');
	if (!name || *name == '.' || strchr(name, '/') || is_part_of_folder(name))
		return NULL;
	/* where the root itself is the inbox, another Inbox is a folder like others */
	if (!*prefix && strcmp(name, "INBOX") == 0)
		return g_strdup(listing->root_is_folder ? entry : "INBOX");
	return *prefix ? g_strconcat(prefix, "/", name, NULL) : g_steal_pointer(&name);
}

/* Removed meanwhile, or never ours: lost+found. */
static gboolean is_nothing(int failure)
{
	return failure == ENOENT || failure == ENOTDIR || failure == EACCES || failure == EPERM;
}

static void walk(Listing *listing, const char *path, const char *prefix, guint depth)
{
	if (depth >= MAX_DEPTH || listing->dirs >= MAX_DIRS)
		return;
	listing->dirs++;
	if (listing->on_dir)
		listing->on_dir(NULL, path, listing->data);
	DIR *dir = opendir(path);
	struct dirent *item;
	gboolean failed = !dir && !is_nothing(errno);

	while (dir && listing->count < MAX_FOLDERS && (item = sn_maildir_next(dir, &failed))) {
		const char *entry = item->d_name;
		g_autofree char *below = g_build_filename(path, entry, NULL);
		if (strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0 || is_part_of_folder(entry) ||
		    !g_file_test(below, G_FILE_TEST_IS_DIR))
			continue;
		g_autofree char *name = name_of(listing, entry, prefix);
		gboolean folder = name && sn_maildir_is_folder(below);
		if (folder)
			report(listing, name, below);
		/* what begins with a dot beside plain folders may be anything: .notmuch, .git */
		if (name && (folder || *entry != '.' || *prefix))
			walk(listing, below, name, depth + 1);
	}
	if (failed)
		listing->failure = errno;
	if (dir)
		closedir(dir);
}

gboolean sn_maildir_list(const char *root, SnMaildirOnFolder on_folder, SnMaildirOnFolder on_dir,
		     gpointer data)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Listing listing = { on_folder, on_dir, data, 0, 0, sn_maildir_is_folder(root), seen, 0 };

	if (listing.root_is_folder)
		report(&listing, "INBOX", root);
	walk(&listing, root, "", 0);
	errno = listing.failure;
	return listing.failure == 0;
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
	gboolean below_inbox = g_str_has_prefix(name, "INBOX/");
	g_autofree char *wire = sn_name_to_wire(below_inbox ? name + 6 : name, '.');
	g_autofree char *entry = g_strconcat(below_inbox ? ".." : ".", wire, NULL);

	return wire ? g_build_filename(root, entry, NULL) : NULL;
}

static char *plain_path(const char *root, const char *name)
{
	g_autofree char *wire = sn_name_to_wire(name, '/');

	return wire ? g_build_filename(root, wire, NULL) : NULL;
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
	g_autofree char *plain = plain_path(root, name);
	if (plain && sn_maildir_is_folder(plain))
		return g_steal_pointer(&plain);
	/* the other ways to write it are found by looking */
	Search search = { name, NULL };
	sn_maildir_list(root, note_if_named, NULL, &search);
	if (!search.path)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no folder %s in %s.",
			    name, root);
	return search.path;
}

typedef struct {
	const char *root;
	char *inbox;                  /* NULL: there is none, or it is the root */
	gboolean plain, legacy, utf8; /* some folder is written in that way */
} Style;

static void note_style(const char *name, const char *path, gpointer data)
{
	Style *style = data;
	const char *below = path + strlen(style->root);

	below += strspn(below, "/");
	if (strcmp(name, "INBOX") == 0) {
		style->inbox = *below ? g_strdup(path) : NULL;
		return;
	}
	style->plain |= *below != '.';
	style->legacy |= strstr(below, "/.") != NULL;
	style->utf8 |= !g_str_is_ascii(below);
}

/* Where a new folder goes: as those that are there. Maildir++ where INBOX is the root itself and
 * nothing speaks for plain directories. */
static char *new_path(const char *root, const char *name)
{
	Style style = { .root = root };

	sn_maildir_list(root, note_style, NULL, &style);
	g_autofree char *inbox = style.inbox;
	if (sn_maildir_is_folder(root) && !style.plain)
		return plus_plus_path(root, name);
	gboolean below = inbox && g_str_has_prefix(name, "INBOX/");
	g_autofree char *wire = style.utf8 ? g_strdup(name) : sn_name_to_wire(name, '/');
	g_auto(GStrv) parts = wire ? g_strsplit(wire, "/", -1) : NULL;
	/* Legacy: "Work/Plans" -> "Work/.Plans" */
	g_autofree char *path = parts ? g_strjoinv(style.legacy ? "/." : "/", parts + below) : NULL;
	if (!path)
		return NULL;
	return g_strconcat(below ? inbox : root, below && style.legacy ? "/." : "/", path, NULL);
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
	path = new_path(root, name);
	if (!path)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s cannot be the name of a folder.",
			    name);
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
