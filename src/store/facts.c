/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/store/facts.h"

#include <string.h>

#include "src/base/ids.h"
#include "src/store/map.h"
#include "src/store/private.h"

enum {
	MAX_CHANGES = 500,         /* that can be undone */
	MAX_FACTS = 100000,        /* of all devices together */
	CHUNK_BYTES = 5000,        /* of keys and values: fits a stanza of 10,000 (RFC 6120, 13.12) */
	DEVICE_LENGTH = 12,
};

#define REFUSAL "refusal\t" /* in map_change_fact: TAB address TAB source */

static const char *const properties[] = { "name", "rule", "wish", "policy" };
/* From the side of the first address of the key, in the order of SnVerdict. */
static const char *const verdicts[] = { NULL, "to", "from", "of", "owns", "apart" };

void sn_fact_free(SnFact *fact)
{
	if (!fact)
		return;
	g_free(fact->key);
	g_free(fact->value);
	g_free(fact);
}

/* ---- keys ---- */

char *sn_fact_address(SnStore *store, SnId address)
{
	SnSql *query = sn_sql(store, "SELECT channel, value FROM address WHERE id = ?1", V(address));
	char *key = NULL;

	if (sn_sql_row(query)) {
		g_autofree char *small = g_ascii_strdown(sn_sql_peek(query, 1), -1);
		key = g_strdup_printf("%s:%s", sn_channel_word((SnChannel)sn_sql_int(query, 0)),
		                      small);
	}
	sn_sql_drop(query);
	return key;
}

/* The row of an address written in a key, made when it is new; 0: it is none. */
static SnId address_of_word(SnStore *store, const char *word)
{
	const char *colon = strchr(word, ':');
	g_autofree char *kind = colon ? g_strndup(word, (gsize)(colon - word)) : NULL;
	SnChannel channel;

	if (!kind || !sn_channel_parse(kind, &channel))
		return 0;
	g_autofree char *normal = sn_address_normalise(channel, colon + 1);
	g_autofree char *small = normal ? g_ascii_strdown(normal, -1) : NULL;
	if (!small || strcmp(small, colon + 1) != 0)
		return 0; /* it would be another key for the same address */
	return sn_address_make(store, channel, normal, NULL, SN_NAME_TOLD, NULL);
}

static char *pair_key(const char *one, const char *other)
{
	gboolean order = strcmp(one, other) < 0;

	return g_strdup_printf("pair\t%s\t%s", order ? one : other, order ? other : one);
}

static SnVerdict turned(SnVerdict verdict)
{
	switch (verdict) {
	case SN_VERDICT_A_TO_B: return SN_VERDICT_B_TO_A;
	case SN_VERDICT_B_TO_A: return SN_VERDICT_A_TO_B;
	case SN_VERDICT_A_OF_B: return SN_VERDICT_B_OF_A;
	case SN_VERDICT_B_OF_A: return SN_VERDICT_A_OF_B;
	default: return verdict;
	}
}

/* ---- what follows from a fact ---- */

static gboolean apply_pair(SnStore *store, const SnFact *fact, const char *device, GArray *dirty,
                           GError **error)
{
	g_auto(GStrv) parts = g_strsplit(fact->key, "\t", 4);
	const char *word = fact->value ? strchr(fact->value, '\t') : NULL;
	gint64 time = word ? g_ascii_strtoll(fact->value, NULL, 10) : 0;
	int verdict = fact->value ? -1 : SN_VERDICT_NONE;
	SnId one, other;

	for (gsize i = 1; word && i < G_N_ELEMENTS(verdicts); i++)
		if (strcmp(word + 1, verdicts[i]) == 0)
			verdict = (int)i;
	if (g_strv_length(parts) != 3 || verdict < 0 || strcmp(parts[1], parts[2]) >= 0)
		return TRUE;
	one = address_of_word(store, parts[1]);
	other = address_of_word(store, parts[2]);
	if (!one || !other)
		return TRUE;
	g_array_append_val(dirty, one);
	g_array_append_val(dirty, other);
	if (one > other) {
		SnId swap = one;
		one = other;
		other = swap;
		verdict = turned((SnVerdict)verdict);
	}
	if (verdict == SN_VERDICT_NONE)
		return sn_run(store, error, "DELETE FROM decision WHERE a = ?1 AND b = ?2", V(one),
		              V(other));
	return sn_run(store, error,
	              "INSERT INTO decision (a, b, verdict, clock, device) VALUES (?1, ?2, ?3, ?4, "
	              "?5) ON CONFLICT (a, b) DO UPDATE SET verdict = ?3, clock = ?4, device = ?5",
	              V(one), V(other), V(verdict), V(CLAMP(time, 0, SN_FACT_CLOCK_LIMIT)), V(device));
}

