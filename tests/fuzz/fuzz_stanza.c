/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stanza as a server hands it on: what the extensions find in it, and that it can be said again. The
 * text is what an encrypted one holds, too: all that comes beside that is whoever's. */
#include <string.h>

#include "backends/xmpp/xmpp_private.h"
#include "tests/fuzz/fuzz.h"

#define OWN "alice@example.test"
#define ROOM "tea@rooms.example.test"

const char *const fuzz_name = "stanza";

static gboolean is_room(const char *bare_jid, gpointer data)
{
	return strcmp(bare_jid, ROOM) == 0;
}

static void check_text(const char *text)
{
	g_assert_true(!text || g_utf8_validate(text, -1, NULL));
}

static void check_words(char **words)
{
	for (char **word = words; word && *word; word++)
		check_text(*word);
}

static void check_message(const SnImMessage *message, int depth)
{
	const char *const texts[] = {
		message->from, message->to, message->id, message->origin_id, message->stanza_id,
		message->body, message->body_fallback_free, message->subject, message->thread,
		message->error_text, message->reply_id, message->in_reply_to_mail, message->attach_to,
		message->part_of, message->replace_id, message->react_id, message->retract_id,
		message->occupant_id, message->real_jid, message->retract_reason,
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		check_text(texts[i]);
	check_words(message->reactions);
	check_words(message->response_values);
	check_words(message->response_labels);
	/* what stands in the clear beside an encrypted text is not taken for it */
	g_assert_true(!message->sealed || (!message->body && !message->files && !message->forwarded));
	g_assert_true(!message->body_fallback_free ||
		      strlen(message->body_fallback_free) <= strlen(message->body));
	g_assert_cmpint(depth, <, 10);
	for (guint i = 0; message->forwarded && i < message->forwarded->len; i++)
		check_message(message->forwarded->pdata[i], depth + 1);
}

static void check_again(xmpp_ctx_t *ctx, const SnImMessage *message)
{
	const SnXmppReading sender = { .own_jid = OWN };
	xmpp_stanza_t *stanza = sn_xmpp_write_message(ctx, &sender, message);
	char *text = NULL;
	size_t length;

	xmpp_stanza_set_ns(stanza, XMPP_NS_CLIENT);
	g_assert_cmpint(xmpp_stanza_to_text(stanza, &text, &length), ==, XMPP_EOK);
	xmpp_stanza_release(stanza);
	stanza = xmpp_stanza_new_from_string(ctx, text);
	g_assert_nonnull(stanza); /* what we send is well-formed */
	xmpp_free(ctx, text);
	xmpp_stanza_release(stanza);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const SnXmppReading readings[] = {
		{ .own_jid = OWN, .trust_stanza_id = TRUE, .is_room = is_room },
		{ .own_jid = OWN },
	};
	g_autofree char *text = g_strndup((const char *)data, size);
	xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, NULL);
	xmpp_stanza_t *stanza = g_utf8_validate(text, -1, NULL) ? xmpp_stanza_new_from_string(ctx, text)
								: NULL;

	for (gsize i = 0; stanza && i < G_N_ELEMENTS(readings); i++) {
		SnImMessage *message = sn_xmpp_read_message(&readings[i], stanza);
		if (!message)
			continue;
		check_message(message, 0);
		if (message->sealed && message->sealed->payload) {
			sn_im_message_set_body(message, "> quoted\n\nsaid\n(written 10:00)");
			g_assert_nonnull(message->body);
			g_assert_true(!message->body_fallback_free ||
				      strstr(message->body_fallback_free, "said"));
		} else if (message->to) {
			check_again(ctx, message);
		}
		sn_im_message_free(message);
	}
	if (stanza)
		xmpp_stanza_release(stanza);
	xmpp_ctx_free(ctx);
	return 0;
}
