/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_watch.c - connections that do nothing but wait for changes.
 *
 * The first folder is selected and watched by IDLE (RFC 2177). The others are watched by NOTIFY
 * (RFC 5465) on the same line where the server has it; else the next few get a line each, within the
 * limit of the link, and what is left is asked for by STATUS in rounds. Without IDLE there are only
 * the rounds. What the server says tells which folder to look at again, and often that there is
 * nothing to see.
 */
#include <string.h>

#include "backends/mail/imap_private.h"
#include "backends/mail/imap_talk.h"
#include "backends/mail/names.h"

#define RENEW_MS (25 * 60 * 1000) /* RFC 2177: before the server's half hour is over */
#define ROUND_MS (5 * 60 * 1000)  /* where the link does not say */
#define LINES 4                   /* the same */
#define FLAG_ROUNDS 4             /* a look at the flags where the numbers do not tell of them */
#define MAX_WATCHED 1000
#define NAMED_MAX 50 /* folders in a command; above, it speaks of all */
#define SETTLE_MS 20 /* where much goes on, one event for several changes, */
#define CALM_MS 100  /* but one in this time; after as long without any the next is told at once */

typedef struct {
	char *name;
	char *wire;
	gboolean changed;
	/* as told last; uidvalidity 0: not told */
	guint32 uidvalidity, uidnext, exists, unseen;
	guint64 highestmodseq;
	gboolean told;      /* by a line that came just now */
	SnImapWatch *child; /* a line of its own; NULL */
} Folder;

struct sn_imap_watch {
	const SnLink *link;
	SnInbox *inbox; /* of Folder: to be added */
	SnReport report;
	GThread *thread;
	guint64 given; /* ids; of the thread that adds */
	gboolean is_child;
	gint online;   /* atomic: news are heard as they happen */
	/* the thread's own */
	guint64 taken;
	SnImapSession *session;
	GPtrArray *folders; /* of Folder */
	gboolean notified;  /* NOTIFY covers the others */
	gboolean names_changed; /* folders came, went or have another name */
	guint names;            /* of all folders, as of the last round: a hash; 0 not asked yet */
	guint rounds;
	guint failures;
	gint64 next_try;
	gint64 reported; /* monotonic µs: when news were told last; 0: never */
	gboolean blocked;
};

static void folder_free(Folder *folder)
{
	sn_imap_watch_free(folder->child);
	g_free(folder->name);
	g_free(folder->wire);
	g_free(folder);
}

static Folder *folder_at(SnImapWatch *watch, guint index)
{
	return g_ptr_array_index(watch->folders, index);
}

static void report_changed(SnImapWatch *watch, Folder *folder)
{
	SnMailEvent *event = sn_report_event(&watch->report, SN_MAIL_EV_CHANGED, 0);

	event->folder = g_strdup(folder->name);
	if (folder->told) {
		event->uidvalidity = folder->uidvalidity;
		event->uidnext = folder->uidnext;
		event->highestmodseq = folder->highestmodseq;
		event->total = folder->exists;
	}
	folder->changed = folder->told = FALSE;
	sn_report_mail(&watch->report, event, 0);
}

