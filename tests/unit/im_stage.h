/* SPDX-License-Identifier: GPL-3.0-or-later */
/* im_stage.h - an engine over a bench, with the IMs of backends/fake and nothing else. */
#ifndef SN_TESTS_IM_STAGE_H
#define SN_TESTS_IM_STAGE_H

#include "backends/fake/fake_im.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
} ImStage;

/* Fixtures: *state is an ImStage, the engine not started yet. */
int im_set_up(void **state);
int im_tear_down(void **state);
void im_start(ImStage *stage);
/* The same, on line, with an empty archive. */
void im_start_online(ImStage *stage);

/* The archive answers at once that it is complete. */
void im_empty_archive(SnIm *im, const SnImRequest *request, gpointer data);
void im_push_roster(SnIm *im, const char *jid, const char *name, const char *subscription);
void im_push_message(SnIm *im, SnImMessage *message); /* takes it */
void im_push_line(SnIm *im, SnLineState line);

/* For sn_bench_wait(); data: */
gboolean im_status_is(SnBench *bench, gpointer data);  /* SnStatusKind */
gboolean im_is_here(SnBench *bench, gpointer data);    /* the id of an IM of Bob's */
gboolean im_has_address(SnBench *bench, gpointer data);
gboolean im_bob_is_away(SnBench *bench, gpointer data);
/* Waits for it. */
SnMessage *im_of_bob(ImStage *stage, const char *id);

#endif
