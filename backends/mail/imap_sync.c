/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_sync.c - what changed in a folder since the caller last looked.
 *
 * With QRESYNC (RFC 7162) the server tells while it opens the folder, in one round trip; with
 * CONDSTORE alone it tells the flags that changed. Without either, lists of numbers are compared:
 * all of them, and for each flag those that have it, which most messages do not. In every case the
 * count of messages must come out right in the end, or everything is compared.
 */
#include <string.h>
#include <time.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"

#define SEARCH_CHUNK \
	100000 /* sequence numbers per SEARCH: bounds the length of the answer's line */
/* Messages per FETCH. What an urgent request may have to wait for is kept near the middle of these
 * times by making batches larger and smaller; the first is small, so that the newest messages are
 * on the screen the sooner. */
#define FIRST_BATCH 50
#define MIN_BATCH 5
#define MAX_BATCH 500
#define SHORT_BATCH_US (100 * 1000)
#define LONG_BATCH_US (400 * 1000)

#define COMPARED_KEYWORDS 32 /* of a folder whose server does not tell what changed */
#define WEEK_MAX 2000 /* however many came in lately: the rest follows anyway */

typedef struct {
	guint32 uid;
	guint flags;
	char *keywords;
} Change;

static void change_clear(gpointer data)
{
	g_free(((Change *)data)->keywords);
}

typedef struct {
	SnImap *imap;
	SnImapSession *session;
	SnMailRequest *request;
	/* the folder when the sync began: what comes in meanwhile is found by the next one */
	guint32 uidvalidity, uidnext, exists;
	guint64 highestmodseq;
	const GArray *known;    /* NULL: none of use */
	GArray *fresh;          /* to be fetched, ascending */
	GArray *large;          /* those of them to be fetched in part */
	GArray *lately[2];      /* the same, guessed while the folder was opened; NULL */
	GArray *changes;        /* of Change: heard while the folder was opened ... */
	GArray *gone;           /* ... and what vanished, of known */
	const GArray *expected; /* while fetching: what was asked for ... */
	gboolean partial;       /* ... and how */
	gboolean looked;        /* for the first time: fresh is what came in lately */
	gboolean qresync;       /* what changed was told while the folder was opened */
	GHashTable *labelled;   /* uid as a pointer -> labels, of the batch; NULL: it has none */
	gint64 done, total;
} Sync;

/* ---- reporting ---- */

static void report_state(Sync *sync)
{
	SnMailEvent *event =
		sn_report_event(&sync->imap->report, SN_MAIL_EV_FOLDER_STATE, sync->request->id);

	event->folder = g_strdup(sync->request->folder);
	event->uidvalidity = sync->uidvalidity;
	event->uidnext = sync->uidnext;
	event->highestmodseq = sync->highestmodseq;
	event->total = sync->exists;
	event->read_only = sync->session->read_only;
	sn_report_mail(&sync->imap->report, event, 1);
}

static void report_progress(Sync *sync)
{
	SnMailEvent *event =
		sn_report_event(&sync->imap->report, SN_MAIL_EV_PROGRESS, sync->request->id);

	event->folder = g_strdup(sync->request->folder);
	event->done = sync->done;
	event->total = sync->total;
	sn_report_mail(&sync->imap->report, event, 1);
}

static void report_gone(Sync *sync, GArray *gone)
{
	if (gone->len == 0)
		return;
	SnMailEvent *event =
		sn_report_event(&sync->imap->report, SN_MAIL_EV_GONE, sync->request->id);
	event->folder = g_strdup(sync->request->folder);
	event->uids = g_array_ref(gone);
	sn_report_mail(&sync->imap->report, event, gone->len * sizeof(guint32));
}

static char *names_of(Sync *sync, const GPtrArray *labels)
{
	return labels ? sn_imap_labels_names(sync->imap->labels, sync->session, labels) : NULL;
}

