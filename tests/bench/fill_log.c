/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/fill_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* of ten messages three are IMs */
#define MESSAGES_FOR(lines) ((lines) / 3 * 10 + 10)

struct FillLog {
	GMappedFile *file;
	const char *at, *end;
	guint line;
	int people;
};

static gboolean failed(const char *path, GError **error)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s could not be written.", path);
	return FALSE;
}

static void write_line(FILE *file, const MadeMessage *m, gint64 newest)
{
	g_auto(GStrv) lines = g_strsplit(m->body, "\n", -1);
	g_autofree char *text = g_strjoinv("\\n", lines);

	fprintf(file, "%" G_GINT64_FORMAT "\t%s\t%d\t%s\t%s\n", (newest - m->age) / 1000,
	        m->out ? "out" : "in", m->who, m->id, text);
}

gboolean fill_log(const char *path, guint lines, guint32 seed, gint64 newest, GError **error)
{
	FILE *file = fopen(path, "w");
	MadeMessage m;
	guint written = 0;

	if (!file)
		return failed(path, error);
	Made *made = made_new(MESSAGES_FOR(lines), seed, TRUE);
	fprintf(file, "people\t%d\n", made_people(MESSAGES_FOR(lines)));
	while (written < lines && made_next(made, &m)) {
		if (m.im) {
			write_line(file, &m, newest);
			written++;
		}
		made_message_clear(&m);
	}
	made_free(made);
	gboolean bad = ferror(file) != 0;
	return (fclose(file) == 0 && !bad) || failed(path, error);
}

FillLog *fill_log_open(const char *path, GError **error)
{
	GMappedFile *file = g_mapped_file_new(path, FALSE, error);

	if (!file)
		return NULL;
	FillLog *log = g_new0(FillLog, 1);
	log->file = file;
	log->at = g_mapped_file_get_contents(file);
	log->end = log->at + g_mapped_file_get_length(file);
	const char *end = log->at ? memchr(log->at, '\n', (gsize)(log->end - log->at)) : NULL;
	if (end && end - log->at < 32 && g_str_has_prefix(log->at, "people\t")) {
		log->people = (int)CLAMP(g_ascii_strtoll(log->at + 7, NULL, 10), 0, 1000000);
		log->at = end + 1;
		return log;
	}
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not a log of IMs.", path);
	fill_log_close(log);
	return NULL;
}

void fill_log_close(FillLog *log)
{
	if (!log)
		return;
	g_mapped_file_unref(log->file);
	g_free(log);
}

int fill_log_people(const FillLog *log)
{
	return log->people;
}

gboolean fill_log_next(FillLog *log, MadeMessage *m, GError **error)
{
	if (log->at == log->end)
		return FALSE;
	const char *end = memchr(log->at, '\n', (gsize)(log->end - log->at));
	g_autofree char *line = g_strndup(log->at, (gsize)((end ? end : log->end) - log->at));
	g_auto(GStrv) fields = g_strsplit(line, "\t", 5);

	log->at = end ? end + 1 : log->end;
	log->line++;
	gint64 who = g_strv_length(fields) == 5 ? g_ascii_strtoll(fields[2], NULL, 10) : -1;
	if (who < 0 || who >= log->people) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "Line %u is not an IM.", log->line);
		return FALSE;
	}
	g_auto(GStrv) lines = g_strsplit(fields[4], "\\n", -1);
	*m = (MadeMessage){ .im = TRUE, .who = (int)who, .copy = -1,
		            .out = g_str_equal(fields[1], "out"),
		            .age = -g_ascii_strtoll(fields[0], NULL, 10) * 1000,
		            .id = g_strdup(fields[3]), .body = g_strjoinv("\n", lines) };
	return TRUE;
}
