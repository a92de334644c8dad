/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raw_file.c - bytes of an email that stay in its Maildir. The names a file mostly has are tried
 * first, since a folder of a hundred thousand takes long to list.
 */
#include "src/store/raw_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LETTERS "DFPRST" /* the flags of a Maildir, in the order they are written */

typedef struct {
	int folder; /* descriptor */
	const char *base;
	gint64 size;
	const char *sha256;
} Wanted;

static GBytes *read_exactly(int fd, gsize size)
{
	char *bytes = g_try_malloc(size + 1);
	gsize got = 0;

	while (bytes && got < size) {
		ssize_t now = read(fd, bytes + got, size - got);
		if (now < 0 && errno == EINTR)
			continue;
		if (now <= 0)
			break;
		got += (gsize)now;
	}
	if (!bytes || got < size) {
		g_free(bytes);
		return NULL;
	}
	return g_bytes_new_take(bytes, size);
}

/* The file under that name, if it is the one. */
static GBytes *try_name(const Wanted *wanted, const char *sub, const char *name)
{
	g_autofree char *path = g_strconcat(sub, "/", name, NULL);
	int fd = openat(wanted->folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;
	GBytes *bytes = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == wanted->size)
		bytes = read_exactly(fd, (gsize)info.st_size);
	close(fd);
	if (!bytes)
		return NULL;
	g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	if (strcmp(sum, wanted->sha256) != 0)
		g_clear_pointer(&bytes, g_bytes_unref);
	return bytes;
}

static GBytes *try_flags(const Wanted *wanted)
{
	GBytes *bytes = NULL;

	for (guint set = 0; set < 1u << strlen(LETTERS) && !bytes; set++) {
		g_autoptr(GString) name = g_string_new(wanted->base);
		g_string_append(name, ":2,");
		for (guint i = 0; i < strlen(LETTERS); i++)
			if (set & 1u << i)
				g_string_append_c(name, LETTERS[i]);
		bytes = try_name(wanted, "cur", name->str);
	}
	if (!bytes)
		bytes = try_name(wanted, "new", wanted->base);
	if (!bytes)
		bytes = try_name(wanted, "cur", wanted->base);
	return bytes;
}

/* mbsync adds ",U=5" to the name of a file that it has numbered; others add their own. */
static gsize stem_length(const char *name)
{
	return strcspn(name, ",:");
}

static GBytes *search(const Wanted *wanted, const char *sub)
{
	gsize stem = stem_length(wanted->base);
	int fd = openat(wanted->folder, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	GBytes *bytes = NULL;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	for (struct dirent *item; !bytes && (item = readdir(directory));)
		if (strncmp(item->d_name, wanted->base, stem) == 0 &&
		    stem_length(item->d_name) == stem)
			bytes = try_name(wanted, sub, item->d_name);
	closedir(directory);
	return bytes;
}

GBytes *sn_raw_file_read(const char *directory, const char *base, gint64 size, const char *sha256)
{
	g_assert(directory && base && sha256);
	if (!*base || strchr(base, '/') || size < 0)
		return NULL;
	Wanted wanted = { .folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		          .base = base,
		          .size = size,
		          .sha256 = sha256 };
	if (wanted.folder < 0)
		return NULL;
	GBytes *bytes = try_flags(&wanted);
	if (!bytes)
		bytes = search(&wanted, "cur");
	if (!bytes)
		bytes = search(&wanted, "new");
	close(wanted.folder);
	return bytes;
}
