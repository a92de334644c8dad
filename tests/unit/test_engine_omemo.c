/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine with a scripted server and a contact who encrypts: what leaves, what is read and how often,
 * what is answered, and what becomes of what cannot be opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "src/engine/sync_private.h"
#include "src/store/omemo.h"
#include "tests/lib/omemo_peer.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"
#define STRANGER "eve@im.example"
#define ONLY_IM                                                                                \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                  \
	"password-command = echo secret\n"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
	SnId account;
	OmemoPeer *bob;
	SnClock clock;
	/* what the server says; set before it is asked */
	gboolean no_devices, bad_bundle;
	/* under lock: what the engine published and sent */
	GMutex lock;
	SnTime ahead; /* of the wall clock */
	guint32 device;
	SnOmemoBundle *bundle; /* ours, as published */
} Stage;

/* ---- the server ---- */

static SnOmemoBundle *copy_bundle(const SnOmemoBundle *from)
{
	SnOmemoBundle *bundle = sn_omemo_bundle_new();

	bundle->signed_id = from->signed_id;
	bundle->signed_key = g_bytes_ref(from->signed_key);
	bundle->signature = g_bytes_ref(from->signature);
	bundle->identity = g_bytes_ref(from->identity);
	for (guint i = 0; i < from->prekeys->len; i++) {
		const SnOmemoPrekey *prekey = from->prekeys->pdata[i];
		sn_omemo_bundle_add(bundle, prekey->id, g_bytes_ref(prekey->key));
	}
	return bundle;
}

static void tell_devices(Stage *stage, SnIm *im, const SnImRequest *request)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_DEVICES, request->id, NULL);

	event->jid = g_strdup(request->jid ? request->jid : ME);
	event->devices = g_array_new(FALSE, FALSE, sizeof(guint32));
	if (request->jid && !stage->no_devices)
		g_array_append_val(event->devices, stage->bob->id);
	sn_fake_im_push(im, event);
	sn_fake_im_done(im, request->id);
}

static void tell_bundle(Stage *stage, SnIm *im, const SnImRequest *request)
{
	if (!request->jid) {
		sn_fake_im_error(im, request->id, SN_ERROR_NOT_FOUND, "It is not there.");
		return;
	}
	SnImEvent *event = sn_im_event_new(SN_IM_EV_BUNDLE, request->id, NULL);
	event->jid = g_strdup(request->jid);
	event->device = request->device;
	event->bundle = omemo_peer_bundle(stage->bob);
	if (stage->bad_bundle) {
		g_bytes_unref(event->bundle->signature);
		event->bundle->signature = g_bytes_new("no signature of sixty-four bytes", 32);
	}
	sn_fake_im_push(im, event);
	sn_fake_im_done(im, request->id);
}

static void serve(SnIm *im, const SnImRequest *request, gpointer data)
{
	Stage *stage = data;
	SnImEvent *event;

	switch (request->kind) {
	case SN_IM_REQ_DEVICES_GET: tell_devices(stage, im, request); break;
	case SN_IM_REQ_BUNDLE_GET: tell_bundle(stage, im, request); break;
	case SN_IM_REQ_BUNDLE_PUT:
		g_mutex_lock(&stage->lock);
		sn_omemo_bundle_free(stage->bundle);
		stage->bundle = copy_bundle(request->bundle);
		stage->device = request->device;
		g_mutex_unlock(&stage->lock);
		sn_fake_im_done(im, request->id);
		break;
	case SN_IM_REQ_ARCHIVE:
	case SN_IM_REQ_ARCHIVE_FIND:
		event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
		event->complete = TRUE;
		sn_fake_im_push(im, event);
		break;
	default: sn_fake_im_done(im, request->id); break;
	}
}

/* ---- the stage ---- */

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static SnTime wall_clock(gpointer data)
{
	Stage *stage = data;

	g_mutex_lock(&stage->lock);
	SnTime ahead = stage->ahead;
	g_mutex_unlock(&stage->lock);
	return g_get_real_time() / 1000 + ahead;
}

/* online FALSE: the line stays down until the test says otherwise. */
static void start_with(Stage *stage, gboolean online)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = { .paths = stage->bench->paths,
				.config = stage->bench->config,
				.backends = { .im = fake_im },
				.clock = &stage->clock,
				.random_seed = 1,
				.grace = 1 };

	sn_fake_im_devices(TRUE);
	sn_fake_im_prepare(ME, serve, stage, online);
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
}

