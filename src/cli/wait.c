/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/wait.h"

#include <errno.h>
#include <poll.h>

#include "src/base/bell.h"

/* A receipt follows an accepted IM at once or, from some clients, never. */
enum { RECEIPT_SECONDS = 5 };

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
		printf("%s\n", sn_state_word(entry->state));
	}
	int code = code_of(entry);
	if (code && entry->reason)
		sn_cli_failf(code, "%s", entry->reason);
	return code;
}

int sn_wait_entry(SnStore *store, SnId id, gint64 seconds, gboolean json)
{
	gint64 now = g_get_monotonic_time(), end = now + seconds * G_USEC_PER_SEC, settle = 0;
	g_autoptr(GError) error = NULL;
	SnBell *bell = sn_bell_open(sn_store_bell_path(store), &error);

	if (!bell || !sn_bell_listen(bell, &error)) {
		sn_bell_free(bell);
		return sn_cli_fail(error);
	}
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
		struct pollfd poll_fd = { sn_bell_fd(bell), POLLIN, 0 };
		poll(&poll_fd, 1, (int)MIN((until - now) / 1000 + 1, 60000));
	}
}
