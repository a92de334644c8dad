/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The content of a finished email, taken out, sealed, and put back below the same header. */
#include "src/mime/seal.h"

#include <stdlib.h>
#include <string.h>

#include "src/mime/compose_private.h"
#include "src/mime/secure_private.h"

#define HIDDEN_SUBJECT "[...]" /* RFC 9788 section 9.1 */

/* ---- the key ---- */

static gboolean is_better(const SnKey *a, const SnKeyName *a_name, const SnKey *b,
                          const SnKeyName *b_name)
{
	if (!b)
		return TRUE;
	if (a_name->trust != b_name->trust)
		return a_name->trust > b_name->trust;
	return a->made > b->made;
}

SnKey *sn_seal_key(const SnGpg *gpg, gboolean smime, gboolean secret, const char *address)
{
	g_autoptr(GPtrArray) keys = sn_gpg_keys(gpg, smime, secret, address);
	guint best = keys->len;

	for (guint i = 0; i < keys->len; i++) {
		const SnKey *key = g_ptr_array_index(keys, i);
		const SnKeyName *name = sn_key_named(key, address);
		const SnKey *other = best < keys->len ? keys->pdata[best] : NULL;
		if (!name || key->revoked || key->expired || key->disabled ||
		    name->trust == SN_KEY_TRUST_NEVER ||
		    !(secret ? key->can_sign && key->secret : key->can_encrypt))
			continue;
		/* a certificate that no authority vouches for says nothing at all */
		if (smime && name->trust != SN_KEY_TRUST_FULL)
			continue;
		if (is_better(key, name, other, other ? sn_key_named(other, address) : NULL))
			best = i;
	}
	return best < keys->len ? g_ptr_array_steal_index(keys, best) : NULL;
}

/* ---- taking the content out ---- */