static void report_all(SnImapWatch *watch, gboolean every)
{
	for (guint i = 0; i < watch->folders->len; i++)
		if (every || folder_at(watch, i)->changed)
			report_changed(watch, folder_at(watch, i));
	if (watch->names_changed)
		sn_report_mail(&watch->report,
			       sn_report_event(&watch->report, SN_MAIL_EV_FOLDERS, 0), 0);
	watch->names_changed = FALSE;
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

/* ---- what the server says ---- */

static Folder *find_folder(SnImapWatch *watch, const char *wire)
{
	for (guint i = 0; wire && i < watch->folders->len; i++)
		if (g_strcmp0(folder_at(watch, i)->wire, wire) == 0)
			return folder_at(watch, i);
	return NULL;
}

static guint64 value(const SnWord *values, const char *name)
{
	return sn_word_number(sn_word_value(values->items, name));
}

/* * STATUS name (MESSAGES 5 UIDNEXT 9 ...); TRUE when it is another than before. */
static gboolean note_status(SnImapWatch *watch, const SnImapLine *line)
{
	Folder *folder = find_folder(watch, sn_word_text(sn_word_at(line->words, 0)));
	const SnWord *values = sn_word_at(line->words, 1);

	if (!folder || !values || !values->items)
		return FALSE;
	Folder now = { .uidvalidity = (guint32)value(values, "UIDVALIDITY"),
		       .uidnext = (guint32)value(values, "UIDNEXT"),
		       .exists = (guint32)value(values, "MESSAGES"),
		       .unseen = (guint32)value(values, "UNSEEN"),
		       .highestmodseq = value(values, "HIGHESTMODSEQ") };
	gboolean other = now.uidvalidity != folder->uidvalidity || now.uidnext != folder->uidnext ||
			 now.exists != folder->exists || now.unseen != folder->unseen ||
			 now.highestmodseq != folder->highestmodseq;
	folder->uidvalidity = now.uidvalidity;
	folder->uidnext = now.uidnext;
	folder->exists = now.exists;
	folder->unseen = now.unseen;
	folder->highestmodseq = now.highestmodseq;
	folder->told = now.uidvalidity != 0;
	folder->changed |= other;
	return other;
}

/* News of the folder that is selected. */
static gboolean is_news(const SnImapLine *line)
{
	static const char *const kinds[] = { "EXISTS", "EXPUNGE", "FETCH", "VANISHED", "RECENT" };

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(line->kind, kinds[i]) == 0)
			return TRUE;
	return FALSE;
}

static void note_line(const SnImapLine *line, gpointer data)
{
	SnImapWatch *watch = data;

	if (watch->folders->len == 0)
		return;
	if (strcmp(line->kind, "STATUS") == 0) {
		Folder *folder = find_folder(watch, sn_word_text(sn_word_at(line->words, 0)));
		note_status(watch, line);
		if (folder)
			folder->changed = TRUE;
	} else if (strcmp(line->kind, "LIST") == 0) {
		watch->names_changed = TRUE;
	} else if (is_news(line)) {
		folder_at(watch, 0)->changed = TRUE;
		folder_at(watch, 0)->told = FALSE;
	} else if (!g_strcmp0(line->code, "NOTIFICATIONOVERFLOW")) {
		/* RFC 5465 section 5.8: from now on it tells nothing */
		watch->notified = FALSE;
		for (guint i = 0; i < watch->folders->len; i++)
			folder_at(watch, i)->changed = TRUE;
	} else if (strcmp(line->kind, "BYE") == 0) {
		sn_stream_fail(watch->session->stream, SN_ERROR_NETWORK, "The server hung up.");
	}
}

/* ---- the idle line ---- */

/* Up to the continuation: some servers send news before it. */
static gboolean begin_idle(SnImapWatch *watch)
{
	if (!sn_imap_send(watch->session, "IDLE"))
		return FALSE;
	for (guint lines = 0; lines < 1000; lines++) {
		g_autoptr(SnImapLine) line = sn_imap_read(watch->session);
		if (!line)
			return FALSE;
		if (*line->tag == '+')
			return TRUE;
		if (*line->tag != '*')
			return FALSE;
		note_line(line, watch);
	}
	return FALSE;
}

/* After DONE the rest up to the tagged line is news as well. */
static gboolean end_idle(SnImapWatch *watch)
{
	if (!sn_stream_write(watch->session->stream, "DONE\r\n", 6))
		return FALSE;
	for (;;) {
		g_autoptr(SnImapLine) line = sn_imap_read(watch->session);
		if (!line)
			return FALSE;
		if (*line->tag != '*' && *line->tag != '+')
			return TRUE;
		note_line(line, watch);
	}
}

static gboolean has_input(SnImapWatch *watch)
{
	return watch->session->imap->imap_stream->read_buffer_len > 0 ||
	       sn_stream_has_data(watch->session->stream);
}

