/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * line.c - connecting, the loop around the library, losing the line and coming back.
 *
 *   OFFLINE -> DIALLING (dial.c) -> LOGIN -> ONLINE -> OFFLINE ...
 *
 * A lost session is resumed while that can be done; only then is a new one begun (sm.c).
 */
#include "backends/xmpp/xmpp_private.h"
#include "src/base/fault.h"

#include <errno.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_US (500 * 1000)
#define BACKOFF_MAX_MS (5 * 60 * 1000)
#define STEADY_US (60 * G_USEC_PER_SEC) /* on line for that long: begin the back-off afresh */
#define FLIGHT_MAX_US (5 * 60 * G_USEC_PER_SEC) /* how long a resumption is worth waiting for */
#define PING_MS (120 * 1000)
#define PING_WAITING_MS (20 * 1000)
#define PUMP_TURNS 64
#define QUIET_TURNS 5 /* a TLS record of 16 KB in reads of 4 KB, and one that finds nothing */
#define TCP_GIVE_UP_MS 30000
#define REFUSALS 2 /* log-ins broken off before another resource is tried */

typedef struct {
	GSource source;
	SnIm *im;
} Pump;

static void line_lost(SnIm *im, GError *error);
static void expect_soon(SnIm *im);
static void send_ping(SnIm *im);

/* ---- memory of the library: wiped when freed, for it holds the password ---- */

/*
 * libstrophe (0.12 to 0.14) loses some sixty bytes, the name and the nonce of SCRAM, when a server breaks
 * off a log-in. They cannot be reached from here; LeakSanitizer does not look at what a log-in takes.
 */
static void *wiped_alloc(size_t size, void *data)
{
#ifdef __SANITIZE_ADDRESS__
	const SnIm *im = data;
	gboolean lost = im->phase == SN_PHASE_LOGIN;

	if (lost)
		__lsan_disable();
	void *memory = malloc(size);
	if (lost)
		__lsan_enable();
	return memory;
#else
	return malloc(size);
#endif
}

static void wiped_free(void *memory, void *data)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *wiped_realloc(void *memory, size_t size, void *data)
{
	void *larger = wiped_alloc(size, data);

	if (larger && memory) {
		memcpy(larger, memory, MIN(size, malloc_usable_size(memory)));
		wiped_free(memory, data);
	}
	return larger;
}

/* ---- the socket ---- */

static void set_socket(SnIm *im, int fd)
{
	g_mutex_lock(&im->lock);
	if (im->socket >= 0)
		close(im->socket);
	im->socket = fd >= 0 ? dup(fd) : -1;
	gboolean stopping = im->stopping;
	g_mutex_unlock(&im->lock);
	im->fd = fd;
	if (im->fd_tag) {
		g_source_remove_unix_fd(im->pump, im->fd_tag);
		im->fd_tag = NULL;
	}
	if (fd >= 0)
		im->fd_tag = g_source_add_unix_fd(im->pump, fd, G_IO_OUT);
	if (fd >= 0 && stopping)
		sn_line_cut(im);
}

void sn_line_cut(SnIm *im)
{
	g_mutex_lock(&im->lock);
	if (im->socket >= 0)
		shutdown(im->socket, SHUT_RDWR);
	g_mutex_unlock(&im->lock);
}

static int on_socket(xmpp_conn_t *conn, void *socket)
{
	SnIm *im = sn_wire_current();
	int fd = *(int *)socket, one = 1;
	unsigned give_up = TCP_GIVE_UP_MS;

	if (fd >= FD_SETSIZE) /* the library uses select() */
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up, sizeof give_up);
	set_socket(im, fd);
	return 0;
}

