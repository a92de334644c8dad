/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mail program has to answer rightly: emails to several addresses of the user's, lists. */
#include "tests/lib/story.h"

#include <string.h>

const char story_letters_accounts[] =
	"[home]\n"
	"from = Alice Liddell <alice@example.test>\n"
	"aliases = Treasurer <money@club.example>\n"
	"source = imap+insecure://alice@localhost:1\n"
	"outgoing = smtp+insecure://alice@localhost:1\n"
	"im = xmpp://alice@example.test\n"
	"im-host = localhost:1\n"
	"password-command = true\n"
	"signature = \"Alice\\nQuay 3\"\n"
	"\n"
	"[home/work]\n"
	"from = A. Liddell <a.liddell@work.example>\n"
	"reply-to = desk@work.example\n"
	"signature = \"A. Liddell, Harbour office\"\n";

typedef struct {
	const char *from, *name, *to, *delivered, *id, *subject, *list, *post, *body;
} Letter;

static void add(SnStore *store, const Letter *letter, SnTime time)
{
	SnMessage *message = sn_message_new();
	g_autofree char *text = g_strdup_printf("Subject: %s\r\nMessage-ID: <%s>\r\n\r\n%s\r\n",
	                                        letter->subject, letter->id, letter->body);
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
	g_autoptr(GError) error = NULL;

	message->account = sn_account_find(store, "home");
	message->channel = SN_CHANNEL_MAIL;
	message->time = time;
	message->state = SN_STATE_RECEIVED;
	message->flags = SN_FLAG_SEEN;
	message->sender = sn_address_intern(store, SN_CHANNEL_MAIL, letter->from, letter->name, NULL);
	message->message_id = g_strdup(letter->id);
	message->subject = g_strdup(letter->subject);
	message->body = g_strdup(letter->body);
	message->list_id = g_strdup(letter->list);
	sn_message_add_party(message, SN_ROLE_FROM, letter->from, letter->name);
	sn_message_add_party(message, SN_ROLE_TO, letter->to, NULL);
	if (letter->delivered)
		sn_message_add_party(message, SN_ROLE_DELIVERED, letter->delivered, NULL);
	if (letter->post)
		sn_message_add_party(message, SN_ROLE_LIST_POST, letter->post, NULL);
	if (!sn_message_add(store, message, NULL, raw, NULL, &error))
		g_error("story: %s", error->message);
	sn_message_free(message);
}

void story_fill_letters(SnStore *store)
{
	static const Letter letters[] = {
		{ "frida@harbour.example", "Frida Moor", "a.liddell@work.example", NULL,
		  "berth@harbour.example", "Berth 12", NULL, NULL, "Is berth 12 still yours?\n" },
		{ "gus@club.example", "Gus Keel", "members@club.example", "money@club.example",
		  "fees@club.example", "Fees", NULL, NULL, "Who has not paid yet?\n" },
		{ "hans@lists.example", "Hans Block", "knots@lists.example", "alice@example.test",
		  "knot@lists.example", "[knots] Bowline", "knots.lists.example",
		  "knots@lists.example", "Does anybody tie it one-handed?\n" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
		add(store, &letters[i], STORY_NOW - SN_HOUR + (SnTime)i * SN_MINUTE);
}
