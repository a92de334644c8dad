/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The power goes, the disk is full, flushes fail, others hold the database: at every moment of a
 * few messages' life. Servers remember what they were given. Whatever `sennit send` had confirmed
 * arrives, nothing arrives twice, and the user is asked only about an email that was handed over.
 *
 * SENNIT_CUTS=N makes N power cuts of each life instead of the usual number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/disk.h"
#include "tests/unit/delivery_world.h"

#define LIVES 3
#ifdef __SANITIZE_ADDRESS__
#define CUTS 8 /* of each life */
#else
#define CUTS 40
#endif
#define TRIES 40
#define MESSAGES 12

typedef struct {
	gsize moment;
	char *id;
} Mark;

typedef struct {
	Disk *disk;
	Delivery *delivery;
	GRand *random;
	GArray *confirmed; /* of Mark: the user was told that it is queued */
	GArray *taken;     /* of Mark: a server has it */
	gsize begin;       /* before that nothing was confirmed */
	gboolean calm;     /* no engine is killed */
} Life;

static void mark(GArray *marks, gsize moment, const char *id)
{
	Mark one = { moment, g_strdup(id) };

	g_array_append_val(marks, one);
}

static void free_marks(GArray *marks)
{
	for (guint i = 0; i < marks->len; i++)
		g_free(g_array_index(marks, Mark, i).id);
	g_array_unref(marks);
}

static void on_taken(const char *id, gpointer data)
{
	Life *life = data;

	mark(life->taken, disk_now(life->disk), id);
}

/* As `sennit send` does: queued by a client of its own, flushed, and only then confirmed. */
static gboolean send(Life *life, SnChannel channel, gboolean file, const char *body)
{
	Delivery *self = life->delivery;
	SnStore *engines = self->world->store;
	g_autoptr(GError) error = NULL;
	SnStore *client = sn_store_open(self->world->path, SN_STORE_CLIENT, &error);
	SnOutboxNew new = { .channel = channel, .body = body, .state = SN_STATE_QUEUED };

	if (!client)
		return FALSE;
	sn_store_set_patience(client, 5);
	SnId person = world_person_of(self->world, SN_CHANNEL_IM, BOB_IM);
	new.conversation = sn_conversation_for_person(client, person, NULL);
	SnParty bob = { SN_ROLE_TO, (char *)(channel == SN_CHANNEL_IM ? BOB_IM : BOB_MAIL), NULL };
	g_autoptr(GPtrArray) to = g_ptr_array_new(), files = g_ptr_array_new();
	g_autofree char *path = g_build_filename(self->world->dir, "menu.txt", NULL);
	SnAttachment menu = { .path = path, .name = (char *)"menu.txt", .type = (char *)"text/plain" };
	g_ptr_array_add(to, &bob);
	g_ptr_array_add(files, &menu);
	assert_true(g_file_set_contents(path, "soup", -1, NULL));
	new.recipients = to;
	new.attachments = file ? files : NULL;
	new.account = self->world->home;
	new.from = "alice@example.test";
	SnId id = new.conversation ? sn_outbox_queue(client, &new, FALSE, &error) : 0;
	gboolean sure = id && sn_store_sync(client, &error);
	g_autoptr(SnOutboxEntry) entry = id ? sn_outbox_get(client, id, 0) : NULL;
	if (sure)
		mark(life->confirmed, disk_now(life->disk),
		     channel == SN_CHANNEL_IM ? entry->origin_id : entry->message_id);
	sn_store_close(client);
	assert_ptr_equal(self->world->store, engines);
	return sure;
}

static void begin(Life *life, guint32 seed)
{
	*life = (Life){ .disk = disk_new(),
		        .random = g_rand_new_with_seed(seed),
		        .confirmed = g_array_new(FALSE, FALSE, sizeof(Mark)),
		        .taken = g_array_new(FALSE, FALSE, sizeof(Mark)) };
	life->delivery = delivery_new(NULL);
	life->delivery->on_taken = on_taken;
	life->delivery->taken_data = life;
	sn_store_set_patience(life->delivery->world->store, 5);
	assert_true(sn_store_sync(life->delivery->world->store, NULL));
	life->begin = disk_now(life->disk);
}