/* Bytes taken out of the socket so far; grows with each TLS record that is read. */
static guint64 bytes_read(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof info;
	int waiting = 0;

	if (fd < 0 || ioctl(fd, FIONREAD, &waiting) != 0 ||
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
		return 0;
	return info.tcpi_bytes_received - (guint64)waiting;
}

/* ---- the pump: lets the library work until nothing is left that poll() cannot see ---- */

static void watch_socket(SnIm *im)
{
	GIOCondition want = G_IO_IN;

	if (!im->conn || !im->fd_tag)
		return;
	if (xmpp_conn_is_connecting(im->conn))
		want = G_IO_OUT;
	else if (xmpp_conn_send_queue_len(im->conn) > 0)
		want |= G_IO_OUT;
	g_source_modify_unix_fd(im->pump, im->fd_tag, want);
}

/* The server would not resume. The library would carry its memory of the old session into the new
 * one and send old stanzas again later, so begin with a new connection. */
static void start_afresh(SnIm *im)
{
	im->turned_down = FALSE;
	sn_sm_give_up(im, im->wire.resumed_h);
	line_lost(im, NULL);
}

static gboolean pump(GSource *source, GSourceFunc callback, gpointer data)
{
	SnIm *im = ((Pump *)source)->im;
	guint64 seen = bytes_read(im->fd);
	int quiet = 0, turns = 0;

	g_source_set_ready_time(source, -1);
	while (im->conn && !im->loss && quiet < QUIET_TURNS && turns++ < PUMP_TURNS) {
		xmpp_run_once(im->ctx, 0);
		guint64 now = bytes_read(im->fd);
		quiet = now == seen ? quiet + 1 : 0;
		seen = now;
	}
	if (im->loss)
		line_lost(im, g_steal_pointer(&im->loss));
	else if (im->phase == SN_PHASE_LOGIN && im->was_resuming &&
		 (im->turned_down || im->wire.sm_failed))
		start_afresh(im);
	if (!im->conn)
		return G_SOURCE_CONTINUE;
	gboolean active = turns > QUIET_TURNS || im->active;
	im->active = FALSE;
	if (turns >= PUMP_TURNS)
		g_source_set_ready_time(source, 0);
	else if (im->phase != SN_PHASE_ONLINE || im->leaving || active)
		/* once more a little later: what is left of the library's own lines in its queue
		 * cannot be seen from outside */
		g_source_set_ready_time(source, g_get_monotonic_time() + TICK_US);
	watch_socket(im);
	return G_SOURCE_CONTINUE;
}

static void pump_soon(SnIm *im)
{
	g_source_set_ready_time(im->pump, 0);
}

/* ---- sending ---- */

gboolean sn_xmpp_is_online(SnIm *im)
{
	return im->phase == SN_PHASE_ONLINE && im->conn && xmpp_conn_is_connected(im->conn);
}

void sn_xmpp_send(SnIm *im, xmpp_stanza_t *stanza, guint64 job)
{
	if (sn_xmpp_is_online(im)) {
		xmpp_send(im->conn, stanza);
		sn_sm_sent(im, stanza, job);
		if (job)
			sn_fault(IM_QUEUED);
		im->active = TRUE;
		pump_soon(im);
		if (job)
			expect_soon(im);
	} else {
		g_assert(!job); /* jobs that need the line start when it is up */
	}
	xmpp_stanza_release(stanza);
}

void sn_xmpp_send_with(SnIm *im, xmpp_stanza_t *stanza, const char *nonza)
{
	char *text = NULL;
	size_t length = 0;

	g_assert(sn_xmpp_is_online(im));
	if (xmpp_stanza_to_text(stanza, &text, &length) == XMPP_EOK) {
		g_autofree char *both = g_strconcat(text, nonza, NULL);
		xmpp_free(im->ctx, text);
		xmpp_send_raw(im->conn, both, strlen(both));
		sn_sm_sent(im, stanza, 0);
		im->active = TRUE;
		pump_soon(im);
	}
	xmpp_stanza_release(stanza);
}

/* ---- attempts ---- */

static void report_line(SnIm *im, SnLineState state, const GError *error, SnTime next_try)
{
	SnImEvent *event = sn_xmpp_event(im, SN_EVENT_LINE, 0);

	event->line = state;
	event->error = error ? g_error_copy(error) : NULL;
	event->next_try = next_try;
	sn_xmpp_push(im, event);
}

static gboolean retry(gpointer data)
{
	SnIm *im = data;

	g_clear_pointer(&im->retry, g_source_unref);
	sn_line_start(im);
	return G_SOURCE_REMOVE;
}

/* 1 s, 2 s, 4 s ... 5 min, each +- 25 %. */
static guint next_delay(SnIm *im)
{
	guint64 delay = G_GUINT64_CONSTANT(1000) << MIN(im->failures, 12);

	delay = MIN(delay, BACKOFF_MAX_MS);
	return (guint)(delay * 3 / 4 +
		       (guint64)g_rand_int_range(im->random, 0, 1 + (int)delay / 2));
}

static void end_attempt(SnIm *im)
{
	g_clear_pointer(&im->dial, sn_dial_free);
	sn_xmpp_timer_clear(&im->ping);
	if (im->conn) {
		xmpp_conn_t *conn = g_steal_pointer(&im->conn);
		xmpp_conn_release(conn);
	}
	set_socket(im, -1);
}

void sn_line_start(SnIm *im)
{
	g_assert(im->phase == SN_PHASE_OFFLINE && !im->dial && !im->conn);
	im->phase = SN_PHASE_DIALLING;
	report_line(im, SN_LINE_CONNECTING, NULL, 0);
	im->dial = sn_dial_new(im, im->secret == NULL);
}

void sn_line_reconnect(SnIm *im)
{
	if (im->phase == SN_PHASE_ONLINE) { /* look whether it lives */
		send_ping(im);
		return;
	}
	if (im->phase != SN_PHASE_OFFLINE)
		return;
	im->failures = 0;
	sn_xmpp_timer_clear(&im->retry);
	sn_line_start(im);
}

static void free_sm_state(SnIm *im)
{
	if (im->sm_state)
		xmpp_free_sm_state(im->sm_state);
	im->sm_state = NULL;
}

/* Only a session that was up, and had all its answers, can be resumed: a failed attempt spoils
 * the library's state. */
static void keep_sm_state(SnIm *im, gboolean was_online)
{
	xmpp_sm_state_t *state = im->conn ? xmpp_conn_get_sm_state(im->conn) : NULL;

	if (!state)
		return;
	g_assert(!im->sm_state);
	if (was_online && im->starting == 0 && im->sm.resumable && !im->sm.skewed &&
	    !im->wire.stream_closed && !im->leaving)
		im->sm_state = state;
	else
		xmpp_free_sm_state(state);
}

static void forget_secret(SnIm *im)
{
	if (im->secret)
		explicit_bzero(im->secret, strlen(im->secret));
	g_clear_pointer(&im->secret, g_free);
}

/* Gives up a connection that lives: the farewell of TLS must not block. */
static void drop_connection(SnIm *im)
{
	if (!im->conn || xmpp_conn_is_disconnected(im->conn))
		return;
	sn_line_cut(im);
	im->phase = SN_PHASE_OFFLINE; /* the library's event changes nothing then */
	xmpp_conn_release(g_steal_pointer(&im->conn));
}

/* Takes error; NULL: no word, and the next attempt at once. */
static void plan_next(SnIm *im, GError *error, gboolean was_online)
{
	gboolean for_good = error && (error->code == SN_ERROR_AUTH || error->code == SN_ERROR_TLS);

	if (!error) {
		sn_line_start(im);
		return;
	}
	if (for_good)
		forget_secret(im);
	g_clear_error(&im->last_error);
	im->last_error = error;
	guint delay = for_good ? 0 : next_delay(im);
	im->failures++;
	if (!for_good)
		im->retry = sn_xmpp_timer(im, delay, retry);
	report_line(im, SN_LINE_OFFLINE, error, for_good ? 0 : sn_clock_now(NULL) + delay);
	if (!was_online || for_good)
		sn_xmpp_fail_all_waiting(im, error);
}

/* Somebody else has ours, and the server lets him keep it, or he takes it back each time. */
static void take_other_resource(SnIm *im)
{
	g_free(im->resource);
	im->resource = sn_xmpp_made_up_resource();
	im->refusals = 0;
}

static void note_refusal(SnIm *im, const GError *error)
{
	gboolean for_good = error && (error->code == SN_ERROR_AUTH || error->code == SN_ERROR_TLS);

	if (im->phase == SN_PHASE_LOGIN && error && !for_good && ++im->refusals >= REFUSALS)
		take_other_resource(im);
}

/* The end of an attempt or of a session. Takes error, see plan_next(). */
static void line_lost(SnIm *im, GError *error)
{
	gboolean was_online = im->phase == SN_PHASE_ONLINE;
	gint64 now = g_get_monotonic_time();

	note_refusal(im, error);
	g_assert(im->phase != SN_PHASE_OFFLINE);
	drop_connection(im);
	im->phase = SN_PHASE_OFFLINE;
	if (was_online) {
		if (now - im->online_since > STEADY_US)
			im->failures = 0;
		im->lost_since = now;
		sn_sm_lost(im);
	}
	keep_sm_state(im, was_online);
	end_attempt(im);
	if (!im->sm_state || now - im->lost_since > FLIGHT_MAX_US) {
		free_sm_state(im);
		sn_sm_give_up(im, -1);
		sn_session_lost(im);
	}
	if (im->leaving || sn_xmpp_stopping(im)) {
		im->ended = TRUE;
		g_clear_error(&error);
	} else {
		plan_next(im, error, was_online);
	}
}

/* ---- the library's side ---- */

static int on_stanza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
	SnIm *im = data;
	const char *name = xmpp_stanza_get_name(stanza);

	im->last_heard = g_get_monotonic_time();
	if (!name || im->phase != SN_PHASE_ONLINE)
		return 1;
	if (strcmp(name, "iq") == 0)
		sn_iq_take(im, stanza);
	else if (strcmp(name, "message") == 0)
		sn_session_take_message(im, stanza);
	else if (strcmp(name, "presence") == 0)
		sn_session_take_presence(im, stanza);
	return 1;
}

