/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/lib/live.h"

#include "backends/fake/fake_desktop.h"
#include "src/engine/engine_private.h"

static const SnMailSourceOps *load_imap(GError **error)
{
	return &sn_imap_ops;
}

static const SnMailTransportOps *load_smtp(GError **error)
{
	return &sn_smtp_ops;
}

static const SnImOps *load_im(GError **error)
{
	return &sn_xmpp_ops;
}

static const SnDesktopOps *load_desktop(GError **error)
{
	return &sn_fake_desktop_ops;
}

void sn_live_open(SnLive *live, const SnServers *servers, const char *user, const char *extra,
                  const char *settings)
{
	g_autofree char *accounts = g_strdup_printf(
		"[%s]\n"
		"from = %s@example.test\n"
		"source = imaps://%s%%40example.test@localhost:%d\n"
		"outgoing = smtp+starttls://%s%%40example.test@localhost:%d\n"
		"im = xmpp://%s@example.test\n"
		"im-host = localhost:%d\n"
		"password-command = echo %s-secret\n"
		"ca-file = %s\n%s",
		user, user, user, servers->imaps, user, servers->smtp, user, servers->xmpp, user,
		servers->ca_file, extra ? extra : "");

	live->user = g_strdup(user);
	live->bench = sn_bench_new(accounts, settings ? settings : "[delivery]\nundo-mail = 0s\n",
	                           SN_STORE_CLIENT);
}

void sn_live_start(SnLive *live)
{
	g_autoptr(GError) error = NULL;
	SnEngineSetup setup = {
		.paths = live->bench->paths,
		.config = live->bench->config,
		.backends = { .imap = load_imap,
		              .smtp = load_smtp,
		              .im = load_im,
		              .desktop = live->tells ? load_desktop : NULL },
	};

	live->engine = sn_engine_start(&setup, &error);
	g_assert_no_error(error);
}

void sn_live_settle(SnLive *live)
{
	g_autoptr(GError) error = NULL;

	sn_engine_settle(live->engine, 60000, &error);
	g_assert_no_error(error);
}

void sn_live_stop(SnLive *live)
{
	sn_engine_stop(&live->engine);
}

void sn_live_close(SnLive *live)
{
	sn_engine_stop(&live->engine);
	if (live->bench)
		sn_bench_free(live->bench);
	g_free(live->user);
	*live = (SnLive){ 0 };
}

static SnId conversation_with(SnStore *store, SnChannel channel, const char *address)
{
	g_autoptr(GError) error = NULL;
	SnId id = sn_address_intern(store, channel, address, NULL, &error);
	g_autoptr(SnAddress) known = sn_address_get(store, id);
	SnId conversation = sn_conversation_for_person(store, known->person, &error);

	g_assert_no_error(error);
	return conversation;
}

static void free_party(gpointer data)
{
	SnParty *party = data;

	g_free(party->address);
	g_free(party);
}

SnId sn_live_send(SnLive *live, SnChannel channel, const char *to, const char *body)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(free_party);
	g_auto(GStrv) addresses = g_strsplit(to, " ", -1);
	g_autofree char *from = g_strconcat(live->user, "@example.test", NULL);
	g_autoptr(GError) error = NULL;
	SnStore *store = live->bench->store;

	for (char **address = addresses; *address; address++) {
		SnParty *party = g_new0(SnParty, 1);
		party->role = SN_ROLE_TO;
		party->address = g_strdup(*address);
		g_ptr_array_add(recipients, party);
	}
	SnOutboxNew entry = {
		.conversation = conversation_with(store, channel, addresses[0]),
		.account = sn_account_find(store, live->user),
		.channel = channel,
		.from = from,
		.recipients = recipients,
		.subject = channel == SN_CHANNEL_MAIL ? "Hello" : NULL,
		.body = body,
		.if_unavailable = SN_RULE_SEND,
		.state = SN_STATE_QUEUED,
	};
	SnId id = sn_outbox_queue(store, &entry, FALSE, &error);
	g_assert_no_error(error);
	return id;
}

typedef struct {
	SnId entry;
	SnState state;
} Wanted;

static gboolean entry_is(SnBench *bench, gpointer data)
{
	const Wanted *wanted = data;
	g_autoptr(SnOutboxEntry) entry = sn_outbox_get(bench->store, wanted->entry, 0);

	return entry && entry->state == wanted->state;
}

gboolean sn_live_wait_state(SnLive *live, SnId entry, SnState state)
{
	Wanted wanted = { entry, state };

	return sn_bench_wait(live->bench, entry_is, &wanted);
}

char *sn_live_told(int timeout_ms)
{
	GString *text = g_string_new(NULL);
	SnNotification *told = sn_fake_desktop_take(timeout_ms);

	for (; told; told = sn_fake_desktop_take(0)) {
		g_string_append_printf(text, "%s\n%s\n", told->title, told->body);
		sn_fake_notification_free(told);
	}
	return g_string_free(text, FALSE);
}
