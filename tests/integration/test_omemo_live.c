/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * End-to-end encryption between engines of ours over a real server: what each side reads, what the
 * server has of it, absence, several devices, lost sessions, who is trusted, files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "src/base/omemo.h"
#include "src/engine/engine_private.h"
#include "src/store/omemo.h"
#include "tests/lib/im_client.h"
#include "tests/lib/servers.h"
#include "tests/unit/engine_bench.h"

#define ALICE "alice@example.test"
#define BOB "bob@example.test"
#define CAROL "carol@example.test"
#define SECONDS 30
#define WITH_BOTH 4 /* tests, the first ones, are made with each of the servers */
#define ON_PROSODY (strcmp(SN_TEST_SERVER, "prosody") == 0)

static SnServers *servers; /* NULL: skip */

#define NEED_SERVERS() \
	if (!servers)  \
	skip()

/* ---- engines ---- */

typedef struct {
	const char *user;
	SnBench *bench;
	SnEngine *engine;
	SnId account;
} Side;

static const SnImOps *load_im(GError **error)
{
	return &sn_xmpp_ops;
}

static void start(Side *side)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = side->bench->paths,
		                .config = side->bench->config,
		                .backends = { .im = load_im },
		                .random_seed = 3 };

	side->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	sn_engine_settle(side->engine, 60000, &error);
	g_assert_no_error(error);
}

static void open_with(Side *side, const char *user, const char *settings)
{
	g_autofree char *text = g_strdup_printf(
		"[%s]\nim = xmpp://%s@example.test\nim-host = localhost:%d\n"
		"password-command = echo %s-secret\nca-file = %s\n",
		user, user, servers->xmpp, user, servers->ca_file);

	*side = (Side){ .user = user };
	side->bench = sn_bench_new(text, settings, SN_STORE_CLIENT);
	side->account = sn_account_find(side->bench->store, user);
	start(side);
}

static void open_side(Side *side, const char *user)
{
	open_with(side, user, NULL);
}

static void stop(Side *side)
{
	sn_engine_stop(&side->engine);
}

static void close_side(Side *side)
{
	stop(side);
	if (side->bench)
		sn_bench_free(side->bench);
	*side = (Side){ 0 };
}

static SnId queue(Side *side, const char *to, const char *body, SnEncrypt encrypt, GPtrArray *files)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *from = g_strconcat(side->user, "@example.test", NULL);
	SnStore *store = side->bench->store;
	SnParty party = { SN_ROLE_TO, (char *)to, NULL };
	g_autoptr(SnAddress) address =
		sn_address_get(store, sn_address_intern(store, SN_CHANNEL_IM, to, NULL, NULL));
	SnOutboxNew entry = {
		.conversation = sn_conversation_for_person(store, address->person, &error),
		.account = side->account,
		.channel = SN_CHANNEL_IM,
		.from = from,
		.recipients = recipients,
		.body = body,
		.encrypt = encrypt,
		.attachments = files,
		.if_unavailable = SN_RULE_SEND,
		.state = SN_STATE_QUEUED,
	};

	g_ptr_array_add(recipients, &party);
	SnId id = sn_outbox_queue(store, &entry, FALSE, &error);
	g_assert_no_error(error);
	return id;
}

static SnId say(Side *side, const char *to, const char *body)
{
	return queue(side, to, body, SN_ENCRYPT_NONE, NULL);
}

/* ---- conditions ---- */

typedef struct {
	const char *body;
	SnMessage *found; /* the newest with that text */
	guint count;
} Wanted;

static void look_for(SnBench *bench, Wanted *wanted)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)sn_message_free);

	wanted->count = 0;
	for (SnId id = 1; id < 500; id++) {
		SnMessage *message = sn_message_get(bench->store, id, SN_MESSAGE_FULL);
		if (!message || g_strcmp0(message->body, wanted->body) != 0) {
			sn_message_free(message);
			continue;
		}
		wanted->count++;
		sn_message_free(wanted->found);
		wanted->found = message;
	}
}

