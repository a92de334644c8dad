/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_watch.c - a second connection that does nothing but wait for changes.
 *
 * The first folder is selected and watched by IDLE (RFC 2177). The others are watched by NOTIFY
 * (RFC 5465) on the same line where the server has it, else by STATUS every two minutes. What the
 * server says is read line by line and only tells which folder to look at again.
 */
#include <string.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/names.h"

#define RENEW_MS (25 * 60 * 1000) /* RFC 2177: before the server's half hour is over */
#define ROUND_MS (2 * 60 * 1000)
#define MAX_WATCHED 64
#define SETTLE_MS 20 /* one delivery makes several lines: one event for all of them */

typedef struct {
	char *name;
	char *wire;
	gboolean changed;
	char *status; /* as of the last round; NULL */
} Folder;

struct sn_imap_watch {
	const SnLink *link;
	SnInbox *inbox; /* of Folder: to be added */
	SnReport report;
	GThread *thread;
	guint64 given; /* ids; of the thread that adds */
	/* the thread's own */
	guint64 taken;
	SnImapSession *session;
	GPtrArray *folders; /* of Folder */
	gboolean notified;  /* NOTIFY covers the others */
	guint failures;
	gint64 next_try;
	gboolean blocked;
};

static void folder_free(Folder *folder)
{
	g_free(folder->name);
	g_free(folder->wire);
	g_free(folder->status);
	g_free(folder);
}

static Folder *folder_at(SnImapWatch *watch, guint index)
{
	return g_ptr_array_index(watch->folders, index);
}

static void report_changed(SnImapWatch *watch, Folder *folder)
{
	SnMailEvent *event = sn_report_event(&watch->report, SN_MAIL_EV_CHANGED, 0);

	folder->changed = FALSE;
	event->folder = g_strdup(folder->name);
	sn_report_mail(&watch->report, event, 0);
}

static void report_all(SnImapWatch *watch, gboolean every)
{
	for (guint i = 0; i < watch->folders->len; i++)
		if (every || folder_at(watch, i)->changed)
			report_changed(watch, folder_at(watch, i));
}

/* TRUE when there was something new. */
static gboolean add_folders(SnImapWatch *watch)
{
	gboolean any = FALSE;
	Folder *folder;

	while ((folder = sn_inbox_take(watch->inbox, 0))) {
		sn_inbox_finish(watch->inbox, ++watch->taken); /* given in this order */
		gboolean known = watch->folders->len >= MAX_WATCHED;
		for (guint i = 0; i < watch->folders->len; i++)
			known = known || strcmp(folder_at(watch, i)->name, folder->name) == 0;
		/* INBOX is the one that must not wait for a round */
		if (known)
			folder_free(folder);
		else
			g_ptr_array_insert(watch->folders,
					   strcmp(folder->name, "INBOX") == 0 ? 0 : -1, folder);
		any = any || !known;
	}
	return any;
}

/* ---- the idle line ---- */

static gboolean write_command(SnImapWatch *watch, const char *command)
{
	mailimap *imap = watch->session->imap;

	return mailimap_send_current_tag(imap) == MAILIMAP_NO_ERROR &&
	       mailstream_write(imap->imap_stream, command, strlen(command)) >= 0 &&
	       mailstream_flush(imap->imap_stream) >= 0;
}

/* The length in "{123}" at the end of a line; 0 if there is none. */
static gsize literal_at_end(const char *line)
{
	const char *brace = strrchr(line, '{');
	char *end = NULL;

	if (!brace || !g_ascii_isdigit(brace[1]))
		return 0;
	guint64 length = g_ascii_strtoull(brace + 1, &end, 10);
	return strcmp(end, "}") == 0 ? (gsize)MIN(length, 10000) : 0;
}

