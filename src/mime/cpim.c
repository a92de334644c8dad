/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message/cpim (RFC 3862): an IM as a MIME part. */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

/* The namespaces of our headers: stable stanza ids (XEP-0359), and files (XEP-0446). */
#define ID_NAMESPACE "urn:xmpp:sid:0"
#define FILE_NAMESPACE "urn:xmpp:file:metadata:0"
#define MAX_FILES 50
#define MAX_CPIM (1024 * 1024)
#define CUT_MARK "\n[...]"

/* Section 2.3.1: backslash escapes in header values. */
static char *unescape(const char *value, gsize length)
{
	GString *out = g_string_sized_new(length);

	for (gsize i = 0; i < length; i++) {
		if (value[i] != '\\' || i + 1 >= length) {
			g_string_append_c(out, value[i]);
			continue;
		}
		char c = value[++i];
		if (c == 'u' && i + 4 < length) {
			g_autofree char *digits = g_strndup(value + i + 1, 4);
			gunichar code = (gunichar)g_ascii_strtoull(digits, NULL, 16);
			if (code && g_unichar_validate(code))
				g_string_append_unichar(out, code);
			i += 4;
		} else {
			g_string_append_c(out, strchr("btnr", c) ? ' ' : c);
		}
	}
	return g_string_free(out, FALSE);
}

static void append_escaped(GString *out, const char *value)
{
	for (const char *at = value; *at; at++) {
		if (*at == '\\' || *at == '"' || *at == '<' || *at == '>')
			g_string_append_printf(out, "\\%c", *at);
		else if ((guchar)*at >= 0x20 && *at != 0x7f)
			g_string_append_c(out, *at);
	}
}

/* "Alice <im:alice@example.test>": the name and the address without its scheme. */
static void read_address(const char *value, char **address, char **name)
{
	const char *open = strrchr(value, '<');
	const char *close = open ? strchr(open, '>') : NULL;

	if (*address || !close)
		return;
	const char *uri = open + 1;
	if (g_ascii_strncasecmp(uri, "im:", 3) == 0)
		uri += 3;
	else if (g_ascii_strncasecmp(uri, "xmpp:", 5) == 0)
		uri += 5;
	g_autofree char *raw = g_strndup(uri, (gsize)(close - uri));
	g_autofree char *decoded = g_uri_unescape_string(raw, NULL);
	*address = sn_text_clean_line(decoded ? decoded : raw, -1);
	if (!name)
		return;
	g_autofree char *quoted = unescape(value, (gsize)(open - value));
	g_strdelimit(quoted, "\"", ' ');
	*name = sn_text_clean_line(quoted, -1);
	if (!**name)
		g_clear_pointer(name, g_free);
}

/* ---- files: "SIZE TYPE SHA256 NAME URL", each percent-encoded, "-" for what is not known ---- */

static char *read_word(const char *word)
{
	g_autofree char *decoded =
		strcmp(word, "-") == 0 ? NULL : g_uri_unescape_string(word, NULL);

	return decoded ? sn_text_clean_line(decoded, -1) : NULL;
}

static void read_file(SnMailCarried *carried, const char *value)
{
	g_auto(GStrv) words = g_strsplit(value, " ", 6);
	guint count = g_strv_length(words);

	if (count < 5 || (carried->files && carried->files->len >= MAX_FILES))
		return;
	SnMailCarriedFile *file = g_new0(SnMailCarriedFile, 1);
	g_autofree char *name = read_word(words[3]);
	if (!g_ascii_string_to_signed(words[0], 10, 0, G_MAXINT64, &file->size, NULL))
		file->size = -1;
	file->type = read_word(words[1]);
	file->sha256 = strlen(words[2]) == 64 && strspn(words[2], "0123456789abcdef") == 64
	                       ? g_strdup(words[2])
	                       : NULL;
	file->name = sn_mime_safe_name(name);
	file->url = g_str_has_prefix(words[4], "https:") ? read_word(words[4]) : NULL;
	if (!carried->files)
		carried->files = g_ptr_array_new_with_free_func(
			(GDestroyNotify)sn_mail_carried_file_free);
	g_ptr_array_add(carried->files, file);
}

static void append_word(GString *out, const char *word)
{
	g_autofree char *escaped =
		g_uri_escape_string(word && *word ? word : "-", "/:?&=+@!$,;~", FALSE);

	g_string_append_printf(out, " %s", escaped);
}

static void append_files(GString *out, const SnMailCarried *carried)
{
	if (!carried->files || carried->files->len == 0)
		return;
	g_string_append(out, "NS: file <" FILE_NAMESPACE ">\r\n");
	for (guint i = 0; i < MIN(carried->files->len, MAX_FILES); i++) {
		const SnMailCarriedFile *file = g_ptr_array_index(carried->files, i);
		g_string_append_printf(out, "file.file: %" G_GINT64_FORMAT, file->size);
		append_word(out, file->type);
		append_word(out, file->sha256);
		append_word(out, file->name);
		append_word(out, file->url);
		g_string_append(out, "\r\n");
	}
}

