/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What arrives besides letters: a newsletter, an invitation, a message with another in it. */
#include "tests/lib/story.h"

#include <string.h>

typedef struct {
	const char *from, *name, *id, *subject, *body, *notice, *part;
} Mail;

static const char newsletter[] =
	"Harbour news [1]\n\nWhat the tide brings\n\n"
	"Day        High   Low\nMonday     6:12   12:31\nTuesday    6:58   13:15\nWednesday  7:40   13:58\n\n"
	"Berths for the winter are given out now: choose yours [2] or write to us [3].\n\n"
	"Unsubscribe [4]\n\n"
	"[1] https://harbour.example/news/47\n[2] https://harbour.example/berths?from=news\n"
	"[3] mailto:desk@harbour.example\n[4] https://harbour.example/leave/9f3a\n";

static const char invitation[] =
	"Invitation, changed: Splicing for beginners\n"
	"When:      Saturday 28 November 2026, 14:00 to 16:30 (UTC)\n"
	"Where:     Sail loft, Quay 3\n"
	"Organiser: Gus Keel <gus@club.example>\n"
	"Who:       Alice Liddell <alice@example.test>\n"
	"           Frida Moor <frida@harbour.example>: accepts\n\n"
	"Bring a fid.\n\nNow half an hour later, see Frida's question.\n\n"
	"On Fri, 20 Nov 2026 at 9:12, Frida Moor <frida@harbour.example> wrote:\n\n"
	"> Could we begin at two?\n> The ferry is late on Saturdays.\n> It always is in winter.\n"
	"> Frida\n\n-- \nGus\nQuay 3\n";

static void add(SnStore *store, const Mail *mail, SnTime time)
{
	SnMessage *message = sn_message_new();
	g_autofree char *text = g_strdup_printf("Subject: %s\r\n\r\n%s", mail->subject, mail->body);
	g_autoptr(GBytes) raw = g_bytes_new(text, strlen(text));
	g_autoptr(GError) error = NULL;

	message->account = sn_account_find(store, "home");
	message->channel = SN_CHANNEL_MAIL;
	message->time = time;
	message->state = SN_STATE_RECEIVED;
	message->flags = SN_FLAG_SEEN;
	message->sender = sn_address_intern(store, SN_CHANNEL_MAIL, mail->from, mail->name, NULL);
	message->message_id = g_strdup(mail->id);
	message->subject = g_strdup(mail->subject);
	message->body = g_strdup(mail->body);
	message->notice = g_strdup(mail->notice);
	sn_message_add_party(message, SN_ROLE_FROM, mail->from, mail->name);
	sn_message_add_party(message, SN_ROLE_TO, "alice@example.test", NULL);
	if (mail->part) {
		SnPart *part = g_new0(SnPart, 1);
		part->position = 2;
		part->type = g_strdup("message/rfc822");
		part->name = g_strdup(mail->part);
		part->size = 812;
		sn_message_add_part(message, part);
	}
	if (!sn_message_add(store, message, NULL, raw, NULL, &error))
		g_error("story: %s", error->message);
	sn_message_free(message);
}

char *story_attached_text(GBytes *raw, gpointer data)
{
	return g_strdup("Attached message: Saturday.eml\n\n"
	                "  From:    Frida Moor <frida@harbour.example>\n"
	                "  To:      Gus Keel <gus@club.example>\n"
	                "  Date:    Friday 20 November 2026, 09:12\n"
	                "  Subject: Saturday\n\n"
	                "  Could we begin at two?\n");
}

static void free_node(gpointer data)
{
	SnPartNode *node = data;

	g_free(node->type);
	g_free(node->name);
	g_free(node->disposition);
	g_free(node->encoding);
	g_free(node->charset);
	g_strfreev(node->parameters);
	g_free(node);
}

/* What the parser would find in such an email. */
GPtrArray *story_part_tree(GBytes *raw, gpointer data)
{
	static const struct {
		int depth, size;
		const char *type, *name, *disposition, *charset, *encoding;
	} nodes[] = {
		{ 0, 93184, "multipart/mixed", NULL, NULL, NULL, NULL },
		{ 1, 2248, "multipart/signed", NULL, NULL, NULL, NULL },
		{ 2, 1741, "multipart/alternative", NULL, NULL, NULL, NULL },
		{ 3, 612, "text/plain", NULL, NULL, "utf-8", "quoted-printable" },
		{ 3, 1129, "text/calendar", NULL, NULL, "utf-8", "base64" },
		{ 2, 507, "application/pgp-signature", "signature.asc", NULL, NULL, NULL },
		{ 1, 812, "message/rfc822", "Saturday.eml", NULL, NULL, NULL },
		{ 2, 24, "text/plain", NULL, NULL, "iso-8859-1", "8bit" },
		{ 1, 90124, "image/png", "Quay 3.png", "attachment", NULL, "base64" },
	};
	GPtrArray *list = g_ptr_array_new_with_free_func(free_node);

	for (gsize i = 0; i < G_N_ELEMENTS(nodes); i++) {
		SnPartNode *node = g_new0(SnPartNode, 1);
		*node = (SnPartNode){ .number = (int)i + 1, .depth = nodes[i].depth, .size = nodes[i].size,
			              .type = g_strdup(nodes[i].type), .name = g_strdup(nodes[i].name),
			              .disposition = g_strdup(nodes[i].disposition),
			              .charset = g_strdup(nodes[i].charset),
			              .encoding = g_strdup(nodes[i].encoding),
			              .parameters = g_new0(char *, 1) };
		node->group = g_str_has_prefix(node->type, "multipart/");
		node->message = strcmp(node->type, "message/rfc822") == 0;
		node->is_signed = strcmp(node->type, "multipart/signed") == 0;
		g_ptr_array_add(list, node);
	}
	return list;
}

void story_fill_reading(SnStore *store)
{
	static const Mail mails[] = {
		{ "news@harbour.example", "Harbour News", "47@harbour.example", "What the tide brings",
		  newsletter, "4 remote images not loaded; 1 of them too small to be seen, as trackers are",
		  NULL },
		{ "gus@club.example", "Gus Keel", "splice@club.example", "Splicing for beginners",
		  invitation, NULL, "Saturday.eml" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(mails); i++)
		add(store, &mails[i], STORY_NOW - SN_HOUR + (SnTime)i * SN_MINUTE);
}
