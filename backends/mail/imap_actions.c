/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"

#include <string.h>
#include <time.h>

#define SET_CHUNK 500 /* numbers per command: keeps lines far below the 8 kB servers accept */

/* ---- flags ---- */

/* "1:3,7" */
static char *set_text(const struct mailimap_set *set)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (clistiter *i = clist_begin(set->set_list); i; i = clist_next(i)) {
		const struct mailimap_set_item *item = clist_content(i);
		g_string_append_printf(text, "%s%u", text->len ? "," : "", item->set_first);
		if (item->set_last != item->set_first)
			g_string_append_printf(text, ":%u", item->set_last);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What a STORE is to do, and whether its answers say that it did. */
typedef struct {
	const struct mailimap_set *set;
	gboolean add;
	guint flags;
	GHashTable *ignored; /* of uids as pointers: what is not as it was to be, by the last word on it */
} Store;

static gboolean is_in_set(const struct mailimap_set *set, guint32 uid)
{
	for (clistiter *i = clist_begin(set->set_list); i; i = clist_next(i)) {
		const struct mailimap_set_item *item = clist_content(i);
		if (uid >= item->set_first && uid <= item->set_last)
			return TRUE;
	}
	return FALSE;
}

/* Some servers say OK to what they do not do, and tell what is. In between they tell what others have
 * changed, of these messages before and of any other. */
static void hear_stored(const SnImapLine *line, gpointer data)
{
	Store *store = data;
	SnImapMessage message;

	if (sn_imap_hear_fetch(line, &message) && message.has_flags &&
	    is_in_set(store->set, message.uid)) {
		if ((message.flags & store->flags) != (store->add ? store->flags : 0))
			g_hash_table_add(store->ignored, GUINT_TO_POINTER(message.uid));
		else
			g_hash_table_remove(store->ignored, GUINT_TO_POINTER(message.uid));
	}
	sn_imap_message_clear(&message);
}

/* Flags and keywords (with blanks between; NULL) as a list, "" none. */
static char *flag_list(guint flags, const char *keywords)
{
	g_autofree char *names = sn_imap_flag_words(flags);
	g_autoptr(GString) text = g_string_new(names);
	g_auto(GStrv) words = g_strsplit(keywords ? keywords : "", " ", -1);

	for (char **word = words; *word; word++)
		if (sn_imap_is_keyword(*word))
			g_string_append_printf(text, "%s%s", text->len ? " " : "", *word);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean all_may_change(const SnImapSession *session, const char *list)
{
	g_auto(GStrv) names = g_strsplit(list, " ", -1);

	for (char **name = names; *name; name++)
		if (!sn_imap_may_change(session, *name))
			return FALSE;
	return TRUE;
}

static gboolean store(SnImapSession *session, struct mailimap_set *set, int sign, guint flags,
		      const char *keywords, GError **error)
{
	g_autofree char *numbers = set_text(set);
	g_autofree char *list = flag_list(flags, keywords);
	g_autoptr(GHashTable) ignored = g_hash_table_new(NULL, NULL);
	Store now = { set, sign > 0, flags, ignored };
	g_autofree char *command =
		g_strdup_printf("UID STORE %s %cFLAGS (%s)", numbers, sign > 0 ? '+' : '-', list);
	g_autofree char *doing = g_strdup_printf("Flags in %s could not be changed", session->selected);

	if (!*list)
		return TRUE;
	gboolean may = all_may_change(session, list);
	if (may && !sn_imap_say(session, command, hear_stored, &now, error, doing))
		return FALSE;
	if (may && g_hash_table_size(ignored) == 0)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_PERMISSION,
		    "In the folder %s, %s does not let these flags be changed.", session->selected,
		    session->link->spec.host);
	return FALSE;
}

/* ---- over chunks of numbers ---- */

gboolean sn_imap_open_for(SnImap *imap, const SnMailRequest *request, GError **error)
{
	if (!sn_imap_select(imap->session, request->folder, FALSE, error))
		return FALSE;
	if (!request->uidvalidity || request->uidvalidity == imap->session->uidvalidity)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		    "The emails in %s have other numbers now: it has to be read anew first.",
		    request->folder);
	return FALSE;
}

typedef gboolean (*OnSet)(SnImap *imap, SnMailRequest *request, struct mailimap_set *set,
			  SnMailEvent *done, GError **error);

static gboolean for_sets(SnImap *imap, SnMailRequest *request, SnMailEvent *done, OnSet act,
			 GError **error)
{
	if (!request->uids || request->uids->len == 0)
		return TRUE;
	if (!sn_imap_open_for(imap, request, error))
		return FALSE;
	if (imap->session->read_only && request->kind != SN_MAIL_REQ_COPY) {
		g_set_error(error, SN_ERROR, SN_ERROR_PERMISSION,
			    "The folder %s can only be read: %s lets nothing in it be changed.",
			    request->folder, imap->link->spec.host);
		return FALSE;
	}
	for (guint from = 0; from < request->uids->len; from += SET_CHUNK) {
		guint to = MIN(from + SET_CHUNK, request->uids->len);
		struct mailimap_set *set = sn_imap_set(request->uids, from, to);
		gboolean good = act(imap, request, set, done, error);
		mailimap_set_free(set);
		if (!good)
			return FALSE;
	}
	return TRUE;
}

