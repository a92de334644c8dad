/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/bell.h"
#include "src/base/clock.h"
#include "src/base/disk.h"
#include "src/base/error.h"
#include "src/base/gio.h"
#include "src/base/ids.h"
#include "src/base/lock.h"
#include "src/base/queue.h"

static gboolean readable(int fd)
{
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	return poll(&poll_fd, 1, 0) == 1;
}

static void every_error_word_reads_back(void **state)
{
#define X(name, word)                                                                          \
	assert_string_equal(sn_error_word(SN_ERROR_##name), word);                             \
	assert_int_equal(sn_error_from_word(word), SN_ERROR_##name);
	SN_ERROR_TABLE(X)
#undef X
	assert_int_equal(sn_error_from_word("nonsense"), SN_ERROR_BUG);
}

static void queue_keeps_order_and_signals(void **state)
{
	SnQueue *queue = sn_queue_new(g_free, 0);

	assert_false(readable(sn_queue_fd(queue)));
	for (int i = 0; i < 3; i++)
		assert_true(sn_queue_push(queue, g_strdup_printf("%d", i), 1));
	assert_true(readable(sn_queue_fd(queue)));
	for (int i = 0; i < 3; i++) {
		g_autofree char *item = sn_queue_take(queue);
		assert_int_equal(atoi(item), i);
	}
	assert_null(sn_queue_take(queue));
	assert_false(readable(sn_queue_fd(queue)));
	assert_null(sn_queue_wait(queue, 1));
	sn_queue_unref(queue);
}

static gpointer produce(gpointer data)
{
	SnQueue *queue = data;
	gintptr pushed = 0;

	while (pushed < 1000) {
		char *item = g_malloc(1);
		if (!sn_queue_push(queue, item, 10)) {
			g_free(item); /* still ours: the queue was closed */
			break;
		}
		pushed++;
	}
	return (gpointer)pushed;
}

static void full_queue_blocks_its_producer_until_taken(void **state)
{
	SnQueue *queue = sn_queue_new(g_free, 100);
	GThread *thread = g_thread_new("producer", produce, queue);
	int taken = 0;

	while (taken < 1000) {
		g_autofree char *item = sn_queue_wait(queue, 5000);
		assert_non_null(item);
		taken++;
	}
	assert_int_equal((gintptr)g_thread_join(thread), 1000);
	sn_queue_unref(queue);
}

static void closing_frees_a_blocked_producer(void **state)
{
	SnQueue *queue = sn_queue_new(g_free, 100);
	GThread *thread = g_thread_new("producer", produce, queue);

	g_free(sn_queue_wait(queue, 5000));
	sn_queue_close(queue);
	assert_in_range((gintptr)g_thread_join(thread), 1, 11);
	g_autofree char *late = g_strdup("late");
	assert_false(sn_queue_push(queue, late, 1));
	sn_queue_unref(queue);
}

static void count_item(gpointer item, gpointer data)
{
	g_free(item);
	(*(int *)data)++;
}

static void source_calls_the_handler_on_its_context(void **state)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	SnQueue *queue = sn_queue_new(g_free, 0);
	int count = 0;
	g_autoptr(GSource) source = sn_queue_source(queue, context, 2, count_item, &count);

	for (int i = 0; i < 5; i++)
		sn_queue_push(queue, g_malloc(1), 0);
	g_main_context_iteration(context, FALSE);
	assert_int_equal(count, 2);
	while (g_main_context_iteration(context, FALSE))
		;
	assert_int_equal(count, 5);
	g_source_destroy(source);
	sn_queue_unref(queue);
}

/* ---- the bell ---- */

static gboolean no_inotify;

int inotify_init1(int flags)
{
	static int (*real)(int);

	if (no_inotify) {
		errno = EMFILE;
		return -1;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "inotify_init1");
	return real(flags);
}

/* Other programs may have used up what the kernel gives a user: then the store is looked at, again and again. */
static void bell_is_heard_late_without_inotify(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-test-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "bell", NULL);
	SnBell *one = sn_bell_open(path, NULL), *two = sn_bell_open(path, NULL);

	no_inotify = TRUE;
	assert_true(sn_bell_listen(two, NULL));
	no_inotify = FALSE;
	sn_bell_ring(one);
	struct pollfd wait = { sn_bell_fd(two), POLLIN, 0 };
	assert_int_equal(poll(&wait, 1, 20000), 1);
	assert_true(sn_bell_answer(two));
	assert_false(sn_bell_answer(two));
	sn_bell_free(one);
	sn_bell_free(two);
	g_remove(path);
	g_rmdir(dir);
}

static void a_letter_stays_in_the_bell(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-test-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "bell", NULL);
	SnBell *one = sn_bell_open(path, NULL), *two = sn_bell_open(path, NULL);

	assert_int_equal(sn_bell_left(two), ' ');
	sn_bell_leave(one, 'f');
	sn_bell_ring(two);
	assert_int_equal(sn_bell_left(two), 'f');
	sn_bell_leave(one, ' ');
	assert_int_equal(sn_bell_left(two), ' ');
	sn_bell_free(one);
	sn_bell_free(two);
	g_remove(path);
	g_rmdir(dir);
}

