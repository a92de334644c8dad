/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mkdelivery.h - the table of the delivery as text and as a picture (docs/delivery.md). */
#ifndef DOCS_MKDELIVERY_H
#define DOCS_MKDELIVERY_H

#include <stdio.h>

#include "src/engine/machine.h"

typedef struct {
	SnState from;
	SnDeliveryEvent event;
	SnState to;
	SnDeliveryEffect effect;
} MkRow;
extern const MkRow mk_rows[];
extern const gsize mk_row_count;

/* "queued"; also for states that do not occur. */
const char *mk_state(SnState state);
/* The picture. FALSE and a message on stderr when the table has a row that no line stands for. */
gboolean mk_svg(FILE *out);

#endif