/* The next line of the server; a literal, which can only be a folder's name, as a quoted string. */
static char *read_line(SnImapWatch *watch)
{
	g_autofree char *line = NULL;

	for (guint literals = 0; literals < 10; literals++) {
		const char *more = mailimap_read_line(watch->session->imap);
		if (!more) {
			sn_imap_check(watch->session, MAILIMAP_ERROR_STREAM, NULL, "IDLE");
			return NULL;
		}
		gsize length = line ? literal_at_end(line) : 0;
		if (length > 0) {
			*strrchr(line, '{') = '\0';
			g_autofree char *name = g_strndup(more, length);
			const char *rest = strlen(more) > length ? more + length : "";
			char *joined = g_strconcat(line, "\"", name, "\"", rest, NULL);
			g_free(line);
			line = joined;
		} else {
			line = g_strdup(more);
		}
		g_strchomp(line);
		if (literal_at_end(line) == 0)
			break;
	}
	return g_steal_pointer(&line);
}

/* The folder of "* STATUS name (...)". */
static Folder *find_status(SnImapWatch *watch, const char *rest)
{
	g_autoptr(GString) wire = g_string_new(NULL);

	if (*rest == '"') {
		for (rest++; *rest && *rest != '"'; rest++) {
			if (*rest == '\\' && rest[1])
				rest++;
			g_string_append_c(wire, *rest);
		}
	} else {
		g_string_append_len(wire, rest, (gssize)strcspn(rest, " "));
	}
	for (guint i = 0; i < watch->folders->len; i++)
		if (strcmp(folder_at(watch, i)->wire, wire->str) == 0)
			return folder_at(watch, i);
	return NULL;
}

static void note_line(SnImapWatch *watch, const char *line)
{
	if (watch->folders->len == 0 || g_ascii_strncasecmp(line, "* ", 2) != 0)
		return;
	if (g_ascii_strncasecmp(line + 2, "STATUS ", 7) == 0) {
		Folder *folder = find_status(watch, line + 9);
		if (folder)
			folder->changed = TRUE;
		return;
	}
	/* "OK Still here" is the only thing that is often said and means nothing */
	if (g_ascii_strncasecmp(line + 2, "OK", 2) != 0)
		folder_at(watch, 0)->changed = TRUE;
	if (g_ascii_strncasecmp(line + 2, "BYE", 3) == 0)
		sn_stream_fail(watch->session->stream, SN_ERROR_NETWORK, "The server hung up.");
}

/* Up to the continuation: some servers send news before it. */
static gboolean begin_idle(SnImapWatch *watch)
{
	if (!write_command(watch, "IDLE\r\n"))
		return FALSE;
	for (guint lines = 0; lines < 1000; lines++) {
		g_autofree char *line = read_line(watch);
		if (!line)
			return FALSE;
		if (*line == '+')
			return TRUE;
		if (*line != '*')
			return FALSE;
		note_line(watch, line);
	}
	return FALSE;
}

/* After DONE the rest up to the tagged line is news as well. */
static gboolean end_idle(SnImapWatch *watch)
{
	if (!sn_stream_write(watch->session->stream, "DONE\r\n", 6))
		return FALSE;
	for (;;) {
		g_autofree char *line = read_line(watch);
		if (!line)
			return FALSE;
		if (*line != '*' && *line != '+')
			return TRUE;
		note_line(watch, line);
	}
}

static gboolean has_input(SnImapWatch *watch)
{
	return watch->session->imap->imap_stream->read_buffer_len > 0 ||
	       sn_stream_has_data(watch->session->stream);
}

static gboolean any_changed(SnImapWatch *watch)
{
	for (guint i = 0; i < watch->folders->len; i++)
		if (folder_at(watch, i)->changed)
			return TRUE;
	return FALSE;
}

/* Reads news until time to renew, to go round, or to add a folder. */
static gboolean stay_idle(SnImapWatch *watch, gint64 until)
{
	while (!sn_inbox_stopping(watch->inbox) && !sn_imap_session_is_dead(watch->session)) {
		gint64 left = (until - g_get_monotonic_time() + 999) / 1000;
		if (has_input(watch)) {
			g_autofree char *line = read_line(watch);
			if (!line)
				return FALSE;
			note_line(watch, line);
			continue;
		}
		if (any_changed(watch)) {
			sn_inbox_wait(watch->inbox, sn_stream_fd(watch->session->stream),
				      SETTLE_MS);
			if (!has_input(watch))
				report_all(watch, FALSE);
			continue;
		}
		if (left <= 0 || sn_inbox_has(watch->inbox, 0) || sn_inbox_kicked(watch->inbox))
			return TRUE; /* kicked: whether the line lives shows when idling ends */
		sn_inbox_wait(watch->inbox, sn_stream_fd(watch->session->stream), (int)left);
	}
	return FALSE;
}

