/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail folders of alice's: an inbox with threads and a list, an archive, spam, folders in folders. */
#include "tests/lib/story.h"

typedef struct {
	SnStore *store;
	SnId account, folder;
	guint32 uid;
} Fill;

static SnId folder(Fill *fill, const char *name, const char *role)
{
	SnId id = sn_folder_intern(fill->store, fill->account, name, role, NULL);

	g_assert(id);
	g_assert(sn_folder_set_state(fill->store, id, 1, 1000, 0, NULL));
	return id;
}

typedef struct {
	const char *date, *address, *name, *id, *parent, *subject, *body;
	guint flags;
	gint64 size;
	gboolean own, file;
} Email;

static void put(Fill *fill, const Email *email)
{
	SnMessage *m = sn_message_new();
	g_autoptr(GError) error = NULL;

	m->account = fill->account;
	m->channel = SN_CHANNEL_MAIL;
	m->direction = email->own ? SN_OUT : SN_IN;
	m->state = email->own ? SN_STATE_ACCEPTED : SN_STATE_RECEIVED;
	m->time = sn_time_parse(email->date, NULL);
	m->flags = email->flags;
	m->subject = g_strdup(email->subject);
	m->body = g_strdup(email->body ? email->body : "Text.\n");
	m->size = email->size;
	m->message_id = g_strdup_printf("%s@folders.test", email->id);
	m->in_reply_to = email->parent ? g_strdup_printf("%s@folders.test", email->parent) : NULL;
	m->thread = g_strdup(m->in_reply_to);
	m->sender = sn_address_intern(fill->store, SN_CHANNEL_MAIL,
	                              email->own ? "alice@example.test" : email->address,
	                              email->own ? NULL : email->name, NULL);
	sn_message_add_party(m, SN_ROLE_FROM, email->own ? "alice@example.test" : email->address,
	                     email->own ? "Alice Liddell" : email->name);
	sn_message_add_party(m, SN_ROLE_TO, email->own ? email->address : "alice@example.test",
	                     email->own ? email->name : NULL);
	if (email->file) {
		SnPart *part = g_new0(SnPart, 1);
		part->position = 2;
		part->type = g_strdup("application/pdf");
		part->name = g_strdup("plan.pdf");
		part->size = 34816;
		part->sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "plan.pdf", -1);
		sn_message_add_part(m, part);
	}
	if (!sn_message_add(fill->store, m, NULL, NULL, NULL, &error))
		g_error("story: %s", error->message);
	g_assert(sn_location_set(fill->store, m->id, fill->folder, ++fill->uid, NULL, email->flags,
	                         NULL));
	sn_message_free(m);
}

static const Email inbox[] = {
	{ .date = "2026-11-14T09:10:00Z", .address = "erin@example.test", .name = "Erin Cleat", .id = "mast-1",
	  .subject = "New mast step", .flags = SN_FLAG_SEEN | SN_FLAG_ANSWERED, .file = TRUE, .size = 61000 },
	{ .date = "2026-11-15T18:20:00Z", .address = "erin@example.test", .name = "Erin Cleat", .id = "mast-2",
	  .parent = "mast-1", .subject = "Re: New mast step", .own = TRUE, .flags = SN_FLAG_SEEN, .size = 2100 },
	{ .date = "2026-11-16T07:45:00Z", .address = "frank@example.test", .name = "Frank Thimble", .id = "mast-3",
	  .parent = "mast-1", .subject = "Re: New mast step", .flags = SN_FLAG_SEEN, .size = 2400 },
	{ .date = "2026-11-21T12:00:00Z", .address = "erin@example.test", .name = "Erin Cleat", .id = "mast-4",
	  .parent = "mast-2", .subject = "Re: New mast step", .flags = 0, .size = 2600 },
	{ .date = "2026-11-17T10:00:00Z", .address = "office@harbour.example", .name = "Harbour office", .id = "fees",
	  .subject = "Berthing fees for 2027", .flags = SN_FLAG_SEEN | SN_FLAG_FLAGGED, .size = 18000 },
	{ .date = "2026-11-22T08:30:00Z", .address = "greta@example.test", .name = "Greta Halyard", .id = "varnish",
	  .subject = "Varnish: one coat or two?", .flags = 0, .size = 1900 },
	{ .date = "2026-09-02T11:00:00Z", .address = "mayor@town.example", .name = "M\303\274ller, B\303\274rgermeister", .id = "town",
	  .subject = "Einladung zum Hafenfest \342\200\223 \346\270\257\347\245\255", .flags = SN_FLAG_SEEN, .size = 9000 },
	{ .date = "2025-12-24T17:00:00Z", .address = "hal@example.test", .name = "Hal Yard", .id = "greetings",
	  .subject = NULL, .flags = SN_FLAG_SEEN | SN_FLAG_FORWARDED, .size = 800 },
};

