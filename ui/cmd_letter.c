/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an email wants of its writer: as whom it is written, which files go along. */
#include <string.h>

#include "src/route/letter.h"
#include "src/route/template.h"
#include "src/text/text.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/prompt.h"
#include "ui/send_limits.h"

/* The user's identities in the order of accounts.conf; of const SnIdentity. */
static GPtrArray *identities(const SnApp *app)
{
	GPtrArray *all = g_ptr_array_new();

	for (gsize i = 0; i < sn_config_account_count(app->config); i++) {
		const SnAccount *account = sn_config_account(app->config, i);
		gboolean sends = account->enabled && account->outgoing.kind != SN_ENDPOINT_NONE;
		for (guint n = 0; sends && n < account->identities->len; n++)
			g_ptr_array_add(all, account->identities->pdata[n]);
	}
	return all;
}

static const SnIdentity *after(const GPtrArray *all, const char *address)
{
	for (guint i = 0; address && i < all->len; i++)
		if (g_ascii_strcasecmp(((SnIdentity *)all->pdata[i])->address, address) == 0)
			return all->pdata[(i + 1) % all->len];
	return all->pdata[0];
}

/* The one whose address or name holds the word; NULL with error. */
static const SnIdentity *named(const GPtrArray *all, const char *word, GError **error)
{
	g_autofree char *wanted = g_utf8_casefold(word, -1);
	const SnIdentity *found = NULL;
	gboolean several = FALSE;

	for (guint i = 0; i < all->len; i++) {
		const SnIdentity *one = all->pdata[i];
		g_autofree char *address = g_utf8_casefold(one->address, -1);
		g_autofree char *name = g_utf8_casefold(one->name ? one->name : "", -1);
		if (strcmp(address, wanted) == 0)
			return one;
		if (!strstr(address, wanted) && !strstr(name, wanted))
			continue;
		several = found != NULL;
		found = one;
	}
	if (!found || several)
		sn_command_fail(error, several ? "Several of your addresses fit '%s'."
		                               : "None of your addresses fits '%s'.", word);
	return several ? NULL : found;
}

static gboolean run_from(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) all = identities(app);
	const SnPlan *plan = sn_composer_plan(app->composer);
	const char *word = argc ? argv[0] : "next";
	const SnIdentity *identity = NULL;

	if (!plan)
		return sn_command_fail(error, "Open a conversation first, or write to somebody with m.");
	if (plan->channel != SN_CHANNEL_MAIL)
		return sn_command_fail(error, "An IM goes from your IM address.");
	if (strcmp(word, "default") == 0) {
		sn_composer_set_sender(app->composer, NULL);
		return TRUE;
	}
	if (strcmp(word, "next") == 0 && all->len < 2)
		return sn_command_fail(error, "You have one address only; aliases in accounts.conf adds more.");
	identity = strcmp(word, "next") == 0 ? after(all, plan->from) : named(all, word, error);
	if (identity)
		sn_composer_set_sender(app->composer, identity->address);
	return identity != NULL;
}

/* ---- signature and format ---- */

const char *sn_composer_signature(SnComposer *composer)
{
	const SnPlan *plan = sn_composer_plan(composer);
	gboolean answer = composer->draft && composer->draft->reply_to;

	if (!plan || plan->channel != SN_CHANNEL_MAIL || !plan->identity ||
	    (composer->draft && g_strcmp0(composer->draft->signature, "") == 0))
		return NULL;
	/* what was chosen for this email */
	if (composer->draft && composer->draft->signature) {
		const SnIdentity *chosen =
			sn_config_identity(composer->app->config, composer->draft->signature, NULL);
		return chosen ? chosen->signature : NULL;
	}
	return answer && !composer->app->settings->mail_signature_in_replies ? NULL
	                                                                      : plan->identity->signature;
}

char *sn_composer_signed(SnComposer *composer)
{
	return sn_letter_sign(sn_composer_text(composer, SN_FIELD_BODY),
	                      sn_composer_signature(composer));
}

