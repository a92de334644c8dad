/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/upgrade.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LINE_EVERY (10 * G_USEC_PER_SEC) /* where lines stay */

struct sn_upgrade_line {
	SnStoreWatch watch;
	FILE *out;
	gboolean terminal;
	gint64 silent;       /* microseconds */
	gint64 begun, told;  /* monotonic; 0 nothing to tell yet */
	sigset_t before;     /* signals that were blocked */
	int signals;         /* readable when it should stop; -1 */
	gboolean introduced, waited;
};

/* 1234567 as 1,234,567 */
static char *grouped(gint64 number)
{
	g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, number);
	GString *text = g_string_new(NULL);
	gsize length = strlen(digits);

	for (gsize i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			g_string_append_c(text, ',');
		g_string_append_c(text, digits[i]);
	}
	return g_string_free(text, FALSE);
}

static void add_time_left(GString *text, int seconds)
{
	if (seconds >= 90)
		g_string_append_printf(text, ", about %d min left", (seconds + 30) / 60);
	else if (seconds >= 0)
		g_string_append_printf(text, ", about %d s left", MAX(seconds, 1));
}

char *sn_upgrade_text(const SnStoreUpgrade *upgrade)
{
	GString *text = g_string_new(NULL);
	double part = upgrade->total > 0 ? (double)upgrade->done / (double)upgrade->total : 0;

	g_assert(upgrade->done <= upgrade->total);
	g_string_append_printf(text, "%d%%", (int)(part * 100));
	add_time_left(text, upgrade->seconds_left);
	if (upgrade->what)
		g_string_append_printf(text, ": %s", upgrade->what);
	if (upgrade->what && upgrade->rows > 0 && upgrade->of > 0) {
		g_autofree char *rows = grouped(upgrade->rows), *of = grouped(upgrade->of);
		g_string_append_printf(text, ", %s of %s", rows, of);
	}
	return g_string_free(text, FALSE);
}

static int columns_of(FILE *out)
{
	struct winsize size = { 0 };

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

static void introduce(SnUpgradeLine *line, const SnStoreUpgrade *upgrade)
{
	if (upgrade->from && !line->introduced) {
		fputs("sennit: the database gets a new format, once; when it is stopped (Ctrl-C), the "
		      "next start goes on\n", line->out);
		line->introduced = TRUE;
	} else if (!upgrade->from && !line->waited) {
		fprintf(line->out, "sennit: another sennit (process %d) brings the database to a new "
		        "format; waiting for it (Ctrl-C gives up)\n", upgrade->process);
		line->waited = TRUE;
	}
}

static void show(SnUpgradeLine *line, const SnStoreUpgrade *upgrade, gint64 now)
{
	introduce(line, upgrade);
	if (!upgrade->from || (!line->terminal && now - line->told < LINE_EVERY))
		return;
	line->told = now;
	g_autofree char *text = sn_upgrade_text(upgrade);
	if (line->terminal)
		fprintf(line->out, "\r%.*s\033[K", columns_of(line->out) - 1, text);
	else
		fprintf(line->out, "sennit: new format of the database: %s\n", text);
	fflush(line->out);
}

static void listen_to_signals(SnUpgradeLine *line)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, &line->before);
	line->signals = signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC);
}

static gboolean told(const SnStoreUpgrade *upgrade, gpointer data)
{
	SnUpgradeLine *line = data;
	struct signalfd_siginfo info;
	gint64 now = g_get_monotonic_time();

	if (!line->begun) {
		line->begun = line->told = now;
		listen_to_signals(line);
	}
	if (now - line->begun >= line->silent)
		show(line, upgrade, now);
	return line->signals < 0 || read(line->signals, &info, sizeof info) != sizeof info;
}

/* The line goes, and signals are what they were. */
static void ended(gpointer data)
{
	SnUpgradeLine *line = data;

	if (line->introduced && line->terminal)
		fputs("\r\033[K", line->out);
	if (line->introduced || line->waited)
		fflush(line->out);
	if (line->begun) {
		if (line->signals >= 0)
			close(line->signals);
		pthread_sigmask(SIG_SETMASK, &line->before, NULL);
	}
	line->signals = -1;
	line->begun = 0;
	line->introduced = line->waited = FALSE;
}

SnUpgradeLine *sn_upgrade_line_new(FILE *out, int silent_ms)
{
	SnUpgradeLine *line = g_new0(SnUpgradeLine, 1);

	g_assert(silent_ms >= 0);
	line->watch = (SnStoreWatch){ told, ended, line };
	line->out = out;
	line->silent = silent_ms * 1000;
	line->signals = -1;
	line->terminal = isatty(fileno(out));
	return line;
}

const SnStoreWatch *sn_upgrade_line_watch(SnUpgradeLine *line)
{
	return &line->watch;
}

void sn_upgrade_line_free(SnUpgradeLine *line)
{
	if (line)
		ended(line);
	g_free(line);
}