static void start(Stage *stage)
{
	start_with(stage, TRUE);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);

	stage->bench = sn_bench_new(ONLY_IM, NULL, SN_STORE_CLIENT);
	stage->account = sn_account_find(stage->bench->store, "home");
	stage->bob = omemo_peer_new(BOB, 4711);
	stage->clock = (SnClock){ .now = wall_clock, .data = stage };
	g_mutex_init(&stage->lock);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_bench_free(stage->bench);
	omemo_peer_free(stage->bob);
	sn_omemo_bundle_free(stage->bundle);
	g_mutex_clear(&stage->lock);
	g_free(stage);
	return 0;
}

static gboolean is_published(SnBench *bench, gpointer data)
{
	Stage *stage = data;
	g_autoptr(SnOmemoOwn) own = sn_omemo_own_get(bench->store, stage->account);

	return own && own->published;
}

/* Our own keys are with the server, and bob has begun a session with them. */
static void bob_begins(Stage *stage)
{
	assert_true(sn_bench_wait(stage->bench, is_published, stage));
	g_mutex_lock(&stage->lock);
	omemo_peer_begin(stage->bob, ME, stage->device, stage->bundle);
	g_mutex_unlock(&stage->lock);
}

static void befriend(Stage *stage)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(BOB);
	event->name = g_strdup("Bob");
	event->subscription = g_strdup("both");
	sn_fake_im_push(stage->im, event);
}

static SnOmemoSealed *copy_sealed(const SnOmemoSealed *from)
{
	SnOmemoSealed *sealed = sn_omemo_sealed_new(from->sender);

	sealed->iv = g_bytes_ref(from->iv);
	sealed->payload = from->payload ? g_bytes_ref(from->payload) : NULL;
	for (guint i = 0; i < from->keys->len; i++) {
		const SnOmemoKey *key = from->keys->pdata[i];
		g_ptr_array_add(sealed->keys,
		                sn_omemo_key_new(key->device, key->prekey, g_bytes_ref(key->data)));
	}
	return sealed;
}

static void push(Stage *stage, const char *from, const char *id, const SnOmemoSealed *sealed)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);

	event->message = sn_im_message_new();
	event->message->from = g_strdup(from);
	event->message->to = g_strdup(ME);
	event->message->id = g_strdup(id);
	event->message->origin_id = g_strdup(id);
	event->message->encrypted = TRUE;
	event->message->sealed = copy_sealed(sealed);
	sn_fake_im_push(stage->im, event);
}

typedef struct {
	const char *id, *from;
} Wanted;

static gboolean is_here(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;

	return sn_message_find_im(bench->store, wanted->id, wanted->from) != 0;
}

static SnMessage *arrives(Stage *stage, const char *from, const char *id)
{
	Wanted wanted = { id, from };

	assert_true(sn_bench_wait(stage->bench, is_here, &wanted));
	return sn_bench_message(stage->bench, sn_message_find_im(stage->bench->store, id, from));
}

static guint count_rows(Stage *stage)
{
	guint count = 0;

	for (SnId id = 1; id < 100; id++) {
		g_autoptr(SnMessage) message = sn_message_get(stage->bench->store, id, 0);
		count += message != NULL;
	}
	return count;
}

static void bob_says(Stage *stage, const char *id, const char *text)
{
	g_autoptr(SnOmemoSealed) sealed = omemo_peer_seal(stage->bob, ME, stage->device, text);

	push(stage, BOB "/phone", id, sealed);
	g_autoptr(SnMessage) message = arrives(stage, BOB, id);
	assert_string_equal(message->body, text);
	assert_true(message->encrypted && (message->secure & SN_E2E_OPENED));
}

static SnId queue_to(Stage *stage, const char *to, const char *body, SnEncrypt encrypt)
{
	SnStore *store = stage->bench->store;
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	SnParty party = { SN_ROLE_TO, (char *)to, NULL };
	g_autoptr(SnAddress) address =
		sn_address_get(store, sn_address_intern(store, SN_CHANNEL_IM, to, NULL, NULL));
	SnOutboxNew entry = {
		.conversation = sn_conversation_for_person(store, address->person, &error),
		.account = stage->account, .channel = SN_CHANNEL_IM, .from = ME,
		.recipients = recipients, .body = body, .encrypt = encrypt,
		.if_unavailable = SN_RULE_SEND, .state = SN_STATE_QUEUED,
	};

	g_ptr_array_add(recipients, &party);
	SnId id = sn_outbox_queue(store, &entry, FALSE, &error);
	g_assert_no_error(error);
	return id;
}

