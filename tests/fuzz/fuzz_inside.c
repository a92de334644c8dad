/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is within a part: winmail.dat, uuencoded files, calendars. */
#include <string.h>

#include "src/mime/mail.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_name = "inside";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "application/ms-tnef", "text/plain", "text/calendar" };

	sn_mime_init();
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(GByteArray) raw = g_byte_array_new();
		g_autofree char *header = g_strdup_printf("Content-Type: %s\n\n", types[i]);

		g_byte_array_append(raw, (const guint8 *)header, (guint)strlen(header));
		g_byte_array_append(raw, data, (guint)size);
		g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&raw));
		g_autoptr(SnMail) mail = sn_mail_parse(bytes, NULL, NULL);
		g_assert_true(g_utf8_validate(mail->text, -1, NULL));
		for (guint n = 0; n < mail->parts->len; n++) {
			const SnMailPart *part = mail->parts->pdata[n];
			g_autoptr(GBytes) one = sn_mail_part_bytes(bytes, part->position, NULL);
			/* what is listed is there, with a name that leads nowhere else */
			g_assert_nonnull(one);
			g_assert_true(!part->name || (!strchr(part->name, '/') && *part->name != '.'));
		}
	}
	return 0;
}
