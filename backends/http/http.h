/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h - verified HTTPS upload and download (libcurl), for XEP-0363. Blocking calls for a worker
 * thread. Only https: (and http: to loopback when allow_loopback_http). No redirects to other
 * schemes, no cookies, no credentials.
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
	gboolean allow_loopback_http; /* http: to this machine, for tests */
} SnHttpJob;

typedef struct {
	/* PUT bytes. */
	gboolean (*put)(const SnHttpJob *job, GBytes *bytes, const char *type, GError **error);
	/* GET into `path` (written beside and renamed, 0600). size, sha256 (free it): NULL ok. */
	gboolean (*get)(const SnHttpJob *job, const char *path, gint64 *size, char **sha256,
	                char **type, GError **error);
} SnHttpOps;

extern const SnHttpOps sn_http_ops;

#endif
