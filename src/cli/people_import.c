/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/people_import.h"

#include <string.h>
#include <sys/stat.h>

#include "src/store/cards.h"
#include "src/vcard/vcard.h"

enum { MAX_FILE = 64 * 1024 * 1024, MAX_FILES = 100000 };

typedef struct {
	SnCliContext *context;
	SnStore *store;
	int cards, addresses, bad;
} Import;

/* Names a card for good, so that importing it again replaces what it said before. */
static char *origin_of(const SnVcard *card)
{
	const char *what = card->uid        ? card->uid
			   : card->mails[0] ? card->mails[0]
			   : card->jids[0]  ? card->jids[0]
					    : "";
	g_autofree char *small = g_ascii_strdown(what, -1);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, small, -1);

	return g_strconcat("import:", sum, NULL);
}

/* What may be a JID, or a name at another service, is suggested. */
static void suggest(SnStore *store, const SnVcard *card)
{
	g_autoptr(SnAddress) mail =
		card->mails[0] ? sn_address_find(store, SN_CHANNEL_MAIL, card->mails[0]) : NULL;

	for (char **value = card->unsure; mail && *value; value++) {
		SnId id = sn_address_intern(store, SN_CHANNEL_IM, *value, NULL, NULL);
		if (id)
			sn_claim_add(store, mail->id, id, SN_LINK_SIGNED_TEXT, card->file, NULL);
	}
}

static gboolean add_card(Import *import, const SnVcard *card, GError **error)
{
	g_autofree char *origin = origin_of(card);
	SnCard entry = { .origin = origin, .uid = card->uid, .name = card->name,
		         .evidence = card->file, .mails = card->mails, .jids = card->jids };
	gsize taken = 0;

	if (!sn_cards_replace(import->store, SN_LINK_VCARD, origin, &entry, 1, &taken, error))
		return FALSE;
	import->cards += (int)taken;
	if (taken)
		import->addresses += (int)(g_strv_length(card->mails) + g_strv_length(card->jids));
	else if (card->mails[0] || card->jids[0])
		import->bad++; /* none of it is an address, or it is the user's own card */
	suggest(import->store, card);
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
	if (bad)
		fprintf(stderr, "sennit: %s: %d of its vCards cannot be read; each needs BEGIN, VERSION and "
		        "END lines\n", path, bad);
	else if (!cards->len)
		fprintf(stderr, "sennit: %s: there is no vCard with an address in it\n", path);
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
	Import import = { context, store, 0, 0, 0 };
	int code = SN_EXIT_DONE;

	if (sn_args_count(args) < 2)
		return sn_cli_failf(SN_EXIT_USAGE, "'people import' needs vCard files or a directory of "
		                    "them");
	for (guint i = 1; i < sn_args_count(args); i++) {
		g_autoptr(GError) error = NULL;
		if (!import_path(&import, sn_args_get(args, i), &error))
			code = sn_cli_fail(error);
	}
	g_autoptr(GPtrArray) conflicts = sn_map_conflicts(store, 0);
	int open = 0;
	for (guint i = 0; i < conflicts->len; i++)
		open += !((const SnConflict *)conflicts->pdata[i])->overruled;
	if (sn_args_flag(args, "json")) {
		SnJsonList list;
		SnJson *object = sn_json_object();
		sn_json_int(object, "people", import.cards);
		sn_json_int(object, "addresses", import.addresses);
		sn_json_int(object, "conflicts", open);
		sn_json_int(object, "failed", import.bad);
		sn_json_begin(&list);
		sn_json_item(&list, object);
		sn_json_end(&list);
	} else {
		printf("%d %s, %d %s, %d not read\n", import.cards,
		       import.cards == 1 ? "person" : "people", import.addresses,
		       import.addresses == 1 ? "address" : "addresses", import.bad);
		if (open)
			puts("Your sources disagree about some addresses; see: sennit people conflicts");
	}
	return code || !import.bad ? code : (int)SN_EXIT_INPUT;
}

/* ---- export ---- */

typedef struct {
	SnCliContext *context;
	SnStore *store;
	int version;
	const char *dir;      /* NULL: standard output */
	GPtrArray *files;     /* of char *: paths of the vCard files in dir */
	GPtrArray *texts;     /* of char *, beside files */
	int written, made, same;
} Export;

/* The same on each device of the user, so that one person does not become two cards. */
static char *uid_of(const GPtrArray *addresses)
{
	g_autofree char *sum = NULL;
	const char *first = NULL;

	for (guint i = 0; i < addresses->len; i++) {
		const SnAddress *one = addresses->pdata[i];
		if (one->confirmed && (!first || g_ascii_strcasecmp(one->value, first) < 0))
			first = one->value;
	}
	g_autofree char *small = g_ascii_strdown(first ? first : "", -1);
	g_autofree char *what = g_strconcat("sennit person ", small, NULL);
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	/* RFC 9562 version 8 */
	return g_strdup_printf("%.8s-%.4s-8%.3s-a%.3s-%.12s", sum, sum + 8, sum + 12, sum + 15,
	                       sum + 18);
}