/* ---- the other folders ---- */

/* RFC 5465: one command for all; a server may refuse it. */
static gboolean set_notify(SnImapWatch *watch)
{
	g_autoptr(GString) command = g_string_new(
		"NOTIFY SET (selected (MessageNew MessageExpunge FlagChange)) (mailboxes (");

	for (guint i = 1; i < watch->folders->len; i++) {
		g_autofree char *escaped = g_strescape(folder_at(watch, i)->wire, NULL);
		g_string_append_printf(command, "%s\"%s\"", i > 1 ? " " : "", escaped);
	}
	g_string_append(command, ") (MessageNew MessageExpunge FlagChange))\r\n");
	if (!write_command(watch, command->str))
		return FALSE;
	for (;;) {
		g_autofree char *line = read_line(watch);
		if (!line)
			return FALSE;
		if (*line == '*') {
			note_line(watch, line);
			continue;
		}
		const char *status = strchr(line, ' ');
		watch->notified = status && g_ascii_strncasecmp(status, " OK", 3) == 0;
		return TRUE;
	}
}

/* Asks for the numbers that change with every change; as text, to be compared. */
static gboolean ask_status(SnImapWatch *watch, Folder *folder)
{
	g_autofree char *escaped = g_strescape(folder->wire, NULL);
	g_autofree char *command =
		g_strdup_printf("STATUS \"%s\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN%s)\r\n",
				escaped, watch->session->condstore ? " HIGHESTMODSEQ" : "");

	if (!write_command(watch, command))
		return FALSE;
	for (;;) {
		g_autofree char *line = read_line(watch);
		if (!line)
			return FALSE;
		if (*line != '*')
			return TRUE;
		if (g_ascii_strncasecmp(line, "* STATUS ", 9) != 0) {
			note_line(watch, line);
		} else if (find_status(watch, line + 9) == folder) {
			folder->changed |= folder->status && strcmp(folder->status, line) != 0;
			g_free(folder->status);
			folder->status = g_steal_pointer(&line);
		}
	}
}

static gboolean go_round(SnImapWatch *watch)
{
	for (guint i = watch->session->idle ? 1 : 0; i < watch->folders->len; i++)
		if (!ask_status(watch, folder_at(watch, i)))
			return FALSE;
	return TRUE;
}

/* ---- the thread ---- */

static gboolean name_folders(SnImapWatch *watch)
{
	for (guint i = watch->folders->len; i-- > 0;) {
		Folder *folder = folder_at(watch, i);
		g_free(folder->wire);
		folder->wire = sn_imap_wire_name(watch->session, folder->name, NULL);
		if (!folder->wire)
			g_ptr_array_remove_index(watch->folders, i);
	}
	return watch->folders->len > 0;
}

static gboolean prepare(SnImapWatch *watch)
{
	if (!name_folders(watch))
		return FALSE;
	if (watch->session->idle &&
	    !sn_imap_select(watch->session, folder_at(watch, 0)->name, FALSE, NULL)) {
		if (!sn_imap_session_is_dead(watch->session))
			g_ptr_array_remove_index(watch->folders, 0); /* there is no such folder */
		return FALSE;
	}
	watch->notified = FALSE;
	if (watch->session->notify && watch->session->idle && watch->folders->len > 1 &&
	    !set_notify(watch))
		return FALSE;
	return watch->notified || go_round(watch);
}

