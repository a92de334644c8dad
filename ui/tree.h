/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tree.h - in which order the messages of a thread stand, and the branches drawn before them. */
#ifndef SN_UI_TREE_H
#define SN_UI_TREE_H

#include "src/store/message.h"

typedef struct {
	guint index;  /* into what was given */
	char *branch; /* "", "├─", "│ └─", ...; as deep as SN_TREE_DEEPEST levels */
} SnTreeRow;

enum { SN_TREE_DEEPEST = 12 };

/*
 * Messages oldest first (of SnMessage): an answer stands below what it answers, in the order of
 * time. What answers nothing that is here stands below the oldest one, because they belong to one
 * thread. Each stands once, also where they answer each other in a circle. Of SnTreeRow.
 */
GArray *sn_tree_order(const GPtrArray *messages);

#endif
