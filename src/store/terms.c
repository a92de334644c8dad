/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/terms.h"

#include <string.h>

#include "src/base/error.h"

static const struct {
	const char *word;
	guint bit;
} whens[] = {
#define X(name, word, bit, text) { word, bit },
	SN_WHEN_TABLE(X)
#undef X
};

static guint bit_of(const char *word)
{
	for (gsize i = 0; i < G_N_ELEMENTS(whens); i++)
		if (strcmp(whens[i].word, word) == 0)
			return whens[i].bit;
	return 0;
}

gboolean sn_when_words_parse(const char *text, guint *when, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, ",+ ", -1);

	*when = 0;
	for (char **word = words; *word; word++) {
		guint bit = bit_of(*word);
		if (!**word)
			continue;
		*when |= bit;
		if (bit)
			continue;
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID,
		            "\"%s\" is nothing that can be waited for; that is online, available, "
		            "not-dnd or network, several with a comma.", *word);
		return FALSE;
	}
	if (!*when)
		g_set_error(error, SN_ERROR, SN_ERROR_INVALID, "Say what to wait for: online, "
		            "available, not-dnd or network.");
	return *when != 0;
}

char *sn_when_words(guint when)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(whens); i++)
		if (when & whens[i].bit)
			g_string_append_printf(out, "%s%s", out->len ? "," : "", whens[i].word);
	return g_string_free(out, FALSE);
}

static const char *const encrypts[] = { "none", "if-possible", "required" };

const char *sn_encrypt_word(SnEncrypt encrypt)
{
	g_assert((gsize)encrypt <= SN_ENCRYPT_CLEAR);
	return encrypts[encrypt == SN_ENCRYPT_CLEAR ? SN_ENCRYPT_NONE : encrypt];
}

gboolean sn_encrypt_parse(const char *word, SnEncrypt *encrypt)
{
	for (gsize i = 0; i < G_N_ELEMENTS(encrypts); i++)
		if (g_strcmp0(encrypts[i], word) == 0) {
			*encrypt = (SnEncrypt)i;
			return TRUE;
		}
	return FALSE;
}
