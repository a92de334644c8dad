/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>

#include "backends/mail/stream_private.h"

#define MAX_NAMES 4 /* of a certificate, in a message */

/* Remembers the first thing found wrong, with the certificate it was found in. */
static int note_verification(int ok, X509_STORE_CTX *context)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
	SnStream *stream = SSL_get_app_data(ssl);
	X509 *cert = X509_STORE_CTX_get_current_cert(context);

	g_assert(stream);
	if (!ok && stream->verify_error == X509_V_OK) {
		stream->verify_error = X509_STORE_CTX_get_error(context);
		/* a missing issuer is noted at the certificate that names it */
		if (cert && X509_up_ref(cert))
			stream->verify_cert = cert;
	}
	return ok;
}

static void add_name(GPtrArray *names, const char *text, gsize length)
{
	if (names->len >= MAX_NAMES || memchr(text, 0, length))
		return;
	g_autofree char *name = g_strndup(text, length);
	for (char *c = name; *c; c++)
		if (!g_ascii_isgraph(*c))
			*c = '?';
	g_ptr_array_add(names, g_steal_pointer(&name));
}

static void add_address(GPtrArray *names, const ASN1_OCTET_STRING *address)
{
	char text[INET6_ADDRSTRLEN];
	int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;

	if (family == AF_INET6 && ASN1_STRING_length(address) != 16)
		return;
	if (inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof text))
		add_name(names, text, strlen(text));
}

/* "mail.example.test, 127.0.0.1" */
static char *cert_names(X509 *cert)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	GENERAL_NAMES *alternatives = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(alternatives, i);
		if (name->type == GEN_DNS)
			add_name(names, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
				 (gsize)ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			add_address(names, name->d.iPAddress);
	}
	GENERAL_NAMES_free(alternatives);
	if (names->len == 0)
		return g_strdup("no name at all");
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

/* The part of a distinguished name that people know it by, printable. */
static char *short_name(X509_NAME *name)
{
	static const int parts[] = { NID_commonName, NID_organizationName };
	char text[128];

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (X509_NAME_get_text_by_NID(name, parts[i], text, sizeof text) <= 0)
			continue;
		for (char *c = text; *c; c++)
			if (!g_ascii_isprint(*c))
				*c = '?';
		return g_strdup(text);
	}
	return g_strdup("unnamed");
}

static char *date_of(const ASN1_TIME *time)
{
	struct tm tm = { 0 };

	if (!ASN1_TIME_to_tm(time, &tm))
		return g_strdup("an unknown date");
	return g_strdup_printf("%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

/* "The certificate of HOST ..." */
static char *describe_failure(int problem, X509 *cert, const char *host)
{
	g_autofree char *text = NULL;

	switch (problem) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		text = cert_names(cert);
		return g_strdup_printf("is for %s, not %s", text, host);
	case X509_V_ERR_CERT_HAS_EXPIRED:
		text = date_of(X509_get0_notAfter(cert));
		return g_strdup_printf("expired on %s", text);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		text = date_of(X509_get0_notBefore(cert));
		return g_strdup_printf("is not valid before %s", text);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		text = short_name(X509_get_issuer_name(cert));
		return g_strdup_printf("is signed by an unknown authority (%s)", text);
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		text = short_name(X509_get_issuer_name(cert));
		return g_strdup_printf("is signed by itself (%s), an unknown authority", text);
	default: return g_strdup_printf("was refused: %s", X509_verify_cert_error_string(problem));
	}
}

static void fail_handshake(SnStream *stream, int kind)
{
	unsigned long code = ERR_peek_last_error();

	if (stream->verify_error != X509_V_OK && stream->verify_cert) {
		g_autofree char *reason =
			describe_failure(stream->verify_error, stream->verify_cert, stream->host);
		sn_stream_fail(stream, SN_ERROR_TLS, "The certificate of %s %s.", stream->host,
			       reason);
	} else if (kind == SSL_ERROR_ZERO_RETURN || (kind == SSL_ERROR_SYSCALL && code == 0) ||
		   ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		sn_stream_fail(stream, SN_ERROR_NETWORK,
			       "%s closed the connection while it was being secured.",
			       stream->host);
	} else {
		const char *reason = ERR_reason_error_string(code);
		sn_stream_fail(stream, SN_ERROR_TLS,
			       "A secure connection to %s cannot be made: %s.", stream->host,
			       reason ? reason : "unknown failure");
	}
}

struct sn_trust {
	SSL_CTX *context;
};

/* Of a store that several lines use at once, and that outlives its SnTrust. */
static int read_all_index(void)
{
	static gsize index; /* + 1 */

	if (g_once_init_enter(&index))
		g_once_init_leave(&index, (gsize)X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL) + 1);
	return (int)index - 1;
}

static gboolean has_read_all(X509_STORE *store)
{
	int index = read_all_index();

	X509_STORE_lock(store);
	gboolean all = X509_STORE_get_ex_data(store, index) != NULL;
	X509_STORE_unlock(store);
	return all;
}

static void note_read_all(X509_STORE *store)
{
	int index = read_all_index();

	X509_STORE_lock(store);
	X509_STORE_set_ex_data(store, index, store);
	X509_STORE_unlock(store);
}

/*
 * The system's authorities in one file are some hundred certificates, which take longer to read than
 * a handshake: only when an issuer is neither among the own ones nor in the system's directory, where
 * each is found by its name.
 */
