/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_import.c - sennit import: emails from files into the store. */
#include <unistd.h>

#include "src/cli/cli_private.h"

extern const SnCliVerb sn_cmd_import;

static const SnCliOption options[] = {
	SN_OPTION_JSON,
	SN_OPTION_END,
};

static void show_progress(gint64 done, gpointer data)
{
	fprintf(stderr, "\r%" G_GINT64_FORMAT " messages", done);
	fflush(stderr);
}

static void report(SnJsonList *list, const char *path, gint64 added, gint64 known, gint64 failed)
{
	if (list) {
		SnJson *object = sn_json_object();
		sn_json_text(object, "path", path);
		sn_json_int(object, "added", added);
		sn_json_int(object, "known", known);
		sn_json_int(object, "failed", failed);
		sn_json_item(list, object);
		return;
	}
	printf("%s: %" G_GINT64_FORMAT " added, %" G_GINT64_FORMAT " known before, %" G_GINT64_FORMAT
	       " could not be read\n", path, added, known, failed);
}

static int run(SnCliContext *context, const SnArgs *args)
{
	gboolean json = sn_args_flag(args, "json"), terminal = isatty(STDERR_FILENO);
	int code = SN_EXIT_DONE, failure = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &failure);
	SnJsonList list;

	if (!store)
		return failure;
	if (json)
		sn_json_begin(&list);
	for (guint i = 0; i < sn_args_count(args); i++) {
		const char *path = sn_args_get(args, i);
		g_autoptr(GError) error = NULL;
		gint64 added = 0, known = 0, failed = 0;
		gboolean ok = context->services.import(store, path, &added, &known, &failed,
		                                       terminal ? show_progress : NULL, NULL,
		                                       context->services.data, &error);
		if (terminal)
			fputs("\r\033[K", stderr);
		if (ok || added || known || failed)
			report(json ? &list : NULL, path, added, known, failed);
		if (!ok)
			code = sn_cli_fail(error);
		else if (failed && !code)
			code = SN_EXIT_INPUT;
	}
	if (json)
		sn_json_end(&list);
	return code;
}

const SnCliVerb sn_cmd_import = {
	.name = "import",
	.arguments = "PATH...",
	.meaning = "read emails from a Maildir, an mbox file or .eml files into the store",
	.text = "What is there already is recognised and not added twice.",
	.options = options,
	.min = 1,
	.max = -1,
	.run = run,
};