static gboolean has_text(SnBench *bench, gpointer data)
{
	Wanted *wanted = data;

	look_for(bench, wanted);
	return wanted->count > 0;
}

/* Waits for the text; the caller's to free. Once only, wherever it came from. */
static SnMessage *reads(Side *side, const char *body)
{
	Wanted wanted = { .body = body };

	if (!sn_bench_wait(side->bench, has_text, &wanted))
		fail_msg("%s never read \"%s\"", side->user, body);
	assert_int_equal(wanted.count, 1);
	return wanted.found;
}

static void reads_sealed(Side *side, const char *body)
{
	g_autoptr(SnMessage) message = reads(side, body);

	assert_true(message->encrypted);
	assert_true(message->secure & SN_E2E_OPENED);
	assert_false(message->secure & (SN_E2E_CLOSED | SN_E2E_CLEAR));
}

/* It is shown that something came, and why it cannot be read. */
static void reads_closed(Side *side, SnE2eWhy why)
{
	Wanted wanted = { .body = sn_e2e_closed_words(SN_E2E_CLOSED_BY(why)) };

	if (!sn_bench_wait(side->bench, has_text, &wanted))
		fail_msg("%s never saw that it cannot read something", side->user);
	assert_int_equal(wanted.found->secure, SN_E2E_CLOSED_BY(why));
	sn_message_free(wanted.found);
}

typedef struct {
	SnId entry;
	const char *part;
	guint states;
} Entry;

static gboolean entry_is(SnBench *bench, gpointer data)
{
	const Entry *wanted = data;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, wanted->entry, 0);

	return entry && (1u << entry->state & wanted->states) &&
	       (!wanted->part || (entry->reason && strstr(entry->reason, wanted->part)));
}

#define GONE (1u << SN_STATE_ACCEPTED | 1u << SN_STATE_DELIVERED | 1u << SN_STATE_READ)

static void goes(Side *side, SnId entry)
{
	Entry wanted = { entry, NULL, GONE };

	assert_true(sn_bench_wait(side->bench, entry_is, &wanted));
}

static void waits(Side *side, SnId entry, const char *why)
{
	Entry wanted = { entry, why, 1u << SN_STATE_WAITING };

	assert_true(sn_bench_wait(side->bench, entry_is, &wanted));
}

/* ---- the server's side ---- */

static gboolean file_has(const char *path, const char *text)
{
	g_autofree char *bytes = NULL;
	gsize length;

	return g_file_get_contents(path, &bytes, &length, NULL) &&
	       memmem(bytes, length, text, strlen(text)) != NULL;
}

static gboolean folder_has(const char *folder, const char *text)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR) ? folder_has(path, text) : file_has(path, text))
			return TRUE;
	}
	return FALSE;
}

/* Archives, files: all that the server keeps. */
static gboolean server_has(const char *text)
{
	g_autofree char *folder = g_build_filename(servers->dir, SN_TEST_SERVER, NULL);

	return folder_has(folder, text);
}

typedef struct {
	Side *side;
	const char *jid;
	guint devices;
} Known;

static gboolean knows(SnBench *bench, gpointer data)
{
	const Known *known = data;
	SnOmemoOutlook now = sn_omemo_outlook(bench->store, known->side->account, known->jid);

	return now.known && now.devices + now.left_out == known->devices;
}

static void knows_devices(Side *side, const char *jid, guint count)
{
	Known known = { side, jid, count };

	assert_true(sn_bench_wait(side->bench, knows, &known));
}

static gboolean is_published(SnBench *bench, gpointer data)
{
	const Side *side = data;
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(bench->store, side->account);

	return own && own->published;
}

static guint32 device_of(Side *side)
{
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(side->bench->store, side->account);

	assert_non_null(own);
	return own->device;
}

/* ---- tests ---- */

