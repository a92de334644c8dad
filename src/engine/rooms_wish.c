/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rooms_wish.c - what clients ask for: one verb is one line of the table. */
#include <string.h>

#include "src/engine/rooms.h"
#include "src/store/wish.h"

/* ---- what comes of a request is said in the room ---- */

typedef struct {
	SnRooms *rooms;
	char *jid;
	char *done;          /* the line when it worked; NULL */
	const char *list;    /* the affiliation that is asked for; NULL */
	gboolean configures; /* changes the owner's form */
} Asked;

static void keep_form(SnRooms *rooms, SnRoomSession *session, const GPtrArray *fields)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_field_free);

	for (guint i = 0; i < fields->len; i++) {
		const SnImField *from = g_ptr_array_index(fields, i);
		SnRoomField *row = g_new0(SnRoomField, 1);
		row->var = g_strdup(from->var);
		row->type = g_strdup(from->type);
		row->label = g_strdup(from->label);
		row->value = from->values ? g_strjoinv("\n", from->values) : NULL;
		row->options = from->options ? g_strjoinv("\n", from->options) : NULL;
		row->option_labels = from->option_labels ? g_strjoinv("\n", from->option_labels) : NULL;
		g_ptr_array_add(rows, row);
	}
	sn_room_set_form(rooms->account->engine->store, session->conversation, rows, NULL);
}

static void keep_list(SnRooms *rooms, SnRoomSession *session, const GPtrArray *occupants,
                      const char *affiliation)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)sn_room_listed_free);

	for (guint i = 0; i < occupants->len; i++) {
		const SnImOccupant *from = g_ptr_array_index(occupants, i);
		SnRoomListed *row = g_new0(SnRoomListed, 1);
		row->jid = g_strdup(from->jid);
		row->affiliation = g_strdup(sn_room_affiliation_word(from->affiliation));
		row->reason = g_strdup(from->reason);
		g_ptr_array_add(rows, row);
	}
	sn_room_set_listed(rooms->account->engine->store, session->conversation, affiliation, rows,
	                   NULL);
}

static void ask_form(SnRooms *rooms, SnRoomSession *session);

/* The view shows what the room made of it, and the next change starts from that. */
static void configured(SnRooms *rooms, SnRoomSession *session, gboolean well)
{
	session->configuring = FALSE;
	if (well)
		ask_form(rooms, session);
	sn_engine_wake(rooms->account->engine);
}

static void asked_reply(SnEngineAccount *account, const SnImEvent *event, gpointer data)
{
	Asked *asked = data;
	SnRoomSession *session = sn_rooms_session(asked->rooms, asked->jid);

	if (session && event->kind == SN_IM_EV_ROOM_FORM && event->fields)
		keep_form(asked->rooms, session, event->fields);
	if (session && event->kind == SN_IM_EV_ROOM_LIST && event->occupants)
		keep_list(asked->rooms, session, event->occupants, asked->list);
	if (event->kind > SN_EVENT_CANCELLED)
		return;
	if (session && event->kind == SN_EVENT_ERROR)
		sn_rooms_say(asked->rooms, session, SN_ROOM_LINE_ERROR, "%s", event->error->message);
	if (session && event->kind == SN_EVENT_DONE && asked->done)
		sn_rooms_say(asked->rooms, session, SN_ROOM_LINE_ROOM, "%s", asked->done);
	if (session && asked->configures)
		configured(asked->rooms, session, event->kind == SN_EVENT_DONE);
	g_free(asked->jid);
	g_free(asked->done);
	g_free(asked);
}

static void submit_as(SnRooms *rooms, SnRoomSession *session, SnImRequest *request, Asked how)
{
	Asked *asked = g_memdup2(&how, sizeof how);

	asked->rooms = rooms;
	asked->jid = g_strdup(session->jid);
	sn_engine_im(rooms->account, request, asked_reply, asked);
}

static void submit(SnRooms *rooms, SnRoomSession *session, SnImRequest *request)
{
	submit_as(rooms, session, request, (Asked){ 0 });
}

/* ---- the verbs ---- */

