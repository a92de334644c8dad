/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http.c - libcurl, with everything switched off that a file transfer does not need. */
#include "backends/http/http.h"
#include "src/base/fault.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEFAULT_MAX ((gint64)20 * 1024 * 1024)
#define CONNECT_TIMEOUT_S 20L
#define STALL_BYTES 1L /* less than that for STALL_S seconds: give up */
#define STALL_S 60L
#define MAX_REDIRECTS 5L
#define MAX_URL 8192
#define ASK_MAX ((gint64)256 * 1024)
#define ASK_TIMEOUT_S 30L
#define MAX_TYPE 255
#define MAX_CA ((gsize)16 * 1024 * 1024)

/* One transfer. */
typedef struct {
	const SnHttpJob *job;
	CURL *curl;
	struct curl_slist *headers;
	char reason[CURL_ERROR_SIZE];
	char *host;
	int ca_fd;
	/* put */
	const char *data;
	gsize length, sent;
	/* get */
	int fd;
	gint64 size, max;
	GChecksum *sum;
	gboolean too_big;
	int write_error; /* errno; 0 = none */
	/* ask */
	GString *answer; /* of `max` bytes from the start: it never moves, and can be wiped */
} Transfer;

static gpointer initialise(gpointer data)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	return NULL;
}

/* ---- callbacks ---- */

static size_t give_bytes(char *buffer, size_t size, size_t count, void *data)
{
	Transfer *transfer = data;
	gsize length = MIN(size * count, transfer->length - transfer->sent);

	memcpy(buffer, transfer->data + transfer->sent, length);
	transfer->sent += length;
	if (length > 0 && transfer->sent >= transfer->length / 2)
		sn_fault(UPLOAD_HALF);
	return length;
}

static int seek_bytes(void *data, curl_off_t offset, int origin)
{
	Transfer *transfer = data;

	if (origin != SEEK_SET || offset < 0 || (gsize)offset > transfer->length)
		return CURL_SEEKFUNC_FAIL;
	transfer->sent = (gsize)offset;
	return CURL_SEEKFUNC_OK;
}