static void set_signature(SnComposer *composer, const char *signature)
{
	g_free(composer->draft->signature);
	composer->draft->signature = g_strdup(signature);
	sn_composer_changed(composer);
}

/* As always, none, then that of each address that has one: round and round. */
static const char *next_signature(const GPtrArray *all, const char *now)
{
	gboolean found = now && !*now;

	if (!now)
		return "";
	for (guint i = 0; i < all->len; i++) {
		const SnIdentity *identity = g_ptr_array_index(all, i);
		if (found && identity->signature)
			return identity->address;
		found |= g_ascii_strcasecmp(identity->address, now) == 0;
	}
	return NULL;
}

static gboolean run_signature(SnApp *app, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) all = identities(app);
	const SnPlan *plan = sn_composer_plan(app->composer);
	const char *word = argc ? argv[0] : "next";
	const SnIdentity *identity = NULL;

	if (!plan)
		return sn_command_fail(error, "Open a conversation first, or write to somebody with m.");
	if (plan->channel != SN_CHANNEL_MAIL)
		return sn_command_fail(error, "An IM has no signature.");
	if (strcmp(word, "next") == 0) {
		set_signature(app->composer, next_signature(all, app->composer->draft->signature));
	} else if (strcmp(word, "none") == 0 || strcmp(word, "default") == 0) {
		set_signature(app->composer, *word == 'n' ? "" : NULL);
	} else {
		identity = named(all, word, error);
		if (!identity)
			return FALSE;
		if (!identity->signature)
			return sn_command_fail(error, "There is no signature for %s in accounts.conf.", identity->address);
		set_signature(app->composer, identity->address);
	}
	if (!app->composer->draft->signature)
		sn_app_say(app, SN_OBJ_SUCCESS, sn_composer_signature(app->composer)
		                                        ? "The signature of the address it goes from."
		                                        : "There is no signature for the address it goes from.");
	else if (!*app->composer->draft->signature)
		sn_app_say(app, SN_OBJ_SUCCESS, "No signature.");
	return TRUE;
}

/* RFC 3461: what mail systems on the way are asked to tell. */
static gboolean run_reports(SnApp *app, int argc, char **argv, GError **error)
{
	static const char *const said[] = {
		"Reports as accounts.conf says.", "Mail systems are asked to tell of success, failure and delay.",
		"Mail systems are asked to tell of failure and delay only.",
		"Mail systems are asked to tell nothing, not even that it could not be delivered."
	};
	SnReports reports;

	if (!app->composer->draft)
		return sn_command_fail(error, "Open a conversation first, or write to somebody with m.");
	if (!sn_reports_parse(argv[0], &reports))
		return sn_command_fail(error, "Say all, failures, none or default.");
	app->composer->draft->reports = reports;
	sn_composer_changed(app->composer);
	sn_app_say(app, SN_OBJ_SUCCESS, "%s", said[reports]);
	return TRUE;
}

static gboolean run_format(SnApp *app, int argc, char **argv, GError **error)
{
	static const struct {
		const char *word, *said;
		SnFormat format;
	} formats[] = {
		{ "markdown", "An HTML alternative is made of the text.", SN_FORMAT_MARKDOWN },
		{ "plain", "It goes as plain text.", SN_FORMAT_PLAIN },
		{ "default", "As mail.markdown says.", SN_FORMAT_DEFAULT },
	};

	if (!app->composer->draft)
		return sn_command_fail(error, "Open a conversation first, or write to somebody with m.");
	for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (strcmp(argv[0], formats[i].word) != 0)
			continue;
		app->composer->draft->format = formats[i].format;
		sn_composer_changed(app->composer);
		sn_app_say(app, SN_OBJ_SUCCESS, "%s", formats[i].said);
		return TRUE;
	}
	return sn_command_fail(error, "Say markdown, plain or default.");
}

/* ---- templates ---- */

