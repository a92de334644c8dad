/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the status lines of gpg and gpgsm say (doc/DETAILS of GnuPG), and who that makes the signer. */
#include <string.h>

#include "src/mime/secure_private.h"
#include "src/text/text.h"

enum { /* of libgpg-error, in status lines */
	CODE_MISSING_KEY = 9,
	CODE_BAD_PASSPHRASE = 11,
	CODE_CANCELED = 99,
	CODE_NO_PIN_ENTRY = 86,
	CODE_FULLY_CANCELED = 198,
};

static void take(char **to, const char *text)
{
	g_free(*to);
	*to = text && *text ? sn_text_clean_line(text, -1) : NULL;
}

static SnSignature *signature_new(SnSignatureState state, gboolean smime)
{
	SnSignature *signature = g_new0(SnSignature, 1);

	signature->state = state;
	signature->smime = smime;
	return signature;
}

static void signature_free(SnSignature *signature)
{
	if (!signature)
		return;
	g_free(signature->name);
	g_free(signature->address);
	g_free(signature->fingerprint);
	g_free(signature->why);
	g_free(signature);
}

static SnTime time_of(const char *text)
{
	gint64 seconds = 0;

	if (text && strlen(text) == 15 && text[8] == 'T') {
		g_autofree char *iso = g_strdup_printf("%sZ", text);
		g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(iso, NULL);
		seconds = when ? g_date_time_to_unix(when) : 0;
	} else if (text) {
		g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, &seconds, NULL);
	}
	return seconds * SN_SECOND;
}

static const char *word(char **line, guint at)
{
	return at < g_strv_length(line) ? line[at] : NULL;
}

/* ERRSIG <keyid> <pubkey algo> <hash algo> <class> <time> <rc> <fpr> */
static SnSignature *read_errsig(char **line, gboolean smime)
{
	gint64 code = 0;
	const char *rc = word(line, 6), *fingerprint = word(line, 7);

	if (rc)
		g_ascii_string_to_signed(rc, 10, 0, G_MAXINT, &code, NULL);
	SnSignature *signature = signature_new(
		code == CODE_MISSING_KEY ? SN_SIGNATURE_NO_KEY : SN_SIGNATURE_FAILED, smime);
	take(&signature->fingerprint,
	     fingerprint && strlen(fingerprint) > 8 ? fingerprint : word(line, 1));
	signature->made = time_of(word(line, 5));
	if (signature->state == SN_SIGNATURE_FAILED)
		take(&signature->why, "it is of a kind that gpg does not know");
	return signature;
}

static SnSignature *begin_signature(char **line, gboolean smime)
{
	static const struct {
		const char *word;
		SnSignatureState state;
	} begins[] = { { "GOODSIG", SN_SIGNATURE_GOOD },          { "EXPSIG", SN_SIGNATURE_EXPIRED },
		       { "EXPKEYSIG", SN_SIGNATURE_KEY_EXPIRED }, { "REVKEYSIG", SN_SIGNATURE_REVOKED },
		       { "BADSIG", SN_SIGNATURE_BAD } };

	if (g_str_equal(line[0], "ERRSIG"))
		return read_errsig(line, smime);
	for (gsize i = 0; i < G_N_ELEMENTS(begins); i++) {
		if (!g_str_equal(line[0], begins[i].word))
			continue;
		SnSignature *signature = signature_new(begins[i].state, smime);
		take(&signature->fingerprint, word(line, 1));
		return signature;
	}
	return NULL;
}

/* Whose key it is: the sender's, when the key says so. */
static void name_owner(SnSignature *signature, const SnKey *key, const SnGpg *gpg, const char *from)
{
	const SnKeyName *name = sn_key_named(key, from), *first = NULL;

	for (guint i = 0; !name && !first && i < key->names->len; i++) {
		const SnKeyName *one = g_ptr_array_index(key->names, i);
		if (!one->revoked && one->address)
			first = one;
	}
	const SnKeyName *shown = name ? name : first ? first
	                         : key->names->len ? g_ptr_array_index(key->names, 0) : NULL;
	g_free(signature->name);
	signature->name = shown ? g_strdup(shown->name) : NULL;
	for (guint i = 0; signature->smime && !signature->name && i < key->names->len; i++)
		signature->name = g_strdup(((SnKeyName *)key->names->pdata[i])->name);
	take(&signature->address, shown ? shown->address : NULL);
	signature->vouched = shown && shown->trust >= SN_KEY_TRUST_MARGINAL;
	/* the key came with email from that address, whatever its names are */
	gboolean came_along = !name && key->own_ring && from &&
	                      g_strcmp0(gpg->sender_key, key->fingerprint) == 0;
	if (came_along)
		take(&signature->address, from);
	signature->other = !name && !came_along;
	/* what sennit made for the user has the user's trust there, all others came by email */
	signature->by_mail = key->own_ring && (!name || name->trust < SN_KEY_TRUST_FULL);
	if (signature->state != SN_SIGNATURE_GOOD)
		return;
	if (name && name->trust == SN_KEY_TRUST_NEVER)
		signature->state = SN_SIGNATURE_DISTRUSTED;
	else if (signature->untrusted)
		signature->state = SN_SIGNATURE_DISTRUSTED;
	else if (signature->other)
		signature->state = SN_SIGNATURE_OTHER;
	else if (!name || name->trust < SN_KEY_TRUST_MARGINAL)
		signature->state = SN_SIGNATURE_UNPROVEN;
}

