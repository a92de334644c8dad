/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/sealing.h"

#include <string.h>

#include "src/engine/crypto.h"
#include "src/mime/autocrypt.h"
#include "src/mime/seal.h"

enum { SHOWN = 3 }; /* recipients that are named in a line */

/* ---- what is wished ---- */

static void to_free(gpointer data)
{
	SnSealTo *to = data;

	g_free(to->address);
	sn_peer_free(to->peer);
	g_free(to);
}

void sn_seal_wish_free(SnSealWish *wish)
{
	if (!wish)
		return;
	g_free(wish->home);
	g_free(wish->own_home);
	g_free(wish->from);
	g_free(wish->key);
	g_free(wish->own_key);
	g_ptr_array_unref(wish->to);
	g_free(wish);
}

void sn_seal_plan_free(SnSealPlan *plan)
{
	if (!plan)
		return;
	g_free(plan->signer);
	g_clear_pointer(&plan->recipients, g_ptr_array_unref);
	g_clear_pointer(&plan->hidden, g_ptr_array_unref);
	if (plan->gossip)
		g_string_free(plan->gossip, TRUE);
	g_free(plan->words);
	g_free(plan->brief);
	g_free(plan);
}

static gboolean gets_it(const SnParty *party)
{
	return party->role == SN_ROLE_TO || party->role == SN_ROLE_CC || party->role == SN_ROLE_BCC;
}

static void add_to(SnSealWish *wish, SnStore *store, const SnParty *party)
{
	SnSealTo *to = g_new0(SnSealTo, 1);

	to->address = g_strdup(party->address);
	to->blind = party->role == SN_ROLE_BCC;
	g_autofree char *normal = sn_address_normalise(SN_CHANNEL_MAIL, party->address);
	to->peer = wish->autocrypt && normal ? sn_peer_get(store, normal) : NULL;
	g_ptr_array_add(wish->to, to);
}

SnSealWish *sn_seal_wish_new(SnStore *store, const SnConfig *config, const SnSealAsk *ask)
{
	const SnSettings *settings = sn_config_settings(config);
	SnGpg gpg = sn_engine_gpg(config);
	SnSealWish *wish = g_new0(SnSealWish, 1);

	g_assert(ask->account && ask->from && ask->recipients);
	wish->home = g_strdup(gpg.home);
	wish->own_home = g_strdup(gpg.own_home);
	wish->from = g_strdup(ask->from);
	wish->key = g_strdup(ask->account->key);
	wish->autocrypt = settings->crypto_autocrypt;
	/* a key that was chosen once can be read with, also by who wants no more of Autocrypt */
	wish->own_key = sn_own_key(store, ask->from);
	wish->mutual = settings->crypto_prefer_encrypt;
	wish->hide_subject = settings->crypto_hide_subject;
	wish->encrypt = ask->encrypt == SN_ENCRYPT_CLEAR ? SN_ENCRYPT_NONE : ask->encrypt;
	wish->sign = ask->sign == SN_SIGN_YES || (ask->sign == SN_SIGN_DEFAULT && ask->account->sign);
	wish->never_sign = ask->sign == SN_SIGN_NO;
	wish->to = g_ptr_array_new_with_free_func(to_free);
	for (guint i = 0; i < ask->recipients->len; i++)
		if (gets_it(ask->recipients->pdata[i]))
			add_to(wish, store, ask->recipients->pdata[i]);
	return wish;
}

static gboolean sends_key(const SnSealWish *wish)
{
	return wish->autocrypt && wish->own_key;
}

gboolean sn_seal_wish_is_plain(const SnSealWish *wish)
{
	return wish->encrypt == SN_ENCRYPT_NONE && !wish->sign && !sends_key(wish);
}

static SnGpg gpg_of(const SnSealWish *wish)
{
	return (SnGpg){ .home = wish->home, .own_home = wish->own_home };
}

/* ---- keys ---- */

static gboolean works(const SnKey *key)
{
	return !key->revoked && !key->expired && !key->disabled && key->can_encrypt;
}

