/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user says of addresses (vCard files, address book), and files that come with IMs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "backends/fake/fake_im.h"
#include "src/engine/sync_private.h"
#include "src/store/wish.h"
#include "src/vcard/vcard.h"
#include "tests/unit/engine_bench.h"

#define ME "alice@example.test"
#define BOB "bob@im.example"
#define BOB_MAIL "bob@work.example"

#define ONLY_IM                                                                                \
	"[home]\nfrom = alice@example.test\nim = xmpp://alice@example.test\n"                  \
	"password-command = echo secret\n"

typedef struct {
	SnBench *bench;
	SnEngine *engine;
	SnIm *im;
	char *vdir;
} Stage;

static const SnImOps *fake_im(GError **error)
{
	return &sn_fake_im_ops;
}

static void write_card(Stage *stage, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(stage->vdir, name, NULL);
	g_autofree char *dir = g_path_get_dirname(path);

	g_mkdir_with_parents(dir, 0700);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

#define CARD(fn, lines)                                                                        \
	"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" fn "\r\nFN:" fn "\r\n" lines "END:VCARD\r\n"

/* A script that answers every question, so that the archive and vCards are no matter here. */
static void answer(SnIm *im, const SnImRequest *request, gpointer data)
{
	if (request->kind == SN_IM_REQ_DOWNLOAD)
		return;
	SnImEvent *event = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	event->complete = TRUE;
	sn_fake_im_push(im, event);
}

static void start(Stage *stage)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = stage->bench->paths,
		.config = stage->bench->config,
		.backends = { .im = fake_im, .vcards = sn_vcard_parse },
		.random_seed = 1,
	};

	sn_fake_im_prepare(ME, answer, NULL, TRUE);
	stage->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
	stage->im = sn_fake_im_find(ME, 5000);
	assert_non_null(stage->im);
}

static void open_with(Stage *stage, const char *settings)
{
	if (stage->bench)
		sn_bench_free(stage->bench);
	stage->bench = sn_bench_new(ONLY_IM, settings, SN_STORE_CLIENT);
}

static int set_up(void **state)
{
	Stage *stage = g_new0(Stage, 1);
	g_autofree char *settings = NULL;

	stage->vdir = g_dir_make_tmp("sennit-vdir-XXXXXX", NULL);
	settings = g_strdup_printf("[general]\nvdir = %s\n", stage->vdir);
	open_with(stage, settings);
	*state = stage;
	return 0;
}

static int tear_down(void **state)
{
	Stage *stage = *state;

	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	sn_bench_free(stage->bench);
	sn_bench_remove(stage->vdir);
	g_free(stage->vdir);
	g_free(stage);
	return 0;
}

static gboolean are_one(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) mail = sn_address_find(bench->store, SN_CHANNEL_MAIL, BOB_MAIL);
	g_autoptr(SnAddress) im = sn_address_find(bench->store, SN_CHANNEL_IM, BOB);

	return mail && im && mail->person == im->person;
}

static void a_vcard_file_links_addresses_for_good(void **state)
{
	Stage *stage = *state;

	write_card(stage, "bob.vcf",
	           CARD("Bob Builder", "EMAIL:" BOB_MAIL "\r\nIMPP:xmpp:" BOB "\r\n"));
	write_card(stage, "broken.vcf", "BEGIN:VCARD\r\nnonsense");
	start(stage);
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	g_autoptr(SnAddress) im = sn_bench_candidate(stage->bench, BOB_MAIL, BOB);
	assert_true(im->confirmed);
	assert_int_equal(im->source, SN_LINK_VCARD);
	assert_string_equal(im->evidence, "bob.vcf");
	g_autoptr(SnPerson) person = sn_person_get(stage->bench->store, im->person);
	assert_string_equal(person->name, "Bob Builder");
}

static void a_card_written_later_is_seen(void **state)
{
	Stage *stage = *state;

	start(stage);
	write_card(stage, "bob.vcf", CARD("Bob", "EMAIL:" BOB_MAIL "\r\nIMPP:xmpp:" BOB "\r\n"));
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
}