static void do_join(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	SnRoomJoin how = { .nick = wish->who, .password = wish->secret,
		           .create = g_strcmp0(wish->value, "create") == 0 };
	g_autoptr(SnRoom) room =
		sn_room_get(rooms->account->engine->store, session->conversation);

	if (session->in && wish->who && room && g_strcmp0(room->nick, wish->who) != 0) {
		SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_NICK, session->jid);
		request->nick = g_strdup(wish->who);
		submit(rooms, session, request);
		return;
	}
	session->asked = TRUE;
	sn_rooms_join(rooms, session, &how);
}

static void do_leave(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	g_autoptr(SnRoom) room =
		sn_room_get(rooms->account->engine->store, session->conversation);

	if (room && room->bookmarked)
		sn_rooms_bookmark(rooms, session, FALSE, FALSE);
	sn_rooms_leave(rooms, session, wish->text);
}

static void do_bookmark(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	sn_rooms_bookmark(rooms, session, g_strcmp0(wish->value, "autojoin") == 0,
	                  g_strcmp0(wish->value, "remove") == 0);
}

static void do_subject(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	if (!session->in) {
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ERROR, "You are not in that room.");
		return;
	}
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_SEND, NULL);
	request->message = sn_im_message_new();
	request->message->to = g_strdup(session->jid);
	request->message->groupchat = TRUE;
	request->message->subject = g_strdup(wish->text ? wish->text : "");
	submit(rooms, session, request);
}

static void do_role(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_ROLE, session->jid);

	request->nick = g_strdup(wish->who);
	request->role = sn_room_role_parse(wish->value);
	request->status = g_strdup(wish->text);
	submit(rooms, session, request);
}

/* who: an address, or the nick of somebody whose address the room shows. */
static void do_affiliation(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	SnRoomAffiliation affiliation = SN_ROOM_NO_AFFILIATION;
	g_autoptr(SnRoomPerson) person =
		wish->who ? sn_room_person(rooms->account->engine->store, session->conversation,
		                           wish->who)
		          : NULL;
	const char *jid = person ? person->jid : wish->who;

	if (!jid || !strchr(jid, '@') || !sn_room_affiliation_parse(wish->value, &affiliation)) {
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ERROR,
		             "The address of %s is not known here. Name the address.",
		             wish->who ? wish->who : "nobody");
		return;
	}
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_AFFILIATION, session->jid);
	request->with = g_strdup(jid);
	request->affiliation = affiliation;
	request->status = g_strdup(wish->text);
	submit(rooms, session, request);
}

static void do_lists(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	static const SnRoomAffiliation all[] = { SN_ROOM_OWNER, SN_ROOM_ADMIN, SN_ROOM_MEMBER,
		                                 SN_ROOM_OUTCAST };

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
		SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_LIST, session->jid);
		request->affiliation = all[i];
		submit_as(rooms, session, request,
		          (Asked){ .list = sn_room_affiliation_word(all[i]) });
	}
}

static void ask_form(SnRooms *rooms, SnRoomSession *session)
{
	submit(rooms, session, sn_rooms_request(rooms, SN_IM_REQ_ROOM_FORM, session->jid));
}

static void do_form(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	ask_form(rooms, session);
}

static void do_configure(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_CONFIGURE, session->jid);

	request->fields = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_field_free);
	if (wish->who) {
		const char *value = wish->secret ? wish->secret : wish->value ? wish->value : "";
		g_ptr_array_add(request->fields, sn_im_field_new(wish->who, value));
	}
	session->configuring = TRUE;
	submit_as(rooms, session, request, (Asked){ .configures = TRUE });
}

static void do_destroy(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_DESTROY, session->jid);

	request->status = g_strdup(wish->text);
	submit(rooms, session, request);
	sn_rooms_bookmark(rooms, session, FALSE, TRUE);
}

static void do_invite(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_INVITE, session->jid);

	request->with = g_strdup(wish->who);
	request->status = g_strdup(wish->text);
	submit_as(rooms, session, request,
	          (Asked){ .done = g_strdup_printf("You invited %s", wish->who ? wish->who : "") });
}

