/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "backends/fake/fake_mail.h"
#include "backends/fake/fake_mail_private.h"

struct fake_source {
	char *user;
	SnQueue *events;
	gpointer owner;
	GQueue waiting; /* of SnMailRequest: while the account is off line */
	gboolean failing;
};

static FakeSource *self(SnMailSource *source)
{
	return (FakeSource *)source;
}

static SnMailEvent *event_new(FakeSource *source, int kind, guint64 id, const char *folder)
{
	SnMailEvent *event = sn_mail_event_new(kind, id, source->owner);

	event->folder = g_strdup(folder);
	return event;
}

static void push(FakeSource *source, SnMailEvent *event)
{
	if (!sn_queue_push_urgent(source->events, event, 0))
		sn_mail_event_free(event);
}

static void push_end(FakeSource *source, guint64 id, int kind, int code, const char *text)
{
	SnMailEvent *event = event_new(source, kind, id, NULL);

	if (kind == SN_EVENT_ERROR)
		event->error = g_error_new_literal(SN_ERROR, code, text);
	push(source, event);
}

static void push_line(FakeSource *source, SnLineState state, SnErrorCode code)
{
	SnMailEvent *event = event_new(source, SN_EVENT_LINE, 0, NULL);

	event->line = state;
	if (state == SN_LINE_OFFLINE)
		event->error = g_error_new(SN_ERROR, code, "The line of %s is cut.", source->user);
	push(source, event);
}

void sn_fake_source_changed(FakeSource *source, const char *folder)
{
	push(source, event_new(source, SN_MAIL_EV_CHANGED, 0, folder));
}

void sn_fake_source_folders(FakeSource *source)
{
	push(source, event_new(source, SN_MAIL_EV_FOLDERS, 0, NULL));
}

/* ---- sync ---- */

static void push_state(FakeSource *source, FakeAccount *account, FakeFolder *folder, guint64 id)
{
	SnMailEvent *event = event_new(source, SN_MAIL_EV_FOLDER_STATE, id, folder->name);

	event->uidvalidity = folder->uidvalidity;
	event->uidnext = folder->uidnext;
	event->highestmodseq = account->modseq;
	event->total = folder->messages->len;
	push(source, event);
}

static void push_message(FakeSource *source, FakeFolder *folder, FakeMessage *message, guint64 id,
			 gint64 full_size)
{
	SnMailEvent *event = event_new(source, SN_MAIL_EV_MESSAGE, id, folder->name);

	event->uid = message->uid;
	event->flags = message->flags;
	event->keywords = g_strdup(message->keywords ? message->keywords : "");
	event->time = message->time;
	event->size = (gint64)g_bytes_get_size(message->raw);
	event->partial = full_size > 0 && event->size > full_size;
	event->raw = event->partial
			     ? g_bytes_new_from_bytes(message->raw, 0, MIN(event->size, 65536))
			     : g_bytes_ref(message->raw);
	push(source, event);
}

static gboolean is_known(const GArray *known, guint32 uid)
{
	for (guint i = 0; known && i < known->len; i++)
		if (g_array_index(known, guint32, i) == uid)
			return TRUE;
	return FALSE;
}

static void push_gone(FakeSource *source, FakeFolder *folder, const SnMailRequest *request)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; request->known && i < request->known->len; i++) {
		guint32 uid = g_array_index(request->known, guint32, i);
		if (!sn_fake_folder_find(folder, uid))
			g_array_append_val(gone, uid);
	}
	if (gone->len == 0)
		return;
	SnMailEvent *event = event_new(source, SN_MAIL_EV_GONE, request->id, folder->name);
	event->uids = g_steal_pointer(&gone);
	push(source, event);
}

static void push_progress(FakeSource *source, FakeFolder *folder, guint64 id, guint done)
{
	SnMailEvent *event = event_new(source, SN_MAIL_EV_PROGRESS, id, folder->name);

	event->done = done;
	event->total = folder->messages->len;
	push(source, event);
}

