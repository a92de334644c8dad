/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_triage.c - sennit mark, tag, move, archive, delete, spam, undo: what is done to emails. */
#include <string.h>

#include "src/cli/cli_private.h"
#include "src/store/triage.h"

extern const SnCliVerb sn_cmd_mark, sn_cmd_tag, sn_cmd_move, sn_cmd_archive, sn_cmd_delete,
	sn_cmd_spam, sn_cmd_undo;

enum { MOST = 10000 }; /* emails that a query may mean */

#define OPTION_QUERY                                                                            \
	{ "query", 'q', SN_OPT_TEXT, "QUERY", "the emails that a search finds, besides those named" }
#define WHICH                                                                                   \
	"ID is an email's number or its Message-ID, as search prints it. The server is told when an "  \
	"engine runs and has a line. sennit undo takes the last change back."

/* ---- which emails ---- */

static gboolean add_id(SnStore *store, SnId id, GArray *ids, const char *name, int *code)
{
	g_autoptr(SnMessage) message = id ? sn_message_get(store, id, 0) : NULL;

	if (!message) {
		*code = sn_cli_failf(SN_EXIT_NOT_FOUND, "there is no message '%s'", name);
		return FALSE;
	}
	if (message->channel != SN_CHANNEL_MAIL) {
		*code = sn_cli_failf(SN_EXIT_INPUT, "'%s' is an IM: it stays on its server", name);
		return FALSE;
	}
	g_array_append_val(ids, id);
	return TRUE;
}

static gboolean add_found(SnStore *store, const char *text, GArray *ids, int *code)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(SnQuery) query = sn_query_parse(text, NULL, &error);
	g_autoptr(GPtrArray) found = NULL;

	if (query) {
		query->channel = SN_CHANNEL_MAIL;
		found = sn_message_search(store, query, 0, 0, MOST, 0, &error);
	}
	if (!found) {
		*code = sn_cli_fail(error);
		return FALSE;
	}
	for (guint i = 0; i < found->len; i++)
		g_array_append_val(ids, ((SnMessage *)found->pdata[i])->id);
	return TRUE;
}

/* From the argument `first` on. NULL after printing what is wrong. */
static GArray *read_ids(SnStore *store, const SnArgs *args, guint first, int *code)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	const char *query = sn_args_text(args, "query");

	for (guint i = first; i < sn_args_count(args); i++) {
		const char *name = sn_args_get(args, i);
		if (*name == '+')
			continue; /* a tag */
		if (!add_id(store, sn_cli_message(store, name), ids, name, code))
			return NULL;
	}
	if (query && !add_found(store, query, ids, code))
		return NULL;
	if (ids->len == 0 && !query) {
		*code = sn_cli_failf(SN_EXIT_USAGE, "no email was named: give its ID, or --query");
		return NULL;
	}
	return g_steal_pointer(&ids);
}

/* ---- doing it ---- */

static int do_all(SnCliContext *context, const SnArgs *args, guint first, const SnTriage *what,
                  const char *said)
{
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);
	g_autoptr(GArray) ids = store ? read_ids(store, args, first, &code) : NULL;

	if (!ids)
		return code;
	SnId change = ids->len ? sn_triage_begin(store, said, &error) : 0;
	gboolean ok = ids->len == 0 || change;
	for (guint i = 0; i < ids->len && ok; i++)
		ok = sn_triage_do(store, change, g_array_index(ids, SnId, i), 0, what, &error);
	if (!ok)
		return sn_cli_fail(error);
	if (!sn_cli_durable(store, &code))
		return code;
	printf("%u %s %s\n", ids->len, ids->len == 1 ? "email" : "emails", said);
	fflush(stdout);
	if (ids->len && !sn_cli_engine_runs(context))
		fputs("no engine is running: start sennit or sennit engine to tell the server\n", stderr);
	return SN_EXIT_DONE;
}

static const SnCliOption which_options[] = { OPTION_QUERY, SN_OPTION_END };

