/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csi.c - XEP-0352: tells the server whether somebody looks at the screen, so that it may hold back
 * what can wait. Both words are no stanzas, and the library counts whatever it is given as one
 * (XEP-0198): so they go out behind a ping, as one piece. The ping is of use besides: who comes back
 * to a dead line learns so at once.
 */
#include "backends/xmpp/xmpp_private.h"

#define NS "urn:xmpp:csi:0"

static const char *const features[] = { NULL };

static void tell(SnIm *im)
{
	xmpp_stanza_t *iq = sn_iq_new(im, "get", im->domain);
	g_autofree char *id = g_strdup_printf("csi-%08x", g_rand_int(im->random));

	sn_xml_set(iq, "id", id);
	sn_xml_child(iq, "ping", "urn:xmpp:ping");
	sn_xmpp_send_with(im, iq, im->looked_away ? "<inactive xmlns='" NS "'/>"
						  : "<active xmlns='" NS "'/>");
}

/* A session begins as an active one, and a resumed one goes on as such (section 5). */
void sn_csi_again(SnIm *im)
{
	if (im->wire.csi_offered && im->looked_away)
		tell(im);
}

static void start_active(SnIm *im, SnXmppJob *job)
{
	gboolean away = !job->request->active;
	gboolean changed = away != im->looked_away;

	im->looked_away = away;
	if (changed && im->wire.csi_offered && sn_xmpp_is_online(im))
		tell(im);
	sn_xmpp_done(im, job, NULL);
}

const SnXmppExtension sn_ext_csi = {
	.name = "client state",
	.claims = SN_XMPP_CLAIMS({ "0352", "1.0.0", SN_XMPP_COMPLETE, "0.1.0",
				   "tests/integration/test_xmpp_set:"
				   "the_server_holds_back_what_nobody_looks_at",
				   NULL }),
	.features = features,
	.online = sn_csi_again,
	.starts = { { SN_IM_REQ_ACTIVE, FALSE, start_active } },
};