static int on_nonza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
	SnIm *im = data;
	const char *name = xmpp_stanza_get_name(stanza);
	gint64 h = sn_xml_attr_number(stanza, "h", -1);

	im->last_heard = g_get_monotonic_time();
	if (!sn_xml_is(stanza, NULL, XMPP_NS_SM))
		return 1;
	if (strcmp(name, "enabled") == 0 && im->phase == SN_PHASE_LOGIN) {
		g_autofree char *resume = sn_xml_attr(stanza, "resume");
		sn_sm_new_session(im, TRUE);
		im->sm.resumable =
			resume && (strcmp(resume, "true") == 0 || strcmp(resume, "1") == 0);
		sn_line_is_online(im, FALSE);
	} else if (strcmp(name, "failed") == 0 && im->phase == SN_PHASE_LOGIN &&
		   !im->was_resuming) {
		sn_sm_new_session(im, FALSE);
		sn_line_is_online(im, FALSE);
	} else if (strcmp(name, "a") == 0 && h >= 0 && h <= G_MAXUINT32) {
		sn_sm_acked(im, (guint32)h);
	}
	return 1;
}

static void logged_in(SnIm *im)
{
	im->refusals = 0;
	xmpp_handler_add(im->conn, on_stanza, NULL, NULL, NULL, im);
	xmpp_handler_add(im->conn, on_nonza, XMPP_NS_SM, NULL, NULL, im);
	if (im->was_resuming && im->wire.resumed) {
		sn_sm_resumed(im);
		sn_line_is_online(im, TRUE);
	} else if (im->was_resuming) {
		im->turned_down = TRUE;
	} else if (!im->wire.sm_offered) {
		sn_sm_new_session(im, FALSE);
		sn_line_is_online(im, FALSE);
	} /* else <enabled/> comes */
}

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
		     xmpp_stream_error_t *stream, void *data)
{
	SnIm *im = data;

	if (event == XMPP_CONN_CONNECT) {
		logged_in(im);
		return;
	}
	/* The descriptor is closed already. The connection is released by the loop: the library
	 * still walks over it. */
	if (im->phase == SN_PHASE_OFFLINE)
		return;
	if (im->fd_tag)
		g_source_remove_unix_fd(im->pump, im->fd_tag);
	im->fd_tag = NULL;
	im->fd = -1;
	if (im->phase == SN_PHASE_ONLINE && stream && stream->type == XMPP_SE_CONFLICT)
		take_other_resource(im);
	if (!im->loss)
		im->loss = sn_wire_error(im, error, stream);
}