static gboolean any_changed(SnImapWatch *watch)
{
	if (watch->names_changed)
		return TRUE;
	for (guint i = 0; i < watch->folders->len; i++)
		if (folder_at(watch, i)->changed)
			return TRUE;
	return FALSE;
}

/* Somebody wants to know whether the lines are alive. */
static gboolean was_kicked(SnImapWatch *watch)
{
	if (!sn_inbox_kicked(watch->inbox))
		return FALSE;
	for (guint i = 0; i < watch->folders->len; i++)
		if (folder_at(watch, i)->child)
			sn_imap_watch_kick(folder_at(watch, i)->child);
	return TRUE;
}

/* The lines of one delivery come together, and nobody waits for others that may follow. */
static void report_soon(SnImapWatch *watch)
{
	gint64 calm = (g_get_monotonic_time() - watch->reported) / 1000;

	g_assert(watch->reported <= g_get_monotonic_time());
	if (watch->reported && calm < CALM_MS) {
		sn_inbox_wait(watch->inbox, sn_stream_fd(watch->session->stream),
			      (int)MIN(SETTLE_MS, CALM_MS - calm));
		if (has_input(watch))
			return;
	}
	report_all(watch, FALSE);
	watch->reported = g_get_monotonic_time();
}

/* Reads news until time to renew, to go round, or to add a folder. */
static gboolean stay_idle(SnImapWatch *watch, gint64 until)
{
	while (!sn_inbox_stopping(watch->inbox) && !sn_imap_session_is_dead(watch->session)) {
		gint64 left = (until - g_get_monotonic_time() + 999) / 1000;
		if (has_input(watch)) {
			g_autoptr(SnImapLine) line = sn_imap_read(watch->session);
			if (!line)
				return FALSE;
			note_line(line, watch);
			continue;
		}
		if (any_changed(watch)) {
			report_soon(watch);
			continue;
		}
		if (left <= 0 || sn_inbox_has(watch->inbox, 0) || was_kicked(watch))
			return TRUE; /* kicked: whether the line lives shows when idling ends */
		sn_inbox_wait(watch->inbox, sn_stream_fd(watch->session->stream), (int)left);
	}
	return FALSE;
}

/* ---- the other folders ---- */

#define EVENTS "MessageNew MessageExpunge FlagChange"
#define NAMES "MailboxName"

static char *notify_command(SnImapWatch *watch, gboolean names)
{
	gboolean few = watch->folders->len <= NAMED_MAX;
	GString *command = g_string_new("NOTIFY SET STATUS (selected (" EVENTS ")) (");

	g_string_append(command, few ? "mailboxes (" : "personal");
	for (guint i = 1; few && i < watch->folders->len; i++) {
		g_autofree char *quoted = sn_imap_quote(folder_at(watch, i)->wire);
		g_string_append_printf(command, "%s%s", i > 1 ? " " : "", quoted);
	}
	g_string_append_printf(command, "%s (" EVENTS "%s))", few ? ")" : "", names ? " " NAMES : "");
	if (names && few) /* of those that are not watched, too */
		g_string_append(command, " (personal (" NAMES "))");
	return g_string_free(command, FALSE);
}

/* RFC 5465: one command for all. A server may refuse it, or only the news of names. */
static gboolean set_notify(SnImapWatch *watch)
{
	for (int names = 1; names >= 0 && !watch->notified; names--) {
		g_autofree char *text = notify_command(watch, names);
		SnImapCommand command = { .text = text, .hear = note_line, .data = watch };
		gboolean answered = sn_imap_talk(watch->session, &command, 1, NULL);
		watch->notified = answered && !g_strcmp0(command.kind, "OK");
		sn_imap_command_clear(&command);
		if (!answered)
			return FALSE;
	}
	return TRUE;
}

static void hear_wire(const SnImapLine *line, gpointer data)
{
	const char *wire = sn_word_text(sn_word_at(line->words, 2));

	if (strcmp(line->kind, "LIST") == 0 && wire)
		g_hash_table_add(data, g_strdup(wire));
}