static void report_flags(const SnImapMessage *message, gpointer data)
{
	Sync *sync = data;

	if (!sync->known || !sn_uids_has(sync->known, message->uid))
		return;
	SnMailEvent *event =
		sn_report_event(&sync->imap->report, SN_MAIL_EV_FLAGS, sync->request->id);
	event->folder = g_strdup(sync->request->folder);
	event->uid = message->uid;
	event->flags = message->flags;
	event->keywords = g_strdup(message->keywords);
	event->labels = names_of(sync, message->labels);
	sn_report_mail(&sync->imap->report, event, sizeof *event);
}

static void report_changes(Sync *sync)
{
	for (guint i = 0; i < sync->changes->len; i++) {
		const Change *change = &g_array_index(sync->changes, Change, i);
		SnImapMessage message = { .uid = change->uid,
					  .flags = change->flags,
					  .keywords = change->keywords };
		report_flags(&message, sync);
	}
}

static void report_message(const SnImapMessage *message, gpointer data)
{
	Sync *sync = data;

	if (!message->raw || !sn_uids_has(sync->expected, message->uid) ||
	    sn_inbox_cancelled(sync->imap->inbox, sync->request->id))
		return;
	SnMailEvent *event =
		sn_report_event(&sync->imap->report, SN_MAIL_EV_MESSAGE, sync->request->id);
	event->folder = g_strdup(sync->request->folder);
	event->uid = message->uid;
	event->flags = message->flags;
	event->keywords = g_strdup(message->keywords);
	event->time = message->time;
	event->size = message->size;
	event->raw = g_bytes_ref(message->raw);
	event->partial = sync->partial && (message->missing ||
					   message->size > (gint64)g_bytes_get_size(event->raw));
	event->part_sizes = message->missing ? g_array_ref(message->missing) : NULL;
	if (sync->labelled)
		event->labels = g_strdup(
			g_hash_table_lookup(sync->labelled, GUINT_TO_POINTER(message->uid)));
	sync->done++;
	sn_report_mail(&sync->imap->report, event, g_bytes_get_size(event->raw) + sizeof *event);
}

/* ---- finding out ---- */

static gboolean is_cancelled(Sync *sync, GError **error)
{
	if (!sn_inbox_cancelled(sync->imap->inbox, sync->request->id))
		return FALSE;
	g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
	return TRUE;
}

/* All numbers in the folder. By sequence numbers, which have no gaps, so the number of commands
 * is bounded by the number of messages; in one where the answer is short (RFC 4731). */
static GArray *search_all(Sync *sync, GError **error)
{
	GArray *all = sn_uids_new();
	guint32 exists = sync->exists, chunk = sync->session->esearch ? exists : SEARCH_CHUNK;

	for (guint32 first = 1; first <= exists && first != 0;) {
		guint32 last = exists - first < chunk ? exists : first + chunk - 1;
		g_autofree char *key = g_strdup_printf("%u:%u", first, last);
		GArray *some = NULL;
		if (!is_cancelled(sync, error))
			some = sn_imap_uid_search(sync->session, key, error);
		if (!some) {
			g_array_unref(all);
			return NULL;
		}
		g_array_append_vals(all, some->data, some->len);
		g_array_unref(some);
		first = last + 1;
	}
	sn_uids_sort(all);
	return all;
}

/* Compares what is there with what is known: sets fresh, reports gone. */
static gboolean compare_all(Sync *sync, GError **error)
{
	g_autoptr(GArray) all = search_all(sync, error);

	if (!all)
		return FALSE;
	if (sync->known) {
		g_array_unref(sync->gone);
		sync->gone = sn_uids_minus(sync->known, all);
		report_gone(sync, sync->gone);
	}
	g_clear_pointer(&sync->fresh, g_array_unref);
	sync->fresh = sn_uids_minus(all, sync->known);
	return TRUE;
}

/* Numbers from the known uidnext on. "n:*" always names the last message, even below n. */
static GArray *search_new(Sync *sync, GError **error)
{
	guint32 from = sync->request->uidnext;

	if (sync->uidnext != 0 && sync->uidnext <= from)
		return sn_uids_new();
	g_autofree char *key = g_strdup_printf("UID %u:*", from);
	GArray *found = sn_imap_uid_search(sync->session, key, error);
	if (found)
		g_array_remove_range(found, 0, sn_uids_lower_bound(found, from));
	return found;
}

