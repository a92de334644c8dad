/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sendmail.c - hands messages to a local program that takes the recipients as arguments and the
 * message on its standard input, as sendmail, msmtp and their like do.
 *
 * The input is a file in memory, complete before the program starts. Through a pipe, our own end
 * in the middle of it would look to the program like the end of the message, and it would send
 * what it has so far. So the start of the program is the point of no return.
 */
#include <errno.h>
#include <poll.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "backends/mail/link.h"
#include "backends/mail/outgoing.h"
#include "backends/mail/smtp_session.h"
#include "src/base/fault.h"

#define MAX_COMPLAINT 4096
#define TIMEOUT_MS (5 * 60 * 1000)
#define LOOK_UP_MS 200
#define GATE_MS 60000

typedef struct {
	SnOutgoing out;
	char **argv; /* of the configured command line */
} Sendmail;

/* One run of the program. */
typedef struct {
	GPid pid;
	int message;    /* its standard input: a file, whose position tells how much it has read */
	int from_child; /* a socket: its standard output and error */
	gsize length;
	GString *complaint;
	gboolean ended; /* with this status */
	int status;
} Run;

/* Programs of this kind want the line ends of the system. */
static char *with_plain_line_ends(GBytes *raw, gsize *length)
{
	gsize size = 0;
	const char *bytes = g_bytes_get_data(raw, &size);
	GString *out = g_string_sized_new(size + 1);

	for (gsize i = 0; i < size; i++)
		if (bytes[i] != '\r' || i + 1 == size || bytes[i + 1] != '\n')
			g_string_append_c(out, bytes[i]);
	*length = out->len;
	return g_string_free(out, FALSE);
}

/* The configured words, then the envelope. "--": no address is ever taken for an option. */
static GPtrArray *arguments(Sendmail *sendmail, const SnSendRequest *request)
{
	GPtrArray *argv = g_ptr_array_new();

	for (char **word = sendmail->argv; *word; word++)
		g_ptr_array_add(argv, *word);
	if (!sendmail->argv[1])
		g_ptr_array_add(argv, (gpointer) "-oi"); /* a line with a dot is not the end */
	g_ptr_array_add(argv, (gpointer) "-f");
	g_ptr_array_add(argv, *request->from ? request->from : (gpointer) "<>");
	g_ptr_array_add(argv, (gpointer) "--");
	for (guint i = 0; i < request->to->len; i++)
		g_ptr_array_add(argv, request->to->pdata[i]);
	g_ptr_array_add(argv, NULL);
	return argv;
}

static gboolean check(const SnSendRequest *request, GError **error)
{
	gboolean good = request->to->len > 0 &&
			(!*request->from ||
			 (sn_smtp_address_is_safe(request->from) && *request->from != '-'));

	for (guint i = 0; good && i < request->to->len; i++)
		good = sn_smtp_address_is_safe(request->to->pdata[i]);
	if (!good)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
			    "The sender or a recipient is not an address.");
	return good;
}

static gboolean write_all(int fd, const char *text, gsize length)
{
	for (gsize done = 0; done < length;) {
		ssize_t now = write(fd, text + done, length - done);
		if (now < 0 && errno != EINTR)
			return FALSE;
		done += now > 0 ? (gsize)now : 0;
	}
	return TRUE;
}

/* In memory, so that the text lies on no disk; sealed, so that the program can only read it. */
static gboolean make_message(const SnSendRequest *request, Run *run, GError **error)
{
	g_autofree char *text = with_plain_line_ends(request->raw, &run->length);

	run->message = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (run->message >= 0 && write_all(run->message, text, run->length) &&
	    lseek(run->message, 0, SEEK_SET) == 0 &&
	    fcntl(run->message, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY,
		    "The message could not be laid ready for the program: %s.",
		    g_strerror(errno));
	return FALSE;
}

static gboolean has_read_all(const Run *run)
{
	return lseek(run->message, 0, SEEK_CUR) >= (off_t)run->length;
}

/* A socket, because a program that outlives us must not find a closed pipe. */
static gboolean start(Sendmail *sendmail, const SnSendRequest *request, Run *run, GError **error)
{
	g_autoptr(GPtrArray) argv = arguments(sendmail, request);
	g_autoptr(GError) failure = NULL;

	sn_fault(COMMAND_RELEASED);
	int out[2] = { -1, -1 };
	gboolean started =
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out) == 0 &&
		g_spawn_async_with_fds(NULL, (char **)argv->pdata, NULL,
				       G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH, NULL, NULL,
				       &run->pid, run->message, out[1], out[1], &failure);

	for (int i = 0; i < 2; i++)
		if (out[i] >= 0 && (i == 1 || !started))
			close(out[i]);
	if (!started) {
		g_set_error(error, SN_ERROR, SN_ERROR_UNAVAILABLE, "%s cannot be run: %s.",
			    sendmail->argv[0], failure ? failure->message : g_strerror(errno));
		return FALSE;
	}
	run->from_child = out[0];
	return TRUE;
}

