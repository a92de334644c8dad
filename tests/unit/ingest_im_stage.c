/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/base/omemo.h"
#include "src/base/opened.h"
#include "tests/unit/ingest_im_stage.h"

#define ACCOUNT                                                                                 \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                   \
	"password-command = echo secret\n"

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

/* What another client of the user's has read while we were away. */
static void tell_held(SnIm *im, const SnImRequest *request, const char *held)
{
	gboolean node = request->kind == SN_IM_REQ_PRIVATE_GET &&
	                !g_strcmp0(request->node, SN_PRIVATE_DISPLAYED);
	SnImEvent *event = sn_im_event_new(node ? SN_IM_EV_PRIVATE : SN_IM_EV_MESSAGE, request->id, NULL);

	if (node) {
		event->node = g_strdup(request->node);
		event->item = g_strdup(BOB);
		event->text = g_strdup(held);
	} else {
		event->message = ingest_from_bob(held, held);
		event->message->stanza_id = g_strdup(held);
		event->message->archived = TRUE;
	}
	if (node || request->kind == SN_IM_REQ_ARCHIVE)
		sn_fake_im_push(im, event);
	else
		sn_im_event_free(event);
}

static void answer(SnIm *im, const SnImRequest *request, gpointer data)
{
	IngestStage *stage = data;

	if (request->kind == SN_IM_REQ_DOWNLOAD ||
	    ((request->kind == SN_IM_REQ_PRIVATE_PUT || request->kind == SN_IM_REQ_VCARD_PUT) &&
	     g_atomic_int_get(&stage->refuse)))
		return;
	const char *held = g_atomic_pointer_get(&stage->held);
	if (held)
		tell_held(im, request, held);
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	event->complete = TRUE;
	sn_fake_im_push(im, event);
}

int ingest_set_up(void **state)
{
	IngestStage *stage = g_new0(IngestStage, 1);
	g_autoptr(GError) error = NULL;

	stage->bench = sn_bench_new(ACCOUNT, NULL, SN_STORE_CLIENT);
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .im = fake_im },
		.random_seed = 1,
	};
	sn_fake_im_prepare(ME, answer, stage, TRUE);
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
	*state = stage;
	return 0;
}

int ingest_tear_down(void **state)
{
	IngestStage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_bench_free(stage->bench);
	g_free(stage);
	return 0;
}

void ingest_link_bob(IngestStage *stage)
{
	SnStore *store = stage->bench->store;
	SnId jid = sn_address_intern(store, SN_CHANNEL_IM, BOB, NULL, NULL);
	SnId mail = sn_address_intern(store, SN_CHANNEL_MAIL, BOB_MAIL, NULL, NULL);
	g_autoptr(SnAddress) address = sn_address_get(store, mail);

	assert_true(sn_link_confirm(store, jid, address->person, NULL));
}

void ingest_contact(IngestStage *stage)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(BOB);
	event->subscription = g_strdup("both");
	sn_fake_im_push(stage->im, event);
}

SnId ingest_own_mail(IngestStage *stage, const char *id, const char *subject, const char *text)
{
	g_autofree char *headers = g_strdup_printf(
		"From: alice@example.test\nTo: " BOB_MAIL "\nDate: Sun, 15 Nov 2026 10:00:00 +0000\n"
		"Message-ID: <%s>\nSubject: %s\n",
		id, subject);

	return sn_bench_ingest(stage->bench, headers, text, NULL);
}

SnImMessage *ingest_from_bob(const char *id, const char *body)
{
	SnImMessage *im = sn_im_message_new();

	im->from = g_strdup(BOB "/phone");
	im->to = g_strdup(ME);
	im->id = g_strdup(id);
	im->body = g_strdup(body);
	return im;
}

gboolean ingest_has_im(SnBench *bench, gpointer data)
{
	return sn_message_find_im(bench->store, data, BOB) != 0;
}

/* Pushes it, and returns its row. */
SnMessage *ingest_receive(IngestStage *stage, SnImMessage *im)
{
	g_autofree char *id = g_strdup(im->origin_id ? im->origin_id : im->id);
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);

	event->message = im;
	sn_fake_im_push(stage->im, event);
	assert_true(sn_bench_wait(stage->bench, ingest_has_im, id));
	return sn_bench_message(stage->bench, sn_message_find_im(stage->bench->store, id, BOB));
}

guint ingest_shown(IngestStage *stage, SnId conversation)
{
	g_autoptr(GPtrArray) page =
		sn_message_page(stage->bench->store, conversation, 0, 0, FALSE, 50, 0);

	return page->len;
}

SnImMessage *ingest_sealed(SnImMessage *im)
{
	im->encrypted = TRUE;
	im->e2e = SN_SECURE_ENCRYPTED | (guint)SN_E2E_OPENED;
	return im;
}
