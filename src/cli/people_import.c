/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/people_import.h"

#include <string.h>
#include <sys/stat.h>

#include "src/vcard/vcard.h"

enum { MAX_FILE = 64 * 1024 * 1024, MAX_FILES = 100000 };

typedef struct {
	SnCliContext *context;
	SnStore *store;
	int cards, addresses, conflicts, bad;
} Import;

/* All addresses of a card belong to the person of its first one. */
static gboolean add_card(Import *import, const SnVcard *card, GError **error)
{
	SnId person = 0;

	for (int channel = SN_CHANNEL_MAIL; channel <= SN_CHANNEL_IM; channel++) {
		char **values = channel == SN_CHANNEL_MAIL ? card->mails : card->jids;
		for (gsize i = 0; values[i]; i++) {
			g_autoptr(GError) conflict = NULL;
			SnId id = sn_address_intern(import->store, (SnChannel)channel, values[i],
			                            card->name, NULL);
			g_autoptr(SnAddress) address = id ? sn_address_get(import->store, id) : NULL;
			if (!address) {
				import->bad++;
				continue;
			}
			if (!person)
				person = address->person;
			if (sn_link_add(import->store, id, person, SN_LINK_VCARD, FALSE, card->file,
			                &conflict))
				import->addresses++;
			else if (g_error_matches(conflict, SN_ERROR, SN_ERROR_EXISTS))
				import->conflicts++;
			else
				return g_propagate_error(error, g_steal_pointer(&conflict)), FALSE;
		}
	}
	if (person && card->name && !sn_person_set_name(import->store, person, card->name, error))
		return FALSE;
	import->cards += person != 0;
	return TRUE;
}

static gboolean import_file(Import *import, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) failed = NULL;
	struct stat status;
	int bad = 0;

	if (stat(path, &status) == 0 && status.st_size > MAX_FILE) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "%s is larger than %d bytes", path, MAX_FILE);
		return FALSE;
	}
	if (!g_file_get_contents(path, &text, NULL, &failed)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "%s", failed->message);
		return FALSE;
	}
	const SnCliServices *services = &import->context->services;
	g_autoptr(GPtrArray) cards = services->vcards(text, path, &bad, services->data, error);
	if (!cards)
		return FALSE;
	import->bad += bad;
	if (!sn_store_begin(import->store, error))
		return FALSE;
	for (guint i = 0; i < cards->len; i++)
		if (!add_card(import, cards->pdata[i], error)) {
			sn_store_rollback(import->store);
			return FALSE;
		}
	return sn_store_commit(import->store, error);
}

static gboolean import_path(Import *import, const char *path, GError **error)
{
	if (!g_file_test(path, G_FILE_TEST_IS_DIR))
		return import_file(import, path, error);
	g_autoptr(GDir) dir = g_dir_open(path, 0, error);
	int files = 0;
	for (const char *name; dir && (name = g_dir_read_name(dir)) && files < MAX_FILES;) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		if (name[0] == '.' || !g_str_has_suffix(name, ".vcf"))
			continue;
		files++;
		if (!import_file(import, file, error))
			return FALSE;
	}
	return dir != NULL;
}

int sn_people_import(SnCliContext *context, SnStore *store, const SnArgs *args)
{
	Import import = { context, store, 0, 0, 0, 0 };
	int code = SN_EXIT_DONE;

	if (sn_args_count(args) < 2)
		return sn_cli_failf(SN_EXIT_USAGE, "'people import' needs vCard files or a directory of "
		                    "them");
	for (guint i = 1; i < sn_args_count(args); i++) {
		g_autoptr(GError) error = NULL;
		if (!import_path(&import, sn_args_get(args, i), &error))
			code = sn_cli_fail(error);
	}
	if (sn_args_flag(args, "json")) {
		SnJsonList list;
		SnJson *object = sn_json_object();
		sn_json_int(object, "people", import.cards);
		sn_json_int(object, "addresses", import.addresses);
		sn_json_int(object, "conflicts", import.conflicts);
		sn_json_int(object, "failed", import.bad);
		sn_json_begin(&list);
		sn_json_item(&list, object);
		sn_json_end(&list);
	} else {
		printf("%d people, %d addresses, %d that belong to somebody else already, %d not read\n",
		       import.cards, import.addresses, import.conflicts, import.bad);
	}
	return code || !import.bad ? code : (int)SN_EXIT_INPUT;
}

static gboolean print_card(SnCliContext *context, SnStore *store, const SnPerson *person,
                           GError **error)
{
	g_autoptr(GPtrArray) addresses = sn_person_addresses(store, person->id);
	g_autoptr(GPtrArray) mails = g_ptr_array_new(), jids = g_ptr_array_new();
	g_autofree char *uid = g_strdup_printf("sennit-person-%" G_GINT64_FORMAT, person->id);

	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->confirmed)
			g_ptr_array_add(address->channel == SN_CHANNEL_MAIL ? mails : jids,
			                address->value);
	}
	if (!mails->len && !jids->len)
		return TRUE;
	g_ptr_array_add(mails, NULL);
	g_ptr_array_add(jids, NULL);
	g_autofree char *card =
		context->services.vcard_format(person->name, (char **)mails->pdata,
	                                       (char **)jids->pdata, uid, context->services.data, error);
	if (!card)
		return FALSE;
	fputs(card, stdout);
	if (!g_str_has_suffix(card, "\n"))
		fputs("\r\n", stdout);
	return TRUE;
}

int sn_people_export(SnCliContext *context, SnStore *store, const char *who)
{
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_NOT_FOUND;
	SnId only = who ? sn_cli_find_person(store, who, &code) : 0;

	if (who && !only)
		return code;
	g_autoptr(GPtrArray) people = sn_person_list(store);
	for (guint i = 0; people && i < people->len; i++) {
		const SnPerson *person = people->pdata[i];
		if ((!only || person->id == only) && !print_card(context, store, person, &error))
			return sn_cli_fail(error);
	}
	return SN_EXIT_DONE;
}
