/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the composer that only an email knows: as whom it is written. */
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"

/* The user's identities in the order of accounts.conf; of const SnIdentity. */
static GPtrArray *identities(const SnApp *app)
{
	GPtrArray *all = g_ptr_array_new();

	for (gsize i = 0; i < sn_config_account_count(app->config); i++) {
		const SnAccount *account = sn_config_account(app->config, i);
		gboolean sends = account->enabled && account->outgoing.kind != SN_ENDPOINT_NONE;
		for (guint n = 0; sends && n < account->identities->len; n++)
			g_ptr_array_add(all, account->identities->pdata[n]);
	}
	return all;
}

static const SnIdentity *after(const GPtrArray *all, const char *address)
{
	for (guint i = 0; address && i < all->len; i++)
		if (g_ascii_strcasecmp(((SnIdentity *)all->pdata[i])->address, address) == 0)
			return all->pdata[(i + 1) % all->len];
	return all->pdata[0];
}

/* The one whose address or name holds the word; NULL with error. */
static const SnIdentity *named(const GPtrArray *all, const char *word, GError **error)
{
	g_autofree char *wanted = g_utf8_casefold(word, -1);
	const SnIdentity *found = NULL;
	gboolean several = FALSE;

	for (guint i = 0; i < all->len; i++) {
		const SnIdentity *one = all->pdata[i];
		g_autofree char *address = g_utf8_casefold(one->address, -1);
		g_autofree char *name = g_utf8_casefold(one->name ? one->name : "", -1);
		if (strcmp(address, wanted) == 0)
			return one;
		if (!strstr(address, wanted) && !strstr(name, wanted))
			continue;
		several = found != NULL;
		found = one;
	}
	if (!found || several)
		sn_command_fail(error, several ? "Several of your addresses fit '%s'."
		                               : "None of your addresses fits '%s'.", word);
	return several ? NULL : found;
}

static gboolean run_from(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) all = identities(app);
	const SnPlan *plan = sn_composer_plan(app->composer);
	const char *word = argc ? argv[0] : "next";
	const SnIdentity *identity = NULL;

	if (!plan)
		return sn_command_fail(error, "Open a conversation first, or write to somebody with m.");
	if (plan->channel != SN_CHANNEL_MAIL)
		return sn_command_fail(error, "An IM goes from your IM address.");
	if (strcmp(word, "default") == 0) {
		sn_composer_set_sender(app->composer, NULL);
		return TRUE;
	}
	if (strcmp(word, "next") == 0 && all->len < 2)
		return sn_command_fail(error, "You have one address only; aliases in accounts.conf adds more.");
	identity = strcmp(word, "next") == 0 ? after(all, plan->from) : named(all, word, error);
	if (identity)
		sn_composer_set_sender(app->composer, identity->address);
	return identity != NULL;
}

const SnCommand sn_commands_letter[] = {
	{ "from", "[ADDRESS|next|default]", "which of your addresses the email goes from",
	  SN_COMPLETE_IDENTITY, NULL, 0, -1, run_from },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