/* ---- mark ---- */

static const struct {
	const char *word, *said;
	SnTriage what;
} marks[] = {
	{ "read", "marked as read", { .set = SN_FLAG_SEEN } },
	{ "unread", "marked as unread", { .clear = SN_FLAG_SEEN } },
	{ "flagged", "flagged", { .set = SN_FLAG_FLAGGED } },
	{ "unflagged", "no longer flagged", { .clear = SN_FLAG_FLAGGED } },
};

static int run_mark(SnCliContext *context, const SnArgs *args)
{
	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
		if (strcmp(marks[i].word, sn_args_get(args, 0)) == 0)
			return do_all(context, args, 1, &marks[i].what, marks[i].said);
	return sn_cli_failf(SN_EXIT_USAGE,
	                    "an email is marked as read, unread, flagged or unflagged, not '%s'",
	                    sn_args_get(args, 0));
}

const SnCliVerb sn_cmd_mark = {
	.name = "mark",
	.arguments = "read|unread|flagged|unflagged [ID]...",
	.meaning = "mark emails",
	.text = WHICH,
	.options = which_options,
	.min = 1,
	.max = -1,
	.run = run_mark,
};

/* ---- tag ---- */

static const SnCliOption tag_options[] = {
	{ "add", 'a', SN_OPT_LIST, "TAG", "add a tag; +TAG does the same" },
	{ "remove", 'r', SN_OPT_LIST, "TAG", "take a tag away" },
	OPTION_QUERY,
	SN_OPTION_END,
};

static int run_tag(SnCliContext *context, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *add = NULL, *drop = NULL, *said = NULL;
	const char *const *plus = sn_args_list(args, "add");
	const char *const *minus = sn_args_list(args, "remove");

	for (; *plus; plus++)
		g_string_append_printf(text, "+%s ", *plus);
	for (; *minus; minus++)
		g_string_append_printf(text, "-%s ", *minus);
	for (guint i = 0; i < sn_args_count(args); i++)
		if (*sn_args_get(args, i) == '+')
			g_string_append_printf(text, "%s ", sn_args_get(args, i));
	if (!sn_tags_parse(text->str, &add, &drop, &error))
		return sn_cli_fail(error);
	said = g_strdup_printf("tagged %s", g_strchomp(text->str));
	return do_all(context, args, 0, &(SnTriage){ .add = add, .drop = drop }, said);
}

const SnCliVerb sn_cmd_tag = {
	.name = "tag",
	.arguments = "[+TAG]... [ID]...",
	.meaning = "add and take away tags of emails",
	.text = "Tags are IMAP keywords, which other programs see; those of emails in a Maildir are kept "
		"here. tag:TAG in a search finds them. " WHICH,
	.options = tag_options,
	.max = -1,
	.run = run_tag,
};

/* ---- to other folders ---- */

static const SnCliOption move_options[] = {
	{ "copy", 0, SN_OPT_FLAG, NULL, "copy them: they stay where they are as well" },
	OPTION_QUERY,
	SN_OPTION_END,
};

static int run_move(SnCliContext *context, const SnArgs *args)
{
	const char *target = sn_args_get(args, 0);
	gboolean copy = sn_args_flag(args, "copy");
	g_autofree char *said = g_strdup_printf("%s to %s", copy ? "copied" : "moved", target);

	if (!*target || strpbrk(target, "*%\"\\") || g_str_has_suffix(target, "/"))
		return sn_cli_failf(SN_EXIT_INPUT, "a folder cannot be called '%s'", target);
	return do_all(context, args, 1,
	              &(SnTriage){ .move_to = copy ? NULL : target, .copy_to = copy ? target : NULL },
	              said);
}

