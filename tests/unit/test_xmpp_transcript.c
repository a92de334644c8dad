/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_xmpp_transcript.c - every well-formed stanza of the XEPs' examples, as a server would send it to a
 * client that is on line: none of them ends the session, and none is taken for more than it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <strophe.h>
#include <string.h>

#include "tests/lib/im_client.h"
#include "tests/lib/xmpp_script.h"

#define OWN "alice@example.test"
#define WAIT 120
#define DONE "all-played"

static GPtrArray *examples; /* of char *; NULL: the corpus is not here */

static gboolean is_stanza(xmpp_ctx_t *ctx, const char *text)
{
	static const char *const names[] = { "message", "presence", "iq" };
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(ctx, text);
	gboolean is = FALSE;

	for (gsize i = 0; stanza && i < G_N_ELEMENTS(names); i++)
		is |= g_strcmp0(xmpp_stanza_get_name(stanza), names[i]) == 0;
	if (stanza)
		xmpp_stanza_release(stanza);
	return is;
}

static void read_examples(const char *dir)
{
	g_autoptr(GDir) files = g_dir_open(dir, 0, NULL);
	xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, NULL);

	assert_non_null(files);
	examples = g_ptr_array_new_with_free_func(g_free);
	for (const char *name; (name = g_dir_read_name(files));) {
		g_autofree char *path = g_build_filename(dir, name, NULL), *text = NULL;
		if (g_file_get_contents(path, &text, NULL, NULL) && is_stanza(ctx, g_strstrip(text)))
			g_ptr_array_add(examples, g_steal_pointer(&text));
	}
	xmpp_ctx_free(ctx);
}

static int set_up(void **state)
{
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *archive = g_build_filename(top ? top : ".", "..", "shared", "corpus",
						    "xmpp", "xep-examples.tar.zst", NULL);
	g_autofree char *dir = g_dir_make_tmp("sennit-XXXXXX", NULL);
	const char *const untar[] = { "tar", "--zstd", "-xf", archive, "-C", dir, NULL };
	const char *const clear[] = { "rm", "-rf", "--", dir, NULL };
	int status = 1;

	xmpp_initialize();
	if (g_file_test(archive, G_FILE_TEST_EXISTS)) {
		g_spawn_sync(NULL, (char **)untar, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
			     &status, NULL);
		if (status == 0)
			read_examples(dir);
	}
	g_spawn_sync(NULL, (char **)clear, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
		     NULL);
	return 0;
}

static int tear_down(void **state)
{
	g_clear_pointer(&examples, g_ptr_array_unref);
	return 0;
}

/* All of them when the client shows its presence, then a ping: who answers it has read them all. */
static gboolean play(XmppScript *server, const char *stanza, const char *id, gpointer data)
{
	gint *answered = data;

	if (strcmp(id, DONE) == 0) {
		g_atomic_int_set(answered, 1);
		return TRUE;
	}
	if (!g_str_has_prefix(stanza, "<presence") || strstr(stanza, "type=\"unavailable\""))
		return FALSE;
	for (guint i = 0; i < examples->len; i++)
		xmpp_script_say(server, "%s", (const char *)examples->pdata[i]);
	xmpp_script_say(server, "<iq type='get' id='" DONE "' from='example.test' to='" OWN
				"/desk'><ping xmlns='urn:xmpp:ping'/></iq>");
	return TRUE;
}

static gboolean has_answered(gpointer data)
{
	return g_atomic_int_get((gint *)data) != 0;
}

/* Nobody in the examples is our own account or our server. A room may stamp what was said in it. */
static gboolean claims_too_much(const SnImEvent *event, const void *data)
{
	const SnImMessage *message = event->message;

	return message->carbon_sent || message->carbon_received || message->archived ||
	       message->archive_id || (message->stanza_id && !message->groupchat);
}

static gboolean is_offline(const SnImEvent *event, const void *data)
{
	return event->line == SN_LINE_OFFLINE;
}

static void no_example_of_the_xeps_does_harm(void **state)
{
	gint answered = 0;

	if (!examples) {
		print_message("# the corpus is not here\n");
		skip();
	}
	assert_true(examples->len > 1000);
	XmppScript *server = xmpp_script_new(play, &answered);
	ImClient *alice = im_client_new(OWN "/desk", "secret", "127.0.0.1", xmpp_script_port(server),
					SN_LINK_PLAIN, NULL);
	assert_true(im_client_ready(alice, WAIT));
	for (gint64 end = g_get_monotonic_time() + WAIT * G_USEC_PER_SEC;
	     !has_answered(&answered) && g_get_monotonic_time() < end;)
		g_usleep(2000);
	assert_true(has_answered(&answered));
	assert_int_equal(im_client_count(alice, SN_EVENT_LINE, is_offline, NULL), 0);
	assert_true(im_client_count(alice, SN_IM_EV_MESSAGE, NULL, NULL) > 100);
	SnImEvent *event = im_client_wait(alice, SN_IM_EV_MESSAGE, claims_too_much, NULL, 0);
	if (event)
		fail_msg("from %s, id %s: carbon %d %d, archived %d %s, stanza-id %s",
			 event->message->from, event->message->id, event->message->carbon_sent,
			 event->message->carbon_received, event->message->archived,
			 event->message->archive_id, event->message->stanza_id);
	print_message("# %u stanzas, %u of them messages\n", examples->len,
		      im_client_count(alice, SN_IM_EV_MESSAGE, NULL, NULL));
	im_client_free(alice);
	xmpp_script_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_example_of_the_xeps_does_harm) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
