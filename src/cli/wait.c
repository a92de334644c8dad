/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/wait.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "src/base/bell.h"
#include "src/cli/opened.h"

/* A receipt follows an accepted IM at once or, from some clients, never. */
enum { RECEIPT_SECONDS = 5 };
/* An engine that is alive answers at once; a longer wait would only look like a hang. */
enum { REQUEST_SECONDS = 3 };

typedef enum { PENDING, SETTLING, FINAL } Progress;

static Progress progress_of(const SnOutboxEntry *entry)
{
	switch (entry->state) {
	case SN_STATE_DELIVERED:
	case SN_STATE_READ:
	case SN_STATE_FAILED:
	case SN_STATE_CANCELLED:
	case SN_STATE_CONVERTED:
	case SN_STATE_CHOOSING: return FINAL;
	case SN_STATE_ACCEPTED: return entry->channel == SN_CHANNEL_IM ? SETTLING : FINAL;
	default: return PENDING;
	}
}

static int code_of(const SnOutboxEntry *entry)
{
	switch (entry->state) {
	case SN_STATE_ACCEPTED:
	case SN_STATE_DELIVERED:
	case SN_STATE_READ:
	case SN_STATE_CONVERTED: return SN_EXIT_DONE;
	case SN_STATE_FAILED:
		return entry->error_word ? (int)sn_exit_for_code(sn_error_from_word(entry->error_word)) :
		                           (int)SN_EXIT_FAILED;
	case SN_STATE_CANCELLED: return SN_EXIT_FAILED;
	default: return SN_EXIT_WAITING;
	}
}

static int report(SnStore *store, const SnOutboxEntry *entry, gboolean json)
{
	if (json) {
		SnJsonList list;
		sn_json_begin(&list);
		sn_json_item(&list, sn_json_entry(store, entry));
		sn_json_end(&list);
	} else {
		const char *odd = sn_cli_entry_e2e(store, entry, TRUE);
		printf("%s\n", sn_state_word(entry->state));
		if (odd)
			fprintf(stderr, "%s\n", odd);
	}
	int code = code_of(entry);
	if (code && entry->reason)
		sn_cli_failf(code, "%s", entry->reason);
	return code;
}

static SnBell *open_bell(SnStore *store, GError **error)
{
	SnBell *bell = sn_bell_open(sn_store_bell_path(store), error);

	if (bell && sn_bell_listen(bell, error))
		return bell;
	sn_bell_free(bell);
	return NULL;
}

static void wait_for_bell(SnBell *bell, gint64 now, gint64 until)
{
	struct pollfd poll_fd = { sn_bell_fd(bell), POLLIN, 0 };

	poll(&poll_fd, 1, (int)MIN((until - now) / 1000 + 1, 60000));
}

int sn_wait_entry(SnStore *store, SnId id, gint64 seconds, gboolean json)
{
	gint64 now = g_get_monotonic_time(), end = now + seconds * G_USEC_PER_SEC, settle = 0;
	g_autoptr(GError) error = NULL;
	SnBell *bell = open_bell(store, &error);

	if (!bell)
		return sn_cli_fail(error);
	for (;;) {
		/* first empty the bell, then look: what comes after the look rings again */
		sn_bell_answer(bell);
		g_autoptr(SnOutboxEntry) entry = sn_outbox_get(store, id, SN_OUTBOX_FULL);
		if (!entry) {
			sn_bell_free(bell);
			return sn_cli_failf(SN_EXIT_NOT_FOUND, "the entry is gone");
		}
		Progress progress = progress_of(entry);
		now = g_get_monotonic_time();
		if (progress == SETTLING && !settle)
			settle = MIN(end, now + RECEIPT_SECONDS * G_USEC_PER_SEC);
		gint64 until = settle ? settle : end;
		if (progress == FINAL || now >= until) {
			sn_bell_free(bell);
			return report(store, entry, json);
		}
		wait_for_bell(bell, now, until);
	}
}

/* The engine's "too late to cancel" in the journal, if that is its last word on a request. */
static char *refusal(SnStore *store, SnId id)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(store, id);

	for (guint i = events ? events->len : 0; i > 0; i--) {
		const SnOutboxEvent *event = events->pdata[i - 1];
		if (strcmp(event->what, "request") != 0)
			continue;
		return event->detail && g_str_has_prefix(event->detail, "too late")
			? g_strdup(event->detail) : NULL;
	}
	return NULL;
}

int sn_wait_request(SnStore *store, SnId id)
{
	gint64 end = g_get_monotonic_time() + REQUEST_SECONDS * G_USEC_PER_SEC;
	g_autoptr(GError) error = NULL;
	g_autoptr(SnOutboxEntry) entry = NULL;
	SnBell *bell = open_bell(store, &error);

	if (!bell)
		return sn_cli_fail(error);
	for (gint64 now = 0; now < end; now = g_get_monotonic_time()) {
		sn_bell_answer(bell);
		g_clear_pointer(&entry, sn_outbox_entry_free);
		entry = sn_outbox_get(store, id, 0);
		if (!entry || entry->request == SN_REQUEST_NONE)
			break;
		wait_for_bell(bell, MAX(now, g_get_monotonic_time()), end);
	}
	sn_bell_free(bell);
	if (!entry)
		return sn_cli_failf(SN_EXIT_NOT_FOUND, "the entry is gone");
	if (entry->request != SN_REQUEST_NONE)
		return sn_cli_failf(SN_EXIT_WAITING, entry->state == SN_STATE_SENDING
			? "it is being sent: it may be too late for that"
			: "noted; the engine has not come to it yet");
	g_autofree char *late = refusal(store, id);
	if (entry->converted_to)
		printf("%s to entry %" G_GINT64_FORMAT "\n", sn_state_word(entry->state),
		       entry->converted_to);
	else
		printf("%s\n", sn_state_word(entry->state));
	return late ? sn_cli_failf(SN_EXIT_FAILED, "%s: the message is %s", late,
	                           sn_state_word(entry->state)) : SN_EXIT_DONE;
}