static gboolean store_set(SnImap *imap, SnMailRequest *request, struct mailimap_set *set,
			  SnMailEvent *done, GError **error)
{
	return store(imap->session, set, 1, request->set, request->set_keywords, error) &&
	       store(imap->session, set, -1, request->clear & ~request->set,
		     request->clear_keywords, error);
}

static gboolean store_labels(SnImap *imap, SnMailRequest *request, GError **error)
{
	for (guint from = 0; from < request->uids->len; from += SET_CHUNK) {
		guint to = MIN(from + SET_CHUNK, request->uids->len);
		g_autofree char *set = sn_imap_set_text(request->uids, from, to);
		/* first the new ones: an email that has none at all may count as archived */
		if (!sn_imap_labels_store(imap->labels, imap->session, set, '+',
					  request->set_labels, error) ||
		    !sn_imap_labels_store(imap->labels, imap->session, set, '-',
					  request->clear_labels, error))
			return FALSE;
	}
	return TRUE;
}

gboolean sn_imap_serve_store(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			     GError **error)
{
	if (!for_sets(imap, request, done, store_set, error))
		return FALSE;
	return (!request->set_labels && !request->clear_labels) || !request->uids ||
	       store_labels(imap, request, error);
}

/* Without UIDPLUS an EXPUNGE takes everything that is marked: only when that is ours alone. */
static gboolean expunge(SnImap *imap, SnMailRequest *request, struct mailimap_set *set,
			GError **error)
{
	SnImapSession *session = imap->session;

	if (session->uidplus)
		return sn_imap_check(session, mailimap_uid_expunge(session->imap, set), error,
				     "Messages of %s could not be removed", session->selected);
	g_autoptr(GArray) marked = sn_imap_uid_search(session, "DELETED", error);
	if (!marked)
		return FALSE;
	g_autoptr(GArray) foreign = sn_uids_minus(marked, request->uids);
	if (foreign->len > 0)
		return TRUE; /* stays marked; whoever expunges next takes it */
	return sn_imap_check(session, mailimap_expunge(session->imap), error,
			     "Messages of %s could not be removed", session->selected);
}

static gboolean delete_set(SnImap *imap, SnMailRequest *request, struct mailimap_set *set,
			   SnMailEvent *done, GError **error)
{
	return store(imap->session, set, 1, SN_MAIL_DELETED, NULL, error) &&
	       expunge(imap, request, set, error);
}

gboolean sn_imap_serve_delete(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			      GError **error)
{
	return for_sets(imap, request, done, delete_set, error);
}

/* ---- move ---- */

/* The numbers of a set in its order. */
static GArray *numbers_of(const struct mailimap_set *set)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (clistiter *i = set ? clist_begin(set->set_list) : NULL; i; i = clist_next(i)) {
		const struct mailimap_set_item *item = clist_content(i);
		for (guint32 uid = item->set_first; uid && uid <= item->set_last; uid++) {
			if (numbers->len >= SET_CHUNK)
				return numbers;
			g_array_append_val(numbers, uid);
		}
	}
	return numbers;
}

/* RFC 4315: the first of the one set became the first of the other, and so on. */
static void note_new_numbers(SnMailRequest *request, const struct mailimap_set *source,
			     const struct mailimap_set *target, SnMailEvent *done)
{
	g_autoptr(GArray) from = numbers_of(source), to = numbers_of(target);

	if (!done->uids)
		done->uids = g_array_set_size(g_array_new(FALSE, TRUE, sizeof(guint32)),
					      request->uids->len);
	for (guint i = 0; from->len == to->len && i < from->len; i++)
		for (guint k = 0; k < request->uids->len; k++)
			if (sn_uid_at(request->uids, k) == sn_uid_at(from, i))
				g_array_index(done->uids, guint32, k) = sn_uid_at(to, i);
	if (request->uids->len == 1)
		done->uid = sn_uid_at(done->uids, 0);
}

static gboolean is_missing_target(SnImapSession *session, const GError *error)
{
	const struct mailimap_response_info *info = session->imap->imap_response_info;

	return !sn_imap_session_is_dead(session) &&
	       (g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND) ||
		(info && info->rsp_trycreate));
}

/* An answer that never came to a command that must not be given twice. */
void sn_imap_make_uncertain(GError **error, const char *what)
{
	if (!error || (!g_error_matches(*error, SN_ERROR, SN_ERROR_NETWORK) &&
		       !g_error_matches(*error, SN_ERROR, SN_ERROR_CANCELLED)))
		return;
	g_autofree char *reason = g_strdup((*error)->message);
	g_clear_error(error);
	g_set_error(error, SN_ERROR, SN_ERROR_UNCERTAIN, "%s It is not known whether %s.", reason,
		    what);
}