static gboolean use_modseq(Sync *sync, GError **error)
{
	const SnMailRequest *request = sync->request;

	if (!sync->qresync && sync->highestmodseq != request->highestmodseq &&
	    !sn_imap_fetch_changed(sync->session, MAX(request->uidnext, 2) - 1,
				   request->highestmodseq, sync->labelled != NULL, report_flags,
				   sync, error))
		return FALSE;
	report_changes(sync);
	sn_uids_sort(sync->gone);
	g_autoptr(GArray) found = search_new(sync, error);
	if (!found)
		return FALSE;
	g_autoptr(GArray) fresh = sn_uids_minus(found, sync->known);
	g_assert(sync->gone->len <= sync->known->len);
	/* Something is missing or too much: a vanished message the server did not tell of, or older
	 * ones that were left out last time. */
	if (sync->known->len - sync->gone->len + fresh->len != sync->exists)
		return compare_all(sync, error);
	report_gone(sync, sync->gone);
	sync->fresh = g_steal_pointer(&fresh);
	return TRUE;
}

/* The flags of all messages from a server that cannot tell what changed: asked for flag by flag,
 * in one round trip, as the lists of those that have one are short. */
static const struct {
	const char *key;
	guint bit;
	gboolean inverse; /* the key finds those without it */
} flag_keys[] = {
	{ "UNSEEN", SN_MAIL_SEEN, TRUE },
	{ "ANSWERED", SN_MAIL_ANSWERED, FALSE },
	{ "FLAGGED", SN_MAIL_FLAGGED, FALSE },
	{ "DELETED", SN_MAIL_DELETED, FALSE },
	{ "DRAFT", SN_MAIL_DRAFT, FALSE },
	{ "KEYWORD $Forwarded", SN_MAIL_FORWARDED, FALSE },
	{ "KEYWORD $MDNSent", SN_MAIL_MDN_SENT, FALSE },
};

#define FLAG_KEYS G_N_ELEMENTS(flag_keys)

/* The keywords of the folder that are no flags here; a folder may have any number of them. */
static GPtrArray *keywords_in_use(const Sync *sync)
{
	const GPtrArray *told = sync->session->keywords;
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; sync->request->known_keywords && told && i < told->len; i++) {
		const char *name = told->pdata[i];
		if (names->len < COMPARED_KEYWORDS && *name != '\\' && sn_imap_is_keyword(name) &&
		    g_ascii_strcasecmp(name, "$Forwarded") != 0 &&
		    g_ascii_strcasecmp(name, "$MDNSent") != 0)
			g_ptr_array_add(names, (gpointer)name);
	}
	return names;
}