/* Properties are read where they are (sn_person_property). */
static gboolean apply(SnStore *store, const SnFact *fact, const char *device, GArray *dirty,
                      GError **error)
{
	if (g_str_has_prefix(fact->key, "pair\t"))
		return apply_pair(store, fact, device, dirty, error);
	SnId address = address_of_word(store, strchr(fact->key, '\t') + 1);
	if (address)
		g_array_append_val(dirty, address);
	return TRUE;
}

static gboolean write_fact(SnStore *store, const SnFact *fact, const char *device, int chunk,
                           GArray *dirty, GError **error)
{
	g_assert(strchr(fact->key, '\t'));
	g_assert(fact->clock > 0 && fact->clock < SN_FACT_CLOCK_LIMIT);
	return sn_run(store, error,
	              "INSERT INTO fact (key, value, clock, device, chunk) VALUES (?1, ?2, ?3, ?4, ?5) "
	              "ON CONFLICT (key) DO UPDATE SET value = ?2, clock = ?3, device = ?4, chunk = ?5",
	              V(fact->key), V(fact->value), V(fact->clock), V(device), V(chunk)) &&
	       apply(store, fact, device, dirty, error);
}

/* ---- this device ---- */

char *sn_facts_device(SnStore *store, GError **error)
{
	char *device = sn_store_get(store, "map-device");

	if (device)
		return device;
	g_autofree char *random = sn_id_origin();
	/* whoever came first gave the name, client or engine */
	if (!sn_store_begin(store, error))
		return NULL;
	gboolean ok = sn_run(store, error,
	                     "INSERT OR IGNORE INTO setting (key, value) VALUES ('map-device', ?1)",
	                     V(random + strlen(random) - DEVICE_LENGTH));
	return sn_store_finish(store, ok, error) ? sn_store_get(store, "map-device") : NULL;
}

static gint64 last_clock(SnStore *store)
{
	g_autofree char *last = sn_store_get(store, "map-clock");

	return last ? g_ascii_strtoll(last, NULL, 10) : 0;
}

static gboolean saw_clock(SnStore *store, gint64 clock, GError **error)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, clock);

	return clock <= last_clock(store) || sn_store_set(store, "map-clock", text, error);
}

/* The chunk that a fact of ours is in, else the last one with room for it. */
static int chunk_for(SnStore *store, const char *device, const SnFact *fact)
{
	gint64 own = sn_one(store, "SELECT chunk FROM fact WHERE key = ?1 AND device = ?2",
	                    V(fact->key), V(device));
	gint64 last = sn_one(store, "SELECT max(chunk) FROM fact WHERE device = ?1", V(device));

	if (own)
		return (int)own;
	gint64 size = sn_one(store,
	                     "SELECT sum(length(key) + ifnull(length(value), 0) + 30) FROM fact "
	                     "WHERE device = ?1 AND chunk = ?2",
	                     V(device), V(last));
	gsize more = strlen(fact->key) + (fact->value ? strlen(fact->value) : 0) + 30;
	return (int)(last && size + (gint64)more <= CHUNK_BYTES ? last : last + 1);
}

static gboolean decide(SnChange *change, const char *key, const char *value, GError **error)
{
	SnStore *store = change->store;
	gboolean known = sn_one(store, "SELECT 1 FROM fact WHERE key = ?1", V(key)) != 0;
	g_autofree char *before = sn_one_text(store, "SELECT value FROM fact WHERE key = ?1", V(key));
	g_autofree char *device = sn_facts_device(store, error);

	if (!device)
		return FALSE;
	if (g_strcmp0(before, value) == 0 && (known || !value))
		return TRUE;
	gint64 clock = sn_change_time(change);
	SnFact fact = { (char *)key, (char *)value, clock };
	if (!write_fact(store, &fact, device, chunk_for(store, device, &fact), change->dirty, error) ||
	    !saw_clock(store, clock, error))
		return FALSE;
	return !change->id || sn_run(store, error,
	                             "INSERT INTO map_change_fact (change, key, before, after) "
	                             "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (change, key) DO UPDATE "
	                             "SET after = ?4",
	                             V(change->id), V(key), V(before), V(value));
}