static void read_some(Run *run)
{
	char buffer[1024];
	ssize_t got = recv(run->from_child, buffer, sizeof buffer, MSG_DONTWAIT);

	if (got > 0 && run->complaint->len < MAX_COMPLAINT) {
		g_string_append_len(run->complaint, buffer, got);
	} else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		close(run->from_child);
		run->from_child = -1;
	}
}

static gboolean has_ended(Run *run)
{
	if (!run->ended && waitpid(run->pid, &run->status, WNOHANG) == run->pid)
		run->ended = TRUE;
	return run->ended;
}

/* Listens until the program closes its output or ends (a daemon it left behind may keep
 * the output open); FALSE: stopped or too slow. */
static gboolean converse(Sendmail *sendmail, Run *run)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)TIMEOUT_MS * 1000;

	while (run->from_child >= 0 && !has_ended(run)) {
		struct pollfd fds[2] = { { run->from_child, POLLIN, 0 },
					 { sn_inbox_interrupt_fd(sendmail->out.inbox), POLLIN, 0 } };
		gint64 left = (deadline - g_get_monotonic_time()) / 1000;
		poll(fds, 2, (int)CLAMP(left, 0, LOOK_UP_MS));
		if (left <= 0 || fds[1].revents)
			return FALSE;
		if (fds[0].revents)
			read_some(run);
	}
	if (run->from_child >= 0)
		read_some(run); /* its last words */
	return TRUE;
}

/* Waits for the end of a program that has closed its output, but not for ever. */
static void reap(Sendmail *sendmail, Run *run, gboolean *killed)
{
	for (int tries = 0; tries < 100 && !*killed && !has_ended(run); tries++) {
		struct pollfd fd = { sn_inbox_interrupt_fd(sendmail->out.inbox), POLLIN, 0 };
		*killed = poll(&fd, 1, 100) > 0;
	}
	if (has_ended(run)) {
		*killed = FALSE;
		return;
	}
	*killed = TRUE;
	kill(run->pid, SIGKILL);
	while (waitpid(run->pid, &run->status, 0) < 0 && errno == EINTR)
		;
}

static SnErrorCode code_of_exit(int code)
{
	switch (code) {
	case EX_TEMPFAIL:
	case EX_OSERR:
	case EX_IOERR: return SN_ERROR_TEMPORARY;
	case EX_NOPERM: return SN_ERROR_AUTH;
	case EX_CONFIG: return SN_ERROR_CONFIG;
	case EX_USAGE:
	case EX_OSFILE: return SN_ERROR_UNAVAILABLE;
	default: return SN_ERROR_REJECTED;
	}
}

static gboolean judge(Sendmail *sendmail, const Run *run, gboolean killed, GError **error)
{
	const char *program = sendmail->argv[0];
	g_autofree char *words = sn_link_quote_reply(run->complaint->str);

	if (killed || !WIFEXITED(run->status)) {
		/* without the whole message no program of this kind sends anything */
		if (!has_read_all(run))
			g_set_error(error, SN_ERROR,
				    sn_inbox_stopping(sendmail->out.inbox) ? SN_ERROR_CANCELLED
								       : SN_ERROR_TEMPORARY,
				    "%s was stopped before it had the message.", program);
		else
			g_set_error(error, SN_ERROR, SN_ERROR_UNCERTAIN,
				    "%s was stopped before it said what became of the message.",
				    program);
		return FALSE;
	}
	if (WEXITSTATUS(run->status) == EX_OK)
		return TRUE;
	g_set_error(error, SN_ERROR, code_of_exit(WEXITSTATUS(run->status)),
		    "%s refused the message with exit code %d: \"%s\".", program,
		    WEXITSTATUS(run->status), words);
	return FALSE;
}

