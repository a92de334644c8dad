/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "src/route/letter.h"
#include "src/route/plan.h"
#include "src/route/thread.h"
#include "src/text/text.h"

#define SUBJECT_COLUMNS 72

/* "Re:" as mail programs of several languages write it, with a counter as "Re[2]:" or "Re(2):". */
static const char *skip_prefix(const char *subject)
{
	static const char *const words[] = { "re", "aw", "sv", "vs", "antw", "odp", "rif" };

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		gsize length = strlen(words[i]);
		if (g_ascii_strncasecmp(subject, words[i], length) != 0)
			continue;
		const char *rest = subject + length;
		if (*rest == '[' || *rest == '(') {
			gsize digits = strspn(rest + 1, "0123456789");
			if (digits == 0 || digits > 4 ||
			    (rest[1 + digits] != ']' && rest[1 + digits] != ')'))
				continue;
			rest += digits + 2;
		}
		if (*rest == ':')
			return rest + 1 + strspn(rest + 1, " \t");
	}
	return NULL;
}

static char *answer_to(const char *subject)
{
	g_autofree char *clean = sn_text_clean_line(subject, -1);
	const char *bare = clean;

	for (const char *next; (next = skip_prefix(bare));)
		bare = next;
	return g_strdup_printf("Re: %s", bare);
}

/* The first line that says something; NULL. Caller frees. */
static char *first_line(const char *body)
{
	g_auto(GStrv) lines = g_strsplit(body, "\n", 100);

	for (char **line = lines; *line; line++) {
		g_autofree char *text = sn_text_preview(*line);
		if (*text)
			return g_steal_pointer(&text);
	}
	return NULL;
}

char *sn_plan_subject(SnStore *store, SnId conversation, SnId reply_to, const char *body)
{
	g_autoptr(SnMessage) answered =
		reply_to ? sn_message_get(store, reply_to, 0) : sn_thread_newest(store, conversation);

	if (answered) {
		g_autoptr(SnMessage) mail = sn_thread_email(store, answered);
		const char *subject = mail ? mail->subject : answered->subject;
		if (subject && *subject)
			return answer_to(subject);
	}
	g_autofree char *first = first_line(body ? body : "");
	return first ? sn_text_fit(first, SUBJECT_COLUMNS) : g_strdup(SN_NO_SUBJECT);
}
