/* SPDX-License-Identifier: GPL-3.0-or-later */
/* im_rooms.c - the words of XEP-0045, and what is told of rooms. */
#include "backends/xmpp/im_rooms.h"

#include <string.h>

static const char *const roles[] = {
	[SN_ROOM_ROLE_NONE] = "none",
	[SN_ROOM_VISITOR] = "visitor",
	[SN_ROOM_PARTICIPANT] = "participant",
	[SN_ROOM_MODERATOR] = "moderator",
};

static const char *const affiliations[] = {
	[SN_ROOM_OUTCAST] = "outcast", [SN_ROOM_NO_AFFILIATION] = "none",
	[SN_ROOM_MEMBER] = "member",   [SN_ROOM_ADMIN] = "admin",
	[SN_ROOM_OWNER] = "owner",
};

const char *sn_room_role_word(SnRoomRole role)
{
	g_assert((guint)role < G_N_ELEMENTS(roles));
	return roles[role];
}

const char *sn_room_affiliation_word(SnRoomAffiliation affiliation)
{
	g_assert((guint)affiliation < G_N_ELEMENTS(affiliations));
	return affiliations[affiliation];
}

SnRoomRole sn_room_role_parse(const char *word)
{
	for (guint i = 0; word && i < G_N_ELEMENTS(roles); i++)
		if (strcmp(word, roles[i]) == 0)
			return (SnRoomRole)i;
	return SN_ROOM_ROLE_NONE;
}

gboolean sn_room_affiliation_parse(const char *word, SnRoomAffiliation *affiliation)
{
	for (guint i = 0; word && i < G_N_ELEMENTS(affiliations); i++) {
		if (strcmp(word, affiliations[i]) == 0) {
			*affiliation = (SnRoomAffiliation)i;
			return TRUE;
		}
	}
	return FALSE;
}

void sn_im_occupant_free(SnImOccupant *occupant)
{
	if (!occupant)
		return;
	g_free(occupant->nick);
	g_free(occupant->new_nick);
	g_free(occupant->jid);
	g_free(occupant->occupant_id);
	g_free(occupant->show);
	g_free(occupant->actor);
	g_free(occupant->reason);
	g_free(occupant);
}

SnImField *sn_im_field_new(const char *var, const char *value)
{
	SnImField *field = g_new0(SnImField, 1);
	const char *values[] = { value, NULL };

	field->var = g_strdup(var);
	field->values = g_strdupv((char **)values);
	return field;
}

void sn_im_field_free(SnImField *field)
{
	if (!field)
		return;
	g_free(field->var);
	g_free(field->type);
	g_free(field->label);
	g_strfreev(field->values);
	g_strfreev(field->options);
	g_strfreev(field->option_labels);
	g_free(field);
}

void sn_im_bookmark_free(SnImBookmark *bookmark)
{
	if (!bookmark)
		return;
	if (bookmark->password)
		explicit_bzero(bookmark->password, strlen(bookmark->password));
	g_free(bookmark->jid);
	g_free(bookmark->name);
	g_free(bookmark->nick);
	g_free(bookmark->password);
	g_free(bookmark);
}

void sn_im_invitation_free(SnImInvitation *invitation)
{
	if (!invitation)
		return;
	if (invitation->password)
		explicit_bzero(invitation->password, strlen(invitation->password));
	g_free(invitation->room);
	g_free(invitation->who);
	g_free(invitation->words);
	g_free(invitation->password);
	g_free(invitation->id);
	g_free(invitation);
}
