/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vcards.c - the user's vCard files (vdir), read in place: at the start when they changed since,
 * and whenever a file changes (inotify). A few files per turn, so that nothing else waits.
 */
#include "src/engine/sync_private.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "src/vcard/vcard.h"

enum {
	FILES_PER_TURN = 10,
	MAX_FILES = 50000,
	MAX_SIZE = 8 << 20, /* a file may hold a whole address book */
	MAX_ADDRESSES = 50, /* of one card */
	SETTLE = 500,       /* ms: a sync of the vdir writes many files */
};

struct sn_vcards {
	SnEngine *engine;
	char *dir;
	int inotify;
	GSource *watch, *later, *turn;
	GPtrArray *files; /* being read: paths */
	guint next;
	char *stamp;
	GPtrArray *(*parse)(const char *text, const char *file, int *bad);
};

/* ---- one card ---- */

typedef struct {
	SnStore *store;
	const SnVcard *card;
	SnId person;
	char *evidence;
} Card;

static gboolean card_is_own(SnStore *store, const SnVcard *card)
{
	for (int channel = 0; channel < 2; channel++) {
		char **values = channel == SN_CHANNEL_MAIL ? card->mails : card->jids;
		for (; *values; values++) {
			g_autofree char *value = sn_address_normalise((SnChannel)channel, *values);
			if (value && sn_address_is_own(store, (SnChannel)channel, value))
				return TRUE;
		}
	}
	return FALSE;
}

static void link_address(Card *work, SnChannel channel, const char *written)
{
	g_autofree char *value = sn_address_normalise(channel, written);
	g_autoptr(GError) error = NULL;
	SnId id =
		value ? sn_address_intern(work->store, channel, value, work->card->name, NULL) : 0;
	g_autoptr(SnAddress) address = id ? sn_address_get(work->store, id) : NULL;

	if (!address)
		return;
	if (!work->person)
		work->person = address->person;
	if (!sn_link_add(work->store, id, work->person, SN_LINK_VCARD, FALSE, work->evidence,
	                 &error))
		g_info("%s: %s", work->evidence, error->message);
}

static void take_card(SnStore *store, const SnVcard *card, const char *file)
{
	Card work = { .store = store, .card = card };

	/* the user's own card says nothing about others */
	if (card_is_own(store, card))
		return;
	work.evidence = g_path_get_basename(file);
	for (int i = 0; card->mails[i] && i < MAX_ADDRESSES; i++)
		link_address(&work, SN_CHANNEL_MAIL, card->mails[i]);
	for (int i = 0; card->jids[i] && i < MAX_ADDRESSES; i++)
		link_address(&work, SN_CHANNEL_IM, card->jids[i]);
	if (work.person && card->name && *card->name)
		sn_person_set_name(store, work.person, card->name, NULL);
	g_free(work.evidence);
}

