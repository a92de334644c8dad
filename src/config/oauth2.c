/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/config/oauth2.h"

#include <string.h>

#include "src/config/config.h"
#include "src/config/secret_service.h"

enum { TIMEOUT = 60 * 1000 };

static const SnOauth2Provider providers[] = {
	/* its device flow is not for email */
	{ "google", NULL, "https://accounts.google.com/o/oauth2/v2/auth",
	  "https://oauth2.googleapis.com/token", "https://mail.google.com/",
	  "https://console.cloud.google.com/apis/credentials (type: desktop app)" },
	{ "microsoft", "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode",
	  "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
	  "https://login.microsoftonline.com/common/oauth2/v2.0/token",
	  "offline_access https://outlook.office.com/IMAP.AccessAsUser.All "
	  "https://outlook.office.com/SMTP.Send",
	  "https://entra.microsoft.com (app registrations; public client flows allowed)" },
};

const SnOauth2Provider *sn_oauth2_provider(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(providers); i++)
		if (g_strcmp0(providers[i].name, name) == 0)
			return &providers[i];
	return NULL;
}

void sn_oauth2_free(SnOauth2 *oauth2)
{
	if (!oauth2)
		return;
	g_free(oauth2->account);
	g_free(oauth2->user);
	g_free(oauth2->provider);
	g_free(oauth2->client_id);
	g_strfreev(oauth2->client_secret_command);
	g_free(oauth2->scope);
	g_strfreev(oauth2->refresh_command);
	g_strfreev(oauth2->store_command);
	g_free(oauth2->ca_file);
	g_free(oauth2);
}

SnOauth2 *sn_oauth2_copy(const SnOauth2 *oauth2)
{
	SnOauth2 *copy = oauth2 ? g_new0(SnOauth2, 1) : NULL;

	if (copy)
		*copy = (SnOauth2){
			.account = g_strdup(oauth2->account),
			.user = g_strdup(oauth2->user),
			.provider = g_strdup(oauth2->provider),
			.client_id = g_strdup(oauth2->client_id),
			.client_secret_command = g_strdupv(oauth2->client_secret_command),
			.scope = g_strdup(oauth2->scope),
			.refresh_command = g_strdupv(oauth2->refresh_command),
			.store_command = g_strdupv(oauth2->store_command),
			.ca_file = g_strdup(oauth2->ca_file),
		};
	return copy;
}

static gboolean same_command(char **one, char **two)
{
	if (!one || !two)
		return one == two;
	return g_strv_equal((const char *const *)one, (const char *const *)two);
}

gboolean sn_oauth2_equal(const SnOauth2 *one, const SnOauth2 *two)
{
	if (!one || !two)
		return one == two;
	return !g_strcmp0(one->account, two->account) && !g_strcmp0(one->user, two->user) &&
	       !g_strcmp0(one->provider, two->provider) &&
	       !g_strcmp0(one->client_id, two->client_id) && !g_strcmp0(one->scope, two->scope) &&
	       !g_strcmp0(one->ca_file, two->ca_file) &&
	       same_command(one->client_secret_command, two->client_secret_command) &&
	       same_command(one->refresh_command, two->refresh_command) &&
	       same_command(one->store_command, two->store_command);
}

/* ---- the refresh token ---- */

static SnSecretItem item_of(const SnOauth2 *oauth2)
{
	return (SnSecretItem){ oauth2->user ? oauth2->user : "", oauth2->provider, "oauth2" };
}

char *sn_oauth2_refresh_token(const SnOauth2 *oauth2, GError **error)
{
	g_autoptr(GError) failed = NULL;
	SnSecretItem item = item_of(oauth2);
	char *token = oauth2->refresh_command
			      ? sn_secret_command(oauth2->refresh_command, TIMEOUT, &failed)
			      : sn_secret_item_lookup(&item, &failed);

	if (token)
		return token;
	g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
	            "There is no OAuth2 login for %s yet: type 'sennit oauth login %s'%s%s%s.",
	            oauth2->user, oauth2->account, failed ? " (" : "", failed ? failed->message : "",
	            failed ? ")" : "");
	return NULL;
}

gboolean sn_oauth2_keep(const SnOauth2 *oauth2, const char *token, GError **error)
{
	g_autofree char *label = g_strdup_printf("sennit: OAuth2 login of %s", oauth2->user);
	g_autoptr(GError) failed = NULL;
	SnSecretItem item = item_of(oauth2);

	if (oauth2->store_command)
		return sn_secret_feed(oauth2->store_command, token, TIMEOUT, error);
	if (oauth2->refresh_command) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
		            "[%s] has an oauth2-refresh-command and no oauth2-store-command: nothing can "
		            "keep the new refresh token", oauth2->account);
		return FALSE;
	}
	if (sn_secret_item_store(&item, label, token, &failed))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
	            "Nothing can keep the login: %s. Without a secret service, set "
	            "oauth2-refresh-command and oauth2-store-command in [%s], such as 'pass show "
	            "mail/%s' and 'pass insert -e -f mail/%s'", failed->message, oauth2->account,
	            oauth2->account, oauth2->account);
	return FALSE;
}

gboolean sn_oauth2_forget(const SnOauth2 *oauth2, GError **error)
{
	SnSecretItem item = item_of(oauth2);

	if (!oauth2->refresh_command)
		return sn_secret_item_clear(&item, error);
	g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
	            "the refresh token of [%s] is kept by your own commands; remove it there",
	            oauth2->account);
	return FALSE;
}