static SnId queue(Stage *stage, const char *body, SnEncrypt encrypt)
{
	return queue_to(stage, BOB, body, encrypt);
}

/* The next stanza that has a text in it, sealed or not. */
static SnImRequest *next_text(Stage *stage)
{
	for (int i = 0; i < 50; i++) {
		SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 30000);
		assert_non_null(request);
		if (request->message->body || (request->message->sealed && request->message->sealed->payload))
			return request;
		sn_im_request_free(request);
	}
	fail_msg("no text was sent");
	return NULL;
}

static void bob_reads(Stage *stage, const char *expected)
{
	SnImRequest *request = next_text(stage);
	g_autoptr(GError) error = NULL;

	assert_non_null(request->message->sealed);
	g_autofree char *text = omemo_peer_open(stage->bob, ME, request->message->sealed, &error);
	g_assert_no_error(error);
	assert_string_equal(text, expected);
	sn_im_request_free(request);
}

typedef struct {
	SnId entry;
	SnState state;
	const char *reason;
} Entry;

static gboolean entry_is(SnBench *bench, gpointer data)
{
	const Entry *wanted = data;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, wanted->entry, 0);

	return entry && entry->state == wanted->state &&
	       (!wanted->reason || (entry->reason && strstr(entry->reason, wanted->reason)));
}

static gboolean is_online(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) bob = sn_bench_address(bench, SN_CHANNEL_IM, BOB);
	g_autoptr(SnPresence) best = sn_presence_best(bench->store, bob->id);

	return best && best->show == SN_PRESENCE_ONLINE;
}

/* ---- tests ---- */

static void the_first_text_waits_for_the_keys(void **state)
{
	Stage *stage = *state;

	start(stage);
	queue(stage, "hello", SN_ENCRYPT_NONE);
	bob_reads(stage, "hello"); /* list and bundle were asked for before */
	queue(stage, "again", SN_ENCRYPT_NONE);
	bob_reads(stage, "again");
	assert_true(sn_omemo_was_used(stage->bench->store, stage->account, BOB));
}

/* Between the log-in and the end of what is asked then nobody can be asked for devices: a contact who
 * was never asked must not be taken for one without. */
static void before_anybody_can_be_asked_nothing_goes_in_the_clear(void **state)
{
	static const char *const people[] = { BOB, "dora@im.example" };
	Stage *stage = *state;

	start_with(stage, FALSE);
	for (gsize i = 0; i < G_N_ELEMENTS(people); i++) {
		SnImEvent *event = sn_im_event_new(SN_EVENT_LINE, 0, NULL);
		event->line = SN_LINE_ONLINE;
		sn_fake_im_push(stage->im, event);
		queue_to(stage, people[i], "hello", SN_ENCRYPT_NONE);
		/* what the user lets go in the clear goes meanwhile, so the other was looked at */
		queue_to(stage, STRANGER, "aloud", SN_ENCRYPT_CLEAR);
		SnImRequest *request = next_text(stage);
		assert_string_equal(request->message->body, "aloud");
		assert_null(request->message->sealed);
		sn_im_request_free(request);
		event = sn_im_event_new(SN_IM_EV_SYNCED, 0, NULL);
		event->resumed = i > 0;
		sn_fake_im_push(stage->im, event);
		bob_reads(stage, "hello");
		sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	}
}

/* The wait ends also where there will be no keys: nothing may lie there for ever. */
static void who_has_no_keys_waits_for_none(void **state)
{
	Stage *stage = *state;
	SnImEvent *event = sn_im_event_new(SN_EVENT_LINE, 0, NULL);

	stage->no_devices = TRUE;
	start_with(stage, FALSE);
	event->line = SN_LINE_ONLINE;
	sn_fake_im_push(stage->im, event);
	queue(stage, "hello", SN_ENCRYPT_NONE);
	/* the line breaks before anybody could be asked, and the next one is whole */
	sn_fake_im_line(stage->im, SN_LINE_OFFLINE, SN_ERROR_NETWORK, FALSE);
	sn_fake_im_line(stage->im, SN_LINE_ONLINE, -1, FALSE);
	SnImRequest *request = next_text(stage);
	assert_string_equal(request->message->body, "hello");
	assert_null(request->message->sealed);
	sn_im_request_free(request);
}