static gboolean move_once(SnImap *imap, SnMailRequest *request, struct mailimap_set *set,
			  const char *wire, SnMailEvent *done, GError **error)
{
	SnImapSession *session = imap->session;
	struct mailimap_set *source = NULL, *target = NULL;
	gboolean copy = request->kind == SN_MAIL_REQ_COPY, atomic = session->move && !copy;
	uint32_t validity = 0;
	int result;

	if (atomic && session->uidplus)
		result = mailimap_uidplus_uid_move(session->imap, set, wire, &validity, &source,
						   &target);
	else if (atomic)
		result = mailimap_uid_move(session->imap, set, wire);
	else if (session->uidplus)
		result = mailimap_uidplus_uid_copy(session->imap, set, wire, &validity, &source,
						   &target);
	else
		result = mailimap_uid_copy(session->imap, set, wire);
	done->uidvalidity = validity;
	note_new_numbers(request, source, target, done);
	if (source)
		mailimap_set_free(source);
	if (target)
		mailimap_set_free(target);
	if (sn_imap_check(session, result, error,
			  copy ? "Messages could not be copied from %s to %s"
			       : "Messages could not be moved from %s to %s",
			  request->folder, request->target))
		return atomic || copy || delete_set(imap, request, set, done, error);
	if (!atomic)
		sn_imap_make_uncertain(error, "the messages were copied");
	return FALSE;
}

static gboolean move_set(SnImap *imap, SnMailRequest *request, struct mailimap_set *set,
			 SnMailEvent *done, GError **error)
{
	g_autofree char *wire = sn_imap_wire_name(imap->session, request->target, error);
	g_autoptr(GError) first = NULL;

	if (!wire)
		return FALSE;
	if (move_once(imap, request, set, wire, done, &first))
		return TRUE;
	if (!is_missing_target(imap->session, first)) {
		g_propagate_error(error, g_steal_pointer(&first));
		return FALSE;
	}
	return sn_imap_need_folder(imap->session, request->target, error) &&
	       move_once(imap, request, set, wire, done, error);
}

gboolean sn_imap_serve_move(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	return for_sets(imap, request, done, move_set, error);
}

gboolean sn_imap_serve_copy(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	return for_sets(imap, request, done, move_set, error);
}

/* ---- fetch one, search ---- */

typedef struct {
	SnImap *imap;
	SnMailRequest *request;
	guint32 uid;
	gboolean found;
} Wanted;

static void report_one(const SnImapMessage *message, gpointer data)
{
	Wanted *wanted = data;

	if (message->uid != wanted->uid || !message->raw || wanted->found)
		return;
	SnMailEvent *event =
		sn_report_event(&wanted->imap->report, SN_MAIL_EV_MESSAGE, wanted->request->id);
	event->folder = g_strdup(wanted->request->folder);
	event->uid = message->uid;
	event->flags = message->flags;
	event->keywords = g_strdup(message->keywords);
	event->time = message->time;
	event->size = message->size;
	event->raw = g_bytes_ref(message->raw);
	wanted->found = TRUE;
	sn_report_mail(&wanted->imap->report, event, g_bytes_get_size(event->raw));
}

gboolean sn_imap_serve_fetch(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			     GError **error)
{
	if (!sn_imap_open_for(imap, request, error))
		return FALSE;
	if (request->part > 0)
		return sn_imap_fetch_file(imap, request, done, error);
	for (guint i = 0; request->uids && i < request->uids->len; i++) {
		Wanted wanted = { imap, request, sn_uid_at(request->uids, i), FALSE };
		struct mailimap_set *set = mailimap_set_new_single(wanted.uid);
		gboolean good = sn_imap_trials(imap, wanted.uid) > 0
					? sn_imap_fetch_plain(imap->session, wanted.uid, report_one,
							      &wanted, error)
					: sn_imap_fetch(imap->session, set, SN_IMAP_WHOLE,
							report_one, &wanted, error);
		mailimap_set_free(set);
		if (good && !wanted.found) {
			g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
				    "The message is no longer in %s.", request->folder);
			good = FALSE;
		}
		if (!good)
			return FALSE;
	}
	return TRUE;
}

gboolean sn_imap_serve_search(SnImap *imap, SnMailRequest *request, SnMailEvent *done,
			      GError **error)
{
	const char *id = request->message_id;

	for (const char *c = id; c && *c; c++)
		if (!g_ascii_isgraph(*c) || *c == '<' || *c == '>')
			id = NULL;
	if (!id || !*id) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "This is not a Message-ID.");
		return FALSE;
	}
	/* again: a server need not show what another connection stored before it is asked anew */
	if (!sn_imap_select(imap->session, request->folder, TRUE, error))
		return FALSE;
	g_autofree char *bracketed = g_strdup_printf("<%s>", id);
	g_autofree char *quoted = sn_imap_quote(bracketed);
	g_autofree char *key = g_strconcat("HEADER Message-ID ", quoted, NULL);
	g_autoptr(GArray) found = sn_imap_uid_search(imap->session, key, error);
	if (!found)
		return FALSE;
	done->uid = found->len ? sn_uid_at(found, found->len - 1) : 0;
	return TRUE;
}