/* Texts in an encoding that survives: blanks at line ends and "From " at their beginning do not. */
static void armour_texts(GMimeObject *object, int depth)
{
	if (GMIME_IS_MULTIPART(object) && depth < SN_MIME_MAX_DEPTH) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);
		for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
			armour_texts(g_mime_multipart_get_part(multipart, i), depth + 1);
		return;
	}
	if (!GMIME_IS_PART(object) ||
	    !g_mime_content_type_is_type(g_mime_object_get_content_type(object), "text", "*"))
		return;
	GMimePart *part = GMIME_PART(object);
	gsize length;
	g_autofree char *text = sn_mime_decode(part, &length);
	gboolean from = g_str_has_prefix(text, "From ") || strstr(text, "\nFrom ");
	g_mime_part_set_content_encoding(part, from ? GMIME_CONTENT_ENCODING_BASE64
	                                            : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

static GBytes *with_armoured_texts(GBytes *raw)
{
	g_autoptr(SnMimeMessage) message = sn_mime_open(raw, NULL);
	GMimeObject *root = g_mime_message_get_mime_part(message->message);

	if (root)
		armour_texts(root, 0);
	return sn_mime_write_message(message->message);
}

/* The fields about the content go with it, the others stay: each with its folded lines. */
typedef struct {
	GString *outer, *content;
	char *subject; /* as it stands in the header, with its line ends; NULL */
	gsize body;
} Halves;

static void halves_clear(Halves *halves)
{
	g_string_free(halves->outer, TRUE);
	g_string_free(halves->content, TRUE);
	g_free(halves->subject);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Halves, halves_clear)

static Halves split(const char *data, gsize length, gboolean hide_subject)
{
	Halves halves = { g_string_new(NULL), g_string_new(NULL), NULL, length };

	for (gsize at = 0; at < length;) {
		gsize end = at;
		/* before the folded lines: a text may begin with a blank */
		if (data[at] == '\n' || (data[at] == '\r' && at + 1 < length && data[at + 1] == '\n')) {
			halves.body = at + (data[at] == '\r' ? 2 : 1);
			break;
		}
		do {
			const char *newline = memchr(data + end, '\n', length - end);
			end = newline ? (gsize)(newline - data) + 1 : length;
		} while (end < length && (data[end] == ' ' || data[end] == '\t'));
		const char *field = data + at;
		gboolean about_content = g_ascii_strncasecmp(field, "Content-", 8) == 0;
		if (g_ascii_strncasecmp(field, "Subject:", 8) == 0 && !halves.subject) {
			halves.subject = g_strndup(field, end - at);
			if (hide_subject)
				g_string_append(halves.outer, "Subject: " HIDDEN_SUBJECT "\r\n");
			else
				g_string_append_len(halves.outer, field, (gssize)(end - at));
		} else if (g_ascii_strncasecmp(field, "MIME-Version:", 13) != 0) {
			g_string_append_len(about_content ? halves.content : halves.outer, field,
			                    (gssize)(end - at));
		}
		at = end;
	}
	if (!strstr(halves.content->str, "Content-Type:"))
		g_string_prepend(halves.content, "Content-Type: text/plain\r\n");
	return halves;
}

/* RFC 9788: the subject as a field of what is sealed, and a parameter that says so; the second one is
 * what clients knew before. */
static void protect_subject(Halves *halves, gboolean encrypted, gboolean hidden)
{
	char *type = strstr(halves->content->str, "Content-Type:");
	gsize end;

	g_assert(type);
	if (!halves->subject)
		return;
	for (end = (gsize)(type - halves->content->str); halves->content->str[end]; end++)
		if (halves->content->str[end] == '\n' && !strchr(" \t", halves->content->str[end + 1]))
			break;
	while (end > 0 && strchr("\r\n", halves->content->str[end - 1]))
		end--;
	gsize line_end = end;
	if (halves->content->str[line_end] == '\r')
		line_end++;
	g_autofree char *parameters = g_strdup_printf(";\r\n hp=\"%s\"; protected-headers=\"v1\"",
	                                              encrypted ? "cipher" : "clear");
	g_string_insert(halves->content, (gssize)end, parameters);
	g_string_append(halves->content, halves->subject);
	if (encrypted)
		g_string_append_printf(halves->content, "HP-Outer: %s",
		                       hidden ? "Subject: " HIDDEN_SUBJECT "\r\n" : halves->subject);
}

/* ---- gpg ---- */

static gboolean wants_passphrase(const SnGpgRun *run)
{
	for (guint i = 0; i < run->status->len; i++) {
		char **line = g_ptr_array_index(run->status, i);
		guint count = g_strv_length(line);
		guint64 code = 0;
		if (count < 2 || (!g_str_equal(line[0], "FAILURE") && !g_str_equal(line[0], "ERROR") &&
		                  !g_str_equal(line[0], "INV_SGNR")) ||
		    !g_ascii_string_to_unsigned(line[count > 2 ? 2 : 1], 10, 0, G_MAXUINT32, &code, NULL))
			continue;
		code &= 0xffff;
		if (code == 99 || code == 198 || code == 86 || code == 11) /* as in gpg_verify.c */
			return TRUE;
	}
	return FALSE;
}

static void complain(const SnGpgRun *run, gboolean smime, GError **error)
{
	char **recipient = sn_gpg_status(run, "INV_RECP"), **signer = sn_gpg_status(run, "INV_SGNR");
	const char *key = smime ? "certificate" : "key";

	if (wants_passphrase(run))
		g_set_error(error, SN_ERROR, SN_ERROR_AUTH,
		            "Your %s is locked: gpg needs its passphrase (U)", key);
	else if (recipient)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The %s %s cannot be used", key,
		            g_strv_length(recipient) > 2 ? recipient[2] : "of a recipient");
	else if (signer)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "Your %s cannot be used to sign", key);
	else
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "%s could not do it",
		            smime ? "gpgsm" : "gpg");
}

static GBytes *run(const SnSeal *seal, GPtrArray *args, GBytes *input, const char *made,
                   SnGpgRun **result, GError **error)
{
	g_autofree char *user_home = seal->own_signer ? sn_gpg_user_home(seal->gpg) : NULL;
	SnGpgCall call = { .smime = seal->smime, .input = input,
		           .home = seal->own_signer ? seal->gpg->own_home : seal->gpg->home,
		           .also = seal->own_signer ? user_home : seal->gpg->own_home };

	g_ptr_array_add(args, NULL);
	call.args = (const char *const *)args->pdata;
	*result = sn_gpg_run(&call, error);
	if (!*result)
		return NULL;
	if ((*result)->ok && (!made || sn_gpg_status(*result, made)) && g_bytes_get_size((*result)->output))
		return (*result)->output;
	complain(*result, seal->smime, error);
	return NULL;
}