static void what_comes_again_is_there_once(void **state)
{
	Stage *stage = *state;

	start(stage);
	bob_begins(stage);
	g_autoptr(SnOmemoSealed) one = omemo_peer_seal(stage->bob, ME, stage->device, "one");
	g_autoptr(SnOmemoSealed) two = omemo_peer_seal(stage->bob, ME, stage->device, "two");
	push(stage, BOB "/phone", "id-2", two); /* in the wrong order */
	push(stage, BOB "/phone", "id-1", one);
	for (int i = 0; i < 3; i++) { /* carbon, archive, resumed stream */
		push(stage, BOB "/phone", "id-1", one);
		push(stage, BOB, "id-2", two);
	}
	push(stage, BOB, "forged id", one); /* the same keys under another id */
	bob_says(stage, "id-3", "three");
	g_autoptr(SnMessage) first = arrives(stage, BOB, "id-1");
	assert_string_equal(first->body, "one");
	assert_int_equal(count_rows(stage), 3);
}

static void sessions_go_on_after_a_crash(void **state)
{
	Stage *stage = *state;

	start(stage);
	bob_begins(stage);
	bob_says(stage, "id-1", "before");
	sn_engine_stop(&stage->engine);
	start(stage);
	bob_says(stage, "id-2", "after");
	queue(stage, "answer", SN_ENCRYPT_NONE);
	bob_reads(stage, "answer");
}

/* Of the keys that are published now; *count: how many there are. */
static guint32 newest_prekey(Stage *stage, guint *count)
{
	g_mutex_lock(&stage->lock);
	*count = stage->bundle->prekeys->len;
	guint32 id = ((SnOmemoPrekey *)stage->bundle->prekeys->pdata[*count - 1])->id;
	g_mutex_unlock(&stage->lock);
	return id;
}

static void used_prekeys_are_replaced(void **state)
{
	Stage *stage = *state;
	guint count;

	start(stage);
	bob_begins(stage);
	assert_int_equal(newest_prekey(stage, &count), 100);
	bob_says(stage, "id-1", "with a prekey");
	for (int i = 0; i < 3000 && newest_prekey(stage, &count) == 100; i++)
		g_usleep(10 * 1000);
	assert_int_equal(newest_prekey(stage, &count), 101);
	assert_int_equal(count, 100);
}

/* The next message without a text that is for bob; NULL when a text comes first. */
static SnImRequest *next_empty(Stage *stage)
{
	SnImRequest *request;

	while ((request = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 30000))) {
		gboolean text = request->message->body ||
		                (request->message->sealed && request->message->sealed->payload);
		if (!text && request->message->sealed)
			return request;
		sn_im_request_free(request);
		if (text)
			return NULL;
	}
	return NULL;
}

static void a_contact_hears_that_the_session_is_there(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	start(stage);
	befriend(stage);
	bob_begins(stage);
	bob_says(stage, "id-1", "hello");
	SnImRequest *empty = next_empty(stage);
	assert_non_null(empty);
	assert_null(omemo_peer_open(stage->bob, ME, empty->message->sealed, &error));
	g_assert_no_error(error); /* it opens, and there is no text in it */
	sn_im_request_free(empty);
	g_autoptr(SnOmemoSealed) next = omemo_peer_seal(stage->bob, ME, stage->device, "x");
	assert_false(((SnOmemoKey *)next->keys->pdata[0])->prekey);
}

/* Who may not see our presence must not learn by this that we are here. */
static void a_stranger_hears_nothing(void **state)
{
	Stage *stage = *state;

	start(stage);
	bob_begins(stage);
	bob_says(stage, "id-1", "are you there?");
	queue(stage, "yes", SN_ENCRYPT_NONE);
	assert_null(next_empty(stage)); /* the text comes first */
}

static void assert_closed(Stage *stage, const char *from, const char *id, SnE2eWhy why)
{
	g_autoptr(SnMessage) message = arrives(stage, from, id);

	assert_int_equal(message->secure, SN_E2E_CLOSED_BY(why));
	assert_string_equal(message->body, sn_e2e_closed_words(message->secure));
}

