/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_devices.c - sennit devices: who reads encrypted IMs with what, fingerprints, trust. */
#include <string.h>

#include "src/base/omemo.h"
#include "src/cli/cli_private.h"
#include "src/store/omemo.h"
#include "src/text/text.h"

extern const SnCliVerb sn_cmd_devices;

static const SnCliOption options[] = {
	{ "verify", 0, SN_OPT_TEXT, "ID", "you have compared the fingerprint of device ID" },
	{ "trust", 0, SN_OPT_TEXT, "ID", "encrypt for device ID without a comparison" },
	{ "distrust", 0, SN_OPT_TEXT, "ID", "never encrypt for device ID" },
	{ "encryption", 0, SN_OPT_TEXT, "auto|off|always", "whether IMs with WHO are encrypted" },
	SN_OPTION_JSON,
	SN_OPTION_END,
};

typedef struct {
	SnTable *table; /* NULL: JSON */
	SnJsonList list;
} Print;

/* ---- printing ---- */

static void print_device(Print *print, const SnOmemoDevice *device)
{
	g_autofree char *fingerprint = sn_omemo_fingerprint(device->identity);
	g_autofree char *name = sn_text_clean_line(device->name ? device->name : "", -1);
	g_autofree char *seen = device->last_seen ? sn_out_time(device->last_seen) : g_strdup("never");

	if (print->table) {
		sn_table_cellf(print->table, SN_FAINT, "%" G_GINT64_FORMAT, device->id);
		sn_table_cell(print->table, SN_PLAIN, device->jid);
		sn_table_cell(print->table, SN_STRONG,
		              device->listed ? sn_trust_word(device->trust) : "unpublished");
		sn_table_cell(print->table, SN_PLAIN, name);
		sn_table_cell(print->table, SN_FAINT, seen);
		sn_table_cell(print->table, SN_PLAIN, fingerprint ? fingerprint : "not known yet");
		return;
	}
	SnJson *object = sn_json_object();
	sn_json_int(object, "id", device->id);
	sn_json_text(object, "address", device->jid);
	sn_json_int(object, "device", device->device);
	sn_json_text(object, "trust", sn_trust_word(device->trust));
	sn_json_bool(object, "published", device->listed);
	sn_json_bool(object, "changed", device->changed);
	sn_json_text(object, "name", *name ? name : NULL);
	sn_json_text(object, "fingerprint", fingerprint);
	if (device->last_seen)
		sn_json_time(object, "seen", device->last_seen);
	sn_json_item(&print->list, object);
}

static void print_this(Print *print, const char *jid, const SnOmemoOwn *own)
{
	g_autofree char *fingerprint = sn_omemo_fingerprint(own->identity);

	if (print->table) {
		sn_table_cell(print->table, SN_FAINT, "-");
		sn_table_cell(print->table, SN_PLAIN, jid);
		sn_table_cell(print->table, SN_STRONG, "this one");
		sn_table_cell(print->table, SN_PLAIN, "");
		sn_table_cell(print->table, SN_FAINT, "");
		sn_table_cell(print->table, SN_PLAIN, fingerprint);
		return;
	}
	SnJson *object = sn_json_object();
	sn_json_text(object, "address", jid);
	sn_json_int(object, "device", own->device);
	sn_json_bool(object, "this", TRUE);
	sn_json_bool(object, "published", own->published);
	sn_json_text(object, "fingerprint", fingerprint);
	sn_json_item(&print->list, object);
}

static void print_own(Print *print, SnStore *store, const SnAccount *account)
{
	SnId id = sn_account_find(store, account->name);
	g_autofree char *jid =
		account->im.user ? sn_address_normalise(SN_CHANNEL_IM, account->im.user) : NULL;
	g_autoptr(SnOmemoOwn) own = id && jid ? sn_omemo_own_get(store, id) : NULL;

	if (!own)
		return;
	print_this(print, jid, own);
	g_autoptr(GPtrArray) others = sn_omemo_devices(store, id, jid);
	for (guint i = 0; i < others->len; i++) {
		const SnOmemoDevice *device = others->pdata[i];
		if (device->device != own->device)
			print_device(print, device);
	}
}