static void add(GPtrArray *args, const char *a, const char *b)
{
	g_ptr_array_add(args, (gpointer)a);
	if (b)
		g_ptr_array_add(args, (gpointer)b);
}

/* pgp-sha512 for the number in SIG_CREATED (RFC 9580 section 9.5). */
static const char *micalg(const SnGpgRun *made, gboolean smime)
{
	char **line = sn_gpg_status(made, "SIG_CREATED");
	const char *number = line && g_strv_length(line) > 3 ? line[3] : "";

	switch (atoi(number)) {
	case 2: return smime ? "sha-1" : "pgp-sha1";
	case 9: return smime ? "sha-384" : "pgp-sha384";
	case 10: return smime ? "sha-512" : "pgp-sha512";
	case 11: return smime ? "sha-224" : "pgp-sha224";
	default: return smime ? "sha-256" : "pgp-sha256";
	}
}

static char *boundary(void)
{
	g_autofree char *id = g_uuid_string_random();

	return g_strdup_printf("sealed-%s", id);
}

static void append(GString *out, GBytes *bytes)
{
	gsize length;
	g_autoptr(GBytes) crlf = sn_bytes_crlf(bytes);
	const char *data = g_bytes_get_data(crlf, &length);

	g_string_append_len(out, data, (gssize)length);
	if (length < 2 || data[length - 1] != '\n')
		g_string_append(out, "\r\n");
}

static GBytes *sign_content(GBytes *content, const SnSeal *seal, GError **error)
{
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	g_autoptr(SnGpgRun) result = NULL;
	g_autofree char *mark = boundary();

	add(args, seal->smime ? "--base64" : "--armor", NULL);
	if (!seal->smime)
		add(args, "--digest-algo", "SHA512");
	add(args, "--local-user", seal->signer);
	add(args, "--output", "-");
	add(args, "--detach-sign", NULL);
	GBytes *signature = run(seal, args, content, "SIG_CREATED", &result, error);
	if (!signature)
		return NULL;
	GString *out = g_string_new(NULL);
	g_string_append_printf(out, "Content-Type: multipart/signed; micalg=\"%s\";\r\n"
	                       " protocol=\"application/%s-signature\";\r\n boundary=\"%s\"\r\n\r\n"
	                       "--%s\r\n", micalg(result, seal->smime), seal->smime ? "pkcs7" : "pgp", mark,
	                       mark);
	gsize length;
	const char *data = g_bytes_get_data(content, &length);
	g_string_append_len(out, data, (gssize)length);
	g_string_append_printf(out, "\r\n--%s\r\n", mark);
	g_string_append(out, seal->smime
		? "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
		  "Content-Transfer-Encoding: base64\r\n"
		  "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n"
		: "Content-Type: application/pgp-signature; name=\"signature.asc\"\r\n"
		  "Content-Description: OpenPGP signature\r\n\r\n");
	append(out, signature);
	g_string_append_printf(out, "\r\n--%s--\r\n", mark);
	return g_string_free_to_bytes(out);
}

static void add_recipients(GPtrArray *args, const SnSeal *seal)
{
	for (guint i = 0; i < seal->recipients->len; i++)
		add(args, "--recipient", g_ptr_array_index(seal->recipients, i));
	for (guint i = 0; seal->hidden && i < seal->hidden->len; i++)
		add(args, "--hidden-recipient", g_ptr_array_index(seal->hidden, i));
}

static GBytes *encrypt_pgp(GBytes *content, const SnSeal *seal, GError **error)
{
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	g_autoptr(SnGpgRun) result = NULL;
	g_autofree char *mark = boundary();

	/* who the keys belong to was decided when they were chosen */
	add(args, "--armor", NULL);
	add(args, "--trust-model", "always");
	add(args, "--output", "-");
	add_recipients(args, seal);
	if (seal->signer) {
		add(args, "--local-user", seal->signer);
		add(args, "--sign", NULL);
	}
	add(args, "--encrypt", NULL);
	GBytes *data = run(seal, args, content, "END_ENCRYPTION", &result, error);
	if (!data)
		return NULL;
	GString *out = g_string_new(NULL);
	g_string_append_printf(out, "Content-Type: multipart/encrypted;\r\n"
	                       " protocol=\"application/pgp-encrypted\";\r\n boundary=\"%s\"\r\n\r\n"
	                       "--%s\r\nContent-Type: application/pgp-encrypted\r\n"
	                       "Content-Description: PGP/MIME version identification\r\n\r\n"
	                       "Version: 1\r\n\r\n--%s\r\n"
	                       "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"
	                       "Content-Description: OpenPGP encrypted message\r\n"
	                       "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n",
	                       mark, mark, mark);
	append(out, data);
	g_string_append_printf(out, "\r\n--%s--\r\n", mark);
	return g_string_free_to_bytes(out);
}

