/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * part_node.h - one node of an email's tree of parts, as src/mime/tree.h finds it and the client shows
 * it. Messages that are attached are opened: what is in them is below them, at any depth.
 */
#ifndef SN_BASE_PART_NODE_H
#define SN_BASE_PART_NODE_H

#include <glib.h>

/* Where the part position (SnMailPart.position) of the node with number n begins. */
#define SN_PART_NODE (1 << 19)

typedef struct {
	int number;        /* from 1, depth first over all of the tree; stable for the same bytes */
	int depth;         /* of the whole email 0 */
	int position;      /* as of SnMailPart, if it is a part of the email itself; 0 */
	char *type;        /* lower case; never NULL */
	char *name;        /* safe base name; of a message without one its subject; NULL */
	char *disposition; /* "attachment", "inline"; NULL not said */
	char *encoding;    /* "base64"; NULL not said */
	char *charset;     /* as declared; NULL */
	char **parameters; /* of its Content-Type: name, value, ..., NULL; never NULL */
	gint64 size;       /* decoded; of a multipart as it stands there */
	gboolean group;    /* a multipart */
	gboolean message;  /* a message of its own */
	gboolean is_signed, is_encrypted; /* it says so; nothing was checked */
} SnPartNode;

#endif
