/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/engine_bench.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>

#include "src/engine/engine_private.h"

#define ALICE                                                                                  \
	"[home]\n"                                                                             \
	"from = Alice Liddell <alice@example.test>\n"                                          \
	"aliases = al@example.test\n"                                                          \
	"source = imaps://alice@example.test\n"                                                \
	"outgoing = smtps://alice@example.test\n"                                              \
	"im = xmpp://alice@example.test\n"                                                     \
	"password-command = echo secret\n"

static void put_file(SnBench *bench, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(bench->paths->config, name, NULL);

	g_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

SnBench *sn_bench_new(const char *accounts, const char *settings, SnStoreRole role)
{
	SnBench *bench = g_new0(SnBench, 1);
	g_autoptr(GError) error = NULL;

	bench->dir = g_dir_make_tmp("sennit-XXXXXX", &error);
	g_assert_no_error(error);
	bench->paths = sn_paths_new(bench->dir, &error);
	g_assert_no_error(error);
	put_file(bench, "accounts.conf", accounts ? accounts : ALICE);
	put_file(bench, "sennit.conf", settings ? settings : "");
	bench->config = sn_config_load(bench->paths, &error);
	g_assert_no_error(error);
	bench->store = sn_store_open(bench->paths->store_path, role, &error);
	g_assert_no_error(error);
	sn_config_declare(bench->config, bench->store, &error);
	g_assert_no_error(error);
	bench->bell = sn_bell_open(sn_store_bell_path(bench->store), &error);
	g_assert_no_error(error);
	sn_bell_listen(bench->bell, &error);
	g_assert_no_error(error);
	return bench;
}

void sn_bench_remove(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		sn_bench_remove(below);
	}
	g_remove(path);
}

void sn_bench_free(SnBench *bench)
{
	sn_bell_free(bench->bell);
	sn_store_close(bench->store);
	sn_config_unref(bench->config);
	sn_paths_free(bench->paths);
	sn_bench_remove(bench->dir);
	g_free(bench->dir);
	g_free(bench);
}

GBytes *sn_bench_mail(const char *headers, const char *body)
{
	g_autofree char *text = g_strconcat(headers, "\n", body, NULL);
	GString *raw = g_string_sized_new(strlen(text) + 1000);

	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			g_string_append_c(raw, '\r');
		g_string_append_c(raw, *c);
	}
	return g_string_free_to_bytes(raw);
}

SnId sn_bench_ingest(SnBench *bench, const char *headers, const char *body, SnAddResult *result)
{
	g_autoptr(GBytes) raw = sn_bench_mail(headers, body);
	g_autoptr(GError) error = NULL;
	SnId account = sn_account_find(bench->store, "home"), id = 0;
	SnAddResult own;

	sn_ingest_mail(bench->store, bench->config, NULL, account, 0, 0, NULL, 0, 1795000000000,
	               raw, &id, result ? result : &own, &error);
	g_assert_no_error(error);
	g_assert(id > 0);
	return id;
}

SnMessage *sn_bench_message(SnBench *bench, SnId id)
{
	SnMessage *message = sn_message_get(bench->store, id, SN_MESSAGE_FULL);

	g_assert(message);
	return message;
}

SnAddress *sn_bench_address(SnBench *bench, SnChannel channel, const char *value)
{
	SnAddress *address = sn_address_find(bench->store, channel, value);

	g_assert(address);
	return address;
}

SnAddress *sn_bench_candidate(SnBench *bench, const char *mail, const char *jid)
{
	g_autoptr(SnAddress) address = sn_bench_address(bench, SN_CHANNEL_MAIL, mail);
	g_autoptr(GPtrArray) all = sn_person_addresses(bench->store, address->person);

	for (guint i = 0; i < all->len; i++) {
		SnAddress *one = all->pdata[i];
		if (one->channel == SN_CHANNEL_IM && g_str_equal(one->value, jid))
			return g_ptr_array_steal_index(all, i);
	}
	return NULL;
}

gboolean sn_bench_wait(SnBench *bench, gboolean (*condition)(SnBench *bench, gpointer data),
                       gpointer data)
{
	gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

	while (!condition(bench, data)) {
		gint64 left = (end - g_get_monotonic_time()) / 1000;
		struct pollfd fd = { sn_bell_fd(bench->bell), POLLIN, 0 };
		if (left <= 0)
			return FALSE;
		poll(&fd, 1, (int)left);
		sn_bell_answer(bench->bell);
	}
	return TRUE;
}

typedef struct {
	const char *key, *value;
} Setting;

static gboolean has_value(SnBench *bench, gpointer data)
{
	const Setting *setting = data;
	g_autofree char *now = sn_store_get(bench->store, setting->key);

	return g_strcmp0(now, setting->value) == 0;
}

gboolean sn_bench_wait_value(SnBench *bench, const char *key, const char *value)
{
	Setting setting = { key, value };

	return sn_bench_wait(bench, has_value, &setting);
}
