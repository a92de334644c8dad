/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * muc_people.c - who is in a room. Presences only change a table; what changed is told together, a
 * moment after the first change, so that a room of thousands that all come and go costs few events,
 * and somebody who came and left in between costs none.
 */
#include "backends/xmpp/rooms_private.h"

#include <string.h>

#define MAX_PEOPLE 20000
#define GATHER_MS 250

static SnImOccupant *copy(const SnImOccupant *from)
{
	SnImOccupant *to = g_memdup2(from, sizeof *from);

	to->nick = g_strdup(from->nick);
	to->new_nick = g_strdup(from->new_nick);
	to->jid = g_strdup(from->jid);
	to->occupant_id = g_strdup(from->occupant_id);
	to->show = g_strdup(from->show);
	to->actor = g_strdup(from->actor);
	to->reason = g_strdup(from->reason);
	return to;
}

static void occupant_free(gpointer occupant)
{
	sn_im_occupant_free(occupant);
}

static void make_tables(SnMucRoom *room)
{
	if (room->people)
		return;
	room->people = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, occupant_free);
	room->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	room->dirty = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, occupant_free);
}

void sn_muc_people_clear(SnMucRoom *room)
{
	sn_xmpp_timer_clear(&room->gather);
	g_clear_pointer(&room->dirty, g_hash_table_unref);
	g_clear_pointer(&room->told, g_hash_table_unref);
	g_clear_pointer(&room->people, g_hash_table_unref);
}

static void add_event(SnMucRoom *room, GPtrArray *out, const char *nick, const SnImOccupant *left)
{
	const SnImOccupant *there = g_hash_table_lookup(room->people, nick);
	gboolean told = g_hash_table_contains(room->told, nick);

	if (there) {
		SnImOccupant *now = copy(there);
		now->appeared = !told;
		g_ptr_array_add(out, now);
		g_hash_table_add(room->told, g_strdup(nick));
	} else if (left && told) {
		g_ptr_array_add(out, copy(left));
		g_hash_table_remove(room->told, nick);
	}
}

void sn_muc_people_tell(SnIm *im, SnMucRoom *room, gboolean complete)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(occupant_free);
	GHashTableIter iter;
	gpointer nick, left;

	make_tables(room);
	sn_xmpp_timer_clear(&room->gather);
	g_hash_table_iter_init(&iter, complete ? room->people : room->dirty);
	while (g_hash_table_iter_next(&iter, &nick, &left))
		add_event(room, out, nick, complete ? NULL : left);
	g_hash_table_remove_all(room->dirty);
	if (!out->len && !complete) {
		g_ptr_array_unref(out);
		return;
	}
	SnImEvent *event = sn_xmpp_event(im, SN_IM_EV_ROOM_PEOPLE, 0);
	event->jid = g_strdup(room->jid);
	event->occupants = out;
	event->complete = complete;
	sn_xmpp_push(im, event);
}

typedef struct {
	SnIm *im;
	char *room;
} Gather;

static void gather_free(gpointer data)
{
	g_free(((Gather *)data)->room);
	g_free(data);
}

static gboolean gathered(gpointer data)
{
	Gather *gather = data;
	SnMucRoom *room = sn_muc_room(gather->im, gather->room);

	if (!room)
		return G_SOURCE_REMOVE;
	sn_muc_people_tell(gather->im, room, FALSE);
	return G_SOURCE_REMOVE;
}

static void change(SnIm *im, SnMucRoom *room, const char *nick, SnImOccupant *left)
{
	g_hash_table_replace(room->dirty, g_strdup(nick), left);
	/* before we are in ourselves, everybody who is in is told of; that ends in one event */
	if (room->gather || room->phase != SN_ROOM_PHASE_IN)
		return;
	Gather *gather = g_new(Gather, 1);
	*gather = (Gather){ im, g_strdup(room->jid) };
	room->gather = g_timeout_source_new(GATHER_MS);
	g_source_set_callback(room->gather, gathered, gather, gather_free);
	g_source_attach(room->gather, im->context);
}

void sn_muc_people_set(SnIm *im, SnMucRoom *room, SnImOccupant *occupant)
{
	make_tables(room);
	g_assert(occupant->nick);
	if (!g_hash_table_contains(room->people, occupant->nick) &&
	    g_hash_table_size(room->people) >= MAX_PEOPLE) {
		sn_im_occupant_free(occupant);
		return;
	}
	/* the key belongs to the value: both go at once */
	g_hash_table_replace(room->people, occupant->nick, occupant);
	change(im, room, occupant->nick, NULL);
}

void sn_muc_people_gone(SnIm *im, SnMucRoom *room, SnImOccupant *occupant)
{
	make_tables(room);
	g_assert(occupant->leaving != SN_ROOM_STAYS);
	g_hash_table_remove(room->people, occupant->nick);
	if (occupant->leaving == SN_ROOM_RENAMED && occupant->new_nick &&
	    g_hash_table_contains(room->told, occupant->nick))
		g_hash_table_add(room->told, g_strdup(occupant->new_nick)); /* is no newcomer */
	change(im, room, occupant->nick, occupant);
}
