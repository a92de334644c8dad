/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_compact.c - sennit compact: gives back to the disk what the store no longer needs. */
#include "src/base/lock.h"
#include "src/cli/cli_private.h"

extern const SnCliVerb sn_cmd_compact;

static const SnCliOption options[] = {
	SN_OPTION_END,
};

static int compact(SnCliContext *context)
{
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);
	g_autoptr(GError) error = NULL;
	gint64 before = 0, after = 0;

	if (!store)
		return code;
	if (!sn_store_compact(store, &before, &after, &error))
		return sn_cli_fail(error);
	g_autofree char *was = g_format_size((guint64)before), *is = g_format_size((guint64)after);
	printf("%s: %s before, %s now\n", context->paths->store_path, was, is);
	return SN_EXIT_DONE;
}

static int run(SnCliContext *context, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	/* an engine would wait for minutes to write down what comes in */
	SnLock *lock = sn_lock_take(context->paths->lock_path, &error);

	if (!lock)
		return sn_cli_failf(SN_EXIT_FAILED, "%s End it first, its service too.", error->message);
	int code = compact(context);
	sn_lock_release(lock);
	return code;
}

const SnCliVerb sn_cmd_compact = {
	.name = "compact",
	.arguments = "",
	.meaning = "make the database as small as it can be, while no sennit runs",
	.text = "Room that was freed is used again without this; it is worth while after much was deleted. "
		"For as long as it takes, the disk has to hold the database three times. It may be "
		"stopped at any moment: then all is as before.",
	.options = options,
	.min = 0,
	.max = 0,
	.run = run,
};