/* statfs(2) of file systems that several machines share, and of some that they do not. */
static void disks_of_other_machines_are_known(void **state)
{
	assert_string_equal(sn_disk_network_kind(0x6969), "NFS");
	assert_string_equal(sn_disk_network_kind(0xff534d42), "CIFS");
	assert_null(sn_disk_network_kind(0xef53)); /* ext4 */
	assert_null(sn_disk_network_kind(0x01021994)); /* tmpfs */
	assert_null(sn_disk_network("/proc"));
	assert_null(sn_disk_network("/there is no such path"));
}

static void bell_is_heard_by_another_listener(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "bell", NULL);
	SnBell *one = sn_bell_open(path, NULL), *two = sn_bell_open(path, NULL);

	assert_true(sn_bell_listen(two, NULL));
	assert_false(sn_bell_answer(two));
	sn_bell_ring(one);
	sn_bell_ring(one);
	assert_true(readable(sn_bell_fd(two)));
	assert_true(sn_bell_answer(two));
	assert_false(sn_bell_answer(two));
	sn_bell_free(one);
	sn_bell_free(two);
	g_unlink(path);
	g_rmdir(dir);
}

typedef struct {
	const char *path;
	int enough; /* atomic */
} Looking;

static gpointer look_all_the_time(gpointer data)
{
	Looking *looking = data;

	while (!g_atomic_int_get(&looking->enough))
		sn_lock_holder(looking->path);
	return NULL;
}

/* A command that asks whether an engine runs must not keep one from starting. */
static void looking_does_not_lock(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "lock", NULL);

	sn_lock_release(sn_lock_take(path, NULL));
	Looking looking = { .path = path };
	GThread *thread = g_thread_new("look", look_all_the_time, &looking);
	for (int i = 0; i < 1000; i++) {
		SnLock *lock = sn_lock_take(path, NULL);
		assert_non_null(lock);
		sn_lock_release(lock);
	}
	g_atomic_int_set(&looking.enough, TRUE);
	g_thread_join(thread);
	g_unlink(path);
	g_rmdir(dir);
}

/* Killed between fork() and exec() of a command, the engine leaves its open files to that child. */
static void what_a_killed_holder_started_does_not_hold_it_for_long(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "lock", NULL);
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t holder = fork();
	if (holder == 0) {
		SnLock *lock = sn_lock_take(path, NULL);
		if (lock && fork() == 0) {
			usleep(300 * 1000); /* as slow as a loaded machine */
			_exit(0);
		}
		_exit(write(ready[1], lock ? "y" : "n", 1) == 1 ? pause() : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_null(sn_lock_take(path, NULL)); /* it lives */
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	SnLock *lock = sn_lock_take(path, NULL);
	assert_non_null(lock);
	sn_lock_release(lock);
	close(ready[0]);
	close(ready[1]);
	g_unlink(path);
	g_rmdir(dir);
}

static void only_one_holds_the_lock(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "lock", NULL);
	g_autoptr(GError) error = NULL;
	SnLock *lock = sn_lock_take(path, NULL);

	assert_non_null(lock);
	assert_null(sn_lock_take(path, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_BUSY));
	assert_int_equal(sn_lock_holder(path), getpid());
	sn_lock_release(lock);
	assert_int_equal(sn_lock_holder(path), 0);
	lock = sn_lock_take(path, NULL);
	assert_non_null(lock);
	sn_lock_release(lock);
	g_unlink(path);
	g_rmdir(dir);
}

static SnTime fixed_now(gpointer data)
{
	return *(SnTime *)data;
}

static void times_are_written_and_read(void **state)
{
	SnTime now = 1795000000123;
	SnClock clock = { fixed_now, &now };
	g_autofree char *text = sn_time_format(now);

	assert_string_equal(text, "2026-11-18T11:06:40.123Z");
	assert_int_equal(sn_time_parse(text, &clock), now);
	assert_int_equal(sn_time_parse("3h", &clock), now - 3 * SN_HOUR);
	assert_int_equal(sn_time_parse("2w", &clock), now - 14 * SN_DAY);
	assert_int_equal(sn_time_parse("soon", &clock), 0);
	assert_int_equal(sn_time_parse("-1d", &clock), 0);
	assert_true(sn_time_parse("yesterday", &clock) < sn_time_parse("today", &clock));
	assert_int_equal(sn_time_parse("2026-02-31", &clock), 0);
}

