/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal.c - how an email goes: in the clear, signed, encrypted; with which keys. Chosen anew for each
 * try, since keys come and go while an entry waits. The sealing itself runs on a thread of its own.
 */
#include <gio/gio.h>
#include <string.h>

#include "src/engine/crypto.h"
#include "src/engine/delivery_private.h"
#include "src/mime/seal.h"

void sn_seal_plan_free(SnSealPlan *plan)
{
	if (!plan)
		return;
	g_free(plan->signer);
	g_clear_pointer(&plan->recipients, g_ptr_array_unref);
	g_clear_pointer(&plan->hidden, g_ptr_array_unref);
	g_free(plan->home);
	g_free(plan->own_home);
	g_free(plan->words);
	g_free(plan);
}

static gboolean gets_it(const SnParty *party)
{
	return party->role == SN_ROLE_TO || party->role == SN_ROLE_CC || party->role == SN_ROLE_BCC;
}

static void add_words(GString *words, const SnKey *key, const char *address)
{
	const SnKeyName *name = sn_key_named(key, address);
	gsize length = strlen(key->fingerprint);

	g_string_append_printf(words, "%s%s (%s%s)", words->len ? ", " : "", address,
	                       key->fingerprint + (length > 16 ? length - 16 : 0),
	                       name && name->trust >= SN_KEY_TRUST_MARGINAL ? ""
	                                                                    : ", nobody vouches for it");
}

/* Keys for everybody who gets it, and for the sender's copy. FALSE: *missing is without one. */
static gboolean find_keys(SnSealPlan *plan, const SnGpg *gpg, const SnOutboxEntry *entry,
                          const char **missing)
{
	g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) blind = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) words = g_string_new(NULL);
	g_autoptr(SnKey) own = sn_seal_key(gpg, plan->smime, FALSE, entry->from);

	*missing = entry->from;
	if (!own)
		return FALSE;
	g_ptr_array_add(seen, g_strdup(own->fingerprint));
	for (guint i = 0; i < entry->recipients->len; i++) {
		const SnParty *party = g_ptr_array_index(entry->recipients, i);
		if (!gets_it(party))
			continue;
		g_autoptr(SnKey) key = sn_seal_key(gpg, plan->smime, FALSE, party->address);
		*missing = party->address;
		if (!key)
			return FALSE;
		g_ptr_array_add(party->role == SN_ROLE_BCC ? blind : seen, g_strdup(key->fingerprint));
		add_words(words, key, party->address);
	}
	/* what shows who gets a blind copy is no way to send one */
	if (plan->smime && blind->len)
		return FALSE;
	plan->recipients = g_steal_pointer(&seen);
	plan->hidden = g_steal_pointer(&blind);
	plan->words = g_strdup_printf("encrypted for %s", words->str);
	return TRUE;
}

/* The key to sign with; both ways may have one. */
static void find_signer(SnSealPlan *plan, const SnGpg *gpg, const SnAccount *account,
                        const SnOutboxEntry *entry)
{
	g_autoptr(SnKey) key = NULL;

	if (account->key && !plan->smime) {
		g_autoptr(GPtrArray) keys = sn_gpg_keys(gpg, FALSE, TRUE, account->key);
		if (keys->len && ((SnKey *)keys->pdata[0])->can_sign)
			key = g_ptr_array_steal_index(keys, 0);
	} else {
		key = sn_seal_key(gpg, plan->smime, TRUE, entry->from);
	}
	plan->signer = key ? g_strdup(key->fingerprint) : NULL;
}

static SnSealPlan *plan_new(const SnGpg *gpg, gboolean smime)
{
	SnSealPlan *plan = g_new0(SnSealPlan, 1);

	plan->smime = smime;
	plan->home = g_strdup(gpg->home);
	plan->own_home = g_strdup(gpg->own_home);
	return plan;
}

