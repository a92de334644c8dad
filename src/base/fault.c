/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/fault.h"

#ifdef SN_FAULTS
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	char *place; /* WORD or WORD/TAG; NULL: none */
	gint left;   /* passings until the end */
	int log;     /* -1: none */
	int signal;
} Plan;

/* As the environment was at the first passing. */
static Plan *plan(void)
{
	static gsize ready;
	static Plan made;

	if (g_once_init_enter(&ready)) {
		const char *wanted = g_getenv("SENNIT_FAULT"), *log = g_getenv("SENNIT_FAULT_LOG");
		const char *times = wanted ? strchr(wanted, ':') : NULL;
		made.place = times ? g_strndup(wanted, (gsize)(times - wanted)) : g_strdup(wanted);
		made.left = times ? atoi(times + 1) : 1;
		made.log = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
		made.signal = g_getenv("SENNIT_FAULT_STOP") ? SIGSTOP : SIGKILL;
		g_once_init_leave(&ready, 1);
	}
	return &made;
}

static const char *word_of(SnFault point)
{
	static const char *const words[] = {
#define X(name, word, where) [SN_FAULT_##name] = word,
		SN_FAULT_TABLE(X)
#undef X
	};

	g_assert((guint)point < G_N_ELEMENTS(words));
	return words[point];
}

void sn_fault_pass(SnFault point, const char *tag)
{
	Plan *now = plan();

	if (!now->place && now->log < 0)
		return;
	const char *word = word_of(point);
	g_autofree char *place = tag ? g_strconcat(word, "/", tag, NULL) : g_strdup(word);
	if (now->log >= 0) {
		g_autofree char *line = g_strconcat(place, "\n", NULL);
		if (write(now->log, line, strlen(line)) < 0)
			g_warning("The log of fault points cannot be written.");
	}
	if (!now->place || (strcmp(now->place, word) != 0 && strcmp(now->place, place) != 0) ||
	    g_atomic_int_add(&now->left, -1) != 1)
		return;
	/* To this thread, which would run on for a while if another got it. */
	pthread_kill(pthread_self(), now->signal);
	while (now->signal == SIGKILL)
		pause(); /* not one step further */
}
#endif
