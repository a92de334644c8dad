/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rooms_wish.c - what clients ask for: one verb is one line of the table. And invitations, which are
 * questions to the user. */
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

/* The account whose room it is, else the one that the wish names, else the first that is on line. */
static gboolean is_for(SnRooms *rooms, const SnRoomWish *wish)
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

/* All of a form goes back to the room: a change that did not see the one before would undo it. */
static gboolean has_to_wait(SnRooms *rooms, const SnRoomWish *wish)
{
	const SnRoomSession *session = sn_rooms_session(rooms, wish->room);

	return session && session->configuring && g_str_equal(wish->verb, "configure");
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
		if (!is_for(rooms, wish) || has_to_wait(rooms, wish))
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

/* ---- invitations ---- */

/* Asks the user with one key; in the conversation with whoever invites. */
void sn_rooms_take_invitation(SnRooms *rooms, const SnImEvent *event)
{
	SnEngineAccount *account = rooms->account;
	SnStore *store = account->engine->store;
	g_autofree char *jid = event->jid ? sn_address_normalise(SN_CHANNEL_IM, event->jid) : NULL;
	g_autoptr(SnRoom) known = jid ? sn_room_find(store, account->id, jid) : NULL;
	g_autoptr(SnMessage) message = sn_message_new();
	g_autoptr(GError) error = NULL;
	SnAddResult result = SN_DUPLICATE;

	if (!jid || !event->name || (known && known->state == SN_ROOM_IN))
		return;
	g_autofree char *key = g_strdup_printf("%s %s %s", event->found ? "direct" : "room", jid,
	                                       event->name);
	g_autofree char *accept = sn_wish_as_answer(SN_WISH_ROOM, key, "join");
	g_autofree char *decline = sn_wish_as_answer(SN_WISH_ROOM, key, "decline");
	const char *const values[] = { accept, decline, NULL };
	const char *const labels[] = { "Join", "Decline", NULL };
	/* by a nick only: then it stands with the room */
	gboolean by_nick = sn_room_private_nick(event->name) != NULL;
	g_autofree char *who = g_strdup(by_nick ? sn_room_private_nick(event->name) : event->name);
	message->account = account->id;
	message->channel = SN_CHANNEL_IM;
	message->state = SN_STATE_RECEIVED;
	message->time = sn_clock_now(account->engine->clock);
	message->origin_id = g_strdup_printf("wish:room:%s:%" G_GINT64_FORMAT, jid,
	                                     message->time / SN_DAY);
	message->body = g_strdup_printf("%s invites you to the room %s.%s%s", who, jid,
	                                event->status ? "\n" : "", event->status ? event->status : "");
	message->notice = g_strdup("invitation to a room");
	if (event->text)
		g_hash_table_replace(rooms->passwords, g_strdup(jid), g_strdup(event->text));
	if (!sn_store_begin(store, &error))
		return;
	message->sender = sn_address_intern(store, SN_CHANNEL_IM, by_nick ? jid : event->name, NULL, &error);
	message->sender_name = by_nick ? g_strdup(who) : NULL;
	gboolean good = message->sender != 0;
	if (good) {
		sn_message_add_party(message, SN_ROLE_FROM, event->name, NULL);
		sn_message_add_party(message, SN_ROLE_TO, account->config->im.user, NULL);
		good = sn_message_add(store, message, by_nick ? jid : NULL, NULL, &result, &error);
	}
	if (good && result == SN_ADDED)
		good = sn_question_add(store, message->conversation, message->id, message->body, values,
		                       labels, &error) != 0;
	if (!good)
		sn_store_rollback(store);
	else
		good = sn_store_commit(store, &error);
	if (!good)
		sn_rooms_warn(rooms, error);
	else if (result == SN_ADDED)
		sn_engine_notify(account->engine, SN_NOTIFY_QUESTION, message->conversation, event->name,
		                 message->body);
}

/* key: "direct ROOM WHO" or "room ROOM WHO". */
void sn_rooms_answer_invitation(SnRooms *rooms, const char *key, const char *answer)
{
	SnStore *store = rooms->account->engine->store;
	g_auto(GStrv) words = g_strsplit(key, " ", 3);

	if (g_strv_length(words) == 3) {
		SnRoomWish wish = { .room = words[1] };
		if (!is_for(rooms, &wish))
			return;
		if (g_str_equal(answer, "join")) {
			SnRoomSession *session = sn_rooms_make(rooms, words[1], NULL, NULL, TRUE);
			wish.secret = g_hash_table_lookup(rooms->passwords, words[1]);
			if (session->conversation)
				do_join(rooms, session, &wish);
		} else if (g_str_equal(words[0], "room")) {
			SnImRequest *request =
				sn_rooms_request(rooms, SN_IM_REQ_ROOM_DECLINE, words[1]);
			request->with = g_strdup(words[2]);
			sn_engine_im(rooms->account, request, NULL, NULL);
		}
		g_hash_table_remove(rooms->passwords, words[1]);
	}
	sn_wish_set(store, SN_WISH_ROOM, key, NULL, NULL);
}

void sn_rooms_take_decline(SnRooms *rooms, const SnImEvent *event)
{
	SnRoomSession *session = sn_rooms_session(rooms, event->jid);

	if (session)
		sn_rooms_say(rooms, session, SN_ROOM_LINE_ROOM, "%s declines the invitation%s%s",
		             event->name, event->status ? ": " : "", event->status ? event->status : "");
}
