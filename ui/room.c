/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rooms on the screen: what is to be asked when one refuses, and what stands beside its name. */
#include "ui/room.h"

#include <string.h>

#include "src/store/wish.h"
#include "src/text/text.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/view.h"

enum { NICKS_MAX = 100 };

gboolean sn_room_request(SnApp *app, const SnRoom *room, const char *verb, const char *who,
                         const char *value, const char *text, GError **error)
{
	SnRoomWish wish = { .account = room->account, .room = room->jid, .verb = (char *)verb,
		            .who = (char *)who, .value = (char *)value, .text = (char *)text };

	app->stale = TRUE;
	return sn_room_ask(app->store, &wish, error);
}

SnRoom *sn_room_current(SnApp *app, GError **error)
{
	const SnView *view = sn_app_view(app);
	gboolean of_view = view && (view->ops == &sn_view_people || view->ops == &sn_view_room);
	SnId id = of_view ? view->subject : sn_timeline_conversation_id(app->timeline);
	SnRoom *room = id ? sn_room_get(app->store, id) : NULL;

	if (!room)
		sn_command_fail(error, "Open a room first; :join enters one.");
	return room;
}

char *sn_room_words(const SnRoom *room)
{
	g_autofree char *topic = room->subject ? sn_text_clean_line(room->subject, -1) : NULL;
	g_autofree char *stands = NULL;

	if (room->state == SN_ROOM_IN)
		stands = g_strdup_printf("%d here", room->people);
	else
		stands = g_strdup(room->state == SN_ROOM_JOINING ? "joining" : "you are not in");
	return g_strdup_printf("%s%s%s", stands, topic ? "  " : "", topic ? topic : "");
}

char **sn_room_highlights(const SnApp *app, const SnRoom *room)
{
	g_autofree char *all = g_strjoin(",", room->nick ? room->nick : "",
	                                 room->keywords ? room->keywords : "",
	                                 app->settings->notify_keywords, NULL);
	char **words = g_strsplit(all, ",", 50);
	guint kept = 0;

	for (guint i = 0; words[i]; i++) {
		if (*g_strstrip(words[i]))
			words[kept++] = words[i];
		else
			g_free(words[i]);
	}
	words[kept] = NULL;
	return words;
}

void sn_room_show(SnApp *app, SnId conversation)
{
	sn_view_close_all(app);
	app->stale = TRUE;
	sn_list_select(app->list, conversation);
	sn_timeline_open(app->timeline, conversation, 0);
	sn_app_focus(app, SN_PANE_TIMELINE);
}

void sn_room_answered(SnApp *app, const SnQuestion *question, const char *value)
{
	g_autofree char *key = sn_wish_answer_key(SN_WISH_ROOM, value, "join");
	g_autoptr(SnMessage) message = sn_message_get(app->store, question->message, 0);
	g_auto(GStrv) words = key ? g_strsplit(key, " ", 3) : NULL;
	GError *error = NULL;

	if (!words || g_strv_length(words) < 2 || !message)
		return;
	SnId id = sn_room_make(app->store, message->account, words[1], NULL, NULL, TRUE, &error);
	if (!id || !sn_room_set_state(app->store, id, SN_ROOM_JOINING, NULL, -1, NULL, NULL, &error)) {
		sn_app_error(app, error);
		return;
	}
	app->room_asked = id;
	sn_room_show(app, id);
}

/* ---- completing nicks ---- */

static gboolean begins(const char *nick, const char *word)
{
	g_autofree char *one = g_utf8_casefold(nick, -1), *other = g_utf8_casefold(word, -1);

	return g_str_has_prefix(one, other);
}

GPtrArray *sn_room_nicks(SnApp *app, SnId conversation, const char *word)
{
	g_autoptr(GPtrArray) people = sn_room_people(app->store, conversation, FALSE);
	GPtrArray *nicks = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < people->len && nicks->len < NICKS_MAX; i++) {
		const SnRoomPerson *person = g_ptr_array_index(people, i);
		if (!person->own && begins(person->nick, word))
			g_ptr_array_add(nicks, sn_text_clean_line(person->nick, -1));
	}
	return nicks;
}

/* As far as all of them go alike. */
static char *common(const GPtrArray *nicks)
{
	const char *first = g_ptr_array_index(nicks, 0);
	gsize length = strlen(first);

	for (guint i = 1; i < nicks->len; i++) {
		const char *other = g_ptr_array_index(nicks, i);
		gsize same = 0;
		while (same < length && other[same] == first[same])
			same++;
		length = same;
	}
	while (length > 0 && (first[length] & 0xc0) == 0x80)
		length--;
	return g_strndup(first, length);
}