static gboolean run_template(SnApp *app, int argc, char **argv, GError **error)
{
	const SnPlan *plan = sn_composer_plan(app->composer);
	const SnConversation *conversation = sn_timeline_conversation(app->timeline);
	const SnParty *to = plan && plan->recipients->len ? plan->recipients->pdata[0] : NULL;
	SnTemplateFacts facts = { .now = sn_app_now(app) };
	g_autoptr(SnTemplate) template = NULL;

	if (!plan)
		return sn_command_fail(error, "Open a conversation first, or write to somebody with m.");
	facts.address = to ? to->address : NULL;
	facts.name = to && to->name ? to->name : conversation ? conversation->title : NULL;
	facts.subject = sn_composer_text(app->composer, SN_FIELD_SUBJECT);
	facts.from = plan->identity ? plan->identity->name : NULL;
	facts.from_address = plan->from;
	template = sn_template_load(app->setup->paths, argv[0], &facts, error);
	if (!template)
		return FALSE;
	sn_app_focus(app, SN_PANE_COMPOSE);
	app->composer->field = SN_FIELD_BODY;
	sn_composer_paste(app->composer, template->text);
	if (template->subject && !app->composer->subject_typed)
		sn_composer_set_field(app->composer, SN_FIELD_SUBJECT, template->subject);
	return TRUE;
}

/* ---- files dropped on the terminal ---- */

typedef struct {
	SnId conversation;
	char *text, **files;
} Dropped;

static void dropped_free(gpointer data)
{
	Dropped *dropped = data;

	g_free(dropped->text);
	g_strfreev(dropped->files);
	g_free(dropped);
}

static void drop_answered(SnApp *app, const char *answer, gpointer data)
{
	Dropped *dropped = data;
	GError *error = NULL;

	if (!answer || app->composer->conversation != dropped->conversation)
		return;
	if (strcmp(answer, "text") == 0)
		sn_composer_paste(app->composer, dropped->text);
	for (char **file = dropped->files; strcmp(answer, "attach") == 0 && *file && !error; file++)
		sn_composer_attach(app->composer, *file, &error);
	sn_app_error(app, error);
}

void sn_compose_pasted(SnApp *app, const char *text)
{
	static const SnChoice choices[] = { { 'a', "attach", "attach" },
		                            { 't', "put the name into the text", "text" } };
	g_auto(GStrv) files = sn_letter_dropped_files(text);
	g_autofree char *question = NULL, *name = NULL, *size = NULL;
	Dropped *dropped;
	SnAsk ask = { .choices = choices, .count = 2, .done = drop_answered, .free = dropped_free };
	gint64 bytes = 0;

	if (!files || !app->composer->draft) {
		sn_composer_paste(app->composer, text);
		return;
	}
	for (char **file = files; *file; file++)
		bytes += MAX(sn_send_file_size(app, *file), 0);
	name = sn_text_clean_line(files[0], -1);
	size = sn_text_size(bytes);
	question = files[1] ? g_strdup_printf("Attach the %u files, %s?", g_strv_length(files), size)
	                    : g_strdup_printf("Attach %s, %s?", name, size);
	dropped = g_new0(Dropped, 1);
	*dropped = (Dropped){ app->composer->conversation, g_strdup(text), g_steal_pointer(&files) };
	ask.question = question;
	ask.data = dropped;
	sn_prompt_ask(app, &ask);
}

const SnCommand sn_commands_letter[] = {
	{ "from", "[ADDRESS|next|default]", "which of your addresses the email goes from",
	  SN_COMPLETE_IDENTITY, NULL, 0, -1, run_from },
	{ "signature", "[ADDRESS|none|next|default]", "which signature goes below the email",
	  SN_COMPLETE_IDENTITY, NULL, 0, -1, run_signature },
	{ "delivery-reports", "all|failures|none|default", "what mail systems are asked to tell of the email",
	  SN_COMPLETE_WORDS, "all failures none default", 1, 1, run_reports },
	{ "format", "markdown|plain|default", "whether an HTML alternative goes along",
	  SN_COMPLETE_WORDS, "markdown plain default", 1, 1, run_format },
	{ "template", "NAME", "put in a text from templates/ in the configuration directory",
	  SN_COMPLETE_TEMPLATE, NULL, 1, -1, run_template },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