/* Ends everything but what the disk remembers. */
static void end(Life *life)
{
	delivery_free(life->delivery);
	free_marks(life->confirmed);
	free_marks(life->taken);
	g_rand_free(life->random);
	disk_free(life->disk);
}

/* As bob_is(), if it can be written. */
static void presence(Life *life, SnPresenceShow show)
{
	Delivery *self = life->delivery;
	SnPresence there = { .address = sn_address_intern(self->world->store, SN_CHANNEL_IM, BOB_IM,
		                                          NULL, NULL),
		             .resource = (char *)"phone",
		             .show = show,
		             .since = self->world->now };

	if (there.address &&
	    sn_presence_set(self->world->store, self->world->home, &there, NULL))
		sn_delivery_presence(self->engine.delivery, there.address);
}

static void one_step(Life *life)
{
	Delivery *self = life->delivery;
	static const SnPresenceShow shows[] = { SN_PRESENCE_ONLINE, SN_PRESENCE_OFFLINE,
		                                SN_PRESENCE_DND };

	switch (g_rand_int_range(life->random, 0, 10)) {
	case 0: send(life, SN_CHANNEL_MAIL, g_rand_boolean(life->random), "an email"); break;
	case 1: send(life, SN_CHANNEL_IM, FALSE, "an IM"); break;
	case 2: send(life, SN_CHANNEL_IM, TRUE, "an IM with a file"); break;
	case 3: presence(life, shows[g_rand_int_range(life->random, 0, 3)]); break;
	case 4: later(self, g_rand_int_range(life->random, 1, 600) * SN_SECOND); break;
	case 5:
		if (!life->calm) { /* and the log goes into the database, when the last one closes */
			crash(self, TRUE);
			sn_store_set_patience(self->world->store, 5);
		}
		break;
	case 6:
		if (g_rand_boolean(life->random))
			self->next_im = FATE_LOST_AFTER;
		else
			self->next_mail = FATE_TEMPORARY;
		break;
	default:
		sn_delivery_look(self->engine.delivery);
		pump_one(self);
		break;
	}
}

/* ---- after it ---- */

static GHashTable *taken_until(const Life *life, gsize moment)
{
	GHashTable *taken = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < life->taken->len; i++) {
		const Mark *one = &g_array_index(life->taken, Mark, i);
		int times = GPOINTER_TO_INT(g_hash_table_lookup(taken, one->id));
		if (one->moment <= moment)
			g_hash_table_insert(taken, one->id, GINT_TO_POINTER(times + 1));
	}
	return taken;
}

/* Everything is well again, for long enough. */
static void let_it_end(Delivery *self)
{
	self->next_im = self->next_mail = self->next_upload = FATE_TAKEN;
	go_online(self);
	for (int i = 0; i < 12; i++) {
		bob_is(self, SN_PRESENCE_ONLINE);
		later(self, SN_HOUR);
	}
}

static SnOutboxEntry *entry_with(Delivery *self, const char *id)
{
	SnStore *store = self->world->store;
	SnId entry = sn_outbox_find_origin(store, id);

	if (!entry)
		entry = sn_outbox_find_message_id(store, id);
	return entry ? sn_outbox_get(store, entry, 0) : NULL;
}

/* What a failure needs to be understood. */
static void print_journal(Delivery *self, const SnOutboxEntry *entry)
{
	g_autoptr(GPtrArray) events = sn_outbox_events(self->world->store, entry->id);

	for (guint i = 0; i < events->len; i++) {
		const SnOutboxEvent *event = events->pdata[i];
		print_message("# %s %s %s\n", sn_channel_word(entry->channel), event->what,
		              event->detail ? event->detail : "");
	}
}

static void check_message(Delivery *self, const char *id, const char *where)
{
	g_autoptr(SnOutboxEntry) entry = entry_with(self, id);
	int times = taken(self, id);

	if (!entry)
		fail_msg("%s: a confirmed message is lost", where);
	gboolean doubt = sn_outbox_is_uncertain(entry) && entry->channel == SN_CHANNEL_MAIL;
	if ((times != 1 && !(doubt && times == 0)) || (!doubt && entry->state != SN_STATE_ACCEPTED))
		print_journal(self, entry);
	if (times != 1 && !(doubt && times == 0))
		fail_msg("%s: %s is %s (%s), taken %d times", where, id, sn_state_word(entry->state),
		         entry->reason ? entry->reason : "", times);
	if (!doubt && entry->state != SN_STATE_ACCEPTED)
		fail_msg("%s: %s has gone and is %s (%s)", where, id, sn_state_word(entry->state),
		         entry->reason ? entry->reason : "");
}

