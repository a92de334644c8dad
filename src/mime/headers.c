/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the header of a message says. */
#include <string.h>

#include "src/mime/mime_private.h"
#include "src/text/text.h"

#define MAX_ADDRESSES 2000
#define MAX_DELIVERED 10 /* fields */
#define MAX_FIELD 8192 /* bytes; groups within groups go no deeper */
#define YEAR_2100 ((SnTime)4102444800000)

/* Decoded, on one line; NULL when nothing is left. */
static char *clean_value(const char *value)
{
	char *clean = value ? sn_text_clean_line(value, -1) : NULL;

	if (clean && !*clean)
		g_clear_pointer(&clean, g_free);
	return clean;
}

/* Some programs put the quotes into what they encode. */
static char *clean_name(const char *value)
{
	char *clean = clean_value(value);
	gsize length = clean ? strlen(clean) : 0;

	if (length > 2 && clean[0] == '"' && clean[length - 1] == '"') {
		clean[length - 1] = '\0';
		memmove(clean, clean + 1, length - 1);
	}
	return clean;
}

/* "undisclosed-recipients:;@host" and the like name nobody. */
static gboolean names_nobody(const char *address)
{
	return g_ascii_strncasecmp(address, "undisclosed", 11) == 0 && strchr(address, ':');
}

static void add_address(SnMail *mail, SnMailRole role, const char *address, const char *name)
{
	g_autofree char *clean = clean_value(address);

	if (!clean || names_nobody(clean) || mail->addresses->len >= MAX_ADDRESSES)
		return;
	SnMailAddress *entry = g_new0(SnMailAddress, 1);
	entry->role = role;
	entry->address = g_steal_pointer(&clean);
	entry->name = clean_name(name);
	g_ptr_array_add(mail->addresses, entry);
}

/* Groups are flattened; the parser bounds how deep they are (limits.c). */
static void add_list(SnMail *mail, SnMailRole role, InternetAddressList *list)
{
	int count = list ? internet_address_list_length(list) : 0;

	for (int i = 0; i < count; i++) {
		InternetAddress *address = internet_address_list_get_address(list, i);
		if (INTERNET_ADDRESS_IS_GROUP(address))
			add_list(mail, role,
				 internet_address_group_get_members(
					 INTERNET_ADDRESS_GROUP(address)));
		else if (INTERNET_ADDRESS_IS_MAILBOX(address))
			add_address(mail, role,
				    internet_address_mailbox_get_addr(
					    INTERNET_ADDRESS_MAILBOX(address)),
				    internet_address_get_name(address));
	}
}

/* The last word with an '@', in text without brackets. */
static char *bare_address(const char *value)
{
	g_auto(GStrv) words = g_strsplit_set(value, " \t\r\n,;", 100);
	char *found = NULL;

	for (char **word = words; *word; word++) {
		const char *at = strchr(*word, '@');
		if (!at || at == *word || !at[1] || strpbrk(*word, "()<>\"?="))
			continue;
		g_free(found);
		found = g_strdup(*word);
	}
	return found;
}

/* Where the parser gives up, what stands in the last brackets is still the address. */
static void add_addresses(SnMail *mail, SnMailRole role, GMimeMessage *message, const char *field,
			  InternetAddressList *list)
{
	guint before = mail->addresses->len;

	add_list(mail, role, list);
	if (mail->addresses->len > before)
		return;
	const char *value = g_mime_object_get_header(GMIME_OBJECT(message), field);
	const char *open = value ? strrchr(value, '<') : NULL;
	const char *close = open ? strchr(open, '>') : NULL;
	if (open && (!close || !memchr(open, '@', (gsize)(close - open))))
		return;
	g_autofree char *address = open    ? g_strndup(open + 1, (gsize)(close - open - 1))
	                           : value ? bare_address(value)
	                                   : NULL;
	const char *found = address ? strstr(value, address) : NULL;
	if (!found)
		return;
	g_autofree char *raw_name = g_strndup(value, (gsize)((open ? open : found) - value));
	g_autofree char *name = g_mime_utils_header_decode_text(NULL, raw_name);
	add_address(mail, role, address, name);
}

/* An id without its brackets, or NULL when it cannot be one. */
static char *clean_id(const char *id)
{
	g_autofree char *clean = clean_value(id);

	if (!clean || strlen(clean) > 998 || strpbrk(clean, " <>"))
		return NULL;
	return g_steal_pointer(&clean);
}

static void add_references(GPtrArray *out, const char *value)
{
	GMimeReferences *references = value ? g_mime_references_parse(NULL, value) : NULL;

	for (int i = 0; references && i < g_mime_references_length(references); i++) {
		g_autofree char *id = clean_id(g_mime_references_get_message_id(references, i));
		if (!id || !strchr(id, '@') ||
		    g_ptr_array_find_with_equal_func(out, id, g_str_equal, NULL))
			continue;
		/* The root says which thread it is, the last ones where in it. */
		if (out->len >= SN_MIME_MAX_REFERENCES)
			g_ptr_array_remove_index(out, 1);
		g_ptr_array_add(out, g_steal_pointer(&id));
	}
	if (references)
		g_mime_references_free(references);
}