gboolean sn_room_complete_nick(SnApp *app)
{
	SnComposer *composer = app->composer;
	SnEdit *edit = composer->fields[SN_FIELD_BODY];
	g_autoptr(SnRoom) room = sn_room_get(app->store, composer->conversation);
	const char *text = edit->text->str;
	gsize cursor = edit->cursor, from = cursor;

	if (!room || composer->field != SN_FIELD_BODY)
		return FALSE;
	while (from > 0 && !g_ascii_isspace(text[from - 1]) && text[from - 1] != '@')
		from--;
	if (from == cursor)
		return TRUE; /* in a room there is no next field to go to */
	g_autofree char *word = g_strndup(text + from, cursor - from);
	g_autoptr(GPtrArray) nicks = sn_room_nicks(app, room->conversation, word);
	if (!nicks->len) {
		sn_app_say(app, SN_OBJ_WARNING, "Nobody here is called %s.", word);
		return TRUE;
	}
	g_autofree char *fits = common(nicks);
	/* who is spoken to stands first, with a colon */
	const char *end = nicks->len > 1 ? "" : from == 0 ? ": " : " ";
	g_autofree char *whole = nicks->len > 1 && strlen(fits) < strlen(word) ? g_strdup(word)
	                                                                       : g_strconcat(fits, end, NULL);
	sn_edit_replace(edit, from, cursor, whole);
	if (nicks->len > 1) {
		g_ptr_array_add(nicks, NULL);
		g_autofree char *list = g_strjoinv(" ", (char **)nicks->pdata);
		sn_app_say(app, SN_OBJ_FAINT, "%s", list);
	}
	sn_composer_changed(composer);
	sn_app_dirty(app);
	return TRUE;
}

/* ---- refusals ---- */

typedef struct {
	SnId conversation;
	char *verb; /* "nick", "password", "create" */
} Offer;

static void offer_free(gpointer data)
{
	g_free(((Offer *)data)->verb);
	g_free(data);
}

static void answered(SnApp *app, const char *answer, gpointer data)
{
	const Offer *offer = data;
	g_autoptr(SnRoom) room = sn_room_get(app->store, offer->conversation);
	GError *error = NULL;

	if (!answer || !*answer || !room)
		return;
	SnRoomWish wish = { .account = room->account, .room = room->jid, .verb = (char *)"join" };
	if (g_str_equal(offer->verb, "create")) {
		if (!g_str_equal(answer, "yes"))
			return;
		wish.value = (char *)"create";
	} else if (g_str_equal(offer->verb, "password")) {
		wish.secret = (char *)answer;
	} else {
		wish.who = (char *)answer;
	}
	if (!sn_room_set_state(app->store, room->conversation, SN_ROOM_JOINING, NULL, -1, NULL, NULL,
	                       &error) ||
	    !sn_room_ask(app->store, &wish, &error)) {
		sn_app_error(app, error);
		return;
	}
	app->room_asked = room->conversation;
}

static void ask_line(SnApp *app, const SnRoom *room, const char *verb, const char *what,
                     const char *initial)
{
	Offer *offer = g_new(Offer, 1);
	g_autofree char *label = g_strdup_printf("%s %s: ", room->why, what);
	SnAskLine ask = { .label = label, .initial = initial, .done = answered, .data = offer,
		          .free = offer_free };

	*offer = (Offer){ room->conversation, g_strdup(verb) };
	sn_prompt_line(app, &ask);
}

static void ask_create(SnApp *app, const SnRoom *room)
{
	static const SnChoice choices[] = { { 'y', "Make it", "yes" }, { 'n', "No", "no" } };
	Offer *offer = g_new(Offer, 1);
	SnAsk ask = { .question = room->why, .detail = "Making it makes you its owner.",
		      .choices = choices, .count = G_N_ELEMENTS(choices), .done = answered,
		      .data = offer, .free = offer_free };

	*offer = (Offer){ room->conversation, g_strdup("create") };
	sn_prompt_ask(app, &ask);
}

static void ask(SnApp *app, const SnRoom *room)
{
	g_autofree char *nick = g_strconcat(room->nick ? room->nick : "", "_", NULL);

	if (!g_strcmp0(room->why_word, sn_error_word(SN_ERROR_EXISTS)))
		ask_line(app, room, "nick", "Another nick", nick);
	else if (!g_strcmp0(room->why_word, sn_error_word(SN_ERROR_AUTH)))
		ask_line(app, room, "password", "Password", NULL);
	else if (!g_strcmp0(room->why_word, sn_error_word(SN_ERROR_NOT_FOUND)))
		ask_create(app, room);
	else
		sn_app_say(app, SN_OBJ_ERROR, "%s", room->why);
}

void sn_room_offer(SnApp *app)
{
	SnId id = sn_timeline_conversation_id(app->timeline);

	if (app->prompt || !app->room_asked || app->room_asked != id)
		return;
	g_autoptr(SnRoom) room = sn_room_get(app->store, id);
	if (room && room->state == SN_ROOM_JOINING && !room->why)
		return; /* still under way */
	if (room && room->state == SN_ROOM_OUT)
		return; /* not even begun */
	app->room_asked = 0;
	if (room && room->state == SN_ROOM_REFUSED && room->why)
		ask(app, room);
}