/* A key that came by email, if gpg can do something with it. */
static SnKey *by_mail(const SnGpg *gpg, const char *address, GBytes *bytes, const char *fingerprint)
{
	if (!bytes || !gpg->own_home)
		return NULL;
	/* also when it is here: it may have been renewed */
	if (!sn_gpg_take_key(gpg, bytes, address, fingerprint, NULL))
		return NULL;
	g_autoptr(GPtrArray) keys = sn_gpg_keys(gpg, FALSE, FALSE, fingerprint);
	return keys->len == 1 && works(keys->pdata[0]) ? g_ptr_array_steal_index(keys, 0) : NULL;
}

static gboolean is_vouched_for(const SnKey *key, const char *address)
{
	const SnKeyName *name = sn_key_named(key, address);

	return name && name->trust >= SN_KEY_TRUST_MARGINAL;
}

/* What somebody vouches for comes first, then what the owner sent last, then what lies about here,
 * then what others say. */
static SnKey *key_for(const SnSealWish *wish, gboolean smime, const SnSealTo *to)
{
	SnGpg gpg = gpg_of(wish);
	g_autoptr(SnKey) own = sn_seal_key(&gpg, smime, FALSE, to->address);
	const SnPeer *peer = smime ? NULL : to->peer;
	SnKey *sent = NULL;

	if (!peer || (own && is_vouched_for(own, to->address)))
		return g_steal_pointer(&own);
	sent = by_mail(&gpg, to->address, peer->key, peer->fingerprint);
	if (!sent && !own)
		sent = by_mail(&gpg, to->address, peer->gossip_key, peer->gossip_fingerprint);
	return sent ? sent : g_steal_pointer(&own);
}

/* The user's own, to encrypt the copy for, or to sign with. */
static SnKey *own_key(const SnSealWish *wish, gboolean smime, gboolean secret)
{
	SnGpg gpg = gpg_of(wish);
	const char *named = wish->key && secret ? wish->key : wish->own_key;

	if (named && !smime) {
		g_autoptr(GPtrArray) keys = sn_gpg_keys(&gpg, FALSE, secret, named);
		const SnKey *key = keys->len ? keys->pdata[0] : NULL;
		if (key && (secret ? key->can_sign && key->secret : works(key)))
			return g_ptr_array_steal_index(keys, 0);
		if (secret && wish->key)
			return NULL; /* the user said which */
	}
	return sn_seal_key(&gpg, smime, secret, wish->from);
}

static void add_words(GString *words, const SnKey *key, const char *address)
{
	gsize length = strlen(key->fingerprint);

	g_string_append_printf(words, "%s%s (%s%s)", words->len ? ", " : "", address,
	                       key->fingerprint + (length > 16 ? length - 16 : 0),
	                       is_vouched_for(key, address) ? ""
	                       : key->own_ring ? ", came by email, not verified by you"
	                                       : ", nobody vouches for it");
}

static void add_brief(GString *brief, const SnKey *key, const char *address, guint at)
{
	if (at < SHOWN)
		g_string_append_printf(brief, "%s%s%s", at ? ", " : "", address,
		                       is_vouched_for(key, address) ? "" : " (key not verified by you)");
}

/* Section 3: the recipients can answer each other encrypted. Not those who are not to be seen. */
static void add_gossip(SnSealPlan *plan, const SnGpg *gpg, const SnSealTo *to, const SnKey *key)
{
	g_autoptr(GBytes) minimal = sn_gpg_minimal_key(gpg, key->fingerprint, to->address, NULL);
	g_autofree char *field =
		minimal ? sn_autocrypt_format("Autocrypt-Gossip", to->address, FALSE, minimal) : NULL;

	if (field)
		g_string_append(plan->gossip, field);
}

static gboolean tells_keys(const SnSealWish *wish, gboolean smime)
{
	guint seen = 0;

	for (guint i = 0; i < wish->to->len; i++)
		seen += !((SnSealTo *)wish->to->pdata[i])->blind;
	return !smime && sends_key(wish) && seen > 1;
}