/* The user may have taken it back while others were served. */
static gboolean may_start(Sendmail *sendmail, const SnSendRequest *request, GError **error)
{
	sn_fault(COMMAND_READY);
	if (request->confirm)
		return sn_gate_wait(&sendmail->out.gate, &sendmail->out.report, request->id, FALSE,
				    GATE_MS, error);
	if (!sn_inbox_cancelled(sendmail->out.inbox, request->id))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
	return FALSE;
}

static gboolean see_through(Sendmail *sendmail, Run *run, GError **error)
{
	sn_fault(COMMAND_STARTED);
	run->complaint = g_string_new(NULL);
	gboolean killed = !converse(sendmail, run);
	reap(sendmail, run, &killed);
	sn_fault(COMMAND_ENDED);
	if (run->from_child >= 0)
		close(run->from_child);
	gboolean good = judge(sendmail, run, killed, error);
	g_string_free(run->complaint, TRUE);
	return good;
}

static gboolean run_program(Sendmail *sendmail, const SnSendRequest *request, GError **error)
{
	Run run = { .message = -1, .from_child = -1 };
	gboolean good = check(request, error) && make_message(request, &run, error) &&
			may_start(sendmail, request, error) &&
			start(sendmail, request, &run, error) &&
			see_through(sendmail, &run, error);

	if (run.message >= 0)
		close(run.message);
	return good;
}

static void serve(Sendmail *sendmail, SnSendJob *job)
{
	SnSendEvent *event =
		sn_send_event_new(SN_EVENT_DONE, job->id, sendmail->out.report.owner);
	GError *error = NULL;

	if (job->request) {
		run_program(sendmail, job->request, &error);
	} else {
		g_autofree char *path = g_find_program_in_path(sendmail->argv[0]);
		if (!path)
			g_set_error(&error, SN_ERROR, SN_ERROR_UNAVAILABLE,
				    "%s is not a program that can be run.", sendmail->argv[0]);
	}
	sn_outgoing_end(&sendmail->out, job, event, error);
}

static gpointer run_thread(gpointer data)
{
	Sendmail *sendmail = data;
	SnSendJob *job;

	while (!sn_inbox_stopping(sendmail->out.inbox)) {
		if ((job = sn_inbox_take(sendmail->out.inbox, 0)))
			serve(sendmail, job);
		else
			sn_inbox_wait(sendmail->out.inbox, -1, -1);
	}
	sn_outgoing_end_all(&sendmail->out);
	return NULL;
}

static SnMailTransport *create(const SnLinkSpec *link, const char *command, SnQueue *events,
			       gpointer owner, GError **error)
{
	g_autoptr(GError) failure = NULL;
	char **argv = NULL;

	if (!command || !g_shell_parse_argv(command, NULL, &argv, &failure)) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
			    "The command to send mail with cannot be read: %s.",
			    failure ? failure->message : "it is empty");
		return NULL;
	}
	Sendmail *sendmail = g_new0(Sendmail, 1);
	sendmail->argv = argv;
	sn_outgoing_start(&sendmail->out, "sendmail", run_thread, sendmail, events, owner);
	return (SnMailTransport *)sendmail;
}

static void destroy(SnMailTransport **transport)
{
	Sendmail *sendmail = transport ? (Sendmail *)*transport : NULL;

	if (!sendmail)
		return;
	*transport = NULL;
	sn_outgoing_stop(&sendmail->out);
	g_strfreev(sendmail->argv);
	g_free(sendmail);
}

const SnMailTransportOps sn_sendmail_ops = {
	.name = "sendmail",
	.create = create,
	.submit = sn_outgoing_submit,
	.cancel = sn_outgoing_cancel,
	.proceed = sn_outgoing_proceed,
	.probe = sn_outgoing_probe,
	.destroy = destroy,
};
