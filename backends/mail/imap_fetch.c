/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_FOUND (5 * 1000 * 1000)
#define MAX_KEYWORDS 100 /* of one message; and their length */
#define MAX_LABELS 1000
#define TEXT_LIMIT 65536 /* of a message that is only fetched in part */

typedef struct {
	SnImapSink sink;
	gpointer data;
} Handler;

static guint keyword_bit(const char *keyword)
{
	if (!keyword)
		return 0;
	if (g_ascii_strcasecmp(keyword, "$Forwarded") == 0)
		return SN_MAIL_FORWARDED;
	return g_ascii_strcasecmp(keyword, "$MDNSent") == 0 ? SN_MAIL_MDN_SENT : 0;
}

/* Of those that are no flags here. A name that could not be given back is left out. */
static void add_keyword(GPtrArray *keywords, const char *name)
{
	if (keywords->len >= MAX_KEYWORDS || !sn_imap_is_keyword(name) || keyword_bit(name))
		return;
	for (guint i = 0; i < keywords->len; i++)
		if (g_ascii_strcasecmp(keywords->pdata[i], name) == 0)
			return;
	g_ptr_array_add(keywords, (gpointer)name);
}

static gint by_word(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *join_keywords(GPtrArray *keywords)
{
	g_ptr_array_sort(keywords, by_word);
	g_ptr_array_add(keywords, NULL);
	return g_strjoinv(" ", (char **)keywords->pdata);
}

gboolean sn_imap_is_keyword(const char *name)
{
	gsize length = name ? strlen(name) : 0;

	if (length == 0 || length > MAX_KEYWORDS)
		return FALSE;
	/* RFC 3501 section 9: atom */
	for (const char *c = name; *c; c++)
		if (!g_ascii_isgraph(*c) || strchr("(){%*\"\\]", *c))
			return FALSE;
	return TRUE;
}

void sn_imap_message_clear(SnImapMessage *message)
{
	g_clear_pointer(&message->raw, g_bytes_unref);
	g_clear_pointer(&message->keywords, g_free);
	g_clear_pointer(&message->labels, g_ptr_array_unref);
}

static guint flag_bit(const struct mailimap_flag *flag)
{
	switch (flag->fl_type) {
	case MAILIMAP_FLAG_SEEN: return SN_MAIL_SEEN;
	case MAILIMAP_FLAG_ANSWERED: return SN_MAIL_ANSWERED;
	case MAILIMAP_FLAG_FLAGGED: return SN_MAIL_FLAGGED;
	case MAILIMAP_FLAG_DELETED: return SN_MAIL_DELETED;
	case MAILIMAP_FLAG_DRAFT: return SN_MAIL_DRAFT;
	case MAILIMAP_FLAG_KEYWORD: return keyword_bit(flag->fl_data.fl_keyword);
	default: return 0;
	}
}

static guint read_flags(const struct mailimap_msg_att_dynamic *dynamic, char **keywords)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	guint flags = 0;

	if (!dynamic || !dynamic->att_list)
		return 0;
	for (clistiter *i = clist_begin(dynamic->att_list); i; i = clist_next(i)) {
		const struct mailimap_flag_fetch *fetched = clist_content(i);
		if (fetched->fl_type == MAILIMAP_FLAG_FETCH_OTHER && fetched->fl_flag)
			flags |= flag_bit(fetched->fl_flag);
		if (fetched->fl_type == MAILIMAP_FLAG_FETCH_OTHER && fetched->fl_flag &&
		    fetched->fl_flag->fl_type == MAILIMAP_FLAG_KEYWORD)
			add_keyword(words, fetched->fl_flag->fl_data.fl_keyword);
	}
	g_free(*keywords);
	*keywords = join_keywords(words);
	return flags;
}