SnTime sn_change_time(const SnChange *change)
{
	return MAX(sn_now(change->store), last_clock(change->store) + 1);
}

/* ---- changes ---- */

gboolean sn_change_begin(SnChange *change, SnStore *store, const char *what, GError **error)
{
	g_autofree char *tidy = sn_tidy(what, SN_LINE_LIMIT);

	*change = (SnChange){ .store = store };
	if (!sn_store_begin(store, error))
		return FALSE;
	change->dirty = g_array_new(FALSE, FALSE, sizeof(SnId));
	if (what && !sn_run(store, error, "INSERT INTO map_change (time, what) VALUES (?1, ?2)",
	                    V(sn_now(store)), V(tidy)))
		return sn_change_end(change, FALSE, error);
	change->id = what ? sn_last_id(store) : 0;
	return TRUE;
}

/* A change that changed nothing need not be undone; old ones cannot be any more. */
static gboolean tidy_changes(const SnChange *change, GError **error)
{
	if (!change->id)
		return TRUE;
	return sn_run(change->store, error,
	              "DELETE FROM map_change WHERE id = ?1 AND NOT EXISTS (SELECT 1 "
	              "FROM map_change_fact WHERE change = ?1)",
	              V(change->id)) &&
	       sn_run(change->store, error, "DELETE FROM map_change WHERE id <= ?1",
	              V(change->id - MAX_CHANGES));
}

gboolean sn_change_end(SnChange *change, gboolean ok, GError **error)
{
	ok = ok && sn_map_settle(change->store, change->dirty, error) && tidy_changes(change, error);
	g_clear_pointer(&change->dirty, g_array_unref);
	return sn_store_finish(change->store, ok, error);
}

gboolean sn_change_pair(SnChange *change, SnId one, SnId other, SnVerdict verdict, GError **error)
{
	g_autofree char *first = sn_fact_address(change->store, one);
	g_autofree char *second = sn_fact_address(change->store, other);

	g_assert(one != other && (gsize)verdict < G_N_ELEMENTS(verdicts));
	if (!first || !second) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such address.");
		return FALSE;
	}
	g_autofree char *key = pair_key(first, second);
	if (verdict == SN_VERDICT_NONE)
		return decide(change, key, NULL, error);
	const char *word = verdicts[strcmp(first, second) < 0 ? verdict : turned(verdict)];
	g_autofree char *known = sn_one_text(change->store, "SELECT value FROM fact WHERE key = ?1",
	                                     V(key));
	const char *tab = known ? strchr(known, '\t') : NULL;
	if (tab && strcmp(tab + 1, word) == 0)
		return TRUE;
	g_autofree char *value =
		g_strdup_printf("%" G_GINT64_FORMAT "\t%s", sn_change_time(change), word);
	return decide(change, key, value, error);
}

gboolean sn_change_property(SnChange *change, SnId address, SnProperty property, const char *text,
                            SnTime time, GError **error)
{
	g_autofree char *word = sn_fact_address(change->store, address);

	g_assert((gsize)property < G_N_ELEMENTS(properties));
	g_assert(time > 0);
	if (!word) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "There is no such address.");
		return FALSE;
	}
	g_autofree char *key = g_strdup_printf("%s\t%s", properties[property], word);
	g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT "\t%s", time, text);
	return decide(change, key, value, error);
}

/* No fact of the user's devices: each device hears the contact by itself. But it can be undone, so the
 * journal has it under a key of its own. */