const SnCliVerb sn_cmd_move = {
	.name = "move",
	.arguments = "FOLDER [ID]...",
	.meaning = "move emails to another folder of their account",
	.text = "FOLDER is a name as folders prints it, or a use: inbox, archive, sent, drafts, junk, trash. "
		"One that does not exist is made. " WHICH,
	.options = move_options,
	.min = 1,
	.max = -1,
	.run = run_move,
};

static int run_archive(SnCliContext *context, const SnArgs *args)
{
	return do_all(context, args, 0, &(SnTriage){ .move_to = "archive" }, "archived");
}

const SnCliVerb sn_cmd_archive = {
	.name = "archive",
	.arguments = "[ID]...",
	.meaning = "move emails to the archive",
	.text = WHICH,
	.options = which_options,
	.max = -1,
	.run = run_archive,
};

static const SnCliOption delete_options[] = {
	{ "for-good", 0, SN_OPT_FLAG, NULL, "delete them, and not only throw them into the trash" },
	OPTION_QUERY,
	SN_OPTION_END,
};

static int run_delete(SnCliContext *context, const SnArgs *args)
{
	gboolean for_good = sn_args_flag(args, "for-good");
	const SnTriage trash = { .move_to = "trash" }, gone = { .destroy = TRUE };

	return do_all(context, args, 0, for_good ? &gone : &trash,
	              for_good ? "deleted" : "moved to the trash");
}

const SnCliVerb sn_cmd_delete = {
	.name = "delete",
	.arguments = "[ID]...",
	.meaning = "move emails to the trash, or delete them for good",
	.text = WHICH " What is deleted for good can be taken back only until the server was told.",
	.options = delete_options,
	.max = -1,
	.run = run_delete,
};

static const SnCliOption spam_options[] = {
	{ "not", 0, SN_OPT_FLAG, NULL, "they are none: back to the inbox" },
	OPTION_QUERY,
	SN_OPTION_END,
};

static int run_spam(SnCliContext *context, const SnArgs *args)
{
	const SnTriage junk = { .add = SN_TAG_JUNK, .drop = SN_TAG_NOT_JUNK, .move_to = "junk" };
	const SnTriage none = { .add = SN_TAG_NOT_JUNK, .drop = SN_TAG_JUNK, .move_to = "inbox" };
	gboolean not_spam = sn_args_flag(args, "not");

	return do_all(context, args, 0, not_spam ? &none : &junk,
	              not_spam ? "no spam, and back in the inbox" : "put to spam");
}

const SnCliVerb sn_cmd_spam = {
	.name = "spam",
	.arguments = "[ID]...",
	.meaning = "move emails to the spam folder, or back",
	.text = "The keywords $Junk and $NotJunk go along, from which servers learn. " WHICH,
	.options = spam_options,
	.max = -1,
	.run = run_spam,
};

/* ---- undo ---- */

static const SnCliOption no_options[] = { SN_OPTION_END };

static int run_undo(SnCliContext *context, const SnArgs *args)
{
	g_autoptr(GError) error = NULL;
	int code = SN_EXIT_FAILED;
	SnStore *store = sn_cli_store(context, &code);
	SnUndo undo;

	if (!store)
		return code;
	if (!sn_triage_undo(store, &undo, &error))
		return sn_cli_fail(error);
	if (!sn_cli_durable(store, &code))
		return code;
	printf("%d %s no longer %s\n", undo.undone, undo.undone == 1 ? "email is" : "emails are", undo.what);
	fflush(stdout);
	code = SN_EXIT_DONE;
	if (undo.left)
		code = sn_cli_failf(SN_EXIT_FAILED,
		                    "%d stayed as they are: deleted for good, or moved by another program",
		                    undo.left);
	sn_undo_clear(&undo);
	return code;
}

const SnCliVerb sn_cmd_undo = {
	.name = "undo",
	.arguments = "",
	.meaning = "take back what was done to emails last",
	.text = "All that one command of mark, tag, move, archive, delete or spam did, or one key in the "
		"client; also after the server was told. What another program moved meanwhile stays there.",
	.options = no_options,
	.run = run_undo,
};