static void read_threading(SnMail *mail, GMimeObject *object)
{
	g_autoptr(GPtrArray) replied = g_ptr_array_new_with_free_func(g_free);

	add_references(mail->references, g_mime_object_get_header(object, "References"));
	add_references(replied, g_mime_object_get_header(object, "In-Reply-To"));
	if (replied->len)
		mail->in_reply_to = g_strdup(replied->pdata[0]);
}

/* RFC 2919: the part in brackets. */
static char *read_list_id(const char *value)
{
	const char *open = value ? strrchr(value, '<') : NULL;
	const char *close = open ? strchr(open, '>') : NULL;
	g_autofree char *id =
		close ? g_strndup(open + 1, (gsize)(close - open - 1)) : g_strdup(value);
	g_autofree char *clean = clean_value(id);

	return clean && !strchr(clean, ' ') && strlen(clean) <= 255 ? g_steal_pointer(&clean)
								    : NULL;
}

/* RFC 7259: a bare JID; people also write a full one or an xmpp: URI. */
static char *read_jabber_id(const char *value)
{
	g_autofree char *clean = clean_value(value);

	if (!clean)
		return NULL;
	const char *start = clean;
	if (g_ascii_strncasecmp(start, "xmpp:", 5) == 0)
		start += 5;
	g_autofree char *jid = g_strndup(start, strcspn(start, "/?;"));
	const char *at = strchr(jid, '@');
	if (!at || at == jid || !at[1] || strchr(at + 1, '@') || strpbrk(jid, " <>\"'&:,") ||
	    strlen(jid) > 2047)
		return NULL;
	return g_steal_pointer(&jid);
}

static char *first_word(const char *value)
{
	g_autofree char *clean = clean_value(value);

	if (!clean)
		return NULL;
	clean[strcspn(clean, " ;(")] = '\0';
	return *clean ? g_ascii_strdown(clean, -1) : NULL;
}

/* RFC 8098 section 2.1: with several addresses nobody may be told without being looked at. */
static char *read_receipt_to(GMimeObject *object)
{
	const char *value = g_mime_object_get_header(object, "Disposition-Notification-To");
	InternetAddressList *list = value ? internet_address_list_parse(NULL, value) : NULL;
	char *to = NULL;

	if (list && internet_address_list_length(list) == 1) {
		InternetAddress *one = internet_address_list_get_address(list, 0);
		if (INTERNET_ADDRESS_IS_MAILBOX(one))
			to = clean_value(
				internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)));
	}
	g_clear_object(&list);
	return to;
}

/* "00:19:00 (EDT) -0400" and "est": comments away, names of zones as they are written. */
static GDateTime *mended_date(GMimeMessage *message)
{
	const char *value = g_mime_object_get_header(GMIME_OBJECT(message), "Date");
	GString *plain = g_string_new(NULL);
	int depth = 0;

	for (const char *at = value ? value : ""; *at; at++) {
		depth += *at == '(';
		if (depth == 0)
			g_string_append_c(plain, *at);
		depth -= *at == ')' && depth > 0;
	}
	/* The name of a zone, not those of a month and a day before it. */
	const char *last = strrchr(g_strchomp(plain->str), ' ');
	for (char *at = last ? plain->str + (last - plain->str) : NULL; at && *at; at++)
		*at = g_ascii_toupper(*at);
	GDateTime *date = g_mime_utils_header_decode_date(plain->str);
	g_string_free(plain, TRUE);
	return date;
}

static SnTime read_date(GMimeMessage *message)
{
	g_autoptr(GDateTime) date = mended_date(message);
	SnTime time = date ? g_date_time_to_unix(date) * SN_SECOND : 0;

	return time > 0 && time < YEAR_2100 ? time : 0;
}

char *sn_mime_safe_name(const char *name)
{
	g_autofree char *clean = clean_value(name);

	if (!clean)
		return NULL;
	char *base = clean;
	for (char *at = clean; *at; at++)
		if (*at == '/' || *at == '\\')
			base = at + 1;
	/* No hidden file, no parent directory, nothing that looks like an option. */
	while (*base == '.' || *base == ' ')
		base++;
	if (*base == '-')
		*base = '_';
	g_strchomp(base);
	if (!*base)
		return NULL;
	if (strlen(base) <= 200)
		return g_strdup(base);
	const char *ending = strrchr(base, '.');
	if (!ending || strlen(ending) > 20)
		ending = "";
	gsize keep = 200 - strlen(ending);
	while (keep > 0 && ((guchar)base[keep] & 0xc0) == 0x80)
		keep--;
	return g_strdup_printf("%.*s%s", (int)keep, base, ending);
}

static void add_parsed(SnMail *mail, SnMailRole role, const char *value)
{
	InternetAddressList *list =
		value && strlen(value) <= MAX_FIELD ? internet_address_list_parse(NULL, value) : NULL;

	add_list(mail, role, list);
	g_clear_object(&list);
}

