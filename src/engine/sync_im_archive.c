/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sync_im_archive.c - reads the server's archive (XEP-0313) from the last id seen.
 *
 * The position moves with live messages only once that is done, so that a crash in between leaves no
 * gap.
 */
#include "src/engine/omemo.h"
#include "src/engine/sync_im_private.h"
#include "src/store/contacts.h"

enum {
	PAGE = 2000,    /* archived messages per request */
	MAX_PAGES = 50, /* per connection; the rest with the next one */
};
#define FIRST_DAYS (14 * SN_DAY)

static void archive_done(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	g_autoptr(GError) error = NULL;
	gboolean more = !event->complete && event->last_id && ++sync->pages < MAX_PAGES;

	if (sync->lost) { /* with the next connection it is asked again from before that */
		sync->reading = FALSE;
		sn_engine_check_settled(engine);
		return;
	}
	if (event->last_id &&
	    !sn_archive_set(engine->store, sync->account->id, sync->own, event->last_id, &error))
		sn_im_sync_warn(sync, error);
	if (more && sync->online) {
		sn_im_archive_read(sync);
		return;
	}
	sync->reading = FALSE;
	sync->caught_up = event->complete;
	if (sync->account->omemo)
		sn_omemo_settle(sync->account->omemo, sync->caught_up);
	if (!sync->online)
		return; /* the last page was still to be filed when the line went */
	sn_account_status(sync->account, SN_END_IM, SN_STATUS_ONLINE, NULL, 0);
	sn_im_sync_look(sync);
}

static void archive_failed(SnImSync *sync, const SnImEvent *event)
{
	SnEngine *engine = sync->account->engine;
	gboolean expired = event->error &&
	                   g_error_matches(event->error, SN_ERROR, SN_ERROR_NOT_FOUND) &&
	                   !sync->from_start;

	sync->reading = FALSE;
	if (expired) {
		/* the archive no longer knows the position: by time, from before what is here */
		SnTime newest = sn_im_newest(engine->store, sync->account->id);
		sync->since = sn_clock_now(engine->clock) - FIRST_DAYS;
		if (newest)
			sync->since = MIN(sync->since, newest - SN_DAY);
		sn_archive_set(engine->store, sync->account->id, sync->own, NULL, NULL);
		sync->pages = 0;
		sn_im_archive_read(sync);
		return;
	}
	if (event->error && sync->online)
		sn_im_sync_warn(sync, event->error);
	/* with the next connection it is asked again from where it stands */
	sn_engine_check_settled(engine);
}

static void archive_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	SnImSync *sync = data;

	switch (event->kind) {
	case SN_IM_EV_MESSAGE:
		if (!event->message)
			break;
		sn_im_sync_message(sync, event->message);
		if (sync->in_batch && event->message->archive_id) {
			g_free(sync->position);
			sync->position = g_strdup(event->message->archive_id);
		}
		break;
	case SN_EVENT_DONE: archive_done(sync, event); break;
	case SN_EVENT_ERROR:
	case SN_EVENT_CANCELLED: archive_failed(sync, event); break;
	}
}

void sn_im_archive_read(SnImSync *sync)
{
	SnEngine *engine = sync->account->engine;
	SnImRequest *request = sn_im_sync_request(sync, SN_IM_REQ_ARCHIVE);

	request->after_id = sn_archive_get(engine->store, sync->account->id, sync->own);
	request->max_messages = PAGE;
	sync->from_start = !request->after_id;
	if (sync->from_start)
		request->start = sync->since ? sync->since
		                             : sn_clock_now(engine->clock) - FIRST_DAYS;
	sync->reading = TRUE;
	sync->caught_up = sync->lost = FALSE;
	sn_account_progress(sync->account, SN_END_IM, "Reading the archive.",
	                    (gint64)sync->pages * PAGE, 0);
	sn_engine_im(sync->account, request, archive_reply, sync);
}