static gboolean are_two(SnBench *bench, gpointer data)
{
	return !are_one(bench, data);
}

static void remove_card(Stage *stage, const char *name)
{
	g_autofree char *path = g_build_filename(stage->vdir, name, NULL);

	assert_int_equal(g_unlink(path), 0);
}

static void a_deleted_or_changed_file_takes_back_its_links(void **state)
{
	Stage *stage = *state;

	write_card(stage, "work/bob.vcf",
	           CARD("Bob", "EMAIL:" BOB_MAIL "\r\nIMPP:xmpp:" BOB "\r\n"));
	start(stage);
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	remove_card(stage, "work/bob.vcf");
	assert_true(sn_bench_wait(stage->bench, are_two, NULL));
	/* a collection that is new while we watch */
	write_card(stage, "home/bob.vcf",
	           CARD("Bob", "EMAIL:" BOB_MAIL "\r\nIMPP:xmpp:" BOB "\r\n"));
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	write_card(stage, "home/bob.vcf", CARD("Bob", "EMAIL:" BOB_MAIL "\r\n"));
	assert_true(sn_bench_wait(stage->bench, are_two, NULL));
}

static void restart(Stage *stage)
{
	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	start(stage);
}

static void what_changed_while_nobody_watched_is_seen_at_the_start(void **state)
{
	Stage *stage = *state;

	write_card(stage, "bob.vcf", CARD("Bob", "EMAIL:" BOB_MAIL "\r\nIMPP:xmpp:" BOB "\r\n"));
	start(stage);
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	sn_engine_stop(&stage->engine);
	sn_fake_im_reset();
	remove_card(stage, "bob.vcf");
	start(stage);
	assert_true(sn_bench_wait(stage->bench, are_two, NULL));
}

static gboolean has_no_stamp(SnBench *bench, gpointer data)
{
	g_autofree char *stamp = sn_store_get(bench->store, "vdir-stamp");

	return g_strcmp0(stamp, data) != 0;
}

/* A file that is only half written, and a directory that is not mounted, delete nothing. */
static void what_cannot_be_read_says_what_it_said(void **state)
{
	Stage *stage = *state;
	g_autofree char *away = g_strconcat(stage->vdir, ".away", NULL), *stamp = NULL;

	write_card(stage, "bob.vcf", CARD("Bob", "EMAIL:" BOB_MAIL "\r\nIMPP:xmpp:" BOB "\r\n"));
	start(stage);
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	stamp = sn_store_get(stage->bench->store, "vdir-stamp");
	write_card(stage, "bob.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bo");
	assert_true(sn_bench_wait(stage->bench, has_no_stamp, stamp));
	assert_true(are_one(stage->bench, NULL));
	assert_int_equal(g_rename(stage->vdir, away), 0);
	restart(stage);
	sn_fake_im_message(stage->im, BOB "/phone", "last", "Last");
	SnId id = 0;
	gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
	while (!(id = sn_message_find_im(stage->bench->store, "last", BOB)) &&
	       g_get_monotonic_time() < end)
		g_thread_yield();
	assert_true(id > 0);
	assert_true(are_one(stage->bench, NULL));
	assert_int_equal(g_rename(away, stage->vdir), 0);
}

static gboolean is_suggested(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) mail = sn_address_find(bench->store, SN_CHANNEL_MAIL, BOB_MAIL);
	g_autoptr(SnAddress) found = mail ? sn_bench_candidate(bench, BOB_MAIL, BOB) : NULL;

	return found && !found->confirmed;
}

static void an_address_without_a_service_is_suggested(void **state)
{
	Stage *stage = *state;

	write_card(stage, "bob.vcf", CARD("Bob", "EMAIL:" BOB_MAIL "\r\nIMPP:" BOB "\r\n"));
	start(stage);
	assert_true(sn_bench_wait(stage->bench, is_suggested, NULL));
}

/* ---- khard, an address book that keeps a vdir ---- */

