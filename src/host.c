/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/host.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "src/base/lock.h"
#include "src/modules.h"
#include "src/store/sync.h"

/* Several clients may wait for the same engine to end: they do not all try in the same moment. */
enum { MAX_HASTE_MS = 200, LOOK_EVERY_MS = 2000 }; /* the latter without inotify */

struct sn_host {
	SnPaths *paths;
	int stop_fd;            /* readable when the thread should end */
	GThread *thread;        /* NULL before ready */
	GMutex lock;            /* guards what follows */
	SnConfig *config;       /* the newest; owned */
	const SnEngineOps *ops; /* NULL until loaded */
	SnEngine *engine;       /* NULL: not started, or another process has it */
};

SnHost *sn_host_new(SnPaths *paths, SnConfig *config)
{
	SnHost *host = g_new0(SnHost, 1);

	host->paths = paths;
	host->config = sn_config_ref(config);
	host->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (host->stop_fd < 0)
		g_error("eventfd: %s", g_strerror(errno));
	g_mutex_init(&host->lock);
	return host;
}

/* Puts what went wrong where the client shows the state of its accounts. */
static void tell(SnHost *host, SnConfig *config, const GError *error)
{
	SnStore *store = sn_store_open(host->paths->store_path, SN_STORE_CLIENT, NULL);

	g_warning("The engine did not start: %s", error->message);
	for (gsize i = 0; store && i < sn_config_account_count(config); i++) {
		const SnAccount *account = sn_config_account(config, i);
		const struct {
			const char *end;
			SnEndpointKind kind;
		} ends[] = { { "source", account->source.kind },
			     { "outgoing", account->outgoing.kind },
			     { "im", account->im.kind } };
		for (gsize j = 0; j < G_N_ELEMENTS(ends); j++) {
			SnStatus status = {
				.account = account->name,
				.end = (char *)ends[j].end,
				.kind = SN_STATUS_ERROR,
				.detail = error->message,
				.error_word = (char *)(error->domain == SN_ERROR ?
					sn_error_word((SnErrorCode)error->code) : "bug"),
			};
			if (ends[j].kind != SN_ENDPOINT_NONE)
				sn_status_set(store, &status, NULL);
		}
	}
	sn_store_close(store);
}

/* TRUE when another process runs the engine. */
static gboolean start(SnHost *host)
{
	g_autoptr(GError) error = NULL;
	const SnEngineOps *ops = sn_modules_engine(&error);
	SnEngine *engine = NULL;

	g_mutex_lock(&host->lock);
	SnConfig *config = sn_config_ref(host->config);
	g_mutex_unlock(&host->lock);
	if (ops) {
		SnEngineSetup setup = {
			.paths = host->paths, .config = config, .backends = sn_modules_backends
		};
		engine = ops->start(&setup, &error);
	}
	gboolean busy = g_error_matches(error, SN_ERROR, SN_ERROR_BUSY);
	if (!engine && !busy)
		tell(host, config, error);
	g_mutex_lock(&host->lock);
	host->ops = ops;
	host->engine = engine;
	if (engine && host->config != config)
		ops->reload(engine, host->config);
	g_mutex_unlock(&host->lock);
	sn_config_unref(config);
	return busy;
}

/* Sleeps until somebody closes the lock file, or the end. FALSE at the end. */
static gboolean wait_for_event(const SnHost *host, int watch, int timeout_ms)
{
	struct pollfd fds[] = { { host->stop_fd, POLLIN, 0 }, { watch, POLLIN, 0 } };
	char events[4096] __attribute__((aligned(8)));

	while (poll(fds, G_N_ELEMENTS(fds), timeout_ms) < 0 && errno == EINTR)
		;
	while (read(watch, events, sizeof events) > 0)
		;
	return !(fds[0].revents & POLLIN);
}

static gpointer run(gpointer data)
{
	SnHost *host = data;
	/* watched before the first try, so that no end in between is missed. Looking at the lock opens
	 * it for reading only, which IN_CLOSE_WRITE does not count: waiting clients do not wake each
	 * other. */
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	gboolean watching = FALSE;

	for (gboolean busy = start(host); busy; busy = start(host)) {
		if (!watching)
			watching = inotify_add_watch(watch, host->paths->lock_path, IN_CLOSE_WRITE) >= 0;
		while (sn_lock_holder(host->paths->lock_path))
			if (!wait_for_event(host, watch, watching ? -1 : LOOK_EVERY_MS))
				goto out;
		if (!wait_for_event(host, watch, g_random_int_range(0, MAX_HASTE_MS)))
			break;
	}
out:
	if (watch >= 0)
		close(watch);
	return NULL;
}