static void find_owner(SnSignature *signature, const SnGpg *gpg, const char *from)
{
	if (signature->state == SN_SIGNATURE_NO_KEY || signature->state == SN_SIGNATURE_FAILED ||
	    signature->state == SN_SIGNATURE_BAD || !signature->fingerprint)
		return;
	g_autoptr(GPtrArray) keys =
		sn_gpg_keys(gpg, signature->smime, FALSE, signature->fingerprint);
	if (keys->len == 1) {
		name_owner(signature, g_ptr_array_index(keys, 0), gpg, from);
	} else if (signature->state == SN_SIGNATURE_GOOD) {
		signature->state = SN_SIGNATURE_FAILED;
		take(&signature->why, "its key cannot be read");
	}
}

/* BAD wins over all; otherwise the best counts: a second signature takes nothing away. */
static SnSignature *choose(SnSignature *a, SnSignature *b)
{
	gboolean keep = !b || (a && (a->state == SN_SIGNATURE_BAD ||
	                             (b->state != SN_SIGNATURE_BAD && a->state <= b->state)));

	signature_free(keep ? b : a);
	return keep ? a : b;
}

static SnSignature *finish(SnSignature *signature, gboolean valid, const SnGpg *gpg, const char *from)
{
	if (!signature)
		return NULL;
	if (!valid && signature->state == SN_SIGNATURE_GOOD) {
		signature->state = SN_SIGNATURE_FAILED;
		take(&signature->why, "gpg does not vouch for it");
	}
	find_owner(signature, gpg, from);
	return signature;
}

SnSignature *sn_gpg_signature(const SnGpgRun *run, const SnGpg *gpg, gboolean smime, const char *from)
{
	SnSignature *best = NULL, *now = NULL;
	gboolean valid = FALSE;
	guint texts = 0;

	for (guint i = 0; i < run->status->len; i++) {
		char **line = g_ptr_array_index(run->status, i);
		if (!line[0])
			continue;
		texts += g_str_equal(line[0], "PLAINTEXT");
		SnSignature *next = begin_signature(line, smime);
		if (next) {
			best = choose(best, finish(now, valid, gpg, from));
			now = next;
			valid = FALSE;
		} else if (now && g_str_equal(line[0], "VALIDSIG")) {
			/* the key itself, not the subkey that signed, has the names */
			guint count = g_strv_length(line);
			const char *primary = !smime && count > 10 ? line[10] : word(line, 1);
			valid = TRUE;
			take(&now->fingerprint, primary);
			now->made = time_of(word(line, 3));
		} else if (now && smime && now->state == SN_SIGNATURE_GOOD &&
		           (g_str_equal(line[0], "TRUST_NEVER") ||
		            g_str_equal(line[0], "TRUST_UNDEFINED"))) {
			now->untrusted = TRUE;
		}
	}
	best = choose(best, finish(now, valid, gpg, from));
	if (best && texts > 1 && best->state < SN_SIGNATURE_NO_KEY) {
		best->state = SN_SIGNATURE_FAILED;
		take(&best->why, "there is more in it than was signed");
	}
	return best;
}

static SnSignature *failed(gboolean smime, const char *why)
{
	SnSignature *signature = signature_new(SN_SIGNATURE_FAILED, smime);

	take(&signature->why, why);
	return signature;
}

static SnSignature *verify_with(const SnGpg *gpg, SnGpgCall *call, const char *from, GBytes **content)
{
	g_autoptr(GError) error = NULL;

	call->home = gpg->home;
	call->also = gpg->own_home;
	g_autoptr(SnGpgRun) run = sn_gpg_run(call, &error);
	SnSignature *found = run ? sn_gpg_signature(run, gpg, call->smime, from)
	                         : failed(call->smime, error->message);
	if (run && content && g_bytes_get_size(run->output) > 0)
		*content = g_bytes_ref(run->output);
	return found ? found : failed(call->smime, "the signature cannot be read");
}

SnSignature *sn_gpg_verify(const SnGpg *gpg, gboolean smime, GBytes *data, GBytes *signature,
                           const char *from)
{
	const char *pgp[] = { "--verify", "--", "@", "-", NULL };
	const char *certificates[] = { "--verify", "--", "@", "/dev/stdin", NULL };
	SnGpgCall call = { .smime = smime, .args = smime ? certificates : pgp,
		           .input = data, .file = signature };

	return verify_with(gpg, &call, from, NULL);
}

