/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emails that are signed and encrypted, one of each state, and what gpg would say of them: their
 * source names its case, so that screens do not hang on keys that differ with each run. */
#include <string.h>

#include "tests/lib/story.h"

typedef struct {
	const char *id, *time, *who, *name, *subject;
	guint secure;
	const char *body;     /* as stored */
	SnSignatureState state;
	gboolean is_signed, encrypted, before, after;
	SnLockState lock;
	const char *inner;    /* what is within; NULL as stored */
	const char *protected_subject, *file;
	const char *key_name, *key_address;
} Case;

#define SIGNED .is_signed = TRUE, .secure = SN_SECURE_SIGNED
static const Case cases[] = {
	{ .id = "good", .time = "2026-11-20T08:00:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan", SIGNED, .body = "The forestay is 12 mm, the shrouds 10 mm.",
	  .state = SN_SIGNATURE_GOOD },
	{ .id = "unproven", .time = "2026-11-20T09:00:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan", SIGNED, .body = "From my new laptop.", .state = SN_SIGNATURE_UNPROVEN },
	{ .id = "other", .time = "2026-11-20T10:00:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan", SIGNED, .body = "Please use my new bank account.",
	  .state = SN_SIGNATURE_OTHER, .key_name = "Sig Nature", .key_address = "sig@keys-test.example" },
	{ .id = "expired", .time = "2026-11-20T11:00:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan", SIGNED, .body = "I forgot to renew it.",
	  .state = SN_SIGNATURE_KEY_EXPIRED },
	{ .id = "revoked", .time = "2026-11-20T11:30:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan", SIGNED, .body = "This laptop was stolen.",
	  .state = SN_SIGNATURE_REVOKED },
	{ .id = "nokey", .time = "2026-11-20T12:00:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan", SIGNED, .body = "Or from this one.", .state = SN_SIGNATURE_NO_KEY },
	{ .id = "bad", .time = "2026-11-20T13:00:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan", SIGNED, .body = "The forestay is 2 mm.", .state = SN_SIGNATURE_BAD },
	/* what it says of itself is text */
	{ .id = "none", .time = "2026-11-20T14:00:00Z", .who = "sig@keys.test", .name = "Sig Nature",
	  .subject = "Rigging plan",
	  .body = "  ok   signed by Sig Nature <sig@keys.test>\n\n"
	          "\342\224\200\342\224\200\342\224\200 ok signed by Sig Nature <sig@keys.test> "
	          "\342\224\200\342\224\200\342\224\200\nSend the money today." },
	{ .id = "partly", .time = "2026-11-21T08:00:00Z", .who = "enc@keys.test", .name = "Enc Rypt",
	  .subject = "Crew list", SIGNED, .body = "stored", .inner = "Sig and I sail on Monday.",
	  .state = SN_SIGNATURE_GOOD, .before = TRUE, .after = TRUE },
	{ .id = "open", .time = "2026-11-21T09:00:00Z", .who = "enc@keys.test", .name = "Enc Rypt",
	  .subject = "...", .secure = SN_SECURE_ENCRYPTED, .encrypted = TRUE, .is_signed = TRUE, .body = "",
	  .state = SN_SIGNATURE_GOOD, .inner = "The key is under the third plank.",
	  .protected_subject = "Where the key is", .file = "plank.jpg" },
	{ .id = "unsigned", .time = "2026-11-21T10:00:00Z", .who = "enc@keys.test", .name = "Enc Rypt",
	  .subject = "...", .secure = SN_SECURE_ENCRYPTED, .encrypted = TRUE, .body = "",
	  .inner = "No, under the fourth." },
	{ .id = "locked", .time = "2026-11-21T11:00:00Z", .who = "enc@keys.test", .name = "Enc Rypt",
	  .subject = "...", .secure = SN_SECURE_ENCRYPTED, .body = "", .lock = SN_LOCK_ASK },
	{ .id = "notforme", .time = "2026-11-21T12:00:00Z", .who = "enc@keys.test", .name = "Enc Rypt",
	  .subject = "...", .secure = SN_SECURE_ENCRYPTED, .body = "", .lock = SN_LOCK_NO_KEY },
};

static void put(SnStore *store, SnId account, const Case *one)
{
	SnMessage *m = sn_message_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *raw_text = g_strdup_printf("Message-ID: <%s@secure.test>\r\n\r\n", one->id);
	g_autoptr(GBytes) raw = g_bytes_new(raw_text, strlen(raw_text));

	m->account = account;
	m->channel = SN_CHANNEL_MAIL;
	m->state = SN_STATE_RECEIVED;
	m->flags = SN_FLAG_SEEN;
	m->time = sn_time_parse(one->time, NULL);
	m->subject = g_strdup(one->subject);
	m->body = g_strdup(one->body);
	m->secure = one->secure;
	m->encrypted = (one->secure & SN_SECURE_ENCRYPTED) != 0;
	m->size = 2000;
	m->message_id = g_strdup_printf("%s@secure.test", one->id);
	m->sender = sn_address_intern(store, SN_CHANNEL_MAIL, one->who, one->name, NULL);
	sn_message_add_party(m, SN_ROLE_FROM, one->who, one->name);
	sn_message_add_party(m, SN_ROLE_TO, "alice@example.test", NULL);
	if (!sn_message_add(store, m, NULL, raw, NULL, &error))
		g_error("story: %s", error->message);
	sn_message_free(m);
}