static SnTime read_date(const struct mailimap_date_time *date)
{
	struct tm tm = { .tm_year = date->dt_year - 1900,
			 .tm_mon = date->dt_month - 1,
			 .tm_mday = date->dt_day,
			 .tm_hour = date->dt_hour,
			 .tm_min = date->dt_min,
			 .tm_sec = date->dt_sec };
	int zone = date->dt_zone;

	if (date->dt_year < 1970 || date->dt_year > 9999)
		return 0;
	gint64 seconds = (gint64)timegm(&tm) - ((gint64)(zone / 100) * 60 + zone % 100) * 60;
	return MAX(seconds, 0) * SN_SECOND;
}

/* One body section after the other; the handler's bytes are libetpan's. */
static void add_section(GByteArray **raw, const struct mailimap_msg_att_body_section *section)
{
	if (!*raw)
		*raw = g_byte_array_new();
	if (section->sec_body_part && section->sec_length > 0)
		g_byte_array_append(*raw, (const guint8 *)section->sec_body_part,
				    (guint)section->sec_length);
}

static void read_static(const struct mailimap_msg_att_static *item, SnImapMessage *message,
			GByteArray **raw)
{
	switch (item->att_type) {
	case MAILIMAP_MSG_ATT_UID: message->uid = item->att_data.att_uid; break;
	case MAILIMAP_MSG_ATT_RFC822_SIZE: message->size = item->att_data.att_rfc822_size; break;
	case MAILIMAP_MSG_ATT_INTERNALDATE:
		message->time = read_date(item->att_data.att_internal_date);
		break;
	case MAILIMAP_MSG_ATT_BODY_SECTION:
		add_section(raw, item->att_data.att_body_section);
		break;
	default: break;
	}
}

static void handle(struct mailimap_msg_att *att, void *context)
{
	Handler *handler = context;
	SnImapMessage message = { 0 };
	GByteArray *raw = NULL;
	gboolean has_flags = FALSE;

	for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
		const struct mailimap_msg_att_item *item = clist_content(i);
		if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) {
			message.flags = read_flags(item->att_data.att_dyn, &message.keywords);
			has_flags = TRUE;
		} else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC) {
			read_static(item->att_data.att_static, &message, &raw);
		}
	}
	if (raw)
		message.raw = g_byte_array_free_to_bytes(raw);
	/* without a number it is news about a message that nobody asked for */
	if (message.uid != 0 && (has_flags || message.raw))
		handler->sink(&message, handler->data);
	sn_imap_message_clear(&message);
}

static struct mailimap_fetch_type *wanted(SnImapWhat what)
{
	struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
	struct mailimap_fetch_att *items[6];
	guint count = 0;

	g_assert(type);
	items[count++] = mailimap_fetch_att_new_uid();
	items[count++] = mailimap_fetch_att_new_flags();
	if (what != SN_IMAP_FLAGS) {
		items[count++] = mailimap_fetch_att_new_internaldate();
		items[count++] = mailimap_fetch_att_new_rfc822_size();
	}
	if (what == SN_IMAP_WHOLE) {
		items[count++] =
			mailimap_fetch_att_new_body_peek_section(mailimap_section_new(NULL));
	} else if (what == SN_IMAP_TEXT) {
		items[count++] =
			mailimap_fetch_att_new_body_peek_section(mailimap_section_new_header());
		items[count++] = mailimap_fetch_att_new_body_peek_section_partial(
			mailimap_section_new_text(), 0, TEXT_LIMIT);
	}
	for (guint i = 0; i < count; i++)
		mailimap_fetch_type_new_fetch_att_list_add(type, items[i]);
	return type;
}

gboolean sn_imap_fetch(SnImapSession *session, struct mailimap_set *set, SnImapWhat what,
		       SnImapSink sink, gpointer data, GError **error)
{
	Handler handler = { sink, data };
	struct mailimap_fetch_type *type = wanted(what);
	clist *list = NULL;

	mailimap_set_msg_att_handler(session->imap, handle, &handler);
	int result = mailimap_uid_fetch(session->imap, set, type, &list);
	mailimap_set_msg_att_handler(session->imap, NULL, NULL);
	if (list)
		mailimap_fetch_list_free(list);
	mailimap_fetch_type_free(type);
	return sn_imap_check(session, result, error, "Messages of %s could not be fetched",
			     session->selected);
}

