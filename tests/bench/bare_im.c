/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bare_im.c - the limit for an IM: two libstrophe clients in one process without store or screen.
 * bare_im HOST PORT CAFILE COUNT: alice sends COUNT lines to bob one after the other and prints the
 * microseconds from each send to its arrival. With a fifth argument it does something else; times are
 * microseconds of CLOCK_REALTIME:
 *
 *   send JID    sends one line for each line on standard input, and prints when
 *   flood JID   sends COUNT lines at once, and prints when it began and when the server had all of them
 *   sink        as bob takes and discards COUNT lines: prints a line when it is there, and when the last came
 *   archive     as bob reads the archive, COUNT messages a page, and discards it: prints the
 *               microseconds it took, and how many messages there were
 *   answer      as bob prints when each line came, until standard input ends
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_US = 100000, PATIENCE_US = 600000000, QUIET_US = 500000 };

typedef struct {
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;
	int fd, up, got;
	int tells;           /* prints when each line came */
	int hidden;          /* tells nobody that it is there */
	int page, complete;  /* of the archive */
	char last[200];
} Client;

static __thread Client *current;

static long long now_us(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static int remember_fd(xmpp_conn_t *conn, void *socket)
{
	(void)conn;
	current->fd = *(int *)socket;
	return 0;
}

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
	(void)conn;
	Client *client = data;
	xmpp_stanza_t *body = xmpp_stanza_get_child_by_name(stanza, "body");

	if (client->page ? xmpp_stanza_get_child_by_name(stanza, "result") : body)
		client->got++;
	if (body && client->tells) {
		char *text = xmpp_stanza_get_text(body);
		printf("%lld %s\n", now_us(CLOCK_REALTIME), text ? text : "");
		fflush(stdout);
		xmpp_free(client->ctx, text);
	}
	return 1;
}

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                     xmpp_stream_error_t *stream_error, void *data)
{
	Client *client = data;
	(void)error;
	(void)stream_error;
	if (event != XMPP_CONN_CONNECT) {
		client->up = -1;
		return;
	}
	xmpp_stanza_t *presence = xmpp_presence_new(client->ctx);
	xmpp_handler_add(conn, on_message, NULL, "message", NULL, client);
	xmpp_send(conn, presence);
	xmpp_stanza_release(presence);
	client->up = 1;
}

static int open_client(Client *client, const char *jid, const char *password, char **argv)
{
	*client = (Client){ .ctx = xmpp_ctx_new(NULL, NULL), .fd = -1,
		            .hidden = argv[5] && strcmp(argv[5], "archive") == 0 };
	client->conn = xmpp_conn_new(client->ctx);
	xmpp_conn_set_jid(client->conn, jid);
	xmpp_conn_set_pass(client->conn, password);
	/* a sender that asks after each line whether it came makes twice the work for the server, or not,
	 * as the moment will have it */
	xmpp_conn_set_flags(client->conn,
	                    XMPP_CONN_FLAG_MANDATORY_TLS |
	                            (argv[5] && strcmp(argv[5], "flood") == 0 ? XMPP_CONN_FLAG_DISABLE_SM : 0));
	xmpp_conn_set_cafile(client->conn, argv[3]);
	xmpp_conn_set_sockopt_callback(client->conn, remember_fd);
	current = client;
	if (xmpp_connect_client(client->conn, argv[1], (unsigned short)atoi(argv[2]), on_event, client))
		return -1;
	long long end = now_us(CLOCK_MONOTONIC) + 10000000;
	while (!client->up && now_us(CLOCK_MONOTONIC) < end)
		xmpp_run_once(client->ctx, 5);
	return client->up == 1 ? 0 : -1;
}

static void turn(Client *client, int timeout_ms)
{
	struct pollfd poll_fd = { client->fd, POLLIN, 0 };
	poll(&poll_fd, 1, timeout_ms);
	/* the library reads 4 KB at a time, and a TLS record holds 16 */
	for (int i = 0; i < 5; i++)
		xmpp_run_once(client->ctx, 0);
}

static void say(Client *client, const char *to, const char *text)
{
	char id[40];
	snprintf(id, sizeof id, "b%lld", now_us(CLOCK_REALTIME));
	xmpp_stanza_t *message = xmpp_message_new(client->ctx, "chat", to, id);
	xmpp_message_set_body(message, text);
	xmpp_send(client->conn, message);
	xmpp_stanza_release(message);
	xmpp_run_once(client->ctx, 0);
}