static void print_person(Print *print, SnStore *store, SnId person)
{
	g_autoptr(GPtrArray) addresses = sn_person_addresses(store, person);

	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->channel != SN_CHANNEL_IM)
			continue;
		g_autoptr(GPtrArray) devices = sn_omemo_devices(store, 0, address->value);
		for (guint j = 0; j < devices->len; j++)
			print_device(print, devices->pdata[j]);
	}
}

static int show(SnCliContext *context, SnStore *store, SnId person, const SnArgs *args)
{
	static const char *const titles[] = { "id", "address", "trust", "name", "seen", "fingerprint",
		                              NULL };
	Print print = { .table = sn_args_flag(args, "json") ? NULL : sn_table_new(titles) };

	if (!print.table)
		sn_json_begin(&print.list);
	if (person)
		print_person(&print, store, person);
	for (gsize i = 0; !person && i < sn_config_account_count(context->config); i++)
		print_own(&print, store, sn_config_account(context->config, i));
	if (print.table)
		sn_table_print(print.table);
	else
		sn_json_end(&print.list);
	return SN_EXIT_DONE;
}

/* ---- changing ---- */

/* Exit code; -1: the option is not given. */
static int set_trust(SnStore *store, const SnArgs *args, const char *option, SnTrust trust)
{
	const char *text = sn_args_text(args, option);
	g_autoptr(GError) error = NULL;

	if (!text)
		return -1;
	SnId id = sn_cli_id(text);
	g_autoptr(SnOmemoDevice) device = id ? sn_omemo_device_get(store, id) : NULL;
	if (!device)
		return sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no device %s", text);
	if (trust == SN_TRUST_VERIFIED && !device->identity)
		return sn_cli_failf(SN_EXIT_FAILED, "its key is not known yet: there is nothing to compare");
	return sn_omemo_set_trust(store, id, trust, &error) ? SN_EXIT_DONE : sn_cli_fail(error);
}

static int set_mode(SnStore *store, SnId person, const char *word)
{
	g_autoptr(GPtrArray) addresses = person ? sn_person_addresses(store, person) : NULL;
	g_autoptr(GError) error = NULL;
	SnOmemoMode mode;

	if (!person)
		return sn_cli_failf(SN_EXIT_USAGE, "--encryption needs WHO");
	if (!sn_omemo_mode_parse(word, &mode))
		return sn_cli_failf(SN_EXIT_USAGE, "--encryption is auto, off or always");
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->channel == SN_CHANNEL_IM &&
		    !sn_omemo_set_mode(store, address->value, mode, &error))
			return sn_cli_fail(error);
	}
	return SN_EXIT_DONE;
}

static int run(SnCliContext *context, const SnArgs *args)
{
	const char *who = sn_args_get(args, 0), *mode = sn_args_text(args, "encryption");
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);
	SnId person = store && who ? sn_cli_find_person(store, who, &code) : 0;

	if (!store || (who && !person))
		return code;
	int verified = set_trust(store, args, "verify", SN_TRUST_VERIFIED);
	int trusted = verified < 0 ? set_trust(store, args, "trust", SN_TRUST_BLIND) : verified;
	int done = trusted < 0 ? set_trust(store, args, "distrust", SN_TRUST_NO) : trusted;
	if (done < 0 && mode)
		done = set_mode(store, person, mode);
	return done < 0 ? show(context, store, person, args) : done;
}

const SnCliVerb sn_cmd_devices = {
	.name = "devices",
	.arguments = "[WHO]",
	.meaning = "devices that read encrypted IMs: fingerprints, and how far they are trusted",
	.text = "Without WHO: your own. A fingerprint is compared over another way than this one: by "
		"telephone, or side by side. Once one of a person is verified, a new one is left out "
		"until you say so.",
	.options = options,
	.min = 0,
	.max = 1,
	.run = run,
};