static void texts_go_encrypted_by_themselves(void **state)
{
	Side alice, bob;

	NEED_SERVERS();
	open_side(&alice, "alice");
	open_side(&bob, "bob");
	if (ON_PROSODY)
		knows_devices(&alice, BOB, 1); /* contacts hear of it, others ask when they write */
	else
		knows_devices(&bob, BOB, 1);
	SnId first = say(&alice, BOB, "the first hushed");
	goes(&alice, first);
	reads_sealed(&bob, "the first hushed");
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(alice.bench->store, first, 0);
	g_autoptr(SnMessage) own = sn_message_get(alice.bench->store, entry->message, 0);
	assert_true(own->encrypted && (own->secure & SN_E2E_OPENED));
	assert_false(own->secure & SN_E2E_LEFT_OUT);
	goes(&bob, say(&bob, ALICE, "a hushed answer"));
	reads_sealed(&alice, "a hushed answer");
	for (int i = 0; i < 6; i++) {
		g_autofree char *text = g_strdup_printf("hushed line %d", i);
		say(i % 2 ? &alice : &bob, i % 2 ? BOB : ALICE, text);
		reads_sealed(i % 2 ? &bob : &alice, text);
	}
	stop(&alice);
	start(&alice); /* sessions outlive a restart */
	say(&bob, ALICE, "hushed after a restart");
	reads_sealed(&alice, "hushed after a restart");
	say(&alice, BOB, "hushed from a restart");
	reads_sealed(&bob, "hushed from a restart");
	assert_false(server_has("hushed"));
	assert_true(server_has("eu.siacs.conversations.axolotl"));
	close_side(&alice);
	close_side(&bob);
}

static void an_absence_is_caught_up_with(void **state)
{
	Side alice, bob;

	NEED_SERVERS();
	open_side(&alice, "alice");
	open_side(&bob, "bob");
	knows_devices(&alice, BOB, 2); /* that of the test before is still published */
	say(&alice, BOB, "hidden: hello");
	reads_sealed(&bob, "hidden: hello");
	stop(&bob);
	SnId last = 0;
	for (int i = 0; i < 12; i++) {
		g_autofree char *text = g_strdup_printf("hidden: while you were away %d", i);
		last = say(&alice, BOB, text);
		goes(&alice, last);
	}
	start(&bob);
	for (int i = 0; i < 12; i++) {
		g_autofree char *text = g_strdup_printf("hidden: while you were away %d", i);
		reads_sealed(&bob, text);
	}
	say(&bob, ALICE, "hidden: back");
	reads_sealed(&alice, "hidden: back");
	assert_false(server_has("hidden: "));
	close_side(&alice);
	close_side(&bob);
}

/* The user's other client reads both sides of it, live and from the archive. */
static void own_devices_read_it_too(void **state)
{
	Side alice, laptop, bob;

	NEED_SERVERS();
	open_side(&alice, "alice");
	open_side(&bob, "bob");
	open_side(&laptop, "alice");
	assert_int_not_equal(device_of(&alice), device_of(&laptop));
	say(&alice, BOB, "own: to bob");
	reads_sealed(&bob, "own: to bob");
	reads_sealed(&laptop, "own: to bob");
	say(&bob, ALICE, "own: to both");
	reads_sealed(&alice, "own: to both");
	reads_sealed(&laptop, "own: to both");
	say(&laptop, BOB, "own: from the laptop");
	reads_sealed(&bob, "own: from the laptop");
	g_autoptr(SnMessage) copy = reads(&alice, "own: from the laptop");
	assert_int_equal(copy->direction, SN_OUT);
	stop(&laptop);
	say(&alice, BOB, "own: for later");
	reads_sealed(&bob, "own: for later");
	start(&laptop);
	reads_sealed(&laptop, "own: for later");
	assert_false(server_has("own: "));
	close_side(&alice);
	close_side(&laptop);
	close_side(&bob);
}

static gboolean is_list_with(const SnImEvent *event, const void *data)
{
	guint32 wanted = *(const guint32 *)data;

	for (guint i = 0; event->devices && i < event->devices->len; i++)
		if (g_array_index(event->devices, guint32, i) == wanted)
			return TRUE;
	return FALSE;
}