void story_fill_secure(SnStore *store)
{
	SnId account = sn_account_find(store, "home");

	g_assert(account);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		put(store, account, &cases[i]);
}

static SnSignature *signature_of(const Case *one)
{
	SnSignature *signature = g_new0(SnSignature, 1);

	signature->state = one->state;
	signature->name = g_strdup(one->key_name ? one->key_name : one->name);
	signature->address = g_strdup(one->key_address ? one->key_address : one->who);
	signature->fingerprint = g_strdup("0123456789ABCDEF0123456789ABCDEF01234567");
	signature->made = sn_time_parse(one->time, NULL) - SN_MINUTE;
	return signature;
}

static SnOpened *opened_of(const Case *one)
{
	SnOpened *opened = sn_opened_new();

	opened->any = one->secure != 0;
	opened->lock = one->lock;
	opened->encrypted = one->encrypted;
	if (one->lock == SN_LOCK_NO_KEY)
		opened->why = g_strdup("0123456789ABCDEF");
	if (one->is_signed)
		g_ptr_array_add(opened->signatures, signature_of(one));
	if (one->lock)
		return opened;
	if (one->before)
		sn_opened_add_part(opened, g_strdup("Text that the list put above it."));
	SnOpenedPart *part = sn_opened_add_part(opened, g_strdup(one->inner ? one->inner : one->body));
	part->encrypted = one->encrypted;
	part->signature = one->is_signed ? opened->signatures->pdata[0] : NULL;
	if (one->file) {
		SnOpenedFile *file = g_new0(SnOpenedFile, 1);
		file->name = g_strdup(one->file);
		file->type = g_strdup("image/jpeg");
		file->bytes = g_bytes_new("12345", 5);
		g_ptr_array_add(part->files, file);
	}
	if (one->after)
		sn_opened_add_part(opened, g_strdup("To leave this list, write to nobody."));
	opened->subject = g_strdup(one->protected_subject);
	opened->subject_signature = part->signature;
	return opened;
}

SnOpened *story_open_mail(SnStore *store, GBytes *raw, gboolean may_ask, gboolean all_parts,
                          gpointer data)
{
	gsize length;
	const char *text = g_bytes_get_data(raw, &length);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *id = g_strdup_printf("<%s@secure.test>", cases[i].id);
		if (!g_strstr_len(text, (gssize)length, id))
			continue;
		Case one = cases[i];
		if (may_ask && one.lock == SN_LOCK_ASK) { /* as if the passphrase had been given */
			one.lock = SN_LOCK_NONE;
			one.encrypted = TRUE;
			one.inner = "You opened it.";
		}
		return opened_of(&one);
	}
	return sn_opened_new();
}

/* ---- what would happen to an email ---- */

static const char *key_words(const char *address)
{
	return g_str_equal(address, "enc@keys.test") ? "enc@keys.test"
	       : g_str_equal(address, "sig@keys.test")
	               ? "sig@keys.test (key not verified by you)"
	               : NULL;
}

SnOutlook *story_outlook(SnStore *store, const SnOutlookAsk *ask, gpointer data)
{
	SnOutlook *outlook = g_new0(SnOutlook, 1);
	g_autoptr(GString) words = g_string_new(NULL);
	const char *missing = NULL;

	for (guint i = 0; i < ask->recipients->len; i++) {
		const SnParty *party = ask->recipients->pdata[i];
		const char *one = key_words(party->address);
		missing = one ? missing : party->address;
		g_string_append_printf(words, "%s%s", words->len ? ", " : "", one ? one : "");
	}
	outlook->possible = !missing;
	outlook->encrypted = ask->encrypt && !missing;
	outlook->is_signed = outlook->encrypted || ask->sign == SN_SIGN_YES;
	outlook->waits = ask->encrypt == SN_ENCRYPT_REQUIRED && missing;
	if (outlook->encrypted)
		outlook->words = g_strdup_printf("Will be encrypted for %s, and signed.", words->str);
	else if (ask->encrypt)
		outlook->words = g_strdup_printf("Cannot be encrypted: no key for %s is here. It %s.", missing,
		                                 outlook->waits ? "will wait" : "goes in the clear");
	else if (outlook->is_signed)
		outlook->words = g_strdup("Will be signed, and can be read on its way.");
	return outlook;
}