static void do_retract(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	SnImRequest *request = sn_rooms_request(rooms, SN_IM_REQ_ROOM_RETRACT, session->jid);

	request->item = g_strdup(wish->who);
	request->status = g_strdup(wish->text);
	submit(rooms, session, request);
}

static void do_check(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish)
{
	submit(rooms, session, sn_rooms_request(rooms, SN_IM_REQ_ROOM_CHECK, session->jid));
}

static const struct {
	const char *verb;
	gboolean makes; /* also of a room that is not known yet */
	void (*run)(SnRooms *rooms, SnRoomSession *session, const SnRoomWish *wish);
} verbs[] = {
	{ "join", TRUE, do_join },
	{ "leave", FALSE, do_leave },
	{ "bookmark", FALSE, do_bookmark },      /* value: autojoin, keep, remove */
	{ "subject", FALSE, do_subject },        /* text */
	{ "role", FALSE, do_role },              /* who: nick; value: a role; text: reason */
	{ "affiliation", FALSE, do_affiliation }, /* who; value; text */
	{ "lists", FALSE, do_lists },
	{ "form", FALSE, do_form },
	{ "configure", FALSE, do_configure },    /* who: field; value or secret */
	{ "destroy", FALSE, do_destroy },        /* text: reason */
	{ "invite", FALSE, do_invite },          /* who: address; text */
	{ "retract", FALSE, do_retract },        /* who: stanza-id; text: reason */
	{ "check", FALSE, do_check },
};

gboolean sn_rooms_is_for(SnRooms *rooms, const SnRoomWish *wish)
{
	SnEngine *engine = rooms->account->engine;
	g_autoptr(SnRoom) known = sn_room_find(engine->store, wish->account, wish->room);

	if (known || wish->account)
		return rooms->account->id == (known ? known->account : wish->account);
	for (guint i = 0; i < engine->accounts->len; i++) {
		SnEngineAccount *one = g_ptr_array_index(engine->accounts, i);
		if (one->im)
			return one == rooms->account;
	}
	return FALSE;
}

static void fulfil(SnRooms *rooms, const SnRoomWish *wish)
{
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (strcmp(verbs[i].verb, wish->verb) != 0)
			continue;
		SnRoomSession *session = sn_rooms_session(rooms, wish->room);
		if (verbs[i].makes || !session)
			session = sn_rooms_make(rooms, wish->room, NULL, NULL, verbs[i].makes);
		if (session->conversation)
			verbs[i].run(rooms, session, wish);
		return;
	}
	g_warning("Nobody knows how to \"%s\" in a room.", wish->verb);
}

/* For the room to let the user in; and since all of a form goes back to it, a change that did not see
 * the one before would undo that. */
static gboolean has_to_wait(SnRooms *rooms, const SnRoomWish *wish)
{
	const SnRoomSession *session = sn_rooms_session(rooms, wish->room);

	if (!session)
		return FALSE;
	return (session->configuring && g_str_equal(wish->verb, "configure")) ||
	       (session->joining && !g_str_equal(wish->verb, "join") &&
	        !g_str_equal(wish->verb, "leave"));
}

/* Waits for the line: what is asked off line is done when it is back. */
void sn_rooms_take_wishes(SnRooms *rooms)
{
	SnStore *store = rooms->account->engine->store;
	g_autoptr(GPtrArray) wishes = NULL;

	if (!rooms->synced)
		return;
	wishes = sn_room_wishes(store);
	for (guint i = 0; i < wishes->len; i++) {
		const SnRoomWish *wish = g_ptr_array_index(wishes, i);
		if (!sn_rooms_is_for(rooms, wish) || has_to_wait(rooms, wish))
			continue;
		fulfil(rooms, wish);
		sn_room_wish_done(store, wish->id, NULL);
	}
	g_autoptr(GPtrArray) answers = sn_wish_list(store, SN_WISH_ROOM);
	for (guint i = 0; i < answers->len; i++) {
		const SnWish *answer = g_ptr_array_index(answers, i);
		sn_rooms_answer_invitation(rooms, answer->key, answer->value);
	}
}
