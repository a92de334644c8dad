/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/base/error.h"

G_DEFINE_QUARK(sn-error-quark, sn_error)

static const char *const words[] = {
#define X(name, word) [SN_ERROR_##name] = word,
	SN_ERROR_TABLE(X)
#undef X
};

const char *sn_error_word(SnErrorCode code)
{
	g_assert((gsize)code < G_N_ELEMENTS(words));
	return words[code];
}

SnErrorCode sn_error_from_word(const char *word)
{
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_strcmp0(words[i], word) == 0)
			return (SnErrorCode)i;
	return SN_ERROR_BUG;
}

gboolean sn_error_is_transient(const GError *error)
{
	return g_error_matches(error, SN_ERROR, SN_ERROR_TEMPORARY) ||
	       g_error_matches(error, SN_ERROR, SN_ERROR_NETWORK) ||
	       g_error_matches(error, SN_ERROR, SN_ERROR_BUSY);
}
