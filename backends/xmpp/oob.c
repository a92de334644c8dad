/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oob.c - XEP-0066: the address of a file. */
#include "backends/xmpp/xmpp_private.h"

#define MAX_FILES 64

static const char *const features[] = { SN_NS_OOB, NULL };

SnImFile *sn_oob_file(SnImMessage *message, const char *url)
{
	for (guint i = 0; message->files && i < message->files->len; i++) {
		SnImFile *file = g_ptr_array_index(message->files, i);
		if (g_strcmp0(file->url, url) == 0)
			return file;
	}
	if (message->files && message->files->len >= MAX_FILES)
		return NULL;
	if (!message->files)
		message->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	SnImFile *file = g_new0(SnImFile, 1);
	file->url = g_strdup(url);
	file->size = -1;
	g_ptr_array_add(message->files, file);
	return file;
}

static void read_oob(const SnXmppReading *reading, xmpp_stanza_t *stanza, SnImMessage *message)
{
	int looked = 0;

	for (xmpp_stanza_t *x = sn_xml_find(stanza, "x", SN_NS_OOB); x && looked < MAX_FILES;
	     looked++) {
		g_autofree char *url = sn_xml_line(sn_xml_find(x, "url", SN_NS_OOB));
		SnImFile *file = url ? sn_oob_file(message, url) : NULL;
		if (file && !file->name)
			file->name = sn_xml_line(sn_xml_find(x, "desc", SN_NS_OOB));
		x = sn_xml_next(xmpp_stanza_get_next(x), "x", SN_NS_OOB);
	}
}

static void write_oob(const SnXmppReading *reading, const SnImMessage *message,
		      xmpp_stanza_t *stanza)
{
	for (guint i = 0; message->files && i < message->files->len; i++) {
		const SnImFile *file = g_ptr_array_index(message->files, i);
		xmpp_stanza_t *x = sn_xml_child(stanza, "x", SN_NS_OOB);
		sn_xml_child_text(x, "url", NULL, file->url);
		sn_xml_child_text(x, "desc", NULL, file->name);
	}
}

const SnXmppExtension sn_ext_oob = {
	.name = "out-of-band data",
	.claims = SN_XMPP_CLAIMS(
		{ "0066", "1.5", SN_XMPP_PARTIAL, "0.1.0",
		  "tests/unit/test_xmpp_message:files_keep_what_is_known_of_them",
		  "messages only, no queries" }),
	.features = features,
	.read = read_oob,
	.in_clear = TRUE,
	.write = write_oob,
};
