/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about contacts of the IM servers: who may see whom, and who is kept away. */
#include "src/store/contacts.h"
#include "src/store/wish.h"
#include "ui/command.h"
#include "ui/view.h"

#include <string.h>

/* JIDs meant by the words of a command, else the confirmed ones of the person it is about. Of char *;
 * NULL with error. */
static GPtrArray *jids_meant(SnApp *app, const char *word, GError **error)
{
	g_autoptr(GPtrArray) jids = g_ptr_array_new_with_free_func(g_free);
	const SnView *view = sn_app_view(app);
	const SnConversation *conversation = app->pane == SN_PANE_LIST && !view
	                                             ? sn_list_selected(app->list)
	                                             : sn_timeline_conversation(app->timeline);
	SnId person = view && view->ops == &sn_view_person ? view->subject
	              : conversation                       ? conversation->person
	                                                   : 0;

	if (word) {
		char *jid = sn_address_normalise(SN_CHANNEL_IM, word);
		if (!jid) {
			sn_command_fail(error, "\"%s\" is no IM address; write name@example.org.", word);
			return NULL;
		}
		g_ptr_array_add(jids, jid);
		return g_steal_pointer(&jids);
	}
	g_autoptr(GPtrArray) addresses = person ? sn_person_addresses(app->store, person) : NULL;
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->channel == SN_CHANNEL_IM && address->confirmed)
			g_ptr_array_add(jids, g_strdup(address->value));
	}
	if (jids->len == 0) {
		sn_command_fail(error, "This person has no confirmed IM address; give one.");
		return NULL;
	}
	return g_steal_pointer(&jids);
}

static gboolean wish_for(SnApp *app, const char *word, const char *value, const char *said,
                         GError **error)
{
	g_autoptr(GPtrArray) jids = jids_meant(app, word, error);

	if (!jids)
		return FALSE;
	for (guint i = 0; i < jids->len; i++)
		if (!sn_wish_set(app->store, SN_WISH_CONTACT, jids->pdata[i], value, error))
			return FALSE;
	g_ptr_array_add(jids, NULL);
	g_autofree char *names = g_strjoinv(", ", (char **)jids->pdata);
	sn_app_say(app, SN_OBJ_SUCCESS, "%s %s", names, said);
	return TRUE;
}

static gboolean run_block(SnApp *app, int argc, char **argv, GError **error)
{
	return wish_for(app, argc ? argv[0] : NULL, "block",
	                "is kept away, and sees you as offline. :blocked shows all.", error);
}

static gboolean run_unblock(SnApp *app, int argc, char **argv, GError **error)
{
	return wish_for(app, argc ? argv[0] : NULL, "unblock", "may write to you again.", error);
}

static gboolean run_blocked(SnApp *app, int argc, char **argv, GError **error)
{
	sn_view_open(app, &sn_view_blocked, NULL, 0);
	return TRUE;
}

static gboolean run_contact(SnApp *app, int argc, char **argv, GError **error)
{
	static const struct {
		const char *word, *value, *said;
	} verbs[] = {
		{ "add", "request", "is asked whether you may see their presence." },
		{ "accept", "accept", "may see your presence." },
		{ "refuse", "refuse", "does not see your presence." },
		{ "remove", "remove", "is no contact of yours any more." },
	};
	g_auto(GStrv) words = g_strsplit(argv[0], " ", 2);

	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(words[0], verbs[i].word) == 0)
			return wish_for(app, words[1] && *words[1] ? words[1] : NULL, verbs[i].value,
			                verbs[i].said, error);
	return sn_command_fail(error, "Write :contact add, accept, refuse or remove, and an address.");
}

const SnCommand sn_commands_contacts[] = {
	{ "contact", "add|accept|refuse|remove [ADDRESS]", "who may see whose presence", SN_COMPLETE_WORDS, "add accept refuse remove", 1, -1, run_contact },
	{ "block", "[ADDRESS]", "keep the person's IM addresses away from you", 0, NULL, 0, 1, run_block },
	{ "unblock", "[ADDRESS]", "let them in again", 0, NULL, 0, 1, run_unblock },
	{ "blocked", "", "whom your IM servers keep away", 0, NULL, 0, 0, run_blocked },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