static gboolean write_file(const char *path, const char *text, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct stat status;
	int mode = stat(path, &status) == 0 ? (int)(status.st_mode & 0777) : 0600;

	if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, &failed))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s", failed->message);
	return FALSE;
}

/* Into the card of this person in one of the files, else into a new file. */
static gboolean put_into_dir(Export *export, const SnVcard *card, GError **error)
{
	const SnCliServices *services = &export->context->services;

	for (guint i = 0; i < export->files->len; i++) {
		gboolean found = FALSE;
		g_autoptr(GError) failed = NULL;
		g_autofree char *text = services->vcard_complete(export->texts->pdata[i], card, &found,
		                                                 services->data, &failed);
		if (failed)
			return g_propagate_error(error, g_steal_pointer(&failed)), FALSE;
		if (!found)
			continue;
		export->same += text == NULL;
		export->written += text != NULL;
		if (!text)
			return TRUE;
		if (!write_file(export->files->pdata[i], text, error))
			return FALSE;
		g_free(export->texts->pdata[i]);
		export->texts->pdata[i] = g_steal_pointer(&text);
		return TRUE;
	}
	g_autofree char *name = g_strconcat(card->uid, ".vcf", NULL);
	g_autofree char *path = g_build_filename(export->dir, name, NULL);
	g_autofree char *text = services->vcard_format(card, export->version, services->data, error);
	export->made += text != NULL;
	return text && write_file(path, text, error);
}

static gboolean put_card(Export *export, const SnPerson *person, GError **error)
{
	const SnCliServices *services = &export->context->services;
	g_autoptr(GPtrArray) addresses = sn_person_addresses(export->store, person->id);
	g_autoptr(GPtrArray) mails = g_ptr_array_new(), jids = g_ptr_array_new();
	g_autofree char *uid = uid_of(addresses);

	for (guint i = 0; i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->confirmed)
			g_ptr_array_add(address->channel == SN_CHANNEL_MAIL ? mails : jids,
			                address->value);
	}
	if (!mails->len && !jids->len)
		return TRUE;
	g_ptr_array_add(mails, NULL);
	g_ptr_array_add(jids, NULL);
	SnVcard card = { .uid = uid, .name = person->name, .mails = (char **)mails->pdata,
		         .jids = (char **)jids->pdata };
	if (export->dir)
		return put_into_dir(export, &card, error);
	g_autofree char *text = services->vcard_format(&card, export->version, services->data, error);
	if (!text)
		return FALSE;
	fputs(text, stdout);
	return TRUE;
}

static int by_path(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean read_dir(Export *export, GError **error)
{
	g_autoptr(GError) failed = NULL;
	g_autoptr(GDir) dir = g_dir_open(export->dir, 0, &failed);

	if (!dir) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "%s", failed->message);
		return FALSE;
	}
	for (const char *name; (name = g_dir_read_name(dir)) && export->files->len < MAX_FILES;)
		if (name[0] != '.' && g_str_has_suffix(name, ".vcf"))
			g_ptr_array_add(export->files, g_build_filename(export->dir, name, NULL));
	g_ptr_array_sort(export->files, by_path);
	for (guint i = 0; i < export->files->len; i++) {
		char *text = NULL;
		/* what cannot be read is passed over, and so is never written */
		if (!g_file_get_contents(export->files->pdata[i], &text, NULL, NULL))
			text = g_strdup("");
		g_ptr_array_add(export->texts, text);
	}
	return TRUE;
}

static int export_people(Export *export, SnId only)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) people = sn_person_list(export->store);

	if (export->dir && !read_dir(export, &error))
		return sn_cli_fail(error);
	for (guint i = 0; people && i < people->len; i++) {
		const SnPerson *person = people->pdata[i];
		if ((!only || person->id == only) && !put_card(export, person, &error))
			return sn_cli_fail(error);
	}
	if (export->dir)
		printf("%d new cards, %d completed, %d had everything\n", export->made, export->written,
		       export->same);
	return SN_EXIT_DONE;
}

int sn_people_export(SnCliContext *context, SnStore *store, const SnArgs *args)
{
	const char *version = sn_args_text(args, "vcard");
	g_autofree char *who = sn_args_count(args) > 1 ? sn_args_join(args, 1) : NULL;
	int code = SN_EXIT_NOT_FOUND;
	SnId only = who ? sn_cli_find_person(store, who, &code) : 0;
	Export export = { .context = context, .store = store, .dir = sn_args_text(args, "into") };

	if (who && !only)
		return code;
	export.version = g_strcmp0(version, "4.0") == 0 ? SN_VCARD_4 : SN_VCARD_3;
	export.files = g_ptr_array_new_with_free_func(g_free);
	export.texts = g_ptr_array_new_with_free_func(g_free);
	code = export_people(&export, only);
	g_ptr_array_unref(export.files);
	g_ptr_array_unref(export.texts);
	return code;
}