/* The prefixes that the NS lines give to our namespaces. */
typedef struct {
	char *id, *file; /* NULL */
} Prefixes;

static void read_prefix(const char *value, const char *namespace, char **prefix)
{
	g_autofree char *bracketed = g_strdup_printf("<%s>", namespace);
	const char *uri = strstr(value, bracketed);

	if (uri && !*prefix)
		*prefix = g_strchomp(g_strndup(value, (gsize)(uri - value)));
}

static gboolean is_field(const char *line, gsize length, const char *prefix, const char *name)
{
	g_autofree char *field = prefix && *prefix ? g_strconcat(prefix, ".", name, NULL) : NULL;

	return field && strlen(field) == length && memcmp(line, field, length) == 0;
}

/* One header line of the envelope. Names are case-sensitive (section 2.2). */
static void read_field(SnMailCarried *carried, const char *line, Prefixes *prefixes)
{
	const char *value = strchr(line, ':');

	if (!value)
		return;
	gsize name = (gsize)(value++ - line);
	while (*value == ' ')
		value++;
	if (name == 4 && memcmp(line, "From", 4) == 0) {
		read_address(value, &carried->from, &carried->from_name);
	} else if (name == 2 && memcmp(line, "To", 2) == 0) {
		read_address(value, &carried->to, NULL);
	} else if (name == 8 && memcmp(line, "DateTime", 8) == 0) {
		carried->time = strchr(value, 'T') ? sn_time_parse(value, NULL) : 0;
	} else if (name == 2 && memcmp(line, "NS", 2) == 0) {
		read_prefix(value, ID_NAMESPACE, &prefixes->id);
		read_prefix(value, FILE_NAMESPACE, &prefixes->file);
	} else if (is_field(line, name, prefixes->id, "origin-id") && !carried->id) {
		g_autofree char *raw = unescape(value, strlen(value));
		carried->id = sn_text_clean_line(raw, -1);
	} else if (is_field(line, name, prefixes->file, "file")) {
		read_file(carried, value);
	}
}

/* Lines up to and including the next blank one; returns what follows. */
static const char *next_block(const char *text, GPtrArray *lines)
{
	while (*text) {
		gsize length = strcspn(text, "\n");
		const char *next = text + length + (text[length] == '\n');
		if (length == 0)
			return next;
		g_ptr_array_add(lines, g_strndup(text, length));
		text = next;
	}
	return text;
}

SnMailCarried *sn_mime_read_cpim(const char *text, gsize length)
{
	g_autofree char *clean = sn_text_clean(text, (gssize)MIN(length, MAX_CPIM));
	g_autoptr(GPtrArray) envelope = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) content = g_ptr_array_new_with_free_func(g_free);
	Prefixes prefixes = { NULL, NULL };
	SnMailCarried *carried = g_new0(SnMailCarried, 1);
	const char *at = clean;

	/* Gateways may put the part's own MIME header first (section 2). */
	if (g_ascii_strncasecmp(at, "Content-", 8) == 0)
		at = next_block(at, content);
	at = next_block(at, envelope);
	for (guint i = 0; i < envelope->len; i++)
		read_field(carried, envelope->pdata[i], &prefixes);
	g_free(prefixes.id);
	g_free(prefixes.file);
	at = next_block(at, content);
	g_autofree char *body = g_strchomp(g_strdup(at));
	carried->text = g_strconcat(body, length > MAX_CPIM ? CUT_MARK : "", NULL);
	if (!carried->from || !carried->time) {
		sn_mail_carried_free(carried);
		return NULL;
	}
	return carried;
}

static void append_address(GString *out, const char *field, const char *name, const char *address)
{
	g_autofree char *escaped = g_uri_escape_string(address, "@+!$&'*=~:/", TRUE);

	g_string_append_printf(out, "%s: ", field);
	if (name && *name) {
		append_escaped(out, name);
		g_string_append_c(out, ' ');
	}
	g_string_append_printf(out, "<im:%s>\r\n", escaped);
}

char *sn_mime_write_cpim(const SnMailCarried *carried)
{
	GString *out = g_string_new(NULL);
	g_assert(!carried->rfc822);
	g_autofree char *time = sn_time_format(carried->time);
	g_autofree char *clean = sn_text_clean(carried->text ? carried->text : "", -1);

	append_address(out, "From", carried->from_name, carried->from ? carried->from : "");
	if (carried->to)
		append_address(out, "To", NULL, carried->to);
	g_string_append_printf(out, "DateTime: %s\r\n", time);
	if (carried->id) {
		g_string_append(out, "NS: sid <" ID_NAMESPACE ">\r\nsid.origin-id: ");
		append_escaped(out, carried->id);
		g_string_append(out, "\r\n");
	}
	append_files(out, carried);
	g_string_append(out, "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
	for (const char *line = clean; *line;) {
		gsize length = strcspn(line, "\n");
		g_string_append_len(out, line, (gssize)length);
		g_string_append(out, "\r\n");
		line += length + (line[length] == '\n');
	}
	return g_string_free(out, FALSE);
}
