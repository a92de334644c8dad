/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/base/ids.h"
#include "src/base/opened.h"
#include "src/engine/omemo_private.h"
#include "src/omemo/payload.h"

/* ---- may it be encrypted ---- */

typedef struct {
	guint usable, left_out, verified;
} Count;

/* A device without a session cannot be written to, whoever trusts it. */
static Count count(const GPtrArray *devices)
{
	Count count = { 0 };

	for (guint i = 0; i < devices->len; i++) {
		const SnOmemoDevice *device = devices->pdata[i];
		gboolean usable = sn_omemo_device_counts(device) && device->session;
		count.usable += usable;
		count.left_out += device->listed && !usable;
		count.verified += usable && device->trust == SN_TRUST_VERIFIED;
	}
	return count;
}

static SnOmemoCan cannot(gboolean must, char **why, const char *words)
{
	if (must && why)
		*why = g_strdup(words);
	return must ? SN_OMEMO_CANNOT : SN_OMEMO_CLEAR;
}

static SnOmemoCan look_at_devices(SnOmemo *self, const char *jid, gboolean must, char **why)
{
	SnStore *store = sn_omemo_store(self);
	g_autoptr(GPtrArray) theirs = sn_omemo_devices(store, self->account->id, jid);
	g_autoptr(GPtrArray) ours = sn_omemo_devices(store, self->account->id, self->own);
	gboolean asked = sn_omemo_want_sessions(self, theirs);
	Count now = count(theirs);

	asked = (now.usable > 0 || asked) && sn_omemo_want_sessions(self, ours) ? TRUE : asked;
	if (asked)
		return SN_OMEMO_SOON;
	if (now.usable > 0)
		return SN_OMEMO_READY;
	return cannot(must, why,
	              now.left_out ? "none of the contact's devices can be used: look at their fingerprints"
	                           : "the contact has no device that could read it");
}

static gboolean has_usable(SnOmemo *self, const char *jid)
{
	g_autoptr(GPtrArray) theirs =
		sn_omemo_devices(sn_omemo_store(self), self->account->id, jid);

	return count(theirs).usable > 0;
}

SnOmemoCan sn_omemo_can(SnOmemo *self, const char *jid, gboolean required, char **why)
{
	SnStore *store = self ? sn_omemo_store(self) : NULL;
	SnOmemoMode mode = self ? sn_omemo_mode(store, jid) : SN_OMEMO_AUTO;
	gboolean must = required || mode == SN_OMEMO_ALWAYS;

	if (!required && mode == SN_OMEMO_OFF)
		return SN_OMEMO_CLEAR;
	if (!self || !sn_config_settings(self->account->engine->config)->im_omemo)
		return cannot(must, why, "encryption of IMs is switched off (im.omemo)");
	/* what went encrypted once does not go in the clear because a server says that nobody can */
	must = must || sn_omemo_was_used(store, self->account->id, jid);
	if (self->why)
		return cannot(must, why, self->why);
	gboolean usable = has_usable(self, jid);
	/* somebody who could not be asked yet is not somebody without a device; it ends with the log-in */
	if (!self->begun && !usable && self->account->im_online)
		return SN_OMEMO_SOON;
	if (!sn_omemo_works(self))
		return cannot(must, why, "this device has no keys yet");
	if (!usable)
		sn_omemo_doubt_list(self, jid, must);
	if (self->synced &&
	    (sn_omemo_want_list(self, self->own) == SN_LIST_ASKED ||
	     sn_omemo_want_list(self, jid) == SN_LIST_ASKED)) {
		sn_omemo_want_list(self, jid);
		return SN_OMEMO_SOON;
	}
	return look_at_devices(self, jid, must, why);
}

void sn_omemo_wait(SnOmemo *self, SnId entry)
{
	if (self)
		g_hash_table_add(self->waiting, g_memdup2(&entry, sizeof entry));
}

/* ---- sealing ---- */

static gboolean seal_for(SnOmemo *self, SnOmemoSealed *sealed, const SnOmemoDevice *device, GBytes *key)
{
	g_autoptr(GError) error = NULL;
	SnOmemoKey *locked = NULL;

	if (!device->session || !sn_omemo_device_counts(device))
		return FALSE;
	if (device->device == self->device && strcmp(device->jid, self->own) == 0)
		return FALSE;
	locked = sn_ratchet_encrypt(self->ratchet, device->jid, device->device, key, &error);
	if (locked)
		g_ptr_array_add(sealed->keys, locked);
	else
		g_info("Device %u of %s is left out: %s", device->device, device->jid, error->message);
	return locked != NULL;
}

