/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * muc.c - XEP-0045: joins and leaves rooms, and stays in them (XEP-0410). A room is asked first what
 * it is: one that is not there is not made by accident, and one that keeps an archive need not
 * repeat what was said. Messages in rooms are ordinary SENDs (groupchat).
 */
#include "backends/xmpp/rooms_private.h"

#include <string.h>

#define MAX_ROOMS 500
#define DEFAULT_HISTORY 50
#define MOST_HISTORY 500            /* of an absence */
#define CLOCKS_DIFFER (5 * SN_MINUTE) /* the room's and ours; what comes twice is known by its id */
#define JOIN_MS 60000
#define SILENCE_US (15 * 60 * G_USEC_PER_SEC) /* so long without a word: ask whether we are in */

static const char *const features[] = { SN_NS_MUC, NULL };

SnMucRoom *sn_muc_room(SnIm *im, const char *bare_jid)
{
	return bare_jid && im->rooms ? g_hash_table_lookup(im->rooms, bare_jid) : NULL;
}

gboolean sn_room_knows(SnIm *im, const char *bare_jid)
{
	return sn_muc_room(im, bare_jid) != NULL;
}

GHashTable *sn_rooms_table(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, sn_muc_room_free);
}

static void wipe(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	g_clear_pointer(secret, g_free);
}

void sn_muc_room_free(gpointer data)
{
	SnMucRoom *room = data;

	sn_muc_people_clear(room);
	sn_xmpp_timer_clear(&room->deadline);
	g_clear_pointer(&room->invited, g_hash_table_unref);
	wipe(&room->password);
	g_free(room->jid);
	g_free(room->nick);
	g_free(room->wanted_nick);
	g_free(room->title);
	g_free(room->occupant_id);
	g_free(room);
}

SnXmppJob *sn_muc_job(SnIm *im, const char *room, SnImRequestKind kind)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, im->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		SnXmppJob *job = value;
		if (job->started && job->request->kind == kind && g_strcmp0(job->state, room) == 0)
			return job;
	}
	return NULL;
}

gboolean sn_muc_has_status(xmpp_stanza_t *x, const char *code)
{
	xmpp_stanza_t *status = sn_xml_find(x, "status", SN_NS_MUC_USER);

	for (int looked = 0; status && looked < SN_XML_MAX_ITEMS; looked++) {
		if (g_strcmp0(sn_xml_raw(status, "code"), code) == 0)
			return TRUE;
		status = sn_xml_next(xmpp_stanza_get_next(status), "status", SN_NS_MUC_USER);
	}
	return FALSE;
}

/* ---- telling ---- */

void sn_muc_push_room(SnIm *im, const SnMucRoom *room, gboolean known)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM, 0);

	event->jid = g_strdup(room->jid);
	event->name = g_strdup(room->nick);
	event->text = g_strdup(room->title);
	event->features = room->features;
	event->found = known;
	sn_xmpp_push(im, event);
}

static void end_jobs(SnIm *im, const char *room, const GError *error)
{
	static const SnImRequestKind kinds[] = { SN_IM_REQ_JOIN, SN_IM_REQ_ROOM_NICK };

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		SnXmppJob *job = sn_muc_job(im, room, kinds[i]);
		if (job)
			sn_xmpp_fail(im, job,
				     error ? g_error_copy(error)
					   : g_error_new(SN_ERROR, SN_ERROR_CANCELLED,
							 "%s was left meanwhile.", room));
	}
	for (SnXmppJob *leave; (leave = sn_muc_job(im, room, SN_IM_REQ_LEAVE));)
		sn_xmpp_done(im, leave, NULL);
}

static void push_out(SnIm *im, const SnMucRoom *room, SnRoomLeaving how, const char *actor,
		     const char *reason, const GError *error)
{
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM, 0);

	event->jid = g_strdup(room->jid);
	event->name = g_strdup(room->nick);
	event->removed = TRUE;
	event->leaving = how;
	event->text = g_strdup(actor);
	event->status = g_strdup(reason);
	event->error = error ? g_error_copy(error) : NULL;
	sn_xmpp_push(im, event);
}