static gint by_word(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean is_among(const GPtrArray *names, const char *name)
{
	for (guint i = 0; i < names->len; i++)
		if (g_ascii_strcasecmp(names->pdata[i], name) == 0)
			return TRUE;
	return FALSE;
}

/* Those that were asked about, and of the others what is known. */
static char *keywords_now(const GPtrArray *names, GArray *const *having, guint32 uid,
			  const char *known)
{
	g_autoptr(GPtrArray) now = g_ptr_array_new();
	g_auto(GStrv) before = g_strsplit(known ? known : "", " ", -1);

	for (guint i = 0; i < names->len; i++)
		if (sn_uids_has(having[FLAG_KEYS + i], uid))
			g_ptr_array_add(now, names->pdata[i]);
	for (char **word = before; *word; word++)
		if (**word && !is_among(names, *word))
			g_ptr_array_add(now, *word);
	g_ptr_array_sort(now, by_word);
	g_ptr_array_add(now, NULL);
	return g_strjoinv(" ", (char **)now->pdata);
}

static void compare_with(Sync *sync, const GPtrArray *names, GArray *const *having,
			 const GArray *gone)
{
	const GArray *known = sync->known;
	const GPtrArray *words = sync->request->known_keywords;

	for (guint i = 0; i < known->len; i++) {
		SnImapMessage now = { .uid = sn_uid_at(known, i) };
		if (sn_uids_has(gone, now.uid))
			continue;
		for (gsize k = 0; k < FLAG_KEYS; k++)
			if (sn_uids_has(having[k], now.uid) != flag_keys[k].inverse)
				now.flags |= flag_keys[k].bit;
		if (words)
			now.keywords = keywords_now(names, having, now.uid, words->pdata[i]);
		if (now.flags != g_array_index(sync->request->known_flags, guint, i) ||
		    (words && g_strcmp0(now.keywords, words->pdata[i] ? words->pdata[i] : "") != 0))
			report_flags(&now, sync);
		g_free(now.keywords);
	}
}

static gboolean search_flags(Sync *sync, GError **error)
{
	g_autoptr(GPtrArray) names = keywords_in_use(sync);
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	GArray *having[FLAG_KEYS + COMPARED_KEYWORDS] = { NULL };

	for (gsize k = 0; k < FLAG_KEYS; k++)
		g_ptr_array_add(keys, g_strdup(flag_keys[k].key));
	for (guint i = 0; i < names->len; i++)
		g_ptr_array_add(keys, g_strconcat("KEYWORD ", names->pdata[i], NULL));
	g_assert(keys->len <= G_N_ELEMENTS(having));
	if (!sn_imap_uid_search_all(sync->session, (const char *const *)keys->pdata, keys->len, having,
				    error))
		return FALSE;
	compare_with(sync, names, having, sync->gone);
	for (guint k = 0; k < keys->len; k++)
		g_array_unref(having[k]);
	return TRUE;
}

static gboolean compare_flags(Sync *sync, GError **error)
{
	const GArray *flags = sync->request->known_flags;
	guint32 last = sync->known->len ? sn_uid_at(sync->known, sync->known->len - 1) : 0;

	if (last == 0 || sync->exists == 0)
		return TRUE;
	g_assert(!sync->request->known_keywords ||
		 sync->request->known_keywords->len == sync->known->len);
	if (flags && flags->len == sync->known->len)
		return search_flags(sync, error);
	struct mailimap_set *set = mailimap_set_new_interval(1, last);
	gboolean done = sn_imap_fetch(sync->session, set, SN_IMAP_FLAGS, report_flags, sync, error);
	mailimap_set_free(set);
	return done;
}

/* "SINCE 5-Mar-2026": the day before the server's or ours began, as it has no time zone. */
static char *since_key(SnTime since)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(since / SN_SECOND);
	struct tm tm;

	if (since <= 0 || !gmtime_r(&seconds, &tm))
		return NULL;
	return g_strdup_printf("SINCE %d-%s-%d", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900);
}

/* Which of a folder that is not known at all. */
static char *first_key(Sync *sync)
{
	const SnMailRequest *request = sync->request;

	if (request->newest == 0 || sync->exists <= request->newest)
		return g_strdup("ALL");
	g_autofree char *since = since_key(request->since);
	return g_strdup_printf(since ? "OR %u:%u %s" : "%u:%u", sync->exists - request->newest + 1,
			       sync->exists, since);
}

/* What is to be fetched, and what of it is large. */
static guint two_keys(const Sync *sync, const char *key, char **larger)
{
	gint64 limit = sync->request->full_size;
	gboolean limited = limit > 0 && limit < G_MAXUINT32;

	*larger = limited ? g_strdup_printf("LARGER %u %s", (guint)limit, key) : NULL;
	return limited ? 2 : 1;
}

/* The first look, in one round trip; in none where what came in lately is enough. */
static gboolean look_first(Sync *sync, GError **error)
{
	g_autofree char *key = first_key(sync), *larger = NULL;
	guint count = two_keys(sync, key, &larger);
	const char *keys[] = { key, larger };
	GArray *results[2] = { NULL, NULL };

	if (sync->lately[0] && sync->lately[0]->len >= sync->request->newest) {
		results[0] = g_steal_pointer(&sync->lately[0]);
		results[1] = g_steal_pointer(&sync->lately[1]);
	} else if (!sn_imap_uid_search_all(sync->session, keys, count, results, error)) {
		return FALSE;
	}
	sync->looked = TRUE;
	sync->fresh = results[0];
	sync->large = results[1] ? results[1] : sn_uids_new();
	return TRUE;
}

