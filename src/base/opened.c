/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/opened.h"

#include <string.h>

const char *sn_signature_word(SnSignatureState state)
{
	static const char *const words[] = {
#define X(name, word) word,
		SN_SIGNATURE_TABLE(X)
#undef X
	};

	g_assert((gsize)state < G_N_ELEMENTS(words));
	return words[state];
}

static void free_signature(gpointer data)
{
	SnSignature *signature = data;

	g_free(signature->name);
	g_free(signature->address);
	g_free(signature->fingerprint);
	g_free(signature->why);
	g_free(signature);
}

static void free_file(gpointer data)
{
	SnOpenedFile *file = data;

	g_free(file->name);
	g_free(file->type);
	g_clear_pointer(&file->bytes, g_bytes_unref);
	g_free(file);
}

static void free_key(gpointer data)
{
	SnOpenedKey *key = data;

	g_free(key->address);
	g_bytes_unref(key->key);
	g_free(key->fingerprint);
	g_free(key);
}

/* What came encrypted is wiped, as far as it is ours. */
static void free_part(gpointer data)
{
	SnOpenedPart *part = data;

	if (part->encrypted)
		explicit_bzero(part->text, strlen(part->text));
	g_free(part->text);
	g_ptr_array_unref(part->files);
	g_free(part);
}

typedef struct {
	gpointer data;
	gsize size;
} Secret;

static void wipe(gpointer data)
{
	Secret *secret = data;

	explicit_bzero(secret->data, secret->size);
	g_free(secret->data);
	g_free(secret);
}

GBytes *sn_opened_secret(GBytes *bytes)
{
	Secret *secret = g_new0(Secret, 1);

	secret->data = g_bytes_unref_to_data(bytes, &secret->size);
	if (!secret->data)
		secret->data = g_malloc0(1);
	return g_bytes_new_with_free_func(secret->data, secret->size, wipe, secret);
}

SnOpened *sn_opened_new(void)
{
	SnOpened *opened = g_new0(SnOpened, 1);

	opened->signatures = g_ptr_array_new_with_free_func(free_signature);
	opened->parts = g_ptr_array_new_with_free_func(free_part);
	opened->gossip = g_ptr_array_new_with_free_func(free_key);
	return opened;
}

void sn_opened_free(SnOpened *opened)
{
	if (!opened)
		return;
	g_free(opened->why);
	if (opened->subject && opened->encrypted)
		explicit_bzero(opened->subject, strlen(opened->subject));
	g_free(opened->subject);
	g_ptr_array_unref(opened->parts);
	g_ptr_array_unref(opened->signatures);
	g_ptr_array_unref(opened->gossip);
	g_free(opened);
}

SnOpenedPart *sn_opened_add_part(SnOpened *opened, char *text)
{
	SnOpenedPart *part = g_new0(SnOpenedPart, 1);

	g_assert(text);
	part->text = text;
	part->files = g_ptr_array_new_with_free_func(free_file);
	g_ptr_array_add(opened->parts, part);
	return part;
}

static gboolean says_something(const SnOpenedPart *part)
{
	return *part->text || part->files->len > 0;
}

const SnSignature *sn_opened_signature(const SnOpened *opened)
{
	const SnSignature *worst = NULL;

	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = g_ptr_array_index(opened->parts, i);
		if (!says_something(part))
			continue;
		if (!part->signature)
			return NULL;
		if (!worst || part->signature->state > worst->state)
			worst = part->signature;
	}
	/* a signature over nothing that can be read still is one */
	if (!worst && opened->signatures->len)
		worst = g_ptr_array_index(opened->signatures, 0);
	return worst;
}

gboolean sn_opened_partly(const SnOpened *opened)
{
	gboolean covered = FALSE, bare = FALSE;

	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = g_ptr_array_index(opened->parts, i);
		if (!says_something(part))
			continue;
		covered |= part->signature || part->encrypted;
		bare |= !part->signature && !part->encrypted;
	}
	return covered && bare;
}

char *sn_opened_text(const SnOpened *opened)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < opened->parts->len; i++) {
		const SnOpenedPart *part = g_ptr_array_index(opened->parts, i);
		if (*part->text)
			g_string_append_printf(out, "%s%s", out->len ? "\n\n" : "", part->text);
	}
	return g_string_free(out, FALSE);
}

/* ---- words ---- */

static char *signer(const SnSignature *signature)
{
	const char *name = signature->name && *signature->name ? signature->name : NULL;

	if (name && signature->address)
		return g_strdup_printf("%s <%s>", name, signature->address);
	if (name || signature->address)
		return g_strdup(name ? name : signature->address);
	return g_strdup_printf("key %s", signature->fingerprint ? signature->fingerprint : "unknown");
}

/* The end of a fingerprint, as people compare it. */
static const char *short_id(const SnSignature *signature)
{
	gsize length = signature->fingerprint ? strlen(signature->fingerprint) : 0;

	return length > 16 ? signature->fingerprint + length - 16 : length ? signature->fingerprint : "?";
}

/* Why the name of a key that fits is not to be relied on; "" it is. */
static const char *doubt(const SnSignature *signature)
{
	if (signature->by_mail)
		return ", with a key that came by email, not verified by you";
	if (signature->vouched)
		return "";
	return signature->smime ? ", and nobody vouches for this certificate"
	                        : ", and nobody vouches for this key";
}

