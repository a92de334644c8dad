/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log goes into the database beside the engine: on a disk whose flushes can be held up and counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lib/tmpstore.h"

#define MEGABYTE 1000000
#define LONGEST (30 * G_TIME_SPAN_SECOND)

/* ---- the disk ---- */

static struct {
	GMutex lock;
	GCond changed;
	gboolean held;
	int waiting; /* flushes that are held up */
	int done;    /* flushes of files by others */
	int by_me;   /* flushes of the thread of the test */
	GThread *me;
} disk;

/* Holds up all threads but that of the test, which would wait for itself. */
static int flush(int fd, long call)
{
	gboolean mine = g_thread_self() == disk.me;
	struct stat info;
	gboolean file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);

	g_mutex_lock(&disk.lock);
	disk.by_me += mine;
	disk.waiting += !mine;
	g_cond_broadcast(&disk.changed);
	while (!mine && disk.held)
		g_cond_wait(&disk.changed, &disk.lock);
	g_mutex_unlock(&disk.lock);
	int code = (int)syscall(call, fd);
	g_mutex_lock(&disk.lock);
	disk.waiting -= !mine;
	disk.done += !mine && file;
	g_cond_broadcast(&disk.changed);
	g_mutex_unlock(&disk.lock);
	return code;
}

int fsync(int fd)
{
	return flush(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return flush(fd, SYS_fdatasync);
}

static void hold(void)
{
	g_mutex_lock(&disk.lock);
	disk.held = TRUE;
	g_mutex_unlock(&disk.lock);
}

static gpointer go_on(gpointer unused)
{
	g_mutex_lock(&disk.lock);
	disk.held = FALSE;
	g_cond_broadcast(&disk.changed);
	g_mutex_unlock(&disk.lock);
	return NULL;
}

static void wait_for(const int *count, int least)
{
	gint64 end = g_get_monotonic_time() + LONGEST;
	gboolean in_time = TRUE;

	g_mutex_lock(&disk.lock);
	while (*count < least && in_time)
		in_time = g_cond_wait_until(&disk.changed, &disk.lock, end);
	g_mutex_unlock(&disk.lock);
	assert_true(in_time);
}

/* ---- the store ---- */

static gint64 size_of(TmpStore *tmp, const char *suffix)
{
	g_autofree char *path = g_strconcat(tmp->path, suffix, NULL);
	struct stat info;

	return stat(path, &info) == 0 ? info.st_size : 0;
}

static void write_much(SnStore *store, int megabytes)
{
	for (int i = 0; i < megabytes; i++) {
		g_autofree char *value = g_strnfill(MEGABYTE, (char)('a' + i % 26));
		assert_true(sn_store_set(store, "much", value, NULL));
	}
}

static void wait_for_size(TmpStore *tmp, const char *suffix, gint64 most, gint64 least)
{
	gint64 end = g_get_monotonic_time() + LONGEST;

	while ((size_of(tmp, suffix) < least || size_of(tmp, suffix) > most) && g_get_monotonic_time() < end)
		g_usleep(1000);
	assert_in_range(size_of(tmp, suffix), least, most);
}

static void the_engine_goes_on_while_the_disk_is_busy(void **state)
{
	TmpStore *tmp = *state;
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	g_autofree char *value = NULL;

	hold();
	disk.by_me = 0;
	write_much(tmp->store, 5);
	wait_for(&disk.waiting, 1);
	write_much(tmp->store, 5); /* would not end if it waited */
	write_much(client, 1);
	assert_true(sn_store_set(tmp->store, "last", "written", NULL));
	value = sn_store_get(client, "last");
	assert_string_equal(value, "written");
	assert_int_equal(disk.by_me, 0);
	go_on(NULL);
	wait_for_size(tmp, "", G_MAXINT64, MEGABYTE);
	sn_store_close(client);
}

static void a_client_finds_a_log_that_has_begun_anew(void **state)
{
	TmpStore *tmp = *state;
	SnStore *client = tmpstore_open(tmp, SN_STORE_CLIENT);
	g_autofree char *value = g_strnfill(5 * MEGABYTE, 'v');

	disk.done = 0;
	assert_true(sn_store_set(tmp->store, "much", value, NULL));
	wait_for(&disk.done, 3); /* the log, the database, and the beginning of the log */
	gint64 before = size_of(tmp, "-wal");
	disk.by_me = 0;
	write_much(client, 1);
	assert_int_equal(disk.by_me, 0);
	assert_int_equal(size_of(tmp, "-wal"), before);
	sn_store_close(client);
}

static void a_log_without_a_pause_ends(void **state)
{
	TmpStore *tmp = *state;

	write_much(tmp->store, 100);
	assert_true(size_of(tmp, "-wal") < 40 * MEGABYTE);
}

static void the_end_waits_for_what_is_under_way(void **state)
{
	TmpStore *tmp = *state;

	hold();
	write_much(tmp->store, 6);
	wait_for(&disk.waiting, 1);
	GThread *thread = g_thread_new("go-on", go_on, NULL);
	sn_store_close(tmp->store);
	g_thread_join(thread);
	assert_int_equal(size_of(tmp, "-wal"), 0);
	tmp->store = tmpstore_open(tmp, SN_STORE_ENGINE);
	g_autofree char *value = sn_store_get(tmp->store, "much"), *report = NULL;
	assert_int_equal(strlen(value), MEGABYTE);
	assert_true(sn_store_check(tmp->store, &report, NULL));
}

/* Nothing is lost by what the thread could not do. */
static void a_database_that_went_away_is_no_end(void **state)
{
	TmpStore *tmp = *state;
	g_autofree char *aside = g_strconcat(tmp->path, "-aside", NULL);

	assert_int_equal(g_rename(tmp->path, aside), 0);
	write_much(tmp->store, 6);
	assert_int_equal(g_rename(aside, tmp->path), 0);
	write_much(tmp->store, 6);
	g_autofree char *value = sn_store_get(tmp->store, "much");
	assert_int_equal(strlen(value), MEGABYTE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpstore_setup, tmpstore_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_engine_goes_on_while_the_disk_is_busy),
		TEST(a_client_finds_a_log_that_has_begun_anew),
		TEST(a_log_without_a_pause_ends),
		TEST(the_end_waits_for_what_is_under_way),
		TEST(a_database_that_went_away_is_no_end),
	};

	disk.me = g_thread_self();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
