/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/forward.h"

#include <string.h>

#include "src/store/wish.h"

SnForward *sn_cli_forward(SnStore *store, const SnArgs *args, int *code)
{
	const char *const *list = sn_args_list(args, "forward");
	gboolean whole = g_strcmp0(sn_args_text(args, "as"), "attachment") == 0;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	g_autoptr(GError) error = NULL;

	for (; *list; list++) {
		SnId id = sn_cli_message(store, *list);
		if (!id) {
			*code = sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no message '%s'", *list);
			return NULL;
		}
		g_array_append_val(ids, id);
	}
	SnForward *forward = sn_forward_make(store, ids, whole, &error);
	if (!forward) {
		*code = sn_cli_fail(error);
	} else if (forward->encrypted && !whole && !sn_args_flag(args, "yes")) {
		*code = sn_cli_failf(SN_EXIT_WAITING, "it came encrypted; say --yes to forward it readable");
		g_clear_pointer(&forward, sn_forward_free);
	}
	return forward;
}

static const SnPart *part_at(const SnMessage *message, int position)
{
	for (guint i = 0; message && message->parts && i < message->parts->len; i++) {
		const SnPart *part = message->parts->pdata[i];
		if (part->position == position)
			return part;
	}
	return NULL;
}

/* Where the bytes are: a file saved before, what was queued here, or the raw email. */
static GBytes *bytes_of(SnCliContext *context, SnStore *store, const SnForwardFile *file,
                        GError **error)
{
	g_autoptr(SnMessage) message = sn_message_get(store, file->message, SN_MESSAGE_FULL);
	const SnPart *part = part_at(message, file->position);
	char *content;
	gsize length;

	if (part && part->path && g_file_get_contents(part->path, &content, &length, NULL))
		return g_bytes_new_take(content, length);
	GBytes *held = part && part->sha256 ? sn_outbox_attachment_bytes(store, part->sha256, NULL)
	                                    : NULL;
	if (held)
		return held;
	g_autoptr(GBytes) raw = sn_message_raw(store, file->message, error);
	if (!raw || file->position == 0)
		return g_steal_pointer(&raw);
	g_assert(context->services.part_bytes);
	return context->services.part_bytes(raw, file->position, context->services.data, error);
}

gboolean sn_cli_forward_files(SnCliContext *context, SnStore *store, const SnForward *forward,
                              GPtrArray *list, int *code)
{
	for (guint i = 0; i < forward->files->len; i++) {
		const SnForwardFile *file = forward->files->pdata[i];
		g_autoptr(GError) error = NULL;
		GBytes *bytes = bytes_of(context, store, file, &error);
		if (!bytes && g_error_matches(error, SN_ERROR, SN_ERROR_NOT_FOUND)) {
			sn_wish_file(store, file->message, file->position, NULL);
			*code = sn_cli_failf(SN_EXIT_WAITING, "the file %s is being fetched: try again "
			                     "in a moment", file->name ? file->name : "of the message");
			return FALSE;
		}
		if (!bytes) {
			*code = sn_cli_fail(error);
			return FALSE;
		}
		SnAttachment *attachment = g_new0(SnAttachment, 1);
		attachment->bytes = bytes;
		attachment->name = g_strdup(file->name ? file->name : "file");
		attachment->type = g_strdup(file->type);
		g_ptr_array_add(list, attachment);
	}
	return TRUE;
}