/* Keys for everybody who gets it, and for the sender's copy. missing: who is without one. */
static gboolean find_keys(SnSealPlan *plan, const SnSealWish *wish, GPtrArray *missing)
{
	SnGpg gpg = gpg_of(wish);
	g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) blind = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) words = g_string_new(NULL), brief = g_string_new("encrypted for ");
	g_autoptr(SnKey) own = own_key(wish, plan->smime, FALSE);

	if (!own) {
		g_ptr_array_add(missing, wish->from);
		return FALSE;
	}
	plan->gossip = tells_keys(wish, plan->smime) ? g_string_new(NULL) : NULL;
	g_ptr_array_add(seen, g_strdup(own->fingerprint));
	for (guint i = 0; i < wish->to->len; i++) {
		const SnSealTo *to = g_ptr_array_index(wish->to, i);
		g_autoptr(SnKey) key = key_for(wish, plan->smime, to);
		if (!key) {
			g_ptr_array_add(missing, to->address);
			continue;
		}
		g_ptr_array_add(to->blind ? blind : seen, g_strdup(key->fingerprint));
		add_words(words, key, to->address);
		add_brief(brief, key, to->address, i);
		if (plan->gossip && !to->blind)
			add_gossip(plan, &gpg, to, key);
	}
	/* what shows who gets a blind copy is no way to send one */
	if (missing->len || (plan->smime && blind->len))
		return FALSE;
	plan->recipients = g_steal_pointer(&seen);
	plan->hidden = g_steal_pointer(&blind);
	plan->words = g_strdup_printf("encrypted for %s", words->str);
	if (wish->to->len > SHOWN)
		g_string_append_printf(brief, " and %u more", wish->to->len - SHOWN);
	plan->brief = g_string_free(g_steal_pointer(&brief), FALSE);
	return TRUE;
}

static void find_signer(SnSealPlan *plan, const SnSealWish *wish)
{
	g_autoptr(SnKey) key = own_key(wish, plan->smime, TRUE);

	plan->signer = key ? g_strdup(key->fingerprint) : NULL;
	plan->own_signer = key && key->own_ring;
}

/* OpenPGP, then S/MIME. missing: who has no key of the first kind. */
static SnSealPlan *plan_encryption(const SnSealWish *wish, GPtrArray *missing)
{
	for (int smime = 0; smime < 2; smime++) {
		g_autoptr(SnSealPlan) one = g_new0(SnSealPlan, 1);
		g_autoptr(GPtrArray) without = g_ptr_array_new();
		one->smime = smime;
		if (find_keys(one, wish, smime ? without : missing)) {
			if (!wish->never_sign)
				find_signer(one, wish);
			return g_steal_pointer(&one);
		}
	}
	return NULL;
}

static char *names_of(const GPtrArray *addresses)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < MIN(addresses->len, SHOWN); i++)
		g_string_append_printf(out, "%s%s", i ? ", " : "", (char *)addresses->pdata[i]);
	if (addresses->len > SHOWN)
		g_string_append_printf(out, " and %u more", addresses->len - SHOWN);
	return g_string_free(out, FALSE);
}

static char *missing_words(const GPtrArray *missing)
{
	g_autofree char *names = names_of(missing);

	return missing->len ? g_strdup_printf("no key for %s is here", names)
	                    : g_strdup("S/MIME would show everybody who gets a blind copy");
}

char *sn_seal_missing(const SnSealWish *wish)
{
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	g_autoptr(SnSealPlan) plan = plan_encryption(wish, missing);

	return plan ? NULL : missing_words(missing);
}

/* encrypted: the plan for that, which is taken; NULL when it is not wished or not possible. */
static SnSealPlan *choose(const SnSealWish *wish, SnSealPlan *encrypted, const GPtrArray *missing,
                          GError **error)
{
	if (encrypted)
		return encrypted;
	if (wish->encrypt == SN_ENCRYPT_REQUIRED) {
		g_autofree char *why = missing_words(missing);
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "It has to go encrypted, and %s", why);
		return NULL;
	}
	for (int smime = 0; smime < 2; smime++) {
		g_autoptr(SnSealPlan) one = g_new0(SnSealPlan, 1);
		one->smime = smime && wish->sign;
		if (wish->sign)
			find_signer(one, wish);
		if (!wish->sign || one->signer)
			return g_steal_pointer(&one);
	}
	g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
	            "It is to be signed, and no key to sign with for %s is here", wish->from);
	return NULL;
}

gboolean sn_seal_choose(const SnSealWish *wish, SnSealPlan **plan, GError **error)
{
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	SnSealPlan *encrypted =
		wish->encrypt != SN_ENCRYPT_NONE ? plan_encryption(wish, missing) : NULL;

	*plan = choose(wish, encrypted, missing, error);
	return *plan != NULL;
}

/* ---- sealing ---- */