/* ---- what is not the message itself, read here ---- */

static guint flag_of(const char *name)
{
	static const struct {
		const char *name;
		guint bit;
	} table[] = {
		{ "\\Seen", SN_MAIL_SEEN },       { "\\Answered", SN_MAIL_ANSWERED },
		{ "\\Flagged", SN_MAIL_FLAGGED }, { "\\Deleted", SN_MAIL_DELETED },
		{ "\\Draft", SN_MAIL_DRAFT },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (g_ascii_strcasecmp(name, table[i].name) == 0)
			return table[i].bit;
	return keyword_bit(name);
}

/* "17-Jul-1996 02:44:25 -0700", the day perhaps with a blank before it; 0 when it is none. */
static SnTime read_date_text(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct mailimap_date_time date = { 0 };
	char month[4] = "", sign = '+';
	int zone = 0;

	if (!text || sscanf(text, "%2d-%3s-%4d %2d:%2d:%2d %c%4d", &date.dt_day, month,
			    &date.dt_year, &date.dt_hour, &date.dt_min, &date.dt_sec, &sign,
			    &zone) != 8)
		return 0;
	const char *found = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!found || (found - months) % 3 != 0)
		return 0;
	date.dt_month = (int)(found - months) / 3 + 1;
	date.dt_zone = sign == '-' ? -zone : zone;
	return read_date(&date);
}

/* Atoms, strings, and literals; a label that is called NIL is not told as such. */
static GPtrArray *read_labels(const SnWord *word)
{
	GPtrArray *labels = word && word->items ? g_ptr_array_new_with_free_func(g_free) : NULL;

	for (guint i = 0; labels && i < word->items->len && i < MAX_LABELS; i++) {
		const char *label = sn_word_text(sn_word_at(word->items, i));
		if (label && *label)
			g_ptr_array_add(labels, g_strdup(label));
	}
	return labels;
}

gboolean sn_imap_hear_fetch(const SnImapLine *line, SnImapMessage *message)
{
	const SnWord *pairs = sn_word_at(line->words, 0);

	*message = (SnImapMessage){ 0 };
	if (strcmp(line->kind, "FETCH") != 0 || !pairs || !pairs->items)
		return FALSE;
	message->uid = (guint32)sn_word_number(sn_word_value(pairs->items, "UID"));
	message->size = (gint64)MIN(sn_word_number(sn_word_value(pairs->items, "RFC822.SIZE")),
				    G_MAXINT64);
	message->time = read_date_text(sn_word_text(sn_word_value(pairs->items, "INTERNALDATE")));
	const SnWord *flags = sn_word_value(pairs->items, "FLAGS");
	g_autoptr(GPtrArray) keywords = g_ptr_array_new();
	for (guint i = 0; flags && flags->items && i < flags->items->len; i++) {
		const char *name = sn_word_text(sn_word_at(flags->items, i));
		message->flags |= name ? flag_of(name) : 0;
		if (name)
			add_keyword(keywords, name);
	}
	message->keywords = flags ? join_keywords(keywords) : NULL;
	message->has_flags = flags != NULL;
	message->labels = read_labels(sn_word_value(pairs->items, "X-GM-LABELS"));
	return message->uid != 0;
}

typedef struct {
	const GArray *known;
	GArray *gone;
} Vanished;

/* The numbers of `known` inside the run, whatever a server claims to have vanished. */
static void collect(guint32 first, guint32 last, gpointer data)
{
	Vanished *vanished = data;

	for (guint at = sn_uids_lower_bound(vanished->known, first);
	     at < vanished->known->len && sn_uid_at(vanished->known, at) <= last; at++)
		g_array_append_vals(vanished->gone, &g_array_index(vanished->known, guint32, at),
				    1);
}

