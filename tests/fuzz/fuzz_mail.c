/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/mime/mail.h"
#include "src/text/text.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_name = "mail";

static void check(const char *text)
{
	g_assert_true(!text || g_utf8_validate(text, -1, NULL));
	g_assert_true(!text || !strchr(text, '\x1b'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const SnMailOptions options = { "mx.example.test" };
	g_autoptr(GBytes) raw = g_bytes_new(data, size);

	sn_mime_init();
	g_autoptr(SnMail) mail = sn_mail_parse(raw, &options, NULL);
	if (!mail)
		return 0;
	check(mail->text);
	check(mail->subject);
	check(mail->authentication);
	for (guint i = 0; i < mail->addresses->len; i++)
		check(((SnMailAddress *)mail->addresses->pdata[i])->name);
	for (guint i = 0; i < MIN(mail->parts->len, 5); i++) {
		const SnMailPart *part = mail->parts->pdata[i];
		g_autoptr(GBytes) bytes = sn_mail_part_bytes(raw, part->position, NULL);
		g_assert_nonnull(bytes);
		check(part->name);
	}
	for (guint i = 0; i < mail->carried->len; i++)
		check(((SnMailCarried *)mail->carried->pdata[i])->text);
	g_autofree char *headers = sn_mail_headers_text(raw);
	check(headers);
	return 0;
}