static gboolean plan_encryption(const SnGpg *gpg, const SnAccount *account,
                                const SnOutboxEntry *entry, SnSealPlan **plan, char **why)
{
	const char *missing = NULL, *first = NULL;

	for (int smime = 0; smime < 2; smime++) {
		g_autoptr(SnSealPlan) one = plan_new(gpg, smime);
		if (find_keys(one, gpg, entry, &missing)) {
			find_signer(one, gpg, account, entry);
			*plan = g_steal_pointer(&one);
			return TRUE;
		}
		first = first ? first : missing;
	}
	if (why)
		*why = g_strdup_printf("no key for %s is here", first);
	return FALSE;
}

gboolean sn_seal_choose(SnDelivery *self, const SnOutboxEntry *entry, const SnAccount *account,
                        SnSealPlan **plan, GError **error)
{
	SnGpg gpg = sn_engine_gpg(self->engine->config);
	g_autofree char *why = NULL;

	*plan = NULL;
	if (entry->encrypt != SN_ENCRYPT_NONE && plan_encryption(&gpg, account, entry, plan, &why))
		return TRUE;
	if (entry->encrypt == SN_ENCRYPT_REQUIRED) {
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "It has to go encrypted, and %s", why);
		return FALSE;
	}
	if (!account->sign)
		return TRUE;
	for (int smime = 0; smime < 2; smime++) {
		g_autoptr(SnSealPlan) one = plan_new(&gpg, smime);
		find_signer(one, &gpg, account, entry);
		if (!one->signer)
			continue;
		*plan = g_steal_pointer(&one);
		return TRUE;
	}
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
	            "It is to be signed, and no key to sign with for %s is here", entry->from);
	return FALSE;
}

char *sn_seal_missing(SnDelivery *self, const SnOutboxEntry *entry)
{
	const SnEngineAccount *account = sn_engine_account_by_id(self->engine, entry->account);
	SnGpg gpg = sn_engine_gpg(self->engine->config);
	g_autoptr(SnSealPlan) plan = NULL;
	char *why = NULL;

	if (!account)
		return NULL;
	plan_encryption(&gpg, account->config, entry, &plan, &why);
	return why;
}

/* ---- on a thread ---- */

typedef struct {
	SnSealPlan *plan;
	GBytes *raw;
	SnSealed done;
	gpointer data;
} Work;

static void work_free(gpointer data)
{
	Work *work = data;

	sn_seal_plan_free(work->plan);
	g_bytes_unref(work->raw);
	g_free(work);
}

static void work_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Work *work = data;
	const SnSealPlan *plan = work->plan;
	SnGpg gpg = { .home = plan->home, .own_home = plan->own_home };
	SnSeal seal = { .gpg = &gpg, .smime = plan->smime, .signer = plan->signer,
		        .recipients = plan->recipients, .hidden = plan->hidden,
		        .hide_subject = plan->hide_subject };
	GError *error = NULL;
	GBytes *sealed = sn_mail_seal(work->raw, &seal, &error);

	if (sealed)
		g_task_return_pointer(task, sealed, (GDestroyNotify)g_bytes_unref);
	else
		g_task_return_error(task, error);
}

static void work_done(GObject *source, GAsyncResult *result, gpointer data)
{
	GTask *task = G_TASK(result);
	Work *work = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) sealed = g_task_propagate_pointer(task, &error);

	g_assert(sealed || error);
	work->done(sealed, work->plan, error, work->data);
}

void sn_seal_run(SnSealPlan *plan, GBytes *raw, SnSealed done, gpointer data)
{
	GTask *task = g_task_new(NULL, NULL, work_done, NULL);
	Work *work = g_new0(Work, 1);

	g_assert(plan->signer || (plan->recipients && plan->recipients->len));
	*work = (Work){ plan, g_bytes_ref(raw), done, data };
	g_task_set_task_data(task, work, work_free);
	g_task_run_in_thread(task, work_run);
	g_object_unref(task);
}
