/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.c - why an email came back, in words (RFC 3463, and what servers write without it). */
#include <string.h>

#include "src/mime/mime_private.h"

/* Class left out; the most exact comes first. What a domain's owner calls 5.1.10 is rare, what
 * Exchange does with it is not. */
static const struct {
	const char *code, *words;
} by_code[] = {
	{ "1.0", "something is wrong with the address" },
	{ "1.1", "there is no such mailbox" },
	{ "1.2", "there is no such mail domain" },
	{ "1.3", "the address is not written right" },
	{ "1.4", "the address is ambiguous" },
	{ "1.6", "the mailbox has moved" },
	{ "1.8", "your own address was refused" },
	{ "1.10", "there is no such mailbox" },
	{ "2.0", "something is wrong with the mailbox" },
	{ "2.1", "the mailbox is closed" },
	{ "2.2", "the mailbox is full" },
	{ "2.3", "the email is too large" },
	{ "3.1", "the server has no room" },
	{ "3.2", "the server takes no mail now" },
	{ "3.4", "the email is too large" },
	{ "4.1", "the server does not answer" },
	{ "4.2", "the connection broke" },
	{ "4.4", "the way to the server is not known" },
	{ "4.6", "the email went round in circles" },
	{ "4.7", "it could not be delivered in time" },
	{ "6.", "the server cannot handle the form of the email" },
	{ "7.", "a rule of the server forbids it" },
};

/* What servers write beside a code that says nothing. */
static const struct {
	const char *text, *words;
} by_text[] = {
	{ "mailbox full", "the mailbox is full" },
	{ "mailbox is full", "the mailbox is full" },
	{ "over quota", "the mailbox is full" },
	{ "overquota", "the mailbox is full" },
	{ "quota exceeded", "the mailbox is full" },
	{ "exceeded storage", "the mailbox is full" },
	{ "disk quota", "the mailbox is full" },
	{ "insufficient storage", "the mailbox is full" },
	{ "user unknown", "there is no such mailbox" },
	{ "unknown user", "there is no such mailbox" },
	{ "unknown recipient", "there is no such mailbox" },
	{ "no such user", "there is no such mailbox" },
	{ "no such recipient", "there is no such mailbox" },
	{ "no mailbox here", "there is no such mailbox" },
	{ "no such mailbox", "there is no such mailbox" },
	{ "nosuchuser", "there is no such mailbox" },
	{ "invalid recipient", "there is no such mailbox" },
	{ "recipientnotfound", "there is no such mailbox" },
	{ "recipnotfound", "there is no such mailbox" },
	{ "recipient name is not recognized", "there is no such mailbox" },
	{ "not listed in", "there is no such mailbox" },
	{ "does not exist", "there is no such mailbox" },
	{ "doesn't have a", "there is no such mailbox" },
	{ "unrouteable address", "there is no such mailbox" },
	{ "account is disabled", "the mailbox is closed" },
	{ "account has been disabled", "the mailbox is closed" },
	{ "host unknown", "there is no such mail domain" },
	{ "unrouteable mail domain", "there is no such mail domain" },
	{ "domain not found", "there is no such mail domain" },
	{ "couldn't find any host", "there is no such mail domain" },
	{ "null mx", "the domain takes no mail" },
	{ "domain name not found", "there is no such mail domain" },
	{ "too large", "the email is too large" },
	{ "size limit", "the email is too large" },
	{ "message size exceeds", "the email is too large" },
	{ "too many hops", "the email went round in circles" },
	{ "timed out", "the server does not answer" },
	{ "connection refused", "the server does not answer" },
	{ "retry timeout exceeded", "it could not be delivered in time" },
	{ "queue too long", "it could not be delivered in time" },
	{ "spam", "a rule of the server forbids it" },
	{ "blocked", "a rule of the server forbids it" },
	{ "blacklist", "a rule of the server forbids it" },
	{ "relay", "a rule of the server forbids it" },
	{ "access denied", "a rule of the server forbids it" },
	{ "policy", "a rule of the server forbids it" },
};

static gsize digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* "5.1.1" at this place; its length, or 0. An address of four numbers is none. */
static gsize status_at(const char *text)
{
	if (!strchr("245", *text) || !*text || text[1] != '.')
		return 0;
	gsize subject = digits(text + 2);
	if (subject < 1 || subject > 3 || text[2 + subject] != '.')
		return 0;
	gsize detail = digits(text + 3 + subject), length = 3 + subject + detail;
	if (detail < 1 || detail > 3 || (text[length] == '.' && g_ascii_isdigit(text[length + 1])))
		return 0;
	return length;
}

char *sn_mime_find_status(const char *text)
{
	for (const char *at = text; at && *at; at++) {
		gboolean inside = at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '.');
		gsize length = inside ? 0 : status_at(at);
		if (length)
			return g_strndup(at, length);
	}
	return NULL;
}

static const char *words_for_code(const char *status)
{
	for (gsize i = 0; status && i < G_N_ELEMENTS(by_code); i++) {
		const char *code = by_code[i].code, *rest = status + 2;
		gsize length = strlen(code);
		/* "7." stands for all that begin so */
		if (strncmp(rest, code, length) == 0 && (code[length - 1] == '.' || !rest[length]))
			return by_code[i].words;
	}
	return NULL;
}

static const char *words_for_text(const char *diagnostic)
{
	g_autofree char *lower = diagnostic ? g_ascii_strdown(diagnostic, -1) : NULL;

	for (gsize i = 0; lower && i < G_N_ELEMENTS(by_text); i++)
		if (strstr(lower, by_text[i].text))
			return by_text[i].words;
	return NULL;
}

static gboolean says_something(const char *diagnostic)
{
	while (diagnostic && *diagnostic && !g_ascii_isalpha(*diagnostic) && !(*diagnostic & 0x80))
		diagnostic++;
	return diagnostic && *diagnostic;
}

char *sn_mail_status_words(const char *status, const char *diagnostic)
{
	/* The server's own words may hold a more exact code than the field that is meant for it. */
	g_autofree char *found = sn_mime_find_status(diagnostic);
	g_autofree char *given = sn_mime_find_status(status);
	gboolean vague = !given || g_str_has_suffix(given, ".0");
	const char *code = vague && found ? found : given;
	const char *words = words_for_code(code);

	if (!words || vague) {
		const char *told = words_for_text(diagnostic);
		words = told ? told : words;
	}
	if (words && code)
		return g_strdup_printf("%s (%s)", words, code);
	if (words)
		return g_strdup(words);
	if (says_something(diagnostic))
		return g_strdup(diagnostic);
	return code ? g_strdup_printf("the server gave no reason (%s)", code)
	            : g_strdup("the server gave no reason");
}
