/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in a room or belongs to it, and the settings its owners can change. */
#include <string.h>

#include "src/text/text.h"
#include "ui/command.h"
#include "ui/prompt.h"
#include "ui/room.h"
#include "ui/view.h"
#include "ui/words.h"

enum { NICK_COLUMNS = 20, ROLE_COLUMNS = 14 };

/* ---- people ---- */

/* Rows keep their strings as long as they show. */
static gboolean open_people(SnApp *app, SnView *view, GError **error)
{
	view->data = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_person_free);
	return TRUE;
}

static void close_people(SnApp *app, SnView *view)
{
	g_ptr_array_unref(view->data);
}

static const char *role_words(const SnRoomPerson *person)
{
	return !g_strcmp0(person->role, "moderator") ? "moderator"
	       : !g_strcmp0(person->role, "visitor") ? "may not speak"
	                                             : "";
}

/* The row of somebody, whoever comes and goes: a command is about who was selected. Never 0. */
static gint64 row_of(const char *nick)
{
	guint64 hash = G_GUINT64_CONSTANT(14695981039346656037); /* FNV-1a */

	for (; *nick; nick++)
		hash = (hash ^ (guchar)*nick) * G_GUINT64_CONSTANT(1099511628211);
	return (gint64)(hash >> 1 | 1);
}

static void add_person(SnApp *app, SnView *view, const SnRoomPerson *person)
{
	SnPage *page = view->page;
	g_autofree char *nick = sn_text_clean_line(person->nick, -1);
	g_autofree char *fit = sn_text_fit(nick, NICK_COLUMNS);
	SnPresenceShow show = SN_PRESENCE_ONLINE;
	SnObject object;

	if (person->show)
		sn_presence_parse(person->show, &show);
	sn_page_line(page, row_of(person->nick), person->nick);
	sn_page_addf(page, SN_OBJ_DEFAULT, " ");
	const char *mark = sn_words_presence_mark(show, &object);
	sn_page_add(page, object, mark);
	sn_page_tab(page, 3);
	sn_page_add_style(page, person->own ? sn_theme_style(app->theme, SN_OBJ_SENDER_SELF)
	                                    : sn_theme_name(app->theme, person->occupant_id
	                                                                        ? person->occupant_id
	                                                                        : person->nick),
	                  fit);
	sn_page_tab(page, 3 + NICK_COLUMNS + 2);
	sn_page_add(page, SN_OBJ_FAINT, role_words(person));
	sn_page_tab(page, 3 + NICK_COLUMNS + 2 + ROLE_COLUMNS);
	if (g_strcmp0(person->affiliation, "none") != 0)
		sn_page_add(page, SN_OBJ_FAINT, person->affiliation ? person->affiliation : "");
	sn_page_tab(page, 3 + NICK_COLUMNS + 2 + ROLE_COLUMNS + 8);
	sn_page_add(page, SN_OBJ_DEFAULT, person->jid ? person->jid : "");
}

static void fill_lists(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) list = sn_room_listed(app->store, view->subject);

	for (guint i = 0; i < list->len; i++) {
		const SnRoomListed *one = g_ptr_array_index(list, i);
		sn_page_line(view->page, (gint64)i + 1, NULL);
		sn_page_addf(view->page, SN_OBJ_FAINT, " %-9s", one->affiliation);
		sn_page_addf(view->page, SN_OBJ_DEFAULT, "%s", one->jid);
		if (one->reason)
			sn_page_addf(view->page, SN_OBJ_FAINT, "  %s", one->reason);
	}
	if (!list->len)
		sn_page_note(view->page, "The room has not told yet, or tells only its owners.");
}

static void fill_people(SnApp *app, SnView *view)
{
	if (view->argument) {
		fill_lists(app, view);
		return;
	}
	g_ptr_array_unref(view->data);
	GPtrArray *people = view->data = sn_room_people(app->store, view->subject, FALSE);
	for (guint i = 0; i < people->len; i++)
		add_person(app, view, g_ptr_array_index(people, i));
}

static char *note_people(SnApp *app, SnView *view)
{
	g_autoptr(SnRoom) room = sn_room_get(app->store, view->subject);

	if (!room)
		return NULL;
	if (view->argument)
		return g_strdup_printf("who belongs to %s", room->jid);
	return g_strdup_printf("%s  %d here", room->jid, room->people);
}

/* Enter writes to them in private. */
static void activate_person(SnApp *app, SnView *view)
{
	const SnCommand *command = sn_command_find("private");
	GError *error = NULL;

	if (!view->argument && !command->run(app, 0, NULL, &error))
		sn_app_error(app, error);
}

const SnViewOps sn_view_people = {
	.name = "people",
	.title = "People in the room",
	.empty = "Nobody is known to be here. You have to be in the room to see who else is.",
	.open = open_people,
	.close = close_people,
	.fill = fill_people,
	.stale = NULL,
	.activate = activate_person,
	.note = note_people,
};

/* ---- settings ---- */

static gboolean is_boolean(const SnRoomField *field)
{
	return !g_strcmp0(field->type, "boolean");
}

