/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_http.c - transfers against a scripted server on loopback, and TLS against a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backends/http/http.h"
#include "tests/lib/servers.h"

/* ---- a server that says what it is told ---- */

typedef struct {
	GSocketService *service;
	guint16 port;
	GMutex lock;
	const char *answer; /* whole answer; NULL: never answers */
	GString *request;   /* what the client sent last */
	GCancellable *quit;
} Script;

static gboolean complete(const GString *request)
{
	const char *end = strstr(request->str, "\r\n\r\n");
	const char *length = strstr(request->str, "Content-Length: ");

	if (!end)
		return FALSE;
	gsize body = length && length < end ? (gsize)atol(length + strlen("Content-Length: ")) : 0;
	return request->len >= (gsize)(end + 4 - request->str) + body;
}

static gboolean on_connection(GThreadedSocketService *service, GSocketConnection *connection,
			      GObject *source, gpointer data)
{
	Script *script = data;
	GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
	GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	g_autoptr(GString) request = g_string_new(NULL);
	char buffer[65536];
	gssize length;

	while (!complete(request) &&
	       (length = g_input_stream_read(in, buffer, sizeof buffer, script->quit, NULL)) > 0)
		g_string_append_len(request, buffer, length);
	g_mutex_lock(&script->lock);
	g_string_truncate(script->request, 0);
	g_string_append_len(script->request, request->str, (gssize)request->len);
	const char *answer = script->answer;
	g_mutex_unlock(&script->lock);
	if (answer)
		g_output_stream_write_all(out, answer, strlen(answer), NULL, NULL, NULL);
	else
		g_input_stream_read(in, buffer, 1, script->quit, NULL);
	return TRUE;
}

static int start_script(void **state)
{
	Script *script = g_new0(Script, 1);

	g_mutex_init(&script->lock);
	script->request = g_string_new(NULL);
	script->quit = g_cancellable_new();
	script->service = g_threaded_socket_service_new(8);
	script->port =
		g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(script->service), NULL, NULL);
	g_signal_connect(script->service, "run", G_CALLBACK(on_connection), script);
	g_socket_service_start(script->service);
	*state = script;
	return 0;
}

/* Kept until the end: a connection's thread may still look at its script. */
static GPtrArray *old_scripts;

static gpointer turn(gpointer data)
{
	GMainLoop *loop = data;

	g_main_loop_run(loop);
	return NULL;
}

static int stop_script(void **state)
{
	Script *script = *state;

	g_cancellable_cancel(script->quit);
	g_socket_service_stop(script->service);
	g_object_unref(script->service);
	g_ptr_array_add(old_scripts, script);
	return 0;
}

static char *url_of(Script *script, const char *path)
{
	return g_strdup_printf("http://127.0.0.1:%u%s", script->port, path);
}

static char *file_in_new_dir(void)
{
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	return g_build_filename(dir, "file", NULL);
}

/* The directory must be empty but for the file. */
static void remove_dir_of(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);

	g_unlink(path);
	assert_int_equal(g_rmdir(dir), 0);
}

static void expect_get_error(const SnHttpJob *job, SnErrorCode code)
{
	g_autofree char *path = file_in_new_dir();
	g_autoptr(GError) error = NULL;

	assert_false(sn_http_ops.get(job, path, NULL, NULL, NULL, &error));
	if (!g_error_matches(error, SN_ERROR, code))
		fail_msg("%s (%s)", error->message, sn_error_word(error->code));
	assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	remove_dir_of(path);
}

/* ---- down ---- */

static void a_file_comes_down_private_and_hashed(void **state)
{
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a"), *path = file_in_new_dir(), *back = NULL;
	g_autofree char *sha256 = NULL, *type = NULL;
	g_autofree char *expected = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "hello", -1);
	gint64 size = 0;
	GStatBuf info;
	const SnHttpJob job = { .url = url, .allow_loopback_http = TRUE };

	script->answer =
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
	assert_true(sn_http_ops.get(&job, path, &size, &sha256, &type, NULL));
	assert_int_equal(size, 5);
	assert_string_equal(sha256, expected);
	assert_string_equal(type, "text/plain");
	assert_true(g_file_get_contents(path, &back, NULL, NULL));
	assert_string_equal(back, "hello");
	assert_int_equal(g_stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_null(strstr(script->request->str, "Authorization"));
	assert_null(strstr(script->request->str, "Cookie"));
	remove_dir_of(path);
}

