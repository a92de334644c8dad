/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "src/text/text.h"

enum { MAX_TEXT = 1024 * 1024, MAX_ANSWER = 1024 };

/* Checks and tidies what came in; takes `text`. */
static char *accept_text(GString *text, GError **error)
{
	const char *end;

	if (text->len > MAX_TEXT) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT,
		            "The text is longer than %d bytes; attach it as a file", MAX_TEXT);
		g_string_free(text, TRUE);
		return NULL;
	}
	if (!g_utf8_validate(text->str, (gssize)text->len, &end)) {
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "The text is not UTF-8 (at byte %td); attach it as a file",
		            end - text->str + 1);
		g_string_free(text, TRUE);
		return NULL;
	}
	while (text->len && strchr("\n\r \t", text->str[text->len - 1]))
		g_string_truncate(text, text->len - 1);
	return g_string_free(text, FALSE);
}

char *sn_input_text(GError **error)
{
	GString *text = g_string_new(NULL);
	char block[8192];

	while (text->len <= MAX_TEXT) {
		ssize_t got = read(STDIN_FILENO, block, sizeof block);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "Cannot read the text: %s",
			            g_strerror(errno));
			g_string_free(text, TRUE);
			return NULL;
		}
		if (got == 0)
			break;
		g_string_append_len(text, block, got);
	}
	return accept_text(text, error);
}

static const char *editor_of(SnCliContext *context)
{
	const char *editor = context->config ? sn_config_settings(context->config)->general_editor :
	                                       NULL;

	if (!editor || !*editor)
		editor = g_getenv("VISUAL");
	if (!editor || !*editor)
		editor = g_getenv("EDITOR");
	return editor && *editor ? editor : "vi";
}

/* The value is a command line, as everywhere in the configuration. */
static gboolean run_editor(const char *editor, const char *path, GError **error)
{
	g_auto(GStrv) argv = NULL;
	int count, status = -1;

	if (!g_shell_parse_argv(editor, &count, &argv, error))
		return FALSE;
	argv = g_renew(char *, argv, count + 2);
	argv[count] = g_strdup(path);
	argv[count + 1] = NULL;
	if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
	                  NULL, NULL, NULL, &status, error))
		return FALSE;
	if (status == 0)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "The editor '%s' failed; nothing is changed",
	            argv[0]);
	return FALSE;
}

char *sn_input_editor(SnCliContext *context, const char *text, GError **error)
{
	g_autofree char *path = g_build_filename(context->paths->runtime, "edit-XXXXXX.txt", NULL);
	char *edited = NULL;
	gsize length;
	int file = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);

	if (file < 0) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot make %s: %s", path,
		            g_strerror(errno));
		return NULL;
	}
	close(file);
	if (g_file_set_contents(path, text ? text : "", -1, error) &&
	    run_editor(editor_of(context), path, error) &&
	    g_file_get_contents(path, &edited, &length, error)) {
		GString *all = g_string_new_len(edited, (gssize)length);
		g_free(edited);
		edited = accept_text(all, error);
	}
	g_unlink(path);
	return edited;
}

static char *read_answer(void)
{
	char line[MAX_ANSWER];

	if (!fgets(line, sizeof line, stdin)) {
		putchar('\n');
		return NULL;
	}
	char *answer = g_strdup(g_strstrip(line));
	explicit_bzero(line, sizeof line);
	return answer;
}

char *sn_input_ask(const char *question, const char *fallback)
{
	printf("%s", question);
	if (fallback && *fallback)
		printf(" [%s]", fallback);
	printf(": ");
	fflush(stdout);
	char *answer = read_answer();
	if (answer && !*answer && fallback) {
		g_free(answer);
		answer = g_strdup(fallback);
	}
	return answer;
}

char *sn_input_secret(const char *question)
{
	struct termios before, quiet;
	gboolean terminal = tcgetattr(STDIN_FILENO, &before) == 0;

	/* before the question: who answers it at once is not shown either */
	if (terminal) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	printf("%s: ", question);
	fflush(stdout);
	char *answer = read_answer();
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		putchar('\n');
	}
	return answer;
}

gboolean sn_input_yes(const char *question, gboolean fallback)
{
	g_autofree char *answer = sn_input_ask(question, fallback ? "yes" : "no");

	return answer && (answer[0] == 'y' || answer[0] == 'Y');
}