void sn_imap_hear_vanished(const SnImapLine *line, const GArray *known, GArray *gone)
{
	const SnWord *first = sn_word_at(line->words, 0);
	/* VANISHED (EARLIER) 1:5 */
	const char *set = sn_word_text(first && first->items ? sn_word_at(line->words, 1) : first);
	Vanished vanished = { known, gone };

	if (set && strcmp(line->kind, "VANISHED") == 0)
		sn_imap_set_each(set, collect, &vanished);
}

typedef struct {
	SnImapSink sink;
	gpointer data;
} Flags;

static void hear_flags(const SnImapLine *line, gpointer data)
{
	const Flags *flags = data;
	SnImapMessage message;

	if (sn_imap_hear_fetch(line, &message) && message.has_flags)
		flags->sink(&message, flags->data);
	sn_imap_message_clear(&message);
}

gboolean sn_imap_fetch_changed(SnImapSession *session, guint32 last, guint64 modseq,
			       gboolean labels, SnImapSink sink, gpointer data, GError **error)
{
	Flags flags = { sink, data };
	g_autofree char *command = g_strdup_printf(
		"UID FETCH 1:%u (FLAGS%s) (CHANGEDSINCE %" G_GUINT64_FORMAT ")", last,
		labels ? " X-GM-LABELS" : "", modseq);

	return sn_imap_say(session, command, hear_flags, &flags, error,
			   "Changes could not be fetched");
}

static void hear_labels(const SnImapLine *line, gpointer data)
{
	const Flags *wanted_by = data;
	SnImapMessage message;

	if (sn_imap_hear_fetch(line, &message) && message.labels)
		wanted_by->sink(&message, wanted_by->data);
	sn_imap_message_clear(&message);
}

gboolean sn_imap_fetch_labels(SnImapSession *session, const char *set, gboolean flags,
			      SnImapSink sink, gpointer data, GError **error)
{
	Flags wanted_by = { sink, data };
	g_autofree char *command = g_strdup_printf("UID FETCH %s (%sX-GM-LABELS)", set,
						   flags ? "FLAGS " : "");

	return sn_imap_say(session, command, hear_labels, &wanted_by, error,
			   "The labels could not be fetched");
}

struct mailimap_set *sn_imap_set(const GArray *uids, guint from, guint to)
{
	struct mailimap_set *set = mailimap_set_new_empty();

	g_assert(set && from < to && to <= uids->len);
	while (from < to) {
		guint next = from + 1;
		while (next < to && sn_uid_at(uids, next) == sn_uid_at(uids, next - 1) + 1)
			next++;
		mailimap_set_add_interval(set, sn_uid_at(uids, from), sn_uid_at(uids, next - 1));
		from = next;
	}
	return set;
}

char *sn_imap_set_text(const GArray *uids, guint from, guint to)
{
	GString *text = g_string_new(NULL);

	g_assert(from < to && to <= uids->len);
	while (from < to) {
		guint next = from + 1;
		while (next < to && sn_uid_at(uids, next) == sn_uid_at(uids, next - 1) + 1)
			next++;
		g_string_append_printf(text, "%s%u", text->len ? "," : "", sn_uid_at(uids, from));
		if (next > from + 1)
			g_string_append_printf(text, ":%u", sn_uid_at(uids, next - 1));
		from = next;
	}
	return g_string_free(text, FALSE);
}

/* ---- searching ---- */

typedef struct {
	GArray *uids;
	gboolean too_many;
} Found;

static void add_run(guint32 first, guint32 last, gpointer data)
{
	Found *found = data;

	if (last - first >= MAX_FOUND - MIN(found->uids->len, MAX_FOUND)) {
		found->too_many = TRUE;
		return;
	}
	for (guint32 uid = first; uid <= last && uid != 0; uid++)
		g_array_append_val(found->uids, uid);
}

