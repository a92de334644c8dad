/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vcards.c - the user's vCard files (vdir), read in place: at the start when they changed since,
 * and whenever a file changes (inotify). A few files per turn, so that nothing else waits.
 *
 * What a file says holds for as long as it says so: a file that is deleted or changed takes back its
 * links. A file that cannot be read, or is just being written, says what it said before.
 */
#include "src/engine/sync_private.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "src/store/cards.h"
#include "src/vcard/vcard.h"

enum {
	FILES_PER_TURN = 10,
	MAX_FILES = 50000,
	MAX_SIZE = 8 << 20, /* a file may hold a whole address book */
	SETTLE = 500,       /* ms: a sync of the vdir writes many files */
	STORE_PAUSE = 30000, /* ms: when the store cannot be written */
};

#define PLACE "vdir:" /* then the path below the directory, a tab, and which card of the file */

struct sn_vcards {
	SnEngine *engine;
	char *dir;
	int inotify;
	GSource *watch, *later, *turn;
	GHashTable *known;  /* path below dir -> size and times, as read */
	GPtrArray *files;   /* to be read: paths below dir; NULL: at rest */
	guint next;
	char *stamp;        /* of all files as they are listed */
	GPtrArray *(*parse)(const char *text, const char *file, int *bad);
};

/* ---- one file ---- */

/* What may be a JID, or a name at another service, is suggested. */
static void suggest(SnStore *store, const SnVcard *card, const char *file)
{
	g_autoptr(SnAddress) mail =
		card->mails[0] ? sn_address_find(store, SN_CHANNEL_MAIL, card->mails[0]) : NULL;

	for (char **value = card->unsure; mail && *value; value++) {
		SnId id = sn_address_intern(store, SN_CHANNEL_IM, *value, NULL, NULL);
		if (id)
			sn_claim_add(store, mail->id, id, SN_LINK_SIGNED_TEXT, file, NULL);
	}
}

static void take_cards(SnVcards *vcards, const char *path, const GPtrArray *cards)
{
	SnStore *store = vcards->engine->store;
	g_autofree char *place = g_strconcat(PLACE, path, "\t", NULL);
	g_autofree char *file = g_path_get_basename(path);
	g_autoptr(GPtrArray) origins = g_ptr_array_new_with_free_func(g_free);
	g_autofree SnCard *list = g_new0(SnCard, cards->len + 1);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < cards->len; i++) {
		const SnVcard *card = cards->pdata[i];
		char *origin = card->uid ? g_strconcat(place, card->uid, NULL)
		                         : g_strdup_printf("%s%u", place, i);
		g_ptr_array_add(origins, origin);
		list[i] = (SnCard){ .origin = origin, .uid = card->uid, .name = card->name,
			            .evidence = file, .mails = card->mails, .jids = card->jids };
	}
	if (!sn_cards_replace(store, SN_LINK_VCARD, place, list, cards->len, NULL, &error))
		g_info("%s: %s", path, error->message);
	for (guint i = 0; i < cards->len; i++)
		suggest(store, cards->pdata[i], file);
}

static void take_file(SnVcards *vcards, const char *path)
{
	g_autofree char *full = g_build_filename(vcards->dir, path, NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	GStatBuf info;
	gsize length;
	int bad = 0;

	if (g_stat(full, &info) == 0 && info.st_size > MAX_SIZE) {
		g_info("%s is too large.", path); /* not even read */
		return;
	}
	if (!g_file_get_contents(full, &text, &length, &error)) {
		g_info("%s", error->message);
		return;
	}
	if (length > MAX_SIZE || strlen(text) != length) {
		g_info("%s is too large or no vCard file.", path);
		return;
	}
	g_autoptr(GPtrArray) cards = vcards->parse(text, path, &bad);
	if (bad)
		g_info("%s: %d cards could not be read.", path, bad);
	if (cards && (cards->len || !bad))
		take_cards(vcards, path, cards);
}

static void forget_file(SnVcards *vcards, const char *path)
{
	g_autofree char *place = g_strconcat(PLACE, path, "\t", NULL);

	sn_cards_replace(vcards->engine->store, SN_LINK_VCARD, place, NULL, 0, NULL, NULL);
	g_hash_table_remove(vcards->known, path);
}

/* ---- the directory ---- */

/* path below the directory -> size and times */
static void list_files(GHashTable *found, const char *dir, const char *below)
{
	g_autofree char *here = g_build_filename(dir, below, NULL);
	g_autoptr(GDir) open = g_dir_open(here, 0, NULL);
	const char *name;

	while (open && g_hash_table_size(found) < MAX_FILES && (name = g_dir_read_name(open))) {
		g_autofree char *path = below ? g_build_filename(below, name, NULL) : g_strdup(name);
		g_autofree char *full = g_build_filename(dir, path, NULL);
		GStatBuf info;
		if (*name == '.' || strpbrk(name, "\t\n") || g_stat(full, &info) != 0)
			continue;
		if (S_ISDIR(info.st_mode) && !below)
			list_files(found, dir, path);
		if (!S_ISREG(info.st_mode) ||
		    !(g_str_has_suffix(name, ".vcf") || g_str_has_suffix(name, ".vcard")))
			continue;
		char *stamp = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %ld",
		                              (gint64)info.st_size, (gint64)info.st_mtim.tv_sec,
		                              info.st_mtim.tv_nsec);
		g_hash_table_insert(found, g_steal_pointer(&path), stamp);
	}
}

