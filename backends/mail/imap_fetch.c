/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_private.h"

#include <string.h>
#include <time.h>

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

static guint read_flags(const struct mailimap_msg_att_dynamic *dynamic)
{
	guint flags = 0;

	if (!dynamic || !dynamic->att_list)
		return 0;
	for (clistiter *i = clist_begin(dynamic->att_list); i; i = clist_next(i)) {
		const struct mailimap_flag_fetch *fetched = clist_content(i);
		if (fetched->fl_type == MAILIMAP_FLAG_FETCH_OTHER && fetched->fl_flag)
			flags |= flag_bit(fetched->fl_flag);
	}
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
			message.flags = read_flags(item->att_data.att_dyn);
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
	if (message.raw)
		g_bytes_unref(message.raw);
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

/* The numbers of `known` inside the ranges, whatever a server claims to have vanished. */
static void collect_vanished(const struct mailimap_qresync_vanished *vanished, const GArray *known,
			     GArray *gone)
{
	if (!vanished->qr_known_uids || !known)
		return;
	for (clistiter *i = clist_begin(vanished->qr_known_uids->set_list); i; i = clist_next(i)) {
		const struct mailimap_set_item *item = clist_content(i);
		guint32 last = item->set_last ? item->set_last : G_MAXUINT32;
		for (guint at = sn_uids_lower_bound(known, item->set_first);
		     at < known->len && sn_uid_at(known, at) <= last; at++)
			g_array_append_vals(gone, &g_array_index(known, guint32, at), 1);
	}
	sn_uids_sort(gone);
}

gboolean sn_imap_fetch_changed(SnImapSession *session, guint32 last, guint64 modseq,
			       const GArray *known, GArray *gone, SnImapSink sink, gpointer data,
			       GError **error)
{
	Handler handler = { sink, data };
	struct mailimap_set *set = mailimap_set_new_interval(1, last);
	struct mailimap_fetch_type *type = wanted(SN_IMAP_FLAGS);
	struct mailimap_qresync_vanished *vanished = NULL;
	clist *list = NULL;
	int result;

	mailimap_set_msg_att_handler(session->imap, handle, &handler);
	if (session->qresync)
		result = mailimap_uid_fetch_qresync(session->imap, set, type, modseq, &list,
						    &vanished);
	else
		result = mailimap_uid_fetch_changedsince(session->imap, set, type, modseq, &list);
	mailimap_set_msg_att_handler(session->imap, NULL, NULL);
	if (list)
		mailimap_fetch_list_free(list);
	if (vanished) {
		collect_vanished(vanished, known, gone);
		mailimap_qresync_vanished_free(vanished);
	}
	mailimap_fetch_type_free(type);
	mailimap_set_free(set);
	return sn_imap_check(session, result, error, "Changes of %s could not be fetched",
			     session->selected);
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

GArray *sn_imap_uid_search(SnImapSession *session, struct mailimap_search_key *key, GError **error)
{
	clist *list = NULL;
	int result = mailimap_uid_search(session->imap, NULL, key, &list);

	mailimap_search_key_free(key);
	GArray *uids = sn_uids_new();
	if (list) {
		for (clistiter *i = clist_begin(list); i; i = clist_next(i)) {
			guint32 uid = *(uint32_t *)clist_content(i);
			if (uid != 0)
				g_array_append_val(uids, uid);
		}
		mailimap_search_result_free(list);
	}
	sn_uids_sort(uids);
	if (!sn_imap_check(session, result, error, "%s could not be searched", session->selected))
		g_clear_pointer(&uids, g_array_unref);
	return uids;
}
