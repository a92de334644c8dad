/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fakes.c - the backends that tests use keep the contract of the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backends/fake/fake_desktop.h"
#include "backends/fake/fake_im.h"

#define JID "alice@example.test"

static SnQueue *events;
static int owner;

static SnIm *create(const SnImOps *ops)
{
	const SnLinkSpec link = { .user = JID };
	return ops->create(&link, events, &owner, NULL);
}

static SnImEvent *next(int kind)
{
	SnImEvent *event = sn_queue_take(events);

	assert_non_null(event);
	assert_int_equal(event->kind, kind);
	assert_ptr_equal(event->owner, &owner);
	return event;
}

static void expect(int kind)
{
	sn_im_event_free(next(kind));
}

static int set_up(void **state)
{
	events = sn_queue_new((GDestroyNotify)sn_im_event_free, 0);
	return 0;
}

static int tear_down(void **state)
{
	sn_queue_unref(events);
	sn_fake_im_reset();
	return 0;
}

static void goes_on_line_by_itself_unless_told(void **state)
{
	SnIm *im = create(&sn_fake_im_ops);

	assert_ptr_equal(sn_fake_im_find(JID, 0), im);
	expect(SN_EVENT_LINE);
	expect(SN_EVENT_LINE);
	expect(SN_IM_EV_FEATURES);
	expect(SN_IM_EV_SYNCED);
	sn_fake_im_ops.destroy(&im);
	assert_null(im);
	assert_null(sn_fake_im_find(JID, 0));
	sn_fake_im_prepare(JID, NULL, NULL, FALSE);
	im = create(&sn_fake_im_ops);
	expect(SN_EVENT_LINE);
	assert_null(sn_queue_take(events));
	sn_fake_im_line(im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	SnImEvent *event = next(SN_EVENT_LINE);
	assert_true(g_error_matches(event->error, SN_ERROR, SN_ERROR_NETWORK));
	sn_im_event_free(event);
	sn_fake_im_ops.destroy(&im);
}

static void requests_end_once_and_open_ones_with_the_backend(void **state)
{
	sn_fake_im_prepare(JID, NULL, NULL, FALSE);
	SnIm *im = create(&sn_fake_im_ops);

	expect(SN_EVENT_LINE);
	sn_fake_im_ops.submit(im, sn_im_request_new(SN_IM_REQ_PROBE, 1));
	sn_fake_im_ops.submit(im, sn_im_request_new(SN_IM_REQ_SEND, 2));
	sn_fake_im_ops.submit(im, sn_im_request_new(SN_IM_REQ_VCARD, 3));
	assert_null(sn_queue_take(events)); /* nobody answered yet */
	SnImRequest *request = sn_fake_im_take(im, SN_IM_REQ_SEND, 0);
	assert_int_equal(request->id, 2);
	sn_im_request_free(request);
	assert_null(sn_fake_im_take(im, SN_IM_REQ_SEND, 0));
	sn_fake_im_error(im, 2, SN_ERROR_UNCERTAIN, "Who knows.");
	SnImEvent *event = next(SN_EVENT_ERROR);
	assert_int_equal(event->id, 2);
	assert_int_equal(event->error->code, SN_ERROR_UNCERTAIN);
	sn_im_event_free(event);
	sn_fake_im_ops.cancel(im, 2); /* too late */
	assert_null(sn_queue_take(events));
	sn_fake_im_ops.cancel(im, 1);
	event = next(SN_EVENT_CANCELLED);
	assert_int_equal(event->id, 1);
	sn_im_event_free(event);
	sn_fake_im_ops.destroy(&im);
	event = next(SN_EVENT_CANCELLED);
	assert_int_equal(event->id, 3);
	sn_im_event_free(event);
}

static void a_script_may_answer_at_once(void **state)
{
	sn_fake_im_prepare(JID, sn_fake_im_accept, NULL, FALSE);
	SnIm *im = create(&sn_fake_im_ops);

	expect(SN_EVENT_LINE);
	sn_fake_im_ops.submit(im, sn_im_request_new(SN_IM_REQ_SEND, 7));
	expect(SN_EVENT_DONE);
	sn_fake_im_message(im, "bob@example.test/x", "m1", "hello");
	SnImEvent *event = next(SN_IM_EV_MESSAGE);
	assert_string_equal(event->message->body, "hello");
	sn_im_event_free(event);
	sn_fake_im_presence(im, "bob@example.test/x", "away", NULL);
	expect(SN_IM_EV_PRESENCE);
	sn_fake_im_ops.destroy(&im);
}

static void the_failing_one_always_fails_politely(void **state)
{
	SnIm *im = create(&sn_failing_im_ops);

	expect(SN_EVENT_LINE);
	SnImEvent *event = next(SN_EVENT_LINE);
	assert_int_equal(event->line, SN_LINE_OFFLINE);
	assert_non_null(event->error);
	sn_im_event_free(event);
	sn_failing_im_ops.submit(im, sn_im_request_new(SN_IM_REQ_SEND, 1));
	event = next(SN_EVENT_ERROR);
	assert_true(sn_error_is_transient(event->error));
	sn_im_event_free(event);
	sn_failing_im_ops.reconnect(im);
	assert_int_equal(sn_fake_im_reconnects(im), 1);
	expect(SN_EVENT_LINE);
	sn_failing_im_ops.destroy(&im);
	assert_null(sn_queue_take(events));
}

static void the_desktop_remembers_and_is_clicked(void **state)
{
	SnQueue *clicked = sn_queue_new(g_free, 0);
	SnDesktop *desktop = sn_fake_desktop_ops.create("sennit", clicked);

	assert_null(sn_fake_desktop_take(0));
	sn_fake_desktop_ops.notify(desktop, SN_NOTIFY_FAILED, 5, "Not sent", "to Bob");
	SnNotification *notification = sn_fake_desktop_take(0);
	assert_int_equal(notification->kind, SN_NOTIFY_FAILED);
	assert_int_equal(notification->tag, 5);
	assert_string_equal(notification->title, "Not sent");
	sn_fake_notification_free(notification);
	sn_fake_desktop_click(5);
	g_autofree gint64 *tag = sn_queue_take(clicked);
	assert_int_equal(*tag, 5);
	sn_fake_desktop_ops.notify(desktop, SN_NOTIFY_MESSAGE, 6, "left", "over");
	sn_fake_desktop_ops.destroy(&desktop);
	assert_null(desktop);
	sn_fake_desktop_click(5); /* nobody there */
	sn_queue_unref(clicked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_on_line_by_itself_unless_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(requests_end_once_and_open_ones_with_the_backend,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_script_may_answer_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_failing_one_always_fails_politely, set_up,
						tear_down),
		cmocka_unit_test(the_desktop_remembers_and_is_clicked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