static void what_cannot_be_opened_says_why(void **state)
{
	Stage *stage = *state;

	start(stage);
	bob_begins(stage);
	g_autoptr(SnOmemoSealed) other = omemo_peer_seal(stage->bob, ME, stage->device, "lost");
	((SnOmemoKey *)other->keys->pdata[0])->device++;
	push(stage, BOB, "not-for-us", other);
	assert_closed(stage, BOB, "not-for-us", SN_E2E_WHY_NOT_FOR_US);

	g_autoptr(SnOmemoSealed) stranger = omemo_peer_seal(stage->bob, ME, stage->device, "lost");
	((SnOmemoKey *)stranger->keys->pdata[0])->prekey = FALSE;
	push(stage, STRANGER, "no-session", stranger); /* somebody else repeats it */
	assert_closed(stage, STRANGER, "no-session", SN_E2E_WHY_NO_SESSION);

	g_autoptr(SnOmemoSealed) damaged = omemo_peer_seal(stage->bob, ME, stage->device, "text");
	g_bytes_unref(damaged->payload);
	damaged->payload = g_bytes_new("tex!", 4);
	push(stage, BOB, "damaged", damaged);
	assert_closed(stage, BOB, "damaged", SN_E2E_WHY_DAMAGED);

	bob_says(stage, "id-1", "and on it goes");
	assert_int_equal(count_rows(stage), 4);
}

static void a_broken_session_is_renewed_once(void **state)
{
	Stage *stage = *state;
	g_autoptr(GError) error = NULL;

	start(stage);
	befriend(stage);
	bob_begins(stage);
	bob_says(stage, "id-1", "hello");
	sn_im_request_free(next_empty(stage));
	for (int i = 0; i < 3; i++) {
		g_autofree char *id = g_strdup_printf("broken-%d", i);
		g_autoptr(SnOmemoSealed) sealed = omemo_peer_seal(stage->bob, ME, stage->device, "x");
		SnOmemoKey *key = sealed->keys->pdata[0];
		g_bytes_unref(key->data);
		key->data = g_bytes_new("rubbish", 7);
		key->prekey = FALSE;
		push(stage, BOB, id, sealed);
		assert_closed(stage, BOB, id, SN_E2E_WHY_BROKEN);
	}
	SnImRequest *healing = next_empty(stage);
	assert_non_null(healing);
	assert_true(((SnOmemoKey *)healing->message->sealed->keys->pdata[0])->prekey);
	assert_null(omemo_peer_open(stage->bob, ME, healing->message->sealed, &error));
	g_assert_no_error(error);
	sn_im_request_free(healing);
	queue(stage, "the end", SN_ENCRYPT_NONE);
	assert_null(next_empty(stage)); /* no second one before the text */
}

static void without_devices_or_keys(void **state)
{
	Stage *stage = *state;

	stage->bad_bundle = TRUE;
	start(stage);
	SnId must = queue(stage, "hushed", SN_ENCRYPT_REQUIRED);
	Entry waits = { must, SN_STATE_WAITING, "can be used" };
	assert_true(sn_bench_wait(stage->bench, entry_is, &waits));
	queue(stage, "in the clear", SN_ENCRYPT_NONE); /* nothing says that it must not */
	SnImRequest *request = next_text(stage);
	assert_null(request->message->sealed);
	assert_string_equal(request->message->body, "in the clear");
	sn_im_request_free(request);
}

/* Who is no contact tells of no new device: the list is looked at again by itself. */
static void a_list_that_lets_nothing_go_is_asked_for_again(void **state)
{
	Stage *stage = *state;

	stage->no_devices = TRUE;
	start(stage);
	SnId must = queue(stage, "hushed", SN_ENCRYPT_REQUIRED);
	Entry waits = { must, SN_STATE_WAITING, "no device that could read it" };
	assert_true(sn_bench_wait(stage->bench, entry_is, &waits));
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(stage->bench->store, must, 0);
	assert_true(entry->next_try >
		    g_get_real_time() / 1000); /* what the outbox says comes next */
	g_mutex_lock(&stage->lock);
	stage->no_devices = FALSE;
	stage->ahead = entry->next_try - g_get_real_time() / 1000 + SN_MINUTE;
	g_mutex_unlock(&stage->lock);
	assert_true(sn_outbox_request(stage->bench->store, must, SN_REQUEST_SEND, NULL));
	bob_reads(stage, "hushed");
}

/* The first device of a contact, which the server told nobody of. */
static void who_had_no_device_is_not_taken_for_one_without_for_ever(void **state)
{
	Stage *stage = *state;

	stage->no_devices = TRUE;
	start(stage);
	for (int i = 0; i < 2; i++) {
		queue(stage, "in the clear", SN_ENCRYPT_NONE);
		SnImRequest *request = next_text(stage);
		assert_null(request->message->sealed);
		sn_im_request_free(request);
		g_mutex_lock(&stage->lock);
		stage->no_devices = FALSE; /* the list is believed for a while */
		g_mutex_unlock(&stage->lock);
	}
	g_mutex_lock(&stage->lock);
	stage->ahead = 11 * SN_MINUTE;
	g_mutex_unlock(&stage->lock);
	queue(stage, "hushed", SN_ENCRYPT_NONE);
	SnImRequest *request = next_text(stage);
	assert_non_null(request->message->sealed);
	sn_im_request_free(request);
}

