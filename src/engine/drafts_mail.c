/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A draft as an email that any program can continue. */
#include <sys/stat.h>

#include "src/engine/drafts.h"
#include "src/engine/sync_private.h"
#include "src/route/thread.h"

/* What does not fit is left out of the copy: the draft here has it. */
#define FILES_MAX (20 * 1024 * 1024)

static void address_free(gpointer data)
{
	SnMailAddress *address = data;

	g_free(address->address);
	g_free(address->name);
	g_free(address);
}

static void file_free(gpointer data)
{
	SnMailFile *file = data;

	g_free(file->name);
	g_free(file->type);
	g_bytes_unref(file->bytes);
	g_free(file);
}

static void add_address(GPtrArray *list, SnMailRole role, const char *value, const char *name)
{
	SnMailAddress *address = g_new0(SnMailAddress, 1);

	*address = (SnMailAddress){ role, g_strdup(value), g_strdup(name) };
	g_ptr_array_add(list, address);
}

/* What is half typed is no address yet. */
static void add_typed(GPtrArray *list, SnMailRole role, const char *text)
{
	g_auto(GStrv) words = g_strsplit_set(text ? text : "", ",;", -1);

	for (char **word = words; *word; word++) {
		g_autofree char *name = NULL, *address = NULL, *normal = NULL;
		if (*g_strstrip(*word) && sn_mailbox_parse(*word, &name, &address) &&
		    (normal = sn_address_normalise(SN_CHANNEL_MAIL, address)))
			add_address(list, role, normal, name);
	}
}

static void party_free(gpointer data)
{
	SnParty *party = data;

	g_free(party->address);
	g_free(party->name);
	g_free(party);
}

GPtrArray *sn_draft_copies(const SnDraft *draft)
{
	g_autoptr(GPtrArray) typed = g_ptr_array_new_with_free_func(address_free);
	GPtrArray *copies = g_ptr_array_new_with_free_func(party_free);

	add_typed(typed, SN_MAIL_CC, draft->cc);
	add_typed(typed, SN_MAIL_BCC, draft->bcc);
	for (guint i = 0; i < typed->len; i++) {
		SnMailAddress *address = typed->pdata[i];
		SnParty *party = g_new0(SnParty, 1);
		party->role = address->role == SN_MAIL_CC ? SN_ROLE_CC : SN_ROLE_BCC;
		party->address = g_steal_pointer(&address->address);
		g_ptr_array_add(copies, party);
	}
	return copies;
}

static GPtrArray *addresses_of(const SnDraft *draft, const SnPlan *plan)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(address_free);

	for (guint i = 0; i < plan->recipients->len; i++) {
		const SnParty *party = plan->recipients->pdata[i];
		add_address(list, party->role == SN_ROLE_CC ? SN_MAIL_CC : SN_MAIL_TO, party->address,
		            party->name);
	}
	add_typed(list, SN_MAIL_CC, draft->cc);
	add_typed(list, SN_MAIL_BCC, draft->bcc);
	return list;
}

static GBytes *bytes_of(SnStore *store, const char *file, gsize room)
{
	SnAttachment *held = sn_attachment_from_held(file);
	GBytes *bytes = NULL;
	struct stat info;
	char *data;
	gsize size;

	if (held)
		bytes = sn_outbox_attachment_bytes(store, held->sha256, NULL);
	else if (stat(file, &info) == 0 && S_ISREG(info.st_mode) && (gsize)info.st_size <= room &&
	         g_file_get_contents(file, &data, &size, NULL))
		bytes = g_bytes_new_take(data, size);
	sn_attachment_free(held);
	if (bytes && g_bytes_get_size(bytes) > room)
		g_clear_pointer(&bytes, g_bytes_unref);
	return bytes;
}

static GPtrArray *files_of(SnStore *store, const SnDraft *draft)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(file_free);
	gsize room = FILES_MAX;

	for (guint i = 0; draft->attachments && i < draft->attachments->len; i++) {
		const char *text = draft->attachments->pdata[i];
		SnAttachment *held = sn_attachment_from_held(text);
		GBytes *bytes = bytes_of(store, text, room);
		if (bytes) {
			SnMailFile *file = g_new0(SnMailFile, 1);
			file->name = held ? g_strdup(held->name) : g_path_get_basename(text);
			file->type = held ? g_strdup(held->type) : NULL;
			file->bytes = bytes;
			room -= g_bytes_get_size(bytes);
			g_ptr_array_add(files, file);
		}
		sn_attachment_free(held);
	}
	return files;
}

GBytes *sn_draft_compose(SnEngine *engine, const SnDraft *draft, const SnPlan *plan,
                         const char *message_id, GError **error)
{
	SnStore *store = engine->store;
	g_autoptr(GPtrArray) addresses = addresses_of(draft, plan), files = files_of(store, draft);
	g_autoptr(GPtrArray) references = g_ptr_array_new();
	g_autoptr(SnMessage) answered =
		draft->reply_to ? sn_message_get(store, draft->reply_to, 0) : NULL;
	g_autoptr(SnMessage) email = answered ? sn_thread_email(store, answered) : NULL;
	g_autofree char *subject = draft->subject
	                                   ? g_strdup(draft->subject)
	                                   : sn_plan_subject(store, draft->conversation,
	                                                     draft->reply_to, draft->body);

	if (email && email->message_id)
		g_ptr_array_add(references, email->message_id);
	SnMailCompose mail = {
		.from_address = plan->from,
		.from_name = plan->identity ? plan->identity->name : NULL,
		.addresses = addresses,
		.keep_bcc = TRUE,
		.subject = subject,
		.date = draft->updated,
		.message_id = message_id,
		.in_reply_to = email ? email->message_id : NULL,
		.references = references->len ? references : NULL,
		.text = draft->body,
		.files = files->len ? files : NULL,
	};
	return sn_mail_compose(&mail, error);
}
