/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine of a client: started on a thread, taken over from another process, missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/base/lock.h"
#include "src/host.h"
#include "src/modules.h"
#include "src/store/sync.h"

enum { PATIENCE = 20 * G_USEC_PER_SEC };

typedef struct {
	char *dir, *modules;
	SnPaths *paths;
	SnConfig *config;
	SnHost *host;
} Desk;

static int setup(void **state)
{
	Desk *desk = g_new0(Desk, 1);
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	desk->modules = g_strdup(g_getenv("SENNIT_MODULES"));
	desk->dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	desk->paths = sn_paths_new(desk->dir, &error);
	static const char *const parts[] = { "cur", "new", "tmp" };
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *part = g_build_filename(desk->dir, "mail", parts[i], NULL);
		g_mkdir_with_parents(part, 0700);
	}
	text = g_strdup_printf("[home]\nfrom = a@b.test\nsource = maildir://%s/mail\n", desk->dir);
	desk->config = sn_config_parse(text, NULL, &error);
	if (!desk->config)
		fail_msg("%s", error->message);
	desk->host = sn_host_new(desk->paths, desk->config);
	*state = desk;
	return 0;
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *child = g_build_filename(path, name, NULL);
		remove_tree(child);
	}
	g_remove(path);
}

static int teardown(void **state)
{
	Desk *desk = *state;

	sn_host_free(desk->host);
	sn_config_unref(desk->config);
	sn_paths_free(desk->paths);
	remove_tree(desk->dir);
	g_setenv("SENNIT_MODULES", desk->modules ? desk->modules : "", TRUE);
	g_free(desk->modules);
	g_free(desk->dir);
	g_free(desk);
	return 0;
}

/* The state of the account's source becomes `kind` in time. Returns its detail; caller frees. */
static char *wait_status(Desk *desk, SnStatusKind kind)
{
	gint64 end = g_get_monotonic_time() + PATIENCE;

	while (g_get_monotonic_time() < end) {
		SnStore *store = sn_store_open(desk->paths->store_path, SN_STORE_CLIENT, NULL);
		g_autoptr(GPtrArray) all = store ? sn_status_list(store) : NULL;
		for (guint i = 0; all && i < all->len; i++) {
			const SnStatus *status = all->pdata[i];
			if (status->kind == kind && strcmp(status->end, "source") == 0) {
				char *detail = g_strdup(status->detail ? status->detail : "");
				sn_store_close(store);
				return detail;
			}
		}
		sn_store_close(store);
		g_usleep(10000);
	}
	fail_msg("the source did not become %s", sn_status_word(kind));
	return NULL;
}

static void wait_engine(Desk *desk, gboolean runs)
{
	gint64 end = g_get_monotonic_time() + PATIENCE;

	while ((sn_lock_holder(desk->paths->lock_path) != 0) != runs) {
		if (g_get_monotonic_time() > end)
			fail_msg("the engine %s", runs ? "does not run" : "still runs");
		g_usleep(10000);
	}
}

static void a_client_has_an_engine(void **state)
{
	Desk *desk = *state;
	SnUiHost host = sn_host_callbacks(desk->host);

	assert_int_equal(sn_lock_holder(desk->paths->lock_path), 0);
	host.ready(host.data);
	g_free(wait_status(desk, SN_STATUS_ONLINE));
	wait_engine(desk, TRUE);
	host.reloaded(desk->config, host.data);
	sn_host_free(g_steal_pointer(&desk->host));
	assert_int_equal(sn_lock_holder(desk->paths->lock_path), 0);
}

static void a_client_that_never_got_ready_ends(void **state)
{
	Desk *desk = *state;
	SnUiHost host = sn_host_callbacks(desk->host);

	host.reloaded(desk->config, host.data);
	assert_int_equal(sn_lock_holder(desk->paths->lock_path), 0);
}

static SnEngine *start_other(Desk *desk, const SnEngineOps **ops)
{
	SnEngineSetup setup = { .paths = desk->paths, .config = desk->config,
		                .backends = sn_modules_backends };
	g_autoptr(GError) error = NULL;

	*ops = sn_modules_engine(&error);
	SnEngine *engine = *ops ? (*ops)->start(&setup, &error) : NULL;
	if (!engine)
		fail_msg("%s", error->message);
	return engine;
}

static void the_engine_of_another_is_used_and_taken_over(void **state)
{
	Desk *desk = *state;
	SnUiHost host = sn_host_callbacks(desk->host);
	const SnEngineOps *ops;
	SnEngine *other = start_other(desk, &ops);

	host.ready(host.data);
	g_free(wait_status(desk, SN_STATUS_ONLINE));
	ops->stop(&other);
	/* nobody asks: this client does it now */
	wait_engine(desk, TRUE);
	g_free(wait_status(desk, SN_STATUS_ONLINE));
}

static void waiting_for_another_ends_at_once(void **state)
{
	Desk *desk = *state;
	SnUiHost host = sn_host_callbacks(desk->host);
	const SnEngineOps *ops;
	SnEngine *other = start_other(desk, &ops);

	host.ready(host.data);
	gint64 start = g_get_monotonic_time();
	sn_host_free(g_steal_pointer(&desk->host));
	assert_true(g_get_monotonic_time() - start < 5 * G_USEC_PER_SEC);
	assert_int_not_equal(sn_lock_holder(desk->paths->lock_path), 0);
	ops->stop(&other);
}

static void a_missing_module_is_told_where_the_client_looks(void **state)
{
	Desk *desk = *state;
	SnUiHost host = sn_host_callbacks(desk->host);

	g_setenv("SENNIT_MODULES", desk->dir, TRUE);
	host.ready(host.data);
	g_autofree char *detail = wait_status(desk, SN_STATUS_ERROR);
	assert_non_null(strstr(detail, "engine.so"));
	g_autoptr(GError) error = NULL;
	assert_null(sn_modules_vcards("", "x", NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_UNAVAILABLE));
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(a_client_has_an_engine),
		DESK_TEST(a_client_that_never_got_ready_ends),
		DESK_TEST(the_engine_of_another_is_used_and_taken_over),
		DESK_TEST(waiting_for_another_ends_at_once),
		DESK_TEST(a_missing_module_is_told_where_the_client_looks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