static gboolean is_on(const SnRoomField *field)
{
	return !g_strcmp0(field->value, "1") || !g_strcmp0(field->value, "true");
}

static gboolean is_shown(const SnRoomField *field)
{
	return g_strcmp0(field->type, "hidden") != 0 && g_strcmp0(field->type, "fixed") != 0;
}

/* What stands for a value of a list. */
static char *value_words(const SnRoomField *field)
{
	g_auto(GStrv) options = field->options ? g_strsplit(field->options, "\n", -1) : NULL;
	g_auto(GStrv) labels = field->option_labels ? g_strsplit(field->option_labels, "\n", -1) : NULL;

	if (is_boolean(field))
		return g_strdup(is_on(field) ? "yes" : "no");
	if (!g_strcmp0(field->type, "text-private"))
		return g_strdup(field->value && *field->value ? "(set)" : "");
	for (guint i = 0; options && labels && options[i] && labels[i]; i++)
		if (!g_strcmp0(options[i], field->value))
			return sn_text_clean_line(labels[i], -1);
	return field->value ? sn_text_clean_line(field->value, -1) : g_strdup("");
}

static void fill_room(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) fields = sn_room_form(app->store, view->subject);
	int value_column = MIN(sn_page_columns(view->page) - 20, 52);

	for (guint i = 0; i < fields->len; i++) {
		const SnRoomField *field = g_ptr_array_index(fields, i);
		g_autofree char *value = value_words(field);
		g_autofree char *label =
			sn_text_clean_line(field->label ? field->label : field->var, -1);
		g_autofree char *fit = sn_text_fit(label, MAX(value_column - 3, 8));
		if (!is_shown(field))
			continue;
		sn_page_line(view->page, (gint64)i + 1, NULL);
		sn_page_addf(view->page, SN_OBJ_FIELD, " %s", fit);
		sn_page_tab(view->page, MAX(value_column, 10));
		sn_page_add(view->page, SN_OBJ_DEFAULT, value);
	}
}

typedef struct {
	SnId room;
	char *var;
	gboolean secret;
} Setting;

static void setting_free(gpointer data)
{
	g_free(((Setting *)data)->var);
	g_free(data);
}

static void setting_typed(SnApp *app, const char *answer, gpointer data)
{
	const Setting *setting = data;
	g_autoptr(SnRoom) room = sn_room_get(app->store, setting->room);
	GError *error = NULL;

	if (!answer || !room)
		return;
	SnRoomWish wish = { .account = room->account, .room = room->jid, .verb = (char *)"configure",
		            .who = setting->var };
	if (setting->secret)
		wish.secret = (char *)answer;
	else
		wish.value = (char *)answer;
	if (!sn_room_ask(app->store, &wish, &error))
		sn_app_error(app, error);
	app->stale = TRUE;
}

enum { OPTIONS_MAX = 9 };

static void ask_option(SnApp *app, const SnRoomField *field, Setting *setting)
{
	g_auto(GStrv) options = g_strsplit(field->options, "\n", -1);
	g_auto(GStrv) labels = g_strsplit(field->option_labels ? field->option_labels : "", "\n", -1);
	SnChoice choices[OPTIONS_MAX];
	SnAsk ask = { .question = field->label ? field->label : field->var, .choices = choices,
		      .done = setting_typed, .data = setting, .free = setting_free };
	guint known = g_strv_length(labels);

	for (; options[ask.count] && ask.count < OPTIONS_MAX; ask.count++)
		choices[ask.count] = (SnChoice){ (SnKey)('1' + ask.count),
			                         ask.count < known ? labels[ask.count]
			                                           : options[ask.count],
			                         options[ask.count] };
	sn_prompt_ask(app, &ask);
}

static void activate_setting(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) fields = sn_room_form(app->store, view->subject);
	gint64 number = sn_page_selected(view->page);

	if (number < 1 || number > fields->len)
		return;
	const SnRoomField *field = g_ptr_array_index(fields, number - 1);
	Setting *setting = g_new(Setting, 1);
	*setting = (Setting){ view->subject, g_strdup(field->var),
		              !g_strcmp0(field->type, "text-private") };
	if (is_boolean(field)) {
		setting_typed(app, is_on(field) ? "0" : "1", setting);
		setting_free(setting);
	} else if (field->options && *field->options) {
		ask_option(app, field, setting);
	} else {
		g_autofree char *label = g_strdup_printf("%s: ", field->label ? field->label : field->var);
		SnAskLine ask = { .label = label, .initial = setting->secret ? NULL : field->value,
			          .done = setting_typed, .data = setting, .free = setting_free };
		sn_prompt_line(app, &ask);
	}
}

static char *note_room(SnApp *app, SnView *view)
{
	g_autoptr(SnRoom) room = sn_room_get(app->store, view->subject);

	return room ? g_strdup_printf("%s  Enter changes", room->jid) : NULL;
}

const SnViewOps sn_view_room = {
	.name = "room",
	.title = "Settings of the room",
	.empty = "The room has not told its settings yet. It tells them to its owners only.",
	.fill = fill_room,
	.activate = activate_setting,
	.note = note_room,
};
