/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mailbox with limits: nearly full, a folder that can only be read, a file that was not fetched. */
#include "tests/lib/story.h"

static SnId folder(SnStore *store, SnId account, const char *name, const char *role)
{
	SnId id = sn_folder_intern(store, account, name, role, NULL);

	g_assert(id && sn_folder_set_state(store, id, 1, 1000, 0, NULL));
	return id;
}

static SnId put(SnStore *store, SnId account, SnId where, guint32 uid, const char *subject,
                const char *file, gint64 size, gint64 minutes)
{
	SnMessage *m = sn_message_new();
	SnId id;

	m->account = account;
	m->channel = SN_CHANNEL_MAIL;
	m->state = SN_STATE_RECEIVED;
	m->flags = SN_FLAG_SEEN;
	m->time = STORY_NOW - minutes * SN_MINUTE;
	m->subject = g_strdup(subject);
	m->body = g_strdup("The film of Saturday, in full.\n");
	m->size = size;
	m->message_id = g_strdup_printf("%u@mailbox.test", uid);
	m->sender = sn_address_intern(store, SN_CHANNEL_MAIL, "hal@example.test", "Hal Yard", NULL);
	sn_message_add_party(m, SN_ROLE_FROM, "hal@example.test", "Hal Yard");
	sn_message_add_party(m, SN_ROLE_TO, "alice@example.test", NULL);
	if (file) {
		SnPart *part = g_new0(SnPart, 1);
		part->position = 2;
		part->type = g_strdup("video/mp4");
		part->name = g_strdup(file);
		part->size = size;
		sn_message_add_part(m, part);
	}
	g_assert(sn_message_add(store, m, NULL, NULL, NULL, NULL));
	g_assert(sn_location_set(store, m->id, where, uid, NULL, m->flags, NULL));
	id = m->id;
	sn_message_free(m);
	return id;
}

void story_fill_mailbox(SnStore *store)
{
	SnId account = sn_account_find(store, "home");
	SnId inbox = folder(store, account, "INBOX", "inbox");
	SnId shared = folder(store, account, "Club/Minutes", NULL);
	SnStatus status = { .account = (char *)"home", .end = (char *)"source",
		            .kind = SN_STATUS_ONLINE, .since = STORY_NOW };

	g_assert(account);
	put(store, account, inbox, 1, "Film of the regatta", "regatta.mp4", 131072000, 40);
	SnId minutes = put(store, account, shared, 2, "Minutes of November", NULL, 4000, 50);
	g_assert(minutes && sn_folder_set_read_only(store, shared, TRUE, NULL));
	folder(store, account, "Trash", "trash");
	g_assert(sn_account_set_quota(store, account, 1865000000, 2000000000, NULL));
	SnId copy = sn_action_append(store, minutes, account, "sent", SN_FLAG_SEEN, NULL);
	g_assert(copy && sn_action_retry(store, copy, STORY_NOW + SN_HOUR,
	                                 "The message could not be stored in Sent: mail.example.test says "
	                                 "\"Quota exceeded (mailbox for user is full)\".",
	                                 NULL));
	g_assert(sn_status_set(store, &status, NULL));
}
