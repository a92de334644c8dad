/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/service.h"

#include <glib-unix.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/base/lock.h"

/* ---- the service manager ---- */

gboolean sn_service_notify(const char *state)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	gsize length = path ? strlen(path) : 0;

	/* '@' is the abstract namespace */
	if (length < 2 || length >= sizeof address.sun_path || !strchr("/@", *path))
		return FALSE;
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FALSE;
	ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
	return sent == (ssize_t)strlen(state);
}

guint sn_service_watchdog(void)
{
	const char *time = g_getenv("WATCHDOG_USEC"), *pid = g_getenv("WATCHDOG_PID");
	guint64 usec = 0, wanted = 0;

	if (!time || !g_ascii_string_to_unsigned(time, 10, 1, G_MAXINT64, &usec, NULL))
		return 0;
	if (pid && (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT, &wanted, NULL) ||
	            (pid_t)wanted != getpid()))
		return 0;
	/* twice as often as wanted, so that one late sign does no harm */
	return (guint)CLAMP(usec / 2000, 1, (guint64)G_MAXUINT);
}

/* ---- one run ---- */

enum { LOOK_EVERY = 2 }; /* seconds, without inotify */

typedef struct {
	const SnService *service;
	SnEngine *engine;    /* NULL: another process runs it */
	GMainLoop *loop;
	int watch;           /* inotify on the lock file; -1 */
	guint watch_source, watchdog_source;
	GError *error;
} Run;

static void tell_state(const char *word, const Run *run)
{
	g_autofree char *state = g_strdup_printf(
		"%s\nSTATUS=%s", word,
		run->engine ? "Syncing and delivering." : "Waiting: a client runs the engine.");

	sn_service_notify(state);
}

/* The engine itself gives the sign: one that hangs gives none. */
static void pong(gpointer data)
{
	sn_service_notify("WATCHDOG=1");
}

static gboolean ping(gpointer data)
{
	Run *run = data;

	if (run->engine)
		run->service->ops->ping(run->engine, pong, NULL);
	else
		pong(NULL);
	return G_SOURCE_CONTINUE;
}

/* FALSE: it cannot be started, and run->error says why. */
static gboolean start(Run *run)
{
	const SnService *service = run->service;
	SnEngineSetup setup = {
		.paths = service->paths, .config = *service->config, .backends = service->backends,
		.watch = service->watch
	};

	g_assert(!run->engine);
	run->engine = service->ops->start(&setup, &run->error);
	if (run->engine || !service->wait || !g_error_matches(run->error, SN_ERROR, SN_ERROR_BUSY))
		return run->engine != NULL;
	g_clear_error(&run->error);
	return TRUE;
}

static gboolean on_lock_closed(gint fd, GIOCondition condition, gpointer data)
{
	Run *run = data;
	char events[4096] __attribute__((aligned(8)));

	while (read(fd, events, sizeof events) > 0)
		;
	if (run->engine || sn_lock_holder(run->service->paths->lock_path))
		return G_SOURCE_CONTINUE;
	if (!start(run)) {
		g_main_loop_quit(run->loop);
		run->watch_source = 0;
		return G_SOURCE_REMOVE;
	}
	if (run->engine)
		tell_state("READY=1", run);
	return G_SOURCE_CONTINUE;
}

static gboolean look_at_lock(gpointer data)
{
	return on_lock_closed(-1, 0, data);
}

/* Watched before the first try, so that no end in between is missed. */
static void watch_lock(Run *run)
{
	run->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (run->watch < 0) { /* used up by other programs */
		run->watch_source = g_timeout_add_seconds(LOOK_EVERY, look_at_lock, run);
		return;
	}
	/* looking at the lock opens it for reading only, which this does not count */
	inotify_add_watch(run->watch, run->service->paths->lock_path, IN_CLOSE_WRITE);
	run->watch_source = g_unix_fd_add(run->watch, G_IO_IN, on_lock_closed, run);
}

static gboolean on_end(gpointer data)
{
	g_main_loop_quit(((Run *)data)->loop);
	return G_SOURCE_CONTINUE;
}

/* Without a terminal a hang-up means: read the configuration again. */
static gboolean on_hangup(gpointer data)
{
	Run *run = data;
	g_autoptr(GError) error = NULL;

	if (isatty(STDIN_FILENO))
		return on_end(data);
	g_autofree char *state = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
	                                         g_get_monotonic_time());
	sn_service_notify(state);
	SnConfig *config = sn_config_load(run->service->paths, &error);
	if (config) {
		if (run->engine)
			run->service->ops->reload(run->engine, config);
		sn_config_unref(*run->service->config);
		*run->service->config = config;
	} else {
		g_warning("The old configuration stays: %s", error->message);
	}
	tell_state("READY=1", run);
	return G_SOURCE_CONTINUE;
}

static void run_loop(Run *run)
{
	guint watchdog = sn_service_watchdog();
	guint sources[] = { g_unix_signal_add(SIGINT, on_end, run),
		            g_unix_signal_add(SIGTERM, on_end, run),
		            g_unix_signal_add(SIGHUP, on_hangup, run) };

	if (watchdog)
		run->watchdog_source = g_timeout_add(watchdog, ping, run);
	tell_state("READY=1", run);
	g_main_loop_run(run->loop);
	sn_service_notify("STOPPING=1\nSTATUS=Finishing what is being sent.");
	for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
		g_source_remove(sources[i]);
	if (run->watchdog_source)
		g_source_remove(run->watchdog_source);
}

gboolean sn_service_run(const SnService *service, GError **error)
{
	Run run = { .service = service, .watch = -1 };

	run.loop = g_main_loop_new(NULL, FALSE);
	/* the file is there once an engine ran; the first try makes it */
	gboolean ok = start(&run);
	if (ok && !run.engine) {
		watch_lock(&run);
		/* it may have ended before it was watched */
		if (!sn_lock_holder(service->paths->lock_path))
			ok = start(&run);
	}
	if (ok)
		run_loop(&run);
	if (run.watch_source)
		g_source_remove(run.watch_source);
	if (run.watch >= 0)
		close(run.watch);
	if (run.engine)
		service->ops->stop(&run.engine);
	g_main_loop_unref(run.loop);
	if (!run.error)
		return TRUE;
	g_propagate_error(error, run.error);
	return FALSE;
}
