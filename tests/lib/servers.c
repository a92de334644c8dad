/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/servers.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *script(void)
{
	const char *top = g_getenv("TOP_SRCDIR");
	return g_build_filename(top ? top : ".", "tests", "servers", "servers", NULL);
}

/* servers ACTION DIR [--cert CERT] NAMES... ; its stderr lands in *complaint. */
static gboolean run(const char *action, const char *dir, const char *cert, const char *names,
                    char **complaint)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *path = script();
	g_auto(GStrv) list = g_strsplit(names ? names : "", " ", -1);
	g_autoptr(GError) error = NULL;
	g_autofree char *errors = NULL;
	int status = 0;

	g_ptr_array_add(argv, path);
	g_ptr_array_add(argv, (gpointer)action);
	g_ptr_array_add(argv, (gpointer)dir);
	if (cert) {
		g_ptr_array_add(argv, (gpointer) "--cert");
		g_ptr_array_add(argv, (gpointer)cert);
	}
	for (char **name = list; *name; name++)
		if (**name)
			g_ptr_array_add(argv, *name);
	g_ptr_array_add(argv, NULL);
	/* The servers keep our pipes open when they inherit them: a file does not mind. */
	g_autofree char *log = g_build_filename(dir, "servers.log", NULL);
	g_autofree char *command = g_strdup_printf("exec \"$0\" \"$@\" >>'%s' 2>&1 </dev/null", log);
	g_autoptr(GPtrArray) wrapped = g_ptr_array_new();
	g_ptr_array_add(wrapped, (gpointer) "/bin/sh");
	g_ptr_array_add(wrapped, (gpointer) "-c");
	g_ptr_array_add(wrapped, command);
	for (guint i = 0; i < argv->len; i++)
		g_ptr_array_add(wrapped, g_ptr_array_index(argv, i));
	gboolean done = g_spawn_sync(NULL, (char **)wrapped->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL,
	                             NULL, NULL, &status, &error) &&
	                g_spawn_check_wait_status(status, &error);
	if (!done && complaint) {
		g_file_get_contents(log, &errors, NULL, NULL);
		*complaint = g_strdup_printf("%s: %s", error->message, errors ? errors : "");
	}
	return done;
}

static char *lookup(const char *env, const char *key)
{
	g_autofree char *pattern = g_strdup_printf("\n%s=", key);
	const char *found = strstr(env, pattern);

	if (!found)
		return g_strdup("");
	found += strlen(pattern);
	return g_strndup(found, strcspn(found, "\n"));
}

static guint16 lookup_port(const char *env, const char *key)
{
	g_autofree char *value = lookup(env, key);
	return (guint16)g_ascii_strtoull(value, NULL, 10);
}

SnServers *sn_servers_start(const char *names, const char *cert, char **why)
{
	g_autofree char *dir = g_dir_make_tmp("sn-XXXXXX", NULL);
	g_autofree char *env_file = g_build_filename(dir, "env", NULL);
	g_autofree char *text = NULL;

	g_assert(dir);
	SnServers *servers = g_new0(SnServers, 1);
	servers->dir = g_steal_pointer(&dir);
	if (!run("start", servers->dir, cert, names, why) ||
	    !g_file_get_contents(env_file, &text, NULL, NULL)) {
		sn_servers_stop(servers);
		return NULL;
	}
	g_autofree char *env = g_strconcat("\n", text, NULL);
	servers->ca_file = lookup(env, "SN_CA_FILE");
	servers->mail_dir = lookup(env, "SN_MAIL_DIR");
	servers->imap = lookup_port(env, "SN_IMAP_PORT");
	servers->imaps = lookup_port(env, "SN_IMAPS_PORT");
	servers->lmtp = lookup_port(env, "SN_LMTP_PORT");
	servers->smtp = lookup_port(env, "SN_SMTP_PORT");
	servers->smtps = lookup_port(env, "SN_SMTPS_PORT");
	servers->xmpp = lookup_port(env, "SN_XMPP_PORT");
	servers->xmpps = lookup_port(env, "SN_XMPPS_PORT");
	servers->https = lookup_port(env, "SN_HTTPS_PORT");
	return servers;
}

void sn_servers_stop(SnServers *servers)
{
	if (!servers)
		return;
	run("stop", servers->dir, NULL, NULL, NULL);
	const char *argv[] = { "rm", "-rf", "--", servers->dir, NULL };
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
	             NULL);
	g_free(servers->dir);
	g_free(servers->ca_file);
	g_free(servers->mail_dir);
	g_free(servers);
}

gboolean sn_servers_stop_one(SnServers *servers, const char *name)
{
	return run("stop", servers->dir, NULL, name, NULL);
}

gboolean sn_servers_restart_one(SnServers *servers, const char *name)
{
	return run("restart", servers->dir, NULL, name, NULL);
}

static gboolean expect(FILE *stream, const char *code)
{
	char line[1000];

	while (fgets(line, sizeof line, stream))
		if (strlen(line) > 3 && line[3] != '-')
			return g_str_has_prefix(line, code);
	return FALSE;
}

static void write_dot_stuffed(FILE *stream, const char *raw, gsize length)
{
	gboolean line_start = TRUE;

	for (gsize i = 0; i < length; i++) {
		if (line_start && raw[i] == '.')
			fputc('.', stream);
		if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r'))
			fputc('\r', stream);
		fputc(raw[i], stream);
		line_start = raw[i] == '\n';
	}
	fputs(line_start ? ".\r\n" : "\r\n.\r\n", stream);
}

gboolean sn_servers_deliver(SnServers *servers, const char *user, const char *raw, gsize length)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port = htons(servers->lmtp),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	gboolean done = FALSE;

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
	if (expect(in, "220") && fputs("LHLO localhost\r\n", out) >= 0 && !fflush(out) &&
	    expect(in, "250") && fputs("MAIL FROM:<>\r\n", out) >= 0 && !fflush(out) &&
	    expect(in, "250") && fprintf(out, "RCPT TO:<%s@example.test>\r\n", user) > 0 &&
	    !fflush(out) && expect(in, "250") && fputs("DATA\r\n", out) >= 0 && !fflush(out) &&
	    expect(in, "354")) {
		write_dot_stuffed(out, raw, length);
		fflush(out);
		done = expect(in, "250");
	}
	fclose(in);
	fclose(out);
	return done;
}

int sn_servers_count(SnServers *servers, const char *user, const char *folder)
{
	static const char *const subdirs[] = { "cur", "new" };
	g_autofree char *maildir =
		*folder ? g_strdup_printf("%s/%s/Maildir/.%s", servers->mail_dir, user, folder)
		        : g_strdup_printf("%s/%s/Maildir", servers->mail_dir, user);
	int count = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *path = g_build_filename(maildir, subdirs[i], NULL);
		g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
		while (dir && g_dir_read_name(dir))
			count++;
	}
	return count;
}

int sn_servers_setup(SnServers **servers, const char *names)
{
	g_autofree char *why = NULL;

	*servers = sn_servers_start(names, NULL, &why);
	if (*servers)
		return 0;
	fprintf(stderr, "# the servers (%s) are not here: %s\n", names, why ? why : "");
	return g_getenv("SENNIT_REQUIRE_SERVERS") ? -1 : 0;
}

gboolean sn_wait_until(gboolean (*condition)(gpointer data), gpointer data, int seconds)
{
	gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;

	for (;;) {
		if (condition(data))
			return TRUE;
		if (g_get_monotonic_time() > end)
			return FALSE;
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(2000);
	}
}
