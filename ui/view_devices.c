/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices that a person reads encrypted IMs with, and the user's own: fingerprints, trust, names. */
#include <string.h>

#include "src/base/omemo.h"
#include "src/store/omemo.h"
#include "src/text/text.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/view.h"
#include "ui/words.h"

enum { OWN_ID = -1, GROUPS_SPLIT = 36 /* four groups of eight digits */ };

static SnObject object_of(SnTrust trust)
{
	switch (trust) {
	case SN_TRUST_VERIFIED: return SN_OBJ_SUCCESS;
	case SN_TRUST_NEW: return SN_OBJ_WARNING;
	case SN_TRUST_NO: return SN_OBJ_ERROR;
	case SN_TRUST_BLIND: break;
	}
	return SN_OBJ_DEFAULT;
}

static void add_fingerprint(SnPage *page, gint64 id, GBytes *identity)
{
	g_autofree char *print = sn_omemo_fingerprint(identity);
	gboolean whole = print && sn_page_columns(page) >= (int)strlen(print) + 4;

	if (!print) {
		sn_page_line(page, id, NULL);
		sn_page_add(page, SN_OBJ_FAINT, "    its key is not known yet");
		return;
	}
	for (const char *part = print; *part; part += whole ? strlen(part) : GROUPS_SPLIT) {
		g_autofree char *line =
			whole ? g_strdup(part) : g_strndup(part, GROUPS_SPLIT - 1);
		sn_page_line(page, id, NULL);
		sn_page_addf(page, SN_OBJ_FAINT, "    %s", line);
		if (strlen(part) <= GROUPS_SPLIT)
			break;
	}
}

/* Why nothing is encrypted for it, or what is odd about it; NULL. */
static const char *remark_of(const SnOmemoDevice *device)
{
	if (!device->listed)
		return "not published any more";
	if (device->changed)
		return "its key has changed";
	if (device->trust == SN_TRUST_NEW)
		return "left out until you have compared it";
	if (device->trust == SN_TRUST_NO)
		return "left out";
	return device->failed ? "left out: its keys cannot be had" : NULL;
}

static void add_device(SnApp *app, SnPage *page, const SnOmemoDevice *device)
{
	const char *remark = remark_of(device);
	g_autofree char *name = device->name ? sn_text_clean_line(device->name, -1)
	                                     : g_strdup_printf("device %u", device->device);
	g_autofree char *seen = device->last_seen ? sn_words_when(device->last_seen, sn_app_now(app))
	                                          : g_strdup("never");

	sn_page_line(page, device->id, NULL);
	sn_page_addf(page, object_of(device->trust), "  %-11s", sn_trust_word(device->trust));
	sn_page_add(page, device->listed ? SN_OBJ_DEFAULT : SN_OBJ_FAINT, name);
	if (remark)
		sn_page_addf(page, SN_OBJ_WARNING, "  %s", remark);
	g_autofree char *right = g_strdup_printf("seen %s", seen);
	sn_page_right(page, SN_OBJ_LIST_TIME, right);
	add_fingerprint(page, device->id, device->identity);
}

static void add_heading(SnPage *page, const char *left, const char *right)
{
	sn_page_line(page, 0, NULL);
	sn_page_add(page, SN_OBJ_HEADING, left);
	if (right)
		sn_page_right(page, SN_OBJ_FAINT, right);
}

static const char *mode_words(SnOmemoMode mode)
{
	switch (mode) {
	case SN_OMEMO_OFF: return "not encrypted (you set it)";
	case SN_OMEMO_ALWAYS: return "always encrypted (you set it)";
	case SN_OMEMO_AUTO: break;
	}
	return "encrypted where devices allow";
}

static void add_address(SnApp *app, SnPage *page, const char *jid)
{
	g_autoptr(GPtrArray) devices = sn_omemo_devices(app->store, 0, jid);

	add_heading(page, jid, mode_words(sn_omemo_mode(app->store, jid)));
	for (guint i = 0; i < devices->len; i++)
		add_device(app, page, devices->pdata[i]);
	if (devices->len == 0)
		sn_page_note(page, "  No device that reads encrypted IMs is known.");
	sn_page_line(page, 0, NULL);
}

static void add_own(SnApp *app, SnPage *page, const SnAccount *account)
{
	SnId id = sn_account_find(app->store, account->name);
	g_autofree char *jid =
		account->im.user ? sn_address_normalise(SN_CHANNEL_IM, account->im.user) : NULL;
	g_autoptr(SnOmemoOwn) own = id && jid ? sn_omemo_own_get(app->store, id) : NULL;
	g_autofree char *title = NULL;

	if (!own)
		return;
	title = g_strdup_printf("Your own: %s", jid);
	add_heading(page, title, NULL);
	sn_page_line(page, OWN_ID, NULL);
	sn_page_addf(page, SN_OBJ_SUCCESS, "  %-11s", "this one");
	sn_page_addf(page, SN_OBJ_DEFAULT, "device %u", own->device);
	if (!own->published)
		sn_page_add(page, SN_OBJ_WARNING, "  not published yet");
	add_fingerprint(page, OWN_ID, own->identity);
	g_autoptr(GPtrArray) others = sn_omemo_devices(app->store, id, jid);
	for (guint i = 0; i < others->len; i++) {
		const SnOmemoDevice *device = others->pdata[i];
		if (device->device != own->device)
			add_device(app, page, device);
	}
	sn_page_line(page, 0, NULL);
}

