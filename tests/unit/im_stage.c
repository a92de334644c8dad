/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/im_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backends/fake/fake_desktop.h"

#define ONLY_IM                                                                                \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                  \
	"password-command = echo secret\n"

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static const SnDesktopOps *fake_desktop(GError **error)
{
	return &sn_fake_desktop_ops;
}

void im_start(ImStage *stage)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .im = fake_im, .desktop = fake_desktop },
		.random_seed = 1,
	};

	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
}

int im_set_up(void **state)
{
	ImStage *stage = g_new0(ImStage, 1);

	stage->bench = sn_bench_new(ONLY_IM, NULL, SN_STORE_CLIENT);
	*state = stage;
	return 0;
}

int im_tear_down(void **state)
{
	ImStage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

/* The archive answers at once that it is complete. */
void im_empty_archive(SnIm *im, const SnImRequest *request, gpointer data)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);

	event->complete = TRUE;
	event->found = FALSE;
	sn_fake_im_push(im, event);
}

void im_start_online(ImStage *stage)
{
	sn_fake_im_prepare(ME, im_empty_archive, NULL, TRUE);
	im_start(stage);
}

void im_push_roster(SnIm *im, const char *jid, const char *name, const char *subscription)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(jid);
	event->name = g_strdup(name);
	event->subscription = g_strdup(subscription);
	sn_fake_im_push(im, event);
}

void im_push_message(SnIm *im, SnImMessage *message)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);

	event->message = message;
	sn_fake_im_push(im, event);
}

void im_push_line(SnIm *im, SnLineState line)
{
	SnImEvent *event = sn_im_event_new(SN_EVENT_LINE, 0, NULL);

	event->line = line;
	if (line == SN_LINE_OFFLINE)
		event->error = g_error_new(SN_ERROR, SN_ERROR_NETWORK, "The line was cut.");
	sn_fake_im_push(im, event);
}

/* ---- conditions ---- */

gboolean im_status_is(SnBench *bench, gpointer data)
{
	g_autoptr(GPtrArray) all = sn_status_list(bench->store);

	for (guint i = 0; i < all->len; i++) {
		const SnStatus *one = all->pdata[i];
		if (g_str_equal(one->end, "im") && one->kind == GPOINTER_TO_UINT(data))
			return TRUE;
	}
	return FALSE;
}

gboolean im_is_here(SnBench *bench, gpointer data)
{
	return sn_message_find_im(bench->store, data, BOB) != 0;
}

gboolean im_bob_is_away(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);
	g_autoptr(SnPresence) best = bob ? sn_presence_best(bench->store, bob->id) : NULL;

	return best && best->show == SN_PRESENCE_AWAY;
}

gboolean im_has_address(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) found = sn_address_find(bench->store, SN_CHANNEL_IM, data);

	return found != NULL;
}

SnMessage *im_of_bob(ImStage *stage, const char *id)
{
	assert_true(sn_bench_wait(stage->bench, im_is_here, (gpointer)id));
	return sn_bench_message(stage->bench, sn_message_find_im(stage->bench->store, id, BOB));
}
