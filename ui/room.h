/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room.h - rooms on the screen. */
#ifndef SN_UI_ROOM_H
#define SN_UI_ROOM_H

#include "src/store/rooms.h"
#include "ui/app.h"

/* A room that was asked for and refused: asks what can be done about it, once for each refusal. */
void sn_room_offer(SnApp *app);
/* Shows the room, with what it may refuse asked. */
void sn_room_show(SnApp *app, SnId conversation);
/* A question was answered: when that was to join a room, shows it. */
void sn_room_answered(SnApp *app, const SnQuestion *question, const char *value);
/* Beside the title: how it stands, and its topic. Caller frees. */
char *sn_room_words(const SnRoom *room);
/* Words to be marked in what is said there: the own nick and keywords; NULL: none. g_strfreev(). */
char **sn_room_highlights(const SnApp *app, const SnRoom *room);
/* The room that is open, or of the view on top; NULL with an error. */
SnRoom *sn_room_current(SnApp *app, GError **error);
/* A request to the engine about a room; NULL where not needed. */
gboolean sn_room_request(SnApp *app, const SnRoom *room, const char *verb, const char *who,
                         const char *value, const char *text, GError **error);
/* Nicks that begin with the word, for completion; of char *. */
GPtrArray *sn_room_nicks(SnApp *app, SnId conversation, const char *word);
/* What is being written goes on as an email to some of the people in the room: asks which. */
void sn_room_to_mail(SnApp *app);
/* Completes the nick before the cursor while writing in a room. FALSE: not in a room, or there is
 * none. */
gboolean sn_room_complete_nick(SnApp *app);

#endif