static void check_all(Delivery *self, const GArray *confirmed, gsize moment, const char *where)
{
	g_autofree char *report = NULL;
	GHashTableIter iter;
	gpointer id, times;

	for (guint i = 0; i < confirmed->len; i++) {
		const Mark *one = &g_array_index(confirmed, Mark, i);
		if (one->moment <= moment)
			check_message(self, one->id, where);
	}
	g_hash_table_iter_init(&iter, self->taken);
	while (g_hash_table_iter_next(&iter, &id, &times))
		if (GPOINTER_TO_INT(times) > 1)
			fail_msg("%s: %s was taken %d times", where, (char *)id,
			         GPOINTER_TO_INT(times));
	if (!sn_store_check(self->world->store, &report, NULL))
		fail_msg("%s: %s", where, report ? report : "the database cannot be checked");
}

/* ---- the power goes ---- */

static void cut(Life *life, guint32 seed, int number)
{
	gsize last = disk_now(life->disk);
	gsize moment = (gsize)g_rand_int_range(life->random, (gint32)life->begin, (gint32)last + 1);
	g_autofree char *where = g_strdup_printf("life %u, cut %d at %" G_GSIZE_FORMAT " of %"
	                                         G_GSIZE_FORMAT, seed, number, moment, last);
	g_autofree char *to = g_dir_make_tmp("sn-cut-XXXXXX", NULL);
	g_autoptr(GHashTable) had = taken_until(life, moment);
	SnTime now = life->delivery->world->now;

	disk_cut(life->disk, life->delivery->world->path, moment, life->random, to);
	Delivery *after = delivery_from(NULL, to, now, had);
	let_it_end(after);
	check_all(after, life->confirmed, moment, where);
	delivery_free(after);
	g_rmdir(to);
}

static void what_was_confirmed_outlasts_a_power_cut(void **state)
{
	const char *wanted = g_getenv("SENNIT_CUTS");
	int cuts = wanted ? atoi(wanted) : CUTS;

	for (guint32 seed = 1; seed <= LIVES; seed++) {
		Life life;
		begin(&life, seed);
		while (life.confirmed->len < MESSAGES)
			one_step(&life);
		settle(life.delivery);
		for (int i = 0; i < cuts; i++)
			cut(&life, seed, i);
		end(&life);
	}
}

/* ---- the disk is full, or cannot flush, for a while ---- */

typedef void (*Trouble)(Disk *disk, guint after, guint count);

/* The same few messages, with trouble from a different point each time. */
static guint live_with_trouble(Trouble trouble, guint after, guint count, guint *passed)
{
	g_autofree char *where = g_strdup_printf("trouble after %u", after);
	Life life;

	begin(&life, 9);
	life.calm = TRUE;
	guint writes = disk_writes(life.disk), flushes = disk_flushes(life.disk);
	if (trouble)
		trouble(life.disk, after, count);
	for (int i = 0; i < 45; i++)
		one_step(&life);
	*passed = trouble == disk_break_flush ? disk_flushes(life.disk) - flushes
	                                      : disk_writes(life.disk) - writes;
	disk_fill(life.disk, 0, 0);
	disk_break_flush(life.disk, 0, 0);
	let_it_end(life.delivery);
	check_all(life.delivery, life.confirmed, disk_now(life.disk), where);
	guint confirmed = life.confirmed->len;
	end(&life);
	return confirmed;
}

static void quiet(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
	/* the outbox says that it cannot be written, as it should */
}

/* `tries` points over the whole life. */
static void trouble_at(Trouble trouble, guint tries, guint count)
{
	guint points, passed, usual = live_with_trouble(NULL, 0, 0, &points);

	if (trouble == disk_break_flush)
		live_with_trouble(disk_break_flush, G_MAXUINT, 1, &points);
	guint step = MAX(1, points / tries);
	assert_true(usual >= 3 && points > 20);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
	g_log_set_default_handler(quiet, NULL);
	for (guint after = 0; after < points; after += step)
		live_with_trouble(trouble, after, count, &passed);
	g_log_set_default_handler(g_log_default_handler, NULL);
}

