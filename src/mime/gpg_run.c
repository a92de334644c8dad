/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run of gpg or gpgsm. It is started directly and not by way of gpgme: that hands the terminal
 * under the screen to pinentry in gpgsm's case, and cannot pass the options that keep both off the
 * network, nor keys from another keyring.
 */
#include "src/mime/gpg.h"

#include "src/base/opened.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	FILE_FD = 3,
	STATUS_FD = 4,
	QUIET_MS = 30 * 1000,        /* one run that asks nobody */
	ASKING_MS = 5 * 60 * 1000,
	ENDING_MS = 3 * 1000,        /* to go, when all is said */
	OUTPUT_MAX = 96 * 1024 * 1024,
	STATUS_MAX = 1024 * 1024,
};

void sn_gpg_run_free(SnGpgRun *run)
{
	if (!run)
		return;
	g_clear_pointer(&run->output, g_bytes_unref);
	g_ptr_array_unref(run->status);
	g_free(run);
}

char **sn_gpg_status(const SnGpgRun *run, const char *word)
{
	for (guint i = 0; i < run->status->len; i++) {
		char **line = g_ptr_array_index(run->status, i);
		if (g_strcmp0(line[0], word) == 0)
			return line;
	}
	return NULL;
}

static gboolean fail(GError **error, const char *what)
{
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s: %s.", what, g_strerror(errno));
	return FALSE;
}

gboolean sn_gpg_make_home(const char *home, GError **error)
{
	return g_mkdir_with_parents(home, 0700) == 0 || fail(error, home);
}

char *sn_gpg_user_home(const SnGpg *gpg)
{
	const char *set = gpg->home ? gpg->home : g_getenv("GNUPGHOME");

	return set && *set ? g_strdup(set) : g_build_filename(g_get_home_dir(), ".gnupg", NULL);
}

/* The public keys of another home; NULL when it has none. */
static char *keyring_of(const char *home)
{
	static const char *const names[] = { "pubring.kbx", "pubring.gpg" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(home, names[i], NULL);
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&path);
	}
	return NULL;
}

