/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/accounts_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"

/* TRUE when the line is "[name]", perhaps with a comment. */
static gboolean is_header(const char *line, const char *name)
{
	while (*line == ' ' || *line == '\t')
		line++;
	if (*line != '[')
		return FALSE;
	if (!name)
		return TRUE;
	const char *close = strchr(line, ']');
	g_autofree char *inside = close ? g_strndup(line + 1, (gsize)(close - line - 1)) : NULL;
	return inside && strcmp(g_strstrip(inside), name) == 0;
}

static gboolean is_setting(const char *line)
{
	while (*line == ' ' || *line == '\t')
		line++;
	return *line && *line != '#' && *line != '\n' && *line != '\r';
}

gboolean sn_accounts_has(const char *text, const char *name)
{
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (gsize i = 0; lines[i]; i++)
		if (is_header(lines[i], name))
			return TRUE;
	return FALSE;
}

char *sn_accounts_merge(const char *text, const char *name, const char *section)
{
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	gsize count = g_strv_length(lines), first = 0, end;
	GString *merged = g_string_new(NULL);

	g_assert(is_header(section, name));
	while (first < count && !is_header(lines[first], name))
		first++;
	/* the section reaches to its last setting; what follows belongs to what comes next */
	end = first;
	for (gsize i = first + 1; i <= count && first < count; i++) {
		if (i == count || is_header(lines[i], NULL))
			break;
		if (is_setting(lines[i]))
			end = i;
	}
	for (gsize i = 0; i < first && i < count; i++)
		if (i + 1 < count || *lines[i])
			g_string_append_printf(merged, "%s\n", lines[i]);
	if (first == count && merged->len && !g_str_has_suffix(merged->str, "\n\n"))
		g_string_append_c(merged, '\n');
	g_string_append(merged, section);
	if (!g_str_has_suffix(merged->str, "\n"))
		g_string_append_c(merged, '\n');
	for (gsize i = end + 1; first < count && i < count; i++)
		if (i + 1 < count || *lines[i])
			g_string_append_printf(merged, "%s\n", lines[i]);
	return g_string_free(merged, FALSE);
}

gboolean sn_accounts_write(const char *path, const char *text, GError **error)
{
	g_autofree char *beside = g_strconcat(path, ".new", NULL);
	gsize length = strlen(text), done = 0;

	/* a left-over of a crash may be there, with any mode: make it anew */
	g_unlink(beside);
	int file = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	while (file >= 0 && done < length) {
		ssize_t wrote = write(file, text + done, length - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			break;
		done += (gsize)wrote;
	}
	gboolean ok = file >= 0 && done == length && fsync(file) == 0;
	int problem = errno;
	if (file >= 0)
		close(file);
	if (ok && g_rename(beside, path) == 0)
		return TRUE;
	if (ok)
		problem = errno;
	g_unlink(beside);
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot write %s: %s", path,
	            g_strerror(problem));
	return FALSE;
}