/* For the first time; most that people read came in lately, whatever the folder holds. */
static gboolean open_unknown(Sync *sync, GError **error)
{
	g_autofree char *since = since_key(sync->request->since);
	g_autofree char *larger = NULL;
	guint count = since ? two_keys(sync, since, &larger) : 0;
	const char *keys[] = { since, larger };

	return sn_imap_select_and_search(sync->session, sync->request->folder, keys, count,
					 sync->lately, error);
}

static gboolean find_changes(Sync *sync, GError **error)
{
	const SnMailRequest *request = sync->request;
	gboolean short_answer = sync->session->esearch || sync->exists <= SEARCH_CHUNK ||
				request->newest > 0;

	if (sync->exists > 0 && (!sync->known || sync->known->len == 0) && short_answer)
		return look_first(sync, error);
	if (!sync->known)
		return compare_all(sync, error);
	if (request->highestmodseq != 0 && sync->highestmodseq != 0 && request->uidnext != 0)
		return use_modseq(sync, error);
	return compare_all(sync, error) && compare_flags(sync, error);
}

/* ---- fetching ---- */

static gboolean find_large(Sync *sync, GError **error)
{
	gint64 limit = sync->request->full_size;

	if (sync->large)
		return TRUE;
	if (limit <= 0 || limit >= G_MAXUINT32 || sync->fresh->len == 0) {
		sync->large = sn_uids_new();
		return TRUE;
	}
	g_autofree char *key = g_strdup_printf(
		"UID %u:%u LARGER %u", sn_uid_at(sync->fresh, 0),
		sn_uid_at(sync->fresh, sync->fresh->len - 1), (guint)limit);
	sync->large = sn_imap_uid_search(sync->session, key, error);
	return sync->large != NULL;
}

static gboolean fetch_whole(Sync *sync, GArray *uids, GError **error)
{
	if (uids->len == 0)
		return TRUE;
	struct mailimap_set *set = sn_imap_set(uids, 0, uids->len);
	sync->expected = uids;
	sync->partial = FALSE;
	gboolean done =
		sn_imap_fetch(sync->session, set, SN_IMAP_WHOLE, report_message, sync, error);
	mailimap_set_free(set);
	return done;
}

static gboolean fetch_part(Sync *sync, GArray *uids, GError **error)
{
	sync->expected = uids;
	sync->partial = TRUE;
	return sn_imap_fetch_parts(sync->session, uids, report_message, sync, error);
}

static void note_labels(const SnImapMessage *message, gpointer data)
{
	Sync *sync = data;

	g_hash_table_replace(sync->labelled, GUINT_TO_POINTER(message->uid),
			     names_of(sync, message->labels));
}

static gboolean ask_labels(Sync *sync, guint from, guint to, GError **error)
{
	if (!sync->labelled || from == to)
		return TRUE;
	g_autofree char *set = sn_imap_set_text(sync->fresh, from, to);
	g_hash_table_remove_all(sync->labelled);
	return sn_imap_fetch_labels(sync->session, set, FALSE, note_labels, sync, error);
}

/* Of emails that are known: Google does not say that a label counts as a change of its email. */
static gboolean scan_labels(Sync *sync, GError **error)
{
	guint wanted = sync->request->label_scan, known = sync->known ? sync->known->len : 0;

	if (!sync->labelled || wanted == 0 || known == 0)
		return TRUE;
	g_autofree char *set = g_strdup_printf("%u:%u", sn_uid_at(sync->known, known - MIN(known, wanted)),
					       sn_uid_at(sync->known, known - 1));
	return sn_imap_fetch_labels(sync->session, set, TRUE, report_flags, sync, error);
}

