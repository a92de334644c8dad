/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "backends/fake/fake_mail_private.h"

static void message_free(gpointer data)
{
	FakeMessage *message = data;

	g_bytes_unref(message->raw);
	g_free(message->keywords);
	g_free(message);
}

static void folder_free(gpointer data)
{
	FakeFolder *folder = data;

	g_free(folder->name);
	g_ptr_array_unref(folder->messages);
	g_free(folder);
}

static FakeFolder *add_folder(FakeAccount *account, const char *name, const char *role)
{
	FakeFolder *folder = g_new0(FakeFolder, 1);

	folder->name = g_strdup(name);
	folder->role = role;
	folder->uidvalidity = 1;
	folder->uidnext = 1;
	folder->messages = g_ptr_array_new_with_free_func(message_free);
	g_ptr_array_add(account->folders, folder);
	return folder;
}

FakeAccount *sn_fake_account_new(const char *user)
{
	static const char *const folders[][2] = {
		{ "INBOX", "inbox" }, { "Sent", "sent" }, { "Drafts", "drafts" },
		{ "Trash", "trash" }, { "Junk", "junk" }, { "Archive", "archive" },
	};
	FakeAccount *account = g_new0(FakeAccount, 1);

	account->user = g_strdup(user);
	account->modseq = 1;
	account->folders = g_ptr_array_new_with_free_func(folder_free);
	account->sources = g_ptr_array_new();
	account->transports = g_ptr_array_new();
	account->sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
		add_folder(account, folders[i][0], folders[i][1]);
	return account;
}

void sn_fake_account_free(gpointer data)
{
	FakeAccount *account = data;

	g_assert(account->sources->len == 0 && account->transports->len == 0);
	g_ptr_array_unref(account->folders);
	g_ptr_array_unref(account->sources);
	g_ptr_array_unref(account->transports);
	g_ptr_array_unref(account->sent);
	g_free(account->user);
	g_free(account);
}

FakeFolder *sn_fake_folder(FakeAccount *account, const char *name, gboolean make)
{
	for (guint i = 0; i < account->folders->len; i++) {
		FakeFolder *folder = g_ptr_array_index(account->folders, i);
		if (g_strcmp0(folder->name, name) == 0)
			return folder;
	}
	return make ? add_folder(account, name, NULL) : NULL;
}

FakeMessage *sn_fake_folder_find(FakeFolder *folder, guint32 uid)
{
	for (guint i = 0; i < folder->messages->len; i++) {
		FakeMessage *message = g_ptr_array_index(folder->messages, i);
		if (message->uid == uid)
			return message;
	}
	return NULL;
}

static void tell(FakeAccount *account, FakeFolder *folder)
{
	account->modseq++;
	for (guint i = 0; folder->watched && i < account->sources->len; i++)
		sn_fake_source_changed(g_ptr_array_index(account->sources, i), folder->name);
}

guint32 sn_fake_folder_add(FakeAccount *account, FakeFolder *folder, GBytes *raw, guint flags,
			   SnTime time)
{
	FakeMessage *message = g_new0(FakeMessage, 1);

	message->uid = folder->uidnext++;
	message->flags = flags;
	message->time = time ? time : sn_clock_now(NULL);
	message->modseq = account->modseq + 1;
	message->raw = g_bytes_ref(raw);
	g_ptr_array_add(folder->messages, message);
	tell(account, folder);
	return message->uid;
}

void sn_fake_folder_remove(FakeAccount *account, FakeFolder *folder, guint32 uid)
{
	FakeMessage *message = sn_fake_folder_find(folder, uid);

	if (!message)
		return;
	g_ptr_array_remove(folder->messages, message);
	tell(account, folder);
}

void sn_fake_folder_flags(FakeAccount *account, FakeFolder *folder, guint32 uid, guint set,
			  guint clear)
{
	FakeMessage *message = sn_fake_folder_find(folder, uid);

	if (!message)
		return;
	message->flags = (message->flags & ~clear) | set;
	message->modseq = account->modseq + 1;
	tell(account, folder);
}