static int only_send(Client *alice, const char *to)
{
	char line[1000];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		long long begun = now_us(CLOCK_REALTIME);
		say(alice, to, line);
		turn(alice, 0);
		printf("%lld\n", begun);
		fflush(stdout);
	}
	return 0;
}

static void run_until_written(Client *client)
{
	long long end = now_us(CLOCK_MONOTONIC) + PATIENCE_US;

	while (xmpp_conn_send_queue_len(client->conn) > 0 && client->up == 1 &&
	       now_us(CLOCK_MONOTONIC) < end)
		xmpp_run_once(client->ctx, 1);
}

/* ---- many at once ---- */

static int on_pong(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
	(void)conn;
	(void)stanza;
	((Client *)data)->complete = 1;
	return 0;
}

/* A ping behind them says when the server has all. */
static void ping(Client *client)
{
	xmpp_stanza_t *iq = xmpp_iq_new(client->ctx, "get", "ping");
	xmpp_stanza_t *child = xmpp_stanza_new(client->ctx);

	xmpp_stanza_set_name(child, "ping");
	xmpp_stanza_set_ns(child, "urn:xmpp:ping");
	xmpp_stanza_add_child_ex(iq, child, 0);
	xmpp_stanza_set_to(iq, "example.test");
	xmpp_id_handler_add(client->conn, on_pong, "ping", client);
	xmpp_send(client->conn, iq);
	xmpp_stanza_release(iq);
}

static int flood(Client *alice, int count, const char *to)
{
	long long end = now_us(CLOCK_MONOTONIC) + PATIENCE_US;
	char text[100];

	printf("%lld\n", now_us(CLOCK_REALTIME));
	fflush(stdout);
	for (int i = 0; i < count && alice->up == 1; i++) {
		snprintf(text, sizeof text, "line %d of many that come at once, as long as lines are", i);
		say(alice, to, text);
		if (i % 50 == 49)
			run_until_written(alice);
	}
	ping(alice);
	while (!alice->complete && alice->up == 1 && now_us(CLOCK_MONOTONIC) < end)
		turn(alice, 100);
	printf("%lld\n", now_us(CLOCK_REALTIME));
	return alice->complete ? 0 : 1;
}

/* Or the server would keep the session, and everything for it besides, while the next one is timed. */
static void leave(Client *client)
{
	long long end = now_us(CLOCK_MONOTONIC) + 5000000;

	xmpp_disconnect(client->conn);
	while (client->up == 1 && now_us(CLOCK_MONOTONIC) < end)
		turn(client, 20);
}

static int sink(Client *bob, int count)
{
	long long end = now_us(CLOCK_MONOTONIC) + PATIENCE_US;

	/* what was kept for bob since he was there last does not count */
	for (int before = -1; before != bob->got;) {
		before = bob->got;
		for (long long quiet = now_us(CLOCK_MONOTONIC) + QUIET_US; now_us(CLOCK_MONOTONIC) < quiet;)
			turn(bob, 20);
	}
	bob->got = 0;
	printf("there\n");
	fflush(stdout);
	while (bob->got < count && bob->up == 1 && now_us(CLOCK_MONOTONIC) < end)
		turn(bob, 100);
	printf("%lld\n", now_us(CLOCK_REALTIME));
	fflush(stdout);
	if (bob->got != count)
		fprintf(stderr, "%d of %d came, and the line is %s\n", bob->got, count, bob->up == 1 ? "up" : "down");
	leave(bob);
	return bob->got == count ? 0 : 1;
}

static int answer(Client *bob)
{
	struct pollfd input = { 0, POLLIN, 0 };
	char line[100];

	bob->tells = 1;
	printf("there\n");
	fflush(stdout);
	while (bob->up == 1) {
		turn(bob, 5);
		if (poll(&input, 1, 0) > 0 && !fgets(line, sizeof line, stdin))
			return 0;
	}
	return 1;
}

/* ---- the archive ---- */

static xmpp_stanza_t *child(Client *client, xmpp_stanza_t *parent, const char *name, const char *ns)
{
	xmpp_stanza_t *made = xmpp_stanza_new(client->ctx);

	xmpp_stanza_set_name(made, name);
	if (ns)
		xmpp_stanza_set_ns(made, ns);
	xmpp_stanza_add_child_ex(parent, made, 0);
	return made;
}