static gboolean write_all(int fd, const char *bytes, gsize length)
{
	while (length > 0) {
		ssize_t done = write(fd, bytes, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return FALSE;
		bytes += done;
		length -= (gsize)done;
	}
	return TRUE;
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *data)
{
	Transfer *transfer = data;
	gsize length = size * count;

	if (transfer->answer) {
		if (transfer->answer->len + length > (gsize)transfer->max) {
			transfer->too_big = TRUE;
			return 0;
		}
		g_string_append_len(transfer->answer, bytes, (gssize)length);
		return length;
	}
	if (transfer->fd < 0)
		return length; /* the answer to an upload says nothing we want */
	if (transfer->size + (gint64)length > transfer->max) {
		transfer->too_big = TRUE;
		return 0;
	}
	if (!write_all(transfer->fd, bytes, length)) {
		transfer->write_error = errno;
		return 0;
	}
	g_checksum_update(transfer->sum, (const guchar *)bytes, (gssize)length);
	transfer->size += (gint64)length;
	return length;
}

static int tell(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
		curl_off_t up)
{
	Transfer *transfer = data;
	gboolean upload = transfer->data != NULL;

	if (g_cancellable_is_cancelled(transfer->job->cancel))
		return 1;
	if (transfer->job->progress)
		transfer->job->progress(upload ? up : down, upload ? up_total : down_total,
					transfer->job->data);
	return 0;
}

/* ---- set-up ---- */

/* The system's certificates and one more, as one file in memory: not every build of libcurl can
 * be given both otherwise. -1: the one alone, the system's come by directory if at all. */
static int join_certificates(const char *system_file, const char *ca_file)
{
	g_autofree char *one = NULL, *other = NULL;
	gsize one_length = 0, other_length = 0;
	int fd;

	if (!system_file || !g_file_get_contents(system_file, &one, &one_length, NULL) ||
	    !g_file_get_contents(ca_file, &other, &other_length, NULL) ||
	    one_length + other_length > MAX_CA)
		return -1;
	fd = memfd_create("certificates", MFD_CLOEXEC);
	if (fd >= 0 && !(write_all(fd, one, one_length) && write_all(fd, "\n", 1) &&
			 write_all(fd, other, other_length))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void trust(Transfer *transfer)
{
	const char *ca_file = transfer->job->ca_file;
	char *system_file = NULL;

	if (!ca_file)
		return;
	curl_easy_getinfo(transfer->curl, CURLINFO_CAINFO, &system_file);
	transfer->ca_fd = join_certificates(system_file, ca_file);
	if (transfer->ca_fd >= 0) {
		g_autofree char *joined = g_strdup_printf("/proc/self/fd/%d", transfer->ca_fd);
		curl_easy_setopt(transfer->curl, CURLOPT_CAINFO, joined);
	} else {
		curl_easy_setopt(transfer->curl, CURLOPT_CAINFO, ca_file);
	}
}

static void add_header(Transfer *transfer, const char *text)
{
	if (!strpbrk(text, "\r\n"))
		transfer->headers = curl_slist_append(transfer->headers, text);
}

static gboolean is_loopback(const char *host)
{
	g_autofree char *bare =
		host && *host == '[' ? g_strndup(host + 1, strcspn(host + 1, "]")) : g_strdup(host);
	g_autoptr(GInetAddress) address = bare ? g_inet_address_new_from_string(bare) : NULL;

	return g_strcmp0(bare, "localhost") == 0 ||
	       (address && g_inet_address_get_is_loopback(address));
}

static gboolean check_url(Transfer *transfer, GError **error)
{
	const char *url = transfer->job->url;
	g_autoptr(GUri) uri =
		url && strlen(url) <= MAX_URL ? g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL) : NULL;
	const char *scheme = uri ? g_uri_get_scheme(uri) : NULL;

	transfer->host = uri ? g_strdup(g_uri_get_host(uri)) : NULL;
	if (transfer->host && *transfer->host && g_strcmp0(scheme, "https") == 0)
		return TRUE;
	if (transfer->host && transfer->job->allow_loopback_http &&
	    g_strcmp0(scheme, "http") == 0 && is_loopback(transfer->host))
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		    "Only addresses that begin with https:// are used, not \"%.100s\".",
		    url ? url : "");
	return FALSE;
}

static gboolean set_up(Transfer *transfer, const SnHttpJob *job, GError **error)
{
	static GOnce once = G_ONCE_INIT;

	g_once(&once, initialise, NULL);
	*transfer = (Transfer){ .job = job, .fd = -1, .ca_fd = -1 };
	if (!check_url(transfer, error))
		return FALSE;
	CURL *curl = transfer->curl = curl_easy_init();
	if (!curl) {
		g_set_error(error, SN_ERROR, SN_ERROR_TEMPORARY, "No memory for a transfer.");
		return FALSE;
	}
	const char *schemes = job->allow_loopback_http ? "https,http" : "https";
	curl_easy_setopt(curl, CURLOPT_URL, job->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, schemes);
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
	trust(transfer);
	for (int i = 0; job->headers && job->headers[i]; i++)
		add_header(transfer, job->headers[i]);
	return TRUE;
}

static void clear(Transfer *transfer)
{
	if (transfer->curl)
		curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(transfer->headers);
	if (transfer->ca_fd >= 0)
		close(transfer->ca_fd);
	if (transfer->fd >= 0)
		close(transfer->fd);
	g_clear_pointer(&transfer->sum, g_checksum_free);
	g_free(transfer->host);
}

/* ---- errors ---- */

static GError *status_error(Transfer *transfer)
{
	long status = 0;
	SnErrorCode code = SN_ERROR_REJECTED;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 404 || status == 410)
		code = SN_ERROR_NOT_FOUND;
	else if (status == 401 || status == 403)
		code = SN_ERROR_PERMISSION;
	else if (status == 413 || status == 507)
		code = SN_ERROR_LIMIT;
	else if (status == 429 || status >= 500)
		code = SN_ERROR_TEMPORARY;
	return g_error_new(SN_ERROR, code, "%s answers with status %ld.", transfer->host, status);
}

static GError *transfer_error(Transfer *transfer, CURLcode result)
{
	const char *reason = *transfer->reason ? transfer->reason : curl_easy_strerror(result);

	if (transfer->too_big || result == CURLE_FILESIZE_EXCEEDED)
		return g_error_new(SN_ERROR, SN_ERROR_LIMIT,
				   "The file from %s is larger than %" G_GINT64_FORMAT " bytes.",
				   transfer->host, transfer->max);
	if (transfer->write_error)
		return g_error_new(SN_ERROR, SN_ERROR_STORAGE, "Cannot store the file: %s.",
				   g_strerror(transfer->write_error));
	switch (result) {
	case CURLE_ABORTED_BY_CALLBACK:
		return g_error_new(SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
	case CURLE_HTTP_RETURNED_ERROR: return status_error(transfer);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return g_error_new(SN_ERROR, SN_ERROR_TLS, "The certificate of %s is not good: %s.",
				   transfer->host, reason);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_TOO_MANY_REDIRECTS:
		return g_error_new(SN_ERROR, SN_ERROR_INVALID, "Cannot use the address: %s.",
				   reason);
	case CURLE_OPERATION_TIMEDOUT:
		return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "%s does not answer: %s.",
				   transfer->host, reason);
	default:
		return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "The transfer with %s failed: %s.",
				   transfer->host, reason);
	}
}

/* ---- the interface ---- */

