/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h - verified HTTPS (libcurl): upload and download for XEP-0363, and short questions for
 * OAuth 2.0 and the discovery of servers. Blocking calls for a worker thread. Only https: (and http:
 * to loopback when allow_loopback_http). No redirects to other schemes, no cookies, no credentials.
 */
#ifndef SN_BACKENDS_HTTP_HTTP_H
#define SN_BACKENDS_HTTP_HTTP_H

#include <gio/gio.h>

#include "src/base/error.h"

typedef void (*SnHttpProgress)(gint64 done, gint64 total, gpointer data);

typedef struct {
	const char *url;
	const char *ca_file;          /* besides the system's; NULL */
	const char *const *headers;   /* "Name: value", no CR LF; NULL */
	SnHttpProgress progress;      /* NULL */
	gpointer data;
	GCancellable *cancel;         /* NULL */
	gint64 max_size;              /* download: SN_ERROR_LIMIT beyond; 0 = 20 MiB */
	int seconds;                  /* ask: for the whole of it; 0 = 30 */
	gboolean allow_loopback_http; /* http: to this machine, for tests */
} SnHttpJob;

typedef struct {
	/* PUT bytes. */
	gboolean (*put)(const SnHttpJob *job, GBytes *bytes, const char *type, GError **error);
	/* GET into `path` (written beside and renamed, 0600). size, sha256 (free it): NULL ok. */
	gboolean (*get)(const SnHttpJob *job, const char *path, gint64 *size, char **sha256,
	                char **type, GError **error);
	/* GET, or with `form` ("a=b&c=d", encoded) a POST of it, which follows no redirect. The answer
	 * in memory whatever its *status says, so that an error can be read; at most max_size (0 =
	 * 256 KiB). NULL: there is no answer. Give it to answer_free(), which wipes it. */
	GString *(*ask)(const SnHttpJob *job, const char *form, int *status, GError **error);
	void (*answer_free)(GString *answer); /* NULL is fine */
} SnHttpOps;

extern const SnHttpOps sn_http_ops;

#endif