void sn_muc_gone(SnIm *im, SnMucRoom *room, SnRoomLeaving how)
{
	push_out(im, room, how, NULL, NULL, NULL);
	room->phase = SN_ROOM_PHASE_GONE;
	room->rejoining = TRUE;
	sn_muc_people_clear(room);
}

static void ask_and_join(SnIm *im, SnMucRoom *room);

/* As asked for with the join that waited. */
static void take_nick(SnMucRoom *room)
{
	if (!room->wanted_nick)
		return;
	g_free(room->nick);
	room->nick = g_steal_pointer(&room->wanted_nick);
}

/* What the room says to the first leave must not end the join that came behind it. */
static void left_to_come_back(SnIm *im, SnMucRoom *room)
{
	SnXmppJob *leave = sn_muc_job(im, room->jid, SN_IM_REQ_LEAVE);

	room->again = FALSE;
	push_out(im, room, SN_ROOM_LEFT, NULL, NULL, NULL);
	if (leave)
		sn_xmpp_done(im, leave, NULL);
	take_nick(room);
	ask_and_join(im, room);
}

void sn_muc_out(SnIm *im, SnMucRoom *room, SnRoomLeaving how, const char *actor, const char *reason,
		GError *error)
{
	if (room->again && room->phase == SN_ROOM_PHASE_LEAVING) {
		g_clear_error(&error);
		left_to_come_back(im, room);
		return;
	}
	gboolean was_in = room->phase == SN_ROOM_PHASE_IN || room->phase == SN_ROOM_PHASE_LEAVING ||
			  room->rejoining;

	if (was_in)
		push_out(im, room, how, actor, reason, error);
	end_jobs(im, room->jid, error);
	g_clear_error(&error);
	g_hash_table_remove(im->rooms, room->jid);
	sn_rooms_watch(im);
}

/* ---- joining ---- */

GError *sn_muc_refusal(SnMucRoom *room, xmpp_stanza_t *stanza)
{
	static const struct {
		const char *condition;
		SnErrorCode code;
		const char *text; /* with the room */
	} known[] = {
		{ "not-authorized", SN_ERROR_AUTH, "%s wants a password." },
		{ "forbidden", SN_ERROR_PERMISSION, "You are banned from %s." },
		{ "registration-required", SN_ERROR_PERMISSION,
		  "%s is for members only, and you are not one." },
		{ "conflict", SN_ERROR_EXISTS, "Somebody in %s has that nick already." },
		{ "service-unavailable", SN_ERROR_LIMIT, "%s is full." },
		{ "resource-constraint", SN_ERROR_LIMIT, "%s is full." },
		{ "item-not-found", SN_ERROR_NOT_FOUND, "%s does not exist, or is not open yet." },
		{ "remote-server-not-found", SN_ERROR_NOT_FOUND, "The server of %s is not found." },
		{ "remote-server-timeout", SN_ERROR_TEMPORARY, "The server of %s does not answer." },
		{ "not-allowed", SN_ERROR_PERMISSION, "You may not make the room %s." },
		{ "not-acceptable", SN_ERROR_PERMISSION, "%s does not take that nick." },
		{ "jid-malformed", SN_ERROR_INVALID, "%s does not take that nick." },
	};
	g_autofree char *condition = NULL, *text = NULL;

	sn_xml_error(stanza, &condition, &text);
	for (gsize i = 0; condition && i < G_N_ELEMENTS(known); i++) {
		if (strcmp(condition, known[i].condition) != 0)
			continue;
		if (known[i].code == SN_ERROR_AUTH && room->password)
			return g_error_new(SN_ERROR, SN_ERROR_AUTH, "That is not the password of %s.",
					   room->jid);
		GError *error = g_error_new(SN_ERROR, known[i].code, "%s", "");
		g_free(error->message);
		g_autoptr(GString) words = g_string_new(known[i].text);
		g_string_replace(words, "%s", room->jid, 1);
		error->message = g_strdup(words->str);
		return error;
	}
	return sn_iq_error(stanza, room->jid);
}

typedef struct {
	SnIm *im;
	char *room;
} Deadline;