/* S/MIME signs first and puts an envelope around it (RFC 8551 section 3.7). */
static GBytes *encrypt_smime(GBytes *content, const SnSeal *seal, GError **error)
{
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	g_autoptr(SnGpgRun) result = NULL;
	g_autoptr(GBytes) inner = seal->signer ? sign_content(content, seal, error)
	                                       : g_bytes_ref(content);

	if (!inner)
		return NULL;
	add(args, "--base64", NULL);
	add(args, "--output", "-");
	add_recipients(args, seal);
	add(args, "--encrypt", NULL);
	GBytes *data = run(seal, args, inner, NULL, &result, error); /* gpgsm says nothing of it */
	if (!data)
		return NULL;
	GString *out = g_string_new("Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n"
	                            " name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n"
	                            "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n");
	append(out, data);
	return g_string_free_to_bytes(out);
}

gboolean sn_seal_unlock(const SnGpg *gpg, const char *address, GError **error)
{
	g_autoptr(GBytes) nothing = g_bytes_new_static("-", 1);

	for (int smime = 0; smime < 2; smime++) {
		g_autoptr(SnKey) key = sn_seal_key(gpg, smime, TRUE, address);
		g_autoptr(SnGpgRun) result = NULL;
		if (!key)
			continue;
		const char *args[] = { "--local-user", key->fingerprint, "--output", "-", "--detach-sign",
			               NULL };
		SnGpgCall call = { .smime = smime, .home = gpg->home, .also = gpg->own_home,
			           .may_ask = TRUE, .args = args, .input = nothing };
		result = sn_gpg_run(&call, error);
		if (result && !sn_gpg_status(result, "SIG_CREATED"))
			complain(result, smime, error);
		return result && sn_gpg_status(result, "SIG_CREATED");
	}
	g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "No key to sign with for %s is here.", address);
	return FALSE;
}

GBytes *sn_mail_seal(GBytes *raw, const SnSeal *seal, GError **error)
{
	gboolean encrypt = seal->recipients && seal->recipients->len > 0;
	gsize length;

	g_assert(encrypt || seal->signer);
	if (seal->smime && seal->hidden && seal->hidden->len) {
		g_set_error_literal(error, SN_ERROR, SN_ERROR_UNAVAILABLE,
		                    "S/MIME would show everybody who gets a blind copy");
		return NULL;
	}
	g_autoptr(GBytes) armoured = encrypt ? g_bytes_ref(raw) : with_armoured_texts(raw);
	g_autoptr(GBytes) crlf = sn_bytes_crlf(armoured);
	const char *data = g_bytes_get_data(crlf, &length);
	g_auto(Halves) halves = split(data, length, encrypt && seal->hide_subject);
	protect_subject(&halves, encrypt, encrypt && seal->hide_subject);
	if (encrypt && seal->gossip)
		g_string_append(halves.content, seal->gossip);
	g_string_append(halves.content, "\r\n");
	g_string_append_len(halves.content, data + halves.body, (gssize)(length - halves.body));
	/* the line end before a boundary belongs to the boundary */
	while (!encrypt && halves.content->len > 2 && g_str_has_suffix(halves.content->str, "\r\n\r\n"))
		g_string_truncate(halves.content, halves.content->len - 2);
	g_autoptr(GBytes) content = g_bytes_new(halves.content->str, halves.content->len);
	explicit_bzero(halves.content->str, encrypt ? halves.content->len : 0);
	g_autoptr(GBytes) sealed = !encrypt      ? sign_content(content, seal, error)
	                           : seal->smime ? encrypt_smime(content, seal, error)
	                                         : encrypt_pgp(content, seal, error);
	if (!sealed)
		return NULL;
	g_string_append(halves.outer, "MIME-Version: 1.0\r\n");
	data = g_bytes_get_data(sealed, &length);
	g_string_append_len(halves.outer, data, (gssize)length);
	return g_bytes_new(halves.outer->str, halves.outer->len);
}
