/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about signed and encrypted messages. */
#include "src/store/peer.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/secure.h"

static gboolean run_unlock(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);

	return id && sn_secure_unlock(app, id, error);
}

/* ---- the key that goes along with email ---- */

typedef struct {
	SnApp *app;
	const SnUiHost *host;
	char *address;
	SnKeyChosen chosen;
	GError *error;
} Setup;

static void setup_free(gpointer data)
{
	Setup *setup = data;

	g_free(setup->address);
	sn_key_chosen_clear(&setup->chosen);
	g_clear_error(&setup->error);
	g_free(setup);
}

static void setup_run(SnStore *store, gpointer data)
{
	Setup *setup = data;
	SnKeyAsk ask = { .address = setup->address };

	setup->host->choose_key(&ask, &setup->chosen, setup->host->data, &setup->error);
}

static void setup_done(gpointer data)
{
	Setup *setup = data;
	SnApp *app = setup->app;
	g_autofree char *before = sn_own_key(app->store, setup->address);

	/* another client was quicker: what is chosen stays */
	if (!setup->error && before)
		g_set_error(&setup->error, SN_ERROR, SN_ERROR_EXISTS, "The key of %s is %s already.",
		            setup->address, before);
	if (!setup->error)
		sn_own_key_set(app->store, setup->address, setup->chosen.fingerprint, &setup->error);
	if (setup->error)
		sn_app_error(app, g_steal_pointer(&setup->error));
	else
		sn_app_say(app, SN_OBJ_SUCCESS, "%s %s goes along with email from %s.",
		           setup->chosen.made ? "The new key" : "Your key", setup->chosen.fingerprint,
		           setup->address);
	sn_composer_forget_plan(app->composer);
}

/* The one named, that of the email being written, or the only one. */
static const char *own_address(SnApp *app, const char *named, GError **error)
{
	const SnPlan *plan = named ? NULL : sn_composer_plan(app->composer);
	const SnIdentity *identity = NULL;
	guint count = 0;

	if (named || (plan && plan->channel == SN_CHANNEL_MAIL && plan->from)) {
		identity = sn_config_identity(app->config, named ? named : plan->from, NULL);
		if (!identity)
			sn_command_fail(error, "%s is no address of an account of yours.",
			                named ? named : plan->from);
		return identity ? identity->address : NULL;
	}
	for (gsize i = 0; i < sn_config_account_count(app->config); i++) {
		const SnAccount *account = sn_config_account(app->config, i);
		if (account->identities->len && ++count == 1)
			identity = account->identities->pdata[0];
	}
	if (count == 1)
		return identity->address;
	sn_command_fail(error, count ? "Several accounts write email: name the address."
	                             : "No account writes email.");
	return NULL;
}

static gboolean run_autocrypt(SnApp *app, int argc, char **argv, GError **error)
{
	const char *address = own_address(app, argc ? argv[0] : NULL, error);
	g_autofree char *before = address ? sn_own_key(app->store, address) : NULL;

	if (!address)
		return FALSE;
	if (!app->settings->crypto_autocrypt)
		return sn_command_fail(error, "autocrypt is off in [crypto] of sennit.conf.");
	if (before)
		return sn_command_fail(error, "The key of %s is %s already.", address, before);
	if (!app->setup->host.choose_key)
		return sn_command_fail(error, "gpg cannot be asked here.");
	Setup *setup = g_new0(Setup, 1);
	*setup = (Setup){ .app = app, .host = &app->setup->host, .address = g_strdup(address) };
	sn_worker_run(app->worker, &(SnJob){ setup_run, setup_done, setup_free, setup });
	sn_app_say(app, SN_OBJ_FAINT, "Looking for a key ...");
	return TRUE;
}

const SnCommand sn_commands_secure[] = {
	{ "autocrypt", "[ADDRESS]", "choose the key that goes along with your email", SN_COMPLETE_IDENTITY, NULL, 0, 1, run_autocrypt },
	{ "unlock", "", "open an encrypted message; gpg asks for the passphrase", 0, NULL, 0, 0, run_unlock },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
