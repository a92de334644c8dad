/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is being written in a room goes on as an email. A room has no address for email and is not one
 * person, so the user says which of its people are meant; the address map knows their addresses where
 * the room shows who they are, and what it does not know, or knows only from others, is asked for.
 * Nothing is sent from here: it is a draft, to be looked at.
 */
#include <string.h>

#include "src/route/forward.h"
#include "src/text/text.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/room.h"
#include "ui/view.h"

enum { PEOPLE_MAX = 20 };

typedef struct {
	SnId room;
	SnId from;    /* the conversation that is left: the room, or a private one with one of its people */
	char **nicks; /* those who are meant */
	guint at;     /* the one whose address is looked for */
	GPtrArray *mails;
	char *text, *subject;
} Choosing;

static void choosing_free(gpointer data)
{
	Choosing *choosing = data;

	g_strfreev(choosing->nicks);
	g_clear_pointer(&choosing->mails, g_ptr_array_unref);
	g_free(choosing->text);
	g_free(choosing->subject);
	g_free(choosing);
}

static void next(SnApp *app, Choosing *choosing);

/* The person's email address; confirmed: it may be used without a question. NULL. */
static char *mail_of(SnApp *app, SnId room, const char *nick, gboolean *confirmed)
{
	g_autofree char *jid = sn_room_jid_of(app->store, room, NULL, nick);
	g_autoptr(SnAddress) im = jid ? sn_address_find(app->store, SN_CHANNEL_IM, jid) : NULL;
	g_autoptr(GPtrArray) all = im ? sn_person_addresses(app->store, im->person) : NULL;
	const SnAddress *best = NULL;

	for (guint i = 0; all && i < all->len; i++) {
		const SnAddress *address = g_ptr_array_index(all, i);
		if (address->channel == SN_CHANNEL_MAIL &&
		    (!best || (address->confirmed && !best->confirmed)))
			best = address;
	}
	*confirmed = best && best->confirmed;
	return best ? g_strdup(best->value) : NULL;
}

/* Below what is being written to them already. */
static void add_text(SnComposer *composer, const char *text)
{
	const char *before = sn_composer_text(composer, SN_FIELD_BODY);
	g_autofree char *both = *before ? g_strdup_printf("%s\n\n%s", before, text) : g_strdup(text);

	sn_composer_set_field(composer, SN_FIELD_BODY, both);
}

static void add_copies(SnComposer *composer, const GPtrArray *mails)
{
	g_autoptr(GString) all = g_string_new(sn_composer_text(composer, SN_FIELD_CC));

	for (guint i = 1; i < mails->len; i++)
		g_string_append_printf(all, "%s%s", all->len ? ", " : "", (char *)mails->pdata[i]);
	if (mails->len > 1)
		sn_composer_set_field(composer, SN_FIELD_CC, all->str);
}

/* Those of the room's draft: paths, and files that are held in the store. */
static void add_files(SnComposer *composer, const SnDraft *from)
{
	SnDraft *draft = composer->draft;

	if (!from || !from->attachments || !from->attachments->len)
		return;
	if (!draft->attachments)
		draft->attachments = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < from->attachments->len; i++)
		g_ptr_array_add(draft->attachments, g_strdup(from->attachments->pdata[i]));
	sn_composer_changed(composer);
}

/* All are known: the draft moves over to them, and goes from the room once it is there. */
static void open_letter(SnApp *app, const Choosing *choosing)
{
	SnComposer *composer = app->composer;
	SnId from = choosing->from;
	GError *error = NULL;
	g_autofree char *to = g_strconcat("mailto:", g_ptr_array_index(choosing->mails, 0), NULL);

	sn_composer_save(composer);
	if (!sn_compose_to(app, to, &error)) {
		sn_app_error(app, error);
		return;
	}
	g_assert(composer->conversation != from && composer->draft);
	g_autoptr(SnDraft) left = sn_draft_load(app->store, from);
	add_copies(composer, choosing->mails);
	if (choosing->subject && !composer->subject_typed)
		sn_composer_set_field(composer, SN_FIELD_SUBJECT, choosing->subject);
	add_files(composer, left);
	add_text(composer, choosing->text);
	sn_composer_save(composer);
	if (!sn_draft_delete(app->store, from, &error))
		sn_app_error(app, error);
	sn_app_say(app, SN_OBJ_SUCCESS, "An email to those you chose; nothing is sent to the room.");
}

static void address_typed(SnApp *app, const char *answer, gpointer data)
{
	Choosing *choosing = data;
	g_autofree char *mail = answer ? sn_address_normalise(SN_CHANNEL_MAIL, answer) : NULL;

	if (!answer)
		return; /* the draft stays with the room */
	if (!mail || !strchr(mail, '@')) {
		sn_app_say(app, SN_OBJ_ERROR, "That is no email address; nothing was changed.");
		return;
	}
	g_ptr_array_add(choosing->mails, g_steal_pointer(&mail));
	choosing->at++;
	Choosing *on = g_memdup2(choosing, sizeof *choosing);
	*choosing = (Choosing){ 0 };
	next(app, on);
}

