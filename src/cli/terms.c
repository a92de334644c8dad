/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cli/terms.h"

#include <string.h>

gboolean sn_cli_has_terms(const SnArgs *args)
{
	return sn_args_text(args, "after") || sn_args_text(args, "at") || *sn_args_list(args, "when") ||
	       sn_args_text(args, "then") || sn_args_text(args, "within");
}

static gboolean read_terms(const SnArgs *args, SnTerms *terms, GError **error)
{
	const char *after = sn_args_text(args, "after"), *at = sn_args_text(args, "at");
	const char *const *when = sn_args_list(args, "when");
	const char *then = sn_args_text(args, "then"), *within = sn_args_text(args, "within");

	if (after && at) {
		g_set_error(error, SN_ERROR, SN_ERROR_CONFIG, "say either --after or --at");
		return FALSE;
	}
	if ((after || at) &&
	    !sn_when_parse(after ? after : at, sn_clock_now(NULL), NULL, &terms->send_at, error))
		return FALSE;
	for (gsize i = 0; when[i]; i++) {
		guint more;
		if (!sn_when_words_parse(when[i], &more, error))
			return FALSE;
		terms->when |= more;
	}
	if (within && !sn_span_parse(within, &terms->within, error))
		return FALSE;
	if (then)
		terms->then = strcmp(then, "fail") == 0 ? SN_RULE_FAIL : SN_RULE_MAIL;
	else if (within)
		terms->then = SN_RULE_MAIL;
	return TRUE;
}

gboolean sn_cli_terms(const SnArgs *args, SnTerms *terms, int *code)
{
	g_autoptr(GError) error = NULL;

	*terms = (SnTerms){ 0 };
	if (read_terms(args, terms, &error))
		return TRUE;
	*code = sn_cli_failf(g_error_matches(error, SN_ERROR, SN_ERROR_CONFIG) ? SN_EXIT_USAGE
	                                                                       : SN_EXIT_INPUT,
	                     "%s", error->message);
	return FALSE;
}
