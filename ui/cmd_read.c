/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on what is in a message. */
#include <stdlib.h>

#include "ui/command.h"
#include "ui/links.h"
#include "ui/view.h"

static gboolean run_links(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = sn_command_message(app, error);
	g_autoptr(SnMessage) message = id ? sn_message_get(app->store, id, SN_MESSAGE_FULL) : NULL;

	if (!message)
		return FALSE;
	g_autoptr(GPtrArray) links = sn_links_of(message->body ? message->body : "");
	int number = argc > 0 ? atoi(argv[0]) : 0;
	if (argc > 0 && (number < 1 || number > (int)links->len))
		return sn_command_fail(error, "The message has no link %s.", argv[0]);
	const char *url = argc > 0 ? g_ptr_array_index(links, number - 1) : NULL;
	g_autofree char *text = url ? sn_link_text(message->body, (guint)number) : NULL;
	g_autofree char *warning = url ? sn_link_warning(url, text) : NULL;
	if (warning) { /* to be seen first; Enter opens it there */
		sn_view_open(app, &sn_view_links, NULL, id);
		sn_page_select(sn_app_page(app), number);
		sn_app_say(app, SN_OBJ_WARNING, "%s", warning);
	} else if (argc > 0)
		sn_links_open(app, url);
	else if (links->len == 0)
		return sn_command_fail(error, "The message has no links.");
	else
		sn_view_open(app, &sn_view_links, NULL, id);
	return TRUE;
}

const SnCommand sn_commands_read[] = {
	{ "links", "[NUMBER]", "the links of the message, or open the one with that number", 0, NULL, 0, 1,
	  run_links },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
