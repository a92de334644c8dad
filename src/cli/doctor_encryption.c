/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_encryption.c - can IMs be encrypted: the key file, the device of each account. */
#include <sys/stat.h>

#include "src/base/omemo.h"
#include "src/cli/doctor_private.h"
#include "src/store/omemo.h"

static void check_account(SnDoctor *doctor, SnStore *store, const SnAccount *account)
{
	SnId id = sn_account_find(store, account->name);
	g_autoptr(SnOmemoOwn) own = id ? sn_omemo_own_get(store, id) : NULL;
	g_autofree char *what = g_strdup_printf("%s encryption", account->name);
	g_autofree char *print = own ? sn_omemo_fingerprint(own->identity) : NULL;

	if (!own) {
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, what,
		              "no keys yet; they are made at the first log-in");
	} else if (!own->published) {
		sn_doctor_advise(doctor, "others cannot begin to write encrypted; the server may not keep it");
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, what,
		              "the keys of device %u are not published: %s", own->device, print);
	} else {
		sn_doctor_say(doctor, SN_DOCTOR_OK, SN_EXIT_DONE, what, "device %u: %s", own->device, print);
	}
}

static gboolean key_is_well(SnDoctor *doctor, gboolean needed)
{
	g_autofree char *path = g_build_filename(doctor->context->paths->data, "omemo.key", NULL);
	struct stat status;

	if (stat(path, &status) != 0) {
		if (!needed)
			return TRUE;
		sn_doctor_advise(doctor, "bring it back from a backup, else this device gets new keys");
		sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "encryption",
		              "%s is gone, and the keys in the store cannot be read without it", path);
		return FALSE;
	}
	if (!(status.st_mode & 077))
		return TRUE;
	sn_doctor_advise(doctor, "type: chmod 600 %s", path);
	sn_doctor_say(doctor, SN_DOCTOR_PROBLEM, SN_EXIT_FAILED, "encryption",
	              "%s is open to others, and IMs are not encrypted with it", path);
	return FALSE;
}

void sn_doctor_encryption(SnDoctor *doctor)
{
	const SnConfig *config = doctor->context->config;
	const char *path = doctor->context->paths->store_path;
	gboolean any = FALSE, needed = FALSE;

	for (gsize i = 0; config && i < sn_config_account_count(config); i++)
		any = any || sn_config_account(config, i)->im.kind != SN_ENDPOINT_NONE;
	if (!any || !g_file_test(path, G_FILE_TEST_EXISTS))
		return;
	if (!sn_config_settings(config)->im_omemo) {
		sn_doctor_say(doctor, SN_DOCTOR_NOTE, SN_EXIT_DONE, "encryption",
		              "of IMs is switched off (im.omemo)");
		return;
	}
	SnStore *store = sn_store_open(path, SN_STORE_CLIENT, NULL);
	for (gsize i = 0; store && i < sn_config_account_count(config); i++) {
		SnId id = sn_account_find(store, sn_config_account(config, i)->name);
		g_autoptr(SnOmemoOwn) own = id ? sn_omemo_own_get(store, id) : NULL;
		needed = needed || own;
	}
	gboolean well = store && key_is_well(doctor, needed);
	for (gsize i = 0; well && i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		if (account->im.kind != SN_ENDPOINT_NONE)
			check_account(doctor, store, account);
	}
	sn_store_close(store);
}