static void too_much_is_stopped_told_or_not(void **state)
{
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a");
	const SnHttpJob job = { .url = url, .allow_loopback_http = TRUE, .max_size = 3 };

	script->answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	expect_get_error(&job, SN_ERROR_LIMIT);
	script->answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello hello hello";
	expect_get_error(&job, SN_ERROR_LIMIT);
	script->answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n";
	expect_get_error(&job, SN_ERROR_LIMIT);
}

static void an_answer_cut_short_is_no_file(void **state)
{
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a");
	const SnHttpJob job = { .url = url, .allow_loopback_http = TRUE };

	script->answer = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello";
	expect_get_error(&job, SN_ERROR_NETWORK);
	script->answer = "";
	expect_get_error(&job, SN_ERROR_NETWORK);
	script->answer = "SSH-2.0-nonsense\r\n";
	expect_get_error(&job, SN_ERROR_INVALID);
}

static void statuses_say_what_can_be_done(void **state)
{
	static const struct {
		const char *answer;
		SnErrorCode code;
	} cases[] = {
		{ "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n", SN_ERROR_NOT_FOUND },
		{ "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", SN_ERROR_PERMISSION },
		{ "HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n", SN_ERROR_LIMIT },
		{ "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", SN_ERROR_TEMPORARY },
		{ "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", SN_ERROR_REJECTED },
	};
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a");
	const SnHttpJob job = { .url = url, .allow_loopback_http = TRUE };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		script->answer = cases[i].answer;
		expect_get_error(&job, cases[i].code);
	}
}

static void redirections_never_leave_https(void **state)
{
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a");
	const SnHttpJob job = { .url = url, .allow_loopback_http = TRUE };

	script->answer =
		"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n";
	expect_get_error(&job, SN_ERROR_INVALID);
	script->answer =
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
	expect_get_error(&job, SN_ERROR_INVALID);
}

static void other_schemes_are_refused(void **state)
{
	static const char *const urls[] = { "file:///etc/passwd",
					    "ftp://127.0.0.1/x",
					    "gopher://x",
					    "http://192.0.2.1/x",
					    "https://",
					    "nonsense",
					    "" };

	for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
		const SnHttpJob job = { .url = urls[i], .allow_loopback_http = TRUE };
		expect_get_error(&job, SN_ERROR_INVALID);
	}
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a");
	const SnHttpJob strict = { .url = url };
	expect_get_error(&strict, SN_ERROR_INVALID);
}

static gpointer cancel_when_asked(gpointer data)
{
	gpointer *both = data;
	Script *script = both[0];

	for (;;) {
		g_mutex_lock(&script->lock);
		gboolean asked = script->request->len > 0;
		g_mutex_unlock(&script->lock);
		if (asked)
			break;
		g_usleep(1000);
	}
	g_cancellable_cancel(both[1]);
	return NULL;
}

static void a_server_that_hangs_can_be_cancelled(void **state)
{
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a");
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	const SnHttpJob job = { .url = url, .allow_loopback_http = TRUE, .cancel = cancel };
	gpointer both[] = { script, cancel };

	script->answer = NULL;
	GThread *thread = g_thread_new("cancel", cancel_when_asked, both);
	gint64 began = g_get_monotonic_time();
	expect_get_error(&job, SN_ERROR_CANCELLED);
	assert_true(g_get_monotonic_time() - began < 5 * G_USEC_PER_SEC);
	g_thread_join(thread);
}

static void an_unwritable_place_is_storage(void **state)
{
	Script *script = *state;
	g_autofree char *url = url_of(script, "/a");
	const SnHttpJob job = { .url = url, .allow_loopback_http = TRUE };
	g_autoptr(GError) error = NULL;

	script->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	assert_false(sn_http_ops.get(&job, "/nonexistent/dir/file", NULL, NULL, NULL, &error));
	assert_true(g_error_matches(error, SN_ERROR, SN_ERROR_STORAGE));
}