gboolean sn_change_refuse(SnChange *change, SnId address, int source, GError **error)
{
	g_autofree char *key =
		g_strdup_printf(REFUSAL "%" G_GINT64_FORMAT "\t%d", address, source);

	if (!sn_run(change->store, error,
	            "UPDATE contact_wish SET refused = 1 WHERE address = ?1 AND source = ?2 "
	            "AND refused = 0",
	            V(address), V(source)))
		return FALSE;
	return !sn_changes(change->store) || !change->id ||
	       sn_run(change->store, error,
	              "INSERT INTO map_change_fact (change, key, before, after) "
	              "VALUES (?1, ?2, '0', '1')",
	              V(change->id), V(key));
}

char *sn_person_property(SnStore *store, SnId person, SnProperty property, SnTime *when)
{
	g_autofree char *prefix = g_strdup_printf("%s\t", properties[property]);

	/* by the time in the value, which an undo restores, and not by the clock of the register */
	SnSql *query = sn_sql(store,
	                      "SELECT f.value, CAST(f.value AS INTEGER) AS time FROM address a "
	                      "JOIN fact f ON f.key = ?2 || iif(a.channel = 0, 'mail:', 'im:') || "
	                      "lower(a.value) WHERE a.person = ?1 AND f.value IS NOT NULL "
	                      "ORDER BY time DESC, f.key LIMIT 1",
	                      V(person), V(prefix));
	gboolean found = sn_sql_row(query);
	const char *value = found ? sn_sql_peek(query, 0) : NULL;
	const char *tab = value ? strchr(value, '\t') : NULL;
	char *text = tab ? g_strdup(tab + 1) : NULL;
	if (when)
		*when = found ? CLAMP(sn_sql_int(query, 1), 0, SN_FACT_CLOCK_LIMIT) : 0;
	sn_sql_drop(query);
	return text;
}

/* ---- undo ---- */

/* What the contact has asked for since is not refused any more, and stays so. */
static gboolean undo_refusals(SnChange *change, SnId which, guint *done, GError **error)
{
	if (!sn_run(change->store, error,
	            "UPDATE contact_wish SET refused = 0 WHERE refused = 1 AND EXISTS (SELECT 1 "
	            "FROM map_change_fact WHERE change = ?1 AND key = ?2 || address || char(9) || "
	            "source)",
	            V(which), V(REFUSAL)))
		return FALSE;
	*done += (guint)sn_changes(change->store);
	return TRUE;
}

static gboolean undo_facts(SnChange *change, SnId which, guint *done, GError **error)
{
	g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func((GDestroyNotify)sn_fact_free);
	SnSql *query = sn_sql(change->store,
	                      "SELECT c.key, c.before FROM map_change_fact c JOIN fact f "
	                      "ON f.key = c.key AND f.value IS c.after WHERE c.change = ?1",
	                      V(which));

	while (sn_sql_row(query)) {
		SnFact *fact = g_new0(SnFact, 1);
		fact->key = sn_sql_text(query, 0);
		fact->value = sn_sql_text(query, 1);
		g_ptr_array_add(facts, fact);
	}
	if (!sn_sql_end(query, error))
		return FALSE;
	*done = facts->len;
	for (guint i = 0; i < facts->len; i++) {
		const SnFact *fact = facts->pdata[i];
		if (!decide(change, fact->key, fact->value, error))
			return FALSE;
	}
	return undo_refusals(change, which, done, error) &&
	       sn_run(change->store, error, "UPDATE map_change SET undone = 1 WHERE id = ?1", V(which));
}

gboolean sn_map_undo(SnStore *store, char **what, GError **error)
{
	SnChange change;
	guint done = 0;

	*what = NULL;
	if (!sn_change_begin(&change, store, NULL, error))
		return FALSE;
	SnId last = sn_one(store, "SELECT max(id) FROM map_change WHERE undone = 0");
	if (!last) {
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND,
		            "There is no change of the address map to undo.");
		return sn_change_end(&change, FALSE, error);
	}
	g_autofree char *text = sn_one_text(store, "SELECT what FROM map_change WHERE id = ?1", V(last));
	if (!sn_change_end(&change, undo_facts(&change, last, &done, error), error))
		return FALSE;
	if (!done)
		g_set_error(error, SN_ERROR, SN_ERROR_EXISTS,
		            "Something newer stands against undoing this: %s.", text);
	else
		*what = g_steal_pointer(&text);
	return done != 0;
}