/* Without the key in its header the email is as good: that is no reason to keep it here. */
static GBytes *with_key(const SnSealWish *wish, GBytes *bytes)
{
	SnGpg gpg = gpg_of(wish);
	g_autoptr(GBytes) key = sends_key(wish)
		? sn_gpg_minimal_key(&gpg, wish->own_key, wish->from, NULL) : NULL;
	g_autofree char *field =
		key ? sn_autocrypt_format("Autocrypt", wish->from, wish->mutual, key) : NULL;

	if (!field)
		return g_bytes_ref(bytes);
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	GByteArray *all = g_byte_array_sized_new((guint)(length + strlen(field)));
	g_byte_array_append(all, (const guint8 *)field, (guint)strlen(field));
	g_byte_array_append(all, (const guint8 *)data, (guint)length);
	return g_byte_array_free_to_bytes(all);
}

GBytes *sn_seal_by_plan(const SnSealWish *wish, const SnSealPlan *plan, GBytes *raw, GError **error)
{
	SnGpg gpg = gpg_of(wish);
	SnSeal seal = { .gpg = &gpg, .smime = plan->smime, .signer = plan->signer,
		        .own_signer = plan->own_signer, .recipients = plan->recipients,
		        .hidden = plan->hidden, .hide_subject = wish->hide_subject,
		        .gossip = plan->gossip ? plan->gossip->str : NULL };
	g_autoptr(GBytes) sealed = plan->signer || plan->recipients ? sn_mail_seal(raw, &seal, error)
	                                                            : g_bytes_ref(raw);

	/* what must be encrypted goes no other way */
	g_assert(wish->encrypt != SN_ENCRYPT_REQUIRED || (plan->recipients && plan->recipients->len));
	return sealed ? with_key(wish, sealed) : NULL;
}

GBytes *sn_seal_for_self(const SnSealWish *wish, GBytes *raw, GError **error)
{
	SnGpg gpg = gpg_of(wish);

	for (int smime = 0; smime < 2; smime++) {
		g_autoptr(SnKey) own = own_key(wish, smime, FALSE);
		g_autoptr(GPtrArray) recipients = g_ptr_array_new();
		if (!own)
			continue;
		g_ptr_array_add(recipients, own->fingerprint);
		SnSeal seal = { .gpg = &gpg, .smime = smime, .recipients = recipients,
			        .own_signer = own->own_ring, .hide_subject = wish->hide_subject };
		return sn_mail_seal(raw, &seal, error);
	}
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "No key to encrypt for %s is here", wish->from);
	return NULL;
}

/* ---- for the screen ---- */

static char *outlook_words(const SnSealWish *wish, const SnSealPlan *plan, const GPtrArray *missing,
                           const GError *error)
{
	g_autofree char *why = missing_words(missing);

	if (error && wish->encrypt == SN_ENCRYPT_REQUIRED)
		return g_strdup_printf("Cannot be encrypted: %s. It will wait.", why);
	if (error)
		return g_strdup_printf("Cannot be signed: no key for %s is here. It will wait.", wish->from);
	if (plan->recipients)
		return g_strdup_printf("Will be %s, and %s.", plan->brief,
		                       plan->signer ? "signed" : "not signed: you have no key for that");
	if (wish->encrypt == SN_ENCRYPT_IF_POSSIBLE)
		return g_strdup_printf("Cannot be encrypted: %s. It goes in the clear%s.", why,
		                       plan->signer ? ", signed" : "");
	return plan->signer ? g_strdup("Will be signed, and can be read on its way.") : NULL;
}

SnOutlook *sn_seal_outlook(const SnSealWish *wish)
{
	SnOutlook *outlook = g_new0(SnOutlook, 1);
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	g_autoptr(SnSealPlan) could = NULL, plan = NULL;
	g_autoptr(GError) error = NULL;

	if (!wish->to->len)
		return outlook;
	could = plan_encryption(wish, missing);
	gboolean possible = could != NULL;
	plan = choose(wish, wish->encrypt != SN_ENCRYPT_NONE ? g_steal_pointer(&could) : NULL, missing,
	              &error);
	outlook->possible = possible;
	outlook->encrypted = plan && plan->recipients;
	outlook->is_signed = plan && plan->signer;
	outlook->waits = error != NULL;
	outlook->words = outlook_words(wish, plan, missing, error);
	return outlook;
}