/* * SEARCH 1 2 3, or ESEARCH (TAG "5") UID ALL 1:3 (RFC 4731) */
static void hear_found(const SnImapLine *line, gpointer data)
{
	Found *found = data;
	gboolean extended = strcmp(line->kind, "ESEARCH") == 0;

	if (!extended && strcmp(line->kind, "SEARCH") != 0)
		return;
	for (guint i = 0; i < line->words->len; i++) {
		const char *text = sn_word_text(sn_word_at(line->words, i));
		const char *next = sn_word_text(sn_word_at(line->words, i + 1));
		if (extended && text && next && g_ascii_strcasecmp(text, "ALL") == 0)
			sn_imap_set_each(next, add_run, found);
		guint64 uid = extended ? 0 : sn_word_number(sn_word_at(line->words, i));
		if (uid > 0 && uid < G_MAXUINT32)
			add_run((guint32)uid, (guint32)uid, found);
	}
}

typedef struct {
	SnImapCommand *commands;
	Found *found;
	GPtrArray *texts;
	guint count;
} Searches;

static Searches searches_new(const SnImapSession *session, const char *const *keys, guint count)
{
	Searches searches = { .commands = g_new0(SnImapCommand, count),
			      .found = g_new0(Found, count),
			      .texts = g_ptr_array_new_with_free_func(g_free),
			      .count = count };

	for (guint i = 0; i < count; i++) {
		char *text = g_strconcat(session->esearch ? "UID SEARCH RETURN (ALL) "
							  : "UID SEARCH ",
					 keys[i], NULL);
		g_ptr_array_add(searches.texts, text);
		searches.found[i].uids = sn_uids_new();
		searches.commands[i] = (SnImapCommand){ .text = text,
							.hear = hear_found,
							.data = &searches.found[i] };
	}
	return searches;
}

/* Takes what was found, and the searches; all results are NULL with error. */
static gboolean conclude(SnImapSession *session, Searches *searches, gboolean good,
			 GArray **results, GError **error)
{
	for (guint i = 0; i < searches->count; i++) {
		good = good && sn_imap_agreed(session, &searches->commands[i], error,
					      "%s could not be searched", session->selected);
		if (good && searches->found[i].too_many) {
			g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
				    "%s has more messages than this program can handle.",
				    session->selected);
			good = FALSE;
		}
		results[i] = searches->found[i].uids;
		sn_uids_sort(results[i]);
		sn_imap_command_clear(&searches->commands[i]);
	}
	for (guint i = 0; i < searches->count && !good; i++)
		g_clear_pointer(&results[i], g_array_unref);
	g_free(searches->commands);
	g_free(searches->found);
	g_ptr_array_unref(searches->texts);
	return good;
}

gboolean sn_imap_uid_search_all(SnImapSession *session, const char *const *keys, guint count,
				GArray **results, GError **error)
{
	Searches searches = searches_new(session, keys, count);
	/* plain SEARCH answers do not say which command they belong to */
	guint at_once = session->esearch ? count : 1;
	gboolean good = TRUE;

	for (guint i = 0; i < count && good; i += at_once)
		good = sn_imap_talk(session, &searches.commands[i], at_once, error);
	return conclude(session, &searches, good, results, error);
}

gboolean sn_imap_select_and_search(SnImapSession *session, const char *folder,
				   const char *const *keys, guint count, GArray **results,
				   GError **error)
{
	for (guint i = 0; i < count; i++)
		results[i] = NULL;
	if (!session->esearch || count == 0)
		return sn_imap_select(session, folder, TRUE, error);
	Searches searches = searches_new(session, keys, count);
	gboolean open = sn_imap_select_and(session, folder, searches.commands, count, error);
	conclude(session, &searches, open, results, NULL);
	return open;
}

GArray *sn_imap_uid_search(SnImapSession *session, const char *key, GError **error)
{
	GArray *uids = NULL;

	return sn_imap_uid_search_all(session, &key, 1, &uids, error) ? uids : NULL;
}
