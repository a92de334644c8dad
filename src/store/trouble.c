/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trouble.c - what keeps the engine from writing, told beside the database: by a letter in the bell. */
#include <string.h>
#include <sys/statvfs.h>

#include "src/store/statement.h"

/* Bytes: the log until its next checkpoint. What a failed transaction leaves is enough for a small one, and
 * not for the next. */
#define ROOM (4 << 20)
#define SHARED (32 << 10) /* the index of the log, of which SQLite does not say that there is no room */

static const char letters[] = " fdrx"; /* by SnTrouble */

SnTrouble sn_store_trouble(SnStore *store)
{
	char letter = store->bell ? sn_bell_left(store->bell) : ' ';
	const char *found = letter ? strchr(letters, letter) : NULL;

	return found ? (SnTrouble)(found - letters) : SN_TROUBLE_NONE;
}

const char *sn_trouble_word(SnTrouble trouble)
{
	static const char *const words[] = { NULL, "disk full", "disk fails", "disk read-only", "store damaged" };

	g_assert(trouble < G_N_ELEMENTS(words));
	return words[trouble];
}

const char *sn_trouble_text(SnTrouble trouble)
{
	static const char *const texts[] = {
		NULL,
		"The disk is full: what comes in stays on the server until there is room.",
		"The disk reports errors: what comes in stays on the server until it can be written.",
		"The store cannot be written to: what comes in stays on the server. See: sennit doctor",
		"The store is damaged: run \"sennit doctor\", which says what can be done.",
	};

	g_assert(trouble < G_N_ELEMENTS(texts));
	return texts[trouble];
}

void sn_trouble_tell(SnStore *store, SnTrouble trouble)
{
	if (store->role != SN_STORE_ENGINE || !store->bell || trouble == SN_TROUBLE_NONE ||
	    store->trouble == trouble || store->trouble == SN_TROUBLE_DAMAGED)
		return;
	store->trouble = trouble;
	sn_bell_leave(store->bell, letters[trouble]);
}

static gboolean has_room(const char *path, guint64 room)
{
	struct statvfs disk;

	return statvfs(path, &disk) != 0 || (guint64)disk.f_bavail * disk.f_frsize >= room;
}

gboolean sn_trouble_is_full(SnStore *store, int code)
{
	return (code & 0xff) == SQLITE_IOERR && !has_room(store->path, SHARED);
}

void sn_trouble_over(SnStore *store)
{
	if (store->trouble == SN_TROUBLE_NONE || store->trouble == SN_TROUBLE_DAMAGED ||
	    (store->trouble == SN_TROUBLE_FULL && !has_room(store->path, ROOM)))
		return;
	store->trouble = SN_TROUBLE_NONE;
	sn_bell_leave(store->bell, letters[SN_TROUBLE_NONE]);
}