static gboolean fetch_together(Sync *sync, guint from, guint to, GError **error)
{
	g_autoptr(GArray) whole = sn_uids_new();
	g_autoptr(GArray) part = sn_uids_new();

	for (guint i = from; i < to; i++) {
		guint32 uid = sn_uid_at(sync->fresh, i);
		g_array_append_val(sn_uids_has(sync->large, uid) ? part : whole, uid);
	}
	return ask_labels(sync, from, to, error) && fetch_whole(sync, whole, error) &&
	       fetch_part(sync, part, error);
}

static void pass_over(Sync *sync, guint32 uid, const char *reason)
{
	g_autoptr(GBytes) words = sn_imap_words_instead(sync->session, uid, reason);
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(gint64));
	/* partial: what it is has still to be fetched */
	SnImapMessage message = { .uid = uid, .raw = words, .missing = sizes };

	sync->partial = TRUE;
	report_message(&message, sync);
}

/* One that may break the line. */
static gboolean fetch_alone(Sync *sync, guint index, GError **error)
{
	guint32 uid = sn_uid_at(sync->fresh, index);
	guint trials = sn_imap_trials(sync->imap, uid);
	g_autoptr(GArray) one = sn_uids_new();
	g_autoptr(GError) refusal = NULL;
	gboolean good;

	g_array_append_val(one, uid);
	sync->expected = one;
	if (trials >= SN_IMAP_TRIALS) {
		pass_over(sync, uid, "The server sent it, several times, in a way that breaks off the connection.");
		return TRUE;
	}
	sn_imap_note_trial(sync->imap, uid, FALSE);
	if (trials + 1 < SN_IMAP_TRIALS) {
		good = fetch_together(sync, index, index + 1, &refusal);
	} else {
		sync->partial = FALSE;
		good = ask_labels(sync, index, index + 1, &refusal) &&
		       sn_imap_fetch_plain(sync->session, uid, report_message, sync, &refusal);
	}
	if (!good && sn_imap_session_is_dead(sync->session)) {
		g_propagate_error(error, g_steal_pointer(&refusal));
		return FALSE;
	}
	sync->expected = one;
	if (!good)
		pass_over(sync, uid, refusal->message);
	sn_imap_note_trial(sync->imap, uid, TRUE);
	return TRUE;
}

static gboolean is_suspect(Sync *sync, guint from, guint to)
{
	for (guint i = from; i < to; i++)
		if (sn_imap_trials(sync->imap, sn_uid_at(sync->fresh, i)) > 0)
			return TRUE;
	return FALSE;
}

static gboolean fetch_batch(Sync *sync, guint from, guint to, GError **error)
{
	g_autoptr(GError) own = NULL;

	if (!is_suspect(sync, from, to)) {
		if (fetch_together(sync, from, to, &own))
			return TRUE;
		gboolean cancelled = g_error_matches(own, SN_ERROR, SN_ERROR_CANCELLED);
		for (guint i = from; i < to && !cancelled; i++)
			sn_imap_note_trial(sync->imap, sn_uid_at(sync->fresh, i), FALSE);
		if (cancelled || sn_imap_session_is_dead(sync->session)) {
			g_propagate_error(error, g_steal_pointer(&own));
			return FALSE;
		}
	}
	for (guint i = to; i-- > from;)
		if (is_cancelled(sync, error) || !fetch_alone(sync, i, error))
			return FALSE;
	return TRUE;
}

/* Lets urgent requests in; they may have opened another folder. */
static gboolean give_way(Sync *sync, GError **error)
{
	if (!sn_imap_serve_urgent(sync->imap, error) ||
	    !sn_imap_select(sync->session, sync->request->folder, FALSE, error))
		return FALSE;
	if (sync->session->uidvalidity == sync->uidvalidity)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		    "The folder %s was replaced while it was being read.", sync->request->folder);
	return FALSE;
}

static guint next_size(guint size, gint64 took)
{
	if (took > LONG_BATCH_US)
		return MAX(size / 2, MIN_BATCH);
	return took < SHORT_BATCH_US ? MIN(size * 2, MAX_BATCH) : size;
}