/* Whose client comes may have a device now, whether or not the server says so. */
static void who_comes_is_asked_for_devices_again(void **state)
{
	Stage *stage = *state;

	stage->no_devices = TRUE;
	start(stage);
	befriend(stage);
	queue(stage, "in the clear", SN_ENCRYPT_NONE);
	SnImRequest *request = next_text(stage);
	assert_null(request->message->sealed);
	sn_im_request_free(request);
	g_mutex_lock(&stage->lock);
	stage->no_devices = FALSE;
	g_mutex_unlock(&stage->lock);
	sn_fake_im_presence(stage->im, BOB "/phone", "online", NULL);
	assert_true(sn_bench_wait(stage->bench, is_online, NULL));
	queue(stage, "hushed", SN_ENCRYPT_NONE);
	bob_reads(stage, "hushed");
}

static void clear_ones_are_marked_where_they_are_not_usual(void **state)
{
	Stage *stage = *state;

	start(stage);
	sn_fake_im_message(stage->im, BOB, "clear-1", "first");
	g_autoptr(SnMessage) first = arrives(stage, BOB, "clear-1");
	assert_int_equal(first->secure, 0);
	queue(stage, "sealed", SN_ENCRYPT_NONE);
	bob_reads(stage, "sealed");
	sn_fake_im_message(stage->im, BOB, "clear-2", "second");
	g_autoptr(SnMessage) second = arrives(stage, BOB, "clear-2");
	assert_int_equal(second->secure, SN_E2E_CLEAR);
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);
	event->message = sn_im_message_new();
	event->message->from = g_strdup(BOB);
	event->message->to = g_strdup(ME);
	event->message->id = g_strdup("claims");
	event->message->body = g_strdup("trust me, this is encrypted");
	event->message->encrypted = TRUE;
	event->message->locked = g_strdup("OpenPGP");
	sn_fake_im_push(stage->im, event);
	g_autoptr(SnMessage) claims = arrives(stage, BOB, "claims");
	assert_int_equal(claims->secure, SN_E2E_CLOSED_BY(SN_E2E_WHY_OTHER_WAY));
}

static void what_the_words_say(void **state)
{
	for (int why = 0; why < SN_E2E_WHY_COUNT; why++) {
		guint secure = SN_E2E_CLOSED_BY(why);
		assert_int_equal(SN_E2E_WHY(secure), why);
		assert_true(g_str_has_prefix(sn_e2e_closed_words(secure), "This message could not be opened: "));
		assert_int_equal(sn_e2e_alarm(secure), 3);
	}
	assert_null(sn_e2e_words(SN_E2E_OPENED | SN_E2E_VERIFIED, FALSE));
	assert_int_equal(sn_e2e_alarm(SN_E2E_OPENED), 1);
	assert_int_equal(sn_e2e_alarm(SN_E2E_OPENED | SN_E2E_LEFT_OUT), 2);
	assert_int_equal(sn_e2e_alarm(0), 0);
	assert_string_equal(sn_e2e_closed_words(SN_E2E_CLOSED_BY(200)),
	                    sn_e2e_closed_words(SN_E2E_CLOSED_BY(SN_E2E_WHY_UNKNOWN)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_text_waits_for_the_keys),
		TEST(before_anybody_can_be_asked_nothing_goes_in_the_clear),
		TEST(who_has_no_keys_waits_for_none),
		TEST(what_comes_again_is_there_once),
		TEST(sessions_go_on_after_a_crash),
		TEST(used_prekeys_are_replaced),
		TEST(a_contact_hears_that_the_session_is_there),
		TEST(a_stranger_hears_nothing),
		TEST(what_cannot_be_opened_says_why),
		TEST(a_broken_session_is_renewed_once),
		TEST(without_devices_or_keys),
		TEST(a_list_that_lets_nothing_go_is_asked_for_again),
		TEST(who_had_no_device_is_not_taken_for_one_without_for_ever),
		TEST(who_comes_is_asked_for_devices_again),
		TEST(clear_ones_are_marked_where_they_are_not_usual),
		cmocka_unit_test(what_the_words_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
