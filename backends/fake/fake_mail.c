/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/fake/fake_mail.h"

#include <string.h>

#include "backends/fake/fake_mail_private.h"

/* The interface has no place for a test's pointer, hence this one registry. */
static GMutex registry_lock;
static GHashTable *accounts; /* user -> FakeAccount */

FakeAccount *sn_fake_account_lock(const char *user)
{
	g_assert(user);
	g_mutex_lock(&registry_lock);
	if (!accounts)
		accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						 sn_fake_account_free);
	FakeAccount *account = g_hash_table_lookup(accounts, user);
	if (!account) {
		account = sn_fake_account_new(user);
		g_hash_table_insert(accounts, g_strdup(user), account);
	}
	return account;
}

FakeAccount *sn_fake_account_find(const char *user)
{
	return accounts ? g_hash_table_lookup(accounts, user) : NULL;
}

void sn_fake_account_unlock(void)
{
	g_mutex_unlock(&registry_lock);
}

void sn_fake_mail_reset(void)
{
	g_mutex_lock(&registry_lock);
	g_clear_pointer(&accounts, g_hash_table_unref);
	g_mutex_unlock(&registry_lock);
}

/* ---- the server's side ---- */

guint32 sn_fake_mail_put(const char *user, const char *folder, const char *raw, guint flags)
{
	FakeAccount *account = sn_fake_account_lock(user);
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	guint32 uid =
		sn_fake_folder_add(account, sn_fake_folder(account, folder, TRUE), bytes, flags, 0);

	sn_fake_account_unlock();
	return uid;
}

void sn_fake_mail_remove(const char *user, const char *folder, guint32 uid)
{
	FakeAccount *account = sn_fake_account_lock(user);

	sn_fake_folder_remove(account, sn_fake_folder(account, folder, TRUE), uid);
	sn_fake_account_unlock();
}

void sn_fake_mail_set_flags(const char *user, const char *folder, guint32 uid, guint flags)
{
	FakeAccount *account = sn_fake_account_lock(user);

	sn_fake_folder_flags(account, sn_fake_folder(account, folder, TRUE), uid, flags, ~flags);
	sn_fake_account_unlock();
}

void sn_fake_mail_set_keywords(const char *user, const char *folder, guint32 uid,
			       const char *keywords)
{
	FakeAccount *account = sn_fake_account_lock(user);
	FakeFolder *found = sn_fake_folder(account, folder, TRUE);
	FakeMessage *message = sn_fake_folder_find(found, uid);

	g_assert(message);
	g_free(message->keywords);
	message->keywords = g_strdup(keywords);
	sn_fake_folder_flags(account, found, uid, 0, 0);
	sn_fake_account_unlock();
}

char *sn_fake_mail_keywords(const char *user, const char *folder, guint index)
{
	FakeAccount *account = sn_fake_account_lock(user);
	FakeFolder *found = sn_fake_folder(account, folder, FALSE);
	char *keywords = NULL;

	if (found && index < found->messages->len)
		keywords = g_strdup(
			((FakeMessage *)g_ptr_array_index(found->messages, index))->keywords);
	sn_fake_account_unlock();
	return keywords;
}

void sn_fake_mail_new_validity(const char *user, const char *folder)
{
	FakeAccount *account = sn_fake_account_lock(user);
	FakeFolder *found = sn_fake_folder(account, folder, TRUE);

	found->uidvalidity++;
	for (guint i = 0; i < found->messages->len; i++)
		((FakeMessage *)g_ptr_array_index(found->messages, i))->uid += 1000;
	found->uidnext += 1000;
	sn_fake_account_unlock();
}

void sn_fake_mail_move_folder(const char *user, const char *folder, const char *new_name)
{
	FakeAccount *account = sn_fake_account_lock(user);
	FakeFolder *found = sn_fake_folder(account, folder, TRUE);

	if (new_name) {
		g_free(found->name);
		found->name = g_strdup(new_name);
	} else {
		g_ptr_array_remove(account->folders, found);
	}
	for (guint i = 0; i < account->sources->len; i++)
		sn_fake_source_folders(g_ptr_array_index(account->sources, i));
	sn_fake_account_unlock();
}

guint sn_fake_mail_count(const char *user, const char *folder)
{
	FakeAccount *account = sn_fake_account_lock(user);
	FakeFolder *found = sn_fake_folder(account, folder, FALSE);
	guint count = found ? found->messages->len : 0;

	sn_fake_account_unlock();
	return count;
}

GBytes *sn_fake_mail_get(const char *user, const char *folder, guint index, guint *flags,
			 guint32 *uid)
{
	FakeAccount *account = sn_fake_account_lock(user);
	FakeFolder *found = sn_fake_folder(account, folder, FALSE);
	GBytes *raw = NULL;

	if (found && index < found->messages->len) {
		FakeMessage *message = g_ptr_array_index(found->messages, index);
		raw = g_bytes_ref(message->raw);
		if (flags)
			*flags = message->flags;
		if (uid)
			*uid = message->uid;
	}
	sn_fake_account_unlock();
	return raw;
}

/* ---- faults ---- */

void sn_fake_mail_set_quota(const char *user, gint64 used, gint64 limit)
{
	FakeAccount *account = sn_fake_account_lock(user);

	account->quota_used = used;
	account->quota_limit = limit;
	sn_fake_account_unlock();
}

void sn_fake_mail_fail(const char *user, int kind, SnErrorCode code, guint times)
{
	FakeAccount *account = sn_fake_account_lock(user);

	account->fault = (FakeFault){ kind, code, times, FALSE };
	sn_fake_account_unlock();
}

guint sn_fake_mail_requests(const char *user, int kind)
{
	FakeAccount *account = sn_fake_account_lock(user);
	guint count = 0;

	if (kind == -2)
		count = account->reconnects;
	for (guint i = 0; kind != -2 && i < G_N_ELEMENTS(account->requests); i++)
		if (kind < 0 || (guint)kind == i)
			count += account->requests[i];
	sn_fake_account_unlock();
	return count;
}

void sn_fake_send_fail(const char *user, SnErrorCode code, guint times, gboolean delivered)
{
	FakeAccount *account = sn_fake_account_lock(user);

	account->send_fault = (FakeFault){ -1, code, times, delivered };
	sn_fake_account_unlock();
}

guint sn_fake_send_count(const char *user)
{
	FakeAccount *account = sn_fake_account_lock(user);
	guint count = account->sent->len;

	sn_fake_account_unlock();
	return count;
}

GBytes *sn_fake_send_get(const char *user, guint index)
{
	FakeAccount *account = sn_fake_account_lock(user);
	GBytes *raw = index < account->sent->len
			      ? g_bytes_ref(g_ptr_array_index(account->sent, index))
			      : NULL;

	sn_fake_account_unlock();
	return raw;
}
