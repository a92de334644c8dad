/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that sennit keeps by itself: those that came by email, and those it made. The user's keyring
 * is never written to. */
#include <string.h>

#include "src/mime/gpg.h"

/* What gpg's filters take without having a meaning of its own there. */
static gboolean is_plain(const char *address)
{
	return strspn(address, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.@+_-") ==
	       strlen(address);
}

static gboolean import(const SnGpg *gpg, GBytes *key, const char *filter, const char *fingerprint,
                       GError **error)
{
	const char *args[8] = { "--import-options", "import-minimal" };
	int count = 2;

	if (filter) {
		args[count++] = "--import-filter";
		args[count++] = filter;
	}
	args[count++] = "--import";
	SnGpgCall call = { .home = gpg->own_home, .args = args, .input = key };
	g_autoptr(SnGpgRun) run = sn_gpg_run(&call, error);
	if (!run)
		return FALSE;
	for (guint i = 0; i < run->status->len; i++) {
		char **line = g_ptr_array_index(run->status, i);
		if (g_strcmp0(line[0], "IMPORT_OK") == 0 && g_strv_length(line) > 2 &&
		    g_ascii_strcasecmp(line[2], fingerprint) == 0)
			return TRUE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "gpg does not take the key %s.", fingerprint);
	return FALSE;
}

gboolean sn_gpg_take_key(const SnGpg *gpg, GBytes *key, const char *address, const char *fingerprint,
                         GError **error)
{
	g_assert(gpg->own_home && fingerprint);
	if (!sn_gpg_make_home(gpg->own_home, error))
		return FALSE;
	g_autofree char *filter = is_plain(address) ? g_strdup_printf("keep-uid=mbox = %s", address) : NULL;
	/* a key may have no name of that address, as its owner likes: then it has those it came with */
	return (filter && import(gpg, key, filter, fingerprint, NULL)) ||
	       import(gpg, key, NULL, fingerprint, error);
}

char *sn_gpg_make_key(const SnGpg *gpg, const char *name, const char *address, GError **error)
{
	g_autofree char *plain = g_strdup(name ? name : "");
	g_strstrip(g_strdelimit(plain, "<>()\"\r\n", ' '));
	g_autofree char *owner = *plain ? g_strdup_printf("%s <%s>", plain, address)
	                                : g_strdup_printf("<%s>", address);
	const char *make[] = { "--passphrase", "", "--quick-gen-key", "--", owner, "ed25519",
		               "sign,cert", "never", NULL };
	SnGpgCall call = { .home = gpg->own_home, .args = make, .may_ask = FALSE };

	g_assert(gpg->own_home && strchr(address, '@'));
	if (!sn_gpg_make_home(gpg->own_home, error))
		return NULL;
	g_autoptr(SnGpgRun) run = sn_gpg_run(&call, error);
	char **line = run ? sn_gpg_status(run, "KEY_CREATED") : NULL;
	if (line && g_strv_length(line) > 2) {
		const char *add[] = { "--passphrase", "", "--quick-add-key", "--", line[2], "cv25519", "encr",
			              "never", NULL };
		call.args = add;
		g_autoptr(SnGpgRun) more = sn_gpg_run(&call, error);
		if (more && more->ok)
			return g_ascii_strup(line[2], -1);
	}
	if (error && !*error)
		g_set_error_literal(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "gpg could not make a key.");
	return NULL;
}

GBytes *sn_gpg_minimal_key(const SnGpg *gpg, const char *fingerprint, const char *address,
                           GError **error)
{
	g_autoptr(GPtrArray) keys = sn_gpg_keys(gpg, FALSE, FALSE, fingerprint);
	const SnKey *key = keys->len == 1 ? keys->pdata[0] : NULL;

	if (!key || key->revoked || key->expired || key->disabled || !key->can_encrypt) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "The key %s is not here, or nothing can be encrypted for it.", fingerprint);
		return NULL;
	}
	g_autofree char *names = sn_key_named(key, address) && is_plain(address)
	                                 ? g_strdup_printf("keep-uid=mbox = %s", address)
	                                 : g_strdup("keep-uid=primary -t");
	g_autofree char *subkeys = g_strdup_printf(
		"drop-subkey=usage !~ e || expired -t || revoked -t || key_created -lt %" G_GINT64_FORMAT,
		key->encrypts_since / SN_SECOND);
	const char *args[] = { "--export-options", "export-minimal", "--export-filter", names,
		               "--export-filter", subkeys, "--export", "--", fingerprint, NULL };
	SnGpgCall call = { .home = key->own_ring ? gpg->own_home : gpg->home, .args = args };
	g_autoptr(SnGpgRun) run = sn_gpg_run(&call, error);
	if (run && g_bytes_get_size(run->output) > 0)
		return g_bytes_ref(run->output);
	if (run)
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "The key %s cannot be exported.",
		            fingerprint);
	return NULL;
}
