/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/tmpstore.h"

#include <glib/gstdio.h>

#include "src/base/ids.h"

#define ME "alice@example.test"

static SnTime tmp_now(gpointer data)
{
	return ((TmpStore *)data)->now;
}

SnStore *tmpstore_open(TmpStore *tmp, SnStoreRole role)
{
	g_autoptr(GError) error = NULL;
	SnStore *store = sn_store_open(tmp->path, role, &error);

	if (!store)
		g_error("%s", error->message);
	sn_store_set_clock(store, &tmp->clock);
	return store;
}

TmpStore *tmpstore_new(void)
{
	static const char *const mails[] = { ME, "alice@work.test", NULL };
	const SnOwnAccount own = { "home", mails, ME };
	g_autoptr(GError) error = NULL;
	TmpStore *tmp = g_new0(TmpStore, 1);

	tmp->directory = g_dir_make_tmp("sennit-test-XXXXXX", NULL);
	g_assert(tmp->directory);
	tmp->path = g_build_filename(tmp->directory, "store.db", NULL);
	tmp->now = G_GINT64_CONSTANT(1790000000000); /* 2026-09-21 */
	tmp->clock = (SnClock){ tmp_now, tmp };
	tmp->store = tmpstore_open(tmp, SN_STORE_ENGINE);
	if (!sn_own_accounts_set(tmp->store, &own, 1, &error))
		g_error("%s", error->message);
	tmp->account = sn_account_find(tmp->store, "home");
	return tmp;
}

static void remove_tree(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);
		if (g_file_test(child, G_FILE_TEST_IS_DIR))
			remove_tree(child);
		else
			g_unlink(child);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
}

void tmpstore_free(TmpStore *tmp)
{
	sn_store_close(tmp->store);
	remove_tree(tmp->directory);
	g_free(tmp->directory);
	g_free(tmp->path);
	g_free(tmp);
}

void tmpstore_reopen(TmpStore *tmp)
{
	sn_store_close(tmp->store);
	tmp->store = tmpstore_open(tmp, SN_STORE_ENGINE);
}

int tmpstore_setup(void **state)
{
	*state = tmpstore_new();
	return 0;
}

int tmpstore_teardown(void **state)
{
	tmpstore_free(*state);
	return 0;
}

SnId tmpstore_address(TmpStore *tmp, SnChannel channel, const char *value, const char *name)
{
	g_autoptr(GError) error = NULL;
	SnId id = sn_address_intern(tmp->store, channel, value, name, &error);

	if (!id)
		g_error("%s", error->message);
	return id;
}

static SnMessage *message_new(TmpStore *tmp, SnChannel channel, SnDirection direction,
                              const char *other, const char *body)
{
	SnMessage *m = sn_message_new();

	m->account = tmp->account;
	m->channel = channel;
	m->direction = direction;
	m->state = direction == SN_IN ? SN_STATE_RECEIVED : SN_STATE_ACCEPTED;
	m->time = tmp->now;
	tmp->now += SN_MINUTE;
	m->sender = tmpstore_address(tmp, channel, direction == SN_IN ? other : ME, NULL);
	m->body = g_strdup(body);
	sn_message_add_party(m, SN_ROLE_FROM, direction == SN_IN ? other : ME, NULL);
	sn_message_add_party(m, SN_ROLE_TO, direction == SN_IN ? ME : other, NULL);
	return m;
}

SnMessage *tmpstore_mail_new(TmpStore *tmp, SnDirection direction, const char *other,
                             const char *id, const char *subject, const char *body)
{
	SnMessage *m = message_new(tmp, SN_CHANNEL_MAIL, direction, other, body);

	m->message_id = id ? g_strdup(id) : sn_id_message(other);
	m->subject = g_strdup(subject);
	return m;
}

SnMessage *tmpstore_im_new(TmpStore *tmp, SnDirection direction, const char *other,
                           const char *id, const char *body)
{
	SnMessage *m = message_new(tmp, SN_CHANNEL_IM, direction, other, body);

	m->origin_id = id ? g_strdup(id) : sn_id_origin();
	return m;
}

static SnId add(TmpStore *tmp, SnMessage *m)
{
	g_autoptr(GError) error = NULL;
	SnId id;

	if (!sn_message_add(tmp->store, m, NULL, NULL, NULL, &error))
		g_error("%s", error->message);
	id = m->id;
	sn_message_free(m);
	return id;
}

SnId tmpstore_mail(TmpStore *tmp, SnDirection direction, const char *other, const char *id,
                   const char *subject, const char *body)
{
	return add(tmp, tmpstore_mail_new(tmp, direction, other, id, subject, body));
}

SnId tmpstore_im(TmpStore *tmp, SnDirection direction, const char *other, const char *id,
                 const char *body)
{
	return add(tmp, tmpstore_im_new(tmp, direction, other, id, body));
}

SnOutboxNew tmpstore_entry(TmpStore *tmp, SnId conversation, SnChannel channel, const char *to,
                           const char *body)
{
	g_autoptr(SnMessage) collector = sn_message_new();

	sn_message_add_party(collector, SN_ROLE_TO, to, NULL);
	return (SnOutboxNew){ .conversation = conversation,
		              .account = tmp->account,
		              .channel = channel,
		              .from = ME,
		              .recipients = g_ptr_array_ref(collector->parties),
		              .body = body,
		              .state = SN_STATE_QUEUED };
}