static void take_file(SnVcards *vcards, const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	gsize length;
	int bad = 0;

	if (!g_file_get_contents(path, &text, &length, &error)) {
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
	for (guint i = 0; cards && i < cards->len; i++)
		take_card(vcards->engine->store, g_ptr_array_index(cards, i), path);
}

/* ---- the directory ---- */

static void list_files(GPtrArray *files, GString *stamp, const char *dir, int depth)
{
	g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
	const char *name;

	while (open && files->len < MAX_FILES && (name = g_dir_read_name(open))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		GStatBuf info;
		if (*name == '.' || g_stat(path, &info) != 0)
			continue;
		if (S_ISDIR(info.st_mode) && depth == 0)
			list_files(files, stamp, path, 1);
		if (!S_ISREG(info.st_mode) ||
		    !(g_str_has_suffix(name, ".vcf") || g_str_has_suffix(name, ".vcard")))
			continue;
		g_string_append_printf(stamp, "%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %ld\n",
		                       path, (gint64)info.st_size, (gint64)info.st_mtim.tv_sec,
		                       info.st_mtim.tv_nsec);
		g_ptr_array_add(files, g_steal_pointer(&path));
	}
}

static void end_source(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static gboolean read_some(gpointer data)
{
	SnVcards *vcards = data;
	SnStore *store = vcards->engine->store;
	guint end = MIN(vcards->next + FILES_PER_TURN, vcards->files->len);

	if (!sn_store_begin(store, NULL))
		return G_SOURCE_CONTINUE;
	while (vcards->next < end)
		take_file(vcards, g_ptr_array_index(vcards->files, vcards->next++));
	if (vcards->next == vcards->files->len)
		sn_store_set(store, "vdir-stamp", vcards->stamp, NULL);
	sn_store_commit(store, NULL);
	if (vcards->next < vcards->files->len)
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&vcards->turn, g_source_unref);
	g_clear_pointer(&vcards->files, g_ptr_array_unref);
	sn_engine_wake(vcards->engine);
	return G_SOURCE_REMOVE;
}

/* Order of directory entries does not matter: the stamp is of the sorted list. */
static char *stamp_of(const GString *listing)
{
	g_auto(GStrv) lines = g_strsplit(listing->str, "\n", -1);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	qsort(lines, g_strv_length(lines), sizeof *lines,
	      (int (*)(const void *, const void *))(void (*)(void))g_strcmp0);
	for (char **line = lines; *line; line++)
		g_checksum_update(sum, (const guchar *)*line, (gssize)strlen(*line));
	return g_strdup(g_checksum_get_string(sum));
}

static void read_all(SnVcards *vcards)
{
	g_autoptr(GString) listing = g_string_new(NULL);
	g_autofree char *last = sn_store_get(vcards->engine->store, "vdir-stamp");

	end_source(&vcards->turn);
	g_clear_pointer(&vcards->files, g_ptr_array_unref);
	vcards->files = g_ptr_array_new_with_free_func(g_free);
	list_files(vcards->files, listing, vcards->dir, 0);
	g_free(vcards->stamp);
	vcards->stamp = stamp_of(listing);
	vcards->next = 0;
	if (!vcards->files->len || !g_strcmp0(last, vcards->stamp)) {
		g_clear_pointer(&vcards->files, g_ptr_array_unref);
		return;
	}
	vcards->turn = g_idle_source_new();
	g_source_set_callback(vcards->turn, read_some, vcards, NULL);
	g_source_attach(vcards->turn, vcards->engine->context);
}

static void changed(gpointer data)
{
	SnVcards *vcards = data;

	g_clear_pointer(&vcards->later, g_source_unref);
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

static void watch_dir(SnVcards *vcards)
{
	const guint32 mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR;
	g_autoptr(GDir) open = g_dir_open(vcards->dir, 0, NULL);
	const char *name;

	vcards->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (vcards->inotify < 0)
		return;
	inotify_add_watch(vcards->inotify, vcards->dir, mask);
	/* collections of a vdir are directories below it */
	while (open && (name = g_dir_read_name(open))) {
		g_autofree char *path = g_build_filename(vcards->dir, name, NULL);
		if (*name != '.' && g_file_test(path, G_FILE_TEST_IS_DIR))
			inotify_add_watch(vcards->inotify, path, mask);
	}
	vcards->watch = g_unix_fd_source_new(vcards->inotify, G_IO_IN);
	g_source_set_callback(vcards->watch, (GSourceFunc)(void (*)(void))heard, vcards, NULL);
	g_source_attach(vcards->watch, vcards->engine->context);
}

SnVcards *sn_vcards_new(SnEngine *engine)
{
	const char *dir = sn_config_settings(engine->config)->general_vdir;
	g_autofree char *home = NULL;

	if (!dir || !*dir || !engine->setup.backends.vcards)
		return NULL;
	if (g_str_has_prefix(dir, "~/"))
		home = g_build_filename(g_get_home_dir(), dir + 2, NULL);
	SnVcards *vcards = g_new0(SnVcards, 1);
	vcards->engine = engine;
	vcards->dir = g_strdup(home ? home : dir);
	vcards->parse = engine->setup.backends.vcards;
	vcards->inotify = -1;
	watch_dir(vcards);
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
	g_free(vcards->stamp);
	g_free(vcards->dir);
	g_free(vcards);
}