/* How many of them it is sealed for. *left_out: others are published. */
static guint seal_for_all(SnOmemo *self, SnOmemoSealed *sealed, const GPtrArray *devices, GBytes *key,
                          guint *left_out)
{
	guint done = 0;

	for (guint i = 0; i < devices->len; i++) {
		const SnOmemoDevice *device = devices->pdata[i];
		if (seal_for(self, sealed, device, key))
			done++;
		else if (left_out && device->listed)
			(*left_out)++;
	}
	return done;
}

/* Commits and makes durable: a key that has left must never be used again, whatever happens. */
static gboolean keep(SnOmemo *self, const char *jid, GError **error)
{
	SnStore *store = sn_omemo_store(self);

	if (!sn_omemo_set_used(store, self->account->id, jid, TRUE, error)) {
		sn_store_rollback(store);
		return FALSE;
	}
	if (!sn_store_commit(store, error))
		return FALSE;
	return sn_store_sync(store, error);
}

gboolean sn_omemo_seal(SnOmemo *self, SnImMessage *message, guint *e2e, GError **error)
{
	SnStore *store = sn_omemo_store(self);
	g_autofree char *jid = sn_address_normalise(SN_CHANNEL_IM, message->to);
	g_autofree char *text = g_strconcat(message->quote ? message->quote : "",
	                                    message->body ? message->body : "",
	                                    message->note ? message->note : "", NULL);
	g_autoptr(SnOmemoSealed) sealed = sn_omemo_sealed_new(self->device);
	guint left_out = 0;

	g_assert(!message->sealed && self->device && jid);
	g_autoptr(GBytes) key = sn_payload_seal(sealed, text);
	if (!sn_store_begin(store, error))
		return FALSE;
	g_autoptr(GPtrArray) theirs = sn_omemo_devices(store, self->account->id, jid);
	g_autoptr(GPtrArray) ours = sn_omemo_devices(store, self->account->id, self->own);
	if (seal_for_all(self, sealed, theirs, key, &left_out) == 0) {
		sn_store_rollback(store);
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		            "It could not be encrypted for any device of %s", jid);
		return FALSE;
	}
	Count trusted = count(theirs);
	if (strcmp(jid, self->own) != 0)
		seal_for_all(self, sealed, ours, key, NULL);
	if (!keep(self, jid, error))
		return FALSE;
	*e2e = SN_SECURE_ENCRYPTED | (guint)SN_E2E_OPENED | (left_out ? (guint)SN_E2E_LEFT_OUT : 0) |
	       (trusted.verified == trusted.usable ? (guint)SN_E2E_VERIFIED : 0);
	message->sealed = g_steal_pointer(&sealed);
	message->encrypted = TRUE;
	return TRUE;
}

/* ---- keys without a text ---- */

static void ignore(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	if (event->kind == SN_EVENT_ERROR)
		g_info("%s: %s", account->config->name, event->error->message);
}

/* Whoever may see our presence may know that we are here; so may our other devices. */
static gboolean may_know(SnOmemo *self, const char *jid)
{
	SnStore *store = sn_omemo_store(self);
	g_autoptr(SnAddress) address = sn_address_find(store, SN_CHANNEL_IM, jid);
	SnSubscription subscription = SN_SUB_NONE;

	return strcmp(jid, self->own) == 0 ||
	       (address && sn_roster_get(store, address->id, NULL, &subscription, NULL) &&
	        (subscription == SN_SUB_FROM || subscription == SN_SUB_BOTH));
}

void sn_omemo_send_empty(SnOmemo *self, const char *jid, guint32 number)
{
	SnStore *store = sn_omemo_store(self);
	SnEngineAccount *account = self->account;
	g_autoptr(SnOmemoSealed) sealed = sn_omemo_sealed_new(self->device);
	g_autoptr(GBytes) key = sn_payload_empty(sealed);
	g_autoptr(GError) error = NULL;

	if (!account->im_online || !may_know(self, jid) || !sn_store_begin(store, &error))
		return;
	SnOmemoKey *locked = sn_ratchet_encrypt(self->ratchet, jid, number, key, &error);
	if (!locked) {
		sn_store_rollback(store);
		return;
	}
	g_ptr_array_add(sealed->keys, locked);
	if (!sn_store_commit(store, &error) || !sn_store_sync(store, &error)) {
		g_warning("%s", error->message);
		return;
	}
	SnImRequest *request = sn_im_request_new(SN_IM_REQ_SEND, sn_engine_next_id(account->engine));
	request->message = sn_im_message_new();
	request->message->to = g_strdup(jid);
	request->message->id = sn_id_origin();
	request->message->store_hint = TRUE;
	request->message->sealed = g_steal_pointer(&sealed);
	sn_engine_im(account, request, ignore, NULL);
}