static xmpp_conn_t *connection_new(SnIm *im)
{
	g_autofree char *jid = g_strdup_printf("%s/%s", im->jid, im->resource);
	xmpp_conn_t *conn = xmpp_conn_new(im->ctx);
	long flags = XMPP_CONN_FLAG_MANDATORY_TLS;

	if (im->tls == SN_LINK_PLAIN)
		flags = XMPP_CONN_FLAG_DISABLE_TLS;
	else if (im->target->direct_tls)
		flags |= XMPP_CONN_FLAG_LEGACY_SSL;
	xmpp_conn_set_jid(conn, jid);
	xmpp_conn_set_pass(conn, im->secret);
	xmpp_conn_set_flags(conn, flags);
	if (im->ca_file)
		xmpp_conn_set_cafile(conn, im->ca_file);
	xmpp_conn_set_certfail_handler(conn, sn_wire_certfail);
	xmpp_conn_set_sockopt_callback(conn, on_socket);
	return conn;
}

void sn_line_dialled(SnIm *im, SnDial *dial, SnDialOutcome *outcome)
{
	g_assert(im->phase == SN_PHASE_DIALLING);
	sn_dial_outcome_free(im->target);
	im->target = outcome;
	if (outcome->secret) {
		forget_secret(im);
		im->secret = g_strdup(outcome->secret);
		explicit_bzero(outcome->secret, strlen(outcome->secret));
	}
	if (outcome->error) {
		line_lost(im, g_error_copy(outcome->error));
		return;
	}
	sn_wire_reset(im);
	im->phase = SN_PHASE_LOGIN;
	im->conn = connection_new(im);
	im->was_resuming = im->sm_state != NULL;
	if (im->sm_state &&
	    xmpp_conn_set_sm_state(im->conn, g_steal_pointer(&im->sm_state)) != XMPP_EOK)
		im->was_resuming = FALSE;
	if (xmpp_connect_client(im->conn, outcome->address, outcome->port, on_event, im) !=
	    XMPP_EOK)
		line_lost(im, g_error_new(SN_ERROR, SN_ERROR_NETWORK, "Cannot connect to %s.",
					  outcome->where));
	else
		pump_soon(im);
}

