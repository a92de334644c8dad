/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_desktop.c - notifications as a daemon sees them, and daemons that are not there or hang. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "backends/desktop/desktop.h"

#define WAIT_MS 10000

typedef struct {
	GTestDBus *bus;
	GSubprocess *listener;
	GDataInputStream *lines;
	SnQueue *clicked;
	SnDesktop *desktop;
} World;

static void say(World *world, const char *command)
{
	GOutputStream *input = g_subprocess_get_stdin_pipe(world->listener);

	assert_true(g_output_stream_write_all(input, command, strlen(command), NULL, NULL, NULL));
	assert_true(g_output_stream_flush(input, NULL, NULL));
}

/* The next call the daemon got. */
static json_t *hear(World *world)
{
	g_autofree char *line = g_data_input_stream_read_line(world->lines, NULL, NULL, NULL);

	assert_non_null(line);
	json_t *object = json_loads(line, 0, NULL);
	assert_non_null(object);
	return object;
}

static const char *text(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int number(json_t *object, const char *key)
{
	return (int)json_integer_value(json_object_get(object, key));
}

static void start(World *world, const char *option)
{
	const char *top = g_getenv("TOP_BUILDDIR");
	g_autofree char *path =
		g_build_filename(top ? top : ".", "tests", "lib", "notify_listener", NULL);
	g_autoptr(GError) error = NULL;

	*world = (World){ .bus = g_test_dbus_new(G_TEST_DBUS_NONE) };
	g_test_dbus_up(world->bus);
	world->listener =
		g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
				 &error, path, option, NULL);
	if (!world->listener)
		fail_msg("%s", error->message);
	world->lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(world->listener));
	json_t *ready = hear(world);
	assert_string_equal(text(ready, "event"), "ready");
	json_decref(ready);
	world->clicked = sn_queue_new(g_free, 0);
	world->desktop = sn_desktop_ops.create("sennit", world->clicked);
}

static void stop(World *world)
{
	sn_desktop_ops.destroy(&world->desktop);
	assert_null(world->desktop);
	g_subprocess_force_exit(world->listener);
	g_subprocess_wait(world->listener, NULL, NULL);
	g_object_unref(world->lines);
	g_object_unref(world->listener);
	sn_queue_unref(world->clicked);
	g_test_dbus_down(world->bus);
	g_object_unref(world->bus);
}

static void shows_text_escaped_with_its_urgency(void **state)
{
	World world;

	start(&world, NULL);
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_MESSAGE, 7, "Bob <3", "a < b & <i>c</i>");
	json_t *call = hear(&world);
	assert_string_equal(text(call, "title"), "Bob <3"); /* a title is never markup */
	assert_string_equal(text(call, "body"), "a &lt; b &amp; &lt;i&gt;c&lt;/i&gt;");
	assert_string_equal(text(call, "app"), "sennit");
	assert_int_equal(number(call, "urgency"), 1);
	json_decref(call);
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_FAILED, 8, "Not sent", "");
	call = hear(&world);
	assert_int_equal(number(call, "urgency"), 2);
	json_decref(call);
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_DELIVERED, 9, "Delivered", "to Bob");
	call = hear(&world);
	assert_int_equal(number(call, "urgency"), 0);
	json_decref(call);
	stop(&world);
}

static void plain_daemons_get_plain_text(void **state)
{
	World world;

	start(&world, "--no-markup");
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_MESSAGE, 7, "Bob", "a < b & c");
	json_t *call = hear(&world);
	assert_string_equal(text(call, "body"), "a < b & c");
	json_decref(call);
	stop(&world);
}

static void a_newer_one_replaces_and_a_click_names_its_tag(void **state)
{
	World world;

	start(&world, NULL);
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_MESSAGE, 1, "Bob", "one");
	json_t *first = hear(&world);
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_MESSAGE, 1LL << 40, "Carol", "two");
	json_t *other = hear(&world);
	assert_int_not_equal(number(first, "id"), number(other, "id"));
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_MESSAGE, 1, "Bob", "three");
	json_t *newer = hear(&world);
	assert_int_equal(number(newer, "replaces"), number(first, "id"));
	assert_string_equal(json_string_value(json_array_get(json_object_get(other, "actions"), 0)),
			    "default");
	g_autofree char *click = g_strdup_printf("click %d\n", number(other, "id"));
	say(&world, click);
	g_autofree gint64 *tag = sn_queue_wait(world.clicked, WAIT_MS);
	assert_non_null(tag);
	assert_true(*tag == 1LL << 40);
	/* closed by the user: the next one is a new one */
	g_autofree char *closing = g_strdup_printf("close %d\n", number(first, "id"));
	say(&world, closing);
	g_autofree char *click_again = g_strdup_printf("click %d\n", number(other, "id"));
	say(&world, click_again); /* signals arrive in order: so does the closing */
	g_free(sn_queue_wait(world.clicked, WAIT_MS));
	sn_desktop_ops.notify(world.desktop, SN_NOTIFY_MESSAGE, 1, "Bob", "four");
	json_t *fresh = hear(&world);
	assert_int_equal(number(fresh, "replaces"), 0);
	json_decref(first);
	json_decref(other);
	json_decref(newer);
	json_decref(fresh);
	stop(&world);
}

static void a_daemon_that_hangs_holds_nobody_up(void **state)
{
	World world;
	gint64 began;

	start(&world, "--hang");
	began = g_get_monotonic_time();
	for (int i = 0; i < 100; i++)
		sn_desktop_ops.notify(world.desktop, SN_NOTIFY_MESSAGE, i, "Bob", "hello");
	assert_true(g_get_monotonic_time() - began < G_USEC_PER_SEC);
	began = g_get_monotonic_time();
	sn_desktop_ops.destroy(&world.desktop);
	assert_true(g_get_monotonic_time() - began < 2 * G_USEC_PER_SEC);
	stop(&world);
}

static void without_a_bus_nothing_happens(void **state)
{
	g_autofree char *address = g_strdup(g_getenv("DBUS_SESSION_BUS_ADDRESS"));
	g_autofree char *runtime = g_strdup(g_getenv("XDG_RUNTIME_DIR"));
	const char *const addresses[] = { NULL, "unix:path=/nonexistent/bus" };

	g_setenv("XDG_RUNTIME_DIR", "/nonexistent", TRUE);
	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		if (addresses[i])
			g_setenv("DBUS_SESSION_BUS_ADDRESS", addresses[i], TRUE);
		else
			g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
		SnDesktop *desktop = sn_desktop_ops.create("sennit", NULL);
		sn_desktop_ops.notify(desktop, SN_NOTIFY_QUESTION, 1, "Bob", "hello");
		sn_desktop_ops.destroy(&desktop);
		assert_null(desktop);
	}
	sn_desktop_ops.destroy(&(SnDesktop *){ NULL });
	if (address)
		g_setenv("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
	else
		g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	if (runtime)
		g_setenv("XDG_RUNTIME_DIR", runtime, TRUE);
	else
		g_unsetenv("XDG_RUNTIME_DIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_bus_nothing_happens),
		cmocka_unit_test(shows_text_escaped_with_its_urgency),
		cmocka_unit_test(plain_daemons_get_plain_text),
		cmocka_unit_test(a_newer_one_replaces_and_a_click_names_its_tag),
		/* last: it leaves a thread behind that waits for its call to time out */
		cmocka_unit_test(a_daemon_that_hangs_holds_nobody_up),
	};
	const char *filter = g_getenv("TEST_FILTER");
	if (filter)
		cmocka_set_test_filter(filter);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
