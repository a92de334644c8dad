/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What gpg and gpgsm list with --with-colons (doc/DETAILS of GnuPG). */
#include <string.h>

#include "src/mime/gpg.h"
#include "src/text/text.h"

enum {
	FIELD_TYPE, FIELD_VALIDITY, FIELD_LENGTH, FIELD_ALGORITHM, FIELD_ID, FIELD_MADE, FIELD_EXPIRES,
	FIELD_SERIAL, FIELD_OWNER_TRUST, FIELD_NAME, FIELD_CLASS, FIELD_CAPABILITIES, FIELD_ISSUER,
	FIELD_FLAG, FIELD_TOKEN, FIELD_COUNT,
	KEYS_MAX = 100, NAMES_MAX = 100, NAME_LENGTH = 200,
};

static void free_name(gpointer data)
{
	SnKeyName *name = data;

	g_free(name->name);
	g_free(name->address);
	g_free(name);
}

void sn_key_free(SnKey *key)
{
	if (!key)
		return;
	g_free(key->fingerprint);
	g_ptr_array_unref(key->names);
	g_free(key);
}

const SnKeyName *sn_key_named(const SnKey *key, const char *address)
{
	const SnKeyName *best = NULL;

	g_assert(key && key->names);
	for (guint i = 0; address && i < key->names->len; i++) {
		const SnKeyName *one = g_ptr_array_index(key->names, i);
		if (one->revoked || !one->address || g_ascii_strcasecmp(one->address, address) != 0)
			continue;
		if (!best || one->trust > best->trust)
			best = one;
	}
	return best;
}

static SnKeyTrust trust_of(const char *validity)
{
	switch (*validity) {
	case 'u':
	case 'f': return SN_KEY_TRUST_FULL;
	case 'm': return SN_KEY_TRUST_MARGINAL;
	case 'n': return SN_KEY_TRUST_NEVER;
	default: return SN_KEY_TRUST_NONE;
	}
}

/* Seconds since 1970 (gpg), or 20260101T000000 (gpgsm). */
static SnTime time_of(const char *text)
{
	gint64 seconds = 0;

	if (strlen(text) == 15 && text[8] == 'T') {
		g_autofree char *iso = g_strdup_printf("%sZ", text);
		g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(iso, NULL);
		seconds = when ? g_date_time_to_unix(when) : 0;
	} else if (!g_ascii_string_to_signed(text, 10, 0, G_MAXINT64 / SN_SECOND - 1, &seconds,
	                                     NULL)) {
		return 0;
	}
	return seconds * SN_SECOND;
}

/* \x3a for a colon, and so on. */
static char *unescape(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == 'x' && g_ascii_isxdigit(text[2]) &&
		    g_ascii_isxdigit(text[3])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(text[2]) * 16 +
			                              g_ascii_xdigit_value(text[3])));
			text += 3;
		} else {
			g_string_append_c(out, *text);
		}
	}
	return g_string_free(out, FALSE);
}

/* CN=Bob,O=Example: the CN. */
static char *common_name(const char *name)
{
	const char *at = g_str_has_prefix(name, "CN=") ? name : strstr(name, ",CN=");

	if (!at)
		return NULL;
	at += *at == ',' ? 4 : 3;
	return g_strndup(at, strcspn(at, ","));
}

/* "Bob (work) <bob@example.test>", "<bob@example.test>", "CN=Bob,O=Example". Anybody can write
 * anything into it. */
static void read_name(SnKey *key, const char *text, const char *validity)
{
	g_autofree char *plain = unescape(text), *clean = sn_text_clean_line(plain, -1);
	g_autofree char *cn = common_name(clean);
	const char *open = strrchr(clean, '<'), *close = open ? strchr(open, '>') : NULL;
	SnKeyName *name;

	if (key->names->len >= NAMES_MAX || strlen(clean) > 4 * NAME_LENGTH)
		return;
	name = g_new0(SnKeyName, 1);
	name->trust = trust_of(validity);
	name->revoked = *validity == 'r' && !key->revoked; /* a revoked key takes all names along */
	if (open && close && close > open + 1 && close - open < NAME_LENGTH)
		name->address = g_strndup(open + 1, (gsize)(close - open - 1));
	else if (!cn && strchr(clean, '@') && !strchr(clean, ' '))
		name->address = g_strdup(clean);
	g_autofree char *before = cn ? g_strdup(cn) : g_strndup(clean, open ? (gsize)(open - clean) : 0);
	/* what looks like an address in a name would be taken for one */
	g_strstrip(g_strdelimit(before, "<>\"", ' '));
	if (*before)
		name->name = g_utf8_substring(before, 0, MIN(g_utf8_strlen(before, -1), 60));
	g_ptr_array_add(key->names, name);
}

static SnKey *read_key(char **field, gboolean smime)
{
	SnKey *key = g_new0(SnKey, 1);
	const char *can = field[FIELD_CAPABILITIES];

	key->smime = smime;
	key->names = g_ptr_array_new_with_free_func(free_name);
	key->revoked = *field[FIELD_VALIDITY] == 'r';
	key->expired = *field[FIELD_VALIDITY] == 'e';
	key->disabled = strchr(can, 'D') != NULL || *field[FIELD_VALIDITY] == 'i';
	/* upper case: the key as a whole, with what has expired left out */
	key->can_sign = strchr(can, smime ? 's' : 'S') != NULL;
	key->can_encrypt = strchr(can, smime ? 'e' : 'E') != NULL;
	key->made = time_of(field[FIELD_MADE]);
	key->expires = time_of(field[FIELD_EXPIRES]);
	key->secret = g_str_equal(field[FIELD_TYPE], "crs") ||
	              (g_str_equal(field[FIELD_TYPE], "sec") && *field[FIELD_TOKEN] != '#');
	return key;
}

