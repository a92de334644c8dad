/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forward.h - messages that are passed on: the text that stands for them, and the files that go
 * with them. An email goes as text with its files, or whole as a message/rfc822; an IM as quoted
 * text with who said it and when.
 */
#ifndef SN_ROUTE_FORWARD_H
#define SN_ROUTE_FORWARD_H

#include "src/store/message.h"

/* A file to go along; position 0 is the email as it is. */
typedef struct {
	SnId message;
	int position;
	char *name, *type;
} SnForwardFile;

typedef struct {
	char *subject;      /* "Fwd: ..." */
	char *text;         /* what is passed on as text; "" when all of it goes as files */
	GPtrArray *files;   /* of SnForwardFile */
	GArray *messages;   /* of SnId, oldest first, each once */
	guint mails;
	gboolean encrypted; /* one of them came end-to-end encrypted */
} SnForward;
void sn_forward_free(SnForward *forward);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnForward, sn_forward_free)

#define SN_FORWARD_MAX 200

/* ids: of SnId. whole: emails as message/rfc822. SN_ERROR_NOT_FOUND, SN_ERROR_LIMIT. */
SnForward *sn_forward_make(SnStore *store, const GArray *ids, gboolean whole, GError **error);
/* It has been queued: marks the emails as forwarded ($Forwarded). */
gboolean sn_forward_done(SnStore *store, const GArray *ids, GError **error);

#endif
