/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Long random lives of a few messages (delivery_life.h). SENNIT_LIVES says how many, SENNIT_SEED
 * which one alone, SENNIT_LIVES_REPORT where to write the counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/delivery_life.h"

#ifdef __SANITIZE_ADDRESS__
#define LIVES 100
#else
#define LIVES 400
#endif
#define STEPS 50

typedef struct {
	guint64 lives, steps, messages, arrivals;
} Count;

/* NULL, or which law was broken; caller frees. */
static char *live(guint32 seed, Count *count)
{
	Life *life = life_new(seed);
	char *broken = NULL;

	for (int i = 0; i < STEPS && !life->broken; i++) {
		life_step(life);
		laws_check(life);
		count->steps++;
	}
	if (!life->broken) {
		life_end(life);
		laws_check(life);
		laws_check_end(life);
	}
	if (life->broken)
		broken = g_strdup_printf("%s. Seed %u:%s", life->broken, seed, life->log->str);
	count->lives++;
	count->messages += life->watched->len;
	count->arrivals += life->delivery->arrived->len;
	life_free(life);
	return broken;
}

static void report(const Count *count)
{
	g_autofree char *text = g_strdup_printf(
		"The property test lived %" G_GUINT64_FORMAT " random lives with %" G_GUINT64_FORMAT
		" messages\nin %" G_GUINT64_FORMAT " steps; servers took %" G_GUINT64_FORMAT
		" messages. No law was broken.\n",
		count->lives, count->messages, count->steps, count->arrivals);
	const char *path = g_getenv("SENNIT_LIVES_REPORT");

	printf("# %s", text);
	if (path && !g_file_set_contents(path, text, -1, NULL))
		fail_msg("%s cannot be written", path);
}

static guint64 number_of(const char *name, guint64 otherwise)
{
	const char *text = g_getenv(name);

	return text ? g_ascii_strtoull(text, NULL, 10) : otherwise;
}

/* That the disk is full is said again with each try: thousands of lines in a thousand lives. */
static GLogWriterOutput leave_out_full_disks(GLogLevelFlags level, const GLogField *fields,
                                             gsize count, gpointer data)
{
	for (gsize i = 0; i < count; i++)
		if (strcmp(fields[i].key, "MESSAGE") == 0 &&
		    strstr(fields[i].value, "constraint failed (code 531)"))
			return G_LOG_WRITER_HANDLED;
	return g_log_writer_default(level, fields, count, data);
}

static void whatever_happens(void **state)
{
	guint64 seed = number_of("SENNIT_SEED", 0), first = number_of("SENNIT_FIRST", 1);
	guint64 last = seed ? seed : first + number_of("SENNIT_LIVES", LIVES) - 1;
	Count count = { 0 };

	for (guint64 i = seed ? seed : first; i <= last; i++) {
		g_autofree char *broken = live((guint32)i, &count);
		if (broken)
			fail_msg("%s", broken);
	}
	report(&count);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_happens) };

	g_log_set_writer_func(leave_out_full_disks, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