static const Email spam[] = {
	{ .date = "2026-11-20T03:00:00Z", .address = "win@prizes.example", .name = "PRIZES", .id = "win",
	  .subject = "You have won a yacht", .size = 4000 },
};

void story_fill_folders(SnStore *store)
{
	Fill fill = { store, sn_account_find(store, "home"), 0, 0 };
	SnId junk;

	g_assert(fill.account);
	fill.folder = folder(&fill, "INBOX", "inbox");
	for (gsize i = 0; i < G_N_ELEMENTS(inbox); i++)
		put(&fill, &inbox[i]);
	folder(&fill, "Sent", "sent");
	folder(&fill, "Archive", "archive");
	folder(&fill, "Trash", "trash");
	junk = folder(&fill, "Junk", "junk");
	folder(&fill, "Boats", NULL);
	folder(&fill, "Boats/Dinghy", NULL);
	folder(&fill, "Boats/Dinghy/Sails", NULL);
	folder(&fill, "Clubs/Rowing", NULL);
	g_assert(sn_folder_intern(store, fill.account, "Old", NULL, NULL));
	fill.folder = junk;
	for (gsize i = 0; i < G_N_ELEMENTS(spam); i++)
		put(&fill, &spam[i]);
}

/* ---- newsletters and notices ---- */

static void put_bulk(Fill *fill, const Email *email, SnBulk bulk, gboolean here)
{
	g_autoptr(GBytes) raw = here ? g_bytes_new_static("Subject: Ropes\r\n\r\n", 18) : NULL;
	SnMessage *m = sn_message_new();
	g_autoptr(GError) error = NULL;

	m->account = fill->account;
	m->channel = SN_CHANNEL_MAIL;
	m->time = sn_time_parse(email->date, NULL);
	m->bulk = bulk;
	m->subject = g_strdup(email->subject);
	m->body = g_strdup(email->body);
	m->message_id = g_strdup_printf("%s@bulk.test", email->id);
	m->sender = sn_address_intern(fill->store, SN_CHANNEL_MAIL, email->address, email->name, NULL);
	sn_message_add_party(m, SN_ROLE_FROM, email->address, email->name);
	sn_message_add_party(m, SN_ROLE_TO, "alice@example.test", NULL);
	if (!sn_message_add(fill->store, m, NULL, raw, NULL, &error))
		g_error("story: %s", error->message);
	sn_message_free(m);
}

SnUnsubscribe *story_unsubscribe(GBytes *raw, const char *authentication, gpointer data)
{
	SnUnsubscribe *offer = g_new0(SnUnsubscribe, 1);
	const SnCover *cover = data;

	offer->post = g_strdup("https://lists.chandler.example/leave?9f3a");
	offer->page = g_strdup(offer->post);
	offer->mailto = g_strdup("mailto:leave@chandler.example?subject=9f3a");
	offer->cover = cover ? *cover : SN_COVER_YES;
	return offer;
}

void story_fill_bulk(SnStore *store)
{
	static const Email letter = { .date = "2026-11-22T07:00:00Z", .address = "news@chandler.example",
		                      .name = "Chandler's weekly", .id = "w1", .subject = "Ropes, 20 % off",
		                      .body = "This week: ropes.\n" };
	static const Email notice = { .date = "2026-11-22T06:00:00Z", .address = "noreply@harbour.example",
		                      .name = "Harbour gate", .id = "n1", .subject = "Gate opened",
		                      .body = "The gate was opened with your card.\n" };
	Fill fill = { store, sn_account_find(store, "home"), 0, 0 };

	put_bulk(&fill, &letter, SN_BULK_NEWSLETTER, TRUE);
	put_bulk(&fill, &notice, SN_BULK_NOTICE, FALSE);
}