static int find_issuer(X509 **issuer, X509_STORE_CTX *context, X509 *cert)
{
	X509_STORE *store = X509_STORE_CTX_get0_store(context);
	int found = X509_STORE_CTX_get1_issuer(issuer, context, cert);

	if (found != 0 || has_read_all(store))
		return found;
	X509_LOOKUP *file = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	if (file)
		X509_LOOKUP_load_file(file, NULL, X509_FILETYPE_DEFAULT);
	ERR_clear_error(); /* a system need not have one */
	note_read_all(store); /* not before: another line must not take half of them for all */
	return X509_STORE_CTX_get1_issuer(issuer, context, cert);
}

static void trust_system(SSL_CTX *context)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509_LOOKUP *directory = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());

	if (directory)
		X509_LOOKUP_add_dir(directory, NULL, X509_FILETYPE_DEFAULT);
	X509_STORE_set_get_issuer(store, find_issuer);
	ERR_clear_error();
}

SnTrust *sn_trust_new(const char *ca_file, GError **error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	g_assert(context);
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
	trust_system(context);
	if (ca_file && !SSL_CTX_load_verify_locations(context, ca_file, NULL)) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG,
			    "The certificate authorities in %s cannot be read.", ca_file);
		SSL_CTX_free(context);
		return NULL;
	}
	SnTrust *trust = g_new0(SnTrust, 1);
	trust->context = context;
	return trust;
}

void sn_trust_free(SnTrust *trust)
{
	if (!trust)
		return;
	SSL_CTX_free(trust->context); /* lives on while a session uses it */
	g_free(trust);
}

static gboolean set_expectations(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	unsigned char address[16];

	SSL_set_verify(ssl, SSL_VERIFY_PEER, note_verification);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) && SSL_set_tlsext_host_name(ssl, host);
}

static gboolean shake_hands(SnStream *stream, SSL *ssl, gint64 deadline)
{
	for (;;) {
		ERR_clear_error();
		int done = SSL_connect(ssl);
		if (done == 1)
			return TRUE;
		int kind = SSL_get_error(ssl, done);
		short events = kind == SSL_ERROR_WANT_READ    ? POLLIN
			       : kind == SSL_ERROR_WANT_WRITE ? POLLOUT
							      : 0;
		if (events == 0) {
			fail_handshake(stream, kind);
			return FALSE;
		}
		if (!sn_stream_await(stream, events, deadline))
			return FALSE;
	}
}

gboolean sn_stream_start_tls(SnStream *stream, const char *host, const SnTrust *trust,
			     int timeout_ms, GError **error)
{
	g_assert(!stream->ssl && trust);
	if (stream->error)
		return sn_stream_give_error(stream, error);
	g_free(stream->host);
	stream->host = g_strdup(host);
	g_autofree char *ascii = g_hostname_to_ascii(host);
	SSL *ssl = SSL_new(trust->context);
	g_assert(ssl);
	SSL_set_app_data(ssl, stream);
	if (!ascii || !set_expectations(ssl, ascii))
		sn_stream_fail(stream, SN_ERROR_TLS, "%s is not a host name.", host);
	else if (SSL_set_fd(ssl, stream->fd) &&
		 shake_hands(stream, ssl, sn_stream_deadline(timeout_ms)))
		stream->ssl = g_steal_pointer(&ssl);
	g_clear_pointer(&stream->verify_cert, X509_free);
	SSL_free(ssl);
	if (stream->ssl)
		return TRUE;
	sn_stream_fail(stream, SN_ERROR_TLS, "A secure connection to %s cannot be made.", host);
	return sn_stream_give_error(stream, error);
}

/* Prepares for another try, or marks the stream dead. */
static gboolean go_on(SnStream *stream, int kind, gint64 deadline)
{
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return sn_stream_await(stream, kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
				       deadline);
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	if (kind == SSL_ERROR_ZERO_RETURN || !reason ||
	    ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		sn_stream_fail(stream, SN_ERROR_NETWORK, "%s closed the connection.", stream->host);
	else
		sn_stream_fail(stream, SN_ERROR_NETWORK, "The connection to %s broke: %s.",
			       stream->host, reason);
	return FALSE;
}

gssize sn_stream_tls_read(SnStream *stream, void *buffer, gsize size)
{
	gint64 deadline = sn_stream_deadline(stream->timeout_ms);

	for (;;) {
		ERR_clear_error();
		int got = SSL_read(stream->ssl, buffer, (int)MIN(size, G_MAXINT));
		if (got > 0)
			return got;
		if (!go_on(stream, SSL_get_error(stream->ssl, got), deadline))
			return -1;
	}
}

gboolean sn_stream_tls_peek(SnStream *stream)
{
	char byte;

	g_assert(stream->no_wait);
	ERR_clear_error();
	int got = SSL_peek(stream->ssl, &byte, 1);
	if (got > 0)
		return TRUE;
	go_on(stream, SSL_get_error(stream->ssl, got), 0); /* hung up, or nothing to wait for */
	return FALSE;
}

gssize sn_stream_tls_write(SnStream *stream, const void *bytes, gsize length)
{
	gint64 deadline = sn_stream_deadline(stream->timeout_ms);

	for (;;) {
		ERR_clear_error();
		int sent = SSL_write(stream->ssl, bytes, (int)MIN(length, G_MAXINT));
		if (sent > 0)
			return sent;
		if (!go_on(stream, SSL_get_error(stream->ssl, sent), deadline))
			return -1;
	}
}

void sn_stream_tls_close(SnStream *stream)
{
	if (stream->ssl && !stream->error)
		SSL_shutdown(stream->ssl); /* says goodbye, waits for nothing */
	g_clear_pointer(&stream->ssl, SSL_free);
}
