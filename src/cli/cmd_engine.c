/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_engine.c - sennit engine: syncs and delivers without a client. */
#include "src/cli/cli_private.h"

extern const SnCliVerb sn_cmd_engine;

static const SnCliOption options[] = {
	{ "once", 0, SN_OPT_FLAG, NULL, "sync everything, deliver what is due, and end" },
	{ "wait", 0, SN_OPT_FLAG, NULL,
	  "where a client runs the engine, wait until it ends instead of failing" },
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
	SnEngineHow how = sn_args_flag(args, "once")   ? SN_ENGINE_ONCE
	                  : sn_args_flag(args, "wait") ? SN_ENGINE_WAIT
	                                               : SN_ENGINE_SERVICE;
	if (context->services.engine_run(how, context->services.data, &error))
		return SN_EXIT_DONE;
	return sn_cli_fail(error);
}

const SnCliVerb sn_cmd_engine = {
	.name = "engine",
	.arguments = "",
	.meaning = "sync and deliver in the background, without a client",
	.text = "Runs until it gets SIGINT or SIGTERM; SIGHUP makes it read its configuration again. One "
		"engine runs for a profile; clients that are started meanwhile use it. As a service of the "
		"user: sennit(1), THE ENGINE AS A SERVICE.",
	.options = options,
	.run = run,
};
