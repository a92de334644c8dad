/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.c - reads the library's log.
 *
 * It is the only source for some facts: one and the same event stands for a wrong password, a
 * refused connection and a failed handshake; nothing tells when a stanza is on the wire; and no
 * handler sees the answer to a resumption. The log holds passwords in clear: nothing of it
 * goes anywhere else.
 */
#include "backends/xmpp/xmpp_private.h"

#include <string.h>

#include "src/text/text.h"

#define NS_LIMITS "urn:xmpp:stream-limits:0"

/* The certificate handler gets no pointer of ours, and runs inside a call made on our thread. */
static GPrivate current;

int sn_wire_certfail(const xmpp_tlscert_t *certificate, const char *const reason)
{
	SnIm *im = g_private_get(&current);

	if (im && !im->wire.certificate)
		im->wire.certificate = g_strdup(reason ? reason : "unknown reason");
	return 0;
}

SnIm *sn_wire_current(void)
{
	return g_private_get(&current);
}

static xmpp_stanza_t *parse(SnIm *im, const char *text)
{
	/* Only short elements of the stream itself come here. */
	return strlen(text) < 64 * 1024 ? xmpp_stanza_new_from_string(im->ctx, text) : NULL;
}

static void saw_failure(SnIm *im, const char *text)
{
	xmpp_stanza_t *failure = parse(im, text);
	xmpp_stanza_t *child = failure ? xmpp_stanza_get_children(failure) : NULL;
	int looked = 0;

	g_clear_pointer(&im->wire.failure, g_free);
	g_clear_pointer(&im->wire.failure_text, g_free);
	for (; child && looked < SN_XML_MAX_ITEMS; child = xmpp_stanza_get_next(child), looked++) {
		if (sn_xml_is(child, "text", NULL))
			im->wire.failure_text = sn_xml_line(child);
		else if (xmpp_stanza_get_name(child) && !im->wire.failure)
			im->wire.failure = sn_text_clean_line(xmpp_stanza_get_name(child), -1);
	}
	if (!im->wire.failure)
		im->wire.failure = g_strdup("undefined-condition");
	if (failure)
		xmpp_stanza_release(failure);
}

static void saw_features(SnIm *im, const char *text)
{
	xmpp_stanza_t *features = parse(im, text);
	xmpp_stanza_t *limits = sn_xml_find(features, "limits", NS_LIMITS);
	g_autofree char *max = sn_xml_line(sn_xml_find(limits, "max-bytes", NULL));

	if (sn_xml_find(features, "sm", XMPP_NS_SM))
		im->wire.sm_offered = TRUE;
	if (sn_xml_find(features, "csi", "urn:xmpp:csi:0"))
		im->wire.csi_offered = TRUE;
	if (max)
		im->wire.stanza_max = (gsize)g_ascii_strtoull(max, NULL, 10);
	if (features)
		xmpp_stanza_release(features);
}

static gint64 handled(SnIm *im, const char *text)
{
	xmpp_stanza_t *stanza = parse(im, text);
	gint64 h = stanza ? sn_xml_attr_number(stanza, "h", -1) : -1;

	if (stanza)
		xmpp_stanza_release(stanza);
	return h <= G_MAXUINT32 ? h : -1;
}

static void saw_received(SnIm *im, const char *text)
{
	if (g_str_has_prefix(text, "</stream:stream>"))
		im->wire.stream_closed = TRUE;
	if (im->phase == SN_PHASE_ONLINE)
		return; /* handlers see the rest */
	if (g_str_has_prefix(text, "<failure"))
		saw_failure(im, text);
	else if (g_str_has_prefix(text, "<stream:features") || g_str_has_prefix(text, "<features"))
		saw_features(im, text);
	else if (g_str_has_prefix(text, "<resumed")) {
		im->wire.resumed = TRUE;
		im->wire.resumed_h = handled(im, text);
	} else if (g_str_has_prefix(text, "<failed")) {
		im->wire.sm_failed = TRUE;
		im->wire.resumed_h = handled(im, text);
	}
}

static void saw_sent(SnIm *im, const char *text)
{
	im->wire.sent_seen = TRUE;
	if (g_str_has_prefix(text, "<message") || g_str_has_prefix(text, "<presence") ||
	    g_str_has_prefix(text, "<iq"))
		sn_sm_written(im);
}

static void take_log(void *data, xmpp_log_level_t level, const char *area, const char *message)
{
	SnIm *im = data;

	if (g_str_has_prefix(message, "RECV: "))
		saw_received(im, message + strlen("RECV: "));
	else if (g_str_has_prefix(message, "SENT: "))
		saw_sent(im, message + strlen("SENT: "));
	else if (strcmp(area, "tls") == 0 && strstr(message, "unexpected eof"))
		im->wire.tls_cut = TRUE;
	else if (strcmp(area, "tls") == 0 && strstr(message, "error=SSL_ERROR_SSL"))
		im->wire.tls_broken = TRUE;
	else if (g_str_has_prefix(message, "Couldn't start TLS"))
		im->wire.tls_failed = TRUE;
	else if (g_str_has_prefix(message, "TLS is not supported"))
		im->wire.no_tls = TRUE;
	else if (g_str_has_prefix(message, "Cannot authenticate with known methods"))
		im->wire.no_mechanism = TRUE;
}