static void a_removed_device_puts_itself_back(void **state)
{
	Side bob;

	NEED_SERVERS();
	open_side(&bob, "bob");
	guint32 device = device_of(&bob);
	ImClient *other = im_client_new(BOB "/other", "bob-secret", "localhost", servers->xmpp,
	                                SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(other, SECONDS));
	SnImRequest *put = im_client_request(other, SN_IM_REQ_DEVICES_PUT);
	guint32 mine = 4242;
	put->devices = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_val(put->devices, mine);
	im_client_forget(other);
	sn_im_event_free(im_client_end(other, im_client_submit(other, put), SECONDS));
	SnImEvent *list = im_client_wait(other, SN_IM_EV_DEVICES, is_list_with, &device, SECONDS);
	assert_non_null(list);
	assert_true(is_list_with(list, &mine)); /* and leaves the others where they are */
	sn_im_event_free(list);
	/* its bundle as well, at the next log-in: anybody may look */
	ImClient *carol = im_client_new(CAROL "/x", "carol-secret", "localhost", servers->xmpp,
	                                SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(carol, SECONDS));
	SnImRequest *get = im_client_request(carol, SN_IM_REQ_BUNDLE_GET);
	get->jid = g_strdup(BOB);
	get->device = device;
	im_client_submit(carol, get);
	SnImEvent *bundle = im_client_wait(carol, SN_IM_EV_BUNDLE, NULL, NULL, SECONDS);
	assert_non_null(bundle);
	assert_int_equal(bundle->bundle->prekeys->len, 100);
	sn_im_event_free(bundle);
	im_client_free(carol);
	im_client_free(other);
	close_side(&bob);
}

/* The store came from a copy that knows nothing of the session. */
static void a_lost_session_is_begun_anew(void **state)
{
	Side alice, bob;

	NEED_SERVERS();
	open_side(&alice, "alice");
	open_side(&bob, "bob");
	say(&alice, BOB, "heal: one");
	reads_sealed(&bob, "heal: one");
	say(&bob, ALICE, "heal: two");
	reads_sealed(&alice, "heal: two");
	assert_true(sn_omemo_secret_remove(bob.bench->store, bob.account, 1, ALICE, device_of(&alice),
	                                   NULL));
	say(&alice, BOB, "heal: three");
	reads_closed(&bob, SN_E2E_WHY_NO_SESSION);
	/* bob's device tells alice's of the new session by itself */
	say(&bob, ALICE, "heal: four");
	reads_sealed(&alice, "heal: four");
	say(&alice, BOB, "heal: five");
	reads_sealed(&bob, "heal: five");
	close_side(&alice);
	close_side(&bob);
}

static SnId device_row(Side *side, const char *jid, guint32 device)
{
	g_autoptr(SnOmemoDevice) found =
		sn_omemo_device_find(side->bench->store, side->account, jid, device);

	assert_non_null(found);
	return found->id;
}

static void a_new_device_after_a_comparison_is_left_out(void **state)
{
	Side alice, bob, phone;

	NEED_SERVERS();
	open_side(&alice, "alice");
	open_side(&bob, "bob");
	say(&alice, BOB, "trust: before");
	reads_sealed(&bob, "trust: before");
	assert_true(sn_omemo_set_trust(alice.bench->store, device_row(&alice, BOB, device_of(&bob)),
	                               SN_TRUST_VERIFIED, NULL));
	SnOmemoOutlook now = sn_omemo_outlook(alice.bench->store, alice.account, BOB);
	guint published = now.devices + now.left_out;
	open_side(&phone, "bob");
	knows_devices(&alice, BOB, published + 1);
	g_autoptr(SnOmemoDevice) new = sn_omemo_device_find(alice.bench->store, alice.account, BOB,
	                                                    device_of(&phone));
	assert_int_equal(new->trust, SN_TRUST_NEW);
	SnId entry = say(&alice, BOB, "trust: not for the new one");
	reads_sealed(&bob, "trust: not for the new one");
	g_autoptr(SnOutboxEntry) sent = sn_outbox_get(alice.bench->store, entry, 0);
	g_autoptr(SnMessage) own = sn_message_get(alice.bench->store, sent->message, 0);
	assert_true(own->secure & SN_E2E_LEFT_OUT);
	reads_closed(&phone, SN_E2E_WHY_NOT_FOR_US);
	/* what it sends is read, with a word about it */
	say(&phone, ALICE, "trust: from the new one");
	g_autoptr(SnMessage) doubtful = reads(&alice, "trust: from the new one");
	assert_true(doubtful->secure & SN_E2E_NEW);
	assert_true(sn_omemo_set_trust(alice.bench->store, new->id, SN_TRUST_VERIFIED, NULL));
	say(&alice, BOB, "trust: for both");
	reads_sealed(&phone, "trust: for both");
	close_side(&alice);
	close_side(&bob);
	close_side(&phone);
}