static gboolean khard(Stage *stage, const char *const *words, const char *input, char **output)
{
	g_autofree char *config = g_build_filename(stage->vdir, ".khard.conf", NULL);
	g_autofree char *text = g_strdup_printf("[addressbooks]\n[[people]]\npath = %s\n"
	                                        "[vcard]\nprivate_objects = Jabber,\n",
	                                        stage->vdir);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(config, text, -1, NULL));
	g_ptr_array_add(argv, (gpointer) "khard");
	g_ptr_array_add(argv, (gpointer) "-c");
	g_ptr_array_add(argv, config);
	for (; *words; words++)
		g_ptr_array_add(argv, (gpointer)*words);
	g_ptr_array_add(argv, NULL);
	g_autoptr(GSubprocess) process = g_subprocess_newv(
		(const char *const *)argv->pdata,
		G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
	g_assert_no_error(error);
	assert_true(g_subprocess_communicate_utf8(process, input, NULL, output, NULL, &error));
	return g_subprocess_get_successful(process);
}

static void khards_cards_are_read_and_ours_by_khard(void **state)
{
	Stage *stage = *state;
	g_autofree char *program = g_find_program_in_path("khard"), *output = NULL, *list = NULL;
	static const char *const new[] = { "new", "-a", "people", "-i", "-", NULL };
	static const char *const show[] = { "list", "--fields", "name,emails,uid", "--parsable", NULL };
	static const char *const details[] = { "show", "--format", "yaml", "Erin", NULL };

	if (!program)
		skip();
	start(stage);
	assert_true(khard(stage, new,
	                  "First name: Bob\nLast name: Builder\nEmail:\n    work: " BOB_MAIL "\n"
	                  "Private:\n    Jabber: " BOB "\n",
	                  &output));
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	g_autoptr(SnAddress) im = sn_bench_candidate(stage->bench, BOB_MAIL, BOB);
	g_autoptr(SnPerson) bob = sn_person_get(stage->bench->store, im->person);
	assert_string_equal(bob->name, "Bob Builder");
	/* and the other way round */
	SnVcard card = { .uid = (char *)(guintptr) "erin-1",
		         .name = (char *)(guintptr) "Erin; \\ \"E\", jr.",
		         .mails = (char *[]){ (char *)(guintptr) "erin@work.example", NULL },
		         .jids = (char *[]){ (char *)(guintptr) "erin@im.example", NULL } };
	for (int version = SN_VCARD_3; version <= SN_VCARD_4; version++) {
		g_autofree char *text = sn_vcard_format(&card, (SnVcardVersion)version);
		write_card(stage, "erin.vcf", text);
		g_clear_pointer(&list, g_free);
		assert_true(khard(stage, show, NULL, &list));
		assert_non_null(strstr(list, "erin@work.example"));
		assert_non_null(strstr(list, "Erin; \\ \"E\", jr."));
		g_autofree char *yaml = NULL;
		assert_true(khard(stage, details, NULL, &yaml));
		assert_non_null(strstr(yaml, "erin@work.example"));
	}
}

/* ---- vdirsyncer, which copies a vdir from elsewhere (a CardDAV server, here another directory) ---- */

static void run_vdirsyncer(const char *dir, const char *what)
{
	g_autofree char *config = g_build_filename(dir, "config", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GSubprocess) process = g_subprocess_new(
		G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
			G_SUBPROCESS_FLAGS_STDERR_SILENCE,
		&error, "vdirsyncer", "-c", config, what, NULL);

	g_assert_no_error(error);
	assert_true(g_subprocess_communicate_utf8(process, "y\ny\n", NULL, NULL, NULL, &error));
	assert_true(g_subprocess_get_successful(process));
}