/* One stretch of waiting; FALSE: the session is of no use any more. */
static gboolean watch_once(SnImapWatch *watch)
{
	gboolean idle = watch->session->idle;
	gboolean rounds = !idle || (watch->folders->len > 1 && !watch->notified);
	gint64 until = g_get_monotonic_time() + (gint64)(rounds ? ROUND_MS : RENEW_MS) * 1000;

	if (idle && (!begin_idle(watch) || !stay_idle(watch, until) || !end_idle(watch)))
		return FALSE;
	if (!idle)
		sn_inbox_wait(watch->inbox, -1, ROUND_MS);
	if (sn_inbox_stopping(watch->inbox))
		return FALSE;
	gboolean good = add_folders(watch) ? prepare(watch) : !rounds || go_round(watch);
	report_all(watch, FALSE);
	return good;
}

static void connect_watch(SnImapWatch *watch)
{
	g_autoptr(GError) error = NULL;

	watch->session =
		sn_imap_session_open(watch->link, sn_inbox_interrupt_fd(watch->inbox), &error);
	if (!watch->session) {
		watch->blocked = !sn_link_may_retry(error);
		watch->next_try =
			g_get_monotonic_time() + sn_link_backoff(++watch->failures) * 1000;
		return;
	}
	if (!prepare(watch)) {
		g_clear_pointer(&watch->session, sn_imap_session_free);
		watch->next_try =
			g_get_monotonic_time() + sn_link_backoff(++watch->failures) * 1000;
		return;
	}
	watch->failures = 0;
	/* whatever happened before or in between was not seen */
	report_all(watch, TRUE);
}

static gpointer run(gpointer data)
{
	SnImapWatch *watch = data;

	sn_stream_thread_init();
	while (!sn_inbox_stopping(watch->inbox)) {
		if (watch->session) {
			if (!watch_once(watch)) {
				g_clear_pointer(&watch->session, sn_imap_session_free);
				watch->next_try = g_get_monotonic_time() + SN_SECOND * 1000;
			}
			continue;
		}
		add_folders(watch);
		if (sn_inbox_kicked(watch->inbox)) {
			watch->blocked = FALSE;
			watch->next_try = 0;
		}
		gint64 left = (watch->next_try - g_get_monotonic_time() + 999) / 1000;
		if (watch->folders->len == 0 || watch->blocked)
			sn_inbox_wait(watch->inbox, -1, -1);
		else if (left > 0)
			sn_inbox_wait(watch->inbox, -1, (int)MIN(left, G_MAXINT));
		else
			connect_watch(watch);
	}
	g_clear_pointer(&watch->session, sn_imap_session_free);
	return NULL;
}

SnImapWatch *sn_imap_watch_new(const SnLink *link, SnQueue *events, gpointer owner)
{
	SnImapWatch *watch = g_new0(SnImapWatch, 1);

	watch->link = link;
	watch->inbox = sn_inbox_new((GDestroyNotify)folder_free);
	watch->report = (SnReport){ sn_queue_ref(events), owner, watch->inbox };
	watch->folders = g_ptr_array_new_with_free_func((GDestroyNotify)folder_free);
	watch->thread = g_thread_new("imap-watch", run, watch);
	return watch;
}

void sn_imap_watch_add(SnImapWatch *watch, const char *name)
{
	Folder *folder = g_new0(Folder, 1);

	folder->name = g_strdup(name);
	folder->changed = TRUE; /* nobody knows what happened before */
	if (!sn_inbox_push(watch->inbox, folder, ++watch->given, 0, FALSE))
		folder_free(folder);
}

void sn_imap_watch_kick(SnImapWatch *watch)
{
	sn_inbox_kick(watch->inbox);
}

void sn_imap_watch_stop(SnImapWatch *watch)
{
	sn_inbox_stop(watch->inbox);
}

void sn_imap_watch_free(SnImapWatch *watch)
{
	if (!watch)
		return;
	sn_inbox_stop(watch->inbox);
	g_thread_join(watch->thread);
	sn_inbox_free(watch->inbox);
	sn_queue_unref(watch->report.events);
	g_ptr_array_unref(watch->folders);
	g_free(watch);
}
