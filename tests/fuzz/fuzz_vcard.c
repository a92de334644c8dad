/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/vcard/vcard.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_name = "vcard";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	int bad = 0;
	g_autoptr(GPtrArray) cards = sn_vcard_parse(text, "file", &bad);

	g_assert_cmpint(bad, >=, 0);
	for (guint i = 0; i < cards->len; i++) {
		const SnVcard *card = cards->pdata[i];
		g_autofree char *written = sn_vcard_format(card, i % 2 ? SN_VCARD_4 : SN_VCARD_3);
		g_autofree char *completed = sn_vcard_complete(text, card, NULL);
		for (char **jid = card->jids; *jid; jid++)
			g_assert_true(strchr(*jid, '@') && !strpbrk(*jid, " \n/"));
		g_assert_true(g_utf8_validate(written, -1, NULL));
		/* a card lacks nothing of its own, and what is added is all that changes */
		g_assert_true(!completed || strlen(completed) > strlen(text));
	}
	return 0;
}