char *sn_signature_words(const SnSignature *signature)
{
	const char *key = signature->smime ? "certificate" : "key";
	const char *stranger = signature->other ? ", who is not the sender" : "";
	/* of what came by email nobody has looked at the name */
	const char *by = signature->by_mail ? "as" : "by";
	const char *came = signature->by_mail ? ", which came by email, not verified by you" : "";
	g_autofree char *who = signer(signature);
	switch (signature->state) {
	case SN_SIGNATURE_GOOD: return g_strdup_printf("signed by %s", who);
	case SN_SIGNATURE_UNPROVEN:
		return signature->by_mail ? g_strdup_printf("signed as %s%s", who, doubt(signature))
		                          : g_strdup_printf("signed as %s, but nobody vouches for this %s",
		                                            who, key);
	case SN_SIGNATURE_OTHER:
		return g_strdup_printf("signed %s %s, who is not the sender%s",
		                       *doubt(signature) ? "as" : "by", who, doubt(signature));
	case SN_SIGNATURE_KEY_EXPIRED:
		return g_strdup_printf("signed %s %s%s, with a %s that has expired%s", by, who, stranger, key,
		                       came);
	case SN_SIGNATURE_EXPIRED:
		return g_strdup_printf("signed %s %s%s, but the signature has expired%s", by, who, stranger,
		                       *came ? "; the key came by email, not verified by you" : "");
	case SN_SIGNATURE_REVOKED:
		return g_strdup_printf("signed %s %s%s, with a %s that was revoked%s", by, who, stranger, key,
		                       came);
	case SN_SIGNATURE_DISTRUSTED:
		return g_strdup_printf("signed as %s%s, with a %s that is not trusted", who, stranger, key);
	case SN_SIGNATURE_NO_KEY:
		return g_strdup_printf("signed, not checked: the %s %s is not here", key,
		                       short_id(signature));
	case SN_SIGNATURE_FAILED:
		return g_strdup_printf("signed, not checked: %s",
		                       signature->why ? signature->why : "unknown error");
	case SN_SIGNATURE_BAD:
		return g_strdup("BAD SIGNATURE: this is not what was signed");
	}
	g_assert_not_reached();
}

static char *lock_words(const SnOpened *opened)
{
	const char *why = opened->why ? opened->why : "unknown error";

	switch (opened->lock) {
	case SN_LOCK_NONE: return NULL;
	case SN_LOCK_ASK: return g_strdup("encrypted, locked: gpg needs your passphrase");
	case SN_LOCK_NO_KEY:
		return g_strdup_printf("encrypted, but not for a key of yours%s%s",
		                       opened->why ? ": for " : "", opened->why ? opened->why : "");
	case SN_LOCK_PARTLY: return g_strdup("an encrypted part among others was not opened");
	case SN_LOCK_FAILED: return g_strdup_printf("encrypted, cannot be opened: %s", why);
	}
	g_assert_not_reached();
}

char *sn_opened_words(const SnOpened *opened)
{
	const SnSignature *signature = sn_opened_signature(opened);
	GString *out = g_string_new(NULL);
	g_autofree char *lock = lock_words(opened), *signed_by = NULL;

	if (!opened->any) {
		g_string_free(out, TRUE);
		return NULL;
	}
	if (lock)
		g_string_append(out, lock);
	else if (opened->encrypted)
		g_string_append(out, "encrypted");
	if (sn_opened_partly(opened)) {
		g_string_append_printf(out, "%sonly parts are signed or encrypted, as marked below",
		                       out->len ? ", " : "");
	} else if (signature) {
		signed_by = sn_signature_words(signature);
		g_string_append_printf(out, "%s%s", out->len ? ", " : "", signed_by);
	} else if (opened->encrypted && !lock) {
		g_string_append_printf(out, ", not signed: anybody can have written %sit",
		                       opened->changeable ? "or changed " : "");
	}
	return g_string_free(out, FALSE);
}

char *sn_opened_part_words(const SnOpenedPart *part)
{
	g_autofree char *signed_by = part->signature ? sn_signature_words(part->signature) : NULL;

	if (!signed_by)
		return g_strdup(part->encrypted ? "this part: encrypted, not signed"
		                                : "this part: neither signed nor encrypted");
	return g_strdup_printf("this part: %s%s", part->encrypted ? "encrypted, " : "", signed_by);
}

int sn_opened_part_alarm(const SnOpenedPart *part)
{
	return part->signature ? sn_signature_alarm(part->signature) : 2;
}

int sn_signature_alarm(const SnSignature *signature)
{
	switch (signature->state) {
	case SN_SIGNATURE_GOOD: return 1;
	case SN_SIGNATURE_BAD:
	case SN_SIGNATURE_REVOKED:
	case SN_SIGNATURE_DISTRUSTED: return 3;
	default: return 2;
	}
}

int sn_opened_alarm(const SnOpened *opened)
{
	const SnSignature *signature = sn_opened_signature(opened);
	int alarm = opened->lock != SN_LOCK_NONE || sn_opened_partly(opened) ? 2 : opened->any;

	for (guint i = 0; i < opened->signatures->len; i++)
		alarm = MAX(alarm, sn_signature_alarm(g_ptr_array_index(opened->signatures, i)));
	return opened->any && !signature && alarm < 2 ? 2 : alarm;
}
