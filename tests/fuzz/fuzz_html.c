/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/mime/mail.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_name = "html";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SnHtmlImages images = { 0 };
	g_autofree char *utf8 = g_utf8_make_valid((const char *)data, (gssize)size);
	g_autofree char *text = sn_html_to_text(utf8, strlen(utf8), &images);

	g_assert_true(g_utf8_validate(text, -1, NULL));
	g_assert_cmpint(images.trackers, <=, images.remote);
	return 0;
}
