/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/suggest.h"

#include <string.h>

#include "src/store/private.h"

enum { MAX_LOOK = 2000, MAX_PARTIES = 100, MAX_COUNT = 50 };

void sn_suggestion_free(SnSuggestion *suggestion)
{
	if (!suggestion)
		return;
	g_free(suggestion->value);
	g_free(suggestion->name);
	g_free(suggestion);
}

gboolean sn_suggest_written(SnStore *store, const SnMessage *message, GError **error)
{
	gboolean done = TRUE;

	if (message->direction != SN_OUT || message->carried)
		return TRUE;
	/* a letter to hundreds says little about each of them */
	for (guint i = 0; done && message->parties && i < MIN(message->parties->len, MAX_PARTIES); i++) {
		const SnParty *party = g_ptr_array_index(message->parties, i);
		if (party->role != SN_ROLE_TO && party->role != SN_ROLE_CC && party->role != SN_ROLE_BCC)
			continue;
		done = sn_run(store, error,
		              "UPDATE address SET written = written + 1, "
		              "last_written = max(last_written, ?3) WHERE channel = ?1 AND value = ?2",
		              V(message->channel), V(party->address), V(message->time));
	}
	return done;
}

/* Someone written to every day of last year comes behind who was written to twice today. */
static gint64 weigh(gint64 written, SnTime last, SnTime now)
{
	static const struct {
		SnTime age;
		int weight;
	} ages[] = { { 4 * SN_DAY, 100 }, { 14 * SN_DAY, 60 }, { 31 * SN_DAY, 30 }, { 90 * SN_DAY, 10 },
		     { 365 * SN_DAY, 3 } };

	for (gsize i = 0; i < G_N_ELEMENTS(ages); i++)
		if (now - last <= ages[i].age)
			return MIN(written, MAX_COUNT) * ages[i].weight;
	return MIN(written, MAX_COUNT);
}

/* "li" begins a word of "alice liddell" and of "li@example.org". */
static gboolean begins_word(const char *text, const char *word)
{
	g_autofree char *folded = text ? g_utf8_casefold(text, -1) : NULL;

	for (const char *at = folded; at && (at = strstr(at, word)); at++)
		if (at == folded || !g_ascii_isalnum(at[-1]))
			return TRUE;
	return FALSE;
}

static int by_score(gconstpointer a, gconstpointer b)
{
	const SnSuggestion *one = *(SnSuggestion *const *)a, *other = *(SnSuggestion *const *)b;

	if (one->score != other->score)
		return one->score < other->score ? 1 : -1;
	return strcmp(one->value, other->value);
}

GPtrArray *sn_suggest(SnStore *store, const char *word, SnTime now, guint limit)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)sn_suggestion_free);
	g_autofree char *valid = sn_tidy(word, SN_LINE_LIMIT);
	g_autofree char *folded = g_utf8_casefold(valid ? valid : "", -1);
	SnSql *query = sn_sql(store,
	                      "SELECT value, name, channel, written, last_written FROM ("
	                      "SELECT a.value, coalesce(a.name, p.name) AS name, a.channel, a.written, "
	                      "a.last_written, p.name AS person FROM address a INDEXED BY address_written "
	                      "JOIN person p ON p.id = a.person WHERE a.written > 0 AND NOT p.is_self "
	                      "ORDER BY a.last_written DESC LIMIT ?2) WHERE ?1 = '' OR instr(fold(value), ?1) "
	                      "OR instr(fold(name), ?1) OR instr(fold(person), ?1)",
	                      V(folded), V(MAX_LOOK));

	while (sn_sql_row(query)) {
		SnSuggestion *one = g_new0(SnSuggestion, 1);
		one->value = sn_sql_text(query, 0);
		one->name = sn_sql_text(query, 1);
		one->channel = (SnChannel)sn_sql_int(query, 2);
		one->score = weigh(sn_sql_int(query, 3), sn_sql_int(query, 4), now);
		if (begins_word(one->value, folded) || begins_word(one->name, folded))
			one->score *= 4;
		g_ptr_array_add(list, one);
	}
	sn_sql_drop(query);
	g_ptr_array_sort(list, by_score);
	if (list->len > limit)
		g_ptr_array_set_size(list, (int)limit);
	return list;
}