static void what_vdirsyncer_brings_and_takes_is_followed(void **state)
{
	Stage *stage = *state;
	g_autofree char *program = g_find_program_in_path("vdirsyncer"), *config = NULL;
	g_autofree char *dir = NULL, *far = NULL, *card = NULL, *text = NULL, *path = NULL;
	SnVcard bob = { .uid = (char *)(guintptr) "bob-1", .name = (char *)(guintptr) "Bob",
		        .mails = (char *[]){ (char *)(guintptr)BOB_MAIL, NULL },
		        .jids = (char *[]){ (char *)(guintptr)BOB, NULL } };

	if (!program)
		skip();
	dir = g_dir_make_tmp("sennit-sync-XXXXXX", NULL);
	far = g_build_filename(dir, "far", NULL);
	card = g_build_filename(far, "bob-1.vcf", NULL);
	path = g_build_filename(dir, "config", NULL);
	config = g_strdup_printf("[general]\nstatus_path = \"%s/status\"\n[pair people]\na = \"far\"\n"
	                         "b = \"near\"\ncollections = null\n[storage far]\ntype = "
	                         "\"filesystem\"\npath = \"%s\"\nfileext = \".vcf\"\n[storage near]\n"
	                         "type = \"filesystem\"\npath = \"%s\"\nfileext = \".vcf\"\n",
	                         dir, far, stage->vdir);
	assert_true(g_file_set_contents(path, config, -1, NULL));
	assert_int_equal(g_mkdir(far, 0700), 0);
	text = sn_vcard_format(&bob, SN_VCARD_4);
	assert_true(g_file_set_contents(card, text, -1, NULL));
	start(stage);
	run_vdirsyncer(dir, "discover");
	run_vdirsyncer(dir, "sync");
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	/* vdirsyncer does not empty a whole storage: something else has to stay */
	g_autofree char *other = g_build_filename(far, "other.vcf", NULL);
	assert_true(g_file_set_contents(other, CARD("Other", "EMAIL:other@x.example\r\n"), -1, NULL));
	run_vdirsyncer(dir, "sync");
	assert_int_equal(g_unlink(card), 0);
	run_vdirsyncer(dir, "sync");
	assert_true(sn_bench_wait(stage->bench, are_two, NULL));
	sn_bench_remove(dir);
}

static void the_own_card_says_nothing_of_others(void **state)
{
	Stage *stage = *state;

	write_card(stage, "me.vcf",
	           CARD("Me", "EMAIL:alice@example.test\r\nEMAIL:mallory@evil.example\r\n"));
	write_card(stage, "work/bob.vcf",
	           CARD("Bob", "EMAIL:" BOB_MAIL "\r\nIMPP:xmpp:" BOB "\r\n"));
	start(stage);
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	g_autoptr(SnAddress) other =
		sn_address_find(stage->bench->store, SN_CHANNEL_MAIL, "mallory@evil.example");
	assert_null(other);
}

static void push_roster(Stage *stage)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_ROSTER, 0, NULL);

	event->jid = g_strdup(BOB);
	event->subscription = g_strdup("both");
	sn_fake_im_push(stage->im, event);
}

static void the_address_book_is_asked_about_who_writes(void **state)
{
	Stage *stage = *state;
	g_autofree char *script = g_build_filename(stage->vdir, "book.sh", NULL);
	g_autofree char *settings =
		g_strdup_printf("[general]\naddress-book-cmd = sh %s %%s\n", script);

	assert_true(g_file_set_contents(script,
	                                "printf 'xmpp:%s\\tBob\\nmailto:" BOB_MAIL "\\tBob\\n' \"$1\"\n"
	                                "printf 'mallory@evil.example\\tMallory\\n'\n",
	                                -1, NULL));
	open_with(stage, settings);
	start(stage);
	sn_fake_im_message(stage->im, BOB "/phone", "id-1", "Hello");
	assert_true(sn_bench_wait(stage->bench, are_one, NULL));
	g_autoptr(SnAddress) other =
		sn_address_find(stage->bench->store, SN_CHANNEL_MAIL, "mallory@evil.example");
	assert_null(other);
}

static void with_book(Stage *stage, const char *script)
{
	g_autofree char *path = g_build_filename(stage->vdir, "book.sh", NULL);
	g_autofree char *settings =
		g_strdup_printf("[general]\naddress-book-cmd = sh %s %%s\n", path);

	assert_true(g_file_set_contents(path, script, -1, NULL));
	open_with(stage, settings);
	start(stage);
}

