/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LOG = 4 * 1024 * 1024 };

struct sn_log {
	int file;      /* -1: it could not be opened */
	gboolean journal; /* stderr is a journal that reads levels */
	int terminal;  /* where stderr went before; -1 */
	gboolean both;
};

static const char *kind_of(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return "error";
	return level & G_LOG_LEVEL_WARNING ? "warning" : "note";
}

/* Of syslog(3). */
static int level_of(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return 3;
	return level & G_LOG_LEVEL_WARNING ? 4 : level & G_LOG_LEVEL_DEBUG ? 7 : 5;
}

/* $JOURNAL_STREAM names the device and inode of the journal's end. */
static gboolean is_journal(int fd)
{
	const char *stream = g_getenv("JOURNAL_STREAM");
	struct stat status;

	if (!stream || fstat(fd, &status) != 0)
		return FALSE;
	g_autofree char *own = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
	                                       (guint64)status.st_dev, (guint64)status.st_ino);
	return strcmp(own, stream) == 0;
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize count,
                                  gpointer data)
{
	const SnLog *log = data;
	const char *message = "", *domain = "";

	/* as GLib's own writers: debugging output only when asked for */
	if (level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) {
		const char *wanted = g_getenv("G_MESSAGES_DEBUG");
		if (!wanted || !*wanted)
			return G_LOG_WRITER_HANDLED;
	}
	if (log->file < 0)
		return g_log_writer_standard_streams(level, fields, count, NULL);
	for (gsize i = 0; i < count; i++) {
		if (strcmp(fields[i].key, "MESSAGE") == 0 && fields[i].value)
			message = fields[i].value;
		else if (strcmp(fields[i].key, "GLIB_DOMAIN") == 0 && fields[i].value)
			domain = fields[i].value;
	}
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *when = g_date_time_format(now, "%Y-%m-%d %H:%M:%S");
	/* one line and one write, so that several threads and processes do not mix theirs */
	g_autofree char *clean = g_strdelimit(g_strdup(message), "\n\r\033", ' ');
	g_autofree char *line = g_strdup_printf("%s %s: %s: %s\n", when, domain, kind_of(level), clean);
	ssize_t done = write(log->file, line, strlen(line));
	(void)done;
	/* sd-daemon(3): the journal takes the level off, and knows who says it */
	if (log->both && log->journal)
		fprintf(stderr, "<%d>%s\n", level_of(level), clean);
	else if (log->both)
		fprintf(stderr, "sennit: %s\n", clean);
	return G_LOG_WRITER_HANDLED;
}

SnLog *sn_log_open(const char *path, gboolean both)
{
	SnLog *log = g_new(SnLog, 1);
	struct stat status;

	/* the part before is kept beside it, so that the log never grows without end */
	if (stat(path, &status) == 0 && status.st_size > MAX_LOG) {
		g_autofree char *old = g_strconcat(path, ".old", NULL);
		rename(path, old);
	}
	log->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	log->terminal = -1;
	log->both = both;
	log->journal = both && is_journal(STDERR_FILENO);
	g_log_set_writer_func(write_log, log, NULL);
	return log;
}

void sn_log_take_stderr(SnLog *log)
{
	int to = log->file >= 0 ? log->file : open("/dev/null", O_WRONLY | O_CLOEXEC);

	g_assert(log->terminal < 0);
	fflush(stderr);
	log->terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	if (to >= 0)
		dup2(to, STDERR_FILENO);
}

void sn_log_give_back_stderr(SnLog *log)
{
	if (log->terminal < 0)
		return;
	fflush(stderr);
	dup2(log->terminal, STDERR_FILENO);
	close(log->terminal);
	log->terminal = -1;
}
