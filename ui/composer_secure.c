/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the email that is being written can be signed and encrypted. gpg is asked on the worker,
 * anew when sender, recipients or the wish change; there is one search at a time.
 */
#include "ui/composer.h"

/* Shared with the worker; whoever is last frees it. */
typedef struct sn_looking_out {
	gatomicrefcount refs;
	SnComposer *composer; /* UI thread only; NULL: nobody waits any more */
	const SnUiHost *host;
	char *key, *account, *from;
	GPtrArray *recipients;
	SnEncrypt encrypt;
	SnSign sign;
	SnOutlook *outlook;
} LookingOut;

static void looking_unref(gpointer data)
{
	LookingOut *looking = data;

	if (!g_atomic_ref_count_dec(&looking->refs))
		return;
	g_free(looking->key);
	g_free(looking->account);
	g_free(looking->from);
	g_ptr_array_unref(looking->recipients);
	sn_outlook_free(looking->outlook);
	g_free(looking);
}

void sn_composer_outlook_clear(SnComposer *composer)
{
	LookingOut *looking = g_steal_pointer(&composer->looking_out);

	if (looking) {
		looking->composer = NULL;
		looking_unref(looking);
	}
	g_clear_pointer(&composer->outlook, sn_outlook_free);
	g_clear_pointer(&composer->outlook_key, g_free);
}

static void looking_run(SnStore *store, gpointer data)
{
	LookingOut *looking = data;
	SnOutlookAsk ask = { looking->account, looking->from, looking->recipients, looking->encrypt,
		             looking->sign };

	looking->outlook = store ? looking->host->outlook(store, &ask, looking->host->data) : NULL;
}

static void looking_done(gpointer data)
{
	LookingOut *looking = data;
	SnComposer *composer = looking->composer;

	if (!composer)
		return;
	g_assert(composer->looking_out == looking);
	composer->looking_out = NULL;
	sn_outlook_free(composer->outlook);
	g_free(composer->outlook_key);
	composer->outlook = g_steal_pointer(&looking->outlook);
	composer->outlook_key = g_strdup(looking->key);
	looking_unref(looking);
	sn_app_dirty(composer->app);
}

/* All that the answer hangs on. */
static char *key_of(const SnPlan *plan, const GPtrArray *recipients, SnSign sign)
{
	GString *key = g_string_new(plan->from);

	g_string_append_printf(key, "\n%s\n%d %d", plan->account_name, plan->encrypt, sign);
	for (guint i = 0; i < recipients->len; i++) {
		const SnParty *party = g_ptr_array_index(recipients, i);
		g_string_append_printf(key, "\n%d %s", party->role, party->address);
	}
	return g_string_free(key, FALSE);
}

static void begin(SnComposer *composer, const SnPlan *plan, char *key, GPtrArray *recipients)
{
	LookingOut *looking = g_new0(LookingOut, 1);

	g_atomic_ref_count_init(&looking->refs);
	g_atomic_ref_count_inc(&looking->refs);
	looking->composer = composer;
	looking->host = &composer->app->setup->host;
	looking->key = key;
	looking->account = g_strdup(plan->account_name);
	looking->from = g_strdup(plan->from);
	looking->recipients = recipients;
	looking->encrypt = plan->encrypt;
	looking->sign = composer->draft->terms.sign;
	composer->looking_out = looking;
	sn_worker_run(composer->app->worker,
	              &(SnJob){ looking_run, looking_done, looking_unref, looking });
}

/* What is known of the email as it stands; NULL: nothing, or not yet. */
static const SnOutlook *look_out(SnComposer *composer, const SnPlan *plan)
{
	g_autoptr(GPtrArray) recipients = sn_composer_recipients(composer, NULL);
	g_autofree char *key = key_of(plan, recipients, composer->draft->terms.sign);

	if (g_strcmp0(key, composer->outlook_key) == 0)
		return composer->outlook;
	if (!composer->looking_out)
		begin(composer, plan, g_steal_pointer(&key), g_steal_pointer(&recipients));
	return NULL;
}

char *sn_composer_secure_text(SnComposer *composer, SnObject *object)
{
	const SnPlan *plan = sn_composer_plan(composer);
	const char *contexts[] = { "compose", NULL };

	if (!plan || !composer->draft || plan->channel != SN_CHANNEL_MAIL || !plan->from ||
	    !plan->account_name || plan->recipients->len == 0 || !composer->app->setup->host.outlook)
		return NULL;
	const SnOutlook *outlook = look_out(composer, plan);
	*object = SN_OBJ_FAINT;
	if (!outlook)
		return plan->encrypt || plan->sign ? g_strdup("Looking for keys ...") : NULL;
	if (outlook->words) {
		gboolean wanted = plan->encrypt != SN_ENCRYPT_NONE;
		*object = outlook->waits                    ? SN_OBJ_WARNING
		          : wanted && !outlook->encrypted ? SN_OBJ_WARNING
		          : outlook->encrypted             ? SN_OBJ_SUCCESS
		                                           : SN_OBJ_FAINT;
		return g_strdup(outlook->words);
	}
	if (!outlook->possible)
		return NULL;
	g_autofree char *keys = sn_binds_keys_of(composer->app->binds, contexts, "encrypt next");
	return g_strdup_printf("Goes in the clear. There are keys to encrypt it: %s.",
	                       keys ? keys : ":encrypt required");
}
