/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imap_scene.h - an IMAP source that talks to a scripted server; for unit tests (static functions,
 * because they assert with cmocka). Include after cmocka.h.
 */
#ifndef SN_TESTS_LIB_IMAP_SCENE_H
#define SN_TESTS_LIB_IMAP_SCENE_H

#include <string.h>

#include "tests/lib/mail_desk.h"
#include "tests/lib/script_server.h"

/* Steps of script_server.h: up to where the source asks for its first folder. */
#define LOGIN_WITH(capabilities)                                           \
	GREETING "C AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==\nS $T OK in\n" \
		 "C CAPABILITY\nS * CAPABILITY IMAP4rev1 " capabilities "\nS $T OK done\n"
#define ROOT "C LIST\nS * LIST (\\Noselect) \"/\" \"\"\nS $T OK done\n"
#define GREETING \
	"S * OK hello\nC CAPABILITY\nS * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\nS $T OK done\n"
#define LOGIN LOGIN_WITH("")
#define SELECT(exists)                                                                      \
	"C SELECT\nS * " exists " EXISTS\nS * OK [UIDVALIDITY 7] .\nS * OK [UIDNEXT 4] .\n" \
	"S $T OK [READ-WRITE] open\n"

typedef struct {
	SnScriptServer *server;
	SnMailDesk *desk;
} Scene;

static inline Scene open_scene(const char *const *scripts, int tls)
{
	SnScriptServer *server = sn_script_server_new(scripts);
	SnLinkSpec link = sn_test_link("127.0.0.1", sn_script_server_port(server), tls, "alice",
				       "secret", NULL);
	Scene scene = { server, sn_mail_desk_new(&sn_imap_ops, &link, NULL) };

	return scene;
}

/* Also proves that ending takes less than two seconds, whatever the server does. */
static inline void close_scene(Scene *scene)
{
	gint64 before = g_get_monotonic_time();

	sn_mail_desk_free(scene->desk);
	assert_in_range(g_get_monotonic_time() - before, 0, 2 * G_USEC_PER_SEC);
	g_autofree char *heard = sn_script_server_heard(scene->server);
	if (sn_script_server_failures(scene->server) > 0)
		print_message("# unexpected:\n%s\n", heard);
	assert_int_equal(sn_script_server_failures(scene->server), 0);
	sn_script_server_free(scene->server);
}

/* The error with which the line goes down; never NULL. */
static inline const GError *offline_error(Scene *scene)
{
	const SnMailEvent *line = sn_mail_desk_line(scene->desk, SN_LINE_OFFLINE, 20);

	assert_non_null(line);
	assert_non_null(line->error);
	return line->error;
}

static inline const SnMailEvent *run_sync(Scene *scene)
{
	return sn_mail_desk_run(scene->desk,
				sn_mail_desk_request(scene->desk, SN_MAIL_REQ_SYNC, "INBOX"));
}

static inline void assert_says(const GError *error, SnErrorCode code, const char *words)
{
	if (!g_error_matches(error, SN_ERROR, (int)code) || !strstr(error->message, words))
		print_message("# %s: %s\n", sn_error_word((SnErrorCode)error->code),
			      error->message);
	assert_int_equal(error->code, code);
	assert_non_null(strstr(error->message, words));
}

static inline gboolean heard(Scene *scene, const char *words)
{
	g_autofree char *text = sn_script_server_heard(scene->server);

	return strstr(text, words) != NULL;
}

/* Until the server has these words. */
static inline void await_heard(Scene *scene, const char *words)
{
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

	while (!heard(scene, words) && g_get_monotonic_time() < end)
		g_usleep(2000);
	assert_true(heard(scene, words));
}

/* The numbers that follow, as guint32. */
static inline GArray *uids_of(guint count, ...)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	va_list arguments;

	va_start(arguments, count);
	for (guint i = 0; i < count; i++) {
		guint32 uid = va_arg(arguments, guint32);
		g_array_append_val(uids, uid);
	}
	va_end(arguments);
	return uids;
}

#endif