static gboolean fetch_fresh(Sync *sync, GError **error)
{
	guint limit = sync->request->newest;

	if (limit > 0 && sync->looked)
		limit = MAX(limit, WEEK_MAX); /* there are only recent ones among them */
	if (limit > 0 && sync->fresh->len > limit)
		g_array_remove_range(sync->fresh, 0, sync->fresh->len - limit);
	sync->total = sync->fresh->len;
	if (!find_large(sync, error))
		return FALSE;
	guint to = sync->fresh->len;
	guint size = FIRST_BATCH;
	while (to > 0) {
		guint from = to > size ? to - size : 0;
		gint64 began = g_get_monotonic_time();
		if (is_cancelled(sync, error) || !fetch_batch(sync, from, to, error))
			return FALSE;
		size = next_size(size, g_get_monotonic_time() - began);
		if (!give_way(sync, error))
			return FALSE;
		report_progress(sync);
		to = from;
	}
	return TRUE;
}

/* What the server tells while it opens the folder; believed when the folder is still the same. */
static void hear_change(const SnImapLine *line, gpointer data)
{
	Sync *sync = data;
	SnImapMessage message = { 0 };

	if (strcmp(line->kind, "VANISHED") == 0) {
		sn_imap_hear_vanished(line, sync->known, sync->gone);
	} else if (sn_imap_hear_fetch(line, &message) && message.has_flags &&
		   sn_uids_has(sync->known, message.uid)) {
		Change change = { message.uid, message.flags,
				  g_steal_pointer(&message.keywords) };
		g_array_append_val(sync->changes, change);
	}
	sn_imap_message_clear(&message);
}

static gboolean open_folder(Sync *sync, GError **error)
{
	const SnMailRequest *request = sync->request;
	SnImapSession *session = sync->session;
	/* what it tells then is flags without labels */
	guint64 modseq = request->uidnext && !sync->labelled ? request->highestmodseq : 0;

	gboolean unknown = sync->known->len == 0 && request->newest > 0 && request->since > 0;

	sync->qresync = session->qresync && !sync->labelled;
	if (unknown ? !open_unknown(sync, error)
		    : !sn_imap_select_since(session, request->folder, request->uidvalidity, modseq,
					    hear_change, sync, error))
		return FALSE;
	sync->uidvalidity = session->uidvalidity;
	sync->uidnext = session->uidnext;
	sync->exists = session->exists;
	sync->highestmodseq = session->highestmodseq;
	return TRUE;
}

gboolean sn_imap_serve_sync(SnImap *imap, SnMailRequest *request, SnMailEvent *done, GError **error)
{
	g_autoptr(GArray) none = sn_uids_new();
	Sync sync = {
		.imap = imap,
		.session = imap->session,
		.request = request,
		.known = request->known ? request->known : none,
		.changes = g_array_new(FALSE, FALSE, sizeof(Change)),
		.gone = sn_uids_new(),
	};
	g_array_set_clear_func(sync.changes, change_clear);
	if (sn_imap_labels_hold(imap->labels, request->folder))
		sync.labelled = g_hash_table_new_full(NULL, NULL, NULL, g_free);

	gboolean good = open_folder(&sync, error);
	if (good && request->uidvalidity != sync.uidvalidity) {
		sync.known = NULL;
		report_state(&sync);
	}
	good = good && find_changes(&sync, error) && scan_labels(&sync, error) &&
	       fetch_fresh(&sync, error) && !is_cancelled(&sync, error);
	if (good)
		report_state(&sync);
	if (sn_imap_labels_take_news(imap->labels))
		sn_report_mail(&imap->report, sn_report_event(&imap->report, SN_MAIL_EV_FOLDERS, 0), 0);
	g_clear_pointer(&sync.fresh, g_array_unref);
	g_clear_pointer(&sync.large, g_array_unref);
	g_clear_pointer(&sync.lately[0], g_array_unref);
	g_clear_pointer(&sync.lately[1], g_array_unref);
	g_array_unref(sync.changes);
	g_array_unref(sync.gone);
	g_clear_pointer(&sync.labelled, g_hash_table_unref);
	return good;
}