static gboolean put(const SnHttpJob *job, GBytes *bytes, const char *type, GError **error)
{
	Transfer transfer;
	CURLcode result;
	gboolean done = FALSE;

	if (set_up(&transfer, job, error)) {
		g_autofree char *header = g_strdup_printf(
			"Content-Type: %s", type && *type ? type : "application/octet-stream");
		transfer.data = g_bytes_get_data(bytes, &transfer.length);
		if (!transfer.data)
			transfer.data = "";
		add_header(&transfer, header);
		add_header(&transfer, "Expect:"); /* no waiting for "100 Continue" */
		curl_easy_setopt(transfer.curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(transfer.curl, CURLOPT_INFILESIZE_LARGE,
				 (curl_off_t)transfer.length);
		curl_easy_setopt(transfer.curl, CURLOPT_READFUNCTION, give_bytes);
		curl_easy_setopt(transfer.curl, CURLOPT_READDATA, &transfer);
		curl_easy_setopt(transfer.curl, CURLOPT_SEEKFUNCTION, seek_bytes);
		curl_easy_setopt(transfer.curl, CURLOPT_SEEKDATA, &transfer);
		curl_easy_setopt(transfer.curl, CURLOPT_HTTPHEADER, transfer.headers);
		result = curl_easy_perform(transfer.curl);
		done = result == CURLE_OK;
		if (!done)
			g_propagate_error(error, transfer_error(&transfer, result));
	}
	clear(&transfer);
	return done;
}

static gboolean open_file(Transfer *transfer, char *part, GError **error)
{
	transfer->fd = g_mkstemp_full(part, O_RDWR | O_CLOEXEC, 0600);
	if (transfer->fd >= 0)
		return TRUE;
	g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot create %s: %s.", part,
		    g_strerror(errno));
	return FALSE;
}

static gboolean fetch(Transfer *transfer, GError **error)
{
	CURLcode result;

	transfer->max = transfer->job->max_size > 0 ? transfer->job->max_size : DEFAULT_MAX;
	transfer->sum = g_checksum_new(G_CHECKSUM_SHA256);
	curl_easy_setopt(transfer->curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->max);
	curl_easy_setopt(transfer->curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(transfer->curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->headers);
	result = curl_easy_perform(transfer->curl);
	if (result == CURLE_OK && fsync(transfer->fd) != 0)
		transfer->write_error = errno;
	if (result == CURLE_OK && !transfer->write_error)
		return TRUE;
	g_propagate_error(error, transfer_error(transfer, result));
	return FALSE;
}

static char *content_type(Transfer *transfer)
{
	char *found = NULL;

	curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &found);
	if (!found || strlen(found) > MAX_TYPE)
		return NULL;
	for (const char *p = found; *p; p++)
		if (!g_ascii_isprint(*p))
			return NULL;
	return g_strdup(found);
}

static gboolean get(const SnHttpJob *job, const char *path, gint64 *size, char **sha256,
		    char **type, GError **error)
{
	Transfer transfer;
	g_autofree char *part = g_strconcat(path, ".part-XXXXXX", NULL);
	gboolean created = FALSE, done = FALSE;

	if (set_up(&transfer, job, error) && (created = open_file(&transfer, part, error)) &&
	    fetch(&transfer, error)) {
		done = g_rename(part, path) == 0;
		if (!done)
			g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "Cannot store %s: %s.", path,
				    g_strerror(errno));
	}
	if (created && !done)
		g_unlink(part);
	if (done && size)
		*size = transfer.size;
	if (done && sha256)
		*sha256 = g_strdup(g_checksum_get_string(transfer.sum));
	if (done && type)
		*type = content_type(&transfer);
	clear(&transfer);
	return done;
}

static void answer_free(GString *answer)
{
	if (!answer)
		return;
	explicit_bzero(answer->str, answer->allocated_len);
	g_string_free(answer, TRUE);
}

static void ask_how(Transfer *transfer, const char *form)
{
	CURL *curl = transfer->curl;

	add_header(transfer, "Accept: application/json, text/xml, */*;q=0.1");
	if (form) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(form));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form);
	} else {
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	}
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 0L);
	long seconds = transfer->job->seconds > 0 ? transfer->job->seconds : ASK_TIMEOUT_S;
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, MIN(seconds, CONNECT_TIMEOUT_S));
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
}

static GString *ask(const SnHttpJob *job, const char *form, int *status, GError **error)
{
	Transfer transfer;
	long code = 0;
	GString *answer = NULL;

	if (set_up(&transfer, job, error)) {
		transfer.max = job->max_size > 0 ? job->max_size : ASK_MAX;
		transfer.answer = g_string_sized_new((gsize)transfer.max + 1);
		ask_how(&transfer, form);
		CURLcode result = curl_easy_perform(transfer.curl);
		if (result == CURLE_OK) {
			curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &code);
			*status = (int)code;
			answer = g_steal_pointer(&transfer.answer);
		} else {
			g_propagate_error(error, transfer_error(&transfer, result));
		}
		answer_free(transfer.answer);
	}
	clear(&transfer);
	return answer;
}

const SnHttpOps sn_http_ops = {
	.put = put, .get = get, .ask = ask, .answer_free = answer_free
};
