/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <string.h>

#include "src/base/opened.h"
#include "src/engine/omemo_private.h"
#include "src/omemo/payload.h"

enum {
	LONG_CHAIN = 53,  /* messages without an answer, after which a sign is sent (XEP-0384 0.8) */
	MAX_WAITING = 1000,
};

/* It stays in the timeline as what it is: something that was said, and why it cannot be read. */
static SnOmemoOpening closed(SnImMessage *message, SnE2eWhy why)
{
	if (!message->sealed->payload)
		return SN_OMEMO_NOTHING;
	message->e2e = SN_E2E_CLOSED_BY(why);
	g_clear_pointer(&message->fallback, g_array_unref);
	sn_im_message_set_body(message, sn_e2e_closed_words(message->e2e));
	return SN_OMEMO_OPENED;
}

static void remember(GHashTable *table, const char *jid, guint32 device)
{
	if (g_hash_table_size(table) < MAX_WAITING)
		g_hash_table_add(table, sn_omemo_place(jid, device));
}

static SnOmemoOpening not_opened(SnOmemo *self, SnImMessage *message, const char *from, int code)
{
	guint32 device = message->sealed->sender;

	switch (code) {
	case SN_RATCHET_ERROR_DUPLICATE: return SN_OMEMO_KNOWN;
	case SN_RATCHET_ERROR_STORAGE: return SN_OMEMO_AGAIN;
	case SN_RATCHET_ERROR_NO_SESSION:
	case SN_RATCHET_ERROR_NO_PREKEY:
		remember(self->broken, from, device);
		return closed(message, SN_E2E_WHY_NO_SESSION);
	default: remember(self->broken, from, device); return closed(message, SN_E2E_WHY_BROKEN);
	}
}

/* A file by its address alone (XEP-0454); some clients add a small picture below. */
static void find_file(SnImMessage *message)
{
	g_autofree char *line = g_strstrip(g_strdup(message->body));
	char *rest = strchr(line, '\n');

	if (rest)
		*rest++ = '\0';
	g_autofree char *open = sn_file_address(g_strchomp(line), NULL);
	if (!open || strpbrk(open, " \t\r") || (rest && !g_str_has_prefix(rest, "data:")))
		return;
	SnImFile *file = g_new0(SnImFile, 1);
	g_autofree char *path = g_strndup(open, strcspn(open, "?"));
	const char *slash = strrchr(path, '/');
	file->url = g_strdup(line);
	file->size = -1;
	file->name = slash && slash[1] ? g_uri_unescape_string(slash + 1, "/") : NULL;
	if (file->name) {
		g_autofree char *type = g_content_type_guess(file->name, NULL, 0, NULL);
		file->type = g_content_type_get_mime_type(type);
	}
	message->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(message->files, file);
	g_clear_pointer(&message->fallback, g_array_unref);
	sn_im_message_set_body(message, line);
}

static void note_device(SnOmemo *self, SnImMessage *message, const char *from)
{
	SnStore *store = sn_omemo_store(self);
	g_autoptr(SnOmemoDevice) device =
		sn_omemo_device_find(store, self->account->id, from, message->sealed->sender);

	message->e2e = SN_SECURE_ENCRYPTED | (guint)SN_E2E_OPENED;
	if (!device)
		return;
	if (device->trust == SN_TRUST_VERIFIED)
		message->e2e |= SN_E2E_VERIFIED;
	else if (!sn_trust_used(device->trust))
		message->e2e |= SN_E2E_NEW;
	sn_omemo_device_seen(store, device->id, message->time ? message->time : sn_omemo_now(self), NULL);
}

static SnOmemoOpening read_text(SnOmemo *self, SnImMessage *message, const char *from, GBytes *key)
{
	if (!message->sealed->payload)
		return SN_OMEMO_NOTHING;
	char *text = sn_payload_open(message->sealed, key);
	if (!text)
		return closed(message, SN_E2E_WHY_DAMAGED);
	note_device(self, message, from);
	sn_im_message_set_body(message, text);
	explicit_bzero(text, strlen(text));
	g_free(text);
	find_file(message);
	return SN_OMEMO_OPENED;
}

/* What went wrong leaves the session as it was. */
static SnOmemoOpening turn_key(SnOmemo *self, SnImMessage *message, const char *from,
                               const SnOmemoKey *key, GError **error)
{
	SnStore *store = sn_omemo_store(self);
	g_autoptr(GError) cause = NULL;
	guint32 counter = 0;

	if (!sn_store_begin(store, error))
		return SN_OMEMO_AGAIN;
	g_autoptr(GBytes) opened = sn_ratchet_decrypt(self->ratchet, from, message->sealed->sender, key,
	                                              &counter, &cause);
	if (!opened) {
		sn_store_rollback(store);
		SnOmemoOpening result = not_opened(self, message, from, cause->code);
		if (result == SN_OMEMO_AGAIN)
			g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "The keys could not be written.");
		return result;
	}
	if (!sn_store_commit(store, error))
		return SN_OMEMO_AGAIN;
	if (key->prekey || counter >= LONG_CHAIN)
		remember(self->unanswered, from, message->sealed->sender);
	return read_text(self, message, from, opened);
}

SnOmemoOpening sn_omemo_open(SnOmemo *self, SnImMessage *message, const char *from, GError **error)
{
	const SnOmemoSealed *sealed = message->sealed;
	const SnOmemoKey *key;

	g_assert(sealed && !message->body);
	if (message->groupchat || message->room_private)
		return closed(message, SN_E2E_WHY_ROOM);
	if (self->why || !sn_config_settings(self->account->engine->config)->im_omemo)
		return closed(message, SN_E2E_WHY_OFF);
	if (!sn_omemo_works(self))
		return closed(message, SN_E2E_WHY_NOT_FOR_US);
	if (sealed->sender == self->device && g_str_equal(from, self->own))
		return SN_OMEMO_KNOWN;
	key = sn_omemo_sealed_key(sealed, self->device);
	return key ? turn_key(self, message, from, key, error)
	           : closed(message, SN_E2E_WHY_NOT_FOR_US);
}

/* ---- afterwards ---- */

static void for_all(SnOmemo *self, GHashTable *table,
                    void (*call)(SnOmemo *self, const char *jid, guint32 device))
{
	g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer place;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, &place, NULL))
		g_ptr_array_add(places, g_strdup(place));
	g_hash_table_remove_all(table);
	for (guint i = 0; i < places->len; i++) {
		g_autofree char *jid = NULL;
		guint32 device;
		if (sn_omemo_place_read(places->pdata[i], &jid, &device))
			call(self, jid, device);
	}
}

/* While the archive is read nothing is said: what comes next may answer itself, and a prekey may be
 * used by several messages. */
void sn_omemo_settle(SnOmemo *self, gboolean live)
{
	self->live = live;
	if (!live || !self->synced || !sn_omemo_works(self))
		return;
	for_all(self, self->broken, sn_omemo_heal);
	for_all(self, self->unanswered, sn_omemo_send_empty);
	if (self->refill)
		sn_omemo_look_after_keys(self);
}
