/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tree.h - all parts of an email as a tree, and each of them by itself. At most 1,000 nodes; attached
 * messages are opened 20 levels deep. Threads and stack as of mail.h.
 */
#ifndef SN_MIME_TREE_H
#define SN_MIME_TREE_H

#include "src/base/error.h"
#include "src/base/part_node.h"

/* Of SnPartNode, depth first; never empty. */
GPtrArray *sn_mail_tree(GBytes *raw);
/* Its decoded bytes; of a multipart and of a message as they stand there. NULL: no such node. */
GBytes *sn_mail_node_bytes(GBytes *raw, int number);

/* The bytes of a part as text to read: HTML, calendar objects and messages as sennit reads them. NULL:
 * they are no text. charset: as declared; NULL. Caller frees. */
char *sn_mail_part_text(GBytes *bytes, const char *type, const char *charset);

#endif