static void a_full_disk_loses_and_doubles_nothing(void **state)
{
	trouble_at(disk_fill, TRIES, 1);
	trouble_at(disk_fill, TRIES / 2, 60);
}

static void a_disk_that_does_not_flush_loses_and_doubles_nothing(void **state)
{
	trouble_at(disk_break_flush, TRIES, 1);
	trouble_at(disk_break_flush, TRIES / 2, 6);
}

/* ---- somebody else holds the database ---- */

static void live_locked(int from, int until)
{
	g_autofree char *where = g_strdup_printf("locked from step %d", from);
	sqlite3 *other = NULL;
	Life life;

	begin(&life, 9);
	life.calm = TRUE;
	for (int i = 0; i < 45; i++) {
		if (i == from) {
			const char *path = life.delivery->world->path;
			assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
			assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			                 SQLITE_OK);
		}
		if (i == until)
			sqlite3_close(other);
		one_step(&life);
	}
	let_it_end(life.delivery);
	check_all(life.delivery, life.confirmed, disk_now(life.disk), where);
	end(&life);
}

static void a_locked_database_loses_and_doubles_nothing(void **state)
{
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
	g_log_set_default_handler(quiet, NULL);
	for (int from = 0; from < 40; from += 2)
		live_locked(from, from + 4);
	g_log_set_default_handler(g_log_default_handler, NULL);
}

/* ---- the disk itself ---- */

static char *after_cut(Disk *disk, const char *path, gsize moment, guint32 seed)
{
	g_autofree char *to = g_dir_make_tmp("sn-cut-XXXXXX", NULL);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *copy = g_build_filename(to, name, NULL);
	g_autofree char *log = g_strconcat(copy, "-wal", NULL);
	GRand *random = g_rand_new_with_seed(seed);
	g_autoptr(GError) error = NULL;

	disk_cut(disk, path, moment, random, to);
	g_rand_free(random);
	SnStore *store = sn_store_open(copy, SN_STORE_ENGINE, &error);
	char *value = store ? sn_store_get(store, "k") : g_strdup(error->message);
	sn_store_close(store);
	const char *argv[] = { "rm", "-rf", "--", to, NULL };
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
	             NULL);
	return value;
}

/* The test's own tool must be able to lose something, or all of the above shows nothing. */
static void the_disk_keeps_what_was_flushed_and_may_lose_the_rest(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("sn-cut-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "x.db", NULL);
	Disk *disk = disk_new();
	SnStore *store = sn_store_open(path, SN_STORE_ENGINE, NULL);
	int kept = 0, lost = 0;

	assert_non_null(store);
	assert_true(sn_store_set(store, "k", "flushed", NULL));
	assert_true(sn_store_sync(store, NULL));
	gsize sure = disk_now(disk);
	assert_true(sn_store_set(store, "k", "not flushed", NULL));
	gsize unsure = disk_now(disk);
	assert_true(unsure > sure);
	for (guint32 seed = 0; seed < 40; seed++) {
		g_autofree char *first = after_cut(disk, path, sure, seed);
		g_autofree char *second = after_cut(disk, path, unsure, seed);
		assert_string_equal(first, "flushed");
		kept += strcmp(second, "not flushed") == 0;
		lost += strcmp(second, "flushed") == 0;
	}
	assert_int_equal(kept + lost, 40);
	assert_true(kept > 0 && lost > 0);
	disk_fill(disk, 0, 1);
	assert_false(sn_store_set(store, "k", "no room", NULL));
	assert_true(sn_store_set(store, "k", "room", NULL));
	disk_break_flush(disk, 0, 1);
	assert_false(sn_store_sync(store, NULL));
	assert_true(sn_store_sync(store, NULL));
	sn_store_close(store);
	disk_free(disk);
	const char *argv[] = { "rm", "-rf", "--", dir, NULL };
	g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
	             NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_disk_keeps_what_was_flushed_and_may_lose_the_rest),
		cmocka_unit_test(what_was_confirmed_outlasts_a_power_cut),
		cmocka_unit_test(a_full_disk_loses_and_doubles_nothing),
		cmocka_unit_test(a_disk_that_does_not_flush_loses_and_doubles_nothing),
		cmocka_unit_test(a_locked_database_loses_and_doubles_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
