/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xmpp_extensions.c - the table: one line for each extension. The order is that of reading and
 * writing: message.c first, and reply.c after the body is there. */
#include "backends/xmpp/xmpp_extensions.h"

#define SN_XMPP_TABLE(X)                                                                      \
	X(message)                                                                            \
	X(forward) X(carbons) X(archive) X(delay) X(ids) X(receipts) X(markers) X(chatstates) \
		X(correction) X(reactions) X(retraction) X(styling) X(reply) X(headers) X(oob) X(sfs) X(attaching)                  \
			X(quick_response) X(hints) X(encryption) X(omemo) X(muc) X(self_ping) \
			X(invite) X(muc_read) X(occupant_id) X(muc_admin) X(moderation) X(bookmarks) \
				X(private_store) X(displayed) X(omemo_devices) X(reach) X(caps) X(presence)                         \
				X(subscription) X(roster) X(disco) X(ping) X(sm) X(vcard)     \
					X(vcard_temp) X(upload) X(csi) X(blocking)

#define X(name) extern const SnXmppExtension sn_ext_##name;
SN_XMPP_TABLE(X)
#undef X

const SnXmppExtension *const sn_xmpp_extensions[] = {
#define X(name) &sn_ext_##name,
	SN_XMPP_TABLE(X)
#undef X
		NULL
};

const SnXmppClaim sn_xmpp_other_claims[] = {
	{ "0368", "1.1.0", SN_XMPP_COMPLETE, "0.1.0",
	  "tests/integration/test_xmpp_set:direct_tls_is_found_by_its_record", NULL },
	{ NULL, NULL, SN_XMPP_COMPLETE, NULL, NULL, NULL },
};

const char *sn_xmpp_status_word(SnXmppStatus status)
{
	static const char *const words[] = {
#define X(name, word) [SN_XMPP_##name] = word,
		SN_XMPP_STATUS_TABLE(X)
#undef X
	};

	g_assert((guint)status < G_N_ELEMENTS(words));
	return words[status];
}

const SnXmppStart *sn_xmpp_start_of(SnImRequestKind kind)
{
	for (int i = 0; sn_xmpp_extensions[i]; i++)
		for (int j = 0; j < SN_XMPP_MAX_STARTS && sn_xmpp_extensions[i]->starts[j].start;
		     j++)
			if (sn_xmpp_extensions[i]->starts[j].kind == kind)
				return &sn_xmpp_extensions[i]->starts[j];
	g_assert_not_reached();
}

SnImMessage *sn_xmpp_read_message(const SnXmppReading *reading, xmpp_stanza_t *stanza)
{
	if (!sn_xml_is(stanza, "message", NULL))
		return NULL;
	SnImMessage *message = sn_im_message_new();
	for (int i = 0; sn_xmpp_extensions[i]; i++)
		if (sn_xmpp_extensions[i]->read)
			sn_xmpp_extensions[i]->read(reading, stanza, message);
	sn_omemo_drop_clear(stanza, message);
	return message;
}

xmpp_stanza_t *sn_xmpp_write_message(xmpp_ctx_t *ctx, const SnXmppReading *reading,
				     const SnImMessage *message)
{
	xmpp_stanza_t *stanza = sn_xml_new(ctx, "message", NULL);

	for (int i = 0; sn_xmpp_extensions[i]; i++)
		if (sn_xmpp_extensions[i]->write &&
		    !(message->sealed && sn_xmpp_extensions[i]->in_clear))
			sn_xmpp_extensions[i]->write(reading, message, stanza);
	return stanza;
}