/* ---- on line ---- */

static void ponged(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	/* Any answer, be it a refusal, shows that the line lives. */
	if (!answer && sn_xmpp_is_online(im) &&
	    g_get_monotonic_time() - im->last_heard > (gint64)PING_WAITING_MS * 1000)
		sn_line_cut(im);
}

static void send_ping(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", im->domain);

	sn_xml_child(iq, "ping", "urn:xmpp:ping");
	sn_iq_ask(im, iq, ponged, NULL, NULL);
}

static gboolean ping(gpointer data)
{
	SnIm *im = data;
	gint64 patience = sn_sm_waits(im) ? PING_WAITING_MS : PING_MS;
	gint64 quiet = (g_get_monotonic_time() - im->last_heard) / 1000;

	g_clear_pointer(&im->ping, g_source_unref);
	if (quiet + 100 >= patience) {
		send_ping(im);
		quiet = 0;
	}
	im->ping = sn_xmpp_timer(im, (guint)MAX(patience - quiet, 1000), ping);
	return G_SOURCE_REMOVE;
}

/* A message went out: if nothing comes back, find out sooner. */
static void expect_soon(SnIm *im)
{
	sn_xmpp_timer_clear(&im->ping);
	im->ping = sn_xmpp_timer(im, PING_WAITING_MS, ping);
}

void sn_line_is_online(SnIm *im, gboolean resumed)
{
	g_assert(im->phase == SN_PHASE_LOGIN);
	im->phase = SN_PHASE_ONLINE;
	im->online_since = im->last_heard = g_get_monotonic_time();
	im->lost_since = 0;
	sn_dial_over(im->dial);
	g_clear_error(&im->last_error);
	im->ping = sn_xmpp_timer(im, PING_MS, ping);
	report_line(im, SN_LINE_ONLINE, NULL, 0);
	if (resumed)
		sn_session_resumed(im);
	else
		sn_session_start(im);
	sn_xmpp_start_waiting(im);
	pump_soon(im);
}

void sn_line_leave(SnIm *im)
{
	im->leaving = TRUE;
	sn_xmpp_timer_clear(&im->retry);
	if (!sn_xmpp_is_online(im)) {
		im->ended = TRUE;
		return;
	}
	xmpp_stanza_t *presence = sn_xml_new(im->ctx, "presence", NULL);
	sn_xml_set(presence, "type", "unavailable");
	sn_xmpp_send(im, presence, 0);
	xmpp_disconnect(im->conn);
	pump_soon(im);
}

/* ---- beginning and end of the thread ---- */

void sn_line_init(SnIm *im)
{
	static GSourceFuncs functions = { .dispatch = pump };

	sn_wire_init(im);
	g_queue_init(&im->sm.flight);
	g_queue_init(&im->waiting);
	im->memory = (xmpp_mem_t){ wiped_alloc, wiped_free, wiped_realloc, im };
	im->ctx = xmpp_ctx_new(&im->memory, &im->wire.log);
	im->pump = g_source_new(&functions, sizeof(Pump));
	((Pump *)im->pump)->im = im;
	g_source_attach(im->pump, im->context);
	im->lost_since = 0;
}

void sn_line_finish(SnIm *im)
{
	g_autoptr(GError) error = g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Stopped.");

	im->leaving = TRUE;
	sn_iq_fail_all(im, error);
	sn_line_cut(im);
	im->phase = SN_PHASE_OFFLINE;
	end_attempt(im);
	free_sm_state(im);
	sn_sm_new_session(im, FALSE);
	sn_session_lost(im);
	sn_xmpp_timer_clear(&im->retry);
	g_source_destroy(im->pump);
	g_source_unref(im->pump);
	xmpp_ctx_free(im->ctx);
	sn_wire_reset(im);
	g_clear_error(&im->last_error);
	sn_dial_outcome_free(im->target);
	forget_secret(im);
	g_clear_error(&im->loss);
	g_clear_pointer(&im->queries, g_hash_table_unref);
}
