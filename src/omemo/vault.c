/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/omemo/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/omemo/crypto.h"

enum { KEY_SIZE = 32 };

struct sn_vault {
	GBytes *key;
};

static SnVault *vault_of(const guint8 *key)
{
	SnVault *vault = g_new0(SnVault, 1);

	vault->key = sn_crypto_secret(g_memdup2(key, KEY_SIZE), KEY_SIZE);
	return vault;
}

SnVault *sn_vault_new(void)
{
	guint8 key[KEY_SIZE];

	sn_crypto_random(key, sizeof key);
	SnVault *vault = vault_of(key);
	explicit_bzero(key, sizeof key);
	return vault;
}

void sn_vault_free(SnVault *vault)
{
	if (!vault)
		return;
	g_bytes_unref(vault->key);
	g_free(vault);
}

static gboolean fail(GError **error, SnErrorCode code, const char *path, const char *why)
{
	g_set_error(error, SN_ERROR, code, "The file of the encryption key, %s, %s.", path, why);
	return FALSE;
}

static gboolean write_all(int file, const guint8 *bytes, gsize length)
{
	while (length > 0) {
		ssize_t done = write(file, bytes, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return FALSE;
		bytes += done;
		length -= (gsize)done;
	}
	return TRUE;
}

static void sync_folder_of(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (file < 0)
		return;
	fsync(file);
	close(file);
}

/* Whole or not at all, and on the disk before anything is sealed with it. */
static gboolean make(const char *path, guint8 *key, GError **error)
{
	g_autofree char *draft = g_strconcat(path, ".new", NULL);
	int file;

	unlink(draft); /* of a start that was cut off */
	file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return fail(error, SN_ERROR_STORAGE, path, g_strerror(errno));
	sn_crypto_random(key, KEY_SIZE);
	gboolean done = write_all(file, key, KEY_SIZE) && fsync(file) == 0;
	done = close(file) == 0 && done && rename(draft, path) == 0;
	if (!done) {
		fail(error, SN_ERROR_STORAGE, path, g_strerror(errno));
		unlink(draft);
		return FALSE;
	}
	sync_folder_of(path);
	return TRUE;
}

static gboolean take(int file, const char *path, guint8 *key, GError **error)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return fail(error, SN_ERROR_STORAGE, path, g_strerror(errno));
	if (status.st_mode & 077 || status.st_uid != geteuid())
		return fail(error, SN_ERROR_PERMISSION, path, "may be read by others: chmod 600 it");
	if (!S_ISREG(status.st_mode) || status.st_size != KEY_SIZE || read(file, key, KEY_SIZE) != KEY_SIZE)
		return fail(error, SN_ERROR_INVALID, path, "is damaged");
	return TRUE;
}

SnVault *sn_vault_open(const char *path, gboolean *fresh, GError **error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	gboolean new = file < 0 && errno == ENOENT;
	guint8 key[KEY_SIZE];
	gboolean good;

	if (file < 0 && !new) {
		fail(error, SN_ERROR_STORAGE, path, g_strerror(errno));
		return NULL;
	}
	good = new ? make(path, key, error) : take(file, path, key, error);
	if (file >= 0)
		close(file);
	SnVault *vault = good ? vault_of(key) : NULL;
	explicit_bzero(key, sizeof key);
	if (fresh)
		*fresh = new;
	return vault;
}

GBytes *sn_vault_seal(const SnVault *vault, GBytes *secret, const char *place)
{
	guint8 iv[SN_GCM_IV];
	gsize size;

	sn_crypto_random(iv, sizeof iv);
	g_autoptr(GBytes) sealed = sn_gcm_seal(vault->key, iv, sizeof iv, secret, place);
	const guint8 *bytes = g_bytes_get_data(sealed, &size);
	GByteArray *all = g_byte_array_sized_new((guint)(sizeof iv + size));
	g_byte_array_append(all, iv, sizeof iv);
	g_byte_array_append(all, bytes, (guint)size);
	return g_byte_array_free_to_bytes(all);
}

GBytes *sn_vault_unseal(const SnVault *vault, GBytes *sealed, const char *place)
{
	gsize size;
	const guint8 *bytes = g_bytes_get_data(sealed, &size);

	if (size < SN_GCM_IV + SN_GCM_TAG)
		return NULL;
	g_autoptr(GBytes) rest = g_bytes_new_from_bytes(sealed, SN_GCM_IV, size - SN_GCM_IV);
	return sn_gcm_open(vault->key, bytes, SN_GCM_IV, rest, place);
}