static void without_devices_it_goes_in_the_clear_or_waits(void **state)
{
	Side alice;

	NEED_SERVERS();
	open_side(&alice, "alice");
	SnId open = say(&alice, CAROL, "clear: for carol");
	goes(&alice, open);
	g_autoptr(SnMessage) own = reads(&alice, "clear: for carol");
	assert_false(own->encrypted);
	assert_true(server_has("clear: for carol"));
	SnId sealed = queue(&alice, CAROL, "never: for carol", SN_ENCRYPT_REQUIRED, NULL);
	waits(&alice, sealed, "no device that could read it");
	SnId always;
	assert_true(sn_omemo_set_mode(alice.bench->store, CAROL, SN_OMEMO_ALWAYS, NULL));
	always = say(&alice, CAROL, "never: as a rule");
	waits(&alice, always, "no device that could read it");
	assert_false(server_has("never: "));
	/* the user's own word about one of them */
	assert_true(sn_outbox_allow_plain(alice.bench->store, always, NULL));
	assert_true(sn_outbox_request(alice.bench->store, always, SN_REQUEST_SEND, NULL));
	goes(&alice, always);
	assert_true(server_has("never: as a rule"));
	assert_false(server_has("never: for carol"));
	/* carol gets a client that can: what waited goes by itself */
	Side carol;
	open_side(&carol, "carol");
	assert_true(sn_bench_wait(carol.bench, is_published, &carol));
	knows_devices(&carol, CAROL, 1); /* the list comes after the keys */
	/* asked for while an engine runs that believes in no device, it could wait again */
	stop(&alice);
	assert_true(sn_outbox_request(alice.bench->store, sealed, SN_REQUEST_SEND, NULL));
	start(&alice);
	reads_sealed(&carol, "never: for carol");
	assert_false(server_has("never: for carol"));
	close_side(&alice);
	close_side(&carol);
}

/* A server that takes the list of a contact away does not get the texts for it. */
static void an_emptied_list_is_no_way_to_the_text(void **state)
{
	Side alice, bob;

	NEED_SERVERS();
	open_side(&alice, "alice");
	open_side(&bob, "bob");
	say(&alice, BOB, "down: encrypted");
	reads_sealed(&bob, "down: encrypted");
	stop(&bob);
	ImClient *other = im_client_new(BOB "/other", "bob-secret", "localhost", servers->xmpp,
	                                SN_LINK_STARTTLS, servers->ca_file);
	assert_true(im_client_ready(other, SECONDS));
	SnImRequest *put = im_client_request(other, SN_IM_REQ_DEVICES_PUT);
	put->devices = g_array_new(FALSE, FALSE, sizeof(guint32));
	sn_im_event_free(im_client_end(other, im_client_submit(other, put), SECONDS));
	knows_devices(&alice, BOB, 0);
	SnId entry = say(&alice, BOB, "down: not in the clear");
	waits(&alice, entry, "no device that could read it");
	assert_false(server_has("down: "));
	/* when the device is published again, it goes by itself */
	start(&bob);
	reads_sealed(&bob, "down: not in the clear");
	/* off for this contact is the user's word, and what comes of it is marked */
	assert_true(sn_omemo_set_mode(alice.bench->store, BOB, SN_OMEMO_OFF, NULL));
	SnId off = say(&alice, BOB, "down: off");
	goes(&alice, off);
	g_autoptr(SnMessage) clear = reads(&bob, "down: off");
	assert_false(clear->encrypted);
	g_autoptr(SnMessage) own = reads(&alice, "down: off");
	assert_true(own->secure & SN_E2E_CLEAR);
	assert_true(server_has("down: off"));
	im_client_free(other);
	close_side(&alice);
	close_side(&bob);
}