static void ready(gpointer data)
{
	SnHost *host = data;

	g_assert(!host->thread);
	host->thread = g_thread_new("engine-start", run, host);
}

static void reloaded(SnConfig *config, gpointer data)
{
	SnHost *host = data;

	g_mutex_lock(&host->lock);
	sn_config_unref(host->config);
	host->config = sn_config_ref(config);
	if (host->engine)
		host->ops->reload(host->engine, config);
	g_mutex_unlock(&host->lock);
}

static GBytes *part_bytes(GBytes *raw, int position, gpointer data, GError **error)
{
	const SnEngineOps *ops = sn_modules_engine(error);

	return ops ? ops->part_bytes(raw, position, error) : NULL;
}

static char *headers_text(GBytes *raw, gpointer data)
{
	const SnEngineOps *ops = sn_modules_engine(NULL);

	return ops ? ops->headers_text(raw) : NULL;
}

static char *attached_text(GBytes *raw, gpointer data)
{
	const SnEngineOps *ops = sn_modules_engine(NULL);

	return ops ? ops->attached_text(raw) : NULL;
}

static SnUnsubscribe *unsubscribe(GBytes *raw, const char *authentication, gpointer data)
{
	const SnEngineOps *ops = sn_modules_engine(NULL);

	return ops ? ops->unsubscribe(raw, authentication) : NULL;
}

/* As it is now; the screen may reload it at any time. */
static SnConfig *config_of(SnHost *host)
{
	g_mutex_lock(&host->lock);
	SnConfig *config = sn_config_ref(host->config);
	g_mutex_unlock(&host->lock);
	return config;
}

static GPtrArray *part_tree(GBytes *raw, gpointer data)
{
	const SnEngineOps *ops = sn_modules_engine(NULL);

	return ops ? ops->part_tree(raw) : NULL;
}

static char *part_text(GBytes *bytes, const char *type, const char *charset, gpointer data)
{
	const SnEngineOps *ops = sn_modules_engine(NULL);

	return ops ? ops->part_text(bytes, type, charset) : NULL;
}

static SnOpened *open_mail(SnStore *store, GBytes *raw, gboolean may_ask, gboolean all_parts,
                           gpointer data)
{
	const SnEngineOps *ops = sn_modules_engine(NULL);

	if (!ops)
		return NULL;
	g_autoptr(SnConfig) config = config_of(data);
	return ops->open_mail(store, raw, config, may_ask, all_parts);
}

static gboolean choose_key(const SnKeyAsk *ask, SnKeyChosen *chosen, gpointer data, GError **error)
{
	const SnEngineOps *ops = sn_modules_engine(error);

	if (!ops)
		return FALSE;
	g_autoptr(SnConfig) config = config_of(data);
	return ops->set_up_key(NULL, config, ask, chosen, error);
}

static SnOutlook *outlook(SnStore *store, const SnOutlookAsk *ask, gpointer data)
{
	const SnEngineOps *ops = sn_modules_engine(NULL);

	if (!ops)
		return NULL;
	g_autoptr(SnConfig) config = config_of(data);
	return ops->outlook(store, config, ask);
}

static gboolean unlock_key(const char *address, gpointer data, GError **error)
{
	SnHost *host = data;
	const SnEngineOps *ops = sn_modules_engine(error);

	if (!ops)
		return FALSE;
	g_autoptr(SnConfig) config = config_of(host);
	return ops->unlock_key(address, config, error);
}

SnUiHost sn_host_callbacks(SnHost *host)
{
	return (SnUiHost){
		.ready = ready,
		.reloaded = reloaded,
		.part_bytes = part_bytes,
		.headers_text = headers_text,
		.attached_text = attached_text,
		.unsubscribe = unsubscribe,
		.part_tree = part_tree,
		.part_text = part_text,
		.open_mail = open_mail,
		.choose_key = choose_key,
		.outlook = outlook,
		.unlock_key = unlock_key,
		.data = host,
	};
}

void sn_host_free(SnHost *host)
{
	guint64 one = 1;

	if (!host)
		return;
	ssize_t done = write(host->stop_fd, &one, sizeof one);
	g_assert(done == sizeof one);
	if (host->thread)
		g_thread_join(host->thread);
	if (host->engine)
		host->ops->stop(&host->engine);
	sn_config_unref(host->config);
	close(host->stop_fd);
	g_mutex_clear(&host->lock);
	g_free(host);
}
