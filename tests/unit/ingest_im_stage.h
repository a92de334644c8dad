/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ingest_im_stage.h - an engine over a bench, with the IMs of backends/fake, and a contact who writes. */
#ifndef SN_TESTS_INGEST_IM_STAGE_H
#define SN_TESTS_INGEST_IM_STAGE_H

#include "backends/fake/fake_im.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"
#define BOB_MAIL "bob@work.example"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
	int count;
	gint refuse; /* what is to be kept is left open */
	const char *held; /* the node says that this stanza-id was read; the archive has that message */
} IngestStage;

/* Fixtures: *state is an IngestStage. */
int ingest_set_up(void **state);
int ingest_tear_down(void **state);

/* Bob's two addresses become one person. */
void ingest_link_bob(IngestStage *stage);
/* Bob is in the roster. */
void ingest_contact(IngestStage *stage);
/* An email of our own to Bob; its row. */
SnId ingest_own_mail(IngestStage *stage, const char *id, const char *subject, const char *text);
SnImMessage *ingest_from_bob(const char *id, const char *body);
/* It came encrypted, and was opened. */
SnImMessage *ingest_sealed(SnImMessage *im);
/* For sn_bench_wait(): Bob's IM with the id `data` is here. */
gboolean ingest_has_im(SnBench *bench, gpointer data);
/* Pushes it, and returns its row. Takes it. */
SnMessage *ingest_receive(IngestStage *stage, SnImMessage *im);
/* How many messages the timeline shows. */
guint ingest_shown(IngestStage *stage, SnId conversation);

/* ingest_im_files.c: NULL-terminated by an empty one. */
extern const struct CMUnitTest ingest_im_files[];

#endif