static void sync_folder(FakeSource *source, FakeAccount *account, FakeFolder *folder,
			const SnMailRequest *request)
{
	const GArray *known = request->known;
	guint sent = 0;

	if (request->uidvalidity != folder->uidvalidity) {
		push_state(source, account, folder, request->id);
		known = NULL;
	} else {
		push_gone(source, folder, request);
	}
	for (guint i = folder->messages->len; i-- > 0;) {
		FakeMessage *message = g_ptr_array_index(folder->messages, i);
		if (!is_known(known, message->uid)) {
			if (request->newest > 0 && sent >= request->newest)
				continue;
			push_message(source, folder, message, request->id, request->full_size);
			push_progress(source, folder, request->id, ++sent);
		} else if (message->modseq > request->highestmodseq) {
			SnMailEvent *event =
				event_new(source, SN_MAIL_EV_FLAGS, request->id, folder->name);
			event->uid = message->uid;
			event->flags = message->flags;
			event->keywords = g_strdup(message->keywords ? message->keywords : "");
			push(source, event);
		}
	}
	push_state(source, account, folder, request->id);
}

/* ---- the other requests; each fills in the DONE event or ends it itself (FALSE) ---- */

static gboolean fetch(FakeSource *source, FakeFolder *folder, const SnMailRequest *request)
{
	for (guint i = 0; request->uids && i < request->uids->len; i++) {
		FakeMessage *message =
			sn_fake_folder_find(folder, g_array_index(request->uids, guint32, i));
		if (!message) {
			push_end(source, request->id, SN_EVENT_ERROR, SN_ERROR_NOT_FOUND,
				 "The message is no longer there.");
			return FALSE;
		}
		push_message(source, folder, message, request->id, 0);
	}
	return TRUE;
}