/* Where the servers say that it came in, the last server first. */
static void read_delivery(SnMail *mail, GMimeObject *object)
{
	static const char *const names[] = { "Delivered-To", "X-Original-To", "Envelope-To" };
	GMimeHeaderList *headers = g_mime_object_get_header_list(object);
	int count = MIN(g_mime_header_list_get_count(headers), 1000), found = 0;

	for (int i = 0; i < count && found < MAX_DELIVERED; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		const char *name = g_mime_header_get_name(header);
		for (gsize n = 0; n < G_N_ELEMENTS(names); n++) {
			if (g_ascii_strcasecmp(name, names[n]) != 0)
				continue;
			add_parsed(mail, SN_MAIL_DELIVERED, g_mime_header_get_value(header));
			found++;
		}
	}
	add_parsed(mail, SN_MAIL_FOLLOWUP, g_mime_object_get_header(object, "Mail-Followup-To"));
}

/* "<mailto:list@example.org?subject=x>", also among others; "NO" means that nobody may post. */
static void read_list_post(SnMail *mail, const char *value)
{
	g_autofree char *lower = value ? g_ascii_strdown(value, -1) : NULL;
	const char *at = lower ? strstr(lower, "<mailto:") : NULL;
	const char *open = at ? value + (at - lower) : NULL;
	gsize length = open ? strcspn(open + 8, ">?, ") : 0;

	if (length == 0 || length > 320)
		return;
	g_autofree char *escaped = g_strndup(open + 8, length);
	g_autofree char *address = g_uri_unescape_string(escaped, NULL);
	if (address && strchr(address, '@'))
		add_address(mail, SN_MAIL_LIST_POST, address, NULL);
}

/* The one address of the From; NULL when it names several, or nobody. */
static const char *only_sender(const SnMail *mail)
{
	const char *only = NULL;

	for (guint i = 0; i < mail->addresses->len; i++) {
		const SnMailAddress *one = mail->addresses->pdata[i];
		if (one->role != SN_MAIL_FROM)
			continue;
		if (only)
			return NULL;
		only = one->address;
	}
	return only;
}

/* Autocrypt section 2.3: what is not valid, or about others, is not there; of two none counts. */
static void read_autocrypt(SnMail *mail, GMimeMessage *message)
{
	GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
	GMimeObject *root = g_mime_message_get_mime_part(message);
	GMimeContentType *type = root ? g_mime_object_get_content_type(root) : NULL;
	int count = MIN(g_mime_header_list_get_count(headers), 1000), valid = 0;
	const char *from = only_sender(mail);

	mail->tells_key = from && !(type && g_mime_content_type_is_type(type, "multipart", "report"));
	for (int i = 0; mail->tells_key && i < count && valid < 2; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
		if (g_ascii_strcasecmp(g_mime_header_get_name(header), "Autocrypt") != 0)
			continue;
		const char *value = g_mime_header_get_raw_value(header);
		g_autoptr(SnAutocrypt) one = value ? sn_autocrypt_parse(value) : NULL;
		if (!one || g_ascii_strcasecmp(one->address, from) != 0)
			continue;
		valid++;
		sn_autocrypt_free(mail->autocrypt);
		mail->autocrypt = g_steal_pointer(&one);
	}
	if (valid > 1)
		g_clear_pointer(&mail->autocrypt, sn_autocrypt_free);
}

void sn_mime_read_headers(SnMail *mail, GMimeMessage *message, const SnMailOptions *options)
{
	GMimeObject *object = GMIME_OBJECT(message);

	add_addresses(mail, SN_MAIL_FROM, message, "From", g_mime_message_get_from(message));
	add_addresses(mail, SN_MAIL_TO, message, "To", g_mime_message_get_to(message));
	add_addresses(mail, SN_MAIL_CC, message, "Cc", g_mime_message_get_cc(message));
	add_addresses(mail, SN_MAIL_BCC, message, "Bcc", g_mime_message_get_bcc(message));
	add_addresses(mail, SN_MAIL_REPLY_TO, message, "Reply-To",
		      g_mime_message_get_reply_to(message));
	read_delivery(mail, object);
	read_list_post(mail, g_mime_object_get_header(object, "List-Post"));
	mail->subject = clean_value(g_mime_message_get_subject(message));
	mail->date = read_date(message);
	mail->message_id = clean_id(g_mime_message_get_message_id(message));
	read_threading(mail, object);
	mail->list_id = read_list_id(g_mime_object_get_header(object, "List-Id"));
	mail->jabber_id = read_jabber_id(g_mime_object_get_header(object, SN_HEADER_JABBER_ID));
	mail->auto_submitted = first_word(g_mime_object_get_header(object, "Auto-Submitted"));
	mail->chat = clean_value(g_mime_object_get_header(object, SN_HEADER_CHAT));
	mail->read_receipt_to = read_receipt_to(object);
	mail->chat_origin_id = clean_id(g_mime_object_get_header(object, SN_HEADER_ORIGIN_ID));
	mail->chat_in_reply_to = clean_id(g_mime_object_get_header(object, SN_HEADER_ANSWERED_ID));
	read_autocrypt(mail, message);
	if (options && options->authserv_id)
		mail->authentication = sn_mime_authentication(g_mime_object_get_header_list(object), options);
}