/* ---- up ---- */

static void count_progress(gint64 done, gint64 total, gpointer data)
{
	gint64 *most = data;
	*most = MAX(*most, done);
}

static void bytes_go_up_with_their_headers_only(void **state)
{
	Script *script = *state;
	g_autofree char *url = url_of(script, "/slot");
	g_autofree char *data = g_malloc(200000);
	gint64 most = 0;
	const char *const headers[] = { "Authorization: Basic eA==",
					"Cookie: a=b\r\nX-Injected: yes", NULL };
	const SnHttpJob job = { .url = url,
				.allow_loopback_http = TRUE,
				.headers = headers,
				.progress = count_progress,
				.data = &most };

	memset(data, 'x', 200000);
	g_autoptr(GBytes) bytes = g_bytes_new(data, 200000);
	script->answer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
	assert_true(sn_http_ops.put(&job, bytes, "image/png", NULL));
	assert_true(g_str_has_prefix(script->request->str, "PUT /slot HTTP/1.1\r\n"));
	assert_non_null(strstr(script->request->str, "\r\nAuthorization: Basic eA==\r\n"));
	assert_non_null(strstr(script->request->str, "\r\nContent-Type: image/png\r\n"));
	assert_non_null(strstr(script->request->str, "\r\nContent-Length: 200000\r\n"));
	assert_null(strstr(script->request->str, "X-Injected"));
	assert_null(strstr(script->request->str, "Expect:"));
	assert_true(g_str_has_suffix(script->request->str, "xxxxxxxxxx"));
	assert_int_equal(most, 200000);
	g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
	assert_true(sn_http_ops.put(&job, nothing, NULL, NULL));
}

/* ---- TLS ---- */

static void certificates_are_checked(void **state)
{
	static const char *const bad[] = { "wrongname", "expired", "unknown" };
	g_autofree char *why = NULL;
	SnServers *servers = sn_servers_start("prosody", NULL, &why);

	if (!servers) {
		print_message("# no server: %s\n", why);
		if (g_getenv("SENNIT_REQUIRE_SERVERS"))
			fail();
		skip();
	}
	g_autofree char *url =
		g_strdup_printf("https://127.0.0.1:%u/file_share/none", servers->https);
	const SnHttpJob trusted = { .url = url, .ca_file = servers->ca_file };
	const SnHttpJob unknown = { .url = url };
	expect_get_error(&trusted, SN_ERROR_NOT_FOUND); /* it got through */
	expect_get_error(&unknown, SN_ERROR_TLS);
	sn_servers_stop(servers);
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		servers = sn_servers_start("prosody", bad[i], NULL);
		assert_non_null(servers);
		g_autofree char *other =
			g_strdup_printf("https://127.0.0.1:%u/file_share/none", servers->https);
		const SnHttpJob job = { .url = other, .ca_file = servers->ca_file };
		expect_get_error(&job, SN_ERROR_TLS);
		sn_servers_stop(servers);
	}
}

#define SCRIPTED(test) cmocka_unit_test_setup_teardown(test, start_script, stop_script)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRIPTED(a_file_comes_down_private_and_hashed),
		SCRIPTED(too_much_is_stopped_told_or_not),
		SCRIPTED(an_answer_cut_short_is_no_file),
		SCRIPTED(statuses_say_what_can_be_done),
		SCRIPTED(redirections_never_leave_https),
		SCRIPTED(other_schemes_are_refused),
		SCRIPTED(a_server_that_hangs_can_be_cancelled),
		SCRIPTED(an_unwritable_place_is_storage),
		SCRIPTED(bytes_go_up_with_their_headers_only),
		cmocka_unit_test(certificates_are_checked),
	};
	old_scripts = g_ptr_array_new();
	/* the service accepts on the default context */
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	GThread *thread = g_thread_new("loop", turn, loop);
	const char *filter = g_getenv("TEST_FILTER");
	if (filter)
		cmocka_set_test_filter(filter);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	g_main_loop_quit(loop);
	g_thread_join(thread);
	g_main_loop_unref(loop);
	return failed;
}
