/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the address map. */
#include <string.h>

#include "src/route/policy.h"
#include "src/route/reach.h"
#include "src/store/wish.h"
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

/* ---- rules ---- */

static gboolean set_rule(SnApp *app, const char *assignment, GError **error)
{
	SnId person = person_of(app, error);

	if (!person || !sn_policy_set(app->store, person, assignment, error))
		return FALSE;
	changed(app);
	return TRUE;
}

static void rule_set(SnApp *app, const char *answer, gpointer data)
{
	GError *error = NULL;

	if (answer && !set_rule(app, answer, &error))
		sn_app_error(app, error);
}

/* data: the key. An empty line takes the setting back. */
static void value_typed(SnApp *app, const char *answer, gpointer data)
{
	const char *key = data;
	g_autofree char *line = answer ? g_strdup_printf("%s=%s", key, *answer ? answer : "default")
	                               : NULL;

	rule_set(app, line, NULL);
}

static void type_value(SnApp *app, const char *key, const char *label)
{
	g_autofree char *current = sn_policy_get(app->store, person_of(app, NULL), key);
	SnAskLine ask = { .label = label, .initial = current, .done = value_typed,
		          .data = (gpointer)key };

	sn_prompt_line(app, &ask);
}

static void ask_wish(SnApp *app)
{
	static const SnChoice choices[] = {
		{ 'e', "an email", "wish=mail" },
		{ 'd', "to wait until they are available", "wish=defer" },
		{ 's', "an IM anyway", "wish=send" },
		{ 'x', "nothing: refuse what they asked for", "wish=none" },
		{ '0', "what they said themselves", "wish=default" },
	};
	SnAsk ask = { .question = "When not available, this person asked for:", .choices = choices,
		      .count = G_N_ELEMENTS(choices), .done = rule_set };

	sn_prompt_ask(app, &ask);
}

static void ask_answer(SnApp *app)
{
	static const SnChoice choices[] = {
		{ 'k', "ask me each time", "answer=ask" },
		{ 'n', "now", "answer=now" },
		{ 'l', "later", "answer=later" },
		{ 'e', "email", "answer=mail" },
		{ 'L', "later, when I am away", "answer=later-when-away" },
		{ 'E', "email, when I am away", "answer=mail-when-away" },
		{ 'i', "not at all: ignore them", "answer=ignore" },
		{ '0', "as for everybody", "answer=default" },
	};
	SnAsk ask = { .question = "When this person asks whether now is a good time:",
		      .choices = choices, .count = G_N_ELEMENTS(choices), .done = rule_set };

	sn_prompt_ask(app, &ask);
}

static void rule_answered(SnApp *app, const char *answer, gpointer data)
{
	if (!answer)
		return;
	if (g_str_equal(answer, "wish"))
		ask_wish(app);
	else if (g_str_equal(answer, "answer"))
		ask_answer(app);
	else if (g_str_equal(answer, "quiet-hours"))
		type_value(app, "quiet-hours", "Quiet hours (22:00-07:00, weekends; none; empty: default): ");
	else if (g_str_equal(answer, "not-available"))
		type_value(app, "not-available", "Not available (offline,xa,dnd,away; empty: default): ");
	else
		rule_set(app, answer, NULL);
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
		{ 'w', "... what they asked for", "wish" },
		{ 'n', "... which presences count as not available", "not-available" },
		{ 'h', "... their quiet hours", "quiet-hours" },
		{ 'q', "... how their questions are answered", "answer" },
	};
	SnAsk ask = { .question = "When this person is not available:", .choices = choices,
		      .count = G_N_ELEMENTS(choices), .done = rule_answered };

	if (!person_of(app, error))
		return FALSE;
	if (argc) {
		g_autofree char *line = g_strjoinv(" ", argv);
		return set_rule(app, line, error);
	}
	sn_prompt_ask(app, &ask);
	return TRUE;
}

/* ---- what contacts are told ---- */

static gboolean run_reach(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(GString) uris = g_string_new(NULL);

	if (argc == 0) {
		g_autofree char *now = sn_wish_get(app->store, SN_WISH_REACH, "");
		sn_app_say(app, SN_OBJ_DEFAULT, "When you are away, contacts are told: %s",
		           now && *now ? now : "nothing");
		return TRUE;
	}
	g_autofree char *line = g_strjoinv(" ", argv);
	g_auto(GStrv) words = g_strsplit_set(g_str_equal(line, "none") ? "" : line, " ,\t", -1);
	for (char **word = words; *word; word++) {
		g_autofree char *uri = **word ? sn_reach_uri(*word, error) : NULL;
		if (**word && !uri)
			return FALSE;
		if (uri)
			g_string_append_printf(uris, "%s%s", uris->len ? " " : "", uri);
	}
	if (!sn_wish_set(app->store, SN_WISH_REACH, "", uris->str, error))
		return FALSE;
	sn_app_say(app, SN_OBJ_SUCCESS, uris->len ? "Told to those who may see your presence."
	                                          : "Taken back.");
	return TRUE;
}

const SnCommand sn_commands_person[] = {
	{ "person", "[WHO]", "addresses, presence and rules of a person", SN_COMPLETE_PERSON, NULL, 0, -1, run_person },
	{ "confirm", "", "the selected address is right", 0, NULL, 0, 0, run_confirm },
	{ "link", "[xmpp:|mailto:ADDRESS]", "add an address to the person", 0, NULL, 0, -1, run_link },
	{ "unlink", "", "take the selected address away from the person", 0, NULL, 0, 0, run_unlink },
	{ "rename", "[NAME]", "name of the person", 0, NULL, 0, -1, run_rename },
	{ "rule", "[RULE|KEY=VALUE]", "what to do when the person is not available, and what counts as that", SN_COMPLETE_WORDS, "default ask defer mail send ask-them wish=mail wish=none not-available= quiet-hours= time-zone= answer=", 0, -1, run_rule },
	{ "reach", "[none|URI...]", "how your contacts can reach you when you are away: mailto:, xmpp:, tel:", SN_COMPLETE_WORDS, "none mailto: xmpp: tel:", 0, -1, run_reach },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
