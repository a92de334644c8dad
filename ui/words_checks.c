/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user's own mail server found of a sender (RFC 8601), in words. */
#include <string.h>

#include "src/text/text.h"
#include "ui/words.h"

enum { CHECKS_MAX = 20 };

static const struct {
	const char *method, *name;
} methods[] = { { "spf", "SPF" }, { "dkim", "DKIM" }, { "dmarc", "DMARC" } };

static const struct {
	const char *result, *words;
} results[] = {
	{ "pass", "passed" },
	{ "fail", "failed" },
	{ "hardfail", "failed" },
	{ "softfail", "probably failed" },
	{ "neutral", "says nothing" },
	{ "none", "is not there" },
	{ "policy", "was not accepted" },
	{ "temperror", "could not be looked up" },
	{ "permerror", "could not be read" },
};

/* Without the comments, which nobody but the server's administrator needs; quotes stay. */
static char *without_comments(const char *text)
{
	GString *out = g_string_new(NULL);
	gboolean quoted = FALSE;
	int depth = 0;

	for (; *text; text++) {
		if (*text == '\\' && text[1]) {
			text++;
			continue;
		}
		quoted = depth == 0 && *text == '"' ? !quoted : quoted;
		depth += !quoted && *text == '(';
		if (depth == 0)
			g_string_append_c(out, *text);
		depth -= !quoted && *text == ')' && depth > 0;
	}
	return g_string_free(out, FALSE);
}

static const char *words_of(const char *result)
{
	for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
		if (g_ascii_strcasecmp(results[i].result, result) == 0)
			return results[i].words;
	return NULL;
}

/* The domain that a result speaks of: header.d, header.i, header.from, smtp.mailfrom, smtp.helo. */
static char *domain_of(char **words)
{
	static const char *const names[] = { "header.d=",      "header.i=",  "header.from=",
		                             "smtp.mailfrom=", "smtp.mail=", "smtp.helo=" };

	for (gsize n = 0; n < G_N_ELEMENTS(names); n++)
		for (char **word = words; *word; word++) {
			if (g_ascii_strncasecmp(*word, names[n], strlen(names[n])) != 0)
				continue;
			const char *value = *word + strlen(names[n]);
			const char *at = strrchr(value, '@');
			g_autofree char *domain = g_strdup(at ? at + 1 : value);
			g_strdelimit(domain, "\"<>", ' ');
			if (*g_strstrip(domain))
				return g_ascii_strdown(domain, -1);
		}
	return NULL;
}

/* Is it that of the sender's address, or one above or below it? */
static gboolean is_of(const char *domain, const char *sender)
{
	const char *at = sender ? strrchr(sender, '@') : NULL;

	if (!at)
		return FALSE;
	g_autofree char *own = g_ascii_strdown(at + 1, -1);
	g_autofree char *above = g_strconcat(".", own, NULL), *below = g_strconcat(".", domain, NULL);
	return strcmp(domain, own) == 0 || g_str_has_suffix(domain, above) ||
	       g_str_has_suffix(own, below);
}

/* "dkim=pass header.d=x.test": a sentence, or NULL. */
static char *sentence(const char *part, const char *sender)
{
	g_auto(GStrv) words = g_strsplit_set(part, " \t", 50);
	char **first = words;

	while (*first && !**first)
		first++;
	if (!*first)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
		gsize length = strlen(methods[i].method);
		const char *equals = strchr(*first, '=');
		if (!equals || g_ascii_strncasecmp(*first, methods[i].method, length) != 0 ||
		    ((*first)[length] != '=' && (*first)[length] != '/'))
			continue;
		const char *says = words_of(equals + 1);
		g_autofree char *domain = domain_of(first + 1);
		if (!says)
			return NULL;
		if (!domain)
			return g_strdup_printf("%s %s", methods[i].name, says);
		return g_strdup_printf("%s %s for %s%s", methods[i].name, says, domain,
		                       is_of(domain, sender) ? "" : ", which is not the sender's");
	}
	return NULL;
}

char *sn_words_checks(const char *authentication, const char *sender)
{
	g_autofree char *plain = without_comments(authentication);
	g_auto(GStrv) parts = g_strsplit(plain, ";", CHECKS_MAX);
	GString *out = g_string_new(NULL);

	for (char **part = parts; *part; part++) {
		g_autofree char *words = sentence(*part, sender);
		if (words)
			g_string_append_printf(out, "%s%s", out->len ? "; " : "", words);
	}
	if (out->len == 0)
		g_string_append(out, "your mail server says nothing of the sender");
	char *clean = sn_text_clean_line(out->str, (gssize)out->len);
	g_string_free(out, TRUE);
	return clean;
}