static void deadline_free(gpointer data)
{
	g_free(((Deadline *)data)->room);
	g_free(data);
}

static gboolean too_late(gpointer data)
{
	Deadline *deadline = data;
	SnMucRoom *room = sn_muc_room(deadline->im, deadline->room);

	if (room && room->phase == SN_ROOM_PHASE_LEAVING) /* it has no idea that we were in */
		sn_muc_out(deadline->im, room, SN_ROOM_LEFT, NULL, NULL, NULL);
	else if (room && room->phase == SN_ROOM_PHASE_JOINING)
		sn_muc_out(deadline->im, room, SN_ROOM_LOST, NULL, NULL,
			   g_error_new(SN_ERROR, SN_ERROR_TEMPORARY, "%s does not answer.",
				       room->jid));
	return G_SOURCE_REMOVE;
}

static void set_deadline(SnIm *im, SnMucRoom *room)
{
	Deadline *deadline = g_new(Deadline, 1);

	*deadline = (Deadline){ im, g_strdup(room->jid) };
	sn_xmpp_timer_clear(&room->deadline);
	room->deadline = g_timeout_source_new(JOIN_MS);
	g_source_set_callback(room->deadline, too_late, deadline, deadline_free);
	g_source_attach(room->deadline, im->context);
}

/* What was said meanwhile, where no archive tells it (section 7.2.14). */
static void ask_history(const SnMucRoom *room, xmpp_stanza_t *x)
{
	xmpp_stanza_t *history = sn_xml_child(x, "history", NULL);
	gboolean archive = room->features & SN_ROOM_HAS_ARCHIVE;

	sn_xml_set_number(history, "maxstanzas",
			  archive ? 0 : room->said ? MOST_HISTORY : room->history);
	if (!archive && room->said) {
		g_autofree char *since = sn_time_format(room->said - CLOCKS_DIFFER);
		sn_xml_set(history, "since", since);
	}
}

static void send_join(SnIm *im, SnMucRoom *room)
{
	g_autofree char *to = g_strdup_printf("%s/%s", room->jid, room->nick);
	xmpp_stanza_t *presence = sn_xml_new(im->ctx, "presence", NULL);

	sn_xml_set(presence, "to", to);
	xmpp_stanza_t *x = sn_xml_child(presence, "x", SN_NS_MUC);
	ask_history(room, x);
	sn_xml_child_text(x, "password", NULL, room->password);
	if (im->show && strcmp(im->show, "online") != 0 && strcmp(im->show, "offline") != 0)
		sn_xml_child_text(presence, "show", NULL, im->show);
	room->phase = SN_ROOM_PHASE_JOINING;
	room->heard = g_get_monotonic_time();
	set_deadline(im, room);
	sn_xmpp_send(im, presence, 0);
}

static const struct {
	const char *var;
	SnRoomFeatures feature;
} known_features[] = {
	{ SN_NS_MAM, SN_ROOM_HAS_ARCHIVE },
	{ "muc_passwordprotected", SN_ROOM_HAS_PASSWORD },
	{ "muc_membersonly", SN_ROOM_MEMBERS_ONLY },
	{ "muc_moderated", SN_ROOM_MODERATED },
	{ "muc_nonanonymous", SN_ROOM_SHOWS_ADDRESSES },
	{ "muc_persistent", SN_ROOM_PERSISTENT },
	{ "urn:xmpp:message-moderate:0", SN_ROOM_CAN_RETRACT },
	{ "urn:xmpp:message-moderate:1", SN_ROOM_CAN_RETRACT },
	{ SN_NS_OCCUPANT_ID, SN_ROOM_STABLE_OCCUPANTS },
};

void sn_muc_read_features(SnMucRoom *room, xmpp_stanza_t *query)
{
	xmpp_stanza_t *child = xmpp_stanza_get_children(query);

	room->features = 0;
	room->known = TRUE;
	for (int looked = 0; child && looked < SN_XML_MAX_ITEMS;
	     child = xmpp_stanza_get_next(child), looked++) {
		if (sn_xml_is(child, "identity", XMPP_NS_DISCO_INFO) && !room->title)
			room->title = sn_xml_attr(child, "name");
		if (!sn_xml_is(child, "feature", XMPP_NS_DISCO_INFO))
			continue;
		for (gsize i = 0; i < G_N_ELEMENTS(known_features); i++)
			if (g_strcmp0(sn_xml_raw(child, "var"), known_features[i].var) == 0)
				room->features |= known_features[i].feature;
	}
}