/* Forgets folders that went; FALSE: all are there (or it is not known). */
static gboolean drop_missing(SnImapWatch *watch)
{
	g_autoptr(GHashTable) wires = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	guint before = watch->folders->len;

	if (!sn_imap_say(watch->session, "LIST \"\" \"*\"", hear_wire, wires, NULL, "LIST"))
		return FALSE;
	for (guint i = before; i-- > 1;)
		if (!g_hash_table_contains(wires, folder_at(watch, i)->wire))
			g_ptr_array_remove_index(watch->folders, i);
	return watch->folders->len < before;
}

typedef struct {
	SnImapWatch *watch;
	guint names; /* a hash of all, no matter in which order */
} Round;

static void hear_round(const SnImapLine *line, gpointer data)
{
	Round *round = data;
	const char *wire = sn_word_text(sn_word_at(line->words, 2));

	if (strcmp(line->kind, "STATUS") == 0)
		note_status(round->watch, line);
	else if (strcmp(line->kind, "LIST") == 0)
		round->names += wire ? g_str_hash(wire) | 1 : 0;
	else
		note_line(line, round->watch);
}

/* Whether a line tells of it as things happen. */
static gboolean is_heard(const SnImapWatch *watch, guint index)
{
	const Folder *folder = g_ptr_array_index(watch->folders, index);

	return (index == 0 && watch->session->idle) ||
	       (folder->child && g_atomic_int_get(&folder->child->online));
}

#define NUMBERS "MESSAGES UIDNEXT UIDVALIDITY UNSEEN"

/* The commands of a round: which folders there are, and the numbers of each that nobody tells
 * about. */
static GPtrArray *round_commands(SnImapWatch *watch)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	const char *numbers = watch->session->condstore ? NUMBERS " HIGHESTMODSEQ" : NUMBERS;
	GPtrArray *unheard = g_ptr_array_new();

	for (guint i = 0; i < watch->folders->len; i++)
		if (!is_heard(watch, i))
			g_ptr_array_add(unheard, folder_at(watch, i));
	if (unheard->len > NAMED_MAX && watch->session->list_status) {
		g_ptr_array_add(texts, g_strdup_printf("LIST \"\" \"*\" RETURN (STATUS (%s))", numbers));
	} else if (unheard->len > 0) {
		g_ptr_array_add(texts, g_strdup("LIST \"\" \"*\""));
		for (guint i = 0; i < unheard->len; i++) {
			g_autofree char *quoted = sn_imap_quote(((Folder *)unheard->pdata[i])->wire);
			g_ptr_array_add(texts, g_strdup_printf("STATUS %s (%s)", quoted, numbers));
		}
	}
	g_ptr_array_unref(unheard);
	return texts;
}

/* A star or an answer changes none of the numbers of a folder without HIGHESTMODSEQ. */
static void suspect_flags(SnImapWatch *watch)
{
	if (++watch->rounds % FLAG_ROUNDS != 0 || watch->notified)
		return;
	for (guint i = 0; i < watch->folders->len; i++)
		if (!is_heard(watch, i) && folder_at(watch, i)->highestmodseq == 0)
			folder_at(watch, i)->changed = TRUE;
}

static gboolean go_round(SnImapWatch *watch)
{
	g_autoptr(GPtrArray) texts = round_commands(watch);
	g_autofree SnImapCommand *commands = g_new0(SnImapCommand, texts->len);
	Round round = { watch, 0 };

	if (texts->len == 0)
		return TRUE;
	for (guint i = 0; i < texts->len; i++)
		commands[i] = (SnImapCommand){ .text = texts->pdata[i], .hear = hear_round,
					       .data = &round };
	gboolean good = sn_imap_talk(watch->session, commands, texts->len, NULL);
	for (guint i = 0; i < texts->len; i++)
		sn_imap_command_clear(&commands[i]);
	watch->names_changed |= good && watch->names != 0 && watch->names != round.names;
	watch->names = good ? round.names : watch->names;
	if (good)
		suspect_flags(watch);
	return good;
}