SnSignature *sn_gpg_verify_opaque(const SnGpg *gpg, gboolean smime, GBytes *signature,
                                  const char *from, GBytes **content)
{
	const char *pgp[] = { "--output", "-", "--decrypt", NULL };
	const char *certificates[] = { "--output", "-", "--verify", NULL };
	SnGpgCall call = { .smime = smime, .args = smime ? certificates : pgp, .input = signature };

	*content = NULL;
	return verify_with(gpg, &call, from, content);
}

/* ---- decrypting ---- */

/* ERROR pkdecrypt_failed 11 <code>, where the low 16 bits say what. */
static gboolean wants_passphrase(const SnGpgRun *run)
{
	for (guint i = 0; i < run->status->len; i++) {
		char **line = g_ptr_array_index(run->status, i);
		guint64 code = 0;
		if (g_strcmp0(line[0], "ERROR") != 0 || g_strv_length(line) < 3 ||
		    !g_ascii_string_to_unsigned(line[2], 10, 0, G_MAXUINT32, &code, NULL))
			continue;
		code &= 0xffff;
		if (code == CODE_CANCELED || code == CODE_FULLY_CANCELED ||
		    code == CODE_NO_PIN_ENTRY || code == CODE_BAD_PASSPHRASE)
			return TRUE;
	}
	return FALSE;
}

/* The ids of the keys it was encrypted for, as far as they are told. */
static char *recipients(const SnGpgRun *run)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < run->status->len && out->len < 100; i++) {
		char **line = g_ptr_array_index(run->status, i);
		if (g_strcmp0(line[0], "ENC_TO") != 0 || g_strv_length(line) < 2 ||
		    strspn(line[1], "0") == strlen(line[1]))
			continue;
		g_autofree char *id = sn_text_clean_line(line[1], (gssize)MIN(strlen(line[1]), 40));
		g_string_append_printf(out, "%s%s", out->len ? ", " : "", id);
	}
	return g_string_free(out, out->len == 0);
}

/* Of S/MIME hardly anybody seals the text (AES-CBC is what all write), so that it is shown, and said. */
static gboolean is_sealed_cms(GBytes *data)
{
	gsize length;
	const guint8 *head = g_bytes_get_data(data, &length);

	return sn_cms_is_authenticated(head, length);
}

static GBytes *read_decrypted(const SnGpgRun *run, gboolean smime, GBytes *data, SnOpened *out)
{
	gboolean okay = sn_gpg_status(run, "DECRYPTION_OKAY") != NULL;
	char **info = sn_gpg_status(run, "DECRYPTION_INFO");
	/* without a seal over the text (MDC, AEAD) anybody could have changed it on its way */
	gboolean sealed = smime || sn_gpg_status(run, "GOODMDC") ||
	                  (info && g_strv_length(info) > 3 && !g_str_equal(info[3], "0"));

	g_clear_pointer(&out->why, g_free);
	if (okay && sealed) {
		out->changeable |= smime && !is_sealed_cms(data);
		out->lock = SN_LOCK_NONE;
		return g_bytes_ref(run->output);
	}
	if (okay) {
		out->lock = SN_LOCK_FAILED;
		out->why = g_strdup("it is not protected against changes");
	} else if (wants_passphrase(run)) {
		out->lock = SN_LOCK_ASK;
	} else if (sn_gpg_status(run, "NO_SECKEY")) {
		out->lock = SN_LOCK_NO_KEY;
		out->why = recipients(run);
	} else {
		out->lock = SN_LOCK_FAILED;
		out->why = g_strdup(sn_gpg_status(run, "BADMDC") ? "it was changed on its way"
		                                                  : "it is damaged, or not encrypted at all");
	}
	return NULL;
}

GBytes *sn_gpg_decrypt(const SnGpg *gpg, gboolean smime, GBytes *data, const char *from,
                       SnSignature **signature, SnOpened *out)
{
	const char *args[] = { "--output", "-", "--decrypt", NULL };
	g_autofree char *user_home = sn_gpg_user_home(gpg);
	/* the user's keys, then those that sennit made; the public keys of both count in both */
	const struct {
		const char *home, *also;
	} rings[] = { { gpg->home, gpg->own_home }, { gpg->own_home, user_home } };
	GBytes *clear = NULL;

	*signature = NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(rings) && !clear; i++) {
		g_autoptr(GError) error = NULL;
		SnGpgCall call = { .smime = smime, .home = rings[i].home, .also = rings[i].also,
			           .may_ask = gpg->may_ask, .args = args, .input = data };
		if (i > 0 && (smime || !gpg->own_home || out->lock != SN_LOCK_NO_KEY))
			break;
		g_autoptr(SnGpgRun) run = sn_gpg_run(&call, &error);
		if (!run) {
			out->lock = SN_LOCK_FAILED;
			g_free(out->why);
			out->why = g_strdup(error->message);
			break;
		}
		clear = read_decrypted(run, smime, data, out);
		if (clear)
			*signature = sn_gpg_signature(run, gpg, smime, from);
	}
	return clear;
}
