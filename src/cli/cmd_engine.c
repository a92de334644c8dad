/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_engine.c - sennit engine: syncs and delivers without a client. */
#include "src/cli/cli_private.h"

extern const SnCliVerb sn_cmd_engine;

static const SnCliOption options[] = {
	{ "once", 0, SN_OPT_FLAG, NULL, "sync everything, deliver what is due, and end" },
	SN_OPTION_END,
};

static int run(SnCliContext *context, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_FAILED;

	if (!sn_cli_config(context, &code))
		return code;
	if (!sn_config_account_count(context->config))
		return sn_cli_failf(SN_EXIT_USAGE, "no account is set up; 'sennit init' does that");
	if (context->services.engine_run(sn_args_flag(args, "once"), context->services.data, &error))
		return SN_EXIT_DONE;
	return sn_cli_fail(error);
}

const SnCliVerb sn_cmd_engine = {
	.name = "engine",
	.arguments = "",
	.meaning = "sync and deliver in the background, without a client",
	.text = "Runs until it gets SIGINT or SIGTERM. One engine runs for a profile; clients that are "
		"started meanwhile use it.",
	.options = options,
	.run = run,
};
