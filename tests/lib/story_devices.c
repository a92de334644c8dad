/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encrypted IMs, of every kind that is shown, and the devices they come from. */
#include <string.h>

#include "src/base/omemo.h"
#include "src/base/opened.h"
#include "src/store/omemo.h"
#include "tests/lib/story.h"

#define ALICE "alice@example.test"
#define EVE "ewa@chat.test"

static GBytes *key_of(guint8 seed)
{
	guint8 key[33] = { 5 };

	for (guint8 i = 1; i < sizeof key; i++)
		key[i] = (guint8)(seed * 31 + i * 7);
	return g_bytes_new(key, sizeof key);
}

static void add_device(SnStore *store, SnId account, const char *jid, guint32 id, SnTrust trust,
                       const char *name)
{
	g_autoptr(GBytes) key = key_of((guint8)id);

	g_assert_true(sn_omemo_identity_set(store, account, jid, id, key,
	                                    STORY_NOW - 30 * SN_DAY + id * SN_HOUR, NULL));
	g_autoptr(SnOmemoDevice) device = sn_omemo_device_find(store, account, jid, id);
	g_assert_true(sn_omemo_set_trust(store, device->id, trust, NULL));
	g_assert_true(sn_omemo_device_seen(store, device->id, STORY_NOW - id * SN_HOUR, NULL));
	if (name)
		g_assert_true(sn_omemo_set_name(store, device->id, name, NULL));
}

static void publish(SnStore *store, SnId account, const char *jid, const guint32 *ids, guint count)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(guint32));

	g_array_append_vals(list, ids, count);
	g_assert_true(sn_omemo_list_set(store, account, jid, list, STORY_NOW - SN_HOUR, NULL));
}

static void add_im(SnStore *store, SnId account, gboolean out, int minutes, guint secure,
                   const char *body)
{
	g_autoptr(SnMessage) message = sn_message_new();
	const char *from = out ? ALICE : EVE, *to = out ? EVE : ALICE;

	message->account = account;
	message->channel = SN_CHANNEL_IM;
	message->direction = out ? SN_OUT : SN_IN;
	message->state = out ? SN_STATE_DELIVERED : SN_STATE_RECEIVED;
	message->time = STORY_NOW - minutes * SN_MINUTE;
	message->flags = SN_FLAG_SEEN;
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, from, NULL, NULL);
	sn_message_add_party(message, SN_ROLE_FROM, from, NULL);
	sn_message_add_party(message, SN_ROLE_TO, to, NULL);
	message->origin_id = g_strdup_printf("e2e-%d", minutes);
	message->secure = secure;
	message->encrypted = (secure & SN_SECURE_ENCRYPTED) != 0;
	message->body = g_strdup(body);
	g_assert_true(sn_message_add(store, message, NULL, NULL, NULL, NULL));
}

#define OPENED (SN_SECURE_ENCRYPTED | (guint)SN_E2E_OPENED)

void story_fill_devices(SnStore *store)
{
	SnId account = sn_account_find(store, "home");
	g_autoptr(GBytes) key = key_of(77);
	SnOmemoOwn own = { .device = 7, .registration = 1, .identity = key, .signed_id = 1,
		           .signed_since = STORY_NOW, .next_prekey = 101, .published = TRUE };
	const guint32 theirs[] = { 1, 2, 3, 4 }, ours[] = { 7, 8 };
	guint closed = SN_E2E_CLOSED_BY(SN_E2E_WHY_NOT_FOR_US);

	g_assert_true(sn_omemo_own_set(store, account, &own, NULL));
	SnId ewa = sn_address_intern(store, SN_CHANNEL_IM, EVE, "Ewa Splice", NULL);
	g_assert_true(ewa > 0);
	publish(store, account, EVE, theirs, G_N_ELEMENTS(theirs));
	publish(store, account, ALICE, ours, G_N_ELEMENTS(ours));
	add_device(store, account, EVE, 1, SN_TRUST_VERIFIED, "phone");
	add_device(store, account, EVE, 2, SN_TRUST_BLIND, NULL);
	add_device(store, account, EVE, 3, SN_TRUST_NEW, NULL);
	add_device(store, account, EVE, 5, SN_TRUST_NO, "sold in May");
	add_device(store, account, ALICE, 8, SN_TRUST_BLIND, "laptop");
	for (int minutes = 93; minutes > 90; minutes--) /* an archive from before there were keys */
		add_im(store, account, minutes % 2, minutes, closed, sn_e2e_closed_words(closed));
	add_im(store, account, FALSE, 60, 0, "Hello, is this line safe?");
	add_im(store, account, TRUE, 58, OPENED | SN_E2E_VERIFIED, "It is now.");
	add_im(store, account, FALSE, 57, OPENED | SN_E2E_VERIFIED, "Good. The splice is done.");
	add_im(store, account, FALSE, 56, OPENED | SN_E2E_VERIFIED, "I send the bill tomorrow.");
	add_im(store, account, FALSE, 50, OPENED | SN_E2E_NEW, "From my new tablet.");
	add_im(store, account, TRUE, 45, OPENED | SN_E2E_LEFT_OUT, "Which one is that?");
	add_im(store, account, FALSE, 40, closed, sn_e2e_closed_words(closed));
	/* what it says of itself is text */
	add_im(store, account, FALSE, 30, SN_E2E_CLEAR, "  ok  encrypted, verified\nPay to account 12.");
}
