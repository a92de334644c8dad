/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/text/text.h"

enum { EDITED_MAX = 1024 * 1024 };

static const char *editor_line(const SnApp *app)
{
	const char *const choices[] = { app->settings->general_editor, g_getenv("VISUAL"),
		                        g_getenv("EDITOR"), "vi" };

	for (gsize i = 0; i < G_N_ELEMENTS(choices) - 1; i++)
		if (choices[i] && *choices[i])
			return choices[i];
	return choices[G_N_ELEMENTS(choices) - 1];
}

static gboolean write_all(int fd, const char *text, gsize length)
{
	while (length > 0) {
		ssize_t wrote = write(fd, text, length);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return FALSE;
		text += wrote;
		length -= (gsize)wrote;
	}
	return TRUE;
}

static gboolean edit_file(SnApp *app, const char *path, GError **error)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	int status = 0;

	if (!g_shell_parse_argv(editor_line(app), NULL, &words, error))
		return FALSE;
	for (char **word = words; *word; word++)
		g_ptr_array_add(argv, *word);
	g_ptr_array_add(argv, (gpointer)path);
	g_ptr_array_add(argv, NULL);
	if (!sn_app_run(app, (const char *const *)argv->pdata, &status, error)) {
		g_prefix_error(error, "The editor '%s' did not start: ", words[0]);
		return FALSE;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED,
	            "The editor ended with an error; the text is as it was.");
	return FALSE;
}

char *sn_editor_run(SnApp *app, const char *text, GError **error)
{
	g_autofree char *path = g_build_filename(app->setup->paths->runtime, "draft-XXXXXX.txt", NULL);
	g_autofree char *edited = NULL;
	int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
	gboolean ok;
	gsize length;
	char *clean = NULL;

	if (fd < 0 || !write_all(fd, text, strlen(text))) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be written: %s.", path,
		            g_strerror(errno));
		if (fd >= 0) {
			close(fd);
			g_unlink(path);
		}
		return NULL;
	}
	close(fd);
	ok = edit_file(app, path, error) && g_file_get_contents(path, &edited, &length, error);
	if (ok && length > EDITED_MAX) {
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "The text is longer than 1 MB.");
		ok = FALSE;
	}
	if (ok) {
		clean = sn_text_clean(edited, (gssize)length);
		/* editors end the last line */
		if (g_str_has_suffix(clean, "\n"))
			clean[strlen(clean) - 1] = 0;
	}
	g_unlink(path);
	return clean;
}
