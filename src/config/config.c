/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/config/config_private.h"

enum { MAX_FILE = 1024 * 1024 };

struct sn_config {
	gatomicrefcount refs;
	SnSettings *settings;
	GPtrArray *accounts; /* of SnAccount */
	char *keys;          /* NULL */
};

/* The whole file; NULL without error when there is none. */
static char *read_file(const char *path, gboolean is_private, GError **error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (file < 0 && errno == ENOENT)
		return NULL;
	if (file < 0 || fstat(file, &status) != 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG, "Cannot read %s: %s", path,
		            g_strerror(errno));
		goto fail;
	}
	if (!S_ISREG(status.st_mode) || status.st_size > MAX_FILE) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG, "%s is not a file of at most %d bytes", path,
		            MAX_FILE);
		goto fail;
	}
	if (is_private && (status.st_mode & 077)) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
		            "%s is open to other users (mode %04o) and tells how to get your passwords. "
		            "Type: chmod 600 %s", path, status.st_mode & 07777, path);
		goto fail;
	}
	gsize size = (gsize)status.st_size, done = 0;
	char *text = g_malloc0(size + 1);
	for (ssize_t got; done < size && (got = read(file, text + done, size - done)) != 0;) {
		if (got > 0) {
			done += (gsize)got;
		} else if (errno != EINTR) {
			g_set_error(error, SN_ERROR, SN_ERROR_CONFIG, "Cannot read %s: %s", path,
			            g_strerror(errno));
			g_free(text);
			goto fail;
		}
	}
	close(file);
	/* a NUL would hide the rest of the file */
	for (gsize i = 0; i < done; i++)
		if (!text[i])
			text[i] = '\1';
	text[done] = '\0';
	return text;
fail:
	if (file >= 0)
		close(file);
	return NULL;
}

static SnConfig *config_new(const char *accounts, const char *accounts_file, const char *settings,
                            const char *settings_file, const char *dir, GError **error)
{
	g_autoptr(SnProblems) problems = sn_problems_new();
	SnConfig *config = g_new0(SnConfig, 1);

	g_atomic_ref_count_init(&config->refs);
	config->accounts = sn_accounts_read(accounts, accounts_file, dir, problems);
	config->settings = sn_settings_read(settings, settings_file, problems);
	if (!sn_problems_check(problems, error))
		g_clear_pointer(&config, sn_config_unref);
	return config;
}

SnConfig *sn_config_load(const SnPaths *paths, GError **error)
{
	g_autofree char *accounts_file = g_build_filename(paths->config, "accounts.conf", NULL);
	g_autofree char *settings_file = g_build_filename(paths->config, "sennit.conf", NULL);
	GError *failed = NULL;
	SnConfig *config = NULL;

	char *accounts = read_file(accounts_file, TRUE, &failed);
	char *settings = failed ? NULL : read_file(settings_file, FALSE, &failed);
	if (failed)
		g_propagate_error(error, failed);
	else
		config = config_new(accounts, accounts_file, settings, settings_file, paths->config,
		                    error);
	if (config)
		config->keys = g_strdup(paths->keys);
	sn_secret_free(accounts);
	g_free(settings);
	return config;
}

SnConfig *sn_config_parse(const char *accounts, const char *settings, GError **error)
{
	return sn_config_parse_at(accounts, settings, NULL, error);
}

SnConfig *sn_config_parse_at(const char *accounts, const char *settings, const char *dir,
                             GError **error)
{
	return config_new(accounts, "accounts.conf", settings, "sennit.conf", dir, error);
}

SnConfig *sn_config_ref(SnConfig *config)
{
	g_atomic_ref_count_inc(&config->refs);
	return config;
}

void sn_config_unref(SnConfig *config)
{
	if (!config || !g_atomic_ref_count_dec(&config->refs))
		return;
	sn_settings_free(config->settings);
	g_ptr_array_unref(config->accounts);
	g_free(config->keys);
	g_free(config);
}

const char *sn_config_keys(const SnConfig *config)
{
	return config->keys;
}

const SnSettings *sn_config_settings(const SnConfig *config)
{
	return config->settings;
}

gsize sn_config_account_count(const SnConfig *config)
{
	return config->accounts->len;
}

const SnAccount *sn_config_account(const SnConfig *config, gsize index)
{
	g_assert(index < config->accounts->len);
	return config->accounts->pdata[index];
}

const SnAccount *sn_config_account_named(const SnConfig *config, const char *name)
{
	for (guint i = 0; i < config->accounts->len; i++) {
		const SnAccount *account = config->accounts->pdata[i];
		if (g_strcmp0(account->name, name) == 0)
			return account;
	}
	return NULL;
}
