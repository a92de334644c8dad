/* SPDX-License-Identifier: GPL-3.0-or-later */
/* local_mail.c - looks where the programs of others say that they keep email. */
#include "src/cli/local_mail.h"

#include <string.h>

enum { MAX_ENTRIES = 1000, MAX_FILE = 1 << 20 };

/* ---- directories ---- */

static gboolean has_directory(const char *path, const char *name)
{
	g_autofree char *sub = g_build_filename(path, name, NULL);

	return g_file_test(sub, G_FILE_TEST_IS_DIR);
}

/* Maildir: tmp is made by whoever delivers first. */
static gboolean is_maildir(const char *path)
{
	return has_directory(path, "cur") && has_directory(path, "new");
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The directories in this one, sorted; names that begin with a dot only belong to Maildir++. */
static GPtrArray *directories_in(const char *path)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	for (int i = 0; dir && i < MAX_ENTRIES && (name = g_dir_read_name(dir)); i++)
		if (name[0] != '.' && has_directory(path, name))
			g_ptr_array_add(found, g_build_filename(path, name, NULL));
	g_ptr_array_sort(found, by_name);
	return found;
}

static gboolean holds_maildirs(const char *path)
{
	g_autoptr(GPtrArray) inside = directories_in(path);

	for (guint i = 0; i < inside->len; i++)
		if (is_maildir(inside->pdata[i]))
			return TRUE;
	return FALSE;
}

/* ---- what was found ---- */

static gboolean is_within(const char *path, const char *above)
{
	gsize length = strlen(above);

	return strncmp(path, above, length) == 0 && (path[length] == '/' || !path[length]);
}

static void add(GPtrArray *found, const char *path)
{
	for (guint i = 0; i < found->len; i++)
		if (is_within(path, found->pdata[i]) || is_within(found->pdata[i], path))
			return;
	g_ptr_array_add(found, g_strdup(path));
}

/* A tree of one account, or one tree for each. */
static void add_tree(GPtrArray *found, const char *path)
{
	if (is_maildir(path) || holds_maildirs(path)) {
		add(found, path);
		return;
	}
	g_autoptr(GPtrArray) inside = directories_in(path);
	for (guint i = 0; i < inside->len; i++)
		if (holds_maildirs(inside->pdata[i]))
			add(found, inside->pdata[i]);
}

static void add_place(GPtrArray *found, const char *home, const char *place)
{
	g_autofree char *bare = g_strdup(place);

	g_strstrip(bare);
	g_strdelimit(bare, "\"", ' ');
	g_strstrip(bare);
	if (!*bare)
		return;
	const char *rest = bare[0] == '~' && bare[1] == '/' ? bare + 2 : bare;
	g_autofree char *path = g_canonicalize_filename(rest, home);
	add_tree(found, path);
}

/* ---- where others say it is ---- */

static char *read_small(const char *path)
{
	char *text = NULL;
	gsize length = 0;

	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
	    !g_file_get_contents(path, &text, &length, NULL))
		return NULL;
	if (length > MAX_FILE)
		g_clear_pointer(&text, g_free);
	return text;
}

/* mbsync(1): "Path" and "Inbox" of its Maildir stores. */
static void add_of_mbsync(GPtrArray *found, const char *home)
{
	static const char *const files[] = { ".mbsyncrc", ".config/isyncrc" };

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(home, files[i], NULL);
		g_autofree char *text = read_small(path);
		g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
		for (char **line = lines; *line; line++) {
			const char *word = g_strchug(*line);
			gsize length = strcspn(word, " \t");
			if ((length == 4 && !g_ascii_strncasecmp(word, "Path", length)) ||
			    (length == 5 && !g_ascii_strncasecmp(word, "Inbox", length)))
				add_place(found, home, word + length);
		}
	}
}

/* notmuch-config(1): database.mail_root, else database.path. */
static void add_of_notmuch(GPtrArray *found, const char *home)
{
	static const char *const files[] = { ".config/notmuch/default/config", ".notmuch-config" };
	static const char *const keys[] = { "mail_root", "path" };

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(home, files[i], NULL);
		g_autofree char *text = read_small(path);
		g_autoptr(GKeyFile) file = g_key_file_new();
		if (!text || !g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, NULL))
			continue;
		for (gsize k = 0; k < G_N_ELEMENTS(keys); k++) {
			g_autofree char *place = g_key_file_get_string(file, "database", keys[k], NULL);
			if (place)
				add_place(found, home, place);
		}
	}
}

/* ---- which one is meant ---- */

/* 2: named like the domain or the address, 1: like its name, 0: not at all. */
static int likeness(const char *path, const char *address)
{
	const char *base = strrchr(path, '/') + 1, *at = strrchr(address, '@');
	g_autofree char *domain = g_strndup(at ? at + 1 : "", at ? strcspn(at + 1, ".") : 0);
	g_autofree char *local = g_strndup(address, at ? (gsize)(at - address) : 0);

	if (!g_ascii_strcasecmp(base, address) || (at && !g_ascii_strcasecmp(base, at + 1)) ||
	    !g_ascii_strcasecmp(base, domain))
		return 2;
	return !g_ascii_strcasecmp(base, local);
}

/* Stable: what was said first stays first among equals. */
static void sort_by_likeness(GPtrArray *found, const char *address)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	for (int want = 2; want >= 0; want--)
		for (guint i = 0; i < found->len; i++)
			if (likeness(found->pdata[i], address) == want)
				g_ptr_array_add(sorted, found->pdata[i]);
	g_assert(sorted->len == found->len);
	for (guint i = 0; i < found->len; i++)
		found->pdata[i] = sorted->pdata[i];
}

GPtrArray *sn_local_maildirs(const char *home, const char *address)
{
	static const char *const usual[] = { "Maildir", "Mail", "mail", ".mail", ".maildir",
		                             ".local/share/mail" };
	GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
	const char *named = g_getenv("MAILDIR");

	add_of_mbsync(found, home);
	add_of_notmuch(found, home);
	if (named)
		add_place(found, home, named);
	for (gsize i = 0; i < G_N_ELEMENTS(usual); i++)
		add_place(found, home, usual[i]);
	sort_by_likeness(found, address);
	return found;
}

char *sn_local_sender(const char *home)
{
	static const char *const files[] = { ".msmtprc", ".config/msmtp/config" };
	g_autofree char *program = g_find_program_in_path("msmtp");

	for (gsize i = 0; program && i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(home, files[i], NULL);
		/* it takes the account that the sender's address, which it is given, belongs to */
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_strdup("msmtp");
	}
	return NULL;
}
