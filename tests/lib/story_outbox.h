/* SPDX-License-Identifier: GPL-3.0-or-later */
/* story_outbox.h - an outbox with an entry in each state it can be in, for screens. */
#ifndef SN_TESTS_STORY_OUTBOX_H
#define SN_TESTS_STORY_OUTBOX_H

#include "tests/lib/story.h"

/* After story_fill(). */
void story_fill_outbox(SnStore *store);

#endif
