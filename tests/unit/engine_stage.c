/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backends/fake/fake_mail.h"
#include "tests/unit/engine_stage.h"

static const SnMailSourceOps *fake_source(GError **error)
{
	return &sn_fake_mail_ops;
}

static const SnMailTransportOps *fake_transport(GError **error)
{
	return &sn_fake_send_ops;
}

SnEngine *sn_stage_start_with(SnBench *bench, const SnHttpOps *(*http)(GError **error))
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = bench->paths,
		.config = bench->config,
		.backends = { .imap = fake_source, .smtp = fake_transport, .http = http },
		.random_seed = 1,
	};
	SnEngine *engine = sn_engine_start(&setup, &error);

	if (!engine)
		fail_msg("%s", error->message);
	return engine;
}

SnEngine *sn_stage_start(SnBench *bench)
{
	return sn_stage_start_with(bench, NULL);
}