static void child_text(Client *client, xmpp_stanza_t *parent, const char *name, const char *value)
{
	xmpp_stanza_t *text = xmpp_stanza_new(client->ctx);

	xmpp_stanza_set_text(text, value);
	xmpp_stanza_add_child_ex(child(client, parent, name, NULL), text, 0);
}

static void ask_page(Client *client);

static int on_page(xmpp_conn_t *conn, xmpp_stanza_t *answer, void *data)
{
	Client *client = data;
	xmpp_stanza_t *fin = xmpp_stanza_get_child_by_name(answer, "fin");
	xmpp_stanza_t *set = fin ? xmpp_stanza_get_child_by_name(fin, "set") : NULL;
	xmpp_stanza_t *last = set ? xmpp_stanza_get_child_by_name(set, "last") : NULL;
	const char *complete = fin ? xmpp_stanza_get_attribute(fin, "complete") : NULL;
	char *text = last ? xmpp_stanza_get_text(last) : NULL;

	(void)conn;
	if (text)
		snprintf(client->last, sizeof client->last, "%s", text);
	if (!text || (complete && strcmp(complete, "true") == 0))
		client->complete = 1;
	else
		ask_page(client);
	if (text)
		xmpp_free(client->ctx, text);
	return 0;
}

static void ask_page(Client *client)
{
	char id[40], max[20];

	snprintf(id, sizeof id, "page%lld", now_us(CLOCK_MONOTONIC));
	snprintf(max, sizeof max, "%d", client->page);
	xmpp_stanza_t *iq = xmpp_iq_new(client->ctx, "set", id);
	xmpp_stanza_t *query = child(client, iq, "query", "urn:xmpp:mam:2");
	xmpp_stanza_t *set = child(client, query, "set", "http://jabber.org/protocol/rsm");
	child_text(client, set, "max", max);
	if (client->last[0])
		child_text(client, set, "after", client->last);
	xmpp_id_handler_add(client->conn, on_page, id, client);
	xmpp_send(client->conn, iq);
	xmpp_stanza_release(iq);
}

static int archive(Client *bob, int page)
{
	long long begun = now_us(CLOCK_MONOTONIC);

	bob->page = page;
	bob->got = 0;
	ask_page(bob);
	while (!bob->complete && bob->up == 1 && now_us(CLOCK_MONOTONIC) < begun + PATIENCE_US)
		turn(bob, 100);
	printf("%lld %d\n", now_us(CLOCK_MONOTONIC) - begun, bob->got);
	return bob->complete ? 0 : 1;
}

static int as_bob(char **argv)
{
	Client bob;

	if (open_client(&bob, "bob@example.test/bare", "bob-secret", argv))
		return 1;
	if (strcmp(argv[5], "sink") == 0)
		return sink(&bob, atoi(argv[4]));
	return strcmp(argv[5], "archive") == 0 ? archive(&bob, atoi(argv[4])) : answer(&bob);
}

int main(int argc, char **argv)
{
	Client alice, bob;

	if (argc < 5)
		return 2;
	signal(SIGPIPE, SIG_IGN); /* the server may be gone before the last ack */
	xmpp_initialize();
	if (argc == 6)
		return as_bob(argv);
	if (open_client(&alice, "alice@example.test/bare", "alice-secret", argv))
		return 1;
	if (argc > 6)
		return strcmp(argv[5], "flood") == 0 ? flood(&alice, atoi(argv[4]), argv[6])
		                                     : only_send(&alice, argv[6]);
	if (open_client(&bob, "bob@example.test/bare", "bob-secret", argv))
		return 1;
	for (int i = 0; i < 20; i++) {
		turn(&alice, 5);
		turn(&bob, 5);
	}
	for (int i = 0; i < atoi(argv[4]); i++) {
		int before = bob.got;
		long long begun = now_us(CLOCK_MONOTONIC);
		say(&alice, "bob@example.test", "a line of text");
		while (bob.got == before && now_us(CLOCK_MONOTONIC) - begun < 5000000)
			turn(&bob, 1000);
		printf("%lld\n", now_us(CLOCK_MONOTONIC) - begun);
		/* People do not write back to back: a server and processors that sleep in between are
		 * part of the way, here as on the way to a screen (bench.py waits as long). */
		for (long long end = now_us(CLOCK_MONOTONIC) + PAUSE_US; now_us(CLOCK_MONOTONIC) < end;) {
			turn(&alice, 5);
			turn(&bob, 20);
		}
	}
	return 0;
}