static void room_told(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	SnMucRoom *room = sn_muc_room(im, data);

	if (!room || room->phase != SN_ROOM_PHASE_ASKING)
		return;
	if (answer) {
		g_clear_pointer(&room->title, g_free);
		sn_muc_read_features(room, sn_xml_find(answer, "query", XMPP_NS_DISCO_INFO));
	} else if (error->code == SN_ERROR_NETWORK) {
		if (!room->rejoining) /* else with the next log-in */
			sn_muc_out(im, room, SN_ROOM_LOST, NULL, NULL, g_error_copy(error));
		return;
	} else if (error->code == SN_ERROR_NOT_FOUND && !room->create && !room->rejoining) {
		sn_muc_out(im, room, SN_ROOM_LOST, NULL, NULL,
			   g_error_new(SN_ERROR, SN_ERROR_NOT_FOUND, "There is no room %s.",
				       room->jid));
		return;
	}
	send_join(im, room);
}

/* What the room can do, then in. */
static void ask_and_join(SnIm *im, SnMucRoom *room)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", room->jid);

	room->phase = SN_ROOM_PHASE_ASKING;
	room->known = FALSE;
	sn_muc_people_clear(room);
	sn_xml_child(iq, "query", XMPP_NS_DISCO_INFO);
	sn_iq_ask(im, iq, room_told, g_strdup(room->jid), g_free);
}

void sn_rooms_rejoin(SnIm *im)
{
	g_autoptr(GList) rooms = g_hash_table_get_values(im->rooms);

	for (GList *link = rooms; link; link = link->next) {
		SnMucRoom *room = link->data;
		if (room->phase == SN_ROOM_PHASE_LEAVING) {
			sn_muc_out(im, room, SN_ROOM_LEFT, NULL, NULL, NULL);
			continue;
		}
		room->rejoining |= room->phase == SN_ROOM_PHASE_IN;
		ask_and_join(im, room);
	}
}

static GError *bad_room(SnXmppJob *job)
{
	return g_error_new(SN_ERROR, SN_ERROR_INVALID, "\"%s\" is no address of a room.",
			   job->request->jid ? job->request->jid : "");
}

static SnMucRoom *room_new(SnIm *im, const char *jid, const SnImRequest *request)
{
	SnMucRoom *room = g_new0(SnMucRoom, 1);

	room->jid = g_strdup(jid);
	room->nick = request->nick && *request->nick ? g_strdup(request->nick)
						     : g_strndup(im->jid, strcspn(im->jid, "@"));
	room->password = g_strdup(request->password);
	room->create = request->create;
	room->said = request->start;
	room->history = request->history > 0 ? request->history : DEFAULT_HISTORY;
	g_hash_table_replace(im->rooms, room->jid, room);
	return room;
}

/* The room has not said yet that we left. */
static void come_back(SnMucRoom *room, const SnImRequest *request)
{
	room->again = TRUE;
	room->create = request->create;
	if (request->nick && *request->nick) {
		g_free(room->wanted_nick);
		room->wanted_nick = g_strdup(request->nick);
	}
	if (request->password) {
		wipe(&room->password);
		room->password = g_strdup(request->password);
	}
}

