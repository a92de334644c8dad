/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of parts, and the text to read. */
#include <string.h>

#include "src/mime/digest.h"
#include "src/mime/mime_private.h"
#include "src/text/text.h"

#define PART_KEY "sennit-part"

typedef struct {
	SnMail *mail;
	const SnMimeMessage *message;
	GString *notice;
	gboolean repaired;
	GPtrArray *inside; /* of SnMailPart: files within parts, listed behind all parts */
	char *tnef_text;   /* NULL */
	char *invitation;  /* NULL */
} Reader;

static gboolean is_type(GMimeObject *object, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

static gboolean is_attached(GMimeObject *object)
{
	const char *disposition = g_mime_object_get_disposition(object);

	return disposition && g_ascii_strcasecmp(disposition, "attachment") == 0;
}

static char *lower_type(GMimeObject *object)
{
	g_autofree char *type =
		g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
	g_autofree char *clean = sn_text_clean_line(type ? type : "text/plain", -1);

	return g_ascii_strdown(clean, -1);
}

/* ---- the list ---- */

/* Parts that are there for programs. */
static gboolean is_machinery(GMimeObject *object)
{
	static const char *const types[][2] = {
		{ "application", "pgp-signature" },        { "application", "pkcs7-signature" },
		{ "application", "x-pkcs7-signature" },    { "application", "pgp-encrypted" },
		{ "message", "delivery-status" },          { "message", "global-delivery-status" },
		{ "message", "disposition-notification" }, { "message", "feedback-report" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (is_type(object, types[i][0], types[i][1]))
			return TRUE;
	return FALSE;
}

/* The name that a message is attached under; NULL. */
static char *declared_name(GMimeObject *object)
{
	const char *name = g_mime_object_get_content_disposition_parameter(object, "filename");

	if (!name || !*name)
		name = g_mime_object_get_content_type_parameter(object, "name");
	return name && *name ? g_mime_utils_header_decode_text(NULL, name) : NULL;
}

static void fill_message(SnMailPart *entry, Reader *reader, const SnMimeLeaf *leaf)
{
	GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(leaf->object));
	const char *subject = inner ? g_mime_message_get_subject(inner) : NULL;
	g_autofree char *given = declared_name(leaf->object);
	g_autofree char *name =
		given ? g_steal_pointer(&given)
		      : g_strdup_printf("%s.eml", subject && *subject ? subject : "message");
	g_autoptr(GBytes) bytes = sn_mime_embedded_bytes(reader->message, leaf);

	entry->name = sn_mime_safe_name(name);
	entry->size = (gint64)g_bytes_get_size(bytes);
	entry->sha256 = sn_sha256(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	entry->is_attachment = TRUE;
}

static void fill_part(SnMailPart *entry, const SnMimeLeaf *leaf)
{
	GMimePart *part = GMIME_PART(leaf->object);
	const char *id = g_mime_object_get_content_id(leaf->object);
	gboolean text = is_type(leaf->object, "text", "*");

	entry->name = sn_mime_safe_name(g_mime_part_get_filename(part));
	entry->content_id = id ? sn_text_clean_line(id, -1) : NULL;
	entry->size = sn_mime_decoded_size(part);
	entry->is_inline =
		leaf->in_related && entry->content_id && is_type(leaf->object, "image", "*");
	/* Another form of the same text is none; an invitation beside the text is. */
	gboolean alternative = leaf->in_alternative && text && !is_attached(leaf->object) &&
			       !is_type(leaf->object, "text", "calendar");
	entry->is_attachment = !entry->is_inline && !alternative && !is_machinery(leaf->object);
}

/* Files within a leaf. Outlook's, and uuencoded ones, come with no word on their type. */
static void list_inside(Reader *reader, const SnMailPart *leaf, const GPtrArray *files)
{
	G_STATIC_ASSERT(SN_MAIL_INSIDE > SN_MIME_MAX_PARTS);

	for (guint i = 0; i < files->len && reader->inside->len < SN_MIME_MAX_PARTS; i++) {
		const SnMimeFile *file = files->pdata[i];
		SnMailPart *entry = g_new0(SnMailPart, 1);
		entry->position = (int)(i + 1) * SN_MAIL_INSIDE + leaf->position;
		entry->depth = leaf->depth + 1;
		entry->name = g_strdup(file->name);
		entry->type = sn_mime_guess_type(file->name, file->bytes);
		entry->size = (gint64)g_bytes_get_size(file->bytes);
		entry->sha256 = sn_sha256(g_bytes_get_data(file->bytes, NULL), (gsize)entry->size);
		entry->is_attachment = TRUE;
		g_ptr_array_add(reader->inside, entry);
	}
}

static void read_tnef(Reader *reader, GMimeObject *object, SnMailPart *entry)
{
	g_autofree char *text = NULL;
	gsize length;
	g_autofree char *content = sn_mime_decode(GMIME_PART(object), &length);
	g_autoptr(GPtrArray) files = sn_mime_unpack_tnef(content, length, &text);

	list_inside(reader, entry, files);
	if (files->len)
		entry->is_attachment = FALSE; /* its files are what people want */
	if (text && !reader->tnef_text)
		reader->tnef_text = g_steal_pointer(&text);
}

/* The first that says something: most invitations come twice, once as a file. */
static void read_calendar(Reader *reader, GMimeObject *object)
{
	gsize length;
	g_autofree char *content = sn_mime_decode(GMIME_PART(object), &length);
	const char *charset = g_mime_object_get_content_type_parameter(object, "charset");
	g_autofree char *text = sn_mime_to_utf8(content, length, charset, &reader->repaired);

	if (!reader->invitation)
		reader->invitation = sn_mime_read_invitation(text, strlen(text));
}

static void look_inside(Reader *reader, GMimeObject *object, SnMailPart *entry)
{
	if (is_type(object, "application", "ms-tnef") || is_type(object, "application", "vnd.ms-tnef"))
		read_tnef(reader, object, entry);
	else if (is_type(object, "text", "calendar") || is_type(object, "application", "ics"))
		read_calendar(reader, object);
}

/* RFC 2045 section 5.2: what is no type at all is text. */
void sn_mime_repair_type(GMimeObject *object)
{
	const char *value = g_mime_object_get_header(object, "Content-Type");

	if (!value || strchr(value, '/') || !GMIME_IS_PART(object))
		return;
	const char *parameters = strchr(value, ';');
	g_autofree char *right = g_strconcat("text/plain", parameters, NULL);
	GMimeContentType *type = g_mime_content_type_parse(NULL, right);
	g_mime_object_set_content_type(object, type);
	g_object_unref(type);
}

static gboolean list_leaf(const SnMimeLeaf *leaf, gpointer data)
{
	Reader *reader = data;

	sn_mime_repair_type(leaf->object);

	if (leaf->in_history) {
		SnMailCarried *carried = sn_mime_read_carried(reader->message, leaf);
		if (carried && reader->mail->carried->len < SN_MIME_MAX_CARRIED) {
			g_ptr_array_add(reader->mail->carried, carried);
			return TRUE;
		}
		sn_mail_carried_free(carried);
	}
	g_assert(leaf->position > (int)reader->mail->parts->len);
	SnMailPart *entry = g_new0(SnMailPart, 1);
	entry->position = leaf->position;
	entry->depth = leaf->depth;
	entry->type = lower_type(leaf->object);
	if (GMIME_IS_MESSAGE_PART(leaf->object))
		fill_message(entry, reader, leaf);
	else if (GMIME_IS_PART(leaf->object))
		fill_part(entry, leaf);
	if (GMIME_IS_PART(leaf->object))
		look_inside(reader, leaf->object, entry);
	g_object_set_data(G_OBJECT(leaf->object), PART_KEY, entry);
	g_ptr_array_add(reader->mail->parts, entry);
	return TRUE;
}

/* ---- the text ---- */

typedef struct {
	char *text; /* clean, not empty; NULL */
	gboolean html;
} Rendered;

static Rendered render(Reader *reader, GMimeObject *object, int depth);

static char *finish_text(char *text)
{
	char *clean = sn_text_clean(text, (gssize)strnlen(text, SN_MIME_MAX_TEXT));
	gsize start = 0;

	g_free(text);
	g_strchomp(clean);
	/* Leading blank lines, but not the indentation of the first line. */
	for (gsize i = 0; clean[i] && g_ascii_isspace(clean[i]); i++)
		if (clean[i] == '\n')
			start = i + 1;
	if (start)
		memmove(clean, clean + start, strlen(clean + start) + 1);
	if (!*clean)
		g_clear_pointer(&clean, g_free);
	return clean;
}

static gboolean looks_like_html(const char *text)
{
	while (g_ascii_isspace(*text))
		text++;
	return g_ascii_strncasecmp(text, "<!doctype html", 14) == 0 ||
	       g_ascii_strncasecmp(text, "<html", 5) == 0;
}

char *sn_mime_html_charset(const char *html, gsize length)
{
	g_autofree char *head = g_ascii_strdown(html, (gssize)MIN(strnlen(html, length), 2048));
	const char *found = strstr(head, "charset=");

	if (!found)
		return NULL;
	found += 8;
	found += *found == '"' || *found == '\'';
	return g_strndup(found, strcspn(found, "\"'> ;/"));
}

static Rendered render_html(Reader *reader, char *html)
{
	SnHtmlImages images = { 0 };
	char *text = sn_html_to_text(html, strlen(html), &images);

	g_free(html);
	reader->mail->remote_images += images.remote;
	reader->mail->trackers += images.trackers;
	return (Rendered){ finish_text(text), TRUE };
}

/*
 * text/enriched (RFC 1896) and its elder text/richtext (RFC 1341) to the HTML that says the same.
 * GMime has a filter for them, which never ends on some input.
 */
static char *enriched_to_html(const char *enriched, gboolean richtext)
{
	g_autofree char *text = sn_text_clean(enriched, -1);
	GString *out = g_string_sized_new(strlen(text) + 64);

	for (const char *at = text; *at;) {
		const char *close = *at == '<' ? memchr(at, '>', strnlen(at, 80)) : NULL;
		if (g_str_has_prefix(at, richtext ? "<lt>" : "<<")) {
			g_string_append(out, "&lt;");
			at += richtext ? 4 : 2;
		} else if (close) {
			if (g_str_has_prefix(at, "<nl>") || g_str_has_prefix(at, "<paragraph>") ||
			    g_str_has_prefix(at, "<np>"))
				g_string_append(out, "<br>");
			at = close + 1;
		} else if (*at == '&' || *at == '<') {
			g_string_append(out, *at++ == '&' ? "&amp;" : "&lt;");
		} else if (*at == '\n' && !richtext) {
			/* One is a blank, two are one line end, and so on. */
			gsize count = strspn(at, "\n");
			g_string_append_c(out, '\n');
			for (gsize i = 1; i < count; i++)
				g_string_append(out, "<br>");
			at += count;
		} else {
			g_string_append_c(out, *at++);
		}
	}
	return g_string_free(out, FALSE);
}

/* Frees `text`. */
static char *take_out_files(Reader *reader, GMimeObject *object, char *text)
{
	const SnMailPart *entry = g_object_get_data(G_OBJECT(object), PART_KEY);
	char *rest = NULL;
	g_autoptr(GPtrArray) files = sn_mime_unpack_uu(text, strlen(text), &rest);

	if (!rest || !entry) {
		g_free(rest);
		return text;
	}
	list_inside(reader, entry, files);
	g_free(text);
	return rest;
}

static Rendered render_text(Reader *reader, GMimeObject *object)
{
	gsize length;
	g_autofree char *content = sn_mime_decode(GMIME_PART(object), &length);
	g_autofree char *sniffed = NULL;
	const char *charset = g_mime_object_get_content_type_parameter(object, "charset");
	gboolean html = is_type(object, "text", "html");

	if (html && (!charset || !*charset))
		charset = sniffed = sn_mime_html_charset(content, length);
	length = MIN(length, SN_MIME_MAX_TEXT);
	char *text = sn_mime_to_utf8(content, length, charset, &reader->repaired);
	gboolean richtext = is_type(object, "text", "richtext");
	if (richtext || is_type(object, "text", "enriched")) {
		char *as_html = enriched_to_html(text, richtext);
		g_free(text);
		return render_html(reader, as_html);
	}
	if (html || looks_like_html(text))
		return render_html(reader, text);
	const char *format = g_mime_object_get_content_type_parameter(object, "format");
	if (format && g_ascii_strcasecmp(format, "flowed") == 0) {
		const char *delsp = g_mime_object_get_content_type_parameter(object, "delsp");
		char *flowed = text;
		text = sn_text_unflow(flowed, delsp && g_ascii_strcasecmp(delsp, "yes") == 0);
		g_free(flowed);
	} else if (strstr(text, "begin ")) {
		text = take_out_files(reader, object, text);
	}
	return (Rendered){ finish_text(text), FALSE };
}

/* Texts that people read in place; others are files. */
static gboolean is_readable(GMimeObject *object, gboolean root)
{
	static const char *const subtypes[] = { "plain",   "html",   "enriched", "richtext",
						"x-patch", "x-diff", "markdown", "x-markdown" };

	if (!GMIME_IS_PART(object) || !is_type(object, "text", "*"))
		return FALSE;
	if (root)
		return !is_type(object, "text", "calendar");
	if (is_attached(object))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(subtypes); i++)
		if (is_type(object, "text", subtypes[i]))
			return TRUE;
	return FALSE;
}

static Rendered render_leaf(Reader *reader, GMimeObject *object, gboolean root)
{
	if (!is_readable(object, root))
		return (Rendered){ NULL, FALSE };
	SnMailPart *entry = g_object_get_data(G_OBJECT(object), PART_KEY);
	Rendered rendered = render_text(reader, object);
	if (entry && rendered.text) {
		entry->is_inline = TRUE;
		/* A patch is read here, and may be wanted as a file as well. */
		entry->is_attachment = entry->name != NULL && !root;
	} else if (entry && !entry->name) {
		entry->is_attachment = FALSE;
	}
	return rendered;
}

/* "Your program cannot show this" instead of the text. */
static gboolean is_meaningful(const char *text)
{
	if (strlen(text) > 300)
		return TRUE;
	g_autofree char *lower = g_ascii_strdown(text, -1);
	if (strstr(lower, "html") && (strstr(lower, "support") || strstr(lower, "view") ||
				      strstr(lower, "display") || strstr(lower, "capable")))
		return FALSE;
	for (const char *at = text; *at; at = g_utf8_next_char(at))
		if (g_unichar_isalnum(g_utf8_get_char(at)) || g_utf8_get_char(at) >= 0x2600)
			return TRUE;
	return FALSE;
}

/* The plain text if it says anything, else the last form that can be read (RFC 2046 5.1.4). */
static Rendered render_alternative(Reader *reader, GMimeMultipart *multipart, int depth)
{
	Rendered best = { NULL, FALSE };
	int count = MIN(g_mime_multipart_get_count(multipart), 50);

	for (int i = 0; i < count; i++) {
		GMimeObject *object = g_mime_multipart_get_part(multipart, i);
		if (best.text && is_meaningful(best.text) && !best.html)
			break;
		Rendered rendered = render(reader, object, depth + 1);
		if (!rendered.text)
			continue;
		g_free(best.text);
		best = rendered;
	}
	return best;
}

static Rendered render_all(Reader *reader, GMimeMultipart *multipart, int depth)
{
	GString *joined = NULL;
	Rendered result = { NULL, FALSE };

	for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
		Rendered next = render(reader, g_mime_multipart_get_part(multipart, i), depth + 1);
		if (!next.text)
			continue;
		result.html = result.html || next.html;
		if (!joined)
			joined = g_string_new(NULL);
		if (joined->len < SN_MIME_MAX_TEXT)
			g_string_append_printf(joined, "%s%s", joined->len ? "\n\n" : "",
					       next.text);
		g_free(next.text);
	}
	result.text = joined ? g_string_free(joined, FALSE) : NULL;
	return result;
}

static Rendered render_related(Reader *reader, GMimeMultipart *multipart, int depth)
{
	const char *start =
		g_mime_object_get_content_type_parameter(GMIME_OBJECT(multipart), "start");
	int root = 0;

	for (int i = 0; start && i < MIN(g_mime_multipart_get_count(multipart), 50); i++) {
		const char *id =
			g_mime_object_get_content_id(g_mime_multipart_get_part(multipart, i));
		if (id && strstr(start, id))
			root = i;
	}
	Rendered rendered = { NULL, FALSE };
	if (g_mime_multipart_get_count(multipart) > 0)
		rendered = render(reader, g_mime_multipart_get_part(multipart, root), depth + 1);
	if (rendered.text)
		return rendered;
	return render_all(reader, multipart, depth);
}

static Rendered render_multipart(Reader *reader, GMimeObject *object, int depth)
{
	GMimeMultipart *multipart = GMIME_MULTIPART(object);

	if (depth >= SN_MIME_MAX_DEPTH)
		return (Rendered){ NULL, FALSE };
	if (is_type(object, "multipart", "alternative"))
		return render_alternative(reader, multipart, depth);
	if (is_type(object, "multipart", "related"))
		return render_related(reader, multipart, depth);
	if (is_type(object, "multipart", "encrypted")) {
		reader->mail->encrypted = TRUE;
		return (Rendered){ NULL, FALSE };
	}
	if (is_type(object, "multipart", "report"))
		sn_mime_read_report(reader->mail, multipart);
	return render_all(reader, multipart, depth);
}

static Rendered render(Reader *reader, GMimeObject *object, int depth)
{
	if (GMIME_IS_MULTIPART(object))
		return render_multipart(reader, object, depth);
	if (depth == 0 && sn_mime_cms_kind(object) == SN_CMS_ENVELOPED)
		reader->mail->encrypted = TRUE;
	return render_leaf(reader, object, depth == 0);
}

/* The transcript that our own emails have below their text, for readers of any kind. */
static gboolean find_transcript(const SnMimeLeaf *leaf, gpointer data)
{
	SnMail *mail = data;
	const char *digest = g_mime_object_get_header(leaf->object, SN_HEADER_TRANSCRIPT);

	if (!digest)
		return TRUE;
	for (const char *line = mail->text; *line;) {
		gsize length = strcspn(line, "\n");
		g_autofree char *found = length > 2 && line[length - 1] == ':'
		                                 ? sn_mime_line_digest(line, length)
		                                 : NULL;
		if (g_strcmp0(found, digest) == 0) {
			mail->own_length = line - mail->text;
			break;
		}
		line += length + (line[length] == '\n');
	}
	return FALSE;
}

/* What is known by its hash need not be fetched or sent twice. */
static gboolean hash_leaf(const SnMimeLeaf *leaf, gpointer data)
{
	SnMailPart *entry = g_object_get_data(G_OBJECT(leaf->object), PART_KEY);
	gsize length;

	if (!entry || !entry->is_attachment || !GMIME_IS_PART(leaf->object))
		return TRUE;
	g_autofree char *bytes = sn_mime_decode(GMIME_PART(leaf->object), &length);
	entry->sha256 = sn_sha256(bytes, length);
	return TRUE;
}

static gboolean has_attachments(const SnMail *mail)
{
	for (guint i = 0; i < mail->parts->len; i++)
		if (((const SnMailPart *)g_ptr_array_index(mail->parts, i))->is_attachment)
			return TRUE;
	return FALSE;
}

/* What an invitation says stands above what its sender wrote; takes the text, which may be NULL. */
static char *with_invitation(Reader *reader, char *text)
{
	char *words = reader->invitation ? finish_text(g_steal_pointer(&reader->invitation)) : NULL;

	if (!words)
		return text ? text : g_strdup("");
	if (!text)
		return words;
	char *both = g_strdup_printf("%s\n\n%s", words, text);
	g_free(words);
	g_free(text);
	return both;
}

void sn_mime_read_parts(SnMail *mail, const SnMimeMessage *message, GString *notice)
{
	Reader reader = { .mail = mail, .message = message, .notice = notice };
	GMimeObject *root = g_mime_message_get_mime_part(message->message);
	g_autoptr(GPtrArray) inside = g_ptr_array_new();

	reader.inside = inside;

	if (!sn_mime_each_leaf(message->message, list_leaf, &reader))
		sn_mime_note(notice,
			     "Parts beyond 1,000, or nested deeper than 100, were left out.");
	Rendered rendered = { NULL, FALSE };
	if (root)
		rendered = render(&reader, root, 0);
	if (!rendered.text && reader.tnef_text)
		rendered.text = finish_text(g_steal_pointer(&reader.tnef_text));
	mail->text = with_invitation(&reader, rendered.text);
	mail->text_from_html = rendered.text && rendered.html;
	mail->own_length = -1;
	if (mail->carried->len > 0)
		sn_mime_each_leaf(message->message, find_transcript, mail);
	if (has_attachments(mail)) /* only now it is known which parts the text is made of */
		sn_mime_each_leaf(message->message, hash_leaf, NULL);
	for (guint i = 0; i < inside->len; i++)
		g_ptr_array_add(mail->parts, inside->pdata[i]);
	g_free(reader.tnef_text);
	g_free(reader.invitation);
	if (reader.repaired)
		sn_mime_note(notice, "The declared character set was wrong or missing.");
}