static gboolean is_known(SnBench *bench, gpointer data)
{
	g_autoptr(SnAddress) address = sn_address_find(bench->store, SN_CHANNEL_MAIL, data);

	return address != NULL;
}

/* One after the other: a book that floods, hangs, dies or talks nonsense does not keep the next
 * answer away, and says nothing. */
static void a_book_may_do_what_it_likes(void **state)
{
	Stage *stage = *state;

	with_book(stage,
	          "case $1 in\n"
	          "flood) while :; do echo 'mallory@evil.example\tflood'; done;;\n"
	          "dies) printf 'mallory@evil.example\tdies\n'; kill -9 $$;;\n"
	          "odd) printf '\\000\\377\\033[2J\\n\\t\\t\\n@\\tx\\nmallory evil@x\\ty\\n';;\n"
	          "many) for i in $(seq 500); do printf \"m$i@evil.example\\tMany\\n\"; done;;\n"
	          "quiet) exec >&-; sleep 1000;;\n"
	          "good) printf 'searching...\\ngrace@work.example\\tGrace \\033[31mHopper\\tnote\\n';;\n"
	          "esac\n");
	static const char *const words[] = { "flood", "odd", "-rf", "", "many", "quiet", "good" };
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		assert_true(sn_wish_set(stage->bench->store, SN_WISH_BOOK, words[i], "", NULL));
	assert_true(sn_bench_wait(stage->bench, is_known, (gpointer) "grace@work.example"));
	g_autoptr(GPtrArray) found = sn_person_find(stage->bench->store, "grace");
	assert_int_equal(found->len, 1);
	assert_null(strchr(((SnPerson *)found->pdata[0])->name, '\033'));
	assert_true(g_str_has_prefix(((SnPerson *)found->pdata[0])->name, "Grace"));
	assert_false(is_known(stage->bench, (gpointer) "mallory@evil.example"));
	assert_true(is_known(stage->bench, (gpointer) "m1@evil.example"));
	assert_false(is_known(stage->bench, (gpointer) "m400@evil.example"));
}

/* Two people of one name in the book are not one because somebody looked for the name. */
static void looking_for_a_name_links_nobody(void **state)
{
	Stage *stage = *state;

	with_book(stage, "printf '" BOB_MAIL "\\tBob\\nxmpp:" BOB "\\tBob\\n'\n");
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_BOOK, "bob", "", NULL));
	assert_true(sn_bench_wait(stage->bench, is_known, (gpointer)BOB_MAIL));
	g_autoptr(SnAddress) im = sn_address_find(stage->bench->store, SN_CHANNEL_IM, BOB);
	assert_non_null(im);
	assert_false(are_one(stage->bench, NULL));
}

/* ---- files ---- */

static void push_file(Stage *stage, const char *from, const char *type, gint64 size)
{
	SnImEvent *event = sn_im_event_new(SN_IM_EV_MESSAGE, 0, NULL);
	SnImFile *file = g_new0(SnImFile, 1);

	file->url = g_strdup("https://files.example/x");
	file->name = g_strdup("../../x.eml");
	file->type = g_strdup(type);
	file->size = size;
	event->message = sn_im_message_new();
	event->message->from = g_strdup(from);
	event->message->to = g_strdup(ME);
	event->message->id = g_strdup("file-1");
	event->message->body = g_strdup("https://files.example/x");
	event->message->files = g_ptr_array_new_with_free_func((GDestroyNotify)sn_im_file_free);
	g_ptr_array_add(event->message->files, file);
	sn_fake_im_push(stage->im, event);
}

static gboolean has_carried(SnBench *bench, gpointer data)
{
	SnId id = sn_message_find_mail(bench->store, "earlier@work.example");
	g_autoptr(SnMessage) message = id ? sn_message_get(bench->store, id, 0) : NULL;

	return message && message->carried;
}