void sn_wire_init(SnIm *im)
{
	im->wire.log = (xmpp_log_t){ take_log, im };
	im->wire.resumed_h = -1;
	g_private_set(&current, im);
}

void sn_wire_reset(SnIm *im)
{
	xmpp_log_t log = im->wire.log;

	g_free(im->wire.certificate);
	g_free(im->wire.failure);
	g_free(im->wire.failure_text);
	im->wire = (SnWire){ .log = log, .resumed_h = -1 };
}

/* ---- what went wrong ---- */

static GError *certificate_error(SnIm *im)
{
	static const struct {
		const char *in_reason, *text;
	} reasons[] = {
		{ "hostname mismatch", "it is made out to another name" },
		{ "expired", "it has expired" },
		{ "not yet valid", "it is not valid yet" },
		{ "self-signed", "it was signed by an unknown authority" },
		{ "self signed", "it was signed by an unknown authority" },
		{ "local issuer", "it was signed by an unknown authority" },
		{ "first certificate", "it was signed by an unknown authority" },
		{ "revoked", "it was revoked" },
	};
	const char *text = im->wire.certificate;

	for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (strstr(im->wire.certificate, reasons[i].in_reason))
			text = reasons[i].text;
	return g_error_new(
		SN_ERROR, SN_ERROR_TLS,
		"The certificate that %s shows for \"%s\" is not good: %s. Nothing was sent.",
		im->target->where, im->domain, text);
}

static GError *failure_error(SnIm *im)
{
	const char *condition = im->wire.failure;
	const char *text = im->wire.failure_text;

	if (strcmp(condition, "temporary-auth-failure") == 0)
		return g_error_new(SN_ERROR, SN_ERROR_TEMPORARY, "%s cannot check passwords now.",
				   im->target->where);
	if (strcmp(condition, "not-authorized") == 0)
		return g_error_new(
			SN_ERROR, SN_ERROR_AUTH,
			"Wrong password for %s (%s). Check the password or password-command.",
			im->jid, im->target->where);
	return g_error_new(SN_ERROR, SN_ERROR_AUTH, "%s refuses to log %s in: %s%s%s.",
			   im->target->where, im->jid, condition, text ? ", " : "",
			   text ? text : "");
}

static GError *stream_error(SnIm *im, const xmpp_stream_error_t *stream)
{
	g_autofree char *text = stream->text ? sn_text_clean_line(stream->text, -1) : NULL;

	if (stream->type == XMPP_SE_HOST_UNKNOWN)
		return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "%s does not serve \"%s\".",
				   im->target->where, im->domain);
	if (stream->type == XMPP_SE_CONFLICT)
		return g_error_new(SN_ERROR, SN_ERROR_NETWORK,
				   "%s ended the session: another client took its place.",
				   im->target->where);
	return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "%s ended the session%s%s.",
			   im->target->where, text ? ": " : "", text ? text : "");
}

GError *sn_wire_error(SnIm *im, int error, const xmpp_stream_error_t *stream)
{
	const char *where = im->target->where;

	if (im->phase == SN_PHASE_ONLINE && stream)
		return stream_error(im, stream);
	if (im->phase == SN_PHASE_ONLINE)
		return g_error_new(SN_ERROR, SN_ERROR_NETWORK, "The line to %s was cut.", where);
	if (im->dial && sn_dial_expired(im->dial))
		return g_error_new(SN_ERROR, SN_ERROR_NETWORK,
				   "%s takes connections but does not finish the log-in.", where);
	if (im->wire.certificate)
		return certificate_error(im);
	if (im->wire.no_tls)
		return g_error_new(SN_ERROR, SN_ERROR_TLS,
				   "%s offers no encryption (STARTTLS). Nothing was sent.", where);
	if (im->wire.tls_failed && im->wire.tls_broken && !im->wire.tls_cut)
		return g_error_new(SN_ERROR, SN_ERROR_TLS,
				   "%s does not speak TLS as expected. Is the port right?", where);
	if (im->wire.failure)
		return failure_error(im);
	if (im->wire.no_mechanism)
		return g_error_new(SN_ERROR, SN_ERROR_AUTH,
				   "%s offers no way to log in that is known here.", where);
	if (stream)
		return stream_error(im, stream);
	return g_error_new(SN_ERROR, SN_ERROR_NETWORK,
			   "%s closed the connection during the log-in.", where);
}