static void end_source(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

/* Everything was read: what no file says any more is forgotten. */
static void finish(SnVcards *vcards)
{
	SnStore *store = vcards->engine->store;
	g_autoptr(GPtrArray) origins = sn_card_origins(store, SN_LINK_VCARD, PLACE);
	g_autofree char *last = NULL;

	for (guint i = 0; i < origins->len; i++) {
		const char *origin = origins->pdata[i], *tab = strrchr(origin, '\t');
		g_autofree char *path =
			tab ? g_strndup(origin + strlen(PLACE), (gsize)(tab - origin) - strlen(PLACE))
			    : NULL;
		if (path && g_strcmp0(path, last) && !g_hash_table_contains(vcards->known, path))
			forget_file(vcards, path);
		g_free(last);
		last = g_steal_pointer(&path);
	}
	/* what format 1 of the store remembered of the same files */
	sn_cards_replace(store, SN_LINK_VCARD, "old:", NULL, 0, NULL, NULL);
	sn_store_set(store, "vdir-stamp", vcards->stamp, NULL);
	g_clear_pointer(&vcards->files, g_ptr_array_unref);
}

static void changed(gpointer data);

static gboolean read_some(gpointer data)
{
	SnVcards *vcards = data;
	SnStore *store = vcards->engine->store;
	guint end = MIN(vcards->next + FILES_PER_TURN, vcards->files->len);

	if (!sn_store_begin(store, NULL)) {
		/* not at once again, which would be at it without a pause while the disk is full */
		vcards->later = vcards->later ? vcards->later
		                              : sn_engine_timer(vcards->engine, STORE_PAUSE, changed,
		                                                vcards);
		g_clear_pointer(&vcards->turn, g_source_unref);
		return G_SOURCE_REMOVE;
	}
	while (vcards->next < end)
		take_file(vcards, g_ptr_array_index(vcards->files, vcards->next++));
	if (vcards->next == vcards->files->len)
		finish(vcards);
	sn_store_commit(store, NULL);
	if (vcards->files)
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&vcards->turn, g_source_unref);
	sn_engine_wake(vcards->engine);
	return G_SOURCE_REMOVE;
}

static int by_path(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Of the sorted list, since the order of directory entries does not matter. */
static char *stamp_of(GHashTable *found)
{
	g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(found), (GCompareFunc)strcmp);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	for (GList *l = paths; l; l = l->next) {
		const char *stamp = g_hash_table_lookup(found, l->data);
		g_checksum_update(sum, l->data, (gssize)strlen(l->data) + 1);
		g_checksum_update(sum, (const guchar *)stamp, (gssize)strlen(stamp) + 1);
	}
	return g_strdup(g_checksum_get_string(sum));
}

