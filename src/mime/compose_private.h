/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose_private.h - between the files that write messages. */
#ifndef SN_MIME_COMPOSE_PRIVATE_H
#define SN_MIME_COMPOSE_PRIVATE_H

#include "src/mime/mime_private.h"

/* Text to format=flowed lines (RFC 3676) ending in \n; caller frees. */
char *sn_mime_flow(const char *text);

/* FALSE with SN_ERROR_INVALID, naming the field, for anything that would not stay in its place. */
gboolean sn_mime_check_compose(const SnMailCompose *compose, GError **error);

/* One address that stays in its place, or SN_ERROR_INVALID. */
gboolean sn_mime_check_address(const char *field, const char *address, GError **error);
/* The message as it goes over the wire. */
GBytes *sn_mime_write_message(GMimeMessage *message);
/* A text/plain part of UTF-8, in whatever encoding fits; caller unrefs. */
GMimeObject *sn_mime_text_part(const char *type, const char *subtype, const char *text);

/* Whose and whom, Date and Message-ID. */
void sn_mime_set_envelope(GMimeMessage *message, const SnMailCompose *compose);
/* Bytes without the header fields of these names (NULL-terminated). */
GBytes *sn_mime_without_fields(GBytes *raw, const char *const *names);
/* An email without its Bcc lines, byte for byte; caller unrefs. */
GMimePart *sn_mime_email_part(GBytes *raw);
/* An HTML page of a text in markdown, with the transcript as it is below; caller frees. */
char *sn_mime_markdown_html(const char *text, const char *transcript);
/* The digest of earlier messages; caller unrefs. */
GMimeObject *sn_mime_history_part(GPtrArray *history);

#endif