/* Bytes as an open file that is nowhere on disk; -1 */
static int memory_file(GBytes *bytes, GError **error)
{
	int fd = memfd_create("sennit", MFD_CLOEXEC);
	gsize length = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	for (gsize done = 0; fd >= 0 && done < length;) {
		ssize_t wrote = write(fd, data + done, length - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			close(fd);
			fd = -1;
		} else {
			done += (gsize)wrote;
		}
	}
	if (fd < 0)
		fail(error, "No memory for a file");
	else
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* A child without a terminal: whatever happens, nothing of it can reach the screen. */
static void leave_terminal(gpointer data)
{
	setsid();
}

static void add_options(GPtrArray *argv, const SnGpgCall *call, const char *keyring)
{
	static const char *const pgp[] = {
		"--no-auto-key-retrieve", "--no-auto-key-locate", "--no-auto-key-import",
		"--no-sig-cache",         "--display-charset",    "utf-8",
		NULL
	};
	static const char *const smime[] = { "--disable-crl-checks", "--disable-ocsp",
		                             "--disable-policy-checks", NULL };
	static const char *const all[] = { "--batch", "--no-tty", "--disable-dirmngr",
		                           "--status-fd", "4", NULL };

	g_ptr_array_add(argv, (gpointer)(call->smime ? "gpgsm" : "gpg"));
	if (call->home) {
		g_ptr_array_add(argv, (gpointer) "--homedir");
		g_ptr_array_add(argv, (gpointer)call->home);
	}
	for (const char *const *one = all; *one; one++)
		g_ptr_array_add(argv, (gpointer)*one);
	for (const char *const *one = call->smime ? smime : pgp; *one; one++)
		g_ptr_array_add(argv, (gpointer)*one);
	if (!call->may_ask) {
		g_ptr_array_add(argv, (gpointer) "--pinentry-mode");
		g_ptr_array_add(argv, (gpointer) "cancel");
	}
	if (keyring) {
		g_ptr_array_add(argv, (gpointer) "--keyring");
		g_ptr_array_add(argv, (gpointer)keyring);
	}
	for (const char *const *one = call->args; *one; one++)
		g_ptr_array_add(argv, (gpointer)(g_str_equal(*one, "@") ? "/dev/fd/3" : *one));
	g_ptr_array_add(argv, NULL);
}

static void set_environment(GSubprocessLauncher *launcher, const SnGpgCall *call)
{
	const char *tty = call->may_ask ? ttyname(STDIN_FILENO) : NULL;

	/* status lines are not translated, but messages in them are */
	g_subprocess_launcher_setenv(launcher, "LC_MESSAGES", "C", TRUE);
	if (tty)
		g_subprocess_launcher_setenv(launcher, "GPG_TTY", tty, TRUE);
	if (!call->may_ask) {
		g_subprocess_launcher_unsetenv(launcher, "GPG_TTY");
		g_subprocess_launcher_set_child_setup(launcher, leave_terminal, NULL, NULL);
	}
}

typedef struct {
	int fd;
	guint8 *bytes; /* what was decrypted may be in it */
	gsize length, size, max;
} Stream;

static void clear_stream(Stream *stream)
{
	if (stream->bytes)
		explicit_bzero(stream->bytes, stream->length);
	g_clear_pointer(&stream->bytes, g_free);
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

/* Not by realloc(), which would leave the text where it was. */
static void append(Stream *stream, const guint8 *bytes, gsize count)
{
	if (stream->length + count > stream->size) {
		guint8 *old = stream->bytes;
		stream->size = MAX(2 * stream->size, stream->length + count);
		stream->bytes = g_malloc(stream->size);
		if (old) {
			memcpy(stream->bytes, old, stream->length);
			explicit_bzero(old, stream->length);
		}
		g_free(old);
	}
	memcpy(stream->bytes + stream->length, bytes, count);
	stream->length += count;
}

/* FALSE: more than may be. */
static gboolean drain(Stream *stream)
{
	guint8 buffer[65536];
	ssize_t got = read(stream->fd, buffer, sizeof buffer);

	if (got > 0) {
		append(stream, buffer, (gsize)got);
		explicit_bzero(buffer, (gsize)got);
		return stream->length <= stream->max;
	}
	if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(stream->fd);
		stream->fd = -1;
	}
	return TRUE;
}

static gboolean read_all(Stream streams[2], gint64 deadline, GError **error)
{
	while (streams[0].fd >= 0 || streams[1].fd >= 0) {
		struct pollfd fds[2] = { { streams[0].fd, POLLIN, 0 }, { streams[1].fd, POLLIN, 0 } };
		gint64 left = (deadline - g_get_monotonic_time()) / 1000;
		if (left <= 0 || (poll(fds, 2, (int)left) < 0 && errno != EINTR)) {
			g_set_error_literal(error, SN_ERROR, SN_ERROR_TEMPORARY,
			                    "gpg does not answer.");
			return FALSE;
		}
		for (int i = 0; i < 2; i++)
			if (fds[i].revents && streams[i].fd >= 0 && !drain(&streams[i])) {
				g_set_error_literal(error, SN_ERROR, SN_ERROR_LIMIT,
				                    "What gpg makes of it is too large.");
				return FALSE;
			}
	}
	return TRUE;
}

static GPtrArray *split_status(const Stream *stream)
{
	static const char prefix[] = "[GNUPG:] ";
	g_autofree char *text = g_strndup(stream->length ? (const char *)stream->bytes : "", stream->length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GPtrArray *status = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

	for (char **line = lines; *line; line++)
		if (g_str_has_prefix(*line, prefix))
			g_ptr_array_add(status, g_strsplit(*line + strlen(prefix), " ", -1));
	return status;
}

static GSubprocess *spawn(const SnGpgCall *call, int out, int status, GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_SILENCE);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) local = NULL;
	int in = memory_file(call->input, error);
	int file = in >= 0 && call->file ? memory_file(call->file, error) : -1;

	if (in >= 0)
		g_subprocess_launcher_take_stdin_fd(launcher, in);
	g_subprocess_launcher_take_stdout_fd(launcher, out);
	g_subprocess_launcher_take_fd(launcher, status, STATUS_FD);
	if (file >= 0)
		g_subprocess_launcher_take_fd(launcher, file, FILE_FD);
	if (in < 0 || (call->file && file < 0))
		return NULL;
	set_environment(launcher, call);
	g_autofree char *keyring = call->also && !call->smime ? keyring_of(call->also) : NULL;
	add_options(argv, call, keyring);
	GSubprocess *process = g_subprocess_launcher_spawnv(
		launcher, (const char *const *)argv->pdata, &local);
	if (!process)
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "%s cannot be started: %s",
		            call->smime ? "gpgsm" : "gpg", local->message);
	return process;
}

static gboolean open_pipes(int out[2], int status[2], GError **error)
{
	if (pipe2(out, O_CLOEXEC) < 0)
		return fail(error, "No pipe");
	if (pipe2(status, O_CLOEXEC) == 0)
		return TRUE;
	close(out[0]);
	close(out[1]);
	return fail(error, "No pipe");
}

/* It has closed what it writes to; whoever does not go then is made to. */
static void end(GSubprocess *process, gboolean ok)
{
	gint64 deadline = g_get_monotonic_time() + ENDING_MS * 1000;

	while (ok && g_subprocess_get_identifier(process) && g_get_monotonic_time() < deadline)
		g_usleep(500);
	if (g_subprocess_get_identifier(process))
		g_subprocess_force_exit(process);
	g_subprocess_wait(process, NULL, NULL);
}

SnGpgRun *sn_gpg_run(const SnGpgCall *call, GError **error)
{
	int out[2], status[2];
	gint64 limit = call->may_ask ? ASKING_MS : QUIET_MS;

	g_assert(call->args && call->args[0]);
	if (!open_pipes(out, status, error))
		return NULL;
	g_autoptr(GSubprocess) process = spawn(call, out[1], status[1], error);
	Stream streams[2] = { { .fd = out[0], .max = OUTPUT_MAX },
		              { .fd = status[0], .max = STATUS_MAX } };
	gboolean ok = process && read_all(streams, g_get_monotonic_time() + limit * 1000, error);
	if (process)
		end(process, ok);
	SnGpgRun *run = NULL;
	if (ok) {
		run = g_new0(SnGpgRun, 1);
		run->status = split_status(&streams[1]);
		run->output = sn_opened_secret(
			g_bytes_new_take(g_steal_pointer(&streams[0].bytes), streams[0].length));
		run->ok = g_subprocess_get_if_exited(process) &&
		          g_subprocess_get_exit_status(process) == 0;
	}
	for (int i = 0; i < 2; i++)
		clear_stream(&streams[i]);
	return run;
}