/* A line for each of the first few folders. */
static void spread(SnImapWatch *watch)
{
	const SnLinkSpec *spec = &watch->link->spec;
	guint lines = spec->watch_lines ? spec->watch_lines : LINES;

	for (guint i = 1; i < MIN(lines, watch->folders->len); i++) {
		Folder *folder = folder_at(watch, i);
		if (folder->child)
			continue;
		folder->child = sn_imap_watch_new(watch->link, watch->report.events,
						  watch->report.owner);
		folder->child->is_child = TRUE;
		sn_imap_watch_add(folder->child, folder->name);
	}
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

/* As the SELECT told it. */
static void note_selected(SnImapWatch *watch)
{
	const SnImapSession *session = watch->session;
	Folder *folder = folder_at(watch, 0);

	folder->uidvalidity = session->uidvalidity;
	folder->uidnext = session->uidnext;
	folder->exists = session->exists;
	folder->highestmodseq = session->highestmodseq;
	folder->told = session->uidvalidity != 0;
}

static gboolean prepare(SnImapWatch *watch)
{
	SnImapSession *session = watch->session;

	if (!name_folders(watch))
		return FALSE;
	if (session->idle && !sn_imap_select(session, folder_at(watch, 0)->name, FALSE, NULL)) {
		if (!sn_imap_session_is_dead(session))
			g_ptr_array_remove_index(watch->folders, 0); /* there is no such folder */
		return FALSE;
	}
	if (session->idle)
		note_selected(watch);
	watch->notified = FALSE;
	gboolean notify = session->notify && session->idle && watch->folders->len > 1;
	if (notify && !set_notify(watch))
		return FALSE;
	/* one folder that is not there any more is enough to be refused */
	if (notify && !watch->notified && drop_missing(watch) && !set_notify(watch))
		return FALSE;
	if (watch->notified)
		return TRUE;
	if (session->idle && !watch->is_child)
		spread(watch);
	return go_round(watch);
}

static gint64 round_ms(const SnImapWatch *watch)
{
	return watch->link->spec.poll > 0 ? MIN(watch->link->spec.poll, RENEW_MS) : ROUND_MS;
}

/* One stretch of waiting; FALSE: the session is of no use any more. */
static gboolean watch_once(SnImapWatch *watch)
{
	gboolean idle = watch->session->idle;
	gboolean rounds = !idle || (watch->folders->len > 1 && !watch->notified);
	gint64 wait = rounds ? round_ms(watch) : RENEW_MS;

	if (idle && (!begin_idle(watch) ||
		     !stay_idle(watch, g_get_monotonic_time() + wait * 1000) || !end_idle(watch)))
		return FALSE;
	if (!idle)
		sn_inbox_wait(watch->inbox, sn_stream_fd(watch->session->stream), (int)wait);
	if (sn_inbox_stopping(watch->inbox))
		return FALSE;
	was_kicked(watch);
	/* also where the server tells: it may not tell everything */
	gboolean good = add_folders(watch) ? prepare(watch) : go_round(watch);
	report_all(watch, FALSE);
	return good;
}

static void connect_watch(SnImapWatch *watch)
{
	g_autoptr(GError) error = NULL;

	watch->session =
		sn_imap_session_open(watch->link, sn_inbox_interrupt_fd(watch->inbox), FALSE, &error);
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
	g_atomic_int_set(&watch->online, watch->session->idle);
	/* whatever happened before or in between was not seen */
	watch->names_changed = !watch->is_child;
	report_all(watch, TRUE);
}

static gpointer run(gpointer data)
{
	SnImapWatch *watch = data;

	sn_stream_thread_init();
	while (!sn_inbox_stopping(watch->inbox)) {
		if (watch->session) {
			if (!watch_once(watch)) {
				g_atomic_int_set(&watch->online, FALSE);
				g_clear_pointer(&watch->session, sn_imap_session_free);
				watch->next_try = g_get_monotonic_time() + SN_SECOND * 1000;
			}
			continue;
		}
		add_folders(watch);
		if (was_kicked(watch)) {
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
	/* all at once, so that it takes no longer than one */
	for (guint i = 0; i < watch->folders->len; i++)
		if (folder_at(watch, i)->child)
			sn_imap_watch_stop(folder_at(watch, i)->child);
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
