/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the address map. */
#include <string.h>

#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/view.h"

/* The person a command is about: of the person view, else of the conversation. 0 with error. */
static SnId person_of(SnApp *app, GError **error)
{
	const SnView *view = sn_app_view(app);
	const SnConversation *conversation = app->pane == SN_PANE_LIST && !view
	                                             ? sn_list_selected(app->list)
	                                             : sn_timeline_conversation(app->timeline);

	if (view && view->ops == &sn_view_person)
		return view->subject;
	if (conversation && conversation->person)
		return conversation->person;
	sn_command_fail(error, "This conversation is with more than one person.");
	return 0;
}

static void changed(SnApp *app)
{
	app->stale = TRUE;
	sn_composer_forget_plan(app->composer);
}

static gboolean run_person(SnApp *app, int argc, char **argv, GError **error)
{
	SnId person = 0;

	if (argc) {
		g_autoptr(GPtrArray) found = sn_person_find(app->store, argv[0]);
		if (!found || found->len == 0)
			return sn_command_fail(error, "Nobody here is called '%s'.", argv[0]);
		person = ((const SnPerson *)g_ptr_array_index(found, 0))->id;
	} else {
		person = person_of(app, error);
	}
	if (!person)
		return FALSE;
	sn_view_open(app, &sn_view_person, NULL, person);
	return TRUE;
}

/* The address selected in the person view; 0 with error. */
static SnId selected_address(SnApp *app, GError **error)
{
	const SnView *view = sn_app_view(app);
	SnId id = view && view->ops == &sn_view_person ? sn_page_selected(view->page) : 0;

	if (id <= 0)
		sn_command_fail(error, "Select an address first; p shows them.");
	return MAX(id, 0);
}

static gboolean run_confirm(SnApp *app, int argc, char **argv, GError **error)
{
	SnId address = selected_address(app, error), person = person_of(app, NULL);

	if (!address || !person || !sn_link_confirm(app->store, address, person, error))
		return FALSE;
	changed(app);
	sn_app_say(app, SN_OBJ_SUCCESS, "Confirmed.");
	return TRUE;
}

static gboolean run_unlink(SnApp *app, int argc, char **argv, GError **error)
{
	SnId address = selected_address(app, error), person = person_of(app, NULL);

	if (!address || !person || !sn_link_remove(app->store, address, person, error))
		return FALSE;
	changed(app);
	sn_app_say(app, SN_OBJ_SUCCESS, "Taken away; it is a person of its own now.");
	return TRUE;
}

static gboolean link_address(SnApp *app, SnId person, const char *text, GError **error)
{
	gboolean xmpp = g_str_has_prefix(text, "xmpp:") || g_str_has_prefix(text, "im ");
	const char *value = strchr(text, ':') ? strchr(text, ':') + 1 : text;
	SnChannel channel = xmpp ? SN_CHANNEL_IM : SN_CHANNEL_MAIL;
	g_autofree char *normal = NULL;
	SnId address;

	if (g_str_has_prefix(text, "im ") || g_str_has_prefix(text, "mail "))
		value = strchr(text, ' ') + 1;
	normal = sn_address_normalise(channel, value);
	if (!normal)
		return sn_command_fail(error, "'%s' is no address.", value);
	address = sn_address_intern(app->store, channel, normal, NULL, error);
	if (!address || !sn_link_add(app->store, address, person, SN_LINK_USER, TRUE, "typed", error))
		return FALSE;
	changed(app);
	return TRUE;
}

static void link_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	g_autofree char *text = answer ? g_strstrip(g_strdup(answer)) : NULL;
	SnId person = person_of(app, &error);

	if (!text || !*text)
		g_clear_error(&error);
	else if (!person || !link_address(app, person, text, &error))
		sn_app_error(app, error);
}

static gboolean run_link(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = "Address (xmpp:bob@example.org or mailto:bob@example.org): ",
		          .done = link_answered };
	SnId person = person_of(app, error);

	if (!person)
		return FALSE;
	if (argc)
		return link_address(app, person, argv[0], error);
	sn_prompt_line(app, &ask);
	return TRUE;
}

static void name_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	SnId person;

	if (!answer || !*answer)
		return;
	person = person_of(app, &error);
	if (!person || !sn_person_set_name(app->store, person, answer, &error))
		sn_app_error(app, error);
	changed(app);
}

static gboolean run_rename(SnApp *app, int argc, char **argv, GError **error)
{
	SnId id = person_of(app, error);
	g_autoptr(SnPerson) person = id ? sn_person_get(app->store, id) : NULL;
	SnAskLine ask = { .label = "Name: ", .done = name_answered };

	if (!person)
		return FALSE;
	if (argc) {
		name_answered(app, argv[0], NULL);
		return TRUE;
	}
	ask.initial = person->name;
	sn_prompt_line(app, &ask);
	return TRUE;
}

static void rule_answered(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;
	SnRule rule;
	SnId person;

	if (!answer || !sn_rule_parse(answer, &rule))
		return;
	person = person_of(app, &error);
	if (!person || !sn_person_set_rule(app->store, person, rule, &error))
		sn_app_error(app, error);
	changed(app);
}

static gboolean run_rule(SnApp *app, int argc, char **argv, GError **error)
{
	static const SnChoice choices[] = {
		{ 'k', "ask me each time", "ask" },
		{ 'd', "defer: wait until they are available", "defer" },
		{ 'e', "send an email instead", "mail" },
		{ 's', "send anyway", "send" },
		{ 'a', "ask them", "ask-them" },
		{ '0', "as the account says", "default" },
	};
	SnAsk ask = { .question = "When this person is not available:", .choices = choices,
		      .count = G_N_ELEMENTS(choices), .done = rule_answered };
	SnRule rule;

	if (!person_of(app, error))
		return FALSE;
	if (argc) {
		if (!sn_rule_parse(argv[0], &rule))
			return sn_command_fail(error, "A rule is default ask defer mail send ask-them.");
		rule_answered(app, argv[0], NULL);
		return TRUE;
	}
	sn_prompt_ask(app, &ask);
	return TRUE;
}

const SnCommand sn_commands_person[] = {
	{ "person", "[WHO]", "addresses, presence and rules of a person", SN_COMPLETE_PERSON, NULL, 0, -1, run_person },
	{ "confirm", "", "the selected address is right", 0, NULL, 0, 0, run_confirm },
	{ "link", "[xmpp:|mailto:ADDRESS]", "add an address to the person", 0, NULL, 0, -1, run_link },
	{ "unlink", "", "take the selected address away from the person", 0, NULL, 0, 0, run_unlink },
	{ "rename", "[NAME]", "name of the person", 0, NULL, 0, -1, run_rename },
	{ "rule", "[RULE]", "what to do when the person is not available", SN_COMPLETE_WORDS, "default ask defer mail send ask-them", 0, 1, run_rule },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