static void ids_are_unique_and_well_formed(void **state)
{
	g_autofree char *one = sn_id_message("alice@example.test");
	g_autofree char *two = sn_id_message("alice@example.test");
	g_autofree char *thread = sn_id_thread("root@example.test");

	assert_string_not_equal(one, two);
	assert_true(g_str_has_suffix(one, "@example.test"));
	assert_int_equal(strlen(thread), 24);
}

/* ---- a machine that sleeps ---- */

typedef struct {
	SnTime wall, steady;
} Times;

static SnTime wall_of(gpointer data)
{
	return ((Times *)data)->wall;
}

static SnTime steady_of(gpointer data)
{
	return ((Times *)data)->steady;
}

static void a_sleep_is_noticed_by_two_clocks(void **state)
{
	Times times = { 1000000, 500 };
	SnClock clock = { wall_of, &times, steady_of }, no_steady = { wall_of, &times, NULL };
	SnClockWatch watch, blind;

	sn_clock_watch(&watch, &clock);
	sn_clock_watch(&blind, &no_steady);
	times.wall += SN_HOUR;
	times.steady += SN_HOUR; /* awake all the time */
	assert_int_equal(sn_clock_jump(&watch, &clock), 0);
	times.wall += 8 * SN_HOUR + 3000;
	times.steady += 3000; /* slept */
	assert_int_equal(sn_clock_jump(&watch, &clock), 8 * SN_HOUR);
	assert_int_equal(sn_clock_jump(&watch, &clock), 0); /* told once */
	times.wall -= SN_HOUR; /* set back */
	assert_int_equal(sn_clock_jump(&watch, &clock), -SN_HOUR);
	times.wall += 1500; /* a correction of the clock is no sleep */
	assert_int_equal(sn_clock_jump(&watch, &clock), 0);
	assert_int_equal(sn_clock_jump(&blind, &no_steady), 0);
	sn_clock_watch(&watch, NULL);
	assert_int_equal(sn_clock_jump(&watch, NULL), 0);
}

/* That it rings when the clock is set is the kernel's promise (TFD_TIMER_CANCEL_ON_SET): a test must
 * not set the clock of the machine. */
static void the_alarm_is_silent_while_nobody_sets_the_clock(void **state)
{
	int fd = sn_clock_alarm_new();

	assert_true(fd >= 0);
	assert_true(sn_clock_alarm_arm(fd));
	assert_false(readable(fd));
	assert_true(sn_clock_alarm_arm(fd));
	assert_false(readable(fd));
	close(fd);
	assert_false(sn_clock_alarm_arm(-1));
}

static void gio_is_there_when_it_is_called(void **state)
{
	const SnGio *gio = sn_gio();
	g_autofree char *type = gio->g_content_type_guess("rope.txt", NULL, 0, NULL);
	sn_gio_auto GCancellable *cancel = gio->g_cancellable_new();
	sn_gio_auto GCancellable *none = NULL;

	assert_string_equal(type, "text/plain");
	assert_ptr_equal(sn_gio(), gio);
	assert_false(gio->g_cancellable_is_cancelled(cancel));
	gio->g_cancellable_cancel(cancel);
	assert_true(gio->g_cancellable_is_cancelled(cancel));
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_word_reads_back),
		cmocka_unit_test(queue_keeps_order_and_signals),
		cmocka_unit_test(full_queue_blocks_its_producer_until_taken),
		cmocka_unit_test(closing_frees_a_blocked_producer),
		cmocka_unit_test(source_calls_the_handler_on_its_context),
		cmocka_unit_test(disks_of_other_machines_are_known),
		cmocka_unit_test(bell_is_heard_by_another_listener),
		cmocka_unit_test(bell_is_heard_late_without_inotify),
		cmocka_unit_test(a_letter_stays_in_the_bell),
		cmocka_unit_test(only_one_holds_the_lock),
		cmocka_unit_test(looking_does_not_lock),
		cmocka_unit_test(what_a_killed_holder_started_does_not_hold_it_for_long),
		cmocka_unit_test(times_are_written_and_read),
		cmocka_unit_test(ids_are_unique_and_well_formed),
		cmocka_unit_test(a_sleep_is_noticed_by_two_clocks),
		cmocka_unit_test(the_alarm_is_silent_while_nobody_sets_the_clock),
		cmocka_unit_test(gio_is_there_when_it_is_called),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
