/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The points themselves: nothing in a user's build, and without the environment nothing in ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/fault.h"

#ifdef SN_FAULTS
static const gboolean built = TRUE;
#else
static const gboolean built = FALSE;
#endif

static void pass(void)
{
	sn_fault(SMTP_DOT);
	sn_fault_of(CHANGE_WRITTEN, "ready");
}

/* Runs pass() twice with this environment; the signal that ended it, or 0. */
static int end_with(const char *fault)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		g_setenv("SENNIT_FAULT", fault, TRUE);
		pass();
		pass();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void the_environment_says_where_it_ends(void **state)
{
	static const struct {
		const char *fault;
		gboolean ends;
	} cases[] = {
		{ "smtp-dot", TRUE },       { "smtp-dot:2", TRUE },
		{ "smtp-dot:3", FALSE },    { "change-written/ready", TRUE },
		{ "change-written", TRUE }, { "change-written/accepted", FALSE },
		{ "smtp", FALSE },          { "", FALSE },
		{ "smtp-dot:0", FALSE },    { "no-such-point:1", FALSE },
	};

	if (!built)
		skip();
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_int_equal(end_with(cases[i].fault), cases[i].ends ? SIGKILL : 0);
}

static void without_it_nothing_happens(void **state)
{
	assert_null(g_getenv("SENNIT_FAULT"));
	for (int i = 0; i < 1000; i++)
		pass();
}

static void words_are_distinct(void **state)
{
	static const char *const words[] = {
#define X(name, word, where) word,
		SN_FAULT_TABLE(X)
#undef X
	};

	assert_int_equal(G_N_ELEMENTS(words), SN_FAULT_COUNT);
	for (gsize a = 0; a < G_N_ELEMENTS(words); a++) {
		assert_int_equal(strspn(words[a], "abcdefghijklmnopqrstuvwxyz-"), strlen(words[a]));
		for (gsize b = a + 1; b < G_N_ELEMENTS(words); b++)
			assert_string_not_equal(words[a], words[b]);
	}
}

/* Built by hand, because this file is built as the rest is: the object must name no function of ours. */
static void in_a_users_build_they_are_nothing(void **state)
{
	const char *source = g_getenv("TOP_SRCDIR");
	g_autofree char *dir = g_dir_make_tmp("sn-fault-XXXXXX", NULL);
	g_autofree char *script = g_strdup_printf(
		"cd '%s' && printf '%%s\\n' '#include \"src/base/fault.h\"' 'void f(void);' "
		"'void f(void) { sn_fault(SMTP_DOT); sn_fault_of(CHANGE_WRITTEN, \"x\"); }' >f.c && "
		"cc -I'%s' -c f.c -o f.o && ! nm f.o | grep -i fault; code=$?; rm -rf '%s'; exit $code",
		dir, source, dir);
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	int status = -1;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL,
	                         &status, NULL));
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_says_where_it_ends),
		cmocka_unit_test(without_it_nothing_happens),
		cmocka_unit_test(words_are_distinct),
		cmocka_unit_test(in_a_users_build_they_are_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