static void fill(SnApp *app, SnView *view)
{
	g_autoptr(GPtrArray) addresses = sn_person_addresses(app->store, view->subject);

	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->channel == SN_CHANNEL_IM)
			add_address(app, view->page, address->value);
	}
	for (gsize i = 0; i < sn_config_account_count(app->config); i++)
		add_own(app, view->page, sn_config_account(app->config, i));
}

static char *note(SnApp *app, SnView *view)
{
	g_autoptr(SnPerson) person = sn_person_get(app->store, view->subject);

	return g_strdup(person ? person->name : "");
}

const SnViewOps sn_view_devices = {
	.name = "devices",
	.title = "Devices and fingerprints",
	.empty = "Nobody here is reached by IM.",
	.fill = fill,
	.note = note,
};

/* ---- commands ---- */

static SnId person_of(SnApp *app, GError **error)
{
	const SnView *view = sn_app_view(app);
	const SnConversation *row =
		app->pane == SN_PANE_LIST && !view ? sn_list_selected(app->list) : NULL;
	SnId id = row ? row->id : app->composer->conversation;

	if (view && (view->ops == &sn_view_person || view->ops == &sn_view_devices))
		return view->subject;
	g_autoptr(SnConversation) conversation = id ? sn_conversation_get(app->store, id) : NULL;
	if (conversation && conversation->person)
		return conversation->person;
	sn_command_fail(error, "Open the conversation with a person first.");
	return 0;
}

static gboolean run_devices(SnApp *app, int argc, char **argv, GError **error)
{
	SnId person = person_of(app, error);

	if (!person)
		return FALSE;
	sn_view_open(app, &sn_view_devices, NULL, person);
	return TRUE;
}

static SnOmemoDevice *selected(SnApp *app, GError **error)
{
	SnView *view = sn_app_view(app);
	gint64 id = view && view->ops == &sn_view_devices ? sn_page_selected(view->page) : 0;
	SnOmemoDevice *device = id > 0 ? sn_omemo_device_get(app->store, id) : NULL;

	if (!device)
		sn_command_fail(error, id == OWN_ID ? "This is the device you sit at."
		                                    : "Go to a device first; :devices shows them.");
	return device;
}

static void changed(SnApp *app)
{
	app->stale = TRUE;
	sn_composer_forget_plan(app->composer);
}

static gboolean run_trust(SnApp *app, int argc, char **argv, GError **error)
{
	static const SnTrust trusts[] = { SN_TRUST_BLIND, SN_TRUST_VERIFIED, SN_TRUST_NO };
	g_autoptr(SnOmemoDevice) device = selected(app, error);

	if (!device)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(trusts); i++) {
		if (strcmp(argv[0], sn_trust_word(trusts[i])) != 0)
			continue;
		if (trusts[i] == SN_TRUST_VERIFIED && !device->identity)
			return sn_command_fail(error, "Its key is not known yet: there is nothing to compare.");
		if (!sn_omemo_set_trust(app->store, device->id, trusts[i], error))
			return FALSE;
		changed(app);
		return TRUE;
	}
	return sn_command_fail(error, "It is one of: trusted, verified, distrusted.");
}

static void named(SnApp *app, const char *answer, gpointer data)
{
	const SnId *device = data;
	GError *error = NULL;

	if (!answer)
		return;
	if (!sn_omemo_set_name(app->store, *device, *answer ? answer : NULL, &error))
		sn_app_error(app, error);
	changed(app);
}

static gboolean run_name(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(SnOmemoDevice) device = selected(app, error);
	SnAskLine ask = { .label = "Name of the device: ", .done = named };

	if (!device)
		return FALSE;
	if (argc) {
		named(app, argv[0], &device->id);
		return TRUE;
	}
	/* whatever is selected by the time of the answer */
	ask.data = g_memdup2(&device->id, sizeof device->id);
	ask.free = g_free;
	ask.initial = device->name;
	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_encryption(SnApp *app, int argc, char **argv, GError **error)
{
	SnId person = person_of(app, error);
	g_autoptr(GPtrArray) addresses = person ? sn_person_addresses(app->store, person) : NULL;
	SnOmemoMode mode;
	guint count = 0;

	if (!person)
		return FALSE;
	if (!sn_omemo_mode_parse(argv[0], &mode))
		return sn_command_fail(error, "It is one of: auto, off, always.");
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const SnAddress *address = addresses->pdata[i];
		if (address->channel != SN_CHANNEL_IM)
			continue;
		if (!sn_omemo_set_mode(app->store, address->value, mode, error))
			return FALSE;
		count++;
	}
	if (count == 0)
		return sn_command_fail(error, "No IM address of this person is known.");
	sn_app_say(app, SN_OBJ_DEFAULT, "IMs with this person: %s.", mode_words(mode));
	changed(app);
	return TRUE;
}

const SnCommand sn_commands_devices[] = {
	{ "devices", "", "devices and fingerprints of the person, and your own", 0, NULL, 0, 0,
	  run_devices },
	{ "device-trust", "trusted|verified|distrusted", "how far the selected device is trusted",
	  SN_COMPLETE_WORDS, "trusted verified distrusted", 1, 1, run_trust },
	{ "device-name", "[NAME]", "a name for the selected device", 0, NULL, 0, -1, run_name },
	{ "encryption", "auto|off|always", "whether IMs with the person are encrypted end to end",
	  SN_COMPLETE_WORDS, "auto off always", 1, 1, run_encryption },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
