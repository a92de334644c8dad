/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_compare.c - which names of a folder are not as the caller knows them.
 *
 * A directory that changed is listed whole, and of a hundred thousand names all but a few are known. They
 * are recognised where they stand in the caller's list, by a table of its indices; nothing is made for a
 * name that is as it was.
 */
#include <dirent.h>
#include <limits.h>
#include <string.h>

#include "backends/mail/maildir_private.h"
#include "backends/mail/uids.h"

#define NOWHERE G_MAXUINT
#define AT_ONCE 64

enum { UNSEEN, AS_KNOWN, DIFFERS };

typedef struct {
	guint32 hash;  /* spares a look at most names that are others */
	guint32 index; /* in `known` + 1; 0: free */
} Slot;

typedef struct {
	const SnMailRequest *request;
	Slot *slots;
	gsize mask;
	guint8 *how;    /* of each known name: UNSEEN and so on */
	guint8 *noted;  /* whether it is among those that differ */
	SnMaildirDiffers *differs;
} Table;

/* A name as it was read. */
typedef struct {
	char file[NAME_MAX + 1];
	gsize length; /* of its base */
	guint64 hash;
} Listed;

/* Eight bytes at once: names are long and alike, and there are many. */
static guint64 hash_of(const char *name, gsize length)
{
	guint64 hash = length;

	for (gsize at = 0; at < length; at += 8) {
		guint64 chunk = 0;
		memcpy(&chunk, name + at, MIN(length - at, 8));
		hash = (hash ^ chunk) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

static gboolean is_name(const char *known, const char *base, gsize length)
{
	return strncmp(known, base, length) == 0 && !known[length];
}

/* The slot of that name, or the free one where it belongs. */
static Slot *slot_of(const Table *table, const char *base, gsize length, guint64 hash)
{
	const GPtrArray *names = table->request->known_names;
	gsize at = hash & table->mask;

	while (table->slots[at].index &&
	       (table->slots[at].hash != hash >> 32 ||
		!is_name(names->pdata[table->slots[at].index - 1], base, length)))
		at = (at + 1) & table->mask;
	return &table->slots[at];
}

static guint index_of(const Table *table, const char *base, gsize length)
{
	guint32 index = slot_of(table, base, length, hash_of(base, length))->index;

	return index ? index - 1 : NOWHERE;
}

/* FALSE: a name stands there twice, which a table of names cannot tell. */
static gboolean fill(Table *table)
{
	const GPtrArray *names = table->request->known_names;
	gsize size = 16;

	while (size < (gsize)names->len * 2)
		size *= 2;
	table->mask = size - 1;
	table->slots = g_new0(Slot, size);
	table->how = g_new0(guint8, names->len + 1);
	table->noted = g_new0(guint8, names->len + 1);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		guint64 hash = name ? hash_of(name, strlen(name)) : 0;
		Slot *slot = name ? slot_of(table, name, strlen(name), hash) : NULL;
		if (!slot || slot->index)
			return FALSE;
		*slot = (Slot){ (guint32)(hash >> 32), i + 1 };
	}
	return TRUE;
}

/* file "": it is not there; NULL: wherever it is. Takes file. */
static void note(Table *table, guint at, const char *base, gsize length, char *file)
{
	if (at != NOWHERE)
		table->noted[at] = TRUE;
	g_hash_table_replace(table->differs->files, g_strndup(base, length), file);
}

/* mbsync puts its number into names. Seen under both while the directory was read, it is one file. */
static void note_stem(Table *table, const char *base, gsize length)
{
	g_autofree char *name = g_strndup(base, length);
	g_autofree char *stem = sn_maildir_stem(name);
	guint at = index_of(table, stem, strlen(stem));

	if (at == NOWHERE || table->how[at] != AS_KNOWN)
		return;
	table->how[at] = DIFFERS;
	note(table, at, stem, strlen(stem), NULL);
}

static void look_at(Table *table, const char *part, const Listed *listed)
{
	const char *file = listed->file;
	guint32 index = slot_of(table, file, listed->length, listed->hash)->index;
	guint at = index ? index - 1 : NOWHERE;

	if (at != NOWHERE && table->how[at] == UNSEEN &&
	    sn_maildir_flags_of(file + listed->length) ==
		    g_array_index(table->request->known_flags, guint, at)) {
		table->how[at] = AS_KNOWN;
		return;
	}
	/* new, with other flags, or seen twice: on its way from new/ to cur/, or renamed meanwhile */
	if (at != NOWHERE)
		table->how[at] = DIFFERS;
	note(table, at, file, listed->length, g_strconcat(part, "/", file, NULL));
	if (at == NOWHERE && g_strstr_len(file, (gssize)listed->length, ",U="))
		note_stem(table, file, listed->length);
}

/*
 * A directory's order has nothing to do with that of the numbers, so each name would wait for memory three
 * times: for its slot, for the pointer, for the name. Of some at once each step is asked for beforehand.
 */
static void look_at_some(Table *table, const char *part, const Listed *some, guint count)
{
	const GPtrArray *names = table->request->known_names;

	for (guint i = 0; i < count; i++)
		__builtin_prefetch(&table->slots[some[i].hash & table->mask]);
	for (guint i = 0; i < count; i++) {
		guint32 index = table->slots[some[i].hash & table->mask].index;
		__builtin_prefetch(&names->pdata[index ? index - 1 : 0]);
		__builtin_prefetch(&table->how[index ? index - 1 : 0]);
	}
	for (guint i = 0; i < count; i++) {
		guint32 index = table->slots[some[i].hash & table->mask].index;
		if (index)
			__builtin_prefetch(names->pdata[index - 1]);
	}
	for (guint i = 0; i < count; i++)
		look_at(table, part, &some[i]);
}

static void take(Listed *listed, const char *file)
{
	const char *info = strstr(file, ":2,");

	listed->length = info ? (gsize)(info - file) : strlen(file);
	listed->hash = hash_of(file, listed->length);
	g_strlcpy(listed->file, file, sizeof listed->file);
}

static gboolean list_part(Table *table, const char *path, const char *part, gboolean *few)
{
	g_autofree char *directory = g_build_filename(path, part, NULL);
	g_autofree Listed *some = g_new(Listed, AT_ONCE);
	DIR *dir = opendir(directory);
	struct dirent *item = NULL;
	gboolean failed = FALSE;

	if (!dir)
		return FALSE;
	do {
		guint count = 0;
		while (count < AT_ONCE && (item = sn_maildir_next(dir, &failed)))
			if (sn_maildir_may_be_message(item))
				take(&some[count++], item->d_name);
		look_at_some(table, part, some, count);
		*few = g_hash_table_size(table->differs->files) <= SN_MAILDIR_KEEP;
	} while (item && *few);
	closedir(dir);
	return !failed;
}

/* new/ first: what is moved to cur/ meanwhile is then seen twice, not never. */
static gboolean list(Table *table, const char *path, gboolean *few)
{
	return list_part(table, path, "new", few) && (!*few || list_part(table, path, "cur", few));
}

static guint count_unseen(const Table *table)
{
	guint count = 0;

	for (guint i = 0; i < table->request->known_names->len; i++)
		count += table->how[i] == UNSEEN;
	return count;
}

/* A name that changes while the directory is read may be missed: only what is missed twice is gone. */
static gboolean look_again(Table *table, const char *path, gboolean *few)
{
	guint count = table->request->known_names->len;
	g_autofree guint8 *first = g_memdup2(table->how, count + 1);

	memset(table->how, UNSEEN, count);
	if (!list(table, path, few))
		return FALSE;
	for (guint i = 0; i < count; i++) {
		const char *name = table->request->known_names->pdata[i];
		if (first[i] == UNSEEN && table->how[i] == UNSEEN)
			note(table, i, name, strlen(name), g_strdup(""));
		else if (table->how[i] == UNSEEN)
			note(table, i, name, strlen(name), NULL);
	}
	*few = *few && g_hash_table_size(table->differs->files) <= SN_MAILDIR_KEEP;
	return TRUE;
}

/* What is known of those names, as the caller told it. */
static void pick_known(const Table *table)
{
	SnMaildirDiffers *differs = table->differs;
	const SnMailRequest *request = table->request;

	for (guint i = 0; i < request->known_names->len; i++) {
		if (!table->noted[i])
			continue;
		g_array_append_val(differs->uids, g_array_index(request->known, guint32, i));
		g_array_append_val(differs->flags, g_array_index(request->known_flags, guint, i));
		g_ptr_array_add(differs->names, request->known_names->pdata[i]);
	}
}

SnMaildirDiffers *sn_maildir_compare(const char *path, const SnMailRequest *request)
{
	g_autoptr(SnMaildirDiffers) differs = g_new0(SnMaildirDiffers, 1);
	Table table = { .request = request, .differs = differs };
	gboolean few = TRUE;

	g_assert(request->known && request->known_names && request->known_flags);
	g_assert(request->known->len == request->known_names->len);
	g_assert(request->known->len == request->known_flags->len);
	differs->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	differs->uids = sn_uids_new();
	differs->flags = g_array_new(FALSE, FALSE, sizeof(guint));
	differs->names = g_ptr_array_new();
	gboolean good = fill(&table) && list(&table, path, &few) && few &&
			(count_unseen(&table) == 0 || look_again(&table, path, &few)) && few;
	if (good)
		pick_known(&table);
	g_free(table.slots);
	g_free(table.how);
	g_free(table.noted);
	return good ? g_steal_pointer(&differs) : NULL;
}

void sn_maildir_differs_free(SnMaildirDiffers *differs)
{
	if (!differs)
		return;
	g_hash_table_unref(differs->files);
	g_array_unref(differs->uids);
	g_array_unref(differs->flags);
	g_ptr_array_unref(differs->names);
	g_free(differs);
}