/* Takes choosing. */
static void next(SnApp *app, Choosing *choosing)
{
	gboolean confirmed = FALSE;

	while (choosing->nicks[choosing->at]) {
		const char *nick = choosing->nicks[choosing->at];
		g_autofree char *mail = mail_of(app, choosing->room, nick, &confirmed);
		if (mail && confirmed) {
			g_ptr_array_add(choosing->mails, g_steal_pointer(&mail));
			choosing->at++;
			continue;
		}
		g_autofree char *label = g_strdup_printf(
			mail ? "Email address of %s (only a guess): " : "Email address of %s: ", nick);
		SnAskLine ask = { .label = label, .initial = mail, .done = address_typed,
			          .data = choosing, .free = choosing_free };
		sn_prompt_line(app, &ask);
		return;
	}
	open_letter(app, choosing);
	choosing_free(choosing);
}

/* Names with commas between; each has to be somebody in the room. */
static void people_chosen(SnApp *app, const char *answer, gpointer data)
{
	Choosing *choosing = data;
	g_auto(GStrv) typed = g_strsplit(answer ? answer : "", ",", PEOPLE_MAX);
	g_autoptr(GPtrArray) nicks = g_ptr_array_new_with_free_func(g_free);

	for (char **nick = typed; *nick; nick++) {
		g_strstrip(*nick);
		if (!**nick)
			continue;
		g_autoptr(SnRoomPerson) person = sn_room_person(app->store, choosing->room, *nick);
		if (!person) {
			sn_app_say(app, SN_OBJ_ERROR, "Nobody in the room is called %s.", *nick);
			return;
		}
		g_ptr_array_add(nicks, g_strdup(*nick));
	}
	if (!nicks->len)
		return;
	Choosing *on = g_memdup2(choosing, sizeof *choosing);
	*choosing = (Choosing){ 0 };
	g_ptr_array_add(nicks, NULL);
	on->nicks = (char **)g_ptr_array_steal(nicks, NULL);
	on->mails = g_ptr_array_new_with_free_func(g_free);
	next(app, on);
}

/* The last of several names is the one being typed. */
static GPtrArray *complete(SnApp *app, const char *line, gsize *start)
{
	const char *comma = strrchr(line, ',');
	const char *word = comma ? comma + 1 : line;

	while (*word == ' ')
		word++;
	*start = (gsize)(word - line);
	return sn_room_nicks(app, sn_timeline_conversation_id(app->timeline), word);
}

/* What is written, and below it what it answers: those who get the email may not have the room at
 * hand. Not what came encrypted. */
static char *text_of(SnApp *app, const SnMessage *answered)
{
	const char *text = sn_composer_text(app->composer, SN_FIELD_BODY);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(SnForward) quote = NULL;

	if (answered) {
		g_array_append_val(ids, answered->id);
		quote = sn_forward_make(app->store, ids, FALSE, NULL);
	}
	return quote && *quote->text && !quote->encrypted
	               ? g_strdup_printf("%s\n\n%s", text, quote->text)
	               : g_strdup(text);
}

void sn_room_to_mail(SnApp *app)
{
	SnComposer *composer = app->composer;
	g_autoptr(SnRoom) room = sn_room_get(app->store, composer->conversation);
	g_autoptr(SnConversation) row = sn_conversation_get(app->store, composer->conversation);
	g_autoptr(SnMessage) answered = NULL;
	const SnMessage *selected = sn_timeline_selected(app->timeline);
	const char *private_nick = row ? sn_room_private_nick(row->key) : NULL;
	Choosing *choosing = g_new0(Choosing, 1);

	g_assert(room);
	choosing->room = room->conversation;
	choosing->from = composer->conversation;
	choosing->subject = room->subject ? sn_text_clean_line(room->subject, -1) : NULL;
	if (composer->draft && composer->draft->reply_to)
		answered = sn_message_get(app->store, composer->draft->reply_to, 0);
	choosing->text = text_of(app, answered);
	const SnMessage *whose = answered ? answered : selected;
	const char *author = private_nick ? private_nick
	                     : whose && whose->direction == SN_IN ? whose->sender_name
	                                                          : NULL;
	g_autofree char *label = g_strdup("Email to which people of the room (names, commas between): ");
	SnAskLine ask = { .label = label, .initial = author, .complete = complete, .done = people_chosen,
		          .data = choosing, .free = choosing_free };
	sn_prompt_line(app, &ask);
}
