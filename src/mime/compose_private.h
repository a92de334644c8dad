/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose_private.h - between the files that write messages. */
#ifndef SN_MIME_COMPOSE_PRIVATE_H
#define SN_MIME_COMPOSE_PRIVATE_H

#include "src/mime/mime_private.h"

/* Text to format=flowed lines (RFC 3676) ending in \n; caller frees. */
char *sn_mime_flow(const char *text);

/* FALSE with SN_ERROR_INVALID, naming the field, for anything that would not stay in its place. */
gboolean sn_mime_check_compose(const SnMailCompose *compose, GError **error);

/* The digest of earlier messages; caller unrefs. */
GMimeObject *sn_mime_history_part(GPtrArray *history);

#endif