static void start_join(SnIm *im, SnXmppJob *job)
{
	g_autofree char *jid = sn_jid_normalise(job->request->jid);

	if (!jid || !strchr(jid, '@')) {
		sn_xmpp_fail(im, job, bad_room(job));
		return;
	}
	SnMucRoom *room = sn_muc_room(im, jid);
	if (room && room->phase == SN_ROOM_PHASE_IN) {
		sn_muc_push_room(im, room, TRUE);
		sn_muc_people_tell(im, room, TRUE);
		sn_xmpp_done(im, job, NULL);
		return;
	}
	if (room && sn_muc_job(im, jid, SN_IM_REQ_JOIN)) {
		sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_BUSY,
						  "%s is being joined already.", jid));
		return;
	}
	if (!room && g_hash_table_size(im->rooms) >= MAX_ROOMS) {
		sn_xmpp_fail(im, job, g_error_new(SN_ERROR, SN_ERROR_LIMIT, "Too many rooms."));
		return;
	}
	gboolean leaving = room && room->phase == SN_ROOM_PHASE_LEAVING;
	gboolean under_way = leaving || (room && (room->phase == SN_ROOM_PHASE_ASKING ||
						  room->phase == SN_ROOM_PHASE_JOINING));
	if (leaving)
		come_back(room, job->request);
	else if (!under_way)
		room = room_new(im, jid, job->request);
	job->state = g_steal_pointer(&jid);
	job->free_state = g_free;
	if (!under_way) /* else that comes by itself */
		ask_and_join(im, room);
}

/* ---- leaving ---- */

static void start_leave(SnIm *im, SnXmppJob *job)
{
	g_autofree char *jid = sn_jid_normalise(job->request->jid);
	SnMucRoom *room = sn_muc_room(im, jid);

	if (!room) {
		sn_xmpp_fail(im, job, bad_room(job));
		return;
	}
	job->state = g_steal_pointer(&jid);
	job->free_state = g_free;
	if (room->phase == SN_ROOM_PHASE_ASKING) {
		sn_muc_out(im, room, SN_ROOM_LEFT, NULL, NULL, NULL);
		return;
	}
	g_autofree char *to = g_strdup_printf("%s/%s", room->jid, room->nick);
	xmpp_stanza_t *presence = sn_xml_new(im->ctx, "presence", NULL);
	sn_xml_set(presence, "to", to);
	sn_xml_set(presence, "type", "unavailable");
	sn_xml_child_text(presence, "status", NULL, job->request->status);
	gboolean was_in = room->phase == SN_ROOM_PHASE_IN;
	room->phase = SN_ROOM_PHASE_LEAVING;
	room->again = FALSE; /* the last word counts */
	set_deadline(im, room);
	sn_xmpp_send(im, presence, 0);
	if (!was_in) /* it may have nothing to say to that */
		sn_muc_out(im, room, SN_ROOM_LEFT, NULL, NULL, NULL);
}

static void start_nick(SnIm *im, SnXmppJob *job)
{
	g_autofree char *jid = sn_jid_normalise(job->request->jid);
	SnMucRoom *room = sn_muc_room(im, jid);
	const char *nick = job->request->nick;

	if (!room || room->phase != SN_ROOM_PHASE_IN || !nick || !*nick) {
		sn_xmpp_fail(im, job, bad_room(job));
		return;
	}
	if (strcmp(nick, room->nick) == 0) {
		sn_xmpp_done(im, job, NULL);
		return;
	}
	g_autofree char *to = g_strdup_printf("%s/%s", room->jid, nick);
	xmpp_stanza_t *presence = sn_xml_new(im->ctx, "presence", NULL);
	sn_xml_set(presence, "to", to);
	g_free(room->wanted_nick);
	room->wanted_nick = g_strdup(nick);
	job->state = g_steal_pointer(&jid);
	job->free_state = g_free;
	sn_xmpp_send(im, presence, 0);
}

/* ---- XEP-0410: are we still in? ---- */

typedef struct {
	char *room;
	guint64 job; /* 0: nobody waits */
} Ping;

static void ping_free(gpointer data)
{
	g_free(((Ping *)data)->room);
	g_free(data);
}

