/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_autocrypt.c - sennit autocrypt: the key that goes along with email, and those that came. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/store/peer.h"
#include "src/text/text.h"

extern const SnCliVerb sn_cmd_autocrypt;

enum { LISTED = 1000 };

static const SnCliOption options[] = {
	{ "key", 0, SN_OPT_TEXT, "KEY", "setup: this one of your gpg keys, by fingerprint or address" },
	{ "new", 0, SN_OPT_FLAG, NULL, "setup: a new one, although gpg has one for the address" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static const SnCliSub subs[] = {
	{ "setup", "[ADDRESS]", "choose the key that goes along with email from an address of yours" },
	{ "list", "", "your addresses and their keys, and the keys that came with email" },
	{ "forget", "ADDRESS", "forget the key of somebody, until the next email; of an own address: send "
	  "none from now on" },
	{ NULL, NULL, NULL },
};

/* The address named, or the only one. NULL after saying why not. */
static const char *own_address(const SnConfig *config, const char *named, int *code)
{
	const SnIdentity *identity = named ? sn_config_identity(config, named, NULL) : NULL;
	guint count = 0;

	for (gsize i = 0; !named && i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		if (account->identities->len == 0)
			continue;
		identity = account->identities->pdata[0];
		count++;
	}
	if (count > 1)
		*code = sn_cli_failf(SN_EXIT_USAGE, "several accounts write email; name the address");
	else if (!identity)
		*code = named ? sn_cli_failf(SN_EXIT_NOT_FOUND, "%s is no address of an account of yours",
		                             named)
		              : sn_cli_failf(SN_EXIT_USAGE, "no account writes email");
	else
		return identity->address;
	return NULL;
}

static int set_up(SnCliContext *context, SnStore *store, const SnConfig *config, const SnArgs *args)
{
	const SnCliServices *services = &context->services;
	g_autoptr(GError) error = NULL;
	g_auto(SnKeyChosen) chosen = { 0 };
	int code = SN_EXIT_FAILED;
	const char *address = own_address(config, sn_args_get(args, 1), &code);
	SnKeyAsk ask = { .address = address, .key = sn_args_text(args, "key"),
		         .make = sn_args_flag(args, "new") };

	if (!address)
		return code;
	if (ask.key && ask.make)
		return sn_cli_failf(SN_EXIT_USAGE, "--key and --new exclude each other");
	if (!sn_config_settings(config)->crypto_autocrypt)
		return sn_cli_failf(SN_EXIT_USAGE, "autocrypt is off in [crypto] of sennit.conf");
	if (!services->set_up_key(store, &ask, &chosen, services->data, &error))
		return sn_cli_fail(error);
	printf("%s %s goes along with email from %s.\n", chosen.made ? "The new key" : "Your key",
	       chosen.fingerprint, address);
	if (chosen.made)
		printf("It is in %s, without a passphrase.\n", context->paths->keys);
	if (!sn_config_settings(config)->crypto_prefer_encrypt)
		puts("To have email encrypted by itself with those who want that too, set prefer-encrypt "
		     "in [crypto] of sennit.conf.");
	return SN_EXIT_DONE;
}

/* ---- what is known ---- */

static void each_own(SnStore *store, const SnConfig *config,
                     void (*each)(const char *address, const char *key, gpointer data), gpointer data)
{
	for (gsize i = 0; i < sn_config_account_count(config); i++) {
		const GPtrArray *identities = sn_config_account(config, i)->identities;
		for (guint j = 0; j < identities->len; j++) {
			const SnIdentity *identity = identities->pdata[j];
			g_autofree char *key = sn_own_key(store, identity->address);
			each(identity->address, key, data);
		}
	}
}

static void own_row(const char *address, const char *key, gpointer data)
{
	sn_table_cell(data, SN_PLAIN, address);
	sn_table_cell(data, SN_PLAIN, "yours");
	sn_table_cell(data, SN_FAINT, NULL);
	sn_table_cell(data, SN_PLAIN, key ? key : "none: sennit autocrypt setup");
}

static const char *kind_of(const SnPeer *peer)
{
	return !peer->fingerprint ? "told by others" : peer->mutual ? "prefers encryption" : "sent along";
}

static int print_list(SnStore *store, const SnConfig *config)
{
	static const char *const titles[] = { "address", "key", "time", "fingerprint", NULL };
	g_autoptr(GPtrArray) peers = sn_peer_list(store, LISTED);
	SnTable *table = sn_table_new(titles);

	each_own(store, config, own_row, table);
	for (guint i = 0; i < peers->len; i++) {
		const SnPeer *peer = peers->pdata[i];
		g_autofree char *when = sn_out_time(peer->fingerprint ? peer->key_time : peer->gossip_time);
		sn_table_cell(table, SN_PLAIN, peer->address);
		sn_table_cell(table, SN_PLAIN, kind_of(peer));
		sn_table_cell(table, SN_FAINT, when);
		sn_table_cell(table, SN_PLAIN,
		              peer->fingerprint ? peer->fingerprint : peer->gossip_fingerprint);
	}
	sn_table_print(table);
	return SN_EXIT_DONE;
}

static void own_json(const char *address, const char *key, gpointer data)
{
	SnJson *object = sn_json_object();

	sn_json_text(object, "address", address);
	sn_json_bool(object, "own", TRUE);
	sn_json_text(object, "fingerprint", key);
	sn_json_item(data, object);
}

static int print_json(SnStore *store, const SnConfig *config)
{
	g_autoptr(GPtrArray) peers = sn_peer_list(store, LISTED);
	SnJsonList list;

	sn_json_begin(&list);
	each_own(store, config, own_json, &list);
	for (guint i = 0; i < peers->len; i++) {
		const SnPeer *peer = peers->pdata[i];
		SnJson *object = sn_json_object();
		sn_json_text(object, "address", peer->address);
		sn_json_text(object, "fingerprint", peer->fingerprint);
		sn_json_bool(object, "prefers_encryption", peer->mutual);
		sn_json_time(object, "time", peer->key_time);
		sn_json_time(object, "last_seen", peer->last_seen);
		sn_json_text(object, "told_fingerprint", peer->gossip_fingerprint);
		sn_json_time(object, "told_time", peer->gossip_time);
		sn_json_item(&list, object);
	}
	sn_json_end(&list);
	return SN_EXIT_DONE;
}

static int forget(SnStore *store, const SnConfig *config, const char *address)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnPeer) peer = NULL;
	g_autofree char *own = NULL;

	if (!address)
		return sn_cli_failf(SN_EXIT_USAGE, "'forget' needs an ADDRESS");
	if (sn_config_identity(config, address, NULL) && (own = sn_own_key(store, address))) {
		if (!sn_own_key_set(store, address, NULL, &error))
			return sn_cli_fail(error);
		printf("No key goes along with email from %s any more; the key itself stays.\n", address);
		return SN_EXIT_DONE;
	}
	peer = sn_peer_get(store, address);
	if (!peer)
		return sn_cli_failf(SN_EXIT_NOT_FOUND, "no key came with email from %s", address);
	return sn_peer_forget(store, address, &error) ? SN_EXIT_DONE : sn_cli_fail(error);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *what = sn_args_get(args, 0) ? sn_args_get(args, 0) : "list";
	int code = SN_EXIT_FAILED;
	SnConfig *config = sn_cli_config(context, &code);
	SnStore *store = config ? sn_cli_store(context, &code) : NULL;

	if (!store)
		return code;
	if (strcmp(what, "setup") == 0)
		return set_up(context, store, config, args);
	if (strcmp(what, "forget") == 0)
		return forget(store, config, sn_args_get(args, 1));
	if (strcmp(what, "list") != 0)
		return sn_cli_failf(SN_EXIT_USAGE, "'%s' is none of: setup list forget", what);
	return sn_args_flag(args, "json") ? print_json(store, config) : print_list(store, config);
}

const SnCliVerb sn_cmd_autocrypt = {
	.name = "autocrypt",
	.arguments = "[setup|list|forget] [ADDRESS]",
	.meaning = "the key that goes along with your email, and the keys of others that came with it",
	.text = "Autocrypt lets mail programs exchange keys without your help. What came that way is used "
		"to encrypt, and shown as not verified by you.",
	.options = options,
	.subs = subs,
	.max = 2,
	.run = run,
};
