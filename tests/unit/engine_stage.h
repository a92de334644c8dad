/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine_stage.h - an engine over a bench, with the mail of backends/fake. */
#ifndef SN_TESTS_ENGINE_STAGE_H
#define SN_TESTS_ENGINE_STAGE_H

#include "tests/unit/engine_bench.h"

/* An account with nothing but mail. */
#define STAGE_ONLY_MAIL                                                                        \
	"[home]\nfrom = Alice <alice@example.test>\nsource = imaps://alice@example.test\n"     \
	"outgoing = smtps://alice@example.test\npassword-command = echo secret\n"

/* Started, not yet settled. Fails the test when it does not start. */
SnEngine *sn_stage_start(SnBench *bench);
/* The same with a way to the web; http NULL: none. */
SnEngine *sn_stage_start_with(SnBench *bench, const SnHttpOps *(*http)(GError **error));

#endif