static gboolean begins_key(const char *type)
{
	return g_str_equal(type, "pub") || g_str_equal(type, "sec") || g_str_equal(type, "crt") ||
	       g_str_equal(type, "crs");
}

static void read_subkey(SnKey *key, char **field)
{
	gboolean works = !strchr("iderns", *field[FIELD_VALIDITY]) || !*field[FIELD_VALIDITY];

	if (works && strchr(field[FIELD_CAPABILITIES], 'e'))
		key->encrypts_since = MAX(key->encrypts_since, time_of(field[FIELD_MADE]));
}

static GPtrArray *read_listing(const char *text, gboolean smime)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GPtrArray *keys = g_ptr_array_new_with_free_func((GDestroyNotify)sn_key_free);
	SnKey *key = NULL;

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) field = g_strsplit(*line, ":", -1);
		char *fields[FIELD_COUNT];
		guint count = g_strv_length(field);
		for (guint i = 0; i < FIELD_COUNT; i++)
			fields[i] = i < count ? field[i] : (char *)"";
		if (begins_key(fields[FIELD_TYPE])) {
			if (keys->len >= KEYS_MAX)
				break;
			key = read_key(fields, smime);
			g_ptr_array_add(keys, key);
			if (!smime && key->can_encrypt)
				read_subkey(key, fields); /* the key itself may encrypt */
		} else if (key && (g_str_equal(fields[FIELD_TYPE], "sub") ||
		                   g_str_equal(fields[FIELD_TYPE], "ssb"))) {
			read_subkey(key, fields);
		} else if (key && !key->fingerprint && g_str_equal(fields[FIELD_TYPE], "fpr")) {
			key->fingerprint = g_ascii_strup(fields[FIELD_NAME], 64);
		} else if (key && g_str_equal(fields[FIELD_TYPE], "uid")) {
			read_name(key, fields[FIELD_NAME], fields[FIELD_VALIDITY]);
		}
	}
	for (guint i = keys->len; i > 0; i--)
		if (!((SnKey *)keys->pdata[i - 1])->fingerprint)
			g_ptr_array_remove_index(keys, i - 1);
	return keys;
}

/* A certificate has one validity for all its names. */
static void spread_trust(GPtrArray *keys, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint at = 0;

	for (char **line = lines; *line; line++) {
		if (!g_str_has_prefix(*line, "crt:") && !g_str_has_prefix(*line, "crs:"))
			continue;
		if (at >= keys->len)
			return;
		SnKey *key = keys->pdata[at++];
		for (guint i = 0; i < key->names->len; i++)
			((SnKeyName *)key->names->pdata[i])->trust = trust_of(*line + 4);
	}
}

static GPtrArray *list_keys(const char *home, gboolean smime, gboolean secret, const char *what)
{
	const char *list = secret ? "--list-secret-keys" : "--list-keys";
	const char *pgp[] = { "--with-colons", "--fixed-list-mode", list, "--", what, NULL };
	const char *certificates[] = { "--with-colons", "--with-validation", list, "--", what, NULL };
	SnGpgCall call = { .smime = smime, .home = home, .args = smime ? certificates : pgp };
	g_autoptr(SnGpgRun) run = sn_gpg_run(&call, NULL);
	gsize length = 0;

	if (!run)
		return g_ptr_array_new_with_free_func((GDestroyNotify)sn_key_free);
	const char *bytes = g_bytes_get_data(run->output, &length);
	g_autofree char *text = g_strndup(bytes ? bytes : "", length);
	GPtrArray *keys = read_listing(text, smime);
	if (smime)
		spread_trust(keys, text);
	return keys;
}

/* So that no agent is started for nothing. */
static gboolean has_secrets(const char *home)
{
	g_autofree char *path = g_build_filename(home, "private-keys-v1.d", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

	return dir && g_dir_read_name(dir);
}

GPtrArray *sn_gpg_keys(const SnGpg *gpg, gboolean smime, gboolean secret, const char *what)
{
	gboolean address = strchr(what, '@') != NULL;
	/* a name that begins with a dash is none */
	g_autofree char *exact = address && *what != '<' ? g_strdup_printf("<%s>", what) : g_strdup(what);
	GPtrArray *keys = *what == '-' ? g_ptr_array_new_with_free_func((GDestroyNotify)sn_key_free)
	                               : list_keys(gpg->home, smime, secret, exact);

	if (keys->len || address || smime || !gpg->own_home || *what == '-' ||
	    !g_file_test(gpg->own_home, G_FILE_TEST_IS_DIR) || (secret && !has_secrets(gpg->own_home)))
		return keys;
	g_ptr_array_unref(keys);
	keys = list_keys(gpg->own_home, FALSE, secret, exact);
	for (guint i = 0; i < keys->len; i++)
		((SnKey *)keys->pdata[i])->own_ring = TRUE;
	return keys;
}