char *sn_map_undo_next(SnStore *store)
{
	return sn_one_text(store, "SELECT what FROM map_change WHERE undone = 0 "
	                          "ORDER BY id DESC LIMIT 1");
}

/* ---- other devices ---- */

static gboolean is_well_formed(const SnFact *fact)
{
	if (!fact->key || strlen(fact->key) > SN_FACT_LIMIT || fact->clock <= 0 ||
	    fact->clock >= SN_FACT_CLOCK_LIMIT || !g_utf8_validate(fact->key, -1, NULL))
		return FALSE;
	if (fact->value &&
	    (strlen(fact->value) > SN_FACT_LIMIT || !g_utf8_validate(fact->value, -1, NULL)))
		return FALSE;
	if (g_str_has_prefix(fact->key, "pair\t"))
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(properties); i++)
		if (g_str_has_prefix(fact->key, properties[i]) &&
		    fact->key[strlen(properties[i])] == '\t')
			return TRUE;
	return FALSE;
}

/* Is it newer than what is known? The same on every device. */
static gboolean counts(SnStore *store, const SnFact *fact, const char *device)
{
	SnSql *query = sn_sql(store, "SELECT clock, device, value FROM fact WHERE key = ?1",
	                      V(fact->key));
	gboolean newer = TRUE;

	if (sn_sql_row(query)) {
		gint64 clock = sn_sql_int(query, 0);
		int order = strcmp(device, sn_sql_peek(query, 1));
		newer = fact->clock != clock ? fact->clock > clock
			: order              ? order > 0
			                     : g_strcmp0(fact->value, sn_sql_peek(query, 2)) > 0;
	}
	sn_sql_drop(query);
	return newer;
}

gboolean sn_facts_take(SnStore *store, const char *device, const GPtrArray *facts, guint *news,
                       GError **error)
{
	SnChange change;
	guint taken = 0;
	gboolean ok = TRUE;

	if (!sn_change_begin(&change, store, NULL, error))
		return FALSE;
	g_autofree char *own = sn_facts_device(store, error);
	gint64 room = MAX_FACTS - sn_one(store, "SELECT count(*) FROM fact");
	ok = own != NULL;
	for (guint i = 0; i < facts->len && ok; i++) {
		const SnFact *fact = facts->pdata[i];
		if (!is_well_formed(fact) || !counts(store, fact, device))
			continue;
		if ((gint64)taken >= room &&
		    !sn_one(store, "SELECT 1 FROM fact WHERE key = ?1", V(fact->key)))
			continue;
		/* what this device itself wrote comes back after its store was restored */
		int chunk = strcmp(device, own) == 0 ? chunk_for(store, own, fact) : 0;
		ok = write_fact(store, fact, device, chunk, change.dirty, error) &&
		     saw_clock(store, fact->clock, error);
		taken++;
	}
	if (news)
		*news = taken;
	return sn_change_end(&change, ok, error);
}

GPtrArray *sn_facts_chunk(SnStore *store, int chunk)
{
	GPtrArray *facts = g_ptr_array_new_with_free_func((GDestroyNotify)sn_fact_free);
	g_autofree char *device = sn_facts_device(store, NULL);
	SnSql *query = sn_sql(store,
	                      "SELECT key, value, clock FROM fact WHERE device = ?1 AND chunk = ?2 "
	                      "ORDER BY key",
	                      V(device), V(chunk));

	while (sn_sql_row(query)) {
		SnFact *fact = g_new0(SnFact, 1);
		fact->key = sn_sql_text(query, 0);
		fact->value = sn_sql_text(query, 1);
		fact->clock = sn_sql_int(query, 2);
		g_ptr_array_add(facts, fact);
	}
	sn_sql_drop(query);
	return facts;
}

int sn_facts_chunks(SnStore *store)
{
	g_autofree char *device = sn_facts_device(store, NULL);

	return (int)sn_one(store, "SELECT max(chunk) FROM fact WHERE device = ?1", V(device));
}

int sn_facts_devices(SnStore *store)
{
	return (int)sn_one(store, "SELECT count(DISTINCT device) FROM fact");
}

int sn_facts_count(SnStore *store)
{
	return (int)sn_one(store, "SELECT count(*) FROM fact WHERE value IS NOT NULL");
}
