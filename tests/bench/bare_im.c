/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bare_im.c - the limit for an IM: two libstrophe clients in one process without store or screen.
 * bare_im HOST PORT CAFILE COUNT: alice sends COUNT lines to bob one after the other and prints the
 * microseconds from each send to its arrival. With a fifth argument `send` it only sends, to the
 * full or bare JID given as sixth, one line for each line on standard input, printing the time of
 * sending (CLOCK_REALTIME, microseconds).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_US = 100000 };

typedef struct {
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;
	int fd, up, got;
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
	if (xmpp_stanza_get_child_by_name(stanza, "body"))
		((Client *)data)->got++;
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
	*client = (Client){ .ctx = xmpp_ctx_new(NULL, NULL), .fd = -1 };
	client->conn = xmpp_conn_new(client->ctx);
	xmpp_conn_set_jid(client->conn, jid);
	xmpp_conn_set_pass(client->conn, password);
	xmpp_conn_set_flags(client->conn, XMPP_CONN_FLAG_MANDATORY_TLS);
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
	for (int i = 0; i < 3; i++)
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

int main(int argc, char **argv)
{
	Client alice, bob;

	if (argc < 5)
		return 2;
	xmpp_initialize();
	if (open_client(&alice, "alice@example.test/bare", "alice-secret", argv))
		return 1;
	if (argc > 6)
		return only_send(&alice, argv[6]);
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