/* Section 3: only "not-acceptable" says that we are out; others say that somebody answered. */
static void pong(SnIm *im, xmpp_stanza_t *answer, const GError *error, gpointer data)
{
	const Ping *ping = data;
	SnMucRoom *room = sn_muc_room(im, ping->room);
	SnXmppJob *job = ping->job ? sn_xmpp_job(im, ping->job) : NULL;
	gboolean silent = error && (error->code == SN_ERROR_TEMPORARY ||
				    error->code == SN_ERROR_NETWORK);

	if (room) {
		room->pinging = FALSE;
		if (!silent)
			room->heard = g_get_monotonic_time();
	}
	if (room && room->phase == SN_ROOM_PHASE_IN && error && error->code == SN_ERROR_LIMIT) {
		room->rejoining = TRUE;
		ask_and_join(im, room);
	}
	if (job)
		sn_xmpp_done(im, job, NULL);
}

static void ping_room(SnIm *im, SnMucRoom *room, guint64 job)
{
	g_autofree char *to = g_strdup_printf("%s/%s", room->jid, room->nick);
	xmpp_stanza_t *iq = sn_iq_new(im, "get", to);
	Ping *ping = g_new0(Ping, 1);

	ping->room = g_strdup(room->jid);
	ping->job = job;
	room->pinging = TRUE;
	sn_xml_child(iq, "ping", "urn:xmpp:ping");
	sn_iq_ask(im, iq, pong, ping, ping_free);
}

void sn_muc_doubt(SnIm *im, SnMucRoom *room)
{
	if (room->phase == SN_ROOM_PHASE_IN && !room->pinging && sn_xmpp_is_online(im))
		ping_room(im, room, 0);
}

static gboolean look_for_silence(gpointer data)
{
	SnIm *im = data;
	gint64 now = g_get_monotonic_time();
	g_autoptr(GList) rooms = g_hash_table_get_values(im->rooms);

	for (GList *link = rooms; link && sn_xmpp_is_online(im); link = link->next) {
		SnMucRoom *room = link->data;
		if (room->phase == SN_ROOM_PHASE_IN && !room->pinging &&
		    now - room->heard >= SILENCE_US / 2)
			ping_room(im, room, 0);
	}
	return G_SOURCE_CONTINUE;
}

/* One timer for all rooms of the account, and none without a room. */
void sn_rooms_watch(SnIm *im)
{
	gboolean any = im->rooms && g_hash_table_size(im->rooms) > 0;

	if (!any)
		sn_xmpp_timer_clear(&im->room_timer);
	else if (!im->room_timer)
		im->room_timer = sn_xmpp_timer(im, SILENCE_US / 1000, look_for_silence);
}

/* The session was resumed: what the room did meanwhile may have been lost with another server's
 * line. */
void sn_rooms_check(SnIm *im)
{
	g_autoptr(GList) rooms = im->rooms ? g_hash_table_get_values(im->rooms) : NULL;

	for (GList *link = rooms; link; link = link->next) {
		SnMucRoom *room = link->data;
		if (room->phase == SN_ROOM_PHASE_IN && !room->pinging)
			ping_room(im, room, 0);
	}
}

static void start_check(SnIm *im, SnXmppJob *job)
{
	g_autofree char *jid = sn_jid_normalise(job->request->jid);
	SnMucRoom *room = sn_muc_room(im, jid);

	if (!room || room->phase != SN_ROOM_PHASE_IN)
		sn_xmpp_fail(im, job, bad_room(job));
	else
		ping_room(im, room, job->request->id);
}

const SnXmppExtension sn_ext_muc = {
	.name = "rooms",
	.claims = SN_XMPP_CLAIMS(
		{ "0045", "1.35.2", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/integration/test_rooms:refusals_say_what_is_the_matter",
		  "room avatars are ignored; registration and voice requests are left out" }),
	.features = features,
	.starts = { { SN_IM_REQ_JOIN, TRUE, start_join },
		    { SN_IM_REQ_LEAVE, TRUE, start_leave },
		    { SN_IM_REQ_ROOM_NICK, TRUE, start_nick } },
};

static const char *const no_features[] = { NULL };

const SnXmppExtension sn_ext_self_ping = {
	.name = "self-ping in rooms",
	.claims = SN_XMPP_CLAIMS({ "0410", "1.1.0", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/unit/test_rooms_script:who_was_thrown_out_silently_comes_back",
				   NULL }),
	.features = no_features,
	.starts = { { SN_IM_REQ_ROOM_CHECK, TRUE, start_check } },
};