static gboolean part_is_here(SnBench *bench, gpointer data)
{
	SnId *id = data;
	g_autoptr(SnMessage) message = sn_message_get(bench->store, *id, SN_MESSAGE_FULL);

	return message && message->parts && message->parts->len == 1 &&
	       ((SnPart *)message->parts->pdata[0])->path;
}

static gboolean has_file(SnBench *bench, gpointer data)
{
	for (SnId id = 1; id < 500; id++) {
		g_autoptr(SnMessage) message = sn_message_get(bench->store, id, SN_MESSAGE_FULL);
		if (message && message->direction == SN_IN && message->parts && message->parts->len == 1) {
			*(SnId *)data = id;
			return TRUE;
		}
	}
	return FALSE;
}

static void files_go_encrypted(void **state)
{
	Side alice, bob;
	SnId id = 0;
	g_autofree char *text = NULL;
	gsize length;

	NEED_SERVERS();
	open_side(&alice, "alice");
	open_side(&bob, "bob");
	g_autofree char *path = g_build_filename(alice.bench->dir, "plan.txt", NULL);
	assert_true(g_file_set_contents(path, "file: the secret plan\n", -1, NULL));
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	SnAttachment file = { .path = path, .name = (char *)"plan.txt", .type = (char *)"text/plain" };
	g_ptr_array_add(files, &file);
	goes(&alice, queue(&alice, BOB, "file: see the plan", SN_ENCRYPT_NONE, files));
	assert_true(sn_bench_wait(bob.bench, has_file, &id));
	assert_true(sn_bench_wait(bob.bench, part_is_here, &id));
	g_autoptr(SnMessage) message = sn_message_get(bob.bench->store, id, SN_MESSAGE_FULL);
	const SnPart *part = message->parts->pdata[0];
	assert_string_equal(part->name, "plan.txt");
	assert_true(g_str_has_prefix(part->url, "aesgcm://"));
	assert_true(g_file_get_contents(part->path, &text, &length, NULL));
	assert_string_equal(text, "file: the secret plan\n");
	assert_false(server_has("see the plan"));
	assert_false(server_has("secret plan"));
	close_side(&alice);
	close_side(&bob);
}

static void no_secret_lies_open_in_the_database(void **state)
{
	Side alice;
	GStatBuf info;

	NEED_SERVERS();
	open_side(&alice, "alice");
	g_autofree char *key = g_build_filename(alice.bench->paths->data, "omemo.key", NULL);
	assert_int_equal(g_stat(key, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	guint32 before = device_of(&alice);
	stop(&alice);
	/* without its key the device is another one; the database alone is worth nothing */
	g_remove(key);
	start(&alice);
	assert_int_not_equal(device_of(&alice), before);
	close_side(&alice);
}

static int set_up(void **state)
{
	return sn_servers_setup(&servers, SN_TEST_SERVER);
}

static int tear_down(void **state)
{
	sn_servers_stop(servers);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_go_encrypted_by_themselves),
		cmocka_unit_test(an_absence_is_caught_up_with),
		cmocka_unit_test(own_devices_read_it_too),
		cmocka_unit_test(files_go_encrypted),
		cmocka_unit_test(a_removed_device_puts_itself_back),
		cmocka_unit_test(a_lost_session_is_begun_anew),
		cmocka_unit_test(a_new_device_after_a_comparison_is_left_out),
		cmocka_unit_test(without_devices_it_goes_in_the_clear_or_waits),
		cmocka_unit_test(an_emptied_list_is_no_way_to_the_text),
		cmocka_unit_test(no_secret_lies_open_in_the_database),
	};

	if (g_getenv("ONLY"))
		cmocka_set_test_filter(g_getenv("ONLY"));
	return _cmocka_run_group_tests("tests", tests, ON_PROSODY ? G_N_ELEMENTS(tests) : WITH_BOTH,
				       set_up, tear_down);
}
