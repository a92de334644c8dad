/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join_im.c - a text that was too long for one stanza becomes one message again.
 *
 * Each stanza of it names the message and says which stanzas there are (im_steps.h), so that they are
 * found in whatever order they come; until all are here each stands for itself, as in any other
 * client. The last one is the message: it has its id and gets its receipt. The others are kept,
 * hidden, to be known when they come again.
 */
#include <string.h>

#include "src/base/omemo.h"
#include "src/engine/im_steps.h"
#include "src/engine/sync_private.h"
#include "src/store/told.h"

#define MOST_PARTS 200
#define LARGEST_TEXT (4 << 20)
#define SHORTEST_SEALED \
	500 /* bytes in XML of an encrypted part: no sender cuts a shorter one off */

static char *part_id(const SnImMessage *im, int index)
{
	return index + 1 == im->part_count
		? g_strdup(im->part_of)
		: g_strdup_printf("%s.%d", im->part_of, im->part_first + index);
}

static gboolean is_one_of_them(const SnImMessage *im, const char *own_id)
{
	for (int i = 0; i < im->part_count; i++) {
		g_autofree char *id = part_id(im, i);
		if (g_strcmp0(id, own_id) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean is_sound(const SnImMessage *im)
{
	return im->part_of && !im->groupchat && !im->replace_id && im->part_count >= 2 &&
	       im->part_count <= MOST_PARTS && im->part_first >= 0 &&
	       im->part_first <= G_MAXINT - MOST_PARTS;
}

/* A message in its own right, that was not taken for a part of anything yet. */
static gboolean can_be_part(const SnMessage *message, SnId conversation)
{
	return message && message->conversation == conversation && !message->carried &&
	       !message->attached && !message->outbox && !(message->flags & SN_FLAG_DELETED);
}

/*
 * That encrypted texts belong together stands beside them in the clear. So nothing in the clear is
 * joined with them, and no short ones, out of which somebody between the two could make another
 * sentence.
 */
static gboolean go_together(const GPtrArray *parts)
{
	const SnMessage *last = parts->pdata[parts->len - 1];

	for (guint i = 0; i + 1 < parts->len; i++) {
		const SnMessage *part = parts->pdata[i];
		if (part->encrypted != last->encrypted || part->secure != last->secure)
			return FALSE;
		if (part->encrypted &&
		    (!(part->secure & SN_E2E_OPENED) || !part->body ||
		     sn_im_escaped_size(part->body, strlen(part->body)) < SHORTEST_SEALED))
			return FALSE;
	}
	return TRUE;
}

/* Of SnMessage in the order of the text; NULL while one is missing. */
static GPtrArray *find_parts(SnStore *store, const SnImMessage *im, const char *sender,
                             SnId conversation)
{
	g_autoptr(GPtrArray) parts =
		g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	for (int i = 0; i < im->part_count; i++) {
		g_autofree char *id = part_id(im, i);
		SnId found = sn_message_find_im(store, id, sender);
		SnMessage *part = found ? sn_message_get(store, found, SN_MESSAGE_FULL) : NULL;
		if (!part)
			return NULL;
		g_ptr_array_add(parts, part);
		if (!can_be_part(part, conversation))
			return NULL;
	}
	return go_together(parts) ? g_steal_pointer(&parts) : NULL;
}

/* NULL when it would be longer than any text may be. */
static char *whole_text(const GPtrArray *parts)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < parts->len; i++) {
		const SnMessage *part = parts->pdata[i];
		if (part->body && text->len + strlen(part->body) <= LARGEST_TEXT)
			g_string_append(text, part->body);
		else if (part->body)
			return g_string_free(text, TRUE);
	}
	return g_string_free(text, FALSE);
}

static gboolean join(SnStore *store, const GPtrArray *parts, const char *text, GError **error)
{
	const SnMessage *first = parts->pdata[0], *last = parts->pdata[parts->len - 1];
	gboolean ok = sn_message_set_text(store, last->id, last->subject, text, error);

	/* the first alone says what is answered */
	if (ok && first->reply_to && !last->reply_to && first->reply_to != last->id)
		ok = sn_message_set_answered(store, last->id, first->reply_to, error);
	for (guint i = 0; ok && i + 1 < parts->len; i++)
		ok = sn_message_attach(store, ((SnMessage *)parts->pdata[i])->id, last->id, TRUE,
		                       error);
	return ok;
}

gboolean sn_join_im(SnStore *store, const SnImMessage *im, const char *sender,
                    const SnMessage *message, GError **error)
{
	if (!is_sound(im) || !is_one_of_them(im, message->origin_id))
		return TRUE;
	g_autoptr(GPtrArray) parts = find_parts(store, im, sender, message->conversation);
	g_autofree char *text = parts ? whole_text(parts) : NULL;
	return !text || join(store, parts, text, error);
}