static void an_email_sent_as_a_file_is_carried(void **state)
{
	Stage *stage = *state;
	static const char raw[] = "From: " BOB_MAIL "\r\nTo: alice@example.test\r\n"
				  "Message-ID: <earlier@work.example>\r\n\r\nEarlier\r\n";

	start(stage);
	push_roster(stage);
	push_file(stage, BOB "/phone", "message/rfc822", (gint64)strlen(raw));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_DOWNLOAD, 5000);
	assert_non_null(request);
	assert_true(g_str_has_prefix(request->path, stage->bench->paths->data));
	assert_null(strstr(request->path, ".."));
	assert_true(g_file_set_contents(request->path, raw, -1, NULL));
	SnImEvent *done = sn_im_event_new(SN_EVENT_DONE, request->id, NULL);
	done->size = (gint64)strlen(raw);
	done->sha256 = g_strdup("00");
	sn_fake_im_push(stage->im, done);
	assert_true(sn_bench_wait(stage->bench, has_carried, NULL));
	SnId by = sn_message_find_im(stage->bench->store, "file-1", BOB);
	g_autoptr(SnMessage) message = sn_bench_message(stage->bench, by);
	const SnPart *part = message->parts->pdata[0];
	assert_string_equal(part->path, request->path);
	/* the URL alone is no text */
	assert_string_equal(message->body, "");
	sn_im_request_free(request);
}

static void files_of_strangers_and_large_ones_wait_to_be_asked_for(void **state)
{
	Stage *stage = *state;

	start(stage);
	push_file(stage, "stranger@im.example/x", "image/png", 100);
	push_roster(stage);
	push_file(stage, BOB "/phone", "image/png", (gint64)1 << 40);
	sn_fake_im_message(stage->im, BOB "/phone", "last", "Last");
	SnId id = 0;
	gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
	while (!(id = sn_message_find_im(stage->bench->store, "last", BOB)) &&
	       g_get_monotonic_time() < end)
		g_thread_yield();
	assert_true(id > 0);
	assert_null(sn_fake_im_take(stage->im, SN_IM_REQ_DOWNLOAD, 0));
	SnId stranger = sn_message_find_im(stage->bench->store, "file-1", "stranger@im.example");
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, stranger);
	assert_true(sn_wish_set(stage->bench->store, SN_WISH_FETCH, key, "", NULL));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_DOWNLOAD, 5000);
	assert_non_null(request);
	sn_im_request_free(request);
}

static void what_is_read_is_told_to_contacts(void **state)
{
	Stage *stage = *state;

	start(stage);
	push_roster(stage);
	sn_fake_im_message(stage->im, BOB "/phone", "id-1", "Hello");
	SnId id = 0;
	gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
	while (!(id = sn_message_find_im(stage->bench->store, "id-1", BOB)) &&
	       g_get_monotonic_time() < end)
		g_thread_yield();
	g_autoptr(SnMessage) message = sn_bench_message(stage->bench, id);
	assert_true(sn_conversation_mark_read(stage->bench->store, message->conversation, 0, NULL));
	SnImRequest *request = sn_fake_im_take(stage->im, SN_IM_REQ_SEND, 5000);
	assert_non_null(request);
	assert_string_equal(request->message->displayed_id, "id-1");
	assert_string_equal(request->message->to, BOB);
	sn_im_request_free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_vcard_file_links_addresses_for_good),
		TEST(a_card_written_later_is_seen),
		TEST(a_deleted_or_changed_file_takes_back_its_links),
		TEST(what_changed_while_nobody_watched_is_seen_at_the_start),
		TEST(what_cannot_be_read_says_what_it_said),
		TEST(an_address_without_a_service_is_suggested),
		TEST(khards_cards_are_read_and_ours_by_khard),
		TEST(what_vdirsyncer_brings_and_takes_is_followed),
		TEST(the_own_card_says_nothing_of_others),
		TEST(the_address_book_is_asked_about_who_writes),
		TEST(a_book_may_do_what_it_likes),
		TEST(looking_for_a_name_links_nobody),
		TEST(an_email_sent_as_a_file_is_carried),
		TEST(files_of_strangers_and_large_ones_wait_to_be_asked_for),
		TEST(what_is_read_is_told_to_contacts),
	};
	sn_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