/* Reads what changed since it was last read. */
static void read_all(SnVcards *vcards)
{
	g_autofree char *last = sn_store_get(vcards->engine->store, "vdir-stamp");
	GHashTable *found;
	GHashTableIter iter;
	gpointer path, stamp;

	if (!g_file_test(vcards->dir, G_FILE_TEST_IS_DIR))
		return; /* not mounted, perhaps: that is no deletion */
	found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	list_files(found, vcards->dir, NULL);
	end_source(&vcards->turn);
	g_free(vcards->stamp);
	vcards->stamp = stamp_of(found);
	vcards->next = 0;
	if (!g_strcmp0(last, vcards->stamp)) {
		g_clear_pointer(&vcards->files, g_ptr_array_unref);
	} else {
		GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
		g_hash_table_iter_init(&iter, found);
		while (g_hash_table_iter_next(&iter, &path, &stamp))
			if (vcards->files || g_strcmp0(g_hash_table_lookup(vcards->known, path), stamp))
				g_ptr_array_add(files, g_strdup(path));
		g_clear_pointer(&vcards->files, g_ptr_array_unref);
		vcards->files = files;
		g_ptr_array_sort(vcards->files, by_path);
		vcards->turn = g_idle_source_new();
		g_source_set_callback(vcards->turn, read_some, vcards, NULL);
		g_source_attach(vcards->turn, vcards->engine->context);
	}
	g_clear_pointer(&vcards->known, g_hash_table_unref);
	vcards->known = found;
}

/* ---- the watch ---- */

static void watch(SnVcards *vcards)
{
	const guint32 mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE |
	                     IN_ONLYDIR;
	g_autoptr(GDir) open = g_dir_open(vcards->dir, 0, NULL);
	const char *name;

	inotify_add_watch(vcards->inotify, vcards->dir, mask);
	/* collections of a vdir are directories below it; watching one again changes nothing */
	while (open && (name = g_dir_read_name(open))) {
		g_autofree char *path = g_build_filename(vcards->dir, name, NULL);
		if (*name != '.' && g_file_test(path, G_FILE_TEST_IS_DIR))
			inotify_add_watch(vcards->inotify, path, mask);
	}
}

static void changed(gpointer data)
{
	SnVcards *vcards = data;

	g_clear_pointer(&vcards->later, g_source_unref);
	watch(vcards); /* there may be new collections */
	read_all(vcards);
}

static gboolean heard(gint fd, GIOCondition condition, gpointer data)
{
	SnVcards *vcards = data;
	char events[4096];

	while (read(fd, events, sizeof events) > 0)
		;
	if (!vcards->later)
		vcards->later = sn_engine_timer(vcards->engine, SETTLE, changed, vcards);
	return G_SOURCE_CONTINUE;
}

static void start_watch(SnVcards *vcards)
{
	vcards->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (vcards->inotify < 0)
		return;
	watch(vcards);
	vcards->watch = g_unix_fd_source_new(vcards->inotify, G_IO_IN);
	g_source_set_callback(vcards->watch, (GSourceFunc)(void (*)(void))heard, vcards, NULL);
	g_source_attach(vcards->watch, vcards->engine->context);
}

SnVcards *sn_vcards_new(SnEngine *engine)
{
	const char *dir = sn_config_settings(engine->config)->general_vdir;
	g_autofree char *home = NULL;

	if (!dir || !*dir) {
		/* what is not configured any more says nothing any more */
		sn_cards_replace(engine->store, SN_LINK_VCARD, PLACE, NULL, 0, NULL, NULL);
		sn_store_set(engine->store, "vdir-stamp", NULL, NULL);
		return NULL;
	}
	if (!engine->setup.backends.vcards)
		return NULL;
	if (g_str_has_prefix(dir, "~/"))
		home = g_build_filename(g_get_home_dir(), dir + 2, NULL);
	SnVcards *vcards = g_new0(SnVcards, 1);
	vcards->engine = engine;
	vcards->dir = g_strdup(home ? home : dir);
	vcards->parse = engine->setup.backends.vcards;
	vcards->inotify = -1;
	vcards->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	start_watch(vcards);
	read_all(vcards);
	return vcards;
}

void sn_vcards_free(SnVcards *vcards)
{
	if (!vcards)
		return;
	end_source(&vcards->watch);
	end_source(&vcards->later);
	end_source(&vcards->turn);
	if (vcards->inotify >= 0)
		close(vcards->inotify);
	g_clear_pointer(&vcards->files, g_ptr_array_unref);
	g_hash_table_unref(vcards->known);
	g_free(vcards->stamp);
	g_free(vcards->dir);
	g_free(vcards);
}