static gint by_word(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Words with blanks between, in order: without those, and with these. */
static char *other_keywords(const char *keywords, const char *set, const char *clear)
{
	g_auto(GStrv) now = g_strsplit(keywords ? keywords : "", " ", -1);
	g_auto(GStrv) more = g_strsplit(set ? set : "", " ", -1);
	g_auto(GStrv) less = g_strsplit(clear ? clear : "", " ", -1);
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	char **const from[] = { now, more };

	for (gsize k = 0; k < G_N_ELEMENTS(from); k++)
		for (char **word = from[k]; *word; word++)
			if (**word && !g_strv_contains((const char *const *)less, *word) &&
			    !g_ptr_array_find_with_equal_func(words, *word, g_str_equal, NULL))
				g_ptr_array_add(words, *word);
	g_ptr_array_sort(words, by_word);
	g_ptr_array_add(words, NULL);
	return g_strjoinv(" ", (char **)words->pdata);
}

/* The number of the copy. */
static guint32 copy(FakeAccount *account, const FakeMessage *message, const char *target)
{
	FakeFolder *folder = sn_fake_folder(account, target, TRUE);
	guint32 uid = sn_fake_folder_add(account, folder, message->raw, message->flags, message->time);

	sn_fake_folder_find(folder, uid)->keywords = g_strdup(message->keywords);
	return uid;
}

static void change(FakeAccount *account, FakeFolder *folder, const SnMailRequest *request,
		   SnMailEvent *done)
{
	gboolean moves = request->kind == SN_MAIL_REQ_MOVE, copies = request->kind == SN_MAIL_REQ_COPY;

	if (moves || copies)
		done->uids = g_array_set_size(g_array_new(FALSE, TRUE, sizeof(guint32)),
					      request->uids->len);
	for (guint i = 0; request->uids && i < request->uids->len; i++) {
		guint32 uid = g_array_index(request->uids, guint32, i);
		FakeMessage *message = sn_fake_folder_find(folder, uid);
		if (!message)
			continue;
		if (request->kind == SN_MAIL_REQ_STORE) {
			char *keywords = other_keywords(message->keywords, request->set_keywords,
							request->clear_keywords);
			g_free(message->keywords);
			message->keywords = keywords;
			sn_fake_folder_flags(account, folder, uid, request->set,
					     request->clear & ~request->set);
			continue;
		}
		if (moves || copies) {
			guint32 made = copy(account, message, request->target);
			g_array_index(done->uids, guint32, i) = made;
			done->uid = request->uids->len == 1 ? made : 0;
		}
		if (!copies)
			sn_fake_folder_remove(account, folder, uid);
	}
}

static guint32 search(FakeFolder *folder, const char *message_id)
{
	g_autofree char *wanted = g_strdup_printf("<%s>", message_id ? message_id : "");
	guint32 found = 0;

	for (guint i = 0; i < folder->messages->len; i++) {
		FakeMessage *message = g_ptr_array_index(folder->messages, i);
		gsize size = 0;
		const char *raw = g_bytes_get_data(message->raw, &size);
		g_autofree char *text = g_strndup(raw, size);
		char *body = strstr(text, "\r\n\r\n");
		if (!body)
			body = strstr(text, "\n\n");
		if (body)
			*body = '\0';
		const char *header = strcasestr(text, "Message-ID:");
		if (header && g_strstr_len(header, (gssize)strcspn(header, "\n"), wanted))
			found = message->uid;
	}
	return found;
}

static void tell_quota(FakeSource *source, const FakeAccount *account, guint64 id)
{
	if (account->quota_limit == 0)
		return;
	SnMailEvent *event = event_new(source, SN_MAIL_EV_QUOTA, id, NULL);
	event->done = account->quota_used;
	event->total = account->quota_limit;
	push(source, event);
}

static void list(FakeSource *source, FakeAccount *account, guint64 id)
{
	for (guint i = 0; i < account->folders->len; i++) {
		FakeFolder *folder = g_ptr_array_index(account->folders, i);
		SnMailEvent *event = event_new(source, SN_MAIL_EV_FOLDER, id, folder->name);
		event->role = g_strdup(folder->role);
		event->selectable = TRUE;
		push(source, event);
	}
	tell_quota(source, account, id);
}

static gboolean makes_folder(SnMailRequestKind kind)
{
	return kind == SN_MAIL_REQ_APPEND || kind == SN_MAIL_REQ_CREATE;
}

static void serve(FakeSource *source, FakeAccount *account, const SnMailRequest *request)
{
	FakeFolder *folder = NULL;

	if (request->kind != SN_MAIL_REQ_LIST && request->kind != SN_MAIL_REQ_QUOTA) {
		folder = sn_fake_folder(account, request->folder, makes_folder(request->kind));
		if (!folder) {
			push_end(source, request->id, SN_EVENT_ERROR, SN_ERROR_NOT_FOUND,
				 "There is no such folder.");
			return;
		}
	}
	SnMailEvent *done = event_new(source, SN_EVENT_DONE, request->id, request->folder);
	gboolean good = TRUE;
	switch (request->kind) {
	case SN_MAIL_REQ_LIST: list(source, account, request->id); break;
	case SN_MAIL_REQ_SYNC: sync_folder(source, account, folder, request); break;
	case SN_MAIL_REQ_WATCH: folder->watched = TRUE; break;
	case SN_MAIL_REQ_FETCH: good = fetch(source, folder, request); break;
	case SN_MAIL_REQ_STORE:
	case SN_MAIL_REQ_MOVE:
	case SN_MAIL_REQ_COPY:
	case SN_MAIL_REQ_DELETE: change(account, folder, request, done); break;
	case SN_MAIL_REQ_APPEND:
		done->uid = sn_fake_folder_add(account, folder, request->raw, request->flags,
					       request->time);
		break;
	case SN_MAIL_REQ_SEARCH_ID: done->uid = search(folder, request->message_id); break;
	case SN_MAIL_REQ_CREATE: break;
	case SN_MAIL_REQ_QUOTA: tell_quota(source, account, request->id); break;
	}
	if (good)
		push(source, done);
	else
		sn_mail_event_free(done);
}

static gboolean hit_by_fault(FakeAccount *account, SnMailRequestKind kind)
{
	FakeFault *fault = &account->fault;

	if (fault->times == 0 || (fault->kind >= 0 && fault->kind != (int)kind))
		return FALSE;
	fault->times--;
	return TRUE;
}

/* Takes the request. */
static void handle(FakeSource *source, FakeAccount *account, SnMailRequest *request)
{
	if (hit_by_fault(account, request->kind))
		push_end(source, request->id, SN_EVENT_ERROR, (int)account->fault.code,
			 "The server failed as it was told to.");
	else
		serve(source, account, request);
	sn_mail_request_free(request);
}

/* ---- the line ---- */

void sn_fake_mail_line(const char *user, SnLineState state, SnErrorCode code)
{
	FakeAccount *account = sn_fake_account_lock(user);

	account->offline = state != SN_LINE_ONLINE;
	account->offline_code = code;
	for (guint i = 0; i < account->sources->len; i++) {
		FakeSource *source = g_ptr_array_index(account->sources, i);
		push_line(source, state, code);
		SnMailRequest *request;
		while (!account->offline && (request = g_queue_pop_head(&source->waiting)))
			handle(source, account, request);
	}
	sn_fake_account_unlock();
}

/* ---- the interface ---- */

static SnMailSource *create(const SnLinkSpec *link, const char *path, SnQueue *events,
			    gpointer owner, gboolean failing)
{
	FakeSource *source = g_new0(FakeSource, 1);

	source->user = g_strdup(path ? path : link->user);
	source->events = sn_queue_ref(events);
	source->owner = owner;
	source->failing = failing;
	FakeAccount *account = sn_fake_account_lock(source->user);
	g_ptr_array_add(account->sources, source);
	push_line(source, SN_LINE_CONNECTING, 0);
	if (failing)
		push_line(source, SN_LINE_OFFLINE, SN_ERROR_NETWORK);
	else
		push_line(source, account->offline ? SN_LINE_OFFLINE : SN_LINE_ONLINE,
			  account->offline_code);
	sn_fake_account_unlock();
	return (SnMailSource *)source;
}

static SnMailSource *create_fake(const SnLinkSpec *link, const char *path, SnQueue *events,
				 gpointer owner, GError **error)
{
	return create(link, path, events, owner, FALSE);
}

static SnMailSource *create_failing(const SnLinkSpec *link, const char *path, SnQueue *events,
				    gpointer owner, GError **error)
{
	return create(link, path, events, owner, TRUE);
}

static void submit(SnMailSource *mail_source, SnMailRequest *request)
{
	FakeSource *source = self(mail_source);
	FakeAccount *account = sn_fake_account_lock(source->user);

	account->requests[request->kind]++;
	if (source->failing) {
		push_end(source, request->id, SN_EVENT_ERROR, SN_ERROR_NETWORK,
			 "The server cannot be reached.");
		sn_mail_request_free(request);
	} else if (account->offline) {
		g_queue_push_tail(&source->waiting, request);
	} else {
		handle(source, account, request);
	}
	sn_fake_account_unlock();
}

static void cancel(SnMailSource *mail_source, guint64 id)
{
	FakeSource *source = self(mail_source);

	sn_fake_account_lock(source->user);
	for (GList *link = source->waiting.head; link; link = link->next) {
		SnMailRequest *request = link->data;
		if (request->id != id)
			continue;
		g_queue_delete_link(&source->waiting, link);
		sn_mail_request_free(request);
		push_end(source, id, SN_EVENT_CANCELLED, 0, NULL);
		break;
	}
	sn_fake_account_unlock();
}

static void reconnect(SnMailSource *mail_source)
{
	FakeSource *source = self(mail_source);
	FakeAccount *account = sn_fake_account_lock(source->user);

	account->reconnects++;
	if (source->failing)
		push_line(source, SN_LINE_OFFLINE, SN_ERROR_NETWORK);
	sn_fake_account_unlock();
}

static void destroy(SnMailSource **mail_source)
{
	FakeSource *source = mail_source ? self(*mail_source) : NULL;
	SnMailRequest *request;

	if (!source)
		return;
	*mail_source = NULL;
	FakeAccount *account = sn_fake_account_lock(source->user);
	g_ptr_array_remove(account->sources, source);
	while ((request = g_queue_pop_head(&source->waiting))) {
		push_end(source, request->id, SN_EVENT_CANCELLED, 0, NULL);
		sn_mail_request_free(request);
	}
	sn_fake_account_unlock();
	sn_queue_unref(source->events);
	g_free(source->user);
	g_free(source);
}

const SnMailSourceOps sn_fake_mail_ops = {
	"fake", create_fake, submit, cancel, reconnect, destroy,
};
const SnMailSourceOps sn_failing_mail_ops = {
	"failing", create_failing, submit, cancel, reconnect, destroy,
};
